"""What Python sends is what it says it sends, and what the page's JavaScript says it receives."""

from __future__ import annotations

import base64
import gzip
import json
import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from library_sheets import SHEETS
from quick import few_when_quick

from widgets import description_types
from widgets.description import description
from widgets.front_end import FOLDER
from widgets.packed_workbook import packed_workbook

SOURCE = (FOLDER / "engine" / "description.js").read_text(encoding="utf-8")
TYPEDEF = re.compile(r"/\*\*(?:(?!\*/).)*?@typedef \{Object\} (\w+)(.*?)\*/", re.DOTALL)
PROPERTY = re.compile(r"@property \{")
# Of which other types are made.
PARTS = {"Named", "LabelPart", "InputPart", "FormulaPart", "PlacedBlock"}
OURS = {"Program"}  # made in JavaScript, of the description's program


def after_braces(text: str) -> str:
    """What follows the type, which may hold braces of its own."""
    depth = 1
    for k, letter in enumerate(text):
        depth += (letter == "{") - (letter == "}")
        if not depth:
            return text[k + 1 :].strip()
    raise AssertionError(f"a brace of {text[:60]!r} is not closed")


def in_javascript() -> dict[str, dict[str, bool]]:
    """Of each type its fields, and whether they are always there."""
    found = {}
    for name, body in TYPEDEF.findall(SOURCE):
        names = [after_braces(part).split()[0] for part in PROPERTY.split(body)[1:]]
        found[name] = {each.strip("[]"): not each.startswith("[") for each in names}
    return {name: fields for name, fields in found.items() if name not in OURS}


def in_python() -> dict[str, dict[str, bool]]:
    return {
        name: {field: field in kind.__required_keys__ for field in kind.__annotations__}
        for name, kind in vars(description_types).items()
        if typing.is_typeddict(kind) and name not in PARTS
    }


def test_both_languages_name_the_same_types():
    assert in_javascript().keys() == in_python().keys(), (
        "widgets/description_types.py and widgets/front_end/engine/description.js define the same"
        " types"
    )


@pytest.mark.parametrize("name", in_python())
def test_both_languages_name_the_same_fields(name):
    assert in_javascript()[name] == in_python()[name], (
        f"{name} in widgets/description_types.py and in widgets/front_end/engine/description.js:"
        " the same fields, and in [brackets] those that are not always there"
    )


def wrong(value: Any, kind: Any, where: str) -> list[str]:
    """In words, each place at which a value from JSON is not of its type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return []
    if origin in (types.UnionType, typing.Union):
        tries = [wrong(value, each, where) for each in arguments]
        return [] if [] in tries else tries[0]
    if typing.is_typeddict(kind):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        fields = typing.get_type_hints(kind)
        strays = [f"{where} has {name}, which its type has not" for name in value.keys() - fields]
        lacks = [f"{where} lacks {name}" for name in kind.__required_keys__ - value.keys()]
        inside = [
            wrong(value[name], fields[name], f"{where}.{name}") for name in fields & value.keys()
        ]
        return [*strays, *lacks, *(each for some in inside for each in some)]
    if origin is Mapping:
        pairs = value.items() if isinstance(value, dict) else [("", f"{where} is no object")]
        return [each for k, x in pairs for each in wrong(x, arguments[1], f"{where}.{k}")]
    if origin in (list, Sequence):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [
            each for k, x in enumerate(value) for each in wrong(x, arguments[0], f"{where}[{k}]")
        ]
    known = (int, float) if kind is float else (kind,)
    exact = isinstance(value, known) and isinstance(value, bool) == (kind is bool)
    return [] if exact else [f"{where} is {value!r}, no {kind}"]


@pytest.mark.parametrize("name", few_when_quick(SHEETS))
def test_a_sheets_description_is_of_its_type(name):
    told = json.loads(json.dumps(description(SHEETS[name]())))
    assert not wrong(told, description_types.Description, name)


@pytest.mark.parametrize("name", ["log_loss", "line_fit", "matmul_stack"])
def test_a_packed_workbook_is_of_its_type(name):
    text = gzip.decompress(base64.b64decode(packed_workbook(SHEETS[name]())))
    assert not wrong(json.loads(text), description_types.Workbook, name)


def test_what_is_not_of_its_type_is_found():
    axis = {"title": "x", "low": 0, "high": 1.5, "scale": "log", "names": [], "follows": False}
    assert wrong(axis, description_types.Axis, "axis") == []
    assert wrong({**axis, "low": ["0"]}, description_types.Axis, "axis") != []
    assert wrong({**axis, "more": 1}, description_types.Axis, "axis") != []
    assert wrong({"title": "x"}, description_types.Axis, "axis") != []
    assert wrong([axis], list[description_types.Role], "roles") != []
