"""The versions of events that windows count, by entity and by the time from which they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from interplane.views.history import FOREVER
from interplane.views.numbering import Numbering
from interplane.views.pairs import starts_of
from interplane.views.ties import greatest, repeated
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
    several = _maybe_versions(events)
    if not len(several):
        return None
    columns = [pa.chunked_array([pa.array(events.entity[several])])]
    columns += [column.take(pa.array(several)) for column in events.key]
    _, names = Numbering.of(columns)
    known = events.known[several]
    until = np.full(len(events.known), FOREVER, np.int64)
    order = np.lexsort((known, names))
    order = _one_each(events, several, names, order)
    same = names[order[1:]] == names[order[:-1]]
    if len(order) == len(several) and not same.any():
        return None
    until[several] = known  # of those known at one time only the greatest counts at all
    until[several[order]] = FOREVER
    until[several[order[:-1][same]]] = known[order[1:][same]]
    return until


def _maybe_versions(events: SourceEvents) -> Ints:
    """Return the events whose entity and key have the hash of another one's."""
    hashes = np.sort(events.key_hashes)
    twice = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not len(twice):
        return np.zeros(0, np.int64)
    place = np.searchsorted(twice, events.key_hashes)
    place[place == len(twice)] = 0
    return np.flatnonzero(twice[place] == events.key_hashes)


def _one_each(events: SourceEvents, several: Ints, names: Ints, order: Ints) -> Ints:
    """Keep of the versions of an event that were known at one time the greatest."""
    known = events.known[several][order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (known[1:] != known[:-1]) | (names[order[1:]] != names[order[:-1]])
    groups = np.cumsum(begins, dtype=np.int64)
    tied = np.flatnonzero(repeated(groups))
    if not len(tied):
        return order
    kept = np.ones(len(order), np.bool_)
    kept[tied] = False
    rows = several[order[tied]]
    kept[tied[greatest(groups[tied], events.event[rows], rows, events.arguments)]] = True
    return order[kept]
