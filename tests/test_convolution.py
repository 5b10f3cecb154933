"""A convolution: the course's cached numbers, PyTorch, and what the story says of filters."""

from __future__ import annotations

from typing import Any

import engines
import numpy as np
import pytest

from sheets import values
from sheets.library.convolution import convolution

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = convolution()
ACTIVATION = 258.7376267107572  # of the course's workbook
# Cells of its first pooled map, by row and column from 0.
POOLED = {
    (3, 8): 6.509806452453582,
    (5, 9): 9.219485081645166,
    (6, 10): 7.805186948329091,
    (11, 7): 4.605667925224363,
}
NUDGE = 1e-6


def test_the_courses_numbers():
    computed = values(convolution())
    assert computed["activation"].item() == pytest.approx(ACTIVATION, rel=1e-14)
    for place, number in POOLED.items():
        assert computed["pool_1"][place] == pytest.approx(number, rel=1e-12)


def tensor(*blocks: np.ndarray) -> Any:
    return engines.pytorch().tensor(np.stack(blocks), requires_grad=True)


def drawn(seed: int) -> dict[str, np.ndarray]:
    """Another picture, other filters and weights."""
    rng = np.random.default_rng(seed)
    inputs = convolution().inputs
    names = [name for name in inputs if name.startswith(("filter_1", "filter_2", "deep", "dense"))]
    weights = [name for name in names if not name.endswith("_is")]
    return {"image": rng.uniform(size=(28, 28))} | {
        name: rng.normal(size=inputs[name].shape) for name in weights
    }


@pytest.mark.parametrize("inputs", [{}, drawn(1), drawn(2)], ids=["course", "one", "other"])
def test_maps_and_gradients_are_pytorchs(inputs):
    torch = engines.pytorch()
    computed = values(convolution(), inputs)
    image = tensor(computed["image"])
    first = tensor(computed["filter_1"], computed["filter_2"])
    second = torch.tensor(
        np.array([[computed[f"deep_filter_{out}_{into}"] for into in (1, 2)] for out in (1, 2)])
    )
    maps = torch.conv2d(image[None], first[:, None]).relu()
    deep = torch.conv2d(maps, second).relu()
    pooled = torch.max_pool2d(deep, 2)
    dense = torch.tensor(np.stack([computed["dense_1"], computed["dense_2"]]))
    activation = (pooled[0] * dense).sum()
    activation.backward()
    for k in (0, 1):
        for name, of in (("conv", maps), ("deep", deep), ("pool", pooled)):
            expected = of[0, k].detach().numpy()
            np.testing.assert_allclose(computed[f"{name}_{k + 1}"], expected, atol=1e-12)
        np.testing.assert_allclose(computed[f"d_filter_{k + 1}"], first.grad[k].numpy(), rtol=1e-9)
    assert computed["activation"].item() == pytest.approx(activation.item(), rel=1e-12)
    np.testing.assert_allclose(computed["d_image"], image.grad[0].numpy(), atol=1e-9)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("bottom edge", (19, 20), (10, 18)),
        ("top edge", (8, 9), (10, 18)),
        ("right edge", (10, 18), (19, 20)),
        ("left edge", (10, 18), (8, 9)),
    ],
)
def test_an_edge_filter_finds_the_edge_it_is_named_after(name, rows, columns):
    """Of a white square from row and column 10 to 20."""
    square = np.zeros((28, 28))
    square[10:21, 10:21] = 1
    number = convolution().inputs["filter_1_is"].choices.index(name)
    computed = values(convolution(), {"image": square, "filter_1_is": number})["conv_1"]
    bright = np.argwhere(computed > 2.9)  # rows and columns of windows: their first cell's
    assert bright.min(axis=0).tolist() == [rows[0], columns[0]]
    assert bright.max(axis=0).tolist() == [rows[1], columns[1]]


def test_a_cell_of_the_second_layer_depends_on_five_rows_and_columns_of_the_picture():
    start = drawn(3)
    for name in start:
        start[name] = np.abs(start[name])  # so that every unit is awake
    before = values(convolution(), start)["deep_1"][10, 12]
    reached = []
    for row in range(8, 18):
        for column in range(10, 20):
            image = start["image"].copy()
            image[row, column] += NUDGE if image[row, column] < 0.5 else -NUDGE
            after = values(convolution(), {**start, "image": image})["deep_1"][10, 12]
            reached += [(row, column)] if after != before else []
    assert reached == [(row, column) for row in range(10, 15) for column in range(12, 17)]


def test_a_map_moves_with_the_picture_and_nothing_gives_nothing():
    s = convolution()
    story = {preset.title: preset.inputs for preset in s.presets}
    home, lower, nothing = (
        values(s, inputs) for inputs in ({}, story["A row lower"], story["Nothing at all"])
    )
    np.testing.assert_allclose(lower["conv_1"][1:], home["conv_1"][:-1], atol=1e-12)
    assert lower["activation"].item() != pytest.approx(home["activation"].item(), rel=1e-3)
    assert nothing["activation"].item() == 0 == nothing["d_image"].any()


