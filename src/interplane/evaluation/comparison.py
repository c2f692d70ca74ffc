"""Two evaluations side by side: how good each is, where, and which changes are beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from interplane.charts.intervals import Ruler, Spread, Whisker, draw_intervals
from interplane.errors import UnknownName
from interplane.evaluation.figures import Figure, figures, is_better
from interplane.record import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.evaluation.results import Results, SliceResult

__all__ = ["Comparison", "FlipsLine", "Pair", "compare"]

_MOST_SLICES: Final = 200


class Pair(Value, frozen=True, kw_only=True):
    """A figure of both.

    Attributes:
        by: by what the rows are sliced; empty for all rows.
        name: the slice, or the metric for all rows.
        rows_before: how many rows the first had there.
        rows_after: how many the second had.
        before: the figure of the first.
        after: the figure of the second.
        change: the second less the first; on the same rows, with an interval, where it is known.
        went: better, worse or other, as the metric has it; same where nothing changed.
        is_shown: whether the change is beyond chance: its interval is beside 0, or where there is none
            the two intervals do not touch.
        drawn: the two as whiskers, on the scale of the page.
    """

    by: str
    name: str
    rows_before: int
    rows_after: int
    before: Figure
    after: Figure
    change: Figure
    went: str
    is_shown: bool
    drawn: tuple[Whisker | None, ...] = ()


class FlipsLine(Value, frozen=True, kw_only=True):
    """Rows that the second decides otherwise than the first."""

    rows: int
    to_right: int
    to_wrong: int
    of: int


class Comparison(Value, frozen=True, kw_only=True):
    """Two evaluations.

    Attributes:
        metric: the metric that slices are compared by; empty if they have none in common.
        metrics: those that both have.
        figures: the figures of all rows.
        slices: slices of both, those that changed most first.
        slices_left_out: how many changed less than those.
        ruler: the scale of the slices' whiskers.
        gained: slices that only the second has.
        lost: slices that only the first has.
        flips: rows that the second decides otherwise, where it was asked beside the first.
    """

    metric: str
    metrics: tuple[str, ...]
    figures: tuple[Pair, ...] = ()
    slices: tuple[Pair, ...] = ()
    slices_left_out: int = 0
    ruler: Ruler | None = None
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    flips: FlipsLine | None = None

    def _repr_html_(self) -> str:
        from interplane.evaluation.comparison_card import comparison_html

        return comparison_html(self)


def compare(
    old: Results | None, new: Results | None, *, metric: str = "", is_paired: bool = False
) -> Comparison:
    """Return how two evaluations compare; empty where one of them is none.

    Args:
        old: the first.
        new: the second.
        metric: the metric that slices are compared by; the first that both have if none is said.
        is_paired: whether the second was asked beside the first, on the same rows.

    Raises:
        UnknownName: if they do not both have the metric.
    """
    metrics = tuple(name for name in (old.metrics if old else ()) if new and name in new.metrics)
    if metric and metric not in metrics:
        raise UnknownName.of("metric", metric, metrics)
    by = metric or next(iter(metrics), "")
    if old is None or new is None:
        return Comparison(metric=by, metrics=metrics)
    pairs = _slices(old, new, by, is_paired=is_paired) if by else []
    slices, ruler = _drawn(pairs[:_MOST_SLICES])
    return Comparison(
        metric=by,
        metrics=metrics,
        figures=tuple(_overall(old, new, metrics, is_paired=is_paired)),
        slices=slices,
        slices_left_out=len(pairs) - len(slices),
        ruler=ruler,
        gained=tuple(_only(new, old)),
        lost=tuple(_only(old, new)),
        flips=_flips(new) if is_paired else None,
    )


def _overall(
    old: Results, new: Results, metrics: Sequence[str], *, is_paired: bool
) -> Iterator[Pair]:
    for metric in metrics:
        pair = _pair(old.overall, new.overall, metric, is_paired=is_paired)
        drawn = draw_intervals([[_spread(pair.before)], [_spread(pair.after)]])
        marks = () if drawn is None else (drawn.lines[0][0], drawn.lines[1][0])
        yield replace(pair, drawn=marks)


def _slices(old: Results, new: Results, metric: str, *, is_paired: bool) -> list[Pair]:
    """Return the slices that both have, those that changed most first."""
    before = {(each.by, each.values): each for each in old.slices if metric in each.metrics}
    pairs = [
        _pair(before[each.by, each.values], each, metric, is_paired=is_paired)
        for each in new.slices
        if metric in each.metrics and (each.by, each.values) in before
    ]
    return sorted(pairs, key=lambda pair: -abs(pair.change.value or 0.0))


def _pair(old: SliceResult, new: SliceResult, metric: str, *, is_paired: bool) -> Pair:
    """Return a figure of both: on the same rows where the second was asked beside the first."""
    on_same = is_paired and metric in new.difference
    (after,) = figures({metric: new.metrics[metric]})
    (before,) = figures({metric: (new.champion if on_same else old.metrics)[metric]})
    if on_same:
        (change,) = figures({metric: new.difference[metric]})
    else:
        change = Figure(name=metric, value=(after.value or 0.0) - (before.value or 0.0))
    return Pair(
        by=" × ".join(new.by),  # noqa: RUF001 - a cross of columns
        name=", ".join("null" if value is None else str(value) for value in new.values) or metric,
        rows_before=new.rows if on_same else old.rows,
        rows_after=new.rows,
        before=before,
        after=after,
        change=change,
        went=_went(metric, change.value or 0.0),
        is_shown=_is_shown(before, after, change),
    )


def _went(metric: str, change: float) -> str:
    up = is_better(metric)
    if not change:
        return "same"
    return "other" if up is None else "better" if (change > 0) == up else "worse"


def _is_shown(before: Figure, after: Figure, change: Figure) -> bool:
    if change.low is not None and change.high is not None:
        return change.low > 0 or change.high < 0
    ends = (before.low, before.high, after.low, after.high)
    if any(end is None for end in ends):
        return False
    low, high, new_low, new_high = (end for end in ends if end is not None)
    return new_low > high or new_high < low


def _spread(figure: Figure) -> Spread:
    return Spread(figure.value, figure.low, figure.high)


def _drawn(pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], Ruler | None]:
    """Return the pairs with their whiskers, and the scale of these."""
    drawn = draw_intervals([[_spread(each.before), _spread(each.after)] for each in pairs])
    if drawn is None:
        return (), None
    with_marks = tuple(
        replace(each, drawn=marks) for each, marks in zip(pairs, drawn.lines, strict=True)
    )
    return with_marks, drawn.ruler


def _only(one: Results, other: Results) -> Iterator[str]:
    """Yield the slices of one that the other does not have."""
    there = {(each.by, each.values) for each in other.slices}
    for each in one.slices:
        if (each.by, each.values) not in there:
            yield f"{each.name} ({each.rows:,} rows)"


def _flips(evaluation: Results) -> FlipsLine | None:
    flips = evaluation.flips
    if flips is None:
        return None
    return FlipsLine(
        rows=flips.rows, to_right=flips.to_right, to_wrong=flips.to_wrong, of=evaluation.rows
    )
