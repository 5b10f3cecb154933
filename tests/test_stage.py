"""The stage: what a step of a lesson uses is in view together, measured in the real browser.

A lesson's page is opened once; its tests follow each other in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import watch
from pages import FITTED, SIDEWAYS, fitted, frame

from lessons.course import sheet_lessons
from sheets.library.catalogue import sheet_named

MOST_WORDS = 120
LARGEST_TOP = 200  # pixels above the first chart
LEAST_DRAWN = 0.35  # of the first view
# In a presentation:
LEAST_TYPE = 24  # pixels
LEAST_SHOWN = 0.45  # of the view, by what the step is about
PROJECTORS = ((1280, 720), (1920, 1080))

# What of the present step is not whole in the window, by name.
OUT_OF_VIEW = """() => {
    const stage = document.querySelector(".gs-stage");
    const whole = (node) => {
        const { left, right, top, bottom, width, height } = node.getBoundingClientRect();
        const within = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
        return !width || !height || within;
    };
    const parts = {
        story: ".gs-storybar button", question: ".gs-card > p", move: ".gs-move",
        control: ".gs-inplay .gs-control", number: ".gs-figures > div",
        chart: ".gs-plot", picture: "[data-picture]",
        cells: ".gs-cells thead th", selected: ".gs-cells .gs-selected",
        formula: ".gs-bar .gs-formulabar",
        play: ".gs-transport button", sentence: ".gs-words > .gs-sentences",
    };
    const words = stage.querySelector(".gs-words");
    const scrolls = words.scrollHeight > words.clientHeight + 1 ? ["words that scroll"] : [];
    return scrolls.concat(Object.entries(parts).flatMap(([name, selector]) =>
        [...stage.querySelectorAll(selector)].filter((node) => !whole(node)).map(() => name)));
}"""

# The share of the view that the step's charts or pictures take; where it has neither, its cells.
SHOWN = """() => {
    const area = (selector) =>
        [...document.querySelectorAll(`.gs-stage ${selector}`)].reduce((sum, node) => {
            const { width, height } = node.getBoundingClientRect();
            return sum + (width * height) / (innerWidth * innerHeight);
        }, 0);
    return area(".gs-chart") + area(".gs-pictures") || area(".gs-cells");
}"""

FIRST_VIEW = """() => {
    const plots = [...document.querySelectorAll(".gs-stage :is(.gs-plot, [data-picture])")];
    const boxes = plots.map((plot) => plot.getBoundingClientRect());
    const area = boxes.reduce((sum, { width, height }) => sum + width * height, 0);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let words = 0;
    while (walker.nextNode()) {
        const { currentNode: text } = walker;
        if (text.parentElement.closest("svg, script, style, noscript, math, .gs-picture")) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const { width, top, bottom } = range.getBoundingClientRect();
        if (width > 2 && bottom > 0 && top < innerHeight)
            words += text.textContent.trim().split(/\\s+/).filter(Boolean).length;
    }
    return {
        top: Math.min(...boxes.map(({ top }) => top)),
        drawn: area / (innerWidth * innerHeight),
        settings: document.querySelectorAll(".gs-inplay .gs-control").length,
        words,
    };
}"""

# Whether Back and Next end before the page's actions begin.
APART = """() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const [way, actions] = [box(".gs-way"), box(".gs-stage .gs-actions")];
    return way.right <= actions.left || way.bottom <= actions.top || actions.bottom <= way.top;
}"""

SMALLEST_TYPE = """() => Math.min(...[...document.querySelectorAll(
    "[data-projector] :is(.gs-card > p, .gs-sentences p, .gs-figures dt, .gs-inplay .gs-name)"
)].filter((node) => node.textContent).map((node) => parseFloat(getComputedStyle(node).fontSize)))"""


# The introduction, then each step of the story, its question asked and its move made but nothing
# played: what is then not whole in view, and the share of it that shows something.
WALK = f"""async () => {{
    const outOfView = {OUT_OF_VIEW};
    const shown = {SHOWN};
    const settings = () => stage.querySelectorAll(".gs-inplay .gs-control").length;
    const fitted = {FITTED};
    const next = (then) => requestAnimationFrame(then);
    const frame = () => new Promise((done) => next(() => next(done)));
    const drawn = async () => {{
        do await frame(); while (!fitted());
        await frame();
    }};
    const stage = document.querySelector(".gs-stage");
    const click = (selector) => stage.querySelector(selector)?.click();
    const seen = [];
    for (const [k, dot] of stage.querySelectorAll(".gs-dot").entries()) {{
        dot.click();
        await drawn();
        seen.push([dot.title, "asked", outOfView(), shown()]);
        if (!k) continue;
        if (stage.querySelector(".gs-move").checkVisibility()) click(".gs-move");
        click('.gs-transport [aria-label="To the start"]');
        await drawn();
        seen.push([dot.title, "moved", outOfView(), shown(), settings()]);
    }}
    return seen;
}}"""


@pytest.fixture(scope="module", params=sheet_lessons())
def standing(request, browser, lesson_file) -> Iterator:
    """The lesson's name and its page."""
    name = request.param
    context, complaints = browser.new_context(), []
    page = context.new_page()
    watch(page, complaints)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(lesson_file(name).as_uri())
    page.wait_for_selector(".gs-stage :is(.js-plotly-plot, [data-picture])")
    yield name, page
    context.close()
    assert not complaints, "\n".join(complaints)


