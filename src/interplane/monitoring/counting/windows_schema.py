"""The tables of counted windows in SQLite.

The counts of an hour are one blob for each slicing and layout (see `packing`), in which a slice is a
number: its values stand in ``slice`` once, with the last hour that has it. A layout is a crossing's, and another one where its bins
changed, so that no counts are ever taken for counts by other bins. Statements of a window that were
made at once are one blob.
"""

from __future__ import annotations

from typing import Final

from interplane.storage.sqlite_files import FileForm

__all__ = ["FORM"]

_FORMAT: Final = 1

FORM: Final = FileForm(
    what="store of windows",
    table="windows",
    format=_FORMAT,
    tables=f"""
CREATE TABLE windows (format INTEGER NOT NULL);
INSERT INTO windows VALUES ({_FORMAT});
CREATE TABLE model (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, watermark INTEGER,
    sequence INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE layout (
    number INTEGER PRIMARY KEY, crossing TEXT NOT NULL, body BLOB NOT NULL, used INTEGER NOT NULL,
    UNIQUE (crossing, body)
);
CREATE TABLE slicing (number INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE);
CREATE TABLE slice (
    number INTEGER PRIMARY KEY, slicing INTEGER NOT NULL, value TEXT NOT NULL,
    last INTEGER NOT NULL, UNIQUE (slicing, value)
);
CREATE TABLE hour (
    model INTEGER NOT NULL, hour INTEGER NOT NULL, crossings BLOB NOT NULL, recipe TEXT NOT NULL,
    too_late INTEGER NOT NULL, PRIMARY KEY (model, hour)
) WITHOUT ROWID;
CREATE TABLE tally (
    model INTEGER NOT NULL, slicing INTEGER NOT NULL, hour INTEGER NOT NULL,
    layout INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (model, slicing, hour, layout)
);
CREATE TABLE baseline (
    crossing TEXT NOT NULL, slicing INTEGER NOT NULL, stamp TEXT NOT NULL, body BLOB NOT NULL,
    UNIQUE (crossing, slicing)
);
CREATE TABLE statement (
    number INTEGER PRIMARY KEY AUTOINCREMENT, model INTEGER NOT NULL, begin INTEGER NOT NULL,
    length TEXT NOT NULL, crossing TEXT NOT NULL, slicing INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX statement_of ON statement (model, begin);
""",
)
"""The file of windows."""
