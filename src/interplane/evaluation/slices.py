"""Slices: the rows that share a column's value, or the values of several columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.data.evaluating import evaluate, read
from interplane.data.table import Table
from interplane.errors import UsageError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Column, Node, Reduce, walk
from interplane.record.arguments import told

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


__all__ = [
    "MIN_OF_A_CLASS",
    "SliceBy",
    "SliceValue",
    "Slicing",
    "divide",
    "slice_rows",
    "why_skipped",
]

MIN_OF_A_CLASS: Final = 10
"""With fewer rows of a class than this, no resampling says how sure a rank metric is."""

_MOST_SLICES: Final = 5_000

SliceValue = str | int | float | bool | None
SliceBy = str | Sequence[str] | Mapping[str, Expr | Callable[[Row], Expr]]
"""One way to divide rows, as a caller says it."""


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


def divide(table: Table, slices: Sequence[SliceBy]) -> list[Slicing]:
    """Divide the rows of a table in each of several ways.

    Args:
        table: the rows.
        slices: columns, tuples of columns, and mappings of new names to expressions of the row (or
            functions that make one); a tuple may name what a mapping defines.

    Raises:
        UnknownName: if there is no such column.
        UsageError: if a new name is a column already, or there would be too many slices.

    >>> from interplane.data.table import Table
    >>> table = Table.from_columns({"hour": [6, 20, 21]})
    >>> [evening] = divide(table, [{"evening": lambda flight: flight.hour >= 18}])
    >>> evening.values, evening.groups.tolist()
    (((False,), (True,)), [0, 1, 1])
    """
    written: dict[str, Node] = {}
    named: list[tuple[str, ...]] = []
    for by in slices:
        if isinstance(by, Mapping):
            written |= {name: _write(name, each, table) for name, each in by.items()}
            named += [(name,) for name in by]
        else:
            named.append(_columns(by))
    named = list(dict.fromkeys(named))
    if not written:
        return [slice_rows(table, by) for by in named]
    inputs = {
        n.name: n.type for node in written.values() for n in walk(node) if isinstance(n, Column)
    }
    computed = evaluate(written, read(table, inputs), {})
    raw = {name for by in named for name in by if name not in written}
    columns = {
        **{name: table.column(name) for name in sorted(raw)},
        **{name: computed.column(name) for name in written},
    }
    whole = Table.from_columns(columns, name="the slices")
    return [slice_rows(whole, by) for by in named]


def _columns(by: object) -> tuple[str, ...]:
    columns = (by,) if isinstance(by, str) else by
    if not isinstance(columns, (list, tuple)) or not all(isinstance(each, str) for each in columns):
        raise UsageError(
            f"slices has {told(by)} in it",
            expected="columns, tuples of columns, or dicts of new names to expressions",
            do='Write for example slices=["carrier", ("carrier", "origin")]',
        )
    return tuple(columns)


def _write(name: str, expression: Expr | Callable[[Row], Expr], table: Table) -> Node:
    if name in table.types:
        raise UsageError(
            f"the slice {name!r} has the name of a column",
            expected="a new name for an expression",
            do="Call it something else",
        )
    made: Any = expression(Row(table.types)) if callable(expression) else expression
    if not isinstance(made, Expr) or any(isinstance(node, Reduce) for node in walk(made.node)):
        raise UsageError(
            f"the slice {name!r} is {made!r:.80}",
            expected="an expression of one row's columns, without statistics",
            do="For example {'evening': lambda flight: flight.local_hour >= 18}",
        )
    node: Node = made.node
    return node


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
        return f"{rows} {'row' if rows == 1 else 'rows'}, fewer than {min_rows}"
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
