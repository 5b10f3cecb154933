"""Normal noise from a seed, the same draws in every face.

RAND() would differ in each and change at every recalculation. Here each draw comes from its cell's place and a seed through an
integer generator that is exact in doubles: three rounds of x <- (x + key)^3 mod 67108859. The modulus p is prime and p - 1 is
not divisible by 3, so cubing permutes 0..p-1; keys stay under 2^24, so every product stays under 2^53. Two such streams give two
uniform numbers, and Box and Muller's formula (1958) makes them normal.
"""

from __future__ import annotations

import numpy as np

from .errors import SheetError
from .expr import Expr, column_index, is_single, row_index
from .sheet import Sheet

PRIME = 67108859
KEYS = 2**24  # (PRIME + KEYS)^2 is under 2^53
SEEDS = 10_000  # seeds run from 0 to this
STREAMS = ((1299709, 7919, 15485863), (2750159, 104729, 32452843))  # per stream: of the seed, of the cell, the start


def _round(x: Expr, key: Expr | int) -> Expr:
    """(x + key)^3 mod p, in two products that a double holds exactly."""
    return np.mod(np.mod((x + key) ** 2, PRIME) * (x + key), PRIME)


def _stream(sheet: Sheet, name: str, shape: tuple[int, int], seed: Expr, letter: str, constants: tuple[int, int, int]) -> Expr:
    of_seed, of_cell, start = constants
    rows, columns = shape
    key = sheet.let(f"{name}_{letter}_key", np.mod(seed * of_seed + start, KEYS), role="noise", format="d", note="the seed, spread out")
    place = row_index(rows) * columns + column_index(columns) if columns > 1 else row_index(rows)
    x = sheet.let(
        f"{name}_{letter}_0", np.mod(place * of_cell + key, PRIME), role="noise", format="d", note="each cell starts from its own place"
    )
    for k in (1, 2, 3):
        x = sheet.let(f"{name}_{letter}_{k}", _round(x, key), role="noise", format="d", note=f"round {k}: (x + key) cubed, modulo {PRIME}")
    return x


def normal(sheet: Sheet, name: str, shape: tuple[int, int], seed: Expr, **about) -> Expr:
    """A block of standard normal draws (mean 0, standard deviation 1) of this shape, redrawn by the block `seed`.

    seed: a (1, 1) block of whole numbers from 0 to SEEDS. Its intermediate blocks stand before it in the same group; open a folded
    group first. Raises SheetError for a seed of another shape.
    """
    if not is_single(seed.shape):
        raise SheetError(f"noise {name!r}: the seed is one whole number, not {seed!r}")
    u = _stream(sheet, name, shape, seed, "u", STREAMS[0])
    v = _stream(sheet, name, shape, seed, "v", STREAMS[1])
    draw = np.sqrt(-2 * np.log((u + 0.5) / PRIME)) * np.cos(v * (2 * np.pi / PRIME))
    return sheet.let(name, draw, **{"role": "noise", "note": "standard normal draws, by Box and Muller", **about})
