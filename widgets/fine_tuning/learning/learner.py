"""A learner: pictures, a body and a new head, and everything the lectures do with them.

Start here.

Three things can learn, each a stage (schedules.Stage) with this name:
predictions   a linear model on the body's own predictions, as if only they were known of it
frozen        the new head on the body's features, which are computed once and kept
unfrozen      all of the network, the first layers more slowly than the head
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sheets import InputError

from ..data.events import EpochEnded, Listener, Notice, Stop, Stopped, never, nobody
from ..data.files import temporary_folder
from ..data.metrics import ACCURACY
from ..data.pictures import Picture, Pictures
from ..data.recipe import BASE_LR, Recipe, check_batch_size
from . import checkpoints
from .augmentation import Augmentation, augmentation_of
from .bodies import Body
from .checkpoints import named, of
from .features import cache_folder, fingerprint
from .few import ByCount, by_count, head_accuracy
from .loss import Loss
from .lr_find import Curve, lr_find
from .machine import device_of
from .memory import Portions, needed_for
from .neighbours import nearest
from .network import Network
from .predicting import Answers, answers
from .results import Predictions
from .rolling_up import RolledUp, members
from .schedules import Rate, Stage, first_learning, rates, stages_of
from .scores import checked_metric
from .seeds import forked
from .sources import PictureSource
from .trainees import Trainees
from .training import Diverged, Settings, Training, stage_of, stage_words
from .views import VIEWS, View, averaged, check_views

FINISHED, STOPPED, DIVERGED = "finished", "stopped", "diverged"
CHECKPOINT, START = "checkpoint.safetensors", "stage-start.safetensors"


class Learner:
    """Trains, remembers what happened (`history`), and can be watched, stopped and resumed from
    another thread.

    pictures: what to learn. body: what it starts from. batch_size: pictures of one step. seed: of
    the head, the order and the augmentation; on a CPU the same seed gives the same numbers to the
    last digit. folder: for checkpoints and saved weights (default: one that goes with the learner).
    device: cpu or cuda; default CUDA where there is one. mixed: bf16 and channels_last; default
    where the GPU computes with bf16. features_folder: where features are kept between runs. loss:
    what training makes smaller; default plain cross-entropy. metric: what the best epoch is known
    by. Every long method takes listener (called with each event) and stop (asked before each
    batch), and runs one at a time.
    """

    def __init__(
        self,
        pictures: Pictures,
        body: Body,
        batch_size: int = Recipe.batch_size,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        folder: Path | None = None,
        device: str | None = None,
        features_folder: Path | None = None,
        mixed: bool | None = None,
        loss: Loss | None = None,
        metric: str = ACCURACY,
    ):
        """Raises InputError for a batch that cannot be, a metric or a device that is not there, and
        one without the memory for the network.
        """
        check_batch_size(batch_size)
        checked_metric(metric, len(pictures.classes))
        self.pictures, self.body, self.seed = pictures, body, seed
        self.settings = Settings(
            batch_size, seed, device_of(device), mixed, loss=loss or Loss(), metric=metric
        )
        self.folder = folder or temporary_folder(self)
        self.portions = Portions(self.settings.processes.is_alone)
        with needed_for("this network"):
            self.network = Network(body, pictures.classes, seed).to(self.settings.device)
        if self.settings.mixed:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.trainees = Trainees(
            pictures,
            body,
            self.network,
            self.settings,
            augmentation or augmentation_of(pictures),
            features_folder or cache_folder(),
            self.portions,
        )
        self.plan: list[Stage] = []  # all stages so far, the last ones perhaps not finished
        self.finished = 0  # of them
        self.history: list[EpochEnded] = []
        self._running = threading.Lock()
        self._listener: Listener = nobody

    @property
    def is_writer(self) -> bool:
        """Whether files are this process's to write: the first one's, where there are several."""
        return self.settings.processes.is_writer

    # --- stages

    def fit_predictions(
        self, epochs: int, lr: Rate = BASE_LR, listener: Listener = nobody, stop: Stop = never
    ) -> str:
        """Step 1 of the lecture: the body's own predictions as the inputs of a linear model."""
        return self.fit([Stage("predictions", epochs, lr)], listener, stop)

    def fit_frozen(
        self, epochs: int, lr: Rate = BASE_LR, listener: Listener = nobody, stop: Stop = never
    ) -> str:
        """Step 2: the new head alone."""
        return self.fit([Stage("frozen", epochs, lr)], listener, stop)

    def fit_unfrozen(
        self,
        epochs: int,
        lr: Rate = slice(1e-5, 1e-3),
        listener: Listener = nobody,
        stop: Stop = never,
    ) -> str:
        """Step 6: all layers, each at its rate."""
        return self.fit([Stage("unfrozen", epochs, lr)], listener, stop)

    def fine_tune(self, recipe: Recipe, listener: Listener = nobody, stop: Stop = never) -> str:
        """The head alone, then all layers, in one call. The learner's own batch size counts."""
        return self.fit(stages_of(recipe), listener, stop)

    def fit(self, stages: list[Stage], listener: Listener = nobody, stop: Stop = never) -> str:
        """Train these stages one after the other.

        Returns "finished", "stopped" (then `resume` goes on) or "diverged" (then the last good
        weights are back).
        """
        if any(stage.name == "predictions" for stage in stages) and not self.body.has_head:
            raise InputError(
                f"{self.body.name} comes without a head of its own, so there are no predictions to"
                " learn from"
            )
        with self._alone(listener, stop):
            self.plan[self.finished :] = stages
            return self._go_on(None, stop)

    def resume(self, listener: Listener = nobody, stop: Stop = never) -> str:
        """Go on from the last checkpoint in `folder`, made by this learner or by one with the same
        settings that was stopped or crashed.

        The result is the same as without the interruption. Raises InputError where there is none,
        or it was made with other settings.
        """
        with self._alone(listener, stop):
            tensors, numbers = self._taken_up()
            under_way = (
                numbers.get("under_way", self.finished) == self.finished
            )  # or the next stage had not begun
            return self._go_on((tensors, numbers["training"]) if under_way else None, stop)

    def take_up(self) -> None:
        """As `resume`, without a step more: weights, plan and history as they were at the last
        checkpoint.
        """
        with self._alone(nobody):
            self._taken_up()

    def _taken_up(self) -> tuple[dict, dict]:
        tensors, numbers = checkpoints.read(self.folder / CHECKPOINT)
        other = [
            name for name, value in self.identity.items() if numbers["identity"].get(name) != value
        ]
        if other:
            raise InputError(
                f"{self.folder}: its checkpoint was made with other settings ({', '.join(other)}),"
                " and cannot be resumed"
            )
        self._load(checkpoints.read(self.folder / START)[0])
        self.trainees.module(numbers["training"]["stage"]["name"]).load_state_dict(
            of("module", tensors)
        )
        self.plan = [stage_of(words) for words in numbers["plan"]]
        self.finished = numbers["finished"]
        self.history = [EpochEnded(**words) for words in numbers["history"]]
        return tensors, numbers

    @property
    def unfinished(self) -> list[Stage]:
        """The plan that `resume` would go on with; [] where there is none for these settings, or it
        was carried out to its end.
        """
        numbers = self._kept_numbers()
        return self.kept_plan if numbers and numbers["finished"] < len(numbers["plan"]) else []

    @property
    def kept_plan(self) -> list[Stage]:
        """That of the checkpoint, carried out to its end or not; [] where there is none for these
        settings.
        """
        numbers = self._kept_numbers()
        return [stage_of(words) for words in numbers["plan"]] if numbers else []

    def _kept_numbers(self) -> dict[str, Any]:
        """Of the checkpoint, if it is one of these settings; else {}."""
        try:
            _, numbers = checkpoints.read(self.folder / CHECKPOINT)
        except InputError:
            return {}
        return numbers if numbers["identity"] == self.identity else {}

    def forget(self) -> None:
        """Delete the checkpoint: there is nothing left to resume."""
        if self.is_writer:
            for name in (CHECKPOINT, START):
                (self.folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # it holds saved weights
                self.folder.rmdir()

    def _go_on(self, kept: tuple[dict, dict] | None, stop: Stop) -> str:
        """The plan's stages that are left, the first of them from a checkpoint."""
        while self.finished < len(self.plan):
            try:
                training = self._training(self.plan[self.finished], self.finished, stop)
            except Stopped:  # before it could begin
                return STOPPED
            if kept:
                training.restore(*kept)
            else:
                self._write(START, self._weights(), {})
                self._keep(training, None)
            kept = None
            try:
                if not training.run(partial(self._keep, training)):
                    return STOPPED
            except Diverged as error:
                return self._diverged(training, error)
            self.finished += 1
            self._keep(training, None)
        return FINISHED

    def _keep(self, training: Training, ended: EpochEnded | None) -> None:
        """Note the epoch and write the checkpoint."""
        if ended:
            self.history.append(ended)
        tensors, numbers = training.state()
        history = [vars(epoch) for epoch in self.history]
        plan = [stage_words(stage) for stage in self.plan]
        about = {
            "identity": self.identity,
            "plan": plan,
            "finished": self.finished,
            "under_way": training.number,
            "history": history,
        }
        self._write(CHECKPOINT, tensors, {**about, "training": numbers})

    def _diverged(self, training: Training, error: Diverged) -> str:
        self.settings.processes.wait()
        tensors, numbers = checkpoints.read(self.folder / CHECKPOINT)
        training.restore(tensors, numbers["training"])
        del self.plan[self.finished :]
        self._keep(training, None)
        where = (
            f"the end of epoch {training.epoch}" if training.epoch else "the start of this stage"
        )
        said = (
            f"The loss stopped being a finite number in {error.where}, at a learning rate of"
            f" {error.lr:.3g}."
        )
        self._listener(
            Notice(f"{said} The weights are back at {where}. Try a rate ten times smaller.")
        )
        return DIVERGED

    def _training(self, stage: Stage, number: int, stop: Stop = never) -> Training:
        trainee = self.trainees.of(stage.name)
        return Training(
            trainee,
            stage,
            self.settings,
            number,
            self.portions,
            self._listener,
            stop,
        )

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What a checkpoint must have in common with the learner that resumes it."""
        labels = [
            [picture.label for picture in part]
            for part in (self.pictures.train, self.pictures.valid)
        ]
        return {
            "pictures": fingerprint(*self.trainees.keys.values(), labels, self.pictures.classes),
            "body": fingerprint(
                self.body.model.state_dict(),
                self.body.processor.to_json_string(),
                self.body.goes_on,
            ),
            "batch size": self.settings.batch_size,
            "seed": self.seed,
            "augmentation": repr(self.trainees.augmentation),
            "loss": repr(self.settings.loss),
            "metric": self.settings.metric,
            "processes": self.settings.processes.count,
        }

    # --- around the stages

    def lr_find(
        self,
        stage: str = "frozen",
        num_it: int = 100,
        start_lr: float = 1e-7,
        end_lr: float = 10,
        listener: Listener = nobody,
        stop: Stop = never,
    ) -> Curve:
        """The loss at ever larger rates, and what the curve suggests; the learner is as before
        afterwards.
        """
        with self._alone(listener, stop):
            return lr_find(
                self._training(Stage(stage, 1, BASE_LR), self.finished, stop),
                start_lr,
                end_lr,
                num_it,
            )

    def by_count(self, listener: Listener = nobody, stop: Stop = never) -> list[ByCount]:
        """How right a new head is on the body as it came, by the pictures of a class that it learnt
        from; the learner is as before afterwards. Raises Stopped.
        """
        with self._alone(listener, stop):
            train, valid = self.trainees.pretrained_features()
            classes, stage = len(self.pictures.classes), stages_of(self.pictures.recipe)[0]
            accuracy = head_accuracy(train, valid, classes, stage, self.settings, stop)
            return by_count(train.labels.tolist(), accuracy, self._listener)

    def predictions(
        self,
        of: str = "network",
        listener: Listener = nobody,
        stop: Stop = never,
        views: bool = False,
    ) -> Predictions:
        """What the network, or the linear model on the body's `predictions`, makes of the
        validation pictures now. views: averaged over several views of each, by the network.

        Raises Stopped, and InputError where there is one view only.
        """
        with self._alone(listener, stop):
            stage = {"network": "unfrozen", "predictions": "predictions"}[of]
            training = self._training(Stage(stage, 1, BASE_LR), self.finished, stop)
            with forked(self.settings.device):
                source = training.trainee.valid
                logits = training.logits(source)
                if views and isinstance(source, PictureSource):
                    check_views(self.trainees.augmentation)
                    seen = [training.logits(View(source, k)) for k in range(VIEWS)]
                    logits = averaged(logits, seen)
        valid = self.pictures.valid
        actual = np.array([picture.label for picture in valid])
        return Predictions(
            self.pictures.classes,
            tuple(picture.id for picture in valid),
            actual,
            logits.double().numpy(),
        )

    def rolled_up(self, listener: Listener = nobody, stop: Stop = never) -> RolledUp | None:
        """How right the body's own predictions are where its classes are rolled up into these, by
        their names; None where a name says nothing to it. Raises Stopped.
        """
        meant = [members(name, self.body.labels) for name in self.pictures.classes]
        if not all(meant):
            return None
        with self._alone(listener, stop):
            own, labels = self.trainees.own_predictions()
        return RolledUp.of(meant, own.double().cpu().numpy(), labels.numpy())

    @property
    def trained_body(self) -> Body:
        """The network as it is now, as a body with a head of its own, of the live weights."""
        return replace(self.body, model=self.network.model.eval(), has_head=True, fresh=False)

    def answers(
        self,
        pictures: Sequence[Picture],
        listener: Listener = nobody,
        stop: Stop = never,
        views: bool = False,
    ) -> Answers:
        """What the network says now of pictures whose labels nobody knows. views: as in
        `predictions`. Raises Stopped.
        """
        augmentation = self.trainees.augmentation if views else None
        with self._alone(listener, stop):
            return answers(
                self.trained_body,
                pictures,
                self.settings.device,
                self._listener,
                stop,
                augmentation,
            )

    def nearest(
        self, number: int, count: int = 5, listener: Listener = nobody, stop: Stop = never
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of validation picture `number`: the numbers of the training pictures that the head is
        given most alike features for now, as pictures come without augmentation, and the cosines
        between their features and its own; most alike first. Raises Stopped.
        """
        with self._alone(listener, stop):
            train, valid = self.trainees.features_now()
        among, own = (part.features.double().cpu().numpy() for part in (train, valid))
        return nearest(own[number], among, count)

    def features(self, numbers: Sequence[int]) -> np.ndarray:
        """(pictures, features): what the head is given now for these validation pictures."""
        pixels = self.body.pixels([self.pictures.valid[k].open() for k in numbers])
        with torch.inference_mode():
            given = self.network.eval().features(
                self.body.normalised(pixels.to(self.settings.device).float())
            )
        return given.double().cpu().numpy()

    def show_batch(
        self, count: int = 9, learn: bool = True, listener: Listener = nobody, stop: Stop = never
    ) -> list[tuple[np.ndarray, str]]:
        """(picture, class): the first pictures of the next unfrozen stage exactly as the network
        will see them; learn=False: not augmented.

        A picture is (rows, columns, 3) from 0 to 255. Raises Stopped.
        """
        with self._alone(listener, stop):
            training = self._training(Stage("unfrozen", 1, BASE_LR), self.finished)
            source, index = training.trainee.train, training.order(0)[0]
            own = self.settings.processes.own(index)
            with forked(self.settings.device):
                kept = next(iter(source.batches([own])))
                seen = (training.prepared(index, kept) if learn else source.prepared(kept, None))[
                    :count
                ]
        names = [self.pictures.classes[k] for k in source.labels[own][:count]]
        return list(zip(self.body.shown(seen), names, strict=True))

    def group_rates(self, lr: Rate, depth: int | None = None) -> list[tuple[str, int, float]]:
        """(layer, parameters, rate) of each parameter group, from the first layer to the head; 0
        for those that do not learn at this depth.
        """
        groups = self.network.groups()
        first = first_learning([name for name, _ in groups], depth)
        return [
            (name, sum(p.numel() for p in parameters), rate if k >= first else 0.0)
            for k, ((name, parameters), rate) in enumerate(
                zip(groups, rates(lr, len(groups)), strict=True)
            )
        ]

    def save(self, name: str) -> Path:
        """Keep the weights as they are now under a name, in `folder`."""
        self._write(self._saved(name), self._weights(), {})
        return self.folder / self._saved(name)

    def load(self, name: str) -> None:
        """The weights saved under this name, back."""
        with self._alone(self._listener):
            self._load(self.settings.processes.from_writer(partial(self._read_saved, name)))

    def _read_saved(self, name: str) -> dict[str, torch.Tensor]:
        path = self.folder / self._saved(name)
        if not path.is_file():
            known = sorted(other.stem for other in path.parent.glob("*.safetensors"))
            raise InputError(
                f"nothing was saved as {name!r}; there are: {', '.join(known) or 'none'}"
            )
        return checkpoints.read(path)[0]

    def forget_saved(self, name: str) -> None:
        """Delete what was saved under this name, if anything was."""
        if self.is_writer:
            (self.folder / self._saved(name)).unlink(missing_ok=True)
            for folder in (self.folder / "saved", self.folder):
                with suppress(OSError):  # it holds something else, or is not there
                    folder.rmdir()

    def _saved(self, name: str) -> str:
        if not name or set(name) & set('/\\:*?"<>|') or name.startswith("."):
            raise InputError(
                f"{name!r} cannot be a file's name; letters, digits, spaces and - are fine"
            )
        return f"saved/{name}.safetensors"

    def _weights(self) -> dict[str, torch.Tensor]:
        return {
            **named("network", self.network.state_dict()),
            **named("on_predictions", self.trainees.on_predictions.state_dict()),
        }

    def _load(self, tensors: dict[str, torch.Tensor]) -> None:
        self.network.load_state_dict(of("network", tensors))
        self.trainees.on_predictions.load_state_dict(of("on_predictions", tensors))

    def _write(self, name: str, tensors: dict[str, torch.Tensor], numbers: dict[str, Any]) -> None:
        if self.is_writer:
            checkpoints.write(self.folder / name, tensors, numbers)

    @contextmanager
    def _alone(self, listener: Listener, stop: Stop = never) -> Iterator[None]:
        """One long job at a time."""
        if not self._running.acquire(blocking=False):
            raise InputError("training is under way; wait for its end or stop it first")
        try:
            self._listener = self.trainees.listener = self.settings.processes.heard(listener)
            self.trainees.stop = stop
            yield
        finally:
            self._listener = self.trainees.listener = nobody
            self.trainees.stop = never
            self._running.release()
