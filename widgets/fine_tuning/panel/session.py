"""What a panel works on: pictures, a body, a learner and what became of it; kept in a folder, so
that a page loaded again finds it.

Needs PyTorch, so it is imported in the first job's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from huggingface_hub import cached_assets_path

from sheets import InputError

from ..data.corrections import as_named, corrected, corrections_in
from ..data.events import BatchEnded, EpochEnded, Event, Listener, Stop, Stopped, Worked
from ..data.files import written_whole
from ..data.pictures import Pictures
from ..learning.augmentation import Augmentation
from ..learning.bodies import Body, fresh
from ..learning.learner import CHECKPOINT, DIVERGED, STOPPED, Learner
from ..learning.machine import device_sentence
from ..learning.predicting import Answers
from ..learning.results import Predictions
from ..learning.schedules import Stage, unfrozen_rates
from ..takeaway.exports import CORRECTIONS, write_corrections
from ..takeaway.head_sheets import ROWS
from ..takeaway.script import SCRIPT, Origin, script_of
from . import saying
from .curves import PREDICTIONS, PRETRAINED, RECORDING, SCRATCH, Curves
from .places import Place, kept_in
from .showing import told_batch, told_pictures, told_results

LATEST = "latest"  # saved after each step, so that a page that is loaded again finds the network
BEST_BEFORE = "best epoch before the corrections"
BEST = "best epoch"  # saved whenever there is a better one
TRAINED = {"frozen": "its head trained", "unfrozen": "all layers trained"}  # by stage
BODY_WORK = "Pictures through the body"
BEFORE = {
    "runs": [],
    "saved": [],
    "curve": {},
    "seen": [],
    "few": {},
    "heated": [],
    "near": {},
    "results": {},
    "notices": [],
    "stale": False,
    "playing": "",
    "handed_in": {},
}  # any step

Tell = Callable[[str, Any], None]


def sessions() -> Path:
    return cached_assets_path("gradsheet", namespace="sessions", subfolder="v1")


class Session:
    """tell(name, value) is called with what the page is to show, in the job's thread."""

    def __init__(
        self,
        pictures: Pictures,
        body: Body,
        batch_size: int | None,
        seed: int,
        augmentation: Augmentation,
        folder: Path | None,
        tell: Tell,
        listen: Listener,
        stop: Stop,
        origin: Origin | None = None,
    ):
        """folder: where it is kept; None for a temporary one. origin: of the pictures; None where a
        program made them.

        Long: call it in a job. Raises InputError and Stopped.
        """
        self.tell, self.seed, self.origin = tell, seed, origin
        self.given, self.body = pictures, body  # with the labels that they came with
        self.out = ""  # the folder that is suggested for results
        self.pictures, self.applied = pictures, dict[str, str]()  # corrections that are in use
        with suppress(InputError):  # they are of other pictures
            applied = (kept_in(folder, "applied") if folder else None) or {}
            self.pictures, self.applied = corrected(pictures, applied, all_there=False), applied
        self.batch_size = batch_size or pictures.recipe.batch_size
        self.augmentation = augmentation
        self.learner = Learner(
            self.pictures, self.body, self.batch_size, seed, augmentation, folder=folder
        )
        self.place = Place(self.learner.folder)
        self.marked = self._kept_marks()
        self.curves = Curves()
        self.saved: list[dict[str, Any]] = []
        self.predicted: Predictions | None = None
        self.head: tuple[np.ndarray, np.ndarray, np.ndarray] | None = (
            None  # features, weights, bias of these predictions
        )
        self.answers: Answers | None = None  # for pictures without labels
        self.handed_in_from: list[Path] = []  # folders that may hold a sample submission
        self.playing = False  # a recording
        self.body_took = (0.0, 0.0)
        self._learning = self.learner  # the learner whose training is the last, for `resume`
        self._batch = told_batch(self.learner.show_batch(8, listener=listen, stop=stop))

    def about(self) -> dict[str, Any]:
        """What there is to work with, for the page."""
        recipe = self.pictures.recipe
        rates = unfrozen_rates(recipe.lr)
        return {
            "device": device_sentence(self.learner.settings.device),
            "pictures": told_pictures(self.pictures),
            "body": saying.body_is(self.body.name, self.body.labels, self.body.has_head),
            "bodySays": list(self.body.said),
            "hasHead": self.body.has_head,
            "batch": self._batch,
            "batchSize": self.batch_size,
            "augmented": self.augmentation.sentence(),
            "epochs": recipe.epochs,
            "frozenEpochs": recipe.epochs if recipe.frozen_epochs is None else recipe.frozen_epochs,
            "lr": recipe.lr,
            "frozenLr": recipe.head_lr,
            "firstRate": rates.start,
            "lastRate": rates.stop,
            "layers": self.layers(rates.start, rates.stop),
            "out": self.out,
        }

    def layers(self, first: float, lr: float, depth: int | None = None) -> list[list[Any]]:
        """[layer, parameters, rate], from the first layer to the head; 0 for what does not learn at
        this depth.
        """
        return [list(group) for group in self.learner.group_rates(slice(first, lr), depth)]

    # --- what a page that was loaded again finds

    def take_up(self, listen: Listener, stop: Stop) -> str:
        """What this folder holds of an earlier time, if it does; the page is told all of it."""
        kept = {name: self.place.kept(name) for name in ("runs", "saved", "curve", "seen", "few")}
        for name, before in BEFORE.items():
            self.tell(name, kept.get(name) or before)
        self.tell("corrections", self._corrections())
        self.curves, self.saved = Curves(kept["runs"]), kept["saved"] or []
        try:
            said = self._taken_up()
        except InputError as error:
            self.learner.forget()
            return f"What was kept of an earlier session does not fit: {error}. It was put aside."
        if self.place.kept("results"):
            said += self._results_after(listen, stop)
        return said

    def _taken_up(self) -> str:
        unfinished = self.learner.unfinished
        if (self.learner.folder / CHECKPOINT).exists():
            self.learner.take_up()
            if self.curves.is_loaded(
                PRETRAINED
            ):  # and not as the checkpoint has it, with which Resume goes on
                self.learner.load(LATEST)
        if unfinished:
            said = saying.kept_of(self.curves, unfinished[self.learner.finished])
            return f"{saying.AGAIN} The training that ran has ended. {said} Press Resume to go on."
        if not self.place.kept("runs"):
            return saying.READY
        self.learner.load(LATEST)
        scratch = self.from_scratch()
        if scratch.unfinished:
            scratch.take_up()
            self._learning = scratch
            return (
                f"{saying.AGAIN} The training from scratch that ran has ended at its last"
                " checkpoint. Press Resume to go on."
            )
        return f"{saying.AGAIN} Its last job had ended, and the network is as it was then."

    # --- events

    def hear(self, event: Event) -> None:
        if isinstance(event, (BatchEnded, EpochEnded)):
            self.curves.hear(self._source(event.stage), event)
            self.tell("runs", self.curves.runs)
            if isinstance(event, EpochEnded):
                self.place.keep("runs", self.curves.runs)
                self._keep_the_best(event)
        elif isinstance(event, Worked) and event.what == BODY_WORK:
            first, _ = self.body_took
            self.body_took = (first or perf_counter(), perf_counter())

    def _keep_the_best(self, event: EpochEnded) -> None:
        """Of all epochs of the pretrained network, as a save that can be loaded back."""
        if self._source(event.stage) != PRETRAINED or event.stage not in TRAINED:
            return
        kept = [one["epoch"] for one in self.saved if one["name"] == BEST]
        if not kept or event.merit > saying.merit(kept[0]):
            self.learner.save(BEST)
            self.remember(BEST)

    def remember(self, name: str) -> None:
        """That the network as it is now was saved under this name."""
        about = {"name": name, "epoch": self.curves.stands(PRETRAINED)}
        self.saved = [*(one for one in self.saved if one["name"] != name), about]
        self.tell("saved", self.saved)
        self.place.keep("saved", self.saved)

    def _source(self, stage: str) -> str:
        if self.playing:
            return RECORDING
        if self._learning is not self.learner:
            return SCRATCH
        return PREDICTIONS if stage == "predictions" else PRETRAINED

    # --- labels that are wrong

    def _kept_marks(self) -> dict[str, str]:
        """Those of the file that are of these pictures."""
        try:
            kept = as_named(self.given, corrections_in(self.place.folder / CORRECTIONS))
        except (InputError, OSError):
            return dict(self.applied)
        known, labels = self._labels(), {"", *self.given.classes}
        return {name: label for name, label in kept.items() if name in known and label in labels}

    def _labels(self) -> dict[str, str]:
        """Of each picture, as they came."""
        held = (*self.given.train, *self.given.valid)
        return {one.id: self.given.classes[one.label] for one in held}

    def mark(self, name: str, label: str | None) -> None:
        """Picture `name` is of the class `label`; "": it is to be left out; None: it is what it
        came as. Its file stays as it is: the correction is written to a file of its own. Raises
        InputError.
        """
        known = self._labels()
        if name not in known or (label and label not in self.given.classes):
            raise InputError("there is no such picture, or no such class; load the page again")
        marked = {other: own for other, own in self.marked.items() if other != name}
        if label not in (None, known[name]):
            marked[name] = str(label)
        if self.place.lost:
            raise InputError("this session was opened in another page; mark the picture there")
        try:
            with written_whole(self.place.folder / CORRECTIONS) as draft:
                write_corrections(draft, marked)
        except OSError as error:
            raise InputError(f"the correction cannot be kept: {error.strerror}") from None
        self.marked = marked
        self.tell("corrections", self._corrections())

    def _corrections(self) -> dict[str, Any]:
        known = self._labels()
        return {
            "marked": self.marked,
            "came": {
                name: known[name] for name in {**self.marked, **self.applied} if name in known
            },
            "waiting": self.marked != self.applied,
            "sentence": saying.marked(self.marked, self.applied),
        }

    def put_right(self, listen: Listener, stop: Stop) -> str:
        """Take over what is marked: the network stays as it is, and what learns from here on learns
        from the pictures as they are now labelled. Raises InputError and Stopped.
        """
        if self.marked == self.applied:
            raise InputError("nothing is marked that is not in use; choose another class first")
        marked = dict(self.marked)
        pictures = corrected(self.given, marked)
        learner = Learner(
            pictures,
            self.body,
            self.batch_size,
            self.seed,
            self.augmentation,
            folder=self.place.folder,
        )
        batch = told_batch(learner.show_batch(8, listener=listen, stop=stop))
        self.learner.save(LATEST)
        learner.load(LATEST)
        learner.forget()  # a training of the pictures as they were
        self.place.keep("applied", marked)
        self.pictures, self.applied, self._batch = pictures, marked, batch
        self.learner = self._learning = learner
        self._judge_anew()
        self.tell("about", self.about())
        self.tell("corrections", self._corrections())
        self.tell("few", {})
        self.place.keep("few", {})
        self.predicted = None  # of pictures that may have other numbers now
        unseen = self._results_after(listen, stop)
        seen = f" {saying.accuracy_of(self.predicted)}" if self.predicted else unseen
        return saying.put_right(marked) + seen

    def _judge_anew(self) -> None:
        """The best epoch so far was that by the labels as they were: it stays, under a name that
        says so.
        """
        saves = self.learner.folder / "saved"
        if any(one["name"] == BEST for one in self.saved):
            (saves / f"{BEST}.safetensors").replace(saves / f"{BEST_BEFORE}.safetensors")
            others = [one for one in self.saved if one["name"] != BEST_BEFORE]
            self.saved = [
                {**one, "name": BEST_BEFORE} if one["name"] == BEST else one for one in others
            ]
        self.tell("saved", self.saved)
        self.place.keep("saved", self.saved)

    # --- learning, and looking

    def from_scratch(self) -> Learner:
        """A learner of the same pictures, from random weights."""
        folder = self.learner.folder / "scratch"
        body = fresh(self.body, self.seed)
        return Learner(
            self.pictures, body, self.batch_size, self.seed, self.augmentation, folder=folder
        )

    def learn(
        self, plan: list[Stage], listen: Listener, stop: Stop, learner: Learner | None = None
    ) -> str:
        """Train these stages; what happened, in words."""
        self._learning = learner or self.learner
        self.curves.begin(self._source(plan[0].name))
        self.place.keep("runs", self.curves.runs)
        return self._after(
            self._learning.fit(plan, listen, lambda: stop() or self.place.lost), listen, stop
        )

    def resume(self, listen: Listener, stop: Stop) -> str:
        """Raises InputError where there is nothing to resume."""
        if not self.can_resume:
            raise InputError("there is no training to resume")
        return self._after(
            self._learning.resume(listen, lambda: stop() or self.place.lost), listen, stop
        )

    def script(self) -> str:
        """The program that trains as was trained here. Raises InputError where these pictures are
        nothing that it could name.
        """
        if self.origin is None:
            raise InputError(
                f"{self.pictures.name}: a program made these pictures, so there is no {SCRIPT} that"
                " could read them; take a folder, or the digits, under Take other pictures"
            )
        epoch = self.curves.stands(PRETRAINED)
        same = ("stage", "epoch", "valid_loss")
        after = [
            k
            for k, one in enumerate(self.learner.history, 1)
            if epoch and all(getattr(one, name) == epoch[name] for name in same)
        ]
        own = self.curves.of(PRETRAINED)
        told = sum(len(run["epochs"]) for run in [*self.curves.of(PREDICTIONS), *own])
        loaded_between = any("loaded" in run for run in own[:-1])
        as_it_was = told == len(self.learner.history) and not loaded_between
        origin = replace(self.origin, corrections=self.applied)
        return script_of(self.learner, origin, after[-1] if after else 0, as_it_was)

    @property
    def can_resume(self) -> bool:
        return bool(self._learning.unfinished)

    def look(self, listen: Listener, stop: Stop) -> Predictions:
        """What the network as it is now makes of the validation pictures.

        Raises Stopped, with the results as they were.
        """
        predicted = self.learner.predictions(listener=listen, stop=stop)
        last = self.learner.network.head
        weight, bias = (
            part.detach().cpu().double().numpy().copy() for part in (last.weight, last.bias)
        )
        head = (self.learner.features(predicted.mixed(ROWS)), weight, bias)
        epoch = self.curves.stands(PRETRAINED)
        of = TRAINED[epoch["stage"]] if epoch else "a head that knows nothing yet"
        told = told_results(predicted, self.pictures, f"The network with {of}", stop)
        self.predicted, self.head = predicted, head
        self.tell("results", told)
        self.tell("stale", False)
        self.tell("heated", [])
        self.tell("near", {})
        self.place.keep("results", told)
        return predicted

    def results(self) -> Predictions:
        """Those that are shown. Raises InputError where there are none."""
        if self.predicted is None:
            raise InputError("there are no results yet; train, or press Look at the results now")
        return self.predicted

    def _after(self, outcome: str, listen: Listener, stop: Stop) -> str:
        """What happened, in words; where the network learnt to the end, also what it makes of the
        pictures now.
        """
        self.place.keep("runs", self.curves.runs)
        if outcome in (STOPPED, DIVERGED):
            self.tell("stale", True)
            return self._broken_off(outcome)
        if self._learning is not self.learner:
            return saying.compared(self.curves)
        self.learner.save(LATEST)
        if self.learner.plan[-1].name == "predictions":
            said = saying.linear(
                self.learner.predictions("predictions", stop=stop), len(self.body.labels)
            )
            return said + saying.rolled(self.learner.rolled_up(stop=stop), self.pictures.classes)
        return saying.judged(self.curves) + self._results_after(listen, stop)

    def _results_after(self, listen: Listener, stop: Stop) -> str:
        try:
            self.look(listen, stop)
        except Stopped:
            self.tell("stale", True)
            return f" {saying.STOPPED_LOOKING}"
        return ""

    def _broken_off(self, outcome: str) -> str:
        if outcome == DIVERGED:
            return saying.RAN_AWAY
        if self.place.lost:
            return saying.TAKEN_OVER
        return saying.STOPPED_LEARNING if self.can_resume else saying.STOPPED_FIRST
