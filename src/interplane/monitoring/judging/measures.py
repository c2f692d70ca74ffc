"""From the name of a metric to how it is told of tallies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interplane.errors import UnknownName, UsageError
from interplane.monitoring.counting.columns import resolve_column
from interplane.monitoring.judging.chosen import count_rare
from interplane.monitoring.judging.distances import Distances
from interplane.monitoring.judging.latencies import Latencies
from interplane.monitoring.judging.means import Means
from interplane.monitoring.judging.ranks import Ranks
from interplane.monitoring.judging.shares import Shares
from interplane.monitoring.judging.traffic import Traffic
from interplane.monitoring.layout import LATENCY_EDGES_US, Bins
from interplane.monitoring.tally import Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interplane.monitoring.judging.measure import Measure
    from interplane.monitoring.layout import Layout
    from interplane.monitoring.metrics import Metric
    from interplane.monitoring.tally import Tally

__all__ = ["find_columns", "measure_of", "why_unfit"]

_NULL: Final = -1
_ODD: Final = -2
"""Where these bins are, from the end: also where two crossings have other bins before them."""

_NOT_INPUTS: Final = {"score", "took_us"}


def find_columns(metric: Metric, named: tuple[str, ...], layout: Layout) -> dict[str, str]:
    """Return the columns to watch, each with why it cannot be (empty if it can).

    Args:
        metric: a metric of columns.
        named: the columns that a rule names, by what people call them; all if none.
        layout: the bins of the crossing.

    >>> from interplane.monitoring.layout import Layout
    >>> from interplane.monitoring.metrics import get_metric
    >>> layout = Layout(columns=(Bins(column="row.wind", kind="numbers"),))
    >>> find_columns(get_metric("drift"), ("wind", "rain"), layout)
    {'row.wind': '', 'rain': 'the crossing has no such column'}
    """
    inputs = {bins.column: bins for bins in layout.columns if bins.column not in _NOT_INPUTS}
    if not named:
        return {column: "" for column, bins in inputs.items() if not _unfit(metric, bins)}
    found: dict[str, str] = {}
    for name in named:
        try:
            column = resolve_column(name, [*inputs, *layout.left_out])
        except UnknownName:
            found[name] = "the crossing has no such column"
            continue
        found[column] = "it holds ids" if column not in inputs else _unfit(metric, inputs[column])
    return found


def why_unfit(metric: Metric, layout: Layout) -> str:
    """Return why a metric is not for a crossing's outcomes; empty if it is."""
    if metric.outcomes and metric.outcomes != layout.kind:
        theirs = "values" if layout.kind == "regression" else "true or false"
        return f"{metric.name} is for {metric.outcomes}, and the outcomes are {theirs}"
    return ""


def measure_of(
    metric: Metric,
    layout: Layout,
    *,
    column: str = "",
    periods: int = 1,
    chosen_by: Iterable[Tally] = (),
) -> Measure:
    """Return how a metric is told of tallies.

    Args:
        metric: any that comes from tallies.
        layout: the bins by which they were counted.
        column: the column, for metrics of columns.
        periods: of how many windows a reference is the sum, for traffic.
        chosen_by: all slices of the reference, where it is the baseline that decided the bins.

    Raises:
        UsageError: for a metric from outside.
    """
    if metric.kind == "outside":
        raise UsageError(
            f"{metric.name} is no metric of tallies",
            expected="a metric of the prediction log",
            do="Judge its value: judge_value",
        )
    return _BY_KIND[metric.kind](metric, layout, column, periods, _whole(chosen_by, column))


def _distances(
    metric: Metric, layout: Layout, column: str, _: int, whole: tuple[int, ...]
) -> Measure:
    name = "drift" if metric.name == "score_drift" else metric.name
    return Distances(name, layout[column or "score"], whole)


def _shares(metric: Metric, layout: Layout, column: str, _: int, whole: tuple[int, ...]) -> Measure:
    counted = _counted(metric, column)
    if metric.name == "unseen_rate" and whole:
        return Shares(counted, _of_rare(layout[column]))
    return Shares(counted)


def _means(metric: Metric, layout: Layout, *_: object) -> Measure:
    if metric.name == "label_rate" and layout.kind == "classification":
        return Shares(_of_moment("label"))
    return Means(metric.moment)


_BY_KIND: Final[dict[str, Callable[..., Measure]]] = {
    "rows": lambda _metric, _layout, _column, periods, _whole: Traffic(periods),
    "latency": lambda metric, layout, *_: Latencies(_took(layout), metric.level),
    "distance": _distances,
    "share": _shares,
    "rank": lambda *_: Ranks(),
    "root": lambda metric, *_: Means(metric.moment, root=True),
    "mean": _means,
}


def _took(layout: Layout) -> Bins:
    if "took_us" in layout:
        return layout["took_us"]
    return Bins(column="took_us", kind="numbers", edges=LATENCY_EDGES_US)


def _unfit(metric: Metric, bins: Bins) -> str:
    if metric.name == "unseen_rate" and bins.kind == "numbers":
        return "a column of numbers has no categories"
    return ""


def _counted(metric: Metric, column: str) -> Callable[[Tally], tuple[int, int]]:
    match metric.name:
        case "null_rate":
            return _of_bin(column, _NULL)
        case "unseen_rate":
            return _of_bin(column, _ODD)
        case "null_score_rate":
            return _of_bin("score", _NULL)
        case "coverage":
            return lambda tally: (tally.covered, tally.rows)
        case "positive_rate":
            return lambda tally: (tally.positive, _moments(tally, "score").count)
        case _:
            return _of_moment(metric.moment)


def _of_bin(column: str, place: int) -> Callable[[Tally], tuple[int, int]]:
    def counted(tally: Tally) -> tuple[int, int]:
        counts = tally.columns.get(column, ())
        return (counts[place], sum(counts)) if counts else (0, 0)

    return counted


def _of_rare(bins: Bins) -> Callable[[Tally], tuple[int, int]]:
    """Return what a baseline may have never seen of itself: see `chosen`."""

    def counted(tally: Tally) -> tuple[int, int]:
        counts = tally.columns.get(bins.column, ())
        if len(counts) != bins.size:
            return 0, 0
        return min(max(count_rare(bins, counts), counts[bins.odd]), sum(counts)), sum(counts)

    return counted


def _whole(slices: Iterable[Tally], column: str) -> tuple[int, ...]:
    """Return the rows of each bin of a column over all slices of a slicing."""
    found = [counts for each in slices if (counts := each.columns.get(column or "score"))]
    return tuple(map(sum, zip(*found, strict=True))) if found else ()


def _of_moment(name: str) -> Callable[[Tally], tuple[int, int]]:
    """Return how many rows have a number that is 1 where it is not 0."""

    def counted(tally: Tally) -> tuple[int, int]:
        moments = _moments(tally, name)
        return round(moments.total), moments.count

    return counted


def _moments(tally: Tally, name: str) -> Moments:
    return tally.moments.get(name, Moments())
