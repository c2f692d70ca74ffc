"""Feature views joined to Spark's rows: what was known of an entity, by the one join there is.

The rows and the events of an entity go to one worker, many entities at a time, and are joined there as
they are without Spark (`views.join`). What stands on other views is computed by the row program.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from interplane.errors import UsageError
from interplane.expressions.expr import Expr, if_else
from interplane.expressions.nodes import Column
from interplane.expressions.trees import rebuild
from interplane.features.joining import column_of
from interplane.features.spark.programs import evaluate
from interplane.features.spark.rows import SparkRows, spark_type
from interplane.features.spark.sources import events_of
from interplane.features.spark.worker import join
from interplane.views.derived_plan import LookedUp, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame

    from interplane.expressions.nodes import Node
    from interplane.record import Type
    from interplane.views.derived import AnyUse
    from interplane.views.derived_plan import Computed, Ref

__all__ = ["widen"]

_BUCKETS = "spark.sql.shuffle.partitions"


def widen(
    rows: SparkRows,
    uses: Mapping[str, AnyUse],
    sources: Mapping[str, DataFrame] | None,
    *,
    time: str | None,
) -> SparkRows:
    """Return the rows with the values of their views as further columns, known at their time.

    A worker holds the rows and events of some of the entities in memory: one part of as many as
    ``spark.sql.shuffle.partitions`` says.

    Args:
        rows: the rows, with what the views are joined by, and the time.
        uses: the views by parameter.
        sources: the frame of each source, by its name.
        time: the column of the prediction time.

    Raises:
        UnknownName: if a source is not given, or lacks a column that a view reads.
        DataError: if such a column has another type.
        UsageError: if the rows have a column that a view's feature is called.
    """
    if not uses or time is None:
        return rows
    plan = Plan.of(uses)
    wide, own = rows, list(rows.types)
    for step, each in enumerate(plan.steps):
        if isinstance(each, LookedUp):
            wide = _looked_up(wide, each, step, sources, time)
        else:
            wide = _computed(wide, each, step)
    chosen = {name: name for name in own}
    for (parameter, use), step in zip(uses.items(), plan.results, strict=True):
        for slot, feature in enumerate(use.view.types):
            column = column_of(parameter, feature)
            if column in chosen:
                raise UsageError(
                    f"the Spark DataFrame has a column {column!r}, and a feature of a joined view is "
                    "called that",
                    expected="another name for one of them",
                    do="Rename the column, or the parameter",
                )
            chosen[column] = _name(step, slot)
    outputs: dict[str, Node] = {
        column: Column(name, wide.types[name]) for column, name in chosen.items()
    }
    return evaluate(outputs, wide, {})


def _name(step: int, slot: int) -> str:
    """Return what a feature of a step is called among the columns of the rows meanwhile."""
    return f"feature {slot} of the step {step} of the views"


def _ref(ref: Ref) -> str:
    return ref if isinstance(ref, str) else _name(ref.step, ref.slot)


def _looked_up(
    rows: SparkRows,
    step: LookedUp,
    number: int,
    sources: Mapping[str, DataFrame] | None,
    time: str,
) -> SparkRows:
    from pyspark.sql import functions

    view, by = step.view, [_ref(ref) for ref in step.by]
    events = events_of(view, sources)
    buckets = functions.lit(int(str(rows.frame.sparkSession.conf.get(_BUCKETS))))

    def parted(each: SparkRows, entity: Sequence[str]) -> DataFrame:
        hashed = functions.xxhash64(*(each.column(name) for name in entity))
        return each.frame.withColumn("bucket", functions.pmod(hashed, buckets))

    added = {_name(number, slot): kind for slot, kind in enumerate(view.types.values())}
    payload = json.dumps(
        {
            "view": view.to_dict(),
            "by": [list(rows.types).index(name) for name in by],
            "time": list(rows.types).index(time),
            "events": list(events.types),
        }
    )
    left = parted(rows, by).groupBy("bucket")
    right = parted(events, view.entity).groupBy("bucket")
    joined = left.cogroup(right).applyInArrow(
        partial(join, payload.encode()), _schema(rows, [*added.values()])
    )
    types: dict[str, Type] = {**rows.types, **added}
    return SparkRows(joined, types)


def _schema(rows: SparkRows, added: Sequence[Type]) -> str:
    kinds = [field.dataType.simpleString() for field in rows.frame.schema.fields]
    kinds += [spark_type(kind) for kind in added]
    return ", ".join(f"c{place} {kind}" for place, kind in enumerate(kinds))


def _computed(rows: SparkRows, step: Computed, number: int) -> SparkRows:
    """Return the rows with the features of a derived view; all null where no entity is named."""
    places = {name: _name(place.step, place.slot) for name, place in step.reads}

    def placed(node: Node) -> Node | None:
        return Column(places[node.name], node.type) if isinstance(node, Column) else None

    names_one = None
    for ref in step.by:
        there = Expr(Column(_ref(ref), rows.types[_ref(ref)])).not_null()
        names_one = there if names_one is None else names_one & there
    outputs: dict[str, Node] = {name: Column(name, kind) for name, kind in rows.types.items()}
    for slot, feature in enumerate(step.view.features.values()):
        value = Expr(rebuild(feature, placed))
        shown = value if names_one is None else if_else(names_one, value, None)
        outputs[_name(number, slot)] = shown.node
    return evaluate(outputs, rows, {})
