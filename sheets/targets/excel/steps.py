"""Training unrolled: one row a step, columns the step's cells, each row reading the row above.

Blocks that depend on a carried input move: they lie flat in each row. Blocks of several cells that
they read but that do not move stand once above, flat as well, so that ranges line up. Single
numbers that do not move but that a chart shows step by step are repeated in each row. The main
sheet's steps have a worksheet of their own, those of a sheet beside it stand below its blocks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from ...language.blocks import Block, infinity_of, locked
from ...language.cells import at
from ...language.charts import STEP
from ...language.dependencies import refs
from ...language.errors import NeedsBlock
from ...language.expr import Expr, is_data, is_single, where
from ...language.sheet import Sheet
from ..numpy import Values
from .formulas import Formula, formula
from .layout import Layout, Place, large, trains
from .layout import moving as all_moving
from .limits import check_fits
from .styles import Styles, all_cached, cell_format
from .words import COMMENT, comment, in_full

WORKSHEET = "Steps"
STEP_SHOWN = "Step_shown"  # the defined name of the cell that says which step is shown
STILL_ROW, FIRST_ROW = 3, 6  # below the title's row
# Rows below the first whose long numbers turn to powers of ten; a fill takes the rule further.
SHORTENED = 1000
MOST_READ = 11  # columns beside the step's number
MOST_SHOWN = 20_000  # steps that can be shown, also of rows that are filled down later


@dataclass(frozen=True)
class Steps:
    """Where steps stand. top: the title's row. columns: of each block's first cell.

    spare: the empty rows of each table of data. now: the places that a step's formulas read. own:
    the blocks that each step computes. read: how
    many of the first columns a person reads.
    """

    worksheet: str
    top: int
    still: list[str]
    moving: list[str]
    repeated: list[str]
    columns: dict[str, int]
    now: dict[str, Place]
    own: frozenset[str]
    read: int
    spare: int

    @property
    def row(self) -> list[str]:
        """The blocks of each row, in their order."""
        return [*self.moving, *self.repeated]

    @property
    def still_row(self) -> int:
        return self.top + STILL_ROW

    @property
    def first_row(self) -> int:
        return self.top + FIRST_ROW

    def cells(self, name: str, steps: int) -> str:
        """`=Steps!$B$7:$B$57`: the single number `name`, or the step's number, at each step."""
        column, first = 0 if name == STEP else self.columns[name], self.first_row
        return f"={self.worksheet}!{xl_range_abs(first, column, first + steps, column)}"

    def at_start(self) -> dict[str, Place]:
        """Where computed blocks stand as they are at step 0, for what an input starts from."""
        return {
            name: self.now[name]._replace(flat="still") for name in self.moving if name in self.own
        }

    def at_shown(self, name: str, k: int, step: str) -> str:
        """The cell number k of a block at the step that this cell or name tells."""
        column, first = self.columns[name] + k, self.first_row
        cells = xl_range_abs(first, column, first + MOST_SHOWN, column)
        return f"=INDEX({self.worksheet}!{cells},{step}+1,1)"

    def shape(self, block: Block) -> tuple[int, int]:
        """The block's rows and columns, the empty rows below a table of data among them."""
        return int(block.shape[0]) + self.spare * is_data(block.shape), int(block.shape[1])

    def size(self, block: Block) -> int:
        rows, columns = self.shape(block)
        return rows * columns

    def labels(self, sheet: Sheet, names: list[str]) -> list[tuple[int, str]]:
        """Columns, and what stands above each: `weight 2, 1` is the first number in the second row
        of the block called weight, `x 2` the second of a column or a row.
        """
        return [
            (self.columns[name] + k, _heading(sheet.blocks[name], i, j))
            for name in names
            for k, (i, j) in enumerate(np.ndindex(self.shape(sheet.blocks[name])))
        ]

    def formula_count(self, sheet: Sheet, steps: int) -> int:
        def count(names: list[str]) -> int:
            return sum(self.size(sheet.blocks[name]) for name in names)

        return count(self.still) + (steps + 1) * count(self.row) + steps


