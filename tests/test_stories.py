"""The stories of the library's sheets as steps: short enough to stand beside a chart, true at the
step where they stop, and about what is in view.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest

from sheets import Sheet, values
from sheets.language.blocks import Block, infinity_of
from sheets.language.formats import Pieces, written
from sheets.language.scene import Scene
from sheets.language.teaching import Preset, names_in
from sheets.library.catalogue import SHEETS
from sheets.targets.numpy import Values, steps_taken

MOST_WORDS = {"predict": 35, "happened": 30, "why": 30}
MOST_WORDS_TOGETHER = 60
MOST_WORDS_OF_AN_INTRODUCTION = 45
MOST_COLUMNS = 4  # of the small table beside a chart

# Digits in what is told that no block of the sheet computes, and why they stand there.
CONSTANTS = {
    "log_loss": {"110": "the place of the lecture's submission, in its own words"},
}

TOLD = ["log_loss", "line_fit"]
STEPS = [(name, number) for name in TOLD for number in range(1, len(SHEETS[name]().presets) + 1)]
each_story = pytest.mark.parametrize("name", TOLD)
each_step = pytest.mark.parametrize(("name", "number"), STEPS, ids=lambda part: str(part))


@cache
def sheet(name: str) -> Sheet:
    return SHEETS[name]()


def step(name: str, number: int) -> tuple[Preset, Scene]:
    """A step of a story, counted from 1, and what stands on the stage meanwhile."""
    preset = sheet(name).presets[number - 1]
    return preset, sheet(name).staged(preset)


@cache
def stop(name: str, number: int) -> Values:
    """Every block where the step's telling is shown: its inputs set, and played to its stop."""
    preset, scene = step(name, number)
    return values(sheet(name), preset.inputs, steps=scene.play)


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
    text = written(sheet(name).introduction, values(sheet(name)))
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
    preset, _ = step(name, number)
    typed = set(re.findall(r"\d[\d.,]*\d|\d", literals(preset.happened + preset.why)))
    assert typed <= set(CONSTANTS.get(name, {}))


@each_story
def test_every_constant_of_the_table_is_told(name):
    told = " ".join(literals(preset.happened + preset.why) for preset in sheet(name).presets)
    assert all(re.search(rf"\b{re.escape(typed)}\b", told) for typed in CONSTANTS.get(name, {}))


@each_story
def test_a_story_is_told_in_words_for_people(name):
    """Without identifiers, and without a place of the page that may be another one tomorrow."""
    told = [literals(sheet(name).introduction)]
    for preset in sheet(name).presets:
        told += [preset.title, preset.predict, literals(preset.happened + preset.why)]
    for text in told:
        assert "_" not in text
        assert not re.search(r"\b(button|press|(first|second|left|right)\s+chart)\b", text, re.I)


# --- the numbers


@each_step
def test_what_is_told_is_a_number_or_meant_to_be_infinite(name, number):
    preset, scene = step(name, number)
    told = {block for block, _ in names_in(preset.happened + preset.why)} | set(scene.numbers)
    for block in told:
        assert says_a_number(sheet(name).blocks[block], stop(name, number)[block].item()), block
    assert not re.search("undefined|{|}", " ".join(telling(name, number).values()))


def says_a_number(block: Block, number: float) -> bool:
    return bool(np.isfinite(number)) or (np.isinf(number) and infinity_of(block) is not None)


@each_step
def test_the_step_where_playing_stops_is_reached(name, number):
    preset, scene = step(name, number)
    started = sheet(name).with_inputs(preset.inputs)
    assert steps_taken(started, scene.play) == scene.play
    assert not scene.play or started.carried


@each_story
def test_a_sheet_that_trains_has_something_to_play(name):
    stops = [step(name, number)[1].play for other, number in STEPS if other == name]
    assert any(stops) == bool(sheet(name).carried)


# --- what stands on the stage


@each_step
def test_a_step_has_its_controls_and_charts(name, number):
    _, scene = step(name, number)
    assert 1 <= len(scene.controls) <= 3 and len(set(scene.controls)) == len(scene.controls)
    assert 1 <= len(scene.charts) <= 2 and len(set(scene.charts)) == len(scene.charts)
    assert 1 <= len(scene.numbers) <= 2


@each_step
def test_the_cells_of_a_step_make_one_small_table(name, number):
    _, scene = step(name, number)
    shapes = [stop(name, number)[block].shape for block in scene.cells]
    assert len({rows for rows, _ in shapes}) <= 1
    assert sum(columns for _, columns in shapes) <= MOST_COLUMNS
    assert scene.look is None or scene.look.block in scene.cells


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
