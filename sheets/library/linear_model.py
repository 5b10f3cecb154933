"""The lecture's first Keras model: two weights and a bias, fitted one row at a time, epoch after
epoch.
"""

from __future__ import annotations

import numpy as np

from .. import Axis, Rows, Series, Sheet, backprop, permutation, row_index, uniform
from .stories import tell_story

ROWS, COLUMNS = 30, 2
FAR = 1e6  # where weights have run away
EPOCHS = 10  # the lecture's five, and five more


def linear_model() -> Sheet:
    s = Sheet(
        "linear_model",
        title="A linear model in Keras: what model.fit does",
        summary=(
            "Thirty rows of two random numbers, and y = x @ (2, 3) + 1. Which weights does a linear"
            " model learn, and how fast?"
        ),
    )
    _settings(s)
    _rows(s)
    _turn(s)
    _update(s)
    _charts(s)
    tell_story(s, "linear_model")
    _sentences(s)
    _sources(s)
    s.look = "w_next"
    return s


def _settings(s: Sheet):
    s.group("Training", "SGD on the squared error, in batches of one row")
    rate = {
        "scale": "log",
        "smallest": 1e-5,
        "symbol": r"\eta",
        "note": "how far an update goes against the gradient",
    }
    s.parameter("learning_rate", 0.1, 0, 2, **rate)
    s.parameter(
        "shuffle_seed",
        1,
        0,
        1000,
        whole=True,
        format="d",
        note="another seed, another order of the rows",
    )
    s.parameter(
        "weight_seed",
        2,
        0,
        1000,
        whole=True,
        format="d",
        note="another seed, other starting weights",
    )
    s.parameter("seed", 1, 0, 1000, whole=True, format="d", note="another seed, other rows")
    s.group("The truth", "What makes y; the model does not know it")
    s.input(
        "w_true",
        [[2], [3]],
        role="target",
        low=-10,
        high=10,
        symbol=r"w_{\mathrm{true}}",
        note="what each column of x counts",
    )
    s.input(
        "b_true",
        1,
        role="target",
        low=-10,
        high=10,
        symbol=r"b_{\mathrm{true}}",
        note="what is added",
    )


def _rows(s: Sheet):
    s.group(
        "How rows and weights are drawn",
        "By their seeds, until they are given by hand",
        worksheet="Draws",
        folded=True,
    )
    drawn = uniform(s, "w_drawn", (COLUMNS, 1), s["weight_seed"], format=".4f")
    x_drawn = uniform(s, "x_drawn", (Rows(ROWS), COLUMNS), s["seed"], format=".4f")
    s.group("The model", "y is about x @ w + b")
    limit = float(np.sqrt(6 / (COLUMNS + 1)))
    start = {"role": "weight", "low": -1000, "high": 1000, "format": ".4f"}
    w = s.input(
        "w",
        (2 * drawn - 1) * limit,
        note="weights; they start even between -√(6/3) and √(6/3), as Keras has it (Glorot)",
        **start,
    )
    b = s.input("b", 0, note="bias; starts at 0", **start)
    s.group("The rows", "Thirty to start with; type, paste or add others")
    x = s.input("x", x_drawn, low=-100, high=100, format=".4f", note="two random numbers")
    home = x @ s["w_true"] + s["b_true"]
    y = s.input(
        "y",
        home,
        role="target",
        low=-1e4,
        high=1e4,
        format=".4f",
        note="x @ w_true + b_true until it is given",
    )
    s.let("prediction", x @ w + b, format=".4f", symbol=r"\hat{y}", note="what the model says now")
    s.let(
        "squared_error",
        (s["prediction"] - y) ** 2,
        role="loss",
        format=".4f",
        note="(prediction - y)²",
    )
    s.group("Result", "What model.evaluate says now")
    s.let(
        "mse",
        s["squared_error"].mean(),
        role="loss",
        format="g",
        title="mean squared error",
        note="mean squared error of all rows",
    )
    s.let("weight_1", w[0], role="weight", format=".4f", title="first weight", note="first weight")
    s.let(
        "weight_2", w[1], role="weight", format=".4f", title="second weight", note="second weight"
    )


def _turn(s: Sheet):
    count = s["x"].shape[0]
    s.group(
        "Whose turn it is",
        "Every row once an epoch, in an order that each epoch draws anew",
        worksheet="Order",
        folded=True,
    )
    t = s.input("t", 0, low=0, high=FAR, whole=True, format="d", note="updates so far")
    epoch = s.let("epoch", np.floor(t / count), format="d", note="whole epochs so far")
    place = s.let("place", t - epoch * count, format="d", note="rows of this epoch so far")
    turn = permutation(s, "turn", count, s["shuffle_seed"], epoch)
    number = s.let("row_number", row_index(count), format="d", note="rows counted from 0")
    s.let(
        "row_now",
        (np.equal(turn, place) * number).sum(),
        format="d",
        note="the row whose turn it is, counted from 0",
    )
    s.let("epochs_done", t / count, format=".2f", note="epochs so far, with the part of this one")
    s.let("t_next", t + 1, format="d", note="one update more")


