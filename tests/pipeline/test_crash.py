"""A run that is killed at any moment goes on, and ends with the same crossing."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

CRASHING = Path(__file__).with_name("crashing.py")


@pytest.mark.crash
def test_a_hundred_and_twenty_kills_change_nothing(tmp_path):
    """At random moments; nothing is half-visible, and the crossing is that of a quiet run."""
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    command = [sys.executable, str(CRASHING), str(tmp_path), str(seed), "120"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert ("", 0) == (done.stderr[-2000:], done.returncode)
    found = json.loads(done.stdout)
    assert 120 == found["kills"]
    assert found["resumed"] > 0
    assert ([], []) == (found["damage"], found["differing"])
