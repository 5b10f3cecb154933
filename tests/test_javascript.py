"""Where the page's program goes its own way for speed, it still says what numpy says."""

from __future__ import annotations

import json

import engines
import numpy as np
import pytest
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st

from sheets import POINTER_X, POINTER_Y, Axis, Series, Sheet, values
from sheets.targets.javascript import program
from sheets.targets.javascript_functions import called

DIVIDEND = (
    st.integers(-(2**53), 2**53).map(float)
    | st.floats(-1e300, 1e300)
    | st.integers(-1000, 1000).map(lambda k: k / 10)
)
DIVISOR = st.integers(1, 2**27).map(float) | st.sampled_from(
    [0.1, 0.2, 0.3, 2.5, -0.1, -3.0, 1e300, 5e-324]
)


@BOUNDED
@given(st.lists(st.tuples(DIVIDEND, DIVISOR), min_size=1, max_size=50))
def test_a_remainder_is_numpys_to_the_last_bit(pairs):
    source = f"{called('_mod')} JSON.stringify({json.dumps(pairs)}.map(([a, b]) => _mod(a, b)))"
    np.testing.assert_array_equal(
        json.loads(engines.in_v8(source)), [np.mod(a, b) for a, b in pairs]
    )


@BOUNDED
@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=20))
def test_a_square_is_a_product_to_the_last_bit(numbers):
    s = Sheet("squares")
    s.let("squared", s.input("x", numbers) ** 2)
    np.testing.assert_array_equal(engines.in_javascript(s)["squared"], [[x * x for x in numbers]])


@pytest.mark.parametrize("rows", [1, 3])
def test_products_whichever_way_they_are_summed(rows):
    """Of two blocks, along the rows of the second; and those that are summed cell by cell: a
    transpose, a product inside.
    """
    random = np.random.default_rng(rows)
    s = Sheet("products")
    a, b = (
        s.input("a", random.normal(size=(rows, 4)), rows=True),
        s.input("b", random.normal(size=(4, 5))),
    )
    w, v = s.input("w", random.normal(size=(6, 4))), s.input("v", random.normal(size=(4, 1)))
    long, tall = (
        s.input("long", random.normal(size=(3, 7))),
        s.input("tall", random.normal(size=(7, 2))),
    )  # four at a time, and three more
    s.let("of_seven", long @ tall)
    for name, e in (
        ("ab", a @ b),
        ("a_w", a @ w.T),
        ("av", a @ v),
        ("inside", (a @ b) @ (b.T @ w.T)),
        ("left", a.T @ np.tanh(a @ b)),
    ):
        s.let(name, e)
    assert not differences(engines.in_javascript(s), values(s))
    np.testing.assert_allclose(
        values(s)["inside"],
        s.blocks["a"].value @ s.blocks["b"].value @ (s.blocks["w"].value @ s.blocks["b"].value).T,
    )


def test_a_stack_s_rows_each_by_their_own_formula():
    s = Sheet("stacked")
    x = s.input("x", [[1.0, 2.0], [3.0, 4.0]])
    s.let("column", np.vstack([x.sum(), x.max(), 7 + 0 * x.min()]))
    s.let("table", np.vstack([x[1], x.mean(axis=0), x.sum()]))
    assert not differences(engines.in_javascript(s), values(s))


def test_a_dragged_input_may_have_any_name():
    """`i` and `pointer_x` are names that the program uses for its own."""
    s = Sheet("dragged")
    s.input("i", 1.0)
    s.input("pointer_x", 2.0)
    moves = {"i": POINTER_X + s["pointer_x"], "pointer_x": POINTER_Y * 2}
    s.chart(
        "c",
        Axis("x", 0, 9),
        Axis("y", 0, 9),
        [Series("i", "pointer_x", "p", mode="markers", moves=moves)],
    )
    made = engines.in_v8(
        f"const p = ({program(s)})(0); p.blocks.pointer_x[0] = 2; JSON.stringify(p.moves[0][0](3,"
        " 4, 0))"
    )
    assert json.loads(made) == {"i": 5, "pointer_x": 8}


def test_layers_alike_share_one_loop_and_keep_their_own_arrays_and_numbers():
    s = Sheet("layers")
    h = [s.input("x", [[0.5, -1.0, 2.0]])]
    for k in range(1, 5):
        w = s.input(f"w_{k}", np.full((3, 3), 0.25 * k))
        h.append(s.let(f"h_{k}", np.tanh((h[-1] @ w) * (k + 0.5) + 1e-3 * k) + 7))
    s.let("means", np.vstack([each.mean() * 2 for each in h]))
    made = program(s)
    assert made.count("Math.tanh(") == 1 and made.count("_loop_") > 4
    assert not differences(engines.in_javascript(s), values(s))
