"""Gradients of formulas and what they must be: slopes by finite differences of the same formula in
plain numpy, and at a kink what the language states.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import every_op
import numpy as np
import scipy.special
from examples import FAMILIES, NEED_BLOCKS, Arrays, expression, reference

from sheets import Sheet, backprop

STEP = 2e-4


SHAPES = {
    "A": (3, 4),
    "B": (3, 4),
    "V": (1, 4),
    "U": (3, 1),
    "S": (1, 1),
    "W": (4, 2),
    "Z": (2, 3),
    "Y": (2, 3),
    "edge": (1, 5),
    "big": (3, 3),
}


ROW_NUMBERS: Arrays = {"T": np.array([[2.0], [0.0], [2.0], [1.0]]), "K": np.array([[1.0]])}


def away_from_kinks() -> Arrays:
    """Numbers away from 0 and from each other."""
    random = np.random.default_rng(3)
    sizes = [int(np.prod(shape)) for shape in SHAPES.values()]
    numbers = random.permutation(np.linspace(0.4, 2.7, sum(sizes))) * random.choice(
        [-1, 1], sum(sizes)
    )
    return {
        name: x.reshape(SHAPES[name])
        for name, x in zip(SHAPES, np.split(numbers, np.cumsum(sizes)[:-1]), strict=True)
    }


SMOOTH = away_from_kinks() | ROW_NUMBERS | every_op.NUMBERS


TOO_LARGE = {"A+1e20", "A-67108859"}  # to see a slope in


FORMULAS = {
    **FAMILIES,
    "every op": [formula for formulas in every_op.SLOPED.values() for formula in formulas],
    "not in one cell of Excel": NEED_BLOCKS,
}


CASES = {
    family: [
        f
        for f in formulas
        if f not in TOO_LARGE and "stop" not in f and np.isfinite(reference(f, SMOOTH)).all()
    ]
    for family, formulas in FORMULAS.items()
}


def used_in(formula: str) -> list[str]:
    return [name for name in SMOOTH if re.search(rf"\b{name}\b", formula)]


def slope(f: Callable[[np.ndarray], float], x: np.ndarray) -> np.ndarray:
    """df/dx by central differences of fourth order."""
    slopes = np.empty_like(x)
    for place in np.ndindex(x.shape):
        at = [
            f(
                x
                + STEP
                * k
                * (np.arange(x.size).reshape(x.shape) == np.ravel_multi_index(place, x.shape))
            )
            for k in (-2, -1, 1, 2)
        ]
        slopes[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * STEP)
    return slopes


def weights(formula: str) -> np.ndarray:
    """What each element of the formula counts in the loss, so that no gradient is the
    same for all.
    """
    shape = reference(formula, SMOOTH).shape
    return np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape)


@cache
def slopes(formula: str) -> Arrays:
    w = weights(formula)
    return {
        name: slope(
            lambda x, name=name: float((reference(formula, SMOOTH | {name: x}) * w).sum()),
            SMOOTH[name],
        )
        for name in used_in(formula)
        if name not in ROW_NUMBERS
    }


def sheet_of_gradients(formulas: list[str], inline: bool = False) -> Sheet:
    """Each formula with inputs of its own, a loss and gradients.

    inline: the formula stands inside its loss, not in a block.
    """
    s = Sheet("gradients")
    for k, formula in enumerate(formulas):
        s.group(formula)
        blocks = {name: s.input(f"{name}_{k}", SMOOTH[name]) for name in used_in(formula)}
        w, y = s.input(f"weight_{k}", weights(formula)), expression(formula, blocks)
        y = y if inline else s.let(f"made_{k}", y)
        s.let(f"loss_{k}", (y * w).sum())
        backprop(s, f"loss_{k}", title=None)
    return s


def wrong_slopes(formulas: list[str], gradients: Arrays) -> list[str]:
    """Where a gradient is not the slope. No gradient at all is right where the slope is 0."""
    lines = []
    for k, formula in enumerate(formulas):
        for name, there in slopes(formula).items():
            here = gradients.get(f"d_{name}_{k}", np.zeros_like(there))
            if here.shape != there.shape or not np.allclose(here, there, rtol=1e-6, atol=1e-7):
                lines.append(
                    f"d_{name} of {formula}: {here.tolist()}, finite differences {there.tolist()}"
                )
    return lines


def density(z: np.ndarray) -> np.ndarray:
    """Of the normal distribution."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


