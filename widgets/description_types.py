"""What Python sends to the page, as types: the twin of front_end/engine/description.js.

tests/test_description.py compares the two field by field, and a description of every sheet with
the types. Numbers of a block are listed row by row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

Words = Sequence[Any]  # of a sentence: text, or [block, format] for a number
Excel = Sequence[Any]  # of a formula: text, or [worksheet, corner, other corner or None]
Slot = Sequence[Any]  # [block or "", row, column, whether a negative number needs brackets]


class Role(TypedDict):
    colour: str  # of lines, marks and text
    tint: str  # of cells
    mark: str
    meaning: str


class Named(TypedDict):
    """What every block has. shape: "rows" stands for as many as there are rows of data."""

    name: str
    label: str
    words: str  # the label as running text has it
    note: str
    role: str
    format: str
    shape: list[int | str]
    address: list[str | int]  # worksheet, column from 0, row from 1


class LabelPart(TypedDict, total=False):
    """What rows and columns are called, where they have names; how its cells are shown."""

    rowsNamed: Sequence[str]
    columnsNamed: Sequence[str]
    shown: str  # as a picture: grey, or heat, whose middle is 0
    shownRange: Sequence[float]  # left out: the picture's own
    blank: bool  # whether its cells may be empty
    endless: bool  # whether an infinity in it stands for what is left out


class InputPart(TypedDict, total=False):
    """What inputs have besides; after `choices`, only what says something."""

    value: list[float | None] | None  # None for an empty cell, or while a formula is in force
    allowed: str  # what may be typed, in words
    low: float | None
    high: float | None
    whole: bool
    choices: list[str]  # names of 0, 1, ...
    chosenBy: str  # the choice that gives this input its formula back
    control: bool  # whether it is a setting, with a slider or a list
    scale: str  # of a setting: linear or log
    smallest: float  # the least number above 0 on a log scale
    step: float  # of the slider
    isSize: bool  # whether shapes are made of it


class Cell(TypedDict, total=False):
    """A cell of a block, or one branch of it: Excel's formula, MathML and its places for numbers.

    numbers and slots are left out where they cannot be written, or would fill a page.
    """

    excel: Excel
    numbers: str
    slots: Sequence[Slot]


class FormulaPart(Cell, total=False):
    """What blocks with a formula have besides. Mathematics is MathML."""

    equation: str  # of the whole block, where it says more than a cell's
    cellEquation: str
    branches: Sequence[Cell]  # of a formula that chooses between others
    # [block, row, column]; "i" and "j" are the cell's own, None: all; a list: (symbol, times, plus,
    # count) of a window
    reads: list[list[Any]]


class Block(Named, LabelPart, InputPart, FormulaPart):
    """One with a `value` is an input, one with `excel` has a formula; an input may have both."""


class Group(TypedDict):
    title: str
    note: str
    folded: bool
    blocks: list[str]


class Axis(TypedDict):
    title: str
    low: float | str | None  # a number, a block of one, or None: as far as what is drawn goes
    high: float | str | None
    scale: str  # linear or log
    names: list[str]  # words in place of the numbers 0, 1, 2, ...; none: numbers
    follows: bool  # where numbers lie beyond low and high, the axis goes where they are


class Series(TypedDict):
    x: str
    y: str
    label: str
    mode: str  # lines, markers, bars or segments
    role: str
    to: str  # the block to which segments run, or ""
    steps: bool  # whether it has a point a step
    ghosts: int  # faint copies of earlier steps, at most
    drag: str  # "", x, y, xy or draw
    absent: float | None  # the x that stands for no marker


class Contour(TypedDict):
    x: str
    y: str
    z: str
    label: str
    levels: str  # linear or log


class Chart(TypedDict):
    title: str
    note: str
    x: Axis
    y: Axis
    series: list[Series]
    contour: Contour | None
    adds: bool  # whether a click where nothing stands adds a row of data
    equal: bool  # whether a unit is as long across as up


class Scene(TypedDict):
    """What stands on the stage in a step of the story."""

    controls: list[str]
    charts: list[int]  # their places
    pictures: list[str]  # blocks shown as one
    cells: list[str]  # blocks side by side
    look: list[str | int] | None  # block, row, column: from 0, or the block that tells it from 1
    numbers: list[str]  # blocks of one number, shown large
    asks: list[str]  # blocks that are kept back until the move
    play: int  # the step at which playing stops; 0: nowhere


class Preset(TypedDict):
    title: str
    predict: str  # the question to answer before it, or ""
    notes: Words
    happened: Words  # after it
    why: Words
    says: Words  # the step's own sentence, in place of the sheet's
    scene: Scene
    inputs: Mapping[str, list[float | None]]


class Prediction(TypedDict):
    question: str
    tolerance: float  # what counts as right: a part of the answer, or of the chart's axis
    reason: Words
    block: str  # of one number, or ""
    chart: int  # its place, where a series is drawn instead; else -1
    series: int  # its place on that chart, or -1
    preset: int | None  # its place, or None for the page as it stands
    steps: int  # after it


class Exercise(TypedDict):
    task: str
    solved: Words  # told where it is done
    preset: int | None  # its place: where it begins; None: as the sheet starts
    answer: str  # the block of one number that is typed; "": the page is brought to a state
    tolerance: float  # of what is typed, as a part of the answer
    reached: list[list[str | float]]  # left, relation, right: a block, step, or a number
    way: Mapping[str, list[float]]  # inputs which, with so many steps more, do it
    steps: int


class Sentence(TypedDict):
    pieces: Words


class Description(TypedDict):
    """A sheet, for its page."""

    name: str
    title: str
    rows: int  # of data; 0 where the sheet has none
    mostRows: int  # of data that a sheet takes
    mostSteps: int  # that a page, a link or Python takes
    fewestRows: int  # with which mathematics of the last row can be written
    program: str  # JavaScript: a function of the number of rows
    carried: Mapping[str, str]  # input to the block that it takes at the next step
    ends: str  # the block that is not 0 where a run ends, or ""
    look: str  # the computed block that is selected at first, or ""
    roles: Mapping[str, Role]
    blocks: list[Block]  # in the order in which they are computed
    groups: list[Group]
    charts: list[Chart]
    remembered: list[str]  # blocks whose earlier steps charts show
    opening: Words  # what who teaches says at first
    introduction: Words  # what is read at first
    scene: Scene  # of the introduction
    presets: list[Preset]
    predictions: list[Prediction]
    exercises: list[Exercise]
    sentences: list[Sentence]


# --- the workbook that lies in a static page


class PlacedBlock(TypedDict):
    name: str
    shape: list[int | str]
    address: list[str | int]


class PartBlock(PlacedBlock, total=False):
    value: list[float | None] | None
    excel: Excel
    linked: bool  # whether it repeats a block of the main sheet
    word: list[str | int]  # where a word is chosen: worksheet, column and row
    choices: list[str]
    infinite: bool  # whether infinite is a number that it may have
    endless: bool  # whether an infinity in it stands for what is left out
    blank: bool  # whether its cells may be empty
    gap: bool  # whether a chart draws it, and such a cell is a gap
    inSpare: Excel  # the formula in the empty rows below a table of data
    repeats: bool  # whether these repeat the last row, for a chart


class PartGroup(TypedDict):
    blocks: list[str]


class PartSentence(TypedDict):
    pieces: Words
    excel: Excel


class Steps(TypedDict):
    """Where a run's steps stand; rows are counted from 1."""

    worksheet: str
    stillRow: int
    firstRow: int
    still: list[list[Any]]  # block and column
    row: list[list[Any]]  # block, column and how many cells
    formulas: int  # of one step
    held: list[str]  # inputs whose formula moves with the steps until they are typed over


