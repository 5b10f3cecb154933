"""Overfitting: PyTorch is the oracle of both losses, and the story stays true when it plays on."""

from __future__ import annotations

from functools import cache
from typing import Any

import engines
import numpy as np
import pytest

from sheets import values
from sheets.language.dependencies import refs
from sheets.library.overfitting import overfitting
from sheets.targets.numpy import trajectory

pytestmark = pytest.mark.thorough  # one lesson, as all its presets and steps have it

STORY = {preset.title: preset for preset in overfitting().presets}
LONGER = 10  # times as many epochs as a step of the story names


@cache
def trained(title: str, epochs: int) -> dict[str, np.ndarray]:
    """Both losses at each epoch by PyTorch's SGD, from the sheet's points and a story step's
    settings, without early stopping.
    """
    torch = engines.pytorch()
    computed = values(overfitting(), STORY[title].inputs)

    def points(name: str, used: np.ndarray) -> tuple[Any, Any]:
        places = computed["train_place" if name == "train" else "valid_place"][used]
        k = np.arange(int(computed["waves"].item()) + 1)
        waves = np.cos(np.pi * k * places) / np.sqrt(np.maximum(1, k))
        return torch.tensor(waves), torch.tensor(computed[f"{name}_y"][used])

    train = points("train", np.arange(int(computed["points"].item())))
    valid = points("valid", np.arange(len(computed["valid_y"])))
    coefficient = torch.zeros((train[0].shape[1], 1), dtype=torch.float64, requires_grad=True)
    # PyTorch's weight decay adds its number times the weight; the price of squares has twice that.
    decay = 2 * computed["weight_decay"].item()
    optimiser = torch.optim.SGD(
        [coefficient], lr=computed["learning_rate"].item(), weight_decay=decay
    )
    losses: dict[str, list[float]] = {"train": [], "valid": []}
    for _ in range(epochs + 1):
        for name, (waves, y) in (("train", train), ("valid", valid)):
            loss = torch.nn.functional.mse_loss(waves @ coefficient, y)
            losses[name].append(loss.item())
            if name == "train":
                optimiser.zero_grad()
                loss.backward()
        optimiser.step()
    return {name: np.array(numbers) for name, numbers in losses.items()}


@pytest.mark.parametrize(
    "title", ["Many waves, few points", "Five times the rate", "Weight decay 0.05", "More points"]
)
def test_both_losses_and_the_best_epoch_are_pytorchs(title):
    s = overfitting().with_inputs(STORY[title].inputs)
    run = list(trajectory(s, 300))
    for name, expected in trained(title, 300).items():
        found = [each[f"{name}_loss"].item() for each in run]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert run[-1]["best_epoch"].item() == trained(title, 300)["valid"].argmin()


def test_no_update_sees_a_point_that_is_kept_back():
    s = overfitting()
    read, left = set(), ["d_coefficient"]
    while left:
        formula = s.blocks[left.pop()].expr
        new = set() if formula is None else set(refs(formula)) - read
        read |= new
        left += new
    assert "train_y" in read and not any(name.startswith("valid") for name in read)


def test_early_stopping_ends_where_the_story_says_and_keeps_the_best_curve():
    preset = STORY["Early stopping"]
    patience, stop = preset.inputs["patience"].item(), preset.scene.play
    losses = trained("Many waves, few points", 300)["valid"]
    assert losses[: stop + 1].argmin() + patience == stop
    s = overfitting()
    ended, later = (values(s, preset.inputs, steps=n) for n in (stop, 2 * stop))
    assert ended["stopped"].item() == 1
    assert all(np.array_equal(ended[name], later[name]) for name in s.blocks)
    best = values(s, {**preset.inputs, "early_stopping": 0}, steps=int(losses.argmin()))
    np.testing.assert_array_equal(ended["best_y"], best["curve_y"])


@pytest.mark.parametrize("title", [title for title in STORY if title != "Early stopping"])
def test_the_story_stays_true_when_it_plays_on(title):
    stop = STORY[title].scene.play
    losses = trained(title, LONGER * stop)
    train, valid = losses["train"], losses["valid"]
    best = valid[: stop + 1].argmin()
    many = trained("Many waves, few points", 3000)
    match title:
        case "Many waves, few points" | "Ten times as long" | "Five times the rate":
            assert valid.argmin() == best and valid[stop:].min() > 1.5 * valid[best]
            assert np.all(np.diff(train) < 0)
            if title == "Five times the rate":
                assert best < many["valid"].argmin() / 4
                assert valid[best] == pytest.approx(many["valid"].min(), rel=0.02)
        case "Too few waves":
            assert max(train[stop] - train[-1], abs(valid[stop] - valid[-1])) < 1e-4
            assert train[-1] > 4 * many["train"][stop] and valid[-1] > 1.5 * many["valid"].min()
        case "More points":
            gap, other = (run["valid"] - run["train"] for run in (losses, many))
            assert np.all(gap[stop:] < 0.6 * other[stop:]) and np.all(
                train[stop:] > many["train"][stop:]
            )
        case "No noise":
            assert best == stop and valid[-1] < valid[stop]
        case "Weight decay 0.05":
            assert valid[stop:].max() < 1.02 * valid[best]
            assert train[stop] - train[-1] < 5e-4
        case _:
            raise AssertionError(f"nothing is held of {title}")
