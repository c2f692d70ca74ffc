"""Made-up taxi trips and 25 features of them, as Interplane has them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import interplane as ip

__all__ = ["EDGES", "ORDER", "trip_features", "trips"]

EDGES = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
WAYS = ("card", "cash", "mobile", "prepaid", "unknown")
ORDER = ("started_at", "miles", "seconds", "fare", "from_area", "to_area", "from_lat",
         "from_lon", "to_lat", "to_lon", "company", "way")  # fmt: skip
"""The inputs of the features, as the peers take them."""


def trips(rows: int) -> ip.Table:
    """Made-up taxi trips with nulls."""
    draw = random.Random(3)
    maybe = lambda value, chance: None if draw.random() < chance else value  # noqa: E731
    start = datetime(2026, 1, 1)
    columns = {
        "trip_id": [f"t{n}" for n in range(rows)],
        "started_at": [start + timedelta(minutes=draw.randrange(500_000)) for _ in range(rows)],
        "miles": [maybe(draw.lognormvariate(1, 1), 0.02) for _ in range(rows)],
        "seconds": [maybe(draw.randrange(60, 6_000), 0.02) for _ in range(rows)],
        "fare": [maybe(draw.lognormvariate(2, 0.8), 0.01) for _ in range(rows)],
        "from_area": [maybe(draw.randrange(1, 78), 0.1) for _ in range(rows)],
        "to_area": [maybe(draw.randrange(1, 78), 0.15) for _ in range(rows)],
        "from_lat": [41.8 + draw.random() / 10 for _ in range(rows)],
        "from_lon": [-87.7 + draw.random() / 10 for _ in range(rows)],
        "to_lat": [maybe(41.8 + draw.random() / 10, 0.15) for _ in range(rows)],
        "to_lon": [maybe(-87.7 + draw.random() / 10, 0.15) for _ in range(rows)],
        "company": [maybe(f"company {draw.randrange(30)}", 0.3) for _ in range(rows)],
        "way": [draw.choice(WAYS) for _ in range(rows)],
    }
    columns["big"] = [
        draw.random() < 0.2 + 0.3 * (way == "card") + 0.01 * min(miles or 0, 20)
        for way, miles in zip(columns["way"], columns["miles"], strict=True)
    ]
    return ip.Table.from_columns(columns)


@ip.features(label="big", time="started_at", key=["trip_id"])
def trip_features(trip):
    """25 features of 12 inputs: scores, logs, a bucket, target encodings, times, a distance."""
    hour, day = trip.started_at.hour(), trip.started_at.day_of_week()
    north, east = trip.to_lat - trip.from_lat, trip.to_lon - trip.from_lon
    return {
        "miles_z": ip.standardize(trip.miles),
        "seconds_z": ip.standardize(trip.seconds),
        "fare_z": ip.standardize(trip.fare),
        "log_miles": (trip.miles + 1.0).ln(),
        "log_fare": (trip.fare + 1.0).ln(),
        "speed": trip.miles / (trip.seconds / 3600.0),
        "fare_per_mile": trip.fare / trip.miles,
        "miles_bucket": trip.miles.bucket(list(EDGES)),
        "hour": ip.cyclic(hour, period=24),
        "day": ip.cyclic(day, period=7),
        "weekend": day >= 5,
        "night": (hour < 6) | (hour >= 22),
        "north": north,
        "east": east,
        "distance": (north * north + east * east).sqrt(),
        "has_target": trip.to_area.not_null(),
        "same_area": trip.from_area == trip.to_area,
        "company_rate": ip.target_encode([trip.company], trip.big, smoothing=20),
        "area_rate": ip.target_encode([trip.from_area, trip.to_area], trip.big, smoothing=20),
        "company_known": trip.company.not_null(),
        "card": trip.way == "card",
        "cash": trip.way == "cash",
        "fare_clipped": trip.fare.clip(0, 100),
    }
