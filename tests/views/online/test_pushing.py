"""Rows of a source are taken strictly, each by itself, by every view of the source."""

from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from interplane.data.table import Table
from interplane.errors import RequestRejected, StorageError, UnknownName
from interplane.expressions.nodes import Column
from interplane.testing.memory_online import MemoryOnline
from interplane.views.history import Event
from interplane.views.join import join
from interplane.views.lookups import LookUps
from interplane.views.pushing import Push, Pusher
from interplane.views.states import States
from interplane.views.view import Latest, ViewUse, example, micros

VIEW = example()
AT_NOON = {
    "who": "a",
    "at": "2024-05-01T12:00:00Z",
    "known": "2024-05-01T12:00:01Z",
    "id": 1,
    "x": 0.5,
}
NOON = micros(datetime(2024, 5, 1, 12))  # noqa: DTZ001
SECOND = 1_000_000
NOW = NOON + 60 * SECOND


class Bench:
    """A store with some views, and what takes rows in."""

    def __init__(self, *views):
        self.store = MemoryOnline()
        self.numbers = [self.store.register(view).number for view in views]
        for view in views:
            self.store.advance(view, NOON - 10)
        self.pusher = Pusher(self.store)

    def push(self, *rows, source="events"):
        """Push rows; return what became of them."""
        (pushed,) = self.pusher.push([Push.of(source, rows, now_us=NOW)])
        return pushed

    def kept(self, entity=("a",), place=0):
        """Return the events that the store keeps of an entity."""
        return self.store.kept(self.numbers[place], entity)

    def read(self, view, time, who="a"):
        """Return what is read of an entity."""
        ups = LookUps({"v": ViewUse(view, ("who",))}, States(self.store))
        return ups.read({"who": who}, time)


@pytest.fixture
def bench():
    """A store with one view."""
    return Bench(VIEW)


def refusal(bench, row):
    """Push one row that is refused; return why."""
    pushed = bench.push(row)
    assert (0, 0) == (pushed.new, pushed.known)
    assert [0] == list(pushed.refused)
    assert [] == bench.kept()
    return pushed.refused[0]


def test_a_row_becomes_an_event(bench):
    """It is counted as new, and can be read."""
    assert (1, 0, (), {}) == bench.push(AT_NOON)
    assert [Event(NOON + SECOND, NOON, (1,), (0.5,))] == bench.kept()
    assert [0.5, 0] == bench.read(VIEW, NOON + SECOND)


def test_a_row_that_is_known_changes_nothing(bench):
    """Pushed twice, in one call and in two."""
    assert (1, 1) == bench.push(AT_NOON, AT_NOON)[:2]
    assert (0, 1) == bench.push(AT_NOON)[:2]
    assert 1 == len(bench.kept())


def test_a_row_goes_to_every_view_of_its_source():
    """And to no view of another one; it is new if it is to one of them."""
    other = replace(VIEW, name="other", features={"x": Latest(0, "float")})
    elsewhere = replace(VIEW, name="elsewhere", source="weather")
    bench = Bench(VIEW, other, elsewhere)
    bench.push(AT_NOON)
    assert [1, 1, 0] == [len(bench.kept(place=place)) for place in range(3)]
    late = {**AT_NOON, "at": "2024-05-01T11:00:00Z", "known": "2024-05-01T12:00:05Z", "id": 2}
    assert (1, 0) == bench.push(late)[:2]
    assert [2, 1, 0] == [len(bench.kept(place=place)) for place in range(3)]


def test_a_source_without_views_is_named(bench):
    """With those that there are."""
    error = bench.push(AT_NOON, source="event")
    assert isinstance(error, UnknownName)
    assert "there is no source 'event'. Known: events. Did you mean 'events'?" in str(error)


def test_columns_that_nobody_reads_are_named(bench):
    """They are not stored."""
    pushed = bench.push({**AT_NOON, "wind": 3, "gate": None}, {**AT_NOON, "id": 2, "tail": "N1"})
    assert (2, 0, ("wind", "gate", "tail"), {}) == pushed


@pytest.mark.parametrize("name", ["who", "at", "id", "x"])
def test_a_missing_column_is_refused(bench, name):
    """With its path, and the view that reads it."""
    row = {key: value for key, value in AT_NOON.items() if key != name}
    error = refusal(bench, row)
    assert f"$.events[0].{name}" == error.details["path"]
    assert f"$.events[0].{name} is missing, which the feature view example reads" == error.what


