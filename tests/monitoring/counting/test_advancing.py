"""Advancing comes to what counting from scratch gives, whatever came in which order, and reads no more than it must."""

import random
from datetime import datetime, timedelta

import pytest
from by_hand import log_rows
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_log import (
    FIRST,
    HOUR_US,
    LAYOUTS,
    RECIPE,
    WINDY,
    ToyLog,
    kept,
    layout_of,
    now_us,
    quality,
    scratch,
)

from interplane.monitoring.calendar import window_at
from interplane.monitoring.counting.advancing import DAY_US, advance
from interplane.monitoring.counting.ports import Hour
from interplane.monitoring.counting.recipe import Recipe
from interplane.monitoring.counting.windows import SqliteWindows
from interplane.testing.memory_windows import MemoryWindows

FAR = 400 * DAY_US
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - timestamps are UTC, and naive
SLICINGS = [(), ("origin",), ("late", "carrier.late_6h")]


def step(windows, log, hour, **options):
    """Advance at some hour of the clock."""
    settings = {"lateness_us": 0, "horizon_us": FAR, "measure": quality, **options}
    recipe = settings.pop("recipe", RECIPE)
    return advance(windows, "m", log.feed, recipe, now_us=now_us(hour), **settings)


@pytest.fixture(params=["sqlite", "memory"])
def windows(request, tmp_path):
    """Return an empty store."""
    store = MemoryWindows() if request.param == "memory" else SqliteWindows(tmp_path / "w.sqlite")
    yield store
    store.close()


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=12, deadline=None)
def test_any_order_of_arrivals_comes_to_counting_from_scratch(seed, cuts):
    """Rows and outcomes come in any order, in any portions, outcomes before their predictions too."""
    draw = random.Random(seed)
    rows = log_rows(draw, 60, hours=50, crossings=("c1", "c2"))
    draw.shuffle(rows)
    told = rows[:]
    draw.shuffle(told)
    log, windows = ToyLog(), MemoryWindows()
    ends = [*sorted(cuts), 60]
    for begin, end in zip([0, *ends], ends, strict=False):
        log.add(rows[begin:end])
        log.tell(told[begin:end])
        step(windows, log, 50 + end)
        for slicing in SLICINGS:
            assert scratch(log, slicing) == kept(windows, slicing)
    at_once = MemoryWindows()
    step(at_once, log, 110)
    last = {key(each): content(each) for each in windows.statements("m") if each.value is not None}
    assert {key(each): content(each) for each in at_once.statements("m")} == last


def key(statement):
    """Return what a statement is about."""
    return (
        *(statement.crossing, statement.length, statement.begin_us),
        *(statement.by, statement.values, statement.metric),
    )


def content(statement):
    """Return what it says; sums of losses differ in the last bits."""
    rounded = tuple(round(each, 9) for each in (statement.value, statement.low, statement.high))
    return (*rounded, statement.labelled, statement.covered, statement.rows)


def test_the_same_again_changes_nothing(windows):
    """Nothing is counted, nothing stated, nothing closes twice."""
    rows = log_rows(random.Random(1), 200)
    log = ToyLog(rows)
    log.tell(rows)
    first = step(windows, log, 40)
    assert sorted({hour for _, hour in scratch(log)}) == list(first.recounted)
    assert first.stated > 100
    counts, statements = kept(windows, ("origin",)), windows.statements("m")
    again = step(windows, log, 40)
    assert ((), (), 0) == (again.recounted, again.closed, again.stated)
    assert (counts, statements) == (kept(windows, ("origin",)), windows.statements("m"))


