"""A project whose views are kept in a file, or in a Redis: read from Python and over HTTP."""

import json
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "views" / "online"))
from online_server import served
from redis_server import RedisServer, redis_or_skip
from trips_project import BEGIN, LAST, make, opened, request

from interplane.errors import ConfigError, RequestRejected, StorageError, UnknownName
from interplane.project.config_online import OnlineConfig
from interplane.project.online import open_online_store, redis_settings
from interplane.views.online import SqliteOnline

RIDERS = [{"rider": f"r{number}"} for number in range(8)] + [{"rider": "nobody"}, {"rider": None}]
LATER = LAST + timedelta(days=1)


@pytest.fixture(scope="module")
def redis():
    """A durable server."""
    redis_or_skip()
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def root(request, tmp_path_factory):
    """The project with each store."""
    root = tmp_path_factory.mktemp(request.param) / "trips"
    settings = ""
    if request.param == "redis":
        server = request.getfixturevalue("redis")
        settings = f'\n[online]\nstore = "redis"\nurl = "{server.url}"\ntimeout_s = 20.0\n'
    make(root, settings=settings)
    return root


def by_hand(project, at):
    """Return what each rider's history is, counted from the rides themselves."""
    rides = project.tables("trips@1", "ends")["ends"].to_rows()
    found = {}
    for each in RIDERS[:8]:
        mine = [ride for ride in rides if ride["rider"] == each["rider"] and ride["ended_at"] <= at]
        last = max(mine, key=lambda ride: (ride["began_at"], ride["ended_at"], ride["miles"]))
        day = [ride for ride in mine if at - timedelta(days=1) < ride["began_at"]]
        found[each["rider"]] = ({"miles": last["miles"], "rides_1d": len(day)}, last["began_at"])
    return found


@pytest.mark.parametrize("view", ["history", "history@1"])
def test_features_are_read_from_python(root, view):
    """What the table gives, of each entity, at any time from the horizon on."""
    with opened(root) as project:
        for at in (LAST, LAST - timedelta(days=3)):
            found = project.online_features(view, RIDERS, at=at)
            expected = by_hand(project, at)
            assert [expected[each["rider"]] for each in RIDERS[:8]] == [
                (dict(each.values), each.event_time) for each in found[:8]
            ]
            assert [
                {"miles": "not_found", "rides_1d": "not_found"},
                {"miles": "null", "rides_1d": "null"},
            ] == [each.statuses for each in found[8:]]
            assert {"miles": None, "rides_1d": 0} == found[8].values


def test_what_cannot_be_read_is_said(root):
    """By name, by column, by time."""
    with opened(root) as project:
        for name in ("histroy", "history@7", "../history", ""):
            with pytest.raises(UnknownName, match="no feature view"):
                project.online_features(name, [])
        with pytest.raises(RequestRejected, match=r"5 at entities\[1\]\.rider"):
            project.online_features("history", [{"rider": "r1"}, {"rider": 5}])
        with pytest.raises(RequestRejected, match="before what the online store keeps"):
            project.online_features("history", RIDERS, at=BEGIN - timedelta(days=1))


def test_a_server_reads_and_takes_events(root):
    """Over HTTP, as from Python; whoever pushes where."""
    with served(root, "--replay") as server, opened(root) as project:
        at = f"{LATER.isoformat()}Z"
        asked = {"entities": RIDERS[:2], "at": at}
        status, before = server.post("/v1/features/history", asked)
        expected = project.online_features("history", RIDERS[:2], at=LATER)
        assert 200 == status
        assert [dict(each.values) for each in expected] == [
            each["values"] for each in before["entities"]
        ]
        ride = {"ride": 70_001, "rider": "r0", "miles": 5.5}
        times = {"began_at": f"{LATER - timedelta(hours=2)}Z", "ended_at": f"{LATER}Z"}
        pushed = server.post("/v1/features/history/events", {"event": {**ride, **times}})
        assert (200, 1) == (pushed[0], pushed[1]["new"])
        (seen,) = project.online_features("history", RIDERS[:1], at=LATER)
        assert 5.5 == seen.values["miles"]
        project.push("ends", [{**ride, **times, "ride": 70_002, "rider": "r1", "miles": 6.5}])
        _, after = server.post("/v1/features/history", asked)
        assert [5.5, 6.5] == [each["values"]["miles"] for each in after["entities"]]
        feast = {"features": ["history:miles"], "entities": {"rider": ["r0", "nobody"]}}
        status, answer = server.post("/get-online-features", feast)
        assert 200 == status
        assert ["PRESENT", "NOT_FOUND"] == answer["results"][1]["statuses"]
        service = {"feature_service": "trips", "entities": {"rider": ["r1"]}}
        _, answer = server.post("/get-online-features", service)
        assert ["rider", "miles", "rides_1d"] == answer["metadata"]["feature_names"]
        row = request(1, at=LATER, rider="r0")
        assert 200 == server.post("/v1/models/trips/predict", {"row": row})[0]
        page = server.get("/metrics")[1].decode()
        assert re.search(
            r'look_ups_total{view="history",version="\w+",status="present"} [1-9]', page
        )
        assert re.search(r'view_age_seconds{view="history",version="\w+"} \d', page)
        document = json.loads(server.get("/openapi.json")[1])
        assert "/get-online-features" in document["paths"]


