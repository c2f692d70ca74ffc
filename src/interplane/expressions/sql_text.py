"""Names and constants as DuckDB SQL text, exact and typed. Text only, no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interplane.expressions.nodes import Constant
    from interplane.record import Type

__all__ = ["SQL_TYPES", "quoted", "sql_constant"]

SQL_TYPES: dict[Type, str] = {
    "bool": "BOOLEAN",
    "int": "BIGINT",
    "float": "DOUBLE",
    "str": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
"""DuckDB's type of each of ours."""


def quoted(name: str) -> str:
    """Return an identifier in SQL.

    >>> quoted("count"), len(quoted('a"b'))
    ('"count"', 6)
    """
    return '"' + name.replace('"', '""') + '"'


def sql_constant(value: Constant, type: Type) -> str:
    """Return a constant of a type in SQL.

    A bare ``0.1`` is a DECIMAL in DuckDB and a bare ``5`` an INTEGER, which then overflow or round
    on their own; so every number is cast from its exact text.

    >>> sql_constant(0.1, "float"), sql_constant(5, "int"), sql_constant(None, "str")
    ("TRY_CAST('0.1' AS DOUBLE)", "TRY_CAST('5' AS BIGINT)", 'CAST(NULL AS VARCHAR)')
    """
    if value is None:
        return f"CAST(NULL AS {SQL_TYPES[type]})"
    match type:
        case "bool":
            return "TRUE" if value else "FALSE"
        case "str":
            return "'" + str(value).replace("'", "''") + "'"
        case "int" | "float":
            return f"TRY_CAST('{value!r}' AS {SQL_TYPES[type]})"
        case "date" | "timestamp":
            return f"{SQL_TYPES[type]} '{value}'"
