"""Overfitting: a curve that can memorise its noisy points, and the points kept back that tell."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, column_index, normal, row_index, uniform
from .overfitting_words import say_all
from .stories import tell_story

MOST_POINTS = 40
KEPT_BACK = 30  # points for validation
WAVES = 24  # at most; the constant is one more term
DRAWN = 61  # points of a curve in the chart
OFF = -9  # where the chart does not reach: points that are not in use
NONE_YET = 1e9  # a validation loss before the first
SEED = 1
OFF_ON = ("off", "on")


def overfitting() -> Sheet:
    s = Sheet(
        "overfitting",
        title="Overfitting: why some points are kept back",
        summary=(
            "A curve with room to memorise learns its noisy points by heart. How many epochs are"
            " right, and who can tell?"
        ),
    )
    hands = _settings(s)
    train, kept = _points(s, hands)
    curve = _curve(s, hands, train, kept)
    _losses(s, hands)
    _best(s, hands)
    _update(s, hands, curve)
    _drawn(s, curve)
    _charts(s)
    tell_story(s, "overfitting")
    say_all(s)
    _sources(s)
    s.look = "train_loss"
    return s


def _settings(s: Sheet) -> SimpleNamespace:
    s.group("Settings")
    whole = {"whole": True, "format": "d"}
    decay = {"scale": "log", "smallest": 1e-4, "symbol": r"\lambda"}
    return SimpleNamespace(
        points=s.parameter("points", 16, 4, MOST_POINTS, note="that are trained on", **whole),
        waves=s.parameter("waves", 20, 1, WAVES, note="that the curve is made of", **whole),
        noise=s.parameter("noise", 0.3, 0, 1, step=0.05, symbol=r"\sigma", note="on every point"),
        decay=s.parameter("weight_decay", 0, 0, 1, note="how dear large coefficients are", **decay),
        rate=s.parameter(
            "learning_rate", 0.1, 0, 1, step=0.01, symbol=r"\eta", note="of an epoch's update"
        ),
        early=s.choice(
            "early_stopping", OFF_ON[0], OFF_ON, note="ends the run when validation has turned"
        ),
        patience=s.parameter(
            "patience", 30, 1, 200, note="epochs to wait for a better one", **whole
        ),
        seed=s.parameter("seed", SEED, 0, 1000, note="another seed, other points", **whole),
    )


def _points(s: Sheet, hands: SimpleNamespace) -> tuple[SimpleNamespace, SimpleNamespace]:
    """The points that are trained on, and those that are kept back."""
    s.group("How the points are drawn", "By the seed", worksheet="Draws", folded=True)
    draws = {
        name: (
            uniform(s, f"{name}_place", (count, 1), hands.seed, format=".3f"),
            normal(s, f"{name}_noise", (count, 1), hands.seed, format=".3f"),
        )
        for name, count in (("train", MOST_POINTS), ("valid", KEPT_BACK))
    }
    points = {}
    for name, title in (("train", "Points to train on"), ("valid", "Points kept back")):
        s.group(title, "A hidden curve, and noise on it", worksheet="Points", folded=True)
        x, noise = draws[name]
        y = s.let(
            f"{name}_y",
            _truth(x) + hands.noise * noise,
            role="target",
            format=".3f",
            note="the hidden curve at x, and noise",
        )
        points[name] = SimpleNamespace(x=x, y=y)
    points["train"].used = s.let(
        "train_used",
        np.less(row_index(MOST_POINTS), hands.points),
        format="d",
        note="1 for a point in use",
    )
    s.let(
        "train_x",
        np.where(np.equal(points["train"].used, 1), points["train"].x, OFF),
        format=".3f",
        note=f"where the chart draws it; {OFF}: not in use",
    )
    return points["train"], points["valid"]


def _truth(x: Expr) -> Expr:
    return 0.8 * np.sin(np.pi * (2 * x - 1))


def _waves(s: Sheet, name: str, x: Expr) -> Expr:
    """cos(k pi x) / sqrt(k) at each x, a column for each wave; the first column is 1."""
    k = column_index(WAVES + 1)
    return s.let(
        name,
        np.cos(np.pi * k * x) / np.sqrt(np.maximum(1, k)),
        format=".3f",
        note="cos(k pi x) / sqrt(k), a column for each k from 0",
    )


def _curve(
    s: Sheet, hands: SimpleNamespace, train: SimpleNamespace, kept: SimpleNamespace
) -> SimpleNamespace:
    """The curve's coefficients, and its height at all points."""
    s.group("Waves", "What the curve is made of, at each point", worksheet="Waves", folded=True)
    at_train, at_valid = (
        _waves(s, "train_waves", train.x),
        _waves(s, "valid_waves", kept.x),
    )
    s.group("The curve", "A coefficient for each wave, all 0 before training")
    about = {"role": "weight", "format": ".3f"}
    coefficient = s.input(
        "coefficient", np.zeros((WAVES + 1, 1)), symbol="c", note="how much of each wave", **about
    )
    used = s.let(
        "coefficient_used",
        np.where(np.greater(row_index(WAVES + 1), hands.waves), 0, coefficient),
        note="0 for waves that are not in use",
        **about,
    )
    s.group("At each point", "The curve, and how far it is off", worksheet="Points", folded=True)
    for name, waves, y, weight in (
        ("train", at_train, train.y, train.used),
        ("valid", at_valid, kept.y, 1),
    ):
        s.let(f"{name}_output", waves @ used, format=".3f", note="the curve at the point")
        s.let(
            f"{name}_error",
            (s[f"{name}_output"] - y) * weight,
            role="loss",
            format=".3f",
            note="the curve minus the point" + ("; 0 if not in use" if name == "train" else ""),
        )
    return SimpleNamespace(coefficient=coefficient, used=used)


