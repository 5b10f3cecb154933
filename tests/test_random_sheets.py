"""Random small sheets, built by hypothesis from the ops: all targets agree, and gradients are
slopes.

Numbers stay where every function is defined and no larger than a class would use. What jumps
(comparisons, floor, remainder, sign) is asked of inputs alone: they are binary fractions, so that
no engine sees a tie where another sees none.
"""

from __future__ import annotations

from collections import Counter
from unittest import mock

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, bounded
from hypothesis import assume, event, given
from hypothesis import strategies as st
from xlsxwriter.worksheet import Worksheet

from sheets import (
    Expr,
    NeedsBlock,
    ShapeError,
    Sheet,
    backprop,
    log_softmax,
    normal_quantile,
    row_index,
    sigmoid,
    softmax,
    values,
    xlogy,
)
from sheets.language.dependencies import walk
from sheets.targets.excel import write
from sheets.targets.excel.layout import layout

LARGEST = 1e4
SHAPES = [(1, 1), (1, 3), (2, 1), (2, 3), (3, 2)]
DATA_SHAPES = [(3, 1), (3, 2)]

SMOOTH = {
    "sin": lambda x: np.sin(3 * np.tanh(x)),
    "cos": lambda x: np.cos(2 - sigmoid(x)),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "normal_quantile": lambda x: normal_quantile(0.5 + np.tanh(x) / 2.1),
    "exp": lambda x: np.exp(np.tanh(x)),
    "log": lambda x: np.log(x * x + 0.5),
    "log10": lambda x: -np.log10(x**2 + 1),
    "sqrt": lambda x: np.sqrt(x * x + 0.25) - 1,
    "square": lambda x: x**2 / 4,
    "cube": lambda x: -(x**3) / 10,
    "inverse": lambda x: (x * x + 0.5) ** -1,
    "root": lambda x: (x * x + 0.125) ** 0.5,
    "negative": lambda x: -x,
    "scaled": lambda x: 3 - x / 7,
    "halved": lambda x: x * 0.5 - -1,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sum": lambda x: x.sum() / 4,
    "sum down": lambda x: x.sum(axis=0),
    "sum across": lambda x: x.sum(axis=1),
    "mean": lambda x: x.mean(),
    "mean down": lambda x: x.mean(axis=0),
    "mean across": lambda x: 2 - x.mean(axis=1),
}
KINKED = {
    "abs": lambda x: np.abs(x) - 1,
    "clip": lambda x: np.clip(x, -0.71, 0.93),
    "relu": lambda x: np.maximum(0, x),
    "max": lambda x: x.max(),
    "max across": lambda x: x.max(axis=1),
    "min down": lambda x: -x.min(axis=0),
}
SMOOTH_PAIRS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y / 2,
    "divide": lambda x, y: x / (y * y + 0.5),
    "power": lambda x, y: (x * x + 0.5) ** np.tanh(y),
    "xlogy": lambda x, y: xlogy(x, y * y + 0.5),
    "matmul": lambda x, y: x @ y / 2,
    "product with a transpose": lambda x, y: x @ y.T,
}
KINKED_PAIRS = {
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: 1 - np.minimum(x, y),
}
JUMPS = {  # of two inputs
    "less": lambda x, y: x < y,
    "equal": lambda x, y: np.equal(x, y),
    "not_equal": lambda x, y: 1 - np.not_equal(x, y),
    "greater_equal": lambda x, y: (x >= y) / 2,
    "floor": lambda x, y: np.floor(x - y),
    "remainder": lambda x, y: np.mod(x, y * y + 1),
    "sign": lambda x, y: np.sign(x - y),
    "both": lambda x, y: (x < y) * (y < 1),
    "numbered": lambda x, y: (y > 0) * (row_index(x.shape[0]) + 1),
}
EIGHTHS = st.integers(-20, 20).map(lambda k: k / 8)


def some_input(draw, s: Sheet, name: str, data: bool) -> Expr:
    rows, columns = draw(st.sampled_from(DATA_SHAPES if data else SHAPES))
    numbers = draw(st.lists(EIGHTHS, min_size=rows * columns, max_size=rows * columns))
    return s.input(name, np.reshape(numbers, (rows, columns)), rows=data)


def combined(draw, pairs: dict, x: Expr, y: Expr) -> Expr:
    """x and y by one of `pairs`, or x alone where their shapes do not fit."""
    try:
        return draw(st.sampled_from(sorted(pairs.items())))[1](x, y)
    except ShapeError:
        return draw(st.sampled_from(sorted(SMOOTH.items())))[1](x)


def grown(draw, inputs: list[Expr], blocks: list[Expr], kinks: bool, depth: int) -> Expr:
    """A random formula over blocks."""
    x = (
        draw(st.sampled_from(blocks))
        if depth == 0
        else grown(draw, inputs, blocks, kinks, depth - 1)
    )
    kind = draw(st.sampled_from(["one", "one", "two", "two", "two", "jump", "choice", "lookup"]))
    if kind == "two":
        return combined(
            draw,
            {**SMOOTH_PAIRS, **(KINKED_PAIRS if kinks else {})},
            x,
            draw(st.sampled_from(blocks)),
        )
    if kinks and kind != "one":
        jump = combined(draw, JUMPS, draw(st.sampled_from(inputs)), draw(st.sampled_from(inputs)))
        if kind == "jump":
            return jump
        if kind == "choice":
            return combined(
                draw,
                {"where": lambda a, b: np.where(a > b, a, b - 1)},
                jump,
                draw(st.sampled_from(inputs)),
            )
        table = draw(st.sampled_from(blocks))
        return table[np.floor(draw(st.sampled_from(inputs)).sum(axis=1)) % table.shape[0]]
    return draw(st.sampled_from(sorted({**SMOOTH, **(KINKED if kinks else {})}.items())))[1](x)


