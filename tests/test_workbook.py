"""The workbook: recalculated by two programs to the numbers that stand in it, made of what every
Excel knows, and the way back.
"""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections import deque
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from unittest import mock

import engines
import numpy as np
import openpyxl
import pytest
import validity
import workbooks
from examples import BOUNDED
from hypothesis import given
from hypothesis import strategies as st
from library_sheets import SHEETS
from openpyxl.utils.cell import get_column_letter, range_boundaries
from openpyxl.workbook.defined_name import DefinedName
from quick import FEW, few_when_quick, thorough

from sheets import Axis, Expr, InputError, Series, Sheet, column_index, values
from sheets.language.blocks import Choice, Input, Size
from sheets.language.charts import STEP
from sheets.language.dependencies import walk
from sheets.language.expr import is_data
from sheets.language.formats import written
from sheets.language.inputs import MAX_ROWS, allowed
from sheets.library.log_loss import log_loss
from sheets.targets.excel import read_inputs, write
from sheets.targets.excel.charts import label_of
from sheets.targets.excel.layout import QUESTION_ROW, SAID_ROW, in_play, layout
from sheets.targets.excel.parts import followed, parts
from sheets.targets.excel.reading import LARGEST_FILE, LARGEST_UNPACKED, MOST_TAGS
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET
from sheets.targets.excel.styles import HIDDEN
from sheets.targets.excel.workbook import PROPERTY, VERSION
from sheets.targets.numpy import sentences, trajectory

AT_START = "as it starts"


def starts() -> dict[tuple[str, str], dict]:
    """Every sheet of the library as it starts, and with each preset; of deep networks, a few layers
    then.
    """
    found = {}
    for name, make in SHEETS.items():
        found[name, AT_START] = {}
        fewer = {"layers": 6} if name == "depth_lab" else {}
        found |= {(name, preset.title): preset.inputs | fewer for preset in make().presets}
    return found


STARTS = starts()


def of(name: str) -> Iterator[tuple[str, str]]:
    """The starts of a sheet, as it starts first."""
    return (key for key in STARTS if key[0] == name)


STEPS = {name: 3 if make().carried else 0 for name, make in SHEETS.items()}
# At step 3, biases alone have come to 1.355, which Excel rounds up as the decimal number it reads,
# and the page down as the binary one it is.
STEPS["matmul_stack"] = 2
OPTIONS = {key: {"inputs": inputs, "steps": STEPS[key[0]]} for key, inputs in STARTS.items()}
WITH_NOTES = [
    key for key in STARTS if key[0] == "log_loss" or key[1] == AT_START
]  # in a sheet's other workbooks they are alike
# A sheet's workbooks have the same formulas: recalculated and read back are the first one and the
# last, and all of log_loss, whose numbers and rows are of every kind.
ENDS = [
    key
    for key in STARTS
    if key[0] == "log_loss" or key in (next(of(key[0])), deque(of(key[0]), 1)[0])
]
TOO_MANY_NOTES = [
    key for key in WITH_NOTES if key[0] != "log_loss"
]  # for LibreOffice, which gets these once more, without
BOOKS = {
    key: workbooks.register(
        f"library_{k}",
        SHEETS[key[0]],
        key in WITH_NOTES,
        key in ENDS and key not in TOO_MANY_NOTES,
        **options,
    )
    for k, (key, options) in enumerate(OPTIONS.items())
}
IN_LIBREOFFICE = BOOKS | {
    key: workbooks.register(
        f"{BOOKS[key]}_without_notes", SHEETS[key[0]], notes=False, **OPTIONS[key]
    )
    for key in TOO_MANY_NOTES
}
each_start = pytest.mark.parametrize(
    "start",
    few_when_quick(STARTS, lambda start: start[0] in FEW and start[1] == AT_START),
    ids=" / ".join,
)
each_end = pytest.mark.parametrize(
    "start",
    few_when_quick(ENDS, lambda start: start[0] in FEW and start[1] == AT_START),
    ids=" / ".join,
)
as_it_starts = pytest.mark.parametrize(
    "start",
    few_when_quick([(name, AT_START) for name in SHEETS], lambda start: start[0] in FEW),
    ids=" / ".join,
)
each_sheet = pytest.mark.parametrize("name", few_when_quick(SHEETS))
RECALCULATED = {"ironcalc": workbooks.in_ironcalc, "libreoffice": workbooks.in_libreoffice}


def book_of(name: str) -> Path:
    return workbooks.path(BOOKS[name, AT_START])


@cache
def opened(name: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(book_of(name))


# --- the file


@as_it_starts
def test_the_file_keeps_every_limit_of_excel(start):
    assert validity.limits_broken(workbooks.path(BOOKS[start])) == []


@pytest.mark.thorough
@as_it_starts
def test_microsofts_validator_finds_no_error(start):
    assert validity.validator_errors(workbooks.path(BOOKS[start])) == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["momentum", "linear_model"])
def test_nor_in_a_longer_run(name, tmp_path):
    write(SHEETS[name](), tmp_path / "longer.xlsx", steps=29)
    assert validity.limits_broken(tmp_path / "longer.xlsx") == []
    assert validity.validator_errors(tmp_path / "longer.xlsx") == []


# --- the numbers


@pytest.mark.parametrize("engine", RECALCULATED)
@each_end
def test_recalculated_to_the_cached_values_without_an_error(engine, start):
    before, after = (
        workbooks.cached(BOOKS[start]),
        RECALCULATED[engine]((BOOKS if engine == "ironcalc" else IN_LIBREOFFICE)[start]),
    )
    assert not [key for key, x in {**before, **after}.items() if engines.is_error(x)]
    assert not {
        key: (x, after.get(key))
        for key, x in before.items()
        if engines.different(x, after.get(key))
    }


@thorough
@pytest.mark.parametrize("name", ["momentum", "linear_model"])
def test_gnumeric_finds_the_same(name):
    """A look-up in one row or column is read in its own way by each program. Numbers inside words
    are compared as numbers: Gnumeric 1.12 writes 2.495 & "" out as 2.4949999999999999999.
    """
    before = workbooks.cached(BOOKS[name, AT_START])
    after = workbooks.in_gnumeric(IN_LIBREOFFICE[name, AT_START])  # openpyxl reads no notes of its
    assert not {
        key: (x, after.get(key))
        for key, x in before.items()
        if engines.different(x, after.get(key)) and not same_words(x, after.get(key))
    }


