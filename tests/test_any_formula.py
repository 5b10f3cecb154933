"""Any formula that numpy computes is a block: what one cell of a workbook cannot hold gets blocks
of its own, forward and in gradients, and every engine gives numpy's numbers.
"""

from __future__ import annotations

import io
from typing import Any

import engines
import examples
import numpy as np
import pytest
import workbooks
from library_sheets import SHEETS
from quick import one_in, thorough

from sheets import Sheet, SheetError, backprop, sentences, softmax, values
from sheets.language.blocks import part_of
from sheets.targets.excel import write
from sheets.targets.latex import cell_equation, equation
from widgets.description import description
from widgets.packed_workbook import packed_workbook

INPUTS = {
    "x": [[1.1, -2.0], [0.5, 3.0], [-1.25, 0.3]],
    "W": [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]],
    "E": [[-1.0, 0.75], [0.5, -0.25], [1.25, 2.0], [0.125, -1.5], [0.375, 1.75]],
    "t": [[0.0], [2.0], [1.0]],
    "P": [
        [0.8, -1.3, 2.1, 0.4, -0.6],
        [1.7, 0.2, -0.9, 1.1, 0.3],
        [-2.2, 1.4, 0.6, -0.7, 1.9],
        [0.1, -0.5, 1.2, 2.4, -1.6],
        [1.5, 0.9, -1.1, 0.7, 2.3],
        [-0.4, 1.8, -1.9, -0.2, 0.5],
    ],
    "K": [[0.5, -1.5], [1.25, 0.75], [-0.8, 0.3]],
}
# What eight sheets of a teacher's said, and then some: most were refused once.
FORMULAS = """
np.maximum(0, E[t])
E[t] @ W
E[t].sum(axis=0)
(E[t] * E[t]).sum(axis=1)
np.abs(x - x.mean()).max()
np.abs(x).sum()
np.maximum(0, x).sum(axis=1)
np.where(x > 0, x, 0).sum()
((x - x.mean(axis=0))**2).mean(axis=0)
((x - x.mean(axis=1))**2).mean(axis=1)
(x - x.mean(axis=1)) / np.sqrt(((x - x.mean(axis=1))**2).mean(axis=1) + 1e-5)
softmax(x) @ W
softmax(x @ W)
(softmax(x) * x).sum(axis=1)
-(np.equal(t, column_index(3)) * log_softmax(x @ W)).sum(axis=1)
-np.log(softmax(x @ W)).mean()
(x @ W) @ W.T
x @ W @ W.T
softmax(x @ x.T) @ x
np.tanh(x @ W).mean()
sigmoid(x).mean()
np.clip(x, 0, 1).mean()
(row_index(3) * x).sum()
np.where(row_index(3) >= column_index(3), x @ x.T, -9).max(axis=1)
(x @ x.T).max()
x.max(axis=1).sum()
np.exp(x).sum(axis=1)
np.exp(x - x.max(axis=1)).sum(axis=1)
np.maximum(x.max(), 0)
(x[0] * x[1]).sum()
(x.T[0] * x.T[1]).sum()
np.equal(x.max(axis=1), x) @ W
np.vstack([x[0], x[2]]) @ W
(x > 0).sum(axis=0)
np.sqrt((x**2).sum(axis=1))
x / np.sqrt((x**2).sum(axis=1))
(x / np.sqrt((x**2).sum(axis=1))) @ (x / np.sqrt((x**2).sum(axis=1))).T
(x**2).sum(axis=1) + (x**2).sum(axis=1).T - 2 * (x @ x.T)
np.where(np.equal(row_index(3), column_index(3)), 1, 0) @ x
(np.equal(t, t.T)).sum(axis=1)
np.exp(-(x.T[0].T - x.T[0])**2).sum(axis=1)
E[t % 5]
E[np.minimum(t + 1, 4)]
x[0].T @ x[1]
(x * (1 - x)).sum() / (x.sum() + 1)
log_softmax(x @ x.T).mean()
np.exp(log_softmax(x @ x.T)) @ x @ W
softmax(np.maximum(0, x @ W) @ W.T).max(axis=0)
(E[t] @ W)[t] * 2
E[t].T @ E[t]
(softmax(x @ W).max(axis=1) - softmax(x @ W).min(axis=1)).sum()
np.sqrt(((x @ W - (x @ W).mean(axis=0))**2).mean(axis=0))
np.where((x @ W).sum(axis=1) > 0, x, -x).sum(axis=0) @ W
(x.T @ softmax(x @ W)).mean(axis=1)
np.argmax(x, axis=1)
np.argmax(x @ W, axis=0) + np.argmin(x @ W)
np.argmax(x) * x
np.argmin(x[0]) + np.argmax(softmax(x).T[0])
np.std(x, axis=0)
np.var(x @ W, axis=1, ddof=1)
np.std(x)
np.round(x / 3, 2) + np.round(x)
np.round(x * 0.5 + 0.25) - np.round(-x * 100, -1)
np.histogram(x, bins=4)[0] + np.histogram(P, bins=4, range=(-1, 2))[0]
np.histogram(x[0], bins=3)[1] @ eye(4, 2)
np.outer(x[0], W[1]) @ W.T
np.outer(t, t)
eye(3) @ x + eye(3, 2)
np.tril(x @ x.T).sum(axis=0)
np.triu(x @ x.T, 1)
np.trace(x @ x.T)
np.log2(x**2 + 1)
np.log1p(x**2) + np.log1p(x / 1e6)
np.expm1(x) - np.expm1(x / 1e6)
np.logical_and(x > 0, x < 1) * x
np.logical_or(x > 1, np.logical_not(x > 0)) + 1
np.where(np.logical_and(x, x - 1), x, -x).sum()
np.logical_not(x - 0.5).sum(axis=0)
((x > 0) & (x < 1) | ~(x > -1)) * 2
softmax(x, axis=0)
log_softmax(x @ W, axis=0)
softmax(np.where(row_index(3) >= column_index(3), x @ x.T, -np.inf)) @ x
np.where(x > 0, x, -np.inf).max(axis=0)
np.where(x > 0, x, np.inf).min()
np.cumsum(x, axis=0)
np.cumsum(x @ W, axis=1).mean(axis=0)
np.cumsum(t, axis=0) / (np.cumsum(t * t, 0) + 1)
np.linalg.norm(x, axis=1)
np.any(x > 2, axis=1) + np.all(x > -1.5, axis=0)
np.count_nonzero(x > 0, axis=0) * x
np.zeros_like(x) + np.ones_like(x)
match(E[:, :1], E[t][:, 0]) * 2
1 - match(t, np.flipud(t))
E[match(t, t[::-1])]
P[1:3, 2:5] * 2
P[::2].sum(axis=1)
P[-1] - P[0]
K[0, 1] * x
P[:, 2] + P[:, -1]
P[::-1, 1::3]
P[5:0:-2, ::-2].T
P[[0, 2]] @ P[:2].T
P[1:] - P[:-1]
(P[1:] - P[:-1]).sum(axis=0)
(P @ P.T)[2:4, 1] * 3
P[:3, :2] @ K.T
np.maximum(0, P)[1:4].max(axis=0)
E[t][1:] * 2
P[:, t] + P[:, 2]
correlate(P, K)
np.maximum(0, correlate(P, K) + 0.1)
correlate(P, K, "same")
correlate(P, K, stride=2)
correlate(P, K, padding=1, stride=(3, 2))
correlate(correlate(P, K), K[:2])
correlate(np.abs(P), np.flip(K)) / 2
pooled(P, (2, 2), np.max)
pooled(P, (3, 2), np.mean)
pooled(P, 2, np.min) - pooled(P, 2, np.sum)
pooled(np.maximum(0, correlate(P, K)), (2, 2), np.max)
np.vstack([x, x[:2] * 2, E])
np.vstack([x, E]).max(axis=0)
np.hstack([P, P[:, :2] * 2])
np.concatenate([K, K + 1], axis=1) @ W[:, [0, 1, 2, 0]].T
np.concatenate([x, K], axis=0).sum(axis=1)
np.hstack([x, K]).reshape(2, 6)
P.reshape(5, 6)
P.reshape(-1, 1).T
np.ravel(x) * 2
(x @ W).reshape(1, -1)
np.repeat(x, 2, axis=1) + np.repeat(K, 2, axis=1)
np.repeat(x, 3, axis=0)
np.pad(x, 1)
np.pad(K, ((0, 1), (2, 0))).sum(axis=0)
np.flipud(x) - np.fliplr(K)
softmax(P[:, 1:4])[0:2] @ P[:3]
np.average(x, axis=0) + np.average(x, weights=x**2 + 1)
np.diff(P, axis=0)[:, :2] * np.diff(P, axis=-1)[:5, :2]
np.ptp(P, axis=1)
np.isin(t, [0, 2]) * x
np.full_like(x, 3) - np.exp2(x) / 4 + np.ceil(x + 0.1) - np.trunc(x + 0.1)
np.diagonal(x @ W) * 2
np.reciprocal(x + 5) - np.fabs(x) + np.floor_divide(x + 0.1, 2) * np.positive(x)
np.logical_xor(x > 0, x > 1) * 2
np.tan(x / 4) + np.sinh(x / 2) - np.cosh(x / 2) / 2
np.hypot(x, 1) + np.logaddexp(x, 0) + np.float_power(x**2 + 1, 0.5)
np.column_stack([x, K * 2]).max(axis=-1) + x.sum(-1) + np.cumsum(x, axis=-1)[:, 1]
""".strip().splitlines()
TRAINED = ("x", "W", "E", "P", "K")


