"""The course's network in a spreadsheet: matrix products, one after another, and what the standard
deviation of the weights does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, row_index
from .layers import (
    LARGEST,
    MOST_LAYERS,
    bias,
    drawn_weights,
    start_settings,
    weight,
)
from .stories import tell_story

X, Y = [2, 3, 1], [5, 6]
WIDEST = 6
SEED = 93  # whose first product is much like the lecture's, 24.03 = 2*11.07 + 3*(-2.81) + 1*10.31
# Of sse: beyond it no step is taken, so that no number overflows, whatever is typed within the
# limits.
LIMIT = 1e16
TRAINED = 1e-4  # of sse: both outputs then read as wanted, to two decimals
FAR = 100  # times as large as the targets: another scale
LOWEST = 1e-12  # what the charts draw for a 0, far below their axes


def matmul_stack(
    layers: int = 3, width_1: int = 4, width_2: int = 3, width_3: int = 3, width_4: int = 3
) -> Sheet:
    """layers: 1 to MOST_LAYERS.

    width_k: columns of h_k, 1 to WIDEST; those of layers that are not there do nothing.
    """
    s = Sheet(
        "matmul_stack",
        title="A deep network is a bunch of matrix products",
        summary=(
            "Three numbers go in, two come out, by matrix products alone. How large should random"
            " weights be, and can it learn?"
        ),
        made_by=matmul_stack,
    )
    s.group("Settings", "Say first what the outputs will do, then change one")
    start = start_settings(s, "fixed", 10, SEED)
    rate = s.parameter(
        "learning_rate",
        0.001,
        0,
        0.1,
        scale="log",
        smallest=1e-9,
        symbol=r"\eta",
        note="how far a step goes against the gradient",
    )
    biased = s.choice(
        "biases",
        "off",
        ["off", "on"],
        note="on: each layer adds its b_k, and trains it. The lecture had none",
    )
    normalised = s.choice(
        "normalised",
        "off",
        ["off", "on"],
        note="on: the inputs are taken to mean 0 and standard deviation 1 first",
    )
    s.group("One row", "What goes in, and what should come out")
    x = s.input("x", X, low=-LARGEST, high=LARGEST, note="the inputs")
    y = s.input("y", Y, role="target", low=-LARGEST, high=LARGEST, note="the wanted outputs")
    hidden = [width_1, width_2, width_3, width_4][: layers - 1]
    weights, biases = [], []
    for k, drawn in enumerate(drawn_weights(s, [len(X), *hidden, len(Y)], start), 1):
        s.group(f"Layer {k}", "Weights; biases count while that setting is on")
        weights.append(weight(s, k, drawn))
        biases.append(bias(s, k, drawn.shape[1]))
    _shape(s, layers, hidden)
    activations = _forward(s, _fed(s, x, normalised), y, weights, biases, biased)
    _training(s, [*weights, *biases], rate)
    _sizes(s, activations, y, len(weights))
    _charts(s, len(weights))
    tell_story(s, "matmul_stack")
    _sentences(s, rate)
    _sources(s)
    s.look = "h_1" if hidden else "output"
    return s


def _shape(s: Sheet, layers: int, hidden: Sequence[int]) -> None:
    s.group("Shape of the network", "Another one makes the sheet anew")
    s.size("layers", layers, 1, MOST_LAYERS, note="matrix products, one after another")
    for k, width in enumerate(hidden, 1):
        s.size(
            f"width_{k}", width, 1, WIDEST, title=f"units of layer {k}", note=f"columns of h_{k}"
        )


def _fed(s: Sheet, x: Expr, normalised: Expr) -> Expr:
    """What layer 1 takes: the inputs as they are, or with mean 0 and standard deviation 1."""
    s.group("What goes in", "As it is, or normalised")
    spread = s.let(
        "spread", np.sqrt(((x - x.mean()) ** 2).mean()), note="the standard deviation of the inputs"
    )
    return s.let(
        "x_fed",
        np.where(normalised, (x - x.mean()) / np.maximum(LOWEST, spread), x),
        format=".2f",
        note="what layer 1 takes: x, or (x - mean) / spread",
    )


def _forward(
    s: Sheet, x: Expr, y: Expr, weights: Sequence[Expr], biases: Sequence[Expr], biased: Expr
) -> list[Expr]:
    """What goes in, h_1, h_2, ..., output."""
    s.group(
        "Activations",
        "Each is a row of numbers times a matrix; nothing stands between the matrices",
    )
    activations = [x]
    for k, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
        name = "output" if k == len(weights) else f"h_{k}"
        activations.append(
            s.let(
                name,
                activations[-1] @ w + biased * b,
                format=".2f",
                note=f"what layer {k} says: the row before it @ W_{k}",
            )
        )
    s.let(
        "sse",
        ((y - activations[-1]) ** 2).sum(),
        role="loss",
        format=".4f",
        title="squared error",
        note="sum of the squared errors of the outputs",
    )
    return activations


def _training(s: Sheet, trained: Sequence[Expr], rate: Expr) -> None:
    names = [e.arg for e in trained]
    gradients = backprop(s, "sse", names)
    s.group(
        "The next step",
        "Each weight goes a little against its gradient, until the squared error has run away",
        folded=True,
    )
    running = s.let(
        "running",
        np.less(s["sse"], LIMIT),
        format="d",
        note="1 while steps are taken; 0 where the numbers have run away",
    )
    for name in names:
        moved = np.where(running, s[name] - rate * gradients[name], s[name])
        s.let(
            f"{name}_next", moved, role="weight", format=".3f", note=f"{name} after the next step"
        )
    s.carry(**{name: f"{name}_next" for name in names})


def _root_mean_square(e: Expr) -> Expr:
    return np.sqrt((e**2).mean())


def _sizes(s: Sheet, activations: Sequence[Expr], y: Expr, layers: int) -> None:
    """How large the numbers and the gradients are, layer by layer."""
    s.group("Layer by layer", "How large the numbers are; layer 0 is x")
    s.let("layer", row_index(layers + 1), format="d", note="0: the inputs")
    sizes = s.let(
        "layer_size",
        np.vstack(list(map(_root_mean_square, activations))),
        title="size of its numbers",
        note="root of the mean square of the layer's numbers",
    )
    s.group("Steepest", "The largest gradient of each layer, whatever its sign")
    for kind, what in (("W", "weights"), ("b", "biases")):
        each = [s[f"d_{kind}_{k}"] for k in range(1, layers + 1)]
        s.let(
            f"steepest_{kind}",
            np.vstack([np.maximum(d.max(), -d.min()) for d in each]),
            role="gradient",
            note=f"how much sse moves with the {what} of layer 1, 2, ... at most",
        )
    s.group("As drawn and said", "Numbers for the charts and the sentences", folded=True)
    for k, word in enumerate(("first", "second")):
        about = {"title": f"{word} output", "note": f"the {word} of what the last layer says"}
        s.let(f"output_{word}", activations[-1].T[k], format=".2f", **about)
        s.let(f"wanted_{word}", y.T[k], role="target", format=".2f", note=f"the {word} target")
    target = s.let(
        "target_size", _root_mean_square(y), role="target", note="root of the mean square of y"
    )
    far = s.let(
        "scale_ratio",
        sizes[layers] / np.maximum(LOWEST, target),
        note="size of the outputs / size of the targets",
    )
    s.let("scale_power", _power(far), format="d", note="scale_ratio as a power of ten")
    s.let("sse_power", _power(s["sse"]), format="d", note="sse as a power of ten")
    s.let("size_drawn", np.maximum(LOWEST, sizes), note="layer_size; a 0 far below the axis")
    s.let(
        "sse_drawn", np.maximum(LOWEST, s["sse"]), role="loss", note="sse; a 0 far below the axis"
    )
    s.let(
        "target_layer",
        layers,
        role="target",
        format="d",
        note="where the targets stand on the chart",
    )
    s.let(
        "target_drawn",
        np.maximum(LOWEST, target),
        role="target",
        note="target_size; a 0 far below the axis",
    )


def _power(e: Expr) -> Expr:
    """The nearest power of ten."""
    return np.floor(np.log10(np.maximum(LOWEST, e)) + 0.5)


def _charts(s: Sheet, layers: int) -> None:
    s.chart(
        "Size of the numbers, layer by layer",
        Axis("layer (0: x)", -0.1, layers + 0.1, names=tuple(map(str, range(layers + 1)))),
        Axis("size (log scale)", 1e-3, 1e6, "log"),
        [
            Series("layer", "size_drawn", "numbers of the layer"),
            Series(
                "target_layer",
                "target_drawn",
                "what the last layer should be like",
                mode="markers",
                role="target",
            ),
        ],
        note=(
            "Root of the mean square: a line from x to the output, and a mark where the targets"
            " are."
        ),
    )
    s.chart(
        "Learning on the one row",
        Axis("step", 0, 150),
        Axis("squared error (log scale)", 1e-8, 1e16, "log"),
        [Series("step", "sse_drawn", "squared error", role="loss", steps=True)],
        note="The sum of squared errors at each step so far, falling where the network learns.",
    )


def _sentences(s: Sheet, rate: Expr) -> None:
    sse, running = s["sse"], s["running"]
    of_weights, of_biases = s["steepest_W"].max(), s["steepest_b"].max()
    says = (
        "The network says ({output_first:.2f}, {output_second:.2f}), wanted is ({wanted_first:.2f},"
        " {wanted_second:.2f})"
    )
    far = np.greater(s["target_size"], LOWEST) * np.greater(s["scale_ratio"], FAR)
    learned, unlearned = running * np.less_equal(sse, TRAINED), running * np.greater(sse, TRAINED)
    stuck, moving = unlearned * np.equal(of_weights, 0), unlearned * np.greater(of_weights, 0)
    s.say(
        "The numbers have run away: the squared error is about 10^{sse_power}, and no step is taken"
        " any more. Lower the learning rate or the weights.",
        when=np.equal(running, 0),
    )
    s.say(f"{says}: it has learned its one row.", when=learned)
    s.say(
        f"{says}: about 10^{{scale_power}} times as large as the targets, so not even on the same"
        " scale.",
        when=moving * far,
    )
    s.say(
        f"{says}, and the squared error is {{sse:.4f}}. The gradients say where each weight should"
        " go.",
        when=moving * (1 - far),
    )
    s.say(
        f"{says}, and nothing learns: every gradient is exactly 0. Each is a product in which a 0"
        " stands; no learning rate helps.",
        when=stuck * np.equal(of_biases, 0),
    )
    s.say(
        f"{says}. Every weight has a gradient of exactly 0, so only biases move, and they know"
        " nothing of x.",
        when=stuck * np.greater(of_biases, 0),
    )
    s.say("The learning rate is 0: Play changes nothing.", when=unlearned * np.equal(rate, 0))
    _say_the_rule(s)


def _say_the_rule(s: Sheet) -> None:
    """The formula in the std cell, of all its rules the one that holds, with its numbers."""
    rules = (
        "of one fixed number: std_1 = std = {std_1:.4f}, and the same in every layer.",
        (
            "by the lecture's rule: std_1 = 2 / (fan_in_1 + fan_out_1) = 2 / ({fan_in_1} +"
            " {fan_out_1}) = {std_1:.4f}."
        ),
        (
            "by Glorot's rule: std_1 = SQRT(2 / (fan_in_1 + fan_out_1)) = SQRT(2 / ({fan_in_1} +"
            " {fan_out_1})) = {std_1:.4f}."
        ),
        "by He's rule: std_1 = SQRT(2 / fan_in_1) = SQRT(2 / {fan_in_1}) = {std_1:.4f}.",
        "of {std_1:.0f}: every weight that is drawn is 0.",
    )
    for number, rule in enumerate(rules):
        s.say(
            f"Weights are drawn with a standard deviation {rule}",
            when=np.equal(s["initialisation"], number),
        )


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: a network in a spreadsheet."
        " Its first activation read 24.03 = 2*11.07 + 3*(-2.81) + 1*10.31, so its standard"
        " deviation was about 10 (its cells hold more digits than they show)",
        "https://course17.fast.ai/lessons/lesson2.html",
    )
    s.source(
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural"
        " networks: variance 2/(in + out)",
        "https://proceedings.mlr.press/v9/glorot10a.html",
    )
    s.source(
        "He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers: variance 2/fan_in, for layers"
        " with ReLU",
        "https://arxiv.org/abs/1502.01852",
    )
