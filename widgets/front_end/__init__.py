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
IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=class|function|async function|const)", re.MULTILINE)


@lru_cache
def joined(last: str) -> str:
    """One module: the front end, then `last` ("widget" for anywidget, "static" for a file)."""
    sources = [(FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in (*MODULES, last)]
    return "\n".join(EXPORT.sub("", IMPORT.sub("", source)) for source in sources)


@lru_cache
def style() -> str:
    return (FOLDER / "sheet.css").read_text(encoding="utf-8")
