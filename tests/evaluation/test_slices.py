"""Slices divide rows: every row in exactly one, nulls included, by column, cross or expression."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError
from interplane.evaluation.slices import divide, slice_rows, why_skipped

FLIGHTS = Table.from_columns(
    {
        "origin": ["JFK", None, "LGA", "JFK"],
        "hour": [6, 20, None, 20],
        "day": [date(2013, 5, 1), date(2013, 5, 2), None, date(2013, 5, 1)],
        "wind": [1.5, None, 0.0, float("inf")],
        "late": [True, False, None, True],
    }
)


@pytest.mark.parametrize(
    ("by", "values"),
    [
        ("origin", (("JFK",), ("LGA",), (None,))),
        ("hour", ((6,), (20,), (None,))),
        ("day", (("2013-05-01",), ("2013-05-02",), (None,))),
        ("wind", ((0.0,), (1.5,), ("inf",), (None,))),
        ("late", ((False,), (True,), (None,))),
        (("origin", "hour"), (("JFK", 6), ("JFK", 20), ("LGA", None), (None, 20))),
    ],
)
def test_values_are_sorted_and_null_is_last(by, values):
    """Times become text, so that they go to JSON."""
    slicing = slice_rows(FLIGHTS, by)
    assert slicing.values == values
    assert slicing.name == (by if isinstance(by, str) else "origin x hour")


@given(
    rows=st.lists(
        st.tuples(
            st.none() | st.sampled_from("abc"),
            st.none() | st.integers(0, 3),
            st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_a_cross_divides_all_rows(rows):
    """Two rows share a slice exactly if they share all values."""
    import pyarrow as pa

    schema = pa.schema([("a", pa.string()), ("b", pa.int64()), ("c", pa.bool_())])
    plain = [dict(zip("abc", row, strict=True)) for row in rows]
    slicing = slice_rows(
        Table.from_arrow(pa.Table.from_pylist(plain, schema=schema)), ("a", "b", "c")
    )
    assert [slicing.values[group] for group in slicing.groups] == rows
    assert len(set(slicing.values)) == len(slicing.values) == len(set(rows))


def test_an_expression_is_a_slicing_and_can_be_crossed():
    """Null where the expression is."""
    evening = {"evening": lambda flight: flight.hour >= 18}
    first, crossed = divide(FLIGHTS, [evening, ("evening", "origin")])
    assert [first.values[group] for group in first.groups] == [(False,), (True,), (None,), (True,)]
    assert [crossed.values[group] for group in crossed.groups] == [
        *((False, "JFK"), (True, None), (None, "LGA"), (True, "JFK")),
    ]


def test_wrong_slices_are_refused():
    """An unknown column, a name taken, a statistic, no expression, nothing at all."""
    with pytest.raises(UnknownName, match="Did you mean 'origin'"):
        divide(FLIGHTS, ["orgin"])
    with pytest.raises(UsageError, match="'hour' has the name of a column"):
        divide(FLIGHTS, [{"hour": lambda flight: flight.hour}])
    with pytest.raises(UsageError, match="without statistics"):
        divide(FLIGHTS, [{"windy": lambda flight: flight.wind > flight.wind.mean()}])
    with pytest.raises(UsageError, match="the slice 'windy' is True"):
        divide(FLIGHTS, [{"windy": lambda _flight: True}])
    with pytest.raises(UsageError, match="by no column"):
        divide(FLIGHTS, [()])


def test_too_many_slices_are_refused():
    """Nobody reads a slice per row."""
    with pytest.raises(UsageError, match="slicing by id makes 6,000 slices"):
        slice_rows(Table.from_columns({"id": list(range(6000))}), "id")


def test_no_rows_make_no_slices():
    """Nor an error."""
    assert slice_rows(FLIGHTS.head(0), ("origin", "hour")).values == ()


@pytest.mark.parametrize(
    ("rows", "positives", "reason"),
    [
        (99, 50, "99 rows, fewer than 100"),
        (1, 1, "1 row, fewer than 100"),
        (100, 0, "one class only: all 100 rows are false"),
        (100, 100, "one class only: all 100 rows are true"),
        (100, 9, "9 of 100 rows are true; each class needs 10"),
        (100, 91, "91 of 100 rows are true; each class needs 10"),
        (100, 10, None),
        (100, None, None),
    ],
)
def test_a_slice_says_why_it_is_skipped(rows, positives, reason):
    """In words that the table prints."""
    assert why_skipped(rows, positives, min_rows=100) == reason
