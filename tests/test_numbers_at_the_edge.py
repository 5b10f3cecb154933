"""Numbers at the edge: what numpy does there, the page does too, and a workbook says in its own
way.
"""

from __future__ import annotations

import engines
import numpy as np
import pytest
import workbooks

from sheets import Sheet, backprop, values


def edges() -> Sheet:
    s = Sheet("edges")
    x = s.input("x", [[-1.0, 0.0, 1.0, 4.0]])
    t = s.input("t", [[0.0], [1.0], [-1.0], [0.5]])
    one, minus = s.input("one", 1.0), s.input("minus", -1.0)
    s.let("logarithm", np.log(x))
    s.let("branch", np.where(np.sqrt(x) - np.sqrt(x), 1, 2))
    s.let("row", s["x"][t])
    s.let("row_of_a_formula", (x * 2)[t])
    s.let("outside", np.equal(x.T[t + 9], x.T[t + 9]))
    s.let("power", one ** (1 / (x * 0)) + minus ** (1 / (x * 0)) + one ** np.log(x))
    return s


def test_the_page_does_as_numpy():
    s = edges()
    found, page = values(s), engines.in_javascript(s)
    for name in s.blocks:
        np.testing.assert_array_equal(page[name], found[name], name)
    assert found["branch"].tolist() == [[1, 2, 2, 2]]  # no number is not 0
    np.testing.assert_array_equal(np.isnan(found["row"][:, 0]), [False, True, True, False])
    assert not found["outside"].any()


LOOKED_UP = workbooks.register("edges", edges, notes=False)


@pytest.mark.parametrize(
    "recalculated", [workbooks.in_ironcalc, workbooks.in_gnumeric, workbooks.in_libreoffice]
)
def test_a_look_up_outside_of_one_row_is_an_error_in_a_workbook(recalculated):
    s = edges()
    computed = engines.numbers(s, recalculated(LOOKED_UP))
    for name in ("row", "row_of_a_formula"):
        np.testing.assert_array_equal(computed[name], values(s)[name])


def test_a_clip_whose_limits_cross():
    s = Sheet("crossed")
    x, low, high = s.input("x", [[-2.0, 0.0, 2.0]]), s.input("low", 1.0), s.input("high", -1.0)
    s.let("loss", (np.clip(x, low, high) * s.input("w", [[1.0, 10.0, 100.0]])).sum())
    backprop(s, "loss", ["x", "low", "high"])
    computed = values(s)
    assert computed["loss"].item() == -111
    assert computed["d_x"].tolist() == [[0, 0, 0]]
    assert (computed["d_low"].item(), computed["d_high"].item()) == (0, 111)


def roots() -> Sheet:
    s = Sheet("roots")
    x, third = s.input("x", [[-8.0, -1.0, 0.0, 8.0]]), s.input("third", 1 / 3)
    s.let("cube_root", x ** (1 / 3))
    s.let("fifth_root", x ** (-0.2))
    s.let("square_root", x**0.5)
    s.let("by_a_block", x**third)
    s.let("whole", x ** s.input("two", 2.0))
    return s


ROOTS = workbooks.register("roots", roots, notes=False)


def test_a_root_of_a_negative_number_is_no_number_on_the_page():
    s = roots()
    found, page = values(s), engines.in_javascript(s)
    for name in s.blocks:
        np.testing.assert_allclose(page[name], found[name], rtol=1e-15)
    assert np.isnan(found["cube_root"]).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize(
    "recalculated", [workbooks.in_ironcalc, workbooks.in_gnumeric, workbooks.in_libreoffice]
)
def test_nor_in_a_workbook(recalculated):
    s = roots()
    computed = engines.numbers(s, recalculated(ROOTS))
    for name in s.blocks:
        expected = values(s)[name]
        expected[np.isinf(expected)] = np.nan  # 0 to a negative power is an error
        np.testing.assert_allclose(computed[name], expected, rtol=1e-12)


def test_an_infinite_gradient_of_one_row_leaves_the_others_alone():
    s = Sheet("looked_up")
    x, t = s.input("x", [[1.0], [5.0], [0.0]]), s.input("t", [[0.0], [1.0]])
    s.let("loss", np.sqrt(s.let("rows", x[t]) - 1).sum())
    backprop(s, "loss", ["x"])
    computed = values(s)["d_x"].ravel().tolist()
    assert computed == [np.inf, 0.25, 0]
    assert engines.in_javascript(s)["d_x"].ravel().tolist() == computed
