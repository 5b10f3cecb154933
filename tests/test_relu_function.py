"""A few ReLUs as any function: PyTorch's gradients and training, the same in every face, handles
that follow the pointer, true words.
"""

from __future__ import annotations

import json
import re

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st
from lesson_texts import text_of
from pages import drag, frame

from lessons.course import notebook
from sheets import POINTER_X, Axis, Series, Sheet, SheetError, sentences, values
from sheets.language.formats import in_words
from sheets.library.relu_function import CURVES, LARGEST, OFF, STARTS, UNITS, relu_function
from sheets.library.relu_function_words import LARGE
from sheets.targets.javascript import program
from sheets.targets.numpy import trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = relu_function()
PRESETS = [preset.inputs for preset in SHEET.presets]
each_preset = pytest.mark.parametrize("number", range(len(PRESETS)))
STARTING = {
    "spread": {"units": 5, "curve": "bump"},
    "noise": {"start": STARTS[1], "seed": 7, "units": 12},
    "flat": {"weight": [[0.0]] * UNITS, "bias": [[0.5]] * UNITS},
}
NAMES = {
    name: workbooks.register(f"relu_{name}", relu_function, notes=False, inputs=inputs, steps=12)
    for name, inputs in STARTING.items()
}
PARAMETERS = st.lists(
    st.tuples(
        *(st.floats(-LARGEST[name], LARGEST[name]).map(lambda x: round(x, 3)) for name in LARGEST)
    ),
    min_size=UNITS,
    max_size=UNITS,
)


def columns(rows) -> dict[str, list]:
    return {name: [[row[k]] for row in rows] for k, name in enumerate(LARGEST)}


def plain_output(found: dict, x: np.ndarray) -> np.ndarray:
    """The network by its definition, unit by unit, at the points x."""
    parts = zip(*(found[name].ravel() for name in LARGEST), strict=True)
    return sum(
        v * np.maximum(0, w * x + b) for w, b, v in list(parts)[: int(found["units"].item())]
    )


# --- PyTorch


def in_torch(
    found: dict, steps: int, learning_rate: float, momentum: float
) -> tuple[dict, dict, list]:
    """The parameters and gradients after `steps` of torch.optim.SGD, and the losses on the way."""
    torch = engines.pytorch()
    count = int(found["units"].item())
    parameters = {
        name: torch.tensor(found[name][:count], dtype=torch.float64, requires_grad=True)
        for name in LARGEST
    }
    x, y = (torch.tensor(found[name]) for name in ("x", "target"))
    optimiser = torch.optim.SGD(parameters.values(), lr=learning_rate, momentum=momentum)
    losses = []
    for step in range(steps + 1):
        optimiser.zero_grad()
        hidden = torch.relu(x @ parameters["weight"].T + parameters["bias"].T)
        loss = torch.nn.functional.mse_loss(hidden @ parameters["height"], y)
        loss.backward()
        losses.append(loss.item())
        if step < steps:
            optimiser.step()
    return (
        {k: p.detach().numpy() for k, p in parameters.items()},
        {k: p.grad.numpy() for k, p in parameters.items()},
        losses,
    )


@pytest.mark.parametrize("inputs", STARTING.values(), ids=STARTING)
def test_the_gradients_are_autograds(inputs):
    computed = values(SHEET, inputs)
    count = int(computed["units"].item())
    _, gradients, _ = in_torch(computed, 0, 0.1, 0)
    for name, expected in gradients.items():
        np.testing.assert_allclose(computed[f"d_{name}"][:count], expected, rtol=1e-12, atol=1e-12)
        assert (computed[f"d_{name}"][count:] == 0).all()


@pytest.mark.parametrize("momentum", [0, 0.9])
@pytest.mark.parametrize("start", STARTS)
def test_it_trains_as_torch_does(start, momentum):
    inputs = {"start": start, "momentum": momentum, "units": 8, "seed": 3}
    run = list(trajectory(SHEET.with_inputs(inputs), 100))
    parameters, _, losses = in_torch(run[0], 100, 0.05, momentum)
    np.testing.assert_allclose([found["loss"].item() for found in run], losses, rtol=1e-10)
    for name, expected in parameters.items():
        np.testing.assert_allclose(run[-1][name][:8], expected, rtol=1e-10, atol=1e-12)


