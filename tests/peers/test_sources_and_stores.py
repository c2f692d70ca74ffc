"""What the peers' users miss, of views of several sources on one another, in either online store."""

import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import interplane as ip

sys.path.insert(0, str(Path(__file__).parents[1] / "views" / "online"))

from redis_server import RedisServer, redis_or_skip

from .conftest import Trips

pytestmark = pytest.mark.xdist_group("two sources")

NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

VIEWS = """

@ip.feature_view(
    source="calls", entity="zone", event_time="at", key="call", ttl="1d"
)
def demand(calls):
    return {"seats": calls.seats, "calls_1h": calls.count().over(ip.last("1h"))}


@ip.feature_view(entity=["rider", "zone"])
def trend(past=history.by("rider"), demand=demand.by("zone")):
    return {
        "fresh": past.miles,
        "seats": demand.seats,
        "busy": past.miles_3d * demand.calls_1h,
    }


@pipeline.step
def calls(rides: ip.Table) -> ip.Table:
    return rides.sql("SELECT ride AS call, zone, began_at AS at, seats FROM self")


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider"), trend=trend.by("rider", "zone")):
    return {"fresh": trend.fresh, "trend_seats": trend.seats, "busy": trend.busy,
"""
CHANGES = (
    (
        """

@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider")):
    return {
""",
        VIEWS,
    ),
    ('pipeline = ip.Pipeline("trips", inputs={"rides": rides})\n', ""),
    (
        "\n\n@ip.feature_view(",
        '\n\npipeline = ip.Pipeline("trips", inputs={"rides": rides})\n\n\n@ip.feature_view(',
    ),
    ("ends: ip.Table):\n    return ride", "ends: ip.Table, calls: ip.Table):\n    return ride"),
    ("test: ip.Table, ends: ip.Table)", "test: ip.Table, ends: ip.Table, calls: ip.Table)"),
    ('sources={"ends": ends}', 'sources={"ends": ends, "calls": calls}'),
)


@pytest.fixture(scope="module")
def redis_server():
    """A durable Redis of this module."""
    redis_or_skip()
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def trained(tmp_path_factory, _made):
    """The project with two sources and a view on both views, trained."""
    trips = Trips(tmp_path_factory.mktemp("two-sources") / "trips")
    shutil.copytree(_made, trips.root, symlinks=True)
    code = trips.root / "trips.py"
    text = code.read_text()
    for place, (old, new) in enumerate(CHANGES):
        assert old in text, place
        text = text.replace(old, new, 1 if place < 3 else -1)
    code.write_text(text)
    trips.must("run")
    return trips.root


@pytest.fixture(params=["sqlite", "redis"])
def trips(request, tmp_path, trained):
    """A copy of it, materialized, deployed."""
    trips = Trips(tmp_path / "trips")
    shutil.copytree(trained, trips.root, symlinks=True)
    if request.param == "redis":
        settings = request.getfixturevalue("redis_server").settings()
        with (trips.root / "interplane.toml").open("a") as file:
            file.write(
                f'\n[online]\nstore = "redis"\nurl = "{settings.url}"\nprefix = "{settings.prefix}"\n'
                "timeout_s = 20.0\n"
            )
    trips.must("materialize", "trips@2")
    trips.must("deploy", "trips@2", "--reason", "two sources")
    return trips


def ride(began, rider="new", zone="harbour", **columns):
    """A request."""
    return {
        "ride": 9_000_000, "rider": rider, "began_at": began.isoformat(), "zone": zone,
        "seats": 2, **columns,
    }  # fmt: skip


def end(number, began, miles, rider="new"):
    """An event: a ride that ended an hour later."""
    return {
        "ride": number, "rider": rider, "began_at": began.isoformat(),
        "ended_at": (began + HOUR).isoformat(), "miles": miles,
    }  # fmt: skip


def call(number, at, seats, zone="harbour"):
    """An event of the other source."""
    return {"call": number, "zone": zone, "at": at.isoformat(), "seats": seats}


def push(client, source, *events):
    """Push events, all of which are taken."""
    status, answer = client.send("POST", f"/v1/sources/{source}/events", {"events": list(events)})
    assert 200 == status, answer


def read(client, view, at, **entity):
    """Return a view's values of an entity."""
    body = {"entities": [entity], "at": at.isoformat()}
    status, answer = client.send("POST", f"/v1/features/{view}", body)
    assert 200 == status, answer
    return answer


