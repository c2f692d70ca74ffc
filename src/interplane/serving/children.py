"""Processes that are kept running: started, heard, started again when they die, ended."""

from __future__ import annotations

import selectors
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Child", "Children", "Heard", "pause_after"]

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 10.0
_HEALTHY_S: Final = 10.0
_LAST_WAIT_S: Final = 5.0
_POLL_S: Final = 0.1
_LONGEST_MESSAGE: Final = 1 << 20


def pause_after(deaths: int) -> float:
    """Return how many seconds to wait before another start, after so many early deaths in a row.

    >>> [pause_after(deaths) for deaths in (0, 1, 2, 20)]
    [0.0, 0.1, 0.2, 10.0]
    """
    return min(_FIRST_PAUSE_S * 2 ** min(deaths - 1, 20), _LONGEST_PAUSE_S) if deaths else 0.0


class Child:
    """One process and those that take its place.

    Its standard input is one end of a socket. By the other end the parent hears what it says and
    sees when it dies, and it sees by its own when the parent does.

    Args:
        name: what log lines call it.
        command: its arguments.
        handles: files that it is given.
    """

    def __init__(self, name: str, command: Sequence[str], *, handles: Sequence[int] = ()) -> None:
        self.name = name
        self._command = tuple(command)
        self._handles = tuple(handles)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._born = 0.0
        self._deaths = 0
        self._heard = b""
        self.due: float | None = time.monotonic()
        """When to start it; None while it runs, and when it shall not run any more."""
        self.is_ready = False
        """Whether it said so."""

    @property
    def is_there(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return None if self._process is None else self._process.pid

    def start(self) -> socket.socket:
        """Start the process, and return the parent's end of the socket.

        Raises:
            OSError: if it cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            # Its own process group: a key pressed at the terminal is the parent's to act upon. What
            # it prints goes where log lines go: standard output is the parent's alone.
            self._process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=2,
                pass_fds=self._handles,
                process_group=0,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._socket, self._born, self._heard = ours, time.monotonic(), b""
        self.due, self.is_ready = None, False
        return ours

    def hear(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what it said, and whether its end is closed: it died, or is about to."""
        try:
            data = self._socket.recv(1 << 16) if self._socket is not None else b""
        except BlockingIOError:
            return [], False
        except OSError:
            data = b""
        *lines, rest = (self._heard + data).split(b"\n")
        self._heard = rest[-_LONGEST_MESSAGE:]
        messages = [msgspec.json.decode(line) for line in lines if line.startswith(b"{")]
        self.is_ready = self.is_ready or any("ready" in message for message in messages)
        return messages, not data

    def bury(self) -> int:
        """Wait for a process that closed its end, and return its exit code."""
        if self._socket is not None:
            self._socket.close()
        code = 0
        if self._process is not None:
            try:
                code = self._process.wait(_LAST_WAIT_S)
            except subprocess.TimeoutExpired:
                # It closed its end and lives on: nothing can be said to it any more.
                self._process.kill()
                code = self._process.wait()
        now = time.monotonic()
        self._deaths = 0 if now - self._born > _HEALTHY_S else self._deaths + 1
        self._socket, self._process, self.is_ready = None, None, False
        self.due = now + pause_after(self._deaths)
        return code

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, if there is a process."""
        if self._process is not None:
            self._process.send_signal(number)


class Heard(NamedTuple):
    """What a parent hears of a child.

    Attributes:
        child: the child.
        messages: what it said.
        code: its exit code if it died; negative is the number of a signal.
    """

    child: Child
    messages: list[dict[str, Any]]
    code: int | None


class Children:
    """All children of a process."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def start_due(self, children: Iterable[Child]) -> Iterator[tuple[Child, OSError]]:
        """Start those whose time has come; yield those that cannot be started, and try later."""
        now = time.monotonic()
        for child in children:
            if child.due is None or child.due > now:
                continue
            try:
                self._selector.register(child.start(), selectors.EVENT_READ, child)
            except OSError as error:
                child.due = now + 1.0
                yield child, error

    def hear(self) -> Iterator[Heard]:
        """Wait a moment for what children say, and bury those that died."""
        for key, _ in self._selector.select(_POLL_S):
            child: Child = key.data
            messages, is_closed = child.hear()
            code = None
            if is_closed:
                self._selector.unregister(key.fileobj)
                code = child.bury()
            yield Heard(child, messages, code)

    def end(
        self,
        children: Sequence[Child],
        *,
        within_s: float,
        signals: Callable[[], int] = lambda: 0,
    ) -> None:
        """Tell children to leave and wait until they did; whoever did not in time is killed.

        Args:
            children: those to end.
            within_s: how long they have.
            signals: tells how many signals came; those that come now are passed on.
        """
        told = signals()
        until = time.monotonic() + within_s
        for child in children:
            child.tell(signal.SIGTERM)
        while any(child.is_there for child in children):
            if time.monotonic() > until:
                for child in children:
                    child.tell(signal.SIGKILL)
            elif signals() > told:
                told = signals()
                for child in children:
                    child.tell(signal.SIGTERM)
            for _ in self.hear():
                pass
        for child in children:
            child.due = None
