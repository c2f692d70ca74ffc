"""The two twins of a user's own operation, made safe: nulls, ranges and types are as everywhere."""

from __future__ import annotations

import ast
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from interplane.errors import ExpressionError
from interplane.expressions.constants import INT_MAX, INT_MIN
from interplane.expressions.runtime import NAMESPACE
from interplane.expressions.source import build
from interplane.expressions.sql_text import SQL_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Type

__all__ = ["checked", "engine_template", "function_of_template"]

_PYTHON: dict[Type, type] = {
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "date": date,
    "timestamp": datetime,
}
_RANGES = {
    "date": "BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'",
    "timestamp": "BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'",
}


def engine_template(sql: str, count: int, result: Type) -> str:
    """Return the whole template of the engine: null in, null out, and of the result's type.

    >>> engine_template("cbrt({0})", 1, "float")
    'CASE WHEN {0} IS NOT NULL THEN TRY_CAST((cbrt({0})) AS DOUBLE) END'
    """
    given = " AND ".join(f"{{{index}}} IS NOT NULL" for index in range(count))
    value = f"TRY_CAST(({sql}) AS {SQL_TYPES[result]})"
    if result == "int":
        value = f"(+{value})"  # see arithmetic.py: what the plus is for
    if result in _RANGES:
        value = f"CASE WHEN {value} {_RANGES[result]} THEN {value} END"
    return f"CASE WHEN {given} THEN {value} END"


def checked(name: str, function: Callable[..., Any], result: Type) -> Callable[..., Any]:
    """Return the function, whose results are of the type, or null: an int beyond 64 bits is.

    Its errors, and results of another type, name the operation.
    """
    kind = _PYTHON[result]

    def run(*values: Any) -> Any:
        try:
            found: Any = function(*values)
        except Exception as error:  # whatever it raises, it is to be named
            raise ExpressionError(
                f"the operation {name!r} raised {type(error).__name__}: {error} on {values!r:.200}",
                expected="a value or None for all values of its types",
                do="Mend its function: null is None",
                operation=name,
            ) from error
        if found is None:
            return None
        if type(found) is not kind or getattr(found, "tzinfo", None) is not None:
            raise ExpressionError(
                f"the operation {name!r} gave {found!r:.100}, of type {type(found).__name__}, "
                f"on {values!r:.200}",
                expected=f"{kind.__name__} or None, as its result is {result}",
                do="Mend its function",
                operation=name,
            )
        return found if result != "int" or _fits(found) else None

    return run


def _fits(number: Any) -> bool:
    return bool(INT_MIN <= number <= INT_MAX)


def function_of_template(name: str, template: str, count: int) -> Callable[..., Any]:
    """Return the function that a Python template is the expression of.

    Raises:
        ExpressionError: if it is no Python expression, or reads names that row programs do not have.
    """
    places = [f"x{index}" for index in range(count)]
    try:
        text = template.format(*places)
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, LookupError) as error:
        raise _refused(name, template, str(error)) from error
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in named if isinstance(node.ctx, ast.Store)}
    unknown = sorted({node.id for node in named} - bound - {*places, *NAMESPACE})
    if unknown:
        raise _refused(name, template, f"it reads {', '.join(unknown)}")
    lines = [
        "def make(K):",
        f"    def run({', '.join(places)}):",
        f"        return {text}",
        "    return run",
    ]
    made: Callable[..., Any] = build("\n".join(lines), ())
    return made


def _refused(name: str, template: str, why: str) -> ExpressionError:
    return ExpressionError(
        f"the Python template {template!r:.200} of the operation {name!r} cannot be taken: {why}",
        expected="one expression of the places {0}, {1} … and the names of row programs",
        do="Decorate a function instead: that may do anything",
    )
