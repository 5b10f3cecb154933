"""What a person put right after a look at the pictures: another label, or none, for some of them.

Their files are never touched: the corrections are a CSV of their own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from sheets import InputError

from .labels import some, text_of
from .pictures import Picture, Pictures

COLUMNS = ("id", "label")
DROPPED = "it was left out by hand"

Corrections = Mapping[str, str]  # the true label by the picture's id; "" to leave it out


def corrections_in(path: Path) -> dict[str, str]:
    """Of a CSV with COLUMNS, as predictions.csv names the pictures. Raises InputError."""
    rows = csv.reader(io.StringIO(text_of(path), newline=""))
    found: dict[str, str] = {}
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if rows.line_num == 1 and tuple(cell.strip().lower() for cell in cells) == COLUMNS:
                continue
            if len(cells) != len(COLUMNS):
                raise InputError(
                    f"{path} line {rows.line_num}: an id and its true label belong here, such as"
                    " cats/1.jpg,dogs, or no label, cats/1.jpg, to leave the picture out"
                )
            found[cells[0].strip()] = cells[1].strip()
    except csv.Error as error:
        raise InputError(f"{path} line {rows.line_num}: {error}") from None
    return found


def corrected(pictures: Pictures, corrections: Corrections, all_there: bool = True) -> Pictures:
    """The same pictures in the same two parts, with other labels, and without those that are left
    out. all_there: whether a correction of a picture that is not there is a mistake, and not of one
    that a sample did without. Raises InputError.
    """
    held, ids = (*pictures.train, *pictures.valid), _ids(pictures)
    by_id = as_named(pictures, corrections)
    if all_there and (missing := [name for name in by_id if name not in ids]):
        raise InputError(
            f"{len(missing):,} of the corrections are of no picture that is here: {some(missing)}"
        )
    numbers = {name: k for k, name in enumerate(pictures.classes)}
    if unknown := [label for label in by_id.values() if label and label not in numbers]:
        raise InputError(f"the corrections name no class that is here: {some(unknown)}")

    def now(part: tuple[Picture, ...]) -> tuple[Picture, ...]:
        labels = [by_id.get(one.id, pictures.classes[one.label]) for one in part]
        return tuple(
            replace(one, label=numbers[label])
            for one, label in zip(part, labels, strict=True)
            if label
        )

    dropped = tuple((one.id, DROPPED) for one in held if by_id.get(one.id) == "")
    return replace(
        pictures,
        train=now(pictures.train),
        valid=now(pictures.valid),
        skipped=(*pictures.skipped, *dropped),
    )


def as_named(pictures: Pictures, corrections: Corrections) -> dict[str, str]:
    """The same by the names that the pictures and their classes have, where they have them."""
    ids = _ids(pictures)
    return {
        _known(name, ids): _known(label, pictures.classes) for name, label in corrections.items()
    }


def _ids(pictures: Pictures) -> set[str]:
    """Of what is there, and of what was skipped."""
    held = (*pictures.train, *pictures.valid)
    return {picture.id for picture in held} | {name for name, _ in pictures.skipped}


def _known(name: str, known: Collection[str]) -> str:
    """A name as the pictures have it: a spreadsheet's text may begin with an apostrophe, and its
    cells come without the spaces around them.
    """
    if not name or name in known:
        return name
    bare = name.removeprefix("'").strip()
    return next((one for one in known if one.strip() == bare), name)
