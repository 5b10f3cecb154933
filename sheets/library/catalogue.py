"""Every sheet of the library by name: what the command line, the lessons and the tests go through."""

from __future__ import annotations

from collections.abc import Callable

from ..language.errors import InputError
from ..language.inputs import nearest
from ..language.sheet import Sheet
from .log_loss import log_loss

SHEETS: dict[str, Callable[[], Sheet]] = {"log_loss": log_loss}


def sheet_named(name: str) -> Sheet:
    """A new sheet of this name. Raises InputError with the nearest known names."""
    if name not in SHEETS:
        raise InputError(f"there is no sheet {name!r}; {nearest(name, SHEETS)}")
    return SHEETS[name]()
