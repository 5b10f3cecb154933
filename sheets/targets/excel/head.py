"""The head of the first worksheet: the step of the story and what it asks, what the numbers say,
the step of the run that is shown, the numbers that matter large, and the charts beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

from xlsxwriter.worksheet import Worksheet

from ...language.blocks import locked
from ...language.sheet import Sheet
from ...language.teaching import Preset
from .book import Workbook
from .charts import ROW, Drawn, column_at, write_charts
from .layout import (
    ASKED_ROW,
    CHART_ROWS,
    CHECK_ROW,
    HEAD_ROW,
    MAIN,
    NOW,
    QUESTION_ROW,
    SAID_ROW,
    STORY,
    Head,
)
from .limits import MOST_ROWS
from .parts import Part
from .steps import STEP_SHOWN, Steps
from .story import (
    BACK,
    sentences_formula,
    step_set,
    story_cells,
    told_now,
    told_pieces,
    what_for,
)
from .styles import NARROWEST, Styles, cached, cell_format, pixels
from .words import LINE, lines, said_now, settings

# Pixels of a worksheet's cells across a screen of 1366, a sidebar folded and with room for a font
# that is wider than Calibri.
SCREEN = 1200
FEWEST_LINES, MOST_LINES = 2, 5  # of the sentences at the top
LARGE_TALL = 24  # points of a row with a large number
SMALLEST_CHART, LARGEST_CHART = 380, 620  # pixels across
NARROW_PIXELS = 96
POINTS = 0.75  # a pixel's


def columns_across(widths: Mapping[int, float]) -> int:
    """How many columns from the first on fill a screen."""
    return column_at(widths, 0, SCREEN - NARROW_PIXELS // 2)


def steps_formula(plan: Steps) -> str:
    """The last step that the workbook holds, also after rows were filled down."""
    return f"=MAX({plan.worksheet}!$A${plan.first_row + 1}:$A${MOST_ROWS})"


def asked_formulas(part: Part) -> tuple[str, str]:
    """The title of the story's step, and what it sets and asks."""
    step = f"$B${ASKED_ROW + 1}"
    title, set_, asked = (
        f"INDEX({story_cells(part.sheet, column)},{step},1)" for column in ("A", "B", "C")
    )
    return f"={title}", f'={set_}&IF({set_}="",""," ")&{asked}'


def asked_now(part: Part) -> tuple[int, str, str]:
    """The number of the story's step, its title, and what it sets and asks."""
    number = step_set(part)
    preset = part.sheet.presets[number - 1]
    return number, preset.title, asked_of(part.sheet, preset)


def asked_of(sheet: Sheet, preset: Preset) -> str:
    """What a step of the story sets, and what it asks."""
    return " ".join([*filter(None, [settings(sheet, preset)]), preset.predict])


def said_formula(part: Part) -> str:
    """What is wrong with the workbook; else what happened in the story's step, while its inputs are
    set; else the sentences that hold.
    """
    said = sentences_formula(part.sheet, part.where)[1:] or '""'
    if part.sheet.presets:
        told = f"INDEX({story_cells(part.sheet, 'D')},$B${ASKED_ROW + 1},1)"
        said = f'IF({told}="",{said},{told})'
    check = f"{STORY}!$A${CHECK_ROW + 1}"
    return f'=IF({check}="",{said},{check})' if part.check else f"={said}"


def all_said_now(part: Part) -> str:
    sheet = part.sheet
    texts = [said_now(sentence, part.shown) for sentence in sheet.sentences]
    said = "\n".join(filter(None, texts))
    if not sheet.presets:
        return said
    preset = sheet.presets[step_set(part) - 1]
    return told_now(part, preset) or said


