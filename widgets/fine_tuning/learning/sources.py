"""Where a stage's batches come from: features that are kept, or pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from .augmentation import Augmentation
from .pixels import Pixels


class Source(Protocol):
    """labels: (pictures,).

    batches gives what is kept of each list of picture numbers, prepared makes it the network's
    input.

    chance: (pictures, DRAWS) random numbers to augment by; None for pictures as they are.
    """

    @property
    def labels(self) -> torch.Tensor: ...

    def batches(self, chosen: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]: ...

    def prepared(self, kept: torch.Tensor, chance: torch.Tensor | None) -> torch.Tensor: ...


@dataclass(eq=False)
class FeatureSource:
    """features: (pictures, features), already on the device."""

    features: torch.Tensor
    labels: torch.Tensor

    def batches(self, chosen: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        return (self.features[index] for index in chosen)

    def prepared(self, kept: torch.Tensor, chance: torch.Tensor | None) -> torch.Tensor:
        return kept


@dataclass(eq=False)
class PictureSource:
    pixels: Pixels
    augmentation: Augmentation
    device: torch.device
    channels_last: bool = False

    @property
    def labels(self) -> torch.Tensor:
        return self.pixels.labels

    def batches(self, chosen: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        return self.pixels.batches(chosen)

    def prepared(self, kept: torch.Tensor, chance: torch.Tensor | None) -> torch.Tensor:
        """Normalised, and augmented where the network learns from it."""
        if self.device.type == "cuda":  # bytes from pinned memory travel while the device works
            kept = kept.pin_memory()
        kept = kept.to(self.device, non_blocking=True)
        pixels = (
            kept.to(memory_format=torch.channels_last) if self.channels_last else kept
        ).float()
        return self.pixels.body.normalised(
            pixels if chance is None else self.augmentation(pixels, chance)
        )
