"""What a quick run (`python3 tests quick`) looks at, of what a whole run does for every case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

FEW = ("log_loss", "momentum")  # of the library's sheets: one of data rows, one that trains

thorough = pytest.mark.thorough


def few_when_quick(
    cases: Iterable, few: Callable[[Any], bool] = FEW.__contains__, several: bool = False
) -> list:
    """The cases as parameters, of which a quick run takes only the few.

    several: each case is a tuple of several parameters.
    """
    parameters = [(case, case if several else (case,)) for case in cases]
    marks = lambda case: () if few(case) else thorough
    return [pytest.param(*each, marks=marks(case)) for case, each in parameters]


def one_in(many: int, cases: Iterable) -> list:
    """The cases as parameters, of which a quick run takes the first of each so many."""
    marks = lambda k: () if k % many == 0 else thorough
    return [pytest.param(case, marks=marks(k)) for k, case in enumerate(cases)]
