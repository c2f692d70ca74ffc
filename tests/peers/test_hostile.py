"""The hostile requests of the shell's tests, to a server that loads a real crossing."""

import importlib.util
import sys
from pathlib import Path

HTTP = Path(__file__).parents[1] / "serving" / "http"


def load(name):
    """Import a module that stands beside the shell's tests."""
    spec = importlib.util.spec_from_file_location(name, HTTP / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_no_request_harms_a_server_with_a_crossing(trips, monkeypatch):
    """JSON comes back, never a 5xx, and the server answers as before."""
    for name in ("raw_client", "corpus"):
        monkeypatch.setitem(sys.modules, name, None)
    load("raw_client")
    corpus = load("corpus")
    row = {
        "ride": 1, "rider": "r1", "began_at": "2026-01-26T12:00:00", "zone": "north", "seats": 2,
    }  # fmt: skip
    wrong = {}
    with trips.served("--replay") as client:
        before = client.predict(**row)
        port = int(client.url.rpartition(":")[2])
        for hostile in corpus.hostile_requests("trips"):
            if found := corpus.problems(port, hostile):
                wrong[hostile.name] = found
        assert before == client.predict(**row)
    assert {} == wrong
