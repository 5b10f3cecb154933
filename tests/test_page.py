"""The page in a real browser, from disk with no kernel: every number is the numpy target's,
whatever is done to it.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import workbooks
from pages import PASTE, cell, check_every_cell, choose_step, frame, open_all

from sheets import Axis, Series, Sheet, backprop, values
from sheets.language.blocks import Setting
from sheets.language.formats import shown
from sheets.library.log_loss import log_loss
from sheets.targets.excel import read_inputs
from sheets.targets.excel.formulas import block_formula
from sheets.targets.excel.layout import layout
from sheets.targets.numpy import trajectory
from widgets.static_page import static_page


@pytest.fixture(scope="module")
def log_loss_file(tmp_path_factory) -> Path:
    file = (
        tmp_path_factory.mktemp("pages") / "log loss é.html"
    )  # a space and an accent, as people's folders have
    sheet = log_loss()
    file.write_text(static_page(sheet.title, [f"<h1>{sheet.title}</h1>", sheet]), encoding="utf-8")
    return file


@pytest.fixture
def lesson(page, log_loss_file):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(log_loss_file.as_uri())
    page.wait_for_selector(".js-plotly-plot >> nth=1")
    return page


def last_update(page) -> float:
    """When the page's last update began, in milliseconds; it keeps no measure of those before."""
    [last] = page.evaluate("performance.getEntriesByName('gradsheet:update')")
    return last["startTime"]


# --- numbers


def test_every_preset_shows_the_numbers_of_numpy(lesson):
    sheet = log_loss()
    open_all(lesson)
    drawn = lesson.evaluate(
        "[...new Set([...document.querySelectorAll('td[data-block]')].map((td) =>"
        " td.dataset.block))]"
    )
    assert set(drawn) == {
        name for name, block in sheet.blocks.items() if not isinstance(block, Setting)
    }
    for preset in sheet.presets:
        choose_step(lesson, preset.title)
        check_every_cell(lesson, sheet, preset.inputs)


def test_slider_by_keyboard_moves_every_face_of_the_page(lesson):
    slider = lesson.get_by_role("slider", name="clip")
    slider.focus()
    before = last_update(lesson)
    for _ in range(60):
        lesson.keyboard.press("ArrowRight")
    frame(lesson)
    clip = float(lesson.get_by_role("textbox", name="clip").input_value())
    assert clip > 1e-3
    assert last_update(lesson) > before
    open_all(lesson)
    check_every_cell(lesson, log_loss(), {"clip": clip})
    assert slider.get_attribute("aria-valuetext") == shown(clip, "g")


def test_reset_brings_back_the_start(lesson):
    choose_step(lesson, "Clip at 0.05")
    lesson.get_by_role("button", name="Reset").click()
    check_every_cell(lesson, log_loss(), {})
    assert lesson.get_by_role("textbox", name="clip").input_value() == "0.0001"


# --- typing


def test_a_parameter_refuses_beside_the_field_and_keeps_the_old_value(lesson):
    field = lesson.get_by_role("textbox", name="clip")
    refusal = lesson.locator(".gs-control[data-block='clip'] .gs-refusal")
    for text in ("", "abc", "1e999", "0.5", "-1", "NaN", "Infinity", "0x1", "0,05", "1 2"):
        field.fill(text)
        field.press("Enter")
        assert "it must be a number from 0 to 0.4" in refusal.inner_text(), text
        assert field.input_value() == "0.0001"
    assert cell(lesson, "loss_mean").inner_text() == "1.4067"
    field.fill("2.5e-3")
    field.press("Enter")
    assert refusal.inner_text() == ""
    assert field.input_value() == "0.0025"


def test_a_cell_is_edited_by_keyboard_alone(lesson):
    cell(lesson, "prediction", 0).focus()
    lesson.keyboard.press("ArrowDown")
    lesson.keyboard.press("Enter")
    lesson.keyboard.type("0.25")
    lesson.keyboard.press("Enter")
    lesson.keyboard.type(".75")  # typing opens the cell below
    lesson.keyboard.press("Tab")
    open_all(lesson)
    check_every_cell(lesson, log_loss(), {"prediction": [0.98, 0.25, 0.75, 0.9, 0.02]})


def test_a_cell_refuses_and_escape_leaves_it(lesson):
    cell(lesson, "prediction", 1).dblclick()
    lesson.keyboard.type("1.5")
    lesson.keyboard.press("Enter")
    assert (
        "prediction row 2 is 1.5; it must be a number from 0 to 1"
        in lesson.locator(".gs-message").inner_text()
    )
    assert cell(lesson, "prediction", 1).inner_text() == "0.1"
    cell(lesson, "is_cat", 0).dblclick()
    lesson.keyboard.type("0")
    lesson.keyboard.press("Escape")
    assert cell(lesson, "is_cat", 0).inner_text() == "1"


