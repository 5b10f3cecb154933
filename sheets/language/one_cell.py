"""What one cell of a spreadsheet can say: a formula over cells, and sums over ranges that line up.

A range of cells goes into SUM, AVERAGE, MAX and MIN as it is, into SUMPRODUCT where all ranges have
the same rows and columns, and into MMULT where it is a matrix product. Nothing else sums. What does
not fit gets blocks of its own (`inner_blocks.py`), so that no author has to think of it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from .cells import Index, Running, Shifted, reads, symbols
from .dependencies import walk
from .expr import ORDERINGS, Expr
from .ops import OPS

# What works element by element inside of SUMPRODUCT in every program. Functions do not:
# MAX(0,A1:A3) is one number in all of them, and EXP(A1:A3) in some.
ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "negative", "stop")
OPERATORS = (*ARITHMETIC, "equal", "not_equal", *ORDERINGS)
FUNCTION = re.compile(r"[A-Z][A-Z0-9.]*\(|\(|\)")
Spans = dict[str, Any]  # of each symbol that runs in a sum, how far


def fits(e: Expr, spans: Spans | None = None) -> bool:
    """Whether one cell can hold e, a cell's expression (from `at`), inside sums over `spans`."""
    spans = spans or {}
    match e.op:
        case "const" | "pointer" | "hole":
            return True
        case "index":
            return symbols(e.arg) in (("i",), ("j",))
        case "cell":
            return _looks_up(e, spans)
        case "over":
            return _sums(e, spans)
        case "choose":
            return not _reads_any(e, spans) and _all_fit(e, spans)
        case op:
            return (op in OPERATORS or not _reads_any(e, spans)) and _all_fit(e, spans)


def _all_fit(e: Expr, spans: Spans) -> bool:
    return all(fits(a, spans) for a in e.args)


def _reads_any(e: Expr, spans: Spans) -> bool:
    return any(reads(e, k) for k in spans)


def _looks_up(e: Expr, spans: Spans) -> bool:
    """A cell at a fixed place, or one that is looked up and that no sum runs over."""
    if any(not _is_range(place, spans) for place in e.arg[1:]):
        return False
    return not (e.args and _reads_any(e, spans)) and _all_fit(e, spans)


def _is_range(place: Index, spans: Spans) -> bool:
    """Whether a place runs over cells side by side in a sum, and moves with one symbol besides."""
    terms = place.terms if isinstance(place, Shifted) else ()
    inside = [factor for symbol, factor in terms if symbol in spans]
    return inside in ([], [1]) and len(terms) - len(inside) <= 1


def _whole(cell: Expr, spans: Spans) -> bool:
    """Whether a sum of cells alone can be: of a range, or of a row that is looked up."""
    if any(not _is_range(place, spans) for place in cell.arg[1:]) or isinstance(cell.arg[2], Expr):
        return False
    if any(row.op == "index" for row in cell.args):
        return False  # Gnumeric finds no INDEX(x,ROWS(A$1:A1),0)
    return not any(_reads_any(row, spans) for row in cell.args) and _all_fit(cell, {})


def _sums(e: Expr, spans: Spans) -> bool:
    """Whether a sum, mean, max or min is one function of ranges."""
    kind, k, length = e.arg
    x, inner = e.args[0], {**spans, k: length}
    if _reads_any(e, spans):
        return False
    if not all(map(fits, e.args[1:])):
        return False
    if kind == "match":
        return x.op == "cell" and not x.args
    if x.op == "over" and x.arg[0] == kind:  # over both axes: one rectangle
        inner[x.arg[1]] = x.arg[2]
        x = x.args[0]
    if any(isinstance(length, Running) for length in inner.values()):
        return _grows(x, inner)
    if x.op == "known" and kind == "sum":
        (x,) = x.args  # it counts numbers, which one function does
    if x.op == "cell":
        return _whole(x, inner)
    if kind in ("sum", "mean") and _lined_up(x, inner):
        return fits(x, inner)
    return kind == "sum" and len(inner) == len(spans) + 1 and _is_product(e, spans, "", "")


