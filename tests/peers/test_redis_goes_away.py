"""A Redis that is killed under a running server, and comes back: what clients are told, and what is true afterwards."""

import json
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import interplane as ip

sys.path.insert(0, str(Path(__file__).parents[1] / "views" / "online"))

from redis_server import RedisServer, redis_or_skip

from .conftest import Client

NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
HOUR = timedelta(hours=1)
FEATURES = ("miles", "rides_1d", "miles_3d")


@pytest.fixture
def redis_server():
    """A durable Redis that the test may kill."""
    redis_or_skip()
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def trips(trips, redis_server):
    """The project with its events in that Redis."""
    settings = redis_server.settings()
    with (trips.root / "interplane.toml").open("a") as file:
        file.write(
            f'\n[online]\nstore = "redis"\nurl = "{settings.url}"\nprefix = "{settings.prefix}"\n'
            "timeout_s = 5.0\n"
        )
    trips.must("materialize", "trips@1")
    return trips


def ride(rider="new", began=NOON):
    """A request."""
    return {
        "ride": 9_000_000, "rider": rider, "began_at": began.isoformat(), "zone": "north",
        "seats": 2,
    }  # fmt: skip


def end(number, miles=5.0, began=NOON - 2 * HOUR, rider="new"):
    """An event."""
    return {
        "ride": number, "rider": rider, "began_at": began.isoformat(),
        "ended_at": (began + HOUR).isoformat(), "miles": miles,
    }  # fmt: skip


PREDICT = "/v1/models/trips/predict"
READ = {"entities": [{"rider": "new"}, {"rider": "r3"}], "at": NOON.isoformat()}
FEAST = {
    "features": [f"history:{name}" for name in FEATURES],
    "entities": {"rider": ["new", "r3"]},
}


def frame(*events):
    """Events column by column, as Feast pushes them."""
    columns = {name: [each[name] for each in events] for name in events[0]}
    return {"push_source_name": "ends", "df": columns, "to": "online"}


ASKED = {
    "a prediction": (PREDICT, {"row": ride()}),
    "one with an id": (PREDICT, {"row": ride("r3"), "id": "kept"}),
    "a prediction of many": (PREDICT, {"rows": [ride(), ride("r3")]}),
    "features": ("/v1/features/history", READ),
    "features in Feast's form": ("/get-online-features", FEAST),
    "events": ("/v1/sources/ends/events", {"events": [end(1_000_001), end(1_000_002)]}),
    "events of a view": ("/v1/features/history/events", {"event": end(1_000_003)}),
    "events in Feast's form": ("/push", frame(end(1_000_004), end(1_000_005))),
}

READS = ("a prediction", "a prediction of many", "features", "features in Feast's form")


def metrics(client):
    """Return the counters of the page by name and labels."""
    status, text = client.send("GET", "/metrics")
    assert 200 == status
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#"]
    return {name: float(value) for name, value in lines}


def answered(counts, status):
    """Return how many requests were answered with a status."""
    return sum(
        value
        for name, value in counts.items()
        if name.startswith("interplane_requests_total") and f'"{status}"' in name
    )


def looked_up(counts):
    """Return how many look-ups were counted."""
    return sum(v for name, v in counts.items() if name.startswith("interplane_look_ups_total"))


def wait_for(client, path, body):
    """Ask until it is answered with 200; return the answer."""
    until = time.monotonic() + 30
    while True:
        status, answer = client.send("POST", path, body)
        if status == 200:
            return answer
        assert (503, True) == (status, time.monotonic() < until), answer
        time.sleep(0.05)


