"""Plain arrays in a formula that have a formula themselves: np.zeros, np.linspace, np.eye, np.tri.

Any other array holds numbers that a reader should see: a block.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from .expr import ARRAYS, Expr, const, elementwise, expand
from .functions import column_index, row_index

MOST = 200  # rows or columns of a table that is compared with diagonals


def of_array(given: Any) -> Expr | None:
    """The formula of an array; None where it has none. One axis is one row, as of an input."""
    if isinstance(given, (list, tuple)) and not all(isinstance(x, Real) for x in given):
        return None
    x = np.atleast_2d(np.asarray(given))
    if x.dtype.kind not in "biuf" or x.ndim != 2 or not x.size or not np.isfinite(x).all():
        return None
    x = x.astype(float)
    if (x == x[0, 0]).all():
        return expand(const(x[0, 0]), x.shape)
    if 1 in x.shape:
        return _evenly_spaced(x)
    return _diagonal(x)


def _evenly_spaced(x: np.ndarray) -> Expr | None:
    """As np.arange and np.linspace, to the last bits."""
    numbers = x.ravel()
    counted = np.arange(len(numbers))
    start, end = numbers[0], numbers[-1]
    close = 4 * np.finfo(float).eps * np.abs(numbers).max()
    for step in (numbers[1] - start, (end - start) / (len(numbers) - 1)):
        if (np.abs(start + step * counted - numbers) <= close).all():
            place = row_index(len(numbers)) if x.shape[1] == 1 else column_index(len(numbers))
            return float(start) + place * float(step)
    return None


def _diagonal(x: np.ndarray) -> Expr | None:
    """As np.eye, or as np.tri or its opposite: 1 on one side of a diagonal."""
    rows, columns = x.shape
    if max(rows, columns) > MOST or not np.isin(x, (0, 1)).all():
        return None
    down, across = row_index(rows), column_index(columns)
    for k in range(1 - rows, columns):
        diagonal = down + k
        if np.array_equal(x, np.eye(rows, columns, k)):
            return elementwise("equal", across, diagonal)
        if np.array_equal(x, np.tri(rows, columns, k)):
            return across <= diagonal
        if np.array_equal(x, 1 - np.tri(rows, columns, k)):
            return across > diagonal
    return None


ARRAYS.append(of_array)
