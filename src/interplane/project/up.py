"""Everything of a workspace running: keeper and pages below this process, the model server beside it.

Keeper and pages end with this process, however that ends: others go on where they were. The server
does not: predictions go on, and the next ``interplane up`` finds it and takes it over.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from interplane.errors import InterplaneError, StorageError
from interplane.project.listening import listen
from interplane.project.served import end_server, find_server, read_state, start_server
from interplane.serving.children import Child, Children, pause_after
from interplane.serving.hosts import is_loopback
from interplane.serving.log_lines import LogLines
from interplane.serving.tokens import TOKENS, TokenFile
from interplane.storage.clock import SystemClock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from interplane.project.project import Project
    from interplane.project.served import Served
    from interplane.serving.children import Heard
    from interplane.serving.settings import ServerSettings

__all__ = ["PagesSettings", "Running", "Up"]

_KEEPER_S: Final = 30.0
_HEALTHY_S: Final = 10.0


class Running(NamedTuple):
    """What runs.

    Attributes:
        keeper: the process number of the keeper.
        server: the model server, if there is to be one.
        adopted: whether it was there before.
        pages: where the pages are, if there are to be some.
        token: the first token that opens them, made at this start; None where there were some.
    """

    keeper: int
    server: Served | None
    adopted: bool
    pages: str | None = None
    token: str | None = None


class PagesSettings(NamedTuple):
    """What the pages are to be.

    Attributes:
        host: the address that they listen at.
        port: the port; 0 takes a free one.
        names: further names that people may call them by.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()


