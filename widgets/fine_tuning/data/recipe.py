"""The numbers of a fine-tuning, which pictures may bring along: one value that is passed whole.

Knows no PyTorch. learning.schedules makes the stages of a training of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sheets import InputError

BASE_LR = 2e-3  # fastai's
LARGEST_RATE = 1e30  # numbers of 32 bits end soon above
MOST_EPOCHS, MOST_IN_A_BATCH, LARGEST_SEED = 100_000, 100_000, 2**32 - 1


@dataclass(frozen=True)
class Recipe:
    """First the new head alone, the body frozen, then all layers (fastai 2.8's `fine_tune`).

    epochs: of all layers, 0 to MOST_EPOCHS.
    frozen_epochs: of the head alone, 0 to MOST_EPOCHS; None: one, as in fastai, and as many as
        `epochs` where the head alone is a step of its own, as on the panel.
    lr: the base learning rate, above 0 and up to LARGEST_RATE.
    frozen_lr: the rate of the head alone, in the same range; None: lr.
    batch_size: pictures that one step learns from, 1 to MOST_IN_A_BATCH.
    depth: how many of the body's last blocks learn with the head after it; None: all layers.

    Raises InputError for a number out of its range.
    """

    epochs: int = 4
    frozen_epochs: int | None = None
    lr: float = BASE_LR
    frozen_lr: float | None = None
    batch_size: int = 64
    depth: int | None = None

    def __post_init__(self) -> None:
        for epochs in (self.epochs, self.head_epochs):
            check_epochs(epochs)
        for rate in (self.lr, self.head_lr):
            check_rate(rate)
        check_batch_size(self.batch_size)

    @property
    def head_epochs(self) -> int:
        return 1 if self.frozen_epochs is None else self.frozen_epochs

    @property
    def head_lr(self) -> float:
        return self.lr if self.frozen_lr is None else self.frozen_lr


def check_epochs(epochs: int) -> None:
    """Raises InputError."""
    if not 0 <= epochs <= MOST_EPOCHS:
        raise InputError(f"{epochs} epochs cannot be; 0 to {MOST_EPOCHS:,}")


def check_rate(rate: float) -> None:
    """Raises InputError."""
    if not 0 < rate <= LARGEST_RATE:
        raise InputError(
            f"a rate of {rate:g} cannot be: a number above 0 and up to {LARGEST_RATE:g},"
            " such as 2e-3"
        )


def check_batch_size(batch_size: int) -> None:
    """Raises InputError."""
    if not 1 <= batch_size <= MOST_IN_A_BATCH:
        raise InputError(f"a batch of {batch_size} pictures cannot be; 1 to {MOST_IN_A_BATCH:,}")
