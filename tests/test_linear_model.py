"""The Keras lesson tells the truth: the same updates in PyTorch, Keras's own loss of an epoch, in
every face, and in its words.
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

from lessons.course import notebook
from sheets import InputError, sentences, values
from sheets.language.formats import in_words
from sheets.library.linear_model import linear_model
from sheets.targets.excel.steps import FIRST_ROW
from sheets.targets.numpy import Values, trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = linear_model()
PRESETS = {preset.title: preset.inputs for preset in SHEET.presets}
each_preset = pytest.mark.parametrize("title", PRESETS)
STORY, SLOW, TOO_LARGE, ELSEWHERE = PRESETS
ROWS, EPOCHS = 30, 10


def run(inputs: dict, steps: int) -> list[Values]:
    return list(trajectory(SHEET.with_inputs(inputs), steps))


def test_the_lectures_model():
    computed = values(SHEET)
    assert computed["x"].shape == (30, 2) and 0 < computed["x"].min() < computed["x"].max() < 1
    np.testing.assert_allclose(computed["y"], computed["x"] @ [[2], [3]] + 1, rtol=1e-15)
    assert computed["learning_rate"].item() == 0.1 and computed["b"].item() == 0


def test_weights_start_as_keras_starts_them():
    """Glorot and Bengio's uniform: even between minus and plus the square root of 6 / (inputs +
    outputs).
    """
    drawn = np.array([values(SHEET, {"weight_seed": seed})["w"].ravel() for seed in range(500)])
    limit = np.sqrt(6 / 3)
    assert -limit < drawn.min() < -0.98 * limit and 0.98 * limit < drawn.max() < limit
    assert abs(drawn.mean()) < 3.9 * limit / 3**0.5 / 1000**0.5


@pytest.mark.parametrize("rate", [0.1, 0.01])
def test_ten_epochs_are_pytorchs(rate):
    """Five epochs of thirty updates, then five more, by torch.nn and torch.optim on the same rows
    in the same order.
    """
    torch = engines.pytorch()
    computed = run({"learning_rate": rate}, ROWS * EPOCHS)
    x, y = torch.tensor(computed[0]["x"]), torch.tensor(computed[0]["y"])
    model = torch.nn.Linear(2, 1, dtype=torch.float64)
    with torch.no_grad():
        model.weight.copy_(torch.tensor(computed[0]["w"].T))
        model.bias.zero_()
    descent = torch.optim.SGD(model.parameters(), lr=rate)
    met = []
    for step, each in enumerate(computed):
        np.testing.assert_allclose(each["w"].T, model.weight.detach(), rtol=1e-10)
        np.testing.assert_allclose(each["b"].item(), model.bias.item(), rtol=1e-10)
        np.testing.assert_allclose(
            each["mse"].item(), torch.nn.functional.mse_loss(model(x), y).item(), rtol=1e-10
        )
        if step and step % ROWS == 0:
            assert each["last_epoch_loss"].item() == pytest.approx(np.mean(met), rel=1e-10)
            met = []
        row = int(each["row_now"].item())
        descent.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x[row : row + 1]), y[row : row + 1])
        loss.backward()
        met.append(loss.item())
        assert each["epoch_loss"].item() == pytest.approx(np.mean(met), rel=1e-10)
        descent.step()


@BOUNDED
@given(st.integers(1, 40), st.integers(0, 1000))
def test_every_epoch_takes_every_row_once(count, seed):
    computed = run(
        {"x": [[0.1, 0.2]] * count, "shuffle_seed": seed, "learning_rate": 0.01}, 3 * count - 1
    )
    taken = np.array([each["row_now"].item() for each in computed]).reshape(3, count)
    np.testing.assert_array_equal(np.sort(taken, axis=1), np.tile(np.arange(count), (3, 1)))


def test_rows_and_weights_are_redrawn_until_they_are_given():
    drawn, other = values(SHEET), values(SHEET, {"seed": 9, "weight_seed": 9})
    assert (drawn["x"] != other["x"]).all() and (drawn["w"] != other["w"]).all()
    truth = values(SHEET, {"w_true": [[-1], [4]], "b_true": 0})
    np.testing.assert_allclose(truth["y"], drawn["x"] @ [[-1], [4]])
    mine = values(SHEET, {"x": [[1, 1]], "y": [9], "w": [[0.5], [0.25]], "seed": 9})
    assert mine["prediction"].item() == 0.75 and mine["mse"].item() == pytest.approx(8.25**2)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"x": []}, "x is 0 x 0; it must have 1 to 1000 rows of 2 numbers"),
        ({"x": [[1, "a"]]}, "x row 1 column 2 is 'a'"),
        ({"w": [[1e308], [0]]}, r"w row 1 is 1e\+308; it must be a number from -1000 to 1000"),
        ({"learning_rate": -1}, "from 0 to 2"),
    ],
)
def test_bad_input_is_refused_in_words(inputs, said):
    with pytest.raises(InputError, match=said):
        values(SHEET, inputs)


# --- the same in every face


@each_preset
def test_the_page_s_program_takes_the_same_steps(title):
    for steps in (0, 100):
        assert not differences(
            engines.in_javascript(SHEET, PRESETS[title], steps),
            values(SHEET, PRESETS[title], steps),
        )


STEPS = 8
SMALL = {"x": [[0.1, 0.9], [0.5, 0.25], [0.75, 0.5]]}
WORKBOOK = workbooks.register("linear_model_steps", linear_model, inputs=SMALL, steps=STEPS)


@pytest.mark.parametrize(
    "engine", [workbooks.in_ironcalc, workbooks.in_libreoffice], ids=["ironcalc", "libreoffice"]
)
def test_the_workbook_s_rows_are_the_steps(engine):
    page = {
        (row, column): x for (name, row, column), x in engine(WORKBOOK).items() if name == "Steps"
    }
    columns = workbooks.step_columns(linear_model().with_inputs(SMALL))
    for step, expected in enumerate(run(SMALL, STEPS)):
        wanted = {
            name: expected[name].item()
            for name in ("b", "t", "row_now", "mse", "epoch_loss", "last_epoch_loss")
        }
        wanted |= {f"w[{k + 1},1]": expected["w"][k, 0] for k in range(2)}
        assert {
            name: page[FIRST_ROW + 1 + step, columns[name]] for name in wanted
        } == pytest.approx(wanted, rel=1e-9, abs=1e-12)


# --- the words


@each_preset
@pytest.mark.parametrize("steps", [0, 1, 30, 150, 300])
def test_the_sentences_of_every_preset(title, steps):
    computed = values(SHEET, PRESETS[title], steps)
    said = sentences(SHEET.with_inputs(PRESETS[title]), computed)
    away = max(abs(computed[name].item()) for name in ("weight_1", "weight_2", "b")) >= 1e6
    assert away == (title == TOO_LARGE and steps >= 150)
    assert any("run away" in text for text in said) == away
    first, second, bias = (
        in_words(computed[name].item(), ".4f") for name in ("weight_1", "weight_2", "b")
    )
    state = f"the weights are {first} and {second}, the bias {bias}; the mse of all rows is"
    assert any(state in text for text in said) != away
    assert any(f"Epoch {steps // ROWS} ended with a loss of" in text for text in said) == (
        steps >= ROWS and not away
    )


def test_a_learning_rate_of_nothing_is_said():
    assert any(
        "The learning rate is 0" in text
        for text in sentences(SHEET, values(SHEET, {"learning_rate": 0}))
    )


def test_the_numbers_of_the_lesson_are_the_sheets():
    cells = json.loads(notebook("linear_model").read_text(encoding="utf-8"))["cells"]
    text = "".join(cells[2]["source"]).split("## Look closer")[0]
    story = run(PRESETS[STORY], 300)
    truth = {f"{story[300][name].item():.2f}" for name in ("weight_1", "weight_2", "b")}
    truth |= {f"{story[30][name].item():.4f}" for name in ("mse", "last_epoch_loss")}
    truth.add(f"{PRESETS[STORY]['learning_rate'].item():g}")
    named = set(re.findall(r"\d+\.\d+", text))
    assert named and named <= truth


def test_ten_epochs_at_a_tenth_of_the_rate_come_about_as_far_as_one():
    once, slowly = run(PRESETS[STORY], 30)[-1], run(PRESETS[SLOW], 300)[-1]
    assert 0.7 < slowly["mse"].item() / once["mse"].item() < 1


def test_at_a_rate_too_large_most_updates_overshoot_by_more_than_they_repair():
    """An update of one row multiplies that row's error by 1 - 2 rate (1 + x²)."""
    x, rate = values(SHEET)["x"], PRESETS[TOO_LARGE]["learning_rate"].item()
    assert np.mean(1 - 2 * rate * (1 + (x**2).sum(axis=1)) < -1) > 0.5
    way = run(PRESETS[TOO_LARGE], 20)
    assert (
        np.sign(column_of(way, "weight_1")).min() == -1 < np.sign(column_of(way, "weight_1")).max()
    )
    far = [np.abs(found["w"]).max() for found in way]
    assert far[-1] > 5 * far[5] > 5 * far[1]


def column_of(found: list[Values], name: str) -> np.ndarray:
    return np.array([each[name].item() for each in found])