def _grows(x: Expr, spans: Spans) -> bool:
    """Whether a sum that grows with its cell can be: SUM(A$1:A1), or of what SUMPRODUCT takes."""
    if any(isinstance(n, Running) and not isinstance(n.place, (str, int)) for n in spans.values()):
        return False
    cells = x.op == "cell" and not x.args
    return cells or (len(spans) == 1 and _lined_up(x, spans) and fits(x, spans))


def _shape(cell: Expr, spans: Spans) -> tuple[str, str]:
    """Which symbols run down and across the range of a cell."""
    running = ([s for s in symbols(place) if s in spans] for place in cell.arg[1:])
    down, across = (names[0] if names else "" for names in running)
    return down, across


def _lined_up(x: Expr, spans: Spans) -> bool:
    """Whether all ranges in x have the same rows and columns."""
    shapes = {_shape(node, spans) for node in walk(x) if node.op == "cell"}
    return len(shapes - {("", "")}) == 1


def _is_product(e: Expr, spans: Spans, down: str, across: str) -> bool:
    """Whether e is a matrix whose rows run with `down` and columns with `across`: a range, or the
    product of two.
    """
    if e.op == "cell":
        return not e.args and _shape(e, spans) == (down, across)
    if e.op != "over" or e.arg[0] != "sum" or e.args[0].op != "multiply":
        return False
    _, k, length = e.arg
    a, b = e.args[0].args
    inner = {**spans, k: length}
    pairs = ((a, b),) if down or across else ((a, b), (b, a))
    return any(
        _is_product(left, inner, down, k) and _is_product(right, inner, k, across)
        for left, right in pairs
    )


# --- how long and how deep

LONGEST = 5000  # characters of a formula, estimated: Excel takes 8192, sheets' names included
DEEPEST = 64  # functions inside each other
REFERENCE = 12  # characters of `$AB$12:$AC$99`, about
# Of what is no row of the table: as Excel writes it.
SPELLED = {
    "matmul": "SUMPRODUCT({0}*{1})",
    "take": "INDEX({0},{1}+1)",
    "put": "SUMPRODUCT(({1}=0)*{0})",
    "softmax": "{1}/SUM({1})",
    "log_softmax": "{0}-MAX({0})-LN(SUM({1}))",
}


class Length(NamedTuple):
    """characters: of a formula. functions: inside each other, at most."""

    characters: int
    functions: int

    @property
    def is_short(self) -> bool:
        """Whether Excel takes it."""
        return self.characters <= LONGEST and self.functions <= DEEPEST


@cache
def _spelling(op: str, count: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Characters of an op's own, and each argument's place: its number, functions around it."""
    text = OPS[op].excel.rpartition("|")[2] if op in OPS else SPELLED.get(op, "")
    text = text or "SUM({0})" + "".join(f",({{{k}}})" for k in range(1, count))
    inside: list[bool] = []
    places = []
    for piece in re.finditer(rf"{FUNCTION.pattern}|\{{(\d)[^}}]*\}}", text):
        if piece[0].endswith("("):
            inside.append(len(piece[0]) > 1)
        elif piece[0] == ")":
            inside.pop()
        else:
            places.append((int(piece[1]), sum(inside)))
    return len(re.sub(r"\{[^}]*\}", "", text)), tuple(places)


def length_of(e: Expr, lengths: dict[Expr, Length]) -> Length:
    """How long e is in Excel, about. lengths: of its arguments."""
    if not e.args:
        return Length(REFERENCE, 1 if e.op in ("row_index", "column_index") else 0)
    if e.op in ("transpose", "expand"):
        return lengths[e.args[0]]
    own, places = _spelling(e.op, len(e.args))
    parts = [(lengths[e.args[min(k, len(e.args) - 1)]], around) for k, around in places]
    return Length(
        own + 2 * len(parts) + sum(part.characters for part, _ in parts),
        max(max(around, around + part.functions) for part, around in parts),
    )
