"""Fit: what a definition of 20 columns asks of 5M rows, beside scikit-learn and the bare engine.

``INTERPLANE_BENCH_ROWS`` says how many rows (5,000,000), ``INTERPLANE_BENCH_REPEATS`` how often
each work of ours and of the engine is measured (3). scikit-learn's, and what memory is measured of,
run once: the latter each in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

import interplane as ip
from benchmarks.harness import Row, best_times

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
ROWS = int(os.environ.get("INTERPLANE_BENCH_ROWS", "5000000"))
REPEATS = int(os.environ.get("INTERPLANE_BENCH_REPEATS", "3"))
NUMBERS = tuple(f"x{number}" for number in range(12))
CATEGORIES = {
    "c0": 5, "c1": 16, "c2": 40, "c3": 300, "c4": 100, "c5": 1000, "c6": 5000, "c7": 20_000,
}  # fmt: skip
SCALED, BUCKETED = NUMBERS[:6], NUMBERS[6:]
ONE_HOT, ENCODED = tuple(CATEGORIES)[:4], tuple(CATEGORIES)[4:]
TOP = 40

_TENTHS = ", ".join(f"{place / 10}" for place in range(1, 10))
BARE = (
    "SELECT "
    + ", ".join(f"avg({x}), stddev_samp({x})" for x in SCALED)
    + "".join(f", quantile_cont({x}, [{_TENTHS}])" for x in BUCKETED)
    + ", avg(CAST(late AS DOUBLE)) FROM flights",
    *(
        f"SELECT {c}, count(*) AS n FROM flights GROUP BY ALL ORDER BY n DESC, {c} LIMIT {TOP}"
        for c in ONE_HOT
    ),
    *(
        f"SELECT {c}, count(late), sum(CAST(late AS DOUBLE)) FROM flights GROUP BY ALL ORDER BY {c}"
        for c in ENCODED
    ),
)
"""The same statistics as a person would write them."""


def flights(rows: int) -> pa.Table:
    """Made-up flights: 12 floats, 8 categories of 5 to 20,000 values, a label."""
    draw = np.random.default_rng(11)
    columns = {name: draw.normal(size=rows) for name in NUMBERS}
    for name, values in CATEGORIES.items():
        texts = pa.array([f"{name}-{value}" for value in range(values)])
        places = pa.array(draw.integers(0, values, rows).astype(np.int32))
        columns[name] = pa.DictionaryArray.from_arrays(places, texts).cast(pa.string())
    return pa.table({"id": np.arange(rows), **columns, "late": draw.random(rows) < 0.25})


@ip.features(label="late", key=["id"])
def flight_features(flight):
    """Scales, buckets of equally many rows, one-hots, target encodings."""
    return {
        **{x: ip.standardize(flight[x]) for x in SCALED},
        **{x: ip.bucketize(flight[x], quantiles=10) for x in BUCKETED},
        **{c: ip.one_hot(flight[c], top=TOP) for c in ONE_HOT},
        **{c: ip.target_encode(flight[c], flight.late) for c in ENCODED},
    }


@ip.features()
def without_label(flight):
    """The same without a label and without a key: nothing is remembered of the rows."""
    return {
        **{x: ip.standardize(flight[x]) for x in SCALED},
        **{x: ip.bucketize(flight[x], quantiles=10) for x in BUCKETED},
        **{c: ip.one_hot(flight[c], top=TOP) for c in ONE_HOT},
        **{c: ip.frequency_encode(flight[c]) for c in ENCODED},
    }


def _encoders() -> list[tuple[str, object, list[str]]]:
    """Return scikit-learn's encoders of the same, each with its columns."""
    from sklearn.preprocessing import (
        KBinsDiscretizer,
        OneHotEncoder,
        StandardScaler,
        TargetEncoder,
    )

    bins = KBinsDiscretizer(
        10, encode="ordinal", strategy="quantile", subsample=None, quantile_method="linear"
    )
    one_hot = OneHotEncoder(max_categories=TOP, handle_unknown="infrequent_if_exist")
    encoded = TargetEncoder(target_type="continuous", smooth=20.0, cv=5)
    return [
        ("scaled", StandardScaler(), list(SCALED)),
        ("bucketed", bins, list(BUCKETED)),
        ("one_hot", one_hot, list(ONE_HOT)),
        ("encoded", encoded, list(ENCODED)),
    ]


def _scikit(rows: pa.Table) -> dict[str, float]:
    """Return how long each encoder takes to be fitted, in sum, and how long the whole transformer."""
    from sklearn.compose import ColumnTransformer

    frame = rows.to_pandas()
    y = frame["late"].to_numpy().astype(np.float64)
    begin = time.perf_counter()
    for _, encoder, columns in _encoders():
        encoder.fit(frame[columns], y)
    middle = time.perf_counter()
    ColumnTransformer(_encoders()).fit(frame, y)
    return {
        "scikit-learn, each encoder's fit": middle - begin,
        "scikit-learn, ColumnTransformer.fit": time.perf_counter() - middle,
    }


