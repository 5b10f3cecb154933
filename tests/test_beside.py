"""Sheets beside the main one in its workbook: one worksheet each, in one layout, following what
they share.
"""

from __future__ import annotations

import io

import engines
import numpy as np
import openpyxl
import pytest
import workbooks
from quick import thorough

from sheets import Axis, InputError, Series, Sheet, SheetError, values
from sheets.targets.excel import read_inputs, write
from sheets.targets.excel.parts import parts

READINGS = {
    "ironcalc": workbooks.in_ironcalc,
    "libreoffice": workbooks.in_libreoffice,
    "cached": workbooks.cached,
}
ROWS = {"x": [1.0, 2.0, 3.0], "y": [2.0, 4.0, 5.0]}
STEPS = 4


def plain_descent(name: str = "plain") -> Sheet:
    s = Sheet(name, title=f"{name} descent")
    _descent(s, 0)
    return s


def heavy() -> Sheet:
    s = Sheet("heavy", title="Descent with momentum")
    _descent(s, s.parameter("beta", 0.9, 0, 1))
    s.say("There are {rows_said:d} rows.")
    return s


def _descent(s: Sheet, beta) -> None:
    """A slope through rows of data by single rows in turn."""
    rule = s.choice("rule", "mean", ["mean", "sum"])
    rate, slope, m, t = (
        s.parameter("rate", 0.05, 0, 1),
        s.input("slope", 1.0),
        s.input("m", 0.0),
        s.input("t", 0.0),
    )
    s.group("Data", "The rows, the same on every worksheet")
    x, y = s.input("x", [0.0] * 3, rows=True), s.input("y", [0.0] * 3, rows=True)
    s.group("Result")
    s.let("rows_said", x.shape[0])
    loss = s.let("loss", ((slope * x - y) ** 2).mean(), role="loss")
    gradient = s.let(
        "gradient", ((slope * x - y) * x).sum() / np.where(np.equal(rule, 1), 1, x.shape[0])
    )
    s.let("m_next", beta * m + gradient)
    s.let("slope_next", slope - rate * s["m_next"])
    s.let("t_next", t + 1)
    s.carry(slope="slope_next", m="m_next", t="t_next")
    s.say("Slope {slope:.4f}, loss {loss:.4f}.", when=loss > 0)
    s.chart(
        "Loss",
        Axis("step", 0, 10),
        Axis("loss", 0, 9),
        [Series("step", "loss", "loss", steps=True)],
        note="It falls.",
    )


def race() -> Sheet:
    """Both at once; the second starts elsewhere, at a rate of its own."""
    s = Sheet("race", title="Two descents")
    s.choice("rule", "mean", ["mean", "sum"])
    rate = s.parameter("rate", 0.1, 0, 1)
    s.parameter("rate_heavy", 0.02, 0, 1)
    start = s.input("slope_heavy", 0.5)
    x, y = s.input("x", ROWS["x"], rows=True), s.input("y", ROWS["y"], rows=True)
    s.let("loss", ((start * x - y) ** 2).mean() * rate)
    s.beside = [plain_descent(), heavy()]
    return s


GIVEN = {
    "x": [1.0, 0.5, 2.0, 4.0],
    "y": [3.0, 1.0, 4.0, 7.0],
    "rule": "sum",
    "rate_heavy": 0.01,
    "rate": 0.005,
}
BOOKS = {
    "as it starts": workbooks.register("race", race, steps=STEPS),
    "with inputs": workbooks.register("race_given", race, inputs=GIVEN, steps=STEPS),
}
INPUTS = {"as it starts": {}, "with inputs": GIVEN}
each_book = pytest.mark.parametrize("book", BOOKS)


def expected(name: str, inputs: dict, step: int) -> dict[str, np.ndarray]:
    """The sheet on its own, with the race's numbers."""
    main = values(race(), inputs)
    own = (
        {"rate": main["rate_heavy"], "slope": main["slope_heavy"]}
        if name == "heavy"
        else {"rate": main["rate"]}
    )
    sheet = heavy() if name == "heavy" else plain_descent()
    return values(sheet, {"x": main["x"], "y": main["y"], "rule": main["rule"], **own}, step)


@thorough
@each_book
@pytest.mark.parametrize("engine", ["ironcalc", "libreoffice"])
def test_recalculated_to_the_cached_values(book, engine):
    before, after = workbooks.cached(BOOKS[book]), READINGS[engine](BOOKS[book])
    assert not [key for key, x in after.items() if engines.is_error(x)]
    assert not {
        key: (x, after.get(key))
        for key, x in before.items()
        if engines.different(x, after.get(key))
    }


@each_book
@pytest.mark.parametrize("engine", READINGS)
@pytest.mark.parametrize("name", ["plain", "heavy"])
def test_blocks_and_steps_are_the_sheet_s_own_with_the_main_one_s_numbers(book, engine, name):
    cells = READINGS[engine](BOOKS[book])
    made = parts(race().with_inputs(INPUTS[book]), STEPS)
    part = next(part for part in made if part.sheet.name == name)
    for block, numbers in expected(name, INPUTS[book], 0).items():
        found = engines.block_cells(part.sheet, cells, block, part.where.blocks)
        np.testing.assert_allclose(np.array(found, dtype=float), numbers, rtol=1e-9, err_msg=block)
    for step in range(STEPS + 1):
        now = expected(name, INPUTS[book], step)
        for block in ("slope", "loss", "t"):
            cell = cells[name, part.plan.first_row + 1 + step, part.plan.columns[block] + 1]
            assert cell == pytest.approx(now[block].item(), rel=1e-9)
    assert (name, part.plan.first_row + 2 + STEPS, 1) not in cells


