"""What is stated when hours were counted anew, and when windows closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.calendar import HOUR_US, window_at
from interplane.monitoring.counting.hours import runs
from interplane.monitoring.counting.merging import merge_counted
from interplane.monitoring.counting.quality import Judged, latest_statements, state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from interplane.monitoring.calendar import Window
    from interplane.monitoring.counting.grid import Grid
    from interplane.monitoring.counting.ports import CountedHour, Hour, Statement, Windows
    from interplane.monitoring.counting.quality import Measure
    from interplane.monitoring.layout import Layout

__all__ = ["Stating"]

_DAY = 24


class Stating:
    """Says what is to be stated of the windows of a model, hours and days, that have closed.

    Args:
        windows: where counts are kept.
        model: the model.
        measure: what the metrics are; without it nothing is stated.
        watermark_us: windows that end after this are open, and nothing is stated of them.
        now_us: the time that statements bear.
        before: what is kept of hours.

    Attributes:
        stated: how many statements there were.
    """

    def __init__(
        self,
        windows: Windows,
        model: str,
        measure: Measure | None,
        *,
        watermark_us: int | None,
        now_us: int,
        before: Mapping[int, Hour],
    ) -> None:
        self._windows = windows
        self._model = model
        self._measure = measure
        self._watermark_us = watermark_us
        self._now_us = now_us
        self._before = before
        self._seen: set[Window] = set()
        self.stated = 0

    def of_hours(
        self, counted: Mapping[int, CountedHour], layouts: Mapping[str, Layout]
    ) -> list[Statement]:
        """Return what is to be stated of hours that were counted anew, and of their days."""
        days = sorted({hour // _DAY for hour in counted})
        whole = [window_at("1d", day * _DAY * HOUR_US) for day in days]
        judged = [*self._hours(counted, layouts), *self._days(whole, counted, layouts)]
        return self._state(judged)

    def of_windows(self, windows: Sequence[Window]) -> list[Statement]:
        """Return what is to be stated of windows that closed, of which no hour was counted anew."""
        judged = []
        for window in windows:
            inside = [self._before[h] for h in range(*window.hours) if h in self._before]
            if window in self._seen or not any(hour.rows for hour in inside):
                continue
            names = sorted({crossing for hour in inside for crossing in hour.crossings})
            judged += [each for crossing in names for each in self._kept_window(window, crossing)]
        return self._state(judged)

    def _state(self, judged: Sequence[Judged]) -> list[Statement]:
        closed = [each for each in judged if self._is_closed(each.window)]
        self._seen.update(each.window for each in closed)
        if self._measure is None or not closed:
            return []
        before = self._windows.statements(
            self._model,
            begin_us=min(each.window.begin_us for each in closed),
            end_us=max(each.window.end_us for each in closed),
        )
        found = state(closed, self._measure, before=latest_statements(before), now_us=self._now_us)
        self.stated += len(found)
        return found

    def _is_closed(self, window: Window) -> bool:
        return self._watermark_us is not None and window.end_us <= self._watermark_us

    # counts ------------------------------------------------------------------------------------

    def _hours(
        self, counted: Mapping[int, CountedHour], layouts: Mapping[str, Layout]
    ) -> Iterator[Judged]:
        for hour, (_, grids) in counted.items():
            window = window_at("1h", hour * HOUR_US)
            for (crossing, slicing), grid in grids.items():
                yield Judged(window, crossing, slicing, layouts[crossing], grid)

    def _days(
        self,
        days: Sequence[Window],
        counted: Mapping[int, CountedHour],
        layouts: Mapping[str, Layout],
    ) -> Iterator[Judged]:
        for day in filter(self._is_closed, days):
            hours = range(*day.hours)
            new: dict[tuple[str, tuple[str, ...]], list[Grid]] = {}
            for hour in hours:
                for key, grid in counted[hour].grids.items() if hour in counted else ():
                    new.setdefault(key, []).append(grid)
            rest = set(hours).difference(counted).intersection(self._before)
            for (crossing, slicing), grids in new.items():
                kept = self._kept(rest, set(hours).difference(rest), crossing, slicing)
                merged = merge_counted([*((layouts[crossing], grid) for grid in grids), *kept])
                yield Judged(day, crossing, slicing, layouts[crossing], merged)

    def _kept(
        self, hours: set[int], others: set[int], crossing: str, slicing: tuple[str, ...]
    ) -> list[tuple[Layout, Grid]]:
        return [
            each
            for begin, end in runs(hours, but=others)
            for each in self._windows.counted(
                self._model, slicing=slicing, begin_hour=begin, end_hour=end, crossing=crossing
            )
        ]

    def _kept_window(self, window: Window, crossing: str) -> Iterator[Judged]:
        begin, end = window.hours
        for slicing in self._windows.slicings(self._model, begin_hour=begin, end_hour=end):
            counted = self._windows.counted(
                self._model, slicing=slicing, begin_hour=begin, end_hour=end, crossing=crossing
            )
            if counted:
                layout, _ = counted[-1]
                yield Judged(window, crossing, slicing, layout, merge_counted(counted))
