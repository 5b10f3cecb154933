"""What is taken away opens elsewhere: CSV, workbooks in IronCalc and LibreOffice, the model in
transformers, recordings in the panel.
"""

import csv
import json

import engines
import numpy as np
import pytest
import torch
import workbooks
from transformers import AutoImageProcessor, AutoModelForImageClassification

from sheets import InputError, values
from widgets.fine_tuning.data.events import BatchEnded, EpochEnded, Notice, Worked
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning.bodies import quiet
from widgets.fine_tuning.learning.learner import FINISHED
from widgets.fine_tuning.learning.results import Predictions
from widgets.fine_tuning.panel.recordings import FORMAT, Recorder, read_recording, recording_of
from widgets.fine_tuning.takeaway.exports import write_all, write_confusion, write_predictions
from widgets.fine_tuning.takeaway.head_sheets import ROWS, confusion_sheet, head_sheet


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written")
    return folder, trained, write_all(folder, trained, FINISHED)


def rows_of(path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_predictions_are_those_of_the_network(written):
    folder, trained, predictions = written
    heading, *rows = rows_of(folder / "predictions.csv")
    assert heading == ["id", "label", "probability", "actual", "P(3)", "P(7)"]
    assert [row[3] for row in rows] == [predictions.classes[k] for k in predictions.actual]
    np.testing.assert_array_equal(
        np.array([row[4:] for row in rows], dtype=float), predictions.probabilities
    )
    assert [row[0] for row in rows] == [picture.id for picture in trained.pictures.valid]
    assert [row[1] for row in rows] == [predictions.classes[k] for k in predictions.predicted]
    np.testing.assert_array_equal(
        [float(row[2]) for row in rows], predictions.confidence.clip(1e-4, 1 - 1e-4)
    )


def test_predictions_keep_odd_names_and_the_clip(tmp_path):
    odd = ('a,"b"\n☀.png', "x=1+1", " x ", "-1")
    write_predictions(
        tmp_path / "p.csv",
        Predictions(("a", "b"), odd, np.zeros(4, int), np.array([[1e4, 0.0]] * 4)),
        0.02,
    )
    assert rows_of(tmp_path / "p.csv")[1:] == [
        [name, "a", "0.98", "a", "1.0", "0.0"] for name in odd
    ]
    with pytest.raises(InputError, match=r"under 0\.5"):
        write_predictions(
            tmp_path / "p.csv",
            Predictions(("a", "b"), ("x",), np.zeros(1, int), np.zeros((1, 2))),
            0.7,
        )


def test_no_name_becomes_a_formula(tmp_path):
    hostile = ("=cmd|'/C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "\t=1", "\r=1")
    found = Predictions(("=x", "-y"), hostile, np.zeros(6, int), np.array([[1e4, 0.0]] * 6))
    write_predictions(tmp_path / "p.csv", found, 0.02)
    write_confusion(tmp_path / "c.csv", found)
    cells = [
        cell for name in ("p.csv", "c.csv") for row in rows_of(tmp_path / name) for cell in row
    ]
    assert {f"'{name}" for name in (*hostile, "=x", "-y")} <= set(cells)
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]


def test_confusion_counts(written):
    folder, _, predictions = written
    heading, *rows = rows_of(folder / "confusion.csv")
    assert heading == ["actual", "3", "7"] and [row[0] for row in rows] == ["3", "7"]
    assert [[int(count) for count in row[1:]] for row in rows] == predictions.confusion.tolist()


def test_metrics_say_what_happened(written):
    folder, trained, predictions = written
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert [set(epoch) for epoch in found["epochs"]] == [
        {"stage", "train_loss", "valid_loss", "accuracy", "seconds", "confidence"}
    ] * 4
    assert [epoch["stage"] for epoch in found["epochs"]] == ["frozen"] * 2 + ["unfrozen"] * 2
    assert found["epochs"][-1]["valid_loss"] == trained.history[-1].valid_loss
    assert (
        found["seed"] == 0
        and found["device"].startswith("CPU")
        and found["versions"]["torch"] == torch.__version__
    )
    assert found["expected_log_loss"] == predictions.expected_log_loss(found["clip"])


def test_who_may_read_other_new_files_may_read_the_model(written, tmp_path):
    (tmp_path / "new").touch()
    modes = {path.stat().st_mode for path in (written[0] / "model").iterdir()}
    assert modes == {(tmp_path / "new").stat().st_mode}


def test_from_pretrained_opens_the_model(written):
    folder, trained, predictions = written
    with quiet():
        model = AutoModelForImageClassification.from_pretrained(
            folder / "model", local_files_only=True
        ).eval()
        processor = AutoImageProcessor.from_pretrained(folder / "model", backend="pil")
    assert model.config.id2label == {0: "3", 1: "7"} and not list(folder.rglob("*.bin"))
    pictures = [picture.open() for picture in trained.pictures.valid]
    with torch.inference_mode():
        logits = model(**processor(images=pictures, return_tensors="pt")).logits
    np.testing.assert_allclose(logits.numpy(), predictions.logits, rtol=1e-3, atol=1e-4)


def test_the_head_s_sheet_is_the_head(trained):
    """PyTorch's logits, probabilities and losses."""
    predictions, head = trained.predictions(), trained.network.head
    weight, bias = (part.detach().double().numpy() for part in (head.weight, head.bias))
    found = values(head_sheet(predictions, trained.features(range(ROWS)), weight, bias))
    np.testing.assert_allclose(found["logits"], predictions.logits[:ROWS], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        found["probability"], predictions.probabilities[:ROWS], rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(found["loss"][:, 0], predictions.losses[:ROWS], rtol=1e-3, atol=1e-5)
    with pytest.raises(InputError, match="too large for a workbook"):
        head_sheet(predictions, np.zeros((ROWS, 2048)), np.zeros((1000, 2048)), np.zeros(1000))


def few_predictions() -> tuple[Predictions, np.ndarray, np.ndarray, np.ndarray]:
    """Predictions of a head of three classes, with its features, weights and bias."""
    chance = np.random.default_rng(0)
    features, weight, bias = (
        chance.normal(size=(15, 5)),
        chance.normal(size=(3, 5)),
        chance.normal(size=3),
    )
    logits = features @ weight.T + bias
    return (
        Predictions(("a", "b", "c"), tuple(map(str, range(15))), np.arange(15) % 3, logits),
        features,
        weight,
        bias,
    )


HEAD = workbooks.register("fine_tuning_head", lambda: head_sheet(*few_predictions()))
CONFUSION = workbooks.register(
    "fine_tuning_confusion", lambda: confusion_sheet(few_predictions()[0])
)


@pytest.mark.parametrize("name", [HEAD, CONFUSION])
def test_libreoffice_comes_to_the_same(name):
    formulas, stored, recalculated = (
        engines.formula_cells(workbooks.path(name)),
        workbooks.cached(name),
        workbooks.in_libreoffice(name),
    )
    numbers = [key for key in formulas if isinstance(stored.get(key), (int, float))]
    assert len(numbers) > 20
    assert [recalculated[key] for key in numbers] == pytest.approx(
        [stored[key] for key in numbers], rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("name", ["head", "confusion"])
def test_workbooks_are_live(written, name):
    """IronCalc, given the formulas alone, comes to the values that are stored beside them."""
    path = written[0] / f"{name}.xlsx"
    stored, recalculated, formulas = (
        engines.cached_cells(path),
        engines.in_ironcalc(path),
        engines.formula_cells(path),
    )
    checked = [
        key
        for key, formula in formulas.items()
        if isinstance(stored.get(key), (int, float)) and not engines.IRONCALC_GAP.search(formula)
    ]
    assert len(checked) >= (ROWS * 4 if name == "head" else 10)
    assert [recalculated[key] for key in checked] == pytest.approx(
        [stored[key] for key in checked], rel=1e-9, abs=1e-12
    )


def test_the_confusion_s_sheet():
    counts = [(0, 0)] * 5 + [(0, 1)] * 3 + [(1, 1)] * 2
    actual, said = map(np.array, zip(*counts, strict=True))
    found = values(
        confusion_sheet(
            Predictions(("a", "b", "never"), tuple(map(str, range(10))), actual, np.eye(3)[said])
        )
    )
    np.testing.assert_allclose(found["recall"].ravel(), [5 / 8, 1, 0])
    np.testing.assert_allclose(found["precision"].ravel(), [1, 2 / 5, 0])
    assert found["accuracy"] == 0.7


# --- recordings


def test_a_recording_plays_what_happened(learner, tmp_path):
    ours, heard, played, pauses = learner(), [], [], []
    with Recorder(tmp_path / "run.jsonl", ours) as recorder:

        def listen(event) -> None:
            heard.append(event)
            recorder(event)

        ours.fine_tune(Recipe(1), listen)
    recording = read_recording(tmp_path / "run.jsonl")
    assert recording.play(played.append, speed=4, sleep=pauses.append)
    assert played[1:] == heard and len(heard) > 10
    assert sum(pauses) == pytest.approx(recording.events[-1][0] / 4) and min(pauses) >= 0
    about = recording.about
    assert (about.seed, about.data, about.body, about.batch_size) == (0, "digits", "digits", 7)
    assert about.device.startswith("CPU") and about.versions["torch"] == torch.__version__
    assert played[0] == Notice(about.sentence()) and played[0].text.startswith(
        "This is a recording, made on CPU"
    )
    assert any(isinstance(event, EpochEnded) for event in played) and any(
        isinstance(event, BatchEnded) for event in played
    )


def test_a_recording_can_be_stopped_and_may_be_broken_off(learner, tmp_path):
    path = tmp_path / "run.jsonl"
    with Recorder(path, learner()) as recorder:
        for text in "abc":
            recorder(Notice(text))
    path.write_text(path.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    recording, played = read_recording(path), []
    assert [event.text for _, event in recording.events] == ["a", "b"]
    assert not recording.play(played.append, stop=lambda: len(played) == 2, sleep=lambda _: None)
    assert len(played) == 2
    with pytest.raises(InputError, match="speed"):
        recording.play(played.append, speed=0)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense\n", "[]\n", '{"format": "other"}\n', '{"format": "gradsheet recording 1"}\n'],
)
def test_what_is_no_recording_is_a_sentence(tmp_path, text):
    (tmp_path / "x.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="no recording that can be played"):
        read_recording(tmp_path / "x.jsonl")
    with pytest.raises(InputError, match="No such file"):
        read_recording(tmp_path / "gone.jsonl")


ABOUT = {
    "device": "CPU",
    "date": "2026-11-21",
    "seed": 0,
    "data": "digits",
    "counts": {"3": [2, 1]},
    "body": "digits",
    "batch_size": 8,
}
ABOUT |= {"versions": {"torch": "2"}, "format": FORMAT}
BATCH = {
    "stage": "frozen",
    "epoch": 1,
    "epochs": 2,
    "batch": 1,
    "batches": 2,
    "loss": 0.5,
    "lr": 0.1,
    "seconds_left": 1,
}
WORKED = {"what": "Pictures", "done": 0, "total": 3}


def written_down(*events, **about) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in ({**ABOUT, **about}, *events)).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (written_down(date=5), "About says nothing usable of date"),
        (written_down(versions=None), "About says nothing usable of versions"),
        (written_down(versions={"torch": 2}), "About says nothing usable of versions"),
        (written_down(counts={"3": [1, "2"]}), "About says nothing usable of counts"),
        (written_down(counts={"3": [1]}), "About says nothing usable of counts"),
        (written_down(seed=True), "About says nothing usable of seed"),
        (written_down() + b"[" * 100_000 + b"\n", "too deeply nested"),
        (written_down([10**400, "Notice", {"text": "x"}]), "it says 10000000000000000000"),
        (written_down([1, "Worked", {**WORKED, "total": 10**400}]), "it says 1000"),
        (written_down([1, "Worked", {**WORKED, "total": 10**17}]), "it says 1000"),
        (written_down(["1", "Notice", {"text": "x"}]), "a time is '1'"),
        (written_down([1, "Notice"]), "no recording"),
        (written_down([1, "Notice", {"text": "x"}]).replace(b"[1,", b"[1e999,"), "it says 1e999"),
        (written_down([1, "BatchEnded", BATCH]).replace(b"0.5", b"-1e999"), "it says -1e999"),
        (
            written_down([1, "BatchEnded", {**BATCH, "stage": "melted"}]),
            "'melted' is no stage; there are predictions, frozen, unfrozen",
        ),
        (written_down([1, "BatchEnded", {**BATCH, "stage": []}]), "nothing usable of stage"),
        (written_down([1, "BatchEnded", {**BATCH, "epochs": 0}]), "epochs is 0; it is 1 or more"),
        (written_down([1, "BatchEnded", {**BATCH, "batches": 0}]), "batches is 0; it is 1 or more"),
        (written_down([1, "BatchEnded", {**BATCH, "batch": -1}]), "batch is -1; it is 1 or more"),
        (written_down([1, "Worked", {**WORKED, "total": 0}]), "total is 0; it is 1 or more"),
    ],
)
def test_what_could_not_be_played_is_refused_when_it_is_read(content, said):
    with pytest.raises(InputError, match="no recording that can be played") as error:
        recording_of(content)
    assert said in str(error.value)


def test_what_can_be_played_is_read_whole():
    events = ([0, "Worked", WORKED], [1, "BatchEnded", BATCH], [2.5, "Notice", {"text": "x"}])
    assert recording_of(written_down(*events)).events == (
        (0, Worked(**WORKED)),
        (1, BatchEnded(**BATCH)),
        (2.5, Notice("x")),
    )
