"""`interplane plan | run | runs | logs`."""

import os

RUN = {
    "digest", "pipeline", "status", "seconds", "steps", "step_runs", "parameters", "inputs",
    "started_at", "actor", "error",
}  # fmt: skip
STEPS = ["split", "model", "evaluation", "good_enough"]


def test_plan_says_what_would_run_and_why(empty):
    """Before anything runs, and nothing does."""
    empty.must("data", "add", "rides", "rides.csv")
    out = empty.must("plan").out
    assert "rides: 4 to run, 0 reused, from rides@1, no live model" in out
    assert 4 == out.count("first run")
    assert [] == empty.must("runs", "--json").json


def test_a_run_is_reused_whole(finished):
    """The same command again does nothing, and says so."""
    again = ("run", "--score", "miles", "--least", "0.1")
    out = finished.must(*again).out
    assert "4 reused" in out
    assert "rides@2 (was there already)" in out


def test_an_edited_helper_runs_its_steps_again(finished):
    """The plan names what has changed."""
    finished.edit("rides.py", "smoothing=1.0", "smoothing=2.0")
    plan = finished.must("plan").out
    assert "split        reused" in plan
    assert "ride_features` changed" in plan


def test_a_hyperparameter_runs_what_reads_it(finished):
    """By itself or addressed to a step, with its reason in the plan."""
    plan = finished.must("plan", "--model.score", "miles", "--good-enough.least", "0.11").out
    assert "1 to run, 3 reused, from rides@1, champion rides@1" in plan
    assert "least 0.11 instead of 0.1" in plan
    outcome = finished.must("run", "rides", "--score=miles", "--least=0.11", "--json").json
    assert ["reused", "reused", "reused", "done"] == [outcome["steps"][name] for name in STEPS]


def test_an_input_can_be_pinned(finished, make_rides):
    """To another version than the latest."""
    finished.write("more.csv", make_rides(30, first=1000))
    finished.must("data", "add", "rides", "more.csv", "--append")
    assert "from rides@2" in finished.must("plan").out
    pinned = ("--input", "rides=rides@1", "--score", "miles", "--least", "0.1")
    assert "4 reused" in finished.must("plan", *pinned).out


def test_a_seed_is_part_of_every_key(finished):
    """Said, or left out."""
    assert "0 reused" in finished.must("plan", "--seed", "3").out


def test_plan_and_run_have_one_shape_for_programs(empty):
    """Step by step."""
    empty.must("data", "add", "rides", "rides.csv")
    plan = empty.must("plan", "--json").json
    assert {"pipeline", "steps", "inputs"} == set(plan)
    assert STEPS == list(plan["steps"])
    assert {"run"} == {step["action"] for step in plan["steps"].values()}
    outcome = empty.must("run", "--json").json
    assert {"run", "status", "steps", "seconds", "published"} <= set(outcome)
    assert "done" == outcome["status"]
    assert ["rides"] == [item["name"] for item in outcome["published"]]


def test_a_closed_gate_records_and_exits_with_its_code(finished):
    """The crossing is there, with the verdict that holds it back."""
    result = finished("run", "--least", "0.99")
    assert 5 == result.code
    assert "failed: 1 rule, 1 broken" in result.out
    assert "roc_auc at least 0.99" in result.out
    assert "gate-closed" == finished.must("runs", "--json").json[0]["status"]
    assert "gate closed" in finished.must("models").out


def test_runs_are_listed_newest_first(finished):
    """For a person and for a program."""
    listed = finished.must("runs", "--json").json
    assert [RUN, RUN] == [set(item) for item in listed]
    assert "miles" == listed[0]["parameters"]["model"]["score"]
    assert 1 == len(finished.must("runs", "--limit", "1", "--json").json)
    out = finished.must("runs").out
    assert "1 reused" in out
    assert f"@{listed[0]['digest'][:12]}" in out


def test_one_run_is_shown_step_by_step(finished):
    """By the beginning of its digest, or as the last."""
    digest = finished.must("runs", "--json").json[1]["digest"]
    for word in (digest[:8], f"@{digest[:12]}"):
        assert digest == finished.must("runs", word, "--json").json["digest"]
    out = finished.must("runs", "last").out
    for step in STEPS:
        assert step in out
    assert "model.score miles" in out
    assert "test: 82 rows" in out


def test_what_a_step_wrote_is_kept(finished):
    """Also when its result is reused in a later run."""
    digest = finished.must("runs", "--json").json[1]["digest"]
    wrote = finished.must("logs", digest[:12], "model").out
    assert "training on 158 rows\n" == wrote
    finished.must("run")
    assert wrote == finished.must("logs", "last", "model").out
    assert "Name one: split, model" in finished.must("logs", "last").out
    quiet = finished.must("logs", "last", "split")
    assert quiet.out == ""
    assert "split wrote nothing in @" in quiet.err


def test_steps_run_in_worker_processes_too(wide):
    """With what they wrote; two side by side, one after another not."""
    wide.must("run", "--from-day", "19", "--workers", "2")
    assert "training on" in wide.must("logs", "last", "model").out
    assert f"process {os.getpid()}\n" != wide.must("logs", "last", "beside").out
    assert 3 == len(wide.must("models", "--json").json)
    wide.must("run", "--from-day", "18", "--workers", "1")
    assert f"process {os.getpid()}\n" == wide.must("logs", "last", "beside").out
