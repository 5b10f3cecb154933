"""Lessons as pages: the text and sheets of each notebook as static HTML, and the index with a
picture and a sentence for each.

A lesson's panel that needs Python is replaced by a recorded run and the sentence that says how to
open it.
"""

from __future__ import annotations

import ast
import html
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from sheets import Sheet, values
from sheets.language.formats import written
from sheets.library.catalogue import SHEETS, sheet_named
from widgets import SheetWidget
from widgets.fine_tuning.panel import RECORDED, FineTuningPanel
from widgets.fine_tuning.panel.recordings import Recording, read_recording
from widgets.mathematics import mathml
from widgets.static_page import ICON, LOOK, static_page

from .course import PARTS, Part, lessons, notebook, sheet_lessons, short_title, title
from .others import OTHERS
from .own import own_page, short_titles
from .picture import ended, picture, picture_of_run
from .without_script import story_told

INDEX_LOOK = """
.lessons { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 22px; }
main > .lessons { padding: 0; margin: 0; list-style: none; max-width: none; }
.lesson { display: block; padding: 14px; border-radius: 10px;
  border: 1px solid light-dark(#bbb, #4a5058); }
.lesson { color: inherit; text-decoration: none; }
.lesson:hover, .lesson:focus-visible { border-color: #0072b2; outline: none; }
.lesson:hover, .lesson:focus-visible { box-shadow: 0 0 0 2px #0072b2; }
.lessons h3 { margin: 8px 0 4px; color: light-dark(#00527f, #7cc3f2); }
.lessons p { margin: 0 0 4px; }
.lessons p + p { font-size: 0.88em; color: light-dark(#555, #a8adb4); }
.part { margin: 2.2em 0 0.2em; }
.part + p { margin: 0 0 12px; }
.lessons svg { width: 100%; height: auto; }
.lesson + a { display: inline-block; margin: 6px 14px; font-size: 0.9em; }
"""
INDEX_STYLE = f"{LOOK}{INDEX_LOOK}"


def _markdown() -> MarkdownIt:
    def math(text: str, options: Mapping[str, Any]) -> str:
        return mathml(text, "block" if options["display_mode"] else "inline")

    return (
        MarkdownIt("commonmark")
        .enable("table")
        .use(dollarmath_plugin, renderer=math, allow_space=False)
    )


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
    """The notebook's cells in order: HTML of its text, and the sheets its code shows (with `inputs`
    in the first).
    """
    markdown, names = _markdown(), {"__name__": "lesson"}
    shown_parts: list[str | Sheet] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            shown_parts.append(markdown.render(source))
            continue
        shown = _value(source, names)
        if isinstance(shown, SheetWidget):
            first = not any(isinstance(part, Sheet) for part in shown_parts)
            shown_parts.append(shown.sheet.with_inputs(inputs or {}) if first else shown.sheet)
        elif isinstance(shown, FineTuningPanel):
            shown_parts.append(_without_python(path.stem, example_run()))
    return shown_parts


def example_run() -> Recording:
    """The recorded run that comes along."""
    return read_recording(min(RECORDED.glob("*.jsonl")))


def _without_python(name: str, run: Recording) -> str:
    """What stands in the panel's place on a page without a kernel."""
    rows = "".join(
        f"<tr><td>{epoch.stage}</td><td>{epoch.epoch} of"
        f" {epoch.epochs}</td><td>{epoch.train_loss:.4f}</td>"
        f"<td>{epoch.valid_loss:.4f}</td><td>{epoch.accuracy:.1%}</td></tr>"
        for epoch in ended(run)
    )
    headings = "".join(
        f"<th>{text}</th>"
        for text in ("stage", "epoch", "training loss", "validation loss", "accuracy")
    )
    return (
        f"<blockquote><p><strong>This lesson trains a network, so it needs Python.</strong> In"
        f" Gradsheet's own folder, "
        f"<code>python3 lessons</code> opens it; or run <code>lessons/{name}.ipynb</code> in"
        " JupyterLab.</p></blockquote>"
        f'<figure class="recorded">{picture_of_run(run)}<figcaption>'
        f"{html.escape(run.about.sentence())} "
        f"The line is the loss of each batch, the markers are the loss on the validation"
        f" pictures.</figcaption></figure>"
        f"<table><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>"
    )


