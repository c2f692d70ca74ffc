"""A small project with history, LightGBM and a server, used as its people would."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

TRIPS = '''\
"""Which rides will be long? By what is known of the rider."""

import lightgbm
import numpy as np

import interplane as ip

rides = ip.dataset("rides", schema="schemas/rides.toml")


@ip.feature_view(
    source="ends", entity="rider", event_time="began_at", known_at="ended_at", key="ride", ttl="2d"
)
def history(ends):
    return {
        "miles": ends.miles,
        "rides_1d": ends.count().over(ip.last("1d")),
        "miles_3d": ends.miles.mean().over(ip.last("3d")),
    }


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider")):
    return {
        "seats": ride.seats,
        "hour": ride.began_at.hour(),
        "zone": ip.one_hot(ride.zone),
        "last_miles": past.miles,
        "rides_1d": past.rides_1d,
        "miles_3d": past.miles_3d,
    }


pipeline = ip.Pipeline("trips", inputs={"rides": rides})


@pipeline.step
def ends(rides: ip.Table) -> ip.Table:
    return rides.sql("SELECT ride, rider, began_at, ended_at, miles FROM self")


@pipeline.step(outputs=("train", "test"))
def split(rides: ip.Table):
    return (
        rides.sql("FROM self WHERE day(began_at) < 18"),
        rides.sql("FROM self WHERE day(began_at) >= 18"),
    )


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table, ends: ip.Table):
    return ride_features.fit_transform(train, sources={"ends": ends})


@pipeline.step
def model(frozen: ip.Frozen, x: np.ndarray, y: np.ndarray, *, trees: int = 12) -> ip.Model:
    settings = ip.lightgbm_params(objective="binary", num_leaves=15, min_data_in_leaf=5)
    data = lightgbm.Dataset(x, y, feature_name=list(frozen.names))
    return ip.Model(lightgbm.train(settings, data, num_boost_round=trees), features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, ends: ip.Table) -> ip.Evaluation:
    return ip.evaluate(model, test, sources={"ends": ends}, metrics=["roc_auc"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.3)]


pipeline.publish(
    "trips", model="model", evaluation="evaluation", gate="good_enough", rows="rides_made",
    train="train",
)


@pipeline.step
def rides_made(rides: ip.Table) -> ip.Table:
    return rides
'''

PROJECT = 'name = "trips"\npipelines = ["trips:pipeline"]\n\n[run]\nworkers = 1\n'
BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive


def rides_csv(rows=600, *, seed=3):
    """Return made-up rides as CSV; seats is a whole number that is sometimes not known."""
    draw = random.Random(seed)
    lines = ["ride,rider,began_at,ended_at,zone,seats,miles,long"]
    for number in range(rows):
        rider = f"r{draw.randrange(12)}"
        began = BEGIN + timedelta(minutes=draw.randrange(25 * 1440))
        miles = round(draw.lognormvariate(1.0, 0.6), 2)
        ended = began + timedelta(minutes=1 + int(miles * 4))
        seats = draw.choice(["1", "2", "4", ""])
        long = str(miles > 3).lower()
        zone = draw.choice(["north", "south"])
        lines.append(f"{number},{rider},{began},{ended},{zone},{seats},{miles},{long}")
    return "\n".join(lines) + "\n"


class Client:
    """A connection to a server."""

    def __init__(self, url):
        self.url = url
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def send(self, method, path, body=None, kind="application/json"):
        """Send a request; return the status and the JSON, or the text where it is none."""
        data = json.dumps(body) if isinstance(body, dict) else body
        self._connection.request(method, path, data, {"Content-Type": kind})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text[:1] in "{[" else text

    def close(self):
        """Close the connection."""
        self._connection.close()

    def predict(self, **row):
        """Return the score of a row."""
        status, answer = self.send("POST", "/v1/models/trips/predict", {"row": row})
        assert 200 == status, answer
        return answer["score"]

    def push(self, *events):
        """Push events, all of which are taken."""
        path = "/v1/sources/ends/events"
        status, answer = self.send("POST", path, {"events": list(events)})
        assert 200 == status, answer
        return answer


class Trips:
    """The project's folder."""

    def __init__(self, root):
        self.root = root

    def must(self, *words):
        """Call a command that has to work; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "interplane", *map(str, words)],
            cwd=self.root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def served(self, *words):
        """Serve, and yield a client."""
        command = ["serve", "--port", "0", "--grace-s", "0", "--json", *map(str, words)]
        process = subprocess.Popen(
            [sys.executable, "-m", "interplane", *command],
            cwd=self.root,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process, client = process, None
        try:
            client = Client(json.loads(process.stdout.readline())["url"])
            yield client
        finally:
            if client is not None:
                client.close()
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    pytest.importorskip("lightgbm")
    root = tmp_path_factory.mktemp("peers") / "trips"
    root.mkdir()
    (root / "interplane.toml").write_text(PROJECT)
    (root / "trips.py").write_text(TRIPS)
    (root / "rides.csv").write_text(rides_csv())
    trips = Trips(root)
    trips.must("data", "add", "rides", "rides.csv")
    trips.must("run")
    trips.must("materialize", "trips@1")
    trips.must("deploy", "trips@1", "--reason", "the first")
    return root


@pytest.fixture
def trips(tmp_path, _made):
    """Return a copy of the project: trained, materialized, deployed."""
    import shutil

    root = tmp_path / "trips"
    shutil.copytree(_made, root, symlinks=True)
    return Trips(root)
