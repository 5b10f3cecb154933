"""Recordings in the panel: made, played, taken away, brought elsewhere, and always called
recordings.
"""

import pytest
from panels import ask, done

from sheets import InputError
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.panel import RECORDED, FineTuningPanel
from widgets.fine_tuning.panel.jobs import FAILED, FINISHED
from widgets.fine_tuning.panel.recording_files import LARGEST, MOST, RecordingFiles
from widgets.fine_tuning.panel.recordings import Recorder, read_recording


def test_a_recording_is_played_and_always_called_one(panel, tmp_path, learner):
    path = tmp_path / "run.jsonl"
    recorded = learner(folder=tmp_path / "recorded")
    with Recorder(path, recorded) as recorder:
        recorded.fine_tune(Recipe(2, 2, 0.02), recorder)
    p = panel(recordings=[path])
    assert "This is a recording, made on CPU" in p.recorded[0]["sentence"]
    assert "refusal" not in ask(
        p, "start", step="play", options={"recording": "run.jsonl", "speed": 1000}
    )
    status = p.wait(60)
    assert (
        status.said == "The recording was played to its end; nothing was computed here."
        and p.playing == p.recorded[0]["sentence"]
    )
    assert {run["source"] for run in p.runs} == {"recording"}
    losses = [epoch["valid_loss"] for run in p.runs for epoch in run["epochs"]]
    assert losses == [epoch.valid_loss for epoch in recorded.history]
    assert p.results == {} and any("nothing is computed here" in text for text in p.notices)


def test_a_recording_that_cannot_be_played_is_refused(tmp_path):
    (tmp_path / "broken.jsonl").write_text("no recording")
    with pytest.raises(InputError, match="no recording that can be played"):
        FineTuningPanel(recordings=[tmp_path / "broken.jsonl"])


def test_what_is_recorded_can_be_played_taken_away_and_brought_elsewhere(panel, tmp_path):
    p = panel(recordings=[])
    done(p, "frozen", epochs=2, lr=0.02, record=True)
    losses = [epoch["valid_loss"] for epoch in p.runs[0]["epochs"]]
    (one,) = p.recorded
    assert (
        one["title"].startswith("digits: frozen 2 epochs, in the end")
        and "This is a recording, made on CPU" in one["sentence"]
    )
    (content,) = ask(p, "recording", recording=one["name"])["buffers"]
    other = panel(recordings=[], folder=tmp_path / "elsewhere")
    assert "refusal" not in ask(other, "bring", sent=[memoryview(content)])
    assert [told["sentence"] for told in other.recorded] == [one["sentence"]]
    ask(
        other, "start", step="play", options={"recording": other.recorded[0]["name"], "speed": 1000}
    )
    assert other.wait(60).state == FINISHED and other.runs[0]["source"] == "recording"
    assert [epoch["valid_loss"] for epoch in other.runs[0]["epochs"]] == losses
    assert panel(recordings=[]).recorded == p.recorded  # the page was loaded again
    for bad in (
        b"nonsense",
        b"\xff",
        content.replace(b'"valid_loss": ', b'"valid_loss": "much", "x": '),
        content + b"[1, NaN, {}]\n",
    ):
        told = ask(other, "bring", sent=[bad])
        assert "no recording that can be played" in told["refusal"] and len(other.recorded) == 1
    assert (
        len(list((tmp_path / "elsewhere" / "recordings").iterdir())) == 1
    )  # what was refused is not kept


def test_a_run_that_was_refused_leaves_no_recording(panel, tmp_path):
    p = panel(recordings=[])
    p.start("frozen", epochs=0, lr=0.02, record=True)
    assert (
        p.wait(60).state == FAILED
        and p.recorded == []
        and not list((tmp_path / "session" / "recordings").glob("*"))
    )


def test_a_shelf_keeps_so_many_reads_each_once_and_skips_what_is_bad(tmp_path, monkeypatch):
    (example,) = RECORDED.glob("*.jsonl")
    read = []
    monkeypatch.setattr(
        "widgets.fine_tuning.panel.recording_files.read_recording",
        lambda path: read.append(path) or read_recording(path),
    )
    shelf = RecordingFiles([])
    shelf.open(tmp_path)
    for _ in range(MOST):
        shelf.take(example.read_bytes())
        assert len(shelf.told()) == len(set(read)) == len(read)
    with pytest.raises(InputError, match=f"{MOST} recordings were brought in already"):
        shelf.take(example.read_bytes())
    one, two, *_ = sorted(tmp_path.iterdir())
    one.write_text(
        example.read_text(encoding="utf-8").replace('"2026', "5"), encoding="utf-8"
    )  # of an older release, which kept it
    two.unlink()
    (tmp_path / "x.jsonl").symlink_to("nowhere")
    assert len(shelf.told()) == MOST - 2
    shelf.take(example.read_bytes())  # there is room again
    with pytest.raises(InputError, match="no such recording"):
        shelf.path(two.name)
    with pytest.raises(InputError, match=r"has 8\.0 MB, and a recording has at most 8"):
        shelf.take(bytes(LARGEST + 1))
