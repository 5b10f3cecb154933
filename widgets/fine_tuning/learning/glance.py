"""What a pretrained network says of a picture, before anything has learnt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from sheets import InputError

from .bodies import Body

NAMED = 5  # the most probable classes
NEXT_TO_NOTHING = 1e-3


@dataclass(frozen=True, eq=False)
class Glance:
    """probabilities: (classes,). seen: (rows, columns, 3) from 0 to 255, what the network saw."""

    labels: list[str]
    probabilities: np.ndarray
    seen: np.ndarray

    def top(self, count: int = NAMED) -> list[tuple[str, float]]:
        """The most probable classes, the most probable first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.labels[k], float(self.probabilities[k])) for k in order]

    def sentence(self) -> str:
        named = self.top()
        share, least = sum(p for _, p in named), (self.probabilities < NEXT_TO_NOTHING).sum()
        return (
            f"These {len(named)} have {share:.1%} of it. Of the {len(self.labels):,} classes"
            f" {least:,} have less than {NEXT_TO_NOTHING:.1%} each."
        )


def glance(body: Body, picture: Image.Image) -> Glance:
    """Raises InputError for a body whose own predictions mean nothing."""
    if not body.has_head:
        raise InputError(f"{body.name} comes without a head of its own, so it names no classes")
    inputs = body.normalised(body.pixels([picture]))
    device = next(body.model.parameters()).device
    with torch.inference_mode():
        logits = body.model(pixel_values=inputs.to(device)).logits[0].double()
    return Glance(body.labels, logits.softmax(dim=0).cpu().numpy(), body.shown(inputs)[0])
