"""The workbook that a static page writes without Python: cell by cell the one that Python exports
of the same inputs and steps.
"""

from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import engines
import numpy as np
import openpyxl
import pytest
import validity
from workbooks import check_same

from sheets import Axis, Series, Sheet, backprop, normal, values
from sheets.library.log_loss import log_loss
from sheets.targets.excel import limits, read_inputs
from widgets.static_page import static_page


def trained() -> Sheet:
    """A neuron whose weights are drawn until they are typed, with charts over steps, segments, and
    blocks that stand still.
    """
    s = Sheet("trained", title="A drawn neuron, trained")
    s.group("Settings")
    rate, seed = s.parameter("learning_rate", 0.1, 0, 1), s.parameter("seed", 3, 0, 100, whole=True)
    s.group("The neuron")
    x, y = (
        s.input("x", [[1.0, 2.0], [0.5, -1.0], [2.0, 0.25]]),
        s.input("y", [[1.0], [0.0], [1.5]], role="target"),
    )
    w = s.input("w", normal(s, "noise", (2, 1), seed) * 0.5, role="weight")
    tilt = s.input("tilt", s["noise"] * 0.1)
    output = s.let("output", x @ s.let("tilted", w + tilt))
    loss = s.let("loss", ((y - output) ** 2).mean(), role="loss")
    s.let("target_loss", rate * 0.1)
    s.let("number", 0.5 * y)
    s.let("last_log", -np.log(np.maximum(loss, 0)), infinite=1, format=".3f")
    s.let("w_next", w - rate * backprop(s, "loss", ["w"])["w"], role="weight")
    s.carry(w="w_next")
    s.say("The loss is {loss:.4f}, W_1 is no cell.", when=loss > 0)
    s.chart(
        "Loss by step",
        Axis("step", 0, 10),
        Axis("loss", 0.001, 100, "log"),
        [
            Series("step", "loss", "loss", steps=True),
            Series("step", "target_loss", "wanted", steps=True),
        ],
    )
    s.chart(
        "Errors",
        Axis("y", -1, 3),
        Axis("output", -3, 3),
        [Series("y", "output", "error", mode="segments", to="number", role="loss")],
    )
    return s


def slow() -> Sheet:
    s = Sheet("slow", title="A tenth of the rate")
    rate, x = s.parameter("learning_rate", 0.5, 0, 3), s.input("place", 4.0)
    s.let("place_next", x - rate / 10 * 2 * x)
    s.carry(place="place_next")
    s.say("Now at {place:.2f}.")
    s.chart(
        "Where",
        Axis("step", 0, 10),
        Axis("place", 0, 5),
        [Series("step", "place", "place", steps=True)],
    )
    return s


def fast() -> Sheet:
    s = Sheet("fast", title="A parabola, with another beside it")
    rate, x = s.parameter("learning_rate", 0.1, 0, 3), s.input("place", 5.0)
    s.input("place_slow", 4.5)
    s.let("place_next", x - rate * 2 * x)
    s.carry(place="place_next")
    s.beside = [slow()]
    return s


def bursting() -> Sheet:
    """Its first step is no longer finite."""
    s = Sheet("bursting", title="The square of the square")
    x = s.input("place", 1e200)
    s.let("place_next", x * x)
    s.let("tenth", x / 10)
    s.carry(place="place_next")
    return s


MAKERS = {make().name: make for make in (trained, fast, bursting, log_loss)}
SHEETS = {name: make() for name, make in MAKERS.items()}


@pytest.fixture
def opened(page, page_file):
    def at(name: str):
        page.goto(page_file(MAKERS[name]).as_uri())
        page.wait_for_selector(".gradsheet article, article.gradsheet")
        return page

    return at


