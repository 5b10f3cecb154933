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
    found = engines.numbers(s, recalculated(LOOKED_UP))
    for name in ("row", "row_of_a_formula"):
        np.testing.assert_array_equal(found[name], values(s)[name])


def test_a_clip_whose_limits_cross():
    s = Sheet("crossed")
    x, low, high = s.input("x", [[-2.0, 0.0, 2.0]]), s.input("low", 1.0), s.input("high", -1.0)
    s.let("loss", (np.clip(x, low, high) * s.input("w", [[1.0, 10.0, 100.0]])).sum())
    backprop(s, "loss", ["x", "low", "high"])
    found = values(s)
    assert found["loss"].item() == -111
    assert found["d_x"].tolist() == [[0, 0, 0]]
    assert (found["d_low"].item(), found["d_high"].item()) == (0, 111)
