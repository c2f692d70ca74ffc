"""Shares of rows: nulls, unseen categories, positives, right decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from interplane.monitoring.judging.bounds import binomial_bound, share_bounds
from interplane.monitoring.judging.measure import Moved, Sampled, sided, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.tally import Tally

__all__ = ["Shares"]


@dataclass(frozen=True, slots=True)
class Shares:
    """The share of rows that have something.

    Attributes:
        counted: returns of a tally how many rows have it, and of how many.
        before: the same of a reference, where that is another.

    >>> from interplane.monitoring.tally import Tally
    >>> positives = Shares(lambda tally: (tally.positive, tally.rows))
    >>> [moved] = positives.moved(
    ...     [Tally(rows=100, positive=40)], [Tally(rows=1000, positive=200)], direction="up"
    ... )
    >>> moved.effect, moved.p < 1e-4
    (0.2, True)
    """

    counted: Callable[[Tally], tuple[int, int]]
    before: Callable[[Tally], tuple[int, int]] | None = None

    has_value: ClassVar[bool] = True

    def rows(self, tally: Tally) -> int:
        """Return of how many rows."""
        return self.counted(tally)[1]

    def why_not(self, tally: Tally) -> str:
        """Return nothing: a share can be told of any rows."""
        del tally
        return ""

    def sample(self, tally: Tally) -> Sampled:
        """Return the share, with Wilson's interval."""
        hits, rows = self.counted(tally)
        return Sampled(hits / rows, *wilson(hits, rows))

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the differences of shares."""
        k, n = np.array([self.counted(each) for each in now], np.float64).T
        counted = self.before or self.counted
        j, m = np.array([counted(each) for each in reference], np.float64).T
        up, down = share_bounds(k, n, j, m)
        return [
            Moved(before, after - before, sided(above, below, direction))
            for before, after, above, below in zip(
                (j / m).tolist(), (k / n).tolist(), up.tolist(), down.tolist(), strict=True
            )
        ]

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return the binomial tail beyond the limit."""
        hits, rows = self.counted(tally)
        if above:
            return float(binomial_bound(hits, rows, limit))
        return float(binomial_bound(rows - hits, rows, 1 - limit))
