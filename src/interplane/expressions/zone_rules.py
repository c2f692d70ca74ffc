"""The yearly rule of a time zone: from when to when its clocks are put forward, for ever.

A rule is text: the offset of its standard time, that of its daylight time (seconds, east is more),
and on which day and at which second of the wall clock each of them changes. Days are written as
POSIX.1 (section 8.3, ``TZ``) has them: ``M3.2.0`` is the second Sunday of March, week 5 the last
one; ``J60`` is the first of March; ``59`` counts from 0 and counts the 29th of February.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from interplane.errors import ExpressionError

__all__ = ["KINDS", "Rule", "kind_of_year", "parse_posix", "parse_rule"]

_DAY_S = 86400
_FURTHEST_S = 26 * 3600
_POSIX_DAY = r"(?:M[0-9]{1,2}\.[0-9]\.[0-9]|J[0-9]{1,3}|[0-9]{1,3})"
_POSIX_TIME = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_RULE = re.compile(
    r"(?P<standard>-?[0-9]{1,6}),(?P<daylight>-?[0-9]{1,6}),(?P<start>"
    + _POSIX_DAY
    + r")/(?P<start_s>-?[0-9]{1,6}),"
    r"(?P<end>" + _POSIX_DAY + r")/(?P<end_s>-?[0-9]{1,6})"
)
_POSIX = re.compile(
    r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)(?P<standard>" + _POSIX_TIME + ")"
    r"(?:(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)(?P<daylight>" + _POSIX_TIME + r")?"
    r",(?P<start>" + _POSIX_DAY + r")(?:/(?P<start_s>" + _POSIX_TIME + r"))?"
    r",(?P<end>" + _POSIX_DAY + r")(?:/(?P<end_s>" + _POSIX_TIME + "))?)?"
)

KINDS = tuple((weekday, leap) for weekday in range(7) for leap in (False, True))
"""The fourteen kinds of years: the weekday of the first of January (Monday is 0), and leap years."""


def kind_of_year(year: int) -> int:
    """Return which of `KINDS` a year is.

    >>> KINDS[kind_of_year(2024)]
    (0, True)
    """
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 1, 1).weekday() * 2 + leap


@dataclass(frozen=True)
class Rule:
    """A yearly rule.

    Attributes:
        standard_s: the offset of standard time.
        daylight_s: the offset of daylight time.
        start: the day on which daylight time begins.
        start_s: the second of the wall clock's day at which it does.
        end: the day on which it ends.
        end_s: the second of the wall clock's day at which it does.

    >>> rule = parse_rule("-18000,-14400,M3.2.0/7200,M11.1.0/7200")
    >>> rule.offset_s(2024, 31 * 86400), rule.offset_s(2024, 180 * 86400)
    (-18000, -14400)
    """

    standard_s: int
    daylight_s: int
    start: str
    start_s: int
    end: str
    end_s: int

    def __str__(self) -> str:
        days = f"{self.start}/{self.start_s},{self.end}/{self.end_s}"
        return f"{self.standard_s},{self.daylight_s},{days}"

    @cached_property
    def starts_s(self) -> tuple[int, ...]:
        """For each kind of year the second of its UTC year at which daylight time begins."""
        return tuple(_second(self.start, *kind) + self.start_s - self.standard_s for kind in KINDS)

    @cached_property
    def ends_s(self) -> tuple[int, ...]:
        """For each kind of year the second of its UTC year at which daylight time ends."""
        return tuple(_second(self.end, *kind) + self.end_s - self.daylight_s for kind in KINDS)

    def offset_s(self, year: int, second: int) -> int:
        """Return the offset at a second of a UTC year."""
        kind = kind_of_year(year)
        start, end = self.starts_s[kind], self.ends_s[kind]
        daylight = start <= second < end if start < end else not end <= second < start
        return self.daylight_s if daylight else self.standard_s


def parse_rule(text: str) -> Rule:
    """Read a rule from its text.

    Raises:
        ExpressionError: if it is none, or changes within two days of a new year.
    """
    found = _RULE.fullmatch(text)
    if found is None:
        raise _refused(text)
    rule = Rule(
        *(int(found["standard"]), int(found["daylight"])),
        *(_day(found["start"]), int(found["start_s"])),
        *(_day(found["end"]), int(found["end_s"])),
    )
    for (_, leap), start, end in zip(KINDS, rule.starts_s, rule.ends_s, strict=True):
        last = (365 if leap else 364) * _DAY_S
        inside = all(2 * _DAY_S <= second < last for second in (start, end))
        if not inside or start == end or (start < end) != (rule.starts_s[0] < rule.ends_s[0]):
            raise _refused(text)
    if max(abs(rule.standard_s), abs(rule.daylight_s)) > _FURTHEST_S or str(rule) != text:
        raise _refused(text)
    return rule


def parse_posix(text: str) -> int | Rule:
    """Read the rule at the end of a zone's file: one offset, or a yearly rule.

    Raises:
        ExpressionError: if it is none, or changes within two days of a new year.

    >>> str(parse_posix("EST5EDT,M3.2.0,M11.1.0"))
    '-18000,-14400,M3.2.0/7200,M11.1.0/7200'
    >>> parse_posix("<+0545>-5:45")
    20700
    """
    found = _POSIX.fullmatch(text)
    if found is None:
        raise _refused(text)
    standard = -_seconds(found["standard"])
    if found["start"] is None:
        return standard
    daylight = standard + 3600 if found["daylight"] is None else -_seconds(found["daylight"])
    start_s, end_s = (_seconds(found[each] or "2") for each in ("start_s", "end_s"))
    return parse_rule(f"{standard},{daylight},{found['start']}/{start_s},{found['end']}/{end_s}")


def _seconds(text: str) -> int:
    hours, *rest = text.lstrip("+-").split(":")
    minutes, seconds = (*map(int, rest), 0, 0)[:2]
    total = int(hours) * 3600 + minutes * 60 + seconds
    return -total if text.startswith("-") else total


def _day(text: str) -> str:
    """Return a day's text, checked."""
    if text.startswith("M"):
        month, week, weekday = map(int, text[1:].split("."))
        if not (1 <= month <= 12 and 1 <= week <= 5 and 0 <= weekday <= 6):
            raise _refused(text)
        return f"M{month}.{week}.{weekday}"
    first = 1 if text.startswith("J") else 0
    if not first <= int(text[first:]) <= 365:
        raise _refused(text)
    return f"{text[:first]}{int(text[first:])}"


def _second(day: str, weekday: int, leap: bool) -> int:  # noqa: FBT001  a kind of year
    """Return the second of a year at which a day begins, in a year of a kind."""
    if day.startswith("J"):
        number = int(day[1:])
        return (number - 1 + (leap and number >= 60)) * _DAY_S
    if not day.startswith("M"):
        return int(day) * _DAY_S
    month, week, wanted = map(int, day[1:].split("."))
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    first = sum(lengths[: month - 1])
    # Weekdays of POSIX begin with Sunday, ours with Monday.
    found = (wanted - 1 - (weekday + first)) % 7 + (week - 1) * 7
    while found >= lengths[month - 1]:
        found -= 7
    return (first + found) * _DAY_S


def _refused(text: str) -> ExpressionError:
    return ExpressionError(
        f"{text!r:.100} is no rule of a time zone that can be computed with",
        expected='for example "-18000,-14400,M3.2.0/7200,M11.1.0/7200"; no changes near a new year',
        do="Take another zone, or a newer zone database",
    )
