"""The project that is killed: its files, its data, and the commands that make a crossing of them."""

import random

CONFIG = 'name = "crashed"\npipelines = ["crashed:pipeline"]\n'

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

[columns.when]
type = "timestamp"
"""

STEPS = '''
"""A model of made-up flights: chains, a fan, tables, arrays, files, a gate."""

import tempfile
from pathlib import Path

import numpy as np

import interplane as ip

pipeline = ip.Pipeline(
    "late",
    inputs={
        "rows": ip.dataset("rows", schema="schemas/rows.toml"),
        "places": ip.dataset("places"),
        "champion": ip.live("late"),
    },
)


@ip.features(label="late", time="when", key=["id"], context=["carrier"])
def flown(flight):
    """Two features."""
    return {
        "rate": ip.target_encode([flight.carrier], flight.late, smoothing=2),
        "wind": flight.wind,
    }


@pipeline.step(outputs=("train", "test"))
def split(rows: ip.Table, *, share: int = 3):
    """Two tables."""
    train = rows.sql(f"FROM self WHERE id % {share} > 0 ORDER BY id")
    return train, rows.sql(f"FROM self WHERE id % {share} = 0 ORDER BY id")


@pipeline.step(outputs=("frozen", "x", "y"))
def fitted(train: ip.Table):
    """Features and arrays."""
    return flown.fit_transform(train)


@pipeline.step
def model(frozen: ip.Frozen):
    """A model without a library."""
    return ip.Model(ip.FeatureScore("rate"), features=frozen)


@pipeline.step
def noise(places: ip.Table):
    """An array that is a blob."""
    return np.random.default_rng(places.rows).normal(size=40_000)


@pipeline.step
def report(noise: np.ndarray, places: ip.Table):
    """A file."""
    path = Path(tempfile.mkdtemp(), "report.txt")
    path.write_text(f"{noise.sum():.9f} {places.rows}" * 2000)
    return path


def double(number):
    """A helper that steps reach."""
    return number * 2


@pipeline.step
def first(rows: ip.Table):
    """The root of a fan."""
    return rows.rows

FAN

@pipeline.step
def evaluation(model: ip.Model, test: ip.Table, champion, *, resamples: int = 100):
    """Figures with intervals."""
    return ip.evaluate(
        model, test, against=champion, metrics=["roc_auc"], slices=["carrier"], resamples=resamples
    )


@pipeline.gate
def good(evaluation: ip.Evaluation):
    """What lets a crossing pass."""
    return [evaluation["roc_auc"].at_least(0.5)]


pipeline.publish("late", model="model", evaluation="evaluation", gate="good", train="train")
'''

_FAN = "".join(
    f'\n\n@pipeline.step\ndef leaf{n}(first):\n    """A leaf."""\n    return double(first) + {n}\n'
    for n in range(6)
)

DATA = (
    ("data", "add", "rows", "first.csv", "--json"),
    ("data", "add", "places", "places.csv", "--json"),
    ("data", "add", "rows", "second.csv", "--append", "--json"),
    ("data", "add", "rows", "third.csv", "--append", "--json"),
)
"""What adds the data; ``places`` has no schema, so that its first version writes one."""

RUNS = (("run", "--workers", "1"), ("run", "--workers", "1", "--share", "4"))
POOLED = (("run", "--workers", "2"),)


def write_project(folder):
    """Write the project and its data into a new folder."""
    (folder / "schemas").mkdir(parents=True)
    (folder / "interplane.toml").write_text(CONFIG)
    (folder / "schemas" / "rows.toml").write_text(SCHEMA)
    (folder / "crashed.py").write_text(STEPS.replace("FAN\n", _FAN.lstrip("\n")))
    for name, seed in (("first", 1), ("second", 2), ("third", 3)):
        (folder / f"{name}.csv").write_text(rows(seed, start=seed * 10_000))
    lines = ["place,height", *(f"p{number},{number / 7}" for number in range(200))]
    (folder / "places.csv").write_text("\n".join(lines) + "\n")


def rows(seed, *, start=0, count=400):
    """Return flights whose lateness depends on their carrier, as CSV."""
    draw = random.Random(seed)
    share = {"UA": 0.7, "AA": 0.4, "DL": 0.1}
    lines = ["id,carrier,wind,late,when"]
    for number in range(start, start + count):
        carrier = draw.choice(list(share))
        late = str(draw.random() < share[carrier]).lower()
        wind = draw.choice(["5.5", "20.0", "1048.0"])
        lines.append(f"{number},{carrier},{wind},{late},2013-01-01T00:{number % 60:02}:00")
    return "\n".join(lines) + "\n"
