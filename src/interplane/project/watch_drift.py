"""How far each column of a model is from its baseline, window by window: what moved first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.counting.columns import spoken_name
from interplane.monitoring.judging.distances import distance
from interplane.monitoring.tally import Tally
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.project.watch_report import WindowReport
    from interplane.project.watching import Watching

__all__ = ["DriftLine", "drifts"]


class DriftLine(Value, frozen=True, kw_only=True):
    """A column's distance from the baseline in each window.

    Attributes:
        column: what a person calls the column.
        distances: the population stability index less what chance adds to it; None where the
            window has no rows, or its crossing has no baseline.
    """

    column: str
    distances: tuple[float | None, ...]

    @property
    def largest(self) -> float:
        """The largest distance."""
        return max((each for each in self.distances if each is not None), default=0.0)


def drifts(watching: Watching, model: str, windows: Sequence[WindowReport]) -> list[DriftLine]:
    """Return the distance of each column in each window, what moved most first.

    Each window is compared with the baseline of the crossing that answered most of it.
    """
    baselines: dict[str, Tally] = {}  # many windows are compared with few
    by_window = [_distances(watching, model, window, baselines) for window in windows]
    columns = dict.fromkeys(name for found in by_window for name in found)
    lines = [
        DriftLine(column=spoken_name(name), distances=tuple(found.get(name) for found in by_window))
        for name in columns
    ]
    return sorted(lines, key=lambda line: (-line.largest, line.column))


def _distances(
    watching: Watching, model: str, window: WindowReport, baselines: dict[str, Tally]
) -> Mapping[str, float]:
    begin, end = window.begin_us // HOUR_US, window.end_us // HOUR_US
    crossings = watching.windows.crossings(model, begin_hour=begin, end_hour=end)
    if not crossings:
        return {}
    most = max(crossings, key=lambda name: (crossings[name], name))
    if most not in baselines:
        baselines[most] = (watching.windows.baseline(most) or {}).get((), Tally())
    before = baselines[most]
    tallies = watching.windows.tallies(model, begin_hour=begin, end_hour=end, crossing=most)
    now = tallies.get((), Tally())
    return {
        name: distance("drift", before.columns[name], counts)
        for name, counts in now.columns.items()
        if len(before.columns.get(name, ())) == len(counts)
        and any(counts)
        and any(before.columns[name])
    }