def same_words(one: object, other: object) -> bool:
    number = r"\d+\.\d+"
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return re.sub(number, "", one) == re.sub(number, "", other) and np.allclose(
        *(np.array(re.findall(number, text), dtype=float) for text in (one, other)), rtol=1e-9
    )


@each_start
def test_the_cached_values_are_numpys(start):
    """Inputs as they start, all else at the last step."""
    s = SHEETS[start[0]]().with_inputs(STARTS[start])
    found = engines.numbers(s, workbooks.cached(BOOKS[start]))
    run = list(trajectory(s, STEPS[start[0]]))
    for name in s.blocks:
        expected = run[0 if name in s.inputs else -1][name]
        np.testing.assert_allclose(found[name], expected, rtol=1e-15, err_msg=name)


@as_it_starts
def test_every_formula_has_a_cached_value(start):
    """Even one that shows nothing: XlsxWriter would write 0 there, and LibreOffice
    would keep it.
    """
    with zipfile.ZipFile(workbooks.path(BOOKS[start])) as file:
        cells = [
            c
            for part in file.namelist()
            if "worksheets/sheet" in part
            for c in re.findall(r"<c .*?</c>", file.read(part).decode())
        ]
    formulas = [c for c in cells if "<f>" in c]
    assert formulas and not [c for c in formulas if "</f><v>" not in c]


@thorough
@pytest.mark.parametrize("name", few_when_quick([name for name, steps in STEPS.items() if steps]))
def test_the_step_that_is_typed_is_shown(name):
    """Computed blocks, what training made of the inputs, sentences: all of that step."""
    s, step = SHEETS[name](), 1
    where, run = layout(s), list(trajectory(s, STEPS[name]))
    model, pages = engines.opened_in_ironcalc(workbooks.path(BOOKS[name, AT_START]))
    model.set_user_input(pages["Sheet"], where.head.step_row + 1, 2, f"{step}")
    model.evaluate()
    book = BOOKS[name, AT_START]  # a sentence that does not hold has a formula and no value
    keys = workbooks.cached(book).keys() | engines.formula_cells(workbooks.path(book)).keys()
    cells = {key: model.get_cell_value(pages[key[0]], key[1], key[2]) for key in keys}
    for block, found in engines.numbers(s, cells).items():
        expected = run[0 if block in s.inputs else step][block]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=block)
    for block, place in where.now.items():
        found = engines.block_cells(s, cells, block, where.now)
        np.testing.assert_allclose(
            np.array(found, dtype=float), run[step][block], rtol=1e-9, err_msg=place.name
        )
    worksheet, first = where.said
    said = [cells.get((worksheet, first + 1 + k, 1)) for k in range(len(s.sentences))]
    assert list(filter(None, said)) == sentences(s, run[step])


def written_with_wrong_values(path: Path) -> None:
    with mock.patch("sheets.targets.excel.worksheets.all_cached", lambda x, block: [77.0] * x.size):
        write(log_loss(), path)


WRONG = workbooks.register_writer("wrong_values", written_with_wrong_values)


@pytest.mark.parametrize("engine", RECALCULATED)
def test_the_programs_do_recalculate(engine):
    """The tester tested: values that are wrong in the file come out right."""
    s = log_loss()
    assert (engines.numbers(s, workbooks.cached(WRONG))["loss_if"] == 77).all()
    np.testing.assert_allclose(
        engines.numbers(s, RECALCULATED[engine](WRONG))["loss_if"], values(s)["loss_if"], rtol=1e-9
    )


# --- what it is made of

MODERN = r"OFFSET|INDIRECT|RAND|RANDBETWEEN|RANDARRAY|NOW|TODAY|CELL|INFO|LET|LAMBDA|FILTER|SEQUENCE|SORT|SORTBY|UNIQUE|XLOOKUP|XMATCH"
FORBIDDEN = re.compile(
    rf"\b({MODERN}|MAP|REDUCE|SCAN|BYROW|BYCOL|VSTACK|HSTACK|TAKE|DROP|TEXTJOIN|CONCAT)\s*\(|_xl|#|\[|\{{|@"
)


@as_it_starts
def test_no_function_that_is_volatile_or_newer_than_the_reader(start):
    formulas = engines.formula_cells(workbooks.path(BOOKS[start]))
    without_texts = {key: re.sub(r'"[^"]*"', '""', formula) for key, formula in formulas.items()}
    assert not {key: formula for key, formula in without_texts.items() if FORBIDDEN.search(formula)}
    assert max(map(len, formulas.values())) <= 8192


def test_the_scan_finds_what_it_looks_for():
    for formula in (
        "=OFFSET(A1,1,0)",
        "=SUM(FILTER(A1:A3,1))",
        "=RAND()+1",
        "=_xlfn.LET(x,1,x)",
        "=[1]Sheet!A1",
        "=SUM(A1#)",
        "=@A1",
        "={1,2}",
    ):
        assert FORBIDDEN.search(formula)
    assert not FORBIDDEN.search("=SUMPRODUCT(1*(A1:A3>0))+INDEX(A1:A3,2)")


@each_sheet
def test_no_array_formula_macro_or_link_to_another_file(name):
    with zipfile.ZipFile(book_of(name)) as file:
        parts = file.namelist()
        worksheets = "".join(
            file.read(part).decode() for part in parts if part.startswith("xl/worksheets/sheet")
        )
    assert not [
        part
        for part in parts
        if "vba" in part.lower() or "external" in part.lower() or "connection" in part.lower()
    ]
    assert 't="array"' not in worksheets and " cm=" not in worksheets
    links = [file_part for file_part in parts if file_part.endswith(".rels")]
    with zipfile.ZipFile(book_of(name)) as file:
        assert not [part for part in links if b'TargetMode="External"' in file.read(part)]


