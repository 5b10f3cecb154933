"""The lectures' steps on one learner, each a job that says in a sentence what happened; and what the page is told meanwhile.

Needs PyTorch, so it is imported in the first job's thread.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from huggingface_hub import cached_assets_path

from sheets import InputError
from sheets.targets.excel import write as write_workbook

from . import excitement, exports
from .bodies import Body, fresh, load_body
from .curves import PREDICTIONS, PRETRAINED, RECORDING, SCRATCH, Curves
from .digits import digits
from .events import BatchEnded, EpochEnded, Event, Listener, Stop, Worked
from .head_sheets import ROWS, confusion_sheet, head_sheet
from .learner import BASE_LR, BATCH_SIZE, CHECKPOINT, DIVERGED, STOPPED, Learner, recipe
from .machine import device_sentence
from .pictures import Pictures, pictures_in
from .places import Place
from .recordings import read_recording
from .results import Predictions
from .schedules import Rate, Stage
from .showing import MOST_FILTERS, PATCHES, address, told_batch, told_clip, told_pictures, told_results

LATEST = "latest"  # saved after each step, so that a page that is loaded again finds the network
MOST_EPOCHS = 1000
MOST_LABELS = 8  # of a body, in its sentence
BODY_WORK = "Pictures through the body"
STARTING = {"epochs": 4, "frozen_epochs": 4, "lr": BASE_LR, "batch_size": BATCH_SIZE}  # where the pictures come without a recipe

Tell = Callable[[str, Any], None]


def sessions() -> Path:
    return cached_assets_path("gradsheet", namespace="sessions", subfolder="v1")


class Steps:
    """tell(name, value) is called with what the page is to show, in the thread that found it out."""

    def __init__(
        self,
        pictures: Pictures | Path | str | None,
        body: Body | Path | str | None,
        batch_size: int | None,
        seed: int,
        folder: Path | None,
        tell: Tell,
        listen: Listener,
    ):
        """folder: where the session is kept; None for a temporary one. Long: call it in a job."""
        if not torch.cuda.is_available():  # a core is left to the page
            torch.set_num_threads(max(1, torch.get_num_threads() - 1))
        self._tell, self.seed = tell, seed
        self.pictures = _pictures(pictures, seed, listen)
        self.body = body if isinstance(body, Body) else load_body(body or "digits")
        self.defaults = {**STARTING, **self.pictures.recipe}
        self.batch_size = int(batch_size or self.defaults["batch_size"])
        self.learner = Learner(self.pictures, self.body, self.batch_size, seed, folder=folder)
        self.place = Place(self.learner.folder)
        self.curves = Curves()
        self.saved: list[dict[str, Any]] = []
        self.predicted: Predictions | None = None
        self._head: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # features, weights, bias of these predictions
        self._learning = self.learner  # the learner whose training is the last, for `resume`
        self._playing, self._body_took = False, (0.0, 0.0)
        self._tell_about(listen)

    def _tell_about(self, listen: Listener) -> None:
        about = {
            "device": device_sentence(self.learner.settings.device),
            "pictures": told_pictures(self.pictures),
            "body": f"The body, {self.body.name}, was trained to tell {_some(self.body.labels)} apart."
            if self.body.has_head
            else f"The body is {self.body.name}.",
            "bodySays": list(self.body.said),
            "hasHead": self.body.has_head,
            "batch": told_batch(self.learner.show_batch(8, listener=listen)),
            "batchSize": self.batch_size,
            "epochs": self.defaults["epochs"],
            "frozenEpochs": self.defaults["frozen_epochs"],
            "lr": self.defaults["lr"],
            "layers": self.layers(self.defaults["lr"] / 200, self.defaults["lr"] / 2),
            "out": str(Path.home() / f"finetuned-{self.pictures.name}"),
        }
        self._tell("about", about)

    # --- what a page that was loaded again finds

    def take_up(self, listen: Listener, stop: Stop) -> str:
        """The session of this folder, if there was one."""
        for name in ("curve", "seen"):
            if kept := self.place.kept(name):
                self._tell(name, kept)
        self.curves, self.saved = Curves(self.place.kept("runs")), self.place.kept("saved") or []
        self._tell("runs", self.curves.runs)
        self._tell("saved", self.saved)
        try:
            said = self._taken_up(listen)
        except InputError as error:
            self.learner.forget()
            return f"What was kept of an earlier session does not fit: {error}. It was put aside."
        if self.place.kept("results"):
            self._look(listen)
        return said

    def _taken_up(self, listen: Listener) -> str:
        again = "The page was loaded again, and with it came a new Python."
        unfinished = self.learner.unfinished
        if (self.learner.folder / CHECKPOINT).exists():
            self.learner.resume(listen, stop=lambda: True)  # what it knew, without a step more
        if unfinished:
            return f"{again} The training that ran has ended. {self._kept_of(unfinished)} Press Resume to go on."
        if not self.place.kept("runs"):
            return "Ready."
        self.learner.load(LATEST)
        scratch = self._from_scratch()
        if scratch.unfinished:
            scratch.resume(listen, stop=lambda: True)
            self._learning = scratch
            return f"{again} The training from scratch that ran has ended at its last checkpoint. Press Resume to go on."
        return f"{again} Its last job had ended, and the network is as it was then."

    def _kept_of(self, plan: list[Stage]) -> str:
        stage = plan[self.learner.finished]
        runs = [run for run in self.curves.runs if run["source"] in (PREDICTIONS, PRETRAINED)]
        own = runs and not runs[-1]["over"] and runs[-1]["stage"] == stage.name
        epochs = len(runs[-1]["epochs"]) if own else 0
        return f"Its last checkpoint is from epoch {epochs + 1} of {stage.epochs} of the stage {stage.name!r}."

    # --- events

    def hear(self, event: Event) -> None:
        if isinstance(event, (BatchEnded, EpochEnded)):
            self.curves.hear(self._source(event.stage), event)
            self._tell("runs", self.curves.runs)
            if isinstance(event, EpochEnded):
                self.place.keep("runs", self.curves.runs)
        elif isinstance(event, Worked) and event.what == BODY_WORK:
            first, _ = self._body_took
            self._body_took = (first or perf_counter(), perf_counter())

    def _source(self, stage: str) -> str:
        if self._playing:
            return RECORDING
        if self._learning is not self.learner:
            return SCRATCH
        return PREDICTIONS if stage == "predictions" else PRETRAINED

    # --- the steps

    def fit_predictions(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        return self._fit([Stage("predictions", whole(options, "epochs"), number(options, "lr"))], listen, stop)

    def compute_features(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        self._body_took = (0.0, 0.0)
        self.learner.fit_frozen(0, BASE_LR, listen, stop)
        self.learner.save(LATEST)
        first, last = self._body_took
        head = self.learner.network.head
        count = len(self.pictures.train) + len(self.pictures.valid)
        where = f"computed for {count} pictures in {last - first:.2f} s and kept" if first else f"found kept, for {count} pictures"
        classes = len(self.pictures.classes)
        return (
            f"The last layer is popped; a new one turns the body's {head.in_features} features into {classes} logits. "
            f"The features were {where}: an epoch of the head need not look at a picture again."
        )

    def find(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        stage = options.get("stage")
        if stage not in ("frozen", "unfrozen"):
            raise InputError("the finder looks at frozen or unfrozen")
        curve = self.learner.lr_find(stage, listener=listen, stop=stop)
        told = {"stage": stage, **asdict(curve)}
        self._tell("curve", told)
        self.place.keep("curve", told)
        tried = f"{len(curve.lrs)} rates were tried; the network is exactly as before."
        if not curve.suggestions:
            return f"{tried} The loss ran away too soon for a suggestion: it was low already. Take a rate under the one where it rises."
        return f"{tried} Choose one of the suggestions: they stand on the curve and below it."

    def fit_frozen(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        return self._fit([Stage("frozen", whole(options, "epochs"), number(options, "lr"))], listen, stop)

    def fit_unfrozen(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        lr = slice(number(options, "first"), number(options, "lr"))
        return self._fit([Stage("unfrozen", whole(options, "epochs"), lr)], listen, stop)

    def fine_tune(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        return self._fit(recipe(whole(options, "epochs"), number(options, "lr"), whole(options, "frozen_epochs")), listen, stop)

    def scratch(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        """The same architecture from random weights, on the same pictures: its curve beside the other."""
        plan = [Stage("unfrozen", whole(options, "epochs"), number(options, "lr"))]
        self.curves.forget(SCRATCH)
        return self._fit(plan, listen, stop, self._from_scratch())

    def resume(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        if not self.can_resume:
            raise InputError("there is no training to resume")
        return self._after(self._learning.resume(listen, lambda: stop() or self.place.lost), listen)

    def save(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        name = str(options.get("name", "")).strip()
        if name == LATEST:
            raise InputError(f"{LATEST} is kept for the panel itself; choose another name")
        self.learner.save(name)
        epoch = self.curves.last_epoch(PRETRAINED)
        about = {"name": name, "accuracy": epoch and epoch["accuracy"], "validLoss": epoch and epoch["valid_loss"]}
        self.saved = [*(one for one in self.saved if one["name"] != name), about]
        self._tell("saved", self.saved)
        self.place.keep("saved", self.saved)
        return f"The weights are saved as {name!r}."

    def load(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        name = str(options.get("name", ""))
        self.learner.load(name)
        self.learner.save(LATEST)
        self._look(listen)
        return f"The weights are those saved as {name!r} again. {self._accuracy_now()}"

    def look(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        self._look(listen)
        return f"The results are those of the network as it is now. {self._accuracy_now()}"

    def look_inside(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        """First-layer filters and what excites them."""
        network = self.learner.network
        listen(Worked("Filters drawn", 0, 2))
        drawn = excitement.filters(network)[:MOST_FILTERS]
        listen(Worked("Filters drawn", 1, 2))
        patches = excitement.exciting_patches(network, self.body, self.pictures.valid, PATCHES)[:MOST_FILTERS]
        told = [
            {"src": address(one), "patches": [{"src": address(p.pixels), "caption": f"{p.activation:.2f}", "title": p.id} for p in found]}
            for one, found in zip(drawn, patches, strict=True)
        ]
        self._tell("seen", told)
        self.place.keep("seen", told)
        count = excitement.first_layer(network).out_channels
        which = f"the first {len(told)} of {count}" if count > len(told) else f"all {count}"
        return f"Drawn are {which} filters of the first layer, each with the patches that excite it most."

    def export(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        out = Path(str(options.get("out", "")).strip()).expanduser()
        if not out.is_absolute():
            raise InputError("give the folder's whole path, from the root of the disk")
        try:
            exports.write_all(out, self.learner, "finished", number(options, "clip", least=0.0))
        except OSError as error:
            raise InputError(f"{out}: {error.strerror}; choose another folder") from None
        return f"Written to {out}: predictions.csv, confusion.csv, metrics.json, the workbooks, and model, which from_pretrained opens."

    def play(self, options: dict[str, Any], listen: Listener, stop: Stop) -> str:
        recording = read_recording(Path(options["path"]))
        self.curves.forget(RECORDING)
        self._tell("playing", recording.about.sentence())
        self._playing = True
        try:
            whole_run = recording.play(listen, stop, number(options, "speed"))
        finally:
            self._playing = False
        return f"{recording.about.sentence()} {'It was played to its end.' if whole_run else 'It was stopped.'}"

    # --- around them

    def _from_scratch(self) -> Learner:
        folder = self.learner.folder / "scratch"
        return Learner(self.pictures, fresh(self.body, self.seed), self.batch_size, self.seed, folder=folder)

    def _fit(self, plan: list[Stage], listen: Listener, stop: Stop, learner: Learner | None = None) -> str:
        self._learning = learner or self.learner
        self.curves.begin(self._source(plan[0].name))
        self.place.keep("runs", self.curves.runs)
        return self._after(self._learning.fit(plan, listen, lambda: stop() or self.place.lost), listen)

    def _after(self, outcome: str, listen: Listener) -> str:
        """What happened, in words; where the network learnt to the end, also what it makes of the pictures now."""
        self.place.keep("runs", self.curves.runs)
        if outcome in (STOPPED, DIVERGED):
            self._tell("stale", True)
            return self._broken_off(outcome)
        if self._learning is not self.learner:
            return self._compared()
        self.learner.save(LATEST)
        if self.learner.plan[-1].name == "predictions":
            return self._linear()
        self._look(listen)
        return self._judged()

    def _broken_off(self, outcome: str) -> str:
        if outcome == DIVERGED:
            return "The loss ran away, and the last good weights are back; the notices say at which rate."
        if self.place.lost:
            return "This session was opened in another page, so the training stopped here."
        return "Stopped. What was learnt is kept: press Resume to go on with the next batch as if nothing had happened."

    @property
    def can_resume(self) -> bool:
        return bool(self._learning.unfinished)

    def _linear(self) -> str:
        made = self.learner.predictions("predictions")
        commonest = max(np.bincount(made.actual)) / len(made.actual)
        return (
            f"A linear model on the body's own {len(self.body.labels)} predictions gets {made.accuracy:.1%} of {len(made.ids)} validation "
            f"pictures right. Always naming the commonest class gets {commonest:.1%}."
        )

    def _judged(self) -> str:
        """Whether the last stage helped."""
        runs = [run for run in self.curves.of(PRETRAINED) if run["epochs"]]
        last, own = runs[-1]["epochs"][-1], runs[-1]["epochs"]
        took = sum(epoch["seconds"] for epoch in own)
        said = f"{_epochs(len(own))} in {took:.2f} s. Accuracy {last['accuracy']:.1%}, validation loss {last['valid_loss']:.4f}."
        if len(runs) < 2:
            return said
        before = runs[-2]["epochs"][-1]
        was = f"Before this stage it was {before['accuracy']:.1%} and {before['valid_loss']:.4f}"
        worse = last["valid_loss"] > before["valid_loss"]
        return f"{said} {was}{': the loss got worse. An earlier save can be loaded back in step 7' if worse else ''}."

    def _compared(self) -> str:
        scratch, other = self.curves.last_epoch(SCRATCH), self.curves.last_epoch(PRETRAINED)
        assert scratch is not None
        total = sum(len(run["epochs"]) for run in self.curves.of(SCRATCH))
        gives = f"accuracy {scratch['accuracy']:.1%}, validation loss {scratch['valid_loss']:.4f}"
        said = f"From scratch, after {_epochs(total)}: {gives}."
        if not other:
            return f"{said} Train the pretrained network too, to see both curves."
        return f"{said} The pretrained network stands at {other['accuracy']:.1%} and {other['valid_loss']:.4f}."

    def _accuracy_now(self) -> str:
        assert self.predicted is not None
        return f"Accuracy {self.predicted.accuracy:.1%} on {len(self.predicted.ids)} validation pictures."

    def _look(self, listen: Listener) -> None:
        self.predicted = self.learner.predictions(listener=listen)
        head = self.learner.network.head
        weight, bias = (part.detach().cpu().double().numpy().copy() for part in (head.weight, head.bias))
        self._head = (self.learner.features(ROWS), weight, bias)
        epoch = self.curves.last_epoch(PRETRAINED)
        of = {"frozen": "its head trained", "unfrozen": "all layers trained"}[epoch["stage"]] if epoch else "a head that knows nothing yet"
        told = told_results(self.predicted, self.pictures, f"The network with {of}")
        self._tell("results", told)
        self._tell("stale", False)
        self.place.keep("results", told)

    # --- quick answers, while a job may run

    def layers(self, first: float, lr: float) -> list[list[Any]]:
        """[layer, parameters, rate], from the first layer to the head."""
        rate: Rate = slice(first, lr)
        return [list(group) for group in self.learner.group_rates(rate)]

    def clip(self, clip: float) -> dict[str, Any]:
        return told_clip(self._results(), clip)

    def file(self, what: str, clip: float) -> bytes:
        """predictions.csv, confusion.xlsx or head.xlsx of the results that are shown."""
        predictions, target = self._results(), io.BytesIO()
        if what == "predictions.csv":
            path = self.learner.folder / what
            exports.write_predictions(path, predictions, clip)
            return path.read_bytes()
        if what == "confusion.xlsx":
            write_workbook(confusion_sheet(predictions), target)
        elif what == "head.xlsx":
            assert self._head is not None
            write_workbook(head_sheet(predictions, *self._head), target)
        else:
            raise InputError(f"there is no file {what!r} to download")
        return target.getvalue()

    def _results(self) -> Predictions:
        if self.predicted is None:
            raise InputError("there are no results yet; train, or press Look at the results now")
        return self.predicted


def _pictures(given: Pictures | Path | str | None, seed: int, listen: Listener) -> Pictures:
    if isinstance(given, Pictures):
        return given
    if given is None:
        return digits(seed=seed)
    return pictures_in(given, seed=seed, progress=lambda done, total: listen(Worked("Pictures checked", done, total)))


def _some(labels: list[str]) -> str:
    shown, more = ", ".join(labels[:MOST_LABELS]), len(labels) - MOST_LABELS
    return f"{len(labels)} classes ({shown}{f' and {more} more' if more > 0 else ''})"


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"


def whole(options: dict[str, Any], name: str) -> int:
    """A number of epochs, as the page sent it. Raises InputError."""
    value = options.get(name)
    if not isinstance(value, (int, float)) or value != value or not 1 <= value <= MOST_EPOCHS or int(value) != value:
        raise InputError(f"epochs is a whole number from 1 to {MOST_EPOCHS}")
    return int(value)


def number(options: dict[str, Any], name: str, least: float | None = None) -> float:
    """Raises InputError for what is no number; rates and clips check their own limits."""
    value = options.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or (least is not None and value < least):
        raise InputError(f"{name} is a number, such as 2e-3")
    return float(value)