def by_numpy(formula: str) -> np.ndarray:
    arrays = {name: np.array(value).view(examples.Kept) for name, value in INPUTS.items()}
    found = eval(formula, {**examples.REFERENCE, **arrays})
    return np.atleast_2d(np.asarray(found, dtype=float))


def sheet_of(formulas: list[str], gradients: bool = True, **options: Any) -> Sheet:
    """The formulas as blocks `f_0`, ...; a loss of all of them, and its gradients."""
    s = Sheet("formulas", **options)
    blocks = {name: s.input(name, value) for name, value in INPUTS.items()}
    weighed = []
    for k, formula in enumerate(formulas):
        s.group(f"Formula {k}", formula)
        f = s.let(f"f_{k}", examples.expression(formula, blocks))
        weighed.append((f * np.sin(f + k + 0.5)).mean())
    s.group("Loss")
    s.let("loss", sum(weighed), role="loss")
    if gradients:
        backprop(s, "loss", TRAINED)
    return s


def slope(s: Sheet, name: str) -> np.ndarray:
    """d loss / d `name`, by differences of the fourth order."""
    value = np.array(INPUTS[name])
    found = np.zeros(value.shape)
    for place in np.ndindex(*value.shape):
        nudge = np.zeros_like(value)
        nudge[place] = 1e-3
        at = [values(s, {name: value + k * nudge})["loss"].item() for k in (-2, -1, 1, 2)]
        found[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
    return found


ALL = workbooks.register("any_formula", lambda: sheet_of(FORMULAS), notes=False)


@pytest.mark.parametrize("formula", one_in(8, FORMULAS))
def test_forward_and_backward_in_v8(formula):
    s = sheet_of([formula])
    computed = values(s)
    np.testing.assert_allclose(computed["f_0"], by_numpy(formula), rtol=1e-12, atol=1e-12)
    for name in TRAINED:
        if f"d_{name}" in s.blocks:
            np.testing.assert_allclose(computed[f"d_{name}"], slope(s, name), rtol=1e-6, atol=1e-7)
    assert not examples.differences(engines.in_javascript(s), computed)
    write(s, io.BytesIO())
    for block in s.blocks:
        assert equation(s, block) and cell_equation(s, block)
    assert all(block["excel"] for block in description(s)["blocks"] if "excel" in block)


@thorough
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_libreoffice, workbooks.in_gnumeric, workbooks.in_ironcalc]
)
def test_all_of_them_in_one_workbook(recalculated):
    s = sheet_of(FORMULAS)
    computed = engines.numbers(s, recalculated(ALL))
    assert not examples.differences(computed, values(s))


