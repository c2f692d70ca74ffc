"""A log of hours for the small project; run as a program, it looks again and again: FOLDER."""

import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import trips_project as trips

from interplane.predictions.entry import Entry
from interplane.predictions.writer import SegmentWriter
from interplane.project.serving import LOG
from interplane.project.watching import look_at_models

HOUR_US = 3_600_000_000
FIRST = 490_000
"""The first hour of the log: some day of 2025."""

RULES = """
[monitoring]
false_alarms = 0.05
lateness = "1s"
keep_days = 3000

[[monitor]]
name = "scores"
model = "trips"
metric = "mean_score"
window = "1h"
slices = ["zone"]
against = "previous"
moves_by = 0.1
owner = "riders"
then = { run = "trips", debounce = "1d" }

[[monitor]]
name = "long"
model = "trips"
metric = "label_rate"
window = "1h"
at_most = 0.5
coverage = 0.9
patience = "1d"

[owners.riders]
"""


def log_hour(project, hour, count=400, *, shift=0.0, zone=None, replay=True, ref="trips@1"):
    """Log an hour of predictions; those of a zone (or of all) are shifted."""
    draw, crossing = random.Random(hour), project.crossing(ref).digest
    entries = []
    for number in range(count):
        row = trips.request(number)
        moved = shift if zone in (None, row["zone"]) else 0.0
        at_us = (FIRST + hour) * HOUR_US + number * 1_000_000
        entries.append(
            Entry(
                id=f"{hour:08d}{number:024d}",
                model="trips",
                crossing=crossing,
                time_us=at_us,
                at_us=at_us,
                score=min(draw.betavariate(2, 4) + moved, 1.0),
                took_us=200,
                replay=replay,
                row=row | {"ride": hour * 10_000 + number},
                looked_up={"past.miles": 2.0, "past.rides_1d": 1},
            )
        )
    with SegmentWriter(project.workspace / LOG, name=f"test-{hour}") as writer:
        writer.append(entries)


def tell(project, hour, share, *, count=400, of=1.0):
    """Add outcomes of an hour's predictions: a share of them true; of a part of the predictions."""
    known = int(count * of)
    rows = [
        {
            "id": f"{hour:08d}{number:024d}",
            "value": number < share * known,
            "known_at": f"{trips.BEGIN.isoformat()}Z",
        }
        for number in range(known)
    ]
    project.add_outcomes("trips", rows, replay=True)


def main(root):
    """Look until killed."""
    with trips.opened(root) as project:
        os.write(1, b"begun\n")
        for _ in range(3):
            look_at_models(project)
            os.write(1, b"looked\n")
        os.write(1, b"done\n")


if __name__ == "__main__":
    main(sys.argv[1])
