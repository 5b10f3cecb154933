"""Formulas and sheets that several tests share.

A formula is a text in numpy's words. Read with the names of blocks it builds an expression; read
with plain arrays it is the reference, in which numpy and scipy do the work and nothing of ours
does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import engines
import every_op
import numpy as np
import scipy.signal
import scipy.special
from hypothesis import HealthCheck, settings

import sheets
from sheets import Sheet
from sheets.language.blocks import part_of

Arrays = dict[str, np.ndarray]


def bounded(most: int) -> settings:
    """Of hypothesis: at most so many examples, a sixth of them in a quick run; always the same ones
    where the environment says CI, new ones at home; never judged by the clock.
    """
    return settings(
        max_examples=max(5, most // 6) if engines.quick else most,
        derandomize=bool(os.environ.get("CI")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


BOUNDED = bounded(60)

# Binary fractions, so that a comparison, a floor or a remainder is as exact in Excel's fifteen
# digits as in doubles.
INPUTS: Arrays = {
    name: np.atleast_2d(np.array(value, dtype=float))
    for name, value in {
        "A": [[-2.5, -1.0, 0.125, 0.375], [1.0, 2.0, 2.5, 7.0], [0.5, -0.5, 3.0, -7.25]],
        "B": [[1.5, -1.0, 2.0, -0.75], [3.0, 0.25, 2.5, -2.0], [-4.0, 1.0, 0.5, 2.0]],
        "V": [[2.0, -1.0, 0.5, 3.0]],
        "U": [[1.5], [-2.0], [0.25]],
        "S": [[-1.5]],
        "W": [[0.5, -1.0], [2.0, 1.25], [-0.75, 3.0], [1.0, 0.125]],
        "Z": [[-1.0, 0.0, 1.0], [0.0, 2.0, 2.0]],  # kinks and ties
        "Y": [[0.0, 0.0, 1.0], [-1.0, 2.0, 0.0]],
        "T": [[2.0], [0.0], [2.0], [1.0]],  # row numbers
        "K": [[1.0]],
        "big": [[1000.0, 1001.0, 999.0], [-1000.0, -1001.0, -5000.0], [0.0, 710.0, -745.0]],
        "edge": [[-800.0, -30.0, 0.0, 30.0, 800.0]],
    }.items()
} | every_op.NUMBERS


def _reduced(kind: str):
    return lambda x, axis=None: getattr(x, kind)(axis=axis, keepdims=True)


def correlated(x, f, padding="valid", stride=1):
    """By scipy, and cut to the stride."""
    around = 0 if padding == "valid" else padding
    if padding == "same":
        around = [((n - 1) // 2, n // 2) for n in f.shape]
    sums = scipy.signal.correlate2d(np.pad(np.asarray(x), around), np.asarray(f), "valid")
    down, across = (stride, stride) if isinstance(stride, int) else stride
    return np.array(sums[::down, ::across]).view(type(x))


def by_windows(x, window, function):
    rows, columns = (window, window) if isinstance(window, int) else window
    kind, x = type(x), np.asarray(x)[: len(x) // rows * rows, : x.shape[1] // columns * columns]
    blocks = x.reshape(len(x) // rows, rows, -1, columns)
    return np.array(function(function(blocks, 3), 1)).view(kind)


def matched(ids, who):
    """Where each of `who` stands in `ids` first."""
    known = np.asarray(ids).ravel().tolist()
    return np.array([[float(known.index(x))] for x in np.asarray(who).ravel()]).view(type(ids))


KINDS = ("sum", "mean", "max", "min", "argmax", "argmin", "prod")
REDUCTIONS = {kind: _reduced(kind) for kind in KINDS}
WORDS: dict[str, Any] = {
    **every_op.WORDS,
    **REDUCTIONS,
    "np": np,
    **{
        name: getattr(sheets, name)
        for name in (
            "normal_quantile",
            "sigmoid",
            "softmax",
            "log_softmax",
            "xlogy",
            "stop",
            "row_index",
            "column_index",
            "eye",
            "match",
            "correlate",
            "pooled",
        )
    },
    "rows_of": lambda x, index: x[index],
}
REFERENCE: dict[str, Any] = {
    **every_op.REFERENCE,
    **REDUCTIONS,
    "np": np,
    "normal_quantile": scipy.special.ndtri,
    "sigmoid": scipy.special.expit,
    "softmax": lambda x, axis=1: scipy.special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis=1: scipy.special.log_softmax(x, axis=axis),
    "eye": lambda rows, columns=None: np.eye(rows, columns),
    "correlate": correlated,
    "match": matched,
    "pooled": by_windows,
    "xlogy": scipy.special.xlogy,
    "stop": lambda x: x,
    "row_index": lambda rows: np.arange(float(rows)).reshape(-1, 1),
    "column_index": lambda columns: np.arange(float(columns)).reshape(1, -1),
    "rows_of": lambda x, index: x[np.ravel(index).astype(int)],
}


def expression(text: str, blocks: Mapping[str, Any]) -> Any:
    """The formula on blocks."""
    return eval(text, WORDS | dict(blocks))


def reference(text: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The formula on plain arrays, `count` among them where the formula uses it."""
    counted = {name: array.view(every_op.Counted) for name, array in arrays.items()}
    with np.errstate(all="ignore"):
        return np.atleast_2d(np.asarray(eval(text, REFERENCE | counted), dtype=float))


