"""Clients' own ids: one answer per id, whichever worker is asked and whatever died in between.

What an id was answered is kept in a small SQLite file, which only requests that bring an id touch.
The order of a request is: look, predict, **keep**, **log**, answer. Whoever keeps first wins; a second
worker answers what the first one kept. A worker that dies between keeping and logging leaves the
entries behind, and the next request with that id logs them; if they were logged after all, they are
the same entries with the same ids, and a reader of the log has each once.

A commit is not synced: it survives the death of any process, as a frame of the prediction log does.
A power cut may take the last ids (never the file): their next request is predicted again, under
the same prediction ids.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from blake3 import blake3

from interplane.errors import Corrupt, NewerFormat
from interplane.serving.refusals import IdTaken
from interplane.storage.file_lock import FileLock
from interplane.storage.sqlite_connections import Connections, translated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KEPT_S", "ClientIds", "Kept", "request_digest"]

KEPT_S: Final = 24 * 3600
"""How long an id is answered the same, unless a server says otherwise."""

_FORMAT: Final = 1
_WHAT: Final = "file of clients' ids"
_PATIENCE_S: Final = 1.0
_PRUNED_EVERY_US: Final = 60 * 1_000_000
_PRUNED_AT_ONCE: Final = 500

_TABLES: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE answer (
    model TEXT NOT NULL, id TEXT NOT NULL, request BLOB NOT NULL, at_us INTEGER NOT NULL,
    answer BLOB NOT NULL, entries BLOB, UNIQUE (model, id)
);
CREATE INDEX answer_by_age ON answer (at_us);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""


class Kept(NamedTuple):
    """What an id was answered.

    Attributes:
        answer: the body of the answer.
        entries: what has still to be logged; None once it is.
    """

    answer: bytes
    entries: bytes | None


def request_digest(body: bytes) -> bytes:
    """Return what tells requests apart: white space and the order of names do not.

    >>> request_digest(b'{"row": {"a": 1, "b": 2}}') == request_digest(b'{"row":{"b":2,"a":1}}')
    True
    """
    # A row that has no canonical form, for example one with 1e400, is told apart by its bytes.
    with suppress(msgspec.MsgspecError, UnicodeError, OverflowError):
        body = msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    return blake3(body).digest()


class ClientIds:
    """The ids of the last day.

    Args:
        path: the file; made, with its folder, when the first id comes.
        kept_s: how long an id is kept.
    """

    def __init__(self, path: Path, *, kept_s: float = KEPT_S) -> None:
        self.path = path
        self._kept_us = int(kept_s * 1e6)
        self._turn = threading.Lock()
        self._opened: Connections | None = None
        self._logged: set[tuple[str, str]] = set()  # written along with the next id
        self._prune_at_us = 0

    def find(self, model: str, client_id: str, request: bytes, *, now_us: int) -> Kept | None:
        """Return what an id was answered, or None if it is new.

        Args:
            model: the model's name.
            client_id: the client's own id.
            request: the `request_digest` of what it came with.
            now_us: the server's clock.

        Raises:
            IdTaken: if it came with another request.
            StorageError: if the file cannot be read.
        """
        with self._working() as connections:
            kept = connections.read(
                lambda connection: self._find(connection, model, client_id, request, now_us)
            )
        if kept is not None and (model, client_id) in self._logged:
            return Kept(kept.answer, None)
        return kept

    def keep(self, model: str, client_id: str, request: bytes, kept: Kept, *, now_us: int) -> Kept:
        """Keep what an id is answered, and return that; or what another worker kept before.

        Raises:
            IdTaken: if the other worker had another request.
            StorageError: if the file cannot be written.
        """

        def work(connection: sqlite3.Connection) -> Kept:
            self._settle(connection, now_us)
            before = self._find(connection, model, client_id, request, now_us)
            if before is None:
                connection.execute(
                    "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)",
                    (model, client_id, request, now_us, *kept),
                )
            return before or kept

        with self._working() as connections:
            won = connections.write(work)
            self._logged.clear()
            return won

    def logged(self, model: str, client_id: str) -> None:
        """Say that an id's entries are in the log; it is written with the next id, or at the end."""
        with self._turn:
            self._logged.add((model, client_id))

    def close(self) -> None:
        """Write what is left, and close the file.

        Raises:
            StorageError: if it cannot be written.
        """
        with self._turn:
            connections, self._opened = self._opened, None
            if connections is None:
                return
            try:
                if self._logged:
                    connections.write(self._write_logged)
            finally:
                connections.close()

    # ---- inside ---------------------------------------------------------------------------

    def _find(
        self,
        connection: sqlite3.Connection,
        model: str,
        client_id: str,
        request: bytes,
        now_us: int,
    ) -> Kept | None:
        row = connection.execute(
            "SELECT request, answer, entries FROM answer WHERE model = ? AND id = ? AND at_us > ?",
            (model, client_id, now_us - self._kept_us),
        ).fetchone()
        if row is None:
            return None
        if row[0] != request:
            raise IdTaken(
                f"the id {client_id!r} came with another request before",
                expected="an id of its own for each request; the same only to repeat one",
                do="Draw a new id",
                path="$.id",
            )
        return Kept(row[1], row[2])

    def _settle(self, connection: sqlite3.Connection, now_us: int) -> None:
        """Write what was logged since, and now and then let go of what is old."""
        self._write_logged(connection)
        if now_us < self._prune_at_us:
            return
        gone = connection.execute(
            "DELETE FROM answer WHERE rowid IN "
            "(SELECT rowid FROM answer WHERE at_us <= ? ORDER BY at_us LIMIT ?)",
            (now_us - self._kept_us, _PRUNED_AT_ONCE),
        ).rowcount
        if gone < _PRUNED_AT_ONCE:
            self._prune_at_us = now_us + _PRUNED_EVERY_US

    def _write_logged(self, connection: sqlite3.Connection) -> None:
        connection.executemany(
            "UPDATE answer SET entries = NULL WHERE model = ? AND id = ?", sorted(self._logged)
        )

    @contextmanager
    def _working(self) -> Iterator[Connections]:
        with self._turn:
            try:
                if self._opened is None:
                    self._opened = _open(self.path)
                yield self._opened
            except Corrupt as error:
                raise _damaged(self.path) from error


def _open(path: Path) -> Connections:
    """Open the file, made where there is none: by one process, under the lock of its writers."""
    with translated("making", path, what=_WHAT):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock.of(path.with_name(f"{path.name}-lock"))
        with lock.held(until=time.monotonic() + _PATIENCE_S) as got:
            if got and not path.exists():
                _make(path)
    return Connections(path, what=_WHAT, check=_check, durable=False, patience_s=_PATIENCE_S)


def _make(path: Path) -> None:
    """Make the file whole, and then give it its name."""
    building = path.with_name(f"{path.name}.new")
    building.unlink(missing_ok=True)
    with closing(sqlite3.connect(building, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
    building.rename(path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _FORMAT:
        raise NewerFormat(
            f"{path} has format {version}",
            expected=f"format {_FORMAT}",
            do="A newer Interplane made it: serve with that one",
        )


def _damaged(path: Path) -> Corrupt:
    return Corrupt(
        f"{path} is damaged",
        do="Stop the server and move the file away: it holds clients' ids of the last day and "
        "nothing else",
    )
