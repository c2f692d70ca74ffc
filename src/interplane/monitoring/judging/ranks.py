"""The area under the ROC curve, from the counts of each class by bins of the score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from interplane.evaluation.slices import MIN_OF_A_CLASS
from interplane.monitoring.judging.bounds import self_normalised, z_bound
from interplane.monitoring.judging.measure import NORMAL_95, Moved, Sampled, sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.tally import Tally

__all__ = ["Ranking", "Ranks", "rank"]


class Ranking(NamedTuple):
    """How well scores rank some rows.

    Attributes:
        area: the area under the ROC curve; ties, also by bin, count half.
        trues: how many rows are true.
        falses: how many are not.
        true_squares: the sum of squares of the trues' placements around the area, a placement being
            the share of falses below (E. R. DeLong et al., 1988).
        false_squares: that of the falses' placements, the share of trues above.
    """

    area: float
    trues: int
    falses: int
    true_squares: float
    false_squares: float

    @property
    def variance(self) -> float:
        """The variance of the area: DeLong's."""
        return self.true_squares / (self.trues * max(self.trues - 1, 1)) + self.false_squares / (
            self.falses * max(self.falses - 1, 1)
        )


def rank(tally: Tally) -> Ranking:
    """Return how well the scores of a tally rank its rows; both classes must be there.

    >>> from interplane.monitoring.tally import Tally
    >>> rank(Tally(true_ranks=(1, 1, 2), false_ranks=(3, 1, 0))).area
    0.8125
    """
    trues = np.asarray(tally.true_ranks, np.float64)
    falses = np.asarray(tally.false_ranks, np.float64)
    n, m = trues.sum(), falses.sum()
    below = (falses.cumsum() - falses / 2) / m
    above = (n - trues.cumsum() + trues / 2) / n
    area = float(trues @ below / n)
    return Ranking(
        area,
        int(n),
        int(m),
        float(trues @ (below - area) ** 2),
        float(falses @ (above - area) ** 2),
    )


@dataclass(frozen=True, slots=True)
class Ranks:
    """The area under the ROC curve."""

    has_value: ClassVar[bool] = True

    def rows(self, tally: Tally) -> int:
        """Return how many rows have an outcome and a score."""
        return sum(tally.true_ranks) + sum(tally.false_ranks)

    def why_not(self, tally: Tally) -> str:
        """Say where a class has too few rows."""
        trues, falses = sum(tally.true_ranks), sum(tally.false_ranks)
        if min(trues, falses) == 0:
            return f"one class only: all {trues + falses} rows are {'true' if trues else 'false'}"
        if min(trues, falses) < MIN_OF_A_CLASS:
            rows = trues + falses
            return f"{trues} of {rows} rows are true; each class needs {MIN_OF_A_CLASS}"
        return ""

    def sample(self, tally: Tally) -> Sampled:
        """Return the area with its normal interval."""
        ranking = rank(tally)
        half = NORMAL_95 * math.sqrt(ranking.variance)
        return Sampled(ranking.area, max(ranking.area - half, 0.0), min(ranking.area + half, 1.0))

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the differences of areas."""
        return [
            _moved(rank(one), rank(other), direction)
            for one, other in zip(now, reference, strict=True)
        ]

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return the chance of such an area if the truth is at the limit."""
        ranking = rank(tally)
        further = ranking.area - limit
        if (further > 0) != above or further == 0:
            return 1.0
        variance = (ranking.true_squares / ranking.trues + further**2) / ranking.trues + (
            ranking.false_squares / ranking.falses + further**2
        ) / ranking.falses
        return float(z_bound(further / math.sqrt(variance), sides=1))


def _moved(now: Ranking, reference: Ranking, direction: Direction) -> Moved:
    difference = now.area - reference.area
    if difference == 0:
        return Moved(reference.area, 0.0, 1.0)
    variance = float(
        self_normalised(
            difference, now.true_squares, now.trues, reference.true_squares, reference.trues
        )
        + self_normalised(
            difference, now.false_squares, now.falses, reference.false_squares, reference.falses
        )
    )
    one = float(z_bound(difference / math.sqrt(variance), sides=1))
    up, down = (one, 1.0) if difference > 0 else (1.0, one)
    return Moved(reference.area, difference, sided(up, down, direction))
