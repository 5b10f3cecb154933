"""A panel's training that was stopped, crashed or cut off by a reload goes on as if nothing had
happened.
"""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from panels import ask, done

from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.events import BatchEnded
from widgets.fine_tuning.panel.downloads import file_of
from widgets.fine_tuning.panel.jobs import STOPPED
from widgets.fine_tuning.panel.places import Place


def stopped_in_epoch_2(p, **options):
    """All its layers learnt until the second batch of the second epoch."""
    hear = p.session.hear

    def stopping(event):
        hear(event)
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 2):
            p.stop()

    p.session.hear = stopping
    p.start("unfrozen", **options)
    assert p.wait(60).state == STOPPED
    p.session.hear = hear


def test_stopped_and_resumed_is_as_if_nothing_had_happened(panel, tmp_path):
    whole = panel(folder=tmp_path / "whole")
    done(whole, "unfrozen", epochs=2, first=1e-3, lr=1e-2)
    p = panel(folder=tmp_path / "stopped")
    stopped_in_epoch_2(p, epochs=2, first=1e-3, lr=1e-2)
    outcomes = []
    for step in ("look", "resume"):
        done(p, step)
        done(p, "export", out=tmp_path / "out", clip=0.01)
        outcomes.append(json.loads((tmp_path / "out" / "metrics.json").read_text())["outcome"])
    assert outcomes == ["stopped", "finished"]
    seconds = lambda runs: [
        {**run, "epochs": [{**epoch, "seconds": 0} for epoch in run["epochs"]]} for run in runs
    ]
    assert seconds(p.runs) == seconds(whole.runs) and not p.resumable
    assert p.results["sentence"] == whole.results["sentence"]
    p.start("resume")
    assert p.wait(60).said == "there is no training to resume."


@pytest.mark.parametrize(
    "loaded", [False, True], ids=["as it was stopped", "with a save loaded since"]
)
def test_a_page_loaded_again_finds_the_training_that_was_cut_off(panel, loaded):
    p = panel()
    done(p, "frozen", epochs=3, lr=0.02)
    done(p, "save", name="stage-1")
    stopped_in_epoch_2(p, epochs=3, first=1e-4, lr=1e-3)
    if loaded:
        done(p, "load", name="stage-1")
    again = panel()  # the same folder: the page was loaded again
    assert (
        "came a new Python" in again.job["said"]
        and "from epoch 2 of 3 of the stage 'All layers'" in again.job["said"]
    )
    assert (
        again.resumable
        and again.runs == p.runs
        and again.saved == p.saved
        and again.results["count"] == 54
    )
    for a, b in zip(
        again.session.learner.network.parameters(),
        p.session.learner.network.parameters(),
        strict=True,
    ):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    done(again, "resume")
    assert len(again.runs[-1]["epochs"]) == 3 and len(again.runs) == 2


def test_a_page_loaded_again_finds_the_network_as_it_was(panel):
    p = panel()
    done(p, "frozen", epochs=3, lr=0.02)
    done(p, "save", name="stage-1")
    done(p, "unfrozen", epochs=1, first=1.0, lr=1.0)
    done(p, "load", name="stage-1")
    again = panel()
    assert (
        "Its last job had ended" in again.job["said"]
        and not again.resumable
        and "its head trained" in again.results["of"]
    )
    assert again.results == p.results and again.runs == p.runs
    assert ask(again, "download", what="predictions.csv", clip=0.01)["buffers"] == [
        file_of(p.session, "predictions.csv", 0.01)
    ]


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


def test_other_pictures_in_the_same_session_begin_anew(panel, few):
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    other = panel(
        pictures=replace(digits(seed=1), valid=digits(seed=1).valid[::6], recipe=few.recipe)
    )
    assert "does not fit" in other.job["said"] and not other.resumable
    done(other, "frozen", epochs=1, lr=0.02)


def test_a_crash_says_a_sentence_and_can_be_resumed(panel, monkeypatch):
    p = panel()
    hear = p.session.hear

    def crash(event):
        hear(event)
        if isinstance(event, BatchEnded) and (event.epoch, event.batch) == (2, 1):
            raise OSError("the disk went away")

    p.session.hear = crash
    p.start("frozen", epochs=3, lr=0.02)
    assert (
        p.wait(60).said
        == "Training the head broke off: OSError, the disk went away. The last checkpoint is kept."
        and p.resumable
    )
    p.session.hear = hear
    done(p, "resume")
    assert [epoch["epoch"] for epoch in p.runs[-1]["epochs"]] == [1, 2, 3]
