"""What the prediction log asks of the file system: the seam through which a test makes it fail.

The standard library only.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from typing import Final

from interplane.storage.files import Files

__all__ = ["Disk"]

_SEGMENT: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK: Final = 1 << 24


class Disk(Files):
    """File operations below folder handles, with those that a log needs."""

    def create_segment(self, name: str, *, below: int) -> int:
        """Create a file that is not there, to be appended to."""
        return os.open(name, _SEGMENT, 0o644, dir_fd=below)

    def lock(self, handle: int) -> bool:
        """Lock an open file until it is closed; return whether nobody else holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def append(self, handle: int, data: bytes | memoryview) -> int:
        """Write bytes at the end in one call; return how many were taken."""
        return os.write(handle, data)

    def cut(self, handle: int, size: int) -> None:
        """Cut a file back."""
        os.ftruncate(handle, size)

    def rename(self, name: str, new: str, *, below: int) -> None:
        """Give a file another name in its folder."""
        os.rename(name, new, src_dir_fd=below, dst_dir_fd=below)

    def names(self, folder: int) -> list[str]:
        """Return the names in a folder, in order."""
        return sorted(os.listdir(folder))

    def size(self, handle: int) -> int | None:
        """Return the size of an open file, or None if it is no regular file."""
        state = os.fstat(handle)
        return state.st_size if stat.S_ISREG(state.st_mode) else None

    def age_s(self, handle: int) -> float:
        """Return how long ago an open file was written to, in seconds."""
        return time.time() - os.fstat(handle).st_mtime

    def read(self, handle: int, size: int, *, begin: int = 0) -> bytes:
        """Return so many bytes of a file from ``begin`` on, or fewer where it ends before."""
        chunks = []
        done = 0
        while done < size:
            chunk = os.pread(handle, min(size - done, _CHUNK), begin + done)
            if not chunk:
                break
            chunks.append(chunk)
            done += len(chunk)
        return b"".join(chunks)
