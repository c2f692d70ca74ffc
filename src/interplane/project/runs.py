"""Runs as a project's people see them: how each went, its steps, what a step wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from interplane.errors import UnknownName
from interplane.record import Ref, Run, RunEnd, StepRun
from interplane.storage.names import current_run_pointer, run_lease

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from interplane.record import Digest
    from interplane.storage.store import Store

__all__ = ["LOGS", "RunInfo", "find_run", "list_runs", "step_log"]

LOGS: Final = "logs"
"""The folder of what steps write while they run, in the workspace."""


@dataclass(frozen=True)
class RunInfo:
    """A run and how it went.

    Attributes:
        digest: the digest of its beginning.
        run: what was asked for.
        status: done, failed, gate-closed, running, or crashed (its process ended without a word).
        seconds: how long it took, if it ended.
        steps: what became of each step: done, reused, failed or skipped.
        step_runs: the executions behind them, by step; empty in a list, where a run has ended.
        actor: who ran.
        error: why it failed.
        crossings: what it published.
    """

    digest: Digest
    run: Run
    status: str
    seconds: float | None
    steps: Mapping[str, str]
    step_runs: Mapping[str, StepRun]
    actor: str
    error: str | None = None
    crossings: tuple[Digest, ...] = ()

    def _repr_html_(self) -> str:
        from interplane.project.cards.runs import run_html

        return run_html(self)


def list_runs(store: Store, *, limit: int | None = 20, before: int | None = None) -> list[RunInfo]:
    """Return the last runs, newest first, without the executions behind the steps of ended ones.

    Args:
        store: where they are.
        limit: how many.
        before: those whose sequence in the catalog is less than this.
    """
    return [
        _info(
            *(store, entry.digest, entry.record, _end_of(store, entry.digest), entry.actor),
            details=False,
        )
        for entry in store.catalog.list(str(Run.__struct_config__.tag), limit=limit, before=before)
        if isinstance(entry.record, Run)
    ]


def find_run(store: Store, text: str | None = None, *, details: bool = True) -> RunInfo:
    """Return the run whose digest begins with ``text`` (after an @, or without it).

    Without a text, or where it is ``last``, return the last one.

    Args:
        store: where it is.
        text: what its digest begins with.
        details: whether the executions behind the steps are read, where it has ended.

    Raises:
        UnknownName: if there is none.
    """
    if text is None or text == "last":
        last = next(store.catalog.list(str(Run.__struct_config__.tag), limit=1), None)
        if last is None:
            raise UnknownName.of("run", "last", (), do='Make one with "interplane run"')
        entry = last
    else:
        ref = Ref.parse(text if text.startswith("@") else f"@{text}")
        entry = store.catalog.get(store.resolve(ref, series="model"))
    run = store.record(entry.digest, Run)
    end = _end_of(store, entry.digest)
    return _info(store, entry.digest, run, end, entry.actor, details=details)


def step_log(store: Store, info: RunInfo, step: str) -> str:
    """Return what a step wrote in a run (or in the run whose result was reused).

    Raises:
        UnknownName: if the run has no such step.
    """
    if step not in info.step_runs:
        raise UnknownName.of("step", step, info.step_runs, where=f"run @{info.digest[:12]}")
    log = info.step_runs[step].log
    return "" if log is None else store.read(log).decode("utf-8", errors="replace")


def _end_of(store: Store, run: Digest) -> RunEnd | None:
    """Return how a run ended: of what stands on it, its end came last."""
    for source in reversed(store.catalog.standing_on(run)):
        record = store.catalog.get(source).record
        if isinstance(record, RunEnd):
            return record
    return None


def _standing_on(store: Store, digest: Digest) -> Iterator[object]:
    for source in store.catalog.standing_on(digest):
        yield store.catalog.get(source).record


def _info(
    store: Store,
    digest: Digest,
    run: Run,
    end: RunEnd | None,
    actor: str,
    *,
    details: bool = True,
) -> RunInfo:
    if end is None:
        step_runs = {
            item.key.step: item for item in _standing_on(store, digest) if isinstance(item, StepRun)
        }
        return RunInfo(
            digest=digest,
            run=run,
            status="running" if _is_alive(store, run, digest) else "crashed",
            seconds=None,
            steps=_in_order({name: item.status for name, item in step_runs.items()}, step_runs),
            step_runs=_in_order(step_runs, step_runs),
            actor=actor,
        )
    step_runs = (
        {name: store.record(item, StepRun) for name, item in end.step_runs.items()}
        if details
        else {}
    )
    began, ended = (datetime.fromisoformat(at) for at in (run.started_at, end.ended_at))
    return RunInfo(
        digest=digest,
        run=run,
        status=end.status,
        seconds=(ended - began).total_seconds(),
        steps=_in_order(end.steps, step_runs),
        step_runs=_in_order(step_runs, step_runs),
        actor=actor,
        error=end.error,
        crossings=end.crossings,
    )


def _in_order(found: Mapping[str, Any], step_runs: Mapping[str, StepRun]) -> dict[str, Any]:
    """Return what is known by step in the order in which the steps ran, skipped ones last."""
    began = {name: item.started_at for name, item in step_runs.items()}
    return {name: found[name] for name in sorted(found, key=lambda name: began.get(name, "~"))}


def _is_alive(store: Store, run: Run, digest: Digest) -> bool:
    lease = store.catalog.lease(run_lease(run.pipeline))
    current = store.catalog.pointer(current_run_pointer(run.pipeline))
    return lease is not None and not lease.expired and current == digest
