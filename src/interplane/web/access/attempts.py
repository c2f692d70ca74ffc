"""Signing in with what is no token: how often one address may.

A token is 256 random bits and is not guessed; this bounds the work and the log lines that somebody
who tries makes, and nothing else.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Attempts"]

_MOST_PLACES: Final = 4096


class Attempts:
    """Counts failures by where they come from.

    Args:
        most: how many failures one place may have within the time.
        within_s: that time.
        clock: seconds of a clock that never goes back.

    >>> now = [0.0]
    >>> attempts = Attempts(most=2, within_s=60, clock=lambda: now[0])
    >>> [attempts.wait_s("10.0.0.1") for _ in range(3) if attempts.fail("10.0.0.1") is None]
    [0, 60, 60]
    >>> attempts.wait_s("10.0.0.2")
    0
    >>> now[0] = 60.0
    >>> attempts.wait_s("10.0.0.1")
    0
    """

    def __init__(
        self,
        *,
        most: int = 10,
        within_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._within_s = within_s
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """Return how many seconds an address has to wait before it may try; 0 if it may."""
        failures = self._recent(_place(address))
        if len(failures) < self._most:
            return 0
        return max(1, round(failures[-self._most] + self._within_s - self._clock()))

    def fail(self, address: str) -> None:
        """Take note of a failure. The places that failed longest ago are forgotten first."""
        place = _place(address)
        self._failures[place] = [*self._recent(place), self._clock()][-self._most :]
        self._failures.move_to_end(place)
        while len(self._failures) > _MOST_PLACES:
            self._failures.popitem(last=False)

    def _recent(self, place: str) -> list[float]:
        since = self._clock() - self._within_s
        return [at for at in self._failures.get(place, ()) if at > since]


def _place(address: str) -> str:
    """Return an address, or the network of 64 bits that somebody has at once under IPv6.

    >>> _place("2001:db8::1"), _place("192.0.2.7"), _place("")
    ('2001:db8::/64', '192.0.2.7', '')
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
