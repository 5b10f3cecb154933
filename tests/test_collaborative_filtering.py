"""The course's collaborative filtering: 15 people, 15 films, 19 ratings that nobody gave. They are
empty cells, and the mean takes the 206 that are there.

The numbers are those of collab_filter.xlsx of https://github.com/fastai/course22 (Apache-2.0).
"""

from __future__ import annotations

import json
from pathlib import Path

import engines
import examples
import numpy as np
import workbooks
from quick import thorough

from sheets import Sheet, backprop, known, values

GIVEN = json.loads((Path(__file__).parent / "course_ratings.json").read_text(encoding="utf-8"))
FACTORS = ("films", "people")


def collaborative_filtering() -> Sheet:
    s = Sheet("collaborative_filtering", title="Who would like which film?")
    rate = s.parameter("learning_rate", 0.1, 0, 1)
    stars = s.input("stars", GIVEN["ratings"], low=0, high=5, blank=True, role="target")
    films, people = (s.input(name, GIVEN[name], role="weight") for name in FACTORS)
    s.let("count", known(stars).sum(), format="d")
    error = s.let("error", people @ films - stars, format=".2f")
    loss = s.let("loss", (error**2).mean(), role="loss")
    s.let("rmse", np.sqrt(loss), role="loss")
    d = backprop(s, "loss", FACTORS)
    s.carry(**{name: s.let(f"{name}_next", s[name] - rate * d[name]) for name in FACTORS})
    s.say("Off by {rmse:.4f} stars.")
    return s


BOOK = workbooks.register("collaborative_filtering", collaborative_filtering, notes=False)


def descended(steps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Films, people and the root of the mean squared error after so many steps, by numpy alone."""
    stars = np.array(GIVEN["ratings"], dtype=float)
    films, people = (np.array(GIVEN[name]) for name in FACTORS)
    is_given = ~np.isnan(stars)
    error = lambda: np.where(is_given, people @ films - stars, 0)
    for _ in range(steps):
        slope = 2 * error() / is_given.sum()
        films, people = films - 0.1 * people.T @ slope, people - 0.1 * slope @ films.T
    return films, people, float(np.sqrt((error() ** 2).sum() / is_given.sum()))


def test_it_starts_and_descends_as_numpy_does():
    s = collaborative_filtering()
    start = values(s)
    assert start["count"].item() == 206 and abs(float(start["rmse"]) - 2.8060620616) < 1e-10
    films, people, rmse = descended(200)
    found = values(s, steps=200)
    np.testing.assert_allclose(found["films"], films, rtol=1e-10)
    np.testing.assert_allclose(found["people"], people, rtol=1e-10)
    np.testing.assert_allclose(float(found["rmse"]), rmse, rtol=1e-11)


def test_where_10000_steps_lead():
    """0.39294 is the mean of the 206 ratings that are there. Of all 225 cells, the others counted
    as right, it would be 0.39296 after as many steps, which rounds to 0.3930.
    """
    assert abs(descended(10_000)[2] - 0.39294) < 5e-6


@thorough
def test_the_page_and_the_workbook_agree():
    s = collaborative_filtering()
    assert not examples.differences(engines.in_javascript(s), values(s))
    assert not examples.differences(engines.numbers(s, workbooks.in_ironcalc(BOOK)), values(s))
