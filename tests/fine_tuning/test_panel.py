"""The panel: jobs in their thread, the lectures' steps, what a page that is loaded again finds; and all of it in Voila, in a browser."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe

from lessons import server
from lessons.course import notebook
from lessons.pages import example_run, lesson_page
from sheets import InputError, values
from sheets.library.log_loss import log_loss
from widgets.fine_tuning import steps as steps_room
from widgets.fine_tuning.allowed import VARIABLE, allowed_folders, is_of_another_computer
from widgets.fine_tuning.curves import MOST_POINTS, PRETRAINED, Curves
from widgets.fine_tuning.digits import digits
from widgets.fine_tuning.distributed import Processes
from widgets.fine_tuning.downloads import file_of
from widgets.fine_tuning.events import BatchEnded, EpochEnded, Worked
from widgets.fine_tuning.jobs import FAILED, FINISHED, RUNNING, STOPPED, Jobs
from widgets.fine_tuning.panel import RECORDED, STEPS, FineTuningPanel
from widgets.fine_tuning.pictures import Picture
from widgets.fine_tuning.places import Place, clear_away, session_folder
from widgets.fine_tuning.recordings import Recorder, read_recording
from widgets.fine_tuning.shelf import LARGEST, MOST, Shelf

ROOT = Path(__file__).resolve().parents[2]
FEW = {"epochs": 2, "frozen_epochs": 2, "lr": 0.02, "batch_size": 8}


def batch(epoch: int, number: int, loss: float = 1.0, epochs: int = 3, batches: int = 4) -> BatchEnded:
    return BatchEnded("frozen", epoch, epochs, number, batches, loss, 0.1, 5.0)


def ended(epoch: int, epochs: int = 3) -> EpochEnded:
    return EpochEnded("frozen", epoch, epochs, 0.5, 0.4, 0.9, 0.1)


# --- jobs


class Heard:
    """A listener to a Jobs: what it was told, in order."""

    def __init__(self):
        self.events, self.states = [], []
        self.jobs = Jobs(self.events.append, self.states.append)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_job_runs_elsewhere_says_how_far_it_is_and_how_it_ended(heard):
    threads = []

    def work(listen, stop):
        threads.append(threading.current_thread())
        listen(batch(2, 1))
        return "Done."

    heard.jobs.start("A job", work)
    assert heard.jobs.wait(30).state == FINISHED
    assert threads[0] is not threading.current_thread() and heard.events == [batch(2, 1)]
    under_way = heard.states[1]
    assert (under_way.share, under_way.seconds_left) == ((1 + 1 / 4) / 3, 5.0) and "epoch 2 of 3, batch 1 of 4" in under_way.doing
    assert [status.state for status in heard.states] == [RUNNING, RUNNING, FINISHED]
    assert heard.states[-1].said == "Done." and heard.states[-1].seconds_left is None


def test_the_time_left_of_a_preparation_is_by_its_pace():
    seen, clock = [], iter([10.0, 12.0])
    jobs = Jobs(lambda _: None, seen.append, clock=lambda: next(clock))

    def work(listen, stop):
        listen(Worked("Pictures", 1, 5))
        listen(Worked("Pictures", 2, 5))
        return ""

    jobs.start("A job", work)
    jobs.wait(30)
    assert [status.seconds_left for status in seen[1:3]] == [None, 6.0] and seen[2].share == 0.4


def test_a_second_job_is_refused_and_the_first_goes_on(heard):
    go = threading.Event()
    heard.jobs.start("The first", lambda listen, stop: "Done." if go.wait(30) else "too late")
    with pytest.raises(InputError, match="The first is still under way"):
        heard.jobs.start("The second", lambda listen, stop: "never")
    go.set()
    assert heard.jobs.wait(30).said == "Done." and heard.jobs.status.title == "The first"


def test_stop_reaches_the_work_and_nothing_where_none_runs(heard):
    heard.jobs.stop()
    assert heard.states == []
    begun = threading.Event()

    def work(listen, stop):
        begun.set()
        while not stop():
            threading.Event().wait(0.001)
        listen(batch(1, 1))
        return "Stopped."

    heard.jobs.start("A job", work)
    begun.wait(30)
    heard.jobs.stop()
    assert heard.jobs.wait(30).state == STOPPED
    assert [status.doing for status in heard.states] == ["Beginning", "Stopping", ""]  # the batch that was under way says nothing more


@pytest.mark.parametrize(
    "error, said",
    [
        (InputError("the rate is 0; it must be above"), "the rate is 0; it must be above."),
        (ZeroDivisionError("division by zero"), "A job broke off: ZeroDivisionError, division by zero. The last checkpoint is kept."),
        (RuntimeError("first line\nTraceback"), "A job broke off: RuntimeError, first line. The last checkpoint is kept."),
        (MemoryError(), "A job broke off: MemoryError. The last checkpoint is kept."),
    ],
)
def test_a_job_that_fails_says_a_sentence_and_the_next_one_runs(heard, error, said):
    def work(listen, stop):
        raise error

    heard.jobs.start("A job", work)
    assert heard.jobs.wait(30).state == FAILED and heard.jobs.status.said == said and heard.jobs.error is error
    heard.jobs.start("The next", lambda listen, stop: "Done.")
    assert heard.jobs.wait(30).state == FINISHED and heard.jobs.error is None


# --- curves


def test_curves_stand_behind_each_other_and_a_resumed_run_has_no_batch_twice():
    curves = Curves()
    for number in (1, 2, 3, 4):
        curves.hear(PRETRAINED, batch(1, number, loss=number))
    curves.hear(PRETRAINED, ended(1))
    for number in (1, 2):
        curves.hear(PRETRAINED, batch(2, number, loss=-1.0))
    curves.hear(PRETRAINED, batch(2, 1, loss=7.0))  # from the checkpoint
    (run,) = curves.runs
    assert run["at"] == [0.25, 0.5, 0.75, 1, 1.25] and run["losses"] == [1, 2, 3, 4, 7] and run["epochs"][0]["at"] == 1
    curves.hear(PRETRAINED, ended(2))
    curves.begin(PRETRAINED)
    curves.hear(PRETRAINED, batch(1, 4))
    assert [(run["start"], run["at"][-1]) for run in curves.runs] == [(0, 1.25), (2, 3)]


def test_a_long_run_is_thinned_out_and_keeps_its_end():
    curves = Curves()
    for number in range(1, 3 * MOST_POINTS):
        curves.hear(PRETRAINED, batch(1, number, loss=number, batches=10 * MOST_POINTS))
    (run,) = curves.runs
    assert len(run["at"]) <= MOST_POINTS and run["losses"][0] == 1 and run["losses"][-1] >= 3 * MOST_POINTS - 8
    assert run["losses"] == sorted(run["losses"])


# --- places


def test_a_session_is_named_by_its_page_and_by_no_path(tmp_path):
    assert session_folder(tmp_path, "0123abcd-") == tmp_path / "0123abcd-"
    for name in ("../../etc", "short", "a/b/c/d/e/f", "", "x" * 81):
        with pytest.raises(InputError, match="load it again"):
            session_folder(tmp_path, name)


def test_the_last_panel_to_come_has_the_place(tmp_path):
    times = iter(range(1, 100))
    first = Place(tmp_path / "s", clock=lambda: next(times))
    first.keep("runs", [1])
    assert not first.lost
    second = Place(tmp_path / "s")
    assert first.lost and not second.lost
    first.keep("runs", ["too late"])
    assert second.kept("runs") == [1] and second.kept("results") is None
    (tmp_path / "s" / "told" / "runs.json").write_text("{broken")
    assert second.kept("runs") is None


def test_sessions_that_nobody_used_for_long_are_cleared_away(tmp_path):
    for name in ("old", "mine"):
        Place(tmp_path / name)
    clear_away(tmp_path, tmp_path / "mine", now=lambda: (tmp_path / "old").stat().st_mtime + 8 * 24 * 3600)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# --- the panel without a page


@pytest.fixture
def panel(tmp_path, monkeypatch):
    """`panel(...)`: an opened panel over few digits, whose files are in tmp_path; every one made is at rest when the test ends."""
    import torch

    monkeypatch.setattr("widgets.fine_tuning.learner.cache_folder", lambda: tmp_path / "features")
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    made = []

    def opened(pictures=None, **options):
        found = digits()
        few = replace(found, valid=found.valid[::6], recipe=FEW)
        panel = FineTuningPanel(pictures or few, folder=options.pop("folder", tmp_path / "session"), **options)
        made.append(panel)
        panel.prepare()
        panel.wait(120)
        return panel

    yield opened
    for one in made:
        one.stop()
        one.wait(120)


def done(panel, step: str, **options) -> str:
    """What the step said at its end."""
    panel.start(step, **options)
    status = panel.wait(120)
    assert status.state == FINISHED, status.said
    return status.said


def ask(panel, kind: str, sent=(), **content) -> dict:
    """What the page gets for an answer. sent: the buffers it sends."""
    answers = []
    panel.send = lambda told, buffers=None: answers.append((told, buffers))
    panel._answer(None, {"kind": kind, "number": "1", **content}, list(sent))
    del panel.send
    ((told, buffers),) = answers
    return {**told, "buffers": buffers}


def test_the_panel_is_made_without_pytorch():
    program = "import sys; from widgets.fine_tuning.panel import FineTuningPanel; FineTuningPanel(); sys.exit('torch' in sys.modules)"
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
    assert p.job["state"] == FINISHED and p.about["pictures"]["counts"] == [["3", 20, 28], ["7", 20, 26]] and len(p.about["batch"]) == 8
    said = done(p, "predictions", epochs=6, lr=0.02)
    accuracy = float(re.search(r"([\d.]+)% of 54", said)[1]) / 100
    assert accuracy == pytest.approx(p.session.learner.predictions("predictions").accuracy, abs=5e-4)
    assert "commonest class gets 51.9%" in said  # 28 of 54
    assert "computed for 94 pictures" in done(p, "features") and "found kept" in done(p, "features")
    done(p, "find", stage="frozen")
    assert set(p.curve["suggestions"]) == {"valley", "steep", "minimum", "slide"} and p.curve["stage"] == "frozen"
    done(p, "frozen", epochs=4, lr=0.02)
    assert p.results["count"] == 54 and np.sum(p.results["confusion"]) == 54 and not p.stale
    frozen = p.results["sentence"]
    done(p, "save", name="stage-1")
    assert p.saved[0]["name"] == "stage-1" and p.saved[0]["accuracy"] == p.runs[-1]["epochs"][-1]["accuracy"]
    assert "got worse" in done(p, "unfrozen", epochs=1, first=0.3, lr=0.3)
    assert p.results["sentence"] != frozen
    done(p, "load", name="stage-1")
    assert p.results["sentence"] == frozen
    done(p, "inside")
    assert len(p.seen) == 16 and all(len(one["patches"]) == 8 for one in p.seen)
    assert "The pretrained network stands at" in done(p, "scratch", epochs=1, lr=0.005)
    assert [run["source"] for run in p.runs] == ["body's predictions", "pretrained", "pretrained", "from scratch"]
    json.dumps(p.get_state(), allow_nan=False, default=str)


def test_fine_tune_in_one_call_is_the_learners_own(panel, learner):
    p = panel()
    done(p, "fine_tune", **{name: FEW[name] for name in ("epochs", "frozen_epochs", "lr")})
    other = learner(batch_size=8)
    other.fine_tune(2, 0.02, 2)
    losses = [epoch["valid_loss"] for run in p.runs for epoch in run["epochs"]]
    assert losses == [epoch.valid_loss for epoch in other.history]


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
    assert "Training the head is still under way" in ask(p, "start", step="frozen", options={"epochs": 1, "lr": 0.01})["refusal"]
    ask(p, "stop")
    go.set()
    assert p.wait(60).state == STOPPED and len(batches) == 1  # the one under way was the last
    assert p.resumable and p.stale and "press Resume" in p.job["said"]


def test_stopped_and_resumed_is_as_if_nothing_had_happened(panel, tmp_path):
    whole = panel(folder=tmp_path / "whole")
    done(whole, "unfrozen", epochs=2, first=1e-3, lr=1e-2)
    p = panel(folder=tmp_path / "stopped")
    hear = p.session.hear

    def stopping(event):
        hear(event)
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 2):
            p.stop()

    p.session.hear = stopping
    p.start("unfrozen", epochs=2, first=1e-3, lr=1e-2)
    assert p.wait(60).state == STOPPED
    p.session.hear = hear
    done(p, "resume")
    seconds = lambda runs: [{**run, "epochs": [{**epoch, "seconds": 0} for epoch in run["epochs"]]} for run in runs]
    assert seconds(p.runs) == seconds(whole.runs) and not p.resumable
    assert p.results["sentence"] == whole.results["sentence"]
    p.start("resume")
    assert p.wait(60).said == "there is no training to resume."


def test_a_page_loaded_again_finds_the_training_that_was_cut_off(panel):
    p = panel()
    done(p, "frozen", epochs=3, lr=0.02)
    done(p, "save", name="stage-1")
    hear = p.session.hear

    def stopping(event):
        hear(event)
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 3):
            p.stop()

    p.session.hear = stopping
    p.start("unfrozen", epochs=3, first=1e-4, lr=1e-3)
    p.wait(60)
    again = panel()  # the same folder: the page was loaded again
    assert "came a new Python" in again.job["said"] and "from epoch 2 of 3 of the stage 'unfrozen'" in again.job["said"]
    assert again.resumable and again.runs == p.runs and again.saved == p.saved and again.results["count"] == 54
    for a, b in zip(again.session.learner.network.parameters(), p.session.learner.network.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    done(again, "resume")
    assert len(again.runs[-1]["epochs"]) == 3 and len(again.runs) == 2


def test_a_page_loaded_again_finds_the_network_as_it_was(panel):
    p = panel()
    done(p, "frozen", epochs=3, lr=0.02)
    again = panel()
    assert "Its last job had ended" in again.job["said"] and not again.resumable
    assert again.results == p.results and again.runs == p.runs
    assert ask(again, "download", what="predictions.csv", clip=0.01)["buffers"] == [file_of(p.session, "predictions.csv", 0.01)]


def test_the_old_kernel_stops_when_the_page_is_loaded_again(panel):
    p, going, go = panel(), threading.Event(), threading.Event()
    hear = p.session.hear

    def slowly(event):
        hear(event)
        if isinstance(event, BatchEnded):
            going.set()
            go.wait(30)

    p.session.hear = slowly
    p.start("frozen", epochs=1000, lr=1e-3)
    going.wait(60)
    p.session.place._looked = -1.0  # it need not wait for its next look
    Place(p.session.place.folder)
    go.set()
    assert "opened in another page" in p.wait(60).said


def test_other_pictures_in_the_same_session_begin_anew(panel):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    other = panel(pictures=replace(digits(seed=1), valid=digits(seed=1).valid[::6], recipe=FEW))
    assert "does not fit" in other.job["said"] and not other.resumable
    done(other, "frozen", epochs=1, lr=0.02)


@pytest.mark.parametrize(
    "step, options, said",
    [
        ("frozen", {"epochs": 2.5, "lr": 0.1}, "epochs is a whole number"),
        ("frozen", {"epochs": "many", "lr": 0.1}, "epochs is a whole number"),
        ("frozen", {"epochs": 1, "lr": -1.0}, "the learning rate -1.0 cannot be"),
        ("frozen", {"epochs": 1}, "lr is a number"),
        ("unfrozen", {"epochs": 1, "first": 0, "lr": 0.1}, "cannot be"),
        ("find", {"stage": "sideways"}, "the finder looks at"),
        ("save", {"name": "a/b"}, "cannot be a file's name"),
        ("save", {"name": "latest"}, "kept for the panel itself"),
        ("load", {"name": "nothing"}, "nothing was saved"),
        ("export", {"out": "/proc/nowhere", "clip": 0.1}, "choose another folder"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(panel, step, options, said):
    p = panel()
    before = p.runs
    p.start(step, **options)
    status = p.wait(60)
    assert status.state == FAILED and said in status.said and p.runs == before


@pytest.mark.parametrize(
    "kind, content, said",
    [
        ("start", {"step": "sing", "options": {}}, "there is no step 'sing'"),
        ("start", {"step": 3, "options": None}, "load it again"),
        ("start", {"step": "play", "options": {"recording": "../x", "speed": 1}}, "no such recording"),
        ("start", {"step": "export", "options": {"out": "relative", "clip": 0.1}}, "whole path"),
        ("layers", {"first": "a", "lr": 1}, "first is a number"),
        ("layers", {"first": -1, "lr": 1}, "cannot be"),
        ("clip", {"clip": 0.02}, "there are no results yet"),
        ("download", {"what": "head.xlsx", "clip": 0.02}, "there are no results yet"),
    ],
)
def test_the_page_is_refused_in_a_sentence(panel, kind, content, said):
    assert said in ask(panel(), kind, **content)["refusal"]


def test_before_it_is_open_nothing_starts(tmp_path):
    assert "still opening" in ask(FineTuningPanel(folder=tmp_path), "start", step="frozen", options={})["refusal"]


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
    assert any("ran out of memory with 8 pictures at once. It goes on with 4" in text for text in p.notices)


def test_a_crash_says_a_sentence_and_can_be_resumed(panel, monkeypatch):
    p = panel()
    hear = p.session.hear

    def crash(event):
        hear(event)
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 1):
            raise OSError("the disk went away")

    p.session.hear = crash
    p.start("frozen", epochs=3, lr=0.02)
    assert p.wait(60).said == "Training the head broke off: OSError, the disk went away. The last checkpoint is kept." and p.resumable
    p.session.hear = hear
    done(p, "resume")
    assert [epoch["epoch"] for epoch in p.runs[-1]["epochs"]] == [1, 2, 3]


def test_what_is_taken_away_agrees_with_what_is_shown(panel, tmp_path):
    p = panel()
    done(p, "frozen", epochs=2, lr=0.02)
    rows = list(csv.DictReader(io.StringIO(ask(p, "download", what="predictions.csv", clip=0.02)["buffers"][0].decode())))
    right = [
        row["label"] == p.about["pictures"]["counts"][picture.label][0] for row, picture in zip(rows, p.session.pictures.valid, strict=True)
    ]
    assert f"{np.mean(right):.1%} of 54" in p.results["sentence"]
    assert max(float(row["probability"]) for row in rows) <= 0.98
    told = ask(p, "clip", clip=0.02)
    link = dict(part.split("=") for part in told["link"].partition("#")[2].split("&"))
    inputs = {name: [float(x) for x in link[name].split(",")] for name in ("is_cat", "prediction")}
    sheet = values(log_loss(), {**inputs, "clip": float(link["clip"])})
    assert told["link"].startswith("log_loss#") and told["rows"] == 54
    cost = float(re.search(r"loss is (\d\.\d+)\.", told["sentence"])[1])
    assert sheet["loss_mean"][0, 0] == pytest.approx(cost, abs=1e-4)  # the other lesson's own sheet says the same
    assert "clip" not in dict(part.split("=") for part in ask(p, "clip", clip=0.45)["link"].partition("#")[2].split("&"))
    for name in ("confusion.xlsx", "head.xlsx"):
        assert openpyxl.load_workbook(io.BytesIO(ask(p, "download", what=name, clip=0.02)["buffers"][0])).sheetnames
    said = done(p, "export", out=str(tmp_path / "out"), clip=0.02)
    assert str(tmp_path / "out") in said and (tmp_path / "out" / "model" / "model.safetensors").is_file()


def test_a_recording_is_played_and_always_called_one(panel, tmp_path, learner):
    path = tmp_path / "run.jsonl"
    recorded = learner(folder=tmp_path / "recorded")
    with Recorder(path, recorded) as recorder:
        recorded.fine_tune(2, 0.02, 2, listener=recorder)
    p = panel(recordings=[path])
    assert "This is a recording, made on CPU" in p.recorded[0]["sentence"]
    assert "refusal" not in ask(p, "start", step="play", options={"recording": "run.jsonl", "speed": 1000})
    status = p.wait(60)
    assert "This is a recording" in status.said and "to its end" in status.said and p.playing == p.recorded[0]["sentence"]
    assert {run["source"] for run in p.runs} == {"recording"}
    losses = [epoch["valid_loss"] for run in p.runs for epoch in run["epochs"]]
    assert losses == [epoch.valid_loss for epoch in recorded.history]
    assert p.results == {} and any("nothing is computed here" in text for text in p.notices)


def test_a_recording_that_cannot_be_played_is_refused(tmp_path):
    (tmp_path / "broken.jsonl").write_text("no recording")
    with pytest.raises(InputError, match="no recording that can be played"):
        FineTuningPanel(recordings=[tmp_path / "broken.jsonl"])


def test_a_folder_with_a_bad_file_and_a_body_from_a_folder(panel, photos, resnet):
    (photos / "dark" / "empty.png").write_bytes(b"")
    p = panel(pictures=photos, body=resnet, batch_size=4)
    assert p.about["pictures"]["skipped"] == [("dark/empty.png", "it is empty")] and p.about["pictures"]["skippedCount"] == 1
    done(p, "fine_tune", epochs=1, frozen_epochs=1, lr=0.01)
    assert p.results["classes"] == ["bright ☀", "dark"]


def test_one_class_only_is_a_sentence_and_no_panel(panel, photos):
    shutil.rmtree(photos / "dark")
    p = panel(pictures=photos)
    assert p.job["state"] == FAILED and "telling classes apart needs two of them" in p.job["said"] and p.session is None


def test_every_step_has_its_method():
    assert all(callable(getattr(steps_room, name)) for _, name in STEPS.values())


@pytest.mark.parametrize("step, what", [("look", "results"), ("inside", "seen")])
def test_stop_breaks_off_a_look_and_keeps_what_there_was(panel, monkeypatch, step, what):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    done(p, "inside")
    before, looked = getattr(p, what), []
    open_picture, share = Picture.open, Processes.share

    def stopping(self, *arguments):
        p.stop()  # the person presses Stop while the first pictures are looked at
        looked.append(self)
        return (open_picture if step == "inside" else share)(self, *arguments)

    monkeypatch.setattr(*((Picture, "open") if step == "inside" else (Processes, "share")), stopping)
    p.start(step)
    status = p.wait(60)
    assert status.state == STOPPED and "was stopped before its end; what there was is as it was" in status.said
    assert getattr(p, what) == before and len(looked) == 1 and not p.resumable


# --- choosing


@pytest.fixture
def chosen(panel):
    """`chosen(p, ...)`: how the job stands that reads this choice of the page's."""

    def read(p, **told):
        assert "refusal" not in ask(p, "choose", options=told)
        return p.wait(120)

    return read


