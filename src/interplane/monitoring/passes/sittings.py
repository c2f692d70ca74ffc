"""Sittings: the rules of a model that can be told at the same time judge a window together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.judging.budget import decide, sitting_of
from interplane.monitoring.judging.judge import judge
from interplane.monitoring.metrics import get_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from interplane.monitoring.calendar import Window
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.judging.budget import Sitting
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.passes.compared import Comparing
    from interplane.monitoring.rules import Rule

__all__ = ["judge_sitting", "sittings_of"]


def sittings_of(rules: Iterable[Rule], *, model: str) -> dict[Sitting, list[Rule]]:
    """Return the rules of a model that come from its predictions, by the sitting they are judged in.

    >>> from interplane.monitoring.rules import Rule
    >>> rules = [
    ...     Rule(name="a", model="flights", metric="drift"),
    ...     Rule(name="b", model="flights", metric="roc_auc"),
    ...     Rule(name="c", model="flights", metric="freshness"),
    ... ]
    >>> [[rule.name for rule in group] for group in sittings_of(rules, model="flights").values()]
    [['a'], ['b']]
    """
    found: dict[Sitting, list[Rule]] = {}
    for rule in rules:
        if rule.model == model and get_metric(rule.metric).kind != "outside":
            found.setdefault(sitting_of(rule), []).append(rule)
    return found


def judge_sitting(
    rules: Sequence[Rule],
    window: Window,
    *,
    comparing: Comparing,
    layout_of: Callable[[str], Layout | None],
    alpha: float,
) -> list[Finding]:
    """Judge a window under all rules of a sitting; what fires has its part of the budget.

    The same counts give the same findings: a sitting that was interrupted is held again as a whole.

    Args:
        rules: the rules.
        window: the window.
        comparing: finds both sides.
        layout_of: the bins of a crossing.
        alpha: the chance of any false alarm that the sitting has.
    """
    findings = []
    for rule in rules:
        crossing = comparing.judged_crossing(rule, window)
        layout = layout_of(crossing)
        if layout is None:
            continue
        for by in ((), *rule.slices):
            sides = comparing.compare(rule, window, crossing=crossing, by=by)
            findings += judge(
                rule,
                sides.now,
                sides.reference,
                layout=layout,
                window=(window.begin_us, window.end_us),
                by=by,
                crossing=crossing,
                spread=sides.spread,
            )
    return decide(findings, alpha)
