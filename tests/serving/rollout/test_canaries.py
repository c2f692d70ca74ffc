"""Canaries of watched models: loaded beside the traffic, promoted without a pause, never a broken one."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rows"))
import test_live as live
from test_live import Pointers, Watched, eventually

from interplane.errors import Corrupt, NotFound
from interplane.record import Digest, Rollout
from interplane.storage.ports import Entry

ONE, TWO, THREE, FOUR = (Digest(letter * 64) for letter in "abcd")


class Endpoint(live.Endpoint):
    """An endpoint that says what is beside it."""

    beside_it = None

    def beside(self, rollout, canary):
        """Return one with something beside it."""
        other = Endpoint(self.crossing)
        other.beside_it = (None if canary is None else canary.crossing, rollout.share)
        return other


class Rolling(Pointers):
    """Pointers of one model, and its rollout."""

    def __init__(self, live_one):
        super().__init__(flights=live_one)
        self.rollout, self.records = None, {}

    def roll(self, *, live, canary=None, share=0.1, shadow=None):
        """Move the rollout."""
        record = Rollout(model_name="flights", live=live, canary=canary, share=share, shadow=shadow)
        self.records[record.digest] = record
        self.rollout = record.digest

    def pointers(self, names):
        """Where the pointers are: those of one moment."""
        found = super().pointers(names)
        if self.rollout is not None and "rollout/flights" in list(names):
            found["rollout/flights"] = self.rollout
        return found

    def get(self, digest):
        """A record."""
        if digest not in self.records:
            raise NotFound(f"there is no {digest}")
        return Entry(digest, self.records[digest], "2026-01-01T00:00:00Z", "ann", 1)


class Rolled(Watched):
    """A watched model."""

    def __init__(self, **options):
        super().__init__(Rolling(ONE), **options)
        load = self.load
        made = load.__class__.__call__

        def endpoints(digest):
            made(load, digest)
            return Endpoint(digest)

        self.models._load = endpoints
        self.models._canaries._load = endpoints

    @property
    def now(self):
        """What answers: the crossing, the canary that is loaded, and its share."""
        found = self.models.find("flights")
        return (found.crossing, *(found.beside_it or ()))

    def becomes(self, *what):
        """Wait until this answers."""
        eventually(lambda: what == self.now)


@pytest.fixture
def rolled():
    """A model that is watched closely."""
    made = []

    def makes(**options):
        made.append(Rolled(**options))
        made[-1].models.start()
        return made[-1]

    yield makes
    for each in made:
        each.models.close()


def test_a_canary_is_loaded_beside_and_has_its_share(rolled):
    """Another share is no other endpoint, nothing is loaded again."""
    models = rolled()
    assert (ONE,) == models.now
    models.pointers.roll(live=ONE, canary=TWO, share=0.1)
    models.becomes(ONE, TWO, 0.1)
    models.pointers.roll(live=ONE, canary=TWO, share=0.5)
    models.becomes(ONE, TWO, 0.5)
    models.pointers.roll(live=ONE, canary=THREE, share=0.5)
    models.becomes(ONE, THREE, 0.5)
    models.pointers.rollout = None
    models.becomes(ONE)
    assert [ONE, TWO, THREE] == models.load.asked
    assert [] == models.said


def test_it_is_there_when_a_worker_starts(rolled):
    """Before the first request."""
    first = Rolled()
    first.pointers.roll(live=ONE, canary=TWO, share=0.25)
    first.models.start()
    assert (ONE, TWO, 0.25) == first.now
    first.models.close()


def test_a_promoted_canary_is_not_loaded_again(rolled):
    """It answers everything from one moment to the next."""
    models = rolled()
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, TWO, 0.1)
    models.pointers.rollout, models.pointers.live = None, {"flights": TWO}
    models.becomes(TWO)
    assert [ONE, TWO] == models.load.asked
    assert [ONE, TWO] == [crossing for _, crossing, _ in models.meter.served]


def test_a_rollout_beside_what_is_not_live_any_more_has_ended(rolled):
    """Also where the new one cannot be loaded: the old one goes on alone."""
    models = rolled()
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, TWO, 0.1)
    models.load.broken[THREE] = Corrupt("broken")
    models.pointers.live = {"flights": THREE}
    models.becomes(ONE)
    models.look()
    assert (ONE,) == models.now
    models.pointers.live = {"flights": FOUR}
    models.becomes(FOUR)
    models.look()
    assert (FOUR,) == models.now


@pytest.mark.parametrize(
    "error", [Corrupt("broken"), OSError("gone"), KeyError("x"), MemoryError()]
)
def test_a_canary_that_cannot_be_loaded_never_answers(rolled, error):
    """It is said once and counted; what is live has its share, and goes on."""
    models = rolled()
    models.load.broken[TWO] = error
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, None, 0.1)
    models.pointers.roll(live=ONE, canary=TWO, share=0.5)
    models.becomes(ONE, None, 0.5)
    models.look()
    assert (["flights"], []) == (models.meter.canaries_failed, models.meter.failed)
    (said,) = models.said
    assert "what is live has its share" in said
    assert models.models.is_ready()
    models.pointers.roll(live=ONE, canary=THREE)
    models.becomes(ONE, THREE, 0.1)


def test_one_that_could_not_be_loaded_is_tried_again(rolled):
    """A disk comes back."""
    models = rolled(retry_every_s=0.01)
    models.load.broken[TWO] = OSError("gone")
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, None, 0.1)
    del models.load.broken[TWO]
    models.becomes(ONE, TWO, 0.1)
    assert 1 == len(models.said)


def test_a_rollout_that_cannot_be_read_is_none(rolled):
    """It is said once."""
    models = rolled()
    models.pointers.rollout = FOUR
    eventually(lambda: models.said)
    models.look()
    assert ((ONE,), 1) == (models.now, len(models.said))
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, TWO, 0.1)


def test_a_shadow_is_only_shown(rolled):
    """Servers load nothing for it."""
    models = rolled()
    models.pointers.roll(live=ONE, shadow=TWO, share=0.0)
    models.becomes(ONE, None, 0.0)
    assert [ONE] == models.load.asked


def test_a_model_that_goes_away_takes_its_canary_along(rolled):
    """And comes back with it."""
    models = rolled()
    models.pointers.roll(live=ONE, canary=TWO)
    models.becomes(ONE, TWO, 0.1)
    models.pointers.live = {}
    eventually(lambda: models.models.find("flights") is None)
    models.pointers.live = {"flights": ONE}
    eventually(lambda: models.models.find("flights") is not None)
    models.becomes(ONE, TWO, 0.1)
