"""A sheet that is larger than a lesson: a network of one hidden layer on 200 rows, with its
gradients, some 9,000 formulas.
"""

from __future__ import annotations

import numpy as np

from sheets import Sheet, backprop, log_softmax

ROWS, INPUTS, HIDDEN, CLASSES = 200, 4, 8, 3


def network() -> Sheet:
    random = np.random.default_rng(0)
    s = Sheet("network", title="A network of one hidden layer")
    s.group("Data")
    x = s.input("x", random.normal(size=(ROWS, INPUTS)).round(3), rows=True)
    y = s.input("y", np.eye(CLASSES)[random.integers(0, CLASSES, ROWS)], rows=True, role="target")
    s.group("Weights")
    w_1 = s.input("W_1", random.normal(size=(INPUTS, HIDDEN)).round(3), role="weight")
    b_1 = s.input("b_1", np.zeros((1, HIDDEN)), role="weight")
    w_2 = s.input("W_2", random.normal(size=(HIDDEN, CLASSES)).round(3), role="weight")
    b_2 = s.input("b_2", np.zeros((1, CLASSES)), role="weight")
    scale = s.parameter("scale", 0.5, 0, 1, note="of the logits")
    s.group("Forward")
    z = s.let("z", x @ w_1 + b_1)
    h = s.let("h", np.tanh(z))
    logits = s.let("logits", scale * (h @ w_2 + b_2))
    log_p = s.let("log_p", log_softmax(logits))
    loss = s.let("loss_row", -(y * log_p).sum(axis=1), role="loss")
    s.group("Result")
    s.let("loss", loss.mean(), role="loss")
    backprop(s, "loss", ["W_1", "b_1", "W_2", "b_2"])
    return s
