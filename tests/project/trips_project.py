"""A small project with history and two crossings, and its row path in this process."""

from __future__ import annotations

import json
import random
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interplane.pipeline.importing import FromSource
from interplane.project.project import Project
from interplane.project.serving import open_server
from interplane.serving.board import Board
from interplane.serving.metrics import SlotMeter
from interplane.serving.ports import Opening

CODE = '''\
"""Which rides will be long? By what is known of the rider."""

import interplane as ip

rides = ip.dataset("rides")


@ip.feature_view(
    source="ends", entity="rider", event_time="began_at", known_at="ended_at", key="ride"
)
def history(ends):
    return {"miles": ends.miles, "rides_1d": ends.count().over(ip.last("1d"))}


@ip.features(label="long", time="began_at", key=["ride"], context=["zone"])
def ride_features(ride, past=history.by("rider")):
    return {
        "zone_rate": ip.target_encode([ride.zone], ride.long, smoothing=1.0),
        "risk": (past.miles / (past.miles + 3)).fill_null(0.5),
        "busy": past.rides_1d / (ride.seats + 1),
    }


pipeline = ip.Pipeline("trips", inputs={"rides": rides})


@pipeline.step
def ends(rides: ip.Table) -> ip.Table:
    return rides.sql("SELECT ride, rider, began_at, ended_at, miles FROM self")


@pipeline.step
def model(rides: ip.Table, ends: ip.Table, *, score: str = "risk") -> ip.Model:
    frozen = ride_features.fit(rides, sources={"ends": ends})
    return ip.Model(ip.FeatureScore(score), features=frozen)


@pipeline.step
def rides_made(rides: ip.Table) -> ip.Table:
    return rides


@pipeline.step
def evaluation(model: ip.Model, rides_made: ip.Table, ends: ip.Table) -> ip.Evaluation:
    return ip.evaluate(
        model, rides_made, sources={"ends": ends}, metrics=["roc_auc"], seen="allow"
    )


@pipeline.gate
def good_enough(evaluation: ip.Evaluation):
    return [evaluation["roc_auc"].at_least(0.1)]


pipeline.publish(
    "trips", model="model", evaluation="evaluation", gate="good_enough", rows="rides_made",
    train="rides_made",
)
'''

FILE = 'name = "trips"\npipelines = ["trips:pipeline"]\n\n[run]\nworkers = 1\n'
BEGIN = datetime(2026, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
LAST = BEGIN + timedelta(days=10)


def rides_csv(rows=300, *, seed=3, days=10):
    """Return made-up rides as CSV."""
    draw = random.Random(seed)
    lines = ["ride,rider,began_at,ended_at,zone,seats,miles,long"]
    for number in range(rows):
        rider = f"r{draw.randrange(8)}"
        began = BEGIN + timedelta(minutes=draw.randrange(days * 1440))
        miles = round(draw.lognormvariate(1.0, 0.6), 2)
        ended = began + timedelta(minutes=1 + int(miles * 4))
        zone, seats = draw.choice(["north", "south"]), draw.randrange(1, 5)
        lines.append(
            f"{number},{rider},{began},{ended},{zone},{seats},{miles},{str(miles > 3).lower()}"
        )
    return "\n".join(lines) + "\n"


def make(root, *, settings="", code=CODE):
    """Make the project with its data, two crossings, and history from its beginning on."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "interplane.toml").write_text(FILE + settings)
    (root / "trips.py").write_text(code)
    (root / "rides.csv").write_text(rides_csv())
    with opened(root) as project:
        project.add("rides", root / "rides.csv")
        project.run()
        project.run(score="zone_rate")
        project.materialize("trips@1", since=BEGIN)
        project.deploy("trips@1", reason="the first")


@contextmanager
def opened(root):
    """Open the project as a new process would; what it imported is forgotten afterwards."""
    path = [*sys.path]
    try:
        yield Project.find(Path(root))
    finally:
        sys.path[:] = path
        sys.meta_path[:] = [each for each in sys.meta_path if not _is_of(each, root)]
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", "")).startswith(str(root)):
                del sys.modules[name]


def _is_of(finder, root):
    return isinstance(finder, FromSource) and Path(finder.root).is_relative_to(root)


@contextmanager
def serving(root, *, replay=True):
    """Open the row path of the project; yield a function that answers a row, and the row path."""
    held = ExitStack()
    board = held.enter_context(Board.create(1))
    row_path = open_server(Opening(project=str(root), replay=replay), SlotMeter(board.slots[0]))
    row_path.models.start()

    def answer(row, **more):
        now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
        body = json.dumps({"row": row, **more}).encode()
        found = row_path.models.find("trips").answer(body, now_us=now_us, received_us=now_us)
        return found.status, json.loads(found.body)

    try:
        yield answer
    finally:
        row_path.models.close()
        row_path.log.close()
        held.close()


def request(number, *, at=None, rider=None, seats=2):
    """Return a request's row."""
    at = at or BEGIN + timedelta(days=1) + 37 * timedelta(minutes=number)
    return {
        "ride": 10_000 + number,
        "rider": rider or f"r{number % 8}",
        "began_at": f"{at.isoformat()}Z",
        "zone": "north" if number % 2 else "south",
        "seats": seats,
    }
