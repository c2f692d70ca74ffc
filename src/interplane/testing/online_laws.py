"""The laws of an online store: whoever writes another one runs these against it.

Each law takes an `OnlineBench`: an empty store, and another handle on the same one. ::

    @pytest.mark.parametrize("law", online_laws.LAWS, ids=lambda law: law.__name__)
    def test_online_store(law, tmp_path):
        law(my_bench(tmp_path))
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from itertools import permutations
from time import time_ns
from typing import TYPE_CHECKING, NamedTuple

from interplane.errors import NotFound, RequestRejected
from interplane.expressions.nodes import Column
from interplane.testing.refusals import refused
from interplane.views.history import Event, History
from interplane.views.lookups import LookUps
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.view import Latest, View, ViewUse, Window, example

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.expressions.nodes import Constant
    from interplane.views.ports import Entity, OnlineStore

__all__ = ["LAWS", "OnlineBench"]


class OnlineBench(NamedTuple):
    """An empty store, and another handle on the same one: it may be the same object."""

    store: OnlineStore
    other: OnlineStore


VIEW = example()
"""The latest x, and how many there were in the last 100 µs."""


def _latest(**changes: object) -> View:
    features = {"x": Latest(0, "float")}
    return replace(VIEW, name="latest", features=features, **changes)  # type: ignore[arg-type]


def _event(known: int, event: int, key: int = 0, x: float | None = 1.0) -> Event:
    return Event(known, event, (key,), (x,))


def _open(store: OnlineStore, view: View = VIEW, *, horizon: int = 0) -> int:
    number = store.register(view).number
    store.advance(view, horizon)
    return number


def _put(store: OnlineStore, number: int, *events: Event, who: str = "a") -> Sequence[bool]:
    changed = store.write([Fact(number, (who,), event) for event in events])
    assert changed is not None
    return changed


class _Reads:
    """Reads one view by way of look-ups."""

    def __init__(self, store: OnlineStore, view: View = VIEW) -> None:
        self._states = States(store)
        self._by = view.entity
        self._ups = LookUps({"v": ViewUse(view, self._by)}, self._states)

    def at(self, time: int, *entity: Constant) -> tuple[Constant, ...]:
        row = dict(zip(self._by, entity or ("a",), strict=True))
        return tuple(self._ups.read(row, time))

    def close(self) -> None:
        self._states.close()


def _read(store: OnlineStore, time: int, *entity: Constant, view: View = VIEW) -> object:
    reads = _Reads(store, view)
    try:
        return reads.at(time, *entity)
    finally:
        reads.close()


def an_empty_store_knows_no_view(bench: OnlineBench) -> None:
    """Every question has an answer before the first write."""
    assert bench.store.known().views == ()
    assert bench.store.known("events").views == ()
    assert list(bench.store.write([]) or ()) == []
    assert list(bench.store.write([Fact(1, ("a",), _event(1, 1))]) or ()) == [False]
    bench.store.forget(VIEW)
    with refused(NotFound):
        bench.store.advance(VIEW, 1)
    with refused(NotFound):
        _read(bench.store, 1)


def a_view_is_registered_once(bench: OnlineBench) -> None:
    """The second time changes nothing, and says what the first one said."""
    first = bench.store.register(VIEW)
    known = bench.store.known()
    assert bench.other.register(VIEW) == first
    assert bench.store.known() == known
    assert known.views == (first,)
    assert first.horizon is None


def views_are_listed_by_source(bench: OnlineBench) -> None:
    """In the order in which they were registered; every registration is another edition."""
    editions = [bench.store.known().edition]
    for view in (VIEW, _latest(source="other"), _latest()):
        bench.store.register(view)
        editions.append(bench.store.known().edition)
    assert [each.view for each in bench.other.known("events").views] == [VIEW, _latest()]
    assert [each.view.source for each in bench.other.known().views] == ["events", "other", "events"]
    assert editions == sorted(set(editions))


def what_was_not_materialized_is_not_read(bench: OnlineBench) -> None:
    """Without a horizon nobody knows what is missing; what comes before it is kept all the same."""
    number = bench.store.register(VIEW).number
    _put(bench.store, number, _event(10, 10))
    with refused(NotFound):
        _read(bench.store, 20)
    bench.store.advance(VIEW, 15)
    assert _read(bench.other, 20) == (1.0, 1)


def an_entity_without_events_has_nulls_and_counts_of_zero(bench: OnlineBench) -> None:
    """As an entity that nobody has heard of."""
    _open(bench.store)
    assert _read(bench.store, 20) == (None, 0)


def a_time_before_the_horizon_is_refused(bench: OnlineBench) -> None:
    """Nothing is answered from half a history."""
    number = _open(bench.store, horizon=15)
    _put(bench.store, number, _event(10, 10))
    reads = _Reads(bench.store)
    assert reads.at(15) == (1.0, 1)
    with refused(RequestRejected):
        reads.at(14)
    reads.close()


def the_horizon_only_moves_forward(bench: OnlineBench) -> None:
    """What was let go of does not come back."""
    bench.store.register(VIEW)
    assert bench.store.advance(VIEW, 10) == 10
    assert bench.other.advance(VIEW, 30) == 30
    assert bench.store.advance(VIEW, 20) == 30
    assert [each.horizon for each in bench.store.known().views] == [30]


def writing_again_changes_nothing(bench: OnlineBench) -> None:
    """A retry after an unknown outcome gives the same state, and says that nothing is new."""
    number = _open(bench.store)
    events = [_event(10, 10, 1), _event(20, 5, 2), _event(10, 10, 1)]
    assert list(_put(bench.store, number, *events)) == [True, True, False]
    before = _read(bench.store, 25)
    assert list(_put(bench.other, number, *events)) == [False, False, False]
    assert _read(bench.store, 25) == before == (1.0, 2)


def the_order_of_writing_is_no_matter(bench: OnlineBench) -> None:
    """Whatever order events come in, what is read is what `History` says of them."""
    events = [_event(10, 10, 1, 1.0), _event(20, 5, 2, 2.0), _event(20, 10, 1, None)]
    events.append(_event(30, 10, 2, 4.0))
    number = _open(bench.store)
    expected = {time: History(VIEW, events).at(time).values for time in range(0, 140, 5)}
    for place, order in enumerate(permutations(events)):
        who = f"number {place}"
        for event in order:
            _put(bench.store, number, event, who=who)
        assert {time: _read(bench.store, time, who) for time in (0, 10, 20, 30, 105, 135)} == {
            time: expected[time] for time in (0, 10, 20, 30, 105, 135)
        }


def an_older_event_never_hides_a_newer_one(bench: OnlineBench) -> None:
    """Of t=10, and then of t=5: the latest one is that of t=10."""
    view = _latest()
    number = _open(bench.store, view)
    assert list(_put(bench.store, number, _event(10, 10, x=10.0))) == [True]
    assert list(_put(bench.store, number, _event(11, 5, x=5.0))) == [False]
    assert _read(bench.store, 12, view=view) == (10.0,)


def a_value_older_than_its_time_to_live_is_null(bench: OnlineBench) -> None:
    """By time alone, with nothing written in between."""
    view = _latest(ttl_us=5)
    number = _open(bench.store, view)
    _put(bench.store, number, _event(10, 10))
    reads = _Reads(bench.store, view)
    assert [reads.at(time) for time in (9, 10, 15, 16, 10)] == [
        *((None,), (1.0,), (1.0,), (None,), (1.0,))
    ]
    reads.close()


def a_correction_counts_from_when_it_was_known(bench: OnlineBench) -> None:
    """Both versions can be read, each at its time; the event is counted once."""
    number = _open(bench.store)
    _put(bench.store, number, _event(10, 10, 1, 1.0), _event(30, 10, 1, None))
    assert [_read(bench.store, time) for time in (20, 30)] == [(1.0, 1), (None, 0)]


def what_still_matters_outlives_the_horizon(bench: OnlineBench) -> None:
    """The last value, however old; an event that a correction took out of the window, too."""
    number = _open(bench.store)
    _put(bench.store, number, _event(10, 10, 1, 1.0))
    _put(bench.store, number, _event(950, 20, 2, 2.0))
    bench.store.advance(VIEW, 1000)
    assert _read(bench.store, 1000) == (2.0, 0)
    # An older version of that event comes late: it was replaced before the horizon.
    assert list(_put(bench.store, number, _event(940, 940, 2, 3.0))) == [True]
    assert _read(bench.store, 1000) == (3.0, 0)


def what_matters_no_more_is_not_taken_in(bench: OnlineBench) -> None:
    """An event that no time from the horizon on asks for is no news."""
    number = _open(bench.store, horizon=1000)
    assert list(_put(bench.store, number, _event(990, 980))) == [True]
    assert list(_put(bench.store, number, _event(800, 700, 1))) == [False]
    assert _read(bench.store, 1000) == (1.0, 1)


def a_reader_sees_what_was_written_before_its_read(bench: OnlineBench) -> None:
    """Of entities that it has read before and of others, by either handle."""
    number = _open(bench.store)
    reads = [_Reads(bench.store), _Reads(bench.other)]
    for step in range(1, 40):
        writer = bench.store if step % 2 else bench.other
        _put(writer, number, _event(step, step, step, float(step)), who="ab"[step % 3 == 0])
        seen = {(each.at(50, "a"), each.at(50, "b")) for each in reads}
        last = {"a": step - (step % 3 == 0), "b": step - step % 3}
        counts = (step - step // 3, step // 3)
        expected = tuple(
            (float(last[who]) if count else None, count)
            for who, count in zip("ab", counts, strict=True)
        )
        assert seen == {expected}
    for each in reads:
        each.close()


def a_reader_that_missed_much_sees_all(bench: OnlineBench) -> None:
    """More changes than it would take one by one."""
    number = _open(bench.store)
    reads = _Reads(bench.other)
    assert reads.at(50) == (None, 0)
    _put(bench.store, number, *(_event(10, 10, key) for key in range(3000)))
    assert reads.at(50) == (1.0, 3000)
    reads.close()


def a_reader_goes_back_in_time(bench: OnlineBench) -> None:
    """As far as the horizon, whatever it has read before."""
    number = _open(bench.store, horizon=10)
    _put(bench.store, number, *(_event(time, time, time, float(time)) for time in range(5, 400)))
    reads = _Reads(bench.store)
    found = [reads.at(time) for time in (350, 120, 10, 350)]
    assert found == [(350.0, 100), (120.0, 100), (10.0, 6), (350.0, 100)]
    reads.close()


def several_views_are_read_together(bench: OnlineBench) -> None:
    """In their order, each by its own columns; one that names no entity gives nulls."""
    latest = _latest()
    numbers = [_open(bench.store), _open(bench.store, latest)]
    for number, x in zip(numbers, (1.0, 2.0), strict=True):
        _put(bench.store, number, _event(10, 10, x=x))
    states = States(bench.store)
    uses = {"one": ViewUse(VIEW, ("left",)), "two": ViewUse(latest, ("right",))}
    ups = LookUps(uses, states)
    assert ups.names == ("one.x", "one.n", "two.x")
    assert ups.types == ("float", "int", "float")
    assert ups.read({"left": "a", "right": "a"}, 20) == [1.0, 1, 2.0]
    assert ups.read({"left": None, "right": "a"}, 20) == [None, None, 2.0]
    assert ups.read({"left": "b", "right": "a"}, 20) == [None, 0, 2.0]
    states.close()


def few_states_are_kept_and_all_are_right(bench: OnlineBench) -> None:
    """A process that keeps two entities reads a hundred."""
    number = _open(bench.store)
    facts = [Fact(number, (str(each),), _event(10, 10, x=float(each))) for each in range(100)]
    bench.store.write(facts)
    states = States(bench.store, most_entities=2)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)
    found = [ups.read({"who": str(each % 100)}, 20) for each in range(300)]
    assert found == [[float(each % 100), 1] for each in range(300)]
    states.close()


def every_type_names_an_entity_and_comes_back(bench: OnlineBench) -> None:
    """Of each type what is hardest to keep exactly; null too."""
    rows: list[tuple[str, tuple[Constant, ...]]] = [
        ("bool", (True, False, None)),
        ("int", (2**63 - 1, -(2**63), 2**53 + 1, 0, None)),
        ("float", (0.1, math.inf, -math.inf, 5e-324, 1e16, None)),
        ("str", ("", "a", "é\U00010000", "a\0b", "2013-05-01", None)),
        ("date", (date.min, date.max, date(2013, 5, 1), None)),
        ("timestamp", (datetime.min, datetime.max, datetime(2013, 5, 1, 6, 15), None)),  # noqa: DTZ001, DTZ901
    ]
    for kind, values in rows:
        named = "int" if kind == "float" else kind
        columns = {**VIEW.columns, "who": named, "id": named, "x": kind}
        view = _latest(columns=columns, arguments=(Column("x", kind),))  # type: ignore[arg-type]
        view = replace(view, features={"x": Latest(0, kind)})  # type: ignore[arg-type]
        number = _open(bench.store, view)
        for place, value in enumerate(values):
            name = values[0] if value is None else value
            entity: Entity = (place if kind == "float" else name,)
            bench.store.write([Fact(number, entity, Event(place, place, entity, (value,)))])
            found = _read(bench.store, 20, *entity, view=view)
            assert found == (value,)
            assert isinstance(found, tuple)
            assert type(found[0]) is type(value)


def an_entity_may_have_several_columns(bench: OnlineBench) -> None:
    """Their values are told apart, and not only when put together."""
    columns = {**VIEW.columns, "where": "str"}
    view = replace(VIEW, entity=("who", "where"), columns=columns)
    number = _open(bench.store, view)
    pairs = [("a", "bc"), ("ab", "c"), ("", "abc"), ("a", "b")]
    for place, entity in enumerate(pairs):
        bench.store.write([Fact(number, entity, _event(10, 10, x=float(place)))])
    found = [_read(bench.store, 20, *entity, view=view) for entity in pairs]
    assert found == [(float(place), 1) for place in range(4)]
    assert _read(bench.store, 20, "a", None, view=view) == (None, None)


def forecasts_count_when_they_happen(bench: OnlineBench) -> None:
    """The last version of one stays, even when its event time was corrected into the far past."""
    view = replace(VIEW, name="ahead", forecast=True)
    number = _open(bench.store, view)
    _put(bench.store, number, _event(20, 10, 1), _event(10, 60, 2), _event(10, 2000, 3, 7.0))
    assert [_read(bench.store, time, view=view) for time in (50, 60)] == [(7.0, 1), (7.0, 2)]
    bench.store.advance(view, 1500)
    _put(bench.store, number, _event(15, 1450, 1))
    assert [_read(bench.store, time, view=view) for time in (1500, 2000)] == [(7.0, 0), (7.0, 1)]


def windows_of_any_length_are_kept(bench: OnlineBench) -> None:
    """Also one that is longer than time is."""
    view = replace(VIEW, features={"n": Window("count", 0, 10**30, "float")})
    number = _open(bench.store, view, horizon=10**15)
    assert list(_put(bench.store, number, _event(1, 1))) == [True]
    assert _read(bench.store, 10**16, view=view) == (1,)


def windows_without_a_length_keep_every_event(bench: OnlineBench) -> None:
    """The last version of each, however old; a correction takes one out, and an older one counts again."""
    features = {
        "last": Window("last", 0, None, "float", 2),
        "two": Window("count", 0, None, "float", 2),
        "sum": Window("sum", 0, None, "float"),
        "std": Window("std", 0, None, "float"),
        "late": Window("count_distinct", 0, None, "float", None, 500),
    }
    view = replace(VIEW, name="endless", features=features)
    number = _open(bench.store, view)
    _put(bench.store, number, *(_event(10 * key, 10 * key, key, float(key)) for key in range(1, 5)))
    assert _read(bench.store, 45, view=view) == (4.0, 2, 10.0, math.sqrt(5 / 3), 0)
    bench.store.advance(view, 1000)
    assert _read(bench.store, 1000, view=view) == (4.0, 2, 10.0, math.sqrt(5 / 3), 4)
    # The last one turns out to have happened before all others, and a late one is the first of all.
    assert list(_put(bench.other, number, _event(1010, 1, 4, 4.0))) == [True]
    assert list(_put(bench.other, number, _event(500, 0, 9, 1.0))) == [True]
    reads = _Reads(bench.other, view)
    assert reads.at(1010)[:3] == (3.0, 2, 11.0)
    bench.store.advance(view, 2000)
    # What was replaced before the horizon is no news; what is there is no news either.
    assert list(_put(bench.store, number, _event(40, 40, 4, 4.0))) == [False]
    assert list(_put(bench.store, number, _event(500, 0, 9, 1.0))) == [False]
    assert reads.at(2000)[:3] == (3.0, 2, 11.0)
    reads.close()


def a_window_may_end_before_the_time_that_is_asked_for(bench: OnlineBench) -> None:
    """With a delay an event counts only some time after it happened, and is kept as much longer."""
    features = {"n": Window("count", 0, 100, "float", None, 50)}
    view = replace(VIEW, name="delayed", features=features)
    number = _open(bench.store, view)
    _put(bench.store, number, _event(10, 10, 1), _event(70, 15, 2))
    times = (59, 60, 69, 70, 159, 160, 164, 165)
    reads = _Reads(bench.other, view)
    assert [reads.at(time) for time in times] == [(n,) for n in (0, 1, 1, 2, 2, 1, 1, 0)]
    bench.store.advance(view, 159)
    assert reads.at(159) == (2,)
    reads.close()
    assert _read(bench.store, 159, view=view) == (2,)


def a_long_history_is_read_while_events_come(bench: OnlineBench) -> None:
    """Running statistics of many events are those of `History`, after corrections too."""
    functions = ("count", "sum", "mean", "min", "max", "std", "count_distinct", "first", "last")
    spans = ((None, None), (None, 150), (300, None))
    features = {
        f"{function}_{place}": Window(function, 0, length, "float", rows)  # type: ignore[arg-type]
        for place, (length, rows) in enumerate(spans)
        for function in functions
    }
    view = replace(VIEW, name="long", features=features)
    number = _open(bench.store, view)
    events = [_event(time, time, time, (time * 37 % 101) / 10) for time in range(1, 401)]
    _put(bench.store, number, *events)
    reads = _Reads(bench.other, view)
    changes = [(400, 380, 500), (401, 401, 401), (402, 200, 402), (403, 1, 390), (404, 404, 404)]
    for known, happened, key in changes:
        events.append(_event(known, happened, key, None if key == 402 else key / 7))
        _put(bench.store, number, events[-1])
        for time in (known, known + 3):
            assert reads.at(time) == History(view, events).at(time).values
    reads.close()


def a_write_waits_for_nothing_that_it_does_not_know(bench: OnlineBench) -> None:
    """Where views came or went since it was decided who takes the events, nothing is written."""
    number = _open(bench.store)
    edition = bench.store.known().edition
    bench.other.register(_latest())
    fact = Fact(number, ("a",), _event(10, 10))
    assert bench.store.write([fact], edition=edition) is None
    assert _read(bench.store, 20) == (None, 0)
    assert list(bench.store.write([fact], edition=bench.store.known().edition) or ()) == [True]
    edition = bench.store.known().edition
    bench.other.forget(_latest())
    assert bench.store.write([fact], edition=edition) is None


def a_forgotten_view_is_read_no_more(bench: OnlineBench) -> None:
    """Its events go; one that is registered again begins anew, and others keep theirs."""
    latest = _latest()
    number, other = _open(bench.store), _open(bench.store, latest)
    _put(bench.store, number, _event(10, 10))
    _put(bench.store, other, _event(10, 10))
    reads = _Reads(bench.store)
    assert reads.at(20) == (1.0, 1)
    bench.other.forget(VIEW)
    with refused(NotFound):
        reads.at(20)
    assert list(_put(bench.store, number, _event(11, 11))) == [False]
    assert _open(bench.store) > other
    assert reads.at(20) == (None, 0)
    assert _read(bench.store, 20, view=latest) == (1.0,)
    reads.close()


def the_newest_event_tells_how_fresh_a_view_is(bench: OnlineBench) -> None:
    """By when it was known, whatever the entity and the order; each view by itself."""
    assert bench.store.newest(VIEW) is None
    number, other = _open(bench.store), _open(bench.store, _latest())
    assert bench.store.newest(VIEW) is None
    _put(bench.store, number, _event(30, 20), who="b")
    _put(bench.store, number, _event(10, 10), who="c")
    _put(bench.store, other, _event(7, 5))
    assert (bench.other.newest(VIEW), bench.other.newest(_latest())) == (30, 7)
    _put(bench.other, number, _event(40, 1, key=3))
    assert bench.store.newest(VIEW) == 40
    assert bench.other.newest(VIEW, by_us=40) == 40
    # Not every store notes down what came before: it may say that it cannot tell, and nothing else.
    assert bench.store.newest(VIEW, by_us=39) in {30, None}
    bench.store.forget(VIEW)
    assert (bench.store.newest(VIEW), bench.store.newest(_latest())) == (None, 7)


def an_event_of_the_future_does_not_hide_how_fresh_a_view_is(bench: OnlineBench) -> None:
    """What is known by now is told, also what comes afterwards; what is to come counts when it has come."""
    now = time_ns() // 1000
    day = 86_400_000_000
    number = _open(bench.store)
    _put(bench.store, number, _event(now + day, 40), who="ahead")
    assert (bench.store.newest(VIEW), bench.store.newest(VIEW, by_us=now)) == (now + day, None)
    _put(bench.store, number, _event(now - 9, 30), _event(now + 2 * day, 50, key=1))
    assert bench.other.newest(VIEW, by_us=now) == now - 9
    _put(bench.other, number, _event(now - 5, 31, key=2), who="b")
    _put(bench.other, number, _event(now - 7, 32, key=3), who="b")
    assert bench.store.newest(VIEW, by_us=now) == now - 5
    asked = (now + day - 1, now + day, now + 2 * day - 1, now + 2 * day)
    found = [bench.store.newest(VIEW, by_us=each) for each in asked]
    assert found == [now - 5, now + day, now + day, now + 2 * day]
    bench.store.forget(VIEW)
    assert bench.store.newest(VIEW, by_us=now + day) is None


def threads_share_a_store(bench: OnlineBench) -> None:
    """Every acknowledged event is there once, and is seen by whoever asks next."""
    number = _open(bench.store)
    states = States(bench.store)
    ups = LookUps({"v": ViewUse(VIEW, ("who",))}, states)

    def push(place: int) -> int:
        _put(bench.store, number, _event(10, 10, place))
        (_, count) = ups.read({"who": "a"}, 20)
        assert isinstance(count, int)
        return count

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(push, range(64)))
    assert min(counts) >= 1
    assert ups.read({"who": "a"}, 20) == [1.0, 64]
    states.close()


LAWS: tuple[Callable[[OnlineBench], None], ...] = (
    an_empty_store_knows_no_view,
    a_view_is_registered_once,
    views_are_listed_by_source,
    what_was_not_materialized_is_not_read,
    an_entity_without_events_has_nulls_and_counts_of_zero,
    a_time_before_the_horizon_is_refused,
    the_horizon_only_moves_forward,
    writing_again_changes_nothing,
    the_order_of_writing_is_no_matter,
    an_older_event_never_hides_a_newer_one,
    a_value_older_than_its_time_to_live_is_null,
    a_correction_counts_from_when_it_was_known,
    what_still_matters_outlives_the_horizon,
    what_matters_no_more_is_not_taken_in,
    a_reader_sees_what_was_written_before_its_read,
    a_reader_that_missed_much_sees_all,
    a_reader_goes_back_in_time,
    several_views_are_read_together,
    few_states_are_kept_and_all_are_right,
    every_type_names_an_entity_and_comes_back,
    an_entity_may_have_several_columns,
    forecasts_count_when_they_happen,
    windows_of_any_length_are_kept,
    windows_without_a_length_keep_every_event,
    a_window_may_end_before_the_time_that_is_asked_for,
    a_long_history_is_read_while_events_come,
    a_write_waits_for_nothing_that_it_does_not_know,
    a_forgotten_view_is_read_no_more,
    the_newest_event_tells_how_fresh_a_view_is,
    an_event_of_the_future_does_not_hide_how_fresh_a_view_is,
    threads_share_a_store,
)
