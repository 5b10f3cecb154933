"""The workbook that a static page carries.

Its parts, and what front_end/engine/workbook.js needs to write the page's own numbers into them:
description_types.py says what each field is.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sheets import InputError, Sheet, SheetError
from sheets.language.blocks import (
    Input,
    choices_of,
    infinity_of,
    is_endless,
    may_be_empty,
    words_of,
)
from sheets.targets.excel.charts import points_drawn
from sheets.targets.excel.head import asked_of
from sheets.targets.excel.layout import ASKED_ROW, CHECK_ROW, QUESTION_ROW, SAID_ROW, STORY_ROW
from sheets.targets.excel.limits import MOST_FORMULAS
from sheets.targets.excel.parts import Part, own_formula, parts
from sheets.targets.excel.story import is_told, told_pieces
from sheets.targets.excel.words import sentence_formula
from sheets.targets.excel.workbook import written
from sheets.targets.javascript import program

from . import description_types as types
from .description import block_shape, listed
from .packing import packed


def packed_workbook(sheet: Sheet, kept: Callable[[Any], Any] | None = None) -> str:
    """A carried sheet's workbook holds step 1 too: the later ones are its row filled down.

    Where no step 1 is finite, it holds none. A workbook that has too many formulas, or what no
    worksheet can hold, is not carried, only the sentence that says so.
    """
    steps = 1 if sheet.carried and sheet.steps_shown else 0
    try:
        content = _workbook(sheet, steps)
        return packed(kept(content) if kept else content)
    except (InputError, SheetError) as refusal:
        return packed({"refusal": f"{refusal}"})


def _workbook(sheet: Sheet, steps: int) -> types.Workbook:
    """The workbook with so many steps, or with none where the first is not finite."""
    sheets = parts(sheet, steps)
    if steps and sheets[0].plan is None:  # Excel cannot state a step
        return _workbook(sheet, 0)
    if any(part.steps < steps for part in sheets):
        steps, sheets = 0, [replace(part, run=part.run[:1]) for part in sheets]
    return {
        "parts": _texts(sheets),
        "sheets": [_part(part) for part in sheets],
        "steps": steps,
        "mostFormulas": MOST_FORMULAS,
    }


def _texts(sheets: list[Part]) -> dict[str, str]:
    """The archive's files, path to text."""
    with zipfile.ZipFile(io.BytesIO(written(sheets))) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def _part(part: Part) -> types.Part:
    """A description as the page's State takes it, of what stands in the workbook.

    What only helps to draw a chart is a block here too.
    """
    sheet, where = part.sheet, part.where
    check = part.check
    return {
        "name": sheet.name,
        "rows": int(sheet.rows or 0),
        "program": program(sheet),
        "carried": dict(sheet.carried),
        "ends": sheet.ends,
        "remembered": [],
        "blocks": [_block(part, name) for name in sheet.blocks],
        "groups": [{"blocks": place.group.blocks} for place in where.groups],
        "sentences": [
            {"pieces": s.pieces, "excel": sentence_formula(sheet, where, s).pieces()}
            for s in sheet.sentences
        ],
        "said": [where.said[0], where.said[1] + 1],
        "worksheet": where.main,
        "head": _head(part),
        "spare": where.spare,
        "check": [] if check is None else check.pieces(),
        "follows": part.follows,
        "formulas": part.formula_count(0),
        "steps": _steps(part),
    }


def _block(part: Part, name: str) -> types.PartBlock:
    sheet, block, place = part.sheet, part.sheet.blocks[name], part.where.blocks[name]
    placed: types.PartBlock = {
        "name": name,
        "shape": block_shape(block),
        "address": [place.worksheet, place.column, place.row + 1],
    }
    if isinstance(block, Input):
        placed["value"] = listed(block.value)
    if may_be_empty(block):
        placed["blank"] = True
        placed["gap"] = name in points_drawn(sheet)
    if words_of(block):
        placed["choices"] = list(words_of(block))
    if name in part.where.words:
        word = part.where.words[name]
        placed["word"] = [word.worksheet, word.column, word.row + 1]
        placed["choices"] = list(choices_of(block))
    if name in part.in_spare:
        placed["inSpare"] = part.in_spare[name].pieces()
        placed["repeats"] = name in points_drawn(sheet)
    if name in part.follows:
        return {**placed, "excel": part.formulas[name].pieces(), "linked": True}
    if block.expr is not None:
        placed["excel"] = own_formula(sheet, part.where, part.plan, name).pieces()
        placed["infinite"] = infinity_of(block) is not None
        placed["endless"] = is_endless(block)
    return placed


def _steps(part: Part) -> types.Steps | None:
    """Where the steps of a run stand, None where the part has none; rows are counted from 1.

    held: inputs whose formula moves with the steps. Typed over, they would make other columns.
    """
    plan = part.plan
    if plan is None:
        return None
    reached = part.sheet.reached_from(part.sheet.carried) - part.sheet.carried.keys()
    return {
        "worksheet": plan.worksheet,
        "stillRow": plan.still_row + 1,
        "firstRow": plan.first_row + 1,
        "still": [[name, plan.columns[name]] for name in plan.still],
        "row": [
            [name, plan.columns[name], plan.size(part.sheet.blocks[name])] for name in plan.row
        ],
        "formulas": plan.formula_count(part.sheet, 1) - plan.formula_count(part.sheet, 0),
        "held": [name for name in part.sheet.inputs if name in reached],
    }


def _head(part: Part) -> types.Head | None:
    """What stands at the top of the first worksheet, None for a sheet beside the main one."""
    sheet, head = part.sheet, part.where.head
    if head is None:
        return None
    return {
        "asked": ASKED_ROW + 1,
        "question": QUESTION_ROW + 1,
        "said": SAID_ROW + 1,
        "step": head.step_row + 1,
        "large": [[name, head.large_row + 1 + k] for k, name in enumerate(head.large)],
        "now": [
            [name, place.worksheet, place.column, place.row + 1]
            for name, place in part.where.now.items()
        ],
        "checkRow": CHECK_ROW + 1,
        "storyRow": STORY_ROW + 1,
        "defaults": _row_by_row(sheet.defaults),
        "story": [
            {
                "title": preset.title,
                "asked": asked_of(sheet, preset),
                "inputs": _row_by_row(preset.inputs),
                "told": told_pieces(preset) if is_told(sheet, part.where, preset) else (),
                "play": preset.scene.play,
            }
            for preset in sheet.presets
        ],
    }


def _row_by_row(
    inputs: Mapping[str, np.ndarray | None],
) -> dict[str, list[float | None] | None]:
    return {name: listed(x) for name, x in inputs.items()}
