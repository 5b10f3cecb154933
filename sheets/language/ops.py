"""The table: a row per elementwise op, by numpy's own name, with its derivative.

How a spelling is read: `spelling.py`. Anything that needs shape or position is structure, and lives
in cells.py and the targets. Derivatives are written in numpy's words, as a sheet is.

Derivatives at a kink: a tie of maximum or minimum gives nothing to the side that faces a constant
(so ReLU'(0) = 0, as torch.relu) and, between two blocks, all to the first; clip gives 1 at both its
limits (as torch.clamp); abs and sign give 0 at 0; floor and comparisons give none; max and min over
an axis share evenly between equals (as torch.amax).
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np


class Op(NamedTuple):
    """A row of the table."""

    numpy: Callable[..., np.ndarray]
    excel: str
    javascript: str
    latex: str
    # (g, y, *args) -> one gradient per argument (None: no gradient flows), in numpy's own words;
    # None: none flows through the op at all. g and y are the gradient and the value of the op.
    vjp: Callable[..., tuple] | None


def _stable_sigmoid(x):
    return np.exp(np.minimum(0, x)) / (1 + np.exp(-np.abs(x)))


def _xlogy(x, y):
    return x * np.log(y + np.equal(x, 0))


# Of numbers between 0 and 1; Wichura's algorithm AS 241 (1988), as LibreOffice has it.
_quantile = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


def _normal_quantile(p):
    quantiles = np.select([np.equal(p, 0), np.equal(p, 1)], [-np.inf, np.inf], np.nan)
    inside = np.logical_and(p > 0, p < 1)
    quantiles[inside] = _quantile(p[inside])
    return quantiles


def _normal_quantile_vjp(g, y, p):
    return (g * np.sqrt(2 * np.pi) * np.exp(y * y / 2),)


def _larger(strict: np.ufunc, loose: np.ufunc):
    """The derivative of maximum (minimum): see the module's words on ties."""

    def vjp(g, y, a, b):
        first = strict if b.op == "const" else loose
        return np.where(first(a, b), g, 0), np.where(strict(b, a), g, 0)

    return vjp


def _clip_vjp(g, y, x, low, high):
    inside = np.where(low <= x, np.where(x <= high, g, 0), 0)
    of_low = np.where(x < low, np.where(low <= high, g, 0), 0)  # high wins over a low above it
    return inside, of_low, np.where(np.maximum(x, low) > high, g, 0)


def _power_vjp(g, y, a, b):
    return g * b * a ** (b.arg - 1), None


def _general_power_vjp(g, y, a, b):
    of_base = np.where(np.not_equal(b, 0), g * b * a ** (b - 1), 0)  # 0 to the 0 has a slope of 0
    return of_base, np.where(a > 0, g * y * np.log(a), 0)


def _angle_vjp(g, y, a, b):
    squares = a * a + b * b
    return g * b / squares, -(g * a) / squares


def _xlogy_vjp(g, y, a, b):
    return g * np.log(b), np.where(np.not_equal(a, 0), g * a / b, 0)