def test_a_further_day_does_not_read_the_month_again(windows):
    """The time column since the horizon, and then the hours that changed."""
    draw = random.Random(2)
    log = ToyLog(log_rows(draw, 900, hours=30 * 24))
    step(windows, log, 30 * 24, horizon_us=2 * DAY_US)
    day = [
        {**row, "prediction_id": f"new {row['prediction_id']}", "time": row["time"] + 30 * DAY}
        for row in log_rows(draw, 100, hours=24)
    ]
    log.add(day)
    log.reads.clear()
    changed = step(windows, log, 31 * 24, horizon_us=2 * DAY_US)
    assert (27 * 24, None) == log.reads[0]
    hours = sorted(hour - FIRST for hour in changed.recounted)
    assert (min(hours) >= 30 * 24, len(hours)) == (True, len({row["time"].hour for row in day}))
    assert [(hours[0], hours[-1] + 1)] == log.reads[1:]
    assert scratch(log) == kept(windows)


def test_crossings_of_one_hour_have_layouts_of_their_own(windows):
    """Each is counted by its own bins."""
    log = ToyLog(log_rows(random.Random(3), 100, hours=2, crossings=("c1", "c2")))
    step(windows, log, 2)
    assert scratch(log, ("origin",)) == kept(windows, ("origin",))
    assert LAYOUTS == {name: windows.layout("m", name) for name in ("c1", "c2")}


def test_outcomes_restate_and_earlier_statements_stay(windows):
    """A wrong label comes first, then the right one, then it is taken back."""
    rows = [{**row, "outcome": None, "score": 0.75, "has_outcome": True} for row in log_rows(random.Random(4), 8, hours=1)]  # fmt: skip
    log = ToyLog(rows)
    assert 0 == step(windows, log, 24).stated
    said = []
    for hour, label in ((25, True), (26, False), (27, None)):
        log.tell([{**row, "outcome": label} for row in rows])
        step(windows, log, hour)
        found = windows.statements("m", length="1h", slicing=(), metric="accuracy")
        said.append([(each.value, each.labelled, each.covered, each.rows) for each in found])
    once, twice = (1.0, 8, 8, 8), (0.0, 8, 8, 8)
    assert [[once], [once, twice], [once, twice, (None, 0, 8, 8)]] == said
    day = windows.statements("m", length="1d", slicing=(), metric="accuracy")
    assert [1.0, 0.0, None] == [each.value for each in day]
    assert [now_us(hour) for hour in (25, 26, 27)] == [each.stated_at_us for each in day]


def test_nothing_is_stated_of_what_is_open(windows):
    """An hour is stated when it closed, also if nothing came to it since; so is the day."""
    rows = [{**row, "outcome": True, "has_outcome": True} for row in log_rows(random.Random(5), 20, hours=1)]  # fmt: skip
    log = ToyLog(rows)
    log.tell(rows)
    assert 0 == step(windows, log, 0.5, is_replay=True, lateness_us=HOUR_US).stated
    assert {"1h"} == {each.length for each in _stated_at(windows, log, 1)}
    assert {"1d"} == {each.length for each in _stated_at(windows, log, 24)}
    assert [] == _stated_at(windows, log, 25)


def _stated_at(windows, log, hour):
    before = windows.statements("m")
    step(windows, log, hour)
    return [each for each in windows.statements("m") if each not in before]


