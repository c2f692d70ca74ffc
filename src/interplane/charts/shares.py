"""Where a number lies between two others, however great they are; and which numbers have a place."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final, TypeGuard

__all__ = ["LARGEST", "has_place", "share"]

LARGEST: Final = 1e150
"""Below it, the square of a number is a number, too: what is summed and squared stays below it."""


def has_place(value: Any) -> TypeGuard[float]:
    """Return whether a value is a number that can be drawn: no NaN, no infinity, none beyond floats.

    >>> has_place(3), has_place(float("nan")), has_place(10**400), has_place(True), has_place(None)
    (True, False, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def share(value: float, low: float, high: float) -> float:
    """Return where a number lies from ``low`` (0) to ``high`` (1); 0 where these are one.

    Halved first: the span of two great numbers can be beyond what a number holds.

    >>> share(5, 0, 10), share(1e308, -1e308, 1e308), share(2, 2, 2)
    (0.5, 1.0, 0.0)
    """
    span = high / 2 - low / 2
    return (value / 2 - low / 2) / span if span > 0 else 0.0
