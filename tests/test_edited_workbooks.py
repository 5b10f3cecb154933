"""Workbooks after people edited them: rows typed, inserted, deleted, cleared and sorted, numbers
and words typed, worksheets renamed, saved by LibreOffice and by Gnumeric.

What is recalculated is numpy of the data that a person sees, or the first worksheet says that it is
not; and what is read back is those data, or a sentence. A few edits of a few sheets always run;
some 500 of every sheet's by `EDIT_ROUNDS=6 .venv/bin/pytest tests/test_edited_workbooks.py`.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import editor
import engines
import numpy as np
import openpyxl
import pytest
import workbooks
from library_sheets import SHEETS
from openpyxl.utils.cell import range_boundaries
from xlsxwriter.worksheet import Worksheet

from sheets import InputError, Sheet, backprop
from sheets.language.blocks import Size, choices_of, may_be_empty
from sheets.language.expr import is_data
from sheets.targets.excel import read_inputs, write
from sheets.targets.excel.formulas import data_inputs, edited_tables
from sheets.targets.excel.layout import MAIN, SAID_ROW, SPARE_ROWS, layout
from sheets.targets.excel.reading import reference_of
from sheets.targets.excel.steps import STEP_SHOWN
from sheets.targets.excel.table_check import NO_FORMULAS, SENTENCES
from sheets.targets.numpy import trajectory

ROUNDS = int(os.environ.get("EDIT_ROUNDS", "0"))
STEPS = 3
NEW_NAME = "Bob's lesson"
FEWER = {"depth_lab": {"layers": 6}}


def regression() -> Sheet:
    """An author's sheet: rows of data in products, in a mean of squares and in a rank."""
    s = Sheet("regression", title="A line through rows")
    s.group("Rows")
    x = s.input("x", [[1.0, 2.0], [0.5, -1.0], [2.0, 0.25]], rows=True)
    y = s.input("y", [[1.0], [0.0], [1.5]], role="target", rows=True)
    s.group("Weights")
    w, rate = s.input("w", [[0.5], [-0.25]], role="weight"), s.parameter("rate", 0.1, 0, 1)
    s.group("Errors")
    error = s.let("error", x @ w - y)
    loss = s.let("loss", (error**2).mean(), role="loss")
    s.let("larger", np.greater(y, y.T).sum(axis=1))
    s.let("far", np.greater(error, 0.1).sum())
    s.let("largest", error.max())
    s.let("w_next", w - rate * backprop(s, "loss", ["w"])["w"], role="weight")
    s.carry(w="w_next")
    s.say("The loss is {loss:.4f}.", when=loss >= 0)
    return s


WITH_ROWS = ["log_loss", "line_fit", "regression"]  # whose tables of data grow
FEW = ["log_loss", "linear_model", "softmax", "regression"]  # LibreOffice takes long for others
MAKERS = {
    name: make
    for name, make in {**SHEETS, "regression": regression}.items()
    if name in FEW or ROUNDS
}


@cache
def sheet_called(name: str) -> Sheet:
    return MAKERS[name]()


@cache
def written(name: str) -> Path:
    """Without comments, which LibreOffice reads slowly."""
    path = workbooks.folder() / f"edited_{name}.xlsx"
    with mock.patch.object(Worksheet, "write_comment"):
        write(
            sheet_called(name),
            path,
            FEWER.get(name),
            steps=STEPS if sheet_called(name).carried else 0,
        )
    return path


class Edited(NamedTuple):
    """What was done, where it was saved, and whether it must be counted without a warning."""

    name: str
    what: list[str]
    path: Path
    proper: bool | None  # None: it may be, or not


