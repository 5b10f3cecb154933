"""What the page is told about a sheet, once.

Its blocks, their mathematics and Excel formulas, the program, the charts, the story:
description_types.py says what each field is.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from sheets import Sheet
from sheets.language.blocks import (
    Block,
    Input,
    Parameter,
    Setting,
    Size,
    choices_of,
    infinity_of,
    is_endless,
    may_be_empty,
    picture_range,
)
from sheets.language.cells import Shifted, at
from sheets.language.charts import STEP, Axis, Chart, Contour, Series
from sheets.language.choices import branches, is_choice
from sheets.language.dependencies import walk
from sheets.language.errors import NeedsBlock
from sheets.language.exercises import Exercise
from sheets.language.expr import Expr, Rows
from sheets.language.inputs import MAX_ROWS, MOST_STEPS, allowed
from sheets.language.roles import ROLES
from sheets.language.scene import Scene
from sheets.language.teaching import Prediction, Preset
from sheets.targets.excel.formulas import formula
from sheets.targets.excel.layout import Place, layout
from sheets.targets.javascript import program
from sheets.targets.latex import FEWEST_ROWS, cell_equation, equation, numbers

from . import description_types as types
from .mathematics import mathml

# Ops for which a block's equation says more than a cell's.
WHOLE = ("matmul", "transpose", "softmax", "log_softmax", "take")
# Branches of a choice that are told with their numbers, in the whole's place: of fifty layers they
# would fill a page.
MOST_WRITTEN_OUT = 9
ROWS = "rows"  # in a shape: as many as there are data rows


def description(sheet: Sheet) -> types.Description:
    """A sheet for its page, ready for JSON. Numbers of a block are listed row by row."""
    places = layout(sheet).blocks
    return {
        "name": sheet.name,
        "title": sheet.title,
        "rows": int(sheet.rows or 0),
        "mostRows": MAX_ROWS,
        "mostSteps": MOST_STEPS,
        "fewestRows": FEWEST_ROWS,
        "program": program(sheet),
        "carried": dict(sheet.carried),
        "ends": sheet.ends,
        "look": sheet.look,
        "roles": _roles(sheet),
        "blocks": [_block(sheet, block, places) for block in sheet.blocks.values()],
        "groups": [
            {"title": g.title, "note": g.note, "folded": g.folded, "blocks": g.blocks}
            for g in sheet.groups
            if g.blocks
        ],
        "charts": [_chart(chart) for chart in sheet.charts],
        "remembered": remembered(sheet),
        "opening": sheet.opening,
        "introduction": sheet.introduction,
        "scene": _scene(sheet.staged(None)),
        "presets": [_preset(sheet, preset) for preset in sheet.presets],
        "predictions": [_prediction(prediction) for prediction in sheet.predictions],
        "exercises": [_exercise(exercise) for exercise in sheet.exercises],
        "sentences": [{"pieces": sentence.pieces} for sentence in sheet.sentences],
    }


def _roles(sheet: Sheet) -> dict[str, types.Role]:
    """The roles that the sheet's blocks and its charts' series have, by name."""
    used = {block.role for block in sheet.blocks.values()} | {
        series.role for chart in sheet.charts for series in chart.series
    }
    return {
        name: {
            "colour": role.colour,
            "tint": role.tint,
            "mark": role.mark,
            "meaning": role.meaning,
        }
        for name, role in ROLES.items()
        if name in used
    }


def block_shape(block: Block) -> list[int | str]:
    """Rows and columns, with the word ROWS where there are as many as rows of data."""
    return [ROWS if isinstance(block.shape[0], Rows) else int(block.shape[0]), int(block.shape[1])]


def _block(sheet: Sheet, block: Block, places: dict[str, Place]) -> types.Block:
    place = places[block.name]
    named: types.Named = {
        "name": block.name,
        "label": block.label,
        "words": block.words,
        "note": block.note,
        "role": block.role,
        "format": block.format,
        "shape": block_shape(block),
        "address": [place.worksheet, place.column, place.row + 1],
    }
    words = _without_empty(
        rowsNamed=block.rows_named,
        columnsNamed=block.columns_named,
        shown=block.shown,
        shownRange=picture_range(block) if block.shown else None,
        blank=may_be_empty(block),
        endless=is_endless(block),
    )
    labels = cast(types.LabelPart, words)
    given: types.InputPart = {}
    if isinstance(block, Input):
        given = _input(block)
    computed: types.FormulaPart = {} if block.expr is None else _formula(sheet, block, places)
    return {**named, **labels, **given, **computed}


def _input(block: Input) -> types.InputPart:
    """What an input has besides; its value is None while the block's formula is in force."""
    limits: types.InputPart = {
        "value": listed(block.value),
        "allowed": allowed(block),
        "low": block.low,
        "high": block.high,
        "whole": block.whole,
        "choices": list(choices_of(block)),
    }
    slider = block if isinstance(block, Parameter) else None
    more = _without_empty(
        chosenBy=block.chosen_by,
        control=isinstance(block, Setting),
        scale=slider.scale if slider else "linear",
        smallest=slider.smallest if slider else None,
        step=slider.step if slider else None,
        isSize=isinstance(block, Size),
    )
    return {**limits, **cast(types.InputPart, more)}