def test_a_computed_cell_says_that_it_is_computed(lesson):
    cell(lesson, "loss_if", 0).focus()
    lesson.keyboard.press("Enter")
    assert "loss_if is computed" in lesson.locator(".gs-message").inner_text()


# --- rows


def test_rows_are_added_and_removed(lesson):
    lesson.get_by_role("button", name="Add row").click()
    frame(lesson)
    assert cell(lesson, "prediction", 5).inner_text() == "0.02"
    assert "Row 6 was added" in lesson.locator(".gs-message").inner_text()
    for _ in range(5):
        lesson.get_by_role("button", name="Remove row").click()
        frame(lesson)
    assert lesson.get_by_role("button", name="Remove row").is_disabled()
    assert lesson.locator("td[data-block='prediction']").count() == 1
    open_all(lesson)
    rest = lesson.evaluate(
        "['is_cat', 'prediction'].map((n) =>"
        " +document.querySelector(`td[data-block=${n}]`).textContent)"
    )
    check_every_cell(lesson, log_loss(), {"is_cat": [rest[0]], "prediction": [rest[1]]})


def test_a_pasted_column_fills_the_block_and_grows_the_table(lesson):
    numbers = [round(0.05 + 0.01 * k, 2) for k in range(80)]
    cell(lesson, "prediction", 0).focus()
    lesson.evaluate(
        PASTE,
        ["td[data-block='prediction'][data-row='0']", "\r\n".join(map(str, numbers)) + "\r\n"],
    )
    frame(lesson)
    inputs = {"prediction": numbers, "is_cat": [1, 0, 1, 0, 1] + [1] * 75}
    assert cell(lesson, "loss_mean").inner_text() == shown(
        float(values(log_loss(), inputs)["loss_mean"][0, 0]), ".4f"
    )
    assert (
        lesson.locator("td[data-block='prediction']").count() < 80
    )  # a long table draws the rows in view


def test_two_pasted_columns_fill_both_blocks(lesson):
    cell(lesson, "is_cat", 0).focus()
    lesson.evaluate(PASTE, ["td[data-block='is_cat'][data-row='0']", "0\t0.5\n1\t0.25\n1\t0.125"])
    open_all(lesson)
    check_every_cell(
        lesson, log_loss(), {"is_cat": [0, 1, 1, 0, 1], "prediction": [0.5, 0.25, 0.125, 0.9, 0.02]}
    )


def test_a_bad_paste_changes_nothing(lesson):
    open_all(lesson)
    for text in ("0.5\nx\n0.1", "0.5\n7", "0.5\t0.5\t0.5", "0.5\n" * 2000):
        cell(lesson, "prediction", 0).focus()
        lesson.evaluate(PASTE, ["td[data-block='prediction'][data-row='0']", text])
        assert lesson.locator(".gs-message").inner_text() != ""
        check_every_cell(lesson, log_loss(), {})


# --- the formula bar


def test_the_formula_bar_says_what_the_workbook_says(lesson):
    open_all(lesson)
    sheet = log_loss()
    places = layout(sheet).blocks
    for name in (name for name, block in sheet.blocks.items() if block.expr is not None):
        row = 3 if sheet.blocks[name].shape[0] > 3 else 0
        cell(lesson, name, row).focus()
        assert lesson.locator(".gs-formula").inner_text() == block_formula(sheet, places, name).at(
            row, 0
        )
        assert lesson.locator(".gs-address").inner_text().endswith(str(places[name].row + row + 1))
        assert lesson.locator(".gs-mathematics math").count() >= 1


def test_formula_bar_of_a_grown_table_is_the_exported_one(lesson):
    for _ in range(3):
        lesson.get_by_role("button", name="Add row").click()
    cell(lesson, "loss_mean").focus()
    grown = log_loss().resized(8)
    assert lesson.locator(".gs-formula").inner_text() == block_formula(
        grown, layout(grown).blocks, "loss_mean"
    ).at(0, 0)


