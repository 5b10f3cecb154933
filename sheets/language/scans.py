"""A row that reads the row above it: moving averages, momentum, recurrent cells.

A scan's formula is written for one row: `hole` nodes stand for the row before and for the rows that
it runs over. Its gradient is a scan that runs up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .dependencies import walk
from .errors import ShapeError, SheetError
from .expr import (
    ALL_REDUCTIONS,
    COMPOSED,
    Expr,
    Rows,
    Shape,
    expand,
    is_data,
    lift,
    matmul,
    size,
)
from .ops import OPS

BEFORE = "before"
DOWN, UP = 1, -1


def hole(which: str | int, columns: int) -> Expr:
    """What stands in a row's formula for another row, (1, columns)."""
    return Expr("hole", (), (1, columns), which)


def has_hole(e: Expr) -> bool:
    return any(node.op == "hole" for node in walk(e))


def shift(x: Expr, start: Any, direction: int) -> Expr:
    """Each row one further (down: the first is `start`), (rows, columns)."""
    return Expr("shift", (x, expand(lift(start), (1, x.shape[1]))), x.shape, direction)


def row_formula(
    what: str, function: Callable[..., Any], over: Sequence[Expr], start: Expr
) -> tuple[Expr, Expr]:
    """The formula of a row and its start, (1, columns) both.

    function: of the row before and of a row of each block in `over`. Raises SheetError.
    """
    rows = [hole(k, int(x.shape[1])) for k, x in enumerate(over)]
    step = lift(function(hole(BEFORE, int(start.shape[1])), *rows))
    if step.shape[1] != start.shape[1] and start.shape == (1, 1):
        start = expand(start, (1, step.shape[1]))
        step = lift(function(hole(BEFORE, int(step.shape[1])), *rows))
    if step.shape != start.shape or is_data(start.shape):
        said = f"a row is {size(step.shape)} and starts from {size(start.shape)}"
        raise ShapeError(f"{what}: {said}; both are one row of the same columns")
    _check_rows(what, step)
    return step, start


def _check_rows(what: str, step: Expr) -> None:
    """Raises SheetError for what is not said of one row alone."""
    for node in walk(step):
        if not any(has_hole(a) for a in node.args) or node.op in OPS or node.op == "expand":
            continue
        along = node.op in ALL_REDUCTIONS and node.arg in (1, None)
        product = node.op == "matmul" and not has_hole(node.args[1])
        if not (along or product or (node.op in COMPOSED and node.arg == 1)):
            rule = "a row's formula is made of single elements, row @ w, and sums across"
            raise SheetError(f"{what}: {node.op} of a row; {rule}")


def filled(step: Expr, rows: dict[str | int, Expr]) -> Expr:
    """A row's formula with whole blocks, or other rows, in its holes."""
    filled_in: dict[Expr, Expr] = {}
    shape: Shape = next(iter(rows.values())).shape
    for node in walk(step):
        args = tuple(filled_in[a] for a in node.args)
        if node.op == "hole":
            filled_in[node] = rows[node.arg]
        elif not has_hole(node):
            filled_in[node] = node
        elif node.op in OPS:
            filled_in[node] = Expr(node.op, args, (shape[0], node.shape[1]))
        elif node.op == "matmul":
            filled_in[node] = matmul(*args)
        elif node.op in ALL_REDUCTIONS:
            filled_in[node] = Expr(node.op, args, (shape[0], 1), 1)
        else:
            filled_in[node] = Expr(node.op, args, (shape[0], node.shape[1]), node.arg)
    return filled_in[step]


def scanned(name: str, parts: Sequence[Expr], direction: int, shape: Shape) -> Expr:
    """parts: start, what it runs over, the first row's formula, every other row's."""
    return Expr("scan", tuple(parts), shape, (name, direction))


def named_holes(step: Expr) -> Expr:
    """A row's formula over references `@before`, `@0` ... in the place of its holes."""
    named: dict[Expr, Expr] = {}
    for node in walk(step):
        args = tuple(named[a] for a in node.args)
        named[node] = (
            Expr("ref", (), node.shape, f"@{node.arg}")
            if node.op == "hole"
            else node
            if args == node.args
            else Expr(node.op, args, node.shape, node.arg)
        )
    return named[step]


def with_holes(step: Expr, which: dict[str, str | int]) -> Expr:
    """References in a row's formula as holes again."""
    opened: dict[Expr, Expr] = {}
    for node in walk(step):
        args = tuple(opened[a] for a in node.args)
        opened[node] = (
            hole(which[node.arg], int(node.shape[1]))
            if node.op == "ref" and node.arg in which
            else node
            if args == node.args
            else Expr(node.op, args, node.shape, node.arg)
        )
    return opened[step]


def rows_of(what: str, over: Sequence[Expr]) -> int:
    """How many rows blocks that are run over have. Raises ShapeError where they differ."""
    counts = {(int(x.shape[0]), isinstance(x.shape[0], Rows)) for x in over}
    if len(counts) != 1:
        which = ", ".join(f"{x!r} is {size(x.shape)}" for x in over)
        raise ShapeError(f"{what}: {which}; what a scan runs over has the same rows")
    return over[0].shape[0]


def shift_vjp(g: Expr, y: Expr) -> tuple[Expr, Expr]:
    """Each row back to where it came from; the end that came in to `start`."""
    first = 0 if y.arg == DOWN else g.shape[0] - 1
    return shift(g, 0, -y.arg), g[first]
