"""Feast's point-in-time join of the tables of `benchmarks.join`, in a Python that has Feast.

Its own interpreter runs it: ``python benchmarks/feast/join.py FOLDER STORE`` with the Parquet files
``events`` and ``rows`` in the folder; it prints the seconds of three joins, after one to warm up.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64
from feast.value_type import ValueType


def store(folder: Path, kind: str) -> FeatureStore:
    """Return a store with one view of the events, by the time at which they were known."""
    config = RepoConfig(
        project="bench", provider="local", registry=str(folder / "registry.db"),
        online_store={"type": "sqlite", "path": str(folder / "online.db")},
        offline_store={"type": kind}, entity_key_serialization_version=3,
    )  # fmt: skip
    who = Entity(name="entity", join_keys=["entity"], value_type=ValueType.INT64)
    source = FileSource(path=str(folder / "events.parquet"), timestamp_field="known")
    view = FeatureView(
        name="latest", entities=[who], ttl=timedelta(days=10_000), source=source,
        schema=[Field(name=name, dtype=Float64) for name in "xyz"],
    )  # fmt: skip
    made = FeatureStore(config=config)
    made.apply([who, view])
    return made


def main(folder: Path, kind: str) -> None:
    """Join and print."""
    made = store(folder, kind)
    rows = pd.read_parquet(folder / "rows.parquet").rename(
        columns={"who": "entity", "t": "event_timestamp"}
    )
    rows["event_timestamp"] = rows["event_timestamp"].dt.tz_localize("UTC")
    features = ["latest:x", "latest:y", "latest:z"]
    seconds = []
    for _ in range(4):
        begin = time.perf_counter()
        found = made.get_historical_features(entity_df=rows, features=features).to_arrow()
        seconds.append(time.perf_counter() - begin)
    print(json.dumps({"seconds": seconds[1:], "rows": found.num_rows}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
