"""Reverse mode, sheet to sheet: a block d_<name> = d loss / d <name> for each block of the loss.

They are written in the same language.

A gradient that is wanted only where a condition holds (the branches of `where`, the inside of
`clip`) carries its condition along as a mask, and is masked at the end: `IF(y=1, -g/q, g/(1-q))`.
Masking first and dividing afterwards would ask for 0/0 in the branch that nobody took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import scans, windows
from .blanks import Gaps
from .blocks import Computed, part_of
from .dependencies import refs, walk
from .errors import SheetError
from .expr import (
    COMPOSED,
    SKIPPING,
    Expr,
    Rows,
    Shape,
    const,
    elementwise,
    expand,
    is_number,
    is_single,
    put,
    reduction,
    take,
    where,
)
from .ops import OPS
from .sheet import Sheet
from .stacks import Stack
from .summands import with_summands


class Masked(NamedTuple):
    """g where every condition is as its flag says, 0 elsewhere."""

    g: Expr
    masks: tuple[tuple[Expr, bool], ...] = ()


def _mean_vjp(g, y, x):
    rows, columns = x.shape
    count = {0: (rows,), 1: (columns,), None: (rows, columns)}[y.arg]
    for length in count:
        g = g / length
    return (g,)


def _largest_vjp(g, y, x, here):
    """here: the block that holds y, when y is a whole block.

    Equal largest elements share evenly.
    """
    largest = elementwise("equal", x, here)
    return (where(largest, g / reduction("sum", largest, y.arg), 0),)


def _skipping_vjp(g, y, here, there):
    """Of a reduction that skips what is empty. there: 1 where its x is not, None: nowhere empty."""
    x = y.args[0]
    match y.op.removeprefix("nan"):
        case "sum":
            return (g,)
        case "mean":
            count = expand(const(1), x.shape) if there is None else there
            return (g / reduction("sum", expand(count, x.shape), y.arg),)
        case "max" | "min":
            return _largest_vjp(g, y, x, here)
        case "prod":
            return (_product_vjp(g, y, x, here),)
        case "quantile":
            return _quantile_vjp(g, y, here, there), None
    return (None,)


def _product_vjp(g: Expr, y: Expr, x: Expr, here: Expr) -> Expr:
    """The product of all others: where one of them is 0, that one's alone."""
    is_zero = elementwise("equal", x, 0)
    others = Expr(y.op, (where(is_zero, 1, x),), y.shape, y.arg)
    only = elementwise("equal", reduction("sum", is_zero, y.arg), 1)
    return where(is_zero, where(only, g * others, 0), g * here / x)


def _quantile_vjp(g: Expr, y: Expr, here: Expr, there: Expr | None) -> Expr:
    """To the two elements that it lies between, each as much as it counts; equal ones share evenly.

    there: 1 where its x is not empty, None: nowhere empty.
    """
    x, q = y.args
    largest, least = ("nanmax", "nanmin") if y.op == "nanquantile" else ("max", "min")
    count = expand(const(1), x.shape) if there is None else expand(there, x.shape)
    place = q * (reduction("sum", count, y.arg) - 1)
    part = place - elementwise("floor", place)  # how far from the lower to the upper one
    lower = Expr(largest, (where(x <= here, x, -np.inf),), y.shape, y.arg)
    upper = Expr(least, (where(x >= here, x, np.inf),), y.shape, y.arg)

    def shared(element: Expr, weight: Expr) -> Expr:
        equal = elementwise("equal", x, element)
        return where(equal, g * weight / reduction("sum", equal, y.arg), 0)

    return shared(lower, 1 - part) + shared(upper, part)


def _softmax_vjp(g, y, here):
    return here * (g - reduction("sum", g * here, y.arg))


def _log_softmax_vjp(g, y, here):
    return g - elementwise("exp", here) * reduction("sum", g, y.arg)


