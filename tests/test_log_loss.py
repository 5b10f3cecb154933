"""The log loss lesson tells the truth: against plain arithmetic, against the lecture, and in its
words.
"""

from __future__ import annotations

import math
import re

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, bounded, differences
from hypothesis import given
from hypothesis import strategies as st
from lesson_texts import text_of

from lessons.course import notebook
from sheets import Sheet, sentences, values
from sheets.language.inputs import MAX_ROWS
from sheets.library.log_loss import log_loss
from sheets.targets.excel import write

SHEET = log_loss()
PRESETS = {preset.title: preset.inputs for preset in SHEET.presets}
TOLERANCE = 1e-12

PROBABILITY = (
    st.sampled_from([0.0, 1.0, 0.5, 0.1, 0.9, 1e-9])
    | st.integers(0, 100).map(lambda k: k / 100)
    | st.floats(0, 1)
)
CLIP = st.sampled_from([0.0, 1e-4, 0.4, 0.1, 0.02]) | st.floats(0, 0.4)
ROWS = st.lists(st.tuples(st.integers(0, 1), PROBABILITY), min_size=1, max_size=12)
# Spreadsheets take the tiniest differences for none.
NOT_TINY = PROBABILITY.filter(lambda x: x == 0 or x > 1e-12)


def inputs_of(rows: list[tuple[int, float]], clip: float) -> dict:
    return {"is_cat": [y for y, _ in rows], "prediction": [p for _, p in rows], "clip": clip}


def clipped(p: float, clip: float) -> float:
    return min(max(p, clip), 1 - clip)


def loss(y: int, p: float, clip: float) -> float:
    """The definition, by hand: minus the log of the probability given to what was true."""
    if y == 0 and p == 1 - clip == 1:
        return math.inf  # a clip so small that 1 - clip is 1 holds nothing from above
    truth = clipped(p if y == 1 else 1 - p, clip)
    return -math.log(truth) if truth > 0 else math.inf


def slope(y: int, p: float, clip: float, n: int) -> float:
    """d mean / d prediction by hand; 1 at the clip's own limits, 0 beyond them."""
    q = clipped(p, clip)
    if not clip <= p <= 1 - clip:
        return 0.0
    truth, sign = (q, -1) if y == 1 else (1 - q, 1)
    return sign / n / truth if truth > 0 else sign * math.inf


# --- the numbers


@BOUNDED
@given(ROWS, CLIP)
def test_both_forms_are_the_definition(rows, clip):
    computed = values(SHEET, inputs_of(rows, clip))
    expected = np.array([[loss(y, p, clip)] for y, p in rows])
    for name in ("loss_if", "loss_product"):
        np.testing.assert_allclose(computed[name], expected, rtol=TOLERANCE, atol=1e-15)
    assert computed["loss_mean"].item() == pytest.approx(expected.mean(), rel=TOLERANCE)
    assert computed["worst_loss"].item() == pytest.approx(expected.max(), rel=TOLERANCE)


@BOUNDED
@given(ROWS, CLIP)
def test_the_difference_is_exactly_nothing(rows, clip):
    assert (values(SHEET, inputs_of(rows, clip))["difference"] == 0).all()


@BOUNDED
@given(ROWS, CLIP)
def test_the_slopes_are_the_definitions_and_zero_where_the_clip_holds(rows, clip):
    computed = values(SHEET, inputs_of(rows, clip))
    expected = np.array([[slope(y, p, clip, len(rows))] for y, p in rows])
    np.testing.assert_allclose(computed["d_prediction"], expected, rtol=TOLERANCE)
    np.testing.assert_array_equal(
        computed["flattened"] == 1, [[p < clip or p > 1 - clip] for _, p in rows]
    )
    assert (computed["d_prediction"][computed["flattened"] == 1] == 0).all()


@BOUNDED
@given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0.05, 0.95)), min_size=1, max_size=8),
    st.floats(0, 0.04),
)
def test_finite_differences_stand_beside_the_slopes(rows, clip):
    computed = values(SHEET, {**inputs_of(rows, clip), "nudge": 1e-5})
    np.testing.assert_allclose(computed["finite_difference"], computed["d_prediction"], rtol=1e-6)


@BOUNDED
@given(ROWS, CLIP)
def test_the_mean_is_infinite_only_if_a_row_was_certain_and_wrong(rows, clip):
    computed = values(SHEET, inputs_of(rows, clip))
    hopeless = [k + 1 for k, (y, p) in enumerate(rows) if loss(y, p, clip) == math.inf]
    assert math.isinf(computed["loss_mean"].item()) == bool(hopeless)
    assert computed["certain_rows"].item() == len(hopeless)
    assert computed["certain_row"].item() == max(hopeless, default=0)
    assert clip < 1e-15 or not hopeless
    said = sentences(SHEET.with_inputs(inputs_of(rows, clip)), computed)
    assert ("infinite: " in said[0]) == bool(hopeless)
    assert not hopeless or f"row {hopeless[-1]}" in said[0] or len(hopeless) == 1 == len(rows)


