"""Fit: statistics by hand, out-of-fold rows, determinism, odd tables."""

from __future__ import annotations

import hashlib
import math
import random
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import DataError, NotFreezable, UsageError
from interplane.features import encodings as ip
from interplane.features.definition import features

FLIGHTS = {
    "id": [1, 2, 3, 4, 5, 6],
    "distance": [100.0, 200.0, None, 400.0, math.nan, 500.0],
    "carrier": ["UA", "AA", "UA", None, "UA", "B6"],
    "hour": [0, 6, 12, 18, 6, None],
    "late": [True, False, True, None, False, True],
}


def table(**columns):
    """Return the six flights, with some columns changed."""
    return Table.from_columns({**FLIGHTS, **columns})


def fitted(function, rows=None, **kwargs):
    """Return one feature of each training row, as serving gives it."""
    frozen = features(label="late", key=["id"])(lambda row: {"f": function(row)}).fit(
        table() if rows is None else rows, **kwargs
    )
    return frozen.transform(table() if rows is None else rows, seen="allow").column("f").to_pylist()


# ---- statistics by hand ---------------------------------------------------------------------


def test_standardize_by_hand():
    """Mean 300 and sample deviation of 100, 200, 400, 500; null where the distance is."""
    deviation = math.sqrt((200**2 + 100**2 + 100**2 + 200**2) / 3)
    expected = [-200 / deviation, -100 / deviation, None, 100 / deviation, None, 200 / deviation]
    assert expected == fitted(lambda row: ip.standardize(row.distance))


def test_min_max_by_hand():
    """100 is 0, 500 is 1."""
    expected = [0.0, 0.25, None, 0.75, None, 1.0]
    assert expected == fitted(lambda row: ip.min_max(row.distance))


def test_impute_by_hand():
    """NaN is null too."""
    expected = [100.0, 200.0, 300.0, 400.0, 300.0, 500.0]
    assert expected == fitted(lambda row: ip.impute(row.distance))


def test_frequency_encode_by_hand():
    """Shares of the five rows that have a carrier; null has none."""
    expected = [3 / 5, 1 / 5, 3 / 5, 0.0, 3 / 5, 1 / 5]
    assert expected == fitted(lambda row: ip.frequency_encode(row.carrier))


def test_target_encode_by_hand():
    """UA was late in 2 of 3, all in 3 of 5; a row without a label counts in neither."""
    ua = (2 + 2 * 0.6) / (3 + 2)
    expected = [ua, (0 + 2 * 0.6) / (1 + 2), ua, 0.6, ua, (1 + 2 * 0.6) / (1 + 2)]
    found = fitted(lambda row: ip.target_encode(row.carrier, row.late, smoothing=2))
    assert expected == found


def test_a_mean_per_group_by_hand():
    """A carrier whose distances are all null has none; neither has a null carrier."""
    rows = table(carrier=["UA", "AA", "UA", None, "DL", "B6"])
    expected = [100.0, 200.0, 100.0, None, None, 500.0]
    assert expected == fitted(lambda row: row.distance.mean(by=[row.carrier]), rows)


def test_a_condition_in_a_statistic():
    """Only rows for which it is true count."""
    expected = [450.0] * 6
    found = fitted(lambda row: row.distance.mean(where=row.distance > 200) + row.distance * 0.0)
    assert expected[:2] == found[:2]


def test_statistics_of_statistics():
    """The deviation from the group's mean, standardized: two stages."""
    rows = table(distance=[100.0, 200.0, 300.0, 400.0, 500.0, 600.0], carrier=list("AABBBB"))
    means = [150, 150, 450, 450, 450, 450]
    centred = [x - m for x, m in zip([100, 200, 300, 400, 500, 600], means, strict=True)]
    deviation = math.sqrt(sum(x * x for x in centred) / 5)

    def feature(row):
        within = row.distance - row.distance.mean(by=[row.carrier])
        return within / within.std()

    assert [x / deviation for x in centred] == pytest.approx(fitted(feature, rows), rel=1e-14)


