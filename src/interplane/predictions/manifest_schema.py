"""The tables of the manifest in SQLite, and the making of its file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from interplane.errors import NewerFormat
from interplane.predictions.layout import NEW
from interplane.storage.clock import system_token
from interplane.storage.sqlite_connections import translated
from interplane.storage.sqlite_schema import not_a_catalog

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WHAT", "check_format", "create"]

WHAT: Final = "manifest of the prediction log"

_FORMAT: Final = 1
"""Grows with each change that an older Interplane could not read."""

_TABLES: Final = f"""
CREATE TABLE total (
    format INTEGER NOT NULL, entries INTEGER NOT NULL, repeated INTEGER NOT NULL,
    bad_frames INTEGER NOT NULL, trailing_bytes INTEGER NOT NULL, missing_entries INTEGER NOT NULL
);
INSERT INTO total VALUES ({_FORMAT}, 0, 0, 0, 0, 0);
CREATE TABLE file (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,
    model TEXT NOT NULL, day INTEGER NOT NULL, rows INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    first_at_us INTEGER NOT NULL, last_at_us INTEGER NOT NULL,
    first_time_us INTEGER NOT NULL, last_time_us INTEGER NOT NULL,
    kinds BLOB NOT NULL, repeatable BLOB NOT NULL
);
CREATE INDEX file_by_model ON file (model, day, number);
CREATE TABLE dropped (
    file INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (file, id)
) WITHOUT ROWID;
CREATE TABLE segment (
    name TEXT PRIMARY KEY, at_us INTEGER NOT NULL, entries INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, damage BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE gone (
    name TEXT PRIMARY KEY, at_us INTEGER NOT NULL, why TEXT NOT NULL, model TEXT NOT NULL,
    day INTEGER NOT NULL, rows INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


def create(path: Path) -> None:
    """Make an empty manifest, complete and durable.

    It is built beside its place and renamed into it, so nobody ever sees half of one. The caller
    holds the compactor's lock.

    Raises:
        StorageError: if it cannot be made.
    """
    building = path.with_name(f".{path.name}.{system_token()}{NEW}")
    with translated("making", path, what=WHAT):
        try:
            with closing(sqlite3.connect(building, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            building.rename(path)
            handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        finally:
            building.unlink(missing_ok=True)


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Raise NewerFormat or StorageError unless the file is a manifest of our format."""
    try:
        row = connection.execute("SELECT format FROM total").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise not_a_catalog(path, what=WHAT) from error
    if row is None or not isinstance(row[0], int):
        raise not_a_catalog(path, what=WHAT)
    if row[0] > _FORMAT:
        raise NewerFormat(
            f"{path} has format {row[0]}",
            expected=f"format {_FORMAT} or older",
            do="A newer Interplane made it: use that one. Nothing was changed",
            format=row[0],
        )