def listed(numbers: np.ndarray | None) -> list[float | None] | None:
    """Numbers row by row for JSON, None for an empty cell; None where a formula is in force."""
    if numbers is None:
        return None
    return [None if np.isnan(x) else x for x in numbers.ravel().tolist()]


def _without_empty(**fields: Any) -> dict[str, Any]:
    """The fields without those that say nothing: None, False, and empty texts and lists."""
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value not in ("", [], ())
    }


def _formula(sheet: Sheet, block: Block, places: dict[str, Place]) -> types.FormulaPart:
    """What a block with a formula has besides."""
    assert block.expr is not None
    cell = at(block.expr, "i", "j")
    ways = branches(cell) if is_choice(cell) else []
    each = 0 < len(ways) <= MOST_WRITTEN_OUT
    whole = any(node.op in WHOLE for node in walk(block.expr))
    about = _without_empty(
        equation=mathml(equation(sheet, block.name)) if whole else "",
        cellEquation=mathml(cell_equation(sheet, block.name)),
        branches=[_cell(sheet, block, places, branch, each) for branch in ways],
    )
    rest = _cell(sheet, block, places, cell, not each)
    return {**cast(types.FormulaPart, about), "reads": cells_read(cell), **rest}


def _cell(
    sheet: Sheet, block: Block, places: dict[str, Place], cell: Expr, written_out: bool = True
) -> types.Cell:
    """A cell of the block, or one branch of it.

    As Excel has it, and as mathematics with slots for its numbers, unless not `written_out`.
    """
    infinity = infinity_of(block)
    sign = None if infinity is None else at(infinity, "i", "j")
    try:
        latex, slots = numbers(cell) if written_out else ("", [])
    except NeedsBlock:
        latex, slots = "", []
    try:
        here = places[block.name]
        excel = formula(sheet, places, here, cell, block.name, block.line, sign).pieces()
    except NeedsBlock:  # what no workbook can hold, a page still shows
        excel = []
    if not latex:
        return {"excel": excel}
    # The last of a slot says whether a negative number needs brackets: most do not.
    short = [slot if slot[-1] else slot[:-1] for slot in slots]
    return {"excel": excel, "numbers": mathml(latex), "slots": short}


def cells_read(cell: Expr) -> list[list]:
    """Each cell that a cell (i, j) of a block reads, once: [block, row, column].

    "i" and "j" are its own row and column, None stands for all of them (a sum, a look-up), and
    (symbol, times, plus, count) for so many that move with it: a window.
    """
    lengths = {node.arg[1]: node.arg[2] for node in walk(cell) if node.op == "over"}

    def one(place: Any) -> Any:
        if isinstance(place, Shifted):
            return _window(place, lengths)
        return place if isinstance(place, int) or place in ("i", "j") else None

    read = (
        (node.arg[0], one(node.arg[1]), one(node.arg[2]))
        for node in walk(cell)
        if node.op == "cell"
    )
    return list(map(list, dict.fromkeys(read)))


