"""Matching beside its plain statement, over histories that arrive in any order, as of any time."""

# ruff: noqa: DTZ001  our timestamps are UTC without a zone

from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_predictions import START, predictions, store_of

from interplane.data.table import Table
from interplane.errors import StorageError, UnknownName, UsageError
from interplane.outcomes.matching import Matching, match, touched_hours
from interplane.outcomes.pieces import kept_of
from interplane.outcomes.store import SqliteOutcomes
from interplane.testing.memory_outcomes import MemoryOutcomes
from interplane.testing.outcome_laws import by_id, said

ADDED = ("outcome", "outcome_known_at", "has_outcome")


def moment(us):
    """Return a time of the log."""
    return datetime(1970, 1, 1) + timedelta(microseconds=us)


def matched(table, store, **settings):
    """Return the added columns, row by row."""
    settings = {"model": "flights", "key": ["flight_id"], **settings}
    return [tuple(row.values()) for row in match(table, store, **settings).select(*ADDED).to_rows()]


NOTHING = (None, None, False)


def test_predictions_get_what_came_true():
    """One row a prediction, in their order; every prediction of a key gets its outcome."""
    table = predictions(["UA1", "UA2", "UA1", None])
    store = store_of(said("UA1", True, known_at_us=5), by_id(1, False, known_at_us=7))
    found = match(table, store, model="flights", key=["flight_id"])
    assert [*table.names, *ADDED] == list(found.names)
    assert {"outcome": "bool", "outcome_known_at": "timestamp", "has_outcome": "bool"} == {
        name: found.types[name] for name in ADDED
    }
    first, second = (True, moment(5), True), (False, moment(7), True)
    assert [first, second, first, NOTHING] == matched(table, store)


def test_what_was_known_last_counts():
    """Whatever the order of arrival; of equal times what came last."""
    store = store_of(
        said(value=False, known_at_us=9),
        said(value=True, known_at_us=5),
        said(value=1, known_at_us=9),
    )
    assert [(1.0, moment(9), True)] == matched(predictions(["UA1"]), store)
    assert [(1.0, moment(5), True)] == matched(predictions(["UA1"]), store, as_of=moment(8))
    assert [NOTHING] == matched(predictions(["UA1"]), store, as_of=moment(4))


def test_as_of_a_time_with_a_zone():
    """It is the same moment."""
    store = store_of(said(known_at_us=3_600_000_000))
    zoned = datetime(1970, 1, 1, 1, tzinfo=UTC)
    assert [(True, moment(3_600_000_000), True)] == matched(
        predictions(["UA1"]), store, as_of=zoned
    )


def test_what_is_said_of_a_prediction_goes_before_what_is_said_of_its_key():
    """Also where it was known earlier, and where it is null."""
    store = store_of(said(value=True, known_at_us=9), by_id(0, None, known_at_us=1))
    assert [(None, moment(1), True), (True, moment(9), True)] == matched(
        predictions(["UA1", "UA1"]), store
    )


def test_null_covers_and_is_no_label():
    """Until something is said again."""
    store = store_of(said(value=True, known_at_us=1), said(value=None, known_at_us=2))
    assert [(None, moment(2), True)] == matched(predictions(["UA1"]), store)
    store.add([said(value=False, known_at_us=3)])
    assert [(False, moment(3), True)] == matched(predictions(["UA1"]), store)


def test_names_and_models_are_apart():
    """A proxy's outcome is no label."""
    store = store_of(said(value=0.5, name="clicked"), said(model="taxis"))
    assert [NOTHING] == matched(predictions(["UA1"]), store)
    assert [(0.5, moment(1_000), True)] == matched(predictions(["UA1"]), store, name="clicked")


def test_an_outcome_by_other_columns_belongs_to_nothing():
    """The key is all of its columns and no more."""
    store = store_of(said(key={"flight_id": "UA1", "day": "x"}), said(key={"day": "x"}))
    assert [NOTHING] == matched(predictions(["UA1"]), store)


def test_without_a_key_there_are_ids():
    """The key may be empty."""
    store = store_of(said(), by_id(0, True, known_at_us=3))
    assert [(True, moment(3), True)] == matched(predictions(["UA1"]), store, key=())


def test_keys_are_compared_as_the_types_of_the_log():
    """What is exactly the same value is; what is of another type is not."""
    key = ["day", "at", "number", "share", "is_first", "text"]
    table = Table.from_columns(
        {
            "prediction_id": ["0" * 32],
            "time": [START],
            "row.day": [date(2013, 6, 1)],
            "row.at": [datetime(2013, 6, 1, 12)],
            "row.number": [2**53 + 1],
            "row.share": [3.0],
            "row.is_first": [True],
            "row.text": ["7"],
        }
    )
    good = {
        "day": "2013-06-01",
        "at": "2013-06-01T14:00:00+02:00",
        "number": 2**53 + 1,
        "share": 3,
        "is_first": True,
        "text": "7",
    }
    assert [(True, moment(1_000), True)] == matched(table, store_of(said(key=good)), key=key)
    for name, value in (
        ("day", "2013-06-02"),
        ("day", "no day"),
        ("at", "2013-06-01T14:00:00"),
        ("number", 2**53),
        ("number", float(2**53)),
        ("number", "9007199254740993"),
        ("share", 2**53 + 1),
        ("share", True),
        ("is_first", 1),
        ("text", 7),
    ):
        assert [NOTHING] == matched(table, store_of(said(key={**good, name: value})), key=key), name


