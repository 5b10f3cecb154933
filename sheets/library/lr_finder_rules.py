"""The four rules by which a learning rate is read off a curve of losses: as a function of numbers,
and as blocks of a sheet, in which every step of each can be followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import Expr, Sheet, row_index

LAST_LEFT_OUT = 5  # the curve's end, where the loss has run away
SLIDE_WIDTH = 15  # points between the two ends of the window that slide moves
SLIDE_CHANGE = 0.005  # how much the curve's slope differs between them, at least
HUGE = 1e300  # more than any loss
LOOKS_FOR = {
    "valley": "two or three sixths of the way down the longest valley",
    "steep": "where the loss falls most steeply",
    "minimum": "a tenth of the rate with the least loss",
    "slide": "the last window of the curve whose two ends slope alike, before the loss runs away",
}


def lr_suggestions(
    lrs: Sequence[float] | np.ndarray, losses: Sequence[float] | np.ndarray, num_it: int
) -> dict[str, float]:
    """The learning rates that fastai 2.8's four rules suggest: {"valley": ..., "steep": ...,
    "minimum": ..., "slide": ...}.

    lrs: the rates tried, growing, above 0. losses: the smoothed loss at each. num_it: how many
    rates were planned; the run may have ended earlier. The first tenth of the plan, the last 5
    points and all from a loss that is not finite on are left out. A rule that has too few points
    left to speak (slide needs 16, steep 2, the others 1) is absent. Raises ValueError where lrs and
    losses differ in length. Source: fastai 2.8, callback/schedule.py.
    """
    x, y = np.asarray(lrs, dtype=float), np.asarray(losses, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"lrs and losses are two lists of the same length, and here they are {x.shape} and"
            f" {y.shape}"
        )
    x, y = (values[num_it // 10 : -LAST_LEFT_OUT] for values in (x, y))
    finite = np.append(np.isfinite(y), False).argmin()
    x, y = x[:finite], y[:finite]
    return {name: float(rule(x, y)) for name, (rule, least) in RULES.items() if len(x) >= least}


def _valley(lrs: np.ndarray, losses: np.ndarray) -> float:
    """Two or three sixths of the way down the longest valley: the longest subsequence of ever
    smaller losses.
    """
    lengths = np.ones(len(losses), dtype=int)
    for i in range(1, len(losses)):
        lengths[i] += max(lengths[:i][losses[:i] > losses[i]], default=0)
    length, end = int(lengths.max()), int(lengths.argmax())
    sections = length / 3
    index = end - length + int(sections) + int(sections / 2)
    return lrs[
        max(0, index)
        # Of one or two points fastai's index can be -1, which is the last rate: the one that ran
        # away.
    ]


def _steep(lrs: np.ndarray, losses: np.ndarray) -> float:
    """The left end of the steepest step down, per logarithm of the rate."""
    return lrs[np.argmin(np.diff(losses) / np.diff(np.log(lrs)))]


def _minimum(lrs: np.ndarray, losses: np.ndarray) -> float:
    """A tenth of the rate with the least loss."""
    return lrs[np.argmin(losses)] / 10


def _slide(lrs: np.ndarray, losses: np.ndarray) -> float:
    """Where a window, slid down from the right, first sees one slope at both its ends: the rate at
    its left end a step before.
    """
    slope = np.gradient(losses)
    right, left = -1, -1 - SLIDE_WIDTH
    rate = lrs[left]
    while left >= -len(losses) and abs(slope[right] - slope[left]) > SLIDE_CHANGE:
        rate = lrs[left]
        right, left = right - 1, left - 1
    return rate


# the rule, and how many points it needs
RULES = {
    "valley": (_valley, 1),
    "steep": (_steep, 2),
    "minimum": (_minimum, 1),
    "slide": (_slide, SLIDE_WIDTH + 1),
}


def suggestions(s: Sheet, lrs: Expr, losses: Expr, tried: Expr, planned: Expr) -> dict[str, Expr]:
    """The four rules of `lr_suggestions` as blocks, over as many rows of the curve as are filled; a
    rule that cannot speak yet says 0.

    lrs, losses: (rows, 1). tried: how many rows are filled: one more each step, since valley's
    lengths are carried. planned: as num_it.
    """
    row = row_index(lrs.shape[0])
    s.group(
        "What the rules see",
        "Without the first tenth of the plan and the last 5 points",
        worksheet="Rules",
        folded=True,
    )
    first = s.let("first_seen", planned // 10, format="d", note="the first row, from 0")
    last = s.let("last_seen", tried - (1 + LAST_LEFT_OUT), format="d", note="the last row")
    points = s.let(
        "points_seen", np.maximum(0, last - first + 1), format="d", note="rows between them"
    )
    rows = {
        "valley": _valley_row(s, losses, row, first, last, tried),
        "steep": _steep_row(s, lrs, losses, row, first, last),
        "minimum": _minimum_row(s, losses, row, first, last),
        "slide": _slide_row(s, losses, row, first, last),
    }
    s.group("Suggestions", "0: too few points yet")
    rates = {}
    for name, (_, least) in RULES.items():
        rate = lrs[np.maximum(0, rows[name])] / (10 if name == "minimum" else 1)
        rates[name] = s.let(
            name,
            np.where(points >= least, rate, 0),
            role="parameter",
            format="g",
            note=LOOKS_FOR[name],
        )
    return rates


def _between(row: Expr, first: Expr, last: Expr, yes: Expr, no: Expr | float) -> Any:
    return np.where(row >= first, np.where(row <= last, yes, no), no)


def _first_least(s: Sheet, name: str, column: Expr, row: Expr, note: str) -> Expr:
    """The first row where a column is least."""
    s.group(f"Rule: {name}", f"It looks for {LOOKS_FOR[name]}", worksheet="Rules", folded=True)
    x = s.let(
        f"{name}_of",
        column,
        role="loss",
        note=f"{note}; {HUGE:g} in rows that the rule does not see",
    )
    least = s.let(f"{name}_least", x.min(), role="loss", note="the least of them")
    at = s.let(
        f"{name}_where",
        np.where(np.equal(x, least), row, x.shape[0] - 1),
        format="d",
        note="the row's number where it is the least",
    )
    return s.let(f"{name}_row", at.min(), format="d", note="the first of them")


def _minimum_row(s: Sheet, losses: Expr, row: Expr, first: Expr, last: Expr) -> Expr:
    return _first_least(s, "minimum", _between(row, first, last, losses, HUGE), row, "the loss")


def _steep_row(s: Sheet, lrs: Expr, losses: Expr, row: Expr, first: Expr, last: Expr) -> Expr:
    after = np.minimum(row + 1, lrs.shape[0] - 1)
    per_log = (losses[after] - losses) / (np.log(lrs[after]) - np.log(lrs))
    return _first_least(
        s,
        "steep",
        _between(row, first, last - 1, per_log, HUGE),
        row,
        "the change of the loss per logarithm of the rate",
    )


def _slide_row(s: Sheet, losses: Expr, row: Expr, first: Expr, last: Expr) -> Expr:
    """One row after the left end of the last window whose ends have one slope; where there is none,
    the first row or the last window's.
    """
    s.group("Rule: slide", f"It looks for {LOOKS_FOR['slide']}", worksheet="Rules", folded=True)
    above, below = np.maximum(row - 1, first), np.minimum(row + 1, last)
    change = (losses[below] - losses[above]) / np.maximum(1, below - above)
    slope = s.let(
        "slide_slope",
        _between(row, first, last, change, 0),
        role="gradient",
        note="the change of the loss per row, from the row above to the row below",
    )
    none = first + (SLIDE_WIDTH - 1)
    alike = np.where(
        abs(slope - slope[np.maximum(0, row - SLIDE_WIDTH)]) <= SLIDE_CHANGE, row, none
    )
    rows = s.let(
        "slide_alike",
        _between(row, none + 1, last, alike, none),
        format="d",
        note=f"the row, where the slope {SLIDE_WIDTH} rows above is alike",
    )
    return s.let(
        "slide_row",
        np.minimum(rows.max() - (SLIDE_WIDTH - 1), last - SLIDE_WIDTH),
        format="d",
        note="the left end, one row on",
    )


def _valley_row(s: Sheet, losses: Expr, row: Expr, first: Expr, last: Expr, tried: Expr) -> Expr:
    """Of the longest valley that ends at each row only the length is needed: known when the row is
    tried, counted when it is seen.
    """
    s.group("Rule: valley", f"It looks for {LOOKS_FOR['valley']}", worksheet="Rules", folded=True)
    lengths = s.input(
        "lengths",
        np.zeros(losses.shape),
        format="d",
        note="rows of the longest valley that ends here",
    )
    longest, end = (
        s.input(name, 0, format="d", note="before this step") for name in ("longest", "longest_end")
    )
    now = s.let("now", tried - 1, format="d", note="the row of this step")
    # Products, no IFs: LibreOffice puts off what an IF does not need, and takes so long a row of it
    # for a circle.
    higher = s.let(
        "higher",
        np.greater(losses, losses[now]) * lengths,
        format="d",
        note="the lengths of rows with a higher loss",
    )
    length = s.let(
        "length",
        (now >= first) * (1 + higher.max()),
        format="d",
        note="one row longer than the longest of them",
    )
    known = s.let(
        "lengths_next",
        np.where(np.equal(row, now), length, lengths),
        format="d",
        note="with this step's",
    )
    seen = s.let(
        "length_seen",
        (last >= first) * known[np.maximum(0, last)],
        format="d",
        note="of the row that the rules see from now on",
    )
    end_now = s.let(
        "longest_end_next",
        np.where(seen > longest, last, end),
        format="d",
        note="where the longest valley ends",
    )
    most = s.let("longest_next", np.maximum(longest, seen), format="d", note="its rows")
    s.carry(lengths="lengths_next", longest="longest_next", longest_end="longest_end_next")
    down = end_now - first - most + most // 3 + most // 6
    return s.let(
        "valley_row",
        first + np.maximum(0, down),
        format="d",
        note="two or three sixths of the way down",
    )
