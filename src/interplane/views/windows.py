"""Windows of many rows at once: each version counts in a range of the rows, sorted by time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interplane.data.types import arrow_type
from interplane.views.limbs import float_sums, int_sums
from interplane.views.pairs import Pairs, starts_of
from interplane.views.ranges import Ranges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interplane.views.pairs import Bools, Floats, Ints
    from interplane.views.versions import Values, Versions
    from interplane.views.view import View, Window

__all__ = ["read_windows"]

_BLOCK: Final = 1 << 18
_THREADS: Final = min(4, os.cpu_count() or 1)  # each works on a block: more of them, more memory
_LONGEST_US: Final = 1 << 60
"""Longer than all time there is: the years 1 to 9999 are less than 2⁵⁹ microseconds."""


def read_windows(
    view: View,
    versions: Versions,
    entity: Ints,
    times: Ints,
    asked: Bools,
    *,
    block: int = _BLOCK,
) -> dict[int, pa.Array]:
    """Return the windows of each row, by the feature's place in the view.

    Args:
        view: the view.
        versions: the versions of its events.
        entity: the number of each row's entity; -1 for one without events.
        times: the time of each row, in microseconds.
        asked: whether a row names an entity and a time; all is null where it does not.
        block: about how many versions and rows to work on at once; an entity is never cut.
    """
    rows = np.flatnonzero(asked & (entity >= 0))
    pairs = Pairs.over(times[rows], entities=len(versions.starts) - 1)
    rows = rows[np.argsort(pairs.pack(entity[rows], times[rows]))]
    slots = [slot for _, group in view.window_slots for slot in group]
    answers = {slot: _Answer.of(window, len(rows)) for slot, window in slots}
    asking = _Asking(entity[rows], times[rows])

    def answer(part: _Asking) -> None:
        _Block.of(versions, part).answer(view, answers)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(answer, asking.parts(versions, size=block)))
    return {slot: answer.spread(rows, asked) for slot, answer in answers.items()}


@dataclass(frozen=True)
class _Asking:
    """Rows that ask, sorted by entity and time.

    Attributes:
        entity: the number of each one's entity.
        times: its time.
        since: the place of the first one among all that ask.
    """

    entity: Ints
    times: Ints
    since: int = 0

    def parts(self, versions: Versions, *, size: int) -> Iterator[_Asking]:
        """Yield the rows of some entities after those of others, so that each part is small."""
        entities, first, rows = np.unique(self.entity, return_index=True, return_counts=True)
        work = rows + versions.starts[entities + 1] - versions.starts[entities]
        number = np.cumsum(work) // size
        changes = first[1:][number[1:] != number[:-1]]
        for begin, end in pairwise((0, *changes.tolist(), len(self.entity))):
            if begin < end:
                yield _Asking(self.entity[begin:end], self.times[begin:end], begin)


@dataclass(frozen=True)
class _Answer:
    """A feature's values for the rows that ask, in their order, and whether they are not null."""

    window: Window
    values: NDArray[Any]
    known: Bools

    @classmethod
    def of(cls, window: Window, rows: int) -> _Answer:
        kind = np.float64 if window.type == "float" else np.int64
        return cls(window, np.zeros(rows, kind), np.full(rows, window.function == "count"))

    def spread(self, rows: Ints, asked: Bools) -> pa.Array:
        """Return the column of all rows: nothing is counted for an entity without events."""
        values = np.zeros(len(asked), self.values.dtype)
        known = asked.copy() if self.window.function == "count" else np.zeros(len(asked), np.bool_)
        values[rows] = self.values
        known[rows] = self.known
        return pa.array(values, mask=~known).cast(arrow_type(self.window.type))


