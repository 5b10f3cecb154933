"""What a workbook is made of: the main sheet on its worksheets, and each sheet beside it on one of
its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from ...language.blocks import Block, Input, may_be_empty, words_of
from ...language.cells import at
from ...language.dependencies import refs
from ...language.errors import NeedsBlock, SheetError
from ...language.expr import Rows, is_data
from ...language.names import LONGEST_WORKSHEET, OWN_WORKSHEETS
from ...language.sheet import Sheet
from ..numpy import Values, trajectory, values
from .charts import (
    TALL,
    lengths_drawn,
    points_drawn,
    with_copies,
    with_gaps,
    with_lengths,
    with_points,
)
from .fitting import begun_at, without_steps
from .formulas import (
    BLANK,
    GAP,
    Formula,
    OtherRows,
    Rigid,
    block_formula,
    copy_of,
    data_inputs,
    edited_tables,
    formula,
)
from .layout import MAIN, SPARE_ROWS, Layout, Place, layout, layouts_beside, shows_steps
from .limits import check_count, check_wanted, steps_that_fit
from .steps import STEP_SHOWN, WORKSHEET, Steps, check_steps, planned, without_need
from .table_check import table_check
from .words import check_texts, sentence_formula


@dataclass(frozen=True)
class Part:
    """A sheet and where it stands in the workbook.

    in_spare: the formulas of the empty rows below a table of data, of the blocks that differ there.
    follows: its inputs that repeat one of the main sheet's, and which. run: every block at step 0,
    1, ... up to the last step asked for, or the last finite one.
    """

    sheet: Sheet
    where: Layout
    formulas: dict[str, Formula]
    plan: Steps | None
    follows: dict[str, str] = field(default_factory=dict)
    in_spare: dict[str, Formula] = field(default_factory=dict)
    run: list[Values] = field(default_factory=list)
    first: int = 0  # the number of the run's first step
    check: Formula | None = None  # what says that the workbook's numbers are not right

    @property
    def start(self) -> Values:
        """What inputs hold."""
        return self.run[0]

    @property
    def shown(self) -> Values:
        """What the computed blocks hold: the last step, or the start where only that is shown."""
        return self.run[-1 if self.where.shows_steps else 0]

    def value(self, name: str) -> np.ndarray:
        """The numbers that stand in the block's cells."""
        is_input = isinstance(self.sheet.blocks[name], Input)
        return (self.start if is_input else self.shown)[name]

    @property
    def steps(self) -> int:
        """How many steps the run takes after its start."""
        return len(self.run) - 1

    def formula_count(self, steps: int) -> int:
        """Of a workbook with so many steps."""
        inputs = self.sheet.inputs  # whose empty rows hold no formula

        def size(name: str) -> int:
            block = self.sheet.blocks[name]
            rows = int(block.shape[0]) if name in inputs else self.where.tall(block)
            return rows * int(block.shape[1])

        return (
            sum(map(size, self.formulas))
            + len(self.sheet.sentences)
            + len(self.where.words)
            + (self.check is not None)
            + sum(int(np.prod(self.sheet.blocks[name].shape)) for name in self.where.now)
            + (self.plan.formula_count(self.sheet, steps) if self.plan else 0)
        )


def parts(sheet: Sheet, steps: int = 0) -> list[Part]:
    """The main sheet's part, then those of the sheets beside it. A sheet without a worksheet of
    steps stands as it is after them, and so does one of which Excel cannot state a step; of too
    many steps the last ones are taken.

    Raises InputError, SheetError and NeedsBlock as `write` says.
    """
    check_wanted(sheet)
    if sheet.carried and not sheet.steps_shown:
        return _after(sheet, steps)
    for each in (sheet, *sheet.beside):
        check_texts(each)
    _check_worksheets(sheet)
    try:
        main = _main(with_lengths(sheet), growing=not sheet.beside)
    except NeedsBlock:
        if not sheet.carried or sheet.beside:
            raise
        return _after(sheet, steps)
    others = _beside(main, sheet.beside)
    beside = [(part.sheet, part.where) for part in others]
    main = replace(main, check=table_check(main.sheet, main.where, main.plan, beside))
    placed = [main, *others]
    _check_names(placed)
    counted = lambda steps: sum(part.formula_count(steps) for part in placed)
    room = steps_that_fit(counted(0), counted(1) - counted(0))  # no more need to be computed
    computed = min(steps, max(room, 0) + 1)
    trained = [replace(part, run=list(trajectory(part.sheet, computed))) for part in placed]
    if any(part.steps > room for part in trained):
        room = steps_that_fit(counted(0) + 1, counted(1) - counted(0))  # and a sentence more
        if room > 0 and not sheet.beside:
            return _last_steps(sheet, steps, room)
        check_count(sheet, counted(steps), steps)
    return trained


