"""Fine-tuning on this machine's CPU: a ResNet-18 of transformers, 128 pictures of 64 x 64 in
batches of 32, 5 rounds of all in turn, the fastest of each, since whatever else runs only slows
down. A frozen epoch: the head learns, 32 pictures are checked, and we write a checkpoint; ours from
kept features (the mean of a stage of 20 epochs), the other through the body each time. Unfrozen:
pictures a second without validation, from pixels in memory, an AdamW step a batch each.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .row import Row, milliseconds

PICTURES, CHECKED, SIZE, BATCH = 128, 32, 64, 32
ROUNDS = 5
EPOCHS = 20  # of a frozen stage
UNFROZEN = 3  # epochs, each time with a new optimiser
FROZEN_BAR, BARE_BAR, TRAINER_BAR = 20, 0.95, 1.0


def new_learner(folder: Path) -> Any:
    """A learner without augmentation, on noise: what a picture shows does not matter for speed."""
    import numpy as np
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

    from widgets.fine_tuning.data.pictures import Picture, Pictures
    from widgets.fine_tuning.learning.augmentation import Augmentation
    from widgets.fine_tuning.learning.bodies import body_of
    from widgets.fine_tuning.learning.learner import Learner

    torch.manual_seed(0)
    config = ResNetConfig(
        embedding_size=64, hidden_sizes=[64, 128, 256, 512], depths=[2, 2, 2, 2], layer_type="basic"
    )
    body = body_of(
        "noise",
        ResNetForImageClassification(config),
        ConvNextImageProcessorPil(size={"shortest_edge": SIZE}, crop_pct=1.0),
    )
    chance = np.random.default_rng(0)
    noise = [
        Picture(str(k), k % 2, pixels=chance.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8))
        for k in range(PICTURES + CHECKED)
    ]
    pictures = Pictures("noise", ("even", "odd"), tuple(noise[:PICTURES]), tuple(noise[PICTURES:]))
    return Learner(
        pictures,
        body,
        BATCH,
        augmentation=Augmentation(1, False),
        folder=folder,
        device="cpu",
        features_folder=folder / "kept",
    )


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(works: list[Callable[[], float]]) -> list[float]:
    """The least that each work says it took."""
    return [
        min(taken)
        for taken in zip(*([work() for work in works] for _ in range(ROUNDS)), strict=True)
    ]


def through_the_body(learner: Any) -> Callable[[], float]:
    """An epoch of the head where every batch passes the frozen body."""
    import torch
    from torch.nn import functional

    network, body = learner.network, learner.body
    optimiser = torch.optim.AdamW(network.head.parameters(), lr=1e-3)
    (train, train_labels), (valid, valid_labels) = (
        (part.kept, part.labels) for part in (learner.trainees.train, learner.trainees.valid)
    )

    def epoch() -> None:
        network.eval()
        for index in torch.randperm(PICTURES).split(BATCH):
            with torch.inference_mode():
                features = network.features(body.normalised(train[index].float()))
            optimiser.zero_grad()
            loss = functional.cross_entropy(network.head(features.clone()), train_labels[index])
            loss.backward()
            optimiser.step()
        with torch.inference_mode():
            for pixels, labels in zip(valid.split(BATCH), valid_labels.split(BATCH), strict=True):
                functional.cross_entropy(network(body.normalised(pixels.float())), labels).item()

    return lambda: seconds_of(epoch)


def bare_loop(learner: Any) -> Callable[[], float]:
    import torch
    from torch.nn import functional

    from widgets.fine_tuning.learning.network import Network

    network, body, train = (
        Network(learner.body, ("even", "odd")),
        learner.body,
        learner.trainees.train,
    )
    kept, labels = train.kept, train.labels

    def epochs() -> None:
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-5)
        network.train()
        for index in (
            batch for _ in range(UNFROZEN) for batch in torch.randperm(PICTURES).split(BATCH)
        ):
            optimiser.zero_grad()
            loss = functional.cross_entropy(
                network(body.normalised(kept[index].float())), labels[index]
            )
            loss.backward()
            optimiser.step()
            loss.item()

    return lambda: seconds_of(epochs)


def trainer(learner: Any, folder: Path) -> Callable[[], float]:
    """transformers' own, whose pictures are already normalised."""
    from transformers import PrinterCallback, Trainer, TrainingArguments

    from widgets.fine_tuning.learning.network import Network

    pixels, labels = (
        learner.body.normalised(learner.trainees.train.kept.float()),
        learner.trainees.train.labels,
    )
    data = [
        {"pixel_values": picture, "labels": int(label)}
        for picture, label in zip(pixels, labels, strict=True)
    ]
    model = Network(learner.body, ("even", "odd")).model
    settings = TrainingArguments(
        str(folder), per_device_train_batch_size=BATCH, num_train_epochs=UNFROZEN,
        learning_rate=1e-5, use_cpu=True, save_strategy="no",
        report_to=[], disable_tqdm=True, logging_strategy="no", dataloader_pin_memory=False,
    )  # fmt: skip

    def epochs() -> float:
        its = Trainer(model=model, args=settings, train_dataset=data)
        its.remove_callback(PrinterCallback)  # the table says it
        return its.train().metrics["train_runtime"]

    return epochs


def ours(learner: Any) -> Callable[[], float]:
    """An epoch's own seconds are those of its training."""

    def epochs() -> float:
        learner.fit_unfrozen(UNFROZEN, 1e-5)
        return sum(epoch.seconds for epoch in learner.history[-UNFROZEN:])

    return epochs


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        learner = new_learner(Path(place))
        learner.fit_frozen(1)  # computes the features
        cached, through = in_turn(
            [
                lambda: seconds_of(lambda: learner.fit_frozen(EPOCHS)) / EPOCHS,
                through_the_body(learner),
            ]
        )
        contest = [ours(learner), bare_loop(learner), trainer(learner, Path(place))]
        mine, bare, theirs = (UNFROZEN * PICTURES / taken for taken in in_turn(contest))
    times = f"through the body {milliseconds(1000 * through)}"
    ratio = through / cached
    rows = [
        Row(
            "frozen epoch",
            milliseconds(1000 * cached),
            times,
            ratio,
            f"{FROZEN_BAR} times faster",
            ratio >= FROZEN_BAR,
        ),
        against("bare PyTorch loop", mine, bare, BARE_BAR),
    ]
    return [*rows, against("transformers' Trainer", mine, theirs, TRAINER_BAR)]


def against(name: str, mine: float, other: float, bar: float) -> Row:
    """Pictures a second: here more is better, so the ratio is ours divided by the other's, as the
    table's is of times.
    """
    return Row(
        "unfrozen, pictures a second",
        f"{mine:.0f}",
        f"{name} {other:.0f}",
        mine / other,
        f"at least {bar:g}",
        mine / other >= bar,
    )
