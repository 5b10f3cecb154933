"""The tester tested: each wrong row of the table of ops is caught by the same comparisons that pass
for the right one.

One field of one row is changed at a time; then numpy's numbers, V8's, IronCalc's or finite
differences must disagree about the formulas that use the op.
"""

from __future__ import annotations

import re
from functools import cache

import engines
import every_op
import numpy as np
import pytest
import slopes
import workbooks
from examples import (
    COMPARISONS,
    FORMULAS,
    INPUTS,
    KINKS,
    NOT_IN_IRONCALC,
    POWERS,
    PRECEDENCE,
    ZERO_POWERS,
    Arrays,
    differences,
    expression,
    formulas_of,
    reference,
    sheet_of,
)

from sheets import Sheet, backprop, values
from sheets.language import one_cell
from sheets.language.dependencies import walk
from sheets.language.expr import const
from sheets.language.ops import OPS
from sheets.language.spelling import LEVELS
from sheets.targets.excel import write

pytestmark = pytest.mark.mutants

MOST = 25  # formulas an op is tried on: first those that are hard to write
ORDERED = list(dict.fromkeys([*ZERO_POWERS, *POWERS, *PRECEDENCE, *COMPARISONS, *KINKS, *FORMULAS]))
# Sums and products in another order differ in their last bit alone. JavaScript is compared to that
# bit, on numbers of many digits (IronCalc drops parentheses after a plus).
EXACT = [
    "A+(B-V)",
    "A*(B/V)",
    "A-(B-V)",
    "A-(B+V)",
    "A/(B/V)",
    "A/(B*V)",
    "A/B*V",
    "(A*B)/V",
    "A*(B*V)",
    "A+(B+V)",
]
ARITHMETIC = {"add", "subtract", "multiply", "divide"}
UNEVEN = {
    name: np.round(1.7 * np.sin(np.arange(1.0, x.size + 1).reshape(x.shape) + len(name)), 13)
    for name, x in INPUTS.items()
}


# --- the comparisons


@cache
def all_formulas() -> Sheet:
    return sheet_of(ORDERED)


@cache
def formulas_with(op: str) -> list[str]:
    s = all_formulas()
    return [
        f
        for f, name in formulas_of(s).items()
        if any(node.op == op for node in walk(s.blocks[name].expr))
    ][:MOST]


@cache
def sheet_with(op: str) -> Sheet:
    return sheet_of([f for f in formulas_with(op) if f not in NOT_IN_IRONCALC])


@cache
def expected_with(op: str) -> Arrays:
    return {
        name: reference(formula, INPUTS) for formula, name in formulas_of(sheet_with(op)).items()
    }


@cache
def exact_sheet() -> Sheet:
    return sheet_of(EXACT, UNEVEN)


def inexact(found: Arrays) -> list[str]:
    """To the last bit."""
    return [
        formula
        for formula, name in formulas_of(exact_sheet()).items()
        if (found[name] != reference(formula, UNEVEN)).any()
    ]


def in_ironcalc(s: Sheet) -> Arrays:
    path = workbooks.folder() / "mutant.xlsx"
    write(s, path)
    return engines.numbers(s, engines.in_ironcalc(path))


def numpy_disagrees(op: str) -> bool:
    return bool(differences(values(sheet_with(op)), expected_with(op)))


def javascript_disagrees(op: str) -> bool:
    if differences(engines.in_javascript(sheet_with(op)), expected_with(op)):
        return True
    return op in ARITHMETIC and bool(inexact(engines.in_javascript(exact_sheet())))


def excel_disagrees(op: str) -> bool:
    return bool(differences(in_ironcalc(sheet_with(op)), expected_with(op)))


ELEMENT_BY_ELEMENT = one_cell.OPERATORS


def stays_inside_a_sum(op: str) -> bool:
    """Whether the op stands in a sum over a range, where Excel would collapse the range to one
    number, or another program would.
    """
    if op in ELEMENT_BY_ELEMENT:
        return False
    first, _ = every_op.places(op)
    s = sheet_of([f"sum({every_op.called(op, first)})"])
    return any(node.op == op for node in walk(s.blocks["formula_0"].expr))


def gradients_disagree(op: str) -> bool:
    smooth = {formula for family in slopes.CASES.values() for formula in family}
    formulas = [formula for formula in formulas_with(op) if formula in smooth][:12]
    s = slopes.sheet_of_gradients(formulas)
    return bool(slopes.wrong_slopes(formulas, values(s))) or any(
        kink_disagrees(op, kink) for kink in slopes.KINKS
    )


