"""What happened, in sentences for the person, from its own numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..learning.confidence import confidence_sentence
from ..learning.few import ByCount
from ..learning.results import Predictions, loss_words
from ..learning.rolling_up import RolledUp
from ..learning.schedules import Stage
from .curves import PREDICTIONS, PRETRAINED, SCRATCH, Curves
from .jobs import STAGES

MOST_LABELS = 8  # of a body
RISEN = 1.05  # times the least validation loss; less may be chance
READY = "Ready."
AGAIN = "The page was loaded again, and with it came a new Python."
RAN_AWAY = "The loss ran away, and the last good weights are back; the notices say at which rate."
TAKEN_OVER = "This session was opened in another page, so the training stopped here."
STOPPED_FIRST = "Stopped before it began to learn; everything is as it was."
STOPPED_LEARNING = (
    "Stopped. What was learnt is kept: press Resume to go on with the next batch as if nothing had"
    " happened."
)
STOPPED_LOOKING = "Looking at the results was stopped; those that are shown are from before."


def some_of(labels: Sequence[str]) -> str:
    shown, more = ", ".join(labels[:MOST_LABELS]), len(labels) - MOST_LABELS
    return f"{len(labels)} classes ({shown}{f' and {more} more' if more > 0 else ''})"


def epochs_of(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}"


def body_is(name: str, labels: Sequence[str], has_head: bool) -> str:
    return (
        f"The body, {name}, was trained to tell {some_of(labels)} apart."
        if has_head
        else f"The body is {name}."
    )


def marked(marks: dict[str, str], applied: dict[str, str]) -> str:
    """What is marked, and whether it is in use."""
    if not marks:
        return "No picture is marked." + (" The labels as they came wait." if applied else "")
    return f"{_changes(marks)}: {'in use' if marks == applied else 'not in use yet'}."


def put_right(marks: dict[str, str]) -> str:
    said = _changes(marks) if marks else "All labels are as they came"
    return (
        f"{said}; the files are untouched. The network is as it was: train on, and it learns from"
        " the pictures as they are labelled now."
    )


def _changes(marks: dict[str, str]) -> str:
    out = sum(not label for label in marks.values())
    changed = len(marks) - out
    said = [
        f"{changed} picture{'s have' if changed > 1 else ' has'} another label",
        f"{out} picture{'s are' if out > 1 else ' is'} left out",
    ]
    return " and ".join(one for one, count in zip(said, (changed, out), strict=True) if count)


def popped(features: int, classes: int, pictures: int, seconds: float | None) -> str:
    """seconds: that the body took; None where its features were kept."""
    where = (
        f"found kept, for {pictures} pictures"
        if seconds is None
        else f"computed for {pictures} pictures in {seconds:.2f} s and kept"
    )
    return (
        f"The last layer is popped; a new one turns the body's {features} features into {classes}"
        " logits. "
        f"The features were {where}: an epoch of the head need not look at a picture again."
    )


def searched(rates: int, suggested: bool, stopped: bool) -> str:
    tried = f"{rates} rates were tried; the network is exactly as before."
    if stopped:
        return f"Stopped: {tried}"
    if not suggested:
        return (
            f"{tried} The loss ran away too soon for a suggestion: it was low already. Take a rate"
            " under the one where it rises."
        )
    return f"{tried} Choose one of the suggestions: they stand on the curve and below it."


def linear(made: Predictions, labels: int) -> str:
    return (
        f"A linear model on the body's own {labels} predictions gets {made.accuracy:.1%} of"
        f" {len(made.ids)} validation pictures right. {made.beside_the_commonest()}"
    )


def rolled(found: RolledUp | None, classes: Sequence[str]) -> str:
    """Beside the linear model: the same predictions, and nothing learnt."""
    if found is None:
        return ""
    named = ", ".join(
        f"{count} for {name}" for count, name in zip(found.counts, classes, strict=True)
    )
    ways = ", ".join(f"{way} {share:.1%}" for way, share in found.right.items())
    return (
        f" Rolled up by their names alone ({named}), without learning, they get, by what is taken"
        f" of them: {ways}."
    )


def judged(curves: Curves) -> str:
    """Whether the last stage helped."""
    own = [run["epochs"] for run in curves.of(PRETRAINED) if run["epochs"]][-1]
    last, took = own[-1], sum(epoch["seconds"] for epoch in own)
    said = (
        f"{epochs_of(len(own))} in {took:.2f} s. Accuracy {last['accuracy']:.1%}, validation loss"
        f" {loss_words(last['valid_loss'])}."
    )
    said += peaked(own) + by_heart(own)
    said += f" {confident}" if (confident := confidence_sentence(own)) else ""
    before = curves.stands(PRETRAINED, back=1)
    if not before:
        return said
    was = (
        f"Before this stage it was {before['accuracy']:.1%} and {loss_words(before['valid_loss'])}"
    )
    worse = last["valid_loss"] > before["valid_loss"]
    return (
        f"{said}"
        f" {was}"
        f"{': the loss got worse. An earlier save can be loaded back in step 7' if worse else ''}."
    )


def peaked(epochs: Sequence[dict[str, Any]]) -> str:
    """Where a stage was better before its end."""
    best, last = max(epochs, key=merit), epochs[-1]
    if best["accuracy"] <= last["accuracy"]:
        return ""
    return (
        f" It was best after epoch {best['epoch']}, at {best['accuracy']:.2%}, and ended at"
        f" {last['accuracy']:.2%}; the best epoch of all is kept, and can be loaded back in step 7."
    )


def by_heart(epochs: Sequence[dict[str, Any]]) -> str:
    """Where the training loss went on falling while the validation loss rose."""
    least = min(epochs, key=lambda epoch: epoch["valid_loss"])
    last = epochs[-1]
    rose = last["valid_loss"] > RISEN * least["valid_loss"]
    if not rose or last["train_loss"] >= least["train_loss"]:
        return ""
    return (
        f" Since epoch {least['epoch']} the training loss fell from"
        f" {loss_words(least['train_loss'])} to {loss_words(last['train_loss'])}, and the"
        f" validation loss rose from {loss_words(least['valid_loss'])} to"
        f" {loss_words(last['valid_loss'])}: it overfits, learning its pictures by heart."
    )


def merit(epoch: dict[str, Any]) -> tuple[float, float]:
    """As EpochEnded.merit."""
    return epoch["accuracy"], -epoch["valid_loss"]


def compared(curves: Curves) -> str:
    """From scratch, against the pretrained network."""
    scratch, other = curves.stands(SCRATCH), curves.stands(PRETRAINED)
    assert scratch is not None
    total = sum(len(run["epochs"]) for run in curves.of(SCRATCH))
    gives = (
        f"accuracy {scratch['accuracy']:.1%}, validation loss {loss_words(scratch['valid_loss'])}"
    )
    said = f"From scratch, after {epochs_of(total)}: {gives}."
    if not other:
        return f"{said} Train the pretrained network too, to see both curves."
    return (
        f"{said} The pretrained network stands at {other['accuracy']:.1%} and"
        f" {loss_words(other['valid_loss'])}."
    )


def fewer(found: Sequence[ByCount], commonest: float) -> str:
    """commonest: the accuracy of always naming the commonest class."""
    first, last = found[0], found[-1]
    return (
        f"With {pictures_of(first.each)} of each class a new head gets {first.mean:.1%} of the"
        f" validation pictures right, with {last.each:,} {last.mean:.1%}: the mean of"
        f" {len(first.accuracies)} draws of the pictures. Always naming the commonest class gets"
        f" {commonest:.1%}."
    )


def pictures_of(count: int) -> str:
    return f"{count:,} picture{'s' * (count != 1)}"


def accuracy_of(predicted: Predictions) -> str:
    return f"Accuracy {predicted.accuracy:.1%} on {len(predicted.ids)} validation pictures."


def kept_of(curves: Curves, stage: Stage) -> str:
    """Where the last checkpoint is, of a training that ended with its Python."""
    runs: list[dict[str, Any]] = [
        run for run in curves.runs if run["source"] in (PREDICTIONS, PRETRAINED)
    ]
    own = runs and not runs[-1]["over"] and runs[-1]["stage"] == stage.name
    epochs = len(runs[-1]["epochs"]) if own else 0
    return (
        f"Its last checkpoint is from epoch {epochs + 1} of {stage.epochs} of the stage"
        f" '{STAGES[stage.name]}'."
    )
