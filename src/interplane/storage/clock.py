"""The one seam for time and chance, so that a seeded test can drive them."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from interplane.errors import UsageError

__all__ = ["Clock", "SystemClock", "iso_of", "micros_of", "system_token", "time_text"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """The two clocks: one for the record, one for lengths of time."""

    def now_utc(self) -> str:
        """Return the time now in UTC, ISO 8601 with microseconds and ``Z``."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back, shared by all processes of this boot."""
        ...


class SystemClock:
    """The clocks of this machine.

    >>> SystemClock().now_utc()[-1]
    'Z'
    """

    def now_utc(self) -> str:
        """Return the time now in UTC, ISO 8601 with microseconds and ``Z``."""
        return _text(datetime.now(UTC))

    def monotonic(self) -> float:
        """Return the seconds of CLOCK_MONOTONIC."""
        return time.monotonic()


def system_token() -> str:
    """Return 16 random hexadecimal digits."""
    return secrets.token_hex(8)


def time_text(text: str) -> str:
    """Return a date or time in the form of the record, so that texts compare like times.

    A time without an offset is UTC; a date is its first moment.

    Raises:
        UsageError: if ``text`` is no ISO 8601 date or time.

    >>> time_text("2013-03-03")
    '2013-03-03T00:00:00.000000Z'
    >>> time_text("2013-03-03T02:00:00+02:00")
    '2013-03-03T00:00:00.000000Z'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no date or time",
            expected="ISO 8601",
            do="For example 2013-03-03 or 2013-03-03T14:30:00Z",
        ) from error
    return _text(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


def micros_of(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 UTC.

    >>> micros_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - _EPOCH) // _MICROSECOND


def iso_of(time_us: int) -> str:
    """Return microseconds since 1970 UTC as ISO text.

    >>> iso_of(1_000_000)
    '1970-01-01T00:00:01Z'
    """
    return (_EPOCH + time_us * _MICROSECOND).isoformat().replace("+00:00", "Z")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
