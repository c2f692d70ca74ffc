"""The making of a small SQLite file of ours, and the check that a file is one of them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import NewerFormat
from interplane.storage.clock import system_token
from interplane.storage.sqlite_connections import Connections, translated
from interplane.storage.sqlite_schema import not_a_catalog

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FileForm"]


class FileForm(NamedTuple):
    """What one kind of file is: it has a table of its own name, with the column ``format``.

    Attributes:
        what: what the file is, in messages.
        table: the table that tells such a file from others; it has one row.
        format: grows with each change that an older Interplane could not read.
        tables: the SQL that makes the tables, and that row.
    """

    what: str
    table: str
    format: int
    tables: str

    def open(
        self, path: Path, *, funnel: bool | None = None, patience_s: float = 60.0
    ) -> Connections:
        """Return connections to a file; it is made if there is none.

        Raises:
            StorageError: if it cannot be made or opened, or is something else.
            NewerFormat: if a newer Interplane made it.
        """
        if not path.exists():
            self.create(path)
        return Connections(
            path, what=self.what, check=self.check, funnel=funnel, patience_s=patience_s
        )

    def create(self, path: Path) -> None:
        """Make an empty file, complete and durable; if there is one already, leave it.

        It is built beside its place and linked into it, so nobody ever sees half of one.

        Raises:
            StorageError: if it cannot be made.
        """
        building = path.with_name(f".{path.name}.{system_token()}.new")
        with translated("making", path, what=self.what):
            try:
                self._build(building)
                try:
                    os.link(building, path)
                except FileExistsError:
                    return
                _sync(path.parent)
            finally:
                building.unlink(missing_ok=True)

    def _build(self, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN IMMEDIATE; {self.tables} COMMIT;")

    def check(self, connection: sqlite3.Connection, path: Path) -> None:
        """Raise NewerFormat or StorageError unless a file is of this form and of our format."""
        try:
            row = connection.execute(f"SELECT format FROM {self.table}").fetchone()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
                raise
            raise not_a_catalog(path, what=self.what) from error
        if row is None or not isinstance(row[0], int):
            raise not_a_catalog(path, what=self.what)
        if row[0] > self.format:
            raise NewerFormat(
                f"{path} has format {row[0]}",
                expected=f"format {self.format} or older",
                do="A newer Interplane made it: use that one. Nothing was changed",
                format=row[0],
            )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
