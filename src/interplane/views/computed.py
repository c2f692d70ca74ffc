"""Expressions of views over columns that have any names, on the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interplane.data.evaluating import evaluate
from interplane.expressions.nodes import Column
from interplane.expressions.trees import rebuild

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from interplane.expressions.nodes import Node

__all__ = ["evaluate_named"]


def evaluate_named(nodes: Mapping[str, Node], rows: pa.Table) -> pa.Table:
    """Return the value of each expression for each row, in the order of the rows.

    The engine tells no names apart that differ in case alone, so it reads the columns as c0, c1 ….

    Args:
        nodes: the expressions by name, without statistics and tables.
        rows: every column that they read.
    """
    names = {name: f"c{place}" for place, name in enumerate(rows.column_names)}
    renamed = {
        name: rebuild(
            node,
            lambda part: Column(names[part.name], part.type) if isinstance(part, Column) else None,
        )
        for name, node in nodes.items()
    }
    return evaluate(renamed, rows.rename_columns(list(names.values())), {})
