"""Crossings, compared and promoted."""

import msgspec
import pytest

from interplane.errors import GateClosed, UnknownName, UsageError
from interplane.project.crossings import differences, find_crossing, list_crossings, promote
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


def test_a_promotion_is_dated_signed_and_has_a_reason(store, record):
    """The log of moves answers who, when and why."""
    crossing = record()
    promote(store, "trips@1", reason="the first", writer=store.catalog.writer("bob"))
    (move,) = store.catalog.moves("model/trips@live")
    assert (crossing.digest, "bob", "the first") == (move.target, move.actor, move.reason)
    assert ("live",) == find_crossing(store, "trips@live").pointers


def test_the_same_promotion_twice_is_one_move(store, record):
    """A retry changes nothing."""
    record()
    for _ in range(2):
        promote(store, "trips@1", reason="the first", writer=store.catalog.writer("bob"))
    assert len(store.catalog.moves("model/trips@live")) == 1


def test_a_closed_gate_is_not_promoted_but_by_force(store, record):
    """And the record says that it was forced."""
    record(verdict=CLOSED)
    writer = store.catalog.writer("bob")
    with pytest.raises(GateClosed, match=r"roc_auc 0\.6"):
        promote(store, "trips@1", reason="hurry", writer=writer)
    assert store.catalog.pointer("model/trips@live") is None
    promote(store, "trips@1", reason="hurry", writer=writer, force=True)
    assert store.catalog.moves("model/trips@live")[0].reason == "forced: hurry"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_promotion_needs_a_reason(store, record, reason):
    """Without one it is refused."""
    record()
    with pytest.raises(UsageError, match="without a reason"):
        promote(store, "trips@1", reason=reason, writer=store.catalog.writer("bob"))


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
