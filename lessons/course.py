"""The lessons in their order, and the way from one to the next."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from sheets.library.catalogue import SHEETS, sheet_named

from .others import OTHERS

FOLDER = Path(__file__).resolve().parent


def sheet_lessons() -> list[str]:
    """Names of the sheets that have a lesson, in the catalogue's order."""
    return [name for name in SHEETS if notebook(name).exists()]


def lessons() -> list[str]:
    """Names of all lessons: those of sheets first."""
    return [*sheet_lessons(), *OTHERS]


def notebook(name: str) -> Path:
    return FOLDER / f"{name}.ipynb"


@lru_cache
def title(name: str) -> str:
    """A lesson's."""
    return OTHERS[name].title if name in OTHERS else sheet_named(name).title


def lesson_links(
    name: str, address: Callable[[str], str], start: str, label: str = "Lessons"
) -> str:
    """From a lesson to the one before it, all of them (`start`) and the next one.

    label: one of its own on its page.
    """
    order = lessons()
    at = order.index(name)

    def to(word: str, others: list[str]) -> str:
        links = [
            f'<a href="{html.escape(address(other))}">{word}<span>: {short_title(other)}</span></a>'
            for other in others
        ]
        return f"<span>{''.join(links)}</span>"

    every = f'<a href="{html.escape(start)}">All lessons</a>'
    before, after = to("Previous", order[max(0, at - 1) : at]), to("Next", order[at + 1 : at + 2])
    return f'<nav class="lesson-links" aria-label="{label}">{before}{every}{after}</nav>'


def short_title(name: str) -> str:
    """As HTML."""
    return html.escape(title(name).partition(":")[0])
