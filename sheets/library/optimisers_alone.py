"""The course's gradient descent workbook, one sheet an optimiser, all of one shape: a step is a row
of the data, an epoch a pass of 29.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import Axis, Expr, Series, Sheet, column_index, row_index
from .optimisers_rules import (
    COURSE,
    LARGEST_BETA,
    OPTIMISERS,
    PARAMETERS,
    START,
    TORCH,
    Descent,
    Optimiser,
    Settings,
    clock,
    data,
    settings_of,
    turn,
)
from .stories import tell_story

NUDGE = 0.01  # of the finite differences, as the course has it
RIGHT, TOP = 100, 250  # of the line's chart
SOURCES = (
    (
        (
            "fast.ai, Practical Deep Learning for Coders (2016), lesson 4: SGD, momentum, Adagrad,"
            " RMSprop and Adam in graddesc.xlsm"
        ),
        "https://course17.fast.ai/lessons/lesson4.html",
    ),
    (
        "PyTorch, torch.optim: the definitions of rule torch",
        "https://pytorch.org/docs/stable/optim.html",
    ),
    (
        "Duchi, Hazan and Singer (2011), Adaptive subgradient methods: Adagrad",
        "https://jmlr.org/papers/v12/duchi11a.html",
    ),
    (
        "Kingma and Ba (2015), Adam: A method for stochastic optimization",
        "https://arxiv.org/abs/1412.6980",
    ),
)


class Words(NamedTuple):
    title: str
    summary: str
    course: str  # what its rule does, while rule is course
    torch: str


WORDS = {
    "sgd": Words(
        "SGD: one row of data, one step downhill",
        "Look at one row, walk against its gradient, take the next row. What can go wrong with"
        " something so simple?",
        "SGD: the direction is this row's gradient itself. m is that gradient, and v stays as it"
        " is, so that nothing is divided.",
        "PyTorch's SGD is the course's; only, no update is dropped at the end of a pass.",
    ),
    "momentum": Words(
        "Momentum: walk along an average of the gradients",
        "Gradients of single rows point here and there. What does it help to follow their average?",
        "Momentum as the course has it: m = beta m + (1 - beta) gradient, an average, so that m is"
        " as large as a gradient.",
        "Momentum as PyTorch has it: m = beta m + gradient, a sum, so that m grows to 1 / (1 -"
        " beta) times a gradient.",
    ),
    "rmsprop": Words(
        "RMSprop: a step of the same size for each parameter",
        "The slope's gradients are tens of times larger than the intercept's. What if each was"
        " divided by its own usual size?",
        "RMSprop as the course has it: the gradient is divided by the square root of v as the row"
        " above left it, without epsilon.",
        "RMSprop as PyTorch has it: the gradient is divided by the square root of this row's v,"
        " plus 1e-8.",
    ),
    "adam": Words(
        "Adam: momentum and RMSprop together",
        "The average of the gradients, divided by their usual size. Does it reach y = 2 x + 30?",
        "Adam as the course has it: direction m, divisor the square root of v, both of this row; no"
        " bias correction, no epsilon.",
        "Adam as PyTorch has it: m and v are corrected for having started at 0, and 1e-8 is added"
        " to the root of v.",
    ),
    "adagrad": Words(
        "Adagrad: steps that only become shorter",
        "Divide by the root of the sum of all squares so far. Why does it slow down, and is that"
        " good?",
        "Adagrad in the manner of the course's other sheets: v sums all squared gradients, and its"
        " root divides. (What the course's own sheet of 2016 computes, and at which learning rate,"
        " is not known to us.)",
        "Adagrad as PyTorch has it: v is the sum of all squared gradients, and 1e-10 is added to"
        " its root.",
    ),
}


def sgd() -> Sheet:
    return _alone("sgd")


def momentum() -> Sheet:
    return _alone("momentum")


def rmsprop() -> Sheet:
    return _alone("rmsprop")


def adam() -> Sheet:
    return _alone("adam")


def adagrad() -> Sheet:
    return _alone("adagrad")


def _alone(name: str) -> Sheet:
    optimiser, words = OPTIMISERS[name], WORDS[name]
    s = Sheet(name, title=words.title, summary=words.summary)
    descent = _settings(s, optimiser)
    data(s)
    _guess(s, descent)
    _reset(s, descent)
    _row(s, descent)
    s.group(
        "The step",
        "new = old - learning_rate * direction / divisor: the optimisers differ in these columns"
        " alone",
    )
    descent.update(s["t"], s["kept"])
    _errors(s, descent)
    _charts(s)
    tell_story(s, name, _settings_by_rule(optimiser))
    tell_story(s, "optimisers_alone")
    _sentences(s, words, descent.undivided)
    _sources(s)
    s.look = "new_slope"
    return s


def _settings(s: Sheet, optimiser: Optimiser) -> Descent:
    s.group("Settings", "Move one, and the whole run follows from the start")
    rule = s.choice(
        "rule",
        COURSE,
        [COURSE, TORCH],
        note="the definitions of the course's workbook, or PyTorch's",
    )
    about = {"scale": "log", "smallest": 1e-6, "symbol": r"\eta", "note": "how far a step goes"}
    rate = s.parameter("learning_rate", optimiser.learning_rate, 0, 10, **about)
    betas = {
        which: s.parameter(
            beta.name, beta.value, 0, LARGEST_BETA, step=0.001, format=".3f", note=beta.note
        )
        for which, beta in optimiser.betas.items()
    }
    return Descent(s, optimiser, Settings(rule, rate, betas))


def _guess(s: Sheet, descent: Descent):
    s.group(
        "Where it stands",
        "At step 0 where the course's Reset puts it, at the end of Run what stands at the top of"
        " the course's sheet",
    )
    s.input("t", 0, low=0, high=1e6, whole=True, format="d", note="steps so far")
    descent.guess(dict.fromkeys(PARAMETERS, START))
    s.group("The line as drawn", "From the left end of the chart to the right one", folded=True)
    ends = s.let("line_x", row_index(2) * RIGHT, format="d", note="both ends of the chart")
    s.let(
        "line_y",
        s["intercept"] + s["slope"] * ends,
        role="weight",
        format=".4f",
        note="the line there",
    )


def _reset(s: Sheet, descent: Descent):
    note = (
        f"Throw-away passes over the data, from the guess {START:g} and {START:g}; only the last m"
        " and v are kept"
    )
    s.group("The course's Reset", note, folded=True)
    one_and_x = s.let(
        "one_and_x",
        s["x"] ** column_index(2),
        note="what an error is multiplied by: 1 for the intercept, x for the slope",
    )
    warm = descent.reset(one_and_x, s["y"])
    s.group("What it remembers", "From the row above")
    descent.memory(warm)


def _row(s: Sheet, descent: Descent):
    s.group(
        "This row",
        "One row of the course's sheet, from left to right; finite differences look"
        f" {NUDGE:g} further",
    )
    turn(s)
    x, y = s["x_now"], s["y_now"]
    descent.predict(x, y)
    intercept, slope = s["intercept"], s["slope"]
    nudged = {
        ("intercept", "b"): (intercept + NUDGE) + x * slope,
        ("slope", "a"): (slope + NUDGE) * x + intercept,
    }
    for (name, letter), line in nudged.items():
        note = f"err^2 at {name} + {NUDGE:g}"
        up = s.let(
            f"squared_error_{name}_up",
            (line - y) ** 2,
            role="loss",
            format=".4f",
            title=f"err{letter}1",
            note=note,
        )
        estimate, note = (up - s["squared_error"]) / NUDGE, f"(err{letter}1 - err^2) / {NUDGE:g}"
        s.let(
            f"d_{name}_estimate",
            estimate,
            role="gradient",
            format=".4f",
            title=f"est de/d{letter}",
            note=note,
        )
    descent.gradients(x, y)


def _errors(s: Sheet, descent: Descent):
    s.group("Error", "Of the present guess, over all 29 rows")
    off = s["y"] - START - START * s["x"]
    s.let(
        "rmse_start",
        np.sqrt((off**2).mean()),
        role="loss",
        format=".4f",
        note=f"rmse of y = {START:g} + {START:g} x",
    )
    descent.error(s["x"], s["y"])
    s.group(
        "Error of a pass",
        "As the course charts it: in a pass, every row has its own guess",
        folded=True,
    )
    descent.passes(s["last_row"])
    clock(s)


def _charts(s: Sheet):
    s.chart(
        "The line and the row whose turn it is",
        Axis("x", 0, RIGHT),
        Axis("y", 0, TOP),
        [
            Series("x", "y", "the 29 rows", mode="markers", role="target"),
            Series("line_x", "line_y", "the line", role="weight", ghosts=5),
            Series(
                "x_now", "y_now", "the error of this row", mode="segments", role="loss", to="y_pred"
            ),
        ],
        note=(
            "Rising points on a straight line, the present guess as a line, and the upright"
            " distance between it and the present row."
        ),
    )
    s.chart(
        "Error by epoch",
        Axis("epochs (passes of 29 rows)", 0, 10),
        Axis("root of the sum of squares", 0, 450),
        [
            Series("epochs", "rmse_course", "of the guess, by step", role="activation", steps=True),
            Series(
                "passes_done",
                "pass_error",
                "of a pass, as the course charts it",
                mode="markers",
                role="loss",
                steps=True,
            ),
        ],
        note=(
            "The error over all rows after each step, and the error of each whole pass, in which"
            " the guess moved on from row to row."
        ),
    )


def _settings_by_rule(optimiser: Optimiser) -> dict[str, dict[str, float | str]]:
    """The settings that the stories name: each rule with its own learning rate and betas."""
    names = {"the course's": COURSE, "PyTorch's": TORCH}
    return {name: {"rule": rule, **settings_of(optimiser, rule)} for name, rule in names.items()}


def _sentences(s: Sheet, words: Words, undivided: Expr):
    rule, rate = s["rule"], s["learning_rate"]
    s.say(
        "The learning rate is 0: every step has length 0, and the line stays where it is.",
        when=np.equal(rate, 0),
    )
    s.say(
        "Step {t}, whole passes done: {passes_done}. The line has intercept {intercept:.4f} and"
        " slope {slope:.4f}; its root mean squared error is {rmse:.2f}. Not divided by the number"
        " of rows, as in the course's sheet, that is {rmse_course:.2f}."
    )
    s.say(
        f"That is worse than the line with intercept {START:g} and slope {START:g}, whose error is"
        " {rmse_start:.2f}. Where it grows pass by pass, the steps are too long for this rule:"
        " lower the learning rate.",
        when=s["rmse"] > s["rmse_start"] * (1 + 1e-9),
    )
    s.say(
        "This row is x = {x_now:.2f}, y = {y_now:.2f}. The line says {y_pred:.2f}, so err^2 is"
        " {squared_error:.2f}. Its gradient is {d_slope:.2f} for the slope (by nudging"
        " {d_slope_estimate:.2f}), {d_intercept:.2f} for the intercept (by nudging"
        " {d_intercept_estimate:.2f})."
    )
    step = (
        "{0} {{{0}:.4f}} - {{learning_rate:g}} × ({{direction_{0}:.2f}}) / {{divisor_{0}:.2f}} ="
        " {{new_{0}:.4f}}"
    )
    for name in ("slope", "intercept"):
        s.say(f"The step: {step.format(name)}.")
    s.say(
        "A v is 0: no gradient was seen, and 1 divides in its place. In the course's sheet it would"
        " be #DIV/0!.",
        when=undivided,
    )
    s.say(
        "This is the last row of the pass. The course's Run copies the guess in front of it to the"
        " top of the sheet: this update is lost.",
        when=np.equal(s["kept"], 0),
    )
    s.say(words.course, when=np.equal(rule, 0))
    s.say(words.torch, when=np.equal(rule, 1))


def _sources(s: Sheet):
    for text, address in SOURCES:
        s.source(text, address)
