"""Crossings, compared and deployed."""

import msgspec
import pytest

from interplane.errors import GateClosed, UnknownName, UsageError
from interplane.project.crossings import differences, find_crossing, list_crossings
from interplane.project.deployment import deploy, rollback
from interplane.record import Artifact, Breach, Crossing, StepKey, Verdict, digest_bytes
from interplane.testing.stores import memory_store

CLOSED = Verdict(
    asked=1, breaches=(Breach(rule="at least 0.7", where="all rows", found="roc_auc 0.6"),)
)


@pytest.fixture
def store():
    """An empty workspace in memory."""
    return memory_store()


@pytest.fixture
def record(store):
    """Record a crossing of the model ``trips`` with some fields of its own."""

    def one(**fields):
        draft = store.draft()
        key = StepKey(
            step="model",
            code={"trips.model": digest_bytes(b"code")},
            distributions={"numpy": "2.3"},
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
            parameters={"model": {"trees": 100}},
            seeds={"model": 0},
            frozen=None,
            model=Artifact(kind="model", digest=draft.put(b"model")),
            request_schema=None,
            evaluation=None,
            verdict=Verdict(asked=1, held=("fine",)),
            baselines={},
            parity=None,
        )
        crossing = msgspec.structs.replace(crossing, **fields)
        draft.append("model/trips", draft.record(crossing))
        store.commit(draft, writer=store.catalog.writer("ann"))
        return crossing

    return one


def test_a_deployment_is_dated_signed_and_has_a_reason(store, record):
    """The log of moves answers who, when and why."""
    crossing = record()
    deploy(store, "trips@1", reason="the first", writer=store.catalog.writer("bob"))
    (move,) = store.catalog.moves("model/trips@live")
    assert (crossing.digest, "bob", "the first") == (move.target, move.actor, move.reason)
    assert ("live",) == find_crossing(store, "trips@live").pointers


def test_the_same_deployment_twice_is_one_move(store, record):
    """A retry changes nothing."""
    record()
    for _ in range(2):
        deploy(store, "trips@1", reason="the first", writer=store.catalog.writer("bob"))
    assert len(store.catalog.moves("model/trips@live")) == 1


def test_a_closed_gate_is_not_deployed_but_by_force(store, record):
    """And the record says that it was forced."""
    record(verdict=CLOSED)
    writer = store.catalog.writer("bob")
    with pytest.raises(GateClosed, match=r"roc_auc 0\.6"):
        deploy(store, "trips@1", reason="hurry", writer=writer)
    assert store.catalog.pointer("model/trips@live") is None
    deploy(store, "trips@1", reason="hurry", writer=writer, force=True)
    assert store.catalog.moves("model/trips@live")[0].reason == "forced: hurry"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_deployment_needs_a_reason(store, record, reason):
    """Without one it is refused."""
    record()
    with pytest.raises(UsageError, match="without a reason"):
        deploy(store, "trips@1", reason=reason, writer=store.catalog.writer("bob"))


def test_what_there_is_not_is_named_with_the_nearest(store, record):
    """A typo in a name gets the name that was meant."""
    record()
    with pytest.raises(UnknownName, match="Did you mean 'trips'"):
        find_crossing(store, "tirps@1")


def test_the_list_has_every_crossing_in_order(store, record):
    """Numbers are those of the series."""
    record()
    record(parameters={"model": {"trees": 200}})
    assert [item.name for item in list_crossings(store)] == ["trips@1", "trips@2"]


def test_differences_say_which_plane_moved(record):
    """Only what differs is there, under its plane."""
    before = record()
    after = record(parameters={"model": {"trees": 200}}, verdict=CLOSED)
    assert [
        ("parameters", "model.trees", "100", "200"),
        ("outcome", "verdict", "passed", "failed"),
    ] == differences(before, after)
    assert differences(before, before) == []


def test_a_rollback_returns_to_what_was_live_before(store, record):
    """Once to the one before, twice to the one before that; what was rolled back is passed over."""
    writer = store.catalog.writer("bob")
    crossings = [record(seeds={"model": seed}) for seed in range(3)]
    for number in (1, 2, 3):
        deploy(store, f"trips@{number}", reason="newer", writer=writer)
    was, now = rollback(store, "trips", reason="worse", writer=writer)
    assert (crossings[2].digest, crossings[1].digest) == (was.digest, now.digest)
    assert crossings[0].digest == rollback(store, "trips", reason="still", writer=writer)[1].digest
    with pytest.raises(UsageError, match="nothing of trips was live before trips@1"):
        rollback(store, "trips", reason="more", writer=writer)


def test_a_rollback_names_what_there_is(store, record):
    """No such model, no live one, no reason: each is said."""
    record()
    writer = store.catalog.writer("bob")
    with pytest.raises(UnknownName, match="Did you mean 'trips'"):
        rollback(store, "tripz", reason="x", writer=writer)
    with pytest.raises(UnknownName, match="trips@live"):
        rollback(store, "trips", reason="x", writer=writer)
    with pytest.raises(UsageError, match="without a reason"):
        rollback(store, "trips", reason="", writer=writer)


def test_what_could_not_serve_does_not_go_live(store, record):
    """The check is asked before anything moves."""
    record()

    def check(found):
        raise UsageError(f"{found.name} cannot be loaded")

    with pytest.raises(UsageError, match="trips@1 cannot be loaded"):
        deploy(store, "trips@1", reason="x", writer=store.catalog.writer("bob"), check=check)
    assert [] == list(store.catalog.moves("model/trips@live"))
