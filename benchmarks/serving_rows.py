"""The row path of the server: from a request's bytes to a logged answer, and where the time goes."""

from __future__ import annotations

import gc
import json
import tempfile
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import lightgbm
import msgspec
import numpy as np

import interplane as ip
from benchmarks.harness import Row, best_times
from benchmarks.row_program import trip_features, trips
from interplane.models.request_schema import RequestSchema
from interplane.predictions.writer import SegmentWriter
from interplane.record import Digest
from interplane.serving.answers import row_body
from interplane.serving.decode import Decoder
from interplane.serving.endpoint import CrossingEndpoint
from interplane.serving.ids import ClientIds
from interplane.serving.loading import Loaded
from interplane.serving.predicting import Begun, RowPredictor
from interplane.serving.times import PredictionTime
from interplane.views.lookups import LookUps
from interplane.views.materialize import materialize
from interplane.views.online import SqliteOnline
from interplane.views.states import States

TRAINED = 20_000
ROWS = 2_000
BATCH = 100
TREES = 100
NOW = 1_800_000_000_000_000


class Quiet:
    """A meter that is not read."""

    def predictions(self, model, count, *, rejected, took_us): ...

    def tally(self, *whose):
        del whose
        return self._uncounted

    def _uncounted(self, rows): ...

    def frames_lost(self, count): ...


@ip.feature_view(source="trips", entity="company", event_time="started_at", key="trip_id")
def companies(trips):
    return {
        "fare_7d": trips.fare.mean().over(ip.last("7d")),
        "trips_7d": trips.count().over(ip.last("7d")),
    }


@ip.feature_view(source="trips", entity="from_area", event_time="started_at")
def areas(trips):
    return {"fare": trips.fare, "miles": trips.miles, "seconds": trips.seconds}


@ip.feature_view(source="trips", entity="way", event_time="started_at", key="trip_id")
def ways(trips):
    return {"last": trips.miles, "miles_1d": trips.miles.max().over(ip.last("1d"))}


@ip.features(label="big", time="started_at", key=["trip_id"])
def looking_features(
    trip, company=companies.by("company"), area=areas.by("from_area"), way=ways.by("way")
):
    """The 25 features, and seven of three views."""
    return trip_features.function(trip) | {
        "fare_7d": company.fare_7d, "trips_7d": company.trips_7d, "area_fare": area.fare,
        "area_miles": area.miles, "area_seconds": area.seconds, "way_last": way.last,
        "way_miles": way.miles_1d,
    }  # fmt: skip


def crossing(features: ip.Features, table: ip.Table) -> Loaded:
    """A LightGBM model of 100 trees on the features of 12 inputs."""
    frozen, x, y = features.fit_transform(table, sources={"trips": table})
    matrix = np.column_stack([x.numpy(name) for name in x.names])
    booster = lightgbm.train(
        ip.lightgbm_params(objective="binary"),
        lightgbm.Dataset(matrix, y, feature_name=list(frozen.names)),
        num_boost_round=TREES,
    )
    model = ip.Model(booster, features=frozen)
    return Loaded(
        name="trips@1", model="trips", crossing=Digest("c" * 64), flavor="lightgbm", frozen=frozen,
        predictor=model.predictor, schema=RequestSchema.of(frozen, table),
    )  # fmt: skip


def each(work, items):
    """Do some work on every item."""

    def run():
        for item in items:
            work(item)

    return run


def requests(table: ip.Table, *, at: datetime | None = None) -> list[bytes]:
    """The bodies of different rows, as a client writes them; all of one moment if it is given."""
    rows = table.head(ROWS).to_rows()
    for row in rows:
        del row["big"]
        row["started_at"] = f"{(at or row['started_at']).isoformat()}Z"
    return [json.dumps({"row": row}).encode() for row in rows]


def run() -> list[Row]:
    """Microseconds a row; each stage beside the least that its work takes."""
    warnings.simplefilter("ignore")
    table = trips(TRAINED)
    with tempfile.TemporaryDirectory() as folder:
        log = SegmentWriter(Path(folder), name="bench")
        ids = ClientIds(Path(folder) / "ids.sqlite")
        online = SqliteOnline(Path(folder) / "online.sqlite")
        states = States(online)
        try:
            bench = Bench(log, ids)
            plain = bench.measure(crossing(trip_features, table), requests(table))
            looking = crossing(looking_features, table)
            for use in looking.frozen.uses.values():
                materialize(online, use.view, table)
            look_ups = LookUps(looking.frozen.uses, states)
            # As a server has it: requests of now, and the entities that were asked for before.
            now = max(row["started_at"] for row in table.select("started_at").to_rows())
            bodies = requests(table, at=now + timedelta(minutes=1))
            return [*plain, bench.measure(looking, bodies, look_ups)[0]]
        finally:
            states.close()
            online.close()
            log.close()
            ids.close()


