"""The page's state in a link: every state survives the round trip, and a damaged link changes
nothing without a word.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import engines
import numpy as np
import pytest
from example_sheets import network
from examples import BOUNDED, bounded
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pages import cell, check_every_cell, choose_step, frame, open_panel

from sheets import Sheet, values
from sheets.language.blocks import Size
from sheets.library.line_fit import line_fit
from sheets.library.log_loss import log_loss
from widgets.description import description
from widgets.front_end import FOLDER, enclosed

SHEETS = {"log_loss": log_loss(), "network": network()}
DESCRIPTIONS = {name: description(sheet) for name, sheet in SHEETS.items()}
MODULES = enclosed(FOLDER / "engine" / "state.js", FOLDER / "engine" / "address.js")
ROUND_TRIP = """
(({ State }, { linkOf, readLink }, description, preset, inputs, step, address) => {
    const written = ([name, x]) => [name, Array.from(x, String)];
    const told = (state) => JSON.stringify([Object.entries(state.program.blocks).map(written), state.step]);
    const state = new State(description);
    state.setInputs(inputs, step);
    const link = address ?? linkOf(state, preset, { hide: ["clip"] }, state.sizes);
    const found = readLink(description, "#" + link);
    const again = new State(description);
    again.setInputs(found.inputs, found.step);
    const { refused, looks, preset: chosen } = found;
    return JSON.stringify({ link, refused, looks, preset: chosen, before: told(state), after: told(again) });
})"""


def round_trip(
    sheet: str,
    inputs: dict[str, Any],
    step: int = 0,
    preset: int | None = None,
    address: str | None = None,
) -> dict:
    flat = {
        name: None if x is None else np.asarray(x, dtype=float).ravel().tolist()
        for name, x in inputs.items()
    }
    arguments = ", ".join(json.dumps(x) for x in (DESCRIPTIONS[sheet], preset, flat, step, address))
    return json.loads(
        engines.in_v8(f"{MODULES}\n{ROUND_TRIP}(engine_state, engine_address, {arguments})")
    )


def numbers(block) -> st.SearchStrategy[float]:
    if block.whole:
        return st.integers(int(block.low), int(block.high)).map(float)
    return st.floats(block.low, block.high, allow_nan=False, allow_infinity=False)


@st.composite
def states(draw) -> tuple[str, dict, int, int | None]:
    name = draw(st.sampled_from(sorted(SHEETS)))
    sheet: Sheet = SHEETS[name]
    rows = draw(st.integers(1, 12))
    inputs: dict[str, Any] = {}
    data = [
        block.name
        for block in sheet.inputs.values()
        if sheet.rows and block.shape[0] == sheet.rows and block.value is not None
    ]
    for block in sheet.inputs.values():
        count = rows if block.name in data else int(block.shape[0])
        if isinstance(block, Size) or (block.name not in data and draw(st.booleans())):
            continue
        if block.expr is not None and draw(st.booleans()):
            inputs[block.name] = None
            continue
        low, high = (
            (-1e9 if block.low is None else block.low),
            (1e9 if block.high is None else block.high),
        )
        cells = (
            st.integers(int(low), int(high)).map(float)
            if block.whole
            else st.floats(low, high, allow_nan=False)
        )
        inputs[block.name] = draw(
            st.lists(
                cells, min_size=count * int(block.shape[1]), max_size=count * int(block.shape[1])
            )
        )
    preset = draw(st.none() | st.integers(0, len(sheet.presets) - 1)) if sheet.presets else None
    return name, inputs, draw(st.integers(0, 4)) if sheet.carried else 0, preset


@bounded(200)
@given(states())
@example(("log_loss", {"clip": [5e-324]}, 0, None))
@example(("log_loss", {"nudge": [1e-7], "is_cat": [1.0], "prediction": [0.1 + 0.2]}, 0, 3))
def test_every_state_survives_the_round_trip(state):
    name, inputs, step, preset = state
    found = round_trip(name, inputs, step, preset)
    assert found["refused"] == []
    assert found["before"] == found["after"], found["link"]
    assert found["preset"] == preset
    assert found["looks"] == {"hide": ["clip"]}


def test_only_what_differs_is_written_and_a_person_can_read_it():
    assert round_trip("log_loss", {})["link"] == "hide=clip"
    assert (
        round_trip("log_loss", {"clip": [0.05], "is_cat": [1, 0], "prediction": [0.9, 0.2]})["link"]
        == "clip=0.05&is_cat=1,0&prediction=0.9,0.2&hide=clip"
    )
    assert round_trip("network", {"first": np.arange(9).reshape(3, 3)}, 2)["link"].startswith(
        "first=0,1,2;3,4,5;6,7,8&step=2"
    )


DAMAGED = {
    "nonsense": "there is no input 'nonsense' here",
    "clip=": "clip is empty; it must be a number from 0 to 0.4",
    "clip=7": "clip is 7; it must be a number from 0 to 0.4",
    "clip=1e999": "clip is '1e999'; it must be a number from 0 to 0.4",
    "clip=0.1,0.2": "clip has another number of rows or columns",
    "clip=%E0%A4%A": "clip is damaged",
    "prediction=0.5": "is_cat and prediction must have the same number of rows",
    "prediction=0.5,x,1,0,0": "prediction row 2 is 'x'; it must be a number from 0 to 1",
    "is_cat=1,0.5,0,0,0": "is_cat row 2 is 0.5; it must be a whole number from 0 to 1",
    "preset=99": f"preset is '99'; it must be a whole number from 1 to {len(log_loss().presets)}",
    "step=3": "step is '3', but this sheet takes no steps",
    "constructor=1": "there is no input 'constructor' here",
    "__proto__=1": "there is no input '__proto__' here",
    "loss_mean=1": "there is no input 'loss_mean' here",
    "clip=formula": "clip is 'formula'; it must be a number from 0 to 0.4",
}


@pytest.mark.parametrize("part", DAMAGED)
def test_a_damaged_part_is_left_out_and_named_and_the_rest_holds(part):
    found = round_trip("log_loss", {"nudge": [0.001]}, address=f"{part}&nudge=0.001")
    assert found["refused"] == [DAMAGED[part]]
    assert found["before"] == found["after"]


@settings(BOUNDED)
@given(st.text(max_size=60))
def test_no_address_breaks_the_page(text):
    assert isinstance(round_trip("log_loss", {}, address=text)["refused"], list)


def test_parts_of_other_sheets_are_left_alone():
    found = round_trip("log_loss", {"clip": [0.1]}, address="momentum.clip=9&log_loss.clip=0.1")
    assert found["refused"] == [] and found["before"] == found["after"]


def test_a_step_that_no_run_has_is_named():
    found = round_trip("network", {}, address="step=-1")
    assert found["refused"] == ["step is '-1'; it must be a whole number from 0 to 100000"]


SLICES = """
(({ State }, description) => {
    const state = new State(description);
    state.patience = 0;
    state.goTo(7);
    const told = [[state.step, state.goal]];
    state.setCell("%s", 0, 0, %s);
    told.push([state.step, state.goal]);
    while (state.goal !== null) state.goOn();
    const numbers = Array.from(state.program.blocks.%s);
    state.goTo(0);
    state.goTo(9);
    state.halt();
    return JSON.stringify([...told, numbers, [state.step, state.goal]]);
})"""


def test_a_long_run_is_computed_in_slices_to_the_same_numbers():
    s = line_fit()
    told = json.dumps(description(s))
    source = SLICES % ("learning_rate", 0.02, "a")
    first, changed, slopes, halted = json.loads(
        engines.in_v8(f"{MODULES}\n{source}(engine_state, {told})")
    )
    assert (first, changed, halted) == ([1, 7], [1, 7], [1, None])
    expected = values(s, {"learning_rate": 0.02}, steps=7)["a"].ravel()
    assert slopes == pytest.approx(expected.tolist(), rel=1e-12)


# --- in the browser


@pytest.fixture
def file(page_file) -> Path:
    return page_file(log_loss)


def opened(page, file, address: str):
    page.goto("about:blank")
    page.goto(file.as_uri() + address)
    page.wait_for_selector(".js-plotly-plot >> nth=1", state="attached")
    return page


def test_the_address_follows_the_page_and_brings_it_back(page, file):
    opened(page, file, "")
    choose_step(page, "Clip at 0.05")
    page.get_by_role("textbox", name="clip").fill("0.03")
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#preset=5&clip=0.03'")
    address = page.evaluate("location.hash")
    opened(page, file, address)
    expected = {**log_loss().presets[4].inputs, "clip": 0.03}
    check_every_cell(page, log_loss(), expected)
    page.reload()
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    check_every_cell(page, log_loss(), expected)


def test_reset_leads_back_to_the_link_and_not_to_the_sheet(page, file):
    opened(page, file, "#clip=0.2")
    choose_step(page, "Clip at 0.05")
    page.wait_for_function("location.hash === '#preset=5'")
    page.reload()  # goes on where it was, and still knows its link
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    assert cell(page, "row_count").inner_text() == "40"
    page.get_by_role("button", name="Reset").click()
    check_every_cell(page, log_loss(), {"clip": 0.2})


def test_what_was_left_out_is_said(page, file):
    opened(page, file, "#clip=9&nudge=0.001")
    assert page.locator(".gs-refusal p").all_inner_texts() == [
        "The link's clip is 9; it must be a number from 0 to 0.4. It was left out."
    ]
    check_every_cell(page, log_loss(), {"nudge": 0.001})


def test_a_class_sees_what_its_link_shows_and_changes_what_it_leaves_open(page, file):
    opened(
        page,
        file,
        "#hide=presets,chart-2,group-3,compare,loss_product,model_accuracy&lock=prediction,clip",
    )
    assert page.get_by_role("button", name="Five rows").count() == 0
    assert page.locator("[data-part='chart-2']").is_hidden()
    assert page.locator("[data-part='chart-1']").is_visible()
    third = log_loss().groups[2].title
    assert (
        page.get_by_role("heading", name=third).count()
        == page.get_by_role("button", name="A and B").count()
        == 0
    )
    assert cell(page, "loss_product").is_hidden() and cell(page, "loss_if").is_visible()
    assert page.get_by_role("slider", name="model_accuracy").count() == 0
    assert page.get_by_role("slider", name="clip", exact=True).is_disabled()
    cell(page, "prediction").dblclick()
    assert page.locator(".gs-editing").count() == 0
    assert "locked" in page.locator(".gs-message").inner_text()
    assert page.get_by_role("button", name="Add row").is_disabled()
    cell(page, "is_cat").dblclick()
    assert page.locator(".gs-editing").count() == 1


def test_a_lock_holds_against_all_but_the_link(page, file):
    opened(page, file, "#lock=prediction,clip")
    for step in ("Clip at 0.05", "Five rows"):  # another clip, other rows
        choose_step(page, step)
        check_every_cell(page, log_loss(), {})
    open_panel(page, "A and B")
    page.get_by_label("What differs in B").select_option("clip")
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("is locked in this link").wait_for()
    page.evaluate("location.hash = '#clip=0.05&lock=clip'")
    wait_for_clip = "document.querySelector('input[type=text][aria-label=clip]').value === '0.05'"
    page.wait_for_function(wait_for_clip)
    check_every_cell(page, log_loss(), {"clip": 0.05})


def test_no_key_walks_a_story_that_is_hidden(page, file):
    opened(page, file, "#hide=presets")
    page.get_by_role("button", name="Present").click()
    for key in ("n", "n", "PageDown", "p"):
        page.keyboard.press(key)
    check_every_cell(page, log_loss(), {})


def test_the_builder_makes_such_a_link(page, file):
    opened(page, file, "")
    open_panel(page, "A link for a class")
    page.get_by_role("group", name="Hide from the class").get_by_role(
        "checkbox", name="The story"
    ).check()
    page.get_by_role("group", name="Show, but lock").get_by_role(
        "checkbox", name="clip", exact=True
    ).check()
    assert page.evaluate("location.hash") == "#hide=presets&lock=clip"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("The link is copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").endswith("#hide=presets&lock=clip")


# --- presenting


def test_every_key_of_the_presentation(page, file):
    opened(page, file, "")
    page.get_by_role("button", name="Present").click()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.gs-sentences')).fontSize")
        >= "22px"
    )
    for key in ("n", "ArrowRight", "PageDown", " "):  # the question and the move of two steps
        page.keyboard.press(key)
    check_every_cell(page, log_loss(), log_loss().presets[1].inputs)
    page.keyboard.press("p")
    check_every_cell(page, log_loss(), log_loss().presets[0].inputs)
    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("what comes next in the story").is_visible()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").count() == 0
    page.keyboard.press("z")
    assert page.locator(".gs-zoomed").count() == 1
    page.keyboard.press("z")
    assert page.locator(".gs-zoomed").count() == 0
    page.keyboard.press("r")
    frame(page)
    assert cell(page, "row_count").inner_text() == "5"
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('[data-projector]')")
    assert np.isclose(
        float(cell(page, "loss_mean").inner_text()),
        values(log_loss())["loss_mean"][0, 0],
        atol=1e-4,
    )


def test_a_link_of_any_number_of_parts_is_read(page, file):
    opened(page, file, "#" + "&".join(["no=1"] * 250_000) + "&clip=0.2&hide=nothing")
    page.wait_for_function("document.querySelector('.gs-refusal').textContent")
    said = page.locator(".gs-share ~ .gs-refusal, article > .gs-refusal").first.inner_text()
    assert "there is no input 'no' here" in said and "249991 more parts" in said
    assert page.get_by_label("clip", exact=True).first.input_value() == "0.2"


def test_a_long_way_shows_where_it_stands_and_can_be_stopped(page, page_file):
    # The page presses its own Stop as soon as it stands: a hand might come when the way is done.
    page.add_init_script(
        """new MutationObserver((_, watching) => {
          const stop = [...document.querySelectorAll("button")].find(
            (button) => button.textContent === "Stop" && button.checkVisibility());
          if (!stop) return;
          watching.disconnect();
          stop.click();
        }).observe(document, { childList: true, subtree: true, attributes: true });"""
    )
    page.goto(page_file(line_fit).as_uri() + "#step=100000")
    label = page.locator(".gs-step output")
    page.wait_for_function("!document.querySelector('.gs-step').textContent.includes(' of ')")
    step = int(label.inner_text().removeprefix("step "))
    assert 0 < step < 100_000
    page.wait_for_function(f"location.hash === '#step={step}'")
