"""Fit on a million rows: 20 statistics, four sets of groups, beside the bare engine aggregates."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

import interplane as ip
from benchmarks.harness import Row, best_times

ROWS = 1_000_000

BARE = (
    (
        "SELECT avg(x0), stddev_samp(x0), avg(x1), stddev_samp(x1), avg(x2), stddev_samp(x2), "
        "avg(x3), stddev_samp(x3), min(x4), max(x4), median(x5), "
        "sum(CAST(late AS BIGINT)), count(late) FROM flights"
    ),
    "SELECT carrier, count(*) AS n FROM flights GROUP BY ALL ORDER BY n DESC, carrier LIMIT 16",
    "SELECT origin, count(*) AS n FROM flights GROUP BY ALL ORDER BY n DESC, origin LIMIT 40",
    "SELECT dest, avg(x0) FROM flights GROUP BY ALL ORDER BY ALL",
    (
        "SELECT origin, dest, count(late), sum(CAST(late AS BIGINT)) FROM flights "
        "GROUP BY ALL ORDER BY ALL"
    ),
    (
        "SELECT carrier, hour, count(late), sum(CAST(late AS BIGINT)) FROM flights "
        "GROUP BY ALL ORDER BY ALL"
    ),
    "SELECT tail, count(late), sum(CAST(late AS BIGINT)) FROM flights GROUP BY ALL ORDER BY ALL",
)
"""The same statistics as a person would write them."""


def flights(rows: int) -> ip.Table:
    """Made-up flights: floats, categories of 3 to 4,000 values, a label."""
    draw = np.random.default_rng(11)
    columns = {f"x{number}": draw.normal(size=rows) for number in range(6)}
    for name, values in {"carrier": 16, "origin": 3, "dest": 100, "tail": 4000}.items():
        columns[name] = pa.array(draw.integers(0, values, rows)).cast(pa.string())
    columns |= {"hour": draw.integers(0, 24, rows), "late": draw.random(rows) < 0.25}
    return ip.Table.from_columns({"id": np.arange(rows), **columns})


@ip.features(label="late", key=["id"])
def flight_features(flight):
    """Scalar and grouped statistics, vocabularies and target encodings."""
    return {
        **{f"x{number}": ip.standardize(flight[f"x{number}"]) for number in range(4)},
        "unit": ip.min_max(flight.x4),
        "above": flight.x5 > flight.x5.median(),
        "carrier": ip.one_hot(flight.carrier, top=16),
        "origin": ip.one_hot(flight.origin),
        "within": flight.x0 - flight.x0.mean(by=[flight.dest]),
        "route": ip.target_encode([flight.origin, flight.dest], flight.late),
        "rush": ip.target_encode([flight.carrier, flight.hour], flight.late),
        "plane": ip.target_encode(flight.tail, flight.late),
        "hour": ip.cyclic(flight.hour),
    }


def run() -> list[Row]:
    """Fit, with the proof of parity; training rows out of fold; the table that serving sees."""
    table = flights(ROWS)
    frozen = flight_features.fit(table)
    arrow = table.to_arrow()

    def bare(threads: int):
        connection = duckdb.connect(config={"threads": threads})
        connection.register("flights", arrow)
        return lambda: [connection.sql(query).fetchall() for query in BARE]

    times = best_times(
        {
            "fit": lambda: flight_features.fit(table),
            "fast": lambda: flight_features.fit(table, fast=True),
            "fit_transform": lambda: flight_features.fit_transform(table),
            "transform": lambda: frozen.transform(table),
            "one": bare(1),
            "two": bare(2),
        },
        repeats=5,
    )
    width = f"{len(frozen.names)} features"
    return [
        Row(
            "fit on 1M rows: 7 queries, one thread, and the proof",
            "s",
            times["fit"],
            {"bare aggregates, 1 thread": times["one"], "2 threads": times["two"]},
        ),
        Row(
            "the same with fast=True",
            "s",
            times["fast"],
            {"bare aggregates, 2 threads": times["two"]},
        ),
        Row(
            f"fit_transform, 1M rows out of fold, {width}",
            "s",
            times["fit_transform"],
            {"fit and transform": times["fit"] + times["transform"]},
        ),
        Row(f"transform, 1M rows, {width}", "s", times["transform"]),
    ]
