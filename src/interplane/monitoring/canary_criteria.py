"""What a canary is judged by, one function a criterion: from two tallies to a `Criterion`."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

from interplane.monitoring.layout import LATENCY_EDGES_US
from interplane.monitoring.margins import mean_above, share_above, share_above_half, share_below
from interplane.monitoring.tally import Moments
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.monitoring.canary_policy import CanaryPolicy
    from interplane.monitoring.tally import Tally

__all__ = ["JUDGES", "Criterion", "Groups", "active", "quality_of"]

_P99 = 0.99


class Criterion(Value, frozen=True, kw_only=True):
    """One criterion, and what was found.

    Attributes:
        name: the criterion.
        live: the figure of the live crossing.
        canary: the figure of the canary.
        effect: how far the canary is off, in the unit of the margin.
        margin: what would be put up with.
        p_harm: a bound of the chance of this if the canary were within the margin.
        p_fine: a bound of the chance of this if it were beyond.
        unjudged: why it cannot be judged; empty if it can.
        state: what follows, once the level is known.
    """

    name: str
    live: float | None = None
    canary: float | None = None
    effect: float = 0.0
    margin: float = 0.0
    p_harm: float = 1.0
    p_fine: float = 1.0
    unjudged: str = ""
    state: Literal["harmed", "fine", "open", "unjudged"] = "open"


class Counted(NamedTuple):
    """How many of how many rows."""

    rows: int
    of: int

    @property
    def share(self) -> float | None:
        """The share; None of nothing."""
        return self.rows / self.of if self.of else None


class Groups(NamedTuple):
    """Both groups of rows."""

    live: Tally
    canary: Tally
    refused: int
    policy: CanaryPolicy


def active(policy: CanaryPolicy, kind: str) -> list[str]:
    """Return the names of the criteria that models of a kind are judged by."""
    classes = ("positive_rate", "mean_score", "scores", "auc", "log_loss")
    values = ("mean_score", "scores", "mae")
    names = ("errors", "slow", "latency", *(values if kind == "regression" else classes))
    return [name for name in names if name not in policy.leave_out]


def quality_of(name: str) -> bool:
    """Return whether a criterion needs outcomes."""
    return name in {"auc", "log_loss", "mae"}


def _errors(groups: Groups) -> Criterion:
    """Requests that it could not answer, and answers without a score."""
    live, canary = groups.live, groups.canary
    now = Counted(groups.refused + _nulls(canary), groups.refused + canary.rows)
    return _share("errors", now, Counted(_nulls(live), live.rows), groups.policy.errors)


def _slow(groups: Groups) -> Criterion:
    """Requests above the edge below which 99 of 100 of the live crossing's are."""
    live, canary = _latencies(groups.live), _latencies(groups.canary)
    if not sum(live) or not sum(canary):
        return Criterion(name="slow", margin=groups.policy.slow, unjudged="no latency was counted")
    place = _place(live, _P99)
    before, now = (Counted(sum(counts[place + 1 :]), sum(counts)) for counts in (live, canary))
    return _share("slow", now, before, groups.policy.slow)


def _latency(groups: Groups) -> Criterion:
    """Whether more than half take longer than so many times the live median's bin.

    It tells latencies apart as the bins do: they are a third wider each.
    """
    live, canary = _latencies(groups.live), _latencies(groups.canary)
    margin = groups.policy.latency
    if not sum(live) or not sum(canary):
        return Criterion(name="latency", margin=margin, unjudged="no latency was counted")
    usual, now = _edge(_place(live, 0.5)), _edge(_place(canary, 0.5))
    bound = sum(1 for edge in LATENCY_EDGES_US if edge < usual * margin)
    above, count = sum(canary[bound + 1 :]), sum(canary)
    return Criterion(
        name="latency",
        live=usual,
        canary=now,
        effect=now / usual,
        margin=margin,
        p_harm=share_above_half(above, count),
        p_fine=share_above_half(count - above, count),
    )


def _positive_rate(groups: Groups) -> Criterion:
    before, now = (Counted(each.positive, each.rows) for each in (groups.live, groups.canary))
    return _share("positive_rate", now, before, groups.policy.positive_rate, either=True)


def _mean_score(groups: Groups) -> Criterion:
    """The mean score, in standard deviations of the live crossing's scores."""
    live, canary = _moments(groups.live, "score"), _moments(groups.canary, "score")
    spread = math.sqrt(live.variance) if live.count > 1 else 0.0
    found = _means("mean_score", live, canary, groups.policy.mean_score * spread, either=True)
    if not spread > 0:
        return Criterion(name="mean_score", unjudged="the live scores do not differ")
    return _in_units(found, spread)


def _scores(groups: Groups) -> Criterion:
    """The greatest difference of the shares below any edge (Kolmogorov and Smirnov's)."""
    name, margin = "scores", groups.policy.scores
    live, canary = groups.live.columns.get("score", ()), groups.canary.columns.get("score", ())
    before, now = list(live[:-2]), list(canary[:-2])
    if not any(now) or not any(before):
        return Criterion(name=name, margin=margin, unjudged="no scores were counted")
    of_now, of_before = sum(now), sum(before)
    cuts = [
        _share(name, Counted(k, of_now), Counted(other, of_before), margin, either=True)
        for k, other in list(zip(accumulate(now), accumulate(before), strict=True))[:-1]
    ]
    if not cuts:
        return Criterion(name=name, margin=margin, unjudged="all scores are in one bin")
    worst = max(cuts, key=lambda cut: abs(cut.effect))
    return Criterion(
        name=name,
        live=worst.live,
        canary=worst.canary,
        effect=worst.effect,
        margin=margin,
        p_harm=min(1.0, min(cut.p_harm for cut in cuts) * len(cuts)),
        p_fine=max(cut.p_fine for cut in cuts),
    )


