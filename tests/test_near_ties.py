"""No branch of a sheet hangs on the last bit of a number.

Spreadsheets take a difference in the last bits for 0, and two numbers as near for equal; other
libraries round EXP or a sum another way. So numpy is moved as far as they may be, and every block
of every sheet must stay where it was: a unit that is on in one program and off in another would
train to other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from library_sheets import SHEETS

from sheets import Sheet
from sheets.language.blocks import Choice, Parameter, choices_of
from sheets.language.ops import OPS
from sheets.targets import numpy as target
from sheets.targets.numpy import trajectory

NEAR = 2.0**-48  # relative: what LibreOffice takes for equal, of which others take less
STEPS = 1
MOST_WHOLE, MOST_VALUES = 12, 3  # of a setting that are tried
HUGE = 1e6  # of numbers as large, and their differences, the last bits are seen
ROUNDED = (
    *("exp", "log", "log10", "log2", "log1p", "expm1", "tanh", "sin", "cos", "sigmoid"),
    *("power", "general_power", "sqrt", "normal_quantile"),
)
COMPARED = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


def snapped(op: Callable) -> Callable:
    """A sum that is small beside what it is made of is 0."""

    def moved(a, b):
        found, size = op(a, b), np.maximum(abs(a), abs(b))
        return np.where(np.isfinite(size) & (abs(found) <= NEAR * size), 0.0, found)

    return moved


def tied(op: Callable) -> Callable:
    """Numbers that are near are equal."""

    def moved(a, b):
        return op(np.where(abs(a - b) <= NEAR * abs(a), b, a), b)

    return moved


def floor(x):
    """A number that is nearly whole is."""
    return np.where(abs(x - np.rint(x)) <= NEAR * abs(x), np.rint(x), np.floor(x))


def by_an_ulp(op: Callable, random: np.random.Generator) -> Callable:
    """What is no whole number is rounded up or down."""

    def moved(*args):
        found = np.asarray(op(*args), dtype=float)
        return found * (
            1 + (found != np.rint(found)) * random.choice([-1, 0, 1], found.shape) * 2.0**-52
        )

    return moved


def summed(op: Callable, random: np.random.Generator) -> Callable:
    """Sums of fractions in another order."""

    def moved(e, *args):
        found = op(e, *args)
        if all((a * 1024 == np.rint(a * 1024)).all() for a in args):
            return found
        size = op(e, *map(abs, args))
        return found + size * random.choice([-1, 0, 1], found.shape) * 2.0**-53

    return moved


@contextmanager
def another_arithmetic() -> Iterator[None]:
    random = np.random.default_rng(1)
    found = {
        **{name: snapped(OPS[name].numpy) for name in ("add", "subtract")},
        **{name: tied(OPS[name].numpy) for name in COMPARED},
        **{name: by_an_ulp(OPS[name].numpy, random) for name in ROUNDED},
        "floor": floor,
        "remainder": lambda a, b: a - b * floor(a / b),
    }
    ops = {name: OPS[name]._replace(numpy=op) for name, op in found.items()}
    sums = {name: summed(target.STRUCTURES[name], random) for name in ("matmul", "sum", "mean")}
    with mock.patch.dict(OPS, ops), mock.patch.dict(target.STRUCTURES, sums):
        target._steps.cache_clear()
        yield
    target._steps.cache_clear()


def settings(s: Sheet) -> Iterator[dict]:
    """Each choice, each whole number of a parameter, and some of its others."""
    for name, block in s.inputs.items():
        if isinstance(block, Choice):
            yield from ({name: k} for k in range(len(choices_of(block))))
        elif isinstance(block, Parameter):
            count = MOST_WHOLE if block.whole else MOST_VALUES
            values = np.linspace(block.low, block.high, count)
            values = np.unique(np.rint(values)) if block.whole else values
            yield from ({name: x} for x in values)


def flipped(s: Sheet) -> str:
    """The first block that another arithmetic takes elsewhere, or ""."""
    here = list(trajectory(s, STEPS))
    with another_arithmetic():
        there = list(trajectory(s, STEPS))
    for step, (found, other) in enumerate(zip(here, there, strict=False)):
        if max(abs(x[np.isfinite(x)]).max(initial=0) for x in found.values()) > HUGE:
            return ""
        for name, x in found.items():
            if not np.allclose(other[name], x, rtol=1e-6, atol=1e-6, equal_nan=True):
                return f"{name} at step {step}"
    return ""


@pytest.mark.thorough
@pytest.mark.parametrize("name", SHEETS)
def test_no_branch_hangs_on_the_last_bit(name):
    s = SHEETS[name]()
    starts = [{}, *(dict(preset.inputs) for preset in s.presets), *settings(s)]
    found = {str(start): flipped(s.with_inputs(start)) for start in starts}
    assert not {start: where for start, where in found.items() if where}


def test_a_branch_that_does_is_found():
    s = Sheet("near")
    x, thirds = s.input("x", -2 / 3), s.input("thirds", 1.0)
    s.let("on", np.where(thirds / 3 - 1 - x < 0, 1, 0))
    assert flipped(s) == "on at step 0"
