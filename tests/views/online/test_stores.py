"""Every online store keeps the laws; those that outlive a process keep them over two handles."""

import pytest

from interplane.testing import online_laws
from interplane.testing.memory_online import MemoryOnline
from interplane.testing.online_laws import OnlineBench
from interplane.views.online import SqliteOnline
from interplane.views.redis.store import RedisOnline


def make_memory(request):
    """A store in memory."""
    store = MemoryOnline()
    return OnlineBench(store, store)


def make_sqlite(request):
    """A store in a file, opened twice."""
    path = request.getfixturevalue("tmp_path") / "online.sqlite"
    return OnlineBench(SqliteOnline(path), SqliteOnline(path))


def make_redis(request):
    """A store in a real Redis, opened twice."""
    settings = request.getfixturevalue("redis_server").settings()
    return OnlineBench(RedisOnline(settings), RedisOnline(settings))


@pytest.fixture(params=[make_memory, make_sqlite, make_redis], ids=["memory", "sqlite", "redis"])
def bench(request):
    """An empty store of each kind."""
    made = request.param(request)
    yield made
    made.store.close()
    made.other.close()


@pytest.mark.parametrize("law", online_laws.LAWS, ids=lambda law: law.__name__)
def test_an_online_store_keeps_the_law(law, bench):
    """Each law with each implementation."""
    law(bench)
