"""The laws of an executor: whoever writes another one runs these against it.

Each law takes an `ExecutorBench`. Write `PROJECT` as a module that its workers can import, then::

    @pytest.mark.parametrize("law", executor_laws.LAWS, ids=lambda law: law.__name__)
    def test_executor(law, tmp_path):
        law(my_bench(tmp_path))
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from interplane.pipeline.fingerprint import Fingerprinter
from interplane.pipeline.log_reading import log_text, read_log
from interplane.pipeline.tasks import Source, StepTask
from interplane.record import digest_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.pipeline.executors.ports import Executor
    from interplane.pipeline.tasks import StepResult
    from interplane.pipeline.wiring import Graph
    from interplane.record import Artifact
    from interplane.storage.store import Store

__all__ = ["LAWS", "PROJECT", "ExecutorBench"]

PROJECT = '''"""The pipeline that the laws run."""

import pathlib
import random
import sys
import time

from interplane.pipeline.graph import Pipeline

pipeline = Pipeline("laws")


@pipeline.step
def one(*, value: int = 1):
    return value


@pipeline.step(outputs=("low", "high"))
def both(one, *, by: float = 0.5):
    print("on standard output")
    print("on standard error", file=sys.stderr)
    return one - by, one + by


@pipeline.step
def follows():
    print("the first line")
    print("the begin", end="", flush=True)
    while not pathlib.Path(__file__).with_name("go").exists():
        time.sleep(0.005)
    print(" and the end")
    return 1


@pipeline.step
def raises(one):
    print("before it")
    raise ValueError("nothing fits")


@pipeline.step
def odd(one):
    return object()


@pipeline.step
def large(one):
    return "x" * 100_000


@pipeline.step
def drawn(*, times: int = 1):
    return [random.random() for _ in range(times)]
'''
"""The module whose attribute ``pipeline`` an executor under test executes."""


class ExecutorBench(NamedTuple):
    """An executor, with the pipeline of `PROJECT`, the folder that it is in, and the workspace.

    What steps write is kept in ``logs``, a folder that is empty at first.
    """

    executor: Executor
    graph: Graph
    root: Path
    store: Store
    logs: Path


_NUMBERS = itertools.count()


def _task(
    bench: ExecutorBench, step: str, *, seed: int = 7, one: Artifact | None = None
) -> StepTask:
    declared = bench.graph.steps[step]
    code = Fingerprinter(bench.root).of(declared).code
    return StepTask(
        step=step,
        code=digest_value(code),
        sources={edge: Source(artifact=one) for edge in declared.edges},
        parameters={
            name: parameter.to_plain(parameter.default)
            for name, parameter in declared.hyperparameters.items()
        },
        seed=seed,
        log=str(bench.logs / f"{next(_NUMBERS)}"),
    )


def _log(task: StepTask) -> str:
    return log_text(Path(task.log))


def _run(bench: ExecutorBench, task: StepTask) -> StepResult:
    bench.executor.submit(task)
    return bench.executor.wait().result


def _keep(bench: ExecutorBench, result: StepResult) -> dict[str, Artifact]:
    draft = bench.store.draft()
    for value in result.values:
        draft.put(value)
    bench.store.commit(draft, writer=bench.store.catalog.writer("laws"))
    return result.outputs


def _value(bench: ExecutorBench, artifact: Artifact) -> Any:
    from interplane.pipeline.artifacts import Artifacts

    return Artifacts(bench.store).load(artifact, scratch=lambda: bench.root)


def _one(bench: ExecutorBench) -> Artifact:
    return _keep(bench, _run(bench, _task(bench, "one")))["one"]


def a_task_gives_its_outputs(bench: ExecutorBench) -> None:
    """By name, as artifacts, with the time that it took."""
    result = _run(bench, _task(bench, "one"))
    assert (result.step, result.status, result.failure) == ("one", "done", None)
    assert _value(bench, _keep(bench, result)["one"]) == 1
    assert result.duration_s > 0


def inputs_are_what_earlier_tasks_made(bench: ExecutorBench) -> None:
    """And settings what the task says."""
    outputs = _keep(bench, _run(bench, _task(bench, "both", one=_one(bench))))
    assert [_value(bench, outputs[name]) for name in ("low", "high")] == [0.5, 1.5]


def what_a_step_writes_is_its_log(bench: ExecutorBench) -> None:
    """Of this task, and of no earlier one."""
    first = _one(bench)
    for _ in range(2):
        task = _task(bench, "both", one=first)
        _run(bench, task)
        assert _log(task) == "on standard output\non standard error\n"


def what_a_step_writes_is_there_while_it_runs(bench: ExecutorBench) -> None:
    """Each line at once, with its time, and what there is of one that has not ended."""
    task = _task(bench, "follows")
    go = bench.root / "go"
    seen = []

    def look() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = read_log(Path(task.log))
            if found.unfinished:
                seen.append(found)
                break
            time.sleep(0.005)
        go.touch()

    other = threading.Thread(target=look)
    before = time.time()
    other.start()
    _run(bench, task)
    other.join()
    go.unlink()
    (found,) = seen
    assert [line.text for line in found.lines] == ["the first line"]
    assert before - 1 <= (found.lines[0].at or 0) <= time.time()
    assert (found.next, found.unfinished) == (1, "the begin")
    assert _log(task) == "the first line\nthe begin and the end\n"


def what_is_raised_is_a_failure_with_its_place(bench: ExecutorBench) -> None:
    """The log has the traceback; the executor goes on."""
    first = _one(bench)
    task = _task(bench, "raises", one=first)
    result = _run(bench, task)
    failure = result.failure
    assert failure is not None
    assert (result.status, failure.code, failure.lost) == ("failed", "step-failed", False)
    assert failure.what.startswith("step 'raises' raised ValueError at ")
    assert " in raises: nothing fits" in failure.what
    assert _log(task).startswith("before it\nTraceback")
    assert _run(bench, _task(bench, "one")).status == "done"


def what_cannot_be_kept_is_refused_by_name(bench: ExecutorBench) -> None:
    """With the code of the error that it becomes."""
    failure = _run(bench, _task(bench, "odd", one=_one(bench))).failure
    assert failure is not None
    assert failure.code == "unknown-artifact"
    assert "output 'odd' of step 'odd' is a builtins.object" in str(failure.to_error())


def large_values_are_in_the_blobs_when_the_task_ends(bench: ExecutorBench) -> None:
    """Small ones come with the result, for the next commit."""
    result = _run(bench, _task(bench, "large", one=_one(bench)))
    assert sum(map(len, result.values)) < 16 * 1024
    assert bench.store.blobs.has(result.outputs["large"].digest)
    assert _value(bench, _keep(bench, result)["large"]) == "x" * 100_000


def random_sources_start_from_the_seed(bench: ExecutorBench) -> None:
    """Whatever ran before, wherever it runs."""
    for _ in range(2):
        result = _run(bench, _task(bench, "drawn", seed=11))
        expected = random.Random(11).random()  # noqa: S311 - no secret
        assert _value(bench, _keep(bench, result)["drawn"]) == [expected]


def every_slot_gives_one_result(bench: ExecutorBench) -> None:
    """In any order."""
    first = _one(bench)
    steps = ["both", "raises", "large", "drawn"][: bench.executor.slots]
    for step in steps:
        bench.executor.submit(_task(bench, step, one=first))
    assert sorted(bench.executor.wait().result.step for _ in steps) == sorted(steps)


LAWS: tuple[Callable[[ExecutorBench], None], ...] = (
    a_task_gives_its_outputs,
    inputs_are_what_earlier_tasks_made,
    what_a_step_writes_is_its_log,
    what_a_step_writes_is_there_while_it_runs,
    what_is_raised_is_a_failure_with_its_place,
    what_cannot_be_kept_is_refused_by_name,
    large_values_are_in_the_blobs_when_the_task_ends,
    random_sources_start_from_the_seed,
    every_slot_gives_one_result,
)
"""Every law, for a parametrised test."""
