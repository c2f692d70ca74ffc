"""Every executor keeps the laws; the pool survives what processes do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from interplane.errors import ConfigError, StepFailed
from interplane.pipeline.executors.in_process import InProcess
from interplane.pipeline.executors.pool import Pool
from interplane.pipeline.perform import Performer
from interplane.storage.workspace import create_workspace
from interplane.testing import executor_laws
from interplane.testing.executor_laws import ExecutorBench

WORKER = [sys.executable, str(Path(__file__).with_name("toy_worker.py"))]


def make_pool(project, *, workers=2, module="steps"):
    """Return a pool of workers for a toy project."""
    return Pool(
        WORKER,
        root=project.root,
        pipeline=f"{project.name(module)}:pipeline",
        workspace=project.root / "workspace",
        workers=workers,
    )


@pytest.fixture(params=["in-process", "pool"])
def law_bench(request, project):
    """Return a bench of each kind of executor."""
    project.write(steps=executor_laws.PROJECT)
    graph = project.load("steps").pipeline.graph()
    store = create_workspace(project.root / "workspace")
    if request.param == "pool":
        executor = make_pool(project)
    else:
        executor = InProcess(Performer(graph, store, root=project.root))
    with executor:
        yield ExecutorBench(executor, graph, project.root, store, project.root / "logs")
    store.close()


@pytest.mark.parametrize("law", executor_laws.LAWS, ids=lambda law: law.__name__)
def test_an_executor_keeps_the_law(law, law_bench):
    """Each law with each implementation."""
    law(law_bench)


@pytest.fixture
def pooled(project, make_bench):
    """Return a bench whose steps run in two workers."""
    store = create_workspace(project.root / "workspace")
    yield make_bench(store, pool=lambda workers: make_pool(project, workers=workers), workers=2)
    store.close()


FAN = """
    import os, pathlib, time
    from interplane.pipeline.graph import Pipeline
    pipeline = Pipeline("toy")
    HERE = pathlib.Path(__file__).parent

    def meet(me, other):
        (HERE / me).touch()
        until = time.monotonic() + 30
        while not (HERE / other).exists() and time.monotonic() < until:
            time.sleep(0.01)
        return os.getpid()

    @pipeline.step
    def begin():
        return 1

    @pipeline.step
    def left(begin):
        return meet("left", "right")

    @pipeline.step
    def right(begin):
        return meet("right", "left")

    @pipeline.step
    def end(left, right):
        return left != right
"""


def test_steps_that_do_not_need_each_other_run_at_the_same_time(pooled):
    """In two processes that are not this one."""
    pooled.project.write(steps=FAN)
    outcome = pooled.run()
    assert pooled.value(outcome, "end") is True
    assert os.getpid() not in {pooled.value(outcome, "left"), pooled.value(outcome, "right")}
    kinds = [(event.kind, event.step) for event in pooled.events]
    assert kinds.index(("started", "right")) < kinds.index(("done", "left"))


def test_the_pool_and_this_process_make_the_same(pooled):
    """The keys are the same, so that one reuses what the other made."""
    pooled.project.write(steps=FAN)
    pooled.run()
    pooled.runner.pool = None
    assert {"reused"} == set(pooled.run().steps.values())


KILLED = """
    import os, pathlib, signal
    from interplane.pipeline.graph import Pipeline
    pipeline = Pipeline("toy")
    PLACE = "{place}"

    @pipeline.step
    def fine():
        return 1

    @pipeline.step(retries={retries})
    def killed():
        path = pathlib.Path(PLACE)
        path.write_text(path.read_text() + "x")
        print("last words", flush=True)
        if len(path.read_text()) < 2:
            os.kill(os.getpid(), signal.{signal})
        return len(path.read_text())
"""


def test_a_worker_that_is_killed_fails_its_step_alone(pooled):
    """Named with the signal, with what it wrote."""
    place = pooled.project.root / "tries"
    place.write_text("")
    pooled.project.write(steps=KILLED.format(place=place, retries=0, signal="SIGKILL"))
    with pytest.raises(StepFailed, match="step 'killed': its worker process was ended by SIGKILL"):
        pooled.run()
    end = next(pooled.store.catalog.list("run-end")).record
    assert {"fine": "done", "killed": "failed"} == end.steps
    run = next(item.record for item in pooled.store.catalog.list("step-run") if item.record.error)
    assert pooled.store.read(run.log).startswith(b"last words\n")
    assert {"fine": "reused", "killed": "done"} == pooled.run().steps


FLOOD = """
    import os, sys
    from interplane.pipeline.graph import Pipeline
    pipeline = Pipeline("toy")

    @pipeline.step
    def beside():
        return 1

    @pipeline.step
    def flood():
        print("it begins", flush=True)
        for _ in range(300):
            os.write(1, b"a line of its own\\n" * 4_000)
            os.write(2, bytes(range(256)) * 200)
        os.write(1, b"\\nit ends without an end")
        return 2
