"""The HTTP shell of the model server, beside a bare ASGI echo on stock uvicorn, and under half-sent requests."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import Row
from benchmarks.load import Load, Request, measure

BODY = (
    '{"row": {"month": 3, "day": 4, "hour": 12, "minute": 15, "carrier": "UA", "origin": "EWR", '
    '"dest": "IAH", "distance": 1400, "temp": 40.1, "wind": 11.5, "visib": 10.0, "precip": 0.0}}'
)
REQUEST = Request("/v1/models/flights/predict", BODY)
HALF = b"POST /v1/models/flights/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le"
ROUNDS = 5
ROOT = Path(__file__).parents[1]
ANSWERING: dict[int, int] = {}
"""Which process answers at a port."""

ECHO = """
import sys, uvicorn

async def app(scope, receive, send):
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none",
            lifespan="off", access_log=False, log_level="warning")
"""


class _Endpoint:
    """Answers with the body, after so many microseconds of work."""

    name, model, crossing = "flights@1", "flights", "0" * 64

    def __init__(self, work_us: float) -> None:
        self._work_ns = work_us * 1000

    def answer(self, body, *, now_us, received_us):
        from interplane.serving.ports import Answer

        del now_us, received_us
        if self._work_ns:
            until = time.perf_counter_ns() + self._work_ns
            while time.perf_counter_ns() < until:
                pass
        return Answer(200, body)


class _Models:
    def __init__(self, work_us: float) -> None:
        self._found = {"flights": _Endpoint(work_us)}
        self.find = self._found.get

    def names(self):
        return ["flights"]

    def is_ready(self):
        return True

    def start(self):
        return None

    def close(self):
        return None


class _Log:
    def synced(self):
        return None

    def close(self):
        return None


def open_echo(opening, meter):
    """A row path that answers with the body; the project's name says how long it works for it."""
    from interplane.serving.ports import RowPath

    del meter
    return RowPath(_Models(float(opening.project)), _Log())


@contextmanager
def _echo():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _process([sys.executable, "-c", ECHO, str(port)]) as process:
        _wait(port)
        ANSWERING[port] = process.pid
        yield port


@contextmanager
def ours(work_us: float, *, factory: str = "benchmarks.serving_http:open_echo"):
    """A server of one worker; yield its port."""
    told = json.dumps([str(work_us), factory])
    with _process([sys.executable, "-m", "benchmarks.serving_http", told]) as process:
        port = json.loads(process.stdout.readline())["port"]
        below = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ANSWERING[port] = int(below[0])
        yield port


@contextmanager
def _process(words):
    with tempfile.TemporaryFile() as errors:
        # Workers look for nothing in the folder that they are started in.
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=errors, env={**os.environ, "PYTHONPATH": path}
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


def _median(loads: list[Load]) -> Load:
    return Load(*(statistics.median(values) for values in zip(*loads, strict=True)))


def _busy_s(port: int) -> float:
    """Return how long the process behind a port has been on a processor."""
    fields = Path(f"/proc/{ANSWERING[port]}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run():
    """Requests a second and latencies over 1, 16 and 64 connections; then with hanging requests."""
    with _echo() as echo, ours(0) as bare, ours(12) as working:
        for connections in (1, 16, 64):
            yield from _beside(connections, {"echo": echo, "bare": bare, "working": working})
        yield _processor({"echo": echo, "bare": bare})
        yield _hanging(bare)


def _processor(ports: dict[str, int]) -> Row:
    """The processor's time for one request: the figure that a busy machine changes least."""
    took: dict[str, list[float]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            before = _busy_s(port)
            load = measure(port, REQUEST, connections=16, seconds=2)
            took[name].append((_busy_s(port) - before) / (load.per_second * 2) * 1e6)
    ours, echo = (statistics.median(took[name]) for name in ("bare", "echo"))
    beside = {"a bare ASGI echo on uvicorn": echo}
    return Row("processor time of one request, an endpoint of 0 µs", "µs", ours, beside)


def _beside(connections: int, ports: dict[str, int]):
    loads: dict[str, list[Load]] = {name: [] for name in ports}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            loads[name].append(measure(port, REQUEST, connections=connections, seconds=2))
    found = {name: _median(values) for name, values in loads.items()}
    echo = found["echo"]
    for name, what in (("bare", "an endpoint of 0 µs"), ("working", "an endpoint of 12 µs")):
        load = found[name]
        yield Row(
            f"one request, {what}, {connections} connections",
            "µs",
            1e6 / load.per_second,
            {"a bare ASGI echo on uvicorn": 1e6 / echo.per_second},
            f"{load.per_second:,.0f} requests/s, p50 {load.p50_ms:.3f} ms, p99 {load.p99_ms:.3f} ms"
            f"; the echo {echo.per_second:,.0f}/s, p99 {echo.p99_ms:.3f} ms; {load.failed:.0f} failed",
        )


def _hanging(port: int) -> Row:
    """The p99 of others while 400 requests are half sent; the server closes them after 10 s."""
    quiet, hanging = [], []
    for _ in range(ROUNDS):
        quiet.append(measure(port, REQUEST, connections=16, seconds=2))
        half = [socket.create_connection(("127.0.0.1", port)) for _ in range(400)]
        for client in half:
            client.sendall(HALF)
        hanging.append(measure(port, REQUEST, connections=16, seconds=2))
        for client in half:
            client.close()
    ours, before = _median(hanging), _median(quiet)
    return Row(
        "p99 of one request, 16 connections, 400 half-sent hanging",
        "ms",
        ours.p99_ms,
        {"without them": before.p99_ms},
        f"{ours.per_second:,.0f} requests/s with them, {before.per_second:,.0f}/s without",
    )


def _serve(work_us: str, factory: str) -> None:
    from interplane.serving.ports import Opening
    from interplane.serving.settings import ServerSettings
    from interplane.serving.supervisor import Supervisor

    settings = ServerSettings(opening=Opening(project=work_us), factory=factory, port=0, grace_s=0)
    Supervisor(settings, ready=lambda it: print(json.dumps(it._asdict()), flush=True)).run()


if __name__ == "__main__":
    _serve(*json.loads(sys.argv[1]))
