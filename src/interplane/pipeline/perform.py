"""Executes one step in this process: load, seed, call, save."""

from __future__ import annotations

import contextlib
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from interplane.errors import InterplaneError, UsageError
from interplane.pipeline import user_code
from interplane.pipeline.artifacts import Artifacts
from interplane.pipeline.capture import StreamCapture
from interplane.pipeline.codecs.wants import Want, refuse_form
from interplane.pipeline.metrics import telling_to
from interplane.pipeline.seeds import seed_everything
from interplane.pipeline.tasks import Failure, StepResult
from interplane.record import Artifact, DataVersion, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.pipeline.capture import Capture
    from interplane.pipeline.inputs import ResolvedInput
    from interplane.pipeline.steps import Step
    from interplane.pipeline.tasks import Source, StepTask
    from interplane.pipeline.wiring import Graph
    from interplane.storage.store import Store

__all__ = ["Performed", "Performer", "load_declared"]


class Performed(NamedTuple):
    """What came of a task, and what the step's code raised, where that is known."""

    result: StepResult
    error: BaseException | None = None


class Performer:
    """Executes steps of a pipeline in this process.

    Args:
        graph: the pipeline.
        store: the workspace; nothing is committed to it here.
        root: the project's folder.
        capture: catches what steps write.
    """

    def __init__(
        self, graph: Graph, store: Store, *, root: Path, capture: Capture | None = None
    ) -> None:
        self._graph = graph
        self._store = store
        self._root = root
        self._artifacts = Artifacts(store)
        self._capture: Capture = capture or StreamCapture()

    def perform(self, task: StepTask) -> Performed:
        """Execute a task; what its code raises is in the result."""
        step = self._graph.steps[task.step]
        wall, cpu = time.perf_counter(), time.process_time()
        log = Path(task.log)
        with (
            self._capture(log) as more,
            _Scratch() as scratch,
            telling_to(log, say=more.write),
        ):
            found = self._attempt(step, task, scratch)
            if isinstance(found, user_code.Raised):
                more.write(found.trace)
        if isinstance(found, _Made):
            result = StepResult(
                step=step.name, status="done", outputs=found.outputs, values=found.values
            )
        else:
            result = StepResult(step=step.name, status="failed", failure=_failure(step, found))
        timed = msgspec.structs.replace(
            result,
            duration_s=round(time.perf_counter() - wall, 6),
            cpu_s=round(time.process_time() - cpu, 6),
        )
        return Performed(timed, None if isinstance(found, _Made) else _error(found))

    def _attempt(
        self, step: Step, task: StepTask, scratch: _Scratch
    ) -> _Made | user_code.Raised | InterplaneError:
        """Load, call, save; each may run code of the project or of an object that it made."""
        arguments, error = user_code.call(self._receive_all, step, task, scratch)
        if error is not None:
            return self._refused(error)
        settings = {
            name: parameter.from_plain(task.parameters[name])
            for name, parameter in step.hyperparameters.items()
        }
        seed_everything(task.seed)
        returned, error = user_code.call(step.function, *arguments, **settings)
        if error is not None:
            return user_code.Raised.of(error, self._root)
        made, error = user_code.call(self._keep, step, returned)
        return made if isinstance(made, _Made) else self._refused(error)

    def _refused(self, error: BaseException | None) -> user_code.Raised | InterplaneError:
        if isinstance(error, InterplaneError):
            return error
        return user_code.Raised.of(error or ValueError(), self._root)

    def _receive_all(self, step: Step, task: StepTask, scratch: _Scratch) -> list[Any]:
        return [self._receive(step, edge, task.sources[edge], scratch) for edge in step.edges]

    def _receive(self, step: Step, edge: str, source: Source, scratch: _Scratch) -> Any:
        want = Want.of(step.annotation(edge), f"the input {edge!r} of {step.kind} {step.name!r}")
        if source.declared is not None:
            return load_declared(
                source.declared, self._store, self._artifacts, want=want, scratch=scratch
            )
        if source.artifact is None:
            raise UsageError(f"{want.place} has no source")
        return self._artifacts.load(source.artifact, scratch=scratch, want=want)

    def _keep(self, step: Step, returned: Any) -> _Made:
        draft = self._store.draft()
        outputs: dict[str, Artifact] = {}
        for name, value in _named(step, returned).items():
            place = f"output {name!r} of {step.kind} {step.name!r}"
            outputs[name] = self._artifacts.save(value, draft, place=place)
        return _Made(outputs, tuple(draft.batch().values.values()))


def load_declared(
    declared: ResolvedInput,
    store: Store,
    artifacts: Artifacts,
    *,
    want: Want,
    scratch: Callable[[], Path],
) -> Any:
    """Load a declared input: rows of a data version, or a model, live or learned (or None)."""
    if declared.is_model:
        if declared.model is None:
            return None
        return artifacts.load(declared.model, scratch=scratch, want=want)
    from interplane.data.adding import version_table
    from interplane.data.schema import Schema
    from interplane.pipeline.codecs.frames import in_form

    if declared.target is None:
        raise refuse_form(want, "nothing")
    schema = None if declared.schema is None else msgspec.convert(declared.schema, Schema)
    version = store.record(declared.target, DataVersion)
    return in_form(version_table(store, version, schema=schema), want)


class _Made(NamedTuple):
    outputs: dict[str, Artifact]
    values: tuple[bytes, ...]


class _Scratch(contextlib.AbstractContextManager["_Scratch"]):
    """New empty folders while a step runs; gone when it ends."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def __call__(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="interplane-")
        return Path(self._stack.enter_context(folder))

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _named(step: Step, returned: Any) -> dict[str, Any]:
    """Give what a step returned the names of its outputs."""
    if step.is_gate:
        return {step.outputs[0]: _verdict(step, returned)}
    if len(step.outputs) == 1:
        return {step.outputs[0]: returned}
    if isinstance(returned, dict) and set(returned) == set(step.outputs):
        return {name: returned[name] for name in step.outputs}
    if isinstance(returned, tuple | list) and len(returned) == len(step.outputs):
        return dict(zip(step.outputs, returned, strict=True))
    kind = type(returned).__name__
    size = f" of {len(returned)}" if isinstance(returned, tuple | list | dict) else ""
    raise UsageError(
        f"step {step.name!r} returned a {kind}{size}",
        expected=f"{len(step.outputs)} things, in the order of its outputs: "
        f"{', '.join(step.outputs)}",
        do="Return them as a tuple, or mend outputs=(...)",
    )


def _verdict(step: Step, returned: Any) -> Verdict:
    if isinstance(returned, Verdict):
        return returned
    from interplane.evaluation.gates import judge

    try:
        return judge(returned)
    except UsageError as error:
        raise UsageError(
            f"gate {step.name!r}: {error.what}", expected=error.expected, do=error.do
        ) from error


def _failure(step: Step, found: user_code.Raised | InterplaneError) -> Failure:
    if isinstance(found, InterplaneError):
        return Failure.of_error(step.name, found)
    return Failure.of_code(step.name, found)


def _error(found: user_code.Raised | InterplaneError) -> BaseException | None:
    return found if isinstance(found, InterplaneError) else found.error
