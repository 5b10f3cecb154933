"""The course's gradient descent workbook: against its rows and macros played through in plain
Python, and against torch.optim.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from functools import cache
from typing import NamedTuple

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st
from library_sheets import SHEETS

from lessons.course import notebook
from sheets import InputError, sentences, values
from sheets.language.formats import in_words
from sheets.library.optimisers import optimisers
from sheets.targets.excel.parts import parts
from sheets.targets.numpy import trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

NAMES = ["sgd", "momentum", "rmsprop", "adam", "adagrad"]
EPOCH, RUN = 29, 145
X = [
    14,
    86,
    28,
    51,
    28,
    29,
    72,
    62,
    84,
    15,
    42,
    62,
    47,
    35,
    9,
    38,
    44,
    99,
    13,
    21,
    28,
    20,
    8,
    64,
    99,
    70,
    27,
    17,
    8,
]
Y = [2 * x + 30 for x in X]
ROWS = tuple(zip(X, Y, strict=True))
each = pytest.mark.parametrize("name", NAMES)
rules = pytest.mark.parametrize("rule", ["course", "torch"])


def at(name: str, steps: int, **inputs) -> dict[str, float]:
    """The single numbers of a sheet after so many steps."""
    return {
        block: x.item() for block, x in values(SHEETS[name](), inputs, steps).items() if x.size == 1
    }


# --- the course's workbook: rows of formulas, and the macros Reset and Run


class Row(NamedTuple):
    """What stands in a row of the course's sheet: its starting guess, its m and v (for intercept
    and slope), its err^2.
    """

    intercept: float
    slope: float
    m: tuple[float, float]
    v: tuple[float, float]
    squared_error: float


class CourseSheet:
    """The cells above the data (`top`) and the 29 rows below, each row reading the one above it."""

    def __init__(self, kind: str, rate: float, beta_1: float = 0, beta_2: float = 0, rows=ROWS):
        self.kind, self.rate, self.beta_1, self.beta_2, self.data = kind, rate, beta_1, beta_2, rows
        self.reset()

    def reset(self) -> None:
        v = 10000.0 if self.kind in ("rmsprop", "adam") else 0.0
        self.top = Row(1.0, 1.0, (0.0, 0.0), (v, v), 0.0)
        for _ in range({"momentum": 1, "rmsprop": 2, "adam": 2}.get(self.kind, 0)):
            last = self.rows()[-1]
            self.top = Row(1.0, 1.0, last.m, last.v, 0.0)  # the passes' guesses are thrown away

    def rows(self) -> list[Row]:
        found, (intercept, slope, m, v, _) = [], self.top
        for x, y in self.data:
            y_pred = intercept + slope * x
            d = (2 * (y_pred - y), x * 2 * (y_pred - y))
            above = v
            m = tuple(
                self.beta_1 * old + (1 - self.beta_1) * g for old, g in zip(m, d, strict=True)
            )
            if self.kind == "adagrad":
                v = tuple(old + g**2 for old, g in zip(v, d, strict=True))
            else:
                v = tuple(
                    self.beta_2 * old + (1 - self.beta_2) * g**2
                    for old, g in zip(v, d, strict=True)
                )
            found.append(Row(intercept, slope, m, v, (y - y_pred) ** 2))
            divisor = {
                "sgd": (1.0, 1.0),
                "momentum": (1.0, 1.0),
                "rmsprop": tuple(map(math.sqrt, above)),
            }
            by = divisor.get(self.kind) or tuple(map(math.sqrt, v))
            against = m if self.kind in ("momentum", "adam") else d
            intercept -= self.rate * against[0] / by[0]
            slope -= self.rate * against[1] / by[1]
        return found

    def run(self, epochs: int = 5) -> list[float]:
        """Returns what stands under the column err^2 at each epoch, SQRT(SUM(...)).

        The last row's starting guess goes to the top.
        """
        errors = []
        for _ in range(epochs):
            rows = self.rows()
            errors.append(math.sqrt(sum(row.squared_error for row in rows)))
            self.top = rows[-1]
        return errors


COURSE = {
    "sgd": (1e-4,),
    "momentum": (1e-4, 0.9),
    "rmsprop": (0.02, 0, 0.9),
    "adam": (1, 0.7, 0.9),
    "adagrad": (2,),
}


def expected(sheet: CourseSheet) -> dict[str, float]:
    top = sheet.top
    found = {"intercept": top.intercept, "slope": top.slope}
    if sheet.kind in ("momentum", "adam"):
        found |= {"m_intercept": top.m[0], "m_slope": top.m[1]}
    if sheet.kind in ("rmsprop", "adam", "adagrad"):
        found |= {"v_intercept": top.v[0], "v_slope": top.v[1]}
    return found


def assert_close(
    found: dict[str, float], wanted: dict[str, float], tolerance: float = 1e-9
) -> None:
    assert {block: found[block] for block in wanted} == pytest.approx(wanted, rel=tolerance)


@each
@pytest.mark.parametrize("epochs", range(6))
def test_reset_then_run_leaves_the_course_s_numbers_at_the_top(name, epochs):
    course = CourseSheet(name, *COURSE[name])
    course.run(epochs)
    assert_close(at(name, epochs * EPOCH, rule="course"), expected(course))


@BOUNDED
@given(
    st.sampled_from(NAMES),
    st.floats(1e-6, 0.5),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
    st.permutations(range(EPOCH)),
)
def test_so_do_other_rates_betas_and_rows(name, share, beta_1, beta_2, order):
    """Reset's throw-away passes follow the settings and the data too."""
    rate = share * (2e-4 if name in ("sgd", "momentum") else 2)
    betas = {
        "momentum": {"beta": beta_1},
        "rmsprop": {"beta": beta_2},
        "adam": {"beta_1": beta_1, "beta_2": beta_2},
    }.get(name, {})
    rows = [(X[k], Y[k]) for k in order]
    course = CourseSheet(name, rate, beta_1, beta_2, rows)
    course.run(1)
    x, y = ([[row[axis]] for row in rows] for axis in (0, 1))
    assert_close(
        at(name, EPOCH, rule="course", learning_rate=rate, x=x, y=y, **betas),
        expected(course),
        1e-8,
    )


