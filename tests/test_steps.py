"""Training as steps: numpy after N steps = the page's program after N steps = row N of the
workbook's worksheet Steps.
"""

from __future__ import annotations

import io
import json

import engines
import numpy as np
import openpyxl
import pytest
import workbooks
from examples import differences
from pages import frame
from quick import few_when_quick, thorough

from sheets import Sheet, backprop, column_index, log_softmax, normal, row_index, values
from sheets.language.inputs import MOST_STEPS
from sheets.targets.excel import write
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET
from sheets.targets.numpy import overflow, trajectory
from widgets.description import description
from widgets.front_end import FOLDER, enclosed

STEPS = 12
POINTS = np.array(
    [[14, 58], [86, 202], [28, 86], [51, 132], [29, 88], [72, 174], [62, 154]], dtype=float
)


def swap() -> Sheet:
    s = Sheet("swap")
    a, b, pair = s.input("a", 1.0), s.input("b", 2.0), s.input("pair", [[3.0, 4.0], [5.0, 6.0]])
    s.let("pair_next", pair.T)
    s.let("total", a * 10 + b)
    s.carry(a="b", b="a", pair="pair_next")
    return s


def line(rows: bool) -> Sheet:
    """y = a x + b by single points in turn, as the course's spreadsheet does; t
    counts the steps.
    """
    s = Sheet("line")
    x, y = s.input("x", POINTS[:, :1], rows=rows), s.input("y", POINTS[:, 1:], rows=rows)
    a, b, t, rate = s.input("a", 1.0), s.input("b", 1.0), s.input("t", 0.0), s.input("rate", 1e-4)
    now = s.let("now", t % x.shape[0])
    error = s.let("error", y[now] - (a * x[now] + b))
    s.let("loss", error**2)
    backprop(s, "loss", ["a", "b"])
    s.let("a_next", a - rate * s["d_a"])
    s.let("b_next", b - rate * s["d_b"])
    s.let("t_next", t + 1)
    s.carry(a="a_next", b="b_next", t="t_next")
    return s


def batches() -> Sheet:
    """The same by batches of three, with momentum."""
    s = Sheet("batches")
    x, y = s.input("x", POINTS[:, :1] / 100), s.input("y", POINTS[:, 1:] / 100)
    w, m, t = s.input("w", [1.0, 1.0]), s.input("m", [0.0, 0.0]), s.input("t", 0.0)
    rate, beta = s.input("rate", 0.1), s.input("beta", 0.9)
    rows = s.let("rows", (t * 3 + row_index(3)) % len(POINTS))
    ones = s.let(
        "ones", x[rows] ** column_index(2)
    )  # each point's 1 and x, so that w is intercept and slope
    error = s.let("error", ones @ w.T - y[rows])
    s.let("loss", (error**2).mean())
    backprop(s, "loss", ["w"])
    s.let("m_next", beta * m + (1 - beta) * s["d_w"])
    s.let("w_next", w - rate * s["m_next"])
    s.let("t_next", t + 1)
    s.carry(w="w_next", m="m_next", t="t_next")
    return s


def network() -> Sheet:
    """Two layers with ReLU, softmax and cross-entropy, all rows in every step."""
    random = np.random.default_rng(4)
    s = Sheet("network")
    x, y = s.input("x", random.normal(size=(4, 3))), s.input("y", np.eye(2)[[0, 1, 1, 0]])
    w, b = s.input("w", random.normal(size=(3, 4))), s.input("b", random.normal(size=(1, 4)))
    v, rate = s.input("v", random.normal(size=(4, 2))), s.input("rate", 0.2)
    h = s.let("h", np.maximum(0, s.let("z", x @ w + b)))
    s.let("loss", -(y * s.let("log_p", log_softmax(s.let("o", h @ v)))).sum() / 4)
    backprop(s, "loss", ["w", "b", "v"])
    for name in ("w", "b", "v"):
        s.let(f"{name}_next", s[name] - rate * s[f"d_{name}"])
    s.carry(w="w_next", b="b_next", v="v_next")
    return s


def walk() -> Sheet:
    """Noise that a carried seed draws anew at every step."""
    s = Sheet("walk")
    seed, place = s.input("seed", 5, whole=True, low=0), s.input("place", [0.0, 0.0])
    e = normal(s, "e", (1, 2), seed)
    s.let("place_next", place + e)
    s.let("seed_next", seed + 1)
    s.carry(seed="seed_next", place="place_next")
    return s


