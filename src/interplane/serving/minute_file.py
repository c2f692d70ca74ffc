"""The minutes of a workspace's servers in one SQLite file, for some weeks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import msgspec

from interplane.errors import NewerFormat
from interplane.serving.minutes import Minute
from interplane.storage.clock import system_token
from interplane.storage.sqlite_connections import Connections, translated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["KEPT_DAYS", "MINUTES", "MinuteFile"]

MINUTES: Final = "minutes.sqlite"
"""The file in the workspace."""

KEPT_DAYS: Final = 35
"""How long a minute is kept; the same hour of the week is compared over four weeks."""

_FORMAT: Final = 1
_WHAT: Final = "file of the server's minutes"
_PATIENCE_S: Final = 1.0
_DAY_US: Final = 86_400_000_000
_DECODER: Final = msgspec.json.Decoder(Minute)
_TABLES: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE minute (
    server TEXT NOT NULL, number INTEGER NOT NULL, begin_us INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (server, number)
) WITHOUT ROWID;
CREATE INDEX minute_by_time ON minute (begin_us);
PRAGMA user_version = {_FORMAT};
COMMIT;
"""


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

    def close(self) -> None:
        """Close the file."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _connections(self) -> Connections:
        if self._opened is None:
            with translated("making", self.path, what=_WHAT):
                if not self.path.exists():
                    _make(self.path)
            self._opened = Connections(self.path, what=_WHAT, check=_check, patience_s=_PATIENCE_S)
        return self._opened


def _make(path: Path) -> None:
    """Make the file whole, and then give it its name, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{system_token()}.new")
    try:
        with closing(sqlite3.connect(building, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)
        try:
            path.hardlink_to(building)
        except FileExistsError:
            return
    finally:
        building.unlink(missing_ok=True)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _FORMAT:
        raise NewerFormat(
            f"{path} has format {version}",
            expected=f"format {_FORMAT}",
            do="A newer Interplane made it: use that one",
        )
