"""How far apart two profiles of a column are, without reading rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from interplane.charts.columns import Below, has_numbers, is_whole, repeats
from interplane.data.drift import jensen_shannon

if TYPE_CHECKING:
    from interplane.data.profile import ColumnProfile

__all__ = ["distance"]


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
    whole = [is_whole(each, count) for each, count in zip((before, after), rows, strict=True)]
    if not all(whole) and before.edges and has_numbers(before) and has_numbers(after):
        below = Below(after)
        ends = [0.0, *(below(float(edge)) for edge in before.edges), below.total]
        inside = [round(end - begin) for begin, end in pairwise(ends)]
        return list(before.counts), inside
    if not repeats(before, rows[0]) or not after.top:
        return None
    olds, news = dict(before.top), dict(after.top)
    values = list(dict.fromkeys([*olds, *news])) if all(whole) else list(olds)
    old_counts = [olds.get(value, 0) for value in values]
    new_counts = [news.get(value, 0) for value in values]
    rest = [
        max(count - each.nulls - sum(counted), 0)
        for each, count, counted in zip(
            (before, after), rows, (old_counts, new_counts), strict=True
        )
    ]
    return [*old_counts, rest[0]], [*new_counts, rest[1]]
