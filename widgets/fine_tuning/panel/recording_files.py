"""The recordings at hand: those that come along or were given, and those that were made or brought
in during a session.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sheets import InputError

from .recordings import Recording, read_recording, recording_of

# bytes of a recording that is brought in: a message of 10 MiB would cut a page off from Jupyter's
# server
LARGEST = 8_000_000
MOST = 20  # that are brought into one session
BROUGHT = "brought"

Told = dict[str, Any]  # for the page
State = tuple[int, int]  # of a file: when it was last changed, its size
NOWHERE = (0, -1)


class RecordingFiles:
    """Raises InputError for a recording that was given and cannot be played."""

    def __init__(self, given: Sequence[Path]):
        self._given = [(path, _told(path, read_recording(path))) for path in given]
        self._own: Path | None = None
        self._seen: dict[
            Path, tuple[State, Told | None]
        ] = {}  # each is read once, until it changes

    def open(self, folder: Path) -> None:
        """folder: where those of the session are."""
        self._own = folder

    def _all(self) -> list[tuple[Path, Told]]:
        own = [
            (path, *self._look(path)) for path in (self._own.glob("*.jsonl") if self._own else ())
        ]
        return self._given + [
            (path, told) for path, _, told in sorted(own, key=lambda one: one[1]) if told
        ]

    def _look(self, path: Path) -> tuple[State, Told | None]:
        """How it is now, and what; None for what cannot be read, such as one that broke off before
        it began.
        """
        try:
            about = path.stat()
        except OSError:  # it went away meanwhile
            return NOWHERE, None
        state = (about.st_mtime_ns, about.st_size)
        if self._seen.get(path, (NOWHERE, None))[0] != state:
            try:
                self._seen[path] = (state, _told(path, read_recording(path)))
            except InputError:
                self._seen[path] = (state, None)
        return self._seen[path]

    def told(self) -> list[Told]:
        """For the page. name: by which it is asked for."""
        return [told for _, told in self._all()]

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
        """Keep what a person brought in, and say what it is.

        Raises InputError where it cannot be played; then it is not kept.
        """
        if len(content) > LARGEST:
            raise InputError(
                f"this file has {len(content) / 1e6:.1f} MB, and a recording has at most"
                f" {LARGEST / 1e6:.0f}"
            )
        path = self.new(BROUGHT)
        if len(list(path.parent.glob(f"{BROUGHT}-*"))) >= MOST:
            raise InputError(
                f"{MOST} recordings were brought in already, and more are not kept; open the"
                " lesson in another tab"
            )
        recording = recording_of(content)
        path.write_bytes(content)
        return recording.about.sentence()


def _told(path: Path, recording: Recording) -> Told:
    return {"name": path.name, "title": recording.title(), "sentence": recording.about.sentence()}
