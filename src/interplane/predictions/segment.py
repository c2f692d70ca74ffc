"""One segment of the prediction log while it is written."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from interplane.errors import StorageError, StorageFull
from interplane.predictions.frames import HEADER_BYTES, frame, header
from interplane.predictions.layout import NEW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.predictions.disk import Disk
    from interplane.predictions.layout import SegmentName

__all__ = ["Segment", "refusing"]


class Segment:
    """A file that this process alone appends to, and holds locked until it is closed.

    It has its name only when it is locked and has its header: whoever finds an unlocked segment
    knows that nobody writes to it any more.

    Args:
        disk: the file operations.
        folder: the handle of the folder of segments.
        name: the segment's name.

    Attributes:
        size: the bytes that whole frames and the header take.
        sequence: the number of the next entry.
        is_whole: whether the file ends with a whole frame; if not, nothing may follow.

    Raises:
        OSError: if it cannot be made.
    """

    __slots__ = ("_append", "_disk", "_handle", "_mark", "_salt", "is_whole", "sequence", "size")

    def __init__(self, disk: Disk, folder: int, name: SegmentName) -> None:
        self._disk = disk
        self._append = disk.append
        self._mark = name.mark
        self._salt = name.salt
        self.size = HEADER_BYTES
        self.sequence = 0
        self.is_whole = True
        temporary = f".{name}{NEW}"
        self._handle = disk.create_segment(temporary, below=folder)
        try:
            disk.lock(self._handle)
            disk.write(self._handle, header(name))
            disk.rename(temporary, str(name), below=folder)
        except BaseException:
            self.close()
            disk.remove(temporary, below=folder)
            raise

    def append(self, body: bytes, entries: int) -> None:
        """Write the body of a frame in one call.

        Raises:
            OSError: if it cannot be written; the segment is cut back to its whole frames.
        """
        data = frame(body, self.sequence, self._mark, self._salt)
        try:
            written = self._append(self._handle, data)
            while written < len(data):  # the disk is full, or nearly: the next try says so
                written += self._append(self._handle, memoryview(data)[written:])
        except OSError:
            self._cut_back()
            raise
        self.size += written
        self.sequence += entries

    def _cut_back(self) -> None:
        try:
            self._disk.cut(self._handle, self.size)
        except OSError:
            self.is_whole = False

    def sync(self) -> None:
        """Return when everything is on the disk."""
        self._disk.sync(self._handle)

    def close(self) -> None:
        """Close the file, which lets its lock go; no change if it is closed."""
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            with suppress(OSError):  # what matters was synced before
                os.close(handle)


@contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Turn the operating system's errors into ours, for whoever must not answer then."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        full = isinstance(StorageError.from_os(error, doing=doing), StorageFull)
        reason = "no space left on the disk" if full else error.strerror or str(error)
        raise (StorageFull if full else StorageError)(
            f"{reason} while {doing} the prediction log",
            do="What was not logged must not be answered. "
            + ("Free some space: writing goes on by itself" if full else "Mend the disk"),
        ) from error
