"""What the page is told of pictures, predictions, filters and layers: JSON-ready, with pictures as
PNG addresses.
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from sheets import InputError
from sheets.language.inputs import MAX_ROWS
from sheets.library.log_loss import log_loss

from ..data.events import Stop, Stopped, never
from ..data.photographs import photographs
from ..data.pictures import Picture, Pictures
from ..data.reading import read
from ..learning.bodies import Body
from ..learning.few import ByCount
from ..learning.heat import heat_maps, warmed
from ..learning.predicting import Answers
from ..learning.results import Predictions, checked_clip, log_loss_inputs
from ..takeaway.submission import unreadable_words

LARGEST = 112  # pixels of a picture's longer side on the page
MOST_CLASSES = 40  # in the confusion matrix as numbers
MOST_DRAWN = 560  # in it as a picture; a larger one is in the file
MOST_BY_CLASS = 10  # classes of which the most confident pictures are shown
MOST_SKIPPED = 200  # listed by name
IN_A_CELL = 24  # pictures shown of a cell of the confusion matrix
HANDED_IN = 12  # pictures shown of those that were predicted
MOST_FILTERS = 16
MOST_HEATED = 6  # pictures
NEAREST = 5  # pictures
PATCHES = 8
LINKED = 400  # predictions in a link: longer addresses do not open everywhere


def address(pixels: np.ndarray) -> str:
    """pixels: (rows, columns, 3) from 0 to 255, as the address of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def small(picture: Image.Image, largest: int = LARGEST) -> str:
    """The address of a smaller one."""
    made = picture.copy()
    made.thumbnail((largest, largest))
    return address(np.asarray(made))


def thumbnail(picture: Picture) -> str:
    return small(picture.open())


@cache
def told_photographs() -> list[dict[str, str]]:
    """Those that come along, small ones to choose from."""
    return [
        {"src": small(read(one.path)), "name": one.name, "credit": one.credit}
        for one in photographs()
    ]


def told_pictures(pictures: Pictures) -> dict[str, Any]:
    return {
        "name": pictures.name,
        "counts": [[name, *counts] for name, counts in pictures.counts.items()],
        "skipped": list(pictures.skipped[:MOST_SKIPPED]),
        "skippedCount": len(pictures.skipped),
        "testCount": len(pictures.test),
        "unchecked": pictures.unchecked(),
    }


def told_batch(batch: Sequence[tuple[np.ndarray, str]]) -> list[dict[str, str]]:
    return [{"src": address(pixels), "caption": name} for pixels, name in batch]


def told_results(
    predictions: Predictions, pictures: Pictures, of: str, stop: Stop = never
) -> dict[str, Any]:
    """of: which network they are of.

    Raises Stopped: large pictures take their time to be opened.
    """

    @cache
    def drawn(k: int) -> dict[str, Any]:
        if stop():
            raise Stopped
        return told_picture(predictions, pictures, k)

    def shown(numbers: Sequence[int]) -> list[dict[str, Any]]:
        return [drawn(k) for k in numbers]

    by_class = predictions.most_wrongly_named(MOST_BY_CLASS)
    calibration = predictions.calibration()
    classes = len(predictions.classes)
    small, many = classes <= MOST_CLASSES, classes > MOST_DRAWN
    wrong = int((~predictions.correct).sum())
    how_many = "none is" if wrong == 0 else "1 is" if wrong == 1 else f"{wrong} are"
    return {
        "of": of,
        "classes": list(predictions.classes),
        "count": len(predictions.ids),
        "sentence": (
            f"{predictions.accuracy:.1%} of {len(predictions.ids)} validation pictures are right,"
            f" {how_many} wrong. {predictions.beside_the_commonest()}"
        ),
        "confusion": predictions.confusion.tolist() if small else None,
        "confused": None if small or many else told_cells(predictions.confusion),
        "byEach": None if many else [list(row) for row in predictions.by_class()],
        "mostConfused": [list(pair) for pair in predictions.most_confused()[:10]],
        "topLosses": shown(predictions.top_losses()),
        "kinds": [
            [kind, shown(numbers)] for kind, numbers in predictions.kinds(classes=by_class).items()
        ],
        "byClass": len(by_class),
        "calibration": {
            "counts": calibration.counts.tolist(),
            "said": calibration.said.tolist(),
            "was": calibration.was.tolist(),
            "sentence": calibration.sentence(),
        },
    }


def told_closer(
    predictions: Predictions, k: int, body: Body, picture: Image.Image
) -> dict[str, Any]:
    """Picture k as the network sees it, and what speaks for what was said, and where that is wrong
    for what is true. Raises InputError.
    """
    numbers = list(dict.fromkeys((int(predictions.predicted[k]), int(predictions.actual[k]))))
    seen = body.shown(body.normalised(body.pixels([picture]).float()))[0]
    maps = [
        {"src": address(warmed(seen, heat)), "caption": f"for {predictions.classes[number]}"}
        for number, heat in zip(numbers, heat_maps(body, picture, numbers), strict=True)
    ]
    own = {
        "number": k,
        "label": predictions.classes[predictions.actual[k]],
        "src": address(seen),
        "caption": predictions.caption(k),
        "title": predictions.ids[k],
    }
    return {"pictures": [own, *maps]}


