"""A time axis: from moments to places, with marks at round moments, and long quiet folded.

A project is busy for minutes and quiet for weeks. On an even axis the minutes would be one point, so
no quiet takes more than a share of the width: what is longer is folded, and said to be.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Fold", "Mark", "Timeline"]

_STEPS: Final = tuple(
    timedelta(**{unit: count})
    for unit, counts in (
        ("seconds", (1, 5, 15, 30)),
        ("minutes", (1, 5, 15, 30)),
        ("hours", (1, 3, 6, 12)),
        ("days", (1, 2, 7, 14)),
    )
    for count in counts
)
_MONTHS: Final = (1, 3, 6, 12, 24, 60, 120)
_MONTH: Final = timedelta(days=30.44)
_MOST_QUIET: Final = 1 / 14
_TURNS: Final = 30
_FOLDED: Final = 0.4
_NEAR: Final = 62.0


class Mark(NamedTuple):
    """A round moment: its place, and what it is called."""

    x: float
    text: str


class Fold(NamedTuple):
    """A quiet that is drawn shorter than it was: from where to where, and how long it was."""

    x1: float
    x2: float
    says: str


class Timeline:
    """Moments on a line from ``left`` to ``right``.

    Args:
        moments: what is to be seen (ISO 8601), the first and the last of all among them.
        left: the place of the first.
        right: the place of the last.

    >>> days = [f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    >>> line = Timeline(days, left=0, right=100)
    >>> line.x("2026-01-02T00:00:00Z"), [mark.text for mark in line.marks(most=3)]
    (50.0, ['1 Jan', '3 Jan'])
    """

    def __init__(self, moments: Iterable[str], *, left: float, right: float) -> None:
        seen = sorted({_seconds(at) for at in moments})
        if len(seen) < 2:
            seen = [seen[0], seen[0] + 1.0]
        self._seen = seen
        lengths = [after - before for before, after in pairwise(seen)]
        drawn = _folded(lengths)
        scale = (right - left) / sum(drawn)
        self._places = [left + at * scale for at in accumulate(drawn, initial=0.0)]
        self._lengths, self._drawn = lengths, drawn
        self._known = dict(zip(seen, (round(each, 1) for each in self._places), strict=True))

    def x(self, at: str) -> float:
        """Return the place of a moment, to a tenth."""
        seconds = _seconds(at)
        found = self._known.get(seconds)
        return round(self._x(seconds), 1) if found is None else found

    def _x(self, at: float) -> float:
        piece = min(max(bisect_right(self._seen, at) - 1, 0), len(self._lengths) - 1)
        share = (at - self._seen[piece]) / self._lengths[piece]
        x1 = self._places[piece]
        return x1 + (self._places[piece + 1] - x1) * min(max(share, 0.0), 1.0)

    def folds(self) -> list[Fold]:
        """Return the quiets that are folded, in order."""
        pieces = zip(self._lengths, self._drawn, pairwise(self._places), strict=True)
        return [
            Fold(round(x1, 1), round(x2, 1), f"{_long(length)} without anything")
            for length, drawn, (x1, x2) in pieces
            if drawn < length * 0.999
        ]

    def marks(self, *, most: int) -> list[Mark]:
        """Return round moments, in order and far enough from each other to be read."""
        found: list[Mark] = []
        for mark in self._round_moments(most):
            if not found or mark.x - found[-1].x >= _NEAR:
                found.append(mark)
        return found

    def _round_moments(self, most: int) -> Iterator[Mark]:
        # What is folded has no marks, so it is the drawn length that they are counted by.
        span = timedelta(seconds=sum(self._drawn))
        whole = timedelta(seconds=self._seen[-1] - self._seen[0])
        step = next((step for step in _STEPS if span / step <= most - 1), None)
        if step is not None:
            form = _form(step, whole)
            for begin, end in self._busy():
                for at in _every(step, _moment(begin), _moment(end)):
                    yield Mark(round(self._x(at.timestamp()), 1), at.strftime(form).lstrip("0"))
            return
        months = next((count for count in _MONTHS if span / (_MONTH * count) <= most - 1), 240)
        for at in _every_months(months, _moment(self._seen[0]), _moment(self._seen[-1])):
            yield Mark(
                round(self._x(at.timestamp()), 1), at.strftime("%b %Y" if months < 12 else "%Y")
            )

    def _busy(self) -> Iterator[tuple[float, float]]:
        """Yield the times between folds."""
        begin = self._seen[0]
        for place, (length, drawn) in enumerate(zip(self._lengths, self._drawn, strict=True)):
            if drawn < length * 0.999:
                yield begin, self._seen[place]
                begin = self._seen[place + 1]
        yield begin, self._seen[-1]


@lru_cache(maxsize=1 << 18)
def _seconds(at: str) -> float:
    """Return a moment as seconds; those of a picture are asked for again with the next one."""
    return datetime.fromisoformat(at).timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _folded(lengths: list[float]) -> list[float]:
    """Return the lengths with those that are longer than a share of their sum made short.

    >>> [round(each, 2) for each in _folded([1.0] * 20 + [1000.0])][-1] < 1
    True
    """
    most = 3 * sorted(lengths)[len(lengths) // 2]
    if len(lengths) * _MOST_QUIET > 1:  # else there are so few that each may take its part
        # What is shorter than the share stays: only the few that are longer are looked at again.
        total, long = sum(lengths), sorted(lengths, reverse=True)[: int(1 / _MOST_QUIET) + 1]
        rest = total - sum(long)
        for _ in range(_TURNS):
            most = (rest + sum(long)) * _MOST_QUIET
            long = [min(length, most) for length in long]
    return [length if length <= most * 1.001 else most * _FOLDED for length in lengths]


def _every(step: timedelta, begin: datetime, end: datetime) -> Iterator[datetime]:
    day = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    at = day + ((begin - day) // step) * step
    while at <= end:
        if at >= begin:
            yield at
        at += step


def _every_months(count: int, begin: datetime, end: datetime) -> Iterator[datetime]:
    year, month = begin.year, 1
    while (at := datetime(year, month, 1, tzinfo=UTC)) <= end:
        if at >= begin:
            yield at
        year, month = year + (month - 1 + count) // 12, (month - 1 + count) % 12 + 1


def _form(step: timedelta, span: timedelta) -> str:
    if step >= timedelta(days=1):
        return "%d %b" if span < timedelta(days=300) else "%d %b %Y"
    if step >= timedelta(minutes=1):
        return "%H:%M" if span < timedelta(days=1) else "%d %b %H:%M"
    return "%H:%M:%S" if span < timedelta(days=1) else "%d %b %H:%M:%S"


def _long(seconds: float) -> str:
    for length, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