def sized(page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    fitted(page)


def test_the_first_view_is_of_the_chart_and_what_moves_it(standing):
    _, page = standing
    sized(page, 1280, 720)
    seen = page.evaluate(FIRST_VIEW)
    assert seen["top"] <= LARGEST_TOP
    assert seen["drawn"] >= LEAST_DRAWN
    assert 1 <= seen["settings"] <= 3
    assert seen["words"] <= MOST_WORDS
    assert page.evaluate(OUT_OF_VIEW) == []


def test_on_a_phone_chart_sentence_and_control_share_a_view(standing):
    _, page = standing
    sized(page, 390, 844)
    page.locator(".gs-figures").first.evaluate("(node) => node.scrollIntoView()")
    frame(page)
    for part in (
        ":is(.gs-plot, [data-picture])",
        ".gs-words > .gs-sentences p",
        ".gs-inplay .gs-slider, .gs-inplay select",
    ):
        box = page.locator(f".gs-stage :is({part})").first.bounding_box()
        assert box["y"] >= -1
        assert box["y"] + box["height"] <= 844


# Of each card, its question asked: what of the question, its buttons, and the chart or picture
# does not stand between the card's top and the transport.
ASKED_ON_A_PHONE = f"""async () => {{
    const fitted = {FITTED};
    const next = (then) => requestAnimationFrame(then);
    const stage = document.querySelector(".gs-stage");
    const parts = [
        ".gs-card > .gs-ask", ".gs-card .gs-prediction p", ".gs-card button",
        ".gs-charts > :first-child .gs-plot", "[data-picture]",
    ];
    const seen = [];
    for (const dot of stage.querySelectorAll(".gs-dot")) {{
        dot.click();
        do await new Promise((done) => next(() => next(done))); while (!fitted());
        stage.querySelector(".gs-card").firstElementChild.scrollIntoView();
        stage.querySelector(".gs-storybar").scrollIntoView();
        const transport = stage.querySelector(".gs-transport");
        const end = transport ? transport.getBoundingClientRect().top : innerHeight;
        const hidden = parts.filter((part) =>
            [...stage.querySelectorAll(part)].some((node) => {{
                const {{ top, bottom, height }} = node.getBoundingClientRect();
                return height && (top < 0 || bottom > end + 1);
            }}));
        if (hidden.length) seen.push([dot.title, hidden]);
    }}
    return seen;
}}"""


def test_on_a_phone_question_button_and_chart_share_a_view(standing):
    _, page = standing
    sized(page, 390, 844)
    assert page.evaluate(ASKED_ON_A_PHONE) == []


def test_nothing_lies_beyond_the_edge(standing):
    """Of a telephone, and of a page enlarged to twice its size."""
    _, page = standing
    for width in (390, 640):
        sized(page, width, 844)
        assert (width, page.evaluate(SIDEWAYS)) == (width, [0, []])


def test_every_step_has_what_it_uses_in_view(standing):
    name, page = standing
    sized(page, 1280, 720)
    page.evaluate("scrollTo(0, 0)")
    check_every_step(name, page)


def test_every_step_has_what_it_uses_in_view_when_presented(standing):
    """By a projector of today, and by an older one."""
    name, page = standing
    present = page.get_by_role("button", name="Present", exact=True).first
    for size in PROJECTORS:
        sized(page, *size)
        present.click()
        fitted(page)
        assert page.evaluate(SMALLEST_TYPE) >= LEAST_TYPE
        for title, when, _, shown, *_ in check_every_step(name, page):
            assert shown >= LEAST_SHOWN, (size, title, when)
        present.click()  # a full screen has the size that it has
        page.wait_for_function("document.fullscreenElement === null")


def check_every_step(name: str, page) -> list:
    assert page.evaluate(APART)
    seen = page.evaluate(WALK)
    sheet = sheet_named(name)
    titles = [preset.title for preset in sheet.presets]
    assert [title for title, *_ in seen[1::2]] == titles
    settings = [len(sheet.staged(preset).controls) for preset in sheet.presets]
    assert [each[4] for each in seen[2::2]] == settings
    assert not [each[:3] for each in seen if each[2]]
    return seen


# Each prediction of a card given up, and its run made: what is then not whole in view.
GIVEN_UP = f"""async () => {{
    const outOfView = {OUT_OF_VIEW};
    const fitted = {FITTED};
    const next = (then) => requestAnimationFrame(then);
    const drawn = async () => {{
        do await new Promise((done) => next(() => next(done))); while (!fitted());
    }};
    const stage = document.querySelector(".gs-stage");
    const seen = [];
    for (const dot of stage.querySelectorAll(".gs-dot")) {{
        dot.click();
        await drawn();
        const way = [...stage.querySelectorAll(".gs-card button")]
            .find((button) => button.textContent === "Give up" && button.checkVisibility());
        if (!way) continue;
        way.click();
        await drawn();
        seen.push([dot.title, "given up", outOfView()]);
        if (stage.querySelector(".gs-move").checkVisibility())
            stage.querySelector(".gs-move").click();
        await drawn();
        seen.push([dot.title, "run", outOfView()]);
    }}
    return seen;
}}"""


def test_an_answer_and_what_happened_are_in_view(standing):
    _, page = standing
    sized(page, 1280, 720)
    page.evaluate("scrollTo(0, 0)")
    page.emulate_media(reduced_motion="reduce")
    seen = page.evaluate(GIVEN_UP)
    page.reload()
    page.wait_for_selector(".gs-stage :is(.js-plotly-plot, [data-picture])")
    present = page.get_by_role("button", name="Present", exact=True).first
    present.click()
    fitted(page)
    seen += page.evaluate(GIVEN_UP)
    present.click()
    page.emulate_media(reduced_motion="no-preference")
    assert not [each for each in seen if each[2]]
