"""Labelled pictures in two parts, for training and for validation."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from sheets import InputError

from .files import files_in, is_left_out, natural, spelt
from .labels import TRAIN, Labeller, Labels, by_folder, is_test, parts_of, shown, some
from .reading import UnreadablePicture, check, is_named_as_a_picture, read
from .recipe import Recipe

VALID_SHARE = 0.2
NOBODY_SAYS = -1  # a label
HEAD_STEPS, MOST_OF_HEAD = 150, 20  # of the head alone, and the epochs that they may take
MOST_COUNTED = 30  # classes, in a sentence
FEW_TO_CHECK = 3  # pictures of a class
MOST_REASONS = 30  # why files were skipped, in sentences
BATCHES, STEPS = (64, 32, 16, 8, 4), 5  # pictures of a batch, where there are that many batches
Progress = Callable[[int, int], None]  # done, of how many


class SampleTooSmall(InputError):
    """There are not two pictures for each class in a sample of this size."""


@dataclass(frozen=True, eq=False)
class Picture:
    """id: its name within its data.

    label: the number of its class, or NOBODY_SAYS. Either a file, or pixels (rows, columns, 3) from
    0 to 255.
    """

    id: str
    label: int
    file: Path | None = None
    pixels: np.ndarray | None = None

    def open(self) -> Image.Image:
        """In RGB. Raises InputError where its file has gone bad since it was checked."""
        if self.pixels is not None:
            return Image.fromarray(self.pixels)
        assert self.file is not None
        try:
            return read(self.file)
        except UnreadablePicture as error:
            raise InputError(f"{self.id}: {error}; it was readable before") from None

    @property
    def content(self) -> bytes:
        """What tells this picture from others: its pixels, or its file's place, size and time."""
        if self.pixels is not None:
            return self.pixels.tobytes()
        assert self.file is not None
        kept = self.file.stat()
        return os.fsencode(self.file.resolve()) + f" {kept.st_size} {kept.st_mtime_ns}".encode()


