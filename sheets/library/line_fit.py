"""The lecture's line from scratch: gradient descent on a slope and an intercept, while the class
watches.
"""

from __future__ import annotations

import numpy as np

from .. import (
    POINTER_Y,
    Axis,
    Contour,
    Expr,
    Rows,
    Series,
    Sheet,
    normal,
    permutation,
    row_index,
    uniform,
    values,
)
from .line_fit_surface import (
    HIGHEST_A,
    HIGHEST_B,
    LOWEST_A,
    LOWEST_B,
    drawn_surface,
    surface_shape,
)
from .line_fit_words import say_all
from .stories import tell_story

POINTS = 30
SEED = 104  # its points give the lecture's first update: a ← -1 - 0.01 × (-9.94)
LEFT, RIGHT = -0.05, 1.05  # of the points' chart
FAR = 1e6  # where a and b have run away
MOST = 1e9  # of what is given: its squares keep their digits
ALL, MINI_BATCH, ONE = range(3)


def line_fit() -> Sheet:
    s = Sheet(
        "line_fit",
        title="Stochastic gradient descent: a line finds its points",
        summary=(
            "Thirty points lie on a line that the computer does not know. How do a slope and an"
            " intercept find it, update by update?"
        ),
    )
    _settings(s)
    _points(s)
    _batches(s)
    surface_shape(s)
    _update(s)
    _drawn(s)
    _charts(s)
    tell_story(s, "line_fit", _rates(s))
    say_all(s, ALL)
    _sources(s)
    s.look = "a_next"
    return s


def _settings(s: Sheet):
    s.group("Descent", "How far an update goes, and how many points it looks at")
    rate = {
        "scale": "log",
        "smallest": 1e-5,
        "symbol": r"\eta",
        "note": "how far an update goes against the gradient",
    }
    s.parameter("learning_rate", 0.01, 0, 2, **rate)
    s.choice(
        "batch", "all", ["all", "mini-batch", "one"], note="the points that one update looks at"
    )
    s.parameter(
        "batch_size",
        5,
        1,
        POINTS,
        whole=True,
        format="d",
        symbol="k",
        note="points in a mini-batch",
    )
    s.parameter(
        "shuffle_seed",
        1,
        0,
        1000,
        whole=True,
        format="d",
        note="another seed, another order of the points",
    )
    s.parameter(
        "nudge", 0.01, 1e-6, 0.1, scale="log", symbol="h", note="how far finite differences look"
    )
    s.group("The guess", "Also by dragging the ends of the line, or the guess on the loss surface")
    within = {"low": -MOST, "high": MOST, "format": ".4f"}
    s.input("a", -1, role="weight", note="slope", **within)
    s.input("b", 1, role="weight", note="intercept", **within)
    s.group(
        "The truth",
        "What draws the points, also by dragging it on the loss surface; the descent does not"
        " know it",
    )
    s.parameter(
        "a_true",
        3,
        LOWEST_A,
        HIGHEST_A,
        step=0.1,
        role="target",
        symbol=r"a_{\mathrm{true}}",
        title="hidden slope",
        note="of the line behind the points",
    )
    s.parameter(
        "b_true",
        8,
        LOWEST_B,
        HIGHEST_B,
        step=0.1,
        role="target",
        symbol=r"b_{\mathrm{true}}",
        title="hidden intercept",
        note="of the line behind the points",
    )
    s.parameter(
        "noise",
        0,
        0,
        3,
        step=0.05,
        symbol=r"\sigma",
        note="standard deviation of what is added to y",
    )
    s.parameter("seed", SEED, 0, 1000, whole=True, format="d", note="another seed, other points")


def _points(s: Sheet):
    s.group(
        "How the points are drawn",
        "By the seed, until they are moved by hand",
        worksheet="Draws",
        folded=True,
    )
    drawn = uniform(s, "x_drawn", (Rows(POINTS), 1), s["seed"], format=".4f")
    e = normal(s, "e", (drawn.shape[0], 1), s["seed"], format=".4f")
    s.group("The points", "Drag them in the chart, click there to add one, or type")
    x = s.input(
        "x",
        drawn,
        low=-FAR,
        high=FAR,
        format=".4f",
        note="drawn between 0 and 1 until it is given",
    )
    home = s["a_true"] * x + s["b_true"] + s["noise"] * e
    y = s.input(
        "y",
        home,
        role="target",
        low=-MOST,
        high=MOST,
        format=".4f",
        note="a_true x + b_true + noise until it is given",
    )
    prediction = s.let(
        "prediction",
        s["a"] * x + s["b"],
        format=".4f",
        symbol=r"\hat{y}",
        note="the height of the line at x",
    )
    error = s.let("error", prediction - y, format=".4f", note="prediction minus y")
    s.let(
        "squared_error",
        error**2,
        role="loss",
        title="error²",
        format=".4f",
        note="squared: never negative, and a large one counts more",
    )
    d_b = s.let(
        "d_b",
        2 * error,
        role="gradient",
        format=".4f",
        note="how the squared error moves as b moves: twice the error",
    )
    s.let(
        "d_a",
        x * d_b,
        role="gradient",
        format=".4f",
        note="how it moves as a moves: x times as much",
    )
    _nudged(s)
    _moved(s, home)
    s.group("Loss", "What the descent makes small")
    s.let(
        "sse", s["squared_error"].sum(), role="loss", format=".4f", note="sum of the squared errors"
    )
    s.let(
        "mse",
        s["squared_error"].mean(),
        role="loss",
        format=".4f",
        title="mean squared error",
        note="their mean: what the gradient is of",
    )
    s.let(
        "rmse",
        np.sqrt(s["mse"]),
        role="loss",
        format=".4f",
        title="its root",
        note="the root of the mean: how far off, in units of y; the lecture's average loss",
    )


