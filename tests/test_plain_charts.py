"""What a page shows before plotly has come: plotly's own drawing, which takes its place, is the
oracle.
"""

import io
from importlib import import_module

import numpy as np
import pytest
from browsers import watch
from example_sheets import gaps, kinds
from pages import SET, cell_text, frame
from PIL import Image

from sheets import values
from sheets.library.catalogue import sheet_named

# Plotly waits until it is let in.
WAITS = "window.requestIdleCallback = (run) => (window.waiting ??= []).push(run);"
LETS_IN = """() => {
    window.requestIdleCallback = (run) => setTimeout(run);
    for (const run of waiting.splice(0)) run();
}"""
# Of each chart that is seen: its labels, the middles of its markers, and the box of each line and
# of each series of bars, in pixels of the chart.
SEEN = """([texts, lines, markers, bars]) =>
    [...document.querySelectorAll(".gs-plot")].filter((plot) => plot.clientWidth).map((plot) => {
        const { left, top, width, height } = plot.getBoundingClientRect();
        const near = (at, end) => Math.min(end + 50, Math.max(-50, at)); // far out none is seen
        const of = (selector) => [...plot.querySelectorAll(selector)]
            .filter((node) => node.checkVisibility() && !node.closest(".gs-marks"));
        const box = (node) => node.getBoundingClientRect();
        const both = (nodes) => {
            const boxes = nodes.map(box);
            const [xs, ys] = [["left", "right"], ["top", "bottom"]].map((sides, k) =>
                boxes.flatMap((each) => sides.map((side) =>
                    near(each[side] - [left, top][k], [width, height][k]))));
            return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
        };
        const grouped = (selector) => {
            const groups = new Map();
            for (const node of of(selector)) {
                const trace = node.closest(".trace") || node;
                groups.set(trace, [...(groups.get(trace) || []), node]);
            }
            return [...groups.values()].map(both).filter(([from, to]) => to > from);
        };
        const middle = ({ left: x, top: y, width: wide, height: high }) =>
            [x - left + wide / 2, y - top + high / 2];
        return {
            texts: of(texts)
                .map((node) => [node.textContent.replace(/\\u200b/g, ""), ...middle(box(node))])
                .filter(([text]) => text).sort(),
            markers: of(markers).map((node) => middle(box(node))),
            lines: grouped(lines),
            bars: grouped(bars),
        };
    })"""
PLAIN = [".gs-plain text", ".gs-plain .gs-line", ".gs-plain .gs-marker", ".gs-plain .gs-bars"]
PLOTLY = [
    ".main-svg text",
    ".scatterlayer path.js-line",
    ".points path.point",
    ".barlayer .point > path",
]
DRAWN = """() => [...document.querySelectorAll(".gs-plot")].every((plot) =>
    plot.querySelector(".main-svg") && !plot.querySelector(".gs-plain"))"""
SURFACE = "canvas.gs-surface"


@pytest.fixture
def alone(browser, complaints):
    """A page that nobody has come to."""
    with browser.new_context(viewport={"width": 1280, "height": 720}) as context:
        page = context.new_page()
        watch(page, complaints, somebody=False)
        yield page
    assert not complaints, "\n".join(complaints)


def colours(page, box: dict) -> np.ndarray:
    """Of places all over a part of the page."""
    picture = Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")
    return np.asarray(picture, float)[5:-5:7, 5:-5:7]


def sheet_of(name: str):
    return {"gaps": gaps, "kinds": kinds}.get(name) or getattr(
        import_module(f"sheets.library.{name}"), name
    )


@pytest.mark.parametrize(
    "name", ["gaps", "kinds", "line_fit", "lr_finder", "matmul_stack", "softmax"]
)
def test_plotly_takes_the_place_of_plain_lines_without_a_jump(page, page_file, name):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.add_init_script(WAITS)
    page.goto(page_file(sheet_of(name)).as_uri())
    page.wait_for_selector(".gs-plain")
    frame(page)
    plain = page.evaluate(SEEN, PLAIN)
    surface = page.locator(SURFACE)
    if surface.count():
        surface.first.scroll_into_view_if_needed()
    box = surface.first.bounding_box() if surface.count() else None
    bare = colours(page, box) if box else None
    page.evaluate(LETS_IN)
    page.wait_for_function(DRAWN)
    frame(page)
    plotly = page.evaluate(SEEN, PLOTLY)
    assert len(plain) == len(plotly) > 0 and any(chart["lines"] for chart in plain)
    for ours, theirs in zip(plain, plotly, strict=True):
        assert [text for text, *_ in ours["texts"]] == [text for text, *_ in theirs["texts"]]
        for what in ("texts", "markers", "lines", "bars"):
            here, there = ([each[-4:] for each in chart[what]] for chart in (ours, theirs))
            if what == "texts":
                here, there = ([each[1:] for each in found] for found in (here, there))
            assert np.shape(here) == np.shape(there), what
            np.testing.assert_allclose(here, there, atol=1.5, err_msg=what)
    if box:
        page.add_style_tag(content=".gs-marks { display: none; }")
        alike = np.abs(colours(page, box) - bare).max(axis=2) < 6
        assert alike.mean() > 0.75  # lines between the bands are smoother in plotly's


def test_the_page_answers_and_its_charts_follow_while_nobody_has_waited(alone, page_file):
    """Plotly comes when whoever is there pauses, and not before."""
    alone.goto(page_file(kinds).as_uri())
    alone.wait_for_selector(".gs-plain")
    before = alone.evaluate(SEEN, PLAIN)
    alone.evaluate(SET, ["shift", "-2"])
    frame(alone)
    after = alone.evaluate(SEEN, PLAIN)
    assert before[0]["bars"] != after[0]["bars"]
    sheet = kinds()
    p = values(sheet, {"shift": -2})["p"][0, 0]
    shown = alone.locator("td[data-block='p'][data-row='0']").first.text_content()
    assert shown == cell_text(sheet.blocks["p"], p)
    assert alone.locator(".js-plotly-plot").count() == 0
    alone.mouse.move(300, 300)
    alone.wait_for_function(DRAWN)


def test_without_plotly_the_charts_follow_all_the_same(page, complaints, tmp_path):
    from widgets.static_page import static_page

    sheet = sheet_named("log_loss")
    file = tmp_path / "page.html"
    file.write_text(static_page("", [sheet], plotly_address="not_there.js"), encoding="utf-8")
    page.goto(file.as_uri())
    page.get_by_text("cannot be dragged or pointed at (plotly.js did not load)").wait_for()
    before = page.evaluate(SEEN, PLAIN)
    page.evaluate(SET, ["clip", "0.2"])
    frame(page)
    assert page.evaluate(SEEN, PLAIN) != before
    complaints.clear()  # that a file is not there
