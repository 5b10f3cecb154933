"""Back from Excel: the inputs of an edited workbook, found by the workbook's own record and checked
like typed values.

Only cells of inputs are read, and only their values. Of other cells it is asked whether a number
was typed over their formula, which would be lost; anything else in the file is not looked at.
"""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from ...language.blocks import Block, Size, choices_of, words_of
from ...language.errors import InputError
from ...language.expr import Rows
from ...language.inputs import MAX_ROWS, checked_inputs
from ...language.sheet import Sheet
from ..numpy import values
from .layout import layout
from .parts import followed, main_formula

MB = 1_000_000  # bytes
LARGEST_FILE = 20 * MB
LARGEST_UNPACKED = 100 * MB  # four times the workbook with the most formulas
TOO_LARGE = f"this file is too large to be a Gradsheet workbook (over {LARGEST_FILE // MB} MB)"
DAMAGED = "this file is not a workbook, or is damaged; save it again as .xlsx"
MOST_TAGS = 4_000_000  # twice those of the workbook with the most formulas
MOST_SPANNED = 1_000_000  # cells that are merged or linked together
LONGEST_RECORD = 1000  # characters
SPANNED = re.compile(rb"""<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref=["']([^"']*)""")
TOTALS = "SUM|AVERAGE|COUNT|COUNTA|MAX|MIN|SUBTOTAL|MEDIAN"  # of a column of cells
LOOKED_AT = 50  # rows below a table in which a row after an empty one is looked for
VERSIONS = (1,)


def read_inputs(sheet: Sheet, workbook: str | Path | bytes) -> dict[str, np.ndarray | None]:
    """Every input of `sheet` as it stands in the workbook (a path, or the file's bytes).

    Raises InputError with a sentence.

    None: an input that starts from a formula still has it, in every cell. Elsewhere a cell that
    holds a formula gives the value it had when the file was saved. Rows typed right below the table
    are its rows too. A number typed over a cell that repeats an input, on the worksheet of a sheet
    beside this one, is that input's.
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
    written = _opened(workbook, values_only=False)
    rows = _rows_filled(written, data)
    areas = {
        name: area._replace(bottom=area.top + rows - 1) if area in data else area
        for name, area in areas.items()
    }
    inputs = {name: _numbers(book, area) for name, area in areas.items()}
    inputs |= {
        name: [tuple(_by_word(sheet.blocks[name], cell) for cell in row) for row in rows]
        for name, rows in inputs.items()
        if words_of(sheet.blocks[name])
    }
    inputs |= _chosen(book, sheet)
    _refuse_totals(written, sheet, areas)
    _refuse_typed_over(written, sheet)
    inputs |= _typed_beside(book, written, sheet, inputs)
    return _with_formulas(sheet, inputs, _without_numbers(written, areas, sheet), written, areas)


def _chosen(book: Any, sheet: Sheet) -> dict[str, list[tuple[Any, ...]]]:
    """The numbers of choices whose cell is there to choose by word: a word, or its number."""
    chosen = {}
    for name, place in layout(sheet).words.items():
        block = sheet.blocks[name]
        if place.name not in book.defined_names:
            continue
        (cell,) = _numbers(book, _area_named(book, block, place.name, name))[0]
        chosen[name] = [(_by_word(block, cell),)]
    return chosen


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
        sheet = sheet.with_inputs({name: _numbers(book, _area(book, sheet, name))})
        known.add(name)
    return sheet


def _is_typed(cell: Any) -> bool:
    return cell is not None and not str(cell).startswith("=")


def _without_numbers(written: Any, areas: dict[str, Area], sheet: Sheet) -> list[str]:
    """In order, the inputs with a formula in whose cells nobody has typed a number: formulas, or
    nothing.
    """
    return [
        name
        for name, block in sheet.inputs.items()
        if block.expr is not None
        and not any(_is_typed(cell) for row in _numbers(written, areas[name]) for cell in row)
    ]


def _is_total(cell: Any, column: int) -> bool:
    """Whether a cell of this column, from 1, sums up cells of its own column, or the like."""
    letter = xl_col_to_name(column - 1)
    own = rf"\$?{letter}\$?\d+:\$?{letter}\$?\d+"
    return re.match(rf"=.*\b({TOTALS})\([^()]*{own}", str(cell), re.IGNORECASE) is not None


def _refuse_totals(written: Any, sheet: Sheet, areas: dict[str, Area]) -> None:
    """Raises InputError where the last row of a table is computed from the rows above."""
    for name, area in areas.items():
        if isinstance(sheet.blocks[name].shape[0], Rows) and area.bottom > area.top:
            last = _numbers(written, area._replace(top=area.bottom))[0]
            if any(_is_total(cell, area.left + k) for k, cell in enumerate(last)):
                raise InputError(
                    f"{name} row {area.bottom - area.top + 1} looks like a total"
                    f" ({str(last[0])[:40]}), not like one more row: delete it, or type its number"
                )


def _refuse_typed_over(written: Any, sheet: Sheet) -> None:
    """Raises InputError where a number stands in place of a computed block's formula."""
    for name, block in sheet.blocks.items():
        if name in sheet.inputs or name not in written.defined_names:
            continue
        try:
            area = _area_named(written, block, name, name)
        except InputError:  # of rows that were deleted; an input says so
            continue
        for i, row in enumerate(_numbers(written, area)):
            for j, cell in enumerate(row):
                if isinstance(cell, int | float):
                    place = xl_rowcol_to_cell(area.top + i - 1, area.left + j - 1)
                    raise InputError(
                        f"{name} is computed, and {area.worksheet}!{place} holds the number"
                        f" {cell:.6g} in place of its formula: undo that, or fill the formula from"
                        " a cell beside it, and change an input instead"
                    )