OWN = {"data": "folder", "labels": "folder", "body": "digits", "sample": None, "batch_size": 4, "seed": 3}


def test_other_pictures_are_chosen_and_going_back_finds_what_was_learnt(panel, chosen, photos):
    p = panel(folders=[photos.parent])
    done(p, "frozen", epochs=2, lr=0.02)
    first, runs = p.session, p.runs
    assert chosen(p, **OWN, folder=str(photos)).said == "The pictures are read; begin with step 1."
    assert p.about["pictures"]["counts"] == [["bright ☀", 6, 2], ["dark", 6, 2]] and p.about["batchSize"] == 4
    assert p.session is not first and p.runs == [] and p.results == {} and p.choice["data"] == str(photos)
    done(p, "frozen", epochs=1, lr=0.02)
    own = p.runs
    assert chosen(p, data="digits", body="digits", sample=8, batch_size=None, seed=0).state == FINISHED
    assert p.about["pictures"]["counts"][0][1] == 4 and p.runs == []
    assert "its last job had ended" in chosen(p, **OWN, folder=str(photos)).said.lower() and p.runs == own != runs
    again = panel(folders=[photos.parent])  # the page was loaded again
    assert again.choice == p.choice and again.runs == own and "came a new Python" in again.job["said"]
    shutil.rmtree(photos)
    lost = panel(folders=[photos.parent])
    assert "What was chosen before cannot be read any more" in lost.job["said"] and lost.runs == runs


