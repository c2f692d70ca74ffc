"""Views on views of many entities: read round by round, all at once, and all of one state."""

from dataclasses import replace

import pytest

from interplane.expressions.nodes import Column
from interplane.testing.memory_online import MemoryOnline, MemoryReader
from interplane.views.derived import Derived, use_of
from interplane.views.history import Event
from interplane.views.online_values import ViewValues
from interplane.views.ports import Fact
from interplane.views.redis.store import RedisOnline
from interplane.views.states import States
from interplane.views.statuses import COUNTS
from interplane.views.view import Latest, example

VIEW = example()
LAST = replace(
    VIEW,
    name="last",
    key=(),
    columns={"who": "str", "at": "timestamp", "known": "timestamp", "to": "str"},
    arguments=(Column("to", "str"),),
    features={"to": Latest(0, "str")},
)
CHAIN = Derived(
    "chain",
    ("who",),
    ("str",),
    {"last": use_of(LAST, ("who",)), "past": use_of(VIEW, ("last.to",))},
    {"to": Column("last.to", "str"), "x": Column("past.x", "float")},
)
MANY = 100
WHO = [(f"e{number}",) for number in range(MANY)]
EXPECTED = [(f"t{number}", float(number)) for number in range(MANY)]


class Moving(MemoryOnline):
    """A store that counts what is read at once, and into which others write meanwhile."""

    def __init__(self):
        super().__init__()
        self.loads = []
        self.between = []

    def reader(self):
        """Return a reader that counts."""
        return MovingReader(self)


class MovingReader(MemoryReader):
    """Notes how many entities are loaded at once; then lets others write."""

    def load_all(self, asked, time):
        """Load, and be overtaken."""
        self._store.loads.append(len(asked))
        found = super().load_all(asked, time)
        if self._store.between:
            self._store.between.pop(0)()
        return found


def filled(store):
    """Return a store that knows where each entity goes, and what is known of that place."""
    for view in (LAST, VIEW):
        store.register(view)
        store.advance(view, 10)
    go(store, 20, EXPECTED)
    return store


def go(store, time, expected):
    """Write where entities go, and what is known there, in one transaction."""
    facts = []
    for place, (to, x) in enumerate(expected):
        facts.append(Fact(1, WHO[place], Event(time, time, (), (to,))))
        facts.append(Fact(2, (to,), Event(time, time, (time,), (x,))))
    store.write(facts)


def read(states, at=50, who=WHO):
    """Return the values of the chain."""
    return [each.values for each in ViewValues(CHAIN, states).read(who, at)]


def test_each_round_is_read_at_once():
    """A hundred entities of two rounds are two reads; in memory none, in any order and twice."""
    store = filled(Moving())
    states = States(store)
    assert EXPECTED == read(states)
    assert [MANY, MANY] == store.loads
    again = [3, 1, 3, 99]
    assert [EXPECTED[place] for place in again] == read(states, who=[WHO[place] for place in again])
    assert [MANY, MANY] == store.loads
    assert [] == read(states, who=[])


def test_walks_that_end_sooner_keep_no_other_waiting():
    """Nobody, an entity that nobody knows, and one that goes nowhere stand beside the others."""
    store = filled(Moving())
    store.write([Fact(1, ("home",), Event(20, 20, (), (None,)))])
    found = ViewValues(CHAIN, States(store)).read([(None,), ("who",), ("home",), WHO[7]], 50)
    nothing = [(None, None)] * 3
    assert [*nothing, ("t7", 7.0)] == [each.values for each in found]
    assert ["null", "not_found", "null", "present"] == [each.statuses[0] for each in found]


def test_how_a_value_was_found_is_told_by_what_was_looked_up_for_it():
    """Feature by feature, in each view below it; what happened last is the newest of all of that."""
    old = replace(VIEW, name="old", ttl_us=20)
    both = Derived(
        "both",
        ("who",),
        ("str",),
        {"last": use_of(LAST, ("who",)), "past": use_of(old, ("last.to",))},
        {
            "to": Column("last.to", "str"),
            "x": Column("past.x", "float"),
            "n": Column("past.n", "int"),
        },
    )
    above = Derived(
        "above",
        ("who",),
        ("str",),
        {"both": use_of(both, ("who",))},
        {"x": Column("both.x", "float")},
    )
    store = MemoryOnline()
    for view in (LAST, old):
        store.register(view)
        store.advance(view, 10)
    facts = [
        Fact(1, ("late",), Event(20, 20, (), ("there",))),
        Fact(2, ("there",), Event(60, 60, (1,), (0.5,))),
        Fact(1, ("stale",), Event(50, 50, (), ("then",))),
        Fact(2, ("then",), Event(30, 30, (2,), (0.5,))),
        Fact(1, ("lost",), Event(40, 40, (), ("nowhere",))),
    ]
    store.write(facts)
    who = [("late",), ("stale",), ("lost",), ("nobody",), (None,)]
    found = ViewValues(both, States(store)).read(who, 70)
    assert [60, 50, 40, None, None] == [each.happened for each in found]
    assert [
        ("present", "present", "present"),
        ("present", "outside_ttl", "present"),
        ("present", "null", "present"),
        ("not_found", "not_found", "not_found"),
        ("null", "null", "null"),
    ] == [each.statuses for each in found]
    found = ViewValues(above, States(store)).read(who, 70)
    assert ["present", "outside_ttl", "null", "not_found", "null"] == [
        each.statuses[0] for each in found
    ]


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_all_is_of_one_state_whatever_is_written_meanwhile(times):
    """Between two rounds all entities move on at once: nobody is seen half way."""
    store = filled(Moving())
    moves = [[(f"m{step}.{n}", 1000.0 * step + n) for n in range(MANY)] for step in range(1, 6)]
    store.between = [
        lambda step=step: go(store, 20 + step, moves[step - 1]) for step in range(1, times + 1)
    ]
    states = States(store)
    found = read(states)
    assert found in [EXPECTED, *moves]
    while store.between:
        store.between.pop(0)()
    assert moves[times - 1] == read(states)


def test_each_look_up_is_counted_once_however_often_it_is_begun():
    """A store that moved on meanwhile is no reason to count twice."""
    store = filled(Moving())
    store.between = [lambda: go(store, 21, EXPECTED), lambda: go(store, 22, EXPECTED)]
    counts = {view.name: [0] * len(COUNTS) for view in (LAST, VIEW)}
    states = States(store, counts=lambda view: counts[view.name])
    assert EXPECTED == read(states)
    assert [MANY, MANY] == [sum(each[:5]) for each in counts.values()]


def test_a_real_redis_is_asked_once_a_round(redis_server):
    """Cold and warm: scripts and questions for the version, counted by the server itself."""
    store = filled(RedisOnline(redis_server.settings()))
    states = States(store)
    values = ViewValues(CHAIN, states)
    values.read(WHO[:1], 50)

    def asked(work):
        def calls():
            said = redis_server.ask("INFO", "commandstats")
            return said["cmdstat_evalsha"]["calls"], said["cmdstat_hget"]["calls"]

        before = calls()
        work()
        return [after - each for each, after in zip(before, calls(), strict=True)]

    scripts, _ = asked(lambda: read(states))
    assert 2 == scripts
    scripts, versions = asked(lambda: read(states))
    assert (0, 1) == (scripts, versions)
    assert EXPECTED == read(states)
    states.close()
    store.close()
