"""Small and standard changes to training pictures, on their device: a zoomed crop, and a flip where
a mirrored picture is valid.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from sheets import InputError

from ..data.pictures import Pictures

LARGEST_ZOOM = 4
DRAWS = 4  # random numbers for a picture


@dataclass(frozen=True)
class Augmentation:
    """zoom: a picture is enlarged by up to this and cropped to its size at a place chosen by
    chance; 1 for none.
    """

    zoom: float = 1.2
    flip: bool = True

    def __post_init__(self) -> None:
        """Raises InputError."""
        if not 1 <= self.zoom <= LARGEST_ZOOM:
            raise InputError(
                f"a zoom of {self.zoom:g} cannot be: from 1, for none, to {LARGEST_ZOOM}"
            )

    def sentence(self) -> str:
        zoomed = f"zoomed by up to {self.zoom:g} and cropped" if self.zoom > 1 else ""
        flipped = "mirrored half of the time" if self.flip else ""
        done = " and ".join(part for part in (zoomed, flipped) if part)
        return f"Training pictures are {done}." if done else "Training pictures are as they are."

    def __call__(self, pixels: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
        """pixels: (pictures, channels, rows, columns), float.

        chance: (pictures, 4) from 0 to 1, drawn on the CPU whatever the device.
        """
        if self.zoom == 1 and not self.flip:
            return pixels
        zoom, side, x, y = chance.T
        size = 1 / (1 + (self.zoom - 1) * zoom)  # of the window, as a share of the picture
        x, y = (1 - size) * (2 * x - 1), (1 - size) * (2 * y - 1)
        turned = torch.where(side < 0.5, -1.0, 1.0) if self.flip else torch.ones(len(pixels))
        zero = torch.zeros(len(pixels))
        rows = [torch.stack([size * turned, zero, x], dim=1), torch.stack([zero, size, y], dim=1)]
        windows = torch.stack(rows, dim=1).to(pixels.device)
        grid = functional.affine_grid(windows, list(pixels.shape), align_corners=False)
        return functional.grid_sample(
            pixels, grid, mode="bilinear", padding_mode="border", align_corners=False
        )


def augmentation_of(
    pictures: Pictures, flip: bool | None = None, zoom: float | None = None
) -> Augmentation:
    """flip, zoom: None for what suits the pictures. Raises InputError."""
    usual = Augmentation(flip=pictures.flip)
    return Augmentation(usual.zoom if zoom is None else zoom, usual.flip if flip is None else flip)
