"""Whether a user's own operation depends on its arguments alone: told by the syntax of its twins.

Two twins that both read the clock agree while they are compared, and differ from the training rows
later; so what depends on anything else is refused by name, before any value is tried.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.function_text import function_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from interplane.expressions.own_operations import OwnOperation

__all__ = ["refuse_impure"]

_NAMED_WITHOUT_PARENTHESES = frozenset(
    {"current_catalog", "current_database", "current_date", "current_role", "current_schema"}
    | {"current_time", "current_timestamp", "current_user", "localtime", "localtimestamp"}
    | {"session_user", "user"}
)
_CLOCKS = frozenset({"ago", "get_current_time", "get_current_timestamp"})
_MODULES = frozenset({"module random", "module secrets", "module time", "module uuid"})
_METHODS = frozenset({"now", "today", "utcnow"})
_INSTEAD = "Give what it needs as an argument: a column of the row, or the prediction time"


def refuse_impure(own: OwnOperation, engine: duckdb.DuckDBPyConnection) -> None:
    """Refuse SQL that reads a clock, chance, settings, other rows or tables, and such a function.

    The engine has to have read it before.

    Raises:
        ExpressionError: names the operation and what in it it is.
    """
    _refuse_function(own)
    text = own.sql.format(*(f"c{index}" for index in range(len(own.args))))
    (plain,) = engine.execute("SELECT json_serialize_sql(?)", [f"SELECT ({text})"]).fetchone() or ()
    statement = json.loads(plain)["statements"][0]["node"]["select_list"]
    unstable = _unstable(engine)
    for node in _nodes(statement):
        match node:
            case {"class": "SUBQUERY"}:
                raise _refused(own, "a query inside", "it reads other rows than its own")
            case {"class": "WINDOW", "function_name": name}:
                raise _refused(own, f"{name}(…) over a window", "it reads other rows than its own")
            case {"class": "FUNCTION", "function_name": name} if name.lower() in unstable:
                raise _refused(own, f"{name}()", "it is not of its arguments alone")
            case {"class": "FUNCTION", "function_name": "age", "arguments": [_]}:
                raise _refused(own, "age() of one time", "it reads the clock")
            case {"class": "COLUMN_REF", "column_names": [name]} if (
                name.lower() in _NAMED_WITHOUT_PARENTHESES
            ):
                raise _refused(own, name, "it is not of its arguments alone")
            case _:
                pass


def _refuse_function(own: OwnOperation) -> None:
    if own.template is not None:
        return
    modules = _MODULES & {
        part for part in function_parts(own.function).values() if type(part) is str
    }
    names = _METHODS & set(own.function.__code__.co_names)
    for what in sorted(modules) + [f".{name}()" for name in sorted(names)]:
        raise _refused(own, what, "it is not of its arguments alone", of="the function")


def _unstable(engine: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the functions that the engine says do not depend on their arguments alone."""
    found = engine.execute(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
        "WHERE function_type = 'scalar' AND stability <> 'CONSISTENT'"
    ).fetchall()
    return frozenset(name for (name,) in found) | _CLOCKS | _NAMED_WITHOUT_PARENTHESES


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)


def _refused(own: OwnOperation, what: str, why: str, *, of: str = "") -> ExpressionError:
    return ExpressionError(
        f"{of or f'the SQL {own.sql!r:.200}'} of the operation {own.name!r} has {what}: {why}",
        expected="an expression of its arguments, the same whenever and wherever it is computed",
        do=_INSTEAD,
        operation=own.name,
    )
