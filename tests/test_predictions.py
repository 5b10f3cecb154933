"""Predict, then reveal: an answer that is locked, the page's own beside it, and the gap."""

from __future__ import annotations

import numpy as np
import pytest
from example_sheets import descent
from library_sheets import SHEETS
from pages import cell, drag, fitted, frame, open_panel, place
from playwright.sync_api import expect
from quick import few_when_quick

from sheets import Sheet, SheetError, values
from sheets.language.formats import shown, written

STEPS = 10


def asked() -> Sheet:
    s = descent()
    s.preset("From afar", "Further?", a=-4, b=-4)
    s.predict(
        "What is the mse after ten steps?", "mse", "From {mse:.2f} on it falls slower.", steps=STEPS
    )
    s.predict(
        "How does the loss fall?",
        "mse",
        "It is at {mse:.3f} now.",
        0.2,
        steps=STEPS,
        preset="From afar",
    )
    s.predict(
        "Draw the line after ten steps.",
        "line",
        "Slope {a:.2f}, intercept {b:.2f}.",
        0.05,
        steps=STEPS,
    )
    s.predict("Draw what is drawn.", "drawn", "Nothing is.", 0.05)
    return s


@pytest.fixture
def lesson(opened):
    page = opened(asked)
    open_panel(page, "Predict, then reveal")
    return page


def card(page, k: int):
    return page.locator(f".gs-prediction[data-question='{k + 1}']")


def press(page, k: int, name: str) -> None:
    card(page, k).get_by_role("button", name=name).click()
    frame(page)


def answer(page, k: int) -> str:
    return card(page, k).locator(".gs-answer").inner_text()


def test_a_number_is_locked_and_then_compared(lesson):
    truth = values(asked(), steps=STEPS)["mse"][0, 0]
    card(lesson, 0).get_by_role("textbox").fill(f"{truth * 1.05:.6f}")
    press(lesson, 0, "Lock my answer")
    assert card(lesson, 0).get_by_role("textbox").is_disabled()
    assert "step 0" in lesson.locator(".gs-step").inner_text()  # nothing runs before it is revealed
    press(lesson, 0, "Reveal")
    assert f"step {STEPS}" in lesson.locator(".gs-step").inner_text()
    assert answer(lesson, 0).startswith("Right: you said ")
    assert f"From {truth:.2f} on it falls slower." in answer(lesson, 0)
    press(lesson, 0, "Again")
    assert answer(lesson, 0) == "" and card(lesson, 0).get_by_role("textbox").is_enabled()


@pytest.mark.parametrize(
    ("typed", "said"),
    [("99", "Not quite: you said 99, it is "), ("inf", "Not quite: you said infinite, it is ")],
)
def test_a_wrong_number_is_told_its_gap(lesson, typed, said):
    card(lesson, 1).get_by_role("textbox").fill(typed)
    press(lesson, 1, "Lock my answer")
    press(lesson, 1, "Reveal")
    assert answer(lesson, 1).startswith(said)
    truth = values(asked(), {"a": -4, "b": -4}, STEPS)["mse"][0, 0]
    assert f"It is at {truth:.3f} now." in answer(lesson, 1)


@pytest.mark.parametrize("typed", ["", "two", "1,5"])
def test_what_is_no_number_is_not_locked(lesson, typed):
    card(lesson, 0).get_by_role("textbox").fill(typed)
    press(lesson, 0, "Lock my answer")
    assert answer(lesson, 0) == "Type a number, or the word infinite."
    assert card(lesson, 0).get_by_role("textbox").is_enabled()


def handle(page, k: int):
    return page.get_by_role("slider", name="Your prediction of y at ").nth(k)


def pull(page, k: int, x: float, y: float) -> None:
    box = handle(page, k).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*place(page, 0, x, y), steps=4)
    page.mouse.up()


