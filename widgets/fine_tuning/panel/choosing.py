"""What a person chose to work on, in words, and what it is: pictures and their labels, a body, how
many, in which order.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sheets import InputError

from ..data.digits import NAME, are_digits, digits_of
from ..data.events import Listener, Stop, Stopped, Worked
from ..data.labels import Files, Labeller, Labels, by_csv, by_folder, labeller_of
from ..data.pictures import Pictures, Progress, SampleTooSmall, fewer, pictures_in
from ..data.recipe import LARGEST_SEED, MOST_IN_A_BATCH
from ..learning.bodies import HUB_NAME, OWN, Body, load_body
from ..learning.suiting import suited_body
from .allowed import Allowed, allowed_path, sentence
from .options import number, optional_whole

MISSING = {
    "folder": "write the path of a folder of pictures",
    "csv": "write the path of a CSV, or its name beside the pictures",
    "expression": "write an expression with a group, such as (.+)_[0-9]+",
    "name": "write the path of a folder, or a name on the hub such as microsoft/resnet-18",
}  # by field


FLIPS = {"yes": True, "no": False}  # by what the page says


class Refused(InputError):
    """field: of the choice, that is at fault."""

    def __init__(self, field: str, said: str):
        super().__init__(said)
        self.field = field


@dataclass(frozen=True)
class Choice:
    """data: a folder, or the digits that come along, as digits_of takes them.

    labels: folder, csv:PATH or regex:EXPRESSION. body: a folder of transformers', a name on the
    hub, or one that comes along. flip: whether a mirrored picture is still one of its class. zoom:
    as Augmentation's. sample: None for all. The others: None for what suits.
    """

    data: str = NAME
    labels: str = "folder"
    body: str | None = None
    sample: int | None = None
    batch_size: int | None = None
    seed: int = 0
    flip: bool | None = None
    zoom: float | None = None

    @property
    def key(self) -> str:
        """The name of a folder for what is learnt from it."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def choice_of(told: dict[str, Any]) -> Choice:
    """The page's fields as a choice. Raises Refused; nothing has been read by then."""

    def text(name: str) -> str:
        value = told.get(name, "")
        if not isinstance(value, str):
            raise Refused(name, "the page did not say what is in this field; load it again")
        return value.strip()

    kind = text("labels") or "folder"
    labels = {"csv": f"csv:{text('csv')}", "regex": f"regex:{told.get('expression', '')}"}.get(
        kind, kind
    )
    needed = {"folder": told.get("data") == "folder", "name": told.get("body") == "other"}
    needed |= {
        "csv": needed["folder"] and kind == "csv",
        "expression": needed["folder"] and kind == "regex",
    }
    for name, what in MISSING.items():
        if needed[name] and not text(name):
            raise Refused(name, what)
    if needed["folder"] and are_digits(text("folder")):  # which would mean those that come along
        raise Refused("folder", f"{text('folder')}: give the folder's whole path")
    numbers = {}
    for name, least, most in (
        ("sample", 1, None),
        ("batch_size", 1, MOST_IN_A_BATCH),
        ("seed", 0, LARGEST_SEED),
    ):
        with refusing(name):
            numbers[name] = optional_whole(told, name, least, most)
    with refusing("zoom"):
        zoom = None if told.get("zoom") in (None, "") else number(told, "zoom")
    return Choice(
        text("folder") if needed["folder"] else text("data") or NAME,
        labels if needed["folder"] else "folder",
        text("name") if needed["name"] else text("body") or None,
        numbers["sample"],
        numbers["batch_size"],
        numbers["seed"] or 0,
        FLIPS.get(text("flip")),
        zoom,
    )


@contextmanager
def refusing(field: str) -> Iterator[None]:
    """What cannot be in here is this field's fault."""
    try:
        yield
    except Refused:
        raise
    except InputError as error:
        raise Refused(field, str(error)) from error


def chosen_pictures(choice: Choice, allowed: Allowed, listen: Listener, stop: Stop) -> Pictures:
    """For the page. Raises Refused and Stopped."""
    with refusing("sample"):
        if are_digits(choice.data):
            found = digits_of(choice.data, choice.seed)
            return found if choice.sample is None else fewer(found, choice.sample)
    with refusing("folder"):
        folder = allowed_path(choice.data, allowed)
        labeller = _page_labeller(choice.labels, folder, allowed, stop)
        try:
            return pictures_in(
                folder,
                labeller,
                seed=choice.seed,
                sample=choice.sample,
                progress=progress_of(listen, stop),
                within=allowed,
            )
        except SampleTooSmall as error:
            raise Refused("sample", str(error)) from error


def progress_of(listen: Listener, stop: Stop) -> Progress:
    """Tells how many pictures were checked, and raises Stopped."""

    def progress(done: int, total: int) -> None:
        if stop():
            raise Stopped
        listen(Worked("Pictures checked", done, total))

    return progress


def _page_labeller(labels: str, folder: Path, allowed: Allowed, stop: Stop) -> Labeller:
    kind, _, what = labels.partition(":")
    field = {"csv": "csv", "regex": "expression"}.get(kind, "labels")
    with refusing(
        field
    ):  # a CSV beside the pictures and nowhere else, unless its whole path is given
        made = (
            by_csv(allowed_path(str(folder / what), allowed, "file"), stop)
            if kind == "csv"
            else labeller_of(labels, folder, stop)
        )
    if made is by_folder:
        return made

    def labeller(files: Files) -> Labels:
        with refusing(field):
            return made(files)

    return labeller


def chosen_body(choice: Choice, pictures: Pictures, allowed: Allowed) -> Body:
    """For the page: a folder where that is allowed, a name on the hub where any folder is.

    Raises Refused.
    """
    with refusing("name"):
        if choice.body is None or choice.body in OWN:
            return suited_body(pictures, choice.body)
        if allowed == ():
            raise InputError(
                f"{choice.body}: this page may use neither a name on the hub nor a folder."
                f" {sentence(allowed)}"
            )
        if not HUB_NAME.fullmatch(choice.body) or os.path.exists(choice.body):
            return load_body(allowed_path(choice.body, allowed))
        return load_body(choice.body)
