"""Two profiles of one column over each other, and how far apart they are.

A profile knows exactly how many values lie below each of its edges, and how often the most frequent
values are there. Between edges values count as evenly spread: so a picture or a distance costs no
reading of rows, and is about right where two profiles have other edges.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from interplane.data.drift import jensen_shannon
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.data.profile import ColumnProfile

__all__ = ["Overlay", "PairBar", "distance", "draw_overlay"]

_WIDTH: Final = 280.0
_HEIGHT: Final = 60.0
_BINS: Final = 28
_FEW: Final = 14


class PairBar(Value, frozen=True, kw_only=True):
    """A bin or a value: where it stands, how high each of the two is, and what it says."""

    x: float
    width: float
    before: float
    after: float
    says: str


class Overlay(Value, frozen=True, kw_only=True):
    """Bars in a frame of this size."""

    width: float
    height: float
    bars: tuple[PairBar, ...]


class _Below:
    """How many values of a column of numbers lie at or below a number."""

    def __init__(self, column: ColumnProfile) -> None:
        known: dict[float, float] = {}
        for edges, counts in (
            (column.edges, column.counts),
            (column.spread_edges, column.spread),
        ):
            total = 0
            for edge, count in zip(edges, counts, strict=False):
                total += count
                known[float(edge)] = float(total)
        self.low, self.high = _number(column.low), _number(column.high)
        self.total = float(sum(column.counts or column.spread))
        known[self.high] = self.total
        self._edges = sorted(known)
        self._counts = [known[edge] for edge in self._edges]

    def __call__(self, value: float) -> float:
        place = bisect_right(self._edges, value)
        if place == len(self._edges):
            return self.total
        first = self._edges[place - 1] if place else self.low
        before = self._counts[place - 1] if place else 0.0
        if value < self.low:
            return 0.0
        span = self._edges[place] - first
        share = (value - first) / span if span > 0 else 1.0
        return before + share * (self._counts[place] - before)


def distance(before: ColumnProfile, after: ColumnProfile, *, rows: tuple[int, int]) -> float | None:
    """Return the Jensen-Shannon distance of two profiles of a column: 0 alike, 1 nothing in common.

    Args:
        before: the earlier one; values are compared over its bins.
        after: the later one.
        rows: how many rows each is of.

    None where they cannot be compared: another type, or neither numbers nor values that repeat.
    """
    if before.type != after.type:
        return None
    counts = _counts(before, after, rows)
    if counts is None:
        return None
    olds, news = counts
    return jensen_shannon([*olds, before.nulls], [*news, after.nulls])


def _counts(
    before: ColumnProfile, after: ColumnProfile, rows: tuple[int, int]
) -> tuple[list[int], list[int]] | None:
    """Return how many values of both lie in each bin, or are each value."""
    is_whole = [_is_whole(each, count) for each, count in zip((before, after), rows, strict=True)]
    if not all(is_whole) and before.edges and _has_numbers(before) and _has_numbers(after):
        below = _Below(after)
        ends = [0.0, *(below(float(edge)) for edge in before.edges), below.total]
        inside = [round(end - begin) for begin, end in pairwise(ends)]
        return list(before.counts), inside
    if not _repeats(before, rows[0]) or not after.top:
        return None
    olds, news = dict(before.top), dict(after.top)
    values = list(dict.fromkeys([*olds, *news])) if all(is_whole) else list(olds)
    old_counts = [olds.get(value, 0) for value in values]
    new_counts = [news.get(value, 0) for value in values]
    rest = [
        max(count - each.nulls - sum(counted), 0)
        for each, count, counted in zip(
            (before, after), rows, (old_counts, new_counts), strict=True
        )
    ]
    return [*old_counts, rest[0]], [*new_counts, rest[1]]


def draw_overlay(
    before: ColumnProfile, after: ColumnProfile, *, rows: tuple[int, int]
) -> Overlay | None:
    """Return both over each other, each as shares of its own rows; None where there is nothing.

    Args:
        before: the earlier one.
        after: the later one.
        rows: how many rows each is of.
    """
    if _has_numbers(before) and _has_numbers(after) and before.spread and after.spread:
        bins = _numbers(before, after, rows)
    elif _repeats(before, rows[0]) and after.top:
        bins = _values(dict(before.top), dict(after.top), rows)
    else:
        return None
    most = max(max(old, new) for _, old, new in bins) or 1.0
    step = _WIDTH / len(bins)
    return Overlay(
        width=_WIDTH,
        height=_HEIGHT,
        bars=tuple(
            PairBar(
                x=round(place * step, 2),
                width=round(step - 1.2, 2),
                before=round(_HEIGHT * old / most, 2),
                after=round(_HEIGHT * new / most, 2),
                says=f"{name}: {old:.1%} before, {new:.1%} after",
            )
            for place, (name, old, new) in enumerate(bins)
        ),
    )


def _numbers(
    before: ColumnProfile, after: ColumnProfile, rows: tuple[int, int]
) -> list[tuple[str, float, float]]:
    sides = [_Below(before), _Below(after)]
    low, high = min(each.low for each in sides), max(each.high for each in sides)
    step = (high - low) / _BINS or 1.0
    edges = [low + step * place for place in range(_BINS)] + [high]
    found = []
    for place, (begin, end) in enumerate(pairwise(edges)):
        old, new = (
            (each(end) - (each(begin) if place else 0.0)) / max(count, 1)
            for each, count in zip(sides, rows, strict=True)
        )
        found.append((f"{begin:.4g} to {end:.4g}", max(old, 0.0), max(new, 0.0)))
    return found


def _values(
    before: Mapping[Any, int], after: Mapping[Any, int], rows: tuple[int, int]
) -> list[tuple[str, float, float]]:
    """Return the most frequent values of both."""
    shares = {
        value: (before.get(value, 0) / max(rows[0], 1), after.get(value, 0) / max(rows[1], 1))
        for value in dict.fromkeys([*before, *after])
    }
    ranked = sorted(shares.items(), key=lambda item: -max(item[1]))[:_FEW]
    return [(str(value)[:40], old, new) for value, (old, new) in ranked]


def _is_whole(column: ColumnProfile, rows: int) -> bool:
    """Return whether the most frequent values are all that there are."""
    return sum(count for _, count in column.top) + column.nulls + column.not_finite == rows


def _repeats(column: ColumnProfile, rows: int) -> bool:
    """Return whether the most frequent values are most of what there is; keys and times are not."""
    return 2 * sum(count for _, count in column.top) >= rows - column.nulls > 0


def _has_numbers(column: ColumnProfile) -> bool:
    ends: Sequence[Any] = (column.low, column.high)
    return all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends)


def _number(value: Any) -> float:
    return float(value)
