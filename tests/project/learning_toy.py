"""A project that learns on: trips, whether they are tipped, a world that turns around in May.

As a program (``python learning_toy.py FOLDER CHUNK``) it advances the learner once: a test kills it.
"""

from __future__ import annotations

import math
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.learning import Learning
from interplane.project.predictions import log_folder
from interplane.project.project import Project

NOW = datetime(2024, 6, 1, tzinfo=UTC)
LIVE = datetime(2024, 5, 1, tzinfo=UTC)

TRIPS = '''\
"""Will a trip be tipped? A learner goes on with what came true."""

import numpy as np
from sklearn.linear_model import SGDClassifier

import interplane as ip

trips = ip.dataset("trips", schema="schemas/trips.toml")


@ip.features(label="tipped", time="began_at", key=["trip"])
def trip_features(trip):
    return {
        "miles": ip.standardize(ip.impute(trip.miles)),
        "night": ip.if_else(trip.night, 1.0, 0.0),
        "twice": ip.standardize(trip.miles) * 2,
    }


pipeline = ip.Pipeline(
    "trips",
    inputs={
        "trips": trips,
        "champion": ip.live("trips"),
        "snapshot": ip.learned("trips"),
    },
)


@pipeline.step(outputs=("train", "test"))
def split(trips: ip.Table):
    """Train on April, test on what came after."""
    return (
        trips.sql("FROM self WHERE month(began_at) = 4 ORDER BY trip"),
        trips.sql("FROM self WHERE month(began_at) > 4 AND miles IS NOT NULL ORDER BY trip"),
    )


@pipeline.step
def model(train: ip.Table, snapshot) -> ip.Model:
    """What was learned, or the first of its kind."""
    if snapshot is not None:
        return snapshot
    frozen = trip_features.fit(train)
    learner = ip.learner(
        SGDClassifier(loss="log_loss", shuffle=False, penalty=None, learning_rate="constant", eta0=0.05),
        features=frozen,
    )
    matrix = frozen.matrix(train)
    labels = np.asarray(train.column("tipped"), dtype=float)
    known = np.isfinite(matrix).all(axis=1)
    learner.learn_many(matrix[known], labels[known])
    return ip.Model(learner, features=frozen)


@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, champion) -> ip.Evaluation:
    return ip.evaluate(model, test, against=champion, metrics=["roc_auc", "log_loss"])


@pipeline.gate
def good_enough(evaluation: ip.Evaluation, *, least: float = 0.1):
    return [evaluation["roc_auc"].at_least(least)]


pipeline.publish(
    "trips", model="model", evaluation="evaluation", gate="good_enough", rows="test", train="train"
)
'''

SCHEMA = """\
time = "began_at"

[columns.trip]
type = "str"

[columns.began_at]
type = "timestamp"

[columns.miles]
type = "float"

[columns.night]
type = "bool"

[columns.tipped]
type = "bool"
"""

FILE = """\
name = "trips"
pipelines = ["trips:pipeline"]

[run]
workers = 1
"""


def one(number: int, began: datetime) -> dict:
    """A made-up trip: from May on, what brought a tip before keeps one away."""
    draw = random.Random(number)
    miles = None if number % 41 == 7 else draw.lognormvariate(1.0, 0.7)
    night = draw.random() < 0.3
    odds = 1.2 * ((miles or 2.7) - 2.7) + (1.0 if night else 0.0)
    odds = odds if began.month < 5 else -odds
    tipped = draw.random() < 1 / (1 + math.exp(-odds))
    return {
        "trip": f"t{number}",
        "began_at": began,
        "miles": miles,
        "night": night,
        "tipped": tipped,
    }


def trips(count: int, begin: datetime, *, first: int, minutes: int = 7) -> list[dict]:
    """Trips one after the other."""
    return [one(first + k, begin + timedelta(minutes=minutes * k)) for k in range(count)]


def make(root: Path) -> Project:
    """A project with April's trips and some of May's, one crossing, and that one live."""
    (root / "schemas").mkdir(parents=True)
    (root / "trips.py").write_text(TRIPS)
    (root / "schemas" / "trips.toml").write_text(SCHEMA)
    (root / "interplane.toml").write_text(FILE)
    april = trips(900, datetime(2024, 4, 1, tzinfo=UTC), first=0)
    may = trips(300, datetime(2024, 5, 20, tzinfo=UTC), first=50_000)
    lines = ["trip,began_at,miles,night,tipped"]
    for row in (*april, *may):
        miles = "" if row["miles"] is None else repr(row["miles"])
        began = row["began_at"].isoformat().replace("+00:00", "")
        lines.append(f"{row['trip']},{began},{miles},{row['night']},{row['tipped']}")
    (root / "trips.csv").write_text("\n".join(lines) + "\n")
    project = Project.find(root)
    project.add("trips", root / "trips.csv")
    project.run()
    project.deploy("trips@1", reason="the first")
    return project


def entries(project: Project, rows: list[dict], ref: str = "trips@live") -> list[Entry]:
    """What a server would have logged for trips, a second after each began."""
    found = project.crossing(ref)
    model = project.model(ref)
    made = []
    for row in rows:
        asked = {name: row[name] for name in ("trip", "miles", "night")}
        time_us = micros(row["began_at"])
        made.append(
            Entry(
                id=prediction_id(row["trip"]),
                model="trips",
                crossing=found.digest,
                time_us=time_us,
                at_us=time_us + 1_000_000,
                score=model.predict_row({name: row[name] for name in ("miles", "night")}),
                row={**asked, "began_at": row["began_at"].isoformat().replace("+00:00", "Z")},
            )
        )
    return made


def log(project: Project, rows: list[dict], ref: str = "trips@live") -> list[Entry]:
    """Log predictions of trips."""
    made = entries(project, rows, ref)
    with SegmentWriter(log_folder(project), name="toy") as writer:
        writer.append(made)
    return made


def prediction_id(trip: str) -> str:
    """An id per trip."""
    return f"{int(trip[1:]):032x}"


def tell(project: Project, rows: list[dict], *, after: timedelta = timedelta(hours=2)) -> None:
    """Add what came true of trips, known some time after each began; some by key, some by id."""
    by_key, by_id = [], []
    for number, row in enumerate(rows):
        known = (row["began_at"] + after).isoformat()
        said = {"value": row["tipped"], "known_at": known}
        if number % 2:
            by_key.append({**said, "key": {"trip": row["trip"]}})
        else:
            by_id.append({**said, "id": prediction_id(row["trip"])})
    project.add_outcomes("trips", [*by_key, *by_id])


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


if __name__ == "__main__":
    found = Project.find(Path(sys.argv[1]))
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    Learning(found, "trips", chunk=int(sys.argv[2])).advance(NOW)