def test_a_course_member_read_the_same_numbers_off_the_course_s_momentum_sheet():
    """forums.fast.ai, topic 3759: m in front of the first row is -18.33 and 98.25 at first, -19.28
    and 162.84 after Run.
    """
    before, after = at("momentum", 0), at("momentum", RUN)
    assert [
        round(found[f"m_{p}"], 2) for found in (before, after) for p in ("intercept", "slope")
    ] == [-18.33, 98.25, -19.28, 162.84]


@each
def test_the_error_of_each_pass_is_what_the_course_charts(name):
    errors = CourseSheet(name, *COURSE[name]).run()
    found = [at(name, EPOCH * k)["pass_error"] for k in range(1, 6)]
    assert found == pytest.approx(errors, rel=1e-9)
    between = [at(name, EPOCH * 2 + k)["pass_error"] for k in (1, 14, 28)]
    assert between == pytest.approx([errors[1]] * 3, rel=1e-9)


def test_the_first_row_of_the_course_s_basic_sheet():
    row = at("sgd", 0)
    assert row["y_pred"] == 15 and row["squared_error"] == 1849
    assert row["squared_error_intercept_up"] == pytest.approx(1848.1401)
    assert [row["d_intercept_estimate"], row["d_slope_estimate"]] == pytest.approx(
        [-85.99, -1202.04]
    )
    assert [row["d_intercept"], row["d_slope"]] == [-86, -1204]
    assert [row["new_slope"], row["new_intercept"]] == pytest.approx([1.1204, 1.0086])
    assert (row["learning_rate"], row["x_now"], row["y_now"]) == (1e-4, 14, 58)


def test_the_data_are_the_course_s():
    computed = values(SHEETS["sgd"]())
    np.testing.assert_array_equal(computed["x"].ravel(), X)
    np.testing.assert_array_equal(computed["y"].ravel(), Y)


@each
@rules
def test_the_errors_are_those_of_the_line(name, rule):
    found = at(name, 40, rule=rule)
    squares = [
        (y - found["intercept"] - found["slope"] * x) ** 2 for x, y in zip(X, Y, strict=True)
    ]
    assert found["rmse"] == pytest.approx(math.sqrt(sum(squares) / EPOCH))
    assert found["rmse_course"] == pytest.approx(math.sqrt(sum(squares)))


