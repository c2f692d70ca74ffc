"""Sums of floats that do not depend on the order: exact, and rounded once; and the deviation from them."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Moments", "exact_sum"]

_EXACT_BITS: Final = 1000
"""Whole numbers up to here become floats; those above are shortened first."""


def exact_sum(values: Sequence[float]) -> float | None:
    """Return the sum, exact and then rounded once; the order of the values is no matter.

    Null where it is undefined: for infinities of both signs, or a sum beyond the largest float.

    >>> exact_sum([1e16, 1.0, -1e16]), exact_sum([math.inf, -math.inf])
    (1.0, None)
    """
    try:
        total = math.fsum(values)
    except ValueError:  # infinities of both signs
        return None
    except OverflowError:  # on the way, whatever the end is
        return _slow_sum(values)
    return total + 0.0


def _slow_sum(values: Sequence[float]) -> float | None:
    infinite = {value for value in values if math.isinf(value)}
    if infinite:
        return infinite.pop() if len(infinite) == 1 else None
    try:
        return float(sum(map(Fraction, values), Fraction())) + 0.0
    except OverflowError:
        return None


class Moments:
    """The exact sum of floats and of their squares; what was added can be taken out again.

    A finite float is a whole number times a power of two. The sum is a whole number of a unit that
    is the smallest power so far, that of the squares one of its square.

    Args:
        values: what is added first.
        squares: whether the squares are asked for.

    >>> moments = Moments([1.0, 1e16, 3.0])
    >>> moments.take_out([1e16])
    >>> moments.sum(), moments.deviation()
    (4.0, 1.4142135623730951)
    """

    __slots__ = ("_above", "_below", "_count", "_has_squares", "_shift", "_squares", "_total")

    def __init__(self, values: Sequence[float] = (), *, squares: bool = True) -> None:
        self._count = self._above = self._below = 0
        self._shift = self._total = self._squares = 0  # the unit is 2**-shift
        self._has_squares = squares
        self.add(values)

    def add(self, values: Sequence[float]) -> None:
        """Add values; a whole number or a bool counts as a float."""
        self._put(values, 1)

    def take_out(self, values: Sequence[float]) -> None:
        """Take values out that were added."""
        self._put(values, -1)

    def _put(self, values: Sequence[float], times: int) -> None:
        self._count += times * len(values)
        for value in values:
            try:
                number, unit = float(value).as_integer_ratio()
            except OverflowError:
                self._put_infinite(value, times)
                continue
            shift = unit.bit_length() - 1
            if shift > self._shift:
                finer = shift - self._shift
                self._total <<= finer
                self._squares <<= 2 * finer
                self._shift = shift
            else:
                number <<= self._shift - shift
            self._total += times * number
            if self._has_squares:
                self._squares += times * number * number

    def _put_infinite(self, value: float, times: int) -> None:
        if value > 0:
            self._above += times
        else:
            self._below += times

    def sum(self) -> float | None:
        """Return the sum, rounded once; null where `exact_sum` is."""
        if self._above or self._below:
            if self._above and self._below:
                return None
            return math.inf if self._above else -math.inf
        try:
            return self._total / (1 << self._shift)
        except OverflowError:
            return None

    def deviation(self) -> float | None:
        """Return the standard deviation of a sample, within one unit in the last place.

        n·Σx² - (Σx)² is exact and rounded once; it is divided by n(n - 1), and the root is taken. Null for
        fewer than two values, where one is infinite, and beyond the largest float.
        """
        count = self._count
        if count < 2 or self._above or self._below:
            return None
        spread = count * self._squares - self._total * self._total
        dropped = max(spread.bit_length() - _EXACT_BITS, 0)
        if dropped:  # a last bit says that there was more: the number is rounded as the whole one
            spread = (spread >> dropped) | (spread & ((1 << dropped) - 1) != 0)
        fraction, power = math.frexp(float(spread))
        power += dropped
        if power % 2:
            fraction, power = fraction * 2.0, power - 1
        root = math.sqrt(fraction / float(count * (count - 1)))
        try:
            return math.ldexp(root, power // 2 - self._shift)
        except OverflowError:
            return None
