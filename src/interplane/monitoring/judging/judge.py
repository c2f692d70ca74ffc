"""Judging a window under a rule: a finding for each cell, before anybody asks whether it is an alarm.

Effect first: a cell counts when its effect reaches the rule's floor, or its value is beyond a bound.
How likely chance is to do that is on the finding too; `budget.decide` makes alarms of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from interplane.monitoring.findings import Cell, Finding
from interplane.monitoring.judging.cells import pair_up
from interplane.monitoring.judging.limits import find_limit
from interplane.monitoring.judging.measures import find_columns, measure_of, why_unfit
from interplane.monitoring.metrics import get_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.judging.cells import Pair, Slices, Values
    from interplane.monitoring.judging.limits import Limit
    from interplane.monitoring.judging.measure import Measure, Moved
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.rules import Rule
    from interplane.monitoring.tally import Tally

__all__ = ["judge"]


def judge(
    rule: Rule,
    now: Slices,
    reference: Slices | None,
    *,
    layout: Layout,
    window: tuple[int, int],
    by: tuple[str, ...] = (),
    crossing: str = "",
    spread: Sequence[Slices] = (),
) -> list[Finding]:
    """Judge one window of one slicing under a rule: a finding for each column and slice.

    A cell that cannot be judged says why in ``skipped``: too few rows on either side, a slice that
    the reference does not have, one class only, a column that the crossing does not have.

    Args:
        rule: the rule.
        now: the rows of the window, by the values of the slicing.
        reference: what they are compared with, by the same values; None where there is nothing, and
            where the rule has bounds alone. For hours of other days or weeks: the sum over them.
        layout: the bins of the crossing, by which all of them were counted.
        window: its beginning and end, microseconds since 1970 UTC.
        by: the columns of the slicing; none for all rows, whose one tally is under ``()``.
        crossing: the crossing that was judged.
        spread: the single days or weeks that the reference is the sum of. A cell counts only if it
            is outside what they showed, and traffic is compared with their mean.

    Raises:
        UsageError: for a metric that does not come from tallies; see `judge_value`.

    >>> from interplane.monitoring.layout import Bins, Layout
    >>> from interplane.monitoring.rules import Reference, Rule
    >>> from interplane.monitoring.tally import Tally
    >>> wind = Bins(column="row.wind", kind="numbers", edges=(10.0, 20.0))
    >>> rule = Rule(
    ...     name="inputs",
    ...     model="flights",
    ...     metric="drift",
    ...     against=Reference(kind="baseline"),
    ...     moves_by=0.05,
    ... )
    >>> before = Tally(rows=1000, columns={"row.wind": (700, 269, 31, 0, 0)})
    >>> after = Tally(rows=1000, columns={"row.wind": (700, 202, 98, 0, 0)})
    >>> [finding] = judge(
    ...     rule, {(): after}, {(): before}, layout=Layout(columns=(wind,)), window=(0, 1)
    ... )
    >>> finding.counts, finding.detail
    (True, 'wind above 20: 3.1 % to 9.8 %')
    """
    metric = get_metric(rule.metric)
    columns = find_columns(metric, rule.columns, layout) if metric.per_column else {"": ""}
    unfit = why_unfit(metric, layout)
    found = []
    for column, missing in columns.items():
        frame = _Frame(rule, by, window, crossing, column)
        if why := unfit or missing:
            found += [frame.skip(values, why) for values in now]
            continue
        periods = len(spread) or 1
        measure = measure_of(
            metric, layout, column=column, periods=periods, chosen_by=_choosers(rule, reference)
        )
        pairs = pair_up(rule, measure, now, reference, by=by, periods=periods)
        found += _judge_pairs(frame, measure, pairs, spread)
    return found


def _choosers(rule: Rule, reference: Slices | None) -> list[Tally]:
    """Return the rows that decided the bins, if that is what a window is compared with."""
    is_baseline = rule.against is not None and rule.against.kind == "baseline"
    return list((reference or {}).values()) if is_baseline else []


class _Frame(NamedTuple):
    """What all findings of one column share."""

    rule: Rule
    by: tuple[str, ...]
    window: tuple[int, int]
    crossing: str
    column: str

    def finding(self, values: Values, *, rows: int = 0, reference_rows: int = 0) -> Finding:
        return Finding(
            cell=Cell(
                rule=self.rule.name,
                model=self.rule.model,
                metric=self.rule.metric,
                column=self.column,
                by=self.by,
                values=values,
            ),
            begin_us=self.window[0],
            end_us=self.window[1],
            crossing=self.crossing,
            rows=rows,
            reference_rows=reference_rows,
        )

    def skip(self, values: Values, why: str, *, rows: int = 0, reference_rows: int = 0) -> Finding:
        finding = self.finding(values, rows=rows, reference_rows=reference_rows)
        return msgspec.structs.replace(finding, skipped=why)


def _judge_pairs(
    frame: _Frame, measure: Measure, pairs: list[Pair], spread: Sequence[Slices]
) -> list[Finding]:
    judged = [pair for pair in pairs if not pair.skipped]
    moves: list[Moved] | list[None] = [None] * len(judged)
    if judged and frame.rule.against is not None:
        moves = measure.moved(
            [pair.now for pair in judged],
            [pair.reference for pair in judged],
            direction=frame.rule.direction,
        )
    of_pair = dict(zip([pair.values for pair in judged], moves, strict=True))
    return [
        _skipped(frame, measure, pair)
        if pair.skipped
        else _judged(frame, measure, pair, of_pair[pair.values], spread)
        for pair in pairs
    ]


def _skipped(frame: _Frame, measure: Measure, pair: Pair) -> Finding:
    rows, reference_rows = measure.rows(pair.now), measure.rows(pair.reference)
    return frame.skip(pair.values, pair.skipped, rows=rows, reference_rows=reference_rows)


def _judged(
    frame: _Frame, measure: Measure, pair: Pair, move: Moved | None, spread: Sequence[Slices]
) -> Finding:
    finding = frame.finding(
        pair.values, rows=measure.rows(pair.now), reference_rows=measure.rows(pair.reference)
    )
    limit = None
    if measure.has_value:
        value, low, high = measure.sample(pair.now)
        finding = msgspec.structs.replace(finding, value=value, low=low, high=high)
        limit = find_limit(
            frame.rule, value, lambda at, above: measure.beyond(pair.now, at, above=above)
        )
    elif move is not None:
        finding = msgspec.structs.replace(finding, value=move.effect)
    counts = move is not None and _counts(frame.rule, move.effect)
    if move is not None and counts and spread:
        counts = _leaves(measure, pair, move, [each.get(pair.values) for each in spread])
    return _say(finding, move, limit, counts=counts)


def _say(finding: Finding, move: Moved | None, limit: Limit | None, *, counts: bool) -> Finding:
    """Put on a finding what it says: the move, or the bound. Of both the likelier alarm, for both."""
    tests = (move is not None) + (limit is not None)
    told = []
    if move is not None:
        detail = move.detail() if counts and move.detail is not None else ""
        told.append((counts, move.p, move.effect, move.reference, detail))
    if limit is not None:
        told.append((limit.effect != 0, limit.p, limit.effect, limit.limit, limit.words))
    if not told:
        return finding
    counted, p, effect, reference, detail = min(told, key=lambda each: (not each[0], each[1]))
    return msgspec.structs.replace(
        finding,
        counts=counted,
        p=min(1.0, p * tests),
        effect=effect,
        reference=reference,
        detail=detail,
    )


def _counts(rule: Rule, effect: float) -> bool:
    """Return whether an effect reaches the rule's floor, in the direction that the rule asks for."""
    if rule.moves_by is None:
        return False
    size = {"up": effect, "down": -effect, "either": abs(effect)}[rule.direction]
    return size >= rule.moves_by


def _leaves(measure: Measure, pair: Pair, move: Moved, periods: Sequence[Tally | None]) -> bool:
    """Return whether an effect is outside what the single periods of the reference showed."""
    there = [
        each
        for each in periods
        if each is not None and measure.rows(each) and not measure.why_not(each)
    ]
    if not there:
        return True
    shown = measure.moved(there, [pair.reference] * len(there), direction="either")
    effects = [each.effect for each in shown]
    return move.effect > max(effects) if move.effect > 0 else move.effect < min(effects)
