"""A and B: the same start with one difference, in lock-step, in a real browser."""

from __future__ import annotations

import numpy as np
import pytest
from example_sheets import descent
from pages import cell, data, frame, open_panel

from sheets import values
from sheets.library.depth_lab import depth_lab
from sheets.library.matmul_stack import matmul_stack


@pytest.fixture
def lesson(opened):
    page = opened(descent)
    open_panel(page, "A and B")
    return page


def compare(page, value: str) -> None:
    page.get_by_role("textbox", name="Its value in B").fill(value)
    page.get_by_role("button", name="Compare", exact=True).click()
    frame(page)


def losses(page) -> list[str]:
    return page.locator(".gs-compared td").all_inner_texts()


def test_b_runs_in_lock_step_with_its_one_difference(lesson):
    compare(lesson, "0.2")
    for _ in range(5):
        lesson.get_by_role("button", name="Step", exact=True).click()
    frame(lesson)
    runs = [
        [values(descent(), {"rate": rate}, step)["mse"][0, 0] for step in range(6)]
        for rate in (0.1, 0.2)
    ]
    (_, a), (_, b) = data(lesson, 2)
    np.testing.assert_allclose([a, b], runs)
    np.testing.assert_allclose(
        [float(x) for x in losses(lesson)], [run[-1] for run in runs], rtol=1e-3
    )
    lesson.get_by_role("button", name="Back", exact=True).click()
    frame(lesson)
    np.testing.assert_allclose(
        [float(x) for x in losses(lesson)], [run[4] for run in runs], rtol=1e-3
    )


def test_what_changes_in_a_changes_in_b_but_for_the_difference(lesson):
    compare(lesson, "0.2")
    lesson.get_by_role("textbox", name="rate").first.fill("0.05")
    lesson.keyboard.press("Enter")
    lesson.get_by_role("button", name="Step", exact=True).click()
    frame(lesson)
    expected = [values(descent(), {"rate": rate}, 1)["mse"][0, 0] for rate in (0.05, 0.2)]
    np.testing.assert_allclose([float(x) for x in losses(lesson)], expected, rtol=1e-3)
    assert "A has rate 0.05, B has 0.2" in lesson.locator(".gs-answer").all_inner_texts()[-1]


def test_a_value_that_cannot_be_is_refused(lesson):
    compare(lesson, "7")
    assert lesson.get_by_text("rate is 7; it must be a number from 0.001 to 1").is_visible()
    assert losses(lesson) == []


def test_a_s_own_value_is_refused(lesson):
    compare(lesson, "0.1")
    assert lesson.get_by_text("A has this value too: give B another one.").is_visible()
    assert losses(lesson) == []


def test_what_is_asked_for_is_compared_where_there_is_no_loss(opened):
    lesson = opened(depth_lab)
    open_panel(lesson, "A and B")
    lesson.get_by_role("combobox", name="What differs in B").select_option("std")
    compare(lesson, "0.5")
    expected = [values(depth_lab(), {"std": std})["mean_factor"][0, 0] for std in (1, 0.5)]
    assert lesson.locator(".gs-compared th[scope=row]").all_inner_texts() == ["growth a layer"]
    np.testing.assert_allclose([float(x) for x in losses(lesson)], expected, rtol=1e-3)


def test_comparing_stops(lesson):
    compare(lesson, "0.2")
    lesson.get_by_role("button", name="Stop comparing").click()
    frame(lesson)
    assert lesson.locator(".gs-compared").is_hidden()
    assert len(data(lesson, 2)) == 1


def test_one_cell_of_a_table_differs(lesson):
    cell(lesson, "y", 1).click()
    lesson.get_by_role("combobox", name="What differs in B").select_option(
        "the selected cell: y[2]"
    )
    assert lesson.get_by_role("textbox", name="Its value in B").input_value() == "2"
    compare(lesson, "-3")
    for _ in range(4):
        lesson.get_by_role("button", name="Step", exact=True).click()
    frame(lesson)
    expected = [values(descent(), {"y": [1, second, 4]}, 4)["mse"][0, 0] for second in (2, -3)]
    np.testing.assert_allclose([float(x) for x in losses(lesson)], expected, rtol=1e-3)
    cell(lesson, "x", 0).click()  # another cell is selected; what is compared stays
    assert (
        "A has y[2] 2, B has -3; all else is the same."
        in lesson.locator(".gs-answer").all_inner_texts()[-1]
    )
    cell(lesson, "x", 2).click()
    lesson.get_by_role("button", name="Remove row").click()
    lesson.get_by_role("button", name="Remove row").click()
    frame(lesson)
    assert lesson.locator(".gs-compared").is_hidden()  # the cell is no more


def test_a_cell_of_a_formula_differs_and_its_others_follow_it(opened):
    lesson = opened(matmul_stack)
    open_panel(lesson, "A and B")
    cell(lesson, "W_1", 1, 2).click()
    lesson.get_by_role("combobox", name="What differs in B").select_option(
        "the selected cell: W_1[2,3]"
    )
    compare(lesson, "0.25")
    lesson.get_by_role("combobox", name="initialisation").select_option("glorot")
    frame(lesson)
    start = values(matmul_stack(), {"initialisation": 2})
    changed = start["W_1"].copy()
    changed[1, 2] = 0.25
    expected = [
        start["sse"][0, 0],
        values(matmul_stack(), {"initialisation": 2, "W_1": changed})["sse"][0, 0],
    ]
    shown_losses = dict(
        zip(
            lesson.locator(".gs-compared th[scope=row]").all_inner_texts(),
            zip(*[iter(losses(lesson))] * 2, strict=True),
            strict=True,
        )
    )
    np.testing.assert_allclose(
        [float(x) for x in shown_losses["squared error"]], expected, rtol=1e-3
    )


def test_what_is_computed_cannot_be_made_to_differ(lesson):
    cell(lesson, "mse").click()
    lesson.get_by_role("combobox", name="What differs in B").select_option(
        "the selected cell: mse is computed"
    )
    lesson.get_by_role("button", name="Compare", exact=True).click()
    assert lesson.get_by_text("Select a cell of an input in a table first").is_visible()
    assert losses(lesson) == []


CURVES_STAND_ON_THE_AXES = """() => {
    const plot = document.querySelector(".js-plotly-plot");
    const { xaxis, yaxis } = plot._fullLayout;
    const box = plot.getBoundingClientRect();
    const marker = plot.querySelector(".scatterlayer .points path").getBoundingClientRect();
    const at = [marker.left + marker.width / 2 - box.left - xaxis._offset, marker.top + marker.height / 2 - box.top - yaxis._offset];
    const { x, y } = plot.data.find((trace) => trace.mode === "markers");
    return Math.hypot(at[0] - xaxis.c2p(x[0]), at[1] - yaxis.c2p(y[0]));
}"""


def test_the_charts_stay_true_when_bs_names_make_their_key_longer(lesson):
    lesson.set_viewport_size({"width": 700, "height": 1000})
    lesson.wait_for_timeout(500)
    height = lesson.evaluate("document.querySelector('.js-plotly-plot')._fullLayout._size.h")
    compare(lesson, "0.2")
    lesson.wait_for_timeout(500)
    assert lesson.evaluate("document.querySelector('.js-plotly-plot')._fullLayout._size.h") < height
    assert lesson.evaluate(CURVES_STAND_ON_THE_AXES) < 1
