"""The line lesson tells the truth: against PyTorch, numpy.linalg and plain arithmetic, in every
face, and in its words.
"""

from __future__ import annotations

import json
import math
import re

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED, differences
from hypothesis import given
from hypothesis import strategies as st
from pages import cell, choose_step

from lessons.course import notebook
from sheets import InputError, sentences, values
from sheets.language.dependencies import refs
from sheets.language.formats import LARGE, MANY, in_words
from sheets.library.line_fit import line_fit
from sheets.targets.excel.steps import FIRST_ROW
from sheets.targets.javascript import program
from sheets.targets.numpy import Values, trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = line_fit()
PRESETS = {preset.title: preset.inputs for preset in SHEET.presets}
each_preset = pytest.mark.parametrize("title", PRESETS)
STORY, SMALL, UNDER, OVER, ONE_POINT, ONE_NOISY, TEN_NOISY, ONE_X = PRESETS
POINTS = st.lists(
    st.tuples(
        st.integers(0, 100).map(lambda k: k / 100), st.integers(-200, 200).map(lambda k: k / 10)
    ),
    min_size=1,
    max_size=12,
)
BATCHES = {
    "all": {},
    "mini-batch": {"batch": "mini-batch", "batch_size": 4},
    "one": {"batch": "one"},
}


def rows(points: list[tuple[float, float]]) -> dict:
    return {"x": [x for x, _ in points], "y": [y for _, y in points]}


def run(inputs: dict, steps: int) -> list[Values]:
    return list(trajectory(SHEET.with_inputs(inputs), steps))


def column(found: list[Values], name: str) -> np.ndarray:
    return np.array([each[name].item() for each in found])


# --- the lecture


def test_the_first_update_is_the_lectures():
    computed = values(SHEET)
    assert [
        computed[name].item() for name in ("a", "b", "a_true", "b_true", "learning_rate", "noise")
    ] == [-1, 1, 3, 8, 0.01, 0]
    np.testing.assert_array_equal(computed["y"], 3 * computed["x"] + 8)
    assert (
        computed["x"].shape == (30, 1)
        and 0 < computed["x"].min() < 0.1
        and 0.9 < computed["x"].max() < 1
    )
    assert (
        f"a ← -1.00 - 0.01 × ({computed['d_a_mean'].item():.2f}) = {computed['a_next'].item():.2f}"
        == "a ← -1.00 - 0.01 × (-9.94) = -0.90"
    )
    assert (
        "The next update: a ← -1 - 0.01 × (-9.94) = -0.90 and b ← 1 - 0.01"
        in sentences(SHEET, computed)[0]
    )


# --- PyTorch


def loss_of(a, b, x, y, chosen):
    return ((a * x + b - y) ** 2)[chosen].mean()


@pytest.mark.parametrize("noise", [0, 0.5])
@pytest.mark.parametrize("batch", BATCHES)
def test_a_hundred_updates_are_pytorchs(batch, noise):
    torch = engines.pytorch()
    computed = run({**BATCHES[batch], "noise": noise, "learning_rate": 0.1}, 100)
    x, y = (torch.tensor(computed[0][name].ravel()) for name in "xy")
    a, b = (torch.tensor(start, dtype=torch.float64, requires_grad=True) for start in (-1.0, 1.0))
    descent = torch.optim.SGD([a, b], lr=0.1)
    for each in computed:
        assert each["a"].item() == pytest.approx(a.item(), rel=1e-12, abs=1e-12)
        assert each["b"].item() == pytest.approx(b.item(), rel=1e-12, abs=1e-12)
        descent.zero_grad()
        loss_of(a, b, x, y, torch.tensor(each["in_batch"].ravel() == 1)).backward()
        descent.step()


