"""Processes are killed while a canary's share moves and a shadow follows: answers, log and shadow agree."""

import contextlib
import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

import interplane as ip
from interplane.project import deployment

SEED, KILLS = 20_260_401, 16


def children(process_id, module):
    """The processes of a server that run a module."""
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    found = []
    for child in path.read_text().split():
        with contextlib.suppress(OSError):
            if f"\0interplane.{module}\0" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found


class Ask(threading.Thread):
    """Asks until told to stop, some with an id that is asked again; keeps what was answered."""

    def __init__(self, make_client, number, stop, pause_s=0.0):
        super().__init__()
        self._make_client, self._number, self._stop_event = make_client, number, stop
        self._pause_s = pause_s
        self.answered = {}

    def run(self):
        """Ask."""
        client, turn = self._make_client(), 0
        while not self._stop_event.is_set():
            turn += 1
            body = {"row": self._row(turn)}
            if turn % 5 == 0:
                body["id"] = f"client-{self._number}-{turn}"
            for _ in range(1 + 9 * ("id" in body)):
                try:
                    status, answer = client.send("POST", "/v1/models/trips/predict", body)
                except (OSError, http.client.HTTPException):
                    client.close()
                    client = self._make_client()
                    time.sleep(0.05)
                    continue
                if status == 200:
                    said = (answer["crossing"], answer["score"])
                    assert said == self.answered.setdefault(answer["id"], said)
                    break
            time.sleep(self._pause_s)
        client.close()

    def _row(self, turn):
        return {
            "ride": self._number * 1_000_000 + turn,
            "rider": f"r{turn % 12}",
            "began_at": f"2026-01-26T12:{turn % 60:02}:00",
            "zone": "north",
            "seats": 2,
        }


@contextlib.contextmanager
def asked(make_client, count, **options):
    """Ask from some threads at once; yield what was answered, which is whole at the end."""
    stop, answered = threading.Event(), {}
    asking = [Ask(make_client, number, stop, **options) for number in range(1, count + 1)]
    for each in asking:
        each.start()
    try:
        yield answered
    finally:
        stop.set()
        for each in asking:
            each.join()
            answered.update(each.answered)


def move(project, ref, **options):
    """Make a move without asking first whether it can serve."""
    writer = project.store.catalog.writer("mover")
    deployment.deploy(project.store, ref, reason="moved", writer=writer, **options)


@pytest.mark.crash
def test_answers_and_log_agree_although_workers_die_while_the_share_moves(trips):
    """Each id has one answer, whoever gave it, and stands in the log once with its crossing."""
    trips.must("run", "--trees", "4")
    project, draw = ip.Project.find(trips.root), random.Random(SEED)
    with trips.served("--replay", "--workers", 2) as client:
        url = client.url
        with asked(lambda: type(client)(url), 3) as answered:
            for _ in range(KILLS):
                for _ in range(3):
                    time.sleep(draw.uniform(0.0, 0.15))
                    move(project, "trips@2", canary=draw.choice([0.1, 0.5, 1.0]))
                workers = children(trips.process.pid, "serving.worker")
                with contextlib.suppress(ProcessLookupError, IndexError):
                    os.kill(draw.choice(workers), signal.SIGKILL)
            time.sleep(1.0)
    rows = project.predictions("trips").to_rows()
    assert {1} == set(Counter(row["prediction_id"] for row in rows).values())
    logged = {row["prediction_id"]: (row["crossing"], row["score"]) for row in rows}
    assert answered
    assert [] == [name for name, said in answered.items() if logged.get(name) != said]
    assert 2 == len({crossing for crossing, _ in answered.values()})


def shadowed(project):
    """What shadows predicted, by id: how often, and what."""
    rows = project.shadow_predictions("trips").to_rows()
    return Counter(row["prediction_id"] for row in rows), {
        row["prediction_id"]: (row["crossing"], row["score"], row["because"]) for row in rows
    }


def eventually_whole(project, primary, within_s=60.0):
    """Wait until the shadow has each prediction; it has none twice at any time."""
    until = time.monotonic() + within_s
    while True:
        counts, found = shadowed(project)
        assert set(counts.values()) <= {1}
        if found.keys() >= primary:
            return found
        assert time.monotonic() < until, (len(primary), len(found))
        time.sleep(0.3)


@pytest.mark.crash
def test_a_shadow_that_is_killed_anywhere_has_each_prediction_once(trips):
    """Nobody who is answered notices; both logs are compacted meanwhile."""
    trips.must("run", "--trees", "4")
    project, draw = ip.Project.find(trips.root), random.Random(SEED)
    project.deploy("trips@2", reason="look", shadow=True)
    shadow = project.crossing("trips@2").digest
    with trips.served("--replay", "--workers", 2) as client:
        url = client.url
        with asked(lambda: type(client)(url), 2, pause_s=0.005) as answered:
            for number in range(KILLS):
                time.sleep(draw.uniform(0.1, 0.7))
                with contextlib.suppress(ProcessLookupError, IndexError):
                    os.kill(children(trips.process.pid, "project.shadow")[0], signal.SIGKILL)
                if number % 5 == 4:
                    # Their segments are nobody's then, and go into files.
                    for each in children(trips.process.pid, "serving.worker"):
                        os.kill(each, signal.SIGKILL)
                    trips.must("predictions", "--compact")
        rows = project.predictions("trips").to_rows()
        found = eventually_whole(project, {row["prediction_id"] for row in rows})
    assert {row["prediction_id"] for row in rows} == found.keys() >= answered.keys()
    model = project.model("trips@2")
    for row in rows:
        given = {key[4:]: value for key, value in row.items() if key.startswith("row.")}
        past = {
            key.removeprefix("looked_up.past."): value
            for key, value in row.items()
            if key.startswith("looked_up.past.")
        }
        expected = (shadow, model.predict_row(given, past=past), None)
        assert expected == found[row["prediction_id"]]
    assert {row["crossing"] for row in rows} == {project.crossing("trips@1").digest}


@pytest.mark.crash
def test_a_server_that_starts_again_has_its_shadow_go_on(trips):
    """With what was answered while no shadow was there."""
    trips.must("run", "--trees", "4")
    project = ip.Project.find(trips.root)
    project.deploy("trips@2", reason="look", shadow=True)
    with trips.served("--replay") as client:
        url = client.url
        with asked(lambda: type(client)(url), 1, pause_s=0.002):
            time.sleep(1.5)
            for each in children(trips.process.pid, "project.shadow"):
                os.kill(each, signal.SIGSTOP)
            time.sleep(1.0)
        trips.process.kill()
    trips.must("predictions", "--compact")
    rows = project.predictions("trips").to_rows()
    for each in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (each / "cmdline").read_text() if each.name.isdigit() else ""
            if f"project.shadow\0{trips.root}" in line:
                os.kill(int(each.name), signal.SIGKILL)
    with trips.served("--replay"):
        eventually_whole(project, {row["prediction_id"] for row in rows})
