"""What numpy has no name for: activations, places in a block, and gradients stopped."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ShapeError
from .expr import Expr, Rows, elementwise, lift, size


def row_index(rows: int) -> Expr:
    """(rows, 1): 0, 1, 2, ... down."""
    return Expr("row_index", (), (_length(rows), 1))


def column_index(columns: int) -> Expr:
    """(1, columns): 0, 1, 2, ... across."""
    return Expr("column_index", (), (1, _length(columns)))


def _length(n: Any) -> int:
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        rule = "a whole number from 1 that is known while the sheet is written"
        raise ShapeError(f"{n!r} is not a number of rows or columns: {rule}")
    return n if isinstance(n, Rows) else int(n)


def sigmoid(x: Any) -> Expr:
    """1 / (1 + e^-x), without overflow at either end."""
    return elementwise("sigmoid", x)


def normal_quantile(p: Any) -> Expr:
    """The number that a standard normal draw stays below with probability p.

    As scipy.special.ndtri: -inf for 0, inf for 1, nan outside.
    """
    return elementwise("normal_quantile", p)


def xlogy(x: Any, y: Any) -> Expr:
    """x ln y for y >= 0, and 0 where x is 0: what 0 ln 0 means in a cross-entropy.

    As scipy.special.xlogy.
    """
    return elementwise("xlogy", x, y)


def stop(x: Any) -> Expr:
    """x itself; no gradient flows back through it."""
    return elementwise("stop", x)


def softmax(x: Any, axis: int = 1) -> Expr:
    """e^x / sum e^x across each row (axis 1) or down each column (axis 0).

    Without overflow: the largest is taken off first. -np.inf gets a share of 0.
    """
    return _along("softmax", x, axis)


def log_softmax(x: Any, axis: int = 1) -> Expr:
    """The logarithm of softmax, finite where softmax has run down to 0."""
    return _along("log_softmax", x, axis)


def match(ids: Any, who: Any) -> Expr:
    """The row numbers, from 0, in which `who` stands in `ids`: (n, 1) and (m, 1) -> (m, 1).

    The first of several; of who is not there, no number.
    """
    ids, who = lift(ids), lift(who)
    for x in (ids, who):
        if x.shape[1] != 1 or isinstance(x.shape[1], Rows):
            raise ShapeError(f"match: {x!r} is {size(x.shape)}; both are one column")
    return Expr("match", (ids, who), who.shape)


def _along(op: str, x: Any, axis: int) -> Expr:
    x = lift(x)
    if axis not in (0, 1, -1):
        raise ShapeError(
            f"{op} of {x!r}: axis {axis!r} does not exist; it is 0 (down) or 1 (across)"
        )
    return Expr(op, (x,), x.shape, axis % 2)


def powers_of(e: Expr) -> Expr:
    """e^x of a COMPOSED node, its row's largest taken off first."""
    x = e.args[0]
    return elementwise("exp", x - x.max(axis=e.arg))


def composed(e: Expr) -> Expr:
    """What a COMPOSED node means in simpler ones.

    A second argument, where there is one, holds its `powers_of`: a block that is seen.
    """
    x, *held = e.args
    powers = held[0] if held else powers_of(e)
    if e.op == "softmax":
        return powers / powers.sum(axis=e.arg)
    return x - x.max(axis=e.arg) - elementwise("log", powers.sum(axis=e.arg))
