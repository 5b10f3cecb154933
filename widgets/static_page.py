"""A page of text and sheets that live without a kernel, with their workbooks and other sizes.

One file, or many that share what is alike. Either opens from disk with no network. Shared scripts
are plain ones: browsers load no modules from disk.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sheets import Sheet

from .description import description
from .front_end import joined, style
from .other_sizes import told_sizes
from .packed_workbook import packed_workbook
from .packing import packed
from .plotly_script import plotly_file
from .programs import Programs, ScriptFiles, digest

LOOK = """
:root { color-scheme: light dark; }
body { margin: 0; background: light-dark(#fff, #16191d); color: light-dark(#1a1a1a, #e9e9e7);
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, nav, noscript { max-width: 1900px; margin: 0 auto; padding: 4px 20px; }
noscript { display: block; }
nav { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; }
main > :not([data-gradsheet]) { max-width: 900px; }
[data-gradsheet] > p { margin: 0; }
@media (scripting: enabled) { /* the room of a stage that is to come: what is below stays there */
  [data-gradsheet]:has(> p:only-child) { min-height: 100vh; } }
h1 { font-size: 1.7em; line-height: 1.2; margin: 0.5em 0; }
nav ~ main > h1:first-child { font-size: 1.15em; margin: 0; line-height: 32px; }
@media (min-width: 1000px) {
  nav:first-child { position: absolute; top: 0; right: 0; gap: 4px 16px; }
  nav:first-child, nav:first-child a { font-size: 14px; line-height: 32px; }
  nav ~ main > h1:first-child { padding-right: 560px; }
}
nav:first-child a span { font-size: 0; }
.gs-run { display: none; }
h2 { font-size: 1.25em; margin: 1.4em 0 0.3em; }
a { color: light-dark(#00527f, #7cc3f2); }
blockquote { margin: 0.5em 0; padding: 2px 14px;
  border-left: 4px solid #0072b2; background: light-dark(#f1f7fb, #1d2831); }
code { overflow-wrap: anywhere; } math { font: 1.1em "DejaVu Math TeX Gyre", math; }
pre, math[display="block"], main > table { overflow: auto hidden; max-width: 100%; }
main > table { display: block; font-variant-numeric: tabular-nums; }
main > table :is(th, td) { padding: 0.15em 1.2em 0.15em 0; text-align: left; }
main > .recorded.recorded { max-width: 34em; margin: 1em 0; }
"""


SCRIPT, STYLE, PLOTLY, ICON = "gradsheet.js", "gradsheet.css", "plotly.min.js", "gradsheet.svg"
DRAWN = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M1 2 6 12h9" fill="none" stroke="#0072b2" stroke-width="2"/></svg>'
)
# What a person reads where the page's scripts do not run, and so nothing else can say it.
WAITING = (
    "If it does not, its scripts are kept from running: by a setting of this browser, or by the"
    " content policy of whoever hosts the page. One file with everything in it needs script-src and"
    " style-src 'unsafe-inline', script-src 'unsafe-eval' and blob:, or to be saved and opened from"
    " disk; the pages of gradsheet site need none of these."
)


def safe_script(source: str) -> str:
    """JavaScript that may stand inside a script element: nothing in its strings can close it."""
    return source.replace("</", "<\\/").replace("<!--", "<\\!--")


def safe_json(content: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def sheet_part(
    number: int,
    sheet: Sheet,
    inputs: Mapping[str, Any] | None = None,
    asks: str = "",
    scripts: ScriptFiles | None = None,
) -> str:
    """The place of a sheet on the page, with what it needs; its workbook and sheets of other sizes
    too, unless it asks for them. scripts: takes the programs; without it they lie in the page.
    """
    started = sheet.with_inputs(inputs or {})
    name = f"sheet-{number}"
    waiting = f"{html.escape(sheet.title)}: the sheet opens in a moment."
    waiting += "" if asks or scripts else f" {WAITING}"
    served = f' data-asks="{html.escape(asks, quote=True)}"' if asks else ""
    held = ""
    if not asks:
        held = _workbook_part(name, started, scripts) + _sizes_part(name, started, scripts)
    described: Any = description(started)
    described = scripts.own.named(described) if scripts else described
    return (
        f'<div data-gradsheet="{name}"{served}><p>{waiting}</p></div>\n'
        f'<script type="application/json" id="{name}-description">'
        f"{safe_json(described)}</script>{held}"
    )


def _workbook_part(name: str, sheet: Sheet, scripts: ScriptFiles | None) -> str:
    text = packed_workbook(sheet, scripts.workbook.named if scripts else None)
    return _held(f"{name}-workbook", text, scripts, scripts.workbook if scripts else None)


def _sizes_part(name: str, sheet: Sheet, scripts: ScriptFiles | None) -> str:
    """The sheets of other sizes, where there are any."""
    values, sheets = told_sizes(sheet, scripts.sizes.named if scripts else None)
    if not sheets:
        return ""
    about = f' data-values="{html.escape(json.dumps(values), quote=True)}"'
    file = scripts.sizes if scripts else None
    return _held(f"{name}-sizes", packed(sheets), scripts, file, about)


def _held(
    name: str, text: str, scripts: ScriptFiles | None, file: Programs | None, about: str = ""
) -> str:
    """A packed text in the page, or in one of its script files. about: more attributes."""
    if scripts and file:
        file.texts[name] = text
        about, text = f'{about} data-file="{scripts.address(file)}"', ""
    return f'\n<script type="text/plain" id="{name}"{about}>{text}</script>'


@lru_cache
def shared_files() -> dict[str, bytes]:
    """What pages share, name to content: it lies beside those made with `beside`."""
    return {
        STYLE: f"{LOOK}{style()}".encode(),
        SCRIPT: _script().encode(),
        PLOTLY: plotly_file().read_bytes(),
        ICON: DRAWN.encode(),
    }


@lru_cache
def _address(name: str) -> str:
    """The address of a shared file, by its name.

    It changes with what is in the file, so that a browser takes no old script for a new page.
    """
    return f"{name}?{digest(shared_files()[name])[:8]}"


def _script() -> str:
    return f"(() => {{\n{joined('static')}\n}})();"


def static_page(
    title: str,
    parts: Sequence[str | Sheet],
    plotly_address: str = "",
    before: str = "",
    after: str = "",
    beside: bool = False,
    head: str = "",
    asks: str = "",
    scripts: ScriptFiles | None = None,
    about: str = "",
    preview: str = "",
) -> str:
    """The page's HTML.

    parts: our own HTML text, or sheets. plotly_address: where plotly.js lies; empty: inside the
    page. before, after: HTML above and below the text, such as links to other lessons. beside: the
    `shared_files` lie beside the page. head: HTML for its head. asks: the address under which a
    server answers what the page asks of Python (front_end/host/served.js); empty where there is
    none. scripts: takes the programs, as files that lie beside the page too: with them it works
    under the content policy `default-src 'self'`. about: a sentence for who finds the page by a
    search or is sent its link; preview: the address of a picture for the latter.
    """
    body = [
        part if isinstance(part, str) else sheet_part(k, part, asks=asks, scripts=scripts)
        for k, part in enumerate(parts)
    ]
    look = (
        f'<link rel="stylesheet" href="{_address(STYLE)}">'
        if beside
        else f"<style>{LOOK}{style()}</style>"
    )
    live = any(isinstance(part, Sheet) for part in parts)
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<link rel="icon" href="{_address(ICON) if beside else "data:,"}">',
            f"<title>{html.escape(title)}</title>{_told(title, about, preview)}{look}{head}"
            f"{_files(scripts) if live and beside else ''}</head><body>",
            before,
            "<main>",
            *body,
            "</main>",
            after,
            *([] if beside or not live else [f"<script>{safe_script(_script())}</script>"]),
            *([_plotly(_address(PLOTLY) if beside else plotly_address)] if live else []),
            "</body></html>",
        ]
    )


def _files(scripts: ScriptFiles | None) -> str:
    """The scripts that lie beside the page. They run when all of it is read, in this order, and
    keep nothing from being drawn before.

    They are no modules: those wait for the whole file, which plotly makes long.
    """
    own = [scripts.address(scripts.own)] if scripts else []
    return "".join(f'<script defer src="{each}"></script>' for each in (*own, _address(SCRIPT)))


def _told(title: str, about: str, preview: str) -> str:
    """What search engines and chats show of the page."""

    def tag(name: str, content: str) -> str:
        key = "property" if name.startswith("og:") else "name"
        return f'<meta {key}="{name}" content="{html.escape(content, quote=True)}">'

    tags = {"description": about, "og:description": about, "og:image": preview}
    known = {name: content for name, content in tags.items() if content}
    if known:
        known |= {"og:title": title, "og:type": "article"}
    return "".join(tag(name, content) for name, content in known.items())


def _plotly(address: str) -> str:
    """plotly.js, which is no script until a sheet asks for it. address: empty: inside the page."""
    source = (
        f' src="{html.escape(address)}">'
        if address
        else f">{safe_script(plotly_file().read_text(encoding='utf-8'))}"
    )
    return f'<script type="text/plain" id="gradsheet-plotly"{source}</script>'
