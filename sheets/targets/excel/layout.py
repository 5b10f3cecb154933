"""Where each block stands, worksheet by worksheet: lists of single numbers side by side on top, tables below each other, and groups
with data rows last, side by side, so that they grow downwards without moving anything: no place depends on the number of rows.
"""

from __future__ import annotations

from typing import NamedTuple

from ...language.expr import Rows, is_single
from ...language.sheet import Group, Sheet

HEADING_ROWS = 1  # the sheet's title, above the sentences
GAP_ROWS = 1
GAP_COLUMNS = 1


class Place(NamedTuple):
    """Top left cell of a block, from zero.

    flat: the block lies in one row, its own rows one after another (the Steps worksheet): `moving` with the step, or `still`.
    """

    worksheet: str
    row: int
    column: int
    flat: str = ""


class GroupPlace(NamedTuple):
    """Where a group's title stands, whether it is a list (label, value, note) or a table (headers, then rows)."""

    group: Group
    worksheet: str
    row: int
    column: int
    is_list: bool
    body_row: int


class Layout(NamedTuple):
    blocks: dict[str, Place]
    groups: list[GroupPlace]
    sentence_rows: dict[str, int]  # worksheet -> first row of its sentences


def has_data_rows(sheet: Sheet, group: Group) -> bool:
    return any(isinstance(sheet.blocks[name].shape[0], Rows) for name in group.blocks)


def is_list(sheet: Sheet, group: Group) -> bool:
    return all(is_single(sheet.blocks[name].shape) for name in group.blocks)


def layout(sheet: Sheet) -> Layout:
    blocks: dict[str, Place] = {}
    groups: list[GroupPlace] = []
    filled = [group for group in sheet.groups if group.blocks]
    worksheets = list(dict.fromkeys(["Sheet", *(group.worksheet for group in filled)]))
    for worksheet in worksheets:
        here = [group for group in filled if group.worksheet == worksheet]
        row = HEADING_ROWS + (len(sheet.sentences) if worksheet == "Sheet" else 0) + GAP_ROWS
        lists = [group for group in here if is_list(sheet, group)]
        tables = [group for group in here if not is_list(sheet, group) and not has_data_rows(sheet, group)]
        row = _side_by_side(sheet, lists, worksheet, row, blocks, groups)
        for group in tables:
            row = _side_by_side(sheet, [group], worksheet, row, blocks, groups)
        _side_by_side(sheet, [group for group in here if has_data_rows(sheet, group)], worksheet, row, blocks, groups)
    return Layout(blocks, groups, {"Sheet": HEADING_ROWS})


def _side_by_side(sheet: Sheet, here: list[Group], worksheet: str, row: int, blocks: dict[str, Place], groups: list[GroupPlace]) -> int:
    """Place groups beside each other; returns the first row for what comes below them."""
    column, below = 0, row
    for group in here:
        below = max(below, GAP_ROWS + _place_group(sheet, group, worksheet, row, column, blocks, groups))
        column = GAP_COLUMNS + max(blocks[name].column + int(sheet.blocks[name].shape[1]) for name in group.blocks)
    return below


def _place_group(
    sheet: Sheet, group: Group, worksheet: str, row: int, column: int, blocks: dict[str, Place], groups: list[GroupPlace]
) -> int:
    """Place the group's blocks; returns the first free row below it."""
    listed = is_list(sheet, group)
    body = row + 2 if group.note else row + 1
    groups.append(GroupPlace(group, worksheet, row, column, listed, body))
    if listed:
        for k, name in enumerate(group.blocks):
            blocks[name] = Place(worksheet, body + k, column + 1)
        return body + len(group.blocks)
    next_column, tall = column + 1, 0  # the first column holds the row numbers
    for name in group.blocks:
        rows, columns = sheet.blocks[name].shape
        blocks[name] = Place(worksheet, body + 1, next_column)
        next_column += int(columns) + (1 if columns > 1 else 0)
        tall = max(tall, int(rows))
    return body + 1 + tall
