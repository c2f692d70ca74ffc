"""Evaluate a model on rows whose label is known, per slice and beside the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from interplane.data.table import needs_table
from interplane.errors import DataError, UnknownName, UsageError
from interplane.evaluation.evaluation import Evaluation
from interplane.evaluation.intervals import Estimate, resample, summarise
from interplane.evaluation.metrics import Metric, Sample, check_scores, get_metric
from interplane.evaluation.results import Flips, Skipped, SliceResult
from interplane.evaluation.seen import count_seen, maybe_seen
from interplane.evaluation.slices import SliceBy, Slicing, divide, why_skipped
from interplane.record.arguments import checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.data.table import Table
    from interplane.models.model import Model

__all__ = ["evaluate"]

Floats = NDArray[np.float64]
_MOST_RESAMPLES: Final = 100_000

_DEFAULT_METRICS: Final = {"classification": ("roc_auc", "log_loss"), "regression": ("mae", "rmse")}


@checked
def evaluate(
    model: Model,
    test: Table,
    *,
    against: Model | None = None,
    sources: Mapping[str, Table] | None = None,
    metrics: Sequence[str] | None = None,
    slices: Sequence[SliceBy] = (),
    label: str | None = None,
    min_rows: int = 100,
    threshold: float = 0.5,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
    seen: Literal["refuse", "allow"] = "refuse",
) -> Evaluation:
    """Return how good a model is on ``test``.

    Rows without a label are left out and counted. The champion is scored on the same rows through
    its own features, and every resample weighs both alike: a difference is a paired one.

    Rows that the model's features were fitted on are no test and are refused, where the features
    declare a key; so are rows that break the split that the training rows come from. Where the rows lack
    the columns that tell, the evaluation says so (``untold``). What a champion
    was fitted on is counted: it may have been trained on rows of a later test.

    Args:
        model: the model.
        test: rows of raw columns with the label, none of which the model has seen.
        against: the champion, or None.
        sources: the table of each source that feature views of either read, by its name.
        metrics: names from `metrics.METRICS`; ROC AUC and log loss (or MAE and RMSE, where the
            label is no yes or no) unless said.
        slices: columns, tuples of columns for their cross, and mappings of new names to
            expressions: ``{"evening": lambda flight: flight.local_hour >= 18}``.
        label: the label's column; that of the model's features unless said.
        min_rows: slices with fewer rows are listed without figures.
        threshold: the score from which a row counts as positive.
        confidence: of each interval.
        resamples: how many bootstrap resamples the intervals come from.
        seed: what they are drawn by; the same seed gives the same intervals.
        seen: "allow" lets rows in that are no test; the evaluation and every verdict say so.

    Raises:
        Leak: if rows were fitted on, or break the promise of a split; names some of them.
        DataError: if no row has a label, a score is null, all labels are of one class, or there are
            too few rows for an interval.
        UnknownName: for a metric or a column that is not there.
        UsageError: for metrics that do not fit the labels or the scores, or something that is no
            model.
    """
    _check_settings(min_rows=min_rows, confidence=confidence, resamples=resamples, seed=seed)
    _check_seen(seen)
    _check_model(model)
    if against is not None:
        _check_model(against)
    needs_table(test, "the rows to evaluate on")
    column = label or getattr(model.features, "label", None)
    if column is None:
        raise UsageError(
            "the model's features name no label",
            expected="a column that says what came true",
            do='Name it: evaluate(…, label="late")',
        )
    labels, known = _labels(test, column)
    if against is not None:
        _check_champion(against, test)
    met = count_seen(model, test, known, allow=seen == "allow")
    asked = [get_metric(name) for name in metrics or _default_metrics(labels)]
    scores = [_scores(each, test, known, sources) for each in (model, against) if each is not None]
    for metric in asked:
        for given in scores:
            check_scores(metric, labels, given)
    _check_classes(asked, labels, column)
    rows = _Rows(labels, tuple(scores), threshold)
    slicings = [_known_rows(slicing, known) for slicing in divide(test, slices)]
    settings = _Settings(asked, confidence, resamples, seed, min_rows)
    overall, sliced, skipped = _measure(rows, slicings, settings)
    _check_figures(asked, overall)
    return Evaluation(
        model=model.digest,
        champion=None if against is None else against.digest,
        label=column,
        rows=len(labels),
        null_labels=test.rows - len(labels),
        threshold=threshold,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        min_rows=min_rows,
        overall=overall,
        slicings=tuple(slicing.columns for slicing in slicings),
        slices=tuple(sliced),
        skipped=tuple(skipped),
        flips=_flips(rows) if against is not None and rows.are_classes else None,
        maybe_seen=int(maybe_seen(model, test)[known].sum()),
        champion_maybe_seen=0 if against is None else int(maybe_seen(against, test)[known].sum()),
        seen=met.seen,
        champion_seen=None
        if against is None
        else count_seen(against, test, known, allow=True).seen,
        crossed=met.crossed,
        untold=met.untold,
        seen_allowed=seen == "allow",
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The labels, and the scores of the model and, if there is one, of the champion."""

    labels: Floats
    scores: tuple[Floats, ...]
    threshold: float

    @property
    def are_classes(self) -> bool:
        return _are_classes(self.labels)

    def samples(self, groups: NDArray[np.int64], size: int) -> list[Sample]:
        return [Sample(self.labels, each, groups, size, self.threshold) for each in self.scores]


