"""How few pictures are enough? Accuracy by the number of pictures of a class that a new head learnt
from, on a pretrained body.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..data.events import EpochEnded, Listener, Stop, Stopped, Worked
from ..data.pictures import HEAD_STEPS, fitting_batch
from .network import new_head
from .schedules import Stage
from .sources import FeatureSource
from .training import Settings, Trainee, Training

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # pictures of a class
DRAWS = 3  # of each size


@dataclass(frozen=True)
class ByCount:
    """each: pictures of a class. accuracies: of heads that learnt from different ones."""

    each: int
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.accuracies) / len(self.accuracies)


def by_count(
    labels: Sequence[int], accuracy: Callable[[list[int], int], float], listener: Listener
) -> list[ByCount]:
    """accuracy(numbers of pictures, draw) after learning from these alone, for ever more of them;
    the last of all pictures there are.
    """
    known = np.asarray(labels)
    most = int(np.bincount(known).max())
    sizes = [*(size for size in SIZES if size < most), most]
    found: list[ByCount] = []
    for k, each in enumerate(sizes):
        shares = []
        for draw in range(DRAWS):
            shares.append(accuracy(drawn(known, each, draw), draw))
            listener(Worked("Heads for fewer pictures", k * DRAWS + draw + 1, len(sizes) * DRAWS))
        found.append(ByCount(each, tuple(shares)))
    return found


def drawn(labels: np.ndarray, each: int, draw: int) -> list[int]:
    """Numbers of up to `each` pictures of every class, by chance; of a larger `each` these and
    more.
    """
    order = np.random.default_rng(draw).permutation(len(labels))
    return sorted(
        int(k) for label in np.unique(labels) for k in order[labels[order] == label][:each]
    )


def head_accuracy(
    train: FeatureSource,
    valid: FeatureSource,
    classes: int,
    stage: Stage,
    settings: Settings,
    stop: Stop,
) -> Callable[[list[int], int], float]:
    """What a new head gets right, on features that are kept. Raises Stopped."""

    def accuracy(numbers: list[int], draw: int) -> float:
        some = FeatureSource(train.features[numbers], train.labels[numbers])
        head = new_head(train.features.shape[1], classes, draw).to(settings.device)
        trainee = Trainee(head, [("head", list(head.parameters()))], some, valid, is_small=True)
        size = fitting_batch(len(numbers))
        own = replace(settings, batch_size=size, seed=draw)
        ended: list[EpochEnded | None] = []
        learnt = Training(trainee, replace(stage, epochs=enough(len(numbers))), own, stop=stop).run(
            ended.append
        )
        last = ended[-1]
        if not learnt or last is None:
            raise Stopped
        return last.accuracy

    return accuracy


def enough(pictures: int) -> int:
    """Epochs, so that few pictures are learnt in as many steps as many are."""
    return math.ceil(HEAD_STEPS / math.ceil(pictures / fitting_batch(pictures)))
