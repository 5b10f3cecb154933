"""Blocks: what a sheet computes with, each kind a type, and the groups they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from .dependencies import refs
from .errors import InputError, SheetError, nearest
from .expr import Expr, Rows, Shape, size

UNDERSCORE = re.compile(r"(?<=[a-z]{2})_(?=[a-z])")  # between words, not before an index


@dataclass(kw_only=True)
class Block:
    """A named table of numbers.

    Its kind is its type: an `Input` is the reader's, a `Computed` block has a formula.

    What every face may ask of any block stands here, one field a fact; what only one kind knows
    stands with it.
    """

    name: str
    shape: Shape
    line: str  # where the author wrote it: `file.py:12`
    role: str = "activation"
    title: str = ""
    note: str = ""
    symbol: str = ""  # LaTeX; made from the name where empty
    format: str = "g"  # of a cell: .4f, .1%, d (whole), g (as many digits as needed, four at most)
    expr: Expr | None = None
    rows_named: tuple[str, ...] = ()  # what its rows are called; none: they are numbered from 1
    columns_named: tuple[str, ...] = ()
    shown: str = ""  # as a picture: grey, or heat, whose middle is 0; "": as numbers
    shown_range: tuple[float, float] | None = None  # of the picture; None: limits, or its own

    def __copy__(self) -> Self:
        """The same fields; `copy.copy` would find that out for each block of a sheet anew."""
        new = object.__new__(type(self))
        vars(new).update(vars(self))
        return new

    @property
    def size(self) -> str:
        """`3 x 4`, for messages."""
        return size(self.shape)

    @property
    def label(self) -> str:
        """What a person reads: the title, or the name where there is none."""
        return self.title or self.name

    @property
    def words(self) -> str:
        """What a person reads in running text: the title, or the name as words, `W_1` as it is."""
        return self.title or UNDERSCORE.sub(" ", self.name)

    @property
    def formula(self) -> Expr | None:
        """What its numbers come from now, or None where they are given."""
        return self.expr


@dataclass(kw_only=True)
class Computed(Block):
    """A block that its formula computes from earlier ones."""

    infinite: Expr | None = None  # it may be infinite: the sign says which way
    endless: bool = False  # cells of it are -np.inf or np.inf by the author's own np.where
    blank: bool = False  # cells of it may be empty, as what they are computed from
    part_of: str = ""  # the block whose formula it is a part of, made by the language
    gradient_of: tuple[str, str] | None = None  # (loss, block): this is d loss / d block

    @property
    def words(self) -> str:
        if self.gradient_of is None or self.title:
            return super().words
        return f"gradient of {UNDERSCORE.sub(' ', self.gradient_of[1])}"


@dataclass(kw_only=True)
class Input(Block):
    """A table of cells that the reader may edit.

    One that starts from a formula has both a formula and no value until numbers are given to it.
    """

    value: np.ndarray | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    blank: bool = False  # its cells may be empty
    choices: tuple[str, ...] = ()  # its cells hold these words, or as a setting their numbers
    chosen_by: str = ""  # a choice: picked anew on the page, it brings the formula back
    locked: bool = False  # as a face shows it where something else sets it

    @property
    def formula(self) -> Expr | None:
        return self.expr if self.value is None else None


@dataclass(kw_only=True)
class Setting(Input):
    """One number with a control of its own on the page: a slider, a stepper or a list."""


@dataclass(kw_only=True)
class Parameter(Setting):
    """A number that a slider moves from low to high."""

    scale: str = "linear"  # or log
    smallest: float | None = (
        None  # of a log scale whose low is 0: where its logarithmic part starts
    )
    step: float | None = None  # of a linear slider


@dataclass(kw_only=True)
class Choice(Setting):
    """One of several named options: in formulas its number, counted from 0."""


@dataclass(kw_only=True)
class Size(Setting):
    """A whole number that shapes are made of: another value makes the sheet anew."""

    ready: tuple[int, ...]  # the values that a page without Python offers


def is_editable(block: Block) -> bool:
    """Whether the reader may type into its cells."""
    return isinstance(block, Input) and not block.locked


def locked(block: Block, **other: Any) -> Block:
    """The block as a face shows it where it is not the reader's. other: fields that differ too."""
    return replace(block, locked=True, **other) if isinstance(block, Input) else block


