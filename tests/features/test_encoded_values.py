"""What encodings give: by hand on a few rows, by definition on many, and no leak of the label."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import Counter
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.frozen import Frozen

FLIGHTS = {
    "fare": [1.0, 2.0, 3.0, 4.0, 100.0, None],
    "carrier": ["UA", "AA", "UA", None, "UA", "B6"],
    "hour": [0, 6, 12, 18, 6, None],
    "note": ["on time", "", " very  late\t", "late", None, "ß"],
}


def served(function, rows=None, **row):
    """Return the features of one row after a fit on the flights, without the name before them."""
    table = Table.from_columns(FLIGHTS if rows is None else rows)
    frozen = features()(lambda row: {"f": function(row)}).fit(table)
    found = frozen.row({**dict.fromkeys(frozen.inputs), **row})
    return found["f"] if list(found) == ["f"] else {name[2:]: x for name, x in found.items()}


def bucket_of(text, buckets):
    """Return the bucket of a text, by its definition."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16) % buckets


# ---- numbers --------------------------------------------------------------------------------


def test_robust_scale():
    """Median 3 and quartiles 2 and 4: an outlier moves nothing."""
    assert (0.5, 48.5) == (
        served(lambda row: ip.robust_scale(row.fare), fare=4.0),
        served(lambda row: ip.robust_scale(row.fare), fare=100.0),
    )


@pytest.mark.parametrize(("fare", "bucket"), [(0.0, 0), (2.0, 1), (2.5, 1), (3.0, 2), (1e9, 3)])
def test_buckets_by_quantiles(fare, bucket):
    """Quartiles 2, 3 and 4; a value on an edge is above it."""
    assert bucket == served(lambda row: ip.bucketize(row.fare, quantiles=4), fare=fare)


def test_buckets_of_few_values():
    """Equal edges are one: 8 of 9 rows are 0, so are all quantiles but the last."""
    rows = {"fare": [0.0] * 8 + [9.0]}
    found = [
        served(lambda row: ip.bucketize(row.fare, quantiles=9), rows, fare=fare)
        for fare in (-1.0, 0.0, 9.0, None)
    ]
    assert [0, 1, 2, None] == found


def test_buckets_without_a_value():
    """Where all rows are null there is no edge, and one bucket."""
    rows = {"fare": pa.array([None, None], pa.float64())}
    assert 0.0 == served(lambda row: ip.bucketize(row.fare, quantiles=2), rows, fare=1.0)
    assert served(lambda row: ip.bucketize(row.fare, quantiles=2), rows, fare=None) is None


def test_buckets_by_edges():
    """The edges themselves, of any type with an order."""
    assert 2 == served(lambda row: ip.bucketize(row.fare, edges=[1, 2, 3]), fare=2.5)
    assert 1 == served(lambda row: ip.bucketize(row.carrier, edges=["B", "V"]), carrier="UA")


def test_outliers_by_quantiles():
    """From the smallest to the median."""
    found = [
        served(lambda row: ip.clip_outliers(row.fare, quantiles=(0.0, 0.5)), fare=fare)
        for fare in (-7.0, 2.0, 100.0, None)
    ]
    assert [1.0, 2.0, 3.0, None] == found


def test_outliers_by_deviations():
    """One deviation around the mean of 22."""
    edge = 22.0 + 1.0 * statistics.stdev([1, 2, 3, 4, 100])
    found = served(lambda row: ip.clip_outliers(row.fare, std=1.0), fare=100.0)
    assert edge == pytest.approx(found, rel=1e-14)


def test_outliers_by_quartiles():
    """Tukey's fence: 4 + 1.5 * (4 - 2)."""
    assert 7.0 == served(lambda row: ip.clip_outliers(row.fare, iqr=1.5), fare=100.0)


def test_outliers_without_a_range():
    """One row has no deviation: nothing is clipped."""
    rows = {"fare": [5.0]}
    assert 9.0 == served(lambda row: ip.clip_outliers(row.fare, std=2), rows, fare=9.0)


