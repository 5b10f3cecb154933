"""Mathematics: a block's equation, a cell's, and a cell's with its numbers.

Each string here was read and found right.
"""

from __future__ import annotations

import numpy as np
import pytest
from examples import FORMULAS, WORDS, formulas_of, sheet_of
from latex2mathml.converter import convert
from library_sheets import SHEETS
from quick import few_when_quick

from sheets import Sheet, backprop, values
from sheets.library.log_loss import log_loss
from sheets.targets.latex import cell_equation, equation, with_numbers


def lesson() -> Sheet:
    s = Sheet("maths")
    s.input("x", [[1.0, -2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], rows=True)
    s.input("y", [1.0, 0.0, 1.0, 1.0], rows=True)
    s.input("W_1", [[0.5, -1.0, 2.0], [1.5, 0.0, -3.0]])
    s.input("b", [[1.0, 2.0, 3.0]])
    s.input("a", -2.0)
    s.input("t", 3.0)
    s.input("rate", 1e-5, symbol=r"\eta")
    s.input("long_name", [[1.0, 2.0], [3.0, 4.0]])
    return s


# formula: its block form, its cell form
FORMS = {
    # what binds how tightly
    "a - (a - 1)": ("a - (a - 1)", "a - (a - 1)"),
    "a - a - 1": ("a - a - 1", "a - a - 1"),
    "a * (a + 1)": (r"a \cdot (a + 1)", r"a \cdot (a + 1)"),
    "a * 2 * a": (r"a \cdot 2 \cdot a", r"a \cdot 2 \cdot a"),
    "a / (a + 1)": (r"\frac{a}{a + 1}", r"\frac{a}{a + 1}"),
    "(a / 2)**2": (r"(\frac{a}{2})^{2}", r"(\frac{a}{2})^{2}"),
    "a**2": ("a^{2}", "a^{2}"),
    "-a**2": ("-a^{2}", "-a^{2}"),
    "(-a)**2": ("(-a)^{2}", "(-a)^{2}"),
    "(a**2)**3": ("(a^{2})^{3}", "(a^{2})^{3}"),
    "2**-a": ("2^{-a}", "2^{-a}"),
    "-(a + 1)": ("-(a + 1)", "-(a + 1)"),
    "a - -a": ("a - (-a)", "a - (-a)"),
    "np.exp(a)**2": ("(e^{a})^{2}", "(e^{a})^{2}"),
    "np.exp(-a / 2)": (r"e^{\frac{-a}{2}}", r"e^{\frac{-a}{2}}"),
    "stop(a + 1) * 2": (r"(a + 1) \cdot 2", r"(a + 1) \cdot 2"),
    "(a * 2) % (a + 3)": (r"a \cdot 2 \bmod (a + 3)", r"a \cdot 2 \bmod (a + 3)"),
    # functions
    "np.abs(a) * np.sqrt(a)": (r"\left|a\right| \cdot \sqrt{a}", r"\left|a\right| \cdot \sqrt{a}"),
    "np.floor(a / 2)": (r"\lfloor \frac{a}{2} \rfloor", r"\lfloor \frac{a}{2} \rfloor"),
    "np.log(x)": (r"\ln\left(x\right)", r"\ln\left(x_{ij}\right)"),
    "normal_quantile(a)": (r"\Phi^{-1}\left(a\right)", r"\Phi^{-1}\left(a\right)"),
    "sigmoid(a)": (r"\sigma\left(a\right)", r"\sigma\left(a\right)"),
    "xlogy(y, x)": (r"y \cdot \ln\left(x\right)", r"y_{i} \cdot \ln\left(x_{ij}\right)"),
    "np.maximum(0, x)": (r"\max\left(0, x\right)", r"\max\left(0, x_{ij}\right)"),
    "np.clip(x, 0, 1)": (
        r"\mathrm{clip}\left(x, 0, 1\right)",
        r"\mathrm{clip}\left(x_{ij}, 0, 1\right)",
    ),
    # comparisons and choices
    "x > a": (r"\left[x > a\right]", r"\left[x_{ij} > a\right]"),
    "1 - (x >= a)": (r"1 - \left[x \ge a\right]", r"1 - \left[x_{ij} \ge a\right]"),
    "np.equal(x > 0, y)": (
        r"\left[\left[x > 0\right] = y\right]",
        r"\left[\left[x_{ij} > 0\right] = y_{i}\right]",
    ),
    "np.where(np.equal(y, 1), x, -x)": (
        r"\begin{cases} x & \text{if } y = 1 \\ -x & \text{else} \end{cases}",
        r"\begin{cases} x_{ij} & \text{if } y_{i} = 1 \\ -x_{ij} & \text{else} \end{cases}",
    ),
    "np.where(a, 1, 2)": (
        r"\begin{cases} 1 & \text{if } a \neq 0 \\ 2 & \text{else} \end{cases}",
        r"\begin{cases} 1 & \text{if } a \neq 0 \\ 2 & \text{else} \end{cases}",
    ),
    "np.where(a > 0, np.where(a < 1, a, 0), 0)": (
        r"\begin{cases} a & \text{if } a > 0 \text{ and } a < 1 \\ 0 & \text{else} \end{cases}",
        r"\begin{cases} a & \text{if } a > 0 \text{ and } a < 1 \\ 0 & \text{else} \end{cases}",
    ),
    "np.where(a, np.where(t, a, 2), 0)": (  # another number below: not one condition
        r"\begin{cases} \begin{cases} a & \text{if } t \neq 0 \\ 2 & \text{else} \end{cases} "
        r"& \text{if } a \neq 0 \\ 0 & \text{else} \end{cases}",
        r"\begin{cases} \begin{cases} a & \text{if } t \neq 0 \\ 2 & \text{else} \end{cases} "
        r"& \text{if } a \neq 0 \\ 0 & \text{else} \end{cases}",
    ),
    "np.where(a > 0, 1, np.where(a < -1, 2, 3))**2": (
        (
            r"(\begin{cases} 1 & \text{if } a > 0 \\ 2 & \text{if } a < -1 \\ 3 & \text{else}"
            r" \end{cases})^{2}"
        ),
        (
            r"(\begin{cases} 1 & \text{if } a > 0 \\ 2 & \text{if } a < -1 \\ 3 & \text{else}"
            r" \end{cases})^{2}"
        ),
    ),
    # sums
    "sum(x)": (r"\sum x", r"\sum_{k=1}^{n} \sum_{l=1}^{2} x_{kl}"),
    "sum(x, 0)": (r"\sum_{\downarrow} x", r"\sum_{k=1}^{n} x_{kj}"),
    "sum(W_1, 1)": (r"\sum_{\rightarrow} W_{1}", r"\sum_{k=1}^{3} W_{1}[i,k]"),
    "sum(x + y)": (r"\sum z_{each}", r"\sum_{k=1}^{n} \sum_{l=1}^{2} z_{each}[k,l]"),
    "sum(y) * a": (r"(\sum y) \cdot a", r"(\sum_{k=1}^{n} y_{k}) \cdot a"),
    "sum(y * a)": (r"\sum y \cdot a", r"\sum_{k=1}^{n} y_{k} \cdot a"),
    "a - sum(y)": (r"a - \sum y", r"a - \sum_{k=1}^{n} y_{k}"),
    "-sum(y) / 2": (r"\frac{-\sum y}{2}", r"\frac{-\sum_{k=1}^{n} y_{k}}{2}"),
    "sum(y) % 3": (r"(\sum y) \bmod 3", r"(\sum_{k=1}^{n} y_{k}) \bmod 3"),
    "mean(x)": (
        r"\mathrm{mean}\left(x\right)",
        r"\frac{1}{n} \sum_{k=1}^{n} \frac{1}{2} \sum_{l=1}^{2} x_{kl}",
    ),
    "mean(y) - 0.5": (
        r"\mathrm{mean}\left(y\right) - 0.5",
        r"\frac{1}{n} \sum_{k=1}^{n} y_{k} - 0.5",
    ),
    "max(x, 1)": (r"\max_{\rightarrow}\left(x\right)", r"\max_{k}\left(x_{ik}\right)"),
    "count * a": (r"n \cdot a", r"n \cdot a"),
    "softmax(x)": (
        r"\mathrm{softmax}\left(x\right)",
        r"\frac{z_{exp}[i,j]}{\sum_{k=1}^{2} z_{exp}[i,k]}",
    ),
    # structure
    "x @ W_1 + b": (r"x\, W_{1} + b", r"\sum_{k=1}^{2} x_{ik} \cdot W_{1}[k,j] + b_{j}"),
    "(x + 1) @ W_1": (r"z_{left}\, W_{1}", r"\sum_{k=1}^{2} z_{left}[i,k] \cdot W_{1}[k,j]"),
    "x.T @ y": (r"x^\top\, y", r"\sum_{k=1}^{n} x_{ki} \cdot y_{k}"),
    "long_name.T**2": (r"(\text{long name}^\top)^{2}", r"\text{long name}[j,i]^{2}"),
    "rows_of(x, t)": ("x[t]", "x[t+1,j]"),  # rows are looked up from 0, and written from 1
    "rows_of(x, t % 4)": (r"x[t \bmod 4]", r"x[(t \bmod 4)+1,j]"),
    "row_index(3) * 2": (r"(i-1) \cdot 2", r"(i-1) \cdot 2"),
    "column_index(3)": ("j-1", "j-1"),
    # numbers
    "a * 0.1": (r"a \cdot 0.1", r"a \cdot 0.1"),
    "rate * 1e-7": (r"\eta \cdot 10^{-7}", r"\eta \cdot 10^{-7}"),
    "a * 2.5e10": (r"a \cdot (2.5 \cdot 10^{10})", r"a \cdot (2.5 \cdot 10^{10})"),
    "a - 1e-7": ("a - 10^{-7}", "a - 10^{-7}"),
    "a * -1e-7": (r"a \cdot (-10^{-7})", r"a \cdot (-10^{-7})"),
    "a % 67108859": (r"a \bmod 67108859", r"a \bmod 67108859"),
    "a * 1000000": (r"a \cdot 10^{6}", r"a \cdot 10^{6}"),
    "a / 3.14159265": (r"\frac{a}{3.14159}", r"\frac{a}{3.14159}"),
}


def with_block(formula: str) -> Sheet:
    s = lesson()
    s.let("z", eval(formula, WORDS | {name: s[name] for name in s.blocks} | {"count": s.rows}))
    return s


@pytest.mark.parametrize("formula", FORMS)
def test_block_form(formula):
    assert equation(with_block(formula), "z") == f"z = {FORMS[formula][0]}"


@pytest.mark.parametrize("formula", FORMS)
def test_cell_form(formula):
    s = with_block(formula)
    rows, columns = s.blocks["z"].shape
    index = "i" * (rows != 1) + "j" * (columns != 1)
    assert cell_equation(s, "z") == f"z{f'_{{{index}}}' if index else ''} = {FORMS[formula][1]}"


# formula, row, column: the cell form with numbers
NUMBERS = {
    ("a - (a - 1)", 0, 0): r"1 = -2 - (-2 - 1)",
    ("a**2", 0, 0): r"4 = (-2)^{2}",
    ("-a**2", 0, 0): r"-4 = -(-2)^{2}",
    ("a * 2 * a", 0, 0): r"8 = (-2) \cdot 2 \cdot (-2)",
    ("a / (a + 1)", 0, 0): r"2 = \frac{-2}{-2 + 1}",
    ("rate**2", 0, 0): r"10^{-10} = (10^{-5})^{2}",
    ("a * rate", 0, 0): r"-2 \cdot 10^{-5} = (-2) \cdot (10^{-5})",
    ("x @ W_1 + b", 0, 0): r"-1.5 = 1 \cdot 0.5 + (-2) \cdot 1.5 + 1",
    ("x @ W_1 + b", 1, 2): r"-3 = 3 \cdot 2 + 4 \cdot (-3) + 3",
    ("x.T @ y", 1, 0): r"12 = (-2) \cdot 1 + 4 \cdot 0 + \cdots + 8 \cdot 1",
    ("mean(y) - 0.5", 0, 0): r"0.25 = \frac{1 + 0 + \cdots + 1}{n} - 0.5",
    ("sum(x, 1)", 0, 0): r"-1 = 1 + (-2)",
    ("a - sum(W_1, 1)", 1, 0): r"-0.5 = -2 - (1.5 + 0 + (-3))",
    ("max(x, 0)", 0, 1): r"8 = \max\left(-2, 4, \ldots, 8\right)",
    ("max(x, 1)", 1, 0): r"4 = \max\left(3, 4\right)",
    (
        "np.where(np.equal(y, 1), x, -x)",
        0,
        1,
    ): r"-2 = \begin{cases} -2 & \text{if } 1 = 1 \\ -(-2) & \text{else} \end{cases}",
    ("long_name.T", 0, 1): r"3 = 3",
    ("row_index(3) * 2", 2, 0): r"4 = 2 \cdot 2",
    ("np.log(a)", 0, 0): r"\text{undefined} = \ln\left(-2\right)",
    ("1 / (a + 2)", 0, 0): r"\infty = \frac{1}{-2 + 2}",
    ("rows_of(x, t)", 0, 1): "",  # which row it reads is a number itself
}


@pytest.mark.parametrize("case", NUMBERS, ids=str)
def test_with_numbers(case):
    formula, i, j = case
    s = with_block(formula)
    assert with_numbers(s, "z", i, j, values(s)) == NUMBERS[case]


def test_numbers_in_the_formats_of_their_blocks():
    s = Sheet("formats")
    p, clip = s.input("p", 0.975, format=".1%"), s.input("clip", 0.05, format=".4f")
    s.let("z", p * clip, format=".2f")
    assert with_numbers(s, "z", 0, 0, values(s)) == r"0.05 = 97.5\% \cdot 0.0500"


def test_two_rows_of_data_are_too_few_for_first_second_and_last():
    s = with_block("mean(y)").with_inputs({"x": [[1, 2], [3, 4]], "y": [1, 0]})
    assert with_numbers(s, "z", 0, 0, values(s)) == ""


def test_gradients_are_quotients():
    s = Sheet("network")
    x, w = s.input("x", [[1.0, 2.0], [3.0, 4.0]], rows=True), s.input("w", [[0.5], [-1.0]])
    h = s.let("h", np.tanh(s.let("z", x @ w)))
    s.let("loss", (h**2).mean(), symbol="L")
    backprop(s, "loss", ["w"])
    s.let("rest", 1 - s["d_w"] ** 2)
    assert (
        equation(s, "d_h")
        == r"\frac{\partial L}{\partial h} = \frac{\frac{\partial L}{\partial L}}{n} \cdot 2"
        r" \cdot h"
    )
    assert (
        equation(s, "d_z")
        == r"\frac{\partial L}{\partial z} = \frac{\partial L}{\partial h} \cdot (1 - h \cdot h)"
    )
    assert (
        equation(s, "d_w")
        == r"\frac{\partial L}{\partial w} = x^\top\, \frac{\partial L}{\partial z}"
    )
    assert (
        cell_equation(s, "d_w")
        == r"\frac{\partial L}{\partial w_{i}} = \sum_{k=1}^{n} x_{ki} \cdot \frac{\partial"
        r" L}{\partial z_{k}}"
    )
    assert (
        cell_equation(s, "rest") == r"\text{rest}[i] = 1 - (\frac{\partial L}{\partial w_{i}})^{2}"
    )


def test_a_looked_up_rows_gradient_sums_what_it_was_used_for():
    s = Sheet("lookup")
    table, rows = s.input("E", [[1.0, 2.0], [3.0, 4.0]]), s.input("t", [[1], [0], [1]])
    s.let("loss", s.let("found", table[rows], symbol="f").sum(), symbol="L")
    backprop(s, "loss", ["E"])
    assert (
        equation(s, "d_E")
        == r"\frac{\partial L}{\partial E} = \sum_{k:\, t[k] = i-1} (\frac{\partial L}{\partial"
        r" f})[k]"
    )
    assert (
        cell_equation(s, "d_E")
        == r"\frac{\partial L}{\partial E_{ij}} = \sum_{k=1}^{3} \left[t_{k} = i-1\right] \cdot"
        r" \frac{\partial L}{\partial f_{kj}}"
    )


def test_the_log_loss():
    s = log_loss()
    assert (
        equation(s, "clipped") == r"q = \mathrm{clip}\left(p, \varepsilon, 1 - \varepsilon\right)"
    )
    held = r"\varepsilon & \text{if } p_{i} > 1 - \varepsilon"
    other = rf"\begin{{cases}} {held} \\ 1 - q_{{i}} & \text{{else}} \end{{cases}}"
    product = (
        rf"-(y_{{i}} \cdot \ln\left(q_{{i}}\right) + (1 - y_{{i}}) \cdot \ln\left({other}\right))"
    )
    assert cell_equation(s, "loss_product") == rf"\text{{loss product}}[i] = {product}"
    assert cell_equation(s, "loss_mean") == r"\bar{L} = \frac{1}{n} \sum_{k=1}^{n} L_{k}"
    computed = values(s)
    assert (
        with_numbers(s, "clipped", 0, 0, computed)
        == r"0.98 = \mathrm{clip}\left(0.98, 0.0001, 1 - 0.0001\right)"
    )
    assert (
        with_numbers(s, "loss_mean", 0, 0, computed)
        == r"1.4067 = \frac{0.0202 + 0.1054 + \cdots + 3.9120}{n}"
    )


# --- whatever is said, a browser can show


@pytest.mark.parametrize("name", few_when_quick(SHEETS))
def test_every_equation_of_the_library_converts_to_mathml(name):
    s = SHEETS[name]()
    computed = values(s)
    for block in s.blocks:
        corner = tuple(n - 1 for n in computed[block].shape)
        for tex in (
            equation(s, block),
            cell_equation(s, block),
            with_numbers(s, block, *corner, computed),
        ):
            assert convert(tex or "0").startswith("<math")  # a look-up shows no numbers


@pytest.mark.thorough
def test_every_formula_converts_to_mathml():
    s = sheet_of(FORMULAS)
    computed = values(s)
    for name in formulas_of(s).values():
        for tex in (
            equation(s, name),
            cell_equation(s, name),
            with_numbers(s, name, 0, 0, computed),
        ):
            assert "@" not in tex and convert(tex or "0").startswith(
                "<math"
            )  # a look-up shows no numbers
