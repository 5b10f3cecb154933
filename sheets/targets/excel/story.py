"""The worksheet Story: the steps of the story with what they set and what is told after them, each
sentence, the exercises, how the run goes on, what the other worksheets are for, the colours and the
sources.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xlsxwriter.worksheet import Worksheet

from ...language.blocks import Block, choices_of, may_be_empty, words_of
from ...language.exercises import Exercise
from ...language.formats import Pieces, written
from ...language.roles import ROLES
from ...language.sheet import Sheet
from ...language.teaching import Preset
from .book import Workbook
from .layout import (
    CHECK_ROW,
    CHOICES,
    MAIN,
    NOW,
    NUMBERS,
    STORY,
    STORY_HEADING_ROW,
    STORY_ROW,
    Layout,
)
from .limits import LONGEST_TEXT, check_formula
from .parts import Part
from .steps import STEP_SHOWN, Steps
from .styles import Exact, Styles, style_of
from .words import (
    LINE,
    excel_number,
    excel_text,
    lines,
    said_now,
    sentence_formula,
    settings,
    to_copy,
)

WIDTHS = (32, 46, 62, 78)  # of its columns, in characters
HEADINGS = ("Step", "What to set", "What to look for", "What happened, and why")
MOST_COMPARED = 100  # cells of a table that a workbook compares with those of a step
MORE_STEPS = (
    "Select the last row of the worksheet {worksheet}, from step 1 on, and fill it down: each row"
    " is one more step."
)
SHOW_STEP = " The cell 'step shown' of the first worksheet then takes its number."
NUMBERS_ROW = 4  # of the first table on the worksheet of numbers to copy
BACK = f"internal:{MAIN}!A1"


# --- what is told after a step


def starting(sheet: Sheet, preset: Preset) -> dict[str, np.ndarray | None]:
    """What the inputs hold where the preset begins: what it sets, and the others as the sheet's
    author gave them; None where their formula is then in force.
    """
    return {**sheet.defaults, **preset.inputs}


def is_set(part: Part, preset: Preset) -> bool:
    """Whether the inputs are as the preset begins."""
    inputs = part.sheet.inputs
    return all(
        inputs[name].value is None
        if x is None
        else inputs[name].value is not None and np.array_equal(part.start[name], x, equal_nan=True)
        for name, x in starting(part.sheet, preset).items()
        if name in inputs
    )


def to_compare(sheet: Sheet, preset: Preset) -> dict[str, np.ndarray]:
    """The inputs by which a workbook knows that the preset is set; none where the tables that the
    story changes are too large, or one has a formula in force.
    """
    inputs = starting(sheet, preset)
    changed = {name for each in sheet.presets for name in each.inputs}
    if any(inputs[name] is None for name in changed):
        return {}
    given = {name: x for name, x in inputs.items() if x is not None}
    few = {name: x for name, x in given.items() if x.size == 1 or name in changed}
    cells = lambda tables: sum(x.size for x in tables.values() if x.size > 1)
    if cells(few) > MOST_COMPARED:
        return {}
    return given if cells(given) <= MOST_COMPARED else few


def compared(sheet: Sheet, preset: Preset) -> list[str]:
    """Conditions in a workbook's words, true where the inputs are the preset's; none: its tables
    are too large to compare.
    """
    conditions = []
    for name, x in to_compare(sheet, preset).items():
        block = sheet.blocks[name]
        if x.size == 1:
            conditions.append(_holds(name, float(x[0, 0]), block))
            continue
        cells = (
            _holds(f"INDEX({name},{i + 1},{j + 1})", float(x[i, j]), block)
            for i, j in np.ndindex(x.shape)
        )
        conditions.append(f"IF(COUNT({name})={x.size},AND({','.join(cells)}),FALSE)")
    return conditions


def _holds(cell: str, x: float, block: Block) -> str:
    """Whether a cell holds this number, or its word; an empty one is equal to 0, and to no text."""
    if np.isnan(x):
        return f'{cell}=""'
    if words_of(block):
        return f'{cell}="{words_of(block)[int(x)]}"'
    return f'AND({cell}<>"",{cell}={x!r})' if may_be_empty(block) else f"{cell}={x!r}"


def told_pieces(preset: Preset) -> Pieces:
    between = (" ",) if preset.happened and preset.why else ()
    return (*preset.happened, *between, *preset.why)


def is_told(sheet: Sheet, where: Layout, preset: Preset) -> bool:
    """Whether a workbook can know when its words hold."""
    known = bool(told_pieces(preset) and to_compare(sheet, preset))
    return known and (where.shows_steps or not preset.scene.play)


def told_formula(sheet: Sheet, where: Layout, preset: Preset) -> str:
    """What happened and why, while the inputs are the preset's; "" where it tells nothing."""
    if not is_told(sheet, where, preset):
        return ""
    pieces, conditions = told_pieces(preset), compared(sheet, preset)
    words = "&".join(
        excel_text(piece)
        if isinstance(piece, str)
        else excel_number(
            where.shown[piece[0]].name, piece[1], may_be_empty(sheet.blocks[piece[0]])
        )
        for piece in pieces
    )
    if preset.scene.play:
        conditions.append(f"{STEP_SHOWN}>={preset.scene.play}")
    formula = f'=IF(AND({",".join(conditions)}),{words},"")'
    check_formula(formula, f"what preset {preset.title!r} tells", sheet.name)
    return formula


