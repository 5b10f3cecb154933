"""Pictures that nobody has labelled, to be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .files import files_in, natural
from .pictures import NOBODY_SAYS, Picture
from .reading import is_named_as_a_picture


def pictures_at(places: Sequence[Path], within: Sequence[Path] | None = None) -> Iterator[Picture]:
    """Files, and all in folders that are named as pictures, in natural order.

    within: links that lead out of these folders are not followed. Raises InputError.
    """
    for place in places:
        if place.is_file():
            yield Picture(place.name, NOBODY_SAYS, place)
            continue
        found = files_in(place, within)
        for name in sorted(filter(is_named_as_a_picture, found), key=natural):
            yield Picture(name, NOBODY_SAYS, found[name])
