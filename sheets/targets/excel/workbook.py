"""The file, by XlsxWriter: every formula with its cached value, styles by role, notes, validation,
native charts, a first worksheet.

The workbook's own record: a defined name for each block (Excel moves it when rows are inserted),
and the custom property `gradsheet` with the sheet's name and the record's version. Reading back
looks at the main sheet alone.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from ...language.sheet import Sheet
from ..numpy import Values
from . import start
from .charts import WORKSHEET as CHARTS
from .charts import Drawn, write_charts
from .parts import Part, parts
from .steps import FIRST_ROW, StepsWriter
from .styles import Styles
from .worksheets import prepare, wide_enough, write_worksheets

VERSION = 1
PROPERTY = "gradsheet"


class PlainFormulas(Worksheet):
    """Formulas as they are.

    XlsxWriter would search each for thirty functions newer than Excel 2007, of which ours have
    none: in a large workbook that took three quarters of the time.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


class Workbook(xlsxwriter.Workbook):
    worksheet_class = PlainFormulas


def write(
    sheet: Sheet,
    target: str | Path | BinaryIO,
    inputs: Mapping[str, Any] | None = None,
    steps: int = 0,
) -> list[Values]:
    """Write the workbook of these inputs (default: the sheet's own); returns every block at step 0,
    1, ... up to the last step that it holds.

    steps: of a carried sheet, a row for each, up to the last finite one (`trajectory` in
    targets/numpy.py). target: a path or an open binary file. Sheets beside this one
    (`sheet.beside`) stand in it too, one worksheet each, with as many steps; the inputs that they
    share with it follow its cells.

    Raises InputError for inputs the sheet does not take and for a workbook of too many formulas,
    NeedsBlock for a formula that Excel cannot state in one cell, SheetError for a text or a name
    that it cannot hold, all before anything is written.
    """
    made = parts(sheet.with_inputs(inputs or {}), steps)
    whole = written(made)  # before the target is touched, so that a failure leaves no broken file
    if isinstance(target, (str, Path)):
        Path(target).write_bytes(whole)
    else:
        target.write(whole)
    return made[0].run


def written(made: Sequence[Part]) -> bytes:
    """The file of these parts, of which the main sheet's is the first."""
    main, *beside = made
    sheet = main.sheet
    file = io.BytesIO()
    with Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        styles = Styles(book)
        first = start.StartWriter(book.add_worksheet(start.WORKSHEET), styles)
        _write_main(book, main, styles)
        for part in beside:
            _write_beside(book, part, styles)
        first.write(main, [part.sheet for part in beside])
        book.set_custom_property(PROPERTY, json.dumps({"sheet": sheet.name, "version": VERSION}))
        book.set_properties({"title": sheet.title, "comments": sheet.summary})
    return file.getvalue()


def _write_main(book: xlsxwriter.Workbook, part: Part, styles: Styles) -> None:
    """On its worksheets, with the charts and the steps on one of their own each."""
    write_worksheets(book, part, styles)
    if part.sheet.charts:
        page = book.add_worksheet(CHARTS)
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.write_string(0, 0, "The charts follow the cells of the other worksheets", styles.note)
        write_charts(
            book,
            page,
            Drawn(part.sheet, part.where, part.plan, part.steps),
            styles,
            (2, 0),
            across=2,
            wide=11,
        )
    if part.plan is not None:
        page = book.add_worksheet(part.plan.worksheet)
        labels = part.plan.labels(part.sheet, [*part.plan.still, *part.plan.row])
        prepare(page, wide_enough(labels), len(labels) + 1, FIRST_ROW)
        StepsWriter(page, part.sheet, part.where.blocks, part.plan, styles).write(part.run)


def _write_beside(book: xlsxwriter.Workbook, part: Part, styles: Styles) -> None:
    """All on one worksheet: charts between lists and tables, steps below."""
    where = part.where
    page = write_worksheets(book, part, styles)[where.main]
    corner = (where.ends[where.main].lists, 0)
    write_charts(
        book,
        page,
        Drawn(part.sheet, where, part.plan, part.steps),
        styles,
        corner,
        across=len(part.sheet.charts),
        wide=8,
    )
    if part.plan is not None:
        StepsWriter(page, part.sheet, where.blocks, part.plan, styles).write(part.run)
