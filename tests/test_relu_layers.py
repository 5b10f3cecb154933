"""Linear on linear is linear, and not with an activation: against PyTorch, in every face, and in
its words.
"""

from __future__ import annotations

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st

from lessons.course import notebook
from sheets import InputError, sentences, values
from sheets.library.layers import INITIALISATIONS
from sheets.library.relu_layers import ACTIVATIONS, relu_layers
from sheets.targets.numpy import Values

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = relu_layers()
PRESETS = {preset.title: preset.inputs for preset in SHEET.presets}
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
NUMBER = st.sampled_from([-1000.0, -1.0, 0.0, 0.5, 2.0, 1000.0]) | st.integers(-40, 40).map(
    lambda k: k / 8
)
BATCHES = st.lists(st.lists(NUMBER, min_size=3, max_size=3), min_size=1, max_size=6)
ONE_ROW = workbooks.register(
    "relu_layers one row", relu_layers, inputs={"x": [[1, 2, 3]], "activation": "ReLU"}
)
MANY_ROWS = workbooks.register(
    "relu_layers many rows",
    relu_layers,
    inputs={"x": np.arange(30).reshape(10, 3) - 15, "activation": "tanh"},
)


def by_pytorch(found: Values, x: np.ndarray, activation: str) -> list[np.ndarray]:
    """h_1, h_2, output."""
    torch = engines.pytorch()
    activations = {"ReLU": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    activate = activations.get(activation, lambda z: z)
    one, two, three = (torch.tensor(found[f"W_{k}"]) for k in (1, 2, 3))
    h_1 = activate(torch.tensor(x) @ one)
    h_2 = activate(h_1 @ two)
    return [h.numpy() for h in (h_1, h_2, h_2 @ three)]


@each_activation
@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_the_layers_are_pytorchs(activation, initialisation):
    computed = values(SHEET, {"activation": activation, "initialisation": initialisation})
    for name, expected in zip(
        ("h_1", "h_2", "output"), by_pytorch(computed, computed["x"], activation), strict=True
    ):
        np.testing.assert_allclose(computed[name], expected, rtol=1e-12, atol=1e-14, err_msg=name)


@BOUNDED
@given(BATCHES, st.integers(0, 100), st.sampled_from([0.001, 1, 10]))
def test_linear_on_linear_is_linear(x, seed, std):
    computed = values(
        SHEET, {"x": x, "seed": seed, "initialisation": "fixed", "std": std, "activation": "off"}
    )
    np.testing.assert_array_equal(
        computed["W_product"], computed["W_1"] @ computed["W_2"] @ computed["W_3"]
    )
    np.testing.assert_allclose(
        computed["difference"], 0, atol=1e-12 * (1 + np.abs(computed["output"]).max())
    )
    assert not computed["bent"].any() and computed["bent_rows"] == 0
    assert "Linear on linear is linear" in sentences(SHEET.with_inputs({"x": x}), computed)[0]


@pytest.mark.parametrize("activation", ACTIVATIONS[1:])
def test_with_an_activation_no_row_is_the_one_matrixs(activation):
    computed = values(SHEET, {"activation": activation})
    assert (np.abs(computed["difference"]).max(axis=1) > 0.01).all() and computed["bent"].all()


def test_what_relu_leaves_alone_stays_linear():
    positive = {f"W_{k}": np.ones(values(SHEET)[f"W_{k}"].shape) for k in (1, 2, 3)}
    computed = values(SHEET, {"activation": "ReLU", "x": [[1, 2, 3], [4, 5, 6]], **positive})
    assert not computed["difference"].any()
    assert "The activation is on, but it changes no output of this batch." in sentences(
        SHEET, computed
    )


@each_activation
def test_the_walk_goes_from_the_first_row_to_the_last(activation):
    computed = values(SHEET, {"activation": activation})
    ends = computed["x"][[0, -1]]
    np.testing.assert_allclose(computed["walk_x"][[0, -1]], ends, atol=1e-15)
    np.testing.assert_allclose(
        computed["walk_first"][[0, -1], 0], computed["output"][[0, -1], 0], rtol=1e-12
    )
    np.testing.assert_allclose(
        computed["walk_linear"][[0, -1], 0], computed["linear_output"][[0, -1], 0], rtol=1e-12
    )
    bends = np.abs(np.diff(computed["walk_first"][:, 0], 2)) > 1e-9
    assert (
        bends.any() == (activation != "off")
        and not (np.abs(np.diff(computed["walk_linear"][:, 0], 2)) > 1e-9).any()
    )


@BOUNDED
@given(BATCHES, st.integers(0, 100), st.sampled_from(ACTIVATIONS))
def test_dead_units_are_counted_and_named(x, seed, activation):
    inputs = {"x": x, "seed": seed, "activation": activation}
    computed = values(SHEET, inputs)
    layers = by_pytorch(computed, computed["x"], activation)[:2]
    dead = [
        f"Unit {unit + 1} of h_{k} is dead."
        for k, h in enumerate(layers, 1)
        for unit in range(h.shape[1])
        if activation == "ReLU" and not h[:, unit].any()
    ]
    said = sentences(SHEET.with_inputs(inputs), computed)
    assert [text for text in said if text.startswith("Unit")] == dead
    assert computed["dead_units"].item() == len(dead)
    assert any(text.startswith(f"Dead: {len(dead)} of 7 hidden units") for text in said) == bool(
        dead
    )
    assert ("No hidden unit is dead" in " ".join(said)) == (activation == "ReLU" and not dead)


# --- the same in every face


@BOUNDED
@given(BATCHES, st.integers(0, 100), st.sampled_from(ACTIVATIONS))
def test_the_page_shows_the_same(x, seed, activation):
    inputs = {"x": x, "seed": seed, "activation": activation}
    started = SHEET.with_inputs(inputs)
    ours, theirs = values(started), engines.in_javascript(started)
    assert not differences(
        {k: v for k, v in theirs.items() if k not in ROUNDED},
        {k: v for k, v in ours.items() if k not in ROUNDED},
    )
    scale = 1 + np.abs(ours["output"]).max()
    for name in ROUNDED:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-9, atol=1e-12 * scale)


