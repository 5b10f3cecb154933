"""`gradsheet` as people and checks use it: output, exit codes, sentences instead of tracebacks."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import openpyxl
import psutil
import pytest
from quick import thorough

from lessons import server
from lessons.command_line import main
from lessons.others import OTHERS
from sheets import Sheet, values
from sheets.library import catalogue
from sheets.library.log_loss import log_loss
from sheets.targets import numpy as numpy_target
from sheets.targets.excel import write


def printed(capsys, *arguments: str) -> dict:
    assert main(["values", "log_loss", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments: str) -> str:
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("gradsheet: ")
    return err


@pytest.fixture
def descent(monkeypatch) -> Sheet:
    def made() -> Sheet:
        s = Sheet("descent")
        x = s.input("x", 5)
        s.let("x_next", x * 0.5)
        s.carry(x="x_next")
        return s

    monkeypatch.setitem(catalogue.SHEETS, "descent", made)
    return made()


def test_list_names_every_lesson_and_sheet(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*catalogue.SHEETS, *OTHERS]


def test_values_are_every_block_by_name(capsys):
    found = printed(capsys)
    expected = values(log_loss())
    assert list(found) == list(expected)
    for name, block in expected.items():
        np.testing.assert_array_equal(np.array(found[name], dtype=float), block)


def test_set_a_number_and_whole_blocks(capsys):
    found = printed(
        capsys,
        "--set",
        "clip=0.05",
        "--set",
        "prediction=[[0.9],[0.2],[0.5]]",
        "--set",
        "is_cat=[1, 0, 1]",
    )
    expected = values(
        log_loss(), {"clip": 0.05, "prediction": [0.9, 0.2, 0.5], "is_cat": [1, 0, 1]}
    )
    assert found["loss_mean"] == expected["loss_mean"].tolist()
    assert len(found["loss_if"]) == 3


def test_numbers_that_are_not_finite_are_words(capsys):
    found = printed(capsys, "--set", "clip=0", "--set", "is_cat=[1,0]", "--set", "prediction=[0,0]")
    assert found["loss_mean"] == [["inf"]] and found["d_prediction"] == [["-inf"], [0.5]]
    assert found["difference"] == [[0], [0]]


def test_a_run_that_stops_before_its_steps_says_where_and_why(capsys, tmp_path):
    arguments = ["momentum", "--set", "learning_rate=10", "--steps", "2000"]
    assert main(["values", *arguments]) == 0
    said = capsys.readouterr().err
    assert re.fullmatch(r"stopped at step \d+: \w+ would no longer be a finite number\n", said)
    assert main(["export", *arguments, str(tmp_path / "run.xlsx")]) == 0
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["values", "logloss"], "did you mean log_loss"),
        (["values", "zzz"], "there are: log_loss"),
        (["values", "fine_tuning"], "a lesson without a sheet"),
        (["values", "log_loss", "--set", "clp=1"], "did you mean clip"),
        (["values", "log_loss", "--set", "loss_mean=1"], "is computed"),
        (["values", "log_loss", "--set", "clip"], "write block=value"),
        (["values", "log_loss", "--set", "clip=5"], "from 0 to 0.4"),
        (["values", "log_loss", "--set", "clip=abc"], "from 0 to 0.4"),
        (["values", "log_loss", "--set", "clip="], "from 0 to 0.4"),
        (["values", "log_loss", "--set", "prediction=[[1,2]]"], "prediction is 1 x 2"),
        (["values", "log_loss", "--set", "prediction=[0.5]"], "set together"),
        (["values", "log_loss", "--set", "prediction={}"], "prediction"),
        (["values", "log_loss", "--set", 'prediction=[["x"],[0],[0],[0],[0]]'], "prediction row 1"),
        (["values", "log_loss", "--set", "is_cat=[0.5,0,0,0,0]"], "a whole number from 0 to 1"),
        (["values", "log_loss", "--steps", "3"], "no steps"),
        (["values", "log_loss", "--steps", "-1"], "--steps"),
        (["values", "log_loss", "--from", "no such.xlsx"], "cannot be read"),
        (["export", "log_loss", "no/such/folder/out.xlsx"], "out.xlsx"),
        (["page", "log_loss", "no/such/folder/out.html"], "No such file"),
        (
            ["serve", "--pictures", "no such folder"],
            "--pictures no such folder: there is no such folder",
        ),
        (
            ["serve", "--pictures", str(Path(__file__).parent), "--pictures", __file__],
            "there is no such folder",
        ),
        (["serve", "--pictures", ""], "there is no such folder"),
        (["serve", "--pictures", "~nobody here/x"], "there is no such folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


def test_wrong_words_are_exit_code_2_too():
    for arguments in ([], ["nonsense"], ["values"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


def test_steps(capsys, descent):
    assert main(["values", "descent", "--steps", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["x"] == [[0.625]]


def test_export_holds_the_inputs_given(capsys, tmp_path):
    file = tmp_path / "a b.xlsx"
    assert main(["export", "log_loss", str(file), "--set", "clip=0.05"]) == 0
    book = openpyxl.load_workbook(file, data_only=True)
    worksheet, address = next(iter(book.defined_names["loss_mean"].destinations))
    assert book[worksheet][address.replace("$", "")].value == pytest.approx(
        values(log_loss(), {"clip": 0.05})["loss_mean"][0, 0], rel=1e-15
    )


def test_an_export_trains_its_run_once(descent, tmp_path, monkeypatch):
    evaluated = mock.Mock(side_effect=numpy_target._blocks)
    monkeypatch.setattr(numpy_target, "_blocks", evaluated)
    assert main(["export", "descent", str(tmp_path / "out.xlsx"), "--steps", "3"]) == 0
    assert evaluated.call_count == 4, "the start and three steps, each computed once"


@thorough
def test_values_from_an_edited_workbook_and_set_over_it(capsys, tmp_path):
    file = tmp_path / "edited.xlsx"
    write(log_loss(), file, {"clip": 0.3, "is_cat": [1, 1], "prediction": [0.5, 0.25]})
    found = printed(capsys, "--from", str(file))
    assert found["clip"] == [[0.3]] and found["prediction"] == [[0.5], [0.25]]
    assert printed(capsys, "--from", str(file), "--set", "clip=0.1")["clip"] == [[0.1]]


def test_a_page_is_one_file_with_no_address_to_fetch(tmp_path):
    file = tmp_path / "page.html"
    assert main(["page", "log_loss", str(file), "--set", "clip=0.05"]) == 0
    text = file.read_text(encoding="utf-8")
    assert "<script src" not in text and '<link rel="stylesheet"' not in text
    assert '"value":[0.05]' in text


@pytest.fixture
def kernels_may_use(monkeypatch):
    """What a kernel of the server's would be told of its folders."""
    monkeypatch.setattr(server, "serve_folder", lambda *_, **__: 0)
    monkeypatch.setenv(server.FOLDERS, "x")  # so that it is put back, too
    monkeypatch.delenv(server.FOLDERS)

    def told(*arguments: str) -> str | None:
        assert main(["serve", *arguments]) == 0
        return os.environ.get(server.FOLDERS)

    return told


