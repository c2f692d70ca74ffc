"""What a shadow and the live crossing are worth on the same rows: paired differences with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from interplane.evaluation.intervals import Estimate, resample, summarise
from interplane.evaluation.metrics import Sample, get_metric
from interplane.evaluation.slices import why_skipped
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interplane.data.table import Table
    from interplane.evaluation.metrics import Metric
    from interplane.evaluation.slices import Slicing

__all__ = ["MOST_LABELLED", "Labelled", "Paired", "paired_quality"]

MOST_LABELLED: Final = 50_000
"""Quality is judged by at most so many rows, drawn by the seed: resampling more takes minutes."""

_CONFIDENCE: Final = 0.95


class Paired(Value, frozen=True, kw_only=True):
    """A metric of both on the same rows.

    Attributes:
        live: of the live crossing.
        shadow: of the shadow.
        difference: the shadow's less the live crossing's, by a paired interval.
        higher_is_better: which way is up.
    """

    live: Estimate
    shadow: Estimate
    difference: Estimate
    higher_is_better: bool


@dataclass(frozen=True)
class Labelled:
    """The rows whose outcome is known and which both scored.

    Attributes:
        places: where they are among the rows that were compared.
        labels: their outcomes.
        live: the scores of the live crossing.
        shadow: those of the shadow.
        threshold: the score from which a decision is positive.
    """

    places: NDArray[np.int64]
    labels: NDArray[np.float64]
    live: NDArray[np.float64]
    shadow: NDArray[np.float64]
    threshold: float

    @classmethod
    def of(
        cls,
        both: Table,
        live: NDArray[np.float64],
        shadow: NDArray[np.float64],
        scored: NDArray[np.bool_],
        *,
        threshold: float,
        seed: int,
    ) -> Self:
        """Choose the rows."""
        if "outcome" in both.types:
            labels = both.numpy("outcome").astype(np.float64)
        else:
            labels = np.full(both.rows, np.nan)
        places = np.flatnonzero(scored & np.isfinite(labels))
        if len(places) > MOST_LABELLED:
            drawn = np.random.default_rng(seed).choice(places, MOST_LABELLED, replace=False)
            places = np.sort(drawn)
        return cls(places, labels[places], live[places], shadow[places], threshold)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.places)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that fit the outcomes and the scores."""
        if not np.all((self.labels == 0) | (self.labels == 1)):
            return [get_metric(name) for name in ("mae", "rmse")]
        both = np.concatenate([self.live, self.shadow])
        are_probabilities = bool(np.all((both >= 0) & (both <= 1)))
        return [get_metric("roc_auc")] + [get_metric("log_loss")] * are_probabilities


def paired_quality(
    labelled: Labelled,
    slicings: Sequence[Slicing],
    *,
    min_rows: int,
    resamples: int,
    seed: int,
) -> dict[tuple[Any, Any], dict[str, Paired]]:
    """Return the quality of all rows and of each slice, by its columns and values.

    Every resample weighs both alike, so that differences are paired ones. Slices with fewer rows, or
    with too few of a class, are left out.
    """
    if not labelled.rows:
        return {}
    found: dict[tuple[Any, Any], dict[str, Paired]] = {}
    whole = np.zeros(labelled.rows, dtype=np.int64)
    divisions: list[tuple[Any, Any, NDArray[np.int64]]] = [((), ((),), whole)]
    divisions += [
        (slicing.columns, slicing.values, slicing.groups[labelled.places]) for slicing in slicings
    ]
    metrics = labelled.metrics
    statistics = [
        metric.prepare(Sample(labelled.labels, scores, groups, len(values), labelled.threshold))
        for _, values, groups in divisions
        for metric in metrics
        for scores in (labelled.live, labelled.shadow)
    ]
    drawn = iter(resample(statistics, labelled.rows, resamples=resamples, seed=seed))
    points = iter([statistic(np.ones(labelled.rows)) for statistic in statistics])
    for columns, values, groups in divisions:
        kept = _kept(labelled, groups, len(values), min_rows=min_rows if columns else 1)
        for metric in metrics:
            live, shadow = next(points), next(points)
            of_live, of_shadow = next(drawn), next(drawn)
            for place in kept:
                paired = _paired(
                    *(live[[place]], shadow[[place]]),
                    *(of_live[:, [place]], of_shadow[:, [place]]),
                    higher_is_better=bool(metric.higher_is_better),
                )
                if paired is not None:
                    found.setdefault((columns, values[place]), {})[metric.name] = paired
    return found


def _kept(labelled: Labelled, groups: NDArray[np.int64], size: int, *, min_rows: int) -> list[int]:
    """Return the slices that have enough rows, and enough of each class."""
    counts = np.bincount(groups, minlength=size)
    are_classes = bool(np.all((labelled.labels == 0) | (labelled.labels == 1)))
    positives = np.bincount(groups, labelled.labels, minlength=size) if are_classes else None
    return [
        place
        for place, count in enumerate(counts)
        if count
        and why_skipped(
            int(count), None if positives is None else int(positives[place]), min_rows=min_rows
        )
        is None
    ]


def _paired(
    live: NDArray[np.float64],
    shadow: NDArray[np.float64],
    of_live: NDArray[np.float64],
    of_shadow: NDArray[np.float64],
    *,
    higher_is_better: bool,
) -> Paired | None:
    estimates = [
        summarise(point, draws, confidence=_CONFIDENCE)[0]
        for point, draws in (
            (live, of_live),
            (shadow, of_shadow),
            (shadow - live, of_shadow - of_live),
        )
    ]
    first, second, difference = estimates
    if first is None or second is None or difference is None:
        return None
    return Paired(
        live=first, shadow=second, difference=difference, higher_is_better=higher_is_better
    )