def test_it_is_said_while_it_is_away_and_all_is_as_before_when_it_is_back(trips, redis_server):
    """503 to whoever needs it, nothing out of memory; nothing half kept, nothing counted that was not."""
    with trips.served("--replay") as client:
        client.push(end(1_000_000, 9.0, NOON - 5 * HOUR))
        before = {name: wait_for(client, *ASKED[name]) for name in READS}
        counts = metrics(client)
        redis_server.kill()
        for name, (path, body) in ASKED.items():
            status, answer = client.send("POST", path, body)
            assert 503 == status, (name, answer)
            assert "the online store at unix:///" in answer["error"]["what"], (name, answer)
            assert answer["error"]["do"], name
        assert 200 == client.send("GET", "/livez")[0]
        away = metrics(client)
        assert len(ASKED) == answered(away, 503) - answered(counts, 503)
        assert looked_up(counts) == looked_up(away)
        redis_server.start()
        for name, expected in before.items():
            answer = wait_for(client, *ASKED[name])
            assert without_ids(expected) == without_ids(answer), name
        # Nothing of what was refused is there; the same pushes are taken whole.
        (found, _) = wait_for(client, *ASKED["features"])["entities"]
        assert {"miles": 9.0, "rides_1d": 1, "miles_3d": 9.0} == found["values"]
        taken = [wait_for(client, *ASKED[name])["new"] for name in list(ASKED)[5:]]
        assert [2, 1, 2] == taken
        (found, _) = wait_for(client, *ASKED["features"])["entities"]
        assert (5.0, 6) == (found["values"]["miles"], found["values"]["rides_1d"])
        score = client.predict(**ride())
        kept = [wait_for(client, *ASKED["one with an id"]) for _ in range(2)]
        assert kept[0] == kept[1]
        after = metrics(client)
        assert answered(away, 503) == answered(after, 503)
        assert answered(counts, 500) == answered(after, 500) == 0
    project = ip.Project.find(trips.root)
    row = {**ride(), "began_at": NOON}
    events = project.table("rides").sql(
        "SELECT ride, rider, began_at, ended_at, miles FROM self"
    ).to_rows()  # fmt: skip
    for pushed in (end(1_000_000, 9.0, NOON - 5 * HOUR), *map(end, range(1_000_001, 1_000_006))):
        times = {name: datetime.fromisoformat(pushed[name]) for name in ("began_at", "ended_at")}
        events.append({**pushed, **times})
    columns = {name: [each[name] for each in events] for name in events[0]}
    sources = {"ends": ip.Table.from_columns(columns)}
    rows = ip.Table.from_columns({name: [value] for name, value in row.items()})
    assert [score] == list(project.model("trips@1").predict(rows, sources=sources))


def without_ids(answer):
    """Return an answer without the names of its predictions."""
    found = json.loads(json.dumps(answer))
    for each in (found, *found.get("predictions", ())):
        each.pop("id", None)
    return found


def test_a_server_is_ready_when_its_redis_is(trips, redis_server):
    """It starts without one, and says so; when that comes, it answers."""
    redis_server.kill()
    with trips.served("--replay") as client:
        assert 503 == client.send("GET", "/readyz")[0]
        assert client.send("POST", PREDICT, {"row": ride()})[0] in {404, 503}
        redis_server.start()
        until = time.monotonic() + 60
        while client.send("GET", "/readyz")[0] != 200:
            assert time.monotonic() < until, "it does not become ready"
            time.sleep(0.1)
        assert 0 <= client.predict(**ride("r3")) <= 1


class Traffic:
    """Clients that push, read and predict until they are told to stop, and what they found wrong."""

    def __init__(self, url):
        self.url = url
        self.acknowledged = 0
        self.scores = set()
        self.problems = []
        self._stop = threading.Event()
        works = (self._push, self._read, self._predict, self._predict)
        self._threads = [threading.Thread(target=self._go_on, args=(work,)) for work in works]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, work):
        client = Client(self.url)
        while not self._stop.is_set():
            work(client)
        client.close()

    def _ask(self, client, path, body):
        """Return what was answered; None where the server said that it could not."""
        status, answer = client.send("POST", path, body)
        if status not in {200, 503}:
            self.problems.append(answer)
        return answer if status == 200 else None

    def _push(self, client):
        number = self.acknowledged
        began = NOON - 20 * HOUR + number * timedelta(seconds=1)
        event = end(2_000_000 + number, float(number), began, rider="pushed")
        if self._ask(client, "/v1/sources/ends/events", {"event": event}):
            self.acknowledged = number + 1

    def _read(self, client):
        least = self.acknowledged
        answer = self._ask(client, "/v1/features/history", PUSHED)
        most = self.acknowledged + 1
        if answer and not least <= rides_of(answer) <= most:
            self.problems.append((least, answer, most))

    def _predict(self, client):
        answer = self._ask(client, PREDICT, {"row": ride("r3")})
        if answer:
            self.scores.add(answer["score"])


PUSHED = {"entities": [{"rider": "pushed"}], "at": NOON.isoformat()}


def rides_of(answer):
    """Return how many rides of the last day the only entity has."""
    return answer["entities"][0]["values"]["rides_1d"]


@pytest.mark.crash
def test_killed_again_and_again_under_traffic(trips, redis_server):
    """Each answer is 503, or right for some moment of its request; what was acknowledged is kept."""
    with trips.served("--replay") as client:
        expected = client.predict(**ride("r3"))
        with Traffic(client.url) as traffic:
            for _ in range(3):
                time.sleep(0.5)
                redis_server.kill()
                time.sleep(0.2)
                redis_server.start()
            time.sleep(0.5)
        assert ([], {expected}) == (traffic.problems, traffic.scores)
        kept = rides_of(wait_for(client, "/v1/features/history", PUSHED))
        assert kept in {traffic.acknowledged, traffic.acknowledged + 1}
        assert traffic.acknowledged > 0
        assert 0 == answered(metrics(client), 500)
