"""Fit and transform on local Spark, beside ours on DuckDB and pyspark.ml's own scaler and one-hot encoder."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pyarrow as pa

import interplane as ip
from benchmarks.harness import Row
from interplane.features.spark import session

ROWS = 2_000_000
PARTITIONS = 8
NUMBERS = [f"x{number}" for number in range(6)]
CATEGORIES = {"carrier": 16, "origin": 3, "dest": 100}
SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
}


def flights(rows: int) -> ip.Table:
    """Made-up flights: floats, categories of 3 to 4,000 values, a label."""
    draw = np.random.default_rng(11)
    columns = {name: draw.normal(size=rows) for name in NUMBERS}
    for name, values in {**CATEGORIES, "tail": 4000}.items():
        columns[name] = pa.array(draw.integers(0, values, rows)).cast(pa.string())
    columns |= {"hour": draw.integers(0, 24, rows), "late": draw.random(rows) < 0.25}
    return ip.Table.from_columns({"id": np.arange(rows), **columns})


@ip.features(key=["id"])
def scaled(flight):
    """Six standardized numbers and three categories as one-hot: 125 features."""
    return {
        **{name: ip.standardize(flight[name]) for name in NUMBERS},
        **{name: ip.one_hot(flight[name], top=top) for name, top in CATEGORIES.items()},
    }


@ip.features(label="late", key=["id"])
def encoded(flight):
    """The same numbers, and categories by target encoding: 11 features."""
    return {
        **{name: ip.standardize(flight[name]) for name in NUMBERS},
        "within": flight.x0 - flight.x0.mean(by=[flight.dest]),
        "route": ip.target_encode([flight.origin, flight.dest], flight.late),
        "plane": ip.target_encode(flight.tail, flight.late),
        "hour": ip.cyclic(flight.hour),
    }


def _pipeline():
    """Return what a user of Spark would write for `scaled`."""
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import OneHotEncoder, StandardScaler, StringIndexer, VectorAssembler

    indexed = [f"{name} index" for name in CATEGORIES]
    spread = [f"{name} vector" for name in CATEGORIES]
    return Pipeline(
        stages=[
            VectorAssembler(inputCols=NUMBERS, outputCol="numbers"),
            StandardScaler(inputCol="numbers", outputCol="scaled", withMean=True),
            StringIndexer(inputCols=list(CATEGORIES), outputCols=indexed),
            OneHotEncoder(inputCols=indexed, outputCols=spread, dropLast=False),
            VectorAssembler(inputCols=["scaled", *spread], outputCol="features"),
        ]
    )


def _timed(works, repeats=3):
    """Return the median seconds of each work, after one call of each to warm up."""
    times = {name: [] for name in works}
    for turn in range(repeats + 1):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            if turn:
                times[name].append(time.perf_counter() - begin)
    return {name: median(values) for name, values in times.items()}


def run() -> list[Row]:
    """Fit, transform into nowhere (all columns are computed, none is stored), out of fold."""
    spark = session(master="local[2]", settings=SETTINGS)
    spark.sparkContext.setLogLevel("ERROR")
    table = flights(ROWS)
    frame = spark.createDataFrame(table.to_arrow()).repartition(PARTITIONS).cache()
    frame.count()
    frozen, frozen_encoded = scaled.fit(frame), encoded.fit(frame)
    theirs = _pipeline().fit(frame)

    def drained(found):
        found.write.format("noop").mode("overwrite").save()

    times = _timed(
        {
            "fit": lambda: scaled.fit(frame),
            "fit of pyspark.ml": lambda: _pipeline().fit(frame),
            "fit on DuckDB": lambda: scaled.fit(table, fast=True),
            "fit encoded": lambda: encoded.fit(frame),
            "fit encoded on DuckDB": lambda: encoded.fit(table, fast=True),
            "transform": lambda: drained(frozen.transform(frame)),
            "transform of pyspark.ml": lambda: drained(theirs.transform(frame).select("features")),
            "transform on DuckDB": lambda: frozen.transform(table),
            "transform encoded": lambda: drained(frozen_encoded.transform(frame)),
            "transform encoded on DuckDB": lambda: frozen_encoded.transform(table, seen="allow"),
            "through": lambda: drained(
                frame.select("id", *NUMBERS, *CATEGORIES).mapInArrow(_through, "id long, x0 double")
            ),
        }
    )
    spark.stop()
    rows = f"{ROWS:,} rows"
    return [
        Row(
            f"fit on Spark, {rows}: 6 scales, 3 vocabularies, the proof",
            "s",
            times["fit"],
            {"pyspark.ml": times["fit of pyspark.ml"], "ours on DuckDB": times["fit on DuckDB"]},
        ),
        Row(
            f"fit on Spark, {rows}: groups and target encodings",
            "s",
            times["fit encoded"],
            {"ours on DuckDB": times["fit encoded on DuckDB"]},
        ),
        Row(
            f"transform on Spark, {rows} to {len(frozen.names)} features",
            "s",
            times["transform"],
            {
                "pyspark.ml (sparse vectors)": times["transform of pyspark.ml"],
                "ours on DuckDB": times["transform on DuckDB"],
                "Arrow to Python and back": times["through"],
            },
        ),
        Row(
            f"transform on Spark, {rows} to {len(frozen_encoded.names)} features",
            "s",
            times["transform encoded"],
            {
                "ours on DuckDB": times["transform encoded on DuckDB"],
                "Arrow to Python and back": times["through"],
            },
        ),
    ]


def _through(batches):
    """Take the rows to a worker and give two columns back: the limit of any Python on Spark."""
    for batch in batches:
        yield batch.select([0, 1])
