"""The body's many classes rolled up into a person's few, by their names alone: nothing learns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from .efficientnet_lite import class_names

GROUPS = Path(__file__).parent / "imagenet_groups.toml"
WORD = re.compile(r"[^\W\d_]+")
WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "largest": lambda own: own.max(axis=1),
    "mean": lambda own: own.mean(axis=1),
    "sum": lambda own: own.sum(axis=1),
}  # from (pictures, the body's classes of one of ours) to (pictures,)


@cache
def groups() -> dict[str, list[int]]:
    """ImageNet's numbers by a word that means several of them."""
    written = tomllib.loads(GROUPS.read_text(encoding="utf-8"))
    return {word: [k for part in parts for k in _range(part)] for word, parts in written.items()}


def _range(part: int | list[int]) -> Sequence[int]:
    return [part] if isinstance(part, int) else range(part[0], part[1] + 1)


def members(name: str, labels: Sequence[str]) -> list[int]:
    """Which of the body's labels a class of this name means: those with one of its words in their
    names, and ImageNet's that the word is known to mean. [] where no word says.
    """
    words = {_singular(word) for word in WORD.findall(name.lower())}
    named = {k for k, label in enumerate(labels) if words & set(map(_singular, _words(label)))}
    if list(labels) == class_names():
        meant = [groups()[word] for word in words if word in groups()]
        return sorted({k for numbers in meant for k in numbers} or named)
    return sorted(named)


def _words(label: str) -> list[str]:
    return WORD.findall(label.lower())


def _singular(word: str) -> str:
    """cats -> cat, foxes -> fox, butterflies -> butterfly, bus -> bus"""
    for plural, single in (("ies", "y"), ("xes", "x"), ("shes", "sh"), ("ss", "ss"), ("us", "us")):
        if word.endswith(plural):
            return word.removesuffix(plural) + single
    return word.removesuffix("s")


def rolled_up(probabilities: np.ndarray, meant: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """By way, (pictures, classes) of how much speaks for each class.

    probabilities: (pictures, the body's classes). meant: for each class, one number at least.
    """
    return {
        way: np.stack([roll(probabilities[:, numbers]) for numbers in meant], axis=1)
        for way, roll in WAYS.items()
    }


@dataclass(frozen=True)
class RolledUp:
    """counts: how many of the body's classes each of ours means. right: by way, the share of
    validation pictures that are right.
    """

    counts: tuple[int, ...]
    right: dict[str, float]

    @classmethod
    def of(
        cls, meant: Sequence[Sequence[int]], probabilities: np.ndarray, actual: np.ndarray
    ) -> RolledUp:
        """actual: (pictures,) of class numbers."""
        found = rolled_up(probabilities, meant)
        right = {way: float((rows.argmax(axis=1) == actual).mean()) for way, rows in found.items()}
        return cls(tuple(map(len, meant)), right)
