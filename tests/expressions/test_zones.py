"""Local times: every zone around every change, on both sides; and what of zones is refused."""

# ruff: noqa: DTZ001 - our timestamps are UTC and have no zone
from __future__ import annotations

import os
import random
import secrets
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from interplane.errors import ExpressionError, UnknownName
from interplane.expressions.duckdb_sql import SETTINGS, select_sql
from interplane.expressions.expr import Row
from interplane.expressions.jsonform import from_json, to_json
from interplane.expressions.nodes import Column
from interplane.expressions.operations import call
from interplane.expressions.row_program import compile_row
from interplane.expressions.zone_clock import local_clock
from interplane.expressions.zone_rules import KINDS, kind_of_year, parse_posix, parse_rule
from interplane.expressions.zones import Zone, read_zone

EPOCH = datetime(1970, 1, 1)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)
AROUND = tuple(
    timedelta(microseconds=microseconds) for microseconds in (-1, 0, 3_600_000_000, 86_400_000_000)
)


@cache
def _zones() -> dict[tuple[tuple[int, ...], str], Zone]:
    """Return a zone of each kind of clock: names that share one are the same zone."""
    read = map(read_zone, sorted(zoneinfo.available_timezones()))
    return {(zone.transitions, zone.rule): zone for zone in read}


def _points(zone: Zone, *, step: int) -> list[datetime]:
    """Return times around every change that is listed, and around those of each step-th year."""
    changes = [EPOCH + timedelta(seconds=edge) for edge in zone.transitions[1::2]]
    if zone.rule:
        rule = parse_rule(zone.rule)
        for year in range(changes[-1].year + 1 if changes else 1, 10_000, step):
            begin = datetime(year, 1, 1)
            kind = kind_of_year(year)
            changes += [begin + timedelta(seconds=s[kind]) for s in (rule.starts_s, rule.ends_s)]
    found = [FIRST, FIRST + timedelta(hours=13), LAST - timedelta(hours=13), LAST]
    return [*found, *(change + delta for change in changes for delta in AROUND)]


def _expected(at: datetime, clock: zoneinfo.ZoneInfo) -> datetime | None:
    """Return what Python's own reading of the zone database says."""
    try:
        return at.replace(tzinfo=UTC).astimezone(clock).replace(tzinfo=None, fold=0)
    except OverflowError:
        return None


def test_every_zone_is_as_python_reads_it() -> None:
    """All names; around every change that was, and from now to 9999 those of every 211th year."""
    for zone in _zones().values():
        clock, python = local_clock(zone.transitions, zone.rule), zoneinfo.ZoneInfo(zone.name)
        points = _points(zone, step=211)
        assert [_expected(at, python) for at in points] == list(map(clock, points)), zone.name


def test_every_rule_holds_until_9999() -> None:
    """Of the yearly rules in use, each change of every year."""
    rules = {zone.rule: zone for zone in _zones().values() if zone.rule}
    for zone in rules.values():
        clock, python = local_clock(zone.transitions, zone.rule), zoneinfo.ZoneInfo(zone.name)
        for at in _points(zone, step=13):
            assert _expected(at, python) == clock(at), (zone.name, at)


def _engine(engine: duckdb.DuckDBPyConnection, zone: Zone, points: list[datetime]) -> list[Any]:
    node = call(
        *("to_local", Column("at", "timestamp")),
        transitions=zone.transitions, rule=zone.rule, zone=zone.name,
    )  # fmt: skip
    rows = pa.table({"n": range(len(points)), "at": pa.array(points, pa.timestamp("us"))})
    engine.register("rows", rows)
    query = select_sql({"local": node}, source="rows", carry=["n"])
    return [row[1] for row in engine.execute(f"{query} ORDER BY n").fetchall()]


