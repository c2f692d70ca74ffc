"""How often a canary is judged wrongly, and how soon rightly; beside a z-test at every look, and a sequential test of one thing."""

from __future__ import annotations

import math
import statistics
from typing import NamedTuple

import numpy as np

from benchmarks.harness import Row, best_times
from interplane.monitoring.canary import decide
from interplane.monitoring.canary_policy import CanaryPolicy
from interplane.monitoring.layout import LATENCY_EDGES_US
from interplane.monitoring.tally import Moments, Tally

_ROLLOUTS = 100
_LOOKS = 60
_STEP, _LIVE_STEP = 150, 1350
_ALPHA = 0.05
_POLICY = CanaryPolicy(alpha=_ALPHA, audit=False)
_EDGES = np.linspace(0.1, 0.9, 9)


class _End(NamedTuple):
    action: str
    rows: int
    z_test: bool


def run() -> list[Row]:
    """Simulate rollouts that are looked at as rows come in, and time one decision."""
    good = [_rollout(seed, until="") for seed in range(_ROLLOUTS)]
    edge = [_rollout(1000 + seed, nulls=_POLICY.errors, until="") for seed in range(_ROLLOUTS)]
    return [
        _wrong("good canaries rolled back, of 100 with 60 looks each", good),
        _wrong("canaries at the margin of errors rolled back", edge),
        _found("rows until 5 % failed requests are found", 2000, nulls=0.05),
        _found("rows until 2.5 % failed requests are found", 3000, nulls=0.025),
        _promoted(),
        _time(),
    ]


def _wrong(work: str, ends: list[_End]) -> Row:
    ours = 100 * sum(end.action == "roll back" for end in ends) / len(ends)
    z_tests = 100 * sum(end.z_test for end in ends) / len(ends)
    return Row(work, "%", ours, {"z-tests at 0.05, every look: positives, failures": z_tests})


def _found(work: str, seed: int, *, nulls: float) -> Row:
    ends = [_rollout(seed + number, nulls=nulls, until="roll back") for number in range(50)]
    rows = [end.rows for end in ends if end.action == "roll back"]
    # Wald's bound: what a sequential test of this one thing needs, which knows both rates.
    margin = _POLICY.errors
    gain = nulls * math.log(nulls / margin) + (1 - nulls) * math.log((1 - nulls) / (1 - margin))
    return Row(
        work,
        "rows",
        statistics.median(rows) if rows else float("nan"),
        {"Wald's least of a test that knows both rates": math.log(1 / _ALPHA) / gain},
        f"found in {len(rows)} of 50 rollouts within {_LOOKS * _STEP:,} rows, in steps of {_STEP}",
    )


def _promoted() -> Row:
    ends = [_rollout(4000 + number, until="promote") for number in range(30)]
    rows = [end.rows for end in ends if end.action == "promote"]
    needed = math.ceil(2 * 0.2 * 0.8 * ((1.645 + 0.84) / _POLICY.positive_rate) ** 2)
    return Row(
        "rows until a good canary is shown to be within every margin",
        "rows",
        statistics.median(rows) if rows else float("nan"),
        {"one look at positives alone, planned, with power 0.8": needed},
        f"promoted in {len(rows)} of 30 rollouts within {_LOOKS * _STEP:,} rows",
    )


def _time() -> Row:
    draw = np.random.default_rng(1)
    live, canary = _rows(draw, 50_000), _rows(draw, 5_000)
    times = best_times({"one": lambda: _decide(live, canary, 7)}, number=20)
    return Row("one decision from two tallies", "ms", times["one"] * 1000)


def _rollout(seed: int, *, until: str, nulls: float = 0.0) -> _End:
    """Let rows come in and look, until it ends so or the looks are over."""
    draw = np.random.default_rng(seed)
    live = canary = Tally()
    z_test = False
    action = "go on"
    for look in range(1, _LOOKS + 1):
        live, canary = live + _rows(draw, _LIVE_STEP), canary + _rows(draw, _STEP, nulls=nulls)
        z_test = z_test or _is_far(live, canary)
        action = _decide(live, canary, look)
        if action == "roll back" or (until and action == until):
            break
    return _End(action, canary.rows, z_test)


def _decide(live: Tally, canary: Tally, look: int) -> str:
    elapsed_s = 120.0 * look + 3600
    return decide(live, canary, refused=0, elapsed_s=elapsed_s, policy=_POLICY, look=look).action


def _is_far(live: Tally, canary: Tally) -> bool:
    """What one would write oneself: whether positives differ, or more than 1 % fail, by a z-test."""
    p, q = canary.positive / canary.rows, live.positive / live.rows
    error = math.sqrt(p * (1 - p) / canary.rows + q * (1 - q) / live.rows)
    failed, margin = canary.columns["score"][-1] / canary.rows, _POLICY.errors
    more = (failed - margin) / math.sqrt(margin * (1 - margin) / canary.rows)
    return abs(p - q) / error > 1.96 or more > 1.645


def _rows(draw: np.random.Generator, count: int, *, nulls: float = 0.0) -> Tally:
    scores = 1 / (1 + np.exp(-draw.normal(-1, 1.2, count)))
    scores = scores[draw.random(count) >= nulls]
    bins = np.bincount(np.searchsorted(_EDGES, scores), minlength=len(_EDGES) + 1)
    took = draw.lognormal(math.log(300), 0.5, count)
    places = np.searchsorted(LATENCY_EDGES_US, took)
    return Tally(
        rows=count,
        columns={
            "score": (*bins.tolist(), 0, count - len(scores)),
            "took_us": (*np.bincount(places, minlength=len(LATENCY_EDGES_US) + 1).tolist(), 0, 0),
        },
        positive=int((scores >= 0.5).sum()),
        moments={
            "score": Moments(
                count=len(scores),
                total=float(scores.sum()),
                squares=float((scores**2).sum()),
            )
        },
    )
