"""Charts under the pointer, in a real browser: markers and lines that are dragged or drawn set
inputs, and a run leaves its path.
"""

from __future__ import annotations

import numpy as np
import pytest
from example_sheets import descent
from pages import cell, data, drag, fitted, frame, place

from sheets import values


@pytest.fixture
def lesson(opened):
    return opened(descent)


def number(page, block: str, row: int = 0) -> float:
    return float(cell(page, block, row).inner_text())


def test_a_point_is_dragged_and_every_number_follows(lesson):
    drag(lesson, 0, (1, 2), (1.5, -1))
    assert (number(lesson, "x", 1), number(lesson, "y", 1)) == pytest.approx((1.5, -1), abs=0.05)
    moved = {"x": [0, number(lesson, "x", 1), 2], "y": [1, number(lesson, "y", 1), 4]}
    assert number(lesson, "mse") == pytest.approx(values(descent(), moved)["mse"][0, 0], rel=1e-3)


def test_a_dragged_point_stays_within_its_input_s_limits(lesson):
    drag(lesson, 0, (2, 4), (2, 4.9), (2, 9))
    assert number(lesson, "y", 2) == 5


def test_a_handle_sets_what_its_expression_says(lesson):
    drag(lesson, 0, (-0.5, 1.5), (-0.5, 3))
    assert number(lesson, "b") == pytest.approx(3 + number(lesson, "a") * 0.5, abs=0.05)
    assert number(lesson, "a") == -1


def test_a_click_where_nothing_stands_adds_a_row_there_and_a_click_on_a_point_does_not(lesson):
    lesson.mouse.click(*place(lesson, 0, 2.5, -3))
    frame(lesson)
    assert (number(lesson, "x", 3), number(lesson, "y", 3)) == pytest.approx((2.5, -3), abs=0.05)
    lesson.mouse.click(*place(lesson, 0, 1, 2))
    frame(lesson)
    assert cell(lesson, "x", 4).count() == 0


def test_a_curve_is_drawn_by_hand_without_gaps(lesson):
    drag(lesson, 3, (-0.5, 0), (2.5, 3))
    drawn = [number(lesson, "drawn", k) for k in range(7)]
    np.testing.assert_allclose(drawn, np.linspace(0, 3, 7), atol=0.25)


def test_a_click_anywhere_moves_the_only_marker_along_x(lesson):
    lesson.mouse.click(*place(lesson, 4, 0.01, 20))
    frame(lesson)
    assert float(lesson.get_by_role("textbox", name="rate").input_value()) == pytest.approx(
        0.01, rel=0.1
    )


def test_a_new_guess_dragged_on_the_surface_starts_a_new_run(lesson):
    for _ in range(3):
        lesson.get_by_role("button", name="Step", exact=True).click()
    frame(lesson)
    drag(lesson, 1, (number(lesson, "a"), number(lesson, "b")), (-3, -3))
    assert "step 0" in lesson.locator(".gs-step").inner_text()
    assert (number(lesson, "a"), number(lesson, "b")) == pytest.approx((-3, -3), abs=0.1)


def test_the_run_leaves_its_path_its_loss_and_its_ghosts(lesson):
    for _ in range(8):
        lesson.get_by_role("button", name="Step", exact=True).click()
    run = [values(descent(), steps=step) for step in range(9)]
    (path_x, path_y), _ = data(lesson, 1)[1:]
    np.testing.assert_allclose(path_x, [found["a"][0, 0] for found in run])
    np.testing.assert_allclose(path_y, [found["b"][0, 0] for found in run])
    ((steps, losses),) = data(lesson, 2)
    assert steps == list(range(9))
    np.testing.assert_allclose(losses, [found["mse"][0, 0] for found in run])
    ghosts = data(lesson, 0)[2:6]
    for ghost, step in zip(ghosts, [0, 2, 4, 6], strict=True):
        np.testing.assert_allclose(ghost[1], run[step]["line"][:, 0])
    lesson.get_by_role("button", name="Back", exact=True).click()
    assert data(lesson, 2)[0][0] == list(range(8))


def test_segments_run_from_each_point_to_the_line(lesson):
    x, y = data(lesson, 0)[1]
    computed = values(descent())
    np.testing.assert_array_equal(x, [0, 0, np.nan, 1, 1, np.nan, 2, 2, np.nan])
    np.testing.assert_allclose([y[0], y[3], y[6]], computed["y"][:, 0])
    np.testing.assert_allclose([y[1], y[4], y[7]], computed["prediction"][:, 0])


