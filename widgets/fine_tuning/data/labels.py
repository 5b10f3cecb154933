"""Which label a file has: by its folder, a CSV, a regular expression, a function, or lists."""

from __future__ import annotations

import codecs
import csv
import io
import os
import posixpath
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TypeVar

import regex

from sheets import InputError

from .events import Stop, Stopped, never

NAMED_AT_MOST = 3  # names in a message
DRIVE = regex.compile(r"[A-Za-z]:")  # of Windows
PATIENCE = 1.0  # seconds for a regular expression and one name
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LARGEST_CSV = 100_000_000  # bytes: some million rows
TRAIN, VALID = (
    ("train", "training"),
    ("valid", "val", "validation"),
)  # folders of that name are the two parts of the data
TEST = ("test", "testing")  # and of these names, pictures to hand in, whose labels nobody says

VALIDATED = ("is_valid", "isvalid")  # headings of the column that parts the pictures
YES, NO = ("true", "1", "1.0", "yes"), ("false", "0", "0.0", "no")  # in that column

Files = Mapping[str, Path]  # by name relative to the data folder
T = TypeVar("T")


class Labels(dict[str, str]):
    """By file; `valid` says for some of the files whether they are for validation, where what
    labels them says that too.
    """

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        super().__init__(labels or {})
        self.valid: dict[str, bool] = {}


Labeller = Callable[[Files], Labels]


@dataclass(frozen=True)
class Row:
    """Of a list of labels: what is written there, and in which line. valid: whether it is for
    validation, None where nothing says.
    """

    name: str
    label: str
    line: int
    valid: bool | None = None


def by_folder(files: Files) -> Labels:
    """The first folder below the data folder, or below train/valid where there are such.

    Files in no class's folder have no label.
    """
    parts, labels = parts_of(files), Labels()
    for name in files:
        inner = without_part(name, parts)
        if "/" in inner and (inner != name or not parts):
            labels[name] = inner.partition("/")[0]
    return labels


def by_regex(expression: str, stop: Stop = never) -> Labeller:
    """The first group of the expression, searched in the file's name, and else in its path
    (`/train/cat_1.jpg`).

    The labelling raises Stopped where stop, asked before each name, says so.
    """
    try:
        pattern = regex.compile(expression)
    except RecursionError:
        raise InputError(
            f"{expression[:40]!r}... is no regular expression that can be used: it is too deeply"
            " nested"
        ) from None
    except regex.error as error:
        raise InputError(f"{expression!r} is not a regular expression: {error}") from None
    if pattern.groups < 1:
        raise InputError(
            f"{expression!r} has no group: put the part that is the label in parentheses, such as"
            " (.+)_[0-9]+"
        )

    def labels(files: Files) -> Labels:
        found = Labels()
        for name in _until(stop, files):
            if not is_test(name) and (label := _first_group(pattern, name)):
                found[name] = label
        return found

    return labels


def _until(stop: Stop, items: Iterable[T]) -> Iterator[T]:
    """Raises Stopped before the first item for which stop says so."""
    for item in items:
        if stop():
            raise Stopped
        yield item


def _first_group(pattern: regex.Pattern, name: str) -> str | None:
    """Python's own engine could neither be stopped nor let other threads work meanwhile."""
    try:
        found = pattern.search(PurePosixPath(name).name, timeout=PATIENCE) or pattern.search(
            f"/{name}", timeout=PATIENCE
        )
    except TimeoutError:
        raise InputError(
            f"{pattern.pattern!r} takes for ever on {name}: it can match in too many ways; make it"
            " simpler"
        ) from None
    return found and found.group(1)


def labeller_of(labels: str, folder: Path | str, stop: Stop = never) -> Labeller:
    """folder, csv:PATH (beside the pictures, or from here) or regex:EXPRESSION.

    Raises InputError.
    """
    kind, _, what = labels.partition(":")
    if kind == "folder" and not what:
        return by_folder
    if kind == "regex" and what:
        return by_regex(what, stop)
    if kind == "csv" and what:
        beside = Path(folder) / what
        return by_csv(
            beside if os.path.isfile(beside) else Path(what), stop
        )  # which is also asked of a name too long for a file
    raise InputError(f"--labels {labels}: write folder, csv:PATH or regex:EXPRESSION")


