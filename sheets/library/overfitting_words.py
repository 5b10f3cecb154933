"""What the sheet of a curve that memorises says of its two losses."""

from __future__ import annotations

import numpy as np

from .. import Sheet


def say_all(s: Sheet) -> None:
    s.say(
        "Epoch {epoch:d}: the training loss is {train_loss:.4f}, the validation loss"
        " {valid_loss:.4f}, a gap of {gap:.4f}.",
    )
    s.say(
        "No epoch so far had a smaller validation loss: train on.",
        when=np.equal(s["epochs_since"], 0),
    )
    s.say(
        "The best epoch was {best_epoch:d}, with a validation loss of {best_loss:.4f}. It is"
        " {epochs_since:d} epochs ago.",
        when=s["epochs_since"] > 1,
    )
    s.say(
        "The best epoch was {best_epoch:d}, the one before, with a validation loss of"
        " {best_loss:.4f}.",
        when=np.equal(s["epochs_since"], 1),
    )
    s.say(
        "Early stopping ended the run, and keeps the curve of epoch {best_epoch:d}.",
        when=np.equal(s["stopped"], 1),
    )
    s.say("The learning rate is 0: epochs change nothing.", when=np.equal(s["learning_rate"], 0))