def structure_vjp(g: Expr, y: Expr, here: Expr) -> tuple[Expr | None, ...]:
    """One gradient per argument of a structure node. `here` is y, or the block that holds it."""
    match y.op:
        case "transpose":
            return (g.T,)
        case "expand" | "sum":
            return (g,)  # stretches back by broadcasting
        case "mean":
            return _mean_vjp(g, y, y.args[0])
        case "max" | "min":
            return _largest_vjp(g, y, y.args[0], here)
        case "argmax" | "argmin" | "known" | "number":
            return (None,)
        case "match":
            return None, None
        case "rank" | "order":
            return (None,)
        case "take_along":
            x, places = y.args
            return Expr("put_along", (g, places), x.shape, y.arg), None
        case "put_along":
            places = y.args[1]
            return Expr("take_along", (g, places), places.shape, y.arg), None
        case "prod":
            return (_product_vjp(g, y, y.args[0], here),)
        case "quantile":
            return _quantile_vjp(g, y, here, None), None
        case "cumsum":
            axis, up = y.arg
            return (Expr("cumsum", (g,), y.shape, (axis, not up)),)
        case "matmul":
            a, b = y.args
            return g @ b.T, a.T @ g
        case "take":
            x, index = y.args
            return put(g, index, x.shape), None
        case "put":
            return take(g, y.args[1]), None
        case "shift":
            return scans.shift_vjp(g, y)
        case op if op in windows.OPS_HERE:
            return windows.vjp(g, y, here)
        case "stack":
            return tuple(take(g, row) for row in range(len(y.args)))
        case "softmax":
            return _softmax_vjp(g, y, here), None
        case "log_softmax":
            return _log_softmax_vjp(g, y, here), None
        case "row_index" | "column_index" | "const":
            return ()  # they have no arguments
    raise SheetError(f"backprop: {y.op} has no derivative yet; it is a case of structure_vjp")


def stretched_axes(g: Shape, shape: Shape) -> list[int]:
    """The axes along which a block of `shape` was stretched to reach g's shape."""
    return [axis for axis in (0, 1) if single(shape[axis]) and not single(g[axis])]


def single(length: int) -> bool:
    return length == 1 and not isinstance(length, Rows)


def unbroadcast(g: Expr, shape: Shape) -> Expr:
    """Sum g over each axis that was stretched to reach it.

    The one place where broadcasting is undone.
    """
    for axis in stretched_axes(g.shape, shape):
        g = g.sum(axis=axis)
    return g


def unmasked(part: Masked) -> Expr:
    g = part.g
    for condition, flag in reversed(part.masks):
        g = where(condition, g, 0) if flag else where(condition, 0, g)
    return g


def as_mask(part: Masked) -> Masked:
    """where(c, g, 0) is g under the mask c; where(c, 0, g) is g under not c."""
    g, masks = part
    while g.op == "where":
        condition, yes, no = g.args
        if is_number(no, 0):
            g, masks = expand(yes, g.shape), (*masks, (condition, True))
        elif is_number(yes, 0):
            g, masks = expand(no, g.shape), (*masks, (condition, False))
        else:
            break
    return Masked(g, masks)


def total(parts: Iterable[Masked]) -> Expr:
    """The sum of the parts. Those under a condition or its opposite share one `where`."""
    left = list(parts)
    summed: Expr | None = None
    while left:
        part = left.pop(0)
        term = part.g
        if part.masks:
            condition = part.masks[0][0]
            alike = [part, *(p for p in left if p.masks and p.masks[0][0] is condition)]
            left = [p for p in left if not p.masks or p.masks[0][0] is not condition]
            term = where(condition, *(_inside(alike, flag) for flag in (True, False)))
        summed = term if summed is None else summed + term
    assert summed is not None
    return summed


def _inside(parts: list[Masked], flag: bool) -> Expr:
    """The sum of those whose first mask has this flag, without that mask."""
    inner = [Masked(p.g, p.masks[1:]) for p in parts if p.masks[0][1] is flag]
    return total(inner) if inner else const(0)


