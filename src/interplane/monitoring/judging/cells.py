"""Which cells of a window can be judged, and why the others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from interplane.monitoring.tally import Tally

if TYPE_CHECKING:
    from interplane.monitoring.judging.measure import Measure
    from interplane.monitoring.rules import Rule

__all__ = ["Pair", "Slices", "Values", "pair_up"]

Values = tuple[str | int | float | bool | None, ...]
"""The value of each column of a slicing; none for all rows."""

Slices = Mapping[Values, Tally]
"""The rows of each slice of a slicing."""


class Pair(NamedTuple):
    """One slice of a window beside the same slice of the reference.

    Attributes:
        values: the values of the slicing.
        now: its rows in the window.
        reference: those of the reference; no rows where there are none.
        skipped: why they cannot be judged; empty if they can.
    """

    values: Values
    now: Tally
    reference: Tally
    skipped: str


def pair_up(
    rule: Rule,
    measure: Measure,
    now: Slices,
    reference: Slices | None,
    *,
    by: tuple[str, ...],
    periods: int,
) -> list[Pair]:
    """Return the slices of a window, each with its reference, and why it cannot be judged.

    Without a slicing there is one of all rows, also if they are none.

    Args:
        rule: the rule.
        measure: how its metric is told of tallies.
        now: the rows of the window.
        reference: those of the reference; None where there is none.
        by: the columns of the slicing.
        periods: of how many windows the reference is the sum.
    """
    before = reference or {}
    keys = dict.fromkeys(now) if by else {(): None}
    if rule.metric == "traffic":
        # What has no rows any more has lost all of its traffic; of other metrics it has nothing.
        keys |= dict.fromkeys(before)
    pairs = []
    for values in keys:
        tally, other = now.get(values, Tally()), before.get(values)
        if rule.against is not None and reference is None:
            why = f"there is no {rule.against.kind} to compare with"
        elif rule.metric == "traffic":
            why = _too_little(rule, tally, other, periods)
        else:
            why = _why_not(rule, measure, tally, other)
        pairs.append(Pair(values, tally, other or Tally(), why))
    return pairs


def _too_little(rule: Rule, tally: Tally, other: Tally | None, periods: int) -> str:
    """Return why traffic is not judged: few rows are worth a word only where there were many."""
    if rule.against is None:
        return ""
    usual = other.rows / periods if other is not None else 0.0
    return _too_few(max(tally.rows, usual), rule.min_rows)


def _why_not(rule: Rule, measure: Measure, tally: Tally, other: Tally | None) -> str:
    why = _too_few(measure.rows(tally), rule.min_rows) or measure.why_not(tally)
    if why or rule.against is None:
        return why
    if other is None:
        return f"not in the reference ({rule.against.kind})"
    why = _too_few(measure.rows(other), rule.min_rows) or measure.why_not(other)
    return f"reference: {why}" if why else ""


def _too_few(rows: float, least: int) -> str:
    if rows >= least:
        return ""
    return f"{rows:g} {'row' if rows == 1 else 'rows'}, fewer than {least}"
