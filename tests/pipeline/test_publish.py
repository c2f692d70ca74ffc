"""From a dataset to a crossing: what it holds, when it is new, what a closed gate does."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from toy_model import SCHEMA, STEPS, add_rows, rows

from interplane.data.schema_file import parse_schema
from interplane.data.table import Table
from interplane.errors import GateClosed, GraphError, UnknownName, UsageError
from interplane.features.frozen import Frozen
from interplane.models.model import Model
from interplane.pipeline.perform import load_declared
from interplane.project.baselines import baseline_layout, baseline_rows
from interplane.record import Crossing, DataVersion, Snapshot
from interplane.storage.names import named_pointer
from interplane.storage.verify import verify
from interplane.testing.stores import memory_store


@pytest.fixture
def toy(bench):
    """Return a bench with the pipeline and one version of its data."""
    (bench.project.root / "rows.toml").write_text(SCHEMA)
    bench.project.write(steps=STEPS)
    add_rows(bench.store, rows())
    return bench


def deploy(store, published):
    """Make a crossing the live one."""
    draft = store.draft()
    draft.move(named_pointer("model", published.name, "live"), published.crossing, reason="test")
    store.commit(draft, writer=store.catalog.writer("test"))


def test_a_run_publishes_a_crossing_with_everything_in_it(toy):
    """All that the model came from and all that travels with it."""
    outcome = toy.run()
    (published,) = outcome.published
    assert ("rate", 1, True) == (published.name, published.number, published.is_new)
    crossing = toy.store.record(published.crossing, Crossing)
    assert {"split", "fitted", "model", "evaluation", "good"} == crossing.steps.keys()
    use = crossing.data["rows"]
    assert ("rows", "2013-01-01T00:59:00Z") == (use.dataset, use.as_of)
    assert parse_schema(SCHEMA).digest == use.schema
    assert {"share": 3} == crossing.parameters["split"]
    assert crossing.verdict.passed
    assert crossing.champion is None
    assert outcome.artifact("model") == crossing.model
    assert outcome.artifact("frozen").digest == crossing.frozen.digest
    assert crossing.parity
    assert {"wind", "carrier"} <= set(str(crossing.request_schema).replace("'", " ").split())
    assert toy.store.read(crossing.baselines["train"])
    model = toy.value(outcome, "model", Model)
    assert isinstance(model.features, Frozen)
    assert model.predict(rows(3)).shape == (3,)


def test_without_training_rows_the_proof_is_kept_all_the_same(toy):
    """It was made at the fit; request schema and baseline are what only the rows tell."""
    toy.project.write(steps=STEPS.replace(', train="train"', ""))
    (published,) = toy.run().published
    crossing = toy.store.record(published.crossing, Crossing)
    assert crossing.parity
    assert crossing.request_schema is None
    assert {} == crossing.baselines


def test_the_same_again_is_the_same_crossing(toy):
    """Same digest, same number; in another workspace the same digest."""
    first, second = toy.run(), toy.run()
    assert {"reused"} == set(second.steps.values())
    assert first.published[0].crossing == second.published[0].crossing
    assert (1, False) == (second.published[0].number, second.published[0].is_new)
    other = type(toy)(toy.project, memory_store())
    add_rows(other.store, rows())
    assert first.published[0].crossing == other.run().published[0].crossing


def test_a_change_elsewhere_in_the_pipeline_makes_no_new_version(toy):
    """A crossing stands on what it needs."""
    first = toy.run()
    second = toy.run(parameters={"shown": 2})
    assert "done" == second.steps["unrelated"]
    assert first.published[0].crossing == second.published[0].crossing


def test_new_data_make_a_new_version_that_says_so(toy):
    """The plan names both versions of the dataset."""
    toy.run()
    add_rows(toy.store, rows(seed=2))
    assert "rows@2 instead of rows@1" == toy.prepare().plan().steps["split"].because
    assert 2 == toy.run().published[0].number
    pinned = toy.run(pins={"rows": "rows@1"})
    assert (1, False) == (pinned.published[0].number, pinned.published[0].is_new)


def test_an_edited_schema_runs_what_reads_through_it(toy):
    """Its comments do not."""
    toy.run()
    (toy.project.root / "rows.toml").write_text("# reviewed\n" + SCHEMA)
    assert () == toy.prepare().plan().to_run
    (toy.project.root / "rows.toml").write_text(SCHEMA.replace("100.0", "10.0"))
    assert "the schema of rows changed" == toy.prepare().plan().steps["split"].because


def test_rows_are_read_through_the_schema(toy):
    """A broken value reads as null."""
    planner = toy.prepare()
    from interplane.pipeline.artifacts import Artifacts
    from interplane.pipeline.codecs.wants import ANYTHING

    table = load_declared(
        planner.inputs["rows"], toy.store, Artifacts(toy.store), want=ANYTHING, scratch=None
    )
    stored = toy.store.record(planner.inputs["rows"].target, DataVersion)
    assert stored.rows == table.rows
    assert 20.0 == table.sql("SELECT max(wind) AS most FROM self").to_rows()[0]["most"]


def test_a_champion_is_met_and_named(toy):
    """The steps that look at it run again, the others do not."""
    first = toy.run()
    deploy(toy.store, first.published[0])
    plan = toy.prepare().plan()
    assert "rate@1 instead of no live model" == plan.steps["evaluation"].because
    assert "reuse" == plan.steps["model"].action
    second = toy.run(parameters={"share": 4})
    crossing = toy.store.record(second.published[0].crossing, Crossing)
    assert first.published[0].crossing == crossing.champion
    assert 2 == second.published[0].number


def test_a_model_that_meets_itself_is_no_new_version(toy):
    """It is live already; an edit of a step that looks at it makes one all the same."""
    first = toy.run()
    deploy(toy.store, first.published[0])
    again = toy.run()
    assert {"evaluation": "done", "model": "reused"}.items() <= again.steps.items()
    assert (1, first.published[0].crossing) == again.published[0][1:3]
    assert 2 == toy.run(parameters={"least": 0.6}).published[0].number


def test_another_commit_that_changes_no_step_is_the_same_crossing(toy):
    """Nor does a library that no step imports; the crossing keeps its first snapshot."""
    first = toy.run().published[0]
    later = {"commit": "b" * 40, "diff": b"a diff", "environment": b'{"python":"3.12"}'}
    code = SimpleNamespace(archive=None, **later)
    again = toy.runner.run(toy.prepare(), code=lambda: code)
    assert (1, first.crossing, False) == (
        again.published[0].number,
        again.published[0].crossing,
        again.published[0].is_new,
    )
    assert toy.store.record(first.crossing, Crossing).commit is None
    assert "b" * 40 == toy.store.record(again.record.snapshot, Snapshot).commit
    deploy(toy.store, first)
    met = toy.runner.run(toy.prepare(), code=lambda: code)
    assert ("done", 1) == (met.steps["evaluation"], met.published[0].number)


def test_a_closed_gate_is_recorded_and_told(toy):
    """The crossing can be shown; the outcome raises when asked."""
    outcome = toy.run(parameters={"least": 0.99})
    assert "gate-closed" == outcome.status
    with pytest.raises(GateClosed, match=r"the gate of rate@1 is closed: roc_auc at least 0.99"):
        outcome.raise_if_closed()
    assert not toy.store.record(outcome.published[0].crossing, Crossing).verdict.passed
    assert "gate-closed" == next(toy.store.catalog.list("run-end")).record.status
    open_again = toy.run()
    assert ("done", 2) == (open_again.status, open_again.published[0].number)
    open_again.raise_if_closed()


def test_what_is_no_model_cannot_be_published(toy):
    """Said after the run, which is kept."""
    toy.project.write(steps=STEPS.replace('model="model"', 'model="x"'))
    with pytest.raises(UsageError, match=r"publish\('rate'\): the output 'x' is a table"):
        toy.run()
    assert "failed" == next(toy.store.catalog.list("run-end")).record.status


def test_a_dataset_without_a_version_says_what_to_do(toy):
    """Before anything runs."""
    empty = type(toy)(toy.project, memory_store())
    with pytest.raises(UnknownName, match="there is no dataset 'rows'"):
        empty.run()
    with pytest.raises(UnknownName, match=r"there is no input 'row'.*Did you mean 'rows'"):
        toy.prepare(pins={"row": "rows@1"})
    with pytest.raises(UsageError, match="the input 'rows' is pinned to other@1"):
        toy.prepare(pins={"rows": "other@1"})


WITH_BASELINE = STEPS.replace('train="train"', 'train="train", baseline="test"')


def test_baseline_rows_are_kept_as_they_would_have_been_logged(toy):
    """With the scores that the model gives them, and their labels."""
    toy.project.write(steps=WITH_BASELINE)
    outcome = toy.run()
    crossing = toy.store.record(outcome.published[0].crossing, Crossing)
    kept = baseline_rows(toy.store, crossing)
    assert {
        "time": "timestamp",
        "score": "float",
        "row.carrier": "str",
        "row.wind": "float",
        "row.id": "int",
        "row.when": "timestamp",
        "outcome": "bool",
        "has_outcome": "bool",
    } == kept.types
    test, model = toy.value(outcome, "test", Table), toy.value(outcome, "model", Model)
    assert test.column("id").to_pylist() == kept.column("row.id").to_pylist()
    assert test.column("when").to_pylist() == kept.column("time").to_pylist()
    assert test.column("late").to_pylist() == kept.column("outcome").to_pylist()
    assert model.predict(test).tolist() == kept.column("score").to_pylist()
    assert kept.column("has_outcome").to_pylist() == [True] * test.rows
    layout = baseline_layout(toy.store, crossing)
    assert ["score", "row.carrier", "row.wind", "took_us"] == [b.column for b in layout.columns]
    assert () == tuple(verify(toy.store).damage)


def test_baseline_rows_are_the_same_bytes_everywhere(toy):
    """So a crossing has one digest in every workspace."""
    toy.project.write(steps=WITH_BASELINE)
    first = toy.run().published[0].crossing
    other = type(toy)(toy.project, memory_store())
    add_rows(other.store, rows())
    assert first == other.run().published[0].crossing


def test_a_baseline_makes_a_new_version_also_of_what_is_live(toy):
    """The crossing that is live has none; and without one, nothing changes."""
    first = toy.run()
    deploy(toy.store, first.published[0])
    toy.project.write(steps=WITH_BASELINE)
    second = toy.run()
    assert 2 == second.published[0].number
    crossing = toy.store.record(second.published[0].crossing, Crossing)
    assert {"train", "rows"} == crossing.baselines.keys()
    deploy(toy.store, second.published[0])
    assert (2, False) == (toy.run().published[0].number, toy.run().published[0].is_new)


def test_a_crossing_without_baseline_rows_is_watched_all_the_same(toy):
    """By what needs none."""
    crossing = toy.store.record(toy.run().published[0].crossing, Crossing)
    assert baseline_rows(toy.store, crossing) is None
    layout = baseline_layout(toy.store, crossing, threshold=0.25)
    assert (["score", "took_us"], 0.25) == ([b.column for b in layout.columns], layout.threshold)


def test_a_baseline_needs_rows_and_the_columns_of_requests(toy):
    """Said by name, when the crossing is made; and train says what requests look like."""
    for query, error, message in (
        ("SELECT * EXCLUDE (id) FROM self", UnknownName, r"no column 'id' in the baseline rows"),
        ("FROM self WHERE false", UsageError, "there are no baseline rows"),
    ):
        thin = f"""
    @pipeline.step
    def thin(test: ip.Table):
        return test.sql("{query}")
"""
        steps = WITH_BASELINE.replace('baseline="test"', 'baseline="thin"')
        place = steps.index("    @pipeline.step\n    def unrelated")
        toy.project.write(steps=steps[:place] + thin.lstrip("\n") + "\n" + steps[place:])
        with pytest.raises(error, match=message):
            toy.run()
    toy.project.write(steps=WITH_BASELINE.replace('train="train", ', ""))
    with pytest.raises(GraphError, match=r"names no train"):
        toy.run()