def test_one_hot_by_hand():
    """The two most frequent carriers; the smaller value first where counts are equal."""
    definition = features()(lambda row: {"by": ip.one_hot(row.carrier, top=2)})
    found = definition.fit(table()).transform(table())
    assert ("by_UA", "by_AA") == found.names
    assert [1.0, 0.0, 1.0, 0.0, 1.0, 0.0] == found.column("by_UA").to_pylist()
    assert [0.0, 1.0, 0.0, 0.0, 0.0, 0.0] == found.column("by_AA").to_pylist()


def test_cyclic_by_hand():
    """Hour 6 is a quarter of the circle."""
    definition = features()(lambda row: {"hour": ip.cyclic(row.hour)})
    row = definition.fit(table()).row({"hour": 6})
    assert {"hour_sin": 1.0, "hour_cos": math.cos(6 * (2.0 * math.pi / 24))} == row


# ---- odd tables -----------------------------------------------------------------------------


def test_an_empty_table():
    """There is nothing to compute a statistic on."""
    with pytest.raises(DataError, match="no rows to fit"):
        fitted(lambda row: row.distance, table().sql("FROM self WHERE id < 0"))


def test_no_label_at_all():
    """A column of nulls is no label."""
    rows = table(late=pa.array([None] * 6, pa.bool_()))
    with pytest.raises(DataError, match="'late' is null in all 6"):
        fitted(lambda row: row.distance, rows)


def test_a_label_of_text():
    """A model learns numbers."""
    with pytest.raises(DataError, match="label 'late' is str"):
        fitted(lambda row: row.distance, table(late=list("abcdef")))


@pytest.mark.parametrize(
    ("name", "make"), [("standardize", ip.standardize), ("min_max", ip.min_max)]
)
@pytest.mark.parametrize("value", [7.0, None])
def test_a_column_without_spread(name, make, value):
    """All equal, or all null: there is no scale, so the feature is null everywhere."""
    rows = table(distance=pa.array([value] * 6, pa.float64()))
    assert [None] * 6 == fitted(lambda row: make(row.distance), rows)


def test_an_all_null_column_has_no_vocabulary():
    """Its one-hot is no feature at all."""
    rows = table(carrier=pa.array([None] * 6, pa.string()))
    definition = features()(lambda row: {"by": ip.one_hot(row.carrier), "hour": row.hour})
    assert ("hour",) == definition.fit(rows).names


def test_an_all_null_group():
    """Every row gets what stands for unseen groups: the overall mean."""
    rows = table(carrier=pa.array([None] * 6, pa.string()))
    assert [0.6] * 6 == fitted(lambda row: ip.target_encode(row.carrier, row.late), rows)


def test_a_single_group():
    """Its mean is the overall mean, whatever the smoothing; out of fold it may differ."""
    rows = table(carrier=["UA"] * 6)
    found = fitted(lambda row: ip.target_encode(row.carrier, row.late, smoothing=3), rows)
    assert [0.6] * 6 == pytest.approx(found)


def test_no_smoothing():
    """Groups speak for themselves; unseen ones get the overall mean."""
    found = fitted(lambda row: ip.target_encode(row.carrier, row.late, smoothing=0))
    assert [2 / 3, 0.0, 2 / 3, 0.6, 2 / 3, 1.0] == pytest.approx(found)


def test_infinite_values_do_not_stop_a_fit():
    """What is undefined is null."""
    rows = table(distance=[1.0, math.inf, -math.inf, 1e308, -1e308, None])
    assert [None] * 6 == fitted(lambda row: ip.standardize(row.distance), rows)


def test_a_constant_feature():
    """A statistic alone is the same for every row."""
    assert [300.0] * 6 == fitted(lambda row: row.distance.mean())


def test_names_with_quotes():
    """Columns, features and values may be named as people name them."""
    rows = Table.from_columns({'a "b"': [1.0, 2.0], "it's; --": ["x'y", 'z"']})
    definition = features()(
        lambda row: {
            'mean "of" b': ip.standardize(row['a "b"']),
            "by": ip.one_hot(row["it's; --"]),
            "rate": row['a "b"'].mean(by=[row["it's; --"]]),
        }
    )
    found = definition.fit(rows).transform(rows)
    assert [1.0, 2.0] == found.column("rate").to_pylist()
    assert [1.0, 0.0] == sorted(found.column("by_x_y").to_pylist(), reverse=True)


