"""Fit: what a definition of 20 columns asks of 5M rows, beside scikit-learn and the bare engine.

``INTERPLANE_BENCH_ROWS`` says how many rows (5,000,000), ``INTERPLANE_BENCH_REPEATS`` how often
each work is measured (3).
"""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

import interplane as ip
from benchmarks.harness import Row, best_times

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _scikit(rows: pa.Table) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the same encodings of scikit-learn: each fitted, and all of them fitted and applied."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import (
        KBinsDiscretizer,
        OneHotEncoder,
        StandardScaler,
        TargetEncoder,
    )

    frame = rows.to_pandas()
    y = frame["late"].to_numpy().astype(np.float64)
    bins = KBinsDiscretizer(
        10, encode="ordinal", strategy="quantile", subsample=None, quantile_method="linear"
    )
    parts = [
        ("scaled", StandardScaler(), list(SCALED)),
        ("bucketed", bins, list(BUCKETED)),
        (
            "one_hot",
            OneHotEncoder(max_categories=TOP, handle_unknown="infrequent_if_exist"),
            list(ONE_HOT),
        ),
        ("encoded", TargetEncoder(target_type="continuous", smooth=20.0, cv=5), list(ENCODED)),
    ]
    whole = ColumnTransformer(parts)

    def fits() -> None:
        for _, encoder, columns in parts:
            encoder.fit(frame[columns], y)

    return fits, lambda: whole.fit_transform(frame, y)


def _bare(rows: pa.Table, threads: int) -> Callable[[], object]:
    def run() -> None:
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.register("flights", rows)
            for query in BARE:
                connection.sql(query).fetchall()

    return run


def run() -> list[Row]:
    """Fit all rows, with the proof of parity; encode a fifth of them, as they would be trained on."""
    rows = flights(ROWS)
    fewer = rows.slice(0, ROWS // 5)
    table, few = ip.Table.from_arrow(rows), ip.Table.from_arrow(fewer)
    before = _peak_mb()
    frozen = flight_features.fit(table)
    more = _peak_mb() - before
    fits, _ = _scikit(rows)
    _, whole = _scikit(fewer)
    times = best_times(
        {
            "fit": lambda: flight_features.fit(table),
            "unnamed": lambda: without_label.fit(table),
            "fast": lambda: flight_features.fit(table, fast=True),
            "one": _bare(rows, 1),
            "two": _bare(rows, 2),
            "fits": fits,
            "fit_transform": lambda: flight_features.fit_transform(few),
            "few": lambda: flight_features.fit(few),
            "transform": lambda: frozen.transform(few),
            "whole": whole,
        },
        repeats=REPEATS,
    )
    what, part = f"{ROWS / 1e6:g}M rows of 20 columns", f"{ROWS / 5e6:g}M rows"
    sizes = f"rows {rows.nbytes / 1e6:,.0f} MB; a fit took {more:,.0f} MB more at its peak"
    bare = {"bare aggregates, 1 thread": times["one"], "2 threads": times["two"]}
    width = f"{len(frozen.names)} features"
    return [
        Row(
            f"fit on {what}, with keys and proof",
            "s",
            times["fit"],
            {**bare, "scikit-learn, each fit": times["fits"]},
            note=f"{frozen.training.computed}; {sizes}",
        ),
        Row("the same without a label and a key", "s", times["unnamed"], bare),
        Row("fit with fast=True", "s", times["fast"], {"bare aggregates, 2 threads": times["two"]}),
        Row(
            f"fit_transform, {part} out of fold to {width}",
            "s",
            times["fit_transform"],
            {
                "fit and transform": times["few"] + times["transform"],
                "scikit-learn, ColumnTransformer (sparse)": times["whole"],
            },
        ),
        Row(f"transform, {part} to {width}", "s", times["transform"]),
    ]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