def test_imputing():
    """By the mean, the median, the most frequent value, a constant."""
    assert 22.0 == served(lambda row: ip.impute(row.fare), fare=None)
    assert 3.0 == served(lambda row: ip.impute(row.fare, "median"), fare=None)
    assert 6.0 == served(lambda row: ip.impute(row.hour, "mode"), hour=None)
    assert 2.0 == served(lambda row: ip.impute(row.carrier, "mode").length(), carrier=None)
    assert -1.0 == served(lambda row: ip.impute(row.fare, constant=-1), fare=None)


def test_an_indicator_beside_what_is_imputed():
    """Two features: the value, under the name itself, and whether it was missing."""
    frozen = features()(lambda row: {"fare": ip.impute(row.fare, indicator=True)}).fit(
        Table.from_columns(FLIGHTS)
    )
    assert {"fare": 22.0, "fare_missing": 1.0} == frozen.row({"fare": None})
    assert {"fare": 4.0, "fare_missing": 0.0} == frozen.row({"fare": 4.0})


@pytest.mark.parametrize(
    ("part", "turn"),
    [("minute", 45 / 60), ("hour", 6 / 24), ("weekday", 4 / 7), ("month", 1 / 12)],
)
def test_cycles_of_a_timestamp(part, turn):
    """A Friday in February, at a quarter to seven."""
    rows = {"at": [datetime(2013, 2, 1, 6, 45)]}  # noqa: DTZ001  UTC
    found = served(lambda row: ip.cyclic(row.at, part), rows, at=rows["at"][0])
    expected = {"sin": math.sin(turn * 2 * math.pi), "cos": math.cos(turn * 2 * math.pi)}
    assert expected == pytest.approx(found, abs=1e-15)


def test_the_first_of_january_begins_a_year():
    """So does a leap year: 366 days go round."""
    rows = {"at": [datetime(2012, 12, 31)]}  # noqa: DTZ001  UTC
    found = served(lambda row: ip.cyclic(row.at, "day_of_year"), rows, at=rows["at"][0])
    assert math.cos(365 * (2 * math.pi / 366)) == found["cos"]


# ---- categories -----------------------------------------------------------------------------


def test_ordinals():
    """UA is the most frequent; AA before B6; unseen values and null are -1."""
    for carrier, by_count, by_value in [("UA", 0, 2), ("AA", 1, 0), ("B6", 2, 1), ("ZZ", -1, -1)]:
        assert by_count == served(lambda row: ip.ordinal(row.carrier), carrier=carrier)
        found = served(lambda row: ip.ordinal(row.carrier, order="value"), carrier=carrier)
        assert by_value == found
    assert -1 == served(lambda row: ip.ordinal(row.carrier), carrier=None)
    assert served(lambda row: ip.ordinal(row.carrier, unseen=None), carrier="ZZ") is None


def test_ordinals_of_the_most_frequent():
    """The two most frequent, in the order of their values."""
    found = [
        served(lambda row: ip.ordinal(row.carrier, order="value", top=2), carrier=carrier)
        for carrier in ("AA", "UA", "B6")
    ]
    assert [0, 1, -1] == found


def test_ordinals_of_combinations():
    """(UA, 0), (UA, 6) and (UA, 12) are three."""
    found = served(lambda row: ip.ordinal([row.carrier, row.hour]), carrier="UA", hour=12)
    assert 3 == found  # after (AA, 6), (UA, 0) and (UA, 6)


def test_a_vocabulary_with_buckets_for_the_rest():
    """UA has number 3; others are in one of the buckets 0 to 2, null in none."""

    def feature(row):
        return ip.vocabulary(row.carrier, top=1, oov_buckets=3)

    assert 3 == served(feature, carrier="UA")
    assert bucket_of("AA", 3) == served(feature, carrier="AA")
    assert bucket_of("new", 3) == served(feature, carrier="new")
    assert served(feature, carrier=None) is None


def test_a_vocabulary_of_what_is_not_rare():
    """UA has three of five; one of five is less than 0.3."""

    def feature(row):
        return ip.vocabulary(row.carrier, min_share=0.3)

    assert [1, 0] == [served(feature, carrier=carrier) for carrier in ("UA", "AA")]