@BOUNDED
@given(POINTS, st.floats(-20, 20), st.floats(-20, 20))
def test_gradients_hessian_and_their_limit_are_pytorchs_and_numpys(points, a, b):
    torch = engines.pytorch()
    computed = values(SHEET, {**rows(points), "a": a, "b": b})
    x, y = (torch.tensor(computed[name].ravel()) for name in "xy")
    each = torch.func.vmap(
        torch.func.grad(lambda a, b, x, y: (a * x + b - y) ** 2, argnums=(0, 1)),
        in_dims=(None, None, 0, 0),
    )
    at = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    for name, expected in zip(("d_a", "d_b"), each(*at, x, y), strict=True):
        np.testing.assert_allclose(computed[name].ravel(), expected, rtol=1e-12, atol=1e-11)
        np.testing.assert_allclose(
            computed[f"{name}_mean"].item(), expected.mean(), rtol=1e-12, atol=1e-11
        )
    everyone = torch.ones(len(points), dtype=torch.bool)
    hessian = torch.tensor(
        torch.autograd.functional.hessian(lambda a, b: loss_of(a, b, x, y, everyone), at)
    )
    least, most = np.linalg.eigvalsh(hessian.numpy())
    np.testing.assert_allclose(computed["largest_eigenvalue"].item(), most, rtol=1e-12)
    np.testing.assert_allclose(computed["smallest_eigenvalue"].item(), least, atol=1e-12)
    assert computed["largest_stable_rate"].item() == pytest.approx(2 / most, rel=1e-12)
    assert computed["mse"].item() == pytest.approx(
        loss_of(*at, x, y, everyone).item(), rel=1e-12, abs=1e-15
    )
    assert computed["sse"].item() == pytest.approx(len(points) * computed["mse"].item(), rel=1e-12)


@BOUNDED
@given(POINTS, st.floats(-20, 20), st.floats(-20, 20), st.sampled_from([0.1, 0.01, 1e-3]))
def test_a_finite_difference_is_off_by_the_curvature_and_the_nudge(points, a, b, nudge):
    """A parabola's forward difference is its slope and nudge times half its curvature: x² for a, 1
    for b.
    """
    computed = values(SHEET, {**rows(points), "a": a, "b": b, "nudge": nudge})
    np.testing.assert_allclose(
        computed["d_a_estimate"], computed["d_a"] + nudge * computed["x"] ** 2, atol=1e-8
    )
    np.testing.assert_allclose(computed["d_b_estimate"], computed["d_b"] + nudge, atol=1e-8)


@BOUNDED
@given(POINTS, st.floats(1e-4, 2), st.sampled_from(list(BATCHES)), st.integers(0, 9))
def test_what_an_update_promises_is_what_it_does(points, rate, batch, step):
    now, then = run({**rows(points), **BATCHES[batch], "learning_rate": rate}, step + 1)[-2:]
    assert then["mse"].item() == pytest.approx(now["mse_next"].item(), rel=1e-9, abs=1e-9)
    assert then["sse_promised"].item() == now["sse_next"].item()


# --- the limit


def test_just_under_the_limit_the_loss_falls_and_just_over_it_grows():
    limit = values(SHEET)["largest_stable_rate"].item()
    for share, falls in ((0.999, True), (1.001, False)):
        mse = column(run({"learning_rate": limit * share}, 2000), "mse")
        assert (mse[-1] < mse[0]) == falls and (np.diff(mse[-100:]) < 0).all() == falls


def test_the_presets_rates_are_far_below_just_under_and_just_over_it():
    limit = values(SHEET)["largest_stable_rate"].item()
    share = {
        title: PRESETS[title]["learning_rate"].item() / limit for title in (SMALL, UNDER, OVER)
    }
    assert (
        share[SMALL] == pytest.approx(0.001, rel=0.01)
        and 0.9 < share[UNDER] < 1 < share[OVER] < 1.1
    )
    for title in share:
        assert float(title.split()[-1]) == PRESETS[title]["learning_rate"].item()


def test_a_run_above_the_limit_stops_at_its_last_finite_step():
    """The page takes no step after which a carried number would be infinite: all that can overflow
    is promised one step before.
    """
    computed = next(
        each
        for each in trajectory(SHEET.with_inputs(PRESETS[OVER]), 10_000)
        if not np.isfinite(each["sse_next"]).all()
    )
    infinite = {name for name, numbers in computed.items() if not np.isfinite(numbers).all()}
    assert infinite <= {"sse_next", "mse_next"} and computed["sse"].item() > 1e300
    assert computed["t"].item() == 3699  # as the lesson says


# --- batches


@BOUNDED
@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 1000))
def test_every_epoch_visits_every_point_once(count, size, seed):
    inputs = {"x": [0.5] * count, "batch": "mini-batch", "batch_size": size, "shuffle_seed": seed}
    batches = math.ceil(count / size)
    computed = run(inputs, 3 * batches - 1)
    chosen = np.array([each["in_batch"].ravel() for each in computed]).reshape(3, batches, count)
    np.testing.assert_array_equal(chosen.sum(axis=1), 1)
    np.testing.assert_array_equal(chosen.sum(axis=2)[:, :-1], min(size, count))
    np.testing.assert_array_equal(column(computed, "epoch"), np.repeat([0, 1, 2], batches))
    np.testing.assert_array_equal(
        column(computed, "batch_place"), np.tile(np.arange(batches) + 1, 3)
    )


