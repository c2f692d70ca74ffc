"""The events of a table brought into an online store: of each entity what can still matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from interplane.errors import DataError
from interplane.views.history import Event
from interplane.views.ports import Fact
from interplane.views.retention import windows_after
from interplane.views.source_events import SourceEvents
from interplane.views.view import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from interplane.data.table import Table
    from interplane.record import Digest
    from interplane.views.numbering import Numbering
    from interplane.views.pairs import Bools, Ints
    from interplane.views.ports import OnlineStore
    from interplane.views.view import View

__all__ = ["Materialized", "materialize"]

_BATCH: Final = 2000


@dataclass(frozen=True)
class Materialized:
    """What was brought into an online store.

    Attributes:
        view: the version of the view.
        rows: the rows of the table.
        events: how many of them are events; the others lack an entity, a time or a key.
        lacking: how many rows are null in each of those columns that has any.
        needed: how many of the events could still matter when the call began.
        written: how many of those changed anything; the others were there.
        entities: how many entities have events.
        horizon: from when on the view can be read, in microseconds since 1970.
    """

    view: Digest
    rows: int
    events: int
    lacking: Mapping[str, int]
    needed: int
    written: int
    entities: int
    horizon: int


def materialize(
    store: OnlineStore,
    view: View,
    source: Table,
    *,
    since: datetime | None = None,
    latest: datetime | None = None,
    progress: Callable[[float], None] | None = None,
) -> Materialized:
    """Bring the events of a table into an online store, where reads go on meanwhile.

    Events are facts: writing them is idempotent, and the horizon moves when all are there. So a call
    that is killed can be made again, and one that is made twice changes nothing. Events that are
    pushed from the beginning of the call on are kept beside those of the table. No transaction holds
    a part of an entity's new events: an entity is read as before, or with all of them.

    Args:
        store: the store; the view is registered there.
        view: the view.
        source: the table that its events come from.
        since: from when on it will be read (UTC where it has no time zone). Without it the horizon that
            there is stays, and a new view is read from the latest known-at time in the table on. What
            was let go does not come back: a horizon that is later already stays.
        latest: the clock: without ``since`` the horizon is never later, whatever the table says.
        progress: is told the share that is done, from 0 to 1.

    Raises:
        UnknownName: if the table lacks a column that the view reads.
        DataError: if such a column has another type, an event was known before it happened and the
            view is no forecast, or nothing says from when on the view will be read.
        StorageError: if the store cannot be written.
    """
    tell = progress or (lambda _share: None)
    events = SourceEvents.read(view, source)
    registered = store.register(view)
    horizon = _horizon(view, events, since, latest, registered.horizon)
    # Until the horizon moves, times before it can be read: what they need is written too.
    present = registered.horizon
    order = _needed(view, events, horizon if present is None else present)
    written = done = 0
    for facts in _batches(registered.number, events, order):
        written += sum(store.write(facts) or ())
        done += len(facts)
        tell(done / len(order))
    horizon = store.advance(view, horizon)
    tell(1.0)
    return Materialized(
        view=view.digest,
        rows=source.rows,
        events=len(events.known),
        lacking=events.lacking,
        needed=len(order),
        written=written,
        entities=events.entities.count,
        horizon=horizon,
    )


def _horizon(
    view: View,
    events: SourceEvents,
    since: datetime | None,
    latest: datetime | None,
    present: int | None,
) -> int:
    """Return the horizon that the store will have."""
    if since is not None:
        asked = micros(_utc(since))
    elif present is not None:
        return present
    elif len(events.known):
        asked = int(events.known.max())
        if latest is not None:
            asked = min(asked, micros(_utc(latest)))
    else:
        raise DataError(
            f"the source {view.source!r} of the feature view {view.name} has no event",
            expected="events, or a time from which the view will be read",
            do='Say it with "--since", or materialize when there are events',
        )
    return asked if present is None else max(asked, present)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _needed(view: View, events: SourceEvents, horizon: int) -> Ints:
    """Return the events that can matter from the horizon on, and a few more, entity by entity."""
    order = np.lexsort((events.known, events.entity))
    known = events.known[order]
    needed = np.zeros(len(order), np.bool_)
    if view.has_latest:
        entity = events.entity[order]
        reached = events.event[order] >= _running_maximum(entity, events.event[order])
        needed[reached] = _from_last(entity[reached], known[reached], horizon)
    if view.has_windows:
        needed |= known > windows_after(view, horizon)
    found: Ints = order[needed]
    return found


def _from_last(entity: Ints, known: Ints, horizon: int) -> Bools:
    """Return which events are the last of their entity that is known at the horizon, or later ones.

    >>> _from_last(np.array([0, 0, 1, 0]), np.array([1, 2, 3, 4]), 3).tolist()
    [False, True, True, True]
    """
    by_then = known <= horizon
    last = np.full(entity.max(initial=-1) + 1, known.min(initial=0))
    np.maximum.at(last, entity[by_then], known[by_then])
    found: Bools = known >= last[entity]
    return found


def _running_maximum(entity: Ints, event: Ints) -> Ints:
    """Return the greatest event time so far of each row's entity."""
    times, ranks = np.unique(event, return_inverse=True)
    shifted = entity * len(times) + ranks
    return np.asarray(times[np.maximum.accumulate(shifted) - entity * len(times)])


def _batches(number: int, events: SourceEvents, order: Ints) -> Iterator[list[Fact]]:
    """Yield the facts in batches that part no entity's."""
    if not len(order):
        return
    entity = events.entity[order]
    begins = np.flatnonzero(np.concatenate(([True], entity[1:] != entity[:-1])))
    _, first = np.unique(begins // _BATCH, return_index=True)
    cuts = [*begins[first], len(order)]
    for begin, end in pairwise(cuts):
        yield _facts(number, events, order[begin:end])


def _facts(number: int, events: SourceEvents, rows: Ints) -> list[Fact]:
    entities = zip(*_entities(events.entities, events.entity[rows]), strict=True)
    known, event = events.known[rows].tolist(), events.event[rows].tolist()
    keys, values = _tuples(events.key, rows), _tuples(events.arguments, rows)
    return [
        Fact(number, entity, Event(*each))
        for entity, *each in zip(entities, known, event, keys, values, strict=True)
    ]


def _tuples(columns: Sequence[pa.ChunkedArray], rows: Ints) -> Sequence[tuple[Any, ...]]:
    if not columns:
        return [()] * len(rows)
    taken = pa.array(rows)
    return list(zip(*(column.take(taken).to_pylist() for column in columns), strict=True))


def _entities(numbering: Numbering, numbers: Ints) -> list[list[Any]]:
    """Return the values that numbers of entities stand for, by column."""
    columns = []
    for values, pairs in zip(
        reversed(numbering.values[1:]), reversed(numbering.combinations), strict=True
    ):
        numbers, places = np.divmod(pairs.take(pa.array(numbers)).to_numpy(), len(values))
        columns.append(values.take(pa.array(places)).to_pylist())
    columns.append(numbering.values[0].take(pa.array(numbers)).to_pylist())
    return columns[::-1]
