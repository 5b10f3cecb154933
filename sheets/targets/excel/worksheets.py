"""The worksheets of a sheet's blocks: numbers and formulas, headings with notes, validation,
sentences.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from ...language.blocks import (
    Block,
    Input,
    Size,
    choices_of,
    is_editable,
    locked,
    picture_range,
    words_of,
)
from ...language.expr import is_data
from ...language.inputs import allowed
from ...language.roles import ROLES
from .book import Workbook
from .charts import cells_of, colour_contours, points_drawn, without_dragging
from .layout import CHOICES, GroupPlace, Place, has_column_names, row_name
from .limits import LONGEST_TITLE
from .parts import Part
from .story import BACK, what_for
from .styles import NARROWEST, Exact, Styles, all_cached, cached, cell_format
from .words import COMMENT, LINE, comment, fixed, in_full, lines, said_now, sentence_formula

PAPER_WIDTH = 330  # characters across a printed page, at most
LONGEST_MESSAGE_TITLE = 32
FIRST_COLUMN = 24  # characters, of the first worksheet
LARGE = 1.6  # how much wider large letters are
WIDEST_FIRST = 34  # of the first column, whose large names shrink to it
EMPTY_WIDTH = 3  # of a column that only keeps groups or blocks apart
LONGEST_HEADING = 16  # characters of a table's heading in one line
PICTURE_WIDTH = 2.5  # characters: about as wide as a row is high


def write_worksheets(book: Workbook, part: Part, styles: Styles) -> dict[str, Worksheet]:
    """Everything of the part but its head, its charts and its steps; returns its worksheets by
    name.
    """
    sheet, where = part.sheet, part.where
    names = dict.fromkeys([where.main, *(where.seen(name).worksheet for name in where.blocks)])
    pages = {name: book.get_worksheet_by_name(name) or book.add_worksheet(name) for name in names}
    for name, page in pages.items():
        first = name == where.main
        page.write_string(0, 0, sheet.title if first else f"{sheet.title}: {name}", styles.title)
        if not first:
            page.write_url(1, 0, BACK, styles.link, "Back to the first worksheet")
            page.write_string(1, 3, what_for(part, name), styles.note)
        prepare(page, *widths_of(part, name))
    drawn = points_drawn(sheet)
    for name, block in sheet.blocks.items():
        place, follows = where.seen(name), part.follows.get(name, "")
        shown = locked(block) if follows else block
        book.define_name(place.name, cells_of(block, place, where.spare))
        page, numbers = pages[place.worksheet], part.value(name)
        if name in where.words:
            _write_word(page, part, name, styles)
        else:
            filled = part.formulas.get(name)
            _write_numbers(page, shown, place, numbers, filled, styles, name in drawn)
            _write_spare(page, part, shown, place, styles)
        _write_label(page, part, shown, comment(shown, follows), styles)
    if where.words:
        _write_choices(book, part, styles)
    for name, place in where.now.items():
        book.define_name(place.name, cells_of(sheet.blocks[name], place))
    _write_headings(pages, part, styles)
    colour_contours(pages, sheet, where)
    if where.head is None:
        _write_sentences(pages[where.main], part, styles)
    return pages


def choices_at(part: Part, name: str) -> str:
    """`Choices!$C$5:$E$5`: the words of a choice."""
    block, place = part.sheet.blocks[name], part.where.blocks[name]
    last = place.column + len(choices_of(block))
    return f"{place.worksheet}!{xl_range_abs(place.row, place.column + 1, place.row, last)}"


def _write_word(page: Worksheet, part: Part, name: str, styles: Styles) -> None:
    """The cell where a person chooses, by a word or by its number."""
    block, place = part.sheet.blocks[name], part.where.words[name]
    words, numbers = choices_of(block), part.value(name)
    page.write_string(
        place.row,
        place.column,
        words[int(numbers[0, 0])],
        styles.number(block, cell_format(block, numbers)),
    )
    rule = {
        "validate": "list",
        "source": f"={choices_at(part, name)}",
        "ignore_blank": False,
        "error_title": block.name[:LONGEST_MESSAGE_TITLE],
        "error_message": "; ".join(words)[:LONGEST_TITLE],
    }
    page.data_validation(place.row, place.column, place.row, place.column, rule)


def _write_choices(book: Workbook, part: Part, styles: Styles) -> None:
    """Each choice's number, which formulas read, and the words that it is looked up among."""
    page = book.add_worksheet(CHOICES)
    page.write_string(0, 0, f"{part.sheet.title}: {CHOICES}", styles.title)
    page.write_url(1, 0, BACK, styles.link, "Back to the first worksheet")
    page.write_string(2, 0, what_for(part, CHOICES), styles.note)
    prepare(page, {0: 32}, 2)
    for name, word in part.where.words.items():
        block, place, numbers = part.sheet.blocks[name], part.where.blocks[name], part.value(name)
        book.define_name(name, cells_of(block, place))
        page.write_string(place.row, 0, block.words, styles.get(bold=True))
        looked_up = f"MATCH({word.name},{choices_at(part, name)},0)-1"
        formula = f"=IF(ISNUMBER({word.name}),{word.name},{looked_up})"
        style = styles.computed(block, numbers)
        page.write_formula(place.row, 1, formula, style, float(numbers[0, 0]))
        for k, text in enumerate(choices_of(block)):
            page.write_string(place.row, 2 + k, text, styles.get())


