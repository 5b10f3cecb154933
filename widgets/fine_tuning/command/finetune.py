"""`gradsheet finetune`: the panel's work without the panel, alone or in each of torchrun's
processes.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
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
from ..data.metrics import ACCURACY, METRICS
from ..data.pictures import Pictures, fewer, pictures_in
from ..data.recipe import BASE_LR, LARGEST_RATE, LARGEST_SEED, Recipe
from ..learning.augmentation import augmentation_of
from ..learning.bodies import Body, at_size
from ..learning.confidence import confidence_sentence
from ..learning.distributed import Processes, is_first, joined
from ..learning.learner import DIVERGED, FINISHED, STOPPED, Learner
from ..learning.loss import MIXUP, Loss, balanced
from ..learning.machine import device_sentence, keep_memory
from ..learning.results import loss_words
from ..learning.schedules import Stage, stages_of
from ..learning.suiting import suited_body
from ..learning.views import VIEWS, check_views
from ..takeaway.exports import CLIP, SUBMISSION, checked_folder, write_all, wrote
from ..takeaway.script import Origin, script_of
from ..takeaway.submission import layout_beside, submission_of, unreadable_words
from .bar import Bar
from .log import logged
from .predict import heard as progress
from .predict import model_at

RECIPE_FIELDS = ("epochs", "frozen_epochs", "batch_size")  # of Request and of Recipe
FIND, BALANCED = "find", "balanced"
MOST_WEIGHTS = 5  # that are said
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
    size: int | None = None
    further: Path | None = None
    metric: str = ACCURACY
    early_stop: int | None = None
    log: Path | None = None
    weights: str | None = None
    mixup: bool = False
    tta: bool = False


def finetune(request: Request) -> int:
    """Train and write; the exit code.

    Raises InputError. Ctrl-C stops within a batch, and the same command then goes on.
    """
    if not 0 <= request.seed <= LARGEST_SEED:
        raise InputError(f"--seed {request.seed}: a whole number from 0 to {LARGEST_SEED}")
    if request.lr not in (None, FIND):
        checked_rate(request.lr)
    if request.early_stop is not None and request.early_stop < 1:
        raise InputError(f"--early-stop {request.early_stop}: 1 epoch or more")
    keep_memory()
    bar = Bar(sys.stderr)

    def beside_the_bar(text: str) -> None:
        bar.clear()
        say(text)

    with logged(request.log if is_first() else None, beside_the_bar) as told:
        try:
            with joined():  # an error of all processes is raised when the writer has written
                if Processes().is_writer:
                    outcome = tuned(request, told, bar)
                else:
                    outcome = tuned(request, lambda _: None)
        finally:
            bar.clear()
        if outcome == DIVERGED:
            raise InputError("the training diverged; what is written is the last good network")
    return INTERRUPTED if outcome == STOPPED else 0


def tuned(request: Request, say: Callable[[str], None], bar: Bar | None = None) -> str:
    """How the training ended; unless it was stopped, its results are written."""
    pictures = pictures_of(request)
    if request.corrections:
        changes = corrections_in(request.corrections)
        pictures = corrected(pictures, changes, all_there=request.sample is None)
    recipe = recipe_of(request, pictures.recipe)
    body = body_for(request, pictures)
    if body.goes_on and request.frozen_epochs is None and set(pictures.classes) <= {*body.labels}:
        recipe = replace(recipe, frozen_epochs=0)  # its head knows all of them
    loss = loss_of(request, pictures)
    out = request.out or Path(f"finetuned-{pictures.name}")
    augmentation = augmentation_of(pictures, request.flip, request.zoom)
    if request.tta:
        check_views(augmentation)
    learner = Learner(
        pictures,
        body,
        recipe.batch_size,
        request.seed,
        augmentation,
        folder=out / "checkpoint",
        loss=loss,
        metric=request.metric,
    )
    checked_folder(out, pictures)
    device = device_sentence(learner.settings.device)
    told = (*pictures.sentences(), *body.said, augmentation.sentence())
    for sentence in (*told, *how_it_learns(request, learner), device):
        say(sentence)
    outcome = trained(learner, recipe, request, say, bar)
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

    for sentence in looked_back(learner):
        say(sentence)
    predictions = write_all(
        out,
        learner,
        outcome,
        failed=fail,
        epoch=epoch,
        settings=settings_of(request),
        script=script_of(
            learner, origin_of(request), learner.history.index(epoch) + 1 if epoch else 0
        ),
    )
    if pictures.test and learner.is_writer:
        hand_in(out / SUBMISSION, learner, say, fail, request.tta)
    learner.forget_saved(BEST)
    learner.forget()
    expected = predictions.expected_log_loss(CLIP)
    averaged = f", averaged over {VIEWS + 1} views of each picture" if request.tta else ""
    say(
        f"Accuracy {predictions.accuracy:.2%}{averaged}. {predictions.beside_the_commonest()}"
        f" Expected log loss {expected:.4f} with probabilities clipped at {CLIP:g}."
    )
    say(predictions.calibration().sentence())
    say(f"Wrote {wrote(out, failed)} into {out}")
    return outcome


def body_for(request: Request, pictures: Pictures) -> Body:
    """The named one, a finished model to train further, or what suits. Raises InputError."""
    if request.further is not None and request.body is not None:
        raise InputError("--further names the body too; leave --body out")
    if request.further is not None:
        found = model_at(request.further)
        known = [name for name in pictures.classes if name in found.labels]
        if not known:
            raise InputError(
                f"--further {request.further}: it knows none of these classes; as a body that"
                f" learns others, write --body {Path(found.name)}"
            )
        said = (
            f"It goes on from {request.further}, which knows {len(known)} of the"
            f" {len(pictures.classes)} classes. Where that has learnt from pictures that check now,"
            " the accuracy says more than it will hold; the same folder with the same seed is"
            " parted alike."
        )
        body = replace(found, said=(*found.said, said), goes_on=True)
    else:
        body = suited_body(pictures, request.body)
    return body if request.size is None else at_size(body, request.size)


def loss_of(request: Request, pictures: Pictures) -> Loss:
    counts = [train for train, _ in pictures.counts.values()]
    return Loss(
        balanced(counts) if request.weights == BALANCED else (), MIXUP if request.mixup else 0.0
    )


def how_it_learns(request: Request, learner: Learner) -> Iterator[str]:
    """What is not as usual."""
    weights = learner.settings.loss.weights
    if weights:
        named = zip(learner.pictures.classes, weights, strict=True)
        most = sorted(named, key=lambda one: -one[1])[:MOST_WEIGHTS]
        yield (
            "Pictures of rare classes count more in the training loss: "
            + ", ".join(f"{name} {weight:.2f}" for name, weight in most)
            + (", ..." if len(weights) > MOST_WEIGHTS else ".")
        )
    if request.mixup:
        yield (
            "While all layers learn, each picture is blended with another (mixup), and the training"
            " loss counts both labels by their shares, so it cannot come near 0."
        )
    if request.metric != ACCURACY:
        yield f"The best epoch is that by {request.metric}: {METRICS[request.metric].meaning}."


def settings_of(request: Request) -> dict[str, Any]:
    """What metrics.json says of them."""
    return {
        name: value
        for name in ("metric", "weights", "mixup", "tta", "size", "early_stop")
        if (value := getattr(request, name))
    }


def origin_of(request: Request) -> Origin:
    changes = corrections_in(request.corrections) if request.corrections else {}
    return Origin(request.data, request.labels, request.sample, changes, request.size)


def looked_back(learner: Learner) -> Iterator[str]:
    """What the epochs of each stage say together."""
    for stage in dict.fromkeys(epoch.stage for epoch in learner.history):
        own = [vars(epoch) for epoch in learner.history if epoch.stage == stage]
        if said := confidence_sentence(own):
            yield f"{stage}: {said}"


def hand_in(
    path: Path,
    learner: Learner,
    say: Callable[[str], None],
    failed: Callable[[str, str], None],
    views: bool,
) -> None:
    """The test's pictures, predicted, in the layout of the sample submission that lies beside them,
    where there is one that can be followed.
    """
    found = learner.answers(learner.pictures.test, progress(say), views=views)
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
    """The best epoch, where the metric was better after it than at the end."""
    best = max(history, key=lambda epoch: epoch.merit, default=None)
    return best if best and best.merit[0] > history[-1].merit[0] else None


def kept_epoch(learner: Learner, keep: str, say: Callable[[str], None]) -> EpochEnded | None:
    """The epoch whose network the learner has from here on: the last one, or the best one where
    more pictures were right after that; None where there was none.
    """
    best = better_before(learner.history)
    if not best:
        return learner.history[-1] if learner.history else None
    was = (
        f"It was best after epoch {best.epoch} of the stage {best.stage}, at {worth(best)},"
        f" and ended at {worth(learner.history[-1])}"
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


def worth(epoch: EpochEnded) -> str:
    """An epoch's metric, in words."""
    if epoch.value is None:
        return f"{epoch.accuracy:.2%}"
    return f"{epoch.metric} {METRICS[epoch.metric].words(epoch.value)}"


