"""The SQL: stages, shared parts, look-ups, carried columns, the edge of the language."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from interplane.errors import NotFreezable
from interplane.expressions.duckdb_sql import SETTINGS, select_sql, to_sql
from interplane.expressions.expr import Row, if_else, literal
from interplane.expressions.nodes import Literal, Lookup
from interplane.testing.fuzz import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001  UTC, naive by definition
ROW = Row({"x": "float", "n": "int", "s": "str", "at": "timestamp", "day": "date"})


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for setting in SETTINGS:
            connection.execute(setting)
        yield connection


def test_a_shared_part_is_a_column_of_an_inner_query() -> None:
    """The logarithm is computed once, in a stage that both outputs read."""
    log = (ROW.x + 1).ln()
    query = select_sql({"a": (log * 2).node, "b": (log * 3).node}, source="t")
    assert 1 == query.count("ln(")


def test_text_stays_short_where_parts_repeat() -> None:
    """Twenty nested remainders, each mentioning its argument often, stay under 20 KB."""
    expr = ROW.x
    for _ in range(20):
        expr = (expr % 7).fill_null(1)
    assert 20_000 > len(select_sql({"y": expr.node}, source="t"))


def test_columns_enter_as_our_types(engine: duckdb.DuckDBPyConnection) -> None:
    """Narrow integers do not overflow early, an int column can be a float, NaN is null."""
    engine.execute("CREATE TABLE t AS SELECT 127::TINYINT AS n, 'nan'::FLOAT AS x, 3 AS y")
    row = Row({"n": "int", "x": "float", "y": "float"})
    query = select_sql(
        {"n": (row.n + 1).node, "x": row.x.is_null().node, "y": row.y.node}, source="t"
    )
    assert (128, True, 3.0) == engine.execute(query).fetchone()


def test_times_beyond_the_years_are_null(engine: duckdb.DuckDBPyConnection) -> None:
    """Infinite times and years before Christ are null at the edge."""
    engine.execute(
        "CREATE TABLE t AS SELECT * FROM (VALUES ('infinity'::TIMESTAMP, '-infinity'::DATE),"
        " ('0044-03-15 (BC) 00:00:00'::TIMESTAMP, '10000-01-01'::DATE),"
        " ('2013-01-01'::TIMESTAMP, '2013-01-01'::DATE)) AS v(\"at\", day)"
    )
    found = engine.execute(select_sql({"at": ROW.at.node, "day": ROW.day.node}, source="t"))
    expected = [(None, None), (None, None), (datetime(2013, 1, 1), date(2013, 1, 1))]  # noqa: DTZ001
    assert expected == found.fetchall()


def test_look_ups_join_and_columns_are_carried(engine: duckdb.DuckDBPyConnection) -> None:
    """Absent and null keys get the default, a null in the table stays null, rows stay rows."""
    engine.execute(
        "CREATE TABLE t AS SELECT * FROM (VALUES (1,'a'),(2,'b'),(3,'z'),(4,NULL)) v(n,s)"
    )
    engine.execute(
        "CREATE TABLE \"look up\" AS SELECT * FROM (VALUES ('A',0.1),('B',NULL)) v(k0,v)"
    )
    found = Lookup("look up", (ROW.s.upper().node,), Literal(0.5, "float"), "float")
    row = Row({"n": "int", "s": "str"})
    query = select_sql(
        {"v": found, "w": (row.n * 2).node},
        source="t",
        carry=["n"],
        lookup=lambda node: f'"{node.table}"',
    )
    expected = [(1, 0.1, 2), (2, None, 4), (3, 0.5, 6), (4, 0.5, 8)]
    assert expected == engine.execute(f"{query} ORDER BY n").fetchall()


def test_hostile_names_are_quoted(engine: duckdb.DuckDBPyConnection) -> None:
    """A quote in a column's name, or in a constant, stays inside it."""
    name = 'a"; DROP TABLE t; --'
    engine.register("t", pa.table({name: ["it's"]}))
    row = Row({name: "str"})
    query = select_sql({name: (row[name] == "it's").node}, source="t", carry=[name])
    assert ("it's", True) == engine.execute(query).fetchone()


def test_no_columns_at_all(engine: duckdb.DuckDBPyConnection) -> None:
    """A constant has a value for each row of the source."""
    query = select_sql({"one": literal(1.5).node}, source="(SELECT * FROM range(3))")
    assert [(1.5,)] * 3 == engine.execute(query).fetchall()


@pytest.mark.parametrize(
    "value",
    [0.1, -0.0, math.inf, 5e-324, 1e22, 2**63 - 1, -(2**63), "", "'", "ß\\n", True, date(1, 1, 1),
     LAST],
)  # fmt: skip
def test_constants_are_exact(engine: duckdb.DuckDBPyConnection, value: Any) -> None:
    """A constant arrives with its bits and its type."""
    ((found,),) = engine.execute(f"SELECT {to_sql(literal(value).node)}").fetchall()
    assert (type(value), repr(value)) == (type(found), repr(found))


def test_statistics_and_unplaced_look_ups_are_refused() -> None:
    """What has no value for a row is refused by name."""
    with pytest.raises(NotFreezable, match=r"mean\(x\)"):
        to_sql((ROW.x - ROW.x.mean()).node)
    with pytest.raises(NotFreezable, match=r"t\.get\(s, 1\) looks values up"):
        select_sql({"y": Lookup("t", (ROW.s.node,), Literal(1, "int"), "int")}, source="t")


def test_a_looked_up_value_can_be_given_as_text() -> None:
    """The one-expression form takes the SQL of a looked-up value as it is."""
    node = Lookup("t", (ROW.s.node,), Literal(1, "int"), "int")
    assert "joined.v" == to_sql(node, lookup=lambda _: "joined.v")


def test_long_lists_of_constants_agree() -> None:
    """The engine turns long lists into a join; engine and row program still agree."""
    rows = {"n": [*range(0, 6000, 3), None], "s": [f"k{n}" for n in range(0, 6000, 3)] + [None]}
    row = Row({"n": "int", "s": "str"})
    words = [f"k{n}" for n in range(1000)]
    bench = Bench({"n": "int", "s": "str"}, rows, {})
    nodes = [
        row.n.is_in(range(1, 2000, 2)).node,
        if_else(row.s.not_in(words), row.n, -1).node,
        row.n.bucket(list(range(0, 2000, 2))).node,
    ]
    found = bench.compare(nodes)
    bench.close()
    assert [] == found.differences
    assert found.values == len(rows["n"]) * len(nodes)
