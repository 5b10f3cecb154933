"""What a quick run (`python3 tests quick`) looks at, of what a whole run does for every case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

FEW = ("log_loss", "momentum")  # of the library's sheets: one of data rows, one that trains

thorough = pytest.mark.thorough


def few_when_quick(cases: Iterable, few: Callable[[Any], bool] = FEW.__contains__) -> list:
    """The cases as parameters, of which a quick run takes only the few."""
    return [case if few(case) else pytest.param(case, marks=thorough) for case in cases]