def _after(sheet: Sheet, steps: int) -> list[Part]:
    """The parts of a sheet as it is after so many steps, which do not stand in the workbook."""
    last, reached = deque(enumerate(trajectory(sheet, steps)), maxlen=1).pop()
    stands = begun_at(sheet, reached, f"This workbook holds step {last} alone.") if last else sheet
    return [replace(part, first=last) for part in parts(without_steps(stands))]


def _last_steps(sheet: Sheet, steps: int, room: int) -> list[Part]:
    """The parts of a run that begins so late that the rest of it fits."""
    kept = deque(enumerate(trajectory(sheet, steps)), maxlen=room + 1)
    (first, reached), (last, _) = kept[0], kept[-1]
    said = f"This workbook begins at step {first}, as its step 0: all {last} would not open well."
    begun = parts(begun_at(sheet, reached, said), last - first)
    return [replace(part, first=first) for part in begun]


def _check_worksheets(sheet: Sheet) -> None:
    taken = OWN_WORKSHEETS | {MAIN.lower(), *(group.worksheet.lower() for group in sheet.groups)}
    for name in (other.name for other in sheet.beside):
        if name.lower() in taken or len(name) > LONGEST_WORKSHEET:
            raise SheetError(
                f"a worksheet {name!r} beside {sheet.name} cannot be: it is taken, or has more than"
                f" {LONGEST_WORKSHEET} characters"
            )
        taken = taken | {name.lower()}


def _check_names(parts: list[Part]) -> None:
    """Whether a prefixed name meets another one: Excel does not tell upper and lower case apart."""
    taken = {STEP_SHOWN.lower(): "the workbook itself"}
    for part in parts:
        for place in (*part.where.now.values(), *part.where.words.values()):
            taken[place.name.lower()] = "the workbook itself"
    for part in parts:
        for name, place in part.where.blocks.items():
            owner = taken.setdefault(place.name.lower(), part.sheet.name)
            if owner != part.sheet.name:
                raise SheetError(
                    f"the workbook would have two names {place.name!r}, for {part.sheet.name}'s"
                    f" {name} and in {owner}; rename one"
                )


def own_formula(
    sheet: Sheet, where: Layout, plan: Steps | None, name: str, in_spare: bool = False
) -> Formula:
    """Of a block: an input starts from the first step of what training changes, another block is
    of the step that is shown.

    in_spare: as it stands in an empty row below a table of data. On the first worksheet, where a
    person types, the rows above read as a person would write them; elsewhere all rows look whether
    there are so many.
    """
    if isinstance(sheet.blocks[name], Input):
        start = plan.at_start() if plan is not None and where.now else {}
        return block_formula(sheet, where.blocks | start, name, where.spare)
    place = where.blocks[name]
    in_table = where.spare and is_data(sheet.blocks[name].shape)
    is_drawn = name in points_drawn(sheet)
    blank = GAP if is_drawn else BLANK
    if not in_table:
        return block_formula(sheet, where.shown, name, where.spare, blank=blank)
    written_out = is_drawn or name in drawn_from(sheet)
    edited = (place.worksheet, place.row) in edited_tables(sheet, where.blocks)
    passes_over = not written_out and (in_spare or not edited)
    return block_formula(sheet, where.shown, name, where.spare, passes_over, blank)


def drawn_from(sheet: Sheet) -> set[str]:
    """What inputs of data start from: it cannot ask whether their rows are there."""
    reached: set[str] = set()
    waiting = list(data_inputs(sheet))
    while waiting:
        made = sheet.blocks[waiting.pop()].formula
        new = {name for name in refs(made) if name not in reached} if made is not None else set()
        reached |= new
        waiting += new
    return reached