@dataclass(frozen=True)
class _Block:
    """Some entities: their versions, and the rows that ask about them, as one number each."""

    versions: Versions
    rows: slice | Ints
    entity: Ints
    pairs: Pairs
    asking: Ints
    since: int

    @classmethod
    def of(cls, versions: Versions, part: _Asking) -> _Block:
        entities, asking = np.unique(part.entity, return_inverse=True)
        begin, end = versions.starts[entities], versions.starts[entities + 1]
        pairs = Pairs.over(part.times, entities=len(entities))
        return cls(
            versions=versions,
            rows=_rows(begin, end),
            entity=np.repeat(np.arange(len(entities)), end - begin),
            pairs=pairs,
            asking=pairs.pack(asking, part.times),
            since=part.since,
        )

    def answer(self, view: View, answers: dict[int, _Answer]) -> None:
        """Write what the rows ask for to their places."""
        begin = self._first_asking_from(self.versions.enter[self.rows])
        here = slice(self.since, self.since + len(self.asking))
        for duration, slots in view.window_slots:
            end = self._first_asking_from(self._exit(duration))
            counted = begin < end
            ranges = Ranges(begin[counted], end[counted], len(self.asking))
            found: dict[int, _Statistics] = {}
            for slot, window in slots:
                if window.argument not in found:
                    values = self.versions.values[window.argument]
                    found[window.argument] = _Statistics(ranges, *self._chosen(values, counted))
                values_here, known_here = found[window.argument].read(window)
                answers[slot].values[here] = values_here
                answers[slot].known[here] = known_here

    def _first_asking_from(self, times: Ints) -> Ints:
        return np.searchsorted(self.asking, self.pairs.pack_from(self.entity, times), side="left")

    def _exit(self, duration: int) -> Ints:
        leaves = self.versions.event[self.rows] + min(duration, _LONGEST_US)
        until = self.versions.until
        return leaves if until is None else np.minimum(leaves, until[self.rows])

    def _chosen(self, values: Values, counted: Bools) -> tuple[NDArray[Any] | None, Bools | None]:
        numbers = None if values.numbers is None else values.numbers[self.rows][counted]
        known = None if values.known is None else values.known[self.rows][counted]
        return numbers, known


class _Statistics:
    """The statistics of one argument over windows of one length; sums and counts are shared."""

    def __init__(self, ranges: Ranges, numbers: NDArray[Any] | None, known: Bools | None) -> None:
        if known is not None:
            ranges = ranges.where(known)
            numbers = None if numbers is None else numbers[known]
        self._ranges = ranges
        self._numbers = numbers
        self._float_sums: tuple[Floats, Bools] | None = None

    def read(self, window: Window) -> tuple[NDArray[Any], Bools]:
        """Return the value at each place, and whether it is not null."""
        counts, numbers = self._ranges.counts, self._numbers
        some = counts > 0
        if window.function == "count" or numbers is None:
            return counts, np.ones(len(counts), np.bool_)
        match window.function:
            case "min":
                return self._ranges.extremes(
                    numbers, np.minimum, _HIGHEST[numbers.dtype.kind]
                ), some
            case "max":
                return self._ranges.extremes(numbers, np.maximum, _LOWEST[numbers.dtype.kind]), some
            case "sum" if window.of != "float":
                whole, defined = int_sums(self._ranges, numbers)
                return whole, some & defined
        sums, defined = self._sums_as_floats(numbers)
        if window.function == "mean":
            sums = sums / np.maximum(counts, 1)
        return sums, some & defined

    def _sums_as_floats(self, numbers: NDArray[Any]) -> tuple[Floats, Bools]:
        """Return the sums that means are made of: of floats, also where the values are whole."""
        if self._float_sums is None:
            self._float_sums = float_sums(self._ranges, numbers.astype(np.float64, copy=False))
        return self._float_sums


_LOWEST: dict[str, Any] = {"i": -(2**63), "f": -np.inf}
_HIGHEST: dict[str, Any] = {"i": 2**63 - 1, "f": np.inf}


def _rows(begin: Ints, end: Ints) -> slice | Ints:
    """Return the places of some spans, one after the other."""
    if (begin[1:] == end[:-1]).all():
        return slice(int(begin[0]), int(end[-1]))
    starts = starts_of(end - begin)
    places: Ints = np.arange(starts[-1]) + np.repeat(begin - starts[:-1], end - begin)
    return places
