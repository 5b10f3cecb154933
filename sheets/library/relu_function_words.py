"""What the sheet of a few ReLUs says of the function that they make."""

from __future__ import annotations

import numpy as np

from .. import Sheet

LARGE = 1e6  # a loss beyond this is no longer worth printing


def say_all(s: Sheet) -> None:
    loss, dead, units = s["loss"], s["dead_units"], s["units"]
    s.say(
        "With {units:d} units the mean squared error is {loss:.5f}; the largest error is"
        " {worst_error:.3f}.",
        when=np.where(units > 1, loss <= LARGE, 0),
    )
    s.say(
        "With one unit the mean squared error is {loss:.5f}; the largest error is"
        " {worst_error:.3f}.",
        when=np.where(units > 1, 0, loss <= LARGE),
    )
    s.say(
        "The mean squared error is more than a million: these units are far too steep, or too high,"
        " for the curve.",
        when=loss > LARGE,
    )
    s.say(
        "No unit bends between -1 and 1, so the sum is a straight line there.",
        when=np.equal(s["kinks_inside"], 0),
    )
    s.say(
        "The sum can bend at one place between -1 and 1, the kink of one unit.",
        when=np.equal(s["kinks_inside"], 1),
    )
    s.say(
        "The sum can bend at {kinks_inside:d} places between -1 and 1, the kinks of its units;"
        " between them it is straight.",
        when=s["kinks_inside"] > 1,
    )
    because = "0 at every point of the curve: its gradient is 0, and training gives it no push."
    s.say("Unit {first_dead:d} is dead, " + because, when=np.equal(dead, 1))
    s.say(
        "Units {first_dead:d} and {last_dead:d} are dead, "
        + because.replace("its gradient", "their gradient").replace("gives it", "gives them"),
        when=np.equal(dead, 2),
    )
    s.say(
        "{dead_units:d} units are dead, unit {first_dead:d} the first and unit {last_dead:d} the"
        " last of them; column dead marks each.",
        when=dead > 2,
    )
    s.say(
        "No unit in use is alive: the sum is 0 everywhere, and no gradient can wake one. Too large"
        " a learning rate can do this.",
        when=np.equal(dead, units),
    )
    s.say("The learning rate is 0: steps change nothing.", when=np.equal(s["learning_rate"], 0))
    s.say(
        "You drew {redrawn:d} points of the curve yourself; to have one of the named curves back,"
        " choose it again.",
        when=s["redrawn"] > 0,
    )
