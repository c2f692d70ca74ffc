"""A Redis that the tests of a process share, each with keys of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from redis_server import RedisServer, redis_or_skip


@pytest.fixture(scope="session")
def redis_server():
    """A durable server."""
    redis_or_skip()
    server = RedisServer()
    yield server
    server.stop()