def kink_disagrees(op: str, kink: str) -> bool:
    formula, inputs, gradients = slopes.KINKS[kink]
    s = Sheet("kink")
    made = expression(formula, {name: s.input(name, value) for name, value in inputs.items()})
    if not any(node.op == op for node in walk(made)):
        return False
    s.let("loss", s.let("made", made).sum())
    backprop(s, "loss")
    computed = values(s)
    return any(
        not np.allclose(computed.get(f"d_{name}", np.nan), np.atleast_2d(expected))
        for name, expected in gradients.items()
    )


CHECKS = {
    "numpy": numpy_disagrees,
    "javascript": javascript_disagrees,
    "excel": excel_disagrees,
    "one_cell": stays_inside_a_sum,
    "vjp": gradients_disagree,
}


def caught(op: str, field: str) -> bool:
    """Whether the comparison disagrees, or cannot even be made: a syntax error, an error cell, a
    shape that does not fit.
    """
    try:
        return CHECKS[field](op)
    except Exception:
        return True


# --- the mutants

BOTH = {  # excel and javascript spell these alike, but for spaces
    "add": [
        "{0:add}+{1:mul}",
        "add|{0:add}-{1:mul}",
        "add|{0:add}+{1:add}",
        "add|{0:add}+{1:mul}+{1:mul}",
    ],
    "subtract": [
        "{0:add}-{1:mul}",
        "add|{0:add}+{1:mul}",
        "add|{0:add}-{1:add}",
        "add|{1:add}-{0:mul}",
    ],
    "multiply": [
        "{0:mul}*{1:pow}",
        "mul|{0:add}*{1:pow}",
        "mul|{0:mul}*{1:add}",
        "mul|{0:mul}*{1:mul}",
        "mul|{0:mul}/{1:pow}",
    ],
    "divide": [
        "{0:mul}/{1:pow}",
        "mul|{0:add}/{1:pow}",
        "mul|{0:mul}/{1:mul}",
        "mul|{1:mul}/{0:pow}",
        "mul|{0:mul}*{1:pow}",
    ],
    "less": [
        "test|{0:number}<={1:number}",
        "test|{1:number}<{0:number}",
        "test|{0:test}<{1:test}",
        "atom|{0:number}<{1:number}",
    ],
    "less_equal": ["test|{0:number}<{1:number}", "test|{0:number}>={1:number}"],
    "greater": ["test|{0:number}>={1:number}", "test|{0:number}<{1:number}"],
    "greater_equal": ["test|{0:number}>{1:number}", "test|{0:number}<={1:number}"],
}
TEXTS: dict[str, dict[str, list[str]]] = {
    "excel": {
        "negative": ["add|{0}", "add|-{0:mul}", "add|-{0:add}"],
        "power": [
            "pow|{0:mul}^{1:atom}",
            "{0:atom}^{1:atom}",
            "pow|{1:atom}^{0:atom}",
            "pow|-{0:atom}^{1:atom}",
        ],
        "general_power": [
            "{0:atom}^{1:atom}",
            "IF({1}=0,0,{0:atom}^{1:atom})",
            "IF({0}=0,1,{0:atom}^{1:atom})",
            "IF({1}=0,1,{0:mul}^{1:atom})",
            "IF({1}=0,1,{0:atom}^{1:mul})",
        ],
        "remainder": [
            "MOD({1},{0})",
            "({0:add}-{1:pow}*TRUNC({0:mul}/{1:pow}))",
            "QUOTIENT({0},{1})",
        ],
        "floor": ["TRUNC({0})", "ROUND({0},0)", "{0}"],
        "absolute": ["{0}", "-ABS({0})"],
        "sign": ["ABS({0})", "IF({0}>0,1,-1)", "IF({0}<0,-1,1)"],
        "exp": ["LN({0})", "2^({0})", "EXP(-({0}))"],
        "log": ["LOG({0})", "LOG10({0})", "LOG({0},2)"],
        "log10": ["LN({0})", "LOG({0},2)"],
        "xlogy": [
            "mul|{0:mul}*LN({1:add})",
            "{0:mul}*LN({1:add}+({0:number}=0))",
            "mul|{0:mul}*LN({1:add}+1)",
            "mul|{0:mul}*LOG10({1:add}+({0:number}=0))",
        ],
        "sqrt": ["{0:atom}^2", "-SQRT({0})", "{0:atom}^(1/3)"],
        "sin": ["COS({0})", "SINH({0})"],
        "cos": ["SIN({0})", "COSH({0})"],
        "tanh": ["TAN({0})", "ATAN({0})"],
        "normal_quantile": ["NORMSDIST({0})", "-NORMSINV({0})", "NORMSINV(1-{0:mul})"],
        "sigmoid": [
            "1/(1+EXP(-({0})))",
            "mul|EXP(MIN(0,{0}))/(1+EXP(ABS({0})))",
            "EXP(MIN(0,{0}))/(1+EXP(-ABS({0})))",
            "mul|EXP({0})/(1+EXP({0}))",
        ],
        "maximum": ["MIN({0},{1})", "{0}", "IF({0}>0,{0},{1})"],
        "minimum": ["MAX({0},{1})", "{1}"],
        "clip": ["MAX(MIN({0},{1}),{2})", "MAX({0},{1})", "MIN({0},{2})", "MIN(MAX({0},{2}),{1})"],
        "where": ["IF({0:test},{2},{1})", "IF({0}>0,{1},{2})", "IF({0:test},{1},0)"],
        "equal": [
            "test|{0:number}<>{1:number}",
            "test|{0:test}={1:test}",
            "test|{0:number}>={1:number}",
        ],
        "not_equal": [
            "test|{0:number}={1:number}",
            "test|{0:number}>{1:number}",
            "test|{0:test}<>{1:test}",
        ],
        "stop": ["({0:atom})", "{0:test}", "0*{0:pow}"],
    },
    "javascript": {
        "negative": ["add|{0}", "-{0:atom}", "add|-{0:add}"],
        "power": ["Math.pow({1},{0})", "{0:atom}^{1:atom}", "Math.abs(Math.pow({0},{1}))"],
        "general_power": ["Math.pow({1},{0})", "({0}===0?0:Math.pow({0},{1}))"],
        "remainder": ["_mod({1},{0})", "{0:atom}%{1:atom}", "Math.abs(_mod({0},{1}))"],
        "floor": ["Math.trunc({0})", "Math.round({0})", "Math.ceil({0})"],
        "absolute": ["{0}", "-Math.abs({0})"],
        "sign": ["Math.abs({0})", "({0}>0?1:-1)"],
        "exp": ["Math.expm1({0})", "Math.log({0})", "Math.exp(-({0}))"],
        "log": ["Math.log10({0})", "Math.log2({0})", "Math.log1p({0})"],
        "log10": ["Math.log({0})", "Math.log2({0})"],
        "xlogy": ["_xlogy({1},{0})", "mul|{0:mul}*Math.log({1})"],
        "sqrt": ["Math.cbrt({0})", "-Math.sqrt({0})"],
        "sin": ["Math.cos({0})", "Math.sinh({0})"],
        "cos": ["Math.sin({0})", "Math.acos({0})"],
        "tanh": ["Math.tan({0})", "Math.atan({0})"],
        "normal_quantile": [
            "_normal_quantile(1-{0:mul})",
            "_normal_tail({0})",
            "-_normal_quantile({0})",
        ],
        "sigmoid": ["Math.exp({0})/(1+Math.exp({0}))", "_sigmoid(-({0}))", "Math.tanh({0})"],
        "maximum": ["Math.min({0},{1})", "({0}>0?{0}:{1})"],
        "minimum": ["Math.max({0},{1})", "{0}"],
        "clip": ["Math.max(Math.min({0},{1}),{2})", "Math.max({0},{1})", "Math.min({0},{2})"],
        "where": ["({0:test}?{2}:{1})", "({0}>0?{1}:{2})"],
        "equal": [
            "test|{0:number}!=={1:number}",
            "test|{0:test}==={1:test}",
            "test|{0:number}>={1:number}",
        ],
        "not_equal": [
            "test|{0:number}==={1:number}",
            "test|{0:number}>{1:number}",
            "test|{0:test}!=={1:test}",
        ],
        "stop": ["({0:atom})", "{0:test}", "-({0})"],
    },
}
LAST_BIT = {("excel", "add|{0:add}+{1:add}"), ("excel", "mul|{0:mul}*{1:mul}")}
for name, spellings in BOTH.items():
    for field in TEXTS:
        TEXTS[field][name] = [text for text in spellings if (field, text) not in LAST_BIT]
