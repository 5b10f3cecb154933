"""Training unrolled: the worksheet Steps, one row a step, columns the step's cells, each row reading the row above.

Blocks that depend on a carried input move: they lie flat in each row. Blocks of several cells that they read but that do not move
stand once above, flat as well, so that ranges line up.
"""

from __future__ import annotations

import numpy as np

from ...language.cells import at
from ...language.errors import NeedsBlock
from ...language.expr import is_single, refs
from ...language.grad import reaching
from ...language.sheet import Sheet
from ..numpy import trajectory, values
from .formulas import Formula, formula
from .layout import Place
from .styles import cached

WORKSHEET = "Steps"
STILL_ROW, FIRST_ROW = 3, 6
COLUMNS = 16384


def write_steps(book, sheet: Sheet, places: dict[str, Place], steps: int, styles) -> None:
    """Rows 0 to `steps`. places: where the blocks stand on the other worksheets."""
    page = book.add_worksheet(WORKSHEET)
    page.write_string(0, 0, f"{sheet.title}: one row a step", styles.title)
    page.write_string(FIRST_ROW - 1, 0, "step", styles.group)
    page.freeze_panes(FIRST_ROW, 1)
    moving = reaching(sheet, sheet.carried)
    still = _still(sheet, moving)
    here = {**places, **_placed(sheet, still, STILL_ROW, "still")}
    now = {**here, **_placed(sheet, [name for name in sheet.blocks if name in moving], FIRST_ROW, "moving")}
    for name in [*still, *(name for name in sheet.blocks if name in moving)]:
        row = STILL_ROW - 1 if name in still else FIRST_ROW - 1
        for k, (i, j) in enumerate(np.ndindex(sheet.blocks[name].shape)):
            label = name if is_single(sheet.blocks[name].shape) else f"{name}[{i + 1},{j + 1}]"
            page.write_string(row, now[name].column + k, label, styles.heading(sheet.blocks[name]))
    if still:
        page.write_string(STILL_ROW, 0, "every step", styles.row_number)
    _write_still(page, sheet, places, now, still, styles)
    known: dict = {}
    for step, found in enumerate(trajectory(sheet, steps)):
        page.write_number(FIRST_ROW + step, 0, step, styles.row_number)
        for name in (name for name in sheet.blocks if name in moving):
            _write_row(page, sheet, places, now, name, step, found, known, styles)


def _still(sheet: Sheet, moving: set[str]) -> list[str]:
    """Blocks of several cells that moving blocks read and that do not move."""
    read = {read for name in moving if (made := sheet.blocks[name].formula) is not None for read in refs(made)}
    return [name for name, block in sheet.blocks.items() if name in read - moving and not is_single(block.shape)]


def _placed(sheet: Sheet, names: list[str], row: int, flat: str) -> dict[str, Place]:
    places, column = {}, 1
    for name in names:
        places[name] = Place(WORKSHEET, row, column, flat)
        column += int(np.prod(sheet.blocks[name].shape))
    if column > COLUMNS:
        widest = max((sheet.blocks[name] for name in names), key=lambda block: np.prod(block.shape))
        raise NeedsBlock(f"a step of {sheet.name} is wider than a worksheet: {widest.name} alone has {widest.size} cells", widest.line)
    return places


def _write_still(page, sheet: Sheet, places: dict[str, Place], now: dict[str, Place], still: list[str], styles) -> None:
    found = values(sheet)
    for name in still:
        block = sheet.blocks[name]
        copied = formula(sheet, places, Place(WORKSHEET, 0, 0), at(sheet[name], "i", "j"), name, block.line)
        for k, (i, j) in enumerate(np.ndindex(block.shape)):
            x = cached(float(found[name][i, j]), block)
            page.write_formula(STILL_ROW, now[name].column + k, copied.at(i, j), styles.number(block, found[name]), x)


def _write_row(page, sheet: Sheet, places, now, name: str, step: int, found, known: dict, styles) -> None:
    """known: the formulas derived so far. They are the same at each step but the first, relative to their row."""
    block = sheet.blocks[name]
    for k, (i, j) in enumerate(np.ndindex(block.shape)):
        key = (name, i, j, step > 0)
        if key not in known:
            known[key] = _row_formula(sheet, places, now, name, i, j, step > 0)
        x = cached(float(found[name][i, j]), block)
        page.write_formula(FIRST_ROW + step, now[name].column + k, known[key].at(step, 0), styles.number(block, found[name]), x)


def _row_formula(sheet: Sheet, places, now, name: str, i: int, j: int, carried: bool) -> Formula:
    block = sheet.blocks[name]
    if block.formula is not None and name not in sheet.carried:
        sign = None if block.infinite is None else at(block.infinite, i, j)
        return formula(sheet, now, now[name], at(block.formula, i, j), name, block.line, sign)
    if not carried:
        return formula(sheet, places, Place(WORKSHEET, 0, 0), at(sheet[name], i, j), name, block.line)
    above = {n: place._replace(row=FIRST_ROW - 1) if place.flat == "moving" else place for n, place in now.items()}
    return formula(sheet, above, now[name], at(sheet[sheet.carried[name]], i, j), name, block.line)
