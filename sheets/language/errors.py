"""What goes wrong while a sheet is written, said at the author's line."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SHEETS = Path(__file__).resolve().parent.parent
LANGUAGE = {str(SHEETS / folder) for folder in ("language", "targets")}


def author_line() -> str:
    """`file.py:12`: the author's line, the nearest caller outside the language and numpy."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if not _is_ours(frame.f_code.co_filename):
            break
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


@cache
def _is_ours(path: str) -> bool:
    """Whether a file belongs to the language or to numpy."""
    return (
        str(Path(path).parent) in LANGUAGE
        or "numpy" in Path(path).parts
        or path.startswith("<__array_function__")
    )


class SheetError(ValueError):
    """A sheet that cannot be: the author's line, what is wrong, and what to write instead."""

    def __init__(self, message: str, line: str | None = None):
        super().__init__(f"{line or author_line()}: {message}")


class ShapeError(SheetError):
    """Blocks whose rows and columns do not fit together."""


class NeedsBlock(SheetError):
    """A formula that a target can only state in steps: give the inner part a block of its own."""


class InputError(ValueError):
    """A value that an input cannot take, in a sentence for the person who typed it."""


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean a or b?`, or the whole list where nothing is near."""
    known = list(known)
    folded = {k.lower(): k for k in known}
    near = [folded[k] for k in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