def _losses(s: Sheet, hands: SimpleNamespace) -> None:
    s.group("Losses", "Of the points that are trained on, and of those that are kept back")
    look = {"role": "loss", "format": ".4f"}
    train = s.let(
        "train_loss",
        (s["train_error"] ** 2).sum() / hands.points,
        title="training loss",
        note="the mean squared error of the points that are trained on",
        **look,
    )
    valid = s.let(
        "valid_loss",
        (s["valid_error"] ** 2).mean(),
        title="validation loss",
        note="the same of the points that are kept back: no update sees them",
        **look,
    )
    s.let("gap", valid - train, note="validation loss minus training loss", **look)
    s.let(
        "objective",
        train + hands.decay * (s["coefficient_used"] ** 2).sum(),
        note="what an update makes smaller: the training loss, and the price of coefficients",
        **look,
    )


def _best(s: Sheet, hands: SimpleNamespace) -> None:
    """The epoch of the least validation loss, carried along."""
    s.group("The best epoch", "Where the validation loss was least so far")
    whole = {"low": 0, "high": 1e6, "whole": True, "format": "d"}
    epoch = s.input("epoch", 0, note="updates so far, each of all points", **whole)
    s.group("Until now", "What the epochs before remember", worksheet="Best", folded=True)
    before = s.input("best_before", NONE_YET, role="loss", note="the least validation loss before")
    when = s.input("best_epoch_before", 0, note="its epoch", **whole)
    kept = s.input(
        "coefficient_before",
        np.zeros((WAVES + 1, 1)),
        role="weight",
        format=".3f",
        note="the coefficients of then",
    )
    s.group("The best of all", "With this epoch")
    better = s.let(
        "is_best", np.less(s["valid_loss"], before), format="d", note="1: better than ever before"
    )
    now = np.equal(better, 1)
    s.let(
        "best_loss",
        np.minimum(s["valid_loss"], before),
        role="loss",
        format=".4f",
        note="the least validation loss so far",
    )
    best = s.let(
        "best_epoch",
        np.where(now, epoch, when),
        format="d",
        title="best epoch",
        note="where the validation loss was least so far",
    )
    since = s.let("epochs_since", epoch - best, format="d", note="epochs since the best one")
    s.let(
        "stopped",
        np.where(np.equal(hands.early, 1), np.greater_equal(since, hands.patience), 0),
        format="d",
        note="1 where early stopping ends the run",
    )
    s.let(
        "best_coefficient",
        np.where(now, s["coefficient_used"], kept),
        role="weight",
        format=".3f",
        note="the coefficients of the best epoch: what early stopping keeps",
    )


def _update(s: Sheet, hands: SimpleNamespace, curve: SimpleNamespace) -> None:
    s.group(
        "The next epoch",
        "The gradient of all points, times the learning rate, taken off",
        worksheet="Training",
        folded=True,
    )
    gradient = backprop(s, "objective", ["coefficient"], title=None)["coefficient"]
    going = np.equal(s["stopped"], 0)
    s.let(
        "coefficient_next",
        np.where(going, curve.coefficient - hands.rate * gradient, curve.coefficient),
        role="weight",
        format=".3f",
        note="after one epoch",
    )
    s.let("epoch_next", np.where(going, s["epoch"] + 1, s["epoch"]), format="d", note="one more")
    s.carry(
        coefficient="coefficient_next",
        epoch="epoch_next",
        best_before="best_loss",
        best_epoch_before="best_epoch",
        coefficient_before="best_coefficient",
    )


def _drawn(s: Sheet, curve: SimpleNamespace) -> None:
    s.group("The curves as the chart draws them", worksheet="Chart", folded=True)
    x = s.let("curve_x", row_index(DRAWN) / (DRAWN - 1), format=".3f", note="from 0 to 1")
    waves = _waves(s, "curve_waves", x)
    s.let("curve_y", waves @ curve.used, format=".3f", role="weight", note="the present curve")
    best = waves @ s["best_coefficient"]
    s.let("best_y", best, format=".3f", role="weight", note="the curve of the best epoch")
    s.let("truth_y", _truth(x), format=".3f", role="target", note="what the points were drawn from")


def _charts(s: Sheet) -> None:
    s.chart(
        "Points and curve",
        Axis("x", 0, 1),
        Axis("y", -2, 2),
        [
            Series("train_x", "train_y", "trained on", mode="markers", role="target"),
            Series("valid_place", "valid_y", "kept back", mode="markers", role="parameter"),
            Series("curve_x", "curve_y", "the curve", role="weight"),
            Series("curve_x", "best_y", "best epoch", role="loss"),
            Series("curve_x", "truth_y", "hidden curve", role="input"),
        ],
        note=(
            "The points that are trained on and those that are kept back, the present curve, the"
            " one of the best epoch, and the hidden curve that the points were drawn from."
        ),
    )
    s.chart(
        "Both losses",
        Axis("epoch", 0, 300),
        Axis("mean squared error", 1e-3, 3, "log"),
        [
            Series("step", "train_loss", "training", role="target", steps=True),
            Series("step", "valid_loss", "validation", role="parameter", steps=True),
            Series("best_epoch", "best_loss", "best epoch", mode="markers", role="loss"),
        ],
        note="Both losses at every epoch so far, and a mark where the validation loss was least.",
    )


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders, lesson 1: validation sets, overfitting and"
        " how many epochs",
        "https://course.fast.ai/Lessons/lesson1.html",
    )
    s.source(
        "L. Prechelt, Early Stopping: but when? (1998)",
        "https://doi.org/10.1007/3-540-49430-8_3",
    )
