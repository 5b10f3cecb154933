"""Choosing pictures and a body on the page: what may be read from where, and what is said at which
field.
"""

import io
import os
import shutil
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from panels import ask, done

from sheets import InputError
from widgets.fine_tuning import FOLDERS
from widgets.fine_tuning.data import labels as labels_room
from widgets.fine_tuning.panel import FineTuningPanel
from widgets.fine_tuning.panel.allowed import allowed_folders, is_of_another_computer
from widgets.fine_tuning.panel.jobs import FAILED, FINISHED, STOPPED

OWN = {
    "data": "folder",
    "labels": "folder",
    "body": "digits",
    "sample": None,
    "batch_size": 4,
    "seed": 3,
}


@pytest.fixture
def chosen():
    """`chosen(p, ...)`: how the job stands that reads this choice of the page's."""

    def read(p, **told):
        assert "refusal" not in ask(p, "choose", options=told)
        return p.wait(120)

    return read


def test_other_pictures_are_chosen_and_going_back_finds_what_was_learnt(panel, chosen, photos):
    p = panel(folders=[photos.parent])
    done(p, "frozen", epochs=2, lr=0.02)
    first, runs = p.session, p.runs
    assert chosen(p, **OWN, folder=str(photos)).said == "The pictures are read; begin with step 1."
    assert (
        p.about["pictures"]["counts"] == [["bright ☀", 6, 2], ["dark", 6, 2]]
        and p.about["batchSize"] == 4
    )
    assert (
        p.session is not first
        and p.runs == []
        and p.results == {}
        and p.choice["data"] == str(photos)
    )
    done(p, "frozen", epochs=1, lr=0.02)
    own = p.runs
    assert (
        chosen(p, data="digits", body="digits", sample=8, batch_size=None, seed=0).state == FINISHED
    )
    assert p.about["pictures"]["counts"][0][1] == 4 and p.runs == []
    assert (
        "its last job had ended" in chosen(p, **OWN, folder=str(photos)).said.lower()
        and p.runs == own != runs
    )
    again = panel(folders=[photos.parent])  # the page was loaded again
    assert (
        again.choice == p.choice and again.runs == own and "came a new Python" in again.job["said"]
    )
    shutil.rmtree(photos)
    lost = panel(folders=[photos.parent])
    assert (
        "What was chosen before cannot be read any more" in lost.job["said"] and lost.runs == runs
    )


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
        (
            {"labels": "regex", "expression": "(" * 2000 + "a" + ")" * 2000},
            "expression",
            "too deeply nested",
        ),
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
def test_a_choice_that_cannot_be_is_said_at_its_field_and_loses_nothing(
    opened_once, chosen, photos, told, field, said
):
    p = opened_once
    if "way out" in told.get("folder", ""):
        (photos / "way out").symlink_to("/etc", target_is_directory=True)
    p._allowed = p._opening._allowed = (photos.resolve(),)
    before = (p.session, p.about, p.runs, p.choice)
    told = {
        name: value.replace("{photos}", str(photos)) if isinstance(value, str) else value
        for name, value in told.items()
    }
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
def test_a_choice_that_cannot_be_opened_again_leaves_what_was_given(
    panel, chosen, photos, monkeypatch, error
):
    p = panel(folders=[photos.parent])
    assert chosen(p, **OWN, folder=str(photos)).state == FINISHED

    def failing(*_, **__):
        raise error

    monkeypatch.setattr("widgets.fine_tuning.panel.choosing.pictures_in", failing)
    again = panel(folders=[photos.parent])
    assert (
        again.job["state"] == FINISHED
        and "What was chosen before cannot be read any more" in again.job["said"]
    )
    assert again.about["pictures"]["name"] == "digits"


@pytest.mark.parametrize(
    ("labels", "each"),
    [
        ({"labels": "regex", "expression": "(.)"}, "_first_group"),
        ({"labels": "csv", "csv": "labels.csv"}, "_safe"),
    ],
)
def test_labelling_can_be_stopped(panel, chosen, photos, monkeypatch, labels, each):
    p = panel(folders=[photos])
    (photos / "labels.csv").write_text(
        "".join(f"dark/dark {k}.png,x\n" for k in range(8)), encoding="utf-8"
    )
    asked, was = [], getattr(labels_room, each)
    monkeypatch.setattr(
        labels_room, each, lambda *told: asked.append(told) or p.stop() or was(*told)
    )
    status = chosen(p, **{**OWN, **labels}, folder=str(photos))
    assert (
        status.state == STOPPED and len(asked) <= 3
    )  # of a CSV the first two lines tell what stands between its columns


def test_no_folder_among_the_pictures_is_offered_or_taken_for_results(panel, chosen, photos):
    p = panel(folders=[photos])
    assert p.about["out"] == str(photos / "finetuned-digits")
    assert chosen(p, **OWN, folder=str(photos)).state == FINISHED and p.about["out"] == ""
    p.start("export", out=str(photos / "out"), clip=0.1)
    assert "would be read as one more class" in p.wait(60).said and not (photos / "out").exists()


def test_reading_pictures_can_be_stopped(panel, chosen, photos, monkeypatch):
    p = panel(folders=[photos])
    first = p.session
    monkeypatch.setattr("widgets.fine_tuning.data.pictures.check", lambda file: p.stop())
    assert chosen(p, **OWN, folder=str(photos)).state == STOPPED and p.session is first


def test_which_folders_are_allowed(monkeypatch, tmp_path):
    for name in (FOLDERS, "SERVER_SOFTWARE"):
        monkeypatch.delenv(name, raising=False)
    assert allowed_folders() is None  # in a notebook
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert (
        allowed_folders() == () and "python3 lessons --pictures FOLDER" in FineTuningPanel().allowed
    )
    monkeypatch.setenv(FOLDERS, f"{tmp_path}{os.pathsep}{tmp_path / 'y'}")
    assert allowed_folders() == (tmp_path.resolve(), (tmp_path / "y").resolve())
    assert allowed_folders([tmp_path / "x"]) == ((tmp_path / "x").resolve(),)


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
    assert "Only what comes along may be used here" in chosen(p, **OWN, folder=str(photos)).said
    assert chosen(
        p, data="digits", body="other", name="microsoft/resnet-18"
    ).state == FAILED and list(p.refused) == ["name"]
    assert p.refused["name"].startswith(
        "microsoft/resnet-18: this page may use neither a name on the hub nor a folder. Only what"
        " comes"
    )
    assert "--pictures FOLDER" in p.refused["name"]
    done(p, "frozen", epochs=1, lr=0.02)
    refusal = ask(p, "start", step="export", options={"out": str(tmp_path / "out"), "clip": 0.1})[
        "refusal"
    ]
    assert "may not use it" in refusal and not (tmp_path / "out").exists()
    with zipfile.ZipFile(
        io.BytesIO(ask(p, "download", what="model.zip", clip=0.1)["buffers"][0])
    ) as packed:
        assert {
            "model/model.safetensors",
            "model/config.json",
            "model/preprocessor_config.json",
        } == set(packed.namelist())
