"""The lesson of descent: its curves against their own minima, its slopes and runs against PyTorch,
and its words, also when the reader plays on for ten times as long.
"""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any, NamedTuple

import engines
import numpy as np
import pytest

from sheets import values
from sheets.library.descent import COUNTED, CURVES, LOST, descent
from sheets.targets.excel import write
from sheets.targets.numpy import trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = descent()
STEPS = {preset.title: preset for preset in SHEET.presets}
LONGER = 10  # times as many steps as a step of the story names


def landscape(curve: str, x: Any, y: Any) -> Any:
    """The six curves once more, as PyTorch is told them."""
    torch = engines.pytorch()
    u = (x - 1) / 2
    return {
        "parabola": lambda: (x - 1).square(),
        "two valleys": lambda: 3 * (u.square() - 1).square() - 0.6 * u + 0.8,
        "plateau": lambda: 4 - 4 * torch.exp(-(x - 2).square() / 2.5),
        "saddle": lambda: x.square() / 2 + (y.square() - 1).square(),
        "Rosenbrock": lambda: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        "Beale": lambda: sum((c - x + x * y**k) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    }[curve]()


def played(title: str) -> int:
    """The step at which a step of the story stops."""
    return SHEET.staged(STEPS[title]).play


@cache
def run(title: str) -> list[dict[str, float]]:
    """The single numbers of a run, from its start to where it stops."""
    way = trajectory(SHEET.with_inputs(STEPS[title].inputs), played(title))
    return [{name: x.item() for name, x in found.items() if x.size == 1} for found in way]


class Place(NamedTuple):
    x: float
    y: float
    loss: float


@cache
def pytorchs(title: str, steps: int = 0, **other: float) -> list[Place]:
    """The same run by torch.optim.SGD; ten times as long, or as many steps. other: inputs."""
    torch = engines.pytorch()
    given = {name: x.item() for name, x in STEPS[title].inputs.items()} | other
    place = torch.tensor([given["x"], given["y"]], dtype=torch.float64, requires_grad=True)
    sgd = torch.optim.SGD([place], lr=given["learning_rate"], momentum=given["momentum"])
    way = []
    for _ in range((steps or LONGER * played(title)) + 1):
        loss = landscape(CURVES[int(given["curve"])], *place)
        way.append(Place(*place.tolist(), loss.item()))
        sgd.zero_grad()
        loss.backward()
        sgd.step()
    return way


RUNS = [title for title in STEPS if played(title)]


# --- the numbers


@pytest.mark.parametrize("curve", CURVES)
def test_losses_and_slopes_are_pytorchs(curve):
    torch = engines.pytorch()
    for x, y in itertools.product((-2.2, -0.3, 1.0, 2.7), (-1.5, 0.0, 0.001, 0.8)):
        computed = values(SHEET, {"curve": curve, "x": x, "y": y})
        place = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
        loss = landscape(curve, *place)
        loss.backward()
        assert computed["loss"].item() == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
        slopes = [computed["d_x"].item(), computed["d_y"].item()]
        np.testing.assert_allclose(slopes, place.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("title", RUNS)
def test_a_run_is_that_of_pytorchs_sgd(title):
    way = run(title)
    expected = pytorchs(title)[: len(way)]
    for name in Place._fields:
        found = [at[name] for at in way]
        wanted = [getattr(at, name) for at in expected]
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-8)


def test_a_slope_asks_for_its_curve_once_in_one_chain(tmp_path):
    write(SHEET, tmp_path / "descent.xlsx")
    formulas = engines.formula_cells(tmp_path / "descent.xlsx").values()
    slopes = [formula for formula in formulas if formula.startswith("=IF(curve=0,d_loss*2*(")]
    assert slopes and all(formula.count("curve=") == len(CURVES) - 1 for formula in slopes)


def test_the_famous_minima_are_where_they_are_known_to_be():
    for curve, x, y in (("Rosenbrock", 1, 1), ("Beale", 3, 0.5), ("saddle", 0, 1)):
        computed = values(SHEET, {"curve": curve, "x": x, "y": y})
        assert computed["loss"] == 0 and computed["d_x"] == 0 and computed["d_y"] == 0
    assert values(SHEET, {"curve": "saddle", "x": 0, "y": 0})["loss"] == 1


def test_the_triangle_has_the_step_as_its_base_and_the_slope_as_its_side():
    for found in (values(SHEET, preset.inputs, steps=2) for preset in SHEET.presets[:9]):
        across, up = found["triangle_x"].ravel(), found["triangle_loss"].ravel()
        assert (across[0], up[0]) == (across[3], up[3]) == (found["x"], found["loss"])
        assert across[1] == across[2] == pytest.approx(found["x_next"].item())
        assert up[1] == up[0]
        slope = (up[2] - up[0]) / (across[2] - across[0])
        assert slope == pytest.approx(found["d_x"].item(), rel=1e-6)
        if not found["momentum"]:
            base = -found["learning_rate"] * found["d_x"]
            assert across[1] - across[0] == pytest.approx(base.item(), rel=1e-9)


def test_all_directions_up_is_one_of_the_ways_as_counted():
    computed = values(SHEET)
    for row, n in enumerate(COUNTED[:3]):
        ways = list(itertools.product((False, True), repeat=n))
        assert computed["patterns"][row] == len(ways)
        assert computed["all_up"][row] == sum(map(all, ways))
        neither = [way for way in ways if any(way) and not all(way)]
        assert computed["mixed"][row] == len(neither)
    assert len(str(2**1000)) == computed["last_digits"] == 302
    np.testing.assert_allclose(computed["chance"].ravel(), [2.0**-n for n in COUNTED])
    assert values(SHEET, {"directions": 1000})["own_chance"] == 2.0**-1000


# --- the words, at the step that is named and ten times as far


@pytest.mark.parametrize("title", RUNS)
def test_a_run_is_finite_for_ten_times_as_long(title):
    assert np.isfinite(pytorchs(title)).all()


def test_every_step_of_the_walk_is_shorter_than_the_one_before():
    assert (np.diff([found["step_length"] for found in run("Let it walk")]) < 0).all()


def test_a_small_rate_takes_long_and_comes_to_the_same_answer():
    small = "Too small: 0.001"
    rates = [STEPS[title].inputs["learning_rate"] for title in (small, "Let it walk")]
    assert rates[0] * 100 == rates[1]
    assert run(small)[-1]["x"] < -0.5  # less than half of the way to 1
    assert pytorchs(small, 5000)[-1].x == pytest.approx(1, abs=1e-3)


def test_too_far_jumps_and_further_runs_away():
    for title, grows in (("Too far: 0.95", False), ("It runs away: 1.05", True)):
        way = pytorchs(title)[:150]
        sides = [np.sign(at.x - 1) for at in way]
        assert all(a == -b for a, b in itertools.pairwise(sides))
        assert ((np.diff([at.loss for at in way]) > 0) == grows).all()
    far = values(SHEET, STEPS["It runs away: 1.05"].inputs, steps=90)
    assert abs(far["x_next"]) > LOST and far["run_away"] == 1
    assert values(SHEET, {"learning_rate": 0.5}, steps=1)["x"] == 1  # as the notes say
    edge = values(SHEET, {"learning_rate": 1}, steps=10)
    assert edge["loss"] == values(SHEET)["loss"]


def test_the_valleys_keep_what_they_have_caught():
    shallow, deep = pytorchs("Stuck in the shallower valley"), pytorchs("Momentum")
    assert all(at.x < 0.8 for at in shallow)
    assert all(at.x > 2 for at in deep[60:])
    assert deep[-1].loss == pytest.approx(run("Momentum")[-1]["deepest"], abs=0.01)
    assert deep[-1].loss < 0.2 < 1.3 < shallow[-1].loss
    assert pytorchs("Momentum", momentum=0.8)[-1].x == pytest.approx(shallow[-1].x, abs=1e-6)


def test_the_plateau_is_crossed_in_the_end():
    way = pytorchs("A plateau")
    moved = way[played("A plateau")].x - way[0].x
    assert 0 < moved < 0.1 * (2 - way[0].x)
    assert abs(way[200].x - 2) < 0.05 and way[-1].loss < 1e-9


def test_the_saddle_holds_what_is_exactly_on_the_ridge_and_nothing_else():
    on, beside = pytorchs("A saddle"), pytorchs("A millionth beside it")
    assert {at.y for at in on} == {0}
    assert on[60].loss == pytest.approx(1, abs=1e-4) and on[-1].loss == 1
    assert beside[80].loss < 1e-4 and beside[-1].loss < 1e-9
    assert sum(0.9 < at.loss < 1.1 for at in beside) >= 15  # where it is held


def test_the_long_valleys_take_time_or_momentum():
    crept = pytorchs("Rosenbrock's valley")
    assert crept[2].loss < crept[0].loss / 4  # at once
    assert crept[-1].x < 0.95  # ten times as many steps, and not there
    quick = pytorchs("Rosenbrock's valley", 1000, momentum=0.9)
    assert quick[-1].x == pytest.approx(1, abs=0.01)
    beale = "Beale's valley"
    assert pytorchs(beale, 200, momentum=0)[-1].loss > 100 * pytorchs(beale, 200)[-1].loss