@BOUNDED
@given(ROWS, CLIP)
def test_no_number_is_undefined_and_the_rest_adds_up(rows, clip):
    computed = values(SHEET, inputs_of(rows, clip))
    assert not [name for name, x in computed.items() if np.isnan(x).any()]
    assert computed["row_count"].item() == len(rows)
    assert computed["accuracy"].item() == pytest.approx(np.mean([(p >= 0.5) == y for y, p in rows]))
    losses = [loss(y, p, clip) for y, p in rows]
    if 0 < max(losses) < math.inf:
        worst = [x for x in losses if x > max(losses) * (1 - 1e-9)]
        assert computed["worst_share"].item() == pytest.approx(sum(worst) / sum(losses), rel=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 41, MAX_ROWS])
def test_any_number_of_rows(count):
    random = np.random.default_rng(count)
    rows = [
        (int(y), float(p))
        for y, p in zip(random.integers(0, 2, count), random.uniform(0, 1, count), strict=True)
    ]
    computed = values(SHEET, inputs_of(rows, 0.01))
    assert computed["loss_mean"].item() == pytest.approx(
        np.mean([loss(y, p, 0.01) for y, p in rows]), rel=TOLERANCE
    )
    assert all(
        len(computed[name]) == count
        for name in ("loss_if", "d_prediction", "finite_difference", "point_loss")
    )


@pytest.mark.parametrize("clip", [1e-15, 3e-15, 1e-9])
def test_both_mistakes_cost_the_same_to_the_last_digit(clip):
    """scikit-learn's number, and JavaScript's and a workbook's: 1 - (1 - 1e-15) is not 1e-15."""
    inputs = inputs_of([(1, 0.0), (0, 1.0)], clip)
    path = workbooks.folder() / "near_one.xlsx"
    write(SHEET, path, inputs)
    in_workbook = engines.numbers(SHEET.with_inputs(inputs), engines.in_ironcalc(path))
    for found in (values(SHEET, inputs), engines.in_javascript(SHEET, inputs), in_workbook):
        for name in ("loss_if", "loss_product"):
            np.testing.assert_allclose(found[name], -math.log(clip), rtol=1e-15)


# --- the same in every face, for whatever a class types


@BOUNDED
@given(ROWS, CLIP)
def test_the_page_shows_the_same_numbers_and_sentences(rows, clip):
    inputs = inputs_of(rows, clip)
    ours, theirs = values(SHEET, inputs), engines.in_javascript(SHEET, inputs)
    assert not differences(theirs, ours)
    resized = SHEET.with_inputs(inputs)
    said = sentences(resized, ours)
    assert len(said) == (theirs["_said"] != 0).sum()


@pytest.mark.thorough
@bounded(25)
@given(
    st.lists(st.tuples(st.integers(0, 1), NOT_TINY), min_size=1, max_size=12),
    CLIP.filter(lambda x: x == 0 or x > 1e-12),
)
def test_the_workbook_shows_the_same_and_no_error(rows, clip):
    path = workbooks.folder() / "typed.xlsx"
    write(SHEET, path, inputs_of(rows, clip))
    before, after = engines.cached_cells(path), engines.in_ironcalc(path)
    assert not [key for key, x in after.items() if engines.is_error(x)]
    assert not {
        key: (x, after[key]) for key, x in before.items() if engines.different(x, after[key])
    }


# --- the lecture


def test_the_courses_own_five_rows():
    """Its spreadsheet takes logs to base 10; these are natural, as Kaggle's."""
    rows = [(1, 0.5), (1, 0.98), (0, 0.9), (0, 0.5), (1, 0.9)]
    computed = values(SHEET, inputs_of(rows, 0))
    base_10 = [0.30103, 0.008774, 1.0, 0.30103, 0.045757]
    np.testing.assert_allclose(computed["loss_if"].ravel() / math.log(10), base_10, atol=1e-6)


def test_kaggle_nudges_by_a_ten_thousandth():
    computed = values(SHEET, PRESETS["Kaggle's 0.0001"])
    assert (
        computed["worst_loss"].item()
        == pytest.approx(-math.log(0.0001))
        == pytest.approx(9.2103, abs=1e-4)
    )