def _heading(block: Block, i: int, j: int) -> str:
    """What a cell of the block is called where all lie in one row."""
    rows, columns = block.shape
    if is_single(block.shape):
        return in_full(block)
    row = block.rows_named[i] if i < len(block.rows_named) else f"{i + 1}"
    column = block.columns_named[j] if j < len(block.columns_named) else f"{j + 1}"
    place = row if columns == 1 else column if rows == 1 else f"{row}, {column}"
    return f"{in_full(block)} {place}"


def drawn_over_steps(sheet: Sheet) -> list[str]:
    """Blocks that a chart shows step by step."""
    series = [series for chart in sheet.charts for series in chart.series if series.steps]
    return [name for each in series for name in (each.x, each.y, each.to) if name not in ("", STEP)]


def planned(
    sheet: Sheet,
    places: dict[str, Place],
    worksheet: str,
    top: int,
    left_out: Collection[str] = (),
    spare: int = 0,
) -> Steps | None:
    """None: the sheet has no steps. places: where the blocks stand otherwise.

    left_out: moving blocks that no step needs. spare: the empty rows of each table of data.
    """
    if not trains(sheet):
        return None
    reached = set(all_moving(sheet))
    moving = [name for name in sheet.blocks if name in reached and name not in left_out]
    read = read_by_people(sheet, moving)  # first, then single numbers, then wide blocks
    moving.sort(key=lambda name: (name not in read, not is_single(sheet.blocks[name].shape)))
    formulas = [
        made
        for name in moving
        if name not in sheet.carried and (made := sheet.blocks[name].formula) is not None
    ]
    needed = {read for made in formulas for read in refs(made)}
    still = [
        name
        for name, block in sheet.blocks.items()
        if name in needed - reached and not is_single(block.shape)
    ]
    standing = _read_in_place(sheet, places, still, moving, growing=bool(spare))
    still = [name for name in still if name not in standing]
    repeated = list(dict.fromkeys(name for name in drawn_over_steps(sheet) if name not in reached))
    columns = _columns(sheet, still, spare) | _columns(sheet, [*moving, *repeated], spare)
    now = {name: Place(worksheet, top + STILL_ROW, columns[name], "still") for name in still}
    now |= {name: Place(worksheet, top + FIRST_ROW, columns[name], "moving") for name in moving}
    own = frozenset(moving) - sheet.inputs.keys()
    return Steps(
        worksheet, top, still, moving, repeated, columns, places | now, own, len(read), spare
    )


def _read_in_place(
    sheet: Sheet, places: dict[str, Place], still: list[str], moving: list[str], growing: bool
) -> set[str]:
    """Of the still blocks those that a step can only read where they stand: of a table of 712 rows
    that lies flat, the cells of a column do not stand side by side, and are too many to name each.

    growing: tables of data have empty rows, which a step passes over where they lie flat.
    """
    flat = {name: Place(WORKSHEET, 0, 1, "still") for name in still}
    flat |= {name: Place(WORKSHEET, 0, 1, "moving") for name in moving}
    in_place: set[str] = set()
    for name in moving:
        block = sheet.blocks[name]
        if name in sheet.carried or block.formula is None:
            continue
        tables = {each for each in refs(block.formula) if each in still}
        tables = {each for each in tables if not (growing and is_data(sheet.blocks[each].shape))}
        if tables - in_place and not _is_stated(sheet, places | flat, block):
            in_place |= tables
    return in_place


def _is_stated(sheet: Sheet, places: dict[str, Place], block: Block) -> bool:
    """Whether Excel can state the first and the last cell of a block."""
    assert block.formula is not None
    rows, columns = map(int, block.shape)
    try:
        for i, j in {(0, 0), (rows - 1, columns - 1)}:
            cell = at(block.formula, i, j)
            formula(sheet, places, places[block.name], cell, block.name, block.line)
    except NeedsBlock:
        return False
    return True


def without_need(sheet: Sheet, drawn: Collection[str]) -> set[str]:
    """Moving blocks that no step needs: only what is folded away is computed from them, and it is
    neither carried, nor shown by charts over steps or the story, nor what an input starts from. The
    first worksheets have them, at the step that is shown. drawn: what charts draw besides.
    """
    wanted = {*sheet.carried, *sheet.carried.values(), *drawn_over_steps(sheet), *large(sheet)}
    wanted |= {
        sheet.ends,
        *drawn,
        *(name for block in sheet.inputs.values() for name in _read_by(block)),
    }
    folded = {name for group in sheet.groups if group.folded for name in group.blocks}
    for name in reversed(sheet.blocks):  # what a block reads stands before it
        block = sheet.blocks[name]
        if name in wanted or (is_single(block.shape) and name not in folded):
            wanted |= {name, *_read_by(block)}
    return set(all_moving(sheet)) - wanted - sheet.inputs.keys()