@dataclass(frozen=True, slots=True)
class _Settings:
    metrics: list[Metric]
    confidence: float
    resamples: int
    seed: int
    min_rows: int


def _measure(
    rows: _Rows, slicings: list[Slicing], settings: _Settings
) -> tuple[SliceResult, list[SliceResult], list[Skipped]]:
    """Return the figures of all rows and of each slice, all from one stream of resamples."""
    whole = Slicing("", (), ((),), np.zeros(len(rows.labels), dtype=np.int64))
    divisions = [_Division(each, rows, settings) for each in (whole, *slicings)]
    statistics = [statistic for each in divisions for statistic in each.statistics]
    drawn = iter(
        resample(statistics, len(rows.labels), resamples=settings.resamples, seed=settings.seed)
    )
    results = [each.results([next(drawn) for _ in each.statistics]) for each in divisions]
    skipped = [skip for each in divisions[1:] for skip in each.skipped]
    return results[0][0], [result for each in results[1:] for result in each], skipped


class _Division:
    """One slicing: which slices have figures, and their statistics for model and champion."""

    def __init__(self, slicing: Slicing, rows: _Rows, settings: _Settings) -> None:
        self._slicing = slicing
        self._settings = settings
        size = len(slicing.values)
        self._counts = np.bincount(slicing.groups, minlength=size)
        self._positives = self._count_positives(rows, size)
        self._kept: list[int] = []
        self.skipped: list[Skipped] = []
        for index in range(size):
            self._decide(index)
        place = np.full(size, len(self._kept), dtype=np.int64)  # the last group is for the rest
        place[self._kept] = np.arange(len(self._kept))
        samples = rows.samples(place[slicing.groups], len(self._kept) + 1)
        self.statistics = [m.prepare(sample) for sample in samples for m in settings.metrics]
        self._ones = np.ones(len(rows.labels))

    def _count_positives(self, rows: _Rows, size: int) -> list[int | None]:
        if not rows.are_classes:
            return [None] * size
        counted = np.bincount(self._slicing.groups, rows.labels, size)
        return [int(count) for count in counted]

    def _decide(self, index: int) -> None:
        count, positives = int(self._counts[index]), self._positives[index]
        reason = (
            why_skipped(count, positives, min_rows=self._settings.min_rows)
            if self._slicing.name
            else None
        )
        if reason is None:
            self._kept.append(index)
        elif count:
            values = self._slicing.values[index]
            skip = Skipped(by=self._slicing.columns, values=values, rows=count, reason=reason)
            self.skipped.append(skip)

    def results(self, drawn: list[Floats]) -> list[SliceResult]:
        """Return the figures of each kept slice from the statistics of all resamples."""
        points = [statistic(self._ones) for statistic in self.statistics]
        names = [metric.name for metric in self._settings.metrics]
        count = len(names)
        own = self._estimates(points[:count], drawn[:count])
        theirs = self._estimates(points[count:], drawn[count:])
        differences = self._estimates(
            [a - b for a, b in zip(points[:count], points[count:], strict=False)],
            [a - b for a, b in zip(drawn[:count], drawn[count:], strict=False)],
        )
        return [
            SliceResult(
                by=self._slicing.columns,
                values=self._slicing.values[index],
                rows=int(self._counts[index]),
                positives=self._positives[index],
                metrics=_named(names, own, place),
                champion=_named(names, theirs, place),
                difference=_named(names, differences, place),
            )
            for place, index in enumerate(self._kept)
        ]

    def _estimates(self, points: list[Floats], drawn: list[Floats]) -> list[list[Estimate | None]]:
        kept = len(self._kept)
        confidence = self._settings.confidence
        return [
            summarise(point[:kept], draws[:, :kept], confidence=confidence)
            for point, draws in zip(points, drawn, strict=True)
        ]


def _named(
    names: list[str], estimates: list[list[Estimate | None]], place: int
) -> dict[str, Estimate]:
    pairs = zip(names, estimates, strict=False)
    return {name: found for name, each in pairs if (found := each[place]) is not None}


