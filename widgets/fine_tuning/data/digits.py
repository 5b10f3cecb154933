"""The pictures that come along: handwritten 3s and 7s, and the other digits, which the small
body was pretrained on.

digits.npz: 1797 pictures of 8 x 8, from 0 to 16, and their digits; source and licence in digits.md
beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sheets import InputError

from .pictures import Picture, Pictures
from .recipe import Recipe

NAME = "digits"
CHOSEN = re.compile(rf"{NAME}(?::(all|[0-9]+))?")
FILE = Path(__file__).parent / "digits.npz"
INK = 16  # the data's brightest
THREES_AND_SEVENS = (3, 7)
OTHERS = (0, 1, 2, 4, 5, 6, 8, 9)
EACH = 20  # training pictures of a class
# Twenty of a class in a few steps: quick for the head, whose features are good, and gentle for the
# body, or some draws of the pictures end badly: with 0.02 for both 7 of 60 seeds ended under 97%,
# with these none of 150, while the rates still rose evenly from layer to layer.
RECIPE = Recipe(epochs=8, frozen_epochs=6, lr=0.005, frozen_lr=0.02, batch_size=8)


def digits(each: int = EACH, seed: int = 0, classes: Sequence[int] = THREES_AND_SEVENS) -> Pictures:
    """`each` training pictures of a class, chosen by seed; all the others are for validation."""
    with np.load(FILE, allow_pickle=False) as kept:
        images, labels = kept["images"], kept["labels"]
    pixels = np.repeat(np.round(images * (255 / INK)).astype(np.uint8)[..., np.newaxis], 3, axis=3)
    chance = np.random.default_rng(seed)
    train, valid = [], []
    for label, digit in enumerate(classes):
        order = [
            Picture(f"digit {k}", label, pixels=pixels[k])
            for k in chance.permutation(np.flatnonzero(labels == digit))
        ]
        train += order[:each]
        valid += order[each:]
    return Pictures(
        "digits", tuple(map(str, classes)), tuple(train), tuple(valid), flip=False, recipe=RECIPE
    )


def are_digits(said: str) -> bool:
    """Whether these pictures are meant, and no folder; a folder of that name is `./digits`."""
    return said.partition(":")[0] == NAME


def digits_of(said: str, seed: int = 0) -> Pictures:
    """digits: 3 and 7; digits:all: all ten; digits:038: these. Raises InputError."""
    found = CHOSEN.fullmatch(said)
    which = found[1] or "37" if found else ""
    chosen = sorted(set(range(10) if which == "all" else map(int, which)))
    if len(chosen) < 2:
        raise InputError(f"{said}: write {NAME}, {NAME}:all, or two or more of them, as {NAME}:358")
    return digits(seed=seed, classes=chosen)