def _typed_beside(
    book: Any, written: Any, sheet: Sheet, inputs: dict[str, list[tuple[Any, ...]]]
) -> dict[str, list[tuple[Any, ...]]]:
    """Inputs over whose repetition on another worksheet somebody typed. Raises InputError where it
    repeats what other worksheets follow too.
    """
    typed = {}
    for other in sheet.beside:
        for name, source in followed(sheet, other).items():
            block, defined = other.blocks[name], f"{other.name}_{name}"
            if defined not in book.defined_names or isinstance(block.shape[0], Rows):
                continue
            area = _area_named(book, block, defined, defined)
            if not any(_is_typed(cell) for row in _numbers(written, area) for cell in row):
                continue
            here = _numbers(book, area)
            if here == inputs[source]:
                continue
            if source == name:
                raise InputError(
                    f"{name} was typed over on the worksheet {other.name}, and other worksheets"
                    f" follow the first one's: type it there, for all"
                )
            typed[source] = here
    return typed


def _with_formulas(
    sheet: Sheet, typed: dict[str, Any], untyped: list[str], written: Any, areas: dict[str, Area]
) -> dict[str, np.ndarray | None]:
    """The checked inputs; None for one whose cells are empty, or are `untyped` and hold what its
    formula gives from the other inputs, or that formula itself.
    """
    empty = {name for name in untyped if all(cell is None for row in typed[name] for cell in row)}
    inputs: dict[str, np.ndarray | None] = {
        **checked_inputs(sheet, typed | dict.fromkeys(empty)),
        **dict.fromkeys(empty),
    }
    for name in untyped:  # in order: a later formula may read an earlier input that was typed over
        given, computed = inputs[name], values(sheet, {**inputs, name: None})[name]
        if (
            given is not None
            and given.shape == computed.shape
            and np.allclose(given, computed, rtol=1e-9, atol=1e-12)
        ) or (given is not None and _has_its_own_formula(sheet, name, written, areas[name])):
            inputs[name] = None
    return {name: inputs[name] for name in sheet.inputs}


