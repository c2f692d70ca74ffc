"""Rows that features were fitted on: not to be trained on as served, where an encoding has their labels."""

import numpy as np
import pytest

from interplane.data.table import Table
from interplane.errors import Leak, UsageError
from interplane.features import encodings as ip
from interplane.features.batch import matrix
from interplane.features.definition import features
from interplane.features.frozen import Frozen


def rows(ids=range(8), **more):
    """Rows in groups of two."""
    columns = {
        "id": [*ids],
        "x": [float(n) for n in ids],
        "city": [f"c{n // 2}" for n in ids],
        "late": [n % 2 == 0 for n in ids],
    }
    return Table.from_columns(columns | more)


@features(label="late", key=["id"])
def encoded(row):
    """Two features of an encoding of the label, and one of none."""
    rate = ip.target_encode(row.city, row.late, smoothing=0)
    return {"x": row.x - row.x.mean(), "rate": rate, "z": ip.standardize(rate)}


@features(label="late", key=["id"])
def plain(row):
    """Statistics and groups, none of the label."""
    return {"x": ip.standardize(row.x), "mean": row.x.mean(by=[row.city])}


@pytest.mark.parametrize("ask", [Frozen.transform, Frozen.matrix], ids=["transform", "matrix"])
@pytest.mark.parametrize("ids", [range(8), [6, 7, 8, 9], [3]], ids=str)
def test_rows_that_an_encoding_has_seen_are_refused(ask, ids):
    """All of them or one: what is computed of them has their own labels in it."""
    frozen = encoded.fit(rows())
    seen = sum(n < 8 for n in ids)
    were = "was" if seen == 1 else "were"
    with pytest.raises(Leak, match=f"^{seen} of the {len(ids)} rows {were} fitted on") as caught:
        ask(frozen, rows(ids))
    assert "'rate' (and 1 more) encodes the label 'late'" in str(caught.value)
    assert "fit_transform" in str(caught.value)
    assert ["rate", "z"] == caught.value.details["features"]
    assert {"id": min(n for n in ids if n < 8)} == next(iter(caught.value.details["examples"]))


def test_a_model_may_be_asked_of_them():
    """By name: it is what a server says of these rows."""
    frozen = encoded.fit(rows())
    found = frozen.transform(rows(), seen="allow")
    np.testing.assert_array_equal(matrix(found), frozen.matrix(rows(), seen="allow"))
    assert [frozen.row({"x": 0.0, "city": "c0"})] == found.to_rows()[:1]
    with pytest.raises(UsageError, match="seen is 'maybe'"):
        frozen.transform(rows(), seen="maybe")


def test_rows_that_it_has_not_seen_are_as_ever():
    """Other keys, and rows without a label: they were no part of an encoding."""
    frozen = encoded.fit(rows())
    assert 3 == frozen.transform(rows([8, 9, 10])).rows
    late = [None, True, False, True, None, False, True, False]
    frozen = encoded.fit(rows(late=late))
    assert 8 == frozen.transform(rows(late=[None] * 8)).rows
    with pytest.raises(Leak, match=r"^6 of the 8 rows"):
        frozen.transform(rows(late=late))


def test_what_encodes_no_label_is_the_same_for_all_rows():
    """Fit, and then a matrix of the same rows, is how a model without encodings is trained."""
    frozen, x, _ = plain.fit_transform(rows())
    assert matrix(x).tolist() == frozen.matrix(rows()).tolist()


def test_where_nobody_can_tell_nothing_is_refused():
    """Rows without their key, features without one, and features of JSON alone."""
    frozen = encoded.fit(rows())
    assert 8 == frozen.transform(rows().select("x", "city")).rows
    assert 8 == Frozen.from_dict(frozen.to_dict()).transform(rows()).rows
    unnamed = features(label="late")(encoded.function).fit(rows())
    assert 8 == unnamed.transform(rows()).rows
