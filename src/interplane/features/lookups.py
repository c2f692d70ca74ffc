"""Frozen tables: what a grouped statistic became. A key per group, a value per key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from interplane.errors import DataError
from interplane.expressions.constants import constant_from_text, constant_to_text
from interplane.record import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.expressions.nodes import Constant
    from interplane.record import Type

__all__ = ["KEY_TYPES", "LookupTable"]

KEY_TYPES: tuple[Type, ...] = ("bool", "int", "str", "date", "timestamp")
"""What rows can be grouped by. Floats are not: -0.0 and 0.0 are equal and yet two values."""


@dataclass(frozen=True)
class LookupTable:
    """A value per key, in the order of the keys; no key and no value is null.

    Attributes:
        keys: the types of the key's parts.
        value: the type of the values.
        entries: the values by key.

    >>> table = LookupTable(keys=("str", "int"), value="float", entries={("UA", 7): 0.25})
    >>> LookupTable.from_dict(table.to_dict()) == table
    True
    """

    keys: tuple[Type, ...]
    value: Type
    entries: Mapping[tuple[Constant, ...], Constant]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON form, by columns."""
        return {
            "keys": [
                {"type": kind, "values": [constant_to_text(key[place]) for key in self.entries]}
                for place, kind in enumerate(self.keys)
            ],
            "value": {
                "type": self.value,
                "values": [constant_to_text(value) for value in self.entries.values()],
            },
        }

    @classmethod
    def from_dict(cls, plain: Any, *, name: str = "?") -> LookupTable:
        """Read the plain JSON form.

        Raises:
            DataError: if it is not one; names the table.
        """
        try:
            _only(plain, {"keys", "value"})
            columns = [_column(column) for column in plain["keys"]]
            value, values = _column(plain["value"])
            keys = list(zip(*(column for _, column in columns), strict=True))
            entries = dict(zip(keys, values, strict=True))
        except (KeyError, TypeError, ValueError) as error:
            raise _broken(name) from error
        kinds = tuple(kind for kind, _ in columns)
        if not kinds or len(entries) != len(keys) or not set(kinds) <= set(KEY_TYPES):
            raise _broken(name)
        return cls(keys=kinds, value=value, entries=entries)


def _only(plain: Any, known: set[str]) -> None:
    if not isinstance(plain, dict) or set(plain) != known:
        raise ValueError(plain)


def _column(plain: Any) -> tuple[Type, list[Constant]]:
    _only(plain, {"type", "values"})
    kind = plain["type"]
    if kind not in TYPES:
        raise ValueError(kind)
    values = [constant_from_text(text, kind) for text in plain["values"]]
    if None in values:
        raise ValueError(None)
    return kind, values


def _broken(name: str) -> DataError:
    return DataError(
        f"the lookup table {name!r} of frozen features cannot be read",
        expected="columns of keys and one of values, of equal length, without null or repetition, and "
        "no further members",
        do="Fit the features again",
    )