def push(page, k: int, x: float, y: float) -> None:
    """A hundredth of the axis, which is 10 high, with each key."""
    handle(page, k).focus()
    away = y - float(handle(page, k).get_attribute("aria-valuenow"))
    for _ in range(round(abs(away) / 0.1)):
        page.keyboard.press("ArrowUp" if away > 0 else "ArrowDown")


@pytest.mark.parametrize(
    ("move", "lift", "verdict"),
    [(pull, 0.0, "Right"), (push, 0.0, "Right"), (pull, 1.0, "Not quite")],
)
def test_a_line_is_moved_by_its_handles_and_compared(lesson, move, lift, verdict):
    computed = values(asked(), steps=STEPS)
    press(lesson, 2, "Draw it")
    fitted(lesson)
    for k, x in enumerate((0.0, 2.0)):  # a sixth of its way from each end
        move(lesson, k, x, (computed["a"] * x + computed["b"]).item() + lift)
    frame(lesson)
    press(lesson, 2, "Lock my drawing")
    assert handle(lesson, 0).count() == 0
    press(lesson, 2, "Reveal")
    assert answer(lesson, 2).startswith(f"{verdict}: your drawing is ")
    away = float(answer(lesson, 2).split("your drawing is ")[1].split("%")[0])
    assert np.isclose(away, 100 * lift / 10, atol=1.5)  # the axis is 10 high
    press(lesson, 2, "Again")
    lesson.wait_for_timeout(300)
    assert "your prediction" not in lesson.locator(".gs-key").first.text_content()


def stroke(page) -> None:
    drag(page, 3, (-0.5, 2), (2.5, 2))
    assert [
        float(handle(page, k).get_attribute("aria-valuenow")) for k in (0, 4, 8)
    ] == pytest.approx([0, 2, 0], abs=0.1)


def keys(page) -> None:
    for k in range(9):
        handle(page, k).focus()
        page.keyboard.press("PageUp")
        page.keyboard.press("PageUp")


@pytest.mark.parametrize("draw", [stroke, keys])
def test_a_curve_is_drawn_by_a_stroke_or_by_keys(lesson, draw):
    press(lesson, 3, "Draw it")
    fitted(lesson)
    draw(lesson)
    frame(lesson)
    press(lesson, 3, "Lock my drawing")
    press(lesson, 3, "Reveal")
    away = float(answer(lesson, 3).split("your drawing is ")[1].split("%")[0])
    assert np.isclose(away, 20, atol=1)  # 2 above 0, on an axis from -5 to 5


@pytest.mark.parametrize("height", [700, 900])
def test_the_chart_that_is_drawn_on_is_whole_in_view(lesson, height):
    lesson.set_viewport_size({"width": 1280, "height": height})
    for k, chart in ((2, "chart-1"), (3, "chart-4")):
        press(lesson, k, "Draw it")
        plot = lesson.locator(f"[data-part='{chart}'] .gs-plot").bounding_box()
        assert plot["height"] > 150
        assert plot["y"] >= 0
        assert plot["y"] + plot["height"] <= height


@pytest.mark.parametrize("question", [0, 1])
def test_who_has_no_answer_gives_up_and_is_told(lesson, question):
    inputs = {"a": -4, "b": -4} if question else {}
    truth = values(asked(), inputs, STEPS)["mse"][0, 0]
    press(lesson, question, "Give up")
    assert answer(lesson, question).startswith(f"It is {shown(truth, 'g')}.")
    assert f"step {STEPS}" in lesson.locator(".gs-step").inner_text()


def held_back() -> Sheet:
    s = descent()
    s.say("The mse is {mse:.2f}.")
    s.predict("How large is the mse?", "mse", "It is {mse:.2f}.")
    return s


