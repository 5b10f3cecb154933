"""The stories of the library's sheets as steps: short enough to stand beside a chart, true at the
step where they stop, and about what is in view.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from library_sheets import SHEETS
from quick import FEW, few_when_quick

from sheets import Sheet, values
from sheets.language.blocks import Block, Choice, Parameter, Size, infinity_of
from sheets.language.formats import Pieces, written
from sheets.language.scene import Scene
from sheets.language.teaching import Preset, names_in
from sheets.targets.numpy import Values, is_said, trajectory

MOST_WORDS = {"predict": 35, "happened": 30, "why": 30}
MOST_WORDS_TOGETHER = 60
MOST_WORDS_OF_AN_INTRODUCTION = 45
MOST_COLUMNS = 7  # of the small table beside a chart

# Digits in what is told that no block of the sheet computes, and why they stand there.
CONSTANTS = {
    "log_loss": {
        "110": "the place of the lecture's submission, in its own words",
        "38": "the score that the lecture recalls",
    },
    "depth_lab": {"10": "the base of a power of ten"},
    "convolution": {"255": "the largest number of a colour"},
    "matmul_stack": {"10": "the base of a power of ten"},
}

# What the lectures saw, in the words of the steps: no change of a sheet may change it silently.
SEEN = {
    ("log_loss", 1): "Row 5 costs 3.91, 56% of the whole",
    ("log_loss", 2): "It is 0.0860. The one mistake, row 13, costs 1.20",
    ("log_loss", 3): "It is infinite: row 13, a cat,",
    ("log_loss", 4): "Row 13 costs 9.21, which is 99.96% of the whole. The mean is 0.2304",
    ("log_loss", 5): "The mean falls to 0.1249",
    ("log_loss", 6): "A little better: 0.1175",
    ("log_loss", 7): "It is the best: 0.1169",
    ("log_loss", 8): "It is 8.98, where 9.21 is the most",
    ("line_fit", 1): "to 8.04 after 400 updates. The slope, at 2.93",
    ("line_fit", 2): "After 400 updates the line is 1.14 x + 4.89: about half way",
    ("line_fit", 3): "After 100 it stands at 3.00 x + 8.00",
    ("line_fit", 4): "After 10 updates the loss has grown to 555",
    ("line_fit", 5): "Yet the line came to 3.00 x + 8.00",
    ("line_fit", 8): "stopped at 2.4 x + 7.8",
    ("linear_model", 1): "1.72 and 2.79, where two and three are true, the bias 1.26",
    ("linear_model", 2): "after 10 epochs the loss of all rows is 0.1652",
    ("linear_model", 4): "the weights are 1.96 and 2.95, the bias 1.05",
    ("matmul_stack", 1): "says 7597 and 5284 where 5 and 6 are wanted",
    (
        "matmul_stack",
        2,
    ): "says 5.00 and 6.00. The weights were drawn with a standard deviation of 0.29",
    ("matmul_stack", 3): "a standard deviation of 0.53 in the first layer",
    ("matmul_stack", 4): "by about a half, to 0.82",
    ("matmul_stack", 6): "says 5.00 and 6.00, whatever goes in",
    ("matmul_stack", 8): "the squared error is about 10^20",
    ("matmul_stack", 9): "it says 5 and 6",
    ("matmul_stack", 7): "came down to 5.37 and 5.84 in 100 steps",
    ("depth_lab", 1): "about 10^22. With 8 numbers in a layer",
    ("depth_lab", 2): "about 10^-28",
    (
        "depth_lab",
        3,
    ): "about 10^-23 after 50 layers. It draws weights with a standard deviation of 0.125",
    ("depth_lab", 4): "is 0.387",
    ("depth_lab", 5): "is 0.050, and falling",
    ("depth_lab", 6): "By the root of a half, 0.7071, in expectation. After 50 layers",
    ("depth_lab", 7): "the factor is 1 again",
    ("relu_layers", 1): "For 0 of 5",
    ("relu_layers", 2): "misses 5 of 5 rows, by at most 9.7869",
    ("relu_layers", 3): "misses 5 of 5 rows, by at most 6.1597",
    ("relu_layers", 4): "misses 5 rows, by up to 6.8401",
    ("relu_layers", 5): "1 of 7 units is dead",
    (
        "optimisers",
        1,
    ): "Adam's, after 145 steps: 2.07 x + 27.60. SGD's intercept is at 1.28",
    ("optimisers", 2): "took both from 1 to 3, in each parameter, and Adam to 1.5",
    ("optimisers", 3): "its error is 80495 after 145 steps, and was 76.14",
    (
        "optimisers",
        4,
    ): "12.84 after 145 steps. RMSprop is starved at 64.92, and SGD hardly minds: 15.79",
    ("optimisers", 5): "an error of 2.54 after 145 steps. Adam was caught in a swing, at 26.02",
    ("relu_function", 1): "ends at 0.33326",
    ("relu_function", 2): "less than a millionth is left",
    ("relu_function", 3): "is 0.00221",
    ("relu_function", 4): "a quarter: 0.00049",
    ("relu_function", 5): "is 0.00134",
    ("relu_function", 6): "is 0.01072",
    ("relu_function", 8): "5 of the 12 are dead, and the mean squared error is 0.00286",
    ("relu_function", 9): "12 of 12 units died. The mean squared error stays at 0.48387",
    ("convolution", 3): "146 cells of 676 are above zero, 3.03 at most",
    ("convolution", 7): "138 cells became zero, 146 stayed as they were",
    ("convolution", 10): "it is 254.7755 now",
    (
        "overfitting",
        1,
    ): "to 0.030. Validation turned at epoch 41: from 0.080 it rose to 0.134 by epoch 300",
    ("overfitting", 2): "by epoch 3000 it rose to 0.470. Training came down to 0.011",
    ("overfitting", 3): "ended at epoch 71, 30 after the best one, 41",
    ("overfitting", 4): "at epoch 8, with 0.080",
    ("overfitting", 5): "0.210 in training, 0.156 in validation",
    ("overfitting", 8): "0.085, the best was 0.084",
    ("lr_finder", 1): "At rate number 89, 1.91, the loss was over four times its least, 1.9930",
    ("lr_finder", 2): "0.1095 at rate 0.05, and 2.0580 at rate 0.001",
    ("lr_finder", 3): "it is at 0.5297, the chosen rate at 0.1095",
    ("lr_finder", 5): "the test ends at number 20. Valley suggests 1.10",
    ("lr_finder", 6): "sees only 13 points",
}

# Digits in a step's own sentence that no block computes, and where the reader sees them.
TYPED_IN_SENTENCES = {
    ("softmax", 2): {"1", "2"},  # the pictures' names
    ("softmax", 3): {"1", "2"},
    ("softmax", 11): {"10"},  # the base
    ("convolution", 14): {"1"},  # the map's name
    ("convolution", 15): {"1"},
    ("optimisers", 2): {"1"},  # the start, which is no control of the step
}

# Controls of a step that move nothing of it, and why they stand there.
MOVES_NOTHING = {
    ("relu_function", "end_sets"): "it tells the pointer what to drag",
    ("matmul_stack", "learning_rate"): "from zeros no rate learns, as the step tells",
    ("matmul_stack", "biases"): "they are zeros as well before a step is taken",
    (
        "convolution",
        "filter_1_is",
    ): "no filter finds anything in a black picture, as the step tells",
    ("overfitting", "early_stopping"): "it ends the run, later",
    ("overfitting", "patience"): "it ends the run, later",
}

TOLD = list(SHEETS)
STEPS = [(name, number) for name in TOLD for number in range(1, len(SHEETS[name]().presets) + 1)]
is_of_few = lambda step: step[0] in FEW
each_story = pytest.mark.parametrize("name", few_when_quick(TOLD))
each_step = pytest.mark.parametrize(
    ("name", "number"), few_when_quick(STEPS, is_of_few, several=True), ids=lambda part: str(part)
)


def step(name: str, number: int) -> tuple[Preset, Scene]:
    """A step of a story, counted from 1, and what stands on the stage meanwhile."""
    preset = SHEETS[name]().presets[number - 1]
    return preset, SHEETS[name]().staged(preset)


@cache
def stop(name: str, number: int) -> Values:
    """Every block where the step's telling is shown: its inputs set, and played to its stop."""
    preset, scene = step(name, number)
    return values(SHEETS[name](), preset.inputs, steps=scene.play)


