"""The four suggestions, on curves whose answers are known, and on a curve with fastai's own
answers.
"""

import re
import warnings

import engines
import numpy as np
import pytest
import workbooks
from examples import bounded, differences
from hypothesis import given
from hypothesis import strategies as st
from lesson_texts import text_of

from lessons.course import notebook
from sheets import Sheet, row_index, sentences, values
from sheets.language.formats import in_words
from sheets.library.lr_finder import (
    BATCH,
    HIDDEN,
    POINTS,
    STRIDE,
    lr_finder,
)
from sheets.library.lr_finder_rules import LOOKS_FOR, RULES, lr_suggestions, suggestions
from sheets.targets.excel.layout import layout
from sheets.targets.numpy import trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

PLANNED = 100
LRS = 1e-7 * (10 / 1e-7) ** (
    np.arange(PLANNED) / PLANNED
)  # of fastai's lr_find(); its suggestions see LRS[10:-5]

# fastai 2.8.12's own valley, steep, minimum and slide (in float64), called on what its lr_find
# passes them for the losses of `wavy`.
FASTAI = {
    "valley": 0.002511886431509582,
    "steep": 0.0030199517204020187,
    "minimum": 0.012022644346174132,
    "slide": 0.001737800828749376,
}


def wavy() -> np.ndarray:
    """A loss as a finder sees it: level, noisy, falling, then running away."""
    t = np.arange(PLANNED) / PLANNED
    return 2 - 1.5 / (1 + np.exp(-(t - 0.6) * 20)) + 0.05 * np.sin(40 * t) + np.exp((t - 0.9) * 30)


def test_fastais_own_answers():
    assert lr_suggestions(LRS, wavy(), PLANNED) == pytest.approx(FASTAI, rel=1e-12)


def test_a_straight_fall_in_the_logarithm():
    """Each loss is less than the one before: the valley is all 85 points, and starts one before the
    first (fastai's rule).
    """
    found = lr_suggestions(LRS, np.linspace(2, 1, PLANNED), PLANNED)
    assert found["valley"] == LRS[10 - 1 + 28 + 14]
    assert found["minimum"] == LRS[94] / 10
    assert (
        found["slide"] == LRS[95 - 16]
    )  # the slope is the same everywhere: the window never moves


def test_the_steepest_step_and_the_least_loss():
    losses = np.full(PLANNED, 2.0)
    losses[41:] = 1.5  # one step down, from 40 to 41
    losses[70] = 1.4
    losses[71:] = 3
    found = lr_suggestions(LRS, losses, PLANNED)
    assert found["steep"] == LRS[40]
    assert found["minimum"] == LRS[70] / 10


def test_steep_is_per_logarithm_of_the_rate():
    lrs = np.array([1e-3, 2e-3, 1.0, 2.0, 3, 4, 5, 6])  # the second step is larger and far longer
    assert lr_suggestions(lrs, [3, 2, 0.5, 0.5, 0, 0, 0, 0], 0)["steep"] == 1e-3


def test_slide_stops_where_both_ends_of_its_window_fall_alike():
    losses = 2 - 0.01 * np.arange(PLANNED)
    losses[60:] = losses[60] + 0.1 * np.arange(PLANNED - 60)
    # From the right both ends rise by 0.1 a point until the left end reaches the bend; so the
    # window does not even start.
    assert lr_suggestions(LRS, losses, PLANNED)["slide"] == LRS[95 - 16]
    losses[85:] += (
        0.05 * np.arange(15) ** 2
    )  # now it rises ever faster there, and the window moves until that has passed
    assert lr_suggestions(LRS, losses, PLANNED)["slide"] < LRS[95 - 16]