def _formulas(
    sheet: Sheet, where: Layout, plan: Steps | None, in_spare: bool = False
) -> dict[str, Formula]:
    return {
        name: own_formula(sheet, where, plan, name, in_spare)
        for name, block in sheet.blocks.items()
        if block.formula is not None
        and (not in_spare or (is_data(block.shape) and name not in sheet.inputs))
    }


def _main(sheet: Sheet, growing: bool) -> Part:
    """growing: with empty rows below its tables of data, where that can be."""
    if growing and sheet.rows and _rows_can_be_counted(sheet):
        copies: dict[str, None] = {}
        while True:
            drawn = with_gaps(with_points(with_copies(sheet, copies)))
            try:
                return _placed(drawn, layout(drawn, spare=SPARE_ROWS))
            except OtherRows as needed:
                copies[needed.name] = None
            except (Rigid, NeedsBlock):  # what cannot be stated of rows that lie flat, can in place
                break
    drawn = with_gaps(sheet)
    return _placed(drawn, layout(drawn))


def _rows_can_be_counted(sheet: Sheet) -> bool:
    """Whether each cell of a row of data is a number: rows are found by counting those."""
    data = [sheet.blocks[name] for name in data_inputs(sheet)]
    return not any(may_be_empty(block) or words_of(block) for block in data)


def main_formula(sheet: Sheet, name: str) -> str:
    """The formula of the block's first cell in a workbook of this sheet."""
    return _main(with_lengths(sheet), growing=not sheet.beside).formulas[name].at(0, 0)


def _placed(sheet: Sheet, where: Layout) -> Part:
    copies = {copy_of(name) for name in sheet.blocks} & sheet.blocks.keys()
    left_out = lengths_drawn(sheet, False) | points_drawn(sheet) | copies
    if shows_steps(sheet):
        left_out |= without_need(sheet, lengths_drawn(sheet, True))
    plan = planned(sheet, where.blocks, WORKSHEET, 0, left_out, where.spare)
    formulas = _formulas(sheet, where, plan)
    in_spare = _formulas(sheet, where, plan, True) if where.spare else {}
    for sentence in sheet.sentences:
        sentence_formula(sheet, where, sentence)
    if plan is not None:
        check_steps(sheet, where, plan)
    return Part(sheet, where, formulas, plan, in_spare=in_spare)


def followed(main: Sheet, other: Sheet) -> dict[str, str]:
    """Which inputs of a sheet beside the main one repeat one of the main sheet's: `learning_rate`
    of the sheet `adam` repeats `learning_rate_adam`, or, where there is none, `learning_rate`, if
    it has the same shape.
    """
    sources = {}
    for name, block in other.inputs.items():
        known = (source for source in (f"{name}_{other.name}", name) if source in main.inputs)
        source = next((source for source in known if _same_shape(main.blocks[source], block)), None)
        if source is not None:
            sources[name] = source
    return sources


def _same_shape(a: Block, b: Block) -> bool:
    (rows, columns), (other_rows, other_columns) = a.shape, b.shape
    data = isinstance(rows, Rows), isinstance(other_rows, Rows)
    return columns == other_columns and data[0] == data[1] and (data[0] or rows == other_rows)


def _beside(main: Part, sheets: list[Sheet]) -> list[Part]:
    if not sheets:
        return []
    numbers = values(main.sheet)
    follows = [followed(main.sheet, other) for other in sheets]
    given = [{name: numbers[source] for name, source in each.items()} for each in follows]
    started = [
        with_gaps(with_lengths(other.with_inputs(inputs)))
        for other, inputs in zip(sheets, given, strict=True)
    ]
    places = layouts_beside(started, charts=TALL if any(other.charts for other in started) else 0)
    top = max(where.ends[where.main].row for where in places)
    return [_one_beside(main, *each, top) for each in zip(started, places, follows, strict=True)]


def _one_beside(main: Part, sheet: Sheet, where: Layout, follows: dict[str, str], top: int) -> Part:
    """top: the row of its steps' title."""
    here = Place(where.main, 0, 0)
    links = {
        name: formula(
            main.sheet,
            main.where.blocks,
            here,
            at(main.sheet[source], "i", "j"),
            name,
            sheet.blocks[name].line,
        )
        for name, source in follows.items()
    }
    plan = planned(sheet, where.blocks, where.main, top, lengths_drawn(sheet, False))
    return Part(sheet, where, _formulas(sheet, where, plan) | links, plan, follows)
