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
    FOLDS,
    FUNCTIONS,
    INSTEAD,
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


def whole(n: Any, what: str) -> int:
    """n, a whole number known while the sheet is written. Raises SheetError."""
    if isinstance(n, (bool, Expr)) or not isinstance(n, (int, np.integer)):
        raise SheetError(f"{what} is {n!r}; it must be a whole number")
    return int(n)


def sum_of(x: Any, axis: Any = None, keepdims: bool = True, where: Any = None) -> Expr:
    return reduction("sum", _only(x, where), axis, keepdims)


def mean(x: Any, axis: Any = None, keepdims: bool = True, where: Any = None) -> Expr:
    return reduction("mean", _only(x, where), axis, keepdims)


def product(x: Any, axis: Any = None, keepdims: bool = True, where: Any = None) -> Expr:
    return reduction("prod", _only(x, where), axis, keepdims)


def _only(x: Any, test: Any) -> Any:
    """x where a test holds, and empty elsewhere, which sums skip; None: all of it."""
    return x if test is None else where(test, x, np.nan)


def largest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("max", x, axis, keepdims)


def smallest(x: Any, axis: Any = None, keepdims: bool = True) -> Expr:
    return reduction("min", x, axis, keepdims)


def variance(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = True) -> Expr:
    """The mean squared distance from the mean; ddof: what is taken off the number of them."""
    x = lift(x)
    squares = (x - mean(x, axis, keepdims)) ** 2
    if whole(ddof, "ddof") == 0:
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
    by = 10.0 ** abs(whole(decimals, "decimals"))
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
    return where(_distance(x) <= whole(k, "k"), x, 0)


def upper_triangle(x: Any, k: int = 0) -> Expr:
    """0 below the diagonal, or below the k-th beside it."""
    x = lift(x)
    return where(_distance(x) >= whole(k, "k"), x, 0)


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
    x, many = lift(x), whole(bins, "np.histogram: bins")
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


def difference(x: Any, n: int = 1, axis: int = -1) -> Expr:
    """Each row (axis 0) or column less the one before it, n times; of a vector, each element."""
    x = lift(x)
    axis = _vector_or_last(x) if axis == -1 else from_start(axis)
    if axis not in (0, 1) or whole(n, "np.diff: n") < 0:
        raise SheetError(f"np.diff of {x!r}: n is how often, and axis 0 or 1")
    if n != 1:
        return x if n == 0 else difference(difference(x, 1, axis), n - 1, axis)
    return x[1:] - x[:-1] if axis == 0 else x[:, 1:] - x[:, :-1]


def _vector_or_last(x: Expr) -> int:
    """The axis of a vector, or the last one."""
    across = x.shape[1] == 1 and not isinstance(x.shape[1], Rows)
    return 0 if across else 1


def slope(f: Any, axis: int | None = None) -> Expr:
    """Half of what lies between the neighbours of each element; at the ends, to the next one. As
    np.gradient, of steps of 1.
    """
    x = lift(f)
    axis = _only_axis(x, "np.gradient") if axis is None else from_start(axis)
    x = x if axis == 0 else transpose(x)
    if isinstance(x.shape[0], Rows) or x.shape[0] < 2:
        raise ShapeError(f"np.gradient of {f!r}: it takes two rows at least, which are no data")
    between = [(x[2:] - x[:-2]) / 2] if x.shape[0] > 2 else []
    slopes = FUNCTIONS[np.vstack]([x[1] - x[0], *between, x[-1] - x[-2]])
    return slopes if axis == 0 else transpose(slopes)


