"""The workbooks that tests recalculate: written once, and LibreOffice started once for all of them, because a start takes seconds.

A test module registers its workbooks when it is collected; the first test that asks for one has them all written.
"""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from unittest import mock

import engines
from xlsxwriter.worksheet import Worksheet

from sheets import Sheet
from sheets.targets.excel import write

WRITERS: dict[str, Callable[[Path], None]] = {}


def register(name: str, make: Callable[[], Sheet], notes: bool = True, **options) -> str:
    """make: builds the sheet. notes: with cell comments, of which LibreOffice reads hundreds slowly. options: of `write` (inputs,
    steps). Returns the name."""

    def writer(path: Path) -> None:
        with nullcontext() if notes else mock.patch.object(Worksheet, "write_comment"):
            write(make(), path, **options)

    WRITERS[name] = writer
    return name


@cache
def folder() -> Path:
    kept = tempfile.TemporaryDirectory()
    atexit.register(kept.cleanup)
    return Path(kept.name)


@cache
def path(name: str) -> Path:
    made = folder() / f"{name}.xlsx"
    WRITERS[name](made)
    return made


@cache
def in_ironcalc(name: str) -> engines.Cells:
    return engines.in_ironcalc(path(name))


@cache
def all_in_libreoffice() -> dict[str, engines.Cells]:
    names = list(WRITERS)
    return dict(zip(names, engines.in_libreoffice([path(name) for name in names], folder()), strict=True))


def in_libreoffice(name: str) -> engines.Cells:
    return all_in_libreoffice()[name]
