"""Pushed events: one answer per push, after the commit; bad bodies are the client's, in words."""

import asyncio
import json
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.errors import StorageError
from interplane.serving.events import PushedEvents
from interplane.testing.memory_online import MemoryOnline
from interplane.views.online import SqliteOnline
from interplane.views.view import example, micros

VIEW = example()
ROW = {"who": "a", "at": "2024-05-01T12:00:00Z", "id": 1, "x": 0.5}
NOW = micros(datetime(2024, 5, 1, 12)) + 1_000_000  # noqa: DTZ001


class Store(MemoryOnline):
    """A store that counts its transactions, waits when told to, and may fail."""

    def __init__(self):
        super().__init__()
        self.number = self.register(VIEW).number
        self.transactions = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False

    def write(self, facts, *, edition=None):
        """Write, and note how much."""
        self.gate.wait(20)
        if self.fails:
            raise StorageError("no space left on the disk", do="Free some")
        self.transactions.append(len(facts))
        return super().write(facts, edition=edition)


@pytest.fixture
def store():
    """A store with one view."""
    return Store()


def body_of(plain):
    """Return a body; bytes as they are."""
    return plain if isinstance(plain, bytes) else json.dumps(plain).encode()


def push(store, *bodies, source="events", **settings):
    """Push bodies at the same time; return the statuses and what the answers say."""

    async def work():
        events = PushedEvents(store, **settings)
        pushes = (events.push(source, body_of(body), now_us=NOW) for body in bodies)
        answers = await asyncio.gather(*pushes)
        events.close()
        return answers

    return [(answer.status, json.loads(answer.body)) for answer in asyncio.run(work())]


def test_events_are_counted(store):
    """New ones, those that were known, and the columns that nobody reads."""
    rows = [ROW, ROW, {**ROW, "id": 2, "wind": 3}]
    assert [(200, {"new": 2, "known": 1, "unread": ["wind"]})] == push(store, {"events": rows})
    assert 2 == len(store.kept(store.number, ("a",)))


def test_one_event_has_a_form_of_its_own(store):
    """And an empty list is a push as well."""
    assert [(200, {"new": 1, "known": 0, "unread": []})] == push(store, {"event": ROW})
    assert [(200, {"new": 0, "known": 0, "unread": []})] == push(store, {"events": []})


def test_one_event_that_is_refused_is_an_error(store):
    """In the one shape, with the path."""
    ((status, answer),) = push(store, {"event": {**ROW, "x": "?"}})
    assert 422 == status
    assert "'?' at $.event.x" == answer["error"]["what"]
    assert {"path": "$.event.x"} == answer["error"]["details"]


def test_a_refused_row_is_not_to_be_overseen(store):
    """The others are taken; the status says that not all were."""
    ((status, answer),) = push(store, {"events": [ROW, {**ROW, "x": True}, 7, {**ROW, "id": 2}]})
    assert 422 == status
    details = answer["error"]["details"]
    assert (2, 0, []) == (details["new"], details["known"], details["unread"])
    assert [1, 2] == [each["index"] for each in details["refused"]]
    assert ["$.events[1].x", "$.events[2]"] == [
        each["error"]["details"]["path"] for each in details["refused"]
    ]
    assert 2 == len(store.kept(store.number, ("a",)))


def test_an_unknown_source_is_not_found(store):
    """With those that there are; whatever the name is."""
    ((status, answer),) = push(store, {"event": ROW}, source="event")
    assert (404, "unknown-name") == (status, answer["error"]["code"])
    assert "Did you mean 'events'?" in answer["error"]["do"]
    assert 404 == push(store, {"event": ROW}, source="\udc80\0" * 300)[0][0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b"7",
        b'"events"',
        b"{}",
        {"event": ROW, "events": [ROW]},
        {"event": ROW, "id": "7"},
        {"row": ROW},
        {"events": {}},
        {"events": None},
        b'{"event": {}, "event": {}}',
        b"[" * 100_000,
        b'{"events": ' + b"[" * 5000,
    ],
)
def test_a_body_that_is_no_push_is_refused(store, body):
    """400, in words, and nothing is written."""
    ((status, answer),) = push(store, body)
    assert (400, "malformed-request") == (status, answer["error"]["code"])
    assert answer["error"]["do"]
    assert [] == store.transactions


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("who", '"\\ud800"'),
        ("who", '"\\u0000"'),
        ("x", "NaN"),
        ("x", "-Infinity"),
        ("x", "1e999"),
        ("id", "99999999999999999999"),
        ("id", "9" * 2000),
        ("id", '{"a": 1, "a": 2}'),
        ("at", '"9999-12-31T23:59:59-12:00"'),
        ("known", '"0001-01-01T00:00:00+12:00"'),
    ],
)
def test_a_value_that_no_column_takes_is_refused(store, name, raw):
    """Exactly, with its path; never a fault of the server."""
    row = {**ROW, "known": ROW["at"]}
    parts = [f'"{key}": {raw if key == name else json.dumps(value)}' for key, value in row.items()]
    ((status, answer),) = push(store, f'{{"event": {{{", ".join(parts)}}}}}'.encode())
    assert (422, f"$.event.{name}") == (status, answer["error"]["details"]["path"])


@pytest.mark.parametrize("event", [b"null", b'{"who": "a", "who": "b"}', b'{"\\ud800": 1}'])
def test_an_event_that_is_no_row_is_refused(store, event):
    """Null, a name twice, a name that is no text."""
    ((status, answer),) = push(store, b'{"event": ' + event + b"}")
    assert (422, "$.event") == (status, answer["error"]["details"]["path"])