def downloaded(page, file: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(file)
    return file


def step_to(page, step: int) -> None:
    page.get_by_role("slider", name="step", exact=True).fill(str(step))


def typed(page, name: str, text: str) -> None:
    field = page.get_by_role("textbox", name=name, exact=True)
    field.fill(text)
    field.press("Enter")


@pytest.mark.parametrize("steps", [0, 1, 2, 13])
def test_steps_are_the_page_s(opened, tmp_path, steps):
    page = opened("trained")
    step_to(page, steps)
    check_same(
        downloaded(page, tmp_path / "page.xlsx"), trained(), {}, steps, tmp_path / "python.xlsx"
    )


def test_steps_of_other_inputs(opened, tmp_path):
    page = opened("trained")
    typed(page, "learning_rate", "0.25")
    typed(page, "seed", "8")
    step_to(page, 5)
    file = downloaded(page, tmp_path / "page.xlsx")
    check_same(file, trained(), {"learning_rate": 0.25, "seed": 8}, 5, tmp_path / "python.xlsx")


def test_a_page_s_workbook_is_valid(page, lesson_file, tmp_path):
    page.goto(lesson_file("log_loss").as_uri())
    file = downloaded(page, tmp_path / "page.xlsx")
    assert validity.limits_broken(file) == []
    assert validity.validator_errors(file) == []


def type_cell(page, block: str, text: str) -> None:
    page.locator(f"td[data-block='{block}'][data-row='0'][data-col='0']").dblclick()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("block", ["w", "tilt"])
def test_an_input_s_own_formula_until_it_is_typed_over(opened, tmp_path, block):
    page = opened("trained")
    page.evaluate(
        "document.querySelectorAll('details').forEach((folded) => { folded.open = true; })"
    )
    formulas = engines.formula_cells(downloaded(page, tmp_path / "drawn.xlsx"))
    type_cell(page, block, "0.75")
    step_to(page, 3)
    file = downloaded(page, tmp_path / "page.xlsx")
    held = values(trained())[block].copy()
    held[0] = 0.75
    check_same(file, trained(), {block: held}, 3, tmp_path / "python.xlsx")
    area = (
        openpyxl.load_workbook(file).defined_names[block].attr_text.replace("$", "").split("!")[1]
    )
    for cell in openpyxl.load_workbook(file)["Sheet"][area]:
        assert ("Sheet", cell[0].row, cell[0].column) in formulas and cell[0].data_type == "n"
    back = read_inputs(trained(), file)
    np.testing.assert_array_equal(back[block], held)
    assert back["tilt" if block == "w" else "w"] is None


@pytest.mark.parametrize("steps", [0, 4])
def test_a_sheet_beside_follows_and_takes_as_many_steps(opened, tmp_path, steps):
    page = opened("fast")
    typed(page, "learning_rate", "0.3")
    step_to(page, steps)
    file = downloaded(page, tmp_path / "page.xlsx")
    check_same(file, fast(), {"learning_rate": 0.3}, steps, tmp_path / "python.xlsx")
    assert engines.cached_cells(file)["Sheet", *last_step(file)] == steps


def last_step(file: Path) -> tuple[int, int]:
    return next(
        (row, column)
        for (sheet, row, column), f in engines.formula_cells(file).items()
        if sheet == "Sheet" and "MAX(Steps!" in f
    )


def test_rows_that_are_added_to_a_sheet_without_steps(opened, tmp_path):
    page = opened("log_loss")
    for _ in range(2):
        page.get_by_role("button", name="Add row").click()
    inputs = {
        name: np.vstack([x, x[-1:], x[-1:]])
        for name, x in values(log_loss()).items()
        if name in ("is_cat", "prediction")
    }
    check_same(
        downloaded(page, tmp_path / "page.xlsx"), log_loss(), inputs, 0, tmp_path / "python.xlsx"
    )


def note_after_download(page, words: str = "open well") -> str:
    page.get_by_role("button", name="Download workbook").click()
    note = page.get_by_text(re.compile(words))
    note.wait_for()
    return note.inner_text()


def test_more_steps_than_a_workbook_takes_are_refused_in_words(page, tmp_path):
    file = tmp_path / "few.html"
    with mock.patch("widgets.packed_workbook.MOST_FORMULAS", 100):
        file.write_text(static_page("Fast", [fast()]), encoding="utf-8")
    page.goto(file.as_uri())
    step_to(page, 60)
    assert re.fullmatch(
        r"A workbook of these 60 steps would have \d+ formulas, and at most 100 open well: go back"
        r" to fewer steps\.",
        note_after_download(page),
    )
    step_to(page, 3)
    downloaded(page, tmp_path / "page.xlsx")


def test_a_page_whose_workbook_is_too_large_says_so(page, tmp_path):
    file = tmp_path / "large.html"
    with mock.patch.object(limits, "MOST_FORMULAS", 10):
        file.write_text(static_page("Trained", [trained()]), encoding="utf-8")
    page.goto(file.as_uri())
    assert "a workbook of trained would have" in note_after_download(page)


def test_a_page_whose_first_step_is_not_finite_writes_its_start(opened, tmp_path):
    page = opened("bursting")
    check_same(
        downloaded(page, tmp_path / "page.xlsx"), bursting(), {}, 0, tmp_path / "python.xlsx"
    )
    type_cell(page, "place", "2")
    check_same(
        downloaded(page, tmp_path / "two.xlsx"),
        bursting(),
        {"place": 2},
        0,
        tmp_path / "python_two.xlsx",
    )
    step_to(page, 3)
    assert "This page cannot write steps" in note_after_download(page, "go to the start")
