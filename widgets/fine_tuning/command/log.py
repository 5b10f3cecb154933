"""What a run said, and how it ended, in a file that stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sheets import InputError

Say = Callable[[str], None]


@contextmanager
def logged(path: Path | None, say: Say) -> Iterator[Say]:
    """Say, and write the same into the file, after what is there: each line with its time, and at
    last the error that ended the run, if one did. None: no file.

    Raises InputError where nothing can be written there. A file that cannot be written any more
    later is said, and ends nothing.
    """
    if path is None:
        yield say
        return
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"--log {path}: it cannot be written: {error.strerror}") from None
    broken = False

    def write(text: str) -> None:
        nonlocal broken
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{now} {line}\n" for line in text.splitlines())
        except OSError as error:
            if not broken:
                say(f"{path} is not written any more: {error.strerror}")
            broken = True

    def both(text: str) -> None:
        say(text)
        write(text)

    try:
        yield both
    except BaseException as error:
        write(f"Ended by {type(error).__name__}: {error}".removesuffix(": "))
        raise
