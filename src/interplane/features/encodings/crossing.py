"""Several columns as one key."""

from __future__ import annotations

from interplane.expressions.expr import Expr, concat
from interplane.features.encodings.arguments import groupables

__all__ = ["cross"]


def cross(first: Expr, *others: Expr) -> Expr:
    r"""Return one text for each combination of values, for what takes one column.

    The values' texts stand with ``|`` between them. A ``|`` or ``\`` inside a text has a ``\`` before
    it, and null is ``\N``: so no two combinations share a text, and none is null.

    >>> from interplane.expressions.expr import Row
    >>> flight = Row({"origin": "str", "hour": "int"})
    >>> cross(flight.origin, flight.hour).type
    'str'
    """
    columns = groupables([first, *others], "cross")
    texts = [_text(column) for column in columns]
    parts = [texts[0]]
    for each in texts[1:]:
        parts += ["|", each]  # type: ignore[list-item]
    return concat(*parts) if len(parts) > 1 else parts[0]


def _text(column: Expr) -> Expr:
    text = column.cast("str")
    if column.type == "str":
        text = text.replace("\\", "\\\\").replace("|", "\\|")
    return text.fill_null("\\N")
