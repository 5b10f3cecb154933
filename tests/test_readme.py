"""The README's examples are run, its commands and links are there, and it shows every lesson."""

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_notebook_example_runs():
    names: dict = {}
    exec(EXAMPLES[0], names)
    assert names["w"].values["loss_mean"].shape == (1, 1)
    names["w"].close()


def test_the_sheet_of_15_lines_descends_to_the_least_squares_slope(capsys):
    exec(EXAMPLES[1], {})
    x, y = np.array([1, 2, 3]), np.array([2, 4, 7])
    np.testing.assert_allclose(
        float(capsys.readouterr().out.strip(" []\n")), (x @ y) / (x @ x), rtol=1e-4
    )
    assert len(EXAMPLES[1].strip().splitlines()) <= 15


def test_every_command_named_is_one_of_the_programs():
    from lessons.command_line import parser

    named = set(re.findall(r"^    gradsheet (\w+)", README, re.MULTILINE))
    sheets = {"list", "serve", "values", "export", "page", "site"}
    assert named == sheets | {"finetune", "predict", "look", "bodies"}
    assert all(name in parser().format_help() for name in named)


def test_every_lesson_is_in_the_table_in_its_order_with_its_picture():
    from lessons.course import lessons

    rows = re.findall(
        r'^\| <img src="lessons/pictures/(\w+)\.webp" .* \| `(\w+)`.* \|$', README, re.MULTILINE
    )
    assert rows == [(name, name) for name in lessons()]


def test_what_it_links_to_and_shows_is_there():
    named = re.findall(r'\]\(([^)#:]+)\)|<img src="([^"]+)"', README)
    assert len(named) > 10
    for link, picture in named:
        assert (ROOT / (link or picture)).is_file(), link or picture


def test_no_picture_is_left_over_and_none_is_heavy():
    shown = set(re.findall(r"lessons/pictures/\w+\.webp", README))
    kept = list((ROOT / "lessons" / "pictures").iterdir())
    assert {f"lessons/pictures/{file.name}" for file in kept} == shown
    assert (
        max(file.stat().st_size for file in kept) < 600_000
        and sum(file.stat().st_size for file in kept) < 1_500_000
    )


def test_the_animated_picture_moves():
    from PIL import Image

    with Image.open(ROOT / "lessons" / "pictures" / "line_fit_plays.webp") as film:
        assert film.n_frames > 20