@each
@rules
def test_finite_differences_stand_beside_the_gradients(name, rule):
    """Of a parabola they are off by the nudge times half its curvature."""
    for found in itertools.islice(
        trajectory(SHEETS[name]().with_inputs({"rule": rule}), 30), 0, None, 7
    ):
        one = {block: x.item() for block, x in found.items() if x.size == 1}
        assert one["d_intercept_estimate"] == pytest.approx(one["d_intercept"] + 0.01, abs=1e-6)
        assert one["d_slope_estimate"] == pytest.approx(
            one["d_slope"] + 0.01 * one["x_now"] ** 2, abs=1e-6
        )


# --- PyTorch


def in_torch(
    name: str,
    steps: int,
    rate: float,
    beta: float = 0.9,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
) -> dict[str, float]:
    torch = engines.pytorch()
    intercept, slope = (torch.ones((), dtype=torch.float64, requires_grad=True) for _ in range(2))
    make = {
        "sgd": lambda p: torch.optim.SGD(p, lr=rate),
        "momentum": lambda p: torch.optim.SGD(p, lr=rate, momentum=beta),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=rate, alpha=beta),
        "adam": lambda p: torch.optim.Adam(p, lr=rate, betas=(beta_1, beta_2)),
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=rate),
    }
    optimiser = make[name]([intercept, slope])
    for k in range(steps):
        optimiser.zero_grad()
        ((intercept + slope * X[k % EPOCH] - Y[k % EPOCH]) ** 2).backward()
        optimiser.step()
    return {"intercept": intercept.item(), "slope": slope.item()}


@each
@pytest.mark.parametrize("steps", [1, 29, RUN])
@pytest.mark.parametrize("settings", ["the course's", "PyTorch's"])
def test_rule_torch_is_torch_optim(name, steps, settings):
    start = {} if settings == "the course's" else SHEETS[name]().presets[1].inputs
    found = at(name, steps, **{**start, "rule": "torch"})
    betas = {block: found[block] for block in ("beta", "beta_1", "beta_2") if block in found}
    assert_close(found, in_torch(name, steps, found["learning_rate"], **betas), 1e-10)


@BOUNDED
@given(st.sampled_from(NAMES), st.floats(1e-6, 1), st.floats(0, 0.99), st.floats(0, 0.99))
def test_rule_torch_at_any_settings(name, share, beta_1, beta_2):
    rate = share * (1e-5 if name in ("sgd", "momentum") else 1)
    betas = {
        "momentum": {"beta": beta_1},
        "rmsprop": {"beta": beta_2},
        "adam": {"beta_1": beta_1, "beta_2": beta_2},
    }.get(name, {})
    found = at(name, 35, rule="torch", learning_rate=rate, **betas)
    assert_close(found, in_torch(name, 35, rate, **betas), 1e-8)


# --- the race


@pytest.mark.parametrize("steps", [0, 1, 29, 60])
@pytest.mark.parametrize("title", ["Rule course", "Rule torch"])
def test_the_race_is_the_five_sheets_side_by_side(title, steps):
    race = optimisers()
    preset = next(preset for preset in race.presets if preset.title == title)
    computed = values(race, preset.inputs, steps)
    for name in NAMES:
        alone = at(
            name,
            steps,
            **{
                k.removesuffix(f"_{name}"): x
                for k, x in preset.inputs.items()
                if k == "rule" or k.endswith(f"_{name}")
            },
        )
        for block in ("intercept", "slope", "m_slope", "v_slope", "rmse"):
            assert computed[f"{block}_{name}"].item() == pytest.approx(alone[block], rel=1e-9)


def test_all_start_from_the_start():
    computed = values(optimisers(), {"start_intercept": 20, "start_slope": -0.5})
    for name in NAMES:
        assert (computed[f"intercept_{name}"].item(), computed[f"slope_{name}"].item()) == (
            20,
            -0.5,
        )
        assert computed[f"rmse_{name}"].item() == computed["rmse_start"].item()


def test_the_surface_is_the_mean_squared_error():
    computed = values(optimisers())
    for i, j in ((0, 0), (30, 40), (17, 28), (12, 3)):
        b, a = computed["surface_intercept"][0, j], computed["surface_slope"][i, 0]
        loss = np.mean([(y - b - a * x) ** 2 for x, y in zip(X, Y, strict=True)])
        assert computed["surface_loss"][i, j] == pytest.approx(max(1, loss), rel=1e-9)
    assert computed["surface_loss"].min() < 3


