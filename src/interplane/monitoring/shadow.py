"""What would have changed: the answers of the live crossing beside those of its shadow, by slice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interplane.evaluation.slices import divide
from interplane.monitoring.counting.columns import resolve_column
from interplane.monitoring.shadow_quality import Labelled, Paired, paired_quality
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.evaluation.slices import Slicing

__all__ = ["Change", "Latencies", "ShadowReport", "compare_shadow"]

_LIVE: Final = "the live score"
_SHADOW: Final = "the shadow score"


class Latencies(Value, frozen=True, kw_only=True):
    """How long predictions took, in microseconds; None of none."""

    p50_us: float | None = None
    p99_us: float | None = None


class Change(Value, frozen=True, kw_only=True):
    """What would have changed in all rows, or in one slice.

    Attributes:
        by: the columns of the slicing; none for all rows.
        values: the value of each of them.
        rows: rows that both answered with a score.
        to_positive: decisions that the shadow would have made positive, at the threshold.
        to_negative: decisions that it would have made negative.
        live_mean: the mean score of the live crossing.
        shadow_mean: that of the shadow.
        mean_change: the mean of how far scores move, up or down.
        largest_change: the score that moves farthest, by how far.
        shift: the greatest difference of the shares of scores below any value: Kolmogorov and
            Smirnov's distance.
        unanswered: rows that the shadow could not answer.
        quality: by metric, what both are worth on the rows whose outcome is known.
    """

    by: tuple[str, ...] = ()
    values: tuple[str | int | float | bool | None, ...] = ()
    rows: int
    to_positive: int = 0
    to_negative: int = 0
    live_mean: float | None = None
    shadow_mean: float | None = None
    mean_change: float = 0.0
    largest_change: float = 0.0
    shift: float = 0.0
    unanswered: int = 0
    quality: dict[str, Paired] = {}

    @property
    def flipped(self) -> float:
        """The share of decisions that would have been the other one.

        >>> Change(rows=200, to_positive=3, to_negative=1).flipped
        0.02
        """
        return (self.to_positive + self.to_negative) / self.rows if self.rows else 0.0


class ShadowReport(Value, frozen=True, kw_only=True):
    """What a shadow would have changed.

    Attributes:
        answered: rows that the live crossing answered.
        compared: those that the shadow has predicted too, with a score or without.
        threshold: the score from which a decision is positive.
        overall: all rows.
        slices: slices with enough rows, those that change most first.
        small: how many slices had fewer rows than ``min_rows``.
        min_rows: how many a slice needs.
        because: why the shadow could not answer: how many rows, by the code of the error.
        live_unanswered: rows for which the live crossing had no score.
        live_latency: how long the live crossing's requests took.
        shadow_latency: how long the shadow took for a row.
        labelled: rows whose outcome is known, of those that quality was judged by.
    """

    answered: int
    compared: int
    threshold: float
    overall: Change
    slices: tuple[Change, ...] = ()
    small: int = 0
    min_rows: int = 100
    because: dict[str, int] = {}
    live_unanswered: int = 0
    live_latency: Latencies = Latencies()
    shadow_latency: Latencies = Latencies()
    labelled: int = 0


def compare_shadow(
    answered: Table,
    shadow: Table,
    *,
    slices: Sequence[tuple[str, ...]] = (),
    threshold: float = 0.5,
    min_rows: int = 100,
    resamples: int = 200,
    seed: int = 0,
) -> ShadowReport:
    """Compare what was answered with what a shadow predicted for the same rows.

    Args:
        answered: rows of the prediction log of one crossing; with ``outcome`` and ``has_outcome``
            where quality is to be judged.
        shadow: rows of the shadow's log, of one crossing, under the same ids.
        slices: tuples of columns, by what people call them.
        threshold: the score from which a decision is positive.
        min_rows: the least rows of a slice.
        resamples: how many resamples the intervals of quality come from.
        seed: what they are drawn by.

    Raises:
        UnknownName: for a column that is not there.

    >>> from interplane.data.table import Table
    >>> ids, row = ["a", "b"], {"row.origin": ["JFK", "LGA"], "took_us": [90, 80]}
    >>> log = Table.from_columns({"prediction_id": ids, "score": [0.25, 0.75], **row})
    >>> other = {"score": [0.75, 0.75], "took_us": [50, 60], "because": [None, None]}
    >>> report = compare_shadow(log, Table.from_columns({"prediction_id": ids, **other}))
    >>> report.overall.to_positive, report.overall.flipped, report.overall.mean_change
    (1, 0.5, 0.25)
    """
    names = list(dict.fromkeys(name for by in slices for name in by))
    both = _join(answered, shadow, names)
    live, other = both.numpy(_LIVE), both.numpy(_SHADOW)
    scored = ~(np.isnan(live) | np.isnan(other))
    unanswered = ~np.isnan(live) & np.isnan(other)
    labelled = Labelled.of(both, live, other, scored, threshold=threshold, seed=seed)
    slicings = divide(both, list(slices)) if both.rows else []
    rows = _Rows(live, other, scored, unanswered, threshold)
    quality = paired_quality(labelled, slicings, min_rows=min_rows, resamples=resamples, seed=seed)
    found = [change for slicing in slicings for change in _changes(rows, slicing, quality)]
    kept = [each for each in found if each.rows + each.unanswered >= min_rows]
    return ShadowReport(
        answered=answered.rows,
        compared=both.rows,
        threshold=threshold,
        overall=rows.change(np.arange(both.rows), quality=quality.get(((), ()), {})),
        slices=tuple(sorted(kept, key=lambda each: (-each.flipped, -each.mean_change, each.by))),
        small=len(found) - len(kept),
        min_rows=min_rows,
        because=_because(both, unanswered),
        live_unanswered=int(np.isnan(live).sum()),
        live_latency=_latencies(both.numpy("took_us")),
        shadow_latency=_latencies(both.numpy("shadow took_us")),
        labelled=labelled.rows,
    )


class _Rows:
    """The rows that both have, and what changes in some of them."""

    def __init__(
        self,
        live: NDArray[np.float64],
        shadow: NDArray[np.float64],
        scored: NDArray[np.bool_],
        unanswered: NDArray[np.bool_],
        threshold: float,
    ) -> None:
        self._live, self._shadow = live, shadow
        self._scored, self._unanswered = scored, unanswered
        self._threshold = threshold

    def change(self, chosen: NDArray[np.int64], **more: Any) -> Change:
        """Return what changes in the rows at these places."""
        of = chosen[self._scored[chosen]]
        live, shadow = self._live[of], self._shadow[of]
        missing = int(self._unanswered[chosen].sum())
        if not len(live):
            return Change(rows=0, unanswered=missing, **more)
        before, after = live >= self._threshold, shadow >= self._threshold
        moves = shadow - live
        return Change(
            rows=len(live),
            to_positive=int((~before & after).sum()),
            to_negative=int((before & ~after).sum()),
            live_mean=float(live.mean()),
            shadow_mean=float(shadow.mean()),
            mean_change=float(np.abs(moves).mean()),
            largest_change=float(moves[np.abs(moves).argmax()]),
            shift=_shift(live, shadow),
            unanswered=missing,
            **more,
        )


def _join(answered: Table, shadow: Table, names: Sequence[str]) -> Table:
    """Return the rows that both have, by id and in its order; each id once."""
    sliced = "".join(
        f', a."{_quoted(resolve_column(name, answered.names))}" AS "{_quoted(name)}"'
        for name in names
    )
    has = {"outcome", "has_outcome"} <= set(answered.types)
    outcome = ", CASE WHEN a.has_outcome THEN CAST(a.outcome AS DOUBLE) END AS outcome" * has
    return answered.sql(
        f'SELECT a.score AS "{_LIVE}", s.score AS "{_SHADOW}", a.took_us, '
        f's.took_us AS "shadow took_us", s.because{outcome}{sliced} '
        "FROM self AS a JOIN shadow AS s USING (prediction_id) "
        "QUALIFY row_number() OVER (PARTITION BY prediction_id) = 1 ORDER BY prediction_id",
        shadow=shadow.select("prediction_id", "score", "took_us", "because"),
    )


def _quoted(name: str) -> str:
    return name.replace('"', '""')


def _changes(
    rows: _Rows, slicing: Slicing, quality: dict[tuple[Any, Any], dict[str, Paired]]
) -> list[Change]:
    order = np.argsort(slicing.groups, kind="stable")
    bounds = np.searchsorted(slicing.groups[order], np.arange(len(slicing.values) + 1))
    return [
        rows.change(
            order[bounds[place] : bounds[place + 1]],
            by=slicing.columns,
            values=values,
            quality=quality.get((slicing.columns, values), {}),
        )
        for place, values in enumerate(slicing.values)
    ]


def _because(both: Table, unanswered: NDArray[np.bool_]) -> dict[str, int]:
    codes = both.column("because").to_pylist()
    found = Counter(codes[place] or "no finite score" for place in np.flatnonzero(unanswered))
    return dict(found.most_common())


def _latencies(took_us: NDArray[np.float64]) -> Latencies:
    if not len(took_us):
        return Latencies()
    p50, p99 = np.percentile(took_us, [50, 99])
    return Latencies(p50_us=float(p50), p99_us=float(p99))


def _shift(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Kolmogorov and Smirnov's distance of two samples of one size."""
    ordered, of_other = np.sort(one), np.sort(other)
    at = np.concatenate([ordered, of_other])
    below = np.searchsorted(ordered, at, side="right") / len(one)
    below_other = np.searchsorted(of_other, at, side="right") / len(other)
    return float(np.abs(below - below_other).max())
