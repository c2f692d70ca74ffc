"""``python -m interplane.project.shadow PROJECT``: lets shadows predict what a server answers.

It runs beside the server, at the lowest priority: whatever becomes of it, nobody who is answered
notices. Without a shadow it looks for one twice a second and does nothing else.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from interplane.errors import InterplaneError, StorageError
from interplane.project.predictions import log_folder, shadow_folder
from interplane.project.project import Project
from interplane.project.shadow_work import ShadowWork
from interplane.project.shadows import Shadows
from interplane.serving.loading import load_crossing
from interplane.serving.shadowing import Shadow
from interplane.storage.file_lock import FileLock
from interplane.views.lookups import LookUps
from interplane.views.states import States

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.project.shadows import Active
    from interplane.record import Digest

__all__ = ["Shadowing", "shadow_until"]

LOOK_EVERY_S: Final = 0.5
"""How often a shadow is looked for while there is none."""

_POLL_S: Final = 0.1
_PAUSE_S: Final = 1.0
_LOCK: Final = "follow.lock"


class Shadowing:
    """Keeps the shadows of a project at what servers answer.

    Args:
        log: the folder of the prediction log.
        own: the folder of the shadows' log; its parent is there.
        shadows: which crossings are shadows now.
        say: takes a line for the operator.
        alarm: is told before each row how many seconds it may take, and behind the last one 0.
    """

    def __init__(
        self,
        log: Path,
        own: Path,
        shadows: Shadows,
        *,
        say: Callable[[str], None],
        alarm: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._log = log
        self._own = own
        self._shadows = shadows
        self._say = say
        self._alarm = alarm
        self._work: ShadowWork | None = None
        self._active: Mapping[str, Active] = {}
        self._trouble = ""

    def step(self) -> float:
        """Do what there is to do; return how many seconds to wait before the next step.

        What goes wrong with a disk is said, and everything begins anew a moment later.
        """
        try:
            wait_s = self._step()
        except (InterplaneError, OSError) as error:
            if str(error) != self._trouble:
                self._say(f"shadows cannot go on just now: {error}")
            self._trouble = str(error)
            self._drop()
            return _PAUSE_S
        self._trouble = ""
        return wait_s

    def _step(self) -> float:
        active = self._shadows.look()
        if active != self._active:
            self.end()
            self._active = active
        if not active:
            return LOOK_EVERY_S
        if self._work is None:
            self._work = ShadowWork(self._log, self._own, active, alarm=self._alarm)
        return 0.0 if self._work.step() else _POLL_S

    def end(self) -> None:
        """Keep the place, and close.

        Raises:
            StorageError: if it cannot be kept; the next one finds it out.
        """
        work, self._work = self._work, None
        if work is not None:
            try:
                work.keep()
            finally:
                work.close()

    def _drop(self) -> None:
        work, self._work = self._work, None
        self._active = {}
        if work is not None:
            try:
                work.close()
            except StorageError as error:
                self._say(f"the shadows' log was not closed: {error}")


def shadow_until(
    stopping: threading.Event,
    project: Project,
    *,
    say: Callable[[str], None],
    alarm: Callable[[float], None] = lambda _seconds: None,
) -> None:
    """Let shadows predict until told to stop; of several processes one works at a time."""
    _ = project.store  # the workspace is there from now on
    own = shadow_folder(project)
    own.mkdir(exist_ok=True)
    states = States(project.open_online())

    def load(digest: Digest) -> Shadow:
        loaded = load_crossing(project.store, digest)
        look_ups = None
        if loaded.frozen.uses:
            look_ups = LookUps(loaded.frozen.uses, states)
            look_ups.check()
        return Shadow(loaded, look_ups=look_ups)

    shadowing = Shadowing(
        log_folder(project), own, Shadows(project.store, load, say=say), say=say, alarm=alarm
    )
    lock = FileLock.of(own / _LOCK)
    while not stopping.is_set():
        with lock.held(until=time.monotonic() + _PAUSE_S) as got:
            while got and not stopping.is_set():
                stopping.wait(shadowing.step())
            shadowing.end()


def _hear_end(stopping: threading.Event) -> None:
    # Unbuffered: at the end of the process nobody may hold what Python keeps of standard input.
    while os.read(0, 1):
        pass
    stopping.set()


def _step_back() -> None:
    """Leave the processor to whoever wants it: servers that answer are not to wait for us."""
    os.nice(19)
    # The kernel lets an idle process be pushed aside the moment that another one wakes; beside a
    # merely nice one, a waking server waits for the end of its slice.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _alarm(seconds: float) -> None:
    """Set the alarm, which ends the process; 0 takes it back."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def main(project: str) -> None:
    """Run beside a server until SIGTERM, or until the server is gone and closes our input."""
    _step_back()
    stopping = threading.Event()
    threading.Thread(target=_hear_end, args=(stopping,), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201

    shadow_until(stopping, Project.find(Path(project)), say=say, alarm=_alarm)


if __name__ == "__main__":
    main(sys.argv[1])
