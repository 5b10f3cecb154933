"""The lesson around the panel, as a notebook and as a static page."""

import json
import re

from lessons.course import notebook
from lessons.pages import example_run, lesson_page
from widgets.fine_tuning.data.events import EpochEnded


def test_the_lesson_asks_before_it_tells_and_cites_its_sources():
    text = "".join(
        "".join(cell["source"])
        for cell in json.loads(notebook("fine_tuning").read_text(encoding="utf-8"))["cells"]
    )
    assert len(re.findall(r"\bpredict\b", text.lower())) >= 8
    for source in (
        "course.fast.ai",
        "1311.2901",
        "1411.1792",
        "1801.06146",
        "1506.01186",
        "10.24432/C50P49",
    ):
        assert source in text


def test_its_static_page_says_that_it_needs_python_and_shows_the_recording():
    text = lesson_page("fine_tuning", plotly_address="plotly.min.js")
    assert "so it needs Python" in text and "python3 lessons" in text and "<svg" in text
    assert "This is a recording, made on CPU" in text
    assert text.count("<tr><td>") == sum(
        isinstance(event, EpochEnded) for _, event in example_run().events
    )


def test_one_of_the_opening_s_guesses_is_right():
    """Of the run that comes along, where it ended and where it was best."""
    opening = "".join(
        json.loads(notebook("fine_tuning").read_text(encoding="utf-8"))["cells"][0]["source"]
    )
    asked = re.search(r"under (\d+)%, from (\d+) to (\d+)%, or more than (\d+)%\?", opening)
    low, first, last, high = map(int, asked.groups())
    assert (low, last) == (first, high)  # between them nothing is left out
    reached = [event.accuracy for _, event in example_run().events if isinstance(event, EpochEnded)]
    assert 100 * min(reached[-1], max(reached)) > high
