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
from .pages import lesson_page

# The link that was opened, kept by the login page of a hub, whose own address takes its place.
KEPT_LINK = """<script>
try {
  const kept = sessionStorage.getItem("lesson-link");
  sessionStorage.removeItem("lesson-link");
  if (kept && !location.hash) history.replaceState(null, "", kept);
} catch (error) {}
</script>"""


def names() -> list[str]:
    """The lessons that have such a page, in the course's order."""
    return sheet_lessons()


def files() -> dict[str, bytes]:
    """What the pages share, by name."""
    return shared_files()


def head(name: str, shared: str = "") -> str:
    """HTML for a lesson's head. shared: where others find the lessons, if each has their own."""
    if not shared:
        return ""
    address = html.escape(f"{shared}/{name}", quote=True)
    return f'<meta name="gradsheet-shared" content="{address}">{KEPT_LINK}'


def page(name: str, shared: str = "") -> bytes:
    """The page of a sheet's lesson, whose links are relative to it. Raises InputError."""

    def links(label: str) -> str:
        return lesson_links(name, lambda other: other, "../", label)

    return lesson_page(
        name,
        before=links("Lessons"),
        after=links("More lessons"),
        beside=True,
        head=head(name, shared),
        asks=name,
    ).encode()


def _of_sizes(name: str, sizes: Mapping[str, str]) -> Sheet:
    """The sheet of these sizes, the first ones foremost: fewer layers have fewer widths."""
    sheet = sheet_named(name)
    for size, value in sizes.items():
        if size in sheet.inputs:
            sheet = sheet.with_inputs({size: value})
    return sheet


def sheet(name: str, sizes: Mapping[str, str], file: bytes = b"") -> dict[str, Any]:
    """What a page of these sizes shows."""
    return {"sheet": description(_of_sizes(name, sizes))}


def workbook(name: str, sizes: Mapping[str, str], file: bytes = b"") -> dict[str, Any]:
    """What a page of these sizes makes its workbook of."""
    return {"workbook": _packed(name, tuple(sizes.items()))}


@lru_cache(maxsize=32)
def _packed(name: str, sizes: tuple[tuple[str, str], ...]) -> str:
    """Kept, because a class that opens one lesson asks for the same one."""
    return packed_workbook(_of_sizes(name, dict(sizes)))


def inputs(name: str, sizes: Mapping[str, str], file: bytes) -> dict[str, Any]:
    """The inputs of an edited workbook, row by row."""
    return {"inputs": inputs_of_workbook(_of_sizes(name, sizes), file)}


QUESTIONS: dict[str, Callable[[str, Mapping[str, str], bytes], dict[str, Any]]] = {
    "sheet": sheet,
    "workbook": workbook,
    "inputs": inputs,
}


def answer(question: str, name: str, sizes: Mapping[str, str], file: bytes) -> dict[str, Any]:
    """The answer, or a `refusal` in words for the person."""
    try:
        return QUESTIONS[question](name, sizes, file)
    except (InputError, SheetError) as error:
        return {"refusal": str(error)}
