"""What a prediction log is for whoever writes to it; the one on disk and its twin in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from interplane.predictions.entry import Entry

__all__ = ["Log"]


class Log(Protocol):
    """Takes entries. Its laws are `interplane.testing.prediction_laws`."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Take entries, all or none. When this returns they survive the death of any process.

        Raises:
            StorageError: if they are not taken; they must not be answered then.
            DataError: if an entry has no form in the log.
        """
        ...

    def synced(self) -> Future[None] | None:
        """Return what to wait for until all that was appended survives a power cut.

        None where nobody has to wait: the log is synced a moment later.
        """
        ...

    def close(self) -> None:
        """Sync and close; no change if it is closed. Nothing is taken afterwards.

        Raises:
            StorageError: if it cannot be synced.
        """
        ...
