"""What who teaches adds to the numbers: presets, sentences, questions, notes and sources.

Words are text with numbers in it, `{block:.2f}`, filled from the numbers of the moment in every
face.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .blocks import Blocks
from .charts import Chart
from .declarations import check_refs
from .errors import InputError, SheetError, author_line, nearest
from .expr import Expr, is_single, lift, size
from .formats import Pieces, checked_format, written
from .inputs import checked, checked_inputs
from .scene import SCENE, Scene, new_scene


@dataclass(frozen=True)
class Preset:
    """A step of the story: a question, input values, and what is told after they are set.

    predict: the question before. happened and why: after, filled from the numbers of then. says:
    its sentence on the stage, which follows every change of the numbers; without one the sheet's
    own sentences are told there. notes: for who teaches. scene: what stands on the stage meanwhile.
    """

    title: str
    predict: str
    inputs: dict[str, np.ndarray]
    notes: Pieces = ()
    happened: Pieces = ()
    why: Pieces = ()
    says: Pieces = ()
    scene: Scene = field(default_factory=Scene)


@dataclass(frozen=True)
class Sentence:
    """Words computed from the numbers: shown while `when` is not 0."""

    when: Expr
    pieces: Pieces
    role: str = "what happened"
    line: str = ""


@dataclass(frozen=True)
class Prediction:
    """A question that the reader answers before the page does: by a number, or by drawing a series.

    block: of one number. chart, series: their places, where a series is drawn instead. tolerance:
    what counts as right, as a part of the answer (of 1, where the answer is 0), or of the chart's
    axis. preset: its place, or None for the page as it stands; then `steps` more.
    """

    question: str
    tolerance: float
    reason: Pieces
    block: str = ""
    chart: int = -1
    series: int = -1
    preset: int | None = None
    steps: int = 0


@dataclass(frozen=True)
class Source:
    """Where a lesson's facts come from."""

    text: str
    address: str = ""


def pieces_of(sheet: Blocks, text: str) -> Pieces:
    """`a {block:.2f} b` -> ("a ", ("block", ".2f"), " b"); the format defaults to the block's own.

    Raises SheetError for a brace that closes nothing, an unknown block or an unknown format.
    """
    pieces: list[str | tuple[str, str]] = []
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        advice = "a brace that is no block is written twice, {{ or }}"
        raise SheetError(f"{text!r}: {error}; {advice}") from None
    for literal, name, spec, _ in parsed:
        if literal:
            pieces.append(literal)
        if name is not None:
            if name not in sheet.blocks:
                known = nearest(name, sheet.blocks)
                raise SheetError(f"{text!r}: there is no block {name!r}; {known}")
            pieces.append((name, checked_format(spec or sheet.blocks[name].format)))
    return tuple(pieces)


def names_in(pieces: Pieces) -> list[tuple[str, str]]:
    """The blocks named in words, each with its format."""
    return [piece for piece in pieces if not isinstance(piece, str)]


def spoken(sheet: Blocks, what: str, text: str) -> Pieces:
    """Words in which every block named is one number. what: whose words, for the message."""
    if not isinstance(text, str):
        raise SheetError(f"{what}: {text!r} is no text")
    pieces = pieces_of(sheet, text)
    for name, _ in names_in(pieces):
        block = sheet.blocks[name]
        if not is_single(block.shape):
            raise SheetError(f"{what}: {name} is {block.size}; only single numbers can be said")
    return pieces


def new_preset(
    sheet: Blocks,
    charts: Sequence[Chart],
    words: Mapping[str, str],
    shows: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> Preset:
    """A preset with its values checked and its title and question written out from them.

    words: its texts by the fields' names; shows: what `new_scene` is told.
    """
    title, predict = words["title"], words["predict"]
    try:
        values = {name: checked(sheet.input_named(name), value) for name, value in inputs.items()}
        everything = checked_inputs(sheet, values)
    except InputError as error:
        raise SheetError(f"preset {title!r}: {error}") from None
    before = [pieces_of(sheet, text) for text in (title, predict)]
    for name, _ in names_in((*before[0], *before[1])):
        if name not in everything:
            rule = "only inputs can be named before the preset is chosen"
            raise SheetError(f"preset {title!r}: {name} is computed; {rule}")
    title, predict = (written(each, everything) for each in before)
    what = f"preset {title!r}"
    return Preset(
        title,
        predict,
        values,
        spoken(sheet, f"the notes of {what}", words["notes"]),
        spoken(sheet, what, words["happened"]),
        spoken(sheet, what, words["why"]),
        spoken(sheet, what, words["says"]),
        checked_scene(sheet, charts, what, shows),
    )


def checked_scene(
    sheet: Blocks, charts: Sequence[Chart], what: str, shows: Mapping[str, Any]
) -> Scene:
    """The scene of these parts; raises SheetError for one that a scene has not."""
    for part in shows:
        if part not in SCENE:
            raise SheetError(f"{what}: a step shows no {part!r}; {nearest(part, SCENE)}")
    return new_scene(sheet, charts, what, **shows)


def new_sentence(sheet: Blocks, text: str, when: Any) -> Sentence:
    """A sentence shown while `when`, one number, is not 0."""
    condition = lift(when)
    if not text:
        raise SheetError("a sentence needs words")
    check_refs(sheet, "a sentence", condition)
    pieces = spoken(sheet, f"sentence {text!r}", text)
    if not is_single(condition.shape):
        shape = size(condition.shape)
        raise SheetError(
            f"sentence {text!r}: its condition is {shape}; it must be one number, 1 x 1"
        )
    return Sentence(condition, pieces, line=author_line())


def new_prediction(
    sheet: Blocks,
    question: str,
    answer: str,
    reason: str,
    tolerance: float,
    steps: int,
    preset: str,
    presets: Sequence[Preset],
    charts: Sequence[Chart],
) -> Prediction:
    """A question whose answer is a block of one number, or the label of a chart's series."""
    what = f"prediction {question!r}"
    if not 0 < tolerance < 1 or steps < 0:
        rule = "the tolerance is a part, between 0 and 1, and steps are 0 or more"
        raise SheetError(f"{what}: {rule}")
    titles = [known.title for known in presets]
    if preset and preset not in titles:
        raise SheetError(f"{what}: there is no preset {preset!r}; {nearest(preset, titles)}")
    return Prediction(
        question,
        tolerance,
        spoken(sheet, what, reason),
        preset=titles.index(preset) if preset else None,
        steps=steps,
        **_answer(sheet, what, answer, charts),
    )


def _answer(sheet: Blocks, what: str, answer: str, charts: Sequence[Chart]) -> dict[str, Any]:
    """Where a prediction's answer stands: `block`, or `chart` and `series`."""
    labels = {
        series.label: {"chart": c, "series": s}
        for c, chart in enumerate(charts)
        for s, series in enumerate(chart.series)
    }
    block = sheet.blocks.get(answer)
    if block is not None and is_single(block.shape):
        return {"block": answer}
    if block is not None and answer not in labels:
        raise SheetError(f"{what}: {answer} is {block.size}; a reader types one number")
    if answer not in labels:
        known = nearest(answer, labels)
        raise SheetError(f"{what}: {answer!r} is no block and no chart's series; {known}")
    return labels[answer]
