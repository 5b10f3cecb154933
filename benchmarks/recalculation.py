"""One input changed, every number of the sheet computed again: our JavaScript program (in V8) and
numpy, against spreadsheet engines on the workbook that we export. Loading is excluded everywhere.
The program computes all blocks into arrays that stand; numpy checks the inputs and makes new
arrays; IronCalc (`update_cell_with_number`, `evaluate`) and `formulas` (`calculate(inputs=...)`)
compute the whole workbook; LibreOffice (a Basic macro: cell, `calculate`, read the result) only
what depends on the cell. All must give the same result.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from sheets import Sheet, values
from sheets.library.log_loss import STORY_CATS, STORY_CERTAIN, log_loss
from sheets.targets.excel import write
from sheets.targets.excel.layout import Place, layout
from sheets.targets.javascript import program

from . import libreoffice
from .bigger_sheet import network
from .row import Row, median, milliseconds

ROUNDS = 3
LEAST = 0.3  # seconds that a fast engine is given in a round
SLOW = 2000  # milliseconds: an engine that takes longer is asked once
WORKSHEET = "Sheet"


class Case(NamedTuple):
    """A sheet, the parameter that is changed and the result that is read.

    The k-th change is `low + step * k`.
    """

    sheet: Sheet
    changed: str
    read: str
    low: float
    step: float

    def change(self, k: int) -> float:
        return self.low + self.step * (k % 100)


# Given the number of recalculations, makes them: (milliseconds for each, the last result).
Engine = Callable[[int], tuple[float, float]]


def place(case: Case, name: str) -> Place:
    return layout(case.sheet).blocks[name]


def cell(case: Case, name: str) -> str:
    where = place(case, name)
    return xl_rowcol_to_cell(where.row, where.column)


def timed(recalculate: Callable[[int], float]) -> Engine:
    """recalculate: makes the k-th change, returns the result."""

    def engine(times: int) -> tuple[float, float]:
        began, result = time.perf_counter(), math.nan
        for k in range(1, times + 1):
            result = recalculate(k)
        return (time.perf_counter() - began) / times * 1000, result

    return engine


def by_javascript(case: Case) -> Engine:
    """V8 runs the whole series in one call: a page has no boundary between Python and JavaScript to
    cross.
    """
    from py_mini_racer import MiniRacer

    flat = {
        name: block.value.ravel().tolist()
        for name, block in case.sheet.inputs.items()
        if block.value is not None
    }
    racer = MiniRacer()
    racer.eval(
        f"""
        const started = ({program(case.sheet)})({int(case.sheet.rows or 0)});
        for (const [name, numbers] of Object.entries({json.dumps(flat)})) started.blocks[name].set(numbers);
        const recalculate = (times) => {{
          for (let k = 1; k <= times; k++) {{
            started.blocks.{case.changed}[0] = {case.low} + {case.step} * (k % 100);
            started.run();
          }}
          return started.blocks.{case.read}[0];
        }};"""
    )

    def engine(times: int) -> tuple[float, float]:
        began = time.perf_counter()
        result = racer.eval(f"recalculate({times})")
        return (time.perf_counter() - began) / times * 1000, float(result)

    return engine


def by_numpy(case: Case) -> Engine:
    return timed(
        lambda k: float(values(case.sheet, {case.changed: case.change(k)})[case.read][0, 0])
    )


def by_ironcalc(case: Case, workbook: Path) -> Engine:
    import ironcalc

    model = ironcalc.load_from_xlsx(str(workbook), "en", "UTC", "en")
    worksheet = [page["name"] for page in model.get_worksheets_properties()].index(WORKSHEET)
    changed, read = place(case, case.changed), place(case, case.read)

    def recalculate(k: int) -> float:
        model.update_cell_with_number(
            worksheet, changed.row + 1, changed.column + 1, case.change(k)
        )
        model.evaluate()
        return model.get_cell_value(worksheet, read.row + 1, read.column + 1)

    return timed(recalculate)


def by_formulas(case: Case, workbook: Path) -> Engine:
    os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bars between the lines of ours
    import formulas

    model = formulas.ExcelModel().loads(str(workbook)).finish()
    name = lambda block: f"'[{workbook.name}]{WORKSHEET.upper()}'!{cell(case, block)}"

    def recalculate(k: int) -> float:
        results = model.calculate(inputs={name(case.changed): case.change(k)})
        return float(results[name(case.read)].value[0, 0])

    return timed(recalculate)


def by_libreoffice(case: Case, workbook: Path, profile: Path) -> Engine:
    cells = cell(case, case.changed), cell(case, case.read)
    return lambda times: libreoffice.recalculation(
        profile, workbook, WORKSHEET, *cells, (case.low, case.step, times)
    )


def engines(case: Case, folder: Path) -> dict[str, Engine]:
    workbook = folder / f"{case.sheet.name}.xlsx"
    write(case.sheet, str(workbook))
    calculations = {
        "JavaScript": by_javascript(case),
        "numpy": by_numpy(case),
        "IronCalc": by_ironcalc(case, workbook),
        "formulas": by_formulas(case, workbook),
    }
    if libreoffice.office():
        calculations["LibreOffice"] = by_libreoffice(
            case, workbook, libreoffice.new_profile(folder / case.sheet.name)
        )
    return calculations


def times_for(name: str, engine: Engine) -> int:
    """How many recalculations make a round: for a fast engine LEAST seconds of them, which also
    warms it up.
    """
    if name == "formulas":
        return 1  # seconds each
    if name == "LibreOffice":
        return 90
    engine(30)
    took, _ = engine(30)
    return (
        max(3, min(99, int(LEAST * 1000 / took)))
        if name != "JavaScript"
        else max(99, int(LEAST * 1000 / took))
    )


def measured(case: Case, folder: Path) -> dict[str, float]:
    """Milliseconds for a recalculation by each engine."""
    calculations = engines(case, folder)
    times = {name: times_for(name, engine) for name, engine in calculations.items()}
    took: dict[str, list[float]] = {name: [] for name in calculations}
    for _ in range(ROUNDS):
        for name, engine in calculations.items():
            if took[name] and took[name][0] > SLOW:
                continue
            one, result = engine(times[name])
            took[name].append(one)
            expected = float(
                values(case.sheet, {case.changed: case.change(times[name])})[case.read][0, 0]
            )
            if not math.isclose(result, expected, rel_tol=1e-9):
                raise ArithmeticError(f"{name} says {case.read} is {result}, and it is {expected}")
    return {name: median(each) for name, each in took.items()}


def formula_count(sheet: Sheet) -> int:
    return sum(
        int(block.shape[0]) * int(block.shape[1])
        for block in sheet.blocks.values()
        if block.expr is not None
    )


def measure() -> list[Row]:
    story = log_loss().with_inputs({"is_cat": STORY_CATS, "prediction": STORY_CERTAIN})
    cases = [
        Case(story, "clip", "loss_mean", 0.01, 0.001),
        Case(network(), "scale", "loss", 0.25, 0.005),
    ]
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for case in cases:
            took = measured(case, Path(folder))
            what = (
                f"recalculate {case.sheet.name}, {int(case.sheet.rows or 0)} rows,"
                f" {formula_count(case.sheet):,} formulas"
            )
            for ours in ("JavaScript", "numpy"):
                rows += [
                    Row(
                        f"{what}, {ours}",
                        milliseconds(took[ours]),
                        f"{other} {milliseconds(took[other])}",
                        took[other] / took[ours],
                    )
                    for other in took
                    if other not in ("JavaScript", "numpy")
                ]
    return rows