def steps_otherwise(node: Expr) -> bool:
    """Whether a cell further on reads not as many cells further on: what is turned, what goes by
    twos, what is put elsewhere.
    """
    if node.op == "window":
        return node.arg[2] != (1, 1)
    if node.op == "slice":
        return any(each.step != 1 for each in node.arg)
    return node.op in ("transpose", "repeat", "reshape", "pad")


@each_sheet
def test_each_block_is_one_formula_that_fills(name):
    s, formulas = SHEETS[name](), engines.formula_cells(book_of(name))
    places = layout(s).blocks
    for block in (block for block in s.blocks.values() if block.expr is not None):
        if any(map(steps_otherwise, walk(block.expr))):
            continue
        cells = [
            (places[block.name].row + i + 1, places[block.name].column + j + 1)
            for i, j in np.ndindex(block.shape)
        ]
        assert (
            len(
                {
                    workbooks.relative(formulas[places[block.name].worksheet, *at], *at)
                    for at in cells
                }
            )
            == 1
        ), block.name


def test_relative_sees_a_fill():
    assert workbooks.relative("=B5*$C$1+SUM(B$5:B9)", 5, 3) == workbooks.relative(
        "=D6*$C$1+SUM(D$5:D10)", 6, 5
    )
    assert workbooks.relative("=B5", 5, 3) != workbooks.relative("=B5", 6, 3)
    assert workbooks.relative('="B5"&W_1&LOG10(2)', 1, 1) == '="B5"&W_1&LOG10(2)'


@each_sheet
def test_the_story_says_what_to_set_and_to_look_for(name):
    s, book = SHEETS[name](), opened(name)
    first, story = book.worksheets[:2]
    words = [str(cell.value) for row in story for cell in row if cell.value is not None]
    assert (first.title, story.title) == ("Sheet", "Story") and book.active is first
    assert first["A1"].value == s.title
    for preset in s.presets:
        assert preset.title in words, f"the worksheet Story does not name the step {preset.title}"
        assert preset.predict in words, f"nor does it ask its {preset.predict!r}"
    for source in s.sources:
        assert any(source.text in w for w in words), f"Story does not name {source.text!r}"
    told = [w for w in words if "://" not in w]
    assert not [w for w in told if re.search(r"\b(button|download|press)", w, re.I)]


@each_start
def test_the_first_worksheet_tells_the_step_that_is_set(start):
    """The step of the story whose inputs stand there, its question, and what happened and why; or
    else the sentences that hold, without a blank line.
    """
    s = SHEETS[start[0]]().with_inputs(STARTS[start])
    cells, last = workbooks.cached(BOOKS[start]), list(trajectory(s, STEPS[start[0]]))[-1]
    number, said = int(cells["Sheet", 2, 2]), cells["Sheet", 4, 1]
    preset = s.presets[number - 1]
    assert cells["Sheet", 2, 3] == preset.title
    assert cells["Sheet", 3, 1].endswith(preset.predict)
    if start[1] != AT_START and "layers" not in preset.inputs:
        make = SHEETS[start[0]]
        same = [each.title for each in s.presets if alike(make().with_inputs(each.inputs), s)]
        assert preset.title in [start[1], *same]
    told = " ".join(written(words, last) for words in (preset.happened, preset.why) if words)
    holds = "\n".join(sentences(s, last))
    assert holds, f"no sentence of {start[0]} holds: say one without `when` (`s.say`)"
    assert said in (told, holds)


def alike(one: Sheet, other: Sheet) -> bool:
    """Whether their inputs are."""
    pairs = ((one.inputs[name].value, block.value) for name, block in other.inputs.items())
    return all(np.array_equal(x, y) for x, y in pairs)


@each_sheet
def test_every_block_has_a_note_a_name_and_its_place(name):
    s, book = SHEETS[name](), opened(name)
    spare, where = parts(s)[0].where.spare, layout(s)
    notes = {
        (page.title, cell.comment.text.split("\n")[0]): cell.comment.text
        for page in book
        for row in page
        for cell in row
        if cell.comment
    }
    for block in s.blocks.values():
        place = where.seen(block.name)
        heading = book[place.worksheet].cell(*(k + 1 for k in where.labels[block.name]))
        assert heading.value.endswith((block.words, block.name.replace("_", " ")))
        assert block.note in notes[place.worksheet, block.name], (
            f"the heading of {block.name} in {name} does not carry its note {block.note!r}"
        )
        place = where.blocks[block.name]
        ((worksheet, area),) = book.defined_names[block.name].destinations
        left, top, right, bottom = range_boundaries(area.replace("$", ""))
        assert (worksheet, top, left) == (place.worksheet, place.row + 1, place.column + 1)
        rows = int(block.shape[0]) + spare * is_data(block.shape)  # a person may type there
        assert (bottom - top + 1, right - left + 1) == (rows, block.shape[1])


@each_sheet
def test_inputs_are_validated_and_the_only_cells_to_change(name):
    s, book = SHEETS[name](), opened(name)
    where = layout(s)
    for block in s.blocks.values():
        place = where.seen(block.name)
        page = book[place.worksheet]
        for i, j in np.ndindex(block.shape):
            cell = page.cell(place.row + 1 + i, place.column + 1 + j)
            rules = [
                rule
                for rule in page.data_validations.dataValidation
                if cell.coordinate in rule.sqref
            ]
            assert len(rules) == isinstance(block, Input)
            assert cell.protection.locked != isinstance(block, Input)
            for rule in rules:
                assert not rule.allow_blank
                if isinstance(block, Choice):
                    assert rule.type == "list" and cell.value in block.choices
                    assert words_among(book, rule.formula1) == list(block.choices)
                    continue
                assert rule.type == ("whole" if block.whole else "decimal")
                assert allowed(block) in rule.error or isinstance(block, Size)
                limits = [float(x) for x in (rule.formula1, rule.formula2) if x is not None]
                assert isinstance(block, Size) or {block.low, block.high} - {None} <= set(limits)


def words_among(book: openpyxl.Workbook, cells: str) -> list[str]:
    worksheet, area = cells.lstrip("=").replace("$", "").split("!")
    return [cell.value for row in book[worksheet][area] for cell in row]


