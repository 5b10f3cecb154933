"""Every op, in every target: numpy's and scipy's own numbers = our numpy target = V8 = IronCalc =
LibreOffice.
"""

from __future__ import annotations

import re
from functools import cache

import engines
import numpy as np
import pytest
import workbooks
from examples import (
    FAMILIES,
    INPUTS,
    NEED_BLOCKS,
    NOT_IN_IRONCALC,
    OUTSIDE,
    WITHOUT_NUMBER,
    Arrays,
    differences,
    formulas_of,
    reference,
    sheet_of,
)

from sheets import ShapeError, Sheet, values
from sheets.language.blocks import part_of
from sheets.language.dependencies import walk
from sheets.language.expr import COMPOSED, REDUCTIONS, STRUCTURE
from sheets.language.ops import OPS
from sheets.language.spelling import LEVELS
from sheets.targets.excel.formulas import block_formula
from sheets.targets.excel.layout import layout

CASES = {**FAMILIES, "without a number": WITHOUT_NUMBER, "rows outside": OUTSIDE}

each_family = pytest.mark.parametrize("family", CASES)


@cache
def sheet() -> Sheet:
    return sheet_of([formula for family in CASES.values() for formula in family])


WORKBOOK = workbooks.register("ops", sheet, notes=False)


@cache
def javascript() -> Arrays:
    return engines.in_javascript(sheet())


@cache
def ironcalc() -> Arrays:
    return engines.numbers(sheet(), workbooks.in_ironcalc(WORKBOOK))


@cache
def libreoffice() -> Arrays:
    return engines.numbers(sheet(), workbooks.in_libreoffice(WORKBOOK))


def by_formula(found: Arrays, family: str, without: set[str] = frozenset()) -> Arrays:
    names = formulas_of(sheet())
    return {formula: found[names[formula]] for formula in CASES[family] if formula not in without}


def expected(family: str) -> Arrays:
    """By numpy and scipy.

    A row number outside its block is numpy's error, or counts from the end; here it gives nan.
    """
    if family == "rows outside":
        return by_formula(values(sheet()), family)
    return {formula: reference(formula, INPUTS) for formula in CASES[family]}


def expected_in_a_workbook(family: str, without: set[str] = frozenset()) -> Arrays:
    """An error is read as nan."""
    return {
        formula: np.where(np.isfinite(x), x, np.nan)
        for formula, x in expected(family).items()
        if formula not in without
    }


# --- one sheet with every formula


def bare_operator(spelling: str) -> str:
    """The first operator of a spelling that stands in no parentheses, or "" where there is none."""
    depth = 0
    for character in re.sub(r"\{\d(:\w+)?\}", "x", spelling):
        depth += (character in "({[") - (character in ")}]")
        if depth == 0 and character in "+-*/^<>=":
            return character
    return ""


@pytest.mark.parametrize("face", ["excel", "javascript"])
@pytest.mark.parametrize("name", OPS)
def test_a_spelling_with_an_operator_says_how_tightly_it_binds(name, face):
    level, bar, body = getattr(OPS[name], face).partition("|")
    operator = bare_operator(body if bar else level)
    assert not operator or level in LEVELS or level == "test", (
        f"the {face} spelling of {name} has a {operator} outside of parentheses: write in front how"
        f" tightly it binds, as in 'add|...' or 'mul|...', or 2*{name}(x) becomes another formula"
    )


def test_the_formulas_use_every_op():
    used = {
        node.op
        for block in sheet().blocks.values()
        if block.expr is not None
        for node in walk(block.expr)
    }
    assert used == {*OPS, *STRUCTURE, *REDUCTIONS, *COMPOSED} - {
        "put",
        "put_along",
        "expand",
    }  # gradients make these: see test_gradients


@each_family
def test_our_numpy_is_numpy(family):
    assert not differences(by_formula(values(sheet()), family), expected(family))


