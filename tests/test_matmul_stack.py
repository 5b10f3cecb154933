"""The network in a spreadsheet: its scales by plain arithmetic, its gradients and training by
PyTorch, in every face, and in its words.
"""

from __future__ import annotations

import math
import re
from typing import Any

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
from sheets.library.layers import INITIALISATIONS
from sheets.library.matmul_stack import LIMIT, TRAINED, matmul_stack
from sheets.targets.excel import write
from sheets.targets.numpy import Values, trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = matmul_stack()
PRESETS = {preset.title: preset.inputs for preset in SHEET.presets}
SENSIBLE = ("lecture", "glorot", "he")
SHAPES = {
    "as in the lecture": {},
    "one layer": {"layers": 1},
    "five layers": {"layers": 5, "width_1": 6, "width_2": 1, "width_3": 4, "width_4": 2},
}
each_shape = pytest.mark.parametrize("shape", SHAPES)
each_initialisation = pytest.mark.parametrize("initialisation", INITIALISATIONS)
BOOKS = {
    name: workbooks.register(
        f"matmul_stack {name}",
        matmul_stack,
        inputs={**shape, "initialisation": "glorot", "biases": "on"},
        steps=3,
    )
    for name, shape in SHAPES.items()
    if shape
}


def depth_of(found: Values) -> int:
    return int(found["layers"].item())


def names_of(found: Values) -> list[str]:
    """Of what is trained, in order: W_1, b_1, W_2, ..."""
    return [f"{kind}_{k}" for k in range(1, depth_of(found) + 1) for kind in "Wb"]


def tensors(found: Values) -> dict[str, Any]:
    torch = engines.pytorch()
    return {name: torch.tensor(found[name], requires_grad=True) for name in names_of(found)}


def loss_of(found: Values, trained: dict[str, Any]) -> Any:
    """The sum of squared errors by PyTorch."""
    torch = engines.pytorch()
    h = torch.tensor(found["x"])
    for k in range(1, depth_of(found) + 1):
        h = torch.nn.functional.linear(
            h, trained[f"W_{k}"].T, trained[f"b_{k}"][0] * found["biases"].item()
        )
    return torch.nn.functional.mse_loss(h, torch.tensor(found["y"]), reduction="sum")


# --- how it starts


def test_the_lectures_network():
    computed = values(SHEET)
    np.testing.assert_array_equal(computed["x"], [[2, 3, 1]])
    np.testing.assert_array_equal(computed["y"], [[5, 6]])
    assert [computed[f"W_{k}"].shape for k in (1, 2, 3)] == [(3, 4), (4, 3), (3, 2)]
    assert (
        computed["std"].item() == 10
        and np.abs(computed["output"]).max() > 100 * np.abs(computed["y"]).max()
    )
    np.testing.assert_allclose(
        computed["output"],
        computed["x"] @ computed["W_1"] @ computed["W_2"] @ computed["W_3"],
        rtol=1e-12,
    )


@each_initialisation
@each_shape
def test_the_standard_deviation_is_the_rules(initialisation, shape):
    computed = values(SHEET, {**SHAPES[shape], "initialisation": initialisation, "std": 0.75})
    for k in range(1, depth_of(computed) + 1):
        n, m = computed[f"W_{k}"].shape
        rules = {
            "fixed": 0.75,
            "lecture": 2 / (n + m),
            "glorot": math.sqrt(2 / (n + m)),
            "he": math.sqrt(2 / n),
            "zeros": 0,
        }
        assert computed[f"std_{k}"].item() == pytest.approx(rules[initialisation], rel=1e-15)
        np.testing.assert_array_equal(
            computed[f"W_{k}"], computed[f"noise_{k}"] * computed[f"std_{k}"]
        )


def test_hes_rule_has_pytorchs_gain_for_relu():
    assert values(SHEET, {"initialisation": "he"})["std_1"].item() == pytest.approx(
        engines.pytorch().nn.init.calculate_gain("relu") / math.sqrt(3)
    )