def told_now(part: Part, preset: Preset) -> str:
    """The words while they hold, or ""."""
    holds = is_set(part, preset) and part.steps >= preset.scene.play
    told = holds and is_told(part.sheet, part.where, preset)
    return written(told_pieces(preset), part.shown) if told else ""


def step_set(part: Part) -> int:
    """The number of the first preset that the inputs are, from 1; 1 where they are none."""
    presets = enumerate(part.sheet.presets, 1)
    return next((k for k, preset in presets if is_set(part, preset)), 1)


def sentences_formula(sheet: Sheet, where: Layout) -> str:
    """The sentences that hold, a line each; empty where there are none."""
    if not sheet.sentences:
        return ""
    worksheet, first = where.said
    cells = [f"{worksheet}!$A${first + 1 + k}" for k in range(len(sheet.sentences))]
    formula = (
        "=MID("
        + "&".join(f'IF({cell}="","",CHAR(10)&{cell})' for cell in cells)
        + f",2,{LONGEST_TEXT})"
    )
    check_formula(formula, "all sentences together", sheet.sentences[-1].line)
    return formula


def exercise_words(sheet: Sheet, exercise: Exercise) -> str:
    """The task, where it begins, and what holds where it is done."""
    begins = (
        "" if exercise.preset is None else f" Begin with step {exercise.preset + 1} of the story."
    )

    def words(name: str | float) -> str:
        if isinstance(name, float):
            return f"{name:g}"
        return sheet.blocks[name].words if name in sheet.blocks else name

    holds = [f"{words(each.left)} {each.relation} {words(each.right)}" for each in exercise.reached]
    done = f" It is done where {' and '.join(holds)}." if holds else ""
    return f"{exercise.task}{begins}{done}"


def story_cells(sheet: Sheet, column: str) -> str:
    """The cells of one of the columns, over all steps of the story."""
    last = STORY_ROW + len(sheet.presets)
    return f"{STORY}!${column}${STORY_ROW + 1}:${column}${last}"


# --- the worksheet


