"""The README's examples are run."""

import re
from pathlib import Path

import numpy as np

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_notebook_example_runs():
    names: dict = {}
    exec(EXAMPLES[0], names)
    assert names["w"].values["loss_mean"].shape == (1, 1)
    names["w"].close()


def test_the_sheet_of_15_lines_descends_to_the_least_squares_slope(capsys):
    exec(EXAMPLES[1], {})
    x, y = np.array([1, 2, 3]), np.array([2, 4, 7])
    np.testing.assert_allclose(float(capsys.readouterr().out.strip(" []\n")), (x @ y) / (x @ x), rtol=1e-4)
    assert len(EXAMPLES[1].strip().splitlines()) <= 18


def test_every_command_named_is_one_of_the_programs():
    from lessons.command_line import parser

    named = set(re.findall(r"^    gradsheet (\w+)", README, re.MULTILINE))
    assert named == {"list", "serve", "values", "export", "page", "site", "finetune"}
    assert all(name in parser().format_help() for name in named)


def test_every_lesson_is_in_the_table():
    from lessons.pages import lessons

    listed = re.findall(r"^\| .* \| .* \| (.*) \|$", README, re.MULTILINE)
    assert {name for sheets in listed for name in re.findall(r"`(\w+)`", sheets)} >= set(lessons())