KINKS = {
    # name: (formula, inputs, gradients)
    "ReLU at 0": ("np.maximum(0, x)", {"x": [-1, 0, 2]}, {"x": [0, 0, 1]}),
    "ReLU at 0, the other way round": ("np.maximum(x, 0)", {"x": [-1, 0, 2]}, {"x": [0, 0, 1]}),
    "a tie of minimum with a constant": ("np.minimum(x, 0)", {"x": [-1, 0, 2]}, {"x": [1, 0, 0]}),
    "a tie of maximum between blocks": (
        "np.maximum(x, y)",
        {"x": [1, 5, 3], "y": [1, 3, 5]},
        {"x": [1, 1, 0], "y": [0, 0, 1]},
    ),
    "a tie of minimum between blocks": (
        "np.minimum(x, y)",
        {"x": [1, 5, 3], "y": [1, 3, 5]},
        {"x": [1, 0, 1], "y": [0, 1, 0]},
    ),
    "a tie with a stretched block": (
        "np.maximum(x, y)",
        {"x": [2, 1, 3], "y": [2]},
        {"x": [1, 0, 1], "y": [1]},
    ),
    "clip at its limits": ("np.clip(x, -1, 1)", {"x": [-2, -1, 0, 1, 2]}, {"x": [0, 1, 1, 1, 0]}),
    "limits that are blocks": (
        "np.clip(x, low, high)",
        {"x": [-2, -1, 0, 1, 2], "low": [-1], "high": [1]},
        {"x": [0, 1, 1, 1, 0], "low": [1], "high": [1]},
    ),
    "abs at 0": ("np.abs(x)", {"x": [-2, 0, 2]}, {"x": [-1, 0, 1]}),
    "equal largest": ("max(x)", {"x": [1, 3, 2, 3]}, {"x": [0, 0.5, 0, 0.5]}),
    "equal least": ("min(x)", {"x": [1, 1, 2, 1]}, {"x": [1 / 3, 1 / 3, 0, 1 / 3]}),
    "all equal across": ("max(x, 1)", {"x": [[2, 2], [1, 3]]}, {"x": [[0.5, 0.5], [0, 1]]}),
    "all equal down": ("min(x, 0)", {"x": [[2, 1], [2, 3]]}, {"x": [[0.5, 1], [0.5, 0]]}),
    "equal largest, inside a formula": ("max(x*x) * 2", {"x": [-3, 3, 1]}, {"x": [-6, 6, 0]}),
    "remainder at its jump": ("x % 2", {"x": [-2, 0, 1, 2]}, {"x": [1, 1, 1, 1]}),
    "a square at 0": ("x**2", {"x": [-1, 0]}, {"x": [-2, 0]}),
    "a power of 0": ("x**0", {"x": [-1, 0, 2]}, {"x": [0, 0, 0]}),
    "0 to the 0": (
        "x**y",
        {"x": [0, 0, 2], "y": [0, 2, 0]},
        {"x": [0, 0, 0], "y": [0, 0, np.log(2)]},
    ),
    "0 log 0": (
        "xlogy(x, y)",
        {"x": [0, 0, 2], "y": [0, 1, 1]},
        {"x": [-np.inf, 0, 0], "y": [0, 0, 2]},
    ),
    "sqrt at 0": ("np.sqrt(x)", {"x": [0, 4]}, {"x": [np.inf, 0.25]}),
    "normal quantiles, near and far": (
        "normal_quantile(p)",
        {"p": [0, 1e-12, 0.05, 0.5, 0.95]},
        {
            "p": [
                np.inf,
                *(1 / density(scipy.special.ndtri([1e-12, 0.05, 0.5, 0.95]))),
            ]
        },
    ),
    "sigmoid, far out": ("sigmoid(x)", {"x": [-800, 0, 800]}, {"x": [0, 0.25, 0]}),
}
