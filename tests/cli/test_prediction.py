"""Batch prediction as a function: what it says of the rows, and the rows that it refuses."""

import pytest

from interplane.errors import UsageError
from interplane.project.prediction import predict
from interplane.project.project import Project
from interplane.project.running import Running


@pytest.fixture
def scored(finished, monkeypatch):
    """Return a function that scores the finished project's rides."""
    monkeypatch.chdir(finished.root)

    def score(**settings):
        running = Running(Project.find(finished.root), "rides")
        return predict(running, "rides@1", out="scored", **settings)

    return score


def test_test_rows_are_after_the_training_rows(scored):
    """Nothing to warn of."""
    done = scored()
    assert (0, ()) == (done.evaluation.maybe_seen, done.unsliced)


def test_rows_that_the_model_may_have_learned_from_are_counted(finished, scored):
    """The crossing's data step gives its training rows: figures on them are no test."""
    finished.edit("rides.py", 'rows="test"', 'rows="train"')
    done = scored()
    assert done.evaluation.maybe_seen == done.added.version.rows > 100


def test_scores_are_judged_as_the_crossing_was(finished):
    """By its label, slicings and settings; a slicing by an expression is named as lost."""
    finished.edit(
        "rides.py",
        'slices=["zone"]',
        'slices=["zone", {"far": lambda r: r.miles > 3}], confidence=0.9, resamples=123, '
        "min_rows=20, threshold=0.4, seed=5",
    )
    finished.must("run", "--least", "0.1")
    running = Running(Project.find(finished.root), "rides")
    done = predict(running, "rides@3", out="scored")
    found = done.evaluation
    assert (("zone",),) == found.slicings
    assert (("far",),) == done.unsliced
    settings = (found.confidence, found.resamples, found.min_rows, found.threshold, found.seed)
    assert (0.9, 123, 20, 0.4, 5) == settings


def test_rows_of_a_step_that_is_new_are_refused(finished, scored):
    """The crossing was never held against such rows."""
    finished.edit("rides.py", 'rows="test"', 'rows="other"')
    finished.edit(
        "rides.py",
        "pipeline.publish(",
        "@pipeline.step\ndef other(rides: ip.Table) -> ip.Table:\n    return rides\n\n\n"
        "pipeline.publish(",
    )
    with pytest.raises(UsageError, match="'other' makes the rows of rides@1, and is new"):
        scored()


def test_another_dataset_behind_an_input_is_refused(finished, scored):
    """Rows of other data are no later version of the crossing's."""
    finished.must("data", "add", "trips", "rides.csv")
    finished.edit("rides.py", 'ip.dataset("rides"', 'ip.dataset("trips"')
    with pytest.raises(UsageError, match=r"'rides' was the dataset 'rides' .* is 'trips' now"):
        scored()


def test_a_changed_schema_is_refused(finished, scored):
    """Where values read otherwise; comments and rules that only refuse rows change nothing."""
    finished.edit("schemas/rides.toml", "format = 1", "# reviewed again\nformat = 1")
    assert scored().added.number == 1
    finished.edit("schemas/rides.toml", "min_rows = 1", "min_rows = 2")
    assert scored().added.number == 1
    finished.edit("schemas/rides.toml", "[columns.miles]", '[columns.miles]\non_breach = "null"')
    with pytest.raises(UsageError, match="the schema of 'rides' has changed since rides@1"):
        scored()


def test_rows_are_made_with_the_seeds_of_the_crossing(finished, scored):
    """Today's seed in the project file is for new crossings: the rows are reused as they were."""
    finished.edit("interplane.toml", "[run]", "[run]\nseed = 99")
    events = []
    running = Running(Project.find(finished.root), "rides", tell=events.append)
    predict(running, "rides@1", out="scored")
    assert {event.kind for event in events} == {"reused"}
