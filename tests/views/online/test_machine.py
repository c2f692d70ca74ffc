"""Whatever is pushed and materialized in whatever order: what is read online is what History says."""

import sys
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

sys.path.insert(0, str(Path(__file__).parent))
from machine_stores import over_stores

from interplane.errors import NotFound, RequestRejected
from interplane.testing.histories import Past, histories, table_of
from interplane.views.history import History
from interplane.views.join import join
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.view import ViewUse, micros

ENTITIES = 3


def bits(values):
    """Return values in a form in which only the same ones are equal."""
    return [(type(value).__name__, repr(value)) for value in values]


class Machine(RuleBasedStateMachine):
    """One view, two stores' handles, two readers; and a list of all rows so far."""

    def open(self):
        """Open a handle of the store."""
        raise NotImplementedError

    @initialize(random=st.randoms(use_true_random=False))
    def begin(self, random):
        """Draw a view and some of its rows; register it."""
        self.random = random
        self.past = Past(random)
        self.view = self.past.view()
        self.pool = [
            row
            for row in self.past.events(self.view, 40)
            if None not in [row[name] for name in self.view.entity]
        ]
        self.entities = list(dict.fromkeys(self.view.entity_of(row) for row in self.pool))
        self.entities = self.entities[:ENTITIES]
        self.pool = [row for row in self.pool if self.view.entity_of(row) in self.entities]
        self.rows = []
        self.horizon = None
        self.stores = [self.open(), self.open()]
        self.number = self.stores[0].register(self.view).number
        self.states = [States(self.stores[0], most_entities=2), States(self.stores[1])]
        use = {"v": ViewUse(self.view, self.view.entity)}
        self.readers = [LookUps(use, states) for states in self.states]

    def some_rows(self, most):
        """Draw rows, some of which were drawn before."""
        count = self.random.randint(0, most) if self.pool else 0
        return [self.random.choice(self.pool) for _ in range(count)]

    def take(self, rows):
        """Note rows that the store was given."""
        self.rows += rows

    def facts(self, rows):
        """Return what rows say to the view."""
        return [
            Fact(self.number, entity, event)
            for entity, events in histories(self.view, rows).items()
            for event in events
        ]

    @rule()
    def push(self):
        """Write a few events, in any order, late ones and known ones among them."""
        rows = self.some_rows(6)
        self.random.choice(self.stores).write(self.facts(rows))
        self.take(rows)

    @rule()
    def push_again(self):
        """Write what was written before: nothing is new."""
        assert not any(self.random.choice(self.stores).write(self.facts(self.rows)))

    @rule(with_time=st.booleans())
    def materialize(self, with_time):
        """Bring a table in that overlaps with what was pushed; twice, the second changes nothing."""
        rows = [*self.some_rows(15), *self.rows[: len(self.rows) // 2]]
        since = self.past.time() if with_time or not self.facts(rows) else None
        table = table_of(rows, self.view.columns)
        done = materialize(self.stores[0], self.view, table, since=since)
        self.take(rows)
        asked = done.horizon if since is None else micros(since)
        assert done.horizon == max(asked, asked if self.horizon is None else self.horizon)
        self.horizon = done.horizon
        again = materialize(self.stores[1], self.view, table, since=since)
        assert (0, done.horizon) == (again.written, again.horizon)

    @rule(ahead=st.integers(0, 3))
    def advance(self, ahead):
        """Let go of the past."""
        time = micros(self.past.time()) + ahead
        now = self.stores[1].advance(self.view, time)
        assert now == (time if self.horizon is None else max(time, self.horizon))
        self.horizon = now

    @precondition(lambda self: self.horizon is not None and self.entities)
    @rule()
    def read(self):
        """Read at times around everything, by both readers."""
        by_entity = histories(self.view, self.rows)
        for _ in range(8):
            entity = self.random.choice(self.entities)
            time = self.draw_time()
            row = dict(zip(self.view.entity, entity, strict=True))
            reader = self.random.choice(self.readers)
            if time < self.horizon:
                with pytest.raises(RequestRejected, match="before what the online store keeps"):
                    reader.read(row, time)
                continue
            expected = History(self.view, by_entity.get(entity, ())).at(time).values
            assert bits(expected) == bits(reader.read(row, time))

    def draw_time(self):
        """Draw a time near an event, the horizon or the end of a window."""
        spans = [span for span, _ in self.view.window_slots]
        lengths = [each for span in spans for each in (span.delay_us, span.duration_us or 0)]
        lengths += [span.delay_us + (span.duration_us or 0) for span in spans]
        steps = [0, 1, -1, *(length for length in lengths if length < 10**15)]
        if self.view.ttl_us is not None and self.view.ttl_us < 10**15:
            steps += [self.view.ttl_us, self.view.ttl_us + 1]
        near = self.random.choice((micros(self.past.time()), self.horizon, self.horizon + 1))
        return near + self.random.choice(steps)

    @precondition(lambda self: self.horizon is None and self.entities)
    @rule()
    def read_too_soon(self):
        """Read before anything was materialized."""
        row = dict(zip(self.view.entity, self.entities[0], strict=True))
        with pytest.raises(NotFound, match="has no history"):
            self.readers[0].read(row, 0)

    @precondition(lambda self: self.horizon is not None and self.rows)
    @rule()
    def join(self):
        """Join all rows so far, as training does: the same values."""
        asking = self.past.asking(self.view, 4, by=self.view.entity)
        asking = [row for row in asking if row["t"] and micros(row["t"]) >= self.horizon]
        types = {name: self.view.columns[name] for name in self.view.entity} | {"t": "timestamp"}
        use = ViewUse(self.view, self.view.entity)
        source = table_of(self.rows, self.view.columns)
        joined = join(table_of(asking, types), use, source, time="t").to_pylist()
        for row, expected in zip(asking, joined, strict=True):
            found = self.readers[1].read(row, micros(row["t"]))
            assert bits(expected.values()) == bits(found)

    def teardown(self):
        """Give everything back."""
        for each in (*getattr(self, "states", ()), *getattr(self, "stores", ())):
            each.close()


TestOnDisk, TestInRedis, TestInMemory, _server = over_stores(
    Machine, examples=40, steps=20, redis_examples=15
)
