"""Named expressions of a logged row to slice by, over what people call its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from interplane.errors import UsageError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Reduce, walk
from interplane.monitoring.counting.columns import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interplane.expressions.nodes import Node
    from interplane.record import Type

__all__ = ["Expression", "compile_expressions"]

Expression = Expr | Callable[[Row], Expr]
"""A named expression of a row to slice by: ``lambda row: row.local_hour >= 18``."""


def compile_expressions(
    expressions: Mapping[str, Expression], columns: Mapping[str, Type]
) -> dict[str, Node]:
    """Return the expressions over what people call the columns of some rows.

    Raises:
        UsageError: if one has the name of a column, or is no expression of one row.
        UnknownName: if one reads a column that is not there.
    """
    names = spoken(columns)
    row = Row({name: columns[column] for name, column in names.items()}, name="the prediction")
    return {name: _compile(name, each, row, names) for name, each in expressions.items()}


def _compile(name: str, expression: Expression, row: Row, taken: Iterable[str]) -> Node:
    if name in taken:
        raise UsageError(
            f"the slice {name!r} has the name of a column",
            expected="a new name for an expression",
            do="Call it something else",
        )
    made: Any = expression if isinstance(expression, Expr) else expression(row)
    if not isinstance(made, Expr) or any(isinstance(node, Reduce) for node in walk(made.node)):
        raise UsageError(
            f"the slice {name!r} is {made!r:.80}",
            expected="an expression of one row's columns, without statistics",
            do="For example {'evening': lambda flight: flight.local_hour >= 18}",
        )
    node: Node = made.node
    return node
