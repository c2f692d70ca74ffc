"""The prediction log: an entry beside a bare write of its bytes, compaction, reading one day."""

from __future__ import annotations

import os
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.harness import Row, best_times
from interplane.predictions.compact import compact
from interplane.predictions.entry import Entry, encode_entries
from interplane.predictions.frames import frame
from interplane.predictions.layout import OPEN, PARQUET
from interplane.predictions.table import read_log
from interplane.predictions.writer import SegmentWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY_US = 86_400_000_000
_START = datetime(2013, 6, 1)
_START_US = 15_857 * _DAY_US
_ENTRIES = 400_000
_DAYS = 4
_IN_A_REQUEST = 4


def run() -> list[Row]:
    """Measure on the disk of the temporary folder."""
    draw = random.Random(7)
    rows = [_row(draw) for _ in range(1000)]
    with tempfile.TemporaryDirectory() as folder:
        return [
            *_appending(Path(folder) / "appending", rows),
            _syncing(Path(folder) / "syncing", rows),
            *_compacting(Path(folder) / "compacting", rows, draw),
        ]


def _row(draw: random.Random) -> dict[str, object]:
    """Twelve columns of a request."""
    floats = {f"feature_{number}": draw.random() * 100 for number in range(8)}
    places = {name: draw.choice(["JFK", "LGA", "EWR", "LAX"]) for name in ("origin", "dest")}
    return {**floats, **places, "carrier": "UA", "when": "2013-06-01T06:15:00Z"}


def _entry(number: int, rows: list[dict[str, object]], at_us: int, id_: str) -> Entry:
    return Entry(
        id_,
        "flights",
        "c" * 64,
        at_us,
        at_us,
        score=0.25 + number * 1e-9,
        took_us=120,
        row=rows[number % len(rows)],
        looked_up={"carrier.late_rate_7d": number / 7, "carrier.flights_7d": number},
    )


def _appending(folder: Path, rows: list[dict[str, object]]) -> Iterator[Row]:
    one = [_entry(0, rows, _START_US, "ab" * 16)]
    hundred = [_entry(number, rows, _START_US, "ab" * 16) for number in range(100)]
    for what, entries, number in (("an entry", one, 5000), ("100 entries at once", hundred, 200)):
        data = frame(encode_entries(entries), 0, b"mark", 7)
        with SegmentWriter(folder, name="bench", sync_ms=100) as log:
            bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            times = best_times(
                {
                    "ours": lambda log=log, entries=entries: log.append(entries),
                    "write": lambda bare=bare, data=data: os.write(bare, data),
                    "encoded": lambda entries=entries: msgspec.msgpack.encode(entries),
                    "json": lambda entries=entries: msgspec.json.encode(entries),
                },
                repeats=15,
                number=number,
            )
            os.close(bare)
        yield Row(
            f"append {what} ({len(data):,} bytes)",
            "µs",
            times["ours"] * 1e6,
            {
                "a bare write of the same bytes": times["write"] * 1e6,
                "that write and msgspec's MessagePack": (times["write"] + times["encoded"]) * 1e6,
                "that write and msgspec's JSON": (times["write"] + times["json"]) * 1e6,
            },
        )


def _syncing(folder: Path, rows: list[dict[str, object]]) -> Row:
    """Return how long sixteen callers wait together, as a server that syncs before it answers."""
    one = [_entry(0, rows, _START_US, "ab" * 16)]
    data = frame(encode_entries(one), 0, b"mark", 7)
    with SegmentWriter(folder, name="bench", sync_ms=0) as log:
        bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def group() -> None:
            waiting = []
            for _ in range(16):
                log.append(one)
                waiting.append(log.synced())
            for future in waiting:
                future.result()

        def alone() -> None:
            os.write(bare, data)
            os.fsync(bare)

        times = best_times({"ours": group, "alone": alone}, repeats=9, number=20)
        os.close(bare)
    return Row(
        "16 entries, each synced before its answer, per entry",
        "µs",
        times["ours"] * 1e6 / 16,
        {"one write and one fsync": times["alone"] * 1e6},
    )


def _compacting(folder: Path, rows: list[dict[str, object]], draw: random.Random) -> Iterator[Row]:
    step_us = _DAYS * _DAY_US // _ENTRIES
    with SegmentWriter(folder, name="bench", sync_ms=10_000, most_bytes=32 << 20) as log:
        for first in range(0, _ENTRIES, _IN_A_REQUEST):
            at_us = _START_US + first * step_us
            log.append(
                [
                    _entry(number, rows, at_us, f"{draw.getrandbits(128):032x}")
                    for number in range(first, first + _IN_A_REQUEST)
                ]
            )
    size = sum(path.stat().st_size for path in (folder / OPEN).iterdir())
    began = time.perf_counter()
    done = compact(folder)
    took = time.perf_counter() - began
    assert done.entries == _ENTRIES
    table = read_log(folder, model="flights")
    whole = table.to_arrow()
    written = sum(path.stat().st_size for path in (folder / PARQUET).iterdir())
    parquet = best_times(
        {"write": lambda: pq.write_table(whole, folder / "bare.parquet", compression="zstd")},
        repeats=3,
    )["write"]
    yield Row(
        f"compaction of {_ENTRIES:,} entries, once, with its syncs",
        "k rows/s",
        _ENTRIES / took / 1e3,
        {"Arrow writing the finished table to one file": _ENTRIES / parquet / 1e3},
        f"{size / _ENTRIES:.0f} bytes an entry in segments, {written / _ENTRIES:.0f} in Parquet",
    )
    yield _reading(folder, whole)


def _reading(folder: Path, whole: pa.Table) -> Row:
    """Return how long a question about one day of four takes, from the log to its answer."""
    question = 'SELECT "row.origin", avg(score), count(*) FROM self GROUP BY ALL'
    since, until = _START + timedelta(days=1), _START + timedelta(days=2)
    hand_written = folder / "sorted.parquet"
    pq.write_table(whole.sort_by("time"), hand_written, compression="zstd", row_group_size=65_536)

    def ours() -> None:
        read_log(folder, model="flights", since=since, until=until).sql(question).to_rows()

    def duck() -> None:
        bounds = f"\"time\" >= TIMESTAMP '{since}' AND \"time\" < TIMESTAMP '{until}'"
        text = question.replace("FROM self", f"FROM read_parquet('{hand_written}') WHERE {bounds}")
        duckdb.sql(text).fetchall()

    times = best_times({"ours": ours, "duck": duck}, repeats=9)
    return Row(
        f"a group-by over one day ({_ENTRIES // _DAYS:,} rows) of {_DAYS}",
        "ms",
        times["ours"] * 1e3,
        {"DuckDB on one sorted Parquet file, by hand": times["duck"] * 1e3},
    )
