"""A prediction over HTTP, logged, with and without look-ups, beside an echo and a hand-written endpoint."""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Row
from benchmarks.load import Request, measure
from benchmarks.serving_http import _echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.load import Load

ROUNDS = 3
CONNECTIONS = (1, 16, 64)
FLIGHTS = 20_000
CARRIERS = ["AA", "B6", "DL", "EV", "UA", "US", "WN"]
ORIGINS = ["EWR", "JFK", "LGA"]
COLUMNS = ("month", "day", "hour", "minute", "carrier", "origin", "dest", "distance")
WEATHER = ("temp", "wind", "visib", "precip")

PIPELINE = '''
"""Twelve columns, twenty-five features, a hundred trees; and the same with three views."""

import lightgbm
import numpy as np

import interplane as ip

flights = ip.dataset("flights", schema="schemas/flights.toml")


@ip.feature_view(source="flights", entity="carrier", event_time="at", known_at="known", key="id")
def carriers(flights):
    return {"late_7d": flights.late.mean().over(ip.last("7d")), "n_7d": flights.count().over(ip.last("7d"))}


@ip.feature_view(source="flights", entity="origin", event_time="at", known_at="known")
def airports(flights):
    return {"temp": flights.temp, "wind": flights.wind, "visib": flights.visib}


@ip.feature_view(source="flights", entity="dest", event_time="at", known_at="known", key="id")
def places(flights):
    return {"last": flights.late, "late_1d": flights.late.mean().over(ip.last("1d"))}


def common(flight):
    return {
        "distance": ip.standardize(flight.distance), "far": flight.distance > 1000,
        "log": (flight.distance + 1).ln(), "time": ip.cyclic(flight.hour * 60 + flight.minute, period=1440),
        "day": flight.day, "month": ip.cyclic(flight.month, period=12), "carrier": ip.one_hot(flight.carrier),
        "origin": ip.one_hot(flight.origin), "temp": ip.standardize(flight.temp),
        "wind": flight.wind.clip(0, 60), "visib": ip.standardize(flight.visib),
        "rain": flight.precip > 0, "dest": ip.target_encode([flight.dest], flight.late, smoothing=10),
        "hub": ip.target_encode([flight.origin, flight.carrier], flight.late, smoothing=10),
    }


@ip.features(label="late", time="at", key=["id"])
def plain(flight):
    return common(flight)


@ip.features(label="late", time="at", key=["id"])
def looking(flight, by=carriers.by("carrier"), here=airports.by("origin"), there=places.by("dest")):
    return common(flight) | {
        "late_7d": by.late_7d, "n_7d": by.n_7d, "temp_now": here.temp, "wind_now": here.wind,
        "visib_now": here.visib, "last": there.last, "late_1d": there.late_1d,
    }


def pipeline_of(features):
    pipeline = ip.Pipeline(features.name, inputs={"flights": flights})

    @pipeline.step
    def rows(flights: ip.Table) -> ip.Table:
        return flights

    @pipeline.step
    def model(rows: ip.Table, flights: ip.Table) -> ip.Model:
        frozen, x, y = features.fit_transform(rows, sources={"flights": flights})
        data = lightgbm.Dataset(np.column_stack([x.numpy(name) for name in x.names]), y)
        settings = ip.lightgbm_params(objective="binary", num_leaves=31)
        return ip.Model(lightgbm.train(settings, data, num_boost_round=100), features=frozen)

    @pipeline.step
    def evaluation(model: ip.Model, rows: ip.Table, flights: ip.Table) -> ip.Evaluation:
        return ip.evaluate(model, rows, sources={"flights": flights}, resamples=100, seen="allow")

    @pipeline.gate
    def gate(evaluation: ip.Evaluation):
        return [evaluation["roc_auc"].at_least(0.1)]

    pipeline.publish(features.name, model="model", evaluation="evaluation", gate="gate", rows="rows", train="rows")
    return pipeline


first, second = pipeline_of(plain), pipeline_of(looking)
'''

PROJECT = """
name = "bench"
pipelines = ["bench:first", "bench:second"]
[run]
workers = 1
"""

BY_HAND = '''
"""What one writes by hand: FastAPI, pandas, a scikit-learn pipeline with LightGBM."""

import sys

import lightgbm
import pandas as pd
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


class Flight(BaseModel):
    month: int
    day: int
    hour: int
    minute: int
    carrier: str
    origin: str
    dest: str
    distance: float
    temp: float
    wind: float
    visib: float
    precip: float


class Ask(BaseModel):
    row: Flight


rows = pd.read_csv("flights.csv")
texts = ["carrier", "origin", "dest"]
numbers = [name for name in Flight.model_fields if name not in texts]
prepared = ColumnTransformer(
    [("n", StandardScaler(), numbers), ("t", OneHotEncoder(handle_unknown="ignore"), texts)]
)
model = Pipeline(
    [("prepared", prepared), ("model", lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, n_jobs=1, verbose=-1))]
).fit(rows[list(Flight.model_fields)], rows["late"])
app = FastAPI()


@app.post("/predict")
async def predict(ask: Ask):
    frame = pd.DataFrame([ask.row.model_dump()])
    return {"score": float(model.predict_proba(frame)[0, 1])}


uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
'''


