"""The workbooks that tests recalculate: written once, and LibreOffice started once for all of them,
because a start takes seconds.

A test module registers its workbooks when it is collected; the first test that asks for one has
them all written.
"""

from __future__ import annotations

import atexit
import re
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from unittest import mock

import engines
from openpyxl.utils import column_index_from_string
from xlsxwriter.worksheet import Worksheet

from sheets import Sheet
from sheets.targets.excel import write

WRITERS: dict[str, Callable[[Path], None]] = {}
NOT_IN_LIBREOFFICE: set[str] = set()


def register_writer(name: str, writer: Callable[[Path], None]) -> str:
    WRITERS[name] = writer
    return name


def register(
    name: str, make: Callable[[], Sheet], notes: bool = True, libreoffice: bool = True, **options
) -> str:
    """make: builds the sheet.

    notes: with cell comments, of which LibreOffice reads hundreds slowly. libreoffice: whether it
    opens this one too. options: of `write` (inputs, steps). Returns the name.
    """
    if not libreoffice:
        NOT_IN_LIBREOFFICE.add(name)

    def writer(path: Path) -> None:
        with nullcontext() if notes else mock.patch.object(Worksheet, "write_comment"):
            write(make(), path, **options)

    return register_writer(name, writer)


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
    return engines.in_ironcalc(path(name), cached(name))


@cache
def cached(name: str) -> engines.Cells:
    """What the file itself holds beside its formulas."""
    return engines.cached_cells(path(name))


@cache
def all_in_libreoffice() -> dict[str, engines.Cells]:
    names = [name for name in WRITERS if name not in NOT_IN_LIBREOFFICE]
    return dict(
        zip(names, engines.in_libreoffice([path(name) for name in names], folder()), strict=True)
    )


def in_libreoffice(name: str) -> engines.Cells:
    return all_in_libreoffice()[name]


@cache
def in_gnumeric(name: str) -> engines.Cells:
    return engines.in_gnumeric(path(name), folder())


def saved_by_libreoffice(name: str) -> Path:
    all_in_libreoffice()
    return folder() / "recalculated" / path(name).name


# --- formulas as they are filled

A1 = re.compile(r"(\$?)\b([A-Z]{1,3})(\$?)(\d+)\b(?!\()")
TEXT = re.compile(r'("[^"]*")')


def relative(formula: str, row: int, column: int) -> str:
    """The formula with references as in R1C1 form, seen from its own cell (rows and columns from
    1): equal where one is the fill of the other.
    """

    def seen(match: re.Match) -> str:
        to_column, to_row = column_index_from_string(match[2]), int(match[4])
        return f"R{to_row if match[3] else f'[{to_row - row}]'}C{to_column if match[1] else f'[{to_column - column}]'}"

    return "".join(
        piece if k % 2 else A1.sub(seen, piece) for k, piece in enumerate(TEXT.split(formula))
    )
