"""A lesson's picture as SVG, drawn from the numbers themselves: the grey picture that its story
opens with, or else its first chart (a short run where it has steps), or a recording.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from sheets import Sheet, values
from sheets.language.charts import STEP, Axis, Chart, Series
from sheets.language.roles import ROLES
from sheets.targets.numpy import Values, trajectory
from widgets.fine_tuning.data.events import BatchEnded, EpochEnded
from widgets.fine_tuning.panel.recordings import Recording

WIDTH, HEIGHT, MARGIN = 360, 200, 14
STEPS = 100  # of the run that is drawn


def _along(axis: Axis, x: float, low: float, high: float) -> float:
    """Where x stands between the ends of the axis, in pixels from low to high."""
    scale = math.log if axis.scale == "log" else float
    from_, to = axis.low, axis.high
    assert isinstance(from_, (int, float)) and isinstance(to, (int, float))
    x = max(x, from_) if axis.scale == "log" else x
    part = (scale(x) - scale(from_)) / (scale(to) - scale(from_))
    return low + (high - low) * min(1.0, max(0.0, part))


def picture(sheet: Sheet) -> str:
    """An SVG element; nothing for a sheet without grey pictures and charts."""
    for name in sheet.staged(None).pictures:
        if sheet.blocks[name].shown == "grey":
            return _of_shades(sheet.blocks[name].note, values(sheet)[name])
    if not sheet.charts:
        return ""
    run = list(trajectory(sheet, STEPS if sheet.carried else 0))
    chart = _limited(sheet.charts[0], run)
    bars = [series for series in chart.series if series.mode == "bars"]
    drawn = [
        _drawn(
            series,
            _points(chart, _numbers(series, series.x, run), _numbers(series, series.y, run)),
            bars,
        )
        for series in chart.series
    ]
    return _framed(f"{chart.title}. {chart.note}", drawn)


def _of_shades(label: str, shades: np.ndarray) -> str:
    """A square for each number that is not the least, from black to white."""
    rows, columns = shades.shape
    side = (HEIGHT - 2 * MARGIN) / rows
    left = (WIDTH - columns * side) / 2
    low, high = float(shades.min()), float(shades.max())
    drawn = []
    for (i, j), x in np.ndenumerate(shades):
        if x > low:
            across, down = left + j * side, MARGIN + i * side
            corners = " ".join(
                f"{across + a * side:.1f},{down + b * side:.1f}"
                for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))
            )
            grey = round(255 * (x - low) / (high - low))
            drawn.append(f'<polygon points="{corners}" fill="rgb({grey},{grey},{grey})"/>')
    return _framed(label, drawn, axes="", paper="#000")


def picture_of_run(recording: Recording) -> str:
    """The loss of each batch as a line, the validation loss of each epoch as markers."""
    batches = [event for _, event in recording.events if isinstance(event, BatchEnded)]
    epochs = [(k, event) for k, event in enumerate(ended(recording))]
    highest = max([event.loss for event in batches] + [event.valid_loss for _, event in epochs])
    per_epoch = len(batches) / len(epochs)
    across, up = Axis("batches", 0, len(batches)), Axis("loss", 0, highest)

    def at(x: float, y: float) -> tuple[float, float]:
        return _along(across, x, MARGIN, WIDTH - MARGIN), _along(up, y, HEIGHT - MARGIN, MARGIN)

    line = Series("batch", "loss", "each batch", mode="lines", role="activation")
    marks = Series("epoch", "loss", "validation", mode="markers", role="loss")
    drawn = [
        _drawn(line, [at(k + 1, event.loss) for k, event in enumerate(batches)]),
        _drawn(marks, [at((k + 1) * per_epoch, event.valid_loss) for k, event in epochs]),
    ]
    return _framed(f"The loss of a recorded run. {recording.about.sentence()}", drawn)


def ended(recording: Recording) -> list[EpochEnded]:
    """The run's epochs, in order."""
    return [event for _, event in recording.events if isinstance(event, EpochEnded)]


AXES = (
    f'<path d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}" fill="none" stroke="#888"/>'
)


def _framed(label: str, drawn: list[str], axes: str = AXES, paper: str = "#fff") -> str:
    label = html.escape(label, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"'
        f' xmlns="http://www.w3.org/2000/svg"><rect width="{WIDTH}" height="{HEIGHT}"'
        f' fill="{paper}"/>{axes}{"".join(drawn)}</svg>'
    )


def _numbers(series: Series, name: str, run: list[Values]) -> list[float]:
    """What a series draws of a block: at each step, or at the last one."""
    if name == STEP:
        return [float(step) for step in range(len(run))]
    return [
        float(x) for blocks in (run if series.steps else run[-1:]) for x in blocks[name].ravel()
    ]


def _limited(chart: Chart, run: list[Values]) -> Chart:
    """With axes of numbers: what blocks hold at the end, or as far as what is drawn goes."""

    def ends(way: str) -> Axis:
        axis: Axis = getattr(chart, way)
        drawn = [x for s in chart.series for x in _numbers(s, getattr(s, way), run)]
        bars = any(s.mode == "bars" for s in chart.series)
        drawn += [0.0] if way == "y" and bars else []
        if way == "x" and bars:  # half a place on each side of what they stand at
            places = sorted({*drawn})
            half = min((b - a for a, b in pairwise(places)), default=1.0) / 2
            drawn += [places[0] - half, places[-1] + half]
        finite = [x for x in drawn if math.isfinite(x) and (axis.scale == "linear" or x > 0)]
        ends_drawn = min(finite, default=0.1), max(finite, default=1.0)
        given_ends = [
            float(run[-1][limit][0, 0]) if isinstance(limit, str) else limit
            for limit in (axis.low, axis.high)
        ]
        low, high = (
            x if x is not None else end for x, end in zip(given_ends, ends_drawn, strict=True)
        )
        return replace(axis, low=low, high=high if low < high else low + 1)

    return replace(chart, x=ends("x"), y=ends("y"))


def _points(chart: Chart, across: list[float], up: list[float]) -> list[tuple[float, float]]:
    seen = [
        (x, y) for x, y in zip(across, up, strict=True) if math.isfinite(x) and math.isfinite(y)
    ]
    return [
        (_along(chart.x, x, MARGIN, WIDTH - MARGIN), _along(chart.y, y, HEIGHT - MARGIN, MARGIN))
        for x, y in seen
    ]


def _drawn(series: Series, points: list[tuple[float, float]], bars: Sequence[Series] = ()) -> str:
    """bars: all the chart's series of bars, which share each place."""
    colour = ROLES[series.role].colour
    if series.mode == "segments":
        return ""
    if series.mode == "bars":
        room = min((b - a for (a, _), (b, _) in pairwise(points)), default=WIDTH / 4)
        wide = 0.8 * room / len(bars)
        left = wide * (bars.index(series) - len(bars) / 2)
        return "".join(
            f'<rect x="{x + left:.1f}" y="{y:.1f}" width="{wide:.1f}"'
            f' height="{HEIGHT - MARGIN - y:.1f}" fill="{colour}"/>'
            for x, y in points
        )
    if series.mode == "lines":
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="3"/>'
    return "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}" stroke="#fff"'
        ' stroke-width="1.5"/>'
        for x, y in points
    )
