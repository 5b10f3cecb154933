"""The words of a workbook: comments, sentences as formulas, and texts that Excel takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ...language.blocks import Block, Choice, Input, Size, choices_of, is_editable
from ...language.cells import at
from ...language.errors import SheetError
from ...language.expr import Rows, is_single
from ...language.formats import written
from ...language.inputs import allowed
from ...language.roles import ROLES
from ...language.sheet import Sheet
from ...language.teaching import Sentence
from ..numpy import Values, is_said
from .formulas import Formula, formula
from .layout import Layout, Place
from .limits import LONGEST_TEXT, LONGEST_TITLE, check_formula

# What no XML can hold, but for tab and line break.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LINE = 15  # height of a line of text, in points
EXPRESSION = 400  # characters of a block's expression in its comment


def fixed(block: Block) -> str:
    """What to say to who changes a size: a workbook's tables stay as they were written."""
    return (
        f"A workbook keeps its {block.name}. Choose another one in the lesson and download again."
        if isinstance(block, Size)
        else ""
    )


def comment(block: Block, follows: str = "") -> str:
    """Title, note, role, what it may be and the formula as it was written.

    follows: the input of the main sheet that it repeats.
    """
    lines = [block.name, block.title, block.note, ROLES[block.role].meaning]
    if follows:
        lines.append(f"follows {follows}: change it there for all worksheets, or type over it here")
    elif isinstance(block, Choice):
        lines.append("; ".join(f"{k}: {choice}" for k, choice in enumerate(block.choices)))
    elif is_editable(block):
        assert isinstance(block, Input)
        lines.append(fixed(block) or f"may be {allowed(block)}")
    if block.expr is not None and not follows:
        lines.append(f"= {block.expr!r}"[:EXPRESSION])
    return "\n".join(dict.fromkeys(line for line in lines if line))


def excel_text(text: str) -> str:
    """A text inside a formula: quotes doubled, and joined from pieces that Excel takes."""
    parts = [text[k : k + LONGEST_TITLE // 2] for k in range(0, len(text), LONGEST_TITLE // 2)]
    return "&".join('"' + part.replace('"', '""') + '"' for part in parts)


def excel_number(name: str, spec: str) -> str:
    """A block's number as text.

    FIXED, not TEXT, whose pattern is read in the reader's own language; a word stays itself.
    """
    decimals = 0 if spec == "d" else int(spec[1:-1])
    shown = (
        f'FIXED({name}*100,{decimals},TRUE)&"%"'
        if spec.endswith("%")
        else f"FIXED({name},{decimals},TRUE)"
    )
    return f"IF(ISNUMBER({name}),{shown},{name})"


def sentence_formula(sheet: Sheet, where: Layout, sentence: Sentence) -> Formula:
    """The sentence as a formula of a cell on the worksheet of sentences: its words with its
    numbers, or nothing.
    """
    words = "&".join(
        (
            excel_text(piece)
            if isinstance(piece, str)
            else excel_number(where.blocks[piece[0]].name, piece[1])
        )
        for piece in sentence.pieces
    )
    what = f"sentence {sentence.pieces[0]!r}"
    when = formula(
        sheet, where.blocks, Place(where.main, 0, 0), at(sentence.when, 0, 0), what, sentence.line
    )
    found = replace(
        when, template=words if when.template == "1" else f'IF({when.template},{words},"")'
    )
    check_formula(found.template, what, sentence.line)
    return found


def lines(text: str, width: int) -> int:
    """How many lines a text takes in a cell of so many characters, rather one too many than one too
    few.
    """
    return sum(1 + len(line) // max(1, width - width // 10) for line in text.split("\n"))


def said_now(sentence: Sentence, found: Values) -> str:
    return written(sentence.pieces, found) if is_said(sentence, found) else ""


def plain(text: str) -> str:
    """A chart's text stays text: XlsxWriter would take `=Sheet!A1` for a reference."""
    return f"\u200b{text}" if text.startswith("=") and "!" in text else text


def settings(sheet: Sheet, inputs: Mapping[str, np.ndarray]) -> str:
    """How to come to a preset: single numbers are set by hand, tables and sizes come with another
    workbook.
    """
    blocks = [sheet.blocks[name] for name in inputs]
    singles = [
        _setting(block, inputs[block.name][0, 0]) for block in blocks if is_single(block.shape)
    ]
    rows = [len(inputs[block.name]) for block in blocks if isinstance(block.shape[0], Rows)]
    if len(singles) < len(blocks) or any(isinstance(block, Size) for block in blocks):
        tables = (
            [f"these {rows[0]} rows"]
            if rows
            else ["these tables"]
            if len(singles) < len(blocks)
            else []
        )
        return (
            "Press this button on the lesson's page, then download the workbook: it holds"
            f" {', '.join(tables + singles)}. "
        )
    return f"Set {', '.join(singles)}. " if singles else ""


def _setting(block: Block, x: float) -> str:
    return f"{block.name} = {x:g}" + (
        f" ({choices_of(block)[int(x)]})" if choices_of(block) else ""
    )


def _texts(sheet: Sheet) -> Iterator[tuple[str, int]]:
    """Every text that goes into the workbook, and how long it may be."""
    for text in (sheet.title, sheet.summary):
        yield text, LONGEST_TEXT
    for group in sheet.groups:
        yield from ((text, LONGEST_TEXT) for text in (group.title, group.note))
    for block in sheet.blocks.values():
        yield f"{sheet.name}_{block.name}", LONGEST_TITLE
        yield comment(block), LONGEST_TEXT
        yield from ((word, LONGEST_TEXT) for word in (*block.rows_named, *block.columns_named))
    for chart in sheet.charts:
        shown = [
            chart.title,
            chart.x.title,
            chart.y.title,
            *(series.label for series in chart.series),
        ]
        yield from ((text, LONGEST_TITLE) for text in shown)
        yield chart.note, LONGEST_TEXT
    for preset in sheet.presets:
        yield from (
            (text, LONGEST_TEXT)
            for text in (preset.title, settings(sheet, preset.inputs) + preset.predict)
        )
    for sentence in sheet.sentences:
        yield from ((piece, LONGEST_TEXT) for piece in sentence.pieces if isinstance(piece, str))
    for source in sheet.sources:
        yield f"{source.text}. {source.address}", LONGEST_TEXT


def check_texts(sheet: Sheet) -> None:
    """Raises SheetError for a text that no workbook can hold."""
    for text, longest in _texts(sheet):
        start = text if len(text) <= 60 else f"{text[:60]}..."
        if CONTROL.search(text):
            raise SheetError(
                f"{start!r} holds a control character; a text is made of letters, spaces and line"
                " breaks",
                sheet.name,
            )
        if len(text) > longest:
            raise SheetError(
                f"{start!r} has {len(text)} characters; a workbook takes {longest} there",
                sheet.name,
            )
