"""Sums the counts of batches, group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interplane.monitoring.counting.grid import Grid
from interplane.monitoring.counting.slicing import check_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.monitoring.counting.grid import Arrays, Values
    from interplane.monitoring.counting.plan import Part, Piece

__all__ = ["Gathering"]


class Gathering:
    """The counts of one slicing so far.

    A group is a part (an hour, a crossing) and a slice that have rows together: in an hour most of
    many slices have none, and take no room.

    Args:
        slicing: the slicing.
    """

    def __init__(self, slicing: tuple[str, ...]) -> None:
        self._slicing = slicing
        self._groups: dict[tuple[Part, Values], int] = {}
        self._slices: set[Values] = set()
        self._arrays: Arrays = {}

    def add(self, piece: Piece) -> None:
        """Add the counts of a batch.

        Raises:
            UsageError: if there are too many slices by now.
        """
        self._slices.update(values for _, values in piece.groups)
        check_size(self._slicing, len(self._slices))
        groups = self._groups
        own = np.array([groups.setdefault(each, len(groups)) for each in piece.groups], np.int64)
        for name, array in piece.arrays.items():
            sums = self._arrays[name] = _room(self._arrays.get(name), array, len(groups))
            sums[own] += array

    def grids(self) -> dict[Part, Grid]:
        """Return the slices of each part."""
        of_part: dict[Part, list[tuple[Values, int]]] = {}
        for (part, values), place in self._groups.items():
            of_part.setdefault(part, []).append((values, place))
        whole = Grid(tuple(values for _, values in self._groups), self._arrays)
        return {part: whole.take([p for _, p in each]) for part, each in of_part.items()}


def _room(sums: NDArray[Any] | None, like: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the sums with room for so many groups: twice as much where it was too little."""
    there = 0 if sums is None else len(sums)
    if sums is not None and there >= size:
        return sums
    kind = np.float64 if like.dtype.kind == "f" else np.int64
    larger = np.zeros((max(size, 2 * there), *like.shape[1:]), kind)
    if sums is not None:
        larger[:there] = sums
    return larger
