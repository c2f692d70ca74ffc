"""Whether two values, or two columns of them, are the same bits."""

from __future__ import annotations

import math
import struct
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["as_numbers", "first_unlike", "same_bits"]


def same_bits(one: Any, other: Any) -> bool:
    """Return whether two values are the same: floats by their bits, but for the kinds of NaN.

    >>> same_bits(0.0, -0.0), same_bits(None, float("nan")), same_bits(1, 1.0)
    (False, False, False)
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other) or (one != one and other != other)  # noqa: PLR0124  NaN
    return bool(one == other)


def as_numbers(values: Sequence[Any]) -> list[float]:
    """Return numbers and bools as a model is to be given them: floats, NaN for null.

    >>> as_numbers([True, 2, None])
    [1.0, 2.0, nan]
    """
    return [math.nan if value is None else float(value) for value in values]


def first_unlike(expected: Sequence[Any], found: Sequence[Any]) -> int | None:
    """Return the first place at which two columns are not the same bits; None if there is none.

    >>> first_unlike([0.0, 1.0, None], [0.0, 1.0, None]), first_unlike([1.0, 0.0], [1.0, -0.0])
    (None, 1)
    """
    if _are_alike(expected, found):
        return None
    pairs = enumerate(zip(expected, found, strict=True))
    return next((place for place, pair in pairs if not same_bits(*pair)), None)


def _are_alike(expected: Sequence[Any], found: Sequence[Any]) -> bool:
    """Return whether two columns are the same bits; False may mean that it takes a closer look."""
    kinds = list(map(type, expected))
    if kinds != list(map(type, found)):
        return False
    if float not in kinds:
        return list(expected) == list(found)
    one, other = (
        array("d", [value for value in column if value is not None]).tobytes()
        for column in (expected, found)
    )
    return one == other
