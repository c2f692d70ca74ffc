"""Features of entities over HTTP: exact values, truthful statuses, and refusals in words."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime

import pytest

from interplane.errors import StorageError, UnknownName
from interplane.expressions.nodes import Column
from interplane.serving.events import PushedEvents
from interplane.serving.feature_reads import FeatureReads
from interplane.serving.feature_values import FeatureViews
from interplane.testing.memory_online import MemoryOnline
from interplane.views.derived import Derived, use_of
from interplane.views.history import Event
from interplane.views.online_values import ViewValues
from interplane.views.ports import Fact
from interplane.views.states import States
from interplane.views.statuses import COUNTS
from interplane.views.view import example, micros

SECOND = 1_000_000
NOW = micros(datetime(2024, 5, 1, 12))  # noqa: DTZ001
VIEW = replace(example(), ttl_us=60 * SECOND)
PLACES = replace(
    example(), name="places", entity=("who", "day"), columns={**VIEW.columns, "day": "date"}
)
SEVERAL = replace(example(), name="several", more_sources=("more",))
TWICE = Derived(
    name="twice",
    entity=("who",),
    entity_types=("str",),
    parents={"once": use_of(VIEW, ("who",))},
    features={"x": Column("once.x", "float")},
)
VIEWS = {view.name: view for view in (VIEW, PLACES, SEVERAL, TWICE)}


class Bench:
    """A store with what is known of a few entities, and what reads it."""

    def __init__(self):
        self.store = MemoryOnline()
        for view in (VIEW, PLACES, SEVERAL):
            self.store.register(view)
        for view in (VIEW, PLACES):
            self.store.advance(view, NOW - 100 * SECOND)
        times = {"new": NOW - 5 * SECOND, "old": NOW - 90 * SECOND, "null": NOW - 5 * SECOND}
        for who, time in times.items():
            x = None if who == "null" else 0.1
            self.store.write([Fact(1, (who,), Event(time, time, (1,), (x,)))])

    def ask(self, what, *arguments, **settings):
        """Call a handler; return the status and what it says."""

        async def work():
            events = PushedEvents(self.store)
            reads = FeatureReads(
                FeatureViews(find, States(self.store)), events, service=service, **settings
            )
            answer = await getattr(reads, what)(*arguments, now_us=NOW)
            reads.close()
            events.close()
            return answer

        answer = asyncio.run(work())
        return answer.status, json.loads(answer.body)

    def read(self, plain, view="example", **settings):
        """Read features."""
        return self.ask("read", view, json.dumps(plain).encode(), **settings)


def find(name):
    """Return a view by its name."""
    if name in VIEWS:
        return VIEWS[name]
    raise UnknownName.of("feature view", name, VIEWS)


def service(name):
    """There is no feature service here."""
    raise UnknownName.of("feature service", name, ())


@pytest.fixture
def bench():
    """A store."""
    return Bench()


def entities(*names):
    """Return entities by name."""
    return {"entities": [{"who": name} for name in names]}


def test_each_value_says_how_it_was_found(bench):
    """Present, null, of nobody, of an entity that nobody knows, and too old."""
    status, answer = bench.read(entities("new", "null", None, "unknown", "old"))
    assert 200 == status
    assert ("example", VIEW.digest, "2024-05-01T12:00:00Z") == (
        answer["view"],
        answer["version"],
        answer["at"],
    )
    found = answer["entities"]
    assert [0.1, None, None, None, None] == [each["values"]["x"] for each in found]
    assert ["present", "null", "null", "not_found", "outside_ttl"] == [
        each["statuses"]["x"] for each in found
    ]
    # What a prediction would be given: a count over nothing is 0.
    assert [0, 0, None, 0, 0] == [each["values"]["n"] for each in found]
    assert ["present", "present", "null", "not_found", "present"] == [
        each["statuses"]["n"] for each in found
    ]
    assert ["2024-05-01T11:59:55Z", None, None, "2024-05-01T11:58:30Z"] == [
        each["event_time"] for each in (found[0], found[2], found[3], found[4])
    ]


@pytest.mark.parametrize("view", ["example", "twice"])
def test_an_answer_says_how_long_it_holds(bench, view):
    """Until a value is too old, though no event comes; null where it holds for ever."""
    found = bench.read(entities("new", "old", "unknown", None), view)[1]["entities"]
    until = "2024-05-01T12:00:55.000001Z"
    assert [until, None, None, None] == [each["valid_until"] for each in found]
    last = {**entities("new"), "at": "2024-05-01T12:00:55Z"}
    assert [found[0]] == bench.read(last, view)[1]["entities"]
    (after,) = bench.read({**entities("new"), "at": until}, view)[1]["entities"]
    assert (None, None) == (after["values"]["x"], after["valid_until"])


def test_a_view_on_views_looks_each_up_once(bench):
    """Its values and how they were found come of one look-up, which is counted once."""
    counts = [0] * len(COUNTS)
    states = States(bench.store, counts=lambda _view: counts)
    ViewValues(VIEWS["twice"], states).read([("new",), (None,)], NOW)
    assert [1, 0, 0, 0, 1] == counts[:5]


def test_some_features_at_some_time(bench):
    """In the order that was asked for."""
    asked = {**entities("new"), "features": ["n", "x"], "at": "2024-05-01T11:59:55Z"}
    status, answer = bench.read(asked)
    assert 200 == status
    assert {"values": {"n": 1, "x": 0.1}, "at": "2024-05-01T11:59:55Z"} == {
        "values": answer["entities"][0]["values"],
        "at": answer["at"],
    }
    assert ["n", "x"] == list(answer["entities"][0]["values"])
    assert [] == bench.read({"entities": []})[1]["entities"]


def test_entities_of_several_columns(bench):
    """Each value of its type."""
    row = {"who": "a", "day": "2024-05-01"}
    status, answer = bench.read({"entities": [row]}, "places")
    assert (200, "not_found") == (status, answer["entities"][0]["statuses"]["x"])


def test_views_on_views_are_read_too(bench):
    """By the same statuses."""
    status, answer = bench.read(entities("new", "null", "unknown"), "twice")
    assert 200 == status
    assert [({"x": 0.1}, {"x": "present"}), ({"x": None}, {"x": "null"})] == [
        (each["values"], each["statuses"]) for each in answer["entities"][:2]
    ]
    assert {"x": "not_found"} == answer["entities"][2]["statuses"]


def test_the_infinite_is_said(bench):
    """JSON has no number for it, and null would not be true."""
    bench.store.write([Fact(1, ("far",), Event(NOW, NOW, (1,), (float("-inf"),)))])
    _, answer = bench.read(entities("far"))
    assert "-Infinity" == answer["entities"][0]["values"]["x"]


@pytest.mark.parametrize(
    ("plain", "status", "why"),
    [
        ([], 400, "the request is"),
        ({"entities": {}}, 400, "the request is"),
        ({"entities": [], "feature": ["x"]}, 400, "the request has 'feature' at"),
        ({"entities": [], "features": "x"}, 400, "at $.features"),
        ({"entities": [7]}, 422, "7 at $.entities[0]"),
        ({"entities": [{}]}, 422, "$.entities[0].who is missing"),
        ({"entities": [{"who": "a", "x": 1}]}, 422, "'x' at $.entities[0] does not name"),
        ({"entities": [{"who": 5}]}, 422, "5 at $.entities[0].who"),
        ({"entities": [], "features": ["y"]}, 404, "no feature 'y' in the feature view example"),
        ({"entities": [], "at": "noon"}, 422, "'noon' at $.at"),
        ({"entities": [{"who": "a"}], "at": "2020-01-01"}, 422, "'2020-01-01' at $.at"),
        ({"entities": [{"who": "a"}], "at": "2020-01-01T00:00:00Z"}, 422, "is before what"),
    ],
)
def test_what_is_no_request_is_refused(bench, plain, status, why):
    """With its path."""
    found, answer = bench.read(plain)
    assert status == found
    assert why in answer["error"]["what"]


def test_bad_bytes_are_refused(bench):
    """As everywhere."""
    assert 400 == bench.ask("read", "example", b"{")[0]
    assert 400 == bench.ask("read", "example", b"[" * 999)[0]


def test_the_number_of_entities_is_bounded(bench):
    """By a limit that is said."""
    status, answer = bench.read(entities("a", "b", "c"), most_entities=2)
    assert (422, "at most 2") == (status, answer["error"]["expected"])


def test_views_that_are_not_there(bench):
    """By name, by history, and one of a store that is down."""
    status, answer = bench.read(entities("a"), "exmaple")
    assert (404, True) == (status, "Did you mean 'example'?" in answer["error"]["do"])
    status, answer = bench.read(entities("a"), "several")
    assert (404, True) == (status, "has no history" in answer["error"]["what"])
    bench.store.kept = lambda *_: fails()
    assert 503 == bench.read(entities("new"))[0]


def fails():
    """Fail as a store does."""
    raise StorageError("the disk is away", do="Try again")


def test_events_are_pushed_by_the_name_of_a_view(bench):
    """They go to its source, and are answered as there."""
    row = {"who": "pushed", "at": "2024-05-01T11:59:59Z", "id": 5, "x": 2.5}
    body = json.dumps({"event": {**row, "day": "2024-05-01", "wind": 1}}).encode()
    assert (200, {"new": 1, "known": 0, "unread": ["wind"]}) == bench.ask("push", "example", body)
    _, answer = bench.read(entities("pushed"))
    assert {"x": 2.5, "n": 0} == answer["entities"][0]["values"]
    assert 422 == bench.ask("push", "example", b'{"event": {}}')[0]
    assert 404 == bench.ask("push", "nobody", body)[0]
    assert 400 == bench.ask("push", "example", b"{}")[0]


def test_a_view_of_several_sources_asks_which(bench):
    """What is pushed is a row of one of them."""
    status, answer = bench.ask("push", "several", b'{"events": []}')
    assert 422 == status
    assert "/v1/sources/events/events or /v1/sources/more/events" in answer["error"]["do"]


def test_a_view_on_views_of_several_sources_asks_which_too(bench, monkeypatch):
    """One that stands on a single source takes events by its name."""
    use = use_of(SEVERAL, ("who",))
    both = Derived("both", ("who",), ("str",), {"one": use}, {"x": Column("one.x", "float")})
    monkeypatch.setitem(VIEWS, "both", both)
    status, answer = bench.ask("push", "both", b'{"events": []}')
    assert (422, "the feature view both takes events of 2 sources") == (
        status,
        answer["error"]["what"],
    )
    assert 200 == bench.ask("push", "twice", b'{"events": []}')[0]