def test_the_longest_valley_need_not_be_contiguous():
    falling = np.linspace(2, 1, PLANNED)
    bumps = falling.copy()
    bumps[30:60:2] += 5
    found = lr_suggestions(LRS, bumps, PLANNED)["valley"]
    length, end = 85 - 15, 84  # the bumps are stepped over
    assert found == LRS[10 + end - length + int(length / 3) + int(length / 6)]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_all_from_a_loss_that_is_not_finite_on_is_left_out(bad):
    losses = np.linspace(2, 1, PLANNED)
    losses[50] = bad
    losses[60] = -100
    assert lr_suggestions(LRS, losses, PLANNED)["minimum"] == LRS[49] / 10


@pytest.mark.parametrize(
    ("points", "rules"),
    [
        (0, set()),
        (15, set()),
        (16, {"valley", "minimum"}),
        (17, {"valley", "minimum", "steep"}),
        (30, {"valley", "minimum", "steep"}),
    ]
    + [(31, {"valley", "minimum", "steep", "slide"})],
)
def test_a_rule_that_has_too_few_points_is_absent(points, rules):
    assert set(lr_suggestions(LRS[:points], np.linspace(2, 1, points), PLANNED)) == rules


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="same length"):
        lr_suggestions(LRS, LRS[1:], PLANNED)


@given(st.lists(st.floats(-1e6, 1e6), min_size=31, max_size=PLANNED))
def test_every_suggestion_is_a_rate_that_was_tried_or_a_tenth_of_one(losses):
    found = lr_suggestions(LRS[: len(losses)], losses, PLANNED)
    tried = LRS[10 : len(losses) - 5]
    assert found["minimum"] in tried / 10
    assert all(found[name] in tried for name in ("valley", "steep", "slide"))


# --- the sheet

SHEET = lr_finder()
STORY = {preset.title: preset.inputs for preset in SHEET.presets}
SHORT = {"num_steps": 20, "end_lr": 100}
SLOW = {"end_lr": 0.1, "num_steps": 40}
WORKBOOKS = {
    "short": (
        workbooks.register("finder_short", lr_finder, notes=False, inputs=SHORT, steps=22),
        SHORT,
        22,
    ),
    "runs away": (
        workbooks.register("finder_away", lr_finder, notes=False, inputs={"other_lr": 5}, steps=18),
        {"other_lr": 5},
        18,
    ),
}
each_preset = pytest.mark.parametrize("number", range(len(SHEET.presets)))


def run(inputs: dict, steps: int = PLANNED) -> list[dict]:
    return list(trajectory(SHEET.with_inputs(inputs), steps))


def suggested(found: dict) -> dict[str, float]:
    return {name: found[name].item() for name in RULES if found[name].item() != 0}


def by_the_function(found: dict) -> dict[str, float]:
    tried = int(found["tried"].item())
    return lr_suggestions(
        found["lrs"][:tried, 0], found["losses_next"][:tried, 0], int(found["num_steps"].item())
    )


def of_any_curve() -> Sheet:
    """The rules' blocks over losses that are given, one more a step."""
    s = Sheet("any_curve")
    given, t, planned = (
        s.input("given", np.zeros((PLANNED, 1))),
        s.input("t", 0),
        s.input("planned", PLANNED),
    )
    lrs = s.let("lrs", 1e-5 * 1e6 ** (row_index(PLANNED) / PLANNED))
    losses = s.let("losses", np.where(row_index(PLANNED) <= t, given, 0))
    suggestions(s, lrs, losses, s.let("tried", t + 1), planned)
    s.let("t_next", t + 1)
    s.carry(t="t_next")
    return s


ANY = of_any_curve()


def check_rules(losses: np.ndarray, planned: int) -> None:
    for tried, found in enumerate(
        trajectory(
            ANY.with_inputs({"given": losses[:, np.newaxis], "planned": planned}), PLANNED - 1
        ),
        1,
    ):
        assert suggested(found) == lr_suggestions(
            found["lrs"][:tried, 0], losses[:tried], planned
        ), tried


