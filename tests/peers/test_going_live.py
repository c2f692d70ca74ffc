"""What cannot serve does not go live, forward or back; what is live and cannot be loaded is said."""

import subprocess
import sys
import threading
import time
from datetime import datetime

import interplane as ip


def call(trips, *words):
    """Call a command; return its exit code and what it said."""
    command = [sys.executable, "-m", "interplane", *words]
    done = subprocess.run(command, cwd=trips.root, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def another_view(trips):
    """Make a second crossing, which reads another version of the view."""
    text = (trips.root / "trips.py").read_text()
    (trips.root / "trips.py").write_text(text.replace('ttl="2d"', 'ttl="1d"'))
    trips.must("run")


def damage_golden(trips, name):
    """Take the golden rows of a crossing away; small ones lie in the catalog, so all their bytes."""
    project = ip.Project.find(trips.root)
    digest = project.crossing(name).crossing.golden
    project.store.close()
    blobs = trips.root / ".interplane" / "blobs"
    (blob,) = [path for path in blobs.rglob("*") if digest.endswith(path.name) and path.is_file()]
    blob.chmod(0o644)
    blob.write_bytes(b"{}")


def test_a_crossing_whose_history_is_not_there_does_not_go_live(trips):
    """Workers that start later would have nothing to serve."""
    another_view(trips)
    code, said = call(trips, "deploy", "trips@2", "--reason", "x")
    assert 6 == code
    assert "interplane materialize" in said
    trips.must("materialize", "trips@2")
    trips.must("deploy", "trips@2", "--reason", "x")


def test_a_version_of_a_view_that_nobody_reads_is_forgotten(trips):
    """Not the one that is live; forgotten, it has to be brought again before it serves."""
    another_view(trips)
    trips.must("materialize", "trips@2")
    code, said = call(trips, "views", "--forget", "history@1")
    assert (2, True) == (code, "read by trips@1, which is live" in said)
    assert "Did you mean 'history@2'" in call(trips, "views", "--forget", "histori@2")[1]
    assert "stays on record" in trips.must("views", "--forget", "history@2")
    assert 6 == call(trips, "deploy", "trips@2", "--reason", "x")[0]


def test_the_past_comes_back_only_where_somebody_says_so(trips):
    """An earlier --since is told to change nothing; a live version is forgotten where that is meant."""
    days = [f"2026-01-{day}" for day in (20, 22)]
    noon = datetime(2026, 1, 21, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
    trips.must("views", "--forget", "history@1", "--even-live")
    trips.must("materialize", "trips@1", "--since", days[1])
    said = trips.must("materialize", "trips@1", "--since", days[0])
    assert "history@1: not read from 2026-01-20T00:00:00Z on, as --since says" in said
    assert "not read" not in trips.must("materialize", "trips@1")
    code, said = call(trips, "views", "--forget", "history@1")
    assert (2, True) == (code, '"interplane materialize trips@1 --since TIME" at once' in said)
    assert 2 == call(trips, "views", "--even-live")[0]
    trips.must("views", "--forget", "history@1", "--even-live")
    assert f"{days[0]}T00:00:00Z" in trips.must("materialize", "trips@1", "--since", days[0])
    ip.Project.find(trips.root).online_features("history", [{"rider": "r1"}], at=noon)


def test_a_rollback_to_what_cannot_be_loaded_is_refused(trips):
    """What is live stays live."""
    another_view(trips)
    trips.must("materialize", "trips@2")
    trips.must("deploy", "trips@2", "--reason", "x")
    damage_golden(trips, "trips@1")
    code, said = call(trips, "rollback", "trips", "--reason", "worse")
    assert 6 == code, said
    assert ("live",) == ip.Project.find(trips.root).crossing("trips@2").pointers


def test_history_from_a_time_to_come_is_refused(trips):
    """Nothing could be looked up until then."""
    code, said = call(trips, "materialize", "trips@1", "--since", "2999-01-01")
    assert 2 == code
    assert "which is to come" in said


def test_a_live_crossing_that_cannot_be_loaded_is_no_unknown_model(trips):
    """The client may come back: 503, not 404."""
    damage_golden(trips, "trips@1")
    with trips.served("--replay") as client:
        status, answer = client.send("POST", "/v1/models/trips/predict", {"row": {}})
        assert 503 == status, answer
        assert 503 == client.send("GET", "/readyz")[0]
        assert 200 == client.send("GET", "/livez")[0]


def test_features_fitted_on_other_events_are_not_published(trips):
    """What a server looks up would not be what the model learned from."""
    text = (trips.root / "trips.py").read_text()
    changed = text.replace(
        'sources={"ends": ends})\n\n\n@pipeline.step\ndef model',
        ('sources={"ends": ends.sql("FROM self WHERE miles < 3")})\n\n\n@pipeline.step\ndef model'),
    )
    assert changed != text
    (trips.root / "trips.py").write_text(changed)
    code, said = call(trips, "run")
    assert 2 == code
    assert "the view 'past' would be served from other events" in said


def test_a_move_reaches_every_worker_and_drops_no_request(trips):
    """Under load: each answer is of one crossing and has its score; soon all are of the new one."""
    trips.must("run", "--trees", "4")
    project = ip.Project.find(trips.root)
    row = {"ride": 1, "rider": "r1", "began_at": "2026-01-26T12:00:00", "zone": "north", "seats": 2}
    stop, answers = threading.Event(), []
    with trips.served("--replay", "--workers", 2) as client:
        url = client.url

        def ask():
            while not stop.is_set():
                mine = type(client)(url)
                answers.extend(
                    mine.send("POST", "/v1/models/trips/predict", {"row": row}) for _ in range(20)
                )
                mine.close()

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for each in asking:
            each.start()
        project.deploy("trips@2", reason="smaller")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            latest = [answer[1].get("model") for answer in answers[-200:]]
            if len(latest) == 200 and set(latest) == {"trips@2"}:
                break
            time.sleep(0.05)
        project.rollback("trips", reason="back")
        time.sleep(2)
        stop.set()
        for each in asking:
            each.join()
    assert {200} == {status for status, _ in answers}
    assert {"trips@1", "trips@2"} == {answer["model"] for _, answer in answers}
    assert 2 == len(
        {(answer["model"], answer["crossing"], answer["score"]) for _, answer in answers}
    )
    assert {"trips@1"} == {answer["model"] for _, answer in answers[-50:]}
