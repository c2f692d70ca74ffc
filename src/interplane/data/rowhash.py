"""A hash and a weight for each row, by NumPy alone: they decide where a table is cut into parts.

The hash is no identity (parts are named by the digest of their bytes). It must be the same in every
process, version and batch size, and quick: of a text it reads the length and the eight bytes at
either end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.data.content import plain, text_buffers
from interplane.record.digests import digest_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import pyarrow as pa

    from interplane.record import Digest

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

__all__ = ["digest_rows", "hash_rows", "sum_rows", "weigh_rows"]

_MULTIPLIER = 0x9E3779B97F4A7C15
_NULL = 0xD6E8FEB86659FD93


def hash_rows(batch: pa.RecordBatch) -> Hashes:
    """Return one evenly spread 64-bit hash for each row.

    >>> import pyarrow as pa
    >>> hash_rows(pa.record_batch({"x": [1, None], "s": ["a", "b"]})).tolist()
    [8162744352929380561, 1279812117704987058]
    """
    import numpy as np

    hashes = np.full(batch.num_rows, len(batch.schema.names), np.uint64)
    for values in batch.columns:
        hashes *= np.uint64(_MULTIPLIER)
        hashes += _column(values)
        if values.null_count:
            nulls = values.is_null().to_numpy(zero_copy_only=False)
            hashes += nulls.astype(np.uint64) * np.uint64(_NULL)
    return _spread(hashes)


def digest_rows(batches: Iterable[pa.RecordBatch]) -> Digest:
    """Return one digest of the hashes of all rows, in their order, however they are cut.

    It tells two tables apart that should be one; it is no identity, as the hashes are none.

    >>> import pyarrow as pa
    >>> one, other = pa.record_batch({"x": [1]}), pa.record_batch({"x": [2]})
    >>> both = pa.record_batch({"x": [1, 2]})
    >>> digest_rows([one, other]) == digest_rows([both]) != digest_rows([other, one])
    True
    """
    return digest_chunks(hash_rows(batch).tobytes() for batch in batches)


def sum_rows(batches: Iterable[pa.RecordBatch]) -> tuple[int, int]:
    """Return how many rows there are, and the sum of their hashes in 64 bits: no order shows in it.

    >>> import pyarrow as pa
    >>> one, other = pa.record_batch({"x": [1]}), pa.record_batch({"x": [2]})
    >>> sum_rows([one, other]) == sum_rows([other, one]) != sum_rows([one, one])
    True
    """
    rows, total = 0, 0
    for batch in batches:
        rows += batch.num_rows
        total += int(hash_rows(batch).sum())
    return rows, total % 2**64


def weigh_rows(batch: pa.RecordBatch) -> Hashes:
    """Return the size of each row in bytes: 8 a column, and the bytes of its texts.

    >>> import pyarrow as pa
    >>> weigh_rows(pa.record_batch({"x": [1, None], "s": ["a", "four"]})).tolist()
    [17, 20]
    """
    import numpy as np
    import pyarrow as pa

    weights = np.full(batch.num_rows, max(8 * batch.num_columns, 1), np.uint64)
    for values in batch.columns:
        if pa.types.is_string(values.type):
            offsets, _ = text_buffers(values)
            weights += np.diff(offsets).astype(np.uint64)
    return weights


def _column(values: pa.Array) -> Hashes:
    import pyarrow as pa

    if pa.types.is_string(values.type):
        return _texts(values)
    bits: Hashes = plain(values).view("u8")
    return bits


def _texts(values: pa.Array) -> Hashes:
    """Mix length, first eight and last eight bytes of each text."""
    import numpy as np

    offsets, data = text_buffers(values)
    if not len(values):
        return np.zeros(0, np.uint64)
    padded = np.concatenate([data, np.zeros(8, np.uint8)])
    # A view of the eight bytes that begin at every byte.
    words = np.ndarray(len(data) + 1, "<u8", padded, strides=(1,))
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets).astype(np.int64)
    short = np.minimum(lengths, 8)
    keep = np.where(
        short == 8,
        np.uint64(2**64 - 1),
        (np.uint64(1) << (short.astype(np.uint64) % np.uint64(8) * np.uint64(8))) - np.uint64(1),
    )
    first = words[starts] & keep
    last = words[starts + lengths - short] & keep
    mixed: Hashes = (first * np.uint64(_MULTIPLIER) + last) * np.uint64(_MULTIPLIER)
    mixed += lengths.astype(np.uint64)
    return mixed


def _spread(hashes: Hashes) -> Hashes:
    """Finish with the mixer of SplitMix64, so that every bit depends on every bit."""
    import numpy as np

    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes
