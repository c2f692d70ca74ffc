"""Logged values as the types that a caller gives: exactly, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.errors import DataError
from interplane.predictions.kinds import TYPES

if TYPE_CHECKING:
    from interplane.predictions.kinds import Kind
    from interplane.record.tables import Type

__all__ = ["check_type", "typed_sql"]

_OTHERS: Final[frozenset[tuple[Kind, Type]]] = frozenset(
    {
        ("int", "float"),
        ("wide", "float"),
        ("float", "int"),
        ("str", "date"),
        ("str", "timestamp"),
    }
)
"""Which kinds are read as another type than their own."""


def check_type(name: str, kind: Kind, wanted: Type) -> None:
    """Refuse a type that values of a kind never have.

    Raises:
        DataError: names the column.
    """
    if kind == "null" or TYPES[kind] == wanted or (kind, wanted) in _OTHERS:
        return
    found = "values of several kinds" if kind == "json" else f"values of type {TYPES[kind]}"
    raise DataError(
        f"the column {name!r} of the prediction log has {found}",
        expected=f"what can be read as {wanted}",
        do="Leave the column out of types: it is read as it was logged",
        column=name,
    )


def typed_sql(value: str, kind: Kind, wanted: Type) -> str:
    """Return SQL for a value of a kind as a type; the engine refuses what would not be exact.

    Times are read as requests are: with any offset, and as UTC where there is none.

    >>> print(typed_sql("x", "int", "float"))
    CAST(x AS DOUBLE)
    """
    if kind == "null":
        from interplane.data.types import DUCKDB_TYPES

        return f"CAST(NULL AS {DUCKDB_TYPES[wanted]})"
    if TYPES[kind] == wanted:
        return value
    if wanted == "timestamp":
        return f"make_timestamp(epoch_us(CAST({value} AS TIMESTAMPTZ)))"
    if wanted == "date":
        return f"CAST({value} AS DATE)"
    target, back = ("DOUBLE", "BIGINT") if wanted == "float" else ("BIGINT", "DOUBLE")
    if kind == "int":
        return f"CAST({value} AS {target})"
    cast = f"CAST({value} AS {target})"
    message = f"CAST({value} AS VARCHAR) || ' is no {wanted} exactly'"
    return (
        f"CASE WHEN {value} IS NULL OR TRY_CAST({cast} AS {back}) = {value} "
        f"THEN {cast} ELSE error({message}) END"
    )
