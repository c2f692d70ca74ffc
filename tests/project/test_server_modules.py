"""What a live server of a model with feature views has in its memory: no engine, no arrays."""

import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from online_server import served
from trips_project import LAST, make, opened, request

HEAVY = ("duckdb", "numpy", "pandas", "pyarrow", "polars", "sklearn", "scipy", "pyspark")
"""Each has compiled parts (pyspark a process of Java), so that a process that imported it maps them."""

LATER = LAST + timedelta(days=1)


def descendants(pid):
    """Return the processes that a process has started, and those that they have."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def mapped(pid):
    """Return the heavy packages of which a process has files in its memory."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in HEAVY if f"site-packages/{name}/" in maps or f"/_{name}." in maps}


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_a_live_server_with_views_maps_no_engine(tmp_path):
    """Deployed, asked one row and several, pushed to and read from; then looked at, every process."""
    root = tmp_path / "trips"
    make(root)
    with opened(root) as project:
        project.deploy("trips@1", reason="to be looked at")
        assert {"pyarrow", "duckdb"} <= mapped("self"), "they would be seen"
    before = set(descendants("self"))
    with served(root, "--replay") as server:
        rows = [request(number) for number in range(3)]
        ride = {"ride": 70_001, "rider": "r0", "miles": 5.5}
        times = {"began_at": f"{LATER - timedelta(hours=2)}Z", "ended_at": f"{LATER}Z"}
        asked = [
            ("/v1/models/trips/predict", {"row": rows[0]}),
            ("/v1/models/trips/predict", {"rows": rows}),
            ("/v1/features/history/events", {"event": {**ride, **times}}),
            ("/v1/features/history", {"entities": [{"rider": "r0"}], "at": f"{LATER}Z"}),
        ]
        answers = [server.post(*each) for each in asked]
        time.sleep(0.2)
        processes = set(descendants("self")) - before
        assert [200] * len(asked) == [status for status, _ in answers], answers
        assert len(processes) >= 1
        assert {} == {pid: found for pid in processes if (found := mapped(pid))}
