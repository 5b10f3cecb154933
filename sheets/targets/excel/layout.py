"""Where each block stands, worksheet by worksheet: lists of single numbers side by side on top,
tables below each other, and groups with data rows last, side by side, so that they grow downwards
without moving anything: no place depends on the number of rows.

The first worksheet is taught from: its head holds the step of the story, the sentences, the inputs
that the story moves, the numbers that it looks at, and the charts beside them. What follows stands
below: a narrow table of data at the left, below the inputs, so that it is seen beside its chart.

A sheet beside the main one has all its blocks, and its steps below them, on the one worksheet that
is named after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ...language.blocks import Block, Choice, Group, is_editable
from ...language.dependencies import refs
from ...language.expr import Rows, is_data, is_single
from ...language.scene import Scene
from ...language.sheet import Sheet
from .limits import check_fits

MAIN = "Sheet"
NOW = "Step_shown"  # the worksheet of what training changes, at the step that is shown
CHOICES = "Choices"  # the worksheet of the choices' numbers, by the words that a person chooses
WORD = "_by_word"  # ends the defined name of the cell where a person chooses
STORY = "Story"  # the worksheet of the story's steps and of each sentence
NUMBERS = "Story_numbers"  # the worksheet of the tables that steps of the story set
DETAILS = "Details"  # the worksheet of what the first one folds away: helpers, generated parts
MOST_LISTS = 4  # beside each other on the first worksheet
HEADING_ROWS = 1  # the sheet's title, above the sentences
GAP_ROWS = 1
GAP_COLUMNS = 1

# --- rows of the first worksheet's head
ASKED_ROW, QUESTION_ROW, SAID_ROW, HEAD_ROW = 1, 2, 3, 4
MOST_IN_PLAY = 7  # inputs at the top of the first worksheet
MOST_LARGE = 3  # numbers shown large below them
CHART_ROWS, NOTE_ROWS = 15, 3
CHART_TALL = CHART_ROWS + NOTE_ROWS + 1  # rows from one chart to the next
WIDEST_BESIDE = 7  # columns of a table that stands beside a chart
STEP_ROWS = 2  # the step that is shown, and the last one

SPARE_ROWS = 10  # empty rows of a table of data, which count as soon as somebody types there

CHOICES_ROW = 4  # the first of the worksheet of the choices
NOW_ROW = 4  # the first of the worksheet of the step that is shown

# --- rows of the worksheet Story
CHECK_ROW = 2  # what is wrong with a table of data
STORY_HEADING_ROW, STORY_ROW = 3, 4


class Place(NamedTuple):
    """Top left cell of a block, from zero.

    flat: the block lies in one row, its own rows one after another (the Steps worksheet): `moving`
    with the step, or `still`. name: the defined name of its cells.
    """

    worksheet: str
    row: int
    column: int
    flat: str = ""
    name: str = ""


class GroupPlace(NamedTuple):
    """Where a group's title stands, and its kind: a `list` (label, value), a `table` (labels, then
    numbered rows), or a `contour`, a table whose headings are the numbers along its two sides.
    """

    group: Group
    worksheet: str
    row: int
    column: int
    body_row: int
    kind: str


class Ends(NamedTuple):
    """The first free row below a worksheet's lists and below everything, and the
    first free column.
    """

    lists: int
    row: int
    column: int


class Head(NamedTuple):
    """What stands at the top of the first worksheet.

    in_play: the inputs that the story moves. step_row: of the step that is shown, or -1. large: the
    numbers that are shown large, from large_row on. chart_column, across: where the first chart
    stands, and how many beside each other.
    """

    in_play: tuple[str, ...]
    step_row: int
    large: tuple[str, ...]
    large_row: int
    chart_column: int
    across: int


@dataclass
class Layout:
    """main: the sheet's first worksheet. said: the worksheet of its sentences, and the first one's
    row.

    labels: the cell that names each block, (row, column). head: of the workbook's first worksheet.
    spare: the empty rows of each table of data. now: where inputs that training changes stand as
    they are at the step that is shown. words:
    where a person chooses by a word; the choice's number, which formulas read, is its block.
    """

    main: str
    said: tuple[str, int]
    blocks: dict[str, Place] = field(default_factory=dict)
    groups: list[GroupPlace] = field(default_factory=list)
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)
    head: Head | None = None
    now: dict[str, Place] = field(default_factory=dict)
    words: dict[str, Place] = field(default_factory=dict)
    spare: int = 0

    def tall(self, block: Block) -> int:
        """How many rows the block has in the workbook, those included where a person may type."""
        return int(block.shape[0]) + self.spare * is_data(block.shape)

    @property
    def shows_steps(self) -> bool:
        """Whether a cell says which step is shown."""
        return self.head is not None and self.head.step_row >= 0

    def seen(self, name: str) -> Place:
        """Where a person reads the block, or sets it."""
        return self.words.get(name, self.blocks[name])

    @property
    def shown(self) -> dict[str, Place]:
        """What a formula reads that is of the step that is shown."""
        return self.blocks | self.now


def worksheet_of(group: Group) -> str:
    """Where the group stands: what a person does not read has a worksheet of its own."""
    return DETAILS if group.folded and group.worksheet == MAIN else group.worksheet


def has_data_rows(sheet: Sheet, group: Group) -> bool:
    return any(isinstance(sheet.blocks[name].shape[0], Rows) for name in group.blocks)


def kind_of(sheet: Sheet, group: Group) -> str:
    if any({contour.x, contour.y, contour.z} == set(group.blocks) for contour in contours(sheet)):
        return "contour"
    return "list" if all(is_single(sheet.blocks[name].shape) for name in group.blocks) else "table"


def has_column_names(sheet: Sheet, group: Group) -> bool:
    """Whether a line below the blocks' names says what their columns are called."""
    return any(sheet.blocks[name].columns_named for name in group.blocks)