def test_hashes():
    """By the text of the value; several columns by their cross."""
    assert bucket_of("UA", 1000) == served(
        lambda row: ip.hash_bucket(row.carrier, 1000), carrier="UA"
    )
    assert bucket_of("6", 1000) == served(lambda row: ip.hash_bucket(row.hour, 1000), hour=6)
    found = served(lambda row: ip.hash_bucket([row.carrier, row.hour], 50), carrier="UA", hour=6)
    assert bucket_of("UA|6", 50) == found


@settings(max_examples=15, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(*[st.none() | st.text("ab|\\N", max_size=3)] * 2), min_size=1, max_size=12
    )
)
def test_crosses_are_told_apart(pairs):
    """Two rows share a cross if and only if both columns agree, nulls included."""
    rows = Table.from_columns(
        {
            "a": pa.array([a for a, _ in pairs], pa.string()),
            "b": pa.array([b for _, b in pairs], pa.string()),
        }
    )
    definition = features()(lambda row: {"f": ip.ordinal(ip.cross(row.a, row.b), unseen=None)})
    found = definition.fit(rows).transform(rows).column("f").to_pylist()
    assert None not in found
    assert len(set(pairs)) == len(set(found)) == len(set(zip(pairs, found, strict=True)))


def test_a_cross_may_be_one_hot():
    """Names are readable."""
    table = Table.from_columns({"a": ["x", "x", "y"], "b": [1, 1, None]})
    frozen = features()(lambda row: {"f": ip.one_hot(ip.cross(row.a, row.b))}).fit(table)
    assert ("f_x_1", "f_y__N") == frozen.names


def test_one_hot_with_a_bucket_for_others():
    """Rare and unseen values, not null; its name gives way to a value called so."""
    definition = features()(lambda row: {"f": ip.one_hot(row.carrier, 1, other=True)})
    frozen = definition.fit(Table.from_columns(FLIGHTS))
    assert {"f_UA": 0.0, "f_other": 1.0} == frozen.row({"carrier": "AA"})
    assert {"f_UA": 0.0, "f_other": 0.0} == frozen.row({"carrier": None})
    frozen = definition.fit(Table.from_columns({"carrier": ["other", "other", "x"]}))
    assert ("f_other", "f_other_2") == frozen.names


def test_one_hot_of_what_is_not_rare():
    """Only UA has a share of 0.3; where no value has, there is only the bucket for others."""
    definition = features()(lambda row: {"f": ip.one_hot(row.carrier, min_share=0.3, other=True)})
    assert ("f_UA", "f_other") == definition.fit(Table.from_columns(FLIGHTS)).names
    rare = definition.fit(Table.from_columns({"carrier": ["a", "b", "c", "d"]}))
    assert {"f_other": 1.0} == rare.row({"carrier": "a"})


def test_frequencies_of_combinations():
    """(UA, 6) is one of four rows that have both."""
    rows = {**FLIGHTS, "hour": [6, 6, 12, 18, None, 0]}
    found = served(
        lambda row: ip.frequency_encode([row.carrier, row.hour]), rows, carrier="UA", hour=6
    )
    assert 0.25 == found


def test_texts_that_no_constant_can_be():
    """NUL comes with no request: such a value is in no table and no vocabulary."""
    table = Table.from_columns({"town": ["a\x00b", "a\x00b", "c"], "n": [1, 2, 3]})
    definition = features()(
        lambda row: {
            "one": ip.one_hot(row.town),
            "place": ip.ordinal(row.town),
            "mean": row.n.mean(by=[row.town]),
            "least": (row.town.min() + row.town).length(),
        }
    )
    frozen = definition.fit(table)
    assert frozen == Frozen.from_dict(frozen.to_dict())
    assert ("one_c", "place", "mean", "least") == frozen.names
    assert {"one_c": 1.0, "place": 1.0, "mean": 3.0, "least": None} == frozen.row({"town": "c"})


# ---- texts ----------------------------------------------------------------------------------


def test_lengths_and_words():
    """White space of any length is one gap."""
    assert 12 == served(lambda row: ip.text_length(row.note), note=" very  late\t")
    for note, words in [(" very  late\t", 2), ("", 0), (" ", 0), ("one", 1), ("a\nb\x0bc", 3)]:
        assert words == served(lambda row: ip.word_count(row.note), note=note)


