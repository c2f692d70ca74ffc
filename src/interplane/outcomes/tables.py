"""The tables of the outcomes in SQLite.

``version`` has a row for each version of each outcome: what is there already is found in it. The
outcomes themselves are rows in ``outcome`` as they come, and are packed into ``chunk``: thousands of
them in columns, as one Arrow stream. Rows are written by servers, which have no Arrow; columns are
read twenty times as quickly. Both are moved and read within transactions, so an outcome is in exactly
one of them.
"""

from __future__ import annotations

from typing import Final

from interplane.storage.sqlite_files import FileForm

__all__ = ["FORM"]

_FORMAT: Final = 1

FORM: Final = FileForm(
    what="store of outcomes",
    table="outcomes",
    format=_FORMAT,
    tables=f"""
CREATE TABLE outcomes (format INTEGER NOT NULL, last INTEGER NOT NULL);
INSERT INTO outcomes VALUES ({_FORMAT}, 0);
CREATE TABLE model (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, newest INTEGER NOT NULL);
CREATE TABLE version (
    target BLOB NOT NULL, known_at INTEGER NOT NULL, sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (target, known_at, sequence)
) WITHOUT ROWID;
CREATE TABLE outcome (
    sequence INTEGER PRIMARY KEY, model INTEGER NOT NULL, name TEXT NOT NULL,
    prediction_id TEXT, key TEXT, kind INTEGER NOT NULL, value REAL NOT NULL,
    known_at INTEGER NOT NULL, received_at INTEGER NOT NULL, actor TEXT NOT NULL
);
CREATE INDEX outcome_of ON outcome (model, sequence);
CREATE TABLE chunk (
    number INTEGER PRIMARY KEY, model INTEGER NOT NULL, name TEXT NOT NULL, kinds TEXT NOT NULL,
    rows INTEGER NOT NULL, last INTEGER NOT NULL, first_known INTEGER NOT NULL,
    last_known INTEGER NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL
);
CREATE INDEX chunk_of ON chunk (model, last);
CREATE TABLE repeated (
    model INTEGER NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (model, name)
) WITHOUT ROWID;
""",
)
"""The file of outcomes."""
