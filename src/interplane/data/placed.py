"""Float columns that an engine gives in batches, in any order, put in the order of the rows.

What is returned is allocated once and filled as batches come, so that little more than it is held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Placed", "fill_matrix", "fill_table", "rows_to_matrix"]

_VALUES_AT_ONCE = 1 << 17
"""A block of a matrix is a megabyte: columns are written into it with strides, in the cache."""


class Placed(NamedTuple):
    """Some rows of a result.

    Attributes:
        places: which rows they are.
        columns: their values, each a column of floats.
    """

    places: NDArray[np.int64]
    columns: Sequence[pa.Array]


def fill_matrix(batches: Iterable[Placed], *, rows: int, columns: int) -> NDArray[np.float64]:
    """Return a matrix, rows by columns; null becomes NaN.

    >>> some = Placed(np.array([1, 0]), [pa.array([1.0, 2.0]), pa.array([None, 3.0])])
    >>> fill_matrix([some], rows=2, columns=2)
    array([[ 2.,  3.],
           [ 1., nan]])
    """
    made = np.empty((rows, columns), dtype=np.float64)
    for places, found in batches:
        values = [_numbers(column) for column in found]
        where = _where(places)
        if isinstance(where, slice):
            rows_to_matrix(values, made[where])
        else:
            block = np.empty((len(places), columns), dtype=np.float64)
            rows_to_matrix(values, block)
            made[where] = block
    return made


def rows_to_matrix(columns: Sequence[NDArray[np.float64]], made: NDArray[np.float64]) -> None:
    """Write columns into a matrix of as many rows, block by block."""
    step = max(1, _VALUES_AT_ONCE // max(1, len(columns)))
    for begin in range(0, len(made), step):
        block = made[begin : begin + step]
        for place, column in enumerate(columns):
            block[:, place] = column[begin : begin + step]


def fill_table(batches: Iterable[Placed], *, rows: int, names: Sequence[str]) -> pa.Table:
    """Return a table of float columns, which are pieces of one allocation.

    No value of an expression is NaN, so NaN says in it where null is.

    >>> some = Placed(np.array([1, 0]), [pa.array([1.0, 2.0]), pa.array([None, 3.0])])
    >>> fill_table([some], rows=2, names=["a", "b"]).to_pydict()
    {'a': [2.0, 1.0], 'b': [3.0, None]}
    """
    made = np.empty((len(names), rows), dtype=np.float64)
    has_null = np.zeros(len(names), dtype=bool)
    for places, found in batches:
        where = _where(places)
        for place, column in enumerate(found):
            made[place, where] = _numbers(column)
            has_null[place] |= column.null_count > 0
    arrays = [_array(made[place], has_null=bool(has_null[place])) for place in range(len(names))]
    return pa.Table.from_arrays(arrays, names=list(names))


def _array(values: NDArray[np.float64], *, has_null: bool) -> pa.Array:
    """Return values as an Arrow array that stands on their memory, NaN as null."""
    valid = np.packbits(~np.isnan(values), bitorder="little") if has_null else None
    buffers = [None if valid is None else pa.py_buffer(valid), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
    return numbers


def _where(places: NDArray[np.int64]) -> Any:
    """Return places as a slice where they follow one another, as most batches' do."""
    if len(places) and (np.diff(places) == 1).all():
        return slice(int(places[0]), int(places[-1]) + 1)
    return places
