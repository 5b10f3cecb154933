"""Down one curve: the slope where we stand, times a learning rate, is the next step."""

from __future__ import annotations

import numpy as np

from .. import (
    POINTER_X,
    POINTER_Y,
    Axis,
    Contour,
    Expr,
    Series,
    Sheet,
    backprop,
    column_index,
    row_index,
)
from .layers import chosen
from .stories import tell_story

CURVES = ("parabola", "two valleys", "plateau", "saddle", "Rosenbrock", "Beale")
SADDLE = CURVES.index("saddle")  # from here on a curve has two inputs
LEFT, RIGHT = -2.5, 4.5  # of x in the charts
NEAR, FAR = -2.5, 2.5  # of y
TOP = 10  # of the loss axis
PIECES = 70  # of the curve
GRID = 28, 20  # pieces of the map, across and down
LEAST = 1e-4  # the map and the losses are drawn no lower, since their levels are powers of ten
FELT = 1e-4  # of a step and of a loss: less changes no digit that is shown
LOST = 1e3  # where x or y has run away
COUNTED = (1, 2, 10, 1000)  # directions
MOST_DIRECTIONS = 1000
CURVE_OF_CHANCE = 30  # pieces


def descent() -> Sheet:
    s = Sheet(
        "descent",
        title="Descent: down one curve",
        summary=(
            "You feel the slope where you stand, and nothing else. How far should a step go, and"
            " where do you get stuck?"
        ),
    )
    _settings(s)
    _place(s)
    _step(s)
    _directions(s)
    _drawn(s)
    _charts(s)
    tell_story(s, "descent")
    _sentences(s)
    _sources(s)
    s.look = "x_next"
    return s


