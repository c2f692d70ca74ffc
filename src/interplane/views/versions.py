"""The versions of events that windows count, by entity and by the time from which they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.views.history import FOREVER
from interplane.views.numbering import Numbering
from interplane.views.pairs import Pairs, starts_of
from interplane.views.ties import begins, one_each, repeated
from interplane.views.view import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.views.pairs import Bools, Ints
    from interplane.views.source_events import SourceEvents
    from interplane.views.view import View

__all__ = ["Values", "Versions"]


@dataclass(frozen=True)
class Values:
    """An argument's values.

    Attributes:
        numbers: int64 or float64; None where only their presence counts.
        known: whether each is not null; None if none is.
    """

    numbers: NDArray[Any] | None
    known: Bools | None

    @property
    def size_bytes(self) -> int:
        """How much memory they hold."""
        return sum(int(each.nbytes) for each in (self.numbers, self.known) if each is not None)


@dataclass(frozen=True)
class Versions:
    """Versions of events, sorted by entity and by when they enter.

    Attributes:
        starts: where each entity's begin, and at last where all end.
        enter: from when a version counts: it has happened, and is known.
        event: when it happened.
        until: when the next version of the same event is known; None if no event has two.
        values: the arguments of windows, by their place.
    """

    starts: Ints
    enter: Ints
    event: Ints
    until: Ints | None
    values: dict[int, Values]

    @classmethod
    def of(cls, events: SourceEvents, view: View) -> Self:
        """Order the events; leave out versions that never count."""
        enter = np.maximum(events.known, events.event) if view.forecast else events.known
        order = (events.by(enter) if view.forecast else events.by_known).rows
        entity, until = events.entity, _replaced(events)
        if until is not None:
            order = order[(until > enter)[order]]
            entity, until = entity[order], until[order]
        sorted_enter = enter[order]
        windows = [each for each in view.features.values() if isinstance(each, Window)]
        return cls(
            starts=starts_of(np.bincount(entity, minlength=events.entities.count)),
            enter=sorted_enter,
            event=sorted_enter if events.event is enter else events.event[order],
            until=until,
            values={
                place: _values(
                    events.arguments[place], order, counted=_only_counted(windows, place)
                )
                for place in sorted({each.argument for each in windows})
            },
        )

    @property
    def size_bytes(self) -> int:
        """How much memory they hold."""
        arrays = {id(each): each for each in (self.starts, self.enter, self.event, self.until)}
        values = sum(each.size_bytes for each in self.values.values())
        return values + sum(int(each.nbytes) for each in arrays.values() if each is not None)


def _only_counted(windows: list[Window], place: int) -> bool:
    return all(each.function == "count" for each in windows if each.argument == place)


def _values(column: pa.ChunkedArray, order: Ints, *, counted: bool) -> Values:
    known = None
    if column.null_count:
        known = np.asarray(column.is_valid().to_numpy())[order]
    if counted:
        return Values(None, known)
    kind = pa.float64() if pa.types.is_floating(column.type) else pa.int64()
    filled = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
    return Values(np.asarray(filled.cast(kind).to_numpy())[order], known)


def _replaced(events: SourceEvents) -> Ints | None:
    """Return until when each version is the last one known; None if no event has two versions."""
    rows, names = _maybe_versions(events)
    if not len(rows):
        return None
    pairs = Pairs.over(events.known[rows], entities=int(names.max()) + 1)
    packed = pairs.pack(names, events.known[rows])
    order = np.argsort(packed)
    rows, packed = rows[order], packed[order]
    until = np.full(len(events.known), FOREVER, np.int64)
    kept = one_each(packed, events.event, rows, events.arguments)
    if kept is not None:
        until[rows[~kept]] = events.known[rows[~kept]]  # it never counts
        rows, packed = rows[kept], packed[kept]
    names = packed >> pairs.bits
    again = names[1:] == names[:-1]
    until[rows[:-1][again]] = events.known[rows[1:][again]]
    return until if kept is not None or again.any() else None


def _maybe_versions(events: SourceEvents) -> tuple[Ints, Ints]:
    """Return rows that may be of events with several versions, and a number for each event."""
    none = np.zeros(0, np.int64)
    if not repeated(np.sort(events.key_hashes)).any():  # a sort of places takes much longer
        return none, none
    rows = np.argsort(events.key_hashes)
    rows = rows[repeated(events.key_hashes[rows])]
    first = begins(events.key_hashes[rows])
    columns = [pa.chunked_array([events.entity[rows]])]
    columns += [_long(column).take(pa.array(rows)) for column in events.key]
    if any(_differ(column, first) for column in columns):  # two events have one hash
        return rows, Numbering.of(columns)[1]
    return rows, np.cumsum(first, dtype=np.int64)


def _long(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.large_string()) if pa.types.is_string(column.type) else column


def _differ(column: pa.ChunkedArray, first: Bools) -> bool:
    """Return whether a value differs from the one before it, but where it is the first of some."""
    found = pc.not_equal(column[1:], column[:-1]).to_numpy()
    return bool((found & ~first[1:]).any())