def telling(name: str, number: int) -> dict[str, str]:
    """The step's texts as the reader sees them."""
    preset, _ = step(name, number)
    found = stop(name, number)
    told = {part: written(getattr(preset, part), found) for part in ("happened", "why")}
    return {"predict": preset.predict, **told}


def literals(pieces: Pieces) -> str:
    return " ".join(piece for piece in pieces if isinstance(piece, str))


# --- the words


@each_story
def test_a_story_opens_with_a_question(name):
    text = written(SHEETS[name]().introduction, values(SHEETS[name]()))
    assert "?" in text and len(text.split()) <= MOST_WORDS_OF_AN_INTRODUCTION


@each_step
def test_a_step_asks_and_then_tells_what_happened_and_why(name, number):
    for part, text in telling(name, number).items():
        assert text, part
        assert text[-1] in ".?!", text


@each_step
def test_a_step_can_be_read_beside_its_chart(name, number):
    words = {part: len(text.split()) for part, text in telling(name, number).items()}
    assert all(words[part] <= most for part, most in MOST_WORDS.items()), words
    assert sum(words.values()) <= MOST_WORDS_TOGETHER, words


@each_step
def test_every_number_that_is_told_is_computed(name, number):
    """But for the step at which it is told."""
    preset, scene = step(name, number)
    typed = set(re.findall(r"\d[\d.,]*\d|\d", literals(preset.happened + preset.why)))
    assert typed <= {*CONSTANTS.get(name, {}), str(scene.play)}


