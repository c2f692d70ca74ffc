"""Schema files: read with errors that say the line, written so that a person can review them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings

from interplane.data.checks import check
from interplane.data.profile import profile
from interplane.data.readers import read_table
from interplane.data.schema import Drift, Schema
from interplane.data.schema_file import parse_schema, read_schema
from interplane.data.schema_writer import schema_text
from interplane.data.table import Table
from interplane.errors import ConfigError
from interplane.testing.random_tables import tables


def at(*parts):
    """A time of the engine: UTC, without saying so."""
    return dt.datetime(*parts)  # noqa: DTZ001


WHOLE = """
format = 1
extra = "warn"
min_rows = 10
key = ["id"]
time = "at"
max_age = "36h"
on_breach = "warn"

[columns.id]
type = "int"
unique = true
nulls = 0

[columns."wind speed"]
type = "float"
required = false
nulls = 0.05
min = 0
max = 150.5
on_breach = "null"

[columns."wind speed".drift]
measure = "jensen_shannon"
max = 0.1
on_breach = "stop"

[columns.at]
type = "timestamp"
min = 2013-01-01
max = 2014-01-01T00:00:00Z

[columns.day]
type = "date"
max = 2014-01-01

[columns.origin]
type = "str"
allowed = ["EWR", "JFK"]
pattern = "[A-Z]{3}"
on_breach = { allowed = "warn", pattern = "null" }
"""


def test_every_key():
    """The whole of the format, read once."""
    schema = parse_schema(WHOLE)
    assert (schema.extra, schema.least_rows, schema.key) == ("warn", 10, ("id",))
    assert (schema.time, schema.max_age, schema.on_breach) == ("at", 129_600.0, "warn")
    wind = schema.columns["wind speed"]
    assert (wind.low, wind.high, wind.nulls, wind.required) == (0.0, 150.5, 0.05, False)
    assert wind.drift == Drift(measure="jensen_shannon", most=0.1, on_breach="stop")
    assert schema.columns["at"].low == "2013-01-01T00:00:00"
    assert schema.columns["at"].high == "2014-01-01T00:00:00"
    assert schema.columns["day"].high == "2014-01-01"
    origin = schema.columns["origin"]
    assert [origin.action(rule) for rule in ("allowed", "pattern", "nulls")] == [
        "warn",
        "null",
        "stop",
    ]


def test_only_single_values_read_as_null():
    """A column that says null stops on rules that no single value breaks."""
    wind = parse_schema(WHOLE).columns["wind speed"]
    assert [wind.action(rule) for rule in ("min", "max", "type", "nulls", "unique")] == [
        "null",
        "null",
        "null",
        "stop",
        "stop",
    ]


def test_digest_is_of_what_it_says():
    """Comments and layout do not matter; a limit does; the JSON form gives the same schema."""
    schema = parse_schema(WHOLE)
    assert parse_schema("# reviewed\n" + WHOLE.replace("\n\n", "\n")).digest == schema.digest
    assert parse_schema(WHOLE.replace("150.5", "151")).digest != schema.digest
    import msgspec

    assert msgspec.json.decode(msgspec.json.encode(schema), type=Schema) == schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no column"),
        ("[columns.x]\ntype = ", "is no TOML"),
        ("colums = 1", "s.toml, line 1: no such key at colums. Expected one of format"),
        ("colums = 1", "Did you mean 'columns'?"),
        ("[columns.x]\ntype = 'int'\nmaximum = 3", "line 3: no such key at columns.x.maximum"),
        ("[columns.x]\ntype = 'integer'", "line 2: 'integer' at columns.x.type"),
        ("[columns.x]\ntype = 'integer'", "Did you mean 'int'?"),
        ("[columns.x]\nmin = 0", "line 1: no type at columns.x"),
        ("[columns.x]\ntype = 'int'\nmin = 'a'", "line 3: 'a' at columns.x.min"),
        ("[columns.x]\ntype = 'int'\nmin = 0.5", "0.5 at columns.x.min"),
        ("[columns.x]\ntype = 'int'\nmin = true", "True at columns.x.min"),
        ("[columns.x]\ntype = 'str'\nmin = 'a'", "Expected no min for a str"),
        ("[columns.x]\ntype = 'date'\nmin = 2013-01-01T00:00:00", "columns.x.min"),
        ("[columns.x]\ntype = 'int'\nnulls = 2", "2 at columns.x.nulls. Expected a share"),
        ("[columns.x]\ntype = 'int'\nunique = 1", "1 at columns.x.unique. Expected true or false"),
        ("[columns.x]\ntype = 'int'\nallowed = []", "Expected a list of values"),
        ("[columns.x]\ntype = 'int'\nallowed = [1, 'a']", "'a' at columns.x.allowed"),
        ("[columns.x]\ntype = 'int'\npattern = 'a'", "no pattern for a int"),
        ("[columns.x]\ntype = 'str'\npattern = '('", "'(' at columns.x.pattern"),
        ("[columns.x]\ntype = 'int'\non_breach = 'halt'", "Expected one of stop, warn, null"),
        ("[columns.x]\ntype = 'int'\non_breach = {nulls = 'null'}", "no single value breaks it"),
        ("[columns.x]\ntype = 'int'\non_breach = {drift = 'stop'}", "no such key"),
        ("[columns.x]\ntype = 'int'\n[columns.x.drift]\nmeasure = 'ks'", "line 4: 'ks'"),
        ("[columns.x]\ntype = 'date'\n[columns.x.drift]\nmax = 1", "time moves"),
        ("columns.x = 3", "3 at columns.x"),
        ("key = ['y']\n[columns.x]\ntype = 'int'", "line 1: column 'y' at key"),
        ("time = 'x'\n[columns.x]\ntype = 'int'", "a column of dates or timestamps"),
        ("max_age = '2d'\n[columns.x]\ntype = 'int'", "without a time column"),
        ("time = 'x'\nmax_age = 'soon'\n[columns.x]\ntype = 'date'", "line 2: 'soon' at max_age"),
        ("format = 2\n[columns.x]\ntype = 'int'", "Use a newer Interplane"),
        ('[columns."a.b"]\ntype = "int"\nmaxi = 1', "line 3: no such key"),
    ],
)
def test_wrong_files(text, message):
    """Each fault is named with its line, its key and what was expected."""
    with pytest.raises(ConfigError) as caught:
        parse_schema(text, name="s.toml")
    assert message in str(caught.value)


def test_files_that_are_not_there_or_no_text(tmp_path):
    """A missing file says how to get a first one."""
    with pytest.raises(ConfigError, match="interplane data schema"):
        read_schema(tmp_path / "flights.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_schema(tmp_path / "bad.toml")
    (tmp_path / "good.toml").write_text(WHOLE)
    assert read_schema(tmp_path / "good.toml") == parse_schema(WHOLE)


@settings(max_examples=30)
@given(tables())
def test_a_first_schema_is_kept_by_its_rows(table):
    """Whatever the rows, the schema written from them can be read, and they pass it."""
    schema = parse_schema(schema_text(profile(table), name="t"))
    assert schema.types == table.types
    verdict = check(table, schema)
    broken = [breach.rule for breach in verdict.breaches]
    assert broken == ([] if table.rows else ["at least 1 rows"])


def test_first_schema_of_the_weather(flights_data):
    """It has what a person needs to set limits, and points at the wind."""
    text = schema_text(profile(read_table(flights_data / "weather.csv").table), name="weather")
    assert "# look at the greatest value" in text.partition("[columns.wind_speed]")[2][:200]
    assert 'allowed = ["EWR", "JFK", "LGA"]' in text


# ---- reading through a schema --------------------------------------------------------------------


def through(columns, rules):
    """Read one table through rules; return its rows and types."""
    table = Table.from_columns(columns).through(parse_schema(f'extra = "allow"\n{rules}'))
    return table.to_rows(), table.types


def test_broken_values_read_as_null():
    """Rows stay; only the value is gone, and only where the rule says null."""
    rules = """
        columns.wind = { type = "float", min = 0, max = 150, on_breach = { max = "null" } }
        columns.origin = { type = "str", allowed = ["EWR"], on_breach = "null" }
        columns.code = { type = "str", pattern = "[A-Z]+", on_breach = "warn" }
    """
    columns = {
        "wind": [-1.0, 1048.0, float("nan"), None, 10.0],
        "origin": ["EWR", "ewr", None, "JFK", "EWR"],
        "code": ["A", "1", None, "B", "C"],
    }
    rows, _ = through(columns, rules)
    assert [row["wind"] for row in rows] == [-1.0, None, None, None, 10.0]
    assert [row["origin"] for row in rows] == ["EWR", None, None, None, "EWR"]
    assert [row["code"] for row in rows] == columns["code"]


@pytest.mark.parametrize(
    ("given", "type_", "expected"),
    [
        ([1, None, 2**53 + 1], "float", [1.0, None, float(2**53 + 1)]),
        ([1, None], "str", ["1", None]),
        ([1.0, 1.5, float("nan"), 1e300, None], "int", [1, None, None, None, None]),
        (["7", "x", None], "int", [7, None, None]),
        ([dt.date(2013, 1, 1)], "timestamp", [at(2013, 1, 1)]),
        (
            [at(2013, 1, 1), at(2013, 1, 1, 1)],
            "date",
            [dt.date(2013, 1, 1), None],
        ),
        ([True, None], "int", [None, None]),
        ([1.5], "str", [None]),
    ],
)
def test_values_read_as_the_schema_s_type(given, type_, expected):
    """Exactly, or as null; the table says the schema's type."""
    rows, types = through({"x": given}, f'columns.x = {{ type = "{type_}" }}')
    assert types == {"x": type_}
    assert [row["x"] for row in rows] == expected


def test_a_table_knows_its_schema():
    """Reading through a schema with nothing to change reads the rows as they are."""
    schema = parse_schema("columns.x = {type = 'int'}")
    table = Table.from_columns({"x": [1]})
    assert table.schema is None
    assert table.through(schema).schema == schema
    assert table.through(schema).equals(table)
