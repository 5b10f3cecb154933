"""One name for a block in every face: what Python, JavaScript, Excel and LaTeX all take."""

from __future__ import annotations

import keyword
import re

from .errors import SheetError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*\Z")
# A cell's address in a spreadsheet: W1, R1C1. So write W_1.
CELL_LIKE = re.compile(r"([A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[Rr]\d*|[Cc]\d*)\Z")
TAKEN = {"true", "false", "null", "nan", "inf", "undefined", "print_area", "print_titles"}
# What every JavaScript object has, so that a page would find it in a list of blocks.
OF_OBJECTS = {
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
}
# What a page, its link and its charts say of a whole sheet; `self` is Python's.
OF_SHEETS = {"step", "preset", "hide", "lock", "mode", "self"}
# What `s.preset(...)` takes beside the inputs that it sets.
OF_STEPS = {"title", "predict", "notes", "happened", "why", "says", "shows"}
OWN_WORKSHEETS = {
    "story",
    "story_numbers",
    "step_shown",
    "choices",
    "details",
    "chart_data",
    "steps",
    "history",
}  # the last is Excel's own
LONGEST_WORKSHEET = 31  # characters, of Excel


def check_name(name: str) -> None:
    """Raises SheetError, with what to write instead, for a name that some face could not write."""
    if not NAME.match(name):
        rule = "a letter, then letters and digits, in parts joined by _ (loss2, W_1)"
        raise SheetError(f"{name!r} is not a name in all of Python, Excel and LaTeX: {rule}")
    if CELL_LIKE.match(name):
        instead = f"{name[0]}_{name[1:] or 'value'}"
        advice = f"write it with _, such as {instead}"
        raise SheetError(f"{name!r} is a cell's address in Excel; {advice}")
    if keyword.iskeyword(name) or name.lower() in TAKEN or name in OF_OBJECTS:
        where = "in Python, JavaScript or Excel"
        raise SheetError(f"{name!r} already means something {where}; choose another name")


def check_block_name(name: str) -> None:
    """As `check_name`, of a block."""
    check_name(name)
    if name in OF_SHEETS:
        raise SheetError(
            f"{name!r} says something of the whole sheet, in its link or its charts; choose another"
            f" name for a block, such as {name}_now"
        )
    if name in OF_STEPS:
        raise SheetError(
            f"{name!r} is a word of `s.preset(...)`, which could then not set it; choose another"
            f" name for a block, such as {name}_now"
        )


def check_worksheet(group: str, worksheet: str, before: set[str]) -> None:
    """Raises SheetError for a worksheet whose name is taken or too long.

    before: those there are.
    """
    check_name(worksheet)
    others = {other.lower() for other in before - {worksheet}}
    if worksheet.lower() in OWN_WORKSHEETS | others or len(worksheet) > LONGEST_WORKSHEET:
        rule = f"it is taken, or has more than {LONGEST_WORKSHEET} characters"
        raise SheetError(f"group {group!r}: a worksheet {worksheet!r} cannot be: {rule}")