@pytest.mark.parametrize("name", ["who", "at", "id"])
def test_null_is_refused_where_it_is_no_event(bench, name):
    """Entity, event time and key."""
    error = refusal(bench, {**AT_NOON, name: None})
    assert f"null at $.events[0].{name}, which the feature view example reads" == error.what


def test_null_is_a_value(bench):
    """Of a column that names nothing."""
    assert (1, 0) == bench.push({**AT_NOON, "x": None})[:2]
    assert [(None,)] == [event.values for event in bench.kept()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("who", 1),
        ("who", "a\0"),
        ("who", "\ud800"),
        ("at", "noon"),
        ("at", 1714564800),
        ("at", "2024-05-01T25:00:00Z"),
        ("id", 1.0),
        ("id", True),
        ("id", 2**63),
        ("x", "0.5"),
        ("x", True),
        ("x", float("nan")),
        ("x", float("inf")),
        ("x", 2**53 + 1),
        ("x", [0.5]),
    ],
)
def test_a_value_of_another_type_is_refused(bench, name, value):
    """With its path and what was expected; nothing is coerced."""
    error = refusal(bench, {**AT_NOON, name: value})
    assert f"$.events[0].{name}" == error.details["path"]
    assert error.expected


@pytest.mark.parametrize("row", [None, [], "a", 3, [AT_NOON]])
def test_a_row_that_is_no_object_is_refused(bench, row):
    """With its place."""
    assert "$.events[0]" == refusal(bench, row).details["path"]


def test_a_whole_number_is_a_float_where_it_is_one_exactly(bench):
    """As in requests."""
    bench.push({**AT_NOON, "x": 3})
    ((value,),) = [event.values for event in bench.kept()]
    assert (3.0, float) == (value, type(value))


def test_negative_zero_is_zero(bench):
    """An argument is never -0.0, which compares equal to its twin."""
    bench.push({**AT_NOON, "x": -0.0})
    assert "0.0" == repr(bench.kept()[0].values[0])


def test_a_bad_row_harms_no_other(bench):
    """Errors come with the place of their row."""
    rows = [AT_NOON, {**AT_NOON, "x": "?"}, {**AT_NOON, "id": 2}, None]
    pushed = bench.push(*rows)
    assert (2, 0) == pushed[:2]
    assert {1: "$.events[1].x", 3: "$.events[3]"} == {
        place: error.details["path"] for place, error in pushed.refused.items()
    }
    assert all(isinstance(error, RequestRejected) for error in pushed.refused.values())


def test_a_row_that_one_view_refuses_goes_to_none():
    """Views of one source never differ in what they have seen from then on."""
    wider = replace(
        VIEW,
        name="wider",
        columns={**VIEW.columns, "gate": "str"},
        arguments=(*VIEW.arguments, Column("gate", "str")),
    )
    bench = Bench(VIEW, wider)
    pushed = bench.push(AT_NOON)
    assert "which the feature view wider reads" in pushed.refused[0].what
    assert [] == bench.kept()
    assert (1, 0) == bench.push({**AT_NOON, "gate": None})[:2]


def test_what_was_known_before_it_happened_is_refused(bench):
    """Unless the view is a forecast."""
    row = {**AT_NOON, "known": "2024-05-01T11:59:59Z"}
    error = refusal(bench, row)
    assert "known_at >= event_time" in error.expected
    assert "$.events[0].at" == error.details["path"]
    ahead = Bench(replace(VIEW, forecast=True))
    assert (1, 0) == ahead.push(row)[:2]


def test_an_event_without_a_known_at_time_is_known_from_when_it_came(bench):
    """By the server's clock, where nothing is said of it."""
    row = {**AT_NOON}
    del row["known"]
    assert (1, 0) == bench.push(row)[:2]
    assert [NOW] == [event.known for event in bench.kept()]


def test_what_nobody_knows_yet_is_no_event(bench):
    """As in a table, where such a row is in no feature: the two would differ otherwise."""
    row = {**AT_NOON, "known": None}
    error = refusal(bench, row)
    assert "null at $.events[0].known, which the feature view example reads" == error.what
    assert "leave the column out" in error.do
    events = Table.from_columns({name: pa.array([value]) for name, value in row.items()}).sql(
        'SELECT * REPLACE ("at"::TIMESTAMP AS "at", known::TIMESTAMP AS known) FROM self'
    )
    rows = Table.from_columns({"who": ["a"], "t": [datetime(2024, 5, 1, 12, 1)]})  # noqa: DTZ001
    (found,) = join(rows, ViewUse(VIEW, ("who",)), events, time="t").to_pylist()
    assert bench.read(VIEW, NOW) == list(found.values())


