"""What a workbook says of itself where somebody has edited it so that its numbers are not right:
a row without formulas, a gap, rows further down than formulas look; rows inserted in what keeps its
size, a formula that sorting has moved away, an input that is no number, a step that is not there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from xlsxwriter.utility import xl_range_abs

from ...language.blocks import Choice, Size, choices_of, may_be_empty, words_of
from ...language.expr import Rows, is_data
from ...language.sheet import Sheet
from .formulas import Corner, Formula, Reference, data_inputs, edited_tables
from .layout import Layout, Place
from .limits import DEEPEST_FORMULA, LONGEST_FORMULA, LONGEST_LIST, nesting
from .steps import MOST_SHOWN, STEP_SHOWN, Steps
from .words import excel_text

UNTIL = " Until then, what is computed is not right."
NO_FORMULAS = (
    "A row of the table has no formulas: select the row above it, and fill its computed cells down."
)
GAP = (
    "A row of the table is empty, or a cell of it, or holds a text: fill it, or delete the whole"
    " row."
)
BELOW = (
    "Numbers stand below the last ruled row of the table: insert rows inside the table for them,"
    " and fill its formulas down."
)
TOO_MANY = (
    "The table has more rows than this workbook was made for: take a new one from the lesson, with"
    " as many rows."
)
KEPT = (
    "Rows or columns were inserted or deleted in a table that keeps its size: undo that, or take a"
    " new workbook from the lesson."
)
BELOW_KEPT = (
    "Numbers stand below a table that keeps its rows: take a new workbook from the lesson, with as"
    " many rows."
)
NO_NUMBER = (
    "An input is empty, or holds what is neither a number nor a word of its list: type it again."
)
FIXED_SIZE = "A size was changed, which needs other formulas: take a new workbook from the lesson."
MOVED = "A formula is no longer where others read it, as after sorting: undo that."
NO_STEP = (
    "The step shown is not among the steps, or their rows were moved: type another, or undo that."
)
SENTENCES = (
    *(NO_FORMULAS, GAP, BELOW, TOO_MANY),
    *(KEPT, BELOW_KEPT, NO_NUMBER, FIXED_SIZE, MOVED, NO_STEP),
)
LOOKED_AT = 200  # rows below the table


Written = tuple[Sheet, Layout]


def table_check(
    sheet: Sheet, where: Layout, plan: Steps | None = None, beside: Sequence[Written] = ()
) -> Formula | None:
    """The formula of a cell that says what is wrong, also on the worksheets of sheets beside; None:
    there is nothing to ask. Of a sheet with more tables than one formula can ask about, the last
    ones are left out.
    """
    asked = _Check(sheet, where, plan)
    others = [_Check(*each, None, asked.references) for each in beside]
    conditions = [
        *(asked.growing() if where.spare else asked.kept()),
        (asked.no_step(), NO_STEP),
        *(each for one in (asked, *others) for each in one.everywhere()),
    ]
    rows = int(sheet.rows or 0) + where.spare
    some = lambda left_out: _written(_without_last(conditions, left_out), asked, rows)
    every = sum(len(tests) for tests, _ in conditions)
    least = bisect_left(range(every), True, key=lambda left_out: _fits(some(left_out)))
    return some(least) if least < every else None


Conditions = Sequence[tuple[list[str], str]]  # tests, and what is said where one of them holds


def _fits(formula: Formula) -> bool:
    text = formula.at(0, 0)
    return len(text) <= LONGEST_FORMULA and nesting(text) < DEEPEST_FORMULA


def _without_last(conditions: Conditions, left_out: int) -> Conditions:
    """Without so many tests: each time the last one of the longest list."""
    left = [(list(tests), sentence) for tests, sentence in conditions]
    for _ in range(left_out):
        max((tests for tests, _ in left), key=len).pop()
    return left


def _written(conditions: Conditions, asked: _Check, rows: int) -> Formula:
    """The first sentence one of whose tests holds, or cannot be computed."""
    template = '""'
    for tests, sentence in reversed(conditions):
        for start in range(0, len(tests), LONGEST_LIST):
            some = ",".join(tests[start : start + LONGEST_LIST])
            said = excel_text(sentence + UNTIL)
            template = f"IF(IFERROR(OR({some}),TRUE),{said},{template})"
    return Formula(template, asked.references, rows)


class _Check:
    """Conditions over the columns of the tables, from their first row to their last."""

    def __init__(
        self,
        sheet: Sheet,
        where: Layout,
        plan: Steps | None,
        references: list[Reference] | None = None,
    ):
        self.sheet, self.where, self.plan = sheet, where, plan
        self.references: list[Reference] = [] if references is None else references
        edited = edited_tables(sheet, where.blocks)
        self.data = [name for name, block in sheet.blocks.items() if is_data(block.shape)]
        here = lambda name: (where.blocks[name].worksheet, where.blocks[name].row) in edited
        self.edited = [name for name in self.data if here(name)]
        self.computed = [name for name in self.edited if name not in sheet.inputs]
        self.inputs = data_inputs(sheet)
        if self.inputs:
            self.key = self._column(self.inputs[0], 0)
            self.count = f"COUNT({self.key})"

    def _mark(self, place: Place, first: Corner, last: Corner) -> str:
        self.references.append(Reference(place.worksheet, first, last))
        return f"\x01{len(self.references) - 1}\x02"

    def _columns(self, name: str, first: int, last: int, below: bool = False) -> str:
        """Rows of some of the block's columns: the table's, or those below it."""
        place = self.where.blocks[name]
        left, right = place.column + first, place.column + last
        if below:
            top = Corner(place.row + 1, "last", left, "")
            return self._mark(place, top, Corner(place.row + LOOKED_AT, "last", right, ""))
        return self._mark(
            place, Corner(place.row, "", left, ""), Corner(place.row, "last", right, "")
        )

    def _column(self, name: str, j: int) -> str:
        return self._columns(name, j, j)

    def _whole(self, name: str, below: bool = False) -> str:
        return self._columns(name, 0, int(self.sheet.blocks[name].shape[1]) - 1, below)

    def _wide(self, name: str) -> str:
        columns = int(self.sheet.blocks[name].shape[1])
        return self.count + (f"*{columns}" if columns > 1 else "")

    def without_formulas(self) -> list[str]:
        cells = (self._whole(name) for name in self.computed)
        return [f"COUNTA({each})<ROWS({each})*COLUMNS({each})" for each in cells]

    def gaps(self) -> list[str]:
        """A cell of a row is empty, or rows stand after an empty one, whose numbers add up to more;
        or a formula goes on where its row was cleared.
        """
        each = [
            f"COUNT({self._column(name, j)})<>{self.count}"
            for name in self.inputs
            for j in range(int(self.sheet.blocks[name].shape[1]))
        ]
        texts = [f"COUNTA({self._whole(name)})<>{self._wide(name)}" for name in self.inputs]
        place = self.where.blocks[self.inputs[0]]
        corner = Corner(place.row, "", place.column, "")
        first = self._mark(place, corner, corner)
        numbers = f'SUMPRODUCT(({self.key}<>"")*(ROW({self.key})-ROW({first})+1))'
        cleared = [f"COUNT({self._whole(name)})>{self._wide(name)}" for name in self.computed]
        return [*each, *texts, f"{numbers}<>{self.count}*({self.count}+1)/2", *cleared]

    def below(self) -> list[str]:
        return [f"COUNT({self._whole(name, below=True)})>0" for name in self.inputs]

    def too_many(self) -> list[str]:
        """More rows than stand in tables that nobody edits, or in a step."""
        others = [name for name in self.data if name not in self.edited]
        return [f"{self.count}>ROWS({self._whole(others[0])})"] if others else []

    def growing(self) -> list[tuple[list[str], str]]:
        return [
            (self.without_formulas(), NO_FORMULAS),
            (self.gaps(), GAP),
            (self.below(), BELOW),
            (self.too_many(), TOO_MANY),
        ]

    # --- what keeps its size

    def everywhere(self) -> list[tuple[list[str], str]]:
        return [
            (self.no_numbers(), NO_NUMBER),
            (self.sizes(), FIXED_SIZE),
            (self.moved(), MOVED),
            (self.kept_shapes(), KEPT),
        ]

    def kept(self) -> list[tuple[list[str], str]]:
        if not self.inputs:
            return []
        return [(self.kept_rows(), KEPT), (self.below(), BELOW_KEPT)]

    def _cells(self, name: str) -> str:
        """All cells of a block that is no table of data."""
        place, (rows, columns) = self.where.blocks[name], self.sheet.blocks[name].shape
        last = Corner(place.row + int(rows) - 1, "", place.column + int(columns) - 1, "")
        first = Corner(place.row, "", place.column, "")
        return self._mark(place, first, last)

    def kept_rows(self) -> list[str]:
        """A table of data has other rows than the next one, or than a step; or a row of it is not
        filled.
        """
        tables = {
            (self.where.blocks[name].worksheet, self.where.blocks[name].row): name
            for name in reversed(self.data)
        }
        first, *others = reversed(tables.values())
        rows = f"ROWS({self._whole(first)})"
        tests = [f"{rows}<>ROWS({self._whole(name)})" for name in others]
        filled = [name for name in self.edited if not may_be_empty(self.sheet.blocks[name])]
        cells = (self._whole(name) for name in filled)
        return [*tests, *(f"COUNTA({each})<ROWS({each})*COLUMNS({each})" for each in cells)]

    def kept_shapes(self) -> list[str]:
        """Rows or columns stand between those of a block, or are gone: asked of the tallest, and of
        the widest, between whose ends others stand.
        """
        tall: dict[_Run, str] = {}
        wide: dict[_Run, str] = {}
        for name, block in self.sheet.blocks.items():
            place, (rows, columns) = self.where.blocks[name], map(int, block.shape)
            if not is_data(block.shape):
                tall.setdefault(_Run(place.worksheet, place.row, place.row + rows - 1), name)
                wide.setdefault(
                    _Run(place.worksheet, place.column, place.column + columns - 1), name
                )
        return [
            *(f"ROWS({self._cells(tall[run])})<>{run.length}" for run in _longest(tall)),
            *(f"COLUMNS({self._cells(wide[run])})<>{run.length}" for run in _longest(wide)),
        ]

    def _fewer(self, count: str, names: list[str]) -> list[str]:
        """Whether COUNT or COUNTA finds fewer cells than the blocks have."""
        tests = []
        for start in range(0, len(names), LONGEST_LIST):
            some = names[start : start + LONGEST_LIST]
            cells = sum(int(np.prod(self.sheet.blocks[name].shape)) for name in some)
            tests.append(f"{count}({','.join(map(self._cells, some))})<{cells}")
        return tests

    def no_numbers(self) -> list[str]:
        """An input that is no table of data is empty, or a text; what starts from a formula may
        be infinite, and a choice is one of its words.
        """
        blocks = {
            name: block
            for name, block in self.sheet.inputs.items()
            if not is_data(block.shape) and not may_be_empty(block)
        }
        free = [name for name, each in blocks.items() if each.expr is not None or words_of(each)]
        choices = {name: block for name, block in blocks.items() if isinstance(block, Choice)}
        return [
            *self._fewer("COUNT", [name for name in blocks if name not in free]),
            *self._fewer("COUNTA", free),
            *(f"{self._cells(n)}>{len(choices_of(each)) - 1}" for n, each in choices.items()),
        ]

    def sizes(self) -> list[str]:
        return [
            f"{self._cells(name)}<>{int(block.value[0, 0])}"
            for name, block in self.sheet.inputs.items()
            if isinstance(block, Size) and block.value is not None
        ]

    def moved(self) -> list[str]:
        """A cell is empty that stands beside more rows, with which a person may sort it: fewer are
        filled from the first such block of a table to its last.
        """
        tests = []
        for place in self.where.groups:
            names = place.group.blocks if place.kind == "table" else []
            rows = [self.sheet.blocks[name].shape[0] for name in names]
            fixed = [int(n) for n in rows if not isinstance(n, Rows)]
            tallest = max(fixed, default=0) if len(fixed) == len(rows) else 0  # data may grow
            for tall in sorted({*fixed} - {tallest}):
                short = [k for k, n in enumerate(rows) if n == tall and not isinstance(n, Rows)]
                across = names[short[0] : short[-1] + 1]
                tests.append(f"COUNTA({self._across(across, tall)})<{self._filled(across, tall)}")
        return tests

    def _across(self, names: list[str], tall: int) -> str:
        """The first rows of blocks that stand side by side."""
        first, last = self.where.blocks[names[0]], self.where.blocks[names[-1]]
        right = last.column + int(self.sheet.blocks[names[-1]].shape[1]) - 1
        corner = Corner(first.row + tall - 1, "", right, "")
        return self._mark(first, Corner(first.row, "", first.column, ""), corner)

    def _filled(self, names: list[str], tall: int) -> int:
        """How many cells of those rows are filled, at least."""
        blocks = [self.sheet.blocks[name] for name in names]
        sure = [block for block in blocks if not may_be_empty(block)]
        return sum(min(tall, int(block.shape[0])) * int(block.shape[1]) for block in sure)

    def no_step(self) -> list[str]:
        """The row of the steps that is shown is not that step's."""
        if self.plan is None or not self.where.shows_steps:
            return []
        first = self.plan.first_row
        cells = f"{self.plan.worksheet}!{xl_range_abs(first, 0, first + MOST_SHOWN, 0)}"
        return [f"INDEX({cells},{STEP_SHOWN}+1,1)<>{STEP_SHOWN}"]


class _Run(NamedTuple):
    """Rows, or columns, of a worksheet."""

    worksheet: str
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def holds(self, other: _Run) -> bool:
        return (
            self.worksheet == other.worksheet
            and self.first <= other.first
            and other.last <= self.last
        )


def _longest(runs: Collection[_Run]) -> list[_Run]:
    """Those of more than one that stand in no other."""
    return [
        run
        for run in runs
        if run.length > 1 and not any(other.holds(run) for other in runs if other != run)
    ]
