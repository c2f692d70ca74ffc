"""Taking up connections from a listening socket that all workers share.

A worker takes a few connections and goes back to its requests, so that one with much to do leaves
the rest to the others.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from interplane.serving.log_lines import LogLines

__all__ = ["Listener"]

_AT_ONCE: Final = 4
_PAUSE_S: Final = 0.1
_MOST_LEFT: Final = 10_000
_NO_MORE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """Takes up connections until it is closed.

    Args:
        loop: the event loop.
        listening: the socket, which listens already.
        connect: makes the protocol of a connection.
        log: where is said that no more can be taken up.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        connect: Callable[[], asyncio.Protocol],
        log: LogLines,
    ) -> None:
        self._loop = loop
        self._listening = listening
        self._connect = connect
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = True
        listening.setblocking(False)
        self._listen()

    async def close(self) -> None:
        """Take up what already stands in line, and nothing after it."""
        self._loop.remove_reader(self._listening.fileno())
        self._is_open = False
        self._take(_MOST_LEFT)
        self._listening.close()
        for task in tuple(self._tasks):
            await task

    def _listen(self) -> None:
        if self._is_open:
            self._loop.add_reader(self._listening.fileno(), self._take, _AT_ONCE)

    def _take(self, most: int) -> None:
        for _ in range(most):
            try:
                taken, _ = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _NO_MORE:
                    self._pause(error)
                    return
                continue  # The client left while it stood in line.
            task = self._loop.create_task(self._begin(taken))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _begin(self, taken: socket.socket) -> None:
        try:
            taken.setblocking(False)
            await self._loop.connect_accepted_socket(self._connect, taken)
        except OSError:
            taken.close()  # The client left in between.

    def _pause(self, error: OSError) -> None:
        """Leave connections in line for a moment: there is no room for another one."""
        self._log.say("no-room-for-connections", error=error.strerror)
        if self._is_open:
            self._loop.remove_reader(self._listening.fileno())
            self._loop.call_later(_PAUSE_S, self._listen)
