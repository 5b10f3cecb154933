"""The learning-rate finder: which rates the curve of loss against learning rate speaks for."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, column_index, normal, row_index
from .lr_finder_rules import LAST_LEFT_OUT, RULES, suggestions
from .stories import tell_story

PLANNED = 100  # rates at most, and steps of the two runs
POINTS, BATCH, HIDDEN = 24, 6, 4  # of the curve, of a step, units of the network
# Each point stands so many places behind the one before it in the data's order, so that a batch is
# spread over the curve.
STRIDE = 7
SMOOTHING = 0.98
SEED = 48  # of the story: level, then down by half, and four marks apart from each other
STOP = 4  # the run ends when the smoothed loss is more than so many times its best
RUN_AWAY = 1e3  # a run ends when its batch's loss is more than this
TOP = 5  # of the curve's axis; a mark higher up is drawn there
NOT_YET = 1e-12  # where a log axis does not reach: the place of marks that are not known yet
WEIGHTS = ("W_1", "b_1", "W_2", "b_2")
GROWTH = ("exponential", "linear")


def lr_finder() -> Sheet:
    s = Sheet(
        "lr_finder",
        title="The learning-rate finder: raise it until it explodes",
        summary=(
            "One batch a step, at an ever larger rate. Where does the loss fall, where does it run"
            " away? Then train at your rate."
        ),
    )
    set_to = _settings(s)
    x, y, start = _data(s, set_to)
    lrs = _plan(s, set_to)
    curve, tried = _finder(s, set_to, lrs, x, y, start)
    rates = suggestions(s, lrs, curve, tried, set_to.num_steps)
    _marks(s, set_to, lrs, curve, tried, rates)
    _runs(s, set_to, x, y, start)
    _charts(s)
    tell_story(s, "lr_finder")
    _sentences(s)
    _sources(s)
    s.look = "smoothed"
    return s


def _settings(s: Sheet) -> SimpleNamespace:
    s.group("The test", "The rate grows from the first towards the last")
    about = {"scale": "log"}
    settings = {
        "start_lr": s.parameter(
            "start_lr", 1e-5, 1e-6, 1e-2, **about, title="first rate", note="of the first step"
        ),
        "end_lr": s.parameter(
            "end_lr",
            10,
            0.1,
            100,
            **about,
            title="last rate",
            note="the plan stops just short of it",
        ),
        "num_steps": s.parameter(
            "num_steps",
            PLANNED,
            20,
            PLANNED,
            whole=True,
            format="d",
            title="how many rates",
            note="rates to try, one batch each",
        ),
        "growth": s.choice("growth", GROWTH[0], GROWTH, note="by equal factors, or by equal steps"),
        "seed": s.parameter(
            "seed",
            SEED,
            0,
            100,
            whole=True,
            format="d",
            note="of the first weights and of the data's noise",
        ),
    }
    s.group("Train at this rate", "Two runs from the same start, over the same batches")
    settings |= {
        "chosen_lr": s.parameter(
            "chosen_lr",
            0.05,
            1e-6,
            10,
            **about,
            title="chosen rate",
            note="drag its mark along the curve",
        ),
        "other_lr": s.parameter(
            "other_lr",
            1e-3,
            1e-6,
            10,
            **about,
            title="other rate",
            note="to compare with; drag it too",
        ),
    }
    return SimpleNamespace(**settings)


def _data(s: Sheet, set_to: SimpleNamespace) -> tuple[Expr, Expr, dict[str, Expr]]:
    s.group(
        "What the seed draws",
        "Noise, and of it the first weights, with He's standard deviation sqrt(2 / inputs), and no"
        " bias",
        worksheet="Data",
        folded=True,
    )
    noise = normal(s, "noise", (POINTS + 2 * HIDDEN, 1), set_to.seed, format=".3f")
    about = {"role": "weight", "format": ".3f"}
    start = {
        "W_1": s.let("start_W_1", noise[row_index(HIDDEN) + POINTS].T * np.sqrt(2), **about),
        "b_1": s.let("start_b_1", 0 * column_index(HIDDEN), **about),
        "W_2": s.let(
            "start_W_2", noise[row_index(HIDDEN) + (POINTS + HIDDEN)] * np.sqrt(2 / HIDDEN), **about
        ),
        "b_2": s.let("start_b_2", 0, **about),
    }
    s.group(
        "The curve to learn",
        "Draw another one in the last chart, or type",
        worksheet="Data",
        folded=True,
    )
    x = s.let("x", (2 * row_index(POINTS) + 1) / POINTS - 1, format=".3f", note="from -1 to 1")
    curve = np.sin(np.pi * x) + noise[row_index(POINTS)] / 10
    y = s.input(
        "y",
        curve,
        role="target",
        low=-3,
        high=3,
        format=".3f",
        note="a sine with a little noise, until you draw",
    )
    return x, y, start


def _plan(s: Sheet, set_to: SimpleNamespace) -> Expr:
    s.group(
        "The plan",
        "The rate of each step; rows beyond the number of rates are not tried",
        worksheet="Curve",
        folded=True,
    )
    part = row_index(PLANNED) / set_to.num_steps
    exponential = set_to.start_lr * (set_to.end_lr / set_to.start_lr) ** part
    linear = set_to.start_lr + (set_to.end_lr - set_to.start_lr) * part
    return s.let(
        "lrs",
        np.where(np.equal(set_to.growth, 0), exponential, linear),
        role="parameter",
        note="start (end / start)^(row / num_steps)",
    )


def _network(s: Sheet, of: str, t: Expr, x: Expr, y: Expr, start: dict[str, Expr]) -> str:
    """One input, HIDDEN ReLUs, one output, on batch number t. Returns the name of its loss.

    of: what its blocks' names end in.
    """
    rows = s.let(
        f"batch{of}",
        (t * BATCH + row_index(BATCH)) * STRIDE % POINTS,
        format="d",
        note="the points of this step, from 0",
    )
    about = {"format": ".4f"}
    weights = {
        name: s.input(f"{name}{of}", start[name], role="weight", **about) for name in WEIGHTS
    }
    x_batch, y_batch = (
        s.let(f"x_batch{of}", x[rows], **about),
        s.let(f"y_batch{of}", y[rows], role="target", **about),
    )
    z = s.let(f"preactivation{of}", x_batch * weights["W_1"] + weights["b_1"], **about)
    hidden = s.let(f"hidden{of}", np.maximum(0, z), **about)
    prediction = s.let(f"prediction{of}", hidden @ weights["W_2"] + weights["b_2"], **about)
    loss = f"loss{of}"
    s.let(
        loss,
        ((prediction - y_batch) ** 2).mean(),
        role="loss",
        format=".4f",
        note="the mean squared error of this step's batch",
    )
    return loss


def _trained(s: Sheet, of: str, loss: str, rate: Expr, ended: Expr) -> None:
    """A step of plain gradient descent, or none where the run has ended."""
    gradients = backprop(s, loss, [f"{name}{of}" for name in WEIGHTS], title=None)
    for name in (f"{name}{of}" for name in WEIGHTS):
        s.let(
            f"{name}_next",
            np.where(ended, s[name], s[name] - rate * gradients[name]),
            role="weight",
            format=".4f",
        )
        s.carry(**{name: f"{name}_next"})


def _finder(
    s: Sheet, set_to: SimpleNamespace, lrs: Expr, x: Expr, y: Expr, start: dict[str, Expr]
) -> tuple[Expr, Expr]:
    """Returns the curve of smoothed losses and how many of its rows are filled."""
    s.group(
        "The finder's network",
        "One batch at the rate of this step",
        worksheet="Finder",
        folded=True,
    )
    t = s.input("t", 0, whole=True, low=0, high=PLANNED - 1, format="d", note="steps made")
    average = s.input(
        "average",
        0,
        role="loss",
        format=".4f",
        note="0.98 times the one before, and 0.02 times the loss",
    )
    best = s.input(
        "best", 0, role="loss", format=".4f", note="the least smoothed loss before this step"
    )
    loss = _network(s, "", t, x, y, start)
    s.group("This step")
    lr = s.let(
        "lr",
        lrs[t],
        role="parameter",
        format="g",
        title="learning rate",
        note="the learning rate of this step",
    )
    averaged = s.let(
        "average_now",
        SMOOTHING * average + (1 - SMOOTHING) * s[loss],
        role="loss",
        format=".4f",
        note="with this step's loss",
    )
    smoothed = s.let(
        "smoothed",
        averaged / (1 - SMOOTHING ** (t + 1)),
        role="loss",
        format=".4f",
        title="smoothed loss",
        note="debiased: the average began at 0",
    )
    least = s.let(
        "best_now",
        np.where(np.equal(t, 0), smoothed, np.minimum(best, smoothed)),
        role="loss",
        format=".4f",
        note="the least so far",
    )
    exploded = s.let(
        "exploded",
        smoothed > STOP * least,
        format="d",
        note=f"1 where smoothed is more than {STOP} times the best",
    )
    ended = s.let(
        "ended",
        np.where(exploded, 1, t >= set_to.num_steps - 1),
        format="d",
        note="1 where nothing is tried after this step",
    )
    tried = s.let("tried", t + 1, format="d", note="rates tried")
    s.group("After this step", worksheet="Finder", folded=True)
    _trained(s, "", loss, lr, ended)
    s.let("t_next", np.where(ended, t, t + 1), format="d")
    s.let("average_next", np.where(ended, average, averaged), role="loss", format=".4f")
    s.carry(t="t_next", average="average_next", best="best_now")
    s.group(
        "The curve",
        "Smoothed losses, a row a rate; 0 in rows that are not filled yet",
        worksheet="Curve",
        folded=True,
    )
    losses = s.input(
        "losses", np.zeros((PLANNED, 1)), role="loss", format=".4f", note="before this step"
    )
    curve = s.let(
        "losses_next",
        np.where(np.equal(row_index(PLANNED), t), smoothed, losses),
        role="loss",
        format=".4f",
        note="with this step's",
    )
    s.carry(losses="losses_next")
    return curve, tried


def _marks(
    s: Sheet, set_to: SimpleNamespace, lrs: Expr, curve: Expr, tried: Expr, rates: dict[str, Expr]
) -> None:
    """Where the chart draws each rate: on the curve, between the last rate tried that is not larger
    and the next one, as far as their logarithms say; on the axis they are even steps.
    """
    s.group(
        "Marks on the curve",
        "Off the chart while a rate is not known",
        worksheet="Curve",
        folded=True,
    )
    for name, rate in {**rates, "chosen": set_to.chosen_lr, "other": set_to.other_lr}.items():
        below = np.less_equal(
            lrs, rate * (1 + 1e-9)
        )  # powers differ in their last digit, from face to face
        row = s.let(
            f"{name}_at",
            np.clip(below.sum() - 1, 0, tried - 1),
            format="d",
            note="the row of that rate",
        )
        if name in rates:
            s.let(
                f"{name}_x",
                np.where(rate > 0, rate, NOT_YET),
                role="parameter",
                note="the rate, or off the chart",
            )
        after = s.let(
            f"{name}_after",
            np.minimum(row + 1, tried - 1),
            format="d",
            note="the row of the next rate tried",
        )
        way = s.let(
            f"{name}_way",
            np.where(
                np.logical_and(after > row, rate > 0),
                np.log(rate / lrs[row]) / np.log(lrs[after] / lrs[row]),
                0,
            ),
            format=".2f",
            note="how far between the two it is, on an axis of powers of ten",
        )
        low, high = np.minimum(TOP, curve[row]), np.minimum(TOP, curve[after])
        s.let(
            f"{name}_y",
            low + np.clip(way, 0, 1) * (high - low),
            role="loss",
            format=".4f",
            note="the smoothed loss there, no higher than the axis",
        )


def _runs(s: Sheet, set_to: SimpleNamespace, x: Expr, y: Expr, start: dict[str, Expr]) -> None:
    s.group("The chosen run", "The same network at chosen_lr", worksheet="Chosen", folded=True)
    trained = s.input(
        "trained", 0, whole=True, low=0, high=PLANNED, format="d", note="steps made by both runs"
    )
    s.let("trained_next", np.minimum(trained + 1, PLANNED), format="d")
    s.carry(trained="trained_next")
    _run(s, "_chosen", set_to.chosen_lr, trained, x, y, start)
    s.group("The other run", "The same network at other_lr", worksheet="Other", folded=True)
    _run(s, "_other", set_to.other_lr, trained, x, y, start)


def _run(
    s: Sheet, of: str, rate: Expr, trained: Expr, x: Expr, y: Expr, start: dict[str, Expr]
) -> None:
    loss = _network(s, of, trained, x, y, start)
    hidden = s.let(
        f"hidden_all{of}",
        np.maximum(0, x * s[f"W_1{of}"] + s[f"b_1{of}"]),
        format=".4f",
        note="the ReLUs at every point",
    )
    fit = s.let(
        f"fit{of}",
        hidden @ s[f"W_2{of}"] + s[f"b_2{of}"],
        format=".4f",
        note="what the network says at every point",
    )
    s.let(
        f"curve_loss{of}",
        ((fit - y) ** 2).mean(),
        role="loss",
        format=".4f",
        title=f"loss at the {of[1:]} rate",
        note="the mean squared error over all points",
    )
    away = s.let(
        f"ran_away{of}",
        s[loss] > RUN_AWAY,
        format="d",
        note=f"1 where the loss is more than {RUN_AWAY:g}: the run ends",
    )
    _trained(s, of, loss, rate, np.where(away, 1, trained >= PLANNED))


def _charts(s: Sheet) -> None:
    marks = dict(zip(RULES, ("target", "gradient", "input", "weight"), strict=True))
    s.chart(
        "The loss while the learning rate grows",
        Axis("learning rate (log scale)", 1e-6, 100, "log"),
        Axis("smoothed loss", 0, TOP),
        [
            Series("lr", "smoothed", "smoothed loss", role="loss", steps=True),
            *(
                Series(f"{name}_x", f"{name}_y", name, mode="markers", role=role, absent=NOT_YET)
                for name, role in marks.items()
            ),
            Series("chosen_lr", "chosen_y", "chosen", mode="markers", role="parameter", drag="x"),
            Series("other_lr", "other_y", "other", mode="markers", role="activation", drag="x"),
        ],
        note=(
            "Level at first, then falling, then rising steeply; the four suggestions stand on the"
            " curve as marks."
        ),
    )
    s.chart(
        "Training at the chosen and at the other rate",
        Axis("step", 0, PLANNED),
        Axis("loss over the curve (log scale)", 0.05, 20, "log"),
        [
            Series("trained", "curve_loss_chosen", "chosen rate", role="parameter", steps=True),
            Series("trained", "curve_loss_other", "other rate", role="activation", steps=True),
        ],
        note="The loss over all points of the curve by step, for both runs.",
    )
    s.chart(
        "What the two networks learned",
        Axis("x", -1, 1),
        Axis("y", -2, 2),
        [
            Series("x", "y", "the points: draw", mode="markers", role="target", drag="draw"),
            Series("x", "fit_chosen", "chosen rate", role="parameter"),
            Series("x", "fit_other", "other rate", role="activation"),
        ],
        note="The points of the curve, and the line that each network makes of them.",
    )


def _sentences(s: Sheet) -> None:
    ended, exploded, points, slide = (
        s[name] for name in ("ended", "exploded", "points_seen", "slide")
    )
    running, known = np.where(ended, 0, 1), np.where(points > 1, ended, 0)
    s.say(
        "Rate number {tried:d} of {num_steps:d} is {lr:g}; the smoothed loss is {smoothed:.4f},"
        " the least so far {best_now:.4f}.",
        running,
    )
    s.say(
        "The test ended at rate number {tried:d}, {lr:g}: the smoothed loss is more than"
        f" {STOP} times its least, {{best_now:.4f}}.",
        exploded,
    )
    s.say(
        "All {num_steps:d} rates were tried and the smoothed loss did not explode: its least is"
        " {best_now:.4f}. Try a larger last rate.",
        np.where(exploded, 0, ended),
    )
    s.say(
        f"The rules leave out the first tenth of the plan and the last {LAST_LEFT_OUT} points, and"
        " so see none: no rate is suggested.",
        np.equal(points, 0),
    )
    s.say(
        "So far, while the test runs: valley {valley:g}, minimum {minimum:g}.",
        np.where(points > 0, running, 0),
    )
    three = "Suggested rates: valley {valley:g}, steep {steep:g}, minimum {minimum:g}"
    s.say(three + ", slide {slide:g}.", np.where(slide > 0, known, 0))
    s.say(
        f"{three}; slide needs {RULES['slide'][1]} points and sees {{points_seen:d}}.",
        np.where(slide > 0, 0, known),
    )
    s.say(
        "The rules see one point: valley {valley:g}, minimum {minimum:g}; the others need more.",
        np.where(np.equal(points, 1), ended, 0),
    )
    _runs_said(s)


def _runs_said(s: Sheet) -> None:
    chosen_away, other_away = s["ran_away_chosen"], s["ran_away_other"]
    chosen = "at rate {chosen_lr:g} the loss over the curve is {curve_loss_chosen:.4f}"
    other = "at rate {other_lr:g} {curve_loss_other:.4f}"
    s.say(
        "After {trained:d} steps " + chosen + ", " + other + ".",
        np.where(chosen_away, 0, np.where(other_away, 0, s["trained"] > 0)),
    )
    passed = f"because the loss of a batch passed {RUN_AWAY:g}."
    s.say("The run at rate {chosen_lr:g} ended, " + passed, np.where(other_away, 0, chosen_away))
    s.say("The run at rate {other_lr:g} ended, " + passed, np.where(chosen_away, 0, other_away))
    s.say(
        "Both runs ended, at rates {chosen_lr:g} and {other_lr:g}, " + passed,
        np.where(chosen_away, other_away, 0),
    )


def _sources(s: Sheet) -> None:
    s.source(
        "L. N. Smith, Cyclical Learning Rates for Training Neural Networks (2015), section 3.3: the"
        " range test",
        "https://arxiv.org/abs/1506.01186",
    )
    s.source(
        "fastai 2.8, callback/schedule.py: lr_find and its four suggestions",
        "https://docs.fast.ai/callback.schedule.html",
    )
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2018), lesson 1: lr_find before unfreezing",
        "https://course18.fast.ai/lessons/lesson1.html",
    )