@pytest.mark.parametrize(
    "told, field, said",
    [
        ({"folder": ""}, "folder", "write the path"),
        ({"folder": "photos"}, "folder", "whole path"),
        ({"folder": "digits"}, "folder", "whole path"),
        ({"folder": "/etc"}, "folder", "may not use it"),
        ({"folder": "{photos}/../.."}, "folder", "may not use it"),
        ({"folder": "{photos}/way out"}, "folder", "may not use it"),
        ({"folder": "{photos}/\0"}, "folder", "whole path"),
        ({"folder": "{photos}/none"}, "folder", "no such folder"),
        ({"folder": "{photos}/" + "n" * 300}, "folder", "too long"),
        ({"labels": "csv", "csv": "n" * 300}, "csv", "too long"),
        ({"labels": "regex", "expression": "(" * 2000 + "a" + ")" * 2000}, "expression", "too deeply nested"),
        ({"folder": "{photos}/dark"}, "folder", "no labelled picture"),
        ({"labels": "csv", "csv": ""}, "csv", "write the path"),
        ({"labels": "csv", "csv": "/etc/passwd"}, "csv", "may not use it"),
        ({"labels": "csv", "csv": "../../../../etc/passwd"}, "csv", "may not use it"),
        ({"labels": "csv", "csv": "none.csv"}, "csv", "cannot be read"),
        ({"labels": "regex", "expression": "("}, "expression", "not a regular expression"),
        ({"labels": "regex", "expression": "dark"}, "expression", "no group"),
        ({"labels": "colour"}, "labels", "write folder"),
        ({"body": "other", "name": ""}, "name", "write the path"),
        ({"body": "other", "name": "/etc"}, "name", "may not use it"),
        ({"body": "other", "name": "n" * 300}, "name", "no image classifier"),
        ({"body": "other", "name": "{photos}/" + "n" * 300}, "name", "no image classifier"),
        ({"body": "other", "name": "../secret"}, "name", "whole path"),
        ({"body": "other", "name": "{photos}"}, "name", "no image classifier"),
        ({"sample": 1}, "sample", "too small"),
        ({"sample": "few"}, "sample", "few cannot be"),
        ({"batch_size": 0}, "batch_size", "0 cannot be"),
        ({"seed": -1}, "seed", "-1 cannot be"),
        ({"seed": 1.5}, "seed", "1.5 cannot be"),
    ],
)
def test_a_choice_that_cannot_be_is_said_at_its_field_and_loses_nothing(opened_once, chosen, photos, told, field, said):
    p = opened_once
    if "way out" in told.get("folder", ""):
        (photos / "way out").symlink_to("/etc", target_is_directory=True)
    p._allowed = p._opening._allowed = (photos.resolve(),)
    before = (p.session, p.about, p.runs, p.choice)
    told = {name: value.replace("{photos}", str(photos)) if isinstance(value, str) else value for name, value in told.items()}
    status = chosen(p, **{**OWN, "folder": str(photos), **told})
    assert status.state == FAILED and list(p.refused) == [field] and said in p.refused[field]
    assert (p.session, p.about, p.runs, p.choice) == before


