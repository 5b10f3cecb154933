"""What the sheet of a line by descent says of its next update, its learning rate and its points."""

from __future__ import annotations

import numpy as np

from .. import Expr, Sheet

HARDLY = 1e-6  # a smaller change of the loss is not worth a number


def _both(a, b):
    return np.where(a, np.where(b, 1, 0), 0)


def say_all(s: Sheet, whole: int):
    """whole: the batch that is all points."""
    rate, near = s["learning_rate"], np.equal(s["run_away"], 0)
    moving = _both(near, rate > 0)
    _say_update(s, moving)
    s.say(
        "The learning rate is 0: an update leaves a and b where they are, whatever the gradient.",
        when=np.equal(rate, 0),
    )
    s.say(
        "a and b have run away: the learning rate is too large for these points. "
        "Over all points, a rate must stay below {largest_stable_rate:g}.",
        when=np.equal(s["run_away"], 1),
    )
    change = s["mse_change"]
    for verb, way in (("lowers", change <= -HARDLY), ("raises", change >= HARDLY)):
        s.say(
            f"It {verb} the mse of all points from {{mse:.4f}} to {{mse_next:.4f}}.",
            when=_both(moving, way),
        )
    s.say(
        "It hardly changes the mse any more, which is {mse:.4f}.",
        when=_both(moving, abs(change) < HARDLY),
    )
    s.say(
        "It looks at {batch_count:d} of {point_count:d} points: batch {batch_place:d} of"
        " {batches:d} in epoch {epoch_place:d}.",
        when=_both(near, np.not_equal(s["batch"], whole)),
    )
    _say_limit(s, np.equal(s["batch"], whole))
    _say_points(s)


def _say_update(s: Sheet, moving: Expr):
    one = "NAME ← {NAME:.2f} - {learning_rate:g} × ({d_NAME_mean:.2f}) = {NAME_next:.2f}"
    both = f"{one.replace('NAME', 'a')} and {one.replace('NAME', 'b')}"
    s.say(f"The next update: {both}.", when=moving)


def _say_limit(s: Sheet, every: Expr):
    """every: 1 where a batch is all points."""
    share = s["share_of_limit"]
    limit = "the largest stable one, {largest_stable_rate:g} = 2 / {largest_eigenvalue:.4f}"
    part = f"The learning rate is {{share_of_limit:.1%}} of {limit}"
    ways = [
        (": the way never jumps across the valley.", _both(share > 0, share <= 0.5)),
        (
            ": updates jump from one side of the valley to the other, and still come closer.",
            _both(share > 0.5, share < 1),
        ),
        (
            ": updates jump from one side of the valley to the other and come no closer.",
            np.equal(share, 1),
        ),
        (": updates jump across the valley and land further away each time.", share > 1),
    ]
    for words, when in ways:
        s.say(part + words, when=_both(every, when))
    s.say(
        f"{part}. That limit is of updates over all points; a batch has points, and so a limit, of"
        " its own.",
        when=_both(share > 0, 1 - every),
    )
    _say_one_x(s)


def _say_one_x(s: Sheet):
    one_x = np.equal(s["spread"], 0)
    same = (
        "so they fix the height of the line there and not its slope: all lines through that height"
        " fit equally well."
    )
    s.say(
        f"All {{point_count:d}} points have the same x, {same}",
        when=_both(one_x, s["point_count"] > 1),
    )
    s.say(
        f"There is one point only, {same.replace('they fix', 'it fixes')}",
        when=_both(one_x, np.equal(s["point_count"], 1)),
    )


def _say_points(s: Sheet):
    s.say(
        "Points that are not where truth, noise and seed would draw them: {moved_points:d} of"
        " {point_count:d}. What was given by hand stays until Reset.",
        when=s["moved_points"] > 0,
    )