@dataclass
class Bench:
    """What both models share."""

    log: SegmentWriter
    ids: ClientIds

    def measure(self, loaded, bodies, look_ups=None) -> list[Row]:
        """Measure an endpoint of a crossing."""
        endpoint = CrossingEndpoint(
            loaded, log=self.log, ids=self.ids, meter=Quiet(), look_ups=look_ups
        )
        return measure(loaded, endpoint, self.log, bodies, look_ups)


def measure(loaded, endpoint, log, bodies, look_ups) -> list[Row]:
    """Take turns between the whole and its parts."""
    decoder, predictor = Decoder(loaded.schema), RowPredictor(loaded, look_ups=look_ups)
    clock = PredictionTime(loaded.schema)
    decoded = [decoder.decode_row(body) for body in bodies]
    assert None not in decoded
    begun = Begun(NOW, 0, 0)
    predicted = [predictor.predict(row, begun, at="$.row") for row in decoded]
    entries = [(entry,) for entry, _ in predicted]
    names = [field.name for field in loaded.schema.fields]
    asked = [
        (
            {name: values[names.index(name)] for name in loaded.frozen.by},
            clock.of(values, row, NOW)[0],
        )
        for values, row in decoded
    ]
    look_up = (lambda *_: []) if look_ups is None else look_ups.read
    inputs = [
        values[: loaded.schema.inputs] + look_up(*by)
        for (values, _), by in zip(decoded, asked, strict=True)
    ]
    vector, score = loaded.frozen.program.vector, loaded.predictor.predict_one
    vectors = [vector(values) for values in inputs]
    bare = msgspec.json.Decoder(type(decoded[0][1])).decode
    texts = [body[len('{"row": ') : -1] for body in bodies]
    batches = [
        b'{"rows":[%b]}' % b",".join(texts[start : start + BATCH])
        for start in range(0, ROWS, BATCH)
    ]
    numbers = iter(range(10**9))

    def answer(body):
        return endpoint.answer(body, now_us=NOW, received_us=NOW)

    def with_id(body):
        return answer(b'%b,"id":"%d"}' % (body[:-1], next(numbers)))

    def write(found):
        entry, time = found
        return row_body(entry.score, entry.id, endpoint.name, endpoint.crossing, time)

    def by_hand(parts):
        """The least: typed decode, row program, model, log and JSON, and nothing around them."""
        text, values, found = parts
        bare(text)
        score(vector(values))
        log.append(found)
        write((*found, "2026-01-01T00:00:00Z"))

    parts = list(zip(texts, inputs, entries, strict=True))
    gc.collect()
    gc.freeze()  # as a worker does when it has loaded what it serves
    times = best_times(
        {
            "total": each(answer, bodies),
            "decode": each(decoder.decode_row, bodies),
            "bare decode": each(bare, texts),
            "exact": each(decoder.decode_exact, bodies),
            "by hand": each(by_hand, parts),
            "time": each(lambda row: clock.of(*row, NOW), decoded),
            "look-up": each(lambda by: look_up(*by), asked),
            "program": each(vector, inputs),
            "model": each(score, vectors),
            "predict": each(lambda row: predictor.predict(row, begun, at="$.row"), decoded),
            "log": each(log.append, entries),
            "write": each(write, predicted),
            "batch": each(answer, batches),
            "ids": each(with_id, bodies[:200]),
        },
        repeats=9,
    )
    us = {name: seconds / ROWS * 1e6 for name, seconds in times.items()}
    us["ids"] *= ROWS / 200
    gc.unfreeze()
    us["look-up"] *= look_ups is not None
    return rows_of(us, "" if look_ups is None else ", three views looked up")


def rows_of(us: dict[str, float], which: str) -> list[Row]:
    """The whole beside the sum of the bare parts, then each stage with its share."""
    rest = us["predict"] - us["time"] - us["look-up"] - us["program"] - us["model"]
    stages = {
        "decode": us["decode"], "prediction time": us["time"], "look-up": us["look-up"],
        "row program": us["program"],
        "model": us["model"], "id and entry": rest, "log": us["log"], "encode": us["write"],
    }  # fmt: skip
    stages["all else"] = us["total"] - sum(stages.values())
    shares = ", ".join(f"{name} {value / us['total']:.0%}" for name, value in stages.items())
    return [
        Row(f"one row, bytes to logged answer{which}", "us", us["total"],
            {"its bare parts, one after the other": us["by hand"]}, note=f"shares: {shares}"),
        Row("decode: the quick way", "us", us["decode"],
            {"msgspec alone": us["bare decode"], "the exact way": us["exact"]}),
        *(Row(name, "us", value) for name, value in stages.items() if value and name != "decode"),
        Row(f"a row in a batch of {BATCH}", "us", us["batch"], {"a row alone": us["total"]}),
        Row("one row with the client's id, a new one each", "us", us["ids"]),
    ]  # fmt: skip
