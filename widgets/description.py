"""What the page is told about a sheet, once: its blocks, their mathematics and Excel formulas, the program, the charts."""

from __future__ import annotations

from typing import Any

from sheets import Sheet
from sheets.language.cells import at
from sheets.language.charts import STEP, Chart
from sheets.language.errors import NeedsBlock
from sheets.language.expr import Expr, Rows, walk
from sheets.language.inputs import MAX_ROWS, allowed
from sheets.language.roles import ROLES
from sheets.language.sheet import Block, Preset, Sentence
from sheets.targets.excel.formulas import block_formula, column_name
from sheets.targets.excel.layout import Layout, Place, layout
from sheets.targets.excel.words import sentence_formula
from sheets.targets.javascript import program
from sheets.targets.latex import FEWEST_ROWS, cell_equation, equation, numbers

from .mathematics import mathml

WHOLE = ("matmul", "transpose", "softmax", "log_softmax", "take")  # where a block's equation says more than a cell's
ROWS = "rows"  # in a shape: as many as there are data rows


def description(sheet: Sheet) -> dict[str, Any]:
    """JSON-ready. Numbers of a block are listed row by row."""
    where = layout(sheet)
    places = where.blocks
    return {
        "name": sheet.name,
        "title": sheet.title,
        "summary": sheet.summary,
        "rows": int(sheet.rows or 0),
        "mostRows": MAX_ROWS,
        "fewestRows": FEWEST_ROWS,
        "program": program(sheet),
        "carried": dict(sheet.carried),
        "look": sheet.look,
        "roles": {name: role._asdict() for name, role in ROLES.items()},
        "blocks": [_block(sheet, block, places) for block in sheet.blocks.values()],
        "groups": [{"title": g.title, "note": g.note, "folded": g.folded, "blocks": g.blocks} for g in sheet.groups if g.blocks],
        "charts": [_chart(chart) for chart in sheet.charts],
        "remembered": remembered(sheet),
        "presets": [_preset(preset) for preset in sheet.presets],
        "predictions": [prediction.__dict__ for prediction in sheet.predictions],
        "sentences": [_sentence(sheet, where, sentence) for sentence in sheet.sentences],
        "sentenceRow": where.sentence_rows["Sheet"] + 1,
    }


def _sentence(sheet: Sheet, where: Layout, sentence: Sentence) -> dict[str, Any]:
    return {"pieces": sentence.pieces, "excel": sentence_formula(sheet, where, sentence).pieces()}


def block_shape(block: Block) -> list[int | str]:
    return [ROWS if isinstance(block.shape[0], Rows) else int(block.shape[0]), int(block.shape[1])]


def _block(sheet: Sheet, block: Block, places: dict[str, Place]) -> dict[str, Any]:
    place = places[block.name]
    told: dict[str, Any] = {
        "name": block.name,
        "label": block.label,
        "note": block.note,
        "role": block.role,
        "format": block.format,
        "shape": block_shape(block),
        "address": [place.worksheet, column_name(place.column), place.row + 1, place.column],
    }
    if block.editable:
        told |= _input(block)
    return told if block.expr is None else told | _formula(sheet, block, places)


def _input(block: Block) -> dict[str, Any]:
    """value: null while the block's formula is in force."""
    return {
        "value": None if block.value is None else block.value.ravel().tolist(),
        "allowed": allowed(block),
        "low": block.low,
        "high": block.high,
        "whole": block.whole,
        "choices": list(block.choices),
        "control": block.control,
        "scale": block.scale,
        "smallest": block.smallest,
        "step": block.step,
        "isSize": block.is_size,
    }


def _formula(sheet: Sheet, block: Block, places: dict[str, Place]) -> dict[str, Any]:
    assert block.expr is not None
    try:
        latex, slots = numbers(sheet, block.name)
    except NeedsBlock:
        latex, slots = "", []
    return {
        "equation": mathml(equation(sheet, block.name)) if any(node.op in WHOLE for node in walk(block.expr)) else "",
        "cellEquation": mathml(cell_equation(sheet, block.name)),
        "excel": block_formula(sheet, places, block.name).pieces(),
        "infinite": block.infinite is not None,
        "numbers": mathml(latex),
        "slots": slots,
        "reads": cells_read(block.expr),
    }


def cells_read(expr: Expr) -> list[list]:
    """Each cell that a cell (i, j) of expr reads: [block, row, column]; "i" and "j" are its own, None: all (a sum, a look-up)."""

    def one(symbol: Any) -> Any:
        return symbol if isinstance(symbol, int) or symbol in ("i", "j") else None

    return [[node.arg[0], one(node.arg[1]), one(node.arg[2])] for node in walk(at(expr, "i", "j")) if node.op == "cell"]


def remembered(sheet: Sheet) -> list[str]:
    """Blocks whose numbers the charts show at earlier steps."""
    drawn = [series for chart in sheet.charts for series in chart.series if series.steps or series.ghosts]
    return list(dict.fromkeys(name for series in drawn for name in (series.x, series.y, series.to) if name not in ("", STEP)))


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "note": chart.note,
        "x": chart.x.__dict__,
        "y": chart.y.__dict__,
        "series": [{key: value for key, value in series.__dict__.items() if key != "moves"} for series in chart.series],
        "contour": chart.contour and chart.contour.__dict__,
        "adds": chart.adds,
    }


def _preset(preset: Preset) -> dict[str, Any]:
    return {
        "title": preset.title,
        "predict": preset.predict,
        "inputs": {name: value.ravel().tolist() for name, value in preset.inputs.items()},
    }
