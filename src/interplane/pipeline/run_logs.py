"""The logs of a run that goes on: a folder a step, gone when what it wrote is on record.

The logs of a run that was killed stay: they are all that there is of what it did last.
"""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Final

from interplane.pipeline.log_reading import log_text
from interplane.pipeline.metric_curves import curve_bytes, told_so_far
from interplane.pipeline.step_log import StepLog

if TYPE_CHECKING:
    from pathlib import Path

    from interplane.record import Digest

__all__ = ["RunLogs", "begun_at", "log_folder"]

_BEGUN: Final = "begun"
"""A file beside the log: it was written when the step began."""

_KEPT: Final = 5
"""How many killed runs of a pipeline keep their logs."""


def begun_at(folder: Path) -> float | None:
    """Return when the step of a log's folder began, in seconds since 1970; None where nobody can tell."""
    try:
        return (folder / _BEGUN).stat().st_mtime
    except OSError:
        return None


def log_folder(place: Path, *, pipeline: str, run: Digest) -> Path:
    """Return the folder of the logs of a run, which has one of its own for each step at work.

    Args:
        place: the folder of all logs.
        pipeline: the pipeline's name.
        run: the run.
    """
    return place / pipeline / run


class RunLogs:
    """The logs of one run. While it has the lease of its pipeline, nobody else writes there.

    Args:
        place: the folder of all logs.
        pipeline: the pipeline's name.
        run: the run.
    """

    def __init__(self, place: Path, *, pipeline: str, run: Digest) -> None:
        self._folder = log_folder(place, pipeline=pipeline, run=run)

    def begin(self, step: str) -> Path:
        """Return the folder of a step's log; that it is there says that the step is at work, and since when."""
        folder = self._folder / step
        with contextlib.suppress(OSError):  # a full disk is for the record to say
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _BEGUN).touch()
        return folder

    def say(self, step: str, line: str) -> None:
        """Write a line of our own."""
        log = StepLog(self._folder / step)
        log.write(f"{line}\n".encode())
        log.close()

    def text(self, step: str) -> str:
        """Return what a step wrote."""
        return log_text(self._folder / step)

    def metrics(self, step: str) -> bytes:
        """Return the curves of the metrics that a step told; nothing where it told none."""
        return curve_bytes(told_so_far(self._folder / step))

    def forget(self, step: str) -> None:
        """Remove the log of a step that is on record."""
        shutil.rmtree(self._folder / step, ignore_errors=True)

    def end(self) -> None:
        """Remove what there is of a run that has ended, and of older ones that were killed."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            others = sorted(self._folder.parent.iterdir(), key=lambda each: each.stat().st_mtime)
            for old in others[:-_KEPT]:
                shutil.rmtree(old, ignore_errors=True)