# --- the formulas

PAIRS = [
    "A B",
    "A V",
    "V A",
    "A U",
    "U A",
    "U V",
    "V U",
    "A S",
    "S A",
    "A 0.5",
    "-3 A",
    "S 2",
    "4 S",
    "S K",
]  # stretched each way
BINARY = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "np.abs({0}) ** {1}",
    "remainder": "{0} % {1}",
    "xlogy": "xlogy({0}, np.abs({1}))",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
    "equal": "np.equal({0}, {1})",
    "not_equal": "np.not_equal({0}, {1})",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
}
UNARY = [
    "np.negative",
    "np.floor",
    "np.abs",
    "np.sign",
    "np.exp",
    "np.sin",
    "np.cos",
    "np.tanh",
    "sigmoid",
    "stop",
    "np.square",
]
POSITIVE = ["np.log", "np.log10", "np.sqrt"]
STRETCHED = [form.format(*pair.split()) for form in BINARY.values() for pair in PAIRS]
ELEMENTWISE = [
    *(f"{f}({x})" for f in UNARY for x in ("A", "V", "U", "S", "Z")),
    *(f"{f}(np.abs({x}))" for f in POSITIVE for x in ("A", "V", "U", "S")),
    *(
        f"normal_quantile({x})"
        for x in ("(1 + np.tanh(A))/2", "(2 - S)/4", "np.exp(-np.abs(edge))", "Z")
    ),
    *(f"np.clip({x})" for x in ("A, -1, 2", "A, V - 2, V", "A, S - 3, U + 3", "S, U, U + V + 2")),
    *(f"np.where({x})" for x in ("A > 0, B, V", "V > U, A, S", "S < 0, A, B", "Z, Y, 7")),
]
POWERS = [
    "A**2",
    "A**3",
    "A**-1",
    "A**-2",
    "np.abs(A)**0.5",
    "A**1",
    "A**0",
    "Z**0",
    "Z**2",
    "Z**3",
    "2**A",
    "0.5**A",
    "A**np.floor(B)",
    "(2*np.abs(A))**B",
    "np.abs(A)**(B+1)",
]
ZERO_POWERS = ["Z**np.abs(Y)", "np.abs(Z)**(Y*Y)", "(Z*0)**(Z*0)", "0**(Z*Z)"]
KINKS = [
    "np.maximum(0, Z)",
    "np.maximum(Z, Y)",
    "np.minimum(Z, Y)",
    "np.minimum(Z, 0)",
    "np.clip(Z, 0, 2)",
    "np.abs(Z)",
    "np.sign(Z)",
    "Z % 2",
    "Z % -2",
    "np.floor(Z)",
    "np.floor(A)",
    "xlogy(Z*Z, Y*Y + Z*Z)",
    "xlogy(0, Y*Y)",
    "Z > 0",
    "Z >= 0",
    "Z < Y",
    "Z <= Y",
    "np.equal(Z, Y)",
    "np.not_equal(Z, Y)",
    "A % B",
    "-A % B",
    "A % -B",
    "A % 1",
]
LARGE = [
    "sigmoid(edge)",
    "np.tanh(edge)",
    "np.exp(-np.abs(edge))",
    "softmax(big)",
    "log_softmax(big)",
    "softmax(edge)",
    "log_softmax(edge)",
]
PRECEDENCE = [
    "A-(B-V)",
    "A-(B+V)",
    "A+(B-V)",
    "A-B-V",
    "A/(B/V)",
    "A/(B*V)",
    "A*(B/V)",
    "A/B*V",
    "A/B/V",
    "(A-B)*V",
    "A*(B-V)",
    "(A+B)/(B-V*3)",
    "-A**2",
    "(-A)**2",
    "-(A**2)",
    "-A**3",
    "(-A)**3",
    "2**-A",
    "2**-(A*B)",
    "np.abs(A)**(np.abs(B)**V)",
    "(np.abs(A)**B)**V",
    "(A**2)**3",
    "A**2*B",
    "(A*B)**2",
    "(A/B)**2",
    "A/B**2",
    "(A+B)**2",
    "(2*A)**2",
    "(-2)**(Z*Z)",
    "-2**(Z*Z)",
    "A--B",
    "A+-B",
    "A*-B",
    "A/-B",
    "-A*B",
    "-A/B",
    "-(A*B)",
    "-(A+B)",
    "-(A-B)",
    "-(-A)",
    "-(-A*B)",
    "A--2",
    "A-(-2)",
    "A+-2",
    "A*-2",
    "-2*A",
    "A/-2",
    "-2/A",
    "--A",
    "A- -(-B)",
    "(A%B)%V",
    "A%(B%(V*0.75))",
    "-(A%B)",
    "(-A)%B",
    "A%-V",
    "A%B*V",
    "A*(B%V)",
    "A*B%V",
    "2**(A%B)",
    "1-xlogy(A,np.abs(B))",
    "2*xlogy(A-1,np.abs(B-A)+1)",
    "1/xlogy(A,np.abs(V)+2)",
    "-xlogy(A,np.abs(B))",
    "xlogy(A,np.abs(B))**2",
    "xlogy(A+B,np.abs(B)+1)/2",
    "xlogy(A>0,np.abs(B))",
    "sigmoid(A)*sigmoid(B)",
    "1/sigmoid(A)",
    "2**sigmoid(A)",
    "sigmoid(A)**2",
    "sigmoid(A)/sigmoid(B)",
    "1-sigmoid(A)",
    "-sigmoid(A)",
    "sigmoid(-A)",
    "sigmoid(A-B)",
    "stop(A-B)*V",
    "A-stop(B-V)",
    "stop(A)**2",
    "-stop(-A)",
    "np.exp(-A**2)",
    "np.exp(A)**2",
    "np.abs(A-B)",
    "np.abs(-A)**0.5",
    "np.log(A**2)",
    "np.log(np.abs(A)/2)/2",
    "np.maximum(A-B,-V)*2",
    "-np.maximum(-A,-B)",
    "np.where(A-B,A,B)*2",
    "-np.where(A>B,-A,-B)",
    "np.where(A>B,A,B)-np.where(A>B,B,A)",
    "np.sqrt(np.abs(A))**-1",
    "A*1e-7",
    "A+1e20",
    "A*123456789.125",
    "A-67108859",
    "A/3e-300",
    "0.1+A",
]
COMPARISONS = [
    "A > B",
    "V < U",
    "(A<B)+1",
    "1-(A<B)",
    "(A<B)*B",
    "(A<B)/2",
    "2**(A<B)",
    "(A<B)**2",
    "-(A<B)",
    "(A<B)+(B<V)",
    "(A<B)-(B<V)",
    "(A<B)*(B<V)",
    "(A<B)<V",
    "(A<B)<(B<V)",
    "np.equal(A<B,B<V)",
    "np.equal(A<B,1)",
    "np.not_equal(0,A<B)",
    "np.equal(np.equal(Z,Y),np.equal(Y,1))",
    "(A+B)<(B-V)",
    "(A<B)%2",
    "2-(A>B)-(A<B)",
    "np.abs(A<B)",
    "np.exp(A<B)",
    "np.floor(A<B)",
    "sigmoid(A<B)",
    "np.maximum(A<B,0.5)",
    "np.clip(A<B,0.25,0.75)",
    "np.where(A<B,B<V,V)",
    "np.where((A<B)+(B<V),A,B)",
    "np.where((A<B)*(B<V),A<V,2)",
    "np.where(A<B,1,0)<V",
    "np.where(np.equal(A<B,0),1,2)",
    "stop(A<B)",
    "stop(A<B)+1",
    "np.equal(stop(A<B),1)",
    "np.where(stop(A<B),1,2)",
    "(A<B)*0.5",
    "sum(A<B)",
    "mean(A<B)",
    "sum(A<B,1)",
    "mean(A<B,0)",
    "sum((A<B)*B)",
    "sum((A<B)*(B<V),1)",
    "sum(-(A<B))",
    "sum(1-(A<B))",
    "sum(np.equal(A<B,B>0))",
    "sum(stop(A<B))",
    "mean(np.equal(A>0,B>0),1)",
    "sum(A*(A>0),0)/sum(A>0,0)",
]
STRUCTURE = [
    "A.T",
    "(A+B).T",
    "A.T.T",
    "V.T",
    "U.T",
    "S.T",
    "A @ W",
    "V @ W",
    "A @ V.T",
    "U.T @ A",
    "V.T @ U.T",
    "U @ V",
    "U @ S",
    "S @ V",
    "A.T @ B",
    "A @ B.T",
    "A @ W + V @ W",
    "(A @ W) * (B @ W)",
    "2 - A @ W",
    "-(A @ W)",
    "(A @ W)**2",
    "A.T * B.T",
    "A.T + V.T",
    "np.maximum(A.T, B.T)",
    "np.median(A, axis=0, keepdims=True)",
    "np.quantile(A, 0.3, keepdims=True)",
    "np.sort(A, axis=1)",
    "np.take_along_axis(A, np.argsort(B, axis=0), 0)",
    *(
        f"{kind}({x}, {axis})"
        for kind in REDUCTIONS
        for x in ("A", "V", "U", "S")
        for axis in (0, 1, None)
    ),
    *(
        f"{kind}({x})"
        for kind in ("sum", "mean")
        for x in ("A*B", "A-B", "np.exp(A)", "A**2", "3*A", "A.T")
    ),
    *(
        f"{kind}({x}, {axis})"
        for kind in ("sum", "mean")
        for x in ("A*B", "np.abs(A)", "A*A-B", "A.T")
        for axis in (0, 1)
    ),
    *(f"{kind}(A.T, {axis})" for kind in ("max", "min") for axis in (0, 1, None)),
    "sum(A)*B",
    "B/mean(A)",
    "A-mean(A,0)",
    "A/sum(A,1)",
    "mean(A*B,1)**2",
    "2/mean(A*B)",
    "2/sum(A*B)",
    "-mean(A*B)",
    "2-mean(A*B,0)",
    "2*mean(A*B,0)",
    "A-max(A,1)",
    "-max(A)",
    "max(A,0)**2",
    "sum(2+S*0)",
    "sum(S*A)",
    "mean(S*A,0)",
    "sum(A*V,1)",
    "sum(V*A,1)",
    "sum(sum(A,1),0)",
    "max(max(A,0),1)",
    "rows_of(W, T)",
    "rows_of(W, K)",
    "rows_of(W, 2)",
    "rows_of(W, 0)",
    "rows_of(U, T)",
    "rows_of(U, 1)",
    "rows_of(A, K+1)",
    "rows_of(A, (K*7)%3)",
    "rows_of(A, T%3)",
    "rows_of(A*2, K)",
    "rows_of(A+B, K)*2",
    "rows_of(A, K)-rows_of(A, 0)",
    "rows_of(W, T)*T",
    "np.vstack([V, V*2, -V])",
    "np.vstack([K, S, 3, S*K])",
    "np.vstack([sum(A), mean(A), max(A)])",
    "np.vstack([V, S+0*V])*K",
    "rows_of(np.vstack([V, V+1, V*V]), T)",
    "np.vstack([S, K, S*S])*2-K",
    "rows_of(W, T)@W.T",
    "-rows_of(W, T)**2",
    "softmax(A)",
    "log_softmax(A)",
    "softmax(V)",
    "softmax(U)",
    "-log_softmax(A)*B",
    "1-softmax(A)",
    "row_index(3)",
    "column_index(4)",
    "row_index(3)*4+column_index(4)",
    "A*column_index(4)",
    "A*(row_index(3)+1)",
    "row_index(3)**2",
    "np.equal(row_index(3),K)",
    "2-row_index(3)",
    "2*row_index(3)",
    "column_index(4)/(row_index(1)+2)",
    "2*match(W[:, 1:], W[:, 1:])",
    "A[1:, ::2]*2",
    "-A[::-1, 1:2]",
    "A[-1]-A[0]",
    "correlate(A, W[:2, :1])*2",
    "2-correlate(A, W[:2], stride=(1, 2))",
    "-pooled(A, (3, 2), np.max)",
    "pooled(A, 2, np.mean)**2",
    "np.pad(A, 1)*2",
    "-np.repeat(W, 2, axis=1)",
    "np.vstack([A, B])*V",
    "np.hstack([A, U])/U",
    "A.reshape(2, 6)*2",
    "np.cumsum(A, axis=0)*2",
    "-np.cumsum(A*B, axis=1)",
    "2**argmax(A, 1)",
    "-argmin(A, 0)*2",
]
FAMILIES = {
    "stretched": STRETCHED,
    "elementwise": ELEMENTWISE,
    "powers": POWERS + ZERO_POWERS,
    "kinks": KINKS,
    "large": LARGE,
    "precedence": PRECEDENCE,
    "comparisons": COMPARISONS,
    "structure": STRUCTURE,
    "every op": [formula for formulas in every_op.FORMULAS.values() for formula in formulas],
}
FORMULAS = [formula for family in FAMILIES.values() for formula in family]
# What Excel has no formula for in one cell: these get blocks for their parts.
NEED_BLOCKS = [
    "A @ W @ W.T",
    "A @ (W @ W.T)",
    "(A * B) @ W",
    "sum(A @ W)",
    "sum(A + V)",
    "mean(A * U)",
    "sum(max(A, 0))",
    "max(sum(A, 0))",
    "mean(sum(A, 1))",
    "max(A * B)",
    "sum(np.maximum(A, B))",
    "sum(np.minimum(A, B))",
    "sum(np.clip(A, 0, 1))",
    "sum(np.abs(A)**B)",
    "sum(np.where(A > B, A, B))",
    "sum(sigmoid(A))",
    "softmax(A * 2)",
    "log_softmax(A + B)",
    "sum(rows_of(W, T))",
    "sum(row_index(3))",
]
# Where no number comes out, a workbook shows an error.
WITHOUT_NUMBER = [
    "np.log(Z)",
    "np.log10(Z)",
    "1/Z",
    "Z/Z",
    "1/Z-1/Z",
    "np.sqrt(Z)",
    "np.sqrt(Z)*0",
    "np.exp(A*1000)",
    "A*1e308*10",
    "Z**-1",
    "Z**-2*0",
    "(Z-9)**0.5",
    "(Z-2)**(Y-0.5)",
    "0**(Z-3)",
    "xlogy(1,Z)",
    "Z%0",
    "Z%Y",
    "sum(1/Z)",
    "mean(1/Z,1)",
    "np.where(Z>0,np.log(Z),0)",
    "np.where(np.equal(Z,0),1,1/Z)",
]
# Functions of a range in a sum, which IronCalc lacks: see engines.IRONCALC_GAP.
NOT_IN_IRONCALC = {
    f"{kind}({x})"
    for kind in ("sum", "mean")
    for x in ("np.exp(A)", "np.abs(A), 0", "np.abs(A), 1")
} | {formula for formula in FAMILIES["every op"] if formula.startswith("sum(")}
# Row numbers outside the block, negative ones among them: INDEX(x,0) would be all of x.
OUTSIDE = [
    "rows_of(W,T-1)",
    "rows_of(W,T+2)",
    "rows_of(U,T-2)",
    "rows_of(W,K-2)",
    "rows_of(U,K*7)",
    "rows_of(U,K-2)*0",
    "rows_of(W,-T/4)",
]


