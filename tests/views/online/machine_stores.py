"""A machine over each online store: the same steps on SQLite, on a real Redis, and on the twin."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis_server import RedisServer, redis_or_skip

from interplane.testing.memory_online import MemoryOnline
from interplane.views.online import SqliteOnline
from interplane.views.redis.store import RedisOnline


def over_stores(machine, *, examples, steps, redis_examples):
    """Return the test cases of a machine by store, and the fixture that stops the Redis they start.

    Args:
        machine: the machine; its ``open`` is to return a handle on a store.
        examples: how many times SQLite and the twin are driven.
        steps: how many steps a time has.
        redis_examples: how many times Redis is driven.
    """

    class OnDisk(machine):
        """With SQLite."""

        folder = None

        def open(self):
            """Open a handle on the file."""
            self.folder = self.folder or tempfile.mkdtemp()
            return SqliteOnline(Path(self.folder) / "online.sqlite")

        def teardown(self):
            """Remove the file too."""
            super().teardown()
            if self.folder:
                shutil.rmtree(self.folder)

    class InRedis(machine):
        """With a real Redis."""

        server = None
        settings_of_store = None

        def open(self):
            """Open a handle on the same keys."""
            redis_or_skip()
            if InRedis.server is None:
                InRedis.server = RedisServer()
            self.settings_of_store = self.settings_of_store or InRedis.server.settings()
            return RedisOnline(self.settings_of_store)

    class InMemory(machine):
        """With the twin."""

        store = None

        def open(self):
            """Return the one store."""
            self.store = self.store or MemoryOnline()
            return self.store

    usual = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    OnDisk.TestCase.settings = InMemory.TestCase.settings = usual
    InRedis.TestCase.settings = settings(usual, max_examples=redis_examples)

    @pytest.fixture(scope="module", autouse=True)
    def server():
        """Stop the Redis that was started, if one was."""
        yield
        if InRedis.server is not None:
            InRedis.server.stop()
            InRedis.server = None

    return OnDisk.TestCase, InRedis.TestCase, InMemory.TestCase, server