SPELLINGS = [
    (name, field, text)
    for field, rows in TEXTS.items()
    for name, texts in rows.items()
    for text in texts
]
UNSEEN = {("excel", "negative")}  # -a needs no parentheses in Excel, whose minus binds tightest


def made_from(name: str, field: str) -> list[str]:
    """Wrong spellings of any row: twice as much, and one that forgets how tightly it binds."""
    right = getattr(OPS[name], field)
    level, bar, body = right.partition("|")
    bound = bool(bar) and (level in LEVELS or level == "test")
    wrong = [f"mul|2*({body if bound else right})"]
    return wrong + ([body] if bound and (field, name) not in UNSEEN else [])


SPELLINGS = list(
    dict.fromkeys(
        [*SPELLINGS, *((n, f, text) for f in TEXTS for n in OPS for text in made_from(n, f))]
    )
)
SLIGHTLY = 1 + 1e-7


def slightly_off(function):
    return lambda *args: function(*args) * SLIGHTLY + 1e-7


def swapped(function):
    return lambda a, b: function(b, a)


ARRAYS = [(name, "a little off", slightly_off) for name in OPS] + [
    (name, "its arguments swapped", swapped)
    for name in (
        "subtract",
        "divide",
        "power",
        "general_power",
        "remainder",
        "xlogy",
        "less",
        "greater_equal",
    )
]


