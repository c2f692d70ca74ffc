"""The trips project with a real server of its own process, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

LONGEST_S = 60


class Asked:
    """A server, by its address."""

    def __init__(self, url):
        self.url = url

    def get(self, path):
        """Return the status and the body of a page."""
        return self._open(urllib.request.Request(f"{self.url}{path}"))

    def post(self, path, plain):
        """Return the status of a request, and what is answered."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=json.dumps(plain).encode(),
            headers={"Content-Type": "application/json"},
        )
        status, body = self._open(request)
        return status, json.loads(body)

    @staticmethod
    def _open(request):
        try:
            with urllib.request.urlopen(request, timeout=LONGEST_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def served(root, *words):
    """Run ``interplane serve``; yield what asks it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "interplane", "serve", "--port", "0", "--json", *words],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()[-3000:]
        said = json.loads(line)
        yield Asked(f"http://127.0.0.1:{said['port']}")
    finally:
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(LONGEST_S)
        finally:
            process.kill()
            process.stdout.close()
            process.stderr.close()
            process.wait(LONGEST_S)