def test_epochs_and_seeds_shuffle_otherwise_and_the_same_seed_the_same():
    def order(**inputs) -> list[np.ndarray]:
        turns = [each["turn"].ravel() for each in run({"batch": "one", **inputs}, 60)]
        return [turns[0], turns[30], turns[60]]

    first, again, other = order(), order(), order(shuffle_seed=2)
    np.testing.assert_array_equal(first, again)
    assert len({turn.tobytes() for turn in (*first, *other)}) == 6


# --- the points


def test_seed_noise_and_truth_redraw_the_points_until_they_are_given():
    drawn, redrawn = values(SHEET), values(SHEET, {"seed": 5})
    assert (drawn["x"] != redrawn["x"]).all() and drawn["moved_points"].item() == redrawn[
        "moved_points"
    ].item() == 0
    noisy = values(SHEET, {"noise": 0.5, "a_true": -1})
    np.testing.assert_allclose(noisy["y"], -drawn["x"] + 8 + 0.5 * drawn["e"])
    given_x = values(SHEET, {"x": [0, 1], "a_true": 2, "seed": 5})
    np.testing.assert_array_equal(given_x["y"], [[8], [10]])
    both = values(SHEET, {**rows([(0, 1), (1, 5)]), "a_true": 2, "noise": 3, "seed": 5})
    np.testing.assert_array_equal(np.hstack([both["x"], both["y"]]), [[0, 1], [1, 5]])
    assert both["moved_points"].item() == 2


@pytest.mark.parametrize(
    ("x", "ends"),
    [([0.2, 0.7], (0, 1)), ([10, 20, 30], (10, 30)), ([1990, 2000, 2015], (1990, 2015))],
)
def test_the_line_and_the_limit_are_of_data_at_any_scale(x, ends):
    computed = values(SHEET, {"x": x, "y": x, "a": 2, "b": 3})
    assert (computed["left_x"].item(), computed["right_x"].item()) == ends
    heights = [2 * end + 3 for end in ends]
    assert [computed["left_y"].item(), computed["right_y"].item()] == heights
    np.testing.assert_array_equal(computed["line_y"].ravel(), heights)
    largest = np.linalg.eigvalsh(
        2 * np.array([[np.mean(np.square(x)), np.mean(x)], [np.mean(x), 1]])
    )
    (limit,) = re.findall(r"stable one, (\S+)", " ".join(sentences(SHEET, computed)))
    assert float(limit) == pytest.approx(2 / largest.max(), rel=5e-4)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"x": [], "y": []}, "x is 0 x 0; it must have 1 to 1000 rows"),
        ({"x": "text"}, "x row 1 is 'text'; it must be a number from -1000000 to 1000000"),
        ({"x": [0.5, None]}, "x row 2 is empty"),
        ({"x": [1e308]}, r"x row 1 is 1e\+308; it must be a number from -1000000 to 1000000"),
        ({"y": [[1, 2]]}, "y is 1 x 2"),
        ({"x": [1, 2], "y": [1, 2, 3]}, "x has 2, y has 3"),
        ({"a": 1e308}, "a is .*; it must be a number from -1000000000 to 1000000000"),
        ({"learning_rate": -0.01}, "learning_rate is -0.01; it must be a number from 0 to 2"),
        ({"batch": "some"}, "one of all, mini-batch, one"),
        ({"batch_size": 2.5}, "a whole number from 1 to 30"),
    ],
)
def test_bad_input_is_refused_in_words(inputs, said):
    with pytest.raises(InputError, match=said):
        values(SHEET, inputs)


@pytest.mark.parametrize(
    "points",
    [[(0.25, 3)], [(0.1, 1), (0.1, 2), (0.1, 4)], [(0, 0)] * 2, [(-10, 1000), (10, -1000)]],
)
@pytest.mark.parametrize("rate", [0, 0.01, 2])
def test_hard_points_break_nothing(points, rate):
    for found in run({**rows(points), "learning_rate": rate, "batch": "mini-batch"}, 20):
        assert all(np.isfinite(numbers).all() for numbers in found.values())
        said = " ".join(sentences(SHEET.with_inputs(rows(points)), found))
        assert ("its slope: all lines through that height fit equally well" in said) == (
            len({x for x, _ in points}) == 1
        )
        assert ("There is one point only" in said) == (len(points) == 1)