class Person:
    """Edits one workbook by chance; keeps in mind where the rows of its table are."""

    def __init__(self, name: str, seed: int):
        self.chance = random.Random(f"{name} {seed}")
        self.name, self.sheet = name, sheet_called(name).with_inputs(FEWER.get(name, {}))
        self.where = layout(self.sheet, spare=SPARE_ROWS if name in WITH_ROWS else 0)
        self.edits: list[tuple] = [("open", written(name))]
        self.what: list[str] = []
        self.proper: bool | None = True
        self.worksheet = MAIN
        self.path = workbooks.folder() / f"{name}_{seed}.xlsx"
        if name in WITH_ROWS:
            self._see_table()

    def _see_table(self) -> None:
        blocks, places = self.sheet.blocks, self.where.blocks
        edited = edited_tables(self.sheet, places)
        here = [
            name
            for name in blocks
            if is_data(blocks[name].shape) and (places[name].worksheet, places[name].row) in edited
        ]
        self.inputs = data_inputs(self.sheet)
        self.columns = {
            name: range(places[name].column, places[name].column + int(blocks[name].shape[1]))
            for name in here
        }
        self.top, self.rows = places[self.inputs[0]].row, int(self.sheet.rows)
        self.spare = self.where.spare

    def number(self, name: str) -> float:
        """Near one that stands there, within the limits."""
        block = self.sheet.blocks[name]
        low = block.low if block.low is not None else -5.0
        high = block.high if block.high is not None else 5.0
        if block.whole:
            return self.chance.randint(int(low), min(int(high), int(low) + 3))
        if is_data(block.shape):
            return round(self.chance.uniform(max(low, -5), min(high, 5)), 4)
        now = float(sheet_called(self.name).defaults[name].ravel()[0])
        return min(max(now * self.chance.uniform(0.9, 1.1), low), high)

    def _type_row(self, row: int, names: list[str] | None = None) -> None:
        for name in self.inputs if names is None else names:
            for column in self.columns[name]:
                self.edits.append(("number", self.worksheet, row, column, self.number(name)))

    def type_below(self) -> None:
        self._type_row(self.top + self.rows)
        self.rows, self.spare = self.rows + 1, self.spare - 1

    def insert_and_fill(self) -> None:
        row = self.top + self.chance.randint(1, self.rows - 1)
        self.edits.append(("insert", self.worksheet, row))
        self._type_row(row)
        for name in self.columns.keys() - set(self.inputs):
            columns = self.columns[name]
            self.edits.append(("fill", self.worksheet, row, columns[0], columns[-1]))
        self.rows += 1
        if self.rows > int(self.sheet.rows) + self.where.spare:
            self.proper = False

    def insert_alone(self) -> None:
        row = self.top + self.chance.randint(1, self.rows - 1)
        self.edits.append(("insert", self.worksheet, row))
        self._type_row(row)
        self.rows += 1
        self.proper = self.proper and not self.columns.keys() - set(self.inputs)

    def delete(self) -> None:
        if self.rows < 3:
            return
        row = self.top + self.chance.randint(0, self.rows - 1)
        self.edits.append(("delete", self.worksheet, row))
        self.rows -= 1

    def clear_in_between(self) -> None:
        row = self.top + self.chance.randint(0, self.rows - 2)
        for name in self.inputs:
            for column in self.columns[name]:
                self.edits.append(("type", self.worksheet, row, column, ""))
        self.proper = False

    def total_below(self) -> None:
        row, column = self.top + self.rows, self.columns[self.inputs[0]][0]
        self.edits.append(("type", self.worksheet, row, column, "=1+1"))
        self.proper = False

    def sort(self) -> None:
        every = [column for columns in self.columns.values() for column in columns]
        low, high = min(every), max(every)
        last = self.top + self.rows - 1
        self.edits.append(("sort", self.worksheet, self.top, last, low, high, 0))

    def type_cell(self) -> None:
        name = self.chance.choice(self.inputs)
        row = self.top + self.chance.randint(0, self.rows - 1)
        self.edits.append(("number", self.worksheet, row, self.columns[name][0], self.number(name)))

    def type_word(self) -> None:
        row = self.top + self.chance.randint(0, self.rows - 1)
        self.edits.append(("type", self.worksheet, row, self.columns[self.inputs[0]][0], "none"))
        self.proper = False

    def type_setting(self) -> None:
        settings = [
            name
            for name, block in self.sheet.inputs.items()
            if block.shape == (1, 1) and not isinstance(block, Size) and block.expr is None
        ]
        name = self.chance.choice(settings)
        place, words = self.where.seen(name), choices_of(self.sheet.blocks[name])
        worksheet = self._now(place.worksheet)
        if words:
            word = self.chance.choice(words)
            self.edits.append(("type", worksheet, place.row, place.column, word))
        else:
            self.edits.append(("number", worksheet, place.row, place.column, self.number(name)))

    # --- what keeps its size

    def _inside(self) -> tuple[str, int]:
        """A row between those of a block, by its worksheet."""
        here = self.where.blocks
        tall = [n for n, block in self.sheet.blocks.items() if block.shape[0] > 1]
        name = self.chance.choice(tall)
        rows = int(self.sheet.blocks[name].shape[0])
        return here[name].worksheet, here[name].row + self.chance.randint(1, rows - 1)

    def insert_inside(self) -> None:
        worksheet, row = self._inside()
        self.edits.append(("insert", self._now(worksheet), row))
        self.proper = False

    def delete_inside(self) -> None:
        worksheet, row = self._inside()
        self.edits.append(("delete", self._now(worksheet), row))
        self.proper = None  # a row of every table of data is gone, or of one

    def sort_table(self) -> None:
        tables = [place for place in self.where.groups if place.kind == "table"]
        if not tables:
            return
        names = self.chance.choice(tables).group.blocks
        places, blocks = self.where.blocks, self.sheet.blocks
        every = [places[n].column + k for n in names for k in range(int(blocks[n].shape[1]))]
        top, rows = places[names[0]].row, max(int(blocks[n].shape[0]) for n in names)
        worksheet = self._now(places[names[0]].worksheet)
        area = (top, top + rows - 1, min(every), max(every), 0)
        self.edits.append(("sort", worksheet, *area))
        self.proper = None

    def clear_setting(self) -> None:
        settings = [
            name
            for name, block in self.sheet.inputs.items()
            if block.shape == (1, 1) and block.expr is None and not may_be_empty(block)
        ]
        place = self.where.seen(self.chance.choice(settings))
        cell = self._now(place.worksheet), place.row, place.column
        self.edits.append(("type", *cell, self.chance.choice(["", "none"])))
        self.proper = False

    def show_step(self) -> None:
        if self.where.shows_steps:
            step = self.chance.randint(0, STEPS)
            row = self.where.head.step_row
            self.edits.append(("number", self.worksheet, row, 1, step))

    def show_no_step(self) -> None:
        if self.where.shows_steps:
            step = self.chance.choice([STEPS + 1, 99, -1, 0.5])
            self.edits.append(("number", self.worksheet, self.where.head.step_row, 1, step))
            self.proper = False

    def _now(self, worksheet: str) -> str:
        return self.worksheet if worksheet == MAIN else worksheet

    def rename(self) -> None:
        if self.worksheet == MAIN:
            self.edits.append(("rename", MAIN, NEW_NAME))
            self.worksheet = NEW_NAME

    def edit(self, way: str) -> None:
        self.what.append(way)
        getattr(self, way)()

    def saved(self) -> Edited:
        self.edits.append(("save", self.path))
        return Edited(self.name, self.what, self.path, self.proper)