class HeadWriter:
    """Writes around the blocks of the first worksheet. widths: of its columns, in characters."""

    def __init__(self, book: Workbook, part: Part, styles: Styles, widths: Mapping[int, float]):
        assert part.where.head is not None
        self.book, self.part, self.styles, self.widths = book, part, styles, widths
        self.page: Worksheet = book.get_worksheet_by_name(MAIN)
        self.head: Head = part.where.head
        self.last = columns_across(widths) - 1
        self.characters = int(sum(widths.get(k, NARROWEST) for k in range(self.last + 1)))

    def write(self) -> None:
        self.page.set_row(0, LARGE_TALL)
        self._asked()
        self._said()
        if self.part.plan is not None and self.part.where.shows_steps:
            self._step(self.part.plan)
        self._large()
        self._charts()
        ends = self.part.where.ends[MAIN]
        self.page.print_area(0, 0, ends.row, max(self.last, ends.column))
        self.page.activate()

    def _across(self, row: int, tall: int, style) -> None:
        self.page.merge_range(row, 0, row, self.last, "", style)
        self.page.set_row(row, LINE * tall)

    def _asked(self) -> None:
        sheet = self.part.sheet
        if not sheet.presets:
            return
        number, title, asked = asked_now(self.part)
        formulas, count = asked_formulas(self.part), len(sheet.presets)
        label = f"Story, {count} steps"
        self.page.write_string(ASKED_ROW, 0, label, self.styles.get(bold=True))
        self.page.write_number(ASKED_ROW, 1, number, self.styles.numbered)
        self.page.data_validation(
            ASKED_ROW,
            1,
            ASKED_ROW,
            1,
            {
                "validate": "list",
                "source": list(range(1, count + 1)),
                "ignore_blank": False,
                "error_title": "Story",
                "error_message": f"The story has steps 1 to {count}",
            },
        )
        step_title = self.styles.get(bold=True, font_size=12, indent=1)
        self.page.write_formula(ASKED_ROW, 2, formulas[0], step_title, title)
        texts = [asked_of(sheet, each) for each in sheet.presets]
        tall = max(lines(text, self.characters) for text in texts)
        self._across(QUESTION_ROW, tall, self.styles.wrapped)
        self.page.write_formula(QUESTION_ROW, 0, formulas[1], self.styles.wrapped, asked)

    def _said(self) -> None:
        sheet = self.part.sheet
        if not sheet.sentences and not sheet.presets and self.part.check is None:
            return
        now = [said_now(sentence, self.part.shown) for sentence in sheet.sentences]
        told = ["".join(map(str, told_pieces(each))) for each in sheet.presets]
        tall = max(
            [FEWEST_LINES, sum(lines(text, self.characters) for text in now if text)]
            + [lines(text, self.characters) for text in told]
        )
        self._across(SAID_ROW, min(tall, MOST_LINES), self.styles.sayings)
        formula, text = said_formula(self.part), all_said_now(self.part)
        self.page.write_formula(SAID_ROW, 0, formula, self.styles.sayings, text)

    def _step(self, plan: Steps) -> None:
        row, last = self.head.step_row, self.part.steps
        self.page.write_string(row, 0, "step shown", self.styles.get(bold=True))
        self.page.write_number(row, 1, last, self.styles.chosen)
        self.page.write_string(row + 1, 0, "last step there is", self.styles.get())
        self.page.write_formula(row + 1, 1, steps_formula(plan), self.styles.get(), last)
        self.book.define_name(STEP_SHOWN, f"={MAIN}!$B${row + 1}")
        self.page.data_validation(
            row,
            1,
            row,
            1,
            {
                "validate": "integer",
                "criteria": "between",
                "minimum": 0,
                "maximum": f"=$B${row + 2}",
                "ignore_blank": False,
                "error_title": "Step",
                "error_message": f"a whole number from 0 to the last row of {plan.worksheet}",
            },
        )

    def _large(self) -> None:
        """The numbers that the story looks at, by their own cells."""
        for k, name in enumerate(self.head.large):
            row, block = self.head.large_row + k, self.part.sheet.blocks[name]
            numbers = self.part.shown[name]
            self.page.set_row(row, LARGE_TALL)
            self.page.write_string(row, 0, block.words, self.styles.large(block, "General"))
            style = self.styles.large(block, cell_format(block, numbers))
            place = self.part.where.shown[name]
            value = cached(float(numbers[0, 0]), block)
            self.page.write_formula(row, 1, f"={place.name}", style, value)

    def _charts(self) -> None:
        part, head = self.part, self.head
        if not part.sheet.charts:
            return
        left = sum(pixels(self.widths.get(k, NARROWEST)) for k in range(head.chart_column))
        across = min(head.across, len(part.sheet.charts))
        wide = max(SMALLEST_CHART, min(LARGEST_CHART, (SCREEN - left) // across))
        write_charts(
            self.book,
            self.page,
            Drawn(part.sheet, part.where, part.plan, part.steps, part.shown),
            self.styles,
            (HEAD_ROW, head.chart_column),
            across,
            (wide, ROW * CHART_ROWS),
            self.widths,
            {head.large_row + k: round(LARGE_TALL / POINTS) for k in range(len(head.large))},
        )


# --- the worksheet of the step that is shown


def write_now(page: Worksheet, part: Part, styles: Styles) -> None:
    """What training has made of the inputs, below each other."""
    assert part.plan is not None
    page.write_string(0, 0, f"{part.sheet.title}: the step that is shown", styles.title)
    page.write_url(1, 0, BACK, styles.link, "Back to the first worksheet")
    page.write_string(2, 0, what_for(part, NOW), styles.note)
    for name, place in part.where.now.items():
        block, numbers = locked(part.sheet.blocks[name], value=None), part.shown[name]
        page.write_string(place.row, 0, block.words, styles.get(bold=True))
        style = styles.number(block, cell_format(block, numbers))
        rows, columns = numbers.shape
        for i in range(rows):
            for j in range(columns):
                page.write_formula(
                    place.row + i,
                    place.column + j,
                    part.plan.at_shown(name, i * columns + j, STEP_SHOWN),
                    style,
                    cached(float(numbers[i, j]), block),
                )
        last = place.row + rows - 1, place.column + columns - 1
        styles.shorten(page, cell_format(block, numbers), (place.row, place.column), last)