def test_the_same_mistake_made_twice_is_told_twice(opened_once, chosen, tmp_path):
    """The page clears its fields when the button is pressed, and hears of changes alone."""
    p, told = opened_once, []
    chosen(p, **OWN, folder="")
    p.observe(lambda change: told.append(change["new"]), "refused")
    chosen(p, **OWN, folder="none")
    chosen(p, **OWN, folder="none")
    said = {"folder": p.refused["folder"]}
    assert told == [{}, said, {}, said]


@pytest.mark.parametrize("error", [InputError("gone"), PermissionError(13, "Permission denied")])
def test_a_choice_that_cannot_be_opened_again_leaves_what_was_given(panel, chosen, photos, monkeypatch, error):
    p = panel(folders=[photos.parent])
    assert chosen(p, **OWN, folder=str(photos)).state == FINISHED

    def failing(*_, **__):
        raise error

    monkeypatch.setattr("widgets.fine_tuning.choosing.pictures_in", failing)
    again = panel(folders=[photos.parent])
    assert again.job["state"] == FINISHED and "What was chosen before cannot be read any more" in again.job["said"]
    assert again.about["pictures"]["name"] == "digits"


def test_labelling_can_be_stopped(panel, chosen, photos, monkeypatch):
    p = panel(folders=[photos])
    asked = []
    monkeypatch.setattr("widgets.fine_tuning.labels._first_group", lambda pattern, name: asked.append(name) or p.stop() or "x")
    status = chosen(p, **{**OWN, "labels": "regex", "expression": "(.)"}, folder=str(photos))
    assert status.state == STOPPED and len(asked) == 1


