"""A clock that stands still until a test moves it, and a machine whose processes die on command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interplane.storage.host import Process

__all__ = ["FixedClock", "FixedHost"]


class FixedClock:
    """A clock that stands still until ``advance``.

    >>> clock = FixedClock("2013-06-01T00:00:00Z")
    >>> clock.advance(90)
    >>> clock.now_utc(), clock.monotonic()
    ('2013-06-01T00:01:30.000000Z', 90.0)
    """

    def __init__(self, start: str = "2013-06-01T00:00:00Z") -> None:
        self._start = datetime.fromisoformat(start).astimezone(UTC)
        self._passed_s = 0.0

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed_s += seconds

    def now_utc(self) -> str:
        """Return the time now in UTC, ISO 8601 with microseconds and ``Z``."""
        moment = self._start + timedelta(seconds=self._passed_s)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def monotonic(self) -> float:
        """Return the seconds that passed since the clock was made."""
        return self._passed_s


class FixedHost:
    """A machine on which the calling process is whatever ``pid`` says.

    >>> host = FixedHost()
    >>> first = host.this_process()
    >>> host.end(first)
    >>> host.is_gone(first)
    True
    """

    def __init__(self) -> None:
        self.pid = 1
        self._gone: set[Process] = set()

    def this_process(self) -> Process:
        """Return the process with the current ``pid``."""
        return Process("boot", "space", self.pid, "0")

    def end(self, process: Process) -> None:
        """Let a process die."""
        self._gone.add(process)

    def is_gone(self, process: Process) -> bool:
        """Return whether a process was ended."""
        return process in self._gone
