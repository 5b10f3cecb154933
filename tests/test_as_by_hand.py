"""A workbook as a teacher would make it by hand: what stands where, in which words, and how charts
are named.
"""

from __future__ import annotations

import html
import itertools
import re
import zipfile
from functools import cache

import numpy as np
import openpyxl
import pytest
import workbooks
from library_sheets import SHEETS
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from quick import few_when_quick

from sheets import Axis, Series, Sheet, column_index, row_index
from sheets.targets.excel.charts import LOG_LABELS, label_of, without_dragging
from sheets.targets.excel.layout import DETAILS, MAIN, NUMBERS, STORY, STORY_ROW, layout
from sheets.targets.excel.parts import parts
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET
from sheets.targets.excel.words import MOST_LISTED, settings, to_copy
from sheets.targets.excel.worksheets import are_shares

each_sheet = pytest.mark.parametrize("name", few_when_quick(SHEETS))
STEPS = 3
LIBRARY = {
    name: workbooks.register(
        f"by_hand_{name}", SHEETS[name], True, False, steps=STEPS if SHEETS[name]().carried else 0
    )
    for name in SHEETS
}


@cache
def opened(name: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(workbooks.path(LIBRARY[name]))


def charts(name: str) -> list[str]:
    with zipfile.ZipFile(workbooks.path(LIBRARY[name])) as file:
        return [
            html.unescape(file.read(f"xl/charts/chart{k + 1}.xml").decode())
            for k in range(len(SHEETS[name]().charts))
        ]


def width(page, column: int) -> float:
    """In characters; columns are counted from 1."""
    for each in page.column_dimensions.values():
        if each.min <= column <= each.max:
            return each.width
    return 8.43


# --- the first worksheet


@each_sheet
def test_what_is_folded_away_stands_on_a_worksheet_of_its_own(name):
    s, where = SHEETS[name](), layout(SHEETS[name]())
    moved = {n for n in where.blocks if where.head and n in where.head.in_play}
    for group in s.groups:
        if group.folded and group.worksheet == MAIN:
            stands = {where.seen(n).worksheet for n in group.blocks if n not in moved}
            assert stands <= {DETAILS}, group.title
    assert where.ends[MAIN].column <= 40


@each_sheet
def test_lists_on_the_first_worksheet_are_no_wider_than_a_screen(name):
    where = layout(SHEETS[name]())
    here = [each for each in where.groups if each.worksheet == MAIN and each.kind == "list"]
    for _, side_by_side in itertools.groupby(here, lambda each: each.row):
        columns = [each.column for each in side_by_side]
        assert max(columns) - min(columns) <= 9


@each_sheet
def test_columns_that_keep_groups_apart_are_narrow(name):
    page, s = opened(name)[MAIN], SHEETS[name]()
    where = layout(s)
    filled = {0, 1}
    for block in s.blocks.values():
        place = where.seen(block.name)
        if place.worksheet == MAIN:
            filled |= set(range(place.column, place.column + int(block.shape[1])))
            filled.add(where.labels[block.name][1])
    filled |= {each.column for each in where.groups if each.worksheet == MAIN}
    for column in set(range(max(filled))) - filled:
        assert width(page, column + 1) < 5, column


@each_sheet
def test_no_column_of_the_first_worksheet_is_very_wide(name):
    page = opened(name)[MAIN]
    assert max(width(page, k) for k in range(1, 20)) <= 36
    assert width(page, 2) <= 21


@each_sheet
def test_a_chart_s_words_stand_right_below_it(name):
    page = opened(name)[MAIN]
    notes = {
        area.coord.split(":")[0]: page[area.coord.split(":")[0]]
        for area in page.merged_cells.ranges
    }
    below = {
        (cell.column - 1, cell.row - 1)
        for cell in notes.values()
        if cell.alignment.indent and cell.style == "Explanatory Text"
    }
    for chart, drawn in zip(
        page._charts, [c for c in SHEETS[name]().charts if c.series], strict=True
    ):
        end, start = chart.anchor.to, chart.anchor._from
        if drawn.note:
            rows = [row - end.row for column, row in below if column == start.col]
            assert any(0 <= gap <= 1 for gap in rows), drawn.title


# --- the story


@each_sheet
def test_steps_of_the_story_are_numbered(name):
    book, s = opened(name), SHEETS[name]()
    assert book[MAIN]["B2"].number_format == '0"."'
    for k in range(len(s.presets)):
        title = book[STORY].cell(STORY_ROW + 1 + k, 1)
        assert title.number_format == f'"{k + 1}. "@'


@each_sheet
def test_long_tables_of_a_step_stand_to_be_copied(name):
    s, book = SHEETS[name](), opened(name)
    copied = to_copy(s)
    assert bool(copied) == (NUMBERS in book.sheetnames)
    for each in copied:
        page = book[NUMBERS]
        (row,) = [cell.row for cell in page["A"] if cell.value == each.title]
        for (i, j), x in np.ndenumerate(each.numbers):
            held = page.cell(row + 1 + i, 1 + j).value
            assert held == x or (np.isnan(x) and held is None) or isinstance(held, str)
        assert all(each.title in settings(s, preset) for preset in each.presets)
    for preset in s.presets:
        assert len(re.findall(r"-?\d[\d.]*(?:, |$)", settings(s, preset))) <= 30


def test_a_sentence_lists_few_numbers():
    s = Sheet("many")
    x = s.input("x", np.zeros((MOST_LISTED + 1, 1)))
    y = s.input("y", np.zeros((2, 1)))
    s.let("total", x.sum() + y.sum())
    far = np.full((MOST_LISTED + 1, 1), 0.123456789)
    s.preset("far", "?", x=far, y=[[1.0], [2.0]])
    said = settings(s, s.presets[0])
    assert said == "Set y to 1, 2. Copy 'x, step 1' from the worksheet Story_numbers."


@each_sheet
def test_a_step_of_the_run_is_named_with_the_way_there(name):
    for preset in SHEETS[name]().presets:
        if preset.scene.play:
            assert "more steps: see Story" in settings(SHEETS[name](), preset)


# --- steps


@each_sheet
def test_steps_are_headed_in_words_with_the_name_in_the_comment(name):
    s, book = SHEETS[name](), opened(name)
    plan = parts(s)[0].plan
    if plan is None:
        assert WORKSHEET not in book.sheetnames
        return
    for block in plan.row:
        if block in s.blocks:
            cell = book[WORKSHEET].cell(FIRST_ROW, plan.columns[block] + 1)
            assert cell.comment.text.split("\n")[0] == block
            assert "[" not in cell.value


# --- charts


@each_sheet
def test_no_chart_speaks_of_what_a_page_alone_does(name):
    for xml in charts(name):
        assert not re.search(r"\bdrag|faint", xml, re.I)
    texts = [str(c.value) for row in opened(name)[MAIN] for c in row if c.value]
    assert not [text for text in texts if re.search(r"\bdrag|faint copies", text, re.I)]


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("start (drag it)", "start"),
        ("kinks: drag", "kinks"),
        ("curve: draw it", "curve"),
        ("drag force", "drag force"),
    ],
)
def test_what_a_legend_says_of_dragging_is_left_out(label, left):
    assert label_of(Series("x", "y", label)) == left


