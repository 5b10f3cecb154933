"""Sheets: named blocks written once in numpy's words.

`import sheets` loads numpy and nothing heavier.
"""

from .language import arrays, einsum, shapes, sorting  # noqa: F401  they add numpy's words
from .language.charts import POINTER_X, POINTER_Y, Axis, Contour, Series
from .language.compositions import eye
from .language.errors import InputError, NeedsBlock, ShapeError, SheetError
from .language.expr import Expr, Rows, known
from .language.functions import (
    column_index,
    log_softmax,
    match,
    normal_quantile,
    row_index,
    sigmoid,
    softmax,
    stop,
    xlogy,
)
from .language.grad import backprop
from .language.noise import normal, permutation, uniform
from .language.sheet import Sheet
from .language.windows import correlate, pooled
from .targets.numpy import sentences, values

__all__ = [
    "POINTER_X",
    "POINTER_Y",
    "Axis",
    "Contour",
    "Expr",
    "InputError",
    "NeedsBlock",
    "Rows",
    "Series",
    "ShapeError",
    "Sheet",
    "SheetError",
    "backprop",
    "column_index",
    "correlate",
    "eye",
    "known",
    "log_softmax",
    "match",
    "normal",
    "normal_quantile",
    "permutation",
    "pooled",
    "row_index",
    "sentences",
    "sigmoid",
    "softmax",
    "stop",
    "uniform",
    "values",
    "xlogy",
]