def told_nearest(
    predictions: Predictions, pictures: Pictures, k: int, numbers: np.ndarray, cosines: np.ndarray
) -> dict[str, Any]:
    """Validation picture k beside the training pictures of these numbers, which are most like it
    by these cosines.
    """
    labels = [pictures.classes[pictures.train[number].label] for number in numbers]
    counts = Counter(labels).most_common()
    held = ", ".join(f"{count} {'is' if count == 1 else 'are'} {name}" for name, count in counts)
    return {
        "sentence": (
            f"{predictions.ids[k]} was said to be {predictions.classes[predictions.predicted[k]]}"
            f" and is {predictions.classes[predictions.actual[k]]}. Of the {len(labels)} training"
            f" pictures whose features are most like its own, {held}."
        ),
        "pictures": [
            told_picture(predictions, pictures, k),
            *(
                {
                    "src": thumbnail(pictures.train[number]),
                    "label": label,
                    "caption": f"{label} / {cosine:.3f}",
                    "title": pictures.train[number].id,
                }
                for number, label, cosine in zip(numbers, labels, cosines, strict=True)
            ),
        ],
    }


def told_picture(predictions: Predictions, pictures: Pictures, k: int) -> dict[str, Any]:
    """Validation picture k, small, with what was said of it."""
    return {
        "number": k,
        "label": predictions.classes[predictions.actual[k]],
        "src": thumbnail(pictures.valid[k]),
        "caption": predictions.caption(k),
        "title": predictions.ids[k],
    }


def told_cell(
    predictions: Predictions, pictures: Pictures, actual: int, predicted: int
) -> dict[str, Any]:
    """The pictures of a cell of the confusion matrix, of the largest losses first. Raises
    InputError.
    """
    classes = predictions.classes
    if max(actual, predicted) >= len(classes):
        raise InputError("there is no such class; load the page again")
    held = predictions.in_cell(actual, predicted)
    many = f"; shown are those of the {IN_A_CELL} largest losses" if len(held) > IN_A_CELL else ""
    are = "picture is" if len(held) == 1 else "pictures are"
    return {
        "sentence": (
            f"{len(held)} {are} {classes[actual]} and said to be {classes[predicted]}{many}."
        ),
        "pictures": [told_picture(predictions, pictures, k) for k in held[:IN_A_CELL]],
    }


def told_cells(confusion: np.ndarray) -> list[list[int]]:
    """[row, column, count] of those that hold a picture."""
    return [[int(a), int(p), int(confusion[a, p])] for a, p in np.argwhere(confusion)]


def told_few(found: Sequence[ByCount], pictures: Pictures) -> dict[str, Any]:
    valid = [count for _, count in pictures.counts.values()]
    return {
        "each": [one.each for one in found],
        "accuracies": [list(one.accuracies) for one in found],
        "means": [one.mean for one in found],
        "commonest": max(valid) / sum(valid),
    }


def told_answers(answers: Answers, pictures: Sequence[Picture]) -> dict[str, Any]:
    """The first pictures with what is said of them; those that cannot be read without a look."""
    first = [
        {
            "src": thumbnail(picture) if picture.id not in answers.unreadable else "",
            "caption": f"{label} / {answers.probabilities[k].max():.2f}",
            "title": picture.id,
        }
        for k, (picture, label) in enumerate(
            zip(pictures[:HANDED_IN], answers.labels, strict=False)
        )
    ]
    return {
        "count": len(answers.ids),
        "classes": list(answers.classes),
        "first": first,
        "unreadable": unreadable_words(answers),
    }


def told_clip(predictions: Predictions, clip: float) -> dict[str, Any]:
    """What these predictions cost at this clip, and the log-loss lesson with these very
    predictions. Raises InputError.
    """
    here, best = predictions.expected_log_loss(checked_clip(clip)), 1 - predictions.accuracy
    says = f"Clipped at {clip:g}, the expected log loss is {here:.4f}."
    if 0 < best < 0.5:
        there = predictions.expected_log_loss(best)
        says += f" Clipped at {best:.4g}, the share that is wrong, it would be {there:.4f}."
    rows = min(len(predictions.ids), LINKED, MAX_ROWS)
    return {
        "sentence": says,
        "link": log_loss_link(predictions, clip, rows),
        "rows": rows,
        "positive": predictions.classes[0],
    }


def log_loss_link(predictions: Predictions, clip: float, rows: int) -> str:
    """The log-loss lesson's address, from another lesson, with the first `rows` predictions."""
    inputs = log_loss_inputs(predictions, rows=rows)
    parts = {
        "is_cat": ",".join(f"{value:.0f}" for value in inputs["is_cat"]),
        "prediction": ",".join(f"{value:.6g}" for value in inputs["prediction"]),
    }
    with suppress(InputError):  # a clip that the sheet does not take is left to the sheet
        log_loss().with_inputs({"clip": clip})
        parts["clip"] = f"{clip:g}"
    return "log_loss#" + "&".join(f"{name}={value}" for name, value in parts.items())
