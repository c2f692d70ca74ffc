"""Sums of floats that do not depend on the order: exact, and rounded once."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["exact_sum"]


def exact_sum(values: Sequence[float]) -> float | None:
    """Return the sum, exact and then rounded once; the order of the values is no matter.

    Null where it is undefined: for infinities of both signs, or a sum beyond the largest float.

    >>> exact_sum([1e16, 1.0, -1e16]), exact_sum([math.inf, -math.inf])
    (1.0, None)
    """
    try:
        total = math.fsum(values)
    except ValueError:  # infinities of both signs
        return None
    except OverflowError:  # on the way, whatever the end is
        return _slow_sum(values)
    return total + 0.0


def _slow_sum(values: Sequence[float]) -> float | None:
    infinite = {value for value in values if math.isinf(value)}
    if infinite:
        return infinite.pop() if len(infinite) == 1 else None
    try:
        return float(sum(map(Fraction, values), Fraction())) + 0.0
    except OverflowError:
        return None
