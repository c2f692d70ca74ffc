"""What a writing transaction of the catalog does to its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from interplane.record import Digest, digest_bytes
from interplane.storage.host import Process
from interplane.storage.leases import Holding
from interplane.storage.moves import refuse_moved
from interplane.storage.ports import Receipt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from interplane.record import Record
    from interplane.storage.ports import Append, Batch, MoveRequest

__all__ = ["NewEntry", "Stamp", "find_holding", "next_fence", "write_batch"]


class Stamp(NamedTuple):
    """What every row carries: when, by whom, under which fence."""

    at: str
    actor: str
    fence: int


class NewEntry(NamedTuple):
    """A record made ready before the transaction begins, so that others wait less."""

    digest: Digest
    kind: str
    body: bytes
    links: tuple[Digest, ...]

    @classmethod
    def of(cls, record: Record) -> NewEntry:
        """Make a record ready."""
        body = record.to_bytes()
        return cls(digest_bytes(body), record.kind, body, tuple(record.links()))


def write_batch(
    connection: sqlite3.Connection, batch: Batch, entries: Sequence[NewEntry], stamp: Stamp
) -> Receipt:
    """Write a batch, whose entries are given ready, inside a transaction."""
    connection.executemany(
        "INSERT INTO value VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(digest, data, *stamp) for digest, data in batch.values.items()],
    )
    for entry in entries:
        _insert_entry(connection, entry, stamp)
    appended = [_append(connection, item, stamp) for item in batch.appends]
    for item in batch.moves:
        _move(connection, item, stamp)
    return Receipt(tuple(number for number, _ in appended), tuple(new for _, new in appended))


def next_fence(connection: sqlite3.Connection) -> int:
    """Count the fence up and return it."""
    row = connection.execute("UPDATE fence SET last = last + 1 RETURNING last").fetchone()
    return int(row[0])


def find_holding(connection: sqlite3.Connection, name: str | None) -> Holding | None:
    """Return who holds a lease, or None."""
    row = connection.execute(
        "SELECT name, fence, actor, boot, space, pid, started, beat FROM lease WHERE name = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    name, fence, actor, boot, space, pid, started, beat = row
    return Holding(name, fence, actor, Process(boot, space, pid, started), beat)


def _insert_entry(connection: sqlite3.Connection, entry: NewEntry, stamp: Stamp) -> None:
    cursor = connection.execute(
        "INSERT INTO entry (digest, kind, body, at, actor, fence) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (entry.digest, entry.kind, entry.body, *stamp),
    )
    if cursor.rowcount:
        connection.executemany(
            "INSERT INTO link VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(target, cursor.lastrowid) for target in entry.links],
        )


def _append(connection: sqlite3.Connection, item: Append, stamp: Stamp) -> tuple[int, bool]:
    there = connection.execute(
        "SELECT number FROM member WHERE series = ? AND digest = ?", item
    ).fetchone()
    if there is not None:
        return int(there[0]), False
    (last,) = connection.execute(
        "SELECT coalesce(max(number), 0) FROM member WHERE series = ?", (item.series,)
    ).fetchone()
    connection.execute(
        "INSERT INTO member VALUES (?, ?, ?, ?, ?, ?)",
        (item.series, last + 1, item.digest, *stamp),
    )
    return int(last) + 1, True


def _move(connection: sqlite3.Connection, item: MoveRequest, stamp: Stamp) -> None:
    row = connection.execute(
        "SELECT target FROM pointer WHERE name = ?", (item.pointer,)
    ).fetchone()
    now = Digest(row[0]) if row is not None and row[0] is not None else None
    if now == item.target:
        return
    refuse_moved(item, now)
    cursor = connection.execute(
        "INSERT INTO move (pointer, previous, target, at, actor, fence, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (item.pointer, now, item.target, *stamp, item.reason),
    )
    connection.execute(
        "INSERT OR REPLACE INTO pointer VALUES (?, ?, ?)",
        (item.pointer, item.target, cursor.lastrowid),
    )
