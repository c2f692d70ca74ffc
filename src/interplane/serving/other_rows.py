"""A row that one crossing decoded, as another one takes it: for a canary, and for a shadow.

The request was right for the live crossing. The other one is given the columns that it knows, and
decodes them by its own schema: what it does not know is no fault of the client, and what it lacks it
refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import RequestRejected
from interplane.serving.decode import Decoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.models.request_schema import Field, RequestSchema
    from interplane.serving.quick_rows import Row

__all__ = ["OtherRows"]

_ABSENT: Final = object()


class OtherRows:
    """Decodes rows that were decoded before, by the schema of another crossing.

    Args:
        schema: of the crossing that is to take them.
        own: of the crossing that decoded them, if there is only one: where both are the same, a row
            is taken as it is.
    """

    def __init__(self, schema: RequestSchema, *, own: RequestSchema | None = None) -> None:
        self._is_same = schema == own
        self._fields = schema.fields
        self._decoder = Decoder(schema)

    def of(self, row: Row) -> Row:
        """Return a row as the other crossing takes it.

        Raises:
            RequestRejected: if it lacks a column, or has a value that never was in its training rows.
        """
        return row if self._is_same else self.of_logged(msgspec.to_builtins(row[1]))

    def of_logged(self, logged: Mapping[str, Any]) -> Row:
        """Return what the log has of a row, plain values by column, as the crossing takes it.

        Raises:
            RequestRejected: if it lacks a column, or has a value that never was in its training rows.
        """
        row = {
            field.name: value
            for field in self._fields
            if (value := _value(field, logged)) is not _ABSENT
        }
        (decoded,) = self._decoder.decode(msgspec.json.encode({"row": row})).rows
        if isinstance(decoded, RequestRejected):
            raise decoded
        found: Row = decoded
        return found


def _value(field: Field, logged: Mapping[str, Any]) -> Any:
    """Return a column's value as a client would have sent it."""
    value = logged.get(field.name, _ABSENT)
    if value is None and not field.nullable:
        # A table has null for what a request left out. Where that may be, it was that.
        return _ABSENT
    if field.type == "int" and isinstance(value, float) and value.is_integer():
        # The other crossing reads floats: 5 became 5.0 there.
        return int(value)
    return value
