"""What someone who knows numpy writes, one line each: numpy's own numbers on plain arrays, in every
engine, and its slope. A vector of numpy's is one row or one column of a sheet.
"""

from __future__ import annotations

from typing import Any

import engines
import examples
import numpy as np
import pytest
import workbooks
from quick import thorough

from sheets import Sheet, SheetError, backprop, values
from sheets.targets.latex import cell_equation, equation

# No two numbers are equal, none is 0, and none stands where another one of its sheet does.
INPUTS = {
    "x": [[1.1, -2.3], [0.5, 3.1], [-1.25, 0.3]],
    "y": [[0.7, -1.6], [1.25, 0.75], [-0.8, 0.4]],
    "W": [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]],
    "P": [
        [0.8, -1.3, 2.1, 0.4, -0.6],
        [1.7, 0.2, -0.9, 1.1, 0.3],
        [-2.2, 1.4, 0.6, -0.7, 1.9],
        [0.1, -0.5, 1.2, 2.4, -1.6],
    ],
    "v": [0.9, -0.35, 1.6, 0.15, -1.1],
    "u": [0.45, 1.35, -0.25, -1.7, 0.65],
    "t": [2.0, 0.0, 1.0],
}
FORMULAS = """
np.prod(P, axis=0)
np.prod(np.where(P > 1, 0, P), axis=1)
np.prod(x @ W / 4)
np.median(P)
np.median(P, axis=0)
np.median(x @ W, axis=1)
np.percentile(P, 30, axis=1)
np.percentile(v, [25, 50, 75])
np.quantile(P, 0.9)
np.sort(v)
np.sort(P)
np.sort(P, axis=0)
np.sort(x @ W, axis=1)
np.argsort(v)
np.argsort(P, axis=0)
np.argsort(-P, axis=1) * P
P[:, np.argsort(v)]
np.take_along_axis(P, np.argsort(P, axis=1)[:, :2], axis=1)
np.roll(P, 2, axis=0) - np.roll(P, -1, axis=1)
np.roll(v, 2) * np.roll(P, 7)
np.tile(x, 2)
np.tile(v, (2, 1))
np.repeat(v, 2)
np.repeat(P, 2, axis=1)
np.arctan(x) + np.arctan2(x, y)
np.arcsin(x / 4) * np.arccos(y / 4)
np.arcsinh(x) + np.arccosh(x**2 + 1.5) - np.arctanh(x / 4)
np.sinh(x) - np.cosh(y) * np.tan(y / 2)
np.cbrt(x) + np.fmod(x, 0.7) + np.copysign(x, y)
np.heaviside(x, 0.5) + np.signbit(y) + np.fix(x * 3)
np.degrees(x) / 100 + np.radians(y) + np.sinc(x)
np.fmax(x, y) - np.fmin(x, 0.2)
np.divmod(x, 0.75)[1]
np.diag(v)
np.diag(v, -2)
np.diag(x @ W, 1)
np.stack([v, u])
np.stack([v, u * 2], axis=1)
np.stack([P[0], P[:, 1][[0, 1, 2, 3, 0]]])
np.diff(v)
np.diff(P, n=2)
np.split(P, 2)[1] + np.hsplit(P, [1])[0][:2]
np.delete(P, [1, 2], axis=0)
np.delete(v, 1)
np.append(v, u)
np.append(x, y, axis=0)
np.rot90(P)
np.kron(x, W)
np.broadcast_to(v, (4, 5)) * P
np.meshgrid(v, u)[1] - np.meshgrid(v, u)[0]
np.gradient(v)
np.trapezoid(P, axis=0)
np.trapezoid(v, np.cumsum(np.abs(u)))
np.cov(P)
np.corrcoef(P)
np.convolve(v, W[0])
np.convolve(v, x[0], "same")
np.convolve(v, W[1], "same")
np.correlate(v, W[0])
np.correlate(v, x[0], "full")
np.polyval([1, -2, 0.5], x)
np.isclose(x, y, atol=0.5) * x
np.digitize(P, [-1, 0, 1])
np.searchsorted([-1, 0, 1], v)
np.linalg.matrix_power(x.T @ y / 4, 3)
np.linalg.norm(P, axis=0)
np.inner(P, P)
np.dot(v, u)
np.vdot(P, P)
np.einsum("ij,jk->ik", x, W)
np.einsum("ij,kj->ik", x, y)
np.einsum("ij,ij->i", x, y)
np.einsum("ij,j->i", P, v)
np.einsum("i,ij->j", P[:, 0], P)
np.einsum("i,j->ij", v, u)
np.einsum("i,i->", v, u)
np.einsum("ii->", x @ W)
np.einsum("ij->j", P)
np.einsum("ij", P)
x[x > 0].sum()
P[P > 0].mean() * np.prod(P[P > 0])
np.median(P[P > 0]) + np.percentile(P[P < 1], 20)
P[P[:, 0] > 0].max(axis=0)
P[:, v > 0].sum(axis=1)
np.std(v[v > 0])
P[np.arange(4), np.argmax(P, axis=1)]
x[np.arange(3), [0, 1, 1]]
P[[0, 1, 3], [2, 1, 0]]
P[..., 0]
P[0, ...]
v[:, None] * u[None, :]
v[:, np.newaxis] - v
P * np.linspace(0, 1, 5)
x + np.arange(3)[:, None] * 0.5 - np.ones((3, 2))
np.eye(2) @ W + np.tri(2) @ W - np.triu(np.ones((2, 2)), 1) @ W
x * [1, 2]
(x > 0).astype(float) * x + (y * 2).astype(int)
P.flatten() * 2
x.copy().T
np.maximum.reduce(P) + np.add.reduce(P, axis=0)
np.multiply.reduce(P)
np.add.accumulate(P)
np.subtract.outer(v, u)
np.mean(P, axis=0, where=P > -1)
sum(x)
((x > 0) ^ (y > 0)) * x
x * x.size + len(x) * x.ndim
np.cumsum(P, axis=0)[t]
P[t] @ P.T
+x - y
[row * 2 for row in x][1]
np.percentile(P, 100 / (1 + np.exp(0 * v[0])))
""".strip().splitlines()
TRAINED = ("x", "y", "W", "P", "v", "u")
NAMES = {"np": np}


