"""The shadow's report: what would have changed, where, and whether it would have been better."""

from __future__ import annotations

import numpy as np
import pytest

from interplane.data.table import Table
from interplane.errors import UnknownName
from interplane.evaluation.metrics import compute
from interplane.monitoring.shadow import compare_shadow


def logs(count=2000, *, seed=1, outcomes=True):
    """Return a log, and a shadow's that is better, but for origin EWR, where it says more yes."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(-0.5, 1.5, count)
    origin = np.array(["JFK", "LGA", "EWR", "BOS"])[draw.choice(4, count, p=[0.4, 0.3, 0.28, 0.02])]
    live = 1 / (1 + np.exp(-(0.6 * truth + draw.normal(0, 1, count))))
    shadow = 1 / (1 + np.exp(-(truth + draw.normal(0, 0.3, count) + 1.0 * (origin == "EWR"))))
    labels = draw.random(count) < 1 / (1 + np.exp(-truth))
    ids = [f"{number:032x}" for number in range(count)]
    log = {
        "prediction_id": ids,
        "score": live,
        "took_us": draw.integers(100, 400, count),
        "row.origin": origin.tolist(),
        "row.night": (draw.random(count) < 0.5).tolist(),
    }
    if outcomes:
        log |= {"outcome": labels.tolist(), "has_outcome": (draw.random(count) < 0.8).tolist()}
    other = {
        "prediction_id": ids,
        "score": shadow,
        "took_us": draw.integers(20, 60, count),
        "because": [None] * count,
    }
    return log, other


def tables(log, other, *, part=slice(None)):
    """Return both as tables, the shadow's shuffled."""
    turned = {name: list(values)[part][::-1] for name, values in other.items()}
    because = Table.from_columns({"because": [*turned.pop("because"), "a text"]})
    shadow = Table.from_columns(turned)
    whole = dict(zip(shadow.names, shadow.to_arrow().columns, strict=True))
    whole["because"] = because.column("because").slice(0, shadow.rows)
    return Table.from_columns(log), Table.from_columns(whole)


def test_what_would_have_changed():
    """Counted as by hand: decisions, scores, the distance of their distributions."""
    log, other = logs()
    report = compare_shadow(*tables(log, other))
    live, shadow = log["score"], other["score"]
    whole = report.overall
    assert (2000, 2000, 2000) == (report.answered, report.compared, whole.rows)
    assert int(((live < 0.5) & (shadow >= 0.5)).sum()) == whole.to_positive
    assert int(((live >= 0.5) & (shadow < 0.5)).sum()) == whole.to_negative
    assert pytest.approx(np.abs(shadow - live).mean()) == whole.mean_change
    farthest = np.abs(shadow - live).argmax()
    assert (shadow - live)[farthest] == whole.largest_change
    cuts = np.concatenate([live, shadow])
    distances = [abs((live <= cut).mean() - (shadow <= cut).mean()) for cut in cuts]
    assert pytest.approx(max(distances)) == whole.shift
    assert np.percentile(log["took_us"], 99) == report.live_latency.p99_us
    assert np.median(other["took_us"]) == report.shadow_latency.p50_us


def test_slices_that_change_most_come_first():
    """By the share of flipped decisions; small ones are counted and left out."""
    report = compare_shadow(*tables(*logs()), slices=[("origin",), ("origin", "night")])
    flips = [each.flipped for each in report.slices]
    assert sorted(flips, reverse=True) == flips
    assert "EWR" == report.slices[0].values[0]
    singles = {each.values[0]: each.rows for each in report.slices if each.by == ("origin",)}
    assert {"JFK", "LGA", "EWR"} == set(singles)
    assert 3 == report.small
    assert 2000 > sum(singles.values()) > 1900


def test_quality_is_a_paired_difference():
    """On the rows whose outcome is known, with an interval that is narrower than both together."""
    log, other = logs()
    report = compare_shadow(*tables(log, other), slices=[("origin",)])
    known = np.array(log["has_outcome"])
    assert int(known.sum()) == report.labelled
    labels = np.array(log["outcome"], dtype=float)[known]
    auc, loss = report.overall.quality["roc_auc"], report.overall.quality["log_loss"]
    assert pytest.approx(compute("roc_auc", labels, log["score"][known])) == auc.live.value
    assert pytest.approx(compute("roc_auc", labels, other["score"][known])) == auc.shadow.value
    assert pytest.approx(auc.shadow.value - auc.live.value) == auc.difference.value
    assert 0 < auc.difference.low < auc.difference.high
    assert (True, False) == (auc.higher_is_better, loss.higher_is_better)
    by_origin = {each.values[0]: each.quality for each in report.slices}
    assert by_origin["JFK"]["log_loss"].difference.high < 0
    assert (
        by_origin["EWR"]["log_loss"].difference.value
        > by_origin["JFK"]["log_loss"].difference.value
    )


def test_values_are_judged_by_their_errors():
    """Outcomes that are numbers have neither classes nor probabilities."""
    log, other = logs()
    log["outcome"] = [float(x) + 0.01 for x in log["score"]]
    report = compare_shadow(*tables(log, other))
    assert ["mae", "rmse"] == [*report.overall.quality]
    assert report.overall.quality["mae"].difference.low > 0


def test_without_outcomes_nothing_is_said_of_quality():
    """All else is."""
    report = compare_shadow(*tables(*logs(outcomes=False)))
    assert ({}, 0, 2000) == (report.overall.quality, report.labelled, report.overall.rows)


def test_what_the_shadow_could_not_answer():
    """How many rows, and why; they are in no other figure."""
    log, other = logs(400)
    other["score"] = [None if n < 30 else float(x) for n, x in enumerate(other["score"])]
    other["because"] = ["storage-error"] * 20 + [None] * 380
    log["score"] = [None if n >= 395 else float(x) for n, x in enumerate(log["score"])]
    report = compare_shadow(*tables(log, other), slices=[("night",)])
    assert (365, 30, 5) == (
        report.overall.rows,
        report.overall.unanswered,
        report.live_unanswered,
    )
    assert {"storage-error": 20, "no finite score": 10} == report.because
    assert 30 == sum(each.unanswered for each in report.slices)


def test_what_the_shadow_has_not_done_yet_is_not_compared():
    """It lags behind; an id that is there twice counts once."""
    log, other = logs(400)
    answered, shadow = tables(log, other, part=slice(0, 250))
    report = compare_shadow(answered, shadow.concat(shadow))
    assert (400, 250) == (report.answered, report.compared)


def test_nothing_at_all():
    """No row is compared, and nothing is divided by it."""
    log, other = logs(10)
    answered, shadow = tables(log, other)
    report = compare_shadow(answered, shadow.head(0), slices=[("origin",)])
    assert (10, 0, 0.0, 0.0) == (
        report.answered,
        report.compared,
        report.overall.flipped,
        report.overall.shift,
    )
    assert () == report.slices


def test_a_slice_of_what_is_not_there():
    """The nearest name is said."""
    with pytest.raises(UnknownName, match="Did you mean 'origin'"):
        compare_shadow(*tables(*logs(10)), slices=[("orgin",)])


def test_the_same_seed_gives_the_same_report():
    """Intervals are drawn by it."""
    both = tables(*logs(600))
    assert compare_shadow(*both, seed=3) == compare_shadow(*both, seed=3)
    assert compare_shadow(*both, seed=3) != compare_shadow(*both, seed=4)