# --- the charts


def test_the_surface_is_the_mse_and_no_step_computes_it_again():
    computed = values(SHEET, {"noise": 0.5})
    a, b, x, y = (
        computed["surface_a"],
        computed["surface_b"],
        computed["x"].ravel(),
        computed["y"].ravel(),
    )
    by_hand = ((a[..., np.newaxis] * x + b[..., np.newaxis] - y) ** 2).mean(axis=-1)
    np.testing.assert_allclose(computed["surface"], by_hand, rtol=1e-9)
    assert (values(SHEET)["surface"] > 0).all()
    assert not {name for name in SHEET.reached_from(SHEET.carried) if name.startswith("surface")}


@each_preset
def test_start_truth_and_way_lie_on_the_loss_surface(title):
    chart = SHEET.charts[1]
    computed = run(PRESETS[title], 400 if title != OVER else 1)
    for name in ("a", "a_true"):
        assert (column(computed, name) >= chart.x.low).all() and (
            column(computed, name) <= chart.x.high
        ).all()
    for name in ("b", "b_true"):
        assert (column(computed, name) >= chart.y.low).all() and (
            column(computed, name) <= chart.y.high
        ).all()


def dragged(series: int, x: float, y: float, /, **inputs) -> dict[str, float]:
    """What the page sets when that series of the first chart is dragged to (x, y)."""
    computed = values(SHEET, inputs)
    now = {name: numbers.item() for name, numbers in computed.items() if numbers.size == 1}
    source = f"""(() => {{
        const program = ({program(SHEET)})(30);
        for (const [name, value] of Object.entries({json.dumps(now)})) program.blocks[name][0] = value;
        return JSON.stringify(program.moves[0][{series}]({x}, {y}, 0));
    }})()"""
    return json.loads(engines.in_v8(source))


def test_dragging_an_end_of_the_line_keeps_the_other():
    ends = {series.x: k for k, series in enumerate(SHEET.charts[0].series)}
    left = dragged(ends["left_x"], 0.3, 5, a=2, b=1)
    assert (left["b"], left["a"] + left["b"]) == (5, 3)
    assert dragged(ends["right_x"], 0.3, 5, a=2, b=1) == {"a": 4, "b": 1}
    years = rows([(1990, 1), (2015, 2)])
    left = dragged(ends["left_x"], 1990, 5, a=2, b=1, **years)
    ends = 1990 * left["a"] + left["b"], 2015 * left["a"] + left["b"]
    np.testing.assert_allclose(ends, (5, 2 * 2015 + 1))


# --- the same in every face


@each_preset
def test_the_page_s_program_takes_the_same_steps(title):
    for steps in (
        0,
        100 if title != OVER else 10,
    ):  # a finite difference of numbers that ran away is all rounding
        assert not differences(
            engines.in_javascript(SHEET, PRESETS[title], steps),
            values(SHEET, PRESETS[title], steps),
        )


STEPS = 7
SMALL_DATA = {
    **rows([(0.0, 8), (0.25, 9), (0.5, 9.5), (0.75, 10), (1.0, 11.5)]),
    "learning_rate": 0.1,
}
WORKBOOKS = {
    batch: workbooks.register(
        f"line_fit_{batch}", line_fit, inputs={**SMALL_DATA, **more}, steps=STEPS
    )
    for batch, more in BATCHES.items()
}


def step_rows(cells: engines.Cells) -> list[dict[str, float]]:
    """The worksheet Steps, a row each, by the names of the cells."""
    page = {(row, column): x for (name, row, column), x in cells.items() if name == "Steps"}
    columns = workbooks.step_columns(line_fit().with_inputs(SMALL_DATA))
    return [
        {label: page.get((FIRST_ROW + 1 + step, column)) for label, column in columns.items()}
        for step in range(STEPS + 1)
    ]