def test_precedents_are_lit(lesson):
    cell(lesson, "loss_if", 2).focus()
    lit = lesson.evaluate(
        "Array.from(document.querySelectorAll('td.gs-lit'), (td) => td.dataset.block +"
        " td.dataset.row)"
    )
    assert sorted(lit) == ["clipped2", "is_cat2", "prediction2"]
    cell(lesson, "loss_mean").focus()
    lit = lesson.evaluate(
        "Array.from(document.querySelectorAll('td.gs-lit'), (td) => td.dataset.block +"
        " td.dataset.row)"
    )
    assert sorted(lit) == [f"loss_if{k}" for k in range(5)]


def test_the_mathematics_has_the_current_numbers(lesson):
    cell(lesson, "loss_mean").focus()
    lesson.get_by_role("textbox", name="clip").fill("0.05")
    lesson.keyboard.press("Enter")
    cell(lesson, "loss_mean").focus()
    frame(lesson)
    computed = values(log_loss(), {"clip": 0.05})
    text = lesson.locator(".gs-numbers").inner_text()
    assert text.startswith(shown(float(computed["loss_mean"][0, 0]), ".4f"))
    assert (
        shown(float(computed["loss_if"][0, 0]), ".4f") in text
        and shown(float(computed["loss_if"][4, 0]), ".4f") in text
    )


# --- manners


def test_every_table_is_entered_by_tab_and_walked_by_arrows(lesson):
    reached = set()
    for _ in range(80):
        lesson.keyboard.press("Tab")
        at = lesson.evaluate("document.activeElement.dataset.block || ''")
        if at and at not in reached:
            for key in (
                ["ArrowLeft"] * 9 + ["ArrowUp"] * 12 + ["ArrowRight"] * 9 + ["ArrowDown"] * 12
            ):
                reached.add(lesson.evaluate("document.activeElement.dataset.block || ''"))
                lesson.keyboard.press(key)
    sheet = log_loss()
    drawn = [
        name
        for group in sheet.groups
        if not group.folded
        for name in group.blocks
        if not isinstance(sheet.blocks[name], Setting)
    ]
    assert reached >= set(drawn)


def test_arrows_walk_through_a_table_longer_than_its_window(lesson):
    cell(lesson, "prediction", 0).focus()
    lesson.evaluate(PASTE, ["td[data-block='prediction'][data-row='0']", "\n".join(["0.5"] * 200)])
    cell(lesson, "prediction", 0).focus()
    for _ in range(150):
        lesson.keyboard.press("ArrowDown")
    assert lesson.evaluate("document.activeElement.dataset.row") == "150"


def test_every_control_has_a_name_and_can_be_reached(lesson):
    nameless = lesson.evaluate(
        """Array.from(document.querySelectorAll(".gradsheet button, .gradsheet input, .gradsheet select"))
        .filter((e) => !(e.getAttribute("aria-label") || e.textContent).trim()).length"""
    )
    assert nameless == 0
    reached = set()
    for _ in range(80):
        lesson.keyboard.press("Tab")
        reached.add(
            lesson.evaluate(
                "(document.activeElement.getAttribute('aria-label') ||"
                " document.activeElement.textContent).trim()"
            )
        )
    wanted = {
        "clip",
        "model_accuracy",
        "nudge",
        "Reset",
        "Download workbook",
        "Add row",
        "Five rows",
        "clip up",
        "clip down",
    }
    assert wanted <= reached


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_no_wider_than_the_window(lesson, width):
    lesson.set_viewport_size({"width": width, "height": 800})
    open_all(lesson)
    frame(lesson)
    assert lesson.evaluate("document.documentElement.scrollWidth") <= width