def row_name(sheet: Sheet, group: Group, row: int) -> str:
    """What a table's row is called: the name that blocks with names agree on, or ""."""
    named = (sheet.blocks[name].rows_named[row : row + 1] for name in group.blocks)
    words_there = {words[0] for words in named if words}
    return words_there.pop() if len(words_there) == 1 else ""


def contours(sheet: Sheet) -> list:
    return [chart.contour for chart in sheet.charts if chart.contour is not None]


def in_play(sheet: Sheet) -> list[str]:
    """The inputs that the story's steps move, in its order; the usual ones without a story."""
    named = [name for step in _scenes(sheet) for name in step.controls]
    here = {name for group in sheet.groups if group.worksheet == MAIN for name in group.blocks}
    settings = [name for name in dict.fromkeys(named) if name in here]
    return [name for name in settings if is_editable(sheet.blocks[name])][:MOST_IN_PLAY]


def large(sheet: Sheet) -> tuple[str, ...]:
    """The numbers that the story's steps look at."""
    named = dict.fromkeys(name for step in _scenes(sheet) for name in step.numbers)
    return tuple(named)[:MOST_LARGE]


def _scenes(sheet: Sheet) -> list[Scene]:
    return [sheet.staged(preset) for preset in sheet.presets] or [sheet.staged(None)]


def layout(
    sheet: Sheet,
    beside: bool = False,
    sentences: int = 0,
    lists: int = 0,
    charts: int = 0,
    spare: int = 0,
) -> Layout:
    """beside: everything on the worksheet named after the sheet, its names beginning with the
    sheet's, as `sgd_slope`.

    sentences, lists: room for so many sentences, and lists down to that row, at least. charts: rows
    of room below the lists. spare: the empty rows of each table of data. Raises InputError, or
    NeedsBlock, for blocks that are wider than a
    worksheet.
    """
    if beside:
        plan = Layout(sheet.name, (sheet.name, HEADING_ROWS))
    else:
        plan = Layout(MAIN, (STORY, STORY_ROW + len(sheet.presets) + 2 * GAP_ROWS))
        _first_worksheet(sheet, plan)
    plan.spare = spare
    groups = sheet.groups if beside else _without_inputs_in_play(sheet)
    filled = [
        (plan.main if beside else worksheet_of(group), group) for group in groups if group.blocks
    ]
    for worksheet in dict.fromkeys([*([plan.main] * beside), *(name for name, _ in filled)]):
        if worksheet in plan.ends:
            continue
        here = [group for name, group in filled if name == worksheet]
        row = HEADING_ROWS + (max(sentences, len(sheet.sentences)) if beside else 1) + GAP_ROWS
        placer = _Placer(sheet, plan, worksheet, f"{sheet.name}_" if beside else "")
        _below(placer, here, row, 0, lists, charts)
    if not beside and shows_steps(sheet):
        _now(sheet, plan)
    return plan


def shows_steps(sheet: Sheet) -> bool:
    """Whether the workbook can show any step: not where a table starts from what training changes,
    since the start is then told by the first worksheets alone.
    """
    changed = set(moving(sheet)) - sheet.inputs.keys()
    read = {
        name
        for block in sheet.inputs.values()
        if block.formula is not None
        for name in refs(block.formula)
    }
    return trains(sheet) and all(is_single(sheet.blocks[name].shape) for name in changed & read)


