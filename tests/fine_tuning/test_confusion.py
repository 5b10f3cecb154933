"""The confusion matrix of many classes is a picture."""

import numpy as np
from panels import SHOWN

from widgets.fine_tuning.data.pictures import Picture, Pictures
from widgets.fine_tuning.learning.results import Predictions
from widgets.fine_tuning.panel import showing
from widgets.fine_tuning.panel.showing import MOST_CLASSES, told_results

CLASSES, EACH = 50, 4


def told() -> tuple[Predictions, dict]:
    """Of each class three pictures are right; the fourth is said to be the next one."""
    names = tuple(f"kind {k}" for k in range(CLASSES))
    actual = np.arange(CLASSES * EACH) % CLASSES
    said = np.where(np.arange(CLASSES * EACH) < 3 * CLASSES, actual, (actual + 1) % CLASSES)
    logits = 5.0 * np.eye(CLASSES)[said]
    pixels = np.zeros((2, 2, 3), np.uint8)
    held = tuple(Picture(str(k), int(label), pixels=pixels) for k, label in enumerate(actual))
    found = Predictions(names, tuple(one.id for one in held), actual, logits)
    return found, told_results(found, Pictures("many", names, held, held), "the network")


def test_many_classes_are_told_cell_by_cell_and_thousands_not_at_all(monkeypatch):
    found, results = told()
    assert CLASSES > MOST_CLASSES and results["confusion"] is None
    whole = np.zeros((CLASSES, CLASSES), int)
    for a, p, n in results["confused"]:
        whole[a, p] = n
    assert (whole == found.confusion).all() and len(results["confused"]) == 2 * CLASSES
    monkeypatch.setattr(showing, "MOST_DRAWN", CLASSES - 1)
    assert told()[1]["confused"] is None


def test_the_page_draws_them_and_says_each_cell(page, opened_once):
    page.set_content("<body></body>")
    state = {**opened_once.get_state(), "results": told()[1]}
    page.evaluate(SHOWN, [str(opened_once._esm), state])
    matrix = page.get_by_role("img", name="Confusion matrix of 50 classes")
    colours = matrix.evaluate(
        """canvas => {
            const side = canvas.width / 50;
            const at = (a, p) => [...canvas.getContext("2d")
                .getImageData((p + 0.5) * side, (a + 0.5) * side, 1, 1).data];
            return [at(3, 3), at(3, 4), at(4, 3)];
        }"""
    )
    right, wrong, empty = colours
    assert right[2] > right[0] and wrong[0] > wrong[2] and empty[3] == 0
    assert right[3] > wrong[3] > 0  # three pictures and one
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        matrix.press(key)
    page.get_by_text("Of 4 pictures of kind 1, 1 were said to be kind 2.").wait_for()
