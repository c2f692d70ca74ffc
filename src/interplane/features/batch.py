"""Frozen features of many rows at once, on the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interplane.data.evaluating import evaluate, no_columns, read
from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.features.lookups import LookupTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.features.frozen import Frozen
    from interplane.record import Type

__all__ = [
    "matrix",
    "rows_to_arrow",
    "table_from_arrow",
    "tables_to_arrow",
    "transform",
]


def transform(frozen: Frozen, table: Table) -> Table:
    """Return the features of each row of the table, widened by its views, in its order."""
    rows = read(table, frozen.columns)
    found = evaluate(frozen.features, rows, tables_to_arrow(frozen.lookups))
    return Table.from_arrow(found, name="the features")


def matrix(features: Table) -> np.ndarray[Any, Any]:
    """Return a table of float columns as a matrix, rows by columns; null becomes NaN.

    >>> matrix(Table.from_columns({"a": [1.0, None], "b": [2.0, 3.0]}))
    array([[ 1.,  2.],
           [nan,  3.]])
    """
    columns = features.to_arrow()
    made = np.empty((columns.num_rows, columns.num_columns), dtype=np.float64)
    for place, column in enumerate(columns.columns):
        made[:, place] = column.to_numpy()
    return made


def rows_to_arrow(rows: Sequence[Mapping[str, Any]], types: Mapping[str, Type]) -> pa.Table:
    """Return rows that are dicts as Arrow, with these columns."""
    if not types:
        return no_columns(len(rows))
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], arrow_type(kind))
            for name, kind in types.items()
        }
    )


def tables_to_arrow(tables: Mapping[str, LookupTable]) -> dict[str, pa.Table]:
    """Return lookup tables as Arrow: columns k0, k1 … and v."""
    return {name: _table_to_arrow(table) for name, table in tables.items()}


def _table_to_arrow(table: LookupTable) -> pa.Table:
    columns = {
        f"k{place}": pa.array([key[place] for key in table.entries], arrow_type(kind))
        for place, kind in enumerate(table.keys)
    }
    values = pa.array(list(table.entries.values()), arrow_type(table.value))
    return pa.table({**columns, "v": values})


def table_from_arrow(table: pa.Table, *, keys: tuple[Type, ...], value: Type) -> LookupTable:
    """Return a lookup table of the rows whose last column is not null; the first are the keys."""
    *columns, values = (column.to_pylist() for column in table.columns)
    entries = {
        key: found
        for key, found in zip(zip(*columns, strict=True), values, strict=True)
        if found is not None
    }
    return LookupTable(keys=keys, value=value, entries=entries)