@settings(max_examples=15, deadline=None)
@given(
    note=st.text(" ab\tß😀", max_size=12),
    n=st.integers(1, 3),
    unit=st.sampled_from(["letters", "words"]),
)
def test_hashed_ngrams(note, n, unit):
    """A count per bucket, by definition."""
    parts = list(note) if unit == "letters" else note.split()
    glue = "" if unit == "letters" else " "
    grams = [glue.join(parts[at : at + n]) for at in range(len(parts) - n + 1)]
    counts = Counter(bucket_of(gram, 5) for gram in grams)
    found = served(lambda row: ip.hashed_ngrams(row.note, n, 5, unit=unit), note=note)
    assert {str(bucket): float(counts[bucket]) for bucket in range(5)} == found


# ---- pairs ----------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.none() | st.integers(-50, 50).map(float)] * 2), min_size=1, max_size=20
    )
)
def test_statistics_of_pairs(rows):
    """Weighted mean, covariance and correlation of the rows that have both."""
    table = {
        "x": pa.array([x for x, _ in rows], pa.float64()),
        "y": pa.array([y for _, y in rows], pa.float64()),
    }
    pairs = [(x, y) for x, y in rows if x is not None and y is not None]
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    weight = sum(ys)
    mean = sum(x * y for x, y in pairs) / weight if weight else None
    definition = features()(
        lambda row: {
            "mean": ip.weighted_mean(row.x, row.y),
            "cov": ip.covariance(row.x, row.y),
            "cor": ip.correlation(row.x, row.y),
        }
    )
    found = definition.fit(Table.from_columns(table)).row({})
    assert found["mean"] == (mean if mean is None else pytest.approx(mean, rel=1e-12, abs=1e-12))
    if len(pairs) < 2:
        assert found["cov"] is None
    else:
        right = statistics.covariance(xs, ys)
        assert right == pytest.approx(found["cov"], rel=1e-9, abs=1e-9)
    if len(set(xs)) > 1 and len(set(ys)) > 1:
        assert statistics.correlation(xs, ys) == pytest.approx(found["cor"], rel=1e-9, abs=1e-9)


# ---- leaks ----------------------------------------------------------------------------------


def noise(count=6000):
    """Return rows whose label is pure chance, and keys of a few rows each."""
    draw = np.random.default_rng(7)
    return Table.from_columns(
        {
            "id": np.arange(count),
            "a": pa.array(draw.integers(0, count // 60, count)).cast(pa.string()),
            "b": draw.integers(0, 20, count),
            "late": draw.random(count) < 0.3,
        }
    )


@pytest.mark.parametrize(
    "feature",
    [
        lambda row: ip.target_encode(ip.cross(row.a, row.b), row.late, smoothing=1),
        lambda row: ip.target_encode([row.a, row.b], row.late, smoothing=0),
        lambda row: ip.target_encode(
            ip.vocabulary([row.a, row.b], oov_buckets=7), row.late, smoothing=1
        ),
        lambda row: ip.target_encode(ip.hash_bucket([row.a, row.b], 2000), row.late, smoothing=1),
        lambda row: ip.bucketize(
            ip.target_encode([row.a, row.b], row.late, smoothing=1), quantiles=10
        ),
        lambda row: ip.ordinal(ip.cross(row.a, row.b)),
        lambda row: ip.frequency_encode([row.a, row.b]),
    ],
)
def test_encodings_of_noise_do_not_leak(feature):
    """Groups of three rows: the training matrix knows nothing of a label that is pure chance."""
    rows = noise()
    definition = features(label="late", key=["id"])(lambda row: {"f": feature(row)})
    _, x, y = definition.fit_transform(rows)
    found = x.numpy("f")
    known = ~np.isnan(found)
    correlation = np.corrcoef(found[known], y[known])[0, 1]
    assert abs(correlation) < 0.06


def test_served_encodings_do_know_their_rows():
    """So the test above would see a leak: by serving rules the same rows tell their labels."""
    rows = noise()
    definition = features(label="late", key=["id"])(
        lambda row: {"f": ip.target_encode(ip.cross(row.a, row.b), row.late, smoothing=1)}
    )
    frozen, _, y = definition.fit_transform(rows)
    assert np.corrcoef(frozen.transform(rows, seen="allow").numpy("f"), y)[0, 1] > 0.4
