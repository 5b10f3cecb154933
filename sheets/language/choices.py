"""A cell whose formula is a choice: np.where, or a formula of its own for each number.

Works on cell expressions, from `at`. The branches are counted in the order they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from .cells import ONE
from .expr import Expr, const

CHOICES = ("where", "choose")  # the first argument decides between the others


def branches(e: Expr) -> list[Expr]:
    """What stands at the end of each way through the choices, or e alone where it is no choice."""
    if e.op not in CHOICES:
        return [e]
    return [leaf for chosen in e.args[1:] for leaf in branches(chosen)]


def is_choice(e: Expr) -> bool:
    """Whether e chooses between formulas, not between numbers only."""
    return e.op in CHOICES and any(leaf.op != "const" for leaf in branches(e))


def in_force(e: Expr) -> Expr:
    """The number of the branch in force, from 0."""
    return _numbered(e, count())


def _numbered(e: Expr, fresh: Iterator[int]) -> Expr:
    if e.op not in CHOICES:
        return const(next(fresh))
    decides, *chosen = e.args
    return Expr(e.op, (decides, *(_numbered(one, fresh) for one in chosen)), ONE)