@pytest.fixture(scope="module")
def opened_once(tmp_path_factory):
    """A panel for tests that change nothing about it."""
    found = digits()
    p = FineTuningPanel(replace(found, valid=found.valid[::6], recipe=FEW), folder=tmp_path_factory.mktemp("once"))
    p.prepare()
    p.wait(120)
    return p


def test_reading_pictures_can_be_stopped(panel, chosen, photos, monkeypatch):
    p = panel(folders=[photos])
    first = p.session
    monkeypatch.setattr("widgets.fine_tuning.pictures.check", lambda file: p.stop())
    assert chosen(p, **OWN, folder=str(photos)).state == STOPPED and p.session is first


def test_which_folders_are_allowed(monkeypatch, tmp_path):
    for name in (VARIABLE, "SERVER_SOFTWARE"):
        monkeypatch.delenv(name, raising=False)
    assert allowed_folders() is None  # in a notebook
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert allowed_folders() == () and "python3 lessons --pictures FOLDER" in FineTuningPanel().allowed
    monkeypatch.setenv(VARIABLE, f"{tmp_path}{os.pathsep}{tmp_path / 'y'}")
    assert allowed_folders() == (tmp_path.resolve(), (tmp_path / "y").resolve())
    assert allowed_folders([tmp_path / "x"]) == ((tmp_path / "x").resolve(),)
    assert server.FOLDERS == VARIABLE


