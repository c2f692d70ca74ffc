"""Mistakes in the project's own code: named with file and line, and the next run goes on."""

import pytest

BROKEN = {
    # what is edited: (old, new, exit code, what has to be said)
    "unknown column": ("ride.miles", "ride.milez", 4, "raised UnknownName at rides.py:12 in"),
    "unknown label": ('label="long"', 'label="lnog"', 4, "It is the label of ride_features"),
    "unknown key": ('key=["ride"]', 'key=["rdie"]', 4, "It is the key of ride_features"),
    "text where a number goes": (
        "ride.miles)",
        "ride.zone)",
        4,
        "standardize got zone, which is str",
    ),
    "a Python if": (
        "ip.standardize(ride.miles)",
        "1 if ride.miles > 3 else 0",
        4,
        "Write if_else(condition, a, b)",
    ),
    "a typo in interplane": ("ip.standardize", "ip.standardise", 4, "Did you mean 'standardize'?"),
    "a typo in a method": (
        '    print("training on"',
        '    "x".uper()\n    print("training on"',
        4,
        "'str' object has no attribute 'uper'. Did you mean 'upper'?",
    ),
    "a typo in a module": (
        '    print("training on"',
        '    ip.errors.UsageEror\n    print("training on"',
        4,
        "Did you mean 'UsageError'?",
    ),
    "a step that raises": (
        '    print("training on"',
        '    raise ValueError("no luck")\n    print("training on"',
        4,
        "step 'model' raised ValueError at rides.py:32 in model: no luck",
    ),
    "a step that exits": (
        '    print("training on"',
        '    raise SystemExit(3)\n    print("training on"',
        4,
        "step 'model' raised SystemExit at rides.py:32 in model: 3",
    ),
    "an artifact of an unknown kind": (
        "return ip.Model(",
        "return object() or ip.Model(",
        4,
        "output 'model' of step 'model' is a builtins.object. Expected a Table",
    ),
    "a wrong number of outputs": (
        'outputs=("train", "test")',
        'outputs=("train", "test", "rest")',
        2,
        "step 'split' returned a tuple of 2. Expected 3 things",
    ),
    "bad SQL": ("WHERE day(began_at) <", "WHERE dai(began_at) <", 4, "dai"),
    "an unknown metric": (
        'metrics=["roc_auc"]',
        'metrics=["roc_auk"]',
        4,
        "Did you mean 'roc_auc'?",
    ),
    "an unknown slice": ('slices=["zone"]', 'slices=["zoen"]', 4, "Did you mean 'zone'?"),
    "a metric that a gate misses": (
        'evaluation["roc_auc"]',
        'evaluation["roc_acu"]',
        4,
        "Did you mean 'roc_auc'?",
    ),
    "a gate without rules": (
        'return [evaluation["roc_auc"].at_least(least)]',
        "return 3",
        2,
        "a gate returned 3 of type int",
    ),
    "an edge that nothing makes": (
        "def model(train:",
        "def model(trian:",
        2,
        "step 'model' reads 'trian', which nothing makes",
    ),
    "an unknown step to publish": ('model="model"', 'model="modle"', 2, "Did you mean 'model'?"),
    "an unknown dataset": ('ip.dataset("rides"', 'ip.dataset("riides"', 2, "Did you mean 'rides'?"),
    "a missing schema": ("schemas/rides.toml", "schemas/ride.toml", 2, "there is no schema file"),
    "a syntax error": (
        "def model(train: ip.Table,",
        "def model(train ip.Table,",
        2,
        "(rides.py:30)",
    ),
    "a missing import": (
        "import interplane as ip",
        "import interplane as ip\nimport nmupy",
        2,
        "No module named 'nmupy' (rides.py:4 in <module>)",
    ),
}


@pytest.mark.parametrize(("old", "new", "code", "said"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_is_one_message_and_put_right_the_run_goes_on(old, new, code, said, finished):
    """With the place, what was expected, what to do; no traceback; nothing lost."""
    text = (finished.root / "rides.py").read_text()
    finished.edit("rides.py", old, new)
    result = finished("run", "--from-day", "21")
    assert code == result.code, result
    assert said in result.err
    assert result.err.startswith("Error (")
    assert "Traceback" not in result.out + result.err
    assert 2 == len(finished.must("models", "--json").json)
    finished.write("rides.py", text)
    assert "rides@3" in finished.must("run", "--from-day", "21").out
    assert finished.must("verify", "--json").json["sound"]


def test_a_failed_step_is_recorded_with_its_traceback(finished):
    """In the log that the message names, not on the screen."""
    finished.edit(
        "rides.py", '    print("training on"', '    print("hm")\n    1 / 0\n    print("t"'
    )
    result = finished("run", "--from-day", "21")
    command = result.err.split('with "interplane ')[1].split('"')[0]
    log = finished.must(*command.split()).out
    assert log.startswith("hm\nTraceback (most recent call last):")
    assert "ZeroDivisionError: division by zero" in log
    assert log in finished.must("logs", "last").out
    run = finished.must("runs", "last", "--json").json
    assert "failed" == run["status"]
    steps = {"split": "done", "model": "failed", "evaluation": "skipped", "good_enough": "skipped"}
    assert steps == run["steps"]
    assert "step 'model' raised ZeroDivisionError" in run["error"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_debug_shows_where_a_step_raised(workers, wide):
    """With the line of the project, also out of a worker process."""
    wide.edit("rides.py", '    print("training on"', '    1 / 0\n    print("training on"')
    result = wide("run", "--from-day", "21", "--workers", workers, "--debug")
    assert 4 == result.code
    assert "Traceback (most recent call last)" in result.err
    assert "StepFailed: step 'model' raised ZeroDivisionError" in result.err


def test_a_worker_that_dies_is_a_failed_step(wide):
    """A step may take its process with it, not the run's record."""
    dies = '    import os\n    os._exit(9)\n    print("training on"'
    wide.edit("rides.py", '    print("training on"', dies)
    result = wide.process("run", "--from-day", "21", "--workers", "2")
    assert 4 == result.code, result
    assert "step 'model'" in result.err
    assert "failed" == wide.must("runs", "last", "--json").json["status"]
