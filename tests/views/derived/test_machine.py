"""Views on views, in whatever order events come: one row online, tables and the rule give the same bits."""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

sys.path.insert(0, str(Path(__file__).parent.parent / "online"))
from machine_stores import over_stores

from interplane.errors import RequestRejected
from interplane.testing.families import family, said, tables_of
from interplane.testing.histories import Past, histories, table_of
from interplane.views.derived import Derived, use_of, view_from_dict
from interplane.views.derived_join import look_up
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.union import source_table
from interplane.views.view import SOURCE_COLUMN, micros

DAY = date(2024, 2, 28)
SOMETHING = {
    "bool": True, "int": 1, "str": "a", "date": DAY,
    "timestamp": datetime(DAY.year, DAY.month, DAY.day),  # noqa: DTZ001 - times are UTC, and naive
}  # fmt: skip


def bits(values):
    """Return values in a form in which only the same ones are equal."""
    return [(type(value).__name__, repr(value)) for value in values]


def rows_of(past, view, count):
    """Random rows of a view's sources; each says which it is of."""
    rows = past.events(view, count)
    return [{**row, SOURCE_COLUMN: past.random.choice(view.sources)} for row in rows]


class Drawn(Past):
    """A past that shares what it is drawn from."""

    def __init__(self, random):
        super().__init__(random)
        self.random = random


def asking(past, uses, rows, times):
    """Return a row with a value for all that some uses are joined by: entities that there are, mostly."""
    named = {}
    for use in uses.values():
        for name, kind in zip(use.by, use.view.entity_types, strict=True):
            known = [
                row[column]
                for view, its in rows.items()
                for row in its
                for column in view.entity
                if view.columns[column] == kind
            ]
            often = known and past.random.random() < 0.85
            named[name] = past.random.choice(known) if often else past.value(kind)
    return {**named, "t": past.random.choice(times)}


def uses_of(made):
    """Return each view of a family, joined by columns of its own: ``d0_k0``."""
    return {
        view.name: use_of(view, tuple(f"{view.name}_{name}" for name in view.entity))
        for view in (*made.derived, *made.stored)
    }


class Machine(RuleBasedStateMachine):
    """Some views on views, two handles of a store, two readers; and lists of all rows so far."""

    def open(self):
        """Open a handle of the store."""
        raise NotImplementedError

    @initialize(random=st.randoms(use_true_random=False))
    def begin(self, random):
        """Draw the views and some rows of each; register the stored ones."""
        self.past = Drawn(random)
        self.family = family(random)
        self.rows = {view: [] for view in self.family.stored}
        self.pools = {view: rows_of(self.past, view, 25) for view in self.family.stored}
        self.stores = [self.open(), self.open()]
        self.numbers = {view: self.stores[0].register(view).number for view in self.family.stored}
        self.horizons = {}
        self.states = [States(self.stores[0], most_entities=2), States(self.stores[1])]
        self.uses = uses_of(self.family)
        self.readers = [LookUps(self.uses, states) for states in self.states]

    def times(self):
        """Return times around which something changes, from when on all can be read."""
        first = max(self.horizons.values())
        steps = [0, 1, -1]
        for view in self.family.stored:
            steps += [] if view.ttl_us is None else [view.ttl_us, view.ttl_us + 1]
        near = [
            row[name]
            for view, rows in self.rows.items()
            for row in rows[:10]
            for name in (view.event_time, view.known_at)
            if row[name] is not None
        ]
        found = (moved(time, step) for time in near for step in steps if step < 10**15)
        return [time for time in found if time is not None and micros(time) >= first]

    @rule()
    def push(self):
        """Write some rows of each view."""
        for view, pool in self.pools.items():
            rows = [self.past.random.choice(pool) for _ in range(self.past.random.randint(0, 6))]
            facts = [
                Fact(self.numbers[view], entity, event)
                for entity, events in histories(view, rows).items()
                for event in events
            ]
            self.past.random.choice(self.stores).write(facts)
            self.rows[view] += rows

    @rule()
    def materialize(self):
        """Bring tables in, of each source one; some rows were pushed before."""
        for view, pool in self.pools.items():
            rows = [*self.past.random.sample(pool, 10), *self.rows[view][:5]]
            source = source_table(view, tables_of(view, rows))
            since = self.past.time()
            done = materialize(self.stores[0], view, source, since=since)
            self.horizons[view] = done.horizon
            self.rows[view] += rows

    @precondition(lambda self: self.horizons)
    @rule()
    def compare(self):
        """Read rows one by one, and join them as a table: as the rule says."""
        times = self.times()
        if not times:
            return
        rows = [asking(self.past, self.uses, self.rows, times) for _ in range(5)]
        types = {
            name: kind
            for use in self.uses.values()
            for name, kind in zip(use.by, use.view.entity_types, strict=True)
        }
        tables = {}
        for view, its in self.rows.items():
            tables |= tables_of(view, its)
        asked = table_of(rows, {**types, "t": "timestamp"})
        joined = look_up(asked, self.uses, tables, time="t")
        found = [self.past.random.choice(self.readers).read(r, micros(r["t"])) for r in rows]
        for place, row in enumerate(rows):
            table = [column[place].as_py() for column in joined.values()]
            assert bits(self.expected(row)) == bits(table)
            assert bits(table) == bits(found[place])

    def expected(self, row):
        """Return what every view says, by the rule."""
        events = {view.name: histories(view, rows) for view, rows in self.rows.items()}
        return [
            value
            for use in self.uses.values()
            for value in said(use.view, events, tuple(row[n] for n in use.by), row["t"])
        ]

    @precondition(lambda self: self.horizons)
    @rule()
    def too_early(self):
        """Before the horizon of any view that it stands on, nothing is answered."""
        row = {
            name: SOMETHING[kind]
            for use in self.uses.values()
            for name, kind in zip(use.by, use.view.entity_types, strict=True)
        }
        with pytest.raises(RequestRejected, match="before what the online store keeps"):
            self.readers[1].read(row, max(self.horizons.values()) - 1)

    def teardown(self):
        """Give everything back."""
        for each in (*getattr(self, "states", ()), *getattr(self, "stores", ())):
            each.close()


def moved(time, by_us):
    """Return a later time; None beyond the years."""
    try:
        return time + timedelta(microseconds=by_us)
    except OverflowError:
        return None


TestOnDisk, TestInRedis, TestInMemory, _server = over_stores(
    Machine, examples=15, steps=10, redis_examples=8
)


@settings(max_examples=60, deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_the_json_form_reads_back(random):
    """Of every random view, with its digest; its parents are in it."""
    for view in family(random).derived:
        again = view_from_dict(view.to_dict())
        assert isinstance(again, Derived)
        assert (view.digest, view.types) == (again.digest, again.types)
        assert view.parents == again.parents