ROUNDED = (
    "difference",
    "largest_difference",
)  # of nothing but rounding while the activation is off


@pytest.mark.parametrize(
    ("engine", "book"),
    [
        (workbooks.in_ironcalc, MANY_ROWS),
        (workbooks.in_libreoffice, MANY_ROWS),
        (workbooks.in_libreoffice, ONE_ROW),  # IronCalc has no INDEX of a single cell
    ],
)
def test_the_workbook_of_other_rows_shows_the_same(engine, book):
    cached, found = workbooks.cached(book), engine(book)
    assert not {
        key: (x, found.get(key))
        for key, x in cached.items()
        if engines.is_error(x) or engines.different(x, found.get(key))
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("x", []), ("x", [[1, 2]]), ("x", [[1e308, 0, 0]]), ("W_1", 5), ("activation", "on")],
)
def test_an_input_that_cannot_be(name, value):
    with pytest.raises(InputError, match=rf"^{name} .*must"):
        values(SHEET, {name: value})


# --- its words


@pytest.mark.parametrize("title", PRESETS)
def test_the_sentences_are_true_in_the_story(title):
    started = SHEET.with_inputs(PRESETS[title])
    computed = values(started)
    said = sentences(started, computed)
    activation = ACTIVATIONS[int(computed["activation"].item())]
    bent = (np.abs(computed["difference"]) > 1e-9).any(axis=1).sum()
    if activation == "off":
        assert "Linear on linear is linear" in said[0] and bent == 0 and len(said) == 1
    else:
        largest = np.abs(computed["difference"]).max()
        assert (
            said[0]
            == f"With {activation} between them, one matrix misses {bent} of 5 rows, by at most"
            f" {largest:.4f}."
        )


def bends() -> list[float]:
    """Where the first output bends on a walk of a million steps from the first row to the last.

    Without the sheet's own walk, whose sixty steps see bends that are near each other as one.
    """
    computed = values(SHEET, {"activation": "ReLU"})
    part = np.linspace(0, 1, 1_000_001)
    first, last = computed["x"][[0, -1]]
    h = first + part[:, np.newaxis] * (last - first)
    for k in (1, 2):
        h = np.maximum(0, h @ computed[f"W_{k}"])
    turns = np.abs(np.diff(h @ computed["W_3"][:, :1], 2, axis=0))[:, 0] > 1e-9
    places = part[1:-1][turns]
    return [each for k, each in enumerate(places) if not k or each - places[k - 1] > 1e-5]


def test_the_numbers_in_the_lesson_are_the_sheets():
    text = notebook("relu_layers").read_text(encoding="utf-8")
    for activation in ("ReLU", "tanh", "sigmoid"):
        assert (
            f"{values(SHEET, {'activation': activation})['largest_difference'].item():.4f}" in text
        )
    assert "bends five times" in text
    assert all(f"{place:.3f}" in text for place in bends())
    dead = values(SHEET, PRESETS["A dead unit"])
    np.testing.assert_array_equal(dead["dead_1"], [[0, 0, 1, 0]])
    woken = values(
        SHEET,
        {
            **PRESETS["A dead unit"],
            "x": [[2, 3, 1], [1, -1, 2], [-2, 1, -1], [0, 2, 3], [-1, -3, 2]],
        },
    )
    np.testing.assert_array_equal(woken["h_1"][:, 2] > 0, [False, False, True, False, False])


def test_the_line_of_the_layers_bends_five_times():
    assert len(bends()) == 5
    relu = next(preset for preset in SHEET.presets if preset.title.startswith("ReLU"))
    assert "bends five times" in "".join(str(piece) for piece in relu.happened)


def test_what_the_story_says_of_halves_and_of_the_dead_unit_is_so():
    nothing = values(SHEET, {"activation": "sigmoid", "x": [[0, 0, 0]]})
    np.testing.assert_array_equal(nothing["h_1"], 0.5)
    dead = values(SHEET, PRESETS["A dead unit"])
    assert (dead["W_1"][:, 2] != 0).tolist() == [False, False, True]
    assert dead["W_1"][2, 2] < 0 and (dead["x"][:, 2] >= 0).all() and not dead["h_1"][:, 2].any()
    off = values(SHEET, PRESETS["The same, off"])
    np.testing.assert_array_equal(off["W_1"], dead["W_1"])
    assert not off["dead_units"].item() and (off["h_1"][:, 2] <= 0).all()
