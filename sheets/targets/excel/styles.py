"""How cells look: by role, by format, and what stands beside a formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from xlsxwriter.worksheet import Worksheet

from ...language.blocks import (
    Block,
    Input,
    infinity_of,
    is_editable,
    is_endless,
    locked,
    may_be_empty,
    words_of,
)
from ...language.roles import ROLES, Role
from .book import Workbook
from .formulas import LARGEST

NARROWEST = (
    13  # column, in characters: takes -1.23E+100 also where a wider font stands in for Calibri
)
DIGITS = 9  # that such a column takes with their point; a sign takes the place of one
GENERAL, POWERS = "General", "0.00E+00"
HIDDEN = ";;;"  # the shade of a picture says it, and the bar shows the number
LEFT_OUT = '[<-1E+300]"";[>1E+300]"";'  # what stands for an infinity looks empty


PLAIN = {"font_name": "Calibri", "font_size": 11}


def style_of(role: str) -> str:
    """The cell style of a role's numbers."""
    return role.capitalize()


def heading_style_of(role: str) -> str:
    """The cell style of what stands above a role's numbers."""
    return f"{role.capitalize()} heading"


def _of_role(role: Role) -> dict[str, Any]:
    edge = {"border": 1, "border_color": "#C8C8C8"}
    return {"bg_color": role.tint, "align": "right", **edge}


def _of_heading(role: Role) -> dict[str, Any]:
    return {
        "bold": True,
        "font_color": role.colour,
        "bottom": 2,
        "bottom_color": role.colour,
        "align": "right",
    }


# Cell styles as Excel's gallery shows them, and what each looks like.
LOOKS: dict[str, dict[str, Any]] = {
    **{style_of(name): _of_role(role) for name, role in ROLES.items()},
    **{heading_style_of(name): _of_heading(role) for name, role in ROLES.items()},
    "Title": {"bold": True, "font_size": 16},
    "Heading of a group": {"bold": True, "font_size": 12},
    "Explanatory Text": {"italic": True, "font_color": "#555555", "valign": "top"},
    "Said": {"bold": True, "font_color": ROLES["loss"].colour, "valign": "top"},
    "Link": {"underline": 1, "font_color": "#0068A3"},
}


def pixels(width: float) -> int:
    """Of a column of so many characters of Calibri 11."""
    return int(width * 7 + 5)


class Exact(float):
    """A number that is written with all its digits; XlsxWriter writes sixteen."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class Styles:
    """Cell formats, made once each."""

    def __init__(self, book: Workbook):
        self.book = book
        self.made: dict[tuple, Any] = {}
        self.powers = book.add_format({"num_format": POWERS})

    def get(self, style: str = "", **properties: Any):
        """style: the name of the cell style that the format belongs to, one of LOOKS."""
        look = LOOKS.get(style, {})
        if style and style not in self.book.looks:
            self.book.add_cell_style(style, {**PLAIN, **look})
        key = style, tuple(sorted(properties.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format({**PLAIN, **look, **properties}, style)
        return self.made[key]

    def number(self, block: Block, num_format: str):
        """Of the block's numbers, in this format."""
        properties: dict[str, Any] = {"num_format": num_format}
        if is_editable(block):
            colour = ROLES[block.role].colour
            properties |= {"font_color": colour, "bold": True, "locked": False}
        return self.get(style_of(block.role), **properties)

    def shorten(
        self, page: Worksheet, num_format: str, first: tuple[int, int], last: tuple[int, int]
    ) -> None:
        """Powers of ten for those of a range's numbers that become too long for a column when an
        input moves.
        """
        if num_format in (GENERAL, POWERS, HIDDEN) or num_format.startswith(LEFT_OUT):
            return  # these outgrow no column
        low, high = (f"{end:.12g}" for end in room(num_format))
        rule = {
            "type": "cell",
            "criteria": "not between",
            "minimum": low,
            "maximum": high,
            "format": self.powers,
        }
        page.conditional_format(*first, *last, rule)

    def heading(self, block: Block, **properties: Any):
        # a picture's columns are narrow
        align = "left" if block.shown else "right"
        return self.get(heading_style_of(block.role), **{"align": align, **properties})

    def computed(self, block: Block, numbers: np.ndarray):
        """Of the block's numbers where nobody types."""
        shown = locked(block, value=None)
        return self.number(shown, cell_format(shown, numbers))

    def large(self, block: Block, num_format: str):
        """Of a number that matters most, and of its name."""
        return self.get(
            bold=True,
            font_size=16,
            font_color=ROLES[block.role].colour,
            num_format=num_format,
            align="right" if num_format != GENERAL else "left",
            shrink=True,
        )

    @property
    def chosen(self):
        """A cell that says what the worksheet shows."""
        return self._chosen()

    @property
    def numbered(self):
        """The same, before the title that it is the number of."""
        return self._chosen(num_format='0"."')

    def _chosen(self, **properties: Any):
        colour = ROLES["parameter"].colour
        return self.get(
            style_of("parameter"), bold=True, font_color=colour, locked=False, **properties
        )

    @property
    def link(self):
        return self.get("Link")

    @property
    def title(self):
        return self.get("Title")

    @property
    def group(self):
        return self.get("Heading of a group")

    @property
    def note(self):
        return self.get("Explanatory Text")

    @property
    def said(self):
        return self.get("Said")

    @property
    def sayings(self):
        return self.get("Said", text_wrap=True)

    @property
    def wrapped(self):
        return self.get(text_wrap=True, valign="top")

    @property
    def caption(self):
        return self.get("Explanatory Text", text_wrap=True, align="left", indent=1)

    @property
    def wrapped_note(self):
        return self.get("Explanatory Text", text_wrap=True)

    @property
    def column_name(self):
        return self.get(font_color="#777777", align="right")

    @property
    def row_number(self):
        return self.get(font_color="#777777", align="center")


