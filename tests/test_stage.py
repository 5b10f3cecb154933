"""The stage: what a step of a lesson uses is in view together, measured in the real browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from pages import choose_step, fitted, frame

from lessons.course import lesson_links, sheet_lessons
from lessons.pages import lesson_page
from sheets.library.catalogue import sheet_named
from widgets.plotly_script import plotly_file

MOST_WORDS = 120
LARGEST_TOP = 200  # pixels above the first chart
LEAST_DRAWN = 0.35  # of the first view
LEAST_TYPE = 24  # pixels, in a presentation

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
    return Object.entries(parts).flatMap(([name, selector]) =>
        [...stage.querySelectorAll(selector)].filter((node) => !whole(node)).map(() => name));
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

SMALLEST_TYPE = """() => Math.min(...[...document.querySelectorAll(
    "[data-projector] :is(.gs-card > p, .gs-sentences p, .gs-figures dt, .gs-inplay .gs-name)"
)].filter((node) => node.textContent).map((node) => parseFloat(getComputedStyle(node).fontSize)))"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Callable[[str], Path]:
    """The lesson's page as the static site has it, with the way to other lessons."""
    folder = tmp_path_factory.mktemp("stages")

    @cache
    def written(name: str) -> Path:
        file = folder / f"{name}.html"
        links = lesson_links(name, "{}.html".format, "index.html")
        around = {"before": links, "plotly_address": plotly_file().as_uri()}
        file.write_text(lesson_page(name, **around), encoding="utf-8")
        return file

    return written


@pytest.fixture
def lesson(page, files):
    def opened(name: str, width: int, height: int):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(files(name).as_uri())
        page.wait_for_selector(".gs-stage :is(.js-plotly-plot, [data-picture])")
        fitted(page)
        return page

    return opened


@pytest.mark.parametrize("name", sheet_lessons())
def test_the_first_view_is_of_the_chart_and_what_moves_it(lesson, name):
    page = lesson(name, 1280, 720)
    seen = page.evaluate(FIRST_VIEW)
    assert seen["top"] <= LARGEST_TOP
    assert seen["drawn"] >= LEAST_DRAWN
    assert 1 <= seen["settings"] <= 3
    assert seen["words"] <= MOST_WORDS
    assert page.evaluate(OUT_OF_VIEW) == []


@pytest.mark.parametrize("presenting", [False, True])
@pytest.mark.parametrize("name", sheet_lessons())
def test_every_step_has_what_it_uses_in_view(lesson, name, presenting):
    page = lesson(name, 1280, 720)
    if presenting:
        page.get_by_role("button", name="Present", exact=True).first.click()
        frame(page)
        assert page.evaluate(SMALLEST_TYPE) >= LEAST_TYPE
    for preset in sheet_named(name).presets:
        page.get_by_role("button", name=preset.title, exact=True).first.click()
        fitted(page)
        assert (preset.title, "asked", page.evaluate(OUT_OF_VIEW)) == (preset.title, "asked", [])
        choose_step(page, preset.title)
        fitted(page)
        assert (preset.title, "moved", page.evaluate(OUT_OF_VIEW)) == (preset.title, "moved", [])


@pytest.mark.parametrize("name", sheet_lessons())
def test_on_a_phone_chart_sentence_and_control_share_a_view(lesson, name):
    page = lesson(name, 390, 844)
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
