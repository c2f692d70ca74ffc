"""Outcomes added, and a million of them matched to ten million predictions, beside SQL by hand.

INTERPLANE_BENCH_PREDICTIONS=1000000 takes a tenth of both.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks.harness import Row, best_times
from interplane.data.table import Table
from interplane.outcomes.decode import Reader
from interplane.outcomes.matching import match, touched_hours
from interplane.outcomes.outcome import Outcome
from interplane.outcomes.store import SqliteOutcomes
from interplane.record import Column
from interplane.serving.outcomes import PushedOutcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

PREDICTIONS = int(os.environ.get("INTERPLANE_BENCH_PREDICTIONS", "10_000_000"))
LABELS = PREDICTIONS // 10
PARTS = 10
NOW_US = 1_700_000_000_000_000
KEY = {"flight_id": "str"}

COLUMNS = (("prediction_id", "str"), ("time", "timestamp"), ("score", "float"),
           ("row.flight_id", "str"))  # fmt: skip
LOG = """
COPY (SELECT md5(i::VARCHAR) AS prediction_id, make_timestamp({start} + i * 300_000) AS time,
    (i % 1000) / 1000 AS score, 'flight-' || (i * 7919 % {rows}) AS "row.flight_id"
    FROM range({begin}, {end}) t(i)) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 100_000)
"""
SAID = """
SELECT md5(i::VARCHAR) AS prediction_id, 'flight-' || i AS flight_id, i % 3 = 0 AS late,
    make_timestamp({start} + i * 300_000 + (hash(i) % 86_400_000_000)::BIGINT) AS known_at
FROM (SELECT range * 10 AS i FROM range({labels})) ORDER BY hash(i)
"""
BY_HAND = """
SELECT o.late, o.known_at, o.{said} IS NOT NULL AS has FROM log p LEFT JOIN (
    SELECT {said}, arg_max(late, (known_at, sequence)) AS late, max(known_at) AS known_at
    FROM said GROUP BY {said}
) o ON p."{column}" = o.{said}
"""
LIMIT = 'SELECT count(*) FROM log p JOIN said o ON p."{column}" = o.{said}'


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        return [*_pushed(place), *_matched(place)]


# ---- adding -------------------------------------------------------------------------------


def _pushed(place: Path) -> list[Row]:
    """One at a time by one pusher and by sixteen, beside a row a transaction."""
    store = SqliteOutcomes(place / "pushed.sqlite")
    bare = _bare(place / "bare.sqlite")
    fresh = itertools.count()

    async def push(pushers: int, each: int, rows: int) -> float:
        pushed = PushedOutcomes(store, lambda _: KEY)

        async def one() -> None:
            for _ in range(each):
                outcomes = [{"key": {"flight_id": f"f{next(fresh)}"}, "value": True}]
                while len(outcomes) < rows:
                    outcomes.append({"key": {"flight_id": f"f{next(fresh)}"}, "value": True})
                body = json.dumps({"outcomes": outcomes}).encode()
                assert (await pushed.push("flights", body, now_us=NOW_US)).status == 200

        begin = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(pushers)))
        taken = time.perf_counter() - begin
        pushed.close()
        return pushers * each * rows / taken

    def durable(count: int) -> float:
        begin = time.perf_counter()
        for number in range(count):
            bare.execute("INSERT INTO said VALUES (?, ?, 1)", (f"b{next(fresh)}", number))
        return count / (time.perf_counter() - begin)

    found = []
    for pushers, each, rows in ((1, 200, 1), (16, 100, 1), (1, 20, 1000)):
        ours, beside = [], []
        for _ in range(3):
            ours.append(asyncio.run(push(pushers, each, rows)))
            beside.append(durable(200))
        found.append(
            Row(
                f"outcomes pushed by {pushers}, {rows} a push",
                "/s",
                statistics.median(ours),
                {"bare SQLite, a row a transaction, WAL + FULL": statistics.median(beside)},
            )
        )
    bare.close()
    store.close()
    return found


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE said (who TEXT, known INTEGER, value REAL, UNIQUE(who, known))"
    )
    return connection


def _added(store: SqliteOutcomes, said: pa.Table, place: Path, of: str) -> list[Row]:
    """A file's rows, read and added 100,000 at a time, beside bare rows in such transactions."""
    reader = Reader("flights", KEY, actor="bench", replay=True)
    target = (lambda row: {"id": row["prediction_id"]}) if of == "id" else (
        lambda row: {"key": {"flight_id": row["flight_id"]}})  # fmt: skip
    rows = said.to_pylist()
    begin = time.perf_counter()
    for first in range(0, len(rows), 100_000):
        some = [
            reader.read(
                {**target(row), "value": row["late"], "known_at": row["known_at"]},
                "row",
                now_us=NOW_US,
            )
            for row in rows[first : first + 100_000]
        ]
        store.add(some, bulk=True)
    ours = time.perf_counter() - begin
    if of == "id":
        return []
    bare = _bare(place / f"bare {of}.sqlite")
    plain = [(row["flight_id"], row["known_at"].timestamp(), row["late"]) for row in rows]
    begin = time.perf_counter()
    for first in range(0, len(plain), 100_000):
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany("INSERT INTO said VALUES (?, ?, ?)", plain[first : first + 100_000])
        bare.execute("COMMIT")
    beside = time.perf_counter() - begin
    bare.close()
    return [
        Row(
            f"{len(rows):,} outcomes by {of} added in bulk",
            "/s",
            len(rows) / ours,
            {"bare SQLite rows with an index, 100,000 a transaction": len(rows) / beside},
        )
    ]


