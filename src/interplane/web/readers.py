"""What pages are read from: a project for each thread, of the project file as it is now.

While the project file is broken, pages are read by the one before it; what changes something is
refused, for the file says who may do what. A workspace that went away or was put in the place of
another is not read, and not made anew: what is written there would be lost, or be somebody else's.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import ConfigError, InterplaneError, StorageError
from interplane.project.chronicle import Chronicle
from interplane.project.config import find_project_file
from interplane.web.kept import Kept
from interplane.web.routes import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from interplane.project.project import Project
    from interplane.serving.log_lines import LogLines
    from interplane.web.access.gate import Who

__all__ = ["Readers"]

_CATALOG = "catalog.sqlite"


class _Held(NamedTuple):
    """A thread's project, and of which state of the project file it is."""

    project: Project
    stamp: object


class Readers:
    """A project for each thread: what one reads is in no other's way.

    Args:
        open_project: opens the project as its file is now.
        log: where is said that the project file cannot be read.
    """

    def __init__(self, open_project: Callable[[], Project], log: LogLines) -> None:
        self._open = open_project
        self._log = log
        self._turn = threading.Lock()
        first = open_project()
        _ = first.store  # the workspace is there from now on
        self._root = first.root
        self._workspace = first.workspace
        self._place = _identity(self._workspace / _CATALOG)
        self._good: Project = first
        self._file = find_project_file(first.root)
        self._stamp: object = _stamp(self._file)
        self._broken: InterplaneError | None = None
        self._chronicle = Chronicle(open_project())
        self._kept = Kept()
        self._own = threading.local()

    def looking(self, who: Who, path: Mapping[str, str], query: Mapping[str, str]) -> Asked:
        """Return what a page is read for. In a thread that reads only.

        Raises:
            StorageError: if the workspace is not there any more.
        """
        self._check_workspace()
        self._look_at_file()
        held: _Held | None = getattr(self._own, "held", None)
        if held is None or held.stamp != self._stamp:
            if held is not None:
                held.project.store.close()
            held = _Held(self._fresh(), self._stamp)
            self._own.held = held
        return Asked(held.project, self._chronicle, self._kept, who, path, query)

    def check_file(self) -> None:
        """Refuse to change anything while the project file is broken.

        Raises:
            ConfigError: what is wrong with it.
        """
        if self._broken is not None:
            raise self._broken

    def _fresh(self) -> Project:
        """Return a project of one thread's own, by the last project file that could be read."""
        good = self._good
        return type(good)(good.root, good.config, actor=good.actor)

    def _check_workspace(self) -> None:
        if self._place is None or _identity(self._workspace / _CATALOG) != self._place:
            raise StorageError(
                "the workspace that these pages were started for is not there any more",
                expected="the same one in the same place",
                do='Put it back, or end "interplane up" and start it again',
            )

    def _look_at_file(self) -> None:
        """Read the project file if it was changed."""
        with self._turn:
            stamp = _stamp(self._file)
            if stamp == self._stamp:
                return
            try:
                found = self._open()
                if (found.root, found.workspace) != (self._root, self._workspace):
                    raise ConfigError(
                        "the project file says another workspace now",
                        expected="the one that everything was started for",
                        do='End "interplane up" and start it again',
                    )
            except InterplaneError as error:
                self._take_broken(error)
            except OSError as error:
                self._take_broken(StorageError.from_os(error, doing=f"reading {self._file}"))
            else:
                self._good, self._broken = found, None
            self._stamp = stamp

    def _take_broken(self, error: InterplaneError) -> None:
        self._broken = error
        self._log.say("project-file", error=str(error))


def _stamp(file: Path) -> object:
    """Return what changes when a file does; None where it cannot be seen."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino
