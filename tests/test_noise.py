"""Seeded noise: exact integers, the same draws in every target, and normal as far as 20,000 draws
can tell.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import engines
import numpy as np
import pytest
import workbooks
from examples import BOUNDED
from hypothesis import given
from hypothesis import strategies as st
from quick import thorough

from sheets import Sheet, SheetError, normal, permutation, uniform, values
from sheets.language.noise import KEYS, NORMAL, OF_DRAW, ORDER, PRIME, SEEDS, UNIFORM

DRAWS = 20_000
MANY = [0, 1, 2, 3, 17, 42, 1234, SEEDS]


@pytest.fixture(scope="module")
def stats():
    """scipy.stats, whose import takes a second in every process that collects the tests."""
    import scipy.stats

    return scipy.stats


def sheet_of_noise(shape: tuple[int, int], seed: int = 0, rows: bool = False) -> Sheet:
    s = Sheet("noise")
    at = s.parameter("seed", seed, 0, SEEDS, whole=True)
    if rows:
        shape = (s.input("x", np.zeros(shape[0]), rows=True).shape[0], shape[1])
    normal(s, "e", shape, at)
    return s


@cache
def draws(seed: int) -> np.ndarray:
    return values(sheet_of_noise((DRAWS, 1)), {"seed": seed})["e"].ravel()


def exact_rounds(place: int, seed: int, stream: tuple[int, int, int]) -> list[int]:
    """A cell's integers by Python's own, which never round."""
    of_seed, of_cell, start = stream
    key = (seed * of_seed + start) % KEYS
    x = [(place * of_cell + key) % PRIME]
    for _ in range(3):
        x.append((x[-1] + key) ** 3 % PRIME)
    return x


# --- the integers


@pytest.mark.parametrize("seed", MANY)
def test_integers_are_exact(seed):
    computed = values(sheet_of_noise((200, 3)), {"seed": seed})
    expected = np.array([exact_rounds(place, seed, NORMAL) for place in range(600)])
    for k in range(4):
        np.testing.assert_array_equal(computed[f"e_{k}"].ravel(), expected[:, k])


def test_no_product_can_pass_what_a_double_holds():
    largest = PRIME - 1 + KEYS - 1
    assert largest**2 < 2**53
    assert (PRIME - 1) * largest < 2**53
    assert max(SEEDS * of_seed + start for of_seed, _, start in (NORMAL, UNIFORM, ORDER)) < 2**53


def test_cubing_is_a_permutation():
    """So no round loses numbers: p is prime and 3 does not divide p - 1."""
    assert all(PRIME % k for k in range(2, int(PRIME**0.5) + 1))
    assert (PRIME - 1) % 3 != 0


# --- the same in every target

SEED_IN_EXCEL = 42
WORKBOOK = workbooks.register("noise", lambda: sheet_of_noise((30, 3), SEED_IN_EXCEL))


@pytest.mark.parametrize("seed", MANY)
def test_the_page_draws_the_same(seed):
    s = sheet_of_noise((30, 3))
    ours, theirs = values(s, {"seed": seed}), engines.in_javascript(s, {"seed": seed})
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-12 if name == "e" else 0)


@pytest.mark.parametrize(
    "recalculated",
    [workbooks.in_ironcalc, workbooks.in_libreoffice],
    ids=["ironcalc", "libreoffice"],
)
def test_a_workbook_draws_the_same(recalculated):
    s = sheet_of_noise((30, 3), SEED_IN_EXCEL)
    ours, theirs = values(s), engines.numbers(s, recalculated(WORKBOOK))
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-9 if name == "e" else 0)


def test_a_draw_stays_when_rows_are_added_below_it():
    short, long = sheet_of_noise((3, 2), rows=True), {"x": np.zeros(50)}
    few, many = values(short)["e"], values(short, long)["e"]
    assert many.shape == (50, 2)
    np.testing.assert_array_equal(many[:3], few)
    np.testing.assert_allclose(engines.in_javascript(short, long)["e"], many, rtol=1e-12)


def test_the_same_seed_draws_the_same_and_another_seed_draws_otherwise():
    again = values(sheet_of_noise((DRAWS, 1), seed=7))["e"].ravel()
    np.testing.assert_array_equal(draws(7), again)
    assert (draws(7) != draws(8)).mean() > 0.999


@thorough
def test_seeds_are_far_apart():
    first = [values(sheet_of_noise((1, 3)), {"seed": seed})["e"].tobytes() for seed in range(300)]
    assert len(set(first)) == 300


# --- normal enough. Every bound is one that true normal draws pass in all but about one of 10,000
# runs; the draws never change.


@pytest.mark.parametrize("seed", MANY)
def test_mean_variance_and_tails(stats, seed):
    e, far = draws(seed), 3.9
    assert abs(e.mean()) < far / DRAWS**0.5
    assert abs(e.var() - 1) < far * (2 / DRAWS) ** 0.5
    assert abs((e**3).mean()) < far * (15 / DRAWS) ** 0.5
    assert abs((e**4).mean() - 3) < far * (96 / DRAWS) ** 0.5
    for limit in (1, 2, 3):
        expected = 2 * stats.norm.sf(limit)
        assert (
            abs((np.abs(e) > limit).mean() - expected)
            < far * (expected * (1 - expected) / DRAWS) ** 0.5
        )
    assert 3.2 < np.abs(e).max() < 6


@pytest.mark.parametrize("seed", MANY)
def test_kolmogorov_and_smirnov_see_a_normal_distribution(stats, seed):
    assert stats.kstest(draws(seed), "norm").pvalue > 1e-3


@thorough
def test_over_many_seeds_the_p_values_are_spread_evenly(stats):
    p = [
        stats.kstest(values(sheet_of_noise((2000, 1)), {"seed": seed})["e"].ravel(), "norm").pvalue
        for seed in range(100, 200)
    ]
    assert stats.kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("seed", MANY)
@pytest.mark.parametrize("lag", [1, 2, 3, 7, 100])
def test_neighbours_are_not_correlated(seed, lag):
    e = draws(seed)
    assert abs(np.corrcoef(e[:-lag], e[lag:])[0, 1]) < 3.9 / (DRAWS - lag) ** 0.5


@pytest.mark.parametrize(
    ("one", "other"), [(0, 1), (1, 2), (2, 3), (41, 42), (0, SEEDS), (17, 1234)]
)
def test_seeds_are_not_correlated(one, other):
    assert abs(np.corrcoef(draws(one), draws(other))[0, 1]) < 3.9 / DRAWS**0.5


def test_rows_and_columns_of_a_block_are_not_correlated():
    e = values(sheet_of_noise((5000, 4)), {"seed": 3})["e"]
    correlations = np.corrcoef(e.T)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4.2 / 5000**0.5


def test_a_seed_must_be_one_number():
    s = Sheet("noise")
    with pytest.raises(SheetError, match="the seed is one whole number, not seeds"):
        normal(s, "e", (2, 2), s.input("seeds", [1.0, 2.0]))


# --- uniform draws, and random orders


def sheet_of_draws(rows: int, seed: int = 1, draw: int = 0) -> Sheet:
    s = Sheet("draws")
    at = s.parameter("seed", seed, 0, SEEDS, whole=True)
    uniform(s, "share", (rows, 2), at)
    permutation(s, "turn", rows, at, s.parameter("draw", draw, 0, 1e6, whole=True))
    normal(s, "e", (rows, 1), at)
    return s


DRAWN = workbooks.register("draws", lambda: sheet_of_draws(12, SEED_IN_EXCEL, draw=3))


@pytest.mark.parametrize("seed", MANY)
def test_integers_of_uniform_draws_and_orders_are_exact(stats, seed):
    computed = values(sheet_of_draws(50), {"seed": seed, "draw": 9})
    expected = [exact_rounds(place, seed, UNIFORM)[3] for place in range(100)]
    np.testing.assert_array_equal(computed["share"].ravel(), (np.array(expected) + 0.5) / PRIME)
    of_seed, of_cell, start = ORDER
    keys = [
        exact_rounds(place, seed, (of_seed, of_cell, start + 9 * OF_DRAW))[3] for place in range(50)
    ]
    np.testing.assert_array_equal(computed["turn"].ravel(), stats.rankdata(keys) - 1)


def test_draws_and_orders_are_the_same_in_every_face():
    s = sheet_of_draws(12, SEED_IN_EXCEL, draw=3)
    ours = values(s)
    for found in (
        engines.in_javascript(s),
        *(
            engines.numbers(s, read(DRAWN))
            for read in (workbooks.in_ironcalc, workbooks.in_libreoffice)
        ),
    ):
        np.testing.assert_allclose(found["share"], ours["share"], rtol=1e-14)
        np.testing.assert_array_equal(found["turn"], ours["turn"])


@pytest.mark.parametrize("seed", MANY)
def test_uniform_draws_are_even_and_not_the_normal_ones(stats, seed):
    computed = values(sheet_of_draws(1000), {"seed": seed})
    share = computed["share"].ravel()
    assert 0 < share.min() < share.max() < 1
    assert stats.kstest(share, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(computed["share"].T)[0, 1]) < 3.9 / 1000**0.5
    for stream in ("e_3", "turn_3"):
        assert (
            abs(np.corrcoef(computed["share"][:, 0], computed[stream].ravel())[0, 1])
            < 3.9 / 1000**0.5
        )


@BOUNDED
@given(st.integers(1, 60), st.integers(0, SEEDS), st.integers(0, 10**6))
def test_an_order_holds_each_place_once(rows, seed, draw):
    turn = values(sheet_of_draws(rows), {"seed": seed, "draw": draw})["turn"].ravel()
    np.testing.assert_array_equal(np.sort(turn), np.arange(rows))


@pytest.mark.thorough
@pytest.mark.parametrize("by", ["seed", "draw"])
def test_all_orders_come_equally_often(stats, by):
    s = sheet_of_draws(4)
    count = Counter(values(s, {by: k})["turn"].tobytes() for k in range(2400))
    assert len(count) == 24 and stats.chisquare(list(count.values())).pvalue > 1e-3


def test_the_draw_of_an_order_must_be_one_number():
    s = Sheet("order")
    seed, draws = s.parameter("seed", 1, 0, SEEDS, whole=True), s.input("draws", [1.0, 2.0])
    with pytest.raises(SheetError, match="the seed is one whole number, not draws"):
        permutation(s, "turn", 3, seed, draws)