@each_sheet
def test_charts_are_native_and_read_the_cells(name):
    s = SHEETS[name]()
    with zipfile.ZipFile(book_of(name)) as file:
        drawn = {
            part: file.read(part).decode()
            for part in file.namelist()
            if part.startswith("xl/charts/chart")
        }
    in_order = [html.unescape(drawn[f"xl/charts/chart{k + 1}.xml"]) for k in range(len(s.charts))]
    assert s.charts, f"{name} has no chart: give it one (`s.chart`), a workbook draws it too"
    assert len(drawn) == sum(len(each.charts) for each in (s, *s.beside))
    for chart, xml in zip(s.charts, in_order, strict=True):
        assert chart.title in xml and chart.x.title in xml and chart.y.title in xml
        assert xml.count("<c:ser>") == len(chart.series)
        for series in chart.series:
            assert label_of(series) in xml and "drag" not in xml
            # Bars stand over words, where their places have any.
            for block in (series.y,) if series.mode == "bars" else (series.x, series.y):
                assert re.search(rf"<c:f>{first_cell(s, block, series.steps)}\b", xml)


def first_cell(s: Sheet, name: str, over_steps: bool) -> str:
    """The start of a series' range, as a pattern."""
    if over_steps:
        columns = workbooks.step_columns(s)
        labels = {name: get_column_letter(column) for name, column in columns.items()} | {STEP: "A"}
        return rf"{WORKSHEET}!\${labels[name]}\${FIRST_ROW + 1}:\${labels[name]}\${FIRST_ROW + 1 + STEPS[s.name]}"
    if is_data(s.blocks[name].shape):  # by a copy whose empty rows repeat the last point
        return r"Chart_data!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+"
    place = layout(s).shown[name]
    return rf"{place.worksheet}!\${get_column_letter(place.column + 1)}\${place.row + 1}"


@each_sheet
def test_pages_are_frozen_and_fit_the_paper(name):
    for page in opened(name).worksheets:
        assert page.freeze_panes
        assert page.page_setup.orientation == "landscape" and page.page_setup.fitToHeight == 0


EMU = 9525  # of a drawing, a pixel


def left_and_top(page, row: int, column: int) -> tuple[float, float]:
    """Pixels from the worksheet's corner to this cell's, both from 0."""
    widths = {
        k: each.width
        for each in page.column_dimensions.values()
        for k in range(each.min, each.max + 1)
    }
    heights = {k: each.height for k, each in page.row_dimensions.items() if each.height}
    across = sum(int(widths.get(k, 8.43) * 7) for k in range(1, column + 1))
    return across, sum(heights.get(k, 15) * 4 / 3 for k in range(1, row + 1))


@each_sheet
def test_a_workbook_is_small(name):
    assert book_of(name).stat().st_size < 500_000


# Of a window of 1366 x 768 at 100%, LibreOffice's and Excel's own bars leave this for the cells.
FIRST_SCREEN = (1280, 490)


@each_sheet
def test_inputs_result_and_chart_stand_in_the_first_screen(name):
    s, page = SHEETS[name](), opened(name).worksheets[0]
    where = layout(s)
    head = where.head
    seen = [where.blocks[each][1:3] for each in in_play(s)]
    seen += [(head.large_row + k, 1) for k in range(len(head.large))]
    seen += [(SAID_ROW, 0), (QUESTION_ROW, 0)]
    for row, column in seen:
        across, down = left_and_top(page, row + 1, column + 1)
        assert across <= FIRST_SCREEN[0] and down <= FIRST_SCREEN[1], (row, column, down)
    for chart in page._charts[:1]:
        end = chart.anchor.to
        across, down = left_and_top(page, end.row, end.col)
        across, down = across + end.colOff / EMU, down + end.rowOff / EMU
        assert across <= FIRST_SCREEN[0] and down <= FIRST_SCREEN[1], (across, down)
        start = chart.anchor._from
        left = left_and_top(page, start.row, start.col)[0]
        assert left >= left_and_top(page, 0, 2)[0]


def shortened(page) -> dict[int, list[tuple[range, float, float]]]:
    """Column: the rows whose numbers turn to powers of ten, and outside of which two numbers."""
    found: dict[int, list[tuple[range, float, float]]] = {}
    for each in page.conditional_formatting:
        for rule in (rule for rule in each.rules if rule.operator == "notBetween"):
            assert rule.dxf.numFmt.formatCode == "0.00E+00"
            low, high = map(float, rule.formula)
            for left, top, right, bottom in (area.bounds for area in each.sqref.ranges):
                for column in range(left, right + 1):
                    found.setdefault(column, []).append((range(top, bottom + 1), low, high))
    return found


def shown(x: float, num_format: str) -> str:
    """General becomes shorter by itself, down to this."""
    if num_format == "General":
        return min(f"{x:.9g}", f"{x:.2E}", key=len)
    decimals = len(num_format.rstrip("%").partition(".")[2])
    return (
        f"{x:.2E}"
        if "E" in num_format
        else f"{x:.{decimals}{'%' if num_format.endswith('%') else 'f'}}"
    )


def too_wide(book: openpyxl.Workbook, cells: engines.Cells, rules: bool = True) -> dict:
    """Cells whose numbers need more than their column has, but for the room that a wider font than
    Calibri takes. rules: whether what a workbook shortens is shortened.
    """
    found = {}
    for page in book.worksheets:
        widths = {
            k: each.width
            for each in page.column_dimensions.values()
            for k in range(each.min, each.max + 1)
        }
        short = shortened(page) if rules else {}
        for (name, row, column), x in cells.items():
            hidden = page.cell(row, column).number_format == HIDDEN  # a picture's number
            if name == page.title and isinstance(x, (int, float)) and not hidden:
                outside = any(
                    row in rows and not low <= x <= high
                    for rows, low, high in short.get(column, [])
                )
                text = shown(x, "0.00E+00" if outside else page.cell(row, column).number_format)
                if len(text) + 2.5 > widths.get(column, 8.43):
                    found[name, row, column] = text
    return found


