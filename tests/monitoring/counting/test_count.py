"""Counts equal a plain counting, add up over any division, and are the same in batches of any size."""

# ruff: noqa: DTZ001 - timestamps are UTC, and naive

import functools
import math
import operator
import random

import pytest
from by_hand import hour_of, log_rows, random_log, rounded, sorted_into, tally_by_hand, to_table
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.errors import DataError, UnknownName, UsageError
from interplane.monitoring.counting import count as counting
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import bare_layout, make_layout
from interplane.monitoring.layout import Bins, Layout


def layout_of(seed=0, **options):
    """Return the layout of random baseline rows."""
    return make_layout(random_log(seed, 300)[1], **options)


@given(
    seed=st.integers(0, 2**32), size=st.integers(0, 120), batch=st.sampled_from([1, 7, 50, 10**6])
)
@settings(max_examples=25, deadline=None)
def test_counts_are_those_of_plain_counting(seed, size, batch):
    """Of all rows, of slices by a column, by a cross of two and by an expression, of hours."""
    layout = layout_of(kind="classification")
    rows, like = random_log(seed, max(size, 1), crossings=("c1", "c2"))
    rows = rows[:size]
    before, counting._BATCH_ROWS = counting._BATCH_ROWS, batch
    try:
        counted = count(
            to_table(rows, like),
            layout,
            slicings=[("origin",), ("origin", "late"), ("carrier.late_6h",)],
            by_hour=True,
            by_crossing=True,
        )
    finally:
        counting._BATCH_ROWS = before
    assert size == counted.rows
    keys = {
        (): lambda row: (),
        ("origin",): lambda row: (row["row.origin"],),
        ("origin", "late"): lambda row: (row["row.origin"], row["row.late"]),
        ("carrier.late_6h",): lambda row: (row["looked_up.carrier.late_6h"],),
    }
    for slicing, key in keys.items():
        expected = sorted_into(rows, lambda row: (row["crossing"], hour_of(row), *key(row)))  # noqa: B023
        found = {
            (*part, *values): rounded(tally)
            for part, grid in counted.grids[slicing].items()
            for values, tally in grid.tallies().items()
        }
        assert {k: rounded(tally_by_hand(v, layout)) for k, v in expected.items()} == found


def test_slices_may_be_expressions():
    """In one, NaN is null; a column is text where no request had a value."""
    rows, table = random_log(9, 120)
    recipe = {
        "slicings": [("windy", "origin"), ("often",)],
        "expressions": {
            "windy": lambda row: row.wind > 5.0,
            "often": lambda row: row["carrier.late_6h"] > 0.25,
        },
    }

    def windy(row):
        wind = row["row.wind"]
        return None if wind is None or math.isnan(wind) else wind > 5.0

    layout = layout_of(kind="classification")
    counted = count(table, layout, **recipe)
    expected = sorted_into(rows, lambda row: (windy(row), row["row.origin"]))
    found = {values: tally.rows for values, tally in counted.tallies(("windy", "origin")).items()}
    assert {values: len(each) for values, each in expected.items()} == found
    empty = to_table([{**row, "row.wind": None, "looked_up.carrier.late_6h": "[]"} for row in rows])
    nowhere = count(empty, layout, **recipe)
    assert {None} == {windy for windy, _ in nowhere.tallies(("windy", "origin"))}
    assert [(None,)] == list(nowhere.tallies(("often",)))


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_tallies_of_a_whole_are_the_sum_of_any_division(seed):
    """By a slicing, by hours, by crossings, or cut anywhere."""
    draw = random.Random(seed)
    layout = layout_of(kind="classification")
    rows, table = random_log(seed, 90, crossings=("c1", "c2"))
    whole = count(table, layout, slicings=[("origin", "weekday")], by_hour=True, by_crossing=True)
    expected = rounded(count(table, layout).tally())
    cut = draw.randrange(90)
    halves = [count(to_table(half, table), layout).tally() for half in (rows[:cut], rows[cut:])]
    divisions = [
        whole.tallies(("origin", "weekday")).values(),
        [whole.tally(hour=hour) for hour in whole.hours],
        [whole.tally(crossing=crossing) for crossing in ("c1", "c2")],
        [half for half in halves if half.rows],
    ]
    for division in divisions:
        assert expected == rounded(functools.reduce(operator.add, division))


def test_rows_in_another_order_are_counted_the_same():
    """Eighths add up exactly, so nothing but losses may differ in the last bits."""
    rows, table = random_log(5, 300)
    layout = layout_of(kind="classification")
    turned = to_table(rows[::-1])
    assert rounded(count(table, layout).tally()) == rounded(count(turned, layout).tally())


def test_values_are_outcomes_too():
    """A regression has errors, and neither ranks nor losses."""
    draw = random.Random(3)
    rows = [
        {**row, "outcome": draw.choice([None, 1.5, -2.0]) if row["has_outcome"] else None}
        for row in log_rows(draw, 100)
    ]
    table = to_table(rows)
    layout = make_layout(table)
    assert "regression" == layout.kind
    tally = count(table, layout).tally()
    assert tally_by_hand(rows, layout) == tally
    assert ((), ()) == (tally.true_ranks, tally.false_ranks)


