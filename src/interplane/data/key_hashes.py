"""The MD5 of each row's key, as numbers: what rows are told apart and drawn by.

It is the MD5 of the texts of the key's values, each with its length in bytes before it (so that 1, 23
is not 12, 3), after the salt. The engine gives it in hexadecimal digits, and these are read here: to
ask it for numbers (``md5_number_lower``) takes more than twice the processor time for the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from interplane.data.engine import connect, identifier, string

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["KeyHashes", "key_hashes", "salted"]

_DIGITS = 32
_ROWS_AT_ONCE = 1_000_000
_DECODED_AT_ONCE = 16_384
"""So many that their digits stay in the processor's cache."""


class KeyHashes(NamedTuple):
    """The two ends of the MD5 of each row's key, in the order of the rows.

    Attributes:
        first: its first 15 hexadecimal digits, a number of 60 bits. A null in the key counts as an
            empty text, so that every row has one.
        last: its last eight bytes, read with the lowest first.
        named: which rows have no null in their key.
    """

    first: NDArray[np.int64]
    last: NDArray[np.uint64]
    named: NDArray[np.bool_]

    @classmethod
    def empty(cls, rows: int) -> Self:
        """Return room for so many rows."""
        return cls(np.empty(rows, np.int64), np.empty(rows, np.uint64), np.empty(rows, np.bool_))


def key_hashes(table: Table, columns: Sequence[str], *, salt: str = "") -> KeyHashes:
    """Return the MD5 of each row's key.

    Args:
        table: the rows.
        columns: the columns that name a row, or an entity.
        salt: another salt gives other hashes.

    Raises:
        UnknownName: for a column that is not there.

    >>> import hashlib
    >>> from interplane.data.table import Table
    >>> found = key_hashes(Table.from_columns({"id": [10]}), ["id"])
    >>> made = hashlib.md5(b"2:10")
    >>> int(found.first[0]) == int(made.hexdigest()[:15], 16)
    True
    >>> int(found.last[0]) == int.from_bytes(made.digest()[8:], "little")
    True
    """
    chosen = table.select(*dict.fromkeys(columns))
    found = KeyHashes.empty(table.rows)
    query = f"SELECT {_hash_sql(columns, salt)} AS h, {_named_sql(columns)} AS named FROM keyed"
    place = 0
    with connect() as connection:
        for rows in _pieces(chosen):
            connection.register("keyed", rows)
            for batch in connection.sql(query).to_arrow_table().to_batches():
                end = place + batch.num_rows
                _decode(batch.column(0), found.first[place:end], found.last[place:end])
                found.named[place:end] = batch.column(1).to_numpy(zero_copy_only=False)
                place = end
    return found


def salted(salt: str) -> str:
    """Return what stands before the texts of a key: the salt with its length in bytes.

    >>> salted("v2")
    '2:v2'
    """
    return f"{len(salt.encode())}:{salt}"


def _pieces(table: Table) -> Iterator[pa.Table]:
    """Yield the rows in order, so many at a time that the engine's threads have something to do."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in table.batches(rows=_ROWS_AT_ONCE):
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _hash_sql(columns: Sequence[str], salt: str) -> str:
    texts = [f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in columns]
    measured = [f"strlen({text}), ':', {text}" for text in texts]
    return f"md5(concat({', '.join([*([string(salted(salt))] if salt else []), *measured])}))"


def _named_sql(columns: Sequence[str]) -> str:
    return " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)


def _decode(texts: pa.Array, first: NDArray[np.int64], last: NDArray[np.uint64]) -> None:
    """Read hexadecimal digits, 32 in each text, into both numbers of each row."""
    if not len(texts):
        return
    start = int(np.frombuffer(texts.buffers()[1], np.int32)[texts.offset])
    raw = np.frombuffer(texts.buffers()[2], np.uint8, count=len(texts) * _DIGITS, offset=start)
    digits = raw.reshape(len(texts), _DIGITS)
    for begin in range(0, len(texts), _DECODED_AT_ONCE):
        rows = slice(begin, begin + _DECODED_AT_ONCE)
        # '0' to '9' are 0x30 to 0x39, 'a' to 'f' are 0x61 to 0x66.
        values = (digits[rows] & 15) + 9 * (digits[rows] >> 6)
        whole = values[:, ::2] << 4 | values[:, 1::2]
        first[rows] = np.ascontiguousarray(whole[:, :8]).view(">u8")[:, 0] >> 4
        last[rows] = np.ascontiguousarray(whole[:, 8:]).view("<u8")[:, 0]
