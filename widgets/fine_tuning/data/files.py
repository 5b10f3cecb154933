"""The files of a data folder, whatever its links do, and their names as they are."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath

from sheets import InputError

MAC_S = "__MACOSX"  # a folder in every zip of a Mac's, of its own notes about the files


def is_left_out(name: str) -> bool:
    """Whether a file or folder of this name is none of the person's."""
    return name.startswith(".") or name == MAC_S


def files_in(root: Path, within: Sequence[Path] | None = None) -> dict[str, Path]:
    """Every regular file under root by its name relative to it, with `/`, as `spelt`; sorted.

    Hidden files and folders are left out, with what a Mac packs beside them, and so is what is no
    regular file (a pipe would wait for ever). A folder reached twice, by a link or by a loop of
    links, is walked once. within: links that lead out of these folders, which are themselves no
    links, are left out. Raises InputError where root is no folder, or one that cannot be read.
    """
    try:
        is_folder = stat.S_ISDIR(root.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        is_folder = False
    except OSError as error:  # a name that is too long, a folder on the way that may not be entered
        raise InputError(f"{root}: this folder cannot be read: {error.strerror}") from None
    if not is_folder:
        raise InputError(f"{root}: there is no such folder")
    return dict(sorted(_walk(root, root, set(), within)))


def _walk(
    root: Path, folder: Path, walked: set[tuple[int, int]], within: Sequence[Path] | None
) -> Iterator[tuple[str, Path]]:
    try:
        here = folder.stat()
        if (here.st_dev, here.st_ino) in walked:
            return
        walked.add((here.st_dev, here.st_ino))
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{folder}: this folder cannot be read: {error.strerror}") from None
    for entry in entries:
        path = Path(entry.path)
        try:
            kind = entry.stat().st_mode
        except OSError as error:
            if (
                isinstance(error, PermissionError) and not entry.is_symlink()
            ):  # the folder may be listed, and not entered
                raise InputError(f"{path}: this cannot be read: {error.strerror}") from None
            continue  # a link to nothing, or to itself
        if is_left_out(entry.name) or (
            within is not None and entry.is_symlink() and not is_within(path, within)
        ):
            continue
        if stat.S_ISDIR(kind):
            yield from _walk(root, path, walked, within)
        elif stat.S_ISREG(kind):
            yield spelt(path.relative_to(root)), path


def spelt(path: PurePath) -> str:
    r"""With `/`.

    Bytes that are no UTF-8, which a name may hold on Linux, are written as `\udcff`: no CSV and no
    page takes them.
    """
    return path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def natural(name: str) -> list[tuple[bool, int, str]]:
    """The key by which 2.jpg stands before 10.jpg."""
    parts = re.split(r"([0-9]+)", name)
    return [(True, int(part), part) if part.isdecimal() else (False, 0, part) for part in parts]


def is_within(path: Path, folders: Sequence[Path]) -> bool:
    """Whether it lies in one of the folders, or is one, wherever links on the way lead.

    False for a path that cannot be.
    """
    try:
        real = path.resolve()
    except (
        OSError,
        RuntimeError,
        ValueError,
    ):  # a loop of links, a name that the system does not take
        return False
    return any(real.is_relative_to(folder) for folder in folders)


def temporary_folder(owner: object) -> Path:
    """A new folder that is deleted when its owner is garbage-collected, or Python ends."""
    folder = tempfile.mkdtemp(prefix="gradsheet-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Inside, write to the draft that is given: it takes the file's place at the end, in one step.

    A reader finds the old file or the new one, never half of it. Where writing fails, the old file
    stays and the draft goes. Each process has a draft of its own.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        yield draft
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """As `written_whole`, for a folder and all that is in it; another of that name goes."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        if path.exists():
            shutil.rmtree(path)
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
