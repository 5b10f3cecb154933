"""The lessons' own words and files: notebooks without outputs, text that agrees with the sheet,
pages and site.
"""

import json
import re
from pathlib import Path

import pytest
from lesson_texts import text_of
from library_sheets import SHEETS
from quick import few_when_quick

from lessons.course import lessons, notebook, sheet_lessons
from lessons.others import OTHERS
from lessons.pages import example_run, index_page, lesson_page, parts
from lessons.picture import picture, picture_of_run
from sheets import Sheet, values
from sheets.language.formats import written
from sheets.library import catalogue
from sheets.library.log_loss import log_loss

NOTEBOOKS = sorted(Path(notebook("log_loss")).parent.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_every_notebook_is_a_lesson_of_the_course():
    assert [path.stem for path in NOTEBOOKS] == sorted(lessons())
    assert set(OTHERS) | {name for name in SHEETS if notebook(name).exists()} == set(lessons())


@pytest.mark.parametrize("name", few_when_quick(sheet_lessons()))
def test_a_lesson_shows_its_own_sheet_first(name):
    shown = [part.name for part in parts(notebook(name)) if isinstance(part, Sheet)]
    assert shown[0] == name and set(shown) <= set(SHEETS)


@pytest.mark.parametrize("name", few_when_quick(sheet_lessons()))
def test_a_lesson_asks_before_it_tells_and_cites_its_sources(name):
    text, sheet = text_of(notebook(name)), SHEETS[name]()
    assert sum("?" in preset.predict for preset in sheet.presets) >= 3
    assert all(preset.predict for preset in sheet.presets)
    assert all(source.address in text for source in sheet.sources)


@pytest.mark.parametrize("name", few_when_quick(sheet_lessons()))
def test_a_lesson_opens_with_its_title_and_how_to_run_it(name):
    """The sheet tells its story itself; a notebook keeps what no step of it can hold, below."""
    cells = json.loads(notebook(name).read_text(encoding="utf-8"))["cells"]
    assert [cell["cell_type"] for cell in cells[:3]] == ["markdown", "code", "markdown"]
    title, _, run = "".join(cells[0]["source"]).splitlines()
    assert title == f"# {SHEETS[name]().title}"
    assert re.fullmatch(r'<p class="gs-run">[^<]*Shift\+Enter[^<]*</p>', run)


@pytest.mark.parametrize("name", few_when_quick(SHEETS))
def test_who_teaches_has_something_to_say_at_every_button(name):
    sheet = SHEETS[name]()
    for pieces, settings in [
        (sheet.opening, {}),
        *((preset.notes, preset.inputs) for preset in sheet.presets),
    ]:
        spoken = written(pieces, values(sheet, settings, steps=1 if sheet.carried else 0))
        assert 2 <= len(re.findall(r"[.?!](?=\s|$)", spoken)) <= 5 and len(spoken) < 330


def test_the_losses_named_in_the_text_are_the_sheets():
    sheet = log_loss()
    computed = {
        f"{values(sheet, {'clip': c})['loss_at_clip'][0, 0]:.4f}"
        for c in (0.025, 0.005, 0.045, 0.0025, 0.25)
    }
    named = set(re.findall(r"\b\d\.\d{4}\b", text_of(notebook("log_loss")))) - {"0.0001", "0.0025"}
    assert named and named <= computed


@pytest.mark.thorough
def test_the_index_has_a_picture_and_a_sentence_for_each_lesson():
    page = index_page(lambda name: f"/somewhere/{name}")
    for name in lessons():
        assert (
            f'href="/somewhere/{name}"' in page
            and (OTHERS[name] if name in OTHERS else SHEETS[name]()).summary in page
        )
    assert page.count("<svg") == len(lessons())


@pytest.mark.parametrize("name", lessons())
def test_a_picture_is_drawn_inside_its_frame(name):
    drawn = picture(SHEETS[name]()) if name in SHEETS else picture_of_run(example_run())
    points = [
        tuple(map(float, point.split(",")))
        for line in re.findall(r'points="([^"]*)"', drawn)
        for point in line.split()
    ]
    points += [
        (float(x), float(y)) for x, y in re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"', drawn)
    ]
    for box in re.findall(r'<rect x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', drawn):
        left, top, width, height = map(float, box)
        points += [(left, top), (left + width, top + height)]
    assert len(points) >= 2 and all(0 <= x <= 360 and 0 <= y <= 200 for x, y in points)


def test_a_sheet_without_a_lesson_has_a_page_all_the_same(monkeypatch):
    def bare() -> Sheet:
        s = Sheet("bare", title="Bare & simple", summary="No notebook.")
        s.let("y", s.input("x", 3) * 2)
        return s

    monkeypatch.setitem(catalogue.SHEETS, "bare", bare)
    assert "<h1>Bare &amp; simple</h1>" in lesson_page("bare")
