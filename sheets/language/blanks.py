"""Cells that are empty: what stays empty because of them, and sums that skip them.

An empty cell is numpy's nan. Arithmetic with one is empty, a comparison with one does not hold, and
a reduction skips it, as np.nansum and np.nanmean do. Where a block may be empty is found out from
its formula, so that numbers that are always there cost nothing.

`Gaps` reads expressions over blocks and cells' expressions (from `at`) alike.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from .dependencies import rebuilt, walk
from .errors import SheetError
from .expr import (
    ORDERINGS,
    REDUCTIONS,
    TESTS,
    Expr,
    const,
    elementwise,
    expand,
    is_number,
)
from .inner_blocks import alike
from .ops import OPS

COMPARISONS = ("equal", "not_equal", *ORDERINGS)
LOGICAL = ("logical_and", "logical_or", "logical_not")
# What an empty cell would make empty as a whole, or what has no sense of one.
WHOLE = (
    "matmul",
    "window",
    "cumsum",
    "softmax",
    "log_softmax",
    "scan",
    "shift",
    "put",
    "match",
    "rank",
    "order",
    "put_along",
)
NEVER = (
    "sum",
    "nansum",
    "prod",
    "nanprod",
    "known",
    "index",
    "row_index",
    "column_index",
    "match",
    *TESTS,
)
Sources = dict[Any, Expr]  # what is empty itself, by what it says


class Gaps:
    """Where an expression may be empty. is_blank: whether a block, by its name, may."""

    def __init__(self, is_blank: Callable[[str], bool]) -> None:
        self.is_blank = is_blank
        self._sources_of: dict[Expr, Sources] = {}
        self._known: dict[tuple, Expr] = {}
        self._told_by: dict[Expr, Any] = {}  # what is there where this holds

    def sources(self, e: Expr) -> Sources:
        """What makes e empty where it is empty; nothing where e is always there."""
        for node in walk(e):
            if node not in self._sources_of:
                self._sources_of[node] = self._sources(node)
        return self._sources_of[e]

    def _sources(self, e: Expr) -> Sources:
        if e.op in ("ref", "cell"):
            return {alike(e): e} if self.is_blank(_name(e)) else {}
        if e.op == "const":
            return {alike(e): e} if np.isnan(float(e.arg)) else {}
        if e.op == "over":
            counts = e.arg[0] in ("sum", "nansum", "prod", "nanprod", "match")
            return {} if counts or not self._sources_of[e.args[0]] else {alike(e): e}
        if e.op in NEVER:
            return {}
        if e.op == "where":
            return {alike(e): e} if any(self._branches(e)) else {}
        inside = {key: x for a in e.args for key, x in self._sources_of[a].items()}
        if e.op in OPS or e.op in ("expand", "number"):
            return inside
        return {alike(e): e} if inside else {}

    def _branches(self, e: Expr) -> tuple[Sources, Sources]:
        """What makes each branch of a `where` empty where it is the one in force."""
        condition, yes, no = e.args
        return (
            self._without(self._sources_of[yes], self._held(condition, True)),
            self._without(self._sources_of[no], self._held(condition, False)),
        )

    def _without(self, sources: Sources, there: set[Any]) -> Sources:
        """Those of which something may be empty though these are there."""

        def may_be_empty(source: Expr) -> bool:
            return source.op != "where" or any(
                self._without(branch, there) for branch in self._branches(source)
            )

        return {key: x for key, x in sources.items() if key not in there and may_be_empty(x)}

    def _held(self, condition: Expr, flag: bool) -> set[Any]:
        """What is there for sure where a condition holds (or does not): a comparison with an empty
        cell does not hold.
        """
        op, args = condition.op, condition.args
        if condition in self._told_by:
            return {self._told_by[condition]} if flag else set()
        if op == "where" and flag and is_number(args[2], 0):
            return self._held(args[0], True) | self._held(args[1], True)
        if op == "logical_not":
            return self._held(args[0], not flag)
        if op == ("logical_and" if flag else "logical_or"):
            return self._held(args[0], flag) | self._held(args[1], flag)
        holds = op == "known" or (op in COMPARISONS and op != "not_equal")
        if (holds and flag) or (op == "not_equal" and not flag):
            return {key for a in args for key in self._sources_of[a]}
        return set()

    def reads(self, e: Expr) -> bool:
        """Whether e reads what may be empty, also where it is not empty itself."""
        self.sources(e)
        return any(self._sources_of[node] for node in walk(e))

    def known(self, e: Expr) -> Expr | None:
        """1 where e is there, 0 where it is empty; None: it is always there."""
        return self._known_of(self.sources(e))

    def _known_of(self, sources: Sources) -> Expr | None:
        """Whether all of these are there, one expression for each that it is asked of."""
        if not sources:
            return None
        key = tuple(sources)
        if key not in self._known:
            there = [self._there(source) for source in sources.values()]
            self._told_by |= dict(zip(there, sources, strict=True))
            self._known[key] = reduce(lambda a, b: elementwise("logical_and", a, b), there)
        return self._known[key]

    def _there(self, source: Expr) -> Expr:
        """Whether what may be empty is there."""
        if source.op == "const":
            return const(0)
        if source.op == "where":
            return _where(source.args[0], *map(self._known_of, self._branches(source)))
        if source.op == "choose":  # of one of them, by its number
            row, *said = source.args
            there = [self.known(x) for x in said]
            return Expr(
                "choose", (row, *(const(1) if x is None else x for x in there)), source.shape
            )
        if source.op == "over":  # one number is enough
            return elementwise("greater", _counted(source), 0)
        return Expr("known", (source,), source.shape)

    # --- a formula as an author wrote it

    def skipping(self, e: Expr) -> Expr:
        """e with sums that skip what is empty. Raises SheetError for what cannot skip."""
        return rebuilt(e, self._skipping)

    def _skipping(self, e: Expr) -> Expr:
        if e.op == "known":
            (x,) = e.args
            there = self.known(x)
            return expand(const(1) if there is None else there, e.shape)
        if e.op in REDUCTIONS and self.reads(e.args[0]) and not is_count(e):
            return Expr(f"nan{e.op}", e.args, e.shape, e.arg)
        asked = e.args[1:] if e.op in ("take", "take_along") else e.args if e.op in WHOLE else ()
        empty = next((x for x in asked if self.sources(x)), None)
        if empty is not None:
            advice = f"say what stands there, np.nan_to_num({empty!r})"
            raise SheetError(f"{empty!r} may be empty, and {e.op} skips nothing; {advice}")
        return e

    # --- a cell, for a face in which an empty cell is no nan

    def spelled(self, e: Expr) -> tuple[Expr, Expr | None]:
        """A cell's expression in which nothing empty is compared or asked for its number, and what
        says whether it is there at all.
        """
        spelled = rebuilt(e, self._spelled)
        return spelled, self.known(spelled)

    def _spelled(self, e: Expr) -> Expr:
        self.sources(e)
        if e.op == "known" and e.args[0].op != "cell":
            there = self.known(e.args[0])
            return const(1) if there is None else there
        if e.op in COMPARISONS:
            return self._compared(e)
        if e.op in LOGICAL or e.op == "where":
            asked = e.args[:1] if e.op == "where" else e.args
            return Expr(e.op, (*map(self._as_test, asked), *e.args[len(asked) :]), e.shape)
        return e

    def _compared(self, e: Expr) -> Expr:
        """A comparison that does not hold where something is empty. In a spreadsheet an empty cell
        is 0, and a text is larger than any number.
        """
        there = self._known_of({key: x for a in e.args for key, x in self._sources_of[a].items()})
        if there is None:
            return e
        if e.op != "not_equal" and all(a.op in ("cell", "const") for a in e.args):
            return elementwise("logical_and", there, e)
        return Expr("where", (there, e, const(e.op == "not_equal")), e.shape)

    def _as_test(self, e: Expr) -> Expr:
        """A number as a test: nan is not 0."""
        there = self.known(e)
        return e if there is None else Expr("where", (there, e, const(1)), e.shape)


def _name(e: Expr) -> str:
    return e.arg if e.op == "ref" else e.arg[0]


def is_count(e: Expr) -> bool:
    """Whether it counts the cells of a block that are not empty."""
    return e.op == "sum" and e.args[0].op == "known" and e.args[0].args[0].op == "ref"


def _counted(e: Expr) -> Expr:
    """How many numbers a reduction of cells takes."""
    _, k, length = e.arg
    body = e.args[0]
    inner = _counted(body) if body.op == "over" else Expr("known", (body,), body.shape)
    return Expr("over", (inner,), e.shape, ("sum", k, length))


def _where(condition: Expr, yes: Expr | None, no: Expr | None) -> Expr:
    """where(condition, yes, no) of two that say whether something is there; None: it is."""
    if yes is None and no is not None and is_number(no, 0):
        return condition
    if no is None and yes is not None and is_number(yes, 0):
        return elementwise("logical_not", condition)
    return elementwise("where", condition, *(const(1) if x is None else x for x in (yes, no)))


def starts_empty(e: Expr, is_blank: Callable[[str], bool]) -> bool:
    """Whether a formula says anything of empty cells: a quick question, asked of every block."""
    return any(
        node.op == "known"
        or (node.op == "ref" and is_blank(node.arg))
        or (node.op == "const" and np.isnan(float(node.arg)))
        for node in walk(e)
    )
