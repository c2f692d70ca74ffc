"""The main job, as `make demo` does it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"


@pytest.mark.long
@pytest.mark.timeout(890)
def test_the_demo_tells_its_whole_story(tmp_path):
    """From raw files to a model that is watched, replaced, and defended; every command works."""
    root = tmp_path / "flights"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "demo.py", "--short"],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    told = done.stdout
    assert "label_rate of flights, origin=LGA: 0.196 to 0.693 (2013-06-13)" in told
    assert "flights@2 is promoted" in told
    assert "Error (gate-closed): the gate of flights@3 is closed" in done.stderr
    assert "flights@3 is rolled back" in told
    assert "lost: nothing" in told
    assert "sound: read" in told
    assert "http://127.0.0.1:8080/sign-in#ipt_" in told
