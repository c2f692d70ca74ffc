"""Targets of outcomes in the types that the prediction log has.

Values of keys are compared as the log's typed columns: a whole number equals the same float, a text
that is a time equals that time. What cannot be of a column's type equals nothing in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interplane.data.engine import identifier
from interplane.data.types import DUCKDB_TYPES
from interplane.outcomes.pieces import ID, KEY, Piece
from interplane.predictions.columns import ROW
from interplane.predictions.kinds import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from duckdb import DuckDBPyConnection

    from interplane.data.table import Table
    from interplane.predictions.kinds import Kind
    from interplane.record import Type

__all__ = ["register_targets"]


def register_targets(
    connection: DuckDBPyConnection,
    pieces: Sequence[Piece],
    columns: Sequence[str],
    predictions: Table,
    rank: np.ndarray[Any, Any],
) -> str:
    """Return a query for the targets of pieces in the log's types, each with its rank."""
    import pyarrow as pa

    types = {column: predictions.types.get(column, "str") for column in columns}
    queries = []
    begin = 0
    for number, piece in enumerate(pieces):
        end = begin + piece.rows.num_rows
        targets = piece.rows.select(list(_stored(piece)))
        connection.register(
            f"said {number}", targets.append_column("rank", pa.array(rank[begin:end]))
        )
        queries.append(_query(f"said {number}", piece, types))
        begin = end
    return " UNION ALL ".join(queries)


def _stored(piece: Piece) -> Iterator[str]:
    yield from [KEY + column for column in piece.kinds] or [ID]


def _query(source: str, piece: Piece, types: dict[str, Type]) -> str:
    selected = []
    for column, wanted in types.items():
        name = column.removeprefix(ROW) if piece.kinds else column
        kind = piece.kinds.get(name, "str")
        stored = identifier(KEY + name if piece.kinds else name)
        selected.append(f"{_cast(stored, kind, wanted)} AS {identifier(column)}")
    there = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in types)
    return f"SELECT * FROM (SELECT {', '.join(selected)}, rank FROM {identifier(source)}) WHERE {there}"


def _cast(value: str, kind: Kind, wanted: Type) -> str:
    """Return SQL for a value as a type: null where it is none of that type exactly."""
    if TYPES[kind] == wanted:
        return value
    if kind in {"int", "wide"} and wanted == "float":
        return f"CASE WHEN TRY_CAST(CAST({value} AS DOUBLE) AS BIGINT) = {value} THEN CAST({value} AS DOUBLE) END"
    if kind == "float" and wanted == "int":
        whole = f"TRY_CAST({value} AS BIGINT)"
        return f"CASE WHEN CAST({whole} AS DOUBLE) = {value} THEN {whole} END"
    if kind == "str" and wanted == "timestamp":
        return f"make_timestamp(epoch_us(TRY_CAST({value} AS TIMESTAMPTZ)))"
    if kind == "str" and wanted == "date":
        return f"TRY_CAST({value} AS DATE)"
    return f"CAST(NULL AS {DUCKDB_TYPES[wanted]})"
