"""What a reader is to do alone, and how it is known to be done: a number to type, or a state to
bring the page to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .blocks import Blocks
from .charts import STEP
from .errors import InputError, SheetError, nearest
from .expr import is_single
from .formats import Pieces
from .inputs import checked_inputs
from .teaching import Preset, spoken

CONDITION = re.compile(r"(\w+)\s*(<=|>=|<|>|=)\s*(\S+)")


@dataclass(frozen=True)
class Condition:
    """One number of the sheet beside another.

    left: a block of one number, or the word step. right: a number, or a block of one number.
    """

    left: str
    relation: str
    right: str | float


@dataclass(frozen=True)
class Exercise:
    """A task that begins where a preset does.

    answer: the block of one number that the reader types, within `tolerance` of it as a part of it;
    or "": then `reached` holds where it is done. way: inputs which, with `steps` more, do it.
    solved: what is told then.
    """

    task: str
    solved: Pieces
    preset: int | None = None
    answer: str = ""
    tolerance: float = 0.0
    reached: tuple[Condition, ...] = ()
    way: dict[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0


def new_exercise(
    sheet: Blocks,
    presets: Sequence[Preset],
    task: str,
    solved: str,
    *,
    answer: str,
    tolerance: float,
    reached: Sequence[str],
    preset: str,
    way: Mapping[str, Any],
    steps: int,
) -> Exercise:
    """An exercise whose names the sheet has. Raises SheetError."""
    what = f"exercise {task!r}"
    titles = [known.title for known in presets]
    if preset and preset not in titles:
        raise SheetError(f"{what}: there is no preset {preset!r}; {nearest(preset, titles)}")
    if bool(answer) == bool(reached):
        raise SheetError(f"{what}: it needs an answer to type or a state that is reached, not both")
    if not 0 < tolerance < 1 or steps < 0:
        rule = "the tolerance is a part, between 0 and 1, and steps are 0 or more"
        raise SheetError(f"{what}: {rule}")
    if answer:
        _single(sheet, what, answer)
    try:
        given = checked_inputs(sheet, way)
    except InputError as error:
        raise SheetError(f"{what}: {error}") from None
    return Exercise(
        task,
        spoken(sheet, what, solved),
        titles.index(preset) if preset else None,
        answer,
        tolerance,
        tuple(_condition(sheet, what, text) for text in reached),
        {name: given[name] for name in way},
        steps,
    )


def _condition(sheet: Blocks, what: str, text: str) -> Condition:
    """`loss_mean < 0.1` as a condition."""
    match = CONDITION.fullmatch(str(text).strip())
    if match is None:
        raise SheetError(f"{what}: {text!r} is no condition; write one such as loss < 0.1")
    left, relation, right = match.groups()
    if left != STEP:
        _single(sheet, what, left)
    try:
        return Condition(left, relation, float(right))
    except ValueError:
        _single(sheet, what, right)
        return Condition(left, relation, right)


def _single(sheet: Blocks, what: str, name: str) -> None:
    if name not in sheet.blocks:
        raise SheetError(f"{what}: there is no block {name!r}; {nearest(name, sheet.blocks)}")
    if not is_single(sheet.blocks[name].shape):
        raise SheetError(f"{what}: {name} is {sheet.blocks[name].size}; it must be one number")
