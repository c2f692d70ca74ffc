"""Statements: how good a model was in a window, stated anew where what is known of it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from interplane.monitoring.counting.grid import sort_key
from interplane.monitoring.counting.ports import Statement
from interplane.monitoring.tally import Tally

if TYPE_CHECKING:
    from interplane.evaluation.intervals import Estimate
    from interplane.monitoring.calendar import Window
    from interplane.monitoring.counting.grid import Grid, Values
    from interplane.monitoring.layout import Layout

__all__ = ["Judged", "Measure", "Stated", "latest_statements", "state"]

Measure = Callable[[Tally, "Layout"], "Mapping[str, Estimate]"]
"""Returns the metrics of outcomes that can be told of a tally; see `judging.quality.measure`."""

_Place = tuple[str, int, str, tuple[str, ...]]
"""Length and beginning of a window, crossing, slicing."""

Stated = dict[_Place, dict["Values", dict[str, Statement]]]
"""For each slice of each window, the statement of each metric that was made last."""


class Judged(NamedTuple):
    """The counts of a window for one crossing and slicing.

    Attributes:
        window: the window.
        crossing: the crossing.
        slicing: the slicing.
        layout: the bins.
        grid: the slices.
    """

    window: Window
    crossing: str
    slicing: tuple[str, ...]
    layout: Layout
    grid: Grid


def latest_statements(statements: Iterable[Statement]) -> Stated:
    """Return the statements that count: of each thing the one that was made last."""
    found: Stated = {}
    for each in statements:
        place = (each.length, each.begin_us, each.crossing, each.by)
        found.setdefault(place, {}).setdefault(each.values, {})[each.metric] = each
    return found


def state(
    judged: Iterable[Judged], measure: Measure, *, before: Stated, now_us: int
) -> list[Statement]:
    """Return what is to be stated: what was not, or not like that.

    A window of which no outcome is known has no statement. A metric that can no longer be told, for an
    outcome was taken back, is stated to be unknown.

    Args:
        judged: the counts.
        measure: what the metrics are.
        before: what counts so far.
        now_us: the time that statements bear.
    """
    found = []
    for each in judged:
        place = (each.window.length, each.window.begin_us, each.crossing, each.slicing)
        said = before.get(place, {})
        for values, tally in _with_outcomes(each.grid, said):
            last = said.get(values, {})
            told = measure(tally, each.layout)
            made = [
                _statement(each, values, tally, metric=metric, told=told.get(metric), now_us=now_us)
                for metric in dict.fromkeys((*told, *last))
            ]
            found += [new for new in made if _content(new) != _content(last.get(new.metric))]
    return found


def _with_outcomes(grid: Grid, said: Mapping[Values, object]) -> Iterator[tuple[Values, Tally]]:
    """Yield the slices that have an outcome, or had one."""
    covered = grid.arrays.get("covered", np.zeros(len(grid.values), np.int64))
    places = [p for p, values in enumerate(grid.values) if covered[p] or values in said]
    yield from grid.take(places).tallies().items()
    gone = said.keys() - set(grid.values)
    yield from ((values, Tally()) for values in sorted(gone, key=sort_key))


def _statement(
    judged: Judged,
    values: Values,
    tally: Tally,
    *,
    metric: str,
    told: Estimate | None,
    now_us: int,
) -> Statement:
    return Statement(
        crossing=judged.crossing,
        length=judged.window.length,
        begin_us=judged.window.begin_us,
        by=judged.slicing,
        values=values,
        metric=metric,
        value=None if told is None else told.value,
        low=None if told is None else told.low,
        high=None if told is None else told.high,
        labelled=tally.labelled,
        covered=tally.covered,
        rows=tally.rows,
        stated_at_us=now_us,
    )


def _content(statement: Statement | None) -> tuple[object, ...] | None:
    if statement is None:
        return None
    return (
        *(statement.value, statement.low, statement.high),
        *(statement.labelled, statement.covered, statement.rows),
    )
