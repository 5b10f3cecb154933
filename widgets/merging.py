"""Many JSON values that are much alike as one, with what they share stored once.

front_end/engine/packing.js takes one out again. A node is `{key: node}` for objects;
`[LIST, node, ...]` and `[LINES, node, ...]` for lists and for texts of several lines, whose items
stand in one order that is everybody's; else `[way, variant, ...]`, where `ways[way][k]` is the
place of value k's variant, -1 if it has none. An object, a list or a text of which nothing is left
is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

LIST, LINES = -1, -2
NUMBERS = re.compile(r"\d+")
ABSENT: Any = object()


def merged(values: Sequence[Any]) -> dict[str, Any]:
    """{"ways": [[...]], "merged": node} of JSON values."""
    ways: dict[tuple[int, ...], int] = {}
    node = _node(list(values), ways)
    return {"ways": list(ways), "merged": node}


def _node(column: list[Any], ways: dict[tuple[int, ...], int]) -> Any:
    """column: a value each, or ABSENT."""
    here = [x for x in column if x is not ABSENT]
    if all(isinstance(x, dict) and x for x in here):
        keys = dict.fromkeys(key for x in here for key in x)
        return {
            key: _node([ABSENT if x is ABSENT else x.get(key, ABSENT) for x in column], ways)
            for key in keys
        }
    if all(isinstance(x, list) and x and all(isinstance(item, dict) for item in x) for x in here):
        return [LIST, *_items(column, ways)]
    if all(isinstance(x, str) and "\n" in x for x in here):
        return [LINES, *_items([x if x is ABSENT else x.split("\n") for x in column], ways)]
    return _variants(column, ways)


def _variants(column: list[Any], ways: dict[tuple[int, ...], int]) -> list[Any]:
    texts = [None if x is ABSENT else json.dumps(x) for x in column]
    variants = {
        text: k for k, text in enumerate(dict.fromkeys(text for text in texts if text is not None))
    }
    way = tuple(-1 if text is None else variants[text] for text in texts)
    return [ways.setdefault(way, len(ways)), *map(json.loads, variants)]


def _items(column: list[Any], ways: dict[tuple[int, ...], int]) -> list[Any]:
    """A node for each place of the order in which every list's items stand."""
    rows = [() if row is ABSENT else tuple(map(_kind, row)) for row in column]
    order = _order(list(dict.fromkeys(rows)))
    placed = [
        _placed(order, kinds, [] if row is ABSENT else row)
        for kinds, row in zip(rows, column, strict=True)
    ]
    return [_node(list(items), ways) for items in zip(*placed, strict=True)]


def _kind(item: Any) -> str:
    """What an item has in common with its variants: blocks their name, lines all but numbers."""
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return item["name"]
    return NUMBERS.sub("", item if isinstance(item, str) else json.dumps(item))


def _order(rows: list[tuple[str, ...]]) -> list[str]:
    """A sequence of which each row is a part, in its order."""
    order = list(rows[0])
    for row in rows[1:]:
        grown: list[str] = []
        for what, i, i_end, j, j_end in SequenceMatcher(
            None, order, row, autojunk=False
        ).get_opcodes():
            grown += order[i:i_end] if what == "equal" else [*order[i:i_end], *row[j:j_end]]
        order = grown
    return order


def _placed(order: list[str], kinds: tuple[str, ...], row: list[Any]) -> list[Any]:
    placed, k = [], 0
    for kind in order:
        stands = k < len(row) and kinds[k] == kind
        placed.append(row[k] if stands else ABSENT)
        k += stands
    return placed
