"""The tables of the online store in SQLite, and the making of its file.

An event is one row. It is marked as long as it can be the latest at some time (``is_latest``), and
as long as windows can need it (``is_version``); without either mark it goes. Its place, which
SQLite never gives twice, is the order in which events were taken in: other processes read on from
the last place that they saw.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from interplane.errors import NewerFormat, StorageError
from interplane.storage.clock import system_token
from interplane.storage.sqlite_connections import translated
from interplane.storage.sqlite_schema import not_a_catalog

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMAT", "WHAT", "check_format", "create"]

FORMAT: Final = 1
"""Grows with each change that an older Interplane could not read."""

WHAT: Final = "online store"
"""What the file is, in messages."""

_TABLES: Final = f"""
CREATE TABLE online (format INTEGER NOT NULL, edition INTEGER NOT NULL);
INSERT INTO online VALUES ({FORMAT}, 0);
CREATE TABLE view (
    number INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, source TEXT NOT NULL,
    definition BLOB NOT NULL, horizon INTEGER
);
CREATE TABLE event (
    place INTEGER PRIMARY KEY AUTOINCREMENT, view INTEGER NOT NULL, entity BLOB NOT NULL,
    known INTEGER NOT NULL, happened INTEGER NOT NULL,
    key BLOB NOT NULL, body BLOB NOT NULL, is_latest INTEGER NOT NULL, is_version INTEGER NOT NULL
);
CREATE INDEX latest ON event (view, entity, known) WHERE is_latest = 1;
CREATE UNIQUE INDEX version ON event (view, entity, known, happened, key, body)
    WHERE is_version = 1;
"""


def create(path: Path) -> None:
    """Make an empty online store, complete and durable; if there is a file already, leave it.

    It is built beside its place and linked into it, so nobody ever sees half of one.

    Raises:
        StorageError: if it cannot be made.
    """
    building = path.with_name(f".{path.name}.{system_token()}.new")
    with translated("making", path, what=WHAT):
        try:
            _build(building)
            try:
                os.link(building, path)
            except FileExistsError:
                return
            _sync(path.parent)
        finally:
            building.unlink(missing_ok=True)


def _build(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Raise NewerFormat or StorageError unless the file is an online store of our format."""
    try:
        row = connection.execute("SELECT format FROM online").fetchone()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise _foreign(path) from error
    if row is None or not isinstance(row[0], int):
        raise _foreign(path)
    if row[0] > FORMAT:
        raise NewerFormat(
            f"{path} has format {row[0]}",
            expected=f"format {FORMAT} or older",
            do="A newer Interplane made it: use that one. Nothing was changed",
            format=row[0],
        )


def _foreign(path: Path) -> StorageError:
    return not_a_catalog(path, what=WHAT)
