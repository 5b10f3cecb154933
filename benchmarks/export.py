"""Our workbook against bare XlsxWriter writing the same cells of the same worksheets, with
formulas, cached values and formats computed beforehand. Ours computes them, and also writes notes,
validation, names, charts and print set-up, which bare XlsxWriter here does not.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import openpyxl
import xlsxwriter

from sheets import Sheet
from sheets.library.log_loss import STORY_CATS, STORY_CERTAIN, log_loss
from sheets.targets.excel import write

from .bigger_sheet import network
from .row import Row, median, milliseconds

ROUNDS = 7


class Written(NamedTuple):
    """A cell as XlsxWriter is told: kind is f (formula), n (number) or s (text); style is a key of
    the formats.
    """

    worksheet: str
    row: int
    column: int
    kind: str
    content: Any
    cached: Any
    style: int


def cells_and_formats(sheet: Sheet) -> tuple[list[Written], dict[int, dict]]:
    """What stands in our workbook, read back."""
    file = io.BytesIO()
    write(sheet, file)
    book, values = openpyxl.load_workbook(file), openpyxl.load_workbook(file, data_only=True)
    cells, formats = [], {}
    for page in book:
        for line in page:
            for cell in line:
                if cell.value is None:
                    continue
                cached = values[page.title].cell(cell.row, cell.column).value
                style = (
                    cell._style.xfId,
                    cell._style.fontId,
                    cell._style.fillId,
                    cell._style.borderId,
                    cell._style.numFmtId,
                )
                key = hash((style, cell.alignment.horizontal, cell.alignment.wrap_text))
                formats.setdefault(key, _format(cell))
                cells.append(
                    Written(
                        page.title,
                        cell.row - 1,
                        cell.column - 1,
                        cell.data_type,
                        cell.value,
                        cached,
                        key,
                    )
                )
    return cells, formats


def _format(cell: Any) -> dict:
    looks = {
        "num_format": cell.number_format,
        "bold": bool(cell.font.b),
        "italic": bool(cell.font.i),
        "font_size": cell.font.sz,
    }
    if cell.font.color is not None and isinstance(cell.font.color.rgb, str):
        looks["font_color"] = "#" + cell.font.color.rgb[-6:]
    if cell.fill.fill_type == "solid":
        looks |= {"bg_color": "#" + cell.fill.fgColor.rgb[-6:]}
    if cell.border.left.style:
        looks |= {"border": 1}
    if cell.alignment.wrap_text:
        looks |= {"text_wrap": True}
    return looks


def write_bare(cells: list[Written], formats: dict[int, dict]) -> int:
    """The bytes written."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        styles = {key: book.add_format(one) for key, one in formats.items()}
        pages = {
            name: book.add_worksheet(name)
            for name in dict.fromkeys(cell.worksheet for cell in cells)
        }
        for worksheet, row, column, kind, content, cached, style in cells:
            page = pages[worksheet]
            if kind == "f":
                page.write_formula(
                    row, column, content, styles[style], cached if cached is not None else ""
                )
            elif kind == "n":
                page.write_number(row, column, content, styles[style])
            else:
                page.write_string(row, column, content, styles[style])
    return file.tell()


def milliseconds_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def measure() -> list[Row]:
    rows = []
    for sheet in (
        log_loss().with_inputs({"is_cat": STORY_CATS, "prediction": STORY_CERTAIN}),
        network(),
    ):
        cells, formats = cells_and_formats(sheet)
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(milliseconds_of(lambda sheet=sheet: write(sheet, io.BytesIO())))
            bare.append(
                milliseconds_of(lambda cells=cells, formats=formats: write_bare(cells, formats))
            )
        what = f"export {sheet.name}, {int(sheet.rows or 0)} rows, {len(cells):,} cells"
        rows.append(
            Row(
                what,
                milliseconds(median(ours)),
                f"bare XlsxWriter {milliseconds(median(bare))}",
                median(bare) / median(ours),
            )
        )
    return rows
