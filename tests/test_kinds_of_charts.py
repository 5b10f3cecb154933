"""Bars, axes from labels, limits from numbers and blocks, contours alone and equal scales: on the
page and as native charts.
"""

import re
import zipfile

import numpy as np
from example_sheets import KINDS, kinds
from pages import SET, data, frame

from sheets import (
    Axis,
    Series,
    SheetError,
    values,
)
from sheets.library.lr_finder import NOT_YET, lr_finder
from sheets.targets.excel import write
from sheets.targets.excel.layout import layout

# Where the bars of a chart's series end, in the axis's numbers, as the browser shows them.
TOPS = """([chart, series]) => {
    const plot = document.querySelectorAll(".js-plotly-plot")[chart];
    const { yaxis } = plot._fullLayout;
    const bars = plot.querySelectorAll(".barlayer .trace.bars")[series];
    return Array.from(bars.querySelectorAll(".point > path"), (path) =>
        yaxis.p2c(Number(/V([-0-9.]+)/.exec(path.getAttribute("d"))[1])));
}"""
HELD = """() => {
    window.react = Plotly.react;
    Plotly.react = () => new Promise(() => {});
}"""
AXES = """() => Array.from(document.querySelectorAll(".js-plotly-plot"), ({ _fullLayout }) =>
    ["xaxis", "yaxis"].map((name) => {
        const { range, _length, ticktext } = _fullLayout[name];
        return { range, length: _length, names: ticktext || [] };
    }))"""


def test_a_histogram_is_numpys():
    computed = values(kinds())
    counts, ends = np.histogram(computed["x"] * 0.5, bins=5)
    np.testing.assert_array_equal(computed["counts"], [counts])
    np.testing.assert_allclose(computed["ends"], [ends], rtol=1e-15)


def test_the_page_draws_them_and_follows(opened):
    page = opened(kinds)
    computed = values(kinds())
    (at, p), (beside, goal) = data(page, 0)
    np.testing.assert_allclose(p, computed["p"].ravel(), rtol=1e-15)
    assert goal == [1, 0, 0] and all(0.3 < b - a < 0.5 for a, b in zip(at, beside, strict=True))
    axes = page.evaluate(AXES)
    assert axes[0][0]["names"] == KINDS and axes[0][0]["range"] == [-0.5, 2.5]
    low, high = axes[1][0]["range"]
    assert low < computed["ends"].min() and high > computed["ends"].max()
    assert axes[1][1]["range"][0] == 0 and axes[2][0]["range"][1] == 4
    for chart in (3, 4):
        units = [axis["length"] / np.ptp(axis["range"]) for axis in axes[chart]]
        np.testing.assert_allclose(*units, rtol=1e-3)
    # plotly waits, so that what moves is ours
    page.evaluate(HELD)
    page.evaluate(SET, ["shift", "-2"])
    frame(page)
    moved = values(kinds(), {"shift": -2})
    np.testing.assert_allclose(page.evaluate(TOPS, [0, 0]), moved["p"].ravel(), atol=0.01)
    page.evaluate("() => { Plotly.react = window.react; }")
    page.evaluate(SET, ["top", "3"])
    page.wait_for_timeout(400)
    low, high = page.evaluate(AXES)[1][0]["range"]
    assert low < moved["ends"].min() < moved["ends"].max() < high
    assert page.evaluate(AXES)[2][0]["range"][1] == 3


def test_a_marker_that_left_is_told(opened):
    page = opened(kinds)
    left = page.locator(".gs-marks text")
    assert left.count() == 0
    page.evaluate(SET, ["shift", "9"])
    told = left.get_by_text("guess, off the chart: 9")
    told.wait_for()
    page.evaluate(SET, ["shift", "1"])
    told.wait_for(state="detached")


def test_a_marker_that_is_not_there_has_not_left(opened):
    """Before its first steps the finder suggests nothing: its marks stand where the axis is not."""
    page = opened(lr_finder)
    computed = values(lr_finder())
    assert computed["valley_x"].item() == NOT_YET
    assert page.locator(".gs-marks text").count() == 0


def test_a_workbook_has_native_charts_of_them(tmp_path):
    write(kinds(), tmp_path / "kinds.xlsx")
    with zipfile.ZipFile(tmp_path / "kinds.xlsx") as book:
        charts = [
            book.read(name).decode()
            for name in sorted(book.namelist())
            if re.fullmatch(r"xl/charts/chart\d+\.xml", name)
        ]
    assert len(charts) == 4, "a contour alone is its table"
    probabilities, histogram, fitted, ring = charts
    assert probabilities.count("<c:barChart>") == 1 and probabilities.count("<c:ser>") == 2
    place = layout(kinds()).blocks["p"]
    rows = f"\\${place.row + 1}:\\$[A-Z]+\\${place.row + 3}"
    assert re.search(rf"<c:cat><c:strRef><c:f>Sheet!\$[A-Z]+{rows}</c:f>", probabilities)
    for word in KINDS:
        assert f"<c:v>{word}</c:v>" in probabilities
    assert "<c:lineChart>" in histogram and "<c:barChart>" in histogram
    assert "<c:min" not in fitted.partition("<c:valAx>")[2].partition("</c:valAx>")[0]
    assert re.search(r'<c:max val="4(\.0)?"/>', fitted)
    wide, tall = (float(re.search(rf'<c:{side} val="([^"]+)"/>', ring)[1]) for side in "wh")
    drawn = re.search(r"<c:plotArea>.*?</c:layout>", ring)
    assert drawn and wide > 0 and tall > 0


def refused(*chart, **more) -> str:
    s = kinds()
    try:
        s.chart("no", *chart, **more)
    except SheetError as error:
        assert len(s.charts) == 5
        return str(error)
    raise AssertionError("it was taken")


def test_what_cannot_be_drawn_is_refused_at_its_line():
    linear, log = Axis("x", 0, 1), Axis("x", 0.1, 1, "log")
    bars = [Series("middles", "counts", "n", "bars")]
    for said, chart in {
        "bars stand on 0": (linear, Axis("y", 1, 2), bars),
        "so Axis": (linear, log, bars),
        "over the same middles": (linear, linear, [*bars, Series("x", "x", "d")]),
        "there is no block 'tpo'; did you mean top": (Axis("x", 0, "tpo"), linear, bars),
        "x is 7 x 1; a limit is one number": (Axis("x", 0, "x"), linear, bars),
        "have no names": (linear, linear, [Series("labels", "middles", "m")]),
        "it draws nothing": (linear, linear, []),
        "it has two axes": ("x", "y", bars),
    }.items():
        text = refused(*chart)
        assert text.startswith("test_kinds_of_charts.py:") and said in text, text
    assert "two linear axes" in refused(linear, log, [Series("x", "x", "d")], equal=True)
