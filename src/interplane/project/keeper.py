"""The keeper: one process a workspace that does, in turn and again and again, what keeps it going.

It keeps nothing in memory that matters. Each pass finds in the workspace what is to be done, writes
down what it did, and finds that done when it comes again. So a keeper may be killed at any moment:
the next one goes on, does nothing twice and leaves nothing out.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import InterplaneError, StorageError
from interplane.pipeline import user_code
from interplane.serving.log_lines import LogLines
from interplane.storage.clock import SystemClock
from interplane.storage.file_lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from interplane.storage.clock import Clock

__all__ = ["EVERY_S", "LOCK", "Keeper", "Pass"]

EVERY_S: Final = 10.0
"""How often a keeper looks, unless it is told otherwise."""

LOCK: Final = "keeper.lock"
"""The file that the keeper of a workspace holds."""

_PATIENCE_S: Final = 5.0


class Pass(NamedTuple):
    """Something that a keeper does in each turn.

    Attributes:
        name: what log lines call it.
        work: does it, as of a time; what it returns is not looked at.
        every_s: how long to leave it alone after it was done, if longer than a turn.
    """

    name: str
    work: Callable[[datetime], object]
    every_s: float = 0.0


class Keeper:
    """Does passes in turn until it is told to stop.

    Args:
        workspace: the folder that no other keeper may keep meanwhile.
        passes: what to do in each turn, in this order. One that fails is said; the others go on.
        every_s: how long to wait between turns.
        clock: tells the time.
        log: where is said what goes wrong.
        stopping: ends it when set, after the pass that is under way.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Keeper(Path(folder), [Pass("look", lambda now: print("looked"))]).run(once=True)
    looked
    """

    def __init__(
        self,
        workspace: Path,
        passes: Sequence[Pass],
        *,
        every_s: float = EVERY_S,
        clock: Clock | None = None,
        log: LogLines | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._workspace = workspace
        self._passes = tuple(passes)
        self._every_s = every_s
        self._clock = clock or SystemClock()
        self._log = log or LogLines({"process": "keeper"})
        self.stopping = stopping or threading.Event()
        self._done_at: dict[str, float] = {}

    def run(self, *, once: bool = False, ready: Callable[[], None] = lambda: None) -> None:
        """Keep the workspace until told to stop.

        Args:
            once: make one turn.
            ready: is called when it is known that nobody else keeps the workspace.

        Raises:
            StorageError: if somebody else does.
        """
        with self._kept():
            ready()
            while not self.stopping.is_set():
                self.turn()
                if once:
                    return
                self.stopping.wait(self._every_s)

    def turn(self) -> dict[str, str]:
        """Do each pass whose time it is, and return what went wrong, by pass."""
        failed: dict[str, str] = {}
        for item in self._passes:
            if self.stopping.is_set():
                break
            now = self._clock.monotonic()
            done = self._done_at.get(item.name)
            if done is not None and now - done < item.every_s:
                continue
            self._done_at[item.name] = now
            # Passes run the project's own code (its expressions), and meet whatever the project's
            # data holds: none of them may keep the others from their turn.
            _, error = user_code.call(item.work, datetime.fromisoformat(self._clock.now_utc()))
            if error is not None:
                failed[item.name] = self._said(item.name, error)
        return failed

    def _said(self, name: str, error: BaseException) -> str:
        if isinstance(error, InterplaneError):
            self._log.say("pass-failed", what=name, error=str(error), code=error.code)
        else:
            self._log.fault("pass-failed", error, what=name)
        return str(error)

    @contextlib.contextmanager
    def _kept(self) -> Iterator[None]:
        """Hold the workspace; one that was told to end has a moment to do so."""
        path = self._workspace / LOCK
        try:
            lock = FileLock.of(path)
        except OSError as error:
            raise StorageError.from_os(error, doing=f"making {path}") from error
        with lock.held(until=time.monotonic() + _PATIENCE_S) as got:
            if not got:
                raise StorageError(
                    f"another process keeps {self._workspace} already{_who(path)}",
                    expected="one keeper a workspace",
                    do='End that one ("interplane up" or "interplane monitor --watch") first',
                )
            path.write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
            yield


def _who(path: Path) -> str:
    try:
        return f" (process {json.loads(path.read_text(encoding='utf-8'))['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