TABLE_EDITS = ("type_below", "insert_and_fill", "delete", "sort", "type_cell", "type_setting")
MISTAKES = ("insert_alone", "clear_in_between", "total_below", "type_word")
KEPT_EDITS = ("insert_inside", "delete_inside", "sort_table", "clear_setting", "show_no_step")


def persons(name: str) -> list[tuple[Person, list[str]]]:
    """Of a sheet whose table of data grows: edits that count, a mistake after one of them, and, of
    each sheet, settings typed and a worksheet renamed, and a mistake in what keeps its size.
    """
    people = []
    for k in range(ROUNDS or 1):
        chance = random.Random(f"{name} {k}")
        ways = [["type_setting", "show_step", "rename", "type_setting"]]
        ways += [["type_setting", chance.choice(KEPT_EDITS)]]
        if name in WITH_ROWS:
            several = [chance.choice((*TABLE_EDITS, "rename")) for _ in range(4)]
            ways = [["type_below", "insert_and_fill", "sort", "delete", *several, *ways[0]]]
            ways += [["insert_and_fill", chance.choice(TABLE_EDITS), chance.choice(MISTAKES)]]
        people += [(Person(name, 10 * k + number), way) for number, way in enumerate(ways)]
    return people


@cache
def all_edited() -> dict[str, list[Edited]]:
    """Every sheet's, by one start of LibreOffice; each other one is saved by Gnumeric too."""
    all_saved: dict[str, list[Edited]] = {}
    edits: list[tuple] = []
    for name in MAKERS:
        for person, ways in persons(name):
            for way in ways:
                person.edit(way)
            all_saved.setdefault(name, []).append(person.saved())
            edits += person.edits
    editor.edited(edits, workbooks.folder())
    convert = shutil.which("ssconvert")
    for each in [each for several in all_saved.values() for each in several][::2]:
        if convert:
            command = [convert, "--recalc", str(each.path), str(each.path)]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
    return all_saved


