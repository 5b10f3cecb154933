"""The lessons in their order, and the way from one to the next."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sheets.library.catalogue import sheet_named

from .others import OTHERS

FOLDER = Path(__file__).resolve().parent


class Part(NamedTuple):
    """A part of the course: what it is called, what it is about, its lessons."""

    title: str
    about: str
    names: tuple[str, ...]


# Top-down, as the course teaches: first what a trained network can do, then the box is opened.
PARTS = (
    Part(
        "What it can do",
        "A network that has seen a million photographs learns yours from a few. How? The other"
        " lessons open the box.",
        ("fine_tuning",),
    ),
    Part(
        "How wrong is it?",
        "Before the three pieces: all learning follows one number, the loss.",
        ("log_loss", "softmax"),
    ),
    Part(
        "A way to fit it",
        "The second piece: move every parameter a little against its slope, and the loss falls.",
        ("descent", "line_fit", "linear_model"),
    ),
    Part(
        "A function flexible enough",
        "The first piece: matrix products with max(0, x) between them come as near to any"
        " continuous function as one likes.",
        ("matmul_stack", "depth_lab", "relu_layers", "relu_function", "convolution"),
    ),
    Part(
        "Fast, and without fooling oneself",
        "The third piece: points that are kept back, better steps, a learning rate that is found.",
        ("overfitting", "optimisers", "lr_finder"),
    ),
)


def lessons() -> list[str]:
    """Names of all lessons, in the course's order."""
    return [name for part in PARTS for name in part.names]


def sheet_lessons() -> list[str]:
    """Names of the lessons that show a sheet, in the course's order."""
    return [name for name in lessons() if name not in OTHERS]


def notebook(name: str) -> Path:
    return FOLDER / f"{name}.ipynb"


def picture_file(name: str) -> Path:
    """The lesson as it looks, which comes with the source: for README, and for shared links."""
    return FOLDER / "pictures" / f"{name}.webp"


@lru_cache
def title(name: str) -> str:
    """A lesson's."""
    return OTHERS[name].title if name in OTHERS else sheet_named(name).title


def lesson_links(
    name: str,
    address: Callable[[str], str],
    start: str,
    label: str = "Lessons",
    among: Mapping[str, str] | None = None,
) -> str:
    """From a lesson to the one before it, all of them (`start`) and the next one.

    label: one of its own on its page. among: all of them by name, each with what its link says, as
    HTML (default: the course's).
    """
    order = lessons() if among is None else list(among)
    at = order.index(name)

    def to(word: str, others: list[str]) -> str:
        links = [
            f'<a href="{html.escape(address(other))}">{word}<span>: '
            f"{among[other] if among else short_title(other)}</span></a>"
            for other in others
        ]
        return f"<span>{''.join(links)}</span>"

    every = f'<a href="{html.escape(start)}">All lessons</a>'
    before, after = to("Previous", order[max(0, at - 1) : at]), to("Next", order[at + 1 : at + 2])
    return f'<nav class="lesson-links" aria-label="{label}">{before}{every}{after}</nav>'


def short_title(name: str) -> str:
    """As HTML."""
    return html.escape(title(name).partition(":")[0])
