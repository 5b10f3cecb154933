"""What a step of the story puts before the reader: controls, charts, pictures, cells, numbers, a
stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from .blocks import Block, Blocks, Input, Setting, gradient_of, part_of
from .charts import Chart
from .errors import SheetError, nearest
from .expr import is_data, is_single
from .formats import Pieces

# What a step of the story may be told to show, and as what.
SCENE: dict[str, type] = {
    "controls": list,
    "charts": list,
    "pictures": list,
    "cells": list,
    "look": str,
    "numbers": list,
    "asks": list,
    "play": int,
}
MOST_CONTROLS = 3
MOST_CHARTS = 2
MOST_PICTURES = 4  # a picture in colour is three tables, and its map
USUAL_PICTURES = 3  # where the author says nothing
MOST_NUMBERS = 2
MOST_COLUMNS = 6  # of a table on the stage, where the author says nothing
# `loss_if[5]`, `W[2, 3]`, `loss_if[certain_row]`, `W[i, j]`: rows and columns count from 1.
PLACE = re.compile(r"(\w+)(?:\[\s*(\w+)\s*(?:,\s*(\w+)\s*)?\])?")


@dataclass(frozen=True)
class Look:
    """A cell to look at.

    row, column: counted from 0, or the name of a block of one number that tells it, counted from 1.
    """

    block: str
    row: int | str = 0
    column: int | str = 0


@dataclass(frozen=True)
class Scene:
    """What stands on the stage during a step of the story; what is empty is chosen for it.

    controls: names of settings, at most three. charts: places among the sheet's charts, from 0, at
    most two. pictures: blocks that are shown as one, at most four, in place of charts or above
    them. cells: blocks that stand side by side in a small table. look: the cell that is
    selected in it. numbers: blocks of one number that are shown large, at most two. asks: blocks
    that the question is about: until the move, tables, pictures and charts keep them back, as they
    do the numbers and the looked-at cell. play: the step at which playing stops; 0: nowhere.
    """

    controls: tuple[str, ...] = ()
    charts: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    look: Look | None = None
    numbers: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    play: int = 0

    def over(self, other: Scene) -> Scene:
        """This scene, and `other`'s parts where it says nothing. Who names charts or pictures has
        said what is to be seen.
        """
        if self.charts or self.pictures:
            other = replace(other, charts=(), pictures=())
        own = {part.name: getattr(self, part.name) for part in fields(self)}
        return replace(other, **{name: value for name, value in own.items() if value})


def new_scene(
    sheet: Blocks,
    known: Sequence[Chart],
    what: str,
    *,
    controls: Sequence[str] = (),
    charts: Sequence[int] = (),
    pictures: Sequence[str] = (),
    cells: Sequence[str] = (),
    look: str = "",
    numbers: Sequence[str] = (),
    asks: Sequence[str] = (),
    play: int = 0,
) -> Scene:
    """A scene of names that the sheet has.

    known: the sheet's charts; charts: their numbers from 1, as sentences count them. what: whose,
    for the message. look: such as `loss_if[5]`. Raises SheetError.
    """
    for part, names, most in (
        ("controls", controls, MOST_CONTROLS),
        ("charts", charts, MOST_CHARTS),
        ("pictures", pictures, MOST_PICTURES),
        ("numbers", numbers, MOST_NUMBERS),
    ):
        if len(names) > most:
            raise SheetError(f"{what}: {len(names)} {part}; a step shows at most {most}")
    for name in controls:
        if not isinstance(_known(sheet, what, name), Setting):
            rule = "controls are parameters, choices and sizes"
            raise SheetError(f"{what}: {name} has no control; {rule}")
    for name in (*cells, *asks):
        _known(sheet, what, name)
    for name in pictures:
        if not _known(sheet, what, name).shown:
            advice = 'give it shown="grey" or shown="heat"'
            raise SheetError(f"{what}: {name} is no picture; {advice}")
    for name in numbers:
        _one_number(sheet, what, name)
    for number in charts:
        if number not in range(1, len(known) + 1):
            raise SheetError(f"{what}: there is no chart {number!r}; they count 1 to {len(known)}")
    if not isinstance(play, int) or play < 0:
        raise SheetError(f"{what}: play is {play!r}; it is a step's number, 0 or more")
    places = tuple(number - 1 for number in charts)
    place = _look(sheet, what, look) if look else None
    seen = places, tuple(pictures), tuple(cells)
    return Scene(
        tuple(controls), *seen, look=place, numbers=tuple(numbers), asks=tuple(asks), play=play
    )


def _known(sheet: Blocks, what: str, name: str) -> Block:
    if name not in sheet.blocks:
        raise SheetError(f"{what}: there is no block {name!r}; {nearest(name, sheet.blocks)}")
    return sheet.blocks[name]


def _one_number(sheet: Blocks, what: str, name: str) -> None:
    block = _known(sheet, what, name)
    if not is_single(block.shape):
        raise SheetError(f"{what}: {name} is {block.size}; only single numbers are shown large")


def _look(sheet: Blocks, what: str, text: str) -> Look:
    """`loss_if[5]` as a place. Raises SheetError for one that is none."""
    match = PLACE.fullmatch(text)
    if match is None:
        raise SheetError(f"{what}: look is {text!r}; write a cell such as loss_if[5] or W[2, 3]")
    name, row, column = match.groups()
    block = _known(sheet, what, name)
    place = Look(name, _row(sheet, what, block, row or "1"), _column(sheet, what, column or "1"))
    if isinstance(place.column, int) and not 0 <= place.column < int(block.shape[1]):
        raise SheetError(f"{what}: {text} is outside {name}, which is {block.size}")
    return place


def _column(sheet: Blocks, what: str, text: str) -> int | str:
    """A column from 0, or the block of one number that tells it."""
    if text.isdigit():
        return int(text) - 1
    _one_number(sheet, what, text)
    return text


def _row(sheet: Blocks, what: str, block: Block, text: str) -> int | str:
    """A row from 0, or the block of one number that tells it."""
    if not text.isdigit():
        _one_number(sheet, what, text)
        return text
    rows = block.shape[0]
    if int(text) < 1 or (isinstance(rows, int) and int(text) > rows):
        raise SheetError(f"{what}: {block.name} has no row {text}, it is {block.size}")
    return int(text) - 1


def settings_among(sheet: Blocks, names: Iterable[str]) -> tuple[str, ...]:
    """The first of these inputs that have a control."""
    settings = [name for name in names if isinstance(sheet.blocks[name], Setting)]
    return tuple(settings[:MOST_CONTROLS])


def usual_scene(sheet: Blocks, charts: Sequence[Chart], sentences: Sequence[Pieces]) -> Scene:
    """What a sheet shows whose author says nothing: first settings, a loss, first charts; where
    there are none its pictures, and where there are none of those its rows of data.
    """
    named = [piece[0] for pieces in sentences for piece in pieces if not isinstance(piece, str)]
    single = [block for block in sheet.blocks.values() if is_single(block.shape)]
    losses = [block.name for block in single if block.role == "loss"]
    pictures, rows = _usual_pictures(sheet), _usual_rows(sheet)
    chosen = [name for name in dict.fromkeys(named) if name in losses] or losses
    return Scene(
        controls=settings_among(sheet, sheet.inputs),
        charts=tuple(range(min(MOST_CHARTS, len(charts)))),
        pictures=() if charts else pictures,
        cells=() if charts or pictures else rows[:MOST_COLUMNS],
        numbers=tuple(chosen[:1]),
    )


def _usual_pictures(sheet: Blocks) -> tuple[str, ...]:
    """What is computed, then what is given; of the author's own, in the sheet's order."""
    shown = [block for block in sheet.blocks.values() if block.shown]
    own = [block for block in shown if not part_of(block) and not gradient_of(block)]
    first = sorted(own, key=lambda block: isinstance(block, Input))[:USUAL_PICTURES]
    return tuple(block.name for block in own if block in first)


def _usual_rows(sheet: Blocks) -> tuple[str, ...]:
    """Columns of rows of data."""
    return tuple(
        block.name
        for block in sheet.blocks.values()
        if is_data(block.shape) and block.shape[1] == 1
        if not (part_of(block) or gradient_of(block))
    )
