"""`Grid`: the tallies of all slices of one slicing as arrays, which merge and become `Tally` values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.monitoring.tally import Moments, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from interplane.evaluation.slices import SliceValue

__all__ = ["COLUMN", "MOMENT", "Arrays", "Grid", "Values", "merge", "sort_key"]

Arrays = dict[str, "NDArray[Any]"]
"""Counts and sums by name; the first axis of each is the slices."""

Values = tuple["SliceValue", ...]
"""What a slice is: the value of each column of its slicing."""

COLUMN: Final = "column "
MOMENT: Final = "moment "


@dataclass(frozen=True, eq=False)
class Grid:
    """The tallies of the slices of a slicing.

    Attributes:
        values: the slices.
        arrays: ``rows``, ``positive``, and with outcomes ``labelled`` and ``covered`` (whole numbers,
            one for each slice); ``true_ranks``, ``false_ranks`` and ``column NAME`` (slices by bins);
            ``moment NAME`` (floats, slices by count, sum and sum of squares). One that is not there
            is nothing but zeros.
    """

    values: tuple[Values, ...]
    arrays: Arrays

    def take(self, places: Sequence[int] | NDArray[np.int64]) -> Grid:
        """Return some of the slices."""
        chosen = np.asarray(places, dtype=np.int64)
        return Grid(
            tuple(self.values[place] for place in chosen.tolist()),
            {name: array[chosen] for name, array in self.arrays.items()},
        )

    def keep(self, names: Iterable[str]) -> Grid:
        """Return the grid with these arrays only."""
        return Grid(self.values, {n: self.arrays[n] for n in names if n in self.arrays})

    def whole(self) -> Grid:
        """Return one slice of all rows: every row is in one slice of a slicing."""
        return Grid(((),), {n: array.sum(axis=0)[None] for n, array in self.arrays.items()})

    @property
    def rows(self) -> int:
        """How many rows all slices have."""
        return int(self.arrays["rows"].sum()) if "rows" in self.arrays else 0

    def tallies(self) -> dict[Values, Tally]:
        """Return each slice's tally, in the order of the slices' values."""
        order = sorted(range(len(self.values)), key=lambda place: sort_key(self.values[place]))
        plain = {name: array.tolist() for name, array in self.arrays.items()}
        return {self.values[place]: _tally(plain, place) for place in order}


def merge(grids: Iterable[Grid]) -> Grid:
    """Return the sum of grids of one slicing and one layout.

    >>> one = Grid((("JFK",), ("LGA",)), {"rows": np.array([2, 3])})
    >>> other = Grid((("LGA",),), {"rows": np.array([5])})
    >>> merge([one, other]).arrays["rows"].tolist()
    [2, 8]

    Raises:
        ValueError: if they count by different bins.
    """
    grids = list(grids)
    places: dict[Values, int] = {}
    for grid in grids:
        for values in grid.values:
            places.setdefault(values, len(places))
    arrays: Arrays = {}
    for grid in grids:
        own = np.array([places[values] for values in grid.values], dtype=np.int64)
        for name, array in grid.arrays.items():
            kind = np.float64 if array.dtype.kind == "f" else np.int64
            if name not in arrays:
                arrays[name] = np.zeros((len(places), *array.shape[1:]), kind)
            arrays[name][own] += array
    return Grid(tuple(places), arrays)


def sort_key(values: Values) -> tuple[tuple[int, Any], ...]:
    """Return what orders slices: numbers, then texts, then null, column by column.

    >>> sorted([("b",), (None,), (2,), ("a",), (True,)], key=sort_key)
    [(True,), (2,), ('a',), ('b',), (None,)]
    """
    return tuple(
        (2, 0) if value is None else (1, value) if isinstance(value, str) else (0, value)
        for value in values
    )


def _tally(plain: Mapping[str, Any], place: int) -> Tally:
    at = {name: values[place] for name, values in plain.items()}
    return Tally(
        rows=at.get("rows", 0),
        columns={
            name.removeprefix(COLUMN): tuple(counts)
            for name, counts in at.items()
            if name.startswith(COLUMN)
        },
        positive=at.get("positive", 0),
        labelled=at.get("labelled", 0),
        covered=at.get("covered", 0),
        true_ranks=tuple(at.get("true_ranks", ())),
        false_ranks=tuple(at.get("false_ranks", ())),
        moments={
            name.removeprefix(MOMENT): Moments(count=int(sums[0]), total=sums[1], squares=sums[2])
            for name, sums in at.items()
            if name.startswith(MOMENT)
        },
    )
