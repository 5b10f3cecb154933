"""`gradsheet finetune`: the panel's work without the panel, alone or in each of torchrun's processes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sheets import InputError

from .bodies import DIGITS, load_body
from .choosing import LARGEST_SEED, labeller_of
from .digits import digits
from .distributed import Processes, joined
from .events import EpochEnded, Event, Notice, Stop
from .exports import CLIP, write_all
from .learner import BATCH_SIZE, DIVERGED, STOPPED, Learner
from .machine import device_sentence
from .pictures import Pictures, fewer, pictures_in
from .schedules import BASE_LR, LARGEST, recipe

RECIPE = {"epochs": 4, "frozen_epochs": 1, "lr": BASE_LR, "batch_size": BATCH_SIZE}  # where neither the person nor the data says otherwise
FIND = "find"


@dataclass(frozen=True)
class Request:
    """What the person asked for; None where nothing was said."""

    data: str
    labels: str = "folder"
    body: str | None = None
    epochs: int | None = None
    frozen_epochs: int | None = None
    lr: str | None = None
    batch_size: int | None = None
    seed: int = 0
    sample: int | None = None
    out: Path | None = None


def finetune(request: Request) -> int:
    """Train and write; the exit code. Raises InputError. Ctrl-C stops within a batch, and the same command then goes on."""
    with joined():
        processes = Processes()
        say = print if processes.is_writer else lambda *_: None
        if not 0 <= request.seed <= LARGEST_SEED:
            raise InputError(f"--seed {request.seed}: a whole number from 0 to {LARGEST_SEED}")
        pictures = pictures_of(request)
        chosen: dict[str, Any] = {**RECIPE, **pictures.recipe}
        chosen |= {name: value for name in RECIPE if (value := getattr(request, name)) is not None}
        out = request.out or Path(f"finetuned-{pictures.name}")
        body = load_body(request.body or DIGITS)
        learner = Learner(pictures, body, int(chosen["batch_size"]), request.seed, folder=out / "checkpoint")
        for sentence in (*pictures.sentences(), *body.said, device_sentence(learner.settings.device)):
            say(sentence)
        with stopping() as stop:
            plan = recipe(int(chosen["epochs"]), _rate(chosen["lr"], learner, say, stop), int(chosen["frozen_epochs"]))
            heard = lambda event: hear(event, say)
            if learner.unfinished == plan:
                say("Going on from the last checkpoint.")
                outcome = learner.resume(heard, stop)
            else:
                outcome = learner.fit(plan, heard, stop)
        if outcome == STOPPED:
            say(f"Stopped. What was learnt is kept in {learner.folder}; the same command goes on from there.")
            return 130
        predictions = write_all(out, learner, outcome)
        learner.forget()
        loss = predictions.expected_log_loss(CLIP)
        say(f"Accuracy {predictions.accuracy:.2%}; expected log loss {loss:.4f} with probabilities clipped at {CLIP:g}.")
        say(predictions.calibration().sentence())
        say(f"Wrote metrics.json, predictions.csv, confusion.csv, confusion.xlsx, head.xlsx and model into {out}")
        if outcome == DIVERGED:
            raise InputError("the training diverged; what is written is the last good network")
        return 0


def pictures_of(request: Request) -> Pictures:
    if not request.data.strip():
        raise InputError("there is no name of a folder; write one, or digits")
    if request.data == DIGITS and request.labels != "folder":
        raise InputError(f"--labels {request.labels}: the {DIGITS} that come along have theirs; leave it out, or write ./{DIGITS}")
    if request.data != DIGITS:  # a folder of that name is ./digits
        return pictures_in(request.data, labeller_of(request.labels, request.data), seed=request.seed, sample=request.sample)
    found = digits(seed=request.seed)
    return found if request.sample is None else fewer(found, request.sample)


def _rate(said: str | float, learner: Learner, say: Any, stop: Stop) -> float:
    """The base learning rate: a number, or the valley of the head's curve."""
    if said == FIND:
        found = learner.lr_find("frozen", stop=stop).suggestions
        if stop():
            return BASE_LR  # nothing will be trained with it
        if "valley" not in found:
            raise InputError("--lr find: the loss ran away before a rate could be suggested; give a rate, such as --lr 1e-3")
        say("Learning rates suggested: " + ", ".join(f"{name} {rate:.2e}" for name, rate in found.items()) + ". Taking the valley.")
        return found["valley"]
    try:
        rate = float(said)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= LARGEST:
        raise InputError(f"--lr {said}: a number above 0 and up to {LARGEST:g}, or find")
    return rate


def hear(event: Event, say: Any) -> None:
    if isinstance(event, EpochEnded):
        losses = f"training loss {event.train_loss:.4f}, validation loss {event.valid_loss:.4f}"
        say(f"{event.stage} {event.epoch}/{event.epochs}: {losses}, accuracy {event.accuracy:.2%}, {event.seconds:.2f} s")
    elif isinstance(event, Notice):
        say(event.text)


@contextmanager
def stopping() -> Iterator[Stop]:
    """Ctrl-C once asks to stop; twice is the usual way out."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be had
        yield asked.is_set
        return
    usual = signal.getsignal(signal.SIGINT)

    def interrupted(*_: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, usual)