@pytest.mark.parametrize(
    "engine", [workbooks.in_ironcalc, workbooks.in_libreoffice], ids=["ironcalc", "libreoffice"]
)
@pytest.mark.parametrize("batch", WORKBOOKS)
def test_the_workbook_s_rows_are_the_steps(batch, engine):
    found = step_rows(engine(WORKBOOKS[batch]))
    for row, expected in zip(found, run({**SMALL_DATA, **BATCHES[batch]}, STEPS), strict=True):
        for name in ("a", "b", "t", "mse", "epoch", "d_a_mean", "d_b_mean", "sse_next"):
            assert row[name] == pytest.approx(expected[name].item(), rel=1e-9, abs=1e-9)
        for name in ("turn", "in_batch", "d_a", "d_b", "error"):
            numbers = [row[f"{name}[{i + 1},1]"] for i in range(5)]
            np.testing.assert_allclose(numbers, expected[name].ravel(), rtol=1e-9, atol=1e-9)


# --- the words

STATES = st.fixed_dictionaries(
    {
        "learning_rate": (
            st.sampled_from(
                [0.0, 1e-7, 1e-5, 0.001, 0.0123, 0.01, 0.29, 0.57, 0.7811, 0.82, 1.5, 2.0]
            )
            | st.floats(0, 2)
        ),
        "batch": st.sampled_from(list(BATCHES)),
        "a": st.floats(-100, 100),
        "noise": st.sampled_from([0.0, 1.0]),
    }
)
UPDATE = r"NAME ← (\S+) - (\S+) × \((\S+)\) = (\S+?)(?: and|\.$)"


@BOUNDED
@given(STATES, st.sampled_from([0, 1, 13, 60, 300]))
def test_the_sentences_hold_in_every_state(inputs, steps):
    computed = values(SHEET, inputs, steps)
    said = sentences(SHEET.with_inputs(inputs), computed)
    check_words(said, computed)


@each_preset
@pytest.mark.parametrize("steps", [0, 1, 100, 400])
def test_the_sentences_of_every_preset(title, steps):
    computed = values(SHEET, PRESETS[title], steps)
    said = sentences(SHEET.with_inputs(PRESETS[title]), computed)
    check_words(said, computed)
    assert any("given by hand" in text for text in said) == (title == ONE_X)


def check_words(said: list[str], found: Values) -> None:
    number = {name: numbers.item() for name, numbers in found.items() if numbers.size == 1}
    assert not [text for text in said if "undefined" in text or "infinite" in text or "{" in text]
    firsts = [
        text
        for text in said
        if text.startswith(("The next update", "The learning rate is 0:", "a and b have run away"))
    ]
    away = max(abs(number[name]) for name in ("a", "b", "a_next", "b_next")) >= 1e6
    assert len(firsts) == 1 and ("run away" in firsts[0]) == away
    assert firsts[0].startswith("The next update") == (number["learning_rate"] > 0 and not away)
    if firsts[0].startswith("The next update"):
        check_update(firsts[0], number)
        check_change([text for text in said if " the mse " in text], number)
    limits = [
        text
        for text in said
        if text.startswith("The learning rate is ") and "largest stable" in text
    ]
    assert len(limits) == (number["learning_rate"] > 0)
    for text in limits if number["batch"] == 0 else ():
        share = number["share_of_limit"]
        assert ("never jumps" in text, "still come closer" in text, "further away" in text) == (
            share <= 0.5,
            0.5 < share < 1,
            share > 1,
        )


def check_update(text: str, number: dict[str, float]) -> None:
    for name in "ab":
        match = re.search(UPDATE.replace("NAME", name), text)
        assert match is not None
        before, rate, mean, after = map(float, match.groups())
        expected = [number[key] for key in (name, f"d_{name}_mean", f"{name}_next")]
        np.testing.assert_allclose(
            [before, mean, after],
            expected,
            rtol=5e-4 if max(map(abs, expected)) >= LARGE else 1e-7,
            atol=0.50001 if max(map(abs, expected)) >= MANY else 0.0050001,
        )
        assert rate == pytest.approx(number["learning_rate"], rel=0.05, abs=5e-11)


def check_change(said: list[str], number: dict[str, float]) -> None:
    (text,) = said
    change = number["mse_next"] - number["mse"]
    slack = 1e-9 * max(1, number["mse"])
    assert "lowers" not in text or change < slack - 1e-6
    assert "raises" not in text or change > 1e-6 - slack
    assert "hardly changes" not in text or abs(change) < 1e-6 + slack
    assert in_words(number["mse"], ".4f") in text


# --- the lesson


