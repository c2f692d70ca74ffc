"""Refreshing while everything is read: reads never stop, and no value of any kind moves backwards."""

import random
import threading
from datetime import datetime, timedelta

import pytest

import interplane as ip
from interplane.testing.memory_online import MemoryOnline
from interplane.views.derived_join import look_up
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.states import States
from interplane.views.union import source_table
from interplane.views.view import micros

BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
ASKED = BEGIN + timedelta(days=40)
PEOPLE = [f"p{number}" for number in range(6)]
STATES = 5


@ip.feature_view(
    source=["web", "shop"], entity="who", event_time="t", known_at="known", ttl="90d", key="id"
)
def orders(events):
    """Every kind of feature."""
    return {
        "latest": events.spent,
        "week": events.spent.sum().over(ip.last("30d")),
        "mean": events.spent.mean().over(ip.last("40d", delay="2d")),
        "fifty": events.spent.mean().over(ip.last(50)),
        "total": events.count().over(ip.lifetime()),
        "first": events.spent.first().over(ip.lifetime()),
        "kinds": events.kind.count_distinct().over(ip.last("90d")),
    }


@ip.feature_view(source="web", entity="kind", event_time="t", known_at="known", key="id")
def kinds(events):
    """Of what was bought."""
    return {"total": events.count().over(ip.lifetime())}


@ip.feature_view(source="web", entity="who", event_time="t", known_at="known")
def taste(events):
    """What somebody bought last."""
    return {"kind": events.kind}


@ip.feature_view(entity="who")
def share(own=orders, last=taste, of_kind=kinds.by("last.kind")):
    """On top of all of them."""
    return {"mean": own.week / own.total, "share": own.total / of_kind.total, "kind": last.kind}


def rows(count, seed):
    """Made-up orders, corrections of them among them."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        happened = BEGIN + timedelta(minutes=draw.randrange(30 * 1440))
        found.append(
            {
                "id": draw.randrange(count) if draw.random() < 0.1 else number,
                "who": draw.choice(PEOPLE),
                "kind": draw.choice("abc"),
                "spent": round(draw.uniform(1, 90), 2),
                "t": happened,
                "known": happened + timedelta(minutes=draw.choice((0, 5, 3000))),
            }
        )
    return found


def table(several):
    """Rows as a table."""
    return ip.Table.from_columns({name: [row[name] for row in several] for name in several[0]})


def tables(web, shop, state):
    """The tables after so many refreshes: each time more of everything has arrived."""
    share = (state + 1) / STATES
    return {
        "web": table(web[: max(1, int(len(web) * share))]),
        "shop": table(shop[: max(1, int(len(shop) * share))]),
    }


def uses_of(types):
    """All views, by what somebody is called."""
    return {
        "orders": orders.use(types, ("who",)),
        "taste": taste.use(types, ("who",)),
        "share": share.use(types, ("who",)),
    }


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    """A store, and a second handle that reads."""
    if request.param == "memory":
        store = MemoryOnline()
        yield store, store
        return
    handles = SqliteOnline(tmp_path / "online.sqlite"), SqliteOnline(tmp_path / "online.sqlite")
    yield handles
    for each in handles:
        each.close()


def test_reads_go_on_and_no_value_moves_backwards(store):
    """Each row read is that of one state of each view, and states only follow one another."""
    writing, reading = store
    web, shop = rows(900, 1), rows(600, 2)
    types = {name: each.types for name, each in tables(web, shop, 0).items()}
    uses = uses_of(types)
    stored = [uses["orders"].view, uses["taste"].view, kinds.use(types, ("kind",)).view]
    asking = ip.Table.from_columns({"who": PEOPLE, "t": [ASKED] * len(PEOPLE)})
    expected = []
    for state in range(STATES):
        found = look_up(asking, uses, tables(web, shop, state), time="t")
        expected.append(list(zip(*(column.to_pylist() for column in found.values()), strict=True)))

    def refresh(state):
        given = tables(web, shop, state)
        for view in stored:
            materialize(writing, view, source_table(view, given), since=BEGIN)

    refresh(0)
    states = States(reading, most_entities=8)
    look_ups, stop, seen = LookUps(uses, states), threading.Event(), {who: [] for who in PEOPLE}

    def read():
        while not stop.is_set():
            for who in PEOPLE:
                values = look_ups.read({"who": who}, micros(ASKED))
                if not seen[who] or seen[who][-1] != values:
                    seen[who].append(values)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for state in range(1, STATES):
            refresh(state)
            refresh(state)  # again: nothing is new
    finally:
        stop.set()
        reader.join()
    width = len(uses["orders"].view.types)
    for place, who in enumerate(PEOPLE):
        own = [one[place] for one in expected]
        assert list(own[-1]) == look_ups.read({"who": who}, micros(ASKED))
        check_moments([one[:width] for one in own], [tuple(each[:width]) for each in seen[who]])
        check_rows([dict(zip(look_ups.names, values, strict=True)) for values in seen[who]])
    states.close()


def check_moments(own, seen):
    """What was read of a view, one after the other, are its states in their order."""
    moments = [own.index(values) for values in seen]
    assert sorted(moments) == moments


def check_rows(seen):
    """What stands on views is of the same state as they are, in every row; totals only grow."""
    for row in seen:
        assert row["share.mean"] == row["orders.week"] / row["orders.total"]
        assert row["share.kind"] == row["taste.kind"]
    totals = [row["orders.total"] for row in seen]
    assert sorted(totals) == totals
