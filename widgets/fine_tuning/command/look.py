"""`gradsheet look` and `gradsheet bodies`: what a pretrained network says of pictures, and which
there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from sheets import InputError

from ..data.photographs import photographs
from ..data.reading import UnreadablePicture, read
from ..learning.bodies import load_body
from ..learning.glance import Glance, glance
from ..learning.machine import device_name, device_of, device_sentence
from ..learning.offered import LITE, OFFERED
from ..learning.speeds import Speeds, speeds_file

LONGEST = 40  # characters of a bar, for a probability of 1


def look(files: Sequence[Path], body: str, say: Callable[[str], None]) -> int:
    """files: none for the photographs that come along. Raises InputError."""
    looker = load_body(body or LITE)
    for sentence in looker.said:
        say(sentence)
    for name, picture in _pictures(files):
        say(f"{name}: {looker.name} says")
        for line in bars(glance(looker, picture)):
            say(line)
    return 0


def bars(found: Glance) -> list[str]:
    """A line for each of the first classes, and one for all others."""
    lines = [
        f"  {p:6.1%}  {'#' * round(LONGEST * p):<{LONGEST}}  {name}" for name, p in found.top()
    ]
    return [*lines, f"  {found.sentence()}"]


def _pictures(files: Sequence[Path]) -> Iterator[tuple[str, Image.Image]]:
    named = [(str(path), path) for path in files]
    for name, path in named or [(one.credit, one.path) for one in photographs()]:
        if not path.is_file():
            raise InputError(f"{name}: there is no such file")
        try:
            yield name, read(path)
        except UnreadablePicture as error:
            raise InputError(f"{name}: {error}") from None


def bodies(say: Callable[[str], None]) -> int:
    """Those that are offered by name; those at hand with their speed here, measured now."""
    device = device_of()
    speeds, name = Speeds(speeds_file()), device_name(device)
    say(device_sentence(device))
    for one in OFFERED:
        if one.at_hand:
            _try(one.name, speeds, name, str(device), say)
        say(f"  {one.sentence(speeds.kept(name).get(one.name))}")
    return 0


def _try(body: str, speeds: Speeds, device: str, where: str, say: Callable[[str], None]) -> None:
    try:
        speeds.of(load_body(body), device, where)
    except InputError as error:
        say(f"  {error}")