def test_too_many_rows_are_refused(store):
    """Before any is looked at."""
    ((status, answer),) = push(store, {"events": [ROW] * 4}, most_rows=3)
    assert (422, "4 rows at $.events") == (status, answer["error"]["what"])
    assert "at most 3" == answer["error"]["expected"]


def test_pushes_share_transactions(store):
    """Those that come while one is on its way go together; each gets its own answer."""
    store.gate.clear()
    threading.Timer(0.1, store.gate.set).start()
    bodies = [{"event": {**ROW, "id": number}} for number in range(50)]
    bodies.insert(7, b"nonsense")
    bodies.insert(9, {"event": {**ROW, "x": "?"}})
    answers = push(store, *bodies)
    assert {7: 400, 9: 422} == {
        place: status for place, (status, _) in enumerate(answers) if status != 200
    }
    assert 50 == sum(answer["new"] for status, answer in answers if status == 200)
    assert 50 == sum(store.transactions)
    assert len(store.transactions) <= 2


def test_a_group_has_a_bounded_size(store):
    """What is too much for one transaction goes with the next one."""
    rows = [{**ROW, "id": number, "note": "x" * 3000} for number in range(100)]
    answers = push(store, *[{"events": rows}] * 8)
    assert [200] * 8 == [status for status, _ in answers]
    assert 100 == sum(answer["new"] for _, answer in answers)
    assert len(store.transactions) >= 2


def test_a_storage_that_fails_is_said(store):
    """503 for what was to be written; what was wrong anyway is told so."""
    store.fails = True
    answers = push(store, {"event": ROW}, b"nonsense", {"event": ROW})
    assert [503, 400, 503] == [status for status, _ in answers]
    assert "no space left on the disk" == answers[0][1]["error"]["what"]
    store.fails = False
    assert [(200, {"new": 1, "known": 0, "unread": []})] == push(store, {"event": ROW})


def test_more_than_may_wait_is_turned_away(store):
    """503; the others are answered, and then there is room again."""
    store.gate.clear()
    threading.Timer(0.1, store.gate.set).start()
    size = len(body_of({"event": ROW}))
    answers = push(store, *[{"event": ROW}] * 5, waiting_bytes=size * 3)
    assert [200, 200, 200, 503, 503] == [status for status, _ in answers]
    assert 200 == push(store, {"event": ROW}, waiting_bytes=size * 3)[0][0]


def test_a_client_that_leaves_harms_no_other(store):
    """Its push may be written or not; those of others are answered."""
    store.gate.clear()

    async def work():
        events = PushedEvents(store)
        bodies = [body_of({"event": {**ROW, "id": number}}) for number in range(6)]
        tasks = [asyncio.create_task(events.push("events", body, now_us=NOW)) for body in bodies]
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        tasks[3].cancel()
        store.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        after = await events.push("events", bodies[0], now_us=NOW)
        events.close()
        return [getattr(answer, "status", type(answer).__name__) for answer in (*answers, after)]

    gone = "CancelledError"
    assert [gone, 200, 200, gone, 200, 200, 200] == asyncio.run(work())


def test_an_answer_comes_after_the_commit(tmp_path):
    """Another handle sees the event as soon as the answer is there; a later view gets its own."""
    path = tmp_path / "online.sqlite"
    store, other = SqliteOnline(path), SqliteOnline(path)
    store.register(VIEW)
    later = replace(VIEW, name="later", source="later")

    async def work():
        events = PushedEvents(store)
        for number in range(20):
            body = body_of({"event": {**ROW, "id": number}})
            answer = await events.push("events", body, now_us=NOW)
            assert (200, number + 1) == (answer.status, rows_of(other))
        assert 404 == (await events.push("later", body, now_us=NOW)).status
        other.register(later)
        assert 200 == (await events.push("later", body, now_us=NOW)).status
        events.close()

    asyncio.run(work())
    store.close()
    other.close()


def rows_of(store):
    """Return how many events a store has."""
    return store._connections.read(
        lambda connection: connection.execute("SELECT count(*) FROM event").fetchone()[0]
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*ROW, "event", "events"]), inner, max_size=4)
    ),
    max_leaves=12,
)
rows = st.fixed_dictionaries({name: st.just(value) | json_values for name, value in ROW.items()})
bodies = (
    st.binary(max_size=60)
    | json_values.map(json.dumps).map(str.encode)
    | st.lists(rows | json_values, max_size=3).map(
        lambda rows: json.dumps({"events": rows}).encode()
    )
    | rows.map(lambda row: json.dumps({"event": row}).encode())
)


@settings(deadline=None)  # of a busy machine
@given(body=bodies, cut=st.integers(0, 400))
def test_nothing_that_a_client_sends_is_a_fault_of_the_server(body, cut):
    """Whatever the bytes are: an answer in words, in valid JSON."""
    for sent in (body, body[:cut]):
        ((status, answer),) = push(Store(), sent)
        assert status in {200, 400, 422}
        assert ("error" in answer) == (status != 200)


def test_pushing_imports_no_engine():
    """What takes events in a server is light."""
    heavy = {"duckdb", "numpy", "pandas", "pyarrow"}
    program = f"import sys, interplane.serving.events; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "[]\n" == done.stdout
