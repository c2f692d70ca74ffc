"""A generator of load over HTTP: `wrk` where there is one, else a loop over sockets in a process of its own."""

from __future__ import annotations

import json
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

__all__ = ["Load", "Request", "measure"]

SCRIPT = """
wrk.method = "{method}"
wrk.headers["Content-Type"] = "application/json"
{headers}
wrk.body = [==[{body}]==]
done = function(summary, latency, requests)
  io.write(string.format(
    '\\nRESULT {{"requests": %d, "took_us": %d, "p50_us": %d, "p99_us": %d, "failed": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
"""


class Request(NamedTuple):
    """What is asked again and again."""

    path: str
    body: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = ()


class Load(NamedTuple):
    """What came of it: requests a second, latencies in milliseconds, and requests that failed."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def measure(port: int, request: Request, *, connections: int, seconds: float = 3.0) -> Load:
    """Ask a server at 127.0.0.1 over so many connections, one request at a time on each."""
    found = (_by_wrk if shutil.which("wrk") else _by_sockets)(port, request, connections, seconds)
    return Load(
        found["requests"] / (found["took_us"] / 1e6),
        found["p50_us"] / 1000,
        found["p99_us"] / 1000,
        found["failed"],
    )


def _by_wrk(port: int, request: Request, connections: int, seconds: float) -> dict:
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in request.headers)
    script = SCRIPT.format(method=request.method, headers=headers, body=request.body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "request.lua")
        path.write_text(script)
        words = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "-s", str(path)]
        url = f"http://127.0.0.1:{port}{request.path}"
        out = subprocess.run([*words, url], check=True, capture_output=True, text=True).stdout
    return json.loads(out.partition("RESULT ")[2])


def _by_sockets(port: int, request: Request, connections: int, seconds: float) -> dict:
    told = json.dumps([port, request, connections, seconds])
    words = [sys.executable, "-m", "benchmarks.load", told]
    out = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def _drive(port: int, request: Request, connections: int, seconds: float) -> dict:
    """Drive the connections in turn, whichever has an answer."""
    raw = _raw(port, request)
    poll = select.epoll()
    sockets = {}
    begun = {}
    for _ in range(connections):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[client.fileno()] = client
        poll.register(client, select.EPOLLIN)
    took: list[float] = []
    failed = 0
    begin = time.perf_counter()
    for number, client in sockets.items():
        begun[number] = time.perf_counter()
        client.sendall(raw)
    buffers = dict.fromkeys(sockets, b"")
    while time.perf_counter() - begin < seconds:
        for number, _ in poll.poll(0.1):
            data = buffers[number] + sockets[number].recv(1 << 16)
            size = _whole(data)
            if not size or len(data) < size:
                buffers[number] = data
                continue
            now = time.perf_counter()
            took.append(now - begun[number])
            failed += not data.startswith(b"HTTP/1.1 2")
            buffers[number] = data[size:]
            begun[number] = now
            sockets[number].sendall(raw)
    whole = time.perf_counter() - begin
    took.sort()
    return {
        "requests": len(took),
        "took_us": whole * 1e6,
        "p50_us": took[len(took) // 2] * 1e6,
        "p99_us": took[int(len(took) * 0.99)] * 1e6,
        "failed": failed,
    }


def _raw(port: int, request: Request) -> bytes:
    fields = [
        ("Host", f"127.0.0.1:{port}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(request.body.encode()))),
        *request.headers,
    ]
    lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{n}: {v}" for n, v in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n" + request.body).encode()


def _whole(data: bytes) -> int:
    """Return how long a response is, header and body; 0 while that cannot be told."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0
    at = data.lower().find(b"content-length:")
    return end + 4 + int(data[at + 15 : data.index(b"\r", at)])


if __name__ == "__main__":
    port, request, connections, seconds = json.loads(sys.argv[1])
    print(json.dumps(_drive(port, Request(*request), connections, seconds)))
