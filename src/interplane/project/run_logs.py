"""What the steps of a run wrote and write: on record where a step has ended, else from its log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from interplane.errors import UnknownName
from interplane.pipeline.log_reading import Line, Written, read_log
from interplane.pipeline.run_logs import begun_at, log_folder
from interplane.project.runs import LOGS, find_run, step_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from interplane.project.project import Project
    from interplane.project.runs import RunInfo

__all__ = [
    "Follower",
    "Look",
    "StepWords",
    "begun_steps",
    "read_step",
    "steps_at_work",
    "steps_of",
]

_LEFT_OUT: Final = re.compile("… ([0-9,]+) lines left out …")
_LONG: Final = 100_000


class StepWords(NamedTuple):
    """Some of what a step wrote.

    Attributes:
        step: its name.
        written: the lines.
    """

    step: str
    written: Written


class Look(NamedTuple):
    """What was new at a look.

    Attributes:
        info: the run.
        parts: what steps wrote since the look before.
    """

    info: RunInfo
    parts: tuple[StepWords, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing will be new any more."""
        return self.info.status != "running"


def steps_at_work(project: Project, info: RunInfo) -> list[str]:
    """Return the steps that have begun in a run and have not ended; it may have been killed then."""
    try:
        there = sorted(each.name for each in _folder(project, info).iterdir())
    except FileNotFoundError:
        return []
    return [name for name in there if not _is_here(info, name)]


def begun_steps(project: Project, info: RunInfo) -> dict[str, float | None]:
    """Return the steps that are at work in a run, or were when it was killed, and since when.

    Returns:
        Seconds since 1970, by step; None where nobody can tell.
    """
    return {name: begun_at(_folder(project, info) / name) for name in steps_at_work(project, info)}


def steps_of(project: Project, info: RunInfo) -> list[str]:
    """Return the steps that were executed in a run, or are, in the order in which they began."""
    ended = [name for name in info.step_runs if _is_here(info, name)]
    return ended + steps_at_work(project, info)


def read_step(
    project: Project, info: RunInfo, step: str, *, since: int = 0, most: int | None = None
) -> Written:
    """Return what a step wrote in a run (or in the run whose result was reused), or writes.

    Args:
        project: where the run is.
        info: the run.
        step: the step's name.
        since: the number of the first line.
        most: how many of the last lines, at most.

    Raises:
        UnknownName: if the run has no such step.
    """
    if step in info.step_runs:
        lines = tuple(_recorded(step_log(project.store, info, step)))
        upto = lines[-1].number + 1 if lines else 0
        new = tuple(line for line in lines if line.number >= since)
        return Written(new if most is None else new[max(len(new) - most, 0) :], upto)
    at_work = steps_at_work(project, info)
    if step in at_work:
        return read_log(_folder(project, info) / step, since=since, most=most)
    known = [*info.step_runs, *at_work, *(n for n in info.run.parameters if n not in info.steps)]
    if step not in {*known, *info.steps}:
        raise UnknownName.of("step", step, known, where=f"run @{info.digest[:12]}")
    return Written((), 0)


class Follower:
    """Follows what the steps of a run write.

    Args:
        run: the beginning of its digest.
        step: the only step that is asked for; all that are executed in it if not given.
        since: the number of the first line that is wanted, by step.
        most: how many of the last lines of a step one look brings, at most.
    """

    def __init__(
        self,
        run: str,
        *,
        step: str | None = None,
        since: Mapping[str, int] | None = None,
        most: int | None = None,
    ) -> None:
        self._run = run
        self._step = step
        self._most = most
        self._ended: set[str] = set()
        self._unfinished: dict[str, str] = {}
        self.since: dict[str, int] = dict(since or {})
        """The number of the next line, by step: what a later follower goes on from."""

    def look(self, project: Project) -> Look:
        """Return what was written since the last look.

        Args:
            project: where the run is; of the thread that looks.

        Raises:
            UnknownName: if the run has no such step.
        """
        info = find_run(project.store, self._run)
        steps = steps_of(project, info) if self._step is None else [self._step]
        return Look(info, tuple(self._new(project, info, steps)))

    def _new(self, project: Project, info: RunInfo, steps: list[str]) -> Iterator[StepWords]:
        for step in steps:
            if step in self._ended:
                continue
            since = self.since.get(step, 0)
            written = read_step(project, info, step, since=since, most=self._most)
            if step in info.step_runs:
                self._ended.add(step)
            if written.next < since:
                continue  # it has ended since the record was read: the next look finds it there
            said = self._unfinished.get(step, "")
            self.since[step], self._unfinished[step] = written.next, written.unfinished
            if written.lines or written.unfinished != said:
                yield StepWords(step, written)


def _is_here(info: RunInfo, step: str) -> bool:
    return step in info.step_runs and info.step_runs[step].run == info.digest


def _folder(project: Project, info: RunInfo) -> Path:
    return log_folder(project.workspace / LOGS, pipeline=info.run.pipeline, run=info.digest)


def _recorded(text: str) -> Iterator[Line]:
    """Yield the lines of a log on record, with the numbers that they had as they came."""
    number = 0
    is_long = len(text) > _LONG  # a short one lacks nothing, whatever it says
    lines = text.split("\n")
    for line in lines[:-1] if not lines[-1] else lines:
        found = _LEFT_OUT.fullmatch(line) if is_long else None
        if found is not None:
            number += int(found[1].replace(",", ""))
            is_long = False
            continue
        yield Line(number, line)
        number += 1
