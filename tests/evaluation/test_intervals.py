"""Intervals: the same for the same seed, exact where a formula is known, honest in simulation."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import UsageError
from interplane.evaluation.intervals import Estimate, resample, resample_weights, summarise
from interplane.evaluation.metrics import METRICS, Sample


def interval(name, labels, scores, *, seed=0, resamples=400, confidence=0.95):
    """Return the estimate of one metric of all rows."""
    groups = np.zeros(len(labels), dtype=np.int64)
    statistic = METRICS[name].prepare(Sample(labels, scores, groups, 1))
    [drawn] = resample([statistic], len(labels), resamples=resamples, seed=seed)
    [estimate] = summarise(statistic(np.ones(len(labels))), drawn, confidence=confidence)
    return estimate


def draw(rng, rows, *, apart=1.0, positive=0.25):
    """Scores of two normal classes; their true AUC is known."""
    labels = (rng.random(rows) < positive).astype(float)
    return labels, rng.normal(labels * apart, 1)


def test_resamples_repeat_with_their_seed():
    """And differ with another."""
    first, again, other = (
        np.array(list(resample_weights(100, resamples=5, seed=seed))) for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert (first.sum(axis=1) == 100).all()


def test_a_mean_has_the_interval_of_its_formula():
    """The bootstrap of a mean is its standard error."""
    labels, scores = draw(np.random.default_rng(0), 2000)
    errors = np.abs(labels - scores)
    estimate = interval("mae", labels, scores, resamples=2000)
    expected = 2 * 1.96 * errors.std() / np.sqrt(len(errors))
    assert estimate.high - estimate.low == pytest.approx(expected, rel=0.1)


def test_auc_has_the_interval_of_delong():
    """An independent closed form for the variance of AUC."""
    labels, scores = draw(np.random.default_rng(0), 1500)
    above = scores[labels == 1][:, None] > scores[labels == 0][None, :]
    per_positive, per_negative = above.mean(axis=1), above.mean(axis=0)
    variance = per_positive.var(ddof=1) / len(per_positive)
    variance += per_negative.var(ddof=1) / len(per_negative)
    estimate = interval("roc_auc", labels, scores, resamples=2000)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * variance**0.5, rel=0.1)


@pytest.mark.parametrize(("rows", "least"), [(100, 0.88), (800, 0.91)])
def test_intervals_hold_as_often_as_they_say(rows, least):
    """200 draws with a known AUC: about 95 % of the intervals hold it, fewer with few rows.

    ``least`` is three standard errors of 200 draws below what 1,000 draws gave: 0.934 at 100 rows
    with 25 positives, 0.936 at 800.
    """
    truth = NormalDist().cdf(1 / 2**0.5)
    held = 0
    for seed in range(200):
        labels, scores = draw(np.random.default_rng(seed), rows)
        estimate = interval("roc_auc", labels, scores, seed=seed, resamples=150)
        held += estimate.low <= truth <= estimate.high
    assert least <= held / 200 <= 0.995


def test_what_is_mostly_undefined_has_no_estimate():
    """One positive row is missing from a third of the resamples: no interval can be believed."""
    labels = np.zeros(50)
    labels[0] = 1
    assert interval("roc_auc", labels, np.arange(50.0)) is None


@given(low=st.floats(-2, 0), high=st.floats(0, 2), of=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_a_bound_at_the_intervals_own_level_is_its_end(low, high, of):
    """And more confidence is further out."""
    estimate = Estimate(value=0.0, low=low, high=high)
    level = (1 + of) / 2
    assert estimate.bound(level, of=of, upper=False) == pytest.approx(low)
    assert estimate.bound(level, of=of, upper=True) == pytest.approx(high)
    assert estimate.bound(0.999, of=of, upper=True) >= estimate.bound(0.6, of=of, upper=True)


@pytest.mark.parametrize("confidence", [0.0, 0.5, 1.0, 95])
def test_a_confidence_is_between_a_half_and_one(confidence):
    """A percentage is a mistake."""
    with pytest.raises(UsageError, match=f"the confidence is {confidence}"):
        Estimate(value=0.0, low=-1.0, high=1.0).bound(confidence, of=0.95, upper=True)
