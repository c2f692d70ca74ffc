# ruff: noqa: DTZ001 - timestamps are UTC, and naive
"""Views of several sources, and views on them, on Spark: the bits that the engine gives, in fit and transform."""

import os
import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

import interplane as ip
from interplane.errors import DataError, UnknownName
from interplane.expressions.bits import same_bits
from interplane.features.joining import source_digests

pytestmark = [
    pytest.mark.xdist_group("spark"),
    # PySpark leaves the sockets that it reads from Java with to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    # It warns of pandas 3 wherever it looks for pandas, which nothing of ours does on Spark.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@ip.feature_view(
    source=["web", "shop"], entity="who", event_time="at", known_at="known", key="number", ttl="4d"
)
def bought(each):
    """What somebody bought, wherever; how many of it where."""
    return {
        "where": each.where,
        "paid": each.paid,
        "paid_2d": each.paid.sum().over(ip.last("2d")),
        "count_9": each.paid.count().over(ip.last(9)),
        "spread": each.paid.std().over(ip.lifetime()),
    }


@ip.feature_view(source="weather", entity="where", event_time="at", key="at")
def weather(each):
    """The weather of a place."""
    return {"rain": each.rain, "rain_1d": each.rain.max().over(ip.last("1d"))}


@ip.feature_view(entity=["who", "near"])
def trend(past=bought.by("who"), here=weather.by("near"), there=weather.by("past.where")):
    """By the entity's own columns, and by a feature: the weather where somebody bought last."""
    return {
        "share": past.paid / past.paid_2d,
        "drier": there.rain - here.rain,
        "wet": there.rain_1d > here.rain_1d,
        "place": past.where,
    }


@ip.feature_view(entity=["who", "near"])
def outlook(trend=trend.by("who", "near"), past=bought.by("who")):
    """A view on a view, and on what that stands on."""
    return {"risk": trend.share * trend.drier.fill_null(0.0), "often": past.count_9 > 3}


@ip.features(label="late", time="t", key=["id"])
def shop_features(
    row,
    past=bought.by("who"),
    outlook=outlook.by("who", "near"),
    trend=trend.by("who", "near"),
):
    """Statistics that are exact on both engines, of what all those views say."""
    return {
        "paid": past.paid,
        "spread": past.spread,
        "paid_2d": past.paid_2d,
        "where": ip.one_hot(trend.place),
        "rate": ip.target_encode(trend.place, row.late, folds=3),
        "risk": outlook.risk,
        "often": outlook.often,
        "wet": trend.wet,
        "drier": trend.drier,
        "known": past.count_9 - past.count_9.min(by=[trend.place]),
    }


def made(seed):
    """Return rows and the tables of three sources, with nulls, late rows and corrections."""
    draw = random.Random(seed)
    people, places = ["a", "b", "ß", "", None], ["x", "y", "😀", None]

    def moment():
        return datetime(2024, 11, 1) + timedelta(minutes=draw.randrange(8000))

    def sales(rows, of):
        at = [moment() for _ in range(rows)]
        return {
            "who": [draw.choice(people) for _ in at],
            "at": at,
            "known": [each + timedelta(minutes=draw.randrange(600)) for each in at],
            "number": [f"{of}{draw.randrange(rows)}" for _ in at],
            "paid": [draw.choice([None, 0.1, draw.gauss(0, 1e6), -0.0, 1e-9]) for _ in at],
            "where": [draw.choice(places) for _ in at],
        }

    at = [moment() for _ in range(300)]
    rain = {
        "where": [draw.choice(places) for _ in at],
        "at": at,
        "rain": [draw.choice([None, 0.0, draw.random()]) for _ in at],
    }
    times = [moment() for _ in range(300)]
    rows = {
        "id": list(range(300)),
        "t": times,
        "who": [draw.choice([*people, "nobody"]) for _ in times],
        "near": [draw.choice(places) for _ in times],
        "late": [draw.choice([True, False, None]) for _ in times],
    }
    tables = {"web": sales(250, "w"), "shop": sales(150, "s"), "weather": rain}
    columns = {name: ip.Table.from_columns(each) for name, each in tables.items()}
    return ip.Table.from_columns(rows), columns


def differing(expected, frame):
    """Return the columns whose cells are not the same bits on Spark, in the order of the key."""
    actual = pa.table(frame.toArrow()).sort_by("id")
    assert expected.num_rows == actual.num_rows
    return [
        name
        for name in expected.column_names
        if not all(
            map(same_bits, expected.column(name).to_pylist(), actual.column(name).to_pylist())
        )
    ]


def test_several_sources_and_views_on_views_are_the_same_bits(framed):
    """What is fitted, what a fit gives out of fold, and what is transformed later."""
    seed = int(os.environ.get("INTERPLANE_FUZZ_SEED", random.SystemRandom().randrange(2**31)))
    table, local = made(seed)
    sources = {name: framed(each) for name, each in local.items()}
    expected, features, _ = shop_features.fit_transform(table, sources=local)

    frozen, rows, label = shop_features.fit_transform(framed(table), sources=sources)

    assert "late" == label
    assert list(expected.features.items()) == list(frozen.features.items()), seed
    assert expected.lookups == frozen.lookups, seed
    assert [] == differing(features.to_arrow(), rows), seed
    assert source_digests(frozen.uses, local, any_order=True) == frozen.training.sources
    later, more = made(seed + 1)
    moved = {name: framed(each, partitions=2) for name, each in more.items()}
    wanted = expected.transform(later, sources=more, seen="allow").to_arrow()
    assert [] == differing(wanted, frozen.transform(framed(later), sources=moved)), seed
    assert any(value is not None for value in wanted.column("risk").to_pylist()), seed


def test_a_source_that_is_missing_or_of_other_columns_is_named(framed):
    """As where there is no Spark."""
    table, local = made(1)
    sources = {name: framed(each) for name, each in local.items()}
    frame = framed(table)
    with pytest.raises(UnknownName, match="shop"):
        shop_features.fit(frame, sources={name: sources[name] for name in ("web", "weather")})
    with pytest.raises(UnknownName, match="paid"):
        shop_features.fit(frame, sources={**sources, "shop": sources["shop"].drop("paid")})
    other = sources["shop"].withColumn("paid", sources["shop"]["where"])
    with pytest.raises(DataError, match="paid"):
        shop_features.fit(frame, sources={**sources, "shop": other})
