"""Small crossings that are trained in a moment: flights, and a LightGBM model of a few trees."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import lightgbm
import numpy as np

import interplane as ip
from interplane.data.table import Table
from interplane.features.frozen import Frozen
from interplane.models.golden import make_golden
from interplane.models.model import Model
from interplane.models.request_schema import RequestSchema
from interplane.pipeline.artifacts import Artifacts
from interplane.record import Crossing, Digest, Verdict
from interplane.storage.names import named_pointer, series_name

CARRIERS = ("UA", "AA", "DL", "É")
TIME = datetime(2013, 6, 1, 6, 15)


def flights(count: int, seed: int = 0) -> Table:
    """Made-up flights, with nulls where flights have some."""
    draw = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if draw.random() < 0.1 else value

    carriers = [maybe(draw.choice(CARRIERS)) for _ in range(count)]
    columns = {
        "flight": [f"f{number}" for number in range(count)],
        "at": [TIME - timedelta(minutes=draw.randrange(500_000)) for _ in range(count)],
        "distance": [draw.lognormvariate(6, 1) for _ in range(count)],
        "seats": [maybe(draw.randrange(20, 400)) for _ in range(count)],
        "wind": [maybe(draw.gauss(10, 5)) for _ in range(count)],
        "carrier": carriers,
        "night": [draw.random() < 0.3 for _ in range(count)],
        "built": [
            maybe((TIME - timedelta(days=draw.randrange(9000))).date()) for _ in range(count)
        ],
        "late": [draw.random() < 0.2 + 0.5 * (carrier == "UA") for carrier in carriers],
    }
    return Table.from_columns(columns)


@ip.features(label="late", time="at", key=["flight"], context=["night"])
def flown(flight: Any) -> dict[str, Any]:
    """Of every type of column."""
    return {
        "distance": ip.standardize(flight.distance),
        "log": flight.distance.ln(),
        "seats": flight.seats,
        "wind": flight.wind / flight.seats,
        "hour": ip.cyclic(flight.at.hour(), period=24),
        "night": flight.night,
        "year": flight.built.year(),
        "rate": ip.target_encode([flight.carrier], flight.late, smoothing=5),
        "carrier": ip.one_hot(flight.carrier, top=3),
    }


@cache
def train(seed: int = 0, trees: int = 8) -> tuple[Table, Model]:
    """The rows, and a model fitted on them."""
    rows = flights(400, seed)
    frozen, x, y = flown.fit_transform(rows)
    matrix = np.column_stack([x.numpy(name) for name in x.names])
    data = lightgbm.Dataset(matrix, y, feature_name=list(frozen.names))
    parameters = ip.lightgbm_params(objective="binary", num_leaves=7, min_data_in_leaf=5)
    return rows, Model(lightgbm.train(parameters, data, num_boost_round=trees), features=frozen)


def record(
    store: Any,
    rows: Table,
    model: Model,
    *,
    name: str = "flights",
    schema: RequestSchema | None = None,
    golden: bytes | None = None,
    **changed: Any,
) -> Digest:
    """Put a crossing into the catalog, as a pipeline's run does, and return its digest."""
    frozen = model.features
    assert isinstance(frozen, Frozen)
    schema = schema or RequestSchema.of(frozen, rows)
    if golden is None:
        golden = make_golden(frozen, model.predictor, schema, rows).to_bytes()
    draft = store.draft()
    made = {
        "model_name": name,
        "pipeline": "toy",
        "steps": {},
        "commit": None,
        "diff": None,
        "environment": draft.put(b"{}"),
        "data": {},
        "parameters": {},
        "seeds": {},
        "frozen": None,
        "model": Artifacts(store).save(model, draft, place="the model"),
        "request_schema": schema.to_dict(),
        "evaluation": None,
        "verdict": Verdict(asked=0),
        "baselines": {},
        "parity": None,
        "golden": draft.put(golden),
    }
    digest = draft.record(Crossing(**{**made, **changed}))
    draft.append(series_name("model", name), digest)
    store.commit(draft, writer=store.catalog.writer("test"))
    return digest


def deploy(store: Any, digest: Digest | None, *, name: str = "flights") -> None:
    """Make a crossing the live one, or take the pointer away."""
    draft = store.draft()
    draft.move(named_pointer("model", name, "live"), digest, reason="test")
    store.commit(draft, writer=store.catalog.writer("test"))


class MemoryLog:
    """Keeps what is logged; fails when told."""

    def __init__(self) -> None:
        self.frames: list[list[Any]] = []
        self.failing: Exception | None = None

    def append(self, entries: Any) -> None:
        """Write a frame."""
        if self.failing is not None:
            raise self.failing
        self.frames.append(list(entries))

    @property
    def entries(self) -> list[Any]:
        """Everything that was logged."""
        return [entry for frame in self.frames for entry in frame]


class Counts:
    """A meter that remembers."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self.predicted = self.rejected = self.requests = self.lost = 0
        self.failed: list[str] = []
        self.canaries_failed: list[str] = []
        self.instead = 0
        self.by_crossing: Counter[str] = Counter()
        self.served: list[tuple[str, str, str]] = []

    def predictions(self, model: str, count: int, *, rejected: int, took_us: int) -> None:
        """Count rows."""
        assert took_us >= 0
        with self._turn:
            self.requests += 1
            self.predicted += count
            self.rejected += rejected

    def load_failed(self, model: str) -> None:
        """Remember a model that could not be loaded."""
        self.failed.append(model)

    def tally(self, model: str, crossing: str, name: str) -> Any:
        """Count rows by crossing."""

        def count(rows: int) -> None:
            with self._turn:
                self.by_crossing[crossing] += rows

        return count

    def answered_instead(self, model: str) -> None:
        """Count a row that the canary could not answer."""
        self.instead += 1

    def canary_load_failed(self, model: str) -> None:
        """Remember a model whose canary could not be loaded."""
        self.canaries_failed.append(model)

    def frames_lost(self, count: int) -> None:
        """Count frames."""
        self.lost += count

    def live(self, model: str, crossing: str, name: str) -> None:
        """Remember what is live."""
        self.served.append((model, crossing, name))


def request_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a table as a request has it: without the label, times as text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
        if name != "late"
    }
