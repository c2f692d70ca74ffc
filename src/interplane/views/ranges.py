"""What stands in ranges of places: counts, totals and extremes of each place, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.views.pairs import Bools, Ints

__all__ = ["Ranges"]


@dataclass(frozen=True)
class Ranges:
    """Ranges of places, each with a value; what is asked for is about the values at each place.

    Attributes:
        begin: the first place of each range.
        end: the place after its last one; greater than begin.
        size: how many places there are.

    >>> ranges = Ranges(np.array([0, 1]), np.array([2, 4]), 5)
    >>> ranges.counts.tolist()
    [1, 2, 1, 1, 0]
    >>> ranges.extremes(np.array([5, 9]), np.maximum, 0).tolist()
    [5, 9, 9, 9, 0]
    """

    begin: Ints
    end: Ints
    size: int

    def where(self, chosen: Bools) -> Ranges:
        """Return some of the ranges."""
        return Ranges(self.begin[chosen], self.end[chosen], self.size)

    @cached_property
    def counts(self) -> Ints:
        """How many ranges hold each place."""
        places = self.size + 1
        changes = np.bincount(self.begin, minlength=places) - np.bincount(
            self.end, minlength=places
        )
        return np.cumsum(changes)[:-1]

    @cached_property
    def most(self) -> int:
        """How many ranges hold one place, at most."""
        return int(self.counts.max(initial=0))

    def totals(self, values: Ints) -> Ints:
        """Return the sum of the values at each place, modulo 2⁶⁴."""
        changes = np.zeros((1, self.size + 1), np.int64)
        self.add(changes, None, values)
        return np.cumsum(changes[0])[:-1]

    def add(self, changes: Ints, rows: Ints | None, values: Ints) -> None:
        """Add values to a matrix of changes: in where a range begins, out where it ends.

        Args:
            changes: a row of ``size`` + 1 places for each limb; its running sums are the totals.
            rows: the row of each value; the first one if not given.
            values: a value for each range.
        """
        flat, width = changes.reshape(-1), changes.shape[1]
        first = 0 if rows is None else rows * width
        np.add.at(flat, first + self.begin, values)
        np.subtract.at(flat, first + self.end, values)

    def united(self, names: Ints) -> Ranges:
        """Return ranges that hold each place once for each name that a range has there.

        >>> Ranges(np.array([0, 1, 1]), np.array([2, 4, 2]), 5).united(
        ...     np.array([7, 7, 8])
        ... ).counts.tolist()
        [1, 2, 1, 1, 0]
        """
        if not len(names):
            return self
        order = np.lexsort((self.begin, names))
        begin, end, names = self.begin[order], self.end[order], names[order]
        group = np.zeros(len(names), np.int64)
        np.cumsum(names[1:] != names[:-1], out=group[1:])
        group *= self.size + 1  # those of a later name reach further than all before
        reach = np.maximum.accumulate(group + end)
        starts = np.flatnonzero(np.concatenate(([True], (group + begin)[1:] >= reach[:-1])))
        last = np.append(starts[1:], len(names)) - 1
        return Ranges(begin[starts], (reach - group)[last], self.size)

    def extremes(self, values: NDArray[Any], pick: np.ufunc, nothing: Any) -> NDArray[Any]:
        """Return the least or greatest value at each place.

        Each range is two blocks, of a power of two of places, that may overlap. Blocks are
        collected by their length and then handed down, the longer to two of half the length.

        Args:
            values: a value for each range.
            pick: ``numpy.minimum`` or ``numpy.maximum``.
            nothing: what stands where no range is; it never wins.
        """
        if not len(values):
            return np.full(self.size, nothing, values.dtype)
        level = np.frexp((self.end - self.begin).astype(np.float64))[1].astype(np.int64) - 1
        found = np.full((int(level.max()) + 1, self.size), nothing, values.dtype)
        flat, first = found.reshape(-1), level * self.size
        pick.at(flat, first + self.begin, values)
        pick.at(flat, first + self.end - (np.int64(1) << level), values)
        for above in range(len(found) - 1, 0, -1):
            half, below = 1 << (above - 1), found[above - 1]
            pick(below, found[above], out=below)
            pick(below[half:], found[above][:-half], out=below[half:])
        widest: NDArray[Any] = found[0]
        return widest
