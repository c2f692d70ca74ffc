"""A real Redis for tests: of this process, on a socket of its own, durable by the rule."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from interplane.views.redis.settings import RedisSettings

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
_NUMBERS = itertools.count()


class RedisServer:
    """A server that runs until it is stopped; it can be killed, paused and started again."""

    def __init__(self, *options):
        self.folder = Path(
            tempfile.mkdtemp(prefix="redis-")
        )  # short: a socket's path has 108 bytes
        self.socket = self.folder / "s"
        self._options = options
        self.process = None
        self.start()

    @property
    def url(self):
        """Where it is."""
        return f"unix://{self.socket}"

    def settings(self, **changes):
        """Return settings of an empty store in it."""
        prefix = f"interplane:{os.getpid()}.{next(_NUMBERS)}:"
        return RedisSettings(**{"url": self.url, "prefix": prefix, "timeout_s": 20.0, **changes})

    def start(self):
        """Start it, and wait until it answers."""
        place = ("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder))
        self.process = subprocess.Popen(
            ["redis-server", *place, "--save", "", *(self._options or DURABLE)],
            stdout=subprocess.DEVNULL,
        )
        end = time.monotonic() + 30
        while not self.answers():
            assert time.monotonic() < end, "the Redis of the tests does not start"
            assert self.process.poll() is None, "the Redis of the tests ended"
            time.sleep(0.01)

    def answers(self):
        """Return whether it answers."""
        try:
            return bool(self.ask("PING"))
        except OSError:
            return False

    def ask(self, *words):
        """Ask something directly."""
        import redis

        client = redis.Redis(unix_socket_path=str(self.socket), socket_timeout=20)
        try:
            return client.execute_command(*words)
        except redis.exceptions.ConnectionError as error:
            raise OSError from error
        finally:
            client.close()

    def kill(self):
        """Kill it, as the end of its process does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def tell(self, number):
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self):
        """End it, and remove its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def redis_or_skip():
    """Skip a test where there is no Redis; with CI=true that is a failure."""
    if shutil.which("redis-server") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("there is no redis-server, and CI has to have one")
        pytest.skip("redis-server is not installed")
