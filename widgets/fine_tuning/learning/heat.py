"""Which places of a picture speak for a class: Grad-CAM (R. Selvaraju et al., 2017,
https://arxiv.org/abs/1610.02391), which is CAM (B. Zhou et al., 2016) where the head is given the
mean over all places, as in most convolutional networks.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from sheets import InputError

from .bodies import Body

WARM = np.array([255, 106, 0])  # the colour of the places that speak for it
STRONGEST = 0.7  # how much of it covers the warmest place


def heat_maps(body: Body, picture: Image.Image, numbers: Sequence[int]) -> np.ndarray:
    """(classes, rows, columns): what each place that the body sees last adds to the logits of these
    classes; against a class it is under 0. Raises InputError.
    """
    model = copy.deepcopy(body.model).eval()  # another thread may use the body's own meanwhile
    device = next(model.parameters()).device
    inputs = body.normalised(body.pixels([picture]).to(device).float()).requires_grad_()
    logits, places = _with_last_places(body.name, model, inputs)
    found = []
    for number in numbers:
        (slopes,) = torch.autograd.grad(logits[0, number], places, retain_graph=True)
        weights = slopes.mean(dim=(2, 3), keepdim=True)
        found.append((weights * places).sum(dim=1)[0].detach())
    return torch.stack(found).double().cpu().numpy()


def _with_last_places(
    name: str, model: Any, inputs: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits, and the last (1, channels, rows, columns) on their way. Raises InputError."""
    found: list[torch.Tensor] = []

    def watch(_: Any, __: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and output.dim() > 2 and output[0, 0].numel() > 1:
            found.append(output)

    for part in model.modules():
        part.register_forward_hook(watch)
    with torch.enable_grad():
        logits = model(pixel_values=inputs).logits
    if not found or found[-1].dim() != 4:  # a transformer's tokens are rows of numbers
        raise InputError(
            f"{name}: it does not keep the places of a picture to its end, as convolutions do, so"
            " there is no heat map of it"
        )
    return logits, found[-1]


def warmed(seen: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """The picture in grey, with the places that speak for the class in orange.

    seen: (rows, columns, 3) from 0 to 255. heat: one of `heat_maps`.
    """
    rows, columns = seen.shape[:2]
    warm = np.maximum(heat, 0)
    warm = warm / warm.max() if warm.max() > 0 else warm
    enlarged = Image.fromarray(warm.astype(np.float32)).resize(
        (columns, rows), Image.Resampling.BICUBIC
    )
    share = STRONGEST * np.clip(np.asarray(enlarged), 0, 1)[..., np.newaxis]
    grey = np.asarray(Image.fromarray(seen).convert("L"), dtype=float)[..., np.newaxis]
    return np.round((1 - share) * grey + share * WARM).astype(np.uint8)
