"""What one input costs our page before the browser lays it out: recalculation (in the slider's
listener), numbers and charts, over 300 presses of an arrow key. The page's own measure is
`gradsheet:update`; where plotly moves a line or a point after that measure has ended, the time runs
to the last one moved.
"""

from __future__ import annotations

from typing import Any

from .browser import chromium, opened
from .pages import OURS, choose_preset, to_the_end, wait_until_drawn
from .row import Row, median, milliseconds, percentile
from .servers import our_server

INPUTS = 300
SWEEP = 30  # presses to one side before it turns
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


def told(found: list[dict], what: str) -> list[Row]:
    whole = [one["handled"] + one["drawn"] for one in found]
    own = [one["measured"] for one in found]
    late = sum(one["late"] for one in found)
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
            milliseconds(median([one["handled"] for one in found])),
        ),
        Row(
            f"   the page's own measure, {what}, p50 / p95",
            f"{milliseconds(median(own))} / {milliseconds(percentile(own, 95))}",
            f"charts moved later in {late} of {len(found)}",
        ),
    ]


def measure() -> list[Row]:
    with chromium() as browser, our_server() as address, opened(browser, address) as page:
        wait_until_drawn(page, OURS)
        page.evaluate("() => { window.updated = watchUpdates() }")
        rows = told(updates(page), "5 rows")
        choose_preset(page, OURS, "Clip at 0.05")
        return rows + told(updates(page), "40 rows")
