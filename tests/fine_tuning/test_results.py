"""What predictions say, by hand and by PyTorch; filters and patches by a bare convolution."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from sheets import InputError, values
from sheets.library.log_loss import log_loss
from widgets.fine_tuning.data.digits import digits
from widgets.fine_tuning.data.pictures import Picture, Pictures
from widgets.fine_tuning.learning.bodies import body_of, load_body
from widgets.fine_tuning.learning.network import Network
from widgets.fine_tuning.learning.results import Predictions, log_loss_inputs, loss_words
from widgets.fine_tuning.panel import saying, showing
from widgets.fine_tuning.panel.showing import MOST_BY_CLASS, told_results
from widgets.fine_tuning.takeaway.filters import drawn_filters, exciting_patches, first_layer

# Actual a a a b b b c c c; said a b b b b a c c c, each sure to another degree.
ACTUAL = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
SAID = np.array([0, 1, 1, 1, 1, 0, 2, 2, 2])
SURE = np.array([0.9, 0.6, 0.8, 0.7, 0.5, 0.75, 0.95, 0.45, 0.99])


def made() -> Predictions:
    probabilities = np.repeat((1 - SURE[:, np.newaxis]) / 2, 3, axis=1)
    probabilities[np.arange(9), SAID] = SURE
    return Predictions(
        ("a", "b", "c"), tuple(f"p{k}" for k in range(9)), ACTUAL, np.log(probabilities) + 3
    )


def test_by_hand():
    found = made()
    np.testing.assert_allclose(found.confidence, SURE)
    assert found.confusion.tolist() == [[1, 2, 0], [1, 2, 0], [0, 0, 3]]  # rows are actual
    assert found.most_confused() == [("a", "b", 2), ("b", "a", 1)] and found.most_confused(2) == [
        ("a", "b", 2)
    ]
    assert found.in_cell(0, 1) == [2, 1] and found.in_cell(2, 0) == []
    assert found.by_class() == [("a", 3, 1), ("b", 3, 2), ("c", 3, 3)]
    a_class_more = replace(found, classes=("none", "a", "b", "c"), actual=ACTUAL + 1)
    a_class_more = replace(a_class_more, logits=np.pad(found.logits, ((0, 0), (1, 0))))
    assert a_class_more.by_class() == [*found.by_class(), ("none", 0, 0)]
    assert found.accuracy == 6 / 9
    assert found.top_losses(3) == [2, 5, 1]
    np.testing.assert_allclose(found.losses[[2, 5, 1]], -np.log([0.1, 0.125, 0.2]))
    assert found.caption(1) == "b / a / 1.61 / 0.60"


def test_losses_are_pytorchs_however_sure():
    logits = np.array([[0, 0], [1000, 0], [0, 1000], [-5, 3]], dtype=float)
    found = Predictions(("a", "b"), tuple("wxyz"), np.array([0, 0, 0, 1]), logits)
    theirs = functional.cross_entropy(
        torch.from_numpy(logits), torch.from_numpy(found.actual), reduction="none"
    )
    np.testing.assert_allclose(found.losses, theirs.numpy())
    np.testing.assert_allclose(found.probabilities, torch.from_numpy(logits).softmax(dim=1).numpy())
    assert [found.caption(k) for k in (2, 3)] == ["b / a / 1000.00 / 1.00", "b / b / 0.00 / 1.00"]
    assert (loss_words(0.05744), loss_words(44265632648681.7422)) == ("0.0574", "4.4e+13")


def test_five_kinds_of_picture():
    kinds = made().kinds(each=2)
    assert set(kinds["correct, at random"]) <= {0, 3, 4, 6, 7, 8} and set(
        kinds["incorrect, at random"]
    ) <= {1, 2, 5}
    assert kinds["most confidently c, and right"] == [8, 6] and kinds[
        "most confidently b, and wrong"
    ] == [2, 1]
    assert kinds["most confidently c, and wrong"] == [] and kinds["most uncertain"] == [7, 4]
    assert made().kinds(2, seed=1) == made().kinds(2, seed=1)


def test_of_many_classes_the_most_wrongly_named_are_shown_and_each_picture_is_drawn_once(
    monkeypatch,
):
    names, count = tuple(f"class {k:02}" for k in range(30)), 300
    logits = np.random.default_rng(0).normal(size=(count, 30))
    found = Predictions(names, tuple(map(str, range(count))), np.arange(count) % 30, logits)
    held = tuple(
        Picture(str(k), k % 30, pixels=np.full((4, 4, 3), k % 256, dtype=np.uint8))
        for k in range(count)
    )
    drawn = []
    monkeypatch.setattr(showing, "thumbnail", lambda picture: drawn.append(picture.id) or "")
    told = told_results(found, Pictures("many", names, held, held), "it")
    wrong = [sum(found.predicted[~found.correct] == k) for k in range(30)]
    shown = [
        int(kind.split()[3].rstrip(",")) for kind, _ in told["kinds"] if kind.endswith("and wrong")
    ]
    assert told["byClass"] == len(shown) == MOST_BY_CLASS and shown == sorted(shown)
    assert min(wrong[k] for k in shown) >= max(wrong[k] for k in range(30) if k not in shown)
    assert len(told["kinds"]) == 3 + 2 * MOST_BY_CLASS and len(drawn) == len(set(drawn))


def test_calibration_by_hand():
    found = made().calibration(
        bins=2
    )  # under a half: one picture, right; the others: eight, five of them right
    assert found.counts.tolist() == [1, 8]
    np.testing.assert_allclose(found.said, [0.45, np.delete(SURE, 7).mean()])
    np.testing.assert_allclose(found.was, [1, 5 / 8])
    assert found.error == pytest.approx((0.55 + 8 * abs(np.delete(SURE, 7).mean() - 5 / 8)) / 9)
    assert found.sentence() == (
        f"On average it said {SURE.mean():.1%} and was right 66.7% of the time: with 9 pictures"
        " such a difference may be chance."
    )
    assert made().calibration(1).said == pytest.approx([SURE.mean()])
    with pytest.raises(InputError):
        made().calibration(0)


def test_perfect_certainty_is_in_the_last_bin():
    found = Predictions(("a", "b"), ("x",), np.array([0]), np.array([[1e4, 0.0]])).calibration()
    assert (found.said, found.was, found.error) == (
        1,
        1,
        0,
    ) and "as sure as right" in found.sentence()
    almost = Predictions(
        ("a", "b"), ("x", "y"), np.array([0, 0]), np.array([[1e4, 0.0], [3.0, 0.0]])
    ).calibration()
    assert almost.counts.tolist() == [2]


@pytest.mark.parametrize(
    "count, right, verdict",
    [
        (100, 96, ""),
        (100, 85, ""),
        (100, 83, "more"),
        (100, 97, "less"),
        (10_000, 9_061, "less"),
        (10_000, 9_059, ""),
        (10_000, 8_939, "more"),
        (10_000, 8_941, ""),
    ],
)
def test_calibration_is_judged_beyond_two_binomial_standard_errors(count, right, verdict):
    """Of pictures at 90% each: sqrt(0.9 x 0.1 / 100) is 3 points, and for 10,000 of them 0.3."""
    actual = np.array([0] * right + [1] * (count - right))
    found = Predictions(
        ("a", "b"), ("x",) * count, actual, np.full((count, 2), [math.log(9), 0.0])
    ).calibration()
    assert found.standard_error == pytest.approx(0.3 / math.sqrt(count))
    said = found.sentence()
    assert (f"{verdict} sure than right" in said) == bool(verdict)
    assert ("may be chance" in said) == (not verdict) and not (verdict == "" and "error" in said)


def test_expected_log_loss_with_a_clip():
    found = made()
    true = found.probabilities[np.arange(9), ACTUAL]
    for clip in (0, 0.15, 0.3):
        assert found.expected_log_loss(clip) == pytest.approx(
            -np.mean([math.log(min(max(p, clip), 1 - clip)) for p in true])
        )
    with pytest.raises(InputError, match=r"under 0\.5"):
        found.expected_log_loss(0.5)


def test_the_log_loss_sheet_takes_these_predictions():
    """Two classes: its mean loss with a clip is the expected log loss."""
    found = Predictions(
        ("a", "b"),
        tuple("uvwxyz"),
        np.array([0, 1, 1, 0, 1, 0]),
        np.random.default_rng(0).normal(0, 3, (6, 2)),
    )
    for clip in (1e-4, 0.05):
        shown = values(log_loss(), {**log_loss_inputs(found), "clip": clip})
        assert shown["loss_mean"][0, 0] == pytest.approx(found.expected_log_loss(clip), rel=1e-12)
        assert shown["accuracy"][0, 0] == found.accuracy
    mixed = found.mixed(4)
    some = log_loss_inputs(found, 1, rows=4)
    assert some["is_cat"] == [float(found.actual[k] == 1) for k in mixed]
    assert some["prediction"] == [found.probabilities[k, 1] for k in mixed]


def test_a_mix_is_by_chance_the_same_each_time_and_of_each_picture_once():
    """In their own order the first 400 of 1,000 would all be of one class."""
    actual = np.repeat([0, 1], 500)
    found = Predictions(("a", "b"), tuple(map(str, range(1000))), actual, np.eye(2)[actual])
    mixed = found.mixed(400)
    assert mixed == found.mixed(400) and len(set(mixed)) == 400
    assert 0.4 < found.only(mixed).actual.mean() < 0.6
    assert sorted(found.mixed(5000)) == list(range(1000))
    assert found.only([7, 501]).ids == ("7", "501") and found.only([7, 501]).accuracy == 1


# --- the first layer


def test_filters_are_drawn_from_their_weights():
    network = Network(load_body(), ["3", "7"])
    drawn, weights = drawn_filters(network), first_layer(network).weight.detach()
    assert drawn.shape == (16, 7, 7, 3)
    for picture, filter_ in zip(drawn, weights.permute(0, 2, 3, 1).numpy(), strict=True):
        largest = np.unravel_index(np.abs(filter_).argmax(), filter_.shape)
        assert picture[largest] == (255 if filter_[largest] > 0 else 0)


def test_patches_excite_their_filter_most():
    """The answer of a filter is its product with the patch (where the patch is whole), and no other
    place answers more.
    """
    body, pictures = load_body(), digits().train[:12]
    network = Network(body, ["3", "7"])
    layer = first_layer(network)
    pixels = body.normalised(body.pixels([picture.open() for picture in pictures]).float())
    answers = functional.conv2d(
        pixels, layer.weight, stride=layer.stride, padding=layer.padding
    ).detach()
    found, whole = exciting_patches(network, body, pictures, each=3), 0
    for f, patches in enumerate(found):
        best = answers[:, f].amax(dim=(1, 2)).sort(descending=True)
        assert [patch.activation for patch in patches] == pytest.approx(
            best.values[:3].tolist(), rel=1e-5, abs=1e-5
        )
        assert len({patch.id for patch in patches}) == 3
        for patch in patches:
            if patch.pixels.shape == (7, 7, 3):
                whole += 1
                seen = body.normalised(
                    torch.from_numpy(patch.pixels).permute(2, 0, 1)[np.newaxis].float()
                )
                assert (seen[0] * layer.weight[f]).sum().item() == pytest.approx(
                    patch.activation, rel=1e-4, abs=1e-4
                )
    assert whole > 10


def test_a_body_may_pad_its_pictures_before_its_filters(resnet):
    """As EfficientNet does."""
    network = Network(load_body(resnet), ["a", "b"])
    layer = first_layer(network)
    padding, layer.padding = layer.padding, "valid"
    (patches, *_), picture = (
        exciting_patches(network, load_body(resnet), digits().train[:1], each=1),
        digits().train[0],
    )
    pixels = load_body(resnet).pixels([picture.open()])[0].permute(1, 2, 0).numpy()
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (7, 7, 3))[
        :: layer.stride[0], :: layer.stride[1], 0
    ]
    assert padding != (0, 0) and (windows == patches[0].pixels).all(axis=(2, 3, 4)).any()


def test_a_body_without_filters_for_colours_says_so(resnet):
    network = Network(load_body(resnet), ["a", "b"])
    network.model.resnet.embedder = torch.nn.Identity()
    with pytest.raises(InputError, match="no filters to draw"):
        drawn_filters(network)


def test_bodies_can_be_made_of_parts(resnet):
    body = load_body(resnet)
    assert body_of("again", body.model, body.processor).labels == body.labels


@pytest.mark.parametrize(
    "right, said", [([1, 1, 1, 0], "gets 75.0%."), ([0, 0, 1, 0], "worse than guessing that")]
)
def test_the_commonest_class_stands_beside_the_accuracy(right, said):
    actual = np.array([1, 1, 1, 0])
    predicted = np.where(right, actual, 1 - actual)
    found = Predictions(("a", "b"), tuple("wxyz"), actual, np.eye(2)[predicted])
    assert found.commonest == 0.75 and said in found.beside_the_commonest()


def epoch(number: int, train_loss: float, valid_loss: float, accuracy: float) -> dict:
    return {
        "epoch": number,
        "train_loss": train_loss,
        "valid_loss": valid_loss,
        "accuracy": accuracy,
    }


def test_a_stage_that_was_better_before_its_end_says_so():
    one, two, three = epoch(1, 1, 1, 0.5), epoch(2, 1, 0.9, 0.9969), epoch(3, 1, 0.9, 0.9845)
    assert "best after epoch 2, at 99.69%, and ended at 98.45%" in saying.peaked([one, two, three])
    assert saying.peaked([one, two]) == "" == saying.peaked([two, one, two])


def test_overfitting_is_told_where_it_happened_and_nowhere_else():
    least, worse = epoch(2, 0.5, 0.4, 0.9), epoch(4, 0.1, 0.6, 0.9)
    assert saying.by_heart([epoch(1, 1, 1, 0.5), least, worse]) == (
        " Since epoch 2 the training loss fell from 0.5000 to 0.1000, and the validation loss rose"
        " from 0.4000 to 0.6000: it overfits, learning its pictures by heart."
    )
    assert saying.by_heart([least, epoch(3, 0.6, 0.6, 0.9)]) == ""  # both rose
    assert saying.by_heart([least, epoch(3, 0.4, 0.41, 0.9)]) == ""  # chance
    assert saying.by_heart([least]) == ""
