"""Tallies that were merged before: who looks at the same windows again unpacks nothing again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from interplane.record import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from interplane.monitoring.counting.grid import Values
    from interplane.monitoring.tally import Tally
    from interplane.record import Digest

__all__ = ["TallyMemory"]

_MOST: Final = 600


class TallyMemory:
    """Tallies by the bytes that they were merged of; equal bytes are equal tallies.

    It may be shared by threads, and by stores: nothing in it is of a file or a moment.

    Args:
        most: how many are kept; when there are as many, the oldest go.

    >>> memory = TallyMemory()
    >>> memory.get([b"an hour"], dict) is memory.get([b"an hour"], dict)
    True
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._turn = threading.Lock()
        self._kept: dict[Digest, dict[Values, Tally]] = {}

    def get(
        self, parts: Iterable[bytes], make: Callable[[], dict[Values, Tally]]
    ) -> dict[Values, Tally]:
        """Return the tallies of some bytes; nobody may change them.

        Args:
            parts: all bytes that the tallies depend on, in order.
            make: merges them.
        """
        key = digest_bytes(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
        found = self._kept.get(key)
        if found is None:
            found = make()
            with self._turn:
                while len(self._kept) >= self._most:
                    del self._kept[next(iter(self._kept))]
                self._kept[key] = found
        return found
