"""Writers and compactors that are killed: what was acknowledged is there, once, and no more files."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

CRASHING = str(Path(__file__).with_name("crashing.py"))


def crashed(*words):
    """Run the program that kills; return what it found."""
    done = subprocess.run(
        [sys.executable, CRASHING, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ("", 0) == (done.stderr[-2000:], done.returncode)
    sys.stdout.write(done.stdout)
    return json.loads(done.stdout)


@pytest.mark.crash
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path):
    """Writers and the compactor die together, in the middle of whatever they do."""
    seed = os.environ.get("INTERPLANE_CRASH_SEED") or random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"INTERPLANE_CRASH_SEED={seed}\n")
    found = crashed("random", tmp_path / "log", seed, 400, 12)
    kills = found.pop("kills")
    assert (kills["writer"] >= 10, kills["compactor"] >= 2) == (True, True), kills
    assert found.pop("acknowledged") > 100
    nothing = {"lost": [], "doubled": [], "unknown": [], "orphans": [], "loss": []}
    assert nothing == found


@pytest.mark.crash
def test_a_compactor_that_dies_at_any_step_loses_and_doubles_nothing(tmp_path):
    """Before each of its file operations in turn; the next one leaves no file behind."""
    found = crashed("steps", tmp_path, 9)
    assert found.pop("steps") >= 3  # as many as a busy machine gets through in the time
    found.pop("all")
    assert {"left": [], "wrong": []} == found
