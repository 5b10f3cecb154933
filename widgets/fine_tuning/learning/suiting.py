"""Which body suits some pictures, where the person names none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sheets import InputError

from ..data.pictures import Picture, Pictures
from .bodies import Body, load_body
from .offered import DIGITS, LITE

LOOKED_AT = 12  # pictures
SMALL = 64  # pixels of the longer side


def suited_body(pictures: Pictures, name: Body | Path | str | None = None) -> Body:
    """The named one; else that of the digits for small grey pictures, and ImageNet's for all
    others, which is said where it cannot be had. Raises InputError.
    """
    if isinstance(name, Body):
        return name
    if name is not None:
        return load_body(name)
    if are_small_and_grey(pictures.train[:LOOKED_AT]):
        return load_body(DIGITS)
    try:
        return load_body(LITE)
    except InputError as error:
        instead = load_body(DIGITS)
        said = f"{error}. Until then the body is {DIGITS}, which knows nothing of such pictures."
        return replace(instead, said=(*instead.said, said))


def are_small_and_grey(pictures: tuple[Picture, ...]) -> bool:
    return all(_is_small_and_grey(np.asarray(picture.open())) for picture in pictures)


def _is_small_and_grey(pixels: np.ndarray) -> bool:
    """pixels: (rows, columns, 3)."""
    return max(pixels.shape) <= SMALL and bool((pixels == pixels[..., :1]).all())