def sheet_of(
    formulas: list[str], inputs: Mapping[str, np.ndarray] = INPUTS, rows: str = ""
) -> Sheet:
    """Every formula as a block of its own, called `formula_0`, `formula_1`, ..., and noted in it.

    rows: which inputs hold data rows; `count` in a formula is their number.
    """
    s = Sheet("formulas", title="= every op")
    blocks = {name: s.input(name, value, rows=name in rows) for name, value in inputs.items()}
    for k, formula in enumerate(dict.fromkeys(formulas)):
        s.group(formula)
        s.let(f"formula_{k}", expression(formula, blocks | {"count": s.rows}), note=formula)
    return s


def formulas_of(sheet: Sheet) -> dict[str, str]:
    """Formula -> name of its block."""
    return {
        block.note: name
        for name, block in sheet.blocks.items()
        if name.startswith("formula_") and not part_of(block)
    }


def differences(
    computed: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]
) -> list[str]:
    """What was expected and is not there, to 1e-9 relative (absolute below 1e-3), nan equal to nan;
    a line each.
    """
    lines = []
    for name, there in expected.items():
        here = computed[name]
        if here.shape != there.shape:
            lines.append(f"{name}: shape {here.shape}, expected {there.shape}")
        elif not np.allclose(here, there, rtol=1e-9, atol=1e-12, equal_nan=True):
            lines.append(f"{name}: {here.tolist()}, expected {there.tolist()}")
    return lines


