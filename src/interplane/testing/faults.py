"""A file system that fails on command, for whoever stores bytes."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from interplane.storage.files import Files

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FaultyFiles"]


class FaultyFiles(Files):
    """File operations of which one fails, counted from the first.

    Args:
        fails_at: which operation fails; the count starts at 1 and 0 means none.
        code: the operating system's error number, for example ``errno.ENOSPC``.
        kind: if given, only operations of this name are counted, for example ``sync``.

    A failing write has written half of its bytes. Removing never fails: it is how one cleans up.

    >>> files = FaultyFiles(fails_at=1, code=errno.ENOSPC, kind="write")
    >>> files.calls
    []
    """

    def __init__(
        self, *, fails_at: int = 0, code: int = errno.EIO, kind: str | None = None
    ) -> None:
        self.fails_at = fails_at
        self.code = code
        self.kind = kind
        self.calls: list[str] = []

    def _count(self, name: str) -> None:
        if self.kind in {None, name}:
            self.calls.append(name)
            if len(self.calls) == self.fails_at:
                raise OSError(self.code, os.strerror(self.code))

    def open_root(self, path: Path) -> int:
        """Open the folder that everything lies below."""
        self._count("open_root")
        return super().open_root(path)

    def open_folder(self, name: str, *, below: int) -> int:
        """Open a folder below another."""
        self._count("open_folder")
        return super().open_folder(name, below=below)

    def make_folder(self, name: str, *, below: int) -> None:
        """Make a folder; no change if it is there."""
        self._count("make_folder")
        super().make_folder(name, below=below)

    def open_file(self, name: str, *, below: int) -> int:
        """Open a file for reading."""
        self._count("open_file")
        return super().open_file(name, below=below)

    def create(self, name: str, *, below: int) -> int:
        """Create a file that is not there."""
        self._count("create")
        return super().create(name, below=below)

    def write(self, handle: int, data: bytes | memoryview) -> None:
        """Write all bytes, or half of them and fail."""
        try:
            self._count("write")
        except OSError:
            super().write(handle, data[: len(data) // 2])
            raise
        super().write(handle, data)

    def protect(self, handle: int) -> None:
        """Make an open file read-only."""
        self._count("protect")
        super().protect(handle)

    def sync(self, handle: int) -> None:
        """Return when a file or folder is on the disk."""
        self._count("sync")
        super().sync(handle)

    def link(self, name: str, new: str, *, below: int, to: int) -> bool:
        """Give a file a second name, never replacing one."""
        self._count("link")
        return super().link(name, new, below=below, to=to)
