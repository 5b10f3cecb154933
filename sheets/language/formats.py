"""How numbers are shown, alone and inside words: the same text in every face."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

from .errors import SheetError

FORMAT = re.compile(r"(\.[12]?\d[f%]|d|g)\Z")
LARGE = (
    1e9  # from here on four digits and an exponent, whatever the format: a reader counts no more
)
SMALL = 1e-4  # below it an exponent
TINY = 1e-6  # below it an exponent inside words too
MANY = 1e4  # from here on words need no decimals
LEAST = 1e-9  # rounding may leave this of a nought: its digits say nothing
FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)
ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_UP)

Pieces = tuple[str | tuple[str, str], ...]  # words with numbers in them: text, or (block, format)


def checked_format(spec: str) -> str:
    """The format itself. Raises SheetError where there is none of that name."""
    if not FORMAT.match(spec):
        known = ".2f (decimals), .1% (per cent), d (whole), g (as many digits as needed)"
        raise SheetError(f"format {spec!r} is not one of {known}")
    return spec


def _rounded(x: float, decimals: int) -> str:
    """Ties away from zero, as in JavaScript and Excel."""
    return f"{Decimal(x).quantize(Decimal(1).scaleb(-decimals), context=ALL_DIGITS):f}"


def _general(x: float) -> str:
    """Four digits: 0.3, 12345, 1e-5, 1.235e7."""
    if x == 0:
        return "0"
    short = FOUR_DIGITS.create_decimal(x)
    if abs(x) >= 1e6 or abs(x) < SMALL:
        digits, _, exponent = f"{short:.3e}".partition("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
    if abs(x) >= 1000:
        return _rounded(x, 0)
    text = f"{short:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _two_digits(x: float) -> str:
    """0.000012, 0.0043."""
    return _rounded(x, 1 - math.floor(math.log10(abs(x))))


def shown(x: float, spec: str) -> str:
    """A number as every face shows it: 0.3, 1e-5, 97.5%, infinite."""
    if np.isnan(x):
        return "undefined"
    if np.isinf(x):
        return "infinite" if x > 0 else "-infinite"
    if spec == "g":
        return _general(x)
    decimals = 0 if spec == "d" else int(spec[1:-1])
    number = x * 100 if spec.endswith("%") else x
    text = _general(number) if abs(number) >= LARGE else _rounded(number, decimals)
    text = text.removeprefix("-") if not text.strip("-0.") else text  # no minus before a nought
    return text + "%" if spec.endswith("%") else text


def in_words(x: float, spec: str) -> str:
    """A number inside words, where nothing stands below it to be compared with: no noughts after
    its last digit (-1.4 and 60%, not -1.4000 and 60.0%), and 0.000012 where the format says 0.0000.
    """
    if not np.isfinite(x) or spec in "dg":
        return shown(x, spec)
    decimals = int(spec[1:-1])
    number, sign = (x * 100, "%") if spec.endswith("%") else (x, "")
    size = abs(number)
    if LEAST <= size < TINY or size >= LARGE:
        return _general(number) + sign
    if TINY <= size < max(SMALL, 0.5 * 0.1**decimals):
        return _two_digits(number) + sign
    text = shown(number, f".{decimals if size < MANY else 0}f")
    is_exact = abs(number - float(text)) <= LEAST * size
    return (text.rstrip("0").rstrip(".") if is_exact and "." in text else text) + sign


def written(pieces: Pieces, values: Mapping[str, np.ndarray]) -> str:
    """The sentence with its numbers."""
    return "".join(
        p if isinstance(p, str) else in_words(float(values[p[0]].flat[0]), p[1]) for p in pieces
    )
