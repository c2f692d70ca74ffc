"""Leaks: rows that were fitted on, entities on both sides, and what is known only afterwards."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.data.schema_file import parse_schema
from interplane.data.splits import split_at_random, split_by_entity, split_by_time
from interplane.data.table import Table
from interplane.errors import ConfigError, Corrupt, DataError, Leak, UnknownName, UsageError
from interplane.features.definition import features
from interplane.features.frozen import Frozen
from interplane.features.leaks import crossed_rows, seen_rows
from interplane.features.seen import among, remember

IDS = st.lists(st.none() | st.integers(0, 30), max_size=30)


def at(day, hour=0):
    """A moment of January 2024."""
    return datetime(2024, 1, day, hour)  # noqa: DTZ001 - timestamps are UTC, and naive


@features(label="late", key=["id"])
def keyed(row):
    """Features of rows that a key names."""
    return {"x": row.x - row.x.mean()}


@features(label="late")
def unnamed(row):
    """Features of rows that nothing names."""
    return {"x": row.x - row.x.mean()}


def rows_of(ids, **more):
    """Rows with these ids."""
    columns = {"id": ids, "x": [float(n) for n in range(len(ids))]}
    return Table.from_columns(
        {**columns, "late": [n % 2 == 0 for n in range(len(ids))], **more}, name="rows"
    )


@settings(max_examples=50, deadline=None)
@given(IDS, IDS)
def test_a_set_of_keys_finds_what_is_in_it_and_nothing_else(trained, tested):
    """Whatever the keys, their order and their nulls; a null is in no set."""
    import pyarrow as pa

    def table(ids):
        return Table.from_columns({"id": pa.array(ids, pa.int64())})

    seen, data = remember(table(trained), ["id"])
    known = [each for each in trained if each is not None]
    assert (len(known), len(set(known)), 8 * len(set(known))) == (seen.rows, seen.keys, len(data))
    expected = [each is not None and each in known for each in tested]
    assert expected == among(table(tested), seen, data).tolist()
    assert (seen, data) == remember(table(trained[::-1]), ["id"])


def test_the_digests_are_the_same_for_a_key_that_was_cast():
    """A key that is a text in the test rows is still the key."""
    seen, data = remember(Table.from_columns({"id": [1, 2]}), ["id"])
    assert [True, False] == among(Table.from_columns({"id": ["2", "3"]}), seen, data).tolist()


def test_bytes_that_are_not_the_set_are_no_set():
    """A damaged set says nothing of any row."""
    seen, data = remember(Table.from_columns({"id": [1, 2]}), ["id"])
    with pytest.raises(Corrupt, match="keys of the training rows differ from their digest"):
        among(Table.from_columns({"id": [1]}), seen, data[:8])


def test_a_fit_remembers_the_rows_that_it_saw():
    """With a declared key; the JSON form has the digest of the set, and reads back."""
    frozen = keyed.fit(rows_of([1, 2, 2, 3]))
    [seen] = frozen.training.seen
    assert ("row", ("id",), 4, 3) == (seen.of, seen.columns, seen.rows, seen.keys)
    assert 24 == len(frozen.read_seen(seen))
    again = Frozen.from_dict(frozen.to_dict())
    assert (frozen.digest, frozen.training) == (again.digest, again.training)
    assert again.read_seen is None
    assert frozen.with_parity(frozen.parity).read_seen is not None


def test_a_fit_without_a_key_keeps_the_form_that_it_had():
    """Nothing names its rows, so that nobody can tell; its digest is what it always was."""
    frozen = unnamed.fit(rows_of([1, 2]))
    assert {"seen", "promise"}.isdisjoint(frozen.to_dict()["training"])
    assert seen_rows(frozen, rows_of([1])) is None


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(12)), st.integers(1, 11))
def test_two_fits_of_the_same_rows_have_one_digest_however_they_are_cut(order, cut):
    """The set is of keys: neither order nor parts show."""
    table = rows_of(list(range(12)))
    parts = table.head(cut).concat(table.sql(f"FROM self WHERE id >= {cut}"))
    assert keyed.fit(table).digest == keyed.fit(parts).digest
    shuffled = table.sql("FROM self").to_arrow().take(list(order))
    [one], [other] = (keyed.fit(each).training.seen for each in (table, Table.from_arrow(shuffled)))
    assert one == other


def test_the_rows_that_were_fitted_on_are_told():
    """By their key; where the key is not there, or the set is not, nobody can tell."""
    frozen = keyed.fit(rows_of([1, 2, 3]))
    assert [False, True, False] == seen_rows(frozen, rows_of([7, 2, None])).tolist()
    assert seen_rows(frozen, rows_of([1]).select("x", "late")) is None
    assert seen_rows(Frozen.from_dict(frozen.to_dict()), rows_of([1])) is None


def test_entities_of_the_training_rows_are_told_where_the_split_promised_otherwise():
    """The features' key names rows; the promise names entities: both are remembered."""
    table = rows_of(list(range(40)), who=[f"p{n // 2}" for n in range(40)])
    split = split_by_entity(table, "who")
    frozen = keyed.fit(split.train)
    assert [("row", ("id",)), ("entity", ("who",))] == [
        (seen.of, seen.columns) for seen in frozen.training.seen
    ]
    assert frozen.training.promise == split.train.promise
    assert Frozen.from_dict(frozen.to_dict()).training == frozen.training
    assert not crossed_rows(frozen, split.test).rows.any()
    assert crossed_rows(frozen, split.train).rows.all()
    # New entities may hash to the side of the training rows: they were not on it, and are let in.
    new = rows_of(list(range(100, 140)), who=[f"q{n}" for n in range(40)])
    assert not crossed_rows(frozen, new).rows.any()
    assert crossed_rows(frozen, new.select("id", "x")) is None
    assert crossed_rows(keyed.fit(table), new) is None