def test_a_key_that_changed_its_type_matches_what_has_its_value(tmp_path):
    """Whatever is packed together."""
    store = SqliteOutcomes(tmp_path / "outcomes.sqlite")
    store.add([said(key={"number": value}, value=True) for value in ("3", 3, True, 3.5)])
    store.pack(at_least=1)
    for column, expected in (([3, 4], [True, None]), (["3", "4"], [True, None]), ([3.5], [True])):
        table = predictions(["x"] * len(column), **{"row.number": column})
        found = match(table, store, model="flights", key=["number"])
        assert expected == found.column("outcome").to_pylist()
    store.close()


def test_floats_are_whole_numbers_of_the_log_where_they_are_equal():
    """As JSON clients write them."""
    table = predictions(["x"], **{"row.number": [3]})
    for value, has in ((3.0, True), (3.5, False), (1e300, False)):
        store = store_of(said(key={"number": value}))
        assert has is matched(table, store, key=["number"])[0][2]


def test_a_table_that_lacks_a_column_is_refused():
    """The message names it; an empty log has no columns of requests yet."""
    table = predictions(["UA1"])
    with pytest.raises(UnknownName, match=r"row\.flihgt_id.*Did you mean 'row.flight_id'"):
        matched(table, store_of(said()), key=["flihgt_id"])
    with pytest.raises(UnknownName, match="prediction_id"):
        matched(table.select("time", "row.flight_id"), store_of(said()))
    empty = table.select("prediction_id", "time").head(0)
    assert [] == matched(empty, store_of(said(), by_id(1)))


def test_predictions_that_are_gone_are_an_error_of_ours(tmp_path):
    """A table that is read too late says so."""
    table = predictions(["UA1"])
    path = tmp_path / "log.parquet"
    pq.write_table(table.to_arrow(), path)
    log = Table.from_parts([path], columns=table.columns, part_rows=[1])
    found = match(log, store_of(said()), model="flights", key=["flight_id"])
    path.unlink()
    with pytest.raises(StorageError, match="cannot be matched"):
        found.column("outcome")


def test_what_counts_is_read_again_only_where_outcomes_came():
    """One matching serves many tables of a log, also where the key's type differs."""

    class Counted(MemoryOutcomes):
        reads = 0

        def read(self, model, **which):
            self.reads += 1
            return super().read(model, **which)

    store = Counted()
    store.add([said(key={"n": 7})])
    matching = Matching(store, model="flights", key=["n"])
    table = predictions(["x"], **{"row.n": [7]})
    first, second = matching.match(table), matching.match(table.concat(table))
    assert [True] == first.column("outcome").to_pylist()
    assert [True, True] == second.column("outcome").to_pylist()
    assert 1 == store.reads
    floats = predictions(["x"], **{"row.n": [7.0]})
    assert [True] == matching.match(floats).column("outcome").to_pylist()
    store.add([said(key={"n": 7}, value=False, known_at_us=2_000)])
    assert [False] == matching.match(table).column("outcome").to_pylist()
    assert [True] == first.column("outcome").to_pylist()
    assert 3 == store.reads


def test_a_matched_table_is_not_matched_again():
    """Its columns would stand there twice."""
    table = match(predictions(["UA1"]), store_of(said()), model="flights", key=["flight_id"])
    with pytest.raises(UsageError, match="'outcome' already"):
        match(table, store_of(), model="flights", key=["flight_id"])


# ---- the rule over any history ------------------------------------------------------------

flights = st.sampled_from(["UA1", "UA2", "UA3", "UA4"])
values = st.sampled_from([True, False, None, 0.5, 1.0])
times = st.integers(0, 6)
targets = st.one_of(
    st.builds(lambda flight: {"key": {"flight_id": flight}}, flights),
    st.builds(lambda place: {"key": None, "prediction_id": f"{place:032x}"}, st.integers(0, 7)),
    st.just({"key": {"flight_id": "UA1", "day": 1}}),
)
histories = st.lists(
    st.builds(
        lambda target, value, known, received, name: said(
            value=value, known_at_us=known, received_at_us=known + received, name=name, **target
        ),
        targets,
        values,
        times,
        st.integers(0, 1),
        st.sampled_from(["label", "label", "clicked"]),
    ),
    max_size=25,
)


