"""Lessons that show no sheet, by name: what the start page and `gradsheet list` say of them."""

from typing import NamedTuple


class Lesson(NamedTuple):
    title: str
    summary: str


OTHERS = {
    "fine_tuning": Lesson(
        "Fine-tuning: twenty pictures of a class are enough",
        "Take a network that has seen other things, give it a new last layer, and watch it learn"
        " yours, step by step. Needs Python.",
    ),
}
