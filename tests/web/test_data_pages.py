"""Versions side by side and rows of one: what moved first, what is read, what is never shown whole."""

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.charts.overlay import draw_overlay
from interplane.data.distance import distance
from interplane.data.profile import profile
from interplane.data.table import Table

from .conftest import HOSTILE


def column(values):
    """Return the profile of a column of these values."""
    return profile(Table.from_columns({"x": values}))["x"]


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=80)
words = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=80)


@settings(deadline=None, max_examples=50)
@given(numbers | words, numbers | words)
def test_distances_are_distances(before, after):
    """From 0, for the same, to 1; none of another type."""
    old, new = column(before), column(after)
    found = distance(old, new, rows=(len(before), len(after)))
    if old.type != new.type:
        assert found is None
    elif found is not None:
        assert 0 <= found <= 1
    same = distance(old, old, rows=(len(before), len(before)))
    assert same is None or same == pytest.approx(0, abs=1e-6)


@settings(deadline=None, max_examples=50)
@given(numbers, numbers)
def test_both_are_drawn_as_shares(before, after):
    """Each of the two sums to all its rows; the taller of them fills the frame."""
    drawn = draw_overlay(column(before), column(after), rows=(len(before), len(after)))
    if drawn is None:
        return
    most = max(max(bar.before, bar.after) for bar in drawn.bars)
    assert most == pytest.approx(drawn.height)
    for side in ("before", "after"):
        assert all(0 <= getattr(bar, side) <= drawn.height for bar in drawn.bars)
    assert drawn.bars[-1].x + drawn.bars[-1].width <= drawn.width


def test_what_moved_is_told_in_order():
    """Of a column that moved by a little and one that moved wholly, the second is further."""
    base = [float(n % 97) for n in range(1000)]
    little = distance(column(base), column([value + 5 for value in base]), rows=(1000, 1000))
    wholly = distance(column(base), column([value + 500 for value in base]), rows=(1000, 1000))
    assert 0 < little < 0.4 < wholly
    assert wholly == pytest.approx(1, abs=0.2)


def test_versions_side_by_side(pages):
    """Rows that came, and the columns that moved furthest first."""
    shown = pages.ask("/data/rides/compare.json?a=1&b=2").json
    assert (900, 0) == (shown["rows_added"], shown["rows_removed"])
    names = {each["name"] for each in shown["columns"]}
    assert {"ride", "began_at", "zone", "miles", "long"} == names
    (ride,) = (each for each in shown["columns"] if each["name"] == "ride")
    assert ride["moved"] > 0.3
    assert 2 == ride["first"]
    back = pages.ask("/data/rides/compare.json?a=2&b=1").json
    assert (0, 900) == (back["rows_added"], back["rows_removed"])
    for query in ("a=77", "b=0", "a=x"):
        assert pages.ask(f"/data/rides/compare.json?{query}").status in {404, 422}
    assert 404 == pages.ask("/data/moons/compare.json").status


def test_rows_are_those_of_the_file(pages, root):
    """Some rows from all over, at their places, as text."""
    shown = pages.ask("/data/rides/1/rows.json").json
    with (root / "rides 1.csv").open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    names = [name for name, _ in shown["columns"]]
    assert (900, 40) == (shown["rows_in_all"], len(shown["rows"]))
    for place, cells in shown["rows"]:
        row, there = dict(zip(names, cells, strict=True)), written[place - 1]
        assert (row["ride"], row["zone"]) == (there["ride"], there["zone"])
    assert HOSTILE in {cell for _, cells in shown["rows"] for cell in cells}
    assert "<script>alert" not in pages.ask("/data/rides/1/rows").body
    assert 404 == pages.ask("/data/rides/77/rows.json").status
