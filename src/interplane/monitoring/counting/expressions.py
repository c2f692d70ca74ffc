"""Named expressions of a logged row to slice by, over what people call its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from interplane.data.types import arrow_type
from interplane.errors import UsageError
from interplane.expressions.expr import Expr, Row
from interplane.expressions.nodes import Reduce, walk
from interplane.monitoring.counting.columns import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interplane.expressions.nodes import Node
    from interplane.monitoring.layout import Bins, Layout
    from interplane.record import Type

__all__ = ["Expression", "as_meant", "compile_expressions", "meant_types"]

Expression = Expr | Callable[[Row], Expr]
"""A named expression of a row to slice by: ``lambda row: row.local_hour >= 18``."""


def compile_expressions(
    expressions: Mapping[str, Expression], columns: Mapping[str, Type]
) -> dict[str, Node]:
    """Return the expressions over what people call the columns of some rows.

    Args:
        expressions: the expressions.
        columns: the type of each column, as the log spells it; see `meant_types`.

    Raises:
        ExpressionError: if one cannot be had of columns of these types.
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


def meant_types(columns: Mapping[str, Type], layout: Layout) -> dict[str, Type]:
    """Return the types of a log's columns: a text that its crossing knows as a number is one.

    A log has text where no request had a value yet, or where values were of several types.
    """
    found = dict(columns)
    for bins in layout.columns:
        if found.get(bins.column) == "str":
            found[bins.column] = _meant(bins)
    return found


def as_meant(values: pa.Array, kind: Type) -> pa.Array:
    """Return the values of a column as a type; null where a text says something else.

    >>> import pyarrow as pa
    >>> as_meant(pa.array(["5", '"x"', None]), "float").to_pylist()
    [5.0, None, None]
    """
    if not pa.types.is_string(values.type) or kind == "str":
        return values.cast(arrow_type(kind))
    encoded = values.dictionary_encode()
    read = [_read(text, kind) for text in encoded.dictionary.to_pylist()]
    return pa.array(read, arrow_type(kind)).take(encoded.indices)


def _meant(bins: Bins) -> Type:
    if bins.kind == "numbers":
        return "float"
    kinds = {type(value) for value in bins.categories}
    return "bool" if kinds == {bool} else "int" if kinds == {int} else "str"


def _read(text: str, kind: Type) -> Any:
    try:
        return msgspec.json.decode(text, type={"float": float, "int": int, "bool": bool}[kind])
    except msgspec.MsgspecError:
        return None
