"""Rows of the log by hours: how many each has, which are read together, and those of one crossing."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from interplane.data.sources import Memory
from interplane.data.table import Table
from interplane.monitoring.calendar import HOUR_US

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection

__all__ = [
    "Traffic",
    "batches_of_days",
    "crossings_of",
    "hour_time",
    "of_crossing",
    "runs",
    "traffic",
]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, and naive, as timestamps are
_DAY: Final = 24


class Traffic(NamedTuple):
    """How many rows each hour has, since 1970 UTC; and the latest time, microseconds since 1970."""

    hours: dict[int, int]
    latest_us: int | None


def traffic(rows: Table) -> Traffic:
    """Count the rows of each hour; one column is read."""
    hours: dict[int, int] = {}
    latest: int | None = None
    for batch in rows.select("time").batches():
        time = batch.column(0).cast(pa.int64()).to_numpy(zero_copy_only=False)
        if len(time):
            latest = max(int(time.max()), time[0] if latest is None else latest)
            for hour, count in zip(*_counts(time // HOUR_US), strict=True):
                hours[hour] = hours.get(hour, 0) + count
    return Traffic(dict(sorted(hours.items())), None if latest is None else int(latest))


def hour_time(hour: int) -> datetime:
    """Return when an hour begins: UTC, without a zone.

    >>> hour_time(24)
    datetime.datetime(1970, 1, 2, 0, 0)
    """
    return _EPOCH + timedelta(hours=hour)


def runs(hours: Iterable[int], *, but: Collection[int] = ()) -> Iterator[tuple[int, int]]:
    """Yield stretches of hours: the first of each and the one after its last.

    A stretch goes on over hours that are not asked for, as long as they are known to be empty.

    Args:
        hours: the hours.
        but: what no stretch goes over.

    >>> list(runs([5, 6, 9, 12], but=[7, 11]))
    [(5, 7), (9, 10), (12, 13)]
    >>> list(runs([5, 6, 9, 12], but=[11]))
    [(5, 10), (12, 13)]
    """
    barriers = sorted(but)
    begin = end = None
    for hour in sorted(hours):
        if begin is None or end is None or _is_between(barriers, end, hour):
            if begin is not None and end is not None:
                yield begin, end
            begin = hour
        end = hour + 1
    if begin is not None and end is not None:
        yield begin, end


def _is_between(barriers: Sequence[int], begin: int, end: int) -> bool:
    place = bisect_left(barriers, begin)
    return place < len(barriers) and barriers[place] < end


def batches_of_days(rows: Mapping[int, int], *, most: int) -> Iterator[list[int]]:
    """Yield hours to be counted at once: those of whole days, until there are many rows.

    Args:
        rows: how many rows each hour has.
        most: with how many rows no further day is added.

    >>> list(batches_of_days({0: 5, 1: 5, 24: 5, 50: 5}, most=15))
    [[0, 1, 24], [50]]
    """
    days: dict[int, list[int]] = {}
    for hour in sorted(rows):
        days.setdefault(hour // _DAY, []).append(hour)
    batch: list[int] = []
    size = 0
    for hours in days.values():
        if size >= most:
            yield batch
            batch, size = [], 0
        batch = batch + hours
        size += sum(rows[hour] for hour in hours)
    if batch:
        yield batch


def crossings_of(rows: Table) -> list[str]:
    """Return the crossings that the rows name, in order."""
    found: set[str] = set()
    for batch in rows.select("crossing").batches():
        found.update(pc.unique(batch.column(0)).to_pylist())
    return sorted(found)


def of_crossing(rows: Table, crossing: str) -> Table:
    """Return the rows of a crossing; they are looked for when they are asked for."""
    return Table(_OfCrossing(rows, crossing), rows.columns)


class _OfCrossing:
    """The rows of a table that a crossing predicted; see `interplane.data.sources.Rows`."""

    def __init__(self, table: Table, crossing: str) -> None:
        self._table = table
        self._crossing = crossing

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(batch.num_rows for batch in self.batches(["crossing"], size=1 << 16))

    def read(self, names: Sequence[str], *, limit: int | None = None) -> pa.Table:
        """Return some columns of all rows, or of the first ``limit``."""
        batches = list(self.batches(names, size=1 << 16))
        if not batches:
            return self._table.head(0).select(*names).to_arrow()
        table = pa.Table.from_batches(batches)
        return table if limit is None else table.slice(0, limit)

    def batches(self, names: Sequence[str], *, size: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in batches of at most ``size`` rows."""
        asked = list(dict.fromkeys((*names, "crossing")))
        for batch in self._table.select(*asked).batches(rows=size):
            kept = batch.filter(pc.equal(batch.column("crossing"), self._crossing))
            if kept.num_rows:
                yield kept.select(list(names))

    def relation(self, connection: DuckDBPyConnection, *, alias: str) -> str:
        """Make the rows readable by SQL; return the text to write after FROM."""
        return Memory(self.read(self._table.names)).relation(connection, alias=alias)


def _counts(hours: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[list[int], list[int]]:
    found, counts = np.unique(hours, return_counts=True)
    return found.tolist(), counts.tolist()