def test_an_event_from_the_future_is_not_known_yet(bench):
    """What came before it happened cannot be stamped with the clock."""
    row = {**AT_NOON, "at": "2024-05-01T12:01:01Z"}
    del row["known"]
    assert "was known before" in refusal(bench, row).what


def test_where_events_are_known_when_they_happen_nothing_is_stamped():
    """The event time has to be there."""
    view = replace(VIEW, known_at="at", columns={**VIEW.columns})
    bench = Bench(view)
    assert "null at $.events[0].at" in refusal(bench, {**AT_NOON, "at": None}).what
    assert (1, 0) == bench.push(AT_NOON)[:2]
    assert [NOON] == [event.known for event in bench.kept()]


def test_a_view_that_is_registered_later_gets_what_comes_then(bench):
    """The pusher learns of it by itself, and of one that is forgotten."""
    bench.push(AT_NOON)
    other = replace(VIEW, name="other")
    number = bench.store.register(other).number
    bench.push({**AT_NOON, "id": 2})
    assert [(2,)] == [event.key for event in bench.store.kept(number, ("a",))]
    bench.store.forget(VIEW)
    bench.store.forget(other)
    assert isinstance(bench.push(AT_NOON), UnknownName)


class Restless(MemoryOnline):
    """A store in which views come and go while events are written."""

    left = 0

    def write(self, facts, *, edition=None):
        """Register something first."""
        if self.left:
            self.left -= 1
            self.register(replace(VIEW, name=f"late{self.left}"))
        return super().write(facts, edition=edition)


def test_views_that_come_in_between_get_the_event_too():
    """It is decided again who takes it."""
    bench = Bench(VIEW)
    bench.store = Restless()
    bench.store.register(VIEW)
    bench.store.left = 3
    (pushed,) = Pusher(bench.store).push([Push.of("events", [AT_NOON], now_us=NOW)])
    assert (1, 0) == pushed[:2]
    assert [1] * 4 == [len(bench.store.kept(number, ("a",))) for number in (1, 2, 3, 4)]
    bench.store.left = 1000
    with pytest.raises(StorageError, match="views were registered 20 times"):
        Pusher(bench.store).push([Push.of("events", [AT_NOON], now_us=NOW)])


def test_pushes_share_a_transaction(bench):
    """Each gets its own counts; one of an unknown source harms no other."""
    pushes = [
        Push.of("events", [AT_NOON], now_us=NOW),
        Push.of("nothing", [AT_NOON], now_us=NOW),
        Push.of("events", [], now_us=NOW),
        Push.of("events", [AT_NOON, {**AT_NOON, "id": 2}, None], now_us=NOW),
    ]
    first, unknown, empty, last = bench.pusher.push(pushes)
    assert (1, 0, (), {}) == first
    assert isinstance(unknown, UnknownName)
    assert (0, 0, (), {}) == empty
    assert (1, 1, [2]) == (last.new, last.known, list(last.refused))


def test_what_is_known_in_some_time_only_is_pushed_then():
    """Clocks may differ by a little; a replay takes any time; the age of the view stays that of what came."""
    bench = Bench(VIEW)

    def known(after_s):
        moment = datetime(1970, 1, 1) + timedelta(microseconds=NOW + after_s * SECOND)  # noqa: DTZ001
        return {**AT_NOON, "known": f"{moment.isoformat()}Z"}

    pushed = bench.push(known(-1), known(299), known(301), known(10**8))
    assert (2, {2, 3}) == (pushed.new + pushed.known, set(pushed.refused))
    assert "at $.events[2].known has not come yet" in pushed.refused[2].what
    assert NOW + 299 * SECOND == bench.store.newest(VIEW)
    assert NOW - SECOND == bench.store.newest(VIEW, by_us=NOW)
    replayed = Pusher(bench.store, replay=True)
    (pushed,) = replayed.push([Push.of("events", [known(10**8)], now_us=NOW)])
    assert (1, {}) == (pushed.new, pushed.refused)
