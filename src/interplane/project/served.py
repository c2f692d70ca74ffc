"""The model server of a workspace, as a process that lives on when whoever started it dies.

``server.json`` says where it is; it holds ``server.lock`` for as long as it lives, so nobody takes
a file that was left behind for a server, nor starts a second one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interplane.errors import InterplaneError, StorageError
from interplane.record.base import Value
from interplane.serving.settings import ServerSettings
from interplane.serving.supervisor import Supervisor
from interplane.storage.file_lock import FileLock
from interplane.storage.host import Process, SystemHost

if TYPE_CHECKING:
    from interplane.serving.binding import Listening

__all__ = ["LOG", "Served", "end_server", "find_server", "start_server"]

STATE: Final = "server.json"
LOCK: Final = "server.lock"
LOG: Final = "server.log"
"""The file of what a server below `interplane up` writes, in the workspace."""

_LONGEST_LOG: Final = 16 << 20
_PATIENCE_S: Final = 2.0
_SETTLE_S: Final = 10.0
_POLL_S: Final = 0.05


class Served(Value, frozen=True, kw_only=True):
    """What is known of a server.

    Attributes:
        process: its process, told from any later one with the same number.
        settings: what it was told to be.
        listening: where it listens; None until it answers.
        error: why it did not come about.
    """

    process: Process
    settings: ServerSettings
    listening: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def url(self) -> str | None:
        """Where it listens."""
        return None if self.listening is None else str(self.listening["url"])

    def raise_error(self) -> None:
        """Raise what kept it from starting, if something did."""
        if self.error is not None:
            told = InterplaneError(
                self.error["what"], expected=self.error["expected"], do=self.error["do"]
            )
            told.code = self.error["code"]  # type: ignore[misc] # of the class that it was
            told.exit_code = self.error["exit_code"]  # type: ignore[misc]
            raise told


def find_server(workspace: Path) -> Served | None:
    """Return the server of a workspace that lives, or None."""
    served = read_state(workspace)
    if served is None or SystemHost().is_gone(served.process) or not _is_held(workspace):
        return None
    return served


def read_state(workspace: Path) -> Served | None:
    """Return what the last server of a workspace said of itself; it may have ended since."""
    try:
        return msgspec.json.decode((workspace / STATE).read_bytes(), type=Served)
    except (OSError, msgspec.MsgspecError):
        return None


def start_server(workspace: Path, settings: ServerSettings) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own.

    Raises:
        StorageError: if it cannot be started.
    """
    path = workspace / LOG
    words = [str(workspace), msgspec.json.encode(settings).decode()]
    try:
        if path.exists() and path.stat().st_size > _LONGEST_LOG:
            path.rename(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "interplane.project.served", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise StorageError.from_os(error, doing="starting the model server") from error


def end_server(workspace: Path, served: Served) -> None:
    """End a server in order; one that does not end in its time is killed."""
    settings, host = served.settings, SystemHost()
    until = time.monotonic() + settings.grace_s + settings.drain_s + _SETTLE_S
    _signal(served.process, signal.SIGTERM)
    while not host.is_gone(served.process):
        if time.monotonic() > until:
            _signal(served.process, signal.SIGKILL)
        time.sleep(_POLL_S)
    (workspace / STATE).unlink(missing_ok=True)


def _signal(process: Process, number: signal.Signals) -> None:
    if SystemHost().is_gone(process):
        return
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return


def _is_held(workspace: Path) -> bool:
    with FileLock.of(workspace / LOCK).held(until=0.0) as got:
        return not got


def _write(workspace: Path, served: Served) -> None:
    """Replace the file whole: who reads it meanwhile sees the old one or the new one."""
    building = workspace / f"{STATE}.{os.getpid()}"
    building.write_bytes(msgspec.json.encode(served))
    building.replace(workspace / STATE)


def main(workspace_text: str, settings_text: str) -> None:
    """Run the server of a workspace, unless one lives there."""
    workspace = Path(workspace_text)
    settings = msgspec.json.decode(settings_text, type=ServerSettings)
    served = Served(process=SystemHost().this_process(), settings=settings)

    def ready(listening: Listening) -> None:
        _write(workspace, msgspec.structs.replace(served, listening=listening._asdict()))

    lock = FileLock.of(workspace / LOCK)
    with lock.held(until=time.monotonic() + _PATIENCE_S) as got:
        if not got:
            return
        _write(workspace, served)
        try:
            Supervisor(settings, ready=ready).run()
        except InterplaneError as error:
            told = {**error.to_dict(), "exit_code": error.exit_code}
            _write(workspace, msgspec.structs.replace(served, error=told))
            sys.exit(error.exit_code)
        (workspace / STATE).unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
