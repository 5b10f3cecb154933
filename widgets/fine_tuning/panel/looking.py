"""Look first: what the pretrained network says of a picture, while nothing has learnt yet.

Needs PyTorch, so it is imported where the first picture is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image

from sheets import InputError

from ..data.photographs import photographs
from ..data.reading import UnreadablePicture, read, read_bytes
from ..learning.augmentation import Augmentation
from ..learning.bodies import Body, load_body
from ..learning.glance import Glance, How, draws, glance
from ..learning.heat import heat_maps, warmed
from ..learning.offered import DIGITS, LITE
from .options import number
from .showing import address, small

SHOWN = 300  # pixels of the picture's longer side


def looker(body: Body) -> Body:
    """Who looks: the body in use, but for photographs, of which the digits' knows nothing,
    ImageNet's, where it can be had.
    """
    if body.name != DIGITS:
        return body
    try:
        return _lite()
    except InputError:
        return body


@cache
def _lite() -> Body:
    return load_body(LITE)


def looked(body: Body, content: dict[str, Any]) -> dict[str, Any]:
    """What the page is told of the picture that it asked about, or why not."""
    try:
        picture, name = picture_of(content)
        return told_glance(looker(body), picture, name, how_of(content))
    except InputError as error:
        return {"refusal": str(error)}
    except Exception as error:  # a thread of its own must not end without a word
        return {"refusal": f"the picture could not be looked at: {type(error).__name__}, {error}"}


def how_of(content: dict[str, Any]) -> How:
    """What the page ticked. Raises InputError."""
    said = content.get("how")
    said = said if isinstance(said, dict) else {}
    zoom = number({"zoom": said.get("zoom", Augmentation.zoom)}, "zoom")
    return How(
        said.get("normalised") is not False, Augmentation(zoom, said.get("flip") is not False)
    )


def told_glance(body: Body, picture: Image.Image, name: str, how: How) -> dict[str, Any]:
    """For the page. Raises InputError."""
    found = glance(body, picture, how)
    warm, why_not = told_heat(body, picture, found)
    return {
        "name": name,
        "by": body.name,
        "src": small(picture, SHOWN),
        "seen": address(found.seen),
        "size": f"{picture.width} x {picture.height}",
        "side": f"{found.seen.shape[1]} x {found.seen.shape[0]}",
        "top": [[label, p] for label, p in found.top()],
        "heat": warm,
        "heatSays": why_not,
        "sentence": found.sentence(),
        "normalised": how.normalised,
        "draws": [told_draw(one) for one in draws(body, picture, how)],
        "augmented": how.augmentation.sentence(),
    }


def told_heat(body: Body, picture: Image.Image, found: Glance) -> tuple[list[str], str]:
    """What speaks for each of the classes that are named, as pictures; or why there are none."""
    try:
        maps = heat_maps(body, picture, found.first())
    except InputError as error:
        return [], f"{error}."
    return [address(warmed(found.seen, one)) for one in maps], ""


def told_draw(found: Glance) -> dict[str, str]:
    ((label, p),) = found.top(1)
    return {"src": address(found.seen), "caption": f"{label} / {p:.2f}"}


def picture_of(content: dict[str, Any]) -> tuple[Image.Image, str]:
    """The picture that the page means, and its name: one of those that come along by its number, or
    what it sent. Raises InputError.
    """
    number, sent = content.get("photograph"), content["buffers"]
    if isinstance(number, int) and 0 <= number < len(photographs()):
        one = photographs()[number]
        return read(one.path), one.credit
    if len(sent) != 1:
        raise InputError("the page sent no picture; choose it again")
    name = str(content.get("name") or "your picture")
    return _read(lambda: read_bytes(bytes(sent[0])), name), name


def _read(work: Callable[[], Image.Image], name: str) -> Image.Image:
    try:
        return work()
    except UnreadablePicture as error:
        raise InputError(f"{name}: {error}") from None