SHEETS = {
    "swap": swap,
    "line": lambda: line(False),
    "line on rows of data": lambda: line(True),
    "batches": batches,
    "network": network,
    "walk": walk,
}
WORKBOOKS = {
    name: workbooks.register(f"steps_{k}", make, steps=STEPS)
    for k, (name, make) in enumerate(SHEETS.items())
}
READINGS = {
    "ironcalc": workbooks.in_ironcalc,
    "libreoffice": workbooks.in_libreoffice,
    "cached": workbooks.cached,
}
each_reading = pytest.mark.parametrize("cells", READINGS.values(), ids=READINGS)
each_sheet = pytest.mark.parametrize(
    "name", few_when_quick(SHEETS, ("line on rows of data", "network").__contains__)
)


# --- the oracles: the same training in plain numpy


def swapped(step: int) -> dict:
    turned = np.array([[3.0, 4.0], [5.0, 6.0]])
    return {"a": 1 + step % 2, "b": 2 - step % 2, "pair": turned.T if step % 2 else turned}


def fitted(steps: int) -> dict:
    a, b = 1.0, 1.0
    for t in range(steps):
        x, y = POINTS[t % len(POINTS)]
        error = y - (a * x + b)
        a, b = a + 1e-4 * 2 * error * x, b + 1e-4 * 2 * error
    return {"a": a, "b": b, "t": steps}


def fitted_by_batches(steps: int) -> dict:
    w, m = np.ones(2), np.zeros(2)
    for t in range(steps):
        x, y = POINTS[(3 * t + np.arange(3)) % len(POINTS)].T / 100
        design = np.stack([np.ones(3), x], axis=1)
        m = 0.9 * m + 0.1 * (2 / 3) * design.T @ (design @ w - y)
        w = w - 0.1 * m
    return {"w": w[np.newaxis], "m": m[np.newaxis]}


def trained(steps: int) -> dict:
    x, y, w, b, v = (network().blocks[name].value.copy() for name in ("x", "y", "w", "b", "v"))
    for _ in range(steps):
        z = x @ w + b
        h = np.maximum(z, 0)
        e = np.exp(h @ v)
        d_o = (e / e.sum(axis=1, keepdims=True) - y) / 4
        d_z = (d_o @ v.T) * (z > 0)
        w, b, v = w - 0.2 * x.T @ d_z, b - 0.2 * d_z.sum(axis=0), v - 0.2 * h.T @ d_o
    return {"w": w, "b": b, "v": v}


def walked(steps: int) -> dict:
    """Each step's draw is what a sheet of that seed draws."""
    place = np.zeros((1, 2))
    for step in range(steps):
        place = place + values(walk(), {"seed": 5 + step})["e"]
    return {"place": place, "seed": 5 + steps}


ORACLES = {
    "swap": swapped,
    "line": fitted,
    "line on rows of data": fitted,
    "batches": fitted_by_batches,
    "network": trained,
    "walk": walked,
}


@each_sheet
@pytest.mark.parametrize("steps", [0, 1, 2, 7, STEPS, 100])
def test_numpy_trains_as_plain_numpy_does(name, steps):
    found = values(SHEETS[name](), steps=steps)
    for block, expected in ORACLES[name](steps).items():
        np.testing.assert_allclose(
            found[block],
            np.broadcast_to(expected, found[block].shape),
            rtol=1e-9,
            atol=1e-12,
            err_msg=block,
        )


@each_sheet
@pytest.mark.parametrize("steps", [0, 1, 2, STEPS, 100])
def test_the_page_steps_the_same(name, steps):
    s = SHEETS[name]()
    assert not differences(engines.in_javascript(s, steps=steps), values(s, steps=steps))


def test_the_loss_falls():
    for name in ("line", "batches", "network"):
        s = SHEETS[name]()
        assert values(s, steps=200)["loss"].item() < 0.5 * values(s)["loss"].item()


# --- the worksheet Steps


def row_of(cells: engines.Cells, sheet: Sheet, step: int) -> dict[str, float]:
    """A step's numbers by the names of their cells."""
    row = FIRST_ROW + 1 + step
    return {
        name: cells[WORKSHEET, row, column]
        for name, column in workbooks.step_columns(sheet).items()
        if (WORKSHEET, row, column) in cells
    }