def adjoints(
    root: Expr, block: Expr, g: Expr, wanted: set[str] | None, gaps: Gaps
) -> dict[str, list[Masked]]:
    """What root's gradient g gives to each block that root reads.

    block is the block that holds root, so that d(tanh) reads 1 - H*H and not 1 - tanh(Z)*tanh(Z).
    gaps: where they may be empty; no gradient flows there.
    """
    owed: dict[Expr, list[Masked]] = {root: [Masked(g)]}
    given: dict[str, list[Masked]] = {}
    for y in reversed(list(walk(root))):
        if y not in owed:
            continue
        parts = owed.pop(y)
        if y.op == "ref":
            given.setdefault(y.arg, []).extend(parts)
            continue
        elementwise_rule = OPS[y.op].vjp if y.op in OPS else None
        if y.op in OPS and elementwise_rule is None:
            continue  # floor, sign, a comparison, stop: nothing flows further
        part = parts[0] if len(parts) == 1 and elementwise_rule else Masked(total(parts))
        here = block if y is root else y
        gy = expand(
            part.g, y.shape
        )  # costs nothing when written, and lets unbroadcast count the copies
        if y.op in SKIPPING:
            gradients = _skipping_vjp(gy, y, here, gaps.known(y.args[0]))
        elif elementwise_rule:
            gradients = elementwise_rule(gy, here, *y.args)
        else:
            gradients = structure_vjp(gy, y, here)
        for argument, gradient in zip(y.args, gradients, strict=y.op not in COMPOSED):
            if gradient is None or not (
                set(refs(argument)) if wanted is None else wanted.intersection(refs(argument))
            ):
                continue
            given_to = _where_known(Masked(gradient, part.masks), y, argument, gaps)
            mine = as_mask(given_to)
            if stretched_axes(
                gradient.shape, argument.shape
            ):  # masks first: they may differ along the summed axis
                mine = Masked(unbroadcast(unmasked(given_to), argument.shape))
            owed.setdefault(argument, []).append(mine)
    return given


def _where_known(part: Masked, y: Expr, argument: Expr, gaps: Gaps) -> Masked:
    """A gradient that y gives to its argument, nowhere empty: 0 where y skips, or is empty."""
    conditions = [gaps.known(argument) if y.op in SKIPPING else None, gaps.known(part.g)]
    masks = dict.fromkeys((condition, True) for condition in conditions if condition is not None)
    return part._replace(masks=tuple(dict.fromkeys((*part.masks, *masks))))


def _scan_backward(
    sheet: Sheet, loss: str, block: Computed, g: Expr, wanted: set[str] | None
) -> dict[str, list[Masked]]:
    """The gradient of a scan is a scan that runs the other way; returns what it gives to others.

    d[i] is g[i] and what row i + 1 gives back to the row before it, which is row i.
    """
    assert block.expr is not None
    (_, way), (start, *over, _, step) = block.expr.arg, block.expr.args
    whole_run, columns = sheet[block.name], int(block.shape[1])
    later = {"@later": "before"} | {f"@{k}": k + 3 for k in range(len(over))}
    row = scans.named_holes(step)
    here, after = (Expr("ref", (), (1, columns), name) for name in ("@here", "@later"))
    back = adjoints(row, here, after, {f"@{scans.BEFORE}"}, sheet.gaps).get(f"@{scans.BEFORE}")
    passed = scans.hole(0, columns)
    if back is not None:
        holes: dict[str, str | int] = {**later, f"@{scans.BEFORE}": 1, "@here": 2}
        passed = passed + scans.with_holes(expand(total(back), (1, columns)), holes)
    runs = [
        expand(g, block.shape),
        whole_run,
        *(scans.shift(x, 0, -way) for x in (whole_run, *over)),
    ]
    about = {
        "role": "gradient",
        "note": f"how {loss} moves as {block.name} moves",
        "gradient_of": (loss, block.name),
    }
    zero = expand(const(0), (1, columns))
    parts = (zero, *runs, scans.hole(0, columns), passed)
    d = sheet.let_scan(f"d_{block.name}", parts, -way, about)
    rows: dict[str | int, Expr] = dict(enumerate(over))
    whole = scans.filled(step, {scans.BEFORE: scans.shift(whole_run, start, way), **rows})
    given = adjoints(whole, whole_run, d, wanted, sheet.gaps)
    given.pop(block.name, None)  # that is what runs through the scan itself
    return given


