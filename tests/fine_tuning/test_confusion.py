"""The confusion matrix: its cells open their pictures, and of many classes it is a picture."""

from dataclasses import replace

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from panels import SHOWN

from widgets.fine_tuning.data.pictures import Picture, Pictures
from widgets.fine_tuning.learning.results import Predictions
from widgets.fine_tuning.panel import showing
from widgets.fine_tuning.panel.showing import MOST_CLASSES, told_results

CLASSES, EACH = 50, 4
LOGITS = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
ANSWERED = """(content) => {
    window.asked = [];
    window.model.send = ({ number, ...told }) => {
        window.asked.push(told);
        window.model.answer({ number, ...content });
    };
}"""


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
    page.evaluate(ANSWERED, {"sentence": "1 picture is here.", "pictures": told()[1]["topLosses"]})
    matrix.press("Enter")
    assert page.evaluate("window.asked.pop()") == {"kind": "cell", "actual": 1, "predicted": 2}
    cell = page.get_by_role("status").filter(has_text="1 picture is here.")
    assert cell.get_by_role("img").count() == 9


def test_a_number_of_the_matrix_opens_its_pictures_and_each_class_says_how_right_it_is(
    page, opened_once
):
    page.set_content("<body></body>")
    few = Predictions(("cat", "dog"), ("1", "2", "3"), np.array([0, 0, 0]), LOGITS)
    held = tuple(Picture(name, 0, pixels=np.zeros((2, 2, 3), np.uint8)) for name in few.ids)
    learnt = (*held, replace(held[0], label=1))
    results = told_results(few, Pictures("few", few.classes, learnt, held), "the network")
    page.evaluate(SHOWN, [str(opened_once._esm), {**opened_once.get_state(), "results": results}])
    page.evaluate(ANSWERED, {"sentence": "Here they are.", "pictures": results["topLosses"][:1]})
    matrix = page.get_by_role("table", name="Confusion matrix")
    assert matrix.get_by_role("button").all_inner_texts() == ["2", "1"]  # nothing opens a 0
    matrix.get_by_role("button", name="1").click()
    page.get_by_text("Here they are.").wait_for()
    assert page.evaluate("window.asked.pop()") == {"kind": "cell", "actual": 0, "predicted": 1}
    page.get_by_text("Accuracy of each class").first.click()
    each = page.get_by_role("table", name="Accuracy of each class").locator("tbody tr")
    assert each.all_inner_texts() == ["cat\t3\t2\t66.7%", "dog\t0\t0\tnot checked"]
    assert not [one["id"] for one in Axe().run(page, ".ft-shown").response["violations"]]
