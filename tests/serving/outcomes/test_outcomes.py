"""Pushed outcomes: one answer per push, after the commit; bad bodies are the client's, in words."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import StorageError, UnknownName
from interplane.outcomes.pieces import kept_of
from interplane.outcomes.store import SqliteOutcomes
from interplane.serving.outcomes import PushedOutcomes
from interplane.testing.memory_outcomes import MemoryOutcomes

NOW = 1_370_067_300_000_000
KEYS = {"flights": {"flight_id": "str", "day": "date"}, "taxis": {}}
ROW = {"key": {"flight_id": "UA1", "day": "2013-06-01"}, "value": True}
ID = "0123456789abcdef" * 2


class Store(MemoryOutcomes):
    """A store that counts its transactions, waits when told to, and may fail."""

    def __init__(self):
        super().__init__()
        self.transactions = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False

    def add(self, outcomes, *, bulk=False):
        """Add, and note how many."""
        self.gate.wait(20)
        if self.fails:
            raise StorageError("no space left on the disk", do="Free some")
        self.transactions.append(len(outcomes))
        return super().add(outcomes, bulk=bulk)


def keys(model):
    """Return the key of a model, as the catalog would."""
    if model not in KEYS:
        raise UnknownName.of("model", model, KEYS)
    return KEYS[model]


@pytest.fixture
def store():
    """An empty store."""
    return Store()


def body_of(plain):
    """Return a body; bytes as they are."""
    return plain if isinstance(plain, bytes) else json.dumps(plain).encode()


def push(store, *bodies, model="flights", now_us=NOW, **settings):
    """Push bodies at the same time; return the statuses and what the answers say."""

    async def work():
        outcomes = PushedOutcomes(store, keys, **settings)
        pushes = (outcomes.push(model, body_of(body), now_us=now_us) for body in bodies)
        answers = await asyncio.gather(*pushes)
        outcomes.close()
        return answers

    return [(answer.status, json.loads(answer.body)) for answer in asyncio.run(work())]


def there(store, model="flights"):
    """Return what is kept."""
    return [each.outcome for each in kept_of(model, store.read(model))]


def refusal(store, row, **settings):
    """Push one row that is refused; return what is said of it, and the path."""
    ((status, answer),) = push(store, {"outcome": row}, **settings)
    assert 422 == status, answer
    error = answer["error"]
    return error["what"], error["details"]["path"], f"{error['expected']}. {error['do']}"


def test_outcomes_are_counted(store):
    """New ones and those that were known."""
    rows = [ROW, ROW, {**ROW, "value": False}, {"id": ID, "value": 0.5, "name": "clicked"}]
    assert [(200, {"new": 3, "known": 1})] == push(store, {"outcomes": rows})
    first, second, third = there(store)
    assert (ROW["key"], True, NOW, NOW) == (
        first.key,
        first.value,
        first.known_at_us,
        first.received_at_us,
    )
    assert ("label", False) == (second.name, second.value)
    assert (ID, "clicked", 0.5) == (third.prediction_id, third.name, third.value)


def test_one_outcome_has_a_form_of_its_own(store):
    """And an empty list is a push as well."""
    assert [(200, {"new": 1, "known": 0})] == push(store, {"outcome": ROW})
    assert [(200, {"new": 0, "known": 0})] == push(store, {"outcomes": []})


def test_a_retry_changes_nothing(store):
    """With a known-at time or without one, also a moment later."""
    timed = {**ROW, "known_at": "2013-06-01T06:00:00Z", "value": False}
    assert [(200, {"new": 2, "known": 0})] == push(store, {"outcomes": [timed, ROW]})
    assert [(200, {"new": 0, "known": 2})] == push(
        store, {"outcomes": [timed, ROW]}, now_us=NOW + 5_000_000
    )


def test_a_refused_row_is_not_to_be_overseen(store):
    """The others are taken; the status says that not all were."""
    rows = [ROW, {**ROW, "value": "yes"}, 7, {"id": ID, "value": None}]
    ((status, answer),) = push(store, {"outcomes": rows})
    assert 422 == status
    details = answer["error"]["details"]
    assert (2, 0) == (details["new"], details["known"])
    assert [(1, "$.outcomes[1].value"), (2, "$.outcomes[2]")] == [
        (each["index"], each["error"]["details"]["path"]) for each in details["refused"]
    ]
    assert 2 == len(there(store))


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"value": "1"}, "value", "true or false, a finite number, or null"),
        ({"value": 2**53 + 1}, "value", "true or false"),
        ({"value": [1]}, "value", "true or false"),
        ({"name": "Clicked!"}, "name", "small letters"),
        ({"name": None}, "name", "a name such as"),
        ({"known_at": "yesterday"}, "known_at", "a time such as"),
        ({"known_at": 7}, "known_at", "a time such as"),
        ({"known_at": "2013-06-01T06:20:01Z"}, "known_at", "at most five minutes ahead"),
        ({"key": {"flight_id": "UA1"}}, "key.day", "the key of flights: flight_id, day"),
        ({"key": {**ROW["key"], "dya": 1}}, "key", "the key of flights: flight_id, day"),
        ({"key": {**ROW["key"], "flight_id": 7}}, "key.flight_id", "text"),
        ({"key": {**ROW["key"], "flight_id": None}}, "key.flight_id", "text"),
        ({"key": {**ROW["key"], "day": "1.6.2013"}}, "key.day", "a date such as"),
        ({"key": "UA1"}, "key", "an object with flight_id, day"),
        ({"id": ID}, "", "in one way"),
        ({"vlaue": 3}, "", "id or key, value"),
    ],
)
def test_a_wrong_row_is_refused_with_its_path(store, change, path, says):
    """And with what was expected; nothing of it is kept."""
    _, at, expected = refusal(store, {**ROW, **change})
    assert ".".join(["$.outcome", *([path] if path else [])]) == at
    assert says in expected
    assert [] == there(store)


@pytest.mark.parametrize("row", [{"value": 1}, {"id": ID}, {"id": "a7", "value": 1}, {}, None, []])
def test_a_row_needs_a_target_and_a_value(store, row):
    """A value that was forgotten would be a null that nobody meant."""
    refusal(store, row)
    assert [] == there(store)


def test_a_model_without_a_key_takes_ids(store):
    """The message says how to have a key."""
    assert [(200, {"new": 1, "known": 0})] == push(
        store, {"outcome": {"id": ID, "value": 1}}, model="taxis"
    )
    what, _, do = refusal(store, ROW, model="taxis")
    assert "the requests of taxis have no key" in what
    assert "declare key=[…]" in do


def test_times_ahead_are_taken_in_a_replay(store):
    """History is served as if it were now."""
    row = {**ROW, "known_at": "2033-06-01T06:20:01Z"}
    assert [(200, {"new": 1, "known": 0})] == push(store, {"outcome": row}, replay=True)


def test_an_unknown_model_is_not_found(store):
    """With those that there are; whatever the name is."""
    ((status, answer),) = push(store, {"outcome": ROW}, model="flihgts")
    assert (404, "unknown-name") == (status, answer["error"]["code"])
    assert "Did you mean 'flights'?" in answer["error"]["do"]


def test_pushes_that_wait_share_a_transaction(store):
    """The first goes at once, the others together; each gets its own answer."""
    store.gate.clear()
    timer = threading.Timer(0.3, store.gate.set)
    timer.start()
    bodies = [{"outcome": {"id": f"{n:032x}", "value": n % 2 == 0}} for n in range(40)]
    answers = push(store, *bodies, {"outcome": {"value": 1}}, b"{", {"outcomes": []})
    assert [(200, {"new": 1, "known": 0})] * 40 == answers[:40]
    assert [422, 400, 200] == [status for status, _ in answers[40:]]
    assert sum(store.transactions) == 40
    assert len(store.transactions) <= 2
    timer.join()


def test_a_store_that_fails_is_not_acknowledged(store):
    """503 for what would have been written, and only for that."""
    store.fails = True
    (failed, malformed) = push(store, {"outcome": ROW}, b"[")
    assert (503, "storage") == (failed[0], failed[1]["error"]["code"])
    assert 400 == malformed[0]
    store.fails = False
    assert [(200, {"new": 1, "known": 0})] == push(store, {"outcome": ROW})


def test_what_waits_is_bounded(store):
    """More is told to come again."""
    ((status, answer),) = push(store, {"outcomes": [ROW] * 100}, waiting_bytes=1_000)
    assert 503 == status
    assert "more outcomes wait" in answer["error"]["what"]


@given(
    plain=st.recursive(
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers()
        | st.text(max_size=5)
        | st.just(ROW),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["outcome", "outcomes", "key", "id", "value", "known_at", "name"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_comes_is_answered(plain):
    """200, 400 or 422, and valid JSON."""
    ((status, answer),) = push(Store(), json.dumps(plain).encode())
    assert status in {200, 400, 422}
    assert ("new" in answer) is (status == 200)


def test_a_server_needs_no_heavy_import(tmp_path):
    """From the bytes to the commit."""
    program = f"""