def test_the_story_is_of_a_model_that_is_right_in_39_of_40():
    for title, inputs in PRESETS.items():
        if title not in ("Five rows", "The wrong column"):
            computed = values(SHEET, inputs)
            assert computed["accuracy"].item() == 0.975 == computed["model_accuracy"].item()
            assert computed["row_count"].item() == 40
            assert computed["is_cat"].mean() == 0.5


def test_the_storys_losses_come_in_the_lectures_order():
    """1s and 0s are infinite, Kaggle's nudge poor, 0.05 better, 0.02 a little better still, and 1 -
    A = 0.025 the best of the clips.
    """
    mean = {title: values(SHEET, inputs)["loss_mean"].item() for title, inputs in PRESETS.items()}
    assert mean["What if I submit 1s and 0s?"] == math.inf
    assert (
        mean["Kaggle's 0.0001"]
        > mean["Clip at 0.05"]
        > mean["Clip at 0.02"]
        > mean["Clip at 0.025"]
        > mean["Honest predictions"]
    )


@pytest.mark.parametrize("clip", [1e-4, 0.05, 0.02, 0.025])
def test_a_certain_class_costs_what_the_formula_expects(clip):
    inputs = next(
        inputs
        for inputs in PRESETS.values()
        if inputs["clip"] == clip and set(inputs["prediction"].ravel()) == {0, 1}
    )
    computed = values(SHEET, inputs)
    by_hand = -(39 * math.log(1 - clip) + math.log(clip)) / 40
    assert computed["loss_mean"].item() == pytest.approx(by_hand, rel=TOLERANCE)
    assert computed["loss_at_clip"].item() == pytest.approx(by_hand, rel=TOLERANCE)


@BOUNDED
@given(st.floats(0.5, 0.999), st.floats(1e-6, 0.5))
def test_the_expected_loss_is_least_at_one_minus_a(accuracy, c):
    computed = values(SHEET, {"model_accuracy": accuracy})
    assert computed["best_clip"].item() == pytest.approx(1 - accuracy)
    expected_at_c = -(accuracy * math.log(1 - c) + (1 - accuracy) * math.log(c))
    assert computed["least_loss"].item() <= expected_at_c + 1e-12
    assert computed["least_loss"].item() <= computed["curve_expected"].min() + 1e-12


def test_the_curves_are_the_formulas():
    computed = values(SHEET, {"clip": 0.01, "model_accuracy": 0.9})
    c, x = computed["curve_c"], computed["curve_prediction"]
    assert (c[0].item(), c[-1].item()) == pytest.approx((1e-5, 0.5))
    assert (x[0].item(), x[-1].item()) == pytest.approx((0, 1))
    assert (np.diff(x, axis=0) > 0).all() and (np.diff(c, axis=0) > 0).all()
    np.testing.assert_allclose(computed["curve_expected"], -(0.9 * np.log(1 - c) + 0.1 * np.log(c)))
    np.testing.assert_allclose(computed["curve_cat"], -np.log(np.clip(x, 0.01, 0.99)))
    np.testing.assert_allclose(computed["curve_not_cat"], -np.log(1 - np.clip(x, 0.01, 0.99)))


def test_the_points_lie_on_the_curves_and_in_the_charts():
    for inputs in PRESETS.values():
        computed = values(SHEET, inputs)
        np.testing.assert_array_equal(computed["point_loss"], np.minimum(10, computed["loss_if"]))
    for chart in SHEET.charts:
        for start in PRESETS.values():
            computed = values(SHEET, start)
            for series in chart.series:
                x, y = computed[series.x], computed[series.y]
                assert x.min() >= chart.x.low * (1 - 1e-9) and x.max() <= chart.x.high * (1 + 1e-9)
                assert y.min() >= chart.y.low and y.max() <= chart.y.high


# --- the words


def said(title: str) -> str:
    return " ".join(sentences(SHEET, values(SHEET, PRESETS[title])))


def test_what_the_story_says_of_rows_is_so():
    five, honest, certain = (values(SHEET, preset.inputs) for preset in SHEET.presets[:3])
    assert five["loss_if"][2].item() == pytest.approx(math.log(2))
    assert five["loss_if"][4] > five["loss_if"][:4].sum()
    assert honest["prediction"][12].item() == 0.3 and honest["is_cat"][12].item() == 1
    assert certain["prediction"][12].item() == 0 and certain["is_cat"][12].item() == 1


def test_a_wider_clip_makes_every_row_but_the_wrong_one_worse():
    kaggle, wide = (values(SHEET, SHEET.presets[k].inputs)["loss_if"].ravel() for k in (3, 4))
    worse = wide > kaggle
    assert worse.sum() == 39 and not worse[12]


