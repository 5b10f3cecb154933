"""A lesson on paper, and where JavaScript is off: the story is told by the reference's numbers."""

from __future__ import annotations

import pytest
from pages import fitted

from sheets import values
from sheets.language.formats import written
from sheets.library.catalogue import sheet_named

# What a sheet of paper has no use for, and how many rows the tables that are open have.
SEEN_ON_PAPER = """() => {
    const useless = "button:not(.gs-keyentry), select, input[type=range], .gs-transport, .gs-card";
    const seen = (node) => node.checkVisibility() && node.getBoundingClientRect().height > 0;
    return {
        useless: [...document.querySelectorAll(useless)].filter(seen).map((node) => node.outerHTML),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    };
}"""


def told(name: str) -> list[tuple[str, list[str]]]:
    """Each step's title, and its question, what happened and why, at the step where it stops."""
    sheet = sheet_named(name)
    steps = []
    for preset in sheet.presets:
        computed = values(sheet, preset.inputs, sheet.staged(preset).play)
        said = [preset.predict, written(preset.happened, computed), written(preset.why, computed)]
        steps.append((preset.title, [" ".join(text.split()) for text in said if text]))
    return steps


def lines(page, story: str) -> list[tuple[str, list[str]]]:
    steps = page.locator(f"{story} ol > li").all()
    texts = [[each.inner_text() for each in step.locator("strong, p").all()] for step in steps]
    return [(title, [" ".join(text.split()) for text in rest]) for title, *rest in texts]


@pytest.mark.parametrize("name", ["log_loss", "descent"])
def test_paper_has_the_whole_story_every_row_and_no_controls(page, lesson_file, name):
    page.goto(lesson_file(name).as_uri())
    fitted(page)
    page.evaluate("document.querySelectorAll('.gs-dot')[2].click()")
    page.evaluate("document.querySelector('.gs-move').click()")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert lines(page, ".gs-handout") == told(name)
    seen = page.evaluate(SEEN_ON_PAPER)
    assert not seen["useless"] and seen["wide"] <= 0
    if name == "log_loss":
        rows = page.locator(".gs-below td[data-block='prediction']")
        assert rows.count() == len(
            values(sheet_named(name), sheet_named(name).presets[1].inputs)["prediction"]
        )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".gs-handout").count() == 0


def test_without_javascript_the_story_stands_on_the_page(browser, lesson_file):
    """What needs a run is said to need JavaScript; the rest is told as it would happen."""
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(lesson_file("descent").as_uri())
        shown = lines(page, "noscript")
    sheet, steps = sheet_named("descent"), told("descent")
    plays = [sheet.staged(preset).play for preset in sheet.presets]
    waits = "With JavaScript this page plays {} steps, and tells what happened."
    assert {bool(each) for each in plays} == {True, False}
    assert shown == [
        (title, [said[0], waits.format(play)] if play else said)
        for (title, said), play in zip(steps, plays, strict=True)
    ]
