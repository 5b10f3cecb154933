"""A and B: the same start with one difference, in lock-step, in a real browser."""

from __future__ import annotations

import numpy as np
import pytest
from test_dragging import data, descent
from test_page import frame

from sheets import values
from widgets.static_page import static_page


@pytest.fixture
def lesson(page, tmp_path):
    file = tmp_path / "compared.html"
    file.write_text(static_page("Compared", [descent()]), encoding="utf-8")
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 5")
    page.get_by_text("A and B: one difference").click()
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
    runs = [[values(descent(), {"rate": rate}, step)["mse"][0, 0] for step in range(6)] for rate in (0.1, 0.2)]
    (_, a), (_, b) = data(lesson, 2)
    np.testing.assert_allclose([a, b], runs)
    np.testing.assert_allclose([float(x) for x in losses(lesson)], [run[-1] for run in runs], rtol=1e-3)
    lesson.get_by_role("button", name="Back", exact=True).click()
    frame(lesson)
    np.testing.assert_allclose([float(x) for x in losses(lesson)], [run[4] for run in runs], rtol=1e-3)


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


def test_comparing_stops(lesson):
    compare(lesson, "0.2")
    lesson.get_by_role("button", name="Stop comparing").click()
    frame(lesson)
    assert losses(lesson) == [] or lesson.locator(".gs-compared").is_hidden()
    assert len(data(lesson, 2)) == 1