def test_what_is_asked_of_the_page_as_it_stands_is_held_back_until_it_is_answered(opened):
    page = opened(held_back)
    told = page.locator(".gs-sentences p").first
    assert told.inner_text() == "The mse is ?."
    assert cell(page, "mse").inner_text() == "?"
    assert "?" in page.locator(".gs-figures").inner_text()
    press(page, 0, "Give up")
    truth = values(held_back())["mse"][0, 0]
    assert told.inner_text() == f"The mse is {truth:.2f}."
    assert cell(page, "mse").inner_text() == shown(truth, "g")
    assert "?" not in page.locator(".gs-figures").inner_text()


def test_drawing_moves_no_point_and_adds_none(lesson):
    press(lesson, 2, "Draw it")
    fitted(lesson)
    drag(lesson, 0, (1, 2), (2, 0))
    lesson.mouse.click(*place(lesson, 0, 2.5, -3))
    frame(lesson)
    assert lesson.locator("td[data-block='x']").count() == 3
    assert lesson.locator("td[data-block='y'][data-row='1']").inner_text() == "2"


def test_a_locked_answer_is_revealed_by_key_in_the_presentation(lesson):
    card(lesson, 0).get_by_role("textbox").fill("1")
    press(lesson, 0, "Lock my answer")
    lesson.get_by_role("button", name="Present").click()
    lesson.keyboard.press("a")
    frame(lesson)
    assert "you said 1, it is" in answer(lesson, 0)


