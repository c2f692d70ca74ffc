"""The main job, as `make demo` does it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"


@pytest.mark.timeout(290)
def test_the_demo_tells_its_whole_story(tmp_path):
    """From raw files to a server that says what the batch said; every command of it works."""
    root = tmp_path / "flights"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("data", ".*", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "demo.py"], cwd=root, check=False, capture_output=True, text=True
    )
    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    assert "sound: read" in done.stdout
    assert "every one of the 6,533 scores is the batch's, bit for bit" in done.stdout
    assert "lost: nothing" in done.stdout