@bounded(15)
@given(
    st.lists(st.integers(0, 40).map(lambda k: k / 1000), min_size=PLANNED, max_size=PLANNED),
    st.sampled_from([20, 64, PLANNED]),
)
def test_the_blocks_are_the_function_on_any_curve_of_any_length(losses, planned):
    """Few different numbers, close together: there are ties, and windows whose slopes agree."""
    check_rules(np.array(losses), planned)


@pytest.mark.parametrize(
    "curve", [wavy(), np.linspace(2, 1, PLANNED), np.linspace(1, 2, PLANNED), np.ones(PLANNED)]
)
def test_the_blocks_are_the_function_on_plain_curves(curve):
    check_rules(curve, PLANNED)


def test_the_blocks_are_the_function_on_noisy_curves():
    random = np.random.default_rng(0)
    for _ in range(10):
        check_rules(wavy() + 0.05 * random.normal(size=PLANNED), PLANNED)


def test_v8_suggests_the_same_on_a_noisy_curve():
    losses = wavy() + 0.05 * np.random.default_rng(1).normal(size=PLANNED)
    for tried in (17, 31, 60, PLANNED):
        computed = engines.in_javascript(ANY, {"given": losses[:, np.newaxis]}, tried - 1)
        assert suggested(computed) == pytest.approx(
            lr_suggestions(computed["lrs"][:tried, 0], losses[:tried], PLANNED), rel=1e-12
        )


@each_preset
def test_every_step_suggests_what_the_function_does(number):
    for found in run(SHEET.presets[number].inputs):
        assert suggested(found) == by_the_function(found)


# --- the test, against fastai's rules and PyTorch


def test_the_plan_is_fastais():
    computed = values(SHEET, {"start_lr": 1e-5, "end_lr": 10, "num_steps": 80})
    np.testing.assert_allclose(
        computed["lrs"][:80, 0], [1e-5 * (10 / 1e-5) ** (i / 80) for i in range(80)], rtol=1e-12
    )
    linear = values(SHEET, {"growth": "linear", "num_steps": 80})["lrs"][:80, 0]
    np.testing.assert_allclose(linear, 1e-5 + (10 - 1e-5) * np.arange(80) / 80, rtol=1e-12)


@pytest.mark.parametrize("seed", [0, 48])
def test_smoothing_and_stop_are_fastais(seed):
    """AvgSmoothLoss and LRFinder.after_batch of fastai 2.8, as the facts have them."""
    steps = run({"seed": seed})
    average, best = 0.0, np.inf
    for count, found in enumerate(steps, 1):
        average = average * 0.98 + found["loss"].item() * (1 - 0.98)
        smoothed = average / (1 - 0.98**count)
        best = min(best, smoothed)
        assert found["smoothed"].item() == pytest.approx(smoothed, rel=1e-12)
        assert found["best_now"].item() == pytest.approx(best, rel=1e-12)
        assert bool(found["ended"].item()) == (smoothed > 4 * best or count == PLANNED)
        if found["ended"].item():
            break
    assert count < PLANNED  # it exploded
    for name in (
        "tried",
        "smoothed",
        "best_now",
        "losses_next",
        "valley",
        "steep",
        "minimum",
        "slide",
        "W_1",
        "W_2",
    ):
        np.testing.assert_array_equal(steps[-1][name], found[name])  # and stands still from there


def network(found: dict, of: str = ""):
    """The sheet's network in PyTorch, with its first weights; and its data in the order of its
    batches.
    """
    torch = engines.pytorch()
    points = [
        int(k)
        for t in range(POINTS // BATCH)
        for k in (np.arange(BATCH) + t * BATCH) * STRIDE % POINTS
    ]
    assert sorted(points) == list(range(POINTS))
    model = torch.nn.Sequential(
        torch.nn.Linear(1, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 1)
    ).double()
    weights = [found[f"W_1{of}"].T, found[f"b_1{of}"][0], found[f"W_2{of}"].T, found[f"b_2{of}"][0]]
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(weight))
    return model, torch.tensor(found["x"][points]), torch.tensor(found["y"][points])


