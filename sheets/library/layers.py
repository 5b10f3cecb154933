"""Layers of a network: how their weights start, and what stands between two of them.

Shared by the sheets of networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .. import Expr, Sheet, normal

INITIALISATIONS = ("fixed", "lecture", "glorot", "he", "zeros")
MOST_LAYERS = 5
MOST_SEEDS = 1000
LARGEST = 1000  # of what may be typed: with it nothing in a sheet of MOST_LAYERS overflows


class Start(NamedTuple):
    """How weights start: a choice of INITIALISATIONS, the standard deviation of `fixed`, and the
    seed. Each is (1, 1).
    """

    initialisation: Expr
    std: Expr
    seed: Expr


def start_settings(s: Sheet, initialisation: str, std: float, seed: int = 1) -> Start:
    """The three settings as blocks `initialisation`, `std` and `seed`, in the current group."""
    return Start(
        s.choice(
            "initialisation",
            initialisation,
            INITIALISATIONS,
            note="what the standard deviation of the weights is made from",
        ),
        s.parameter(
            "std",
            std,
            0.001,
            10,
            scale="log",
            symbol=r"\sigma",
            title="standard deviation",
            note="of the weights if fixed, the same in every layer",
        ),
        s.parameter(
            "seed",
            seed,
            0,
            MOST_SEEDS,
            whole=True,
            format="d",
            note="another seed draws other weights, the same seed the same ones",
        ),
    )


def chosen(choice: Expr, options: Sequence[Any]) -> Expr:
    """The option of the choice's number, as a chain of IFs: every rule stands in the formula, and
    the choice says which one holds.
    """
    *others, option_so_far = options
    for number, option in reversed(list(enumerate(others))):
        option_so_far = np.where(np.equal(choice, number), option, option_so_far)
    return option_so_far


def standard_deviation(start: Start, fan_in: Expr, fan_out: Expr) -> Expr:
    """The five rules of INITIALISATIONS for a layer from fan_in to fan_out numbers."""
    both = fan_in + fan_out
    return chosen(
        start.initialisation, [start.std, 2 / both, np.sqrt(2 / both), np.sqrt(2 / fan_in), 0]
    )


def drawn_weights(s: Sheet, widths: Sequence[int], start: Start) -> list[Expr]:
    """What the weights of each layer start from: noise_k * std_k, widths[k-1] x widths[k].

    Adds the groups of the scales and the noise.
    """
    pairs = list(enumerate(pairwise(widths), 1))
    s.group(
        "Scale of the weights",
        "fan_in numbers go into a layer and fan_out come out. std_k is one formula with all the"
        " rules",
    )
    stds = [_scale(s, k, fan_in, fan_out, start) for k, (fan_in, fan_out) in pairs]
    s.group(
        "Noise",
        "Normal draws from the seed, before they are scaled",
        worksheet="Noise",
        folded=True,
    )
    return [
        _noise(s, k, shape, start.seed) * std for (k, shape), std in zip(pairs, stds, strict=True)
    ]


def weight(s: Sheet, k: int, drawn: Expr) -> Expr:
    """The input W_k, which has its drawn numbers until it is typed over, or trained."""
    about = {"role": "weight", "low": -LARGEST, "high": LARGEST, "format": ".3f"}
    return s.input(
        f"W_{k}",
        drawn,
        note=f"weights of layer {k}: noise_{k} * std_{k} until you type over them",
        **about,
    )


def bias(s: Sheet, k: int, width: int) -> Expr:
    """The input b_k, which starts at 0."""
    return s.input(
        f"b_{k}",
        [0.0] * width,
        role="weight",
        low=-LARGEST,
        high=LARGEST,
        format=".3f",
        note=f"biases of layer {k}",
    )


def _scale(s: Sheet, k: int, fan_in: int, fan_out: int, start: Start) -> Expr:
    into = s.let(
        f"fan_in_{k}",
        fan_in,
        role="parameter",
        format="d",
        note=f"numbers that go into layer {k}: rows of W_{k}",
    )
    out = s.let(
        f"fan_out_{k}",
        fan_out,
        role="parameter",
        format="d",
        note=f"numbers that come out of layer {k}: columns of W_{k}",
    )
    return s.let(
        f"std_{k}",
        standard_deviation(start, into, out),
        role="parameter",
        format=".4f",
        symbol=rf"\sigma_{{{k}}}",
        note=f"standard deviation of W_{k}'s draws, by the rule that is chosen",
    )


def _noise(s: Sheet, k: int, shape: tuple[int, int], seed: Expr) -> Expr:
    """Each layer draws by a seed of its own: draws of one seed and one place are the
    same number.
    """
    own = s.let(
        f"seed_{k}",
        seed * MOST_LAYERS + k,
        role="noise",
        format="d",
        note=f"the seed of layer {k}'s draws",
    )
    return normal(s, f"noise_{k}", shape, own)