def backprop(
    sheet: Sheet,
    loss: str,
    inputs: Iterable[str | Stack] | None = None,
    title: str | None = "Gradients",
    infinite: Mapping[str, Expr] | None = None,
) -> dict[str, Any]:
    """Append a block `d_<name>` for every block that `loss` depends on; returns them by name.

    They stand in reverse order, each of its block's own shape. loss: name of a (1, 1) block.
    inputs: only these inputs and what lies between them and the loss (None: all). title: the group
    the new blocks stand in (None: the current one). infinite: of a block whose gradient may be
    infinite, the sign (as in `Sheet.let`). A block the loss does not depend on gets none.

    Raises SheetError if loss or an input is unknown, loss is not (1, 1), or there is a block of
    that name already; the sheet is then as it was.
    """
    inputs = None if inputs is None else _blocks_of(sheet, inputs)
    for name in (loss, *(inputs or ())):
        if name not in sheet.blocks:
            raise SheetError(f"backprop: there is no block {name!r} in {sheet.name}")
    if not is_single(sheet.blocks[loss].shape):
        rule = "a loss is one number, 1 x 1: take its mean or sum"
        raise SheetError(f"backprop: loss {loss!r} is {sheet.blocks[loss].size}; {rule}")
    wanted = None if inputs is None else sheet.reached_from(inputs)
    with sheet.unless_it_fails():
        gradients = _backward(sheet, loss, wanted, title, infinite or {})
    return {**gradients, **_stacks_of(sheet, gradients)}


def _blocks_of(sheet: Sheet, inputs: Iterable[str | Stack]) -> list[str]:
    """Names of blocks, with those of a stack in the place of its own."""
    stacks = [sheet.stacks.get(x, x) if isinstance(x, str) else x for x in inputs]
    each = ([b.arg for b in x] if isinstance(x, Stack) else [x] for x in stacks)
    return [name for names in each for name in names]


def _stacks_of(sheet: Sheet, gradients: Mapping[str, Expr]) -> dict[str, Stack]:
    """The gradients of stacks, each a stack over the same words."""
    whole = (x for x in sheet.stacks.values() if all(block.arg in gradients for block in x))
    return {
        x.name: Stack(f"d_{x.name}", x.over, [gradients[block.arg] for block in x]) for x in whole
    }


def _backward(
    sheet: Sheet,
    loss: str,
    wanted: set[str] | None,
    title: str | None,
    infinite: Mapping[str, Expr],
) -> dict[str, Expr]:
    """The blocks, from the loss back."""
    if title is not None:
        sheet.group(title, f"How {loss} moves when each of these moves by a little")
    gaps = sheet.gaps
    owed: dict[str, list[Masked]] = {loss: [Masked(const(1))]}
    gradients: dict[str, Expr] = {}
    for name in reversed(list(sheet.blocks)):
        if name not in owed or (wanted is not None and name not in wanted):
            continue
        block = sheet.blocks[name]
        if block.expr is not None and block.expr.op == "scan" and isinstance(block, Computed):
            given = _scan_backward(sheet, loss, block, total(owed[name]), wanted)
            gradients[name] = sheet[f"d_{name}"]
            for read, parts in given.items():
                owed.setdefault(read, []).extend(parts)
            continue
        of = part_of(block)
        add = partial(sheet.let_part, f"d_{of}") if of else sheet.let
        gradients[name] = add(
            f"d_{name}",
            with_summands(sheet, f"d_{name}", expand(total(owed[name]), block.shape)),
            role="gradient",
            title=f"gradient of {block.title}" if block.title else "",
            note=f"how {loss} moves as {name} moves",
            gradient_of=(loss, name),
            shown="heat" if block.shown else "",
            **({"infinite": infinite[name]} if name in infinite else {}),
        )
        if isinstance(block, Computed):  # an input's own formula only starts it
            assert block.expr is not None
            given = adjoints(block.expr, sheet[name], gradients[name], wanted, gaps)
            for read, parts in given.items():
                owed.setdefault(read, []).extend(parts)
    return gradients