class PartPreset(TypedDict):
    title: str
    asked: str
    inputs: Mapping[str, list[float | None] | None]
    told: Words  # nothing where a workbook does not compare its inputs
    play: int


class Head(TypedDict):
    """The top of the first worksheet; rows are counted from 1."""

    asked: int  # row of the story's step
    question: int
    said: int
    step: int  # row of the step that is shown; 0: there is none
    large: list[list[Any]]  # block and row
    now: list[list[Any]]  # block, worksheet, column and row
    checkRow: int  # of the worksheet Story: what is wrong with a table
    storyRow: int
    # Of inputs that a preset does not set, row by row; None: a formula is in force.
    defaults: Mapping[str, list[float | None] | None]
    story: list[PartPreset]


class Part(TypedDict):
    """A worksheet: what the page's State needs of a description, and where things stand."""

    name: str
    rows: int
    program: str
    carried: Mapping[str, str]
    ends: str
    remembered: list[str]
    blocks: list[PartBlock]
    groups: list[PartGroup]
    sentences: list[PartSentence]
    said: list[Any]  # the worksheet of the sentences, and the first one's row, from 1
    worksheet: str
    head: Head | None
    spare: int  # empty rows below a table of data
    check: Excel  # what says whether a table was edited so that its numbers are not right
    follows: Mapping[str, str]  # input to the main sheet's block that it repeats
    formulas: int
    steps: Steps | None


class Workbook(TypedDict, total=False):
    """Either a refusal, or all else."""

    refusal: str  # why the page carries none
    parts: Mapping[str, str]  # the archive's files, path to text
    sheets: list[Part]  # the main one first
    steps: int  # that the workbook holds: 1 or 0
    mostFormulas: int
