"""How the rates move: fastai's one cycle, and a rate for each layer by its `slice`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sheets import InputError

from ..data.recipe import LARGEST_RATE, Recipe, check_epochs

Rate = float | slice
MOST_BLOCKS = 1000
NAMES = ("predictions", "frozen", "unfrozen")


@dataclass(frozen=True)
class Stage:
    """Some epochs of one cycle (defaults: fastai 2.8's fit_one_cycle).

    name: what learns, see learner.py.

    lr: the largest rate. `slice(a)`: a for the head and a/10 for all before it; `slice(a, b)`: a
    for the first half of the body's layers, b for the head, and the geometric mean for the half
    between them; a number: the same for all.
    The rate rises from lr/div for a share pct_start of the steps, and falls to lr/div_final; the
    momentum does the opposite. depth: how many blocks learn, counted from the head, which always
    does; None: all layers.
    """

    name: str
    epochs: int
    lr: Rate
    pct_start: float = 0.25
    div: float = 25.0
    div_final: float = 1e5
    momenta: tuple[float, float, float] = (0.95, 0.85, 0.95)
    depth: int | None = None

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise InputError(f"{self.name!r} is no stage; there are {', '.join(NAMES)}")
        check_epochs(self.epochs)
        rates(self.lr, 2)
        check_depth(self.depth)

    def at(self, share: float, groups: int) -> tuple[list[float], float]:
        """After this share of the stage's steps: the rate of each parameter group, and the
        momentum.
        """
        highest = rates(self.lr, groups)
        low, middle, end = self.momenta
        found = [
            _cycle(share, self.pct_start, lr / self.div, lr, lr / self.div_final) for lr in highest
        ]
        return found, _cycle(share, self.pct_start, low, middle, end)


def rates(lr: Rate, groups: int) -> list[float]:
    """Each parameter group's largest rate, from the first layer to the head: as fastai groups a
    ResNet, the body in two halves. Rates that rose evenly from layer to layer would leave the last
    ones nearly as hot as the head, which knows nothing yet, and wreck a body that knows much.

    Raises InputError for rates that cannot be.
    """
    given = [lr.start, lr.stop] if isinstance(lr, slice) else [lr]
    if (
        any(
            not isinstance(x, (int, float)) or not 0 < x <= LARGEST_RATE
            for x in given
            if x is not None
        )
        or given[-1] is None
    ):
        raise InputError(
            f"the learning rate {lr} cannot be: a number above 0 and up to {LARGEST_RATE:g},"
            " slice(a) or slice(a, b)"
        )
    if not isinstance(lr, slice):
        return [float(lr)] * groups
    if lr.start is None:
        return [lr.stop / 10] * (groups - 1) + [float(lr.stop)]
    first = groups // 2
    middle = math.sqrt(lr.start * lr.stop)
    return [float(lr.start)] * first + [middle] * (groups - 1 - first) + [float(lr.stop)]


def check_depth(depth: int | None) -> None:
    """Raises InputError."""
    if depth is not None and not 1 <= depth <= MOST_BLOCKS:
        raise InputError(f"{depth} blocks cannot be; 1 to {MOST_BLOCKS}, or all")


def first_learning(names: Sequence[str], depth: int | None) -> int:
    """Which of these layers, from the first to the head, is the first that learns where the last
    `depth` blocks do: those that a network counts, such as `encoder.blocks.15`.
    """
    blocks = [k for k, name in enumerate(names[:-1]) if name.rpartition(".")[2].isdecimal()]
    return 0 if depth is None or depth >= len(blocks) else blocks[-depth]


def stages_of(recipe: Recipe) -> list[Stage]:
    """The head alone, then all layers, as in fastai 2.8's `fine_tune`."""
    return [
        Stage("frozen", recipe.head_epochs, slice(recipe.head_lr), pct_start=0.99),
        Stage(
            "unfrozen",
            recipe.epochs,
            unfrozen_rates(recipe.lr),
            pct_start=0.3,
            div=5,
            depth=recipe.depth,
        ),
    ]


def unfrozen_rates(base_lr: float) -> slice:
    """fastai 2.8's, after a head that learnt at base_lr: half of that for the head, a hundredth of
    the half for the first layer.
    """
    return slice(base_lr / 2 / 100, base_lr / 2)


def _cosine(start: float, end: float, share: float) -> float:
    return start + (end - start) * (1 - math.cos(math.pi * share)) / 2


def _cycle(share: float, turn: float, start: float, middle: float, end: float) -> float:
    return (
        _cosine(start, middle, share / turn)
        if share < turn
        else _cosine(middle, end, (share - turn) / (1 - turn))
    )
