"""The race: five optimisers from one start, over the same rows, on one chart of their errors and on
the loss surface.
"""

from __future__ import annotations

import numpy as np

from .. import Axis, Contour, Expr, Series, Sheet, column_index, row_index, values
from .optimisers_alone import SOURCES, adagrad, adam, momentum, rmsprop, sgd
from .optimisers_rules import (
    COURSE,
    LARGEST_BETA,
    OPTIMISERS,
    PARAMETERS,
    START,
    TORCH,
    Descent,
    Settings,
    clock,
    data,
    settings_of,
    turn,
)
from .stories import tell_story

INTERCEPTS, SLOPES = (-5.0, 45.0), (-0.5, 4.0)  # of the loss surface
COLUMNS, ROWS = 41, 31  # of its grid
LEAST_LOSS = 1.0  # the surface is drawn no lower, since its levels are powers


def optimisers() -> Sheet:
    s = Sheet(
        "optimisers",
        title="Five optimisers race down one valley",
        summary=(
            "SGD, momentum, RMSprop, Adam and Adagrad start from one line, on the same 29 rows. Who"
            " comes to y = 2 x + 30, and why?"
        ),
    )
    s.beside = [sgd(), momentum(), rmsprop(), adam(), adagrad()]
    descents = _settings(s)
    data(s)
    _descend(s, descents)
    _errors(s, descents)
    _surface(s)
    _charts(s, descents)
    tell_story(s, "optimisers", _settings_of_all())
    _sentences(s, descents)
    for text, address in SOURCES:
        s.source(text, address)
    s.look = "new_slope_adam"
    return s


def _settings(s: Sheet) -> dict[str, Descent]:
    s.group("Settings", "Move one, and all five run again from the start")
    rule = s.choice(
        "rule",
        COURSE,
        [COURSE, TORCH],
        note="the definitions of the course's workbook, or PyTorch's",
    )
    s.parameter(
        "start_intercept",
        START,
        *INTERCEPTS,
        step=0.1,
        role="weight",
        note="of the line that all five start from",
    )
    s.parameter("start_slope", START, *SLOPES, step=0.01, role="weight", note="of that line")
    s.group("Learning rates", "How far each one's steps go")
    rates = {
        name: s.parameter(
            f"learning_rate_{name}",
            one.learning_rate,
            0,
            10,
            scale="log",
            smallest=1e-6,
            title=f"rate of {name}",
        )
        for name, one in OPTIMISERS.items()
    }
    s.group("Betas", "What each row keeps of the averages", folded=True)
    descents = {}
    for name, one in OPTIMISERS.items():
        betas = {
            which: s.parameter(
                f"{beta.name}_{name}",
                beta.value,
                0,
                LARGEST_BETA,
                step=0.001,
                format=".3f",
                title=f"{beta.name.replace('_', ' ')} of {name}",
                note=beta.note,
            )
            for which, beta in one.betas.items()
        }
        descents[name] = Descent(s, one, Settings(rule, rates[name], betas), f"_{name}")
    return descents


def _descend(s: Sheet, descents: dict[str, Descent]):
    s.group("Where they stand", "What one step hands to the next", folded=True)
    s.input("t", 0, low=0, high=1e6, whole=True, format="d", note="steps so far")
    for descent in descents.values():
        descent.guess({"intercept": s["start_intercept"], "slope": s["start_slope"]})
    note = (
        "From the row above. Under rule course, what the course's Reset leaves at its own rates,"
        f" from {START:g} and {START:g}"
    )
    s.group("What they remember", note, folded=True)
    for sheet in s.beside:
        numbers, one = values(sheet), descents[sheet.name]
        one.memory(
            {
                f"{name}_{p}": numbers[f"{name}_{p}"].item()
                for name in one.optimiser.warmed
                for p in PARAMETERS
            }
        )
    s.group("This row", "The same for all", folded=True)
    turn(s)
    clock(s)
    for name, descent in descents.items():
        s.group(
            f"The step of {name}", "new = old - learning_rate * direction / divisor", folded=True
        )
        descent.predict(s["x_now"], s["y_now"])
        descent.gradients(s["x_now"], s["y_now"])
        descent.update(s["t"], s["kept"])


def _errors(s: Sheet, descents: dict[str, Descent]):
    s.group(
        "Errors", "Of each one's line over all 29 rows, and of its last whole pass", folded=True
    )
    for descent in descents.values():
        descent.error(s["x"], s["y"])
        descent.passes(s["last_row"])
    s.group("Standings", "Root of the mean squared error over all 29 rows")
    start = s["y"] - s["start_intercept"] - s["start_slope"] * s["x"]
    s.let(
        "rmse_start",
        np.sqrt((start**2).mean()),
        role="loss",
        format=".4f",
        title="error at the start",
        note="of the line that all five start from",
    )
    errors = [s[f"rmse_{name}"] for name in descents]
    least, most = errors[0], errors[0]
    for error in errors[1:]:
        least, most = np.minimum(least, error), np.maximum(most, error)
    s.let(
        "rmse_least",
        least,
        role="loss",
        format=".4f",
        title="least error",
        note="the smallest of the five",
    )
    s.let(
        "rmse_most",
        most,
        role="loss",
        format=".4f",
        title="largest error",
        note="the largest of the five",
    )


