"""A prediction log in memory: the twin that tests of servers use, under the laws of the one on disk."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from interplane.errors import StorageError
from interplane.predictions.entry import decode_entries, encode_entries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interplane.predictions.entry import Entry

__all__ = ["MemoryLog"]


class MemoryLog:
    """Keeps what is appended, as it would be read again.

    Args:
        sync_ms: with 0, ``synced`` gives a future.

    Attributes:
        fails: what the next calls of ``append`` raise instead of taking anything, if it is set.

    >>> from interplane.predictions.entry import Entry
    >>> log = MemoryLog()
    >>> log.append([Entry("0" * 32, "flights", "c" * 64, 0, 0, row={"wind": 3.5})])
    >>> [entry.row for entry in log.entries]
    [{'wind': 3.5}]
    """

    def __init__(self, *, sync_ms: int = 100) -> None:
        self.fails: StorageError | None = None
        self._sync_ms = sync_ms
        self._frames: list[bytes] = []
        self._turn = threading.Lock()
        self._is_closed = False

    @property
    def entries(self) -> list[Entry]:
        """Everything that was appended, in order."""
        return [entry for body in self._frames for entry in decode_entries(body)]

    def append(self, entries: Sequence[Entry]) -> None:
        """Take entries, all or none.

        Raises:
            StorageError: if the log is closed, or was told to fail.
            DataError: if an entry has no form in the log.
        """
        if self.fails is not None:
            raise self.fails
        if not entries:
            return
        body = encode_entries(entries)
        with self._turn:
            if self._is_closed:
                raise StorageError("the prediction log is closed", do="Make another one")
            self._frames.append(body)

    def synced(self) -> Future[None] | None:
        """Return what is done already, or None where nobody has to wait."""
        if self._sync_ms:
            return None
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def close(self) -> None:
        """Take nothing any more."""
        self._is_closed = True
