"""A teacher's own file and folder: every command takes them, and errors stand at their line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from http_requests import ask

from lessons.command_line import main
from lessons.own import file_and_name

HOUSE = Path(__file__).parents[1]
FILE = """
import numpy as np
from dataclasses import dataclass
from helper_of_a_teacher import FACTOR
from sheets import Sheet, values


@dataclass
class Given:
    start: "float" = 5


def _drawn() -> Sheet:
    raise AssertionError("is not the reader's")


def plain():
    return 3


def needs(n) -> Sheet:
    raise AssertionError("needs an argument")


def halving(n: int = 2) -> Sheet:
    s = Sheet("halving", title="Half of it: again and again", summary="Goes to 0?", made_by=halving)
    count = s.size("n", n, 1, 3)
    x = s.input("x", np.full((1, count), Given().start))
    s.let("x_next", x / FACTOR)
    s.carry(x="x_next")
    return s


def too_wide():
    s = Sheet("too_wide", workbook=False)
    s.input("x", 1)
    return s


alone = Sheet("standing")
alone.input("y", 7)
print("printed:", values(alone)["y"])
"""
WRONG = {
    "a typing error": ("def squares(:\n    pass\n", r"mine\.py:1: Python cannot read it"),
    "an unknown name": ("x = 1\ny = z\n", r"mine\.py:2: NameError: name 'z' is not defined"),
    "a shape": (
        "import numpy as np\nfrom sheets import Sheet\n\n\ndef squares():\n"
        "    s = Sheet('squares')\n"
        "    x = s.input('x', [1, 2])\n    return s.let('y', x @ x)\n",
        r"mine\.py:8: x @ x: 1 x 2 @ 1 x 2",
    ),
    "nothing returned": (
        "from sheets import Sheet\n\n\ndef squares():\n    Sheet('squares')\n",
        r"mine\.py:4: squares returned NoneType; its last line returns the sheet",
    ),
    "an error in numpy": (
        "import numpy as np\nfrom sheets import Sheet\n\n\ndef squares():\n"
        "    s = Sheet('squares')\n"
        "    s.input('x', np.ones((2, 3)) @ np.ones((2, 3)))\n    return s\n",
        r"mine\.py:7: ValueError: matmul",
    ),
    "no sheet": ("x = 1\n", "has no sheets"),
}


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "helper_of_a_teacher.py").write_text("FACTOR = 2\n")
    (tmp_path / "mine.py").write_text(FILE)
    yield tmp_path / "mine.py"
    sys.modules.pop("helper_of_a_teacher", None)


def test_a_file_s_sheets_are_listed_computed_exported_and_shown(file, tmp_path, capsys):
    assert main(["list", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["halving", "too_wide", "standing"]
    assert main(["values", f"{file}:halving", "--set", "n=1", "--steps", "2"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["x"] == [[1.25]] and "printed" in printed.err
    book = tmp_path / "out.xlsx"
    assert main(["export", f"{file}:halving", str(book), "--set", "x=[8, 4]"]) == 0
    assert main(["values", f"{file}:halving", "--from", str(book)]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n")[2])["x_next"] == [[4.0, 2.0]]
    assert main(["page", f"{file}:standing", str(tmp_path / "out.html"), "--set", "y=6"]) == 0
    assert '"value":[6.0]' in (tmp_path / "out.html").read_text(encoding="utf-8")
    assert main(["values", str(file)]) == 2 and "say which, such as" in capsys.readouterr().err
    assert (
        main(["values", f"{file}:halvin"]) == 2
        and "did you mean halving" in capsys.readouterr().err
    )


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_a_file_is_said_at_its_line(what, tmp_path, monkeypatch, capsys):
    text, said = WRONG[what]
    (tmp_path / "mine.py").write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["values", str(tmp_path / "mine.py")]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1 and re.search(said, printed), printed


def test_a_folder_becomes_a_site_that_says_which_workbook_cannot_be(file, tmp_path, capsys):
    (tmp_path / "b_more.py").write_text(
        "from sheets import Sheet\nmore = Sheet('more', 'More')\nmore.input('x', 1)\n"
    )
    (tmp_path / "_draft.py").write_text("not python\n")
    out = tmp_path / "site"
    assert main(["site", str(out), str(tmp_path)]) == 0
    assert "no workbook of too_wide" in capsys.readouterr().err
    pages = {path.stem for path in out.glob("*.html")}
    assert pages == {"index", "404", "more", "halving", "too_wide", "standing"}
    assert {path.stem for path in out.glob("*.xlsx")} == {"more", "halving", "standing"}
    start = (out / "index.html").read_text(encoding="utf-8")
    order = [start.index(f'href="{name}.html"') for name in ("more", "halving", "standing")]
    assert order == sorted(order) and "Goes to 0?" in start and "too_wide.xlsx" not in start
    shown = (out / "halving.html").read_text(encoding="utf-8")
    assert 'href="more.html">Previous<span>: More<' in shown and "<h1>Half of it" in shown
    openpyxl.load_workbook(out / "halving.xlsx")
    (tmp_path / "c_same.py").write_text((tmp_path / "b_more.py").read_text())
    assert main(["site", str(out), str(tmp_path)]) == 2
    assert "has a sheet 'more', as another file" in capsys.readouterr().err


def test_a_name_is_told_from_a_path(tmp_path):
    assert file_and_name("a b/my.py:squares") == (Path("a b/my.py"), "squares")
    assert file_and_name(r"C:\mine\my.py") == (Path(r"C:\mine\my.py"), "")


@pytest.mark.processes
def test_a_file_is_served_and_what_is_edited_is_seen(file):
    command = ["-m", "lessons.command_line", "serve", str(file), "--port", "0", "--no-browser"]
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOUSE,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("The lessons are at "), line
            house = line.split()[4]
            assert 'href="lesson/halving"' in ask(house, "/")[1]
            page = ask(house, "/lesson/halving")[1]
            assert 'data-asks="halving"' in page and "Half of it" in page
            assert '"n"' in ask(house, "/lesson/halving/sheet?n=3")[1]
            assert ask(house, "/lesson/log_loss")[0] == 404
            file.write_text(
                FILE.replace("Half of it", "A half of it").replace("x / FACTOR", "x @ x")
            )
            os.utime(file)
            assert "mine.py:29: x @ x" in ask(house, "/lesson/halving")[1]
            file.write_text(FILE.replace("Half of it", "A half of it"))
            assert "A half of it" in ask(house, "/lesson/halving")[1]
        finally:
            process.terminate()


def test_nothing_there_is_a_sentence(tmp_path, capsys):
    assert main(["list", str(tmp_path / "no.py")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert main(["serve", str(tmp_path / "nowhere")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
