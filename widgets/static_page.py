"""A page as one file: text, sheets that live without a kernel, the workbook to download. Opens from disk with no network."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sheets import InputError, Sheet

from .description import description
from .front_end import joined, style
from .packed_workbook import packed_workbook
from .sheet_widget import plotly_file

LOOK = """
body { margin: 0; background: #fff; color: #1a1a1a;
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, nav { max-width: 1900px; margin: 0 auto; padding: 8px 20px; }
main > :not([data-gradsheet]) { max-width: 900px; }
h1 { font-size: 1.7em; line-height: 1.2; margin: 0.5em 0; } h2 { font-size: 1.25em; margin: 1.4em 0 0.3em; }
a { color: #00527f; } blockquote { margin: 0.5em 0; padding: 2px 14px; border-left: 4px solid #0072b2; background: #f1f7fb; }
code { overflow-wrap: anywhere; } math { font-size: 1.1em; } pre { overflow-x: auto; }
"""


def safe_script(source: str) -> str:
    """JavaScript that may stand inside a script element: nothing in its strings can close that element."""
    return source.replace("</", "<\\/").replace("<!--", "<\\!--")


def safe_json(told: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(told, allow_nan=False).replace("<", "\\u003c")


def sheet_part(number: int, sheet: Sheet, inputs: Mapping[str, Any] | None = None) -> str:
    """The place of a sheet on the page, with what it needs."""
    started = sheet.with_inputs(inputs or {})
    told = safe_json(description(started))
    name = f"sheet-{number}"
    try:
        workbook, refusal = packed_workbook(started), ""
    except InputError as error:  # too large for a workbook: the page lives all the same, and says so when it is asked for one
        workbook, refusal = "", html.escape(str(error), quote=True)
    return (
        f'<div data-gradsheet="{name}"><p>{html.escape(sheet.title)}: the sheet opens in a moment.</p></div>\n'
        f'<script type="application/json" id="{name}-description">{told}</script>\n'
        f'<script type="text/plain" id="{name}-workbook" data-refusal="{refusal}">{workbook}</script>'
    )


def static_page(title: str, parts: Sequence[str | Sheet], plotly_address: str = "", before: str = "") -> str:
    """The page's HTML. parts: our own HTML text, or sheets. plotly_address: where plotly.js lies beside the page (empty: inside it).

    before: HTML above the text, such as links to other lessons.
    """
    body = [part if isinstance(part, str) else sheet_part(k, part) for k, part in enumerate(parts)]
    if plotly_address:
        plotly = f'<script type="text/plain" id="gradsheet-plotly" src="{html.escape(plotly_address)}"></script>'
    else:
        plotly = f'<script type="text/plain" id="gradsheet-plotly">{safe_script(plotly_file().read_text(encoding="utf-8"))}</script>'
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{html.escape(title)}</title><style>{LOOK}{style()}</style></head><body>",
            before,
            "<main>",
            *body,
            "</main>",
            # No module: those wait for the whole file, which plotly makes long.
            f"<script>(() => {{\n{safe_script(joined('static'))}\n}})();</script>",
            plotly,
            "</body></html>",
        ]
    )
