"""From what an author writes to a block, with shapes, limits and keywords checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from .blocks import Block, Blocks, Choice, Computed, Input, Parameter, Size, choices_of
from .categories import checked_choices, numbered
from .dependencies import depth, has_pointer, walk
from .errors import SheetError, author_line, nearest
from .expr import Expr, Rows, Shape, lift
from .labels import checked_words

DEEPEST = 200  # operations inside each other: Python's stack, and a reader's patience
PICTURES = ("grey", "heat")
KIND = TypeVar("KIND", bound=Block)
OWN = {
    "name",
    "shape",
    "line",
    "expr",
    "value",
    "part_of",
    "endless",
}  # what the language gives a block, not the author
TYPED_CELL_BY_CELL = {"blank", "choices"}  # what a table of cells has, and no setting


def _block(kind: type[KIND], name: str, about: Mapping[str, Any], **given: Any) -> KIND:
    """A block of this kind. Raises SheetError for a keyword that it does not have.

    about: what the author wrote by keyword; given: what the language knows. Limits become floats,
    so that 0 and 0.0 are the same limit in every face.
    """
    own = OWN | given.keys() | (set() if kind is Input else TYPED_CELL_BY_CELL)
    known = [field.name for field in fields(kind) if field.name not in own]
    for keyword in about:
        if keyword not in known:
            near = nearest(keyword, sorted(known))
            raise SheetError(f"{name}: {keyword}= is no keyword of {_article(kind)}; {near}")
    limits = {
        key: float(x) if key in ("low", "high") and x is not None else x for key, x in about.items()
    }
    block = kind(**{"name": name, "line": author_line(), **given, **limits})
    _check_picture(block)
    for axis, named in enumerate(("rows_named", "columns_named")):
        words = checked_words(f"{name}: {named}", getattr(block, named), block.shape[axis])
        setattr(block, named, words)
    return block


def _check_picture(block: Block) -> None:
    """Raises SheetError for a picture that cannot be drawn. Limits of an input are its range."""
    if block.shown not in ("", *PICTURES):
        near = nearest(block.shown, PICTURES)
        raise SheetError(f"{block.name}: shown={block.shown!r} is no picture; {near}")
    if block.shown_range is None:
        return
    low, high = map(float, block.shown_range)
    if not block.shown or not low < high or (block.shown == "heat" and low != -high):
        rule = "low below high, and as far below 0 as above it for a heat map, with shown="
        raise SheetError(f"{block.name}: shown_range={block.shown_range!r}; it is {rule}")
    block.shown_range = low, high


def _article(kind: type[Block]) -> str:
    """`an input`, `a parameter`: the kind as a message says it."""
    word = "computed block" if kind is Computed else kind.__name__.lower()
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def single(value: float) -> np.ndarray:
    """One number as a block holds it: (1, 1)."""
    return np.array([[float(value)]])


def new_input(sheet: Blocks, name: str, value: Any, rows: bool, about: Mapping[str, Any]) -> Input:
    """A table of given numbers, or one that starts from a formula."""
    by = about.get("chosen_by")
    if by and not (isinstance(value, Expr) and by in sheet.blocks and choices_of(sheet.blocks[by])):
        rule = "is for one that starts from a formula, and names an earlier choice"
        raise SheetError(f"input {name!r}: chosen_by={by!r} {rule}")
    if isinstance(value, Expr):
        check_formula(sheet, name, value)
        if "choices" in about:
            raise SheetError(f"input {name!r}: choices= are of given words, not of a formula")
        if about.get("blank"):
            rule = "cells may be empty where numbers are given, not where a formula makes them"
            raise SheetError(f"input {name!r}: blank=True, but {rule}")
        block = _block(Input, name, about, shape=value.shape, expr=value)
    else:
        if "choices" in about:
            choices = checked_choices(name, about["choices"])
            value = numbered(choices, value)
            limits = {"low": 0, "high": len(choices) - 1, "whole": True, "format": "d"}
            about = {**about, **limits, "choices": choices}
        array = _table(name, value, rows)
        if np.isnan(array).any() and not about.get("blank"):
            advice = "blank=True says that its cells may be empty"
            raise SheetError(f"input {name!r} has cells without a number; {advice}")
        count = Rows(array.shape[0]) if rows else array.shape[0]
        block = _block(Input, name, about, shape=(count, array.shape[1]), value=array)
    _check_rows(sheet, name, block.shape, rows)
    return block


def _table(name: str, value: Any, rows: bool) -> np.ndarray:
    """value as (rows, columns): a plain list is one row, or one column of data."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise SheetError(f"input {name!r}: {value!r} is not a table of numbers") from None
    if rows and array.ndim == 1:
        array = array[:, np.newaxis]
    array = np.atleast_2d(array)
    if array.ndim > 2 or array.size == 0:
        rule = "a block has rows and columns, at least one of each"
        raise SheetError(f"input {name!r} has shape {array.shape}; {rule}")
    return array


