"""What to take away: predictions, confusion matrix, workbooks, and a model folder that
`from_pretrained` opens.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from sheets import InputError
from sheets.targets.excel import write as write_workbook

from ..data.corrections import COLUMNS, Corrections
from ..data.events import EpochEnded, Stop, never
from ..data.files import folder_written_whole, is_within, written_whole
from ..data.pictures import Pictures
from ..learning.bodies import quiet
from ..learning.learner import Learner
from ..learning.machine import device_name, versions
from ..learning.results import Predictions, checked_clip
from ..learning.training import stage_words
from .head_sheets import ROWS, confusion_sheet, head_sheet
from .script import SCRIPT

CLIP = 1e-4  # Kaggle's
NUMBER = re.compile(r"[-+]?\d+(\.\d*)?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SUBMISSION = "submission.csv"
CORRECTIONS = "corrections.csv"
WRITTEN = (
    "metrics.json",
    "predictions.csv",
    "confusion.csv",
    "confusion.xlsx",
    "head.xlsx",
    "model",
    SUBMISSION,
)
PREDICTED = ("id", "label", "probability", "actual")  # columns of predictions.csv
FOR_EXCEL = "utf-8-sig"  # it would take accents for something else without the mark
EACH_EPOCH = ("stage", "train_loss", "valid_loss", "accuracy", "seconds", "confidence", "value")


def as_text(text: str) -> str:
    """A name for a CSV's cell.

    What a spreadsheet would take for a formula gets an apostrophe in front, as in OWASP's "CSV
    Injection"; a number stays.
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text) else text


def write_predictions(path: Path, predictions: Predictions, clip: float = CLIP) -> None:
    """id, label (the most probable class) and its probability, moved into clip to 1 - clip; what it
    is (actual), and a column for each class, P(its name), as the network says. Names by `as_text`.
    """
    checked_clip(clip)
    names = [as_text(name) for name in predictions.classes]
    said = predictions.probabilities.tolist()
    with path.open("w", newline="", encoding=FOR_EXCEL) as file:
        rows = csv.writer(file)
        rows.writerow([*PREDICTED, *(f"P({name})" for name in predictions.classes)])
        for name, k, actual, own in zip(
            predictions.ids, predictions.predicted, predictions.actual, said, strict=True
        ):
            clipped = min(max(own[k], clip), 1 - clip)
            rows.writerow([as_text(name), names[k], repr(clipped), names[actual], *map(repr, own)])


def write_confusion(path: Path, predictions: Predictions) -> None:
    """Rows are actual, columns predicted. Names by `as_text`."""
    with path.open("w", newline="", encoding=FOR_EXCEL) as file:
        rows = csv.writer(file)
        rows.writerow(["actual", *map(as_text, predictions.classes)])
        for name, counts in zip(predictions.classes, predictions.confusion.tolist(), strict=True):
            rows.writerow([as_text(name), *counts])


def write_corrections(path: Path, corrections: Corrections) -> None:
    """As `gradsheet finetune --corrections` reads it. Names by `as_text`."""
    with path.open("w", newline="", encoding=FOR_EXCEL) as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows([as_text(name), as_text(label)] for name, label in corrections.items())


def write_head(path: Path, learner: Learner, predictions: Predictions) -> None:
    """The head with some of the pictures, live, as .xlsx."""
    head, shown = learner.network.head, predictions.mixed(ROWS)
    weight, bias = (part.detach().cpu().double().numpy() for part in (head.weight, head.bias))
    some, features = predictions.only(shown), learner.features(shown)
    write_workbook(head_sheet(some, features, weight, bias, len(predictions.ids)), path)


def write_model(folder: Path, learner: Learner, script: str = "") -> None:
    """Weights, configuration with the classes' names, and preprocessing:
    AutoModelForImageClassification.from_pretrained(folder). script: a program that trains it again,
    as train.py beside them.
    """
    with quiet():
        learner.network.model.save_pretrained(folder)
        learner.body.processor.save_pretrained(folder)
    if script:
        _write_text(folder / SCRIPT, script)
    for path in folder.iterdir():  # safetensors' are the writer's alone, whatever is usual here
        path.chmod(0o666 & ~usual_mask())


