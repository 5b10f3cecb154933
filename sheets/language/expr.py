"""The language: expressions over named blocks, written in numpy's own words.

Every value is a block of (rows, columns); a scalar is (1, 1). `Expr` answers numpy's protocols, so
`np.log(q)`, `x @ w` and `np.where(np.equal(y, 1), a, b)` build expressions, and the same lines run
on arrays.

Equality is a named function, `np.equal(y, 1)`: `==` stays Python's identity, because expressions
are keys of dictionaries. A `True` or `False` that slipped in from `y == 1` is refused by `lift`,
with that advice. The four orderings (`<`, `<=`, `>`, `>=`) cost no identity and are written as
operators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import signature
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ShapeError, SheetError, nearest
from .ops import OPS

Shape = tuple[int, int]


class Rows(int):
    """A number of data rows. The reader may change it, so no face may write it as a number."""

    def __add__(self, other):
        return lift(self) + other

    def __sub__(self, other):
        return lift(self) - other

    def __rsub__(self, other):
        return other - lift(self)

    def __mul__(self, other):
        return lift(self) * other

    def __truediv__(self, other):
        return lift(self) / other

    def __rtruediv__(self, other):
        return other / lift(self)

    def __neg__(self):
        return -lift(self)

    def __mod__(self, other):
        return lift(self) % other

    def __rmod__(self, other):
        return other % lift(self)

    def __pow__(self, other):  # type: ignore[override]
        return lift(self) ** other

    def __rpow__(self, other):  # type: ignore[override]
        return other ** lift(self)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):  # np.sqrt(x.shape[0])
        return lift(self).__array_ufunc__(ufunc, method, *inputs, **options)

    __radd__, __rmul__ = __add__, __mul__


# Nodes whose meaning needs shape or position: coded once per target. All else is a row of ops.OPS.
STRUCTURE = (
    "const",
    "ref",
    "transpose",
    "expand",
    "matmul",
    "take",
    "put",
    "stack",
    "cumsum",
    "match",
    "rank",
    "order",
    "take_along",
    "put_along",
    "slice",
    "window",
    "pad",
    "repeat",
    "join",
    "reshape",
    "row_index",
    "column_index",
)
SCANS = ("shift", "scan", "hole")  # a row that reads the row above: scans.py
REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin", "prod", "quantile")
SKIPPING = tuple(f"nan{kind}" for kind in REDUCTIONS)  # of blocks with empty cells: blanks.py
ALL_REDUCTIONS = (*REDUCTIONS, *SKIPPING)
COMPOSED = ("softmax", "log_softmax")


@dataclass(frozen=True, eq=False)  # eq=False: nodes hash by identity, so they can be dict keys
class Expr:
    """One node of a formula, of a known shape.

    `op` is a row of ops.OPS, or one of STRUCTURE, SCANS, ALL_REDUCTIONS, COMPOSED, or `known`;
    `arg` its static
    payload (const: the number; ref: the block's name; a reduction: its axis).
    """

    op: str
    args: tuple[Expr, ...]
    shape: Shape
    arg: Any = None

    def __add__(self, other):
        return elementwise("add", self, other)

    def __radd__(self, other):
        return elementwise("add", other, self)

    def __sub__(self, other):
        return elementwise("subtract", self, other)

    def __rsub__(self, other):
        return elementwise("subtract", other, self)

    def __mul__(self, other):
        return elementwise("multiply", self, other)

    def __rmul__(self, other):
        return elementwise("multiply", other, self)

    def __truediv__(self, other):
        return elementwise("divide", self, other)

    def __rtruediv__(self, other):
        return elementwise("divide", other, self)

    def __floordiv__(self, other):
        return elementwise("floor", elementwise("divide", self, other))

    def __rfloordiv__(self, other):
        return elementwise("floor", elementwise("divide", other, self))

    def __mod__(self, other):
        return elementwise("remainder", self, other)

    def __rmod__(self, other):
        return elementwise("remainder", other, self)

    def __pow__(self, other):
        return power(self, other)

    def __rpow__(self, other):
        return power(other, self)

    def __neg__(self):
        return elementwise("negative", self)

    def __abs__(self):
        return elementwise("absolute", self)

    def __matmul__(self, other):
        return matmul(self, other)

    def __rmatmul__(self, other):
        return matmul(other, self)

    def __lt__(self, other):
        return elementwise("less", self, other)

    def __le__(self, other):
        return elementwise("less_equal", self, other)

    def __gt__(self, other):
        return elementwise("greater", self, other)

    def __ge__(self, other):
        return elementwise("greater_equal", self, other)

    def __and__(self, other):
        return logical("&", "logical_and", self, other)

    def __or__(self, other):
        return logical("|", "logical_or", self, other)

    def __invert__(self):
        return logical("~", "logical_not", self)

    def __xor__(self, other):
        return logical("^", "not_equal", self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __pos__(self):
        return self

    def __divmod__(self, other):
        return self // other, self % other

    def __float__(self):
        raise SheetError(
            f"{self!r} is no number while the sheet is written; write np.exp(x), not math.exp(x)"
        )

    def __len__(self):
        if is_data(self.shape):
            rule = "its rows are data and may become more or fewer"
            raise SheetError(f"len({self!r}): {rule}; write {self!r}.shape[0]")
        return int(self.shape[0])

    def __bool__(self):
        raise SheetError(
            f"`if {self!r}` has no answer while the sheet is written; use np.where(condition, a, b)"
        )

    def __iter__(self):
        """Its rows, where they are no data."""
        if is_data(self.shape):
            rule = "its rows are data and may become more or fewer"
            raise SheetError(f"{self!r} cannot be looped over: {rule}; write one formula for all")
        return (self[k] for k in range(int(self.shape[0])))

    def __setitem__(self, index, value):
        advice = "write the block anew, np.where(condition, new, old)"
        raise SheetError(f"{self!r}[...] = ...: what a formula says does not change; {advice}")

    def __getitem__(self, index):
        """`X[t]`: rows looked up by a block of row numbers from 0, (rows of t, columns of X).

        Fixed numbers and slices choose rows and columns: `x[1:3, ::2]`, `x[-1]`, `x[:, 0]`.
        """
        return PARTS[0](self, index)

    ndim = 2

    @property
    def size(self) -> Any:
        """How many numbers it has."""
        return self.shape[0] * self.shape[1]

    @property
    def T(self) -> Expr:
        """(rows, columns) -> (columns, rows)"""
        return transpose(self)

    def sum(self, axis=None, keepdims=True) -> Expr:
        """axis 0: down each column -> (1, columns); 1: across -> (rows, 1); None: all -> (1, 1)."""
        return reduction("sum", self, axis, keepdims)

    def mean(self, axis=None, keepdims=True) -> Expr:
        """As `sum`."""
        return reduction("mean", self, axis, keepdims)

    def max(self, axis=None, keepdims=True) -> Expr:
        """As `sum`. Its gradient is shared evenly between equal largest elements."""
        return reduction("max", self, axis, keepdims)

    def min(self, axis=None, keepdims=True) -> Expr:
        """As `max`."""
        return reduction("min", self, axis, keepdims)

    def clip(self, low=None, high=None) -> Expr:
        return clip(self, low, high)

    def __round__(self, decimals: int = 0) -> Expr:
        return method_of(self, "round")(decimals)

    if not TYPE_CHECKING:  # to numpy's types it is no array

        def __getattr__(self, name):
            """numpy's other methods: `x.std(axis=0)` is `np.std(x, axis=0)`."""
            if name.startswith("_"):
                raise AttributeError(name)
            return method_of(self, name)

        def __array__(self, dtype=None, copy=None):
            advice = "np.vstack([a, b]) puts blocks below each other, a + b adds them"
            raise SheetError(f"numpy would need the numbers of {self!r}, not known yet; {advice}")

    def __repr__(self):
        return described(self)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        name = ufunc.__name__
        if (method, ufunc) in FOLDS:
            return called(f"{name}.{method}", FOLDS[method, ufunc])(*inputs, **options)
        if method != "__call__" or options:
            raise SheetError(
                f"np.{name} can only be called plainly here: no out=, where= or .{method}"
            )
        if name in ("matmul", "power", "square", "isnan"):
            special: dict[str, Any] = {
                "matmul": matmul,
                "power": power,
                "square": lambda x: power(x, 2),
                "isnan": lambda x: elementwise("logical_not", known(x)),
            }
            return special[name](*inputs)
        if name in UFUNCS:
            return UFUNCS[name](*inputs)
        if name not in OPS:
            raise SheetError(f"np.{name} is not in the language; {instead_of(name)}")
        return elementwise(name, *inputs)

    def __array_function__(self, function, types, args, options):
        if function not in FUNCTIONS:
            name = function.__name__
            raise SheetError(f"np.{name} is not in the language; {instead_of(name)}")
        return called(function.__name__, FUNCTIONS[function])(*args, **options)


def called(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which answers arguments that it does not know with its own name. Raises
    SheetError.
    """

    def answered(*args, **options):
        known = signature(function).parameters
        keywords = ", ".join(known)
        unknown = next((key for key in options if key not in known), "")
        if unknown:
            raise SheetError(f"np.{name}: {unknown}= is not in the language; it takes {keywords}")
        try:
            signature(function).bind(*args, **options)
        except TypeError as error:
            raise SheetError(f"np.{name}: {error}; it takes {keywords}") from None
        return function(*args, **options)

    return answered


def instead_of(name: str) -> str:
    """What to write for a word of numpy's that the language has not: told, or the nearest ones."""
    words = {f.__name__ for f in FUNCTIONS} | {*OPS, *UFUNCS}
    return INSTEAD.get(name) or nearest(name, sorted(words))


def method_of(x: Expr, name: str) -> Callable[..., Expr]:
    """numpy's function of that name with x as its first argument. Raises SheetError."""
    known: dict[str, Any] = {function.__name__: FUNCTIONS[function] for function in FUNCTIONS}
    known |= METHODS
    if name not in known:
        instead = INSTEAD.get(name) or nearest(name, sorted(known))
        raise SheetError(f"{x!r}.{name} is not in the language; {instead}")
    return partial(called(name, known[name]), x)


# What is 1 or 0, as numpy's bool arrays are true or false.
ORDERINGS = ("less", "less_equal", "greater", "greater_equal")
TESTS = ("equal", "not_equal", *ORDERINGS, "logical_and", "logical_or", "logical_not", "known")


def logical(sign: str, op: str, *operands: Any) -> Expr:
    """`a & b` of comparisons. Of numbers it would mean their bits."""
    if all(isinstance(x, Expr) and x.op in TESTS for x in operands):
        return elementwise(op, *operands)
    said = f"`a {sign} b`" if len(operands) > 1 else f"`{sign}a`"
    raise SheetError(f"{said} is for comparisons; of numbers write np.{op}")


# Filled by the modules whose words are made of this one's.
FUNCTIONS: dict[Callable, Callable[..., Any]] = {}  # numpy's, of blocks; most give one
UFUNCS: dict[str, Callable[..., Any]] = {}  # numpy's that are no row of the table: made of others
FOLDS: dict[tuple[str, np.ufunc], Callable[..., Any]] = {}  # np.add.reduce and the like
METHODS: dict[str, Callable[..., Any]] = {}  # of an array, which numpy has no function for
INSTEAD: dict[str, str] = {}  # what to write for words of numpy's that no workbook could hold
ARRAYS: list[Callable[[Any], Expr | None]] = []  # a formula for an array: arrays.py
PARTS: list[Callable[[Expr, Any], Expr]] = []  # what x[index] is: windows.py


def described(e: Expr) -> str:
    """The expression in the author's words, for messages: `log(clipped)`."""
    if e.op == "word":
        return repr(e.arg)
    if e.op == "const":
        return repr(e.arg) if hasattr(e.arg, "word") else f"{e.arg:g}"
    if e.op == "pointer":
        return f"pointer {e.arg}"
    if e.op == "ref":
        return e.arg
    return f"{e.op}({', '.join(described(a) for a in e.args)})"


def size(shape: Shape) -> str:
    return f"{int(shape[0])} x {int(shape[1])}"


def is_single(shape: Shape) -> bool:
    """Whether a block of this shape is one number. One row of data is not: it may become more."""
    return shape == (1, 1) and not any(isinstance(n, Rows) for n in shape)


def is_data(shape: Shape) -> bool:
    """Whether its rows are data, of which there may be more or fewer."""
    return isinstance(shape[0], Rows)


def const(x: float) -> Expr:
    return Expr(
        "const", (), (1, 1), x if isinstance(x, Rows) else float(x) + 0.0
    )  # -0.0 is 0: not every face knows it


COMPARES = "`==` and `!=` compare the expressions themselves"


def lift(x: Any) -> Expr:
    """A number becomes a constant, an expression stays itself, all else is refused with advice."""
    if isinstance(x, Expr):
        return x
    if isinstance(x, (bool, np.bool_)):
        instead = "write np.equal(a, b) or np.not_equal(a, b)"
        raise SheetError(f"a plain {x} in a formula: {COMPARES}; {instead}")
    if isinstance(x, Real):
        if not np.isfinite(float(x)):
            rule = "only a branch of np.where may be -np.inf, np.inf or np.nan"
            raise SheetError(f"{x} inside a formula is no number that a workbook knows; {rule}")
        return const(x if isinstance(x, Rows) else float(x))
    if isinstance(x, np.ndarray) and x.ndim == 0:
        raise SheetError(f"np.where was given no expression: {COMPARES}; write np.equal(a, b)")
    if isinstance(x, (np.ndarray, list, tuple)):
        array = ARRAYS[0](x)
        if array is not None:
            return array
        instead = "make it a block with sheet.input(name, values)"
        raise SheetError(f"an array inside a formula has no name to show: {instead}")
    raise SheetError(f"{x!r} is not a number or an expression")


# x+0, 0+x, x-0, x*1, 1*x, x/1, x^1 are x: with `negated` the only simplification, so that a
# gradient reads as a person writes.
UNIT = {
    ("add", 0): 0,
    ("add", 1): 0,
    ("subtract", 1): 0,
    ("multiply", 0): 1,
    ("multiply", 1): 1,
    ("divide", 1): 1,
    ("power", 1): 1,
}


def is_number(e: Expr, number: float) -> bool:
    return e.op == "const" and not isinstance(e.arg, Rows) and e.arg == number


def stretched(op: str, args: tuple[Expr, ...]) -> Shape:
    """The shape that all args stretch to: an axis of size 1 does, data rows fit data rows only."""
    shape = []
    for axis in (0, 1):
        lengths = [
            a.shape[axis] for a in args if a.shape[axis] != 1 or isinstance(a.shape[axis], Rows)
        ]
        if any(
            n != lengths[0] or isinstance(n, Rows) != isinstance(lengths[0], Rows) for n in lengths
        ):
            which = ", ".join(f"{a!r} is {size(a.shape)}" for a in args)
            why = (
                " (a number of data rows can change, a fixed number cannot)"
                if len(set(lengths)) == 1
                else ""
            )
            raise ShapeError(
                f"{op}: {which}; {'rows' if axis == 0 else 'columns'} must be equal or 1{why}"
            )
        shape.append(lengths[0] if lengths else 1)
    return shape[0], shape[1]


def elementwise(op: str, *operands: Any) -> Expr:
    """One op of the table on every element; shapes stretch as in numpy. A word is compared with
    cells that hold words: categories.py.
    """
    compares = op in ("equal", "not_equal")
    args = tuple(
        Expr("word", (), (1, 1), x) if compares and isinstance(x, str) else lift(x)
        for x in operands
    )
    shape = stretched(op, args)
    if op == "negative":
        return negated(args[0])
    if len(args) == 2:
        for side in (0, 1):
            if (
                (op, side) in UNIT
                and is_number(args[side], UNIT[op, side])
                and args[1 - side].shape == shape
            ):
                return args[1 - side]
    return Expr(op, args, shape)


def negated(x: Expr) -> Expr:
    """-x. Two signs cancel, also through a product or quotient: -((-a)/b) is a/b."""
    if x.op == "negative":
        return x.args[0]
    if x.op in ("multiply", "divide") and x.args[0].op == "negative":
        return elementwise(x.op, x.args[0].args[0], x.args[1])
    return Expr("negative", (x,), x.shape)


def power(base: Any, exponent: Any) -> Expr:
    """A constant exponent is `power`; any other is `general_power`, since Excel has no 0^0, and
    knows odd roots of negative numbers, which numpy does not.
    """
    exponent = lift(exponent)
    fixed = exponent.op == "const" and not is_number(exponent, 0) and not _is_odd_root(exponent)
    return elementwise("power" if fixed else "general_power", base, exponent)


def _is_odd_root(exponent: Expr) -> bool:
    """Whether a spreadsheet takes a number for 1/3, 1/5, ... or their negatives."""
    if isinstance(exponent.arg, Rows) or abs(exponent.arg) >= 1:
        return False
    root = 1 / exponent.arg
    return round(root) % 2 == 1 and abs(root - round(root)) < 1e-9 * abs(root)


def where(condition: Any, a: Any, b: Any) -> Expr:
    """As np.where. A branch may be -np.inf or np.inf, what a softmax or a max leaves out, or
    np.nan: an empty cell.
    """
    return elementwise("where", condition, _branch(a), _branch(b))


def _branch(x: Any) -> Any:
    return const(x) if isinstance(x, float) and not np.isfinite(x) else x


def known(x: Any) -> Expr:
    """1 where a cell has a number, 0 where it is empty."""
    x = lift(x)
    return Expr("known", (x,), x.shape)


def clip(x: Any, low: Any, high: Any) -> Expr:
    """As np.clip: None leaves a side open."""
    if low is None or high is None:
        bounded = x if low is None else elementwise("maximum", x, low)
        return bounded if high is None else elementwise("minimum", bounded, high)
    return elementwise("clip", x, low, high)


def expand(x: Expr, shape: Shape) -> Expr:
    """Stretch the size-1 axes of x to `shape`.

    One row of data is not one row: it must be stretched too.
    """
    same = x.shape == shape and all(
        isinstance(n, Rows) == isinstance(m, Rows) for n, m in zip(x.shape, shape, strict=True)
    )
    return x if same else Expr("expand", (x,), shape)


def transpose(x: Any) -> Expr:
    x = lift(x)
    return x.args[0] if x.op == "transpose" else Expr("transpose", (x,), (x.shape[1], x.shape[0]))


def matmul(a: Any, b: Any) -> Expr:
    """(n, k) @ (k, m) -> (n, m)"""
    a, b = lift(a), lift(b)
    columns, rows = a.shape[1], b.shape[0]
    if columns != rows or isinstance(columns, Rows) != isinstance(rows, Rows):
        why = (
            " (a number of data rows can change, a fixed number cannot)" if columns == rows else ""
        )
        if b.shape[0] == 1 and columns == b.shape[1]:
            why += f"; of a vector in one row, write {a!r} @ {b!r}.T"
        raise ShapeError(
            f"{a!r} @ {b!r}: {size(a.shape)} @ {size(b.shape)}; the columns of the first "
            f"({int(columns)}) must be as many as the rows of the second ({int(rows)}){why}"
        )
    return Expr("matmul", (a, b), (a.shape[0], b.shape[1]))


def from_start(axis: Any) -> Any:
    """An axis that is counted from the end, as numpy does: -1 is 1."""
    return {-1: 1, -2: 0, (0, 1): None, (1, 0): None}.get(axis, axis) if axis is not None else None


def reduction(kind: str, x: Any, axis: int | None = None, keepdims: bool = True) -> Expr:
    """kind: one of REDUCTIONS. Both axes always stay, as with keepdims=True."""
    x = lift(x)
    rows, columns = x.shape
    if not keepdims:
        raise ShapeError(
            f"{kind} of {x!r}: keepdims=False would drop an axis, and a block always has both"
        )
    axis = from_start(axis)
    if axis not in (0, 1, None):
        raise ShapeError(
            f"{kind} of {x!r}: axis {axis} does not exist; it is 0 (down), 1 (across) or None (all)"
        )
    shape = {0: (1, columns), 1: (rows, 1), None: (1, 1)}[axis]
    return Expr(kind, (x,), shape, axis)


def take(x: Any, index: Any, axis: int = 0) -> Expr:
    """Rows of x by number, counted from 0. index is (n, 1) or a whole number -> (n, columns of x).

    Row numbers outside x give no number (nan, #REF! or #VALUE! in a workbook): write `t % len` to
    stay inside. A fraction counts as the row before it, but takes no gradient there.
    """
    if not isinstance(index, (Expr, int, np.integer)) or isinstance(index, bool):
        rule = "a row is looked up by a block or a whole number"
        raise SheetError(f"{x!r}[{index!r}]: {rule}")
    x, index = lift(x), lift(index)
    if axis != 0 or index.shape[1] != 1:
        rule = f"row numbers stand in one column, but {index!r} is {size(index.shape)}"
        raise ShapeError(f"{x!r}[{index!r}]: {rule}")
    if index.op == "const" and not 0 <= index.arg < x.shape[0]:
        raise ShapeError(
            f"{x!r}[{index!r}]: {x!r} is {size(x.shape)}, and its rows are counted from 0"
        )
    return Expr("take", (x, index), (index.shape[0], x.shape[1]))


def put(g: Expr, index: Expr, shape: Shape) -> Expr:
    """The transpose of `take`: row r of the result is the sum of the rows of g whose index is r."""
    return Expr("put", (g, index), shape)


def stack(rows: Sequence[Any]) -> Expr:
    """Blocks of one row below each other, as np.vstack: n blocks of (1, columns) -> (n, columns).

    A number stretches to the others.
    """
    if isinstance(rows, Expr) or not rows:
        raise ShapeError("np.vstack: a list of blocks of one row, at least one")
    parts = [lift(x) for x in rows]
    columns = stretched("np.vstack", tuple(parts))[1]
    tall = next((x for x in parts if x.shape[0] != 1 or isinstance(x.shape[0], Rows)), None)
    if tall is not None:
        raise ShapeError(
            f"np.vstack: {tall!r} is {size(tall.shape)}; blocks of one row are stacked"
        )
    return Expr("stack", tuple(expand(x, (1, columns)) for x in parts), (len(parts), columns))
