"""What dragging `std` costs on a page of 50 layers of width 128 (a batch of 8): recalculation of all 50 layers in the slider's listener,
and drawing until the chart's lines stand, for each press of an arrow key. The page is a file, as `gradsheet page depth_lab OUT.html
--set width=128 --set layers=50` writes it. The noise, 820,224 draws, is drawn again only for another seed: one row tells what that costs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lessons.pages import lesson_page
from sheets.library.depth_lab import ACTIVATIONS, DEPTH

from .browser import chromium, opened
from .row import Row, median, milliseconds, percentile

WIDTH = 128
PRESSES, SWEEP = 120, 30  # in all, and to one side before it turns
SEEDS = 5
BAR = 33.0  # milliseconds at p95: 30 frames a second


def presses(page: Any, slider: str, keys: list[str]) -> list[dict]:
    """What `watchUpdates` says of each press on a slider."""
    page.focus(f'.gs-slider[aria-label="{slider}"]')
    before = page.evaluate("updated.length")
    for k, key in enumerate(keys):
        page.keyboard.press(key)
        page.wait_for_function(f"updated.length > {before + k}", polling=5)
    page.wait_for_timeout(200)
    return page.evaluate("updated")[before:]


def dragged(page: Any, activation: str) -> list[Row]:
    page.select_option('select[aria-label="activation"]', label=activation)
    page.wait_for_timeout(500)
    found = presses(page, "std", ["ArrowRight" if k // SWEEP % 2 else "ArrowLeft" for k in range(PRESSES)])
    whole = [one["handled"] + one["drawn"] for one in found]
    what, tail = f"{DEPTH} layers of {WIDTH}, {activation}: std until the chart stands", percentile(whole, 95)
    return [
        Row(f"{what}, p50", milliseconds(median(whole))),
        Row(f"{what}, p95", milliseconds(tail), bar=f"under {BAR:g} ms", held=tail < BAR),
    ]


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "depth_lab.html"
        file.write_text(lesson_page("depth_lab", {"width": WIDTH, "layers": DEPTH}), encoding="utf-8")
        with opened(browser, file.as_uri()) as page:
            page.wait_for_selector(".js-plotly-plot .main-svg path.js-line")
            page.wait_for_timeout(1500)
            page.evaluate("() => { window.updated = watchUpdates() }")
            rows = [row for activation in ACTIVATIONS for row in dragged(page, activation)]
            seeds = [one["handled"] + one["drawn"] for one in presses(page, "seed", ["ArrowRight"] * SEEDS)]
            return [*rows, Row(f"{DEPTH} layers of {WIDTH}: another seed, p50", milliseconds(median(seeds)))]
