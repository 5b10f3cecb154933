"""What rows and columns are called: words given with an input, and what they become in a formula.

Elementwise formulas keep them, `x @ w` has x's rows and w's columns, `.T` turns them, a reduction
keeps those that are left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .blocks import Block
from .errors import SheetError
from .expr import Expr, Rows, Shape

Words = tuple[str, ...]  # one for each row or column; none: they are numbered


class Labels(NamedTuple):
    """What the rows, and the columns, of a block are called."""

    rows: Words = ()
    columns: Words = ()


def checked_words(what: str, given: Any, length: int) -> Words:
    """Words for so many rows or columns. Raises SheetError."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise SheetError(f"{what}={given!r}: a list of words, one for each")
    words = tuple(given)
    if not all(isinstance(word, str) and word.strip() for word in words):
        raise SheetError(f"{what}: every name is a word that is not empty")
    if words and isinstance(length, Rows):
        rule = "rows of data may become more or fewer"
        raise SheetError(f"{what}: {rule}, so they are numbered; leave out rows=True to name them")
    if words and (len(words) != length or len(set(words)) != len(words)):
        rule = f"{length} different words, one for each"
        raise SheetError(f"{what} are {len(words)}: {', '.join(words)}; they must be {rule}")
    return words


def labels_of(e: Expr, blocks: Mapping[str, Block]) -> Labels:
    """What the rows and columns of an expression are called, from what it is made of."""
    match e.op:
        case "ref":
            block = blocks.get(e.arg)
            return Labels() if block is None else Labels(block.rows_named, block.columns_named)
        case "transpose":
            rows, columns = labels_of(e.args[0], blocks)
            return Labels(columns, rows)
        case "matmul":
            a, b = (labels_of(x, blocks) for x in e.args)
            return Labels(a.rows, b.columns)
        case "take":
            x, index = e.args
            rows, columns = labels_of(x, blocks)
            if index.op == "const":
                chosen = int(index.arg)
                return Labels(rows[chosen : chosen + 1], columns)
            return Labels(labels_of(index, blocks).rows, columns)
        case "slice":
            return Labels(*map(_sliced, labels_of(e.args[0], blocks), e.arg, e.shape))
        case "stack" if all(hasattr(x.arg, "word") for x in e.args):
            return Labels(tuple(x.arg.word for x in e.args))
        case "stack" | "join":
            return _joined(e, blocks)
        case "scan":
            labels = [labels_of(x, blocks) for x in e.args[:-2]]
            columns = next((x.columns for x in labels if len(x.columns) == e.shape[1]), ())
            return Labels(next((x.rows for x in labels[1:] if x.rows), ()), columns)
        case "take_along" | "order":
            rows, columns = labels_of(e.args[0], blocks)
            return Labels((), columns) if e.arg == 0 else Labels(rows, ())
        case "put" | "put_along" | "window" | "pad" | "repeat" | "reshape" | "hole":
            return Labels()
    return _alike(e, blocks)


def _sliced(words: Words, steps: Any, count: int) -> Words:
    """The names of the rows (columns) that a slice takes."""
    return tuple(words[steps.start + steps.step * k] for k in range(count)) if words else ()


def _joined(e: Expr, blocks: Mapping[str, Block]) -> Labels:
    """Names along the joint where all parts have them and none comes twice; across it the first
    part's.
    """
    axis = e.arg or 0
    parts = [labels_of(x, blocks) for x in e.args]
    along = tuple(word for labels in parts for word in labels[axis])
    along = along if len(set(along)) == e.shape[axis] else ()
    across = next((labels[1 - axis] for labels in parts if labels[1 - axis]), ())
    return Labels(along, across) if axis == 0 else Labels(across, along)


def _alike(e: Expr, blocks: Mapping[str, Block]) -> Labels:
    """Elementwise, or what a reduction leaves: along each axis the first names that fit."""
    parts = [labels_of(x, blocks) for x in e.args]

    def along(axis: int) -> Words:
        named = (
            labels[axis]
            for labels, x in zip(parts, e.args, strict=True)
            if labels[axis] and _same_length(x.shape, e.shape, axis)
        )
        return next(named, ())

    return Labels(along(0), along(1))


def _same_length(shape: Shape, other: Shape, axis: int) -> bool:
    return shape[axis] == other[axis] and (shape[axis] != 1 or shape == other)


# --- one cell by its name

CELL = re.compile(r"(?<!{){(\w+)\[([^][{}]+)\]")  # in a sentence: {p[fish]:.2f}, {p[fish, image 1]}


def place_of(block: Block, said: str) -> tuple[int, int]:
    """Row and column, from 0, of `fish` or `fish, image 1`; a number counts from 1. Raises
    SheetError.
    """
    rows, columns = block.shape
    words = [word.strip() for word in said.split(",")]
    if len(words) == 1:
        words = [words[0], "1"] if columns == 1 else ["1", words[0]] if rows == 1 else words
    what = f"{block.name}[{said}]"
    if len(words) != 2 or isinstance(rows, Rows):
        raise SheetError(f"{what}: {block.name} is {block.size}; say a fixed row, then a column")
    return (
        _number_of(what, words[0], block.rows_named, int(rows)),
        _number_of(what, words[1], block.columns_named, int(columns)),
    )


def _number_of(what: str, word: str, named: Words, length: int) -> int:
    if word in named:
        return named.index(word)
    if word.isdecimal() and 1 <= int(word) <= length:
        return int(word) - 1
    known = f"{', '.join(named)}, or " if named else ""
    raise SheetError(f"{what}: {word!r} is not one of {known}1 to {length}")