@BOUNDED
@given(ROWS, CLIP)
def test_the_costliest_row_is_the_one_that_costs_most(rows, clip):
    computed = values(SHEET, inputs_of(rows, clip))
    losses = [loss(y, p, clip) for y, p in rows]
    dear = [k + 1 for k, x in enumerate(losses) if x >= max(losses) * (1 - 1e-9)]
    assert computed["worst_row"].item() == dear[-1]


def test_the_titles_name_the_values_they_set():
    for title, inputs in PRESETS.items():
        number = re.search(r"0\.\d+", title)
        assert number is None or float(number[0]) == inputs["clip"].item()
    assert "97.5%" in next(
        preset.predict for preset in SHEET.presets if preset.title == "Honest predictions"
    )


def test_what_is_said_of_five_rows():
    losses = [loss(y, p, 1e-4) for y, p in [(1, 0.98), (0, 0.1), (1, 0.5), (0, 0.9), (1, 0.02)]]
    text = said("Five rows")
    assert f"Mean log loss {sum(losses) / 5:.4f}, accuracy 60%" in text
    assert (
        f"The costliest row costs {max(losses):.4f}: {max(losses) / sum(losses):.2%} of the whole"
        " loss" in text
    )
    assert losses[2] == math.log(2)  # "which one costs exactly what a coin toss would?"


def test_what_is_said_of_1s_and_0s():
    """In words why the loss is infinite, and which row it was: the thirteenth, a cat
    called no cat.
    """
    text = said("What if I submit 1s and 0s?")
    assert text.startswith(
        "The mean loss is infinite: row 13 gave probability 0 to what was true, and -ln 0 is"
        " infinite."
    )
    inputs = PRESETS["What if I submit 1s and 0s?"]
    assert (inputs["is_cat"][12], inputs["prediction"][12]) == (1, 0)
    assert "Mean log loss" not in text


@pytest.mark.parametrize("title", [title for title in PRESETS if "0.0" in title])
def test_what_is_said_of_a_clip(title):
    clip = PRESETS[title]["clip"].item()
    losses = [-math.log(1 - clip)] * 39 + [-math.log(clip)]
    text = said(title)
    assert f"Mean log loss {sum(losses) / 40:.4f}, accuracy 97.5%" in text
    assert (
        f"The costliest row costs {losses[-1]:.4f}: {losses[-1] / sum(losses):.2%} of the whole"
        " loss" in text
    )
    assert "The clip holds 40 of 40 predictions: there the loss is flat" in text
    least = -(0.975 * math.log(0.975) + 0.025 * math.log(0.025))
    assert "c = 1 - A = 0.025" in text and f"expects a loss of {least:.4f}" in text


def test_what_is_said_when_all_were_certain_and_right():
    right = SHEET.with_inputs(inputs_of([(1, 1), (0, 0)], 0))
    computed = values(right)
    assert computed["loss_mean"].item() == 0
    assert any(
        "every row gave probability 1 to what was true" in text
        for text in sentences(right, computed)
    )


@BOUNDED
@given(ROWS, CLIP)
def test_one_sentence_of_the_mean_is_said_whatever_is_typed(rows, clip):
    s: Sheet = SHEET.with_inputs(inputs_of(rows, clip))
    text = sentences(s, values(s))
    assert (
        sum(
            sentence.startswith(("Mean log loss", "The mean loss is infinite")) for sentence in text
        )
        == 1
    )
    assert all("{" not in sentence and "undefined" not in sentence for sentence in text)


def test_the_wrong_column_costs_what_is_told_and_38_is_beyond_the_usual_clips():
    """39 of 40 rows certain and wrong, and one right by mistake, at Kaggle's clip."""
    text, found = text_of(notebook("log_loss")), values(SHEET, PRESETS["The wrong column"])
    mean = (39 * -math.log(1e-4) - math.log(1 - 1e-4)) / 40
    assert found["loss_mean"].item() == pytest.approx(mean)
    assert mean < found["worst_loss"].item()
    assert f"no mean can be above {-math.log(1e-4):.2f}" in text and f"ours is {mean:.2f}" in text
    assert f"{-math.log(1e-7):.2f}$" in text and f"{-math.log(1e-15):.2f}$" in text
    assert -math.log(1e-15) < 38 and f"{math.exp(-38) * 1e17:.1f} \\cdot 10^{{-17}}" in text
    assert math.exp(-38) < np.spacing(0.5)  # the gap between neighbouring numbers near one


def test_between_the_clips_of_two_steps_the_mark_passes_the_lowest_point():
    """As "Clip at 0.02" tells: down one side of the valley, and a little up the other."""
    first, second = (values(SHEET, PRESETS[f"Clip at {clip}"]) for clip in (0.05, 0.02))
    least = second["best_clip"].item()
    assert first["clip"].item() > least > second["clip"].item()
    assert first["loss_mean"] > second["loss_mean"] > second["least_loss"]
