"""Runs that triggers start: `interplane run` on recorded code, each in a process of its own.

A process holds the lock file of its firing for as long as it lives, whoever started it: so a keeper
that was killed and started again finds those that live on, and starts none twice. What a process
came to is on record in the catalog, under the firing's own actor.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Final

from interplane.errors import StorageError
from interplane.monitoring.triggers.parameters import to_words
from interplane.monitoring.triggers.ports import Found
from interplane.project.recorded_code import FOLDER as CODE
from interplane.project.recorded_code import find_code, lay_out
from interplane.record import Run, RunEnd, short
from interplane.storage.names import run_lease

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from interplane.monitoring.triggers.firing import Firing
    from interplane.project.project import Project
    from interplane.record import Digest

__all__ = ["FOLDER", "RecordedRuns", "firing_log"]

FOLDER: Final = "firings"
"""The folder of the logs of triggered runs, in the workspace."""

_LOOK_BACK: Final = 5000
_LAST_WORDS: Final = 2000
_POLL_S: Final = 0.05


def firing_log(project: Project, firing: Firing) -> Path:
    """Return the file of what the process of a firing wrote."""
    return project.workspace / FOLDER / f"{firing.id}.log"


class RecordedRuns:
    """Starts runs of recorded code, and finds them again.

    Args:
        project: the project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._processes: dict[Digest, subprocess.Popen[bytes]] = {}

    def begin(self, firing: Firing) -> Digest:
        """Start a process for a firing and return the digest of the code that it runs."""
        code = find_code(self._project.store, firing.action.run)
        folder = lay_out(self._project, code)
        words = to_words(firing.action.parameters)
        command = [sys.executable, "-P", "-m", "interplane", "run", firing.action.run, *words]
        log = firing_log(self._project, firing)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            lock = _take(log.with_suffix(".lock"))
            if lock is None:  # one lives for it already
                return code.digest
            try:
                with log.open("ab") as out:
                    out.write(f"--- {code.of} ({short(code.digest)}): {firing.reason}\n".encode())
                    out.flush()
                    self._processes[firing.id] = subprocess.Popen(
                        command,
                        cwd=folder,
                        env=self._environment(firing),
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        pass_fds=[lock],
                        start_new_session=True,
                    )
            finally:
                os.close(lock)  # the process has its own handle of it
        except OSError as error:
            raise StorageError.from_os(
                error, doing=f"starting a run of {firing.action.run}"
            ) from error
        return code.digest

    def find(self, firing: Firing) -> Found:
        """Return what there is of a firing's run."""
        process = self._processes.get(firing.id)
        log = firing_log(self._project, firing)
        exit_code = None if process is None else process.poll()
        if (process is not None and exit_code is None) or _is_held(log.with_suffix(".lock")):
            return Found(is_alive=True)
        self._processes.pop(firing.id, None)
        run, end = self._recorded(firing.actor)
        if end is None:
            note = "" if exit_code in {None, 0} else _last_words(log)
            return Found(exit_code=exit_code, run=run, note=note)
        closed = "its gate is closed" if end.status == "gate-closed" else ""
        return Found(
            exit_code=exit_code,
            run=run,
            status=end.status,
            crossings=end.crossings,
            note=end.error or closed,
        )

    def busy(self, pipelines: Iterable[str]) -> dict[str, str]:
        """Return those of some pipelines that run now, each with by whom."""
        found = {}
        for pipeline in pipelines:
            lease = self._project.store.catalog.lease(run_lease(pipeline))
            if lease is not None and not lease.expired:
                found[pipeline] = lease.actor
        return found

    def wait(self) -> bool:
        """Wait a moment; return whether a process that was started here still lives."""
        time.sleep(_POLL_S)
        return any(process.poll() is None for process in self._processes.values())

    def end(self, *, within_s: float) -> None:
        """Stop the processes that were started here; what they finished is kept."""
        until = time.monotonic() + within_s
        alive = [item for item in self._processes.values() if item.poll() is None]
        for process in alive:
            _signal(process, signal.SIGINT)
        for process in alive:
            try:
                process.wait(max(until - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()

    def forget(self, kept: Sequence[Firing]) -> None:
        """Remove the logs of firings that are not kept any more, and the code that only they ran."""
        _remove_others(self._project.workspace / FOLDER, {firing.id for firing in kept})
        # Whoever was killed between starting a process and writing down its code may run it still.
        if all(firing.code for firing in kept if firing.state == "started"):
            codes = {str(firing.code) for firing in kept}
            _remove_others(self._project.workspace / CODE, codes)

    def _environment(self, firing: Firing) -> dict[str, str]:
        return {
            **os.environ,
            "INTERPLANE_WORKSPACE": str(self._project.workspace.absolute()),
            "INTERPLANE_ACTOR": firing.actor,
        }

    def _recorded(self, actor: str) -> tuple[Digest | None, RunEnd | None]:
        """Return the last run on record of an actor, and its end; one that ended comes first."""
        catalog = self._project.store.catalog
        begun = None
        for entry in islice(catalog.list(str(Run.__struct_config__.tag)), _LOOK_BACK):
            if entry.actor != actor:
                continue
            for digest in reversed(catalog.standing_on(entry.digest)):
                record = catalog.get(digest).record
                if isinstance(record, RunEnd):
                    return entry.digest, record
            begun = begun or entry.digest
        return begun, None


def _take(path: Path) -> int | None:
    """Return a handle that holds a lock file; None if somebody else holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False  # nobody came as far as starting a process
    try:
        handle = _take(path)
    except OSError as error:
        raise StorageError.from_os(error, doing=f"looking at {path}") from error
    if handle is None:
        return True
    os.close(handle)
    return False


def _remove_others(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.stem in names:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and to those that it started."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _last_words(log: Path) -> str:
    """Return the last line of a log: what an error said."""
    try:
        text = log.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:1000] if lines else ""
