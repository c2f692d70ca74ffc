"""What steps wrote, printed: at once, or as they write it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from interplane.cli.output import say
from interplane.errors import GateClosed, StepFailed
from interplane.record import short
from interplane.storage.clock import iso_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from interplane.pipeline.log_reading import Line
    from interplane.project.project import Project
    from interplane.project.run_logs import StepWords
    from interplane.project.runs import RunInfo

__all__ = ["follow_run", "print_logs"]

_LOOK_S: Final = 0.25
_CODES: Final = {"done": 0, "gate-closed": GateClosed.exit_code}


def print_logs(project: Project, info: RunInfo, step: str | None, *, as_json: bool) -> None:
    """Print what a step wrote; without a name, every step that failed or is at work."""
    from interplane.pipeline.log_reading import text_of
    from interplane.project.run_logs import read_step, steps_at_work

    at_work = steps_at_work(project, info)
    failed = [name for name, how in info.steps.items() if how == "failed"]
    names = [*failed, *at_work] if step is None else [step]
    for name in names:
        written = read_step(project, info, name)
        if as_json:
            for found in _plain(name, written.lines, since=0):
                _print_json(found)
            continue
        if step is None:
            say(f"--- {name} ---")
        click.echo(text_of(written.lines) + written.unfinished, nl=bool(written.unfinished))
        if step is not None and not written.lines and not written.unfinished:
            is_open = info.status == "running" and name not in info.step_runs
            so_far = " so far" if is_open else ""
            click.echo(f"{name} wrote nothing in @{short(info.digest)}{so_far}", err=True)
    if not names and not as_json:
        say(f"No step of @{short(info.digest)} failed. Name one: {', '.join(info.step_runs)}")


def follow_run(project: Project, info: RunInfo, step: str | None, *, as_json: bool) -> int:
    """Print what is written until a run ends; return the exit code that says how it did."""
    from interplane.project.run_logs import Follower

    follower = Follower(info.digest, step=step)
    since: dict[str, int] = {}
    while True:
        look = follower.look(project)
        for part in look.parts:
            _print_part(part, since.get(part.step, 0), as_json=as_json, is_alone=step is not None)
            since[part.step] = part.written.next
        sys.stdout.flush()
        if look.is_over:
            break
        time.sleep(_LOOK_S)
    status = look.info.status
    if as_json:
        _print_json({"run": look.info.digest, "status": status})
    else:
        click.echo(f"run @{short(look.info.digest)}: {status}", err=True)
    return _CODES.get(status, StepFailed.exit_code)


def _print_part(part: StepWords, since: int, *, as_json: bool, is_alone: bool) -> None:
    """Print the lines of a step, each with its name where there may be others."""
    from interplane.pipeline.log_reading import text_of

    if as_json:
        for found in _plain(part.step, part.written.lines, since=since):
            _print_json(found)
        return
    begin = "" if is_alone else f"{part.step} | "
    for line in text_of(part.written.lines, since=since).split("\n")[:-1]:
        click.echo(begin + line)


def _plain(step: str, lines: Iterable[Line], *, since: int) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.number > since:
            yield {"step": step, "line": since, "left_out": line.number - since}
        at = None if line.at is None else iso_of(round(line.at * 1e6))
        yield {"step": step, "line": line.number, "at": at, "text": line.text}
        since = line.number + 1


def _print_json(value: Any) -> None:
    click.echo(msgspec.json.encode(value).decode())