@each_family
def test_javascript_in_v8(family):
    assert not differences(by_formula(javascript(), family), expected(family))


@each_family
def test_excel_formulas_in_ironcalc(family):
    assert not differences(
        by_formula(ironcalc(), family, NOT_IN_IRONCALC),
        expected_in_a_workbook(family, NOT_IN_IRONCALC),
    )


@each_family
def test_excel_formulas_in_libreoffice(family):
    assert not differences(by_formula(libreoffice(), family), expected_in_a_workbook(family))


def test_rows_outside_a_block_give_no_number_and_rows_inside_do():
    computed = values(sheet_of(["rows_of(W,T-1)", "rows_of(W,T+2)"]))
    w = INPUTS["W"]
    nan = [np.nan, np.nan]
    np.testing.assert_array_equal(computed["formula_0"], [w[1], nan, w[1], w[0]])
    np.testing.assert_array_equal(computed["formula_1"], [nan, w[2], nan, w[3]])


# --- what Excel cannot state in one cell


def test_other_targets_state_what_excel_cannot():
    s = sheet_of(NEED_BLOCKS)
    wanted = {name: reference(formula, INPUTS) for formula, name in formulas_of(s).items()}
    assert not differences(values(s), wanted)
    assert not differences(engines.in_javascript(s), wanted)


@pytest.mark.parametrize("formula", NEED_BLOCKS)
def test_what_one_cell_cannot_state_is_stated_in_parts(formula):
    s = sheet_of([formula])
    parts = [name for name, block in s.blocks.items() if part_of(block) == "formula_0"]
    assert parts and all(block_formula(s, layout(s).blocks, name) for name in (*parts, "formula_0"))


# --- rows of data


ON_ROWS = [
    "X * 2 - Y",
    "X + V",
    "Y * V",
    "1 * (X > Y)",
    "X > Y",
    "sum(X, 0)",
    "sum(X, 1)",
    "sum(X)",
    "mean(X, 0)",
    "mean(X, 1)",
    "mean(X)",
    "mean(X * X)",
    "mean(X * X, 0)",
    "max(X, 0)",
    "max(X, 1)",
    "min(X)",
    "X @ M",
    "X.T @ X",
    "X.T @ Y",
    "softmax(X)",
    "log_softmax(X)",
    "sum(Y > 0)",
    "mean(Y > 0)",
    "rows_of(X, K % count)",
    "rows_of(X, count - 1)",
    "rows_of(M, np.floor(np.abs(Y)) % 2)",
    "row_index(count) * 2 + Y",
    "Y - row_index(count)",
    "0 * Y",
    "count * 1",
    "sum(Y) / count",
    "2 / count",
    "1 - count",
    "-count",
    "count ** 2",
    "2 ** count",
    "np.sqrt(count)",
    "count % 3",
    "7 % count",
]
X = [[1.5, -2.0], [0.5, 3.0], [2.25, 2.0], [-1.0, 0.0], [4.0, 1.0], [0.25, 0.75], [8.0, -8.0]]
Y = [[1.0], [-2.0], [0.0], [3.0], [5.0], [-1.0], [2.0]]
TABLES = {n: {"X": np.array(X[:n]), "Y": np.array(Y[:n])} for n in (1, 2, 4, 7)}
FIXED = {
    "V": np.array([[2.0, -1.5]]),
    "M": np.array([[1.0, 2.0, 0.5], [-1.0, 0.25, 3.0]]),
    "K": np.array([[5.0]]),
}
each_start = pytest.mark.parametrize("start", [1, 4])
each_length = pytest.mark.parametrize("rows", TABLES)


@cache
def sheet_of_rows(start: int) -> Sheet:
    """Written for `start` rows of data."""
    return sheet_of(ON_ROWS, TABLES[start] | FIXED, rows="XY")


