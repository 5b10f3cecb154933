"""Every gradient = finite differences of the same formula in plain numpy; kinks, masks and unused
blocks as the language states them.
"""

from __future__ import annotations

import re
from functools import cache

import engines
import numpy as np
import pytest
import workbooks
from examples import FAMILIES, differences, expression
from quick import few_when_quick, thorough
from slopes import CASES, KINKS, sheet_of_gradients, slope, wrong_slopes

from sheets import (
    NeedsBlock,
    Sheet,
    SheetError,
    backprop,
    log_softmax,
    softmax,
    stop,
    values,
    xlogy,
)
from sheets.language.dependencies import walk
from sheets.language.expr import COMPOSED, REDUCTIONS, STRUCTURE, put
from sheets.language.ops import OPS
from sheets.targets.excel.formulas import block_formula
from sheets.targets.excel.layout import layout

MANY = ("structure", "stretched")  # the families with the most places to nudge
each_family = pytest.mark.parametrize("family", CASES)


@cache
def sheet(family: str, inline: bool) -> Sheet:
    return sheet_of_gradients(CASES[family], inline)


# --- every formula


@pytest.mark.thorough
def test_the_formulas_use_every_op_with_a_derivative():
    used = {
        node.op
        for family in CASES
        for block in sheet(family, False).blocks.values()
        if block.expr is not None
        for node in walk(block.expr)
    }
    assert used >= {name for name, op in OPS.items() if op.vjp} | {
        *STRUCTURE,
        *REDUCTIONS,
        *COMPOSED,
    }


@pytest.mark.parametrize("family", few_when_quick(CASES, lambda family: family not in MANY))
@pytest.mark.parametrize(
    "inline", few_when_quick([False, True], lambda inline: not inline), ids=["in a block", "inline"]
)
def test_gradients_are_slopes(family, inline):
    assert not wrong_slopes(CASES[family], values(sheet(family, inline)))


@pytest.mark.thorough
@each_family
def test_gradients_in_v8(family):
    s = sheet(family, False)
    assert not differences(engines.in_javascript(s), values(s))


def stated(s: Sheet) -> list[str] | None:
    """The sheet's formulas in Excel, or None where it cannot state one of them."""
    places = layout(s).blocks
    try:
        return [
            block_formula(s, places, name).at(0, 0)
            for name, block in s.blocks.items()
            if block.expr is not None
        ]
    except NeedsBlock:
        return None


@cache
def statable() -> dict[str, bool]:
    """Every structure and some of the rest, and whether Excel can state the formula and its
    gradients.
    """
    chosen = CASES["structure"] + [formula for family in FAMILIES for formula in CASES[family][::6]]
    return {
        formula: stated(sheet_of_gradients([formula])) is not None
        for formula in dict.fromkeys(chosen)
    }


@cache
def for_excel() -> Sheet:
    return sheet_of_gradients([formula for formula, can in statable().items() if can])


def where_ironcalc_has_a_gap() -> set[str]:
    places = layout(for_excel()).blocks
    formulas = {
        name: block_formula(for_excel(), places, name).at(0, 0)
        for name, block in for_excel().blocks.items()
        if block.expr is not None
    }
    return {
        name.split("_")[-1]
        for name, formula in formulas.items()
        if engines.IRONCALC_GAP.search(formula)
    }


WORKBOOK = workbooks.register("gradients", for_excel, notes=False)


@thorough
def test_excel_states_every_gradient():
    assert all(statable().values())


@pytest.mark.thorough
def test_gradients_in_ironcalc():
    gap, found = (
        where_ironcalc_has_a_gap(),
        engines.numbers(for_excel(), workbooks.in_ironcalc(WORKBOOK)),
    )
    expected = {
        name: x for name, x in values(for_excel()).items() if name.split("_")[-1] not in gap
    }
    assert len(expected) > 1000
    assert not differences(found, expected)


def test_gradients_in_libreoffice():
    cells = workbooks.in_libreoffice(WORKBOOK)
    assert not differences(engines.numbers(for_excel(), cells), values(for_excel()))


# --- kinks: the sub-gradients that ops.py states


