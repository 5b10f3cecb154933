"""Back from Excel: the inputs of an edited workbook, found by the workbook's own record and checked
like typed values.

Only cells of inputs are read, and only their values; formulas elsewhere, other worksheets and
anything else in the file are not looked at.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...language.blocks import Block, Size, choices_of, words_of
from ...language.errors import InputError
from ...language.expr import Rows
from ...language.inputs import MAX_ROWS, checked_inputs
from ...language.sheet import Sheet
from ..numpy import values
from .layout import layout

MB = 1_000_000  # bytes
LARGEST_FILE = 20 * MB
LARGEST_UNPACKED = 100 * MB  # four times the workbook with the most formulas
TOO_LARGE = f"this file is too large to be a Gradsheet workbook (over {LARGEST_FILE // MB} MB)"
VERSIONS = (1,)


def read_inputs(sheet: Sheet, workbook: str | Path | bytes) -> dict[str, np.ndarray | None]:
    """Every input of `sheet` as it stands in the workbook (a path, or the file's bytes).

    Raises InputError with a sentence.

    None: an input that starts from a formula still has it, in every cell. Elsewhere a cell that
    holds a formula gives the value it had when the file was saved. Rows typed right below the table
    are its rows too.
    """
    book = _opened(workbook)
    record = _record(book)
    if record.get("sheet") != sheet.name:
        raise InputError(
            f"this workbook is of the sheet {record.get('sheet')!r}, not {sheet.name!r}; open it in"
            " its own lesson"
        )
    if record.get("version") not in VERSIONS:
        raise InputError(
            "this workbook was made by another version of Gradsheet; download it again from the"
            " lesson and copy your numbers over"
        )
    sheet = _of_sizes(book, sheet)
    areas = {name: _area(book, sheet, name) for name in sheet.inputs}
    data = [area for name, area in areas.items() if isinstance(sheet.blocks[name].shape[0], Rows)]
    more = _rows_below(book, data)
    found = {
        name: _numbers(book, area, more if area in data else 0) for name, area in areas.items()
    }
    found |= {
        name: [tuple(_by_word(sheet.blocks[name], cell) for cell in row) for row in rows]
        for name, rows in found.items()
        if words_of(sheet.blocks[name])
    }
    found |= _chosen(book, sheet)
    return _with_formulas(sheet, found, _without_numbers(workbook, areas, sheet))


def _chosen(book: Any, sheet: Sheet) -> dict[str, list[tuple[Any, ...]]]:
    """The numbers of choices whose cell is there to choose by word: a word, or its number."""
    found = {}
    for name, place in layout(sheet).words.items():
        block = sheet.blocks[name]
        if place.name not in book.defined_names:
            continue
        (cell,) = _numbers(book, _area_named(book, block, place.name, name), 0)[0]
        found[name] = [(_by_word(block, cell),)]
    return found


def _by_word(block: Block, cell: Any) -> Any:
    """The number of a word among the block's choices; what is none of them as it stands."""
    words = [word.strip().lower() for word in choices_of(block)]
    given = str(cell).strip().lower()
    return words.index(given) if given in words else cell


def _of_sizes(book: Any, sheet: Sheet) -> Sheet:
    """The sheet of the workbook's sizes, one after another: each may bring others, or take them
    away.
    """
    known: set[str] = set()
    while name := next(
        (
            name
            for name, block in sheet.inputs.items()
            if isinstance(block, Size) and name not in known
        ),
        "",
    ):
        sheet = sheet.with_inputs({name: _numbers(book, _area(book, sheet, name), 0)})
        known.add(name)
    return sheet


def _without_numbers(
    workbook: str | Path | bytes, areas: dict[str, Area], sheet: Sheet
) -> list[str]:
    """In order, the inputs with a formula in whose cells nobody has typed a number: formulas, or
    nothing.
    """
    drawn = [name for name, block in sheet.inputs.items() if block.expr is not None]
    book = _opened(workbook, values_only=False) if drawn else None
    typed = lambda cell: cell is not None and not str(cell).startswith("=")
    return [
        name
        for name in drawn
        if not any(typed(cell) for row in _numbers(book, areas[name], 0) for cell in row)
    ]


def _with_formulas(
    sheet: Sheet, found: dict[str, Any], untyped: list[str]
) -> dict[str, np.ndarray | None]:
    """The checked inputs; None for one whose cells are empty, or are `untyped` and hold what its
    formula gives from the other inputs.
    """
    empty = {name for name in untyped if all(cell is None for row in found[name] for cell in row)}
    inputs: dict[str, np.ndarray | None] = {
        **checked_inputs(sheet, found | dict.fromkeys(empty)),
        **dict.fromkeys(empty),
    }
    for name in untyped:  # in order: a later formula may read an earlier input that was typed over
        given, computed = inputs[name], values(sheet, {**inputs, name: None})[name]
        if (
            given is not None
            and given.shape == computed.shape
            and np.allclose(given, computed, rtol=1e-9, atol=1e-12)
        ):
            inputs[name] = None
    return {name: inputs[name] for name in sheet.inputs}


def _opened(workbook: str | Path | bytes, values_only: bool = True) -> Any:
    import openpyxl

    data = workbook
    try:
        if not isinstance(data, bytes):
            path = Path(data)
            if path.stat().st_size > LARGEST_FILE:
                raise InputError(TOO_LARGE)
            data = path.read_bytes()
        if len(data) > LARGEST_FILE:
            raise InputError(TOO_LARGE)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise InputError(
                    f"this file unpacks to more than {LARGEST_UNPACKED // MB} MB; it is not a"
                    " Gradsheet workbook"
                )
        return openpyxl.load_workbook(io.BytesIO(data), data_only=values_only)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"the workbook cannot be read: {error.strerror or error}") from None
    except Exception:  # openpyxl answers a damaged file with whatever its parsing met
        raise InputError(
            "this file is not a workbook, or is damaged; save it again as .xlsx"
        ) from None