@pytest.mark.parametrize(
    "path, elsewhere",
    [
        (r"C:\pictures\cats", False),
        (r"\\host\share", True),
        ("//host/share/cats", True),
        (r"\\?\UNC\host\share", True),
        (r"\\SCHOOL\Class\..\..\cats", False),  # looked at further: is_within
        (r"\\school\teachers", True),
    ],
)
def test_windows_asks_no_computer_that_the_owner_has_not_named(path, elsewhere):
    allowed = (PureWindowsPath(r"C:\pictures"), PureWindowsPath(r"\\school\class\photos"))
    assert is_of_another_computer(PureWindowsPath(path), allowed) == elsewhere
    assert not is_of_another_computer(PurePosixPath("//host/share"), [PurePosixPath("/")])


def test_where_no_folder_is_allowed_nothing_is_read_or_written(panel, chosen, photos, tmp_path):
    p = panel(folders=[])
    assert p.about["out"] == ""
    assert "No folder may be used here" in chosen(p, **OWN, folder=str(photos)).said
    assert chosen(p, data="digits", body="other", name="microsoft/resnet-18").state == FAILED and list(p.refused) == ["name"]
    done(p, "frozen", epochs=1, lr=0.02)
    refusal = ask(p, "start", step="export", options={"out": str(tmp_path / "out"), "clip": 0.1})["refusal"]
    assert "may not use it" in refusal and not (tmp_path / "out").exists()
    with zipfile.ZipFile(io.BytesIO(ask(p, "download", what="model.zip", clip=0.1)["buffers"][0])) as packed:
        assert {"model/model.safetensors", "model/config.json", "model/preprocessor_config.json"} == set(packed.namelist())


# --- recording


def test_what_is_recorded_can_be_played_taken_away_and_brought_elsewhere(panel, tmp_path):
    p = panel(recordings=[])
    done(p, "frozen", epochs=2, lr=0.02, record=True)
    losses = [epoch["valid_loss"] for epoch in p.runs[0]["epochs"]]
    (one,) = p.recorded
    assert one["title"].startswith("digits: frozen 2 epochs, in the end") and "This is a recording, made on CPU" in one["sentence"]
    (content,) = ask(p, "recording", recording=one["name"])["buffers"]
    other = panel(recordings=[], folder=tmp_path / "elsewhere")
    assert "refusal" not in ask(other, "bring", sent=[memoryview(content)])
    assert [told["sentence"] for told in other.recorded] == [one["sentence"]]
    ask(other, "start", step="play", options={"recording": other.recorded[0]["name"], "speed": 1000})
    assert other.wait(60).state == FINISHED and other.runs[0]["source"] == "recording"
    assert [epoch["valid_loss"] for epoch in other.runs[0]["epochs"]] == losses
    assert panel(recordings=[]).recorded == p.recorded  # the page was loaded again
    for bad in (b"nonsense", b"\xff", content.replace(b'"valid_loss": ', b'"valid_loss": "much", "x": '), content + b"[1, NaN, {}]\n"):
        told = ask(other, "bring", sent=[bad])
        assert "no recording that can be played" in told["refusal"] and len(other.recorded) == 1
    assert len(list((tmp_path / "elsewhere" / "recordings").iterdir())) == 1  # what was refused is not kept


def test_a_run_that_was_refused_leaves_no_recording(panel, tmp_path):
    p = panel(recordings=[])
    p.start("frozen", epochs=0, lr=0.02, record=True)
    assert p.wait(60).state == FAILED and p.recorded == [] and not list((tmp_path / "session" / "recordings").glob("*"))