def _write_sentences(page: Worksheet, part: Part, styles: Styles) -> None:
    """Each in its own row, below the title."""
    for k, sentence in enumerate(part.sheet.sentences):
        said = sentence_formula(part.sheet, part.where, sentence).at(0, 0)
        now = said_now(sentence, part.shown)
        page.write_formula(part.where.said[1] + k, 0, said, styles.said, now)


def prepare(page: Worksheet, widths: dict[int, float], columns: int, frozen: int = 1) -> None:
    """How a worksheet looks and prints. widths: of some of its columns, in characters.

    frozen: rows that stay in view.
    """
    page.freeze_panes(frozen, 1)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    characters = sum(widths.values()) + NARROWEST * (columns - len(widths))
    page.fit_to_pages(math.ceil(characters / PAPER_WIDTH), 0)
    page.repeat_rows(frozen - 1)
    page.set_footer("&L&A&RPage &P of &N")
    page.set_column(0, max(100, columns), NARROWEST)  # some beyond, for what a reader adds
    for column, width in widths.items():
        page.set_column(column, column, width)


def wide_enough(labels: list[tuple[int, str]]) -> dict[int, float]:
    """Widths of columns for what stands in them."""
    widths: dict[int, float] = {}
    for column, label in labels:
        widths[column] = max(widths.get(column, NARROWEST), len(label) + 4)
    return widths


def widths_of(part: Part, worksheet: str) -> tuple[dict[int, float], int]:
    """Of the columns with labels, and how many columns there are."""
    here = [
        (part.where.labels[name][1], label)
        for name in part.where.blocks
        if part.where.seen(name).worksheet == worksheet
        for label in [_line_of_label(part, name)]
    ]
    gaps = _gap_columns(part, worksheet)
    if part.plan is not None and part.plan.worksheet == worksheet:
        here += part.plan.labels(part.sheet, [*part.plan.still, *part.plan.row])
    narrow = _picture_columns(part, worksheet)
    widths = wide_enough(here)
    if part.where.head is not None and worksheet == part.where.main:
        large = [len(part.sheet.blocks[name].words) * LARGE for name in part.where.head.large]
        widths[0] = max(FIRST_COLUMN, widths.get(0, 0), min(WIDEST_FIRST, max(large, default=0)))
    return {**gaps, **widths, **narrow}, max(
        [part.where.ends[worksheet].column, *(column + 1 for column, _ in here)]
    )


def _above_its_cells(part: Part, name: str) -> bool:
    """Whether the block's label stands over a table's column, not beside a single number."""
    (row, column), place = part.where.labels[name], part.where.seen(name)
    return row < place.row and column == place.column


