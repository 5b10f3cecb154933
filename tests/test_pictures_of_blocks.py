"""A block shown as a picture: shades on the page, a colour scale in the workbook, numbers below."""

from __future__ import annotations

import io
import re

import numpy as np
import openpyxl
import pytest

from sheets import Sheet, SheetError, correlate
from sheets.targets.excel import write
from sheets.targets.excel.layout import layout
from widgets.description import description


def pictures() -> Sheet:
    s = Sheet("pictures")
    s.group("Image")
    x = s.input("image", np.arange(16.0).reshape(4, 4) / 15, low=0, high=1, shown="grey")
    s.group("Filter", worksheet="Weights")
    f = s.input("filter", [[1.0, -1.0], [0.5, -0.25]], role="weight", shown="heat")
    s.let("plain", f * 2, shown="heat", shown_range=(-4, 4))
    s.group("Map")
    s.let("map", correlate(x, f), shown="grey")
    return s


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"shown": "gray"}, "x: shown='gray' is no picture; did you mean grey"),
        ({"shown": "grey", "shown_range": (1, 0)}, "low below high"),
        ({"shown": "heat", "shown_range": (0, 1)}, "as far below 0 as above it"),
        ({"shown_range": (0, 1)}, "with shown="),
    ],
)
def test_what_is_no_picture_is_refused(about, said):
    with pytest.raises(SheetError, match=said):
        Sheet("wrong").input("x", [[1.0, 2.0]], **about)


def test_the_page_is_told_its_range():
    blocks = {block["name"]: block for block in description(pictures())["blocks"]}
    assert (blocks["image"]["shown"], blocks["image"]["shownRange"]) == ("grey", (0, 1))
    assert blocks["plain"]["shownRange"] == (-4, 4)
    assert "shownRange" not in blocks["map"] and "shownRange" not in blocks["filter"]


def test_the_workbook_has_a_colour_scale_and_narrow_columns():
    s, file = pictures(), io.BytesIO()
    write(s, file)
    book, places = openpyxl.load_workbook(file), layout(s).blocks
    page = book["Sheet"]
    scales = {
        str(ranges.sqref): rule.colorScale
        for ranges, rules in page.conditional_formatting._cf_rules.items()
        for rule in rules
        if rule.colorScale
    }
    assert [len(scale.color) for scale in scales.values()] == [2, 2]
    image = next(iter(scales.values()))
    assert [each.val for each in image.cfvo] == [0, 1]
    place = places["image"]
    cell = page.cell(place.row + 1, place.column + 1)
    assert (cell.value, cell.number_format) == (0, ";;;")
    assert page.column_dimensions[cell.column_letter].width < 4
    weights = book["Weights"].conditional_formatting._cf_rules
    middle = [rule.colorScale.cfvo[1].val for rules in weights.values() for rule in rules]
    assert middle == [0, 0]


def test_cells_are_shaded_and_keep_their_numbers(page, page_file):
    page.goto(page_file(pictures).as_uri())
    cell = page.locator('.gs-below td[data-block="image"][data-row="3"][data-col="3"]')
    cell.wait_for()
    colour = "(td) => getComputedStyle(td).backgroundColor"
    assert cell.evaluate(colour) == "rgb(255, 255, 255)" and cell.inner_text() == "1"
    first = page.locator('.gs-below td[data-block="image"][data-row="0"][data-col="0"]')
    assert first.evaluate(colour) == "rgb(0, 0, 0)"
    positive = page.locator('.gs-below td[data-block="filter"][data-row="0"][data-col="0"]')
    assert positive.evaluate(colour) == "rgb(178, 60, 0)"
    box = cell.bounding_box()
    assert box["width"] < 45 and re.search(r"\d", cell.inner_text())


def test_a_cell_lights_its_window(page, page_file):
    page.goto(page_file(pictures).as_uri())
    page.locator('.gs-below td[data-block="map"][data-row="1"][data-col="2"]').click()
    lit = page.locator('.gs-below td.gs-lit[data-block="image"]')
    places = lit.evaluate_all("(all) => all.map((td) => [td.dataset.row, td.dataset.col].join())")
    assert places == ["1,2", "1,3", "2,2", "2,3"]
    assert page.locator('.gs-below td.gs-lit[data-block="filter"]').count() == 4
