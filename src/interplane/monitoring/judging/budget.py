"""The budget of false alarms: one stated chance a day, divided among everything that is judged.

Length of window by length, window by window, sitting by sitting, the chance is divided into parts
that add up to what was stated (Bonferroni), and within a sitting Holm's procedure divides it among
the cells (S. Holm, 1979). Neither asks how the cells hang together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from interplane.errors import UsageError
from interplane.monitoring.calendar import LENGTHS
from interplane.monitoring.metrics import get_metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from interplane.monitoring.findings import Finding
    from interplane.monitoring.rules import Rule

__all__ = ["Sitting", "alpha_of", "awaited", "budgets", "decide", "sitting_of"]

_A_DAY: Final[Mapping[str, int]] = {length: 24 if length == "1h" else 1 for length in LENGTHS}
"""How many windows of a length end in one day, at most."""


class Sitting(NamedTuple):
    """Which cells of a window are judged together, because they can be told at the same time.

    Attributes:
        window: the length of the window.
        model: the model.
        outcomes: whether its outcomes are waited for.
        waits: for how many of them, and how long: who waits longer keeps nobody else waiting.
        alone: the rule, if it is about a number from outside, which is judged by itself.
    """

    window: str
    model: str
    outcomes: bool
    alone: str = ""
    waits: tuple[float, str] = (0.0, "")


def alpha_of(
    window: str, *, false_alarms: float, windows: Iterable[str], sittings: int = 1
) -> float:
    """Return the chance of any false alarm that one sitting over one window may have.

    Args:
        window: the length of the window: ``1h``, ``1d`` …
        false_alarms: the chance of any false alarm in a day that the project states.
        windows: the lengths that any rule uses.
        sittings: how many times cells of one such window are judged, each time on its own.

    Raises:
        UsageError: if the chance is none, or the length not in use.

    >>> alpha_of("1d", false_alarms=0.05, windows=["1h", "1d"])
    0.025
    >>> round(24 * alpha_of("1h", false_alarms=0.05, windows=["1h", "1d"]), 9)
    0.025
    """
    used = set(windows)
    if not 0 < false_alarms < 1:
        raise UsageError(
            f"false_alarms is {false_alarms}",
            expected="a chance a day between 0 and 1, for example 0.05",
            do="Mend it in [monitoring]",
        )
    if window not in used or not used <= set(_A_DAY):
        raise UsageError(
            f"no alarm can be divided over {window!r} of {sorted(used)}",
            expected=f"lengths of windows in use: {', '.join(_A_DAY)}",
            do="Name the length of a rule",
        )
    return false_alarms / len(used) / _A_DAY[window] / sittings


def sitting_of(rule: Rule) -> Sitting:
    """Return with which others a rule is judged."""
    metric = get_metric(rule.metric)
    alone = rule.name if metric.kind == "outside" else ""
    waits = (awaited(rule), rule.patience) if metric.needs_outcomes else (0.0, "")
    return Sitting(rule.window, rule.model, metric.needs_outcomes, alone, waits)


def awaited(rule: Rule) -> float:
    """Return the share of outcomes that a rule about outcomes waits for, as long as its patience is.

    How many came can be told only when the time for it is over.
    """
    return 1.0 if rule.metric == "coverage" else rule.coverage


def budgets(rules: Sequence[Rule], *, false_alarms: float) -> dict[Sitting, float]:
    """Return the chance of any false alarm of each sitting over one window of its length.

    On one day 24 windows of an hour end, and at most one of each other length. Each has a sitting for
    each model, others for what waits for outcomes (one for each share and patience), and one for each
    rule about a number from outside. All that can be judged of one day's windows together has the
    chance that was stated.

    Raises:
        UsageError: if the chance is none.

    >>> from interplane.monitoring.rules import Rule
    >>> rules = [
    ...     Rule(name="a", model="flights", metric="drift", window="1d"),
    ...     Rule(name="b", model="flights", metric="roc_auc", window="1d"),
    ... ]
    >>> list(budgets(rules, false_alarms=0.05).values())
    [0.025, 0.025]
    """
    sittings = list(dict.fromkeys(sitting_of(rule) for rule in rules))
    windows = [sitting.window for sitting in sittings]
    return {
        sitting: alpha_of(
            sitting.window,
            false_alarms=false_alarms,
            windows=windows,
            sittings=windows.count(sitting.window),
        )
        for sitting in sittings
    }


def decide(findings: Sequence[Finding], alpha: float) -> list[Finding]:
    """Return the findings of one sitting, with those that fire marked, in their order.

    Holm: the smallest p fires below alpha / m, the next below alpha / (m - 1), and so on until one
    does not. Of the m cells that were judged none is left out for its small effect: which effects are
    small is known from the same rows, and leaving them out would break the stated chance. What was
    skipped is no cell: it is skipped by its number of rows. A cell whose chance is small enough but
    whose effect is below its rule's floor does not fire, and does not stop the others.

    Args:
        findings: all cells of one window that are judged at this time.
        alpha: the chance of any false alarm among them; see `budgets`.

    >>> from interplane.monitoring.findings import Cell, Finding
    >>> cell = Cell(rule="a", model="flights", metric="drift")
    >>> found = [
    ...     Finding(cell=cell, begin_us=0, end_us=1, p=p, counts=counts)
    ...     for p, counts in [(0.02, True), (0.0001, False), (0.9, True)]
    ... ]
    >>> [each.fires for each in decide(found, 0.05)]
    [True, False, False]
    """
    judged = [place for place, finding in enumerate(findings) if not finding.skipped]
    judged.sort(key=lambda place: findings[place].p)
    unlikely = set()
    for done, place in enumerate(judged):
        if findings[place].p > alpha / (len(judged) - done):
            break
        unlikely.add(place)
    return [
        msgspec.structs.replace(finding, fires=finding.counts and place in unlikely)
        for place, finding in enumerate(findings)
    ]
