"""From a real press of an arrow key on the clip's slider to the end of the frame in which both the
changed mean loss and the changed line of the chart are painted: our page, and the same lesson with
ipywidgets, FigureWidget and numpy in the kernel (Voila as it is installed), in the same browser, a
round here and a round there.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from .browser import chromium, opened
from .pages import LINE, OURS, USUAL, Lesson, choose_preset, to_the_end, wait_until_drawn
from .row import Row, median, milliseconds, percentile
from .servers import our_server, stock_voila

ROUNDS = 3
PRESSES = 20  # a round: half to the left, half back
PAUSE = 100  # milliseconds between a painted frame and the next press
BAR = 5.0  # times faster at p50
PATIENCE = 3000  # milliseconds until a press counts as unanswered


def press(page: Any, key: str) -> None:
    """Press, and wait until the change is painted."""
    before = page.evaluate("painted.length")
    page.keyboard.press(key)
    page.wait_for_function(f"painted.length > {before}", polling=10, timeout=PATIENCE)
    page.wait_for_timeout(PAUSE)


def round_of(page: Any, lesson: Lesson) -> list[float]:
    """Milliseconds, one for each press."""
    page.bring_to_front()
    to_the_end(page, lesson)
    before = page.evaluate("painted.length")
    for key in ["ArrowLeft"] * (PRESSES // 2) + ["ArrowRight"] * (PRESSES // 2):
        press(page, key)
    return page.evaluate("painted")[before:]


def compared(pages: dict[Lesson, Any], what: str) -> list[Row]:
    durations: dict[Lesson, list[float]] = {OURS: [], USUAL: []}
    for _ in range(ROUNDS):
        for lesson, page in pages.items():
            durations[lesson] += round_of(page, lesson)
    ours, usual = durations[OURS], durations[USUAL]
    middle, tail = median(usual) / median(ours), percentile(usual, 95) / percentile(ours, 95)
    return [
        Row(
            f"slider to painted page, {what}, p50",
            milliseconds(median(ours)),
            f"usual way {milliseconds(median(usual))}",
            middle,
            f"{BAR:g} times faster",
            middle >= BAR,
        ),
        Row(
            f"slider to painted page, {what}, p95",
            milliseconds(percentile(ours, 95)),
            f"usual way {milliseconds(percentile(usual, 95))}",
            tail,
        ),
    ]


def measure() -> list[Row]:
    rows = []
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        address = stack.enter_context(our_server())
        _, usual = stack.enter_context(stock_voila())
        pages = {
            OURS: stack.enter_context(opened(browser, address)),
            USUAL: stack.enter_context(opened(browser, usual)),
        }
        for lesson, page in pages.items():
            page.bring_to_front()
            wait_until_drawn(page, lesson)
            page.evaluate(
                f"() => {{ window.painted = watchPainting({lesson.number!r}, {LINE!r}) }}"
            )
        rows += compared(pages, "5 rows")
        for lesson, page in pages.items():
            page.bring_to_front()
            choose_preset(page, lesson, "Clip at 0.05")
        rows += compared(pages, "40 rows")
    return rows
