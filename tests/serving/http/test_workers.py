"""Many workers: counted exactly, killed, started again, and ended with nothing lost."""

import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import pytest
from metrics_text import read_metrics, value
from raw_client import Broken, predict, request

KILLED = (OSError, Broken)


class Driver:
    """One client that asks again and again, over one connection after the other."""

    def __init__(self, server, numbers, *, reconnect_every, stop):
        self.answered = []
        self.broken = []
        self._server = server
        self._numbers = numbers
        self._every = reconnect_every
        self._stop = stop
        self._client = None

    def run(self):
        """Ask until there is nothing more to ask, or nobody to be asked."""
        for turn, number in enumerate(self._numbers):
            self._client = self._client or connect(self._server)
            if self._stop.is_set() or self._client is None:
                break
            if not self._ask(f"r{number}") or turn % self._every == self._every - 1:
                self._leave()
        self._leave()

    def _ask(self, name):
        """Ask once; return whether the connection goes on."""
        try:
            response = self._client.ask(predict(id=name))
        except KILLED:
            self.broken.append(name)
            return False
        self.answered.append((name, response.status, response.json["pid"]))
        return response.fields.get("connection") != "close"

    def _leave(self):
        if self._client is not None:
            self._client.socket.close()
            self._client = None


def drive(server, *, requests, threads=8, reconnect_every=200, stop=None):
    """Ask for predictions over several connections; return what was answered, and what broke."""
    stop = stop or threading.Event()
    drivers = [
        Driver(server, range(first, requests, threads), reconnect_every=reconnect_every, stop=stop)
        for first in range(threads)
    ]
    runners = [threading.Thread(target=driver.run) for driver in drivers]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    answered = [item for driver in drivers for item in driver.answered]
    return answered, [name for driver in drivers for name in driver.broken]


def connect(server):
    """Return a connection, or None where the server is gone."""
    try:
        return server.connect()
    except ConnectionError:
        return None


def asked(server):
    """Return which ids the server answered, by its own word."""
    lines = (server.folder / "asked").read_text().splitlines()
    return {line.strip("'") for line in lines}


def metrics(server):
    return read_metrics(server.get("/metrics").body)


def test_what_eight_workers_count_adds_up_to_what_was_asked(start):
    """10,000 requests, whichever worker took them."""
    server = start(workers=8)
    answered, broken = drive(server, requests=10_000)
    assert [] == broken
    assert 10_000 == len({name for name, status, _ in answered if status == 200})
    assert len({pid for _, _, pid in answered}) > 1
    families = metrics(server)
    assert 10_000 == value(families, "interplane_requests_total", route="predict")
    assert 10_000 == value(families, "interplane_requests_total", route="predict", status="200")
    assert 10_000 == value(families, "interplane_predictions_total", model="flights")
    assert 10_000 == value(families, "interplane_request_duration_seconds_count", model="flights")
    assert 8 == value(families, "interplane_workers")
    assert 8 == value(families, "interplane_live_crossing", model="taxis")


@pytest.mark.crash
def test_what_was_answered_stays_counted_when_workers_are_killed(start, wait_until):
    """Kill -9 at random moments: each answer is counted once, and each request at most once more."""
    server = start(workers=4)
    draw = random.Random(20_131_101)
    stop = threading.Event()
    killed = []

    def kill():
        while not stop.is_set() and len(killed) < 12:
            time.sleep(draw.uniform(0.01, 0.15))
            for _ in range(20):
                pid = server.pid() if server.answers() else 0
                if pid and pid not in killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    break

    killer = threading.Thread(target=kill)
    killer.start()
    answered, broken = drive(server, requests=4000, reconnect_every=20)
    stop.set()
    killer.join()
    wait_until(lambda: value(metrics(server), "interplane_workers") == 4, what="four workers")
    assert len(answered) + len(broken) == 4000
    families = metrics(server)
    counted = value(families, "interplane_requests_total", route="predict", status="200")
    # The killer asked too, twice for each time that it looked for a worker.
    looked = counted - len(answered)
    assert looked >= 0
    names = {name for name, _, _ in answered}
    assert names <= asked(server)
    assert asked(server) <= names | set(broken)
    assert 4 + len(killed) == value(families, "interplane_worker_starts_total")
    assert len(killed) == len(server.log("died"))
    assert {"SIGKILL"} == {line["how"] for line in server.log("died")}


def test_the_page_is_exact_after_deaths(start, wait_until):
    """Nobody else asks: what was answered is what is counted, give or take what broke."""
    server = start(workers=3)
    total, lost = 0, 0
    for _ in range(4):
        answered, broken = drive(server, requests=300, threads=3)
        total, lost = total + len(answered), lost + len(broken)
        for pid in {pid for _, _, pid in answered}:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: value(metrics(server), "interplane_workers") == 3, what="three workers")
    counted = value(metrics(server), "interplane_requests_total", route="predict")
    assert total <= counted <= total + lost
    assert total + lost == 1200


