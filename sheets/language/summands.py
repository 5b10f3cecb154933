"""What a gradient sums is a block of its own where it is more than plain arithmetic.

A reader then sees each summand in a cell, and no face has to choose or sum inside of a sum.
"""

from __future__ import annotations

from .blanks import is_count
from .dependencies import rebuilt, walk
from .expr import ALL_REDUCTIONS, Expr, Rows
from .sheet import Sheet

ON_BLOCKS = ("const", "ref", "transpose", "expand")
ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "negative")


def is_plain(e: Expr) -> bool:
    """Whether e is plain arithmetic on blocks: no function, no choice and no sum inside."""
    return all(node.op in ON_BLOCKS or node.op in ARITHMETIC for node in walk(e))


def is_product(e: Expr) -> bool:
    """Whether e is a block or a matrix product of blocks."""
    return all(node.op in ("ref", "transpose", "matmul") for node in walk(e))


def with_summands(sheet: Sheet, name: str, e: Expr) -> Expr:
    """e, the formula of block `name`, over blocks `NAME_each`, `NAME_each_2` ...

    of what it sums.
    """

    def held(x: Expr) -> Expr:
        down, across = (isinstance(n, Rows) for n in x.shape)
        if down and across:
            return x  # rows of data by rows of data is no block
        if across or (x.op == "transpose" and not down):
            return held(x.T).T
        same = sheet.same_as(x)
        if same is not None:
            return same
        each = sheet.free_name(f"{name}_each")
        return sheet.let(each, x, role="gradient", note=f"what {name} sums")

    def over_blocks(x: Expr) -> Expr:
        args = x.args
        counts = is_count(x)
        if x.op in ALL_REDUCTIONS and not (counts or is_plain(args[0]) or is_product(args[0])):
            args = (held(args[0]), *args[1:])
        if x.op == "matmul":
            args = tuple(a if is_product(a) else held(a) for a in args)
        same = all(new is old for new, old in zip(args, x.args, strict=True))
        return x if same else Expr(x.op, args, x.shape, x.arg)

    return rebuilt(e, over_blocks)
