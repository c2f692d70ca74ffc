"""The metrics, by scikit-learn's definitions, weighted and per group in one pass.

A metric is prepared once for some rows and then computed for many weightings of them: that is what
makes resampling cheap. Two shapes cover all: sums over rows that are combined at the end, and ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from interplane.errors import UnknownName, UsageError

__all__ = ["METRICS", "Metric", "Sample", "Statistic", "check_scores", "compute", "get_metric"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]
"""From a weight per row to the metric per group; NaN where it is undefined."""

_EPSILON: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Sample:
    """Scored rows, divided into groups.

    Attributes:
        labels: what came true: 0 or 1 for classification.
        scores: what the model said.
        groups: the group of each row, from 0.
        size: how many groups there are.
        threshold: the score from which a row counts as positive.
    """

    labels: Floats
    scores: Floats
    groups: Indices
    size: int
    threshold: float = 0.5

    @property
    def decisions(self) -> Floats:
        """1 where the score reaches the threshold, else 0."""
        return (self.scores >= self.threshold).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and what a gate must know of it.

    Attributes:
        name: its name, as scikit-learn has it.
        kind: whether labels are classes (0 or 1) or values.
        higher_is_better: which way is up; None where neither is.
        prepare: makes the statistic for some rows.
        doc: what it is, in one line.
        needs_both_classes: whether it is undefined for rows of one class.
        needs_probabilities: whether scores must lie between 0 and 1.
    """

    name: str
    kind: Literal["classification", "regression"]
    higher_is_better: bool | None
    prepare: Callable[[Sample], Statistic]
    doc: str
    needs_both_classes: bool = False
    needs_probabilities: bool = False


def compute(
    name: str,
    labels: Floats,
    scores: Floats,
    *,
    weights: Floats | None = None,
    threshold: float = 0.5,
) -> float:
    """Return one metric of some rows.

    >>> compute("roc_auc", np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    groups = np.zeros(len(labels), dtype=np.int64)
    sample = Sample(labels, scores, groups, 1, threshold)
    weights = np.ones(len(labels)) if weights is None else weights
    return float(get_metric(name).prepare(sample)(weights)[0])


def get_metric(name: str) -> Metric:
    """Return the metric called ``name``.

    Raises:
        UnknownName: if there is none.
    """
    if name not in METRICS:
        raise UnknownName.of("metric", name, METRICS)
    return METRICS[name]


def check_scores(metric: Metric, labels: Floats, scores: Floats) -> None:
    """Refuse labels and scores that a metric is not made for.

    Raises:
        UsageError: naming a value that does not fit.
    """
    if metric.kind == "classification":
        strange = labels[(labels != 0) & (labels != 1)]
        if len(strange):
            raise UsageError(
                f"{metric.name} was asked for, and a label is {strange[0]}",
                expected="labels that are true or false, 1 or 0, or null",
                do="Ask for a regression metric (mae, rmse, r2), or make the label a yes or no",
            )
    if metric.needs_probabilities and np.any((scores < 0) | (scores > 1)):
        raise UsageError(
            f"{metric.name} was asked for, and scores go from {scores.min()} to {scores.max()}",
            expected="probabilities between 0 and 1",
            do="Train with a probability objective (binary), or ask for roc_auc only",
        )


# Sums over rows -----------------------------------------------------------------------------------


def _from_sums(
    columns: Callable[[Sample], tuple[Floats, ...]], combine: Callable[..., Floats]
) -> Callable[[Sample], Statistic]:
    """Make a metric of weighted sums: ``combine`` gets each column's sum per group."""

    def prepare(sample: Sample) -> Statistic:
        parts = columns(sample)

        def statistic(weights: Floats) -> Floats:
            sums = [
                np.bincount(sample.groups, weights=weights * part, minlength=sample.size)
                for part in parts
            ]
            with np.errstate(divide="ignore", invalid="ignore"):
                return combine(*sums)

        return statistic

    return prepare


def _mean_of(per_row: Callable[[Sample], Floats]) -> Callable[[Sample], Statistic]:
    return _from_sums(lambda s: (per_row(s), np.ones(len(s.labels))), lambda total, n: total / n)


def _log_losses(sample: Sample) -> Floats:
    right = np.where(sample.labels == 1, sample.scores, 1 - sample.scores)
    losses: Floats = -np.log(np.clip(right, _EPSILON, 1 - _EPSILON))
    return losses


def _squares(sample: Sample) -> Floats:
    return (sample.labels - sample.scores) ** 2


def _true_positives(sample: Sample) -> Floats:
    return sample.labels * sample.decisions


def _root_of_mean(total: Floats, rows: Floats) -> Floats:
    root: Floats = np.sqrt(total / rows)
    return root


def _or_zero(values: Floats, total: Floats) -> Floats:
    """Where nothing was to be counted: 0, as scikit-learn has it, but undefined without rows."""
    return np.where(total == 0, np.nan, np.nan_to_num(values))


def _ones(sample: Sample) -> Floats:
    return np.ones(len(sample.labels))


def _r2_columns(sample: Sample) -> tuple[Floats, ...]:
    # Labels are taken from their mean, so that the squares do not cancel.
    centred = sample.labels - (sample.labels.mean() if len(sample.labels) else 0.0)
    return _squares(sample), centred, centred**2, _ones(sample)


def _r2(residual: Floats, total: Floats, squares: Floats, n: Floats) -> Floats:
    spread = squares - total**2 / n
    tiny = spread <= squares * _EPSILON * 4
    score = np.where(tiny, np.where(residual == 0, 1.0, 0.0), 1 - residual / spread)
    return np.where(n < 2, np.nan, score)


