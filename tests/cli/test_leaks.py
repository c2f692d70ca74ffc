"""A test that is none, over the command line: the step fails, the rows are named, nothing is published."""

import pytest

LEAK = 3

BY_DAY = """    return (
        rides.sql(f"FROM self WHERE day(began_at) < {from_day}"),
        rides.sql(f"FROM self WHERE day(began_at) >= {from_day}"),
    )
"""
BY_ZONE = """    split = ip.split_by_entity(rides, "zone", share=0.5, salt="b")
    return split.train, rides.sql("SELECT * REPLACE ('x' || ride AS ride) FROM self")
"""


@pytest.fixture
def rides(empty):
    """A project with data."""
    empty.must("data", "add", "rides", "rides.csv")
    return empty


@pytest.fixture
def leaking(rides):
    """A project that evaluates on the rows that it trained on."""
    rides.edit("rides.py", "evaluate(model, test, ", "evaluate(model, train, ")
    rides.edit(
        "rides.py", "model: ip.Model, test: ip.Table, ", "model: ip.Model, train: ip.Table, "
    )
    return rides


def refused(folder):
    """Run the pipeline, which has to be refused for its rows; return what is said, in one line."""
    failed = folder("run")
    assert LEAK == failed.code, failed
    assert [] == folder.must("models", "--json").json
    return " ".join(failed.err.split())


def test_training_rows_are_no_test(leaking):
    """How many they are, five of them by their key, and what to do; no model was recorded."""
    text = refused(leaking)
    assert "Error (leak): step 'evaluation' at rides.py:" in text
    assert "158 of the 158 test rows were fitted on: ride 'r" in text
    assert "; and 153 more" in text
    assert 'seen="allow"' in text


def test_a_step_in_a_process_of_its_own_says_the_same(leaking):
    """The rows come over from the worker."""
    failed = leaking.process("run", "--workers", "2")
    assert LEAK == failed.code, failed
    assert "158 of the 158 test rows were fitted on" in " ".join(failed.err.split())


def test_whoever_lets_them_in_is_told_of_it_in_the_verdict(leaking):
    """By name; the evaluation and the gate's verdict say so."""
    leaking.edit("rides.py", 'metrics=["roc_auc"], ', 'metrics=["roc_auc"], seen="allow", ')
    leaking.must("run")
    shown = " ".join(leaking.must("show", "rides@1").out.split())
    assert "careful: the model was fitted on 158 of these rows" in shown
    assert "of the 158 rows 158 were fitted on, seen='allow'" in shown


def test_a_part_of_a_split_keeps_its_promise_from_step_to_step(rides):
    """Split by zone, evaluated on all zones under other keys: some zones are on both sides."""
    rides.edit("rides.py", BY_DAY, BY_ZONE)
    assert "test rows have an entity (zone) of the training rows: zone '" in refused(rides)
    rides.edit("rides.py", BY_ZONE.splitlines()[1], "    return split.train, split.test")
    rides.edit("rides.py", "least: float = 0.6", "least: float = 0.0")
    rides.must("run")


def test_what_is_known_only_afterwards_is_no_feature(rides):
    """The feature, the column and the rows; the fit fails, so that there is nothing to serve."""
    rides.edit("rides.py", 'context=["zone"])', 'context=["zone"], known_at={"miles": "ended_at"})')
    rides.edit(
        "rides.py",
        'rides.sql(f"FROM self WHERE day(began_at) <',
        'rides.sql(f"SELECT *, began_at + INTERVAL 9 MINUTE AS ended_at FROM self WHERE day(began_at) <',
    )
    text = refused(rides)
    assert "step 'model' at rides.py:" in text
    assert (
        "the feature 'miles' of ride_features reads 'miles', which is known at 'ended_at'" in text
    )


def test_scores_of_rows_that_were_fitted_on_say_so(leaking):
    """Any rows can be scored; how good the scores look is said with care."""
    leaking.edit("rides.py", 'metrics=["roc_auc"], ', 'metrics=["roc_auc"], seen="allow", ')
    leaking.edit("rides.py", 'rows="test", train="train"', 'rows="train", train="train"')
    leaking.must("run")
    told = leaking.must("predict", "rides@1", "--out", "scores").out
    assert "careful: the model was fitted on 158 of these rows" in " ".join(told.split())
