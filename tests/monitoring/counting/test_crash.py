"""Advances of a real log that are killed: made again, they come to the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.crash
def test_an_advance_that_is_killed_at_any_write_comes_to_the_same(tmp_path):
    """Before the commit of each write, and after it."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("dying.py")), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ("", 0) == (done.stderr[-2000:], done.returncode)
    found = json.loads(done.stdout)
    assert [] == found["different"]
    assert (found["calls"], found["calls"] >= 6) == (found["died"], True)
    # The watermark is at 79 hours, so 53 of the 72 are kept; both slicings have all their rows.
    assert found["rows"] == 2 * (600 * 53 // 72)
    assert found["stated"] > 100
