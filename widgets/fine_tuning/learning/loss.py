"""What a step is to make smaller: cross-entropy, where asked for with weights of the classes, and
of pictures that are blended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

MIXUP = 0.4  # fastai's alpha: most blends are nearly one of the two pictures


@dataclass(frozen=True)
class Loss:
    """weights: of each class, 1 in the mean over the training pictures; (): the same for all.

    mixup: alpha of the beta distribution that the shares of blended pictures come from (Zhang et
    al., 2017, https://arxiv.org/abs/1710.09412); 0: nothing is blended.
    """

    weights: tuple[float, ...] = ()
    mixup: float = 0.0

    def sums(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """(pictures,) a loss each."""
        weights = logits.new_tensor(self.weights) if self.weights else None
        return functional.cross_entropy(logits, labels, weight=weights, reduction="none")


@dataclass(frozen=True, eq=False)
class Blend:
    """Each of n pictures with another of them. share: (n,) of itself, a half or more. other: (n,)
    numbers of the others.
    """

    share: torch.Tensor
    other: torch.Tensor

    def of(self, inputs: torch.Tensor) -> torch.Tensor:
        """(n, ...) blended."""
        share = self.share.to(inputs).reshape(-1, *[1] * (inputs.dim() - 1))
        return share * inputs + (1 - share) * inputs[self.other.to(inputs.device)]


def blend(count: int, alpha: float, seed: int) -> Blend:
    chance = np.random.default_rng(seed)
    drawn = chance.beta(alpha, alpha, count)
    share = np.maximum(drawn, 1 - drawn).astype(np.float32)
    return Blend(torch.from_numpy(share), torch.from_numpy(chance.permutation(count)))


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """Weights by which every class counts as much as any other, however many pictures it has.

    counts: training pictures of each class, none of them 0.
    """
    return tuple(sum(counts) / (len(counts) * count) for count in counts)
