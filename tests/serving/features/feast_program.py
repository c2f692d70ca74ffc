"""Ask a server with Feast's own client: ``python feast_program.py FOLDER URL``; prints JSON.

Run by an interpreter that has Feast; it needs nothing of ours.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import requests
from feast import (
    Entity,
    FeatureService,
    FeatureStore,
    FeatureView,
    Field,
    FileSource,
    RepoConfig,
    ValueType,
)
from feast.types import Float64, Int64


def store_of(folder, url):
    """Return a store whose online store is the server."""
    config = RepoConfig(
        project="trips",
        provider="local",
        registry=str(folder / "registry.db"),
        online_store={"type": "remote", "path": url, "connection_retries": 0},
        offline_store={"type": "dask"},
        entity_key_serialization_version=3,
    )
    return FeatureStore(config=config)


def declared(folder):
    """Return what Feast has to know: the entity, the view, and a service of a model's name."""
    import pandas as pd

    path = folder / "ends.parquet"
    frame = {"rider": ["r0"], "miles": [1.0], "rides_1d": [1]}
    times = pd.to_datetime(["2026-01-01"], utc=True)
    pd.DataFrame({**frame, "began_at": times}).to_parquet(path)
    rider = Entity(name="rider", join_keys=["rider"], value_type=ValueType.STRING)
    view = FeatureView(
        name="history",
        entities=[rider],
        ttl=timedelta(0),
        schema=[Field(name="miles", dtype=Float64), Field(name="rides_1d", dtype=Int64)],
        source=FileSource(name="ends", path=str(path), timestamp_field="began_at"),
    )
    return rider, view, FeatureService(name="trips", features=[view])


def statuses_of(response):
    """Return Feast's own statuses by feature."""
    proto = response.proto
    kinds = type(proto.results[0]).DESCRIPTOR.fields_by_name["statuses"].enum_type.values_by_number
    names = proto.metadata.feature_names.val
    return {
        name: [kinds[status].name for status in result.statuses]
        for name, result in zip(names, proto.results, strict=True)
    }


def main(folder, url):
    """Read by features and by a service, push, and read again."""
    rider, view, service = declared(folder)
    store = store_of(folder, url)
    store.apply([rider, view, service])
    features = ["history:miles", "history:rides_1d"]
    rows = [{"rider": name} for name in ("r0", "r1", "nobody")]
    read = store.get_online_features(features=features, entity_rows=rows)
    full = store.get_online_features(features=service, entity_rows=rows, full_feature_names=True)
    frame = {
        "ride": [80_001],
        "rider": ["r0"],
        "miles": [7.25],
        "began_at": ["2026-03-01T10:00:00Z"],
        "ended_at": ["2026-03-01T10:30:00Z"],
    }
    pushed = requests.post(
        f"{url}/push",
        json={"push_source_name": "ends", "df": frame, "to": "online"},
        timeout=60,
    )
    after = store.get_online_features(features=features, entity_rows=rows)
    low = store._get_provider().online_store.online_read(
        store.config, view, keys_of(rows), ["miles", "rides_1d"]
    )
    wrong = [
        refusal_of(store, ["history:nothing"], rows),
        refusal_of(store, ["history:miles"], [{"rider": 5}]),
    ]
    said = {
        "wrong": wrong,
        "read": read.to_dict(),
        "statuses": statuses_of(read),
        "full": sorted(full.to_dict()),
        "pushed": [pushed.status_code, pushed.json()],
        "after": after.to_dict(),
        "low": [
            {name: None if v.WhichOneof("val") is None else getattr(v, v.WhichOneof("val"))
             for name, v in found.items()}
            for _, found in low
        ],
    }  # fmt: skip
    sys.stdout.write(json.dumps(said))


def refusal_of(store, features, rows):
    """Return what Feast's client shows of an answer that is none."""
    from feast.infra.online_stores.remote import get_remote_online_features

    entities = {name: [row[name] for row in rows] for name in rows[0]}
    body = {"features": features, "entities": entities, "full_feature_names": False}
    answer = get_remote_online_features(config=store.config, req_body=body)
    return [answer.status_code, answer.json()]


def keys_of(rows):
    """Return entity keys as Feast's online stores get them."""
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    return [
        EntityKey(join_keys=["rider"], entity_values=[Value(string_val=row["rider"])])
        for row in rows
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