def test_without_outcomes_nothing_is_said_of_them():
    """Nor of a latency that was never measured, as in a baseline."""
    rows, table = random_log(1, 50, outcomes=False)
    layout = layout_of()
    baseline = table.select(*(name for name in table.names if name != "took_us"))
    assert rounded(tally_by_hand(rows, layout)) == rounded(count(table, layout).tally())
    tally = count(baseline, layout).tally()
    assert "took_us" not in tally.columns
    assert {"score"} == tally.moments.keys()


def test_a_column_that_no_request_had_is_null():
    """The layout knows it; the rows of this hour do not."""
    _, table = random_log(1, 20)
    layout = layout_of()
    fewer = table.select(*(n for n in table.names if n not in {"row.wind", "row.origin"}))
    counted = count(fewer, layout, slicings=[("origin",)])
    assert 20 == counted.tally().columns["row.wind"][layout["row.wind"].null]
    assert [(None,)] == list(counted.tallies(("origin",)))


def test_only_some_columns_are_watched():
    """Score and latency always are."""
    _, table = random_log(1, 20)
    tally = count(table, layout_of(), columns=["wind", "carrier.late_6h"]).tally()
    assert {"row.wind", "looked_up.carrier.late_6h", "score", "took_us"} == tally.columns.keys()


def test_types_of_a_log_are_what_its_values_say():
    """A column is widened to text or floats where requests disagree."""
    layout = Layout(
        columns=(
            Bins(column="row.a", kind="numbers", edges=(5.0,)),
            Bins(column="row.b", kind="categories", categories=(1, 2), known=(3,)),
            Bins(column="row.c", kind="categories", categories=("UA", True)),
            Bins(column="row.d", kind="numbers", edges=(86_400_000_000.0,)),
        )
    )
    table = Table.from_columns(
        {
            "score": [0.1, 0.2, 0.3, 0.4, 0.5],
            "row.a": ["3", "7", '"x"', "true", None],
            "row.b": [1.0, 2.5, 3.0, None, 9.0],
            "row.c": ['"UA"', "UA", "true", "1", None],
            "row.d": ["1970-01-02", "1970-01-02T00:00:01Z", "soon", None, "1960-01-01T05:00:00"],
        }
    )
    columns = count(table, layout).tally().columns
    assert (1, 1, 2, 1) == columns["row.a"]
    assert (1, 0, 1, 2, 1) == columns["row.b"]
    assert (2, 1, 0, 1, 1) == columns["row.c"]
    assert (2, 1, 1, 1) == columns["row.d"]


def test_slices_are_plain_json():
    """Times as text; whole numbers that were widened to floats are themselves."""
    from datetime import date

    import numpy as np

    table = Table.from_columns(
        {
            "score": [0.5] * 4,
            "row.day": [date(2013, 6, 1), None, None, None],
            "row.x": np.array([5.0, 0.5, np.nan, -0.0]),
            "row.late": [True, False, True, None],
        }
    )
    counted = count(table, bare_layout(), slicings=[("day",), ("x",), ("late",)])
    assert [("2013-06-01",), (None,)] == list(counted.tallies(("day",)))
    assert [(0,), (0.5,), (5,), ("nan",)] == list(counted.tallies(("x",)))
    assert [(False,), (True,), (None,)] == list(counted.tallies(("late",)))


def test_what_cannot_be_counted_says_so():
    """Names that are not there or taken, too many slices, half of an outcome."""
    _, table = random_log(1, 20)
    layout = layout_of()
    with pytest.raises(UnknownName, match=r"'orign'.*Did you mean 'origin'"):
        count(table, layout, slicings=[("orign",)])
    with pytest.raises(UsageError, match="'origin' has the name of a column"):
        count(
            table, layout, slicings=[("origin",)], expressions={"origin": lambda row: row.wind > 1}
        )
    with pytest.raises(UsageError, match="Expected an expression"):
        count(table, layout, slicings=[("odd",)], expressions={"odd": lambda row: 5})
    with pytest.raises(DataError, match="outcome and has_outcome"):
        count(table.select("score", "outcome"), layout)
    with pytest.raises(UnknownName, match="'time'"):
        count(table.select("score"), layout, by_hour=True)
    many = Table.from_columns({"score": [0.5] * 5_001, "row.id": list(range(5_001))})
    with pytest.raises(UsageError, match=r"slicing by id makes more than 5,000 slices"):
        count(many, bare_layout(), slicings=[("id",)])


def test_hours_far_apart_are_counted_too():
    """A clock that was wrong by a thousand years costs no memory."""
    from datetime import datetime

    times = [datetime(1, 1, 1), datetime(2013, 6, 1), datetime(9999, 1, 1)]
    table = Table.from_columns({"score": [0.5] * 3, "time": times})
    counted = count(table, bare_layout(), by_hour=True)
    assert [1, 1, 1] == list(counted.hours.values())