# --- the same in every face


@each_preset
@pytest.mark.parametrize("steps", [0, 1, 60])
def test_the_page_computes_the_same(number, steps):
    assert not differences(
        engines.in_javascript(SHEET, PRESETS[number], steps), values(SHEET, PRESETS[number], steps)
    )


@pytest.mark.parametrize("start", STARTING)
@pytest.mark.parametrize("engine", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_the_workbook_s_rows_are_the_steps(start, engine):
    found, cached = engine(NAMES[start]), workbooks.cached(NAMES[start])
    assert not {
        key: (x, found[key]) for key, x in cached.items() if engines.different(x, found[key])
    }
    assert not [key for key, x in found.items() if engines.is_error(x)]


def test_the_workbook_caches_what_numpy_says():
    cells = workbooks.cached(NAMES["noise"])
    columns = workbooks.step_columns(SHEET)
    for step, found in enumerate(trajectory(SHEET.with_inputs(STARTING["noise"]), 12)):
        assert cells["Steps", 7 + step, columns["loss"]] == pytest.approx(
            found["loss"].item(), rel=1e-12
        )


# --- the network


@BOUNDED
@given(PARAMETERS, st.integers(1, UNITS))
def test_the_sum_is_its_units_and_no_others(rows, units):
    computed = values(SHEET, {**columns(rows), "units": units})
    np.testing.assert_allclose(
        computed["output"], plain_output(computed, computed["x"]), rtol=1e-9, atol=1e-6
    )
    others = [row if k < units else (1.0, 2.0, 3.0) for k, row in enumerate(rows)]
    np.testing.assert_array_equal(
        values(SHEET, {**columns(others), "units": units})["output"], computed["output"]
    )


@BOUNDED
@given(PARAMETERS, st.integers(1, UNITS))
def test_kinks_lie_on_the_sum_and_dead_units_are_zero_everywhere(rows, units):
    computed = values(SHEET, {**columns(rows), "units": units})
    shown = computed["kink_x"] != OFF
    np.testing.assert_allclose(
        computed["kink_y"][shown],
        plain_output(computed, computed["kink_x"])[shown],
        rtol=1e-9,
        atol=1e-6,
    )
    dead = [k + 1 for k, (w, b, _) in enumerate(rows[:units]) if (w * computed["x"] + b <= 0).all()]
    assert [k + 1 for k in np.flatnonzero(computed["dead"])] == dead
    numbers = [computed[name].item() for name in ("dead_units", "first_dead", "last_dead")]
    assert numbers == [len(dead), min(dead, default=0), max(dead, default=0)]
    bends = [-b / w for w, b, _ in rows[:units] if w and abs(-b / w) <= 1]
    assert computed["kinks_inside"].item() == len(bends)


@BOUNDED
@given(PARAMETERS, st.integers(1, UNITS))
def test_the_one_line_draws_every_piece(rows, units):
    computed = values(SHEET, {**columns(rows), "units": units})
    x, y = computed["piece_x"].reshape(UNITS, 5), computed["piece_y"].reshape(UNITS, 5)
    np.testing.assert_array_equal(x[:, [0, 1]], x[:, [4, 3]])  # back the way it came
    grid = computed["x"].ravel()
    drawn = sum(np.interp(grid, x[k, :3], y[k, :3]) for k in range(UNITS))
    np.testing.assert_allclose(drawn, computed["output"].ravel(), rtol=1e-9, atol=1e-6)


# --- fitting


def fitted(curve: str, units: int, **inputs) -> float:
    return values(SHEET, {"curve": curve, "units": units, **inputs}, 300)["loss"].item()


def test_more_units_fit_the_sine_better():
    losses = [fitted("sine", units) for units in (1, 2, 3, 4, 8, 12)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 500


@pytest.mark.parametrize("curve", CURVES)
def test_twelve_units_fit_every_curve(curve):
    start = values(SHEET, {"curve": curve, "units": 12})["loss"].item()
    assert fitted(curve, 12) < start / 30
    assert fitted(curve, 12) < fitted(curve, 1) / 10


def test_two_units_are_the_absolute_value():
    computed = values(SHEET, PRESETS[1], 300)
    assert computed["loss"].item() < 1e-12
    np.testing.assert_allclose(computed["kink"][:2], 0, atol=1e-5)
    start = values(SHEET, PRESETS[1])["loss"].item()
    assert computed["loss"].item() < 1e-6 * start  # "less than a millionth is left"


def test_plain_gradient_descent_fits_too_but_slower():
    plain = values(SHEET, {"units": 12, "momentum": 0, "learning_rate": 0.1}, 300)["loss"].item()
    assert fitted("sine", 12) < plain < values(SHEET, {"units": 12})["loss"].item() / 20


def test_a_drawn_curve_is_fitted_and_counted():
    x = values(SHEET)["x"]
    drawn = np.where(x < -0.2, -x - 0.5, x / 2)
    computed = values(SHEET, {"target": drawn, "units": 12}, 300)
    assert computed["loss"].item() < 0.01
    assert computed["redrawn"].item() == (drawn != values(SHEET)["chosen_curve"]).sum()
    assert any(
        text.startswith(f"You drew {int(computed['redrawn'].item())} points of the curve")
        for text in sentences(SHEET, computed)
    )


# --- dragging


def dragged(inputs: dict, series: str, row: int, x: float, y: float) -> dict:
    """The inputs after dragging marker `row` to (x, y), as the page has it: V8 says what is set,
    for that row alone.
    """
    started = SHEET.with_inputs(inputs)
    place = next(
        (c, k)
        for c, chart in enumerate(SHEET.charts)
        for k, one in enumerate(chart.series)
        if one.label == series
    )
    flat = {
        name: None if block.value is None else block.value.ravel().tolist()
        for name, block in started.inputs.items()
    }
    computed = json.loads(
        engines.in_v8(
            f"""(() => {{
            const program = ({program(started)})(0), inputs = {json.dumps(flat)};
            for (const name in inputs) if (inputs[name]) program.blocks[name].set(inputs[name]);
            for (const name in program.follows) program.follows[name] = inputs[name] === null;
            program.run();
            return JSON.stringify(program.moves[{place[0]}][{place[1]}]({x}, {y}, {row}));
        }})()"""
        )
    )
    before = values(SHEET, inputs)
    for name, number in computed.items():
        before[name][row, 0] = number
    return {**inputs, **{name: before[name] for name in computed}}


@pytest.mark.parametrize("start", ["spread", "noise"])
@pytest.mark.parametrize("x", [-0.9, 0.05, 1])
def test_a_dragged_kink_follows_the_pointer(start, x):
    before, after = (
        values(SHEET, STARTING[start]),
        values(SHEET, dragged(STARTING[start], "kinks: drag", 2, x, 0.3)),
    )
    assert after["kink"][2].item() == pytest.approx(x)
    changed = {name for name in LARGEST if (before[name] != after[name]).any()}
    assert (
        changed == {"bias"} and (np.delete(after["bias"], 2) == np.delete(before["bias"], 2)).all()
    )


@pytest.mark.parametrize("end", ["height", "weight"])
@pytest.mark.parametrize("start", ["spread", "noise"])
@pytest.mark.parametrize(("x", "y"), [(1, 1.5), (0.9, -1.2), (-1, 0.7), (-0.95, -0.4)])
def test_a_dragged_end_takes_its_piece_to_the_pointer_and_leaves_its_kink(start, end, x, y):
    inputs = {**STARTING[start], "end_sets": end} | (
        {"height": [[0.5]] * UNITS} if start == "spread" else {}
    )
    before = values(SHEET, inputs)
    row = int(
        np.argmax(np.minimum(abs(before["weight"]), abs(before["height"])))
    )  # where no limit is in the way
    after = values(SHEET, dragged(inputs, "ends: drag", row, x, y))
    w, b, v = (after[name][row].item() for name in LARGEST)
    assert after["kink"][row].item() == pytest.approx(before["kink"][row].item(), abs=1e-9)
    assert v * max(0, w * x + b) == pytest.approx(y)
    kept = "weight" if end == "height" else "height"
    assert abs(after[kept][row].item()) == pytest.approx(abs(before[kept][row].item()))


@BOUNDED
@given(PARAMETERS, st.floats(-1.2, 1.2), st.floats(-2, 2), st.sampled_from(["height", "weight"]))
def test_no_drag_leaves_what_may_be_typed(rows, x, y, end):
    for series in ("kinks: drag", "ends: drag"):
        values(
            SHEET, dragged({**columns(rows), "end_sets": end}, series, 0, x, y)
        )  # refuses what is outside the limits


def test_the_ends_stand_on_the_pieces_inside_the_chart():
    computed = values(SHEET, {"height": [[9.0]] * UNITS, "units": 4})
    for k in range(4):
        w, b, v = (computed[name][k].item() for name in LARGEST)
        x, y = computed["end_x"][k].item(), computed["end_y"][k].item()
        assert abs(x) <= 1 and abs(y) <= 2 and v * max(0, w * x + b) == pytest.approx(y)
    assert (computed["end_x"][4:] == OFF).all() and (computed["handle_x"][4:] == OFF).all()


@pytest.mark.parametrize("moved", [{"single": "column"}, {"column": "other"}, {"table": "column"}])
def test_a_drag_sets_one_number_or_the_marker_s_own_row(moved):
    s = Sheet("drags")
    blocks = {
        "single": 1.0,
        "column": [[1.0], [2.0]],
        "other": [[1.0], [2.0], [3.0]],
        "table": [[1.0, 2.0], [3.0, 4.0]],
    }
    made = {name: s.input(name, value) for name, value in blocks.items()}
    at = s.let("at", made["column"] + 1)
    moves = {name: made[value] * POINTER_X for name, value in moved.items()}
    with pytest.raises(
        SheetError, match="both are one number, or a column with a row for each marker"
    ):
        s.chart(
            "c",
            Axis("x", 0, 1),
            Axis("y", 0, 1),
            [Series("at", "at", "markers", mode="markers", moves=moves)],
        )
    assert at.shape == (2, 1)


# --- the words


def check_words(inputs: dict, found: dict) -> None:
    said = sentences(SHEET.with_inputs(inputs), found)
    text = " ".join(said)
    assert "undefined" not in text and "{" not in text and "infinite" not in text
    loss, dead = found["loss"].item(), int(found["dead_units"].item())
    assert (f"the mean squared error is {in_words(loss, '.5f')}" in text) == (loss <= LARGE)
    assert ("more than a million" in text) == (loss > LARGE)
    assert (" dead" in text) == (dead > 0)
    assert ("No unit in use is alive" in text) == (dead == found["units"].item())
    if dead in (1, 2):
        assert all(
            f"{k + 1}" in next(one for one in said if " dead" in one)
            for k in np.flatnonzero(found["dead"])
        )
    assert sum("bend" in one or "bends" in one for one in said) == 1


@each_preset
def test_a_preset_s_words_are_true_at_every_step(number):
    for found in trajectory(SHEET.with_inputs(PRESETS[number]), 120):
        check_words(PRESETS[number], found)


@BOUNDED
@given(PARAMETERS, st.integers(1, UNITS))
def test_the_words_are_true_for_whatever_is_typed(rows, units):
    inputs = {**columns(rows), "units": units}
    check_words(inputs, values(SHEET, inputs))


def test_too_large_a_learning_rate_kills_the_units_and_is_said_to():
    inputs = PRESETS[-1]
    computed = values(SHEET, inputs, 300)
    assert computed["learning_rate"].item() == 1 and computed["dead_units"].item() == 12
    check_words(inputs, computed)
    np.testing.assert_array_equal(computed["output"], 0 * computed["x"])


def test_a_learning_rate_of_0_changes_nothing_and_is_said_to():
    computed = values(SHEET, {"learning_rate": 0}, 5)
    np.testing.assert_array_equal(computed["weight"], values(SHEET)["weight"])
    assert "The learning rate is 0: steps change nothing." in sentences(SHEET, computed)


def test_the_charts_axes_hold_the_presets():
    for inputs in PRESETS:
        for steps in (0, 300):
            computed = values(SHEET, inputs, steps)
            assert computed["loss"].item() < 10, steps
            assert max(np.abs(computed[name]).max() for name in ("target", "output")) <= 1.6


# --- the lesson


def test_the_numbers_in_the_lesson_are_the_sheets():
    computed = {f"{values(SHEET, inputs, 300)['loss'].item():.5f}" for inputs in PRESETS}
    by_hand = {**PRESETS[6], "height": [[2.0], [-4.0], [2.0]] + [[0.1]] * (UNITS - 3)}
    computed.add(f"{values(SHEET, by_hand)['loss'].item():.5f}")
    named = set(re.findall(r"\b\d\.\d{5}\b", text_of(notebook("relu_function"))))
    assert named and named <= computed
    assert (
        values(SHEET, by_hand, 300)["loss"].item() < values(SHEET, PRESETS[6], 300)["loss"].item()
    )


def test_what_the_lesson_says_of_kinks_is_so():
    kinks = {number: values(SHEET, PRESETS[number], 300)["kink"].ravel() for number in (3, 4)}
    assert np.abs(kinks[3]).min() > 0.2  # the sine: away from 0
    assert (
        sum(np.abs(np.abs(kinks[4]) - 0.44) < 0.06) + sum(np.abs(kinks[4]) < 0.02) == 12
    )  # the bump: three crowds
    computed = [values(SHEET, inputs, 300)["loss"].item() for inputs in PRESETS]
    assert computed[2] < computed[0] / 100 and 0.2 < computed[3] / computed[2] < 0.3
    one, two = (values(SHEET, PRESETS[number], 300) for number in (0, 1))
    assert np.abs(one["output"][one["x"] < -0.3]).max() == 0 and -0.5 < one["kink"][0] < 0
    np.testing.assert_allclose(two["kink"][:2], 0, atol=1e-6)
    step = values(SHEET, PRESETS[5], 300)["kink"].ravel()
    assert all(sum(np.abs(step - crowd) < 0.04) >= 4 for crowd in (-0.15, 0.11))
    assert [values(SHEET, PRESETS[7], steps)["dead_units"].item() for steps in (0, 300)] == [5, 5]
    assert "five of the twelve" in text_of(notebook("relu_function"))


def test_a_kink_walks_to_a_drawn_corner():
    x = values(SHEET)["x"]
    computed = values(
        SHEET, {"target": np.where(x < 0.3, 0.2, 0.2 + 2 * (x - 0.3)), "units": 4}, 300
    )
    assert np.abs(computed["kink"][:4] - 0.3).min() < 0.03


def told(page) -> str:
    """Every sentence, on the stage and below it."""
    return " ".join(page.locator(".gs-sentences").all_inner_texts())


@pytest.mark.parametrize("curve", ["sine", "bump"])
def test_a_curve_that_was_drawn_gives_way_to_the_one_that_is_chosen_next(opened, curve):
    """The sine too, which was the choice before."""
    page = opened(relu_function)
    choice = page.get_by_role("combobox", name="curve")
    drag(page, 0, (-0.5, 1), (0.5, 1))
    assert "You drew " in told(page)
    assert choice.input_value() == ""
    choice.select_option(label=curve)
    frame(page)
    assert "You drew " not in told(page)
    assert choice.locator("option:checked").inner_text() == curve
    shown = [
        float(text) for text in page.locator(".gs-below td[data-block='target']").all_inner_texts()
    ]
    np.testing.assert_allclose(
        shown, values(SHEET, {"curve": curve})["target"][: len(shown), 0], atol=6e-4
    )
