"""Ten features by fifty slices by thirty days: counted from raw rows, kept by hours, and a further day.

``python -m benchmarks.monitoring 1e6`` counts fewer rows than the ten million of a full run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import Row, table
from interplane.data.engine import connect, identifier, string_list
from interplane.data.table import Table
from interplane.data.types import columns_of
from interplane.monitoring.counting.advancing import DAY_US, advance
from interplane.monitoring.counting.coding import Coder
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import make_layout
from interplane.monitoring.counting.recipe import Feed, Recipe
from interplane.monitoring.counting.windows import SqliteWindows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from interplane.monitoring.layout import Layout

_ROWS = 10_000_000
_DAYS = 30
_FEATURES = 10
_SLICES = 50
_BEGIN = np.datetime64("2013-06-01T00:00:00", "us")
_SLICING = ("airline",)


class Log(NamedTuple):
    """A Parquet file for each day, as the compactor writes them."""

    paths: list[Path]
    rows: list[int]
    schema: pa.Schema

    def table(self, first: int = 0, last: int | None = None) -> Table:
        columns = columns_of(self.schema.empty_table())
        return Table.from_parts(
            self.paths[first:last], columns=columns, part_rows=self.rows[first:last]
        )

    def read(self, since: datetime | None, until: datetime | None) -> Table:
        """Return the rows of some days: what is asked for begins and ends with a day here."""
        days = [
            None if time is None else (np.datetime64(time, "us") - _BEGIN) // np.timedelta64(1, "D")
            for time in (since, until)
        ]
        first = max(0, int(days[0] or 0))
        return self.table(first, None if days[1] is None else int(days[1]))


def run(rows: int = _ROWS) -> list[Row]:
    """Measure on files in the temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        log = _write(place, rows)
        layout = make_layout(log.table(0, 1).head(100_000))
        return [*_from_raw(log, layout, rows), *_kept(place, log, layout, rows)]


def _write(place: Path, rows: int) -> Log:
    """Write thirty days, and one more."""
    draw = np.random.default_rng(7)
    names = pa.array([f"airline {number:02}" for number in range(_SLICES)])
    each = rows // _DAYS
    paths = []
    schema = None
    for day in range(_DAYS + 1):
        moments = np.sort(draw.integers(0, DAY_US, each))
        written = pa.table(
            {
                "crossing": pa.array(["a" * 64] * each),
                "time": _BEGIN + np.timedelta64(day, "D") + moments.astype("timedelta64[us]"),
                "score": draw.random(each),
                "took_us": draw.integers(40, 3_000, each),
                "row.airline": names.take(pa.array(draw.integers(0, _SLICES, each))),
                **{f"row.x{k}": draw.normal(size=each).round(3) for k in range(_FEATURES)},
            }
        )
        path = place / f"{day:02}.parquet"
        pq.write_table(
            written, path, compression="zstd", compression_level=1, row_group_size=65_536
        )
        paths.append(path)
        schema = written.schema
    return Log(paths, [each] * (_DAYS + 1), schema)


