"""The log as a table: each id once, whether it was compacted or not, typed, and pruned by time."""

import json
import math
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pyarrow.parquet as pq
import pytest

from interplane.errors import Corrupt, DataError, StorageError, UsageError
from interplane.predictions import parquet
from interplane.predictions.compact import compact
from interplane.predictions.layout import OPEN, PARQUET
from interplane.predictions.table import read_log
from interplane.testing.prediction_laws import made_up_entry

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00")
START_US = made_up_entry(0).at_us


@pytest.fixture(params=["open", "closed", "compacted", "half"])
def settle(request, folder, open_writer, write):
    """Return a function that logs entries, of which some are compacted, or none."""

    def settles(*entries):
        if request.param == "open":
            log = open_writer()
            for entry in entries:
                log.append([entry])
        elif request.param == "half":
            write(*entries[::2])
            compact(folder)
            open_writer(name="worker-1").append(entries[1::2])
        else:
            write(*entries)
            if request.param == "compacted":
                assert len(entries) == compact(folder).entries

    return settles


def rows_by_number(table):
    """The rows of a table by the number of their entry."""
    return {int(row["prediction_id"], 16): row for row in table.to_rows()}


def moment(at_us):
    """A time as a table has it."""
    return EPOCH + timedelta(microseconds=at_us)


def test_everything_that_was_logged_is_there(folder, settle):
    """Value by value, with types."""
    entries = [made_up_entry(number, client_id=f"c{number}") for number in range(20)]
    settle(*entries)
    table = read_log(folder, model="flights")
    assert 20 == len(table) == table.to_arrow().num_rows
    assert {
        "prediction_id": "str",
        "model": "str",
        "crossing": "str",
        "time": "timestamp",
        "at": "timestamp",
        "score": "float",
        "client_id": "str",
        "took_us": "int",
        "replay": "bool",
        "instead_of": "str",
        "because": "str",
        "row.number": "int",
        "row.wind": "float",
        "row.origin": "str",
        "row.gate": "str",
        "looked_up.carrier.late_rate_7d": "float",
    } == table.types
    found = rows_by_number(table)
    for number, entry in enumerate(entries):
        assert {
            "prediction_id": entry.id,
            "model": "flights",
            "crossing": "c" * 64,
            "time": moment(entry.time_us),
            "at": moment(entry.at_us),
            "score": number / 7,
            "client_id": f"c{number}",
            "took_us": 120,
            "replay": False,
            "instead_of": None,
            "because": None,
            "row.number": number,
            "row.wind": number / 3,
            "row.origin": "JFK",
            "row.gate": None,
            "looked_up.carrier.late_rate_7d": 1 / (number + 1),
        } == found[number]


def test_who_should_have_answered(folder, settle):
    """Null where the one that answered is the one that should have."""
    settle(*map(made_up_entry, range(4)), instead(4), made_up_entry(5))
    for model in ("flights", None):
        found = rows_by_number(read_log(folder, model=model))
        assert {None: 5, "d" * 64: 1} == Counter(row["instead_of"] for row in found.values())
        assert ("d" * 64, "request-rejected") == (found[4]["instead_of"], found[4]["because"])


def test_files_from_before_are_read_beside_new_ones_and_merged(folder, write):
    """A file has the column where a row of it has a value: those from before have none."""
    for number in range(6):
        write(instead(number) if number in {3, 5} else made_up_entry(number))
        compact(folder, now_us=lambda: START_US)
    paths = list((folder / PARQUET).iterdir())
    having = [path for path in paths if "instead_of" in pq.read_schema(path).names]
    assert (2, 4) == (len(having), len(paths) - len(having))
    before = read_log(folder, model="flights").to_rows()
    assert 2 == sum(row["instead_of"] == "d" * 64 for row in before)
    assert 6 == compact(folder, now_us=lambda: START_US + 2 * DAY_US).merged
    after = read_log(folder, model="flights")
    assert "row.instead_of" not in after.names
    assert before == after.to_rows()


def instead(number):
    """An entry that another crossing should have been in."""
    return made_up_entry(number, instead_of="d" * 64, because="request-rejected")


def test_several_models_have_their_requests_as_json(folder, settle):
    """Every value as it was, whatever the kinds of its column."""
    rows = [{"a": 1, "b": 'x"y'}, {"a": 2.5, "c": [1, {"d": None}]}, {"a": True, "é": 5e-324}]
    settle(
        *[
            made_up_entry(number, model=f"m{number % 2}", row=row, looked_up=None)
            for number, row in enumerate(rows)
        ]
    )
    table = read_log(folder)
    assert ("row", "looked_up") == table.names[-2:]
    for number, row in rows_by_number(table).items():
        found = json.loads(row["row"])
        assert rows[number] == {name: found[name] for name in rows[number]}
        assert {None} >= {value for name, value in found.items() if name not in rows[number]}
        assert row["looked_up"] is None


