"""Rows decoded by msgspec straight into typed values: the quick way, which is sure or steps aside.

msgspec reads a struct that is made for the schema, strictly and without unknown fields. What it
gives is what `RequestSchema.decode` gives, because the rest is not taken here:

- a body with a backslash (texts with escapes: NUL, halves of surrogate pairs, names in disguise);
- whole numbers of more than 64 bits, and floats from 2^53 on, which may have been whole numbers;
- times, which msgspec reads more loosely and rounds: they are read as texts, and then by us;
- an object with one key twice: without backslashes every quotation mark begins or ends a name or a
  text, so that there are exactly as many as the decoded values say, or a name stands there twice.

A test holds both ways against each other.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from interplane.record.json_values import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.models.request_schema import Field, RequestSchema
    from interplane.record import Type

__all__ = ["QuickRows", "Row"]

Row = tuple[list[Any], Any]
"""A decoded row: its values in the order of the schema, and what the log writes for it."""

_TYPES: Final[Mapping[Type, Any]] = {
    "bool": bool,
    "int": Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)],
    "float": Annotated[float, Meta(gt=-(2.0**53), lt=2.0**53)],
    "str": str,
    "date": date,
    "timestamp": str,
}
_TEXTS: Final = frozenset({"str", "date", "timestamp"})
_SECONDS: Final = frozenset({"--T::Z", "-- ::Z"})
"""Every third character of ``2013-05-01T06:15:00Z`` from the fifth on: no other form has these."""

_from_iso: Final = datetime.fromisoformat
_read_time: Final = READERS["timestamp"]

_QUOTES: Final = 2
"""Quotation marks of a name or a text."""


class QuickRows:
    """Turns the structs of one schema into values.

    Args:
        schema: the schema.

    Attributes:
        struct: what msgspec decodes a row into; it encodes as the row's JSON.

    Raises:
        ValueError: if a column's name cannot stand in JSON without an escape.
    """

    def __init__(self, schema: RequestSchema) -> None:
        self.struct: Any = msgspec.defstruct(
            "Row",
            [_field(place, field) for place, field in enumerate(schema.fields)],
            rename={f"f{place}": field.name for place, field in enumerate(schema.fields)},
            forbid_unknown_fields=True,
            kw_only=True,
            frozen=True,
            gc=False,
        )
        self._times = [
            place for place, field in enumerate(schema.fields) if field.type == "timestamp"
        ]
        self._marks = sum(_QUOTES + _own_marks(field) for field in schema.fields)
        # Columns that may bring fewer marks: when left out, when null.
        self._loose = [
            (place, _QUOTES + _own_marks(field), _own_marks(field))
            for place, field in enumerate(schema.fields)
            if not field.required or (field.nullable and field.type in _TEXTS)
        ]

    def read(self, row: Any) -> tuple[list[Any], int]:
        """Return a struct's values, and how many quotation marks its text has if no key is double.

        Raises:
            ValueError: if a time is none.
        """
        values = list(msgspec.structs.astuple(row))
        marks = self._marks
        for place, without_name, without_value in self._loose:
            value = values[place]
            if value is None:
                marks -= without_value
            elif value is UNSET:
                marks -= without_name
                values[place] = None
        for place in self._times:
            text = values[place]
            if text is not None:
                is_usual = len(text) == 20 and text[4::3] in _SECONDS
                values[place] = _from_iso(text[:19]) if is_usual else _read_time(text)
        return values, marks

    def read_all(self, rows: Sequence[Any]) -> tuple[list[Row], int]:
        """Return the rows of a batch, and the quotation marks of all of them.

        Raises:
            ValueError: if a time is none.
        """
        read = [(*self.read(row), row) for row in rows]
        return [(values, row) for values, _, row in read], sum(marks for _, marks, _ in read)


def _field(place: int, field: Field) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind = _TYPES[field.type]
    if field.nullable:
        kind = kind | None
    if field.required:
        return f"f{place}", kind
    return f"f{place}", kind | UnsetType, UNSET


def _own_marks(field: Field) -> int:
    return _QUOTES if field.type in _TEXTS else 0