def area(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Expr:
    """Under straight lines from point to point. As np.trapezoid."""
    y = lift(y)
    axis = _vector_or_last(y) if axis == -1 else from_start(axis)
    wide = lift(dx) if x is None else difference(x, 1, -1)
    wide = transpose(wide) if wide.shape != (1, 1) and wide.shape[axis] == 1 else wide
    first, last = (y[:-1], y[1:]) if axis == 0 else (y[:, :-1], y[:, 1:])
    return sum_of(wide * (first + last) / 2, axis)


def covariance(m: Any, rowvar: bool = True, ddof: int = 1) -> Expr:
    """Of each variable with each. rowvar: a variable is a row, as np.cov has it, or a column."""
    x = lift(m) if rowvar else transpose(m)
    centred = x - mean(x, 1)
    return matmul(centred, transpose(centred)) / (lift(x.shape[1]) - whole(ddof, "ddof"))


def correlation(x: Any, rowvar: bool = True) -> Expr:
    """As np.corrcoef."""
    x = lift(x) if rowvar else transpose(x)
    centred = x - mean(x, 1)
    unit = centred / elementwise("sqrt", sum_of(centred**2, 1))
    return matmul(unit, transpose(unit))


def convolved(a: Any, v: Any, mode: str = "full") -> Expr:
    """Of two vectors, the second turned over. As np.convolve."""
    return _slid(a, FUNCTIONS[np.flip](lift(v)), mode, "np.convolve")


def slid(a: Any, v: Any, mode: str = "valid") -> Expr:
    """Of two vectors, the second laid over the first at every place. As np.correlate."""
    return _slid(a, lift(v), mode, "np.correlate")


def _slid(a: Any, v: Expr, mode: str, what: str) -> Expr:
    x, f = (transpose(column_of(each, what)) for each in (a, v))
    n = int(f.shape[1])
    if n > x.shape[1]:
        raise ShapeError(f"{what}: {v!r} is longer than {x!r}; write the longer one first")
    around = {"full": (n - 1, n - 1), "valid": (0, 0), "same": (n // 2, (n - 1) // 2)}
    if what == "np.convolve":
        around["same"] = (n - 1 - (n - 1) // 2, (n - 1) // 2)
    if mode not in around:
        raise SheetError(f"{what}: mode is 'full', 'same' or 'valid', not {mode!r}")
    wide = FUNCTIONS[np.pad](x, ((0, 0), around[mode])) if any(around[mode]) else x
    shape = (1, int(wide.shape[1]) - int(f.shape[1]) + 1)
    return Expr("window", (wide, f), shape, ("sum", (1, int(f.shape[1])), (1, 1)))


def polynomial(p: Any, x: Any) -> Expr:
    """p[0] x^n + ... + p[n]. As np.polyval."""
    x = lift(x)
    terms = list(p) if not isinstance(p, Expr) else [p[:, k] for k in range(int(p.shape[1]))]
    value: Any = 0.0
    for each in terms:
        value = value * x + each
    return lift(value)


def is_close(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> Expr:
    """1 where they differ by little. As np.isclose."""
    a, b = lift(a), lift(b)
    return elementwise("absolute", a - b) <= atol + rtol * elementwise("absolute", b)


def nearest_known(op: str) -> Callable[[Any, Any], Expr]:
    """The larger (smaller) of two; where one is empty, the other. As np.fmax."""

    def refused(a: Any, b: Any) -> Expr:
        a, b = lift(a), lift(b)
        both = where(known(a), elementwise(op, a, b), b)
        return where(known(b), both, a)

    return refused


def dot(a: Any, b: Any) -> Expr:
    """The matrix product; of two rows or two columns, the sum of their products."""
    a, b = lift(a), lift(b)
    if a.shape == b.shape and 1 in a.shape and a.shape != (1, 1):
        return sum_of(a * b)
    return a * b if (1, 1) in (a.shape, b.shape) else matmul(a, b)


def power_of_matrix(a: Any, n: int) -> Expr:
    """As np.linalg.matrix_power, from 0 on."""
    x = lift(a)
    if whole(n, "n") < 0 or x.shape[0] != x.shape[1]:
        raise ShapeError(f"np.linalg.matrix_power of {x!r}: a square block, and n from 0 on")
    return eye(int(x.shape[0])) if n == 0 else reduce(matmul, [x] * n)


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


def _log_of_sum(a: Any, b: Any) -> Expr:
    """ln(e^a + e^b), without overflow."""
    a, b = lift(a), lift(b)
    smaller = elementwise("exp", -elementwise("absolute", a - b))
    return elementwise("maximum", a, b) + elementwise("log1p", smaller)


def _sinc(x: Expr) -> Expr:
    """sin(x) / x, and 1 at 0."""
    zero = elementwise("equal", x, 0)
    return where(zero, 1, elementwise("sin", x) / where(zero, 1, x))


def _down(x: Any) -> Expr:
    return column_of(x, "outer")


def _across(x: Any) -> Expr:
    return transpose(column_of(x, "outer"))


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
    "divmod": lambda a, b: (lift(a) // b, lift(a) % b),
    "fmod": lambda a, b: lift(a) - b * UFUNCS["trunc"](lift(a) / b),
    "cbrt": lambda x: elementwise("sign", x) * elementwise("absolute", x) ** (1 / 3),
    "copysign": lambda a, b: where(lift(b) < 0, -elementwise("absolute", a), abs(lift(a))),
    "signbit": lambda x: lift(x) < 0,
    "heaviside": lambda x, h: where(lift(x) < 0, 0, where(lift(x) > 0, 1, h)),
    "degrees": lambda x: lift(x) * (180 / np.pi),
    "rad2deg": lambda x: lift(x) * (180 / np.pi),
    "radians": lambda x: lift(x) * (np.pi / 180),
    "deg2rad": lambda x: lift(x) * (np.pi / 180),
    "fmax": nearest_known("maximum"),
    "fmin": nearest_known("minimum"),
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
    np.dot: dot,
    np.vdot: lambda a, b: sum_of(lift(a) * b),
    np.inner: lambda a, b: matmul(a, transpose(b)),
    np.prod: product,
    np.nanprod: product,
    np.fix: lambda x: UFUNCS["trunc"](x),
    np.gradient: slope,
    np.trapezoid: area,
    np.cov: covariance,
    np.corrcoef: correlation,
    np.convolve: convolved,
    np.correlate: slid,
    np.polyval: polynomial,
    np.isclose: is_close,
    np.allclose: lambda a, b, rtol=1e-5, atol=1e-8: all_of(is_close(a, b, rtol, atol)),
    np.array_equal: lambda a1, a2: all_of(elementwise("equal", a1, a2)),
    np.linalg.matrix_power: power_of_matrix,
    np.sinc: lambda x: _sinc(lift(x) * np.pi),
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


def _folded(function: Callable[..., Expr]) -> Callable[..., Expr]:
    """As np.add.reduce: down each column, where nothing else is said."""
    return lambda x, axis=0: function(x, axis)


FOLDS |= {
    ("reduce", np.add): _folded(sum_of),
    ("reduce", np.multiply): _folded(product),
    ("reduce", np.maximum): _folded(largest),
    ("reduce", np.minimum): _folded(smallest),
    ("reduce", np.logical_and): _folded(all_of),
    ("reduce", np.logical_or): _folded(any_of),
    ("accumulate", np.add): _folded(running_sum),
    ("outer", np.multiply): outer,
    ("outer", np.add): lambda a, b: _down(a) + _across(b),
    ("outer", np.subtract): lambda a, b: _down(a) - _across(b),
}
RUNNING = "write s.scan(name, lambda before, v: {}, over=x, start={})"
UNKNOWN_SHAPE = "how many it finds would change the block's size"
INSTEAD |= {
    "cumprod": RUNNING.format("before * v", 1),
    "accumulate": RUNNING.format("...", 0),
    "unique": f"{UNKNOWN_SHAPE}; count them, np.equal(x, column_index(n)).sum(axis=0)",
    "bincount": f"{UNKNOWN_SHAPE}; write np.equal(t, column_index(n)).sum(axis=0)",
    "nonzero": f"{UNKNOWN_SHAPE}; write np.where(condition, a, b) or x[x > 0].sum()",
    "flatnonzero": f"{UNKNOWN_SHAPE}; write np.where(condition, a, b) or x[x > 0].sum()",
    "argwhere": f"{UNKNOWN_SHAPE}; write np.where(condition, a, b) or x[x > 0].sum()",
    "extract": "x[x > 0] has its other cells empty, and sums skip them",
    "inv": "write the steps of a solution, or descend to it by s.carry",
    "solve": "write the steps of a solution, or descend to it by s.carry",
    "det": "of two rows, x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]",
    "isfinite": "blocks hold numbers, and where cells may be empty known(x) tells",
    "isinf": "blocks hold numbers, and where cells may be empty known(x) tells",
    "apply_along_axis": "write the formula with axis=0 or axis=1",
    "partition": "np.sort(x) puts all in order",
    "interp": "write np.where between the points, or sums of np.maximum(0, x - a)",
    "cross": "write its three products",
    "tensordot": "write np.einsum of one or two blocks",
}
