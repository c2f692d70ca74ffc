"""Sixteen processes work on one workspace through the real commands."""

import json
import subprocess
import sys
from pathlib import Path

CROWDING = Path(__file__).with_name("crowding.py")


def test_sixteen_processes_add_append_and_run_at_once(tmp_path):
    """None is told that the database is locked; each version that was told is there, once."""
    done = subprocess.run(
        [sys.executable, str(CROWDING), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ("", 0) == (done.stderr[-2000:], done.returncode)
    found = json.loads(done.stdout)
    assert [] == [said for said in found["said"] if said[2] != 0]
    seen = found["seen"]
    assert [] == seen["faults"]
    told = {}
    for words, text, _ in found["said"]:
        answer = json.loads(text)
        for item in [answer] if words[0] == "data" else answer["published"]:
            name = f"data/{item['dataset']}" if words[0] == "data" else f"model/{item['name']}"
            digest = item["digest"] if words[0] == "data" else item["crossing"]
            assert digest == seen["series"][name][item["number"] - 1]
            told.setdefault(name, []).append(item["number"])
    assert [*range(2, 20)] == sorted(told.pop("data/crowd"))
    assert 19 == len(seen["series"]["data/crowd"])
    assert 10 == len(told)
    assert {(1, 2, 3)} == {tuple(numbers) for numbers in told.values()}
