"""The online store in one SQLite file."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import msgspec

from interplane.errors import NotFound
from interplane.views.encoding import Encoding
from interplane.views.online_pruning import drop_forgotten, prune
from interplane.views.online_reads import SqliteReader, read_registered
from interplane.views.online_schema import FORM
from interplane.views.online_writes import write_facts
from interplane.views.ports import Known, Registered
from interplane.views.view import View

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from interplane.views.ports import Fact, OnlineReader

__all__ = ["SqliteOnline"]

_EDITION = "SELECT edition FROM online"
_COUNT = "UPDATE online SET edition = edition + 1"
_EVER = (1 << 63) - 1
_NEWEST = (
    "SELECT max(known) FROM ("
    "SELECT max(known) AS known FROM event WHERE view = ?1 AND is_latest = 1 AND known <= ?2 UNION ALL "
    "SELECT max(known) FROM event WHERE view = ?1 AND is_version = 1 AND known <= ?2)"
)
"""Found by the indices; asked now and then, not for each request: it looks at every event kept."""


class SqliteOnline:
    """The events of feature views in one SQLite file, shared by any number of processes and threads.

    Args:
        path: the file; it is made if there is none.
        funnel: whether writes go through a lock file; by default where SQLite needs it.
        patience_s: how long a write waits for others.

    Raises:
        StorageError: if it cannot be made or opened, or is something else.
        NewerFormat: if a newer Interplane made it.
    """

    def __init__(self, path: Path, *, funnel: bool | None = None, patience_s: float = 60.0) -> None:
        self.path = path
        self._views: dict[int, tuple[View, Encoding]] = {}
        self._connections = FORM.open(path, funnel=funnel, patience_s=patience_s)
        self._closing = weakref.finalize(self, self._connections.close)

    # views -------------------------------------------------------------------------------------

    def register(self, view: View) -> Registered:
        """Keep events of a view from now on; a view that is registered already stays as it is."""
        row = (view.digest, view.source, msgspec.json.encode(view.to_dict()))

        def work(connection: sqlite3.Connection) -> Registered:
            made = connection.execute(
                "INSERT INTO view (digest, source, definition) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                row,
            )
            if made.rowcount:
                connection.execute(_COUNT)
            return _registered(connection, view)

        return self._connections.write(work)

    def known(self, source: str | None = None) -> Known:
        """Return the registered views, or those of one source."""

        def work(connection: sqlite3.Connection) -> Known:
            connection.execute("BEGIN")
            try:
                (edition,) = connection.execute(_EDITION).fetchone()
                return Known(edition, read_registered(connection, self._lookup, source=source))
            finally:
                connection.execute("ROLLBACK")

        return self._connections.read(work)

    def advance(self, view: View, horizon: int) -> int:
        """Move a registered view's horizon forward and let go of what matters no more.

        Raises:
            NotFound: if the view is not registered.
        """

        def work(connection: sqlite3.Connection) -> Registered:
            connection.execute(
                "UPDATE view SET horizon = max(?1, coalesce(horizon, ?1)) WHERE digest = ?2",
                (horizon, view.digest),
            )
            return _registered(connection, view)

        registered = self._connections.write(work)
        prune(self._connections, registered)
        return horizon if registered.horizon is None else registered.horizon

    def forget(self, view: View) -> None:
        """Keep no events of a view any more, and drop those that are there."""

        def work(connection: sqlite3.Connection) -> None:
            if connection.execute("DELETE FROM view WHERE digest = ?", (view.digest,)).rowcount:
                connection.execute(_COUNT)

        self._connections.write(work)
        drop_forgotten(self._connections)

    # events ------------------------------------------------------------------------------------

    def write(self, facts: Sequence[Fact], *, edition: int | None = None) -> Sequence[bool] | None:
        """Take events in, all or none, in any order and any number of times.

        Raises:
            StorageError: the outcome is unknown; the same call may be made again.
        """

        def work(connection: sqlite3.Connection) -> Sequence[bool] | None:
            if edition is not None and connection.execute(_EDITION).fetchone()[0] != edition:
                return None
            return write_facts(connection, facts, lambda number: self._lookup(connection, number))

        return self._connections.write(work)

    def newest(self, view: View, *, by_us: int | None = None) -> int | None:
        """Return when the newest event of a view that is kept was known, by a time; None without any."""

        def work(connection: sqlite3.Connection) -> int | None:
            number = connection.execute(
                "SELECT number FROM view WHERE digest = ?", (view.digest,)
            ).fetchone()
            asked = (*(number or (0,)), _EVER if by_us is None else by_us)
            found: tuple[int | None] = connection.execute(_NEWEST, asked).fetchone()
            return found[0]

        return self._connections.read(work)

    def reader(self) -> OnlineReader:
        """Return a reader."""
        return SqliteReader(self._connections.open_reader(), self.path, self._lookup)

    def close(self) -> None:
        """Close the store's own connections."""
        self._closing()

    def _lookup(self, connection: sqlite3.Connection, number: int) -> tuple[View, Encoding]:
        """Return the view of a number, which never changes."""
        found = self._views.get(number)
        if found is None:
            (definition,) = connection.execute(
                "SELECT definition FROM view WHERE number = ?", (number,)
            ).fetchone()
            view = View.from_dict(msgspec.json.decode(definition))
            found = self._views[number] = (view, Encoding(view))
        return found


def _registered(connection: sqlite3.Connection, view: View) -> Registered:
    row: Any = connection.execute(
        "SELECT number, horizon FROM view WHERE digest = ?", (view.digest,)
    ).fetchone()
    if row is None:
        raise NotFound(
            f"the online store keeps no events of {view.name}",
            expected="a view that was materialized",
            do='Bring its history there with "interplane materialize"',
            view=view.digest,
        )
    return Registered(view, *row)