"""


def test_a_step_that_writes_very_much_keeps_its_two_ends(pooled):
    """By whatever means it writes; it is neither held up nor does it fill the disk."""
    pooled.project.write(steps=FLOOD)
    pooled.run()
    log = next(
        pooled.store.read(item.record.log).decode()
        for item in pooled.store.catalog.list("step-run")
        if item.record.log
    )
    assert log.startswith("it begins\na line of its own\n")
    assert log.endswith("\nit ends without an end\n")
    assert 1 == log.count(" lines left out …\n")
    assert 4_000_000 > len(log)


def test_a_step_whose_worker_was_killed_is_tried_again(pooled):
    """In another worker."""
    place = pooled.project.root / "tries"
    place.write_text("")
    pooled.project.write(steps=KILLED.format(place=place, retries=1, signal="SIGSEGV"))
    assert 2 == pooled.value(pooled.run(), "killed")
    run = next(
        item.record for item in pooled.store.catalog.list("step-run") if item.record.attempts == 2
    )
    lines = pooled.store.read(run.log).decode().splitlines()
    assert ("last words", "last words") == (lines[0], lines[-1])
    assert "--- attempt 2 of 2 ---" == lines[-2]


def test_a_worker_that_cannot_begin_says_why(pooled):
    """A project file that is wrong, a module that does not import."""
    pooled.project.write(steps=FAN)
    planner = pooled.prepare()
    pooled.runner.pool = lambda workers: Pool(
        [sys.executable, "-c", "print(1/0)"],
        root=pooled.project.root,
        pipeline="x:y",
        workspace=pooled.project.root / "workspace",
        workers=workers,
    )
    with pytest.raises(StepFailed, match="a worker ended with exit code 1 before it was ready"):
        pooled.runner.run(planner, code=_code)
    with pytest.raises(ConfigError, match="no such project"):
        _broken(pooled)


def _broken(bench):
    """Run with a worker that refuses its order."""
    program = (
        "from interplane.errors import ConfigError\n"
        "from interplane.pipeline.executors.worker import work\n"
        "def load(root, reference): raise ConfigError('no such project', do='Make one')\n"
        "work(load, None)"
    )
    bench.runner.pool = lambda workers: Pool(
        [sys.executable, "-c", program],
        root=bench.project.root,
        pipeline="x:y",
        workspace=bench.project.root / "workspace",
        workers=workers,
    )
    bench.runner.run(bench.prepare(), code=_code)


def _code():
    class State:
        commit, diff, environment, archive = None, None, b"{}", None

    return State()


def test_code_that_changed_since_the_plan_is_not_executed(pooled):
    """A worker imports the project itself, and compares."""
    pooled.project.write(steps=FAN)
    planner = pooled.prepare()
    pooled.project.write(steps=FAN.replace("return 1", "return 2"))
    with pytest.raises(StepFailed, match="the project's code is not the one that was planned"):
        pooled.runner.run(planner, code=_code)


def test_a_worker_with_older_code_is_replaced(pooled):
    """A warm pool outlives an edit."""
    pooled.project.write(steps=FAN)
    with make_pool(pooled.project) as pool:
        pooled.runner.pool = lambda workers: _Kept(pool)
        pooled.run()
        pooled.project.write(steps=FAN.replace("return left != right", "return [left != right]"))
        outcome = pooled.run(parameters={})
        assert "done" == outcome.steps["end"]
        pooled.project.write(steps=FAN.replace("return 1", "return 2"))
        outcome = pooled.run()
        assert {"done"} == set(outcome.steps.values())


class _Kept:
    """A pool that a run does not close."""

    def __init__(self, pool):
        self.slots = pool.slots
        self.submit, self.wait = pool.submit, pool.wait

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


def test_workers_end_with_the_process_that_started_them(project):
    """Also when it is killed."""
    project.write(steps=FAN)
    create_workspace(project.root / "workspace").close()
    program = f"""
import sys
from pathlib import Path
from interplane.pipeline.executors.pool import Pool
root = Path({str(project.root)!r})
pool = Pool({WORKER!r}, root=root, pipeline={project.name("steps")!r} + ":pipeline",
            workspace=root / "workspace", workers=1)
pool.warm()
print(pool._workers[0]._process.pid, flush=True)
sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    worker = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    parent.stdin.close()
    until = time.monotonic() + 10
    while Path(f"/proc/{worker}/stat").exists() and time.monotonic() < until:
        if Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z":
            break  # ended, and not yet collected by whoever inherited it
        time.sleep(0.05)
    else:
        assert time.monotonic() < until
