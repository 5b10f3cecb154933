"""Numbers as a page sends them, checked."""

from __future__ import annotations

from typing import Any

from sheets import InputError

from ..data.recipe import check_rate

MOST_EPOCHS = 1000
SUCH = {"zoom": "1.2"}


def whole(options: dict[str, Any], name: str) -> int:
    """A number of epochs. Raises InputError."""
    value: Any = options.get(name)
    if not _is_whole(value) or not 1 <= value <= MOST_EPOCHS:
        raise InputError(f"epochs is a whole number from 1 to {MOST_EPOCHS}")
    return int(value)


def optional_whole(
    options: dict[str, Any], name: str, least: int, most: int | None = None
) -> int | None:
    """None where the field is empty. Raises InputError."""
    value: Any = options.get(name)
    if value is None or value == "":
        return None
    if not _is_whole(value) or not least <= value <= (value if most is None else most):
        allowed = f"from {least} to {most:,}" if most is not None else f"of {least} or more"
        raise InputError(f"{value} cannot be: a whole number {allowed}, or nothing")
    return int(value)


def number(options: dict[str, Any], name: str, least: float | None = None) -> float:
    """Raises InputError for what is no number; rates and clips check their own limits."""
    value = options.get(name)
    if (
        not isinstance(value, (int, float))
        or isinstance(value, bool)
        or (least is not None and value < least)
    ):
        raise InputError(f"{name} is a number, such as {SUCH.get(name, '2e-3')}")
    return float(value)


def rate(options: dict[str, Any], name: str) -> float:
    """A learning rate. Raises InputError."""
    value = number(options, name)
    check_rate(value)
    return value


def _is_whole(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 2**53
        and int(value) == value
    )
