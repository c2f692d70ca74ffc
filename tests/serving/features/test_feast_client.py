"""A server asked by Feast's own client, where Feast is installed, here or in another interpreter.

``INTERPLANE_FEAST_PYTHON`` names an interpreter that has it.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "project"))
from online_server import served
from trips_project import make, opened

PROGRAM = str(Path(__file__).with_name("feast_program.py"))
RIDERS = [{"rider": name} for name in ("r0", "r1", "nobody")]


def feast_python():
    """Return an interpreter that has Feast, or skip."""
    if importlib.util.find_spec("feast") is not None:
        return sys.executable
    named = os.environ.get("INTERPLANE_FEAST_PYTHON")
    if named is None:
        pytest.skip("Feast is not installed, and INTERPLANE_FEAST_PYTHON names no interpreter")
    return named


def test_feasts_own_client_reads_what_we_know(tmp_path):
    """By its remote online store: values and statuses; and what was pushed as it pushes."""
    python = feast_python()
    root = tmp_path / "trips"
    make(root)
    with served(root) as server, opened(root) as project:
        expected = project.online_features("history", RIDERS)
        done = subprocess.run(
            [python, PROGRAM, str(tmp_path), server.url],
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert 0 == done.returncode, done.stderr[-3000:]
        said = json.loads(done.stdout)
        (after,) = project.online_features("history", RIDERS[:1])
    miles = [each.values["miles"] for each in expected]
    counts = [each.values["rides_1d"] for each in expected]
    assert {"rider": ["r0", "r1", "nobody"], "miles": miles, "rides_1d": counts} == said["read"]
    assert ["PRESENT", "PRESENT", "NOT_FOUND"] == said["statuses"]["miles"]
    assert ["past__miles", "past__rides_1d", "rider"] == said["full"]
    assert [200, {"new": 1, "known": 0, "unread": []}] == said["pushed"]
    assert 7.25 == said["after"]["miles"][0] == after.values["miles"]
    assert [7.25, miles[1], None] == [each["miles"] for each in said["low"]]
    (unknown, number) = said["wrong"]
    assert (404, "no feature 'nothing'") == (unknown[0], unknown[1]["error"]["what"][9:29])
    assert (422, "5 at $.entities.rider[0]") == (number[0], number[1]["error"]["what"])
