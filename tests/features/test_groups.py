"""Values of groups: what stands for unknown ones, smoothing, and the pool of rare groups."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import ExpressionError
from interplane.expressions.expr import Row
from interplane.features.definition import features

CITIES = {
    "city": ["A", "A", "A", "B", "B", "C", None, None],
    "fare": [1.0, 2.0, 6.0, 10.0, None, 50.0, 7.0, None],
}
row = Row({"fare": "float", "city": "str", "n": "int"})


def fitted(function, rows=None, unseen="Z"):
    """Return the feature of each city, of an unseen one, and of null; and the frozen features."""
    table = Table.from_columns(CITIES if rows is None else rows)
    frozen = features()(lambda row: {"f": function(row)}).fit(table)
    keys = [*sorted({city for city in table.column("city").to_pylist() if city}), unseen, None]
    row = dict.fromkeys(frozen.inputs)
    return {key: frozen.row({**row, "city": key})["f"] for key in keys}, frozen


def test_groups_by_themselves():
    """Unknown keys, and null, have no value."""
    found, _ = fitted(lambda row: row.fare.mean(by=row.city))
    assert {"A": 3.0, "B": 10.0, "C": 50.0, "Z": None, None: None} == found


def test_a_default():
    """It stands for unknown keys and null; an int is a float for floats."""
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], default=-1))
    assert {"A": 3.0, "B": 10.0, "C": 50.0, "Z": -1.0, None: -1.0} == found


def test_a_default_for_counts():
    """Without one a group that is not there has 0 rows."""
    count, _ = fitted(lambda row: row.fare.count(by=[row.city]))
    assert {"A": 3.0, "B": 1.0, "C": 1.0, "Z": 0.0, None: 0.0} == count
    found, _ = fitted(lambda row: row.fare.count(by=[row.city], default=1))
    assert 1.0 == found["Z"]


def test_the_value_of_all_rows_as_default():
    """Another statistic may stand for what is unknown."""
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], default=row.fare.median()))
    assert {"A": 3.0, "B": 10.0, "C": 50.0, "Z": 6.5, None: 6.5} == found


def test_smoothing():
    """(n v + s m) / (n + s), n the rows that have a value; the value of all rows for unknown ones."""
    overall = (1 + 2 + 6 + 10 + 50 + 7) / 6
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], smoothing=2))
    assert found == {
        "A": (3 * 3.0 + 2 * overall) / 5,
        "B": (10.0 + 2 * overall) / 3,
        "C": (50.0 + 2 * overall) / 3,
        "Z": overall,
        None: overall,
    }


def test_smoothing_of_a_group_without_a_value():
    """It has the value of all rows."""
    found, _ = fitted(lambda row: row.fare.std(by=[row.city], smoothing=1, default=0))
    overall, _ = fitted(lambda row: row.fare.std() + row.city.length() * 0)
    assert (overall["A"], 0.0) == (found["C"], found["Z"])


def test_rare_groups_share_a_value():
    """B and C have one fare each: they have the mean of both, which unknown cities have too."""
    found, frozen = fitted(lambda row: row.fare.mean(by=[row.city], min_rows=2))
    assert {"A": 3.0, "B": 30.0, "C": 30.0, "Z": 30.0, None: 30.0} == found
    (table,) = frozen.lookups.values()
    assert {("A",): 3.0} == table.entries


def test_a_pool_and_a_default():
    """Then unknown cities have the default, and rare ones the pool's value."""
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], min_rows=2, default=0))
    assert {"A": 3.0, "B": 30.0, "C": 30.0, "Z": 0.0, None: 0.0} == found


def test_a_pool_of_quantiles():
    """What cannot be put together from groups is computed from the rows in them."""
    rows = {"city": ["A"] * 4 + ["B"] * 3 + ["C"], "fare": [1.0, 2, 3, 4, 10, 30, 20, 100]}
    found, frozen = fitted(lambda row: row.fare.median(by=[row.city], min_rows=4), rows)
    assert {"A": 2.5, "B": 25.0, "C": 25.0, "Z": 25.0, None: 25.0} == found
    assert 2 == frozen.training.passes


