"""Rules about numbers that are not of the prediction log: errors, saturation, freshness, skew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.judging.outside import judge_value
from interplane.project.outside import outside_values

if TYPE_CHECKING:
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.findings import Finding
    from interplane.monitoring.rules import Rule
    from interplane.project.project import Project

__all__ = ["outside_findings"]


def outside_findings(
    project: Project, rule: Rule, window: Window, *, crossing: str, now_us: int | None = None
) -> list[Finding]:
    """Return what a rule finds in a window of the clock: one finding, or one for each column.

    Args:
        project: the project.
        rule: the rule.
        window: the window.
        crossing: the crossing that is live.
        now_us: what freshness is measured from: the log's time, in a replay; else the window's end.
    """
    begin, end = window.begin_us, window.end_us
    fresh_us = end if now_us is None else now_us
    values = outside_values(project, rule.model, begin_us=begin, end_us=end, now_us=fresh_us)
    return [
        judge_value(
            rule,
            (found := values.find(rule.metric, column)).value,
            rows=found.rows,
            window=(begin, end),
            column=column,
            crossing=crossing,
        )
        for column in rule.columns or ("",)
    ]
