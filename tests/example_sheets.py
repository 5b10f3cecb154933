"""Small sheets that several tests look at, each from another side."""

from __future__ import annotations

import numpy as np

from sheets import (
    POINTER_Y,
    Axis,
    Contour,
    Series,
    Sheet,
    backprop,
    column_index,
    normal,
    row_index,
    softmax,
)


def descent() -> Sheet:
    """A guess that steps downhill; its line, earlier lines, errors, surface, path; points to drag,
    add and draw.
    """
    s = Sheet("descent", title="A descent")
    s.group("Settings")
    a, b = s.input("a", -1.0, low=-5, high=5), s.input("b", 1.0, low=-5, high=5)
    rate = s.parameter("rate", 0.1, 0.001, 1, scale="log")
    s.group("Points")
    x, y = (
        s.input("x", [0.0, 1.0, 2.0], rows=True, low=-1, high=3),
        s.input("y", [1.0, 2.0, 4.0], rows=True, low=-5, high=5),
    )
    s.group("Drawn")
    s.let("grid", row_index(7) * 0.5 - 0.5)
    s.input("drawn", np.zeros((7, 1)), low=-5, high=5)
    s.group("Descent")
    prediction = s.let("prediction", a * x + b)
    s.let("mse", ((prediction - y) ** 2).mean(), role="loss")
    s.let("ends", row_index(2) * 3 - 0.5)
    s.let("line", a * s["ends"] + b)
    s.let("a_next", a - rate * (2 * (prediction - y) * x).mean())
    s.let("b_next", b - rate * (2 * (prediction - y)).mean())
    s.let("slopes", column_index(21) * 0.5 - 5)
    s.let("intercepts", row_index(21) * 0.5 - 5)
    s.let(
        "surface",
        (s["slopes"] - y.mean()) ** 2
        + (s["intercepts"] - 1) ** 2
        + s["slopes"] * s["intercepts"] / 2,
    )
    s.let("left", -0.5 + 0 * a)
    s.let("at_left", a * s["left"] + b)
    s.carry(a="a_next", b="b_next")
    across, up = Axis("x", -1, 3), Axis("y", -5, 5)
    series = [
        Series("x", "y", "points", mode="markers", role="target", drag="xy"),
        Series("x", "y", "errors", mode="segments", to="prediction", role="loss"),
        Series("ends", "line", "line", ghosts=4, role="weight"),
        Series(
            "left",
            "at_left",
            "handle",
            mode="markers",
            role="weight",
            moves={"b": POINTER_Y - a * s["left"]},
        ),
    ]
    s.chart("points", across, up, series, adds=True)
    path = [
        Series("a", "b", "path", steps=True, role="weight"),
        Series("a", "b", "guess", mode="markers", role="weight", drag="xy"),
    ]
    s.chart(
        "surface",
        Axis("a", -5, 5),
        Axis("b", -5, 5),
        path,
        contour=Contour("slopes", "intercepts", "surface", "loss"),
    )
    s.chart(
        "loss",
        Axis("step", 0, 50),
        Axis("mse", 0.01, 100, "log"),
        [Series("step", "mse", "mse", steps=True, role="loss")],
    )
    s.chart("curve", across, up, [Series("grid", "drawn", "drawn", drag="draw", role="target")])
    s.chart(
        "rate",
        Axis("rate", 0.001, 1, "log"),
        Axis("mse", 0, 50),
        [Series("rate", "mse", "rate", mode="markers", role="parameter", drag="x")],
    )
    return s


def network(width: int = 3) -> Sheet:
    """One hidden layer whose weights are drawn, may be typed over, and are trained."""
    s = Sheet("network", made_by=network)
    s.size("width", width, 1, 6)
    x, y, rate = s.input("x", [2.0, 3.0, 1.0]), s.input("y", [0.5]), s.input("rate", 0.01)
    seed, std = s.parameter("seed", 1, 0, 100, whole=True), s.parameter("std", 0.5, 0, 10)
    first = s.input("first", normal(s, "noise_1", (3, width), seed) * std, role="weight")
    second = s.input("second", normal(s, "noise_2", (width, 1), seed) * std, role="weight")
    s.let("hidden", np.maximum(0, x @ first))
    s.let("loss", (y - s["hidden"] @ second) ** 2)
    d = backprop(s, "loss", ["first", "second"])
    s.let("first_next", first - rate * d["first"])
    s.let("second_next", second - rate * d["second"])
    s.carry(first="first_next", second="second_next")
    return s