def new_parameter(
    name: str, value: float, low: float, high: float, about: Mapping[str, Any]
) -> Parameter:
    """A number with a slider; low is below high, and a log scale stands above 0."""
    scale, smallest = about.get("scale", "linear"), about.get("smallest")
    if scale not in ("linear", "log"):
        raise SheetError(f"parameter {name!r}: scale {scale!r} is not linear or log")
    from_nought = low == 0 and smallest is not None and 0 < smallest < high
    if scale == "log" and low <= 0 and not from_nought:
        rule = "a log scale starts above 0, or at low=0 with smallest= above 0"
        raise SheetError(f"parameter {name!r}: {rule}")
    if not low < high:
        raise SheetError(f"parameter {name!r}: low {low} is not below high {high}")
    about = {"role": "parameter", **about, "low": low, "high": high}
    return _block(Parameter, name, about, shape=(1, 1), value=single(value))


def new_size(
    sheet: str,
    made_by: Callable[..., Any] | None,
    name: str,
    value: int,
    limits: tuple[int, int],
    ready: Sequence[int] | None,
    about: Mapping[str, Any],
) -> Size:
    """A whole number that shapes are made of. sheet: its name; made_by: who makes it anew."""
    low, high = limits
    if made_by is None:
        advice = f"say who makes {sheet} with another one: Sheet({sheet!r}, made_by=...)"
        raise SheetError(f"size {name!r}: {advice}")
    offered = tuple(range(low, high + 1) if ready is None else ready)
    if not all(low <= each <= high for each in offered):
        values = ", ".join(map(str, offered))
        raise SheetError(f"size {name!r}: what is ready lies from {low} to {high}, and is {values}")
    about = {"role": "parameter", "format": "d", **about, "low": low, "high": high}
    kept = {"shape": (1, 1), "value": single(value), "whole": True, "ready": offered}
    return _block(Size, name, about, **kept)


def new_choice(name: str, value: str, choices: Sequence[str], about: Mapping[str, Any]) -> Choice:
    """One of several named options, held as its number from 0."""
    if value not in choices:
        raise SheetError(f"choice {name!r}: {value!r} is not one of {', '.join(choices)}")
    about = {"role": "parameter", "format": "d", **about, "low": 0, "high": len(choices) - 1}
    number = single(list(choices).index(value))
    kept = {"shape": (1, 1), "value": number, "whole": True, "choices": tuple(choices)}
    return _block(Choice, name, about, **kept)


def new_computed(
    sheet: Blocks, name: str, formula: Any, infinite: Any, about: Mapping[str, Any]
) -> Computed:
    """A block with a formula over earlier ones."""
    expr = lift(formula)
    check_formula(sheet, name, expr)
    sign = None if infinite is None else lift(infinite)
    if sign is not None:
        check_refs(sheet, name, sign)
    return _block(Computed, name, about, shape=expr.shape, expr=expr, infinite=sign)


def check_formula(sheet: Blocks, name: str, expr: Expr) -> None:
    """Raises SheetError for a formula that no block can hold."""
    if isinstance(expr.shape[1], Rows):
        rule = "data rows would lie across, and a block grows downwards"
        raise SheetError(f"{name}: {rule}; transpose inside the formula that uses it")
    if has_pointer(expr):
        raise SheetError(f"{name}: where a reader drags is known to a chart's `moves` alone")
    if depth(expr) > DEEPEST:
        deep = f"its formula is {depth(expr)} operations deep, more than {DEEPEST}"
        raise SheetError(f"{name}: {deep}; give its parts blocks of their own")
    check_refs(sheet, name, expr)


def check_refs(sheet: Blocks, name: str, expr: Expr) -> None:
    """Raises SheetError where expr reads what is not an earlier block of this sheet."""
    for node in walk(expr):
        known = sheet.blocks.get(node.arg) if node.op == "ref" else None
        if node.op == "ref" and (known is None or node.shape != known.shape):
            raise SheetError(
                f"{name} uses {node.arg!r}, which is not an earlier block of {sheet.name}"
            )


def _check_rows(sheet: Blocks, name: str, shape: Shape, rows: bool) -> None:
    """All data of a sheet has the same number of rows."""
    count = shape[0]
    if rows and not isinstance(count, Rows):
        rule = "they are data where the formula is made for Rows(...)"
        raise SheetError(f"input {name!r} starts from {int(count)} fixed rows; {rule}")
    if isinstance(count, Rows) and sheet.rows is not None and sheet.rows != count:
        before = f"the blocks before it {int(sheet.rows)}"
        raise SheetError(f"input {name!r} has {int(count)} rows of data, {before}")
