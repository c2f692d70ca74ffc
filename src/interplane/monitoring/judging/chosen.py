"""Chance where the reference itself decided the bins: the categories of a baseline.

A baseline has never seen what is "never seen", and its most frequent categories are the ones that
chance favoured in it: neither is so in the next window, though nothing changed. Edges of numbers need
no such care: how many rows of a window are below the k-th row of the baseline is hypergeometric too.

*Never seen*: each category that the baseline has once would have been never seen without that row
(I. J. Good, The population frequencies of species, 1953). So its own share of the never seen is that
of the categories that it has once; those that it may have once or twice are counted, which is more.

*The most frequent*: only that they became less frequent could be because they were chosen. A category
was chosen as it had enough rows. Given that it had, the chance of as many rows as it had is the chance
of as many, over the chance of enough. All others together are not looked at; they grow where those
shrink.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from interplane.monitoring.judging.bounds import Looked, share_bound, share_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from interplane.monitoring.judging.bounds import Floats
    from interplane.monitoring.layout import Bins

__all__ = ["chosen_bound", "count_rare", "pool_rare"]

_RARE = 2


def count_rare(bins: Bins, counts: Sequence[int]) -> int:
    """Return how many categories some rows of a baseline may have once or twice, at most.

    Args:
        bins: the bins of categories that the baseline decided.
        counts: its rows of each bin, or those of a slice.

    >>> from interplane.monitoring.layout import Bins
    >>> bins = Bins(column="row.dest", kind="categories", categories=("ORD", "LEX"), known=("HDN",))
    >>> count_rare(bins, [900, 1, 40, 0, 0])
    2
    """
    categories = len(bins.categories)
    few = sum(0 < count <= _RARE for count in counts[:categories])
    return few + min(len(bins.known), counts[categories])


def pool_rare(bins: Bins, counts: Sequence[int]) -> list[int]:
    """Return counts with what was never seen among the other rare categories, if there are any.

    Which of the rare ones a baseline has seen is chance, so a distance must not tell them apart.

    >>> from interplane.monitoring.layout import Bins
    >>> bins = Bins(column="row.dest", kind="categories", categories=("ORD",), known=("HDN", "LEX"))
    >>> pool_rare(bins, [900, 40, 3, 0])
    [900, 43, 0, 0]
    """
    pooled = list(counts)
    if bins.known:
        pooled[len(bins.categories)] += pooled[bins.odd]
        pooled[bins.odd] = 0
    return pooled


def chosen_bound(
    bins: Bins, counts: NDArray[np.int64], reference: NDArray[np.int64], whole: Sequence[int]
) -> Looked:
    """Return a bound of the chance that any bin of a cell moves as far as the one that moved most.

    As `bounds.bins_bound` does, for categories that the reference decided.

    Args:
        bins: the bins.
        counts: the rows of each bin, (cells, bins).
        reference: those of the baseline, of the same shape: of all its rows, or of slices of it.
        whole: the rows of each bin of all rows of the baseline.
    """
    rows, reference_rows = counts.sum(1, keepdims=True), reference.sum(1, keepdims=True)
    up, down = share_bounds(counts, rows, reference, reference_rows)
    both = counts + reference
    asked = (both > 0) & (both < rows + reference_rows)
    rare = np.array([[count_rare(bins, each)] for each in reference.tolist()])
    odd = slice(bins.odd, bins.odd + 1)
    up[:, odd] = share_bound(
        counts[:, odd],
        rows,
        np.minimum(np.maximum(reference[:, odd], rare), reference_rows),
        reference_rows,
    )
    down[:, odd] = 1.0
    if bins.known:
        kept = slice(0, len(bins.categories))
        enough = reference[:, kept] - (np.array(whole)[kept] - min(whole[kept]))
        down[:, kept] = np.minimum(
            1.0,
            down[:, kept] / _chance_of_enough(both[:, kept], enough, rows, reference_rows),
        )
        asked[:, len(bins.categories)] = False
    p = np.where(asked, np.minimum(up, down), 1.0)
    place = p.argmin(1)
    smallest = p.min(1)
    looks = np.maximum(asked.sum(1), 1)
    return Looked(np.minimum(1.0, 2 * looks * smallest), place, np.zeros(len(place), np.bool_))


def _chance_of_enough(
    both: NDArray[np.int64],
    enough: NDArray[np.int64],
    rows: NDArray[np.int64],
    reference_rows: NDArray[np.int64],
) -> Floats:
    """Return at least the chance that so many of the rows of both samples are the reference's."""
    most = np.clip(enough - 1, 0, None)
    left = both - most
    possible = (enough > 0) & (left <= rows)
    fewer = share_bound(np.minimum(left, rows), rows, most, reference_rows)
    chance: Floats = np.where(possible, np.maximum(1 - fewer, 1e-300), 1.0)
    return chance
