"""The minutes of a workspace's servers in one SQLite file, for some weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from interplane.serving.minutes import Minute
from interplane.storage.sqlite_files import FileForm

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from interplane.storage.sqlite_connections import Connections

__all__ = ["KEPT_DAYS", "MINUTES", "MinuteFile"]

MINUTES: Final = "minutes.sqlite"
"""The file in the workspace."""

KEPT_DAYS: Final = 35
"""How long a minute is kept; the same hour of the week is compared over four weeks."""

_PATIENCE_S: Final = 1.0
_DAY_US: Final = 86_400_000_000
_DECODER: Final = msgspec.json.Decoder(Minute)
_FORM: Final = FileForm(
    what="file of the server's minutes",
    table="minutes",
    format=1,
    tables="""
    CREATE TABLE minutes (format INTEGER NOT NULL);
    INSERT INTO minutes VALUES (1);
    CREATE TABLE minute (
        server TEXT NOT NULL, number INTEGER NOT NULL, begin_us INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (server, number)
    ) WITHOUT ROWID;
    CREATE INDEX minute_by_time ON minute (begin_us);
    """,
)


class MinuteFile:
    """Keeps minutes, each once, durably.

    Args:
        path: the file; made with the first minute.
        kept_days: how long a minute is kept.
    """

    def __init__(self, path: Path, *, kept_days: int = KEPT_DAYS) -> None:
        self.path = path
        self._kept_us = kept_days * _DAY_US
        self._opened: Connections | None = None

    def write(self, minutes: Sequence[Minute]) -> None:
        """Keep minutes, in one transaction; one that is there stays as it is, and old ones go.

        Raises:
            StorageError: if they cannot be kept now; the same call may be made again.
        """
        rows = [
            (each.server, each.number, each.begin_us, msgspec.json.encode(each)) for each in minutes
        ]
        if not rows:
            return
        oldest_us = max(each.end_us for each in minutes) - self._kept_us

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR IGNORE INTO minute VALUES (?, ?, ?, ?)", rows)
            connection.execute("DELETE FROM minute WHERE begin_us < ?", (oldest_us,))

        self._connections().write(work)

    def read(self, *, begin_us: int, end_us: int) -> list[Minute]:
        """Return the minutes that began in a stretch of time, the earliest first.

        Args:
            begin_us: microseconds since 1970 UTC; a minute that began then is in it.
            end_us: one that began then is not.

        Raises:
            StorageError: if the file cannot be read.
        """
        if not self.path.exists():
            return []
        rows = self._connections().read(
            lambda connection: connection.execute(
                "SELECT body FROM minute WHERE begin_us >= ? AND begin_us < ? "
                "ORDER BY begin_us, server, number",
                (begin_us, end_us),
            ).fetchall()
        )
        return [_DECODER.decode(body) for (body,) in rows]

    def newest_us(self) -> int | None:
        """Return when the newest minute began, microseconds since 1970 UTC; None without any.

        Raises:
            StorageError: if the file cannot be read.
        """
        if not self.path.exists():
            return None
        found: int | None = self._connections().read(
            lambda connection: connection.execute("SELECT max(begin_us) FROM minute").fetchone()[0]
        )
        return found

    def close(self) -> None:
        """Close the file."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _connections(self) -> Connections:
        if self._opened is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = _FORM.open(self.path, patience_s=_PATIENCE_S)
        return self._opened
