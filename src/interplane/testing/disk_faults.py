"""A disk that fails on command, for whoever writes or compacts a prediction log."""

from __future__ import annotations

import os

from interplane.predictions.disk import Disk
from interplane.testing.faults import FaultyFiles

__all__ = ["FaultyDisk"]


class FaultyDisk(FaultyFiles, Disk):
    """The operations of a log's disk of which one fails; see `FaultyFiles`.

    Args:
        fails_at: which operation fails, from 1; 0 means none.
        code: the operating system's error number.
        kind: if given, only operations of this name are counted.
        until: the last operation that fails, where several in a row do.

    A failing append has written half of its bytes.

    >>> FaultyDisk(fails_at=1, kind="append").calls
    []
    """

    def __init__(
        self, *, fails_at: int = 0, code: int = 5, kind: str | None = None, until: int = 0
    ) -> None:
        super().__init__(fails_at=fails_at, code=code, kind=kind)
        self._until = until

    def _count(self, name: str) -> None:
        super()._count(name)
        if self.kind in {None, name} and self.fails_at < len(self.calls) <= self._until:
            raise OSError(self.code, os.strerror(self.code))

    def create_segment(self, name: str, *, below: int) -> int:
        """Create a file to be appended to."""
        self._count("create_segment")
        return super().create_segment(name, below=below)

    def lock(self, handle: int) -> bool:
        """Lock an open file."""
        self._count("lock")
        return super().lock(handle)

    def append(self, handle: int, data: bytes | memoryview) -> int:
        """Write bytes at the end, or half of them and fail."""
        try:
            self._count("append")
        except OSError:
            super().append(handle, data[: len(data) // 2])
            raise
        return super().append(handle, data)

    def cut(self, handle: int, size: int) -> None:
        """Cut a file back."""
        self._count("cut")
        super().cut(handle, size)

    def rename(self, name: str, new: str, *, below: int) -> None:
        """Give a file another name."""
        self._count("rename")
        super().rename(name, new, below=below)

    def names(self, folder: int) -> list[str]:
        """Return the names in a folder."""
        self._count("names")
        return super().names(folder)

    def read(self, handle: int, size: int, *, begin: int = 0) -> bytes:
        """Return so many bytes of a file."""
        self._count("read")
        return super().read(handle, size, begin=begin)

    def remove(self, name: str, *, below: int) -> None:
        """Remove a file's name."""
        self._count("remove")
        super().remove(name, below=below)