def test_the_std_cell_states_every_rule(tmp_path):
    book = tmp_path / "matmul_stack.xlsx"
    write(SHEET, book)
    both = r"\(fan_in_1\+fan_out_1\)"
    rules = rf"=IF\(initialisation=0,std,IF\(initialisation=1,2/{both},IF\(initialisation=2,SQRT\(2/{both}\),"
    assert [
        f
        for f in engines.formula_cells(book).values()
        if re.match(rules + r"IF\(initialisation=3,SQRT\(2/fan_in_1\),0", f)
    ]


def test_draws_are_the_seeds_and_each_layers_own():
    first, again, other = (values(SHEET, {"seed": seed}) for seed in (3, 3, 4))
    draws = np.concatenate([first[f"noise_{k}"].ravel() for k in (1, 2, 3)])
    assert len(set(draws)) == len(draws) == 30
    for name in ("W_1", "W_2", "W_3"):
        np.testing.assert_array_equal(first[name], again[name])
        assert not np.isclose(first[name], other[name]).any()


# --- PyTorch


@each_shape
@pytest.mark.parametrize("biases", ["off", "on"])
@pytest.mark.parametrize("initialisation", ["fixed", *SENSIBLE, "zeros"])
def test_gradients_are_autograds(shape, biases, initialisation):
    given_inputs = {**SHAPES[shape], "biases": biases, "initialisation": initialisation, "std": 0.5}
    started = values(SHEET, given_inputs)
    moved = {
        name: np.linspace(-1, 1, started[name].size)[np.newaxis]
        for name in names_of(started)
        if name.startswith("b")
    }
    computed = values(SHEET, {**given_inputs, **moved})
    trained = tensors(computed)
    loss = loss_of(computed, trained)
    loss.backward()
    assert computed["sse"].item() == pytest.approx(loss.item(), rel=1e-12)
    for name, tensor in trained.items():
        np.testing.assert_allclose(
            computed[f"d_{name}"], tensor.grad.numpy(), rtol=1e-12, atol=1e-12, err_msg=name
        )


@each_shape
@pytest.mark.parametrize("biases", ["off", "on"])
def test_a_hundred_steps_are_pytorchs(shape, biases):
    inputs = {**SHAPES[shape], "biases": biases, "initialisation": "glorot"}
    computed = values(SHEET, inputs)
    trained = tensors(computed)
    optimiser = engines.pytorch().optim.SGD(trained.values(), lr=computed["learning_rate"].item())
    for _ in range(100):
        optimiser.zero_grad()
        loss_of(computed, trained).backward()
        optimiser.step()
    after = values(SHEET, inputs, 100)
    for name, tensor in trained.items():
        np.testing.assert_allclose(
            after[name], tensor.detach().numpy(), rtol=1e-9, atol=1e-12, err_msg=name
        )


# --- learning


@pytest.mark.parametrize("initialisation", SENSIBLE)
@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_it_trains_until_it_says_the_targets(initialisation, seed):
    computed = values(SHEET, {"initialisation": initialisation, "seed": seed}, 150)
    np.testing.assert_allclose(computed["output"], [[5, 6]], atol=0.01)


def test_from_zeros_nothing_learns_and_with_biases_only_the_last_one():
    for steps in (0, 50):
        computed = values(SHEET, {"initialisation": "zeros"}, steps)
        assert not any(computed[name].any() for name in ("output", "steepest_W", "steepest_b"))
    computed = values(SHEET, {"initialisation": "zeros", "biases": "on"}, 50)
    assert [name for name in names_of(computed) if computed[name].any()] == ["b_3"]