def test_no_folder_may_be_used_but_those_named(kernels_may_use, tmp_path, monkeypatch):
    (tmp_path / "cats").mkdir()
    (tmp_path / "way").symlink_to("cats", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    assert kernels_may_use() is None
    real = tmp_path.resolve()
    assert (
        kernels_may_use("--pictures", "way", "--pictures", str(tmp_path))
        == f"{real / 'cats'}{os.pathsep}{real}"
    )


def test_folders_are_added_to_those_of_the_environment(kernels_may_use, tmp_path, monkeypatch):
    monkeypatch.setenv(server.FOLDERS, "/srv/class")
    assert kernels_may_use() == "/srv/class"
    assert (
        kernels_may_use("--pictures", str(tmp_path))
        == f"/srv/class{os.pathsep}{tmp_path.resolve()}"
    )


def test_a_folder_that_would_be_taken_for_two_is_refused(capsys, tmp_path):
    folder = tmp_path / f"cats{os.pathsep}dogs"
    folder.mkdir()
    assert "rename it" in refused(capsys, "serve", "--pictures", str(folder))


@pytest.mark.processes
def test_a_lesson_s_kernel_is_told_of_the_folder(tmp_path):
    command = [
        sys.executable,
        "-m",
        "lessons.command_line",
        "serve",
        "--port",
        "0",
        "--no-browser",
        "--pictures",
        str(tmp_path),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
    ) as process:
        try:
            assert process.stdout.readline().startswith("The lessons are at ")
            serving = psutil.Process(process.pid)
            while not (
                kernels := [
                    one for one in serving.children() if "ipykernel_launcher" in one.cmdline()
                ]
            ):
                assert process.poll() is None
                time.sleep(0.05)
            assert str(tmp_path.resolve()) in kernels[0].environ()[server.FOLDERS].split(os.pathsep)
        finally:
            process.terminate()


@pytest.mark.processes
def test_run_as_a_program_it_has_no_traceback():
    ended = subprocess.run(
        [sys.executable, "-m", "lessons.command_line", "values", "nothing"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr and "nothing" in ended.stderr


@pytest.mark.processes
def test_output_may_be_cut_off_by_its_reader():
    command = f"{sys.executable} -m lessons.command_line values log_loss | head -c 10"
    ended = subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent
    )
    assert "Traceback" not in ended.stderr