def test_select_is_where_inside_where():
    s = Sheet("select")
    x = s.input("x", [-1.0, 0.5, 2.0])
    s.let("chosen", np.select([x > 1, x > 0], [x, 2 * x], 0.5))
    assert values(s)["chosen"].tolist() == [[0.5, 1, 2]]
    with pytest.raises(SheetError, match=r"np\.max: initial= is not in the language; it takes x"):
        np.max(x, initial=0)


# --- the parts


def test_a_part_is_named_after_its_block_and_stands_folded_behind_it():
    s = Sheet("parts")
    s.group("Inputs")
    x, w = s.input("x", np.ones((2, 3))), s.input("W", np.ones((3, 2)))
    s.group("Softmax", worksheet="Model")
    s.let("p", softmax(x @ w))
    s.let("after", x * 2)
    shown = [(group.title, group.blocks, group.folded, group.worksheet) for group in s.groups]
    assert shown == [
        ("Inputs", ["x", "W"], False, "Sheet"),
        ("Softmax", ["p", "after"], False, "Model"),
        ("Inside Softmax", ["p_product", "p_exp"], True, "Model"),
    ]
    assert part_of(s.blocks["p_product"]) == "p"
    assert s.blocks["p_product"].line == s.blocks["p"].line
    assert list(s.blocks) == ["x", "W", "p_product", "p_exp", "p", "after"]


