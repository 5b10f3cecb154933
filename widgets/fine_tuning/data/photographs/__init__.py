"""The photographs that come along, each with its maker and licence: photographs.toml lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Photograph:
    """name: what it shows, as a person would say. by: who made it."""

    file: str
    name: str
    by: str
    licence: str
    source: str

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def credit(self) -> str:
        return f"{self.name}, by {self.by} ({self.licence})"


@cache
def photographs() -> tuple[Photograph, ...]:
    listed = tomllib.loads((FOLDER / "photographs.toml").read_text(encoding="utf-8"))
    return tuple(Photograph(**one) for one in listed["photographs"])
