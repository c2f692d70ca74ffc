"""Point-in-time joins: the latest values and windows of entities, beside engines asked by hand.

1M rows against 10M events of 100,000 entities over a year, each known up to a day after it happened.
INTERPLANE_BENCH_EVENTS=1000000 takes a tenth of both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.harness import Row, best_times
from interplane.data.table import Table
from interplane.expressions.nodes import Column
from interplane.views.join import join
from interplane.views.prepared import prepare
from interplane.views.view import Latest, View, ViewUse, Window

ROOT = Path(__file__).parents[1]
EVENTS = int(os.environ.get("INTERPLANE_BENCH_EVENTS", "10_000_000"))
ROWS = EVENTS // 10
ENTITIES = max(EVENTS // 100, 1)
START, DAY = 1_700_000_000_000_000, 86_400_000_000
YEAR = 365 * DAY
COLUMNS = {"entity": "int", "happened": "timestamp", "known": "timestamp", "id": "int",
           "x": "float", "y": "float", "z": "float"}  # fmt: skip
ARGUMENTS = (Column("x", "float"), Column("y", "float"), Column("z", "float"))

ASOF = """
SELECT r.place, e.x, e.y, e.z FROM asking r ASOF LEFT JOIN events e
ON r.who = e.entity AND r.t >= e.known
"""
RANGE_JOIN = """
SELECT r.place, count(e.x) AS n, avg(e.x) AS m FROM asking r LEFT JOIN events e
ON r.who = e.entity AND e.known <= r.t AND e.happened > r.t - INTERVAL 7 DAY AND e.happened <= r.t
GROUP BY r.place
"""
PREFIX_SUMS = """
WITH entered AS (
    SELECT entity, known AS moment, count(x) OVER w AS n, sum(x) OVER w AS s FROM events
    WINDOW w AS (PARTITION BY entity ORDER BY known)
), gone AS (
    SELECT entity, greatest(known, happened + INTERVAL 7 DAY) AS moment, x FROM events
), left_ AS (
    SELECT entity, moment, count(x) OVER w AS n, sum(x) OVER w AS s FROM gone
    WINDOW w AS (PARTITION BY entity ORDER BY moment)
), one AS (
    SELECT r.place, r.who, r.t, coalesce(e.n, 0) AS n, coalesce(e.s, 0) AS s
    FROM asking r ASOF LEFT JOIN entered e ON r.who = e.entity AND r.t >= e.moment
)
SELECT o.place, o.n - coalesce(g.n, 0) AS n,
    CASE WHEN o.n > coalesce(g.n, 0) THEN (o.s - coalesce(g.s, 0)) / (o.n - coalesce(g.n, 0)) END AS m
