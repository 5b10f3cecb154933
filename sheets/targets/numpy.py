"""The reference, in float64: every other target must agree with this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..language.expr import COMPOSED, REDUCTIONS, SKIPPING, Expr
from ..language.formats import written
from ..language.functions import composed
from ..language.ops import OPS
from ..language.sheet import Sheet
from ..language.teaching import Sentence

Values = dict[str, np.ndarray]
HOLE = "@"  # stands in no block's name: what a row that is scanned has in its place


class Numbers(np.ndarray):
    """A block's numbers (rows, columns). A block of one number is that number where one is asked
    for: `float(loss)`, `f"{loss:.2f}"`.
    """

    def __float__(self) -> float:
        return float(self._one())

    def __int__(self) -> int:
        return int(self._one())

    def __format__(self, spec: str) -> str:
        return format(self._one() if spec else np.asarray(self), spec)

    def _one(self) -> Any:
        if self.size != 1:
            raise TypeError(f"{self.shape[0]} x {self.shape[1]} numbers are not one number")
        return np.asarray(self).item()


def _take(x: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Rows of x; a row number outside x, or none, gives nan."""
    rows = np.floor(index.ravel())
    inside = (rows >= 0) & (rows < len(x))
    taken = x[np.where(inside, rows, 0).astype(int)]
    return np.where(inside[:, np.newaxis], taken, np.nan)


def _put(g: np.ndarray, index: np.ndarray, rows: int) -> np.ndarray:
    """A row number outside 0..rows-1 puts its row nowhere."""
    out = np.zeros((rows, g.shape[1]))
    numbers = np.broadcast_to(index.ravel(), len(g))
    inside = np.isin(numbers, np.arange(rows))
    np.add.at(out, numbers[inside].astype(int), g[inside])
    return out