def _now(sheet: Sheet, plan: Layout) -> None:
    """Below each other, what training changes among the inputs."""
    row = NOW_ROW
    for name in moving(sheet):
        if name in sheet.inputs:
            plan.now[name] = Place(NOW, row, 1, name=_free(f"{name}_shown", sheet))
            row += int(sheet.blocks[name].shape[0]) + GAP_ROWS


def _free(name: str, sheet: Sheet) -> str:
    """The name, with more underscores where a block has it already."""
    taken = {each.lower() for each in sheet.blocks}
    while name.lower() in taken:
        name += "_"
    return name


def moving(sheet: Sheet) -> list[str]:
    """The blocks that training changes, in the sheet's order."""
    reached = sheet.reached_from(sheet.carried)
    return [
        name
        for name, block in sheet.blocks.items()
        if name in reached and (name in sheet.carried or block.formula is not None)
    ]


def _below(
    placer: _Placer, groups: list[Group], row: int, column: int, lists: int = 0, charts: int = 0
) -> None:
    """Lists side by side, tables below each other, data rows last."""
    sheet = placer.sheet
    kinds = [kind_of(sheet, group) for group in groups]
    tables = [group for group, kind in zip(groups, kinds, strict=True) if kind != "list"]
    single = [group for group, kind in zip(groups, kinds, strict=True) if kind == "list"]
    row = max(lists, placer.in_rows(single, row, column))
    end_of_lists = row
    row += charts
    for group in tables:
        if not has_data_rows(sheet, group):
            row = placer.side_by_side([group], row, column)
    data = [group for group in tables if has_data_rows(sheet, group)]
    if any(is_data_input(sheet, name) for group in data for name in group.blocks):
        for group in data:
            row = placer.side_by_side(_without_rows(sheet, group), row, column)
        data = [_of_rows(sheet, group) for group in data]
    row = placer.side_by_side(data, row, column)
    placer.plan.ends[placer.worksheet] = Ends(end_of_lists, row, placer.right)


def is_data_input(sheet: Sheet, name: str) -> bool:
    return name in sheet.inputs and is_data(sheet.blocks[name].shape)


def _of_rows(sheet: Sheet, group: Group) -> Group:
    """What of the group has a row for each row of data."""
    return replace(group, blocks=[n for n in group.blocks if is_data(sheet.blocks[n].shape)])


def _without_rows(sheet: Sheet, group: Group) -> list[Group]:
    """The rest of it, if any, as a group of its own: rows of data are sorted, inserted and deleted,
    and what stands in the same rows would go with them.
    """
    rest = [name for name in group.blocks if not is_data(sheet.blocks[name].shape)]
    title = f"{group.title}: of all rows" if group.title else "Of all rows"
    return [replace(group, title=title, note="", blocks=rest)] if rest else []


