"""What a workbook can hold: Excel's own limits, and ours of how many formulas a person can open."""

from __future__ import annotations

import re

from ...language.blocks import Block, Size
from ...language.errors import InputError, NeedsBlock
from ...language.expr import Rows
from ...language.sheet import Sheet

MOST_COLUMNS, MOST_ROWS = 16_384, 1_048_576
LONGEST_FORMULA = 8192  # characters
DEEPEST_FORMULA = 64  # functions inside each other
LONGEST_LIST = 255  # arguments of a function
LONGEST_TEXT = 32_767  # characters of a cell or a comment
LONGEST_TITLE = 255  # of a chart and what stands in it; of a text inside a formula; of a name
MOST_FORMULAS = 200_000  # our own: a program that opens more keeps a class waiting

CALL = re.compile(r'"[^"]*"|([A-Z][A-Z0-9.]*)?\(|\)')


def nesting(formula: str) -> int:
    """How many functions stand inside each other, at most."""
    open_calls: list[bool] = []
    deepest, inside = 0, 0
    for piece in CALL.finditer(formula):
        if piece[0] == ")":
            inside -= open_calls.pop()
        elif piece[0].endswith("("):
            open_calls.append(piece[1] is not None)
            inside += open_calls[-1]
            deepest = max(deepest, inside)
    return deepest


def check_formula(formula: str, what: str, line: str) -> None:
    """Raises NeedsBlock, naming `what` and the author's line, for a formula that Excel does not
    take.
    """
    if len(formula) > LONGEST_FORMULA:
        raise NeedsBlock(
            f"{what}: {len(formula)} characters are more than Excel takes in one cell; give a part"
            " a block of its own",
            line,
        )
    if nesting(formula) > DEEPEST_FORMULA:
        said = (
            f"{nesting(formula)} functions inside each other are more than Excel's"
            f" {DEEPEST_FORMULA}"
        )
        raise NeedsBlock(f"{what}: {said}; give a part a block of its own", line)


def check_wanted(sheet: Sheet) -> None:
    """Raises InputError where the sheet's author says that it has no workbook."""
    if not sheet.workbook:
        raise InputError(f"{sheet.title} has no workbook: it holds what no worksheet can")


def _lower(sheet: Sheet, steps: int) -> str:
    """What to make smaller: `width (now 128) or layers (now 50)`; empty where the reader can make
    nothing smaller.
    """
    sizes = {
        name: int(block.value[0, 0])
        for name, block in sheet.inputs.items()
        if isinstance(block, Size) and block.value is not None
    }
    ways = [
        f"{name} (now {value})"
        for name, value in sizes.items()
        if value > (sheet.inputs[name].low or 0)
    ]
    ways += [f"the number of steps (now {steps})"] if steps else []
    ways += (
        [f"the number of data rows (now {int(sheet.rows)})"]
        if isinstance(sheet.rows, Rows) and sheet.rows > 1
        else []
    )
    return " or ".join(ways)


def steps_that_fit(still: int, a_step: int) -> int:
    """How many steps of so many formulas a workbook holds beside those that stand still; negative
    where these alone are too many.
    """
    return (MOST_FORMULAS - still) // max(a_step, 1)


def check_count(sheet: Sheet, formulas: int, steps: int) -> None:
    """Raises InputError, with what to lower, where the workbook of `sheet` would have more than
    MOST_FORMULAS formulas.
    """
    if formulas > MOST_FORMULAS:
        raise InputError(
            f"a workbook of {sheet.name} would have {formulas:,} formulas here, and at most"
            f" {MOST_FORMULAS:,} open well: lower"
            f" {_lower(sheet, steps) or 'the sizes of its blocks'}"
        )


def check_fits(sheet: Sheet, what: str, largest: Block, rows: int, columns: int) -> None:
    """Raises InputError, or NeedsBlock where the reader can lower nothing, for what needs more than
    a worksheet; `largest` is most.
    """
    if rows <= MOST_ROWS and columns <= MOST_COLUMNS:
        return
    said = (
        f"{what} of {sheet.name} is {'wider' if columns > MOST_COLUMNS else 'longer'} than a"
        " worksheet"
    )
    said += f": {largest.name} alone has {largest.size} cells"
    if lower := _lower(sheet, 0):
        raise InputError(f"{said}; lower {lower}")
    raise NeedsBlock(said, largest.line)
