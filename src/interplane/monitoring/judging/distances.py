"""Distances of two distributions over the same bins: drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from interplane.data.drift import jensen_shannon, l_infinity, psi
from interplane.errors import UsageError
from interplane.monitoring.judging.bin_text import move_text
from interplane.monitoring.judging.bounds import bins_bound
from interplane.monitoring.judging.chosen import chosen_bound, pool_rare
from interplane.monitoring.judging.measure import Moved, Sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from interplane.monitoring.judging.bounds import Looked
    from interplane.monitoring.judging.measure import Direction
    from interplane.monitoring.layout import Bins
    from interplane.monitoring.tally import Tally

__all__ = ["Distances", "distance"]

_LN2: Final = math.log(2)


def distance(name: str, reference: Sequence[int], counts: Sequence[int]) -> float:
    """Return how far two distributions are apart, less what chance adds to the measure.

    Two samples of one distribution over B bins have on average a PSI of about (B - 1)(1/n + 1/m), and
    a Jensen-Shannon divergence of an eighth of that (the chi-square approximation of both). Without
    it a measure grows as rows become few, and every small slice seems to drift.

    Args:
        name: ``drift`` (PSI), ``jensen_shannon`` or ``l_infinity``.
        reference: the rows of each bin before.
        counts: the rows of each bin now.

    >>> round(distance("drift", [5000, 5000], [4950, 5050]), 6), distance("drift", [5, 5], [4, 6])
    (0.0, 0.0)
    >>> round(distance("drift", [5000, 5000], [9000, 1000]), 2)
    0.88
    """
    # A bin that no row is in says nothing, but the measures would add something for it.
    pairs = [(a, b) for a, b in zip(reference, counts, strict=True) if a or b]
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    return _MEASURES[name](before, after)


def _psi(before: list[int], after: list[int]) -> float:
    return max(0.0, psi(before, after) - _by_chance(before, after))


def _jensen_shannon(before: list[int], after: list[int]) -> float:
    by_chance = _by_chance(before, after) / (8 * _LN2)
    return math.sqrt(max(0.0, jensen_shannon(before, after) ** 2 - by_chance))


def _by_chance(before: list[int], after: list[int]) -> float:
    return (len(before) - 1) * (1 / sum(before) + 1 / sum(after))


_MEASURES: Final[dict[str, Callable[[list[int], list[int]], float]]] = {
    "drift": _psi,
    "jensen_shannon": _jensen_shannon,
    "l_infinity": l_infinity,
}


@dataclass(frozen=True, slots=True)
class Distances:
    """How far the distribution of a column is from that of the reference.

    Attributes:
        name: the measure.
        bins: the bins of the column.
        whole: the rows of each bin of the whole reference, where it decided the bins itself.
    """

    name: str
    bins: Bins
    whole: tuple[int, ...] = ()

    has_value: ClassVar[bool] = False

    def rows(self, tally: Tally) -> int:
        """Return how many rows fall into the bins."""
        return sum(tally.columns.get(self.bins.column, ()))

    def why_not(self, tally: Tally) -> str:
        """Say where other bins were counted."""
        counted = len(tally.columns.get(self.bins.column, ()))
        return "" if counted == self.bins.size else "counted by the bins of another crossing"

    def sample(self, tally: Tally) -> Sampled:
        """Refuse: a distance is between two."""
        del tally
        raise UsageError(f"{self.name} has no value of one window alone", do="Ask for its effect")

    def moved(
        self, now: Sequence[Tally], reference: Sequence[Tally], *, direction: Direction
    ) -> list[Moved]:
        """Return the distances, each with the bin or cut that chance explains least."""
        del direction  # a distance has one
        after = np.array([each.columns[self.bins.column] for each in now])
        before = np.array([each.columns[self.bins.column] for each in reference])
        looked = self._look(after, before)
        return [
            Moved(
                None,
                self._distance(one, other),
                p,
                partial(move_text, self.bins, one, other, place=place, cut=cut),
            )
            for one, other, p, place, cut in zip(
                before.tolist(), after.tolist(), *(each.tolist() for each in looked), strict=True
            )
        ]

    def beyond(self, tally: Tally, limit: float, *, above: bool) -> float:
        """Refuse: a distance is between two."""
        del tally, limit, above
        raise UsageError(f"{self.name} has no bound", do="Use moves_by")

    @property
    def _chosen(self) -> bool:
        return bool(self.whole) and self.bins.kind == "categories"

    def _look(self, after: NDArray[np.int64], before: NDArray[np.int64]) -> Looked:
        if self._chosen:
            return chosen_bound(self.bins, after, before, self.whole)
        ordered = len(self.bins.edges) + 1 if self.bins.kind == "numbers" else 0
        return bins_bound(after, before, ordered=ordered)

    def _distance(self, before: list[int], after: list[int]) -> float:
        if self._chosen:
            before, after = pool_rare(self.bins, before), pool_rare(self.bins, after)
        return distance(self.name, before, after)