# ---- training rows --------------------------------------------------------------------------


@features(label="late", time=None, key=["id"], context=["carrier"])
def flight_features(flight):
    return {
        "distance": ip.standardize(flight.distance),
        "rate": ip.target_encode(flight.carrier, flight.late, smoothing=2, folds=3),
    }


def fold_of(*key, folds):
    """Return a row's fold as documented: 15 digits of the MD5 of the key's texts."""
    text = "".join(f"{len(str(part).encode())}:{part}" for part in key)
    return int(hashlib.md5(text.encode()).hexdigest()[:15], 16) % folds


def test_training_rows_leave_out_null_labels():
    """They are counted; they still count for statistics that do not read the label."""
    frozen, x, y = flight_features.fit_transform(table())
    assert (6, 1) == (frozen.training.rows, frozen.training.null_labels)
    assert [1.0, 0.0, 1.0, 0.0, 1.0] == y.tolist()
    assert (
        frozen.transform(table(), seen="allow").column("distance").to_pylist()[:3]
        == (x.column("distance").to_pylist()[:3])
    )
    assert 5 == x.rows


def test_out_of_fold_by_hand():
    """A row's encoding is the smoothed mean of its group's rows in the other folds."""
    rows = [(n, "ABC"[n % 3], (n * 7) % 4 == 0) for n in range(60)]
    ids, groups, labels = zip(*rows, strict=True)
    made = Table.from_columns(
        {"id": ids, "carrier": groups, "late": labels, "distance": [1.0] * 60}
    )
    overall = sum(labels) / 60

    def expected(number, group):
        others = [
            label
            for other, its_group, label in rows
            if its_group == group and fold_of(other, folds=3) != fold_of(number, folds=3)
        ]
        return (sum(others) + 2 * overall) / (len(others) + 2)

    _, x, _ = flight_features.fit_transform(made)
    assert [expected(number, group) for number, group, _ in rows] == x.column("rate").to_pylist()


def test_folds_need_a_key():
    """Without one a row has no name to draw its fold by."""
    definition = features(label="late")(
        lambda row: {"rate": ip.target_encode(row.carrier, row.late)}
    )
    definition.fit(table())
    with pytest.raises(UsageError, match="has no key"):
        definition.fit_transform(table())


def test_training_rows_need_a_label():
    """Without one there is no y."""
    with pytest.raises(UsageError, match="has no label"):
        features()(lambda row: {"x": row.distance}).fit_transform(table())


def test_without_target_encodings_training_rows_are_served_rows():
    """Only target encodings are out of fold."""
    definition = features(label="late")(lambda row: {"x": ip.standardize(row.distance)})
    rows = table(late=[True, False, True, True, False, True])
    frozen, x, _ = definition.fit_transform(rows)
    assert frozen.transform(rows).equals(x)


def test_fit_and_fit_transform_freeze_the_same():
    """The training rows are extra."""
    assert flight_features.fit(table()) == flight_features.fit_transform(table())[0]


