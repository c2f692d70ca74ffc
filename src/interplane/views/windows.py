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
from interplane.views.events import FOREVER
from interplane.views.pairs import Pairs, starts_of
from interplane.views.ranges import Ranges
from interplane.views.versions import LONGEST_US, entered
from interplane.views.window_statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from interplane.expressions.windows import Last
    from interplane.views.pairs import Bools, Ints
    from interplane.views.versions import Versions
    from interplane.views.view import View, Window

__all__ = ["read_windows"]

_BLOCK: Final = 1 << 18
_THREADS: Final = min(4, os.cpu_count() or 1)  # each works on a block: more of them, more memory


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
    answers = {slot: _Answer.of(window, versions, len(rows)) for slot, window in slots}
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
    texts: pa.Array | None

    @classmethod
    def of(cls, window: Window, versions: Versions, rows: int) -> _Answer:
        kind = np.float64 if window.type == "float" else np.int64
        texts = versions.values[window.argument].texts if window.type == "str" else None
        return cls(window, np.zeros(rows, kind), np.full(rows, _is_count(window)), texts)

    def spread(self, rows: Ints, asked: Bools) -> pa.Array:
        """Return the column of all rows: nothing is counted for an entity without events."""
        values = np.zeros(len(asked), self.values.dtype)
        known = asked.copy() if _is_count(self.window) else np.zeros(len(asked), np.bool_)
        values[rows] = self.values
        known[rows] = self.known
        found, kind = pa.array(values, mask=~known), arrow_type(self.window.type)
        if self.texts is not None:
            found = self.texts.take(found)
        elif self.window.type == "date":
            found = found.cast(pa.int32())
        return found.cast(kind)


def _is_count(window: Window) -> bool:
    return window.function in ("count", "count_distinct")


@dataclass(frozen=True)
class _Block:
    """Some entities: their versions, and the rows that ask about them, as one number each."""

    versions: Versions
    entities: Ints
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
            entities=entities,
            rows=_rows(begin, end),
            entity=np.repeat(np.arange(len(entities)), end - begin),
            pairs=pairs,
            asking=pairs.pack(asking, part.times),
            since=part.since,
        )

    def answer(self, view: View, answers: dict[int, _Answer]) -> None:
        """Write what the rows ask for to their places."""
        here = slice(self.since, self.since + len(self.asking))
        for span, slots in view.window_slots:
            ranges, which = self._counted(span)
            found: dict[int, Statistics] = {}
            for slot, window in slots:
                if window.argument not in found:
                    values = self.versions.values[window.argument]
                    found[window.argument] = Statistics(ranges, which, values)
                read = self._read(window, found[window.argument])
                answers[slot].values[here], answers[slot].known[here] = read

    def _read(self, window: Window, found: Statistics) -> tuple[NDArray[Any], Bools]:
        order, position = self.versions.order, self.versions.position
        if window.function in ("first", "last") and order is not None and position is not None:
            return found.read_end(window, order, position)
        return found.read(window)

    def _counted(self, span: Last) -> tuple[Ranges, Ints]:
        """Return the ranges in which versions count in windows of a span, and which versions."""
        if span.rows is not None:
            held = self.versions.rows[span]
            begin, end = held.starts[self.entities], held.starts[self.entities + 1]
            rows, entity = _rows(begin, end), np.repeat(np.arange(len(begin)), end - begin)
            which, times = held.which[rows], (held.begin[rows], held.end[rows])
        else:
            which, entity = _numbers(self.rows), self.entity
            enter = entered(self.versions.enter[self.rows], self.versions.event[self.rows], span)
            times = (enter, self._exit(span))
        first, after = (self._first_asking_from(entity, each) for each in times)
        counted = first < after
        return Ranges(first[counted], after[counted], len(self.asking)), which[counted]

    def _first_asking_from(self, entity: Ints, times: Ints) -> Ints:
        return np.searchsorted(self.asking, self.pairs.pack_from(entity, times), side="left")

    def _exit(self, span: Last) -> Ints:
        until = self.versions.until
        if span.duration_us is None:
            return np.full(len(self.entity), FOREVER) if until is None else until[self.rows]
        length = min(span.duration_us, LONGEST_US) + min(span.delay_us, LONGEST_US)
        leaves = self.versions.event[self.rows] + length
        return leaves if until is None else np.minimum(leaves, until[self.rows])


def _numbers(rows: slice | Ints) -> Ints:
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows


def _rows(begin: Ints, end: Ints) -> slice | Ints:
    """Return the places of some spans, one after the other."""
    if (begin[1:] == end[:-1]).all():
        return slice(int(begin[0]), int(end[-1]))
    starts = starts_of(end - begin)
    places: Ints = np.arange(starts[-1]) + np.repeat(begin - starts[:-1], end - begin)
    return places
