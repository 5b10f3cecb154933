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

from xlsxwriter.worksheet import Worksheet

from ...language.sheet import Sheet
from .book import Workbook
from .charts import HEIGHT, WIDTH, Drawn, write_charts
from .fitting import Run
from .head import HeadWriter, write_now
from .layout import MAIN, NOW, NUMBERS, STORY
from .parts import Part, parts
from .steps import FIRST_ROW, StepsWriter
from .story import StoryWriter, write_numbers
from .styles import NARROWEST, Styles
from .words import to_copy
from .worksheets import prepare, wide_enough, widths_of, write_worksheets

VERSION = 1
PROPERTY = "gradsheet"


def write(
    sheet: Sheet,
    target: str | Path | BinaryIO,
    inputs: Mapping[str, Any] | None = None,
    steps: int = 0,
) -> Run:
    """Write the workbook of these inputs (default: the sheet's own); returns every block at step 0,
    1, ... up to the last step that it holds; of a run that is too long, from a later step on.

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
    return Run(made[0].run, made[0].first)


def written(made: Sequence[Part]) -> bytes:
    """The file of these parts, of which the main sheet's is the first."""
    main, *beside = made
    sheet = main.sheet
    file = io.BytesIO()
    with Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        styles = Styles(book)
        book.add_worksheet(MAIN)
        story = StoryWriter(book.add_worksheet(STORY), styles)
        _write_main(book, main, styles)
        for part in beside:
            _write_beside(book, part, styles)
        copied = to_copy(sheet)
        if copied:
            numbers = book.add_worksheet(NUMBERS)
            prepare(numbers, {0: 24}, max(int(each.numbers.shape[1]) for each in copied))
            write_numbers(numbers, sheet, styles)
        story.write(book, main, [part.sheet for part in beside])
        book.set_custom_property(PROPERTY, json.dumps({"sheet": sheet.name, "version": VERSION}))
        book.set_properties({"title": sheet.title, "comments": sheet.summary})
    return file.getvalue()


def _write_main(book: Workbook, part: Part, styles: Styles) -> None:
    """On its worksheets, with the steps on one of their own."""
    steps = book.add_worksheet(part.plan.worksheet) if part.plan is not None else None
    write_worksheets(book, part, styles)
    HeadWriter(book, part, styles, widths_of(part, MAIN)[0]).write()
    if part.plan is not None and steps is not None:
        labels = part.plan.labels(part.sheet, [*part.plan.still, *part.plan.row])
        widths = wide_enough(labels)
        prepare(steps, widths, len(labels) + 1, FIRST_ROW)
        _set_apart(steps, part, widths)
        StepsWriter(steps, part.sheet, part.where.blocks, part.plan, styles).write(part.run)
    if part.where.now:
        now = book.add_worksheet(NOW)
        prepare(now, {0: 32}, 1 + max(int(part.sheet.blocks[n].shape[1]) for n in part.where.now))
        write_now(now, part, styles)


def _set_apart(page: Worksheet, part: Part, widths: Mapping[int, float]) -> None:
    """The columns that a person reads are printed; what they are computed from stands to their
    right, in an outline that can be folded.
    """
    plan = part.plan
    assert plan is not None
    last = max((column for column, _ in plan.labels(part.sheet, plan.row)), default=0)
    for column in range(plan.read + 1, last + 1):
        page.set_column(column, column, widths.get(column, NARROWEST), None, {"level": 1})
    page.print_area(0, 0, plan.first_row + part.steps, max(plan.read, 1))
    page.fit_to_pages(1, 0)


def _write_beside(book: Workbook, part: Part, styles: Styles) -> None:
    """All on one worksheet: charts between lists and tables, steps below."""
    where = part.where
    page = write_worksheets(book, part, styles)[where.main]
    corner = (where.ends[where.main].lists, 0)
    drawn = Drawn(part.sheet, where, part.plan, part.steps, part.shown)
    across, widths = len(part.sheet.charts), widths_of(part, where.main)[0]
    write_charts(book, page, drawn, styles, corner, across, (WIDTH, HEIGHT), widths)
    if part.plan is not None:
        StepsWriter(page, part.sheet, where.blocks, part.plan, styles).write(part.run)
