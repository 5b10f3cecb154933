"""axe-core finds nothing on any lesson, as a static page and in Voila, light and in the
presentation, nor on the start page; whoever asks for less motion gets none; a telephone and a page
enlarged to twice its size show all without scrolling sideways.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import FEW_CELLS, SIDEWAYS, violations

from lessons.course import notebook, sheet_lessons
from lessons.pages import index_page

# Everything unfolded on the first lesson; elsewhere the folded tables, which are made alike and
# large, stay closed.
OPEN = {"log_loss": "details"}
UNFOLD = "(which) => document.querySelectorAll(which).forEach((folded) => { folded.open = true; })"


@pytest.mark.parametrize("lesson", sheet_lessons())
def test_axe_finds_nothing(page, lesson_file, lesson: str):
    page.set_viewport_size({"width": 1366, "height": 900})
    page.goto(lesson_file(lesson).as_uri())
    page.wait_for_selector(".js-plotly-plot")
    page.evaluate(UNFOLD, OPEN.get(lesson, ".gs-panel"))
    if lesson != "log_loss":
        page.evaluate(FEW_CELLS)
    assert not violations(page)
    page.evaluate("location.hash = 'mode=projector'")
    page.wait_for_selector("article[data-projector]")
    if lesson != "log_loss":
        page.evaluate(FEW_CELLS)
    assert not violations(page)


# --- in Voila


@pytest.fixture(scope="module")
def voila(lessons) -> str:
    """The address of a server over the real lessons."""
    return lessons(notebook("log_loss").parent)


READY = {
    "fine_tuning": ".ft-job:not([data-state='running']) .ft-said:not(:empty)"
}  # what stands last; elsewhere the charts


@pytest.mark.parametrize(
    "address", ["lesson/log_loss", "voila/render/log_loss.ipynb", "lesson/fine_tuning"]
)
def test_axe_finds_nothing_in_voila(page, voila, address: str):
    """The served pages of sheets are made as the static ones are, cell by cell; with a kernel, one
    stands for all.
    """
    lesson = "fine_tuning" if "fine_tuning" in address else "log_loss"
    page.set_viewport_size({"width": 1366, "height": 900})
    page.goto(f"{voila}{address}")
    page.wait_for_selector(READY.get(lesson, ".js-plotly-plot"), timeout=90_000)
    page.locator("#lesson-opening").wait_for(state="detached")
    page.evaluate(FEW_CELLS)
    assert not violations(page)
    if lesson == "log_loss":
        page.evaluate("location.hash = 'mode=projector'")
        page.wait_for_selector("article[data-projector]")
        page.evaluate(FEW_CELLS)
        assert not violations(page)


def test_axe_finds_nothing_on_the_start_page_and_where_there_is_none(
    page, voila, complaints, tmp_path: Path
):
    file = tmp_path / "index.html"
    file.write_text(index_page(lambda name: f"{name}.html"), encoding="utf-8")
    page.goto(file.as_uri())
    assert not violations(page)
    page.goto(f"{voila}lesson/no_such")
    assert not violations(page)
    complaints.clear()


# --- motion, and room

MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== "none" || style.transitionDuration.split(",").some((duration) => parseFloat(duration) > 0);
}).map((element) => element.outerHTML.slice(0, 100))"""


def test_less_motion_is_none(page, lesson_file):
    page.emulate_media(reduced_motion="reduce")
    page.goto(lesson_file("line_fit").as_uri())
    page.wait_for_selector(".js-plotly-plot")
    ours = [
        html for html in page.evaluate(MOVING) if "plotly" not in html and "modebar" not in html
    ]
    assert not ours


@pytest.mark.parametrize("width", [390, 640])
def test_nothing_of_the_panel_lies_beyond_the_edge(page, lesson_file, width: int):
    """The sheets' lessons: see test_stage.py."""
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(lesson_file("fine_tuning").as_uri())
    assert page.evaluate(SIDEWAYS) == [0, []]