def test_the_losses_are_torch_lr_finders():
    """The same network, data, order and rates; its schedule reaches end_lr with the last of its
    steps, ours just would.
    """
    torch = engines.pytorch()
    computed = run({})
    model, x, y = network(computed[0])
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of torch's schedulers and of notebooks
        oracle = pytest.importorskip("torch_lr_finder")
        finder = oracle.LRFinder(
            model, torch.optim.SGD(model.parameters(), lr=1e-5), torch.nn.MSELoss(), device="cpu"
        )
        finder.range_test(loader, end_lr=10, num_iter=PLANNED + 1, smooth_f=0, diverge_th=100)
    tried = int(computed[-1]["tried"].item())
    count = min(tried, len(finder.history["loss"]))
    assert count > 80
    np.testing.assert_allclose(
        [one["lr"].item() for one in computed[:count]], finder.history["lr"][:count], rtol=1e-10
    )
    np.testing.assert_allclose(
        [one["loss"].item() for one in computed[:count]], finder.history["loss"][:count], rtol=1e-9
    )


@pytest.mark.parametrize(("of", "rate"), [("_chosen", 0.05), ("_other", 0.001)])
def test_both_runs_train_as_torch_does_from_the_same_start(of, rate):
    torch = engines.pytorch()
    computed = run({"chosen_lr": 0.05, "other_lr": 0.001})
    for name in ("W_1", "b_1", "W_2", "b_2"):
        np.testing.assert_array_equal(computed[0][f"{name}{of}"], computed[0][name])
    model, x, y = network(computed[0], of)
    optimiser = torch.optim.SGD(model.parameters(), lr=rate)
    for t, one in enumerate(computed):
        whole = torch.nn.functional.mse_loss(model(x), y)
        assert one[f"curve_loss{of}"].item() == pytest.approx(whole.item(), rel=1e-10)
        rows = slice(t * BATCH % POINTS, t * BATCH % POINTS + BATCH)
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x[rows]), y[rows])
        loss.backward()
        assert one[f"loss{of}"].item() == pytest.approx(loss.item(), rel=1e-10)
        gradients = [p.grad.numpy() for p in model.parameters()]
        ours = [one[f"d_{name}{of}"] for name in ("W_1", "b_1", "W_2", "b_2")]
        for mine, theirs in zip(ours, gradients, strict=True):
            np.testing.assert_allclose(mine.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-12)
        optimiser.step()


def test_a_run_that_runs_away_stands_still_and_leaves_the_others_alone():
    calm, wild = run({"other_lr": 0.001}), run({"other_lr": 5})
    away = next(k for k, found in enumerate(wild) if found["ran_away_other"].item())
    assert away < 20
    np.testing.assert_array_equal(wild[-1]["W_1_other"], wild[away]["W_1_other"])
    for name in ("losses_next", "curve_loss_chosen", "slide", "W_1"):
        np.testing.assert_array_equal(wild[-1][name], calm[-1][name])


def test_the_runs_end_with_the_plan():
    ends = run({}, PLANNED + 20)
    assert ends[-1]["trained"].item() == PLANNED
    np.testing.assert_array_equal(ends[-1]["W_1_chosen"], ends[PLANNED]["W_1_chosen"])


# --- the same in every face


@each_preset
@pytest.mark.parametrize("steps", [0, 19, 100])
def test_the_page_computes_the_same(number, steps):
    inputs = SHEET.presets[number].inputs
    assert not differences(
        engines.in_javascript(SHEET, inputs, steps), values(SHEET, inputs, steps)
    )