def labelled(found: dict[str, np.ndarray], labels: list[str]) -> dict[str, float]:
    """The same numbers out of blocks: `w[2,1]` is the first number in the second row of w."""
    numbers = {name: array.item() for name, array in found.items() if array.size == 1}
    numbers |= {
        f"{name}[{i + 1},{j + 1}]": x
        for name, array in found.items()
        for (i, j), x in np.ndenumerate(array)
    }
    return {label: numbers[label] for label in labels}


@thorough
@each_sheet
@pytest.mark.parametrize(
    "cells",
    [workbooks.in_ironcalc, workbooks.in_libreoffice, workbooks.cached],
    ids=["ironcalc", "libreoffice", "cached"],
)
def test_every_row_of_the_workbook_is_that_step(name, cells):
    recalculated = cells(WORKBOOKS[name])
    s = SHEETS[name]()
    moving = {label.split("[")[0] for label in row_of(recalculated, s, 0)}
    assert moving >= {*s.carried, *s.carried.values()}
    for step in range(STEPS + 1):
        found = row_of(recalculated, s, step)
        expected = labelled(values(s, steps=step), list(found))
        np.testing.assert_allclose(
            list(found.values()),
            list(expected.values()),
            rtol=1e-9,
            atol=1e-12,
            err_msg=f"step {step}",
        )
    assert (WORKSHEET, FIRST_ROW + 1 + STEPS + 1, 1) not in recalculated


@each_sheet
def test_each_row_is_the_row_above_filled_down(name):
    """From step 1 on, every column holds one formula, read relative to its own cell."""
    formulas = engines.formula_cells(workbooks.path(WORKBOOKS[name]))
    rows = [
        {
            c: workbooks.relative(f, row, c)
            for (page, row, c), f in formulas.items()
            if page == WORKSHEET and row == FIRST_ROW + 1 + step
        }
        for step in range(1, STEPS + 1)
    ]
    assert rows[0] and all(row == rows[0] for row in rows)


# --- runs that go wrong


def doubling(**limits) -> Sheet:
    s = Sheet("doubling")
    a = s.input("a", 1e300, **limits)
    s.let("a_next", a * 1e3)
    s.let("gone", a - a)
    s.carry(a="a_next")
    return s


STATE = enclosed(FOLDER / "engine" / "state.js") + "\nconst { State } = engine_state;"


def on_the_page(sheet: Sheet, then: str) -> dict:
    """What the page's state says in V8 after `then`."""
    told = (
        "{ step: state.step, overflow: state.overflow, still: state.still, a:"
        " Array.from(state.program.blocks.a) }"
    )
    return json.loads(
        engines.in_v8(
            f"{STATE}\nconst state = new State({json.dumps(description(sheet))}); {then};"
            f" JSON.stringify({told})"
        )
    )


DIVERGING = workbooks.register("diverging", doubling, steps=4)


def test_a_run_stops_at_its_last_finite_step_in_every_face():
    """1e300, 1e303, 1e306; 1e309 is no number."""
    run = list(trajectory(doubling(), 4))
    assert [found["a"].item() for found in run] == [1e300, 1e303, 1e306]
    assert overflow(doubling(), run[-1]) == "a_next" and values(doubling(), steps=4)["a"] == 1e306
    assert on_the_page(doubling(), "state.goTo(4)") == {
        "step": 2,
        "overflow": "a_next",
        "still": False,
        "a": [1e306],
    }
    assert on_the_page(doubling(), "state.play(4)")["step"] == 2
    for cells in (
        workbooks.in_ironcalc(DIVERGING),
        workbooks.in_libreoffice(DIVERGING),
        workbooks.cached(DIVERGING),
    ):
        assert [row_of(cells, doubling(), step)["a"] for step in range(3)] == [1e300, 1e303, 1e306]
        assert (
            engines.is_error(row_of(cells, doubling(), 2)["a_next"])
            and (WORKSHEET, FIRST_ROW + 1 + 3, 1) not in cells
        )


def halving() -> Sheet:
    """Down to 0, which waits at first, as a batch whose gradient is 0; t counts the steps until
    there are no more.
    """
    s = Sheet("halving")
    a, t, last = s.input("a", 5e-324), s.input("t", 0.0), s.input("last", 6.0)
    s.let("a_next", np.where(np.less(t, 4), a, a / 2))
    s.let("t_next", np.minimum(t + 1, last))
    s.carry(a="a_next", t="t_next")
    return s


