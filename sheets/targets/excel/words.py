"""The words of a workbook: comments, sentences as formulas, and texts that Excel takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...language.blocks import (
    UNDERSCORE,
    Block,
    Choice,
    Input,
    Size,
    choices_of,
    is_editable,
    may_be_empty,
)
from ...language.cells import at
from ...language.errors import SheetError
from ...language.expr import Rows
from ...language.formats import LARGE, LEAST, MANY, SMALL, TINY, written
from ...language.inputs import allowed
from ...language.roles import ROLES
from ...language.sheet import Sheet
from ...language.teaching import Preset, Sentence
from ..numpy import Values, is_said
from .formulas import Formula, formula
from .layout import NUMBERS, Layout, Place, shows_steps
from .limits import LONGEST_TEXT, LONGEST_TITLE, check_formula

# What no XML can hold, but for tab and line break.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LINE = 15  # height of a line of text, in points
MOST_LISTED = 5  # numbers of a table that a step of the story says one by one
MOST_COPIED = 2000  # numbers of a table that stand on the worksheet NUMBERS
COMMENT = {"x_scale": 2.2, "y_scale": 1.4}  # how large a comment is
EXPRESSION = 400  # characters of a block's expression in its comment


def fixed(block: Block) -> str:
    """What to say to who changes a size: a workbook's tables stay as they were written."""
    return (
        f"A workbook keeps its {block.words}: its tables stay as they were written."
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
        lines.append("; ".join(f"{choice} ({k})" for k, choice in enumerate(block.choices)))
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


def excel_number(name: str, spec: str, may_be_empty: bool = False) -> str:
    """A block's number as text.

    FIXED, not TEXT, whose pattern is read in the reader's own language; a word stays itself.
    """
    if may_be_empty:
        return f'IF({name}="","undefined",{excel_number(name, spec)})'
    number, sign = (f"{name}*100", '&"%"') if spec.endswith("%") else (name, "")
    size = f"ABS({number})"
    if spec == "g":
        shown = _general(number)
    elif spec == "d":
        shown = f"IF({size}<{LARGE:.0E},FIXED({number},0,TRUE),{_powers(number)})"
    else:
        decimals = int(spec[1:-1])
        least = max(SMALL, 0.5 * 0.1**decimals)
        # So many as it takes until nothing is left; not &"", by which Gnumeric writes 2.495 out in
        # twenty digits.
        left = "+".join(
            f"(ABS({number}-ROUND({number},{k}))>{LEAST:.0E}*{size})" for k in range(decimals)
        )
        places = f"IF({size}<{MANY:.0E},{left},0)" if decimals else "0"
        exact = f"FIXED({number},{places},TRUE)"
        is_tiny = f"AND({LEAST:.0E}<={size},{size}<{TINY:.0E})"
        is_small = f"AND({TINY:.0E}<={size},{size}<{least:.0E})"
        in_words = f"IF({is_small},{_two_digits(number)},{exact})"
        shown = f"IF(OR({is_tiny},{size}>={LARGE:.0E}),{_general(number)},{in_words})"
    return f"IF(ISNUMBER({name}),{shown}{sign},{name})"


def _powers(number: str) -> str:
    """Four digits and an exponent."""
    power = f"INT(LOG10(ABS({number})))"
    return f'ROUND({number}/10^{power},3)&"e"&{power}'


def _two_digits(number: str) -> str:
    """As `formats.in_words` writes small ones: 0.000012, 0.0043."""
    return f"FIXED({number},1-INT(LOG10(ABS({number}))),TRUE)"


def _general(number: str) -> str:
    """Four digits, as every face writes them (`formats.shown`)."""
    size = f"ABS({number})"
    digits = f'ROUND({number},MAX(0,3-INT(LOG10({size}))))&""'
    beyond = f"OR({size}<{SMALL:.0E},{size}>=1E6)"
    return f'IF({size}=0,"0",IF({beyond},{_powers(number)},{digits}))'


def sentence_formula(sheet: Sheet, where: Layout, sentence: Sentence) -> Formula:
    """The sentence as a formula of a cell on the worksheet of sentences: its words with its
    numbers, or nothing.
    """
    words = "&".join(
        (
            excel_text(piece)
            if isinstance(piece, str)
            else excel_number(
                where.shown[piece[0]].name, piece[1], may_be_empty(sheet.blocks[piece[0]])
            )
        )
        for piece in sentence.pieces
    )
    what = f"sentence {sentence.pieces[0]!r}"
    here, condition = Place(where.said[0], 0, 0), at(sentence.when, 0, 0)
    when = formula(sheet, where.shown, here, condition, what, sentence.line, spare=where.spare)
    whole = replace(
        when, template=words if when.template == "1" else f'IF({when.template},{words},"")'
    )
    check_formula(whole.template, what, sentence.line)
    return whole


def lines(text: str, width: int) -> int:
    """How many lines a text takes in a cell of so many characters, rather one too many than one too
    few.
    """
    return sum(1 + len(line) // max(1, width - width // 10) for line in text.split("\n"))


def said_now(sentence: Sentence, numbers: Values) -> str:
    return written(sentence.pieces, numbers) if is_said(sentence, numbers) else ""


def plain(text: str) -> str:
    """A chart's text stays text: XlsxWriter would take `=Sheet!A1` for a reference."""
    return f"\u200b{text}" if text.startswith("=") and "!" in text else text


def in_full(block: Block) -> str:
    """What a person reads where no heading says the rest: `learning rate adam`, whose title may be
    `adam`.
    """
    own = UNDERSCORE.sub(" ", block.name)
    return own if block.title.lower() in own.lower() else block.words


def settings(sheet: Sheet, preset: Preset) -> str:
    """What a step of the story sets, in words: `Set clip to 0.1. Copy logits from the worksheet
    Story_numbers, 'logits, step 1'.`
    """
    blocks = [sheet.blocks[name] for name in preset.inputs]
    sizes = [block for block in blocks if isinstance(block, Size)]
    copied = {name for name, x in preset.inputs.items() if is_copied(x)}
    set_ = [
        _setting(block, preset.inputs[block.name])
        for block in blocks
        if block not in sizes and block.name not in copied
    ]
    advice = [f"Set {', '.join(set_)}."] if set_ else []
    titles = [f"'{each.title}'" for each in to_copy(sheet) if preset in each.presets]
    if titles:
        advice.append(f"Copy {' and '.join(titles)} from the worksheet {NUMBERS}.")
    if sizes:
        made = ", ".join(f"{each.words} {preset.inputs[each.name][0, 0]:g}" for each in sizes)
        advice.append(f"Seen in a workbook of {made}.")
    if preset.scene.play:
        advice.append(_to_step(sheet, preset.scene.play))
    return " ".join(advice)


def _to_step(sheet: Sheet, step: int) -> str:
    """How to see a step; a workbook holds as many as it was asked for."""
    if not sheet.carried:
        return ""
    if shows_steps(sheet):
        return f"Then type {step} as the step shown (more steps: see Story)."
    return f"Then look at step {step} on the worksheet Steps (more steps: see Story)."


class Copied(NamedTuple):
    """A table that steps of the story set."""

    block: Block
    numbers: np.ndarray
    presets: list[Preset]
    title: str


def is_copied(x: np.ndarray | None) -> bool:
    """Whether a table that a step sets is too long for a sentence."""
    return x is not None and MOST_LISTED < x.size <= MOST_COPIED


def to_copy(sheet: Sheet) -> list[Copied]:
    """Each table that a step sets and that is too long for a sentence, once."""
    tables: dict[tuple[str, bytes], list[int]] = {}
    for k, preset in enumerate(sheet.presets):
        for name, x in preset.inputs.items():
            if is_copied(x):
                tables.setdefault((name, repr(x.tolist()).encode()), []).append(k)
    copied = []
    for (name, _), steps in tables.items():
        block, presets = sheet.blocks[name], [sheet.presets[k] for k in steps]
        numbers = ", ".join(f"{k + 1}" for k in steps)
        title = f"{in_full(block)}, step{'s' * (len(steps) > 1)} {numbers}"
        copied.append(Copied(block, presets[0].inputs[name], presets, title))
    return copied


def _setting(block: Block, x: np.ndarray) -> str:
    if x.size == 1:
        return f"{in_full(block)} to {_cell_in_words(block, x[0, 0])}"
    if x.size > MOST_LISTED:
        rows = f"{len(x)} rows" if isinstance(block.shape[0], Rows) else f"{x.size} numbers"
        return f"{in_full(block)} to the {rows} of this step"
    return f"{in_full(block)} to {', '.join(_cell_in_words(block, n) for n in x.ravel())}"


def _cell_in_words(block: Block, x: float) -> str:
    if np.isnan(x):
        return "empty"
    return choices_of(block)[int(x)] if choices_of(block) else f"{x:g}"


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
            for text in (preset.title, settings(sheet, preset) + preset.predict)
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
