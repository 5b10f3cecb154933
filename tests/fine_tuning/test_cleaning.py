"""Wrong labels put right on the panel: in a file of their own, which the command reads too."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from panels import SHOWN, ask, done

from sheets import InputError
from widgets.fine_tuning.data.corrections import corrected, corrections_in
from widgets.fine_tuning.data.events import Stopped
from widgets.fine_tuning.data.pictures import Picture, Pictures, pictures_in
from widgets.fine_tuning.panel.jobs import FAILED
from widgets.fine_tuning.takeaway.exports import write_corrections


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.png")
    }


def labels(pictures: Pictures) -> list[dict[str, str]]:
    return [
        {one.id: pictures.classes[one.label] for one in part}
        for part in (pictures.train, pictures.valid)
    ]


def weights(p) -> list[np.ndarray]:
    return [one.detach().numpy().copy() for one in p.session.learner.network.parameters()]


def test_a_wrong_picture_is_relabelled_or_left_out_and_training_goes_on(panel, photos, tmp_path):
    before = contents(photos)
    p = panel(pictures=photos, body="digits")
    done(p, "frozen", epochs=2, lr=0.02)
    top = p.results["topLosses"]
    wrong, out, train = top[0]["title"], top[1]["title"], p.session.pictures.train[0].id
    other = {"dark": "bright ☀", "bright ☀": "dark"}
    marks = {wrong: other[top[0]["label"]], out: "", train: ""}
    for name, label in marks.items():
        ask(p, "correct", name=name, label=label)
    assert p.corrections["marked"] == marks and p.corrections["waiting"]
    said = "1 picture has another label and 2 pictures are left out"
    assert p.corrections["sentence"] == f"{said}: not in use yet."
    held, were = labels(p.session.pictures), weights(p)

    assert done(p, "clean").startswith(f"{said}; the files are untouched.")
    assert p.corrections["sentence"] == f"{said}: in use."
    now = labels(p.session.pictures)
    del held[0][train], held[1][out]
    assert now == [held[0], {**held[1], wrong: marks[wrong]}]
    assert contents(photos) == before
    for a, b in zip(were, weights(p), strict=True):
        np.testing.assert_array_equal(a, b)
    assert p.results["count"] == len(now[1]) and not p.corrections["waiting"]
    assert p.about["out"] and [part[1:] for part in p.about["pictures"]["counts"]] == [
        list(counts) for counts in p.session.pictures.counts.values()
    ]
    done(p, "frozen", epochs=1, lr=0.02)
    assert any((a != b).any() for a, b in zip(were, weights(p), strict=True))

    # The command, given the file, has the same pictures.
    done(p, "export", out=tmp_path / "out", clip=0.1)
    file = corrections_in(tmp_path / "out" / "corrections.csv")
    assert labels(corrected(pictures_in(photos), file)) == now
    whole = ask(p, "download", what="corrections.csv", clip=0.1)["buffers"][0]
    assert whole == (tmp_path / "out" / "corrections.csv").read_bytes()
    script = (tmp_path / "out" / "model" / "train.py").read_text(encoding="utf-8")
    assert repr(wrong) in script and "corrected(pictures, corrections" in script
    assert "the numbers will differ" in script  # of the epochs before, nothing is known in it

    again = panel(pictures=photos, body="digits")  # the page was loaded again
    assert labels(again.session.pictures) == now and again.corrections == p.corrections
    for a, b in zip(weights(p), weights(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert "best epoch before the corrections" in {one["name"] for one in again.saved}
    done(again, "load", name="best epoch before the corrections")

    for name in marks:
        ask(again, "correct", name=name, label=None)
    assert again.corrections["waiting"] and again.corrections["marked"] == {}
    done(again, "clean")
    assert labels(again.session.pictures) == labels(pictures_in(photos))


def test_a_training_that_was_stopped_is_not_gone_on_with_on_other_labels(panel):
    p = panel()
    p.start("unfrozen", epochs=900, first=1e-5, lr=1e-4)
    while not p.runs:
        p.wait(0.05)
    p.stop()
    p.wait(60)
    assert p.resumable
    ask(p, "correct", name=p.session.pictures.valid[0].id, label="")
    done(p, "clean")
    assert not p.resumable


def test_results_of_the_pictures_as_they_were_are_not_taken_for_those_of_now(panel, monkeypatch):
    """The look at the corrected ones was stopped."""
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    ask(p, "correct", name=p.session.pictures.valid[0].id, label="")

    def stopped(*_):
        raise Stopped

    monkeypatch.setattr(p.session, "look", stopped)
    assert "was stopped" in done(p, "clean")
    assert p.stale and len(p.session.pictures.valid) == 53
    p.start("near", number=0)
    assert "there are no results yet" in p.wait(60).said


def test_what_cannot_be_written_is_not_taken_for_marked(panel, tmp_path):
    p = panel()
    (tmp_path / "session" / "corrections.csv").mkdir()  # nothing can be written there
    name = p.session.pictures.valid[0].id
    assert "cannot be kept" in ask(p, "correct", name=name, label="")["refusal"]
    assert p.corrections["marked"] == {} == p.session.marked
    panel()  # the same session in another page
    assert "another page" in ask(p, "correct", name=name, label="")["refusal"]


def test_the_label_that_it_came_with_is_no_correction(panel):
    p = panel()
    one = p.session.pictures.valid[0]
    own = p.session.pictures.classes[one.label]
    ask(p, "correct", name=one.id, label="")
    ask(p, "correct", name=one.id, label=own)
    assert p.corrections["marked"] == {} and p.corrections["sentence"] == "No picture is marked."
    p.start("clean")
    assert p.wait(60).state == FAILED and "nothing is marked" in p.job["said"]


@pytest.mark.parametrize("name, label", [("digit 0.png", ""), (None, "8"), (None, "'3")])
def test_what_is_no_picture_or_no_class_is_refused(panel, name, label):
    p = panel()
    with pytest.raises(InputError, match="no such picture, or no such class"):
        p.session.mark(name or p.session.pictures.valid[0].id, label)
    assert p.session.marked == {}


def test_names_that_a_spreadsheet_would_change_come_back(tmp_path):
    names = ("=1+1", " a .png", 'b,"c"\n.png', "'d", "-1")
    train = tuple(Picture(name, k % 2, pixels=np.zeros((2, 2, 3))) for k, name in enumerate(names))
    found = Pictures("odd", ("@x", "y"), train, train[:2])
    corrections = dict.fromkeys(names[:4], "@x") | {"-1": ""}
    write_corrections(tmp_path / "c.csv", corrections)
    assert "\n=" not in (tmp_path / "c.csv").read_text(encoding="utf-8-sig")
    with pytest.raises(InputError, match="no picture to learn y from"):
        corrected(found, corrections_in(tmp_path / "c.csv"))
    del corrections["'d"]
    write_corrections(tmp_path / "c.csv", corrections)
    now = corrected(found, corrections_in(tmp_path / "c.csv"))
    assert labels(now)[0] == {**dict.fromkeys(names[:3], "@x"), "'d": "y"}


def test_on_the_page_a_class_is_chosen_below_a_picture(page, panel):
    """Without Python after it was opened: what the page sends, and what it shows of the answer."""
    p = panel()
    done(p, "frozen", epochs=1, lr=0.02)
    done(p, "near", number=p.results["topLosses"][0]["number"])
    first = p.results["topLosses"][0]
    page.set_viewport_size({"width": 1280, "height": 720})
    page.set_content("<body></body>")
    state = json.loads(json.dumps(p.get_state(), default=str))
    page.evaluate(SHOWN, [str(p._esm), state])
    page.add_style_tag(content=str(p._css))
    page.evaluate(
        "() => { window.sent = []; window.model.send = (told) => { window.sent.push(told);"
        " window.model.answer({ number: told.number }); }; }"
    )
    choice = page.get_by_role("combobox", name=f"True class of {first['title']}")
    assert choice.input_value() == first["label"]
    take = page.get_by_role("button", name="Go on with these labels")
    assert not take.is_visible()
    choice.select_option("leave it out")
    assert page.evaluate("window.sent.at(-1).label") == ""
    p.session.mark(first["title"], "")
    p._flush()
    page.evaluate("(told) => window.model.tell('corrections', told)", p.corrections)
    assert take.is_visible() and choice.input_value() == ""
    page.get_by_text(f"({first['label']}) is left out").wait_for()
    page.get_by_role("button", name=f"Take back {first['title']}").click()
    assert page.evaluate("window.sent.at(-1).label") is None
    near = page.locator(".ft-near")
    assert near.locator("figure").count() == 6
    assert near.locator("p").inner_text() == p.near["sentence"]
    page.locator(".ft-pick").first.click()
    sent = page.evaluate("window.sent.filter(({ kind }) => kind === 'start').at(-1)")
    assert sent["step"] == "near" and isinstance(sent["options"]["number"], int)
    assert not [
        each["id"] for each in Axe().run(page, context=".ft-results").response["violations"]
    ]
