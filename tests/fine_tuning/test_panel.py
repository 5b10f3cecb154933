"""The panel without a page: the lectures' steps, what is refused, what goes wrong, and what is
taken away.
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import threading

import numpy as np
import openpyxl
import pytest
from panels import ask, done

from sheets import values
from sheets.library.log_loss import log_loss
from widgets.fine_tuning.data.events import BatchEnded
from widgets.fine_tuning.data.pictures import Picture
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning.distributed import Processes
from widgets.fine_tuning.learning.schedules import stages_of
from widgets.fine_tuning.panel import FineTuningPanel, showing
from widgets.fine_tuning.panel import steps as steps_room
from widgets.fine_tuning.panel.jobs import FAILED, FINISHED, STOPPED
from widgets.fine_tuning.panel.panel import STEPS


def test_the_panel_is_made_without_pytorch():
    program = (
        "import sys; from widgets.fine_tuning.panel import FineTuningPanel; FineTuningPanel();"
        " sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_where_pytorch_is_missing_the_panel_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("widgets.fine_tuning.")]:
        if name.rpartition(".")[2] in (
            "steps",
            "session",
            "opening",
            "choosing",
            "machine",
            "learner",
            "trainees",
            "excitement",
            "exports",
            "bodies",
        ):
            monkeypatch.delitem(sys.modules, name)
    panel = FineTuningPanel()
    panel.prepare()
    status = panel.wait(120)
    assert status.state == FAILED and "pip install 'gradsheet[fine-tuning]'" in status.said


def test_the_lectures_steps(panel):
    p = panel()
    assert (
        p.job["state"] == FINISHED
        and p.about["pictures"]["counts"] == [["3", 20, 28], ["7", 20, 26]]
        and len(p.about["batch"]) == 8
    )
    assert (p.about["firstRate"], p.about["lastRate"]) == pytest.approx(
        (1e-4, 1e-2)
    )  # as fastai's fine_tune, of 0.02
    said = done(p, "predictions", epochs=6, lr=0.02)
    accuracy = float(re.search(r"([\d.]+)% of 54", said)[1]) / 100
    assert accuracy == pytest.approx(
        p.session.learner.predictions("predictions").accuracy, abs=5e-4
    )
    assert "commonest class gets 51.9%" in said  # 28 of 54
    assert "computed for 94 pictures" in done(p, "features") and "found kept" in done(p, "features")
    done(p, "find", stage="frozen")
    assert (
        set(p.curve["suggestions"]) == {"valley", "steep", "minimum", "slide"}
        and p.curve["stage"] == "frozen"
    )
    done(p, "frozen", epochs=4, lr=0.02)
    assert p.results["count"] == 54 and np.sum(p.results["confusion"]) == 54 and not p.stale
    frozen = p.results["sentence"]
    for actual, predicted in ((0, 0), (0, 1)):  # a cell's pictures are those that it counts
        cell = ask(p, "cell", actual=actual, predicted=predicted)
        count = p.results["confusion"][actual][predicted]
        assert cell["sentence"].startswith(f"{count} picture") and (
            [one["caption"].split(" / ")[:2] for one in cell["pictures"]]
            == [["37"[predicted], "37"[actual]]] * min(count, showing.IN_A_CELL)
        )
    assert "no such class" in ask(p, "cell", actual=0, predicted=2)["refusal"]
    done(p, "save", name="stage-1")
    assert p.saved[-1] == {"name": "stage-1", "epoch": p.runs[-1]["epochs"][-1]}
    best = max(p.runs[-1]["epochs"], key=lambda one: (one["accuracy"], -one["valid_loss"]))
    assert p.saved[0] == {"name": "best epoch", "epoch": best}
    assert "got worse" in done(p, "unfrozen", epochs=1, first=0.3, lr=0.3)
    assert p.results["sentence"] != frozen
    done(p, "load", name="stage-1")
    assert p.results["sentence"] == frozen and "its head trained" in p.results["of"]
    done(p, "save", name="again")
    assert (
        p.saved[-1]["epoch"] == p.saved[-2]["epoch"]
    )  # and not of what it was before it was loaded back
    done(p, "inside")
    assert len(p.seen) == 16 and all(len(one["patches"]) == 8 for one in p.seen)
    done(p, "heat")
    top = p.results["topLosses"][: len(p.heated)]
    assert len(top) == 6 and top == [
        {**one["pictures"][0], "src": small["src"]}
        for one, small in zip(p.heated, top, strict=True)
    ]
    for one in p.heated:
        said, actual = one["pictures"][0]["caption"].split(" / ")[:2]
        warm = [more["caption"] for more in one["pictures"][1:]]
        assert warm == [f"for {said}", f"for {actual}"][: len({said, actual})]
    assert "The pretrained network stands at" in done(p, "scratch", epochs=1, lr=0.005)
    assert [run["source"] for run in p.runs] == [
        "body's predictions",
        "pretrained",
        "pretrained",
        "from scratch",
    ]
    json.dumps(p.get_state(), allow_nan=False, default=str)


def test_fine_tune_in_one_call_is_the_learners_own(panel, learner):
    p = panel()
    done(
        p,
        "fine_tune",
        **{
            name: p.about[told]
            for name, told in (
                ("epochs", "epochs"),
                ("frozen_epochs", "frozenEpochs"),
                ("lr", "lr"),
            )
        },
    )
    other = learner(batch_size=8)
    other.fine_tune(Recipe(2, 2, 0.02))
    losses = [epoch["valid_loss"] for run in p.runs for epoch in run["epochs"]]
    assert losses == [epoch.valid_loss for epoch in other.history]
    done(p, "fine_tune", epochs=1, frozen_epochs=1, lr=0.01, frozen_lr=0.05)
    assert (
        p.session.learner.plan[-2:] == stages_of(Recipe(1, 1, 0.01, 0.05))
        and p.about["frozenLr"] == p.about["lr"]
    )


def test_a_second_click_does_not_start_a_second_run_and_stop_keeps_what_was_learnt(panel):
    p, batches = panel(), []
    going, go = threading.Event(), threading.Event()
    hear = p.session.hear

    def slowly(event):
        hear(event)
        if isinstance(event, BatchEnded):
            batches.append(event)
            going.set()
            go.wait(30)

    p.session.hear = slowly
    assert "refusal" not in ask(p, "start", step="frozen", options={"epochs": 50, "lr": 0.01})
    going.wait(60)
    assert (
        "Training the head is still under way"
        in ask(p, "start", step="frozen", options={"epochs": 1, "lr": 0.01})["refusal"]
    )
    ask(p, "stop")
    go.set()
    assert p.wait(60).state == STOPPED and len(batches) == 1  # the one under way was the last
    assert p.resumable and p.stale and "press Resume" in p.job["said"]


@pytest.mark.parametrize(
    "step, options, said",
    [
        ("frozen", {"epochs": 2.5, "lr": 0.1}, "epochs is a whole number"),
        ("frozen", {"epochs": "many", "lr": 0.1}, "epochs is a whole number"),
        ("frozen", {"epochs": 1, "lr": -1.0}, "a rate of -1 cannot be: a number above 0"),
        (
            "fine_tune",
            {"epochs": 1, "frozen_epochs": 1, "lr": 1e31},
            "a rate of 1e+31 cannot be: a number above 0 and up to 1e+30",
        ),
        ("frozen", {"epochs": 1}, "lr is a number"),
        ("unfrozen", {"epochs": 1, "first": 0, "lr": 0.1}, "cannot be"),
        ("find", {"stage": "sideways"}, "the finder looks at"),
        ("save", {"name": "a/b"}, "cannot be a file's name"),
        ("save", {"name": "latest"}, "kept for the panel itself"),
        ("save", {"name": "x" * 300}, "cannot be a name: up to 60 letters"),
        ("save", {"name": "a\0b"}, "cannot be a name"),
        ("load", {"name": "nothing"}, "nothing was saved"),
        ("export", {"out": "/proc/nowhere", "clip": 0.1}, "choose another folder"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(opened_once, step, options, said):
    p = opened_once
    before = p.runs
    p.start(step, **options)
    status = p.wait(60)
    assert status.state == FAILED and said in status.said and p.runs == before


@pytest.mark.parametrize(
    "kind, content, said",
    [
        ("start", {"step": "sing", "options": {}}, "there is no step 'sing'"),
        ("start", {"step": 3, "options": None}, "load it again"),
        (
            "start",
            {"step": "play", "options": {"recording": "../x", "speed": 1}},
            "no such recording",
        ),
        ("start", {"step": "export", "options": {"out": "relative", "clip": 0.1}}, "whole path"),
        ("layers", {"first": "a", "lr": 1}, "first is a number"),
        ("layers", {"first": -1, "lr": 1}, "cannot be"),
        ("clip", {"clip": 0.02}, "there are no results yet"),
        ("cell", {"actual": 0, "predicted": 1}, "there are no results yet"),
        ("cell", {"actual": 0}, "did not say which cell"),
        ("download", {"what": "head.xlsx", "clip": 0.02}, "there are no results yet"),
    ],
)
def test_the_page_is_refused_in_a_sentence(opened_once, kind, content, said):
    assert said in ask(opened_once, kind, **content)["refusal"]


def test_before_it_is_open_nothing_starts(tmp_path):
    assert (
        "still opening"
        in ask(FineTuningPanel(folder=tmp_path), "start", step="frozen", options={})["refusal"]
    )


def test_a_loss_that_runs_away_is_said_with_its_rate(panel):
    p = panel()
    assert "last good weights are back" in done(p, "unfrozen", epochs=2, first=1e20, lr=1e25)
    assert "at a learning rate of" in p.notices[-1] and not p.resumable


def test_out_of_memory_halves_the_batch_and_says_so(panel, monkeypatch):
    import torch

    p = panel()
    forward = type(p.session.learner.network).forward

    def small(self, pixels):
        if self.training and len(pixels) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(self, pixels)

    monkeypatch.setattr(type(p.session.learner.network), "forward", small)
    done(p, "unfrozen", epochs=1, first=1e-4, lr=1e-3)
    assert any(
        "ran out of memory with 8 pictures at once. It goes on with 4" in text for text in p.notices
    )


def test_what_is_taken_away_agrees_with_what_is_shown(panel, tmp_path):
    p = panel()
    done(p, "frozen", epochs=2, lr=0.02)
    rows = list(
        csv.DictReader(
            io.StringIO(
                ask(p, "download", what="predictions.csv", clip=0.02)["buffers"][0].decode(
                    "utf-8-sig"
                )
            )
        )
    )
    right = [
        row["label"] == p.about["pictures"]["counts"][picture.label][0]
        for row, picture in zip(rows, p.session.pictures.valid, strict=True)
    ]
    assert f"{np.mean(right):.1%} of 54" in p.results["sentence"]
    assert max(float(row["probability"]) for row in rows) <= 0.98
    told = ask(p, "clip", clip=0.02)
    link = dict(part.split("=") for part in told["link"].partition("#")[2].split("&"))
    inputs = {name: [float(x) for x in link[name].split(",")] for name in ("is_cat", "prediction")}
    sheet = values(log_loss(), {**inputs, "clip": float(link["clip"])})
    assert told["link"].startswith("log_loss#") and told["rows"] == 54
    cost = float(re.search(r"loss is (\d\.\d+)\.", told["sentence"])[1])
    assert sheet["loss_mean"][0, 0] == pytest.approx(
        cost, abs=1e-4
    )  # the other lesson's own sheet says the same
    assert "clip" not in dict(
        part.split("=") for part in ask(p, "clip", clip=0.45)["link"].partition("#")[2].split("&")
    )
    for name in ("confusion.xlsx", "head.xlsx"):
        assert openpyxl.load_workbook(
            io.BytesIO(ask(p, "download", what=name, clip=0.02)["buffers"][0])
        ).sheetnames
    said = done(p, "export", out=str(tmp_path / "out"), clip=0.02)
    assert (
        str(tmp_path / "out") in said
        and (tmp_path / "out" / "model" / "model.safetensors").is_file()
    )


def test_a_folder_with_a_bad_file_and_a_body_from_a_folder(panel, photos, resnet):
    (photos / "dark" / "empty.png").write_bytes(b"")
    p = panel(pictures=photos, body=resnet, batch_size=4)
    assert (
        p.about["pictures"]["skipped"] == [("dark/empty.png", "it is empty")]
        and p.about["pictures"]["skippedCount"] == 1
    )
    done(p, "fine_tune", epochs=1, frozen_epochs=1, lr=0.01)
    assert p.results["classes"] == ["bright ☀", "dark"]


def test_one_class_only_is_a_sentence_and_no_panel(panel, photos):
    shutil.rmtree(photos / "dark")
    p = panel(pictures=photos)
    assert (
        p.job["state"] == FAILED
        and "telling classes apart needs two of them" in p.job["said"]
        and p.session is None
    )


def test_every_step_has_its_method():
    assert all(callable(getattr(steps_room, name)) for _, name in STEPS.values())


@pytest.mark.parametrize(
    "step, what, owner, name",
    [
        ("look", "results", Processes, "share"),
        ("look", "results", showing, "thumbnail"),
        ("inside", "seen", Picture, "open"),
    ],
)
def test_stop_breaks_off_a_look_and_keeps_what_there_was(
    panel, monkeypatch, step, what, owner, name
):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    done(p, "inside")
    before, looked, usual = getattr(p, what), [], getattr(owner, name)

    def stopping(*arguments):
        p.stop()  # the person presses Stop while the first picture is looked at
        looked.append(arguments)
        return usual(*arguments)

    monkeypatch.setattr(owner, name, stopping)
    p.start(step)
    status = p.wait(60)
    assert (
        status.state == STOPPED
        and "was stopped before its end; what there was is as it was" in status.said
    )
    assert getattr(p, what) == before and len(looked) == 1 and not p.resumable
