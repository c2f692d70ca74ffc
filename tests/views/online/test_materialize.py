"""A table's events are brought into the online store: what matters, once, and the horizon last."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from interplane.data.table import Table
from interplane.errors import DataError, NotFound, StorageError, UnknownName
from interplane.expressions.nodes import Column
from interplane.testing.histories import table_of
from interplane.testing.memory_online import MemoryOnline
from interplane.views.history import Event
from interplane.views.join import join
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.ports import Fact
from interplane.views.pushing import Push, Pusher
from interplane.views.states import States
from interplane.views.view import Latest, ViewUse, Window, example, micros

START = datetime(2024, 5, 1)  # noqa: DTZ001
VIEW = replace(
    example(),
    features={"x": Latest(0, "float"), "n": Window("count", 0, 3_600_000_000, "float")},
)
"""The latest x, and a count of an hour."""

LATEST = replace(VIEW, name="latest", key=(), features={"x": Latest(0, "float")})


def at(minutes):
    """Return a time."""
    return START + timedelta(minutes=minutes)


def row(minute, number=0, *, who="a", x=1.0, known=None):
    """Return a row of the source."""
    happened = at(minute)
    return {"who": who, "at": happened, "known": happened if known is None else at(known)} | {
        "id": number,
        "x": x,
    }


def table(*rows, view=VIEW):
    """Return rows as the source."""
    return table_of(rows, view.columns)


def read(store, time, who="a", view=VIEW):
    """Return what is read of an entity."""
    states = States(store)
    return LookUps({"v": ViewUse(view, ("who",))}, states).read({"who": who}, micros(time))


class Store(MemoryOnline):
    """A store that notes what is written, and fails when told to."""

    def __init__(self, *, fails_after=None):
        super().__init__()
        self.batches = []
        self.fails_after = fails_after

    def write(self, facts, *, edition=None):
        """Write, and note it."""
        if self.fails_after == len(self.batches):
            raise StorageError("the disk is gone", do="Mend it")
        self.batches.append(list(facts))
        return super().write(facts, edition=edition)


def test_what_happened_is_counted():
    """Rows without entity, time or key are no events; what matters no more is not written."""
    rows = [
        row(0, 1),
        row(200, 2),
        row(210, 3, who="b"),
        row(205, None),
        {**row(9, 9), "who": None},
    ]
    rows += [{**row(7, 7), "at": None}, {**row(8, 8), "known": None}]
    store = Store()
    done = materialize(store, VIEW, table(*rows))
    assert (7, 3, 2, 2, 2) == (done.rows, done.events, done.needed, done.written, done.entities)
    assert (VIEW.digest, micros(at(210))) == (done.view, done.horizon)
    assert {"who": 1, "known": 1, "at": 1, "id": 1} == done.lacking
    assert [[1.0, 1], [1.0, 1], [None, 0]] == [read(store, at(210), who) for who in "abc"]


def test_the_horizon_is_the_latest_known_at_time_unless_said():
    """Not the latest event time; with or without a time zone."""
    rows = [row(0, 1, known=100), row(50, 2)]
    zone = timezone(timedelta(hours=2))
    for since, expected in (
        (None, at(100)),
        (at(10), at(10)),
        (at(10).replace(tzinfo=UTC), at(10)),
        ((at(10) + timedelta(hours=2)).replace(tzinfo=zone), at(10)),
        (at(500), at(500)),
    ):
        assert micros(expected) == materialize(Store(), VIEW, table(*rows), since=since).horizon


def test_the_horizon_moves_on_where_that_is_said():
    """What could be read can be read as long as nobody says otherwise; and what was let go is gone."""
    store = Store()
    materialize(store, VIEW, table(row(100)))
    assert micros(at(100)) == materialize(store, VIEW, table(row(50))).horizon
    assert micros(at(100)) == materialize(store, VIEW, table(), since=at(1)).horizon
    assert micros(at(100)) == materialize(store, VIEW, table()).horizon
    assert micros(at(100)) == materialize(store, VIEW, table(row(150))).horizon
    assert micros(at(150)) == materialize(store, VIEW, table(row(150)), since=at(150)).horizon
    assert micros(at(150)) == materialize(store, VIEW, table(row(150)), since=at(120)).horizon


def test_without_events_somebody_has_to_say_from_when_on():
    """An empty source gives a view that can be read, if it is told since when."""
    with pytest.raises(DataError, match=r'has no event.*"--since"'):
        materialize(Store(), VIEW, table())
    store = Store()
    materialize(store, VIEW, table(), since=START)
    assert [None, 0] == read(store, START)


def test_the_second_time_changes_nothing():
    """Nor does another handle's."""
    store = Store()
    rows = [row(minute, minute, who="ab"[minute % 2]) for minute in range(100)]
    first = materialize(store, VIEW, table(*rows))
    again = materialize(store, VIEW, table(*rows))
    assert (60, 60) == (first.needed, first.written)
    assert (first.horizon, 60, 0) == (again.horizon, again.needed, again.written)


def test_what_times_before_the_new_horizon_need_is_there_until_it_moves():
    """While a later table comes in, the times that could be read before read all of its events."""
    store = Store()
    materialize(store, LATEST, table(row(0, x=0.0)))
    seen = []

    class Watching(Store):
        def advance(self, view, horizon):
            seen.append(read(store, at(15), view=LATEST))
            return store.advance(view, horizon)

    watching = Watching()
    watching.register, watching.write = store.register, store.write
    materialize(watching, LATEST, table(row(10, x=10.0), row(20, x=20.0)))
    assert [[10.0]] == seen
    assert [20.0] == read(store, at(20), view=LATEST)


