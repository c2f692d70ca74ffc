"""Runs as a project's people see them."""

from interplane.pipeline.graph import Pipeline
from interplane.pipeline.run import Runner
from interplane.project.runs import find_run, list_runs
from interplane.project.snapshot import CodeState
from interplane.testing.stores import memory_store


def pipeline(name, inside):
    """Return a pipeline whose one step calls ``inside``."""
    made = Pipeline(name)

    @made.step
    def step():
        inside()

    return made.graph()


def test_a_run_that_ended_before_an_older_one_is_done(tmp_path):
    """Runs of two pipelines overlap: the last to end is not the last to begin."""
    store = memory_store()
    runner = Runner(store, root=tmp_path, project="toy", actor="me")

    def run(graph):
        return runner.run(runner.prepare(graph), code=lambda: CodeState(None, None, b"{}"))

    def inner():
        run(pipeline("inner", lambda: None))
        (last, outer) = list_runs(store)
        assert ("inner", "done") == (last.run.pipeline, last.status)
        assert ("outer", "running") == (outer.run.pipeline, outer.status)

    run(pipeline("outer", inner))
    assert ("inner", "done") == (find_run(store).run.pipeline, find_run(store).status)
    assert ["done", "done"] == [item.status for item in list_runs(store)]
    assert ["inner"] == [item.run.pipeline for item in list_runs(store, limit=1)]
