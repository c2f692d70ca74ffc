"""A child's side of the socket that `Child` starts it with: what it says, and how it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from interplane.errors import InterplaneError

__all__ = ["Parent"]


class Parent:
    """Whoever started this process, who hears on our standard input what we say.

    When it dies so do we, at once: everything that counts is written down.

    Attributes:
        stopping: set once SIGTERM or SIGINT came.
    """

    def __init__(self) -> None:
        self._control = socket.socket(fileno=os.dup(0))
        self.stopping = threading.Event()
        threading.Thread(target=self._end_with, daemon=True).start()

    def hear_signals(self) -> None:
        """Take note of SIGTERM and SIGINT instead of dying of them. In the main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def say_ready(self, **said: Any) -> None:
        """Say that we are ready."""
        self._say({"ready": said})

    def say_failed(self, error: InterplaneError) -> None:
        """Say why we are not."""
        self._say({"error": error.to_dict(), "exit_code": error.exit_code})

    def _say(self, message: dict[str, Any]) -> None:
        self._control.sendall(msgspec.json.encode(message) + b"\n")

    def _end_with(self) -> None:
        with contextlib.suppress(OSError):
            while self._control.recv(1):
                pass
        os._exit(1)
