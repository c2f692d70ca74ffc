"""The laws of a catalog: whoever writes another one runs these against it.

Each law takes a `CatalogBench`: a fresh catalog, its clock and its host. ::

    @pytest.mark.parametrize("law", catalog_laws.LAWS, ids=lambda law: law.__name__)
    def test_catalog(law, tmp_path):
        law(my_bench(tmp_path))
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import Fenced, NotFound, UsageError
from interplane.record import Snapshot, digest_bytes
from interplane.storage.leases import EXPIRES_AFTER_S
from interplane.storage.ports import Append, Batch, MoveRequest
from interplane.testing.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from interplane.record import Digest
    from interplane.storage.ports import Catalog, Writer
    from interplane.testing.clocks import FixedClock, FixedHost

__all__ = ["LAWS", "CatalogBench"]


class CatalogBench(NamedTuple):
    """A fresh catalog with the clock and the host that it was given."""

    catalog: Catalog
    clock: FixedClock
    host: FixedHost


A, B, C = (digest_bytes(text) for text in (b"a", b"b", b"c"))


def _record(name: str) -> Snapshot:
    return Snapshot(project=name, commit=None, diff=A, environment=B)


def _move(bench: CatalogBench, writer: Writer, target: Digest | None, *, reason: str = "") -> None:
    moves = [MoveRequest("model/m@live", target, reason)]
    bench.catalog.write(Batch(moves=moves), writer=writer)


def an_empty_catalog_has_nothing(bench: CatalogBench) -> None:
    """Every question has an answer before the first write."""
    catalog = bench.catalog
    assert list(catalog.list()) == []
    assert list(catalog.values()) == []
    assert list(catalog.bodies()) == []
    assert list(catalog.all_moves()) == []
    assert list(catalog.series("data/x")) == []
    assert list(catalog.names("")) == []
    assert list(catalog.resolve("")) == []
    assert list(catalog.inspect()) == []
    assert catalog.find(A) is None
    assert catalog.value(A) is None
    assert catalog.pointer("x") is None
    assert catalog.pointers(["x"]) == {}
    assert catalog.lease("x") is None
    with refused(NotFound):
        catalog.get(A)


def an_entry_is_what_was_written(bench: CatalogBench) -> None:
    """Record, actor, time and order come back."""
    writer = bench.catalog.writer("ann")
    bench.clock.advance(5)
    record = _record("one")
    bench.catalog.write(Batch(entries=[record]), writer=writer)
    entry = bench.catalog.get(record.digest)
    assert entry.record == record
    assert entry.digest == record.digest
    assert entry.actor == "ann"
    assert entry.at == bench.clock.now_utc()


def writing_again_changes_nothing(bench: CatalogBench) -> None:
    """A retry after an unknown outcome gives the same state and the same numbers."""
    record = _record("one")
    batch = Batch(
        values={A: b"a"},
        entries=[record],
        appends=[Append("model/m", record.digest)],
        moves=[MoveRequest("model/m@live", record.digest, "first", None, check=True)],
    )
    first = bench.catalog.write(batch, writer=bench.catalog.writer("ann"))
    before = bench.catalog.get(record.digest)
    bench.clock.advance(60)
    again = bench.catalog.write(batch, writer=bench.catalog.writer("bob"))
    assert first == ((1,), (True,))
    assert again == ((1,), (False,))
    assert bench.catalog.get(record.digest) == before
    assert len(bench.catalog.moves("model/m@live")) == 1
    assert len(bench.catalog.series("model/m")) == 1


def a_batch_is_written_whole_or_not_at_all(bench: CatalogBench) -> None:
    """One refused move takes everything with it."""
    writer = bench.catalog.writer("ann")
    _move(bench, writer, A)
    record = _record("one")
    batch = Batch(
        values={C: b"c"},
        entries=[record],
        appends=[Append("model/m", A)],
        moves=[MoveRequest("other", A), MoveRequest("model/m@live", C, "", B, check=True)],
    )
    with refused(Fenced):
        bench.catalog.write(batch, writer=writer)
    assert bench.catalog.find(record.digest) is None
    assert bench.catalog.value(C) is None
    assert list(bench.catalog.series("model/m")) == []
    assert bench.catalog.pointer("other") is None
    assert bench.catalog.pointer("model/m@live") == A


def one_batch_may_move_a_pointer_twice(bench: CatalogBench) -> None:
    """Moves of a batch are made, and checked, in order."""
    moves = [MoveRequest("p", A), MoveRequest("p", B, "", A, check=True), MoveRequest("p", C)]
    bench.catalog.write(Batch(moves=moves), writer=bench.catalog.writer("ann"))
    assert [move.target for move in bench.catalog.moves("p")] == [A, B, C]


def values_come_back(bench: CatalogBench) -> None:
    """Any bytes, the empty ones too."""
    data = {digest_bytes(item): item for item in (b"", b"\0\xff", b"x" * 16384)}
    bench.catalog.write(Batch(values=data), writer=bench.catalog.writer("ann"))
    assert {digest: bench.catalog.value(digest) for digest in data} == data
    assert set(bench.catalog.values()) == set(data)
    assert bench.catalog.present([*data, A]) == set(data)


def entries_are_listed_newest_first(bench: CatalogBench) -> None:
    """Across more entries than any page holds, with and without a limit and a kind."""
    records = [_record(f"number {number}") for number in range(1203)]
    bench.catalog.write(Batch(entries=records), writer=bench.catalog.writer("ann"))
    newest = [record.digest for record in reversed(records)]
    assert [entry.digest for entry in bench.catalog.list()] == newest
    second = bench.catalog.get(newest[1]).sequence
    assert [entry.digest for entry in bench.catalog.list(before=second)] == newest[2:]
    assert [entry.digest for entry in bench.catalog.list(limit=1, before=second + 1)] == newest[1:2]
    assert [entry.digest for entry in bench.catalog.list("snapshot", limit=7)] == newest[:7]
    assert list(bench.catalog.list("run")) == []
    assert list(bench.catalog.list(limit=0)) == []
    assert [digest for digest, _ in bench.catalog.bodies()] == newest[::-1]
    assert bench.catalog.present(newest) == set(newest)


def a_prefix_finds_its_entries(bench: CatalogBench) -> None:
    """At most ten, sorted."""
    records = [_record(f"number {number}") for number in range(200)]
    bench.catalog.write(Batch(entries=records), writer=bench.catalog.writer("ann"))
    digests = sorted(record.digest for record in records)
    for prefix in ("", digests[0][:1], digests[7][:6], digests[9]):
        expected = [digest for digest in digests if digest.startswith(prefix)]
        assert list(bench.catalog.resolve(prefix)) == expected[:10]


def links_are_followed_back(bench: CatalogBench) -> None:
    """Who stands on a blob can be asked."""
    records = [_record("one"), _record("two")]
    bench.catalog.write(Batch(entries=records), writer=bench.catalog.writer("ann"))
    assert list(bench.catalog.standing_on(A)) == [record.digest for record in records]
    assert list(bench.catalog.standing_on(C)) == []


def a_series_is_numbered_from_one_without_gaps(bench: CatalogBench) -> None:
    """Each series for itself; the same digest keeps its number."""
    writer = bench.catalog.writer("ann")
    appends = [Append("data/x", A), Append("data/y", A), Append("data/x", B), Append("data/x", A)]
    receipt = bench.catalog.write(Batch(appends=appends), writer=writer)
    assert receipt == ((1, 1, 2, 1), (True, True, True, False))
    members = [(member.number, member.digest) for member in bench.catalog.series("data/x")]
    assert members == [(1, A), (2, B)]
    assert list(bench.catalog.names("data/")) == ["data/x", "data/y"]
    assert list(bench.catalog.names("data/y")) == ["data/y"]
    assert list(bench.catalog.names("model/")) == []


def pointers_are_a_dated_log(bench: CatalogBench) -> None:
    """What was live at a time is a question with an answer."""
    writer = bench.catalog.writer("ann")
    start = bench.clock.now_utc()
    targets: list[Digest | None] = [A, B, None, C]
    times = []
    for target in targets:
        bench.clock.advance(60)
        _move(bench, writer, target, reason=f"to {target}")
        times.append(bench.clock.now_utc())
    catalog = bench.catalog
    assert catalog.pointer("model/m@live") == C
    assert catalog.pointer("model/m@live", at=start) is None
    assert [catalog.pointer("model/m@live", at=at) for at in times] == targets
    assert catalog.pointer("model/m@live", at="2100-01-01") == C
    log = catalog.moves("model/m@live")
    assert [move.previous for move in log] == [None, A, B, None]
    assert [move.target for move in log] == targets
    assert [move.at for move in log] == times
    assert [(move.actor, move.reason) for move in log] == [("ann", f"to {x}") for x in targets]
    assert list(catalog.all_moves()) == list(log)
    with refused(UsageError):
        catalog.pointer("model/m@live", at="yesterday")


def many_pointers_are_one_read(bench: CatalogBench) -> None:
    """Absent ones, and those moved to nothing, are left out."""
    moves = [MoveRequest(f"step/{number}", A) for number in range(2000)]
    moves.append(MoveRequest("step/7", None))
    bench.catalog.write(Batch(moves=moves), writer=bench.catalog.writer("ann"))
    names = [f"step/{number}" for number in (*range(1000), 5000)]
    expected = {name: A for name in names if name not in {"step/7", "step/5000"}}
    assert bench.catalog.pointers(names) == expected


def a_checked_move_meets_what_it_expects(bench: CatalogBench) -> None:
    """Of two that saw the same state, the second is refused; its own retry is not."""
    writer = bench.catalog.writer("ann")
    first = Batch(moves=[MoveRequest("p", A, "", None, check=True)])
    second = Batch(moves=[MoveRequest("p", B, "", None, check=True)])
    bench.catalog.write(first, writer=writer)
    with refused(Fenced):
        bench.catalog.write(second, writer=writer)
    bench.catalog.write(first, writer=writer)
    assert bench.catalog.pointer("p") == A


def fences_only_grow(bench: CatalogBench) -> None:
    """No two writers share a number, leases or not."""
    catalog = bench.catalog
    fences = [catalog.writer("ann").fence, catalog.acquire("run/x", actor="bob").fence]
    fences += [catalog.writer("ann").fence, catalog.acquire("run/y", actor="bob").fence]
    assert fences == sorted(set(fences))


def a_lease_has_one_holder(bench: CatalogBench) -> None:
    """Nobody else gets it until it is released; then anybody does."""
    writer = bench.catalog.acquire("run/x", actor="ann")
    with refused(Fenced):
        bench.catalog.acquire("run/x", actor="ann")
    held = bench.catalog.lease("run/x")
    assert held == ("run/x", writer.fence, "ann", False)
    bench.catalog.release(writer)
    bench.catalog.release(writer)
    assert bench.catalog.lease("run/x") is None
    assert bench.catalog.acquire("run/x", actor="bob").fence > writer.fence


def a_silent_holder_expires_and_cannot_write(bench: CatalogBench) -> None:
    """After a take-over the old fence opens nothing, and the new holder is not disturbed."""
    old = bench.catalog.acquire("run/x", actor="ann")
    bench.clock.advance(EXPIRES_AFTER_S + 1)
    lease = bench.catalog.lease("run/x")
    assert lease is not None
    assert lease.expired
    new = bench.catalog.acquire("run/x", actor="bob")
    with refused(Fenced):
        bench.catalog.write(Batch(entries=[_record("late")]), writer=old)
    with refused(Fenced):
        bench.catalog.beat(old)
    bench.catalog.release(old)
    bench.catalog.write(Batch(entries=[_record("in time")]), writer=new)
    assert [entry.record for entry in bench.catalog.list()] == [_record("in time")]


def a_holder_that_nobody_replaced_may_write(bench: CatalogBench) -> None:
    """A pause alone costs nothing: the fence is still the newest."""
    writer = bench.catalog.acquire("run/x", actor="ann")
    bench.clock.advance(EXPIRES_AFTER_S * 10)
    bench.catalog.write(Batch(entries=[_record("late")]), writer=writer)
    assert len(list(bench.catalog.list())) == 1


def a_beat_keeps_a_lease(bench: CatalogBench) -> None:
    """As long as it comes in time."""
    writer = bench.catalog.acquire("run/x", actor="ann")
    for _ in range(5):
        bench.clock.advance(EXPIRES_AFTER_S * 0.9)
        bench.catalog.beat(writer)
    with refused(Fenced):
        bench.catalog.acquire("run/x", actor="bob")


def a_dead_holder_is_replaced_at_once(bench: CatalogBench) -> None:
    """A killed run is resumed without waiting for its lease to run out."""
    old = bench.catalog.acquire("run/x", actor="ann")
    bench.host.end(bench.host.this_process())
    bench.host.pid += 1
    lease = bench.catalog.lease("run/x")
    assert lease is not None
    assert lease.expired
    assert bench.catalog.acquire("run/x", actor="ann").fence > old.fence
    with refused(Fenced):
        bench.catalog.write(Batch(entries=[_record("ghost")]), writer=old)


def a_released_lease_closes_its_fence(bench: CatalogBench) -> None:
    """Who gave the lease back cannot write under it."""
    writer = bench.catalog.acquire("run/x", actor="ann")
    bench.catalog.release(writer)
    with refused(Fenced):
        bench.catalog.write(Batch(entries=[_record("late")]), writer=writer)


def threads_share_a_catalog(bench: CatalogBench) -> None:
    """Every acknowledged append is there once; numbers are dense."""
    writer = bench.catalog.writer("ann")

    def append(number: int) -> int:
        record = _record(f"number {number}")
        batch = Batch(entries=[record], appends=[Append("model/m", record.digest)])
        assert record.digest not in bench.catalog.present([record.digest])
        numbers = bench.catalog.write(batch, writer=writer).numbers
        assert bench.catalog.get(record.digest).record == record
        return numbers[0]

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(append, range(64)))
    assert sorted(numbers) == [*range(1, 65)]
    assert len(bench.catalog.series("model/m")) == 64


LAWS: tuple[Callable[[CatalogBench], None], ...] = (
    an_empty_catalog_has_nothing,
    an_entry_is_what_was_written,
    writing_again_changes_nothing,
    a_batch_is_written_whole_or_not_at_all,
    one_batch_may_move_a_pointer_twice,
    values_come_back,
    entries_are_listed_newest_first,
    a_prefix_finds_its_entries,
    links_are_followed_back,
    a_series_is_numbered_from_one_without_gaps,
    pointers_are_a_dated_log,
    many_pointers_are_one_read,
    a_checked_move_meets_what_it_expects,
    fences_only_grow,
    a_lease_has_one_holder,
    a_silent_holder_expires_and_cannot_write,
    a_holder_that_nobody_replaced_may_write,
    a_beat_keeps_a_lease,
    a_dead_holder_is_replaced_at_once,
    a_released_lease_closes_its_fence,
    threads_share_a_catalog,
)
