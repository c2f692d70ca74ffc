"""What a folder of blobs asks of the file system: the seam through which a test makes it fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Files"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_ONLY = 0o444


class Files:
    """File operations below folder handles; names are single parts, links are never followed."""

    def open_root(self, path: Path) -> int:
        """Open the folder that everything lies below; it may be reached through a link."""
        return os.open(path, _FOLDER)

    def open_folder(self, name: str, *, below: int) -> int:
        """Open a folder below another."""
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=below)

    def make_folder(self, name: str, *, below: int) -> None:
        """Make a folder; no change if it is there."""
        try:
            os.mkdir(name, dir_fd=below)
        except FileExistsError:
            return

    def open_file(self, name: str, *, below: int) -> int:
        """Open a file for reading."""
        return os.open(name, _READ, dir_fd=below)

    def create(self, name: str, *, below: int) -> int:
        """Create a file that is not there, read-only for everybody but this handle."""
        return os.open(name, _NEW, _READ_ONLY, dir_fd=below)

    def write(self, handle: int, data: bytes | memoryview) -> None:
        """Write all bytes."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]

    def protect(self, handle: int) -> None:
        """Make an open file read-only."""
        os.fchmod(handle, _READ_ONLY)

    def sync(self, handle: int) -> None:
        """Return when a file or folder is on the disk."""
        os.fsync(handle)

    def link(self, name: str, new: str, *, below: int, to: int) -> bool:
        """Give a file a second name, never replacing one; return whether it was not there."""
        try:
            os.link(name, new, src_dir_fd=below, dst_dir_fd=to, follow_symlinks=False)
        except FileExistsError:
            return False
        return True

    def remove(self, name: str, *, below: int) -> None:
        """Remove a file's name; no change if it is not there."""
        try:
            os.unlink(name, dir_fd=below)
        except FileNotFoundError:
            return
