"""What a writing transaction of the online store does to its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.views.encoding import encode
from interplane.views.history import Event
from interplane.views.retention import is_reached, keeps_every_event, windows_after

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from interplane.views.encoding import Encoding
    from interplane.views.ports import Fact
    from interplane.views.view import View

__all__ = ["write_facts"]

_NEIGHBOUR = (
    "SELECT place, known, happened, body FROM event WHERE view = ? AND entity = ? "
    "AND is_latest = 1 AND known {} ? ORDER BY known {} LIMIT 1"
)
_BEFORE = _NEIGHBOUR.format("<=", "DESC")
_AFTER = _NEIGHBOUR.format(">", "ASC")
_ADD = (
    "INSERT INTO event (view, entity, known, happened, key, body, is_latest, is_version) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_REPLACED = (
    "SELECT key, max(known) FROM event WHERE view = ? AND entity = ? AND is_version = 1 "
    "AND known <= ? GROUP BY key"
)
_HIDDEN = (
    "SELECT place FROM event WHERE view = ? AND entity = ? AND is_latest = 1 "
    "AND known > ? AND happened < ?"
)


def write_facts(
    connection: sqlite3.Connection,
    facts: Sequence[Fact],
    lookup: Callable[[int], tuple[View, Encoding]],
) -> list[bool]:
    """Take events in, inside a transaction; return for each whether it changed anything.

    Args:
        connection: the writing connection.
        facts: the events.
        lookup: gives the view of a number that is registered.
    """
    horizons = dict(connection.execute("SELECT number, horizon FROM view"))
    writers: dict[int, _Writer] = {}
    changed = []
    for number, entity, event in facts:
        if number not in horizons:
            changed.append(False)
            continue
        writer = writers.get(number)
        if writer is None:
            view, encoding = lookup(number)
            writer = writers[number] = _Writer(
                connection, number, view, encoding, horizon=horizons[number]
            )
        changed.append(writer.write(encode(entity), event))
    return changed


class _Writer:
    """Takes in events of one view."""

    __slots__ = (
        "_after",
        "_cursor",
        "_encoding",
        "_horizon",
        "_keeps_every",
        "_number",
        "_replacing",
        "_view",
    )

    def __init__(
        self,
        connection: sqlite3.Connection,
        number: int,
        view: View,
        encoding: Encoding,
        *,
        horizon: int | None,
    ) -> None:
        self._cursor = connection.cursor()
        self._number = number
        self._view = view
        self._encoding = encoding
        self._horizon = horizon
        self._after = windows_after(view, horizon)
        self._keeps_every = keeps_every_event(view)
        self._replacing: dict[bytes, dict[bytes, int]] = {}

    def write(self, entity: bytes, event: Event) -> bool:
        """Take one event in; return whether it changed anything."""
        is_latest = self._view.has_latest and self._reach(entity, event)
        key = encode(event.key)
        is_version = self._view.has_windows and self._counts(entity, key, event.known)
        if not (is_latest or is_version):
            return False
        row = (self._number, entity, event.known, event.event, key)
        self._cursor.execute(_ADD, (*row, encode(event.values), is_latest, is_version))
        return self._cursor.rowcount > 0

    def _reach(self, entity: bytes, event: Event) -> bool:
        """Return whether the event is the latest at some time; unmark what it hides for good."""
        of = (self._number, entity, event.known)
        before = self._cursor.execute(_BEFORE, of).fetchone()
        after = self._cursor.execute(_AFTER, of).fetchone()
        if not is_reached(event, self._event(before), self._event(after), horizon=self._horizon):
            return False
        hidden = []
        if before is not None and (before[1] == event.known or self._is_past(event.known)):
            hidden.append(before[0])
        if after is not None and after[2] < event.event:
            rows = self._cursor.execute(_HIDDEN, (*of, event.event))
            hidden += [place for (place,) in rows]
        for place in hidden:
            self._unmark(place)
        return True

    def _counts(self, entity: bytes, key: bytes, known: int) -> bool:
        """Return whether a version can be in a window from the horizon on, or end one that is."""
        horizon = self._horizon
        if horizon is None or known > horizon or not self._keeps_every:
            return known > self._after
        replacing = self._replacing.get(entity)
        if replacing is None:
            rows = self._cursor.execute(_REPLACED, (self._number, entity, horizon))
            replacing = self._replacing[entity] = dict(rows.fetchall())
        if replacing.get(key, known) > known:
            return False
        replacing[key] = known
        return True

    def _is_past(self, known: int) -> bool:
        """Return whether an event that was known then hides all before it from the horizon on."""
        return self._horizon is not None and known <= self._horizon

    def _unmark(self, place: int) -> None:
        self._cursor.execute("UPDATE event SET is_latest = 0 WHERE place = ?", (place,))
        self._cursor.execute("DELETE FROM event WHERE place = ? AND is_version = 0", (place,))

    def _event(self, row: tuple[int, int, int, bytes] | None) -> Event | None:
        if row is None:
            return None
        return Event(row[1], row[2], (), self._encoding.values(row[3]))
