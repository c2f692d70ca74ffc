"""Checks: each rule is held or broken, with rows, examples and what to do."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.data.checks import check, check_table
from interplane.data.drift import MEASURES, jensen_shannon, l_infinity, psi
from interplane.data.profile import profile
from interplane.data.readers import read_table
from interplane.data.schema_file import parse_schema
from interplane.data.table import Table
from interplane.errors import SchemaBroken, UsageError


def at(*parts):
    """A time of the engine: UTC, without saying so."""
    return dt.datetime(*parts)  # noqa: DTZ001


def verdict(columns, rules, **how):
    """Check one table of columns against TOML rules."""
    return check(Table.from_columns(columns), parse_schema(rules), **how)


@pytest.mark.parametrize(
    ("columns", "rules", "rule", "rows", "examples"),
    [
        ({"x": [1, 5, 9, 9]}, "columns.x = {type='int', max=8}", "x at most 8", 2, (9,)),
        ({"x": [1, -5, None]}, "columns.x = {type='int', min=0}", "x at least 0", 1, (-5,)),
        ({"x": [math.nan]}, "columns.x = {type='float', min=0}", "x at least 0.0", 1, ("nan",)),
        ({"x": [math.nan]}, "columns.x = {type='float', max=0}", "x at most 0.0", 1, ("nan",)),
        ({"x": ["a", "b"]}, "columns.x = {type='str', allowed=['a']}", "x one of 'a'", 1, ("b",)),
        (
            {"x": ["a1", "b"]},
            "columns.x = {type='str', pattern='[a-z]'}",
            "x matches [a-z]",
            1,
            ("a1",),
        ),
        (
            {"x": [1, 1, 2, None, None]},
            "columns.x = {type='int', unique=true}",
            "x is unique",
            1,
            (1,),
        ),
        (
            {"x": [1, None]},
            "columns.x = {type='int', nulls=0.4}",
            "x null in at most 40% of rows",
            1,
            (),
        ),
        ({"x": ["7", "x"]}, "columns.x = {type='int'}", "x is int", 1, ("x",)),
        ({"x": [1.5, 2.0]}, "columns.x = {type='int'}", "x is int", 1, (1.5,)),
        ({"x": [True]}, "columns.x = {type='date'}", "x is date", 1, (True,)),
        (
            {"x": [dt.date(2013, 1, 1)]},
            "columns.x = {type='date', max=2012-01-01}",
            "x at most 2012-01-01",
            1,
            ("2013-01-01",),
        ),
        (
            {"x": [1, 1], "y": ["a", "a"]},
            "key=['x','y']\n[columns]\nx = {type='int'}\ny = {type='str'}",
            "(x, y) names one row",
            1,
            ([1, "a"],),
        ),
        (
            {"n": [1, 1, 2]},
            "key=['n']\n[columns]\nn = {type='int'}",
            "(n) names one row",
            1,
            ([1],),
        ),
        ({"x": [1]}, "min_rows = 2\n[columns]\nx = {type='int'}", "at least 2 rows", None, ()),
        ({"x": [1]}, "[columns]\nx = {type='int'}\ny = {type='int'}", "y is there", None, ()),
        ({"x": [1], "z": [1]}, "columns.x = {type='int'}", "no other columns", None, ()),
    ],
)
def test_each_rule_when_broken(columns, rules, rule, rows, examples):
    """One breach, with the rows that break it and a few of their values."""
    found = verdict(columns, rules)
    assert not found.passed
    (breach,) = found.breaches
    assert (breach.rule, breach.rows, breach.examples) == (rule, rows, examples)
    assert breach.action == "stop"
    assert breach.do
    assert found.asked == 1 + len(found.held)


def test_what_is_kept_is_listed():
    """Rules that hold are named; null breaks none but its own."""
    found = verdict(
        {"x": [1, None], "s": ["EWR", None]},
        "[columns]\nx = {type='int', min=0, max=2, unique=true, nulls=0.5}\n"
        "s = {type='str', allowed=['EWR'], pattern='[A-Z]+'}",
    )
    assert found.passed
    assert found.breaches == ()
    assert {"x at least 0", "s one of 'EWR'", "s matches [A-Z]+", "x is unique"} <= set(found.held)


def test_actions_order_and_pass():
    """What stops comes first; null and warn let the version in."""
    rules = """
        extra = "warn"
        [columns]
        a = { type = "int", max = 0, on_breach = "warn" }
        b = { type = "int", max = 0, on_breach = "null" }
        c = { type = "int", max = 0 }
    """
    found = verdict({"a": [1], "b": [1], "c": [1], "d": [1]}, rules)
    assert [breach.action for breach in found.breaches] == ["stop", "null", "warn", "warn"]
    assert "stop c at most 0: values above it in 1 row (for example 1)" in found.to_text()
    assert "read as null" in found.breaches[1].do
    assert "raise max" in found.breaches[0].do
    without = verdict({"a": [1], "b": [1], "c": [0]}, rules)
    assert without.passed


def test_optional_columns_may_be_missing():
    """A column that is not required is not asked for."""
    assert verdict(
        {"x": [1]}, "[columns]\nx = {type='int'}\ny = {type='int', required=false}"
    ).passed


def test_examples_are_few_and_short():
    """However many rows break a rule."""
    texts = [f"{index:04d}" + "x" * 500 for index in range(1000)]
    (breach,) = verdict({"x": texts}, "columns.x = {type='str', allowed=['a']}").breaches
    assert breach.rows == 1000
    assert len(breach.examples) == 5
    assert max(map(len, breach.examples)) == 60


def test_freshness():
    """The latest time is held against the time now; without one the rule is skipped."""
    rules = "time = 'at'\nmax_age = '2d'\n[columns]\nat = {type='timestamp'}"
    columns = {"at": [at(2013, 5, 1), at(2013, 5, 3)]}
    assert verdict(columns, rules, now="2013-05-04T00:00:00Z").passed
    (breach,) = verdict(columns, rules, now="2013-05-05T00:00:01Z").breaches
    assert breach.found == "the latest is 2013-05-03T00:00:00"
    assert verdict(columns, rules).skipped == ("at at most 48 hours ago: no time is given",)
    empty = {"at": np.array([None], "datetime64[us]")}
    (breach,) = verdict(empty, rules, now="2013-05-05T00:00:01Z").breaches
    assert breach.found == "no time"


# ---- drift ------------------------------------------------------------------------------------

DRIFT = "columns.x = {type='%s', drift={measure='%s', max=0.1, on_breach='stop'}}"


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("type_", ["float", "int", "str"])
def test_drift_is_found_and_sameness_is_not(type_, measure):
    """A distribution that moved is a breach; another sample of the same one is none."""
    random = np.random.default_rng(3)

    def column(shift, nulls=0):
        values = random.normal(10 * shift, 10, 4000)
        if type_ == "int":
            values = values.astype(int)
        if type_ == "str":
            values = np.where(values > 5, "late", "on time")
        return Table.from_columns({"x": [None] * nulls + values.tolist()})

    before, rules = profile(column(0)), parse_schema(DRIFT % (type_, measure))
    assert check(column(0), rules, against=before).passed
    moved = check(column(1.5), rules, against=before)
    assert [breach.where for breach in moved.breaches] == ["x"]
    assert not check(column(0, nulls=2000), rules, against=before).passed


def test_drift_without_an_earlier_version_is_skipped():
    """The first version has nothing to be held against; nor has a new column."""
    rules = DRIFT % ("int", "psi")
    assert verdict({"x": [1]}, rules).skipped == (
        "x moved by at most 0.1 (psi): no earlier version",
    )
    earlier = profile(Table.from_columns({"y": [1]}))
    assert "lacks" in verdict({"x": [1]}, rules, against=earlier).skipped[0]


COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=8)


@given(COUNTS, st.data())
def test_laws_of_the_measures(before, data):
    """None for the same shares, never negative, symmetric, within their bounds."""
    after = data.draw(st.lists(st.integers(0, 1000), min_size=len(before), max_size=len(before)))
    for measure in (psi, jensen_shannon, l_infinity):
        assert measure(before, before) == pytest.approx(0, abs=1e-7)
        assert measure(before, after) >= 0
        assert measure(before, after) == pytest.approx(measure(after, before), abs=1e-9)
    assert jensen_shannon(before, after) <= 1
    assert l_infinity(before, after) <= 1


# ---- rows and verdict --------------------------------------------------------------------------


def test_checked_rows_come_back_or_raise():
    """`or_raise` is the rows, or the error with the verdict."""
    schema = parse_schema("columns.x = {type='int', max=8}")
    good, bad = Table.from_columns({"x": [1]}), Table.from_columns({"x": [9]})
    assert check_table(good, schema, against=good).or_raise() is good
    with pytest.raises(SchemaBroken, match=r"for example 9\). Expected x at most 8") as caught:
        check_table(bad, schema).or_raise()
    assert caught.value.verdict.breaches[0].rows == 1
    assert check_table(good.through(schema)).verdict.passed
    with pytest.raises(UsageError, match="not read through a schema"):
        check_table(good)


def test_the_wind_of_1048_miles_an_hour(flights_data):
    """The check finds it; read through the schema it is null; the row stays."""
    table = read_table(flights_data / "weather.csv").table
    schema = parse_schema(
        "extra='allow'\n[columns]\nwind_speed = {type='float', min=0, max=150, on_breach='null'}"
    )
    found = check(table, schema)
    assert found.passed
    assert (found.breaches[0].rows, found.breaches[0].examples) == (1, (1048.36058,))
    seen = table.through(schema)
    assert seen.rows == table.rows
    assert seen.sql("SELECT max(wind_speed) AS m FROM self").to_rows()[0]["m"] < 50
