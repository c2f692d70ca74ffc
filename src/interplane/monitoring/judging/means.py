"""Means of a number of each row, and roots of them: scores, errors, losses."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from interplane.monitoring.judging.bounds import self_normalised, z_bound
from interplane.monitoring.judging.measure import NORMAL_95, Moved, Sampled, sided
from interplane.monitoring.tally import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.tally import Tally

__all__ = ["Means"]

_ROUNDING: Final = 4 * sys.float_info.epsilon


@dataclass(frozen=True, slots=True)
class Means:
    """The mean of a number of each row.

    Attributes:
        moment: its name among the moments of a tally.
        root: whether the metric is the root of that mean.
    """

    moment: str
    root: bool = False

    has_value: ClassVar[bool] = True

    def rows(self, tally: Tally) -> int:
        """Return how many rows have the number."""
        return self._of(tally).count

    def why_not(self, tally: Tally) -> str:
        """Say where the spread cannot be told."""
        moments = self._of(tally)
        if moments.count < 2:
            return f"{moments.count} rows: no spread to tell chance by"
        if not math.isfinite(moments.squares):
            return "the numbers are too large to add up"
        return ""

    def sample(self, tally: Tally) -> Sampled:
        """Return the mean with its normal interval."""
        moments = self._of(tally)
        half = NORMAL_95 * math.sqrt(moments.variance / moments.count)
        low, high = moments.mean - half, moments.mean + half
        if not self.root:
            return Sampled(moments.mean, low, high)
        return Sampled(math.sqrt(moments.mean), math.sqrt(max(low, 0.0)), math.sqrt(high))

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the differences; chance is asked of the means, also where the metric is a root."""
        return [
            self._moved(self._of(one), self._of(other), direction)
            for one, other in zip(now, reference, strict=True)
        ]

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return the chance of such a mean if the truth is at the limit."""
        moments = self._of(tally)
        if self.root and limit < 0:
            return 0.0 if above else 1.0
        further = moments.mean - (limit * limit if self.root else limit)
        if (further > 0) != above or further == 0:
            return 1.0
        spread = _squares(moments) / moments.count + further * further
        return float(z_bound(further / math.sqrt(spread / moments.count), sides=1))

    def _of(self, tally: Tally) -> Moments:
        return tally.moments.get(self.moment, Moments())

    def _moved(self, now: Moments, reference: Moments, direction: Direction) -> Moved:
        difference = now.mean - reference.mean
        effect, before = difference, reference.mean
        if self.root:
            before = math.sqrt(reference.mean)
            effect = math.sqrt(now.mean) - before
        variance = self_normalised(
            difference, _squares(now), now.count, _squares(reference), reference.count
        )
        one = float(z_bound(difference / math.sqrt(variance), sides=1)) if difference else 1.0
        up, down = (one, 1.0) if difference > 0 else (1.0, one)
        return Moved(before, effect, sided(up, down, direction))


def _squares(moments: Moments) -> float:
    """Return the sum of squares around the mean, at least what rounding may have taken of it."""
    return max(moments.variance * (moments.count - 1), _ROUNDING * moments.squares)