@pytest.mark.parametrize("kink", KINKS)
@pytest.mark.parametrize("engine", [values, engines.in_javascript], ids=["numpy", "javascript"])
def test_at_a_kink(kink, engine):
    formula, inputs, gradients = KINKS[kink]
    s = Sheet("kink")
    made = s.let(
        "made", expression(formula, {name: s.input(name, value) for name, value in inputs.items()})
    )
    s.let("loss", made.sum())
    backprop(s, "loss")
    found = engine(s)
    for name, expected in gradients.items():
        np.testing.assert_allclose(found[f"d_{name}"], np.atleast_2d(expected), err_msg=f"d_{name}")


# --- masks: no number from a branch that is not taken


def cross_entropy(inline: bool) -> Sheet:
    s = Sheet("masked")
    y, q = s.input("y", [1, 0, 1, 0], rows=True), s.input("q", [1, 0, 0.5, 0.25], rows=True)
    loss = np.where(np.equal(y, 1), -np.log(q), -np.log(1 - q))
    s.let("loss", loss.sum() if inline else s.let("each", loss).sum())
    backprop(s, "loss", ["q"])
    return s


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("engine", [values, engines.in_javascript], ids=["numpy", "javascript"])
def test_a_branch_that_is_not_taken_gives_no_nan(inline, engine):
    np.testing.assert_array_equal(engine(cross_entropy(inline))["d_q"], [[-1], [1], [-2], [4 / 3]])


def test_a_wrong_certainty_has_an_infinite_gradient_and_no_nan():
    s = cross_entropy(inline=False)
    np.testing.assert_array_equal(
        values(s, {"q": [0, 1, 0.5, 0.25]})["d_q"], [[-np.inf], [np.inf], [-2], [4 / 3]]
    )


MASKED = {
    "in its own stretched axis": (
        "np.where(x > 0, np.log(x), 0) * w",
        {"x": [-1, 0, 2], "w": [[1], [2]]},
        [0, 0, 1.5],
    ),
    "of a choice inside a choice": (
        "np.where(x > 0, np.where(x > 1, np.sqrt(x - 1), np.log(x)), x)",
        {"x": [-1, 0, 0.5, 5]},
        [1, 1, 2, 0.25],
    ),
    "under arithmetic": ("2 - 3 * np.where(x > 0, np.log(x), -x)", {"x": [-1, 0, 2]}, [3, 3, -1.5]),
    "with the other branch": ("np.where(x < 0, 5, 1 / x)", {"x": [-1, 2]}, [0, -0.25]),
    "of one number for all": (
        "np.where(x > 0, np.log(x * s), 0)",
        {"x": [-1, 0, 2], "s": [1]},
        [0, 0, 0.5],
    ),
    "from two sides": (
        "np.where(x > 0, np.log(x), 0) + np.where(x > 0, 0, np.log(-x))",
        {"x": [-2, 4]},
        [-0.5, 0.25],
    ),
}


@pytest.mark.parametrize("case", MASKED)
def test_a_mask(case):
    formula, inputs, expected = MASKED[case]
    s = Sheet("masked")
    s.let(
        "loss",
        expression(formula, {name: s.input(name, value) for name, value in inputs.items()}).sum(),
    )
    backprop(s, "loss", ["x"])
    np.testing.assert_allclose(values(s)["d_x"], [expected])


def test_one_number_used_in_a_branch_is_masked_before_it_is_summed():
    s = Sheet("masked")
    x, scale = s.input("x", [0.0, 2.0, 0.0, 4.0]), s.input("scale", 3.0)
    s.let("loss", np.where(x > 0, scale / x, 0).sum())
    backprop(s, "loss", ["scale"])
    assert values(s)["d_scale"].item() == 0.75


# --- which blocks have a gradient


def test_a_second_use_adds_up():
    s = Sheet("twice")
    x = s.input("x", [1.0, -2.0])
    a, b = s.let("a", x * 3), s.let("b", x**2)
    s.let("loss", (a * b + x + x).sum())
    backprop(s, "loss")
    np.testing.assert_array_equal(values(s)["d_x"], [[9 + 2, 36 + 2]])


WITHOUT_GRADIENT = [
    "np.floor(x)",
    "np.sign(x)",
    "stop(x)",
    "x > 0",
    "np.equal(x, 1)",
    "np.where(x > 0, 1, 2)",
    "rows_of(w, x)",
    "x * 0 < 1",
]


