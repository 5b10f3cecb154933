"""Fifty layers of random weights: how large the activations become, layer by layer, and what theory
expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import Axis, Expr, Series, Sheet, normal, row_index
from .layers import Start, chosen, standard_deviation, start_settings
from .stories import tell_story

DEPTH = 50  # layers that are computed; those beyond `layers` are not shown
BATCH = 8  # rows of inputs
READY = (2, 4, 8, 16, 32, 64, 128)  # widths on a page without Python
TOGETHER = 5  # layers in a group
SEED = 306  # whose draws stay near the theory although the network is narrow
LARGEST_SINGLE, SMALLEST_SINGLE = (
    3.4028234663852886e38,
    1.401298464324817e-45,
)  # of 32-bit numbers (IEEE 754)
LOWEST = 1e-300  # what the chart draws for a 0, far below its axis
FAR = 3  # powers of ten: activations that large have exploded, that small have vanished
NEVER = DEPTH + 1  # a layer that is not there
ACTIVATIONS = ("none", "tanh", "ReLU")


def depth_lab(width: int = 8) -> Sheet:
    """width: of every layer and of the inputs, 2 to 128.

    Workbooks are of narrow networks: they hold every draw's steps.
    """
    s = Sheet(
        "depth_lab",
        title="Depth lab: what fifty layers do to a number",
        summary=(
            "Random weights, layer after layer: the activations explode, vanish or stay. Which"
            " standard deviation keeps them alive?"
        ),
        made_by=depth_lab,
    )
    s.group("Settings", "Drag one, and say first what the line will do")
    start = start_settings(s, "fixed", 1, SEED)
    activation = s.choice(
        "activation",
        "none",
        ACTIVATIONS,
        note="what each layer does to its numbers after the product",
    )
    layers = s.parameter(
        "layers", 20, 1, DEPTH, whole=True, format="d", note="how many layers are shown"
    )
    width = s.size(
        "width",
        width,
        2,
        128,
        READY,
        note="numbers in each layer; a wide network follows the theory, a narrow one wanders",
    )
    std = _scale(s, start, width)
    x, pool = _noise(s, width, start.seed)
    activations = _forward(s, x, pool, std, activation, width)
    _statistics(s, activations, layers)
    _theory(s, std, activation)
    _drawn(s, layers)
    _chart(s)
    tell_story(s, "depth_lab")
    _sentences(s, activation)
    _sources(s)
    s.look = "activation_std"
    return s


def _scale(s: Sheet, start: Start, width: int) -> Expr:
    s.group(
        "Scale of the weights", "The same rule in every layer: each has as many inputs as outputs"
    )
    into = s.let(
        "fan_in", width, role="parameter", format="d", note="numbers that go into each layer"
    )
    out = s.let(
        "fan_out", width, role="parameter", format="d", note="numbers that come out of each layer"
    )
    return s.let(
        "weight_std",
        standard_deviation(start, into, out),
        role="parameter",
        format=".4f",
        symbol=r"\sigma_W",
        note="standard deviation of every weight, by the rule that is chosen",
    )


def _noise(s: Sheet, width: int, seed: Expr) -> tuple[Expr, Expr]:
    """The inputs, and one table of noise whose rows the layers share out: only the
    seed redraws it.
    """
    s.group(
        "Noise",
        "Normal draws from the seed: the rows of all weights, then those of the inputs",
        worksheet="Noise",
        folded=True,
    )
    pool = normal(s, "noise", (DEPTH * width + BATCH, width), seed)
    s.group(
        "Batch",
        "Rows of inputs, normalised: mean 0 and standard deviation 1 over all of them",
        worksheet="Layers",
        folded=True,
    )
    raw = s.let(
        "raw_input",
        pool[row_index(BATCH) + DEPTH * width],
        role="noise",
        note="the last rows of the noise",
    )
    mean = s.let("raw_mean", raw.mean(), role="noise", note="their mean")
    spread = s.let(
        "raw_std",
        np.sqrt(((raw - mean) ** 2).mean()),
        role="noise",
        note="their standard deviation",
    )
    return (
        s.let("x", (raw - mean) / spread, role="input", note="the inputs: raw_input, normalised"),
        pool,
    )


def _forward(s: Sheet, x: Expr, pool: Expr, std: Expr, activation: Expr, width: int) -> list[Expr]:
    """x, h_1, ..., h_50. A layer's weights are its own rows of the noise times weight_std."""
    activations = [x]
    for k in range(1, DEPTH + 1):
        if k % TOGETHER == 1:
            s.group(
                f"Layers {k} to {k + TOGETHER - 1}",
                "Their weights, products and activations",
                worksheet="Layers",
                folded=True,
            )
        w = s.let(
            f"W_{k}",
            pool[row_index(width) + (k - 1) * width] * std,
            role="weight",
            note=f"weights of layer {k}: noise * weight_std",
        )
        z = s.let(f"z_{k}", activations[-1] @ w, note=f"layer {k} before its activation")
        activations.append(
            s.let(
                f"h_{k}",
                chosen(activation, [z, np.tanh(z), np.maximum(0, z)]),
                note=f"activations of layer {k}",
            )
        )
    return activations