def test_a_key_that_a_random_split_is_by_is_remembered_once():
    """The set of the rows is the set of the promise."""
    split = split_at_random(rows_of(list(range(40))), "id")
    frozen = keyed.fit(split.train)
    assert 1 == len(frozen.training.seen)
    assert not crossed_rows(frozen, split.test).rows.any()
    assert crossed_rows(frozen, split.train).rows.all()
    assert 1 == len(unnamed.fit(split.train).training.seen)


def test_rows_in_the_gap_break_a_split_by_time():
    """Test rows begin a gap after the training rows; what is before is no test."""
    table = rows_of(list(range(10)), day=[date(2024, 1, 1 + n) for n in range(10)])
    split = split_by_time(table, "day", until="2024-01-05", gap="2d")
    frozen = keyed.fit(split.train)
    crossed = crossed_rows(frozen, table).rows
    assert [True] * 6 + [False] * 4 == crossed.tolist()
    assert not crossed_rows(frozen, split.test).rows.any()
    assert not crossed_rows(keyed.fit(split.test), table).rows.any()


# ---- what is known only afterwards ---------------------------------------------------------------


@features(label="late", time="left", key=["id"], known_at={"delay": "landed", "gate": "boarded"})
def looking_back(flight):
    """Features that read a column which is known when the flight has landed."""
    return {"x": flight.x, "delay": ip_like(flight.delay), "again": flight.delay + flight.gate}


def ip_like(delay):
    """A statistic reads the column too."""
    return delay - delay.mean()


FLIGHTS = {
    "left": [at(1), at(2), at(3)],
    "landed": [at(1), at(2, 5), None],
    "boarded": [at(1), at(1), at(1)],
    "delay": [1.0, None, None],
    "gate": [1.0, 2.0, 3.0],
}


def flights(**changed):
    """Three flights; nothing of them is known too late."""
    return rows_of([1, 2, 3], **(FLIGHTS | changed))