def _window(place: Shifted, lengths: dict[str, Any]) -> tuple[str, int, int, int] | None:
    """Rows (columns) that move with the cell's own; None where they are no window."""
    own = [term for term in place.terms if term[0] in ("i", "j")]
    runs = [symbol for symbol, _ in place.terms if symbol not in ("i", "j")]
    if len(own) != 1 or len(runs) > 1:
        return None
    count = lengths[runs[0]] if runs else 1
    return (*own[0], place.plus, int(count)) if isinstance(count, int) else None


def remembered(sheet: Sheet) -> list[str]:
    """The blocks whose numbers the charts show at earlier steps, by name."""
    drawn = [
        series for chart in sheet.charts for series in chart.series if series.steps or series.ghosts
    ]
    return list(
        dict.fromkeys(
            name
            for series in drawn
            for name in (series.x, series.y, series.to)
            if name not in ("", STEP)
        )
    )


def _chart(chart: Chart) -> types.Chart:
    return {
        "title": chart.title,
        "note": chart.note,
        "x": _axis(chart.x),
        "y": _axis(chart.y),
        "series": [_series(series) for series in chart.series],
        "contour": None if chart.contour is None else _contour(chart.contour),
        "adds": chart.adds,
        "equal": chart.equal,
    }


def _axis(axis: Axis) -> types.Axis:
    low, high = axis.low, axis.high
    assert not isinstance(low, Expr) and not isinstance(high, Expr), "a checked axis has names"
    return {
        "title": axis.title,
        "low": low,
        "high": high,
        "scale": axis.scale,
        "names": list(axis.names),
        "follows": axis.follows,
    }


def _series(series: Series) -> types.Series:
    """All of a series but `moves`, which the program does."""
    return {
        "x": series.x,
        "y": series.y,
        "label": series.label,
        "mode": series.mode,
        "role": series.role,
        "to": series.to,
        "steps": series.steps,
        "ghosts": series.ghosts,
        "drag": series.drag,
        "absent": series.absent,
    }


def _contour(contour: Contour) -> types.Contour:
    return {
        "x": contour.x,
        "y": contour.y,
        "z": contour.z,
        "label": contour.label,
        "levels": contour.levels,
    }


def _scene(scene: Scene) -> types.Scene:
    look = scene.look
    return {
        "controls": list(scene.controls),
        "charts": list(scene.charts),
        "pictures": list(scene.pictures),
        "cells": list(scene.cells),
        "look": None if look is None else [look.block, look.row, look.column],
        "numbers": list(scene.numbers),
        "asks": list(scene.asks),
        "play": scene.play,
    }


def _preset(sheet: Sheet, preset: Preset) -> types.Preset:
    return {
        "title": preset.title,
        "predict": preset.predict,
        "notes": preset.notes,
        "happened": preset.happened,
        "why": preset.why,
        "says": preset.says,
        "scene": _scene(sheet.staged(preset)),
        "inputs": {name: listed(value) or [] for name, value in preset.inputs.items()},
    }


def _prediction(prediction: Prediction) -> types.Prediction:
    return {
        "question": prediction.question,
        "tolerance": prediction.tolerance,
        "reason": prediction.reason,
        "block": prediction.block,
        "chart": prediction.chart,
        "series": prediction.series,
        "preset": prediction.preset,
        "steps": prediction.steps,
    }


def _exercise(exercise: Exercise) -> types.Exercise:
    return {
        "task": exercise.task,
        "solved": exercise.solved,
        "preset": exercise.preset,
        "answer": exercise.answer,
        "tolerance": exercise.tolerance,
        "reached": [[each.left, each.relation, each.right] for each in exercise.reached],
        "way": {name: value.ravel().tolist() for name, value in exercise.way.items()},
        "steps": exercise.steps,
    }
