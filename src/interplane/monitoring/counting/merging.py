"""Counts of several layouts together: what was counted by the same bins adds up, nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.monitoring.counting.grid import COLUMN, MOMENT, Grid, merge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.layout import Layout

__all__ = ["merge_counted"]

_BY_THRESHOLD: Final = frozenset({"positive", f"{MOMENT}hit"})
_BY_RANKS: Final = frozenset({"true_ranks", "false_ranks"})


def merge_counted(counted: Sequence[tuple[Layout, Grid]]) -> Grid:
    """Return the sum of counts, each by its layout.

    Of crossings whose baselines differ, columns have other bins. Rows, latency and outcomes still add
    up; a column does if all have the same bins of it, ranks if all have the same, and what depends on
    the threshold if it is the same. The rest is left out.
    """
    layouts = {layout: None for layout, _ in counted}
    first = next(iter(layouts), None)
    if first is None or len(layouts) == 1:
        return merge(grid for _, grid in counted)
    names = dict.fromkeys(name for _, grid in counted for name in grid.arrays)
    kept = [name for name in names if all(_same(name, first, other) for other in layouts)]
    return merge(grid.keep(kept) for _, grid in counted)


def _same(name: str, one: Layout, other: Layout) -> bool:
    """Return whether counts of that name mean the same under both layouts."""
    if name in _BY_THRESHOLD:
        return one.threshold == other.threshold and one.kind == other.kind
    if name in _BY_RANKS:
        return one.ranks == other.ranks and one.kind == other.kind
    if name.startswith(COLUMN):
        column = name.removeprefix(COLUMN)
        return column in one and column in other and one[column] == other[column]
    return name in {"rows", "labelled", "covered", f"{MOMENT}score"} or one.kind == other.kind
