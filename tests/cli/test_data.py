"""`interplane data`: versions of datasets."""

import pyarrow.csv
import pyarrow.parquet as pq

ADDED = {"dataset", "number", "digest", "rows", "rows_added", "new", "note", "verdict"}
VERSION = {
    "number",
    "digest",
    "rows",
    "columns",
    "size_bytes",
    "at",
    "actor",
    "addition",
    "is_latest",
}


def test_the_first_version_writes_a_schema_to_be_reviewed(empty):
    """It says where, and the second version is checked against it."""
    first = empty.must("data", "add", "rides", "rides.csv")
    assert "rides@1  240 rows" in first.out
    assert "wrote schemas/rides.toml: review it" in first.out
    assert (empty.root / "schemas/rides.toml").is_file()
    assert "rides: passed" in empty.must("data", "check", "rides").out


def test_adding_the_same_file_twice_is_the_same_version(empty):
    """A retry does no harm, and says so."""
    first = empty.must("data", "add", "rides", "rides.csv", "--json").json
    again = empty.must("data", "add", "rides", "rides.csv", "--json").json
    assert ADDED | {"schema_written"} == set(first)
    assert first["digest"] == again["digest"]
    assert (True, False) == (first["new"], again["new"])
    assert "already" in again["note"]
    assert "already" in empty.must("data", "add", "rides", "rides.csv", "--append").out


def test_rows_are_appended(finished, make_rides):
    """After those of the latest version; the earlier version stays."""
    finished.write("more.csv", make_rides(30, first=1000))
    added = finished.must("data", "add", "rides", "more.csv", "--append", "--json").json
    assert (2, 270, 30) == (added["number"], added["rows"], added["rows_added"])
    assert added["verdict"]["breaches"] == []
    assert 240 == finished.must("data", "show", "rides@1", "--json").json["rows"]


def test_how_a_text_file_is_written_can_be_said(empty, make_rides):
    """Delimiter and types of columns, on the line."""
    empty.write("semi.csv", make_rides(20).replace(",", ";"))
    words = ("--option", "delimiter=;", "--option", "types.miles=str", "--json")
    empty.must("data", "add", "semi", "semi.csv", *words)
    columns = empty.must("data", "show", "semi", "--json").json["columns"]
    assert {"name": "miles", "type": "str"} in columns


def test_parquet_and_csv_of_the_same_rows_are_the_same_version(empty):
    """The digest is that of the rows."""
    first = empty.must("data", "add", "rides", "rides.csv", "--json").json
    table = pyarrow.csv.read_csv(empty.root / "rides.csv")
    pq.write_table(table, empty.root / "rides.parquet")
    again = empty.must("data", "add", "rides", "rides.parquet", "--json").json
    assert first["digest"] == again["digest"]


def test_list_has_a_line_for_each_dataset(finished):
    """Latest version, rows, columns."""
    out = finished.must("data", "list").out
    assert "rides@1" in out
    assert "240" in out
    listed = finished.must("data", "list", "--json").json
    assert [{"name"} | VERSION] == [set(item) for item in listed]
    assert ("rides", 6, True) == tuple(listed[0][key] for key in ("name", "columns", "is_latest"))


def test_an_empty_workspace_says_how_to_begin(empty):
    """Three lists, three next commands."""
    assert 'Add one with "interplane data add NAME FILE"' in empty.must("data", "list").out
    assert 'Make one with "interplane run"' in empty.must("runs").out
    assert 'Make one with "interplane run"' in empty.must("models").out
    for words in (("data", "list"), ("runs",), ("models",)):
        assert [] == empty.must(*words, "--json").json


def test_show_has_profile_rows_and_versions(finished):
    """For a person and for a program."""
    out = finished.must("data", "show", "rides", "--rows", "2").out
    for word in ("began_at", "timestamp", "2 rows, 6 columns", "rides@1 *", "rides.csv"):
        assert word in out
    shown = finished.must("data", "show", "rides", "--json").json
    assert {"digest", "rows", "columns", "profile", "versions"} == set(shown)
    assert [VERSION] == [set(item) for item in shown["versions"]]


def test_diff_says_what_came(finished, make_rides):
    """Rows and distributions."""
    finished.write("more.csv", make_rides(30, first=1000))
    finished.must("data", "add", "rides", "more.csv", "--append")
    assert "30" in finished.must("data", "diff", "rides@1", "rides@2").out
    assert isinstance(finished.must("data", "diff", "rides@1", "rides@2", "--json").json, dict)


def test_check_stops_with_the_code_of_refused_data(finished):
    """And names the rule, for a person and for a program."""
    finished.edit("schemas/rides.toml", '"west"', '"east"')
    result = finished("data", "check", "rides")
    assert 3 == result.code
    assert "zone one of" in result.out
    result = finished("data", "check", "rides", "--json")
    assert 3 == result.code
    assert result.json["passed"] is False
    assert ["zone"] == [breach["where"] for breach in result.json["breaches"]]


def test_check_against_an_earlier_version_takes_it(finished):
    """For rules of drift."""
    assert 0 == finished("data", "check", "rides", "--against", "rides@1").code


def test_schema_prints_and_never_overwrites(finished):
    """What the first version wrote can be had again, but not over a reviewed file."""
    assert "[columns.zone]" in finished.must("data", "schema", "rides").out
    result = finished("data", "schema", "rides", "--write")
    assert 2 == result.code
    assert "schemas/rides.toml is there already" in result.err
    (finished.root / "schemas/rides.toml").unlink()
    assert "review it" in finished.must("data", "schema", "rides", "--write").out