def test_what_is_known_in_time_is_a_feature():
    """Known by the prediction time, or null by then."""
    assert 3 == looking_back.fit(flights()).training.rows


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"delay": [1.0, 5.0, None]}, "id 2, left 2024-01-02T00:00:00, landed 2024-01-02T05:00:00"),
        ({"delay": [1.0, None, 9.0]}, "id 3, left 2024-01-03T00:00:00, landed null"),
    ],
)
def test_what_is_known_later_is_none(changed, where):
    """Also what is said never to be known; feature, column and rows are named."""
    with pytest.raises(Leak) as caught:
        looking_back.fit(flights(**changed))
    text = str(caught.value)
    assert "the feature 'delay' (and 1 more) of looking_back reads 'delay'" in text
    assert f"after the prediction time 'left' in 1 of 3 rows: {where}" in text
    details = caught.value.details
    assert (1, 3, ["delay", "again"]) == (details["rows"], details["of"], details["features"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(1, 9), st.booleans()), min_size=1)
)
def test_hindsight_is_the_documented_rule(rows):
    """A value is refused if it is there and not known by the prediction time."""
    table = rows_of(
        list(range(len(rows))),
        left=[at(left) for left, _, _ in rows],
        landed=np.array([None if known is None else at(known) for _, known, _ in rows], "M8[us]"),
        boarded=[at(1)] * len(rows),
        delay=np.array([1.0 if there else None for _, _, there in rows], float),
        gate=[1.0] * len(rows),
    )
    table = table.sql("SELECT * REPLACE (if(isnan(delay), NULL, delay) AS delay) FROM self")
    late = [there and (known is None or known > left) for left, known, there in rows]
    if not any(late):
        looking_back.fit(table)
        return
    with pytest.raises(Leak) as caught:
        looking_back.fit(table)
    assert sum(late) == caught.value.details["rows"]


def test_only_columns_that_are_read_are_held_against_their_time():
    """A label is known later, and is no feature."""

    @features(label="late", time="left", known_at={"late": "landed", "delay": "landed"})
    def honest(flight):
        return {"x": flight.x}

    assert 3 == honest.fit(flights(delay=[9.0, 9.0, 9.0])).training.rows


def test_a_schema_says_when_a_column_is_known():
    """Of a table that is read through it; what the features say goes before."""
    schema = parse_schema(
        "extra = 'allow'\n[columns.delay]\ntype = 'float'\nknown_at = 'landed'\n"
        "[columns.landed]\ntype = 'timestamp'\n"
    )
    assert {"delay": "landed"} == schema.known_at

    @features(label="late", time="left")
    def plain(flight):
        return {"delay": flight.delay}

    late = flights(delay=[1.0, 5.0, None])
    assert 3 == plain.fit(late).training.rows
    with pytest.raises(Leak, match="reads 'delay', which is known at 'landed'"):
        plain.fit(late.through(schema))

    @features(label="late", time="left", known_at={"delay": "boarded"})
    def corrected(flight):
        return {"delay": flight.delay}

    assert 3 == corrected.fit(late.through(schema)).training.rows


def test_a_schema_without_it_has_the_digest_that_it_had():
    """The form says nothing of what is not said."""
    schema = parse_schema("[columns.x]\ntype = 'int'")
    assert "known_at" not in schema.to_dict()
    said = parse_schema("[columns.x]\ntype='int'\nknown_at='t'\n[columns.t]\ntype='date'")
    silent = parse_schema("[columns.x]\ntype='int'\n[columns.t]\ntype='date'")
    assert said.digest != silent.digest


def test_what_says_when_something_is_known_has_to_be_a_time_that_is_there():
    """Misspelled columns and columns of another type are refused by name."""

    @features(label="late", time="left", known_at={"delya": "landed"})
    def misspelled(flight):
        return {"x": flight.x, "delay": flight.delay}

    with pytest.raises(UnknownName, match="'delya'"):
        misspelled.fit(flights())

    @features(label="late", time="left", known_at={"delay": "gate"})
    def untimely(flight):
        return {"delay": flight.delay}

    with pytest.raises(DataError, match="'gate' is float"):
        untimely.fit(flights())

    @features(label="late", known_at={"delay": "landed"})
    def timeless(flight):
        return {"delay": flight.delay}

    with pytest.raises(UsageError, match="declares no prediction time"):
        timeless.fit(flights())


def test_days_and_moments_can_be_held_against_each_other():
    """A day is known from its first moment on."""

    @features(label="late", time="left", known_at={"delay": "landed"})
    def by_day(flight):
        return {"delay": flight.delay}

    table = flights(landed=[date(2024, 1, 1), date(2024, 1, 2), None])
    assert 3 == by_day.fit(table).training.rows


@pytest.mark.parametrize(
    ("known_at", "words"),
    [("'landde'", "line 3: column 'landde'"), ("'x'", "line 3: column 'x'"), ("3", "line 3: 3")],
)
def test_a_schema_names_a_column_of_times(known_at, words):
    """Another one is refused with its line."""
    text = f"[columns.x]\ntype = 'int'\nknown_at = {known_at}\n[columns.landed]\ntype = 'date'"
    with pytest.raises(ConfigError, match=words):
        parse_schema(text)
