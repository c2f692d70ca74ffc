"""Is one group worse than another by more than a margin? Bounds of p that need no approximation.

For a share ``k/n`` of independent rows, ``P(n KL(k/n || p) >= x)`` on one side is at most ``exp(-x)``
(Chernoff). For two groups the sum of both is at most as large as a sum of two exponential variables:
``P(sum >= x) <= (1 + x) exp(-x)``. The least sum over all pairs of shares within the hypothesis is
what the data speak against it with.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "mean_above",
    "share_above",
    "share_above_half",
    "share_at_most",
    "share_below",
    "spent",
]

_STEPS = 30
_GOLDEN = (math.sqrt(5) - 1) / 2


def spent(alpha: float, look: int) -> float:
    """Return the part of ``alpha`` that the look of a number (from 1) may use.

    The parts of all looks, however many there are, add up to ``alpha``.

    >>> (
    ...     [spent(0.05, look) for look in (1, 2)],
    ...     round(sum(spent(0.05, k) for k in range(1, 9999)), 4),
    ... )
    ([0.025, 0.008333333333333333], 0.05)
    """
    return alpha / (look * (look + 1))


def share_above(k: int, n: int, other_k: int, other_n: int, margin: float) -> float:
    """Return a bound of the chance of these counts if the share is at most the other's + margin.

    Args:
        k: rows of the group that have it.
        n: rows of the group.
        other_k: rows of the other group that have it.
        other_n: rows of the other group.
        margin: the difference of shares, from -1 to 1.

    >>> share_above(50, 1000, 0, 9000, 0.01) < 1e-9
    True
    >>> share_above(15, 1000, 90, 9000, 0.01)
    1.0
    """
    if n == 0 or other_n == 0:
        return 1.0
    share, other = k / n, other_k / other_n
    if share - other <= margin:
        return 1.0
    # The pair of shares that fits best lies on the margin, between what both groups say.
    low, high = max(other, -margin, 0.0), min(share - margin, 1.0, 1.0 - margin)
    against = _least(
        lambda q: n * _divergence(share, q + margin) + other_n * _divergence(other, q), low, high
    )
    return 0.0 if math.isinf(against) else (1 + against) * math.exp(-against)


def share_below(k: int, n: int, other_k: int, other_n: int, margin: float) -> float:
    """Return a bound of the chance of these counts if the share is at least the other's + margin.

    >>> share_below(0, 2000, 0, 9000, 0.01) < 0.001
    True
    """
    return share_above(n - k, n, other_n - other_k, other_n, -margin)


def share_above_half(k: int, n: int) -> float:
    """Return a bound of the chance of ``k`` of ``n`` if the share is at most a half.

    >>> share_above_half(50, 100), round(share_above_half(70, 100), 6)
    (1.0, 0.000267)
    """
    if n == 0 or k / n <= 0.5:
        return 1.0
    return math.exp(-n * _divergence(k / n, 0.5))


def share_at_most(k: int, n: int, *, confidence: float) -> float:
    """Return the share that the true one is at most, with this confidence (Clopper and Pearson 1934).

    >>> round(share_at_most(0, 500, confidence=0.95), 5), share_at_most(3, 3, confidence=0.95)
    (0.00597, 1.0)
    """
    if k >= n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(_STEPS * 2):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(k, n, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(k: int, n: int, share: float) -> float:
    """Return the chance of at most ``k`` of ``n``."""
    if not 0 < share < 1:
        return 1.0 if share <= 0 else 0.0
    whole, log_share, log_rest = math.lgamma(n + 1), math.log(share), math.log1p(-share)
    terms = (
        whole - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_share + (n - i) * log_rest
        for i in range(k + 1)
    )
    return math.fsum(map(math.exp, terms))


def mean_above(difference: float, error: float, margin: float, rows: int) -> float:
    """Return a bound of the chance of a difference of means if the true one is at most the margin.

    ``exp(-z^2 / 2)`` of the self-normalised difference: it holds for symmetric errors at any number
    of rows (Efron 1969), and is an approximation for others, which gets better with the rows.

    Args:
        difference: what was found.
        error: its standard error, estimated.
        margin: the hypothesis.
        rows: of the smaller group.

    >>> mean_above(0.1, 0.01, 0.2, 1000), mean_above(0.3, 0.01, 0.2, 1000) < 1e-19
    (1.0, True)
    """
    beyond = difference - margin
    if not beyond > 0 or rows < 2 or not math.isfinite(error):
        return 1.0
    # A difference without any spread is as sure as its rows allow.
    z2 = (beyond / error) ** 2 if error > 0 else math.inf
    normalised = rows if math.isinf(z2) else z2 * rows / (rows + max(z2 - 1, 0.0))
    return math.exp(-normalised / 2)


def _divergence(p: float, q: float) -> float:
    """Return the Kullback-Leibler divergence of two shares, in nats.

    A share by rounding beyond 0 or 1 is taken as that.
    """
    q = min(max(q, 0.0), 1.0)
    found = 0.0
    for one, other in ((p, q), (1 - p, 1 - q)):
        if one > 0:
            if other <= 0:
                return math.inf
            found += one * math.log(one / other)
    return max(found, 0.0)


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the least value of a convex function between two places: golden section."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return min(at_left, at_right)
