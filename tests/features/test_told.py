"""What a fit tells of the features: those without a value, and what each looked-up table was."""

from __future__ import annotations

import math

import pyarrow as pa

from interplane.data.table import Table
from interplane.expressions.expr import if_else
from interplane.features import encodings as ip
from interplane.features.definition import features
from interplane.features.frozen import Frozen
from interplane.features.training import Training

FARES = [float(number) for number in range(20)]


@features(label="late", key=["id"])
def fares(row):
    """A scale that an infinity breaks, one that it does not, and groups with settings."""
    return {
        "far": ip.standardize(row.fare),
        "mended": ip.standardize(if_else(row.fare.is_inf(), None, row.fare)),
        "robust": ip.robust_scale(row.fare),
        "rate": ip.target_encode(row.city, row.late, smoothing=3),
        "fare_of_city": row.fare.mean(by=[row.city], smoothing=2, min_rows=2, default=0.5),
        "place": ip.ordinal(row.city, top=2),
    }


def rows(fare):
    """Twenty rows of two cities."""
    columns = {"id": range(20), "fare": fare, "city": ["a", "b"] * 10, "late": [True, False] * 10}
    return Table.from_columns({name: list(values) for name, values in columns.items()})


def test_one_infinity_is_told_by_the_features_that_it_leaves_null():
    """In the record, in words, and in a notebook; the others keep their values."""
    frozen = fares.fit(rows([*FARES[:-1], math.inf]))
    assert ("far",) == frozen.training.null_features
    assert "null in all 20 training rows: far" in repr(frozen)
    assert frozen.summary.endswith("; null in all 20 training rows: far")
    assert '<p class="warned">null in all 20 training rows: far</p>' in frozen._repr_html_()
    assert frozen.training == Frozen.from_dict(frozen.to_dict()).training


def test_the_training_rows_tell_it_too():
    """`fit_transform` looks at the features as they serve."""
    frozen, matrix, _ = fares.fit_transform(rows([*FARES[:-1], math.inf]))
    assert ("far",) == frozen.training.null_features
    assert 20 == matrix.column("far").null_count


def test_nothing_is_told_of_features_that_have_values():
    """And nothing stands in the form, so that it is what it was."""
    frozen = fares.fit(rows(FARES))
    assert () == frozen.training.null_features
    assert "null_features" not in frozen.to_dict()["training"]
    assert "null in all" not in repr(frozen)


def test_a_value_far_down_is_found():
    """The first rows are a sample; what is null there is looked for in all."""
    fare = pa.array([None] * 1500 + [1.0], pa.float64())
    table = Table.from_columns({"fare": fare, "gone": pa.nulls(1501, pa.float64())})
    definition = features()(
        lambda row: {"fare": row.fare, "gone": row.gone, "one": row.fare.is_null()}
    )
    assert ("gone",) == definition.fit(table).training.null_features


def test_many_are_counted():
    """Five by name."""
    names = tuple("abcdefgh")
    told = Training(rows=1000, null_features=names).caution
    assert "null in all 1,000 training rows: a, b, c, d, e and 3 more" == told


def test_each_table_tells_what_it_was():
    """As it was written, with its settings: smoothing and folds stand in no expression."""
    frozen = fares.fit(rows(FARES))
    assert {
        "target_mean_0": "target_encode(city, late, folds=5, smoothing=3.0)",
        "mean_1": "mean(fare, default=0.5, min_rows=2, smoothing=2.0, by=[city])",
        "index_2": "ordinal(city, order='frequency', top=2, unseen=-1)",
    } == frozen.training.written
    assert set(frozen.lookups) == set(frozen.training.written)
