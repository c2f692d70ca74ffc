"""A store with a small crossing in it, and endpoints that answer for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_crossings as toy

from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.ids import ClientIds
from interplane.serving.loading import Loaded, load_crossing
from interplane.testing.stores import memory_store

NOW = 1_370_067_300_000_000
"""2013-06-01T06:15:00Z: no flight of the toy is later."""


class Bench(NamedTuple):
    """An endpoint, and what it works with."""

    endpoint: CrossingEndpoint
    log: toy.MemoryLog
    meter: toy.Counts

    def answer(self, body: bytes, now_us: int = NOW) -> Any:
        """Answer a body."""
        return self.endpoint.answer(body, now_us=now_us, received_us=now_us - 100)


@pytest.fixture(scope="session")
def loaded() -> Loaded:
    """A crossing, loaded once."""
    store = memory_store()
    return load_crossing(store, toy.record(store, *toy.train()))


@pytest.fixture
def make_bench(loaded, tmp_path):
    """Make an endpoint with a log of its own; the ids are shared."""
    opened = []

    def make(crossing: Loaded = loaded, **options: Any) -> Bench:
        ids = ClientIds(tmp_path / "predictions" / "ids.sqlite")
        opened.append(ids)
        log, meter = toy.MemoryLog(), toy.Counts()
        return Bench(
            CrossingEndpoint(crossing, log=log, ids=ids, meter=meter, **options), log, meter
        )

    yield make
    for ids in opened:
        ids.close()


@pytest.fixture
def bench(make_bench):
    """An endpoint for the toy crossing."""
    return make_bench()
