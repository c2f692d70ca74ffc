"""A thread that syncs now and then, and whoever asks: many who ask at once wait for one fsync."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from interplane.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Syncer"]


class Syncer:
    """Calls a function in a thread of its own.

    Args:
        sync: makes durable what there is when it is called; raises StorageError if it cannot.
        every_s: how often it is called without being asked.
    """

    def __init__(self, sync: Callable[[], None], *, every_s: float) -> None:
        self._sync = sync
        self._every_s = every_s
        self._turn = threading.Lock()
        self._waiting: Future[None] | None = None
        self._is_ending = False
        self._wake = threading.Event()
        # A process that forgets to close ends all the same: what was written, the system has.
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def ask(self) -> Future[None]:
        """Return what is done when everything until now is durable; it may hold an error.

        All who ask before the next call begins get the same one, and none can cancel it.
        """
        with self._turn:
            if self._waiting is None:
                self._waiting = Future()
                self._waiting.set_running_or_notify_cancel()
            waiting = self._waiting
        self._wake.set()
        return waiting

    def end(self) -> None:
        """Sync for the last time and end the thread.

        Raises:
            StorageError: if that last time failed.
        """
        self._is_ending = True
        last = self.ask()
        self._thread.join()
        last.result()

    def _run(self) -> None:
        is_ending = False
        while not is_ending:
            self._wake.wait(self._every_s)
            self._wake.clear()
            is_ending = self._is_ending
            with self._turn:
                waiting, self._waiting = self._waiting, None
            try:
                self._sync()
            except (StorageError, OSError, RuntimeError, ValueError) as error:
                # Whoever waits is told; without an answer it would wait for ever.
                if waiting is not None:
                    waiting.set_exception(error)
            else:
                if waiting is not None:
                    waiting.set_result(None)