# --- the same in every face


@pytest.mark.parametrize("name", [*NAMES, "optimisers"])
@pytest.mark.parametrize("steps", [0, 32])
@rules
def test_the_page_s_program(name, steps, rule):
    sheet = SHEETS[name]().with_inputs({"rule": rule})
    assert not differences(engines.in_javascript(sheet, steps=steps), values(sheet, steps=steps))


BOOKS = {
    rule: workbooks.register(
        f"optimisers {rule}", optimisers, notes=False, inputs={"rule": rule}, steps=32
    )
    for rule in ("course", "torch")
}


@rules
@pytest.mark.parametrize("engine", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_workbook_engines_agree_with_what_is_stored(engine, rule):
    stored, found = workbooks.cached(BOOKS[rule]), engine(BOOKS[rule])
    wrong = {
        key: (x, found.get(key))
        for key, x in stored.items()
        if engines.different(x, found.get(key))
    }
    assert len(stored) > 10_000 and not wrong


@rules
def test_a_row_of_each_worksheet_is_a_step(rule):
    cells = workbooks.cached(BOOKS[rule])
    for part in parts(optimisers().with_inputs({"rule": rule}), 32)[1:]:
        row, column = next(
            key[1:] for key, x in cells.items() if key[0] == part.sheet.name and x == "step"
        )
        blocks = part.sheet.blocks
        titles = {x: key[2] for key, x in cells.items() if key[:2] == (part.sheet.name, row)}
        for step, computed in enumerate(trajectory(part.sheet, 32)):
            assert cells[part.sheet.name, row + 1 + step, column] == step
            for block in (
                "intercept",
                "slope",
                "m_slope",
                "v_slope",
                "new_slope",
                "rmse",
                "pass_error",
            ):
                title = titles[blocks[block].words]
                assert cells[part.sheet.name, row + 1 + step, title] == pytest.approx(
                    computed[block].item(), rel=1e-9
                )


def test_the_five_sheets_can_be_flipped_between():
    """The same columns in the same order: of the steps all, of the lists all but the betas."""
    made = [SHEETS[name]() for name in NAMES]
    assert (
        len({tuple((group.title, group.folded) for group in sheet.groups) for sheet in made}) == 1
    )
    cells = workbooks.cached(BOOKS["course"])
    heads = []
    for name in NAMES:
        row = next(key[1] for key, x in cells.items() if key[0] == name and x == "step")
        heads.append({key[1:]: x for key, x in cells.items() if key[0] == name and key[1] == row})
    assert all(head == heads[0] for head in heads) and len(heads[0]) > 30
    for sheet in made:
        alike = [block for block in sheet.blocks if not block.startswith(("beta", "reset_"))]
        assert alike == list(made[0].blocks)


# --- words


@pytest.mark.parametrize("name", [*NAMES, "optimisers"])
def test_no_sentence_contradicts_the_numbers(name):
    sheet = SHEETS[name]()
    for preset, steps in itertools.product(sheet.presets, (0, 28, 29, 100)):
        computed = values(sheet, preset.inputs, steps)
        text = " ".join(sentences(sheet, computed))
        assert "{" not in text and "undefined" not in text and f"Step {steps}" in text
        assert ("update is lost" in text) == (
            name != "optimisers" and steps == 28 and computed["rule"].item() == 0
        )
        if name == "optimisers":
            check_race(text, computed)
        else:
            worse = computed["rmse"].item() > computed["rmse_start"].item() * 1.0001
            assert ("That is worse" in text) == worse
            assert f"root mean squared error is {in_words(computed['rmse'].item(), '.2f')}" in text


def check_race(text: str, found: dict) -> None:
    errors = {name: found[f"rmse_{name}"].item() for name in NAMES}
    leaders = re.findall(r"No line is closer than that of (\w+)", text)
    assert leaders == (
        [] if len(set(errors.values())) == 1 else [min(errors, key=errors.__getitem__)]
    )
    lost = re.findall(r"(\w+): its error, [\d.]+, is larger than at the start", text)
    assert lost == [name for name in NAMES if errors[name] > found["rmse_start"].item() * 1.0001]


@each
@rules
def test_a_learning_rate_of_0_moves_nothing_and_says_so(name, rule):
    sheet = SHEETS[name]().with_inputs({"rule": rule, "learning_rate": 0})
    computed = values(sheet, steps=40)
    assert (computed["intercept"].item(), computed["slope"].item()) == (1, 1)
    assert "The learning rate is 0" in sentences(sheet, computed)[0]
    race = optimisers().with_inputs({"rule": rule, f"learning_rate_{name}": 0})
    computed = values(race, steps=40)
    assert computed[f"slope_{name}"].item() == 1
    assert f"{name} has a learning rate of 0: it stays where it is." in sentences(race, computed)


@each
@rules
def test_a_huge_learning_rate_is_said_to_be_too_large(name, rule):
    sheet = SHEETS[name]().with_inputs({"rule": rule, "learning_rate": 10})
    text = " ".join(sentences(sheet, values(sheet, steps=5)))
    assert "undefined" not in text
    if name in ("sgd", "momentum"):
        assert "That is worse than the line with intercept 1 and slope 1" in text
        last = [found for found in trajectory(sheet, 600) if np.isfinite(found["intercept_next"])][
            -1
        ]
        assert last["t"].item() < 600 and "lower the learning rate" in " ".join(
            sentences(sheet, last)
        )


@each
@rules
def test_on_the_line_itself_nothing_moves_and_nothing_breaks(name, rule):
    sheet = SHEETS[name]().with_inputs(
        {"rule": rule, "intercept": 30, "slope": 2, "m_intercept": 0, "m_slope": 0}
    )
    computed = values(sheet, steps=70)
    assert (computed["intercept"].item(), computed["slope"].item(), computed["rmse"].item()) == (
        30,
        2,
        0,
    )
    text = " ".join(sentences(sheet, computed))
    assert ("1 divides in its place" in text) == (name == "adagrad" and rule == "course")


@pytest.mark.parametrize(
    "name, given",
    [("momentum", "beta"), ("rmsprop", "beta"), ("adam", "beta_1"), ("adam", "beta_2")],
)
@pytest.mark.parametrize("value", [1, -0.1, "much"])
def test_a_beta_of_1_is_refused_with_what_is_allowed(name, given, value):
    with pytest.raises(InputError, match=rf"{given} is .*it must be a number from 0 to 0.999"):
        values(SHEETS[name](), {given: value})


@each
@pytest.mark.parametrize("value", [-1, 1e308, "", "fast"])
def test_a_learning_rate_that_cannot_be_is_refused(name, value):
    with pytest.raises(InputError, match=r"learning_rate is .*it must be a number from 0 to 10"):
        values(SHEETS[name](), {"learning_rate": value})


def test_without_memory_momentum_is_sgd():
    preset = next(preset for preset in SHEETS["momentum"]().presets if "No memory" in preset.title)
    assert preset.inputs["beta"].item() == 0
    plain, without = at("sgd", RUN), at("momentum", RUN, **preset.inputs)
    assert_close(without, {name: plain[name] for name in ("intercept", "slope")})


def test_pytorch_s_momentum_at_a_tenth_of_the_rate_takes_the_course_s_steps():
    """Undamped, m is ten times as large; what differs is the warm start, and the update that Run
    drops.
    """
    cold = at("momentum", 20, rule="course", learning_rate=1e-4, m_intercept=0, m_slope=0)
    torch = at("momentum", 20, rule="torch", learning_rate=1e-5)
    assert_close(torch, {name: cold[name] for name in ("intercept", "slope")})


def test_the_lesson_s_numbers_are_the_sheets():
    text = "\n".join(
        "".join(cell["source"])
        for cell in json.loads(notebook("optimisers").read_text(encoding="utf-8"))["cells"]
    )
    race, shown = optimisers(), set()
    for preset in race.presets:
        computed = values(race, preset.inputs, RUN)
        shown |= {
            f"{x.item():.2f}"
            for block, x in computed.items()
            if block.startswith(("rmse_", "intercept_", "slope_"))
        }
    shown |= {
        f"{at(name, steps)[block]:.2f}"
        for name in NAMES
        for steps in (0, RUN)
        for block in ("rmse", "rmse_course", "m_intercept", "m_slope")
    }
    row = at("sgd", 0)
    shown |= {f"{row[block]:.2f}" for block in ("d_intercept_estimate", "d_slope_estimate")}
    shown |= {f"{1 - 2 * rate * (1 + max(X) ** 2):.2f}" for rate in (1e-4, 2e-4)}
    named = set(re.findall(r"(?<![\d.])-?\d+\.\d\d(?![\d])", text))
    assert len(named) > 10 and named <= shown
    course = values(race, race.presets[0].inputs, RUN)
    passes = {name: course[f"pass_error_{name}"].item() for name in NAMES}
    assert f"Adam, which swings from row to row, stands at {passes['adam']:.1f}" in text
    assert f"Adagrad at {passes['adagrad']:.1f} is the lowest" in text
    assert min(passes, key=lambda name: passes[name]) == "adagrad"


# --- what the story says without a number


@cache
def told(name: str, number: int, steps: int) -> dict[str, float]:
    """The single numbers at a step of the sheet's story, counted from 1, after so many steps."""
    return at(name, steps, **SHEETS[name]().presets[number - 1].inputs)


def errors(number: int) -> dict[str, float]:
    found = told("optimisers", number, RUN)
    return {name: found[f"rmse_{name}"] for name in NAMES}


def test_the_race_is_won_by_whom_the_story_names():
    assert [min(errors(number), key=errors(number).get) for number in (1, 4, 5)] == [
        "adam",
        "adam",
        "adagrad",
    ]
    assert max(errors(3), key=errors(3).get) == "momentum"
    assert max(errors(4), key=errors(4).get) == "rmsprop"
    found = told("optimisers", 1, RUN)
    assert all(abs(found[f"intercept_{name}"] - 1) < 0.3 for name in ("sgd", "momentum"))


def test_the_first_steps_are_as_long_as_the_story_says():
    race = told("optimisers", 2, 1)
    for name in ("adagrad", "rmsprop"):
        assert_close(race, {f"intercept_{name}": 3.0, f"slope_{name}": 3.0}, 1e-6)
    row = told("sgd", 3, 0)
    assert f"{row['new_slope'] - row['slope']:.2f}" in SHEETS["sgd"]().presets[2].predict


def test_twice_the_rate_throws_the_largest_row_nearly_three_times_as_far():
    before, after = told("sgd", 3, 17), told("sgd", 3, 18)
    assert before["x_now"] == max(X)
    error = [
        found["intercept"] + found["slope"] * max(X) - before["y_now"] for found in (before, after)
    ]
    assert -3 < error[1] / error[0] < -2.8


def test_momentum_goes_a_smoother_way_that_ends_no_closer():
    def way(name: str) -> float:
        computed = trajectory(SHEETS[name]().with_inputs(SHEETS[name]().presets[0].inputs), RUN)
        return np.abs(np.diff([each["slope"].item() for each in computed])).sum()

    assert way("momentum") < way("sgd") / 2
    assert told("momentum", 1, RUN)["rmse"] > told("sgd", 1, RUN)["rmse"]


def test_an_update_more_a_pass_ends_further_away():
    assert told("sgd", 2, RUN)["rmse"] > told("sgd", 1, RUN)["rmse"]


def test_rmsprop_at_ten_times_the_rate_ends_closer_and_swings():
    slow, fast = told("rmsprop", 1, RUN), told("rmsprop", 3, RUN)
    preset = SHEETS["rmsprop"]().presets[2]
    way = list(trajectory(SHEETS["rmsprop"]().with_inputs(preset.inputs), RUN))
    moves = np.sign(np.diff([found["slope"].item() for found in way]))
    assert (moves[1:] == -moves[:-1]).mean() > 0.3
    assert fast["rmse"] < slow["rmse"] and fast["intercept"] > slow["intercept"]


def test_a_longer_memory_makes_adam_wilder():
    assert told("adam", 3, RUN)["rmse"] > told("adam", 1, RUN)["rmse"]


def test_the_epsilon_of_adagrad_changes_no_digit_that_is_shown():
    """Its rule without an epsilon, by hand."""
    line, squares = np.array([1.0, 1.0]), np.zeros(2)
    for step in range(RUN):
        x, y = ROWS[step % len(ROWS)]
        gradient = 2 * (line[0] + line[1] * x - y) * np.array([1, x])
        squares += gradient**2
        line = line - 2 * gradient / np.sqrt(squares)
    found = told("adagrad", 2, RUN)
    assert [f"{found[name]:.4f}" for name in ("intercept", "slope")] == [f"{x:.4f}" for x in line]
