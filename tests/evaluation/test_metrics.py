"""The metrics are scikit-learn's, also with ties, weights and groups."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from interplane.errors import UnknownName, UsageError
from interplane.evaluation.metrics import METRICS, Sample, check_scores, compute, get_metric


def decide(function):
    return lambda y, s, w: function(y, s >= 0.5, sample_weight=w, zero_division=0)


REFERENCE = {
    "roc_auc": lambda y, s, w: reference.roc_auc_score(y, s, sample_weight=w),
    "average_precision": lambda y, s, w: reference.average_precision_score(y, s, sample_weight=w),
    "log_loss": lambda y, s, w: reference.log_loss(y, s, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, s, w: reference.brier_score_loss(y, s, sample_weight=w),
    "accuracy": lambda y, s, w: reference.accuracy_score(y, s >= 0.5, sample_weight=w),
    "precision": decide(reference.precision_score),
    "recall": decide(reference.recall_score),
    "f1": decide(reference.f1_score),
    "base_rate": lambda y, _s, w: np.average(y, weights=w),
    "mean_score": lambda _y, s, w: np.average(s, weights=w),
    "mae": lambda y, s, w: reference.mean_absolute_error(y, s, sample_weight=w),
    "rmse": lambda y, s, w: reference.root_mean_squared_error(y, s, sample_weight=w),
    "r2": lambda y, s, w: reference.r2_score(y, s, sample_weight=w),
}


@st.composite
def scored_rows(draw):
    """Labels of both classes, scores with many ties, whole weights of which some are 0."""
    rows = draw(st.integers(2, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = rng.integers(0, 2, rows).astype(float)
    labels[:2] = 0, 1
    grid = draw(st.sampled_from([1, 2, 3, 10, 10**9]))
    scores = rng.integers(0, grid + 1, rows) / grid
    weights = rng.integers(0, 4, rows).astype(float)
    weights[:2] = 1
    return labels, scores, weights


def test_every_metric_has_a_reference():
    """A new metric is compared too."""
    assert METRICS.keys() == REFERENCE.keys()


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=40)
@given(rows=scored_rows())
def test_a_metric_is_scikit_learns(name, rows):
    """The same number, weighted or not, to twelve digits."""
    labels, scores, weights = rows
    for weighting in (None, weights):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = REFERENCE[name](labels, scores, weighting)
        got = compute(name, labels, scores, weights=weighting)
        assert got == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=40)
@given(rows=scored_rows(), size=st.integers(1, 5))
def test_groups_are_computed_as_if_alone(name, rows, size):
    """One pass over groups gives what each group gives alone; an empty group has no value."""
    labels, scores, weights = rows
    groups = np.arange(len(labels)) % (2 * size) // 2  # neighbours share a group, both classes
    sample = Sample(labels, scores, groups, size + 3)
    together = METRICS[name].prepare(sample)(weights)
    assert np.isnan(together[size:]).all()
    for group in range(size):
        own = groups == group
        alone = compute(name, labels[own], scores[own], weights=weights[own])
        assert together[group] == pytest.approx(alone, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=40)
@given(rows=scored_rows())
def test_a_weight_of_two_is_the_row_twice(name, rows):
    """Whole weights are repetitions: what a resample draws."""
    labels, scores, weights = rows
    times = weights.astype(int)
    repeated = compute(name, labels.repeat(times), scores.repeat(times))
    assert compute(name, labels, scores, weights=weights) == pytest.approx(
        repeated, rel=1e-9, abs=1e-12
    )


@given(rows=scored_rows())
def test_ranks_do_not_see_a_monotone_map(rows):
    """AUC and average precision depend on the order of the scores only."""
    labels, scores, _weights = rows
    for name in ("roc_auc", "average_precision"):
        assert compute(name, labels, scores) == compute(name, labels, scores * 8 - 3)


@given(rows=scored_rows())
def test_auc_of_the_other_class_is_the_rest(rows):
    """Turning labels round turns AUC round."""
    labels, scores, _weights = rows
    turned = compute("roc_auc", 1 - labels, scores)
    assert compute("roc_auc", labels, scores) == pytest.approx(1 - turned, abs=1e-12)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_metric_of_ranks_needs_both_classes(name):
    """One class alone has no value, and the table says so."""
    assert METRICS[name].needs_both_classes
    assert np.isnan(compute(name, np.zeros(3), np.array([0.1, 0.2, 0.3])))


def test_an_unknown_metric_is_named():
    """With the nearest known one."""
    with pytest.raises(UnknownName, match="Did you mean 'roc_auc'"):
        get_metric("rocauc")


def test_scores_that_are_no_probabilities_are_refused():
    """Log loss of a score above 1 would be nonsense."""
    with pytest.raises(UsageError, match=r"scores go from 0\.5 to 1\.5"):
        check_scores(METRICS["log_loss"], np.array([0.0, 1.0]), np.array([0.5, 1.5]))


def test_labels_that_are_no_classes_are_refused():
    """A delay in minutes has no AUC."""
    with pytest.raises(UsageError, match=r"a label is 15\.0"):
        check_scores(METRICS["roc_auc"], np.array([0.0, 15.0]), np.array([0.5, 0.6]))
