"""axe-core finds nothing on any lesson's page, light and in the presentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from lessons.pages import lesson_page, sheet_lessons
from widgets.sheet_widget import plotly_file

# Everything unfolded on the first lesson; elsewhere the folded tables, which are made alike and large, stay closed.
OPEN = {"log_loss": "details"}
UNFOLD = "(which) => document.querySelectorAll(which).forEach((folded) => { folded.open = true; })"


def violations(page) -> list:
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in found]


@pytest.mark.parametrize("lesson", sheet_lessons())
def test_axe_finds_nothing(page, tmp_path: Path, lesson: str):
    file = tmp_path / "lesson.html"
    file.write_text(lesson_page(lesson, plotly_address=plotly_file().as_uri()), encoding="utf-8")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.goto(file.as_uri())
    page.wait_for_selector(".js-plotly-plot")
    page.evaluate(UNFOLD, OPEN.get(lesson, "details.gs-predict, details.gs-share"))
    assert not violations(page)
    page.evaluate("location.hash = 'mode=projector'")
    page.wait_for_selector("article[data-projector]")
    assert not violations(page)