def _update(s: Sheet):
    x, y, w, b, rate = (s[name] for name in ("x", "y", "w", "b", "learning_rate"))
    s.group(
        "The next update",
        "One row, its prediction, and how its squared error moves with weights and bias",
    )
    x_now = s.let("x_now", x[s["row_now"]], format=".4f", note="the row whose turn it is")
    y_now = s.let("y_now", y[s["row_now"]], role="target", format=".4f", note="its y")
    error = s.let("error_now", x_now @ w + b - y_now, format=".4f", note="prediction minus y")
    loss = s.let(
        "loss_now", error**2, role="loss", format="g", note="its squared error, before the update"
    )
    d = backprop(s, "loss_now", ["w", "b"], title=None)
    s.let("w_next", w - rate * d["w"], role="weight", format=".4f", note="w - learning_rate × d_w")
    s.let("b_next", b - rate * d["b"], role="weight", format=".4f", note="b - learning_rate × d_b")
    _epoch_loss(s, loss)
    error_next = s.let(
        "error_next",
        x @ s["w_next"] + s["b_next"] - y,
        format=".4f",
        note="each row's error after this update",
    )
    sse_next = s.let(
        "sse_next",
        (error_next**2).sum(),
        role="loss",
        format="g",
        note="sum of the squared errors after this update",
    )
    s.input(
        "sse_promised",
        sse_next,
        role="loss",
        format="g",
        note="what the update before promised: no run goes on to an infinite one",
    )
    far = np.maximum(np.maximum(abs(s["weight_1"]), abs(s["weight_2"])), abs(b))
    s.let(
        "run_away",
        np.where(far >= FAR, 1, 0),
        format="d",
        note=f"1 where a weight has left -{FAR:g} to {FAR:g}",
    )
    s.carry(w="w_next", b="b_next", t="t_next", sse_promised="sse_next")


def _epoch_loss(s: Sheet, loss):
    """Keras shows the mean of the losses that its updates met, each with the weights of its own
    time.
    """
    count, place = s["x"].shape[0], s["place"]
    s.group(
        "The loss of an epoch",
        "As model.fit shows it: the mean over this epoch's updates so far",
        worksheet="Order",
        folded=True,
    )
    before = s.input(
        "loss_sum",
        0,
        role="loss",
        low=0,
        format="g",
        note="sum of this epoch's losses before now",
    )
    total = s.let(
        "loss_sum_now", before + loss, role="loss", format="g", note="with the present row"
    )
    s.let(
        "epoch_loss",
        total / (place + 1),
        role="loss",
        format="g",
        note="their mean: what the progress bar says",
    )
    last = s.let(
        "ends_epoch", np.equal(place, count - 1), format="d", note="1 at the last row of an epoch"
    )
    s.let(
        "loss_sum_next",
        np.where(last, 0, total),
        role="loss",
        format="g",
        note="a new epoch starts from 0",
    )
    printed = s.input(
        "last_epoch_loss",
        s["mse"],
        role="loss",
        format="g",
        note="what the last whole epoch showed; before the first, the mse",
    )
    s.let(
        "last_epoch_loss_next",
        np.where(last, s["epoch_loss"], printed),
        role="loss",
        format="g",
        note="after this update",
    )
    s.carry(loss_sum="loss_sum_next", last_epoch_loss="last_epoch_loss_next")


def _charts(s: Sheet):
    epochs = Axis("epochs", 0, EPOCHS, follows=True)
    s.chart(
        "The loss, epoch by epoch",
        epochs,
        Axis("loss (log scale)", 1e-6, 100, "log", follows=True),
        [
            Series(
                "epochs_done", "mse", "model.evaluate: mse of all rows", role="target", steps=True
            ),
            Series(
                "epochs_done",
                "last_epoch_loss",
                "model.fit: what the last epoch showed",
                role="loss",
                steps=True,
            ),
        ],
        note=(
            "Two falling lines: the mse of all rows at each update, and in stairs the mean that"
            " Keras showed of the last whole epoch, which lags."
        ),
    )
    s.chart(
        "Weights and bias on their way",
        epochs,
        Axis("value", -2, 4, follows=True),
        [
            Series("epochs_done", "weight_1", "first weight", role="weight", steps=True),
            Series("epochs_done", "weight_2", "second weight", role="gradient", steps=True),
            Series("epochs_done", "b", "bias", role="parameter", steps=True),
        ],
        note="Three lines that start apart and settle at the truth.",
    )
    s.chart(
        "Weights and bias, update by update",
        Axis("updates", 0, 30, follows=True),
        Axis("value", -2, 4, follows=True),
        [
            Series("t", "weight_1", "first weight", role="weight", steps=True),
            Series("t", "weight_2", "second weight", role="gradient", steps=True),
            Series("t", "b", "bias", role="parameter", steps=True),
        ],
        note="The same three lines, close enough to see each update of the first epoch.",
    )


def _sentences(s: Sheet):
    near = np.equal(s["run_away"], 0)
    s.say(
        "After {t:d} updates the weights are {weight_1:.4f} and {weight_2:.4f}, the bias {b:.4f};"
        " the mse of all rows is {mse:g}.",
        when=near,
    )
    s.say(
        "The weights have run away: the learning rate is too large for these rows.",
        when=np.equal(s["run_away"], 1),
    )
    s.say(
        "Epoch {epoch:d} ended with a loss of {last_epoch_loss:g} as Keras prints it: the mean of"
        " what its updates met on their way.",
        when=np.where(near, s["epoch"] >= 1, 0),
    )
    s.say(
        "The learning rate is 0: an update changes nothing, whatever the gradient.",
        when=np.equal(s["learning_rate"], 0),
    )


def _sources(s: Sheet):
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: a linear model in Keras"
        " (notebook lesson2)",
        "https://github.com/fastai/courses/blob/master/deeplearning1/nbs/lesson2.ipynb",
    )
    s.source(
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural"
        " networks: how weights start",
        "https://proceedings.mlr.press/v9/glorot10a.html",
    )
