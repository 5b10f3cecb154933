"""What training says while it runs.

A listener is called in the thread that trains, and should be quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .metrics import ACCURACY, METRICS


@dataclass(frozen=True)
class BatchEnded:
    """batch of batches and epoch of epochs are counted from 1 within the stage.

    lr: the head's rate. seconds_left: of this stage. momentum: 0 where nobody said, as in an old
    recording.
    """

    stage: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    lr: float
    seconds_left: float
    momentum: float = 0.0


@dataclass(frozen=True)
class EpochEnded:
    """Losses are means over pictures; accuracy is the share of validation pictures that are right;
    seconds without the validation.

    metric: what the best epoch is known by, and its value; None where that is the accuracy.
    confidence: the mean probability that a validation picture's answer was given. mistake_loss: the
    mean loss of those that were wrong. Both None where nobody said, as in an old recording.
    """

    stage: str
    epoch: int
    epochs: int
    train_loss: float
    valid_loss: float
    accuracy: float
    seconds: float
    metric: str = ACCURACY
    value: float | None = None
    confidence: float | None = None
    mistake_loss: float | None = None

    @property
    def merit(self) -> tuple[float, float]:
        """The larger, the better: by the metric, and where that is the same, a smaller loss."""
        if self.value is None:
            return self.accuracy, -self.valid_loss
        return METRICS[self.metric].sign * self.value, -self.valid_loss


@dataclass(frozen=True)
class Notice:
    """Something the person should know, in a sentence."""

    text: str


@dataclass(frozen=True)
class Worked:
    """A long preparation: done of total."""

    what: str
    done: int
    total: int


Event = BatchEnded | EpochEnded | Notice | Worked
Listener = Callable[[Event], None]
Stop = Callable[[], bool]  # asked before each batch; threading.Event().is_set is one


class Stopped(Exception):
    """The work was broken off because somebody asked for it; what there was before is as it was."""


def nobody(_: Event) -> None:
    """A listener that does not listen."""


def never() -> bool:
    """A stop that never comes."""
    return False