def _bare(rows: pa.Table, threads: int) -> Callable[[], object]:
    def run() -> None:
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.register("flights", rows)
            for query in BARE:
                connection.sql(query).fetchall()

    return run


class Alone(NamedTuple):
    """What some work took in a process of its own."""

    seconds: float
    peak_gb: float


def _alone(folder: str, what: str) -> Alone:
    code = f"from benchmarks.fit import *; alone({folder!r}, {what!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return Alone(*json.loads(done.stdout))


def alone(folder: str, what: str) -> None:
    """Load the rows, do some work, and print its seconds and the peak of the process in GB."""
    rows = pa.ipc.open_file(pa.OSFile(f"{folder}/rows")).read_all()
    table = ip.Table.from_arrow(rows)
    kept: list[object] = []
    work: Callable[[], object] = lambda: None  # noqa: E731
    if what == "fit":
        work = lambda: flight_features.fit(table)  # noqa: E731
    elif what == "fit_transform":
        work = lambda: flight_features.fit_transform(table)  # noqa: E731
    elif what in {"transform", "matrix"}:
        frozen = flight_features.fit(table.head(ROWS // 10))
        work = lambda: getattr(frozen, what)(table, seen="allow")  # noqa: E731
    elif what == "ColumnTransformer":
        from sklearn.compose import ColumnTransformer

        whole, frame = ColumnTransformer(_encoders()), rows.to_pandas()
        y = frame["late"].to_numpy().astype(np.float64)
        work = lambda: whole.fit_transform(frame, y)  # noqa: E731
    begin = time.perf_counter()
    kept.append(work())
    seconds = time.perf_counter() - begin
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print(json.dumps([seconds, int(peak) / 1e6]))


def run() -> list[Row]:
    """Fit all rows with the proof of parity, and encode them."""
    rows = flights(ROWS)
    return [*_whole(rows), *_fits(rows)]


def _whole(rows: pa.Table) -> list[Row]:
    """What encodes all rows: seconds and the peak of the process that holds them."""
    works = ("nothing", "fit", "transform", "matrix", "fit_transform", "ColumnTransformer")
    with tempfile.TemporaryDirectory(prefix="interplane-bench-") as folder:
        with pa.ipc.new_file(f"{folder}/rows", rows.schema) as file:
            file.write_table(rows)
        taken = {what: _alone(folder, what) for what in works}
    width = len(flight_features.fit(ip.Table.from_arrow(rows.slice(0, 100_000))).names)
    peer, what = "scikit-learn, ColumnTransformer (sparse)", f"{ROWS / 1e6:g}M rows"
    whole = taken["ColumnTransformer"]
    beside = {"the rows, and imports": taken["nothing"].peak_gb}
    result = ROWS * width * 8 / 1e9
    held = {**beside, "the rows and the result": taken["nothing"].peak_gb + result}
    return [
        Row(f"fit_transform, {what} out of fold to {width} features", "s",
            taken["fit_transform"].seconds, {peer: whole.seconds}),
        Row(f"transform, {what} to {width} features, a table", "s", taken["transform"].seconds),
        Row("the same, a matrix", "s", taken["matrix"].seconds),
        Row(f"peak memory: fit, {what}", "GB", taken["fit"].peak_gb, beside),
        Row("peak memory: fit_transform", "GB", taken["fit_transform"].peak_gb,
            {**held, peer: whole.peak_gb}, note=f"the result alone: {result:.2f} GB"),
        Row("peak memory: transform, a table", "GB", taken["transform"].peak_gb, held),
        Row("peak memory: transform, a matrix", "GB", taken["matrix"].peak_gb, held),
    ]  # fmt: skip


def _fits(rows: pa.Table) -> list[Row]:
    """What fits: with and without keys, beside the aggregates alone and scikit-learn."""
    table = ip.Table.from_arrow(rows)
    computed = flight_features.fit(table.head(1000)).training.computed
    times = best_times(
        {
            "fit": lambda: flight_features.fit(table),
            "unnamed": lambda: without_label.fit(table),
            "fast": lambda: flight_features.fit(table, fast=True),
            "one": _bare(rows, 1),
            "two": _bare(rows, 2),
        },
        repeats=REPEATS,
    )
    bare = {"bare aggregates, 1 thread": times["one"], "bare aggregates, 2 threads": times["two"]}
    what = f"{ROWS / 1e6:g}M rows of 20 columns"
    peers = _scikit(rows)
    return [
        Row(f"fit on {what}, with keys and proof", "s", times["fit"], {**bare, **peers},
            note=f"{computed}; rows {rows.nbytes / 1e6:,.0f} MB"),
        Row("the same without a label and a key", "s", times["unnamed"], {**bare, **peers}),
        Row("fit with fast=True", "s", times["fast"],
            {"bare aggregates, 2 threads": times["two"]}),
    ]  # fmt: skip
