"""The lesson of softmax: against PyTorch, against the course's workbook and the
lesson of log loss, and in its words.
"""

from __future__ import annotations

import math
import re
import zipfile

import engines
import numpy as np
import pytest
from examples import bounded
from hypothesis import given
from hypothesis import strategies as st

from sheets import Axis, SheetError, values
from sheets.language.formats import written
from sheets.library.log_loss import log_loss
from sheets.library.softmax import CLASSES, softmax
from sheets.targets.excel import write

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

SHEET = softmax()
STEPS = {preset.title: preset for preset in SHEET.presets}
LOGITS = st.lists(st.floats(-20, 20), min_size=5, max_size=5)
CLASS = st.sampled_from(CLASSES)
TEMPERATURE = st.sampled_from([0.1, 0.25, 1.0, 4.0, 10.0]) | st.floats(0.1, 10)


def at(title: str, **inputs) -> dict[str, np.ndarray]:
    return values(SHEET, STEPS[title].inputs | inputs)


# --- the numbers


@bounded(12)
@given(LOGITS, LOGITS, CLASS, CLASS, TEMPERATURE, st.floats(-10, 10))
def test_shares_losses_and_slopes_are_pytorchs(first, second, shows_1, shows_2, temperature, shift):
    computed = values(
        SHEET,
        {
            "logits": np.transpose([first, second]),
            "picture_1_shows": shows_1,
            "picture_2_shows": shows_2,
            "temperature": temperature,
            "shift": shift,
        },
    )
    torch = engines.pytorch()
    logits = torch.tensor([first, second], dtype=torch.float64, requires_grad=True)
    scaled = (logits + shift) / temperature
    right = torch.tensor([CLASSES.index(shows_1), CLASSES.index(shows_2)])
    each = torch.nn.functional.cross_entropy(scaled, right, reduction="none")
    each.mean().backward()
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(computed["p"].T, scaled.softmax(1).detach(), **close)
    np.testing.assert_allclose(computed["exp_log_p"], computed["p"], **close)
    np.testing.assert_allclose(computed["p_alone"].T, scaled.sigmoid().detach(), **close)
    np.testing.assert_allclose(computed["log_p"].T, scaled.log_softmax(1).detach(), **close)
    np.testing.assert_allclose(computed["loss"][0], each.detach(), **close)
    np.testing.assert_allclose(computed["loss_mean"], each.mean().item(), **close)
    np.testing.assert_allclose(computed["d_logits"].T, logits.grad, **close)
    np.testing.assert_allclose(computed["p_sum"], 1, rtol=1e-12)
    assert (computed["target"].sum(axis=0) == 1).all()


def test_the_slope_at_temperature_1_is_p_minus_y():
    found = at("What a picture costs")
    np.testing.assert_allclose(found["d_logits"], (found["p"] - found["target"]) / 2, atol=1e-15)


def test_the_shares_are_those_in_the_courses_workbook():
    """course-v3's two pictures: the cached values of its cells."""
    found = at("One softmax for two")
    shares = [0.0804868121584522, 0.006542034042953974, 0.013677447712018329]
    shares += [0.6243513671834672, 0.27494233890310826]
    np.testing.assert_allclose(found["p"], np.transpose([shares, shares]), rtol=1e-9)
    sigmoids = [
        [0.5054471081257196, 0.1944970853528683],
        [0.07669975787094059, 0.019248332391535363],
        [0.14797711815890122, 0.03941505122928958],
        [0.8879936718852315, 0.6519383329884514],
        [0.7773444059280643, 0.45200285241102983],
    ]
    np.testing.assert_allclose(found["p_alone"], sigmoids, rtol=1e-9)


def test_two_classes_are_the_lesson_of_log_loss():
    found, other = at("Two classes"), values(log_loss())
    np.testing.assert_array_equal(found["is_cat"], other["is_cat"])
    np.testing.assert_array_equal(found["cat_prediction"], other["prediction"])
    np.testing.assert_allclose(found["two_loss"], other["loss_if"], rtol=1e-12)
    np.testing.assert_allclose(found["two_loss_mean"], other["loss_mean"], rtol=1e-12)
    assert found["most_apart"].item() < 1e-14


def test_base_10_is_the_natural_logarithm_over_that_of_10():
    for title in STEPS:
        assert at(title)["base_ratio"].item() == pytest.approx(math.log(10), rel=1e-9)
    certain = values(SHEET, {"logits": np.eye(5)[:, [1, 3]] * 40 - 20, "temperature": 0.1})
    assert certain["loss_mean"] == 0 and certain["base_ratio"].item() == math.log(10)


# --- the words


