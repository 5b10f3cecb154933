"""Another size on a page without Python, and where Python makes it: numpy's numbers, and what was
set, chosen and answered stays.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from unittest import mock

import pytest
from example_sheets import tower
from pages import cell, check_every_cell, choose_step, give_up, open_all, open_panel

from lessons.pages import lesson_page
from sheets import values
from sheets.library.catalogue import sheet_named
from widgets import SheetWidget
from widgets.front_end import joined, style
from widgets.plotly_script import plotly_file
from widgets.static_page import static_page

LESSONS = {
    "depth_lab": ({"width": 4, "activation": "ReLU"}, 120_000),
    "matmul_stack": ({"layers": 5, "width_3": 2, "seed": 4, "initialisation": "lecture"}, 150_000),
}  # what a link asks for, and the most that all sizes may weigh in the page


@pytest.fixture
def file(page_file) -> Path:
    return page_file(tower)


def opened(page, file: Path, address: str = ""):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("about:blank")
    page.goto(file.as_uri() + address)
    page.wait_for_selector("article.gradsheet")
    return page


def has(page, name: str, value: float) -> None:
    """Wait for the page of that size."""
    page.wait_for_function(
        "([name, value]) => document.querySelector(`.gs-field[aria-label='${name}']`)?.value ==="
        " value",
        arg=[name, str(value)],
    )


def typed(page, name: str, text: str) -> None:
    field = page.get_by_role("textbox", name=name, exact=True)
    field.fill(text)
    field.press("Enter")


def resized(page, name: str, value: int) -> None:
    typed(page, name, str(value))
    has(page, name, value)


def refusal(page, name: str) -> str:
    said = page.locator(f".gs-control[data-block='{name}'] .gs-refusal")
    page.wait_for_function("(node) => node.textContent", arg=said.element_handle())
    return said.inner_text()


def linked(page, part: str) -> str:
    page.wait_for_function("(part) => location.hash.includes(part)", arg=part)
    return page.evaluate("location.hash")


# --- the numbers


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_of_another_size_shows_the_numbers_of_numpy(page, tmp_path, lesson):
    file = tmp_path / "lesson.html"
    text = lesson_page(lesson, plotly_address=plotly_file().as_uri())
    file.write_text(text, encoding="utf-8")
    inputs, most = LESSONS[lesson]
    assert len(re.search(r'-sizes" [^>]*>([^<]*)<', text)[1]) < most
    opened(page, file, "#" + "&".join(f"{name}={value}" for name, value in inputs.items()))
    size = next(iter(inputs))
    has(page, size, inputs[size])
    open_all(page)
    check_every_cell(page, sheet_named(lesson).with_inputs(inputs), {})
    assert not page.locator(".gradsheet > .gs-refusal").inner_text()


def test_every_step_of_the_slider_is_a_sheet_that_the_page_has(page, file):
    opened(page, file)
    give_up(page)
    slider = page.get_by_role("slider", name="width_1")
    slider.focus()
    for key, width in (("ArrowRight", 4), ("ArrowLeft", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        has(page, "width_1", width)
        check_every_cell(page, tower(width_1=width), {})
        assert slider.evaluate("(slider) => slider === document.activeElement")
    page.get_by_role("button", name="width_1 up").click()
    has(page, "width_1", 2)
    page.get_by_role("button", name="layers up").click()
    has(page, "layers", 3)
    check_every_cell(page, tower(3), {})
    page.get_by_role("button", name="Step", exact=True).click()
    page.get_by_role("button", name="Step", exact=True).click()
    check_every_cell(page, tower(3), {}, 2)


def test_inputs_that_fit_stay_and_others_start_anew(page, file):
    opened(page, file)
    typed(page, "rate", "0.3")
    page.get_by_role("button", name="Add row").click()
    cell(page, "y", 2).dblclick()
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    cell(page, "W_1", 0, 0).dblclick()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    resized(page, "layers", 3)
    resized(page, "width_2", 1)
    address = linked(page, "width_2=1")
    first = [
        [float(x) for x in row.split(",")]
        for row in re.search("W_1=([^&]*)", address)[1].split(";")
    ]
    assert first[0][0] == 7
    inputs = {
        "rate": 0.3,
        "x": [[1, 0.5], [0.25, -1], [0.25, -1]],
        "y": [[1], [0.5], [2]],
        "W_1": first,
    }
    check_every_cell(page, tower(3, 2, 1), inputs)


# --- the link, and back


def test_a_link_leads_to_the_same_sizes_and_numbers(page, file):
    opened(page, file)
    resized(page, "layers", 3)
    resized(page, "width_2", 4)
    typed(page, "rate", "0.05")
    page.get_by_role("slider", name="step", exact=True).fill("4")
    address = linked(page, "step=4")
    assert address == "#rate=0.05&layers=3&width_2=4&step=4"
    opened(page, file, address)
    has(page, "width_2", 4)
    check_every_cell(page, tower(3, 2, 4), {"rate": 0.05}, 4)
    page.reload()
    has(page, "width_2", 4)
    check_every_cell(page, tower(3, 2, 4), {"rate": 0.05}, 4)
    typed(page, "layers", "1")
    has(page, "layers", 1)
    page.get_by_role("button", name="Reset").click()
    has(page, "width_2", 4)
    check_every_cell(page, tower(3, 2, 4), {"rate": 0.05}, 4)


def test_reset_leads_back_to_the_page_s_own_sizes(page, file):
    opened(page, file)
    typed(page, "rate", "0.05")
    resized(page, "layers", 3)
    page.get_by_role("button", name="Reset").click()
    has(page, "layers", 2)
    check_every_cell(page, tower(), {})
    page.wait_for_function("location.hash === ''")


def test_a_size_that_the_page_has_not_is_refused_in_words(page, file):
    opened(page, file, "#width_1=3&rate=0.5")
    assert (
        page.locator(".gradsheet > .gs-refusal").inner_text()
        == "The link's width_1 3 is not on this page, which has 1, 2, 4. Another one needs Python:"
        " open the lesson in Voila or JupyterLab, or make a page with --set width_1=3. It was"
        " left out."
    )
    check_every_cell(page, tower(), {"rate": 0.5})
    typed(page, "width_1", "3")
    assert refusal(page, "width_1").startswith("width_1 3 is not on this page, which has 1, 2, 4.")
    has(page, "width_1", 2)
    typed(page, "layers", "4")
    assert refusal(page, "layers") == "layers is 4; it must be a whole number from 1 to 3"


def test_sizes_that_are_not_together_give_way_in_words(page, tmp_path):
    file = tmp_path / "few.html"
    with mock.patch("widgets.other_sizes.MOST_SHEETS", 8):
        file.write_text(static_page("Tower", [tower()]), encoding="utf-8")
    opened(page, file, "#width_1=4")
    has(page, "width_1", 4)
    typed(page, "layers", "3")
    has(page, "layers", 3)
    assert (
        refusal(page, "layers")
        == "layers 3, width_1 4 are not together on this page. Another one needs Python: open the"
        " lesson in Voila or JupyterLab, or make a page with --set layers=3 --set width_1=4. So"
        " width_1 is 2."
    )
    check_every_cell(page, tower(3), {})
    opened(page, file, "#layers=3&width_1=4")
    page.wait_for_function(
        "document.querySelector('.gradsheet > .gs-refusal').textContent.includes('not together')"
    )
    check_every_cell(page, tower(), {})


def test_a_page_with_one_size_says_so(page, tmp_path):
    file = tmp_path / "one.html"
    with mock.patch("widgets.other_sizes.MOST_SHEETS", 2):
        file.write_text(static_page("Tower", [tower()]), encoding="utf-8")
    opened(page, file, "#layers=3")
    assert (
        "layers 3 is not on this page, which has 2. Another one needs Python"
        in page.locator(".gradsheet > .gs-refusal").inner_text()
    )
    page.get_by_role("button", name="width_1 up").click()
    assert "--set width_1=3" in refusal(page, "width_1")
    check_every_cell(page, tower(), {})


def test_the_workbook_is_the_one_that_the_page_has(page, file):
    opened(page, file)
    resized(page, "layers", 3)
    page.get_by_role("button", name="Download workbook").click()
    page.get_by_text(
        "This page's workbook is the one of layers 2, width_1 2: set that again"
    ).wait_for()
    resized(page, "layers", 2)
    with page.expect_download():
        page.get_by_role("button", name="Download workbook").click()


# --- what stays


def test_what_was_chosen_answered_and_unfolded_stays(page, file):
    opened(page, file, "#lock=seed&hide=chart-1")
    choose_step(page, "Slow")
    open_panel(page, "Predict, then reveal")
    page.get_by_role("textbox", name="Your answer to question 1").fill("0.5")
    page.get_by_role("button", name="Lock my answer").click()
    open_panel(page, "A and B")
    page.get_by_role("combobox", name="What differs in B").select_option("rate")
    page.get_by_role("textbox", name="Its value in B").fill("0.9")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("combobox", name="speed").select_option("60")
    page.get_by_text("Results").click()
    resized(page, "layers", 3)
    assert linked(page, "layers=3") == "#preset=2&layers=3&width_2=3&hide=chart-1&lock=seed"
    assert (
        page.get_by_role("slider", name="seed").is_disabled()
        and page.locator("[data-part='chart-1']").is_hidden()
    )
    assert page.locator(".gs-dot[aria-current]").get_attribute("aria-label") == "Slow"
    assert page.get_by_role("combobox", name="speed").input_value() == "60"
    assert cell(page, "output", 1).is_visible()
    assert "A has rate 0.01, B has 0.9" in page.locator(".gs-answer").nth(1).inner_text()
    page.get_by_role("button", name="Step", exact=True).click()
    losses = [values(tower(3), {"rate": rate}, 1)["loss"].item() for rate in (0.01, 0.9)]
    assert page.locator(".gs-compared td").all_inner_texts() == [f"{loss:.4f}" for loss in losses]
    page.get_by_role("button", name="To the start").click()
    page.get_by_role("button", name="Reveal", exact=True).click()
    assert "you said 0.5000" in page.locator(".gs-answer").first.inner_text()


def test_a_presentation_goes_on(page, file):
    opened(page, file)
    page.get_by_role("button", name="Present", exact=True).click()
    page.wait_for_function("document.fullscreenElement")
    page.get_by_role("button", name="layers up").click()
    has(page, "layers", 3)
    assert page.evaluate("Boolean(document.fullscreenElement.querySelector('[data-projector]'))")
    page.keyboard.press("r")
    has(page, "layers", 2)
    assert page.evaluate("Boolean(document.fullscreenElement.querySelector('[data-projector]'))")
    page.keyboard.press("Escape")
    page.wait_for_function(
        "!document.fullscreenElement && !document.querySelector('[data-projector]')"
    )


def test_the_control_stays_where_it_was_on_the_screen(page, file):
    opened(page, file)
    button = page.get_by_role("button", name="layers up")
    page.set_viewport_size({"width": 1280, "height": 300})
    button.scroll_into_view_if_needed()
    before = button.bounding_box()["y"]
    button.click()
    has(page, "layers", 3)
    assert abs(button.bounding_box()["y"] - before) < 2


# --- where Python makes the sheet

MODEL = """
const values = JSON.parse(START);
const heard = {};
const fire = (event, ...told) => [...(heard[event] || [])].forEach((hear) => hear(...told));
const take = (text) => {
    const { state, answers } = JSON.parse(text);
    const changed = Object.keys(state).filter((name) => JSON.stringify(state[name]) !== JSON.stringify(values[name]));
    Object.assign(values, state);
    for (const name of changed) fire(`change:${name}`);
    for (const answer of answers) fire("msg:custom", answer, []);
};
let told = {};
const model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = told[name] = value; fire(`change:${name}`); },
    on: (event, hear) => (heard[event] ||= new Set()).add(hear),
    off: (event, hear) => heard[event].delete(hear),
    save_changes: () => { python(JSON.stringify(told)).then(take); told = {}; },
    send: (content) => python(JSON.stringify(content)).then(take),
};
render({ model, el: document.body });
"""


def python_behind(page, widget: SheetWidget) -> str:
    """Its state, and its answers to what the page sends; returns the state at the start."""

    def state() -> dict:
        return json.loads(
            json.dumps(widget.get_state([*widget.sheet.inputs, "step", "_description"]))
        )

    def heard(text: str) -> str:
        told, answers = json.loads(text), []
        with mock.patch.object(widget, "send", lambda content, buffers: answers.append(content)):
            if "kind" in told:
                widget._answer(widget, told, [])
            else:
                widget.set_state(told)
        return json.dumps({"state": state(), "answers": answers})

    page.expose_function("python", heard)
    return json.dumps(state())


def test_where_python_makes_the_sheet_the_same_holds(page, tmp_path):
    widget = SheetWidget(tower())
    start = json.dumps(python_behind(page, widget))
    head = (
        '<!DOCTYPE html><meta charset="utf-8"><meta name="gradsheet-plotly"'
        f' content="{plotly_file().as_uri()}"><style>{style()}</style>'
    )
    source = f"{joined('widget')}\n{MODEL.replace('START', start)}"
    file = tmp_path / "live.html"
    file.write_text(f'{head}<body><script type="module">{source}</script>', encoding="utf-8")
    opened(page, file, "#rate=0.5&layers=3&width_2=3&step=2")
    has(page, "layers", 3)
    check_every_cell(page, tower(3), {"rate": 0.5}, 2)
    resized(page, "width_2", 2)  # no page without Python has it
    assert linked(page, "width_2=2") == "#rate=0.5&layers=3&width_2=2"
    assert widget.rate == 0.5 and widget.width_2 == 2
    page.get_by_role("button", name="Reset").click()
    has(page, "width_2", 3)
    page.wait_for_function("location.hash.endsWith('step=2')")
    check_every_cell(page, tower(3), {"rate": 0.5}, 2)
    page.evaluate("location.hash = 'layers=1'")
    has(page, "layers", 1)
    check_every_cell(page, tower(1), {})