def test_what_was_pushed_stays():
    """Before the call and after it; an event that came both ways is one event."""
    store = Store()
    store.register(VIEW)
    pushed = {"who": "a", "at": at(95).isoformat(), "known": at(96).isoformat(), "id": 5, "x": 5}
    Pusher(store).push([Push.of("events", [pushed], now_us=2_000_000_000_000_000)])
    rows = [row(90, 4, x=4.0), row(95, 5, known=100, x=5.5)]
    materialize(store, VIEW, table(*rows))
    assert [5.5, 2] == read(store, at(100))
    late = {**pushed, "id": 6, "known": at(99).isoformat(), "at": at(99).isoformat()}
    Pusher(store).push([Push.of("events", [late], now_us=2_000_000_000_000_000)])
    assert [5.0, 3] == read(store, at(100))


def test_an_entity_is_never_parted():
    """Transactions are bounded, as far as entities are; the share that is done only grows."""
    sizes = {"a": 3000, "b": 1, "c": 700, "d": 1500, "e": 10, "f": 2500}
    ids = itertools.count()
    rows = [row(100, next(ids), who=who) for who, size in sizes.items() for _ in range(size)]
    store, shares = Store(), []
    done = materialize(store, VIEW, table(*rows), progress=shares.append)
    assert sum(sizes.values()) == done.written == sum(map(len, store.batches))
    names = [{fact.entity for fact in batch} for batch in store.batches]
    assert len(sizes) == sum(map(len, names)) == len(set.union(*names))
    assert max(map(len, store.batches)) <= 2000 + max(sizes.values())
    assert len(store.batches) > 2
    assert (sorted(shares), 1.0) == (shares, shares[-1])


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_what_ends_half_way_is_completed_by_the_next_call(writes):
    """Until then nothing can be read; events that are there are facts."""
    rows = [row(100, number, who=f"e{number % 7}") for number in range(9000)]
    store = Store(fails_after=writes)
    with pytest.raises(StorageError, match="the disk is gone"):
        materialize(store, VIEW, table(*rows))
    with pytest.raises(NotFound, match="has no history"):
        read(store, at(200), "e0")
    store.fails_after = None
    materialize(store, VIEW, table(*rows))
    assert [1.0, 1286] == read(store, at(100), "e0")


def test_events_have_every_type_and_entities_several_columns():
    """What is read is what was in the table."""
    kinds = {"b": "bool", "i": "int", "f": "float", "s": "str", "d": "date", "t": "timestamp"}
    columns = {"at": "timestamp", "known": "timestamp", "id": "int", **kinds}
    view = replace(
        VIEW,
        entity=("s", "d", "b"),
        columns=columns,
        arguments=tuple(Column(*item) for item in kinds.items()),
        features={name: Latest(place, kind) for place, (name, kind) in enumerate(kinds.items())}
        | {"n": Window("count", 0, 10, "bool")},
    )
    rows = [
        {"at": START, "known": START, "id": number, "b": flag, "i": 2**63 - 1 - number, "f": 0.1}
        | {"s": word, "d": day, "t": at(number)}
        for number, (flag, word, day) in enumerate(
            itertools.product([True, False], ["", "a"], [date.min, date(2024, 2, 29)])
        )
    ]
    rows += [{**rows[0], "id": 100, "i": None, "f": None, "t": None, "at": at(1), "known": at(1)}]
    store = Store()
    done = materialize(store, view, table(*rows, view=view), since=START)
    assert (9, 8) == (done.written, done.entities)
    ups = LookUps({"v": ViewUse(view, view.entity)}, States(store))
    for each in rows:
        expected = [*(each[name] for name in kinds), 1]
        assert expected == ups.read(each, micros(each["known"]))


def test_null_online_is_null_in_training():
    """A value that is older than its time-to-live, by the same microsecond in both."""
    view = replace(LATEST, ttl_us=600_000_000)
    store, source = Store(), table(row(0))
    materialize(store, view, source)
    times = [at(0), at(10), at(10) + timedelta(microseconds=1)]
    asking = Table.from_columns({"who": ["a"] * 3, "t": times})
    joined = join(asking, ViewUse(view, ("who",)), source, time="t").to_pylist()
    assert [[1.0], [1.0], [None]] == [read(store, time, view=view) for time in times]
    assert [[1.0], [1.0], [None]] == [list(each.values()) for each in joined]


def test_what_cannot_be_taken_leaves_no_trace():
    """A missing column, another type, an event that was known before it happened."""
    store = Store()
    with pytest.raises(UnknownName, match="there is no column 'x'"):
        materialize(store, VIEW, table(row(0), view=LATEST).select("who", "at", "known", "id"))
    with pytest.raises(DataError, match="the column 'who'"):
        materialize(store, VIEW, table_of([{**row(0), "who": 1}], {**VIEW.columns, "who": "int"}))
    with pytest.raises(DataError, match="was known before"):
        materialize(store, VIEW, table(row(10, known=9)))
    assert () == store.known().views
    assert 1 == materialize(store, replace(VIEW, forecast=True), table(row(10, known=9))).written


def test_arguments_are_computed_on_the_way():
    """As the row program computes them for a pushed event."""
    from interplane.expressions.expr import Row

    x = Row({"x": "float"}).x
    view = replace(VIEW, arguments=((x * 2 + 1).node,))
    store = Store()
    number = store.register(view).number
    materialize(store, view, table(row(0, x=1.5)))
    event = view.event_of(row(0, x=1.5))
    assert [event] == store.kept(number, ("a",))
    assert Event(micros(START), micros(START), (0,), (4.0,)) == event
    assert [False] == store.write([Fact(number, ("a",), event)])