def test_an_encoding_of_noise_does_not_leak():
    """A label of pure chance, groups of three rows: out of fold the encoding knows nothing."""
    draw = np.random.default_rng(7)
    count = 6000
    made = Table.from_columns(
        {
            "id": np.arange(count),
            "carrier": pa.array(draw.integers(0, count // 3, count)).cast(pa.string()),
            "late": draw.random(count) < 0.3,
            "distance": draw.random(count),
        }
    )
    definition = features(label="late", key=["id"])(
        lambda row: {"rate": ip.target_encode(row.carrier, row.late, smoothing=1)}
    )
    frozen, x, y = definition.fit_transform(made)
    assert abs(auc(x.numpy("rate"), y) - 0.5) < 0.03
    assert auc(frozen.transform(made, seen="allow").numpy("rate"), y) > 0.8


def auc(scores, labels):
    """Return the share of pairs, one late and one not, that the score puts in order."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    _, inverse, counts = np.unique(scores[order], return_inverse=True, return_counts=True)
    middles = np.cumsum(counts) - (counts - 1) / 2
    ranks[order] = middles[inverse]
    ones = labels.sum()
    return (ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(labels) - ones))


def test_a_key_of_several_columns():
    """Their texts are told apart: (1, 23) is not (12, 3)."""
    made = table(a=[1, 12, 1, 2, 2, 3], b=[23, 3, 1, 2, 3, 4])
    definition = features(label="late", key=["a", "b"])(
        lambda row: {"rate": ip.target_encode(row.carrier, row.late)}
    )
    assert 5 == definition.fit_transform(made)[1].rows


# ---- determinism ----------------------------------------------------------------------------


def big(seed=3, count=5000):
    """Return rows with floats whose sum depends on the order of adding."""
    draw = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(count),
            "distance": draw.normal(size=count) * 10.0 ** draw.integers(-8, 8, count),
            "carrier": pa.array(draw.integers(0, 40, count)).cast(pa.string()),
            "late": draw.random(count) < 0.2,
        }
    )


@features(label="late", key=["id"])
def many_statistics(row):
    return {
        "z": ip.standardize(row.distance),
        "group": row.distance - row.distance.mean(by=[row.carrier]),
        "spread": row.distance / row.distance.std(by=[row.carrier]),
        "sum": row.distance.sum(),
        "median": row.distance.median(by=[row.carrier]),
        "carrier": ip.one_hot(row.carrier, top=5),
        "rate": ip.target_encode(row.carrier, row.late),
    }


def test_two_fits_have_the_same_digest():
    """And the same training rows."""
    one, x, _ = many_statistics.fit_transform(Table.from_arrow(big()))
    two, again, _ = many_statistics.fit_transform(Table.from_arrow(big()))
    assert one.digest == two.digest
    assert x.equals(again)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 4999), max_size=6))
def test_the_files_that_rows_come_from_do_not_matter(cuts):
    """However the rows are cut into chunks, the bits are the same."""
    whole = big()
    edges = [0, *sorted(set(cuts)), whole.num_rows]
    pieces = [whole.slice(a, b - a) for a, b in pairwise(edges)]
    assert many_statistics.fit(Table.from_arrow(whole)) == many_statistics.fit(
        Table.from_arrow(pa.concat_tables(pieces))
    )


def test_rows_in_parquet_parts(tmp_path):
    """Parts on disk, with row groups of several sizes."""
    whole = Table.from_arrow(big())
    paths, sizes = [], []
    for number, (start, size) in enumerate([(0, 1), (1, 1999), (2000, 3000)]):
        paths.append(tmp_path / f"{number}.parquet")
        sizes.append(size)
        part = whole.to_arrow().slice(start, size)
        pq.write_table(part, paths[-1], row_group_size=700 + 300 * number)
    parts = Table.from_parts(paths, columns=whole.columns, part_rows=sizes)
    assert many_statistics.fit(whole) == many_statistics.fit(parts)


def test_fast_is_recorded():
    """A fit that may differ in the last bit says so."""
    assert many_statistics.fit(Table.from_arrow(big()), fast=True).training.fast


def test_the_order_of_rows_does_not_move_folds():
    """A row is in the same fold wherever it stands."""
    rows = big(count=300)
    order = list(range(300))
    random.Random(1).shuffle(order)
    _, x, _ = many_statistics.fit_transform(Table.from_arrow(rows))
    _, shuffled, _ = many_statistics.fit_transform(Table.from_arrow(rows.take(order)))
    assert [x.column("rate").to_pylist()[place] for place in order] == (
        shuffled.column("rate").to_pylist()
    )


# ---- refused --------------------------------------------------------------------------------


def test_refusals_come_before_any_work():
    """A leak is refused at the fit."""
    with pytest.raises(NotFreezable, match="reads the label"):
        fitted(lambda row: row.late.mean(by=[row.carrier]))


def test_a_fit_that_leaves_no_feature_says_so():
    """All vocabularies are empty: there is nothing to learn from."""

    @features(label="late")
    def empty(row):
        return {"carrier": ip.one_hot(row.carrier)}

    rows = Table.from_columns({"carrier": ["a", "b"], "late": [True, False]}).sql(
        "SELECT * REPLACE (NULL::VARCHAR AS carrier) FROM self"
    )
    with pytest.raises(DataError, match="no feature is left of carrier"):
        empty.fit(rows)
