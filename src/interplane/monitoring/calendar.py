"""Windows of the calendar, in UTC: which there are, when each begins and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "HOUR_US",
    "LENGTHS",
    "Length",
    "Window",
    "length_days",
    "window_at",
    "windows_between",
]

Length = Literal["1h", "1d", "1w", "1mo", "1y"]
"""How long a window is; weeks begin on Monday."""

LENGTHS: Final[tuple[Length, ...]] = get_args(Length)

HOUR_US: Final = 3_600_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAYS: Final[dict[Length, float]] = {"1h": 1 / 24, "1d": 1.0, "1w": 7.0, "1mo": 30.4, "1y": 365.2}


class Window(NamedTuple):
    """A stretch of time from its beginning to just before its end, microseconds since 1970 UTC."""

    length: Length
    begin_us: int
    end_us: int

    @property
    def hours(self) -> tuple[int, int]:
        """Its first hour and the one after its last, as hours since 1970 UTC."""
        return self.begin_us // HOUR_US, self.end_us // HOUR_US

    @property
    def name(self) -> str:
        """What a person calls it.

        >>> window_at("1d", 1_371_081_600_000_000).name, window_at("1y", 0).name
        ('2013-06-13', '1970')
        """
        begin = _EPOCH + timedelta(microseconds=self.begin_us)
        shape = {"1h": "%Y-%m-%d %H:00", "1mo": "%Y-%m", "1y": "%Y"}.get(self.length, "%Y-%m-%d")
        text = begin.strftime(shape)
        return f"week of {text}" if self.length == "1w" else text


def length_days(length: Length) -> float:
    """Return how many days a window of this length has on average.

    >>> length_days("1w")
    7.0
    """
    return _DAYS[length]


def window_at(length: Length, at_us: int) -> Window:
    """Return the window of this length that a moment lies in.

    >>> window_at("1h", 5_000_000_000).hours
    (1, 2)
    """
    at = _EPOCH + timedelta(microseconds=at_us)
    begin = at.replace(minute=0, second=0, microsecond=0)
    if length != "1h":
        begin = begin.replace(hour=0)
    if length == "1w":
        begin -= timedelta(days=begin.weekday())
    elif length in {"1mo", "1y"}:
        begin = begin.replace(day=1, month=1 if length == "1y" else begin.month)
    return Window(length, _us(begin), _us(_end(length, begin)))


def windows_between(length: Length, since_us: int, until_us: int) -> Iterator[Window]:
    """Yield the windows that end after ``since_us`` and not after ``until_us``, in order.

    >>> [window.name for window in windows_between("1h", 0, 2 * HOUR_US)]
    ['1970-01-01 00:00', '1970-01-01 01:00']
    """
    window = window_at(length, since_us)
    while window.end_us <= until_us:
        yield window
        window = window_at(length, window.end_us)


def _end(length: Length, begin: datetime) -> datetime:
    match length:
        case "1h":
            return begin + timedelta(hours=1)
        case "1d" | "1w":
            return begin + timedelta(days=_DAYS[length])
        case "1mo":
            return (begin + timedelta(days=32)).replace(day=1)
        case "1y":
            return begin.replace(year=begin.year + 1)


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
