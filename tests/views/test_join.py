"""Joins of feature views to rows: for each row what `History` says, bit for bit; and what is refused."""

from __future__ import annotations

import gc
import random
import weakref
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.table import Table
from interplane.data.types import arrow_type
from interplane.errors import DataError, UnknownName, UsageError
from interplane.expressions.bits import same_bits as same
from interplane.expressions.nodes import Column
from interplane.testing.histories import Past, histories, known_of, table_of
from interplane.views.join import join
from interplane.views.prepared import Kept, prepare
from interplane.views.view import Latest, ViewUse, Window, example

randoms = st.one_of(st.randoms(use_true_random=False), st.integers(0, 2**32).map(random.Random))
BY = ("by one", "by two")


def at(second, *, day=1):
    """A time in January 2024."""
    return datetime(2024, 1, day) + timedelta(seconds=second)  # noqa: DTZ001 - ours have no zone


def asked_of(view, asking):
    """Rows that ask, as a table."""
    kinds = {name: view.columns[entity] for name, entity in zip(BY, view.entity, strict=False)}
    return table_of(asking, {"t": "timestamp", **kinds}), ViewUse(view, tuple(kinds))


def differences(view, events, asking, found):
    """The values that are not what `History` says."""
    past = histories(view, events)
    by = BY[: len(view.entity)]
    return [
        (row, name, expected, value)
        for row, values in zip(asking, found.to_pylist(), strict=True)
        for (name, value), expected in zip(
            values.items(), known_of(view, past, tuple(row[n] for n in by), row["t"]), strict=True
        )
        if not same(expected, value)
    ]


@settings(deadline=None, max_examples=100)
@given(randoms, st.integers(0, 40), st.integers(0, 25))
def test_is_what_history_says(random, rows, asking):
    """Random views over random events and rows that ask at every turn: the same bits and types."""
    past = Past(random)
    view = past.view()
    events = past.events(view, rows)
    asked = past.asking(view, asking, by=BY[: len(view.entity)])
    table, use = asked_of(view, asked)
    found = join(table, use, table_of(events, view.columns), time="t")
    assert [] == differences(view, events, asked, found)
    assert [(n, arrow_type(kind)) for n, kind in view.types.items()] == [
        (field.name, field.type) for field in found.schema
    ]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32).map(random.Random), st.integers(100, 400), st.integers(1, 60))
def test_is_what_history_says_of_many(random, rows, asking):
    """The same with many events of few entities: deep ties, many versions of each event."""
    past = Past(random)
    view = past.view()
    events = past.events(view, rows)
    asked = past.asking(view, asking, by=BY[: len(view.entity)])
    table, use = asked_of(view, asked)
    found = join(table, use, prepare(view, table_of(events, view.columns)), time="t")
    assert [] == differences(view, events, asked, found)


def test_events_in_parts_and_through_chains(tmp_path):
    """It is no matter how the source lies, and rows that ask keep their order."""
    import pyarrow.parquet as pq

    past = Past(random.Random(5))
    view = past.view()
    events = past.events(view, 60)
    asked = past.asking(view, 40, by=BY[: len(view.entity)])
    table, use = asked_of(view, asked)
    whole = table_of(events, view.columns)
    first, rest = table_of(events[:20], view.columns), table_of(events[20:], view.columns)
    for name, part in {"a": first, "b": rest}.items():
        pq.write_table(part.to_arrow(), tmp_path / name)
    paths = [tmp_path / "a", tmp_path / "b"]
    parts = Table.from_parts(paths, columns=whole.columns, part_rows=[20, 40])
    for source in (whole, first.concat(rest), parts):
        assert [] == differences(view, events, asked, join(table, use, source, time="t"))


def events_of(*events):
    """A source of the example view: who, when it happened, when it was known, which, and x."""
    names = ("who", "at", "known", "id", "x")
    rows = [dict(zip(names, event, strict=True)) for event in events]
    return table_of(rows, example().columns)


def read(source, *moments, who="a", view=None):
    """What is read of one entity at some moments."""
    rows = table_of([{"t": t, "w": who} for t in moments], {"t": "timestamp", "w": "str"})
    found = join(rows, ViewUse(view or example(), ("w",)), source, time="t")
    return [tuple(row.values()) for row in found.to_pylist()]


def test_older_than_its_time_to_live_in_training():
    """A value older than its time-to-live is null in a training set, and no row is dropped."""
    view = replace(example(), ttl_us=10_000_000)
    source = events_of(("a", at(0), at(0), 1, 5.0))
    assert [(5.0, 0), (None, 0)] == read(source, at(10), at(11), view=view)


