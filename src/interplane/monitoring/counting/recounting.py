"""Counting some hours anew, and letting them take the place of what was kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.hours import crossings_of, hour_time, of_crossing, runs
from interplane.monitoring.counting.ports import CountedHour, Hour, Recount
from interplane.monitoring.counting.recipe import Unsliced
from interplane.record.digests import digest_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from interplane.data.table import Table
    from interplane.monitoring.counting.count import Counted
    from interplane.monitoring.counting.grid import Grid
    from interplane.monitoring.counting.ports import Windows
    from interplane.monitoring.counting.recipe import Feed, Recipe
    from interplane.monitoring.counting.stating import Stating
    from interplane.monitoring.layout import Layout

__all__ = ["Recounting", "stamp"]

_Grids = dict[tuple[str, tuple[str, ...]], "Grid"]


def stamp(text: str, layouts: Mapping[str, str]) -> str:
    """Return what an hour was counted by: a recipe, and the layout of each of its crossings."""
    return digest_value([text, dict(sorted(layouts.items()))])


class Recounting:
    """Counts hours of one model anew.

    Args:
        windows: where counts are kept.
        model: the model.
        feed: where its rows come from.
        recipe: what is counted.
        text: the recipe's text.
        stating: says what is to be stated of them.
        before: what is kept of hours.

    Attributes:
        recounted: the hours that took the place of what was kept.
        gone: those whose rows the log has no more, at least not all.
        unsliced: slicings that rows could not be divided by.
    """

    def __init__(
        self,
        windows: Windows,
        model: str,
        feed: Feed,
        recipe: Recipe,
        *,
        text: str,
        stating: Stating,
        before: Mapping[int, Hour],
    ) -> None:
        self._windows = windows
        self._model = model
        self._feed = feed
        self._recipe = recipe
        self._text = text
        self._stating = stating
        self._before = before
        self._layouts: dict[str, Layout] = {}
        self._marks: dict[str, str] = {}
        self.recounted: list[int] = []
        self.gone: list[int] = []
        self.unsliced: dict[Unsliced, None] = {}

    def recount(self, hours: Sequence[int], *, full: Collection[int]) -> None:
        """Count some hours, whole days together, and keep them with what is stated of them.

        Args:
            hours: the hours.
            full: other hours that have rows: those are not read.
        """
        found: dict[int, _Grids] = {}
        for begin, end in runs(hours, but=set(full).difference(hours)):
            rows = self._feed.read(hour_time(begin), hour_time(end))
            if self._feed.label is not None:
                rows = self._feed.label(rows)
            for crossing, counted in self._count(rows):
                for slicing, parts in counted.grids.items():
                    for part, grid in parts.items():
                        found.setdefault(part.hour, {})[crossing, slicing] = grid
        made = {hour: self._counted(found.get(hour, {})) for hour in hours}
        kept = {
            hour: counted
            for hour, counted in made.items()
            if counted.hour.rows and counted.hour.rows >= self._rows_before(hour)
        }
        self.gone += [hour for hour in hours if hour not in kept and self._rows_before(hour)]
        names = {crossing for counted in kept.values() for crossing in counted.hour.crossings}
        layouts = {crossing: self._layout(crossing) for crossing in sorted(names)}
        if kept:
            statements = self._stating.of_hours(kept, self._layouts)
            self._windows.replace(self._model, Recount(kept, layouts, statements))
        self.recounted += kept

    def _rows_before(self, hour: int) -> int:
        return self._before[hour].rows if hour in self._before else 0

    def _layout(self, crossing: str) -> Layout:
        if crossing not in self._layouts:
            self._layouts[crossing] = self._feed.layouts(crossing)
        return self._layouts[crossing]

    # counting ----------------------------------------------------------------------------------

    def _count(self, rows: Table) -> Iterator[tuple[str, Counted]]:
        """Yield the counts of the rows of each crossing, by its own layout."""
        crossings = crossings_of(rows)
        for crossing in crossings:
            own = rows if len(crossings) == 1 else of_crossing(rows, crossing)
            if self._feed.prepare is not None:
                own = self._feed.prepare(crossing, own)
            slicings, why_not = self._recipe.usable(own.types, self._layout(crossing))
            for slicing, why in why_not.items():
                self.unsliced[Unsliced(crossing, slicing, why)] = None
            yield crossing, self._count_sliced(crossing, own, slicings)

    def _count_sliced(
        self, crossing: str, rows: Table, slicings: Sequence[tuple[str, ...]]
    ) -> Counted:
        """Count rows; a slicing that makes far too many slices is left out, and named."""
        layout = self._layout(crossing)
        try:
            return count(
                rows,
                layout,
                slicings=slicings,
                expressions=self._recipe.expressions,
                columns=self._recipe.watched(layout),
                by_hour=True,
            )
        except UsageError as error:
            slicing = tuple(error.details.get("slicing", ()))
            if slicing not in slicings:
                raise
            self.unsliced[Unsliced(crossing, slicing, str(error))] = None
            fewer = [each for each in slicings if each != slicing]
            return self._count_sliced(crossing, rows, fewer)

    def _counted(self, grids: _Grids) -> CountedHour:
        crossings = {crossing: grid.rows for (crossing, by), grid in grids.items() if not by}
        for crossing in crossings.keys() - self._marks.keys():
            self._marks[crossing] = digest_value(self._layout(crossing))
        marks = {crossing: self._marks[crossing] for crossing in crossings}
        return CountedHour(Hour(crossings, stamp(self._text, marks)), grids)
