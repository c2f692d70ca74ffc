"""The laws of what keeps counted windows: whoever writes another one runs these against it.

Each law takes a `WindowBench`: an empty store, and another handle on the same one. ::

    @pytest.mark.parametrize("law", window_laws.LAWS, ids=lambda law: law.__name__)
    def test_windows(law, tmp_path):
        law(my_bench(tmp_path))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from interplane.monitoring.calendar import HOUR_US
from interplane.monitoring.counting.grid import Grid, merge
from interplane.monitoring.counting.ports import (
    CountedHour,
    Hour,
    Progress,
    Recount,
    Statement,
)
from interplane.monitoring.layout import Bins, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interplane.monitoring.counting.grid import Values
    from interplane.monitoring.counting.ports import Windows

__all__ = ["LAWS", "WindowBench"]


class WindowBench(NamedTuple):
    """An empty store, and another handle on the same one: it may be the same object."""

    store: Windows
    other: Windows


_LAYOUT = Layout(columns=(Bins(column="score", kind="numbers", edges=(0.5,)),), ranks=(0.5,))
_FINER = Layout(columns=(Bins(column="score", kind="numbers", edges=(0.25, 0.5)),), ranks=(0.5,))
_ORIGIN = ("origin",)


def _grid(*slices: tuple[str | None, int], bins: int = 4) -> Grid:
    """Return counts of some slices with as many rows as is said."""
    rows = np.array([count for _, count in slices])
    return Grid(
        tuple((name,) for name, _ in slices),
        {
            "rows": rows,
            "positive": rows // 2,
            "column score": np.outer(rows, np.arange(bins)),
            "true_ranks": np.outer(rows, np.array([1, 70_000])),
            "moment score": np.outer(rows, np.array([1.0, 0.125, 0.1])),
        },
    )


def _hour(grid: Grid, crossing: str = "a", *, recipe: str = "r") -> CountedHour:
    return CountedHour(
        Hour({crossing: grid.rows}, recipe),
        {(crossing, ()): grid.whole(), (crossing, _ORIGIN): grid},
    )


def _put(
    store: Windows, hours: dict[int, CountedHour], layout: Layout = _LAYOUT, crossing: str = "a"
) -> None:
    store.replace("m", Recount(hours, {crossing: layout}))


def _statement(
    hour: int, value: float | None, *, values: Values = ("JFK",), at: int = 1
) -> Statement:
    return Statement(
        crossing="a",
        length="1h",
        begin_us=hour * HOUR_US,
        by=_ORIGIN,
        values=values,
        metric="auc",
        value=value,
        low=value,
        high=value,
        labelled=5,
        covered=6,
        rows=7,
        stated_at_us=at,
    )


def an_empty_store_knows_nothing(bench: WindowBench) -> None:
    """And says so with empty values."""
    store = bench.store
    assert Progress(None, 0, {}) == store.progress("m")
    assert (store.models(), store.watermark("m"), store.hours("m")) == ([], None, {})
    assert store.tallies("m", begin_hour=0, end_hour=10) == {}
    assert store.crossings("m", begin_hour=0, end_hour=10) == {}
    assert (store.layout("m", "a"), store.baseline("a")) == (None, None)
    assert store.statements("m") == []


def what_was_counted_is_read(bench: WindowBench) -> None:
    """Hour by hour, merged over hours, whole and by slices; null is a slice, and other models none."""
    first, second = _grid(("JFK", 2), (None, 3)), _grid(("LGA", 5), ("JFK", 300))
    _put(bench.store, {100: _hour(first), 101: _hour(second)})
    bench.store.replace("other", Recount({100: _hour(first)}, {"a": _LAYOUT}))
    read = bench.other
    assert read.models() == ["m", "other"]
    assert read.hours("m") == {100: 5, 101: 305}
    assert Hour({"a": 5}, "r") == read.progress("m").hours[100]
    assert first.tallies() == read.tallies("m", slicing=_ORIGIN, begin_hour=100, end_hour=101)
    both = merge([first, second])
    assert both.tallies() == read.tallies("m", slicing=_ORIGIN, begin_hour=0, end_hour=200)
    assert list(read.tallies("m", slicing=_ORIGIN, begin_hour=0, end_hour=200)) == [
        ("JFK",),
        ("LGA",),
        (None,),
    ]
    assert both.whole().tallies() == read.tallies("m", begin_hour=100, end_hour=102)
    assert read.tallies("m", begin_hour=102, end_hour=110) == {}
    assert read.tallies("m", slicing=("carrier",), begin_hour=100, end_hour=102) == {}
    assert read.layout("m", "a") == _LAYOUT
    assert read.slicings("m", begin_hour=101, end_hour=102) == [(), _ORIGIN]
    assert read.slicings("m", begin_hour=102, end_hour=110) == []


def an_hour_takes_the_place_of_what_was_kept_of_it(bench: WindowBench) -> None:
    """Nothing of the old counts is left, also of slices that have no rows any more."""
    _put(bench.store, {100: _hour(_grid(("JFK", 2), ("LGA", 1))), 101: _hour(_grid(("JFK", 1)))})
    again = _grid(("EWR", 7))
    _put(bench.store, {100: _hour(again, recipe="s")})
    read = bench.other
    assert again.tallies() == read.tallies("m", slicing=_ORIGIN, begin_hour=100, end_hour=101)
    assert read.hours("m") == {100: 7, 101: 1}
    assert [each.recipe for each in read.progress("m").hours.values()] == ["s", "r"]


def crossings_are_apart_and_together(bench: WindowBench) -> None:
    """Together, what they do not count by the same bins is left out."""
    one, two = _grid(("JFK", 2)), _grid(("JFK", 3), bins=5)
    hour = CountedHour(
        Hour({"a": 2, "b": 3}, "r"),
        {("a", _ORIGIN): one, ("b", _ORIGIN): two},
    )
    bench.store.replace("m", Recount({100: hour}, {"a": _LAYOUT, "b": _FINER}))
    span = {"slicing": _ORIGIN, "begin_hour": 100, "end_hour": 101}
    read = bench.other
    assert one.tallies() == read.tallies("m", crossing="a", **span)  # type: ignore[arg-type]
    assert two.tallies() == read.tallies("m", crossing="b", **span)  # type: ignore[arg-type]
    together = read.tallies("m", **span)["JFK",]  # type: ignore[arg-type]
    assert (together.rows, together.columns, together.true_ranks) == (5, {}, (5, 350_000))
    assert read.crossings("m", begin_hour=100, end_hour=101) == {"a": 2, "b": 3}
    assert (read.layout("m", "a"), read.layout("m", "b")) == (_LAYOUT, _FINER)


def a_crossings_bins_may_change(bench: WindowBench) -> None:
    """Counts by other bins are never added to each other; the last used ones are its layout."""
    _put(bench.store, {100: _hour(_grid(("JFK", 2))), 101: _hour(_grid(("JFK", 4)))})
    finer = _grid(("JFK", 8), bins=5)
    _put(bench.store, {101: _hour(finer)}, _FINER)
    read = bench.other
    assert read.layout("m", "a") == _FINER
    now = read.tallies("m", slicing=_ORIGIN, begin_hour=101, end_hour=102, crossing="a")
    assert finer.tallies() == now
    both = read.tallies("m", slicing=_ORIGIN, begin_hour=100, end_hour=102, crossing="a")
    assert (both["JFK",].rows, both["JFK",].columns) == (10, {})
    _put(bench.store, {100: _hour(_grid(("JFK", 2)))})
    assert read.layout("m", "a") == _LAYOUT


def progress_never_goes_back(bench: WindowBench) -> None:
    """Watermark and place in the order of outcomes are the greatest that were said."""
    store = bench.store
    store.settle("m", watermark_us=None, sequence=0, too_late={})
    assert Progress(None, 0, {}) == bench.other.progress("m")
    store.settle("m", watermark_us=50, sequence=7, too_late={})
    store.settle("m", watermark_us=40, sequence=3, too_late={})
    store.settle("m", watermark_us=None, sequence=3, too_late={})
    assert Progress(50, 7, {}) == bench.other.progress("m")
    assert bench.other.watermark("m") == 50


def rows_that_came_too_late_are_counted(bench: WindowBench) -> None:
    """Also of hours that were never counted; counting an hour anew takes them in."""
    _put(bench.store, {100: _hour(_grid(("JFK", 2)))})
    bench.store.settle("m", watermark_us=1, sequence=0, too_late={100: 3, 99: 1})
    hours = bench.other.progress("m").hours
    assert {hour: kept.too_late for hour, kept in hours.items()} == {99: 1, 100: 3}
    assert bench.other.hours("m") == {100: 2}
    _put(bench.store, {100: _hour(_grid(("JFK", 5)))})
    assert bench.other.progress("m").hours[100].too_late == 0


def an_hour_may_stay_as_it_was_counted(bench: WindowBench) -> None:
    """Where its rows are gone: its counts stay, and it is not asked for again."""
    grid = _grid(("JFK", 2))
    _put(bench.store, {100: _hour(grid), 101: _hour(grid)})
    bench.store.settle("m", watermark_us=1, sequence=0, too_late={}, recipes={100: "s"})
    read = bench.other
    assert [each.recipe for each in read.progress("m").hours.values()] == ["s", "r"]
    assert grid.tallies() == read.tallies("m", slicing=_ORIGIN, begin_hour=100, end_hour=101)


def old_hours_go(bench: WindowBench) -> None:
    """With what was stated of them, and not those of another model."""
    _put(bench.store, {hour: _hour(_grid((f"f{hour}", 1))) for hour in (100, 101, 102)})
    bench.store.replace("other", Recount({90: _hour(_grid(("x", 1)))}, {"a": _LAYOUT}))
    stated = [_statement(100, 0.5), _statement(102, 0.5)]
    bench.store.replace("m", Recount({}, {}, stated))
    bench.store.settle("m", watermark_us=1, sequence=0, too_late={}, drop_before=102)
    read = bench.other
    assert read.hours("m") == {102: 1}
    assert list(read.tallies("m", slicing=_ORIGIN, begin_hour=0, end_hour=200)) == [("f102",)]
    assert stated[1:] == read.statements("m")
    assert list(read.tallies("other", slicing=_ORIGIN, begin_hour=0, end_hour=200)) == [("x",)]


def statements_are_kept_each_one(bench: WindowBench) -> None:
    """In the order in which they were stated; they are found by what they are about."""
    first = [_statement(100, 0.5), _statement(100, 0.75, values=("LGA",)), _statement(99, 0.25)]
    day = Statement(
        crossing="b", length="1d", begin_us=96 * HOUR_US, metric="mae", value=1.0, stated_at_us=1
    )
    bench.store.replace("m", Recount({}, {}, [*first, day]))
    later = _statement(100, None, at=2)
    bench.store.replace("m", Recount({}, {}, [later]))
    read = bench.other
    assert [day, first[2], first[0], first[1], later] == read.statements("m")
    assert [first[0], later] == read.statements(
        "m", length="1h", values=("JFK",), begin_us=100 * HOUR_US
    )
    assert [day] == read.statements("m", crossing="b")
    assert [day] == read.statements("m", slicing=())
    assert [day] == read.statements("m", metric="mae")
    assert [day, first[2]] == read.statements("m", end_us=100 * HOUR_US)
    assert read.statements("other") == []


def baselines_are_kept_by_what_counted_them(bench: WindowBench) -> None:
    """Another stamp is none; a newer one takes its place."""
    grid, newer = _grid(("JFK", 2), ("LGA", 3)), _grid(("JFK", 9))
    bench.store.keep_baseline("a", _ORIGIN, grid, stamp="one")
    read = bench.other
    assert grid.tallies() == read.baseline("a", _ORIGIN) == read.baseline("a", _ORIGIN, stamp="one")
    assert read.baseline("a", _ORIGIN, stamp="two") is None
    assert read.baseline("a", ()) is None
    bench.store.keep_baseline("a", _ORIGIN, newer, stamp="two")
    assert newer.tallies() == read.baseline("a", _ORIGIN, stamp="two")
    _put(bench.store, {100: _hour(_grid(("JFK", 1)))})
    bench.store.settle("m", watermark_us=1, sequence=0, too_late={}, drop_before=500)
    assert newer.tallies() == read.baseline("a", _ORIGIN)


LAWS: Sequence[Callable[[WindowBench], None]] = (
    an_empty_store_knows_nothing,
    what_was_counted_is_read,
    an_hour_takes_the_place_of_what_was_kept_of_it,
    crossings_are_apart_and_together,
    a_crossings_bins_may_change,
    progress_never_goes_back,
    rows_that_came_too_late_are_counted,
    an_hour_may_stay_as_it_was_counted,
    old_hours_go,
    statements_are_kept_each_one,
    baselines_are_kept_by_what_counted_them,
)
"""Every law; a store keeps them all."""
