"""What the journal writes and reads of triggers and their firings, inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from interplane.monitoring.triggers.firing import Firing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

__all__ = ["add_firings", "last_begun", "list_firings", "put_firing", "read_marks", "write_marks"]

_COLUMNS = "id, trigger_name, state, began_us, ended_us, body"


def add_firings(connection: sqlite3.Connection, firings: Iterable[Firing]) -> int:
    """Write new firings; one that is there stays as it is. Return how many were new."""
    return sum(
        connection.execute(
            f"INSERT INTO firing ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            _row(firing),
        ).rowcount
        for firing in firings
    )


def put_firing(connection: sqlite3.Connection, firing: Firing) -> None:
    """Write a firing in the place of the one with its id."""
    connection.execute(
        f"INSERT INTO firing ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "state = excluded.state, began_us = excluded.began_us, ended_us = excluded.ended_us, "
        "body = excluded.body",
        _row(firing),
    )


def list_firings(
    connection: sqlite3.Connection,
    *,
    trigger: str | None,
    states: Iterable[str] | None,
    limit: int | None,
) -> list[Firing]:
    """Return firings, newest first."""
    parts, values = [], []
    if trigger is not None:
        parts.append("trigger_name = ?")
        values.append(trigger)
    if states is not None:
        wanted = list(states)
        parts.append(f"state IN ({', '.join('?' * len(wanted))})")
        values += wanted
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    rows = connection.execute(
        f"SELECT body FROM firing{where} ORDER BY place DESC LIMIT ?",
        [*values, -1 if limit is None else limit],
    )
    return [msgspec.json.decode(body, type=Firing) for (body,) in rows]


def last_begun(connection: sqlite3.Connection) -> dict[str, Firing]:
    """Return, of each trigger, the firing whose run began last."""
    rows = connection.execute(
        "SELECT trigger_name, body, max(began_us) FROM firing WHERE began_us IS NOT NULL "
        "GROUP BY trigger_name"
    )
    return {name: msgspec.json.decode(body, type=Firing) for name, body, _ in rows}


def read_marks(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how far each trigger was looked at."""
    return dict(connection.execute("SELECT name, value FROM mark"))


def write_marks(connection: sqlite3.Connection, marks: Mapping[str, int]) -> None:
    """Move marks."""
    connection.executemany(
        "INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(marks.items()),
    )


def _row(firing: Firing) -> tuple[object, ...]:
    return (
        firing.id,
        firing.trigger,
        firing.state,
        firing.began_us,
        firing.ended_us,
        msgspec.json.encode(firing),
    )