def test_a_correction_made_after_the_label_is_not_seen():
    """A value dated before the label and created after it is not in the training set."""
    source = events_of(("a", at(0), at(1), 1, 5.0), ("a", at(0), at(100), 1, 7.0))
    assert [(5.0,), (7.0,)] == [found[:1] for found in read(source, at(99), at(100))]


def test_a_late_event_hides_nothing():
    """An event that comes in late, and happened before the latest one, is no latest value."""
    source = events_of(("a", at(10), at(10), 1, 5.0), ("a", at(5), at(20), 2, 7.0))
    assert [(5.0, 0)] == read(source, at(30))


def test_nobody_and_nothing():
    """Without entity or time all is null; of an entity without events counts are 0."""
    source = events_of(("a", at(0), at(0), 1, 5.0))
    assert [(None, None)] == read(source, at(1), who=None)
    assert [(None, None)] == read(source, None)
    assert [(None, 0)] == read(source, at(1), who="b")
    assert [(None, 0), (None, None)] == read(events_of(), at(1), None)
    assert [] == read(source)


def test_rows_that_are_no_events():
    """A row without entity, time or key is in no feature, whatever else it says."""
    holes = [
        (None, at(0), at(0), 1, 5.0),
        ("a", None, at(0), 1, 5.0),
        ("a", at(0), None, 1, 5.0),
        ("a", at(0), at(0), None, 5.0),
    ]
    assert [(None, 0)] == read(events_of(*holes), at(0))


def test_rows_that_are_no_events_are_counted(caplog):
    """By the column that they lack; where all are events nothing is said."""
    view = example()
    rows = [dict.fromkeys(view.columns)] * 3
    rows += [
        {"who": "a", "at": at(1), "known": known, "id": 1, "x": 1.0} for known in (None, at(2))
    ]
    with caplog.at_level("INFO", "interplane.views"):
        prepare(view, table_of(rows, view.columns))
        prepare(view, table_of(rows[-1:], view.columns))
    lacks = "3 without who, 4 without known, 3 without at, 3 without id"
    said = f"the feature view example of 'events': 4 of 5 rows are no events: {lacks}"
    assert [said] == [each.getMessage() for each in caplog.records]


def test_a_column_that_names_the_entity_twice():
    """Two columns of the entity may be joined by the same column of the rows."""
    view = replace(
        example(), entity=("who", "other"), columns={**example().columns, "other": "str"}
    )
    source = table_of(
        [{"who": "a", "other": other, "at": at(0), "known": at(0), "id": 1, "x": x}
         for other, x in (("a", 1.0), ("b", 2.0))],
        view.columns,
    )  # fmt: skip
    rows = table_of([{"t": at(1), "w": "a"}], {"t": "timestamp", "w": "str"})
    assert [1.0] == join(rows, ViewUse(view, ("w", "w")), source, time="t").column(0).to_pylist()


def test_far_apart_times_of_many_entities():
    """Times from the year 1 to 9999 of more entities than have room beside them in 63 bits."""
    first, last = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001
    events = [
        (f"e{n}", when, when, place, float(n))
        for n in range(50)
        for place, when in enumerate((first, at(n), last))
    ]
    source = events_of(*events)
    for n in (0, 7, 49):
        found = read(source, first, at(n) - timedelta(days=1), at(n), last, who=f"e{n}")
        assert [(float(n), 1), (float(n), 0), (float(n), 1), (float(n), 1)] == found


def test_an_integer_where_the_view_reads_a_float():
    """A source whose column became one of whole numbers is read as before."""
    source = events_of(("a", at(0), at(0), 1, 5.0)).to_arrow()
    place = source.column_names.index("x")
    whole = source.set_column(place, "x", source.column("x").cast(pa.int64()))
    assert [(5.0, 0)] == read(Table.from_arrow(whole), at(1))


def test_columns_with_any_names():
    """Names that the engine, or this package, has for other things are no matter."""
    row = {"place of the row": "a", "hash": at(0), "c0": 1, "0": 4.0}
    columns = {"place of the row": "str", "hash": "timestamp", "c0": "int", "0": "float"}
    from interplane.expressions.expr import Row

    view = replace(
        example(), entity=("place of the row",), event_time="hash", known_at="hash", key=("c0",),
        columns=columns, arguments=((Row(columns)["0"] * 2.0).node, Column("c0", "int")),
        features={"x": Latest(0, "float"), "n": Window("sum", 1, 100, "int")},
    )  # fmt: skip
    rows = table_of([{"t": at(0), "w": "a"}], {"t": "timestamp", "w": "str"})
    found = join(rows, ViewUse(view, ("w",)), table_of([row], columns), time="t")
    assert [{"x": 8.0, "n": 1}] == found.to_pylist()


