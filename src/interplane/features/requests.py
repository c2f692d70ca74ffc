"""One row as a dict, checked against the columns that features read. Standard library only."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from interplane.errors import RequestRejected, UnknownName
from interplane.expressions.constants import INT_MAX, INT_MIN, is_constant_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.record import Type

__all__ = ["check_row", "expected_of", "fits"]

_EXPECTED: dict[Type, str] = {
    "bool": "true or false",
    "int": "a whole number of 64 bits",
    "float": "a number",
    "str": "text without NUL",
    "date": "a datetime.date",
    "timestamp": "a datetime.datetime in UTC, without a time zone",
}


def check_row(
    row: Mapping[str, Any],
    inputs: Mapping[str, Type],
    *,
    also: frozenset[str],
    view: str | None = None,
) -> None:
    """Refuse a row that lacks an input, has an unknown column, or a value of another type.

    Args:
        row: the values by column; None is null, and so is NaN.
        inputs: the columns that must be there, with their types.
        also: further columns that may be there; they are not looked at.
        view: the feature view, by its parameter, whose values by feature it is; None for a row.
    """
    what, of = ("column", "the row") if view is None else ("feature", f"the values of {view!r}")
    for name, kind in inputs.items():
        if name not in row:
            raise UnknownName.of(
                what, name, row, where=of, do="Give it, as None if it is not known"
            )
        value = row[name]
        if value is not None and not fits(value, kind):
            full = name if view is None else f"{view}.{name}"
            raise RequestRejected(
                f"{value!r:.80} of type {type(value).__name__} at $.{full}",
                expected=f"{expected_of(kind)}, or None",
                do="Convert it first",
                column=full,
            )
    for name in row:
        if name not in inputs and name not in also:
            known = sorted({*inputs, *also})
            where = "these features" if view is None else f"the view {view!r}"
            raise UnknownName.of(
                what, name, known, where=where, do="Leave out what they do not read"
            )


def expected_of(kind: Type) -> str:
    """Return what a column of a type takes, in words.

    >>> expected_of("float")
    'a number'
    """
    return _EXPECTED[kind]


def fits(value: Any, kind: Type) -> bool:
    """Return whether a value, not null, can stand in a column of this type.

    >>> fits(3, "float"), fits(True, "int"), fits(2**63, "int"), fits("3", "int")
    (True, False, False, False)
    """
    match kind:
        case "float":
            return isinstance(value, float) or (
                isinstance(value, int)
                and not isinstance(value, bool)
                and INT_MIN <= value <= INT_MAX
            )
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case _:
            return is_constant_of(value, kind)
