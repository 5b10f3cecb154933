"""Which folders of this computer a page may read pictures and bodies from, and write results into.

Whoever works in a notebook runs Python themselves, so any. On a page of a server's (Voila) only
those that its owner names: whoever opens the page could otherwise look into the server's other
files. So it is on a computer of one's own: `gradsheet serve` answers every account of it, and names
only the folders of its --pictures.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from sheets import InputError

from .. import FOLDERS
from ..data.files import is_within

Allowed = tuple[Path, ...] | None  # real paths; None: any folder


def allowed_folders(given: Sequence[Path | str] | None = None) -> Allowed:
    """Those given; else those of the environment; else none under Voila, and any elsewhere."""
    served = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    if given is None and FOLDERS in os.environ:
        given = [part for part in os.environ[FOLDERS].split(os.pathsep) if part]
    if given is None:
        return () if served else None
    return tuple(Path(folder).expanduser().resolve() for folder in given)


def allowed_path(text: str, allowed: Allowed, what: str = "folder") -> Path:
    """The path a person typed, whether or not there is anything at it.

    Raises InputError where it is none, or may not be used.

    Where folders are limited, the links on its way are followed before that is known, but no other
    computer is asked.
    """
    text = text.strip()
    if not text:
        raise InputError(f"the {what} is missing")
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # ~nobody
        raise InputError(f"{text}: there is no such {what}") from None
    if not path.is_absolute() or "\0" in text:
        raise InputError(
            f"{text}: give the {what}'s whole path, such as {Path.home() / 'pictures'}"
        )
    if allowed is not None and (
        is_of_another_computer(path, allowed) or not is_within(path, allowed)
    ):
        raise InputError(f"{text}: this page may not use it. {sentence(allowed)}")
    return path


def is_of_another_computer(path: PurePath, allowed: Sequence[PurePath]) -> bool:
    r"""Whether Windows would ask another computer for it (`\\computer\share\...`), and none of the
    allowed folders is on that share.

    Such a path must not be followed before it is refused: Windows would log in there with the
    account that serves the page.
    """
    return path.drive.startswith("\\\\") and path.drive.lower() not in {
        folder.drive.lower() for folder in allowed
    }


def sentence(allowed: Allowed) -> str:
    """For the person who is about to type a path."""
    if allowed is None:
        return "Any folder of the computer that this Python runs on may be used."
    if not allowed:
        return (
            "Only what comes along may be used here, no folder and no body of the hub's. On your"
            " own computer start the lessons with"
            " python3 lessons --pictures FOLDER, or open the notebook in JupyterLab, to use your"
            " own."
        )
    return f"Folders may be used that are in {' or '.join(map(str, allowed))}."