@each_sheet
def test_columns_are_wide_enough_for_their_numbers(name):
    assert not too_wide(opened(name), workbooks.cached(BOOKS[name, AT_START]))


def growing() -> Sheet:
    """Numbers of each format, that a reader makes longer.

    Its column 101 on are as wide as the others.
    """
    s = Sheet("growing")
    size = s.input("size", 1.25)
    s.let("general", size * 1.1)
    for format in ("d", ".2f", ".6f", ".0%", ".1%"):
        s.let(f"number_{len(s.blocks)}", size * 0.9, format=format)
    s.let("wide", size * (column_index(120) + 0.5))
    s.let("size_next", size * 1.5)
    s.carry(size="size_next")
    return s


SIZES = (1.25, 98765.4321, -98765.4321, 1e7, -1e7, -1.5e12, 2e100)
GROWN = {
    size: workbooks.register(
        f"growing_{k}", growing, libreoffice=False, inputs={"size": size}, steps=3
    )
    for k, size in enumerate(SIZES)
}


@pytest.mark.thorough
def test_numbers_that_become_longer_stay_readable():
    """The first workbook's formats, with the numbers of the others, as if its input
    was typed over.
    """
    first = openpyxl.load_workbook(workbooks.path(GROWN[SIZES[0]]))
    for size in SIZES:
        numbers = workbooks.cached(GROWN[size])
        assert not too_wide(first, numbers)
        assert not too_wide(openpyxl.load_workbook(workbooks.path(GROWN[size])), numbers)
    assert len(too_wide(first, numbers, rules=False)) > 100


