"""Where a panel keeps what must outlive its kernel: a folder a session, named by the page, and
cleared away after some days.
"""

from __future__ import annotations

import json
import re
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sheets import InputError

from ..data.files import written_whole

KEPT = 7 * 24 * 3600  # seconds since a session was last opened
NAME = re.compile(r"[0-9a-zA-Z-]{8,80}")
LOOKS = 0.3  # seconds between two looks at who owns the folder


def session_folder(root: Path, session: str) -> Path:
    """Raises InputError for a name that no page gives."""
    if not NAME.fullmatch(session):
        raise InputError("the page gave its session no usable name; load it again")
    return root / session


def clear_away(root: Path, but: Path) -> None:
    """Delete the sessions that nobody opened for KEPT seconds."""
    for folder in root.iterdir() if root.is_dir() else ():
        if folder != but and folder.is_dir() and time.time() - folder.stat().st_mtime > KEPT:
            shutil.rmtree(folder, ignore_errors=True)


def kept_in(folder: Path, name: str) -> Any:
    """As Place.kept, of a folder that is not taken over."""
    try:
        return json.loads((folder / f"told/{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


class Place:
    """A session's folder, taken over from whoever had it: the old kernel of a page that was loaded
    again may still train.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic):
        self.folder, self._clock = folder, clock
        self._own, self._looked, self._lost = uuid.uuid4().hex, 0.0, False
        (folder / "told").mkdir(parents=True, exist_ok=True)
        self._write("owner", self._own)

    @property
    def lost(self) -> bool:
        """Whether another panel has taken it over since. Cheap enough to be asked at each batch."""
        if not self._lost and self._clock() - self._looked > LOOKS:
            self._looked = self._clock()
            try:
                self._lost = (self.folder / "owner").read_text(encoding="utf-8") != self._own
            except OSError:
                self._lost = True
        return self._lost

    def keep(self, name: str, told: Any) -> None:
        if not self.lost:
            self._write(f"told/{name}.json", json.dumps(told))

    def kept(self, name: str) -> Any:
        """What was told under this name; None where nothing was, or it is damaged."""
        return kept_in(self.folder, name)

    def _write(self, name: str, text: str) -> None:
        with written_whole(self.folder / name) as draft:
            draft.write_text(text, encoding="utf-8")
