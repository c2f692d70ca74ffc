"""How a process reads the online store in SQLite: versions, states and what changed."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any, Self

from interplane.errors import StorageError
from interplane.storage.sqlite_connections import translate
from interplane.views.encoding import encode
from interplane.views.history import Event
from interplane.views.online_schema import FORM
from interplane.views.ports import Fact, Registered
from interplane.views.retention import windows_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from interplane.record import Digest
    from interplane.views.encoding import Encoding
    from interplane.views.ports import Entity
    from interplane.views.view import View

__all__ = ["SqliteReader", "read_registered"]

_VERSION = "PRAGMA data_version"
_LATEST = (
    "SELECT known, happened, key, body FROM event WHERE view = ?1 AND entity = ?2 "
    "AND is_latest = 1 AND known >= coalesce((SELECT known FROM event WHERE view = ?1 "
    "AND entity = ?2 AND is_latest = 1 AND known <= ?3 ORDER BY known DESC LIMIT 1), ?3) "
    "AND (is_version = 0 OR known <= ?4)"
)
_VERSIONS = (
    "SELECT known, happened, key, body FROM event WHERE view = ? AND entity = ? "
    "AND is_version = 1 AND known > ?"
)
_CHANGES = (
    "SELECT view, entity, known, happened, key, body FROM event WHERE place > ? "
    "AND view IN (SELECT number FROM view) ORDER BY place LIMIT ?"
)


def read_registered(
    connection: sqlite3.Connection,
    lookup: Callable[[sqlite3.Connection, int], tuple[View, Encoding]],
    *,
    source: str | None = None,
) -> tuple[Registered, ...]:
    """Return the registered views in order, or those of one source."""
    rows = connection.execute("SELECT number, horizon FROM view ORDER BY number").fetchall()
    views = (Registered(lookup(connection, number)[0], number, at) for number, at in rows)
    return tuple(each for each in views if source is None or source in each.view.sources)


class SqliteReader:
    """Reads on a connection of its own.

    Args:
        connection: the connection.
        path: the file, for messages.
        lookup: gives the view of a number.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        lookup: Callable[[sqlite3.Connection, int], tuple[View, Encoding]],
    ) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._path = path
        self._lookup = lookup
        self._pid = os.getpid()

    def version(self) -> int:
        """Return SQLite's own number, which a commit on any other connection changes."""
        try:
            version: int = self._cursor.execute(_VERSION).fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise translate(error, "reading", self._path, what=FORM.what) from error
        return version

    def load(self, registered: Registered, entity: Entity, time: int) -> Sequence[Event]:
        """Return of an entity's events at least those that matter at any time from ``time`` on.

        Outside a state it is of now, and where the view has latest values and windows, of two
        moments: who asks has to see that the version is the same afterwards.
        """
        view, number, _ = registered
        _, encoding = self._lookup(self._connection, number)
        name, after = encode(entity), windows_after(view, time)
        rows = []
        if view.has_latest:  # what windows need as well comes below
            rows = self.all(_LATEST, (number, name, time, after))
        if view.has_windows:
            rows += self.all(_VERSIONS, (number, name, after))
        return [_event(row, encoding) for row in rows]

    def load_all(
        self, asked: Sequence[tuple[Registered, Entity]], time: int
    ) -> tuple[list[Sequence[Event]], int]:
        """Return what `load` returns of several entities, and the version after reading."""
        found = [self.load(registered, entity, time) for registered, entity in asked]
        return found, self.version()

    def state(
        self,
        asked: Sequence[tuple[Registered, Entity]] = (),
        *,
        time: int = 0,
        since: int = 0,
        most: int = 0,
    ) -> SqliteState:
        """Open the state of now; whatever will be asked of it."""
        del asked, time, since, most
        if os.getpid() != self._pid:
            raise StorageError(
                f"this reader of {self._path} was opened by process {self._pid}, before a fork",
                expected="a reader of this process",
                do="Open the online store again",
            )
        return SqliteState(self)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    # for states --------------------------------------------------------------------------------

    def all(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Return all rows that a statement gives."""
        try:
            return self._cursor.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise translate(error, "reading", self._path, what=FORM.what) from error

    def registered(self) -> tuple[Registered, ...]:
        """Return the registered views."""
        try:
            return read_registered(self._connection, self._lookup)
        except sqlite3.DatabaseError as error:
            raise translate(error, "reading", self._path, what=FORM.what) from error

    def end(self) -> None:
        """End the transaction, if there is one."""
        if self._connection.in_transaction:
            self.all("ROLLBACK")

    def facts(self, rows: Sequence[Any]) -> list[Fact]:
        """Return rows of events as facts."""
        found = []
        for number, entity, *event in rows:
            _, encoding = self._lookup(self._connection, number)
            found.append(Fact(number, encoding.entity(entity), _event(event, encoding)))
        return found


class SqliteState:
    """One state, for as long as a reading transaction is open.

    Attributes:
        version: what `SqliteReader.version` says of it.
    """

    __slots__ = ("_reader", "load", "version")

    def __init__(self, reader: SqliteReader) -> None:
        self._reader = reader
        self.load = reader.load
        self.version = 0

    def __enter__(self) -> Self:
        self._reader.all("BEGIN")
        self.version = self._reader.version()
        return self

    def __exit__(self, *error: object) -> None:
        self._reader.end()

    def registered(self) -> Mapping[Digest, Registered]:
        """Return the registered views by digest."""
        return {each.view.digest: each for each in self._reader.registered()}

    def last(self) -> int:
        """Return the place of the newest event that is there."""
        found: int = self._reader.all("SELECT coalesce(max(place), 0) FROM event")[0][0]
        return found

    def changes(self, after: int, *, most: int) -> Sequence[Fact] | None:
        """Return the events that were taken in after a place; None if they are too many."""
        rows = self._reader.all(_CHANGES, (after, most + 1))
        return self._reader.facts(rows) if len(rows) <= most else None


def _event(row: Sequence[Any], encoding: Encoding) -> Event:
    known, happened, key, body = row
    return Event(known, happened, encoding.key(key), encoding.values(body))
