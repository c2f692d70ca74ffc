"""The number of predictions of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from interplane.monitoring.judging.bounds import binomial_bound
from interplane.monitoring.judging.measure import Moved, Sampled, sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.tally import Tally

__all__ = ["Traffic"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """The number of rows; its effect is a share of the reference.

    Attributes:
        periods: of how many windows the reference is the sum.

    >>> from interplane.monitoring.tally import Tally
    >>> [moved] = Traffic(periods=4).moved([Tally(rows=50)], [Tally(rows=400)], direction="down")
    >>> moved.reference, moved.effect, moved.p < 1e-3
    (100.0, -0.5, True)
    """

    periods: int = 1

    has_value: ClassVar[bool] = True

    def rows(self, tally: Tally) -> int:
        """Return the rows."""
        return tally.rows

    def why_not(self, tally: Tally) -> str:
        """Return nothing: no rows are traffic too."""
        del tally
        return ""

    def sample(self, tally: Tally) -> Sampled:
        """Return the rows: counted, not sampled."""
        return Sampled(float(tally.rows))

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the relative differences.

        Chance alone lets rows come independently, at one rate: given how many there are of both
        windows, those of one are binomial. Real traffic moves more than that; see the rule's
        ``against`` for the same hours of other weeks, whose range it then has to leave.
        """
        part = 1 / (1 + self.periods)
        found = []
        for one, other in zip(now, reference, strict=True):
            usual = other.rows / self.periods
            both = one.rows + other.rows
            up = float(binomial_bound(one.rows, both, part))
            down = float(binomial_bound(other.rows, both, 1 - part))
            effect = one.rows / usual - 1 if usual else float(one.rows > 0)
            found.append(Moved(usual, effect, sided(up, down, direction)))
        return found

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Return 0 beyond the limit, else 1: the rows are known exactly."""
        return float(not (tally.rows > limit if above else tally.rows < limit))
