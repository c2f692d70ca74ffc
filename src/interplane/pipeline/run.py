"""Runs a pipeline: reuses what is the same, executes the rest, records every step as it ends."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from interplane.errors import InterplaneError
from interplane.pipeline.crossing import Made
from interplane.pipeline.executors.in_process import InProcess
from interplane.pipeline.fingerprint import Fingerprinter
from interplane.pipeline.inputs import resolve_inputs
from interplane.pipeline.lease import RunLease
from interplane.pipeline.ledger import Ledger
from interplane.pipeline.outcome import Event, Outcome, Published
from interplane.pipeline.perform import Performed, Performer
from interplane.pipeline.plan import Known, PlannedStep, Planner
from interplane.pipeline.publish import Publisher
from interplane.pipeline.recorded import StoredRuns
from interplane.pipeline.run_logs import RunLogs
from interplane.pipeline.schedule import Schedule, width
from interplane.pipeline.tasks import Source, StepTask
from interplane.record import digest_value, short
from interplane.storage.clock import SystemClock, system_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interplane.pipeline.executors.ports import Executor
    from interplane.pipeline.outcome import CodeState
    from interplane.pipeline.plan import Plan
    from interplane.pipeline.steps import Step
    from interplane.pipeline.tasks import StepResult
    from interplane.pipeline.wiring import Graph
    from interplane.record import Artifact, StepKey
    from interplane.storage.clock import Clock
    from interplane.storage.ports import Receipt, Writer
    from interplane.storage.store import Store

__all__ = ["Runner"]

_QUICK_S: Final = 2.0
"""Steps that took less than this together, the last time, are done before workers have started."""


class Runner:
    """Plans and runs the pipelines of a project.

    Args:
        store: the workspace.
        root: the project's folder.
        project: its name.
        actor: who runs, for the record.
        pool: makes an executor with so many workers; without it steps run in this process.
        workers: how many workers there may be.
        tell: is called with each event of a run.
        logs: the folder in which others can follow what steps write; without it nobody can.
        clock: tells the time.
        token: gives the texts that tell two runs of one command apart.
    """

    def __init__(
        self,
        store: Store,
        *,
        root: Path,
        project: str,
        actor: str,
        pool: Callable[[int], Executor] | None = None,
        workers: int = 1,
        tell: Callable[[Event], None] | None = None,
        logs: Path | None = None,
        clock: Clock | None = None,
        token: Callable[[], str] = system_token,
    ) -> None:
        self.store = store
        self.root = root
        self.project = project
        self.actor = actor
        self.pool = pool
        self.workers = workers
        self.tell = tell or _nobody
        self.logs = logs
        self.clock = clock or SystemClock()
        self.token = token

    def prepare(
        self,
        graph: Graph,
        *,
        parameters: Mapping[str, Any] | None = None,
        pins: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> Planner:
        """Look at code, workspace and parameters as they are now.

        Args:
            graph: the pipeline, or a part of it (`Graph.up_to`).
            parameters: hyperparameters by name or ``step.name``, as values or text.
            pins: references for inputs that are not to be the latest.
            seed: what the seed of each step is derived from.

        Raises:
            UsageError: for a hyperparameter or an input that cannot be.
        """
        bound = graph.bind(parameters)
        fingerprinter = Fingerprinter(self.root)
        return Planner(
            graph=graph,
            fingerprints={name: fingerprinter.of(step) for name, step in graph.steps.items()},
            parameters={
                name: {
                    key: graph.steps[name].hyperparameters[key].to_plain(value)
                    for key, value in values.items()
                }
                for name, values in bound.items()
            },
            inputs=resolve_inputs(graph, self.store, root=self.root, pins=pins),
            recorded=StoredRuns(graph, self.store),
            seed=seed,
        )

    def run(self, planner: Planner, *, code: Callable[[], CodeState]) -> Outcome:
        """Run what was prepared.

        A run that reuses everything writes one transaction. Else the run is recorded when it
        begins, each step when it ends, and a run that is killed goes on from there.

        Args:
            planner: what `prepare` returned.
            code: takes the state of the code plane.

        Raises:
            GraphError: an annotation names something that is not there; nothing ran.
            StepFailed: the code of a step raised; the steps that do not need it are done.
            UnknownArtifact: a step returned, or wants, what it cannot.
            Fenced: somebody else is running the pipeline.
            StorageError: the workspace could not do it.
        """
        plan = planner.plan()
        for name in plan.to_run:
            _check_annotations(planner.graph.steps[name])
        with contextlib.ExitStack() as stack:
            if plan.to_run:
                lease = RunLease(self.store.catalog, planner.graph.name, actor=self.actor)
                writer = stack.enter_context(lease).writer
            else:
                writer = self.store.catalog.writer(self.actor)
            executor = stack.enter_context(self._executor(planner, plan))
            logs = self.logs or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="interplane-logs-"))
            )
            running = _Running(self, planner, plan, writer=writer, executor=executor)
            return running.run(code(), logs=logs)

    def _executor(self, planner: Planner, plan: Plan) -> Executor:
        graph = planner.graph
        count = min(self.workers, width(graph, plan.to_run))
        if self.pool is not None and count > 1 and not _is_quick(planner, plan):
            return self.pool(count)
        return InProcess(Performer(graph, self.store, root=self.root))


class _Running:
    """One run on its way."""

    def __init__(
        self, runner: Runner, planner: Planner, plan: Plan, *, writer: Writer, executor: Executor
    ) -> None:
        self._runner = runner
        self._planner = planner
        self._plan = plan
        self._graph = planner.graph
        self._executor = executor
        self._clock = runner.clock
        self._began = self._clock.monotonic()
        self._ledger = Ledger(runner.store, writer, clock=runner.clock)
        self._schedule = Schedule(planner.graph)
        self._made: dict[str, Artifact] = {}
        self._keys: dict[str, StepKey] = {}
        self._known: dict[str, Known] = {}
        self._steps: dict[str, str] = {}
        self._under_way: dict[str, _Attempt] = {}
        self._logs: RunLogs
        self._failures: list[tuple[InterplaneError, BaseException | None]] = []

    def run(self, code: CodeState, *, logs: Path) -> Outcome:
        """Run everything that can run, then publish."""
        runner = self._runner
        self._ledger.begin(self._planner, run_id=runner.token(), project=runner.project, code=code)
        self._logs = RunLogs(logs, pipeline=self._graph.name, run=self._ledger.run_digest)
        if self._plan.to_run:
            self._ledger.commit()
        while self._fill() or self._under_way:
            if self._under_way:
                self._finish(self._executor.wait())
        for step, because in self._schedule.skipped.items():
            self._steps[step] = "skipped"
            self._tell(Event("skipped", step, f"{because} failed"))
        if self._failures:
            self._fail()
        return self._publish()

    def _fill(self) -> bool:
        """Start or reuse steps while there is room; return whether any was."""
        found = False
        while len(self._under_way) < self._executor.slots:
            name = self._schedule.next()
            if name is None:
                break
            found = True
            planned = self._planner.decide(name, self._made)
            if planned.known is not None:
                self._reuse(planned, planned.known)
            elif planned.key is not None:
                self._start(planned, planned.key)
        return found

    def _reuse(self, planned: PlannedStep, known: Known) -> None:
        if planned.reasons:
            self._ledger.reuse(known)
        self._tell(Event("reused", planned.name, planned.because))
        self._done(planned.name, known, "reused")

    def _start(self, planned: PlannedStep, key: StepKey) -> None:
        step = self._graph.steps[planned.name]
        task = StepTask(
            step=planned.name,
            code=digest_value(key.code),
            sources={
                edge: Source(artifact=self._made.get(edge), declared=self._planner.inputs.get(edge))
                for edge in step.edges
            },
            parameters=key.parameters,
            seed=key.seed,
            log=str(self._logs.begin(planned.name)),
        )
        self._keys[planned.name] = key
        self._under_way[planned.name] = _Attempt(task, self._clock.now_utc())
        self._tell(Event("started", planned.name, planned.because))
        self._executor.submit(task)

    def _finish(self, performed: Performed) -> None:
        result = performed.result
        attempt = self._under_way.pop(result.step)
        retries = self._graph.steps[result.step].retries
        if result.failure is not None and attempt.count <= retries:
            self._tell(Event("retried", result.step, result.failure.what, result.duration_s))
            attempt.count += 1
            self._logs.say(result.step, f"--- attempt {attempt.count} of {retries + 1} ---")
            self._under_way[result.step] = attempt
            self._executor.submit(attempt.task)
            return
        known = self._ledger.step(
            self._keys[result.step],
            result,
            log=self._logs.text(result.step),
            metrics=self._logs.metrics(result.step),
            attempts=attempt.count,
            started_at=attempt.started_at,
        )
        self._logs.forget(result.step)
        if result.failure is None:
            self._tell(Event("done", result.step, _summary(result), result.duration_s))
            self._done(result.step, known, "done")
        else:
            self._tell(Event("failed", result.step, result.failure.what, result.duration_s))
            self._steps[result.step] = "failed"
            self._known[result.step] = known
            self._schedule.failed(result.step)
            self._failures.append((self._error(result), performed.error))

    def _done(self, step: str, known: Known, how: str) -> None:
        self._keys[step] = known.run.key
        self._known[step] = known
        self._steps[step] = how
        self._made.update(known.run.outputs)
        self._schedule.done(step)

    def _error(self, result: StepResult) -> InterplaneError:
        failure = result.failure
        if failure is None:
            raise ValueError(result.step)
        run = short(self._ledger.run_digest)
        log = f'See what it wrote with "interplane logs @{run} {result.step}"'
        more = f"{failure.do.rstrip('.')}. {log}" if failure.do else log
        error = failure.to_error(step=result.step, run=self._ledger.run_digest)
        error.do = more
        return error

    def _fail(self) -> None:
        error, cause = self._failures[0]
        self._end("failed", error=error.what)
        raise error from cause

    def _end(self, status: Literal["done", "failed", "gate-closed"], **more: Any) -> Receipt:
        receipt = self._ledger.end(status, steps=self._steps, known=self._known, **more)
        if self._plan.to_run:
            self._logs.end()
        return receipt

    def _publish(self) -> Outcome:
        made = Made(
            keys=self._keys,
            artifacts=self._made,
            inputs=self._planner.inputs,
            snapshot=self._ledger.snapshot,
        )
        publisher = Publisher(self._graph, self._runner.store)
        try:
            appended = publisher.publish(made, self._ledger.draft)
        except InterplaneError as error:
            self._end("failed", error=error.what)
            raise
        passed = all(item.verdict.passed for item in appended)
        receipt = self._end(
            "done" if passed else "gate-closed",
            crossings=tuple(item.crossing for item in appended),
        )
        published = tuple(
            Published(
                item.publication.name,
                receipt.numbers[item.place],
                item.crossing,
                item.verdict,
                receipt.new[item.place],
            )
            for item in appended
        )
        for item in published:
            self._tell(Event("published", item.name, f"{item.name}@{item.number}"))
        return Outcome(
            run=self._ledger.run_digest,
            record=self._ledger.run,
            status="done" if passed else "gate-closed",
            plan=self._plan,
            steps=self._steps,
            artifacts=self._made,
            published=published,
            seconds=self._clock.monotonic() - self._began,
        )

    def _tell(self, event: Event) -> None:
        self._runner.tell(event)


class _Attempt:
    """A step under way: its task, since when, and for which time."""

    def __init__(self, task: StepTask, started_at: str) -> None:
        self.task = task
        self.started_at = started_at
        self.count = 1


def _check_annotations(step: Step) -> None:
    """Find out before anything runs whether every input can take the form that is asked for."""
    for edge in step.edges:
        step.annotation(edge)


def _is_quick(planner: Planner, plan: Plan) -> bool:
    last = [planner.recorded.last(name) for name in plan.to_run]
    known = [item.run.duration_s for item in last if item is not None]
    return len(known) == len(last) and sum(known) < _QUICK_S


def _summary(result: StepResult) -> str:
    return ", ".join(
        f"{name}: {item.summary}" if len(result.outputs) > 1 else item.summary
        for name, item in result.outputs.items()
    )


def _nobody(event: Event) -> None:
    del event