# numpy's name and function; its spelling in Excel, JavaScript and (below) LaTeX; its derivative.
# fmt: off
OPS = {
    "add": Op(np.add,                  "add|{0:add}+{1:mul}",         "add|{0:add} + {1:mul}",
        "add|{0:add} + {1:term}",                  lambda g, y, a, b: (g, g)),
    "subtract": Op(np.subtract,        "add|{0:add}-{1:mul}",         "add|{0:add} - {1:mul}",
        "add|{0:add} - {1:term}",                  lambda g, y, a, b: (g, -g)),
    "multiply": Op(np.multiply,        "mul|{0:mul}*{1:pow}",         "mul|{0:mul}*{1:pow}",
        r"mul|{0:mul} \cdot {1:pow}",              lambda g, y, a, b: (g * b, g * a)),
    "divide": Op(np.divide,            "mul|{0:mul}/{1:pow}",         "mul|{0:mul}/{1:pow}",
        r"pow|\frac{{{0}}}{{{1}}}",                lambda g, y, a, b: (g / b, -(g * y) / b)),
    # Excel: -2^2 is 4, and ^ groups to the left; JavaScript: -2**2 is an error. So atoms alone.
    "power": Op(np.power,              "pow|{0:atom}^{1:atom}",       "Math.pow({0},{1})",
        "pow|{0:atom}^{{{1}}}",                    _power_vjp),
    # Excel has no 0^0, where numpy and JavaScript say 1, and takes odd roots of negative numbers,
    # where these have no number. How formulas.py writes it for a base that is never negative is
    # shorter.
    "general_power": Op(np.power,
        "IF({1}=0,1,IF(({0:add}<0)*({1:add}<>INT({1})),SQRT(-1),{0:atom}^{1:atom}))",
        "_power({0},{1})",
        "pow|{0:atom}^{{{1}}}",                    _general_power_vjp),
    "negative": Op(np.negative,        "add|-{0:sign}",               "add|-{0:atom}",
        "add|-{0:term}",                           lambda g, y, a: (-g,)),
    "remainder": Op(np.mod,            "MOD({0},{1})",                "_mod({0},{1})",
        r"mul|{0:mul} \bmod {1:pow}",              lambda g, y, a, b: (g, -(g * np.floor(a / b)))),
    "floor": Op(np.floor,              "INT({0})",                    "Math.floor({0})",
        r"\lfloor {0} \rfloor",                    None),
    "absolute": Op(np.abs,             "ABS({0})",                    "Math.abs({0})",
        r"\left|{0}\right|",                       lambda g, y, a: (g * np.sign(a),)),
    "sign": Op(np.sign,                "SIGN({0})",                   "Math.sign({0})",
        r"\mathrm{{sign}}\left({0}\right)",        None),
    "exp": Op(np.exp,                  "EXP({0})",                    "Math.exp({0})",
        "pow|e^{{{0}}}",                           lambda g, y, a: (g * y,)),
    "log": Op(np.log,                  "LN({0})",                     "Math.log({0})",
        r"\ln\left({0}\right)",                    lambda g, y, a: (g / a,)),
    "log10": Op(np.log10,              "LOG10({0})",                  "Math.log10({0})",
        r"\log_{{10}}\left({0}\right)",            lambda g, y, a: (g / (a * np.log(10)),)),
    "log2": Op(np.log2,                "LOG({0},2)",                  "Math.log2({0})",
        r"\log_{{2}}\left({0}\right)",             lambda g, y, a: (g / (a * np.log(2)),)),
    # Excel has neither: near 0, where 1 + x and e^x - 1 lose digits, four terms of the series.
    "log1p": Op(np.log1p,
        "IF(ABS({0})<0.0001,{0:mul}*(1-{0:mul}*(1/2-{0:mul}*(1/3-{0:pow}/4))),LN(1+{0:mul}))",
        "Math.log1p({0})",
        r"\ln\left(1 + {0:term}\right)",            lambda g, y, a: (g / (1 + a),)),
    "expm1": Op(np.expm1,
        "IF(ABS({0})<0.0001,{0:mul}*(1+{0:mul}/2*(1+{0:mul}/3*(1+{0:pow}/4))),EXP({0})-1)",
        "Math.expm1({0})",
        r"add|e^{{{0}}} - 1",                      lambda g, y, a: (g * (y + 1),)),
    "rint": Op(np.rint,
        "IF(ABS({0:add}-INT({0}))=0.5,2*ROUND({0:mul}/2,0),ROUND({0},0))", "_rint({0})",
        r"\mathrm{{round}}\left({0}\right)",        None),
    "xlogy": Op(_xlogy,                "mul|{0:mul}*LN({1:add}+({0:number}=0))", "_xlogy({0},{1})",
        r"mul|{0:mul} \cdot \ln\left({1}\right)",  _xlogy_vjp),
    "sqrt": Op(np.sqrt,                "SQRT({0})",                   "Math.sqrt({0})",
        r"\sqrt{{{0}}}",                           lambda g, y, a: (g / (2 * y),)),
    "sin": Op(np.sin,                  "SIN({0})",                    "Math.sin({0})",
        r"\sin\left({0}\right)",                   lambda g, y, a: (g * np.cos(a),)),
    "cos": Op(np.cos,                  "COS({0})",                    "Math.cos({0})",
        r"\cos\left({0}\right)",                   lambda g, y, a: (-(g * np.sin(a)),)),
    "tan": Op(np.tan,                  "TAN({0})",                    "Math.tan({0})",
        r"\tan\left({0}\right)",                   lambda g, y, a: (g * (1 + y * y),)),
    "arcsin": Op(np.arcsin,            "ASIN({0})",                   "Math.asin({0})",
        r"\arcsin\left({0}\right)",                lambda g, y, a: (g / np.sqrt(1 - a * a),)),
    "arccos": Op(np.arccos,            "ACOS({0})",                   "Math.acos({0})",
        r"\arccos\left({0}\right)",                lambda g, y, a: (-(g / np.sqrt(1 - a * a)),)),
    "arctan": Op(np.arctan,            "ATAN({0})",                   "Math.atan({0})",
        r"\arctan\left({0}\right)",                lambda g, y, a: (g / (1 + a * a),)),
    # Excel takes x before y, and knows no angle of (0, 0).
    "arctan2": Op(np.arctan2,
        "IF(({0:number}=0)*({1:number}=0),0,ATAN2({1},{0}))", "Math.atan2({0},{1})",
        r"\mathrm{{atan2}}\left({0}, {1}\right)",    _angle_vjp),
    "sinh": Op(np.sinh,                "SINH({0})",                   "Math.sinh({0})",
        r"\sinh\left({0}\right)",                  lambda g, y, a: (g * np.cosh(a),)),
    "cosh": Op(np.cosh,                "COSH({0})",                   "Math.cosh({0})",
        r"\cosh\left({0}\right)",                  lambda g, y, a: (g * np.sinh(a),)),
    "arcsinh": Op(np.arcsinh,          "ASINH({0})",                  "Math.asinh({0})",
        r"\mathrm{{arsinh}}\left({0}\right)",      lambda g, y, a: (g / np.sqrt(a * a + 1),)),
    "arccosh": Op(np.arccosh,          "ACOSH({0})",                  "Math.acosh({0})",
        r"\mathrm{{arcosh}}\left({0}\right)",      lambda g, y, a: (g / np.sqrt(a * a - 1),)),
    "arctanh": Op(np.arctanh,          "ATANH({0})",                  "Math.atanh({0})",
        r"\mathrm{{artanh}}\left({0}\right)",      lambda g, y, a: (g / (1 - a * a),)),
    "tanh": Op(np.tanh,                "TANH({0})",                   "Math.tanh({0})",
        r"\tanh\left({0}\right)",                  lambda g, y, a: (g * (1 - y * y),)),
    "normal_quantile": Op(_normal_quantile, "NORMSINV({0})",               "_normal_quantile({0})",
        r"\Phi^{{-1}}\left({0}\right)",            _normal_quantile_vjp),
    "sigmoid": Op(_stable_sigmoid,     "mul|EXP(MIN(0,{0}))/(1+EXP(-ABS({0})))", "_sigmoid({0})",
        r"\sigma\left({0}\right)",                 lambda g, y, a: (g * y * (1 - y),)),
    "maximum": Op(np.maximum,          "MAX({0},{1})",                "Math.max({0},{1})",
        r"\max\left({0}, {1}\right)",              _larger(np.greater, np.greater_equal)),
    "minimum": Op(np.minimum,          "MIN({0},{1})",                "Math.min({0},{1})",
        r"\min\left({0}, {1}\right)",              _larger(np.less, np.less_equal)),
    "clip": Op(np.clip, "MIN(MAX({0},{1}),{2})", "Math.min(Math.max({0},{1}),{2})",
        r"\mathrm{{clip}}\left({0}, {1}, {2}\right)", _clip_vjp),
    "where": Op(np.where,              "IF({0:test},{1},{2})",        "({0:truth}?{1}:{2})",
        "", lambda g, y, c, a, b: (None, np.where(c, g, 0), np.where(c, 0, g))),
    "equal": Op(np.equal, "test|{0:number}={1:number}", "test|{0:number}==={1:number}",
        "test|{0:number} = {1:number}",            None),
    "not_equal": Op(np.not_equal, "test|{0:number}<>{1:number}", "test|{0:number}!=={1:number}",
        r"test|{0:number} \neq {1:number}",        None),
    "less": Op(np.less,                "test|{0:number}<{1:number}",  "test|{0:number}<{1:number}",
        "test|{0:number} < {1:number}",            None),
    "less_equal": Op(np.less_equal,    "test|{0:number}<={1:number}", "test|{0:number}<={1:number}",
        r"test|{0:number} \le {1:number}",         None),
    "greater": Op(np.greater,          "test|{0:number}>{1:number}",  "test|{0:number}>{1:number}",
        "test|{0:number} > {1:number}",            None),
    "greater_equal": Op(np.greater_equal,
        "test|{0:number}>={1:number}", "test|{0:number}>={1:number}",
        r"test|{0:number} \ge {1:number}",         None),
    "logical_and": Op(np.logical_and,
        "test|AND({0:test},{1:test})", "({0:truth}?({1:truth}?1:0):0)",
        r"test|{0:test} \text{{ and }} {1:test}",   None),
    "logical_or": Op(np.logical_or,
        "test|OR({0:test},{1:test})", "({0:truth}?1:({1:truth}?1:0))",
        r"test|{0:test} \text{{ or }} {1:test}",    None),
    "logical_not": Op(np.logical_not,
        "test|NOT({0:test})",          "({0:truth}?0:1)",
        r"test|\text{{not }} {0:test}",             None),
    "stop": Op(np.positive,            "{0}",                         "{0}",
        "{0}",                                     None),
}
# fmt: on
