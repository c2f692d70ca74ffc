r"""What a step writes, kept on disk as it writes it: its beginning and its end, a time to each line.

A log is a folder. The lines are in files that are named by the number of their first line, each line
behind the time at which it came::

    000000000000.lines     1767225600.125 training on 158 rows
    000000002131.lines     …
    unfinished             3 1767225601.5 a line that has not ended

When there are too many, one between the beginning and the end goes. Whoever reads needs no word with
who writes: a process that is killed leaves what it had written until then.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING, Final

from interplane.pipeline.log_lines import LineBreaker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["SUFFIX", "UNFINISHED", "StepLog"]

SUFFIX: Final = ".lines"
"""How the names of the files of lines end."""

UNFINISHED: Final = "unfinished"
"""The file of a line that has not ended."""

_PART: Final = 1 << 17
_FIRST_PARTS: Final = 4
_LAST_PARTS: Final = 5
_AT_ONCE: Final = 512
_PIECE: Final = 1 << 16


class StepLog:
    """Writes the log of a step; threads may write at once.

    A disk that is full or failing is no fault of the step: what cannot be kept is counted, and said
    when something can be kept again.

    Args:
        folder: where; goes on with what is there.
        part: about how many bytes there are in a file; of a long log the first 4 and the last 5
            files are kept.
        now: tells the time, in seconds since 1970.
    """

    def __init__(
        self, folder: Path, *, part: int = _PART, now: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._part = part
        self._now = now
        self._turn = threading.Lock()
        self._process = os.getpid()
        self._breaker = LineBreaker()
        self._parts: list[int] | None = None  # the numbers of their first lines
        self._file = -1
        self._unfinished = -1
        self._size = 0
        self._number = 0
        self._lost = 0
        self._is_closed = False

    def write(self, data: bytes) -> None:
        """Keep what was written; after the end, and in a forked process, it goes nowhere."""
        if self._is_closed or os.getpid() != self._process:
            return
        with self._turn:
            for at in range(0, len(data), _PIECE):
                self._keep(self._breaker.feed(data[at : at + _PIECE]))
            self._show_unfinished()

    def close(self) -> None:
        """End the log; a line that did not end, ends."""
        with self._turn:
            if self._is_closed:
                return
            self._is_closed = True
            self._keep(self._breaker.end())
            for file in (self._file, self._unfinished):
                if file >= 0:
                    os.close(file)

    def _keep(self, lines: Sequence[str]) -> None:
        for at in range(0, len(lines), _AT_ONCE):
            self._keep_some(lines[at : at + _AT_ONCE])

    def _keep_some(self, lines: Sequence[str]) -> None:
        lost = [f"… {self._lost:,} lines could not be kept …"] if self._lost else []
        some = [*lost, *lines]
        stamp = f"{self._now():.3f} "
        body = (stamp + f"\n{stamp}".join(some) + "\n").encode("utf-8", "replace")
        try:
            self._append(body)
        except OSError:
            self._lost += len(lines)
            return
        self._number += len(some)
        self._lost = 0

    def _append(self, body: bytes) -> None:
        parts = self._begun()
        if self._file < 0 or self._size >= self._part:
            self._begin_part(parts)
        left = memoryview(body)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(body)

    def _begun(self) -> list[int]:
        """Return the numbers of first lines; at first find what is there, and go on after it."""
        if self._parts is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            there = sorted(self._folder.glob(f"*{SUFFIX}"))
            if there:
                self._number = int(there[-1].stem) + there[-1].read_bytes().count(b"\n")
            self._parts = [int(each.stem) for each in there]
        return self._parts

    def _begin_part(self, parts: list[int]) -> None:
        path = self._folder / f"{self._number:012d}{SUFFIX}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._size = file, 0
        parts.append(self._number)
        while len(parts) > _FIRST_PARTS + _LAST_PARTS:
            gone = parts.pop(_FIRST_PARTS)
            (self._folder / f"{gone:012d}{SUFFIX}").unlink(missing_ok=True)

    def _show_unfinished(self) -> None:
        text = self._breaker.unfinished
        if not text:
            return  # what stands in the file has a number that has passed
        with contextlib.suppress(OSError):
            self._begun()
            if self._unfinished < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
                self._unfinished = os.open(self._folder / UNFINISHED, flags, 0o600)
            said = f"{self._number} {self._now():.3f} {text}\n"
            os.pwrite(self._unfinished, said.encode("utf-8", "replace"), 0)