@pytest.mark.parametrize(
    ("note", "left"),
    [
        ("Drag them in the chart, click there to add one, or type", ""),
        (
            "What draws the points, also by dragging it; the rest does not",
            "What draws the points, the rest does not",
        ),
        ("Of each column", "Of each column"),
    ],
)
def test_a_group_s_note_without_dragging(note, left):
    assert without_dragging(note) == left


def curves() -> Sheet:
    """Two curves that end apart, two that end together."""
    s = Sheet("curves")
    a = s.input("a", 1.0)
    x = s.let("x", row_index(11) / 10)
    s.let("up", a * x)
    s.let("down", a * (1 - x))
    s.let("nearly", a * x * 0.99)
    axes = Axis("x", 0, 1), Axis("y", 0, 1)
    s.chart("apart", *axes, [Series("x", "up", "rising"), Series("x", "down", "falling")])
    s.chart("together", *axes, [Series("x", "up", "rising"), Series("x", "nearly", "nearly")])
    s.chart(
        "log",
        Axis("x", 1e-9, 1, "log"),
        Axis("y", 0, 1),
        [Series("up", "down", "it", mode="markers")],
    )
    return s


CURVES = workbooks.register("curves_named", curves)


def test_lines_are_named_where_they_end_and_then_need_no_legend():
    with zipfile.ZipFile(workbooks.path(CURVES)) as file:
        apart, together, log = (file.read(f"xl/charts/chart{k}.xml").decode() for k in (1, 2, 3))
    for series in re.findall(r"<c:ser>.*?</c:ser>", apart, re.DOTALL):
        (label,) = re.findall(r"<c:dLbl>.*?</c:dLbl>", series, re.DOTALL)
        assert '<c:idx val="10"/>' in label and '<c:showSerName val="1"/>' in label
    assert "<c:legend>" not in apart
    assert "<c:dLbl>" not in together and "<c:legend>" in together
    assert html.unescape(log).count(LOG_LABELS) == 1


def test_an_end_that_the_page_drags_has_no_legend_entry_of_its_own():
    points = charts("line_fit")[0]
    labels = [series.label for series in SHEETS["line_fit"]().charts[0].series]
    gone = re.findall(r'<c:legendEntry>\s*<c:idx val="(\d+)"/>', points)
    assert [labels[int(k)] for k in gone] == ["left end", "right end"]


def test_the_five_paths_differ_in_colour_and_mark():
    paths = re.findall(r"<c:ser>.*?</c:ser>", charts("optimisers")[0], re.DOTALL)[:5]
    assert len({re.search(r'<c:symbol val="(\w+)"', path)[1] for path in paths}) == 5
    assert len({re.search(r'<a:srgbClr val="(\w+)"', path)[1] for path in paths}) == 5


# --- bars behind shares


def shares() -> Sheet:
    s = Sheet("shares")
    x = s.input("x", [[1.0], [2.0], [3.0]])
    powers = s.let("powers", np.exp(x))
    s.let("p", powers / powers.sum())
    s.let("chosen", 1 * (column_index(3) == 1))
    return s


SHARES = workbooks.register("shares", shares)


def test_shares_have_bars_and_other_numbers_none():
    page = openpyxl.load_workbook(workbooks.path(SHARES))[MAIN]
    place = layout(shares()).blocks["p"]
    barred = [
        str(each.sqref)
        for each in page.conditional_formatting
        if any(rule.type == "dataBar" for rule in each.rules)
    ]
    (area,) = barred
    column, row = coordinate_from_string(area.split(":")[0])
    assert (column_index_from_string(column), row) == (place.column + 1, place.row + 1)


def test_what_shares_are():
    assert are_shares(np.array([[0.25], [0.75]])) and are_shares(np.array([[0.5, 0.5]]))
    for other in ([[1.0]], [[0.0], [1.0]], [[0.5], [0.6]], [[1.5], [-0.5]], [[np.nan], [1.0]]):
        assert not are_shares(np.array(other))
