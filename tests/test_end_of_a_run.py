"""`s.until(...)`: numpy, the page, the command line and the workbook end a run at the same step."""

import engines
import numpy as np
import pytest
import workbooks
from pages import check_every_cell

from lessons.command_line import main
from sheets import Axis, Series, Sheet, SheetError, values
from sheets.library import catalogue
from sheets.targets.excel import write
from sheets.targets.excel.layout import layout
from sheets.targets.excel.steps import FIRST_ROW, WORKSHEET
from sheets.targets.numpy import trajectory

STEPS = 20


def growing() -> Sheet:
    """Two numbers grow by half until the first is large."""
    s = Sheet("growing", title="It grows")
    limit = s.parameter("limit", 6, 1, 100)
    t, x = s.input("t", 0, format="d"), s.input("x", [[1.0, 2.0]])
    s.let("t_next", t + 1)
    s.let("x_next", x * 1.5)
    s.carry(t="t_next", x="x_next")
    s.until(x[0, 0] >= limit)
    s.chart("It", Axis("step", 0, 9), Axis("t", 0, 9), [Series("step", "t", "t", steps=True)])
    return s


def test_it_ends_where_the_sheet_says():
    run = list(trajectory(growing(), STEPS))
    assert len(run) == 6 and [found["ended"][0, 0] for found in run] == [0, 0, 0, 0, 0, 1]
    assert run[-1]["x"].tolist() == [[1.5**5, 2 * 1.5**5]]


def test_a_block_may_say_it_and_what_cannot_is_refused():
    s = growing().copied()
    with pytest.raises(SheetError, match=r"ended ends a run already; .*np\.logical_or"):
        s.until(s["t"] > 3)
    s = Sheet("other")
    x = s.input("x", [[1.0, 2.0]])
    with pytest.raises(SheetError, match="is 1 x 2; it must be one number"):
        s.until(x > 3)
    s.until(s.let("done", x.sum() > 3))
    assert s.ends == "done"


def test_a_workbook_ends_there_too_also_where_an_input_is_changed(tmp_path):
    """Rows after the end hold what stood at the end, and the step's number stays."""
    file = tmp_path / "growing.xlsx"
    assert len(write(growing(), file, steps=STEPS)) == 6
    ends = len(list(trajectory(growing().with_inputs({"limit": 2}), STEPS))) - 1
    assert ends == 2
    model, pages = engines.opened_in_ironcalc(file)
    limit = layout(growing()).blocks["limit"]
    model.set_user_input(pages[limit.worksheet], limit.row + 1, limit.column + 1, "2")
    model.evaluate()
    headings = workbooks.step_columns(growing())

    def held(row: int, column: int) -> float:
        return model.get_cell_value(pages[WORKSHEET], row, column)

    for step in range(6):
        expected = values(growing(), {"limit": 2}, step)
        row = FIRST_ROW + 1 + step
        assert held(row, 1) == min(step, ends)
        for heading, x in (("t", expected["t"]), ("x[1,2]", expected["x"][:, 1:])):
            assert held(row, headings[heading]) == x[0, 0]


def test_the_command_line_says_where_it_ended(capsys, monkeypatch):
    monkeypatch.setitem(catalogue.SHEETS, "growing", growing)
    assert main(["values", "growing", "--steps", "9"]) == 0
    said = capsys.readouterr().err
    assert said == "stopped at step 5: the run ends where ended is not 0\n"


def test_the_page_stops_there_and_says_so_and_its_workbook_has_no_more_rows(opened, tmp_path):
    page = opened(growing)
    page.get_by_role("button", name="Play").click()
    page.get_by_text("step 5: stopped here, because the run ends where ended is not 0").wait_for()
    assert page.get_by_role("button", name="Play").is_visible(), "it plays no more"
    page.get_by_role("button", name="Step", exact=True).click()
    check_every_cell(page, growing(), {}, 5)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(tmp_path / "page.xlsx")
    write(growing(), tmp_path / "python.xlsx", steps=STEPS)
    mine, theirs = (
        {key: x for key, x in engines.cached_cells(tmp_path / name).items() if key[0] == WORKSHEET}
        for name in ("page.xlsx", "python.xlsx")
    )
    assert mine.keys() == theirs.keys()
    numbers = [key for key, x in theirs.items() if not isinstance(x, str)]
    np.testing.assert_allclose([mine[k] for k in numbers], [theirs[k] for k in numbers], rtol=1e-15)
    formulas = [engines.formula_cells(tmp_path / f"{name}.xlsx") for name in ("page", "python")]
    assert formulas[0] == formulas[1]