def test_a_worker_that_dies_is_followed_by_another(start, wait_until):
    """Who connects in between stands in line."""
    server = start()
    for _ in range(3):
        pid = server.pid()
        os.kill(pid, signal.SIGKILL)
        assert pid != server.pid()
    assert 3 == len(server.log("died"))


def test_workers_end_when_their_parent_is_killed(start, wait_until):
    """They answer what they have, and nobody listens any more."""
    server = start(workers=2)
    pids = set()
    while len(pids) < 2:
        pids.add(server.pid())
    server.tell(signal.SIGKILL)
    server.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), what="their end")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_companions_are_kept_running_beside_the_workers(start, wait_until, tmp_path):
    """One that ends is started again; one that lasts sees the server's end on its standard input."""
    mark = (
        "import pathlib, sys, time; p = pathlib.Path(sys.argv[1]); p.open('a').write('begun\\n');"
    )
    lasting = f"{mark} sys.stdin.read(); p.open('a').write('ended\\n')"
    short, long = tmp_path / "short", tmp_path / "long"
    python = sys.executable
    server = start(
        companions=((python, "-c", mark, str(short)), (python, "-c", lasting, str(long)))
    )
    wait_until(
        lambda: short.exists() and short.read_text().count("begun") > 1, what="a second start"
    )
    wait_until(lambda: long.exists() and long.read_text() == "begun\n", what="the lasting one")
    server.tell(signal.SIGKILL)
    wait_until(lambda: long.read_text() == "begun\nended\n", what="its end")
    server.wait()


def test_sigterm_ends_readiness_first_and_loses_no_request(start, wait_until):
    """Under load, over two workers: what the server took up, it answered."""
    server = start(workers=2, grace_s=1.0)
    stop = threading.Event()
    found = {}
    driver = threading.Thread(
        target=lambda: found.update(
            zip(("answered", "broken"), drive(server, requests=10**6, stop=stop), strict=True)
        )
    )
    driver.start()
    wait_until(lambda: (server.folder / "asked").stat().st_size > 2000, what="some load")
    with server.connect() as client:
        assert 200 == client.ask(request("GET", "/readyz")).status
        server.tell(signal.SIGTERM)
        wait_until(lambda: client.ask(request("GET", "/readyz")).status == 503, what="no readiness")
        # Requests are still taken, and so are connections.
        assert 200 == client.ask(predict(id="late")).status
        assert 200 == server.ask(predict(id="later")).status
    assert 0 == server.wait()
    stop.set()
    driver.join()
    names = {name for name, status, _ in found["answered"] if status == 200}
    assert len(names) == len(found["answered"])
    assert names | {"late", "later"} == asked(server)
    assert {"log-closed-0", "log-closed-1"} == {path.name for path in server.folder.glob("log-*")}
    assert [] == [
        line for line in server.log() if line["event"] in {"not-drained", "died", "fault"}
    ]


def test_an_answer_that_waits_is_given_although_the_server_leaves(start):
    """So is what was asked ahead; the connection ends with the last one."""
    server = start(log_sync_ms=0)
    with server.connect() as client, server.connect() as idle:
        assert 200 == idle.ask(predict()).status
        client.send(predict(id="x") + predict(id="y"))
        server.tell(signal.SIGTERM)
        assert "x" == client.receive().json["id"]
        assert "y" == client.receive().json["id"]
        assert b"" == client.rest()
        assert b"" == idle.rest()
    assert 0 == server.wait()


def test_the_second_signal_ends_the_grace(start):
    """Somebody does not want to wait."""
    server = start(grace_s=3000.0)
    server.tell(signal.SIGINT)
    time.sleep(0.3)
    assert 200 == server.ask(predict()).status
    server.tell(signal.SIGTERM)
    assert 0 == server.wait()


def test_what_keeps_a_worker_from_starting_is_said(start):
    """With its own code, exit code and what to do."""
    server = start(place="/nowhere")
    assert 2 == server.wait()
    error = server.said["error"]
    assert ("config", "Go to your project") == (error["code"], error["do"])
    assert {"place": "here"} == error["details"]


def test_a_worker_that_dies_before_it_answers_ends_the_server(start):
    """It would die again."""
    server = start(place="/crash")
    assert 6 == server.wait()
    assert "worker 0 ended with exit code 9 before it could answer" == server.said["error"]["what"]


def test_a_model_that_cannot_be_loaded_ends_readiness_and_nothing_else(start):
    """The others answer; the server lives."""
    server = start(models=("flights", "broken"))
    assert ["flights"] == list(server.said["models"])
    assert 200 == server.ask(predict()).status
    assert 200 == server.get("/livez").status
    response = server.get("/readyz")
    assert (503, "not-ready") == (response.status, response.code)
    assert 1 == value(metrics(server), "interplane_load_failures_total", model="broken")


def test_an_address_that_is_taken_is_said(start):
    """With the way to another one."""
    first = start()
    second = start(port=first.port)
    assert 6 == second.wait()
    assert "--port 0" in second.said["error"]["do"]
