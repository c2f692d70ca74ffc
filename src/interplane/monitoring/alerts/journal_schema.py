"""The tables of the journal in SQLite, and the making of its file."""

from __future__ import annotations

from typing import Final

from interplane.storage.sqlite_files import FileForm

__all__ = ["FORM"]

_FORMAT: Final = 1
"""Grows with each change that an older Interplane could not read."""

_TABLES: Final = f"""
CREATE TABLE journal (format INTEGER NOT NULL);
INSERT INTO journal VALUES ({_FORMAT});
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

FORM: Final = FileForm(what="journal", table="journal", format=_FORMAT, tables=_TABLES)
"""What the file is."""
