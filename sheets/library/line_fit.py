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
    column_index,
    normal,
    permutation,
    row_index,
    uniform,
    values,
)
from .stories import tell_story

POINTS = 30
SEED = 104  # its points give the lecture's first update: a ← -1 - 0.01 × (-9.94)
LEFT, RIGHT = -0.05, 1.05  # of the points' chart
LOWEST_A, HIGHEST_A = (
    -3,
    9,
)  # of the loss surface: the start (-1, 1) and its mirror image in the truth (3, 8) lie inside
LOWEST_B, HIGHEST_B = -2, 18
GRID = 41  # of the loss surface, both ways
LEAST_LOSS = 1e-9  # the surface is drawn no lower, since its levels are powers of ten
FAR = 1e6  # where a and b have run away
HARDLY = 1e-6  # a smaller change of the loss is not worth a number
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
    _surface_shape(s)
    _update(s)
    _drawn(s)
    _charts(s)
    tell_story(s, "line_fit", _rates(s))
    _sentences(s)
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
    s.input("a", -1, role="weight", low=-100, high=100, format=".4f", note="slope")
    s.input("b", 1, role="weight", low=-100, high=100, format=".4f", note="intercept")
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
        note="slope of the line behind",
    )
    s.parameter(
        "b_true",
        8,
        LOWEST_B,
        HIGHEST_B,
        step=0.1,
        role="target",
        symbol=r"b_{\mathrm{true}}",
        note="its intercept",
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
        "x", drawn, low=-10, high=10, format=".4f", note="drawn between 0 and 1 until it is given"
    )
    home = s["a_true"] * x + s["b_true"] + s["noise"] * e
    y = s.input(
        "y",
        home,
        role="target",
        low=-1000,
        high=1000,
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
        note="their mean: what the gradient is of",
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
        "Away from where seed and truth put them, or out of the chart",
        worksheet="Draws",
        folded=True,
    )
    s.let(
        "moved",
        np.where(np.equal(x, s["x_drawn"]), np.not_equal(y, home), 1),
        format="d",
        note="1 where the point is not where it would be drawn",
    )
    beside = np.where(x < LEFT, 1, x > RIGHT)
    s.let(
        "outside",
        np.where(y < LOWEST_B, 1, np.where(y > HIGHEST_B, 1, beside)),
        format="d",
        note="1 where the chart does not reach",
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


def _surface_shape(s: Sheet):
    """The loss over all points is a paraboloid in a and b: five means of the points tell it
    everywhere.
    """
    x, y = s["x"], s["y"]
    s.group(
        "What shapes the loss surface",
        "Means of the points; a and b do not move them",
        worksheet="Surface",
        folded=True,
    )
    mean_x = s.let("mean_x", x.mean(), format=".4f", note="mean of x")
    mean_y = s.let("mean_y", y.mean(), format=".4f", note="mean of y")
    s.let("variance_x", ((x - mean_x) ** 2).mean(), format=".4f", note="how far x spreads, squared")
    s.let("variance_y", ((y - mean_y) ** 2).mean(), format=".4f", note="how far y spreads, squared")
    s.let(
        "covariance", ((x - mean_x) * (y - mean_y)).mean(), format=".4f", note="how y goes with x"
    )
    s.let("spread", x.max() - x.min(), format=".4f", note="from the smallest x to the largest")
    s.let("point_count", x.shape[0], format="d", note="points in the table")
    s.let(
        "moved_points",
        s["moved"].sum(),
        format="d",
        note="points that are not where they would be drawn",
    )
    s.let("points_outside", s["outside"].sum(), format="d", note="points outside the chart")
    s.group(
        "How large a step can be",
        "The curvature of the mse: its Hessian matrix, the same for every a and b",
    )
    aa = s.let(
        "hessian_aa",
        2 * (x**2).mean(),
        format=".4f",
        note="how the gradient along a changes with a",
    )
    ab = s.let("hessian_ab", 2 * mean_x, format=".4f", note="how it changes with b")
    bb = s.let("hessian_bb", 2, format=".4f", note="how the gradient along b changes with b")
    across = np.sqrt(((aa - bb) / 2) ** 2 + ab**2)
    most = s.let(
        "largest_eigenvalue",
        (aa + bb) / 2 + across,
        format=".4f",
        symbol=r"\lambda_{\max}",
        note="where the mse bends most",
    )
    s.let(
        "smallest_eigenvalue",
        4 * s["variance_x"] / most,
        format=".4f",
        symbol=r"\lambda_{\min}",
        note="where it bends least",
    )
    limit = s.let(
        "largest_stable_rate",
        2 / most,
        role="parameter",
        format=".4f",
        note="2 / largest_eigenvalue: a larger rate runs away",
    )
    s.let(
        "share_of_limit",
        s["learning_rate"] / limit,
        format=".1%",
        note="learning_rate as a part of it",
    )


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
    s.let("line_x", row_index(2), format="d", note="where the line ends")
    s.let("line_y", s["a"] * s["line_x"] + s["b"], format=".4f", note="its heights there")
    s.group("Its two ends", "Dragging one keeps the other", worksheet="Chart", folded=True)
    s.let("left_x", 0, format="d", note="left end")
    s.let("left_y", s["b"], format=".4f", note="its height: b")
    s.let("right_x", 1, format="d", note="right end")
    s.let("right_y", s["a"] + s["b"], format=".4f", note="its height: a + b")
    s.group(
        "The loss surface",
        "The mse of all points, for slopes a across and intercepts b down",
        worksheet="Surface",
        folded=True,
    )
    a = s.let(
        "surface_a",
        LOWEST_A + column_index(GRID) * ((HIGHEST_A - LOWEST_A) / (GRID - 1)),
        format=".2f",
        note="slopes",
    )
    b = s.let(
        "surface_b",
        LOWEST_B + row_index(GRID) * ((HIGHEST_B - LOWEST_B) / (GRID - 1)),
        format=".2f",
        note="intercepts",
    )
    around = s["variance_y"] - 2 * a * s["covariance"] + a**2 * s["variance_x"]
    mse = (a * s["mean_x"] + b - s["mean_y"]) ** 2 + around
    s.let(
        "surface",
        np.maximum(LEAST_LOSS, mse),
        role="loss",
        format=".3f",
        note=f"mse, drawn no lower than {LEAST_LOSS:g}",
    )


def _charts(s: Sheet):
    keep_right = {"b": POINTER_Y, "a": s["a"] + s["b"] - POINTER_Y}
    keep_left = {"a": POINTER_Y - s["b"]}
    s.chart(
        "The points and the line",
        Axis("x", LEFT, RIGHT),
        Axis("y", LOWEST_B, HIGHEST_B),
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
            "Points, the line of now with faint copies of earlier ones, and each point's error as"
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


def _both(a, b):
    return np.where(a, np.where(b, 1, 0), 0)


def _rates(s: Sheet) -> dict[str, float]:
    """The story's learning rates, as parts of the largest stable one, to two digits."""
    limit = values(s)["largest_stable_rate"].item()
    parts = {
        "a thousandth of the limit": 0.001,
        "just under the limit": 0.95,
        "just over the limit": 1.05,
    }
    return {name: float(f"{limit * part:.2g}") for name, part in parts.items()}


def _sentences(s: Sheet):
    rate, near = s["learning_rate"], np.equal(s["run_away"], 0)
    moving = _both(near, rate > 0)
    _say_update(s, moving)
    s.say(
        "The learning rate is 0: an update leaves a and b where they are, whatever the gradient.",
        when=np.equal(rate, 0),
    )
    s.say(
        "a and b have run away: the learning rate is too large for these points. "
        "Over all points, a rate must stay below {largest_stable_rate:.4f}.",
        when=np.equal(s["run_away"], 1),
    )
    change = s["mse_change"]
    for verb, way in (("lowers", change <= -HARDLY), ("raises", change >= HARDLY)):
        s.say(
            f"It {verb} the mse of all points from {{mse:.6f}} to {{mse_next:.6f}}.",
            when=_both(moving, way),
        )
    s.say(
        "It hardly changes the mse any more, which is {mse:.6f}.",
        when=_both(moving, abs(change) < HARDLY),
    )
    s.say(
        "It looks at {batch_count:d} of {point_count:d} points: batch {batch_place:d} of"
        " {batches:d} in epoch {epoch_place:d}.",
        when=_both(near, np.not_equal(s["batch"], ALL)),
    )
    _say_limit(s)
    _say_points(s)


def _say_update(s: Sheet, moving: Expr):
    """With as many digits as the learning rate needs."""
    rate = s["learning_rate"]
    short = np.equal(np.floor(rate * 100 + 0.5) / 100, rate)  # 0.01, 0.1, 0.82
    _say_both(s, ".2f", _both(moving, short))
    for spec, low, high in ((".4f", 1e-3, 2), (".6f", 1e-5, 1e-3), (".10f", 0, 1e-5)):
        _say_both(s, spec, _both(moving, np.where(short, 0, _both(rate >= low, rate < high))))


def _say_both(s: Sheet, spec: str, when: Expr):
    one = (
        "NAME ← {NAME:.2f} - {learning_rate:SPEC} × ({d_NAME_mean:.2f}) = {NAME_next:.2f}".replace(
            "SPEC", spec
        )
    )
    s.say(f"The next update: {one.replace('NAME', 'a')} and {one.replace('NAME', 'b')}.", when=when)


def _say_limit(s: Sheet):
    share, every, one_x = s["share_of_limit"], np.equal(s["batch"], ALL), np.equal(s["spread"], 0)
    limit = "the largest stable one, {largest_stable_rate:.4f} = 2 / {largest_eigenvalue:.4f}"
    part = f"The learning rate is {{share_of_limit:.1%}} of {limit}"
    ways = [
        (": the way never jumps across the valley.", _both(share > 0, share <= 0.5)),
        (
            ": updates jump from one side of the valley to the other, and still come closer.",
            _both(share > 0.5, share < 1),
        ),
        (
            ": updates jump from one side of the valley to the other and come no closer.",
            np.equal(share, 1),
        ),
        (": updates jump across the valley and land further away each time.", share > 1),
    ]
    for words, when in ways:
        s.say(part + words, when=_both(every, when))
    s.say(
        f"{part}. That limit is of updates over all points; a batch has points, and so a limit, of"
        " its own.",
        when=_both(share > 0, 1 - every),
    )
    same = (
        "so they fix the height of the line there and not its slope: all lines through that height"
        " fit equally well."
    )
    s.say(
        f"All {{point_count:d}} points have the same x, {same}",
        when=_both(one_x, s["point_count"] > 1),
    )
    s.say(
        f"There is one point only, {same.replace('they fix', 'it fixes')}",
        when=_both(one_x, np.equal(s["point_count"], 1)),
    )


def _say_points(s: Sheet):
    s.say(
        "Points that are not where truth, noise and seed would draw them: {moved_points:d} of"
        " {point_count:d}. What was given by hand stays until Reset.",
        when=s["moved_points"] > 0,
    )
    s.say(
        "Points outside the chart: {points_outside:d} of {point_count:d}. They count all the same.",
        when=s["points_outside"] > 0,
    )


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
