"""Expressions of many rows at once, on the engine, in the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from interplane.data.engine import connect, identifier
from interplane.data.placed import Placed
from interplane.data.types import arrow_type
from interplane.errors import DataError, ParityBroken, UnknownName
from interplane.expressions.duckdb_sql import select_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from duckdb import DuckDBPyConnection

    from interplane.data.table import Table
    from interplane.expressions.nodes import Lookup, Node
    from interplane.record import Type

__all__ = [
    "PLACE",
    "check_columns",
    "evaluate",
    "in_order",
    "no_columns",
    "read",
    "register_lookups",
    "stream",
    "with_places",
]

PLACE = "place of the row"

_BATCH_ROWS = 8_192


def read(table: Table, types: Mapping[str, Type]) -> pa.Table:
    """Return these columns of the table, integers as floats where a float is asked for.

    Raises:
        UnknownName: for a column that is not there.
        DataError: for one of another type.
    """
    check_columns(table.types, types)
    if not types:
        return no_columns(table.rows)
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in types.items()])
    return table.select(*types).to_arrow().cast(schema, safe=False)


def check_columns(there: Mapping[str, Type], needed: Mapping[str, Type]) -> None:
    """Refuse a table that lacks a column, or has it with another type."""
    for name, kind in needed.items():
        if name not in there:
            raise UnknownName.of(
                "column",
                name,
                there,
                where="the table",
                do="The features read it: add it in the data step before them",
            )
        if there[name] != kind and (there[name], kind) != ("int", "float"):
            raise DataError(
                f"the column {name!r} of the table is {there[name]}",
                expected=f"{kind}, as at the fit",
                do="Cast it in the data step before the features",
                column=name,
            )


def evaluate(
    outputs: Mapping[str, Node], rows: pa.Table, lookups: Mapping[str, pa.Table]
) -> pa.Table:
    """Return the value of each expression for each row, in the order of the rows.

    Args:
        outputs: the expressions by name, without statistics.
        rows: every column that they read.
        lookups: every table that they look values up in: k0, k1 … and v.
    """
    with connect() as connection:
        query = _asked(connection, outputs, rows, lookups)
        found = in_order(connection.sql(query).to_arrow_table())
    return found.rename_columns(list(outputs))


def stream(
    outputs: Mapping[str, Node], rows: pa.Table, lookups: Mapping[str, pa.Table]
) -> Iterator[Placed]:
    """Yield the values of the expressions in batches, in any order, as the engine has them ready.

    The engine waits where nobody takes them, so that the result is never held a second time.
    The arguments are those of `evaluate`.

    Raises:
        ParityBroken: if the engine gives more rows than there are, or fewer.
    """
    given = 0
    with connect() as connection:
        query = _asked(connection, outputs, rows, lookups)
        for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
            places, *columns = batch.columns
            yield Placed(places.to_numpy(), columns)
            given += batch.num_rows
    if given != rows.num_rows:
        raise ParityBroken(
            f"the engine gave {given:,} rows for {rows.num_rows:,}",
            expected="one for each",
            do="Report it with the features: this is a fault of Interplane or of the engine's version",
        )


def _asked(
    connection: DuckDBPyConnection,
    outputs: Mapping[str, Node],
    rows: pa.Table,
    lookups: Mapping[str, pa.Table],
) -> str:
    """Make rows and lookup tables readable; return the query for a place, f0, f1 and so on."""
    connection.register("rows", with_places(rows))
    relations = register_lookups(connection, lookups)
    columns = {f"f{number}": node for number, node in enumerate(outputs.values())}
    return select_sql(columns, source="rows", carry=[PLACE], lookup=relations)


def with_places(rows: pa.Table) -> pa.Table:
    """Return the rows with their place in a column: joins and threads do not keep their order.

    Raises:
        DataError: if the rows have a column of that name.
    """
    if PLACE in rows.column_names:
        raise DataError(
            f"the table has a column {PLACE!r}, which is the name of one that is needed meanwhile",
            expected="another name",
            do="Rename it in the data step",
            column=PLACE,
        )
    return rows.append_column(PLACE, pa.array(np.arange(rows.num_rows)))


def in_order(found: pa.Table) -> pa.Table:
    """Return rows in the order of their places, which are the first column, without that."""
    places = found.column(0).to_numpy()
    found = found.remove_column(0)
    if (np.diff(places) > 0).all():
        return found
    return found.take(pa.array(np.argsort(places, kind="stable")))


def register_lookups(
    connection: DuckDBPyConnection, lookups: Mapping[str, pa.Table]
) -> Callable[[Lookup], str]:
    """Make lookup tables readable on a connection; return how a query names each."""
    for name, table in lookups.items():
        connection.register(f"lookup {name}", table)
    return lambda node: identifier(f"lookup {node.table}")


def no_columns(rows: int) -> pa.Table:
    """Return rows that keep their number: Arrow forgets it where there is no column."""
    return pa.table({"nothing": pa.nulls(rows, pa.int64())})
