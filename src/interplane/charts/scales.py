"""From numbers to places, evenly or by powers of ten, with round numbers to stand at an axis."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, Final

import numpy as np

from interplane.record import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Scale", "Tick", "short"]

_TICKS: Final = 4
_MOST: Final = 1e307
_LEAST: Final = 1e-300
"""Numbers beyond these stand where these do: a little further no number would tell them apart."""


class Tick(Value, frozen=True, kw_only=True):
    """A place on an axis, and what stands there."""

    place: float
    text: str


class Scale:
    """From numbers to places.

    Args:
        low: the least number.
        high: the greatest.
        begin: the place of the least.
        end: the place of the greatest.
        is_log: whether by powers of ten; all numbers are positive then.

    >>> [float(place) for place in Scale(0, 10, 100, 0)(np.array([0, 5, 10]))]
    [100.0, 50.0, 0.0]
    >>> [tick.text for tick in Scale(0, 10, 100, 0).ticks()]
    ['0', '2', '4', '6', '8', '10']
    """

    def __init__(
        self, low: float, high: float, begin: float, end: float, *, is_log: bool = False
    ) -> None:
        self.is_log = is_log
        low, high = (min(max(end, -_MOST), _MOST) for end in (low, high))
        if high / 2 - low / 2 < _LEAST:  # one number stands in the middle
            half = abs(low) / 2 if abs(low) > _LEAST else 0.5
            low, high = low - half, high + half
        self._low, self._high = low, high
        self._begin, self._end = begin, end

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places of numbers."""
        low, high, shown = self._low, self._high, np.clip(values, self._low, self._high)
        if self.is_log:
            low, high, shown = log10(low), log10(high), np.log10(shown)
        # Halved first: the span of two great numbers can be beyond what a number holds.
        share = (shown / 2 - low / 2) / (high / 2 - low / 2)
        found: NDArray[np.float64] = np.round(self._begin + share * (self._end - self._begin), 1)
        return found

    def ticks(self, *, is_whole: bool = False) -> tuple[Tick, ...]:
        """Return some round numbers between the ends, and where they stand.

        Args:
            is_whole: whether only whole numbers are any.
        """
        found = _decades(self._low, self._high) if self.is_log else []
        if len(found) < 2:
            found = _round_values(self._low, self._high, is_whole=is_whole)
        places = self(np.asarray(found, dtype=np.float64))
        return tuple(
            Tick(place=float(place), text=short(value))
            for place, value in zip(places, found, strict=True)
        )


def short(value: float) -> str:
    """Return a number as it stands at an axis.

    >>> short(12000.0), short(0.123456), short(2e9)
    ('12,000', '0.1235', '2e+09')
    """
    return f"{int(value):,}" if value == int(value) and abs(value) < 1e6 else f"{value:.4g}"


def _round_values(low: float, high: float, *, is_whole: bool) -> list[float]:
    """Return a few round numbers between two."""
    rough = (high / _TICKS - low / _TICKS) or 1.0
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= 0.8 * rough)
    step = max(step, 1.0) if is_whole else step
    first, last = ceil(low / step), floor(high / step)
    return [count * step for count in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Return powers of ten between two, not too many."""
    first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
    every = max((last - first) // _TICKS, 1)
    return [10.0**power for power in range(first, last + 1, every)]