def test_a_shelf_keeps_so_many_reads_each_once_and_skips_what_is_bad(tmp_path, monkeypatch):
    (example,) = RECORDED.glob("*.jsonl")
    read = []
    monkeypatch.setattr("widgets.fine_tuning.shelf.read_recording", lambda path: read.append(path) or read_recording(path))
    shelf = Shelf([])
    shelf.open(tmp_path)
    for _ in range(MOST):
        shelf.take(example.read_bytes())
        assert len(shelf.told()) == len(set(read)) == len(read)
    with pytest.raises(InputError, match=f"{MOST} recordings were brought in already"):
        shelf.take(example.read_bytes())
    one, two, *_ = sorted(tmp_path.iterdir())
    one.write_text(example.read_text(encoding="utf-8").replace('"2026', "5"), encoding="utf-8")  # of an older release, which kept it
    two.unlink()
    (tmp_path / "x.jsonl").symlink_to("nowhere")
    assert len(shelf.told()) == MOST - 2
    shelf.take(example.read_bytes())  # there is room again
    with pytest.raises(InputError, match="no such recording"):
        shelf.path(two.name)
    with pytest.raises(InputError, match=r"has 8\.0 MB, and a recording has at most 8"):
        shelf.take(bytes(LARGEST + 1))


# --- the lesson


def test_the_lesson_asks_before_it_tells_and_cites_its_sources():
    text = "".join("".join(cell["source"]) for cell in json.loads(notebook("fine_tuning").read_text(encoding="utf-8"))["cells"])
    assert len(re.findall(r"\bpredict\b", text.lower())) >= 8
    for source in ("course.fast.ai", "1311.2901", "1411.1792", "1801.06146", "1506.01186", "10.24432/C50P49"):
        assert source in text


def test_its_static_page_says_that_it_needs_python_and_shows_the_recording():
    text = lesson_page("fine_tuning", plotly_address="plotly.min.js")
    assert "so it needs Python" in text and "python3 lessons" in text and "<svg" in text
    assert "This is a recording, made on CPU" in text
    assert text.count("<tr><td>") == sum(isinstance(event, EpochEnded) for _, event in example_run().events)


# --- in a browser


LESSON = """
from dataclasses import replace
from pathlib import Path
from widgets.fine_tuning import learner, session
from widgets.fine_tuning.panel import FineTuningPanel
home = Path({home!r})
session.sessions = lambda: home / "sessions"
learner.cache_folder = lambda: home / "features"
FineTuningPanel(folders=[home])
"""


@pytest.fixture(scope="module")
def address(lessons, tmp_path_factory) -> str:
    import nbformat

    home = tmp_path_factory.mktemp("home")
    (home / "lessons").mkdir()
    cell = nbformat.v4.new_code_cell(LESSON.format(home=str(home)))
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Fine-tuning"), cell]), home / "lessons" / "panel.ipynb")
    shutil.copy(notebook("log_loss"), home / "lessons")
    return lessons(home / "lessons")


def at_rest(page) -> str:
    """What the job that has ended says."""
    page.wait_for_selector(".ft-job:not([data-state='running']) .ft-said:not(:empty)", timeout=120_000)
    return page.locator(".ft-job .ft-said").inner_text()


