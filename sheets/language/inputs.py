"""What an input may hold: one rule for what is typed, set, given by command and read back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from .blocks import Blocks, Input, choices_of
from .errors import InputError, nearest
from .expr import Rows, is_data

NUMBER = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
)  # as the page reads what is typed
LONGEST_QUOTE = 60  # characters of a refused value
MAX_ROWS = 1000  # of data: more than a class can look at, few enough for any face to stay live
MOST_STEPS = 100_000  # of a run: more would keep a kernel for hours


def number(x: float) -> str:
    """A limit as a person writes it: 0.2, 1000, 1e-06."""
    return f"{x:.10g}"


def allowed(block: Input) -> str:
    """What a cell of this block may hold, for messages and for the page: `a number from 0 to 1`."""
    if block.choices:
        return "one of " + ", ".join(block.choices) + (", or empty" if block.blank else "")
    kind = "a whole number" if block.whole else "a number"
    return _within(block, kind) + (", or empty" if block.blank else "")


def _within(block: Input, kind: str) -> str:
    low, high = block.low, block.high
    if low is not None and high is not None:
        return f"{kind} from {number(low)} to {number(high)}"
    if low is not None:
        return f"{kind} of at least {number(low)}"
    if high is not None:
        return f"{kind} of at most {number(high)}"
    return kind


def _quoted(value: Any) -> str:
    """What was given, as a message says it."""
    text = repr(value) if isinstance(value, str) else "empty" if value is None else str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 3]}..."


def _has_a_decimal_comma(value: Any) -> bool:
    if not isinstance(value, str) or "," not in value:
        return False
    return _number_in(value.replace(",", ".", 1)) is not None


def _number_in(text: str) -> float | None:
    """A number or a percentage, as Excel shows and copies it; None where it is neither."""
    clean = text.strip()
    digits = clean.removesuffix("%").rstrip()
    if not NUMBER.fullmatch(digits):
        return None
    return float(digits) / (100 if clean.endswith("%") else 1)


def _cell(block: Input, value: Any, where: str) -> float:
    """One value as a number that this input takes, nan for an empty cell. where: its place, for the
    message.
    """
    if block.blank and _is_empty(value):
        return np.nan
    hint = " (a point, not a comma)" if _has_a_decimal_comma(value) else ""
    what = f"{block.name}{where} is {_quoted(value)}"
    refusal = InputError(f"{what}; it must be {allowed(block)}{hint}")
    choices = choices_of(block)
    if isinstance(value, str) and value.strip() in choices:
        return float(choices.index(value.strip()))
    if isinstance(value, (bool, np.bool_)):
        value = float(value)
    if isinstance(value, str):
        value = _number_in(value)
    try:
        x = float(value)
    except (TypeError, ValueError, OverflowError):
        raise refusal from None
    low = -np.inf if block.low is None else block.low
    high = np.inf if block.high is None else block.high
    if not np.isfinite(x) or not low <= x <= high or (block.whole and x != round(x)):
        raise refusal
    return x


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))


def _rows_of(block: Input, value: Any) -> list[list[Any]]:
    """value as a list of rows. A plain list fills a block of one column or of one row."""
    if isinstance(value, str) and value.strip() not in choices_of(block):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = value.strip()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return [[value]]
    if any(isinstance(row, (list, tuple)) for row in value):
        if not all(isinstance(row, (list, tuple)) for row in value):
            instead = "give a list of rows, such as [[1], [2]]"
            raise InputError(f"{block.name} mixes rows and single numbers; {instead}")
        return [list(row) for row in value]
    one_row = block.shape[0] == 1 and not isinstance(block.shape[0], Rows)
    return [list(value)] if one_row else [[x] for x in value]


def checked(block: Input, value: Any) -> np.ndarray:
    """value as this block's array (rows, columns).

    A block of data rows takes any number of rows from 1 to MAX_ROWS; every other shape is fixed.
    Raises InputError with a sentence that says what is allowed.
    """
    rows = _rows_of(block, value)
    _check_size(block, rows)
    columns = int(block.shape[1])
    single = len(rows) == 1 and columns == 1 and not is_data(block.shape)

    def where(i: int, j: int) -> str:
        return "" if single else f" row {i + 1}" + f" column {j + 1}" * (columns > 1)

    cells = [
        [_cell(block, x, where(i, j)) for j, x in enumerate(row)] for i, row in enumerate(rows)
    ]
    return np.array(cells, dtype=float).reshape(len(rows), columns)


def _check_size(block: Input, rows: list[list[Any]]) -> None:
    """Raises InputError where these are not as many rows and columns as the block takes."""
    height, columns, data = int(block.shape[0]), int(block.shape[1]), is_data(block.shape)
    fits = 1 <= len(rows) <= MAX_ROWS if data else len(rows) == height
    if fits and all(len(row) == columns for row in rows):
        return
    wanted = f"1 to {MAX_ROWS} rows" if data else f"{height} row{'s' * (height != 1)}"
    widths = "/".join(sorted({str(len(row)) for row in rows})) or "0"
    each = f"{columns} number{'s' * (columns != 1)}"
    raise InputError(f"{block.name} is {len(rows)} x {widths}; it must have {wanted} of {each}")


def checked_inputs(sheet: Blocks, given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Every input of the sheet by name, the given ones checked, the others as they start.

    An input whose formula is in force has no value here; None gives it back to its formula.
    Blocks of data rows must come out with the same number of rows. Raises InputError.
    """
    for name in given:
        if name not in sheet.blocks:
            raise InputError(f"{sheet.name} has no block {name!r}; {nearest(name, sheet.inputs)}")
        if name not in sheet.inputs:
            known = ", ".join(sheet.inputs)
            raise InputError(f"{name} is computed, so it cannot be set; the inputs are: {known}")
    inputs = {name: block.value for name, block in sheet.inputs.items() if block.value is not None}
    for name, value in given.items():
        block = sheet.inputs[name]
        if value is None and block.expr is not None:
            inputs.pop(name, None)
        else:
            inputs[name] = checked(block, value)
    data = {name: len(inputs[name]) for name in inputs if is_data(sheet.blocks[name].shape)}
    if len(set(data.values())) > 1:
        counts = ", ".join(f"{name} has {n}" for name, n in data.items())
        rule = "are rows of the same table and must be set together"
        raise InputError(f"{' and '.join(data)} {rule}: {counts} rows")
    return inputs
