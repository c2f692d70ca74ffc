"""Workers and the compactor of a real server are killed under load: what was answered is logged, once."""

import contextlib
import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import interplane as ip

NOON = datetime(2026, 1, 26, 12)  # noqa: DTZ001 - timestamps are UTC, and naive
KILLS, SEED = 24, 20_260_126


def children(process_id):
    """The processes that a server keeps."""
    path = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(word) for word in path.read_text().split()]


class Asking(threading.Thread):
    """Asks and pushes until told to stop; keeps what was answered, and nothing else."""

    def __init__(self, make_client, number, stop):
        super().__init__()
        self._make_client, self._number, self._stop_event = make_client, number, stop
        self.answered, self.pushed = [], []

    def run(self):
        client, turn = self._make_client(), 0
        while not self._stop_event.is_set():
            turn += 1
            try:
                self._ask(client, turn)
            except (OSError, http.client.HTTPException):
                client.close()
                client = self._make_client()
                time.sleep(0.05)
        client.close()

    def _ask(self, client, turn):
        began = (NOON + timedelta(seconds=turn)).isoformat()
        row = {
            "ride": turn,
            "rider": f"r{turn % 12}",
            "began_at": began,
            "zone": "north",
            "seats": 2,
        }
        body = {"row": row}
        if turn % 7 == 0:
            body["id"] = f"client-{self._number}-{turn}"
        status, answer = client.send("POST", "/v1/models/trips/predict", body)
        if status == 200:
            self.answered.append((answer["id"], answer["score"]))
        if turn % 5 == 0:
            ride = 1_000_000 * (self._number + 1) + turn
            event = {
                "ride": ride, "rider": f"pushed-{self._number}", "began_at": began,
                "ended_at": began, "miles": 1.0,
            }  # fmt: skip
            status, _ = client.send("POST", "/v1/sources/ends/events", {"event": event})
            if status == 200:
                self.pushed.append(ride)


@pytest.mark.crash
def test_whatever_was_answered_is_there_once(trips):
    """Predictions with their scores, with and without ids of clients, and pushed events."""
    draw, stop = random.Random(SEED), threading.Event()
    with trips.served("--replay", "--workers", 2) as client:
        url, server = client.url, trips.process.pid
        asking = [Asking(lambda: type(client)(url), number, stop) for number in range(4)]
        for each in asking:
            each.start()
        killed = 0
        for _ in range(KILLS):
            time.sleep(draw.uniform(0.05, 0.5))
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(draw.choice(children(server)), signal.SIGKILL)
                killed += 1
        time.sleep(1.0)
        stop.set()
        for each in asking:
            each.join()
        answered = [pair for each in asking for pair in each.answered]
        pushed = {number: each.pushed for number, each in enumerate(asking)}
        project = ip.Project.find(trips.root)
        last = NOON + timedelta(hours=6)
        for number, rides in pushed.items():
            row = {"ride": 0, "rider": f"pushed-{number}", "began_at": last.isoformat()}
            body = {"row": {**row, "zone": "north", "seats": 2}}
            last_client = type(client)(url)
            assert 200 == last_client.send("POST", "/v1/models/trips/predict", body)[0], rides
            last_client.close()
    trips.must("predictions", "--compact")
    logged = project.predictions("trips").to_rows()
    scores = {row["prediction_id"]: row["score"] for row in logged}
    assert {1} == set(Counter(row["prediction_id"] for row in logged).values())
    assert answered
    assert [] == [pair for pair in answered if scores.get(pair[0]) != pair[1]]
    by_rider = {
        row["row.rider"]: row["looked_up.past.rides_1d"]
        for row in logged
        if row["row.rider"].startswith("pushed-")
    }
    for number, rides in pushed.items():
        # An event whose acknowledgement was lost may be there too, and is there once.
        assert len(rides) <= by_rider[f"pushed-{number}"] <= len(rides) + killed


@pytest.mark.crash
def test_nothing_outlives_a_server_that_was_killed(trips):
    """Neither workers nor what runs beside them: they see that their parent is gone."""
    with trips.served("--replay", "--workers", 2):
        end = time.monotonic() + 30
        while len(those := children(trips.process.pid)) < 4:
            assert time.monotonic() < end
            time.sleep(0.01)
        trips.process.kill()
        while any(Path(f"/proc/{each}/cmdline").exists() for each in those):
            assert time.monotonic() < end
            time.sleep(0.05)
