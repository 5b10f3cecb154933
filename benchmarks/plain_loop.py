"""Is a network fine-tuned by us as right as by a plain PyTorch loop of fastai's recipe? The same
split, body, new head, batches and epochs, three seeds, side by side: first the head alone, then all
layers, at fastai's rates for its three groups of layers, the batch norms as PyTorch has them. Where
the environment's PHOTO_TASKS names folders of photographs, one folder a class in each, they are
tried too, with the body for photographs; without it, the digits that come along. Both are compared
after their last epoch, and what `gradsheet finetune` writes, the best epoch, with its head alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from .row import Row

SEEDS = range(3)
DIGITS = ("digits", "digits:all")
PHOTO_TASKS = "PHOTO_TASKS"  # folders, parted as in PATH
FIRST, SECOND = 0.99, 0.3  # shares of the steps in which fastai's two cycles rise


class Found(NamedTuple):
    """Accuracies of one seed: of our head alone, of our last and best epoch, of the loop's last."""

    head: float
    last: float
    best: float
    loop: float


def tasks() -> Iterator[tuple[str, Callable[[int], Any]]]:
    """(name, its pictures by seed)"""
    from widgets.fine_tuning.data.digits import digits_of

    for name in DIGITS:
        yield name, partial(digits_of, name)
    for folder in filter(None, os.environ.get(PHOTO_TASKS, "").split(os.pathsep)):
        yield Path(folder).name, partial(_photographs, folder)


def _photographs(folder: str, seed: int) -> Any:
    from widgets.fine_tuning.data.pictures import pictures_in

    return pictures_in(folder, seed=seed)


def tried(pictures: Any, seed: int) -> Found:
    from widgets.fine_tuning.learning.learner import Learner
    from widgets.fine_tuning.learning.suiting import suited_body

    recipe, body = pictures.recipe, suited_body(pictures, None)
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place)
        options = {"batch_size": recipe.batch_size, "seed": seed, "device": "cpu"}
        learner = Learner(
            pictures, body, **options, folder=kept / "run", features_folder=kept / "features"
        )
        loop = plain(learner)  # before ours learns: from the same start
        learner.fine_tune(recipe)
    accuracies = [epoch.accuracy for epoch in learner.history]
    return Found(accuracies[recipe.head_epochs - 1], accuracies[-1], max(accuracies), loop)


def plain(learner: Any) -> float:
    """The accuracy in the end."""
    import copy

    import torch

    recipe, network = learner.pictures.recipe, copy.deepcopy(learner.network)
    network.fixed_statistics = False
    layers = [parameters for _, parameters in network.groups()]
    half = len(layers) // 2
    thirds = (layers[:half], layers[half:-1], layers[-1:])
    groups = [list(chain.from_iterable(third)) for third in thirds]
    norms = [one for one in network.modules() if hasattr(one, "running_mean")]
    always = {id(p) for part in (network.head, *norms) for p in part.parameters()}
    chance = torch.Generator().manual_seed(learner.seed)
    for p in network.parameters():
        p.requires_grad_(id(p) in always)  # as fastai freezes
    lr = recipe.head_lr
    one_cycle(learner, network, groups, recipe.head_epochs, [lr / 10, lr / 10, lr], FIRST, chance)
    network.requires_grad_(True)
    lr = recipe.lr / 2
    one_cycle(learner, network, groups, recipe.epochs, [lr / 100, lr / 10, lr], SECOND, chance)
    return accuracy(learner, network)


def one_cycle(
    learner: Any,
    network: Any,
    groups: list[list[Any]],
    epochs: int,
    rates: list[float],
    rising: float,
    chance: Any,
) -> None:
    """rates: the largest of each group."""
    import torch
    from torch.nn import functional

    train, size = learner.trainees.train.kept, learner.pictures.recipe.batch_size
    labels = torch.tensor([picture.label for picture in learner.pictures.train])
    learning = [[p for p in group if p.requires_grad] for group in groups]
    given = [(group, rate) for group, rate in zip(learning, rates, strict=True) if group]
    optimiser = torch.optim.AdamW(
        [{"params": group} for group, _ in given], betas=(0.95, 0.99), eps=1e-5
    )
    steps = max(1, len(labels) // size)  # a smaller last batch is left out, as in fastai
    div = 25 if rising == FIRST else 5
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [rate for _, rate in given],
        total_steps=epochs * steps + 1,
        pct_start=rising,
        div_factor=div,
        final_div_factor=1e5 / div,
    )
    for _ in range(epochs):
        network.train()
        order = torch.randperm(len(labels), generator=chance)
        for index in order.split(size)[:steps]:
            drawn = torch.rand(len(index), 4, generator=chance)
            pixels = learner.trainees.augmentation(train[index].float(), drawn)
            optimiser.zero_grad()
            logits = network(learner.body.normalised(pixels))
            functional.cross_entropy(logits, labels[index]).backward()
            optimiser.step()
            schedule.step()


def accuracy(learner: Any, network: Any) -> float:
    import torch

    network.eval()
    valid = learner.trainees.valid.kept
    with torch.inference_mode():
        logits = [network(learner.body.normalised(some.float())) for some in valid.split(64)]
    labels = torch.tensor([picture.label for picture in learner.pictures.valid])
    return (torch.cat(logits).argmax(dim=1) == labels).double().mean().item()


def measure() -> Iterator[Row]:
    for name, pictures in tasks():
        results = [tried(pictures(seed), seed) for seed in SEEDS]
        ours, loop = mean(one.last for one in results), mean(one.loop for one in results)
        what = f"{name}, {len(results)} seeds"
        yield Row(
            f"accuracy, {what}",
            f"{ours:.1%}",
            f"plain loop {loop:.1%}",
            None,
            "at least the loop's",
            ours >= loop,
        )
        gained = [one.best - one.head for one in results]
        heads = mean(one.head for one in results)
        yield Row(
            f"best epoch, {what}",
            f"{mean(one.best for one in results):.1%}",
            f"head alone {heads:.1%}",
            None,
            "no seed below its head",
            min(gained) >= 0,
        )
