"""A small project that trains a model: its pipeline, its schema, its data."""

import random

from interplane.data.adding import add
from interplane.data.schema_file import parse_schema
from interplane.data.table import Table

SCHEMA = """
time = "when"

[columns.id]
type = "int"

[columns.carrier]
type = "str"

[columns.wind]
type = "float"
max = 100.0
on_breach = "null"

[columns.late]
type = "bool"
nulls = 0.0

[columns.when]
type = "timestamp"
"""

STEPS = """
    import interplane as ip
    from interplane.features.definition import features

    @features(label="late", time="when", key=["id"], context=["carrier"])
    def flown(flight):
        return {
            "rate": ip.target_encode([flight.carrier], flight.late, smoothing=2),
            "wind": flight.wind,
        }

    pipeline = ip.Pipeline(
        "toy",
        inputs={"rows": ip.dataset("rows", schema="rows.toml"), "champion": ip.live("rate")},
    )

    @pipeline.step(outputs=("train", "test"))
    def split(rows: ip.Table, *, share: int = 3):
        train = rows.sql(f"FROM self WHERE id % {share} > 0 ORDER BY id")
        return train, rows.sql(f"FROM self WHERE id % {share} = 0 ORDER BY id")

    @pipeline.step(outputs=("frozen", "x", "y"))
    def fitted(train: ip.Table):
        return flown.fit_transform(train)

    @pipeline.step
    def model(frozen: ip.Frozen):
        return ip.Model(ip.FeatureScore("rate"), features=frozen)

    @pipeline.step
    def evaluation(model: ip.Model, test: ip.Table, champion):
        return ip.evaluate(model, test, against=champion, metrics=["roc_auc"], slices=["carrier"])

    @pipeline.gate
    def good(evaluation: ip.Evaluation, *, least: float = 0.5):
        return [
            evaluation["roc_auc"].at_least(least),
            evaluation["roc_auc"].not_worse_than_champion(by=0.01, confidence=0.95),
        ]

    @pipeline.step
    def unrelated(rows: ip.Table, *, shown: int = 1):
        return rows.head(shown).to_rows()[0]["id"]

    pipeline.publish(
        "rate", model="model", evaluation="evaluation", gate="good", rows="split", train="train"
    )
""".replace('rows="split", ', "")


def rows(count=600, seed=1):
    """Return flights whose lateness depends on their carrier."""
    draw = random.Random(seed)
    carriers = [draw.choice(["UA", "AA", "DL"]) for _ in range(count)]
    share = {"UA": 0.7, "AA": 0.4, "DL": 0.1}
    return Table.from_columns(
        {
            "id": list(range(count)),
            "carrier": carriers,
            "wind": [draw.choice([5.0, 20.0, 1048.0]) for _ in range(count)],
            "late": [draw.random() < share[carrier] for carrier in carriers],
            "when": [f"2013-01-01T00:{minute % 60:02}:00" for minute in range(count)],
        }
    ).sql('SELECT * REPLACE ("when"::TIMESTAMP AS "when") FROM self ORDER BY id')


def add_rows(store, table):
    """Add a version of the dataset."""
    schema = parse_schema(SCHEMA)
    return add(store, "rows", table, writer=store.catalog.writer("test"), schema=schema)
