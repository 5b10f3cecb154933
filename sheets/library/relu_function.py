"""Any function from ReLUs: a hidden layer whose units are dragged by hand, or trained, until their
sum is the curve.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .. import POINTER_X, POINTER_Y, Axis, Expr, Series, Sheet, backprop, normal, row_index
from .layers import chosen
from .relu_function_words import say_all
from .stories import tell_story

UNITS = 12  # at most; those beyond `units` count for nothing
POINTS = 31  # of the curve, from -1 to 1
FRAME = 1.9  # how far up and down a piece is drawn
OFF = -9  # where a chart does not reach: the place of marks that do not exist
STEPS = 500  # of the axis of the loss
SEED = 21  # whose noise leaves five of twelve units dead
LARGEST = {"weight": 20, "bias": 200, "height": 20}
CURVES = ("sine", "step", "bump", "|x|", "zigzag")
STARTS = ("evenly spread kinks", "seeded noise")
ENDS = ("height", "weight")
# Of a unit's piece: an edge, the kink, the other edge, and back the same way, so that one line
# draws all pieces.
CORNERS = 5


def relu_function() -> Sheet:
    s = Sheet(
        "relu_function",
        title="Any function from a few ReLUs",
        summary=(
            "One input, up to twelve hidden units. Bend their sum by hand, then let gradient"
            " descent do it. How many are needed?"
        ),
    )
    hands = _settings(s)
    units = _units(s, hands)
    x, target = _curve(s, hands)
    _network(s, units, x, target)
    _results(s, units)
    _training(s, hands)
    _pieces(s, units)
    _charts(s, hands, units)
    tell_story(s, "relu_function", _by_hand())
    say_all(s)
    s.source(
        "M. Nielsen, Neural Networks and Deep Learning (2015), chapter 4",
        "http://neuralnetworksanddeeplearning.com/chap4.html",
    )
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2022), How does a neural net really work?:"
        " sums of ReLUs fitted by hand",
        "https://www.kaggle.com/code/jhoward/how-does-a-neural-net-really-work",
    )
    s.look = "hidden"
    return s


def _settings(s: Sheet) -> SimpleNamespace:
    s.group("Settings")
    return SimpleNamespace(
        curve=s.choice(
            "curve",
            "sine",
            CURVES,
            note="what the sum should become; or draw your own into the first chart",
        ),
        units=s.parameter(
            "units",
            4,
            1,
            UNITS,
            whole=True,
            format="d",
            symbol="n",
            note="hidden units; each brings one kink",
        ),
        learning_rate=s.parameter(
            "learning_rate",
            0.05,
            0,
            2,
            scale="log",
            smallest=1e-3,
            symbol=r"\eta",
            note="of a training step",
        ),
        momentum=s.parameter(
            "momentum",
            0.9,
            0,
            0.95,
            step=0.05,
            format=".2f",
            symbol=r"\beta",
            note="0: plain gradient descent",
        ),
        start=s.choice(
            "start", STARTS[0], STARTS, note="where the units stand before the first step"
        ),
        seed=s.parameter("seed", SEED, 0, 100, whole=True, format="d", note="of the noise"),
        end=s.choice(
            "end_sets", ENDS[0], ENDS, note="what dragging an end changes; only their product shows"
        ),
    )


def _units(s: Sheet, hands: SimpleNamespace) -> SimpleNamespace:
    """The three parameters of each unit, which start where `start` says and are trained."""
    s.group("Noise", "What the seed draws for the start", worksheet="Noise", folded=True)
    noise = normal(
        s,
        "noise",
        (len(LARGEST), UNITS),
        hands.seed,
        format=".3f",
        note="a row for each parameter, a column for each unit",
    )
    drawn = {name: noise[row].T for row, name in enumerate(LARGEST)}
    k, spread = row_index(UNITS), np.equal(hands.start, 0)
    s.group("Units", "Each unit is max(0, weight * x + bias), and adds height times that")
    about = {"role": "weight", "format": ".3f"}
    right = np.where(np.equal(k % 2, 0), 1, -1)  # every other unit looks to the left
    centre = (2 * k + 1 - hands.units) / hands.units  # as exact as the points of the curve
    starts = {
        "weight": np.where(spread, right, drawn["weight"]),
        "bias": np.where(spread, -right * centre, drawn["bias"] / 2),
        "height": np.where(spread, 0.1, drawn["height"] / 2),
    }
    notes = {
        "weight": "how steep inside",
        "bias": "moves the kink",
        "height": "what the unit adds, and in which direction",
    }
    symbols = {"weight": "w", "bias": "b", "height": "v"}
    units = {
        name: s.input(
            name,
            starts[name],
            low=-LARGEST[name],
            high=LARGEST[name],
            symbol=symbols[name],
            note=notes[name],
            **about,
        )
        for name in LARGEST
    }
    in_use = s.let(
        "in_use",
        np.less(k, hands.units),
        format="d",
        symbol="u",
        note="1 for a unit in use; the others count for nothing",
    )
    return SimpleNamespace(**units, in_use=in_use)


def _curve(s: Sheet, hands: SimpleNamespace) -> tuple[Expr, Expr]:
    s.group("The curve", "Draw it with the mouse, or type")
    x = s.let(
        "x", (row_index(POINTS) - POINTS // 2) / (POINTS // 2), format=".2f", note="from -1 to 1"
    )
    shapes = (
        np.sin(np.pi * x),
        np.where(x < 0, -0.5, 0.5),
        np.exp(-((4 * x) ** 2)),
        abs(x),
        abs(np.mod(2 * x, 2) - 1),
    )
    named = s.let(
        "chosen_curve",
        chosen(hands.curve, shapes),
        role="target",
        format=".3f",
        note="the curve by its name",
    )
    about = {
        "role": "target",
        "format": ".3f",
        "symbol": "y",
        "note": "what the sum should be at each x",
    }
    target = s.input("target", named, low=-2, high=2, chosen_by="curve", **about)
    return x, target


def _network(s: Sheet, units: SimpleNamespace, x: Expr, target: Expr) -> None:
    s.group("Hidden layer", "A column a unit, a row a point", worksheet="Hidden", folded=True)
    z = s.let(
        "preactivation",
        x * units.weight.T + units.bias.T,
        format=".3f",
        symbol="z",
        note="weight times x plus bias",
    )
    hidden = s.let(
        "hidden",
        np.maximum(0, z),
        format=".3f",
        symbol="h",
        note="=MAX(0, preactivation): nothing else makes the network bend",
    )
    used = s.let(
        "height_used",
        units.height * units.in_use,
        role="weight",
        format=".3f",
        note="height, 0 for units that are not in use",
    )
    s.group("The sum", "Point by point")
    output = s.let(
        "output",
        hidden @ used,
        format=".3f",
        symbol=r"\hat{y}",
        note="the sum of the units' heights times their activations",
    )
    s.let(
        "error", output - target, role="loss", format=".3f", symbol="e", note="output minus target"
    )


def _results(s: Sheet, units: SimpleNamespace) -> None:
    s.group("What each unit does")
    used = np.equal(units.in_use, 1)
    bend = np.where(np.equal(units.weight, 0), OFF, -units.bias / units.weight)
    kink = s.let(
        "kink",
        bend,
        format=".3f",
        note=f"-bias / weight, where it bends; {OFF}: a flat unit does not",
    )
    silent = np.less_equal(s["hidden"].max(axis=0).T, 0)
    dead = s.let(
        "dead",
        np.where(used, silent, 0),
        format="d",
        note="1 for a unit in use that is 0 at every point",
    )
    s.group(
        "Which ones", "The kinks and the dead units, to be counted", worksheet="Pieces", folded=True
    )
    k = row_index(UNITS) + 1
    inside = s.let(
        "kink_inside",
        np.where(used, abs(kink) <= 1, 0),
        format="d",
        note="1 where a unit in use bends between -1 and 1",
    )
    first = s.let(
        "dead_or_beyond",
        np.where(np.equal(dead, 1), k, UNITS + 1),
        format="d",
        note="its number, or one that no unit has",
    )
    last = s.let("dead_number", dead * k, format="d", note="its number, or 0")
    s.group("Result")
    error = s["error"]
    s.let(
        "loss",
        (error**2).mean(),
        role="loss",
        format=".5f",
        symbol="L",
        title="mean squared error",
        note="the mean squared error",
    )
    s.let(
        "worst_error",
        np.maximum(error.max(), -error.min()),
        role="loss",
        format=".3f",
        title="largest error",
        note="the largest error, without its sign",
    )
    s.let(
        "kinks_inside",
        inside.sum(),
        format="d",
        note="places between -1 and 1 where the sum can bend",
    )
    dead_units = s.let(
        "dead_units", dead.sum(), format="d", note="units in use that are 0 at every point"
    )
    s.let(
        "first_dead",
        np.where(dead_units > 0, first.min(), 0),
        format="d",
        note="the first of them (0: none)",
    )
    s.let("last_dead", last.max(), format="d", note="the last of them (0: none)")
    s.let(
        "redrawn",
        np.not_equal(s["target"], s["chosen_curve"]).sum(),
        format="d",
        note="points of the curve that you drew or typed",
    )


def _training(s: Sheet, hands: SimpleNamespace) -> None:
    s.group(
        "Gradients",
        "How the loss moves when each of these moves by a little",
        worksheet="Training",
        folded=True,
    )
    gradients = backprop(s, "loss", list(LARGEST), title=None)
    s.group(
        "One training step",
        "velocity = momentum * velocity + gradient, then a step of learning_rate down it",
        worksheet="Training",
        folded=True,
    )
    for name in LARGEST:
        velocity = s.input(
            f"velocity_{name}",
            np.zeros((UNITS, 1)),
            role="gradient",
            format=".4f",
            note="what is left of earlier gradients",
        )
        fresh = s.let(
            f"velocity_{name}_next",
            hands.momentum * velocity + gradients[name],
            role="gradient",
            format=".4f",
        )
        s.let(
            f"{name}_next",
            s[name] - hands.learning_rate * fresh,
            role="weight",
            format=".4f",
            note="after one step",
        )
        s.carry(**{name: f"{name}_next", f"velocity_{name}": f"velocity_{name}_next"})


def _pieces(s: Sheet, units: SimpleNamespace) -> None:
    """Where the charts draw each unit: its kink, and the end of its piece."""
    weight, bias, height, in_use = units.weight, units.bias, s["height_used"], units.in_use
    s.group(
        "Kinks and ends",
        "Where each unit bends, and where its piece leaves the chart",
        worksheet="Pieces",
        folded=True,
    )
    kink, inside = s["kink"], s["kink_inside"]
    kink_x = s.let(
        "kink_x",
        np.where(np.equal(inside, 1), kink, OFF),
        format=".3f",
        note=f"the kinks inside; {OFF}: off the chart",
    )
    at_kinks = s.let(
        "hidden_at_kinks",
        np.maximum(0, kink_x * weight.T + bias.T),
        format=".3f",
        note="every unit at every kink",
    )
    s.let("kink_y", at_kinks @ height, format=".3f", note="the sum at the kink")
    s.let(
        "handle_x",
        np.where(np.equal(in_use, 1), np.clip(kink, -1, 1), OFF),
        format=".3f",
        note="the kink, or the edge nearest to it",
    )
    s.let("handle_y", 0 * kink, format="d", note="every piece starts at 0")
    edge = s.let(
        "edge", np.where(weight < 0, -1, 1), format="d", note="the side to which the unit is not 0"
    )
    end = s.let(
        "end",
        height * np.maximum(0, weight * edge + bias),
        format=".3f",
        note="the piece at its edge",
    )
    leaves = (np.clip(end, -FRAME, FRAME) / height - bias) / weight
    s.let(
        "end_x",
        np.where(np.equal(in_use, 0), OFF, np.where(abs(end) > FRAME, leaves, edge)),
        format=".3f",
        note="where the piece ends or leaves",
    )
    s.let(
        "end_y", np.clip(end, -FRAME, FRAME), format=".3f", note=f"the piece there, at most {FRAME}"
    )
    s.group(
        "The pieces as one line",
        "Five corners a unit: edge, kink, edge, and back the same way",
        worksheet="Pieces",
        folded=True,
    )
    place, corner = row_index(UNITS * CORNERS) // CORNERS, row_index(UNITS * CORNERS) % CORNERS
    unit = s.let("piece_unit", place, format="d", note="the unit, from 0")
    bend = np.clip(kink[unit], -1, 1)
    side = np.where(np.equal(corner, 2), 1.1, np.where(np.equal(corner % 4, 0), -1.1, bend))
    piece_x = s.let(
        "piece_x", side, format=".3f", note="a little beyond the chart, and the kink between"
    )
    s.let(
        "piece_y",
        height[unit] * np.maximum(0, weight[unit] * piece_x + bias[unit]),
        format=".3f",
        note="height times the unit there",
    )


def _dragged(hands: SimpleNamespace, units: SimpleNamespace, kink: Expr) -> dict[str, Expr]:
    """What dragging the end of a piece sets: the piece then runs from its kink, which stays,
    through the pointer.
    """
    least = 0.01  # of a weight or height that the other one is divided by
    by_height = np.equal(hands.end, 0)
    steep = POINTER_Y / np.maximum(0.05, abs(POINTER_X - kink))
    weight, height = (np.maximum(least, abs(one)) for one in (units.weight, units.height))
    size = np.where(by_height, weight, np.clip(abs(steep) / height, least, LARGEST["weight"]))
    moved = np.where(kink > POINTER_X, -size, size)
    return {
        "weight": moved,
        "bias": np.clip(-moved * kink, -LARGEST["bias"], LARGEST["bias"]),
        "height": np.where(
            by_height,
            np.clip(steep / weight, -LARGEST["height"], LARGEST["height"]),
            np.where(POINTER_Y < 0, -height, height),
        ),
    }


def _charts(s: Sheet, hands: SimpleNamespace, units: SimpleNamespace) -> None:
    x_axis = Axis("x", -1, 1)
    kinked = np.clip(-units.weight * POINTER_X, -LARGEST["bias"], LARGEST["bias"])
    s.chart(
        "The curve, and the sum of the pieces",
        x_axis,
        Axis("y", -1.6, 1.6),
        [
            Series("x", "target", "curve: draw it", role="target", drag="draw"),
            Series("x", "output", "the sum", role="weight"),
            Series("kink_x", "kink_y", "kinks", mode="markers", role="weight"),
        ],
        note=(
            "Two lines: the curve that is wanted, and the sum of the pieces, which bends only"
            " at the kinks."
        ),
    )
    s.chart(
        "Each unit's own piece",
        x_axis,
        Axis("height times unit", -2, 2),
        [
            Series("piece_x", "piece_y", "pieces", role="activation"),
            Series(
                "handle_x",
                "handle_y",
                "kinks: drag",
                mode="markers",
                role="parameter",
                moves={"bias": kinked},
            ),
            Series(
                "end_x",
                "end_y",
                "ends: drag",
                mode="markers",
                role="input",
                moves=_dragged(hands, units, s["kink"]),
            ),
        ],
        note=(
            "A line for each unit in use: flat at 0 up to its kink, straight from there to the edge"
            " of the chart."
        ),
    )
    s.chart(
        "The loss, step by step",
        Axis("step", 0, STEPS),
        Axis("mean squared error", 1e-5, 10, "log"),
        [Series("step", "loss", "loss", role="loss", steps=True)],
        note="The loss of each step so far, on a log axis.",
    )


def _by_hand() -> dict[str, list[list[float]]]:
    """Three units for the bump, all looking to the right, and the others at rest."""
    kinks = [0.5, 0.0, -0.5] + [0.0] * (UNITS - 3)
    return {
        "all to the right": [[1.0]] * UNITS,
        "three kinks": [[b] for b in kinks],
        "a first try": [[0.8], [0.4], [-0.8], *[[0.1]] * (UNITS - 3)],
        "heights that cancel": [[2.0], [-4.0], [2.0], *[[0.1]] * (UNITS - 3)],
    }
