"""Workers that are killed at any moment: an id keeps its answer, and the log has it once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

from interplane.predictions.table import read_log
from interplane.storage.workspace import create_workspace

ANSWERING = Path(__file__).with_name("answering.py")
KILLS = 8


def whole_lines(path):
    """What a worker said before it died: number, status and body of each answer."""
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            number, status, body = line.rstrip(b"\n").split(b" ", 2)
            yield int(number), int(status), body


def wait_for_first(paths, children):
    """Return when every worker has answered something."""
    until = time.monotonic() + 60
    while not all(path.stat().st_size for path in paths):
        assert [None] * len(children) == [child.poll() for child in children]
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.crash
def test_killed_workers_keep_their_answers(tmp_path):
    """Two workers answer the same ids; each round both are killed, and begin a little further back."""
    seed = random.SystemRandom().randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    draw = random.Random(seed)
    workspace = tmp_path / "workspace"
    store = create_workspace(workspace)
    digest = toy.record(store, *toy.train())
    rows = json.dumps([toy.request_of(row) for row in toy.flights(10, seed=3).to_rows()])
    answered, first = {}, 0
    for kill in range(KILLS):
        paths = [tmp_path / f"said-{kill}-{worker}" for worker in (0, 1)]
        children = []
        for worker, path in enumerate(paths):
            command = [sys.executable, str(ANSWERING), str(workspace), f"worker-{worker}"]
            with path.open("wb") as said:
                children.append(subprocess.Popen([*command, str(first), digest, rows], stdout=said))
        wait_for_first(paths, children)
        time.sleep(draw.uniform(0, 0.1))
        for child in children:
            child.kill()
            child.wait()
        for path in paths:
            for number, status, body in whole_lines(path):
                assert 200 == status, body
                assert answered.setdefault(number, body) == body
        first = max(max(answered) - 5, 0)
    store.close()

    logged = read_log(workspace / "predictions", model="flights").to_rows()
    by_id = {row["prediction_id"]: row for row in logged}
    assert len(by_id) == len(logged)
    for number, body in answered.items():
        answer = json.loads(body)
        entry = by_id[answer["id"]]
        assert (answer["score"], f"id {number}") == (entry["score"], entry["client_id"])
        assert answer["crossing"] == entry["crossing"]
    # What was kept and not said yet when its worker died: at most one of each worker and round.
    assert len(answered) <= len(logged) <= len(answered) + 2 * KILLS
