"""Exercises: every lesson has some; the way that the definition gives does each, and where it
begins does not; the page checks what is typed and what is reached.
"""

from __future__ import annotations

import operator

import pytest
from library_sheets import SHEETS
from pages import choose_step, frame, open_panel
from quick import FEW, few_when_quick

from lessons.course import sheet_lessons
from sheets import Sheet, SheetError, values
from sheets.language.exercises import Exercise
from sheets.library.log_loss import log_loss
from sheets.targets.numpy import Values

IS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}

ALL = [(name, number) for name in SHEETS for number in range(1, len(SHEETS[name]().exercises) + 1)]
each_exercise = pytest.mark.parametrize(
    ("name", "number"),
    few_when_quick(ALL, lambda exercise: exercise[0] in FEW, several=True),
    ids=str,
)


def started(name: str, number: int) -> tuple[Sheet, Exercise, dict]:
    """The sheet, the exercise, and the inputs with which it begins."""
    sheet = SHEETS[name]()
    exercise = sheet.exercises[number - 1]
    return sheet, exercise, {} if exercise.preset is None else sheet.presets[exercise.preset].inputs


def is_reached(exercise: Exercise, found: Values, step: int) -> bool:
    def number(name: str | float) -> float:
        if isinstance(name, float):
            return name
        return step if name == "step" else found[name].item()

    return all(
        IS[each.relation](number(each.left), number(each.right)) for each in exercise.reached
    )


def is_right(exercise: Exercise, typed: float, truth: float) -> bool:
    return abs(typed - truth) <= exercise.tolerance * (abs(truth) or 1)


@pytest.mark.parametrize("name", sheet_lessons())
def test_a_lesson_has_two_or_three_exercises(name):
    assert 2 <= len(SHEETS[name]().exercises) <= 3


@each_exercise
def test_the_way_does_it_and_the_start_does_not(name, number):
    """Nor does the start, played as far."""
    sheet, exercise, begin = started(name, number)
    computed = values(sheet, {**begin, **exercise.way}, exercise.steps)
    if exercise.answer:
        truth = computed[exercise.answer].item()
        assert is_right(exercise, truth, truth)
        wrong = truth * (1 + 2 * exercise.tolerance) if truth else 2 * exercise.tolerance
        assert not is_right(exercise, wrong, truth)
        assert not is_right(exercise, -truth if truth else 1, truth)
        return
    assert is_reached(exercise, computed, exercise.steps)
    for steps in {0, exercise.steps}:
        assert not is_reached(exercise, values(sheet, begin, steps), steps)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "it needs an answer to type or a state that is reached, not both"),
        ({"answer": "loss_mean", "reached": ["clip < 1"]}, "not both"),
        ({"answer": "loss"}, "there is no block 'loss'; did you mean"),
        ({"answer": "prediction"}, "prediction is 5 x 1; it must be one number"),
        ({"reached": ["clip is small"]}, "'clip is small' is no condition; write one such as"),
        ({"reached": ["clip < lip"]}, "there is no block 'lip'"),
        ({"answer": "clip", "preset": "Five"}, "there is no preset 'Five'; did you mean Five rows"),
        ({"answer": "clip", "way": {"clip": 3}}, "clip"),
        ({"answer": "clip", "steps": -1}, "steps are 0 or more"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_words(told, said):
    with pytest.raises(SheetError, match=r"exercise 'Do it\.'") as caught:
        log_loss().exercise("Do it.", "Done.", **told)
    assert said in str(caught.value)


# --- on the page


def result(page, number: int) -> str:
    frame(page)
    return page.locator(f"[data-exercise='{number}'] .gs-answer").inner_text()


def press(page, number: int, name: str) -> None:
    page.get_by_role("button", name=f"{name}: exercise {number}", exact=True).click()


def test_the_page_checks_a_number_and_a_state(opened):
    page = opened(log_loss)
    open_panel(page, "Exercises")
    field = page.get_by_role("textbox", name="Your answer to exercise 1")
    for typed, said in (("0.02", "Not yet"), ("no", "Type a number"), ("0.01", "Right. One minus")):
        field.fill(typed)
        press(page, 1, "Check")
        assert result(page, 1).startswith(said)
    clip = page.get_by_role("textbox", name="clip", exact=True).first
    press(page, 2, "Begin")
    assert result(page, 2) == "Not there yet."
    for typed, said in (("0.2", "Not there yet."), ("0.03", "Reached. With a clip of 0.03")):
        clip.fill(typed)
        clip.press("Enter")
        assert result(page, 2).startswith(said)
    clip.fill("0.3")
    clip.press("Enter")
    assert result(page, 2).startswith("Reached.")  # what was done stays done
    press(page, 3, "Show a way")
    assert result(page, 3).startswith("One way. A half for each row")
    choose_step(page, "Five rows")
    assert result(page, 3).startswith("One way.")