FROM one o ASOF LEFT JOIN left_ g ON o.who = g.entity AND o.t >= g.moment
"""


def view(features) -> View:
    return View(
        name="bench", source="events", entity=("entity",), event_time="happened",
        known_at="known", ttl_us=None, forecast=False, key=("id",), columns=COLUMNS,
        arguments=ARGUMENTS, features=features,
    )  # fmt: skip


LATEST = view({"x": Latest(0, "float"), "y": Latest(1, "float"), "z": Latest(2, "float")})
WEEK = view({"n": Window("count", 0, 7 * DAY, "float"), "m": Window("mean", 0, 7 * DAY, "float")})


def tables() -> tuple[pa.Table, pa.Table]:
    """Events in the order in which they were known, and rows in no order."""
    draw = np.random.default_rng(7)
    happened = START + draw.integers(0, YEAR, EVENTS)
    known = happened + draw.integers(0, DAY, EVENTS)
    order = np.argsort(known)
    events = {
        "entity": draw.integers(0, ENTITIES, EVENTS),
        "happened": pa.array(happened[order], pa.timestamp("us")),
        "known": pa.array(known[order], pa.timestamp("us")),
        "id": np.arange(EVENTS),
        "x": pa.array(draw.normal(size=EVENTS), mask=draw.random(EVENTS) < 0.02),
        "y": draw.normal(size=EVENTS),
        "z": draw.normal(size=EVENTS),
    }
    rows = {
        "place": np.arange(ROWS),
        "who": draw.integers(0, ENTITIES, ROWS),
        "t": pa.array(START + draw.integers(0, YEAR, ROWS), pa.timestamp("us")),
    }
    return pa.table(events), pa.table(rows)


def run() -> list[Row]:
    """Measure ours with the events prepared and not, beside engines whose tables are loaded."""
    events, rows = tables()
    source, asking = Table.from_arrow(events), Table.from_arrow(rows)
    engine = duckdb.connect()
    engine.execute("SET enable_progress_bar = false")
    for name, table in {"events": events, "asking": rows}.items():
        engine.register("given", table)
        engine.execute(f"CREATE TABLE {name} AS FROM given")
        engine.unregister("given")
    return [
        *latest(source, asking, engine, (pl.from_arrow(events), pl.from_arrow(rows))),
        *windows(source, asking, engine),
        *memory(events, rows),
    ]


def latest(source, asking, engine, frames) -> list[Row]:
    use, ready = ViewUse(LATEST, ("who",)), prepare(LATEST, source)
    events, rows = frames[0].sort("known"), frames[1]

    def polars():
        found = rows.sort("t").join_asof(
            events, left_on="t", right_on="known", by_left="who", by_right="entity",
            check_sortedness=False,
        )  # fmt: skip
        return found.sort("place").select("place", "x", "y", "z")

    times = best_times(
        {
            "built": lambda: join(asking, use, prepare(LATEST, source), time="t"),
            "reused": lambda: join(asking, use, ready, time="t"),
            "duckdb": lambda: engine.sql(ASOF).to_arrow_table(),
            "polars": polars,
        },
        repeats=3,
    )
    beside = {
        "DuckDB ASOF by hand, by known-at time alone": times["duckdb"],
        "Polars join_asof by hand, events sorted": times["polars"],
    }
    work = f"latest 3 values: {ROWS:,} rows, {EVENTS:,} events"
    return [
        Row(f"{work}, prepared", "s", times["reused"], beside),
        Row(f"{work}, from the table", "s", times["built"], beside),
    ]


def windows(source, asking, engine) -> list[Row]:
    use, ready = ViewUse(WEEK, ("who",)), prepare(WEEK, source)
    check(join(asking, use, ready, time="t"), engine)
    times = best_times(
        {
            "built": lambda: join(asking, use, prepare(WEEK, source), time="t"),
            "reused": lambda: join(asking, use, ready, time="t"),
            "range": lambda: engine.sql(RANGE_JOIN).to_arrow_table(),
            "prefix": lambda: engine.sql(PREFIX_SUMS).to_arrow_table(),
        },
        repeats=3,
    )
    beside = {
        "DuckDB by hand, join on the range": times["range"],
        "DuckDB by hand, running sums and two ASOF joins": times["prefix"],
    }
    work = f"count and mean of 7 days: {ROWS:,} rows, {EVENTS:,} events"
    note = "by hand: events that come twice count twice, and sums are rounded as they go"
    return [
        Row(f"{work}, prepared", "s", times["reused"], beside, note=note),
        Row(f"{work}, from the table", "s", times["built"], beside),
    ]


def check(ours, engine) -> None:
    """Hold what is measured against each other: equal counts, means within rounding."""
    for query in (RANGE_JOIN, PREFIX_SUMS):
        other = engine.sql(f"SELECT * FROM ({query}) ORDER BY place").to_arrow_table()
        assert ours.column("n").equals(other.column("n").cast(pa.int64())), "counts differ"
        means = [table.column("m").to_numpy() for table in (ours, other)]
        assert np.allclose(*means, rtol=1e-6, atol=1e-9, equal_nan=True), "means differ"


def memory(events, rows) -> list[Row]:
    """The peak of a process that loads both tables and joins them, beside one that loads them."""
    with tempfile.TemporaryDirectory(prefix="interplane-bench-") as folder:
        for name, table in {"events": events, "rows": rows}.items():
            with pa.ipc.new_file(f"{folder}/{name}", table.schema) as file:
                file.write_table(table)
        loaded = peak(folder, "None")
        return [
            Row(f"{each}: peak memory, from the table", "GB", peak(folder, each),
                {"the tables and imports alone": loaded})
            for each in ("LATEST", "WEEK")
        ]  # fmt: skip


def peak(folder: str, what: str) -> float:
    """Run one join, or none, in a process of its own; return its peak in GB."""
    code = f"from benchmarks.join import *; alone({folder!r}, {what})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return int(done.stdout) / 1e6


def alone(folder: str, what: View | None) -> None:
    """Load the tables, join them, and print the peak in KB (that of the parent is no part of it)."""
    source, asking = (
        Table.from_arrow(pa.ipc.open_file(pa.OSFile(f"{folder}/{name}")).read_all())
        for name in ("events", "rows")
    )
    if what is not None:
        join(asking, ViewUse(what, ("who",)), source, time="t")
    status = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
