"""Row program, its loop and the engine are one thing: a law over random expressions and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from interplane.record.tables import TYPES
from interplane.testing.parity_bench import Bench
from interplane.testing.random_tables import expressions, typed_rows

if TYPE_CHECKING:
    from interplane.expressions.nodes import Node

COLUMNS = {f"{kind}_0": kind for kind in TYPES}


@settings(max_examples=60, deadline=None)
@given(
    rows=typed_rows(),
    nodes=st.lists(st.sampled_from(TYPES).flatmap(expressions), min_size=1, max_size=4),
)
def test_every_executor_gives_the_same_bits(rows: dict[str, list[Any]], nodes: list[Node]) -> None:
    """Engine by stages and at once, row, vector, and both loops: every value of every expression."""
    bench = Bench(COLUMNS, rows, {})
    try:
        compared = bench.compare(nodes)
    finally:
        bench.close()
    assert [] == compared.differences
    assert len(nodes) * len(rows["int_0"]) == compared.values