def by_function(function: Callable[[str], str | None]) -> Labeller:
    """function: from a file's name relative to the data folder to its label, or to None for no
    label.
    """

    def labels(files: Files) -> Labels:
        found = Labels()
        for name in files:
            try:
                label = function(name)
            except Exception as error:  # the author's function may fail in any way
                raise InputError(
                    f"{name}: the labelling function failed: {type(error).__name__}: {error}"
                ) from error
            if label is not None and str(label):
                found[name] = str(label)
        return found

    return labels


def by_lists(names: Sequence[str], labels: Sequence[object]) -> Labeller:
    """names: relative to the data folder; labels: as many."""
    if len(names) != len(labels):
        raise InputError(
            f"there are {len(names)} names and {len(labels)} labels; each picture has one label"
        )
    return lambda files: _looked_up(
        files,
        map(Row, names, map(str, labels), range(1, len(names) + 1)),
        "the list",
    )


def by_csv(path: Path, stop: Stop = never) -> Labeller:
    """Two columns, name and label, after a first line of headings or without one; commas,
    semicolons or tabs between them; before them pandas' numbers of the rows, whose heading is
    empty, or none. A column headed is_valid says of each picture whether it is for validation. In
    UTF-8, or in UTF-16 with its mark, as Excel saves Unicode text.

    The labelling raises Stopped where stop, asked before each row, says so.
    """
    return lambda files: _looked_up(files, _until(stop, _rows(path, files)), str(path))


def _rows(path: Path, files: Files) -> Iterator[Row]:
    text, known = text_of(path), _by_name(files)
    filled = (line for line in io.StringIO(text) if line.strip())
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=_delimiter(list(islice(filled, 2)), known)
    )
    endings = {_ending(name) for name in files} - {""}
    name, label, valid = 0, 1, None  # numbers of columns
    try:
        for k, cells in enumerate(row for row in rows if any(cell.strip() for cell in row)):
            if k == 0 and not cells[0].strip():
                name, label = 1, 2
            if k == 0 and _safe(cells[name]) not in known and _ending(cells[name]) not in endings:
                valid = _validated(cells[name:])
                valid = None if valid is None else name + valid
                label += valid == label
                continue  # headings
            yield _row(cells, name, label, valid, f"{path} line {rows.line_num}", rows.line_num)
    except csv.Error as error:
        raise InputError(f"{path} line {rows.line_num}: {error}") from None


def _validated(headings: Sequence[str]) -> int | None:
    """Which of them, after the name's, is that of the column that parts the pictures."""
    words = [heading.strip().lower() for heading in headings]
    return next((k for k, word in enumerate(words) if k and word in VALIDATED), None)


def _row(
    cells: Sequence[str], name: int, label: int, valid: int | None, where: str, line: int
) -> Row:
    """name, label, valid: the numbers of the columns. Raises InputError."""
    if len(cells) <= label or not cells[label].strip():
        raise InputError(f"{where}: a name and a label belong here, such as cats/1.jpg,cat")
    if valid is None:
        return Row(cells[name], cells[label].strip(), line)
    said = cells[valid].strip() if len(cells) > valid else ""
    if said.lower() not in YES + NO:
        raise InputError(f"{where}: is_valid is {said!r}; it is True or False")
    return Row(cells[name], cells[label].strip(), line, said.lower() in YES)


def text_of(path: Path) -> str:
    """What a file of labels holds. Raises InputError."""
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):  # a pipe would wait for ever
            raise InputError(f"{path}: the labels cannot be read: it is no file")
        if about.st_size > LARGEST_CSV:
            size = (
                f"it has {about.st_size / 1e6:.0f} MB, and {LARGEST_CSV / 1e6:.0f} are read at most"
            )
            raise InputError(f"{path}: the labels cannot be read: {size}")
        content = path.read_bytes()
        return content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8 or UTF-16"
        raise InputError(f"{path}: the labels cannot be read: {said}") from None


def _ending(name: str) -> str:
    return PurePosixPath(name.strip()).suffix.lower()