def gradient_but(change, k: int):
    """A derivative with the gradient of argument k changed."""

    def mutate(vjp):
        def mutant(g, y, *args):
            gradients = list(vjp(g, y, *args))
            gradients[k] = change(gradients[k])
            return tuple(gradients)

        return mutant

    return mutate


CHANGES = {"negated": lambda g: -g, "missing": lambda g: None, "slightly off": lambda g: g * 1.0001}


def with_a_gradient(name: str) -> list[int]:
    """Which of the op's arguments its derivative gives a gradient."""
    count = 1 + max(int(k) for k in re.findall(r"\{(\d)", OPS[name].excel))
    s = Sheet("arguments")
    args = [s.input(f"x_{k}", 1.5) for k in range(count)]
    if name == "power":  # the row of a constant exponent
        args[1] = const(3)
    gradients = OPS[name].vjp(s.input("g", 1.0), s.input("y", 1.0), *args)
    return [k for k, gradient in enumerate(gradients) if gradient is not None]


DERIVATIVES = [
    (name, k, how)
    for name, op in OPS.items()
    if op.vjp is not None
    for k in with_a_gradient(name)
    for how in CHANGES
]


# --- the tests


@pytest.mark.parametrize("name", ["add", "power", "where", "maximum", "clip", "xlogy", "remainder"])
def test_the_table_itself_is_not_caught(name):
    """So whatever catches a mutant is the mutation."""
    assert {field: check(name) for field, check in CHECKS.items()} == dict.fromkeys(CHECKS, False)


def test_every_row_has_mutants():
    assert {name for name, _, _ in SPELLINGS} == set(OPS), "a mutant here names no row of ops.py"
    assert {name for name, _, _ in DERIVATIVES} == {
        name for name, op in OPS.items() if op.vjp is not None
    }


@pytest.mark.parametrize(
    ("name", "field", "text"),
    SPELLINGS,
    ids=[f"{field} {name} {text}" for name, field, text in SPELLINGS],
)
def test_a_wrong_spelling_is_caught(name, field, text, monkeypatch):
    assert text.replace(" ", "") != getattr(OPS[name], field).replace(" ", "")
    monkeypatch.setitem(OPS, name, OPS[name]._replace(**{field: text}))
    assert caught(name, field)


@pytest.mark.parametrize(
    ("name", "how", "mutate"), ARRAYS, ids=[f"{name} {how}" for name, how, _ in ARRAYS]
)
def test_a_wrong_function_is_caught(name, how, mutate, monkeypatch):
    monkeypatch.setitem(OPS, name, OPS[name]._replace(numpy=mutate(OPS[name].numpy)))
    assert caught(name, "numpy")


@pytest.mark.parametrize(
    ("name", "k", "how"), DERIVATIVES, ids=[f"{name} {k} {how}" for name, k, how in DERIVATIVES]
)
def test_a_wrong_derivative_is_caught(name, k, how, monkeypatch):
    monkeypatch.setitem(
        OPS, name, OPS[name]._replace(vjp=gradient_but(CHANGES[how], k)(OPS[name].vjp))
    )
    assert caught(name, "vjp")


@pytest.mark.parametrize("name", [name for name in OPS if name not in one_cell.OPERATORS])
def test_a_function_of_a_range_in_a_sum_is_caught(name, monkeypatch):
    assert not caught(name, "one_cell")
    monkeypatch.setattr(one_cell, "OPERATORS", (*one_cell.OPERATORS, name))
    assert caught(name, "one_cell")
