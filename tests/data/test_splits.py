"""Splits: every row on one side, the same side every time, and a promise that can be held to."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from interplane.data.promises import Promise, keeps
from interplane.data.row_keys import key_digests
from interplane.data.splits import split_at_random, split_by_entity, split_by_time
from interplane.data.table import Table
from interplane.errors import DataError, Leak, UnknownName, UsageError

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
PEOPLE = st.lists(st.tuples(NAMES, st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=40)


def visits(pairs):
    """A table of people and what they did."""
    return Table.from_columns(
        {
            "who": [who for who, _ in pairs],
            "visit": [visit for _, visit in pairs],
            "place": list(range(len(pairs))),
        }
    )


def days(*of_january):
    """A table of days."""
    return Table.from_columns({"day": [date(2024, 1, day) for day in of_january]})


# Few rows leave many splits with an empty part, and those are no examples.
SPLITS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


def unless_empty(split, *args, **options):
    """A split; no example where a part of it would be empty, which is refused."""
    try:
        return split(*args, **options)
    except DataError as error:
        if "leaves none for" in error.what:
            reject()
        raise


@settings(max_examples=40, deadline=None)
@given(PEOPLE, st.sampled_from(["", "other"]))
def test_a_digest_is_the_documented_one(pairs, salt):
    """The last eight bytes of an MD5 of the texts with their lengths, lowest first."""
    digests, named = key_digests(visits(pairs), ["who", "visit"], salt=salt)
    expected = []
    for who, visit in pairs:
        texts = [*([salt] if salt else []), who, str(visit)]
        data = b"".join(b"%d:%s" % (len(t.encode()), t.encode()) for t in texts)
        expected.append(
            int.from_bytes(hashlib.md5(data, usedforsecurity=False).digest()[8:], "little")
        )
    assert (expected, True) == (digests.tolist(), bool(named.all()))


@SPLITS
@given(PEOPLE, st.floats(0.05, 0.6), st.floats(0, 0.35), st.text("ab", max_size=2))
def test_no_entity_is_on_two_sides_and_every_row_is_on_one(pairs, share, validation, salt):
    """Parts are disjoint in entities, whole together, in the order of the rows, and keep their promise."""
    table = visits(pairs)
    split = unless_empty(
        split_by_entity, table, "who", share=share, validation=validation, salt=salt
    )
    parts = list(split)
    assert (table.rows, 0) == (sum(part.rows for part in parts), split.left_out)
    entities = [set(part.column("who").to_pylist()) for part in parts]
    assert sum(map(len, entities)) == len({who for who, _ in pairs})
    for part in parts:
        places = part.column("place").to_pylist()
        assert sorted(places) == places
        assert keeps(part, part.promise).all()
    for one in parts:
        for other in parts:
            assert one is other or not keeps(other, one.promise).any()


@SPLITS
@given(PEOPLE, PEOPLE, st.floats(0.1, 0.4), st.floats(0.1, 0.4))
def test_a_row_keeps_its_side_when_rows_are_added_and_the_test_share_grows(
    pairs, more, share, further
):
    """What was tested on stays for testing."""
    before = unless_empty(split_by_entity, visits(pairs), "who", share=share)
    after = unless_empty(split_by_entity, visits([*more, *pairs]), "who", share=share + further)
    assert set(before.test.column("who").to_pylist()) <= set(after.test.column("who").to_pylist())


def test_a_random_split_is_about_as_large_as_was_asked_for():
    """20 % of 10,000 rows are 2,000, give or take four standard deviations."""
    table = Table.from_columns({"id": list(range(10_000))})
    split = split_at_random(table, "id", validation=0.1)
    assert [7000, 1000, 2000] == pytest.approx([part.rows for part in split], abs=160)
    assert split.test.equals(split_at_random(table, ["id"], validation=0.1).test)
    other = split_at_random(table, "id", salt="another").test
    assert not split.test.equals(other)


@SPLITS
@given(
    st.lists(st.integers(1, 31), min_size=2, max_size=30),
    st.integers(2, 28),
    st.integers(0, 3),
    st.booleans(),
)
def test_by_time_every_row_is_before_in_the_gap_or_after(of_january, until, gap, as_text):
    """The bounds belong to the later part; the gap to none."""
    table = days(*of_january)
    moment = date(2024, 1, until)
    split = unless_empty(
        split_by_time,
        *(table, "day"),
        until=moment.isoformat() if as_text else moment,
        gap=timedelta(days=gap),
    )
    train = [day for day in of_january if day < until]
    test = [day for day in of_january if day >= until + gap]
    assert days(*train).to_rows() == split.train.to_rows() if train else split.train.rows == 0
    assert [day.day for day in split.test.column("day").to_pylist()] == test
    assert split.left_out == len(of_january) - len(train) - len(test)


def test_validation_and_an_end_cut_time_further():
    """Train, validation and test follow each other, each after a gap."""
    split = split_by_time(
        days(*range(1, 13)),
        "day",
        until="2024-01-04",
        validation_until=datetime(2024, 1, 8, tzinfo=UTC),
        end=date(2024, 1, 11),
        gap="1d",
    )
    found = [[day.day for day in part.column("day").to_pylist()] for part in split]
    assert [[1, 2, 3], [5, 6, 7], [9, 10]] == found
    assert ["train", "validation", "test"] == [part.promise.part for part in split]
    assert 4 == split.left_out
    assert split.validation.promise == Promise(
        by="time",
        columns=("day",),
        part="validation",
        begin="2024-01-05T00:00:00",
        end="2024-01-08T00:00:00",
        gap_us=86_400_000_000,
    )


def test_rows_that_would_be_on_no_side_are_refused():
    """A null is no entity, no key and no time; the first such row is shown."""
    table = Table.from_columns({"who": ["ann", None], "day": [None, date(2024, 1, 1)]})
    with pytest.raises(DataError, match=r"a row of 2 names nothing .* who null, day 2024-01-01"):
        split_by_entity(table, ["who"])
    with pytest.raises(DataError, match="a row of 2 has no time to split by"):
        split_by_time(table, "day", until="2024-01-01")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"until": "soon"}, "until is 'soon'"),
        ({"until": "2024-01-03", "gap": "soon"}, "gap is 'soon'"),
        ({"until": "2024-01-03", "gap": timedelta(-1)}, "gap is"),
        ({"until": "2024-01-03", "end": "2024-01-04", "gap": "1d"}, "would lie between"),
        ({"until": "2024-01-03", "validation_until": "2024-01-02"}, "would lie between"),
        ({"until": 5}, "until is 5"),
        ({"until": "2024-01-03", "gap": 5}, "gap is 5"),
    ],
)
def test_moments_that_are_none_are_refused(options, words):
    """Each by its name."""
    with pytest.raises(UsageError, match=words):
        split_by_time(days(1), "day", **options)


def test_what_cannot_be_split_by_is_refused():
    """Columns that are not there, or are no times, and shares that leave nothing."""
    with pytest.raises(UnknownName, match="'dya'"):
        split_by_time(days(1), "dya", until="2024-01-01")
    with pytest.raises(DataError, match="'who' is str"):
        split_by_time(visits([("ann", 1)]), "who", until="2024-01-01")
    with pytest.raises(UnknownName, match="'whom'"):
        split_by_entity(visits([("ann", 1)]), "whom")
    with pytest.raises(UsageError, match="names no column"):
        split_at_random(visits([("ann", 1)]), [])
    with pytest.raises(UsageError, match=r"testing is 0.7, the one for validation 0.3"):
        split_at_random(visits([("ann", 1)]), "visit", share=0.7, validation=0.3)


def test_a_promise_follows_the_rows_where_it_still_holds():
    """Selecting, filtering and adding rows of the same part keep it; other rows end it."""
    table = visits([(f"p{n}", n) for n in range(50)])
    split = split_by_entity(table, "who")
    promise = split.train.promise
    assert promise == split.train.select("who", "place").promise == split.train.head(3).promise
    assert promise == split.train.sql("FROM self WHERE visit > 10").promise
    assert promise == split.train.concat(split.train).promise
    assert split.train.select("visit").promise is None
    assert split.train.concat(split.test).promise is None
    assert split.train.sql("SELECT visit FROM self").promise is None
    assert split.train.sql("FROM self UNION ALL FROM t", t=split.test).promise is None
    timed = split_by_time(days(1, 2, 3), "day", until="2024-01-03").train
    assert timed.sql("SELECT CAST(day AS VARCHAR) AS day FROM self").promise is None
    assert timed.sql("SELECT CAST(day AS TIMESTAMP) AS day FROM self").promise == timed.promise


def test_a_promise_can_be_given_to_rows_that_keep_it_and_to_no_others():
    """Rows that came by another way (a data frame) are held against it; those that break it are named."""
    split = split_by_entity(visits([(f"p{n}", n) for n in range(50)]), "who")
    promise = split.train.promise
    again = Table.from_arrow(split.train.to_arrow())
    assert (None, promise) == (again.promise, again.promised(promise).promise)
    with pytest.raises(
        Leak, match=r"of 50 rows are not in the train of a split by entity \(who\)"
    ) as caught:
        visits([(f"p{n}", n) for n in range(50)]).promised(promise)
    details = caught.value.details
    assert (split.test.rows, 50, 5) == (details["rows"], details["of"], len(details["examples"]))
    assert split.test.head(5).select("who").to_rows() == details["examples"]


def test_a_part_without_rows_is_refused():
    """Nothing could be trained on it, or said of a test on it; the error counts what there is."""
    with pytest.raises(
        DataError, match=r"leaves none for train \(train 0, test 2\).* 1 different who"
    ):
        split_by_entity(visits([("ann", 1), ("ann", 2)]), "who")
    with pytest.raises(DataError, match=r"0 rows leaves none for train and validation and test"):
        split_at_random(visits([]), "visit", validation=0.1)
    with pytest.raises(
        DataError, match=r"leaves none for train \(train 0, test 2\).*move a moment"
    ):
        split_by_time(days(4, 5), "day", until="2024-01-03")


@pytest.mark.parametrize("share", [None, "x", True, float("nan"), 0, 1.5])
def test_shares_that_are_none_are_refused(share):
    """Of any type."""
    with pytest.raises(UsageError, match="the share for testing is"):
        split_at_random(visits([("ann", 1)]), "visit", share=share)


def test_only_tables_and_names_of_columns_are_taken():
    """A frame of pandas is told how to become one."""
    with pytest.raises(UsageError, match=r"pandas DataFrame.*Table\.from_arrow"):
        split_by_entity(visits([("ann", 1)]).to_pandas(), "who")
    with pytest.raises(UsageError, match="the columns to split by are 5"):
        split_by_entity(visits([("ann", 1)]), 5)
