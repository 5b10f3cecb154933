"""The charts in a real browser.

While something moves we move plotly's own lines and markers; plotly's drawing is the oracle.
"""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from example_sheets import gaps
from pages import choose_step, fitted, frame, give_up
from PIL import Image

from sheets import Sheet, values
from sheets.library.log_loss import log_loss
from widgets.description import description
from widgets.front_end import joined, style
from widgets.plotly_script import plotly_file

HOLD = """() => {
    const { react } = Plotly;
    window.held = [];
    Plotly.react = (...all) => held.push(() => react(...all));
}"""
ALL_DRAWN = """() => [...document.querySelectorAll(".js-plotly-plot")].every((plot) =>
    plot._fullData.every(({ visible }) => visible === true))"""
FRESH = """() => {
    const anew = (plot) => Plotly.newPlot(plot, plot.data, plot.layout, { displayModeBar: false });
    return Promise.all(Array.from(document.querySelectorAll(".js-plotly-plot"), anew));
}"""
DATA = (
    "Array.from(document.querySelectorAll('.js-plotly-plot'), (p) => p.data.map((d) => [d.x, d.y]))"
)
SET = """([name, text]) => {
    const field = document.querySelector(`.gs-field[aria-label="${name}"]`);
    field.value = text;
    field.dispatchEvent(new Event("change"));
}"""


@pytest.fixture
def charts(page, page_file):
    """`charts(make)`: the sheet's page, where plotly draws at rest only when the test says so."""

    def opened(make: Callable[[], Sheet]):
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(page_file(make).as_uri())
        page.wait_for_selector(".js-plotly-plot >> nth=1")
        frame(page)
        give_up(page)
        page.wait_for_function(ALL_DRAWN)
        page.evaluate(HOLD)
        return page

    return opened


def set_to(page, name: str, value: float) -> None:
    page.evaluate(SET, [name, str(value)])
    frame(page)


def rest(page) -> int:
    """Let plotly draw what it waits to draw. Returns how many charts."""
    page.wait_for_function("held.length > 0")
    frame(page)
    drawn = page.evaluate("held.length")
    page.evaluate("Promise.all(held.splice(0).map((draw) => draw()))")
    frame(page)
    return drawn


def picture(page) -> np.ndarray:
    """Pixels of the charts: rows, columns, red green blue from 0 to 255."""
    return np.asarray(
        Image.open(io.BytesIO(page.locator(".gs-charts").screenshot())).convert("RGB")
    ).astype(int)


def check_same(a: np.ndarray, b: np.ndarray) -> None:
    """Nothing is elsewhere, not by a thirtieth of a pixel: 8 of 255 levels.

    But for a pixel where a line leaves the chart for 1e300: plotly cuts it off at 20 screens, which
    is as far as a browser draws exactly.
    """
    assert a.shape == b.shape
    assert (np.abs(a - b) > 8).any(axis=2).sum() <= 1


