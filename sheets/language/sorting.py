"""numpy's words for order: sort, argsort, median and other quantiles, look-ups along an axis."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from .errors import ShapeError, SheetError
from .expr import (
    FUNCTIONS,
    Expr,
    Rows,
    const,
    elementwise,
    from_start,
    is_data,
    lift,
    reduction,
    size,
    transpose,
)
from .windows import join, vector_axis


def ranks(x: Expr, axis: int) -> Expr:
    """Of each element, how many come before it in order; equal ones in the order they stand in."""
    return Expr("rank", (x,), x.shape, axis)


def _axis_of(x: Expr, axis: int | None, what: str) -> int:
    """The axis that is meant: the last one, as numpy has it, and of a vector its own."""
    axis = vector_axis(x) if axis is None or axis == -1 else from_start(axis)
    if axis not in (0, 1, None):
        raise ShapeError(f"{what} of {x!r}: axis {axis} does not exist; it is 0 (down) or 1")
    return 1 if axis is None else axis


def _is_one(x: Expr, axis: int) -> bool:
    return x.shape[axis] == 1 and not isinstance(x.shape[axis], Rows)


def sort_order(a: Any, axis: int | None = -1) -> Expr:
    """Whose place is first, second, ...: the numbers from 0 that sort it. As np.argsort, stable."""
    x = lift(a)
    axis = _axis_of(x, axis, "np.argsort")
    return x * 0 if _is_one(x, axis) else Expr("order", (ranks(x, axis),), x.shape, axis)


def in_order(a: Any, axis: int | None = -1) -> Expr:
    """The least first. As np.sort; without an axis a table is sorted row by row."""
    x = lift(a)
    axis = _axis_of(x, axis, "np.sort")
    return x if _is_one(x, axis) else taken_along(x, sort_order(x, axis), axis)


def taken_along(arr: Any, indices: Any, axis: int | None = -1) -> Expr:
    """Of each row (axis 1) or column (axis 0) the elements of these numbers, from 0. As
    np.take_along_axis.
    """
    x, places = lift(arr), lift(indices)
    axis = _axis_of(x, axis, "np.take_along_axis")
    across = x.shape[1 - axis], places.shape[1 - axis]
    if across[0] != across[1] or len({isinstance(n, Rows) for n in across}) > 1:
        sizes = f"{x!r} is {size(x.shape)} and {places!r} is {size(places.shape)}"
        what = ("columns", "rows")[axis]
        raise ShapeError(f"np.take_along_axis: {sizes}; they must have the same {what}")
    if any(isinstance(n, Rows) for n in x.shape) and is_data(x.shape) and axis == 0:
        advice = "look rows up, x[t]"
        if x.shape[1] == 1 and places.shape[1] == 1:
            return x[places]
        if places.op != "order":
            raise SheetError(f"np.take_along_axis of {x!r}: its rows are data; {advice}")
    return Expr("take_along", (x, places), places.shape, axis)


def quantile(a: Any, q: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """What a part q of the numbers lies below, in a straight line between two of them. As
    np.quantile.
    """
    x = lift(a)
    if isinstance(q, (list, tuple, np.ndarray)):
        return _each_of(x, list(q), axis, keepdims)
    q = lift(q)
    if q.shape != (1, 1) or (q.op == "const" and not 0 <= q.arg <= 1):
        raise ShapeError(f"np.quantile of {x!r}: {q!r} must be one number from 0 to 1")
    shaped = reduction("quantile", x, axis, keepdims)
    return Expr("quantile", (x, q), shaped.shape, shaped.arg)


def _each_of(x: Expr, parts: list, axis: Any, keepdims: bool) -> Expr:
    """Several quantiles: below each other, or of all numbers beside each other."""
    each_quantile = [quantile(x, each, axis, keepdims) for each in parts]
    if from_start(axis) is None:
        return join(each_quantile, 1)
    return join([transpose(y) if from_start(axis) == 1 else y for y in each_quantile], 0)


def percentile(a: Any, q: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """As np.percentile."""
    if isinstance(q, (list, tuple, np.ndarray)):
        return quantile(a, [each / 100 for each in q], axis, keepdims)
    return quantile(
        a, const(float(q) / 100) if isinstance(q, Real) else lift(q) / 100, axis, keepdims
    )


def median(a: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """The one in the middle, or the mean of two. As np.median."""
    return quantile(a, 0.5, axis, keepdims)


def bin_numbers(x: Any, bins: Any, right: bool = False) -> Expr:
    """How many of the bins' ends lie at or below each number (right: below it). As np.digitize, for
    ends that rise.
    """
    x = lift(x)
    ends = lift(bins) if isinstance(bins, Expr) else list(bins)
    op = "greater" if right else "greater_equal"
    if isinstance(ends, list):
        passed_ends = [elementwise(op, x, float(each)) for each in ends]
        return sum(passed_ends[1:], passed_ends[0])
    across = transpose(ends) if ends.shape[1] == 1 else ends
    if x.shape[1] != 1 or across.shape[0] != 1:
        raise ShapeError(f"np.digitize: {x!r} is {size(x.shape)}; count one column of numbers")
    return reduction("sum", elementwise(op, x, across), 1)


FUNCTIONS |= {
    np.sort: in_order,
    np.argsort: sort_order,
    np.take_along_axis: taken_along,
    np.quantile: quantile,
    np.percentile: percentile,
    np.median: median,
    np.nanquantile: quantile,
    np.nanpercentile: percentile,
    np.nanmedian: median,
    np.digitize: bin_numbers,
    np.searchsorted: lambda a, v, side="left": bin_numbers(v, a, right=side == "left"),
}