def lesson_page(name: str, inputs: Mapping[str, Any] | None = None, **around: Any) -> str:
    """A lesson as one HTML page.

    A sheet without a lesson of its own gets a page with its title and summary. Raises InputError.

    around: what `static_page` is told besides.
    """
    if name in OTHERS:
        return static_page(title(name), parts(notebook(name)), about=OTHERS[name].summary, **around)
    sheet = sheet_named(name).with_inputs(inputs or {})
    if not notebook(name).exists():
        return own_page(sheet, **around)
    with_stories: list[str | Sheet] = []
    for part in parts(notebook(name), inputs):
        with_stories.append(part)
        if isinstance(part, Sheet):
            with_stories.append(story_told(part))
    return static_page(sheet.title, with_stories, about=sheet.summary, **around)


@lru_cache
def _card(name: str) -> str:
    """A lesson's card. Kept, because a picture may be of a run that takes a moment."""
    number = lessons().index(name) + 1
    if name in OTHERS:
        drawn = picture_of_run(example_run())
        return _written_card(number, title(name), drawn, [OTHERS[name].summary])
    return _sheet_card(number, sheet_named(name))


def _sheet_card(number: int, sheet: Sheet) -> str:
    """Its picture, where it has one, its number, title, what it asks and its sentence."""
    asks = written(sheet.introduction, values(sheet))
    return _written_card(number, sheet.title, picture(sheet), [asks, sheet.summary])


def _written_card(number: int, title: str, drawn: str, texts: Sequence[str]) -> str:
    words = "".join(f"<p>{html.escape(text)}</p>" for text in texts if text)
    return f"{drawn}<h3>{number}. {html.escape(title)}</h3>{words}"


def index_page(
    address: Callable[[str], str],
    workbook: Callable[[str], str] | None = None,
    style_file: str = "",
) -> str:
    """The start page: the course's parts, each with its lessons.

    address: where the lesson of a name is to be found; workbook: where a sheet's workbook is, if
    there are any. style_file: as for `plain_page`.
    """

    def item(name: str) -> str:
        file = workbook(name) if workbook and name in SHEETS else ""
        return _item(address(name), _card(name), file, short_title(name))

    def part(part: Part) -> str:
        return (
            f'<h2 class="part">{html.escape(part.title)}</h2><p>{html.escape(part.about)}</p>'
            f'<ul class="lessons">{"".join(map(item, part.names))}</ul>'
        )

    first = sheet_lessons()[0]
    return plain_page(
        "Gradsheet: the lessons",
        "<h1>Gradsheet: deep learning in sheets</h1><p>Deep learning is three pieces: <strong>a"
        " flexible function, a way to fit it, and both fast enough</strong>. Each lesson stands"
        " below with its piece. Predict, move a slider, see every number, take it along as a"
        " workbook.</p><p>The course goes top-down."
        f' You may also go from the bottom up: begin with <a href="{html.escape(address(first))}">'
        f"{short_title(first)}</a>, and come back to the first lesson at the end.</p>"
        f"{''.join(map(part, PARTS))}",
        style_file,
    )


def own_index(
    sheets: Mapping[str, Sheet],
    address: Callable[[str], str],
    workbook: Callable[[str], str] = lambda name: "",
    style_file: str = "",
) -> str:
    """The start page of a teacher's own sheets. workbook: where one is, "" where there is none."""
    titles = short_titles(sheets)
    items = [
        _item(address(name), _sheet_card(number, sheet), workbook(name), titles[name])
        for number, (name, sheet) in enumerate(sheets.items(), 1)
    ]
    heading = "The lessons"
    body = f'<h1>{heading}</h1><ul class="lessons">{"".join(items)}</ul>'
    return plain_page(heading, body, style_file)


def _item(address: str, card: str, workbook: str, short: str) -> str:
    """A lesson in a list. workbook: where it is, or ""; short: its title, as HTML."""
    page, file = (html.escape(each, quote=True) for each in (address, workbook))
    taken_along = f'<a href="{file}">Workbook: {short}</a>' if workbook else ""
    return f'<li><a class="lesson" href="{page}">{card}</a>{taken_along}</li>'


def plain_page(title: str, body: str, style_file: str = "") -> str:
    """A page without sheets. style_file: where INDEX_STYLE lies; empty: in the page."""
    style = f"<style>{INDEX_STYLE}</style>"
    icon = "data:,"
    if style_file:
        style, icon = f'<link rel="stylesheet" href="{style_file}">', ICON
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="{icon}">\n'
        f"<title>{html.escape(title)}</title>{style}</head><body><main>\n{body}\n</main></body></html>"
    )