def landscape(curve: Expr, x: Expr, y: Expr) -> Expr:
    """The loss at (x, y): six curves, of which the first three do not look at y."""
    return chosen(
        curve,
        [
            (x - 1) ** 2,
            3 * (((x - 1) / 2) ** 2 - 1) ** 2 - 0.3 * (x - 1) + 0.8,
            4 - 4 * np.exp(-((x - 2) ** 2) / 2.5),
            x**2 / 2 + (y**2 - 1) ** 2,
            (1 - x) ** 2 + 100 * (y - x**2) ** 2,
            (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        ],
    )


def _settings(s: Sheet) -> None:
    s.group("Settings", "Move one at a time, and say first where the next step will land")
    s.choice("curve", "parabola", CURVES, note="the first three have one input, the others two")
    s.parameter(
        "learning_rate",
        0.1,
        0,
        2,
        scale="log",
        smallest=1e-5,
        symbol=r"\eta",
        note="a step is this times the slope",
    )
    s.parameter(
        "momentum",
        0,
        0,
        0.99,
        step=0.01,
        format=".2f",
        symbol=r"\beta",
        note="how much of the step before goes on; 0: none",
    )


def _place(s: Sheet) -> None:
    s.group("Where we stand", "Also by dragging the mark on the curve, or on the map")
    about = {"low": -100, "high": 100, "format": ".4f"}
    x = s.input("x", -2, role="weight", note="the input that descent changes", **about)
    y = s.input("y", 0, role="weight", note="a second one, for curves of two inputs", **about)
    s.group("The loss here")
    s.let(
        "loss",
        landscape(s["curve"], x, y),
        role="loss",
        format=".4f",
        symbol="L",
        note="the height of the curve",
    )
    backprop(s, "loss", ["x", "y"], title="The slopes here")
    for name in ("x", "y"):
        s.blocks[f"d_{name}"].title = f"slope along {name}"


def _step(s: Sheet) -> None:
    rate, keep = s["learning_rate"], s["momentum"]
    s.group(
        "What is kept of steps before",
        "The velocity: all slopes so far, each faded by momentum again and again",
    )
    for name in ("x", "y"):
        s.input(
            f"velocity_{name}", 0, role="gradient", format=".4f", note=f"along {name}, before now"
        )
    s.group("The next step", "Against the velocity: the slope, plus what is kept")
    for name in ("x", "y"):
        velocity = s.let(
            f"velocity_{name}_next",
            keep * s[f"velocity_{name}"] + s[f"d_{name}"],
            role="gradient",
            format=".4f",
            note=f"momentum × velocity_{name} + d_{name}",
        )
        s.let(
            f"{name}_next",
            s[name] - rate * velocity,
            role="weight",
            format=".4f",
            note=f"{name} - learning_rate × velocity_{name}_next",
        )
    s.let("step_x", s["x_next"] - s["x"], format=".4f", title="step along x", note="x_next - x")
    s.let("step_y", s["y_next"] - s["y"], format=".4f", title="step along y", note="y_next - y")
    s.let(
        "step_length",
        np.sqrt(s["step_x"] ** 2 + s["step_y"] ** 2),
        format=".4f",
        title="length of the next step",
        note="of both together, by Pythagoras",
    )
    s.let(
        "loss_next",
        landscape(s["curve"], s["x_next"], s["y_next"]),
        role="loss",
        format=".4f",
        note="the loss after it",
    )
    s.group("Steps", "So far, and whether the way has been lost")
    t = s.input("t", 0, low=0, whole=True, format="d", title="steps taken", note="steps so far")
    s.let("t_next", t + 1, format="d", note="one more")
    s.let(
        "run_away",
        np.where(np.maximum(abs(s["x_next"]), abs(s["y_next"])) >= LOST, 1, 0),
        format="d",
        note=f"1 where the next step leaves -{LOST:g} to {LOST:g}",
    )
    s.carry(
        x="x_next",
        y="y_next",
        velocity_x="velocity_x_next",
        velocity_y="velocity_y_next",
        t="t_next",
    )


def _directions(s: Sheet) -> None:
    s.group(
        "A flat place in n directions",
        "In each the curve may turn up or down; if both were as likely, how often all turn up",
        worksheet="Directions",
    )
    n = s.input(
        "n",
        np.transpose([COUNTED]),
        rows_named=tuple(f"{count} direction{'s' * (count > 1)}" for count in COUNTED),
        low=1,
        high=MOST_DIRECTIONS,
        whole=True,
        format="d",
        note="directions in which one can walk",
    )
    patterns = s.let(
        "patterns",
        2**n,
        title="ways",
        note="2 × 2 × ... × 2: each direction doubles them",
    )
    s.let("all_up", 0 * n + 1, format="d", title="all up", note="one way of them all")
    s.let(
        "mixed", patterns - 2, title="some up, some down: a saddle", note="all but two of the ways"
    )
    chance = s.let("chance", s["all_up"] / patterns, title="chance", note="one of all the ways")
    s.let("digits", np.floor(n * np.log10(2)) + 1, format="d", note="digits of the number of ways")
    s.group("With as many directions as you like", worksheet="Directions")
    own = s.parameter(
        "directions",
        10,
        1,
        MOST_DIRECTIONS,
        scale="log",
        whole=True,
        format="d",
        note="in which one can walk",
    )
    s.let("own_chance", 1 / 2**own, title="chance that all turn up", note="1 of all the ways")
    digits = np.floor(own * np.log10(2)) + 1
    s.let("own_digits", digits, format="d", title="digits of the number of ways", note="of yours")
    s.let("own_power", own * np.log10(0.5), format=".2f", note="as a power of ten")
    s.group("In words", "The rows' chances, and the last one's size", worksheet="Directions")
    for row, word in enumerate(("first", "second", "third")):
        s.let(f"chance_{row + 1}", chance[row, 0], format=".1%", note=f"with the {word} n")
    last = len(COUNTED) - 1
    s.let(
        "last_digits",
        s["digits"][last, 0],
        format="d",
        title="digits of their number for 1000",
        note="with the last n",
    )


def _drawn(s: Sheet) -> None:
    s.group(
        "The curve",
        "Through where we stand, as the chart draws it",
        worksheet="Curve",
        folded=True,
    )
    x = s.let(
        "curve_x",
        LEFT + row_index(PIECES + 1) * ((RIGHT - LEFT) / PIECES),
        format=".2f",
        note=f"from {LEFT:g} to {RIGHT:g}",
    )
    s.let(
        "curve_loss",
        landscape(s["curve"], x, s["y"]),
        role="loss",
        format=".4f",
        note="the loss at each, with the present y",
    )
    s.group(
        "The triangle of the next step",
        "Its base is the step, its slanting side lies along the slope",
        worksheet="Curve",
        folded=True,
    )
    corner = s.let("corner", row_index(4), format="d", note="its corners, the first one twice")
    away = np.where(np.equal(corner, 1), 1, np.where(np.equal(corner, 2), 1, 0))
    s.let(
        "triangle_x",
        s["x"] + s["step_x"] * away,
        format=".4f",
        note="across: where we stand, and where the step ends",
    )
    s.let(
        "triangle_loss",
        s["loss"] + s["d_x"] * s["step_x"] * np.equal(corner, 2),
        role="gradient",
        format=".4f",
        note="up: the loss, and what the slope promises there",
    )
    s.group(
        "The map",
        "The loss for x across and y down",
        worksheet="Map",
        folded=True,
    )
    across, down = GRID
    x = s.let(
        "map_x",
        LEFT + column_index(across + 1) * ((RIGHT - LEFT) / across),
        format=".2f",
        note="x",
    )
    y = s.let("map_y", NEAR + row_index(down + 1) * ((FAR - NEAR) / down), format=".2f", note="y")
    s.let(
        "map",
        np.maximum(LEAST, landscape(s["curve"], x, y)),
        role="loss",
        format=".3f",
        note=f"the loss, drawn no lower than {LEAST:g}",
    )
    s.let("deepest", s["curve_loss"].min(), role="loss", format=".4f", note="of the curve's points")
    s.group("The chance against n", "As its chart draws it", worksheet="Directions", folded=True)
    n = s.let(
        "curve_n",
        np.exp(row_index(CURVE_OF_CHANCE + 1) * (np.log(MOST_DIRECTIONS) / CURVE_OF_CHANCE)),
        format=".2f",
        note=f"from 1 to {MOST_DIRECTIONS}",
    )
    s.let("curve_power", n * np.log10(0.5), format=".2f", note="which power of ten the chance is")
    s.let("power", s["n"] * np.log10(0.5), format=".2f", note="the same for the table's rows")


def _charts(s: Sheet) -> None:
    s.chart(
        "The curve, and the next step as a triangle",
        Axis("x", LEFT, RIGHT),
        Axis("loss", 0, TOP),
        [
            Series("curve_x", "curve_loss", "the curve", role="target"),
            Series("x", "loss", "the way so far", role="weight", steps=True),
            Series("triangle_x", "triangle_loss", "the next step", role="gradient"),
            Series("x_next", "loss_next", "next", mode="markers", role="parameter"),
            Series("x", "loss", "here", mode="markers", role="weight", moves={"x": POINTER_X}),
        ],
        note=(
            "The curve with a mark where we stand. The triangle's base is the next step, its"
            " slanting side the slope."
        ),
    )
    s.chart(
        "The loss, step by step",
        Axis("step", 0, 100),
        Axis("loss (log scale)", LEAST, 1e4, "log"),
        [Series("step", "loss", "loss", role="loss", steps=True)],
        note="The loss at every step so far.",
    )
    s.chart(
        "The map: the loss from above",
        Axis("x", LEFT, RIGHT),
        Axis("y", NEAR, FAR),
        [
            Series("x", "y", "the way so far", role="weight", steps=True),
            Series(
                "x",
                "y",
                "here",
                mode="markers",
                role="weight",
                moves={"x": POINTER_X, "y": POINTER_Y},
            ),
        ],
        note="Lines of equal loss over x and y, and the way of the descent across them.",
        contour=Contour("map_x", "map_y", "map", "loss", levels="log"),
    )
    s.chart(
        "The chance that all directions turn up",
        Axis("directions n (log scale)", 1, MOST_DIRECTIONS, "log"),
        Axis("which power of ten it is", -310, 0),
        [
            Series("curve_n", "curve_power", "chance", role="loss"),
            Series("n", "power", "rows of the table", mode="markers", role="input"),
            Series("directions", "own_power", "yours", mode="markers", role="parameter"),
        ],
        note="The chance as a power of ten falls in proportion to n, off a cliff on this axis.",
    )


def _sentences(s: Sheet) -> None:
    near, keeps = np.equal(s["run_away"], 0), s["momentum"] > 0
    two, felt = s["curve"] >= SADDLE, s["step_length"] >= FELT
    taken = {
        "learning rate times slope": 1 - keeps,
        "slope and what is kept of earlier ones": keeps,
    }
    for made_of, which in taken.items():
        s.say(
            f"The slope is {{d_x:.4f}}. The next step, {made_of}, takes x from {{x:.4f}} to"
            " {x_next:.4f}.",
            when=near * felt * (1 - two) * which,
        )
        s.say(
            f"From x = {{x:.2f}}, y = {{y:.2f}} the next step, {made_of}, is"
            " {step_length:.4f} long.",
            when=near * felt * two * which,
        )
    s.say(
        f"From x = {{x:.2f}} the next step is shorter than {FELT:.4f}: it is level there, or nearly"
        " so.",
        when=near * (1 - felt),
    )
    change = s["loss_next"] - s["loss"]
    lower, higher = change <= -FELT, change >= FELT
    s.say("It takes the loss from {loss:.4f} down to {loss_next:.4f}.", when=near * lower)
    s.say("It takes the loss from {loss:.4f} up to {loss_next:.4f}.", when=near * higher)
    s.say(
        "The loss stays at {loss:.4f}: there is no slope here to walk along.",
        when=near * np.equal(s["loss_next"], s["loss"]),
    )
    s.say(
        "The next step leaves the chart for good: the learning rate is too large for this curve.",
        when=s["run_away"],
    )


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: gradient descent, and the"
        " question about local minima",
        "https://course17.fast.ai/lessons/lesson2.html",
    )
    s.source(
        "Dauphin and others (2014), Identifying and attacking the saddle point problem in"
        " high-dimensional non-convex optimization",
        "https://arxiv.org/abs/1406.2572",
    )
    s.source(
        "Choromanska and others (2015), The loss surfaces of multilayer networks: valleys of large"
        " networks are about equally deep",
        "https://arxiv.org/abs/1412.0233",
    )