class StoryWriter:
    """Writes from top to bottom; `row` is the last one written."""

    def __init__(self, page: Worksheet, styles: Styles):
        self.page, self.styles, self.row = page, styles, 0
        page.hide_gridlines(2)
        for column, width in enumerate(WIDTHS):
            page.set_column(column, column, width)
        page.set_paper(9)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        page.freeze_panes(1, 0)

    def heading(self, text: str, note: str = "") -> None:
        self.row += 2
        self.page.write_string(self.row, 0, text, self.styles.group)
        if note:
            self.page.write_string(self.row, 1, note, self.styles.note)

    def across(self, text: str) -> None:
        """A wrapped text over all columns, in the next row."""
        self.row += 1
        self.page.merge_range(self.row, 0, self.row, len(WIDTHS) - 1, "", self.styles.wrapped)
        self.page.set_row(self.row, LINE * lines(text, sum(WIDTHS)))

    def pair(self, name: str, words: str, address: str = "") -> None:
        """A name and what is said of it. address: where the name leads."""
        self.row += 1
        wide = sum(WIDTHS[1:])
        self.page.set_row(self.row, LINE * max(lines(name, WIDTHS[0]), lines(words, wide)))
        style = self.styles.get(bold=True, text_wrap=True, valign="top")
        if address:
            link = self.styles.get("Link", valign="top")
            self.page.write_url(self.row, 0, address, link, name)
        else:
            self.page.write_string(self.row, 0, name, style)
        self.page.merge_range(self.row, 1, self.row, len(WIDTHS) - 1, words, self.styles.wrapped)

    def write(self, book: Workbook, main: Part, beside: Sequence[Sheet]) -> None:
        sheet = main.sheet
        self.page.write_string(0, 0, f"{sheet.title}: the story", self.styles.title)
        self.page.write_url(1, 0, BACK, self.styles.link, "Back to the first worksheet")
        self._check(main)
        self._steps(main)
        self._sentences(main)
        self._exercises(main)
        if main.plan is not None:
            self._more(main.plan, SHOW_STEP if main.where.shows_steps else "")
        self._worksheets(book, main, beside)
        self._colours(sheet)
        self.heading("Sources")
        for source in sheet.sources:
            self.row += 1
            self.page.write_string(self.row, 0, f"{source.text}. {source.address}".rstrip())

    def _check(self, main: Part) -> None:
        """What is wrong with what a person has edited; nothing as it is written."""
        if main.check is not None:
            self.page.write_formula(CHECK_ROW, 0, main.check.at(0, 0), self.styles.said, "")

    def _steps(self, main: Part) -> None:
        sheet = main.sheet
        self.row = STORY_HEADING_ROW
        if sheet.presets:
            for column, text in enumerate(HEADINGS):
                self.page.write_string(self.row, column, text, self.styles.group)
        for k, preset in enumerate(sheet.presets):
            self.row = STORY_ROW + k
            title, set_ = f"{k + 1}. {preset.title}", settings(sheet, preset)
            told = "".join(map(str, told_pieces(preset)))
            texts = (title, set_, preset.predict, told)
            tall = max(lines(text, width) for text, width in zip(texts, WIDTHS, strict=True))
            self.page.set_row(self.row, LINE * tall)
            # The number is in the format: the first worksheet shows it apart from the title.
            numbered = self.styles.get(
                bold=True, text_wrap=True, valign="top", num_format=f'"{k + 1}. "@'
            )
            self.page.write_string(self.row, 0, preset.title, numbered)
            self.page.write_string(self.row, 1, set_, self.styles.wrapped)
            self.page.write_string(self.row, 2, preset.predict, self.styles.wrapped)
            formula = told_formula(sheet, main.where, preset)
            if formula:
                now = told_now(main, preset)
                self.page.write_formula(self.row, 3, formula, self.styles.wrapped, now)
        self.row = STORY_ROW + len(sheet.presets) - 1

    def _sentences(self, main: Part) -> None:
        sheet, where = main.sheet, main.where
        self.heading("What the numbers say", "Each is shown while it holds.")
        self.row = where.said[1] - 1
        for sentence in sheet.sentences:
            self.across("".join(map(str, sentence.pieces)))
            formula = sentence_formula(sheet, where, sentence).at(0, 0)
            now = said_now(sentence, main.shown)
            self.page.write_formula(self.row, 0, formula, self.styles.wrapped, now)

    def _exercises(self, main: Part) -> None:
        sheet = main.sheet
        if not sheet.exercises:
            return
        self.heading("Exercises", "The lesson's page checks what you found.")
        for k, exercise in enumerate(sheet.exercises, 1):
            self.pair(f"Exercise {k}", exercise_words(sheet, exercise))

    def _more(self, plan: Steps, then: str) -> None:
        self.heading("More steps")
        self.pair(plan.worksheet, MORE_STEPS.format(worksheet=plan.worksheet) + then)

    def _worksheets(self, book: Workbook, main: Part, beside: Sequence[Sheet]) -> None:
        """What each of the other worksheets is for, with a link there."""
        self.heading("Worksheets")
        titles = {each.name: each.title for each in beside}
        for page in book.worksheets():
            if page.name == STORY:
                continue
            purpose = titles.get(page.name) or what_for(main, page.name)
            self.pair(page.name, purpose, f"internal:{page.name}!A1")

    def _colours(self, sheet: Sheet) -> None:
        self.heading("What the colours mean")
        for role in dict.fromkeys(block.role for block in sheet.blocks.values()):
            look = ROLES[role]
            self.row += 1
            style = self.styles.get(style_of(role), font_color=look.colour, bold=True, align="left")
            self.page.write_string(self.row, 0, f"{look.mark} {role}", style)
            self.page.write_string(self.row, 1, look.meaning)


def write_numbers(page: Worksheet, sheet: Sheet, styles: Styles) -> None:
    """The tables that steps of the story set, below each other, each cell as it is typed."""
    page.write_string(0, 0, f"{sheet.title}: numbers of the story", styles.title)
    page.write_url(1, 0, BACK, styles.link, "Back to the first worksheet")
    page.write_string(2, 0, "Copy a table, and paste its values where it belongs.", styles.note)
    row = NUMBERS_ROW
    for each in to_copy(sheet):
        page.write_string(row, 0, each.title, styles.group)
        words, style = choices_of(each.block), styles.get(style_of(each.block.role))
        for (i, j), x in np.ndenumerate(each.numbers):
            if np.isnan(x):
                page.write_blank(row + 1 + i, j, None, style)
            elif words:
                page.write_string(row + 1 + i, j, words[int(x)], style)
            else:
                page.write_number(row + 1 + i, j, Exact(x), style)
        row += len(each.numbers) + 2


def what_for(part: Part, worksheet: str) -> str:
    """What a worksheet of the sheet is for, in a line."""
    if worksheet == MAIN:
        return "The lesson: what to set, what comes of it, and its charts."
    if part.plan is not None and worksheet == part.plan.worksheet:
        return "One row a step; each row reads the row above."
    if worksheet == NOW:
        return "What training has made of the inputs at the step that the first worksheet shows."
    if worksheet == NUMBERS:
        return "Tables that steps of the story set, to copy."
    if worksheet == CHOICES:
        return "The number of each choice, which formulas read, by the word that is chosen."
    titles = [place.group.title for place in part.where.groups if place.worksheet == worksheet]
    return f"What the first worksheet computes with: {', '.join(filter(None, titles))}."