def usual_mask() -> int:
    """What the system takes from the permissions of a new file; it can only be asked by setting."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def metrics(
    learner: Learner,
    outcome: str,
    predictions: Predictions,
    clip: float = CLIP,
    epoch: EpochEnded | None = None,
    settings: Mapping[str, Any] = {},
) -> dict[str, Any]:
    """All that was measured, and under what circumstances, in JSON's words. epoch: after which the
    network was as it is, where that is known. settings: what else was asked for.
    """
    return {
        **({"network_after": {"stage": epoch.stage, "epoch": epoch.epoch}} if epoch else {}),
        "epochs": [
            {
                name: value
                for name, value in asdict(epoch).items()
                if name in EACH_EPOCH and value is not None
            }
            for epoch in learner.history
        ],
        "outcome": outcome,
        "device": device_name(learner.settings.device),
        "seed": learner.seed,
        "versions": versions(),
        "data": learner.pictures.name,
        "classes": learner.pictures.counts,
        "skipped": dict(learner.pictures.skipped),
        "body": learner.body.name,
        "batch_size": learner.settings.batch_size,
        "processes": learner.settings.processes.count,
        "stages": [
            {"stage": stage.name, "epochs": stage.epochs, "lr": stage_words(stage)["lr"]}
            for stage in learner.plan
        ],
        "accuracy": predictions.accuracy,
        "clip": clip,
        "expected_log_loss": predictions.expected_log_loss(clip),
        "calibration_error": predictions.calibration().error,
        **({"settings": dict(settings)} if settings else {}),
    }


def wrote(folder: Path, failed: Container[str]) -> str:
    """The names of what is there of a run, of which these could not be written: an older file that
    another program holds open may stand there still.
    """
    there = [name for name in WRITTEN if (folder / name).exists() and name not in failed]
    return ", ".join(there)


def checked_folder(folder: Path, pictures: Pictures) -> Path:
    """The folder for the results, made where it is not there yet.

    Raises InputError where it cannot be, or lies among the pictures.
    """
    if pictures.folder and is_within(folder, [pictures.folder]):
        outside = pictures.folder.parent / f"finetuned-{pictures.name}"
        raise InputError(
            f"{folder}: results among the pictures would be read as one more class; give a folder"
            f" elsewhere, such as {outside}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: no results can be written there: {error.strerror}; choose another folder"
        ) from None
    return folder


def write_all(
    folder: Path,
    learner: Learner,
    outcome: str,
    clip: float = CLIP,
    stop: Stop = never,
    failed: Callable[[str, str], None] = lambda name, why: None,
    epoch: EpochEnded | None = None,
    settings: Mapping[str, Any] = {},
    script: str = "",
) -> Predictions:
    """The model first, since all else could be had of it again, then what else WRITTEN names but
    submission.csv; one process writes. What cannot be written fails alone, and `failed` is told its
    name and why. epoch, settings: as in `metrics`; with settings["tta"], probabilities are means
    over several views of each picture. script: as in `write_model`.

    Raises Stopped and InputError before anything is written, and InputError where the model cannot
    be.
    """
    checked_folder(folder, learner.pictures)
    predictions = learner.predictions(stop=stop, views=bool(settings.get("tta")))
    if learner.is_writer:
        _write_model_whole(folder / "model", learner, script)
        said = metrics(learner, outcome, predictions, clip, epoch, settings)
        for name, write in _others(learner, predictions, clip, said).items():
            if why := _failed(write, folder / name):
                failed(name, why)
    return predictions


def _write_model_whole(folder: Path, learner: Learner, script: str) -> None:
    try:
        with folder_written_whole(folder) as draft:
            write_model(draft, learner, script)
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{folder}: the model cannot be written: {_reason(error)}. What was learnt is kept in"
            f" {learner.folder}; make room, and give the same command again"
        ) from None


def _others(
    learner: Learner, predictions: Predictions, clip: float, said: dict[str, Any]
) -> dict[str, Callable[[Path], object]]:
    """How each file is written, by its name. said: the metrics."""
    return {
        "metrics.json": lambda path: _write_text(path, json.dumps(said, indent=2)),
        "predictions.csv": lambda path: write_predictions(path, predictions, clip),
        "confusion.csv": lambda path: write_confusion(path, predictions),
        "confusion.xlsx": lambda path: write_workbook(confusion_sheet(predictions), path),
        "head.xlsx": lambda path: write_head(path, learner, predictions),
    }


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _failed(write: Callable[[Path], object], path: Path) -> str:
    """Write it whole; why that could not be, or "". An old one that cannot be renewed goes, where
    that can be: it would be taken for this run's.
    """
    try:
        with written_whole(path) as draft:
            write(draft)
    except (OSError, InputError) as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return _reason(error)
    return ""


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
