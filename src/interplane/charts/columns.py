"""What pictures need to know of a column: its statistics, by their names alone.

A profile knows exactly how many values lie below each of its edges, and how often the most frequent
values are there. Between edges values count as evenly spread: so a picture or a distance costs no
reading of rows, and is about right where two profiles have other edges.
"""

from __future__ import annotations

from bisect import bisect_right
from math import floor
from typing import TYPE_CHECKING, Any, Protocol

from interplane.charts.shares import share

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Below", "ProfiledColumn", "has_numbers", "is_whole", "repeats"]


class ProfiledColumn(Protocol):
    """The statistics of a column, as `interplane.data.profile.ColumnProfile` has them."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def type(self) -> str:
        """Its type."""
        ...

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        ...

    @property
    def distinct_exact(self) -> bool:
        """Whether that was counted, and not estimated."""
        ...

    @property
    def mean(self) -> float | None:
        """The average of numbers."""
        ...

    @property
    def std(self) -> float | None:
        """Their standard deviation."""
        ...

    @property
    def quantiles(self) -> Sequence[Any]:
        """Values in order, the middle one among them."""
        ...

    @property
    def nulls(self) -> int:
        """Rows without a value."""
        ...

    @property
    def not_finite(self) -> int:
        """Rows with NaN or an infinity."""
        ...

    @property
    def low(self) -> Any:
        """The least value."""
        ...

    @property
    def high(self) -> Any:
        """The greatest value."""
        ...

    @property
    def top(self) -> Sequence[tuple[Any, int]]:
        """The most frequent values with their counts."""
        ...

    @property
    def edges(self) -> Sequence[int | float]:
        """The upper edges of bins that hold about as many rows each."""
        ...

    @property
    def counts(self) -> Sequence[int]:
        """How many rows each of these has."""
        ...

    @property
    def spread_edges(self) -> Sequence[int | float]:
        """The upper edges of bins of equal width."""
        ...

    @property
    def spread(self) -> Sequence[int]:
        """How many rows each of those has."""
        ...


class Below:
    """How many values of a column of numbers lie at or below a number.

    Args:
        column: its statistics.
    """

    def __init__(self, column: ProfiledColumn) -> None:
        known: dict[float, float] = {}
        for edges, counts in (
            (column.edges, column.counts),
            (column.spread_edges, column.spread),
        ):
            total = 0
            for edge, count in zip(edges, counts, strict=False):
                total += count
                known[float(edge)] = float(total)
        self.low, self.high = float(column.low), float(column.high)
        self.total = float(sum(column.counts or column.spread))
        known[self.high] = self.total
        self._is_whole = isinstance(column.low, int) and isinstance(column.high, int)
        self._known = set(known)
        self._edges = sorted(known)
        self._counts = [known[edge] for edge in self._edges]

    def knows(self, value: float) -> bool:
        """Return whether that was counted; else it lies between two counts, and is about what they say."""
        return value in self._known or value < self.low or value >= self.high

    def __call__(self, value: float) -> float:
        """Return how many there are."""
        if self._is_whole:  # there is nothing between two of them
            value = float(floor(value))
        place = bisect_right(self._edges, value)
        if place == len(self._edges):
            return self.total
        first = self._edges[place - 1] if place else self.low - self._is_whole
        before = self._counts[place - 1] if place else 0.0
        if value < self.low:
            return 0.0
        last = self._edges[place]
        part = share(value, first, last) if first < last else 1.0
        return before + part * (self._counts[place] - before)


def is_whole(column: ProfiledColumn, rows: int) -> bool:
    """Return whether the most frequent values are all that there are."""
    return sum(count for _, count in column.top) + column.nulls + column.not_finite == rows


def repeats(column: ProfiledColumn, rows: int) -> bool:
    """Return whether the most frequent values are most of what there is; keys and times are not."""
    return 2 * sum(count for _, count in column.top) >= rows - column.nulls > 0


def has_numbers(column: ProfiledColumn) -> bool:
    """Return whether its values are numbers; times and words have no scale here."""
    ends: Sequence[Any] = (column.low, column.high)
    return all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)