def test_columns_widen_as_far_as_needed(folder, settle):
    """Whole numbers become floats beside floats; what differs is JSON; others stay."""
    values = [(1, "a", 2**60), (2.5, 7, 3), (3, None, 4)]
    settle(
        *[
            made_up_entry(number, row=dict(zip("xyz", row, strict=True)))
            for number, row in enumerate(values)
        ]
    )
    table = read_log(folder, model="flights").select("row.x", "row.y", "row.z")
    assert {"row.x": "float", "row.y": "str", "row.z": "int"} == table.types
    found = {tuple(row.values()) for row in table.to_rows()}
    assert {(1.0, '"a"', 2**60), (2.5, "7", 3), (3.0, None, 4)} == found


def test_what_is_not_finite(folder, settle):
    """A table keeps it; JSON has null in its place."""
    settle(*[made_up_entry(n, row={"x": x}) for n, x in enumerate((math.inf, math.nan, 0.5))])
    found = rows_by_number(read_log(folder, model="flights"))
    assert ["inf", "nan", "0.5"] == [str(found[number]["row.x"]) for number in range(3)]
    found = rows_by_number(read_log(folder))
    assert [None, None, 0.5] == [json.loads(found[number]["row"])["x"] for number in range(3)]


def test_names_that_differ_in_case_only(folder, settle):
    """Two crossings may well have them."""
    settle(made_up_entry(0, row={"wind": 1}), made_up_entry(1, row={"Wind": 2}))
    table = read_log(folder, model="flights").select("row.wind", "row.Wind_2")
    assert {(1, None), (None, 2)} == {tuple(row.values()) for row in table.to_rows()}
    assert 2 == table.sql('SELECT sum("row.Wind_2") AS n FROM self').to_rows()[0]["n"]


def test_types_are_read_exactly(folder, settle):
    """Times with any offset, and what no request had."""
    row = {"t": "2013-05-01T06:15:00.5+02:00", "d": "2013-05-01", "n": 5.0, "i": 7}
    plain = {"t": "2013-05-01T06:15:00", "d": None, "n": 6.0, "i": 8}
    settle(made_up_entry(0, row=row), made_up_entry(1, row=plain))
    types = {"t": "timestamp", "d": "date", "n": "int", "i": "float", "never": "timestamp"}
    table = read_log(folder, model="flights", types=types)
    assert types == {name[4:]: kind for name, kind in table.types.items() if name[:4] == "row."}
    found = rows_by_number(table)
    assert datetime.fromisoformat("2013-05-01T04:15:00.5") == found[0]["row.t"]
    assert datetime.fromisoformat("2013-05-01T06:15:00") == found[1]["row.t"]
    assert (5, 7.0, None) == tuple(found[0][f"row.{name}"] for name in ("n", "i", "never"))
    assert found[0]["row.d"].isoformat() == "2013-05-01"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0.5, "int"), (2**60 + 1, "float"), ("soon", "timestamp"), ("soon", "date"), (1e300, "int")],
)
def test_a_value_that_cannot_have_its_type_is_an_error(folder, settle, value, wanted):
    """Never another value."""
    settle(made_up_entry(0, row={"x": value}))
    table = read_log(folder, model="flights", types={"x": wanted})
    with pytest.raises(DataError, match="a logged value has not the type"):
        table.column("row.x")
    with pytest.raises(UsageError, match="the query failed"):
        table.sql('SELECT "row.x" FROM self')
    with pytest.raises(DataError, match="can be read as bool"):
        read_log(folder, model="flights", types={"x": "bool"})


def test_rows_are_chosen_by_prediction_time(folder, settle):
    """From the first on, before the last; with any zone."""
    settle(*[made_up_entry(n, time_us=START_US + n * HOUR_US) for n in range(60)])
    since, until = moment(START_US + 10 * HOUR_US), moment(START_US + 50 * HOUR_US)
    for zone in (None, UTC, timezone(timedelta(hours=-5))):
        bounds = [
            bound if zone is None else bound.replace(tzinfo=UTC).astimezone(zone)
            for bound in (since, until)
        ]
        table = read_log(folder, model="flights", since=bounds[0], until=bounds[1])
        assert set(range(10, 50)) == set(rows_by_number(table))
        assert 40 == len(table)
    assert set(range(50, 60)) == set(rows_by_number(read_log(folder, since=until)))
    assert set(range(10)) == set(rows_by_number(read_log(folder, until=since)))
    assert 0 == len(read_log(folder, since=until, until=since))


