"""How sure the network was from epoch to epoch, and what that did to the log loss: in a sentence,
where it is true of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from .results import loss_words

LEAST = 3  # epochs of which it is worth saying


def confidence_sentence(epochs: Sequence[Mapping[str, Any]]) -> str:
    """epochs: of one stage, with the fields of EpochEnded. "" unless every epoch was surer than the
    one before.
    """
    sure = [epoch["confidence"] for epoch in epochs if epoch.get("confidence") is not None]
    whole = len(sure) == len(epochs) >= LEAST
    if not whole or not all(a < b for a, b in pairwise(sure)):
        return ""
    first, last = epochs[0], epochs[-1]
    said = (
        f"Every epoch was more confident than the one before: an answer was given"
        f" {sure[0]:.1%} on average after the first, and {sure[-1]:.1%} after the last."
    )
    losses = [epoch["valid_loss"] for epoch in (first, last)]
    went = "fell" if losses[1] < losses[0] else "rose"
    over = f"the log loss {went} from {loss_words(losses[0])} to {loss_words(losses[1])}"
    mistakes = [epoch.get("mistake_loss") for epoch in (first, last)]
    cost = [loss_words(loss, 2) for loss in mistakes if loss is not None]
    if len(cost) < len(mistakes):
        return f"{said} With that {over}."
    return f"{said} A wrong answer cost {cost[0]} then and {cost[1]} now; over all pictures {over}."