def test_the_contour_is_the_surface(lesson):
    computed = values(descent())
    z = lesson.evaluate("document.querySelectorAll('.js-plotly-plot')[1].data[0].z")
    np.testing.assert_allclose(z, computed["surface"])


# A move of a held point, and the contour's lines two frames later, while plotly itself has not
# drawn again.
PULL = """async ([left, top]) => {
    const [points, surface] = document.querySelectorAll(".js-plotly-plot");
    const seen = surface.data[0].z;
    points.dispatchEvent(new PointerEvent("pointermove", { clientX: left, clientY: top, bubbles: true }));
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    return [surface.data[0].z === seen, LINES];
}"""
LINES = (
    "[...document.querySelectorAll('.contourlayer path')].map((path) => path.getAttribute('d') +"
    " path.getAttribute('style'))"
)


def test_the_contour_follows_a_point_that_is_dragged_just_as_plotly_draws_it_at_rest(lesson):
    before = lesson.evaluate(LINES)
    lesson.mouse.move(*place(lesson, 0, 2, 4))
    lesson.mouse.down()
    plotly_waits, moving = lesson.evaluate(
        PULL.replace("LINES", LINES), list(place(lesson, 0, 2, -4))
    )
    assert plotly_waits and moving != before
    lesson.wait_for_timeout(400)
    assert lesson.evaluate(LINES) == moving
    lesson.mouse.up()


def test_a_locked_input_is_not_dragged(page, page_file):
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.goto(page_file(descent).as_uri() + "#lock=x,b")
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 5")
    drag(page, 0, (1, 2), (1.5, -1))
    drag(page, 0, (-0.5, 1.5), (-0.5, 3))
    assert (number(page, "x", 1), number(page, "y", 1), number(page, "b")) == (1, 2, 1)
    assert cell(page, "x", 3).count() == 0


def swipe(page, start: tuple[float, float], end: tuple[float, float], on: int) -> None:
    """A finger goes from one pixel to another, as the browser itself sees fingers."""
    touches = page.context.new_cdp_session(page)
    for kind, at in (
        ("touchStart", start),
        *(
            ("touchMove", tuple(a + (b - a) * k / on for a, b in zip(start, end, strict=True)))
            for k in range(1, on + 1)
        ),
        ("touchEnd", None),
    ):
        points = [] if at is None else [{"x": at[0], "y": at[1]}]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_timeout(30)
    frame(page)


def test_a_finger_on_a_chart_scrolls_the_page_and_on_a_marker_moves_it(browser, page_file):
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        page = context.new_page()
        page.goto(page_file(descent).as_uri())
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 5")
        inputs = (
            "[...document.querySelectorAll('td.gs-input, .gs-field')]"
            ".map((node) => node.value ?? node.textContent)"
        )
        for chart, at in enumerate([(2, -4), (3, 3), (10, 10), (1, 2), (0.5, 80)]):
            left, top = place(page, chart, *at)
            before, stood = page.evaluate(inputs), page.evaluate("scrollY")
            swipe(page, (left, top), (left, top - 150), on=8)
            end = page.evaluate("document.documentElement.scrollHeight - innerHeight")
            assert page.evaluate("scrollY") >= min(stood + 100, end - 1)
            assert page.evaluate(inputs) == before
        page.reload()
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 5")
        place(page, 0, 1, 2)  # the page comes to rest there
        frame(page)
        start, end = place(page, 0, 1, 2), place(page, 0, 1, -2)
        stood = page.evaluate("scrollY")
        swipe(page, start, end, on=8)
        assert page.evaluate("scrollY") == stood
        assert number(page, "y", 1) == pytest.approx(-2, abs=0.3)


def test_a_swipe_over_the_words_walks_the_story(browser, lesson_file):
    """One over the chart does not, nor one that scrolls."""
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        page = context.new_page()
        page.goto(lesson_file("log_loss").as_uri())
        fitted(page)
        ask, plot = page.locator(".gs-ask"), page.locator(".gs-stage .gs-plot").first
        across, along = (-150, 10), (-70, -150)

        def swiped(over, by: tuple[float, float]) -> str:
            over.scroll_into_view_if_needed()
            box = over.bounding_box()
            start = (box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
            swipe(page, start, (start[0] + by[0], start[1] + by[1]), on=4)
            return ask.inner_text()

        opening = ask.inner_text()
        assert swiped(plot, across) == swiped(ask, along) == opening
        assert "Which of the five rows" in swiped(ask, across)
        assert swiped(ask, (150, 10)) == opening