def test_a_table_is_like_any_other(folder, settle):
    """Selected, sliced, queried, in batches, without columns."""
    settle(*[made_up_entry(number) for number in range(50)])
    table = read_log(folder, model="flights")
    assert 7 == table.head(7).rows
    assert 50 == sum(batch.num_rows for batch in table.batches(rows=8))
    assert max(batch.num_rows for batch in table.batches(rows=8)) <= 8
    assert (50, 0) == table.select().to_arrow().shape
    question = 'SELECT sum("row.number") AS n, count(DISTINCT prediction_id) AS ids FROM self'
    assert [{"n": 1225, "ids": 50}] == table.sql(question).to_rows()
    assert 100 == table.concat(table).rows
    both = table.sql("SELECT count(*) AS n FROM self JOIN other USING (prediction_id)", other=table)
    assert [{"n": 50}] == both.to_rows()


def test_a_model_that_was_never_logged_has_the_logs_own_columns(folder, settle):
    """And those that are declared."""
    settle(made_up_entry(0))
    table = read_log(folder, model="trains", types={"wagon": "int"})
    assert (0, []) == (len(table), table.to_rows())
    assert "int" == table.types["row.wagon"]
    assert 0 == table.sql("SELECT count(*) AS n FROM self").to_rows()[0]["n"]


def test_a_log_that_was_never_written(folder, tmp_path):
    """Whether its folder is there or not."""
    assert 0 == len(read_log(folder, model="flights"))
    assert 0 == len(read_log(tmp_path))
    assert not folder.exists()


# ---- once ---------------------------------------------------------------------------------


def repeat(number, at_us, **changes):
    """An entry of a request with an id of the client's own, at a time."""
    return made_up_entry(number, client_id=f"c{number}", at_us=at_us, took_us=at_us % 97, **changes)


@pytest.mark.parametrize("compacted", [(), (0,), (1,), (0, 1), (2,), (0, 2), (0, 1, 2)])
def test_an_id_stands_there_once(folder, write, compacted):
    """The earliest by the server's clock, in whichever segment or file, and whatever the order."""
    days = [START_US + 2 * DAY_US, START_US, START_US + DAY_US]
    for place, at_us in enumerate(days):
        write(
            repeat(1, at_us), made_up_entry(10 + place, at_us=at_us), repeat(1, at_us),
            name=f"worker-{place}", now_us=lambda place=place: place,
        )  # fmt: skip
        if place in compacted:
            compact(folder)
    table = read_log(folder, model="flights")
    assert [1, 10, 11, 12] == sorted(int(i, 16) for i in table.column("prediction_id").to_pylist())
    assert 4 == len(table)
    assert moment(START_US) == rows_by_number(table)[1]["at"]
    compact(folder)
    table = read_log(folder)
    assert 4 == len(table) == table.to_arrow().num_rows
    assert moment(START_US) == rows_by_number(table)[1]["at"]


def test_ids_of_two_models_are_two(folder, write):
    """The server makes ids of model and client id; only one model's are compared."""
    write(repeat(1, START_US), repeat(2, START_US, model="trains"))
    compact(folder)
    write(repeat(1, START_US + 5), repeat(2, START_US + 5, model="trains"))
    assert (1, 1, 2) == tuple(len(read_log(folder, model=m)) for m in ("flights", "trains", None))


# ---- what is not there, or broken ---------------------------------------------------------


def test_a_damaged_file_is_never_read(folder, write, monkeypatch):
    """It is said which predictions are in it; other days are read."""
    monkeypatch.setattr(parquet, "_VERIFIED", {})
    write(made_up_entry(0), made_up_entry(1, time_us=START_US + DAY_US, at_us=START_US + DAY_US))
    compact(folder)
    first = min((folder / PARQUET).iterdir(), key=lambda path: path.stat().st_mtime_ns)
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.chmod(0o644)
    first.write_bytes(data)
    with pytest.raises(
        Corrupt, match=r"is damaged; it holds 1 predictions of flights of 2013-06-0"
    ):
        read_log(folder)
    hit = [
        since
        for since in (START_US - HOUR_US, START_US + DAY_US - HOUR_US)
        if not _reads(folder, since=moment(since), until=moment(since + 2 * HOUR_US))
    ]
    assert 1 == len(hit)


def _reads(folder, **bounds):
    try:
        return len(read_log(folder, **bounds)) == 1
    except Corrupt:
        return False


def test_a_file_that_is_gone_is_said(folder, write):
    """When the table is made, and when it is read later."""
    write(made_up_entry(0))
    compact(folder)
    table = read_log(folder)
    (path,) = (folder / PARQUET).iterdir()
    path.unlink()
    with pytest.raises(StorageError, match=r"is not there any more.*Ask for the table again"):
        table.to_arrow()
    with pytest.raises(StorageError, match="which holds 1 predictions of flights"):
        read_log(folder)


def test_damage_does_not_hide_what_is_whole(folder, write):
    """Reading an open log with a torn end is nothing special."""
    write(made_up_entry(0), made_up_entry(1))
    (path,) = (folder / OPEN).iterdir()
    path.write_bytes(path.read_bytes() + b"half a frame")
    assert [0, 1] == sorted(rows_by_number(read_log(folder)))