def test_a_part_that_is_a_block_already_is_that_block():
    s = Sheet("parts")
    x, w = s.input("x", np.ones((2, 3))), s.input("W", np.ones((3, 2)))
    s.let("z", x @ w)
    s.let("p", softmax(x @ w))
    s.let("q", softmax(x @ w * 2).sum(axis=0))
    s.let("r_1_2", (softmax(x @ w * 2) * 3).sum(axis=0))
    assert list(s.blocks) == [
        "x",
        "W",
        "z",
        "p_exp",
        "p",
        "q_logits",
        "q_exp",
        "q_softmax",
        "q",
        "r_1_2_each",
        "r_1_2",
    ]
    assert repr(s.blocks["p"].expr) == "softmax(z, p_exp)"


def test_the_gradient_of_a_part_is_a_part():
    s = Sheet("parts")
    x, w = s.input("x", np.ones((2, 3))), s.input("W", np.ones((3, 2)))
    s.let("p", softmax(x @ w))
    s.let("loss", s["p"].mean(), role="loss")
    backprop(s, "loss", ["W"])
    assert part_of(s.blocks["d_p_product"]) == "d_p"
    assert s.groups[-1].title == "Inside Gradients" and "d_p_product" in s.groups[-1].blocks


def test_a_sheet_that_needs_no_parts_has_none():
    """Of the library's, the gradients of convolution's windows need some, and the places of
    softmax's bars.
    """
    for name in SHEETS.keys() - {"convolution", "softmax"}:
        made = SHEETS[name]()
        for s in (made, *made.beside):
            assert not [name for name, block in s.blocks.items() if part_of(block)], s.name


def test_a_name_that_is_taken_is_refused_and_leaves_no_parts():
    s = Sheet("parts")
    x = s.input("x", np.ones((2, 2)))
    before = list(s.blocks)
    with pytest.raises(SheetError, match="already defined"):
        s.let("x", softmax(x @ x))
    assert list(s.blocks) == before and len(s.groups) == 1


def test_what_is_longer_than_a_cell_is_parted_too(tmp_path):
    s = Sheet("long")
    x = s.input("x", 0.5)
    s.let("y", sum(np.sin(x * 0.1234567890123 + k) * 0.1234567890123 for k in range(180)))
    deep = x
    for _ in range(100):
        deep = np.sin(deep)
    s.let("z", deep)
    write(s, tmp_path / "long.xlsx")
    recalculated = engines.numbers(s, engines.in_ironcalc(tmp_path / "long.xlsx"))
    assert not examples.differences(recalculated, values(s))
    parts = [name for name, block in s.blocks.items() if part_of(block)]
    assert 0 < len(parts) < 20


# --- without a workbook


def rows_by_rows() -> Sheet:
    s = Sheet("attention", title="Attention over data", workbook=False)
    x = s.input("x", [[1.0, -2.0], [0.5, 3.0]], rows=True)
    s.let("y", softmax(x @ x.T) @ x)
    s.let("loss", s["y"].mean(), role="loss")
    backprop(s, "loss", ["x"])
    return s


def test_a_sheet_without_a_workbook_has_every_other_face():
    s = rows_by_rows()
    assert not examples.differences(engines.in_javascript(s), values(s))
    told = description(s)
    assert [block["excel"] for block in told["blocks"] if "excel" in block].count([]) > 0
    with pytest.raises(Exception, match="Attention over data has no workbook"):
        write(s, io.BytesIO())
    assert packed_workbook(s)


def test_a_part_of_a_gradient_leaves_its_name_to_the_gradient_of_a_part():
    s = Sheet("parts")
    x = s.input("x", [[0.5, -1.0], [2.0, 1.5]])
    s.let("y", np.tanh(x).sum(axis=1))
    s.let("loss", (np.abs(s["y"]) * np.sin(x)).sum())
    backprop(s, "loss", ["x"])
    assert "y_each" in s.blocks and s.blocks["d_y_each"].note == "how loss moves as y_each moves"


def test_a_name_is_the_authors_and_a_part_makes_way():
    s = Sheet("parts")
    x, w = s.input("x", [[0.5, -1.0]]), s.input("W", [[1.0, 2.0], [0.5, -1.0]])
    p = s.let("p", softmax(x @ w))
    s.let("loss", -np.log(p).mean())
    backprop(s, "loss", ["W"])
    before = values(s)
    s.say("The first is {p[1]:.2f}.")
    s.let("p_product", x * 2)
    s.let("p_1", x * 3)
    computed = values(s)
    assert computed["p_product"].tolist() == [[1, -2]] and "p_product_2" in s.blocks
    for name in ("p", "d_W", "loss"):
        np.testing.assert_array_equal(computed[name], before[name])
    assert sentences(s, computed) == [f"The first is {computed['p'][0, 0]:.2f}."]
    grouped = sorted(name for group in s.groups for name in group.blocks)
    assert grouped == sorted(s.blocks) and "d_p_product" in grouped
    write(s, io.BytesIO())
