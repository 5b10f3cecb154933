"""Where each block stands, worksheet by worksheet: lists of single numbers side by side on top,
tables below each other, and groups with data rows last, side by side, so that they grow downwards
without moving anything: no place depends on the number of rows.

A sheet beside the main one has all its blocks, and its steps below them, on the one worksheet that
is named after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...language.blocks import Block, Group
from ...language.expr import Rows, is_single
from ...language.sheet import Sheet
from .limits import check_fits

MAIN = "Sheet"
HEADING_ROWS = 1  # the sheet's title, above the sentences
GAP_ROWS = 1
GAP_COLUMNS = 1


class Place(NamedTuple):
    """Top left cell of a block, from zero.

    flat: the block lies in one row, its own rows one after another (the Steps worksheet): `moving`
    with the step, or `still`. name: the defined name of its cells.
    """

    worksheet: str
    row: int
    column: int
    flat: str = ""
    name: str = ""


class GroupPlace(NamedTuple):
    """Where a group's title stands, and its kind: a `list` (label, value), a `table` (labels, then
    numbered rows), or a `contour`, a table whose headings are the numbers along its two sides.
    """

    group: Group
    worksheet: str
    row: int
    column: int
    body_row: int
    kind: str


class Ends(NamedTuple):
    """The first free row below a worksheet's lists and below everything, and the
    first free column.
    """

    lists: int
    row: int
    column: int


@dataclass
class Layout:
    """sentence_rows: the worksheet of the sentences, and the first one's row.

    labels: the cell that names each block, (row, column).
    """

    sentence_rows: dict[str, int]
    blocks: dict[str, Place] = field(default_factory=dict)
    groups: list[GroupPlace] = field(default_factory=list)
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The worksheet that starts with the sentences."""
        return next(iter(self.sentence_rows))


def has_data_rows(sheet: Sheet, group: Group) -> bool:
    return any(isinstance(sheet.blocks[name].shape[0], Rows) for name in group.blocks)


def kind_of(sheet: Sheet, group: Group) -> str:
    if any({contour.x, contour.y, contour.z} == set(group.blocks) for contour in contours(sheet)):
        return "contour"
    return "list" if all(is_single(sheet.blocks[name].shape) for name in group.blocks) else "table"


def has_column_names(sheet: Sheet, group: Group) -> bool:
    """Whether a line below the blocks' names says what their columns are called."""
    return any(sheet.blocks[name].columns_named for name in group.blocks)


def row_name(sheet: Sheet, group: Group, row: int) -> str:
    """What a table's row is called: the name that blocks with names agree on, or ""."""
    named = (sheet.blocks[name].rows_named[row : row + 1] for name in group.blocks)
    found = {words[0] for words in named if words}
    return found.pop() if len(found) == 1 else ""


def contours(sheet: Sheet) -> list:
    return [chart.contour for chart in sheet.charts if chart.contour is not None]


def layout(
    sheet: Sheet, beside: bool = False, sentences: int = 0, lists: int = 0, charts: int = 0
) -> Layout:
    """beside: everything on the worksheet named after the sheet, its names beginning with the
    sheet's, as `sgd_slope`.

    sentences, lists: room for so many sentences, and lists down to that row, at least. charts: rows
    of room below the lists. Raises InputError, or NeedsBlock, for blocks that are wider than a
    worksheet.
    """
    main = sheet.name if beside else MAIN
    found = Layout({main: HEADING_ROWS})
    filled = [
        (main if beside else group.worksheet, group) for group in sheet.groups if group.blocks
    ]
    for worksheet in dict.fromkeys([main, *(name for name, _ in filled)]):
        here = [group for name, group in filled if name == worksheet]
        row = (
            HEADING_ROWS
            + (max(sentences, len(sheet.sentences)) if worksheet == main else 0)
            + GAP_ROWS
        )
        placer = _Placer(sheet, found, worksheet, f"{sheet.name}_" if beside else "")
        tables = [group for group in here if kind_of(sheet, group) != "list"]
        row = max(lists, placer.side_by_side([group for group in here if group not in tables], row))
        end_of_lists = row
        row += charts
        for group in tables:
            if not has_data_rows(sheet, group):
                row = placer.side_by_side([group], row)
        row = placer.side_by_side([group for group in tables if has_data_rows(sheet, group)], row)
        found.ends[worksheet] = Ends(end_of_lists, row, placer.right)
    return found


def layouts_beside(sheets: Sequence[Sheet], charts: int) -> list[Layout]:
    """Of each, with the same room for sentences, lists and (so many rows of) charts, so that their
    tables start at the same row.
    """
    alone = [layout(sheet, beside=True) for sheet in sheets]
    sentences = max((len(sheet.sentences) for sheet in sheets), default=0)
    lists = max(
        (
            each.ends[each.main].lists - len(sheet.sentences)
            for sheet, each in zip(sheets, alone, strict=True)
        ),
        default=0,
    )
    return [layout(sheet, True, sentences, sentences + lists, charts) for sheet in sheets]


@dataclass
class _Placer:
    """Places groups on one worksheet. right: the first free column."""

    sheet: Sheet
    found: Layout
    worksheet: str
    prefix: str
    right: int = 0

    def side_by_side(self, groups: list[Group], row: int) -> int:
        """Place groups beside each other; returns the first row for what comes below them."""
        column, below = 0, row
        body = row + (2 if any(group.note for group in groups) else 1)
        for group in groups:
            below = max(below, GAP_ROWS + self._group(group, row, body, column))
            column = GAP_COLUMNS + max(
                self.found.blocks[name].column + int(self._block(name).shape[1])
                for name in group.blocks
            )
            largest = max(
                (self._block(name) for name in group.blocks), key=lambda block: int(block.shape[1])
            )
            check_fits(self.sheet, f"the worksheet {self.worksheet}", largest, below, column)
            self.right = max(self.right, column)
        return below

    def _block(self, name: str) -> Block:
        return self.sheet.blocks[name]

    def _place(self, name: str, row: int, column: int, label: tuple[int, int]) -> None:
        self.found.blocks[name] = Place(self.worksheet, row, column, name=f"{self.prefix}{name}")
        self.found.labels[name] = label

    def _group(self, group: Group, row: int, body: int, column: int) -> int:
        """Place the group's blocks from row `body` on; returns the first free row below it."""
        kind = kind_of(self.sheet, group)
        self.found.groups.append(GroupPlace(group, self.worksheet, row, column, body, kind))
        return {"list": self._list, "table": self._table, "contour": self._contour}[kind](
            group, body, column
        )

    def _list(self, group: Group, body: int, column: int) -> int:
        for k, name in enumerate(group.blocks):
            self._place(name, body + k, column + 1, (body + k, column))
        return body + len(group.blocks)

    def _table(self, group: Group, body: int, column: int) -> int:
        next_column, tall = column + 1, 0  # the first column holds the row numbers
        first = body + 1 + has_column_names(self.sheet, group)
        for name in group.blocks:
            rows, columns = self._block(name).shape
            self._place(name, first, next_column, (body, next_column))
            next_column += int(columns) + (1 if columns > 1 else 0)
            tall = max(tall, int(rows))
        return first + tall

    def _contour(self, group: Group, body: int, column: int) -> int:
        """y down the left side of z, x along its top; in the corner the names of z and y."""
        contour = next(each for each in contours(self.sheet) if each.z in group.blocks)
        self._place(contour.z, body + 2, column + 1, (body, column))
        self._place(contour.y, body + 2, column, (body + 1, column))
        self._place(contour.x, body + 1, column + 1, (body, column + 1))
        return body + 2 + int(self._block(contour.z).shape[0])
