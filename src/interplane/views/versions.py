"""The versions of events that windows count, by entity and by the time from which they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.views.event_order import in_order
from interplane.views.events import FOREVER
from interplane.views.numbering import Numbering, encode
from interplane.views.pairs import Pairs, starts_of
from interplane.views.row_ranges import RowRanges
from interplane.views.ties import begins, one_each, repeated
from interplane.views.view import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from interplane.expressions.windows import Last
    from interplane.views.pairs import Bools, Ints
    from interplane.views.source_events import SourceEvents
    from interplane.views.view import View

__all__ = ["LONGEST_US", "Values", "Versions", "entered"]

LONGEST_US: Final = 1 << 60
"""Longer than all time there is: the years 1 to 9999 are less than 2⁵⁹ microseconds."""


@dataclass(frozen=True)
class Values:
    """An argument's values, as numbers in their order: days, microseconds, places in a list of texts.

    Attributes:
        numbers: int64 or float64; empty where only their presence counts.
        known: whether each is not null; None if none is.
        texts: the different texts, sorted, that numbers are places in; None for other types.
    """

    numbers: NDArray[Any]
    known: Bools | None
    texts: pa.Array | None = None

    @property
    def size_bytes(self) -> int:
        """How much memory they hold."""
        parts = (self.numbers, self.known, self.texts)
        return sum(int(each.nbytes) for each in parts if each is not None)


@dataclass(frozen=True)
class Versions:
    """Versions of events, sorted by entity and by when they enter.

    Attributes:
        starts: where each entity's begin, and at last where all end.
        enter: from when a version counts: it has happened, and is known.
        event: when it happened.
        until: when the next version of the same event is known; None if no event has two.
        values: the arguments of windows, by their place.
        order: the places of versions, entity by entity in the order of windows; None if no window asks.
        position: the place of each version in that order.
        rows: for each span of so many events when versions are among them.
    """

    starts: Ints
    enter: Ints
    event: Ints
    until: Ints | None
    values: dict[int, Values]
    order: Ints | None
    position: Ints | None
    rows: dict[Last, RowRanges]

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
        starts = starts_of(np.bincount(entity, minlength=events.entities.count))
        event = sorted_enter if events.event is enter else events.event[order]
        places = in_order(events, order, events.entity[order]) if view.needs_order else None
        windows = [each for each in view.features.values() if isinstance(each, Window)]
        return cls(
            starts=starts,
            enter=sorted_enter,
            event=event,
            until=until,
            values={
                place: _values(
                    events.arguments[place], order, counted=_only_counted(windows, place)
                )
                for place in sorted({each.argument for each in windows})
            },
            order=places,
            position=None if places is None else _inverse(places),
            rows={
                span: RowRanges.of(
                    starts, places, entered(sorted_enter, event, span), until, rows=span.rows
                )
                for span, _ in view.window_slots
                if span.rows is not None and places is not None
            },
        )

    @property
    def size_bytes(self) -> int:
        """How much memory they hold."""
        parts = (self.starts, self.enter, self.event, self.until, self.order, self.position)
        arrays = {id(each): each for each in parts}
        values = sum(each.size_bytes for each in self.values.values())
        values += sum(each.size_bytes for each in self.rows.values())
        return values + sum(int(each.nbytes) for each in arrays.values() if each is not None)


def _inverse(places: Ints) -> Ints:
    found = np.empty(len(places), np.int64)
    found[places] = np.arange(len(places))
    return found


def entered(enter: Ints, event: Ints, span: Last) -> Ints:
    """Return from when versions count in windows of a span: its delay after they happened, or later."""
    if not span.delay_us:
        return enter
    return np.maximum(enter, event + min(span.delay_us, LONGEST_US))


def _only_counted(windows: list[Window], place: int) -> bool:
    return all(each.function == "count" for each in windows if each.argument == place)


def _values(column: pa.ChunkedArray, order: Ints, *, counted: bool) -> Values:
    known = None
    if column.null_count:
        known = np.asarray(column.is_valid().to_numpy())[order]
    if counted:
        return Values(np.zeros(0, np.int64), known)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _texts(column, order, known)
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    kind = pa.float64() if pa.types.is_floating(column.type) else pa.int64()
    filled = column.cast(kind).fill_null(0)
    return Values(np.asarray(filled.to_numpy())[order], known)


def _texts(column: pa.ChunkedArray, order: Ints, known: Bools | None) -> Values:
    places, texts = encode(column)
    by_text = pc.sort_indices(texts)
    ranks = np.zeros(len(texts) + 1, np.int64)  # the last one is that of null, at place -1
    ranks[by_text.to_numpy()] = np.arange(len(texts))
    return Values(ranks[places][order], known, texts.take(by_text))


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