def test_the_watermark_is_the_later_of_log_and_clock(windows):
    """Less the lateness; in a replay the log's time alone; it never goes back."""
    log = ToyLog()
    assert step(windows, log, 0, is_replay=True).watermark_us is None
    rows = log_rows(random.Random(6), 50, hours=5)
    log.add(rows)
    latest = max((row["time"] - EPOCH) // MICROSECOND for row in rows)
    replayed = step(windows, log, 1000, is_replay=True, lateness_us=HOUR_US)
    assert latest - HOUR_US == replayed.watermark_us
    assert now_us(10) == step(windows, log, 10).watermark_us == windows.watermark("m")
    assert now_us(10) == step(windows, log, 8).watermark_us == windows.watermark("m")


def test_windows_close_once(windows):
    """Hours and days, also those without a row; at first, since the first row."""
    rows = log_rows(random.Random(7), 30, hours=1)
    log = ToyLog(rows)
    first = step(windows, log, 3)
    expected = [window_at("1h", now_us(hour)) for hour in (0, 1, 2)]
    assert expected == list(first.closed)
    assert [window_at("1h", now_us(3))] == list(step(windows, log, 4.5).closed)
    closed = step(windows, log, 24).closed
    assert 20 == sum(each.length == "1h" for each in closed)
    assert [window_at("1d", now_us(0))] == [each for each in closed if each.length == "1d"]


def test_what_comes_too_late_is_counted_and_not_lost(windows):
    """Behind the horizon an hour is not counted anew for rows; an outcome takes them in."""
    rows = log_rows(random.Random(8), 40, hours=1)
    log = ToyLog(rows[:30])
    options = {"horizon_us": 10 * HOUR_US}
    step(windows, log, 20, **options)
    log.add(rows[30:])
    late = step(windows, log, 20, **options)
    assert ((), 10) == (late.recounted, late.too_late)
    assert {FIRST: 30} == windows.hours("m")
    assert 10 == windows.progress("m").hours[FIRST].too_late
    assert 0 == step(windows, log, 20, **options).too_late
    log.tell([{**row, "has_outcome": True, "outcome": True} for row in rows[:1]])
    assert (FIRST,) == step(windows, log, 20, **options).recounted
    assert ({FIRST: 40}, 0) == (windows.hours("m"), windows.progress("m").hours[FIRST].too_late)


def test_what_is_too_old_goes(windows):
    """Tallies and statements; and it does not come back."""
    rows = log_rows(random.Random(9), 300, hours=100)
    log = ToyLog(rows)
    log.tell(rows)
    step(windows, log, 100)
    step(windows, log, 120, keep_us=2 * DAY_US)
    assert FIRST + 72 <= min(windows.hours("m"))
    assert now_us(72) <= min(each.begin_us for each in windows.statements("m"))
    again = step(windows, log, 120, keep_us=2 * DAY_US)
    assert ((), 0) == (again.recounted, again.too_late)
    fresh = MemoryWindows()
    step(fresh, log, 120, keep_us=2 * DAY_US)
    assert kept(fresh) == kept(windows)


def test_hours_whose_rows_are_gone_keep_their_counts(windows):
    """The log let go of them; what else there is to be counted is counted."""
    rows = log_rows(random.Random(10), 60, hours=2)
    log = ToyLog(rows)
    step(windows, log, 3)
    before = kept(windows)
    log.rows = [row for row in log.rows if row["time"].hour == 1]
    log.tell([{**row, "has_outcome": True, "outcome": True} for row in rows])
    changed = step(windows, log, 3)
    assert (FIRST + 1,) == changed.recounted
    assert before["c1", FIRST] == kept(windows)["c1", FIRST]
    wider = Recipe(slicings=[("weekday",)])
    assert (FIRST,) == step(windows, log, 3, recipe=wider).gone
    assert () == step(windows, log, 3, recipe=wider).gone
    assert before["c1", FIRST] == kept(windows)["c1", FIRST]


def test_another_recipe_or_layout_counts_all_hours_anew(windows):
    """Once; also those behind the horizon."""
    log = ToyLog(log_rows(random.Random(11), 100, hours=30))
    options = {"horizon_us": HOUR_US}
    hours = step(windows, log, 60, **options).recounted
    wider = Recipe(slicings=[("origin", "late")])
    assert hours == step(windows, log, 60, recipe=wider, **options).recounted
    assert () == step(windows, log, 60, recipe=wider, **options).recounted
    assert [(), ("origin", "late")] == windows.slicings("m", begin_hour=0, end_hour=FIRST + 99)
    log.layouts["c1"] = layout_of(5)
    assert hours == step(windows, log, 60, recipe=wider, **options).recounted
    assert log.layouts["c1"] == windows.layout("m", "c1")
    assert scratch(log) == kept(windows)
    narrow = Recipe(columns=["wind", "nowhere"])
    step(windows, log, 60, recipe=narrow, **options)
    tally = windows.tallies("m", begin_hour=0, end_hour=FIRST + 99)[()]
    assert {"row.wind", "score", "took_us"} == tally.columns.keys()


def test_what_cannot_be_sliced_by_is_named(windows, monkeypatch):
    """A column that nothing has, an expression of it, far too many slices: the rest is counted."""
    from interplane.monitoring.counting import slicing

    monkeypatch.setattr(slicing, "MOST_SLICES", 10)
    log = ToyLog(log_rows(random.Random(12), 50, hours=1))
    recipe = Recipe(
        slicings=[("gate",), ("hot",), ("id",), ("origin",)],
        expressions={"hot": lambda row: row.heat > 5},
    )
    found = {each.slicing: each.why for each in step(windows, log, 2, recipe=recipe).unsliced}
    assert {("gate",), ("hot",), ("id",)} == found.keys()
    assert "there is no column 'gate'" in found["gate",]
    assert "makes more than" in found["id",]
    assert [(), ("origin",)] == windows.slicings("m", begin_hour=0, end_hour=FIRST + 9)


def test_an_advance_that_dies_at_any_write_is_made_again():
    """With an error before or after each write in turn, and then once more without."""
    rows = log_rows(random.Random(13), 120, hours=60, crossings=("c1", "c2"))
    log = ToyLog(rows[:100])
    log.tell(rows[:50])
    writes = _dying(log, rows, 0)
    expected = writes.found
    assert writes.calls >= 6
    for fatal in range(1, writes.calls + 1):
        assert expected == _dying(log, rows, fatal).found


class _Dying(MemoryWindows):
    """A store that dies before (odd) or after (even) a write."""

    def __init__(self, fatal):
        super().__init__()
        self.calls = 0
        self.fatal = fatal

    def _dies(self):
        self.calls += 1
        if self.calls == self.fatal:
            raise InterruptedError

    def replace(self, model, recount):
        self._dies()
        super().replace(model, recount)
        self._dies()

    def settle(self, model, **options):
        self._dies()
        super().settle(model, **options)
        self._dies()


def _dying(log, rows, fatal):
    windows = _Dying(fatal)
    log.rows, log.outcomes = (
        log.rows[:100],
        log.outcomes[: sum(r["has_outcome"] for r in rows[:50])],
    )
    for hour in (70, 80):
        if hour == 80:
            log.add(rows[100:])
            log.tell(rows[50:])
        try:
            step(windows, log, hour, keep_us=50 * HOUR_US)
        except InterruptedError:
            step(windows, log, hour, keep_us=50 * HOUR_US)
    windows.found = (
        {slicing: kept(windows, slicing) for slicing in SLICINGS},
        windows.statements("m"),
        windows.progress("m"),
    )
    return windows


def test_hours_are_sliced_by_an_expression_also_where_nothing_is_known(windows):
    """A column is text in the log while no request had a value in it."""
    rows = log_rows(random.Random(15), 60, hours=3)
    log = ToyLog([{**row, "row.wind": None} for row in rows if row["time"].hour == 1])
    step(windows, log, 5, recipe=WINDY)
    assert scratch(log, ("windy",), WINDY) == kept(windows, ("windy",))
    log.add(row for row in rows if row["time"].hour != 1)
    step(windows, log, 5, recipe=WINDY)
    assert scratch(log, ("windy",), WINDY) == kept(windows, ("windy",))
    assert [(None,)] == list(kept(windows, ("windy",))["c1", FIRST + 1])
    other = Recipe(slicings=[("windy",)], expressions={"windy": lambda row: row.wind > 6})
    same = Recipe(slicings=[("windy",)], expressions={"windy": lambda row: row.wind > 5})
    assert [False, True] == [each.text == WINDY.text for each in (other, same)]
    assert () == step(windows, log, 5, recipe=same).recounted


def test_hours_know_what_counted_them():
    """The recipe's name is in each; a plain value is equal to itself."""
    windows = MemoryWindows()
    log = ToyLog(log_rows(random.Random(14), 10, hours=1))
    step(windows, log, 2)
    (hour,) = windows.progress("m").hours.values()
    assert Hour({"c1": 10}, hour.recipe) == hour
    assert 64 == len(hour.recipe)
