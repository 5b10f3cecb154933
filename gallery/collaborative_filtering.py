"""Who would like which film? The course's fifteen people and films, with 19 ratings missing.

The numbers are those of collab_filter.xlsx of https://github.com/fastai/course22 (Apache-2.0); the
ratings are MovieLens's (ml-latest-small), by GroupLens, https://grouplens.org/datasets/movielens.
"""

import json
from pathlib import Path

import numpy as np

from sheets import Axis, Series, Sheet, backprop

GIVEN = json.loads(Path(__file__).with_name("course_ratings.json").read_text(encoding="utf-8"))


def collaborative_filtering() -> Sheet:
    s = Sheet("collaborative_filtering", "Who would like which film?", "19 ratings are missing.")
    rate = s.parameter("learning_rate", 0.1, 0.001, 1, scale="log")
    s.group("Stars", "an empty cell: not seen")
    names = {"rows_named": GIVEN["people_named"], "columns_named": GIVEN["films_named"]}
    stars = s.input(
        "stars", GIVEN["ratings"], low=0, high=5, blank=True, role="target", shown="grey", **names
    )
    s.group("Factors")
    w = [s.input(name, GIVEN[name], role="weight", shown="heat") for name in ("films", "people")]
    with_bias = s.choice("bias", "off", ["off", "on"])
    w += [s.input("film_bias", np.zeros((1, 15))), s.input("person_bias", np.zeros((15, 1)))]
    s.group("Predictions")
    guess = s.let("guess", w[1] @ w[0] + with_bias * (w[2] + w[3]), shown="grey", format=".1f")
    loss = s.let("loss", ((guess - stars) ** 2).mean(), role="loss", format=".4f")
    s.let("rmse", np.sqrt(loss), role="loss", format=".4f")
    d = backprop(s, "loss", [x.arg for x in w])
    s.carry(**{x.arg: s.let(f"{x.arg}_next", x - rate * d[x.arg]) for x in w})
    s.chart(
        "Error",
        Axis("step", 0, 200),
        Axis("stars", 0, 3),
        [Series("step", "rmse", "rmse", steps=True)],
    )
    s.introduce("What would each say of each film?", pictures=["stars", "guess"], charts=[1])
    s.say("Off by {rmse:.4f} stars (root of the mean squared error).")
    return s
