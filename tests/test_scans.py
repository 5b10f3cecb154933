"""A row that reads the row above: in every engine, and its gradient against differences."""

from __future__ import annotations

import engines
import examples
import numpy as np
import pytest
import workbooks

from sheets import Sheet, SheetError, backprop, values
from sheets.targets.latex import cell_equation, equation

X = np.array([[0.5, -1.0], [1.25, 0.3], [-0.7, 2.0], [0.1, 0.9], [1.5, -0.4]])
W = np.array([[0.5, -0.3, 0.2], [0.1, 0.7, -0.6], [-0.4, 0.25, 0.35]])
U = np.array([[0.6, -0.2, 0.9], [0.3, 0.8, -0.5]])
TRAINED = ("x", "W", "U", "rate", "begin")


def recurrent(rows: bool = False) -> Sheet:
    s = Sheet("recurrent")
    x = s.input("x", X, rows=rows)
    w, u = s.input("W", W), s.input("U", U)
    rate, begin = s.parameter("rate", 0.7, 0, 1), s.input("begin", [[0.2, -0.1, 0.4]])
    average = s.scan("average", lambda before, v: rate * before + (1 - rate) * v, over=x)
    h = s.scan("h", lambda before, v: np.tanh(before @ w + v @ u), over=x, start=begin)
    gate = s.scan("gate", lambda a, v, b: np.maximum(a * 0.5 - v, b * v) + 1, (x * 2, average), 1)
    total = s.scan("total", lambda before, v: before + v.sum(axis=1), over=h)
    s.let("loss", (h**2).mean() + np.sin(average).sum() + (gate * x).mean() + (total**2).mean())
    backprop(s, "loss", TRAINED)
    return s


def by_hand(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    x, w, u, rate, begin = (given[name] for name in TRAINED)
    rate = float(rate.item())
    average, h, gate, total = np.zeros((1, 2)), begin, np.ones((1, 2)), np.zeros((1, 1))
    rows_of: dict[str, list] = {name: [] for name in ("average", "h", "gate", "total")}
    for row in x:
        average = rate * average + (1 - rate) * row
        h = np.tanh(h @ w + row @ u)
        gate = np.maximum(gate * 0.5 - 2 * row, average * 2 * row) + 1
        total = total + h.sum()
        for name, one in (("average", average), ("h", h), ("gate", gate), ("total", total)):
            rows_of[name].append(one)
    return {name: np.vstack(rows) for name, rows in rows_of.items()}


def loss_of(given: dict[str, np.ndarray]) -> float:
    f = by_hand(given)
    parts = (f["h"] ** 2).mean(), np.sin(f["average"]).sum(), (f["total"] ** 2).mean()
    return float(sum(parts) + (f["gate"] * given["x"]).mean())


GIVEN = {
    "x": X,
    "W": W,
    "U": U,
    "rate": np.array([[0.7]]),
    "begin": np.array([[0.2, -0.1, 0.4]]),
}


@pytest.mark.parametrize("rows", [False, True])
def test_rows_follow_each_other(rows):
    computed = values(recurrent(rows))
    for name, expected in by_hand(GIVEN).items():
        np.testing.assert_allclose(computed[name], expected, rtol=1e-12)
    assert computed["loss"].item() == pytest.approx(loss_of(GIVEN), rel=1e-12)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("name", TRAINED)
def test_the_gradient_runs_up(name, rows):
    expected = np.zeros(GIVEN[name].shape)
    for place in np.ndindex(*expected.shape):
        nudge = np.zeros_like(expected)
        nudge[place] = 1e-3
        at = [loss_of({**GIVEN, name: GIVEN[name] + k * nudge}) for k in (-2, -1, 1, 2)]
        expected[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
    np.testing.assert_allclose(values(recurrent(rows))[f"d_{name}"], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("rows", [False, True])
def test_in_v8(rows):
    s = recurrent(rows)
    assert not examples.differences(engines.in_javascript(s), values(s))
    for name in s.blocks:
        assert equation(s, name) and cell_equation(s, name)


def test_more_rows_in_v8():
    s, more = recurrent(True), {"x": np.vstack([X, X[::-1] / 2])}
    assert not examples.differences(engines.in_javascript(s, more), values(s, more))


SCANNED = {
    rows: workbooks.register(f"scan_{rows}", lambda rows=rows: recurrent(rows), notes=False)
    for rows in (False, True)
}


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_ironcalc, workbooks.in_gnumeric, workbooks.in_libreoffice]
)
def test_in_workbooks(recalculated, rows):
    s = recurrent(rows)
    assert not examples.differences(engines.numbers(s, recalculated(SCANNED[rows])), values(s))


def test_one_formula_fills_down():
    s = Sheet("average")
    v = s.input("v", [[1.0], [2.0], [4.0]])
    s.scan("mean", lambda before, x: 0.9 * before + 0.1 * x, over=v)
    from sheets.targets.excel.formulas import block_formula
    from sheets.targets.excel.layout import layout

    formula = block_formula(s, layout(s).blocks, "mean")
    texts = {workbooks.relative(formula.at(i, 0), 4 + i, 3) for i in range(3)}
    assert len(texts) == 1
    assert values(s)["mean"].ravel().tolist() == pytest.approx([0.1, 0.29, 0.661])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (lambda before, v: before.T @ v, "a row is 2 x 2 and starts from 1 x 2"),
        (lambda before, v: np.cumsum(v, axis=1) + before, "cumsum of a row"),
        (lambda before, v: before + v @ v.T, "transpose of a row"),
    ],
)
def test_what_is_no_rows_formula_is_refused(row, said):
    s = Sheet("wrong")
    x = s.input("x", X)
    with pytest.raises(SheetError) as caught:
        s.scan("y", row, over=x)
    assert str(caught.value).startswith("test_scans.py:") and said in str(caught.value)
    assert list(s.blocks) == ["x"]
