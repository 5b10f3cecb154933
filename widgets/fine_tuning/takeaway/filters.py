"""The first layer's filters, and the patches of pictures that excite each of them most (Zeiler and
Fergus, 2013).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from sheets import InputError

from ..data.events import Listener, Stop, Stopped, Worked, never, nobody
from ..data.pictures import Picture
from ..learning.bodies import Body
from ..learning.network import Network

MOST_PICTURES = 500  # looked at


@dataclass(frozen=True, eq=False)
class Patch:
    """pixels: (rows, columns, 3) from 0 to 255, what the filter saw; id: of the picture;
    activation: what it answered.
    """

    pixels: np.ndarray
    id: str
    activation: float


def first_layer(network: Network) -> nn.Conv2d:
    """Raises InputError for a network that does not begin with filters for colours."""
    found = next((part for part in network.model.modules() if isinstance(part, nn.Conv2d)), None)
    if found is None or found.in_channels != 3 or found.padding == "same":
        raise InputError(
            "this body does not begin with a convolution over colours, so it has no filters to draw"
        )
    return found


def drawn_filters(network: Network) -> np.ndarray:
    """(filters, rows, columns, 3) from 0 to 255, each stretched to use that range; 0 in the weights
    is the same grey in all colours.
    """
    weights = first_layer(network).weight.detach().float().cpu().permute(0, 2, 3, 1).numpy()
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    return np.round(127.5 + 127.5 * weights / np.where(largest == 0, 1, largest)).astype(np.uint8)


def exciting_patches(
    network: Network,
    body: Body,
    pictures: Sequence[Picture],
    each: int = 9,
    listener: Listener = nobody,
    stop: Stop = never,
) -> list[list[Patch]]:
    """For every filter its `each` most exciting patches, most exciting first, at most one of a
    picture. Raises Stopped.
    """
    layer, device = first_layer(network), next(network.parameters()).device
    pictures = pictures[:MOST_PICTURES]
    seen, found = [], []
    with torch.inference_mode():
        for k, picture in enumerate(pictures, 1):
            if stop():
                raise Stopped
            seen.append(body.pixels([picture.open()]))
            answers = layer(
                body.normalised(seen[-1].to(device).float())
            )  # (1, filters, rows, columns)
            found.append(
                torch.cat([part.unsqueeze(2) for part in _strongest(answers)], dim=2).cpu()
            )
            listener(Worked("Pictures shown to the filters", k, len(pictures)))
    pixels, strongest = (
        torch.cat(seen),
        torch.cat(found),
    )  # (pictures, filters, [answer, row, column])
    best = strongest[..., 0].argsort(dim=0, descending=True, stable=True)[:each]  # (each, filters)
    return [
        [_patch(layer, pixels, pictures, int(k), strongest[k, f]) for k in best[:, f]]
        for f in range(layer.out_channels)
    ]


def _strongest(answers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of every picture and filter: the largest answer, and its row and column."""
    values, places = answers.flatten(2).max(dim=2)
    return values, places // answers.shape[3], places % answers.shape[3]


def _patch(
    layer: nn.Conv2d, pixels: torch.Tensor, pictures: Sequence[Picture], k: int, at: torch.Tensor
) -> Patch:
    """What the filter saw there, as much of it as is inside the picture."""
    spans = []
    for axis in range(2):
        padding = 0 if layer.padding == "valid" else int(layer.padding[axis])
        start = int(at[1 + axis]) * layer.stride[axis] - padding
        spans.append(
            slice(max(0, start), start + layer.dilation[axis] * (layer.kernel_size[axis] - 1) + 1)
        )
    return Patch(
        pixels[k][:, spans[0], spans[1]].permute(1, 2, 0).numpy(), pictures[k].id, float(at[0])
    )