def test_the_engine_agrees() -> None:
    """Around every change that was and some that will be, in a third of all zones: each run others."""
    seed = int(os.environ.get("INTERPLANE_FUZZ_SEED") or secrets.randbelow(2**31))
    zones = list(_zones().values())
    with duckdb.connect() as engine:
        for setting in SETTINGS:
            engine.execute(setting)
        for zone in random.Random(seed).sample(zones, len(zones) // 3):
            points = _points(zone, step=1997)
            clock = local_clock(zone.transitions, zone.rule)
            assert list(map(clock, points)) == _engine(engine, zone, points), (zone.name, seed)


def test_a_zone_is_written_in_one_way() -> None:
    """What its rule says is not listed, however far the database's own list goes."""
    zone = read_zone("America/New_York")
    last = EPOCH + timedelta(seconds=zone.transitions[-2])
    assert (2007, "-18000,-14400,M3.2.0/7200,M11.1.0/7200") == (last.year, zone.rule)
    assert ("", (0,)) == (read_zone("Etc/UTC").rule, read_zone("Etc/UTC").transitions)


def test_an_expression_keeps_its_zone() -> None:
    """The stored form holds the zone's changes: it is read without a zone database."""
    at = Row({"at": "timestamp"}).at
    node = at.to_local("Europe/Dublin").node
    assert node == from_json(to_json(node))
    assert "at.to_local(zone='Europe/Dublin')" == repr(at.to_local("Europe/Dublin"))


def test_a_column_of_zones_takes_the_named_ones() -> None:
    """Each row in its own zone; a zone that was not named, and none, give null."""
    row = Row({"at": "timestamp", "zone": "str"})
    local = row.at.to_local(row.zone, zones=["America/New_York", "US/Eastern", "Asia/Kolkata"])
    program = compile_row({"local": local.node}, inputs={"at": "timestamp", "zone": "str"})
    noon = datetime(2013, 7, 1, 12)
    found = [
        program({"at": noon, "zone": zone})["local"]
        for zone in ("America/New_York", "US/Eastern", "Asia/Kolkata", "Europe/Paris", None)
    ]
    assert [noon.replace(hour=8)] * 2 + [noon.replace(hour=17, minute=30), None, None] == found


@pytest.mark.parametrize(
    ("zone", "more", "error", "what"),
    [
        ("America/New_Yrok", {}, UnknownName, "Did you mean 'America/New_York'"),
        ("../etc/passwd", {}, UnknownName, "time zone"),
        ("", {}, UnknownName, "time zone"),
        (3, {}, ExpressionError, "name of a zone"),
        (Row({"zone": "str"}).zone, {}, ExpressionError, "does not say which zones"),
        (Row({"zone": "str"}).zone, {"zones": "UTC"}, ExpressionError, "does not say which zones"),
        (Row({"zone": "int"}).zone, {"zones": ["UTC"]}, ExpressionError, "name of a zone"),
        (Row({"zone": "str"}).zone, {"zones": ["Mars"]}, UnknownName, "Mars"),
    ],
)
def test_other_zones_are_refused(zone: Any, more: Any, error: type[Exception], what: str) -> None:
    """Unknown names, and columns whose zones are not said; where it is written."""
    with pytest.raises(error, match=what):
        Row({"at": "timestamp"}).at.to_local(zone, **more)


@pytest.mark.parametrize(
    "text",
    [
        *("", "EST5EDT", "X5", "EST5EDT,M3.2.0,M13.1.0", "EST5EDT,M3.2.0,J366"),
        *("EST5EDT,0/0,J365/25", "EST5EDT,M3.6.0,M11.1.0"),
    ],
)
def test_rules_that_are_none_are_refused(text: str) -> None:
    """What POSIX does not know, and what changes around a new year."""
    with pytest.raises(ExpressionError, match="no rule of a time zone"):
        parse_posix(text)


def test_days_of_rules_are_those_of_posix() -> None:
    """J60 is the first of March in every year, 59 is the 29th of February where there is one."""
    rule = parse_posix("AAA0BBB,J60/0,59/0")
    assert not isinstance(rule, int)
    for (_, leap), start, end in zip(KINDS, rule.starts_s, rule.ends_s, strict=True):
        assert (60 if leap else 59) * 86400 == start
        assert 59 * 86400 - 3600 == end
