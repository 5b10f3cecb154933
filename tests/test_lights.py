"""The same number lit wherever it stands, in a real browser: tables, sentences, the formula bar and
charts.
"""

from __future__ import annotations

import pytest
from example_sheets import descent
from pages import INSIDE, cell, drag, frame, place

from sheets import Sheet, values

MARKS = f"""([chart, points]) => {{
    const plot = document.querySelectorAll(".js-plotly-plot")[chart];
    const {{ xaxis, yaxis }} = plot._fullLayout;
    const box = {{ left: 0, top: 0 }};
    const at = points.map(([x, y]) => ({INSIDE}));
    const near = (a, b) => Math.hypot(a.left - b[0], a.top - b[1]) < 0.5;
    return Array.from(plot.querySelectorAll(".gs-marks path:not(.now)"), (path) => {{
        const [x, y] = path.getAttribute("d").slice(1).split(/[a-zA-Z ]/).map(Number);
        return [at.findIndex((each) => near(each, [x, y])), path.getAttribute("class")];
    }});
}}"""
POINTS = [(0, 1), (1, 2), (2, 4)]  # of the sheet's x and y


def told() -> Sheet:
    s = descent()
    s.let("update", s["a"] - s["rate"] * 2)
    s.let("least", s["y"].min())
    s.say("Slope {a:.2f} at rate {rate:.2f}: mse {mse:.2f}.")
    s.say("No number is in this one.")
    return s


@pytest.fixture
def lesson(opened):
    return opened(told)


def marks(page, chart: int, points: list = POINTS) -> list[tuple[int, str]]:
    """Which of the points each mark stands at (a segment: where it begins), and what
    it says of it.
    """
    frame(page)
    return sorted(map(tuple, page.evaluate(MARKS, [chart, points])))


def pointed(page) -> set[str]:
    return set(
        page.evaluate(
            "Array.from(document.querySelectorAll('.gs-pointed'), (n) => n.dataset.cell ||"
            " n.tagName + n.dataset.block)"
        )
    )


def test_a_selected_cell_is_ringed_in_the_charts_that_draw_it(lesson):
    cell(lesson, "y", 1).click()
    assert marks(lesson, 0) == [
        (1, "selected"),
        (1, "selected"),
    ]  # the point, and its error's segment
    cell(
        lesson, "prediction", 2
    ).click()  # a column beside the points: the same row of data; it reads x there
    assert {kind for point, kind in marks(lesson, 0) if point == 2} >= {"selected"}
    cell(lesson, "least").click()  # reads the whole column
    assert marks(lesson, 0) == []


def test_what_a_cell_reads_is_ringed_and_follows_the_steps(lesson):
    cell(lesson, "update").click()
    assert marks(lesson, 1, [(-1, 1)]) == [
        (0, "read"),
        (0, "read"),
    ]  # the guess, and where the path has come to
    assert (
        lesson.locator(".js-plotly-plot").nth(1).locator(".gs-marks .now").count() == 1
    )  # a line of one point shows all the same
    assert marks(lesson, 2, [(0, 1)]) == []
    lesson.get_by_role("button", name="Step", exact=True).click()
    computed = values(told(), steps=1)
    now = [(computed["a"][0, 0], computed["b"][0, 0])]
    assert marks(lesson, 1, now) == [(0, "read"), (0, "read")]
    cell(lesson, "mse").click()
    assert marks(lesson, 2, [(1, computed["mse"][0, 0])]) == [(0, "selected")]
    lesson.get_by_role("button", name="Back", exact=True).click()
    assert marks(lesson, 2, [(0, values(told())["mse"][0, 0])]) == [(0, "selected")]


def test_a_sentences_numbers_are_lit_together_and_one_by_one(lesson):
    cell(lesson, "update").click()
    sentence = lesson.get_by_text("Slope -1 at rate 0.1")
    sentence.focus()
    assert pointed(lesson) == {"a 0 0", "rate 0 0", "mse 0 0", "TDa", "TDmse", "DIVrate"}
    assert lesson.locator(".gs-numbers .gs-pointed").all_text_contents() == ["-1", "0.1"]
    assert (0, "pointed") in marks(lesson, 1, [(-1, 1)])
    sentence.evaluate("(node) => node.blur()")
    assert pointed(lesson) == set()
    lesson.locator(".gs-sentences [data-cell='mse 0 0']").hover()
    assert pointed(lesson) == {"mse 0 0", "TDmse"}
    assert (0, "pointed") in marks(lesson, 2, [(0, values(told())["mse"][0, 0])])
    cell(lesson, "y", 2).hover()
    assert pointed(lesson) == {"TDy"}
    assert (2, "pointed") in marks(lesson, 0)


def test_sentences_are_the_same_words_with_their_numbers_apart(lesson):
    lines = lesson.locator(".gs-sentences p")
    assert lines.last.inner_text() == "No number is in this one."
    assert [line.get_attribute("tabindex") for line in lines.all()] == ["0", None]
    assert lines.first.get_attribute("aria-atomic") == "true"


def test_a_click_on_a_marker_selects_its_cell_and_a_drag_does_not(lesson):
    lesson.mouse.click(*place(lesson, 0, 1, 2))
    frame(lesson)
    assert (
        lesson.locator("td.gs-selected").evaluate("(td) => td.dataset.block + td.dataset.row")
        == "y1"
    )
    assert lesson.locator(".gs-address").inner_text().startswith("Sheet!")
    assert cell(lesson, "x", 3).count() == 0  # no point was added
    drag(lesson, 0, (2, 4), (2, 3))
    assert (
        lesson.locator("td.gs-selected").evaluate("(td) => td.dataset.block + td.dataset.row")
        == "y1"
    )
    assert marks(lesson, 0) == [(1, "selected"), (1, "selected")]
    lesson.mouse.click(*place(lesson, 0, 0.5, -3))
    frame(lesson)
    assert cell(lesson, "x", 3).count() == 1
    assert lesson.get_by_text("Row 4 was added where you clicked.").is_visible()
