"""While a lesson in Voila moves, its kernel is left alone: no message a frame, and the last values
once it has come to rest.
"""

from __future__ import annotations

import nbformat
import pytest
from pages import frame

MOVING = 2000  # milliseconds of Play, and of dragging
MOST = 4  # messages in that time: a few a second would do, 60 a second are one a frame

LESSON = """
import ipywidgets
from sheets.library.line_fit import line_fit
from widgets import SheetWidget
sheet, heard = SheetWidget(line_fit()), ipywidgets.Label("nothing yet")
def hear(_):
    heard.value = f"Python heard step {sheet.step}, rate {sheet.learning_rate:.6g}, first x {sheet.x[0][0] if sheet.x else 'drawn'}"
sheet.observe(hear, ["step", "learning_rate", "x"])
ipywidgets.VBox([sheet, heard])
"""

# The rate's slider to and fro, a step an animation frame, as a pointer moves it.
DRAG = """(milliseconds) => new Promise((done) => {
    const slider = document.querySelector('.gs-slider[aria-label="learning_rate"]');
    const [middle, end] = [Number(slider.max) / 2, performance.now() + milliseconds];
    let frames = 0;
    const move = () => {
        slider.value = String(middle * (1 + 0.3 * Math.sin(frames / 9)));
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        frames += 1;
        if (performance.now() < end) requestAnimationFrame(move);
        else done(frames);
    };
    move();
})"""


@pytest.fixture(scope="module")
def address(lessons, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("messages")
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LESSON)]), folder / "line.ipynb"
    )
    return lessons(folder) + "lesson/line"


@pytest.fixture
def sent(page, address) -> list:
    """What the page has sent its kernel since it was opened and came to rest."""
    found: list = []
    page.on(
        "websocket", lambda connection: connection.on("framesent", lambda said: found.append(said))
    )
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length > 0")
    page.get_by_role("status").filter(has_text="Opening the lesson").wait_for(state="detached")
    while not any(
        "parts" in str(said) for said in found
    ):  # what a workbook is made of, fetched ahead
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    found.clear()
    return found


def hears(page, said: str) -> None:
    """Python's side says so, sooner or later."""
    page.get_by_text("Python heard").filter(has_text=said).wait_for()


def test_playing_sends_nothing_a_frame_and_its_last_step_arrives(page, sent):
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(MOVING)
    moving = len(sent)
    page.get_by_role("button", name="Pause", exact=True).click()
    frame(page)
    step = int(page.locator(".gs-step").inner_text().removeprefix("step "))
    assert step > 10 and moving <= MOST, f"{moving} messages in {step} steps"
    hears(page, f"step {step}, ")


def test_dragging_sends_nothing_a_frame_and_where_it_comes_to_rest_arrives(page, sent):
    frames = page.evaluate(DRAG, MOVING)
    assert frames > 10 and len(sent) <= MOST, f"{len(sent)} messages in {frames} frames"
    frame(page)
    rate = float(page.get_by_role("textbox", name="learning_rate").input_value())
    hears(page, f"rate {rate:.6g}, ")


def test_a_typed_cell_arrives_and_then_nothing_more_is_said(page, sent):
    page.locator("td[data-block='x'][data-row='0']").dblclick()
    page.keyboard.type("0.125")
    page.keyboard.press("Enter")
    hears(page, "first x 0.125")
    sent.clear()
    page.wait_for_timeout(MOVING)
    assert not sent