@st.composite
def sheets_of_any_kind(draw, kinks: bool = True) -> Sheet:
    s = Sheet("random")
    data = draw(st.booleans())
    inputs = [
        some_input(draw, s, f"x_{k}", data and k == 0) for k in range(draw(st.integers(2, 4)))
    ]
    blocks = list(inputs)
    for k in range(draw(st.integers(2, 5))):
        e = grown(draw, inputs, blocks, kinks, draw(st.integers(0, 2)))
        assume(
            not isinstance(e.shape[1], type(s.rows)) or s.rows is None
        )  # data rows across are no block
        blocks.append(s.let(f"y_{k}", e))
    assume(max(np.abs(x).max() for x in values(s).values()) < LARGEST)
    return s


def differing(s: Sheet, computed: dict[str, np.ndarray]) -> list[str]:
    """Blocks that differ from numpy's by more than 1e-9 of the sheet's largest number: a difference
    keeps the error of what it is the difference of.
    """
    expected = values(s)
    tolerance = 1e-9 * max(1.0, *(np.abs(x).max() for x in expected.values()))
    return [
        f"{name} = {s.blocks[name].expr!r}: {computed[name].tolist()}, expected {x.tolist()}"
        for name, x in expected.items()
        if computed[name].shape != x.shape or not (np.abs(computed[name] - x) <= tolerance).all()
    ]


def written(s: Sheet, name: str):
    """The sheet's workbook, or None where Excel cannot state it: NeedsBlock is the only way to
    fail.
    """
    path = workbooks.folder() / f"{name}.xlsx"
    try:
        write(s, path)
    except NeedsBlock as refusal:
        assert "give the inner part a block of its own" in str(refusal)
        return None
    return path


@BOUNDED
@given(sheets_of_any_kind())
def test_javascript_agrees(s):
    assert not differing(s, engines.in_javascript(s))


@pytest.mark.thorough
def test_ironcalc_agrees():
    tried: Counter = Counter()

    @bounded(60)
    @given(sheets_of_any_kind())
    def agree(s):
        path = written(s, "random")
        gap = path is not None and any(
            engines.IRONCALC_GAP.search(f) for f in engines.formula_cells(path).values()
        )
        tried["refused" if path is None else "gap" if gap else "compared"] += 1
        if path is not None and not gap:
            assert not differing(s, engines.numbers(s, engines.in_ironcalc(path)))

    agree()
    assert tried["compared"] > 0.4 * tried.total(), tried


def renamed(e: Expr, suffix: str) -> Expr:
    return Expr(
        e.op,
        tuple(renamed(a, suffix) for a in e.args),
        e.shape,
        f"{e.arg}{suffix}" if e.op == "ref" else e.arg,
    )


def joined(sheets: list[Sheet]) -> Sheet:
    """All of them in one, because LibreOffice takes its time for each file."""
    s = Sheet("joined")
    for k, one in enumerate(sheets):
        s.group(f"sheet {k}")
        for name, block in one.blocks.items():
            if block.expr is None:
                s.input(f"{name}_{k}", block.value, rows=one.rows is not None and name == "x_0")
            else:
                s.let(f"{name}_{k}", renamed(block.expr, f"_{k}"))
    return s


def test_libreoffice_agrees():
    engines.needs_libreoffice()
    kept = []

    @bounded(50)
    @given(sheets_of_any_kind())
    def collect(s):
        if written(s, "random") is not None:
            kept.append(s)

    collect()
    assert len(kept) > 20
    s = joined(kept)
    with mock.patch.object(Worksheet, "write_comment"):
        path = written(s, "joined")
    (saved,) = engines.in_libreoffice([path], workbooks.folder())
    assert not differing(s, engines.numbers(s, engines.cached_cells(saved)))


@bounded(30)
@given(sheets_of_any_kind())
def test_each_block_is_one_formula_that_fills(s):
    path = written(s, "random")
    if path is None or any(
        node.op == "transpose"
        for block in s.blocks.values()
        if block.expr is not None
        for node in walk(block.expr)
    ):
        event("transposes, or not in Excel")
        return
    formulas, places = engines.formula_cells(path), layout(s).blocks
    for name, block in s.blocks.items():
        if block.expr is not None:
            cells = [
                (places[name].row + i + 1, places[name].column + j + 1)
                for i, j in np.ndindex(block.shape)
            ]
            assert (
                len(
                    {
                        workbooks.relative(formulas[places[name].worksheet, *cell], *cell)
                        for cell in cells
                    }
                )
                == 1
            ), name


@BOUNDED
@given(sheets_of_any_kind(kinks=False))
def test_gradients_are_slopes(s):
    last = list(s.blocks)[-2:]
    s.let("loss", sum((np.tanh(s[name]) * (k + 1)).sum() for k, name in enumerate(last)))
    gradients = backprop(s, "loss")
    computed = values(s)
    for name, block in s.inputs.items():
        expected = np.zeros(block.value.shape)
        for place in np.ndindex(*expected.shape):
            nudge = np.zeros_like(expected)
            nudge[place] = 1e-3
            at = [values(s, {name: block.value + k * nudge})["loss"].item() for k in (-2, -1, 1, 2)]
            expected[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
        given_or_none = computed[f"d_{name}"] if name in gradients else np.zeros_like(expected)
        np.testing.assert_allclose(given_or_none, expected, rtol=1e-5, atol=1e-6)
    assert not differing(s, engines.in_javascript(s))
