"""Judging a number that does not come from the prediction log: error rates, freshness, the skew rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.judging.bounds import binomial_bound
from interplane.monitoring.judging.limits import find_limit
from interplane.monitoring.judging.measure import wilson

if TYPE_CHECKING:
    from interplane.monitoring.rules import Rule

__all__ = ["judge_value"]


def judge_value(
    rule: Rule,
    value: float | None,
    *,
    window: tuple[int, int],
    rows: int | None = None,
    column: str = "",
    crossing: str = "",
) -> Finding:
    """Judge a number from outside by the bounds of a rule.

    A share of things that were counted is judged as a sample of them: one error in three requests is
    no proof of an error rate of a third. Any other number counts as exact.

    Args:
        rule: a rule with bounds.
        value: the number; None where it is not known.
        window: the window that it is of, microseconds since 1970 UTC.
        rows: of how many things it is a share; None if it is none.
        column: what it is of, where a metric is of several things: a view.
        crossing: the crossing that it is of, if it is of one.

    >>> from interplane.monitoring.rules import Rule
    >>> rule = Rule(name="errors", model="flights", metric="error_rate", at_most=0.25)
    >>> finding = judge_value(rule, 0.5, window=(0, 1), rows=4)
    >>> finding.effect, finding.counts, round(finding.p, 2)
    (0.25, True, 0.27)
    """
    cell = Cell(rule=rule.name, model=rule.model, metric=rule.metric, column=column)
    begin_us, end_us = window
    skipped = "not known" if value is None else ""
    if value is None or rows == 0:
        return Finding(
            cell=cell,
            begin_us=begin_us,
            end_us=end_us,
            crossing=crossing,
            skipped=skipped or "nothing was counted",
        )

    def chance(at: float, above: bool) -> float:  # noqa: FBT001 - the shape that limits ask for
        if rows is None:
            return float(not (value > at if above else value < at))
        hits = round(value * rows)
        if above:
            return float(binomial_bound(hits, rows, at))
        return float(binomial_bound(rows - hits, rows, 1 - at))

    limit = find_limit(rule, value, chance)
    low, high = wilson(round(value * rows), rows) if rows else (None, None)
    return Finding(
        cell=cell,
        begin_us=begin_us,
        end_us=end_us,
        crossing=crossing,
        value=value,
        low=low,
        high=high,
        rows=rows or 0,
        reference=limit.limit if limit else None,
        effect=limit.effect if limit else 0.0,
        p=limit.p if limit else 1.0,
        counts=limit is not None and limit.effect != 0,
        detail=limit.words if limit else "",
    )