def rises(title: str) -> int:
    """Updates of 400 that raise the mse of all points."""
    return int((np.diff(column(run(PRESETS[title], 400), "mse")) > 0).sum())


def test_the_numbers_of_the_lesson_are_the_sheets():
    cells = json.loads(notebook("line_fit").read_text(encoding="utf-8"))["cells"]
    text = "".join(cells[2]["source"])
    text = text.split("## Why there is a limit")[1].split("## With your own hands")[0]
    start, noisy = run(PRESETS[STORY], 0)[0], run(PRESETS[ONE_NOISY], 0)[0]
    truth = {
        f"{start[name].item():.4f}"
        for name in ("largest_eigenvalue", "smallest_eigenvalue", "largest_stable_rate")
    }
    best, left, *_ = np.polyfit(noisy["x"].ravel(), noisy["y"].ravel(), 1, full=True)
    truth |= {f"{best[0]:.2f}", f"{best[1]:.2f}", f"{left[0] / len(noisy['x']):.4f}"}
    truth |= {
        f"{column(run(PRESETS[title], 400)[200:], 'a').std():.3f}"
        for title in (ONE_NOISY, TEN_NOISY)
    }
    named = set(re.findall(r"\d+\.\d+", text))
    assert named and named <= truth
    assert f"rises at {rises(ONE_POINT)} of 400" in text


def test_what_the_story_says_without_a_number_is_so():
    way = {title: run(PRESETS[title], 400) for title in PRESETS if title != OVER}
    slope, intercept = (column(way[STORY], name) for name in "ab")
    assert intercept.max() > 8 and intercept[-1] < intercept.max() and slope.max() < 3
    halves = [
        (column(way[SMALL], name)[-1] - was) / far for name, was, far in (("a", -1, 4), ("b", 1, 7))
    ]
    assert all(0.45 < part < 0.6 for part in halves)
    assert 160 < rises(ONE_POINT) < 200
    assert way[ONE_POINT][-1]["mse"].item() < way[STORY][-1]["mse"].item()


def test_a_rate_under_the_limit_jumps_across_ever_less_and_over_it_ever_further():
    for title, nearer in ((UNDER, True), (OVER, False)):
        computed = run(PRESETS[title], 10)
        side = np.sign(column(computed, "a") - 3)
        assert (side[1:8] == -side[:7]).all()
        assert ((np.diff(column(computed, "mse")) < 0) == nearer).all()


def test_the_formula_shown_first_is_the_update():
    assert SHEET.look == "a_next" and set(refs(SHEET.blocks["a_next"].expr)) == {
        "a",
        "learning_rate",
        "d_a_mean",
    }


# --- the page


@pytest.fixture
def address(lesson_file) -> str:
    return lesson_file("line_fit").as_uri()


def number_on(page, block: str, row: int = 0) -> str:
    return cell(page, block, row).inner_text()


def test_rows_added_to_drawn_points_make_them_the_readers_own(page, address):
    page.goto(address)
    page.wait_for_selector("td[data-block='mse']")
    drawn = number_on(page, "x", 29)
    page.get_by_role("button", name="Add row").click()
    assert number_on(page, "x", 30) == drawn
    page.get_by_label("seed", exact=True).first.fill("7")
    page.keyboard.press("Enter")
    assert number_on(page, "x", 29) == drawn
    page.get_by_text("would draw them: 31 of 31. What was given by hand stays").wait_for()
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("What was given by hand stays").wait_for(state="detached")


def test_a_link_may_give_x_alone(page, address):
    page.goto(f"{address}#x=0.5,0.75")
    page.wait_for_selector("td[data-block='mse']")
    assert page.locator("td[data-block='x']").count() == 2
    assert [number_on(page, "y", row) for row in range(2)] == ["9.5000", "10.2500"]


def test_the_page_stops_the_run_above_the_limit(page, address):
    page.goto(address)
    choose_step(page, OVER)
    page.get_by_label("speed").select_option("600")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.gs-play').textContent === 'Play'")
    assert page.locator(".gs-step").inner_text() == "step 10"  # where the story stops
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "document.querySelector('.gs-step').textContent.includes('stopped here')", timeout=60_000
    )
    assert (
        "step 3699: stopped here, because sse_next would no longer be a finite number"
        in page.locator(".gs-step").inner_text()
    )
    assert number_on(page, "mse") not in ("infinite", "undefined")