@pytest.mark.parametrize("formula", WITHOUT_GRADIENT)
@pytest.mark.parametrize("inline", [True, False])
def test_a_block_reached_only_without_a_slope_has_no_gradient(formula, inline):
    s = Sheet("stopped")
    x, w, unused = (
        s.input("x", [[1.0], [0.0]]),
        s.input("w", [[3.0], [5.0]]),
        s.input("unused", 1.0),
    )
    reached = expression(
        formula, {"x": s.let("through", x * 1.0 + 0 * unused) if not inline else x, "w": w}
    )
    s.let("loss", (reached if inline else s.let("reached", reached)).sum() + (w * w).sum())
    given = backprop(s, "loss")
    assert not {"x", "through", "unused"} & set(given)
    assert not {"d_x", "d_through", "d_unused"} & set(s.blocks)
    assert "w" in given


def test_stop_stops_its_own_way_only():
    s = Sheet("stopped")
    x = s.input("x", 3.0)
    s.let("loss", x * stop(x))
    backprop(s, "loss")
    assert values(s)["d_x"].item() == 3


def test_inputs_restricts_the_gradients_to_what_lies_between():
    s = Sheet("some")
    a, b = s.input("a", 2.0), s.input("b", 5.0)
    s.let("loss", s.let("p", a * 3) * s.let("q", b * 7))
    assert list(backprop(s, "loss", inputs=["a"])) == ["loss", "p", "a"]
    assert [name for name in s.blocks if name.startswith("d_")] == ["d_loss", "d_p", "d_a"]
    assert values(s)["d_a"].item() == 3 * 35


def test_gradients_stand_in_reverse_order_in_a_group_of_their_own():
    s = Sheet("order")
    w = s.input("w", 2.0)
    s.let("loss", s.let("h", w * w) * 3)
    backprop(s, "loss", title="How it moves")
    assert s.groups[-1].title == "How it moves"
    assert s.groups[-1].blocks == ["d_loss", "d_h", "d_w"]
    assert all(s.blocks[f"d_{name}"].role == "gradient" for name in ("loss", "h", "w"))
    assert s.blocks["d_h"].gradient_of == ("loss", "h")


def test_a_gradient_is_written_over_the_block_and_not_over_its_formula():
    s = Sheet("readable")
    z = s.input("z", [[0.5, -1.0]])
    h = s.let("h", np.tanh(z))
    s.let("loss", h.sum())
    backprop(s, "loss")
    assert repr(s.blocks["d_z"].expr) == "multiply(d_h, subtract(1, multiply(h, h)))"


def test_every_gradient_has_its_blocks_shape():
    s = Sheet("shapes")
    x, w, b = (
        s.input("x", np.ones((5, 3)), rows=True),
        s.input("w", np.ones((3, 2))),
        s.input("b", [[1.0, 2.0]]),
    )
    s.let("loss", s.let("h", x @ w + b).mean())
    for name in backprop(s, "loss"):
        assert s.blocks[f"d_{name}"].shape == s.blocks[name].shape


@pytest.mark.parametrize(
    ("loss", "inputs", "complaint"),
    [
        ("nothing", None, "there is no block 'nothing' in wrong"),
        ("y", None, "loss 'y' is 1 x 2; a loss is one number, 1 x 1: take its mean or sum"),
        ("total", ["nobody"], "there is no block 'nobody' in wrong"),
    ],
)
def test_what_backprop_refuses(loss, inputs, complaint):
    s = Sheet("wrong")
    s.let("total", s.let("y", s.input("x", [1.0, 2.0]) * 2).sum())
    with pytest.raises(SheetError, match=re.escape(complaint)):
        backprop(s, loss, inputs)


# --- rows of data, lookups, networks


@pytest.mark.parametrize(
    "formula",
    [
        "(np.maximum(x.T, v).sum(axis=1) ** 2).sum()",
        "(np.maximum(x @ x.T, v[0]).sum(axis=1) ** 2).sum()",
    ],
)
def test_rows_of_data_that_lie_across_inside_a_formula(formula):
    s = Sheet("across")
    x, v = (
        s.input("x", [[1.0, -2.0], [3.0, 4.0], [5.0, 6.0]], rows=True),
        s.input("v", [[2.0], [3.0]]),
    )
    s.let("loss", expression(formula, {"x": x, "v": v}))
    backprop(s, "loss")
    computed = values(s)
    for name in ("x", "v"):
        expected = slope(lambda x, name=name: values(s, {name: x})["loss"].item(), computed[name])
        np.testing.assert_allclose(computed[f"d_{name}"], expected, rtol=1e-7, atol=1e-9)
    assert not differences(engines.in_javascript(s), computed)