def by_numpy(formula: str) -> np.ndarray:
    arrays: dict[str, Any] = {name: np.array(value) for name, value in INPUTS.items()}
    arrays["t"] = arrays["t"].astype(int)
    arrays["v[0]"] = arrays["v"][0]
    return np.asarray(eval(formula, NAMES | arrays), dtype=float)


def said_on(formula: str, blocks: dict) -> Any:
    """Where numpy's v[0] is one number, a block says v[0, 0]."""
    return eval(formula.replace("v[0]", "v[0, 0]"), NAMES | blocks)


def sheet_of(formulas: list[str]) -> Sheet:
    s = Sheet("words")
    blocks = {name: s.input(name, value) for name, value in INPUTS.items()}
    weighed = []
    for k, formula in enumerate(formulas):
        s.group(f"Formula {k}", formula)
        f = s.let(f"f_{k}", said_on(formula, blocks))
        weighed.append((f * np.sin(f + k + 0.5)).mean())
    s.group("Loss")
    s.let("loss", sum(weighed), role="loss")
    backprop(s, "loss", TRAINED)
    return s


@pytest.fixture(scope="module")
def words() -> Sheet:
    return sheet_of(FORMULAS)


ALL = workbooks.register("numpys_words", lambda: sheet_of(FORMULAS), notes=False)


def test_numpy_s_numbers(words):
    found, wrong = values(words), []
    for k, formula in enumerate(FORMULAS):
        here, there = np.asarray(found[f"f_{k}"]), by_numpy(formula)
        same = here.shape == there.shape if there.ndim == 2 else here.size == there.size
        if there.ndim < 2 and 1 not in here.shape:
            same = False
        if not same or not np.allclose(here.ravel(), there.ravel(), rtol=1e-12, atol=1e-13):
            wrong.append(f"{formula}: {here.tolist()}, numpy says {there.tolist()}")
    assert not wrong, "\n".join(wrong)


def slope(s: Sheet, name: str) -> np.ndarray:
    """d loss / d `name`, by differences of the fourth order."""
    value = np.atleast_2d(np.array(INPUTS[name]))
    found = np.zeros(value.shape)
    for place in np.ndindex(*value.shape):
        nudge = np.zeros_like(value)
        nudge[place] = 1e-4
        at = [values(s, {name: value + k * nudge})["loss"].item() for k in (-2, -1, 1, 2)]
        found[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-4
    return found


@thorough
def test_slopes(words):
    computed = values(words)
    for name in TRAINED:
        np.testing.assert_allclose(computed[f"d_{name}"], slope(words, name), rtol=1e-6, atol=1e-6)


def test_the_page_and_the_mathematics(words):
    assert not examples.differences(engines.in_javascript(words), values(words))
    assert all(equation(words, name) and cell_equation(words, name) for name in words.blocks)


@thorough
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_libreoffice, workbooks.in_gnumeric, workbooks.in_ironcalc]
)
def test_the_workbook(recalculated, words):
    computed = engines.numbers(words, recalculated(ALL))
    assert not examples.differences(computed, values(words))