def _surface(s: Sheet):
    """The mean squared error is a paraboloid over intercept and slope: five means of the rows tell
    it everywhere.
    """
    x, y = s["x"], s["y"]
    s.group("What shapes the loss surface", "Means of the rows", folded=True)
    mean_x = s.let("mean_x", x.mean(), format=".4f", note="mean of x")
    mean_y = s.let("mean_y", y.mean(), format=".4f", note="mean of y")
    variance_x = s.let(
        "variance_x", ((x - mean_x) ** 2).mean(), format=".4f", note="how far x spreads, squared"
    )
    variance_y = s.let(
        "variance_y", ((y - mean_y) ** 2).mean(), format=".4f", note="how far y spreads, squared"
    )
    covariance = s.let(
        "covariance", ((x - mean_x) * (y - mean_y)).mean(), format=".4f", note="how y goes with x"
    )
    s.group(
        "The loss surface",
        "Mean squared error of each intercept and slope",
        worksheet="Surface",
        folded=True,
    )
    intercepts = s.let(
        "surface_intercept",
        _between(column_index(COLUMNS), COLUMNS, *INTERCEPTS),
        role="weight",
        format=".2f",
    )
    slopes = s.let(
        "surface_slope", _between(row_index(ROWS), ROWS, *SLOPES), role="weight", format=".2f"
    )
    middle = (intercepts + slopes * mean_x - mean_y) ** 2
    loss = middle + slopes**2 * variance_x - 2 * slopes * covariance + variance_y
    s.let(
        "surface_loss",
        np.maximum(LEAST_LOSS, loss),
        role="loss",
        format=".1f",
        note=f"the mean squared error, drawn no lower than {LEAST_LOSS:g}",
    )


def _between(index: Expr, count: int, low: float, high: float) -> Expr:
    return low + index * ((high - low) / (count - 1))


def _charts(s: Sheet, descents: dict[str, Descent]):
    roles = {name: one.optimiser.role for name, one in descents.items()}
    paths = [
        Series(f"intercept_{name}", f"slope_{name}", name, role=role, steps=True)
        for name, role in roles.items()
    ]
    s.chart(
        "Their paths on the loss surface",
        Axis("intercept", *INTERCEPTS),
        Axis("slope", *SLOPES),
        [
            *paths,
            Series(
                "start_intercept",
                "start_slope",
                "start (drag it)",
                mode="markers",
                role="target",
                drag="xy",
            ),
        ],
        note=(
            "A long, narrow, slanting valley with its lowest point at intercept 30 and slope 2;"
            " five paths lead into it."
        ),
        contour=Contour(
            "surface_intercept", "surface_slope", "surface_loss", "mean squared error", levels="log"
        ),
    )
    s.chart(
        "Error by epoch, of each pass",
        Axis("epochs (passes of 29 rows)", 0, 10),
        Axis("root of the sum of squares", 0, 450),
        [
            Series("passes_done", f"pass_error_{name}", name, role=role, steps=True)
            for name, role in roles.items()
        ],
        note="Five curves from one point, a corner an epoch; they fall at different speeds.",
    )
    s.chart(
        "The error of each line, step by step",
        Axis("step", 0, 145, follows=True),
        Axis("root mean squared error (log scale)", 1, 1000, "log", follows=True),
        [
            Series("step", f"rmse_{name}", name, role=role, steps=True)
            for name, role in roles.items()
        ],
        note="A line an optimiser: most fall towards one, one that runs away climbs out of sight.",
    )


def _settings_of_all() -> dict[str, dict[str, float | str]]:
    """The story's settings by name: a rule, the start, and each optimiser's rate and betas."""
    start = {"start_intercept": START, "start_slope": START}
    course, torch = (
        {
            key: value
            for name, one in OPTIMISERS.items()
            for key, value in settings_of(one, rule, f"_{name}").items()
        }
        for rule in (COURSE, TORCH)
    )
    tenth = {k: x / 10 if k.startswith("learning_rate") else x for k, x in course.items()}
    return {
        "the course's": {"rule": COURSE, **start, **course},
        "PyTorch's": {"rule": TORCH, **start, **torch},
        "PyTorch's rule, the course's rates": {"rule": TORCH, **start, **course},
        "a tenth of the course's rates": {"rule": COURSE, **start, **tenth},
    }


def _sentences(s: Sheet, descents: dict[str, Descent]):
    least, most = s["rmse_least"], s["rmse_most"]
    s.say(
        "Step {t}, passes so far {epochs:.2f}. All five lines have the same error,"
        " {rmse_least:.2f}.",
        when=np.equal(least, most),
    )
    for name in descents:
        rmse = s[f"rmse_{name}"]
        s.say(
            f"Step {{t}}, passes so far {{epochs:.2f}}. No line is closer than that of {name}:"
            f" intercept {{intercept_{name}:.2f}}, slope {{slope_{name}:.2f}}, error"
            f" {{rmse_{name}:.2f}}. The largest error is {{rmse_most:.2f}}.",
            when=np.where(rmse <= least, least < most, 0),
        )
    for name in descents:
        s.say(
            f"{name}: its error, {{rmse_{name}:.2f}}, is larger than at the start,"
            " {rmse_start:.2f}. Where it keeps growing, its learning rate is too large for this"
            " rule.",
            when=s[f"rmse_{name}"] > s["rmse_start"] * (1 + 1e-9),
        )
    for name in descents:
        s.say(
            f"{name} has a learning rate of 0: it stays where it is.",
            when=np.equal(s[f"learning_rate_{name}"], 0),
        )
    s.say(
        "Rule course: averages without correction, no epsilon, and Run drops the last update of"
        " each pass. m and v start from what the course's Reset leaves at its own rates,"
        f" from intercept {START:g} and slope {START:g}.",
        when=np.equal(s["rule"], 0),
    )
    s.say(
        "Rule torch: the definitions of torch.optim, from a cold start, and no update is dropped.",
        when=np.equal(s["rule"], 1),
    )
