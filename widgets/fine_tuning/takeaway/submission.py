"""What is handed in: a CSV of probabilities in the layout that a competition asks for."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sheets import InputError

from ..data.files import natural
from ..data.labels import bare, bare_stem, shown, some, stem, told_apart
from ..learning.predicting import Answers
from ..learning.results import checked_clip
from .exports import CLIP, PREDICTED

ID, LABEL = "id", "label"
MOST_NAMED = 10  # pictures that cannot be read
SAMPLE = "sample_submission.csv"  # Kaggle's name of it


@dataclass(frozen=True)
class Layout:
    """heading: the names of all columns, the first of ids. ids: those that are asked for, in their
    order. labels: what the sample says in its second column.
    """

    heading: tuple[str, ...]
    ids: tuple[str, ...]
    labels: frozenset[str] = frozenset()


def layout_of(path: Path) -> Layout:
    """Of a sample submission. Raises InputError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            heading, *rows = (row for row in csv.reader(file) if row)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: this sample submission cannot be read: {error}") from None
    if len(heading) < 2 or not rows or any(len(row) != len(heading) for row in rows):
        raise InputError(
            f"{path}: a sample submission has a line of headings, such as id,label, and then a row"
            " for each picture"
        )
    return Layout(tuple(heading), tuple(row[0] for row in rows), frozenset(row[1] for row in rows))


def layout_beside(*folders: Path | None) -> Layout | None:
    """Of the first of these folders that has a sample submission in it. Raises InputError."""
    for folder in folders:
        if folder is not None and (folder / SAMPLE).is_file():
            return layout_of(folder / SAMPLE)
    return None


def submission_of(
    answers: Answers,
    layout: Layout | None = None,
    clip: float = CLIP,
    only: str | None = None,
) -> str:
    """A CSV. A row for each picture: its id, and the probability of each class, moved into clip to
    1 - clip; only: of this class alone. layout: as a competition asks for it; a column that is
    called as a class has its probability.

    Ids as they are, since a competition compares them letter by letter. Raises InputError.
    """
    checked_clip(clip)
    ids, order = _ids(answers, layout)
    heading, columns = _columns(answers, clip, only, layout)
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(heading)
    for name, k in zip(ids, order, strict=True):
        rows.writerow([name, *(column[k] for column in columns)])
    return file.getvalue()


def unreadable_words(answers: Answers) -> list[str]:
    """Which pictures could not be read, for the person."""
    named = [
        f"{shown(name)} could not be read ({why}): every class is equally probable there."
        for name, why in list(answers.unreadable.items())[:MOST_NAMED]
    ]
    all_of = f"{len(answers.unreadable):,} could not be read in all."
    return named if len(answers.unreadable) <= MOST_NAMED else [*named, all_of]


def _ids(answers: Answers, layout: Layout | None) -> tuple[Sequence[str], list[int]]:
    """What stands in the first column, and which picture each row is of."""
    own = [_short(name) for name in answers.ids]
    if layout is None:
        order = sorted(range(len(own)), key=lambda k: natural(own[k]))
        return [own[k] for k in order], order
    known = _by_any_name(answers.ids)
    missing = [name for name in layout.ids if name not in known]
    if missing:
        raise InputError(
            f"{len(missing):,} of the pictures that the sample submission asks for were not"
            f" predicted: {some(missing)}"
        )
    return layout.ids, [known[name] for name in layout.ids]


def _by_any_name(ids: Sequence[str]) -> dict[str, int]:
    """By the whole name, by that below the first folder, by the file's own, and by each of these
    without its ending; shorter ones only where they are one picture's.
    """
    known: dict[str, int] = {}
    for short in (bare_stem, bare, lambda name: stem(_short(name)), stem, _short, str):
        known |= told_apart((short(name), k) for k, name in enumerate(ids))
    return known


def _short(name: str) -> str:
    """Within the folder called test."""
    top, slash, rest = name.partition("/")
    return rest if slash and top.lower() in ("test", "testing") else name


def _columns(
    answers: Answers, clip: float, only: str | None, layout: Layout | None
) -> tuple[list[str], list[Sequence[object]]]:
    """The headings, and what stands below all but the first."""
    if only is not None and only not in answers.classes:
        raise InputError(f"{only!r} is no class; there are {some(answers.classes)}")
    said = answers.probabilities.clip(clip, 1 - clip)

    def of(name: str) -> np.ndarray:
        return said[:, answers.classes.index(name)]

    if layout is None:
        names = [only] if only else list(answers.classes)
        return [ID, *([LABEL] if only else names)], [of(name).tolist() for name in names]
    first, *others = layout.heading
    if all(name in answers.classes for name in others):
        return [first, *others], [of(name).tolist() for name in others]
    if len(others) == 1 and only:
        return [first, *others], [of(only).tolist()]
    if len(others) == 1 and layout.labels <= set(answers.classes):
        return [first, *others], [answers.labels]
    strange = next(name for name in others if name not in answers.classes)
    raise InputError(
        f"the sample submission's column {strange!r} is no class; there are"
        f" {some(answers.classes)}. For one column, say whose probability belongs there"
    )


def expected_cost(predictions: Path, clip: float) -> float:
    """The log loss of the validation pictures in a predictions.csv, which what is handed in is
    expected to cost. Raises InputError where it is no such file.
    """
    try:
        with predictions.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        said = np.array([_of_actual(row) for row in rows])
    except (OSError, ValueError, KeyError, csv.Error):
        raise InputError(f"{predictions}: this is no predictions.csv of Gradsheet's") from None
    with np.errstate(divide="ignore"):
        return float(-np.log(said.clip(checked_clip(clip), 1 - clip)).mean())


def _of_actual(row: dict[str, str]) -> float:
    """The probability of what it is, whose name may stand there as `as_text` made it."""
    name = row[PREDICTED[3]]
    column = f"P({name})"
    return float(row[column] if column in row else row[f"P({name.removeprefix(chr(39))})"])
