"""The events of a source table, by column: read, checked and computed on the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.data.engine import connect
from interplane.data.evaluating import read
from interplane.expressions.nodes import Column
from interplane.views.computed import evaluate_named
from interplane.views.numbering import Numbering
from interplane.views.pairs import Pairs
from interplane.views.union import check_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interplane.data.table import Table
    from interplane.views.pairs import Hashes, Ints
    from interplane.views.view import View

__all__ = ["Order", "SourceEvents", "microseconds", "no_events_text"]

_NEGATIVE_ZERO: Final = -(2**63)
"""The bits of -0.0, read as a whole number."""


@dataclass(frozen=True)
class Order:
    """Events sorted by entity and by some time.

    Attributes:
        pairs: how entity and time are one number.
        rows: the place of each event in the source.
        packed: the number of each event, ascending.
    """

    pairs: Pairs
    rows: Ints
    packed: Ints

    @property
    def entity(self) -> Ints:
        """The number of each event's entity, in new memory."""
        return self.packed >> self.pairs.bits


@dataclass(frozen=True)
class SourceEvents:
    """The rows of a source that are events of an entity, in the order of the source.

    Attributes:
        entities: the entities and their numbers.
        entity: the number of each event's entity.
        known: when each was known, in microseconds.
        event: when it happened; the same array where that is the same column.
        key: the columns that name an event.
        arguments: the view's arguments, without NaN and negative zero.
        rows: how many rows the source has; those that are no events are in no feature.
        lacking: how many of them are null in each column that makes an event; those without any left out.
    """

    entities: Numbering
    entity: Ints
    known: Ints
    event: Ints
    key: tuple[pa.ChunkedArray, ...]
    arguments: tuple[pa.ChunkedArray, ...]
    rows: int
    lacking: Mapping[str, int]

    @classmethod
    def read(cls, view: View, source: Table) -> SourceEvents:
        """Read them from a table. A row without entity, time or key is none.

        Raises:
            UnknownName: if the table lacks a column that the view reads.
            DataError: if a column has another type, or an event was known before it happened.
        """
        check_source(view, view.source, source.types)
        every = read(source, view.columns)
        lacking = _lacking(view, every)
        rows = _events_of(every, lacking)
        known = microseconds(rows.column(view.known_at))
        same = view.known_at == view.event_time
        event = known if same else microseconds(rows.column(view.event_time))
        if not (same or view.forecast):
            _check_times(view, event, known)
        entities, numbers = Numbering.of([rows.column(name) for name in view.entity])
        return cls(
            entities=entities,
            entity=numbers,
            known=known,
            event=event,
            key=tuple(rows.column(name) for name in view.key),
            arguments=_arguments(view, rows),
            rows=every.num_rows,
            lacking=lacking,
        )

    @cached_property
    def by_known(self) -> Order:
        """Their order by entity and known-at time."""
        return self.by(self.known)

    def by(self, times: Ints) -> Order:
        """Return their order by entity and some time."""
        pairs = Pairs.over(times, entities=self.entities.count)
        if not (times[1:] < times[:-1]).any():  # events mostly come in the order of time
            bits = len(times).bit_length()
            both = self.entity << bits
            both |= np.arange(len(times))
            both.sort()  # a sort of numbers is much faster than one of places
            rows = both & ((1 << bits) - 1)
            both >>= bits
            return Order(pairs, rows, pairs.fold(both, times[rows]))
        packed = pairs.pack(self.entity, times)
        rows = np.argsort(packed)
        return Order(pairs, rows, packed[rows])

    @cached_property
    def key_hashes(self) -> Hashes:
        """A hash of each event's entity and key; equal ones may still be of two."""
        columns = {f"c{place}": column for place, column in enumerate((self.entity, *self.key))}
        with connect() as connection:
            connection.register("keys", pa.table(columns))
            found = connection.sql(f"SELECT hash({', '.join(columns)}) FROM keys").to_arrow_table()
        return np.asarray(found.column(0).to_numpy())


def microseconds(column: pa.ChunkedArray) -> Ints:
    """Return timestamps without nulls as whole microseconds since 1970.

    >>> microseconds(pa.chunked_array([pa.array([5], pa.timestamp("us"))]))
    array([5])
    """
    return np.asarray(column.cast(pa.int64()).to_numpy())


def no_events_text(rows: int, events: int, lacking: Mapping[str, int]) -> str:
    """Return how many rows of a table are no events, and what they lack; empty if all are.

    >>> no_events_text(1800, 1760, {"who": 10, "known": 30})
    '40 of 1,800 rows are no events: 10 without who, 30 without known'
    """
    if events == rows:
        return ""
    without = ", ".join(f"{count:,} without {name}" for name, count in lacking.items())
    return f"{rows - events:,} of {rows:,} rows are no events: {without}"


def _lacking(view: View, rows: pa.Table) -> dict[str, int]:
    """Return how often each column is null without which a row is no event: entity, times, key."""
    names = dict.fromkeys((*view.entity, view.known_at, view.event_time, *view.key))
    counts = {name: rows.column(name).null_count for name in names}
    return {name: count for name, count in counts.items() if count}


def _events_of(rows: pa.Table, lacking: Iterable[str]) -> pa.Table:
    """Leave out the rows that are no event: null in one of some columns."""
    there = None
    for name in lacking:
        valid = rows.column(name).is_valid()
        there = valid if there is None else pc.and_(there, valid)
    return rows if there is None else rows.filter(there)


def _arguments(view: View, rows: pa.Table) -> tuple[pa.ChunkedArray, ...]:
    computed = {
        str(place): node
        for place, node in enumerate(view.arguments)
        if not isinstance(node, Column)
    }
    found = evaluate_named(computed, rows) if computed else rows
    return tuple(
        _clean(rows.column(node.name) if isinstance(node, Column) else found.column(str(place)))
        for place, node in enumerate(view.arguments)
    )


def _clean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with null for NaN and zero for negative zero."""
    if not pa.types.is_floating(column.type):
        return column
    broken = pc.is_nan(column)
    if pc.any(broken).as_py():
        column = pc.if_else(broken, pa.scalar(None, column.type), column)
    bits = (chunk.view(pa.int64()) for chunk in column.chunks)
    if any(pc.any(pc.equal(chunk, _NEGATIVE_ZERO)).as_py() for chunk in bits):
        column = pc.add(column, 0.0)
    return column


def _check_times(view: View, event: Ints, known: Ints) -> None:
    """Refuse events that were known before they happened; the first one is named."""
    early = event > known
    count = np.count_nonzero(early)
    if not count:
        return
    first = int(np.argmax(early))
    times = pa.array([event[first], known[first]]).cast(pa.timestamp("us")).to_pylist()
    others = f", and {count - 1:,} more are like it" if count > 1 else ""
    raise view.known_too_early(f"{times[0]}", f"{times[1]}{others}")