def plainly(prediction_id, flight, history, as_of_us):
    """What counts for one prediction, in plain Python."""
    said_of_it = [each for each in history if each.name == "label" and each.known_at_us <= as_of_us]
    for mine in (
        [each for each in said_of_it if each.prediction_id == prediction_id],
        [each for each in said_of_it if each.key == {"flight_id": flight}],
    ):
        if mine:
            # The greatest known-at time, and of equal ones the last that came.
            last = max(enumerate(mine), key=lambda item: (item[1].known_at_us, item[0]))[1]
            return last.value, moment(last.known_at_us), True
    return NOTHING


@settings(max_examples=40, deadline=None)
@given(
    asked=st.lists(st.one_of(flights, st.none()), max_size=7),
    history=histories,
    as_of_us=times,
    data=st.data(),
)
def test_matching_is_its_plain_statement(asked, history, as_of_us, data, tmp_path_factory):
    """As rows, in columns, and half of each; read in order, in batches, or asked by SQL."""
    table = predictions(asked, score=[0.5] * len(asked)) if asked else predictions(["x"]).head(0)
    memory = MemoryOutcomes()
    memory.add(history)
    kept = [each.outcome for each in kept_of("flights", memory.read("flights"))]
    expected = [
        plainly(row["prediction_id"], row["row.flight_id"], kept, as_of_us)
        for row in table.to_rows()
    ]
    split = data.draw(st.integers(0, len(history)))
    disk = SqliteOutcomes(tmp_path_factory.mktemp("outcomes") / "outcomes.sqlite")
    disk.add(history[:split], bulk=data.draw(st.booleans()))
    disk.add(history[split:])
    settings = {"model": "flights", "key": ["flight_id"], "as_of": moment(as_of_us)}
    for store in (memory, disk):
        found = match(table, store, **settings)
        assert expected == [tuple(row.values()) for row in found.select(*ADDED).to_rows()]
        names = ", ".join(ADDED)
        asked_rows = found.sql(f"SELECT {names} FROM self ORDER BY prediction_id").to_rows()
        assert expected == [tuple(row.values()) for row in asked_rows]
        batches = found.select("prediction_id", *ADDED, "time").batches(rows=2)
        assert expected == [
            tuple(row[name] for name in ADDED) for batch in batches for row in batch.to_pylist()
        ]
        assert expected[:2] == [
            tuple(row[name] for name in ADDED) for row in found.head(2).to_rows()
        ]
    disk.close()


def test_rows_stay_in_their_order_over_many_pieces(tmp_path):
    """As the log is read: files one after the other, and what is not compacted yet."""
    numbers = iter(range(10**6))
    pieces = [
        predictions([f"UA{n}" for n in (next(numbers) for _ in range(count))])
        for count in (20_000, 1, 7, 60_000, 0, 3_000, 70_000, 5, 20_000)
    ]
    paths = []
    for place, piece in enumerate(pieces):
        paths.append(tmp_path / f"{place}.parquet")
        pq.write_table(piece.to_arrow(), paths[-1], row_group_size=10_000)
    rows = [piece.rows for piece in pieces]
    parts = Table.from_parts(paths, columns=pieces[0].columns, part_rows=rows)
    chained = parts.concat(pieces[3]).concat(parts)
    store = store_of(*(said(f"UA{n}", n) for n in range(0, sum(rows), 3)))
    found = match(chained, store, model="flights", key=["flight_id"])
    table = found.select("row.flight_id", "outcome").to_arrow()
    expected = [
        float(flight[2:]) if int(flight[2:]) % 3 == 0 else None
        for flight in table["row.flight_id"].to_pylist()
    ]
    assert expected == table["outcome"].to_pylist()
    assert 2 * sum(rows) + 60_000 == len(expected)


# ---- the hours that are counted anew ------------------------------------------------------


def test_hours_of_new_outcomes_are_found():
    """By id, by key and by name; once each, in order, up to the newest."""
    table = predictions(["UA1", "UA2", "UA1", "UA3"])
    store = store_of(said("UA1"), by_id(3, 0.5, name="clicked"), said("UA9"))
    first = 380_568
    asked = {"model": "flights", "key": ["flight_id"]}
    hours, newest = touched_hours(table, store, **asked, after=0)
    assert ([first, first + 2, first + 3], store.newest("flights")) == (hours, newest)
    assert ([], newest) == touched_hours(table, store, **asked, after=newest)
    store.add([said("UA2")])
    assert [first + 1] == touched_hours(table, store, **asked, after=newest)[0]


def test_nothing_is_read_where_nothing_came():
    """Not even the columns are looked at."""
    empty = Table.from_columns({"x": [1]})
    store = store_of(said(model="taxis"))
    assert ([], 0) == touched_hours(empty, store, model="flights", key=["flight_id"], after=0)


def test_times_before_1970_are_in_hours_too():
    """Rounded down."""
    table = predictions(["UA1"], time=[datetime(1969, 12, 31, 23, 59)])
    asked = {"model": "flights", "key": ["flight_id"], "after": 0}
    assert [-1] == touched_hours(table, store_of(said()), **asked)[0]