def on_rows(rows: int) -> Arrays:
    arrays = TABLES[rows] | FIXED | {"count": np.array(float(rows))}
    return {
        name: reference(formula, arrays) for formula, name in formulas_of(sheet_of_rows(1)).items()
    }


ROW_WORKBOOKS = {
    (start, rows): workbooks.register(
        f"rows_{start}_{rows}",
        lambda start=start: sheet_of_rows(start),
        notes=False,
        inputs=TABLES[rows],
    )
    for start in (1, 4)
    for rows in TABLES
}


def numbers_on_rows(cells: engines.Cells, start: int, rows: int) -> Arrays:
    return engines.numbers(sheet_of_rows(start).with_inputs(TABLES[rows]), cells)


@each_start
@each_length
def test_any_number_of_rows_in_numpy(start, rows):
    assert not differences(values(sheet_of_rows(start), TABLES[rows]), on_rows(rows))


@each_start
@each_length
def test_any_number_of_rows_in_javascript(start, rows):
    assert not differences(engines.in_javascript(sheet_of_rows(start), TABLES[rows]), on_rows(rows))


@each_start
@each_length
def test_any_number_of_rows_in_ironcalc(start, rows):
    cells = workbooks.in_ironcalc(ROW_WORKBOOKS[start, rows])
    expected = on_rows(rows)
    if rows == 1:  # IronCalc has no INDEX of a single cell
        names = formulas_of(sheet_of_rows(start))
        expected = {
            name: x
            for name, x in expected.items()
            if name not in (names["rows_of(X, K % count)"], names["rows_of(X, count - 1)"])
        }
    assert not differences(numbers_on_rows(cells, start, rows), expected)


@each_start
@each_length
def test_any_number_of_rows_in_libreoffice(start, rows):
    cells = workbooks.in_libreoffice(ROW_WORKBOOKS[start, rows])
    assert not differences(numbers_on_rows(cells, start, rows), on_rows(rows))


def test_a_fixed_number_of_rows_does_not_stretch_to_rows_of_data():
    s = Sheet("rows")
    x, fixed = s.input("x", [1.0, 2.0], rows=True), s.input("fixed", [[3.0], [4.0]])
    with pytest.raises(ShapeError, match="a number of data rows can change, a fixed number cannot"):
        x + fixed


# --- names that mean something elsewhere

AWKWARD = [
    "sum",
    "max",
    "log",
    "exp",
    "index",
    "pi",
    "mod",
    "e",
    "i",
    "j",
    "n",
    "B",
    "A",
    "run",
    "stop",
    "rows",
    "IFERROR",
    "LN",
    "Sheet",
]
AWKWARD += [
    "let",
    "var",
    "new",
    "function",
    "this",
    "blocks",
    "said",
    "Math",
    "prototype",
    "k_0",
    "t_0",
]


def sheet_of_awkward_names() -> Sheet:
    s = Sheet("names")
    for k, name in enumerate(AWKWARD):
        s.input(name, k + 0.5)
    for k, name in enumerate(AWKWARD):
        s.let(f"twice_{k}", np.maximum(s[name] * 2, 0) + 1)
    return s


AWKWARD_WORKBOOK = workbooks.register("awkward_names", sheet_of_awkward_names)
ENGINES = {
    "numpy": lambda: values(sheet_of_awkward_names()),
    "javascript": lambda: engines.in_javascript(sheet_of_awkward_names()),
    "ironcalc": lambda: engines.numbers(
        sheet_of_awkward_names(), workbooks.in_ironcalc(AWKWARD_WORKBOOK)
    ),
    "libreoffice": lambda: engines.numbers(
        sheet_of_awkward_names(), workbooks.in_libreoffice(AWKWARD_WORKBOOK)
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_block_may_be_called_like_a_function_or_a_generated_name(engine):
    found = ENGINES[engine]()
    assert [found[f"twice_{k}"].item() for k in range(len(AWKWARD))] == [
        2 * k + 2 for k in range(len(AWKWARD))
    ]
