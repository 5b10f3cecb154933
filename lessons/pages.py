"""Lessons as pages: the text and sheets of each notebook as static HTML, and the index with a picture and a sentence for each.

A lesson's panel that needs Python is replaced by a recorded run and the sentence that says how to open it.
"""

from __future__ import annotations

import ast
import html
import json
import shutil
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from sheets import Sheet
from sheets.library.catalogue import SHEETS, sheet_named
from widgets import SheetWidget
from widgets.fine_tuning.panel import RECORDED, FineTuningPanel
from widgets.fine_tuning.recordings import Recording, read_recording
from widgets.mathematics import mathml
from widgets.sheet_widget import plotly_file
from widgets.static_page import LOOK, static_page

from .others import OTHERS
from .picture import ended, picture, picture_of_run

FOLDER = Path(__file__).resolve().parent
PLOTLY = "plotly.min.js"
INDEX_LOOK = """
.lessons { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 22px; }
main > .lessons { padding: 0; list-style: none; max-width: none; }
.lessons a { display: block; padding: 14px; border: 1px solid #bbb; border-radius: 10px; color: inherit; text-decoration: none; }
.lessons a:hover, .lessons a:focus-visible { border-color: #0072b2; box-shadow: 0 0 0 2px #0072b2; outline: none; }
.lessons h2 { margin: 8px 0 4px; color: #00527f; } .lessons p { margin: 0; } .lessons svg { width: 100%; height: auto; }
"""


def sheet_lessons() -> list[str]:
    """Names of the sheets that have a lesson, in the catalogue's order."""
    return [name for name in SHEETS if notebook(name).exists()]


def lessons() -> list[str]:
    """Names of all lessons: those of sheets first."""
    return [*sheet_lessons(), *OTHERS]


def notebook(name: str) -> Path:
    return FOLDER / f"{name}.ipynb"


def _markdown() -> MarkdownIt:
    def math(text: str, options: Mapping[str, Any]) -> str:
        return mathml(text, "block" if options["display_mode"] else "inline")

    return MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, renderer=math, allow_space=False)


def _value(source: str, names: dict[str, Any]) -> Any:
    """Run a code cell; returns what its last line evaluates to, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "lesson", "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "lesson", "exec"), names)
    return eval(compile(ast.Expression(last.value), "lesson", "eval"), names)


def parts(path: Path, inputs: Mapping[str, Any] | None = None) -> list[str | Sheet]:
    """The notebook's cells in order: HTML of its text, and the sheets its code shows (with `inputs` in the first)."""
    markdown, names = _markdown(), {"__name__": "lesson"}
    found: list[str | Sheet] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            found.append(markdown.render(source))
            continue
        shown = _value(source, names)
        if isinstance(shown, SheetWidget):
            first = not any(isinstance(part, Sheet) for part in found)
            found.append(shown.sheet.with_inputs(inputs or {}) if first else shown.sheet)
        elif isinstance(shown, FineTuningPanel):
            found.append(_without_python(path.stem, example_run()))
    return found


def example_run() -> Recording:
    """The recorded run that comes along."""
    return read_recording(min(RECORDED.glob("*.jsonl")))


def _without_python(name: str, run: Recording) -> str:
    """What stands in the panel's place on a page without a kernel."""
    rows = "".join(
        f"<tr><td>{epoch.stage}</td><td>{epoch.epoch} of {epoch.epochs}</td><td>{epoch.train_loss:.4f}</td>"
        f"<td>{epoch.valid_loss:.4f}</td><td>{epoch.accuracy:.1%}</td></tr>"
        for epoch in ended(run)
    )
    headings = "".join(f"<th>{text}</th>" for text in ("stage", "epoch", "training loss", "validation loss", "accuracy"))
    return (
        f"<blockquote><p><strong>This lesson trains a network, so it needs Python.</strong> In Gradsheet's own folder, "
        f"<code>python3 lessons</code> opens it; or run <code>lessons/{name}.ipynb</code> in JupyterLab.</p></blockquote>"
        f'<figure style="max-width: 26em; margin: 1em 0">{picture_of_run(run)}<figcaption>{html.escape(run.about.sentence())} '
        f"The line is the loss of each batch, the markers are the loss on the validation pictures.</figcaption></figure>"
        f"<table><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>"
    )


def lesson_page(name: str, inputs: Mapping[str, Any] | None = None, plotly_address: str = "", before: str = "") -> str:
    """A lesson as one HTML page. A sheet without a lesson of its own gets a page with its title and summary. Raises InputError."""
    if name in OTHERS:
        return static_page(OTHERS[name].title, parts(notebook(name)), plotly_address, before)
    sheet = sheet_named(name).with_inputs(inputs or {})
    if notebook(name).exists():
        return static_page(sheet.title, parts(notebook(name), inputs), plotly_address, before)
    heading = f"<h1>{html.escape(sheet.title)}</h1><p>{html.escape(sheet.summary)}</p>"
    return static_page(sheet.title, [heading, sheet], plotly_address, before)


def _told(name: str) -> tuple[Sheet, str]:
    """A sheet, which has a title and a summary, and its picture."""
    sheet = sheet_named(name)
    return sheet, picture(sheet)


@lru_cache
def _card(name: str) -> str:
    """A lesson's picture, title and sentence. Kept, because a picture may be of a run that takes a moment."""
    told, drawn = (OTHERS[name], picture_of_run(example_run())) if name in OTHERS else _told(name)
    return f"{drawn}<h2>{html.escape(told.title)}</h2><p>{html.escape(told.summary)}</p>"


def index_page(address: Callable[[str], str]) -> str:
    """The start page. address: where the lesson of a name is to be found."""
    cards = [f'<li><a href="{html.escape(address(name), quote=True)}">{_card(name)}</a></li>' for name in lessons()]
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
            f"<title>Gradsheet: the lessons</title><style>{LOOK}{INDEX_LOOK}</style></head><body><main>",
            "<h1>Gradsheet</h1><p>Deep learning in sheets: predict, move a slider, see every number, take it along as a workbook.</p>",
            f'<ul class="lessons">{"".join(cards)}</ul></main></body></html>',
        ]
    )


def write_site(folder: Path) -> list[Path]:
    """Every lesson as a page, an index, and plotly.js once; works from disk. Returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"index.html": index_page(lambda name: f"{name}.html")}
    for name in lessons():
        links = '<nav><a href="index.html">All lessons</a></nav>'
        pages[f"{name}.html"] = lesson_page(name, plotly_address=PLOTLY, before=links)
    written = []
    for file, text in pages.items():
        (folder / file).write_text(text, encoding="utf-8")
        written.append(folder / file)
    shutil.copyfile(plotly_file(), folder / PLOTLY)
    return [*written, folder / PLOTLY]
