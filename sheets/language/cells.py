"""From blocks to one cell: at(expr, i, j) is the formula of the cell in row i, column j.

i and j are symbols ("i", "j", or the index of a sum: "k0", "k1"), whole numbers, sums of both
(`Shifted`: 2i + k0 + 1), or an expression that looks a row up. Called once per block with symbols,
it gives Excel a formula to fill, JavaScript a loop body, and LaTeX its subscripts.

Four nodes exist only here: `cell` (arg: block, i, j), `over` (arg: kind, index, length), `index`
(arg: a symbol), the index itself as a number, and `choose` (arguments: a row's number, then what
each row says).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .dependencies import walk
from .expr import ALL_REDUCTIONS, COMPOSED, Expr, Rows, Shape, const, elementwise, power
from .functions import composed

ONE: Shape = (1, 1)
# The arg of a product of a condition and a number: where it does not hold that is 0, also of what
# is infinite. In a workbook, where infinite is an error, it is a product like any other.
PICKED = "picked"


class Shifted(NamedTuple):
    """A place that moves with symbols: the sum of each one times its factor, and `plus`."""

    terms: tuple[tuple[str, int], ...]
    plus: int


Index = str | int | Expr | Shifted


def symbols(i: Index) -> tuple[str, ...]:
    """The symbols that a place moves with; of a look-up none."""
    if isinstance(i, Shifted):
        return tuple(symbol for symbol, _ in i.terms)
    return (i,) if isinstance(i, str) else ()


def as_shifted(i: str | int | Shifted) -> Shifted:
    if isinstance(i, Shifted):
        return i
    return Shifted(((i, 1),), 0) if isinstance(i, str) else Shifted((), i)


def moved(i: Index, times: int = 1, plus: int = 0, more: Index = 0) -> Index:
    """times * i + plus + more, as simple as it can be said."""
    if isinstance(i, Expr) or isinstance(more, Expr):
        return index(i) * times + plus + index(more)
    (terms, start), (others, rest) = as_shifted(i), as_shifted(more)
    factors = {symbol: factor * times for symbol, factor in terms}
    for symbol, factor in others:
        factors[symbol] = factors.get(symbol, 0) + factor
    start = start * times + plus + rest
    if not factors:
        return start
    if start == 0 and list(factors.values()) == [1]:
        return next(iter(factors))
    return Shifted(tuple(factors.items()), start)


def placed(i: Index, symbol: str, n: int) -> Index:
    """i with the number n in place of a symbol."""
    if isinstance(i, Shifted):
        kept = tuple(term for term in i.terms if term[0] != symbol)
        gone = sum(factor * n for name, factor in i.terms if name == symbol)
        return moved(Shifted(kept, i.plus + gone))
    return n if i == symbol else i


def cell(block: str, i: Index, j: Index) -> Expr:
    lookup = tuple(x for x in (i, j) if isinstance(x, Expr))
    return Expr("cell", lookup, ONE, (block, i, j))


def index(i: Index) -> Expr:
    """A place as a number that is counted with."""
    if isinstance(i, Expr):
        return i
    if isinstance(i, Shifted):
        number: Expr = const(i.plus)
        for symbol, factor in reversed(i.terms):
            number = index_of(symbol) * factor + number
        return number
    return const(i) if isinstance(i, int) else index_of(i)


def index_of(i: str | Shifted) -> Expr:
    """A place that moves, as one number: never below 0 where it is asked for."""
    return Expr("index", (), ONE, i)


class Running(NamedTuple):
    """How far a running sum goes: from 0 to `place`, or (not up) from there to the last, n - 1."""

    place: Index
    up: bool
    n: int


def reads(e: Expr, k: str) -> bool:
    return any(
        (x.op in ("cell", "hole") and any(k in symbols(place) for place in x.arg[1:]))
        or (x.op == "index" and k in symbols(x.arg))
        or (x.op == "over" and isinstance(x.arg[2], Running) and x.arg[2].place == k)
        for x in walk(e)
    )


def over(kind: str, body: Expr, k: str, length: int, more: tuple[Expr, ...] = ()) -> Expr:
    """The sum, mean, max, min, product, quantile (more: which), or place of the max or min, of body
    for k in 0..length-1.

    A body without k only needs counting.
    """
    if reads(body, k):
        return Expr("over", (body, *more), ONE, (kind, k, length))
    if kind.endswith(("argmax", "argmin")):
        return const(0)
    if kind == "nansum":
        there = Expr("known", (body,), ONE)
        return Expr("where", (there, elementwise("multiply", length, body), const(0)), ONE)
    if kind.endswith("prod"):
        product = power(body, length)
        there = Expr("known", (body,), ONE)
        return product if kind == "prod" else Expr("where", (there, product, const(1)), ONE)
    return elementwise("multiply", length, body) if kind == "sum" else body


def fixed(i: Index, length: int) -> Index:
    """A stretched axis has only row (column) 0; an axis of data rows never stretches."""
    return 0 if length == 1 and not isinstance(length, Rows) else i


def at(e: Expr, i: Index, j: Index, depth: int = 0) -> Expr:
    i, j = fixed(i, e.shape[0]), fixed(j, e.shape[1])
    return CELLS.get(e.op, _elementwise)(e, i, j, depth)


def _elementwise(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    return Expr(e.op, tuple(at(a, i, j, depth) for a in e.args), ONE)


def _product(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    (a, b), k = e.args, f"k{depth}"
    return over("sum", _times(at(a, i, k, depth + 1), at(b, k, j, depth + 1)), k, a.shape[1])


def _taken(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    x, rows = e.args
    row = at(rows, i, 0, depth)
    grows = isinstance(x.shape[0], Rows)
    if x.shape[0] == 1 and not grows and row.op != "const":
        there = elementwise("equal", elementwise("floor", row), 0)  # of one row, row 0
        return Expr("where", (there, at(x, 0, j, depth), _nothing()), ONE)
    known = row.op == "const" and not grows  # rows may become fewer, and a look-up then says so
    return at(x, int(row.arg) if known else row, j, depth)


def _picked(equal_to: Index, places: Expr, given: Expr) -> Expr:
    """What is given where its place is the one that is asked for, else 0."""
    chosen = Expr("equal", (places, index(equal_to)), ONE)
    return Expr("multiply", (chosen, given), ONE, PICKED)


def _put(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    (g, rows), k = e.args, f"k{depth}"
    picked = _picked(i, at(rows, k, 0, depth + 1), at(g, k, j, depth + 1))
    return over("sum", picked, k, g.shape[0])


def _stacked(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    if isinstance(i, int):
        return at(e.args[i], 0, j, depth)
    return Expr("choose", (index(i), *(at(row, 0, j, depth) for row in e.args)), ONE)


def _matched(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    (ids, who), k = e.args, f"k{depth}"
    among = at(ids, k, 0, depth + 1)
    return Expr("over", (among, at(who, i, 0, depth + 1)), ONE, ("match", k, ids.shape[0]))


def _ordered(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    k, place = f"k{depth}", (i, j)[e.arg]
    ranks = at(e.args[0], *_along(e.arg, k, i, j), depth + 1)
    return Expr("over", (ranks, index(place)), ONE, ("match", k, e.shape[e.arg]))


def _taken_along(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    x, places = e.args
    place = at(places, i, j, depth)
    known = place.op == "const" and not isinstance(x.shape[e.arg], Rows)
    return at(x, *_along(e.arg, int(place.arg) if known else place, i, j), depth)


def _put_along(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    (g, places), k = e.args, f"k{depth}"
    there = at(places, *_along(e.arg, k, i, j), depth + 1)
    given = at(g, *_along(e.arg, k, i, j), depth + 1)
    return over("sum", _picked((i, j)[e.arg], there, given), k, g.shape[e.arg])


def _sliced(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    down, across = e.arg
    place = moved(i, down.step, down.start), moved(j, across.step, across.start)
    return at(e.args[0], *place, depth)


def _repeated(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    down, across = e.arg
    return at(e.args[0], _quotient(i, down), _quotient(j, across), depth)


def _shifted(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    x, start = e.args
    other = lambda: at(x, moved(i, plus=-e.arg), j, depth)
    return _first_or_not(e, i, at(start, 0, j, depth), other)


def _along(axis: int, place: Index, i: Index, j: Index) -> tuple[Index, Index]:
    """(i, j) with another row (axis 0) or column."""
    return (place, j) if axis == 0 else (i, place)


def _ranked(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """How many are smaller, and how many as large stand before: no two have one rank."""
    (x,), axis, k = e.args, e.arg, f"k{depth}"
    n, own = e.shape[axis], at(x, i, j, depth + 1)
    each = at(x, *_along(axis, k, i, j), depth + 1)
    equal = Expr("equal", (each, own), ONE)
    before = Expr("over", (equal,), ONE, ("sum", k, Running((i, j)[axis], True, n)))
    return over("sum", Expr("less", (each, own), ONE), k, n) + before - 1


def _running(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """Always a sum: even one term is written as such, so that all cells have one formula."""
    (axis, up), k = e.arg, f"k{depth}"
    place, n = ((i, j)[axis], e.shape[axis])
    body = at(e.args[0], k if axis == 0 else i, j if axis == 0 else k, depth + 1)
    if not reads(body, k):  # an axis of one
        return body
    return Expr("over", (body,), ONE, ("sum", k, Running(place, up, n)))


def _window(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """What the window over x sums, or its largest: x from (i, j) times the stride on."""
    x, *weights = e.args
    kind, (rows, columns), (down, across) = e.arg
    k, k2 = f"k{depth}", f"k{depth + 1}"
    here, there = fixed(k, rows), fixed(k2, columns)
    body = at(x, moved(i, down, more=here), moved(j, across, more=there), depth + 2)
    for f in weights:
        body = _times(body, at(f, here, there, depth + 2))
    return over(kind, over(kind, body, k2, columns), k, rows)


def _number(i: Index) -> Expr:
    """A place as a number that a cell is looked up by."""
    return i if isinstance(i, Expr) else const(i) if isinstance(i, int) else index_of(i)


def _quotient(i: Index, by: int) -> Index:
    """i // by."""
    if by == 1:
        return i
    if isinstance(i, int):
        return i // by
    return elementwise("floor", index(i) / by)


