"""What a pretrained network says of a picture, before anything has learnt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image

from sheets import InputError

from .augmentation import DRAWS, Augmentation
from .bodies import Body

NAMED = 5  # the most probable classes
NEXT_TO_NOTHING = 1e-3
DRAWN = 10  # augmented pictures


@dataclass(frozen=True, eq=False)
class Glance:
    """probabilities: (classes,). seen: (rows, columns, 3) from 0 to 255, what the network saw."""

    labels: list[str]
    probabilities: np.ndarray
    seen: np.ndarray

    def first(self, count: int = NAMED) -> list[int]:
        """The numbers of the most probable classes, the most probable first."""
        return [int(k) for k in np.argsort(-self.probabilities, kind="stable")[:count]]

    def top(self, count: int = NAMED) -> list[tuple[str, float]]:
        """Their names and probabilities."""
        return [(self.labels[k], float(self.probabilities[k])) for k in self.first(count)]

    def sentence(self) -> str:
        named = self.top()
        share, least = sum(p for _, p in named), (self.probabilities < NEXT_TO_NOTHING).sum()
        return (
            f"These {len(named)} have {share:.1%} of it. Of the {len(self.labels):,} classes"
            f" {least:,} have less than {NEXT_TO_NOTHING:.1%} each."
        )


@dataclass(frozen=True)
class How:
    """normalised: as the network was trained, or not. augmentation: of the draws."""

    normalised: bool = True
    augmentation: Augmentation = field(default_factory=Augmentation)


def glance(body: Body, picture: Image.Image, how: How | None = None) -> Glance:
    """Raises InputError for a body whose own predictions mean nothing."""
    return _glances(body, body.pixels([picture]).float(), (how or How()).normalised)[0]


def draws(
    body: Body, picture: Image.Image, how: How | None = None, count: int = DRAWN, seed: int = 0
) -> list[Glance]:
    """The picture augmented by chance, as training sees it in `count` epochs. Raises InputError."""
    how, chance = how or How(), torch.Generator().manual_seed(seed)
    pixels = body.pixels([picture]).float().repeat(count, 1, 1, 1)
    drawn = how.augmentation(pixels, torch.rand(count, DRAWS, generator=chance))
    return _glances(body, drawn, how.normalised)


def _glances(body: Body, pixels: torch.Tensor, normalised: bool) -> list[Glance]:
    """pixels: (pictures, 3, rows, columns) from 0 to 255."""
    if not body.has_head:
        raise InputError(f"{body.name} comes without a head of its own, so it names no classes")
    right = body.normalised(pixels)
    inputs = right if normalised else pixels * body.scale
    device = next(body.model.parameters()).device
    with torch.inference_mode():
        logits = body.model(pixel_values=inputs.to(device)).logits.double()
    seen = body.shown(right)
    return [
        Glance(body.labels, probabilities, pixels)
        for probabilities, pixels in zip(logits.softmax(dim=1).cpu().numpy(), seen, strict=True)
    ]