def trained(
    learner: Learner,
    recipe: Recipe,
    request: Request,
    say: Callable[[str], None],
    bar: Bar | None = None,
) -> str:
    """Train, from the last checkpoint where one of the same training is there; the outcome."""

    def heard(event: Event) -> None:
        keep_the_best(learner, event)
        hear(event, say)
        if bar:
            bar.hear(event)

    with stopping() as asked:
        if request.lr == FIND:
            recipe = replace(recipe, lr=found_rate(learner, say, asked))
        plan = stages_of(recipe)

        def is_early() -> bool:
            patience = request.early_stop
            return patience is not None and waited(learner.history, plan) >= patience

        def stop() -> bool:
            return asked() or is_early()

        if learner.kept_plan == plan:  # carried out to its end where its results were not written
            say("Going on from the last checkpoint.")
            outcome = learner.resume(heard, stop)
        else:
            outcome = learner.fit(plan, heard, stop)
        if outcome == STOPPED and is_early() and not asked():
            say(f"Stopped early: {request.early_stop} epochs brought nothing better.")
            return FINISHED
    return outcome


def waited(history: Sequence[EpochEnded], plan: Sequence[Stage]) -> int:
    """Epochs of the plan's last stage since its best one; 0 before it."""
    last = [stage.name for stage in plan if stage.epochs][-1:]
    own = [epoch for epoch in history if [epoch.stage] == last]
    best = max(range(len(own)), key=lambda k: own[k].merit, default=0)
    return max(0, len(own) - 1 - best)


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
            f"{'' if event.value is None else f' {worth(event)},'} {event.seconds:.2f} s"
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
