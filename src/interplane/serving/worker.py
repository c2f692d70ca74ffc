"""A worker: one process, one event loop, one row path. ``python -m interplane.serving.worker JSON``.

It shares the listening socket with its neighbours. On SIGTERM, and when its parent is gone, it
leaves: readiness ends first, requests are taken for the grace period, what stands in line is still
taken up, what is in flight is answered, and the log is closed.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import InterplaneError, StorageError
from interplane.serving.app import App
from interplane.serving.board import Board
from interplane.serving.gate import Gate
from interplane.serving.hosts import Hosts
from interplane.serving.listener import Listener
from interplane.serving.log_lines import LogLines
from interplane.serving.metrics import SlotMeter
from interplane.serving.protocol import Connection
from interplane.serving.routes import Routes
from interplane.serving.settings import WorkerSettings
from interplane.serving.tokens import TokenWatch
from interplane.serving.traffic import TICK_S, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.serving.ports import Factory, Meter, RowPath

__all__ = ["main"]

_POLL_S: Final = 0.02
_MOST_HANDLES: Final = 65_536


class Worker:
    """One worker's life.

    Args:
        settings: what the parent says.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._server = settings.server
        slot = self._server.opening.slot
        self._board = Board(settings.board, slots=self._server.workers)
        self._slot = self._board.slots[slot]
        self._log = LogLines({"worker": slot})
        self._control = socket.socket(fileno=os.dup(0))
        self._leave = asyncio.Event()
        self._hurry = asyncio.Event()

    async def live(self) -> None:
        """Open the row path, answer until it is time to leave, and leave.

        Raises:
            InterplaneError: if the row path cannot be opened.
        """
        self._slot.begin(pid=os.getpid(), started_us=time.time_ns() // 1000)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told)
        self._control.setblocking(False)
        loop.add_reader(self._control.fileno(), self._orphaned)
        with ExitStack() as ends:
            ends.callback(self._slot.end)
            row_path = self._open(SlotMeter(self._slot), ends)
            await self._answer(row_path, loop)

    def _open(self, meter: Meter, ends: ExitStack) -> RowPath:
        """Open and start the row path, and have it closed at the end: models first, then the log."""
        module, _, function = self._server.factory.partition(":")
        factory: Factory = getattr(importlib.import_module(module), function)
        row_path = factory(self._server.opening, meter)
        ends.callback(row_path.log.close)
        ends.callback(row_path.models.close)
        row_path.models.start()
        # What was loaded stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        return row_path

    async def _answer(self, row_path: RowPath, loop: asyncio.AbstractEventLoop) -> None:
        app = App(row_path, self._board)
        listening = socket.socket(fileno=self._settings.listening)
        tokens = TokenWatch(Path(self._server.tokens)) if self._settings.needs_token else None
        traffic = Traffic(
            loop,
            self._gate(app, listening, tokens),
            limits=self._server.limits,
            slot=self._slot,
            log=self._log,
        )
        listener = Listener(loop, listening, lambda: Connection(traffic), self._log)
        self._tick(loop, app, traffic, tokens)
        self._tell({"ready": {name: _shown(row_path, name) for name in row_path.models.names()}})
        await self._leave.wait()
        app.is_leaving = True
        await _wait(self._hurry, self._server.grace_s)
        await listener.close()
        traffic.is_leaving = True
        await self._drain(traffic)

    def _gate(self, app: App, listening: socket.socket, tokens: TokenWatch | None) -> Gate:
        address, port = listening.getsockname()[:2]
        return Gate(
            Routes(app.routes),
            Hosts(address, port, self._server.allow_hosts),
            tokens=tokens,
            most_body=self._server.limits.body_bytes,
            quick=app.quick.get,
        )

    def _tick(
        self,
        loop: asyncio.AbstractEventLoop,
        app: App,
        traffic: Traffic,
        tokens: TokenWatch | None,
    ) -> None:
        """Do what is due a few times a second."""
        try:
            traffic.sweep()
            app.refresh()
            if tokens is not None and (why := tokens.refresh()):
                self._log.say("tokens-unreadable", why=why)
        except Exception as error:  # noqa: BLE001 - the watch goes on whatever happens
            self._log.fault("fault", error, route="none")
        loop.call_later(TICK_S, self._tick, loop, app, traffic, tokens)

    async def _drain(self, traffic: Traffic) -> None:
        """Wait until every connection is gone, at most for the time there is."""
        until = time.monotonic() + self._server.drain_s
        while traffic.connections or traffic.tasks:
            if time.monotonic() > until:
                self._log.say("not-drained", connections=len(traffic.connections))
                return
            await asyncio.sleep(_POLL_S)

    def _told(self) -> None:
        """Leave; the second time, without grace."""
        if self._leave.is_set():
            self._hurry.set()
        self._leave.set()

    def _orphaned(self) -> None:
        """Leave without grace when the parent is gone: nobody would start this place again."""
        try:
            if self._control.recv(64):
                return
        except BlockingIOError:
            return
        except OSError:
            pass  # Reset: gone as well.
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._hurry.set()
        self._leave.set()

    def _tell(self, message: dict[str, Any]) -> None:
        """Tell the parent something; it may be gone."""
        try:
            self._control.sendall(msgspec.json.encode(message) + b"\n")
        except OSError as error:
            self._log.say("parent-gone", error=error.strerror)

    def fail(self, error: InterplaneError) -> None:
        """Tell the parent why this worker cannot be."""
        self._control.setblocking(True)
        shape = msgspec.to_builtins(error.to_dict(), enc_hook=str)
        self._tell({"error": shape, "exit_code": error.exit_code})
        self._slot.end()


def _shown(row_path: RowPath, model: str) -> dict[str, str]:
    endpoint = row_path.models.find(model)
    return {} if endpoint is None else {"name": endpoint.name, "crossing": endpoint.crossing}


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until an event."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


def _raise_handles() -> None:
    """Let this process have as many sockets as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_HANDLES if hard == resource.RLIM_INFINITY else min(hard, _MOST_HANDLES)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


def main(arguments: Sequence[str]) -> int:
    """Live as a worker, and return the exit code."""
    settings = msgspec.json.decode(arguments[0], type=WorkerSettings)
    _raise_handles()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        worker = runner.run(_make(settings))
        try:
            runner.run(worker.live())
        except InterplaneError as error:
            worker.fail(error)
            return error.exit_code
        except OSError as error:
            worker.fail(StorageError.from_os(error, doing="opening what is served"))
            return StorageError.exit_code
    return 0


async def _make(settings: WorkerSettings) -> Worker:
    """Make a worker within the loop that its events belong to."""
    return Worker(settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
