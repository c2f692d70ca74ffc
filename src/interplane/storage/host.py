"""Who a process is on this machine, and whether another one is still there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Protocol

__all__ = ["Host", "Process", "SystemHost"]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")
_START_FIELD = 19  # of the fields of /proc/PID/stat after the command's name


class Process(NamedTuple):
    """A process, told from any later one with the same number.

    Attributes:
        boot: the boot of the machine, within which the monotonic clock counts.
        space: the space of process numbers (a container has its own).
        pid: its number there.
        started: when it started, in the kernel's own count.
    """

    boot: str
    space: str
    pid: int
    started: str


class Host(Protocol):
    """What a lease must know of the machine."""

    def this_process(self) -> Process:
        """Return the calling process."""
        ...

    def is_gone(self, process: Process) -> bool:
        """Return whether a process has certainly ended. Where nothing can be told: False."""
        ...


class SystemHost:
    """This machine, as /proc tells it.

    >>> host = SystemHost()
    >>> host.is_gone(host.this_process())
    False
    """

    def this_process(self) -> Process:
        """Return the calling process."""
        pid = os.getpid()
        return Process(_boot(), _space(), pid, _start(pid) or "")

    def is_gone(self, process: Process) -> bool:
        """Return whether the process ended: another boot, or nobody there who started then."""
        if process.boot != _boot():
            return True
        if process.space != _space():
            return False
        return _start(process.pid) != process.started


def _boot() -> str:
    return _BOOT_ID.read_text().strip()


def _space() -> str:
    return str(_PID_NAMESPACE.readlink())


def _start(pid: int) -> str | None:
    """Return when a process started, or None if it has ended (a zombie has)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state in {"Z", "X"} else fields[_START_FIELD - 1]