import asyncio, sys
from pathlib import Path
from interplane.outcomes.store import SqliteOutcomes
from interplane.serving.outcomes import PushedOutcomes
store = SqliteOutcomes(Path({str(tmp_path)!r}) / "o.sqlite")
async def work():
    outcomes = PushedOutcomes(store, lambda model: {{"flight_id": "str"}})
    body = b'{{"outcome": {{"key": {{"flight_id": "UA1"}}, "value": true}}}}'
    answer = await outcomes.push("flights", body, now_us=7)
    outcomes.close()
    return answer.status
assert asyncio.run(work()) == 200
print(sorted({{"duckdb", "numpy", "pandas", "pyarrow"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert "[]\n" == done.stdout


def test_two_workers_write_to_one_file(tmp_path):
    """Each outcome is there once, and each push has its own answer."""

    async def work():
        stores = [SqliteOutcomes(tmp_path / "outcomes.sqlite") for _ in range(2)]
        workers = [PushedOutcomes(store, keys) for store in stores]
        bodies = [
            body_of({"outcomes": [{"id": f"{n:032x}", "value": 1} for n in range(at, at + 5)]})
            for at in range(0, 50, 2)
        ]
        answers = await asyncio.gather(
            *(
                worker.push("flights", body, now_us=NOW + place)
                for place, body in enumerate(bodies)
                for worker in workers
            )
        )
        for worker, store in zip(workers, stores, strict=True):
            worker.close()
            store.close()
        return answers

    answers = [json.loads(answer.body) for answer in asyncio.run(work())]
    assert 53 == sum(answer["new"] for answer in answers)
    assert 50 * 5 == sum(answer["new"] + answer["known"] for answer in answers)