def _record(book: Any) -> dict[str, Any]:
    for prop in book.custom_doc_props.props:
        if prop.name == "gradsheet":
            try:
                record = json.loads(prop.value)
            except (TypeError, ValueError):
                break
            if isinstance(record, dict):
                return record
    raise InputError(
        "this workbook was not made by Gradsheet: it has no record of where its blocks stand"
    )


class Area(NamedTuple):
    """The cells of an input: worksheet, then columns and rows from 1, the last ones included."""

    worksheet: str
    left: int
    top: int
    right: int
    bottom: int


def _area(book: Any, sheet: Sheet, name: str) -> Area:
    return _area_named(book, sheet.blocks[name], name, name)


def _area_named(book: Any, block: Block, defined: str, name: str) -> Area:
    """The cells that a defined name says; name: whose, for the message."""
    from openpyxl.utils.cell import range_boundaries

    lost = InputError(
        f"the workbook no longer says where {name} stands; download it again from the lesson"
    )
    try:
        ((worksheet, cells),) = book.defined_names[defined].destinations
        page = next(page.title for page in book.worksheets if page.title == worksheet)
        area = Area(page, *range_boundaries(cells.replace("$", "")))
        rows, columns = area.bottom - area.top + 1, area.right - area.left + 1
    except Exception:  # a name may hold any text: a deleted range, a number, a formula
        raise lost from None
    data = isinstance(block.shape[0], Rows)
    if columns != block.shape[1] or rows > 2 * MAX_ROWS or (not data and rows != block.shape[0]):
        raise lost
    return area


def _rows_below(book: Any, data: list[Area]) -> int:
    """How many rows right below the table hold something in one of its input columns."""
    more = 0
    while more <= MAX_ROWS and any(
        cell is not None
        for area in data
        for cell in _row(
            book, area._replace(top=area.bottom + more + 1, bottom=area.bottom + more + 1)
        )
    ):
        more += 1
    return more


def _row(book: Any, area: Area) -> tuple[Any, ...]:
    return _numbers(book, area, 0)[0]


def _numbers(book: Any, area: Area, more: int) -> list[tuple[Any, ...]]:
    rows = book[area.worksheet].iter_rows(
        area.top, area.bottom + more, area.left, area.right, values_only=True
    )
    return list(rows)
