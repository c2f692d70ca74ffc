"""A year of a shop streamed day by day through the online store, each value held against the join.

`examples/retail` on all 305 daily files (INTERPLANE_STUDY_DAYS for fewer): what is printed last is how
many values were compared and how many differ, which has to be none. Beside: the bare SQLite rows that a
push could be, and the same statistics asked of DuckDB anew for each customer and moment.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Row
from interplane.data.engine import connect
from interplane.data.table import Table
from interplane.views.online import SqliteOnline

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

_ROOT = Path(__file__).resolve().parents[1]
_DATA = Path(os.environ.get("INTERPLANE_SHARED_DATA", _ROOT.parent / "shared" / "data"))
_PARQUET = _DATA / "online-retail" / "online_retail.parquet"
_DAYS = int(os.environ.get("INTERPLANE_STUDY_DAYS", "305"))
_HELD_EVERY = 20

# Recency, frequency, spend and cancellations of one customer as of a moment, as somebody would ask for them.
_ASKED = """
SELECT max(invoiced_at) FILTER (NOT cancelled),
    count(DISTINCT invoice) FILTER (invoiced_at > $at - INTERVAL 7 DAY),
    sum(amount) FILTER (invoiced_at > $at - INTERVAL 7 DAY),
    count(DISTINCT invoice) FILTER (invoiced_at > $at - INTERVAL 30 DAY),
    sum(amount) FILTER (invoiced_at > $at - INTERVAL 30 DAY),
    count(DISTINCT invoice) FILTER (invoiced_at > $at - INTERVAL 90 DAY),
    sum(amount) FILTER (invoiced_at > $at - INTERVAL 90 DAY),
    avg(CAST(cancelled AS INT)) FILTER (invoiced_at > $at - INTERVAL 90 DAY)
FROM line WHERE customer = $who AND filed_at <= $at
"""


def run() -> list[Row]:
    """Stream, read everybody at each day's end, and hold all of it against the join."""
    if not _PARQUET.is_file():
        return [Row("the shop's data are not there: INTERPLANE_SHARED_DATA", "", 0.0)]
    sys.path.insert(0, str(_ROOT / "examples" / "retail"))
    import customers
    import streaming

    with connect() as connection:
        raw = connection.sql(
            "SELECT * REPLACE (CAST(CustomerID AS DOUBLE) AS CustomerID) "
            f"FROM read_parquet('{_PARQUET}') ORDER BY InvoiceDate"
        ).to_arrow_table()
    lines = Table.from_arrow(raw).sql(customers.LINES)
    with tempfile.TemporaryDirectory() as folder:
        shop = streaming.Shop(lines, SqliteOnline(Path(folder) / "online.sqlite"))
        days = list(islice(shop.days(), _DAYS))
        held = 0.0
        for day, (moment, rows) in enumerate(days, start=1):
            shop.push(moment, rows)
            shop.read(shop.met, [moment])
            if day % _HELD_EVERY == 0 or day == len(days):
                begin = time.perf_counter()
                shop.hold()
                held += time.perf_counter() - begin
        bare_s = _bare(Path(folder) / "bare.sqlite", days)
    done, asked_s = shop.done, _asked(lines, sorted(shop.met), days[-1][0])
    reads = f"{done.reads:,} reads of {len(shop.view.types)} features"
    differ = len(done.differences)
    return [
        Row(
            f"lines pushed, {done.days} days of up to {max(len(rows) for _, rows in days):,}",
            "lines/s",
            done.pushed / done.pushing_s,
            {"bare SQLite rows, a commit a day": done.pushed / bare_s},
            f"{done.new:,} new, {done.again:,} there already, {done.refused:,} of no customer (refused)",
        ),
        Row(
            "customers read at each day's end, after its push",
            "µs",
            done.reading_s / done.reads * 1e6,
            {"DuckDB asked for 8 of the features of one customer": asked_s * 1e6},
            f"{reads}; everybody was written to or moves on by time alone between two of them",
        ),
        Row("all of these rows joined over all files, and compared", "s", held, {}, reads),
        Row(
            "values that differ between online store and join",
            "values",
            differ,
            {},
            f"{done.values:,} compared, bit for bit"
            + (f"; first {done.differences[0]}" if differ else ""),
        ),
    ]


def _bare(path: Path, days: Sequence[tuple[object, list[dict[str, object]]]]) -> float:
    """Return the seconds of writing the same lines as rows of a table, durably, a commit a day."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    names = list(days[0][1][0])
    connection.execute(f"CREATE TABLE line ({', '.join(names)}, UNIQUE (line))")
    marks = ", ".join("?" * len(names))
    begin = time.perf_counter()
    for _, rows in days:
        values = [tuple(str(row[name]) for name in names) for row in rows]
        with connection:
            connection.executemany(f"INSERT OR IGNORE INTO line VALUES ({marks})", values)
    seconds = time.perf_counter() - begin
    connection.close()
    return seconds


def _asked(lines: Table, met: list[int], moment: object) -> float:
    """Return the seconds of one customer's features by a query, on a table in their order."""
    with connect() as connection:
        lines.register(connection, "unsorted")
        connection.execute("CREATE TABLE line AS FROM unsorted ORDER BY customer, invoiced_at")
        chosen = met[:: max(len(met) // 100, 1)]
        begin = time.perf_counter()
        for who in chosen:
            connection.execute(_ASKED, {"who": who, "at": moment}).fetchall()
        return (time.perf_counter() - begin) / len(chosen)


if __name__ == "__main__":
    from benchmarks.harness import table

    print(table(run()))