def _statistics(s: Sheet, activations: Sequence[Expr], layers: Expr) -> None:
    s.group(
        "All layers",
        "Mean and standard deviation over the batch and the units of a layer, row 1 for x",
        worksheet="Layers",
        folded=True,
    )
    rows: list[Any] = [
        0,
        *map(Expr.mean, activations[1:]),
    ]  # a mean of x would be 0 but for its rounding
    means = s.let(
        "mean_each",
        np.vstack(rows),
        note="mean of the layer's activations; of x it is 0, which is what normalised means",
    )
    stds = s.let(
        "std_each",
        np.vstack([np.sqrt(((h - means[k]) ** 2).mean()) for k, h in enumerate(activations)]),
        note="their standard deviation",
    )
    s.group("Layer by layer", "Layer 0 is x; rows below the last layer repeat it")
    layer = s.let(
        "layer",
        np.minimum(row_index(DEPTH + 1), layers),
        format="d",
        note="the layer's number, at most the setting",
    )
    s.let("activation_mean", means[layer], title="mean", note="mean over the batch and the units")
    s.let(
        "activation_std",
        stds[layer],
        title="standard deviation",
        note="standard deviation over the batch and the units",
    )


def _theory(s: Sheet, std: Expr, activation: Expr) -> None:
    """E[z^2] = fan_in Var(w) E[h^2], and ReLU keeps half of it: exact in expectation over the
    draws, whatever the width.
    """
    layer = s["layer"]
    halved = np.where(np.equal(activation, ACTIVATIONS.index("ReLU")), s["fan_in"] / 2, s["fan_in"])
    factor = np.sqrt(halved) * std
    size = factor**layer
    kept = np.where(layer > 0, np.sqrt(1 - 1 / np.pi), 1)
    s.let(
        "theory_std",
        chosen(activation, [size, np.minimum(1, size), size * kept]),
        role="target",
        title="theory",
        note=(
            "the root of the expected mean square: exact in expectation. tanh: the same, at most 1,"
            " an upper limit. ReLU: times sqrt(1 - 1/pi), the part that is not its mean, in a wide"
            " network"
        ),
    )
    s.group("In one number", "From the first layer to the last")
    s.let(
        "expected_factor",
        factor,
        role="target",
        format=".4f",
        note="what a layer does to the root mean square, in expectation",
    )


def _drawn(s: Sheet, layers: Expr) -> None:
    layer, std = s["layer"], s["activation_std"]
    last = s.let(
        "last_std",
        std[DEPTH],
        title="standard deviation, last layer",
        note="standard deviation of the last layer shown",
    )
    s.let(
        "mean_factor",
        last ** (1 / layers),
        format=".4f",
        title="growth a layer",
        note="what a layer did to the standard deviation, on average",
    )
    s.group("As drawn and said", "Numbers for the chart and the sentences", folded=True)
    drawn = s.let(
        "std_drawn", np.maximum(LOWEST, std), note="activation_std; a 0 far below the axis"
    )
    s.group("From layer 1 on", "The inputs have no mean left to draw", folded=True)
    s.let("mean_layer", layer[1:], format="d", note="the layer's number")
    s.let(
        "mean_drawn",
        np.maximum(LOWEST, np.abs(s["activation_mean"][1:])),
        note="the mean without its sign; a 0 far below the axis",
    )
    s.group("As drawn", "Numbers for the chart and the sentences", folded=True)
    s.let(
        "theory_drawn",
        np.maximum(LOWEST, s["theory_std"]),
        role="target",
        note="theory_std; a 0 far below the axis",
    )
    power = s.let(
        "std_power",
        np.log10(drawn),
        format=".2f",
        note="std_drawn as a power of ten: some spreadsheets take tiny numbers for 0",
    )
    for name, condition, what in (
        ("overflow", power > np.log10(LARGEST_SINGLE), "is more than a 32-bit number holds"),
        ("underflow", power < np.log10(SMALLEST_SINGLE), "is less than the smallest 32-bit number"),
        ("silent", power <= np.log10(LOWEST), "is 0"),
    ):
        s.let(
            f"{name}_each",
            np.where(condition, layer, NEVER),
            format="d",
            note=f"the layer where the standard deviation {what}; {NEVER}: not here",
        )
    s.group("First layers", "Where it happens first", folded=True)
    for name in ("overflow", "underflow", "silent"):
        s.let(
            f"{name}_layer", s[f"{name}_each"].min(), format="d", note=f"the first of {name}_each"
        )
    s.let("last_power", np.floor(power[DEPTH] + 0.5), format="d", note="last_std as a power of ten")


