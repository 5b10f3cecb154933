"""What a workbook holds of a run: tables that stand still are read where they stand, the last steps
that fit, or the step shown alone.
"""

import json

import engines
import numpy as np
import openpyxl
import pytest
import workbooks
from pages import frame

from lessons.command_line import main
from sheets import Axis, Series, Sheet, backprop, sigmoid, values
from sheets.library import catalogue
from sheets.targets.excel import limits, read_inputs
from sheets.targets.excel.fitting import without_steps
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET

pytestmark = pytest.mark.thorough  # runs of many rows, in every engine

ROWS = 300  # more than a sum can name one by one


def passengers(worksheet: bool = True, rows: bool = False) -> Sheet:
    """A neuron over many rows of one matrix. rows: whether they are data."""
    random = np.random.default_rng(1)
    s = Sheet("passengers", title="Many rows")
    x = s.input("x", random.normal(size=(ROWS, 3)), rows=rows)
    y = s.input("y", np.arange(ROWS)[:, None] % 2, rows=rows)
    w = s.input("w", [[0.1], [0.2], [-0.1]])
    p = s.let("p", sigmoid(x @ w))
    s.let("loss", ((p - y) ** 2).mean(), role="loss")
    s.let("w_next", w - backprop(s, "loss", ["w"])["w"])
    s.carry(w="w_next", worksheet=worksheet)
    s.say("The loss is {loss:.4f}.")
    seen = [Series("step", "loss", "loss", steps=True)]
    s.chart("Loss", Axis("step", 0, 10), Axis("loss", 0, 1), seen)
    return s


BOOK = workbooks.register("passengers", passengers, steps=3)
DATA = workbooks.register("passengers_data", lambda: passengers(rows=True), steps=3)
READINGS = {"ironcalc": workbooks.in_ironcalc, "libreoffice": workbooks.in_libreoffice}


@pytest.mark.parametrize("engine", READINGS)
@pytest.mark.parametrize("book", [BOOK, DATA])
def test_a_table_that_stands_still_is_read_where_it_stands(book, engine):
    page = openpyxl.load_workbook(workbooks.path(book))[WORKSHEET]
    columns = workbooks.step_columns(passengers(rows=book == DATA))
    assert page.max_column < 6 * ROWS, "x does not stand here again"
    found = READINGS[engine](book)
    for step in range(4):
        w = values(passengers(), steps=step)["w"]
        held = [found[WORKSHEET, FIRST_ROW + 1 + step, columns[f"w[{k},1]"]] for k in (1, 2, 3)]
        np.testing.assert_allclose(held, w.ravel(), rtol=1e-12)


def test_of_a_run_that_is_too_large_the_last_steps_are_exported(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(limits, "MOST_FORMULAS", 10_000)
    monkeypatch.setitem(catalogue.SHEETS, "passengers", passengers)
    file = tmp_path / "last.xlsx"
    assert main(["export", "passengers", str(file), "--steps", "30"]) == 0
    said = capsys.readouterr().err
    held = int(said.split("the last ")[1].split()[0])
    first = 30 - held
    assert 0 < held < 30 and f"from step {first} on: all 30 would not open well" in said
    page = openpyxl.load_workbook(file, data_only=True)[WORKSHEET]
    columns = workbooks.step_columns(passengers())
    for row, step in ((FIRST_ROW + 1, first), (FIRST_ROW + 1 + held, 30)):
        expected = values(passengers(), steps=step)["loss"][0, 0]
        assert page.cell(row, columns["loss"]).value == pytest.approx(expected, rel=1e-12)
    texts = [x for x in engines.cached_cells(file).values() if isinstance(x, str)]
    assert any(text.startswith(f"This workbook begins at step {first}") for text in texts)
    recalculated = engines.in_ironcalc(file)
    assert recalculated[WORKSHEET, FIRST_ROW + 1 + held, columns["loss"]] == pytest.approx(
        values(passengers(), steps=30)["loss"][0, 0], rel=1e-9
    )


def alone() -> Sheet:
    return passengers(worksheet=False)


def test_a_workbook_without_a_worksheet_of_steps_holds_the_step_shown(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(catalogue.SHEETS, "passengers", alone)
    file = tmp_path / "shown.xlsx"
    assert main(["export", "passengers", str(file), "--steps", "5"]) == 0
    assert "holds step 5 alone" in capsys.readouterr().err
    assert WORKSHEET not in openpyxl.load_workbook(file).sheetnames
    expected = values(alone(), steps=5)
    np.testing.assert_array_equal(read_inputs(alone(), file)["w"], expected["w"])
    computed = engines.numbers(without_steps(alone()), engines.in_ironcalc(file))
    np.testing.assert_allclose(computed["loss"], expected["loss"], rtol=1e-9)
    assert main(["values", "passengers", "--from", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["loss"][0][0] == expected["loss"][0, 0]


def test_so_does_the_page_s(opened, tmp_path):
    page = opened(alone)
    for _ in range(5):
        page.get_by_role("button", name="Step", exact=True).click()
    frame(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(tmp_path / "page.xlsx")
    inputs_read = read_inputs(alone(), tmp_path / "page.xlsx")["w"]
    np.testing.assert_allclose(inputs_read, values(alone(), steps=5)["w"], rtol=1e-12)
