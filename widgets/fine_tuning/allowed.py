"""Which folders of this computer a page may read pictures and bodies from, and write results into.

Whoever works in a notebook runs Python themselves, so any. On a page of a server's (Voila) only those that its owner names: whoever opens
the page could otherwise look into the server's other files. `gradsheet serve`, which serves this computer alone, names the home folder.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sheets import InputError

from .files import is_within

VARIABLE = "GRADSHEET_FOLDERS"  # with what parts PATH between them
FORWARDED = "HTTP_X_FORWARDED_FOR"  # told to a kernel of Voila's where another computer's request was passed on to it

Allowed = tuple[Path, ...] | None  # real paths; None: any folder


def allowed_folders(given: Sequence[Path | str] | None = None) -> Allowed:
    """Those given; else those of the environment; else none under Voila, and any elsewhere."""
    served = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    if given is None and VARIABLE in os.environ:
        given = [] if os.environ.get(FORWARDED) else [part for part in os.environ[VARIABLE].split(os.pathsep) if part]
    if given is None:
        return () if served else None
    return tuple(Path(folder).expanduser().resolve() for folder in given)


def allowed_path(text: str, allowed: Allowed, what: str = "folder") -> Path:
    """The path a person typed. Raises InputError where it is none, or may not be read; it has not been looked at by then."""
    text = text.strip()
    if not text:
        raise InputError(f"the {what} is missing")
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # ~nobody
        raise InputError(f"{text}: there is no such {what}") from None
    if not path.is_absolute() or "\0" in text:
        raise InputError(f"{text}: give the {what}'s whole path, such as {Path.home() / 'pictures'}")
    if allowed is not None and not is_within(path, allowed):
        raise InputError(f"{text}: this page may not use it. {sentence(allowed)}")
    return path


def sentence(allowed: Allowed) -> str:
    """For the person who is about to type a path."""
    if allowed is None:
        return "Any folder of the computer that this Python runs on may be used."
    if not allowed:
        return f"The server of this page lets nobody use its folders; its owner can allow some by {VARIABLE}."
    return f"Folders may be used that are in {' or '.join(map(str, allowed))}."
