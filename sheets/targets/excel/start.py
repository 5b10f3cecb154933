"""The first worksheet: what this is, what to try, what the numbers say, what the colours mean,
where it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from ...language.roles import ROLES
from ...language.sheet import Sheet
from .layout import Layout
from .limits import LONGEST_TEXT, MOST_ROWS, check_formula
from .parts import Part
from .steps import Steps
from .styles import Styles
from .words import LINE, lines, said_now, settings

WORKSHEET = "Start"
NAMES_WIDTH, WORDS_WIDTH = 30, 100  # of the two columns, in characters
MORE_STEPS = (
    "To get more, take them on the lesson's page (Step, Play) and download the workbook there: it"
    " holds as many as the page shows. Or select the last row of the worksheet {worksheet}, from"
    " step 1 on, and fill it down: each row is one more step."
)


def steps_formula(plan: Steps) -> str:
    """The last step that the workbook holds, also after rows were filled down."""
    return f"=MAX({plan.worksheet}!$A${plan.first_row + 1}:$A${MOST_ROWS})"


def sentences_formula(sheet: Sheet, where: Layout) -> str:
    """The sentences that hold, a line each; empty where there are none."""
    if not sheet.sentences:
        return ""
    first = where.sentence_rows[where.main] + 1
    cells = [f"{where.main}!$A${first + k}" for k in range(len(sheet.sentences))]
    found = (
        "=MID("
        + "&".join(f'IF({cell}="","",CHAR(10)&{cell})' for cell in cells)
        + f",2,{LONGEST_TEXT})"
    )
    check_formula(found, "all sentences together", sheet.sentences[-1].line)
    return found


class StartWriter:
    """Writes from top to bottom; `row` is the last one written."""

    def __init__(self, page: Worksheet, styles: Styles):
        self.page, self.styles, self.row = page, styles, 0
        page.hide_gridlines(2)
        page.set_column(0, 0, NAMES_WIDTH)
        page.set_column(1, 1, WORDS_WIDTH)
        page.set_paper(9)
        page.fit_to_pages(1, 1)

    def heading(self, text: str, note: str = "") -> None:
        self.row += 2
        self.page.write_string(self.row, 0, text, self.styles.group)
        if note:
            self.page.write_string(self.row, 1, note, self.styles.note)

    def pair(self, name: str, words: str) -> None:
        self.row += 1
        self.page.set_row(self.row, LINE * max(lines(name, NAMES_WIDTH), lines(words, WORDS_WIDTH)))
        self.page.write_string(
            self.row, 0, name, self.styles.get(bold=True, text_wrap=True, valign="top")
        )
        self.page.write_string(self.row, 1, words, self.styles.wrapped)

    def write(self, main: Part, beside: Sequence[Sheet]) -> None:
        sheet = main.sheet
        self.page.write_string(0, 0, sheet.title, self.styles.title)
        self.page.write_string(1, 0, sheet.summary, self.styles.note)
        self.row = 1
        self.heading(
            "What to try",
            "On the worksheet Sheet, change the cells with bold coloured numbers; everything else"
            " follows.",
        )
        for preset in sheet.presets:
            self.pair(preset.title, settings(sheet, preset.inputs) + preset.predict)
        if main.plan is not None:
            self._steps(main.plan, main.steps)
        if beside:
            self.heading(
                "Worksheets to flip between",
                "Their numbers stand in the same places. What they share follows the worksheet"
                " Sheet.",
            )
            for each in beside:
                self.pair(each.name, each.title)
        self._colours(sheet)
        self.heading("Sources")
        for source in sheet.sources:
            self.row += 1
            self.page.write_string(self.row, 0, f"{source.text}. {source.address}".rstrip())
        self._sentences(main)
        self.page.activate()

    def _steps(self, plan: Steps, steps: int) -> None:
        self.heading("Steps in this workbook")
        self.pair("The last step", MORE_STEPS.format(worksheet=plan.worksheet))
        self.page.write_formula(
            self.row - 1, 1, steps_formula(plan), self.styles.get(align="left", bold=True), steps
        )

    def _sentences(self, main: Part) -> None:
        """Last, since how many lines there are changes with the numbers."""
        sentences, where = main.sheet.sentences, main.where
        note = (
            f"Of the start, step 0, which the worksheet {where.main} shows. The worksheet {{}} has"
            " the steps after it."
        )
        self.heading(
            "What the numbers say",
            note.format(main.plan.worksheet) if main.plan is not None else "",
        )
        texts = [said_now(sentence, main.run[0]) for sentence in sentences]
        if not texts:
            return
        most = sum(
            lines("".join(map(str, sentence.pieces)), NAMES_WIDTH + WORDS_WIDTH)
            for sentence in sentences
        )
        self.page.merge_range(self.row + 1, 0, self.row + most, 1, "", self.styles.sayings)
        formula, said = sentences_formula(main.sheet, where), "\n".join(filter(None, texts))
        self.page.write_formula(self.row + 1, 0, formula, self.styles.sayings, said)
        self.row += most

    def _colours(self, sheet: Sheet) -> None:
        self.heading("What the colours mean")
        for role in dict.fromkeys(block.role for block in sheet.blocks.values()):
            look = ROLES[role]
            self.row += 1
            style = self.styles.get(
                bg_color=look.tint,
                font_color=look.colour,
                bold=True,
                border=1,
                border_color="#C8C8C8",
            )
            self.page.write_string(self.row, 0, f"{look.mark} {role}", style)
            self.page.write_string(self.row, 1, look.meaning)
