"""The latest events of each entity by the time from which they are that, ready to be searched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa

from interplane.views.pairs import Pairs
from interplane.views.ties import one_each

if TYPE_CHECKING:
    from interplane.views.pairs import Bools, Ints
    from interplane.views.source_events import SourceEvents
    from interplane.views.view import View

__all__ = ["Frontier"]

_ONE_PIECE: Final = 1 << 30
"""Arrow's text arrays end at 2 GiB."""


@dataclass(frozen=True)
class Frontier:
    """For each entity the events that are its latest at some time, by when they were known.

    Attributes:
        pairs: how entity and known-at time are one number.
        packed: that number of each event, ascending.
        event: the event times; None where nothing asks for their age.
        rows: where the event's arguments stand; None where they stand in this order.
        arguments: what features take of the events, by the argument's place.
    """

    pairs: Pairs
    packed: Ints
    event: Ints | None
    rows: Ints | None
    arguments: dict[int, pa.ChunkedArray]

    @classmethod
    def of(cls, events: SourceEvents, view: View) -> Self:
        """Keep of the events those that are the latest at some time."""
        order = events.by_known
        rows, packed = order.rows, order.packed
        kept = one_each(packed, events.event, rows, events.arguments)
        if kept is not None:
            rows, packed = rows[kept], packed[kept]
        event = events.event[rows]
        if events.event is not events.known:
            entity = packed >> order.pairs.bits
            reached = _reached(entity, event, entities=events.entities.count)
            if reached is not None:
                rows, packed, event = rows[reached], packed[reached], event[reached]
        wanted = sorted({argument for _, argument in view.latest_slots})
        few = len(rows) < len(events.known) // 2  # then what is not needed shall not be kept
        chosen = pa.array(rows) if few else None
        return cls(
            order.pairs,
            packed,
            None if view.ttl_us is None else event,
            None if few else rows,
            {place: _argument(events.arguments[place], chosen) for place in wanted},
        )

    def take(self, argument: int, places: Ints, found: Bools) -> pa.Array:
        """Return an argument of the events at these places; null where none was found."""
        column = self.arguments[argument]
        if not len(self.packed):
            return pa.nulls(len(places), column.type)
        rows = places if self.rows is None else self.rows[places]
        return column.take(pa.array(rows, mask=~found)).combine_chunks()

    def find(self, entity: Ints, times: Ints, *, ttl_us: int | None) -> tuple[Ints, Bools]:
        """Return the place of each entity's latest event at a time, and whether there is one.

        Args:
            entity: the numbers of entities; -1 for one that has no events.
            times: when, in microseconds.
            ttl_us: how old it may be.
        """
        if not len(self.packed):
            return np.zeros(len(entity), np.int64), np.zeros(len(entity), np.bool_)
        wanted = self.pairs.pack(np.maximum(entity, 0), times)
        order = np.argsort(wanted)  # neighbours are searched one after the other: half the time
        places = np.empty(len(wanted), np.int64)
        places[order] = np.searchsorted(self.packed, wanted[order], side="right") - 1
        found = (entity >= 0) & (places >= 0)
        places[~found] = 0
        found &= self.packed[places] >> self.pairs.bits == entity
        if ttl_us is not None and self.event is not None:
            found &= times - self.event[places] <= ttl_us
        return places, found

    @property
    def size_bytes(self) -> int:
        """How much memory it holds."""
        arrays = (self.packed, self.event, self.rows, *self.arguments.values())
        return sum(int(each.nbytes) for each in arrays if each is not None)


def _reached(entity: Ints, event: Ints, *, entities: int) -> Bools | None:
    """Return which events are not older than all of their entity before them; None for all.

    The entities are overwritten.
    """
    if not ((event[1:] < event[:-1]) & (entity[1:] == entity[:-1])).any():
        return None
    ages = Pairs.over(event, entities=entities).fold(entity, event.copy())
    reached: Bools = ages == np.maximum.accumulate(ages)
    return reached


def _argument(column: pa.ChunkedArray, chosen: pa.Array | None) -> pa.ChunkedArray:
    """Return a column, or some rows of it, in one piece where that may be: text may be too long."""
    if chosen is not None:
        column = column.take(chosen)
    if column.num_chunks > 1 and column.nbytes < _ONE_PIECE:
        return pa.chunked_array([column.combine_chunks()])
    return column
