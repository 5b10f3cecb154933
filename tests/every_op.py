"""Formulas made from the table of ops itself, so that a new row is tried without being named here.

Every row is written beside operators (`2*f`, `-f`, `1/f`, `f**2`, `f-f`, `f/f`), inside itself, and
around operators (`f(x-y)`, `f(x*y)`, `f(-x)`): a spelling that forgets how tightly it binds, or how
tightly its arguments must, then gives other numbers than numpy.

An op is called by its row's name. Its numbers are chosen from the first of RANGES in which it has a
value everywhere; where all are wrong for a new op, RANGES is the one place that needs a line.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from sheets.language.expr import elementwise, power
from sheets.language.ops import OPS

# Three blocks of each range, all numbers away from 0, from whole numbers and from each other, so
# that no engine sees a tie where another sees none and a slope is not asked for at a kink.
RANGES = {
    "real": [[-2.3, 0.62, 1.71], [0.83, -1.44, 2.64], [1.93, 2.27, -0.46]],
    "positive": [[0.35, 1.27, 2.71], [0.92, 2.13, 0.64], [1.67, 0.45, 1.94]],
    "inner": [[-0.81, 0.26, 0.63], [0.42, -0.57, 0.88], [0.71, 0.13, -0.34]],
    "chance": [[0.15, 0.52, 0.86], [0.37, 0.91, 0.24], [0.68, 0.07, 0.44]],
    "above": [[1.31, 2.23, 3.46], [1.78, 1.12, 2.57], [2.86, 3.14, 1.55]],
}
NUMBERS = {
    f"{name}_{k}": np.array([numbers])
    for name, blocks in RANGES.items()
    for k, numbers in enumerate(blocks, 1)
} | {"shift": np.array([[0.38, -0.74, 0.56]])}

# What the row's own name does not say: that `power` is the row of a constant exponent alone, and
# that the first limit of `clip` is the lower one.
EXPRESSIONS: dict[str, Callable] = {
    "power": lambda x: power(x, 3),
    "clip": lambda x: elementwise("clip", x, -0.93, 1.13),
}
REFERENCES: dict[str, Callable] = {
    "power": lambda x: x**3,
    "clip": lambda x: np.clip(x, -0.93, 1.13),
    "general_power": np.power,
    "stop": lambda x: x,
    "sigmoid": scipy.special.expit,
    "normal_quantile": scipy.special.ndtri,
}

# f and g: the op on blocks, and on other blocks. Those that go wrong most easily come first.
AROUND = [
    "{f}",
    "2*{f}",
    "-{f}",
    "1/{f}",
    "{f}**2",
    "{f}-{g}",
    "1-{f}",
    "{f}/{g}",
    "{f}*{g}",
    "2**{f}",
    "{f}<{g}",
    "1-({f}-{g})",
    "{f}+{g}",
    "{f}-1",
    "{f}*2",
    "{f}/2",
    "-{f}**2",
    "{f}**-1",
    "{f}**{g}",
    "1/({f}/{g})",
    "np.equal({f}, {g})",
    "np.where({f} > 0.5, {f}, {g})",
    "np.maximum({f}, 0.5)",
    "np.abs({f})",
]
# x: one argument of the op, in its place.
INSIDE = [
    "{x}+shift-shift",
    "{x}*shift/shift",
    "-{x}",
    "{x}**2",
    "{x}<shift",
    "np.where({x} > shift, {x}, shift)",
]


class Counted(np.ndarray):
    """An array whose comparisons are 1 and 0, as in a sheet, where numpy's would be True and False:
    True + True is True.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        options.pop("out", None)
        plain = [np.asarray(x) for x in inputs]
        return np.asarray(getattr(ufunc, method)(*plain, **options), dtype=float).view(Counted)


def words(name: str) -> Callable[..., Any]:
    """What builds the op's expression."""
    return EXPRESSIONS.get(name) or (lambda *args: elementwise(name, *args))


def reference(name: str) -> Callable[..., Any]:
    """numpy's function of the row's name, or scipy's; the row's own where neither has one."""
    known = getattr(np, name, None) or getattr(scipy.special, name, None)
    function = REFERENCES.get(name) or known or OPS[name].numpy
    return lambda *args: np.asarray(function(*args), dtype=float).view(Counted)


def arguments(name: str) -> int:
    """How many blocks the op takes: as many as its row's spelling names."""
    if name in EXPRESSIONS:
        return 1
    return 1 + max(int(k) for k in re.findall(r"\{(\d)", OPS[name].excel))


WORDS: dict[str, Any] = {name: words(name) for name in OPS}
REFERENCE: dict[str, Any] = {name: reference(name) for name in OPS}
COUNTED = {name: numbers.view(Counted) for name, numbers in NUMBERS.items()}


def is_finite(formula: str, below: float = 1e9) -> bool:
    """Whether the formula has a number, and no larger one than that, everywhere on NUMBERS."""
    with np.errstate(all="ignore"):
        y = np.asarray(eval(formula, {"np": np} | REFERENCE | COUNTED), dtype=float)
    return bool((np.abs(y) < below).all())


def called(name: str, blocks: list[str]) -> str:
    return f"{name}({', '.join(blocks)})"


def places(name: str) -> tuple[list[str], list[str]]:
    """Blocks on which the op has values, and other blocks of the same ranges."""
    ranges = itertools.product(range(len(RANGES)), repeat=arguments(name))
    for chosen in sorted(ranges, key=lambda order: (sum(order), max(order))):
        names = [list(RANGES)[k] for k in chosen]
        first = [f"{kind}_{1 + k % 3}" for k, kind in enumerate(names)]
        second = [f"{kind}_{1 + (k + 1) % 3}" for k, kind in enumerate(names)]
        if is_finite(called(name, first)) and is_finite(called(name, second)):
            return first, second
    raise AssertionError(
        f"{name} has no value on any of the numbers of RANGES in tests/every_op.py:"
        " add a range on which it has"
    )


def formulas(name: str) -> list[str]:
    """The op beside operators, inside itself and around operators, where that has a value."""
    first, second = places(name)
    f, g = called(name, first), called(name, second)
    tried = [form.format(f=f, g=g) for form in AROUND]
    for k, block in enumerate(first):
        inner = [form.format(x=block) for form in INSIDE] + [f]
        tried += [called(name, [*first[:k], x, *first[k + 1 :]]) for x in inner]
    tried.append(f"sum({f})")
    return [formula for formula in tried if formula.startswith("sum(") or is_finite(formula)]


def sloped(name: str) -> list[str]:
    """A few of the op's formulas: those on which its derivative is tried."""
    first, second = places(name)
    f, g = called(name, first), called(name, second)
    tried = [form.format(f=f, g=g) for form in ("{f}", "2*{f}", "{f}**2", "{f}/{g}")]
    tried += [called(name, [*first[:k], f, *first[k + 1 :]]) for k in range(len(first))]
    return [formula for formula in tried if is_finite(formula, below=1e3)]


FORMULAS = {name: formulas(name) for name in OPS}
SLOPED = {name: sloped(name) for name in OPS}