def _auc(groups: Groups) -> Criterion:
    live, canary = _ranked(groups.live), _ranked(groups.canary)
    margin = groups.policy.auc
    if live is None or canary is None:
        return Criterion(name="auc", margin=margin, unjudged="outcomes of one class only")
    drop, error = live.value - canary.value, math.hypot(live.error, canary.error)
    rows = min(live.rows, canary.rows)
    return Criterion(
        name="auc",
        live=live.value,
        canary=canary.value,
        effect=drop,
        margin=margin,
        p_harm=mean_above(drop, error, margin, rows),
        p_fine=mean_above(-drop, error, -margin, rows),
    )


def _log_loss(groups: Groups) -> Criterion:
    live, canary = _moments(groups.live, "log_loss"), _moments(groups.canary, "log_loss")
    return _means("log_loss", live, canary, groups.policy.log_loss)


def _mae(groups: Groups) -> Criterion:
    """The mean absolute error; the margin is a part of the live crossing's."""
    live = _moments(groups.live, "absolute_error")
    canary = _moments(groups.canary, "absolute_error")
    if not live.count or not live.mean > 0:
        return Criterion(name="mae", unjudged="the live crossing makes no error to compare with")
    return _in_units(_means("mae", live, canary, groups.policy.mae * live.mean), live.mean)


JUDGES: dict[str, Callable[[Groups], Criterion]] = {
    "errors": _errors,
    "slow": _slow,
    "latency": _latency,
    "positive_rate": _positive_rate,
    "mean_score": _mean_score,
    "scores": _scores,
    "auc": _auc,
    "log_loss": _log_loss,
    "mae": _mae,
}
"""The judge of each criterion."""


# ---- inside -------------------------------------------------------------------------------


def _share(
    name: str, canary: Counted, live: Counted, margin: float, *, either: bool = False
) -> Criterion:
    above, fine = share_above(*canary, *live, margin), share_below(*canary, *live, margin)
    if either:
        below = share_below(*canary, *live, -margin)
        above = min(1.0, 2 * min(above, below))
        fine = max(fine, share_above(*canary, *live, -margin))
    before, now = live.share, canary.share
    return Criterion(
        name=name,
        live=before,
        canary=now,
        effect=0.0 if before is None or now is None else now - before,
        margin=margin,
        p_harm=above,
        p_fine=fine,
    )


def _means(
    name: str, live: Moments, canary: Moments, margin: float, *, either: bool = False
) -> Criterion:
    if live.count < 2 or canary.count < 2:
        return Criterion(name=name, margin=margin)
    difference = canary.mean - live.mean
    error = math.sqrt(live.variance / live.count + canary.variance / canary.count)
    rows = min(live.count, canary.count)
    harm = mean_above(difference, error, margin, rows)
    fine = mean_above(-difference, error, -margin, rows)
    if either:
        harm = min(1.0, 2 * min(harm, mean_above(-difference, error, margin, rows)))
        fine = max(fine, mean_above(difference, error, -margin, rows))
    return Criterion(
        name=name,
        live=live.mean,
        canary=canary.mean,
        effect=difference,
        margin=margin,
        p_harm=harm,
        p_fine=fine,
    )


def _in_units(found: Criterion, unit: float) -> Criterion:
    """Return a criterion with its effect and margin in another unit."""
    plain = found.to_dict()
    return Criterion(**{**plain, "effect": found.effect / unit, "margin": found.margin / unit})


class _Ranked(NamedTuple):
    value: float
    error: float
    rows: int


def _ranked(tally: Tally) -> _Ranked | None:
    """Return the AUC of a tally, and its error by DeLong's method; ties count half."""
    positives, negatives = sum(tally.true_ranks), sum(tally.false_ranks)
    if positives < 2 or negatives < 2:
        return None
    of_true = of_false = Moments()
    below_true = below_false = 0
    for true, false in zip(tally.true_ranks, tally.false_ranks, strict=True):
        of_true += _repeated((below_false + false / 2) / negatives, true)
        of_false += _repeated(1 - (below_true + true / 2) / positives, false)
        below_true, below_false = below_true + true, below_false + false
    error = math.sqrt(of_true.variance / positives + of_false.variance / negatives)
    return _Ranked(of_true.mean, error, min(positives, negatives))


def _repeated(value: float, count: int) -> Moments:
    return Moments(count=count, total=value * count, squares=value * value * count)


def _moments(tally: Tally, name: str) -> Moments:
    return tally.moments.get(name, Moments())


def _nulls(tally: Tally) -> int:
    """Return how many answers had no score, or none that is a finite number."""
    return sum(tally.columns.get("score", (0, 0))[-2:])


def _latencies(tally: Tally) -> tuple[int, ...]:
    """Return the rows of each bin of latency, without those of null and of what is not finite."""
    return tally.columns.get("took_us", ())[:-2]


def _place(counts: tuple[int, ...], share: float) -> int:
    """Return the first bin up to which there is at least this share."""
    least = share * sum(counts)
    return next(place for place, up_to in enumerate(accumulate(counts)) if up_to >= least)


def _edge(place: int) -> float:
    return LATENCY_EDGES_US[min(place, len(LATENCY_EDGES_US) - 1)]
