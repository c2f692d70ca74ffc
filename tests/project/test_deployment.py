"""Canaries, shadows, promotions and rollbacks: four pointers that move together."""

import threading

import msgspec
import pytest

from interplane.errors import Fenced, GateClosed, UnknownName, UsageError
from interplane.project.crossings import find_crossing
from interplane.project.deployment import deploy, promote, rollback
from interplane.project.rollouts import deployments, find_rollout
from interplane.record import Artifact, Breach, Crossing, Rollout, StepKey, Verdict, digest_bytes
from interplane.testing.clocks import FixedClock
from interplane.testing.stores import memory_store

CLOSED = Verdict(
    asked=1, breaches=(Breach(rule="at least 0.7", where="all rows", found="roc_auc 0.6"),)
)
POINTERS = ("live", "canary", "shadow")


class Trips:
    """A workspace with crossings of the model ``trips``, and who moves them."""

    def __init__(self, **options):
        self.store = memory_store(**options)
        self.made = []

    def record(self, **fields):
        """Record one more crossing."""
        draft = self.store.draft()
        key = StepKey(
            step="model",
            code={"trips.model": digest_bytes(b"code")},
            distributions={},
            parameters={},
            inputs={},
            outputs=("model",),
            seed=0,
        )
        crossing = Crossing(
            model_name="trips",
            pipeline="trips",
            steps={"model": key},
            commit=None,
            diff=None,
            environment=draft.put(b"{}"),
            data={},
            parameters={},
            seeds={"model": len(self.made)},
            frozen=None,
            model=Artifact(kind="model", digest=draft.put(b"model")),
            request_schema={"fields": [], "inputs": 0},
            evaluation=None,
            verdict=Verdict(asked=1, held=("fine",)),
            baselines={},
            parity=None,
        )
        crossing = msgspec.structs.replace(crossing, **fields)
        draft.append("model/trips", draft.record(crossing))
        self.store.commit(draft, writer=self.store.catalog.writer("ann"))
        self.made.append(crossing.digest)
        return crossing.digest

    @property
    def writer(self):
        """Somebody."""
        return self.store.catalog.writer("bob")

    def deploy(self, number, reason="why", **options):
        """Deploy a crossing by its number."""
        return deploy(self.store, f"trips@{number}", reason=reason, writer=self.writer, **options)

    def promote(self, reason="why", **options):
        """Promote the canary."""
        return promote(self.store, "trips", reason=reason, writer=self.writer, **options)

    def rollback(self, reason="why", **options):
        """Take the last step back; return the names of what was taken and of what is live."""
        taken, live = rollback(self.store, "trips", reason=reason, writer=self.writer, **options)
        return taken.name, live.name

    @property
    def now(self):
        """What answers: the numbers of live, canary and shadow, and the share."""
        there = {}
        for word in POINTERS:
            target = self.store.catalog.pointer(f"model/trips@{word}")
            there[word] = None if target is None else self.made.index(target) + 1
        rolling = find_rollout(self.store, "trips")
        share = 0.0 if rolling is None else rolling.rollout.share
        if rolling is not None:
            of_record = (rolling.rollout.live, rolling.rollout.canary, rolling.rollout.shadow)
            numbers = [None if d is None else self.made.index(d) + 1 for d in of_record]
            assert numbers == list(there.values())
        else:
            assert (None, None) == (there["canary"], there["shadow"])
        return (*there.values(), share)

    @property
    def moves(self):
        """How many moves there were in all."""
        return len(list(self.store.catalog.all_moves()))


@pytest.fixture
def trips():
    """Three crossings, the first of which is live."""
    made = Trips()
    for _ in range(3):
        made.record()
    made.deploy(1, "the first")
    return made


def test_a_canary_answers_beside_what_is_live(trips):
    """Its share grows; it is promoted, and the rollout is over."""
    assert (1, None, None, 0.0) == trips.now
    assert "trips@2" == trips.deploy(2, "looks better", canary=0.05).name
    assert (1, 2, None, 0.05) == trips.now
    trips.deploy(2, "no harm yet", canary=0.5)
    assert (1, 2, None, 0.5) == trips.now
    found = trips.promote("proved")
    assert ("trips@2", ("live",)) == (found.name, found.pointers)
    assert (2, None, None, 0.0) == trips.now


def test_what_is_beside_has_a_name(trips):
    """Wherever a reference is taken."""
    trips.deploy(2, canary=0.05)
    trips.deploy(3, shadow=True)
    assert "trips@2" == find_crossing(trips.store, "trips@canary").name
    assert "trips@3" == find_crossing(trips.store, "trips@shadow").name
    assert ("shadow",) == find_crossing(trips.store, "trips@3").pointers
    trips.deploy(1)
    with pytest.raises(UnknownName, match="trips@canary"):
        find_crossing(trips.store, "trips@canary")