class Up:
    """Runs the keeper and the model server of a project until SIGTERM or SIGINT.

    Args:
        project: the project.
        settings: what the model server is to be; None for no server.
        every_s: how often the keeper looks.
        ready: is called once, when everything runs.
        pages: what the pages are to be; None for no pages.
        log: where is said what happens to processes.
    """

    def __init__(
        self,
        project: Project,
        settings: ServerSettings | None,
        *,
        every_s: float,
        ready: Callable[[Running], None],
        pages: PagesSettings | None = None,
        log: LogLines | None = None,
    ) -> None:
        self._project = project
        self._ready = ready
        self._log = log or LogLines({"process": "up"})
        self._server = None if settings is None else _Server(project, settings, self._log)
        words = ("-m", "interplane.project.keeping", str(project.root), str(every_s))
        self._keeper = Child("keeper", (sys.executable, "-P", *words))
        self._pages_settings = pages
        self._pages: Child | None = None
        self._below = [self._keeper]
        self._pages_url: str | None = None
        self._children = Children()
        self._signals = 0
        self._is_announced = False
        self._failure: InterplaneError | None = None

    def run(self) -> None:
        """Run until a signal comes, then end both in order. In the main thread only.

        Raises:
            StorageError: if somebody else keeps the workspace, or the server's address is taken.
            InterplaneError: what else kept one of them from starting.
        """
        _ = self._project.store  # the workspace is there from now on
        with self._listening(), self._hearing_signals():
            try:
                while not self._signals and self._failure is None:
                    self._turn()
            finally:
                self._children.end(self._below, within_s=_KEEPER_S)
                # A server that was there before is left as it was by somebody who came too late.
                if self._server is not None and (self._is_announced or not self._server.adopted):
                    self._server.end()
        if self._failure is not None:
            raise self._failure

    def _turn(self) -> None:
        for child, error in self._children.start_due(self._below):
            self._log.say("cannot-start", child=child.name, error=str(error))
        for heard in self._children.hear():
            self._take(heard)
        try:
            is_serving = self._server is None or self._server.look(self._keeper.is_ready)
        except InterplaneError as error:
            if self._is_announced:
                self._log.say("cannot-serve", error=str(error), code=error.code)
                return
            self._failure = error
            return
        is_below = all(child.is_ready for child in self._below)
        if is_below and is_serving and not self._is_announced:
            self._announce()

    def _announce(self) -> None:
        self._is_announced = True
        server = self._server
        served, adopted = (None, False) if server is None else (server.served, server.adopted)
        token = None if self._pages is None else first_token(self._project)
        self._ready(Running(self._keeper.pid or 0, served, adopted, self._pages_url, token))

    def _take(self, heard: Heard) -> None:
        for message in heard.messages:
            if heard.child is self._pages and "ready" in message:
                self._pages_url = message["ready"]["url"]
            if "error" in message and not self._is_announced:
                self._failure = self._failure or _told(message)
            elif "error" in message:
                self._log.say("failed", child=heard.child.name, error=message["error"]["what"])
        if heard.code is None or self._signals:
            return
        how = f"exit code {heard.code}" if heard.code >= 0 else signal.Signals(-heard.code).name
        self._log.say("died", child=heard.child.name, how=how)
        if not self._is_announced and self._failure is None:
            self._failure = StorageError(
                f"the {heard.child.name} ended with {how} before it was ready",
                expected=f"{heard.child.name} that start",
                do="What it wrote on standard error says why",
            )

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hold the socket of the pages: it stays where it is, however often they die."""
        if self._pages_settings is None:
            yield
            return
        host, port, names = self._pages_settings
        with listen(host, port) as held:
            address = held.getsockname()[0]
            if not is_loopback(address):
                do = "Let something with TLS stand before them: tokens go over the network"
                self._log.say("pages-open-to-others", address=address, do=do)
            self._pages = _pages_child(self._project, held.fileno(), names)
            self._below.append(self._pages)
            yield

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


def _pages_child(project: Project, handle: int, names: tuple[str, ...]) -> Child:
    # By its name, not by import: the pages are a floor above this one.
    words = ("-m", "interplane.web.process", str(project.root), str(handle))
    return Child("pages", (sys.executable, "-P", *words, *names), handles=(handle,))


def first_token(project: Project) -> str | None:
    """Make the first token that opens the pages, and return it; None where there is one already.

    It is its only showing: what is kept is its digest.
    """
    tokens = TokenFile(project.workspace / TOKENS, now=SystemClock().now_utc)
    if any(item.role is not None and item.revoked is None for item in tokens.list()):
        return None
    return tokens.add("owner", may=(), role="admin")


class _Server:
    """The model server as `Up` sees it: found, started, started again when it dies."""

    def __init__(self, project: Project, settings: ServerSettings, log: LogLines) -> None:
        self._workspace = project.workspace.absolute()
        self._settings = settings
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._due = 0.0
        self._born = 0.0
        self._deaths = 0
        self.served: Served | None = None
        self.adopted = False

    def look(self, may_start: bool) -> bool:  # noqa: FBT001 - the only thing it asks
        """Return whether it answers; start it if it does not live, and that is allowed.

        Raises:
            InterplaneError: what kept it from starting.
        """
        found = find_server(self._workspace)
        if self._process is not None and (code := self._process.poll()) is not None:
            self._bury(code)
        if found is not None:
            self._notice(found)
        elif self._process is None:
            self._start(may_start)
        return found is not None and found.url is not None

    def end(self) -> None:
        """End it in order, whoever started it."""
        found = find_server(self._workspace)
        if found is not None:
            end_server(self._workspace, found)
        elif self._process is not None:
            self._process.terminate()
        if self._process is not None:
            self._process.wait()

    def _notice(self, found: Served) -> None:
        if self.served is None and self._process is None:
            self.adopted = True
            if found.settings != self._settings:
                self._log.say("other-settings", url=found.url, pid=found.process.pid)
        self.served = found

    def _start(self, may_start: bool) -> None:  # noqa: FBT001
        if self.served is not None and self.adopted:
            self._log.say("died", child="server", pid=self.served.process.pid)
            self.adopted = False
        if not may_start or time.monotonic() < self._due:
            return
        self._born = time.monotonic()
        self._process = start_server(self._workspace, self._settings)

    def _bury(self, code: int) -> None:
        """Take note of a server that ended, and say when to start the next."""
        process, self._process = self._process, None
        self._deaths = 0 if time.monotonic() - self._born > _HEALTHY_S else self._deaths + 1
        self._due = time.monotonic() + pause_after(self._deaths)
        self._log.say("died", child="server", how=f"exit code {code}")
        left = read_state(self._workspace)
        if left is not None and process is not None and left.process.pid == process.pid:
            left.raise_error()


def _told(message: dict[str, Any]) -> InterplaneError:
    """Return an error of the keeper, as it was told: it keeps its code and its exit code."""
    said = message["error"]
    error = InterplaneError(said["what"], expected=said["expected"], do=said["do"])
    error.code = said["code"]  # type: ignore[misc] # of the class that it was
    error.exit_code = message["exit_code"]  # type: ignore[misc]
    return error