def sources_of(project, ends=(), calls=()):
    """The tables that the views read, with further events."""
    rides = project.table("rides")
    known = rides.sql("SELECT ride, rider, began_at, ended_at, miles FROM self").to_rows()
    called = rides.sql("SELECT ride AS call, zone, began_at AS at, seats FROM self").to_rows()
    for event in ends:
        known.append(
            {**event, **{n: datetime.fromisoformat(event[n]) for n in ("began_at", "ended_at")}}
        )
    for event in calls:
        called.append({**event, "at": datetime.fromisoformat(event["at"])})
    return {
        name: ip.Table.from_columns({key: [row[key] for row in rows] for key in rows[0]})
        for name, rows in (("ends", known), ("calls", called))
    }


def scored(project, requests, sources):
    """What the model says of requests in batch."""
    rows = [{**each, "began_at": datetime.fromisoformat(each["began_at"])} for each in requests]
    table = ip.Table.from_columns({name: [row[name] for row in rows] for name in rows[0]})
    model = project.model("trips@2")
    return model.predict(table, sources=sources), model.features.widen(table, sources=sources)


def test_1_a_value_older_than_its_time_to_live_is_null_in_training_and_online(trips):
    """Two days of one parent and one of the other: to the microsecond, each by its own."""
    project = ip.Project.find(trips.root)
    ends, calls = [end(1_000_001, NOON - 2 * DAY, 7.0)], [call(1_000_002, NOON - DAY, 3)]
    requests = [ride(NOON), ride(NOON + MICROSECOND)]
    batch, wide = scored(project, requests, sources_of(project, ends, calls))
    rows = wide.to_rows()
    assert [(7.0, 3), (None, None)] == [(r["trend.fresh"], r["trend.seats"]) for r in rows]
    with trips.served("--replay") as client:
        push(client, "ends", *ends)
        push(client, "calls", *calls)
        assert list(batch) == [client.predict(**each) for each in requests]


def test_2_an_older_event_pushed_later_does_not_replace_a_newer_one(trips):
    """In neither source: the view on both keeps what is newest."""
    project = ip.Project.find(trips.root)
    ends = [end(1_000_001, NOON - HOUR, 5.0), end(1_000_002, NOON - 5 * HOUR, 9.0)]
    calls = [call(1_000_003, NOON - HOUR, None), call(1_000_004, NOON - 2 * HOUR, 4)]
    request = ride(NOON + HOUR)
    batch, wide = scored(project, [request], sources_of(project, ends, calls))
    assert (5.0, None) == (wide.to_rows()[0]["trend.fresh"], wide.to_rows()[0]["trend.seats"])
    with trips.served("--replay") as client:
        for source, events in (("ends", ends), ("calls", calls)):
            for event in events:
                push(client, source, event)
        assert batch[0] == client.predict(**request)


def test_7_a_nullable_integer_of_a_view_is_served_and_its_schema_enforced(trips):
    """Null is a value of an event where it may be one; what is no whole number is refused, and not kept."""
    with trips.served("--replay") as client:
        push(client, "calls", call(1_000_001, NOON - HOUR, None))
        before = client.predict(**ride(NOON))
        for wrong in ("2", 2.5, True, [2], 2**63):
            body = {"events": [call(1_000_002, NOON - HOUR / 2, wrong)]}
            status, answer = client.send("POST", "/v1/sources/calls/events", body)
            assert 422 == status, (wrong, answer)
            assert "seats" in str(answer["error"])
        assert before == client.predict(**ride(NOON))
        push(client, "calls", call(1_000_003, NOON - HOUR / 2, 4))
        (found,) = read(client, "demand", NOON, zone="harbour")["entities"]
        assert {"calls_1h": 1, "seats": 4} == found["values"]
        (found,) = read(client, "demand", NOON - HOUR / 2 - MICROSECOND, zone="harbour")["entities"]
        assert {"calls_1h": 1, "seats": None} == found["values"]
        assert "null" == found["statuses"]["seats"]


def test_10_one_row_is_the_same_row_everywhere(trips):
    """Over HTTP, in a request of many and in a table of ten thousand: the same bits."""
    project = ip.Project.find(trips.root)
    request = ride(NOON, rider="r3", zone="north")
    others = [
        ride(NOON + (n - 7_777) * timedelta(seconds=1), rider=f"r{n % 12}", zone="south")
        for n in range(10_000)
    ]
    others[7_777] = request
    batch, wide = scored(project, others, sources_of(project))
    (alone,), _ = scored(project, [request], sources_of(project))
    assert alone == batch[7_777]
    assert any(row["trend.busy"] is not None for row in wide.to_rows())
    with trips.served("--replay") as client:
        assert batch[7_777] == client.predict(**request)
        rows = [others[5], request, others[9_000]]
        status, answer = client.send("POST", "/v1/models/trips/predict", {"rows": rows})
        assert 200 == status
        expected = [batch[5], batch[7_777], batch[9_000]]
        assert expected == [each["score"] for each in answer["predictions"]]
