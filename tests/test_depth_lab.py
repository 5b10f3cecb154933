"""The depth lab tells the truth: layer by layer against PyTorch, its theory against many draws, in
every face, and in its words.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable

import engines
import numpy as np
import pytest
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st

from lessons.course import notebook
from lessons.pages import lesson_page
from sheets import InputError, sentences, values
from sheets.language.formats import in_words
from sheets.library.depth_lab import (
    ACTIVATIONS,
    BATCH,
    DEPTH,
    LARGEST_SINGLE,
    SMALLEST_SINGLE,
    depth_lab,
)
from sheets.library.layers import INITIALISATIONS
from sheets.targets.excel import write
from sheets.targets.numpy import Values

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = depth_lab()
PRESETS = [preset.inputs for preset in SHEET.presets]
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
each_preset = pytest.mark.parametrize("preset", range(len(PRESETS)))


def in_torch(activation: str) -> Callable:
    torch = engines.pytorch()
    return {"none": lambda z: z, "tanh": torch.tanh, "ReLU": torch.relu}[activation]


def activations_of(found: Values, activation: str) -> list:
    """x and every layer, as PyTorch's tensors from the sheet's own noise."""
    torch = engines.pytorch()
    width = found["x"].shape[1]
    noise = torch.tensor(found["noise"])
    layers = [torch.tensor(found["x"])]
    for k in range(DEPTH):
        weight = noise[k * width : (k + 1) * width] * found["weight_std"].item()
        layers.append(in_torch(activation)(layers[-1] @ weight))
    return layers


# --- the numbers


@each_activation
@pytest.mark.parametrize("initialisation", INITIALISATIONS)
@pytest.mark.parametrize("width", [2, 8, 33])
def test_every_layer_is_pytorchs(activation, initialisation, width):
    computed = values(
        SHEET,
        {
            "width": width,
            "activation": activation,
            "initialisation": initialisation,
            "layers": DEPTH,
            "std": 0.3,
        },
    )
    torch = engines.pytorch()
    layers = activations_of(computed, activation)
    np.testing.assert_allclose(computed["h_50"], layers[-1].numpy(), rtol=1e-9, atol=1e-300)
    stds = np.array([[torch.std(h, correction=0).item()] for h in layers])
    np.testing.assert_allclose(computed["activation_std"], stds, rtol=1e-9)
    means = np.array([[h.mean().item()] for h in layers])
    assert (
        np.abs(computed["activation_mean"] - means) <= 1e-9 * np.abs(means) + 1e-12 * stds
    ).all()
    assert (
        computed["activation_mean"][0] == 0
    )  # of normalised inputs, which a sum in doubles misses by its rounding


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
@pytest.mark.parametrize("width", [2, 8])
def test_the_standard_deviation_is_the_rules(initialisation, width):
    rules = {
        "fixed": 0.3,
        "lecture": 1 / width,
        "glorot": math.sqrt(1 / width),
        "he": math.sqrt(2 / width),
        "zeros": 0,
    }
    computed = values(SHEET, {"width": width, "initialisation": initialisation, "std": 0.3})
    assert computed["weight_std"].item() == pytest.approx(rules[initialisation], rel=1e-15)


def test_the_batch_is_normalised():
    x = values(SHEET)["x"]
    assert (
        x.shape == (BATCH, 8)
        and x.mean() == pytest.approx(0, abs=1e-15)
        and x.std() == pytest.approx(1, rel=1e-14)
    )


def test_no_two_numbers_of_noise_are_one():
    noise = values(SHEET)["noise"]
    assert noise.shape == (DEPTH * 8 + BATCH, 8) and len(np.unique(noise)) == noise.size


@pytest.mark.parametrize("layers", [1, 7, DEPTH])
def test_rows_below_the_last_layer_repeat_it(layers):
    found, whole = values(SHEET, {"layers": layers}), values(SHEET, {"layers": DEPTH})
    shown = np.minimum(np.arange(DEPTH + 1), layers)
    np.testing.assert_array_equal(found["layer"].ravel(), shown)
    for name in ("activation_mean", "activation_std", "theory_std"):
        np.testing.assert_array_equal(found[name], whole[name][shown])
    assert found["last_std"] == whole["activation_std"][layers]


# --- the theory


@each_activation
def test_the_theory_is_what_many_draws_have_on_average(activation):
    """Mean squares of 40,000 networks of width 4: within five standard errors of the theory, and
    for tanh not above it.
    """
    torch = engines.pytorch()
    width, std, draws = 4, 0.6, 40_000
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(width, generator=generator, dtype=torch.float64)
    h = (h / h.square().mean().sqrt()).expand(draws, 1, width)
    theory = values(SHEET, {"width": width, "std": std, "activation": activation})[
        "theory_std"
    ].ravel()
    kept = 1 - 1 / math.pi if activation == "ReLU" else 1
    for layer in (1, 2, 3):
        weights = torch.randn(draws, width, width, generator=generator, dtype=torch.float64) * std
        h = in_torch(activation)(h @ weights)
        squares = h.square().mean(dim=(1, 2))
        excess = (squares.mean().item() - theory[layer] ** 2 / kept) / (
            squares.std().item() / math.sqrt(draws)
        )
        assert excess < 5 and (excess > -5 or activation == "tanh")


def test_a_wide_network_follows_the_theory_also_in_its_standard_deviation():
    for activation in ("none", "ReLU"):
        computed = values(
            SHEET, {"width": 128, "initialisation": "he", "activation": activation, "layers": 5}
        )
        np.testing.assert_allclose(
            computed["activation_std"][:6], computed["theory_std"][:6], rtol=0.35
        )


# --- live


def test_only_the_seed_redraws_and_layers_recompute_no_layer():
    noise = {
        name for name, block in SHEET.blocks.items() if name.startswith("noise") or name == "x"
    }
    assert noise <= SHEET.reached_from(["seed"])
    assert not [
        name
        for name in ("std", "initialisation", "activation", "layers")
        if noise & SHEET.reached_from([name])
    ]
    assert not [name for name in SHEET.reached_from(["layers"]) if re.match("[Wzh]_", name)]


@each_activation
@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_the_page_computes_the_same(activation, initialisation):
    inputs = {"activation": activation, "initialisation": initialisation, "std": 0.5, "width": 17}
    assert not differences(engines.in_javascript(SHEET.with_inputs(inputs)), values(SHEET, inputs))


@pytest.mark.parametrize("std", [10, 0.001])
@pytest.mark.parametrize("width", [2, 128])
@pytest.mark.parametrize("activation", ["none", "ReLU"])
def test_at_either_end_every_number_is_finite(std, width, activation):
    computed = values(
        SHEET, {"std": std, "width": width, "activation": activation, "layers": DEPTH}
    )
    assert not [name for name, block in computed.items() if not np.isfinite(block).all()]


def test_a_wide_page_lives_and_says_why_it_has_no_workbook(page, tmp_path):
    file = tmp_path / "wide.html"
    file.write_text(lesson_page("depth_lab", {"width": 128, "layers": 50}), encoding="utf-8")
    page.goto(file.as_uri())
    said = page.locator(".gs-sentences p").first
    assert "explode" in said.inner_text()
    page.get_by_role("textbox", name="std", exact=True).fill("0.01")
    page.get_by_role("textbox", name="std", exact=True).press("Enter")
    page.wait_for_function(
        "document.querySelector('.gs-sentences p').textContent.includes('vanish')"
    )
    page.get_by_role("button", name="Download workbook").click()
    page.wait_for_function("document.querySelector('.gs-said').textContent.includes('lower width')")


def test_a_workbook_that_is_too_large_is_refused_with_what_to_lower():
    with pytest.raises(InputError, match=r"formulas.*lower width \(now 128\)"):
        write(SHEET, io.BytesIO(), {"width": 128})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 0),
        ("layers", 51),
        ("width", 1),
        ("width", 129),
        ("std", 0),
        ("activation", "GELU"),
    ],
)
def test_an_input_that_cannot_be(name, value):
    with pytest.raises(InputError, match=rf"^{name} .*must be"):
        values(SHEET, {name: value})


# --- its words


def state_of(found: Values) -> str:
    last = found["activation_std"][-1].item()
    if last == 0:
        return "Every weight is 0" if found["weight_std"] == 0 else "fell silent"
    return "explode" if last > 1000 else "vanish" if last < 0.001 else "neither explode nor vanish"


def check_words(inputs: dict) -> None:
    computed = values(SHEET, inputs)
    said = sentences(SHEET.with_inputs(inputs), computed)
    states = [text for text in said if re.search("explode|vanish|Every weight|fell silent", text)]
    assert len(states) == 1 and state_of(computed) in states[0] == said[0]
    std, layer = computed["activation_std"].ravel(), computed["layer"].ravel()
    beyond = [int(k) for k, x in zip(layer, std, strict=True) if x > LARGEST_SINGLE]
    below = [int(k) for k, x in zip(layer, std, strict=True) if 0 < x < SMALLEST_SINGLE]
    assert [text for text in said if "would already be infinite" in text] == [
        f"In the 32-bit numbers that networks train with, layer {k} would already be infinite."
        for k in beyond[:1]
    ]
    assert [text for text in said if "would already be 0" in text] == [
        f"In the 32-bit numbers that networks train with, layer {k} would already be 0."
        for k in below[:1]
    ]
    assert in_words(computed["expected_factor"].item(), ".4f") in said[-1]


@each_preset
def test_the_sentences_are_true_in_the_story(preset):
    check_words(PRESETS[preset])


@BOUNDED
@given(
    st.sampled_from(ACTIVATIONS),
    st.sampled_from(INITIALISATIONS),
    st.sampled_from([0.001, 0.02, 0.35, 0.5, 1, 10]),
    st.integers(1, DEPTH),
    st.integers(0, 40),
    st.sampled_from([2, 3, 8]),
)
def test_the_sentences_are_true(activation, initialisation, std, layers, seed, width):
    check_words(
        {
            "activation": activation,
            "initialisation": initialisation,
            "std": std,
            "layers": layers,
            "seed": seed,
            "width": width,
        }
    )


def test_the_story_says_where_the_lines_go():
    tanh, glorot = (values(SHEET, PRESETS[k])["std_each"].ravel() for k in (4, 3))
    assert (np.diff(tanh) < 0).mean() > 0.5 and tanh[-1] < tanh[-10] < tanh[10]
    assert glorot.min() > 0.1 and glorot.max() < 10  # it wanders, but it does not run off
    up, down = (np.log(values(SHEET, PRESETS[k])["std_each"].ravel()) for k in (0, 1))
    np.testing.assert_allclose(np.diff(up) - np.diff(down), np.log(10))  # one line, tilted


def test_the_numbers_in_the_lesson_are_the_sheets():
    text = notebook("depth_lab").read_text(encoding="utf-8")
    table = re.findall(r"\| ([0-9.]+) \| [^|]*?([0-9.]+)\$? \|", text)
    rules = [values(SHEET, PRESETS[k]) for k in (0, 1, 2, 3, 5, 6)]
    assert len(table) == len(rules)
    for (deviation, factor), found in zip(table, rules, strict=True):
        assert float(deviation) == round(found["weight_std"].item(), 3)
        digits = len(factor.partition(".")[2])
        assert factor == f"{found['expected_factor'].item():.{digits}f}"
    wide = values(SHEET, {**PRESETS[6], "width": 128})
    assert (
        f"{wide['last_std'].item():.3f}, where theory expects {wide['theory_std'][-1].item():.3f}"
        in text
    )
    assert f"10^{values(SHEET, {'std': 10, 'layers': DEPTH})['last_power'].item():.0f}" in text


def test_the_means_line_begins_at_layer_1():
    """The inputs are centred: a line from their mean of nearly 0 would fall off the chart."""
    found = values(SHEET)
    assert abs(found["activation_mean"][0].item()) < 1e-12
    assert found["mean_layer"][0] == 1 and len(found["mean_layer"]) == len(found["mean_drawn"])
    assert (found["mean_drawn"] > 1e-6).all()
