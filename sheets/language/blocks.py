"""What a sheet is made of: blocks in groups, presets, sentences, predictions, sources. Charts have a file of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .expr import Expr, Shape, size
from .formats import Pieces


@dataclass
class Block:
    """A named block of numbers: an input, which the reader may edit, or a formula.

    An input has a value. One that starts from a formula has both: while `value` is None its numbers come from `expr`.
    """

    name: str
    shape: Shape
    line: str
    role: str = "activation"
    title: str = ""
    note: str = ""
    symbol: str = ""  # LaTeX; made from the name where empty
    format: str = (
        "g"  # how a cell is shown: .4f, .1%, d (whole), g (as many digits as needed, four at most)
    )
    expr: Expr | None = None
    editable: bool = False  # an input
    infinite: Expr | None = (
        None  # this block may be infinite; the sign says which way, for a workbook that has no infinity
    )
    gradient_of: tuple[str, str] | None = None
    value: np.ndarray | None = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    chosen_by: str = ""  # of an input with a formula: the choice by which a reader who picks from it anew brings the formula back
    is_size: bool = False  # shapes are made of it: another value makes the sheet anew
    ready: tuple[int, ...] = ()  # of a size: what a page without Python offers
    control: bool = False  # a parameter: one number with a slider, a stepper or a list of choices
    scale: str = "linear"
    smallest: float | None = (
        None  # of a log scale whose low is 0: where the slider's logarithmic part starts
    )
    step: float | None = None

    @property
    def size(self) -> str:
        return size(self.shape)

    @property
    def label(self) -> str:
        return self.title or self.name

    @property
    def formula(self) -> Expr | None:
        """What its numbers come from now, or None where they are given."""
        return self.expr if self.value is None else None


@dataclass
class Group:
    """Blocks that stand together. The workbook puts them on `worksheet`; `folded` groups start closed on the page."""

    title: str
    note: str = ""
    worksheet: str = ""
    folded: bool = False
    blocks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Preset:
    """A named set of input values, with what to predict before choosing it, and what who teaches needs to know once it is chosen."""

    title: str
    predict: str
    inputs: dict[str, np.ndarray]
    notes: Pieces = ()


@dataclass(frozen=True)
class Sentence:
    """Words computed from the numbers: shown while `when` is not 0."""

    when: Expr
    pieces: Pieces
    role: str = "what happened"
    line: str = ""


@dataclass(frozen=True)
class Prediction:
    """A question that the reader answers before the page does: with a number, or by drawing a series on its chart.

    block: of one number. chart, series: their places, where a series is drawn instead. tolerance: what counts as right, as a part of the
    answer (of 1, where the answer is 0), or of the chart's axis. preset: its place, or None for the page as it stands; then `steps` more.
    """

    question: str
    tolerance: float
    reason: Pieces
    block: str = ""
    chart: int = -1
    series: int = -1
    preset: int | None = None
    steps: int = 0


@dataclass(frozen=True)
class Source:
    text: str
    address: str = ""
