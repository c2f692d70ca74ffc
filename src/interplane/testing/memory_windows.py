"""Counted windows in memory: the twin that tests use, under the same laws as the ones on disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.counting.grid import merge
from interplane.monitoring.counting.merging import merge_counted
from interplane.monitoring.counting.ports import Hour, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.monitoring.calendar import Length
    from interplane.monitoring.counting.grid import Grid, Values
    from interplane.monitoring.counting.ports import Recount, Statement
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.tally import Tally

__all__ = ["MemoryWindows"]


@dataclass
class _Model:
    """What is kept of a model; counts by hour, crossing and slicing, with their layout."""

    watermark_us: int | None = None
    sequence: int = 0
    hours: dict[int, Hour] = field(default_factory=dict)
    counts: dict[tuple[int, str, tuple[str, ...]], tuple[Layout, Grid]] = field(
        default_factory=dict
    )
    statements: list[Statement] = field(default_factory=list)


class MemoryWindows:
    """Hourly counts and statements in dictionaries; shared by the threads of one process."""

    def __init__(self) -> None:
        self._turn = threading.RLock()
        self._models: dict[str, _Model] = {}
        self._layouts: dict[str, Layout] = {}
        self._baselines: dict[tuple[str, tuple[str, ...]], tuple[str, Grid]] = {}

    # writing -----------------------------------------------------------------------------------

    def replace(self, model: str, recount: Recount) -> None:
        """Let hours take the place of what was kept of them, and add statements."""
        with self._turn:
            kept = self._models.setdefault(model, _Model())
            for place in [place for place in kept.counts if place[0] in recount.hours]:
                del kept.counts[place]
            self._layouts.update(recount.layouts)
            for hour, counted in recount.hours.items():
                kept.hours[hour] = counted.hour
                for (crossing, slicing), grid in counted.grids.items():
                    layout = recount.layouts[crossing]
                    kept.counts[hour, crossing, slicing] = (layout, grid)
            kept.statements.extend(recount.statements)

    def settle(
        self,
        model: str,
        *,
        watermark_us: int | None,
        sequence: int,
        too_late: Mapping[int, int],
        recipes: Mapping[int, str] = MappingProxyType({}),
        drop_before: int | None = None,
    ) -> None:
        """Say how far a model was counted, and let go of what is too old."""
        with self._turn:
            kept = self._models.setdefault(model, _Model())
            marks = [each for each in (kept.watermark_us, watermark_us) if each is not None]
            kept.watermark_us = max(marks, default=None)
            kept.sequence = max(kept.sequence, sequence)
            for hour, rows in too_late.items():
                kept.hours[hour] = kept.hours.get(hour, Hour({}))._replace(too_late=rows)
            for hour, recipe in recipes.items():
                kept.hours[hour] = kept.hours[hour]._replace(recipe=recipe)
            if drop_before is not None:
                self._drop(kept, drop_before)

    @staticmethod
    def _drop(kept: _Model, first: int) -> None:
        kept.hours = {hour: each for hour, each in kept.hours.items() if hour >= first}
        kept.counts = {place: each for place, each in kept.counts.items() if place[0] >= first}
        kept.statements = [each for each in kept.statements if each.begin_us >= first * HOUR_US]

    def keep_baseline(
        self, crossing: str, slicing: tuple[str, ...], grid: Grid, *, stamp: str
    ) -> None:
        """Keep the counts of a crossing's baseline rows, in the place of earlier ones."""
        with self._turn:
            self._baselines[crossing, slicing] = (stamp, grid)

    # reading -----------------------------------------------------------------------------------

    def models(self) -> list[str]:
        """Return the models that were counted, in order."""
        with self._turn:
            return sorted(self._models)

    def progress(self, model: str) -> Progress:
        """Return how far a model was counted."""
        with self._turn:
            kept = self._models.get(model, _Model())
            return Progress(kept.watermark_us, kept.sequence, dict(sorted(kept.hours.items())))

    def watermark(self, model: str) -> int | None:
        """Return the watermark of a model, microseconds since 1970 UTC."""
        return self.progress(model).watermark_us

    def hours(self, model: str) -> dict[int, int]:
        """Return how many rows each hour has, in order."""
        return {hour: kept.rows for hour, kept in self.progress(model).hours.items() if kept.rows}

    def crossings(self, model: str, *, begin_hour: int, end_hour: int) -> dict[str, int]:
        """Return how many rows each crossing has from an hour to before another."""
        found: dict[str, int] = {}
        for hour, kept in self.progress(model).hours.items():
            for crossing, rows in kept.crossings.items() if begin_hour <= hour < end_hour else ():
                found[crossing] = found.get(crossing, 0) + rows
        return found

    def slicings(self, model: str, *, begin_hour: int, end_hour: int) -> list[tuple[str, ...]]:
        """Return the slicings that were counted from an hour to before another, in order."""
        with self._turn:
            places = list(self._models.get(model, _Model()).counts)
        return sorted({by for hour, _, by in places if begin_hour <= hour < end_hour})

    def layout(self, model: str, crossing: str) -> Layout | None:  # noqa: ARG002 - as the port has it
        """Return the bins that a crossing was last counted by."""
        with self._turn:
            return self._layouts.get(crossing)

    def counted(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> list[tuple[Layout, Grid]]:
        """Return the counts from an hour to before another, summed for each layout."""
        with self._turn:
            counts = sorted(self._models.get(model, _Model()).counts.items(), key=_place)
        found: dict[tuple[str, Layout], list[Grid]] = {}
        for (hour, whose, by), (layout, grid) in counts:
            is_there = by == slicing and begin_hour <= hour < end_hour
            if is_there and crossing in (None, whose):
                found.setdefault((whose, layout), []).append(grid)
        return [(layout, merge(grids)) for (_, layout), grids in found.items()]

    def tallies(
        self,
        model: str,
        *,
        slicing: tuple[str, ...] = (),
        begin_hour: int,
        end_hour: int,
        crossing: str | None = None,
    ) -> dict[Values, Tally]:
        """Return the tally of each slice from an hour to before another."""
        counted = self.counted(
            model, slicing=slicing, begin_hour=begin_hour, end_hour=end_hour, crossing=crossing
        )
        return merge_counted(counted).tallies()

    def baseline(
        self, crossing: str, slicing: tuple[str, ...] = (), *, stamp: str | None = None
    ) -> dict[Values, Tally] | None:
        """Return the tally of each slice of a crossing's baseline rows, if they are kept."""
        with self._turn:
            found = self._baselines.get((crossing, slicing))
        if found is None or stamp not in {None, found[0]}:
            return None
        return found[1].tallies()

    def statements(
        self,
        model: str,
        *,
        length: Length | None = None,
        begin_us: int | None = None,
        end_us: int | None = None,
        crossing: str | None = None,
        slicing: tuple[str, ...] | None = None,
        values: Values | None = None,
        metric: str | None = None,
    ) -> list[Statement]:
        """Return what was stated, the earliest window first, and each as it was stated one by one."""
        with self._turn:
            found = list(self._models.get(model, _Model()).statements)
        asked = (
            ("length", length),
            ("crossing", crossing),
            ("by", slicing),
            ("values", values),
            ("metric", metric),
        )
        chosen = [
            each
            for each in found
            if (begin_us is None or each.begin_us >= begin_us)
            and (end_us is None or each.begin_us < end_us)
            and all(wanted in (None, getattr(each, name)) for name, wanted in asked)
        ]
        # Longer windows come after the shorter ones that begin with them.
        return sorted(chosen, key=lambda each: (each.begin_us, each.length != "1h"))

    def close(self) -> None:
        """Nothing is held."""


def _place(counts: tuple[tuple[int, str, tuple[str, ...]], object]) -> tuple[str, int]:
    (hour, crossing, _), _ = counts
    return crossing, hour