def test_each_step_is_one_transaction(trips):
    """Whoever looks sees the state before or after."""
    seen, stop = set(), threading.Event()

    def look():
        names = [f"model/trips@{word}" for word in POINTERS]
        while not stop.is_set():
            there = trips.store.catalog.pointers([*names, "rollout/trips"])
            rollout = there.get("rollout/trips")
            record = None if rollout is None else trips.store.record(rollout, Rollout)
            found = tuple(there.get(name) for name in names)
            seen.add((found, record and (record.live, record.canary, record.shadow)))

    looking = threading.Thread(target=look)
    looking.start()
    for _ in range(40):
        trips.deploy(2, canary=0.1)
        trips.deploy(3, shadow=True)
        trips.promote()
        trips.deploy(1)
    stop.set()
    looking.join()
    for pointers, record in seen:
        assert record in {None, pointers}
        assert (record is None) == (pointers[1:] == (None, None))


def test_a_rollback_ends_the_canary_first(trips):
    """What is live stays, and so does a shadow; only the next one moves what is live."""
    trips.deploy(2, "newer")
    trips.deploy(3, shadow=True)
    trips.deploy(1, canary=0.2)
    assert ("trips@1", "trips@2") == trips.rollback("harm")
    assert (2, None, 3, 0.0) == trips.now
    assert ("trips@2", "trips@1") == trips.rollback("harm again")
    assert (1, None, None, 0.0) == trips.now


def test_what_is_live_goes_back_although_a_canary_is_under_way(trips):
    """Where it is said: what answers badly is what is live, and the canary was compared with that."""
    trips.deploy(2, "newer")
    trips.deploy(3, canary=0.2)
    assert ("trips@2", "trips@1") == trips.rollback("harm", live=True)
    assert (1, None, None, 0.0) == trips.now
    with pytest.raises(UsageError, match="before trips@1: all that was live since was taken back"):
        trips.rollback("more", live=True)


def test_a_shadow_ends_alone(trips):
    """A canary beside it goes on with its share."""
    trips.deploy(2, canary=0.2)
    trips.deploy(3, shadow=True)
    assert ("trips@3", "trips@1") == trips.rollback("seen enough", shadow=True)
    assert (1, 2, None, 0.2) == trips.now
    with pytest.raises(UsageError, match="trips has no shadow"):
        trips.rollback(shadow=True)


def test_a_shadow_that_becomes_the_canary_is_no_shadow_any_more(trips):
    """And a canary cannot become the shadow by the way."""
    trips.deploy(2, shadow=True)
    trips.deploy(2, canary=0.1)
    assert (1, 2, None, 0.1) == trips.now
    with pytest.raises(UsageError, match="trips@2 is the canary"):
        trips.deploy(2, shadow=True)


def test_another_candidate_takes_the_place_of_the_canary(trips):
    """In one move, with its own share."""
    trips.deploy(2, canary=0.5)
    trips.deploy(3, canary=0.01)
    assert (1, 3, None, 0.01) == trips.now


def test_a_deployment_ends_what_is_under_way(trips):
    """In the same transaction, for its reason; of what is live already too."""
    trips.deploy(2, canary=0.5)
    trips.deploy(3, shadow=True)
    trips.deploy(3, "now")
    assert (3, None, None, 0.0) == trips.now
    assert "now" == trips.store.catalog.moves("rollout/trips")[-1].reason
    trips.deploy(2, canary=0.5)
    trips.deploy(3, "alone")
    assert (3, None, None, 0.0) == trips.now


def test_the_same_step_twice_is_one(trips):
    """A retry changes nothing."""
    for step in (
        lambda: trips.deploy(2, canary=0.05),
        lambda: trips.deploy(3, shadow=True),
        lambda: trips.deploy(3),
    ):
        step()
        moves = trips.moves
        step()
        assert moves == trips.moves


def test_a_rollout_ends_when_what_is_live_moves_otherwise(trips):
    """It does not come back with the crossing that it began beside."""
    trips.deploy(2, canary=0.05)
    draft = trips.store.draft()
    draft.move("model/trips@live", trips.made[2], reason="by hand")
    trips.store.commit(draft, writer=trips.writer)
    assert find_rollout(trips.store, "trips") is None
    with pytest.raises(UsageError, match="no canary of trips is under way"):
        trips.promote()
    assert ("trips@3", "trips@1") == trips.rollback()
    assert (1, None, None, 0.0) == trips.now


@pytest.mark.parametrize("share", [0, -0.1, 5e-324, 0.0009, 1.01, float("nan")])
def test_a_share_that_is_none_is_refused(trips, share):
    """Nothing moves."""
    with pytest.raises(UsageError, match="a canary with a share of"):
        trips.deploy(2, canary=share)
    assert (1, None, None, 0.0) == trips.now


