"""What is pressed and watched on each page."""

from __future__ import annotations

from typing import Any, NamedTuple

LINE = (  # plotly draws it, on both pages; the first is the first chart's first
    ".js-plotly-plot .main-svg path.js-line"
)
DRAWN = (  # the same, or as our page draws them before plotly has come
    f".gs-plain .gs-line, {LINE}"
)


class Lesson(NamedTuple):
    """Selectors of the clip's slider and of the mean loss, the words on the button of a preset, and
    how many lines both charts show together when the page opens.
    """

    slider: str
    number: str
    preset: str
    lines: int


OURS = Lesson(  # one of its lines is held back until it was predicted
    '.gs-slider[aria-label="clip"]', 'td[data-block="loss_mean"]', '.gs-dot[aria-label="{}"]', 2
)
USUAL = Lesson(".noUi-handle", ".mean", 'button.jupyter-button:has-text("{}")', 3)


def wait_until_drawn(page: Any, lesson: Lesson) -> None:
    """Plotly has drawn both charts, the numbers stand, and the page has come to rest."""
    page.wait_for_function(f"document.querySelectorAll({LINE!r}).length >= {lesson.lines}")
    page.wait_for_timeout(1500)


def choose_preset(page: Any, lesson: Lesson, words: str) -> None:
    page.locator(lesson.preset.format(words)).first.click()
    move = page.locator(".gs-move")  # ours asks first
    if move.count() and move.first.is_visible():
        move.first.click()
    page.wait_for_timeout(1000)


def to_the_end(page: Any, lesson: Lesson) -> None:
    """The slider focused and at its right end, where every move to the left changes
    the mean loss.
    """
    page.focus(lesson.slider)
    page.keyboard.press("End")
    page.wait_for_timeout(1000)
