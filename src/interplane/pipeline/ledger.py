"""What a run writes: its beginning, each finished step in one commit, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import UNSET

from interplane.pipeline.plan import Known
from interplane.record import Digest, Run, RunEnd, Snapshot, StepRun, digest_value
from interplane.storage.names import (
    current_run_pointer,
    last_pointer,
    run_lease,
    step_pointer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interplane.pipeline.outcome import CodeState
    from interplane.pipeline.plan import Planner
    from interplane.pipeline.tasks import StepResult
    from interplane.record import StepKey
    from interplane.storage.clock import Clock
    from interplane.storage.ports import Receipt, Writer
    from interplane.storage.store import Store

__all__ = ["Ledger"]


class Ledger:
    """Writes one run.

    Args:
        store: the workspace.
        writer: who writes, under which lease.
        clock: tells when.
    """

    def __init__(self, store: Store, writer: Writer, *, clock: Clock) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self.draft = store.draft()
        self.run: Run
        self.run_digest: Digest
        self.snapshot: Snapshot
        self._is_current = False

    def begin(self, planner: Planner, *, run_id: str, project: str, code: CodeState) -> None:
        """Write down what was asked for; it is durable with the next commit."""
        diff = None if code.diff is None else self.draft.put(code.diff)
        self.snapshot = Snapshot(
            project=project,
            commit=code.commit,
            diff=diff,
            environment=self.draft.put(code.environment),
            archive=UNSET if code.archive is None else self.draft.put(code.archive),
        )
        graph = planner.graph
        pointer = current_run_pointer(graph.name)
        self.run = Run(
            id=run_id,
            pipeline=graph.name,
            parameters={name: dict(values) for name, values in planner.parameters.items()},
            inputs={name: item.target for name, item in planner.inputs.items()},
            snapshot=self.draft.record(self.snapshot),
            started_at=self._clock.now_utc(),
            resumed_from=self._store.catalog.pointer(pointer),
            takes={
                name: tuple(dict.fromkeys(graph.producers.get(edge, edge) for edge in step.edges))
                for name, step in graph.steps.items()
            },
        )
        self.run_digest = self.draft.record(self.run)
        self._is_current = self._may_be_current(graph.name)
        if self._is_current:
            self.draft.move(pointer, self.run_digest, reason="a run has begun")

    def _may_be_current(self, pipeline: str) -> bool:
        """Return whether the pipeline is this run's: one that only reuses may meet another's."""
        if self._writer.lease is not None:
            return True
        held = self._store.catalog.lease(run_lease(pipeline))
        return held is None or held.expired

    def step(
        self,
        key: StepKey,
        result: StepResult,
        *,
        log: str,
        metrics: bytes,
        attempts: int,
        started_at: str,
    ) -> Known:
        """Write down what came of a step; a finished one can be reused from now on."""
        for value in result.values:
            self.draft.put(value)
        step_run = StepRun(
            run=self.run_digest,
            key=key,
            status=result.status,
            outputs=result.outputs,
            attempts=attempts,
            started_at=started_at,
            duration_s=result.duration_s,
            cpu_s=result.cpu_s,
            log=self.draft.put(log.encode()) if log else None,
            metrics=self.draft.put(metrics) if metrics else UNSET,
            error=None if result.failure is None else result.failure.what,
        )
        digest = self.draft.record(step_run)
        if result.status == "done":
            self.draft.move(step_pointer(digest_value(key)), digest)
            self.draft.move(last_pointer(self.run.pipeline, key.step), digest)
        self.commit()
        return Known(digest, step_run)

    def reuse(self, known: Known) -> None:
        """Make a run of a step the last one again, when it is not."""
        self.draft.move(last_pointer(self.run.pipeline, known.run.key.step), known.digest)

    def end(
        self,
        status: Literal["done", "failed", "gate-closed"],
        *,
        steps: Mapping[str, str],
        known: Mapping[str, Known],
        crossings: tuple[Digest, ...] = (),
        error: str | None = None,
    ) -> Receipt:
        """Write down how the run went."""
        self.draft.record(
            RunEnd(
                run=self.run_digest,
                status=status,
                ended_at=self._clock.now_utc(),
                steps=dict(steps),
                step_runs={name: item.digest for name, item in known.items()},
                crossings=crossings,
                error=error,
            )
        )
        if self._is_current:
            pointer = current_run_pointer(self.run.pipeline)
            self.draft.move(pointer, None, reason=f"it is {status}")
        return self.commit()

    def commit(self) -> Receipt:
        """Write everything since the last commit, in one transaction."""
        receipt = self._store.commit(self.draft, writer=self._writer)
        self.draft = self._store.draft()
        return receipt
