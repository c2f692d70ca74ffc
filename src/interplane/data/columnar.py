"""Parquet and Arrow files, within a budget that is looked at while they are decoded.

What a footer claims is not believed: a dictionary of one long text makes terabytes of a small file.
So dictionaries stay encoded until the size of what they stand for is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.data.faults import over_budget, unreadable
from interplane.data.types import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from interplane.data.options import Limits

__all__ = ["ARROW_FILE", "FEATHER_1", "PARQUET", "read_arrow", "read_parquet"]

PARQUET = b"PAR1"
ARROW_FILE = b"ARROW1"
FEATHER_1 = b"FEA1"
_BATCH_ROWS = 65_536


def read_parquet(path: Path, *, limits: Limits) -> pa.Table:
    """Return the table of a Parquet file.

    Raises:
        UnreadableFile: for a damaged file, or one that costs more than its budget.
        DataError: for a column of a type that is none of ours.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        _check_schema(schema, path.name, limits)
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            batches = file.iter_batches(batch_size=_BATCH_ROWS)
            return _within(batches, file.schema_arrow, path, limits)
    except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
        raise _damaged(path, "Parquet", error) from error


def read_arrow(path: Path, *, limits: Limits) -> pa.Table:
    """Return the table of an Arrow (IPC, Feather) file or stream.

    Raises:
        UnreadableFile: for a damaged file, or one that costs more than its budget.
        DataError: for a column of a type that is none of ours.
    """
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as file:
            is_file = file.read(len(ARROW_FILE)) == ARROW_FILE
            file.seek(0)
            reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
            _check_schema(reader.schema, path.name, limits)
            return _within(_arrow_batches(reader), reader.schema, path, limits)
    except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
        raise _damaged(path, "Arrow", error) from error


def _arrow_batches(reader: Any) -> Iterator[pa.RecordBatch]:
    """Yield batches whose offsets and texts were looked at: they come from outside."""
    batches = (
        (reader.get_batch(index) for index in range(reader.num_record_batches))
        if hasattr(reader, "num_record_batches")
        else iter(reader)
    )
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _damaged(path: Path, kind: str, error: Exception) -> Exception:
    return unreadable(
        path.name,
        f"it is no whole {kind} file: {str(error).splitlines()[0] if str(error) else 'too large'}",
        expected=f"{kind} as it was written",
        do="Fetch or write the file again",
    )


def _check_schema(schema: pa.Schema, name: str, limits: Limits) -> None:
    """Refuse types and numbers of columns before any value is decoded."""
    if len(schema) > limits.columns:
        raise over_budget(name, f"it has {len(schema):,} columns", limit=f"{limits.columns:,}")
    normalise(schema.empty_table(), where=name)


def _is_text(arrow: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(arrow) or pa.types.is_large_string(arrow))


def _within(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, path: Path, limits: Limits
) -> pa.Table:
    """Return the batches as one table, each paid for before its dictionaries are decoded."""
    import pyarrow as pa

    packed = path.stat().st_size
    allowed = min(limits.size_bytes, max(limits.ratio_from, limits.ratio * packed))
    kept = []
    rows = size = 0
    for batch in batches:
        rows += batch.num_rows
        size += sum(_decoded_bytes(values) for values in batch.columns)
        if rows > limits.rows:
            raise over_budget(path.name, f"it has {rows:,} rows or more", limit=f"{limits.rows:,}")
        if size > allowed:
            raise over_budget(
                path.name,
                f"its {packed:,} bytes hold {size:,} or more",
                limit=f"{limits.size_bytes:,} bytes, and {limits.ratio} times its size",
            )
        kept.append(normalise(pa.table(batch), where=path.name))
    if not kept:
        return normalise(schema.empty_table(), where=path.name)
    return pa.concat_tables(kept)


def _decoded_bytes(values: pa.Array) -> int:
    """Return the size of an array once its dictionary is decoded, without decoding it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    if not _is_text(values.type.value_type):
        return 8 * len(values)
    lengths = pc.binary_length(values.dictionary).cast(pa.int64()).take(values.indices)
    return 4 * len(values) + int(pc.sum(lengths, min_count=0).as_py())
