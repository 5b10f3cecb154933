"""Pictures that nobody has labelled: found, predicted, and handed in as a competition asks."""

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from panels import SHOWN, ask, click, done
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification

from lessons.command_line import main
from sheets import InputError
from widgets.fine_tuning.command.predict import Wish, predict
from widgets.fine_tuning.data.events import Stopped
from widgets.fine_tuning.data.labels import by_csv, by_regex
from widgets.fine_tuning.data.pictures import NOBODY_SAYS, pictures_in
from widgets.fine_tuning.data.unlabelled import pictures_at
from widgets.fine_tuning.learning import learner as learner_room
from widgets.fine_tuning.learning.bodies import load_body, quiet
from widgets.fine_tuning.learning.predicting import Answers, answers
from widgets.fine_tuning.takeaway.submission import expected_cost, layout_of, submission_of

CPU = torch.device("cpu")
COUNT = 12  # pictures of the test


@pytest.fixture
def kaggle(photos) -> Path:
    """As a competition lays it out: train/bright.0.png, test/1.png and a sample submission."""
    root = photos.parent / "kaggle"
    (root / "train").mkdir(parents=True)
    (root / "test").mkdir()
    for name in ("bright ☀", "dark"):
        for k, path in enumerate(sorted((photos / name).glob("*.png"))):
            shutil.copy(path, root / "train" / f"{name[:4].strip()}.{k}.png")
    chance = np.random.default_rng(1)
    for k in range(1, COUNT + 1):
        pixels = chance.integers(0, 256, (20 + k, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "test" / f"{k}.png")
    order = [f"{k},0.5\n" for k in (11, *range(1, 11), 12)]
    (root / "sample_submission.csv").write_text("id,label\n" + "".join(order))
    return root


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def made(classes=("cat", "dog"), ids=("test/2.jpg", "test/10.jpg")) -> Answers:
    said = np.array([[0.9, 0.1], [0.00001, 0.99999]])[: len(ids)]
    return Answers(classes, ids, said, {})


# --- what is found


def test_a_test_beside_train_is_predicted_and_train_is_parted(kaggle):
    found = pictures_in(kaggle, by_regex(r"^(brig|dark)\."))
    assert found.classes == ("brig", "dark") and found.counts == {"brig": (6, 2), "dark": (6, 2)}
    assert [picture.id for picture in found.test] == [f"test/{k}.png" for k in range(1, COUNT + 1)]
    assert {picture.label for picture in found.test} == {NOBODY_SAYS}
    assert found.skipped == (("sample_submission.csv", "it has no label"),)
    assert f"{COUNT} pictures without a label to predict." in found.sentences()


def test_an_expression_never_labels_the_test(kaggle):
    found = pictures_in(kaggle, by_regex(r"(brig|dark|[0-9]+)"))
    assert found.classes == ("brig", "dark") and len(found.test) == COUNT


def test_classes_in_folders_beside_a_test(photos):
    root = photos.parent / "foldered"
    (root / "test").mkdir(parents=True)
    shutil.copytree(photos, root / "train")
    shutil.copy(photos / "dark" / "dark 0.png", root / "test" / "1.png")
    (root / "test" / "Thumbs.db").touch()
    found = pictures_in(root)
    assert set(found.classes) == {"bright ☀", "dark"} and len(found.valid) == 4
    assert [picture.id for picture in found.test] == ["test/1.png"]
    assert found.skipped == (("test/Thumbs.db", "it is in no class's folder"),)


def test_a_class_may_be_called_test(photos):
    (photos / "dark").rename(photos / "test")
    found = pictures_in(photos)
    assert found.classes == ("bright ☀", "test") and not found.test


def test_what_a_csv_labels_in_the_test_is_labelled(kaggle):
    lines = [f"train/{path.name},{path.name[:4]}" for path in (kaggle / "train").iterdir()]
    (kaggle / "labels.csv").write_text("\n".join(["name,label", *lines, "test/3.png,dark"]))
    found = pictures_in(kaggle, by_csv(kaggle / "labels.csv"))
    assert len(found.test) == COUNT - 1 and sum(map(sum, found.counts.values())) == 17


def test_pictures_at_places_in_natural_order(kaggle):
    names = [picture.id for picture in pictures_at([kaggle / "test", kaggle / "train/dark.0.png"])]
    assert names == [*(f"{k}.png" for k in range(1, COUNT + 1)), "dark.0.png"]
    with pytest.raises(InputError, match="no such folder"):
        list(pictures_at([kaggle / "nowhere"]))


# --- what is said of them


def test_answers_are_those_of_from_pretrained_and_its_processor(resnet, kaggle):
    pictures = list(pictures_at([kaggle / "test"]))
    found = answers(load_body(resnet), pictures, CPU)
    with quiet():
        model = AutoModelForImageClassification.from_pretrained(resnet).eval()
        processor = AutoImageProcessor.from_pretrained(resnet, backend="pil")
    opened = [Image.open(picture.file).convert("RGB") for picture in pictures]
    with torch.inference_mode():
        logits = model(**processor(images=opened, return_tensors="pt")).logits
    np.testing.assert_allclose(found.probabilities, logits.softmax(dim=1), atol=1e-5)
    assert found.ids == tuple(picture.id for picture in pictures) and not found.unreadable
    assert found.labels == [model.config.id2label[k] for k in logits.argmax(dim=1).tolist()]


def test_what_cannot_be_read_is_said_and_takes_nothing_from_the_others(resnet, kaggle):
    body, pictures = load_body(resnet), list(pictures_at([kaggle / "test"]))
    whole = answers(body, pictures, CPU)
    pictures[4].file.write_bytes(b"no picture")
    found = answers(body, pictures, CPU)
    assert set(found.unreadable) == {"5.png"} and "known format" in found.unreadable["5.png"]
    np.testing.assert_array_equal(found.probabilities[4], np.full(5, 0.2))
    rest = [k for k in range(COUNT) if k != 4]
    np.testing.assert_allclose(found.probabilities[rest], whole.probabilities[rest], atol=1e-6)
    alone = answers(body, [pictures[4]], CPU)  # and where it is the only one
    np.testing.assert_array_equal(alone.probabilities, np.full((1, 5), 0.2))


def test_many_batches_are_predicted_in_their_order_and_can_be_stopped(resnet, few):
    body, heard = load_body(resnet), []
    pictures = [replace(few.train[k % 40], id=str(k)) for k in range(200)]
    found = answers(body, pictures, CPU, heard.append)
    np.testing.assert_allclose(found.probabilities[:40], found.probabilities[160:], atol=1e-6)
    assert [(event.done, event.total) for event in heard] == [
        (64, 200), (128, 200), (192, 200), (200, 200)
    ]  # fmt: skip
    with pytest.raises(Stopped):
        answers(body, pictures, CPU, stop=lambda: True)
    with pytest.raises(InputError, match="no picture to predict"):
        answers(body, [], CPU)


# --- the file


def test_a_column_for_each_class_in_natural_order():
    assert rows(submission_of(made(), clip=0.02)) == [
        ["id", "cat", "dog"],
        ["2.jpg", "0.9", "0.1"],
        ["10.jpg", "0.02", "0.98"],
    ]


def test_one_class_alone():
    assert rows(submission_of(made(), clip=0.02, only="dog")) == [
        ["id", "label"],
        ["2.jpg", "0.1"],
        ["10.jpg", "0.98"],
    ]
    with pytest.raises(InputError, match="'bird' is no class; there are cat, dog"):
        submission_of(made(), only="bird")


@pytest.fixture
def sample(tmp_path):
    def written(text: str):
        (tmp_path / "sample.csv").write_text(text, encoding="utf-8-sig")
        return layout_of(tmp_path / "sample.csv")

    return written


def test_the_sample_s_ids_order_and_columns_are_taken(sample):
    layout = sample("image,dog,cat\n10,0,0\n2,0,0\n")
    assert submission_of(made(), layout, 0.02) == "image,dog,cat\n10,0.98,0.02\n2,0.1,0.9\n"


@pytest.mark.parametrize("name", ["2", "2.jpg", "test/2.jpg", "test/2"])
def test_an_id_is_any_name_of_its_picture(sample, name):
    found = submission_of(made(), sample(f"id,cat\n{name},0\n"))
    assert rows(found)[1:] == [[name, "0.9"]]


def test_names_that_two_pictures_share_are_none(sample):
    both = made(ids=("test/a/1.jpg", "test/b/1.jpg"))
    assert rows(submission_of(both, sample("id,cat\na/1,0\nb/1,0\n")))[1][1] == "0.9"
    with pytest.raises(InputError, match=r"1 of the pictures .* were not predicted: 1"):
        submission_of(both, sample("id,cat\n1,0\n"))


def test_one_column_is_of_labels_or_of_a_class_that_is_named(sample):
    assert submission_of(made(), sample("id,what\n2,cat\n10,cat\n")) == "id,what\n2,cat\n10,dog\n"
    layout = sample("id,label\n2,0.5\n10,0.5\n")
    assert rows(submission_of(made(), layout, 0.02, "dog"))[1:] == [["2", "0.1"], ["10", "0.98"]]
    with pytest.raises(InputError, match=r"column 'label' is no class; .* say whose probability"):
        submission_of(made(), layout)


@pytest.mark.parametrize("text", ["", "id,label\n", "id\n1\n", "id,label\n1\n"])
def test_what_is_no_sample_is_a_sentence(sample, text):
    with pytest.raises(InputError, match="sample submission"):
        sample(text)


# --- the commands


@pytest.fixture
def trained_on_kaggle(kaggle, resnet, tmp_path, monkeypatch, capsys) -> Path:
    monkeypatch.setattr(learner_room, "cache_folder", lambda: tmp_path / "features")
    monkeypatch.chdir(tmp_path)
    how = ["--labels", r"regex:^(brig|dark)\.", "--body", str(resnet), "--epochs", "1"]
    assert main(["finetune", str(kaggle), *how, "--out", "out"]) == 0
    return tmp_path / "out"


def test_finetune_hands_in_and_predict_says_the_same(trained_on_kaggle, kaggle, capsys):
    """The sample's one column, of a number, could be of either class."""
    said = capsys.readouterr().out
    assert "column 'label' is no class" in said and "submission.csv" in said
    handed = rows((trained_on_kaggle / "submission.csv").read_text(encoding="utf-8"))
    assert handed[0] == ["id", "brig", "dark"]
    assert [row[0] for row in handed[1:]] == [f"{k}.png" for k in range(1, COUNT + 1)]
    given = [str(trained_on_kaggle), str(kaggle / "test"), "--out", "s.csv"]
    assert main(["predict", *given, "--class", "dark"]) == 0
    heading, *predicted = rows(Path("s.csv").read_text(encoding="utf-8"))
    assert heading == ["id", "label"] and [row[0] for row in predicted] == [
        "11", *map(str, range(1, 11)), "12"
    ]  # fmt: skip
    theirs = {row[0].removesuffix(".png"): float(row[2]) for row in handed[1:]}
    for name, p in predicted:
        assert float(p) == pytest.approx(theirs[name], abs=1e-5)
    assert "is to be expected: that of the validation pictures" in capsys.readouterr().out


def test_the_cost_that_is_expected_is_the_validation_s(trained, tmp_path):
    from widgets.fine_tuning.takeaway.exports import write_predictions

    predictions = trained.predictions()
    write_predictions(tmp_path / "p.csv", predictions, 0.3)
    for clip in (1e-4, 0.02, 0.2):
        assert expected_cost(tmp_path / "p.csv", clip) == pytest.approx(
            predictions.expected_log_loss(clip)
        )
    (tmp_path / "p.csv").write_text("id,label\n1,2\n")
    with pytest.raises(InputError, match=r"no predictions\.csv of Gradsheet's"):
        expected_cost(tmp_path / "p.csv", 0.01)


def test_a_name_that_would_be_a_formula_is_found_again(tmp_path):
    from widgets.fine_tuning.learning.results import Predictions
    from widgets.fine_tuning.takeaway.exports import write_predictions

    found = Predictions(("=x", "'y"), ("1", "2"), np.array([0, 1]), np.array([[0.0, 1], [3, 0]]))
    write_predictions(tmp_path / "p.csv", found)
    assert expected_cost(tmp_path / "p.csv", 1e-4) == pytest.approx(found.expected_log_loss(1e-4))


def refused(wish: Wish) -> str:
    with pytest.raises(InputError) as error:
        predict(wish, print)
    return str(error.value)


def test_nothing_is_overwritten_unasked_and_what_cannot_be_is_a_sentence(
    resnet, kaggle, tmp_path, capsys
):
    out, test = tmp_path / "s.csv", [kaggle / "test"]
    (kaggle / "sample_submission.csv").unlink()
    out.write_text("mine")
    assert "is there already; give another --out" in refused(Wish(resnet, test, out))
    assert out.read_text() == "mine"
    assert predict(Wish(resnet, test, out, overwrite=True), lambda _: None) == 0
    assert len(rows(out.read_text())) == COUNT + 1
    assert "no folder to write it into" in refused(Wish(resnet, test, tmp_path / "no" / "s.csv"))
    assert "no such folder" in refused(Wish(resnet, [kaggle / "no"], tmp_path / "t.csv"))
    assert "no image classifier" in refused(Wish(kaggle, test, tmp_path / "t.csv"))
    assert "under 0.5" in refused(Wish(resnet, test, tmp_path / "t.csv", clip=0.5))
    assert not (tmp_path / "t.csv").exists()


# --- the panel


def test_the_panel_hands_in(panel, kaggle, resnet):
    p = panel(pictures=pictures_in(kaggle, by_regex(r"^(brig|dark)\.")), body=resnet)
    assert "press Predict them" in ask(p, "download", what="submission.csv", clip=0.01)["refusal"]
    done(p, "frozen", epochs=1, lr=0.02)
    assert f"{COUNT} pictures are predicted" in done(p, "hand_in", folder="")
    assert p.handed_in["count"] == COUNT and len(p.handed_in["first"]) == COUNT
    asked = ask(p, "download", what="submission.csv", clip=0.01, only="dark")["buffers"][0]
    heading, *own = rows(asked.decode())
    assert heading == ["id", "label"] and own[0][0] == "11"  # as the sample has it
    unsaid = ask(p, "download", what="submission.csv", clip=0.01)
    assert "say whose probability" in unsaid["refusal"]
    (kaggle / "test" / "3.png").write_bytes(b"")
    (kaggle / "sample_submission.csv").unlink()
    said = ask(p, "start", step="hand_in", options={"folder": str(kaggle / "test")})
    assert "refusal" not in said
    p.wait(60)
    assert p.handed_in["unreadable"][0].startswith("3.png could not be read (it is empty")
    heading, *own = rows(
        ask(p, "download", what="submission.csv", clip=0.01)["buffers"][0].decode()
    )
    assert heading == ["id", "brig", "dark"] and own[2] == ["3.png", "0.5", "0.5"]


def test_the_panel_predicts_in_allowed_folders_alone(panel, kaggle):
    p = panel(folders=[kaggle / "train"])
    told = ask(p, "start", step="hand_in", options={"folder": str(kaggle / "test")})
    assert "this page may not use it" in told["refusal"]
    done(p, "frozen", epochs=1, lr=0.02)
    p.start("hand_in", folder="")  # there is no test
    assert "no picture to predict" in p.wait(60).said


def test_the_page_asks_for_the_columns_that_are_chosen(page, opened_once):
    """Without Python: its state is a panel's that was opened."""
    state = opened_once.get_state()
    about = {**state["about"], "pictures": {**state["about"]["pictures"], "testCount": 3}}
    picture = {"src": state["photographs"][0]["src"], "caption": "cat / 0.90", "title": "1.png"}
    told = {"count": 3, "classes": ["cat", "dog"], "first": [picture], "unreadable": ["2 is bad."]}
    results = {
        "of": "The network",
        "sentence": "",
        "classes": ["cat", "dog"],
        "count": 2,
        "confusion": [[1, 0], [0, 1]],
        "byEach": [["cat", 1, 1], ["dog", 1, 1]],
        "mostConfused": [],
        "topLosses": [],
        "kinds": [],
        "byClass": 2,
        "calibration": {"counts": [2], "said": [0.9], "was": [1.0], "sentence": ""},
    }
    page.set_content("<body></body>")
    page.evaluate(
        SHOWN,
        [str(opened_once._esm), {**state, "about": about, "results": results, "handed_in": told}],
    )
    page.evaluate(
        """() => {
            window.asked = [];
            window.model.send = (told) => {
                window.asked.push(told);
                window.model.answer({ number: told.number, refusal: "none here" });
            };
        }"""
    )
    part = page.get_by_role("region", name="Hand in")
    assert "3 pictures in the folder called test have no label" in part.inner_text()
    assert "shown are the first 1 of 3. 2 is bad." in part.inner_text()
    part.get_by_label("Columns of the submission").select_option("dog")
    click(page, "Download submission.csv")
    asked = page.evaluate("window.asked.pop()")
    assert (asked["what"], asked["clip"], asked["only"]) == ("submission.csv", 1e-4, "dog")
    click(page, "Predict them")
    assert page.evaluate("window.asked.pop()")["step"] == "hand_in"
