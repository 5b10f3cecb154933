"""`gradsheet finetune`: what it writes, what it refuses, stopping and going on; and under torchrun
on two processes.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lessons import adding
from lessons.command_line import main
from widgets.fine_tuning.command import finetune as command
from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning import checkpoints, learner, training
from widgets.fine_tuning.learning.bodies import load_body
from widgets.fine_tuning.learning.schedules import stages_of
from widgets.fine_tuning.takeaway import exports

ROOT = Path(__file__).resolve().parents[2]
STAGES = ["frozen", "frozen", "unfrozen", "unfrozen"]  # of the four epochs of FEW
FEW = Recipe(epochs=2, frozen_epochs=2, lr=0.02, batch_size=7)
ALONE = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@pytest.fixture(autouse=True)
def kept_here(tmp_path, monkeypatch):
    """Features and results stay in tmp_path; the digits come with few pictures to check with."""
    monkeypatch.setattr(learner, "cache_folder", lambda: tmp_path / "features")
    monkeypatch.setattr(
        command,
        "digits_of",
        lambda said, seed: replace(
            digits(seed=seed), valid=digits(seed=seed).valid[::6], recipe=FEW
        ),
    )
    monkeypatch.chdir(tmp_path)


def metrics(folder: Path) -> dict:
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    for epoch in found["epochs"]:
        del epoch["seconds"]
    return found


def refused(capsys, *arguments: str) -> str:
    assert main(["finetune", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("gradsheet: ") and err.count("\n") == 1
    return err


def test_the_digits(tmp_path, capsys):
    assert main(["finetune", "digits", "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert (
        "digits: 40 pictures to learn from and 54 to check with" in said
        and "frozen 2/2: training loss" in said
    )
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "metrics.json",
        "predictions.csv",
        "confusion.csv",
        "confusion.xlsx",
        "head.xlsx",
        "model",
    }
    found = metrics(tmp_path / "out")
    assert [epoch["stage"] for epoch in found["epochs"]] == STAGES
    assert main(["finetune", "digits", "--out", "again"]) == 0
    assert metrics(tmp_path / "again")["epochs"] == found["epochs"]  # to the last digit
    assert (tmp_path / "again" / "predictions.csv").read_bytes() == (
        tmp_path / "out" / "predictions.csv"
    ).read_bytes()


@pytest.mark.parametrize("given, head", [([], 0.05), (["--lr", "0.003"], 0.003)])
def test_a_rate_of_the_head_that_comes_with_the_pictures_gives_way_to_the_person_s(
    monkeypatch, given, head
):
    pictures, plans = replace(digits(), recipe=replace(FEW, frozen_lr=0.05)), []
    monkeypatch.setattr(command, "digits_of", lambda said, seed: pictures)
    monkeypatch.setattr(
        learner.Learner, "fit", lambda self, plan, *_: plans.append(plan) or learner.STOPPED
    )
    main(["finetune", "digits", *given])
    rate = head if given else FEW.lr
    assert plans == [stages_of(Recipe(2, 2, rate, head))]


@pytest.mark.parametrize("labels", ["folder", "csv:labels.csv", "regex:^(bright|dark)"])
def test_a_folder_of_pictures(photos, tmp_path, labels):
    rows = [
        [path.relative_to(photos).as_posix(), path.parent.name] for path in photos.rglob("*.png")
    ]
    with (photos / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["name", "label"], *rows])
    assert (
        main(
            [
                "finetune",
                str(photos),
                "--labels",
                labels,
                "--epochs",
                "1",
                "--batch-size",
                "4",
                "--lr",
                "0.01",
                "--seed",
                "3",
            ]
        )
        == 0
    )
    found = metrics(tmp_path / "finetuned-photos")
    assert (
        found["seed"],
        found["batch_size"],
        sum(sum(parts) for parts in found["classes"].values()),
    ) == (3, 4, 16)


def test_a_local_body_a_sample_and_a_rate_found(photos, resnet, tmp_path, capsys):
    body = ["--body", str(resnet), "--lr", "find", "--sample", "8"]
    assert (
        main(["finetune", str(photos), *body, "--epochs", "1", "--batch-size", "2", "--out", "out"])
        == 0
    )
    assert "Learning rates suggested: valley" in capsys.readouterr().out
    assert sum(sum(parts) for parts in metrics(tmp_path / "out")["classes"].values()) == 8


def test_what_cannot_be_is_one_sentence(photos, tmp_path, capsys):
    one = ["--epochs", "1"]
    assert "no such folder" in refused(capsys, "nowhere")
    assert "write folder, csv:PATH or regex:EXPRESSION" in refused(
        capsys, str(photos), "--labels", "colour"
    )
    assert "not a regular expression" in refused(capsys, str(photos), "--labels", "regex:(")
    assert "cannot be read" in refused(capsys, str(photos), "--labels", "csv:none.csv")
    assert "no image classifier" in refused(capsys, str(photos), "--body", str(tmp_path), *one)
    assert "a number above 0" in refused(capsys, str(photos), "--lr", "fast", *one)
    assert "a number above 0" in refused(capsys, str(photos), "--lr", "-1", *one)
    assert "cannot be" in refused(capsys, str(photos), "--batch-size", "0", *one)
    assert "epochs cannot be" in refused(capsys, str(photos), "--epochs", "-1")
    assert "epochs cannot be; 0 to 100,000" in refused(capsys, str(photos), "--epochs", "9" * 400)
    assert "cannot be; 1 to 100,000" in refused(capsys, "digits", "--batch-size", "9" * 30)
    assert "name of the body is missing" in refused(capsys, "digits", "--body", "")
    assert "no such folder, and a name on the hub looks like" in refused(
        capsys, "digits", "--body", "./nowhere"
    )
    assert "it is a file, and a body is a folder" in refused(capsys, "digits", "--body", __file__)
    assert "--lr fast: a number above 0" in refused(
        capsys, "nowhere", "--lr", "fast"
    )  # before any picture is read
    assert {path.name for path in tmp_path.iterdir()} == {
        "photos"
    }  # what was refused leaves no folder
    assert "too small" in refused(capsys, str(photos), "--sample", "1")
    assert "a number above 0 and up to 1e+30, or find" in refused(capsys, "digits", "--lr", "nan")
    assert "--seed -1: a whole number from 0" in refused(capsys, "digits", "--seed", "-1")
    assert "too small" in refused(capsys, "digits", "--sample", "-5")
    assert "leave it out" in refused(capsys, "digits", "--labels", "csv:x.csv")
    assert "no name of a folder" in refused(capsys, "")
    assert "diverged" in refused(capsys, "digits", "--lr", "1e30")
    (tmp_path / "file").touch()
    assert "file: no results can be written there: File exists; choose another folder" in refused(
        capsys, "digits", "--out", "file"
    )


def test_results_do_not_lie_among_the_pictures(photos, monkeypatch, capsys):
    """The next run would take them for a class."""
    before = sorted(photos.rglob("*"))
    assert f"give a folder elsewhere, such as {photos.parent / 'finetuned-photos'}" in refused(
        capsys, str(photos), "--out", str(photos)
    )
    monkeypatch.chdir(photos)
    assert "read as one more class" in refused(capsys, ".")
    (photos.parent / "way in").symlink_to(photos / "dark")
    assert "read as one more class" in refused(capsys, str(photos), "--out", "../way in/out")
    assert sorted(photos.rglob("*")) == before


def test_it_says_what_it_can_where_the_terminal_knows_few_letters(photos, monkeypatch):
    told = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", told)
    assert (
        main(["finetune", str(photos), "--epochs", "0", "--frozen-epochs", "0", "--out", "out"])
        == 0
    )
    told.flush()
    assert rb"bright \u2600 6 and 2, dark 6 and 2" in told.buffer.getvalue()


def test_without_torch_it_says_what_to_install(capsys, monkeypatch):
    """Where it is not ours to install."""
    monkeypatch.setattr(adding, "can_be_added", lambda: False)
    monkeypatch.delitem(sys.modules, "widgets.fine_tuning.command.finetune")
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("bodies", "suiting"):
        monkeypatch.delitem(sys.modules, f"widgets.fine_tuning.learning.{name}")
    assert "pip install 'gradsheet[fine-tuning]'" in refused(capsys, "digits")


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        (["--epochs", "0"], ["frozen"] * 2),
        (["--frozen-epochs", "0"], ["unfrozen"] * 2),
        (["--epochs", "0", "--frozen-epochs", "0"], []),
        (["--batch-size", "1", "--epochs", "1"], ["frozen"] * 2 + ["unfrozen"]),
        (["--batch-size", "1000", "--sample", "4"], ["frozen"] * 2 + ["unfrozen"] * 2),
    ],
)
def test_the_ends_of_what_is_allowed(tmp_path, options, stages):
    assert main(["finetune", "digits", "--out", "out", *options]) == 0
    assert [epoch["stage"] for epoch in metrics(tmp_path / "out")["epochs"]] == stages


def test_ctrl_c_stops_within_a_batch_and_the_same_command_goes_on(tmp_path, capsys, monkeypatch):
    assert main(["finetune", "digits", "--out", "whole"]) == 0
    hear, usual = command.hear, signal.getsignal(signal.SIGINT)

    def interrupting(event, say) -> None:
        hear(event, say)
        if getattr(event, "stage", "") == "unfrozen" and getattr(event, "batch", 0) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(command, "hear", interrupting)
    assert main(["finetune", "digits", "--out", "out"]) == 130
    assert "the same command goes on from there" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is usual
    monkeypatch.setattr(command, "hear", hear)
    assert main(["finetune", "digits", "--out", "out"]) == 0
    assert "Going on from the last checkpoint" in capsys.readouterr().out
    assert metrics(tmp_path / "out")["epochs"] == metrics(tmp_path / "whole")["epochs"]


def test_ctrl_c_before_it_learns_is_a_sentence(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "suited_body", interrupted)
    assert "stopped; the same command goes on" in refused(capsys, "digits")


# Each process notes the pictures that it learns from.
NOTING = """
import sys
from dataclasses import replace
from pathlib import Path
from widgets.fine_tuning.command import finetune as command
from widgets.fine_tuning.learning import checkpoints, learner, training
from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning.schedules import stages_of
from widgets.fine_tuning.learning.distributed import Processes, joined
import os
folder = Path(sys.argv[1])
few = digits()
few = replace(few, train=few.train[:39], valid=few.valid[::6],
    recipe=Recipe(epochs=1, frozen_epochs=2, lr=0.02, batch_size=7))
