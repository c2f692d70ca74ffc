"""`SegmentWriter`: where a server's process logs its predictions. Standard library and msgspec only.

``append`` encodes, writes once, and returns: what it took survives the death of any process. A
thread of its own syncs now and then, and puts segments away that are full or old.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final, Self

from interplane.errors import StorageError
from interplane.predictions.disk import Disk
from interplane.predictions.entry import encode_entries
from interplane.predictions.layout import OPEN, SegmentName
from interplane.predictions.segment import Segment, refusing
from interplane.predictions.syncing import Syncer
from interplane.record.refs import check_name
from interplane.storage.clock import system_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from interplane.predictions.entry import Entry

__all__ = ["SegmentWriter"]

_LONGEST_NAP_S: Final = 1.0


class SegmentWriter:
    """Appends entries to segments of its own; any thread may.

    Args:
        folder: the folder of the log; made, if its parent is there.
        name: whose segments they are, for example ``worker-0``; it becomes part of file names.
        sync_ms: how often what was written is synced; with 0 the caller waits for ``synced``.
        most_bytes: how large a segment grows before the next one is begun.
        most_age_s: how old it grows.
        disk: the file operations.
        now_us: the clock, in microseconds since 1970; it names segments.
        token: draws 16 random hexadecimal digits.

    Raises:
        UsageError: if ``name`` cannot be one.
        StorageError: if the folder cannot be made or opened.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from interplane.predictions.entry import Entry
    >>> with TemporaryDirectory() as folder, SegmentWriter(Path(folder), name="worker-0") as log:
    ...     log.append([Entry("0" * 32, "flights", "c" * 64, 0, 0, score=0.25)])
    ...     len(list(Path(folder).glob("open/*.segment")))
    1
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        sync_ms: int = 100,
        most_bytes: int = 64 << 20,
        most_age_s: float = 30.0,
        disk: Disk | None = None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        token: Callable[[], str] = system_token,
    ) -> None:
        self.folder = folder
        self._name = check_name(name, of="writer")
        self._sync_ms = sync_ms
        self._most_bytes = most_bytes
        self._most_age_s = most_age_s
        self._disk = disk or Disk()
        self._now_us = now_us
        self._token = token
        self._turn = threading.Lock()  # guards what follows
        self._segment: Segment | None = None
        self._began_s = 0.0
        self._retired: list[Segment] = []  # full, old or broken: to be synced and closed
        self._is_dirty = False
        self._is_folder_dirty = False
        self._stopped: StorageError | None = None
        self._is_closed = False
        with refusing("opening"):
            self._open = self._open_folder()
        every_s = sync_ms / 1000 if sync_ms else _LONGEST_NAP_S
        self._syncer = Syncer(self._sync, every_s=every_s)
        _WRITERS.add(self)

    # ---- what a server calls --------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries, all or none. When this returns they survive the death of any process.

        Raises:
            StorageError: if they are not written; they must not be answered then. After a failed
                fsync nothing is written any more.
            DataError: if an entry has no form in the log.
        """
        if not entries:
            return
        body = encode_entries(entries)
        with self._turn:
            segment = self._segment
            if segment is None or segment.size >= self._most_bytes:
                segment = self._begin()
            try:
                segment.append(body, len(entries))
            except OSError:
                if not segment.is_whole:
                    self._retire()
                with refusing("writing to"):
                    raise
            self._is_dirty = True

    def synced(self) -> Future[None] | None:
        """Return what to wait for until all that was appended survives a power cut.

        With ``sync_ms=0`` a future, shared by all who ask before the next fsync begins; wait with
        ``result()``, or in a coroutine with ``await asyncio.wrap_future(…)``. Else None.
        """
        return None if self._sync_ms else self._syncer.ask()

    def sync(self) -> None:
        """Wait until all that was appended survives a power cut, however often that is done.

        Raises:
            StorageError: if nobody can promise it.
        """
        self._syncer.ask().result()

    def close(self) -> None:
        """Sync and close; no change if it is closed. Nothing is written afterwards.

        Raises:
            StorageError: if it cannot be synced.
        """
        with self._turn:
            if self._is_closed:
                return
            self._is_closed = True
            self._retire()
        try:
            self._syncer.end()
        finally:
            os.close(self._open)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- segments -------------------------------------------------------------------------

    def _open_folder(self) -> int:
        """Make the folders, durably, and open that of the segments."""
        disk = self._disk
        for path in (self.folder, self.folder / OPEN):
            parent = disk.open_root(path.parent)
            try:
                disk.make_folder(path.name, below=parent)
                disk.sync(parent)
            finally:
                os.close(parent)
        return disk.open_root(self.folder / OPEN)

    def _begin(self) -> Segment:
        """Begin a segment, or say why nothing is written any more."""
        if self._stopped is not None:
            raise self._stopped
        if self._is_closed:
            raise StorageError(
                "the prediction log is closed", do="Open it again: make another SegmentWriter"
            )
        self._retire()
        name = SegmentName(self._now_us(), self._name, self._token())
        with refusing("beginning a segment of"):
            self._segment = Segment(self._disk, self._open, name)
        self._began_s = time.monotonic()
        self._is_folder_dirty = True
        return self._segment

    def _retire(self) -> None:
        """Leave a segment to the thread, which syncs and closes it."""
        if self._segment is not None:
            self._retired.append(self._segment)
            self._segment = None

    def _sync(self) -> None:
        """Sync what was written, and close what was put away; the thread's work."""
        with self._turn:
            is_old = time.monotonic() - self._began_s > self._most_age_s
            if is_old:
                self._retire()
            closing, self._retired = self._retired, []
            writing = [self._segment] if self._is_dirty and self._segment is not None else []
            is_folder_dirty, self._is_folder_dirty = self._is_folder_dirty, False
            self._is_dirty = False
        try:
            with refusing("syncing"):
                for segment in (*closing, *writing):
                    segment.sync()
                if is_folder_dirty:
                    self._disk.sync(self._open)
        except StorageError as error:
            self._stop(error)
        finally:
            for segment in closing:
                segment.close()
        if self._stopped is not None:
            raise self._stopped

    def _stop(self, error: StorageError) -> None:
        """Write nothing any more: after a failed fsync nobody knows what is on the disk."""
        with self._turn:
            self._stopped = StorageError(
                f"the prediction log in {self.folder} takes no more entries: {error.what}",
                do="Mend the disk and start the server again; what was synced before is kept",
            )
            self._stopped.__cause__ = error
            self._retire()

    def _forget(self) -> None:
        """Let go, in a forked child, of what is its parent's: two must not write to one file."""
        self._turn = threading.Lock()
        for segment in (self._segment, *self._retired):
            if segment is not None:
                segment.close()
        self._segment, self._retired, self._is_closed = None, [], True


_WRITERS: Final[weakref.WeakSet[SegmentWriter]] = weakref.WeakSet()


def _forget_all() -> None:
    for writer in list(_WRITERS):
        writer._forget()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_forget_all)