def click(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_the_panel_lives_in_voila(page, address):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}lesson/panel")
    page.get_by_role("button", name="Do it all: fine_tune").wait_for(timeout=120_000)
    assert at_rest(page) == "Ready."
    page.get_by_role("textbox", name="Epochs of the head").fill("six")
    click(page, "Train the head")
    assert "is 'six'; write a number" in page.get_by_role("alert").filter(has_text="six").inner_text()
    page.get_by_role("textbox", name="Epochs of the head").fill("6")
    page.get_by_role("button", name="Train the head").focus()
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=5").wait_for(timeout=60_000)
    assert "Accuracy" in at_rest(page)
    page.wait_for_selector(".ft-live .js-plotly-plot >> nth=1")
    page.get_by_role("table", name="Confusion matrix").wait_for()
    assert not [each["id"] for each in Axe().run(page).response["violations"]]

    page.get_by_role("textbox", name="Epochs of all layers").fill("900")
    click(page, "Train all layers")
    page.wait_for_function("document.querySelector('.ft-job progress').value > 0 && document.querySelector('.ft-left').textContent !== ''")
    page.get_by_role("button", name="Train all layers").click(force=True)  # marked as disabled, and clicked all the same
    page.get_by_role("alert").filter(has_text="still under way").wait_for()
    page.get_by_role("textbox", name="Rate of the first layer").fill("0.001")  # the page stays alive
    page.keyboard.press("Tab")
    page.get_by_role("table", name="The parameter groups").locator("tbody tr >> nth=0").filter(has_text="0.001").wait_for()
    click(page, "Stop")
    assert "Stopped. What was learnt is kept" in at_rest(page)
    click(page, "Resume")
    page.wait_for_selector(".ft-job[data-state='running']")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=8").wait_for(timeout=60_000)

    page.reload()
    said = at_rest(page)
    assert "came a new Python" in said and "of 900 of the stage 'unfrozen'" in said
    assert page.get_by_role("table", name="Epochs").locator("tbody tr").count() >= 9
    click(page, "Resume")
    page.wait_for_selector(".ft-job[data-state='running']")
    click(page, "Stop")
    assert "Stopped" in at_rest(page)

    click(page, "Look at the results now")
    page.get_by_text("The results are those of the network as it is now").wait_for(timeout=60_000)
    page.get_by_role("textbox", name="clip").fill("0.02")
    page.keyboard.press("Tab")
    page.get_by_text("Clipped at 0.02, the expected log loss").wait_for()
    assert "clip=0.02" in page.get_by_role("link", name="Open the log-loss lesson").get_attribute("href")
    cost = re.search(r"Clipped at 0.02, the expected log loss is (\d\.\d+)", page.content())[1]
    with page.expect_popup() as lesson:
        page.get_by_role("link", name="Open the log-loss lesson").click()
    shown = lesson.value.locator("[data-block='loss_mean']").first
    shown.wait_for(timeout=60_000)
    assert float(shown.inner_text()) == pytest.approx(float(cost), abs=1e-4)  # that page, with these predictions
    lesson.value.close()
    with page.expect_download() as download:
        click(page, "Download head.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes())).sheetnames

    for size, said in ((LARGEST + 1, "has 8.0 MB, and a recording has at most 8"), (LARGEST, "no recording that can be played")):
        page.get_by_label("Open a recording").set_input_files({"name": "x.jsonl", "mimeType": "text/plain", "buffer": b" " * size})
        page.get_by_role("alert").filter(has_text=said).wait_for()  # the largest one reaches Python, and its answer the page

    page.get_by_text("Take other pictures, or another body").click()
    page.get_by_label("Pictures", exact=True).select_option("folder")
    page.get_by_role("textbox", name="Folder of pictures").fill("/etc")
    click(page, "Read them, and begin anew")
    page.get_by_role("alert").filter(has_text="/etc: this page may not use it").wait_for()
    assert page.get_by_role("textbox", name="Folder of pictures").input_value() == "/etc"
    assert page.get_by_role("table", name="Confusion matrix").count() == 1  # what there was is there
    page.get_by_label("Pictures", exact=True).select_option("digits")
    page.get_by_role("textbox", name="About how many pictures").fill("10")
    click(page, "Read them, and begin anew")
    page.get_by_role("table", name="Classes and their pictures").get_by_role("cell", name="5", exact=True).first.wait_for()
    assert not [each["id"] for each in Axe().run(page).response["violations"]]
    assert "Traceback" not in page.content()


SHOWN = """([source, state]) => import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))).then(({ default: widget }) => {
    const heard = [];
    window.model = {
        get: (name) => state[name],
        on: (event, listener) => heard.push([event, listener]),
        off: () => {},
        send: () => {},
        tell: (name, value) => {
            state[name] = value;
            for (const [event, listener] of heard) if (event === `change:${name}`) listener();
        },
    };
    widget.render({ model: window.model, el: document.body });
})"""


def test_a_refusal_takes_the_focus_after_a_press_alone_and_no_number_outlives_its_choice(page):
    """Without Python, which could not be opened, so that only the choice is there."""
    p = FineTuningPanel(recordings=[])
    refused = {"folder": "there is no such folder"}
    p.job, p.refused = {**p.job, "state": FAILED}, refused
    page.set_content("<body></body>")
    page.evaluate(SHOWN, [str(p._esm), p.get_state()])
    page.locator(".gs-refusal").filter(has_text="no such folder").wait_for(state="attached")  # of a field that is not shown yet
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_label("Pictures", exact=True).select_option("folder")
    page.get_by_role("textbox", name="About how many").fill("12")
    click(page, "Read them, and begin anew")
    tell = "([name, value]) => window.model.tell(name, value)"
    page.evaluate(tell, ["refused", refused])
    assert page.evaluate("document.activeElement.ariaLabel") == "Folder of pictures"
    page.get_by_role("textbox", name="Seed").focus()
    page.evaluate(tell, ["refused", refused])  # drawn anew
    assert page.evaluate("document.activeElement.ariaLabel") == "Seed"
    kept = {"data": "/photos", "labels": "folder", "body": "digits", "sample": None, "batch_size": 4, "seed": 0}
    page.evaluate(tell, ["choice", kept])
    names = ("Folder of pictures", "About how many", "Pictures in a batch", "Seed")
    assert [page.get_by_role("textbox", name=name).input_value() for name in names] == ["/photos", "", "4", "0"]


# --- in JupyterLab


@pytest.fixture
def lab(tmp_path):
    """The address of the lesson's notebook in a JupyterLab of its own, with nothing of this computer's."""
    shutil.copy(notebook("fine_tuning"), tmp_path / "lesson.ipynb")
    home = {name: str(tmp_path / name.lower()) for name in ("HOME", "HF_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    options = ["--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=x", f"--ServerApp.root_dir={tmp_path}"]
    apart = {**os.environ, **home, "PYTHONPATH": str(ROOT), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    said = (tmp_path / "said").open("w")
    quiet = [
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options, *quiet], env=apart, stdout=said, stderr=said)
    try:
        yield from ready(tmp_path)
    finally:
        server.terminate()
        server.wait(timeout=30)
        said.close()


def ready(folder: Path, patience: float = 90):
    """The address, once the server has written down that it listens."""
    end = time.monotonic() + patience
    while not (found := list(folder.glob("runtime/jpserver-*.json"))):
        assert time.monotonic() < end, (folder / "said").read_text()
        time.sleep(0.1)
    yield f"http://127.0.0.1:{json.loads(found[0].read_text())['port']}/lab/tree/lesson.ipynb?token=x"


def run_all(page) -> None:
    page.locator(".jp-RenderedMarkdown h1").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_the_lesson_lives_in_jupyterlab_and_a_reload_finds_the_run(page, lab, complaints):
    """JupyterLab itself takes most of the time: it is opened twice."""
    page.set_viewport_size({"width": 1366, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(lab)
    run_all(page)
    page.get_by_role("button", name="Do it all: fine_tune").wait_for()
    assert at_rest(page) == "Ready."
    page.get_by_role("textbox", name="Epochs of all layers").fill("900")
    click(page, "Train all layers")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=1").wait_for()
    page.reload()
    run_all(page)  # a JupyterLab keeps no widget's page: its cell makes a panel, which takes the session over
    page.get_by_text("Press Resume to go on").wait_for()
    said = page.locator(".ft-job .ft-said").inner_text()
    assert "The training that ran has ended" in said and "of 900 of the stage 'unfrozen'" in said
    assert page.get_by_role("table", name="Epochs").locator("tbody tr").count() >= 2
    click(page, "Resume")
    page.wait_for_selector(".ft-job[data-state='running']")
    click(page, "Stop")
    assert "Stopped. What was learnt is kept" in at_rest(page)
    assert "Traceback" not in page.content()
    page.goto("about:blank")  # before its server goes
    assert not [text for text in complaints if "leaves the machine" in text]
    complaints.clear()  # what JupyterLab itself says is not ours to answer for