def downloaded(page, file: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(file)
    return file


def test_the_page_writes_the_workbook_that_python_exports(lesson, tmp_path):
    """Cell by cell: formulas, cached values, names, validation; with the same rows, more, and
    fewer.
    """
    sheet = log_loss()
    states = [{}, {"clip": 0.05}, *(preset.inputs for preset in sheet.presets[1:4])]
    for inputs in states:
        lesson.get_by_role("button", name="Reset").click()
        for preset in sheet.presets:
            if preset.inputs is inputs:
                choose_step(lesson, preset.title)
        if set(inputs) == {"clip"}:
            lesson.get_by_role("textbox", name="clip").fill(str(inputs["clip"]))
            lesson.keyboard.press("Enter")
        check_same_workbook(
            downloaded(lesson, tmp_path / "page.xlsx"), sheet, inputs, tmp_path / "python.xlsx"
        )
    for _ in range(39):
        lesson.get_by_role("button", name="Remove row").click()
    inputs = {"is_cat": [1], "prediction": [1], "clip": 1e-4}
    check_same_workbook(
        downloaded(lesson, tmp_path / "page.xlsx"), sheet, inputs, tmp_path / "python.xlsx"
    )


def check_same_workbook(ours: Path, sheet: Sheet, inputs: dict, expected: Path) -> None:
    workbooks.check_same(ours, sheet, inputs, 0, expected)
    for name, array in read_inputs(sheet, ours).items():
        np.testing.assert_array_equal(array, values(sheet, inputs)[name])


def test_text_of_a_sheet_is_text_and_not_markup(page, tmp_path):
    s = Sheet(
        "hostile",
        title="<img src=x onerror=alert(1)>",
        summary="</script><script>alert(2)</script>",
    )
    s.input(
        "x",
        [1, 2],
        note="<b onmouseover=alert(3)>&amp;</b>",
        title="</script><script>alert(4)</script>",
    )
    s.let("y", s["x"] * 2)
    s.let("total", s["y"].sum())
    s.say("<b>{total:.1f}</b> <!-- <script>")
    file = tmp_path / "hostile.html"
    file.write_text(static_page(s.title, [s]), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector("td[data-block='y']")
    assert page.locator(".gradsheet img, .gradsheet b, .gradsheet script").count() == 0


# --- steps


def descent() -> Sheet:
    s = Sheet("descent", title="A parabola, step by step")
    rate = s.parameter("learning_rate", 0.1, 0, 3)
    x = s.input("x", 5, role="weight")
    loss = s.let("loss", x**2, role="loss")
    s.let("unused", loss * 2)
    d = backprop(s, "loss")
    s.let("x_next", x - rate * d["x"], role="weight")
    s.carry(x="x_next")
    s.say("At step's end x is {x:.4f}.")
    s.chart(
        "where x is",
        Axis("x", -6, 6),
        Axis("loss", 0, 30),
        [Series("x", "loss", "now", mode="markers", role="weight")],
    )
    return s


@pytest.fixture
def descending(page, tmp_path):
    file = tmp_path / "descent.html"
    file.write_text(static_page("Descent", [descent()]), encoding="utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector(".js-plotly-plot")
    return page


def step_of(page) -> int:
    frame(page)
    return int(page.locator(".gs-step").inner_text().split()[1].rstrip(":"))


def test_transport_shows_the_trajectory_of_numpy(descending):
    for _ in range(7):
        descending.get_by_role("button", name="Step", exact=True).click()
    assert step_of(descending) == 7
    check_every_cell(descending, descent(), {}, steps=7)
    descending.get_by_role("button", name="Back").click()
    check_every_cell(descending, descent(), {}, steps=6)
    scrub = descending.get_by_role("slider", name="step")
    scrub.fill("40")
    assert step_of(descending) == 40
    check_every_cell(descending, descent(), {}, steps=40)
    descending.get_by_role("button", name="To the start").click()
    check_every_cell(descending, descent(), {}, steps=0)


def test_a_setting_changed_on_the_way_is_a_run_from_the_same_start(descending):
    descending.get_by_role("slider", name="step").fill("10")
    field = descending.get_by_role("textbox", name="learning_rate")
    field.fill("0.3")
    field.press("Enter")
    assert step_of(descending) == 10
    check_every_cell(descending, descent(), {"learning_rate": 0.3}, steps=10)


def test_play_runs_and_pauses(descending):
    descending.get_by_role("button", name="Play").click()
    descending.wait_for_function(
        "Number(document.querySelector('.gs-step').textContent.split(' ')[1]) > 5"
    )
    descending.get_by_role("button", name="Pause").click()
    step = step_of(descending)
    check_every_cell(descending, descent(), {}, steps=step)
    assert step_of(descending) == step


def test_a_run_stops_at_the_last_finite_step_and_says_so(descending):
    field = descending.get_by_role("textbox", name="learning_rate")
    field.fill("3")
    field.press("Enter")
    descending.get_by_label("speed").select_option("600")
    descending.get_by_role("button", name="Play").click()
    descending.wait_for_function(
        "document.querySelector('.gs-step').textContent.includes('stopped')"
    )
    step = step_of(descending)
    assert "x_next" in descending.locator(".gs-step").inner_text()
    assert np.isfinite(values(descent(), {"learning_rate": 3}, step)["x"]).all()
    assert not np.isfinite(values(descent(), {"learning_rate": 3}, step)["x_next"]).all()
    run = trajectory(descent().with_inputs({"learning_rate": 3}), 100_000)
    assert sum(1 for _ in run) - 1 == step


def test_the_description_is_plain_json():
    from widgets.description import description

    described = description(log_loss())
    assert json.loads(json.dumps(described, allow_nan=False))["name"] == "log_loss"