def test_from_the_lectures_start_it_runs_away_and_stops_while_every_number_is_finite():
    run = list(trajectory(SHEET, 20))
    assert [k for k, found in enumerate(run) if found["sse"].item() >= LIMIT] == list(range(1, 21))
    np.testing.assert_array_equal(run[-1]["W_1"], run[1]["W_1"])
    assert all(np.isfinite(block).all() for found in run for block in found.values())


EXTREME = st.sampled_from([-1000.0, -1.0, 0.0, 1e-9, 1.0, 1000.0])


@BOUNDED
@given(
    st.lists(EXTREME, min_size=3, max_size=3),
    st.lists(EXTREME, min_size=2, max_size=2),
    EXTREME,
    EXTREME,
    st.integers(0, 20),
)
def test_nothing_that_may_be_typed_overflows(x, y, first, last, seed):
    widest = {f"width_{k}": 6 for k in range(1, 5)}
    inputs = {"x": x, "y": y, "layers": 5, **widest, "learning_rate": 0.1, "std": 10, "seed": seed}
    inputs |= {
        "W_1": np.full((3, 6), first),
        "W_5": np.full((6, 2), last),
        "biases": "on",
        "b_3": np.full((1, 6), first),
    }
    for found in trajectory(SHEET.with_inputs(inputs), 4):
        assert not [name for name, block in found.items() if not np.isfinite(block).all()]


def test_the_same_run_again_bit_for_bit():
    once, again = (values(SHEET, {"initialisation": "he"}, 40) for _ in range(2))
    assert all((once[name] == again[name]).all() for name in once)


# --- other shapes


def test_a_layer_that_is_new_can_be_given_its_width_at_once():
    computed = values(SHEET, {"layers": 4, "width_3": 5})
    assert [computed[f"W_{k}"].shape for k in range(1, 5)] == [(3, 4), (4, 3), (3, 5), (5, 2)]
    assert "h_3" in computed and computed["layer_size"].shape == (5, 1)


def test_what_was_typed_is_kept_where_it_still_fits():
    typed = SHEET.with_inputs({"W_1": np.ones((3, 4)), "x": [1, 1, 1], "seed": 5})
    other = typed.with_inputs({"width_2": 6})
    np.testing.assert_array_equal(other.blocks["W_1"].value, np.ones((3, 4)))
    assert other.blocks["seed"].value == 5 and other.blocks["W_2"].shape == (4, 6)


@pytest.mark.parametrize(
    ("name", "value"),
    [("layers", 0), ("layers", 6), ("layers", 2.5), ("width_1", 7), ("width_2", "wide")],
)
def test_a_shape_that_cannot_be(name, value):
    with pytest.raises(InputError, match=rf"{name}.*must be a whole number from 1 to"):
        values(SHEET, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("std", 0),
        ("std", 1e308),
        ("learning_rate", -1),
        ("x", [1e308, 0, 0]),
        ("initialisation", "xavier"),
    ],
)
def test_an_input_that_cannot_be(name, value):
    with pytest.raises(InputError, match=rf"^{name} .*must be"):
        values(SHEET, {name: value})


# --- the same in every face


