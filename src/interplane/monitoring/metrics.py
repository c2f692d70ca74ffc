"""The metrics that a rule can name: what each is, what it needs, how its effect is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from interplane.errors import UnknownName

__all__ = ["METRICS", "Kind", "Metric", "get_metric"]

Kind = Literal["rows", "latency", "share", "mean", "root", "distance", "rank", "outside"]
Way = Literal["up", "down", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric and what a rule must know of it.

    Attributes:
        name: its name.
        doc: what it is, in one line.
        kind: how it comes from a tally: ``rows`` (their number), ``latency`` (a quantile of how long
            predictions took), ``share`` (of rows), ``mean`` (of a number of each row), ``root`` (of a
            mean), ``distance`` (of two distributions), ``rank`` (of scores); ``outside`` is a number
            that is not of the prediction log.
        unit: the unit of its values and effects, for people; empty for bare numbers.
        bad: which way is bad: what a rule means that does not say its direction.
        relative: the effect is a share of the reference; else it is the difference.
        per_column: it is measured of each watched column.
        needs_outcomes: it can be told only when outcomes came.
        outcomes: which outcomes it is made for, if only one kind.
        moment: the name of the sums that it is made of, for means.
        level: the quantile, for latencies.
        timeless: whether a crossing's baseline rows have it: they are no traffic and took no time.
    """

    name: str
    doc: str
    kind: Kind
    unit: str = ""
    bad: Way = "either"
    relative: bool = False
    per_column: bool = False
    needs_outcomes: bool = False
    outcomes: Literal["classification", "regression", ""] = ""
    moment: str = ""
    level: float = 0.0
    timeless: bool = True


def get_metric(name: str) -> Metric:
    """Return the metric called ``name``.

    Raises:
        UnknownName: if there is none.

    >>> get_metric("roc_auc").bad
    'down'
    """
    if name not in METRICS:
        raise UnknownName.of("metric", name, METRICS)
    return METRICS[name]


def _latency(name: str, level: float) -> Metric:
    return Metric(
        name=name,
        doc=f"the time that {level:.0%} of predictions took at most",
        kind="latency",
        unit="us",
        bad="up",
        relative=True,
        level=level,
        timeless=False,
    )


def _outside(name: str, doc: str, *, unit: str = "") -> Metric:
    return Metric(name=name, doc=doc, kind="outside", unit=unit, bad="up", timeless=False)


def _column(name: str, doc: str, kind: Kind, *, unit: str = "") -> Metric:
    return Metric(name=name, doc=doc, kind=kind, unit=unit, bad="up", per_column=True)


def _outcome(
    name: str,
    doc: str,
    moment: str,
    *,
    bad: Way = "up",
    kind: Kind = "mean",
    outcomes: Literal["classification", "regression", ""] = "classification",
) -> Metric:
    return Metric(
        name=name,
        doc=doc,
        kind=kind,
        bad=bad,
        needs_outcomes=True,
        outcomes=outcomes,
        moment=moment,
    )


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        # Operations
        Metric(
            name="traffic",
            doc="the number of predictions",
            kind="rows",
            unit="rows",
            relative=True,
            timeless=False,
        ),
        _latency("latency_p50", 0.5),
        _latency("latency_p95", 0.95),
        _latency("latency_p99", 0.99),
        _outside("error_rate", "the share of requests that were answered with an error of ours"),
        _outside("saturation", "the share of requests refused because the server was full"),
        _outside("lost_entries", "predictions that the log lost", unit="rows"),
        _outside("freshness", "how far the online store lags behind a view", unit="s"),
        _outside(
            "skew_rate", "the share of audited predictions that come out differently in batch"
        ),
        # Inputs
        _column("drift", "population stability index, less what chance adds", "distance"),
        _column("jensen_shannon", "Jensen-Shannon distance, less what chance adds", "distance"),
        _column("l_infinity", "the largest change of a bin's share", "distance"),
        _column("null_rate", "the share of rows that are null", "share"),
        _column("unseen_rate", "the share of categories that the baseline never had", "share"),
        # Outputs
        Metric(name="positive_rate", doc="the share of scores at the threshold", kind="share"),
        Metric(name="mean_score", doc="the mean of the scores", kind="mean", moment="score"),
        Metric(name="score_drift", doc="drift of the scores", kind="distance", bad="up"),
        Metric(
            name="null_score_rate",
            doc="the share of predictions without a score",
            kind="share",
            bad="up",
        ),
        # Outcomes
        Metric(
            name="coverage",
            doc="the share of predictions whose outcome came",
            kind="share",
            bad="down",
            needs_outcomes=True,
            timeless=False,
        ),
        _outcome(
            *("label_rate", "the share of true outcomes, or the mean of values", "label"),
            bad="either",
            outcomes="",
        ),
        _outcome("roc_auc", "area under the ROC curve", "", bad="down", kind="rank"),
        _outcome("log_loss", "mean negative log-likelihood of the outcome", "log_loss"),
        _outcome("brier", "mean square of score less outcome", "squared_error"),
        _outcome(
            *("accuracy", "share of right decisions at the threshold", "hit"),
            bad="down",
            kind="share",
        ),
        _outcome(
            "calibration", "mean score less the share of true outcomes", "error", bad="either"
        ),
        _outcome("mae", "mean absolute error", "absolute_error", outcomes="regression"),
        _outcome(
            *("rmse", "root of the mean squared error", "squared_error"),
            kind="root",
            outcomes="regression",
        ),
        _outcome("bias", "mean of score less value", "error", bad="either", outcomes="regression"),
    )
}
"""Every metric, by name."""
