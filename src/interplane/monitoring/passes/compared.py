"""What a window is compared with: the counts on both sides of a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interplane.monitoring.calendar import Window, window_at
from interplane.monitoring.metrics import get_metric

if TYPE_CHECKING:
    from interplane.monitoring.counting.ports import Windows
    from interplane.monitoring.judging.cells import Slices
    from interplane.monitoring.rules import Rule

__all__ = ["Compared", "Comparing"]

Baseline = Callable[[str, tuple[str, ...]], "Slices | None"]
"""From a crossing and a slicing to the counts of its baseline rows, if it has any."""

_STEPS: Final[Mapping[str | None, int]] = {"hour-of-day": 24, "hour-of-week": 7 * 24}
"""How many hours lie between the periods of a reference."""

_REMEMBERED: Final = 64


@dataclass(frozen=True)
class Compared:
    """Both sides of a rule, for one window and one slicing.

    Attributes:
        now: the rows of the window, by slice.
        reference: those that they are compared with; None where there are none.
        spread: the single periods that the reference is the sum of.
    """

    now: Slices
    reference: Slices | None = None
    spread: tuple[Slices, ...] = ()


class Comparing:
    """Finds both sides of a rule among the windows that were counted.

    Args:
        windows: the counts.
        baseline: the counts of a crossing's baseline rows.
        live: the crossing that is live; None if none is.
    """

    def __init__(self, windows: Windows, *, baseline: Baseline, live: str | None = None) -> None:
        self._windows = windows
        self._baseline = baseline
        self._live = live
        self._read: dict[tuple[object, ...], Slices] = {}

    def judged_crossing(self, rule: Rule, window: Window) -> str:
        """Return whose predictions of a window a rule judges: of the crossing that answered most.

        A rule against the champion judges the one that answered most beside it. Where nothing was
        answered, it is what is live: that nothing came is worth a word too.
        """
        begin, end = window.hours
        found = self._windows.crossings(rule.model, begin_hour=begin, end_hour=end)
        if rule.against is not None and rule.against.kind == "champion":
            found = {name: rows for name, rows in found.items() if name != self._live}
            return max(found, key=lambda name: (found[name], name), default="")
        return max(found, key=lambda name: (found[name], name), default=self._live or "")

    def compare(
        self, rule: Rule, window: Window, *, crossing: str, by: tuple[str, ...]
    ) -> Compared:
        """Return both sides of a rule.

        Args:
            rule: the rule.
            window: the window.
            crossing: whose predictions are judged.
            by: the slicing.
        """
        now = self._tallies(rule, window.hours, crossing, by)
        kind = None if rule.against is None else rule.against.kind
        if kind in _STEPS:
            return self._earlier(rule, window, crossing, by, now, step=_STEPS[kind])
        reference: Slices | None = None
        if kind == "baseline":
            reference = self._baseline(crossing, by)
        elif kind == "previous":
            before = window_at(window.length, window.begin_us - 1)
            reference = self._tallies(rule, before.hours, crossing, by)
        elif kind == "champion" and self._live is not None and not _is_of_bins(rule):
            reference = self._tallies(rule, window.hours, self._live, by)
        return Compared(now, reference or None)

    def _earlier(
        self,
        rule: Rule,
        window: Window,
        crossing: str,
        by: tuple[str, ...],
        now: Slices,
        *,
        step: int,
    ) -> Compared:
        """Return the same hours of earlier days or weeks: their sum, and each by itself."""
        begin, end = window.hours
        periods = rule.against.periods if rule.against is not None else 0
        spread = []
        for back in range(1, periods + 1):
            hours = (begin - back * step, end - back * step)
            if found := self._tallies(rule, hours, crossing, by):
                spread.append(found)
        return Compared(now, _sum(spread), tuple(spread))

    def _tallies(
        self, rule: Rule, hours: tuple[int, int], crossing: str, by: tuple[str, ...]
    ) -> Slices:
        # Several rules of a sitting ask for the same counts, and a year has many hours.
        asked = (rule.model, hours, crossing, by)
        if asked not in self._read:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            begin, end = hours
            self._read[asked] = self._windows.tallies(
                rule.model, slicing=by, begin_hour=begin, end_hour=end, crossing=crossing
            )
        return self._read[asked]


def _is_of_bins(rule: Rule) -> bool:
    """Return whether a metric compares bins: two crossings have bins of their own."""
    return get_metric(rule.metric).kind == "distance"


def _sum(periods: list[Slices]) -> Slices | None:
    if not periods:
        return None
    total = dict(periods[0])
    for period in periods[1:]:
        for values, tally in period.items():
            total[values] = total[values] + tally if values in total else tally
    return total
