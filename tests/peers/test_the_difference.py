"""What the peers' users miss, one test each, through the commands and over HTTP."""

import pickle
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import interplane as ip

# All events of the fixture are known by then; the online store can be read from about there on.
NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def ride(began, rider="new", **columns):
    """A request."""
    return {
        "ride": 9_000_000, "rider": rider, "began_at": began.isoformat(), "zone": "north",
        "seats": 2, **columns,
    }  # fmt: skip


def end(number, began, miles, rider="new", *, known=None):
    """An event: a ride that ended."""
    return {
        "ride": number, "rider": rider, "began_at": began.isoformat(),
        "ended_at": (known or began + HOUR).isoformat(), "miles": miles,
    }  # fmt: skip


def expected(project, request, **past):
    """The score of a row with a history, in Python."""
    model = project.model("trips@1")
    row = {name: request[name] for name in ("seats", "zone")}
    row["began_at"] = datetime.fromisoformat(request["began_at"])
    return model.predict_row(row, past={"miles": None, "rides_1d": 0, "miles_3d": None, **past})


def test_1_a_value_older_than_its_time_to_live_is_null_in_training_and_online(trips):
    """Two days: at their end the last ride counts, a microsecond later it does not."""
    project = ip.Project.find(trips.root)
    frozen = project.model("trips@1").features
    began = NOON - 2 * DAY
    rows = ip.Table.from_columns(
        {
            "rider": ["new", "new"],
            "began_at": [NOON, NOON + timedelta(microseconds=1)],
        }
    )
    ends = ip.Table.from_columns(
        {
            "ride": [1], "rider": ["new"], "began_at": [began], "ended_at": [began + HOUR],
            "miles": [7.0],
        }
    )  # fmt: skip
    wide = frozen.widen(rows, sources={"ends": ends})
    assert [7.0, None] == [row["past.miles"] for row in wide.to_rows()]
    with trips.served("--replay") as client:
        client.push(end(1, began, 7.0))
        fresh, stale = ride(NOON), ride(NOON + timedelta(microseconds=1))
        assert expected(project, fresh, miles=7.0, miles_3d=7.0) == client.predict(**fresh)
        assert expected(project, stale, miles_3d=7.0) == client.predict(**stale)


def test_2_an_older_event_pushed_later_does_not_replace_a_newer_one(trips):
    """t = 10, then t = 5: online keeps t = 10, and counts both."""
    project = ip.Project.find(trips.root)
    with trips.served("--replay") as client:
        client.push(end(10, NOON - 2 * HOUR, 10.0))
        client.push(end(5, NOON - 5 * HOUR, 5.0, known=NOON - HOUR))
        request = ride(NOON)
        history = {"miles": 10.0, "rides_1d": 2, "miles_3d": 7.5}
        assert expected(project, request, **history) == client.predict(**request)


def test_3_a_correction_that_came_after_the_label_is_not_seen_in_training(trips):
    """Dated before, created after: the row has what was known then."""
    frozen = ip.Project.find(trips.root).model("trips@1").features
    began = NOON - 3 * HOUR
    ends = ip.Table.from_columns(
        {
            "ride": [1, 1],
            "rider": ["new", "new"],
            "began_at": [began, began],
            "ended_at": [NOON - 2 * HOUR, NOON + HOUR],
            "miles": [4.0, 400.0],
        }
    )
    rows = ip.Table.from_columns({"rider": ["new"] * 2, "began_at": [NOON, NOON + 2 * HOUR]})
    wide = frozen.widen(rows, sources={"ends": ends}).to_rows()
    assert [(4.0, 4.0, 1), (400.0, 400.0, 1)] == [
        (row["past.miles"], row["past.miles_3d"], row["past.rides_1d"]) for row in wide
    ]


def test_4_another_time_to_live_is_another_version_of_the_view(trips):
    """It appears, and the crossing that reads the older one goes on reading it."""
    text = (trips.root / "trips.py").read_text()
    (trips.root / "trips.py").write_text(text.replace('ttl="2d"', 'ttl="1d"'))
    assert "runs     `trips.history`" in trips.must("plan")
    trips.must("run")
    names = [line.split()[0] for line in trips.must("views").splitlines()[2:]]
    assert ["history@1", "history@2"] == names
    project = ip.Project.find(trips.root)
    (old,) = project.model("trips@1").features.uses.values()
    (new,) = project.model("trips@2").features.uses.values()
    assert (172_800_000_000, 86_400_000_000) == (old.view.ttl_us, new.view.ttl_us)


