"""The command's options for who trains in earnest: what each does, and that its words are true."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from lessons.command_line import main, parser
from sheets import InputError
from widgets.fine_tuning.command import finetune as command
from widgets.fine_tuning.command.bar import Bar, clock
from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.events import BatchEnded, EpochEnded, Worked
from widgets.fine_tuning.data.metrics import METRICS
from widgets.fine_tuning.data.recipe import Recipe
from widgets.fine_tuning.learning import learner as learner_room
from widgets.fine_tuning.learning.augmentation import Augmentation
from widgets.fine_tuning.learning.bodies import DIGITS_FOLDER, at_size, load_body
from widgets.fine_tuning.learning.confidence import confidence_sentence
from widgets.fine_tuning.learning.loss import Loss, balanced, blend
from widgets.fine_tuning.learning.network import Network
from widgets.fine_tuning.learning.predicting import answers
from widgets.fine_tuning.learning.schedules import Stage
from widgets.fine_tuning.learning.scores import score
from widgets.fine_tuning.learning.views import VIEWS, averaged, drawn

FEW = Recipe(epochs=2, frozen_epochs=2, lr=0.02, batch_size=7)


@pytest.fixture
def quick(tmp_path, monkeypatch):
    """`quick(options...)`: what the command said of few digits, whose files are in tmp_path."""
    monkeypatch.setattr(learner_room, "cache_folder", lambda: tmp_path / "features")
    monkeypatch.setattr(
        command,
        "digits_of",
        lambda said, seed: replace(
            digits(seed=seed), valid=digits(seed=seed).valid[::6], recipe=FEW
        ),
    )
    monkeypatch.chdir(tmp_path)

    def run(capsys, *options: str, code: int = 0) -> str:
        assert main(["finetune", "digits", *options]) == code
        heard = capsys.readouterr()
        return heard.out if code == 0 else heard.err

    return run


def metrics(folder) -> dict:
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


# --- metrics

LOGITS = torch.tensor([[3.0, 1, 0], [0, 2, 1], [2, 1, 0], [0, 1, 4], [1, 0, 0.5]]).double()
LABELS = torch.tensor([0, 1, 1, 2, 2])  # 0, 1, 0, 2, 0 are said


def test_metrics_by_hand():
    assert score("accuracy", LOGITS, LABELS) == pytest.approx(3 / 5)
    assert score("error_rate", LOGITS, LABELS) == pytest.approx(2 / 5)
    # F1 of class 0: 2 x 1 / (1 + 3); of 1: 2 x 1 / (2 + 1); of 2: 2 x 1 / (2 + 1)
    assert score("f1", LOGITS, LABELS) == pytest.approx((2 / 4 + 2 / 3 + 2 / 3) / 3)
    true = LOGITS.softmax(dim=1)[range(5), LABELS]
    assert score("log_loss", LOGITS, LABELS) == pytest.approx(-true.log().mean().item())
    many = torch.arange(7.0).repeat(7, 1)  # the five largest are 2 to 6
    assert score("top5", many, torch.arange(7)) == pytest.approx(5 / 7)


def test_the_best_epoch_is_that_by_the_metric():
    def epoch(metric, value, loss=1.0):
        return EpochEnded("frozen", 1, 1, 1.0, loss, 0.5, 1.0, metric, value)

    for name, metric in METRICS.items():
        small, large = epoch(name, 0.2), epoch(name, 0.3)
        assert (small.merit < large.merit) == (metric.sign > 0)
        assert epoch(name, 0.2, loss=0.9).merit > small.merit
    assert EpochEnded("frozen", 1, 1, 1.0, 1.0, 0.5, 1.0).merit == (0.5, -1.0)


def test_the_command_takes_the_metrics_that_there_are(quick, tmp_path, capsys):
    said = quick(capsys, "--metric", "f1", "--out", "out")
    assert f"The best epoch is that by f1: {METRICS['f1'].meaning}." in said
    assert "%, f1 " in said
    found = metrics(tmp_path / "out")
    assert all(0 <= epoch["value"] <= 1 for epoch in found["epochs"])
    assert found["settings"] == {"metric": "f1"}
    assert "the true one is always among the first five" in quick(
        capsys, "--metric", "top5", code=2
    )
    finetune = next(iter(parser()._subparsers._group_actions)).choices["finetune"]
    (offered,) = (one for one in finetune._actions if one.dest == "metric")
    assert offered.choices == tuple(METRICS)


# --- early stop


@pytest.mark.parametrize(
    "values, epochs", [([0.5, 0.6, 0.9, 0.8, 0.7, 0.95, 0.9], 5), ([0.5] * 7, 7)]
)
def test_early_stop_waits_for_the_last_stage(quick, tmp_path, monkeypatch, capsys, values, epochs):
    """Two epochs of the head alone may bring nothing; of the others two in a row may not."""
    usual, told = command.Learner.fit, iter(values)
    ended = learner_room.Training._ended
    losses = iter(range(9, 0, -1))  # where the accuracy is the same, the loss went on falling
    monkeypatch.setattr(
        learner_room.Training,
        "_ended",
        lambda self: replace(ended(self), accuracy=next(told), valid_loss=float(next(losses))),
    )
    said = quick(capsys, "--epochs", "5", "--early-stop", "2", "--out", "out")
    assert usual is command.Learner.fit
    assert len(metrics(tmp_path / "out")["epochs"]) == epochs
    assert ("Stopped early: 2 epochs brought nothing better." in said) == (epochs < 7)
    assert not (tmp_path / "out" / "checkpoint").exists()


def test_early_stop_of_no_epoch_is_refused(quick, capsys):
    assert "--early-stop 0: 1 epoch or more" in quick(capsys, "--early-stop", "0", code=2)


# --- log


def test_the_log_holds_what_was_said_and_the_error_that_ended_it(quick, tmp_path, capsys):
    log = tmp_path / "run.log"
    said = quick(capsys, "--log", str(log), "--out", "out")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert [line.partition(" ")[2] for line in lines] == said.splitlines()
    assert all(line[:4].isdecimal() and "T" in line[:25] for line in lines)
    error = quick(capsys, "--lr", "1e30", "--log", str(log), "--out", "far", code=2)
    after = log.read_text(encoding="utf-8").splitlines()
    assert after[: len(lines)] == lines
    assert after[-1].endswith(f"Ended by InputError: {error.removeprefix('gradsheet: ').strip()}")
    assert "it cannot be written" in quick(capsys, "--log", str(tmp_path), code=2)


# --- class weights


def test_balanced_weights_by_hand():
    assert balanced([30, 10]) == pytest.approx((40 / 60, 40 / 20))
    assert np.average(balanced([5, 7, 1]), weights=[5, 7, 1]) == pytest.approx(1)
    sums = Loss(weights=(0.5, 2, 1)).sums(LOGITS, LABELS)
    plain = functional.cross_entropy(LOGITS, LABELS, reduction="none")
    assert sums.tolist() == pytest.approx((plain * torch.tensor([0.5, 2, 2, 1, 1])).tolist())


def test_a_rare_class_is_found_more_often_with_balanced_weights(learner, tmp_path, few):
    """Two of one class and twenty of the other, by the head alone."""
    train = (
        tuple(one for one in few.train if one.label == 0)
        + tuple(one for one in few.train if one.label == 1)[:2]
    )
    rare, found = replace(few, train=train), []
    for k, loss in enumerate([Loss(), Loss(balanced([20, 2]))]):
        run = learner(rare, folder=tmp_path / str(k), loss=loss)
        run.fit_frozen(3)
        confusion = run.predictions().confusion
        found.append(confusion[1, 1] / confusion[1].sum())
    assert found[1] > found[0] + 0.2


def test_the_command_says_what_the_weights_are(quick, capsys, tmp_path, monkeypatch):
    usual = command.digits_of
    monkeypatch.setattr(
        command,
        "digits_of",
        lambda said, seed: replace(found := usual(said, seed), train=found.train[5:]),
    )
    said = quick(capsys, "--weights", "balanced", "--out", "out")
    assert (
        "count more in the training loss: 3 1.17, 7 0.88." in said
    )  # 35 / (2 x 15) and / (2 x 20)


# --- mixup


def test_a_blend_keeps_more_than_half_of_each_picture_and_both_labels():
    found = blend(9, 0.4, seed=1)
    assert (found.share >= 0.5).all() and sorted(found.other.tolist()) == list(range(9))
    assert found.share.tolist() == blend(9, 0.4, seed=1).share.tolist()
    inputs = torch.arange(18.0).reshape(9, 1, 2)
    seen = found.of(inputs)
    for k in range(9):
        share = found.share[k]
        expected = share * inputs[k] + (1 - share) * inputs[found.other[k]]
        assert seen[k].flatten().tolist() == pytest.approx(expected.flatten().tolist())


def test_mixup_s_loss_is_that_of_both_labels_by_their_shares(learner):
    """Of the first batch, from what the network sees of it."""
    ours = learner(loss=Loss(mixup=0.4))
    training = ours._training(Stage("unfrozen", 1, 1e-3), 0)
    index = training.order(0)[0]
    kept = next(iter(training.trainee.train.batches([index])))
    mix = training._blend(len(index))
    ours.network.train()
    with torch.no_grad():
        logits = ours.network(mix.of(training.prepared(index, kept)))
    target = torch.zeros(len(index), 2)
    labels = training.trainee.train.labels[index]
    for k, (own, other) in enumerate(zip(labels, labels[mix.other], strict=True)):
        target[k, own] += mix.share[k]
        target[k, other] += 1 - mix.share[k]
    expected = functional.cross_entropy(logits, target).item()
    assert training.step(index, kept) == pytest.approx(expected, rel=1e-5)
    frozen = ours._training(Stage("frozen", 1, 1e-3), 0)
    assert frozen._blend(7) is None


def test_mixup_s_words(quick, capsys, tmp_path):
    said = quick(capsys, "--mixup", "--epochs", "3", "--out", "out")
    assert "counts both labels by their shares, so it cannot come near 0" in said
    epochs = [one for one in metrics(tmp_path / "out")["epochs"] if one["stage"] == "unfrozen"]
    assert all(one["train_loss"] > 0.1 for one in epochs)
    quick(capsys, "--epochs", "3", "--out", "plain")
    assert metrics(tmp_path / "plain")["epochs"][-1]["train_loss"] < 0.1


# --- views


def test_a_picture_s_views_depend_on_its_name_alone():
    assert drawn(["a", "b"], 0)[1].equal(drawn(["b", "c", "a"], 0)[0])
    assert not drawn(["a"], 0).equal(drawn(["a"], 1)) and not drawn(["a"], 0).equal(drawn(["b"], 0))


def test_probabilities_are_the_mean_over_the_views():
    plain, views = LOGITS[:2], [LOGITS[2:4], LOGITS[1:3], LOGITS[3:]]
    expected = 0.25 * plain.softmax(1) + 0.75 * sum(view.softmax(1) for view in views) / 3
    np.testing.assert_allclose(averaged(plain, views).softmax(1), expected, rtol=1e-12)
    sure = torch.tensor([[1e4, 0.0]])
    assert averaged(sure, [sure] * VIEWS).isfinite().all()


def test_answers_do_not_depend_on_who_stands_beside(trained):
    held, cpu = trained.pictures.valid[:9], torch.device("cpu")
    body, augmentation = trained.trained_body, Augmentation(1.3, flip=True)
    several = answers(body, held, cpu, augmentation=augmentation).probabilities
    alone = answers(body, held[4:5], cpu, augmentation=augmentation).probabilities
    np.testing.assert_allclose(several[4:5], alone, rtol=1e-4)
    plain = answers(body, held, cpu).probabilities
    assert np.abs(several - plain).max() > 1e-4
    with pytest.raises(InputError, match="nothing to average over"):
        answers(body, held, cpu, augmentation=Augmentation(1, flip=False))


def test_validation_and_test_are_averaged_alike(trained):
    held = trained.pictures.valid
    own = trained.predictions(views=True).probabilities
    assert np.abs(own - trained.predictions().probabilities).max() > 1e-4
    np.testing.assert_allclose(own, trained.answers(held, views=True).probabilities, rtol=1e-4)


def test_the_command_averages_and_says_so(quick, tmp_path, capsys):
    said = quick(capsys, "--tta", "--out", "out")
    assert "averaged over 5 views of each picture" in said
    with (tmp_path / "out" / "predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    body = load_body(tmp_path / "out" / "model")
    by_id = {one.id: one for one in digits().valid}
    held = [by_id[row["id"]] for row in rows]
    found = answers(body, held, torch.device("cpu"), augmentation=Augmentation(flip=False))
    written = [[float(row[f"P({name})"]) for name in body.labels] for row in rows]
    np.testing.assert_allclose(written, found.probabilities, rtol=1e-4)
    assert "nothing to average over" in quick(capsys, "--tta", "--zoom", "1", code=2)


# --- size and further


def test_a_body_sees_pictures_of_another_size(resnet):
    picture = digits().train[0].open()
    for body in (load_body(), load_body(resnet)):
        other = at_size(body, 40)
        assert other.pixels([picture]).shape == (1, 3, 40, 40)
        assert body.pixels([picture]).shape != (1, 3, 40, 40)  # the one it was made of stays
    for side in (15, 1025):
        with pytest.raises(InputError, match="16 to 1,024"):
            at_size(load_body(), side)


def test_the_model_that_is_written_keeps_the_size(quick, tmp_path, capsys):
    quick(capsys, "--size", "24", "--epochs", "1", "--out", "out")
    picture = digits().train[0].open()
    assert load_body(tmp_path / "out" / "model").pixels([picture]).shape == (1, 3, 24, 24)


def test_a_new_head_takes_over_the_classes_that_are_known(trained):
    body = replace(trained.trained_body, goes_on=True)
    first, second = (Network(body, names).head for names in (("7", "x", "3"), ("7", "x", "3")))
    old = trained.network.head
    for k, known in ((0, 1), (2, 0)):
        assert first.weight[k].equal(old.weight[known]) and first.bias[k] == old.bias[known]
    assert not any(first.weight[1].equal(row) for row in old.weight)
    assert first.weight.equal(second.weight)


def test_training_goes_on_from_a_finished_model(quick, tmp_path, capsys):
    quick(capsys, "--out", "first")
    said = quick(capsys, "--further", "first", "--epochs", "0", "--out", "second")
    assert "goes on from first, which knows 2 of the 2 classes" in said and "frozen" not in said
    for name in ("accuracy", "expected_log_loss"):  # no epoch: the same network
        first, second = (metrics(tmp_path / folder)[name] for folder in ("first", "second"))
        assert second == pytest.approx(first, rel=1e-5)
    said = quick(capsys, "--further", "first/model", "--epochs", "1", "--out", "third")
    assert "unfrozen 1/1" in said and "frozen 1/2" not in said
    assert "leave --body out" in quick(capsys, "--further", "first", "--body", "digits", code=2)
    other = quick(capsys, "--further", str(DIGITS_FOLDER), code=2)
    assert "knows none of these classes" in other


# --- confidence


def epochs(sure, losses, mistakes):
    return [
        {"confidence": a, "valid_loss": b, "mistake_loss": c}
        for a, b, c in zip(sure, losses, mistakes, strict=True)
    ]


def test_more_confident_is_said_only_where_every_epoch_was():
    said = confidence_sentence(epochs([0.6, 0.7, 0.95], [0.5, 0.3, 0.4], [1, 2, 3.5]))
    assert said == (
        "Every epoch was more confident than the one before: an answer was given 60.0% on average"
        " after the first, and 95.0% after the last. A wrong answer cost 1.00 then and 3.50 now;"
        " over all pictures the log loss fell from 0.5000 to 0.4000."
    )
    assert "With that the log loss rose" in confidence_sentence(
        epochs([0.6, 0.7, 0.95], [0.5, 0.3, 0.6], [1, 2, None])
    )
    for sure in ([0.6, 0.7], [0.6, 0.6, 0.7], [0.6, 0.8, 0.7], [None, 0.6, 0.7]):
        assert confidence_sentence(epochs(sure, [1] * len(sure), [1] * len(sure))) == ""


def test_what_an_epoch_says_of_its_confidence_is_what_the_results_say(trained):
    last, found = trained.history[-1], trained.predictions()
    assert last.confidence == pytest.approx(found.confidence.mean(), rel=1e-6)
    wrong = found.losses[~found.correct]
    assert last.mistake_loss == (pytest.approx(wrong.mean()) if len(wrong) else None)


# --- the bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_says_how_far_how_long_and_the_losses(monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    terminal = Terminal()
    bar = Bar(terminal)
    bar.hear(BatchEnded("frozen", 1, 2, 5, 10, 0.25, 0.1, 65.4))
    assert terminal.getvalue().endswith("frozen 1/2 [#####...............] loss 0.2500, 1:05 left")
    bar.hear(EpochEnded("frozen", 1, 2, 0.2, 0.125, 0.9, 1.0))
    bar.hear(BatchEnded("frozen", 2, 2, 10, 10, 0.1, 0.1, 0.2))
    last = terminal.getvalue().rpartition("\r")[2]
    assert (
        last == "\x1b[Kfrozen 2/2 [####################] loss 0.1000, validation 0.1250, 0:00 left"
    )
    bar.hear(Worked("Pictures decoded", 50, 2000))
    assert "Pictures decoded [....................] 50 of 2,000" in terminal.getvalue()
    monkeypatch.setenv("COLUMNS", "20")
    bar.hear(Worked("Pictures decoded", 50, 2000))
    assert len(terminal.getvalue().rpartition("\x1b[K")[2]) == 19


def test_elsewhere_than_on_a_terminal_there_is_no_bar():
    file = io.StringIO()
    bar = Bar(file)
    bar.hear(Worked("Pictures decoded", 50, 2000))
    bar.clear()
    assert file.getvalue() == ""


def test_the_time_that_is_left():
    assert [clock(x) for x in (0, 59.6, 245, 3723)] == ["0:00", "1:00", "4:05", "1:02:03"]