@dataclass(frozen=True, eq=False)
class Pictures:
    """classes: names in the order of their numbers.

    skipped: (id, why) of what was left out. folder: where they are, None for nowhere. test: to be
    predicted and handed in; nobody says what they are, and nothing has looked at them yet.
    """

    name: str
    classes: tuple[str, ...]
    train: tuple[Picture, ...]
    valid: tuple[Picture, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    flip: bool = True  # whether a mirrored picture is still one of its class
    recipe: Recipe = field(default_factory=Recipe)  # that suits them
    folder: Path | None = None
    test: tuple[Picture, ...] = ()

    def __post_init__(self) -> None:
        """Raises InputError for data that nothing can be learnt from."""
        if len(self.classes) < 2:
            only = f"only one class, {self.classes[0]!r}" if self.classes else "no labelled picture"
            raise InputError(
                f"{self.name}: there is {only}; telling classes apart needs two of"
                f" them{self._because()}"
            )
        for part, held in (("training", self.train), ("validation", self.valid)):
            if not held:
                raise InputError(f"{self.name}: no picture is left for {part}{self._because()}")
        empty = [name for name, (train, _) in self.counts.items() if train == 0]
        if empty:
            raise InputError(
                f"{self.name}: there is no picture to learn {some(empty)} from{self._because()}"
            )

    def _because(self) -> str:
        listed = some(f"{name} ({why})" for name, why in self.skipped)
        return f"; {count_of(len(self.skipped))} skipped: {listed}" if self.skipped else ""

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """How many pictures each class has for training and for validation."""
        train, valid = (
            np.bincount([p.label for p in part], minlength=len(self.classes))
            for part in (self.train, self.valid)
        )
        return {name: (int(train[k]), int(valid[k])) for k, name in enumerate(self.classes)}

    def sentences(self) -> list[str]:
        """What was found, for the person who gave it."""
        counts = ", ".join(
            f"{name} {train} and {valid}"
            for name, (train, valid) in islice(self.counts.items(), MOST_COUNTED)
        )
        if len(self.classes) > MOST_COUNTED:
            counts += f" and {len(self.classes) - MOST_COUNTED:,} more"
        total = (
            f"{len(self.train)} pictures to learn from and {len(self.valid)} to check with, in"
            f" {len(self.classes)} classes"
        )
        tested = [f"{len(self.test):,} pictures without a label to predict."] if self.test else []
        return [
            f"{self.name}: {total}: {counts}.",
            *tested,
            *self.unchecked(),
            *self.skipped_words(),
        ]

    def skipped_words(self) -> list[str]:
        """A sentence for each reason to skip files, with the first of them."""
        by_reason: dict[str, list[str]] = {}
        for name, why in self.skipped:
            by_reason.setdefault(why, []).append(name)
        said = [
            f"Skipped {shown(names[0])}: {why}."
            if len(names) == 1
            else f"Skipped {len(names):,} files ({some(names)}), each because {why}."
            for why, names in islice(by_reason.items(), MOST_REASONS)
        ]
        more = len(by_reason) > MOST_REASONS
        return [*said, *([f"{count_of(len(self.skipped))} skipped in all."] if more else [])]

    def unchecked(self) -> list[str]:
        """A sentence where the accuracy says little or nothing of a class."""
        none = [name for name, (_, valid) in self.counts.items() if valid == 0]
        few = [name for name, (_, valid) in self.counts.items() if 0 < valid < FEW_TO_CHECK]
        said = []
        if none:
            said.append(f"There is no picture to check {some(none)} with: no accuracy counts it.")
        if few:
            said.append(
                f"There are fewer than {FEW_TO_CHECK} pictures to check {some(few)} with, so that"
                " chance decides about their share."
            )
        return said


def count_of(files: int) -> str:
    return f"{files:,} file{'s were' if files != 1 else ' was'}"


def pictures_in(
    folder: Path | str,
    labeller: Labeller = by_folder,
    valid_share: float = VALID_SHARE,
    seed: int = 0,
    sample: int | None = None,
    progress: Progress | None = None,
    within: Sequence[Path] | None = None,
) -> Pictures:
    """The labelled pictures of a folder, each one decoded once to see that it can be.

    labeller: see labels.py; it may part the pictures, and else folders called train and valid (or
    val, validation) do; otherwise valid_share of each class, chosen by seed, is for validation.
    sample: work on about so many pictures, evenly over parts and classes. A folder called test,
    beside train or where labels do not come from folders, is to be predicted. progress may raise,
    to break it off. within: links that lead out of these folders are not followed. Files that are
    no pictures are reported in `skipped`. Raises InputError for data that nothing can be learnt
    from.
    """
    folder = Path(folder)
    files = files_in(folder, within)
    labels = labeller(files)
    parts = parts_of(files)
    if labeller is by_folder:
        _check_folders(folder, labels, parts)
    classes = tuple(sorted(set(labels.values())))
    numbers = {name: k for k, name in enumerate(classes)}
    found = [Picture(name, numbers[label], files[name]) for name, label in labels.items()]
    train, valid = _split(found, parts, labels.valid, valid_share, np.random.default_rng(seed))
    if len(classes) > 1 and not valid and not labels.valid and not any(parts.values()):
        raise InputError(
            f"{folder.name}: no picture is left for validation: each class has only one; put two"
            " or more in each"
        )
    if sample is not None:
        _check_sample(sample, classes)
        share = min(1, sample / max(1, len(found)))
        train, valid = (
            _sampled(part, max(len(classes), round(share * len(part))), seed)
            for part in (train, valid)
        )
    test = _to_predict(files, labels, labeller is by_folder and not parts)
    bad = dict(_bad([*train, *valid], progress))
    skipped = (
        tuple(bad.items())
        + _unlabelled(files, {*labels, *(one.id for one in test)}, labeller is by_folder)
        + (() if labels.valid else _in_no_part(labels, parts))
    )
    train, valid = (
        [picture for picture in part if picture.id not in bad] for part in (train, valid)
    )
    real = folder.resolve()
    return Pictures(
        spelt(Path(real.name)),
        classes,
        tuple(train),
        tuple(valid),
        skipped,
        recipe=fitting_recipe(len(train)),
        folder=real,
        test=test,
    )


def _to_predict(files: Mapping[str, Path], labels: Labels, is_a_class: bool) -> tuple[Picture, ...]:
    """is_a_class: the folder called test is one among others."""
    names = [
        name
        for name in files
        if not is_a_class and is_test(name) and name not in labels and is_named_as_a_picture(name)
    ]
    return tuple(Picture(name, NOBODY_SAYS, files[name]) for name in sorted(names, key=natural))


def fitting_recipe(count: int) -> Recipe:
    """For so many pictures: a head that has learnt something before the body is unfrozen, whose
    epochs on features that are kept cost next to nothing. From random weights it would pull at the
    body at once.
    """
    size = fitting_batch(count)
    steps = max(1, math.ceil(count / size))
    return Recipe(batch_size=size, frozen_epochs=min(MOST_OF_HEAD, math.ceil(HEAD_STEPS / steps)))


def fitting_batch(count: int) -> int:
    """The largest that makes some steps of an epoch: with one or two of them, the usual few epochs
    would teach nothing.
    """
    return next((size for size in BATCHES if size * STEPS <= count), BATCHES[-1])


def _check_folders(folder: Path, labels: Labels, parts: dict[str, bool]) -> None:
    """A class is a folder, so a folder with no files at all is a class with no pictures."""
    lone = next(
        (
            name.partition("/")[0]
            for name in labels
            if labels[name].lower() in TRAIN and name.count("/") > 1
        ),
        None,
    )
    if lone and not parts:
        raise InputError(
            f"{folder.name}: beside the folder {lone} there is none called valid; name the one so"
            " that is to check with"
        )
    for top in [folder / part for part in parts] or [folder]:
        for inner in sorted(top.iterdir()):
            named = spelt(inner.relative_to(folder))
            if (
                os.path.isdir(inner)
                and not is_left_out(inner.name)
                and not any(name.startswith(f"{named}/") for name in labels)
            ):
                raise InputError(
                    f"{folder.name}: the folder {named} has no pictures; each folder is a class,"
                    " so put some in or remove it"
                )


def _unlabelled(
    files: Iterable[str], known: Container[str], by_folders: bool
) -> tuple[tuple[str, str], ...]:
    why = "it is in no class's folder" if by_folders else "it has no label"
    return tuple((name, why) for name in files if name not in known)


def _in_no_part(labels: Labels, parts: dict[str, bool]) -> tuple[tuple[str, str], ...]:
    both = any(parts.values())
    outside = [name for name in labels if both and name.partition("/")[0] not in parts]
    return tuple((name, f"it is not in {' or '.join(sorted(parts))}") for name in outside)


def _split(
    pictures: Sequence[Picture],
    parts: dict[str, bool],
    said: dict[str, bool],
    valid_share: float,
    chance: np.random.Generator,
) -> tuple[list[Picture], list[Picture]]:
    """As was said of each picture; by folder where there are parts; else of each class by chance,
    at least one for each part where the class has two.
    """
    if not 0 < valid_share < 1:
        raise InputError(
            f"the share of pictures for validation is {valid_share}; it lies between 0 and 1"
        )
    if said:
        return [p for p in pictures if not said[p.id]], [p for p in pictures if said[p.id]]
    if any(parts.values()):
        placed = [(parts.get(picture.id.partition("/")[0]), picture) for picture in pictures]
        return [p for is_valid, p in placed if is_valid is False], [
            p for is_valid, p in placed if is_valid
        ]
    train, valid = [], []
    for held in _by_class(pictures):
        order = [held[k] for k in chance.permutation(len(held))]
        cut = min(len(order) - 1, max(1, round(valid_share * len(order))))
        valid += order[:cut]
        train += order[cut:]
    return sorted(train, key=lambda p: p.id), sorted(valid, key=lambda p: p.id)


def _by_class(pictures: Sequence[Picture]) -> list[list[Picture]]:
    held: dict[int, list[Picture]] = {}
    for picture in pictures:
        held.setdefault(picture.label, []).append(picture)
    return [held[label] for label in sorted(held)]


def _sampled(pictures: Sequence[Picture], count: int, seed: int) -> list[Picture]:
    """`count` of them, taken from the classes in turn."""
    chance = np.random.default_rng(seed)
    shuffled = [[held[k] for k in chance.permutation(len(held))] for held in _by_class(pictures)]
    in_turn = sorted(
        (turn, k, picture.id, picture)
        for k, held in enumerate(shuffled)
        for turn, picture in enumerate(held)
    )
    return sorted((picture for *_, picture in in_turn[:count]), key=lambda p: p.id)


def _bad(pictures: Sequence[Picture], progress: Progress | None) -> Iterable[tuple[str, str]]:
    """(id, why) of each that cannot be decoded.

    Decoders leave Python to other threads, so threads are enough.
    """

    def reason(picture: Picture) -> str | None:
        try:
            check(picture.file) if picture.file else None
        except UnreadablePicture as error:
            return str(error)
        return None

    pool = ThreadPoolExecutor()
    try:
        for done, (picture, why) in enumerate(
            zip(pictures, pool.map(reason, pictures), strict=True), 1
        ):
            if progress:
                progress(done, len(pictures))
            if why:
                yield picture.id, why
    finally:  # it may have been broken off
        pool.shutdown(cancel_futures=True)


def _check_sample(sample: int, classes: Sequence[str]) -> None:
    least = 2 * len(classes)
    if sample < least:
        raise SampleTooSmall(
            f"a sample of {sample} is too small: {len(classes)} classes need at least {least}"
            " pictures"
        )


def fewer(pictures: Pictures, sample: int) -> Pictures:
    """The same with about `sample` pictures to learn from, evenly over the classes; all are there
    to check with. Raises InputError.
    """
    _check_sample(sample, pictures.classes)
    each = max(1, sample // len(pictures.classes))
    return replace(
        pictures,
        train=tuple(picture for held in _by_class(pictures.train) for picture in held[:each]),
    )
