"""Entities as numbers: each combination of values gets one, in no order that means anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.views.pairs import Ints

__all__ = ["Numbering", "encode"]


def encode(column: pa.ChunkedArray | pa.Array) -> tuple[Ints, pa.Array]:
    """Return for each value its place in a dictionary, -1 for null, and the dictionary.

    >>> places, values = encode(pa.chunked_array([["b", None], ["a", "b"]]))
    >>> places.tolist(), values.to_pylist()
    ([0, -1, 1, 0], ['b', 'a'])
    """
    if pa.types.is_string(column.type):
        column = column.cast(pa.large_string())  # text of more than 2 GiB fits into one array
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not len(chunked):
        return np.zeros(0, np.int64), pa.array([], chunked.type)
    chunks = chunked.dictionary_encode().unify_dictionaries().chunks
    places = np.empty(len(chunked), np.int64)
    begin = 0
    for chunk in chunks:
        places[begin : begin + len(chunk)] = chunk.indices.fill_null(-1).to_numpy()
        begin += len(chunk)
    return places, chunks[-1].dictionary


@dataclass(frozen=True)
class Numbering:
    """The numbers of combinations of values.

    Attributes:
        count: how many there are.
        values: for each column its distinct values.
        combinations: for each column after the first the pairs that occur of what is numbered so
            far and of its own values, as one number each.
    """

    count: int
    values: tuple[pa.Array, ...]
    combinations: tuple[pa.Array, ...]

    @classmethod
    def of(cls, columns: Sequence[pa.ChunkedArray]) -> tuple[Self, Ints]:
        """Number the rows of some columns without nulls; return the number of each row too.

        >>> columns = [pa.chunked_array([["a", "a", "b", "a"]]), pa.chunked_array([[1, 2, 2, 1]])]
        >>> numbering, numbers = Numbering.of(columns)
        >>> numbering.count, numbers.tolist()
        (3, [0, 1, 2, 0])
        """
        numbers, first = encode(columns[0])
        count, values, combinations = len(first), [first], []
        for column in columns[1:]:
            places, distinct = encode(column)
            numbers, pairs = encode(pa.array(numbers * len(distinct) + places))
            count = len(pairs)
            values.append(distinct)
            combinations.append(pairs)
        return cls(count, tuple(values), tuple(combinations)), numbers

    def find(self, columns: Sequence[pa.ChunkedArray]) -> Ints:
        """Return the numbers of other rows of these columns; -1 for one that has none, or a null."""
        numbers = _places(columns[0], self.values[0])
        for column, distinct, pairs in zip(
            columns[1:], self.values[1:], self.combinations, strict=True
        ):
            places = _places(column, distinct)
            both = (numbers >= 0) & (places >= 0)
            found = pa.array(np.where(both, numbers * len(distinct) + places, -1))
            numbers = _places(found, pairs)
        return numbers

    @property
    def size_bytes(self) -> int:
        """How much memory it holds."""
        return int(sum(each.nbytes for each in (*self.values, *self.combinations)))


def _places(column: pa.ChunkedArray | pa.Array, values: pa.Array) -> Ints:
    found = pc.index_in(column.cast(values.type), value_set=values, skip_nulls=True)
    places: Ints = np.asarray(found.fill_null(-1).to_numpy()).astype(np.int64)
    return places