def test_a_brighter_cell_moves_the_activation_by_its_gradient():
    """Of a picture where no sum is exactly 0: there ReLU has two slopes."""
    s, start = convolution(), drawn(1)
    computed = values(s, start)
    for pick in (np.argmax, np.argmin):
        place = np.unravel_index(pick(computed["d_image"]), (28, 28))
        image = start["image"].copy()
        step = NUDGE if image[place] < 0.5 else -NUDGE
        image[place] += step
        moved = values(s, {**start, "image": image})["activation"] - computed["activation"]
        assert moved.item() / step == pytest.approx(computed["d_image"][place], rel=1e-3)


def test_a_click_on_the_map_lights_its_window_and_tells_nine_products(page, page_file):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{page_file(convolution).as_uri()}#preset=3")
    page.locator('[data-picture="conv_1"] td[data-row="16"][data-col="14"]').click()
    lit = page.locator('[data-picture="image"] td.gs-lit')
    places = lit.evaluate_all("(all) => all.map((td) => [+td.dataset.row, +td.dataset.col])")
    assert places == [[row, column] for row in (16, 17, 18) for column in (14, 15, 16)]
    assert page.locator('[data-picture="filter_1"] td.gs-lit').count() == 9
    products = page.locator(".gs-stage .gs-numbers mo", has_text="·")
    assert products.count() == 9


def test_the_mouse_paints_the_picture_and_wipes_it(page, page_file):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{page_file(convolution).as_uri()}#preset=11")  # nothing at all

    def stroke(*places: tuple[int, int]) -> None:
        for k, (row, column) in enumerate(places):
            cell = f'[data-picture="image"] td[data-row="{row}"][data-col="{column}"]'
            box = page.locator(cell).bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            if k == 0:
                page.mouse.down()
        page.mouse.up()

    def number(row: int, column: int) -> float:
        cell = f'[data-picture="image"] td[data-row="{row}"][data-col="{column}"]'
        return float(page.locator(cell).text_content())

    activation = page.locator(".gs-stage .gs-figures dd").first
    stroke((5, 5))
    assert (number(5, 5), activation.text_content()) == (0, "0")  # a press alone selects
    stroke((5, 5), (5, 9))
    page.wait_for_function("() => document.querySelector('.gs-figures dd').textContent !== '0'")
    assert [number(5, column) for column in (4, 5, 7, 9, 10)] == [0.5, 1, 1, 1, 0.5]
    assert (number(4, 7), number(3, 7)) == (0.5, 0)
    stroke((5, 9), (5, 4))
    page.wait_for_function("() => document.querySelector('.gs-figures dd').textContent === '0'")


DROP = """async ([selector, kind]) => {
    const canvas = new OffscreenCanvas(56, 28);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "rgb(51, 51, 51)";
    paper.fillRect(0, 0, 56, 28);
    const picture = await canvas.convertToBlob();
    const dataTransfer = new DataTransfer();
    const content = kind === "picture" ? picture : "no picture";
    dataTransfer.items.add(new File([content], "mine.png", { type: "image/png" }));
    const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
    document.querySelector(selector).dispatchEvent(event);
}"""


def test_a_dropped_picture_is_taken_in_the_size_of_the_one_it_is_dropped_on(page, page_file):
    page.goto(f"{page_file(convolution).as_uri()}#preset=3")
    image = '[data-picture="image"] td'
    page.locator(image).first.wait_for()
    page.evaluate(DROP, [image, "text"])
    refused = "Nothing was changed: mine.png is no picture that this browser can read."
    page.get_by_text(refused).wait_for(state="attached")
    page.evaluate(DROP, [image, "picture"])
    # twice as wide as high: grey in the middle half, black above and below
    page.wait_for_function(
        "(cell) => document.querySelector(cell).textContent === '0.20'",
        arg='[data-picture="image"] td[data-row="14"][data-col="14"]',
    )
    told = page.locator(image).all_text_contents()
    assert told == ["0.00"] * 28 * 7 + ["0.20"] * 28 * 14 + ["0.00"] * 28 * 7


def test_the_selected_cell_of_dropout_is_one_that_stays():
    for preset in SHEET.presets:
        if "dropout" in preset.inputs:
            look, found = SHEET.staged(preset).look, values(SHEET, preset.inputs)
            assert found[look.block][look.row, look.column] > 1


@pytest.mark.parametrize(("colour", "cells"), [("red", 16), ("green", 0), ("blue", 80)])
def test_the_colour_looked_for_is_found_and_white_is_not(colour, cells):
    found = values(SHEET, {"colour_is": colour})
    assert found["red_cells"] == cells
    white = found["colour_map"][3:5, 8:10]  # whose windows lie inside the white square
    assert not white.round(12).any()


def test_the_window_tells_the_sum_of_the_products_below_it():
    for steps in (0, 25, 26, 212):
        found = values(SHEET, steps=steps)
        assert found["window_sum"] == found["before_relu"][divmod(steps, 26)]