@pytest.mark.parametrize("name", WORKBOOKS)
@pytest.mark.parametrize("engine", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_the_workbook_s_rows_are_the_steps(name, engine):
    file, _, _ = WORKBOOKS[name]
    found, cached = engine(file), workbooks.cached(file)
    assert not {
        key: (x, found[key]) for key, x in cached.items() if engines.different(x, found[key])
    }
    assert not [key for key, x in found.items() if engines.is_error(x)]


def row_of(cells: engines.Cells, step: int) -> dict[str, float]:
    return {
        label: cells["Steps", 7 + step, column]
        for label, column in workbooks.step_columns(SHEET).items()
        if ("Steps", 7 + step, column) in cells
    }


@pytest.mark.parametrize("engine", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_the_workbook_s_own_formulas_suggest_what_the_function_does(engine):
    file, inputs, steps = WORKBOOKS["short"]
    cells = engine(file)
    for step in range(steps + 1):
        row = row_of(cells, step)
        tried = int(row["tried"])
        losses = [row[f"losses_next[{k + 1},1]"] for k in range(tried)]
        rates = values(SHEET, inputs)["lrs"][:tried, 0]
        expected = dict.fromkeys(RULES, 0.0) | lr_suggestions(rates, losses, 20)
        assert {name: row[name] for name in RULES} == pytest.approx(expected, rel=1e-9)
    assert {"steep", "minimum", "valley"} <= {name for name in RULES if row[name]}


def test_steep_and_minimum_are_formulas_of_the_workbook():
    file, _, _ = WORKBOOKS["short"]
    cells = engines.formula_cells(workbooks.path(file))
    for name in RULES:
        place = layout(SHEET).blocks[name]
        assert cells[place.worksheet, place.row + 1, place.column + 1].startswith(
            "=IF(points_seen>="
        )
    least = layout(SHEET).blocks["minimum_least"]
    assert cells[least.worksheet, least.row + 1, least.column + 1].startswith("=MIN(")


# --- marks and words


@each_preset
def test_marks_stand_on_the_curve_or_off_the_chart(number):
    for found in run(SHEET.presets[number].inputs)[::7]:
        tried = int(found["tried"].item())
        for name in (*RULES, "chosen", "other"):
            rate = found[f"{name}_lr" if name in ("chosen", "other") else name].item()
            rates, losses = found["lrs"][:tried, 0], found["losses_next"][:tried, 0]
            # As the chart draws it: straight from point to point on an axis of powers of ten.
            drawn = np.interp(np.log(rate or 1e-12), np.log(rates), np.minimum(5, losses))
            assert found[f"{name}_y"].item() == pytest.approx(drawn, rel=1e-9)
            if name in RULES:
                assert found[f"{name}_x"].item() == (rate or 1e-12)


def check_words(inputs: dict, found: dict) -> None:
    said = sentences(SHEET.with_inputs(inputs), found)
    text = " ".join(said)
    assert "undefined" not in text and "infinite" not in text and "{" not in text
    ended, exploded = (bool(found[name].item()) for name in ("ended", "exploded"))
    assert text.startswith("The test ended" if exploded else "All " if ended else "Rate number")
    rates = by_the_function(found)
    assert ("no rate is suggested" in text) == (not rates)
    told = {name: rate for name, rate in rates.items() if ended or name in ("valley", "minimum")}
    assert all(f"{name} {in_words(rate, 'g')}" in text for name, rate in told.items())
    assert ("slide needs 16 points" in text) == (ended and "slide" not in rates and len(rates) > 2)
    away = [of for of in ("chosen", "other") if found[f"ran_away_{of}"].item()]
    assert ("Both runs ended" in text) == (len(away) == 2)
    assert [
        of
        for of in ("chosen", "other")
        if f"The run at rate {in_words(found[of + '_lr'].item(), 'g')} ended" in text
    ] == away[: len(away) == 1]
    if not away and found["trained"].item():
        assert (
            f"the loss over the curve is {in_words(found['curve_loss_chosen'].item(), '.4f')}"
            in text
        )
        assert f" {in_words(found['curve_loss_other'].item(), '.4f')}." in text


@each_preset
def test_a_preset_s_words_are_true_at_every_step(number):
    inputs = SHEET.presets[number].inputs
    for found in run(inputs):
        check_words(inputs, found)


@pytest.mark.parametrize(
    "inputs",
    [
        SHORT,
        SLOW,
        {"end_lr": 100, "growth": "linear"},
        {"chosen_lr": 10, "other_lr": 10},
        {"y": [[3.0]] * POINTS},
    ],
)
def test_the_words_are_true_for_other_settings(inputs):
    for found in run(inputs):
        check_words(inputs, found)


@bounded(10)
@given(
    st.integers(0, 100),
    st.floats(1e-6, 1e-2),
    st.floats(0.1, 100),
    st.integers(20, PLANNED),
    st.sampled_from(["exponential", "linear"]),
)
def test_no_setting_overflows_or_says_what_is_not_so(seed, start_lr, end_lr, num_steps, growth):
    inputs = {
        "seed": seed,
        "start_lr": start_lr,
        "end_lr": end_lr,
        "num_steps": num_steps,
        "growth": growth,
        "other_lr": 10,
    }
    for found in run(inputs):
        assert all(np.isfinite(found[source]).all() for source in SHEET.carried.values())
        check_words(inputs, found)
        assert suggested(found) == by_the_function(found)


# --- the lesson


def test_the_numbers_in_the_lesson_are_the_sheets():
    ends = {title: run(inputs)[-1] for title, inputs in STORY.items()}
    story = ends["Raise it until it explodes"]
    computed = {f"{story[name].item():.7f}" for name in ("lr", *RULES)} | {
        f"{story['best_now'].item():.4f}"
    }
    computed.add(f"{ends['Grow by equal steps']['valley'].item():.7f}")
    named = set(re.findall(r"\b\d\.\d{4,}\b", text_of(notebook("lr_finder"))))
    assert len(named) > 6 and named <= computed
    table = dict(
        re.findall(r"\| \*\*(\w+)\*\* \|.*\| ([0-9.]+) \|", text_of(notebook("lr_finder")))
    )
    assert table == {name: f"{story[name].item():.7f}" for name in RULES}
    assert all(LOOKS_FOR[name] in text_of(notebook("lr_finder")) for name in RULES)


def test_what_the_lesson_says_of_the_curve_is_so():
    steps = run(STORY["Raise it until it explodes"])
    assert steps[-1]["tried"].item() == 89
    losses, smoothed = ([found[name].item() for found in steps] for name in ("loss", "smoothed"))
    assert (
        losses[79] < losses[78]
        and all(np.diff(losses[79:89]) > 0)
        and all(np.diff(smoothed[60:83]) < 0)
    )
    assert smoothed[0] == pytest.approx(losses[0])
    assert losses[0] < losses[1]  # why the curve rises at its start
    assert f"the first batch alone, {losses[0]:.2f}," in text_of(notebook("lr_finder"))
    assert all(abs(each - 4.3) < 0.15 for each in smoothed[9:34])
    assert smoothed[40] / smoothed[10] > 0.95 > 0.6 > smoothed[80] / smoothed[40]  # the first half
    bottom = int(np.argmin(smoothed))
    assert (
        bottom == 82
        and steps[bottom - 1]["lr"] < SHEET.presets[2].inputs["other_lr"] < steps[bottom]["lr"]
    )
    wild = run(SHEET.presets[3].inputs, 5)
    assert [found["ran_away_other"].item() for found in wild[:4]] == [0, 0, 0, 1]
    linear = run(STORY["Grow by equal steps"])
    assert (
        linear[1]["lr"].item() > 0.1
        and linear[-1]["tried"].item() == 20
        and linear[-1]["points_seen"].item() == 5
    )
    assert linear[int(linear[-1]["first_seen"].item())]["lr"].item() == pytest.approx(1, rel=1e-4)
    assert linear[-1]["valley"] == linear[-1]["steep"]
    assert run({"chosen_lr": linear[-1]["valley"].item()})[-1]["ran_away_chosen"].item()
    few = run(STORY["Only 20 rates"])[-1]
    assert few["points_seen"].item() == 13 and "slide" not in suggested(few)
