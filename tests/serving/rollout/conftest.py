"""Two crossings of one model in memory, and an endpoint that one answers beside the other."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rows"))
import toy_crossings as toy

from interplane.record import Rollout
from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.ids import ClientIds
from interplane.serving.loading import load_crossing
from interplane.testing.stores import memory_store

NOW = 1_370_067_300_000_000


class Rolled:
    """A live endpoint and a canary with one log, and what they answer together."""

    def __init__(self, live, canary, ids, **options):
        self.log, self.meter = toy.MemoryLog(), toy.Counts()
        common = {"log": self.log, "ids": ids, "meter": self.meter, **options}
        self.live, self.canary = live, canary
        self.alone = CrossingEndpoint(live, **common)
        self.other = CrossingEndpoint(canary, **common)
        self.endpoint = self.alone

    def share(self, share, *, shadow=None):
        """Let the canary answer a share."""
        rollout = Rollout(
            model_name="flights",
            live=self.live.crossing,
            canary=self.canary.crossing,
            share=share,
            shadow=shadow,
        )
        self.endpoint = self.alone.beside(rollout, self.other)
        return self

    def answer(self, body, now_us=NOW):
        """Answer a body."""
        return self.endpoint.answer(body, now_us=now_us, received_us=now_us - 100)


@pytest.fixture(scope="session")
def crossings():
    """Two crossings: the second one has other trees."""
    store = memory_store()
    return [load_crossing(store, toy.record(store, *toy.train(trees=trees))) for trees in (8, 3)]


@pytest.fixture
def roll(crossings, tmp_path):
    """Return a function that puts one crossing beside another."""
    ids = ClientIds(tmp_path / "predictions" / "ids.sqlite")

    def rolls(live=crossings[0], canary=crossings[1], **options):
        return Rolled(live, canary, ids, **options)

    yield rolls
    ids.close()
