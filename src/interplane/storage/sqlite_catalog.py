"""The catalog in one SQLite file."""

from __future__ import annotations

import json
import os
import sqlite3
import weakref
from contextlib import closing
from typing import TYPE_CHECKING, Any

from interplane.errors import NotFound, StorageError
from interplane.record import Digest, short
from interplane.storage.clock import SystemClock, time_text
from interplane.storage.entries import read_record
from interplane.storage.host import SystemHost
from interplane.storage.leases import begin, refuse_held, refuse_lost
from interplane.storage.ports import Entry, Lease, Move, Numbered, Receipt, Writer
from interplane.storage.sqlite_connections import Connections, translated
from interplane.storage.sqlite_schema import TABLES, initial_rows
from interplane.storage.sqlite_writes import (
    NewEntry,
    Stamp,
    find_holding,
    next_fence,
    write_batch,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from interplane.storage.clock import Clock
    from interplane.storage.host import Host
    from interplane.storage.ports import Batch

__all__ = ["SqliteCatalog"]

_PAGE = 500
_AFTER_ALL = "\U0010ffff"
_ENTRY = "SELECT digest, body, at, actor, sequence FROM entry"
_GIVEN_UP: set[tuple[int, int, int]] = set()
"""Leases of this process that nobody holds, and that a full or failing disk still has."""
_MOVE = "SELECT pointer, previous, target, at, actor, reason, sequence FROM move"


class SqliteCatalog:
    """The append-only record in one SQLite file, shared by any number of processes and threads.

    Args:
        path: the file, made by ``create``.
        clock: the clocks.
        host: what tells whether the holder of a lease is still there.
        funnel: whether writes go through a lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        host: Host | None = None,
        funnel: bool | None = None,
        patience_s: float = 60.0,
    ) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._host = host or SystemHost()
        self._connections = Connections(path, funnel=funnel, patience_s=patience_s)
        self._closing = weakref.finalize(self, self._connections.close)

    @staticmethod
    def create(path: Path, *, clock: Clock | None = None) -> None:
        """Make a new catalog file, complete and durable.

        Raises:
            StorageError: if there is a file already, or it cannot be made.
        """
        created = (clock or SystemClock()).now_utc()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644))
        except OSError as error:
            raise StorageError.from_os(error, doing=f"making {path}") from error
        with (
            translated("making", path),
            closing(sqlite3.connect(path, isolation_level=None)) as connection,
        ):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN IMMEDIATE; {TABLES}")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", initial_rows(created))
            connection.execute("COMMIT")

    # writing -----------------------------------------------------------------------------------

    def writer(self, actor: str) -> Writer:
        """Return a writer with a fresh fencing number."""
        return Writer(actor, self._connections.write(next_fence))

    def write(self, batch: Batch, *, writer: Writer) -> Receipt:
        """Write a batch in one transaction.

        Raises:
            Fenced: the writer's lease has ended, or a checked pointer was moved by somebody else.
            StorageError: the outcome is unknown; the same call may be made again.
        """
        entries = [NewEntry.of(record) for record in batch.entries]

        def work(connection: sqlite3.Connection) -> Receipt:
            if writer.lease is not None:
                refuse_lost(find_holding(connection, writer.lease), writer)
            stamp = Stamp(self._clock.now_utc(), writer.actor, writer.fence)
            return write_batch(connection, batch, entries, stamp)

        return self._connections.write(work)

    # entries and values ------------------------------------------------------------------------

    def get(self, digest: Digest) -> Entry:
        """Return an entry, or raise NotFound."""
        entry = self.find(digest)
        if entry is None:
            raise NotFound(
                f"there is no entry {short(digest)} in {self.path}",
                do='See what there is with "interplane runs" and "interplane models"',
                digest=digest,
            )
        return entry

    def find(self, digest: Digest) -> Entry | None:
        """Return an entry or None."""
        rows = self._all(f"{_ENTRY} WHERE digest = ?", digest)
        return _entry(rows[0]) if rows else None

    def resolve(self, prefix: str) -> Sequence[Digest]:
        """Return the digests of entries that begin with ``prefix`` (at most 10)."""
        found = self._all(
            "SELECT digest FROM entry WHERE digest >= ? AND digest < ? ORDER BY digest LIMIT 10",
            prefix,
            prefix + _AFTER_ALL,
        )
        return [Digest(digest) for (digest,) in found]

    def list(
        self, kind: str | None = None, *, limit: int | None = None, before: int | None = None
    ) -> Iterator[Entry]:
        """Yield entries, newest first; with ``before`` those whose sequence is less than it."""
        wanted = "" if kind is None else "AND kind = ?"
        before, left = 1 << 62 if before is None else before, limit
        while left is None or left > 0:
            page = _PAGE if left is None else min(_PAGE, left)
            rows = self._all(
                f"{_ENTRY} WHERE sequence < ? {wanted} ORDER BY sequence DESC LIMIT {page}",
                *((before,) if kind is None else (before, kind)),
            )
            yield from map(_entry, rows)
            if len(rows) < page:
                return
            before = rows[-1][4]
            left = None if left is None else left - page

    def value(self, digest: Digest) -> bytes | None:
        """Return the bytes of an inline value, or None. Not verified here: `Store.read` does."""
        rows = self._all("SELECT body FROM value WHERE digest = ?", digest)
        return bytes(rows[0][0]) if rows else None

    def values(self) -> Iterator[Digest]:
        """Yield the digest of every inline value."""
        for (digest,) in self._paged("SELECT rowid, digest FROM value WHERE rowid > ?", "rowid"):
            yield Digest(digest)

    def present(self, digests: Iterable[Digest]) -> frozenset[Digest]:
        """Return those of ``digests`` that name an entry or an inline value, in one read."""
        asked = json.dumps(list(digests))
        rows = self._all(
            "SELECT digest FROM entry WHERE digest IN (SELECT value FROM json_each(?1)) UNION "
            "SELECT digest FROM value WHERE digest IN (SELECT value FROM json_each(?1))",
            asked,
        )
        return frozenset(Digest(digest) for (digest,) in rows)

    def standing_on(self, digest: Digest) -> Sequence[Digest]:
        """Return the entries whose records link to ``digest``, oldest first."""
        rows = self._all(
            "SELECT entry.digest FROM link JOIN entry ON entry.sequence = link.source "
            "WHERE link.target = ? ORDER BY entry.sequence",
            digest,
        )
        return [Digest(source) for (source,) in rows]

    def bodies(self) -> Iterator[tuple[Digest, bytes]]:
        """Yield every entry as it is stored, oldest first, unverified."""
        rows = self._paged(
            "SELECT sequence, digest, body FROM entry WHERE sequence > ?", "sequence"
        )
        for digest, body in rows:
            yield Digest(digest), bytes(body)

    # series and pointers -----------------------------------------------------------------------

    def series(self, name: str) -> Sequence[Numbered]:
        """Return the members of a series in order; empty if there is none."""
        rows = self._all(
            "SELECT number, digest, at, actor FROM member WHERE series = ? ORDER BY number", name
        )
        return [Numbered(*row) for row in rows]

    def names(self, prefix: str) -> Sequence[str]:
        """Return the names of all series that begin with ``prefix``, sorted."""
        rows = self._all(
            "SELECT series FROM member WHERE number = 1 AND series >= ? AND series < ? "
            "ORDER BY series",
            prefix,
            prefix + _AFTER_ALL,
        )
        return [name for (name,) in rows]

    def pointer(self, name: str, *, at: str | None = None) -> Digest | None:
        """Return where a pointer is now, or where it was ``at`` a time (ISO 8601, UTC)."""
        if at is None:
            rows = self._all("SELECT target FROM pointer WHERE name = ?", name)
        else:
            rows = self._all(
                "SELECT target FROM move WHERE pointer = ? AND at <= ? "
                "ORDER BY sequence DESC LIMIT 1",
                name,
                time_text(at),
            )
        return _digest(rows[0][0]) if rows else None

    def pointers(self, names: Iterable[str]) -> Mapping[str, Digest]:
        """Return where each of many pointers is now, in one read; absent ones are left out."""
        rows = self._all(
            "SELECT name, target FROM pointer WHERE target IS NOT NULL "
            "AND name IN (SELECT value FROM json_each(?))",
            json.dumps(list(names)),
        )
        return {name: Digest(target) for name, target in rows}

    def moves(self, name: str) -> Sequence[Move]:
        """Return the log of a pointer, oldest first."""
        rows = self._all(f"{_MOVE} WHERE pointer = ? ORDER BY sequence", name)
        return [Move(*row) for row in rows]

    def all_moves(self) -> Iterator[Move]:
        """Yield the whole log of moves, oldest first."""
        rows = self._paged(
            _MOVE.replace("SELECT", "SELECT sequence,", 1) + " WHERE sequence > ?", "sequence"
        )
        for row in rows:
            yield Move(*row)

    # leases ------------------------------------------------------------------------------------

    def acquire(self, name: str, *, actor: str) -> Writer:
        """Take a lease and return a writer that holds it.

        Raises:
            Fenced: somebody else holds it and has not expired.
        """

        def work(connection: sqlite3.Connection) -> Writer:
            held = find_holding(connection, name)
            if held is None or self._mark(held.fence) not in _GIVEN_UP:
                refuse_held(held, clock=self._clock, host=self._host)
            fence = next_fence(connection)
            held = begin(name, actor=actor, fence=fence, clock=self._clock, host=self._host)
            connection.execute(
                "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (held.name, held.fence, held.actor, *held.process, held.beat),
            )
            return Writer(actor, fence, name)

        return self._connections.write(work)

    def beat(self, writer: Writer) -> None:
        """Say that the holder is alive. Raises Fenced if the lease is no longer its own."""

        def work(connection: sqlite3.Connection) -> None:
            refuse_lost(find_holding(connection, writer.lease), writer)
            connection.execute(
                "UPDATE lease SET beat = ? WHERE name = ?", (self._clock.monotonic(), writer.lease)
            )

        self._connections.write(work)

    def release(self, writer: Writer) -> None:
        """Give a lease back; no change if it is no longer held.

        Where that cannot be written, this process may take the lease again, and others when it ends.

        Raises:
            StorageError: the lease is still there for other processes.
        """

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM lease WHERE name = ? AND fence = ?", (writer.lease, writer.fence)
            )

        try:
            self._connections.write(work)
        except StorageError:
            _GIVEN_UP.add(self._mark(writer.fence))
            raise

    def _mark(self, fence: int) -> tuple[int, int, int]:
        """Return what is of no other lease in this process, of whatever catalog."""
        try:
            state = self.path.stat()
        except OSError:
            return 0, 0, fence
        return state.st_dev, state.st_ino, fence

    def lease(self, name: str) -> Lease | None:
        """Return who holds a lease, and whether it has expired; None if nobody does."""
        held = self._connections.read(lambda connection: find_holding(connection, name))
        return held.to_lease(clock=self._clock, host=self._host) if held is not None else None

    # the file ----------------------------------------------------------------------------------

    def inspect(self) -> Sequence[str]:
        """Return what is wrong with the file's own structure, in words; empty if nothing is."""
        rows = self._all("PRAGMA integrity_check")
        return [text for (text,) in rows if text != "ok"]

    def close(self) -> None:
        """Close all connections."""
        self._closing()

    def _all(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._connections.read(
            lambda connection: connection.execute(statement, values).fetchall()
        )

    def _paged(self, statement: str, key: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a long read in short ones, so that none holds the log back."""
        after = -1
        while rows := self._all(f"{statement} ORDER BY {key} LIMIT {_PAGE}", after):
            for position, *rest in rows:
                after = position
                yield tuple(rest)


def _entry(row: tuple[Any, ...]) -> Entry:
    digest, body, at, actor, sequence = row
    return Entry(digest, read_record(digest, bytes(body)), at, actor, sequence)


def _digest(text: str | None) -> Digest | None:
    return Digest(text) if text is not None else None