def _read_by(block: Block) -> set[str]:
    """The blocks that a block's formula reads, and what says whether it is infinite."""
    made = [block.formula, infinity_of(block)]
    return {name for each in made if each is not None for name in refs(each)}


def read_by_people(sheet: Sheet, names: list[str]) -> list[str]:
    """The single numbers by which a person follows the run, at most MOST_READ, in the sheet's
    order: what charts and story show, parameters and what becomes of them, gradients and losses.
    """
    shown = {*drawn_over_steps(sheet), *large(sheet)}
    weights = {name for name in sheet.carried if sheet.blocks[name].role == "weight"}
    next_ = {sheet.carried[name] for name in weights}
    folded = {name for group in sheet.groups if group.folded for name in group.blocks}

    def rank(name: str) -> int:
        role = sheet.blocks[name].role
        told = (name in shown, name in weights | next_, role in ("gradient", "loss"))
        return next((k for k, is_one in enumerate(told) if is_one), 3) + 4 * (
            name in folded - shown
        )

    singles = [name for name in names if is_single(sheet.blocks[name].shape)]
    chosen = sorted(singles, key=rank)[:MOST_READ]
    return [name for name in singles if name in chosen]


def _columns(sheet: Sheet, names: list[str], spare: int) -> dict[str, int]:
    columns, column = {}, 1
    for name in names:
        block = sheet.blocks[name]
        columns[name] = column
        column += int(np.prod(block.shape)) + spare * is_data(block.shape) * int(block.shape[1])
    if names:
        check_fits(
            sheet,
            "a step",
            max((sheet.blocks[name] for name in names), key=lambda block: np.prod(block.shape)),
            1,
            column,
        )
    return columns