def _delimiter(lines: Sequence[str], known: Mapping[str, str]) -> str:
    """The one before which a file's name stands; else the one that is there most often.

    Labels may hold the others.
    """

    def fits(mark: str) -> tuple[int, int]:
        starts = [line.partition(mark)[0].strip('"') for line in lines if mark in line]
        return sum(_safe(start) in known for start in starts), lines[0].count(mark) if lines else 0

    return max(",;\t", key=fits)


def _safe(name: str) -> str:
    return posixpath.normpath(name.strip().replace("\\", "/"))


def _looked_up(files: Files, rows: Iterable[Row], source: str) -> Labels:
    """Names as the data folder has them, with their ending or without.

    Nothing outside that folder is ever looked at.
    """
    labels = Labels()
    known = _by_name(files)
    missing: dict[str, None] = {}  # in their order, each once
    for row in rows:
        written, label, line = row.name, row.label, row.line
        name = _safe(written)
        if name.startswith(("../", "/")) or name == ".." or DRIVE.match(name):
            raise InputError(
                f"{source} row {line}: {written!r} leads out of the data folder; names are"
                " relative to it and stay in it"
            )
        name = known.get(name, name)
        if name not in files:
            missing[written] = None
        elif labels.setdefault(name, label) != label:
            raise InputError(
                f"{source} row {line}: {written!r} is labelled {label!r}, and {labels[name]!r}"
                " before; a picture has one label"
            )
        elif row.valid is not None and labels.valid.setdefault(name, row.valid) != row.valid:
            raise InputError(
                f"{source} row {line}: {written!r} is for training and for validation; a picture"
                " is for one of them"
            )
    if missing:
        raise InputError(
            f"{source}: {len(missing):,} of the names it labels are not in the data folder:"
            f" {some(missing)}; "
            "each row is a name, relative to that folder, and then its label"
        )
    return labels


def _by_name(files: Files) -> dict[str, str]:
    """Whole names by themselves; by those without their ending, and by those without their folders,
    which may be all that a competition's list says, where that is one file's and none of a test.
    """
    known: dict[str, str] = {}
    ways: list[Callable[[str], str]] = [bare_stem, bare, stem, str]
    for short in ways:  # a longer name counts for more
        known |= told_apart(
            (short(name), name) for name in files if short in (str, stem) or not is_test(name)
        )
    return known


def told_apart(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """By name what alone has that name."""
    times: Counter[str] = Counter()
    known: dict[str, T] = {}
    for name, each in named:
        times[name] += 1
        known[name] = each
    return {name: each for name, each in known.items() if times[name] == 1}


def stem(name: str) -> str:
    return str(PurePosixPath(name).with_suffix(""))


def bare(name: str) -> str:
    return PurePosixPath(name).name


def bare_stem(name: str) -> str:
    return PurePosixPath(name).stem


def some(names: Iterable[str]) -> str:
    """The first few names, and that there are more."""
    first = [shown(name) for name in islice(names, NAMED_AT_MOST + 1)]
    return ", ".join(first[:NAMED_AT_MOST]) + (" ..." if len(first) > NAMED_AT_MOST else "")


def shown(name: str) -> str:
    """A name that may hold anything, such as the end of a line, for a sentence."""
    return name if name.isprintable() else repr(name)


def parts_of(files: Files) -> dict[str, bool]:
    """The folders that are parts of the data: {"train": False, "valid": True}, True for validation;
    {"train": False} where beside it there is only a test; else {}.
    """
    tops = {name.partition("/")[0] for name in files if "/" in name}
    parts = {top: top.lower() in VALID for top in tops if top.lower() in TRAIN + VALID}
    there = set(parts.values())
    tested = any(top.lower() in TEST for top in tops)
    return parts if len(there) == 2 or (there == {False} and tested) else {}


def is_test(name: str) -> bool:
    """Whether it lies in a folder for pictures to hand in."""
    top, slash, _ = name.partition("/")
    return bool(slash) and top.lower() in TEST


def without_part(name: str, parts: Mapping[str, bool]) -> str:
    top, _, rest = name.partition("/")
    return rest if top in parts else name