def _take_along(x: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    """Of each column (row) the rows (columns) of these numbers; nan for one that is not there."""
    floor = np.floor(places)
    inside = (floor >= 0) & (floor < x.shape[axis])
    found = np.take_along_axis(x, np.where(inside, floor, 0).astype(int), axis)
    return np.where(inside, found, np.nan)


def _put_along(g: np.ndarray, places: np.ndarray, shape: tuple, axis: int) -> np.ndarray:
    out = np.zeros(shape)
    own: list[np.ndarray] = list(np.indices(g.shape))
    inside = np.isin(places, np.arange(shape[axis]))
    where = [along[inside] for along in own]
    where[axis] = places[inside].astype(int)
    np.add.at(out, tuple(where), g[inside])
    return out


def _quantile(x: np.ndarray, q: float, axis: int | None, skips: bool) -> np.ndarray:
    if not 0 <= q <= 1:
        return np.full(x.sum(axis=axis, keepdims=True).shape, np.nan)
    if not skips or not np.isnan(x).any():
        return np.quantile(x, q, axis=axis, keepdims=True)
    lines = x.reshape(1, -1) if axis is None else x.T if axis == 0 else x
    known = [line[~np.isnan(line)] for line in lines]
    found = [np.quantile(line, q) if len(line) else np.nan for line in known]
    return np.atleast_2d(found) if axis == 0 else np.array(found)[:, np.newaxis]


def _scanned(e: Expr, blocks: Values, start: np.ndarray, *over: np.ndarray) -> np.ndarray:
    """Row by row, each from the one before it."""
    first, step = e.args[-2:]
    before = _of_shape(start, (1, int(e.shape[1])))
    out = np.empty(tuple(map(int, e.shape)))
    for count, i in enumerate(range(len(out))[:: e.arg[1]]):
        rows = {f"{HOLE}{k}": x[i : i + 1] for k, x in enumerate(over)}
        row = {**blocks, **rows, f"{HOLE}before": before}
        before = out[i : i + 1] = evaluate(step if count else first, row)
    return out


def _numbers(e: Expr, axis: int) -> np.ndarray:
    """The rows (columns) that a slice takes."""
    start, step = e.arg[axis]
    return start + step * np.arange(int(e.shape[axis]))


def _windows(e: Expr, x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    """Of each window over x the sum of its products with the weights, or its largest."""
    kind, window, (down, across) = e.arg
    rows, columns = map(int, e.shape)
    views = np.lib.stride_tricks.sliding_window_view(x, tuple(map(int, window)))
    views = views[::down, ::across][:rows, :columns]
    products = views * weights[0] if weights else views
    return getattr(products, kind)(axis=(2, 3))


def _skipping(e: Expr, x: np.ndarray) -> np.ndarray:
    """A reduction of what is no nan; of nothing at all, a sum is 0 and all else nan."""
    kind, axis = e.op.removeprefix("nan"), e.arg
    known = ~np.isnan(x)
    count = known.sum(axis=axis, keepdims=True)
    if kind == "prod":
        return np.where(known, x, 1.0).prod(axis=axis, keepdims=True)
    if kind in ("sum", "mean"):
        total = np.where(known, x, 0.0).sum(axis=axis, keepdims=True)
        return total if kind == "sum" else np.where(count == 0, np.nan, total / count)
    least = -np.inf if kind in ("max", "argmax") else np.inf
    reduced = getattr(np.where(known, x, least), kind)(axis=axis, keepdims=True)
    return np.where(count == 0, np.nan, reduced)


def _running_sum(x: np.ndarray, axis: int, up: bool) -> np.ndarray:
    """From the first element up to each one, or (not up) from each one to the last."""
    return np.cumsum(x, axis) if up else np.flip(np.cumsum(np.flip(x, axis), axis), axis)


def _of_shape(x: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return x if x.shape == shape else np.broadcast_to(x, shape)


def _shifted(e: Expr, x: np.ndarray, start: np.ndarray) -> np.ndarray:
    start = _of_shape(start, (1, x.shape[1]))
    return np.vstack([start, x[:-1]] if e.arg == 1 else [x[1:], start])


def _matched(who: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Of each one the first row of the ids that is equal, or nan."""
    equal = np.equal(who, ids.T)
    return np.where(equal.any(axis=1), equal.argmax(axis=1), np.nan)[:, np.newaxis]


def _padded(e: Expr, x: np.ndarray) -> np.ndarray:
    out = np.zeros(tuple(map(int, e.shape)))
    down, across = (slice(start, None, step) for start, step in e.arg)
    out[down, across][: len(x), : x.shape[1]] = x
    return out


def _order(x: np.ndarray, axis: int) -> np.ndarray:
    return np.argsort(x, axis=axis, kind="stable")


def _reduced(e: Expr, x: np.ndarray) -> np.ndarray:
    return np.asarray(getattr(x, e.op)(axis=e.arg, keepdims=True), dtype=float)


def _elementwise(e: Expr, *args: np.ndarray) -> np.ndarray:
    return np.asarray(OPS[e.op].numpy(*args), dtype=float)


# What each kind of node is, of the node and its arguments' arrays; any other is a row of OPS.
STRUCTURES: dict[str, Callable[..., np.ndarray]] = {
    "const": lambda e: np.array([[float(e.arg)]]),
    "row_index": lambda e: np.arange(float(e.shape[0]))[:, np.newaxis],
    "column_index": lambda e: np.arange(float(e.shape[1]))[np.newaxis, :],
    "transpose": lambda e, x: x.T,
    "expand": lambda e, x: _of_shape(x, e.shape),
    "matmul": lambda e, x, y: x @ y,
    "take": lambda e, x, rows: _take(x, rows),
    "put": lambda e, g, rows: _put(g, rows, int(e.shape[0])),
    "stack": lambda e, *rows: np.vstack(rows),
    "match": lambda e, ids, who: _matched(who, ids),
    "rank": lambda e, x: np.argsort(_order(x, e.arg), axis=e.arg).astype(float),
    "order": lambda e, x: _order(x, e.arg).astype(float),
    "take_along": lambda e, x, places: _take_along(x, places, e.arg),
    "put_along": lambda e, g, places: _put_along(g, places, tuple(map(int, e.shape)), e.arg),
    "quantile": lambda e, x, q: _quantile(x, float(q.item()), e.arg, skips=False),
    "nanquantile": lambda e, x, q: _quantile(x, float(q.item()), e.arg, skips=True),
    "cumsum": lambda e, x: _running_sum(x, *e.arg),
    "slice": lambda e, x: x[_numbers(e, 0)][:, _numbers(e, 1)],
    "window": _windows,
    "pad": _padded,
    "repeat": lambda e, x: x.repeat(e.arg[0], axis=0).repeat(e.arg[1], axis=1),
    "join": lambda e, *parts: np.concatenate(parts, axis=e.arg),
    "reshape": lambda e, x: x.reshape(tuple(map(int, e.shape))),
    "shift": _shifted,
    "number": lambda e, x: x,
    "known": lambda e, x: np.asarray(~np.isnan(x), dtype=float),
}
STRUCTURES = dict.fromkeys(REDUCTIONS, _reduced) | dict.fromkeys(SKIPPING, _skipping) | STRUCTURES

# Nodes that read blocks: of the node, the blocks, and the arguments' arrays.
READING: dict[str, Callable[..., np.ndarray]] = {
    "ref": lambda e, blocks: blocks[e.arg],
    "hole": lambda e, blocks: blocks[f"{HOLE}{e.arg}"],
    "scan": _scanned,
}


class Step(NamedTuple):
    """A node as it is computed. reads: it takes the blocks too. places: where its arguments stand
    among the steps before it.
    """

    compute: Callable[..., np.ndarray]
    reads: bool
    places: tuple[int, ...]


@lru_cache(maxsize=8192)  # of the same expressions, step after step
def _steps(e: Expr) -> list[Step]:
    """Every node of e once, after its arguments."""
    steps: list[Step] = []
    _add_steps(e, steps, {})
    return steps


def _add_steps(e: Expr, steps: list[Step], places: dict[Expr, int]) -> None:
    if e in places:
        return
    if e.op in COMPOSED:
        simpler = composed(e)
        _add_steps(simpler, steps, places)
        places[e] = places[simpler]
        return
    args = e.args[:-2] if e.op == "scan" else e.args  # what a scan does in each row is its own
    for argument in args:
        _add_steps(argument, steps, places)
    places[e] = len(steps)
    compute = READING.get(e.op) or STRUCTURES.get(e.op, _elementwise)
    steps.append(Step(partial(compute, e), e.op in READING, tuple(places[a] for a in args)))


def evaluate(e: Expr, blocks: Values) -> np.ndarray:
    """e as an array of its own shape."""
    done: list[np.ndarray] = []
    for compute, reads, places in _steps(e):
        args = [done[k] for k in places]
        done.append(compute(blocks, *args) if reads else compute(*args))
    return done[-1]


def _blocks(sheet: Sheet, known: Values) -> Values:
    """Every block in the sheet's order; known: those whose numbers are given, or have not moved."""
    blocks: Values = {}
    for name, block in sheet.blocks.items():
        if name in known:
            blocks[name] = known[name]
        else:
            assert block.expr is not None
            blocks[name] = np.array(_of_shape(evaluate(block.expr, blocks), block.shape))
    return blocks


def values(sheet: Sheet, inputs: Mapping[str, Any] | None = None, steps: int = 0) -> Values:
    """Every block as an array (rows, columns), in the sheet's order, after `steps` carried steps.

    inputs: values for some inputs, as InputError's rules allow; blocks of data rows together, with
    any number of rows. Numbers that are not finite stay in (inf, -inf, nan) without a warning; a
    run stops before one would be carried, as `trajectory` says. Raises InputError.
    """
    last = deque(trajectory(sheet.with_inputs(inputs or {}), steps), maxlen=1)
    return {name: array.view(Numbers) for name, array in last.pop().items()}


def trajectory(sheet: Sheet, steps: int) -> Iterator[Values]:
    """Every block at step 0 (the sheet's own inputs), 1, ..., `steps`.

    A carried number is not held to its input's limits.

    A run stops at its last finite step, in every face: the next step is taken only where all that
    it carries is finite. It ends before where the sheet says so (`Sheet.until`). So there may be
    fewer than `steps`; the page then stays at the last one and says why, and the workbook has no
    row beyond it.
    """
    known = {
        name: block.value.copy() for name, block in sheet.inputs.items() if block.value is not None
    }
    moving = sheet.reached_from(sheet.carried)
    for _ in range(steps + 1):
        with np.errstate(all="ignore"):
            blocks = _blocks(sheet, known)
        yield blocks
        if is_ended(sheet, blocks) or overflow(sheet, blocks):
            return
        known = {
            name: block
            for name, block in blocks.items()
            if name not in moving or sheet.blocks[name].formula is None
        }
        known |= {name: blocks[source] for name, source in sheet.carried.items()}


def is_ended(sheet: Sheet, blocks: Values) -> bool:
    """Whether the sheet says that a run ends here."""
    return bool(sheet.ends and blocks[sheet.ends][0, 0] != 0)


def overflow(sheet: Sheet, blocks: Values) -> str:
    """The block that would carry a number which is not finite into the next step, or ""."""
    return next(
        (source for source in sheet.carried.values() if not np.isfinite(blocks[source]).all()), ""
    )


def is_said(sentence: Sentence, blocks: Values) -> bool:
    with np.errstate(all="ignore"):
        return bool(evaluate(sentence.when, blocks)[0, 0] != 0)


def sentences(sheet: Sheet, blocks: Values) -> list[str]:
    """The sheet's sentences that hold for these values, with their numbers."""
    return [written(each.pieces, blocks) for each in sheet.sentences if is_said(each, blocks)]