def _padded(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """x from `start` on, `step` apart, and 0 around it and between."""
    x = e.args[0]
    conditions: list[Expr] = []
    place: list[Index] = []
    for here, whole, length, (start, step) in zip((i, j), e.shape, x.shape, e.arg, strict=True):
        if isinstance(here, int) and (here < start or (here - start) % step):
            return const(0)
        if (start, step, length) == (0, 1, whole):
            place.append(here)
        elif isinstance(here, int):
            place.append((here - start) // step)
        else:
            conditions += _inside(here, whole, start, start + step * (length - 1), step)
            place.append(_quotient(_number(moved(here, plus=-start)), step))
    if any(isinstance(p, int) and p >= n for p, n in zip(place, x.shape, strict=True)):
        return const(0)
    value = at(x, place[0], place[1], depth)
    for condition in reversed(conditions):
        value = Expr("where", (condition, value, const(0)), ONE)
    return value


def _inside(here: Index, length: int, start: int, last: int, step: int) -> list[Expr]:
    """What must hold of a place for a number to stand there."""
    number = index(here)
    if start == last:
        return [elementwise("equal", number, start)]
    conditions = [number >= start] if start > 0 else []
    conditions += [number <= last] if last < length - 1 else []
    return conditions + ([elementwise("equal", (number - start) % step, 0)] if step > 1 else [])


def _joined(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """The part in which the place lies, from its own start on."""
    axis, here = e.arg, (i, j)[e.arg]

    def part(x: Expr, start: int) -> Expr:
        place = moved(here, plus=-start)
        place = place if isinstance(place, int) else _number(place)
        return at(x, place if axis == 0 else i, j if axis == 0 else place, depth)

    starts = [0]
    for x in e.args[:-1]:
        starts.append(starts[-1] + int(x.shape[axis]))
    if isinstance(here, int):
        k = max(k for k, start in enumerate(starts) if start <= here)
        return part(e.args[k], starts[k])
    chosen = part(e.args[-1], starts[-1])
    for x, start, end in reversed(list(zip(e.args, starts, starts[1:], strict=False))):
        chosen = Expr("where", (index(here) < end, part(x, start), chosen), ONE)
    return chosen


def _reshaped(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """The same elements, counted row by row."""
    columns, own = int(e.shape[1]), int(e.args[0].shape[1])
    flat = moved(i, columns, more=j)
    if isinstance(flat, int):
        return at(e.args[0], flat // own, flat % own, depth)
    number = index(flat)
    rest: Index = 0 if own == 1 else number % own
    return at(e.args[0], number if own == 1 else elementwise("floor", number / own), rest, depth)


def _first_or_not(e: Expr, i: Index, first: Expr, later: Callable[[], Expr]) -> Expr:
    """What stands in the first row, or, running up, in the last; and in all others."""
    down = e.arg == 1 if e.op == "shift" else e.arg[1] == 1
    end: Expr | int = 0 if down else e.shape[0] - 1
    if isinstance(i, int) and not isinstance(end, Expr):
        return first if i == end else later()
    return Expr("where", (elementwise("equal", index(i), end), first, later()), ONE)


def _scanned(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    """A row that reads the row above it (or below: running up), and the rows that it runs over."""
    (name, direction), (start, *over_, first, step) = e.arg, e.args

    def filled(x: Expr, before: Callable[[Index], Expr]) -> Expr:
        if x.op == "hole":
            which, column = x.arg
            return before(column) if which == "before" else at(over_[which], i, column, depth)
        if x.op == "cell" and x.args:
            place = [filled(p, before) if isinstance(p, Expr) else p for p in x.arg[1:]]
            return cell(x.arg[0], *place)
        return Expr(x.op, tuple(filled(a, before) for a in x.args), x.shape, x.arg)

    return _first_or_not(
        e,
        i,
        filled(at(first, 0, j, depth), lambda column: at(start, 0, column, depth)),
        lambda: filled(
            at(step, 0, j, depth), lambda column: cell(name, moved(i, plus=-direction), column)
        ),
    )


def _nothing() -> Expr:
    """No number: what a look-up outside of a block finds."""
    return Expr("divide", (const(0), const(0)), ONE)


def _times(a: Expr, b: Expr) -> Expr:
    return Expr("multiply", (a, b), ONE)


def _reduced(e: Expr, i: Index, j: Index, depth: int) -> Expr:
    x, axis, k = e.args[0], e.arg, f"k{depth}"
    more = tuple(at(a, 0, 0, depth) for a in e.args[1:])
    if axis == 0 or (axis is None and fixed("j", x.shape[1]) == 0):
        return over(e.op, at(x, k, j, depth + 1), k, x.shape[0], more)
    if axis == 1 or fixed("i", x.shape[0]) == 0:
        return over(e.op, at(x, i, k, depth + 1), k, x.shape[1], more)
    k2 = f"k{depth + 1}"
    across = over(e.op, at(x, k, k2, depth + 2), k2, x.shape[1], more)
    return over(e.op, across, k, x.shape[0], more)


# What the cell in row i, column j of each kind of node is; of another, the same of its arguments.
CELLS: dict[str, Callable[[Expr, Index, Index, int], Expr]] = {
    "const": lambda e, i, j, depth: e,
    "pointer": lambda e, i, j, depth: e,
    "ref": lambda e, i, j, depth: cell(e.arg, i, j),
    "row_index": lambda e, i, j, depth: index(i),
    "column_index": lambda e, i, j, depth: index(j),
    "transpose": lambda e, i, j, depth: at(e.args[0], j, i, depth),
    "expand": lambda e, i, j, depth: at(e.args[0], i, j, depth),
    "matmul": _product,
    "take": _taken,
    "put": _put,
    "stack": _stacked,
    "cumsum": _running,
    "match": _matched,
    "rank": _ranked,
    "order": _ordered,
    "take_along": _taken_along,
    "put_along": _put_along,
    "slice": _sliced,
    "window": _window,
    "pad": _padded,
    "repeat": _repeated,
    "join": _joined,
    "reshape": _reshaped,
    "hole": lambda e, i, j, depth: Expr("hole", (), ONE, (e.arg, j)),
    "scan": _scanned,
    "shift": _shifted,
    **dict.fromkeys(COMPOSED, lambda e, i, j, depth: at(composed(e), i, j, depth)),
    **dict.fromkeys(ALL_REDUCTIONS, _reduced),
}
