"""The file, by XlsxWriter: every formula with its cached value, styles by role, notes, validation, native charts, a first worksheet.

The workbook's own record: a defined name for each block (Excel moves it when rows are inserted), and the custom property `gradsheet`
with the sheet's name and the record's version.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import xlsxwriter

from ...language.cells import at
from ...language.charts import Chart, Series
from ...language.errors import NeedsBlock
from ...language.expr import is_single
from ...language.inputs import allowed
from ...language.roles import ROLES
from ...language.sheet import Block, Sentence, Sheet, written
from ..numpy import Values, is_said, values
from .formulas import LONGEST, Formula, block_formula, column_name, formula
from .layout import Layout, Place, layout
from .steps import write_steps
from .styles import Styles, cached

VERSION = 1
PROPERTY = "gradsheet"
TEXT_LIMIT = 255  # characters of a text inside a formula
START = "Start"
DASHES = ("solid", "dash", "round_dot", "dash_dot")  # as on the page
SYMBOLS = ("circle", "diamond", "square", "x")
NARROWEST = 11  # column, in characters
LINE = 15  # height of a line of text, in points
WORDS_WIDTH = 100  # of the first worksheet's column of text, in characters


def write(sheet: Sheet, target: str | Path | BinaryIO, inputs: Mapping[str, Any] | None = None, steps: int = 0) -> None:
    """The workbook of these inputs (default: the sheet's own) and, where the sheet is carried, of `steps` steps.

    target: a path or an open binary file. Raises InputError for inputs the sheet does not take, NeedsBlock for a formula that Excel
    cannot state in one cell, both before anything is written.
    """
    sheet = sheet.with_inputs(inputs or {})
    found = values(sheet)
    where = layout(sheet)
    formulas = {name: block_formula(sheet, where.blocks, name) for name, block in sheet.blocks.items() if block.formula is not None}
    file = io.BytesIO()  # whole before anything is written, so that a failure leaves no broken file
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        styles = Styles(book)
        start = book.add_worksheet(START)
        pages = {name: book.add_worksheet(name) for name in dict.fromkeys(["Sheet", *(place.worksheet for place in where.blocks.values())])}
        for name, page in pages.items():
            _prepare(page, sheet, where, styles, name)
        for name, block in sheet.blocks.items():
            place = where.blocks[name]
            _define_name(book, name, block, place)
            _write_numbers(pages[place.worksheet], block, place, found[name], formulas.get(name), styles)
        _write_headings(pages, sheet, where, styles)
        _write_sentences(pages["Sheet"], sheet, where, found, styles)
        if sheet.charts:
            _write_charts(book, sheet, where)
        if sheet.carried:
            write_steps(book, sheet, where.blocks, steps, styles)
        _write_start(start, sheet, where, found, styles)
        book.set_custom_property(PROPERTY, json.dumps({"sheet": sheet.name, "version": VERSION}))
        book.set_properties({"title": sheet.title, "comments": sheet.summary})
    if isinstance(target, (str, Path)):
        Path(target).write_bytes(file.getvalue())
    else:
        target.write(file.getvalue())


def _prepare(page, sheet: Sheet, where: Layout, styles: Styles, name: str) -> None:
    page.write_string(0, 0, sheet.title if name == "Sheet" else f"{sheet.title}: {name}", styles.title)
    page.freeze_panes(1, 1)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&RPage &P of &N")
    page.set_column(0, 100, NARROWEST)
    for column, width in _widths(sheet, where, name).items():
        page.set_column(column, column, width)


def _widths(sheet: Sheet, where: Layout, worksheet: str) -> dict[int, float]:
    """Columns wide enough for the names that stand in them."""
    widths: dict[int, float] = {}
    for place in where.groups:
        for name in place.group.blocks if place.worksheet == worksheet else ():
            column = where.blocks[name].column - (1 if place.is_list else 0)
            widths[column] = max(widths.get(column, NARROWEST), len(name) + 4)
    return widths


def cells_of(block: Block, place: Place) -> str:
    """`=Sheet!$B$5:$B$9`: the block's cells."""
    last_row, last_column = place.row + int(block.shape[0]) - 1, place.column + int(block.shape[1]) - 1
    corners = dict.fromkeys([(place.row, place.column), (last_row, last_column)])
    return f"={place.worksheet}!" + ":".join(f"${column_name(column)}${row + 1}" for row, column in corners)


def _define_name(book, name: str, block: Block, place: Place) -> None:
    book.define_name(name, cells_of(block, place))


def _write_numbers(page, block: Block, place: Place, found: np.ndarray, filled, styles: Styles) -> None:
    style = styles.number(block, found)
    for i, j in np.ndindex(found.shape):
        row, column = place.row + i, place.column + j
        if filled is None:
            page.write_number(row, column, found[i, j], style)
        else:
            page.write_formula(row, column, filled.at(i, j), style, cached(float(found[i, j]), block))
    if block.editable:
        _validate(page, block, place, found)


def _fixed(block: Block) -> str:
    """What to say to who changes a size: a workbook's tables stay as they were written."""
    return f"A workbook keeps its {block.name}. Choose another one in the lesson and download again." if block.is_size else ""


def _validate(page, block: Block, place: Place, found: np.ndarray) -> None:
    rule: dict[str, Any] = {"validate": "integer" if block.whole else "decimal", "ignore_blank": False}
    if block.is_size:
        size = int(found[0, 0])
        rule |= {"criteria": "between", "minimum": size, "maximum": size}
    elif block.low is not None and block.high is not None:
        rule |= {"criteria": "between", "minimum": block.low, "maximum": block.high}
    elif block.low is not None:
        rule |= {"criteria": ">=", "value": block.low}
    else:
        rule |= {"criteria": "<=", "value": block.high if block.high is not None else 1e300}
    names = "; ".join(f"{k}: {choice}" for k, choice in enumerate(block.choices))
    rule["error_title"] = block.name[:32]
    rule["error_message"] = (_fixed(block) or names or f"{block.name} must be {allowed(block)}")[:TEXT_LIMIT]
    page.data_validation(place.row, place.column, place.row + found.shape[0] - 1, place.column + found.shape[1] - 1, rule)


def comment(block: Block) -> str:
    """Title, note, role and the formula as it was written."""
    lines = [block.name, block.title, block.note, ROLES[block.role].meaning]
    if block.choices:
        lines.append("; ".join(f"{k}: {choice}" for k, choice in enumerate(block.choices)))
    elif block.editable:
        lines.append(_fixed(block) or f"may be {allowed(block)}")
    if block.expr is not None:
        lines.append(f"= {block.expr!r}"[:400])
    return "\n".join(dict.fromkeys(line for line in lines if line))


def _write_headings(pages: dict, sheet: Sheet, where: Layout, styles: Styles) -> None:
    for group, worksheet, row, column, listed, body_row in where.groups:
        page = pages[worksheet]
        page.write_string(row, column, group.title, styles.group)
        if group.note:
            page.write_string(row + 1, column, group.note, styles.note)
        for name in group.blocks:
            block, place = sheet.blocks[name], where.blocks[name]
            label_row, label_column = (place.row, place.column - 1) if listed else (place.row - 1, place.column)
            heading = styles.get(bold=True, font_color=ROLES[block.role].colour) if listed else styles.heading(block)
            page.write_string(label_row, label_column, f"{ROLES[block.role].mark} {block.name}", heading)
            page.write_comment(label_row, label_column, comment(block), {"x_scale": 2.2, "y_scale": 1.4})
        if not listed:
            page.write_string(body_row, column, "row", styles.row_number)
            for i in range(max(int(sheet.blocks[name].shape[0]) for name in group.blocks)):
                page.write_number(body_row + 1 + i, column, i + 1, styles.row_number)


def excel_text(text: str) -> str:
    """A text inside a formula: quotes doubled, and joined from pieces that Excel takes."""
    parts = [text[k : k + TEXT_LIMIT // 2] for k in range(0, len(text), TEXT_LIMIT // 2)]
    return "&".join('"' + part.replace('"', '""') + '"' for part in parts)


def excel_number(name: str, spec: str) -> str:
    """A block's number as text. FIXED, not TEXT, whose pattern is read in the reader's own language; a word stays itself."""
    decimals = 0 if spec == "d" else int(spec[1:-1])
    fixed = f'FIXED({name}*100,{decimals},TRUE)&"%"' if spec.endswith("%") else f"FIXED({name},{decimals},TRUE)"
    return f"IF(ISNUMBER({name}),{fixed},{name})"


def sentence_formula(sheet: Sheet, where: Layout, sentence: Sentence) -> Formula:
    """The sentence as a formula of a cell on the worksheet Sheet: its words with its numbers, or nothing."""
    words = "&".join(excel_text(piece) if isinstance(piece, str) else excel_number(*piece) for piece in sentence.pieces)
    here = Place("Sheet", 0, 0)
    when = formula(sheet, where.blocks, here, at(sentence.when, 0, 0), f"sentence {sentence.pieces[0]!r}", sentence.line)
    found = replace(when, template=words if when.template == "1" else f'IF({when.template},{words},"")')
    if len(found.template) > LONGEST:
        raise NeedsBlock(f"the sentence {sentence.pieces[0]!r} is longer than Excel takes in one cell; make two of it", sentence.line)
    return found


def _write_sentences(page, sheet: Sheet, where: Layout, found: Values, styles: Styles) -> None:
    for k, sentence in enumerate(sheet.sentences):
        written_out = sentence_formula(sheet, where, sentence).at(0, 0)
        page.write_formula(where.sentence_rows["Sheet"] + k, 0, written_out, styles.said, said_now(sentence, found))


def said_now(sentence: Sentence, found: Values) -> str:
    return written(sentence.pieces, found) if is_said(sentence, found) else ""


def plain(text: str) -> str:
    """A chart's text stays text: XlsxWriter would take `=Sheet!A1` for a reference."""
    return f"\u200b{text}" if text.startswith("=") and "!" in text else text


def _series(sheet: Sheet, where: Layout, series: Series, k: int) -> dict[str, Any]:
    """The chart's series number k: told by colour, and by its dashes or its marker's shape."""
    colour = ROLES[series.role].colour
    lines = series.mode == "lines"
    marker = {"type": SYMBOLS[k % len(SYMBOLS)], "size": 8, "fill": {"color": colour}, "border": {"color": "white"}}
    return {
        "name": plain(series.label),
        "categories": cells_of(sheet.blocks[series.x], where.blocks[series.x]),
        "values": cells_of(sheet.blocks[series.y], where.blocks[series.y]),
        "line": {"color": colour, "width": 2, "dash_type": DASHES[k % len(DASHES)]} if lines else {"none": True},
        "marker": {"type": "none"} if lines else marker,
    }


def _write_charts(book, sheet: Sheet, where: Layout) -> None:
    page = book.add_worksheet("Charts")
    page.hide_gridlines(2)
    page.write_string(0, 0, "The charts follow the cells of the worksheet Sheet")
    page.set_landscape()
    page.fit_to_pages(1, 0)
    for k, chart in enumerate(sheet.charts):
        page.insert_chart(2 + (k // 2) * 22, (k % 2) * 11, _chart(book, sheet, where, chart), {"description": chart.note or chart.title})


def _chart(book, sheet: Sheet, where: Layout, chart: Chart):
    drawn = book.add_chart({"type": "scatter", "subtype": "straight"})
    for k, series in enumerate(chart.series):
        drawn.add_series(_series(sheet, where, series, k))
    drawn.set_title({"name": plain(chart.title), "name_font": {"size": 12}, "overlay": False})
    for axis, set_axis in ((chart.x, drawn.set_x_axis), (chart.y, drawn.set_y_axis)):
        options: dict[str, Any] = {
            "name": plain(axis.title),
            "min": axis.low,
            "max": axis.high,
            "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}},
        }
        if axis.scale == "log":  # whole powers of ten, or the labels are odd numbers
            options |= {"log_base": 10, "num_format": "General"}
            options |= {"min": 10.0 ** math.floor(math.log10(axis.low)), "max": 10.0 ** math.ceil(math.log10(axis.high))}
        set_axis(options | {"crossing": options["min"], "label_position": "low"})
    drawn.set_legend({"position": "bottom"})
    drawn.set_size({"width": 620, "height": 400})
    return drawn


def _write_start(page, sheet: Sheet, where: Layout, found: Values, styles: Styles) -> None:
    """The first worksheet: what this is, what to try, what the numbers say, what the colours mean, where it comes from."""
    page.hide_gridlines(2)
    page.set_column(0, 0, 30)
    page.set_column(1, 1, WORDS_WIDTH)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.write_string(0, 0, sheet.title, styles.title)
    page.write_string(1, 0, sheet.summary, styles.note)
    row = 3
    page.write_string(row, 0, "What to try", styles.group)
    page.write_string(row, 1, "On the worksheet Sheet, change the cells with bold coloured numbers; everything else follows.", styles.note)
    for preset in sheet.presets:
        row += 1
        page.write_string(row, 0, preset.title, styles.get(bold=True, text_wrap=True, valign="top"))
        words = _settings(sheet, preset.inputs) + preset.predict
        page.set_row(row, LINE * (1 + len(words) // (WORDS_WIDTH - 10)))
        page.write_string(row, 1, words, styles.wrapped)
    row += 2
    page.write_string(row, 0, "What the numbers say", styles.group)
    for k, sentence in enumerate(sheet.sentences):
        row += 1
        cell = f"Sheet!$A${where.sentence_rows['Sheet'] + k + 1}"
        page.write_formula(row, 0, f'={cell}&""', styles.said, said_now(sentence, found))
    row += 2
    page.write_string(row, 0, "What the colours mean", styles.group)
    for role in dict.fromkeys(block.role for block in sheet.blocks.values()):
        row += 1
        look = ROLES[role]
        page.write_string(
            row,
            0,
            f"{look.mark} {role}",
            styles.get(bg_color=look.tint, font_color=look.colour, bold=True, border=1, border_color="#C8C8C8"),
        )
        page.write_string(row, 1, look.meaning)
    row += 2
    page.write_string(row, 0, "Sources", styles.group)
    for source in sheet.sources:
        row += 1
        page.write_string(row, 0, f"{source.text}. {source.address}".rstrip())
    page.activate()


def _settings(sheet: Sheet, inputs: Mapping[str, np.ndarray]) -> str:
    """How to come to a preset: its single numbers set by hand, or the workbook that holds its rows."""
    singles = ", ".join(f"{name} = {array[0, 0]:g}" for name, array in inputs.items() if is_single(sheet.blocks[name].shape))
    whole = [len(array) for name, array in inputs.items() if not is_single(sheet.blocks[name].shape)]
    if whole:
        rows = f"these {max(whole)} rows" + (f", {singles}" if singles else "")
        return f"Press this button on the lesson's page, then download the workbook: it holds {rows}. "
    return f"Set {singles}. " if singles else ""
