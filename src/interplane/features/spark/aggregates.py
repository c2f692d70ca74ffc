"""Statistics of training rows in Spark SQL; see `Aggregates`, the port that this implements.

What a statistic is of (its argument, its condition, its keys) is computed first, by the row program
where it is more than a plain column. Spark SQL only aggregates: its scalar functions differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from interplane.data.types import arrow_type, normalise
from interplane.features.spark.programs import evaluate, is_plain
from interplane.features.spark.statistics_sql import statistics_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interplane.expressions.nodes import Node
    from interplane.features.aggregates import Grouping
    from interplane.features.lookups import LookupTable
    from interplane.features.spark.rows import SparkRows

__all__ = ["SparkAggregates"]


class SparkAggregates:
    """The training rows of one fit, on Spark (`Aggregates`)."""

    def __init__(self, rows: SparkRows) -> None:
        self._rows = rows
        self._lookups: Mapping[str, LookupTable] = {}

    def use(self, lookups: Mapping[str, LookupTable]) -> None:
        """Make the tables of earlier stages readable."""
        self._lookups = dict(lookups)

    def aggregate(self, groupings: Sequence[Grouping]) -> list[pa.Table]:
        """Compute the statistics of a stage; its expressions are computed once for all groupings."""
        names: dict[Node, str] = {}
        for grouping in groupings:
            for node in _nodes_of(grouping):
                names.setdefault(node, f"x{len(names)}")
        values = evaluate({name: node for node, name in names.items()}, self._rows, self._lookups)
        # What workers computed is kept, so that they compute it once; plain columns are kept already.
        several = len(groupings) > 1 and not all(map(is_plain, names))
        if several:
            values.frame.persist()
        try:
            return [_aggregate(values, grouping, names) for grouping in groupings]
        finally:
            if several:
                values.frame.unpersist()


def _nodes_of(grouping: Grouping) -> list[Node]:
    nodes = list(grouping.by)
    for each in grouping.statistics:
        nodes += [each.args[0], *([] if each.where is None else [each.where])]
    return nodes


def _aggregate(values: SparkRows, grouping: Grouping, names: Mapping[Node, str]) -> pa.Table:
    places = {name: f"c{place}" for place, name in enumerate(values.types)}
    columns = {node: places[name] for node, name in names.items()}
    keys = [columns[key] for key in grouping.by]
    inner, outer = statistics_sql(grouping.statistics, columns)
    frame = values.frame
    for key in dict.fromkeys(keys):
        frame = frame.where(f"{key} IS NOT NULL")
    named = [f"{key} AS k{place}" for place, key in enumerate(keys)]
    frame = frame.selectExpr(*named, *values.frame.columns)
    grouped = frame.groupBy(*(f"k{place}" for place in range(len(keys))))
    from pyspark.sql import functions

    aggregated = grouped.agg(*(functions.expr(text) for text in inner))
    found = aggregated.selectExpr(*(f"k{place}" for place in range(len(keys))), *outer)
    kinds = [key.type for key in grouping.by] + [each.type for each in grouping.statistics]
    schema = pa.schema(
        [(name, arrow_type(kind)) for name, kind in zip(found.columns, kinds, strict=True)]
    )
    table = normalise(pa.table(found.toArrow()), where="the statistics").cast(schema)
    if not keys:
        return table
    return table.sort_by([(f"k{place}", "ascending") for place in range(len(keys))])
