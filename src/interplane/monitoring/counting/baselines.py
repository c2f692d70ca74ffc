"""A crossing's baseline rows counted like windows; kept, for they never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.recipe import Recipe
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.data.table import Table
    from interplane.monitoring.counting.grid import Values
    from interplane.monitoring.counting.ports import Windows
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally

__all__ = ["baseline_tallies"]


def baseline_tallies(
    windows: Windows,
    crossing: str,
    rows: Callable[[], Table | None],
    layout: Layout,
    *,
    recipe: Recipe | None = None,
    slicing: tuple[str, ...] = (),
) -> dict[Values, Tally] | None:
    """Return the tally of each slice of a crossing's baseline rows; counted once, then kept.

    Args:
        windows: where they are kept.
        crossing: the crossing.
        rows: returns its baseline rows in the form of the log; asked only where they are not counted
            yet. None for a crossing that has none, and so has no tallies.
        layout: the crossing's bins.
        recipe: says what the expressions are, and which columns are watched.
        slicing: the slicing.

    Raises:
        UnknownName: if the rows lack a column that is sliced by.
        UsageError: if there would be too many slices.
    """
    recipe = recipe or Recipe()
    asked = {name: each for name, each in recipe.expressions.items() if name in slicing}
    own = Recipe(slicings=[slicing], expressions=asked, columns=recipe.columns)
    stamp = digest_value([own.text, digest_value(layout)])
    kept = windows.baseline(crossing, slicing, stamp=stamp)
    if kept is not None:
        return kept
    baseline = rows()
    if baseline is None:
        return None
    slicings = [slicing] if slicing else []
    counted = count(
        baseline, layout, slicings=slicings, expressions=asked, columns=own.watched(layout)
    )
    grid = counted.grid(slicing)
    windows.keep_baseline(crossing, slicing, grid, stamp=stamp)
    return grid.tallies()
