"""The page's own source: plain ES modules in rooms, joined into one for a notebook or a file.

No node and no build step: a module's imports say which modules come before it, and rjsmin takes
out the comments and the spaces, which only readers need.
"""

from __future__ import annotations

import re
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path

import rjsmin

FOLDER = Path(__file__).parent
# From the lowest to the highest: a room imports from itself and from the rooms before it. README's
# map says what each is for; tests/test_house_javascript.py holds both.
ROOMS = ("engine", "elements", "charts", "sheet", "stage", "classroom", "page", "host")
# The look, in the order in which a later rule wins over an earlier one.
LOOK = (
    "page",
    "stage",
    "formula_bar",
    "tables",
    "controls",
    "sharing",
    "presenting",
    "paper",
    "exercises",
    "hands",
)
IMPORT = re.compile(r'^import (\{[^}]*\}) from "([^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:class|function|async function|const) (\w+))", re.MULTILINE)


def imported(path: Path) -> list[Path]:
    """The modules that a module imports, in the order of its lines."""
    found = IMPORT.findall(path.read_text(encoding="utf-8"))
    return [(path.parent / address).resolve() for _, address in found]


def ordered(*entries: Path) -> list[Path]:
    """The modules that these need and they themselves, each after those that it imports.

    Raises graphlib.CycleError, which names the modules, where imports go round in a circle.
    """
    needs: dict[Path, list[Path]] = {}
    waiting = [path.resolve() for path in entries]
    while waiting:
        path = waiting.pop()
        needs[path] = imported(path)
        waiting += [each for each in needs[path] if each not in needs]
    return list(TopologicalSorter(needs).static_order())


def _constant(path: Path) -> str:
    """The name of what a module exports, among the joined: engine/state.js is `engine_state`."""
    return f"{path.parent.name}_{path.stem}"


def _source(path: Path) -> str:
    """A module that takes what it imports from the constants of the modules before it."""

    def taken(match: re.Match[str]) -> str:
        names = match[1].replace(" as ", ": ")
        return f"const {names} = {_constant((path.parent / match[2]).resolve())};"

    return IMPORT.sub(taken, path.read_text(encoding="utf-8"))


def _enclosed(path: Path) -> str:
    """A module with a scope of its own, as a browser gives it."""
    source = _source(path)
    body, exported = EXPORT.sub("", source), ", ".join(EXPORT.findall(source))
    return f"const {_constant(path)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def enclosed(*entries: Path) -> str:
    """A script in which each module that these need is a constant, such as `engine_state`."""
    return "\n".join(map(_enclosed, ordered(*entries)))


def in_full(entry: Path) -> str:
    """One module of the entry and all that it needs, with comments. Its exports are the entry's."""
    *before, last = ordered(entry)
    return "\n".join([*map(_enclosed, before), _source(last)])


@lru_cache
def joined_from(entry: Path) -> str:
    """One module of the entry and all that it needs, without what only its readers need."""
    return rjsmin.jsmin(in_full(entry))


def joined(host: str) -> str:
    """The sheet's page for its host: "widget" (a notebook or Voila) or "static" (a file)."""
    return joined_from(FOLDER / "host" / f"{host}.js")


@lru_cache
def style() -> str:
    """The style of the sheet's page, which the fine-tuning panel builds on."""
    files = (FOLDER / "look" / f"{name}.css" for name in LOOK)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)
