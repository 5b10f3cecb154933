"""Test-time augmentation: several views of a picture, whose probabilities are averaged.

A picture's views are drawn from its own name, so what is said of it does not depend on which
pictures stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from sheets import InputError

from .augmentation import DRAWS, Augmentation
from .seeds import seed_of
from .sources import PictureSource

VIEWS = 4  # as fastai, beside the picture as it is ...
AS_IT_IS = 0.25  # ... which counts so much


def drawn(ids: Sequence[str], view: int) -> torch.Tensor:
    """(pictures, DRAWS) random numbers from 0 to 1."""
    rows = [
        torch.rand(DRAWS, generator=torch.Generator().manual_seed(seed_of("view", view, name)))
        for name in ids
    ]
    return torch.stack(rows)


def check_views(augmentation: Augmentation) -> None:
    """Raises InputError where every view would be the picture as it is."""
    if augmentation.zoom == 1 and not augmentation.flip:
        raise InputError(
            "there is nothing to average over: without flip and zoom every view is the picture"
            " itself"
        )


def averaged(plain: torch.Tensor, views: Sequence[torch.Tensor]) -> torch.Tensor:
    """Logits, (pictures, classes), whose softmax is the weighted mean of the probabilities."""
    share = (1 - AS_IT_IS) / len(views)
    weighted = [(AS_IT_IS, plain), *((share, view) for view in views)]
    logs = [
        logits.double().log_softmax(dim=1) + torch.tensor(weight).double().log()
        for weight, logits in weighted
    ]
    return torch.stack(logs).logsumexp(dim=0)


@dataclass(eq=False)
class View:
    """A source whose pictures are seen in their view of this number."""

    source: PictureSource
    number: int

    @property
    def labels(self) -> torch.Tensor:
        return self.source.labels

    def batches(self, chosen: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        pictures = self.source.pixels.pictures
        for index, kept in zip(chosen, self.source.batches(chosen), strict=True):
            ids = [pictures[k].id for k in index.tolist()]
            yield self.source.prepared(kept, drawn(ids, self.number))

    def prepared(self, kept: torch.Tensor, chance: torch.Tensor | None) -> torch.Tensor:
        return kept