def test_what_cannot_be_beside_is_refused(trips):
    """The live one itself, both at once, without a reason, without a request schema."""
    with pytest.raises(UsageError, match="trips@1 is live already"):
        trips.deploy(1, canary=0.5)
    with pytest.raises(UsageError, match="as a canary and as a shadow"):
        trips.deploy(2, canary=0.5, shadow=True)
    with pytest.raises(UsageError, match="without a reason"):
        trips.deploy(2, " ", canary=0.5)
    with pytest.raises(UsageError, match="a promotion without a reason"):
        trips.promote("")
    trips.record(request_schema=None)
    with pytest.raises(UsageError, match="trips@4 has no request schema"):
        trips.deploy(4, shadow=True)
    assert (1, None, None, 0.0) == trips.now


def test_beside_nothing_there_is_no_canary():
    """The message says what to do first."""
    trips = Trips()
    trips.record()
    with pytest.raises(UsageError, match="nothing of trips is live"):
        trips.deploy(1, canary=0.5)


def test_the_gate_is_asked_and_force_is_on_record(trips):
    """For whatever answers; a forced canary that is promoted says so again."""
    trips.record(verdict=CLOSED)
    with pytest.raises(GateClosed):
        trips.deploy(4, "hurry", canary=0.5)
    trips.deploy(4, "hurry", force=True, canary=0.5)
    assert "forced: hurry" == find_rollout(trips.store, "trips").reason
    trips.promote("still")
    assert "forced: still" == trips.store.catalog.moves("model/trips@live")[-1].reason


def test_a_shadow_needs_no_gate(trips):
    """It answers nobody: what a candidate would have said is worth knowing although it failed."""
    trips.record(verdict=CLOSED)
    trips.deploy(4, "how bad?", shadow=True)
    assert "how bad?" == find_rollout(trips.store, "trips").reason


def test_what_could_not_serve_does_not_come_to_answer(trips):
    """It is asked before anything moves."""

    def check(found):
        raise UsageError(f"{found.name} cannot be loaded")

    for options in ({"canary": 0.5}, {"shadow": True}):
        with pytest.raises(UsageError, match="trips@2 cannot be loaded"):
            trips.deploy(2, check=check, **options)
    trips.deploy(2, canary=0.5)
    with pytest.raises(UsageError, match="trips@2 cannot be loaded"):
        trips.promote(check=check)
    assert (1, 2, None, 0.5) == trips.now


def test_who_looked_before_somebody_else_moved_is_told(trips):
    """A promotion is of the canary that was there when it was asked for."""
    trips.deploy(2, canary=0.5)

    def check(found):
        del found
        trips.deploy(3, "somebody else", canary=0.5)

    with pytest.raises(Fenced, match="somebody else moved it"):
        trips.promote(check=check)
    assert (1, 3, None, 0.5) == trips.now


def test_a_rollout_says_since_when(trips):
    """What it is, since its last move; the canary and the shadow since they are it."""
    trips.deploy(2, "first", canary=0.05)
    trips.deploy(3, "beside", shadow=True)
    trips.deploy(2, "more", canary=0.5)
    rolling = find_rollout(trips.store, "trips")
    at = [move.at for move in trips.store.catalog.moves("rollout/trips")]
    assert (at[2], "more", "bob") == (rolling.since, rolling.reason, rolling.actor)
    assert (at[0], at[1]) == (rolling.canary_since, rolling.shadow_since)
    trips.rollback()
    assert find_rollout(trips.store, "trips").canary_since is None


def test_the_log_says_what_answered_when(trips):
    """One line for each transaction; with a time, only those until then."""
    trips.deploy(2, "begin", canary=0.05)
    trips.deploy(2, "more", canary=0.5)
    trips.deploy(3, "look", shadow=True)
    trips.promote("proved")
    trips.rollback("harm")
    found = deployments(trips.store, "trips")
    one, two, three = trips.made
    assert [
        ("the first", one, None, 0.0, None),
        ("begin", one, two, 0.05, None),
        ("more", one, two, 0.5, None),
        ("look", one, two, 0.5, three),
        ("proved", two, None, 0.0, None),
        ("harm", one, None, 0.0, None),
    ] == [(line.reason, line.live, line.canary, line.share, line.shadow) for line in found]
    assert {"bob"} == {line.actor for line in found}
    for number, line in enumerate(found, 1):
        assert found[:number] == deployments(trips.store, "trips", at=line.at)
    assert [] == deployments(trips.store, "trips", at="2000-01-01")
    with pytest.raises(UnknownName, match="Did you mean 'trips'"):
        deployments(trips.store, "tripz")


def test_two_steps_at_one_moment_are_two_lines():
    """With one reason, by one person, at a clock that stands still."""
    trips = Trips(clock=FixedClock())
    for number in (1, 2, 3):
        trips.record()
        trips.deploy(number)
    assert [1, 2, 3] == [trips.made.index(d.live) + 1 for d in deployments(trips.store, "trips")]
