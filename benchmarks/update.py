"""What one input costs our page before the browser lays it out: recalculation (in the slider's
listener), numbers and charts, over 300 presses of an arrow key; and the same, over 60, for the
control in play of every lesson. The page's own measure is `gradsheet:update`; where plotly moves a
line or a point after that measure has ended, the time runs to the last one moved.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lessons.course import sheet_lessons
from lessons.pages import lesson_page

from .browser import chromium, opened
from .pages import OURS, choose_preset, to_the_end, wait_until_drawn
from .row import Row, median, milliseconds, percentile
from .servers import our_server

INPUTS = 300
SWEEP = 30  # presses to one side before it turns
FEWER = 60  # inputs in each lesson
TURN = 15  # presses to one side there
IN_PLAY = ".gs-inplay .gs-slider, .gs-control .gs-slider"  # the story's, or else the first
BAR = 8.0  # milliseconds at p95


def updates(page: Any) -> list[dict]:
    """What `watchUpdates` says of each input."""
    to_the_end(page, OURS)
    before = page.evaluate("updated.length")
    for k in range(INPUTS):
        page.keyboard.press("ArrowRight" if k // SWEEP % 2 else "ArrowLeft")
        page.wait_for_function(f"updated.length > {before + k}", polling=5)
    page.wait_for_timeout(200)
    return page.evaluate("updated")[before:]


def rows_of(redraws: list[dict], what: str) -> list[Row]:
    whole = [one["handled"] + one["drawn"] for one in redraws]
    own = [one["measured"] for one in redraws]
    late = sum(one["late"] for one in redraws)
    tail = percentile(whole, 95)
    return [
        Row(f"update until the charts stand, {what}, p50", milliseconds(median(whole))),
        Row(
            f"update until the charts stand, {what}, p95",
            milliseconds(tail),
            bar=f"under {BAR:g} ms",
            held=tail < BAR,
        ),
        Row(
            f"   of it recalculation, {what}, p50",
            milliseconds(median([one["handled"] for one in redraws])),
        ),
        Row(
            f"   the page's own measure, {what}, p50 / p95",
            f"{milliseconds(median(own))} / {milliseconds(percentile(own, 95))}",
            f"charts moved later in {late} of {len(redraws)}",
        ),
    ]


def in_every_lesson(browser: Any) -> list[Row]:
    """One row a lesson, of its page from disk."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in sheet_lessons():
            file = Path(folder) / f"{name}.html"
            file.write_text(lesson_page(name), encoding="utf-8")
            with opened(browser, file.as_uri()) as page:
                rows.append(_in_lesson(page, name))
    return rows


def _in_lesson(page: Any, name: str) -> Row:
    page.wait_for_selector(".gs-slider")
    page.mouse.move(5, 5)  # plotly comes once somebody is there
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    page.wait_for_timeout(1500)
    page.evaluate("() => { window.updated = watchUpdates() }")
    page.locator(IN_PLAY).first.focus()
    for k in range(FEWER):
        page.keyboard.press("ArrowLeft" if k // TURN % 2 else "ArrowRight")
        page.wait_for_timeout(30)
    page.wait_for_timeout(200)
    whole = [one["handled"] + one["drawn"] for one in page.evaluate("updated")]
    if not whole:
        raise RuntimeError(f"{name}: its slider was pressed and nothing was updated.")
    tail = percentile(whole, 95)
    return Row(
        f"   {name}, {len(whole)} inputs, p95",
        milliseconds(tail),
        bar=f"under {BAR:g} ms",
        held=tail < BAR,
    )


def measure() -> list[Row]:
    with chromium() as browser, our_server() as address:
        with opened(browser, address) as page:
            wait_until_drawn(page, OURS)
            page.evaluate("() => { window.updated = watchUpdates() }")
            rows = rows_of(updates(page), "5 rows")
            choose_preset(page, OURS, "Clip at 0.05")
            rows += rows_of(updates(page), "40 rows")
        return rows + in_every_lesson(browser)
