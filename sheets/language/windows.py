"""Parts of a block by fixed numbers: slices, windows that slide over it, blocks beside each other.

Everything here says where each element comes from by numbers known while the sheet is written, so a
workbook gets relative references and each gradient is one formula a block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .errors import ShapeError, SheetError
from .expr import (
    FUNCTIONS,
    PARTS,
    TESTS,
    Expr,
    Rows,
    Shape,
    elementwise,
    is_data,
    lift,
    size,
    stack,
    take,
    transpose,
    where,
)
from .functions import row_index


class Steps(NamedTuple):
    """Every `step`-th row (column), from number `start` on."""

    start: int
    step: int


ALL = Steps(0, 1)
TURNED_OVER = -1


# --- slices


def part(x: Expr, index: Any) -> Expr:
    """x[index]: rows by number or by a block of numbers; rows and columns by fixed numbers and
    slices. Both axes stay: x[0] is one row, x[:, 0] one column, x[0, 1] one number.

    x[x > 0] has its other cells empty. Two lists, or two blocks of numbers, say single elements, as
    numpy has it: p[np.arange(n), y].
    """
    index = _without_dots(index)
    if isinstance(index, tuple) and any(k is None for k in index):
        return _turned_by(x, index)
    if isinstance(index, slice) and index != slice(None) and _is_row(x):
        said = ":".join("" if n is None else str(n) for n in (index.start, index.stop))
        raise SheetError(f"{x!r}[{said}]: {x!r} is one row: its elements are {x!r}[:, {said}]")
    if is_test(index):
        return where(_beside(index, x), x, np.nan)
    rows, columns = index if isinstance(index, tuple) and len(index) == 2 else (index, slice(None))
    if _is_listed(rows) and _is_listed(columns):
        return _elements(x, rows, columns)
    return _along(_along(x, 0, rows, index), 1, columns, index)


def _without_dots(index: Any) -> Any:
    """x[..., 0] is x[:, 0], and x[0, ...] is x[0]."""
    if index is Ellipsis:
        return slice(None)
    if not isinstance(index, tuple) or not any(k is Ellipsis for k in index):
        return index
    left = tuple(k for k in index if k is not Ellipsis)
    if len(left) == 2:
        return left
    return (slice(None), *left) if index[0] is Ellipsis else (*left, slice(None))


def _turned_by(x: Expr, index: tuple) -> Expr:
    """v[:, None] and v[None, :] of a vector: as one column, as one row."""
    if vector_axis(x) is None or index not in ((slice(None), None), (None, slice(None))):
        rule = "a block has two axes; a vector v is one column by v[:, None], one row by v[None, :]"
        raise SheetError(f"{x!r}: {rule}")
    return stand(x, 0 if index[0] is not None else 1)


def vector_axis(x: Expr) -> int | None:
    """The axis along which a vector lies; None of a table."""
    axes = [axis for axis in (0, 1) if x.shape[axis] != 1 or isinstance(x.shape[axis], Rows)]
    return None if len(axes) > 1 else axes[0] if axes else 0


def stand(x: Expr, axis: int) -> Expr:
    """A vector along this axis: 0 one column, 1 one row."""
    single = (x.shape[0], x.shape[1]) == (1, 1) and not is_data(x.shape)
    return x if single or vector_axis(x) == axis else transpose(x)


def _is_row(x: Expr) -> bool:
    """Whether it is one row of several numbers: where numpy has a vector."""
    return x.shape[0] == 1 and x.shape[1] > 1 and not is_data(x.shape)


def is_test(index: Any) -> bool:
    """Whether it is a comparison: what says which elements are meant."""
    return isinstance(index, Expr) and index.op in TESTS


def _beside(test: Expr, x: Expr, axis: int = 0) -> Expr:
    """A test of each element, or of each row (axis 0) or column."""
    if test.shape == x.shape:
        return test
    laid = test if vector_axis(test) is None else stand(test, axis)
    if laid.shape[axis] != x.shape[axis] or laid.shape[1 - axis] != 1:
        sizes = f"{x!r} is {size(x.shape)} and {test!r} is {size(test.shape)}"
        raise ShapeError(
            f"{sizes}: a comparison says of each element, or of each row, which to keep"
        )
    return laid


def _is_listed(index: Any) -> bool:
    return isinstance(index, (Expr, list, np.ndarray)) and not is_test(index)


def _elements(x: Expr, rows: Any, columns: Any) -> Expr:
    """x[rows, columns] of as many row numbers as column numbers: single elements, in a column."""
    every = isinstance(rows, np.ndarray) and np.array_equal(rows, np.arange(int(x.shape[0])))
    every = every or (
        isinstance(rows, Expr) and rows.op == "row_index" and rows.shape[0] == x.shape[0]
    )
    if not isinstance(columns, Expr) and not isinstance(rows, Expr):
        pairs = zip(*np.broadcast_arrays(rows, columns), strict=True)
        return join([part(x, (int(i), int(j))) for i, j in pairs], 0)
    if not isinstance(columns, Expr):
        columns = np.asarray(columns)
        if not np.array_equal(columns, np.arange(int(x.shape[1]))):
            rule = "row numbers from a block go with column numbers from a block"
            raise SheetError(f"{x!r}[..., ...]: {rule}, or with one number")
        columns = row_index(len(columns))
    places = stand(columns, 0)
    rows_taken = (
        x if every else take(x, rows) if isinstance(rows, Expr) else _along(x, 0, rows, rows)
    )
    if rows_taken.shape[0] != places.shape[0]:
        raise ShapeError(
            f"{x!r}[..., ...]: {size(rows_taken.shape)} rows and {size(places.shape)} numbers"
        )
    return Expr("take_along", (rows_taken, places), places.shape, 1)


def _along(x: Expr, axis: int, chosen: Any, index: Any) -> Expr:
    if is_test(chosen):
        return where(_beside(chosen, x, axis), x, np.nan)
    if isinstance(chosen, Expr):
        chosen = chosen if vector_axis(chosen) is None else stand(chosen, 0)
        return take(x, chosen) if axis == 0 else transpose(take(transpose(x), chosen))
    if isinstance(chosen, (list, np.ndarray)) and not isinstance(chosen, bool):
        parts = [_along(x, axis, k, index) for k in np.asarray(chosen).tolist()]
        return join(parts, axis)
    if isinstance(chosen, slice):
        return _sliced(x, axis, chosen)
    if isinstance(chosen, (int, np.integer)) and not isinstance(chosen, bool):
        return _one(x, axis, int(chosen))
    rule = "rows and columns are chosen by whole numbers, slices, or a block of row numbers"
    raise SheetError(f"{x!r}[{index!r}]: {rule}")


def _one(x: Expr, axis: int, k: int) -> Expr:
    """One row or column; a negative number counts from the end."""
    length = x.shape[axis]
    if isinstance(length, Rows):
        number: Any = k if k >= 0 else length + k
        return take(x, number) if axis == 0 else transpose(take(transpose(x), number))
    if not -length <= k < length:
        what = ("rows", "columns")[axis]
        one_row = axis == 0 and length == 1 and -x.shape[1] <= k < x.shape[1]
        advice = f"; of one row, write [0, {k}]" if one_row else ""
        rule = f"{x!r} is {size(x.shape)}, and its {what} are counted from 0"
        raise ShapeError(f"{x!r}[{k}]: {rule}{advice}")
    k %= length
    return take(x, k) if axis == 0 else _chosen(x, axis, Steps(k, 1), 1)


def _sliced(x: Expr, axis: int, chosen: slice) -> Expr:
    length = x.shape[axis]
    if chosen == slice(None):
        return x
    if isinstance(length, Rows):
        advice = "look rows up by a block of their numbers, x[t]"
        raise SheetError(f"{x!r}: data rows may become more or fewer, so no slice fits; {advice}")
    if not all(n is None or isinstance(n, (int, np.integer)) for n in _ends(chosen)):
        raise SheetError(f"{x!r}: a slice is made of whole numbers that are known, not {chosen}")
    numbers = range(length)[chosen]
    if not numbers:
        raise ShapeError(f"{x!r}: the slice {chosen} of {size(x.shape)} holds nothing")
    turned = numbers.step < 0
    numbers = numbers[::TURNED_OVER] if turned else numbers
    kept = _chosen(x, axis, Steps(numbers.start, numbers.step), len(numbers))
    return flipped(kept, axis) if turned else kept


def _ends(chosen: slice) -> tuple[Any, Any, Any]:
    return chosen.start, chosen.stop, chosen.step


def _chosen(x: Expr, axis: int, steps: Steps, count: int) -> Expr:
    """So many rows (columns) of x."""
    if steps == ALL and count == x.shape[axis]:
        return x
    shape = (count, x.shape[1]) if axis == 0 else (x.shape[0], count)
    return Expr("slice", (x,), shape, (steps, ALL) if axis == 0 else (ALL, steps))


def flipped(x: Any, axis: int | None = None) -> Expr:
    """Turned over: the last row (column) first. As np.flip."""
    x = lift(x)
    down, across = (
        Steps(x.shape[k] - 1, TURNED_OVER) if axis in (k, None) and x.shape[k] != 1 else ALL
        for k in (0, 1)
    )
    if any(isinstance(x.shape[k], Rows) and axis in (k, None) for k in (0, 1)):
        raise SheetError(f"np.flip of {x!r}: data rows may become more or fewer")
    return x if (down, across) == (ALL, ALL) else Expr("slice", (x,), x.shape, (down, across))


def _slice_vjp(g: Expr, y: Expr) -> Expr:
    """Back to where it was taken from, 0 elsewhere."""
    down, across = y.arg
    if TURNED_OVER in (down.step, across.step):
        return Expr("slice", (g,), g.shape, y.arg)
    return padded(g, (down, across), y.args[0].shape)


# --- around and between


def padded(x: Expr, steps: tuple[Steps, Steps], shape: Shape) -> Expr:
    """x in the midst of zeros: its first element at `start`, the others `step` apart."""
    if steps == (ALL, ALL) and shape == x.shape:
        return x
    return Expr("pad", (x,), shape, steps)


def pad(x: Any, pad_width: Any, mode: str = "constant", **values: Any) -> Expr:
    """As np.pad, with zeros: one number, (before, after), or a pair of those for each axis."""
    x = lift(x)
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (2, 2)).tolist()
    if mode != "constant" or any(values.values()) or min(map(min, widths)) < 0:
        raise SheetError(f"np.pad of {x!r}: zeros alone are put around a block")
    fixed(x, "np.pad")
    shape = tuple(int(n) + sum(around) for n, around in zip(x.shape, widths, strict=True))
    (top, _), (left, _) = widths
    return padded(x, (Steps(top, 1), Steps(left, 1)), shape)


def _pad_vjp(g: Expr, y: Expr) -> Expr:
    return Expr("slice", (g,), y.args[0].shape, y.arg)


def repeat(x: Any, repeats: int, axis: int | None = None) -> Expr:
    """Each row (axis 0) or column (axis 1) so many times, one after another. As np.repeat: without
    an axis, each element of all in one row.
    """
    x = lift(x)
    if axis is None:
        axis = vector_axis(x)
        x, axis = (flat(x), 1) if axis is None else (x, axis)
    if axis not in (0, 1) or isinstance(repeats, bool) or not isinstance(repeats, int):
        raise SheetError(f"np.repeat of {x!r}: say how often and along which axis, 0 or 1")
    return repeated(x, (repeats, 1) if axis == 0 else (1, repeats))


def repeated(x: Expr, times: tuple[int, int]) -> Expr:
    fixed(x, "np.repeat")
    shape = (int(x.shape[0]) * times[0], int(x.shape[1]) * times[1])
    return x if times == (1, 1) else Expr("repeat", (x,), shape, times)


def _repeat_vjp(g: Expr, y: Expr) -> Expr:
    return windows("sum", (g,), y.arg, y.arg, y.args[0].shape)


def fixed(x: Expr, what: str) -> None:
    """Raises SheetError where its rows are data."""
    if any(isinstance(n, Rows) for n in x.shape):
        rule = "its rows are data and may become more or fewer"
        raise SheetError(f"{what} of {x!r}: {rule}; give it an input without rows=True")


# --- windows

KINDS: dict[Callable, str] = {np.max: "max", np.min: "min", np.mean: "mean", np.sum: "sum"}


def windows(kind: str, args: tuple[Expr, ...], of: Any, stride: Any, shape: Shape) -> Expr:
    return Expr("window", args, shape, (kind, tuple(of), tuple(stride)))


def _pair(n: Any, what: str) -> tuple[int, int]:
    """One whole number for both axes, or two."""
    pair = tuple(n) if isinstance(n, (tuple, list)) else (n, n)
    if len(pair) != 2 or not all(isinstance(k, (int, np.integer)) and k > 0 for k in pair):
        raise ShapeError(f"{what} is {n!r}; it is one whole number from 1, or two")
    return int(pair[0]), int(pair[1])


def correlate(x: Any, f: Any, padding: int | str = "valid", stride: Any = 1) -> Expr:
    """The sum of x times f, with f laid over x at every place: what deep learning calls a
    convolution. x (n, m) and f (a, b) -> (n - a + 1, m - b + 1).

    padding: zeros around x: `valid` none, `same` as many as keep its size, or a number on each
    side. stride: how far f moves at a time. As torch.nn.functional.conv2d.
    """
    x, f = lift(x), lift(f)
    for block in (x, f):
        fixed(block, "correlate")
    x = _with_padding(x, f, padding)
    down, across = _pair(stride, "correlate: the stride")
    if f.shape[0] > x.shape[0] or f.shape[1] > x.shape[1]:
        raise ShapeError(f"correlate: {f!r} is {size(f.shape)}, larger than {x!r}, {size(x.shape)}")
    shape = ((x.shape[0] - f.shape[0]) // down + 1, (x.shape[1] - f.shape[1]) // across + 1)
    return windows("sum", (x, f), f.shape, (down, across), shape)


def _with_padding(x: Expr, f: Expr, padding: int | str) -> Expr:
    if padding == "valid":
        return x
    if padding == "same":
        return pad(x, [((n - 1) // 2, n - 1 - (n - 1) // 2) for n in map(int, f.shape)])
    if isinstance(padding, (int, np.integer)) and not isinstance(padding, bool) and padding >= 0:
        return pad(x, int(padding))
    raise SheetError(f"correlate: padding is {padding!r}; it is 'valid', 'same' or a whole number")


def pooled(x: Any, window: Any, function: Callable) -> Expr:
    """np.max, np.min, np.mean or np.sum of each window, side by side without overlap.

    x (n, m), window (a, b) -> (n // a, m // b); what is left over at the end is left out.
    """
    x = lift(x)
    fixed(x, "pooled")
    rows, columns = _pair(window, "pooled: the window")
    if function not in KINDS:
        raise SheetError("pooled: the third argument is np.max, np.min, np.mean or np.sum")
    if rows > x.shape[0] or columns > x.shape[1]:
        raise ShapeError(f"pooled: {x!r} is {size(x.shape)}, smaller than {rows} x {columns}")
    shape = (int(x.shape[0]) // rows, int(x.shape[1]) // columns)
    return windows(KINDS[function], (x,), (rows, columns), (rows, columns), shape)


def _window_vjp(g: Expr, y: Expr, here: Expr) -> tuple[Expr, ...]:
    return _correlate_vjp(g, y) if len(y.args) == 2 else (_pooled_vjp(g, y, here),)


def _correlate_vjp(g: Expr, y: Expr) -> tuple[Expr, Expr]:
    """Of x: f turned over, laid over g in the midst of zeros. Of f: g laid over x."""
    x, f = y.args
    (a, b), (down, across) = y.arg[1], y.arg[2]
    reach = tuple((n - 1) * step + 1 for n, step in zip(y.shape, (down, across), strict=True))
    spread = padded(g, (Steps(0, down), Steps(0, across)), reach)
    used = part(x, (slice(0, reach[0] + a - 1), slice(0, reach[1] + b - 1)))
    of_f = windows("sum", (used, spread), reach, (1, 1), f.shape)
    shape = (int(x.shape[0]) + a - 1, int(x.shape[1]) + b - 1)
    wide = padded(g, (Steps(a - 1, down), Steps(b - 1, across)), shape)
    return windows("sum", (wide, flipped(f)), f.shape, (1, 1), x.shape), of_f


def _pooled_vjp(g: Expr, y: Expr, here: Expr) -> Expr:
    """Back to each window; equal largest elements share evenly."""
    x = y.args[0]
    kind, window, _ = y.arg
    used = part(x, tuple(slice(0, n * k) for n, k in zip(y.shape, window, strict=True)))
    if kind in ("sum", "mean"):
        count = window[0] * window[1] if kind == "mean" else 1
        gradient = repeated(g / count, window)
    else:
        largest = elementwise("equal", used, repeated(here, window))
        shared = g / windows("sum", (largest,), window, window, y.shape)
        gradient = where(largest, repeated(shared, window), 0)
    return padded(gradient, (ALL, ALL), x.shape)


# --- beside each other


def join(parts: Sequence[Any], axis: int = 0) -> Expr:
    """Blocks below each other (axis 0) or beside each other (axis 1), as np.concatenate."""
    if isinstance(parts, Expr) or not parts:
        raise ShapeError("blocks are joined from a list of them, at least one")
    if axis not in (0, 1):
        raise ShapeError(f"joined along axis {axis!r}: it is 0 (below) or 1 (beside)")
    blocks = [lift(x) for x in parts]
    if axis == 0 and all(x.shape[0] == 1 and not is_data(x.shape) for x in blocks):
        return stack(blocks)
    along = [x.shape[axis] for x in blocks]
    other = {(int(x.shape[1 - axis]), isinstance(x.shape[1 - axis], Rows)) for x in blocks}
    if len(other) > 1 or any(isinstance(n, Rows) for n in along):
        which = ", ".join(f"{x!r} is {size(x.shape)}" for x in blocks)
        rule = "one below another they have the same columns, beside each other the same rows"
        fixed = "; data rows may become more or fewer, so nothing stands below them"
        more = fixed if any(isinstance(n, Rows) for n in along) else ""
        raise ShapeError(f"{which}: {rule}{more}")
    length, across = sum(map(int, along)), blocks[0].shape[1 - axis]
    shape = (length, across) if axis == 0 else (across, length)
    return blocks[0] if len(blocks) == 1 else Expr("join", tuple(blocks), shape, axis)


def _join_vjp(g: Expr, y: Expr) -> tuple[Expr, ...]:
    parts, start = [], 0
    for x in y.args:
        length = int(x.shape[y.arg])
        parts.append(_chosen(g, y.arg, Steps(start, 1), length))
        start += length
    return tuple(parts)


def beside(tup: Sequence[Any]) -> Expr:
    """Blocks beside each other. As np.hstack."""
    return join(tup, 1)


def vstack(parts: Sequence[Any]) -> Expr:
    """Blocks below each other; a number among single rows stretches to them."""
    if not isinstance(parts, Expr) and parts:
        blocks = [lift(x) for x in parts]
        if all(x.shape[0] == 1 and not is_data(x.shape) for x in blocks):
            return stack(blocks)
    return join(parts, 0)


def reshape(x: Any, *shape: Any, newshape: Any = None) -> Expr:
    """The same elements row by row in another shape; one -1 is what is left."""
    x = lift(x)
    given = newshape if newshape is not None else shape[0] if len(shape) == 1 else shape
    wanted = tuple(given) if isinstance(given, (tuple, list)) else (1, given)
    wanted = (1, *wanted) if len(wanted) == 1 else wanted
    if _keeps_rows(x, wanted):
        return x
    fixed(x, "reshape")
    count = int(x.shape[0]) * int(x.shape[1])
    known = [n for n in wanted if n != -1]
    if len(wanted) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in known):
        raise ShapeError(f"{x!r}.reshape{given}: a block has rows and columns, two whole numbers")
    rest = count // int(np.prod(known)) if known else 0
    rows, columns = (rest if n == -1 else int(n) for n in wanted)
    if rows * columns != count:
        raise ShapeError(f"{x!r}.reshape{given}: {size(x.shape)} are {count} numbers")
    return x if (rows, columns) == x.shape else Expr("reshape", (x,), (rows, columns))


def _keeps_rows(x: Expr, wanted: tuple) -> bool:
    """Whether (-1, columns) leaves a block of data rows as it is."""
    return is_data(x.shape) and wanted in ((-1, x.shape[1]), x.shape)


def flat(x: Any) -> Expr:
    """All elements in one row."""
    return reshape(x, (1, -1))


# --- gradients


def vjp(g: Expr, y: Expr, here: Expr) -> tuple[Expr, ...]:
    """One gradient per argument of a node of this module."""
    match y.op:
        case "slice":
            return (_slice_vjp(g, y),)
        case "pad":
            return (_pad_vjp(g, y),)
        case "repeat":
            return (_repeat_vjp(g, y),)
        case "window":
            return _window_vjp(g, y, here)
        case "join":
            return _join_vjp(g, y)
        case _:
            return (reshape(g, y.args[0].shape),)


OPS_HERE = ("slice", "pad", "repeat", "window", "join", "reshape")

PARTS.append(part)
FUNCTIONS |= {
    np.vstack: vstack,
    np.hstack: beside,
    np.column_stack: beside,
    np.concatenate: join,
    np.flip: flipped,
    np.flipud: lambda x: flipped(x, 0),
    np.fliplr: lambda x: flipped(x, 1),
    np.pad: pad,
    np.repeat: repeat,
    np.reshape: reshape,
    np.ravel: flat,
}
