"""The digest of a table's content: the same for the same rows, however they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.record import Digest, canonical, digest_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from interplane.data.table import Table

__all__ = ["content_digest", "plain", "text_buffers"]

_STRIDE = 65_536


def content_digest(table: Table) -> Digest:
    """Return the digest of columns and rows, in order, bit for bit.

    Chunks, padding and the bytes beneath a null do not matter; -0.0 and 0.0 differ.
    """
    return digest_chunks(_pieces(table))


def _pieces(table: Table) -> Iterator[bytes | memoryview]:
    yield canonical([column.to_dict() for column in table.columns])
    arrow = table.to_arrow()
    for start in range(0, arrow.num_rows, _STRIDE):
        # Fixed strides: however the rows were chunked, the same bytes are hashed.
        for values in arrow.slice(start, _STRIDE).columns:
            for array in _arrays(values.combine_chunks()):
                yield memoryview(array).cast("B")


def _arrays(values: pa.Array) -> Iterator[Any]:
    """Yield the nulls and the values of a column as NumPy arrays; of text, lengths and bytes."""
    import numpy as np
    import pyarrow as pa

    yield np.packbits(values.is_null().to_numpy(zero_copy_only=False))
    if pa.types.is_string(values.type):
        offsets, data = text_buffers(values)
        yield np.diff(offsets)
        yield data
    else:
        yield plain(values)


def text_buffers(values: pa.Array) -> tuple[Any, Any]:
    """Return the offsets (from 0) and the bytes of a text array; a null is empty."""
    import numpy as np

    filled = values.fill_null("")
    offsets = np.frombuffer(filled.buffers()[1], np.int32)[
        filled.offset : filled.offset + len(filled) + 1
    ]
    buffer = filled.buffers()[2]
    data = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    return offsets - offsets[0], data[offsets[0] : offsets[-1]]


def plain(chunk: pa.Array) -> Any:
    """Return the values of a column that is not text as 64-bit integers: floats by their bits."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_boolean(chunk.type):
        chunk = chunk.cast(pa.int8())
    elif pa.types.is_date(chunk.type):
        chunk = chunk.cast(pa.int32())
    elif pa.types.is_timestamp(chunk.type):
        chunk = chunk.cast(pa.int64())
    filled = chunk.fill_null(0).to_numpy(zero_copy_only=False)
    if filled.dtype == np.float64:
        return np.ascontiguousarray(filled).view(np.int64)
    return np.ascontiguousarray(filled.astype(np.int64))
