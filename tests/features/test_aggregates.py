"""Statistics on the engine against their definitions in plain Python, of all rows and by groups."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.types import arrow_type
from interplane.expressions.nodes import Column
from interplane.expressions.reductions import REDUCTIONS, reduce
from interplane.features.aggregates import Grouping
from interplane.features.training_rows import TrainingRows

TYPES = {"b": "bool", "i": "int", "f": "float", "s": "str", "k": "str", "j": "int", "w": "bool"}
COLUMNS = {name: Column(name, kind) for name, kind in TYPES.items()}
VALUES = {
    "b": st.booleans(),
    "i": st.integers(-(2**40), 2**40) | st.integers(-3, 3),
    "f": st.floats(-1e9, 1e9).map(lambda x: x + 0.0) | st.sampled_from([0.5, 1.0, math.nan]),
    "s": st.sampled_from(["", "a", "b", "ß", "😀", "z"]),
    "k": st.sampled_from(["x", "y", "É"]),
    "j": st.integers(-1, 1),
    "w": st.booleans(),
}
ROWS = st.lists(
    st.tuples(*(st.none() | values for values in VALUES.values())), min_size=1, max_size=40
)
AGGREGATES = sorted(name for name, reduction in REDUCTIONS.items() if not reduction.ordered)
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)


def column(rows, name):
    """Return a column of drawn rows, NaN as null, as the engine is to see it."""
    place = list(VALUES).index(name)
    return [None if row[place] != row[place] else row[place] for row in rows]


def table(rows):
    """Return drawn rows as Arrow."""
    return pa.table(
        {
            name: pa.array([row[place] for row in rows], arrow_type(TYPES[name]))
            for place, name in enumerate(VALUES)
        }
    )


def interpolated(values, q):
    """Return the quantile by its definition, exactly."""
    ordered = sorted(Fraction(value) for value in values)
    place = (len(ordered) - 1) * q
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * Fraction(place - math.floor(place))


def expected(name, values, q):
    """Return a statistic of values that are not null, by its definition; floats as exact as can be."""
    if name.startswith("count"):
        return len(values) if name == "count" else len(set(values))
    if not values or (name in {"std", "var"} and len(values) < 2):
        return None
    match name:
        case "mean":
            return float(sum(map(Fraction, values)) / len(values))
        case "std":
            return statistics.stdev(map(float, values))
        case "var":
            return statistics.variance(map(float, values))
        case "sum":
            return math.fsum(values) if isinstance(values[0], float) else sum(values)
        case "quantile" | "median":
            return float(interpolated(values, 0.5 if name == "median" else q))
        case "mode":
            most = max(Counter(values).values())
            return min(value for value, count in Counter(values).items() if count == most)
        case _:
            return {"min": min, "max": max, "any": any, "all": all}[name](values)


def assert_is(name, found, values, q):
    """Exact, but for what is rounded while it is added up or interpolated."""
    right = expected(name, values, q)
    if right is None or not isinstance(right, float) or name in {"min", "max", "mode"}:
        assert right == found
        assert type(right) is type(found)
    else:
        largest = max((abs(float(value)) for value in values), default=0.0)
        power = 2 if name == "var" else 1
        bound = 50 * 2.0**-52 * largest**power * max(1, len(values))
        if name in {"quantile", "median"}:
            assert abs(found - right) <= 2 * 2.0**-52 * largest
        elif name == "std":
            # A spread is the root of a difference: its square is as sure as a variance.
            assert abs(found**2 - right**2) <= bound * largest
        else:
            assert abs(found - right) <= bound


@pytest.mark.parametrize("name", AGGREGATES)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, conditional=st.booleans(), q=st.sampled_from(SHARES))
def test_a_statistic_is_what_its_definition_says(name, rows, conditional, q):
    """Of all rows and by groups of one and two keys, with and without a condition."""
    options = {"q": q} if REDUCTIONS[name].option else {}
    asked = {
        source: reduce(
            name, COLUMNS[source], where=COLUMNS["w"] if conditional else None, **options
        )
        for source in "bifs"
        if TYPES[source] in REDUCTIONS[name].types
    }
    by = [(), ("k",), ("k", "j")]
    with TrainingRows(table(rows)) as training:
        found = training.aggregate(
            [Grouping(tuple(COLUMNS[key] for key in keys), tuple(asked.values())) for keys in by]
        )
    for keys, answer in zip(by, found, strict=True):
        groups = grouped(rows, keys)
        assert (
            sorted(groups)
            == list(
                zip(*(answer.column(f"k{n}").to_pylist() for n in range(len(keys))), strict=True)
            )
            or not keys
        )
        for place, source in enumerate(asked):
            for group, value in zip(
                sorted(groups), answer.column(f"a{place}").to_pylist(), strict=True
            ):
                values = column(groups[group], source)
                kept = column(groups[group], "w") if conditional else [True] * len(values)
                there = [v for v, keep in zip(values, kept, strict=True) if keep and v is not None]
                assert_is(name, value, there, q)


def grouped(rows, keys):
    """Return the rows by key; a null in it is in no group."""
    if not keys:
        return {(): rows}
    groups = {}
    for row in rows:
        key = tuple(row[list(VALUES).index(name)] for name in keys)
        if None not in key:
            groups.setdefault(key, []).append(row)
    return groups


def test_quantiles_of_one_argument_are_one_aggregate():
    """Each has the bits that it has alone."""
    rows = pa.table({"f": [math.sin(n) * 10.0 ** (n % 7) for n in range(999)]})
    asked = [reduce("quantile", COLUMNS["f"], q=q) for q in (0.1, 0.25, 0.37, 0.9)]
    asked.append(reduce("median", COLUMNS["f"]))
    with TrainingRows(rows) as training:
        (together,) = training.aggregate([Grouping((), tuple(asked))])
        alone = [training.aggregate([Grouping((), (each,))])[0] for each in asked]
    assert [each.column("a0")[0].as_py() for each in alone] == list(
        together.to_pylist()[0].values()
    )


def test_no_groupings():
    """Nothing asked, nothing done."""
    with TrainingRows(pa.table({"f": [1.0]})) as training:
        assert [] == training.aggregate([])