def test_6_reads_go_on_while_features_are_refreshed(trips):
    """Predictions without pause while the history is brought again from another process."""
    stop, statuses = threading.Event(), []
    with trips.served("--replay") as client:

        def ask():
            number = 0
            while not stop.is_set():
                row = ride(NOON + number * HOUR, rider=f"r{number % 12}")
                answer = client.send("POST", "/v1/models/trips/predict", {"row": row})
                statuses.append(answer[0])
                number += 1

        asking = threading.Thread(target=ask)
        asking.start()
        trips.must("materialize", "trips@1", "--since", "2026-01-26")
        trips.must("materialize", "trips@1")
        stop.set()
        asking.join()
    assert {200} == set(statuses)
    assert len(statuses) > 100


def test_7_a_nullable_integer_is_served_and_its_schema_enforced(trips):
    """Null is a value where the training rows had one; what is no whole number is refused."""
    with trips.served("--replay") as client:
        assert client.predict(**ride(NOON, seats=None)) is not None
        for wrong in ("2", 2.5, 2.0, True, [2], 2**63):
            body = {"row": ride(NOON, seats=wrong)}
            status, answer = client.send("POST", "/v1/models/trips/predict", body)
            assert 422 == status, wrong
            assert "$.row.seats" == answer["error"]["details"]["path"]
        body = {"row": ride(NOON, zone=None)}
        status, answer = client.send("POST", "/v1/models/trips/predict", body)
        assert 422 == status
        assert "never null" in answer["error"]["what"]


def test_8_eight_workers_and_ten_thousand_requests_are_counted(trips):
    """The page of any worker says what all of them did."""
    body = {"row": ride(NOON)}
    with trips.served("--replay", "--workers", 8) as client:
        url = client.url

        def ask():
            mine = type(client)(url)
            for _ in range(1_250):
                assert 200 == mine.send("POST", "/v1/models/trips/predict", body)[0]
            mine.close()

        asking = [threading.Thread(target=ask) for _ in range(8)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        for _ in range(5):
            other = type(client)(url)
            page = other.send("GET", "/metrics")[1]
            other.close()
            assert 'interplane_predictions_total{model="trips"} 10000\n' in page


def test_10_one_row_is_the_same_row_everywhere(trips):
    """Over HTTP, in Python, in a request of many and in a table of ten thousand: the same bits."""
    project = ip.Project.find(trips.root)
    model = project.model("trips@1")
    request = ride(NOON, rider="r3")
    count = 10_000
    rides = {
        "ride": list(range(count)),
        "rider": ["r3" if n == 7_777 else f"r{n % 12}" for n in range(count)],
        "began_at": [NOON + (n - 7_777) * timedelta(seconds=1) for n in range(count)],
        "zone": ["north" if n == 7_777 else "south" for n in range(count)],
        "seats": [2 if n == 7_777 else n % 5 for n in range(count)],
    }
    sources = {
        "ends": project.table("rides").select("ride", "rider", "began_at", "ended_at", "miles")
    }
    table = ip.Table.from_columns(rides)
    batch = model.predict(table, sources=sources)
    history = {
        name.removeprefix("past."): value
        for name, value in model.features.widen(table, sources=sources).to_rows()[7_777].items()
        if name.startswith("past.")
    }
    assert batch[7_777] == expected(project, request, **history)
    with trips.served("--replay") as client:
        assert batch[7_777] == client.predict(**request)
        neighbours = [ride(NOON, rider="r4", seats="bad"), request, ride(NOON, seats=None)]
        status, answer = client.send("POST", "/v1/models/trips/predict", {"rows": neighbours})
        assert 200 == status
        assert "error" in answer["predictions"][0]
        assert batch[7_777] == answer["predictions"][1]["score"]


def test_11_a_pickle_a_path_and_a_link_are_refused(trips):
    """No code in a body, no way out of the routes, no file that somebody put in another's place."""
    with trips.served("--replay") as client:
        bomb = pickle.dumps({"row": ride(NOON)})
        path = "/v1/models/trips/predict"
        assert 400 == client.send("POST", path, bomb)[0]
        assert 415 == client.send("POST", path, bomb, kind="application/octet-stream")[0]
        for way in (
            "/v1/models/../trips@1",
            "/v1/models/..%2f..%2fcatalog.sqlite",
            "/../../etc/passwd",
        ):
            assert client.send("GET", way)[0] in {400, 404}, way
    project = ip.Project.find(trips.root)
    digest = project.crossing("trips@1").crossing.model.blobs[0]
    project.store.close()
    blobs = trips.root / ".interplane" / "blobs"
    (blob,) = [path for path in blobs.rglob("*") if digest.endswith(path.name) and path.is_file()]
    (kept := trips.root / "elsewhere").write_bytes(blob.read_bytes())
    blob.unlink()
    blob.symlink_to(kept)
    done = subprocess.run(
        [sys.executable, "-m", "interplane", "deploy", "trips@1", "--reason", "again"],
        cwd=trips.root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert 6 == done.returncode, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
