"""Statistics on the engine: values by hand, empty and extreme rows, one thread gives the same bits."""

from __future__ import annotations

import math
import statistics
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interplane.errors import ExpressionError
from interplane.expressions.duckdb_sql import SETTINGS
from interplane.expressions.expr import Row
from interplane.expressions.nodes import Column
from interplane.expressions.reductions import REDUCTIONS, reduce, reduction_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interplane.record import Type

ARROW = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "date": pa.date32(),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for setting in (*SETTINGS, "SET threads = 1"):
            connection.execute(setting)
        yield connection


def _value(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    values: Sequence[Any],
    kind: Type,
    where: str | None = None,
    **options: Any,
) -> Any:
    engine.register("t", pa.table({"x": pa.array(values, ARROW[kind])}))
    node = reduce(name, Column("x", kind), **options)
    ((value,),) = engine.execute(
        f"SELECT {reduction_sql(node, 'x', where=where)} FROM t"
    ).fetchall()
    return value


@pytest.mark.parametrize(
    ("name", "kind", "values", "expected"),
    [
        ("mean", "int", [1, 2, None, 4], 7 / 3),
        ("mean", "bool", [True, False, None, True], 2 / 3),
        ("mean", "float", [math.inf, 1.0], math.inf),
        ("mean", "float", [math.inf, -math.inf], None),
        ("std", "float", [1.0, 2.0, 4.0], statistics.stdev([1, 2, 4])),
        ("std", "float", [1.0], None),
        ("std", "float", [3.0, 3.0], 0.0),
        ("std", "float", [math.inf, 1.0, 2.0], None),
        ("std", "float", [1e200, -1e200], None),
        ("var", "int", [1, 2, 4], statistics.variance([1, 2, 4])),
        ("min", "str", ["b", "ß", "a", None], "a"),
        ("max", "date", [date(2013, 1, 1), None], date(2013, 1, 1)),
        ("sum", "int", [2**62, 2**62 - 1], 2**63 - 1),
        ("sum", "int", [2**62, 2**62], None),
        ("sum", "bool", [True, None, True], 2),
        ("sum", "float", [0.5, None, 0.25], 0.75),
        ("count", "str", ["a", None, "a"], 2),
        ("count_distinct", "str", ["a", None, "a", "b"], 2),
        ("median", "int", [1, 2, 3, 10], 2.5),
        ("mode", "str", ["b", None, "a", "b", "a", None, None, "c"], "a"),
        ("mode", "int", [3, 3, 1], 3),
        ("any", "bool", [False, None, True], True),
        ("all", "bool", [True, None, True], True),
    ],
)
def test_values_by_hand(
    engine: duckdb.DuckDBPyConnection, name: str, kind: Type, values: list[Any], expected: Any
) -> None:
    """Nulls are left out; what is undefined is null; types are as the table says."""
    found = _value(engine, name, values, kind)
    assert type(expected) is type(found)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


AGGREGATES = sorted(name for name, reduction in REDUCTIONS.items() if not reduction.ordered)


@pytest.mark.parametrize("name", AGGREGATES)
def test_over_no_rows(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    """A count is 0, everything else null; also where no row fulfils the condition."""
    reduction = REDUCTIONS[name]
    options = {"q": 0.5} if reduction.option else {}
    expected = 0 if name.startswith("count") else None
    for kind in set(reduction.types) & set(ARROW):
        assert expected == _value(engine, name, [], kind, **options)
        assert expected == _value(engine, name, [None], kind, **options)
        sample = {"bool": True, "str": "a", "date": date(2013, 1, 1)}.get(kind, 1)
        assert expected == _value(engine, name, [sample], kind, where="x IS NULL", **options)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), q=st.floats(0, 1))
def test_a_quantile_lies_between_its_neighbours(
    engine: duckdb.DuckDBPyConnection, values: list[float], q: float
) -> None:
    """At least a share q lies at or below the next value above it, and the like."""
    found = _value(engine, "quantile", values, "float", q=q)
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    assert low - 1e-6 <= found <= high + 1e-6


def test_one_thread_gives_the_same_bits(engine: duckdb.DuckDBPyConnection) -> None:
    """Sums of floats depend on their order only."""
    values = [math.sin(index) * 10.0 ** (index % 12) for index in range(5000)]
    found = {
        tuple(_value(engine, name, values, "float") for name in ("mean", "std", "sum"))
        for _ in range(5)
    }
    assert 1 == len(found)


@pytest.mark.parametrize("by", ["carrier", ["carrier"], 3, None])
def test_a_key_that_is_a_constant(by: Any) -> None:
    """A column's name instead of the column would make one group of all rows, and say nothing."""
    delay = Row({"delay": "float", "carrier": "str"}).delay
    with pytest.raises(ExpressionError, match=r"grouped by .*by=row.carrier"):
        delay.mean(by=by)
