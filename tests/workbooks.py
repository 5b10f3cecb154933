"""The workbooks that tests recalculate: each written once, and LibreOffice started once for those of
a test module, because a start takes seconds.

A test module registers its workbooks when it is collected; the first of its tests that asks
LibreOffice for one has it recalculate them all.
"""

from __future__ import annotations

import atexit
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from unittest import mock

import engines
import numpy as np
import openpyxl
from openpyxl.utils import column_index_from_string
from xlsxwriter.worksheet import Worksheet

from sheets import Sheet
from sheets.language.expr import is_single
from sheets.targets.excel import write
from sheets.targets.excel.parts import parts

WRITERS: dict[str, Callable[[Path], None]] = {}
# The test module that registered each of the workbooks that LibreOffice opens.
MODULES: dict[str, str] = {}


def register_writer(name: str, writer: Callable[[Path], None], libreoffice: bool = True) -> str:
    assert name not in WRITERS, f"two tests name a workbook {name!r}: rename one"
    WRITERS[name] = writer
    if libreoffice:
        MODULES[name] = _registering()
    return name


def _registering() -> str:
    """The name of the module that called this one."""
    frame = sys._getframe()
    while frame.f_globals["__name__"] == __name__ and frame.f_back:
        frame = frame.f_back
    return frame.f_globals["__name__"]


def register(
    name: str, make: Callable[[], Sheet], notes: bool = True, libreoffice: bool = True, **options
) -> str:
    """make: builds the sheet.

    notes: with cell comments, of which LibreOffice reads hundreds slowly. libreoffice: whether it
    opens this one too. options: of `write` (inputs, steps). Returns the name.
    """

    def writer(path: Path) -> None:
        with nullcontext() if notes else mock.patch.object(Worksheet, "write_comment"):
            write(make(), path, **options)

    return register_writer(name, writer, libreoffice)


@cache
def folder() -> Path:
    kept = tempfile.TemporaryDirectory()
    atexit.register(kept.cleanup)
    return Path(kept.name)


@cache
def path(name: str) -> Path:
    file = folder() / f"{name}.xlsx"
    WRITERS[name](file)
    return file


@cache
def in_ironcalc(name: str) -> engines.Cells:
    return engines.in_ironcalc(path(name), cached(name))


@cache
def cached(name: str) -> engines.Cells:
    """What the file itself holds beside its formulas."""
    return engines.cached_cells(path(name))


@cache
def saved_together(module: str) -> dict[str, Path]:
    """The module's workbooks as LibreOffice saves them, by one start of it."""
    engines.needs_libreoffice()
    names = [name for name, owner in MODULES.items() if owner == module]
    return dict(
        zip(names, engines.in_libreoffice([path(name) for name in names], folder()), strict=True)
    )


@cache
def in_gnumeric(name: str) -> engines.Cells:
    return engines.in_gnumeric(path(name), folder())


def saved_by_libreoffice(name: str) -> Path:
    return saved_together(MODULES[name])[name]


@cache
def in_libreoffice(name: str) -> engines.Cells:
    """Every cell after LibreOffice's forced hard recalculation."""
    return engines.cached_cells(saved_by_libreoffice(name))


# --- formulas as they are filled

A1 = re.compile(r"(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b(?!\()")
TEXT = re.compile(r'("[^"]*")')


def relative(formula: str, row: int, column: int) -> str:
    """The formula with references as in R1C1 form, seen from its own cell (rows and columns from
    1): equal where one is the fill of the other.
    """

    def seen(match: re.Match) -> str:
        to_column, to_row = column_index_from_string(match[2]), int(match[4])
        return f"R{to_row if match[3] else f'[{to_row - row}]'}C{to_column if match[1] else f'[{to_column - column}]'}"

    return "".join(
        piece if k % 2 else A1.sub(seen, piece) for k, piece in enumerate(TEXT.split(formula))
    )


def chart_ranges(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        charts = sorted(part for part in file.namelist() if part.startswith("xl/charts/chart"))
        return [
            area
            for part in charts
            for area in re.findall(r"<c:f>(.*?)</c:f>", file.read(part).decode())
        ]


def step_columns(sheet: Sheet) -> dict[str, int]:
    """Columns of the worksheet Steps, from 1: of each block of one number, and of the cells of the
    others; `w[2,1]` is the first number in the second row of w.
    """
    plan = parts(sheet)[0].plan
    assert plan is not None
    return {
        name if is_single(sheet.blocks[name].shape) else f"{name}[{i + 1},{j + 1}]": column + k
        for name in plan.row
        if name in sheet.blocks
        for column in [plan.columns[name] + 1]
        for k, (i, j) in enumerate(np.ndindex(sheet.blocks[name].shape))
    }


def cell_styles(book: openpyxl.Workbook) -> dict[tuple[str, str], str]:
    """The name of the style of each cell that is filled."""
    return {
        (page.title, cell.coordinate): cell.style
        for page in book
        for row in page
        for cell in row
        if cell.value is not None
    }


def check_same(ours: Path, sheet: Sheet, inputs: dict, steps: int, expected: Path) -> None:
    """The workbook is the one that Python writes of the inputs: its formulas, the values beside
    them, which IronCalc gives too, its charts' ranges and its names.
    """
    write(sheet, expected, inputs, steps)
    books = [openpyxl.load_workbook(file) for file in (expected, ours)]
    formulas = [engines.formula_cells(book) for book in books]
    assert formulas[0] == formulas[1]
    before, after = engines.cached_cells(expected), engines.cached_cells(ours)
    assert before.keys() == after.keys()
    assert not {
        key: (before[key], after[key])
        for key in before
        if engines.different(before[key], after[key], 1e-12)
    }
    assert chart_ranges(ours) == chart_ranges(expected)
    names = [{name: each.attr_text for name, each in b.defined_names.items()} for b in books]
    assert names[0] == names[1]
    rules = [
        {(page.title, str(r.sqref)) for page in b for r in page.data_validations.dataValidation}
        for b in books
    ]
    assert rules[0] == rules[1]
    styles = [cell_styles(book) for book in books]
    assert styles[0] == styles[1]
    recalculated = engines.in_ironcalc(ours, after)
    assert not [key for key in after if engines.different(after[key], recalculated[key])]


def check_download(page, sheet: Sheet, inputs: dict, folder: Path, steps: int = 0) -> None:
    """Of a page that shows these inputs: its workbook is the one that Python writes."""
    file = folder / "page.xlsx"
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(file)
    check_same(file, sheet, inputs, steps, folder / "python.xlsx")
