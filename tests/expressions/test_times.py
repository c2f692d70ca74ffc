"""Times on the engine: what its optimizer makes of comparisons with constants."""

from __future__ import annotations

from datetime import date, datetime

from interplane.expressions.nodes import Column, Literal, Node
from interplane.expressions.operations import call
from interplane.testing.parity_bench import Bench

AT, DAY = Column("at", "timestamp"), Column("day", "date")
COMPARED = ("eq", "ne", "lt", "le", "gt", "ge")


def test_a_truncated_null_compared_with_a_constant_is_null() -> None:
    """DuckDB 1.5.6 calls it unlike a constant that begins no unit, whatever it is, null too."""
    inside = Literal(datetime(5882, 3, 26, 19, 17, 33), "timestamp")  # noqa: DTZ001  UTC
    nodes: list[Node] = []
    for unit in ("year", "quarter", "month", "week", "day", "hour", "minute"):
        cut = call("truncate", AT, unit=unit)
        sides = ((cut, inside), (inside, cut))
        nodes += [call(name, *pair) for name in COMPARED for pair in sides]
    for unit in ("year", "quarter", "month", "week", "day"):
        cut = call("truncate", DAY, unit=unit)
        nodes += [call(name, cut, Literal(date(5882, 3, 26), "date")) for name in COMPARED]
    nodes.append(call("eq", call("coalesce", inside, AT), call("truncate", AT, unit="hour")))
    rows = {
        "at": [None, datetime(5882, 3, 26, 19, 17, 33), datetime(5882, 1, 1), datetime(1, 1, 1)],  # noqa: DTZ001
        "day": [None, date(5882, 3, 26), date(5882, 1, 1), date(1, 1, 1)],
    }
    bench = Bench({"at": "timestamp", "day": "date"}, rows, {})
    try:
        # One by one: what several share is a column of its own, which no rule looks into.
        assert [] == [found for node in nodes for found in bench.compare([node]).differences]
    finally:
        bench.close()
