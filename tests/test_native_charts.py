"""Native charts: series over steps, segments, contours and axes, in a workbook of no, one and many
steps.
"""

from __future__ import annotations

import html
import re
import zipfile
from functools import cache

import engines
import numpy as np
import openpyxl
import pytest
import workbooks
from quick import thorough

from sheets import Axis, Contour, Series, Sheet, SheetError, column_index, row_index, values
from sheets.targets.excel.charts import COLOURS
from sheets.targets.excel.layout import layout
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET

READINGS = {"ironcalc": workbooks.in_ironcalc, "libreoffice": workbooks.in_libreoffice}


def drawn_line() -> Sheet:
    """A line that falls onto its points: errors as segments, the way on a surface of losses, the
    loss by step.
    """
    s = Sheet("drawn_line", title="A line falls onto its points")
    s.group("Settings")
    rate = s.parameter("learning_rate", 0.1, 0, 1)
    a, b = s.input("a", -1.0, role="weight"), s.input("b", 1.0, role="weight")
    s.group("Points")
    x, y = s.input("x", [0.0, 0.5, 1.0], rows=True), s.input("y", [8.0, 0.0, 11.0], rows=True)
    line = s.let("line", a * x + b)
    s.group("Loss")
    s.let("loss", ((line - y) ** 2).mean(), role="loss")
    s.let("wanted", rate * 10)
    s.let("a_next", a - rate * ((line - y) * x).mean())
    s.let("b_next", b - rate * (line - y).mean())
    s.carry(a="a_next", b="b_next")
    s.group("Means", folded=True)
    mean_x, mean_y = s.let("mean_x", x.mean()), s.let("mean_y", y.mean())
    s.group("The surface", worksheet="Surface", folded=True)
    across, down = s.let("across", column_index(4) - 1), s.let("down", row_index(3) * 4)
    s.let("surface", (across * mean_x + down - mean_y) ** 2, role="loss")
    s.chart(
        "Points and line",
        Axis("x", -0.05, 1.05),
        Axis("y", -1, 12),
        [
            Series("x", "y", "points", mode="markers"),
            Series("x", "line", "errors", mode="segments", to="y", role="loss"),
        ],
    )
    s.chart(
        "Where the line is",
        Axis("a", -2, 4),
        Axis("b", 0, 8),
        [Series("a", "b", "the way", steps=True, role="weight")],
        contour=Contour("across", "down", "surface", "loss"),
    )
    s.chart(
        "Loss by step",
        Axis("step", 0, 10),
        Axis("loss", 0.02, 300, "log"),
        [
            Series("step", "loss", "loss", steps=True, role="loss"),
            Series("step", "wanted", "wanted", steps=True),
            Series("step", "loss", "how far", mode="segments", to="wanted", steps=True),
        ],
    )
    return s


BOOKS = {
    steps: workbooks.register(f"drawn_line_{steps}", drawn_line, steps=steps) for steps in (0, 1, 5)
}
each_book = pytest.mark.parametrize("steps", BOOKS)


@cache
def chart_xml(steps: int) -> list[str]:
    with zipfile.ZipFile(workbooks.path(BOOKS[steps])) as file:
        return [html.unescape(file.read(f"xl/charts/chart{k}.xml").decode()) for k in (1, 2, 3)]


def series_of(xml: str) -> dict[str, str]:
    """Each series' XML by its label."""
    return {
        re.search(r"<c:v>(.*?)</c:v>", part)[1]: part
        for part in re.findall(r"<c:ser>.*?</c:ser>", xml, re.DOTALL)
    }


def numbers(cells: engines.Cells, area: str) -> list:
    """The cells of `Sheet!$B$5:$B$9`."""
    worksheet, _, corners = area.replace("$", "").partition("!")
    left, top, right, bottom = openpyxl.utils.cell.range_boundaries(corners)
    return [
        cells[worksheet, row, column]
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    ]


def read(xml: str, part: str, cells: engines.Cells) -> list:
    """What a series' xVal, yVal, plus or minus shows."""
    return numbers(cells, re.search(rf"<c:{part}>.*?<c:f>(.*?)</c:f>", xml, re.DOTALL)[1])


@thorough
@each_book
@pytest.mark.parametrize("engine", READINGS)
def test_recalculated_to_the_cached_values(steps, engine):
    before, after = workbooks.cached(BOOKS[steps]), READINGS[engine](BOOKS[steps])
    assert not [key for key, x in after.items() if engines.is_error(x)]
    assert not {
        key: (x, after.get(key))
        for key, x in before.items()
        if engines.different(x, after.get(key))
    }


@each_book
@pytest.mark.parametrize("engine", READINGS)
def test_a_series_over_steps_shows_every_step(steps, engine):
    cells = READINGS[engine](BOOKS[steps])
    run = [values(drawn_line(), steps=step) for step in range(steps + 1)]
    way, by_step = series_of(chart_xml(steps)[1])["the way"], series_of(chart_xml(steps)[2])
    np.testing.assert_allclose(
        read(way, "xVal", cells), [found["a"].item() for found in run], rtol=1e-9
    )
    np.testing.assert_allclose(
        read(way, "yVal", cells), [found["b"].item() for found in run], rtol=1e-9
    )
    assert read(by_step["loss"], "xVal", cells) == list(range(steps + 1))
    np.testing.assert_allclose(
        read(by_step["loss"], "yVal", cells), [found["loss"].item() for found in run], rtol=1e-9
    )
    assert read(by_step["wanted"], "yVal", cells) == [1] * (steps + 1)