@each_shape
@pytest.mark.parametrize("initialisation", ["fixed", "he", "zeros"])
@pytest.mark.parametrize("steps", [0, 1, 60])
def test_the_page_trains_alike(shape, initialisation, steps):
    inputs = {**SHAPES[shape], "initialisation": initialisation, "std": 1, "biases": "on"}
    started = SHEET.with_inputs(inputs)
    assert not differences(
        engines.in_javascript(started, steps=steps), values(SHEET, inputs, steps)
    )


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("engine", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_the_workbook_of_another_shape_trains_alike(book, engine):
    cached, found = workbooks.cached(BOOKS[book]), engine(BOOKS[book])
    assert not {
        key: (x, found.get(key))
        for key, x in cached.items()
        if engines.is_error(x) or engines.different(x, found.get(key))
    }


# --- its words


def state_of(found: Values) -> str:
    """What is the case, by plain arithmetic."""
    sse = ((found["y"] - found["output"]) ** 2).sum()
    gradients = {
        kind: max(np.abs(found[f"d_{kind}_{k}"]).max() for k in range(1, depth_of(found) + 1))
        for kind in "Wb"
    }
    if sse >= LIMIT:
        return "run away"
    if sse <= TRAINED:
        return "has learned its one row"
    if gradients["W"] == 0:
        return "only biases move" if gradients["b"] else "nothing learns"
    size = [math.sqrt((found[name] ** 2).mean()) for name in ("output", "y")]
    return (
        "not even on the same scale"
        if size[0] > 100 * size[1]
        else "The gradients say where each weight should go"
    )


@pytest.mark.parametrize("title", PRESETS)
@pytest.mark.parametrize("steps", [0, 1, 5, 100])
def test_the_sentences_are_true(title, steps):
    started = SHEET.with_inputs(PRESETS[title])
    computed = values(started, steps=steps)
    said = sentences(started, computed)
    assert len(said) == 2 and state_of(computed) in said[0]
    outputs, targets = (
        ", ".join(in_words(x, ".2f") for x in computed[name][0]) for name in ("output", "y")
    )
    assert state_of(computed) == "run away" or f"says ({outputs}), wanted is ({targets})" in said[0]
    assert (
        said[1].startswith("Weights are drawn")
        and f"{computed['std_1'].item():.4f}".rstrip("0").rstrip(".") in said[1]
    )


def test_every_state_comes_up_in_the_story():
    states = {
        state_of(values(SHEET, inputs, steps))
        for inputs in PRESETS.values()
        for steps in (0, 5, 100)
    }
    assert len(states) == 6


def test_a_learning_rate_of_0_is_said():
    said = sentences(SHEET, values(SHEET, {"learning_rate": 0}))
    assert "The learning rate is 0: Play changes nothing." in said


def test_the_numbers_in_the_lesson_are_the_sheets():
    text = notebook("matmul_stack").read_text(encoding="utf-8")
    story = list(PRESETS.values())
    ten, lecture = (values(SHEET, inputs) for inputs in story[:2])
    told = [
        *ten["output"][0],
        *lecture["output"][0],
        *(lecture[f"std_{k}"].item() for k in (1, 2, 3)),
    ]
    told += [values(SHEET, inputs)["std_1"].item() for inputs in story[2:4]]
    told += [ten["h_1"][0, 0], *ten["W_1"][:, 0], *values(SHEET, story[6], 100)["output"][0]]
    assert all(f"{x:.2f}" in text for x in told)
    assert f"{2 * 11.07 + 3 * -2.81 + 1 * 10.31:.2f}" in text  # of the lecture's rounded cells
    assert (
        np.diff(np.log10(ten["layer_size"]), axis=0) > 1
    ).all()  # each layer makes the numbers more than ten times as large
    assert f"{values(SHEET, story[0], 1)['output'][0, 0] / 1e12:.0f} million million" in text
    biased = values(SHEET, story[5], 100)
    assert biased["sse"].item() <= TRAINED and biased["b_3"].any()
    assert not any(biased[name].any() for name in ("W_1", "W_2", "W_3", "b_1", "b_2"))
    grown = [
        values(SHEET, story[3])[f"std_{k}"].item() / values(SHEET, story[2])[f"std_{k}"].item()
        for k in (1, 2, 3)
    ]
    assert grown[0] == max(grown) and 1.4 < grown[0] < 1.6
    assert 1.8 < values(SHEET, story[2])["std_1"].item() / lecture["std_1"].item() < 2
    assert not any(values(SHEET, story[4])[f"d_W_{k}"].any() for k in (1, 2, 3))
    first = next(
        k
        for k, found in enumerate(trajectory(SHEET.with_inputs(story[1]), 150))
        if found["sse"].item() <= TRAINED
    )
    assert f"step {first}" in text