def differ(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape != b.shape or bool(np.abs(a - b).max() > 100)


def check_as_plotly_draws(page) -> None:
    """The same picture while moving, after plotly drew over it, and where plotly draws on an empty
    place.
    """
    moving = picture(page)
    rest(page)
    check_same(picture(page), moving)
    page.evaluate(FRESH)
    check_same(picture(page), moving)


@pytest.mark.parametrize("shift", [0, 0.01, 2, 4, 8.5])
def test_lines_and_markers_move_to_where_plotly_draws_them(charts, shift):
    page = charts(gaps)
    before = picture(page)
    set_to(page, "shift", shift)
    assert differ(picture(page), before)
    check_as_plotly_draws(page)


def test_moves_upon_moves_end_where_plotly_draws(charts):
    """Gaps and markers come and go on the way."""
    page = charts(gaps)
    for shift in (8.5, 3, 0, 7, 1):
        set_to(page, "shift", shift)
    check_as_plotly_draws(page)


def test_more_and_fewer_rows_move_to_where_plotly_draws_them(charts):
    page = charts(log_loss)
    for button in ("Add row", "Add row", "Remove row"):
        page.get_by_role("button", name=button).click()
        fitted(page)
        moving = picture(page)
        rest(page)
        check_same(picture(page), moving)
    page.get_by_role("button", name="Add row").click()
    fitted(page)
    check_as_plotly_draws(page)


def test_a_chart_stands_when_the_update_is_measured(charts):
    """Lines and markers are moved, and markers of more rows made, inside the measure, not some time
    later. A step's card may leave the charts another place: here they keep their size.
    """
    page = charts(log_loss)
    page.add_style_tag(
        content=".js-plotly-plot { flex: none !important; width: 500px !important; height: 300px !important }"
    )
    fitted(page)
    page.evaluate(
        """() => {
        window.look = () => Array.from(document.querySelectorAll(".scatterlayer path"), (p) => p.outerHTML).join();
        window.before = look();
        const { measure } = performance;
        performance.measure = (...all) => {
            window.measured = look();
            return measure.apply(performance, all);
        };
    }"""
    )
    for words in ("Clip at 0.05", "Five rows"):
        choose_step(page, words)
        fitted(page)
        assert page.evaluate("measured !== before && measured === look()")
        page.evaluate("() => { window.before = look(); }")


def test_plotly_has_the_numbers_at_rest_and_draws_once(charts):
    page = charts(log_loss)
    before = page.evaluate(DATA)
    page.evaluate(f"for (const clip of ['0.1', '0.15', '0.2']) ({SET})(['clip', clip])")
    frame(page)
    assert page.evaluate(DATA) == before
    assert rest(page) == 2  # each chart once
    computed = values(log_loss(), {"clip": 0.2})
    for chart, traces in zip(log_loss().charts, page.evaluate(DATA), strict=True):
        for series, (x, y) in zip(chart.series, traces, strict=True):
            np.testing.assert_allclose(x, computed[series.x].ravel(), rtol=1e-12)
            np.testing.assert_allclose(y, computed[series.y].ravel(), rtol=1e-12)


def test_a_chart_whose_numbers_stay_is_left_alone(charts):
    page = charts(log_loss)
    set_to(page, "model_accuracy", 0.9)  # only the second chart reads it
    assert rest(page) == 1
    set_to(page, "nudge", 1e-3)  # none does
    page.wait_for_timeout(400)
    assert page.evaluate("held.length") == 0


def test_hover_labels_tell_what_is_shown(charts):
    page = charts(gaps)
    set_to(page, "shift", 1)
    rest(page)
    mark = page.locator(".gs-chart >> nth=0").locator(".points path.point").last.bounding_box()
    page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    page.wait_for_selector(".hoverlayer .hovertext")
    assert page.locator(".hoverlayer .hovertext").text_content() == "f: 1.100, 1.100"


def test_another_plotly_draws_by_its_own_means(charts):
    """Where plotly's nodes are not the ones we know."""
    page = charts(gaps)
    page.evaluate(
        """document.querySelectorAll(".js-plotly-plot").forEach((plot) => {
        plot.querySelector = (what) => (what.startsWith(".scatterlayer .trace") ? null : Element.prototype.querySelector.call(plot, what));
    })"""
    )
    before = picture(page)
    set_to(page, "shift", 1)
    frame(page)
    assert differ(picture(page), before)
    check_as_plotly_draws(page)


def test_a_series_put_out_in_the_key_stays_out(charts):
    page = charts(gaps)
    entry = page.locator(".gs-key button").nth(1)
    entry.click()
    rest(page)
    assert entry.get_attribute("aria-pressed") == "false"
    page.wait_for_function(
        "document.querySelector('.js-plotly-plot')._fullData[1].visible === false"
    )
    frame(page)
    set_to(page, "shift", 2)
    check_as_plotly_draws(page)
    assert not page.evaluate("document.querySelector('.js-plotly-plot')._fullData[1].visible")


def test_another_size_shows_the_numbers_of_now(charts):
    """The window, and with it plotly's drawing of the last rest, changes while something moves."""
    page = charts(gaps)
    set_to(page, "shift", 2)
    width = page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.width")
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.wait_for_function(
        "[...document.querySelectorAll('.js-plotly-plot')].every((p) => p._fullLayout.width <"
        f" {width})"
    )
    fitted(page)
    check_as_plotly_draws(page)


def test_a_chart_that_was_folded_away_shows_the_numbers_of_now(charts):
    page = charts(gaps)
    fold = "(how) => { document.querySelector('.gs-charts').style.display = how; }"
    page.evaluate(fold, "none")
    set_to(page, "shift", 2)
    page.wait_for_timeout(400)
    assert page.evaluate("held.length") == 0
    page.evaluate(fold, "")
    frame(page)
    check_as_plotly_draws(page)


KERNEL = """
const model = { get: (name) => (name === "_description" ? told : name === "step" ? 0 : told.blocks.find((b) => b.name === name).value[0]) };
for (const name of ["set", "on", "off", "send", "save_changes"]) model[name] = () => {};
window.end = render({ model, el: document.body });
"""


def test_a_page_that_was_taken_away_draws_no_more(page, tmp_path):
    file = tmp_path / "widget.html"
    announced = (
        '<!DOCTYPE html><meta charset="utf-8"><meta name="gradsheet-plotly"'
        f' content="{plotly_file().as_uri()}">'
    )
    source = f"{joined('widget')}\nconst told = {json.dumps(description(gaps()))};\n{KERNEL}"
    file.write_text(
        f'{announced}<style>{style()}</style><body><script type="module">{source}</script>',
        encoding="utf-8",
    )
    page.goto(file.as_uri())
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    frame(page)
    page.evaluate(HOLD)
    set_to(page, "shift", 2)
    page.evaluate("() => { end(); held.length = 0; }")
    assert page.locator(".js-plotly-plot .main-svg").count() == 0
    page.set_viewport_size({"width": 700, "height": 700})
    page.wait_for_timeout(400)
    assert page.evaluate("held.length") == 0
