"""Rows that read the row above: momentum's bias correction, and a recurrent cell."""

import numpy as np

from sheets import Axis, Series, Sheet, backprop, row_index


def bias_correction() -> Sheet:
    s = Sheet("bias_correction", "Momentum's bias correction", "An average that starts at 0.")
    beta = s.parameter("beta", 0.9, 0, 0.99, step=0.01)
    s.group("Rows")
    v = s.input("value", [5, 1, 1, 1, 1, 1, 1, 5, 1], rows=True)
    t = s.let("t", row_index(v.shape[0]) + 1, format="d")
    mean = s.scan("average", lambda before, v: beta * before + (1 - beta) * v, over=v, start=0)
    corrected = s.let("corrected", mean / (1 - beta**t), format=".4f")
    s.let("first", mean[0, 0])
    s.let("first_corrected", corrected[0, 0])
    series = [Series("t", "value", "values", "markers", role="input")]
    series += [Series("t", name, name) for name in ("average", "corrected")]
    s.chart("Averages", Axis("t", 0, 10), Axis("value", 0, 5), series)
    s.say("After the first row the average is {first:.2f}, corrected {first_corrected:.2f}.")
    return s


def recurrent_cell() -> Sheet:
    s = Sheet("recurrent_cell", "A recurrent cell", "The same weights at each step: can it count?")
    rate = s.parameter("learning_rate", 0.1, 0.001, 2, scale="log")
    s.group("Data", "the target: whether an odd number of ones was seen")
    x = s.input("x", [[1], [0], [1], [1], [0], [0], [1], [0]], low=-2, high=2)
    y = s.let("y", np.cumsum(x, axis=0) % 2, role="target")
    s.group("Weights")
    random, w = np.random.default_rng(0), {}
    for name, shape in {"W_x": (1, 3), "W_h": (3, 3), "b": (1, 3), "W_o": (3, 1)}.items():
        w[name] = s.input(name, np.round(random.normal(size=shape) * 0.7, 2), role="weight")
    s.group("The cell")
    cell = lambda before, x: np.tanh(x @ w["W_x"] + before @ w["W_h"] + w["b"])
    h = s.scan("h", cell, over=x, start=np.zeros((1, 3)), shown="heat", format=".2f")
    p = s.let("prediction", h @ w["W_o"], format=".2f")
    loss = s.let("loss", ((p - y) ** 2).mean(), role="loss", format=".4f")
    d = backprop(s, loss.arg, list(w))
    s.carry(**{name: s.let(f"{name}_next", w[name] - rate * d[name]) for name in w})
    s.let("step_row", row_index(8), format="d")
    series = [Series("step_row", "y", "target", "markers", role="target")]
    series += [Series("step_row", "prediction", "prediction", ghosts=10)]
    s.chart("Outputs", Axis("row", 0, 7), Axis("y", -1, 2), series)
    s.say("Loss {loss:.4f}.")
    return s