def _nudged(s: Sheet):
    a, b, h = s["a"], s["b"], s["nudge"]
    s.group(
        "The same without calculus",
        "Try a + nudge, and b + nudge, and see how each squared error moves",
        folded=True,
    )
    for name, line in {"b": a * s["x"] + (b + h), "a": (a + h) * s["x"] + b}.items():
        slope = ((line - s["y"]) ** 2 - s["squared_error"]) / h
        s.let(
            f"d_{name}_estimate",
            slope,
            role="gradient",
            format=".4f",
            note=f"(squared error at {name} + nudge, minus now) / nudge",
        )


def _moved(s: Sheet, home: Expr):
    x, y = s["x"], s["y"]
    s.group(
        "Points that were moved",
        "Away from where seed and truth put them",
        worksheet="Draws",
        folded=True,
    )
    s.let(
        "moved",
        np.where(np.equal(x, s["x_drawn"]), np.not_equal(y, home), 1),
        format="d",
        note="1 where the point is not where it would be drawn",
    )


def _batches(s: Sheet):
    count, batch = s["x"].shape[0], s["batch"]
    s.group(
        "Whose turn it is",
        "Every point once an epoch, in an order that each epoch draws anew",
        worksheet="Batches",
        folded=True,
    )
    t = s.input("t", 0, low=0, high=FAR, whole=True, format="d", note="updates so far")
    few = np.where(np.equal(batch, ONE), 1, np.minimum(s["batch_size"], count))
    size = s.let(
        "batch_points",
        np.where(np.equal(batch, ALL), count, few),
        format="d",
        note="points in a batch; an epoch's last may be smaller",
    )
    batches = s.let(
        "batches", np.floor((count + size - 1) / size), format="d", note="updates in an epoch"
    )
    epoch = s.let(
        "epoch", np.floor(t / batches), format="d", note="whole passes over the points so far"
    )
    k = s.let("batch_number", t - epoch * batches, format="d", note="batches of this epoch so far")
    turn = permutation(s, "turn", count, s["shuffle_seed"], epoch)
    after = np.where(turn < (k + 1) * size, 1, 0)
    s.let(
        "in_batch",
        np.where(turn < k * size, 0, after),
        format="d",
        note="1 where this update looks at the point",
    )
    s.let("batch_count", s["in_batch"].sum(), format="d", note="points that this update looks at")
    s.let("batch_place", k + 1, format="d", note="the number of this batch in its epoch, from 1")
    s.let("epoch_place", epoch + 1, format="d", note="the number of this epoch, from 1")
    s.let("t_next", t + 1, format="d", note="one update more")


def _update(s: Sheet):
    rate, count = s["learning_rate"], s["point_count"]
    s.group("The next update", "The mean gradient of the batch, times the learning rate, taken off")
    for name in ("a", "b"):
        mean = (s["in_batch"] * s[f"d_{name}"]).sum() / s["batch_count"]
        look = {"format": ".4f", "symbol": rf"\bar{{d}}_{name}"}
        mean = s.let(
            f"d_{name}_mean", mean, role="gradient", note=f"mean of d_{name} over the batch", **look
        )
        s.let(
            f"{name}_next",
            s[name] - rate * mean,
            role="weight",
            format=".4f",
            note=f"{name} - learning_rate × d_{name}_mean",
        )
    g_a, g_b = s["d_a_mean"], s["d_b_mean"]
    downhill = s["d_a"].mean() * g_a + s["d_b"].mean() * g_b
    bend = s["hessian_aa"] * g_a**2 / 2 + s["hessian_ab"] * g_a * g_b + s["hessian_bb"] * g_b**2 / 2
    change = s.let(
        "mse_change",
        rate**2 * bend - rate * downhill,
        role="loss",
        format=".4f",
        note="what it does to the mse of all points",
    )
    s.let("mse_next", s["mse"] + change, role="loss", format=".4f", note="the mse after it")
    s.group(
        "What stops a run",
        "A step whose loss would not be a finite number is not taken",
        worksheet="Batches",
        folded=True,
    )
    after = s.let(
        "sse_next",
        count * s["mse_next"],
        role="loss",
        format=".4f",
        note="the sse after this update",
    )
    s.input(
        "sse_promised",
        after,
        role="loss",
        format=".4f",
        note="what the update before promised; at the start, what the first will",
    )
    far = np.maximum(
        np.maximum(abs(s["a"]), abs(s["b"])), np.maximum(abs(s["a_next"]), abs(s["b_next"]))
    )
    s.let(
        "run_away",
        np.where(far >= FAR, 1, 0),
        format="d",
        note=f"1 where a or b has left -{FAR:g} to {FAR:g}",
    )
    s.carry(a="a_next", b="b_next", t="t_next", sse_promised="sse_next")


