"""The features of trips in Polars, in DuckDB and in scikit-learn, written by hand for each.

Each class takes rows as a service has them (tuples of values) or its own form of a table, which
`table` makes of them, and gives a float64 matrix.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder

from benchmarks.trips.rows import EDGES, ORDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.trips.by_hand import Fitted

__all__ = ["DuckDB", "Polars", "ScikitLearn"]

_DAY, _WEEK = math.tau / 24, math.tau / 7
_PAIR = 1_000
"""from_area * _PAIR + to_area names a pair of areas."""

_TYPES = {"started_at": pl.Datetime("us"), "seconds": pl.Int64, "from_area": pl.Int64,
          "to_area": pl.Int64, "company": pl.String, "way": pl.String}  # fmt: skip
_ARROW = {"started_at": pa.timestamp("us"), "seconds": pa.int64(), "from_area": pa.int64(),
          "to_area": pa.int64(), "company": pa.string(), "way": pa.string()}  # fmt: skip


class Polars:
    """Expressions of one select."""

    def __init__(self, fitted: Fitted) -> None:
        self._schema = {name: _TYPES.get(name, pl.Float64) for name in ORDER}
        self._expressions = self._features(fitted)

    def table(self, rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
        """Return rows as a frame."""
        return pl.DataFrame(rows, schema=self._schema, orient="row")

    def matrix(self, table: pl.DataFrame) -> np.ndarray:
        """Return the features of a frame."""
        return table.select(self._expressions).to_numpy()

    def _features(self, fitted: Fitted) -> list[pl.Expr]:
        c = pl.col
        hour, day = c("started_at").dt.hour(), c("started_at").dt.weekday() - 1
        north, east = c("to_lat") - c("from_lat"), c("to_lon") - c("from_lon")
        positive = lambda x: pl.when(x != 0).then(x)  # noqa: E731
        pairs = {one * _PAIR + two: rate for (one, two), rate in fitted.areas[0].items()}
        pair = c("from_area") * _PAIR + c("to_area")
        scaled = [(c(name) - mean) / std for name, (mean, std) in fitted.means.items()]
        features = [
            *scaled,
            (c("miles") + 1.0).log(),
            (c("fare") + 1.0).log(),
            c("miles") / positive(c("seconds") / 3600.0),
            c("fare") / positive(c("miles")),
            c("miles").cut(list(EDGES), left_closed=True).to_physical(),
            (hour * _DAY).sin(),
            (hour * _DAY).cos(),
            (day * _WEEK).sin(),
            (day * _WEEK).cos(),
            day >= 5,
            (hour < 6) | (hour >= 22),
            north,
            east,
            (north * north + east * east).sqrt(),
            c("to_area").is_not_null(),
            c("from_area") == c("to_area"),
            c("company").replace_strict(fitted.company[0], default=fitted.company[1]),
            pair.replace_strict(pairs, default=fitted.areas[1]),
            c("company").is_not_null(),
            c("way") == "card",
            c("way") == "cash",
            c("fare").clip(0.0, 100.0),
        ]
        return [each.cast(pl.Float64).alias(str(n)) for n, each in enumerate(features)]


class DuckDB:
    """One query on a connection that stays open, with the rates in tables."""

    def __init__(self, fitted: Fitted) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("SET threads = 1")
        self._connection.execute("SET enable_progress_bar = false")
        rates = list(fitted.company[0].items())
        pairs = [(*pair, rate) for pair, rate in fitted.areas[0].items()]
        self._connection.execute("CREATE TABLE company_rate (k VARCHAR, v DOUBLE)")
        self._connection.executemany("INSERT INTO company_rate VALUES (?, ?)", rates)
        frame = pd.DataFrame(pairs, columns=["a", "b", "v"])
        self._connection.execute("CREATE TABLE area_rate AS SELECT * FROM frame")
        del frame
        self._query = self._sql(fitted)
        self._schema = pa.schema([(name, _ARROW.get(name, pa.float64())) for name in ORDER])

    def table(self, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
        """Return rows as an Arrow table."""
        columns = zip(self._schema, zip(*rows, strict=True), strict=True)
        return pa.table([pa.array(values, field.type) for field, values in columns], list(ORDER))

    def matrix(self, table: pa.Table) -> np.ndarray:
        """Return the features of an Arrow table."""
        self._connection.register("trips", table)
        found = self._connection.sql(self._query).fetchnumpy()
        columns = [np.ma.filled(column.astype(np.float64), np.nan) for column in found.values()]
        return np.column_stack(columns[1:])[np.argsort(columns[0])]

    def _sql(self, fitted: Fitted) -> str:
        scaled = [f"({name} - {mean!r}) / {std!r}" for name, (mean, std) in fitted.means.items()]
        bucket = " ".join(f"WHEN miles < {edge} THEN {n}" for n, edge in enumerate(EDGES))
        features = [
            *scaled,
            "ln(miles + 1)",
            "ln(fare + 1)",
            "miles / nullif(seconds / 3600.0::DOUBLE, 0)",
            "fare / nullif(miles, 0)",
            f"CASE {bucket} WHEN miles IS NOT NULL THEN {len(EDGES)} END",
            f"sin(hour(started_at) * {_DAY!r})",
            f"cos(hour(started_at) * {_DAY!r})",
            f"sin((isodow(started_at) - 1) * {_WEEK!r})",
            f"cos((isodow(started_at) - 1) * {_WEEK!r})",
            "isodow(started_at) >= 6",
            "hour(started_at) < 6 OR hour(started_at) >= 22",
            "to_lat - from_lat",
            "to_lon - from_lon",
            "sqrt(pow(to_lat - from_lat, 2) + pow(to_lon - from_lon, 2))",
            "to_area IS NOT NULL",
            "from_area = to_area",
            f"coalesce(company_rate.v, {fitted.company[1]!r})",
            f"coalesce(area_rate.v, {fitted.areas[1]!r})",
            "company IS NOT NULL",
            "way = 'card'",
            "way = 'cash'",
            "least(greatest(fare, 0), 100) + 0 * fare",
        ]
        columns = ", ".join(f"({text})::DOUBLE AS f{n}" for n, text in enumerate(features))
        return (
            f"SELECT place, {columns} FROM (SELECT *, row_number() OVER () AS place FROM trips) "
            "LEFT JOIN company_rate ON company = k "
            "LEFT JOIN area_rate ON from_area = a AND to_area = b"
        )


class ScikitLearn:
    """A ColumnTransformer, fitted on a table of its own."""

    def __init__(self, rows: Sequence[tuple[Any, ...]], labels: Sequence[bool]) -> None:
        function = lambda f: FunctionTransformer(f, validate=False)  # noqa: E731
        self._pipeline = ColumnTransformer(
            [
                ("scaled", StandardScaler(), ["miles", "seconds", "fare"]),
                ("logs", function(np.log1p), ["miles", "fare"]),
                ("ratios", function(_ratios), ["miles", "seconds", "fare"]),
                ("bucket", function(_bucket), ["miles"]),
                ("times", function(_times), ["started_at"]),
                ("places", function(_places), ["from_lat", "from_lon", "to_lat", "to_lon"]),
                ("areas", function(_areas), ["from_area", "to_area"]),
                ("rates", TargetEncoder(smooth=20.0), ["company", "pair"]),
                ("known", function(pd.notna), ["company"]),
                ("ways", function(_ways), ["way"]),
                ("clipped", function(lambda x: x.clip(0.0, 100.0)), ["fare"]),
            ]
        )
        self._pipeline.fit(self.table(rows), np.array(labels))

    def table(self, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
        """Return rows as a frame, with the pair of areas in a column."""
        frame = pd.DataFrame(rows, columns=list(ORDER))
        numbers = ["miles", "seconds", "fare", "from_area", "to_area", "to_lat", "to_lon"]
        frame[numbers] = frame[numbers].astype(np.float64)
        frame["pair"] = (frame["from_area"] * _PAIR + frame["to_area"]).fillna(-1.0)
        frame["company"] = frame["company"].astype(object)
        return frame

    def matrix(self, table: pd.DataFrame) -> np.ndarray:
        """Return the features of a frame."""
        return np.asarray(self._pipeline.transform(table), dtype=np.float64)


def _ratios(frame: pd.DataFrame) -> np.ndarray:
    miles, seconds, fare = frame.to_numpy().T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.column_stack([miles / (seconds / 3600.0), fare / miles])


def _bucket(frame: pd.DataFrame) -> np.ndarray:
    miles = frame.to_numpy()
    return np.where(np.isnan(miles), np.nan, np.searchsorted(EDGES, miles, side="right"))


def _times(frame: pd.DataFrame) -> np.ndarray:
    hour = frame["started_at"].dt.hour.to_numpy()
    day = frame["started_at"].dt.dayofweek.to_numpy()
    cycles = [np.sin(hour * _DAY), np.cos(hour * _DAY), np.sin(day * _WEEK), np.cos(day * _WEEK)]
    return np.column_stack([*cycles, day >= 5, (hour < 6) | (hour >= 22)])


def _places(frame: pd.DataFrame) -> np.ndarray:
    from_lat, from_lon, to_lat, to_lon = frame.to_numpy().T
    north, east = to_lat - from_lat, to_lon - from_lon
    return np.column_stack([north, east, np.sqrt(north * north + east * east)])


def _areas(frame: pd.DataFrame) -> np.ndarray:
    one, two = frame.to_numpy().T
    same = np.where(np.isnan(one) | np.isnan(two), np.nan, one == two)
    return np.column_stack([~np.isnan(two), same])


def _ways(frame: pd.DataFrame) -> np.ndarray:
    way = frame["way"].to_numpy()
    return np.column_stack([way == "card", way == "cash"])