def sentence(name: str, number: int) -> Pieces:
    """What the stage says in the step: its own words, or the first sentence that holds."""
    preset, _ = step(name, number)
    holding = (
        each.pieces for each in SHEETS[name]().sentences if is_said(each, stop(name, number))
    )
    return preset.says or next(holding, ())


@each_step
def test_the_sentence_on_the_stage_is_about_the_step(name, number):
    """It says a number of which the step tells, shows large, or lets the reader set."""
    preset, scene = step(name, number)
    of_the_step = {block for block, _ in names_in(preset.happened + preset.why)}
    of_the_step |= {*scene.numbers, *scene.controls}
    pieces = sentence(name, number)
    assert of_the_step & {block for block, _ in names_in(pieces)}, written(
        pieces, stop(name, number)
    )


@each_step
def test_a_step_says_itself_what_is_computed(name, number):
    """In words that hold wherever its controls go: no digit in them is typed."""
    preset, _ = step(name, number)
    typed = set(re.findall(r"\d+", literals(preset.says)))
    assert typed <= TYPED_IN_SENTENCES.get((name, number), set())
    said = written(preset.says, stop(name, number))
    assert not said or said[-1] == "."
    assert not re.search("undefined|_", said)


@each_story
def test_every_constant_of_the_table_is_told(name):
    told = " ".join(literals(preset.happened + preset.why) for preset in SHEETS[name]().presets)
    assert all(re.search(rf"\b{re.escape(typed)}(?!\d)", told) for typed in CONSTANTS.get(name, {}))


@each_story
def test_a_story_is_told_in_words_for_people(name):
    """Without identifiers, and without a place of the page that may be another one tomorrow."""
    told = [literals(SHEETS[name]().introduction)]
    for preset in SHEETS[name]().presets:
        told += [preset.title, preset.predict, literals(preset.happened + preset.why + preset.says)]
    for text in told:
        assert "_" not in text
        assert not re.search(r"\b(button|press|(first|second|left|right)\s+chart)\b", text, re.I)


# --- the numbers


@each_step
def test_what_is_told_is_a_number_or_meant_to_be_infinite(name, number):
    preset, scene = step(name, number)
    told = {block for block, _ in names_in(preset.happened + preset.why)} | set(scene.numbers)
    for block in told:
        assert says_a_number(SHEETS[name]().blocks[block], stop(name, number)[block].item()), block
    assert not re.search("undefined|{|}", " ".join(telling(name, number).values()))


