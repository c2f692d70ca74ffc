"""Runs: what is executed, what is reused, what is recorded, what fails and how."""

import random
import time

import pytest

from interplane.errors import (
    Fenced,
    GraphError,
    StepFailed,
    StorageFull,
    UnknownArtifact,
    UsageError,
)
from interplane.pipeline.lease import RunLease
from interplane.record import Run, RunEnd, StepRun
from interplane.storage.names import current_run_pointer, run_lease
from interplane.testing.stores import FixedClock, memory_store

HEAD = """
    from interplane.pipeline.graph import Pipeline
    import TOY_helpers as helpers
    pipeline = Pipeline("toy")
"""
HELPERS = """
    def double(x):
        return 2 * x
"""
CHAIN = (
    HEAD
    + """
    @pipeline.step
    def numbers(*, count: int = 3):
        print("counting")
        return list(range(count))

    @pipeline.step(outputs=("low", "high"))
    def halves(numbers):
        return numbers[:1], numbers[1:]

    @pipeline.step
    def total(high):
        return helpers.double(sum(high))
    """
)


@pytest.fixture
def chain(bench):
    """Return a bench with a pipeline of three steps."""
    bench.project.write(steps=CHAIN, helpers=HELPERS)
    return bench


def edit(bench, old, new, module="steps"):
    """Edit the toy pipeline."""
    text = {"steps": CHAIN, "helpers": HELPERS}[module]
    assert old in text
    bench.project.write(**{module: text.replace(old, new)})


def test_a_run_executes_every_step_once_and_the_next_reuses_all(chain):
    """And the values are there."""
    first = chain.run()
    assert {"numbers": "done", "halves": "done", "total": "done"} == first.steps
    assert 6 == chain.value(first, "total")
    second = chain.run()
    assert {"reused"} == set(second.steps.values())
    assert first.artifacts == second.artifacts
    assert first.run != second.run


def test_an_edited_helper_runs_its_step_again_and_is_named(chain):
    """And nothing else."""
    chain.run()
    edit(chain, "return 2 * x", "return 3 * x", "helpers")
    plan = chain.prepare().plan()
    assert [("reuse", ""), ("reuse", ""), ("run", f"`{chain.project.name('helpers')}.double` changed")] == [
        (step.action, step.because) for step in plan.steps.values()
    ]  # fmt: skip
    outcome = chain.run()
    assert {"numbers": "reused", "halves": "reused", "total": "done"} == outcome.steps
    assert 9 == chain.value(outcome, "total")


def test_a_step_that_makes_the_same_again_cuts_the_run_short(chain):
    """What comes after it is reused, although its maker ran."""
    chain.run()
    edit(chain, "list(range(count))", "[*range(count)]")
    assert ["run", "wait", "wait"] == [
        step.action for step in chain.prepare().plan().steps.values()
    ]
    assert {"numbers": "done", "halves": "reused", "total": "reused"} == chain.run().steps


def test_going_back_to_earlier_code_reuses_the_earlier_run(chain):
    """And makes it the last one again."""
    chain.run()
    edit(chain, "return 2 * x", "return 3 * x", "helpers")
    chain.run()
    chain.project.write(helpers=HELPERS)
    assert {"reused"} == set(chain.run().steps.values())
    assert [""] * 3 == [step.because for step in chain.prepare().plan().steps.values()]


def test_parameters_and_seeds_are_part_of_the_key(chain):
    """As values or as text."""
    first = chain.run(parameters={"count": 4})
    assert {"reused"} == set(chain.run(parameters={"numbers.count": "4"}).steps.values())
    assert "done" == chain.run(parameters={"count": 4}, seed=1).steps["total"]
    assert [0, 1, 2, 3] == chain.value(first, "numbers")


def test_every_step_is_recorded_with_its_log(chain):
    """Run, step runs and end; what a step printed."""
    outcome = chain.run()
    end = next(chain.store.catalog.list("run-end")).record
    assert isinstance(end, RunEnd)
    assert ("done", outcome.steps) == (end.status, end.steps)
    step = chain.store.record(end.step_runs["numbers"], StepRun)
    assert b"counting\n" == chain.store.read(step.log)
    assert chain.store.record(end.step_runs["total"], StepRun).log is None
    assert chain.store.catalog.pointer(current_run_pointer("toy")) is None
    assert chain.store.catalog.lease(run_lease("toy")) is None


def test_a_reused_run_is_one_transaction(chain):
    """Beside the writer's number."""
    chain.run()
    before = len(list(chain.store.catalog.list()))
    sequence = max(entry.sequence for entry in chain.store.catalog.list())
    chain.run()
    new = list(chain.store.catalog.list())[: -before or None]
    assert {"run", "run-end"} == {entry.record.kind for entry in new}
    assert min(entry.sequence for entry in new) > sequence


FAILING = (
    HEAD
    + """
    @pipeline.step
    def good():
        return 1

    @pipeline.step
    def bad(good):
        print("about to fail")
        return helpers.double(None)

    @pipeline.step
    def after(bad):
        return bad

    @pipeline.step
    def beside(good):
        return good + 1
    """
)


