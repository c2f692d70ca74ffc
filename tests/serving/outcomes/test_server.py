"""Outcomes pushed to a server: counted by route, and once each whatever is killed."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from interplane.outcomes.pieces import kept_of
from interplane.outcomes.store import SqliteOutcomes
from interplane.serving.ports import Opening
from interplane.serving.settings import ServerSettings

HERE = Path(__file__).parent
SHELL = HERE.parent / "http"
CLIENTS, KILLS = 6, 6


@contextmanager
def serving(folder, *, workers=1):
    """Serve until the end; yield the process and its port."""
    settings = ServerSettings(
        opening=Opening(project=str(folder)),
        factory="toy_outcomes:open_outcomes",
        port=0,
        workers=workers,
        grace_s=0.0,
    )
    path = os.pathsep.join([str(SHELL), str(HERE), os.environ.get("PYTHONPATH", "")])
    with (folder / "errors").open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, str(SHELL / "run_server.py"), msgspec.json.encode(settings).decode()],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
    try:
        yield process, json.loads(process.stdout.readline())["port"]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        process.stdout.close()


def ask(port, method, path, body=None):
    """Return status and text of an answer on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def body_of(*numbers):
    """Return a push of outcomes by number."""
    rows = [
        {"key": {"flight_id": f"UA{n}"}, "value": n, "known_at": "2013-06-01T06:00:00Z"}
        for n in numbers
    ]
    return json.dumps({"outcomes": rows})


def test_outcomes_over_http(tmp_path):
    """Acknowledged, counted in the metrics, and there; HTTP's own mistakes are the shell's."""
    with serving(tmp_path) as (_, port):
        assert (200, {"new": 2, "known": 0}) == told(port, body_of(1, 2))
        assert (200, {"new": 1, "known": 1}) == told(port, body_of(2, 3))
        assert 422 == told(port, '{"outcome": {"id": "x", "value": 1}}')[0]
        assert 405 == ask(port, "GET", "/v1/models/flights/outcomes")[0]
        _, page = ask(port, "GET", "/metrics")
        _, api = ask(port, "GET", "/openapi.json")
    assert 'route="outcomes",status="200"} 2' in page
    assert 'route="outcomes",status="422"} 1' in page
    assert "push_outcomes" in api
    assert 3 == len(there(tmp_path))


def told(port, body):
    """Push, and return status and answer."""
    status, text = ask(port, "POST", "/v1/models/flights/outcomes", body)
    return status, json.loads(text)


def there(folder):
    """Return how often each number is there."""
    store = SqliteOutcomes(folder / "outcomes.sqlite")
    kept = kept_of("flights", store.read("flights"))
    store.close()
    return Counter(int(each.outcome.value) for each in kept)


class Clients:
    """Threads that push until they are stopped; each sends what failed once more."""

    def __init__(self):
        self.port = 0
        self.acknowledged = set()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._push, args=(client,)) for client in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def _push(self, client):
        number = client * 1_000_000
        while not self._stopping.is_set():
            numbers = range(number, number + 1 + number % 3)
            try:
                status, _ = told(self.port, body_of(*numbers))
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.01)
                continue  # whether it is there is unknown: the same again
            if status == 200:
                self.acknowledged.update(numbers)
                number = numbers[-1] + 1

    def stop(self):
        """End the threads."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)


def workers_of(process):
    """Return the processes of a server's workers."""
    return [
        int(pid)
        for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


@pytest.mark.crash
def test_killed_servers_lose_and_double_nothing(tmp_path):
    """Workers under load are killed, and whole servers; clients send again what was not answered."""
    seed = int(os.environ.get("INTERPLANE_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"INTERPLANE_CRASH_SEED={seed}\n")
    draw = random.Random(seed)
    clients = Clients()
    try:
        for _ in range(2):
            with serving(tmp_path, workers=2) as (process, clients.port):
                for _ in range(KILLS):
                    before = len(clients.acknowledged)
                    until = time.monotonic() + 60
                    while len(clients.acknowledged) < before + 10:
                        assert time.monotonic() < until
                        time.sleep(0.01)
                    time.sleep(draw.uniform(0, 0.05))
                    with suppress(ProcessLookupError, IndexError):
                        os.kill(draw.choice(workers_of(process)), signal.SIGKILL)
    finally:
        clients.stop()
    found = there(tmp_path)
    assert [] == sorted(clients.acknowledged - found.keys())
    assert {} == {number: count for number, count in found.items() if count != 1}
    sys.stdout.write(f"{2 * KILLS} workers and 2 servers killed, {len(found):,} outcomes once\n")