command.digits_of = lambda said, seed: few
learner.cache_folder = lambda: folder / "features"
step, write = training.Training.step, os.replace
notes = []
def noting(self, index, kept):
    notes.append((self.number, self.epoch, self.processes.share(index).tolist()))
    return step(self, index, kept)
training.Training.step = noting
def writing(source, target):
    notes.append(("wrote", str(target)))
    return write(source, target)
os.replace = writing
with joined():
    say = print if Processes().is_writer else lambda text: None
    command.tuned(command.Request("digits", out=folder / "out"), say)
    (folder / f"notes-{os.environ['RANK']}").write_text(repr(notes))
    outcome = command.tuned(command.Request("digits", out=folder / "far", lr="1e30"), say)
written = (folder / "far" / "model" / "config.json").is_file()
(folder / f"far-{os.environ['RANK']}").write_text(f"{outcome}, {written}")
"""


def test_two_processes_learn_the_same_as_one(tmp_path, monkeypatch):
    """39 pictures by seven end with a batch of four; every picture once an epoch, one writer, the
    same result within rounding.
    """
    found = digits()
    few = Recipe(epochs=1, frozen_epochs=2, lr=0.02, batch_size=7)
    monkeypatch.setattr(
        command,
        "digits_of",
        lambda said, seed: replace(
            found, train=found.train[:39], valid=found.valid[::6], recipe=few
        ),
    )
    assert main(["finetune", "digits", "--out", str(tmp_path / "one" / "out")]) == 0
    (tmp_path / "noting.py").write_text(NOTING)
    (tmp_path / "two").mkdir()
    together = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
    ]
    done = subprocess.run(
        [*together, "noting.py", str(tmp_path / "two")],
        cwd=tmp_path,
        env=ALONE,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for rank in range(
        2
        # torchrun ends the writer when another has failed, so that one waits with saying so
    ):
        assert (tmp_path / "two" / f"far-{rank}").read_text() == "diverged, True"
    assert done.stdout.count("Accuracy") == 2
    one, two = (metrics(tmp_path / name / "out") for name in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    for alone, shared in zip(one["epochs"], two["epochs"], strict=True):
        assert shared.pop("stage") == alone.pop("stage") and shared == pytest.approx(
            alone, rel=1e-4, abs=1e-6
        )
    notes = [eval((tmp_path / "two" / f"notes-{rank}").read_text()) for rank in range(2)]
    seen = {}
    for stage, epoch, pictures in (note for own in notes for note in own if note[0] != "wrote"):
        seen.setdefault((stage, epoch), []).extend(pictures)
    assert {where: sorted(pictures) for where, pictures in seen.items()} == {
        where: list(range(39)) for where in ((0, 0), (0, 1), (1, 0))
    }
    assert [note for note in notes[0] if note[0] == "wrote"] and not [
        note for note in notes[1] if note[0] == "wrote"
    ]
    logits = [
        np.genfromtxt(tmp_path / name / "out" / "predictions.csv", delimiter=",", skip_header=1)[
            :, 2
        ]
        for name in ("one", "two")
    ]
    np.testing.assert_allclose(*logits, rtol=1e-3)


# --- what is written where something cannot be


def broken(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_cannot_be_written_fails_alone_and_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "head.xlsx").write_text("of an earlier run")
    monkeypatch.setattr(exports, "write_workbook", broken)
    assert main(["finetune", "digits", "--out", "out"]) == 0
    said = capsys.readouterr().out
    for name in ("confusion.xlsx", "head.xlsx"):
        assert f"{name} is not written: No space left on device" in said
        assert not (tmp_path / "out" / name).exists()
    assert "Wrote metrics.json, predictions.csv, confusion.csv, model into" in said
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert there == {"metrics.json", "predictions.csv", "confusion.csv", "model"}


def test_where_the_model_cannot_be_written_the_same_command_writes_it_without_learning_anew(
    tmp_path, monkeypatch, capsys
):
    usual = exports.write_model
    with monkeypatch.context() as full:
        full.setattr(checkpoints, "save_file", broken)
        assert "what is learnt cannot be kept there" in refused(capsys, "digits", "--out", "full")
    monkeypatch.setattr(exports, "write_model", broken)
    said = refused(capsys, "digits", "--out", "out")
    assert "the model cannot be written: No space left on device. What was learnt is kept" in said
    assert not list((tmp_path / "out").glob("model*"))
    monkeypatch.setattr(exports, "write_model", usual)
    assert main(["finetune", "digits", "--out", "out"]) == 0
    said = capsys.readouterr().out
    assert "Going on from the last checkpoint." in said and "frozen 1/2" not in said
    assert (tmp_path / "out" / "model" / "model.safetensors").is_file()
    assert main(["finetune", "digits", "--out", "whole"]) == 0
    assert metrics(tmp_path / "out")["epochs"] == metrics(tmp_path / "whole")["epochs"]


PEAKED, RISING = (0.5, 0.9, 0.7, 0.8), (0.5, 0.6, 0.7, 0.7)


@pytest.mark.parametrize(
    "accuracies, options, kept", [(PEAKED, [], 1), (PEAKED, ["--keep", "last"], 3), (RISING, [], 3)]
)
def test_what_is_written_is_the_best_epoch_s_network_or_the_last_one(
    tmp_path, monkeypatch, capsys, accuracies, options, kept
):
    """The accuracies are made up; the head's weights after each epoch are kept to compare. The
    head alone was best: what came of unfreezing is not handed out as a result that is worse.
    """
    told, weights, usual = iter(accuracies), [], training.Training._ended

    def ended(self):
        weights.append(self.trainee.groups[-1][1][0].detach().clone())
        return replace(usual(self), accuracy=next(told))

    monkeypatch.setattr(training.Training, "_ended", ended)
    assert main(["finetune", "digits", *options, "--out", "out"]) == 0
    said = capsys.readouterr().out
    peaked = "It was best after epoch 2 of the stage frozen, at 90.00%, and ended at 80.00%"
    assert (peaked in said) == (accuracies is PEAKED)
    assert not (tmp_path / "out" / "checkpoint").exists()
    body = load_body(tmp_path / "out" / "model")
    head = body.model.classifier[1].weight
    assert [head.equal(one) for one in weights] == [k == kept for k in range(4)]
    found = metrics(tmp_path / "out")
    assert found["network_after"] == {"stage": STAGES[kept], "epoch": kept % 2 + 1}
    with (tmp_path / "out" / "predictions.csv").open(newline="", encoding="utf-8-sig") as file:
        first = next(csv.DictReader(file))  # also of that network
    picture = next(one for one in digits().valid if one.id == first["id"])
    with torch.inference_mode():
        pixels = body.normalised(body.pixels([picture.open()]).float())
        own = body.model(pixel_values=pixels).logits.softmax(dim=1)[0]
    names = [float(first[f"P({name})"]) for name in digits().classes]
    np.testing.assert_allclose(names, own.numpy(), rtol=1e-4)


def test_flip_and_zoom_are_the_person_s(tmp_path, capsys):
    assert main(["finetune", "digits", "--epochs", "0", "--frozen-epochs", "0", "--out", "a"]) == 0
    assert "zoomed by up to 1.2 and cropped." in capsys.readouterr().out
    given = ["--flip", "--zoom", "1", "--epochs", "0", "--frozen-epochs", "0", "--out", "b"]
    assert main(["finetune", "digits", *given]) == 0
    assert "Training pictures are mirrored half of the time." in capsys.readouterr().out
    assert "a zoom of 5 cannot be" in refused(capsys, "digits", "--zoom", "5")