def moves(started: Sheet, found: Values) -> bool:
    """Whether another step would change anything: a page stops playing where it would not."""
    return any(
        not np.array_equal(found[block], found[source]) for block, source in started.carried.items()
    )


def says_a_number(block: Block, number: float) -> bool:
    return bool(np.isfinite(number)) or (np.isinf(number) and infinity_of(block) is not None)


@each_step
def test_the_step_where_playing_stops_is_reached(name, number):
    preset, scene = step(name, number)
    started = SHEETS[name]().with_inputs(preset.inputs)
    run = list(trajectory(started, scene.play))
    assert len(run) == scene.play + 1 and (not scene.play or started.carried)
    assert all(moves(started, found) for found in run[:-1])


@each_story
def test_a_sheet_that_trains_has_something_to_play(name):
    stops = [step(name, number)[1].play for other, number in STEPS if other == name]
    assert any(stops) == bool(SHEETS[name]().carried)


@pytest.mark.parametrize(
    ("name", "number"), few_when_quick(SEEN, is_of_few, several=True), ids=lambda part: str(part)
)
def test_a_step_tells_what_the_lecture_saw(name, number):
    assert SEEN[name, number] in spoken(name, number)


# --- what stands on the stage


@each_step
def test_a_step_has_its_controls_and_charts(name, number):
    _, scene = step(name, number)
    assert 1 <= len(scene.controls) <= 3 and len(set(scene.controls)) == len(scene.controls)
    assert len(scene.charts) <= 2 and len(set(scene.charts)) == len(scene.charts)
    assert scene.charts or 1 <= len(set(scene.pictures)) == len(scene.pictures)
    assert 1 <= len(scene.numbers) <= 2


def seen(name: str, number: int, scene: Scene) -> list[str]:
    """The blocks of which the stage shows numbers in the step."""
    charts = [SHEETS[name]().charts[place] for place in scene.charts]
    drawn = [
        part for chart in charts for each in chart.series for part in (each.x, each.y, each.to)
    ]
    drawn += [chart.contour.z for chart in charts if chart.contour]
    return [*scene.cells, *scene.pictures, *scene.numbers, *drawn]


def another(block: Parameter | Choice) -> float:
    """A value other than the one that the control has."""
    if isinstance(block, Choice):
        return (int(block.value.item()) + 1) % len(block.choices)
    ends = (block.high, block.low) if block.scale == "linear" else (block.high / 2, block.low)
    return next(end for end in ends if end != block.value.item())


@each_step
def test_each_control_of_a_step_moves_what_the_step_shows(name, number):
    preset, scene = step(name, number)
    started = SHEETS[name]().with_inputs(preset.inputs)
    few = min(scene.play, 2)
    before = values(started, steps=few)
    shown = [each for each in seen(name, number, scene) if each in before]
    for control in scene.controls:
        block = started.blocks[control]
        if isinstance(block, Size):
            continue
        after = values(started, {control: another(block)}, steps=few)
        moved = any(not np.array_equal(before[each], after[each]) for each in shown)
        assert moved or (name, control) in MOVES_NOTHING, control


@each_step
def test_the_cells_of_a_step_make_one_small_table(name, number):
    _, scene = step(name, number)
    shapes = [stop(name, number)[block].shape for block in scene.cells]
    assert len({rows for rows, _ in shapes}) <= 1
    assert sum(columns for _, columns in shapes) <= MOST_COLUMNS
    assert scene.look is None or scene.look.block in scene.cells + scene.pictures


@each_step
def test_the_row_that_is_told_is_the_row_looked_at(name, number):
    _, scene = step(name, number)
    told = {int(row) for row in re.findall(r"\brow (\d+)", spoken(name, number), re.I)}
    assert told <= {row_looked_at(scene, stop(name, number))}


def spoken(name: str, number: int) -> str:
    said = telling(name, number)
    return f"{said['happened']} {said['why']}"


def row_looked_at(scene: Scene, found: Values) -> int | None:
    """Counted from 1; None where no cell is looked at. Raises IndexError where it is outside."""
    if scene.look is None:
        return None
    row = scene.look.row
    place = int(found[row].item()) if isinstance(row, str) else row + 1
    return range(1, len(found[scene.look.block]) + 1)[place - 1]
