"""Linear on linear is linear; with `=MAX(0, x)` between, it is deep learning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import Axis, Expr, Series, Sheet, row_index, sigmoid
from .layers import LARGEST, chosen, drawn_weights, start_settings, weight
from .stories import tell_story

BATCH = [[2, 3, 1], [1, -1, 2], [-2, 1, 1], [0, 2, 3], [-1, -3, 2]]
HIDDEN, OUTPUTS = (4, 3), 2
ACTIVATIONS = ("off", "ReLU", "tanh", "sigmoid")
RELU = ACTIVATIONS.index("ReLU")
SEED = 269  # whose draws leave no unit dead, and bend the walk five times
WALK = 60  # pieces of the straight walk between two rows
CURVE = 80  # pieces of the activation's curve
TOLERANCE = 1e-9  # relative: what rounding may do
DEAD_W_1 = [
    [0.8, -0.5, 0.0, 1.1],
    [0.3, 0.9, 0.0, -0.4],
    [-0.6, 0.7, -1.5, 0.2],
]  # unit 3 sees column 3 alone, which is positive


def relu_layers() -> Sheet:
    s = Sheet(
        "relu_layers",
        title="=MAX(0, x), and it is deep learning",
        summary=(
            "Three matrix products are one matrix, however many layers. What changes when a simple"
            " function stands between them?"
        ),
    )
    s.group("Settings", "Switch the activation on, and say first which difference will move")
    activation = s.choice(
        "activation", "off", ACTIVATIONS, note="what stands after each layer but the last"
    )
    start = start_settings(s, "he", 1, SEED)
    s.group("A small batch", "Each row is one input of the network")
    x = s.input("x", BATCH, rows=True, low=-LARGEST, high=LARGEST, note="the inputs, a row each")
    weights = []
    for k, drawn in enumerate(drawn_weights(s, [len(BATCH[0]), *HIDDEN, OUTPUTS], start), 1):
        s.group(f"Layer {k}")
        weights.append(weight(s, k, drawn))
    s.group("Through the layers", "z_k = the layer before it @ W_k, h_k = activation of z_k")
    output, hidden = _forward(s, x, weights, activation, "")
    _one_matrix(s, x, weights, output)
    _dead(s, hidden, activation)
    _walk(s, x, weights, activation)
    _curve(s, activation)
    _charts(s)
    tell_story(s, "relu_layers", {"a dead unit 3": DEAD_W_1})
    _sentences(s, activation, [h.shape[1] for h in hidden])
    _sources(s)
    s.look = "h_1"
    return s


def _activated(activation: Expr, z: Expr) -> Expr:
    return chosen(activation, [z, np.maximum(0, z), np.tanh(z), sigmoid(z)])


def _forward(
    s: Sheet, x: Expr, weights: Sequence[Expr], activation: Expr, before: str
) -> tuple[Expr, list[Expr]]:
    """The output and the hidden layers, as blocks whose names start with `before`."""
    hidden: list[Expr] = []
    for k, w in enumerate(weights[:-1], 1):
        z = s.let(
            f"{before}z_{k}",
            (hidden[-1] if hidden else x) @ w,
            format=".3f",
            note=f"layer {k} before its activation",
        )
        hidden.append(
            s.let(
                f"{before}h_{k}",
                _activated(activation, z),
                format=".3f",
                note=f"layer {k} after its activation",
            )
        )
    return (
        s.let(
            f"{before}output",
            hidden[-1] @ weights[-1],
            format=".3f",
            note="the last layer has no activation",
        ),
        hidden,
    )


def _one_matrix(s: Sheet, x: Expr, weights: Sequence[Expr], output: Expr) -> None:
    first, second, third = weights
    s.group("One matrix", "The three weights multiplied, before any row is seen")
    product = s.let(
        "W_product",
        first @ second @ third,
        role="weight",
        format=".3f",
        title="the three multiplied",
        note="W_1 @ W_2 @ W_3",
    )
    s.group("Is it the same?", "Through the one matrix, beside the output of the layers")
    linear = s.let("linear_output", x @ product, format=".3f", note="x @ W_product: one layer")
    difference = s.let(
        "difference", output - linear, role="loss", format=".3f", note="output - linear_output"
    )
    allowed = TOLERANCE * (1 + np.maximum(output.max(axis=1), -output.min(axis=1)))
    bent = s.let(
        "bent",
        np.greater(np.maximum(difference.max(axis=1), -difference.min(axis=1)), allowed),
        role="loss",
        format="d",
        note="1 where the difference is more than rounding",
    )
    s.group("In one number", "Over the whole batch")
    s.let(
        "largest_difference",
        np.maximum(difference.max(), -difference.min()),
        role="loss",
        format=".4f",
        note="whatever its sign",
    )
    s.let(
        "bent_rows",
        bent.sum(),
        role="loss",
        format="d",
        title="rows off the line",
        note="rows that no single matrix gets right here",
    )
    s.let("row_count", x.shape[0], format="d", note="rows in the batch")


def _dead(s: Sheet, hidden: Sequence[Expr], activation: Expr) -> None:
    """A unit whose ReLU is 0 for every row passes nothing on, and its weights get no gradient."""
    s.group("Dead units", "1 where a unit's ReLU is 0 for every row of the batch")
    on = np.equal(activation, RELU)
    dead = [
        s.let(
            f"dead_{k}",
            np.where(on, np.equal(h.max(axis=0), 0), 0),
            format="d",
            note=f"the units of h_{k}",
        )
        for k, h in enumerate(hidden, 1)
    ]
    s.group("Counted", "Among all hidden units")
    first, second = dead
    s.let(
        "dead_units",
        first.sum() + second.sum(),
        format="d",
        note="units whose ReLU is 0 for every row",
    )
    s.let("unit_count", sum(h.shape[1] for h in hidden), format="d", note="hidden units")


def _walk(s: Sheet, x: Expr, weights: Sequence[Expr], activation: Expr) -> None:
    """The first output while x moves straight from the first row to the last."""
    s.group("From the first row to the last", "Its ends", worksheet="Walk", folded=True)
    begin = s.let("walk_begin", x[0], note="the first row")
    end = s.let("walk_end", x[x.shape[0] - 1], note="the last row")
    s.group(
        "The walk",
        "Inputs on the straight line between them, and what the network says of each",
        worksheet="Walk",
        folded=True,
    )
    along = s.let(
        "walk_part",
        row_index(WALK + 1) / WALK,
        format=".3f",
        note="how far along: 0 the first row, 1 the last",
    )
    path = s.let(
        "walk_x", begin + along * (end - begin), format=".3f", note="the inputs on the way"
    )
    output, _ = _forward(s, path, weights, activation, "walk_")
    s.let("walk_first", output.T[0].T, format=".3f", note="the first output on the way")
    s.let(
        "walk_linear",
        (path @ s["W_product"]).T[0].T,
        format=".3f",
        note="the same by the one matrix",
    )


def _curve(s: Sheet, activation: Expr) -> None:
    s.group("The activation", "What it makes of a number", worksheet="Curve", folded=True)
    z = s.let(
        "curve_z", row_index(CURVE + 1) * (6 / CURVE) - 3, format=".3f", note="numbers from -3 to 3"
    )
    s.let("curve_h", _activated(activation, z), format=".3f", note="the activation of each")


def _charts(s: Sheet) -> None:
    s.chart(
        "The first output on a straight walk from the first row to the last",
        Axis("how far along", 0, 1),
        Axis("first output", -7, 7),
        [
            Series("walk_part", "walk_linear", "the one matrix", role="target"),
            Series("walk_part", "walk_first", "the layers", role="loss"),
        ],
        note=(
            "A straight line for the one matrix. The layers' line lies on it while the activation"
            " is off, and bends while it is on."
        ),
    )
    s.chart(
        "What stands between the layers",
        Axis("z", -3, 3),
        Axis("activation of z", -3, 3),
        [Series("curve_z", "curve_h", "activation", role="parameter")],
        note="The chosen activation as a curve: a straight line while it is off.",
    )


def _sentences(s: Sheet, activation: Expr, widths: Sequence[int]) -> None:
    bent, off, relu = s["bent_rows"], np.equal(activation, 0), np.equal(activation, RELU)
    s.say(
        "Linear on linear is linear: without an activation the layers are one matrix, the product"
        " of the three, for all {row_count} rows.",
        when=off * np.equal(bent, 0),
    )
    for number, name in list(enumerate(ACTIVATIONS))[1:]:
        s.say(
            f"With {name} between them, one matrix misses {{bent_rows}} of {{row_count}} rows,"
            " by at most {largest_difference:.4f}.",
            when=np.equal(activation, number) * np.greater(bent, 0),
        )
    s.say(
        "The activation is on, but it changes no output of this batch.",
        when=(1 - off) * np.equal(bent, 0),
    )
    s.say(
        "No hidden unit is dead: each says something other than 0 for at least one row.",
        when=relu * np.equal(s["dead_units"], 0),
    )
    s.say(
        "Dead: {dead_units} of {unit_count} hidden units. Their ReLU is 0 for every row: they pass"
        " nothing on and learn nothing.",
        when=np.greater(s["dead_units"], 0),
    )
    for k, width in enumerate(widths, 1):
        for unit in range(width):
            s.say(f"Unit {unit + 1} of h_{k} is dead.", when=s[f"dead_{k}"].T[unit])


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: linear on linear is linear,"
        " and =MAX(0, x) between",
        "https://course17.fast.ai/lessons/lesson2.html",
    )
    s.source(
        "Nielsen (2015), Neural Networks and Deep Learning, chapter 4: a visual proof that neural"
        " nets can compute any function",
        "http://neuralnetworksanddeeplearning.com/chap4.html",
    )
