"""A lock file: one holder among all processes, and among the threads of one.

Whoever opens the same file twice in one process shares one lock, and a thread that has it may take
it again. That is no luxury: a catalog that nobody refers to any more is closed by the garbage
collector, which may run in the middle of another catalog's write, in the thread that writes. With a
lock for each it would wait for itself.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakValueDictionary, finalize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FileLock"]

_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.01


class FileLock:
    """The lock of a file, made where there is none; the operating system frees it with its process.

    Get it from `FileLock.of`, so that a process has one for each file.
    """

    _known: ClassVar[WeakValueDictionary[tuple[int, str], FileLock]] = WeakValueDictionary()
    _knowing: ClassVar = threading.RLock()

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._turn = threading.RLock()
        self._depth = 0
        # At the end of the process catalogs are still closed, under this lock: the system closes it.
        finalize(self, os.close, self._handle).atexit = False

    @classmethod
    def of(cls, path: Path) -> FileLock:
        """Return this process's lock of a file; after a fork a process has its own.

        Raises:
            OSError: if the file cannot be made or opened.
        """
        key = (os.getpid(), os.path.realpath(path))
        with cls._knowing:
            found = cls._known.get(key)
            if found is None:
                found = cls._known[key] = cls(path)
            return found

    @contextmanager
    def held(self, *, until: float) -> Iterator[bool]:
        """Hold the lock; yield False if it could not be had before the monotonic time ``until``."""
        if not self._turn.acquire(timeout=max(until - time.monotonic(), 0.0)):
            yield False
            return
        try:
            if self._depth == 0 and not self._take(until):
                yield False
                return
            self._depth += 1
            try:
                yield True
            finally:
                self._depth -= 1
                if self._depth == 0:
                    fcntl.flock(self._handle, fcntl.LOCK_UN)
        finally:
            self._turn.release()

    def _take(self, until: float) -> bool:
        pause = _FIRST_PAUSE_S
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
            else:
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