# ---- matching -----------------------------------------------------------------------------


def _log(place: Path) -> Table:
    rows = PREDICTIONS // PARTS
    paths = [place / f"log {part}.parquet" for part in range(PARTS)]
    with duckdb.connect() as connection:
        for part, path in enumerate(paths):
            span = {"begin": part * rows, "end": (part + 1) * rows}
            connection.execute(LOG.format(start=NOW_US, rows=PREDICTIONS, path=path, **span))
    columns = [Column(name=name, type=kind) for name, kind in COLUMNS]
    return Table.from_parts(paths, columns=columns, part_rows=[rows] * PARTS)


def _matched(place: Path) -> list[Row]:
    log = _log(place)
    with duckdb.connect() as connection:
        said = connection.sql(SAID.format(start=NOW_US, labels=LABELS)).to_arrow_table()
    found = []
    for of, column in (("key", "row.flight_id"), ("id", "prediction_id")):
        store = SqliteOutcomes(place / f"{of}.sqlite")
        found += _added(store, said, place, of)
        found += _joined(place, log, store, said, of, column)
        store.close()
    return found


def _new(of: str, number: int) -> Outcome:
    """Return a correction of an outcome that is there."""
    return Outcome(
        model="flights",
        prediction_id=hashlib.md5(b"%d" % number).hexdigest() if of == "id" else None,
        key=None if of == "id" else {"flight_id": f"flight-{number}"},
        value=True,
        known_at_us=2 * NOW_US,
        received_at_us=NOW_US,
        actor="bench",
    )


def _joined(
    place: Path, log: Table, store: SqliteOutcomes, said: pa.Table, of: str, column: str
) -> list[Row]:
    name = "flight_id" if of == "key" else "prediction_id"
    file = place / f"said {of}.parquet"
    with duckdb.connect() as connection:
        connection.register("given", said)
        connection.execute(
            f"COPY (SELECT {name}, late, known_at, row_number() OVER () AS sequence FROM given) "
            f"TO '{file}'"
        )
    hand = duckdb.connect()
    log.register(hand, "log")
    hand.execute(f"CREATE VIEW said AS FROM read_parquet('{file}')")
    after = store.newest("flights")
    store.add([_new(of, number) for number in range(0, 10_000, 10)])
    newest = store.newest("flights")

    def ours() -> object:
        table = match(log, store, model="flights", key=["flight_id"])
        found = table.select("outcome", "outcome_known_at", "has_outcome").to_arrow()
        assert found.column("has_outcome").to_numpy().sum() == LABELS
        return found

    works: dict[str, Callable[[], object]] = {
        "ours": ours,
        "hand": lambda: hand.sql(BY_HAND.format(said=name, column=column)).to_arrow_table(),
        "limit": lambda: hand.sql(LIMIT.format(said=name, column=column)).fetchall(),
        "some": lambda: touched_hours(log, store, model="flights", key=["flight_id"], after=after),
        "none": lambda: touched_hours(log, store, model="flights", key=["flight_id"], after=newest),
    }
    times = best_times(works, repeats=3)
    beside = {
        "one DuckDB query by hand, arg_max, from Parquet": times["hand"],
        "a bare hash join of both, counted": times["limit"],
    }
    return [
        Row(f"{LABELS:,} outcomes matched to {PREDICTIONS:,} predictions by {of}", "s",
            times["ours"], beside),
        Row(f"hours touched by 1,000 new outcomes by {of}", "s", times["some"]),
        Row(f"hours touched by new outcomes by {of}, where there are none", "us",
            times["none"] * 1e6),
    ]  # fmt: skip