MISTAKES = {
    "a block of many": (
        lambda s: s.predict("?", "prediction", "."),
        "is 3 x 1; a reader types one number",
    ),
    "nothing": (
        lambda s: s.predict("?", "lime", "."),
        "'lime' is no block and no chart's series; did you mean line",
    ),
    "a tolerance": (
        lambda s: s.predict("?", "mse", ".", 2),
        "the tolerance is a part, between 0 and 1",
    ),
    "a preset": (lambda s: s.predict("?", "mse", ".", preset="none"), "there is no preset 'none'"),
    "a reason of many": (
        lambda s: s.predict("?", "mse", "{x:.2f}"),
        "only single numbers can be said",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_question_that_cannot_be(mistake):
    make, said = MISTAKES[mistake]
    with pytest.raises(SheetError) as caught:
        make(asked())
    assert said in str(caught.value)


@pytest.mark.parametrize("name", few_when_quick(SHEETS))
def test_every_lesson_asks_and_its_answers_are_finite_words(name):
    sheet = SHEETS[name]()
    assert len(sheet.predictions) >= 2
    for asked_for in sheet.predictions:
        inputs = {} if asked_for.preset is None else sheet.presets[asked_for.preset].inputs
        computed = values(sheet, inputs, min(asked_for.steps, 150))
        said = written(asked_for.reason, computed)
        assert "{" not in asked_for.question + said and "undefined" not in said
        if asked_for.block:
            assert not np.isnan(computed[asked_for.block][0, 0])
        else:
            curve = sheet.charts[asked_for.chart].series[asked_for.series]
            along = computed[curve.x].ravel() if not curve.steps else np.zeros(1)
            assert (np.diff(along) >= 0).all()  # a drawing is one height for each x


def test_a_card_without_a_run_keeps_back_its_numbers_until_its_move(opened):
    """Or until the reader tries for himself."""
    page = opened(SHEETS["softmax"])
    step = "Two classes"
    seen = page.locator(".gs-figures dd")
    said = page.locator(".gs-words > .gs-sentences")
    move = page.locator(".gs-move")
    page.get_by_role("button", name=step, exact=True).click()
    frame(page)
    assert seen.all_inner_texts() == ["?", "?"]
    assert not said.is_visible()
    move.click()
    frame(page)
    truth = shown(values(SHEETS["softmax"]())["two_loss_mean"][0, 0], ".4f")
    assert seen.all_inner_texts() == [truth, truth]
    assert said.is_visible()
    page.get_by_role("button", name=step, exact=True).click()
    frame(page)
    assert seen.all_inner_texts() == ["?", "?"]
    page.locator(".gs-inplay .gs-slider").first.press("ArrowRight")
    frame(page)
    frame(page)
    assert "?" not in "".join(seen.all_inner_texts())


def test_a_picture_that_a_card_asks_about_is_empty_until_its_move(opened):
    page = opened(SHEETS["convolution"])
    page.get_by_role("button", name="Three tables for colour", exact=True).click()
    frame(page)
    picture = page.locator("[data-picture='colour_map'] table")
    assert not picture.is_visible()
    assert page.locator("[data-picture='red'] table").is_visible()
    page.locator(".gs-move").click()
    frame(page)
    assert picture.is_visible()


def test_a_card_with_a_run_keeps_back_what_it_asks_about_until_the_run(opened):
    page = opened(SHEETS["convolution"])
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="The window slides", exact=True).click()
    frame(page)
    picture = page.locator("[data-picture='conv_1'] table")
    assert not picture.is_visible()
    page.locator(".gs-move").click()
    expect(picture).to_be_visible()


def test_on_a_phone_another_card_begins_at_its_first_chart(opened):
    page = opened(SHEETS["line_fit"])
    page.set_viewport_size({"width": 390, "height": 844})
    charts = page.locator(".gs-stage .gs-charts")
    for step in ("Batches of 10, with noise", "All points at one x"):
        page.get_by_role("button", name=step, exact=True).click()
        fitted(page)
    assert charts.evaluate("(node) => node.scrollLeft") == 0


def test_a_card_with_a_run_asks_where_its_run_starts(opened):
    page = opened(SHEETS["descent"])
    page.get_by_role("button", name="Let it walk", exact=True).click()
    frame(page)
    page.get_by_role("button", name="Too small: 0.001", exact=True).click()
    frame(page)
    assert page.locator(".gs-inplay .gs-field").first.input_value() == "0.001"
    start = values(SHEETS["descent"]())
    figures = page.locator(".gs-figures dd").all_inner_texts()
    assert [float(text) for text in figures] == [start[name][0, 0] for name in ("x", "loss")]
    assert page.locator(".gs-move").inner_text() == "Let it run"


def test_after_an_answer_the_run_of_the_card_can_go_on(opened):
    page = opened(SHEETS["descent"])
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Let it walk", exact=True).click()
    page.locator(".gs-card").get_by_role("button", name="Give up").click()
    frame(page)
    assert page.locator(".gs-step output").inner_text() == "step 5"
    assert not page.locator(".gs-happened").inner_text()
    page.locator(".gs-move").click()
    frame(page)
    assert page.locator(".gs-step output").inner_text() == "step 30"
    assert page.locator(".gs-happened").inner_text()
    assert not page.locator(".gs-move").is_visible()


def test_who_steps_by_himself_makes_the_move_of_a_card_with_a_run(opened):
    page = opened(SHEETS["descent"])
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Let it walk", exact=True).click()
    page.get_by_role("button", name="Step", exact=True).click()
    frame(page)
    frame(page)
    assert page.locator(".gs-stage[data-asking]").count() == 0
    page.locator(".gs-move").click()
    frame(page)
    assert page.locator(".gs-step output").inner_text() == "step 30"
    assert page.locator(".gs-happened").inner_text()


def test_a_chart_keeps_back_what_the_card_asks(opened):
    """A question about a number of the start keeps that back too, before the run."""
    page = opened(SHEETS["softmax"])
    bars = page.locator(".gs-stage .gs-plot .point path, .gs-stage .gs-plain .gs-bar")
    page.get_by_role("button", name="Five numbers, five shares", exact=True).click()
    fitted(page)
    assert bars.count() == 0
    page.locator(".gs-move").click()
    fitted(page)
    assert bars.count() > 0
    page = opened(SHEETS["matmul_stack"])
    page.get_by_role("button", name="The lecture's 2/(in + out)", exact=True).click()
    frame(page)
    assert page.locator(".gs-figures dd").all_inner_texts() == ["?", "?"]