def _labels(test: Table, column: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the known labels, and which rows have one."""
    kind = test.types.get(column)
    if kind is not None and kind not in {"bool", "int", "float"}:
        raise UsageError(
            f"the label {column!r} is of type {kind}",
            expected="a yes or no, or a number",
            do="Make it one in a data step",
        )
    values = test.numpy(column).astype(np.float64)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise DataError(
            f"{infinite:,} of {test.rows:,} labels in {column!r} are infinite",
            expected="a finite label, or null",
            do="Make them null in a data step, or bound them",
        )
    known = ~np.isnan(values)
    if not known.any():
        raise DataError(
            f"none of the {test.rows:,} test rows has a label in {column!r}",
            expected="rows whose outcome is known",
            do="Choose other test rows, or wait for their labels",
        )
    return values[known], known


def _scores(
    model: Model, test: Table, known: NDArray[np.bool_], sources: Mapping[str, Table] | None
) -> Floats:
    scores = model.predict(test, sources=sources)[known]
    missing = int((~np.isfinite(scores)).sum())
    if missing:
        raise DataError(
            f"{missing:,} of {len(scores):,} rows have no finite score from {model!r}",
            expected="a score for every row",
            do="Say what it is where the feature is null: FeatureScore(…, otherwise=…)",
        )
    return scores


def _default_metrics(labels: Floats) -> Sequence[str]:
    return _DEFAULT_METRICS["classification" if _are_classes(labels) else "regression"]


def _are_classes(labels: Floats) -> bool:
    return bool(np.all((labels == 0) | (labels == 1)))


def _check_classes(metrics: list[Metric], labels: Floats, column: str) -> None:
    needy = [metric.name for metric in metrics if metric.needs_both_classes]
    if needy and labels.min() == labels.max():
        raise DataError(
            f"all {len(labels):,} labels in {column!r} are {labels[0]:g}",
            expected=f"rows of both classes, for {needy[0]}",
            do="Choose other test rows, or other metrics",
        )


def _check_champion(champion: Model, test: Table) -> None:
    for name in champion.features.inputs:
        if name not in test.types:
            raise UnknownName.of(
                *("column", name, test.types),
                where="the test rows",
                do="The champion reads it: keep it in the data step until another model is live",
            )


def _check_figures(metrics: list[Metric], overall: SliceResult) -> None:
    """Refuse an evaluation that could not say what was asked of it."""
    for metric in metrics:
        if metric.name not in overall.metrics:
            true = "" if overall.positives is None else f", {overall.positives:,} of them true,"
            raise DataError(
                f"{overall.rows:,} rows with a label{true} are too few for an interval of {metric.name}",
                expected="rows of which nearly every resample has the metric",
                do="Choose more test rows, or another metric",
            )


def _known_rows(slicing: Slicing, known: NDArray[np.bool_]) -> Slicing:
    return Slicing(slicing.name, slicing.columns, slicing.values, slicing.groups[known])


def _flips(rows: _Rows) -> Flips:
    ours, theirs = (scores >= rows.threshold for scores in rows.scores)
    true = rows.labels == 1
    return Flips(
        rows=int(np.sum(ours != theirs)),
        to_right=int(np.sum((ours == true) & (theirs != true))),
        to_wrong=int(np.sum((ours != true) & (theirs == true))),
    )


def _check_model(model: object) -> None:
    if not (hasattr(model, "features") and hasattr(model, "predict")):
        raise UsageError(
            f"{model!r:.60} is no model: it is of type {type(model).__name__}",
            expected="an interplane.Model",
            do="Put what was trained into one: interplane.Model(trained, features=frozen)",
        )


def _check_seen(seen: str) -> None:
    if seen not in {"refuse", "allow"}:
        raise UsageError(
            f"seen is {seen!r}",
            expected="refuse, or allow",
            do="Say what is to be done with rows that the model was fitted on",
        )


def _check_settings(**settings: Any) -> None:
    """Refuse settings from which no interval follows."""
    if not 0.5 < settings["confidence"] < 1:
        raise UsageError(
            f"the confidence is {settings['confidence']}",
            expected="a number between 0.5 and 1, for example 0.95",
            do="Say how sure the intervals must be",
        )
    for name, least in (("min_rows", 1), ("resamples", 100), ("seed", 0)):
        if settings[name] < least:
            raise UsageError(
                f"{name} is {settings[name]}", expected=f"at least {least}", do="Raise it"
            )
    if settings["resamples"] > _MOST_RESAMPLES:
        raise UsageError(
            f"resamples is {settings['resamples']:,}",
            expected=f"at most {_MOST_RESAMPLES:,}: more move no interval",
            do="Leave it out for 500",
        )
