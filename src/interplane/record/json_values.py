"""One value of a request: taken exactly, or refused. Standard library only.

The policy, per type of column:

- bool: ``true`` or ``false``; no numbers.
- int: a whole number of 64 bits; no ``true``, no ``5.0``.
- float: a finite number that a 64-bit float holds exactly; no ``true``, NaN or infinity.
- str: text as given, nothing trimmed; no NUL, no half of a surrogate pair.
- date: ``2013-05-01``.
- timestamp: ``2013-05-01T06:15:00Z``, with any offset, up to microseconds; without one it is UTC.

Nothing is coerced: a number in quotes is text. In Python, dates and datetimes are taken too.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import RequestRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.record.tables import Type

__all__ = ["EXPECTED", "READERS", "Misfit", "rejected"]

_INT_MIN: Final = -(2**63)
_INT_MAX: Final = 2**63 - 1
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_SHOWN: Final = 60

EXPECTED: Final[Mapping[Type, str]] = {
    "bool": "true or false",
    "int": "a whole number of 64 bits",
    "float": "a finite number",
    "str": "text",
    "date": "a date such as '2013-05-01'",
    "timestamp": "a time such as '2013-05-01T06:15:00Z'",
}
"""What a column of each type takes, in words."""


class Misfit(ValueError):
    """A value that is not of its type; says why where the type alone does not."""


def rejected(value: object, path: str, *, expected: str, why: str = "") -> RequestRejected:
    """Return the error for a value at a path, its text bounded."""
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    because = f" ({why})" if why else ""
    return RequestRejected(
        f"{shown} at {path}{because}",
        expected=expected,
        do="Correct the request",
        path=path,
    )


def _bool(value: Any) -> bool:
    if value is True or value is False:
        return bool(value)
    raise Misfit


def _int(value: Any) -> int:
    if type(value) is not int:
        raise Misfit
    if not _INT_MIN <= value <= _INT_MAX:
        raise Misfit("it has more than 64 bits")
    return value


def _float(value: Any) -> float:
    if type(value) is float:
        if math.isfinite(value):
            return value
        raise Misfit("write null for a number that is not known")
    if type(value) is int:
        return _exact(value)
    raise Misfit


def _exact(value: int) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise Misfit("no 64-bit float is as large") from error
    if int(number) != value:
        raise Misfit("no 64-bit float holds it exactly")
    return number


def _str(value: Any) -> str:
    if type(value) is not str:
        raise Misfit
    if "\0" in value:
        raise Misfit("it contains NUL")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Misfit("it contains half of a surrogate pair") from error
    return value


def _date(value: Any) -> date:
    if type(value) is date:
        return value
    if type(value) is not str or _DATE.fullmatch(value) is None:
        raise Misfit
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Misfit(str(error)) from error


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return _to_utc(value)
    if type(value) is not str or _TIMESTAMP.fullmatch(value) is None:
        raise Misfit
    try:
        read = datetime.fromisoformat(value)
    except ValueError as error:
        raise Misfit(str(error)) from error
    return _to_utc(read)


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(fold=0)
    try:
        return value.astimezone(UTC).replace(tzinfo=None, fold=0)
    except OverflowError as error:
        raise Misfit("in UTC it is outside the years 1 to 9999") from error


READERS: Final[Mapping[Type, Callable[[Any], Any]]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "str": _str,
    "date": _date,
    "timestamp": _timestamp,
}
"""How a value of each type is taken; raises Misfit. Null is not their matter."""