def run() -> list[Row]:
    """Measure at 1, 16 and 64 connections, the servers in turn."""
    row = {"month": 3, "day": 4, "hour": 12, "minute": 15, "carrier": "UA", "origin": "EWR",
           "dest": "D7", "distance": 1400.0, "temp": 40.5, "wind": 11.5, "visib": 10.0,
           "precip": 0.0}  # fmt: skip
    body = json.dumps({"row": row})
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        _make(root)
        ours, started_s, memory_kb = stack.enter_context(_served(root))
        by_hand = stack.enter_context(_by_hand(root))
        bare = stack.enter_context(_echo())
        asked = {
            "without look-ups": (ours, Request("/v1/models/plain/predict", body)),
            "with three views": (ours, Request("/v1/models/looking/predict", body)),
            "echo": (bare, Request("/", body)),
            "by hand": (by_hand, Request("/predict", body)),
        }
        rows = []
        for connections in CONNECTIONS:
            found = _in_turn(asked, connections)
            rows += [_row(found, name, connections) for name in list(asked)[:2]]
    rows.append(Row("start to ready, two models", "s", started_s))
    rows.append(Row("memory of the worker, two models of 100 trees", "MB", memory_kb / 1024))
    return rows


def _in_turn(asked: dict[str, tuple[int, Request]], connections: int) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, (port, request) in asked.items():
            loads[name].append(measure(port, request, connections=connections, seconds=2))
    return loads


def _row(found: dict[str, list[Load]], name: str, connections: int) -> Row:
    def middle(which: str, what: str) -> float:
        return statistics.median(getattr(load, what) for load in found[which])

    failed = sum(load.failed for loads in found.values() for load in loads)
    return Row(
        f"predictions {name}, {connections} connections",
        "/s",
        middle(name, "per_second"),
        {
            "bare ASGI echo, uvicorn": middle("echo", "per_second"),
            "FastAPI + pandas + scikit-learn": middle("by hand", "per_second"),
        },
        note=f"p50 {middle(name, 'p50_ms'):.2f} ms, p99 {middle(name, 'p99_ms'):.2f} ms "
        f"(echo {middle('echo', 'p50_ms'):.2f} and {middle('echo', 'p99_ms'):.2f}, by hand "
        f"{middle('by hand', 'p50_ms'):.1f} and {middle('by hand', 'p99_ms'):.1f}); {failed} failed",
    )


def _make(root: Path) -> None:
    """Make a project with both models trained, materialized and live."""
    (root / "bench.py").write_text(PIPELINE)
    (root / "interplane.toml").write_text(PROJECT)
    (root / "by_hand.py").write_text(BY_HAND)
    (root / "flights.csv").write_text(_flights())
    _interplane(root, "data", "add", "flights", "flights.csv")
    for name in ("plain", "looking"):
        _interplane(root, "run", name)
        if name == "plain":
            _interplane(root, "deploy", "plain@1", "--reason", "bench")
    _interplane(root, "materialize", "looking@1")
    _interplane(root, "deploy", "looking@1", "--reason", "bench")


def _flights() -> str:
    draw = random.Random(1)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    lines = ["id,at,known," + ",".join(COLUMNS) + "," + ",".join(WEATHER) + ",late"]
    for number in range(FLIGHTS):
        at = now - timedelta(minutes=20 + draw.randrange(30 * 1440))
        values = [
            at.month, at.day, at.hour, at.minute, draw.choice(CARRIERS), draw.choice(ORIGINS),
            f"D{draw.randrange(60)}", float(draw.randrange(100, 2600)),
            round(draw.gauss(50, 15), 1), round(abs(draw.gauss(10, 5)), 1),
            draw.choice([10.0, 10.0, 8.0, 2.5]), draw.choice([0.0, 0.0, 0.0, 0.1]),
        ]  # fmt: skip
        late = str(draw.random() < 0.2 + 0.2 * (values[4] == "EV")).lower()
        known = at + timedelta(minutes=10)
        lines.append(f"{number},{at},{known}," + ",".join(map(str, values)) + f",{late}")
    return "\n".join(lines) + "\n"


def _interplane(root: Path, *words: str) -> None:
    command = [sys.executable, "-m", "interplane", *words]
    done = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


@contextmanager
def _served(root: Path) -> Iterator[tuple[int, float, float]]:
    """Serve; yield the port, the seconds until it was ready, and the worker's memory in kB."""
    command = [
        sys.executable,
        "-m",
        "interplane",
        "serve",
        "--port",
        "0",
        "--grace-s",
        "0",
        "--json",
    ]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(process.stdout.readline())
            ready_s = time.perf_counter() - began
            children = f"/proc/{process.pid}/task/{process.pid}/children"
            worker = Path(children).read_text().split()[0]
            status = Path(f"/proc/{worker}/status").read_text()
            memory = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            yield told["port"], ready_s, float(memory.split()[1])
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def _by_hand(root: Path) -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "by_hand.py", str(port)]
    with subprocess.Popen(command, cwd=root, env=environment) as process:
        try:
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield port
        finally:
            process.terminate()
