"""Metrics that a run's steps told: for people and for programs, also while it goes on and when reused."""

import json
import subprocess
import sys
import time

import pytest

from interplane.project.project import Project

STEPS = """
import pathlib
import time

import interplane as ip

pipeline = ip.Pipeline("fits", inputs={"rows": ip.dataset("rows")})


@pipeline.step
def fitted(rows: ip.Table, *, rate: float = 0.5):
    for number in range(3):
        ip.log_metric("loss", rate ** number, at=10 * number)
    ip.log_metric("norm", float("nan"))
    while not pathlib.Path("go").exists():
        time.sleep(0.02)
    return rate
"""
LOSS = {"at": [0, 10, 20], "values": [1, 0.5, 0.25], "told": 3}
TOLD = {"fitted": {"loss": LOSS, "norm": {"at": [0], "values": ["NaN"], "told": 1}}}


@pytest.fixture
def fits(tmp_path):
    """A project whose only step tells metrics and waits for a word; and what runs a command there."""
    (tmp_path / "interplane.toml").write_text('name = "fits"\npipelines = ["fits_told:pipeline"]\n')
    (tmp_path / "fits_told.py").write_text(STEPS)
    (tmp_path / "rows.csv").write_text("a\n1\n")

    def say(*words):
        line = [sys.executable, "-m", "interplane", *words]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return done.stdout

    say("data", "add", "rows", "rows.csv")
    return tmp_path, say


def test_metrics_are_told_while_a_step_runs_and_afterwards(fits):
    """The same by JSON, in a table and from Python; by the run that reused the step as well."""
    root, say = fits
    line = [sys.executable, "-m", "interplane", "run"]
    going = subprocess.Popen(line, cwd=root, stdout=subprocess.DEVNULL)
    for _ in range(600):
        runs = json.loads(say("runs", "--json"))
        found = json.loads(say("runs", "last", "--json")) if runs else {"metrics": {}}
        if found["metrics"]:
            break
        time.sleep(0.05)
    assert ("running", TOLD) == (found["status"], found["metrics"])
    (root / "go").touch()
    assert 0 == going.wait(60)
    say("run")
    assert TOLD == json.loads(say("runs", "last", "--json"))["metrics"]
    shown = say("runs", "last")
    assert ["fitted", "loss", "3", "1", "0.25", "0.25", "1"] in [
        line.split() for line in shown.splitlines()
    ]
    assert ["fitted", "norm", "1", "nan", "nan"] in [line.split() for line in shown.splitlines()]
    curve = Project.find(root).metrics()["fitted"]["loss"]
    assert ([1, 0.5, 0.25], 0.25, 3) == (list(curve.values), curve.last, curve.told)