def columns_by_number() -> Sheet:
    """A row of a transposed block is a column, known when the sheet is written."""
    s = Sheet("columns_by_number")
    x = s.input("x", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    s.let("second", x.T[1])
    s.let("total", x.T[2].sum())
    return s


COLUMNS = workbooks.register("columns_by_number", columns_by_number)


def column_looked_up() -> Sheet:
    s = Sheet("column_looked_up")
    x, k = s.input("x", [[1.0, 2.0], [3.0, 4.0]]), s.input("k", 1.0)
    s.let("chosen", x.T[k])
    return s


LOOKED_UP = workbooks.register("column_looked_up", column_looked_up)


@pytest.mark.parametrize("engine", RECALCULATED)
def test_a_column_by_its_number(engine):
    s = columns_by_number()
    found = engines.numbers(s, RECALCULATED[engine](COLUMNS))
    np.testing.assert_array_equal(found["second"], [[2, 5]])
    np.testing.assert_array_equal(found["total"], [[9]])


@pytest.mark.parametrize("engine", RECALCULATED)
def test_a_column_that_a_number_looks_up_is_a_row_of_the_turned_table(engine):
    s = column_looked_up()
    found = engines.numbers(s, RECALCULATED[engine](LOOKED_UP))
    np.testing.assert_array_equal(found["chosen"], [[2, 4]])


# --- text is text

AWKWARD = [
    "=1+1",
    "+1",
    "-1",
    "@A1",
    "='Sheet'!A1",
    '=HYPERLINK("x")',
    '"quoted"',
    "{=1}",
    "<b>&amp;",
    "line\nbreak",
    "'apostrophe",
    "https://x.org",
]


def sheet_of_awkward_texts() -> Sheet:
    s = Sheet("awkward", title=AWKWARD[0], summary=AWKWARD[1])
    n = s.input("n", 2.0, title=AWKWARD[2], note=AWKWARD[3], format="d")
    for k, text in enumerate(AWKWARD):
        s.group(text, note=text)
        s.let(f"twice_{k}", n * 2, title=text, note=text)
        s.say(text.replace("{", "{{").replace("}", "}}") + " {n}", when=n > k % 3)
        s.preset(
            text.replace("{", "{{").replace("}", "}}"),
            text.replace("{", "{{").replace("}", "}}"),
            n=k,
        )
        s.source(text, text)
    s.chart(
        AWKWARD[0],
        Axis(AWKWARD[1], 0, 1),
        Axis(AWKWARD[0], 0, 1),
        [Series("n", "twice_0", AWKWARD[0])],
        note=AWKWARD[0],
    )
    return s


TEXTS = workbooks.register("texts", sheet_of_awkward_texts)


def test_text_that_looks_like_a_formula_is_text():
    formulas = engines.formula_cells(workbooks.path(TEXTS))
    # each group's block, each sentence; the story's step, what it asks, all sentences together, and
    # what is wrong with an edited table
    assert len(formulas) == len(AWKWARD) * 2 + 4
    cells = workbooks.cached(TEXTS)
    assert {text for text in AWKWARD if text in cells.values()} == set(AWKWARD)


@pytest.mark.parametrize("engine", RECALCULATED)
def test_text_comes_out_as_it_was_written(engine):
    before, after = workbooks.cached(TEXTS), RECALCULATED[engine](TEXTS)
    assert not {
        key: (x, after.get(key))
        for key, x in before.items()
        if engines.different(x, after.get(key))
    }
    said = [f"{text} 2" if k % 3 < 2 else None for k, text in enumerate(AWKWARD)]
    worksheet, first = layout(sheet_of_awkward_texts()).said
    rows = range(first + 1, first + 1 + len(AWKWARD))
    assert [after.get((worksheet, row, 1)) or None for row in rows] == said


def test_a_chart_called_like_a_formula():
    with zipfile.ZipFile(workbooks.path(TEXTS)) as file:
        xml = file.read("xl/charts/chart1.xml").decode()
    assert xml.count("<a:t>=1+1</a:t>") == 2 and "<a:t>+1</a:t>" in xml


def test_a_sheet_whose_blocks_all_stand_elsewhere():
    s = Sheet("elsewhere")
    s.group("Apart", worksheet="Apart")
    s.let("b_1", s.input("a_1", 2.0) * 2)
    s.say("there are {b_1:.1f}")
    file = io.BytesIO()
    write(s, file)
    assert openpyxl.load_workbook(file).sheetnames == ["Sheet", "Story", "Apart"]
    np.testing.assert_array_equal(read_inputs(s, file.getvalue())["a_1"], [[2]])


# --- the way back


@each_end
def test_back_as_it_was_written(start):
    expected = SHEETS[start[0]]().with_inputs(STARTS[start])
    found = read_inputs(SHEETS[start[0]](), workbooks.path(BOOKS[start]))
    assert list(found) == list(expected.inputs)
    for name, x in found.items():
        np.testing.assert_array_equal(x, expected.blocks[name].value)


@pytest.mark.parametrize(
    "start",
    [start for start in STARTS if AT_START in start or start[0] == "log_loss"],
    ids=" / ".join,
)
def test_back_after_libreoffice_saved_it(start):
    """Of each sheet one: what LibreOffice makes of names and of the record is the same for any
    numbers, and log_loss's presets have the numbers and rows of every kind.
    """
    expected = SHEETS[start[0]]().with_inputs(STARTS[start])
    for name, x in read_inputs(
        SHEETS[start[0]](), workbooks.saved_by_libreoffice(IN_LIBREOFFICE[start])
    ).items():
        given = expected.blocks[name].value
        assert (x is None) == (given is None)
        assert x is None or np.allclose(x, given, rtol=1e-14, atol=0)


SHEET = log_loss()
PLACES = layout(SHEET).blocks


def area_of(name: str, rows: int) -> str:
    """So many cells of one column, from the block's first on."""
    place = PLACES[name]
    letter = get_column_letter(place.column + 1)
    return f"{place.worksheet}!${letter}${place.row + 1}:${letter}${place.row + rows}"


def cell_of(book: openpyxl.Workbook, name: str, row: int = 0):
    return book[PLACES[name].worksheet].cell(PLACES[name].row + 1 + row, PLACES[name].column + 1)


def edited(**cells) -> bytes:
    """The log loss workbook, saved again with other values: `prediction=...` in the first row,
    `prediction_2=...` in the third.
    """
    book = openpyxl.load_workbook(book_of("log_loss"))
    for key, value in cells.items():
        name, _, row = key.rpartition("_") if key[-1].isdigit() else (key, "", "0")
        cell_of(book, name, int(row)).value = value
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_back_after_an_edit():
    found = read_inputs(
        SHEET, edited(clip=0.05, prediction_0=0.125, prediction_4="0.5", is_cat_1=True)
    )
    assert found["clip"] == 0.05
    np.testing.assert_array_equal(found["prediction"], [[0.125], [0.1], [0.5], [0.9], [0.5]])
    np.testing.assert_array_equal(found["is_cat"], [[1], [1], [1], [0], [1]])


@thorough
@pytest.mark.parametrize(
    ("typed", "read"), [("glorot", 2), (" Zeros", 4), (3, 3), ("1", 1)], ids=str
)
def test_a_choice_is_read_by_its_word_or_its_number(typed, read):
    found = read_inputs(SHEETS["matmul_stack"](), chosen(typed))
    assert found["initialisation"].item() == read


def chosen(word: str | int) -> bytes:
    book = openpyxl.load_workbook(book_of("matmul_stack"))
    place = layout(SHEETS["matmul_stack"]()).words["initialisation"]
    book[place.worksheet].cell(place.row + 1, place.column + 1).value = word
    return saved(book)


@thorough
def test_an_unknown_word_is_refused_with_the_words_there_are():
    with pytest.raises(InputError, match="initialisation is 'large'; it must be one of fixed, "):
        read_inputs(SHEETS["matmul_stack"](), chosen("large"))


def test_an_edit_elsewhere_changes_nothing():
    book = openpyxl.load_workbook(book_of("log_loss"))
    cell_of(book, "loss_mean").value = "=1/0"
    book["Story"]["A1"] = "mine"
    book.create_sheet("Mine", 0)["A1"] = "=SUM(Sheet!A1:Z99)"
    for name, x in read_inputs(SHEET, saved(book)).items():
        np.testing.assert_array_equal(x, SHEET.blocks[name].value)


@thorough
def test_a_worksheet_renamed_with_an_apostrophe():
    book = openpyxl.load_workbook(book_of("log_loss"))
    book["Sheet"].title = "Bob's"
    for name, defined in book.defined_names.items():
        book.defined_names[name] = DefinedName(
            name, attr_text=defined.attr_text.replace("Sheet!", "'Bob''s'!")
        )
    for name, x in read_inputs(SHEET, saved(book)).items():
        np.testing.assert_array_equal(x, SHEET.blocks[name].value)


def typed_on(worksheet: str, name: str, x: float) -> bytes:
    """The optimisers' workbook with a number typed over what follows the first worksheet."""
    book = openpyxl.load_workbook(book_of("optimisers"))
    ((_, cell),) = book.defined_names[f"{worksheet}_{name}"].destinations
    assert str(book[worksheet][cell].value).startswith("=")
    book[worksheet][cell].value = x
    return saved(book)


@thorough
def test_a_rate_typed_on_an_optimisers_own_worksheet_is_its_rate():
    s = SHEETS["optimisers"]()
    found = read_inputs(s, typed_on("adam", "learning_rate", 0.0625))
    assert found["learning_rate_adam"].item() == 0.0625
    assert found["learning_rate_sgd"].item() == s.defaults["learning_rate_sgd"].item()


@thorough
def test_what_all_worksheets_follow_is_typed_on_the_first():
    s = SHEETS["optimisers"]()
    shared = next(
        name
        for name, source in followed(s, s.beside[0]).items()
        if name == source and s.blocks[name].shape == (1, 1)
    )
    with pytest.raises(InputError, match=f"{shared} was typed over on the worksheet"):
        read_inputs(s, typed_on(s.beside[0].name, shared, 0.375))


def renamed_area(**areas) -> bytes:
    book = openpyxl.load_workbook(book_of("log_loss"))
    for name, area in areas.items():
        book.defined_names[name] = DefinedName(name, attr_text=area)
    return saved(book)


def test_rows_that_excel_added_come_back():
    """Excel stretches a name when a row is inserted within its cells."""
    book = openpyxl.load_workbook(book_of("log_loss"))
    for name, value in (("is_cat", 0), ("prediction", 0.25)):
        cell_of(book, name, 5).value = value
        book.defined_names[name] = DefinedName(name, attr_text=area_of(name, 6))
    found = read_inputs(SHEET, saved(book))
    assert (
        found["prediction"].shape == (6, 1)
        and found["prediction"][5] == 0.25
        and found["is_cat"][5] == 0
    )


def test_rows_typed_right_below_the_table_come_back():
    found = read_inputs(
        SHEET,
        edited(is_cat_5=0, prediction_5=0.25, is_cat_6=1, prediction_6=0.75),
    )
    np.testing.assert_array_equal(
        found["prediction"].ravel(), [0.98, 0.1, 0.5, 0.9, 0.02, 0.25, 0.75]
    )
    np.testing.assert_array_equal(found["is_cat"].ravel(), [1, 0, 1, 0, 1, 0, 1])


@thorough
def test_as_many_rows_as_there_may_be():
    assert len(read_inputs(SHEET, many_rows(MAX_ROWS))["is_cat"]) == MAX_ROWS


def test_cells_that_were_moved_are_found_by_their_name():
    book = openpyxl.load_workbook(book_of("log_loss"))
    book.create_sheet("My page")["D7"] = 0.02
    book.defined_names["clip"] = DefinedName("clip", attr_text="'My page'!$D$7")
    assert read_inputs(SHEET, saved(book))["clip"] == 0.02


def written_with_a_formula(path: Path) -> None:
    path.write_bytes(edited(prediction_0="=1/4", clip="=0.01+0.02"))


FORMULA = workbooks.register_writer("formula_in_input", written_with_a_formula)


def test_a_formula_in_an_input_gives_the_value_it_had():
    found = read_inputs(SHEET, workbooks.saved_by_libreoffice(FORMULA))
    assert found["prediction"][0] == 0.25
    assert found["clip"].item() == pytest.approx(0.03, rel=1e-15)


@thorough
def test_a_formula_that_nobody_calculated_is_an_empty_cell():
    with pytest.raises(InputError, match=r"clip is empty; it must be a number from 0 to 0\.4"):
        read_inputs(SHEET, edited(clip="=0.01+0.02"))


# --- what is refused


def another_sheet() -> bytes:
    s = Sheet("other")
    s.input("clip", 0.5)
    file = io.BytesIO()
    write(s, file)
    return file.getvalue()


def foreign() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = 0.5
    return saved(book)


def with_record(text: str) -> bytes:
    book = openpyxl.load_workbook(book_of("log_loss"))
    next(prop for prop in book.custom_doc_props.props if prop.name == PROPERTY).value = text
    return saved(book)


def without_name(name: str) -> bytes:
    book = openpyxl.load_workbook(book_of("log_loss"))
    del book.defined_names[name]
    return saved(book)


def many_rows(rows: int) -> bytes:
    return edited(
        **{f"{name}_{row}": 1 for name in ("is_cat", "prediction") for row in range(rows)}
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_part(name: str, change) -> bytes:
    """The workbook with one part of its file changed."""
    with zipfile.ZipFile(book_of("log_loss")) as archive:
        return zipped(
            {
                part: change(archive.read(part)) if part == name else archive.read(part)
                for part in archive.namelist()
            }
        )


def spanning(tag: bytes):
    """A change of a worksheet's part."""
    return lambda xml: xml.replace(b"</worksheet>", tag + b"</worksheet>", 1)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
DAMAGED = "this file is not a workbook, or is damaged; save it again as .xlsx"
NOT_OURS = "this workbook was not made by Gradsheet: it has no record of where its blocks stand"
OTHER_VERSION = (
    "this workbook was made by another version of Gradsheet; download it again from the lesson and"
    " copy your numbers over"
)
LOST = "the workbook no longer says where clip stands; download it again from the lesson"
REFUSED = {
    "nothing": (lambda: b"", DAMAGED),
    "not a zip": (lambda: b"clip,0.5\n", DAMAGED),
    "random bytes": (lambda: np.random.default_rng(0).bytes(5000), DAMAGED),
    "a zip of something else": (lambda: zipped({"hello.txt": b"hello"}), DAMAGED),
    "half a file": (lambda: book_of("log_loss").read_bytes()[:20000], DAMAGED),
    "a part that is no XML": (
        lambda: with_part("xl/workbook.xml", lambda xml: xml[: len(xml) // 2]),
        DAMAGED,
    ),
    "a billion laughs": (
        lambda: with_part(
            "xl/workbook.xml", lambda xml: xml.replace(b"<workbook", LAUGHS + b"<workbook", 1)
        ),
        DAMAGED,
    ),
    "a zip bomb": (
        lambda: zipped({"xl/workbook.xml": bytes(LARGEST_UNPACKED + 1)}),
        "unpacks to more than 100 MB; it is not a Gradsheet workbook",
    ),
    "a huge file": (
        lambda: bytes(LARGEST_FILE + 1),
        "this file is too large to be a Gradsheet workbook (over 20 MB)",
    ),
    "a foreign workbook": (foreign, NOT_OURS),
    "another sheet's workbook": (
        another_sheet,
        "this workbook is of the sheet 'other', not 'log_loss'; open it in its own lesson",
    ),
    "an older record": (
        lambda: with_record(json.dumps({"sheet": "log_loss", "version": VERSION - 1})),
        OTHER_VERSION,
    ),
    "a newer record": (
        lambda: with_record(json.dumps({"sheet": "log_loss", "version": [VERSION + 1]})),
        OTHER_VERSION,
    ),
    "no version": (lambda: with_record(json.dumps({"sheet": "log_loss"})), OTHER_VERSION),
    "a record of no sheet": (lambda: with_record("{}"), "this workbook is of the sheet None"),
    "a record that is no record": (lambda: with_record("[1]"), NOT_OURS),
    "a record that is damaged": (lambda: with_record("{"), NOT_OURS),
    "a missing name": (lambda: without_name("clip"), LOST),
    "a deleted range": (lambda: renamed_area(clip="#REF!"), LOST),
    "a deleted cell": (lambda: renamed_area(clip="Sheet!#REF!"), LOST),
    "a name for a number": (lambda: renamed_area(clip="5"), LOST),
    "a name for a text": (lambda: renamed_area(clip='"5"'), LOST),
    "a name for a formula": (lambda: renamed_area(clip="SUM(Sheet!$A$1:$A$3)"), LOST),
    "a name without a worksheet": (lambda: renamed_area(clip="$B$5"), LOST),
    "a name on no worksheet": (lambda: renamed_area(clip="Nowhere!$B$5"), LOST),
    "a name for two places": (lambda: renamed_area(clip="Sheet!$B$5,Sheet!$B$7"), LOST),
    "a name for a column": (lambda: renamed_area(clip="Sheet!$B:$B"), LOST),
    "a name for everything": (lambda: renamed_area(clip="Sheet!$A$1:$XFD$1048576"), LOST),
    "a name for another shape": (lambda: renamed_area(clip="Sheet!$B$5:$B$6"), LOST),
    "text in an input": (
        lambda: edited(clip="small"),
        "clip is 'small'; it must be a number from 0 to 0.4",
    ),
    "text in a row": (
        lambda: edited(prediction_2="sure"),
        "prediction row 3 is 'sure'; it must be a number from 0 to 1",
    ),
    "a value out of range": (
        lambda: edited(prediction_0=1.5),
        "prediction row 1 is 1.5; it must be a number from 0 to 1",
    ),
    "a fraction where whole numbers belong": (
        lambda: edited(is_cat_1=0.5),
        "is_cat row 2 is 0.5; it must be a whole number from 0 to 1",
    ),
    "an empty cell": (
        lambda: edited(prediction_3=None),
        "prediction row 4 is empty; it must be a number from 0 to 1",
    ),
    "an error": (
        lambda: edited(clip="#DIV/0!"),
        "clip is '#DIV/0!'; it must be a number from 0 to 0.4",
    ),
    "a date": (
        lambda: edited(clip=date(2020, 1, 2)),
        "clip is 2020-01-02 00:00:00; it must be a number from 0 to 0.4",
    ),
    "a row that is half there": (
        lambda: edited(prediction_5=0.5),
        "is_cat row 6 is empty; it must be a whole number from 0 to 1",
    ),
    "a row after an empty one": (
        lambda: edited(is_cat_6=1, prediction_6=0.75),
        "is_cat row 6 is empty; it must be a whole number from 0 to 1",
    ),
    "a row far below": (
        lambda: edited(is_cat_30=1, prediction_30=0.75),
        "a row of numbers stands 16 below the table, after an empty one: move it up, or delete it",
    ),
    "a total": (
        lambda: edited(is_cat_5="=SUM(B15:B19)", prediction_5="=AVERAGE(C15:C19)"),
        "is_cat row 6 looks like a total (=SUM(B15:B19)), not like one more row: delete it",
    ),
    "a number over a formula": (
        lambda: edited(loss_mean=5),
        "loss_mean is computed, and Sheet!",
    ),
    "a number over a row's formula": (
        lambda: edited(loss_product_2=0.5),
        "holds the number 0.5 in place of its formula: undo that",
    ),
    "a whole worksheet merged": (
        lambda: with_part(
            "xl/worksheets/sheet1.xml", spanning(b'<mergeCell ref="A1:XFD1048576"/>')
        ),
        "this file holds far more than a Gradsheet workbook: it has 17,",
    ),
    "whole columns linked": (
        lambda: with_part("xl/worksheets/sheet1.xml", spanning(b"<hyperlink ref='A:XFD'/>")),
        "this file holds far more than a Gradsheet workbook",
    ),
    "too many tags": (
        lambda: with_part("xl/styles.xml", lambda xml: xml + b"<c/>" * (MOST_TAGS + 1)),
        "this file holds far more than a Gradsheet workbook: it has 4,",
    ),
    "tags that cannot be counted": (
        lambda: with_part("xl/styles.xml", lambda xml: xml.decode().encode("utf-16")),
        DAMAGED,
    ),
    "a record of brackets": (lambda: with_record("[" * 100_000), NOT_OURS),
    "too many rows": (
        lambda: many_rows(MAX_ROWS + 1),
        f"is_cat is {MAX_ROWS + 1} x 1; it must have 1 to {MAX_ROWS} rows of 1 number",
    ),
    "no end of rows": (
        lambda: many_rows(MAX_ROWS + 500),
        f"it must have 1 to {MAX_ROWS} rows of 1 number",
    ),
    "more rows than anyone": (
        lambda: renamed_area(prediction=f"Sheet!$A$1:$A${2 * MAX_ROWS + 1}"),
        LOST.replace("clip", "prediction"),
    ),
}


OFTEN = ("a zip bomb", "an older record", "a deleted cell", "an error", "text in an input")


@thorough
@pytest.mark.parametrize("reason", few_when_quick(REFUSED, OFTEN.__contains__))
def test_refused_with_a_sentence(reason):
    make, sentence = REFUSED[reason]
    s = log_loss()
    with pytest.raises(InputError) as caught:
        read_inputs(s, make())
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
    for name, block in s.inputs.items():  # and nothing else: the sheet stays as it was
        np.testing.assert_array_equal(block.value, SHEET.blocks[name].value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="the workbook cannot be read: No such file or directory"):
        read_inputs(SHEET, tmp_path / "none.xlsx")
    with pytest.raises(InputError, match="the workbook cannot be read"):
        read_inputs(SHEET, tmp_path)


def test_a_large_file_is_not_even_read(tmp_path):
    path = tmp_path / "large.xlsx"
    with path.open("wb") as file:
        file.truncate(50 * LARGEST_FILE)
    with (
        mock.patch.object(Path, "read_bytes", side_effect=AssertionError),
        pytest.raises(InputError, match="too large"),
    ):
        read_inputs(SHEET, path)


@BOUNDED
@given(
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=30
    ),
    st.floats(0.2, 1),
)
def test_a_damaged_file_is_refused_or_read_right(changes, kept):
    data = bytearray(book_of("log_loss").read_bytes())
    for where, byte in changes:
        data[int(where * len(data))] = byte
    try:
        found = read_inputs(SHEET, bytes(data[: int(kept * len(data))]))
    except InputError:
        return
    assert list(found) == list(SHEET.inputs)
