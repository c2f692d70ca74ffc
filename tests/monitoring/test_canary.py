"""The canary's decision: what it says, and how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import ConfigError
from interplane.monitoring.canary import decide
from interplane.monitoring.canary_policy import CanaryPolicy, read_policy
from interplane.monitoring.layout import LATENCY_EDGES_US
from interplane.monitoring.margins import mean_above, share_above, share_below, spent
from interplane.monitoring.tally import Moments, Tally

HOUR_S = 3600.0
SCORE_EDGES = np.linspace(0.1, 0.9, 9)
RANKS = np.linspace(0, 1, 34)[1:-1]
POLICY = CanaryPolicy(min_rows=500, audit=False)


def tally(scores, took_us, labels=None, threshold=0.5):
    """Count rows as a window does."""
    scores, took_us = np.asarray(scores), np.asarray(took_us)
    present = scores[~np.isnan(scores)]
    bins = np.bincount(np.searchsorted(SCORE_EDGES, present), minlength=len(SCORE_EDGES) + 1)
    took = np.bincount(
        np.searchsorted(LATENCY_EDGES_US, took_us), minlength=len(LATENCY_EDGES_US) + 1
    )
    counted = {
        "rows": len(scores),
        "columns": {
            "score": (*bins.tolist(), 0, int(np.isnan(scores).sum())),
            "took_us": (*took.tolist(), 0, 0),
        },
        "positive": int((present >= threshold).sum()),
        "moments": {"score": moments(present)},
    }
    if labels is not None:
        labels = np.asarray(labels, bool)
        ranks = np.searchsorted(RANKS, scores)
        loss = -np.log(np.where(labels, scores, 1 - scores))
        counted |= {
            "labelled": len(labels),
            "covered": len(labels),
            "true_ranks": tuple(np.bincount(ranks[labels], minlength=33).tolist()),
            "false_ranks": tuple(np.bincount(ranks[~labels], minlength=33).tolist()),
        }
        counted["moments"] |= {"log_loss": moments(loss)}
    return Tally(**counted)


def moments(values):
    """Sum values."""
    return Moments(
        count=len(values), total=float(np.sum(values)), squares=float(np.sum(np.square(values)))
    )


def rows(draw, count, *, shift=0.0, slower=1.0, good=1.0, labelled=False, nulls=0.0):
    """Draw rows: a score that is right about its label, and a latency."""
    truth = draw.normal(-1, 1.2, count)
    seen = good * truth + (1 - good) * draw.normal(-1, 1.2, count) + shift
    scores = np.clip(1 / (1 + np.exp(-seen)), 0.001, 0.999)
    labels = draw.random(count) < 1 / (1 + np.exp(-truth))
    scores[draw.random(count) < nulls] = np.nan
    took = draw.lognormal(math.log(300), 0.5, count) * slower
    return tally(scores, took, labels if labelled else None)


def look(live, canary, *, number=1, elapsed_s=2 * HOUR_S, refused=0, policy=POLICY, **more):
    """Decide."""
    return decide(
        live, canary, refused=refused, elapsed_s=elapsed_s, policy=policy, look=number, **more
    )


def states(decision):
    """Return the state of each criterion."""
    return {each.name: each.state for each in decision.criteria}


@pytest.fixture(scope="module")
def usual():
    """Rows of a live crossing, and of a canary that is as good."""
    draw = np.random.default_rng(1)
    return rows(draw, 80_000, labelled=True), rows(draw, 40_000, labelled=True)


def test_a_good_canary_is_promoted(usual):
    """It is within the margin of everything that is judged."""
    decision = look(*usual)
    assert "promote" == decision.action
    assert {"fine"} == set(states(decision).values())
    assert "it is within the margin of every criterion that can be judged" == decision.reasons[0]
    assert 1 + len(decision.criteria) == len(decision.reasons)


def test_it_needs_rows_and_time(usual):
    """Nothing is promoted before its time, however good it looks."""
    live, canary = usual
    early = look(live, canary, elapsed_s=1800.0)
    assert ("go on", "it has answered for 30 min of 1h") == (early.action, early.reasons[0])
    few = look(live, canary, policy=CanaryPolicy(min_rows=50_000))
    assert ("go on", "it has answered 40,000 rows of 50,000") == (few.action, few.reasons[0])


def test_at_the_deadline_it_is_shown_or_rolled_back(usual):
    """Time that is over proves nothing."""
    live, canary = usual
    draw = np.random.default_rng(2)
    few = rows(draw, 50)
    late = look(live, few, elapsed_s=8 * 24 * HOUR_S)
    assert "roll back" == late.action
    assert "after 7d it was not shown to be fit: it has answered 50 rows of 500" == late.reasons[0]
    assert "promote" == look(live, canary, elapsed_s=8 * 24 * HOUR_S).action


def test_nothing_at_all_is_no_proof():
    """A canary that nobody asked goes on, and is rolled back in the end."""
    nothing = Tally()
    assert "go on" == look(nothing, nothing).action
    assert "roll back" == look(nothing, nothing, elapsed_s=8 * 24 * HOUR_S).action


@pytest.mark.parametrize(
    ("worse", "refused", "criterion"),
    [
        ({"nulls": 0.05}, 0, "errors"),
        ({}, 400, "errors"),
        ({"slower": 4.0}, 0, "latency"),
        ({"slower": 4.0}, 0, "slow"),
        ({"shift": 0.8}, 0, "positive_rate"),
        ({"shift": -0.8}, 0, "positive_rate"),
        ({"shift": 0.8}, 0, "mean_score"),
        ({"shift": 1.5}, 0, "scores"),
        ({"good": 0.0, "labelled": True}, 0, "auc"),
        ({"good": 0.0, "labelled": True}, 0, "log_loss"),
    ],
)
def test_harm_of_each_kind_is_found(usual, worse, refused, criterion):
    """Within 8,000 rows, before its least time is over."""
    live, _ = usual
    canary = rows(np.random.default_rng(3), 8_000, **worse)
    decision = look(live, canary, refused=refused, elapsed_s=60.0, number=20)
    assert "roll back" == decision.action
    assert "harmed" == states(decision)[criterion]
    assert decision.reasons[0].startswith("harm is proved: ")


def test_harm_in_values_is_found():
    """A model of values is judged by its absolute error, and by no rate of positives."""
    draw = np.random.default_rng(4)
    live = tally(draw.normal(size=5000), np.full(5000, 300))
    worse = Tally(
        rows=3000,
        columns=live.columns,
        labelled=3000,
        moments={**live.moments, "absolute_error": moments(np.abs(draw.normal(0, 1.3, 3000)))},
    )
    live = Tally(
        rows=5000,
        columns=live.columns,
        labelled=5000,
        moments={**live.moments, "absolute_error": moments(np.abs(draw.normal(0, 1, 5000)))},
    )
    decision = look(live, worse, kind="regression")
    assert "harmed" == states(decision)["mae"]
    assert ["errors", "slow", "latency", "mean_score", "scores", "mae"] == [*states(decision)]


def test_quality_is_judged_when_there_are_outcomes():
    """Without them the rest decides, unless they are asked for."""
    draw = np.random.default_rng(5)
    live, canary = rows(draw, 40_000), rows(draw, 8_000)
    decision = look(live, canary)
    assert ("promote", "unjudged") == (decision.action, states(decision)["auc"])
    needed = look(live, canary, policy=CanaryPolicy(min_rows=500, needs_outcomes=True))
    assert "go on" == needed.action
    assert "quality has to be judged, and is not: auc, log_loss" == needed.reasons[0]


def test_what_is_left_out_is_not_judged(usual):
    """A model that answers otherwise by intent."""
    live, _ = usual
    canary = rows(np.random.default_rng(6), 8_000, shift=0.8)
    policy = CanaryPolicy(leave_out=("positive_rate", "mean_score", "scores"))
    decision = look(live, canary, policy=policy)
    assert "promote" == decision.action
    assert {"positive_rate", "mean_score", "scores"}.isdisjoint(states(decision))


def test_skew_keeps_it_from_being_promoted(usual):
    """And not from being rolled back."""
    decision = look(*usual, skewed="skew of 3 %")
    assert ("go on", "skew of 3 %") == (decision.action, decision.reasons[0])
    assert "roll back" == look(*usual, skewed="skew of 3 %", elapsed_s=8 * 24 * HOUR_S).action


# ---- how often it is wrong ----------------------------------------------------------------


def rollouts(count, *, looks, seed, step=150, live_step=1350, until=None, **worse):
    """Return what became of many rollouts that were looked at as rows came in."""
    ends = []
    policy = CanaryPolicy(min_rows=1000, alpha=0.1, leave_out=("auc", "log_loss"))
    for number in range(count):
        draw = np.random.default_rng([seed, number])
        live = canary = Tally()
        for at in range(1, looks + 1):
            live, canary = live + rows(draw, live_step), canary + rows(draw, step, **worse)
            end = look(live, canary, number=at, policy=policy, elapsed_s=120.0 * at)
            if end.action == "roll back" or (until and end.action == until):
                break
        ends.append((end.action, canary.rows))
    return ends


def test_a_good_canary_is_hardly_ever_rolled_back():
    """It is looked at 30 times in each of 60 rollouts: at most alpha of them end in a rollback."""
    ends = rollouts(60, looks=30, seed=7)
    assert sum(action == "roll back" for action, _ in ends) <= 60 * 0.1


def test_neither_is_one_at_its_margin():
    """The hardest case: 1 % of its requests get no score, which is what is put up with."""
    ends = rollouts(40, looks=20, seed=8, nulls=0.01)
    assert sum(action == "roll back" for action, _ in ends) <= 40 * 0.1


def test_harm_is_found_in_time():
    """Five requests of a hundred fail: found within 1,500 rows in 9 of 10 rollouts, however often looked."""
    ends = rollouts(30, looks=40, seed=9, nulls=0.05)
    assert sum(action == "roll back" and seen <= 1500 for action, seen in ends) >= 27


def test_one_beyond_its_margin_is_not_promoted():
    """Twice the margin of positive answers: shown to be fit in at most alpha of the rollouts."""
    ends = rollouts(30, looks=20, seed=10, shift=0.55, until="promote")
    assert sum(action == "promote" for action, _ in ends) <= 30 * 0.1


@given(
    share=st.floats(0.0, 0.2),
    margin=st.floats(0.0, 0.1),
    n=st.integers(20, 400),
    seed=st.integers(0, 1000),
)
def test_the_bound_of_shares_is_a_bound(share, margin, n, seed):
    """Of many draws on the margin at most 5 % are below 0.05, up to what such a count may vary."""
    draw = np.random.default_rng(seed)
    ours, theirs = draw.binomial(n, share + margin, 100), draw.binomial(3 * n, share, 100)
    wrong = sum(
        share_above(int(k), n, int(other), 3 * n, margin) <= 0.05
        for k, other in zip(ours, theirs, strict=True)
    )
    assert wrong <= 15


@given(
    k=st.integers(0, 50), n=st.integers(1, 50), other=st.integers(0, 90), margin=st.floats(-1, 1)
)
def test_one_side_of_a_margin_at_most_is_proved(k, n, other, margin):
    """Bounds of p are from 0 to 1, and never both small."""
    k = min(k, n)
    above, below = share_above(k, n, other, 90, margin), share_below(k, n, other, 90, margin)
    assert 0 <= above <= 1
    assert 0 <= below <= 1
    assert max(above, below) == 1


def test_levels_of_looks_add_up_to_alpha():
    """However many looks there are."""
    assert 0.05 >= sum(spent(0.05, number) for number in range(1, 100_000))


def test_no_spread_is_no_certainty():
    """Two rows that agree prove less than two thousand."""
    assert mean_above(1.0, 0.0, 0.0, 2) > 0.3
    assert mean_above(1.0, 0.0, 0.0, 2000) < 1e-100


# ---- the policy ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"min_row": 5}, "there is no setting rollout.min_row"),
        ({"min_rows": "many"}, "Expected `int`"),
        ({"min_time": "soon"}, "rollout.min_time is 'soon'"),
        ({"min_time": "8d"}, "rollout.max_time is '7d'"),
        ({"alpha": 0.7}, "rollout.alpha is 0.7"),
        ({"auc": 1.5}, "rollout.auc is 1.5"),
        ({"mae": -1.0}, "rollout.mae is -1.0"),
        ({"latency": 0.5}, "rollout.latency is 0.5"),
        ({"min_rows": 0}, "rollout.min_rows is 0"),
        ({"leave_out": ["acu"]}, "Did you mean 'auc'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(plain, message):
    """With the setting and what it should be."""
    with pytest.raises(ConfigError, match=message):
        read_policy(plain)