def test_the_numbers_in_the_questions_are_the_sheets():
    dog_and_fish, fish = (at(title)["logits"] for title in list(STEPS)[:2])
    first = STEPS["Five numbers, five shares"].predict
    assert f"{dog_and_fish[1, 0]:.2f} for dog, {dog_and_fish[2, 0]:.2f} for plane" in first
    apart = fish[:, 0] - fish[:, 1]
    assert np.ptp(apart) < 1e-9
    assert f"{apart[0]:.2f} lower" in STEPS["One softmax for two"].predict
    assert STEPS["Nothing is there"].inputs["shift"] == -8
    assert at("Confident and wrong")["dog_share"].item() == pytest.approx(0.87, abs=0.005)


def test_no_shift_moves_softmax_and_every_shift_moves_the_sigmoid():
    """As "Nothing is there" says, wherever its slider goes."""
    shifts = np.linspace(-10, 10, 5)
    found = [at("Nothing is there", shift=shift) for shift in shifts]
    for one in found:
        np.testing.assert_allclose(one["p"], found[0]["p"], rtol=1e-12)
    assert (np.diff([one["p_alone"] for one in found], axis=0) > 0).all()


def test_timid_is_cheap_where_wrong_and_dear_where_right():
    """Wherever the slider goes: the curves of the chart fall and rise all the way."""
    found = at("Warm: temperature 4")
    assert (np.diff(found["curve_loss_1"], axis=0) < 0).all()
    assert (np.diff(found["curve_loss_2"], axis=0) > 0).all()
    wrong, as_before = at("Confident and wrong")["loss_1"], at("What a picture costs")["loss_1"]
    assert wrong / as_before > 50  # in the notes
    certain = at("Cold: temperature 0.25")
    assert certain["loss_1"] / certain["loss_1_at_1"] == pytest.approx(4, rel=0.05)
    logits = certain["logits"][:, 0] / 0.25
    assert certain["loss_1"].item() == pytest.approx(np.ptp(logits), rel=0.01)
    some = [at("Confident and wrong", temperature=t)["loss_mean"].item() for t in (3, 4)]
    assert some[0] > 2 > some[1]  # what the notebook asks for


def test_a_log_stays_exact_where_its_share_is_nothing():
    assert np.exp(-1000.0) == 0
    torch = engines.pytorch()
    logits = torch.tensor([0.0, 1000.0], dtype=torch.float64)
    assert logits.softmax(0)[0] == 0 and logits.log_softmax(0)[0] == -1000


def test_what_the_lecture_saw_is_told():
    told = {title: written(step.happened, at(title)) for title, step in STEPS.items()}
    for title, said in {
        "Five numbers, five shares": "87.3%, and the plane 11.7%",
        "One softmax for two": "62.44% fish, and 62.44% fish",
        "Confident and wrong": "It costs 7.62: the cat had got 0.049%",
        "Warm: temperature 4": "from 7.62 to 2.68; the right fish rises from 0.47 to 1.14",
        "Two classes": "1.4067 by cross-entropy, 1.4067 by log loss",
        "Logs to another base": "a mean of 0.1317 for 0.3034. The ratio is always 2.3026",
    }.items():
        assert said in told[title]


def test_the_losses_of_every_step_lie_on_the_axis():
    losses = SHEET.charts[3]
    assert {series.label for series in losses.series} >= {"picture 1 now", "picture 2 now"}
    for title in STEPS:
        assert max(at(title)["loss"].max(), 1) < losses.y.high


# --- the classes' names on the charts' axes


def test_the_page_names_the_classes_below_their_bars(page, lesson_file):
    page.goto(lesson_file("softmax").as_uri())
    page.wait_for_selector(".js-plotly-plot .xtick")
    ticks = page.locator(".js-plotly-plot").first.locator(".xtick").all_text_contents()
    assert tuple(ticks) == CLASSES


def test_the_workbook_names_the_classes_below_their_bars(tmp_path):
    write(SHEET, tmp_path / "softmax.xlsx")
    with zipfile.ZipFile(tmp_path / "softmax.xlsx") as file:
        chart = file.read("xl/charts/chart1.xml").decode()
    assert "<c:barChart>" in chart
    names = re.findall(
        r"<c:v>([a-z]+)</c:v>", chart.partition("<c:cat>")[2].partition("</c:cat>")[0]
    )
    assert tuple(names) == CLASSES


@pytest.mark.parametrize(
    "axis",
    [
        Axis("class", 1, 4.5, names=CLASSES),
        Axis("class", 0, 3, names=CLASSES),
        Axis("class", 0.5, 5, "log", names=CLASSES),
    ],
)
def test_names_that_an_axis_does_not_reach_are_refused(axis):
    with pytest.raises(SheetError, match="has names on a linear axis"):
        softmax().chart("Bars", axis, Axis("share", 0, 1), [])
