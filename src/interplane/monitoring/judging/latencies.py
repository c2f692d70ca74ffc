"""Quantiles of how long predictions took, from counts by bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from interplane.monitoring.judging.bounds import binomial_bound, share_bound
from interplane.monitoring.judging.measure import Moved, Sampled, sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.layout import Bins
    from interplane.monitoring.tally import Tally

    Counts = NDArray[np.int64]

__all__ = ["Latencies"]


@dataclass(frozen=True, slots=True)
class Latencies:
    """A quantile of how long predictions took; its effect is a share of the reference.

    Attributes:
        bins: the bins that were counted.
        level: the quantile: 0.99 is what 99 of 100 took at most.
    """

    bins: Bins
    level: float

    has_value: ClassVar[bool] = True

    def rows(self, tally: Tally) -> int:
        """Return how many predictions say how long they took."""
        return int(self._counts(tally).sum())

    def why_not(self, tally: Tally) -> str:
        """Say where the rows are too few for such a quantile."""
        beyond = self.rows(tally) * (1 - self.level)
        if beyond < 1:
            return f"{self.rows(tally)} rows: too few for the slowest {1 - self.level:.0%}"
        return ""

    def sample(self, tally: Tally) -> Sampled:
        """Return the quantile, evenly spread within its bin."""
        return Sampled(self._quantile(self._counts(tally)))

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the relative differences of the quantiles."""
        return [
            self._moved(self._counts(one), self._counts(other), direction)
            for one, other in zip(now, reference, strict=True)
        ]

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return the chance of so many rows beyond the limit if the quantile is at it."""
        counts, edges = self._counts(tally), self.bins.edges
        rows = int(counts.sum())
        if above:
            # Only bins that lie beyond the limit as a whole.
            first = self.bins.place(limit) + 1
            return float(binomial_bound(int(counts[first:].sum()), rows, 1 - self.level))
        last = sum(edge <= limit for edge in edges)
        return float(binomial_bound(int(counts[:last].sum()), rows, self.level))

    def _counts(self, tally: Tally) -> Counts:
        counted = tally.columns.get(self.bins.column, ())
        return np.array(counted[: len(self.bins.edges) + 1], np.int64)

    def _quantile(self, counts: Counts) -> float:
        edges = self.bins.edges
        target = self.level * counts.sum()
        place = int(np.searchsorted(counts.cumsum(), target))
        if place >= len(edges):
            return edges[-1]
        low = edges[place - 1] if place else 0.0
        within = (target - counts[:place].sum()) / max(int(counts[place]), 1)
        return float(low + (edges[place] - low) * within)

    def _moved(self, now: Counts, reference: Counts, direction: Direction) -> Moved:
        before, after = self._quantile(reference), self._quantile(now)
        effect = after / before - 1 if before else 0.0
        one = self._chance(now, reference, slower=after > before, between=(before, after))
        up, down = (one, 1.0) if after > before else (1.0, one)
        return Moved(before, effect, sided(up, down, direction))

    def _chance(
        self, now: Counts, reference: Counts, *, slower: bool, between: tuple[float, float]
    ) -> float:
        """Ask at the cuts from the one quantile to the other; all cuts count as looked at."""
        rows, reference_rows = now.sum(), reference.sum()
        first, last = (self.bins.place(edge) for edge in sorted(between))
        cuts = np.arange(max(first - 1, 0), min(last, len(self.bins.edges) - 1) + 1)
        k, j = (rows - now.cumsum())[cuts], (reference_rows - reference.cumsum())[cuts]
        if not slower:
            k, j = rows - k, reference_rows - j
        both = now + reference
        looks = int((both.cumsum()[:-1] < both.sum()).sum())
        return min(1.0, looks * float(share_bound(k, rows, j, reference_rows).min()))
