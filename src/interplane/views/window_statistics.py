"""The statistics of windows of many rows at once, of values that each count in a range of the rows."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.views.limbs import deviations, float_sums, int_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.views.pairs import Bools, Floats, Ints
    from interplane.views.ranges import Ranges
    from interplane.views.versions import Values
    from interplane.views.view import Window

__all__ = ["Statistics"]

_LOWEST: Final[dict[str, Any]] = {"i": -(2**63), "f": -np.inf}
_HIGHEST: Final[dict[str, Any]] = {"i": 2**63 - 1, "f": np.inf}


class Statistics:
    """The statistics of one argument over windows of one span; what several need is computed once.

    Args:
        ranges: where each value counts.
        which: the version that each is of.
        values: the argument's values, of all versions.
    """

    def __init__(self, ranges: Ranges, which: Ints, values: Values) -> None:
        if values.known is not None:
            known = values.known[which]
            ranges, which = ranges.where(known), which[known]
        self._ranges = ranges
        self._which = which
        self._values = values.numbers

    def read(self, window: Window) -> tuple[NDArray[Any], Bools]:
        """Return a statistic at each place, and whether it is not null."""
        counts = self._ranges.counts
        if window.function == "count":
            return counts, np.ones(len(counts), np.bool_)
        if window.function == "count_distinct":
            return self._distinct, np.ones(len(counts), np.bool_)
        if window.function == "std":
            return deviations(self._ranges, self._floats)
        if window.function in ("min", "max"):
            return self._extremes(window.function), counts > 0
        if window.type == "int":
            whole, defined = int_sums(self._ranges, self._numbers)
            return whole, (counts > 0) & defined
        sums, defined = self._sums
        if window.function == "mean":
            sums = sums / np.maximum(counts, 1)
        return sums, (counts > 0) & defined

    def _extremes(self, function: str) -> NDArray[Any]:
        pick, nothing = (np.minimum, _HIGHEST) if function == "min" else (np.maximum, _LOWEST)
        return self._ranges.extremes(self._numbers, pick, nothing[self._numbers.dtype.kind])

    def read_end(self, window: Window, order: Ints, position: Ints) -> tuple[NDArray[Any], Bools]:
        """Return the first or last value at each place, and whether there is one.

        Args:
            window: which of them.
            order: the versions in the order of windows.
            position: the place of each version in that order.
        """
        there = self._ranges.counts > 0
        pick, nothing = (np.minimum, len(order)) if window.function == "first" else (np.maximum, -1)
        found = self._ranges.extremes(position[self._which], pick, nothing)
        values = self._values
        taken = np.zeros(len(found), values.dtype)
        taken[there] = values[order[found[there]]]
        return taken, there

    @cached_property
    def _numbers(self) -> NDArray[Any]:
        return self._values[self._which]

    @cached_property
    def _floats(self) -> Floats:
        return self._numbers.astype(np.float64, copy=False)

    @cached_property
    def _sums(self) -> tuple[Floats, Bools]:
        """The sums that means are made of: of floats, also where the values are whole."""
        return float_sums(self._ranges, self._floats)

    @cached_property
    def _distinct(self) -> Ints:
        return self._ranges.united(self._numbers.view(np.int64)).counts
