"""What a story tells of a run stays true while it is played on, for ten times the steps it names.

What was told stands beside a page that plays on. So what changes must say when it was so, and what
is said in words must hold then and afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from engines import in_v8
from library_sheets import SHEETS

from sheets.language.formats import written
from sheets.targets.javascript import program
from sheets.targets.numpy import Values

pytestmark = pytest.mark.thorough  # every story, played on

TIMES = 10


class Found(Values):
    """The blocks of a moment; a block of one number as that number: `found.loss`."""

    def __getattr__(self, name: str) -> float:
        return self[name].item()


# What is said without a number, by step: some of its words, and what holds where the run stops and
# ten times as far, as the words have it.
Claim = Callable[[Found], object]
SAID: dict[tuple[str, int], dict[str, Claim]] = {
    ("descent", 2): {"each is shorter": lambda v: abs(v.x_next - 1) <= abs(v.x - 1)},
    ("descent", 3): {"only takes long": lambda v: v.x < v.x_next < 1},
    ("descent", 4): {"nearly as far": lambda v: v.loss == 0 or (v.x - 1) * (v.x_next - 1) < 0},
    ("descent", 5): {"further away": lambda v: abs(v.x_next - 1) > abs(v.x - 1)},
    ("descent", 6): {"In the shallower": lambda v: v.x < 0 and v.loss > v.deepest + 1},
    ("descent", 7): {"In the deeper valley": lambda v: v.loss < v.deepest + 0.1 and v.x > 0},
    ("descent", 8): {"no sign that learning is over": lambda v: v.x < -1.5 or v.x > 1.9},
    ("descent", 9): {"On the saddle": lambda v: abs(v.loss - 1) < 0.01 and v.y == 0},
    ("descent", 10): {"The saddle only held": lambda v: abs(v.y - 1) < 0.01 and v.loss < 1e-3},
    ("descent", 12): {"creeps since": lambda v: v.loss > 0 and v.step_length < 0.01},
    ("descent", 13): {"come only part of the way": lambda v: v.loss < 1e-3},
    ("line_fit", 1): {"past 8 and came back": lambda v: abs(v.b - v.b_true) < 0.05},
    ("line_fit", 2): {"Nothing is wrong": lambda v: v.mse_next < v.mse < 83},
    ("line_fit", 3): {"a little less every time": lambda v: v.mse_next <= v.mse},
    ("line_fit", 4): {"further away than the one before": lambda v: v.mse_next > v.mse},
    ("line_fit", 5): {"the line came to": lambda v: v.mse < 1e-6},
    ("line_fit", 6): {"still wander": lambda v: abs(v.a_next - v.a) > 1e-3 and v.mse > 0.85},
    ("line_fit", 7): {"sway far less": lambda v: 0 < abs(v.a_next - v.a) < 0.1},
    ("line_fit", 8): {"the descent stopped": lambda v: abs(v.a_next - v.a) < 1e-6},
    ("linear_model", 1): {"where two and three are true": lambda v: abs(v.weight_1 - 2) < 0.5},
    ("linear_model", 2): {"does not fail": lambda v: v.mse < 0.2},
    ("linear_model", 3): {"ever further": lambda v: abs(v.weight_1) > 10 and np.isfinite(v.mse)},
    ("linear_model", 4): {"Nearly the same": lambda v: abs(v.weight_1 - 2) < 0.05},
    ("matmul_stack", 2): {"nothing else happened": lambda v: v.sse < 1e-4},
    ("matmul_stack", 6): {
        "nothing of the inputs": lambda v: not any(v[f"W_{k}"].any() for k in (1, 2, 3))
    },
    ("matmul_stack", 7): {"They can, slowly": lambda v: v.sse < 1},
    ("matmul_stack", 8): {"throws the weights": lambda v: v.running == 0},
    ("matmul_stack", 9): {"Yes": lambda v: v.sse < 1e-4},
    ("relu_function", 1): {"from a little before the middle": lambda v: -0.5 < v["kink"][0] < 0},
    ("relu_function", 2): {"walked to the middle": lambda v: np.abs(v["kink"][:2]).max() < 1e-5},
    ("relu_function", 3): {"less than a hundredth": lambda v: v.loss < 0.33326 / 100},
    ("relu_function", 4): {"near the middle": lambda v: np.abs(v["kink"]).min() > 0.1},
    ("relu_function", 5): {
        "both feet of the bump and at its top": lambda v: all(
            np.abs(v["kink"] - place).min() < 0.1 for place in (-0.44, 0, 0.44)
        )
    },
    ("relu_function", 6): {"never a jump": lambda v: v.worst_error > 0},
    ("relu_function", 8): {"no step can wake it": lambda v: v.dead_units == 5},
    ("relu_function", 9): {"Nothing explodes": lambda v: v.loss < 0.5},
    ("convolution", 2): {"stay the same everywhere": lambda v: v.bright_cells == 146},
    ("overfitting", 1): {"Validation turned": lambda v: v.valid_loss > 1.5 * v.best_loss},
    ("overfitting", 2): {"the best epoch is still": lambda v: v.best_epoch == 41},
    ("overfitting", 3): {"It ended": lambda v: v.epoch == 71},
    ("overfitting", 4): {"Earlier": lambda v: v.best_epoch == 8},
    ("overfitting", 5): {"More epochs change nothing": lambda v: v.valid_loss > 0.15},
    ("overfitting", 6): {"Training ended higher": lambda v: v.train_loss > 0.030},
    ("overfitting", 7): {"the best is the last one": lambda v: v.best_epoch == v.epoch},
    ("overfitting", 8): {"hardly rises": lambda v: v.valid_loss < 1.05 * v.best_loss},
    ("optimisers", 1): {
        "Adam's, after 145 steps": lambda v: nearest(v) == "adam" or v.t > 145,
        "SGD's intercept is at": lambda v: v.intercept_sgd < 4,  # of 30: it has hardly moved
        "Adagrad was closer": lambda v: v.pass_error_adagrad < v.pass_error_adam,
    },
    ("optimisers", 3): {"Momentum does": lambda v: v.rmse_momentum == v.rmse_most > 1e4},
    ("optimisers", 4): {"Adam, with": lambda v: nearest(v) == "adam"},
    ("optimisers", 5): {"Adagrad does": lambda v: nearest(v) == "adagrad"},
    ("sgd", 1): {"only": lambda v: abs(v.intercept - 1) < 1 < abs(v.slope)},
    ("sgd", 2): {"A little further away": lambda v: v.rmse > 15},
    ("sgd", 3): {"throws the slope": lambda v: abs(v.new_slope - v.slope) > 0.5},
    ("momentum", 1): {"not closer": lambda v: v.rmse > 15},
    ("momentum", 2): {"nearly the course's": lambda v: abs(v.slope - 2.33) < 0.05},
    ("momentum", 3): {"It runs away": lambda v: v.rmse > 1e4},
    ("momentum", 4): {"Plain SGD": lambda v: abs(v.slope - 2.55) < 0.05},
    ("rmsprop", 1): {"A little": lambda v: v.intercept < 30},
    ("rmsprop", 3): {"swings from row to row": lambda v: abs(v.new_slope - v.slope) > 1e-3},
    ("adam", 1): {"it is at": lambda v: abs(v.intercept - 30) < 3},
    ("adam", 3): {"Wilder": lambda v: v.rmse > 1.87},
    ("adagrad", 2): {"None that is shown": lambda v: abs(v.slope - 2) < 0.5},
    ("adagrad", 3): {"It crawls": lambda v: v.intercept < 5},
    ("lr_finder", 1): {"runs away late": lambda v: v.smoothed > 4 * v.best_now},
    ("lr_finder", 2): {"moves too little": lambda v: v.curve_loss_chosen < v.curve_loss_other},
    ("lr_finder", 3): {"No": lambda v: v.curve_loss_chosen < v.curve_loss_other},
    ("lr_finder", 4): {"no way back": lambda v: v.curve_loss_other > 1000},
    ("lr_finder", 5): {"Hardly any": lambda v: v.tried == 20},
    ("lr_finder", 6): {"Slide": lambda v: v.points_seen < 16},
}


def nearest(v: Found) -> str:
    return min(
        ("sgd", "momentum", "rmsprop", "adam", "adagrad"), key=lambda each: v[f"rmse_{each}"]
    )


def told_of(name: str, number: int) -> str:
    """The words of what happened, without its numbers, where the step plays one step."""
    preset = SHEETS[name]().presets[number - 1]
    one = SHEETS[name]().staged(preset).play == 1
    return " ".join(x for x in preset.happened if isinstance(x, str)) if one else ""


PLAYED = [
    (name, number)
    for name in SHEETS
    for number, preset in enumerate(SHEETS[name]().presets, 1)
    if SHEETS[name]().staged(preset).play
]
# Runs of one step say nothing of what comes after it.
FIRST_STEP_ONLY = {(name, k) for name, k in PLAYED if "first step" in told_of(name, k)}


@cache
def moments(name: str, number: int) -> tuple[Found, Found]:
    """Where the step's run stops, and ten times as far, or where the run ends before."""
    preset = SHEETS[name]().presets[number - 1]
    play = SHEETS[name]().staged(preset).play
    started = SHEETS[name]().with_inputs(preset.inputs)
    given = {
        name: None if block.value is None else block.value.ravel().tolist()
        for name, block in started.inputs.items()
    }
    source = f"""(() => {{
        const program = ({program(started)})({int(started.rows or 0)});
        const [given, carried] = {json.dumps([given, list(started.carried.values())])};
        for (const name in given) if (given[name]) program.blocks[name].set(given[name]);
        for (const name in program.follows) program.follows[name] = given[name] === null;
        program.run();
        const isFinite = (name) => program.blocks[name].every(Number.isFinite);
        const found = [];
        let step = 0;
        for (const stop of {[play, TIMES * play]}) {{
            for (; step < stop && carried.every(isFinite); step++) program.step();
            found.push(Object.entries(program.blocks).map(([k, x]) => [k, Array.from(x, String)]));
        }}
        return JSON.stringify(found);
    }})()"""
    numbers = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    first, last = (
        Found(
            (block, np.array([numbers.get(x, x) for x in flat], float).reshape(shape))
            for block, flat in each
            for shape in [started.blocks[block].shape]
        )
        for each in json.loads(in_v8(source))
    )
    return first, last