def test_a_step_that_raises_is_named_with_its_place(bench):
    """The others are done; the same command goes on when it is mended."""
    bench.project.write(steps=FAILING, helpers=HELPERS)
    with pytest.raises(StepFailed) as caught:
        bench.run()
    helpers = bench.project.name("helpers")
    words = str(caught.value)
    assert f"step 'bad' raised TypeError at {helpers}.py:3 in double: unsupported operand type(s) for *: 'int' and 'NoneType'." in words  # fmt: skip
    assert "interplane logs @" in words
    assert isinstance(caught.value.__cause__, TypeError)
    end = next(bench.store.catalog.list("run-end")).record
    assert {"good": "done", "bad": "failed", "beside": "done", "after": "skipped"} == end.steps
    log = bench.store.read(bench.store.record(end.step_runs["bad"], StepRun).log).decode()
    assert "about to fail\nTraceback" in log
    bench.project.write(helpers="def double(x):\n    return 5\n")
    outcome = bench.run()
    assert {"good": "reused", "bad": "done", "beside": "reused", "after": "done"} == outcome.steps


def test_a_step_is_tried_again_as_often_as_it_says(bench):
    """With every attempt in the log."""
    text = HEAD + """
    import pathlib
    PLACE = "{place}"

    @pipeline.step(retries=2)
    def flaky():
        path = pathlib.Path(PLACE)
        tries = int(path.read_text()) + 1
        path.write_text(str(tries))
        if tries < {needed}:
            raise OSError(f"attempt number {{tries}}")
        return tries
    """  # fmt: skip
    place = bench.project.root / "tries"
    place.write_text("0")
    bench.project.write(steps=text.format(place=place, needed=3), helpers=HELPERS)
    outcome = bench.run()
    assert 3 == bench.value(outcome, "flaky")
    assert ["started", "retried", "retried", "done"] == [event.kind for event in bench.events]
    run = next(bench.store.catalog.list("step-run")).record
    assert 3 == run.attempts
    log = bench.store.read(run.log).decode()
    assert "attempt number 1" in log
    assert "--- attempt 3 of 3 ---" in log
    place.write_text("0")
    bench.project.write(steps=text.format(place=place, needed=4))
    with pytest.raises(StepFailed, match="attempt number 3"):
        bench.run()


def test_wrong_returns_name_step_and_output(bench):
    """An unknown kind, too few outputs, a gate without rules."""
    bench.project.write(helpers=HELPERS)

    def message(error, text):
        bench.project.write(steps=HEAD + text)
        with pytest.raises(error) as caught:
            bench.run()
        return str(caught.value)

    assert "output 'odd' of step 'odd' is a builtins.object. Expected a Table" in message(
        UnknownArtifact, "\n    @pipeline.step\n    def odd():\n        return object()\n"
    )
    assert "step 'two' returned a tuple of 1. Expected 2 things" in message(
        UsageError,
        "\n    @pipeline.step(outputs=('a', 'b'))\n    def two():\n        return (1,)\n",
    )
    assert "gate 'good': a gate without a rule" in message(
        UsageError, "\n    @pipeline.gate\n    def good():\n        return []\n"
    )
    assert "gate 'good': a gate returned True" in message(
        UsageError, "\n    @pipeline.gate\n    def good():\n        return True\n"
    )


def test_a_mutation_never_reaches_another_step(bench):
    """Each step receives its own value, whether it was just made or reused."""
    text = HEAD + """
    @pipeline.step
    def made():
        return {{"a": [1]}}

    @pipeline.step
    def greedy(made):
        made["a"].append({added})
        return made

    @pipeline.step
    def honest(made, greedy):
        return made
    """  # fmt: skip
    bench.project.write(steps=text.format(added=2), helpers=HELPERS)
    assert {"a": [1]} == bench.value(bench.run(), "honest")
    bench.project.write(steps=text.format(added=3))
    outcome = bench.run()
    assert {"made": "reused", "greedy": "done", "honest": "done"} == outcome.steps
    assert {"a": [1]} == bench.value(outcome, "honest")
    assert {"a": [1, 3]} == bench.value(outcome, "greedy")


def test_random_sources_start_from_the_seed(bench):
    """Python's and NumPy's; another step has another seed."""
    text = HEAD + """
    import random
    import numpy as np

    @pipeline.step
    def one():
        return random.random(), float(np.random.rand())

    @pipeline.step
    def two():
        return random.random(), float(np.random.rand())
    """  # fmt: skip
    bench.project.write(steps=text, helpers=HELPERS)
    first = bench.run()
    random.seed(99)
    again = type(bench)(bench.project, type(bench.store)(*_twin(bench)))
    assert first.artifacts == again.run().artifacts
    assert bench.value(first, "one") != bench.value(first, "two")


