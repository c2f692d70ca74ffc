"""What the generated Python of one row calls for dates and timestamps. Standard library only."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COUNTS", "DATE_COUNTS", "FUNCTIONS", "TICKS"]

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_TIMESTAMP_TEXT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

TICKS: Final = {"s": 1_000_000, "ms": 1000, "us": 1}
"""How many microseconds a unit of an epoch has."""


def day_name(value: date) -> str:
    """Return the English name of the day of the week."""
    return _DAYS[value.weekday()]


def month_name(value: date) -> str:
    """Return the English name of the month."""
    return _MONTHS[value.month - 1]


def days_in_month(value: date) -> int:
    """Return how many days the month has.

    >>> days_in_month(date(2024, 2, 3)), days_in_month(date(9999, 12, 31))
    (29, 31)
    """
    if value.month == 12:
        return 31
    first = date(value.year, value.month, 1)
    return (date(value.year, value.month + 1, 1) - first).days


def iso_year(value: date) -> int:
    """Return the year that the ISO week belongs to."""
    return value.isocalendar()[0]


def iso_week(value: date) -> int:
    """Return the ISO week, 1 to 53."""
    return value.isocalendar()[1]


def time_of_epoch(count: int, tick: int) -> datetime | None:
    """Return the time so many ticks of ``tick`` microseconds after 1970; None outside 1 to 9999.

    >>> time_of_epoch(1359654306, 1_000_000), time_of_epoch(2**62, 1)
    (datetime.datetime(2013, 1, 31, 17, 45, 6), None)
    """
    try:
        return _EPOCH + timedelta(microseconds=count * tick)
    except OverflowError:
        return None


def timestamp_of_text(text: str) -> datetime | None:
    """Return the timestamp that ``text`` writes, or None.

    >>> timestamp_of_text("2013-01-31 17:45:06"), timestamp_of_text("2013-01-31 17:45")
    (datetime.datetime(2013, 1, 31, 17, 45, 6), None)
    """
    if _TIMESTAMP_TEXT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _steps(size: timedelta) -> Callable[[Any], int]:
    def count(value: Any) -> int:
        steps: int = (value - _EPOCH) // size
        return steps

    return count


DATE_COUNTS: dict[str, Callable[[Any], int]] = {
    "year": lambda value: value.year,
    "quarter": lambda value: value.year * 4 + (value.month + 2) // 3,
    "month": lambda value: value.year * 12 + value.month,
    "week": lambda value: (value.toordinal() - 1) // 7,
    "day": lambda value: value.toordinal(),
}
"""The number of the year, quarter … that a date lies in; the first of January of 1 is a Monday."""

COUNTS: dict[str, Callable[[Any], int]] = {
    **DATE_COUNTS,
    "hour": _steps(timedelta(hours=1)),
    "minute": _steps(timedelta(minutes=1)),
    "second": _steps(timedelta(seconds=1)),
    "millisecond": _steps(timedelta(milliseconds=1)),
    "microsecond": _steps(_MICROSECOND),
}
"""The number of each unit that a timestamp lies in."""

FUNCTIONS = (
    day_name,
    days_in_month,
    iso_week,
    iso_year,
    month_name,
    time_of_epoch,
    timestamp_of_text,
)
"""What generated code may call."""