def infinity_of(block: Block) -> Expr | None:
    """The expression whose sign says which way a block may be infinite; None: it may not."""
    return block.infinite if isinstance(block, Computed) else None


def gradient_of(block: Block) -> tuple[str, str] | None:
    """(loss, block) of a gradient, or None."""
    return block.gradient_of if isinstance(block, Computed) else None


def is_endless(block: Block) -> bool:
    """Whether an infinity in it stands for what is left out, and is shown as an empty cell."""
    return isinstance(block, Computed) and block.endless


def may_be_empty(block: Block) -> bool:
    """Whether its cells may be empty: nan, which sums skip."""
    return isinstance(block, (Input, Computed)) and block.blank


def picture_range(block: Block) -> tuple[float, float] | None:
    """From which number to which one its picture goes: the author's, or an input's limits; None:
    as far as its numbers go.
    """
    if block.shown_range is not None or not isinstance(block, Input):
        return block.shown_range
    if block.shown == "heat" or block.low is None or block.high is None:
        return None
    return block.low, block.high


def part_of(block: Block) -> str:
    """The block whose formula it is a part of, or "" where it is the author's own."""
    return block.part_of if isinstance(block, Computed) else ""


def choices_of(block: Block) -> tuple[str, ...]:
    """The words that a cell of it picks from; none where it holds numbers."""
    return block.choices if isinstance(block, Input) else ()


def words_of(block: Block) -> tuple[str, ...]:
    """The words that its own cells hold; a setting's are chosen elsewhere, by its number."""
    return () if isinstance(block, Setting) else choices_of(block)


@dataclass
class Group:
    """Blocks that stand together.

    The workbook puts them on `worksheet`; `folded` groups start closed on the page. parts: it holds
    parts of the formulas in the group before it, made by the language.
    """

    title: str
    note: str = ""
    worksheet: str = ""
    folded: bool = False
    parts: bool = False
    blocks: list[str] = field(default_factory=list)


class Blocks:
    """Named blocks in the order they were written, which is the order in which they are computed.

    A sheet is this, and what its faces show. name: the sheet's own.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.blocks: dict[str, Block] = {}

    def __getitem__(self, name: str) -> Expr:
        """An expression that refers to an existing block.

        Raises SheetError with the nearest names.
        """
        if name not in self.blocks:
            raise SheetError(f"{self.name} has no block {name!r}; {nearest(name, self.blocks)}")
        return Expr("ref", (), self.blocks[name].shape, name)

    @property
    def inputs(self) -> dict[str, Input]:
        """What the reader may edit."""
        return {name: block for name, block in self.blocks.items() if isinstance(block, Input)}

    @property
    def rows(self) -> Rows | None:
        """How many rows of data there are, or None where no block has data rows."""
        inputs = (block for block in self.blocks.values() if isinstance(block, Input))
        lengths = (block.shape[0] for block in inputs)
        return next((n for n in lengths if isinstance(n, Rows)), None)

    def input_named(self, name: str) -> Input:
        """Raises InputError, with the nearest names, where no input is called so."""
        block = self.blocks.get(name)
        if not isinstance(block, Input):
            raise InputError(f"there is no input {name!r}; {nearest(name, self.inputs)}")
        return block

    def reached_from(self, names: Iterable[str]) -> set[str]:
        """`names` and every block computed from them, an input that starts from a formula too."""
        reached = set(names)
        for name, block in self.blocks.items():
            if block.expr is not None and reached.intersection(refs(block.expr)):
                reached.add(name)
        return reached