def _timed(works: dict[str, Callable[[], object]], *, repeats: int = 3) -> dict[str, float]:
    """Return the median seconds of each work; the works take turns. None is warmed up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values)) for name, values in times.items()}


def _from_raw(log: Log, layout: Layout, rows: int) -> list[Row]:
    month = log.table(0, _DAYS)

    def ours() -> object:
        return count(month, layout, slicings=[_SLICING], by_hour=True)

    sqls = _sqls(log, layout)
    _check(ours(), sqls["a query a column"], layout)
    limit = _limit(log, layout)
    times = _timed(
        {
            "ours": ours,
            "limit": limit,
            "reading": lambda: [None for _ in month.batches(rows=262_144)],
            **{name: lambda sql=sql: _ask(sql) for name, sql in sqls.items()},
        }
    )
    beside = {f"DuckDB, {name}": times[name] for name in sqls}
    beside |= {"reading the columns alone": times["reading"]}
    beside |= {"NumPy's bincount of codes that are there": times["limit"]}
    what = f"{_FEATURES} features, score, latency x {_SLICES} slices x {_DAYS * 24} hours"
    return [Row(f"{what}, {rows:,} rows", "s", times["ours"], beside)]


def _sqls(log: Log, layout: Layout) -> dict[str, list[str]]:
    """Return the same bins as a person would write them."""
    source = f"read_parquet({string_list(str(path) for path in log.paths[:_DAYS])})"
    key = "date_trunc('hour', time) AS hour, \"row.airline\" AS airline"
    codes = {
        bins.column: "CASE "
        + " ".join(
            f"WHEN {identifier(bins.column)} <= {edge!r} THEN {number}"
            for number, edge in enumerate(bins.edges)
        )
        + f" WHEN {identifier(bins.column)} IS NULL THEN {bins.null} ELSE {len(bins.edges)} END"
        for bins in layout.columns
        if bins.kind == "numbers"
    }
    named = ", ".join(f"{sql} AS b{number}" for number, sql in enumerate(codes.values()))
    sets = ", ".join(f"(hour, airline, b{number})" for number in range(len(codes)))
    listed = ", ".join(f"b{number}" for number in range(len(codes)))
    coded = f"SELECT {key}, {named} FROM {source}"
    return {
        "a query a column": [
            f"SELECT {key}, {sql} AS bin, count(*) AS n FROM {source} GROUP BY ALL"
            for sql in codes.values()
        ],
        "one query with grouping sets": [
            f"SELECT hour, airline, {listed}, count(*) AS n FROM ({coded}) GROUP BY GROUPING SETS ({sets})"
        ],
    }


def _ask(queries: list[str]) -> list[dict[str, np.ndarray]]:
    with connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        return [connection.sql(query).fetchnumpy() for query in queries]


def _check(counted: object, queries: list[str], layout: Layout) -> None:
    """Hold both counts against each other: by one query for each column."""
    grid = counted.grid(_SLICING)
    watched = [bins for bins in layout.columns if bins.kind == "numbers"]
    for bins, found in zip(watched, _ask(queries), strict=True):
        sums = np.bincount(
            np.asarray(found["bin"], np.int64), weights=found["n"], minlength=bins.size
        )
        assert sums.tolist() == grid.arrays[f"column {bins.column}"].sum(axis=0).tolist()


def _limit(log: Log, layout: Layout) -> Callable[[], object]:
    """Return the counting of a day's codes, as often as there are days."""
    day = log.table(0, 1).to_arrow().combine_chunks()
    hours = day.column("time").cast(pa.int64()).to_numpy() // 3_600_000_000
    airlines = day.column("row.airline").combine_chunks().dictionary_encode().indices.to_numpy()
    groups = (hours - hours.min()) * _SLICES + airlines
    codes = [
        groups * bins.size + Coder(bins).codes(day.column(bins.column).combine_chunks())
        for bins in layout.columns
        if bins.kind == "numbers"
    ]
    return lambda: [np.bincount(each) for _ in range(_DAYS) for each in codes]


def _kept(place: Path, log: Log, layout: Layout, rows: int) -> list[Row]:
    windows = SqliteWindows(place / "windows.sqlite")
    known = log._replace(paths=log.paths[:_DAYS], rows=log.rows[:_DAYS])
    recipe = Recipe(slicings=[_SLICING])
    begin = int(_BEGIN.astype(np.int64))

    def step(read: Log, days: int) -> float:
        feed = Feed(read=read.read, layouts=lambda _: layout)
        started = time.perf_counter()
        advance(
            windows, "m", feed, recipe, now_us=begin + days * DAY_US, lateness_us=0, horizon_us=0
        )
        return time.perf_counter() - started

    month = step(known, _DAYS)
    again = step(known, _DAYS)
    day = step(log, _DAYS + 1)
    started = time.perf_counter()
    first = begin // 3_600_000_000
    tallies = windows.tallies("m", slicing=_SLICING, begin_hour=first, end_hour=first + 31 * 24)
    reading = time.perf_counter() - started
    assert rows // _DAYS * 31 == sum(tally.rows for tally in tallies.values())
    size = windows.path.stat().st_size / 1e6
    windows.close()
    return [
        Row(f"the same, kept by hours in SQLite ({size:.0f} MB)", "s", month),
        Row("an advance that finds nothing new", "s", again),
        Row(f"a further day of {rows // _DAYS:,} rows", "s", day),
        Row("the tallies of 31 days read and merged, 50 slices", "s", reading),
    ]


if __name__ == "__main__":
    print(table(run(int(float(sys.argv[1])) if len(sys.argv) > 1 else _ROWS)))
