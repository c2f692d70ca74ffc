"""What a process keeps of the online store: bounded, and never older than the store."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import NotFound, RequestRejected
from interplane.testing.memory_online import MemoryOnline, MemoryReader
from interplane.views.history import Event, rank
from interplane.views.lookups import LookUps
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.statuses import COUNTS, NO_ENTITY, NOT_FOUND, PRESENT
from interplane.views.view import Latest, ViewUse, Window, example

VIEW = example()
OTHER = replace(VIEW, name="other")


class Counting(MemoryOnline):
    """A store that counts what is asked of it."""

    def __init__(self):
        super().__init__()
        self.loads = 0
        self.opened = 0

    def kept(self, number, entity):
        """Count a load."""
        self.loads += 1
        return super().kept(number, entity)

    def reader(self):
        """Return a reader that counts."""
        return CountingReader(self)


class CountingReader(MemoryReader):
    """Counts the states that are opened."""

    def state(self, asked=(), **following):
        """Open one."""
        self._store.opened += 1
        return super().state(asked, **following)


@pytest.fixture
def store():
    """A store with two views that can be read from 10 on."""
    store = Counting()
    for view in (VIEW, OTHER):
        store.register(view)
        store.advance(view, 10)
    return store


def put(store, time, key=0, *, who="a", number=1):
    """Write an event."""
    store.write([Fact(number, (who,), Event(time, time, (key,), (float(time),)))])


def look_ups(store, *views, **settings):
    """Return look-ups of views, by who."""
    uses = {f"v{place}": ViewUse(view, ("who",)) for place, view in enumerate(views or (VIEW,))}
    return LookUps(uses, States(store, **settings))


def test_a_state_is_read_once(store):
    """While nothing is written, the store is asked for nothing but its version."""
    put(store, 20)
    ups = look_ups(store)
    assert [[20.0, 1], [20.0, 1], [20.0, 0]] == [ups.read({"who": "a"}, t) for t in (30, 40, 120)]
    assert (1, 1) == (store.loads, store.opened)


def test_changes_are_taken_in_without_a_load(store):
    """Those of entities that are here; others are loaded when they are asked for."""
    ups = look_ups(store)
    assert [None, 0] == ups.read({"who": "a"}, 50)
    for time in range(20, 30):
        put(store, time, time)
        assert [float(time), time - 19] == ups.read({"who": "a"}, 50)
    put(store, 30, who="b")
    assert 1 == store.loads
    assert [30.0, 1] == ups.read({"who": "b"}, 50)
    assert 2 == store.loads


def test_a_state_that_has_grown_is_loaded_anew(store):
    """What matters no more would be kept for ever otherwise."""
    ups = look_ups(store)
    for time in range(10, 1010):
        put(store, time, time)
        assert [float(time), min(time - 9, 100)] == ups.read({"who": "a"}, time)
    assert 2 <= store.loads <= 1000 // 64 + 2


def test_many_changes_drop_what_is_kept(store):
    """Reading them all would take longer than reading the entities again."""
    ups = look_ups(store)
    ups.read({"who": "a"}, 50)
    store.write([Fact(1, ("b",), Event(20, 20, (key,), (1.0,))) for key in range(300)])
    assert [None, 0] == ups.read({"who": "a"}, 50)
    assert 2 == store.loads


def test_an_entity_with_a_long_history_is_loaded_seldom(store):
    """However many events come at once, where there are as many already they are taken in."""
    ups = look_ups(store)
    for time in range(10, 30):
        facts = [Fact(1, ("a",), Event(time, time, (time, key), (1.0,))) for key in range(500)]
        store.write(facts)
        assert [1.0, 500 * (time - 9)] == ups.read({"who": "a"}, time)
    assert 2 <= store.loads <= 6


def test_it_is_known_of_how_many_events_the_states_are(store):
    """Whatever was taken in, loaded anew for an earlier time, let go and forgotten."""
    ups = look_ups(store, most_entities=8)
    (shelf,) = [each for each, _, _ in ups._plan]
    for time in range(400):
        put(store, time, time, who=f"e{time % 7}")
        ups.read({"who": f"e{time % 5}"}, 500 - time)
        states = [*shelf.lately.values(), *shelf.sooner.values()]
        assert sum(each.size for each in states) == shelf.events
    shelf.clear()
    assert 0 == shelf.events


@pytest.mark.parametrize("most", [1, 10, 100])
def test_the_number_of_states_is_bounded(store, most):
    """Those that were asked for lately stay."""
    ups = look_ups(store, most_entities=most)
    for number in range(1000):
        ups.read({"who": f"e{number}"}, 50)
        ups.read({"who": "often"}, 50)
    (shelf,) = [each for each, _, _ in ups._plan]
    assert len(shelf.lately) + len(shelf.sooner) <= 2 * most + 64
    assert store.loads <= 1001 if most >= 10 else store.loads <= 2000


def test_views_share_their_states(store):
    """Two crossings that read one version of a view read one state."""
    states = States(store)
    first = LookUps({"x": ViewUse(VIEW, ("who",))}, states)
    second = LookUps({"y": ViewUse(VIEW, ("name",))}, states)
    put(store, 20)
    assert first.read({"who": "a"}, 50) == second.read({"name": "a"}, 50) == [20.0, 1]
    assert 1 == store.loads
    assert (("x.x", "x.n"), ("y.x", "y.n")) == (first.names, second.names)


def test_all_values_come_from_one_state(store):
    """A view that is here already is brought to the state that another one is loaded from."""

    class Sly(CountingReader):
        def load_all(self, asked, time):
            put(store, 21, 21, number=1)
            put(store, 21, 21, number=2)
            return super().load_all(asked, time)

    put(store, 20, number=1)
    put(store, 20, number=2)
    store.reader = lambda: Sly(store)
    states = States(store)
    one = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    both = LookUps({"v": ViewUse(VIEW, ("who",)), "w": ViewUse(OTHER, ("who",))}, states)
    assert [20.0, 1] == one.read({"who": "a"}, 50)
    assert [21.0, 2, 21.0, 2] == both.read({"who": "a"}, 50)


def test_a_horizon_that_moves_is_seen(store):
    """Also by a reader that has older states."""
    ups = look_ups(store)
    put(store, 20)
    assert [20.0, 1] == ups.read({"who": "a"}, 25)
    store.advance(VIEW, 30)
    with pytest.raises(RequestRejected, match=r"from 1970-01-01T00:00:00\.000030Z on") as it:
        ups.read({"who": "a"}, 25)
    assert {
        "view": "example",
        "time": "1970-01-01T00:00:00.000025Z",
        "horizon": "1970-01-01T00:00:00.000030Z",
    } == it.value.details
    assert [20.0, 1] == ups.read({"who": "a"}, 30)


def test_a_row_that_names_no_entity_needs_no_history(store):
    """Null is null, at any time."""
    assert [None, None] == look_ups(store).read({"who": None}, 1)
    assert [None, None] == look_ups(MemoryOnline()).read({"who": None}, 1)


def test_a_view_without_history_is_found_before_the_first_row(store):
    """Registered or not."""
    look_ups(store, VIEW, OTHER).check()
    unknown = replace(VIEW, name="unknown")
    ups = look_ups(store, VIEW, unknown)
    for _ in range(2):
        with pytest.raises(NotFound, match=r"no history of unknown.*interplane materialize"):
            ups.check()
        store.register(unknown)
    store.advance(unknown, 5)
    ups.check()


def test_a_time_beyond_the_calendar_is_refused_in_words(store):
    """The message does without a date."""
    with pytest.raises(RequestRejected, match="-1000000000000000000 microseconds since 1970"):
        look_ups(store).read({"who": "a"}, -(10**18))


WINDOWS = (
    {"n": Window("count", 0, 6, "float")},
    {"n": Window("count", 0, 4, "float", delay_us=3)},
    {"n": Window("count", 0, None, "float")},
    {"n": Window("count", 0, None, "float", rows=2), "m": Window("count", 0, 5, "float")},
    {"x": Latest(0, "float"), "n": Window("count", 0, 6, "float")},
)
"""Windows of a length, late ones, all of time, a number of events; and with a latest value."""


def newest(view, events, time):
    """The newest event that is known and not replaced, by the plain statement of what that is."""
    if view.has_latest:
        return max((each.event for each in events if each.known <= time), default=None)
    last = {}
    for each in sorted((each for each in events if each.known <= time), key=rank):
        last[each.key] = each
    bound = None if view.is_endless else time - view.longest_us
    found = [each.event for each in last.values() if bound is None or each.known > bound]
    return max(found, default=None)


@given(
    st.sampled_from(WINDOWS),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9), st.integers(0, 3)), max_size=8),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=8),
)
def test_what_was_read_before_is_no_matter(features, told, reads):
    """How an entity was found is the same in a process that was asked before and in a new one."""
    view, store = replace(VIEW, features=features), MemoryOnline()
    number = store.register(view).number
    store.advance(view, 0)
    events = [Event(known, known - late, (key,), (1.0,)) for known, late, key in told]
    old = States(store)
    shelf, written, horizon = old.shelf(view), 0, 0
    for time, count in reads:
        facts = [Fact(number, ("a",), each) for each in events[written : written + count]]
        store.write(facts)
        written += len(facts)
        (known,) = old.look([(shelf, "a")], max(time, horizon))
        new = States(store)
        (fresh,) = new.look([(new.shelf(view), "a")], max(time, horizon))
        assert fresh == known
        assert newest(view, events[:written], max(time, horizon)) == known.happened
        assert (known.happened is None) == (NOT_FOUND == known.status)
        assert known.until > time
        for then in {min(known.until, 60) - 1, (known.until + time) // 2} - {0}:
            if time < then < known.until:
                (still,) = new.look([(new.shelf(view), "a")], max(then, horizon))
                assert known == still
        if count == 3:
            horizon = store.advance(view, max(time // 2, horizon))


@pytest.mark.parametrize("windows_alone", [False, True])
def test_how_an_entity_was_found_is_told_and_counted(store, windows_alone):
    """By view: found, of nobody, and not found; with the age of what was found."""
    view = VIEW
    if windows_alone:
        view = replace(VIEW, features={"n": Window("count", 0, 10_000, "float")})
        store.register(view)
        store.advance(view, 10)
    number = 3 if windows_alone else 1
    put(store, 20, number=number)
    counts = [0] * len(COUNTS)
    states = States(store, counts=lambda _view: counts)
    shelf = states.shelf(view)
    asked = [(shelf, "a"), (shelf, None), (shelf, "b")]
    seen = states.look(asked, 5_020)
    assert [(PRESENT, 20), (NO_ENTITY, None), (NOT_FOUND, None)] == [
        (each.status, each.happened) for each in seen
    ]
    states.read(asked[:1], 5_020)
    assert [2, 0, 1, 0, 1, 10] == counts