def tower(layers: int = 2, width_1: int = 2, width_2: int = 3) -> Sheet:
    """One or more products with drawn weights, trained; rows of data; a width for each layer
    between two.
    """
    s = Sheet("tower", title="A tower of products", made_by=tower)
    s.group("Settings")
    rate, seed = s.parameter("rate", 0.1, 0, 1), s.parameter("seed", 3, 0, 9, whole=True)
    steep = s.choice("steep", "off", ["off", "on"])
    s.size("layers", layers, 1, 3)
    widths = [width_1, width_2][: layers - 1]
    for k, width in enumerate(widths, 1):
        s.size(f"width_{k}", width, 1, 4, (1, 2, 4))
    s.group("Data")
    x, y = (
        s.input("x", [[1.0, 0.5], [0.25, -1.0]], rows=True),
        s.input("y", [1.0, 0.5], rows=True, role="target"),
    )
    s.group("Weights")
    layer, weights = x, []
    for k, (into, out) in enumerate(zip([2, *widths], [*widths, 1], strict=True), 1):
        weights.append(
            s.input(f"W_{k}", normal(s, f"noise_{k}", (into, out), seed + k) * 0.5, role="weight")
        )
    s.group("Results", folded=True)
    for k, weight in enumerate(weights, 1):
        layer = s.let(f"h_{k}", layer @ weight)
    s.let(
        "loss", ((y - s.let("output", layer * (1 + steep))) ** 2).mean(), role="loss", format=".4f"
    )
    d = backprop(s, "loss", [f"W_{k}" for k in range(1, layers + 1)])
    for k, weight in enumerate(weights, 1):
        s.let(f"W_{k}_next", weight - rate * d[f"W_{k}"], role="weight")
    s.carry(**{f"W_{k}": f"W_{k}_next" for k in range(1, layers + 1)})
    s.introduce("A tower.", controls=["layers", "seed"])
    s.preset("Steep", "Higher or lower?", steep="on")
    s.preset("Slow", "How slow?", rate=0.01)
    s.predict("How large is the loss?", "loss", "It is {loss:.4f}.", 0.1)
    s.say("The loss is {loss:.4f}.")
    s.chart(
        "Loss by step",
        Axis("step", 0, 20),
        Axis("loss", 0, 2),
        [Series("step", "loss", "loss", steps=True)],
    )
    s.look = "loss"
    return s


def gaps() -> Sheet:
    """Lines and markers with gaps, on a linear and on a log axis, within the axes, outside, and
    further off than can be drawn.
    """
    s = Sheet("gaps", title="Lines with gaps")
    s.group("Settings")
    shift = s.parameter("shift", 0.5, 0, 9)
    s.group("Lines")
    x = s.let("x", row_index(61) * 0.1 - 3)
    s.let("steep", np.exp(shift * x * 20))
    s.let("root", np.sqrt(x * x - shift))
    s.let("line", 2 * x + shift)
    few = s.let("few", row_index(9) * 0.75 - 3)
    s.let("marks", few + shift)
    s.let("logs", np.log(few - shift))
    s.let("at", shift + 0.1)
    series = [
        Series("x", "steep", "a"),
        Series("x", "root", "b", role="loss"),
        Series("few", "marks", "c", mode="markers", role="weight"),
        Series("x", "line", "d", role="target"),
        Series("few", "logs", "e", mode="markers", role="input"),
        Series("at", "at", "f", mode="markers", role="parameter"),
    ]
    s.chart("linear", Axis("x", -2.5, 2.5), Axis("y", -1, 3), series)
    s.chart("log", Axis("x", 0.01, 4, "log"), Axis("y", 0.001, 100, "log"), series)
    return s


KINDS = ["cat", "dog", "fish"]


def kinds() -> Sheet:
    """A chart of each kind, with axes of each kind."""
    s = Sheet("kinds", title="Charts of every kind")
    shift, top = s.parameter("shift", 0.5, -3, 9), s.parameter("top", 4, 1, 20)
    logits = s.input("logits", [[2.0], [1.0], [0.1]], rows_named=KINDS)
    s.input("goal", [[1.0], [0.0], [0.0]], rows_named=KINDS, role="target")
    s.let("p", softmax(logits * shift, axis=0))
    x = s.input("x", [0.1, 0.4, 0.45, 0.5, 0.9, 1.4, 2.0], rows=True)
    counts, ends = np.histogram(x * shift, bins=5)
    s.let("counts", counts)
    s.let("ends", ends)
    s.let("middles", (s["ends"][:, 1:] + s["ends"][:, :-1]) / 2)
    s.let("curve", s["counts"] * 0.5)
    guess = s.input("guess", 1.0)
    s.let("height", guess * shift)
    across, up = s.let("across", column_index(9) - 4), s.let("up", row_index(7) - 3)
    s.let("bowl", (across - shift) ** 2 + up**2)
    bars = [Series("labels", "p", "p", "bars"), Series("labels", "goal", "goal", "bars", "target")]
    s.chart("Probabilities", Axis("class"), Axis("probability", 0, 1), bars)
    counted = [Series("middles", "counts", "counts", "bars"), Series("middles", "curve", "half")]
    s.chart("Histogram", Axis("x"), Axis("how many", 0), counted)
    points = [Series("x", "x", "data", "markers"), Series("guess", "height", "guess", "markers")]
    s.chart("Fitted", Axis("x", None, top), Axis("y", -1, 2), points)
    surface = Contour("across", "up", "bowl", "loss")
    s.chart("Bowl", Axis("a", -4, 4), Axis("b", -3, 3), contour=surface, equal=True)
    ring = [Series("x", "x", "data", "markers")]
    s.chart("Ring", Axis("a", 0, 4), Axis("b", 0, 2), ring, equal=True)
    return s
