"""The results that are shown: what they cost, the pictures behind them, and files to download."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from sheets import InputError
from sheets.targets.excel import write as write_workbook

from ..takeaway import exports
from ..takeaway.exports import SUBMISSION
from ..takeaway.head_sheets import ROWS, confusion_sheet, head_sheet
from ..takeaway.script import SCRIPT
from ..takeaway.submission import layout_beside, submission_of
from .session import Session
from .showing import told_cell, told_clip


def clip_of(session: Session, clip: float) -> dict[str, Any]:
    """What the results cost at this clip, and the log-loss lesson with them. Raises InputError."""
    return told_clip(session.results(), clip)


def cell_of(session: Session, actual: int, predicted: int) -> dict[str, Any]:
    """The pictures of one class that were said to be of another, by the numbers of the classes.
    Raises InputError.
    """
    return told_cell(session.results(), session.pictures, actual, predicted)


def file_of(session: Session, what: str, clip: float, only: str | None = None) -> bytes:
    """predictions.csv, confusion.xlsx or head.xlsx of the results that are shown; submission.csv of
    what was predicted, only: of this class alone; model.zip of the network now, and train.py, which
    trains it again; corrections.csv of the labels that are marked. Raises InputError.
    """
    if what == SCRIPT:
        return session.script().encode()
    if what == SUBMISSION:
        return _submission(session, clip, only)
    if what == exports.CORRECTIONS:
        with tempfile.TemporaryDirectory(prefix="gradsheet-") as place:
            exports.write_corrections(Path(place) / what, session.marked)
            return (Path(place) / what).read_bytes()
    predictions, target = session.results(), io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="gradsheet-") as place:
        if what == "predictions.csv":
            exports.write_predictions(Path(place) / what, predictions, clip)
            return (Path(place) / what).read_bytes()
        if what == "model.zip":
            script = session.script() if session.origin else ""
            exports.write_model(Path(place) / "model", session.learner, script)
            with zipfile.ZipFile(target, "w") as packed:  # weights do not get smaller by packing
                for path in sorted(Path(place).rglob("*.*")):
                    packed.write(path, path.relative_to(place))
            return target.getvalue()
    if what == "confusion.xlsx":
        write_workbook(confusion_sheet(predictions), target)
    elif what == "head.xlsx":
        assert session.head is not None
        some = predictions.only(predictions.mixed(ROWS))
        write_workbook(head_sheet(some, *session.head, len(predictions.ids)), target)
    else:
        raise InputError(f"there is no file {what!r} to download")
    return target.getvalue()


def _submission(session: Session, clip: float, only: str | None) -> bytes:
    if session.answers is None:
        raise InputError("no pictures are predicted yet; press Predict them")
    layout = layout_beside(*session.handed_in_from)
    return submission_of(session.answers, layout, clip, only).encode()