@dataclass
class StepsWriter:
    """Writes the steps of one sheet. places: where its blocks stand otherwise.

    known: the formulas derived so far. They are the same at each step but the first, relative to
    their row. formats: of each block, over all its rows.
    """

    page: Worksheet
    sheet: Sheet
    places: dict[str, Place]
    plan: Steps
    styles: Styles
    known: dict[tuple[str, bool], list[Formula]] = field(default_factory=dict)
    formats: set[tuple[str, str]] = field(default_factory=set)

    def write(self, run: Sequence[Values]) -> None:
        """A row for each step of the run: every block at step 0, 1, ..."""
        plan, page = self.plan, self.page
        page.write_string(plan.top, 0, f"{self.sheet.title}: one row a step", self.styles.title)
        page.write_string(plan.first_row - 1, 0, "step", self.styles.group)
        self._write_headings(plan.still_row - 1, plan.still)
        self._write_headings(plan.first_row - 1, plan.row)
        if plan.still:
            page.write_string(plan.still_row, 0, "every step", self.styles.row_number)
            for name in plan.still:
                self._write_cells(plan.still_row, name, run[0][name], 0)
        for step, blocks in enumerate(run):
            self._write_step(step)
            for name in plan.row:
                self._write_cells(plan.first_row + step, name, blocks[name], step)
        self._shorten(len(run) - 1)

    def _shorten(self, steps: int) -> None:
        """Long numbers turn to powers of ten, also in rows that a page writes later."""
        for name, num_format in sorted(self.formats):
            row, column = (
                self.plan.still_row if name in self.plan.still else self.plan.first_row,
                self.plan.columns[name],
            )
            last = row if name in self.plan.still else row + max(steps, SHORTENED)
            size = self.plan.size(self.sheet.blocks[name])
            self.styles.shorten(self.page, num_format, (row, column), (last, column + size - 1))

    def _write_step(self, step: int) -> None:
        """The step's number; from the first on a formula, so that rows can be filled down. Where a
        run has ended, it stays.
        """
        row = self.plan.first_row + step
        if step == 0:
            self.page.write_number(row, 0, 0, self.styles.row_number)
        else:
            one = 1 if self.ended is None else f"IF({self.ended.at(step, 0)[1:]},0,1)"
            self.page.write_formula(row, 0, f"=$A{row}+{one}", self.styles.row_number, step)

    def _write_headings(self, row: int, names: list[str]) -> None:
        """In words, with the name that formulas use in the comment of each block's first."""
        for name in names:
            block, first = self.sheet.blocks[name], self.plan.columns[name]
            for column, label in self.plan.labels(self.sheet, [name]):
                self.page.write_string(row, column, label, self.styles.heading(block))
            if self.plan.worksheet == WORKSHEET:  # elsewhere the block stands above, with its own
                below = {"start_row": row + 2, "start_col": first + 1}  # not over other headings
                self.page.write_comment(row, first, comment(block), COMMENT | below)

    def _write_cells(self, row: int, name: str, numbers: np.ndarray, step: int) -> None:
        block = self.sheet.blocks[name]
        shown = locked(block, value=None)
        num_format = cell_format(shown, numbers)
        style = self.styles.number(shown, num_format)
        self.formats.add((name, num_format))
        formulas, column = self._formulas_of(name, step > 0), self.plan.columns[name]
        values = all_cached(numbers, block)
        values += [""] * (len(formulas) - len(values))
        for k, (made, value) in enumerate(zip(formulas, values, strict=True)):
            self.page.write_formula(row, column + k, made.at(step, 0), style, value)

    def _formulas_of(self, name: str, carried: bool) -> list[Formula]:
        """Of a block's cells; only an input has others after step 0."""
        key = name, carried and name in self.sheet.carried
        if key not in self.known:
            block = self.sheet.blocks[name]
            self.known[key] = [
                step_formula(self.sheet, self.places, self.plan, block, i, j, carried)
                for i, j in np.ndindex(self.plan.shape(block))
            ]
        return self.known[key]

    @cached_property
    def ended(self) -> Formula | None:
        """What says in a row that the run has ended in the row above."""
        ends = self.sheet.ends
        return formula_above(self.sheet, self.plan, ends, self.sheet[ends], 0, 0) if ends else None


def check_steps(sheet: Sheet, where: Layout, plan: Steps) -> None:
    """Raises what the formula of a first cell of each block raises."""
    for name in [*plan.still, *plan.row]:
        step_formula(sheet, where.blocks, plan, sheet.blocks[name], 0, 0, True)


def step_formula(
    sheet: Sheet, places: dict[str, Place], plan: Steps, block: Block, i: int, j: int, carried: bool
) -> Formula:
    """Of a block's cell in a row of the steps. places: where the blocks stand otherwise.

    carried: after step 0.
    """
    now, name, spare = plan.now, block.name, plan.spare
    row = i if spare and is_data(block.shape) else None
    what, line = name, block.line
    if name not in plan.moving or (name in sheet.carried and not carried):
        here, cell = Place(plan.worksheet, 0, 0), at(sheet[name], i, j)
        return formula(sheet, places, here, cell, what, line, spare=spare, row_of_table=row)
    if name not in sheet.carried:
        assert block.formula is not None
        infinity, cell = infinity_of(block), at(block.formula, i, j)
        sign = None if infinity is None else at(infinity, i, j)
        return formula(sheet, now, now[name], cell, what, line, sign, spare=spare, row_of_table=row)
    return formula_above(sheet, plan, name, carried_in(sheet, name), i, j, row)


def carried_in(sheet: Sheet, name: str) -> Expr:
    """What an input takes from the row above: where the run has ended there, what it was."""
    following = sheet[sheet.carried[name]]
    return where(sheet[sheet.ends], sheet[name], following) if sheet.ends else following


def formula_above(
    sheet: Sheet, plan: Steps, name: str, read: Expr, i: int, j: int, row: int | None = None
) -> Formula:
    """Of a block's cell which reads the row above."""
    above = {
        n: place._replace(row=plan.first_row - 1) if place.flat == "moving" else place
        for n, place in plan.now.items()
    }
    here, cell = plan.now[name], at(read, i, j)
    line, spare = sheet.blocks[name].line, plan.spare
    return formula(sheet, above, here, cell, name, line, spare=spare, row_of_table=row)