@pytest.mark.parametrize("then", ["state.play(100)", "state.play(3); state.play(97)"])
def test_playing_stops_once_nothing_that_is_carried_moves_and_no_sooner(then):
    run = [tuple(found[name].item() for name in ("a", "t")) for found in trajectory(halving(), 20)]
    settled = run.index(run[-1])
    assert run[1][0] == run[0][0] and settled == 6
    assert on_the_page(halving(), then) == {
        "step": settled,
        "overflow": "",
        "still": True,
        "a": [0],
    }
    assert not on_the_page(halving(), f"{then}; state.setCell('a', 0, 0, 1)")["still"]
    assert on_the_page(halving(), "state.goTo(20)")["step"] == 20
    assert on_the_page(halving(), f"state.goTo({MOST_STEPS + 1})")["step"] == MOST_STEPS


def test_play_ends_in_words_where_nothing_changes_any_more(opened):
    page = opened(halving)
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("status").filter(
        has_text="stopped here, because another step would change nothing"
    ).wait_for()
    assert (
        page.locator(".gs-step").inner_text()
        == "step 6: stopped here, because another step would change nothing"
    )
    assert page.get_by_role("button", name="Play", exact=True).count() == 1
    page.get_by_role("button", name="Back", exact=True).click()
    frame(page)
    assert page.locator(".gs-step").inner_text() == "step 5"


def test_a_carried_number_may_leave_its_inputs_limits():
    s = doubling(high=1e301)
    write(s, io.BytesIO(), steps=3)
    assert values(s, steps=2)["a"] == 1e306
    assert engines.in_javascript(s, steps=2)["a"] == 1e306


def towards_certainty() -> Sheet:
    s = Sheet("certain")
    q = s.input("q", [[0.5], [0.25]])
    each = s.let("each", -np.log(q), infinite=1)
    s.let("loss", each.mean(), infinite=1)
    s.let("q_next", np.maximum(q - 0.25, 0))
    s.carry(q="q_next")
    return s


CERTAIN = workbooks.register("certain", towards_certainty, steps=2)


@pytest.mark.parametrize(
    "cells",
    [workbooks.in_ironcalc, workbooks.in_libreoffice, workbooks.cached],
    ids=["ironcalc", "libreoffice", "cached"],
)
def test_an_infinite_loss_is_a_word_in_its_step_too(cells):
    recalculated = cells(CERTAIN)
    assert [row_of(recalculated, towards_certainty(), step)["loss"] for step in (1, 2)] == [
        "infinite",
        "infinite",
    ]
    assert row_of(recalculated, towards_certainty(), 1)["each[2,1]"] == "infinite"
    assert row_of(recalculated, towards_certainty(), 0)["loss"] == pytest.approx(
        -np.log([0.5, 0.25]).mean()
    )


def test_steps_that_are_wider_than_a_worksheet_are_left_out(tmp_path):
    s, file = Sheet("wide"), tmp_path / "wide.xlsx"
    w = s.input("w", np.zeros((130, 130)))
    s.carry(w=s.let("w_next", w + 1))
    write(s, file, steps=2)
    book = openpyxl.load_workbook(file, data_only=True)
    assert WORKSHEET not in book.sheetnames
    said = [cell.value for row in book["Sheet"].iter_rows(max_row=4, max_col=4) for cell in row]
    assert "This workbook holds step 2 alone." in said
    (worksheet, area), *_ = book.defined_names["w_next"].destinations
    assert book[worksheet][area.split(":")[0].replace("$", "")].value == 3


@thorough
def test_what_one_cell_of_a_step_cannot_hold_stands_in_parts(tmp_path):
    s = Sheet("parts")
    x, w = s.input("x", np.ones((20, 20))), s.input("w", np.ones((20, 20)))
    product = s.let("product", x @ w)
    total = s.let("everything", product.max(axis=0).sum() + 0 * (w.T + x).sum())
    s.let("w_next", w + 0 * total)
    s.carry(w="w_next")
    write(s, tmp_path / "parts.xlsx", steps=1)
    cells = engines.in_ironcalc(tmp_path / "parts.xlsx")
    assert engines.numbers(s, cells)["everything"].item() == 400
    expected = engines.cached_cells(tmp_path / "parts.xlsx")
    steps = [key for key in expected if key[0] == "Steps"]
    assert not [key for key in steps if engines.different(expected[key], cells[key])]
