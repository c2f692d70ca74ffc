"""One durable commit beside one durable row of bare SQLite; reading pointers; a blob beside a file."""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Row, best_times
from interplane.record import Snapshot, digest_bytes
from interplane.storage.ports import Batch, MoveRequest
from interplane.storage.workspace import create_workspace

if TYPE_CHECKING:
    from interplane.storage.store import Store

_NAMES = [f"step/{number}" for number in range(1000)]


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        store = create_workspace(Path(folder) / "workspace")
        bare = sqlite3.connect(Path(folder) / "bare.sqlite", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
        try:
            return [_commits(store, bare), _pointers(store, bare), _blobs(store, Path(folder))]
        finally:
            bare.close()
            store.close()


def _commits(store: Store, bare: sqlite3.Connection) -> Row:
    writer = store.catalog.writer("bench")
    fresh = itertools.count()

    def ours() -> None:
        number = next(fresh)
        draft = store.draft()
        value = draft.put(b"value %d" % number)
        record = Snapshot(project=f"p{number}", commit=None, diff=None, environment=value)
        draft.move(f"last/{number}", draft.record(record))
        store.commit(draft, writer=writer)

    def one_row() -> None:
        bare.execute("INSERT INTO row (body) VALUES (?)", (b"x" * 300,))

    times = best_times({"ours": ours, "row": one_row}, repeats=9, number=100)
    return Row(
        "a durable commit: small value + entry + pointer",
        "ms",
        times["ours"] * 1e3,
        {"one row in bare SQLite, WAL + FULL": times["row"] * 1e3},
    )


def _pointers(store: Store, bare: sqlite3.Connection) -> Row:
    target = digest_bytes(b"target")
    moves = [MoveRequest(name, target) for name in _NAMES]
    store.catalog.write(Batch(moves=moves), writer=store.catalog.writer("bench"))
    bare.execute("CREATE TABLE pointer (name TEXT PRIMARY KEY, target TEXT) WITHOUT ROWID")
    bare.executemany("INSERT INTO pointer VALUES (?, ?)", [(name, target) for name in _NAMES])
    marks = ", ".join("?" * len(_NAMES))
    statement = f"SELECT name, target FROM pointer WHERE name IN ({marks})"
    times = best_times(
        {
            "ours": lambda: store.catalog.pointers(_NAMES),
            "bare": lambda: dict(bare.execute(statement, _NAMES).fetchall()),
        },
        repeats=9,
        number=20,
    )
    return Row(
        "1,000 pointers in one read",
        "ms",
        times["ours"] * 1e3,
        {"bare SQLite, one SELECT": times["bare"] * 1e3},
    )


def _blobs(store: Store, folder: Path) -> Row:
    fresh = itertools.count()

    def ours() -> None:
        store.blobs.put(b"%08d" % next(fresh) * 12_500)

    def one_file() -> None:
        with (folder / f"file-{next(fresh)}").open("wb") as file:
            file.write(b"x" * 100_000)
            file.flush()
            os.fsync(file.fileno())

    times = best_times({"ours": ours, "file": one_file}, repeats=9, number=20)
    return Row(
        "a durable blob of 100 kB",
        "ms",
        times["ours"] * 1e3,
        {"write + fsync of one file": times["file"] * 1e3},
    )
