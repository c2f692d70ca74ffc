"""What the generated Python of one row calls. Standard library only; the server imports this.

Each function gives, for values that are not null, exactly what the SQL of its operation gives, and
None where that is undefined.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interplane.expressions import text_runtime, time_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DATE_CUTS", "NAMESPACE", "TIMESTAMP_CUTS"]

_WHOLE = 4503599627370496.0
"""2**52: from here on every float is a whole number."""

_INT_TEXT = re.compile(r"-?[0-9]{1,19}")
_FLOAT_TEXT = re.compile(r"-?[0-9]{1,40}([.][0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
_DATE_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = datetime(1970, 1, 1)
_INF = math.inf


def float_floor(x: float) -> float:
    """Return the whole number at or below ``x``; never -0.0. Infinities and NaN stay.

    >>> float_floor(-0.5), float_floor(-0.0), float_floor(math.inf)
    (-1.0, 0.0, inf)
    """
    return float(math.floor(x)) if -_WHOLE < x < _WHOLE else x


def float_ceil(x: float) -> float:
    """Return the whole number at or above ``x``; never -0.0. Infinities and NaN stay.

    >>> float_ceil(-0.5), float_ceil(0.5)
    (0.0, 1.0)
    """
    return float(math.ceil(x)) if -_WHOLE < x < _WHOLE else x


def float_round(x: float, power: float) -> float:
    """Return ``x`` rounded half away from zero in units of ``1 / power``; never -0.0.

    >>> float_round(2.5, 1.0), float_round(-1.25, 10.0), float_round(0.49999999999999994, 1.0)
    (3.0, -1.3, 0.0)
    """
    if not -_WHOLE < x < _WHOLE:
        return x
    scaled = x * power
    size = abs(scaled)
    if size < _WHOLE:
        whole = math.floor(size)
        if size - whole >= 0.5:
            whole += 1
        scaled = math.copysign(float(whole), scaled)
    return scaled / power + 0.0


def float_mod(x: float, y: float) -> float | None:
    """Return the remainder with the sign of ``y``, or None where it is undefined.

    >>> float_mod(-7.0, 2.0), float_mod(7.5, -2.0), float_mod(1.0, 0.0)
    (1.0, -0.5, None)
    """
    if y == 0.0 or not -_INF < x < _INF:
        return None
    rest = math.fmod(x, y)
    if rest == 0.0:
        return 0.0
    return rest + y if (rest < 0.0) != (y < 0.0) else rest


def float_exp(x: float) -> float:
    """Return e to the power of ``x``, infinite where that is too large."""
    try:
        return math.exp(x)
    except OverflowError:
        return _INF


def float_sinh(x: float) -> float:
    """Return the hyperbolic sine of ``x``, infinite where that is too large."""
    try:
        return math.sinh(x)
    except OverflowError:
        return _INF if x > 0.0 else -_INF


def float_cosh(x: float) -> float:
    """Return the hyperbolic cosine of ``x``, infinite where that is too large."""
    try:
        return math.cosh(x)
    except OverflowError:
        return _INF


def float_pow(x: float, y: float) -> float | None:
    """Return ``x`` to the power of ``y``, or None where it is undefined.

    >>> float_pow(2.0, 10.0), float_pow(-8.0, 0.5), float_pow(0.0, -1.0), float_pow(-10.0, 309.0)
    (1024.0, None, None, -inf)
    """
    if x == 0.0 and y < 0.0:
        return None
    try:
        return math.pow(x, y)
    except ValueError:
        return None
    except OverflowError:
        return -_INF if x < 0.0 and math.fmod(y, 2.0) != 0.0 else _INF


def int_of_text(text: str) -> int | None:
    """Return the integer that ``text`` writes, or None."""
    if _INT_TEXT.fullmatch(text) is None:
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def float_of_text(text: str) -> float | None:
    """Return the float that ``text`` writes, or None."""
    return float(text) if _FLOAT_TEXT.fullmatch(text) else None


def date_of_text(text: str) -> date | None:
    """Return the date that ``text`` writes, or None."""
    if _DATE_TEXT.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def text_of_timestamp(value: datetime) -> str:
    """Return the ISO text with a blank, the fraction without trailing zeros.

    >>> text_of_timestamp(datetime(2013, 1, 31, 12, 0, 0, 500_000))
    '2013-01-31 12:00:00.5'
    """
    text = value.isoformat(" ")
    return text.rstrip("0") if value.microsecond else text


def text_part(text: str, separator: str, index: int) -> str | None:
    """Return the part at ``index`` between separators, or None where there are fewer."""
    parts = text.split(separator, index + 1)
    return parts[index] if index < len(parts) else None


def day_of_year(value: date) -> int:
    """Return 1 for the first of January."""
    return value.toordinal() - date(value.year, 1, 1).toordinal() + 1


def epoch_seconds(value: datetime) -> int:
    """Return the whole seconds since 1970, rounded down."""
    since = value - _EPOCH
    return since.days * 86400 + since.seconds


def _microseconds(since: timedelta) -> int:
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


def seconds_between(later: datetime, earlier: datetime) -> float:
    """Return the seconds from ``earlier`` to ``later``."""
    return float(_microseconds(later - earlier)) / 1e6


def days_between(later: datetime, earlier: datetime) -> float:
    """Return the days from ``earlier`` to ``later``."""
    return float(_microseconds(later - earlier)) / 86400000000.0


def shifted(value: Any, duration: timedelta) -> Any:
    """Return the date or timestamp a duration later, or None outside the years 1 to 9999."""
    try:
        return value + duration
    except OverflowError:
        return None


def months_later(value: Any, months: int) -> Any:
    """Return the same day ``months`` later, the last of a shorter month; None outside 1 to 9999.

    >>> months_later(date(2024, 1, 31), 1), months_later(date(9999, 12, 1), 1)
    (datetime.date(2024, 2, 29), None)
    """
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return value.replace(year=year, month=month + 1, day=min(value.day, _days_in(year, month + 1)))


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


def _monday(day: date) -> date:
    return date.fromordinal(day.toordinal() - day.weekday())


DATE_CUTS: dict[str, Callable[[date], date]] = {
    "year": lambda day: day.replace(month=1, day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "month": lambda day: day.replace(day=1),
    "week": _monday,
    "day": lambda day: day,
}
"""How a date is truncated to each unit, longest first."""


def _from_date(cut: Callable[[date], date]) -> Callable[[datetime], datetime]:
    def truncated(value: datetime) -> datetime:
        day = cut(value.date())
        return datetime(day.year, day.month, day.day)

    return truncated


TIMESTAMP_CUTS: dict[str, Callable[[datetime], datetime]] = {
    **{unit: _from_date(cut) for unit, cut in DATE_CUTS.items()},
    "hour": lambda value: value.replace(minute=0, second=0, microsecond=0),
    "minute": lambda value: value.replace(second=0, microsecond=0),
    "second": lambda value: value.replace(microsecond=0),
}
"""How a timestamp is truncated to each unit, longest first."""

NAMESPACE: dict[str, Any] = {
    **{
        name: getattr(math, name)
        for name in (
            *(
                "acos",
                "asin",
                "atan",
                "atan2",
                "cos",
                "degrees",
                "inf",
                "log",
                "log10",
                "log2",
                "nan",
            ),
            *("radians", "sin", "sqrt", "tan", "tanh"),
        )
    },
    **{
        function.__name__: function
        for function in (
            date_of_text,
            day_of_year,
            days_between,
            epoch_seconds,
            float_ceil,
            float_cosh,
            float_exp,
            float_floor,
            float_mod,
            float_of_text,
            float_pow,
            float_round,
            float_sinh,
            int_of_text,
            months_later,
            seconds_between,
            shifted,
            text_of_timestamp,
            text_part,
            *text_runtime.FUNCTIONS,
            *time_runtime.FUNCTIONS,
        )
    },
    "bisect_right": bisect_right,
    "datetime": datetime,
    "abs": abs,
    "float": float,
    "int": int,
    "len": len,
    "ord": ord,
    "str": str,
}
"""Every name that generated code may use; it has no others, not even the builtins."""
