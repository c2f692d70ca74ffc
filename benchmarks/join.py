"""Point-in-time joins: the latest values and windows of entities, beside engines asked by hand.

1M rows against 10M events of 100,000 entities over a year, each known up to a day after it happened.
INTERPLANE_BENCH_EVENTS=1000000 takes a tenth of both. INTERPLANE_FEAST_PYTHON names a Python that has Feast
(``pip install "feast[duckdb]"`` in an environment of its own); without it Feast is left out, in words.
INTERPLANE_FEAST_STORES=duckdb,file measures its file store too: minutes, and more than ten times the memory.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

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


LAST_50 = """
WITH running AS (
    SELECT entity, known, avg(x) OVER w AS m, stddev_samp(x) OVER w AS s FROM events
    WINDOW w AS (PARTITION BY entity ORDER BY happened ROWS 49 PRECEDING)
) SELECT r.place, e.m, e.s FROM asking r ASOF LEFT JOIN running e
ON r.who = e.entity AND r.t >= e.known
"""
LIFETIME = """
WITH running AS (
    SELECT entity, known, count(x) OVER w AS n, avg(x) OVER w AS m, stddev_samp(x) OVER w AS s,
        last(x IGNORE NULLS) OVER w AS l
    FROM events WINDOW w AS (PARTITION BY entity ORDER BY known ROWS UNBOUNDED PRECEDING)
) SELECT r.place, coalesce(e.n, 0) AS n, e.m, e.s, e.l FROM asking r ASOF LEFT JOIN running e
ON r.who = e.entity AND r.t >= e.known
"""
SPREAD = """
SELECT r.place, stddev_samp(e.x) AS s, count(DISTINCT e.x) AS d FROM asking r LEFT JOIN events e
ON r.who = e.entity AND e.known <= r.t AND e.happened > r.t - INTERVAL 37 DAY
AND e.happened <= r.t - INTERVAL 7 DAY
GROUP BY r.place
"""


def view(features) -> View:
    return View(
        name="bench", source="events", entity=("entity",), event_time="happened",
        known_at="known", ttl_us=None, forecast=False, key=("id",), columns=COLUMNS,
        arguments=ARGUMENTS, features=features,
    )  # fmt: skip


LATEST = view({"x": Latest(0, "float"), "y": Latest(1, "float"), "z": Latest(2, "float")})
WEEK = view({"n": Window("count", 0, 7 * DAY, "float"), "m": Window("mean", 0, 7 * DAY, "float")})


FIFTY = view({"m": Window("mean", 0, None, "float", 50), "s": Window("std", 0, None, "float", 50)})
EVER = view(
    {
        "n": Window("count", 0, None, "float"),
        "m": Window("mean", 0, None, "float"),
        "s": Window("std", 0, None, "float"),
        "l": Window("last", 0, None, "float"),
    }
)
LATE = view(
    {
        "s": Window("std", 0, 30 * DAY, "float", None, 7 * DAY),
        "d": Window("count_distinct", 0, 30 * DAY, "float", None, 7 * DAY),
    }
)


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
        *newer_windows(source, asking, engine),
        *feast(events, rows),
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


def newer_windows(source, asking, engine) -> list[Row]:
    """Windows of so many events, of a lifetime, and with a delay."""
    found = []
    kinds = (
        ("mean, std of the last 50", FIFTY, LAST_50, "running frames and an ASOF join"),
        ("count, mean, std, last of all", EVER, LIFETIME, "running frames and an ASOF join"),
        ("std, distinct of 30 days, a week ago", LATE, SPREAD, "join on the range"),
    )
    for work, its_view, query, how in kinds:
        use, ready = ViewUse(its_view, ("who",)), prepare(its_view, source)
        close = agreement(join(asking, use, ready, time="t"), engine, query)
        times = best_times(
            {
                "built": lambda its=its_view, use=use: join(
                    asking, use, prepare(its, source), time="t"
                ),
                "reused": lambda use=use, ready=ready: join(asking, use, ready, time="t"),
                "hand": lambda query=query: engine.sql(query).to_arrow_table(),
            },
            repeats=3,
        )
        beside = {f"DuckDB by hand, {how}": times["hand"]}
        note = f"by hand: {close:.2%} of the values agree within 1e-6 (late events are in another order)"
        found += [
            Row(f"{work}: {ROWS:,} rows, prepared", "s", times["reused"], beside, note=note),
            Row(f"{work}: {ROWS:,} rows, from the table", "s", times["built"], beside),
        ]
    return found


def agreement(ours, engine, query) -> float:
    """Return the share of values that are near those of a query."""
    other = engine.sql(f"SELECT * FROM ({query}) ORDER BY place").to_arrow_table()
    pairs = [(ours.column(n).to_numpy(), other.column(n).to_numpy()) for n in ours.column_names]
    near = [np.isclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True) for a, b in pairs]
    return float(np.mean(near))


def feast(events, rows) -> list[Row]:
    """The latest values by known-at time, by Feast in its own Python, from Parquet files."""
    work = f"latest 3 values: {ROWS:,} rows, {EVENTS:,} events, from Parquet"
    python = os.environ.get("INTERPLANE_FEAST_PYTHON")
    if not python:
        print("Feast is left out: INTERPLANE_FEAST_PYTHON names no Python that has it")
        return []
    beside = {}
    with tempfile.TemporaryDirectory(prefix="interplane-bench-") as folder:
        given = {"events": events, "rows": rows}
        for name, table in given.items():
            pq.write_table(table, f"{folder}/{name}.parquet")
        script = str(ROOT / "benchmarks" / "feast" / "join.py")
        for kind in os.environ.get("INTERPLANE_FEAST_STORES", "duckdb").split(","):
            command = [python, script, folder, kind]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"Feast ({kind}) did not run: {done.stderr.strip()[-200:]}")
                continue
            answer = json.loads(done.stdout.splitlines()[-1])
            beside[f"Feast, its {kind} store"] = statistics.median(answer["seconds"])

        def ours() -> object:
            source, asking = (
                Table.from_arrow(pq.read_table(f"{folder}/{name}.parquet")) for name in given
            )
            return join(asking, ViewUse(LATEST, ("who",)), source, time="t")

        times = best_times({"ours": ours}, repeats=3)
    return [Row(work, "s", times["ours"], beside)]


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
            for each in ("LATEST", "WEEK", "FIFTY", "EVER")
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