@pytest.mark.parametrize("start", [1, 3])
@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("engine", [values, engines.in_javascript], ids=["numpy", "javascript"])
def test_the_mean_over_any_number_of_rows(start, rows, engine):
    s = Sheet("rows")
    x, w = (
        s.input("x", np.arange(2.0 * start).reshape(start, 2), rows=True),
        s.input("w", [[1.0], [-1.0]]),
    )
    s.let("loss", ((x @ w) ** 2).mean() + x.sum() * 0 + s.let("scaled", x * 2).mean())
    backprop(s, "loss")
    data = np.linspace(-1, 2, 2 * rows).reshape(rows, 2)
    found, weights_now = engine(s, {"x": data}), np.array([[1.0], [-1.0]])
    np.testing.assert_allclose(found["d_w"], 2 * data.T @ (data @ weights_now) / rows)
    np.testing.assert_allclose(
        found["d_x"], 2 * (data @ weights_now) @ weights_now.T / rows + 2 / (2 * rows)
    )
    assert found["d_scaled"].shape == (rows, 2)


def test_a_row_looked_up_twice_collects_both_gradients():
    s = Sheet("lookup")
    table, rows = (
        s.input("table", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        s.input("rows", [[2], [0], [2], [9]]),
    )
    s.let(
        "loss",
        (
            np.where(rows < 3, s.let("found", table[rows]), 0)
            * s.input("w", [[1.0], [10.0], [100.0], [1000.0]])
        ).sum(),
    )
    backprop(s, "loss", ["table"])
    np.testing.assert_array_equal(values(s)["d_table"], [[10, 10], [0, 0], [101, 101]])
    np.testing.assert_array_equal(
        engines.in_javascript(s)["d_table"], [[10, 10], [0, 0], [101, 101]]
    )


def test_the_gradient_of_putting_rows_back():
    s = Sheet("put")
    g, index = s.input("g", [[1.0], [2.0], [3.0]]), s.input("index", [[1], [0], [1]])
    s.let("loss", (put(g, index, (2, 1)) ** 2).sum())
    backprop(s, "loss", ["g"])
    np.testing.assert_array_equal(values(s)["d_g"], [[8], [4], [8]])
    np.testing.assert_array_equal(engines.in_javascript(s)["d_g"], [[8], [4], [8]])


def test_softmax_and_cross_entropy_give_p_minus_y():
    s = Sheet("classes")
    z = s.input("z", [[1.0, 2.0, 0.5], [1000.0, -1000.0, 0.0]])
    y = s.input("y", [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    p = s.let("p", softmax(z))
    s.let("loss", -(y * log_softmax(z)).sum())
    backprop(s, "loss", ["z"])
    computed = values(s)
    np.testing.assert_allclose(computed["d_z"], computed["p"] - computed["y"], atol=1e-15)
    assert p.shape == z.shape and np.isfinite(computed["loss"]).all()


def three_layers(blocks: bool) -> Sheet:
    random = np.random.default_rng(5)
    s = Sheet("network")

    def named(name, e):
        return s.let(name, e) if blocks else e

    h = s.input("x", random.normal(size=(4, 3)), rows=True)
    for k, shape in enumerate([(3, 5), (5, 4), (4, 2)]):
        w, b = (
            s.input(f"w_{k}", random.normal(size=shape)),
            s.input(f"b_{k}", random.normal(size=(1, shape[1]))),
        )
        h = named(f"h_{k}", np.tanh(named(f"z_{k}", h @ w + b)))
    p = named("p", softmax(h))
    y = s.input("y", np.eye(2)[[0, 1, 1, 0]], rows=True)
    s.let("loss", -(xlogy(y, p)).sum() / h.shape[0])
    backprop(s, "loss")
    return s


@pytest.mark.parametrize("blocks", [True, False])
def test_a_chain_of_layers(blocks):
    s = three_layers(blocks)
    computed = values(s)
    for name in s.inputs:
        expected = slope(lambda x, name=name: values(s, {name: x})["loss"].item(), computed[name])
        np.testing.assert_allclose(
            computed[f"d_{name}"], expected, rtol=1e-7, atol=1e-9, err_msg=name
        )
    assert not differences(engines.in_javascript(s), computed)
