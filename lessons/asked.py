"""What the page of a sheet's lesson asks of Python: itself, the sheet of other sizes with its
workbook, and the inputs of an edited workbook.

A server that holds these pages in memory lets one process answer for all of them, so that a student
who reads and moves sliders needs no kernel (lessons/apart.py, lessons/voila/at_once.py).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sheets import InputError, Sheet, SheetError
from sheets.library.catalogue import sheet_named
from widgets.answering import inputs_of_workbook
from widgets.description import description
from widgets.packed_workbook import packed_workbook
from widgets.static_page import shared_files

from .course import lesson_links, sheet_lessons
from .own import makers_at, own_page, sheets_at, short_titles
from .pages import lesson_page, own_index, plain_page

# The link that was opened, kept by the login page of a hub, whose own address takes its place.
KEPT_LINK = """<script>
try {
  const kept = sessionStorage.getItem("lesson-link");
  sessionStorage.removeItem("lesson-link");
  if (kept && !location.hash) history.replaceState(null, "", kept);
} catch (error) {}
</script>"""


def names(own: str = "") -> list[str]:
    """The lessons that have such a page, in their order. own: whose sheets they are, as lessons/own
    knows them; "": the course's.
    """
    return list(makers_at(own)) if own else sheet_lessons()


def start(own: str) -> str:
    """The start page of a teacher's own sheets."""
    try:
        return own_index(sheets_at(own), lambda name: f"lesson/{name}")
    except (InputError, SheetError) as refusal:
        return _not_yet(str(refusal))


def _not_yet(refusal: str) -> str:
    """What stands in a page's place while its file cannot be used."""
    said = (
        f"<p>{html.escape(refusal)}</p><p>Change the file, save it, and load this page again.</p>"
    )
    return plain_page("Not yet", f"<h1>The file cannot be used yet</h1>{said}")


def files() -> dict[str, bytes]:
    """What the pages share, by name."""
    return shared_files()


def head(name: str, shared: str = "") -> str:
    """HTML for a lesson's head. shared: where others find the lessons, if each has their own."""
    if not shared:
        return ""
    address = html.escape(f"{shared}/{name}", quote=True)
    return f'<meta name="gradsheet-shared" content="{address}">{KEPT_LINK}'


def page(name: str, shared: str = "", own: str = "") -> bytes | None:
    """The page of a sheet's lesson, whose links are relative to it; None where a teacher's file has
    none of this name.
    """

    def around(among: Mapping[str, str] | None = None) -> dict[str, Any]:
        def links(label: str) -> str:
            return lesson_links(name, lambda other: other, "../", label, among)

        about = {"head": head(name, shared), "asks": name, "beside": True}
        return {"before": links("Lessons"), "after": links("More lessons"), **about}

    if not own:
        return lesson_page(name, **around()).encode()
    try:
        sheets = sheets_at(own)
        if name not in sheets:
            return None
        return own_page(sheets[name], **around(short_titles(sheets))).encode()
    except (InputError, SheetError) as refusal:
        return _not_yet(str(refusal)).encode()


def _of_sizes(name: str, sizes: Mapping[str, str], own: str) -> Sheet:
    """The sheet of these sizes, the first ones foremost: fewer layers have fewer widths."""
    sheet = makers_at(own)[name]() if own else sheet_named(name)
    for size, value in sizes.items():
        if size in sheet.inputs:
            sheet = sheet.with_inputs({size: value})
    return sheet


def sheet(name: str, sizes: Mapping[str, str], file: bytes, own: str) -> dict[str, Any]:
    """What a page of these sizes shows."""
    return {"sheet": description(_of_sizes(name, sizes, own))}


def workbook(name: str, sizes: Mapping[str, str], file: bytes, own: str) -> dict[str, Any]:
    """What a page of these sizes makes its workbook of."""
    return {"workbook": _packed(name, tuple(sizes.items()), own)}


@lru_cache(maxsize=32)
def _packed(name: str, sizes: tuple[tuple[str, str], ...], own: str) -> str:
    """Kept, because a class that opens one lesson asks for the same one."""
    return packed_workbook(_of_sizes(name, dict(sizes), own))


def inputs(name: str, sizes: Mapping[str, str], file: bytes, own: str) -> dict[str, Any]:
    """The inputs of an edited workbook, row by row."""
    return {"inputs": inputs_of_workbook(_of_sizes(name, sizes, own), file)}


QUESTIONS: dict[str, Callable[[str, Mapping[str, str], bytes, str], dict[str, Any]]] = {
    "sheet": sheet,
    "workbook": workbook,
    "inputs": inputs,
}


def answer(
    question: str, name: str, sizes: Mapping[str, str], file: bytes, own: str = ""
) -> dict[str, Any]:
    """The answer, or a `refusal` in words for the person."""
    try:
        return QUESTIONS[question](name, sizes, file, own)
    except (InputError, SheetError) as error:
        return {"refusal": str(error)}
