"""Tables as ordered Parquet parts, cut where the rows themselves say so.

A row ends a part when its hash is small enough, so the same rows are cut at the same places wherever
they stand: an append or a local change rewrites the parts around it and leaves the others, byte for
byte. The bytes of a part depend on its rows and on the version of the Parquet writer, on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.data.rowhash import hash_rows, weigh_rows
from interplane.data.table import Table, differing_columns
from interplane.record import DataVersion, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from interplane.data.promises import Promise
    from interplane.storage.ports import Blobs

__all__ = ["SIZES", "Sizes", "append_parts", "parts_table", "write_parts"]

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Sizes:
    """How large parts are, in bytes of rows before compression.

    Part of what a version is: the same rows under other sizes have other parts.
    """

    least: int = 1 << 20
    usual: int = 4 << 20
    most: int = 16 << 20


SIZES = Sizes()
"""About 25,000 rows of 20 columns to a part, half a megabyte to two when compressed."""


def write_parts(
    table: Table,
    blobs: Blobs,
    *,
    sizes: Sizes = SIZES,
    progress: Callable[[int], None] | None = None,
) -> DataVersion:
    """Store a table's rows as parts and return the version that they make.

    Parts that are there already cost nothing but their hashing.

    Args:
        table: the rows.
        blobs: where the parts go.
        sizes: how large the parts are.
        progress: called with the number of rows of each part that was stored.
    """
    parts = tuple(_store(table.batches(rows=_BATCH_ROWS), table, blobs, sizes, progress))
    return DataVersion(columns=table.columns, parts=parts)


def append_parts(
    version: DataVersion,
    table: Table,
    blobs: Blobs,
    *,
    sizes: Sizes = SIZES,
    progress: Callable[[int], None] | None = None,
) -> DataVersion:
    """Return the version that has the rows of ``version`` and then those of ``table``.

    It is the version that `write_parts` of all these rows together gives; only the last part of
    the old one is read.

    Raises:
        DataError: if the columns differ.
    """
    if version.columns != table.columns:
        raise differing_columns(version.columns, table)
    kept, last = version.parts[:-1], version.parts[-1:]
    tail = parts_table(DataVersion(columns=version.columns, parts=last), blobs)

    def rows() -> Iterator[pa.RecordBatch]:
        yield from tail.batches(rows=_BATCH_ROWS)
        yield from table.batches(rows=_BATCH_ROWS)

    parts = tuple(_store(rows(), table, blobs, sizes, progress))
    return DataVersion(columns=version.columns, parts=(*kept, *parts))


def parts_table(version: DataVersion, blobs: Blobs, *, promise: Promise | None = None) -> Table:
    """Return the rows of a version as they are stored; parts are verified now, read later.

    Args:
        version: the version.
        blobs: where its parts are.
        promise: what the rows were stored with, if they are a part of a split.
    """
    return Table.from_parts(
        [blobs.path(part.digest) for part in version.parts],
        columns=version.columns,
        part_rows=[part.rows for part in version.parts],
        promise=promise,
    )


def _store(
    batches: Iterator[pa.RecordBatch],
    table: Table,
    blobs: Blobs,
    sizes: Sizes,
    progress: Callable[[int], None] | None,
) -> Iterator[Part]:
    for rows in _cut(batches, sizes):
        data = _encode(rows, table)
        part = Part(digest=blobs.put(data), rows=rows.num_rows, size_bytes=len(data))
        if progress is not None:
            progress(part.rows)
        yield part


def _cut(batches: Iterator[pa.RecordBatch], sizes: Sizes) -> Iterator[pa.Table]:
    """Yield the rows part by part, holding no more than one part and one batch."""
    import numpy as np
    import pyarrow as pa

    pending: list[pa.RecordBatch] = []
    weights = np.zeros(0, np.uint64)
    ends = np.zeros(0, np.bool_)
    for batch in batches:
        if not batch.num_rows:
            continue
        weight = weigh_rows(batch)
        pending.append(batch)
        weights = np.concatenate([weights, weight])
        ends = np.concatenate([ends, _may_end(hash_rows(batch), weight, sizes)])
        while (cut := _first_cut(weights, ends, sizes)) is not None:
            rows = pa.Table.from_batches(pending)
            yield rows.slice(0, cut)
            pending = rows.slice(cut).to_batches()
            weights, ends = weights[cut:], ends[cut:]
    if len(weights):
        yield pa.Table.from_batches(pending)


def _may_end(hashes: Any, weights: Any, sizes: Sizes) -> Any:
    """Return for each row whether a part may end with it: once in ``usual`` bytes."""
    import numpy as np

    share = np.uint64(2**64 // sizes.usual)
    capped = np.minimum(weights, np.uint64(sizes.usual - 1))
    return hashes < capped * share


def _first_cut(weights: Any, ends: Any, sizes: Sizes) -> int | None:
    """Return how many rows the first part has, or None where more rows are needed to tell."""
    import numpy as np

    reached = np.cumsum(weights)
    first = int(np.searchsorted(reached, sizes.least))
    last = int(np.searchsorted(reached, sizes.most))
    found = np.flatnonzero(ends[first : last + 1])
    if len(found):
        return first + int(found[0]) + 1
    return last + 1 if last < len(weights) else None


def _encode(rows: pa.Table, table: Table) -> bytes:
    """Return the Parquet bytes of one part; every option that changes them is fixed here."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from interplane.data.types import arrow_type

    schema = pa.schema([pa.field(c.name, arrow_type(c.type)) for c in table.columns])
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.cast(schema).combine_chunks(),
        sink,
        row_group_size=max(rows.num_rows, 1),
        version="2.6",
        data_page_version="1.0",
        data_page_size=1 << 20,
        compression="zstd",
        compression_level=1,
        use_dictionary=True,
        write_statistics=True,
        store_schema=False,
    )
    data: bytes = sink.getvalue().to_pybytes()
    return data