# --- numpy's meaning of a block's formula


def _kept(index: Any) -> Any:
    """A row or column number that keeps its axis."""
    if isinstance(index, int):
        return slice(index, index + 1 or None)
    return index if isinstance(index, slice) else np.ravel(index).astype(int)


KEEPING = (
    np.var,
    np.std,
    np.average,
    np.ptp,
    np.argmax,
    np.argmin,
    np.any,
    np.all,
    np.count_nonzero,
    np.linalg.norm,
)


def _plain(x: Any) -> Any:
    """Plain arrays in the place of blocks, also inside a list of them."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(_plain, x))
    return np.asarray(x) if isinstance(x, np.ndarray) else x


class Kept(every_op.Counted):
    """An array that keeps both its axes, as a block does: what `x.sum(axis=1)` and `x[0]` mean in a
    sheet, by numpy.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        result = super().__array_ufunc__(ufunc, method, *inputs, **options)
        return np.atleast_2d(result).view(Kept)

    def __array_function__(self, function, types, args, options):
        if function is np.histogram:
            pair = function(*_plain(args), **options)
            return tuple(np.atleast_2d(each).view(Kept) for each in pair)
        if function in KEEPING:
            options = {"keepdims": True, **options}
        result = np.asarray(function(*_plain(args), **{k: _plain(x) for k, x in options.items()}))
        result = result[:, np.newaxis] if function is np.diagonal else result
        return (result * 1.0 if result.dtype == bool else result).view(Kept)

    def __and__(self, other):
        return np.logical_and(self, other)

    def __or__(self, other):
        return np.logical_or(self, other)

    def __invert__(self):
        return np.logical_not(self)

    def sum(self, axis=None):
        return np.asarray(self).sum(axis=axis, keepdims=True).view(Kept)

    def mean(self, axis=None):
        return np.asarray(self).mean(axis=axis, keepdims=True).view(Kept)

    def max(self, axis=None):
        return np.asarray(self).max(axis=axis, keepdims=True).view(Kept)

    def min(self, axis=None):
        return np.asarray(self).min(axis=axis, keepdims=True).view(Kept)

    def __getitem__(self, index):
        rows, columns = index if isinstance(index, tuple) else (index, slice(None))
        return np.asarray(self)[_kept(rows)][:, _kept(columns)].view(Kept)

    def reshape(self, *shape):
        return np.asarray(self).reshape(*shape).view(Kept)
