"""What the page is told about a sheet, once: its blocks, their mathematics and Excel formulas, the program, the charts."""

from __future__ import annotations

from typing import Any

from sheets import Sheet
from sheets.language.blocks import Block, Input, Parameter, Setting, Size, choices_of, infinity_of
from sheets.language.cells import at
from sheets.language.charts import STEP, Chart
from sheets.language.choices import branches, is_choice
from sheets.language.dependencies import walk
from sheets.language.errors import NeedsBlock
from sheets.language.expr import Expr, Rows
from sheets.language.inputs import MAX_ROWS, MOST_STEPS, allowed
from sheets.language.roles import ROLES
from sheets.language.teaching import Preset
from sheets.targets.excel.formulas import formula
from sheets.targets.excel.layout import Place, layout
from sheets.targets.javascript import program
from sheets.targets.latex import FEWEST_ROWS, cell_equation, equation, numbers

from .mathematics import mathml

WHOLE = (
    "matmul",
    "transpose",
    "softmax",
    "log_softmax",
    "take",
)  # where a block's equation says more than a cell's
MOST_WRITTEN_OUT = 9  # branches of a choice that are told with their numbers, in the whole's place; of fifty layers they would fill a page
ROWS = "rows"  # in a shape: as many as there are data rows


def description(sheet: Sheet) -> dict[str, Any]:
    """JSON-ready. Numbers of a block are listed row by row."""
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
        "presets": [_preset(preset) for preset in sheet.presets],
        "predictions": [prediction.__dict__ for prediction in sheet.predictions],
        "sentences": [{"pieces": sentence.pieces} for sentence in sheet.sentences],
    }


def _roles(sheet: Sheet) -> dict[str, dict[str, str]]:
    """Those that blocks and series have."""
    used = {block.role for block in sheet.blocks.values()} | {
        series.role for chart in sheet.charts for series in chart.series
    }
    return {name: role._asdict() for name, role in ROLES.items() if name in used}


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
        "address": [place.worksheet, place.column, place.row + 1],
    }
    if isinstance(block, Input):
        told |= _input(block)
    return told if block.expr is None else told | _formula(sheet, block, places)


def _input(block: Input) -> dict[str, Any]:
    """value: null while the block's formula is in force."""
    value = None if block.value is None else block.value.ravel().tolist()
    limits = {
        "allowed": allowed(block),
        "low": block.low,
        "high": block.high,
        "whole": block.whole,
        "choices": list(choices_of(block)),
    }
    slider = block if isinstance(block, Parameter) else None
    return {"value": value, **limits} | _saying(
        chosenBy=block.chosen_by,
        control=isinstance(block, Setting),
        scale=slider.scale if slider else "linear",
        smallest=slider.smallest if slider else None,
        step=slider.step if slider else None,
        isSize=isinstance(block, Size),
    )


def _saying(**told: Any) -> dict[str, Any]:
    """Without what says nothing."""
    return {
        name: value
        for name, value in told.items()
        if value is not None and value is not False and value not in ("", [])
    }


def _formula(sheet: Sheet, block: Block, places: dict[str, Place]) -> dict[str, Any]:
    assert block.expr is not None
    cell = at(block.expr, "i", "j")
    ways = branches(cell) if is_choice(cell) else []
    each = 0 < len(ways) <= MOST_WRITTEN_OUT
    return _saying(
        equation=mathml(equation(sheet, block.name))
        if any(node.op in WHOLE for node in walk(block.expr))
        else "",
        cellEquation=mathml(cell_equation(sheet, block.name)),
        branches=[_cell(sheet, block, places, branch, each) for branch in ways],
    ) | {"reads": cells_read(cell), **_cell(sheet, block, places, cell, not each)}


def _cell(
    sheet: Sheet, block: Block, places: dict[str, Place], cell: Expr, written_out: bool = True
) -> dict[str, Any]:
    """A cell of the block, or one branch of it: as Excel has it, and as mathematics with slots for its numbers."""
    infinity = infinity_of(block)
    sign = None if infinity is None else at(infinity, "i", "j")
    try:
        latex, slots = numbers(cell) if written_out else ("", [])
    except NeedsBlock:
        latex, slots = "", []
    excel = formula(sheet, places, places[block.name], cell, block.name, block.line, sign).pieces()
    short = [
        slot if slot[-1] else slot[:-1] for slot in slots
    ]  # the last says whether a negative number needs brackets
    return {"excel": excel} | ({"numbers": mathml(latex), "slots": short} if latex else {})


def cells_read(cell: Expr) -> list[list]:
    """Each cell that a cell (i, j) of a block reads, once: [block, row, column]; "i" and "j" are its own, None: all (a sum, a look-up)."""

    def one(symbol: Any) -> Any:
        return symbol if isinstance(symbol, int) or symbol in ("i", "j") else None

    read = (
        (node.arg[0], one(node.arg[1]), one(node.arg[2]))
        for node in walk(cell)
        if node.op == "cell"
    )
    return list(map(list, dict.fromkeys(read)))


def remembered(sheet: Sheet) -> list[str]:
    """Blocks whose numbers the charts show at earlier steps."""
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


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "note": chart.note,
        "x": chart.x.__dict__,
        "y": chart.y.__dict__,
        "series": [
            {key: value for key, value in series.__dict__.items() if key != "moves"}
            for series in chart.series
        ],
        "contour": chart.contour and chart.contour.__dict__,
        "adds": chart.adds,
    }


def _preset(preset: Preset) -> dict[str, Any]:
    return {
        "title": preset.title,
        "predict": preset.predict,
        "notes": preset.notes,
        "inputs": {name: value.ravel().tolist() for name, value in preset.inputs.items()},
    }