@each_book
def test_each_point_over_steps_has_a_dot_so_that_one_is_seen(steps):
    for xml in (series_of(chart_xml(steps)[1])["the way"], series_of(chart_xml(steps)[2])["loss"]):
        assert re.search(r'<c:symbol val="circle"/>\s*<c:size val="4"/>', xml)


@each_book
@pytest.mark.parametrize("engine", READINGS)
def test_segments_are_error_bars_from_one_block_to_the_other(steps, engine):
    cells, found = READINGS[engine](BOOKS[steps]), values(drawn_line())
    xml = series_of(chart_xml(steps)[0])["errors"]
    assert '<c:errValType val="cust"/>' in xml and '<c:noEndCap val="1"/>' in xml
    ends = np.array(read(xml, "yVal", cells)) + read(xml, "plus", cells) - read(xml, "minus", cells)
    np.testing.assert_allclose(ends, found["y"].ravel(), rtol=1e-9, atol=1e-12)
    assert (
        min(read(xml, "plus", cells) + read(xml, "minus", cells)) == 0
    )  # a length is never negative
    by_step = series_of(chart_xml(steps)[2])["how far"]
    ends = (
        np.array(read(by_step, "yVal", cells))
        + read(by_step, "plus", cells)
        - read(by_step, "minus", cells)
    )
    np.testing.assert_allclose(ends, [1] * (steps + 1), rtol=1e-9)


def test_lengths_that_no_step_needs_are_not_repeated_in_each_row():
    page = openpyxl.load_workbook(workbooks.path(BOOKS[5]))[WORKSHEET]
    labels = {cell.value for cell in page[FIRST_ROW] if cell.value}
    assert {"wanted", "loss", "line 1", "chart_3_series_3_up"} <= labels
    assert not [label for label in labels if label.startswith("chart_1")]


def axes(xml: str) -> list[dict[str, float]]:
    """Of the x axis and of the y axis: logBase, min, max, majorUnit, where they are set."""
    matches = re.findall(r"<c:valAx>.*?</c:valAx>", xml, re.DOTALL)
    return [
        {
            key: float(x)
            for key, x in re.findall(r'<c:(logBase|min|max|majorUnit) val="(.*?)"/>', axis)
        }
        for axis in matches
    ]


def test_the_axis_of_steps_ends_where_they_do():
    assert axes(chart_xml(5)[2]) == [{"min": 0}, {"logBase": 10, "min": 0.01, "max": 1000}]


def test_an_axis_is_widened_to_round_numbers():
    assert axes(chart_xml(0)[0]) == [
        {"min": -0.2, "max": 1.2, "majorUnit": 0.2},
        {"min": -2, "max": 12, "majorUnit": 2},
    ]


def test_a_contour_is_a_table_of_coloured_cells_between_its_x_and_y():
    book = openpyxl.load_workbook(workbooks.path(BOOKS[0]), data_only=True)
    page, where, found = book["Surface"], layout(drawn_line()), values(drawn_line())
    z, x, y = (where.blocks[name] for name in ("surface", "across", "down"))
    assert (x.row, x.column) == (z.row - 1, z.column) and (y.row, y.column) == (z.row, z.column - 1)
    for name, (row, column) in where.labels.items():
        if name in ("surface", "across", "down"):
            assert page.cell(row + 1, column + 1).value.endswith(name)
    assert len({where.labels[name] for name in ("surface", "across", "down")}) == 3
    np.testing.assert_allclose(
        [page.cell(z.row + 2, z.column + 1 + j).value for j in range(4)], found["surface"][1]
    )
    ((where_coloured, rule),) = [
        (each.sqref, rule)
        for each in page.conditional_formatting
        for rule in each.rules
        if rule.colorScale
    ]
    corner = page.cell(z.row + 1, z.column + 1).coordinate
    assert str(where_coloured) == f"{corner}:{page.cell(z.row + 3, z.column + 4).coordinate}"
    assert [colour.rgb[2:] for colour in rule.colorScale.color] == [
        colour[1:] for colour in COLOURS
    ]
    said = [cell.value for row in book["Sheet"] for cell in row if cell.value]
    assert (
        "The page also draws contour lines: here, the coloured table surface on the worksheet"
        " Surface." in said
    )


@each_book
@pytest.mark.parametrize("engine", READINGS)
def test_the_first_worksheet_shows_the_last_step(steps, engine):
    cells, row = READINGS[engine](BOOKS[steps]), layout(drawn_line()).head.step_row + 1
    assert [cells["Sheet", row + k, 1] for k in (0, 1)] == ["step shown", "last step there is"]
    assert [cells["Sheet", row + k, 2] for k in (0, 1)] == [steps, steps]


def test_segments_between_blocks_of_two_shapes_are_refused():
    s = Sheet("crossed")
    s.input("across", [[1.0, 2.0]])
    s.input("down", [[1.0], [2.0]])
    with pytest.raises(
        SheetError,
        match=r"^test_native_charts\.py:\d+: chart 'no': 'd': segments run between blocks of one",
    ):
        s.chart(
            "no",
            Axis("x", 0, 1),
            Axis("y", 0, 1),
            [Series("across", "across", "d", mode="segments", to="down")],
        )
