"""Engines that are not ours: V8 for the page's program, IronCalc and LibreOffice for the workbook,
PyTorch for networks and optimisers.

A missing engine skips its tests with the reason at home, and fails them where the environment says
CI.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import openpyxl
import pytest
from open_office import converted
from python_calamine import CalamineSheet, CalamineWorkbook

from sheets import Sheet
from sheets.language.blocks import Block, may_be_empty, words_of
from sheets.targets.excel.formulas import LARGEST
from sheets.targets.excel.layout import Place, layout
from sheets.targets.javascript import program

Cells = dict[
    tuple[str, int, int], Any
]  # (worksheet, row, column from 1) -> number, text or error text

quick = False  # whether this is a quick run, which starts no slow engine: see tests/conftest.py


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytorch() -> Any:
    """The module torch, whose import takes seconds."""
    if quick:
        pytest.skip("a quick run does not import PyTorch")
    try:
        import torch
    except ImportError:
        missing("PyTorch is not installed")
    return torch


def in_v8(source: str) -> Any:
    """The value of the last statement."""
    try:
        from py_mini_racer import MiniRacer
    except ImportError:
        missing("V8 (mini-racer) is not installed")
    with MiniRacer() as engine:
        return engine.eval(source)


def in_javascript(
    sheet: Sheet, inputs: Mapping[str, Any] | None = None, steps: int = 0
) -> dict[str, np.ndarray]:
    """Every block by the generated program in V8, compiled for the sheet's own rows and run with
    the inputs' rows.
    """
    started = sheet.with_inputs(inputs or {})
    flat = {
        name: None if block.value is None else block.value.ravel().tolist()
        for name, block in started.inputs.items()
    }
    source = f"""(() => {{
        const program = ({program(sheet)})({int(started.rows or 0)});
        const inputs = {json.dumps(flat)};
        for (const name in inputs) if (inputs[name]) program.blocks[name].set(inputs[name]);
        for (const name in program.follows) program.follows[name] = inputs[name] === null;
        program.run();
        for (let k = 0; k < {steps}; k++) program.step();
        const out = {{}};
        for (const name in program.blocks) out[name] = Array.from(program.blocks[name], String);
        out._said = Array.from(program.said, String);
        return JSON.stringify(out);
    }})()"""
    computed = json.loads(in_v8(source))
    as_float = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
    shapes = {name: block.shape for name, block in started.blocks.items()} | {
        "_said": (len(sheet.sentences), 1)
    }
    return {
        name: np.array([as_float.get(x) or float(x) for x in flat]).reshape(shapes[name])
        for name, flat in computed.items()
    }


# What IronCalc 0.9 has not (it answers with one element, or an error): inside SUMPRODUCT, INT, MOD
# and functions of a bare range or of a range beside a defined name; and INDEX of a single cell.
_FUNCTION = r"SUMPRODUCT\(.*\b(EXP|LN|LOG10|ABS|SQRT|SIN|COS|TANH|SIGN|NORMSINV)\("
IRONCALC_GAP = re.compile(
    rf"{_FUNCTION}[A-Z$]+\d+:|{_FUNCTION}.*\b[a-z]|SUMPRODUCT\(.*\b(MOD|INT)\(|INDEX\((\w+!)?\$?[A-Z]+\$?\d+,"
)


def cached_cells(path: Path) -> Cells:
    """The values stored in the file beside formulas, and plain values."""
    if _holds_an_error(path):  # which calamine, 15 times as fast, takes for an empty cell
        with warnings.catch_warnings():  # of data bars as LibreOffice writes them
            warnings.filterwarnings("ignore", ".*extension is not supported", UserWarning)
            cells = _filled(openpyxl.load_workbook(path, data_only=True))
        return {key: cell.value for key, cell in cells if cell.value is not None}
    return {
        (page.name, *place): value
        for page in _pages(path)
        for place, value in _filled_places(page)
        if value != ""
    }


def _holds_an_error(path: Path) -> bool:
    with zipfile.ZipFile(path) as file:
        worksheets = (part for part in file.namelist() if part.startswith("xl/worksheets/"))
        return any(b't="e"' in file.read(part) for part in worksheets)


def _pages(path: Path) -> Iterator[CalamineSheet]:
    book = CalamineWorkbook.from_path(path)
    return map(book.get_sheet_by_name, book.sheet_names)


def _filled_places(page: CalamineSheet) -> Iterator[tuple[tuple[int, int], Any]]:
    row, column = page.start or (0, 0)
    for i, cells in enumerate(page.to_python(), row + 1):
        yield from (((i, j), value) for j, value in enumerate(cells, column + 1))


def formula_cells(file: Path | openpyxl.Workbook) -> dict[tuple[str, int, int], str]:
    """file: where it is, or the workbook where it was opened already, which takes a second."""
    book = openpyxl.load_workbook(file) if isinstance(file, Path) else file
    return {key: cell.value for key, cell in _filled(book) if cell.data_type == "f"}


def _filled(book: Any):
    """Only the cells that the file holds: going through rows and columns would make every empty one
    too.
    """
    return (((page.title, *place), cell) for page in book for place, cell in page._cells.items())


def opened_in_ironcalc(path: Path) -> tuple[Any, dict[str, int]]:
    """IronCalc's model of the file, and the number of each worksheet in it."""
    try:
        import ironcalc
    except ImportError:
        missing("IronCalc is not installed")
    model = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")
    return model, {
        page["name"] if isinstance(page, dict) else page.name: k
        for k, page in enumerate(model.get_worksheets_properties())
    }


