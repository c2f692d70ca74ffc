"""Quality from counts is quality from rows, and its intervals are those of the bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.evaluation.intervals import resample, summarise
from interplane.evaluation.metrics import METRICS, Sample, compute
from interplane.monitoring.judging.measure import wilson
from interplane.monitoring.judging.quality import measure
from interplane.monitoring.judging.ranks import rank
from interplane.monitoring.layout import Layout
from interplane.monitoring.tally import Tally

SAME = {
    "label_rate": "base_rate",
    "roc_auc": "roc_auc",
    "log_loss": "log_loss",
    "brier": "brier",
    "accuracy": "accuracy",
}


def draw(seed, rows):
    """Scores that are probabilities, and labels that follow them."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(1.2, 4, rows)
    return scores, (rng.random(rows) < scores).astype(float)


def bootstrap(name, labels, scores):
    """The estimate of the evaluation."""
    statistic = METRICS[name].prepare(Sample(labels, scores, np.zeros(len(labels), np.int64), 1))
    [drawn] = resample([statistic], len(labels), resamples=600, seed=1)
    [estimate] = summarise(statistic(np.ones(len(labels))), drawn, confidence=0.95)
    return estimate


@pytest.mark.parametrize("ours", SAME)
def test_a_metric_of_classes_is_the_evaluations(ours, layout, tally):
    """Its value, and the width of its interval."""
    scores, labels = draw(3, 3000)
    found = measure(tally(layout, scores=scores, labels=labels), layout)[ours]
    expected = bootstrap(SAME[ours], labels, scores)
    # Scores tie by bin in the ranks: 256 bins of equal width lose a little.
    assert found.value == pytest.approx(expected.value, abs=2e-4)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.12)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("ours", ["mae", "rmse", "bias", "label_rate"])
def test_a_metric_of_values_is_the_evaluations(ours, tally):
    """Errors of a regression."""
    rng = np.random.default_rng(4)
    labels = rng.gamma(2, 10, 2000)
    scores = labels + rng.normal(1, 5, 2000)
    layout = Layout(columns=(), kind="regression")
    found = measure(tally(layout, scores=scores, labels=labels), layout)
    assert {"mae", "rmse", "bias", "label_rate"} == set(found)
    if ours in METRICS:
        expected = bootstrap(ours, labels, scores)
        ends = (expected.low, expected.high)
        value = expected.value
    else:
        numbers = scores - labels if ours == "bias" else labels
        value = numbers.mean()
        half = 1.96 * numbers.std() / math.sqrt(len(numbers))
        ends = (value - half, value + half)
    assert found[ours].value == pytest.approx(value)
    assert found[ours].high - found[ours].low == pytest.approx(ends[1] - ends[0], rel=0.12)


def test_calibration_is_score_less_label(layout, tally):
    """Too sure by a tenth."""
    scores, labels = draw(5, 4000)
    found = measure(tally(layout, scores=scores + 0.1, labels=labels), layout)["calibration"]
    assert found.value == pytest.approx((scores + 0.1 - labels).mean())
    assert found.low < 0.1 < found.high


def test_what_cannot_be_told_is_left_out(layout, tally):
    """No outcomes; one class; a class of nine."""
    assert {} == measure(tally(layout, scores=[0.5] * 100), layout)
    alike = measure(tally(layout, scores=[0.5] * 100, labels=[1] * 100), layout)
    assert "roc_auc" not in alike
    assert 1.0 == alike["accuracy"].value
    assert "roc_auc" not in measure(
        tally(layout, scores=[0.5] * 100, labels=[1] * 91 + [0] * 9), layout
    )


def test_rows_without_a_label_do_not_count(layout, tally):
    """They are covered, or nothing is known yet."""
    scores, labels = draw(6, 500)
    known = measure(tally(layout, scores=scores, labels=labels), layout)
    more = tally(
        layout, scores=[*scores, *([0.9] * 500)], labels=[*labels.tolist(), *([None] * 500)]
    )
    assert known["roc_auc"] == measure(more, layout)["roc_auc"]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8).filter(
        lambda bins: all(map(sum, zip(*bins, strict=True)))
    )
)
def test_the_area_is_that_of_the_binned_scores(bins):
    """Ties count half, as the evaluation has it."""
    trues, falses = zip(*bins, strict=True)
    places = np.arange(len(bins), dtype=float)
    scores = np.concatenate((np.repeat(places, trues), np.repeat(places, falses)))
    labels = np.concatenate((np.ones(sum(trues)), np.zeros(sum(falses))))
    found = rank(Tally(true_ranks=trues, false_ranks=falses))
    assert found.area == pytest.approx(compute("roc_auc", labels, scores))


def test_the_variance_is_delongs():
    """From the placements of single rows."""
    rng = np.random.default_rng(0)
    trues, falses = rng.integers(2, 10, 300), rng.integers(0, 8, 500)
    above = (trues[:, None] > falses) + (trues[:, None] == falses) / 2
    expected = above.mean(1).var(ddof=1) / 300 + above.mean(0).var(ddof=1) / 500
    tally = Tally(
        true_ranks=tuple(np.bincount(trues, minlength=10).tolist()),
        false_ranks=tuple(np.bincount(falses, minlength=10).tolist()),
    )
    assert rank(tally).variance == pytest.approx(expected)


def test_intervals_cover_what_is_true(layout, tally):
    """At 95 %, over many windows of 400 rows."""
    inside = {"roc_auc": 0, "label_rate": 0, "calibration": 0}
    rng = np.random.default_rng(8)
    large, truth = draw(9, 400_000)
    expected = {
        "roc_auc": compute("roc_auc", truth, large),
        "label_rate": 1.2 / 5.2,
        "calibration": 0.0,
    }
    for _ in range(300):
        scores = rng.beta(1.2, 4, 400)
        labels = rng.random(400) < scores
        found = measure(tally(layout, scores=scores, labels=labels), layout)
        for name in inside:
            inside[name] += found[name].low <= expected[name] <= found[name].high
    assert all(0.91 <= each / 300 <= 0.99 for each in inside.values()), inside


def test_a_share_of_few_rows_has_wilsons_interval():
    """Three of ten, from the table of any textbook."""
    low, high = wilson(3, 10)
    assert (0.1078, 0.6032) == (round(low, 4), round(high, 4))
    assert (1.0, 0.0) == (wilson(10, 10)[1], wilson(0, 10)[0])
