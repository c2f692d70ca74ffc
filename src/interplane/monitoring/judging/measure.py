"""What a kind of metric must be able to say of tallies, so that it can be judged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.monitoring.tally import Tally

__all__ = ["NORMAL_95", "Direction", "Measure", "Moved", "Sampled", "sided", "wilson"]

Direction = Literal["either", "up", "down"]

NORMAL_95: Final = 1.959963984540054
"""The normal quantile of a two-sided interval at 95 %."""


class Sampled(NamedTuple):
    """A metric of some rows, with its interval at 95 % where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class Moved(NamedTuple):
    """How far a metric moved from its reference.

    Attributes:
        reference: the metric of the reference.
        effect: how far, in the metric's unit; below 0 where it fell.
        p: a bound of the chance of that, in the direction that was asked for.
        detail: says what moved most, if that is more than the metric itself.
    """

    reference: float | None
    effect: float
    p: float
    detail: Callable[[], str] | None = None


class Measure(Protocol):
    """One kind of metric, of one column where it is of columns.

    Attributes:
        has_value: whether one window alone has a value; a distance is between two.
    """

    has_value: ClassVar[bool]

    def rows(self, tally: Tally) -> int:
        """Return how many rows the metric is made of."""

    def why_not(self, tally: Tally) -> str:
        """Return why it cannot be told of rows that are many enough; empty if it can."""

    def sample(self, tally: Tally) -> Sampled:
        """Return the metric; of rows of which it can be told."""

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return how far it moved, for each pair of tallies."""

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return a bound of the chance of such rows if the truth is not beyond the limit."""


def sided(up: float, down: float, direction: Direction) -> float:
    """Return the chance in the direction that was asked for, of the chances of both.

    >>> sided(0.01, 1.0, "up"), sided(0.01, 1.0, "down"), sided(0.01, 1.0, "either")
    (0.01, 1.0, 0.02)
    """
    if direction == "either":
        return min(1.0, 2 * min(up, down))
    return up if direction == "up" else down


def wilson(hits: int, rows: int) -> tuple[float, float]:
    """Return the interval of a share at 95 % (E. B. Wilson, 1927): good for few rows and few hits.

    >>> low, high = wilson(0, 10)
    >>> low, round(high, 3)
    (0.0, 0.278)
    """
    z2 = NORMAL_95 * NORMAL_95
    share = hits / rows
    middle = (share + z2 / (2 * rows)) / (1 + z2 / rows)
    spread = share * (1 - share) / rows + z2 / (4 * rows * rows)
    half = NORMAL_95 * math.sqrt(spread) / (1 + z2 / rows)
    # Without hits, or without misses, the end is exact, and rounding must not move it.
    return (0.0 if hits == 0 else middle - half, 1.0 if hits == rows else middle + half)
