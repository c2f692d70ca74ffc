"""The order in which windows take events: when they happened, when they were known, their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interplane.views.pairs import Pairs
from interplane.views.ties import begins, ranks, repeated

if TYPE_CHECKING:
    from interplane.views.pairs import Bools, Ints
    from interplane.views.source_events import SourceEvents

__all__ = ["in_order"]


def in_order(events: SourceEvents, rows: Ints, entity: Ints) -> Ints:
    """Return the places of some events, entity by entity in the order of windows.

    Args:
        events: the events.
        rows: which ones; by entity, and best by known-at time.
        entity: the entity of each.
    """
    happened = events.event[rows]
    packed = Pairs.over(happened, entities=events.entities.count).pack(entity, happened)
    order = np.argsort(packed, kind="stable")  # mostly sorted already: that is fast
    tied = repeated(packed[order])
    if not tied.any():
        return order
    _sort_tied(order, tied, begins(packed[order]), [events.known[rows]])
    first = begins(packed[order])
    first[1:] |= events.known[rows[order]][1:] != events.known[rows[order]][:-1]
    tied = ~first
    tied[:-1] |= tied[1:]
    if tied.any():
        few = np.sort(order[tied])
        columns = []
        for argument in events.arguments:
            column = np.zeros(len(rows), np.int64)
            column[few] = ranks(argument.take(rows[few]))
            columns.append(column)
        _sort_tied(order, tied, first, columns)
    return order


def _sort_tied(order: Ints, tied: Bools, first: Bools, columns: list[Ints]) -> None:
    """Sort the tied ones of each group by columns, the first one first."""
    places = order[tied]
    group = np.cumsum(first, dtype=np.int64)[tied]
    again = np.lexsort((*(column[places] for column in reversed(columns)), group))
    order[tied] = places[again]
