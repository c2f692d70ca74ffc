"""Which windows a rule is to judge now: in order, each once, none before it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.monitoring.calendar import HOUR_US, LENGTHS, Window, window_at, windows_between
from interplane.monitoring.judging.budget import awaited
from interplane.monitoring.metrics import get_metric
from interplane.record.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.monitoring.rules import Rule
    from interplane.monitoring.tally import Tally

__all__ = ["due_windows", "is_told", "reach_us"]

_STEPS_US: Final = {"hour-of-day": 24 * HOUR_US, "hour-of-week": 7 * 24 * HOUR_US}
_LONGEST_US: Final = {
    length: days * 24 * HOUR_US for length, days in zip(LENGTHS, (1, 1, 7, 31, 366), strict=True)
}


def due_windows(
    rule: Rule, judged_us: int | None, *, first_us: int, watermark_us: int
) -> Iterator[Window]:
    """Yield the windows of a rule that are closed and not judged yet, oldest first.

    A rule that never judged anything begins with the latest window that is closed: what was before
    the rule is history, and nobody is to be told of it now.

    Args:
        rule: the rule.
        judged_us: where the last window ends that it judged; None if it judged none.
        first_us: the time of the first prediction.
        watermark_us: the time before which nothing is waited for.

    >>> from interplane.monitoring.rules import Rule
    >>> rule = Rule(name="traffic", model="flights", metric="traffic", window="1h")
    >>> hour = 3_600_000_000
    >>> [w.hours for w in due_windows(rule, None, first_us=0, watermark_us=5 * hour)]
    [(4, 5)]
    """
    since_us = judged_us
    if since_us is None:
        latest = window_at(rule.window, watermark_us).begin_us
        since_us = max(first_us, window_at(rule.window, latest - 1).begin_us)
    yield from windows_between(rule.window, since_us, watermark_us)


def is_told(rule: Rule, window: Window, whole: Tally, *, watermark_us: int) -> bool:
    """Return whether a closed window can be judged: for outcomes, when enough of them came.

    Args:
        rule: the rule.
        window: the window.
        whole: all of its rows.
        watermark_us: the time before which nothing is waited for; patience counts from the end of
            the window.
    """
    if not get_metric(rule.metric).needs_outcomes:
        return True
    if watermark_us >= window.end_us + _patience_us(rule):
        return True
    # Without predictions there are no outcomes to wait for, and the windows after it need not either.
    return whole.covered >= awaited(rule) * whole.rows


def reach_us(rule: Rule) -> int:
    """Return how long before the watermark the counts lie that a rule may still ask for.

    The window that it judges, as long as it may wait for outcomes, and what it is compared with.

    >>> from interplane.monitoring.rules import Reference, Rule
    >>> rule = Rule(name="year", model="flights", metric="traffic", window="1y")
    >>> reach_us(rule) // (24 * HOUR_US)
    367
    """
    length = _LONGEST_US[rule.window]
    reach = length + 24 * HOUR_US  # the watermark moves on before anybody looks
    if get_metric(rule.metric).needs_outcomes:
        reach += _patience_us(rule)
    if rule.against is not None and rule.against.kind == "previous":
        reach += length
    elif rule.against is not None and rule.against.kind in _STEPS_US:
        reach += rule.against.periods * _STEPS_US[rule.against.kind]
    return reach


def _patience_us(rule: Rule) -> int:
    return int((parse_duration(rule.patience) or 0.0) * 1e6)
