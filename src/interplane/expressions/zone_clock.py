"""What the generated Python of one row calls for local times. Standard library only."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from interplane.expressions.zone_rules import kind_of_year, parse_rule

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["local_clock"]

_EPOCH = datetime(1970, 1, 1)


def local_clock(transitions: tuple[int, ...], rule: str) -> Callable[[datetime], datetime | None]:
    """Return what gives the wall clock's time of a UTC time; None outside the years 1 to 9999.

    >>> paris = local_clock((3600,), "3600,7200,M3.5.0/7200,M10.5.0/10800")
    >>> paris(datetime(2024, 3, 31, 0, 59, 59)), paris(datetime(2024, 3, 31, 1))
    (datetime.datetime(2024, 3, 31, 1, 59, 59), datetime.datetime(2024, 3, 31, 3, 0))
    """
    edges = [_EPOCH + timedelta(seconds=edge) for edge in transitions[1::2]]
    shifts = [timedelta(seconds=offset) for offset in transitions[::2]]
    last = len(edges) if rule else -1
    yearly = _yearly(rule) if rule else None

    def local(at: datetime) -> datetime | None:
        place = bisect_right(edges, at)
        shift = yearly(at) if place == last and yearly is not None else shifts[place]
        try:
            return at + shift
        except OverflowError:
            return None

    return local


def _yearly(text: str) -> Callable[[datetime], timedelta]:
    """Return what gives the offset of a UTC time by a yearly rule."""
    rule = parse_rule(text)
    standard, daylight = timedelta(seconds=rule.standard_s), timedelta(seconds=rule.daylight_s)
    years: dict[int, tuple[datetime, datetime]] = {}

    def shift(at: datetime) -> timedelta:
        span = years.get(at.year)
        if span is None:
            begin, kind = datetime(at.year, 1, 1), kind_of_year(at.year)
            both = (rule.starts_s[kind], rule.ends_s[kind])
            span = years[at.year] = (
                begin + timedelta(seconds=both[0]),
                begin + timedelta(seconds=both[1]),
            )
        start, end = span
        summer = start <= at < end if start < end else not end <= at < start
        return daylight if summer else standard

    return shift