def _has_its_own_formula(sheet: Sheet, name: str, written: Any, area: Area) -> bool:
    """Whether the first cell still says what a workbook of this sheet says there, but for the
    numbers of rows: its value may be of a time when the table had other rows.
    """
    ours = main_formula(sheet, name)
    theirs = str(_numbers(written, area)[0][0])
    bare = lambda formula: re.sub(r"[\d$' ]|^=|'", "", formula).lower()
    return bare(ours) == bare(theirs)


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
            _check_parts(archive)
        with warnings.catch_warnings():  # of what other programs leave out or write otherwise
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(io.BytesIO(data), data_only=values_only)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"the workbook cannot be read: {error.strerror or error}") from None
    except Exception:  # openpyxl answers a damaged file with whatever its parsing met
        raise InputError(DAMAGED) from None


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Raises InputError for what would take a reader minutes and gigabytes: more tags than any
    workbook of ours, or a worksheet that is merged or linked as a whole.
    """
    tags = spanned = 0
    for part in archive.namelist():
        if not part.endswith((".xml", ".rels", ".vml")):
            continue
        text = archive.read(part)
        if b"\0" in text[:100]:  # of an encoding in which tags cannot be counted
            raise InputError(DAMAGED)
        tags += text.count(b"<")
        spanned += sum(
            _size(match[1].decode("ascii", "replace")) for match in SPANNED.finditer(text)
        )
    if tags > MOST_TAGS or spanned > MOST_SPANNED:
        raise InputError(
            "this file holds far more than a Gradsheet workbook: it has"
            + (f" {tags:,} tags" if tags > MOST_TAGS else f" {spanned:,} merged or linked cells")
        )


def _size(area: str) -> int:
    """How many cells `A1:B9` has; what cannot be read counts as too many."""
    from openpyxl.utils.cell import range_boundaries

    try:
        left, top, right, bottom = range_boundaries(area)
    except (TypeError, ValueError):
        return MOST_SPANNED
    if None in (left, top, right, bottom):  # whole columns, or rows
        return MOST_SPANNED + 1
    return (right - left + 1) * (bottom - top + 1)


def _record(book: Any) -> dict[str, Any]:
    for prop in book.custom_doc_props.props:
        if prop.name == "gradsheet":
            if len(str(prop.value)) > LONGEST_RECORD:
                break
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


def reference_of(text: str) -> str:
    """What a defined name refers to, also where Gnumeric has not read it (a worksheet's apostrophe)
    and keeps it as the text of an error.
    """
    kept = re.fullmatch(r'[\w.]*ERROR\("(.*)"\)', text)
    return kept[1] if kept else text


def _area(book: Any, sheet: Sheet, name: str) -> Area:
    return _area_named(book, sheet.blocks[name], name, name)


def _area_named(book: Any, block: Block, defined: str, name: str) -> Area:
    """The cells that a defined name says; name: whose, for the message."""
    from openpyxl.utils.cell import range_boundaries

    lost = InputError(
        f"the workbook no longer says where {name} stands; download it again from the lesson"
    )
    try:
        worksheet, cells = reference_of(book.defined_names[defined].attr_text).rsplit("!", 1)
        worksheet = re.sub("^'|'$", "", worksheet).replace("''", "'")
        page = next(page.title for page in book.worksheets if page.title == worksheet)
        area = Area(page, *range_boundaries(cells.replace("$", "")))
        rows, columns = area.bottom - area.top + 1, area.right - area.left + 1
    except Exception:  # a name may hold any text: a deleted range, a number, a formula
        raise lost from None
    data = isinstance(block.shape[0], Rows)
    if columns != block.shape[1] or rows > 2 * MAX_ROWS or (not data and rows != block.shape[0]):
        raise lost
    return area


def _rows_filled(book: Any, data: list[Area]) -> int:
    """How many rows the tables have: down to the last that holds something in one of its input
    columns, in them or right below. Raises InputError for a row after an empty one further down.
    """
    if not data:
        return 0
    filled = lambda row: any(
        cell is not None
        for area in data
        for cell in _numbers(book, area._replace(top=area.top + row, bottom=area.top + row))[0]
    )
    within = min(area.bottom - area.top + 1 for area in data)
    rows = within
    while rows <= 2 * MAX_ROWS and filled(rows):
        rows += 1
    apart = next((row for row in range(rows, rows + LOOKED_AT) if filled(row)), None)
    if apart is not None:
        raise InputError(
            f"a row of numbers stands {apart - within + 1} below the table, after an empty one:"
            " move it up, or delete it"
        )
    while rows > 1 and not filled(rows - 1):
        rows -= 1
    return rows


def _numbers(book: Any, area: Area) -> list[tuple[Any, ...]]:
    rows = book[area.worksheet].iter_rows(
        area.top, area.bottom, area.left, area.right, values_only=True
    )
    return list(rows)
