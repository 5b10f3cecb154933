"""A line of the table, and the few statistics that fill it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """ratio: the other's divided by ours, so above 1 where ours is less.

    held: whether the bar was, None where there is no bar.
    """

    what: str
    ours: str
    other: str = ""
    ratio: float | None = None
    bar: str = ""
    held: bool | None = None


def median(numbers: Sequence[float]) -> float:
    return statistics.median(numbers)


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The number that `percent` of them do not exceed: no mean of two."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def milliseconds(number: float) -> str:
    """Three digits: 0.00512 ms, 12.3 ms, 6040 ms."""
    return f"{number:.0f} ms" if number >= 100 else f"{number:.3g} ms"


def seconds(number: float) -> str:
    return f"{number:.2f} s"


def kilobytes(number: float) -> str:
    return f"{number / 1000:.0f} kB"


def megabytes(number: float) -> str:
    return f"{number / 1e6:.0f} MB"