# Ranks ----------------------------------------------------------------------------------------------


def _blocks(*keys: Floats | Indices) -> Indices:
    """Return where each run of equal keys begins in sorted rows, and their number at the end."""
    rows = len(keys[0])
    if rows == 0:
        return np.zeros(1, dtype=np.int64)
    changed = np.zeros(rows - 1, dtype=bool)
    for key in keys:
        changed |= key[1:] != key[:-1]
    return np.concatenate(([0], np.flatnonzero(changed) + 1, [rows])).astype(np.int64)


def _bounds(groups: Indices, size: int) -> Indices:
    return np.searchsorted(groups, np.arange(size + 1)).astype(np.int64)


def _prefix(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(values)))


def _roc_auc(sample: Sample) -> Statistic:
    """Mann-Whitney: the share of (positive, negative) pairs in the right order; ties count half.

    The rows are sorted once. A positive's share is the weight of the negatives before its tie
    block plus half of those inside it, which is the mean of the prefix sums at the block's ends.
    """
    order = np.lexsort((sample.scores, sample.groups))
    groups, scores = sample.groups[order], sample.scores[order]
    positive = sample.labels[order] == 1
    starts = _blocks(groups, scores)
    block = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    bounds = _bounds(groups, sample.size)
    where = np.flatnonzero(positive)
    begin, end = starts[block[where]], starts[block[where] + 1]
    of_group = groups[where]
    negative = (~positive).astype(np.float64)

    def statistic(weights: Floats) -> Floats:
        sorted_weights = weights[order]
        below = _prefix(sorted_weights * negative)
        at_bounds = below[bounds]
        beaten = (below[begin] + below[end]) / 2 - at_bounds[of_group]
        own = sorted_weights[where]
        pairs = np.diff(at_bounds) * np.bincount(of_group, own, sample.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Floats = np.bincount(of_group, own * beaten, sample.size) / pairs
        return share

    return statistic


def _average_precision(sample: Sample) -> Statistic:
    """The mean precision over the steps of recall, from the highest score down; no interpolation."""
    order = np.lexsort((-sample.scores, sample.groups))
    groups, scores = sample.groups[order], sample.scores[order]
    positive = sample.labels[order]
    starts = _blocks(groups, scores)
    of_block = groups[starts[:-1]]
    first = _bounds(groups, sample.size)[of_block]

    def statistic(weights: Floats) -> Floats:
        sorted_weights = weights[order]
        hits, seen = _prefix(sorted_weights * positive), _prefix(sorted_weights)
        gained = hits[starts[1:]] - hits[starts[:-1]]
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = (hits[starts[1:]] - hits[first]) / (seen[starts[1:]] - seen[first])
            total = np.bincount(of_block, gained, sample.size)
            steps = np.bincount(of_block, gained * np.nan_to_num(precision), sample.size)
            mean: Floats = steps / total
        return mean

    return statistic


# The table ------------------------------------------------------------------------------------------


def _right(sample: Sample) -> Floats:
    right: Floats = np.equal(sample.decisions, sample.labels).astype(np.float64)
    return right


_precision = _from_sums(
    lambda s: (_true_positives(s), s.decisions, _ones(s)),
    lambda hits, decided, rows: _or_zero(hits / decided, rows),
)
_recall = _from_sums(
    lambda s: (_true_positives(s), s.labels, _ones(s)),
    lambda hits, true, rows: _or_zero(hits / true, rows),
)
_f1 = _from_sums(
    lambda s: (_true_positives(s), s.decisions + s.labels, _ones(s)),
    lambda hits, both, rows: _or_zero(2 * hits / both, rows),
)
_rmse = _from_sums(lambda s: (_squares(s), _ones(s)), _root_of_mean)


def _classes(
    name: str,
    higher_is_better: bool | None,  # noqa: FBT001
    prepare: Callable[[Sample], Statistic],
    doc: str,
    *,
    both: bool = False,
    probabilities: bool = False,
) -> Metric:
    return Metric(name, "classification", higher_is_better, prepare, doc, both, probabilities)


def _values(
    name: str,
    higher_is_better: bool | None,  # noqa: FBT001
    prepare: Callable[[Sample], Statistic],
    doc: str,
) -> Metric:
    return Metric(name, "regression", higher_is_better, prepare, doc)


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        _classes("roc_auc", True, _roc_auc, "area under the ROC curve", both=True),
        _classes(
            *("average_precision", True, _average_precision),
            "area under precision over recall, as a sum of steps",
            both=True,
        ),
        _classes(
            *(
                "log_loss",
                False,
                _mean_of(_log_losses),
                "mean negative log-likelihood of the label",
            ),
            probabilities=True,
        ),
        _classes(
            *("brier", False, _mean_of(_squares), "mean square of probability less label"),
            probabilities=True,
        ),
        _classes("accuracy", True, _mean_of(_right), "share of right decisions at the threshold"),
        _classes(
            "precision", True, _precision, "share of the true among the decided; 0 if none is"
        ),
        _classes("recall", True, _recall, "share of the decided among the true; 0 if none is"),
        _classes("f1", True, _f1, "harmonic mean of precision and recall"),
        _classes("base_rate", None, _mean_of(lambda s: s.labels), "share of true labels"),
        _values("mean_score", None, _mean_of(lambda s: s.scores), "mean of the scores"),
        _values(
            "mae", False, _mean_of(lambda s: np.abs(s.labels - s.scores)), "mean absolute error"
        ),
        _values("rmse", False, _rmse, "root of the mean squared error"),
        _values(
            "r2", True, _from_sums(_r2_columns, _r2), "share of the labels' variance explained"
        ),
    )
}
"""Every metric, by name."""
