"""Baseline rows decide the bins."""

# ruff: noqa: DTZ001 - timestamps are UTC, and naive

import random
from datetime import date, datetime

import pytest
from by_hand import random_log, to_table

from interplane.data.table import Table
from interplane.errors import UnknownName, UsageError
from interplane.monitoring.counting.columns import resolve_column
from interplane.monitoring.counting.count import count
from interplane.monitoring.counting.layouts import bare_layout, make_layout
from interplane.monitoring.layout import LATENCY_EDGES_US, Layout


def bins_of(values, **more):
    """Return the bins of one column."""
    return make_layout(Table.from_columns({"row.x": values, **more}))["row.x"]


def test_numbers_have_about_ten_bins_with_as_many_rows_each():
    """Edges are values that occur."""
    bins = bins_of([float(number) for number in range(1, 101)])
    assert (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0) == bins.edges


def test_equal_edges_are_one():
    """A column that is mostly zero."""
    assert (0.0, 7.0, 8.0) == bins_of([0.0] * 70 + [7.0] * 10 + [8.0] * 20).edges
    assert (3.0,) == bins_of([3.0] * 5).edges
    assert () == bins_of([float("nan"), None, float("inf")]).edges


def test_times_are_microseconds():
    """Dates and timestamps alike."""
    assert (86_400_000_000.0,) == bins_of([date(1970, 1, 2)]).edges
    assert (3_600_000_000.0,) == bins_of([datetime(1970, 1, 1, 1)]).edges


def test_categories_are_the_most_frequent_values():
    """Further ones are known; true and false, texts, and few whole numbers are categories."""
    texts = [f"{number % 40:02}" for number in range(400)] + ["39"] * 5
    bins = bins_of(texts)
    assert ("39", *(f"{number:02}" for number in range(29))) == bins.categories
    assert tuple(f"{number:02}" for number in range(29, 39)) == bins.known
    assert (True, False) == bins_of([True, True, False, None]).categories
    assert (7, 1) == bins_of([7, 7, 1]).categories
    assert "numbers" == bins_of(list(range(31))).kind


def test_ids_are_left_out_and_named():
    """Nobody counts by them; asking for one says why not."""
    table = Table.from_columns(
        {"row.flight_id": [f"f{number}" for number in range(200)], "score": [0.5] * 200}
    )
    layout = make_layout(table)
    assert ("row.flight_id",) == layout.left_out
    assert "row.flight_id" not in layout
    with pytest.raises(UsageError, match="has far too many values"):
        count(table, layout, columns=["flight_id"])


def test_the_same_rows_in_any_order_give_the_same_layout():
    """And a layout comes back from JSON as it was."""
    import msgspec

    rows, table = random_log(1, 300)
    random.Random(2).shuffle(rows)
    layout = make_layout(table)
    assert layout == make_layout(to_table(rows))
    assert layout == msgspec.json.decode(msgspec.json.encode(layout), type=Layout)


def test_only_what_is_asked_and_answered_is_watched():
    """Not the log's own columns; nor what is named."""
    _, table = random_log(1, 50)
    watched = [bins.column for bins in make_layout(table, without=["row.id", "row.day"]).columns]
    assert [
        "score", "row.origin", "row.wind", "row.late", "row.weekday",
        "looked_up.carrier.late_6h", "took_us",
    ] == watched  # fmt: skip
    assert LATENCY_EDGES_US == make_layout(table)["took_us"].edges


def test_scores_have_finer_ranks():
    """As many rows of the baseline in each."""
    scores = [number / 1024 for number in range(1, 1025)]
    layout = make_layout(Table.from_columns({"score": scores}), threshold=0.25)
    assert 255 == len(layout.ranks)
    assert tuple(number / 256 for number in range(1, 256)) == layout.ranks
    assert (0.25, "classification") == (layout.threshold, layout.kind)


def test_a_crossing_without_baseline_rows_has_a_bare_layout():
    """Its traffic, latency, scores and outcomes are counted."""
    _, table = random_log(1, 80)
    layout = bare_layout()
    tally = count(table, layout).tally()
    assert {"score", "took_us"} == tally.columns.keys()
    assert 80 == sum(tally.columns["score"])
    assert () == bare_layout(kind="regression").ranks


def test_names_are_what_people_call_columns():
    """Requests first, then feature views, then the log's own."""
    there = ["score", "crossing", "row.score", "looked_up.a.b", "row.a.b"]
    expected = ["row.score", "row.a.b", "crossing", "looked_up.a.b"]
    asked = ["score", "a.b", "crossing", "looked_up.a.b"]
    assert expected == [resolve_column(name, there) for name in asked]
    with pytest.raises(UnknownName, match="there is no column 'scores'"):
        resolve_column("scores", there)