each_run = pytest.mark.parametrize(("name", "number"), PLAYED, ids=str)


def without_noughts(text: str) -> str:
    """1.00, which is nearly one, and 1 say the same."""
    return re.sub(r"\d+\.\d+", lambda number: number[0].rstrip("0").rstrip("."), text)


@each_run
def test_what_changes_afterwards_says_when_it_was_so(name, number):
    preset = SHEETS[name]().presets[number - 1]
    play = SHEETS[name]().staged(preset).play
    first, last = moments(name, number)
    told = [without_noughts(written(preset.happened + preset.why, x)) for x in (first, last)]
    times = {str(play), str(int(first["epoch"].item())) if "epoch" in first else ""}
    assert (
        told[0] == told[1]
        or times & set(re.findall(r"\d+", told[0]))
        or (play == 1 and "first step" in told[0])
    )


@each_run
def test_what_is_said_in_words_still_holds(name, number):
    preset = SHEETS[name]().presets[number - 1]
    first, last = moments(name, number)
    told = written(preset.happened + (" ",) + preset.why, first)
    for words, holds in SAID.get((name, number), {}).items():
        assert words in told
        assert holds(first), (words, "where it stops")
        assert holds(last), (words, "played on")


def test_every_run_says_something_that_lasts():
    assert set(PLAYED) - FIRST_STEP_ONLY <= set(SAID) <= set(PLAYED)
