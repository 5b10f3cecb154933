"""The stories of the library's sheets: a TOML file a sheet, in the form of language/story.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...language.sheet import Sheet
from ...language.story import tell


def tell_story(s: Sheet, name: str, given: Mapping[str, Any] | None = None) -> None:
    """Adds the story of this name to a sheet; given: what Python computes, by the story's names."""
    tell(s, Path(__file__).with_name(f"{name}.toml"), given)
