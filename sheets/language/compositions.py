"""numpy's functions that are made of others: what `np.std(x)` or `np.tril(x)` means on blocks.

A block keeps both its axes, so a reduction leaves one row or one column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from .errors import ShapeError, SheetError
from .expr import (
    FUNCTIONS,
    UFUNCS,
    Expr,
    Rows,
    clip,
    const,
    elementwise,
    expand,
    from_start,
    is_data,
    known,
    lift,
    matmul,
    reduction,
    size,
    take,
    transpose,
    where,
)
from .functions import column_index, row_index


def _whole(n: Any, what: str) -> int:
    if isinstance(n, (bool, Expr)) or not isinstance(n, (int, np.integer)):
        raise SheetError(f"{what} is {n!r}; it must be a whole number")
    return int(n)


def sum_of(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("sum", x, axis, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("mean", x, axis, keepdims)


def largest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("max", x, axis, keepdims)


def smallest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("min", x, axis, keepdims)


def variance(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = True) -> Expr:
    """The mean squared distance from the mean; ddof: what is taken off the number of them."""
    x = lift(x)
    squares = (x - mean(x, axis, keepdims)) ** 2
    if _whole(ddof, "ddof") == 0:
        return mean(squares, axis)
    return sum_of(squares, axis) / (sum_of(known(x), axis) - ddof)


def deviation(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = True) -> Expr:
    """The root of the variance."""
    return elementwise("sqrt", variance(x, axis, ddof, keepdims))


def place_of_largest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """The number, from 0, of the first largest element; of a table, row by row."""
    return _place("argmax", lift(x), axis, keepdims)


def place_of_smallest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """As `place_of_largest`."""
    return _place("argmin", lift(x), axis, keepdims)


def _place(kind: str, x: Expr, axis: int | None, keepdims: bool) -> Expr:
    rows, columns = x.shape
    axis = from_start(axis)
    if axis is None and columns == 1 and not isinstance(columns, Rows):
        axis = 0
    if axis is None and rows == 1 and not isinstance(rows, Rows):
        axis = 1
    if axis is not None:
        return reduction(kind, x, axis, keepdims)
    if isinstance(columns, Rows):
        raise ShapeError(f"np.{kind} of {x!r}: data rows lie across; give axis=0 or axis=1")
    extreme = reduction(kind.removeprefix("arg"), x, None, keepdims)
    number = row_index(rows) * columns + column_index(columns)
    return smallest(where(elementwise("equal", x, extreme), number, lift(rows) * columns))


def rounded(x: Any, decimals: int = 0) -> Expr:
    """To so many decimals, a tie to the even side, as numpy does it."""
    by = 10.0 ** abs(_whole(decimals, "decimals"))
    if decimals == 0:
        return elementwise("rint", x)
    if decimals > 0:
        return elementwise("rint", lift(x) * by) / by
    return elementwise("rint", lift(x) / by) * by


def running_sum(x: Any, axis: int | None = None) -> Expr:
    """Sums from the first element up to each one, down (axis 0) or across (1)."""
    x, axis = lift(x), from_start(axis)
    if axis is None:
        axis = _only_axis(x, "np.cumsum")
    if axis not in (0, 1):
        raise ShapeError(f"np.cumsum of {x!r}: axis {axis} does not exist; it is 0 or 1")
    return Expr("cumsum", (x,), x.shape, (axis, True))


def _only_axis(x: Expr, what: str) -> int:
    """The axis along which x has its numbers, where there is one."""
    axes = [axis for axis in (0, 1) if x.shape[axis] != 1 or isinstance(x.shape[axis], Rows)]
    if len(axes) > 1:
        raise ShapeError(f"{what} of {x!r}: it is {size(x.shape)}; say axis=0 or axis=1")
    return axes[0] if axes else 0


def column_of(x: Any, what: str) -> Expr:
    """A block of one column or one row, as a column."""
    x = lift(x)
    return x if _only_axis(x, what) == 0 else transpose(x)


def outer(a: Any, b: Any) -> Expr:
    """Each of a times each of b: (n,) and (m,) -> (n, m)."""
    return column_of(a, "np.outer") * transpose(column_of(b, "np.outer"))


def lower_triangle(x: Any, k: int = 0) -> Expr:
    """0 above the diagonal, or above the k-th beside it."""
    x = lift(x)
    return where(_distance(x) <= _whole(k, "k"), x, 0)


def upper_triangle(x: Any, k: int = 0) -> Expr:
    """0 below the diagonal, or below the k-th beside it."""
    x = lift(x)
    return where(_distance(x) >= _whole(k, "k"), x, 0)


def _distance(x: Expr) -> Expr:
    """Of each cell, how far right of the diagonal it stands."""
    return column_index(x.shape[1]) - row_index(x.shape[0])


def eye(rows: int, columns: int | None = None) -> Expr:
    """1 on the diagonal and 0 elsewhere: (rows, columns), or square."""
    across = column_index(rows if columns is None else columns)
    return elementwise("equal", row_index(rows), across)


def trace(x: Any) -> Expr:
    """The sum of the diagonal."""
    x = lift(x)
    return sum_of(x * eye(*x.shape))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = True) -> Expr:
    """The root of the sum of squares."""
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and lift(x).shape[0] != 1):
        raise SheetError(f"np.linalg.norm: ord={ord!r} is not in the language; leave it out")
    return elementwise("sqrt", sum_of(lift(x) ** 2, axis, keepdims))


def holds(x: Any) -> Expr:
    """1 where x is not 0."""
    return elementwise("not_equal", x, 0)


def any_of(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return largest(holds(x), axis, keepdims)


def all_of(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return smallest(holds(x), axis, keepdims)


def count_nonzero(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return sum_of(holds(x), axis, keepdims)


def with_numbers(x: Any, copy: bool = True, nan: float = 0.0) -> Expr:
    """x, with a number in the place of its empty cells. As np.nan_to_num."""
    return where(known(x), x, nan)


def filled_like(number: float) -> Callable[..., Expr]:
    return lambda x: expand(const(number), lift(x).shape)


def taken(x: Any, indices: Any, axis: int | None = None) -> Expr:
    """Rows of x by number. numpy without an axis counts through all elements, row by row."""
    x = lift(x)
    if axis is None and (x.shape[1] != 1 or is_data((x.shape[1], 1))):
        advice = "write np.take(x, t, axis=0) or x[t] for rows"
        raise SheetError(f"np.take of {x!r} without an axis counts single elements; {advice}")
    if axis == 1:
        return transpose(take(transpose(x), indices))
    return take(x, indices)


def histogram(x: Any, bins: Any = 10, range: Any = None) -> tuple[Expr, Expr]:
    """As np.histogram: how many cells lie in each bin, (1, bins), and the bins' ends, one more. The
    last bin holds its right end too.

    range: from where to where, numbers or blocks of one (None: from the least to the largest).
    """
    x, many = lift(x), _whole(bins, "np.histogram: bins")
    if x.shape[0] != 1 and x.shape[1] != 1:
        if is_data(x.shape):
            raise ShapeError(f"np.histogram: {x!r} is {size(x.shape)}; count one column of data")
        x = FUNCTIONS[np.reshape](x, (-1, 1))
    x = transpose(x) if x.shape[0] == 1 and not is_data(x.shape) else x
    low, high = (smallest(x), largest(x)) if range is None else map(lift, range)
    ends = low + column_index(many + 1) * ((high - low) / many)
    least, most = (low + (column_index(many) + k) * ((high - low) / many) for k in (0, 1))
    last = column_index(many) >= many - 1
    inside = (x >= least) & ((x < most) | (last & (x <= high)))
    return sum_of(inside, axis=0), ends


def average(x: Any, axis: Any = None, weights: Any = None, keepdims: bool = True) -> Expr:
    """The mean, or with weights the sum of x times them, over their sum."""
    if weights is None:
        return mean(x, axis, keepdims)
    x, w = lift(x), lift(weights)
    return sum_of(x * w, axis, keepdims) / sum_of(expand(w, x.shape), axis, keepdims)


def difference(x: Any, n: int = 1, axis: int = 1) -> Expr:
    """Each row (axis 0) or column less the one before it."""
    x, axis = lift(x), from_start(axis)
    if n != 1 or axis not in (0, 1):
        raise SheetError(f"np.diff of {x!r}: n is 1, and axis 0 or 1")
    return x[1:] - x[:-1] if axis == 0 else x[:, 1:] - x[:, :-1]


def spread(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    """The largest less the smallest."""
    return largest(x, axis, keepdims) - smallest(x, axis, keepdims)


def selected(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Expr:
    """The first choice whose condition holds. As np.select."""
    if len(condlist) != len(choicelist):
        raise SheetError("np.select: as many choices as conditions")
    choice_so_far = lift(default) if np.isfinite(default) else default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        choice_so_far = where(condition, choice, choice_so_far)
    return lift(choice_so_far)


def among(element: Any, test_elements: Sequence[Any]) -> Expr:
    """1 where it is equal to one of these numbers or words. As np.isin."""
    if isinstance(test_elements, (str, Expr)) or not len(test_elements):
        raise SheetError("np.isin: the second argument is a list of numbers or words")
    tests = [elementwise("equal", element, each) for each in test_elements]
    return reduce(lambda a, b: elementwise("logical_or", a, b), tests)


def full_like(a: Any, fill_value: Any) -> Expr:
    return expand(lift(fill_value), lift(a).shape)


def diagonal(a: Any) -> Expr:
    """In one column."""
    a = lift(a)
    if a.shape[0] != a.shape[1]:
        raise ShapeError(f"np.diagonal of {a!r}: it is {size(a.shape)}, and has no diagonal")
    return sum_of(a * eye(*a.shape), 1)


def _exponential(sign: int) -> Callable[[Any], Expr]:
    """Half of e^x and sign times e^-x."""
    return lambda x: (elementwise("exp", x) + sign * elementwise("exp", -lift(x))) / 2


def _log_of_sum(a: Any, b: Any) -> Expr:
    """ln(e^a + e^b), without overflow."""
    a, b = lift(a), lift(b)
    smaller = elementwise("exp", -elementwise("absolute", a - b))
    return elementwise("maximum", a, b) + elementwise("log1p", smaller)


UFUNCS |= {
    "exp2": lambda x: 2 ** lift(x),
    "ceil": lambda x: -elementwise("floor", -lift(x)),
    "trunc": lambda x: elementwise("sign", x) * elementwise("floor", elementwise("absolute", x)),
    "reciprocal": lambda x: 1 / lift(x),
    "fabs": lambda x: elementwise("absolute", x),
    "positive": lift,
    "floor_divide": lambda a, b: lift(a) // b,
    "float_power": lambda a, b: lift(a) ** b,
    "logical_xor": lambda a, b: elementwise("not_equal", holds(a), holds(b)),
    "tan": lambda x: elementwise("sin", x) / elementwise("cos", x),
    "sinh": _exponential(-1),
    "cosh": _exponential(1),
    "hypot": lambda a, b: elementwise("sqrt", lift(a) ** 2 + lift(b) ** 2),
    "logaddexp": _log_of_sum,
}
FUNCTIONS |= {
    np.histogram: histogram,
    np.average: average,
    np.diff: difference,
    np.ptp: spread,
    np.select: selected,
    np.isin: among,
    np.full_like: full_like,
    np.diagonal: diagonal,
    np.where: where,
    np.clip: clip,
    np.take: taken,
    np.transpose: transpose,
    np.dot: matmul,
    np.sum: sum_of,
    np.mean: mean,
    np.max: largest,
    np.amax: largest,
    np.min: smallest,
    np.amin: smallest,
    np.var: variance,
    np.std: deviation,
    np.argmax: place_of_largest,
    np.argmin: place_of_smallest,
    np.round: rounded,
    np.around: rounded,
    np.cumsum: running_sum,
    np.outer: outer,
    np.tril: lower_triangle,
    np.triu: upper_triangle,
    np.trace: trace,
    np.linalg.norm: norm,
    np.any: any_of,
    np.all: all_of,
    np.count_nonzero: count_nonzero,
    np.nan_to_num: with_numbers,
    np.nansum: sum_of,  # of blocks with empty cells, all reductions skip them
    np.nanmean: mean,
    np.nanmax: largest,
    np.nanmin: smallest,
    np.nanvar: variance,
    np.nanstd: deviation,
    np.nanargmax: place_of_largest,
    np.nanargmin: place_of_smallest,
    np.zeros_like: filled_like(0),
    np.ones_like: filled_like(1),
}