def _first_worksheet(sheet: Sheet, plan: Layout) -> None:
    """Its head, then everything else of the worksheet."""
    moved = in_play(sheet)
    groups = [
        group
        for group in _without_inputs_in_play(sheet)
        if group.blocks and worksheet_of(group) == MAIN
    ]
    placer = _Placer(sheet, plan, MAIN, "")
    row = HEAD_ROW
    if moved:
        row = placer.side_by_side([Group("What to set", "", MAIN, blocks=moved)], row) - GAP_ROWS
    step_row = row if shows_steps(sheet) else -1
    row += STEP_ROWS * (step_row >= 0) + GAP_ROWS
    shown = large(sheet)
    large_row = row
    row += len(shown) + GAP_ROWS * bool(shown)
    beside = next((group for group in groups if _beside_a_chart(sheet, group)), None)
    chart_column, across, column = 2, 2, 0
    if beside is not None and sheet.charts:
        placer.side_by_side([_of_rows(sheet, beside)], row)
        rest = _without_rows(sheet, beside)
        groups = [*rest, *(group for group in groups if group is not beside)]
        chart_column, column = placer.right - GAP_COLUMNS, placer.right
        across = 1 if chart_column > 3 else 2
        row = HEAD_ROW
    plan.head = Head(tuple(moved), step_row, shown, large_row, chart_column, across)
    charts = HEAD_ROW + -(-len(sheet.charts) // across) * CHART_TALL if sheet.charts else 0
    _below(placer, groups, max(row, charts), column)


def _without_inputs_in_play(sheet: Sheet) -> list[Group]:
    moved = in_play(sheet)
    return [
        replace(group, blocks=[name for name in group.blocks if name not in moved])
        for group in sheet.groups
    ]


def trains(sheet: Sheet) -> bool:
    """Whether its workbook has steps."""
    drawn = (series.steps for chart in sheet.charts for series in chart.series)
    return bool(sheet.carried) or any(drawn)


def _beside_a_chart(sheet: Sheet, group: Group) -> bool:
    """Whether it is a narrow table of data that the reader edits."""
    if group.folded or kind_of(sheet, group) != "table" or not has_data_rows(sheet, group):
        return False
    blocks = [sheet.blocks[name] for name in group.blocks]
    wide = 1 + sum(int(block.shape[1]) + (block.shape[1] > 1) for block in blocks)
    return wide <= WIDEST_BESIDE and any(map(is_editable, blocks))


def layouts_beside(sheets: Sequence[Sheet], charts: int) -> list[Layout]:
    """Of each, with the same room for sentences, lists and (so many rows of) charts, so that their
    tables start at the same row.
    """
    alone = [layout(sheet, beside=True) for sheet in sheets]
    sentences = max((len(sheet.sentences) for sheet in sheets), default=0)
    lists = max(
        (
            each.ends[each.main].lists - len(sheet.sentences)
            for sheet, each in zip(sheets, alone, strict=True)
        ),
        default=0,
    )
    return [layout(sheet, True, sentences, sentences + lists, charts) for sheet in sheets]


@dataclass
class _Placer:
    """Places groups on one worksheet. right: the first free column."""

    sheet: Sheet
    plan: Layout
    worksheet: str
    prefix: str
    right: int = 0

    def side_by_side(self, groups: list[Group], row: int, column: int = 0) -> int:
        """Place groups beside each other; returns the first row for what comes below them."""
        below = row
        body = row + (2 if any(group.note for group in groups) else 1)
        for group in groups:
            below = max(below, GAP_ROWS + self._group(group, row, body, column))
            column = GAP_COLUMNS + max(
                self.plan.seen(name).column + int(self._block(name).shape[1])
                for name in group.blocks
            )
            largest = max(
                (self._block(name) for name in group.blocks), key=lambda block: int(block.shape[1])
            )
            check_fits(self.sheet, f"the worksheet {self.worksheet}", largest, below, column)
            self.right = max(self.right, column)
        return below

    def in_rows(self, lists: list[Group], row: int, column: int) -> int:
        """Place lists beside each other, on the first worksheet no further than a screen is wide,
        then below; returns the first row for what comes below them.
        """
        most = MOST_LISTS if self.worksheet == MAIN else max(1, len(lists))
        for first in range(0, len(lists), most):
            row = self.side_by_side(lists[first : first + most], row, column)
        return row

    def _block(self, name: str) -> Block:
        return self.sheet.blocks[name]

    def _place(self, name: str, row: int, column: int, label: tuple[int, int]) -> None:
        place = Place(self.worksheet, row, column, name=f"{self.prefix}{name}")
        if not self.prefix and isinstance(self._block(name), Choice):
            word = _free(f"{name}{WORD}", self.sheet)
            self.plan.words[name] = place._replace(name=word)
            place = Place(CHOICES, CHOICES_ROW + len(self.plan.words) - 1, 1, name=name)
        self.plan.blocks[name] = place
        self.plan.labels[name] = label

    def _group(self, group: Group, row: int, body: int, column: int) -> int:
        """Place the group's blocks from row `body` on; returns the first free row below it."""
        kind = kind_of(self.sheet, group)
        self.plan.groups.append(GroupPlace(group, self.worksheet, row, column, body, kind))
        return {"list": self._list, "table": self._table, "contour": self._contour}[kind](
            group, body, column
        )

    def _list(self, group: Group, body: int, column: int) -> int:
        for k, name in enumerate(group.blocks):
            self._place(name, body + k, column + 1, (body + k, column))
        return body + len(group.blocks)

    def _table(self, group: Group, body: int, column: int) -> int:
        next_column, tall = column + 1, 0  # the first column holds the row numbers
        first = body + 1 + has_column_names(self.sheet, group)
        for name in group.blocks:
            rows, columns = self._block(name).shape
            self._place(name, first, next_column, (body, next_column))
            next_column += int(columns) + (1 if columns > 1 else 0)
            tall = max(tall, int(rows))
        return first + tall

    def _contour(self, group: Group, body: int, column: int) -> int:
        """y down the left side of z, x along its top; in the corner the names of z and y."""
        contour = next(each for each in contours(self.sheet) if each.z in group.blocks)
        self._place(contour.z, body + 2, column + 1, (body, column))
        self._place(contour.y, body + 2, column, (body + 1, column))
        self._place(contour.x, body + 1, column + 1, (body, column + 1))
        return body + 2 + int(self._block(contour.z).shape[0])
