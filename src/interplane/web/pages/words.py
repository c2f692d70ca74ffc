"""What steps wrote: lines with their times, of a step's log and of a run that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from interplane.pipeline.log_reading import text_of
from interplane.project.run_logs import Follower, read_step, steps_of
from interplane.project.runs import find_run
from interplane.record import Digest, Value
from interplane.storage.clock import iso_of
from interplane.web.places import LONGEST_CURSOR, Whole
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from interplane.pipeline.log_reading import Line, Written
    from interplane.project.project import Project
    from interplane.project.runs import RunInfo

__all__ = ["LOG", "LogLine", "LogPage", "NewWords", "Words", "follow_words", "last_words"]

_LONGEST_LOG: Final = 200_000
_LONGEST_LINE: Final = 4_000
_SHOWN: Final = 20_000
_PIECE: Final = 100_000
_MOST_LINES: Final = 2_000
_MOST_NUMBER: Final = 10**15 - 1


class LogLine(Value, frozen=True, kw_only=True):
    """A line that a step wrote: its number, from 0 on, when it came where that is known, its text."""

    number: int
    at: str | None
    text: str


class Words(Value, frozen=True, kw_only=True):
    """Some of what a step wrote.

    Attributes:
        step: the step's name.
        since: the number of the line that would be the first if none were left out; where numbers
            are missing, lines are left out.
        lines: the lines.
        next: the number that the next line will have.
        unfinished: the end of what there is of a line that has not ended.
    """

    step: str
    since: int
    lines: tuple[LogLine, ...]
    next: int
    unfinished: str


class NewWords(Value, frozen=True, kw_only=True):
    """What steps wrote since the last one; ``cursor`` is where to go on."""

    words: tuple[Words, ...]
    cursor: str


class LogPage(Value, frozen=True, kw_only=True):
    """What a step wrote in a run.

    Attributes:
        digest: the run.
        pipeline: its pipeline.
        step: the step's name.
        is_over: whether it has ended, or was killed: nothing will be added.
        lines: the last lines, or with ``since`` the first ones from there on; not all, where they
            are many.
        next: what to ask for to have the lines behind them.
        left_out: how many lines before them are not here.
        unfinished: the end of what there is of a line that has not ended.
    """

    digest: Digest
    pipeline: str
    step: str
    is_over: bool
    lines: tuple[LogLine, ...]
    next: int
    left_out: int
    unfinished: str


def read_log(asked: Asked) -> LogPage:
    """Return what a step wrote in a run, or writes."""
    info = find_run(asked.project.store, asked.path["run"])
    step, since = asked.path["step"], asked.query.get("since")
    first = int(since or 0)
    written = read_step(asked.project, info, step, since=first)
    room = _LONGEST_LOG
    lines = _fitting(written.lines, room) if since else _fitting_last(written.lines, room)
    upto = lines[-1].number + 1 if lines else max(written.next, first)
    is_whole = len(lines) == len(written.lines) or not since
    return LogPage(
        digest=info.digest,
        pipeline=info.run.pipeline,
        step=step,
        is_over=step in info.step_runs or info.status != "running",
        lines=tuple(map(_said, lines)),
        next=upto,
        left_out=(lines[0].number if lines else upto) - first,
        unfinished=written.unfinished if is_whole else "",
    )


def write_log(asked: Asked) -> str:
    """Return all that is kept of what a step wrote, as text."""
    info = find_run(asked.project.store, asked.path["run"])
    written = read_step(asked.project, info, asked.path["step"])
    return text_of(written.lines) + written.unfinished


def last_words(project: Project, info: RunInfo) -> NewWords:
    """Return the end of what the steps wrote that were executed in a run, or are."""
    found, since, room = [], {}, _SHOWN
    for step in reversed(steps_of(project, info)):
        if room <= 0 and step in info.step_runs:
            since[step] = _MOST_NUMBER  # what is not shown now is not brought later
            continue
        written = read_step(project, info, step, most=_MOST_LINES)
        since[step] = written.next
        words = _words(step, written, since=0, room=room)
        room -= sum(len(line.text) + 1 for line in words.lines)
        if words.lines or words.unfinished:
            found.append(words)
    return NewWords(words=tuple(found[::-1]), cursor=_to_cursor(since))


def follow_words(path: Mapping[str, str], cursor: str) -> Callable[[Asked], NewWords | None]:
    """Return what gives, each time, what is new in a run since the last time; None if nothing is.

    Args:
        path: names the run.
        cursor: where somebody was who followed it before.
    """
    follower = Follower(path["run"], since=_from_cursor(cursor), most=_MOST_LINES)

    def look(asked: Asked) -> NewWords | None:
        before = dict(follower.since)
        parts = follower.look(asked.project).parts
        if not parts:
            return None
        room = _PIECE // len(parts)
        words = (
            _words(step, written, since=before.get(step, 0), room=room) for step, written in parts
        )
        return NewWords(words=tuple(words), cursor=_to_cursor(follower.since))

    return look


def _words(step: str, written: Written, *, since: int, room: int) -> Words:
    lines = _fitting_last(written.lines, max(room, 1))
    return Words(
        step=step,
        since=since,
        lines=tuple(map(_said, lines)),
        next=written.next,
        unfinished=written.unfinished,
    )


def _said(line: Line) -> LogLine:
    text, at = line.text, line.at
    if len(text) > _LONGEST_LINE:
        half = _LONGEST_LINE // 2
        text = f"{text[:half]} … {len(text) - 2 * half:,} characters left out … {text[-half:]}"
    return LogLine(
        number=line.number, at=None if at is None else iso_of(round(at * 1e6)), text=text
    )


def _fitting(lines: tuple[Line, ...], room: int) -> list[Line]:
    """Return the first lines that fit, at least one."""

    def upto() -> Iterator[Line]:
        left = room
        for line in lines:
            if left <= 0:
                return
            left -= min(len(line.text), _LONGEST_LINE) + 1
            yield line

    return list(upto())


def _fitting_last(lines: tuple[Line, ...], room: int) -> list[Line]:
    return _fitting(lines[::-1], room)[::-1]


def _to_cursor(since: Mapping[str, int]) -> str:
    """Return where a follower is as text; of too many steps nothing, so that all comes again.

    >>> _to_cursor({"split": 3, "é": 0})
    'split:3,%C3%A9:0,'
    """
    text = "".join(f"{quote(step)}:{number}," for step, number in since.items())
    return text if len(text) <= LONGEST_CURSOR else ""


def _from_cursor(text: str) -> dict[str, int]:
    """Return where a follower is.

    >>> _from_cursor("split:3,%C3%A9:0,")
    {'split': 3, 'é': 0}
    """
    pairs = (each.split(":") for each in text.split(",")[:-1])
    return {unquote(step): int(number) for step, number in pairs}


LOG: Final = Page(
    name="log",
    path="/runs/{run}/log/{step}",
    permission="look",
    read=read_log,
    template="log.html",
    query={"since": Whole("the number of the first line", 0, _MOST_NUMBER)},
    text=write_log,
)
