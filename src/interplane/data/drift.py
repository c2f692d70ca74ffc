"""How far two distributions over the same bins are apart: effect sizes, not tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MEASURES", "jensen_shannon", "l_infinity", "psi"]

_HALF = 0.5


def psi(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index: the sum of (q - p) · ln(q / p) over bins.

    Half a row is added to each bin, so that an empty one gives a large number and not infinity.
    Below 0.1 is usual, above 0.25 is a change that matters (the industry's rule of thumb).

    >>> round(psi([50, 50], [90, 10]), 3)
    0.853
    """
    p, q = _shares(before, _HALF), _shares(after, _HALF)
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))


def jensen_shannon(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the Jensen-Shannon distance (base 2): 0 for the same shares, 1 for none in common.

    >>> jensen_shannon([10, 0], [0, 10])
    1.0
    """
    p, q = _shares(before), _shares(after)
    terms = []
    for a, b in zip(p, q, strict=True):
        middle = (a + b) / 2
        terms += [share / 2 * math.log2(share / middle) for share in (a, b) if share]
    return math.sqrt(min(1.0, max(0.0, math.fsum(terms))))


def l_infinity(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the largest change of a bin's share.

    >>> l_infinity([50, 50], [90, 10])
    0.4
    """
    p, q = _shares(before), _shares(after)
    return max((abs(b - a) for a, b in zip(p, q, strict=True)), default=0.0)


MEASURES = {"psi": psi, "jensen_shannon": jensen_shannon, "l_infinity": l_infinity}
"""The measures by the names that a schema file uses."""


def _shares(counts: Sequence[int], added: float = 0.0) -> list[float]:
    total = sum(counts) + added * len(counts)
    return [(count + added) / total if total else 0.0 for count in counts]
