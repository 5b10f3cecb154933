"""The page's own source: plain ES modules, joined into one for a notebook or a file. No node, no build step."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = (
    "elements",
    "numbers",
    "state",
    "grid",
    "formula_bar",
    "controls",
    "transport",
    "charts",
    "page",
    "plotly",
)  # as they need each other
ENDS = {"widget": ("widget",), "static": ("workbook", "static")}  # a kernel writes the workbook itself
IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=class|function|async function|const)", re.MULTILINE)


@lru_cache
def joined(end: str) -> str:
    """One module: the front end for an anywidget (end: "widget") or a file ("static")."""
    sources = [(FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in (*MODULES, *ENDS[end])]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", source)) for source in sources)


@lru_cache
def style() -> str:
    return (FOLDER / "sheet.css").read_text(encoding="utf-8")
