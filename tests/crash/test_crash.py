"""The real commands, killed at any moment: nothing acknowledged is lost, the end is the same.

``INTERPLANE_CRASH_KILLS=1000`` kills as often; the moments are others each time.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

CRASHING = Path(__file__).with_name("crashing.py")
KILLS = int(os.environ.get("INTERPLANE_CRASH_KILLS", "80"))


def crashed(folder, kills, *words):
    """Run the program that kills; return what it found."""
    seed = os.environ.get("INTERPLANE_CRASH_SEED") or random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"INTERPLANE_CRASH_SEED={seed}\n")
    (folder / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, str(CRASHING), str(folder), str(seed), str(kills), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60 + 3 * KILLS,
        env={**os.environ, "TMPDIR": str(folder / "temporary")},
    )
    assert ("", 0) == (done.stderr[-2000:], done.returncode)
    sys.stdout.write(done.stdout)
    return json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.crash
@pytest.mark.timeout(90 + 3 * KILLS)
def test_commands_that_are_killed_end_like_commands_that_are_not(tmp_path):
    """Adding data, appending, running: each is killed, repeated, and leaves what it would have."""
    found = crashed(tmp_path, KILLS)
    assert {"data add", "data add --append", "run"} == found.pop("kills").keys()
    assert {"faults": [], "lost": [], "refused": [], "differing": []} == found


@pytest.mark.crash
def test_runs_in_the_pool_that_are_killed_end_like_runs_that_are_not(tmp_path):
    """The workers of a killed run do no harm to the next one."""
    found = crashed(tmp_path, 6, "pool")
    assert {"run"} == found.pop("kills").keys()
    assert {"faults": [], "lost": [], "refused": [], "differing": []} == found
