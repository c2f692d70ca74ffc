# ruff: noqa: DTZ001 - timestamps are UTC, and naive
"""Features on Spark: the same bits from transform, and statistics as near as the table says."""

from __future__ import annotations

import math
import os
import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

import interplane as ip
from interplane.data.evaluating import read
from interplane.errors import DataError, Leak, UnknownName, UsageError
from interplane.expressions.bits import same_bits
from interplane.expressions.expr import Row
from interplane.expressions.reductions import REDUCTIONS, reduce
from interplane.features.aggregates import Grouping
from interplane.features.edges import edge_rows
from interplane.features.joining import source_digests
from interplane.features.spark.aggregates import SparkAggregates
from interplane.features.spark.programs import evaluate
from interplane.features.spark.rows import SparkRows, types_of
from interplane.features.training_rows import TrainingRows

pytestmark = [
    pytest.mark.xdist_group("spark"),
    # PySpark leaves the sockets that it reads from Java with to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    # It warns of pandas 3 wherever it looks for pandas, which nothing of ours does on Spark.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

TYPES = {
    "b": "bool",
    "i": "int",
    "x": "float",
    "w": "float",
    "s": "str",
    "d": "date",
    "t": "timestamp",
}


def seed_of_run():
    """Return the seed of random tables: a new one for each run."""
    return int(os.environ.get("INTERPLANE_FUZZ_SEED", random.SystemRandom().randrange(2**31)))


def random_table(seed, rows=600):
    """Return a table with a column of each type, a key, a label and nulls."""
    draw = random.Random(seed)
    values = {
        "b": lambda: draw.random() < 0.3,
        "i": lambda: draw.choice([0, -1, 7, 2**62, -(2**62), draw.randrange(100)]),
        "x": lambda: draw.choice([draw.gauss(0, 1), draw.uniform(-1e6, 1e6), 2.0, math.nan]),
        "w": lambda: draw.choice([draw.gauss(0, 1) * 10.0 ** draw.randrange(-30, 30), math.inf]),
        "s": lambda: draw.choice(["", "a", "A", "ß", "😀", "\uffff", "ﬀ"]),
        "d": lambda: date(1999, 12, 25) + timedelta(days=draw.randrange(60)),
        # Around the hours that a zone with summer time has twice and never.
        "t": lambda: datetime(2024, 11, 2) + timedelta(seconds=draw.randrange(3 * 86_400)),
        "late": lambda: draw.random() < 0.3,
    }
    columns = {
        name: [None if draw.random() < 0.1 else value() for _ in range(rows)]
        for name, value in values.items()
    }
    return ip.Table.from_columns({"id": list(range(rows)), **columns})


def differing(expected, actual):
    """Return the columns of two Arrow tables whose cells are not the same bits."""
    assert expected.num_rows == actual.num_rows
    return [
        name
        for name in expected.column_names
        if not all(
            map(same_bits, expected.column(name).to_pylist(), actual.column(name).to_pylist())
        )
    ]


def collected(frame, *, key="id"):
    """Return a Spark DataFrame as Arrow, in the order of its key."""
    return pa.table(frame.toArrow()).sort_by(key)


@ip.features(label="late", time="t", key=["id"])
def flight_features(row):
    """Statistics of all rows and by groups, nested ones, vocabularies, target encodings."""
    return {
        "x": ip.standardize(row.x),
        "far": row.x > row.x.median(),
        "s": ip.one_hot(row.s),
        "common": row.i == row.i.mode(),
        "share": ip.frequency_encode(row.s),
        "within": row.i - row.i.max(by=[row.s.lower(), row.b]),
        "spread": ((row.x - row.x.mean()) ** 2).mean(),
        "rate": ip.target_encode([row.s, row.b], row.late),
        "rate_3": ip.target_encode(row.s.upper(), row.late, folds=3, smoothing=2),
        "hour": ip.cyclic(row.t.hour()),
        "days": (row.t.cast("date").day_of_year()) - row.d.day_of_year(),
    }


def test_transform_gives_the_same_bits(framed):
    """Frozen features of a Spark DataFrame equal those of the table in every cell, at edges too."""
    table = random_table(seed_of_run())
    frozen = flight_features.fit(table)
    edges = edge_rows(frozen.inputs, read(table, frozen.inputs).to_pylist()[:50], seed=1)
    columns = {name: [row[name] for row in edges] for name in frozen.inputs}
    times = {name: pa.timestamp("us") for name in ("t",)} | {"d": pa.date32()}
    arrays = {name: pa.array(values, times.get(name)) for name, values in columns.items()}
    rows = ip.Table.from_columns({"id": list(range(len(edges))), **arrays})
    expected = frozen.transform(rows, seen="allow").to_arrow()

    actual = collected(frozen.transform(framed(rows)))

    assert ["id", *frozen.names] == actual.column_names
    assert [] == differing(expected, actual)


def test_features_that_one_infinity_leaves_null_are_told(framed):
    """The same ones as of a table."""
    rows = ip.Table.from_columns({"x": [1.0, 2.0, math.inf], "y": [1.0, 2.0, None]})
    definition = ip.features()(
        lambda row: {"x": ip.standardize(row.x), "y": ip.standardize(row.y), "z": row.x.var()}
    )
    assert ("x", "z") == definition.fit(framed(rows)).training.null_features


def test_fit_transform_is_out_of_fold_by_the_same_folds(framed):
    """What is made of counts is the same bit for bit, what is made of sums of floats nearly."""
    seed = seed_of_run()
    table = random_table(seed)
    local, expected, labels = flight_features.fit_transform(table)

    frozen, rows, label = flight_features.fit_transform(framed(table))

    actual = collected(rows)
    assert ("late", ["id", "late", *local.names]) == (label, actual.column_names), seed
    assert labels.tolist() == [float(late) for late in actual.column("late").to_pylist()], seed
    exact = [name for name in local.names if name not in {"x", "spread"}]
    assert [] == differing(expected.to_arrow().select(exact), actual), seed
    for name in ("x", "spread"):
        near = [
            one is other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
            for one, other in zip(
                expected.column(name).to_pylist(), actual.column(name).to_pylist(), strict=True
            )
        ]
        assert all(near), (seed, name)
    assert local.lookups == frozen.lookups, seed
    assert local.training.seen == frozen.training.seen, seed
    assert local.training.stages == frozen.training.stages, seed
    assert local.training.written == frozen.training.written, seed
    assert local.training.null_features == frozen.training.null_features == (), seed
    assert (600, local.training.null_labels, local.training.last, True) == (
        frozen.training.rows,
        frozen.training.null_labels,
        frozen.training.last,
        frozen.training.fast,
    )
    assert (600, 600) == (frozen.parity.rows, frozen.parity.of_rows)
    assert frozen == ip.Frozen.from_dict(frozen.to_dict())


def chosen(rows, statistic, group):
    """Return the values that a statistic takes of a group, in order and without null."""
    name = statistic.args[0].name
    return sorted(
        row[name]
        for row in rows
        if (group is None or row["s"] == group)
        and (statistic.where is None or (row["i"] is not None and row["i"] > 3))
        and row[name] is not None
        and row[name] == row[name]
    )


def allowed(statistic, values):
    """Return by how much the two engines may differ, as the table of statistics says."""
    sizes = [abs(float(value)) for value in values]
    finite = [size for size in sizes if size < math.inf] or [0.0]
    match statistic.function:
        case "mean":
            return 1e-12 * math.fsum(finite) / len(finite)
        case "sum":
            return 1e-12 * math.fsum(finite) if statistic.type == "float" else 0
        case "var":
            return 1e-12 * math.fsum(size**2 for size in finite) / len(finite)
        case "std":
            return 1e-12 * math.sqrt(math.fsum(size**2 for size in finite) / len(finite))
        case _:
            place = (len(values) - 1) * dict(statistic.options).get("q", 0.5)
            return 1e-15 * max(sizes[math.floor(place)], sizes[math.ceil(place)])


def test_statistics_agree_as_the_table_says(framed):
    """Each statistic of each type, of all rows and by groups, on both engines."""
    seed = seed_of_run()
    table = random_table(seed)
    row = Row(table.types)
    shares = {"quantile": [{"q": q} for q in (0.0, 0.1, 0.5, 0.99, 1.0)]}
    statistics = tuple(
        reduce(name, row[column].node, where=where, **options)
        for name, reduction in REDUCTIONS.items()
        if not reduction.ordered
        for column, kind in TYPES.items()
        if kind in reduction.types
        for where in (None, *([(row.i > 3).node] if column in "bix" else []))
        for options in shares.get(name, [{}])
    )
    groupings = [
        Grouping((), statistics),
        Grouping((row.s.node,), statistics),
        Grouping((row.s.lower().node, row.b.node), (reduce("max", row.t.node),)),
    ]
    rows = read(table, table.types)
    with TrainingRows(rows) as local:
        expected = local.aggregate(groupings)

    on_spark = SparkAggregates(SparkRows.read(framed(table), table.types))
    actual = on_spark.aggregate(groupings)

    assert [each.schema for each in expected] == [each.schema for each in actual]
    assert [] == differing(expected[2], actual[2]), seed
    plain = rows.to_pylist()
    for table_, found, grouping in zip(expected, actual, groupings[:2], strict=False):
        groups = found.column("k0").to_pylist() if grouping.by else [None]
        assert groups == (table_.column("k0").to_pylist() if grouping.by else [None]), seed
        for place, statistic in enumerate(statistics):
            pairs = zip(table_.column(f"a{place}"), found.column(f"a{place}"), strict=True)
            for group, (one, other) in zip(groups, pairs, strict=True):
                said = REDUCTIONS[statistic.function].agreement
                where = (seed, statistic, group, one, other, said)
                if same_bits(one.as_py(), other.as_py()):
                    continue
                assert "exact" != said, where
                values = chosen(plain, statistic, group)
                assert abs(one.as_py() - other.as_py()) <= allowed(statistic, values), where


def test_plain_columns_ask_no_worker(framed):
    """A statistic of a column as it is needs Spark SQL alone; a sum beyond 64 bits is null."""
    table = ip.Table.from_columns({"x": [1.5, 2.5, math.nan], "n": [2**63 - 1, 2**62, None]})
    row = Row(table.types)
    rows = SparkRows.read(framed(table, partitions=1), table.types)
    statistics = (
        reduce("mean", row.x.node),
        reduce("sum", row.n.node),
        reduce("count", row.x.node),
    )

    values = evaluate({"x": row.x.node, "n": row.n.node, "more": (row.n + 1).node}, rows, {})
    plain = evaluate({"x": row.x.node, "n": row.n.node}, rows, {})
    (found,) = SparkAggregates(rows).aggregate([Grouping((), statistics)])

    def asks(found):
        return "MapInArrow" in found.frame._jdf.queryExecution().toString()

    assert (True, False) == (asks(values), asks(plain))
    assert [{"a0": 2.0, "a1": None, "a2": 2}] == found.to_pylist()


@ip.feature_view(
    source="flights", entity="carrier", event_time="when", known_at="known", key="flight"
)
def history(flight):
    """What is known of a carrier."""
    return {
        "late": flight.delay.mean().over(ip.last("1d")),
        "count": flight.delay.count().over(ip.last("6h")),
        "hub": flight.hub,
    }


@ip.feature_view(entity="carrier")
def trend(past=history.by("carrier")):
    """A view of a view."""
    return {"busy": past["count"] * past.late.fill_null(0.0)}


@ip.features(label="late", time="t", key=["id"])
def joined_features(row, carrier=history.by("s"), trend=trend.by("s")):
    """Features of views."""
    return {
        "late": ip.standardize(carrier.late),
        "count": carrier["count"],
        "hub": ip.one_hot(carrier.hub),
        "busy": trend.busy,
    }


def test_feature_views_are_joined_as_they_are_without_spark(framed):
    """A view, and one that stands on it, say of each row what they say of it in a table."""
    seed = seed_of_run()
    draw = random.Random(seed)
    table = random_table(seed, rows=200)
    happened = [datetime(2024, 11, 1) + timedelta(minutes=draw.randrange(6000)) for _ in range(400)]
    flights = ip.Table.from_columns(
        {
            "carrier": [draw.choice(["", "a", "ß", None, "other"]) for _ in happened],
            "when": happened,
            "known": [each + timedelta(minutes=draw.randrange(300)) for each in happened],
            "flight": [draw.randrange(350) for _ in happened],
            "delay": [draw.choice([None, math.nan, draw.gauss(0, 9)]) for _ in happened],
            "hub": [draw.choice(["JFK", "EWR", None]) for _ in happened],
        }
    )
    sources, local = {"flights": framed(flights)}, {"flights": flights}

    frozen = joined_features.fit(framed(table), sources=sources)
    actual = collected(frozen.transform(framed(table), sources=sources))

    expected = frozen.transform(table, sources=local, seen="allow").to_arrow()
    assert [] == differing(expected, actual), seed
    assert source_digests(frozen.uses, local, any_order=True) == frozen.training.sources
    assert 200 == frozen.parity.rows


def test_hindsight_is_refused_with_the_rows(framed):
    """A value that is known after the prediction is found on Spark, too."""
    table = ip.Table.from_columns(
        {
            "id": [1, 2, 3],
            "t": [datetime(2024, 1, day) for day in (1, 2, 3)],
            "landed": [datetime(2024, 1, day) for day in (1, 5, 2)],
            "delay": [1.0, 2.0, None],
        }
    )
    features = ip.features(time="t", key=["id"], known_at={"delay": "landed"})(
        lambda flight: {"delay": flight.delay}
    )
    with pytest.raises(Leak, match=r"in 1 of 3 rows, among them.*2") as caught:
        features.fit(framed(table))
    details = caught.value.details
    assert ("delay", 1, 3) == (details["column"], details["rows"], details["of"])


def landings():
    """Flights of two aircraft, one an hour, that land two hours later; their rows are their source."""
    begin, hours = datetime(2024, 1, 1), range(8)
    return ip.Table.from_columns(
        {
            "id": [*hours],
            "tail": [f"t{hour % 2}" for hour in hours],
            "left": [begin + timedelta(hours=hour) for hour in hours],
            "landed": [begin + timedelta(hours=hour + 2) for hour in hours],
            "delay": [None if hour == 7 else float(hour) for hour in hours],
            "late": [None if hour == 5 else hour % 3 == 0 for hour in hours],
        }
    )


def past_of(**settings):
    """Features of a view over those rows."""

    @ip.feature_view(source="flights", entity="tail", event_time="left", key="id", **settings)
    def past(flight):
        return {
            "rate": flight.late.mean().over(ip.last(3)),
            "before": flight.late.mean().over(ip.last("1d", delay="1h")),
            "delay": flight.delay,
        }

    def written(name, **known):
        @ip.features(label="late", time="left", key=["id"], **known)
        def looking(flight, past=past.by("tail")):
            return {name: getattr(past, name)}

        return looking

    return written


def test_leaks_through_views_are_refused_as_without_spark(framed):
    """A row's own label, and what is known later than its event; with a delay, or known_at, neither."""
    table = landings()
    frame, local = framed(table), {"flights": table}
    sources = {"flights": frame}
    forgetful, honest = past_of(), past_of(known_at="landed")
    for written, count in (
        (forgetful("rate"), 7),
        (forgetful("delay", known_at={"delay": "landed"}), 7),
    ):
        with pytest.raises(Leak) as expected:
            written.fit(table, sources=local)
        with pytest.raises(Leak, match=rf" in {count} of \d+ \w+, among them: ") as caught:
            written.fit(frame, sources=sources)
        for name in ("column", "features", "rows", "of"):
            assert expected.value.details[name] == caught.value.details[name]
        assert str(expected.value).partition(f" in {count} ")[0] in str(caught.value)
        assert expected.value.do == caught.value.do
    for written in (
        forgetful("before"),
        honest("rate"),
        honest("delay", known_at={"delay": "landed"}),
    ):
        assert 8 == written.fit(frame, sources=sources).training.rows


def test_columns_that_cannot_be_exact_are_refused_by_name(spark):
    """A type that none of ours holds is refused where it is read, with what to do."""
    frame = spark.sql(
        "SELECT CAST(1 AS TINYINT) AS n, CAST(0.5 AS FLOAT) AS f, CAST(1.5 AS DECIMAL(9, 2)) AS price, "
        "X'01' AS raw, array(1) AS many, struct(1 AS a) AS nested, CAST('a' AS CHAR(3)) AS c, "
        "map('a', 1) AS m, 'a' COLLATE UTF8_LCASE AS loose, INTERVAL 1 DAY AS span, NULL AS nothing"
    )
    assert {"n": "int", "f": "float", "c": "str", "nothing": "str"} == types_of(frame)
    advice = {
        "price": "double",
        "raw": "text",
        "many": "element",
        "nested": "field",
        "m": "value",
        "loose": "UTF8_BINARY",
        "span": "leave it out",
    }
    for name, do in advice.items():
        with pytest.raises(DataError, match=f"{name!r}.*{do}"):
            types_of(frame, needed=[name])
    with pytest.raises(DataError, match=r"'price'.*double"):
        ip.features()(lambda row: {"x": row.price.is_null()}).fit(frame)
    with pytest.raises(UnknownName, match="prise"):
        ip.features()(lambda row: {"x": row.prise.is_null()}).fit(frame)


def test_what_cannot_be_asked_for_is_refused(spark, framed):
    """Rows and sources on two engines, names taken twice, no row, no label, no fitting key."""
    table = random_table(5, rows=20)
    frame = framed(table)
    frozen = ip.features(key=["id"])(lambda row: {"ID": row.i, "x": row.x.mean()}).fit(table)
    with pytest.raises(UsageError, match="'ID' has the name of the column 'id'"):
        frozen.transform(frame)
    with pytest.raises(UsageError, match="Call transform, which stays on Spark"):
        frozen.matrix(frame)
    with pytest.raises(UsageError, match="both on Spark, or neither"):
        joined_features.fit(frame, sources={"flights": table})
    with pytest.raises(UsageError, match="both on Spark, or neither"):
        joined_features.fit(table, sources={"flights": frame})
    with pytest.raises(UnknownName, match="pass sources="):
        joined_features.fit(frame)
    with pytest.raises(DataError, match="no rows to fit"):
        ip.features()(lambda row: {"x": row.x.mean()}).fit(frame.where("id < 0"))
    with pytest.raises(DataError, match="no row has a label"):
        flight_features.fit(frame.where("late IS NULL"))
    with pytest.raises(DataError, match="the label 's' is str"):
        ip.features(label="s")(lambda row: {"x": row.x.mean()}).fit(frame)
    with pytest.raises(UsageError, match="has no label"):
        ip.features()(lambda row: {"x": row.x.mean()}).fit_transform(frame)
    with pytest.raises(DataError, match="years 1 to 9999"):
        ip.features()(lambda row: {"y": row.d.year()}).fit(
            spark.sql("SELECT date_add(DATE'9999-12-31', 1) AS d")
        )
    with pytest.raises(DataError, match="'x' of the table is str"):
        flight_features.fit(table).transform(frame.drop("x").withColumnRenamed("s", "x"))
