"""Slices: the rows that share a column's value, or the values of several columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from interplane.data.table import Table

__all__ = ["MIN_OF_A_CLASS", "SliceValue", "Slicing", "slice_rows", "why_skipped"]

MIN_OF_A_CLASS: Final = 10
"""With fewer rows of a class than this, no resampling says how sure a rank metric is."""

_MOST_SLICES: Final = 5_000

SliceValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Slicing:
    """One way to divide rows: every row is in exactly one slice.

    Attributes:
        name: the columns, joined by " x ".
        columns: the columns.
        values: the value of each column, for each slice; times as ISO text.
        groups: the slice of each row, an index into ``values``.
    """

    name: str
    columns: tuple[str, ...]
    values: tuple[tuple[SliceValue, ...], ...]
    groups: NDArray[np.int64]


def slice_rows(table: Table, by: str | Sequence[str]) -> Slicing:
    """Divide the rows of a table by a column, or by the cross of several.

    Null is a value of its own.

    Raises:
        UnknownName: if there is no such column.
        UsageError: if that makes more slices than anybody could read.

    >>> from interplane.data.table import Table
    >>> table = Table.from_columns({"origin": ["JFK", "LGA", "JFK"], "hour": [6, 6, 7]})
    >>> slice_rows(table, ("origin", "hour")).values
    (('JFK', 6), ('JFK', 7), ('LGA', 6))
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    if not columns:
        raise UsageError(
            "a slice is by no column", expected="a column, or a tuple of them", do="Name one"
        )
    name = " x ".join(columns)
    coded = [_encode(table.column(column)) for column in columns]
    groups = np.zeros(table.rows, dtype=np.int64)
    combinations = np.zeros((1, 0), dtype=np.int64)
    for codes, values in coded:
        crossed, groups = np.unique(groups * len(values) + codes, return_inverse=True)
        _check_size(name, len(crossed))
        before, own = np.divmod(crossed, max(len(values), 1))
        combinations = np.column_stack((combinations[before], own))
    crossed_values = tuple(
        tuple(coded[index][1][int(code)] for index, code in enumerate(row)) for row in combinations
    )
    return Slicing(name, columns, crossed_values, groups.astype(np.int64))


def why_skipped(rows: int, positives: int | None, *, min_rows: int) -> str | None:
    """Return why a slice has no figures, or None if it has.

    Args:
        rows: its rows.
        positives: how many of them are true, for classification.
        min_rows: how many a slice needs.

    >>> why_skipped(250, 250, min_rows=100)
    'one class only: all 250 rows are true'
    """
    if rows < min_rows:
        return f"{rows} rows, fewer than {min_rows}"
    if positives is None:
        return None
    if positives in {0, rows}:
        return f"one class only: all {rows} rows are {'true' if positives else 'false'}"
    if min(positives, rows - positives) < MIN_OF_A_CLASS:
        return f"{positives} of {rows} rows are true; each class needs {MIN_OF_A_CLASS}"
    return None


def _encode(values: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[SliceValue]]:
    """Return each row's place among the sorted values, null last."""
    encoded = values.combine_chunks().dictionary_encode("encode")
    found = encoded.dictionary.to_pylist()
    ranked = sorted(range(len(found)), key=lambda code: _sort_key(found[code]))
    place = np.empty(len(found), dtype=np.int64)
    place[ranked] = np.arange(len(found))
    return place[encoded.indices.to_numpy()], [_plain(found[code]) for code in ranked]


def _sort_key(value: Any) -> tuple[bool, Any]:
    missing = value is None or value != value  # noqa: PLR0124 - NaN
    return missing, "" if value is None else (0 if missing else value)


def _plain(value: Any) -> SliceValue:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    plain: SliceValue = value
    return plain


def _check_size(name: str, slices: int) -> None:
    if slices > _MOST_SLICES:
        raise UsageError(
            f"slicing by {name} makes {slices:,} slices",
            expected=f"at most {_MOST_SLICES:,}",
            do="Slice by something coarser: a rounded value, a category",
        )