def in_ironcalc(path: Path, filled: Cells | None = None) -> Cells:
    """Every cell that the file fills, after IronCalc's evaluation.

    filled: its `cached_cells`, where they are known.
    """
    model, pages = opened_in_ironcalc(path)
    model.evaluate()
    return {
        key: model.get_cell_value(pages[key[0]], key[1], key[2])
        for key in filled or cached_cells(path)
    }


def needs_libreoffice() -> str:
    """LibreOffice's program; ends the test where there is none, or none may be started."""
    if quick:
        pytest.skip("a quick run starts no LibreOffice")
    return shutil.which("soffice") or missing("LibreOffice (soffice) is not installed")


def in_libreoffice(paths: list[Path], folder: Path) -> list[Path]:
    """Each workbook as LibreOffice saves it after its forced hard recalculation."""
    return converted(needs_libreoffice(), paths, folder / "recalculated")


def in_gnumeric(path: Path, folder: Path) -> Cells:
    """Every cell of the workbook after Gnumeric's recalculation."""
    if quick:
        pytest.skip("a quick run starts no Gnumeric")
    convert = shutil.which("ssconvert")
    if convert is None:
        missing("Gnumeric (ssconvert) is not installed")
    out = folder / f"{path.stem}.gnumeric.xlsx"
    command = [convert, "--recalc", str(path), str(out)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Workbook contains no default style"
        )  # Gnumeric's has none
        return cached_cells(out)


def is_error(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("#")


def block_cells(
    sheet: Sheet, cells: Cells, name: str, places: dict[str, Place] | None = None
) -> list[list[Any]]:
    place, (rows, columns) = (places or layout(sheet).blocks)[name], sheet.blocks[name].shape
    return [
        [
            cells.get((place.worksheet, place.row + i + 1, place.column + j + 1))
            for j in range(columns)
        ]
        for i in range(rows)
    ]


def numbers(sheet: Sheet, cells: Cells) -> dict[str, np.ndarray]:
    """Every block's cells as numbers: an error is nan, the word infinite is inf.

    A truth value is a mistake, and an empty cell where the block may have none.
    """
    places = layout(sheet).blocks
    return {
        name: np.array(
            [
                [_number(_coded(block, x), name, may_be_empty(block)) for x in row]
                for row in block_cells(sheet, cells, name, places)
            ]
        )
        for name, block in sheet.blocks.items()
    }


def _coded(block: Block, x: Any) -> Any:
    """The number of a word that the block's cells may hold."""
    return words_of(block).index(x) if x in words_of(block) else x


def _number(x: Any, name: str, may_be_empty: bool) -> float:
    if may_be_empty and x in (None, ""):
        return float("nan")
    assert isinstance(x, (int, float, str)) and not isinstance(x, bool), (
        f"{name} holds {x!r}, which is no number"
    )
    if isinstance(x, str):
        assert is_error(x) or x in ("infinite", "-infinite"), f"{name} holds the text {x!r}"
        return float("nan") if is_error(x) else float(x.removesuffix("inite"))
    return np.sign(x) * np.inf if abs(x) == LARGEST else float(x)


def different(before: Any, after: Any, tolerance: float = 1e-9) -> bool:
    """Whether two cells differ: numbers by relative tolerance (absolute below 1),
    texts by letter.
    """
    if isinstance(before, (bool, int, float)) and isinstance(after, (bool, int, float)):
        return abs(before - after) > tolerance * max(1.0, abs(before))
    return (before or "") != (after or "")
