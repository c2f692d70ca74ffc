"""The tables of the journal in SQLite, and the making of its file."""

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

WHAT: Final = "journal"
"""What the file is, in messages."""

_TABLES: Final = f"""
CREATE TABLE journal (format INTEGER NOT NULL);
INSERT INTO journal VALUES ({FORMAT});
CREATE TABLE judged (
    place INTEGER PRIMARY KEY, rule TEXT NOT NULL, begin_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL, at_us INTEGER NOT NULL, findings BLOB NOT NULL,
    UNIQUE (rule, begin_us, end_us)
);
CREATE INDEX judged_by_end ON judged (rule, end_us);
CREATE TABLE alert (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, model TEXT NOT NULL,
    state TEXT NOT NULL, at_us INTEGER NOT NULL, body BLOB NOT NULL, acknowledged BLOB
);
CREATE INDEX alert_by_rule ON alert (rule, state);
CREATE TABLE event (
    place INTEGER PRIMARY KEY, alert TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX event_of ON event (alert, place);
CREATE TABLE delivery (
    place INTEGER PRIMARY KEY, alert TEXT NOT NULL, event TEXT NOT NULL, channel TEXT NOT NULL,
    state TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (alert, event, channel)
);
CREATE INDEX delivery_pending ON delivery (place) WHERE state IN ('waiting', 'muted');
CREATE TABLE mute (
    place INTEGER PRIMARY KEY, rule TEXT NOT NULL, until_us INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE firing (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trigger_name TEXT NOT NULL,
    state TEXT NOT NULL, began_us INTEGER, ended_us INTEGER, body BLOB NOT NULL
);
CREATE INDEX firing_open ON firing (place) WHERE state IN ('waiting', 'started');
CREATE INDEX firing_begun ON firing (trigger_name, began_us) WHERE began_us IS NOT NULL;
"""


def create(path: Path) -> None:
    """Make an empty journal, complete and durable; if there is a file already, leave it.

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
    """Raise NewerFormat or StorageError unless the file is a journal of our format."""
    try:
        row = connection.execute("SELECT format FROM journal").fetchone()
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
