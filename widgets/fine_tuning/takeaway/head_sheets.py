# mypy: disable-error-code="call-overload, arg-type, operator"
# numpy's stubs do not know that its functions answer expressions through numpy's own protocols
"""The trained head and the confusion matrix as sheets: live formulas in the workbook, and the same
numbers as the network's.
"""

from __future__ import annotations

import numpy as np

from sheets import InputError, Sheet, column_index, log_softmax, row_index, softmax

from ..learning.results import Predictions

ROWS = 10  # pictures
MOST_CELLS = 200_000


def head_sheet(
    predictions: Predictions,
    features: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    total: int | None = None,
    rows: int = ROWS,
) -> Sheet:
    """The last layer for the first pictures: features, weights, logits, softmax, loss.

    features: (pictures, features), in the order of the predictions. weight: (classes, features) and
    bias: (classes,), as PyTorch has them. total: of how many pictures these were drawn; None: of
    no more. Raises InputError for a head that is too large for a workbook.
    """
    rows = min(rows, len(predictions.ids))
    cells = (rows + weight.shape[0]) * weight.shape[1]
    if cells > MOST_CELLS:
        raise InputError(
            f"a head of {weight.shape[1]} features and {weight.shape[0]} classes is {cells:,}"
            " cells, too large for a workbook"
        )
    columns = "; ".join(f"column {k + 1}: {name}" for k, name in enumerate(predictions.classes))
    s = Sheet(
        "head",
        "The trained head",
        f"The last layer of the network, for {rows} of the {total or len(predictions.ids)}"
        " pictures.",
    )
    s.group(
        "The pictures",
        "What the body made of each picture, and what the picture is",
        worksheet="Features",
    )
    x = s.input(
        "features",
        features[:rows],
        rows=True,
        note="what the body gives to the head: one row a picture",
    )
    s.group("What learnt", columns, worksheet="Weights")
    w = s.input("weights", weight.T, role="weight", note=f"one column a class: {columns}")
    b = s.input("bias", bias, role="weight", note=columns)
    s.group("From features to loss", columns)
    numbers = predictions.actual[:rows].astype(float)
    last = len(predictions.classes) - 1
    names = "; ".join(f"{k}: {name}" for k, name in enumerate(predictions.classes))
    actual = s.input(
        "actual",
        numbers,
        rows=True,
        role="target",
        whole=True,
        low=0,
        high=last,
        format="d",
        note=f"the class: {names}",
    )
    logits = s.let(
        "logits", x @ w + b, format=".4f", note=f"features times weights, plus bias; {columns}"
    )
    s.let("probability", softmax(logits), format=".4f", note=f"softmax of the logits; {columns}")
    target = s.let(
        "target",
        np.where(np.equal(actual, column_index(last + 1)), 1, 0),
        role="target",
        format="d",
        note="1 at the actual class",
    )
    loss = s.let(
        "loss",
        -(target * log_softmax(logits)).sum(axis=1),
        role="loss",
        format=".4f",
        note="minus ln of the actual class's probability",
    )
    s.let("loss_mean", loss.mean(), role="loss", format=".4f", note="the mean over these pictures")
    s.say("The mean loss of these pictures is {loss_mean}. Change a weight and see whom it helps.")
    s.look = "logits"
    return s


def confusion_sheet(predictions: Predictions) -> Sheet:
    """The confusion matrix, with what follows from its counts."""
    classes = predictions.classes
    count = len(classes)
    names = "; ".join(f"{k + 1}: {name}" for k, name in enumerate(classes))
    s = Sheet(
        "confusion",
        "Confusion matrix",
        "Rows are what the pictures are, columns what the network said.",
    )
    s.group("Counts", f"Rows and columns are {names}")
    counts = s.input(
        "counts",
        predictions.confusion,
        role="target",
        whole=True,
        low=0,
        format="d",
        note=f"rows: actual, columns: predicted; {names}",
    )
    diagonal = s.let(
        "right",
        np.where(np.equal(row_index(count), column_index(count)), counts, 0),
        format="d",
        note="those on the diagonal",
    )
    s.group("Each class", f"Rows are {names}")
    actual = s.let("actual_count", counts.sum(axis=1), format="d", note="pictures of this class")
    s.let(
        "recall",
        diagonal.sum(axis=1) / np.maximum(1, actual),
        format=".1%",
        note="of the pictures of this class, the share that was found",
    )
    s.group("Each prediction", f"Columns are {names}")
    said = s.let(
        "predicted_count",
        counts.sum(axis=0),
        format="d",
        note="pictures that were said to be of this class",
    )
    s.let(
        "precision",
        diagonal.sum(axis=0) / np.maximum(1, said),
        format=".1%",
        note="of those said to be of this class, the share that is",
    )
    s.group("All together", "One number for the whole matrix")
    s.let(
        "accuracy",
        diagonal.sum() / np.maximum(1, counts.sum()),
        format=".1%",
        note="the share of all pictures that was right",
    )
    s.say("{accuracy} of all pictures were right.")
    s.look = "accuracy"
    return s
