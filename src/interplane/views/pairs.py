"""An entity and a time as one whole number, in their order: what can be sorted and searched fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bools", "Floats", "Hashes", "Ints", "Pairs", "starts_of"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

_BITS = 63


@dataclass(frozen=True)
class Pairs:
    """How pairs (entity, time) become numbers; entities are numbered from 0.

    A time is its distance from the earliest one, or, where entity and distance have no room in 63
    bits, its rank among the times that there are.

    Attributes:
        low: the earliest time.
        bits: how many bits a time has.
        moments: the times that there are, each once and sorted, where ranks are used.

    >>> pairs = Pairs.over(np.array([100, 107]), entities=2)
    >>> pairs.pack(np.array([0, 1, 1]), np.array([107, 99, 100])).tolist()
    [8, 16, 17]
    """

    low: int
    bits: int
    moments: Ints | None = None

    @classmethod
    def over(cls, times: Ints, *, entities: int) -> Self:
        """Return the numbers for so many entities at these times."""
        if not len(times):
            return cls(0, 2)
        low, high = int(times.min()), int(times.max())
        bits = (high - low + 2).bit_length()
        if bits + max(entities - 1, 0).bit_length() <= _BITS:
            return cls(low, bits)
        moments = np.unique(times)
        return cls(low, (len(moments) + 1).bit_length(), moments)

    def pack(self, entities: Ints, times: Ints) -> Ints:
        """Return the numbers of pairs; a time that is none of them counts as the last one before."""
        if self.moments is None:
            return self._from_distance(entities, times)
        return self._joined(entities, np.searchsorted(self.moments, times, side="right"))

    def pack_from(self, entities: Ints, times: Ints) -> Ints:
        """Return the numbers of pairs; a time that is none of them counts as the first one after."""
        if self.moments is None:
            return self._from_distance(entities, times)
        return self._joined(entities, np.searchsorted(self.moments, times, side="left") + 1)

    def fold(self, entities: Ints, times: Ints) -> Ints:
        """Return the numbers of pairs that they were made over, in the memory of the arguments."""
        if self.moments is None:
            times -= self.low - 1
        else:
            times[:] = np.searchsorted(self.moments, times, side="right")
        entities <<= self.bits
        entities |= times
        return entities

    def _from_distance(self, entities: Ints, times: Ints) -> Ints:
        before = self.low - 1
        ranks = np.clip(times, before, before + (1 << self.bits) - 1)
        ranks -= before
        return self._joined(entities, ranks)

    def _joined(self, entities: Ints, ranks: Ints) -> Ints:
        ranks |= entities << self.bits
        return ranks


def starts_of(sizes: Sequence[int] | Ints) -> Ints:
    """Return where each of some groups begins, and at last where the last one ends.

    >>> starts_of([2, 0, 3]).tolist()
    [0, 2, 2, 5]
    """
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts
