"""The row program: 12 inputs to 25 features, and with LightGBM's C API behind it, per row."""

from __future__ import annotations

import math
import random
import warnings
from bisect import bisect_right
from datetime import datetime, timedelta

import lightgbm
import numpy as np

import interplane as ip
from benchmarks.harness import Row, best_times

ROWS = 20_000
EDGES = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
WAYS = ("card", "cash", "mobile", "prepaid", "unknown")


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


def by_hand(frozen: ip.Frozen):
    """The same features as a person would write them for one row: the limit of plain Python."""
    from interplane.expressions.nodes import Literal, Lookup, walk

    statistics = {
        name: [node.value for node in walk(frozen.features[name]) if isinstance(node, Literal)]
        for name in ("miles_z", "seconds_z", "fare_z")
    }
    (m0, m1), (s0, s1), (f0, f1) = (values[:2] for values in statistics.values())
    tables = {
        name: next(node for node in walk(frozen.features[name]) if isinstance(node, Lookup))
        for name in ("company_rate", "area_rate")
    }
    company, areas = (frozen.lookups[node.table].entries for node in tables.values())
    company_else, areas_else = (node.default.value for node in tables.values())
    nan, ln, sin, cos, sqrt, tau = math.nan, math.log, math.sin, math.cos, math.sqrt, math.tau

    def row(at, miles, seconds, fare, from_area, to_area, y0, x0, y1, x1, firm, way):
        hour, day = at.hour, at.weekday()
        north = nan if y1 is None else y1 - y0
        east = nan if x1 is None else x1 - x0
        return [
            nan if miles is None else (miles - m0) / m1,
            nan if seconds is None else (seconds - s0) / s1,
            nan if fare is None else (fare - f0) / f1,
            nan if miles is None else ln(miles + 1.0),
            nan if fare is None else ln(fare + 1.0),
            nan if miles is None or not seconds else miles / (seconds / 3600.0),
            nan if fare is None or not miles else fare / miles,
            nan if miles is None else float(bisect_right(EDGES, miles)),
            sin(hour * (tau / 24)),
            cos(hour * (tau / 24)),
            sin(day * (tau / 7)),
            cos(day * (tau / 7)),
            float(day >= 5),
            float(hour < 6 or hour >= 22),
            north,
            east,
            sqrt(north * north + east * east),
            float(to_area is not None),
            nan if from_area is None or to_area is None else float(from_area == to_area),
            company.get((firm,), company_else),
            areas.get((from_area, to_area), areas_else),
            float(firm is not None),
            float(way == "card"),
            float(way == "cash"),
            nan if fare is None else min(max(fare, 0.0), 100.0),
        ]

    return row


def run() -> list[Row]:
    """Medians of one row, over 2,000 different rows."""
    warnings.simplefilter("ignore")
    table = trips(ROWS)
    frozen, x, y = trip_features.fit_transform(table)
    matrix = np.column_stack([x.numpy(name) for name in x.names])
    booster = lightgbm.train(
        ip.lightgbm_params(objective="binary", verbose=-1),
        lightgbm.Dataset(matrix, y, feature_name=list(frozen.names)),
        num_boost_round=100,
    )
    model = ip.Model(booster, features=frozen)
    order = ("started_at", "miles", "seconds", "fare", "from_area", "to_area", "from_lat",
             "from_lon", "to_lat", "to_lon", "company", "way")  # fmt: skip
    rows = table.head(2_000).to_rows()
    values = [tuple(row[name] for name in frozen.inputs) for row in rows]
    plain = [tuple(row[name] for name in order) for row in rows]
    dicts = [{name: row[name] for name in frozen.inputs} for row in rows]
    hand, vector = by_hand(frozen), frozen.program.vector
    program, predict = frozen.program, model.predictor.predict_one
    vectors = [vector(row) for row in values]
    arrays = [np.array([row]) for row in vectors]
    times = best_times(
        {
            "vector": lambda: [vector(row) for row in values],
            "dict": lambda: [program(row) for row in dicts],
            "hand": lambda: [hand(*row) for row in plain],
            "both": lambda: [predict(vector(row)) for row in values],
            "c": lambda: [predict(row) for row in vectors],
            "python": lambda: [booster.predict(row, num_threads=1) for row in arrays],
        },
        repeats=9,
    )
    us = {name: value / len(rows) * 1e6 for name, value in times.items()}
    return [
        Row(
            f"row program, 12 inputs to {len(frozen.names)} features, values to vector", "µs",
            us["vector"], {"written by hand (the limit of plain Python)": us["hand"]},
        ),
        Row("the same, dict to dict", "µs", us["dict"], {"written by hand, values": us["hand"]}),
        Row(
            "row program + LightGBM of 100 trees", "µs", us["both"],
            {"the C API alone": us["c"], "booster.predict alone": us["python"]},
        ),
    ]  # fmt: skip
