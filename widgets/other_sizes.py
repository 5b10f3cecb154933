"""The sheets of other sizes that a static page carries, since it has no Python to make them.

front_end/host/other_sizes.js shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sheets import Sheet
from sheets.language.blocks import Size

from .description import description
from .merging import merged

MOST_SHEETS = 80  # of a page, its own included

Sizes = Mapping[str, int]


def sizes_of(sheet: Sheet) -> dict[str, int]:
    """What the sheet's shapes are made of, by name."""
    return {
        name: int(block.value[0, 0])
        for name, block in sheet.inputs.items()
        if isinstance(block, Size) and block.value is not None
    }


def other_sizes(sheet: Sheet) -> list[Sheet]:
    """The sheets in which one size differs, then those in which two do, and so on.

    As many differences as make at most MOST_SHEETS in all, the sheet itself included.
    """
    sheets = {_key(sizes_of(sheet)): sheet}
    last = [sheet]
    while last:
        new: dict[frozenset, Sheet] = {}
        for near in last:
            for name, value in _changes(near):
                if _key({**sizes_of(near), name: value}) in sheets.keys() | new.keys():
                    continue
                resized = near.with_inputs({name: value})
                if _key(sizes_of(resized)) not in sheets:
                    new[_key(sizes_of(resized))] = resized
                if len(sheets) + len(new) > MOST_SHEETS:
                    return list(sheets.values())[1:]
        sheets |= new
        last = list(new.values())
    return list(sheets.values())[1:]


def told_sizes(
    sheet: Sheet, kept: Callable[[Any], Any] | None = None
) -> tuple[dict[str, list[int]], dict]:
    """The values that each size has on the page's sheets, and the other sheets merged into one.

    Both are empty where the sheet has no other sizes. kept: what becomes of each description.
    """
    others = other_sizes(sheet)
    if not others:
        return {}, {}
    sizes = list(map(sizes_of, others))
    values: dict[str, set[int]] = {}
    for each in (sizes_of(sheet), *sizes):
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    return {name: sorted(sizes_held) for name, sizes_held in values.items()}, {
        "sizes": sizes,
        **merged([kept(each) if kept else each for each in map(description, others)]),
    }


def _key(sizes: Sizes) -> frozenset:
    return frozenset(sizes.items())


def _changes(sheet: Sheet) -> list[tuple[str, int]]:
    return [
        (name, value)
        for name, block in sheet.inputs.items()
        if isinstance(block, Size)
        for value in block.ready
        if value != block.value
    ]
