"""numpy's words that put the same numbers elsewhere: rolled, repeated, split, on a diagonal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .compositions import column_of, eye, holds, whole
from .errors import ShapeError, SheetError
from .expr import FUNCTIONS, METHODS, UFUNCS, Expr, expand, from_start, lift, size, transpose
from .windows import fixed, flat, flipped, join, part, repeat, reshape, stand, vector_axis


def rolled(a: Any, shift: int, axis: int | None = None) -> Expr:
    """Each row (axis 0) or column so many places on, the last ones first. As np.roll."""
    x, by = lift(a), whole(shift, "np.roll: shift")
    fixed(x, "np.roll")
    axis = vector_axis(x) if axis is None else from_start(axis)
    if axis is None:
        return reshape(rolled(flat(x), by), x.shape)
    if axis not in (0, 1):
        raise ShapeError(f"np.roll of {x!r}: axis {axis} does not exist; it is 0 or 1")
    n = int(x.shape[axis])
    by %= n
    if by == 0:
        return x
    pieces = [slice(n - by, n), slice(0, n - by)]
    return join([x[k] if axis == 0 else x[:, k] for k in pieces], axis)


def tiled(A: Any, reps: Any) -> Expr:
    """The block so many times beside itself, or (down, across). As np.tile."""
    x = lift(A)
    given = tuple(reps) if isinstance(reps, (tuple, list)) else (1, reps)
    given = (1, *given) if len(given) == 1 else given
    down, across = (whole(n, "np.tile: reps") for n in given)
    across_repeated = x if across == 1 else join([x] * across, 1)
    return across_repeated if down == 1 else join([across_repeated] * down, 0)


def diagonal_or_table(v: Any, k: int = 0) -> Expr:
    """Of a vector the table with it on the diagonal, of a table its diagonal. As np.diag."""
    x, k = lift(v), whole(k, "np.diag: k")
    if vector_axis(x) is None:
        n = min(int(x.shape[0]) + min(k, 0), int(x.shape[1]) - max(k, 0))
        fixed(x, "np.diag")
        if n < 1:
            raise ShapeError(f"np.diag of {x!r}: it is {size(x.shape)}, and has no diagonal {k}")
        square = part(x, (slice(max(-k, 0), max(-k, 0) + n), slice(max(k, 0), max(k, 0) + n)))
        return (square * eye(n)).sum(axis=1)
    column = column_of(x, "np.diag")
    fixed(column, "np.diag")
    square = column * eye(int(column.shape[0]))
    if k == 0:
        return square
    around = ((0, k), (k, 0)) if k > 0 else ((-k, 0), (0, -k))
    return FUNCTIONS[np.pad](square, around)


def stacked(arrays: Sequence[Any], axis: int = 0) -> Expr:
    """Vectors below each other (axis 0) or beside each other. As np.stack."""
    blocks = [lift(x) for x in arrays]
    if any(vector_axis(x) is None for x in blocks):
        advice = 's.stack("name", [...], over=[...]) keeps several tables under one name'
        raise ShapeError(f"np.stack: tables on tables would have three axes; {advice}")
    columns = [column_of(x, "np.stack") for x in blocks]
    beside = join(columns, 1)
    return beside if from_start(axis) == 1 else transpose(beside)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Expr]:
    """Parts of as many rows (axis 0) or columns, or from these numbers on. As np.split."""
    x, axis = lift(ary), from_start(axis)
    fixed(x, "np.split")
    n = int(x.shape[axis])
    if isinstance(indices_or_sections, (int, np.integer)):
        many = int(indices_or_sections)
        if many < 1 or n % many:
            raise ShapeError(f"np.split of {x!r}: {n} cannot be split into {many} equal parts")
        ends = [n // many * k for k in range(1, many)]
    else:
        ends = [whole(k, "np.split: a place") for k in indices_or_sections]
    pieces = [slice(a, b) for a, b in zip([0, *ends], [*ends, n], strict=True)]
    return [x[piece] if axis == 0 else x[:, piece] for piece in pieces]


def without(arr: Any, obj: Any, axis: int | None = None) -> Expr:
    """Without these rows (axis 0) or columns. As np.delete."""
    x = lift(arr)
    axis = vector_axis(x) if axis is None else from_start(axis)
    if axis not in (0, 1):
        raise ShapeError(f"np.delete of {x!r}: say axis=0 or axis=1")
    fixed(x, "np.delete")
    left = np.delete(np.arange(int(x.shape[axis])), obj).tolist()
    return part(x, (left, slice(None)) if axis == 0 else (slice(None), left))


def appended(arr: Any, values: Any, axis: int | None = None) -> Expr:
    """As np.append: vectors one after another, or along an axis."""
    x, more = lift(arr), lift(values)
    if axis is None:
        axis = vector_axis(x)
        if axis is None:
            x, axis = flat(x), 1
        more = stand(flat(more), axis)
    return join([x, more], from_start(axis))


def turned(m: Any, k: int = 1) -> Expr:
    """Turned by a quarter against the clock, k times. As np.rot90."""
    x = lift(m)
    for _ in range(whole(k, "np.rot90: k") % 4):
        x = flipped(transpose(x), 0)
    return x


def kronecker(a: Any, b: Any) -> Expr:
    """Of each element of a, all of b times it. As np.kron."""
    a, b = lift(a), lift(b)
    fixed(a, "np.kron")
    fixed(b, "np.kron")
    large = repeat(repeat(a, int(b.shape[0]), 0), int(b.shape[1]), 1)
    return large * tiled(b, tuple(map(int, a.shape)))


def broadcast(array: Any, shape: Any) -> Expr:
    """Stretched to (rows, columns). As np.broadcast_to."""
    x = lift(array)
    wanted = tuple(shape) if isinstance(shape, (tuple, list)) else (1, shape)
    wanted = (1, *wanted) if len(wanted) == 1 else wanted
    if any(n not in (1, m) for n, m in zip(x.shape, wanted, strict=True)):
        raise ShapeError(f"np.broadcast_to: {x!r} is {size(x.shape)}, not to be stretched to that")
    return expand(x, (wanted[0], wanted[1]))


def grid(x: Any, y: Any) -> list[Expr]:
    """Two tables: x in each row, and y in each column. As np.meshgrid of two vectors."""
    across, down = transpose(column_of(x, "np.meshgrid")), column_of(y, "np.meshgrid")
    shape = (down.shape[0], across.shape[1])
    return [expand(across, shape), expand(down, shape)]


def with_axis(a: Any, axis: int) -> Expr:
    """A vector as one row (axis 0) or one column (axis 1). As np.expand_dims."""
    return stand(lift(a), 1 if from_start(axis) == 0 else 0)


def exchanged(a: Any, axis1: int, axis2: int) -> Expr:
    """As np.swapaxes."""
    x = lift(a)
    return x if from_start(axis1) == from_start(axis2) else transpose(x)


def as_type(x: Any, dtype: Any) -> Expr:
    """Truths as 1 and 0, fractions cut off for whole numbers, all else as it is."""
    x = lift(x)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return holds(x)
    return UFUNCS["trunc"](x) if kind in "iu" else x


def _in_place(instead: str) -> Callable[..., Expr]:
    """Of a method that would change an array."""

    def refused(x: Any, *_: Any, **__: Any) -> Expr:
        raise SheetError(f"{x!r}: what a formula says does not change; write {instead}")

    return refused


def _number_of(x: Any) -> Expr:
    raise SheetError(f"{x!r}.item(): its numbers are not known yet; ask values(s)[...] for them")


FUNCTIONS |= {
    np.roll: rolled,
    np.tile: tiled,
    np.diag: diagonal_or_table,
    np.stack: stacked,
    np.split: split,
    np.hsplit: lambda ary, indices_or_sections: split(ary, indices_or_sections, 1),
    np.vsplit: lambda ary, indices_or_sections: split(ary, indices_or_sections, 0),
    np.delete: without,
    np.append: appended,
    np.rot90: turned,
    np.kron: kronecker,
    np.broadcast_to: broadcast,
    np.meshgrid: grid,
    np.expand_dims: with_axis,
    np.swapaxes: exchanged,
    np.squeeze: lambda a, axis=None: lift(a),
    np.copy: lambda a: lift(a),
    np.atleast_1d: lambda a: lift(a),
    np.atleast_2d: lambda a: lift(a),
}
METHODS |= {
    "sort": _in_place("np.sort(x)"),
    "fill": _in_place("np.full_like(x, 2)"),
    "resize": _in_place("np.reshape(x, (2, 6))"),
    "partition": _in_place("np.sort(x)"),
    "astype": as_type,
    "flatten": flat,
    "item": _number_of,
    "tolist": _number_of,
}
