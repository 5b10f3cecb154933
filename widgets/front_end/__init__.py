"""The page's own source: plain ES modules, joined into one for a notebook or a file. No node, no build step."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = (
    "elements",
    "numbers",
    "blocks",
    "address",
    "state",
    "grid",
    "formula_bar",
    "controls",
    "transport",
    "moving",
    "series",
    "dragging",
    "handles",
    "charts",
    "presets",
    "exchange",
    "share",
    "sentences",
    "marks",
    "lights",
    "speaker",
    "presenter",
    "predictions",
    "compare",
    "successor",
    "page",
    "plotly",
)  # as they need each other
ENDS = {
    "widget": ("asking", "widget"),
    "static": ("packing", "workbook", "other_sizes", "static"),
}  # a kernel writes the workbook itself
IMPORT = re.compile(r'^import (\{[^}]*\}) from "[./\w]*?(\w+)\.js";$', re.MULTILINE)
# What only readers need: lines of comment and empty ones, indentation, and comments after code.
UNREAD = re.compile(
    r"^\s*(//[^\n]*|/\*\*.*?\*/)\n|^ +|^\n|(?<=[;,{(]) // [^\"'`\n]*$", re.MULTILINE | re.DOTALL
)
UNREAD_IN_STYLE = re.compile(r"/\*.*?\*/\n|^ +|^\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?=(?:class|function|async function|const) (\w+))", re.MULTILINE)


def _source(path: Path) -> str:
    """A module whose imports are taken from the modules before it, without what only its readers need."""
    text = UNREAD.sub("", path.read_text(encoding="utf-8"))
    return IMPORT.sub(r"const \1 = module_\2;", text)


def _enclosed(path: Path) -> str:
    """A module with a scope of its own, as a browser gives it."""
    source = _source(path)
    exported = ", ".join(EXPORT.findall(source))
    return f"const module_{path.stem} = (() => {{\n{EXPORT.sub('', source)}\nreturn {{ {exported} }};\n}})();"


@lru_cache
def joined_files(files: tuple[Path, ...]) -> str:
    """One module of several, as they need each other; their names differ. What the last one exports is what it exports."""
    *before, last = files
    return "\n".join([*map(_enclosed, before), _source(last)])


def joined(end: str) -> str:
    """The front end for an anywidget (end: "widget") or a file ("static")."""
    return joined_files(tuple(FOLDER / f"{name}.js" for name in (*MODULES, *ENDS[end])))


@lru_cache
def style() -> str:
    return UNREAD_IN_STYLE.sub("", (FOLDER / "sheet.css").read_text(encoding="utf-8"))