# --- what is refused, with what to write


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("v[2]", "of one row, write [0, 2]"),
        ("v[:3]", "v is one row: its elements are v[:, :3]"),
        ("P @ v", "of a vector in one row, write P @ v.T"),
        (
            "np.cumprod(P, axis=0)",
            "write s.scan(name, lambda before, v: before * v, over=x, start=1)",
        ),
        ("np.unique(t)", "count them, np.equal(x, column_index(n)).sum(axis=0)"),
        ("np.linalg.inv(x)", "np.inv is not in the language; write the steps of a solution"),
        ("np.stack([x, y])", "three axes; s.stack("),
        ("x[:, None]", "one column by v[:, None]"),
        ("np.array([x, y])", "np.vstack([a, b]) puts blocks below each other"),
        ("x * np.array([[3, 1], [4, 1], [5, 9]])", "make it a block with sheet.input"),
        ("x.tolist()", "its numbers are not known yet"),
        ("np.where(x > 0)", "np.where: missing a required argument: 'a'"),
        ("np.medain(x)", "module 'numpy' has no attribute 'medain'"),
        ("x.medain()", "x.medain is not in the language; did you mean median"),
        ("float(x)", "write np.exp(x), not math.exp(x)"),
        ("x[P > 0]", "a comparison says of each element, or of each row, which to keep"),
        ("np.einsum('ij,jk,kl->il', x, W, x)", "letters, then one or two blocks"),
        ("np.quantile(P, 50)", "must be one number from 0 to 1"),
        ("np.roll(P, x)", "np.roll: shift is x; it must be a whole number"),
    ],
)
def test_it_is_refused_with_what_to_write(wrong, said, words):
    blocks = {name: words[name] for name in INPUTS}
    with pytest.raises((SheetError, AttributeError)) as caught:
        eval(wrong, NAMES | blocks)
    assert said in str(caught.value)


def test_a_block_does_not_change(words):
    x = words["x"]
    with pytest.raises(SheetError, match=r"test_numpys_words.*write the block anew"):
        x[0] = 1


def test_rows_of_data_are_sorted_and_looked_up_as_they_become_more():
    """A comparison that is a block of its own chooses rows too, as numpy's truths do."""
    s = Sheet("data")
    p = s.input("p", [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], rows=True)
    classes = s.input("classes", [0, 1, 1], rows=True)
    ok = s.let("ok", p[:, 0] > 0.3)
    s.let("middle", np.median(p, axis=0))
    s.let("sorted_p", np.sort(p[:, 0], axis=0))
    s.let("order", np.argsort(-p[:, 1], axis=0))
    s.let("of_class", p[np.arange(3), classes])
    s.let("kept", p[ok].sum(axis=0))
    s.let("product", np.prod(p, axis=0))
    s.let("loss", -np.log(s["of_class"]).mean() + (s["sorted_p"] ** 2).sum() + s["middle"].sum())
    backprop(s, "loss", ["p"])
    rows = {"p": [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.75, 0.25]], "classes": [0, 1, 1, 0]}
    for given in ({}, rows):
        computed = values(s, given)
        x = np.array(computed["p"])
        picked = x[np.arange(len(x)), np.ravel(computed["classes"]).astype(int)]
        np.testing.assert_array_equal(computed["middle"], np.median(x, axis=0, keepdims=True))
        np.testing.assert_array_equal(computed["sorted_p"].ravel(), np.sort(x[:, 0]))
        np.testing.assert_array_equal(
            computed["order"].ravel(), np.argsort(-x[:, 1], kind="stable")
        )
        np.testing.assert_array_equal(computed["of_class"].ravel(), picked)
        np.testing.assert_allclose(computed["kept"][0], x[x[:, 0] > 0.3].sum(axis=0), rtol=1e-15)
        np.testing.assert_allclose(computed["product"][0], x.prod(axis=0), rtol=1e-15)
        assert not examples.differences(engines.in_javascript(s, given), computed)


def test_a_median_skips_what_is_empty():
    s = Sheet("stars")
    stars = s.input("stars", [[5, None, 3], [None, 4, 1], [2, None, None]], blank=True)
    s.let("middle", np.median(stars, axis=1) * 1)
    s.let("product", np.prod(stars))
    s.let("most", np.percentile(stars, 80, axis=0))
    s.let("loss", (s["middle"] ** 2).sum() + s["product"] / 100)
    backprop(s, "loss", ["stars"])
    computed = values(s)
    plain = np.array([[5, np.nan, 3], [np.nan, 4, 1], [2, np.nan, np.nan]])
    np.testing.assert_array_equal(computed["middle"].ravel(), np.nanmedian(plain, axis=1))
    np.testing.assert_allclose(computed["most"][0], np.nanpercentile(plain, 80, axis=0), rtol=1e-15)
    assert computed["product"].item() == 120
    np.testing.assert_allclose(
        np.nan_to_num(computed["d_stars"]),
        [[4 + 0.24, 0, 4 + 0.4], [0, 2.5 + 0.3, 2.5 + 1.2], [4 + 0.6, 0, 0]],
        rtol=1e-12,
    )
    assert not examples.differences(engines.in_javascript(s), computed)
