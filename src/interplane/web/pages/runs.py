"""Runs: how each went, its steps over time, what they made and wrote."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UsageError
from interplane.project.runs import find_run, list_runs, step_log
from interplane.record import Digest, Snapshot, StepRun, Value
from interplane.web.routes import Asked, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interplane.project.runs import RunInfo

__all__ = ["PAGES", "LogPage", "RunPage", "RunsPage", "StepBar"]

_PAGE: Final = 100
_MOST: Final = 1000
_LONGEST_LOG: Final = 200_000


class RunRow(Value, frozen=True, kw_only=True):
    """A run in a list."""

    digest: Digest
    pipeline: str
    status: str
    steps: dict[str, int]
    seconds: float | None
    actor: str
    at: str


class RunsPage(Value, frozen=True, kw_only=True):
    """The last runs, newest first; ``more`` is how many to ask for to see others before them."""

    runs: tuple[RunRow, ...]
    more: int | None


class StepBar(Value, frozen=True, kw_only=True):
    """A step of a run: how it went, and where it lies in the run's time.

    Attributes:
        step: its name.
        went: done, reused, failed or skipped.
        begin: when it began, in seconds after the run; 0 for what was reused or skipped.
        seconds: how long it took.
        attempts: how often it was tried.
        made: what it made, by the name of the output.
        error: why it failed.
        has_log: whether it wrote anything.
        unfollowed: what of its code could not be followed.
    """

    step: str
    went: str
    begin: float
    seconds: float
    attempts: int
    made: dict[str, str]
    error: str
    has_log: bool
    unfollowed: tuple[str, ...]


class RunPage(Value, frozen=True, kw_only=True):
    """A run."""

    digest: Digest
    pipeline: str
    status: str
    actor: str
    at: str
    seconds: float | None
    commit: str | None
    parameters: dict[str, dict[str, Any]]
    steps: tuple[StepBar, ...]
    error: str
    span: float


class LogPage(Value, frozen=True, kw_only=True):
    """What a step wrote in a run; the end of it, where it is long."""

    digest: Digest
    pipeline: str
    step: str
    text: str
    left_out: int


def read_runs(asked: Asked) -> RunsPage:
    """Return the last runs, newest first."""
    limit = _limit(asked.query.get("limit", str(_PAGE)))
    found = list_runs(asked.project.store, limit=limit + 1)
    more = min(limit * 2, _MOST) if len(found) > limit and limit < _MOST else None
    return RunsPage(runs=tuple(map(_row, found[:limit])), more=more)


def read_run(asked: Asked) -> RunPage:
    """Return a run with its steps over time."""
    store = asked.project.store
    info = find_run(store, asked.path["run"])
    snapshot = store.record(info.run.snapshot, Snapshot)
    bars = tuple(_bars(info))
    span = max((bar.begin + bar.seconds for bar in bars), default=0.0)
    return RunPage(
        digest=info.digest,
        pipeline=info.run.pipeline,
        status=info.status,
        actor=info.actor,
        at=info.run.started_at,
        seconds=info.seconds,
        commit=snapshot.commit,
        parameters={step: values for step, values in info.run.parameters.items() if values},
        steps=bars,
        error=info.error or "",
        span=max(span, info.seconds or 0.0, 1e-3),
    )


def read_log(asked: Asked) -> LogPage:
    """Return what a step wrote in a run."""
    store = asked.project.store
    info = find_run(store, asked.path["run"])
    text = step_log(store, info, asked.path["step"])
    return LogPage(
        digest=info.digest,
        pipeline=info.run.pipeline,
        step=asked.path["step"],
        text=text[-_LONGEST_LOG:],
        left_out=max(len(text) - _LONGEST_LOG, 0),
    )


def _limit(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST:
        return int(text)
    raise UsageError(
        f"limit={text[:40]!r}",
        expected=f"a whole number from 1 to {_MOST}",
        do="Say how many runs to list",
    )


def _row(info: RunInfo) -> RunRow:
    return RunRow(
        digest=info.digest,
        pipeline=info.run.pipeline,
        status=info.status,
        steps=dict(Counter(info.steps.values())),
        seconds=info.seconds,
        actor=info.actor,
        at=info.run.started_at,
    )


def _bars(info: RunInfo) -> Iterator[StepBar]:
    begun = datetime.fromisoformat(info.run.started_at)
    for name, went in info.steps.items():
        done = info.step_runs.get(name)
        is_here = done is not None and went != "reused" and done.run == info.digest
        yield StepBar(
            step=name,
            went=went,
            begin=_after(begun, done) if done is not None and is_here else 0.0,
            seconds=done.duration_s if done is not None and is_here else 0.0,
            attempts=1 if done is None else done.attempts,
            made={} if done is None else {key: out.summary for key, out in done.outputs.items()},
            error=(done.error or "") if done is not None else "",
            has_log=done is not None and done.log is not None,
            unfollowed=() if done is None else done.key.unfollowed,
        )


def _after(begun: datetime, done: StepRun) -> float:
    return max((datetime.fromisoformat(done.started_at) - begun).total_seconds(), 0.0)


PAGES: Final = (
    Page(
        name="runs",
        path="/runs",
        permission="look",
        read=read_runs,
        template="runs.html",
        query={"limit": f"how many to list, up to {_MOST}"},
    ),
    Page(name="run", path="/runs/{run}", permission="look", read=read_run, template="run.html"),
    Page(
        name="log",
        path="/runs/{run}/log/{step}",
        permission="look",
        read=read_log,
        template="log.html",
    ),
)
