"""Confidence intervals: the percentile bootstrap over rows, one stream of resamples for everything.

Each resample draws as many rows as there are, with replacement: a whole weight per row. All
metrics, all slices and the champion see the same weights, so that a difference is a paired one and
a slice costs nothing but its rows.

The rows count as independent. Where they are not (many rows of one day or one customer), the true
intervals are wider.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from interplane.errors import UsageError
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.evaluation.metrics import Statistic

__all__ = ["Estimate", "resample", "resample_weights", "summarise"]

Floats = NDArray[np.float64]

_LEAST_DEFINED: Final = 0.9
_STREAM: Final = 0x626F6F74


class Estimate(Value, frozen=True, kw_only=True):
    """A value with its interval at the evaluation's confidence.

    >>> Estimate(value=0.75, low=0.74, high=0.765).to_text()
    '0.7500 [0.7400, 0.7650]'
    """

    value: float
    low: float
    high: float

    def bound(self, confidence: float, *, of: float, upper: bool) -> float:
        """Return a one-sided bound: the truth is beyond it with probability 1 - ``confidence``.

        The interval's own side is stretched by the ratio of the normal quantiles, which keeps its
        asymmetry: no new resampling is needed to ask at another level.

        Args:
            confidence: of the one-sided bound, between 0.5 and 1.
            of: the two-sided confidence of this interval.
            upper: the upper bound, else the lower.
        """
        check_side(confidence)
        ratio = NormalDist().inv_cdf(confidence) / NormalDist().inv_cdf((1 + of) / 2)
        end = self.high if upper else self.low
        return self.value + (end - self.value) * ratio

    def to_text(self) -> str:
        """Return ``0.7480 [0.7410, 0.7550]``."""
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


def check_side(confidence: float) -> None:
    """Refuse a confidence that no one-sided bound has.

    >>> check_side(0.95)
    """
    if not 0.5 < confidence < 1:
        raise UsageError(
            f"the confidence is {confidence}",
            expected="a number between 0.5 and 1, for example 0.95",
            do="Say how sure the rule must be",
        )


def resample_weights(rows: int, *, resamples: int, seed: int) -> Iterator[Floats]:
    """Yield the weight of each row in each resample; the same for the same seed.

    >>> [int(weights.sum()) for weights in resample_weights(5, resamples=3, seed=0)]
    [5, 5, 5]
    """
    # A stream of our own: rows made by default_rng(seed) must not meet the draws that judge them.
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _STREAM])))
    for _ in range(resamples):
        drawn = rng.integers(0, rows, rows)
        yield np.bincount(drawn, minlength=rows).astype(np.float64)


def resample(
    statistics: Sequence[Statistic], rows: int, *, resamples: int, seed: int
) -> list[Floats]:
    """Return each statistic of each resample: for each an array (resamples, groups)."""
    drawn: list[list[Floats]] = [[] for _ in statistics]
    for weights in resample_weights(rows, resamples=resamples, seed=seed):
        for statistic, values in zip(statistics, drawn, strict=True):
            values.append(statistic(weights))
    return [np.array(values) for values in drawn]


def summarise(value: Floats, resampled: Floats, *, confidence: float) -> list[Estimate | None]:
    """Return the estimate of each group; None where it is undefined.

    Args:
        value: the statistic of the rows themselves, per group.
        resampled: the statistic of each resample, per group: (resamples, groups).
        confidence: of the two-sided interval.

    A group whose statistic is undefined in more than a tenth of the resamples has no interval that
    could be believed, and so no estimate.
    """
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    estimates: list[Estimate | None] = []
    for point, draws in zip(value, resampled.T, strict=True):
        defined = draws[~np.isnan(draws)]
        if np.isnan(point) or len(defined) < _LEAST_DEFINED * len(draws):
            estimates.append(None)
            continue
        low, high = np.quantile(defined, tails)
        estimates.append(Estimate(value=float(point), low=float(low), high=float(high)))
    return estimates
