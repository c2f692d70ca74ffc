"""The parent of a server: it holds the listening socket and the board, and keeps workers running.

It answers no request itself, so nothing that a client sends can harm it. A worker that dies takes
only what it was answering with it: who stands in line is taken up by the others or by its successor.
"""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import InterplaneError, StorageError, UsageError
from interplane.serving.binding import Listening, bind, needs_token
from interplane.serving.board import Board
from interplane.serving.children import Child, Children
from interplane.serving.log_lines import LogLines
from interplane.serving.minute_file import MinuteFile
from interplane.serving.minutes import Minutes
from interplane.serving.settings import ServerSettings, WorkerSettings

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from interplane.serving.children import Heard

__all__ = ["Supervisor"]

_SETTLE_S: Final = 5.0


class Supervisor:
    """Runs a server.

    Args:
        settings: what to run.
        ready: is called once, when every worker answers.
        log: where is said what happens to workers.

    Raises:
        UsageError: if there shall be no worker.
    """

    def __init__(
        self,
        settings: ServerSettings,
        *,
        ready: Callable[[Listening], None],
        log: LogLines | None = None,
    ) -> None:
        if settings.workers < 1:
            raise UsageError(
                f"a server of {settings.workers} workers",
                expected="at least 1",
                do='Say it with "--workers"',
            )
        self._settings = settings
        self._ready = ready
        self._log = log or LogLines({"worker": "parent"})
        self._children = Children()
        self._models: dict[str, dict[str, str]] = {}
        self._is_announced = False
        self._signals = 0
        self._failure: InterplaneError | None = None
        self._minutes: Minutes | None = None

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; a second one hurries. In the main thread only.

        Raises:
            UsageError: if a token is needed and there is none.
            StorageError: if the address is taken.
            InterplaneError: what kept a worker from starting, the first time.
        """
        settings = self._settings
        with (
            bind(settings.host, settings.port) as listening,
            Board.create(settings.workers) as board,
        ):
            tokens = needs_token(listening.getsockname()[0], settings)
            workers = [
                self._worker(slot, listening, board, needs_token=tokens)
                for slot in range(settings.workers)
            ]
            companions = [Child(_called(words), words) for words in settings.companions]
            self._minutes = self._open_minutes(board)
            with self._hearing_signals():
                try:
                    self._keep(
                        workers, companions, lambda: self._announce(listening, tokens), board
                    )
                finally:
                    # What stands in line from here on is the workers' alone to take up.
                    listening.close()
                    within_s = settings.grace_s + settings.drain_s + _SETTLE_S
                    self._children.end(workers, within_s=within_s, signals=lambda: self._signals)
                    self._children.end(companions, within_s=_SETTLE_S)
                    if self._minutes is not None:
                        self._minutes.close()
        if self._failure is not None:
            raise self._failure

    def _keep(
        self,
        workers: list[Child],
        companions: list[Child],
        announce: Callable[[], None],
        board: Board,
    ) -> None:
        """Keep everything running until a signal comes, or a worker cannot be started at all."""
        while not self._signals and self._failure is None:
            running = [*workers, *companions] if self._is_announced else workers
            for child, error in self._children.start_due(running):
                self._cannot_start(child, error)
            for heard in self._children.hear():
                if heard.code is not None and heard.child in workers:
                    board.slots[workers.index(heard.child)].end()
                self._take(heard)
            # Workers that are still starting are not workers that are missing.
            if self._minutes is not None and self._is_announced:
                self._minutes.tick()
            if not self._is_announced and all(child.is_ready for child in workers):
                self._is_announced = True
                announce()

    def _open_minutes(self, board: Board) -> Minutes | None:
        if not self._settings.minutes:
            return None
        return Minutes(board, MinuteFile(Path(self._settings.minutes)), log=self._log)

    def _announce(self, listening: socket.socket, tokens: bool) -> None:  # noqa: FBT001
        self._ready(
            Listening.of(
                listening,
                workers=self._settings.workers,
                needs_token=tokens,
                models=dict(sorted(self._models.items())),
            )
        )

    def _take(self, heard: Heard) -> None:
        """Take note of what a child said, or that it died."""
        for message in heard.messages:
            if "ready" in message:
                self._models.update(message["ready"])
            elif not self._is_announced:
                self._failure = self._failure or _Told(message)
            else:
                self._log.say("failed", child=heard.child.name, error=message.get("error"))
        if heard.code is None or self._signals:
            return
        how = f"exit code {heard.code}" if heard.code >= 0 else signal.Signals(-heard.code).name
        if not self._is_announced and self._failure is None:
            self._failure = StorageError(
                f"{heard.child.name} ended with {how} before it could answer",
                expected="a worker that starts",
                do="What it wrote on standard error says why",
            )
        if self._is_announced:
            self._log.say("died", child=heard.child.name, how=how)

    def _cannot_start(self, child: Child, error: OSError) -> None:
        if self._is_announced:
            self._log.say("cannot-start", child=child.name, error=str(error))
        else:
            self._failure = StorageError.from_os(error, doing=f"starting {child.name}")

    def _worker(
        self, slot: int, listening: socket.socket, board: Board, *, needs_token: bool
    ) -> Child:
        opening = msgspec.structs.replace(self._settings.opening, slot=slot)
        told = WorkerSettings(
            server=msgspec.structs.replace(self._settings, opening=opening),
            needs_token=needs_token,
            listening=listening.fileno(),
            board=board.handle,
        )
        text = msgspec.json.encode(told).decode()
        # Without the current folder on its path: a file there would take a module's place.
        command = (sys.executable, "-P", "-m", "interplane.serving.worker", text)
        return Child(f"worker {slot}", command, handles=(listening.fileno(), board.handle))

    @contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        """Count SIGTERM and SIGINT instead of dying of them."""

        def heard(_number: int, _frame: object) -> None:
            self._signals += 1

        before = {
            number: signal.signal(number, heard) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _called(words: tuple[str, ...]) -> str:
    """Return what log lines call a command: the module that it runs, or the program.

    >>> _called(("/usr/bin/python3", "-m", "interplane.project.compactor", "flights"))
    'interplane.project.compactor'
    """
    return words[words.index("-m") + 1] if "-m" in words[:-1] else words[0]


class _Told(InterplaneError):
    """An error of a worker, as it was told: it keeps its code and its exit code."""

    def __init__(self, message: dict[str, Any]) -> None:
        error = message["error"]
        super().__init__(
            error["what"], expected=error["expected"], do=error["do"], **error["details"]
        )
        self.code = error["code"]  # type: ignore[misc] # of the class that it was
        self.exit_code = message["exit_code"]  # type: ignore[misc]
