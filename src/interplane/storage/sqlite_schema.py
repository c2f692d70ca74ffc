"""The tables of the catalog in SQLite, and the check that a file is one that we can read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from interplane.errors import NewerFormat, StorageError
from interplane.record import ALGORITHM

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMAT", "TABLES", "check_format", "initial_rows", "not_a_catalog"]

FORMAT = 1
"""Grows with each change that an older Interplane could not read."""

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    sequence INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    body BLOB NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL, fence INTEGER NOT NULL
);
CREATE INDEX entry_by_kind ON entry (kind, sequence);
CREATE TABLE link (
    target TEXT NOT NULL, source INTEGER NOT NULL REFERENCES entry (sequence),
    PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE TABLE value (
    digest TEXT PRIMARY KEY, body BLOB NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, fence INTEGER NOT NULL
);
CREATE TABLE member (
    series TEXT NOT NULL, number INTEGER NOT NULL, digest TEXT NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, fence INTEGER NOT NULL,
    PRIMARY KEY (series, number), UNIQUE (series, digest)
) WITHOUT ROWID;
CREATE TABLE move (
    sequence INTEGER PRIMARY KEY, pointer TEXT NOT NULL, previous TEXT, target TEXT,
    at TEXT NOT NULL, actor TEXT NOT NULL, fence INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX move_by_pointer ON move (pointer, sequence);
CREATE TABLE pointer (
    name TEXT PRIMARY KEY, target TEXT, sequence INTEGER NOT NULL REFERENCES move (sequence)
) WITHOUT ROWID;
CREATE TABLE lease (
    name TEXT PRIMARY KEY, fence INTEGER NOT NULL, actor TEXT NOT NULL, boot TEXT NOT NULL,
    space TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, beat REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE fence (last INTEGER NOT NULL);
INSERT INTO fence VALUES (0);
"""


def initial_rows(created: str) -> list[tuple[str, str]]:
    """Return the rows of ``meta`` of a new catalog."""
    return [("format", str(FORMAT)), ("algorithm", ALGORITHM), ("created", created)]


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Raise NewerFormat or StorageError unless the file is a catalog of our format."""
    try:
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        number = int(meta["format"])
    except (sqlite3.OperationalError, KeyError, ValueError) as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise
        raise not_a_catalog(path) from error
    if number > FORMAT or meta.get("algorithm") != ALGORITHM:
        raise NewerFormat(
            f"{path} has format {number} with digests by {meta.get('algorithm')}",
            expected=f"format {FORMAT} or older with digests by {ALGORITHM}",
            do="A newer Interplane made it: use that one. Nothing was changed",
            format=number,
        )


def not_a_catalog(path: Path, *, what: str = "catalog") -> StorageError:
    """Build the error for a file that is something else."""
    return StorageError(
        f"{path} is no {what} of Interplane",
        expected="a file that Interplane made",
        do="Name another workspace, or move the file away. Nothing was changed",
    )
