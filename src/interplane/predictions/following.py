"""`Follower`: a log read as it grows, entry by entry, by whoever keeps a place in it.

It reads the segments from where it was, also those that are still written to. A segment that it has
open it reads to its end, wherever the compactor puts the rows meanwhile. One that came and went while
nobody followed is a gap: the follower sees it in the manifest and says so, and what is missing is in
files (`catching_up`).

A place is kept by whoever follows, when everything that came before it is done: what was read
after it is read again by the next one. Standard library and msgspec only, as long as there is no gap.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

import msgspec

from interplane.errors import StorageError
from interplane.predictions.disk import Disk
from interplane.predictions.entry import decode_entries
from interplane.predictions.frames import HEADER_BYTES, Bad, check_header, scan
from interplane.predictions.layout import OPEN
from interplane.predictions.manifest import Manifest
from interplane.predictions.reader import list_segments
from interplane.record.base import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interplane.predictions.entry import Entry
    from interplane.predictions.layout import SegmentName

__all__ = ["REMEMBERED_S", "Follower", "Place"]

REMEMBERED_S: Final = 20 * 3600.0
"""How long a place is good: the manifest names segments that were compacted for a day at least."""

_AT_ONCE: Final = 1 << 20
_MOST_OPEN: Final = 200


class Place(Value, frozen=True, kw_only=True):
    """How far a log was followed.

    Attributes:
        at_us: when that was, in microseconds since 1970.
        read: how many bytes of each segment were read, by its name.
    """

    at_us: int
    read: dict[str, int]


class _Tracked:
    """A segment that is followed."""

    def __init__(self, name: SegmentName, begin: int) -> None:
        self.name = name
        self.read = begin
        self.handle: int | None = None
        self.is_there = True
        """Whether it still has its name: nothing is written to one that has not."""
        self.old_until = 0
        """What stands before this may have been read before."""

    def close(self) -> None:
        if self.handle is not None:
            handle, self.handle = self.handle, None
            os.close(handle)


class Follower:
    """Follows a log.

    Args:
        folder: the folder of the log; there need be none yet.
        place: where to go on; from the beginning of what is not compacted if not given.
        disk: the file operations.
        now_us: the clock, in microseconds since 1970.

    Raises:
        StorageError: if the log cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        place: Place | None = None,
        *,
        disk: Disk | None = None,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._folder = folder
        self._disk = disk or Disk()
        self._now_us = now_us
        self._handle: int | None = None
        self._tracked: dict[str, _Tracked] = {}
        self._ended: dict[str, int] = {} if place is None else dict(place.read)
        age_us = now_us() - (0 if place is None else place.at_us)
        self._in_files: dict[str, int] = {}
        self._is_lost = not 0 <= age_us <= REMEMBERED_S * 1e6
        self._turn = 0
        self._list()
        self.doubt()

    # ---- what is read ---------------------------------------------------------------------

    def read(self) -> list[Entry]:
        """Return the next entries, some megabytes of them at most; none where nothing is new.

        Raises:
            StorageError: if the log cannot be read.
            NewerFormat: if a newer Interplane writes it.
        """
        self._list()
        segments = list(self._tracked.values())
        self._turn += 1
        for number in range(len(segments)):
            # Another one has the first turn each time: none waits for one that always grows.
            entries = self._read(segments[(self._turn + number) % len(segments)])
            if entries:
                return entries
        return []

    @property
    def is_doubtful(self) -> bool:
        """Whether what is read now may have been read before, by another process or from a file."""
        return any(segment.read < segment.old_until for segment in self._tracked.values())

    def doubt(self) -> None:
        """From now on, take whatever is in the log by now for something that was perhaps read before."""
        for segment in list(self._tracked.values()):
            segment.old_until = max(self._size(segment), segment.old_until)

    def rewind(self) -> None:
        """Read everything once more that is not compacted."""
        for segment in self._tracked.values():
            segment.read = HEADER_BYTES
        self._ended.clear()
        self._is_lost = True
        self.doubt()

    def place(self) -> Place:
        """Return the place behind everything that was read."""
        read = {name: segment.read for name, segment in self._tracked.items()}
        return Place(at_us=self._now_us(), read={**self._ended, **read})

    # ---- gaps -----------------------------------------------------------------------------

    def find_gap(self) -> bool:
        """Return whether segments were compacted that were not read to their end.

        What they held is in files. Whoever has read it there says so with `fill_gap`.

        Raises:
            StorageError: if the manifest cannot be read.
        """
        self._list()
        self._in_files = sizes = self._sizes()
        # What the manifest does not name any more went long ago.
        self._ended = {name: read for name, read in self._ended.items() if name in sizes}
        return self._is_lost or any(
            name not in self._tracked and self._ended.get(name, 0) < size
            for name, size in sizes.items()
        )

    def fill_gap(self) -> None:
        """Say that all was read that was in files when `find_gap` looked, or more.

        What is open may have been read there too.
        """
        self._is_lost = False
        sizes = self._in_files.items()
        self._ended.update((name, size) for name, size in sizes if name not in self._tracked)
        self.doubt()

    def _sizes(self) -> dict[str, int]:
        manifest = Manifest.find(self._folder)
        if manifest is None:
            return {}
        with manifest, manifest.reading() as reading:
            return reading.sizes()

    # ---- segments -------------------------------------------------------------------------

    def _list(self) -> None:
        """Look which segments there are; open new ones before they can go."""
        if self._handle is None:
            try:
                self._handle = self._disk.open_root(self._folder / OPEN)
            except FileNotFoundError:
                return
            except OSError as error:
                raise self._failed(error) from error
        try:
            there = {str(name): name for name in list_segments(self._handle, disk=self._disk)}
        except OSError as error:
            raise self._failed(error) from error
        for text, segment in self._tracked.items():
            segment.is_there = text in there
        for text, name in there.items():
            if text not in self._tracked:
                begin = max(self._ended.pop(text, 0), HEADER_BYTES)
                self._tracked[text] = _Tracked(name, begin)
                self._open(self._tracked[text])

    def _open(self, segment: _Tracked) -> bool:
        """Open a segment; return whether it is there."""
        if segment.handle is not None:
            return True
        if self._handle is None:
            return False
        try:
            segment.handle = self._disk.open_file(str(segment.name), below=self._handle)
            head = self._disk.read(segment.handle, HEADER_BYTES)
        except FileNotFoundError:  # it was compacted just now: that is a gap
            self._ended[str(segment.name)] = segment.read
            del self._tracked[str(segment.name)]
            return False
        except OSError as error:
            raise self._failed(error) from error
        check_header(head, segment.name)
        return True

    def _size(self, segment: _Tracked) -> int:
        if not self._open(segment) or segment.handle is None:
            return 0
        return self._disk.size(segment.handle) or 0

    def _read(self, segment: _Tracked) -> list[Entry]:
        """Return the next entries of a segment; one that has ended is let go."""
        before = -1
        while segment.read > before:
            before, was_there = segment.read, segment.is_there
            size = self._size(segment)
            if segment.handle is None:
                return []
            if size > segment.read:
                entries = self._take(segment, segment.handle, size)
                if entries:
                    return entries
        if not was_there:
            segment.close()
            self._ended[str(segment.name)] = size
            del self._tracked[str(segment.name)]
        elif len(self._tracked) > _MOST_OPEN:
            segment.close()
        return []

    def _take(self, segment: _Tracked, handle: int, size: int) -> list[Entry]:
        """Return the entries of the next whole frames, and go behind them."""
        at_once = _AT_ONCE
        while True:
            try:
                data = self._disk.read(
                    handle, min(size - segment.read, at_once), begin=segment.read
                )
            except OSError as error:
                raise self._failed(error) from error
            entries, done = _entries(data, segment.name)
            if done or at_once >= size - segment.read:
                segment.read += done
                return entries
            at_once *= 4  # a frame that is longer than what was read

    def _failed(self, error: OSError) -> StorageError:
        if isinstance(error, StorageError):
            return error
        return StorageError.from_os(error, doing=f"following {self._folder}")

    def close(self) -> None:
        """Close all files."""
        for segment in self._tracked.values():
            segment.close()
        if self._handle is not None:
            handle, self._handle = self._handle, None
            os.close(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _entries(data: bytes, name: SegmentName) -> tuple[list[Entry], int]:
    """Return the entries of whole frames, and how many bytes those and the damage between them take.

    What stands at the end may be a frame that is being written.
    """
    entries: list[Entry] = []
    done = 0
    view = memoryview(data)
    for found in scan(data, mark=name.mark, salt=name.salt, begin=0):
        if isinstance(found, Bad):
            continue
        with suppress(msgspec.MsgspecError):  # counted as damage by the compactor
            entries += decode_entries(view[found.begin : found.end])
        done = found.end
    return entries, done
