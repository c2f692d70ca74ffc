"""Values with their intervals on one scale: a dot on a bar for each, one line below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.charts.shares import has_place, share
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Ruler", "Spread", "Spreads", "Whisker", "draw_intervals"]

_WIDTH: Final = 240.0
_EDGE: Final = 6.0


class Spread(NamedTuple):
    """A value and the interval that it lies in; both ends None where it has none."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Whisker(Value, frozen=True, kw_only=True):
    """A dot, and the ends of the bar that it stands on."""

    x: float
    low: float
    high: float


class Ruler(Value, frozen=True, kw_only=True):
    """What all lines share: the width, what stands at both ends, and where a value to hold against is."""

    width: float
    low: float
    high: float
    against: float | None


class Spreads(Value, frozen=True, kw_only=True):
    """Lines of whiskers, each as many as it was given; None where there was no value."""

    ruler: Ruler
    lines: tuple[tuple[Whisker | None, ...], ...]


def draw_intervals(
    lines: Sequence[Sequence[Spread]], *, against: float | None = None
) -> Spreads | None:
    """Return lines of values on one scale; None where no line has a value.

    Args:
        lines: the values of each line.
        against: a value that all are held against; it is on the scale, too.

    >>> drawn = draw_intervals([[Spread(0.5, 0.25, 0.75)], [Spread(1.0)]], against=0.0)
    >>> [line[0].x for line in drawn.lines], drawn.ruler.against
    ([120.0, 234.0], 6.0)
    """
    ends = [end for line in lines for each in line if has_place(each.value) for end in _ends(each)]
    if not ends:
        return None
    if has_place(against):
        ends.append(against)
    low, high = min(ends), max(ends)

    def x(value: float) -> float:
        return round(_EDGE + share(value, low, high) * (_WIDTH - 2 * _EDGE), 1)

    def whisker(each: Spread) -> Whisker | None:
        if not has_place(each.value):
            return None
        first, last = _ends(each)
        return Whisker(x=x(each.value), low=x(first), high=x(last))

    return Spreads(
        ruler=Ruler(
            width=_WIDTH, low=low, high=high, against=x(against) if has_place(against) else None
        ),
        lines=tuple(tuple(map(whisker, line)) for line in lines),
    )


def _ends(each: Spread) -> tuple[float, float]:
    """Return the least and the greatest of a value and its interval; an endless end is left out."""
    known = [end for end in each if has_place(end)]
    return min(known), max(known)