def _chart(s: Sheet) -> None:
    s.chart(
        "Size of the activations, layer by layer",
        Axis("layer (0: the inputs)", 0, DEPTH),
        Axis("size (log scale)", 1e-10, 1e10, "log"),
        [
            Series("layer", "theory_drawn", "standard deviation: theory", role="target"),
            Series("layer", "std_drawn", "standard deviation", role="loss"),
            Series("mean_layer", "mean_drawn", "mean, without its sign", role="activation"),
            Series("layers", "last_std", "the last layer", mode="markers", role="loss"),
        ],
        note=(
            "The standard deviation climbs out of the chart where activations explode and falls out"
            " of it where they vanish."
        ),
    )


def _sentences(s: Sheet, activation: Expr) -> None:
    power, weights_are_0 = s["std_power"][DEPTH], np.equal(s["weight_std"], 0)
    silent = s["silent_layer"] < NEVER
    alive = 1 - silent
    size = (
        "after {layers} layers the standard deviation is about 10^{last_power}. On average a layer"
        " multiplied it by {mean_factor:.3f}."
    )
    s.say(f"The activations explode: {size}", when=power > FAR)
    s.say(f"The activations vanish: {size}", when=alive * (power < -FAR))
    s.say(
        "The activations neither explode nor vanish: after {layers} layers the standard deviation"
        " is {last_std:.3f}.",
        when=np.less_equal(-FAR, power) * np.less_equal(power, FAR),
    )
    s.say(
        "Every weight is 0, so every activation is 0 from layer {silent_layer} on.",
        when=weights_are_0,
    )
    s.say(
        "The network fell silent: from layer {silent_layer} on every activation is 0, because a"
        " layer's units all got negative numbers.",
        when=silent * (1 - weights_are_0),
    )
    s.say(
        "In the 32-bit numbers that networks train with, layer {overflow_layer} would already be"
        " infinite.",
        when=s["overflow_layer"] < NEVER,
    )
    s.say(
        "In the 32-bit numbers that networks train with, layer {underflow_layer} would already"
        " be 0.",
        when=(s["underflow_layer"] < NEVER) * alive,
    )
    expectation = "In expectation a layer multiplies the root of the mean square by "
    theories = (
        (
            "{expected_factor:.4f}, the standard deviation times the root of the width: exact for"
            " every width."
        ),
        (
            "at most {expected_factor:.4f}, the standard deviation times the root of the width:"
            " tanh never exceeds 1, and the theory is an upper limit here."
        ),
        (
            "{expected_factor:.4f}, the standard deviation times the root of half the width: exact"
            " for every width, as ReLU keeps half of the mean square."
        ),
    )
    for number, theory in enumerate(theories):
        s.say(expectation + theory, when=np.equal(activation, number))


def _sources(s: Sheet) -> None:
    s.source(
        "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural"
        " networks",
        "https://proceedings.mlr.press/v9/glorot10a.html",
    )
    s.source(
        "He, Zhang, Ren and Sun (2015), Delving Deep into Rectifiers: the factor of two for ReLU",
        "https://arxiv.org/abs/1502.01852",
    )
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: the network in a spreadsheet"
        " and its standard deviation",
        "https://course17.fast.ai/lessons/lesson2.html",
    )
