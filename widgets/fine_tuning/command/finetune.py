"""`gradsheet finetune`: the panel's work without the panel, alone or in each of torchrun's
processes.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sheets import InputError

from ..data.corrections import corrected, corrections_in
from ..data.digits import NAME, are_digits, digits_of
from ..data.events import EpochEnded, Event, Notice, Stop
from ..data.files import written_whole
from ..data.labels import labeller_of
from ..data.pictures import Pictures, fewer, pictures_in
from ..data.recipe import BASE_LR, LARGEST_RATE, LARGEST_SEED, Recipe
from ..learning.augmentation import augmentation_of
from ..learning.distributed import Processes, joined
from ..learning.learner import DIVERGED, STOPPED, Learner
from ..learning.machine import device_sentence
from ..learning.results import loss_words
from ..learning.schedules import stages_of
from ..learning.suiting import suited_body
from ..takeaway.exports import CLIP, SUBMISSION, checked_folder, write_all, wrote
from ..takeaway.submission import layout_beside, submission_of, unreadable_words
from .predict import heard as progress

RECIPE_FIELDS = ("epochs", "frozen_epochs", "batch_size")  # of Request and of Recipe
FIND = "find"
ALL = "all"  # layers
BEST, LAST = "best", "last"  # epoch whose network is kept
INTERRUPTED = 130  # as shells say of Ctrl-C


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
    flip: bool | None = None
    zoom: float | None = None
    unfreeze: str | None = None
    keep: str = BEST
    corrections: Path | None = None


def finetune(request: Request) -> int:
    """Train and write; the exit code.

    Raises InputError. Ctrl-C stops within a batch, and the same command then goes on.
    """
    if not 0 <= request.seed <= LARGEST_SEED:
        raise InputError(f"--seed {request.seed}: a whole number from 0 to {LARGEST_SEED}")
    if request.lr not in (None, FIND):
        checked_rate(request.lr)
    with joined():  # an error of all processes is raised when the writer has written
        outcome = tuned(request, say if Processes().is_writer else lambda _: None)
    if outcome == DIVERGED:
        raise InputError("the training diverged; what is written is the last good network")
    return INTERRUPTED if outcome == STOPPED else 0


def tuned(request: Request, say: Callable[[str], None]) -> str:
    """How the training ended; unless it was stopped, its results are written."""
    pictures = pictures_of(request)
    if request.corrections:
        changes = corrections_in(request.corrections)
        pictures = corrected(pictures, changes, all_there=request.sample is None)
    recipe = recipe_of(request, pictures.recipe)
    body = suited_body(pictures, request.body)
    out = request.out or Path(f"finetuned-{pictures.name}")
    augmentation = augmentation_of(pictures, request.flip, request.zoom)
    learner = Learner(
        pictures, body, recipe.batch_size, request.seed, augmentation, folder=out / "checkpoint"
    )
    checked_folder(out, pictures)
    device = device_sentence(learner.settings.device)
    for sentence in (*pictures.sentences(), *body.said, augmentation.sentence(), device):
        say(sentence)
    outcome = trained(learner, recipe, request.lr == FIND, say)
    if outcome == STOPPED:
        say(
            f"Stopped. What was learnt is kept in {learner.folder}; the same command goes on from"
            " there."
        )
        return outcome
    epoch = kept_epoch(learner, request.keep, say)
    failed: list[str] = []

    def fail(name: str, why: str) -> None:
        failed.append(name)
        say(f"{name} is not written: {why}")

    predictions = write_all(out, learner, outcome, failed=fail, epoch=epoch)
    if pictures.test and learner.is_writer:
        hand_in(out / SUBMISSION, learner, say, fail)
    learner.forget_saved(BEST)
    learner.forget()
    loss = predictions.expected_log_loss(CLIP)
    say(
        f"Accuracy {predictions.accuracy:.2%}. {predictions.beside_the_commonest()} Expected log"
        f" loss {loss:.4f} with probabilities clipped at {CLIP:g}."
    )
    say(predictions.calibration().sentence())
    say(f"Wrote {wrote(out, failed)} into {out}")
    return outcome


def hand_in(
    path: Path, learner: Learner, say: Callable[[str], None], failed: Callable[[str, str], None]
) -> None:
    """The test's pictures, predicted, in the layout of the sample submission that lies beside them,
    where there is one that can be followed.
    """
    found = learner.answers(learner.pictures.test, progress(say))
    try:
        text = submission_of(found, layout_beside(learner.pictures.folder))
    except InputError as error:
        say(f"{error}; {SUBMISSION} has a column for each class. gradsheet predict has --class.")
        text = submission_of(found)
    try:
        with written_whole(path) as draft:
            draft.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        failed(path.name, error.strerror or str(error))
    for sentence in unreadable_words(found):
        say(sentence)


def recipe_of(request: Request, recipe: Recipe) -> Recipe:
    """The pictures' recipe with what the person asked for instead. Raises InputError.

    A rate that the person gives, or has found, is the head's too.
    """
    asked: dict[str, Any] = {
        name: value for name in RECIPE_FIELDS if (value := getattr(request, name)) is not None
    }
    if request.lr is not None:
        asked["frozen_lr"] = None
    if request.lr not in (None, FIND):
        asked["lr"] = checked_rate(request.lr)
    if request.unfreeze is not None:
        asked["depth"] = depth_of(request.unfreeze)
    return replace(recipe, **asked)


def keep_the_best(learner: Learner, event: Event) -> None:
    """The network of the best epoch so far, beside the checkpoint."""
    if isinstance(event, EpochEnded) and event.merit >= max(one.merit for one in learner.history):
        learner.save(BEST)


def better_before(history: list[EpochEnded]) -> EpochEnded | None:
    """The best epoch, where more pictures were right after it than at the end."""
    best = max(history, key=lambda epoch: epoch.merit, default=None)
    return best if best and best.accuracy > history[-1].accuracy else None


def kept_epoch(learner: Learner, keep: str, say: Callable[[str], None]) -> EpochEnded | None:
    """The epoch whose network the learner has from here on: the last one, or the best one where
    more pictures were right after that; None where there was none.
    """
    best = better_before(learner.history)
    if not best:
        return learner.history[-1] if learner.history else None
    was = (
        f"It was best after epoch {best.epoch} of the stage {best.stage}, at {best.accuracy:.2%},"
        f" and ended at {learner.history[-1].accuracy:.2%}"
    )
    if keep == LAST:
        say(f"{was}; what is written is the last network.")
        return learner.history[-1]
    learner.load(BEST)
    say(
        f"{was}; what is written is the best network (--keep last: the last one). The pictures that"
        " say its accuracy have also chosen it, so a little less is to be expected of new ones."
    )
    return best


def trained(learner: Learner, recipe: Recipe, find: bool, say: Callable[[str], None]) -> str:
    """Train, from the last checkpoint where one of the same training is there; the outcome.

    find: take the rate that the learning-rate finder suggests.
    """

    def heard(event: Event) -> None:
        keep_the_best(learner, event)
        hear(event, say)

    with stopping() as stop:
        if find:
            recipe = replace(recipe, lr=found_rate(learner, say, stop))
        plan = stages_of(recipe)
        if learner.kept_plan == plan:  # carried out to its end where its results were not written
            say("Going on from the last checkpoint.")
            return learner.resume(heard, stop)
        return learner.fit(plan, heard, stop)


def say(text: str) -> None:
    """Wherever it goes: what that cannot write, such as a sun where only English letters are known,
    is spelt by its number.
    """
    known = sys.stdout.encoding or "utf-8"
    print(text.encode(known, "backslashreplace").decode(known))


def pictures_of(request: Request) -> Pictures:
    if not request.data.strip():
        raise InputError("there is no name of a folder; write one, or digits")
    own = are_digits(request.data)
    if own and request.labels != "folder":
        raise InputError(
            f"--labels {request.labels}: the {NAME} that come along have theirs; leave it out,"
            f" or write ./{NAME}"
        )
    if not own:
        return pictures_in(
            request.data,
            labeller_of(request.labels, request.data),
            seed=request.seed,
            sample=request.sample,
        )
    found = digits_of(request.data, request.seed)
    return found if request.sample is None else fewer(found, request.sample)


def checked_rate(said: str | float) -> float:
    try:
        rate = float(said)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= LARGEST_RATE:
        raise InputError(f"--lr {said}: a number above 0 and up to {LARGEST_RATE:g}, or find")
    return rate


def depth_of(said: str) -> int | None:
    """Raises InputError."""
    if said == ALL:
        return None
    if not said.isdecimal() or int(said) < 1:
        raise InputError(f"--unfreeze {said}: how many blocks, 1 or more, or {ALL}")
    return int(said)


def found_rate(learner: Learner, say: Callable[[str], None], stop: Stop) -> float:
    """The valley of the head's curve, over batches of the training pictures."""
    found = learner.lr_find("frozen", stop=stop).suggestions
    if stop():
        return BASE_LR  # nothing will be trained with it
    if "valley" not in found:
        raise InputError(
            "--lr find: the loss ran away before a rate could be suggested; give a rate, such as"
            " --lr 1e-3"
        )
    say(
        "Learning rates suggested: "
        + ", ".join(f"{name} {rate:.2e}" for name, rate in found.items())
        + ". Taking the valley."
    )
    return found["valley"]


def hear(event: Event, say: Callable[[str], None]) -> None:
    if isinstance(event, EpochEnded):
        losses = (
            f"training loss {loss_words(event.train_loss)}, validation loss"
            f" {loss_words(event.valid_loss)}"
        )
        say(
            f"{event.stage} {event.epoch}/{event.epochs}: {losses}, accuracy {event.accuracy:.2%},"
            f" {event.seconds:.2f} s"
        )
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
