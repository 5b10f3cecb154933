"""The README's examples are run, its commands and links are there, and it shows every lesson."""

import re
from dataclasses import fields
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


# Sheet's methods that are for faces and for the language itself.
FOR_FACES = {
    "copied",
    "free_name",
    "gaps",
    "has_gaps",
    "input_named",
    "inputs",
    "let_part",
    "let_scan",
    "reached_from",
    "resized",
    "rows",
    "same_as",
    "staged",
    "unless_it_fails",
}
# What a person writes for what numpy calls otherwise.
OPERATORS = {
    "add": "+",
    "subtract": "-",
    "negative": "-",
    "positive": "+",
    "multiply": "*",
    "divide": "/",
    "remainder": "%",
    "power": "**",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "transpose": ".T",
}
ALSO = {"absolute": "abs", "amax": "max", "amin": "min", "around": "round", "rint": "round"}


def words_of_the_language() -> set[str]:
    import sheets
    from sheets import Sheet
    from sheets.language import blocks, charts
    from sheets.language.declarations import OWN
    from sheets.language.expr import FUNCTIONS
    from sheets.language.ops import OPS
    from sheets.language.scene import SCENE

    errors = {name for name in sheets.__all__ if name.endswith("Error")} | {"NeedsBlock", "Expr"}
    kinds = (blocks.Input, blocks.Parameter, blocks.Choice, blocks.Size, blocks.Computed)
    keywords = {field.name for kind in kinds for field in fields(kind)} - OWN
    drawn = {field.name for kind in (charts.Series, charts.Contour) for field in fields(kind)}
    functions = {f.__name__ for f in FUNCTIONS}
    skipping = {name for name in functions if name.removeprefix("nan") in functions - {name}}
    numpy_s = (functions - skipping) | {op.numpy.__name__ for op in OPS.values()}
    methods = {name for name in dir(Sheet) if not name.startswith("_")} - FOR_FACES
    return (
        (set(sheets.__all__) - errors)
        | (keywords - {"locked", "gradient_of", "choices"})
        | (drawn - {"x", "y", "z", "label", "role"})
        | {*charts.MODES, charts.LABELS, *SCENE}
        | {f"s.{name}" for name in methods if name not in ("with_inputs",)}
        | {OPERATORS.get(name, ALSO.get(name, name)) for name in numpy_s if name[0] != "_"}
    )


def test_every_word_of_the_language_is_in_the_guide():
    guide = README.partition("## Write your own sheet")[2].partition("\n## ")[0]
    words = re.sub(r"```.*?```", "", guide, flags=re.DOTALL)
    said = " ".join(re.findall(r"`([^`]+)`", words) + EXAMPLES)
    missing = {
        word
        for word in words_of_the_language()
        if not re.search(rf"(?<![A-Za-z_]){re.escape(word)}(?![A-Za-z_0-9])", said)
    }
    assert not missing, f"the table of README's guide leaves out: {sorted(missing)}"


def test_the_guide_says_nothing_of_numpy_s_that_the_language_has_not():
    from sheets.language.expr import FUNCTIONS
    from sheets.language.ops import OPS

    functions = {*FUNCTIONS, *(op.numpy for op in OPS.values())}
    guide = README.partition("## Write your own sheet")[2].partition("\n## ")[0]
    named = set(re.findall(r"np\.((?:linalg\.)?\w+)", guide)) - {"inf", "isnan", "nan"}
    named -= {"linspace", "arange", "ones", "eye", "tri"}  # of numbers alone: arrays.py
    assert len(named) > 50
    for name in named:
        function = np
        for part in name.split("."):
            function = getattr(function, part)
        assert function in functions, name