# ---- refusals ---------------------------------------------------------------------------------


ROWS = Table.from_columns({"t": [at(0)], "w": ["a"], "n": [1]})


def test_known_before_it_happened():
    """The first such event, in the order of the source, and how many more there are."""
    early = [("a", at(n + 1), at(n), n, 0.0) for n in (5, 3, 4)]
    source = events_of(("a", at(0), at(0), 0, 0.0), ("a", None, at(0), 0, 0.0), *early)
    with pytest.raises(DataError) as raised:
        prepare(example(), source)
    assert "at 2024-01-01 00:00:06 was known before, at known 2024-01-01 00:00:05, and 2 more" in (
        str(raised.value)
    )
    forecast = replace(example(), forecast=True)
    assert [(0.0, 3)] == read(source, at(0, day=2), view=replace(forecast, features={
        "x": Latest(0, "float"), "n": Window("count", 0, 86_400_000_000 - 1_000_000, "float"),
    }))  # fmt: skip


def test_a_source_without_a_column():
    """The message names column, source and view."""
    source = events_of().select("who", "at", "known", "id")
    with pytest.raises(UnknownName, match=r"no column 'x' in the source 'events'.*view example"):
        prepare(example(), source)


def test_a_source_with_another_type():
    """The message names both types."""
    source = Table.from_arrow(events_of().to_arrow().drop(["id"]).append_column("id", [[]]))
    with pytest.raises(DataError, match=r"'id' of the source 'events' is str. Expected int"):
        prepare(example(), source)


def test_by_a_column_of_another_type():
    """The message names both columns and both types."""
    with pytest.raises(DataError, match=r"'n' of the rows is int.*Expected str.*'who'.*'events'"):
        join(ROWS, ViewUse(example(), ("n",)), events_of(), time="t")


@pytest.mark.parametrize(("by", "time"), [("W", "t"), ("w", "T")])
def test_rows_without_a_column(by, time):
    """The message names the columns that there are."""
    with pytest.raises(UnknownName, match=r"there is no column '[WT]' in the rows. Known: n, t, w"):
        join(ROWS, ViewUse(example(), (by,)), events_of(), time=time)


def test_as_of_something_that_is_no_time():
    """The time of the rows is a timestamp."""
    with pytest.raises(DataError, match=r"'w' of the rows is str.*Expected a timestamp"):
        join(ROWS, ViewUse(example(), ("w",)), events_of(), time="w")


def test_by_too_many_columns():
    """A view is joined by a column for each of its entity's."""
    with pytest.raises(UsageError, match=r"joined by w, w. Expected one column for each of who"):
        join(ROWS, ViewUse(example(), ("w", "w")), events_of(), time="t")


def test_prepared_for_another_view():
    """Events that were prepared for another version are not taken."""
    prepared = prepare(example(), events_of())
    with pytest.raises(UsageError, match="another version of example"):
        join(ROWS, ViewUse(replace(example(), ttl_us=1), ("w",)), prepared, time="t")


# ---- what is kept -----------------------------------------------------------------------------


def test_kept_with_the_source():
    """The same view over the same table is prepared once; it goes when the table goes."""
    kept, source = Kept(), events_of(("a", at(0), at(0), 1, 5.0))
    first = kept.get(example(), source)
    assert first is kept.get(replace(example()), source)
    assert first is not kept.get(replace(example(), ttl_us=1), source)
    assert 2 == len(kept)
    there = weakref.ref(first)
    del source, first
    gc.collect()
    assert (0, None) == (len(kept), there())


def test_kept_within_bounds():
    """Beyond the bounds what was not used for longest goes first; the last one always stays."""
    source = events_of(("a", at(0), at(0), 1, 5.0))
    views = [replace(example(), ttl_us=ttl) for ttl in (1, 2, 3)]
    kept = Kept(most=2)
    first, second, _ = (kept.get(view, source) for view in (views[0], views[1], views[0]))
    kept.get(views[2], source)
    assert first is kept.get(views[0], source)
    assert second is not kept.get(views[1], source)
    small = Kept(most_bytes=first.size_bytes)
    for view in views:
        small.get(view, source)
    assert 1 == len(small)
