"""What a worker process writes, led to the log of the step that it is at."""

from __future__ import annotations

import contextlib
import os
import selectors
import threading
from typing import IO, TYPE_CHECKING, Final

from interplane.pipeline.step_log import StepLog

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Tap"]

_CHUNK: Final = 1 << 16
_ROOM: Final = 1 << 20
_LAST_WORDS: Final = 4000


class Tap:
    """Reads one process's output in a thread, so that the process never waits for anybody.

    Args:
        source: the end of a pipe that reads; closed with the tap.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._log: StepLog | None = None
        self._beside = b""
        self._turn = threading.Lock()
        self._over, self._end = os.pipe()
        os.set_blocking(source.fileno(), False)
        _widen(source.fileno())
        self._thread = threading.Thread(target=self._follow, name="interplane-tap", daemon=True)
        self._thread.start()

    @property
    def last_words(self) -> str:
        """The end of what was written that is of no step."""
        with self._turn:
            self._read_what_is_there()
            return self._beside.decode("utf-8", "replace").strip()

    def lead(self, log: Path) -> None:
        """Keep what is written from now on in the log of a step."""
        with self._turn:
            self._read_what_is_there()
            self._log = StepLog(log)

    def settle(self) -> None:
        """Keep all that was written until now, and end the log."""
        with self._turn:
            self._read_what_is_there()
            if self._log is not None:
                self._log.close()
            self._log = None

    def close(self) -> None:
        """Stop reading."""
        self.settle()
        os.close(self._end)
        self._thread.join()
        os.close(self._over)
        self._source.close()

    def _follow(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._source, selectors.EVENT_READ)
            selector.register(self._over, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._over in ready:
                    return
                with self._turn:
                    if self._read_some() == 0:
                        return

    def _read_what_is_there(self) -> None:
        """Read what the pipe holds, and no more: somebody may go on writing for ever."""
        left = _held(self._source.fileno())
        while left > 0:
            count = self._read_some()
            if not count:
                return
            left -= count

    def _read_some(self) -> int | None:
        """Read once; return how much there was, 0 at the end, None where there is nothing now."""
        try:
            data = os.read(self._source.fileno(), _CHUNK)
        except BlockingIOError:
            return None
        if self._log is not None:
            self._log.write(data)
        else:
            self._beside = (self._beside + data)[-_LAST_WORDS:]
        return len(data)


def _held(file: int) -> int:
    """Return how many bytes a pipe holds."""
    import array
    import fcntl
    import termios

    count = array.array("i", [0])
    fcntl.ioctl(file, termios.FIONREAD, count)
    return count[0]


def _widen(file: int) -> None:
    """Let a pipe hold more, so that a burst does not wait for this process; where that is possible."""
    import fcntl

    wider = getattr(fcntl, "F_SETPIPE_SZ", None)
    if wider is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(file, wider, _ROOM)
