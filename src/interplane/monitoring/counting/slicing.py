"""Which slice each row of a batch is in, and which group of slices and hours."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from interplane.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from interplane.monitoring.counting.grid import Values

__all__ = ["MOST_SLICES", "Coded", "Groups", "check_size", "cross", "group", "slice_values"]

MOST_SLICES: Final = 5_000
"""How many slices a slicing has at most."""

_DENSE: Final = 1 << 20
_EXACT: Final = 2**53


class Coded(NamedTuple):
    """Rows in classes: the class of each row, and what each class is."""

    codes: NDArray[np.int64]
    values: list[Any]


class Groups(NamedTuple):
    """Rows in those groups that have any.

    Attributes:
        of_row: the group of each row.
        rows: how many rows each group has.
        pairs: the classes of the two codings that each group is.
    """

    of_row: NDArray[np.int64]
    rows: NDArray[np.int64]
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]]


def slice_values(columns: Sequence[pa.Array], *, rows: int) -> Coded:
    """Return the slice of each row: the values of some columns, as plain JSON; null is one.

    >>> import pyarrow as pa
    >>> slice_values([pa.array(["JFK", None, "JFK"]), pa.array([1, 1, 2])], rows=3).values
    [('JFK', 1), (None, 1), ('JFK', 2)]
    """
    if not columns:
        return Coded(np.zeros(rows, np.int64), [()])
    coded = _encode(columns[0])
    found = Coded(coded.codes, [(value,) for value in coded.values])
    for column in columns[1:]:
        crossed = cross(found, _encode(column))
        found = Coded(crossed.codes, [(*before, value) for before, value in crossed.values])
    return found


def cross(one: Coded, other: Coded) -> Coded:
    """Return the pairs of classes that occur, in the order of their first row."""
    groups = group(one, other)
    first = np.full(len(groups.rows), len(groups.of_row), np.int64)
    np.minimum.at(first, groups.of_row[::-1], np.arange(len(groups.of_row))[::-1])
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    left, right = (pair[order].tolist() for pair in groups.pairs)
    pairs = [(one.values[a], other.values[b]) for a, b in zip(left, right, strict=True)]
    return Coded(place[groups.of_row], pairs)


def group(one: Coded, other: Coded) -> Groups:
    """Divide rows by two codings at once."""
    size = max(len(other.values), 1)
    if len(one.values) == 1:
        keys = other.codes
    elif size == 1:
        keys = one.codes
    else:
        keys = one.codes * size + other.codes
    cells = len(one.values) * size
    if cells <= max(_DENSE, len(keys)):
        counts = np.bincount(keys, minlength=cells)
        there = np.flatnonzero(counts)
        rows = counts[there]
        if len(there) == cells:
            of_row = keys
        else:
            place = np.zeros(cells, np.int64)
            place[there] = np.arange(len(there))
            of_row = place[keys]
    else:
        there, of_row, rows = np.unique(keys, return_inverse=True, return_counts=True)
    left, right = np.divmod(there, size)
    return Groups(of_row.astype(np.int64, copy=False), rows, (left, right))


def check_size(slicing: Sequence[str], slices: int) -> None:
    """Refuse more slices than anybody could read.

    Raises:
        UsageError: says how many there are.
    """
    if slices > MOST_SLICES:
        raise UsageError(
            f"slicing by {' x '.join(slicing)} makes more than {MOST_SLICES:,} slices",
            expected=f"at most {MOST_SLICES:,}",
            do="Slice by something coarser: a rounded value, a category",
            slicing=list(slicing),
        )


def _encode(values: pa.Array) -> Coded:
    encoded = values.dictionary_encode("encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return _distinct(codes, [_plain(value) for value in encoded.dictionary.to_pylist()])


def _distinct(codes: NDArray[np.int64], values: list[Any]) -> Coded:
    """Make one class of values that are the same once they are plain (0.0 and -0.0, the NaNs)."""
    there: dict[Any, int] = {}
    merged = np.array([there.setdefault(value, len(there)) for value in values], np.int64)
    if len(there) == len(values):
        return Coded(codes, values)
    return Coded(merged[codes], list(there))


def _plain(value: Any) -> Values | Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        if not np.isfinite(value):
            return str(value)
        # A log widens whole numbers to floats where one request has a fraction: 5.0 is the slice 5.
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    return value
