"""From blocks to one cell: at(expr, i, j) is the formula of the cell in row i, column j.

i and j are symbols ("i", "j", or the index of a sum: "k0", "k1"), whole numbers, or an expression
that looks a row up. Called once per block with symbols, it gives Excel a formula to fill,
JavaScript a loop body, and LaTeX its subscripts.

Four nodes exist only here: `cell` (arg: block, i, j), `over` (arg: kind, index, length), `index`
(arg: a symbol), the index itself as a number, and `choose` (arguments: a row's number, then what
each row says).
"""

from __future__ import annotations

from typing import NamedTuple

from .dependencies import walk
from .expr import REDUCTIONS, Expr, Rows, Shape, const, elementwise
from .functions import composed

Index = str | int | Expr
ONE: Shape = (1, 1)


def cell(block: str, i: Index, j: Index) -> Expr:
    lookup = tuple(x for x in (i, j) if isinstance(x, Expr))
    return Expr("cell", lookup, ONE, (block, i, j))


def index(i: Index) -> Expr:
    return (
        i if isinstance(i, Expr) else const(i) if isinstance(i, int) else Expr("index", (), ONE, i)
    )


class Running(NamedTuple):
    """How far a running sum goes: from 0 to `place`, or (not up) from there to the last, n - 1."""

    place: Index
    up: bool
    n: int


def reads(e: Expr, k: str) -> bool:
    return any(
        (x.op == "cell" and k in x.arg[1:])
        or (x.op == "index" and x.arg == k)
        or (x.op == "over" and isinstance(x.arg[2], Running) and x.arg[2].place == k)
        for x in walk(e)
    )


def over(kind: str, body: Expr, k: str, length: int) -> Expr:
    """The sum, mean, max, min, or place of the max or min, of body for k in 0..length-1.

    A body without k only needs counting.
    """
    if reads(body, k):
        return Expr("over", (body,), ONE, (kind, k, length))
    if kind in ("argmax", "argmin"):
        return const(0)
    return elementwise("multiply", length, body) if kind == "sum" else body


def fixed(i: Index, length: int) -> Index:
    """A stretched axis has only row (column) 0; an axis of data rows never stretches."""
    return 0 if length == 1 and not isinstance(length, Rows) else i


def at(e: Expr, i: Index, j: Index, depth: int = 0) -> Expr:
    i, j = fixed(i, e.shape[0]), fixed(j, e.shape[1])
    k = f"k{depth}"
    match e.op:
        case "const" | "pointer":
            return e
        case "ref":
            return cell(e.arg, i, j)
        case "row_index":
            return index(i)
        case "column_index":
            return index(j)
        case "transpose":
            return at(e.args[0], j, i, depth)
        case "expand":
            return at(e.args[0], i, j, depth)
        case "matmul":
            a, b = e.args
            return over(
                "sum", _times(at(a, i, k, depth + 1), at(b, k, j, depth + 1)), k, a.shape[1]
            )
        case "take":
            x, rows = e.args
            row = at(rows, i, 0, depth)
            known = row.op == "const" and not isinstance(
                x.shape[0], Rows
            )  # rows of data may become fewer, and a look-up then says so
            return at(x, int(row.arg) if known else row, j, depth)
        case "put":
            g, rows = e.args
            chosen = Expr("equal", (at(rows, k, 0, depth + 1), index(i)), ONE)
            return over("sum", _times(chosen, at(g, k, j, depth + 1)), k, g.shape[0])
        case "stack":
            if isinstance(i, int):
                return at(e.args[i], 0, j, depth)
            return Expr("choose", (index(i), *(at(row, 0, j, depth) for row in e.args)), ONE)
        case "cumsum":
            return _running(e, i, j, depth)
        case "softmax" | "log_softmax":
            return at(composed(e), i, j, depth)
        case kind if kind in REDUCTIONS:
            return _reduced(e, i, j, depth)
        case op:
            return Expr(op, tuple(at(a, i, j, depth) for a in e.args), ONE)


def _running(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """Always a sum: even one term is written as such, so that all cells have one formula."""
    (axis, up), k = e.arg, f"k{depth}"
    place, n = ((i, j)[axis], e.shape[axis])
    body = at(e.args[0], *((k, j) if axis == 0 else (i, k)), depth + 1)
    if not reads(body, k):  # an axis of one
        return body
    return Expr("over", (body,), ONE, ("sum", k, Running(place, up, n)))


def _times(a: Expr, b: Expr) -> Expr:
    return Expr("multiply", (a, b), ONE)


def _reduced(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    x, axis, k = e.args[0], e.arg, f"k{depth}"
    if axis == 0 or (axis is None and fixed("j", x.shape[1]) == 0):
        return over(e.op, at(x, k, j, depth + 1), k, x.shape[0])
    if axis == 1 or fixed("i", x.shape[0]) == 0:
        return over(e.op, at(x, i, k, depth + 1), k, x.shape[1])
    k2 = f"k{depth + 1}"
    return over(e.op, over(e.op, at(x, k, k2, depth + 2), k2, x.shape[1]), k, x.shape[0])