def test_the_skew_of_what_is_live_is_on_the_page(root):
    """By the latest audit of the live crossing."""
    with served(root, "--replay") as server:
        rows = [request(number, at=LATER, rider=f"r{number % 8}") for number in range(30)]
        assert 200 == server.post("/v1/models/trips/predict", {"rows": rows})[0]
        with opened(root) as project:
            found = project.audit("trips@live", rows=20)
        rates = {each.name: each.rate for each in found.report.figures if each.compared}
        page = server.get("/metrics")[1].decode()
        assert (
            f'interplane_skew_audited_rows{{model="trips",name="trips@1"}} {found.report.rows}'
            in page
        )
        shown = dict(
            re.findall(
                r'interplane_skew_rate{model="trips",name="trips@1",what="([^"]+)".*} (\S+)', page
            )
        )
        assert rates == {name: float(rate) for name, rate in shown.items()}


def test_a_redis_that_is_down_is_a_503_and_no_end(tmp_path):
    """Who needs no view is answered; when it is back, so is everything."""
    redis_or_skip()
    server = RedisServer()
    try:
        settings = f'\n[online]\nstore = "redis"\nurl = "{server.url}"\ntimeout_s = 20.0\n'
        root = tmp_path / "trips"
        make(root, settings=settings)
        row = {"row": request(1, at=LAST)}
        predict, read = "/v1/models/trips/predict", "/v1/features/history"
        with served(root, "--replay") as asked:
            before = asked.post(predict, row)
            assert 200 == before[0]
            server.kill()
            assert [503, 503, 503] == [
                asked.post(predict, row)[0],
                asked.post(read, {"entities": RIDERS})[0],
                asked.post("/v1/sources/ends/events", {"events": []})[0],
            ]
            assert [200, 200] == [asked.get("/livez")[0], asked.get("/v1/models")[0]]
            assert b'interplane_gauges_unreadable{of="views"} 1' in asked.get("/metrics")[1]
            server.start()
            again = asked.post(predict, row)
            assert (200, before[1]["score"]) == (again[0], again[1]["score"])
            assert 200 == asked.post(read, {"entities": RIDERS})[0]
    finally:
        server.stop()


def test_a_server_starts_without_its_redis(tmp_path):
    """It is not ready, and is when the Redis comes."""
    redis_or_skip()
    server = RedisServer()
    try:
        settings = f'\n[online]\nstore = "redis"\nurl = "{server.url}"\n'
        root = tmp_path / "trips"
        make(root, settings=settings)
        server.kill()
        with served(root) as asked:
            assert [200, 503] == [asked.get("/livez")[0], asked.get("/readyz")[0]]
            server.start()
            end = time.monotonic() + 40
            while asked.get("/readyz")[0] != 200:
                assert time.monotonic() < end, "it does not get ready"
                time.sleep(0.2)
    finally:
        server.stop()


# ---- what the project file says ----------------------------------------------------------------


def test_the_store_is_what_the_file_says(tmp_path):
    """A file unless said otherwise."""
    store = open_online_store(tmp_path, OnlineConfig())
    assert isinstance(store, SqliteOnline)
    store.close()
    assert ["online.sqlite"] == sorted({each.name.split("-")[0] for each in tmp_path.iterdir()})


def test_a_workspace_has_keys_of_its_own(tmp_path):
    """Whatever its project is called; another prefix is said where several share their events."""
    config = OnlineConfig(store="redis", url="redis://cache:1/0")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, again, other = (redis_settings(tmp_path / name, config) for name in "aab")
    assert first.prefix == again.prefix != other.prefix
    assert re.fullmatch(r"interplane:[0-9a-f]{16}:", first.prefix)
    shared = OnlineConfig(store="redis", url="redis://cache:1/0", prefix="flights:")
    assert "flights:" == redis_settings(tmp_path / "a", shared).prefix


def test_a_workspace_without_a_name_is_not_given_another(tmp_path):
    """Its events would be left behind."""
    (tmp_path / "online-name").write_text("")
    with pytest.raises(StorageError, match="holds no name"):
        redis_settings(tmp_path, OnlineConfig(store="redis", url="redis://cache:1/0"))


def test_the_password_comes_from_the_environment(tmp_path):
    """And is asked for when it is not there."""
    config = OnlineConfig(store="redis", url="redis://cache:1/0", password_env="CACHE")
    found = redis_settings(tmp_path, config, environment={"CACHE": "hush"})
    assert "hush" == found.password
    with pytest.raises(ConfigError, match="CACHE is not set"):
        redis_settings(tmp_path, config, environment={})


def test_all_refused_rows_of_a_push_are_told(root):
    """How many, which and why; the others are there."""
    times = {"began_at": LATER - timedelta(hours=2), "ended_at": LATER}
    good = {"ride": 70_010, "rider": "r7", "miles": 7.5, **{k: f"{v}Z" for k, v in times.items()}}
    rows = [{**good, "miles": "far"}, good, {**good, "ride": None}, {**good, "rider": 5}]
    with opened(root) as project:
        with pytest.raises(
            RequestRejected, match=r"^3 of 4 rows were refused: row 0 as .*also 2, 3"
        ):
            project.push("ends", rows)
        with pytest.raises(RequestRejected) as caught:
            project.push("ends", rows)
        assert [0, 2, 3] == [each["row"] for each in caught.value.details["refused"]]
        assert 0 == caught.value.details["left_out"]
        (seen,) = project.online_features("history", [{"rider": "r7"}], at=LATER)
        assert 7.5 == seen.values["miles"]
        with pytest.raises(RequestRejected, match=r"^1 of 2 rows was refused: row 0 as .*far"):
            project.push("ends", rows[:2])
        with pytest.raises(RequestRejected, match=r"^'far' at"):
            project.push("ends", rows[:1])