def _drawn(s: Sheet):
    s.group("The line as the chart draws it", worksheet="Chart", folded=True)
    x = s["x"]
    far = np.where(x.min() < LEFT, 1, x.max() > RIGHT)  # own data: the line goes where they are
    left = s.let("left_x", np.where(far, x.min(), 0), note="left end")
    end = np.where(far, np.maximum(x.max(), left + 1), 1)
    right = s.let("right_x", end, note="right end")
    s.let("line_x", left + row_index(2) * (right - left), note="where the line ends")
    s.let("line_y", s["a"] * s["line_x"] + s["b"], format=".4f", note="its heights there")
    s.group("Its two ends", "Dragging one keeps the other", worksheet="Chart", folded=True)
    s.let("left_y", s["a"] * left + s["b"], format=".4f", note="the left one's height")
    s.let("right_y", s["a"] * right + s["b"], format=".4f", note="the right one's height")
    drawn_surface(s)


def _charts(s: Sheet):
    left, right = s["left_x"], s["right_x"]
    turned = (s["right_y"] - POINTER_Y) / (right - left)
    keep_right = {"b": POINTER_Y - turned * left, "a": turned}
    raised = (POINTER_Y - s["left_y"]) / (right - left)
    keep_left = {"b": s["left_y"] - raised * left, "a": raised}
    s.chart(
        "The points and the line",
        Axis("x", LEFT, RIGHT, follows=True),
        Axis("y", LOWEST_B, HIGHEST_B, follows=True),
        [
            Series("x", "y", "points", mode="markers", role="target", drag="xy"),
            Series("x", "prediction", "errors", mode="segments", role="loss", to="y"),
            Series("left_x", "left_y", "left end", mode="markers", role="weight", moves=keep_right),
            Series(
                "right_x", "right_y", "right end", mode="markers", role="weight", moves=keep_left
            ),
            Series("line_x", "line_y", "line", role="weight", ghosts=12),
        ],
        note=(
            "Points, the line with faint copies of earlier ones, and each point's error as"
            " an upright segment."
        ),
        adds=True,
    )
    s.chart(
        "The loss of every line",
        Axis("a, the slope", LOWEST_A, HIGHEST_A),
        Axis("b, the intercept", LOWEST_B, HIGHEST_B),
        [
            Series("a", "b", "the way so far", role="weight", steps=True),
            Series("a_true", "b_true", "truth", mode="markers", role="target", drag="xy"),
            Series("a", "b", "guess", mode="markers", role="weight", drag="xy"),
        ],
        note=(
            "A long valley: on each contour all lines have the same mse. The way of a and b goes"
            " down into it, and then along it."
        ),
        contour=Contour("surface_a", "surface_b", "surface", "mse", levels="log"),
    )
    s.chart(
        "The loss, update by update",
        Axis("step", 0, 400),
        Axis("mse (log scale)", 1e-4, 1e3, "log"),
        [Series("step", "mse", "mse of all points", role="loss", steps=True)],
        note="The mean squared error of all points at every step so far.",
    )


def _rates(s: Sheet) -> dict[str, float]:
    """The story's learning rates, as parts of the largest stable one, to two digits."""
    limit = values(s)["largest_stable_rate"].item()
    parts = {
        "a thousandth of the limit": 0.001,
        "just under the limit": 0.95,
        "just over the limit": 1.05,
    }
    return {name: float(f"{limit * part:.2g}") for name, part in parts.items()}


def _sources(s: Sheet):
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: a line from scratch, updated"
        " ten times a frame (notebook sgd-intro)",
        "https://github.com/fastai/courses/blob/master/deeplearning1/nbs/sgd-intro.ipynb",
    )
    s.source(
        "Goh, Why Momentum Really Works (Distill 2017): the largest stable learning rate is 2 / the"
        " largest eigenvalue",
        "https://distill.pub/2017/momentum/",
    )
