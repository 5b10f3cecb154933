"""A story file: how its text is joined, what Python gives by name, what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from sheets import Sheet, SheetError
from sheets.language.story import paragraphs, tell
from widgets.static_page import static_page


def sheet() -> Sheet:
    s = Sheet("lesson")
    s.choice("way", "up", ["up", "down"])
    s.let("twice", 2 * s.parameter("rate", 1, 0, 10))
    return s


def story_of(folder: Path, text: str, given: dict[str, object] | None = None) -> Sheet:
    s, path = sheet(), folder / "lesson.toml"
    path.write_text(text, encoding="utf-8")
    tell(s, path, given)
    return s


def test_a_line_break_is_a_space_and_an_empty_line_parts_paragraphs():
    assert paragraphs("\none\n  two\n\n\nthree\n") == "one two\nthree"


def test_presets_and_questions_are_what_python_would_have_written(tmp_path):
    story = """
    notes = "Begin."
    inputs = { rate = 3 }
    [[presets]]
    title = "At {rate:g}"
    notes = \"\"\"
    It is
    {twice:g}.

    So.
    \"\"\"
    [[presets]]
    title = "Down at {rate:g}"
    settings = "downwards"
    inputs = { rate = "fast" }
    [[questions]]
    question = "How much?"
    answer = "twice"
    reason = "{twice:.1f}."
    preset = "At 3"
    """
    s = story_of(tmp_path, story, {"fast": 7, "downwards": {"way": "down", "rate": 2}})
    by_hand = sheet()
    by_hand.notes("Begin.")
    by_hand.preset("At {rate:g}", notes="It is {twice:g}.\nSo.", rate=3)
    by_hand.preset("Down at {rate:g}", way="down", rate=7)
    by_hand.predict("How much?", "twice", "{twice:.1f}.", preset="At 3")
    assert (s.opening, s.predictions) == (by_hand.opening, by_hand.predictions)
    for one, other in zip(s.presets, by_hand.presets, strict=True):
        assert (one.title, one.notes) == (other.title, other.notes)
        assert {k: v.item() for k, v in one.inputs.items()} == {
            k: v.item() for k, v in other.inputs.items()
        }


PRESET = '[[presets]]\ntitle = "One"\n'
MISTAKES = {
    "an unknown key": (
        PRESET + 'predct = "?"',
        "lesson.toml, preset 'One': there is no key 'predct'; did you mean predict?",
    ),
    "an unknown part": (
        "[[preset]]",
        "lesson.toml: there is no key 'preset'; did you mean presets or pictures?",
    ),
    "no title": (
        PRESET + '[[presets]]\nnotes = "?"',
        'lesson.toml, preset 2: it has no title; write title = "..."',
    ),
    "no text": (PRESET + "notes = 3", "lesson.toml, preset 'One': notes is 3; write text in"),
    "an unknown block": (
        PRESET + 'notes = "{twic}"',
        "lesson.toml, preset 'One': '{twic}': there is no block 'twic'; did you mean twice?",
    ),
    "an unknown input": (PRESET + "inputs = { rat = 1 }", "lesson.toml, preset 'One': "),
    "an unknown name": (PRESET + 'inputs = { rate = "fsat" }', "lesson.toml, preset 'One': "),
    "unknown settings": (
        PRESET + 'settings = "slow"',
        "lesson.toml, preset 'One': Python gives no settings 'slow'; tell(sheet, file, {name",
    ),
    "an unknown answer": (
        '[[questions]]\nquestion = "Q?"\nanswer = "twic"\nreason = "."',
        "lesson.toml, question 'Q?': 'twic' is no block and no chart's series",
    ),
    "no TOML": ("notes = ", "lesson.toml: this is no TOML: "),
}


@pytest.mark.parametrize(("story", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_at_its_place_in_the_file(tmp_path, story, message):
    with pytest.raises(SheetError) as caught:
        story_of(tmp_path, story)
    assert str(caught.value).startswith(message)


def test_what_python_gives_in_vain_is_said(tmp_path):
    with pytest.raises(SheetError, match=r"lesson\.toml: 'fast' is given by Python, but no preset"):
        story_of(tmp_path, PRESET, {"fast": 7})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SheetError, match=r"none\.toml: there is no such story"):
        tell(sheet(), tmp_path / "none.toml")


# --- a step's own sentence, on the page


def test_a_step_that_says_something_says_it_in_place_of_the_sheets_sentences(page, tmp_path):
    s = sheet()
    s.say("Twice the rate is {twice:.1f}.")
    s.preset("Its own", says="At a rate of {rate:.1f} all is well.", happened="So.", rate=3)
    s.preset("None", happened="So.", rate=4)
    (tmp_path / "lesson.html").write_text(static_page("Lesson", [s]), encoding="utf-8")
    page.goto((tmp_path / "lesson.html").as_uri())
    said = page.locator(".gs-words > .gs-sentences p")
    below = page.locator(".gs-more p")
    expect(said).to_have_text("Twice the rate is 2.")
    page.get_by_role("button", name="Begin", exact=True).click()
    expect(said).to_have_text("At a rate of 3 all is well.")
    expect(below).to_have_text("Twice the rate is 6.")
    page.get_by_role("textbox", name="rate").fill("5")
    page.keyboard.press("Enter")
    expect(said).to_have_text("At a rate of 5 all is well.")
    expect(below).to_have_text("Twice the rate is 10.")
    page.get_by_role("button", name="Next step", exact=True).click()
    expect(said).to_have_text("Twice the rate is 8.")
    expect(below).to_have_count(0)
