"""The learning-rate finder: a mock training at ever larger rates, after which everything is as it
was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count

from sheets.library.lr_finder import SMOOTHING, STOP
from sheets.library.lr_finder_rules import lr_suggestions

from ..data.events import Worked
from .schedules import rates
from .seeds import forked
from .training import Diverged, Training


@dataclass(frozen=True)
class Curve:
    """losses: each batch's own, before its step at that rate; smoothed: what is drawn and what the
    suggestions are read from.
    """

    lrs: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestions: dict[str, float]


def lr_find(
    training: Training, start_lr: float = 1e-7, end_lr: float = 10, num_it: int = 100
) -> Curve:
    """fastai 2.8's lr_find: num_it rates from start_lr, evenly in the logarithm and ending before
    end_lr, one batch each.

    Stops early when the smoothed loss runs away, is not finite, or the training's own stop asks for
    it. Weights, optimiser and random state are exactly as before afterwards, whatever happens.
    """
    for rate in (start_lr, end_lr):
        rates(rate, 1)
    tensors, numbers = training.state()
    tensors = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    groups = [dict(group) for group in training.optimiser.param_groups]
    was_training = training.trainee.module.training
    lrs: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    try:
        with forked(training.settings.device):
            _search(
                training,
                [start_lr * (end_lr / start_lr) ** (k / num_it) for k in range(num_it)],
                lrs,
                losses,
                smoothed,
            )
    finally:
        training.restore(tensors, numbers)
        training.optimiser.zero_grad()
        for group, before in zip(training.optimiser.param_groups, groups, strict=True):
            group.update(before)
        training.trainee.module.train(was_training)
    return Curve(lrs, losses, smoothed, lr_suggestions(lrs, smoothed, num_it))


def _search(
    training: Training,
    plan: list[float],
    lrs: list[float],
    losses: list[float],
    smoothed: list[float],
) -> None:
    average, best = 0.0, math.inf
    batches = (
        (epoch, batch, index)
        for epoch in count()
        for batch, index in enumerate(training.order(epoch))
    )
    for lr, (epoch, batch, index) in zip(plan, batches, strict=False):
        if training.stopped():
            return
        training.epoch, training.batch = epoch, batch
        training.set_rates([lr] * len(training.optimiser.param_groups))
        try:
            loss = training.step(
                index, next(iter(training.trainee.train.batches([training.processes.own(index)])))
            )
        except Diverged:
            return
        average = loss + SMOOTHING * (average - loss)
        lrs.append(lr)
        losses.append(loss)
        smoothed.append(average / (1 - SMOOTHING ** len(lrs)))
        training.listener(Worked("Learning rates tried", len(lrs), len(plan)))
        best = min(best, smoothed[-1])
        if smoothed[-1] > STOP * best:
            return