def _line_of_label(part: Part, name: str) -> str:
    """As much of a block's label as its column must take: a heading over several columns runs on
    over them, and a long one over one column breaks in two lines.
    """
    block = part.sheet.blocks[name]
    label = label_of(part, block)
    if not _above_its_cells(part, name):
        return label
    if block.shape[1] > 1:
        return label[: -(-len(label) // int(block.shape[1]))]
    return max(_two_lines(label), key=len) if is_long(label) else label


def is_long(heading: str) -> bool:
    return len(heading) > LONGEST_HEADING and " " in heading


def _two_lines(heading: str) -> tuple[str, str]:
    """Of about the same length."""
    spaces = [k for k, letter in enumerate(heading) if letter == " "]
    middle = min(spaces, key=lambda k: abs(k - len(heading) / 2))
    return heading[:middle], heading[middle + 1 :]


def _gap_columns(part: Part, worksheet: str) -> dict[int, float]:
    """Widths of the columns between others in which nothing stands."""
    where, filled = part.where, set()
    for name, block in part.sheet.blocks.items():
        place = where.seen(name)
        if place.worksheet == worksheet:
            filled |= {where.labels[name][1]}
            filled |= set(range(place.column, place.column + int(block.shape[1])))
    filled |= {each.column for each in where.groups if each.worksheet == worksheet}
    if part.plan is not None and part.plan.worksheet == worksheet:
        return {}
    if where.head is not None and worksheet == where.main:
        filled |= {0, 1}
    last = max(filled, default=0)
    return {column: EMPTY_WIDTH for column in range(last) if column not in filled}


def _picture_columns(part: Part, worksheet: str) -> dict[int, float]:
    """Widths of the columns in which only pictures stand."""
    shown: dict[int, bool] = {}
    for name, block in part.sheet.blocks.items():
        place = part.where.seen(name)
        if place.worksheet == worksheet:
            for column in range(place.column, place.column + int(block.shape[1])):
                shown[column] = shown.get(column, True) and bool(block.shown)
    return {column: PICTURE_WIDTH for column, only in shown.items() if only}


def _write_numbers(
    page: Worksheet,
    block: Block,
    place: Place,
    numbers: np.ndarray,
    filled,
    styles: Styles,
    is_drawn: bool,
) -> None:
    """is_drawn: by a chart, as a copy."""
    style = styles.number(block, cell_format(block, numbers))
    values = all_cached(numbers, block) if filled is not None else numbers.ravel().tolist()
    for (i, j), x in zip(np.ndindex(numbers.shape), values, strict=True):
        row, column = place.row + i, place.column + j
        if filled is not None:
            gap = is_drawn and math.isnan(numbers[i, j])
            page.write_formula(row, column, filled.at(i, j), style, NO_POINT if gap else x)
        elif math.isnan(x):
            page.write_blank(row, column, None, style)
        elif words_of(block):
            page.write_string(row, column, words_of(block)[int(x)], style)
        else:
            page.write_number(row, column, Exact(x), style)


def _write_spare(page: Worksheet, part: Part, block: Block, place: Place, styles: Styles) -> None:
    """The empty rows of a table of data, where a person may type, and what holds for all rows of a
    block: its colours, its limits.
    """
    numbers, filled = part.value(block.name), part.in_spare.get(block.name)
    style, (rows, columns) = styles.number(block, cell_format(block, numbers)), numbers.shape
    for i in range(rows, part.where.tall(block)):
        for j in range(columns):
            if filled is None:
                page.write_blank(place.row + i, place.column + j, None, style)
            else:
                like_last = cached(float(numbers[-1, j]), block) if _repeats(part, block) else ""
                formula = filled.at(i, j)
                page.write_formula(place.row + i, place.column + j, formula, style, like_last)
    last = place.row + part.where.tall(block) - 1, place.column + columns - 1
    if block.shown:
        page.conditional_format(place.row, place.column, *last, colour_scale(block))
    else:
        styles.shorten(page, cell_format(block, numbers), (place.row, place.column), last)
    if not is_data(block.shape) and block.role != "gradient" and are_shares(numbers):
        page.conditional_format(place.row, place.column, *last, data_bar(block))
    if is_editable(block):
        assert isinstance(block, Input)
        _validate(page, block, (place.row, place.column), last, numbers)


def _repeats(part: Part, block: Block) -> bool:
    return block.name in points_drawn(part.sheet)


NO_POINT = "#N/A"  # where a chart has a gap
BLACK, WHITE, BLUE, ORANGE = "#000000", "#FFFFFF", "#0068A3", "#B23C00"


def are_shares(numbers: np.ndarray) -> bool:
    """Whether each row, or each column, is made of parts of one; a choice of one of them is not."""
    if numbers.size == 1 or not np.isfinite(numbers).all() or (numbers < 0).any():
        return False
    some = (numbers != np.round(numbers)).any()
    along = [axis for axis in (0, 1) if numbers.shape[axis] > 1]
    return bool(some) and any(np.allclose(numbers.sum(axis=axis), 1, rtol=1e-9) for axis in along)


def data_bar(block: Block) -> dict[str, Any]:
    """As long as the share is of one, behind its number; as Excel has had them since 2007: what it
    added later openpyxl, which reads workbooks back, warns of.
    """
    ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1}
    lengths = {"min_length": 0, "max_length": 100}  # per cent of a cell
    return {"type": "data_bar", "bar_color": lighter(ROLES[block.role].colour), **ends, **lengths}


def lighter(colour: str) -> str:
    """A third of a colour on white, behind black numbers."""
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{255 - (255 - part) // 3:02X}" for part in parts)


def colour_scale(block: Block) -> dict[str, Any]:
    """The shades of a picture, as the page has them, by the spreadsheet's own means."""
    colours: dict[str, Any] = {"min_color": BLACK, "max_color": WHITE}
    if block.shown == "heat":
        middle = {"mid_type": "num", "mid_value": 0, "mid_color": WHITE}
        colours = {"min_color": BLUE, **middle, "max_color": ORANGE}
    ends = picture_range(block)
    if ends is not None:
        low, high = ends
        colours |= {"min_type": "num", "min_value": low, "max_type": "num", "max_value": high}
    return {"type": "3_color_scale" if block.shown == "heat" else "2_color_scale", **colours}


def _validate(
    page: Worksheet,
    block: Input,
    first: tuple[int, int],
    last: tuple[int, int],
    numbers: np.ndarray,
) -> None:
    rule: dict[str, Any] = {
        "validate": "integer" if block.whole else "decimal",
        "ignore_blank": block.blank,
    }
    if words_of(block):
        rule |= {"validate": "list", "source": list(words_of(block))}
    elif isinstance(block, Size):
        size = int(numbers[0, 0])
        rule |= {"criteria": "between", "minimum": size, "maximum": size}
    elif block.low is not None and block.high is not None:
        rule |= {"criteria": "between", "minimum": block.low, "maximum": block.high}
    elif block.low is not None:
        rule |= {"criteria": ">=", "value": block.low}
    else:
        rule |= {"criteria": "<=", "value": block.high if block.high is not None else 1e300}
    setting = () if words_of(block) else choices_of(block)
    names = "; ".join(f"{k}: {choice}" for k, choice in enumerate(setting))
    rule["error_title"] = block.name[:LONGEST_MESSAGE_TITLE]
    rule["error_message"] = (fixed(block) or names or f"{block.name} must be {allowed(block)}")[
        :LONGEST_TITLE
    ]
    page.data_validation(*first, *last, rule)


def _write_label(page: Worksheet, part: Part, block: Block, note: str, styles: Styles) -> None:
    row, column = part.where.labels[block.name]
    place = part.where.seen(block.name)
    listed = column < place.column and row == place.row
    style = (
        styles.get(bold=True, font_color=ROLES[block.role].colour)
        if listed
        else styles.heading(block)
    )
    label = label_of(part, block)
    above = _above_its_cells(part, block.name)
    if above and block.shape[1] == 1 and is_long(label):
        style = styles.heading(block, text_wrap=True)
        page.set_row(row, 2 * LINE)
    elif above and block.shape[1] > 1:
        style = styles.heading(block, align="left")  # it runs on over the block's columns
    page.write_string(row, column, f"{ROLES[block.role].mark} {label}", style)
    beside = {"start_row": row, "start_col": place.column + 2}
    below = {"start_row": row + 2, "start_col": column + 1}  # not over other headings
    page.write_comment(row, column, note, COMMENT | (beside if listed else below))


def label_of(part: Part, block: Block) -> str:
    """What stands beside or above a block: its title, or its name in words."""
    head = part.where.head
    return in_full(block) if head is not None and block.name in head.in_play else block.words


def _write_headings(pages: dict[str, Worksheet], part: Part, styles: Styles) -> None:
    """Each group's title and note, and the numbers beside a table's rows."""
    tall: dict[tuple[str, int], int] = {}
    for place in part.where.groups:
        page, group = pages[place.worksheet], place.group
        page.write_string(place.row, place.column, group.title, styles.group)
        if group.note:
            row = place.worksheet, place.row + 1
            tall[row] = max(tall.get(row, 1), _write_note(page, part, place, styles))
            page.set_row(row[1], LINE * tall[row])
        if place.kind == "table":
            page.write_string(place.body_row, place.column, "row", styles.row_number)
            _write_names(page, part, place, styles)


def _write_names(page: Worksheet, part: Part, place: GroupPlace, styles: Styles) -> None:
    """What a table's rows and columns are called: their names, or the rows' numbers."""
    group, sheet = place.group, part.sheet
    first = place.body_row + 1 + has_column_names(sheet, group)
    for i in range(max(part.where.tall(sheet.blocks[name]) for name in group.blocks)):
        named = row_name(sheet, group, i)
        if named:
            page.write_string(first + i, place.column, named, styles.row_number)
        else:
            page.write_number(first + i, place.column, i + 1, styles.row_number)
    for name in group.blocks:
        for j, word in enumerate(sheet.blocks[name].columns_named):
            column = part.where.blocks[name].column + j
            page.write_string(first - 1, column, word, styles.column_name)


def _write_note(page: Worksheet, part: Part, place: GroupPlace, styles: Styles) -> int:
    """The group's note, over its own columns where another group stands to its right; returns how
    many lines it takes.
    """
    note = without_dragging(place.group.note)
    if not note:
        return 1
    beside = [
        each
        for each in part.where.groups
        if (each.worksheet, each.row) == (place.worksheet, place.row)
    ]
    if not any(each.column > place.column for each in beside):
        page.write_string(place.row + 1, place.column, note, styles.note)
        return 1
    blocks = [(part.where.seen(name), part.sheet.blocks[name]) for name in place.group.blocks]
    last = max(where.column + int(block.shape[1]) for where, block in blocks) - 1
    widths, _ = widths_of(part, place.worksheet)
    width = sum(widths.get(column, NARROWEST) for column in range(place.column, last + 1))
    page.merge_range(place.row + 1, place.column, place.row + 1, last, note, styles.wrapped_note)
    return lines(note, int(width))