@each_book
def test_worksheets_can_be_flipped_between(book):
    """What both have stands in the same cells, though one has more settings and sentences."""
    _, *beside = parts(race().with_inputs(INPUTS[book]), STEPS)
    places = [part.where.blocks for part in beside]
    shared = [name for name in places[0] if name not in ("rule", "rate", "slope", "m", "t")]
    assert len(shared) > 6
    assert {name: places[0][name][1:3] for name in shared} == {
        name: places[1][name][1:3] for name in shared
    }
    assert beside[0].plan.first_row == beside[1].plan.first_row


def test_names_notes_sentences_and_charts_are_there():
    book = openpyxl.load_workbook(workbooks.path(BOOKS["as it starts"]))
    assert book.sheetnames == [
        "Sheet",
        "Story",
        "Choices",
        "plain",
        "heavy",
    ]  # the race itself has neither chart nor steps
    assert {"rate", "plain_rate", "heavy_rate", "heavy_beta", "plain_x"} <= set(book.defined_names)
    for name in ("plain", "heavy"):
        page = book[name]
        notes = {
            cell.comment.text.split("\n")[0]: cell.comment.text
            for row in page
            for cell in row
            if cell.comment
        }
        assert "follows x: change it there for all worksheets" in notes["x"]
        assert f"follows {'rate_heavy' if name == 'heavy' else 'rate'}:" in notes["rate"]
        assert "may be a number" in notes["m"]
        assert len(page._charts) == 1
    said = [
        cell.value
        for cell in openpyxl.load_workbook(workbooks.path(BOOKS["as it starts"]), data_only=True)[
            "heavy"
        ]["A"]
    ]
    assert "There are 3 rows." in said
    words = [cell.value for row in book["Story"] for cell in row]
    assert {"plain", "plain descent", "heavy", "Descent with momentum"} <= set(words)


def test_what_follows_is_a_formula_and_the_rest_is_typed():
    book = openpyxl.load_workbook(workbooks.path(BOOKS["as it starts"]))
    cells = {
        name: book[name][
            book.defined_names[f"{name}_rate"].attr_text.split("!")[1].replace("$", "")
        ]
        for name in ("plain", "heavy")
    }
    assert {name: cell.value for name, cell in cells.items()} == {
        "plain": "=rate",
        "heavy": "=rate_heavy",
    }
    assert all(cell.protection.locked for cell in cells.values())
    m = book["plain"][book.defined_names["plain_m"].attr_text.split("!")[1].replace("$", "")]
    assert m.value == 0 and not m.protection.locked
    first = book["plain"][
        book.defined_names["plain_x"].attr_text.split("!")[1].replace("$", "").split(":")[0]
    ]
    assert first.value.startswith("=Sheet!")


@each_book
def test_back_from_the_main_sheet(book):
    started = race().with_inputs(INPUTS[book])
    for name, x in read_inputs(race(), workbooks.path(BOOKS[book])).items():
        np.testing.assert_array_equal(x, started.blocks[name].value)


def test_a_sheet_is_not_written_into_the_one_beside_it():
    file = io.BytesIO()
    write(heavy(), file)
    assert openpyxl.load_workbook(file).sheetnames == [
        "Sheet",
        "Story",
        "Steps",
        "Choices",
        "Step_shown",
    ]


@pytest.mark.parametrize("name", ["Sheet_2", "plain"])
def test_one_name_twice_is_refused(name):
    s = race()
    s.beside = [
        plain_descent("plain"),
        plain_descent("Plain" if name == "plain" else "other"),
        heavy(),
    ]
    if name == "plain":
        with pytest.raises(
            SheetError, match="a worksheet 'Plain' beside race cannot be: it is taken"
        ):
            write(s, io.BytesIO())
    else:
        write(s, io.BytesIO())


@pytest.mark.parametrize("name", ["choices", "Steps", "sheet", "x" * 32])
def test_a_worksheet_s_name_that_cannot_be(name):
    s = race()
    s.beside = [plain_descent(name)]
    with pytest.raises(SheetError, match="it is taken, or has more than 31 characters"):
        write(s, io.BytesIO())


def test_the_workbook_s_own_name_is_refused():
    s = Sheet("shown")
    s.let("step_shown", s.input("x_1", 1.0) * 2)
    with pytest.raises(SheetError, match="two names 'step_shown', for shown's step_shown and in"):
        write(s, io.BytesIO())


def test_a_prefixed_name_that_another_block_has_is_refused():
    s = race()
    s.let("Plain_Loss", s["rate"] * 2)
    with pytest.raises(
        SheetError, match=r"two names 'plain_loss', for plain's loss and in race; rename one"
    ):
        write(s, io.BytesIO())


def test_a_number_that_one_beside_cannot_take_is_refused_before_anything_is_written():
    s = race()
    s.beside = [heavy()]
    s.beside[0].blocks["rate"].high = 0.001
    target = io.BytesIO()
    with pytest.raises(InputError, match=r"rate is 0\.02; it must be a number from 0 to 0\.001"):
        write(s, target)
    assert not target.getvalue()