def number_format(spec: str) -> str:
    """The block's format as Excel writes it."""
    if spec == "d":
        return "0"
    if spec == "g":
        return GENERAL
    decimals = "0." + "0" * int(spec[1:-1]) if int(spec[1:-1]) else "0"
    return decimals + ("%" if spec.endswith("%") else "")


def cell_format(block: Block, numbers: np.ndarray) -> str:
    """The format of the block's numbers, and of what is left out of it."""
    if block.shown:
        return HIDDEN
    own = _number_format(block, numbers)
    return f"{LEFT_OUT}{own}" if is_endless(block) else own


def _number_format(block: Block, array: np.ndarray) -> str:
    """The block's format; powers of ten where its numbers are too long for a cell.

    Excel's General shows a computed number with all its digits: it gets four decimals, or powers of
    ten where they would hide it.
    """
    numbers = [x for x in array.ravel().tolist() if math.isfinite(x)]
    if block.format != "g":
        own = number_format(block.format)
        return own if _fit(numbers, own) else POWERS
    sizes = [abs(x) for x in numbers if x != 0]
    if (
        (isinstance(block, Input) and block.value is not None)
        or not sizes
        or (all(map(float.is_integer, sizes)) and _fit(numbers, "0"))
    ):
        return GENERAL
    return "0.0000" if min(sizes) >= 1e-3 and _fit(numbers, "0.0000") else POWERS


def room(num_format: str) -> tuple[float, float]:
    """Between which numbers the narrowest column shows them in this format.

    Per cent have two more digits before the point, and a sign.
    """
    decimals = len(num_format.rstrip("%").partition(".")[2]) + 3 * num_format.endswith("%")
    return -(10.0 ** (DIGITS - 1 - decimals)), 10.0 ** (DIGITS - decimals)


def _fit(numbers: list[float], num_format: str) -> bool:
    low, high = room(num_format)
    return all(low < x < high for x in numbers)


def all_cached(array: np.ndarray, block: Block) -> list[float | str]:
    """The values written beside the block's formulas, row by row."""
    numbers = array.ravel().tolist()
    if np.isfinite(array).all() and not words_of(block):
        return numbers
    return [cached(x, block) for x in numbers]


def cached(x: float, block: Block | None = None) -> float | str:
    """The value written beside a formula: what the formula itself would show."""
    if block is not None and words_of(block) and math.isfinite(x):
        return words_of(block)[int(x)]
    if math.isfinite(x):
        return float(x)
    if block is not None and infinity_of(block) is not None and not math.isnan(x):
        return "infinite" if x > 0 else "-infinite"
    if block is not None and is_endless(block) and not math.isnan(x):
        return math.copysign(LARGEST, x)
    if block is not None and may_be_empty(block) and math.isnan(x):
        return ""
    return "#NUM!"
