"""The recordings at hand: those that come along or were given, and those that were made or brought in during a session."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sheets import InputError

from .recordings import Recording, read_recording

LARGEST = 20_000_000  # bytes of a recording that is brought in


class Shelf:
    """Raises InputError for a recording that was given and cannot be played."""

    def __init__(self, given: Sequence[Path]):
        self._given = [(path, read_recording(path)) for path in given]
        self._own: Path | None = None

    def open(self, folder: Path) -> None:
        """folder: where those of the session are."""
        self._own = folder

    def _all(self) -> list[tuple[Path, Recording]]:
        found = list(self._given)
        for path in sorted(self._own.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns) if self._own else ():
            try:
                found.append((path, read_recording(path)))
            except InputError:  # broken off before it began
                continue
        return found

    def told(self) -> list[dict[str, Any]]:
        """For the page. name: by which it is asked for."""
        return [{"name": path.name, "title": run.title(), "sentence": run.about.sentence()} for path, run in self._all()]

    def path(self, name: Any) -> Path:
        """Raises InputError for a name that is none of them."""
        for path, _ in self._all():
            if path.name == name:
                return path
        raise InputError("there is no such recording")

    def new(self, title: str) -> Path:
        """Where another one may be written. Raises InputError before a session is open."""
        if self._own is None:
            raise InputError("the panel is still opening")
        self._own.mkdir(parents=True, exist_ok=True)
        return self._own / f"{title}-{uuid.uuid4().hex[:8]}.jsonl"

    def take(self, content: bytes) -> str:
        """Keep what a person brought in, and say what it is. Raises InputError where it cannot be played; then it is not kept."""
        if len(content) > LARGEST:
            raise InputError(f"this file has {len(content) / 1e6:.0f} MB, and a recording has at most {LARGEST / 1e6:.0f}")
        path = self.new("brought")
        path.write_bytes(content)
        try:
            return read_recording(path).about.sentence()
        except InputError as error:
            path.unlink()
            raise InputError(str(error).replace(f"{path}: ", "")) from None
