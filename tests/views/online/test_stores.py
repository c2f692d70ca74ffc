"""Every online store keeps the laws; the one on disk keeps them over two handles."""

import pytest

from interplane.testing import online_laws
from interplane.testing.memory_online import MemoryOnline
from interplane.testing.online_laws import OnlineBench
from interplane.views.online import SqliteOnline


def make_memory(folder):
    """A store in memory."""
    store = MemoryOnline()
    return OnlineBench(store, store)


def make_sqlite(folder):
    """A store in a file, opened twice."""
    path = folder / "online.sqlite"
    return OnlineBench(SqliteOnline(path), SqliteOnline(path))


@pytest.fixture(params=[make_memory, make_sqlite], ids=["memory", "sqlite"])
def bench(request, tmp_path):
    """An empty store of each kind."""
    made = request.param(tmp_path)
    yield made
    made.store.close()
    made.other.close()


@pytest.mark.parametrize("law", online_laws.LAWS, ids=lambda law: law.__name__)
def test_an_online_store_keeps_the_law(law, bench):
    """Each law with each implementation."""
    law(bench)
