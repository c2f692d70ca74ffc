"""The tables of the online store in SQLite, and the making of its file.

An event is one row. It is marked as long as it can be the latest at some time (``is_latest``), and
as long as windows can need it (``is_version``); without either mark it goes. Its place, which
SQLite never gives twice, is the order in which events were taken in: other processes read on from
the last place that they saw.
"""

from __future__ import annotations

from typing import Final

from interplane.storage.sqlite_files import FileForm

__all__ = ["FORM"]

_FORMAT: Final = 1
"""Grows with each change that an older Interplane could not read."""

_TABLES: Final = f"""
CREATE TABLE online (format INTEGER NOT NULL, edition INTEGER NOT NULL);
INSERT INTO online VALUES ({_FORMAT}, 0);
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

FORM: Final = FileForm(what="online store", table="online", format=_FORMAT, tables=_TABLES)
"""What the file is."""
