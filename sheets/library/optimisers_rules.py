"""Five optimisers as a table: what the course's spreadsheet does at each row of its data, and what
PyTorch does.

Each of them is `new = old - learning_rate * direction / divisor`; they differ in what they remember
(m, v) and in these two columns. Sources: graddesc.xlsm of fast.ai's courses; torch.optim; Duchi,
Hazan and Singer 2011 (Adagrad); Tieleman and Hinton 2012 (RMSprop); Kingma and Ba 2015 (Adam).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .. import Expr, Sheet
from ..language.expr import lift

# x and y of the course's 29 rows: y = 2 x + 30, without noise
ROWS = (
    (14, 58), (86, 202), (28, 86), (51, 132), (28, 86), (29, 88), (72, 174), (62, 154),
    (84, 198), (15, 60), (42, 114), (62, 154), (47, 124), (35, 100), (9, 48), (38, 106),
    (44, 118), (99, 228), (13, 56), (21, 72), (28, 86), (20, 70), (8, 46), (64, 158),
    (99, 228), (70, 170), (27, 84), (17, 64), (8, 46),
)  # fmt: skip
EPOCH = len(ROWS)  # steps
COURSE, TORCH = "course", "torch"
START = 1.0  # intercept and slope, where the course's Reset puts both
PARAMETERS = ("intercept", "slope")
LARGEST_BETA = 0.999  # at 1 an average takes nothing in, and Adam's correction divides by 0


class Now(NamedTuple):
    """What a rule may look at, for one parameter or for both side by side: m and v are this row's,
    the others the row above's.
    """

    gradient: Expr
    m_above: Expr
    v_above: Expr
    beta_1: Any  # of m
    beta_2: Any  # of v
    t: Any  # steps so far
    m: Any = None
    v: Any = None


class Rule(NamedTuple):
    m: Callable[[Now], Expr]
    v: Callable[[Now], Expr]
    direction: Callable[[Now], Expr]
    divisor: Callable[[Now], Expr]


def _gradient(now: Now) -> Expr:
    return now.gradient


def _average(now: Now) -> Expr:
    return now.beta_1 * now.m_above + (1 - now.beta_1) * now.gradient


def _undamped(now: Now) -> Expr:
    return now.beta_1 * now.m_above + now.gradient


def _constant(now: Now) -> Expr:
    return now.v_above


def _average_square(now: Now) -> Expr:
    return now.beta_2 * now.v_above + (1 - now.beta_2) * now.gradient**2


def _sum_of_squares(now: Now) -> Expr:
    return now.v_above + now.gradient**2


def _m(now: Now) -> Expr:
    return now.m


def _m_corrected(now: Now) -> Expr:
    return now.m / (1 - now.beta_1 ** (now.t + 1))


def _v(now: Now) -> Expr:
    return now.v


def _root_above(now: Now) -> Any:
    return _divisor(now.v_above)


def _root(now: Now) -> Any:
    return _divisor(now.v)


def _divisor(v: Expr) -> Any:
    """The root of v.

    While v is 0 no gradient was seen, and the direction is 0 as well: the course's sheet would say
    #DIV/0!.
    """
    return np.where(np.equal(v, 0), 1, np.sqrt(v))


def _root_epsilon(now: Now) -> Expr:
    return np.sqrt(now.v) + 1e-8


def _root_tiny(now: Now) -> Expr:
    return np.sqrt(now.v) + 1e-10


def _root_corrected(now: Now) -> Expr:
    return np.sqrt(now.v / (1 - now.beta_2 ** (now.t + 1))) + 1e-8


class Beta(NamedTuple):
    name: str
    value: float  # the course's
    note: str


@dataclass(frozen=True)
class Optimiser:
    """passes: throw-away passes of the course's Reset, from m = 0 and v = v_reset; warmed: which of
    the two they leave behind.
    """

    name: str
    course: Rule
    torch: Rule
    learning_rate: float  # the course's
    torch_learning_rate: float  # one that suits PyTorch's rule on these rows
    role: str  # its colour in the race
    betas: Mapping[str, Beta] = field(
        default_factory=dict
    )  # which average of Now -> the block that holds its share
    torch_betas: Mapping[str, float] = field(default_factory=dict)
    passes: int = 0  # of the course's Reset
    warmed: tuple[str, ...] = ()  # what they warm, m or v
    v_reset: float = 0
    v_start: float = 0  # where no pass warms it


MEMORY = "the share of the old average that each row keeps"
# fmt: off
OPTIMISERS = {
    one.name: one
    for one in (
        #                                  m               v                direction     divisor
        Optimiser("sgd",
                  course=Rule( _gradient,      _constant,       _m,           _v),
                  torch=Rule( _gradient,      _constant,       _m,           _v),
                  learning_rate=1e-4, torch_learning_rate=1e-4, role="activation", v_start=1),
        Optimiser("momentum",
                  course=Rule( _average,       _constant,       _m,           _v),
                  torch=Rule( _undamped,      _constant,       _m,           _v),
                  learning_rate=1e-4, torch_learning_rate=1e-5, role="input", v_start=1,
                  betas={"beta_1": Beta("beta", 0.9, MEMORY)}, torch_betas={"beta_1": 0.9},
                  passes=1, warmed=("m",), v_reset=1),
        Optimiser("rmsprop",
                  course=Rule( _gradient,      _average_square, _m,           _root_above),
                  torch=Rule( _gradient,      _average_square, _m,           _root_epsilon),
                  learning_rate=0.02, torch_learning_rate=0.2, role="weight",
                  betas={"beta_2": Beta("beta", 0.9, MEMORY)}, torch_betas={"beta_2": 0.99},
                  passes=2, warmed=("v",), v_reset=10_000),
        Optimiser("adam",
                  course=Rule( _average,       _average_square, _m,           _root),
                  torch=Rule( _average,       _average_square, _m_corrected, _root_corrected),
                  learning_rate=1, torch_learning_rate=0.5, role="loss",
                  betas={"beta_1": Beta("beta_1", 0.7, MEMORY + ", of the gradients"),
                         "beta_2": Beta("beta_2", 0.9, MEMORY + ", of their squares")},
                  torch_betas={"beta_1": 0.9, "beta_2": 0.999},
                  passes=2, warmed=("m", "v"), v_reset=10_000),
        Optimiser("adagrad",
                  course=Rule( _gradient,      _sum_of_squares, _m,           _root),
                  torch=Rule( _gradient,      _sum_of_squares, _m,           _root_tiny),
                  learning_rate=2, torch_learning_rate=2, role="parameter"),
    )
}
# fmt: on


def data(s: Sheet) -> None:
    s.group("The 29 rows", "y = 2 x + 30 without noise, in the course's order", folded=True)
    s.input("x", [[x] for x, _ in ROWS], low=-1000, high=1000)
    s.input("y", [[y] for _, y in ROWS], low=-10_000, high=10_000, role="target")


def turn(s: Sheet) -> None:
    """Whose turn it is at step t, and whether its update counts. The sheet has x, y, rule and t."""
    row = s.let("row", s["t"] % EPOCH, format="d", note="whose turn it is, counted from 0")
    last = s.let(
        "last_row", np.equal(row, EPOCH - 1), format="d", note="1 in the last row of a pass"
    )
    note = "1, but 0 in the last row of a pass of the course: its Run drops that update"
    s.let("kept", np.where(np.equal(s["rule"], 0), 1 - last, 1), format="d", note=note)
    s.let("x_now", s["x"][row], note="its x")
    s.let("y_now", s["y"][row], role="target", note="its y")


def clock(s: Sheet) -> None:
    s.let(
        "epochs",
        s["t"] / EPOCH,
        format=".2f",
        note="passes over the rows so far, the present one in part",
    )
    s.let("passes_done", s["t"] // EPOCH, format="d", note="whole passes so far")
    s.let("t_next", s["t"] + 1, format="d", note="one step more")
    s.carry(t="t_next")


def settings_of(optimiser: Optimiser, rule: str, end: str = "") -> dict[str, float]:
    """Its usual learning rate and betas under this rule, by the names of their blocks."""
    course = rule == COURSE
    betas = {
        beta.name + end: beta.value if course else optimiser.torch_betas[which]
        for which, beta in optimiser.betas.items()
    }
    return {
        f"learning_rate{end}": optimiser.learning_rate if course else optimiser.torch_learning_rate,
        **betas,
    }


@dataclass(frozen=True)
class Settings:
    """Blocks that every face of an optimiser reads: its rule (0: course, 1: torch), its rate and
    its betas by their names in Now.
    """

    rule: Expr
    rate: Expr
    betas: Mapping[str, Expr]

    def now(self, gradient: Expr, m_above: Expr, v_above: Expr, t: Any) -> Now:
        return Now(
            gradient, m_above, v_above, self.betas.get("beta_1"), self.betas.get("beta_2"), t
        )


@dataclass(frozen=True)
class Descent:
    """One optimiser's columns on a sheet; the names of all its blocks end in `end`."""

    sheet: Sheet
    optimiser: Optimiser
    settings: Settings
    end: str = ""

    def __getitem__(self, name: str) -> Expr:
        return self.sheet[name + self.end]

    def _let(self, name: str, expr: Any, **about) -> Expr:
        return self.sheet.let(name + self.end, expr, **{"format": ".4f", **about})

    def guess(self, start: Mapping[str, Any]) -> None:
        for parameter in PARAMETERS:
            about = {
                "low": -1e6,
                "high": 1e6,
                "role": "weight",
                "format": ".4f",
                "note": "the guess in front of this row",
            }
            self.sheet.input(parameter + self.end, start[parameter], **about)

    def reset(self, one_and_x: Expr, y: Expr) -> dict[str, Expr]:
        """The course's Reset, row by row: throw-away passes over the data, which leave the m and v
        that Run starts from.

        one_and_x: (29, 2), y: (29, 1). Writes blocks (1, 2) per row of data: the gradient, m, v and
        the guess that the row hands on, each for intercept and slope. Returns what is left, by the
        names of `memory`: m_intercept, ..., v_slope.
        """
        rule, settings = self.optimiser.course, self.settings
        m, v = lift(0), lift(self.optimiser.v_reset)
        for number in range(1, self.optimiser.passes + 1):
            guess = lift(START)
            for k in range(EPOCH):
                end, h = f"{number}_{k + 1}", one_and_x[k]
                now = settings.now(
                    self._let(
                        f"reset_d_{end}", 2 * ((guess * h).sum() - y[k]) * h, role="gradient"
                    ),
                    m,
                    v,
                    None,
                )
                now = now._replace(m=self._kept(f"reset_m_{end}", rule.m(now)))
                now = now._replace(v=self._kept(f"reset_v_{end}", rule.v(now)))
                after = guess - settings.rate * rule.direction(now) / rule.divisor(now)
                guess, m, v = self._let(f"reset_guess_{end}", after, role="weight"), now.m, now.v
        left = {"m": m, "v": v}
        return {
            f"{name}_{p}": left[name].T[j]
            for name in self.optimiser.warmed
            for j, p in enumerate(PARAMETERS)
        }

    def _kept(self, name: str, expr: Expr) -> Expr:
        """A block, unless it would only repeat another one."""
        return expr if expr.op in ("ref", "const") else self._let(name, expr)

    def memory(self, warm: Mapping[str, Any]) -> None:
        """m and v of the row above.

        warm: what the course's Reset leaves, by name; PyTorch starts cold.
        """
        start = self.optimiser.v_start
        for letter, cold, low, high, role in (
            ("m", 0.0, -1e12, 1e12, "gradient"),
            ("v", start, start, 1e24, "activation"),
        ):
            for p in PARAMETERS:
                name = f"{letter}_{p}"
                value = (
                    np.where(np.equal(self.settings.rule, 0), warm[name], cold)
                    if name in warm
                    else cold
                )
                note = f"{letter} as the row above leaves it, for the {p}"
                self.sheet.input(
                    name + self.end, value, low=low, high=high, role=role, format=".4f", note=note
                )

    def predict(self, x: Expr, y: Expr) -> None:
        """y_pred and its squared error at one row of data (x, y)."""
        y_pred = self._let(
            "y_pred", self["intercept"] + self["slope"] * x, note="intercept + slope * x"
        )
        self._let(
            "squared_error",
            (y - y_pred) ** 2,
            role="loss",
            title="err^2",
            note="(y - y_pred)^2 of this row alone",
        )

    def gradients(self, x: Expr, y: Expr) -> None:
        d = self._let(
            "d_intercept",
            2 * (self["y_pred"] - y),
            role="gradient",
            title="de/db",
            note="how err^2 grows with the intercept",
        )
        self._let(
            "d_slope",
            x * d,
            role="gradient",
            title="de/da",
            note="how err^2 grows with the slope: x times as fast",
        )

    def update(self, t: Expr, kept: Expr) -> None:
        """m, v, direction, divisor and the new guess, each for the intercept and for the slope, and
        what the next step starts from.
        """
        nows = {
            p: self.settings.now(self[f"d_{p}"], self[f"m_{p}"], self[f"v_{p}"], t)
            for p in PARAMETERS
        }
        for letter, role in (("m", "gradient"), ("v", "activation")):
            for p in PARAMETERS:
                column = self._column(
                    f"{letter}_{p}_next",
                    letter,
                    nows[p],
                    role=role,
                    note=f"{letter} of this row, for the {p}",
                )
                nows[p] = nows[p]._replace(**{letter: column})
        for p in PARAMETERS:
            self._column(
                f"direction_{p}",
                "direction",
                nows[p],
                role="gradient",
                note=f"what the step goes against, for the {p}",
            )
        for p in PARAMETERS:
            self._column(
                f"divisor_{p}", "divisor", nows[p], note=f"what the step is divided by, for the {p}"
            )
        for p in PARAMETERS:
            step = self.settings.rate * self[f"direction_{p}"] / self[f"divisor_{p}"]
            self._let(
                f"new_{p}",
                self[p] - step,
                role="weight",
                note=f"{p} - learning rate * direction / divisor",
            )
        for p in PARAMETERS:
            note = (
                f"what the next row starts from: new_{p}, or {p} where the course's Run drops this"
                " update"
            )
            self._let(
                f"{p}_next", np.where(kept, self[f"new_{p}"], self[p]), role="weight", note=note
            )
        for p in PARAMETERS:
            carried = {f"{name}_{p}{self.end}": f"{name}_{p}_next{self.end}" for name in ("m", "v")}
            self.sheet.carry(**{p + self.end: f"{p}_next{self.end}"}, **carried)

    def _column(self, name: str, kind: str, now: Now, **about) -> Expr:
        """A column whose formula the rule chooses, where the two rules differ in it."""
        course, torch = getattr(self.optimiser.course, kind), getattr(self.optimiser.torch, kind)
        formula = (
            course(now)
            if course is torch
            else np.where(np.equal(self.settings.rule, 0), course(now), torch(now))
        )
        return self._let(name, formula, **about)

    @property
    def undivided(self) -> Any:
        """Whether, under the course's rule, a v that should divide is 0."""
        if self.optimiser.course.divisor is _v:
            return lift(0)
        end = "" if self.optimiser.course.divisor is _root_above else "_next"
        zero = np.where(
            np.equal(self[f"v_intercept{end}"], 0), 1, np.equal(self[f"v_slope{end}"], 0)
        )
        return np.where(np.equal(self.settings.rule, 0), zero, 0)

    def error(self, x: Expr, y: Expr) -> None:
        """Of the guess, over all rows."""
        squares = (y - self["intercept"] - self["slope"] * x) ** 2
        self._let(
            "rmse",
            np.sqrt(squares.mean()),
            role="loss",
            title=f"error of {self.end[1:]}" if self.end else "error",
            note="SQRT(mean of (y - y_pred)^2) of this one guess, over all 29 rows",
        )
        note = "as the course has it: SQRT(SUM(err^2)), never divided by the number of rows"
        self._let("rmse_course", np.sqrt(squares.sum()), role="loss", note=note)

    def passes(self, last_row: Expr) -> None:
        """The error of the last whole pass, in which every row has its own guess: that is what the
        course charts.
        """
        sheet, end, about = self.sheet, self.end, {"low": 0, "format": ".4f"}
        so_far = sheet.input(
            f"squared_sum{end}",
            0,
            high=1e24,
            note="sum of err^2 over the rows of this pass so far",
            **about,
        )
        note = "SQRT(SUM(err^2)) of the last whole pass; before there is one, of the first guess"
        of_pass = sheet.input(
            f"pass_error{end}", self["rmse_course"], high=1e12, role="loss", note=note, **about
        )
        total = self._let("squared_sum_here", so_far + self["squared_error"], note="with this row")
        self._let("squared_sum_next", np.where(last_row, 0, total), note="a new pass starts from 0")
        self._let(
            "pass_error_next",
            np.where(last_row, np.sqrt(total), of_pass),
            role="loss",
            note="changes once a pass",
        )
        sheet.carry(
            **{f"{name}{end}": f"{name}_next{end}" for name in ("squared_sum", "pass_error")}
        )
