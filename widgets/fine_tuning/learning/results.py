"""What a network made of the validation pictures, and the ways to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sheets import InputError

EACH = 4  # pictures of a kind
CHANCE = 2  # standard errors; a difference beyond them is hardly chance
LARGE = 1e4  # a loss of which no digit after the point is of interest


@dataclass(frozen=True, eq=False)
class Predictions:
    """Of n pictures in k classes. ids: n names; actual: (n,) class numbers; logits: (n, k)."""

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    actual: np.ndarray
    logits: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """(n, k), by softmax."""
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    @property
    def predicted(self) -> np.ndarray:
        """(n,) the number of the most probable class."""
        return self.logits.argmax(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        """(n,) the probability of the predicted class."""
        return self.probabilities.max(axis=1)

    @property
    def correct(self) -> np.ndarray:
        return self.predicted == self.actual

    @property
    def accuracy(self) -> float:
        return float(self.correct.mean())

    @property
    def commonest(self) -> float:
        """The accuracy of always naming the commonest class of these pictures."""
        return float(np.bincount(self.actual).max() / len(self.actual))

    def beside_the_commonest(self) -> str:
        """What the accuracy is worth, in a sentence."""
        beside = f"Always naming the commonest class gets {self.commonest:.1%}"
        if self.accuracy < self.commonest:
            return f"{beside}: this network is worse than guessing that."
        return f"{beside}."

    @property
    def losses(self) -> np.ndarray:
        """(n,) minus the logarithm of the probability given to what was true; finite where the
        probability has run down to 0.
        """
        top = self.logits.max(axis=1)
        return (
            top
            + np.log(np.exp(self.logits - top[:, np.newaxis]).sum(axis=1))
            - self.logits[np.arange(len(self.actual)), self.actual]
        )

    @property
    def confusion(self) -> np.ndarray:
        """(k, k) counts: rows are actual, columns predicted."""
        found = np.zeros((len(self.classes), len(self.classes)), dtype=int)
        np.add.at(found, (self.actual, self.predicted), 1)
        return found

    def in_cell(self, actual: int, predicted: int) -> list[int]:
        """Numbers of the pictures of a cell of the confusion matrix, largest losses first."""
        there = np.flatnonzero((self.actual == actual) & (self.predicted == predicted))
        return _first(-self.losses, there, len(there))

    def by_class(self) -> list[tuple[str, int, int]]:
        """(class, pictures, right) of each, the least share of right ones first, and last those
        without a picture, of which nothing is known.
        """
        counts, right = self.confusion.sum(axis=1), self.confusion.diagonal()
        shares = np.where(counts > 0, right / np.maximum(counts, 1), np.inf)
        order = np.argsort(shares, kind="stable")
        return [(self.classes[k], int(counts[k]), int(right[k])) for k in order]

    def most_confused(self, min_val: int = 1) -> list[tuple[str, str, int]]:
        """(actual, predicted, count) of pairs confused at least min_val times, most first."""
        counts = self.confusion * (1 - np.eye(len(self.classes), dtype=int))
        pairs = [
            (int(counts[a, p]), int(a), int(p))
            for a, p in zip(*np.nonzero(counts >= max(1, min_val)), strict=True)
        ]
        return [
            (self.classes[a], self.classes[p], n)
            for n, a, p in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:]))
        ]

    def most_wrongly_named(self, count: int) -> list[int]:
        """The classes most often predicted wrongly, as numbers in ascending order."""
        wrong = np.bincount(self.predicted[~self.correct], minlength=len(self.classes))
        return sorted(_first(-wrong, np.arange(len(self.classes)), count))

    def top_losses(self, count: int = 9) -> list[int]:
        """Numbers of the pictures with the largest losses, largest first."""
        return _first(-self.losses, np.arange(len(self.ids)), count)

    def kinds(
        self, each: int = EACH, seed: int = 0, classes: Sequence[int] | None = None
    ) -> dict[str, list[int]]:
        """The lecture's five kinds of picture, as numbers of pictures.

        The most confident ones are of each class (as predicted) in turn.

        classes: the numbers of these classes alone.
        """
        named = [
            (k, self.classes[k]) for k in (range(len(self.classes)) if classes is None else classes)
        ]
        chance = np.random.default_rng(seed)
        right, wrong = np.flatnonzero(self.correct), np.flatnonzero(~self.correct)
        found = {
            "correct, at random": _drawn(chance, right, each),
            "incorrect, at random": _drawn(chance, wrong, each),
        }
        for k, name in named:
            found[f"most confidently {name}, and right"] = _first(
                -self.confidence, right[self.predicted[right] == k], each
            )
        for k, name in named:
            found[f"most confidently {name}, and wrong"] = _first(
                -self.confidence, wrong[self.predicted[wrong] == k], each
            )
        found["most uncertain"] = _first(self.confidence, np.arange(len(self.ids)), each)
        return found

    def mixed(self, count: int, seed: int = 0) -> list[int]:
        """Up to `count` numbers of pictures by chance: in their own order, the first are of one
        class.
        """
        return _drawn(np.random.default_rng(seed), np.arange(len(self.ids)), count)

    def only(self, numbers: Sequence[int]) -> Predictions:
        """Of these pictures, in this order."""
        ids, chosen = tuple(self.ids[k] for k in numbers), np.asarray(numbers, dtype=int)
        return Predictions(self.classes, ids, self.actual[chosen], self.logits[chosen])

    def caption(self, k: int) -> str:
        """Of picture k: prediction / actual / loss / probability."""
        names = f"{self.classes[self.predicted[k]]} / {self.classes[self.actual[k]]}"
        return f"{names} / {loss_words(self.losses[k], 2)} / {self.confidence[k]:.2f}"

    def calibration(self, bins: int = 10) -> Calibration:
        """Are these probabilities? Pictures by how sure the network was, in `bins` equal steps from
        0 to 1.
        """
        if bins < 1:
            raise InputError(f"{bins} bins cannot be; 1 or more")
        which = np.minimum((self.confidence * bins).astype(int), bins - 1)
        counts = np.bincount(which, minlength=bins)
        filled = np.flatnonzero(counts)
        said, was = (
            np.bincount(which, values, bins)[filled] / counts[filled]
            for values in (self.confidence, self.correct)
        )
        return Calibration(
            counts[filled],
            said,
            was,
            float(np.abs(said - was) @ counts[filled] / len(self.ids)),
            float(np.sqrt((self.confidence * (1 - self.confidence)).sum()) / len(self.ids)),
        )

    def expected_log_loss(self, clip: float) -> float:
        """The mean log loss where the probability given to what was true is moved into clip ...

        1 - clip.
        """
        true = np.clip(
            self.probabilities[np.arange(len(self.actual)), self.actual],
            checked_clip(clip),
            1 - clip,
        )
        with np.errstate(divide="ignore"):
            return float(-np.log(true).mean())


@dataclass(frozen=True, eq=False)
class Calibration:
    """Of the bins that hold pictures: how many, the mean probability said, the share that was
    right. error: their mean distance (ECE). standard_error: of the share of all pictures that would
    be right if the probabilities were true, binomial.
    """

    counts: np.ndarray
    said: np.ndarray
    was: np.ndarray
    error: float
    standard_error: float

    def sentence(self) -> str:
        """On which side it errs is said only where chance would hardly give as much."""
        said, was = (
            float(values @ self.counts / self.counts.sum()) for values in (self.said, self.was)
        )
        both = f"On average it said {said:.1%} and was right {was:.1%} of the time"
        if said == was:
            return f"{both}: as sure as right."
        if abs(said - was) <= CHANCE * self.standard_error:
            return f"{both}: with {self.counts.sum():,} pictures such a difference may be chance."
        more = "more sure than right" if said > was else "less sure than right"
        return f"{both}: {more}. Calibration error {self.error:.3f}."


def loss_words(loss: float, digits: int = 4) -> str:
    """A loss in words that stay short however large it is: 0.0574, 4.4e+13."""
    return f"{loss:.{digits}f}" if loss < LARGE else f"{loss:.1e}"


def checked_clip(clip: float) -> float:
    if not 0 <= clip < 0.5:
        raise InputError(f"clip is {clip}; it is at least 0 and under 0.5")
    return clip


def log_loss_inputs(
    predictions: Predictions, positive: int = 0, rows: int | None = None
) -> dict[str, list[float]]:
    """These predictions as inputs of the sheet `log_loss`: is the picture of class `positive`, and
    the probability said of that. rows: of so many, mixed; None: of all, in their order.
    """
    shown = predictions if rows is None else predictions.only(predictions.mixed(rows))
    return {
        "is_cat": (shown.actual == positive).astype(float).tolist(),
        "prediction": shown.probabilities[:, positive].tolist(),
    }


def _first(by: np.ndarray, among: np.ndarray, count: int) -> list[int]:
    return [int(k) for k in among[np.argsort(by[among], kind="stable")][:count]]


def _drawn(chance: np.random.Generator, among: Sequence[int] | np.ndarray, count: int) -> list[int]:
    return [int(k) for k in chance.permutation(among)[:count]]
