"""How likely chance moves a share that far: upper bounds that hold for any number of rows.

Two samples of one population: of all their rows K are in a bin, and how many of the first sample's
are is hypergeometric. The hypergeometric and the binomial distribution are log-concave: in a tail
each term is at most the ratio of its first two times the one before. So a tail is at most its first
term / (1 - that ratio), which holds for every size and is nearly exact where it matters. It is never
above Chvátal's bound exp(-n KL(k/n, K/N)) where that is below one half (V. Chvátal, The tail of the
hypergeometric distribution, 1979; the tests hold both).

Means and ranks: the difference over its error, where the error is the larger of two estimates, each
taken around the mean of all rows. Such a ratio z cannot grow without limit in a small sample, and
2 exp(-z² / 2) is above what normal and Student's tails say of it (B. Efron, Student's t-test under
symmetry conditions, 1969).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Looked",
    "binomial_bound",
    "bins_bound",
    "self_normalised",
    "share_bound",
    "share_bounds",
    "z_bound",
]

Floats = NDArray[np.float64]

_TABLE: Final = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, 257)))))
_HALF_LOG_TAU: Final = 0.9189385332046727
_ROUNDING: Final = 64 * float(np.finfo(np.float64).eps)


class Looked(NamedTuple):
    """What looking at all bins of some cells gave.

    Attributes:
        p: for each cell, the bound, with every bin and cut that was looked at.
        place: for each cell, the bin or cut that chance explains least.
        cut: whether it is a cut: all bins up to that place together.
    """

    p: Floats
    place: NDArray[np.int64]
    cut: NDArray[np.bool_]


def share_bound(
    hits: ArrayLike, rows: ArrayLike, reference_hits: ArrayLike, reference_rows: ArrayLike
) -> Floats:
    """Return a bound of the chance that a share is at least that far above the reference's.

    Both are samples of one population under chance alone. One-sided; see `share_bounds`.

    Args:
        hits: the rows of the sample that have it; any shapes that go together.
        rows: all its rows.
        reference_hits: those of the other sample.
        reference_rows: all rows of the other sample.

    >>> round(float(share_bound(1, 1, 0, 1)), 9), float(share_bound(5, 10, 50, 100))
    (0.5, 1.0)
    >>> bool(share_bound(98, 1000, 310, 10_000) < 1e-15)
    True
    """
    return share_bounds(hits, rows, reference_hits, reference_rows)[0]


def share_bounds(
    hits: ArrayLike, rows: ArrayLike, reference_hits: ArrayLike, reference_rows: ArrayLike
) -> tuple[Floats, Floats]:
    """Return bounds of the chance to be at least that far above the reference's share, and below it.

    Twice the smaller is a bound for both sides. See `share_bound` for the arguments.

    >>> up, down = share_bounds(98, 1000, 310, 10_000)
    >>> bool(up < 1e-15), float(down)
    (True, 1.0)
    """
    k, n, j, m = (
        np.asarray(each, np.float64) for each in (hits, rows, reference_hits, reference_rows)
    )
    # Both tails begin with what was seen.
    first = _log_choose(n, k) + _log_choose(m, j) - _log_choose(n + m, k + j)
    up = j * (n - k) / ((k + 1) * (m - j + 1))
    down = k * (m - j) / ((j + 1) * (n - k + 1))
    seen, usual = k * m, j * n
    return (
        _tail(first, up, above=seen > usual, size=n + m),
        _tail(first, down, above=seen < usual, size=n + m),
    )


def binomial_bound(hits: ArrayLike, rows: ArrayLike, share: ArrayLike) -> Floats:
    """Return a bound of the chance of at least that many hits where the true share is at most ``share``.

    For "at most that many" ask for the rows that are no hits, and 1 - ``share``.

    >>> round(float(binomial_bound(3, 3, 0.5)), 9), float(binomial_bound(1, 10, 0.5))
    (0.125, 1.0)
    """
    k, n, q = (np.asarray(each, np.float64) for each in (hits, rows, share))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_hit = np.where(k > 0, k * np.log(q), 0.0)
        log_miss = np.where(n - k > 0, (n - k) * np.log1p(-q), 0.0)
        first = _log_choose(n, k) + log_hit + log_miss
        ratio = np.where(n - k > 0, (n - k) * q / ((k + 1) * (1 - q)), 0.0)
    return _tail(first, ratio, above=k > n * q, size=n)


def bins_bound(counts: ArrayLike, reference: ArrayLike, *, ordered: int = 0) -> Looked:
    """Return a bound of the chance that any bin of a cell moves as far as the one that moved most.

    Each bin is looked at, both ways, and where bins are ordered also each cut between them. The
    smallest bound counts, times the number of looks. A bin that no row of either sample is in was
    not looked at: that is known before it is known which sample the rows are of.

    Args:
        counts: the rows of each bin, (cells, bins).
        reference: those of the other sample, of the same shape.
        ordered: how many bins, from the first, are in order.

    >>> bins_bound([[50, 50, 0]], [[500, 500, 0]]).p.tolist()
    [1.0]
    >>> looked = bins_bound([[10, 90, 0]], [[500, 500, 0]], ordered=2)
    >>> bool(looked.p[0] < 1e-12), int(looked.place[0])
    (True, 0)
    """
    now, before = np.atleast_2d(np.asarray(counts)), np.atleast_2d(np.asarray(reference))
    rows, reference_rows = now.sum(1, keepdims=True), before.sum(1, keepdims=True)
    bins = now.shape[1]
    cuts = max(ordered - 1, 0)
    # The first cut is the first bin, and is looked at once.
    looks = [
        np.concatenate((each, each[:, :ordered].cumsum(1)[:, 1:cuts]), axis=1)
        for each in (now, before)
    ]
    k, j = looks
    one_sided = np.minimum(*share_bounds(k, rows, j, reference_rows))
    both = k + j
    asked = (both > 0) & (both < rows + reference_rows)
    p = np.where(asked, one_sided, 1.0)
    least = p.argmin(1)
    smallest = np.take_along_axis(p, least[:, None], 1)[:, 0]
    place = np.where(least < bins, least, least - bins + 1)
    return Looked(np.minimum(1.0, 2 * np.maximum(asked.sum(1), 1) * smallest), place, least >= bins)


def self_normalised(
    difference: ArrayLike,
    squares: ArrayLike,
    rows: ArrayLike,
    reference_squares: ArrayLike,
    reference_rows: ArrayLike,
) -> Floats:
    """Return the variance that the difference of two means has at most, by two estimates.

    One takes each sample's own spread (Welch), one that of all rows (as a permutation of them has
    it); both around the mean of all rows, so that a shift counts as spread.

    Args:
        difference: of the means.
        squares: the sum of squares of the sample around its own mean.
        rows: its rows.
        reference_squares: the same of the other sample.
        reference_rows: its rows.

    >>> round(float(self_normalised(0.0, 99.0, 100, 99.0, 100)), 4)
    0.0198
    """
    d, a, n, b, m = (
        np.asarray(each, np.float64)
        for each in (difference, squares, rows, reference_squares, reference_rows)
    )
    total = n + m
    own = a + n * (d * m / total) ** 2
    other = b + m * (d * n / total) ** 2
    welch = own / n**2 + other / m**2
    pooled = (own + other) / total * (1 / n + 1 / m)
    return np.maximum(welch, pooled)


def z_bound(z: ArrayLike, *, sides: int = 2) -> Floats:
    """Return a bound of the chance that a self-normalised difference is as far out.

    >>> float(z_bound(0.0)), round(float(z_bound(5.0)), 8)
    (1.0, 7.45e-06)
    """
    bound: Floats = np.minimum(1.0, sides * np.exp(-0.5 * np.square(np.asarray(z, np.float64))))
    return bound


def _tail(first: Floats, ratio: Floats, *, above: NDArray[np.bool_], size: Floats) -> Floats:
    """Bound the sum of a tail by its first term's logarithm and the ratio of the next one to it."""
    # Logarithms of factorials are as large as the rows are many, and each is rounded.
    slack = _ROUNDING * size * np.log(size + 2)
    open_ended = ~above | (ratio >= 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = np.exp(first + slack) / (1 - np.where(open_ended, 0.0, ratio))
    return np.where(open_ended, 1.0, np.minimum(1.0, bound))


def _log_choose(n: Floats, k: Floats) -> Floats:
    return _log_factorial(n) - _log_factorial(k) - _log_factorial(n - k)


def _log_factorial(n: Floats) -> Floats:
    """Logarithms of factorials: a table for few, Stirling's series (to 1 / n⁵) for many."""
    x = np.maximum(n, 255.0)
    inverse = 1 / x
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square / 1260))
    many = (x + 0.5) * np.log(x) - x + _HALF_LOG_TAU + series
    return np.where(n < 256, _TABLE[np.minimum(n, 256).astype(np.int64)], many)
