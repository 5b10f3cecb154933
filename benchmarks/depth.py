"""What moving `std` costs on a page of 50 layers of width 128 (a batch of 8): recalculation of all
50 layers in the slider's listener, and drawing until the chart's lines stand, for each press of an
arrow key: the first one after the page has opened, then dragging. The page is a file, as `gradsheet
page depth_lab OUT.html --set width=128 --set layers=50` writes it. The noise, 820,224 draws, is
drawn again only for another seed: the last row tells what that costs, beside numpy's own generator
and the same layers in a notebook, nothing drawn.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from lessons.pages import lesson_page
from sheets.library.depth_lab import ACTIVATIONS, BATCH, DEPTH

from .browser import chromium, opened
from .row import Row, median, milliseconds, percentile

WIDTH = 128
SIZE = f"{DEPTH} layers of {WIDTH}"
PRESSES, SWEEP = 120, 30  # in all, and to one side before it turns
SEEDS = 20
BAR = 33.0  # milliseconds: 30 frames a second


def presses(page: Any, slider: str, keys: list[str]) -> list[dict]:
    """What `watchUpdates` says of each press on a slider."""
    page.focus(f'.gs-slider[aria-label="{slider}"]')
    before = page.evaluate("updated.length")
    for k, key in enumerate(keys):
        page.keyboard.press(key)
        page.wait_for_function(f"updated.length > {before + k}", polling=5)
    page.wait_for_timeout(200)
    return page.evaluate("updated")[before:]


def until_drawn(redraws: list[dict]) -> list[float]:
    return [one["handled"] + one["drawn"] for one in redraws]


def layers_in_numpy(seed: int) -> float:
    """Milliseconds of the draws, the layers and their standard deviations, as a notebook would
    write them.
    """
    began = time.perf_counter()
    random = np.random.default_rng(seed)
    h = random.standard_normal((BATCH, WIDTH))
    spread = []
    for _ in range(DEPTH):
        h = h @ (random.standard_normal((WIDTH, WIDTH)) / WIDTH**0.5)
        spread.append(h.std())
    return (time.perf_counter() - began) * 1000


def held(what: str, number: float) -> Row:
    return Row(what, milliseconds(number), bar=f"under {BAR:g} ms", held=number < BAR)


def of_seeds(moves: list[float]) -> Row:
    ours, alone = median(moves), median([layers_in_numpy(seed) for seed in range(SEEDS)])
    row = held(f"{SIZE}: another seed, p50", ours)
    return row._replace(
        other=f"{milliseconds(alone)} (numpy alone, nothing drawn)", ratio=alone / ours
    )


def dragged(page: Any, activation: str) -> list[Row]:
    page.select_option('select[aria-label="activation"]', label=activation)
    page.wait_for_timeout(500)
    whole = until_drawn(
        presses(
            page, "std", ["ArrowRight" if k // SWEEP % 2 else "ArrowLeft" for k in range(PRESSES)]
        )
    )
    what = f"{SIZE}, {activation}: std until the chart stands"
    return [
        Row(f"{what}, p50", milliseconds(median(whole))),
        held(f"{what}, p95", percentile(whole, 95)),
    ]


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "depth_lab.html"
        file.write_text(
            lesson_page("depth_lab", {"width": WIDTH, "layers": DEPTH}), encoding="utf-8"
        )
        with opened(browser, file.as_uri()) as page:
            page.wait_for_selector(".js-plotly-plot .main-svg path.js-line")
            page.wait_for_timeout(1500)
            page.evaluate("() => { window.updated = watchUpdates() }")
            first = until_drawn(presses(page, "std", ["ArrowLeft"]))
            rows = [held(f"{SIZE}: the first move of std", first[0])]
            rows += [row for activation in ACTIVATIONS for row in dragged(page, activation)]
            seeds = until_drawn(presses(page, "seed", ["ArrowRight"] * SEEDS))
    return [*rows, of_seeds(seeds)]