def test_a_pool_is_smoothed_like_a_group():
    """Two rows with the mean 30, drawn to the mean of all."""
    overall = (1 + 2 + 6 + 10 + 50 + 7) / 6
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], min_rows=2, smoothing=4))
    assert (2 * 30.0 + 4 * overall) / 6 == found["B"] == found["Z"]


def test_no_rare_group():
    """A pool without rows has no value."""
    rows = {"city": ["A", "A"], "fare": [1.0, 3.0]}
    found, _ = fitted(lambda row: row.fare.mean(by=[row.city], min_rows=2), rows)
    assert {"A": 2.0, "Z": None, None: None} == found


def test_a_pool_with_a_condition():
    """A group is rare by the rows that count."""
    found, _ = fitted(lambda row: row.fare.sum(by=[row.city], where=row.fare < 6, min_rows=2))
    assert {"A": 3.0, "B": None, "C": None, "Z": None, None: None} == found


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", "D", None]), st.none() | st.integers(-9, 9)),
        min_size=1,
        max_size=30,
    ),
    smoothing=st.sampled_from([0.0, 0.5, 20.0]),
    min_rows=st.sampled_from([1, 2, 4]),
    default=st.sampled_from([None, -1.0]),
)
def test_the_definition(rows, smoothing, min_rows, default):
    """Smoothing, pooling and a default together, on small integers, whose sums are exact."""
    columns = {"city": [city for city, _ in rows], "fare": [fare for _, fare in rows]}
    table = Table.from_columns({**columns, "n": [1] * len(rows)}).sql(
        "SELECT CAST(city AS VARCHAR) AS city, CAST(fare AS BIGINT) AS fare, n FROM self"
    )
    options = {} if default is None else {"default": default}
    definition = features()(
        lambda row: {
            "f": row.fare.mean(by=[row.city], smoothing=smoothing, min_rows=min_rows, **options)
        }
    )
    frozen = definition.fit(table)
    fares = {}
    for city, fare in rows:
        if fare is not None:
            fares.setdefault(city, []).append(fare)
    known = {city: there for city, there in fares.items() if city is not None}
    every = [fare for there in fares.values() for fare in there]
    rare = [f for there in known.values() if len(there) < min_rows for f in there]

    def drawn(values):
        mean = sum(values) / len(values) if values else None
        if not smoothing or not every:
            return mean
        total = (len(values) * (mean or 0.0)) + smoothing * (sum(every) / len(every))
        return total / (len(values) + smoothing)

    unknown = default
    if default is None and min_rows > 1:
        unknown = drawn(rare)
    elif default is None and smoothing:
        unknown = drawn([])
    there = {city for city, _ in rows if city is not None}
    for city in ["A", "B", "C", "D", "Z", None]:
        values = known.get(city, [])
        if city not in there:
            right = unknown
        elif len(values) < min_rows:
            right = drawn(rare)
        else:
            right = drawn(values)
        right = unknown if right is None else right
        found = frozen.row(
            {"city": city, "fare": None} if "fare" in frozen.inputs else {"city": city}
        )
        assert right == found["f"] or math.isclose(right, found["f"], rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: row.fare.sum(by=[row.city], smoothing=2), "smoothing.*mean"),
        (lambda: row.fare.mean(smoothing=2.0), "by="),
        (lambda: row.fare.mean(by=[row.city], smoothing=-1.0), "smoothing = -1.0"),
        (lambda: row.fare.mean(by=[row.city], smoothing=math.inf), "smoothing = inf"),
        (lambda: row.fare.mean(by=[row.city], min_rows=0), "min_rows = 0"),
        (lambda: row.fare.mean(by=[row.city], min_rows=2.5), "min_rows = 2.5"),
        (lambda: row.fare.mean(by=[row.city], default="none"), "default = 'none'"),
        (lambda: row.n.count(by=[row.city], default=row.n.max()), "count.*constant"),
        (lambda: row.fare.mean(by=[row.fare]), "grouped by"),
        (lambda: row.fare.mean(default=1.0), "by="),
    ],
)
def test_what_groups_do_not_take(make, match):
    """Refused where it is written, with what to do."""
    with pytest.raises(ExpressionError, match=match):
        make()
