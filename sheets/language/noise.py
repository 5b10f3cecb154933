"""Random numbers from a seed, the same draws in every face.

RAND() would differ in each and change at every recalculation. Here each draw comes from its cell's
place and a seed through an integer generator that is exact in doubles: three rounds of x <- (x +
key)^3 mod 67108859. The modulus p is prime and p - 1 is not divisible by 3, so cubing permutes
0..p-1; keys stay under 2^24, so every product stays under 2^53. Such a stream gives uniform
numbers; their normal quantiles are normal ones (in Excel, NORMSINV of a draw between 0 and 1); and
because cells never share a number, ranking one column of a stream gives a random order.
"""

from __future__ import annotations

import numpy as np

from .errors import SheetError
from .expr import Expr, is_single, lift
from .functions import column_index, normal_quantile, row_index
from .sheet import Sheet

PRIME = 67108859
KEYS = 2**24  # (PRIME + KEYS)^2 is under 2^53
SEEDS = 10_000  # seeds run from 0 to this
NORMAL = (1299709, 7919, 15485863)  # a stream: of the seed, of the cell, the start
UNIFORM = (4256233, 224737, 49979687)
ORDER = (5800079, 350377, 67867967)
OF_DRAW = 7368787  # what tells one random order of a seed from the next
OF_NEXT = 11184811  # what tells the second block drawn from a seed from the first


def _round(x: Expr, key: Expr | int) -> Expr:
    """(x + key)^3 mod p, in two products that a double holds exactly."""
    return np.mod(np.mod((x + key) ** 2, PRIME) * (x + key), PRIME)


def _checked_numbers(name: str, *numbers: Expr | int) -> list[Expr]:
    seeds = [lift(number) for number in numbers]
    for number in seeds:
        if not is_single(number.shape):
            raise SheetError(f"noise {name!r}: the seed is one whole number, not {number!r}")
    return seeds


def _stream(
    sheet: Sheet,
    name: str,
    shape: tuple[int, int],
    seed: Expr,
    constants: tuple[int, int, int],
    draw: Expr | int = 0,
) -> Expr:
    """Blocks NAME_key, NAME_0, ... NAME_3: whole numbers from 0 to PRIME - 1, no two cells alike.

    draw: tells streams of one seed apart. A second block drawn alike from the same seed has other
    numbers than the first, a third others again.
    """
    of_seed, of_cell, start = constants
    rows, columns = shape
    spread = seed * of_seed + draw * OF_DRAW + start
    while sheet.same_as(np.mod(spread, KEYS)) is not None:
        spread = spread + OF_NEXT
    key = sheet.let(
        f"{name}_key", np.mod(spread, KEYS), role="noise", format="d", note="the seed, spread out"
    )
    place = row_index(rows) * columns + column_index(columns) if columns > 1 else row_index(rows)
    x = sheet.let(
        f"{name}_0",
        np.mod(place * of_cell + key, PRIME),
        role="noise",
        format="d",
        note="each cell starts from its own place",
    )
    for k in (1, 2, 3):
        x = sheet.let(
            f"{name}_{k}",
            _round(x, key),
            role="noise",
            format="d",
            note=f"round {k}: (x + key) cubed, modulo {PRIME}",
        )
    return x


def _share(
    sheet: Sheet, name: str, shape: tuple[int, int], seed: Expr, constants: tuple[int, int, int]
) -> Expr:
    """A stream's numbers between 0 and 1, neither included."""
    return (_stream(sheet, name, shape, seed, constants) + 0.5) / PRIME


def normal(sheet: Sheet, name: str, shape: tuple[int, int], seed: Expr | int, **about) -> Expr:
    """A block of standard normal draws: mean 0, standard deviation 1, redrawn by the block `seed`.

    seed: a (1, 1) block of whole numbers from 0 to SEEDS. Its intermediate blocks stand before it
    in the same group; open a folded group first. Raises SheetError for a seed of another shape.
    """
    (seed,) = _checked_numbers(name, seed)
    draw = normal_quantile(_share(sheet, name, shape, seed, NORMAL))
    return sheet.let(
        name,
        draw,
        **{
            "role": "noise",
            "note": "standard normal draws: the quantiles of uniform ones",
            **about,
        },
    )


def uniform(sheet: Sheet, name: str, shape: tuple[int, int], seed: Expr | int, **about) -> Expr:
    """As `normal`, a block of draws spread evenly between 0 and 1, neither included."""
    (seed,) = _checked_numbers(name, seed)
    return sheet.let(
        name,
        _share(sheet, name, shape, seed, UNIFORM),
        **{"role": "noise", "note": "uniform draws between 0 and 1", **about},
    )


def permutation(
    sheet: Sheet, name: str, rows: int, seed: Expr | int, draw: Expr | int, **about
) -> Expr:
    """A block (rows, 1) of each whole number from 0 to rows - 1: the row's place in random order.

    seed: as for `normal`. draw: a (1, 1) block of whole numbers from 0 (an epoch): each gives
    another order.
    """
    seed, draw = _checked_numbers(name, seed, draw)
    x = _stream(sheet, name, (rows, 1), seed, ORDER, draw)
    turn = np.less(x.T, x).sum(axis=1)
    return sheet.let(
        name,
        turn,
        **{
            "role": "noise",
            "format": "d",
            "note": "the row's turn: how many rows drew a smaller number",
            **about,
        },
    )
