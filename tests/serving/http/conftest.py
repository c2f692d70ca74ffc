"""Servers of their own processes, around a toy row path."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from raw_client import Broken, Client, predict, request

from interplane.serving.ports import Opening
from interplane.serving.settings import Limits, ServerSettings

HERE = Path(__file__).parent


def until(is_so, *, seconds=30.0, what="it"):
    """Wait until something is so; a test that waits too long says for what."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = is_so()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


class Server:
    """A server that runs, or that said why it does not."""

    def __init__(self, folder, settings):
        self.folder = folder
        self._errors = (folder / "errors").open("w+")
        path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "run_server.py"), msgspec.json.encode(settings).decode()],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": path},
        )
        line = self.process.stdout.readline()
        self.said = json.loads(line) if line else {}
        self.port = self.said.get("port", 0)

    def connect(self, **options):
        return Client(self.port, **options)

    def ask(self, raw, *, is_head=False):
        """Send one request on a connection of its own."""
        with self.connect() as client:
            return client.ask(raw, is_head=is_head)

    def get(self, path, *, fields=()):
        return self.ask(request("GET", path, fields=fields))

    def pid(self):
        """Return the process of a worker that answers."""
        return self.ask(predict()).json["pid"]

    def answers(self):
        """Return whether somebody answers."""
        try:
            return self.ask(predict()).status == 200
        except (OSError, Broken):
            return False

    def log(self, event=None):
        """Return the lines that it said about an event, or all."""
        self._errors.flush()
        lines = (self.folder / "errors").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [line for line in found if event in {None, line["event"]}]

    def tell(self, number):
        self.process.send_signal(number)

    def wait(self, *, seconds=40):
        return self.process.wait(seconds)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process.stdout.close()
            self._errors.close()


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a server; it is stopped after the test."""
    servers = []

    def started(*, models=(), limits=None, log_sync_ms=100, place=None, **options):
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        opening = Opening(
            project=place or str(folder), models=tuple(models), log_sync_ms=log_sync_ms
        )
        settings = ServerSettings(
            opening=opening,
            factory="toy_rows:open_toy",
            limits=Limits(**(limits or {})),
            **{"port": 0, "grace_s": 0.0, "drain_s": 10.0, **options},
        )
        server = Server(folder, settings)
        servers.append(server)
        return server

    yield started
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Return a server of one worker that the tests of a module share."""
    folder = tmp_path_factory.mktemp("shared")
    settings = ServerSettings(
        opening=Opening(project=str(folder)), factory="toy_rows:open_toy", port=0, grace_s=0.0
    )
    server = Server(folder, settings)
    yield server
    server.stop()


@pytest.fixture
def wait_until():
    """Return the function that waits."""
    return until
