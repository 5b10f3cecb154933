"""Presenting, in a real browser: its keys, its type, and the notes of who teaches, in a window of
their own, which follow the page.
"""

from __future__ import annotations

import pytest
from example_sheets import descent
from pages import frame

from sheets import Sheet, SheetError, values
from sheets.language.formats import in_words
from sheets.library.linear_model import linear_model

OPENING = "Ask the back row for a guess.\nThe mse is {mse:.3f}."
AFAR = "Usual wrong answer: closer.\nSlope {a:.2f}, at rate {rate}."


def told() -> Sheet:
    s = descent()
    s.notes(OPENING)
    s.preset("From afar", "Further?", notes=AFAR, a=-4, b=-4)
    s.preset("From near", "Closer?", a=1, b=1)
    s.say("The mse is now {mse:.2f}.")
    return s


@pytest.fixture
def lesson(opened):
    page = opened(told)
    page.get_by_role("button", name="Present").click()
    return page


@pytest.fixture
def notes(lesson):
    with lesson.expect_popup() as opened:
        lesson.keyboard.press("s")
    return opened.value


def read(page) -> list[str]:
    frame(page)
    return page.locator("h1, p").all_inner_texts()


def test_the_notes_follow_the_page_and_the_class_does_not_see_them(lesson, notes):
    mse = values(told())["mse"][0, 0]
    opening = [
        "The opening, step 0",
        "Ask the back row for a guess.",
        f"The mse is {in_words(mse, '.3f')}.",
    ]
    assert read(notes) == [
        *opening,
        f"The mse is now {in_words(mse, '.2f')}.",
        "1. From afar",
        "Further?",
    ]
    lesson.keyboard.press("n")
    assert read(notes)[-2:] == ["1. From afar", "Further?"]  # it is asked, and nothing moved
    lesson.keyboard.press("n")
    lesson.keyboard.press(".")
    computed = values(told(), {"a": -4, "b": -4}, 1)
    now = [
        "1. From afar, step 1",
        "Usual wrong answer: closer.",
        f"Slope {in_words(computed['a'][0, 0], '.2f')}, at rate 0.1.",
    ]
    assert read(notes) == [
        *now,
        "Further?",
        f"The mse is now {in_words(computed['mse'][0, 0], '.2f')}.",
        "2. From near",
        "Closer?",
    ]
    assert "Usual wrong answer" not in lesson.locator("body").inner_text()
    assert float(notes.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) >= 20


def test_the_presentations_keys_work_in_the_notes_window(lesson, notes):
    for key in "nnnn.":
        notes.keyboard.press(key)
    assert read(notes)[:2] == ["2. From near, step 1", "There are no notes here."]
    assert "step 1" in lesson.locator(".gs-step").inner_text()
    notes.keyboard.press("r")
    assert read(notes)[0] == "The opening, step 0"


def test_the_presentation_goes_on_when_the_notes_open_and_they_leave_with_the_page(lesson, notes):
    frame(lesson)
    assert lesson.locator("[data-projector]").count() == 1
    with notes.expect_event("close"):
        lesson.reload()


@pytest.mark.parametrize("pressed", ["Present", "From near"])
def test_space_plays_though_a_button_has_the_focus(lesson, pressed):
    for _ in range(2):
        lesson.keyboard.press("n")
    lesson.get_by_role("button", name=pressed).focus()
    for shown in ("Pause", "Play"):
        lesson.keyboard.press("Space")
        assert lesson.locator(".gs-transport button").first.inner_text() == shown
    assert lesson.locator("[data-projector]").count() == 1
    assert lesson.get_by_role("button", name="From afar").get_attribute("aria-pressed") == "true"


def test_enter_presses_a_button_in_the_presentation_and_space_does_so_outside_it(lesson):
    for key, name in (("Enter", "From near"), ("Escape", "From near"), ("Space", "From afar")):
        lesson.get_by_role("button", name=name).focus()
        lesson.keyboard.press(key)
        assert lesson.get_by_role("button", name=name).get_attribute("aria-current") == "step"
    assert lesson.locator("[data-projector]").count() == 0


CHARTS_STAND = """() => [...document.querySelectorAll(".gs-stage .js-plotly-plot")].every((plot) => {
    const size = (node) => parseFloat(getComputedStyle(node).fontSize);
    const box = (what) => plot.querySelector(what).getBoundingClientRect();
    const tick = size(plot.querySelector(".xtick text"));
    return Math.abs(tick / size(plot) - 0.92) < 0.01 && box(".nsewdrag").height >= 110;
})"""


def test_the_charts_take_the_presentations_type_and_keep_their_room(opened):
    page = opened(linear_model)
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(CHARTS_STAND)
        # by a link: a window with the whole screen takes no other size
        page.evaluate("location.hash = 'mode=projector'")
        page.wait_for_selector("[data-projector]")
        page.wait_for_function(CHARTS_STAND)
        page.keyboard.press("Escape")
        page.wait_for_selector("[data-projector]", state="detached")
        page.evaluate("location.hash = ''")
    page.wait_for_function(CHARTS_STAND)


IN_VIEW = """() => [...document.querySelectorAll(
    ".gs-storybar, .gs-figures, .gs-stage .gs-plot, .gs-inplay, .gs-transport"
)].filter((node) => {
    const { top, bottom, width } = node.getBoundingClientRect();
    return width === 0 || top < 0 || bottom > innerHeight;
}).map((node) => node.className)"""


@pytest.mark.parametrize("whole_screen", [False, True])
def test_the_stage_fills_the_window_and_no_more(opened, whole_screen):
    page = opened(linear_model)
    page.set_viewport_size({"width": 1280, "height": 720})
    if whole_screen:
        page.get_by_role("button", name="Present").click()
    else:
        page.evaluate(
            "location.hash = 'mode=projector'"
        )  # a link: the browser gives the whole screen to clicks alone
    page.wait_for_selector("[data-projector]")
    page.wait_for_function(
        "(whole) => (document.fullscreenElement !== null) === whole", arg=whole_screen
    )
    frame(page)
    assert page.evaluate(IN_VIEW) == []


def test_a_browser_that_opens_no_window_is_told_of(page, opened):
    page.add_init_script("window.open = () => null")
    opened(told)
    assert (
        page.get_by_role("button", name="Speaker notes").count() == 0
    )  # a class has no use for it
    page.get_by_role("button", name="Present").click()
    page.get_by_role("button", name="Speaker notes").click()
    assert page.get_by_text("Allow pop-ups for this page, then press s again.").is_visible()


MISTAKES = {
    "a field": (
        lambda s: s.preset("P", notes="It is {mze:.2f}"),
        "there is no block 'mze'; did you mean mse",
    ),
    "a field of many": (
        lambda s: s.notes("It is {x:.2f}"),
        "the opening's notes: x is 3 x 1; only single numbers can be said",
    ),
    "a brace": (lambda s: s.notes("{"), "a brace that is no block is written twice"),
    "no text": (
        lambda s: s.preset("P", notes=["Say"]),
        "the notes of preset 'P': ['Say'] is no text",
    ),
    "no words": (lambda s: s.notes(" "), "the opening's notes: they need words"),
    "a second time": (
        lambda s: (s.notes("One"), s.notes("Two")),
        "the opening's notes: they are given already",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_notes_that_cannot_be(mistake):
    make, said = MISTAKES[mistake]
    with pytest.raises(SheetError) as caught:
        make(descent())
    assert said in str(caught.value)