def _twin(bench):
    """Return a fresh catalog and fresh blobs."""
    return type(bench.store.catalog)(), type(bench.store.blobs)()


def test_a_second_run_at_the_same_time_is_refused(chain):
    """Clearly; a run that reuses everything needs no lease."""
    with (
        RunLease(chain.store.catalog, "toy", actor="somebody"),
        pytest.raises(Fenced, match=r"the pipeline 'toy' is running already.*by somebody"),
    ):
        chain.run()
    first = chain.run()
    with RunLease(chain.store.catalog, "toy", actor="somebody") as lease:
        draft = chain.store.draft()
        draft.move(current_run_pointer("toy"), first.run)
        chain.store.commit(draft, writer=lease.writer)
        assert {"reused"} == set(chain.run().steps.values())
        # The other one is under way still: who looks must not take it for dead.
        assert first.run == chain.store.catalog.pointer(current_run_pointer("toy"))


def test_a_run_that_was_cut_off_is_resumed(chain):
    """The next one says from which; what was finished is reused."""
    edit(chain, "return numbers[:1], numbers[1:]", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        chain.run()
    cut = next(chain.store.catalog.list("run"))
    chain.project.write(steps=CHAIN)
    outcome = chain.run()
    assert {"numbers": "reused", "halves": "done", "total": "done"} == outcome.steps
    assert cut.digest == outcome.record.resumed_from
    assert chain.run().record.resumed_from is None
    assert isinstance(cut.record, Run)


def test_a_part_of_a_pipeline_can_be_run(chain):
    """Up to an output; it publishes nothing."""
    graph = chain.project.load("steps").pipeline.graph().up_to(["high"])
    outcome = chain.runner.run(chain.runner.prepare(graph), code=chain_code)
    assert {"numbers", "halves"} == outcome.steps.keys()


def chain_code():
    """Return a state of the code plane."""

    class State:
        commit, diff, environment, archive = "abc", b"diff", b"{}", None

    return State()


def test_what_steps_write_is_kept(bench):
    """Standard output and error, log records."""
    text = HEAD + """
    import logging, sys

    @pipeline.step
    def loud():
        print("an error", file=sys.stderr)
        logging.getLogger("mine").warning("a warning")
    """  # fmt: skip
    bench.project.write(steps=text, helpers=HELPERS)
    bench.run()
    log = bench.store.read(next(bench.store.catalog.list("step-run")).record.log).decode()
    assert "an error\nWARNING mine: a warning\n" == log


def test_an_annotation_that_is_not_there_stops_before_anything_runs(chain):
    """With what to do."""
    edit(chain, "def total(high):", "def total(high: 'Missing'):")
    with pytest.raises(GraphError, match="step 'total': the annotation 'Missing' of high cannot"):
        chain.run()
    assert [] == list(chain.store.catalog.list())


def test_a_full_disk_keeps_what_was_finished(project, make_bench):
    """The same command goes on when there is space."""
    project.write(steps=CHAIN, helpers=HELPERS)
    bench = make_bench(memory_store())
    real = bench.store.commit
    commits = []

    def full(draft, *, writer):
        commits.append(draft)
        if len(commits) == 3:  # the run, the first step, and now the second
            raise StorageFull("no space left on the disk", do="Free some space")
        return real(draft, writer=writer)

    bench.store.commit = full
    with pytest.raises(StorageFull):
        bench.run()
    bench.store.commit = real
    outcome = bench.run()
    assert {"numbers": "reused", "halves": "done", "total": "done"} == outcome.steps


def test_an_object_that_fails_while_it_is_saved_fails_its_step(bench):
    """With its own error, not ours."""
    text = HEAD + """
    import matplotlib.figure

    class Broken(matplotlib.figure.Figure):
        def savefig(self, *args, **kwargs):
            raise RuntimeError("no ink")

    @pipeline.step
    def drawn():
        return Broken()
    """  # fmt: skip
    bench.project.write(steps=text, helpers=HELPERS)
    with pytest.raises(StepFailed, match=r"step 'drawn' raised RuntimeError at .*: no ink"):
        bench.run()


class Counting:
    """A catalog that counts signs of life."""

    def __init__(self, catalog):
        self.acquire, self.release, self.lease = catalog.acquire, catalog.release, catalog.lease
        self._beat = catalog.beat
        self.beats = 0

    def beat(self, writer):
        self._beat(writer)
        self.beats += 1


def test_a_lease_is_kept_alive_while_a_run_goes_on():
    """For longer than it lasts without a sign of life."""
    clock = FixedClock()
    catalog = Counting(memory_store(clock=clock).catalog)
    with RunLease(catalog, "toy", actor="me", beat_s=0.005):
        for _ in range(5):
            clock.advance(20)
            before, until = catalog.beats, time.monotonic() + 30
            while catalog.beats < before + 2 and time.monotonic() < until:
                time.sleep(0.005)
        assert not catalog.lease(run_lease("toy")).expired
        clock.advance(20)
    assert catalog.lease(run_lease("toy")) is None