def area(book: openpyxl.Workbook, name: str) -> list[list]:
    """The cells of a defined name."""
    worksheet, cells = reference_of(book.defined_names[name].attr_text).rsplit("!", 1)
    left, top, right, bottom = range_boundaries(cells.replace("$", ""))
    page = book[re.sub("^'|'$", "", worksheet).replace("''", "'")]
    return [list(row) for row in page.iter_rows(top, bottom, left, right, values_only=True)]


def seen_inputs(book: openpyxl.Workbook, sheet: Sheet) -> dict[str, np.ndarray]:
    """Every input as it stands there; of a table, the rows down to the last that is filled."""
    found = {}
    for name, block in sheet.inputs.items():
        cells = area(book, name)
        while is_data(block.shape) and cells and all(x in (None, "") for x in cells[-1]):
            cells.pop()
        known = [[float("nan") if engines.is_error(x) else x for x in row] for row in cells]
        found[name] = np.array(known, dtype=float)
    return found


def check(each: Edited) -> None:
    sheet = sheet_called(each.name).with_inputs(FEWER.get(each.name, {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # openpyxl's of what Gnumeric writes
        book = openpyxl.load_workbook(each.path, data_only=True)
        said = str(book.worksheets[0].cell(SAID_ROW + 1, 1).value)
        warned = next((warning for warning in SENTENCES if said.startswith(warning)), "")
        unread = any("ERROR(" in each.attr_text for each in book.defined_names.values())
        if unread and engines.is_error(said):  # Gnumeric reads no name with an apostrophe
            warned = said
        else:
            assert each.proper is None or bool(warned) != each.proper, (each, said)
        try:
            back = read_inputs(sheet_called(each.name), each.path)
        except InputError as refused:
            assert warned and len(str(refused)) < 300, (each, refused)
            assert "no longer says where" not in str(refused) or not each.proper, (each, refused)
            return
    if warned not in ("", said, NO_FORMULAS):  # what a person sees there is no table
        return
    inputs = seen_inputs(book, sheet)
    for name, x in back.items():
        if x is not None and not (unread and np.isnan(inputs[name]).any()):
            np.testing.assert_allclose(x, inputs[name], rtol=1e-12, err_msg=f"{each} {name}")
    if warned:
        return
    sheet = sheet.with_inputs(inputs)
    step = int(area(book, STEP_SHOWN)[0][0]) if STEP_SHOWN in book.defined_names else 0
    expected = list(trajectory(sheet, step))[-1]
    for name, block in sheet.blocks.items():
        if name not in sheet.inputs:
            cells = area(book, name)[: int(block.shape[0])]
            computed = np.array([[engines._number(x, name, False) for x in row] for row in cells])
            np.testing.assert_allclose(
                computed, expected[name], rtol=1e-8, atol=1e-9, err_msg=f"{each} {name}"
            )


@pytest.mark.parametrize("name", MAKERS)
def test_an_edited_workbook_is_right_or_says_that_it_is_not(name):
    engines.needs_libreoffice()
    for each in all_edited()[name]:
        check(each)
