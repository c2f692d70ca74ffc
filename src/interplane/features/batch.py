"""Frozen features of many rows at once: on the engine, or a few of them by the row program."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from interplane.data.evaluating import no_columns, read, stream
from interplane.data.listed import listed
from interplane.data.placed import fill_matrix, fill_table, rows_to_matrix
from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.features.lookups import LookupTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.features.frozen import Frozen
    from interplane.record import Type

__all__ = [
    "FEW_ROWS",
    "features_of",
    "matrix",
    "matrix_of",
    "rows_to_arrow",
    "table_from_arrow",
    "tables_to_arrow",
    "transform",
]


FEW_ROWS = 4_096
"""Up to so many rows the row program is asked, above them the engine.

Both give the same bits. To open an engine and to plan a query takes as long as the row program takes
for some thousands of rows: ``python -m benchmarks row_program`` prints both at this number.
"""


def transform(frozen: Frozen, table: Table, *, few_rows: int = FEW_ROWS) -> Table:
    """Return the features of each row of the table, widened by its views, in its order.

    Args:
        frozen: the features.
        table: the rows, with every column that the features take.
        few_rows: up to how many rows the row program is asked, and not the engine.
    """
    rows = read(table, frozen.columns)
    if rows.num_rows > few_rows:
        return features_of(frozen.features, rows, tables_to_arrow(frozen.lookups))
    columns = frozen.program.many_columns(_values(frozen, rows))
    kind = arrow_type("float")
    found = pa.table({name: pa.array(values, kind) for name, values in columns.items()})
    return Table.from_arrow(found, name="the features")


def features_of(
    features: Mapping[str, Node], rows: pa.Table, lookups: Mapping[str, pa.Table]
) -> Table:
    """Return features, all floats, of each row by the engine; see `evaluating.evaluate`."""
    batches = stream(features, rows, lookups)
    found = fill_table(batches, rows=rows.num_rows, names=list(features))
    return Table.from_arrow(found, name="the features")


def matrix_of(frozen: Frozen, table: Table, *, few_rows: int = FEW_ROWS) -> np.ndarray[Any, Any]:
    """Return the features of each row as a matrix of float64; see `transform`."""
    rows = read(table, frozen.columns)
    if table.rows > few_rows:
        batches = stream(frozen.features, rows, tables_to_arrow(frozen.lookups))
        return fill_matrix(batches, rows=table.rows, columns=len(frozen.names))
    numbers = frozen.program.many(_values(frozen, rows))
    return np.frombuffer(numbers, dtype=np.float64).reshape(table.rows, len(frozen.names))


def _values(frozen: Frozen, rows: pa.Table) -> Iterable[Sequence[Any]]:
    """Return the values of each row, in the order that the row program takes them."""
    if not frozen.columns:
        return repeat((), rows.num_rows)
    return zip(*map(listed, rows.columns), strict=True)


def matrix(features: Table) -> np.ndarray[Any, Any]:
    """Return a table of float columns as a matrix, rows by columns; null becomes NaN.

    >>> matrix(Table.from_columns({"a": [1.0, None], "b": [2.0, 3.0]}))
    array([[ 1.,  2.],
           [nan,  3.]])
    """
    columns = features.to_arrow()
    made = np.empty((columns.num_rows, columns.num_columns), dtype=np.float64)
    rows_to_matrix([column.to_numpy() for column in columns.columns], made)
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
